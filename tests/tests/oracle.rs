//! The engine against a model a child could check.
//!
//! The model keeps orders in plain maps and does one thing at a time. It counts waits by adding up
//! stretches of waiting, finds what is due by looking at everybody, and remembers closed orders in a
//! list. Whatever sequence of verbs is tried, the engine must give the same answers, show the same
//! orders and tell the same events, number for number. Races are not this test's business;
//! `exactly_once.rs` has those.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]
#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "a test of small numbers"
)]

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
};

use priority_queue::PriorityQueue;
use proptest::{collection::vec, option, prelude::*, test_runner::FileFailurePersistence};
use qiangdan::history::History;
use qiangdan::{
    Action, Amend, AmendError, Bounds, CancelError, Choice, Claim, ClassId, ClerkId, ClerkSpec,
    Colour, CompleteError, DedupKey, Event, EventKind, GrabError, GrabOrderError, Grabbed,
    Handling, Ladder, Mono, NoShow, NoShowError, Now, OrderId, OrderSpec, OrderView, Outcome,
    PoolId, Presence, PresenceError, PutBack, PutBackError, Reason, RenewError, RoleId, Rules,
    RulesDraft, Seq, ServiceId, ServiceRule, SignInError, SignOutError, SkillId, Skills, Stage,
    StartError, State, Stats, SubmitError, Submitted, SuspendError, TakeUp, TakeUpError, Transfer,
    TransferError, WaitTarget, WhileAside,
};
use qiangdan_tests::{
    hall::{self, Hall, climbing, service, within},
    history::proven,
};

const ORDERS: u32 = 8;
const CLERKS: u32 = 4;
const DEDUP_WINDOW_MS: u64 = 40;
const WITHIN_MS: u64 = 25;

fn draft() -> RulesDraft {
    let boost = |by_ms| Action::Boost { by_ms };
    let widen = |pool| Action::Widen { pool: PoolId(pool) };
    let notify = Action::Notify { role: RoleId(3) };
    let show = |colour| Action::Show { colour };
    let stage = |at_ms, actions| Stage { at_ms, actions };
    let slow = vec![
        stage(30, vec![boost(40), show(Colour::Amber)]),
        stage(60, vec![widen(1), notify]),
        stage(100, vec![boost(10), boost(5), widen(1), show(Colour::Red)]),
    ];
    let quick = vec![stage(0, vec![notify]), stage(10, vec![widen(0), boost(1)])];
    RulesDraft {
        pools: 2,
        services: vec![
            within(50, climbing(0, service(0, &[]))),
            climbing(0, service(0, &[0])),
            within(30, climbing(1, service(1, &[]))),
            within(5, service(1, &[0, 1])),
        ],
        head_starts_ms: vec![0, 50, -20],
        ladders: vec![Ladder { stages: slow }, Ladder { stages: quick }],
        target: WaitTarget { within_ms: WITHIN_MS, share: 0.9 },
        dedup_window_ms: DEDUP_WINDOW_MS,
        handling: vec![
            (ServiceId(0), Handling { hands_to: vec![PoolId(1)], ..Handling::default() }),
            (
                ServiceId(1),
                Handling {
                    no_show: NoShow::PutBack(PutBack::HeadStart { ms: -5 }),
                    ..Handling::default()
                },
            ),
            (ServiceId(2), Handling { start_within_ms: Some(40), ..Handling::default() }),
        ],
        ..Default::default()
    }
}

/// One thing that can happen in a hall. Small ranges on purpose: collisions are where bugs live.
/// `pick` selects among all orders, or all claims, that ever were.
#[derive(Clone, Debug)]
enum Op {
    Submit { service: u16, class: u8, key: Option<u64>, in_ms: Option<u64> },
    Grab { clerk: u32 },
    GrabOrder { clerk: u32, pick: usize },
    Start { pick: usize },
    Complete { pick: usize, outcome: Outcome },
    PutBack { pick: usize, how: PutBack },
    Suspend { pick: usize, aside: WhileAside },
    TakeUp { pick: usize, how: TakeUp },
    NoShow { pick: usize },
    Renew { pick: usize },
    Transfer { pick: usize, pool: u16 },
    Cancel { pick: usize, reason: Reason },
    Amend { pick: usize, service: Option<u16>, class: Option<u8> },
    SignIn { clerk: u32, pools: Vec<u16>, skills: Vec<u8>, units: u32 },
    SignOut { clerk: u32 },
    SetPresence { clerk: u32, presence: Presence },
    Advance,
    Pass { ms: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    let clerk = || 0..=CLERKS;
    let pick = || 0..1_000_usize;
    prop_oneof![
        6 => (0..=4_u16, 0..=3_u8, option::weighted(0.3, 0..3_u64), option::weighted(0.3, 0..60_u64))
            .prop_map(|(service, class, key, in_ms)| Op::Submit { service, class, key, in_ms }),
        6 => clerk().prop_map(|clerk| Op::Grab { clerk }),
        2 => (clerk(), pick()).prop_map(|(clerk, pick)| Op::GrabOrder { clerk, pick }),
        2 => pick().prop_map(|pick| Op::Start { pick }),
        2 => (pick(), outcome()).prop_map(|(pick, outcome)| Op::Complete { pick, outcome }),
        5 => (pick(), put_back()).prop_map(|(pick, how)| Op::PutBack { pick, how }),
        2 => (pick(), aside()).prop_map(|(pick, aside)| Op::Suspend { pick, aside }),
        2 => (pick(), take_up()).prop_map(|(pick, how)| Op::TakeUp { pick, how }),
        1 => pick().prop_map(|pick| Op::NoShow { pick }),
        1 => pick().prop_map(|pick| Op::Renew { pick }),
        2 => (pick(), 0..=2_u16).prop_map(|(pick, pool)| Op::Transfer { pick, pool }),
        1 => (pick(), reason()).prop_map(|(pick, reason)| Op::Cancel { pick, reason }),
        3 => (pick(), option::of(0..=4_u16), option::of(0..=3_u8))
            .prop_map(|(pick, service, class)| Op::Amend { pick, service, class }),
        2 => (clerk(), vec(0..=2_u16, 0..3), vec(0..3_u8, 0..3), 0..4_u32).prop_map(
            |(clerk, pools, skills, units)| Op::SignIn { clerk, pools, skills, units }
        ),
        1 => clerk().prop_map(|clerk| Op::SignOut { clerk }),
        1 => (clerk(), presence()).prop_map(|(clerk, presence)| Op::SetPresence { clerk, presence }),
        5 => Just(Op::Advance),
        5 => prop_oneof![4 => 0..12_u64, 2 => 12..120_u64, 1 => Just(100_000_u64)]
            .prop_map(|ms| Op::Pass { ms }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Done),
        (0..2_u16).prop_map(Outcome::Rejected),
        Just(Outcome::NoShow),
        (0..2_u16).prop_map(Outcome::Cancelled),
    ]
}

fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![
        (0..2_u16).prop_map(Reason::Withdrawn),
        Just(Reason::Abandoned),
        Just(Reason::EndOfDay),
    ]
}

fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![
        Just(Presence::SignedOut),
        Just(Presence::Ready),
        (0..2_u16).prop_map(Presence::Break),
        Just(Presence::NotResponding),
        Just(Presence::Draining),
    ]
}

fn aside() -> impl Strategy<Value = WhileAside> {
    prop_oneof![2 => Just(WhileAside::KeepOwner), 1 => Just(WhileAside::LetGo)]
}

fn take_up() -> impl Strategy<Value = TakeUp> {
    prop_oneof![Just(TakeUp::WithOwner), put_back().prop_map(TakeUp::InQueue)]
}

fn put_back() -> impl Strategy<Value = PutBack> {
    prop_oneof![
        Just(PutBack::KeepPlace),
        Just(PutBack::BackOfLine),
        (-30..60_i64).prop_map(|ms| PutBack::HeadStart { ms }),
        (0..60_u64).prop_map(|ms| PutBack::After { ms }),
        Just(PutBack::Park),
    ]
}

/// Where an order is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum At {
    /// Away until an instant.
    Away { until: u64 },
    /// In the queue since an instant.
    Queue { since: u64, parked: bool },
    /// With a clerk.
    Hands { clerk: ClerkId, started: bool },
    /// Put aside, and for whom it is kept.
    Aside { owner: Option<ClerkId> },
    /// Over since an instant.
    Over { since: u64, last: Option<ClerkId>, outcome: Outcome },
}

/// An order.
#[derive(Clone, Debug)]
struct Order {
    service: ServiceId,
    class: ClassId,
    tag: u64,
    arrived: u64,
    at: At,
    /// Milliseconds waited in earlier stretches of waiting.
    waited: u64,
    rank: i64,
    turn: u64,
    epoch: u16,
    stages: usize,
    breached: bool,
    /// When it was grabbed last, and until when that claim was renewed.
    grabbed: u64,
    renewed: Option<u64>,
    moved: Option<PoolId>,
}

impl Order {
    /// What keeps a claim from being the one by which the order is owned; nothing, if it is.
    fn unless_owned_by(&self, claim: Claim) -> Option<Unowned> {
        let is_latest = self.epoch == claim.epoch;
        match self.at {
            At::Away { .. } => Some(Unowned::NotOwner),
            At::Over { .. } => Some(Unowned::WrongState(State::Closed)),
            At::Hands { clerk, .. } | At::Aside { owner: Some(clerk) }
                if clerk == claim.clerk && is_latest =>
            {
                None
            }
            At::Aside { owner: None } if is_latest => Some(Unowned::NotOwner),
            _ => Some(Unowned::Stale(self.epoch)),
        }
    }

    fn state(&self) -> State {
        match self.at {
            At::Away { .. } => State::Scheduled,
            At::Queue { .. } => State::Waiting,
            At::Hands { started: false, .. } => State::Claimed,
            At::Hands { started: true, .. } => State::Serving,
            At::Aside { .. } => State::Suspended,
            At::Over { .. } => State::Closed,
        }
    }

    fn wait(&self, now: u64) -> u64 {
        self.waited + if let At::Queue { since, .. } = self.at { now - since } else { 0 }
    }
}

/// Why a claim is no good; each verb says it in words of its own.
enum Unowned {
    NotOwner,
    Stale(u16),
    WrongState(State),
}

/// The same, as an error of a verb.
macro_rules! unowned {
    ($of:expr, $claim:expr, $error:ident) => {
        match $of.unless_owned_by($claim) {
            None => {}
            Some(Unowned::NotOwner) => return Err($error::NotOwner { order: $claim.order }),
            Some(Unowned::Stale(epoch)) => {
                return Err($error::Stale { order: $claim.order, epoch });
            }
            Some(Unowned::WrongState(state)) => {
                return Err($error::WrongState { order: $claim.order, state });
            }
        }
    };
}

#[derive(Clone, Debug)]
struct Clerk {
    presence: Presence,
    /// What draining turns into.
    chosen: Presence,
    pools: Vec<PoolId>,
    skills: Skills,
    units: u32,
}

struct Model {
    rules: Rules,
    now: Now,
    orders: BTreeMap<OrderId, Order>,
    /// Who waits, the one that goes next on top.
    queue: PriorityQueue<OrderId, Reverse<(i64, u64)>>,
    /// Room for orders, the room free for longest first; with the order that was in it.
    room: VecDeque<Option<OrderId>>,
    keys: BTreeMap<DedupKey, OrderId>,
    clerks: BTreeMap<ClerkId, Clerk>,
    events: Vec<Event>,
    claims: Vec<Claim>,
    ever: Vec<OrderId>,
    first_waits: Vec<u64>,
    claimed_again: u64,
    abandoned_waits: Vec<u64>,
}

impl Model {
    fn new(rules: Rules) -> Self {
        let out = Clerk {
            presence: Presence::SignedOut,
            chosen: Presence::SignedOut,
            pools: vec![],
            skills: Skills::none(),
            units: 0,
        };
        Self {
            rules,
            now: Now::default(),
            orders: BTreeMap::new(),
            queue: PriorityQueue::new(),
            room: (0..ORDERS).map(|_| None).collect(),
            keys: BTreeMap::new(),
            clerks: (0..CLERKS).map(|clerk| (ClerkId(clerk), out.clone())).collect(),
            events: Vec::new(),
            claims: Vec::new(),
            ever: Vec::new(),
            first_waits: Vec::new(),
            claimed_again: 0,
            abandoned_waits: Vec::new(),
        }
    }

    fn tell(&mut self, order: Option<OrderId>, clerk: Option<ClerkId>, kind: EventKind) {
        let (seq, at) = (Seq(self.events.len() as u64), self.now);
        let tag = order.map_or(0, |order| self.orders[&order].tag);
        self.events.push(Event { seq, at, version: 0, order, tag, clerk, kind });
    }

    fn ms(&self) -> u64 {
        self.now.mono.0
    }

    fn rule(&self, service: ServiceId) -> &ServiceRule {
        &self.rules.services()[service.index()]
    }

    fn held(&self, clerk: ClerkId) -> u32 {
        let holds = |order: &&Order| matches!(order.at, At::Hands { clerk: by, .. } if by == clerk);
        u32::try_from(self.orders.values().filter(holds).count()).unwrap()
    }

    /// Puts the order among those who may be grabbed, or takes it out, as it is now.
    fn line_up(&mut self, id: OrderId) {
        self.queue.remove(&id);
        let order = &self.orders[&id];
        if let At::Queue { parked: false, .. } = order.at {
            self.queue.push(id, Reverse((order.rank, order.turn)));
        }
    }

    fn set(&mut self, id: OrderId, at: At) {
        let now = self.ms();
        let order = self.orders.get_mut(&id).unwrap();
        order.waited = order.wait(now);
        order.at = at;
        self.line_up(id);
    }

    fn is_named(&self, key: DedupKey) -> Option<OrderId> {
        let (id, order) = self.orders.get_key_value(self.keys.get(&key)?)?;
        match order.at {
            At::Over { since, .. } if self.ms() - since > DEDUP_WINDOW_MS => None,
            _ => Some(*id),
        }
    }

    /// The engine names the order; the model takes the name.
    fn submit(
        &mut self,
        spec: &OrderSpec,
        answer: Result<Submitted, SubmitError>,
    ) -> Result<Submitted, SubmitError> {
        if spec.service.index() >= self.rules.services().len() {
            return Err(SubmitError::NoSuchService { service: spec.service });
        }
        if spec.class.index() >= self.rules.head_starts_ms().len() {
            return Err(SubmitError::NoSuchClass { class: spec.class });
        }
        if let Some(order) = spec.dedup.and_then(|key| self.is_named(key)) {
            return Ok(Submitted { order, existed: true });
        }
        let room = self.room.pop_front().ok_or(SubmitError::Full { orders: ORDERS })?;
        if let Some(forgotten) = room {
            self.orders.remove(&forgotten);
        }
        let named = answer.map(|submitted| submitted.order).unwrap_or(OrderId::from_bits(0));
        assert!(!self.ever.contains(&named), "{named} twice");
        let now = self.ms();
        let later = spec.not_before.filter(|instant| instant.0 > now);
        let arrived = later.map_or(now, |instant| instant.0);
        let at = match later {
            Some(_) => At::Away { until: arrived },
            None => At::Queue { since: arrived, parked: false },
        };
        let rank = arrived as i64 - self.rules.head_starts_ms()[spec.class.index()];
        let turn = self.events.len() as u64;
        let (service, class, tag) = (spec.service, spec.class, spec.tag);
        let order = Order {
            service,
            class,
            tag,
            arrived,
            at,
            waited: 0,
            rank,
            turn,
            epoch: 0,
            stages: 0,
            breached: false,
            grabbed: 0,
            renewed: None,
            moved: None,
        };
        self.orders.insert(named, order);
        self.ever.push(named);
        if let Some(key) = spec.dedup {
            self.keys.insert(key, named);
        }
        self.line_up(named);
        self.tell(
            Some(named),
            None,
            EventKind::OrderSubmitted { service, class, not_before: later },
        );
        Ok(Submitted { order: named, existed: false })
    }

    fn may_take(&self, clerk: ClerkId, order: &Order) -> bool {
        let clerk = &self.clerks[&clerk];
        let rule = self.rule(order.service);
        let mut pools = vec![rule.pool];
        for stage in self.rules.stages(order.service).iter().take(order.stages) {
            for action in &stage.actions {
                if let Action::Widen { pool } = action {
                    pools.push(*pool);
                }
            }
        }
        let is_lane = |pool| self.rules.lane_in(pool, order.service, order.class).is_some();
        if let Some(pool) = order.moved.filter(|&pool| is_lane(pool)) {
            pools = vec![pool];
        }
        clerk.skills.covers(rule.needs) && pools.iter().any(|pool| clerk.pools.contains(pool))
    }

    fn take(&mut self, clerk: ClerkId, id: OrderId, choice: Choice) -> Grabbed {
        let now = self.ms();
        let wait_ms = self.orders[&id].wait(self.ms());
        self.set(id, At::Hands { clerk, started: false });
        let order = self.orders.get_mut(&id).unwrap();
        order.epoch += 1;
        (order.grabbed, order.renewed) = (now, None);
        let (epoch, service, breached) = (order.epoch, order.service, order.breached);
        let limit = self.rule(service).wait_limit_ms;
        if epoch == 1 {
            self.first_waits.push(wait_ms);
        } else {
            self.claimed_again += 1;
        }
        self.tell(Some(id), Some(clerk), EventKind::OrderClaimed { epoch, choice, wait_ms });
        if let Some(limit) = limit.filter(|&limit| wait_ms > limit && !breached) {
            self.orders.get_mut(&id).unwrap().breached = true;
            // The wait reached the limit this long ago.
            let due = Mono(self.ms() - (wait_ms - limit));
            self.tell(Some(id), None, EventKind::LimitBreached { due });
        }
        self.claims.push(Claim { order: id, clerk, epoch });
        self.grabbed(id, clerk)
    }

    fn grabbed(&self, id: OrderId, clerk: ClerkId) -> Grabbed {
        let order = &self.orders[&id];
        Grabbed {
            claim: Claim { order: id, clerk, epoch: order.epoch },
            service: order.service,
            class: order.class,
            tag: order.tag,
            arrived: Mono(order.arrived),
            wait_ms: order.waited,
        }
    }

    fn grab(&mut self, clerk: ClerkId) -> Result<Grabbed, GrabError> {
        let record = self.clerks.get(&clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        let (presence, units) = (record.presence, record.units);
        if presence != Presence::Ready {
            return Err(GrabError::NotReady { clerk, presence });
        }
        if self.held(clerk) >= units {
            return Err(GrabError::AtLimit { clerk, units });
        }
        let mut line = self.queue.clone().into_sorted_iter().map(|(order, _)| order);
        let next = line.find(|order| self.may_take(clerk, &self.orders[order]));
        next.map(|order| self.take(clerk, order, Choice::Next)).ok_or(GrabError::Empty { clerk })
    }

    fn grab_order(&mut self, clerk: ClerkId, order: OrderId) -> Result<Grabbed, GrabOrderError> {
        let record = self.clerks.get(&clerk).ok_or(GrabOrderError::NoSuchClerk { clerk })?;
        let (presence, units) = (record.presence, record.units);
        let of = self.orders.get(&order).ok_or(GrabOrderError::Gone { order })?;
        match of.at {
            At::Away { .. } => {
                return Err(GrabOrderError::NotWaiting { order, state: State::Scheduled });
            }
            At::Hands { clerk: by, .. } if by == clerk => return Ok(self.grabbed(order, clerk)),
            At::Hands { clerk: by, .. } => return Err(GrabOrderError::Taken { order, by }),
            At::Aside { .. } => {
                return Err(GrabOrderError::NotWaiting { order, state: State::Suspended });
            }
            At::Over { .. } => return Err(GrabOrderError::Closed { order }),
            At::Queue { .. } => {}
        }
        if presence != Presence::Ready {
            return Err(GrabOrderError::NotReady { clerk, presence });
        }
        if !self.may_take(clerk, of) {
            return Err(GrabOrderError::NotEligible { order, clerk });
        }
        if self.held(clerk) >= units {
            return Err(GrabOrderError::AtLimit { clerk, units });
        }
        Ok(self.take(clerk, order, Choice::Named))
    }

    fn start(&mut self, claim: Claim) -> Result<(), StartError> {
        let order = claim.order;
        let of = self.orders.get_mut(&order).ok_or(StartError::Gone { order })?;
        unowned!(of, claim, StartError);
        match &mut of.at {
            At::Hands { started, .. } => {
                if !*started {
                    *started = true;
                    let kind = EventKind::OrderStarted { epoch: claim.epoch };
                    self.tell(Some(order), Some(claim.clerk), kind);
                }
                Ok(())
            }
            _ => Err(StartError::WrongState { order, state: State::Suspended }),
        }
    }

    fn close(&mut self, order: OrderId, by: Option<ClerkId>, outcome: Outcome) {
        let since = self.ms();
        self.set(order, At::Over { since, last: by, outcome });
        self.room.push_back(Some(order));
        let epoch = self.orders[&order].epoch;
        self.tell(Some(order), by, EventKind::OrderClosed { outcome, epoch });
        if let Some(clerk) = by {
            self.drain(clerk);
        }
    }

    fn complete(&mut self, claim: Claim, outcome: Outcome) -> Result<(), CompleteError> {
        let order = claim.order;
        let of = self.orders.get(&order).ok_or(CompleteError::Gone { order })?;
        match of.at {
            At::Over { last, outcome: before, .. }
                if last == Some(claim.clerk) && of.epoch == claim.epoch && before == outcome =>
            {
                return Ok(());
            }
            _ => unowned!(of, claim, CompleteError),
        }
        self.close(order, Some(claim.clerk), outcome);
        Ok(())
    }

    fn suspend(&mut self, claim: Claim, aside: WhileAside) -> Result<(), SuspendError> {
        let order = claim.order;
        let of = self.orders.get(&order).ok_or(SuspendError::Gone { order })?;
        if of.state() == State::Suspended && of.epoch == claim.epoch {
            let At::Aside { owner } = of.at else { unreachable!() };
            if owner.is_none_or(|owner| owner == claim.clerk) {
                return Ok(());
            }
        }
        unowned!(of, claim, SuspendError);
        let owner = (aside == WhileAside::KeepOwner).then_some(claim.clerk);
        self.set(order, At::Aside { owner });
        let kind = EventKind::OrderSuspended { epoch: claim.epoch, reason: 4, aside };
        self.tell(Some(order), Some(claim.clerk), kind);
        self.drain(claim.clerk);
        Ok(())
    }

    fn take_up(&mut self, order: OrderId, how: TakeUp) -> Result<(), TakeUpError> {
        let of = self.orders.get(&order).ok_or(TakeUpError::Gone { order })?;
        let (state, epoch) = (of.state(), of.epoch);
        let owner = match of.at {
            At::Aside { owner } => owner,
            At::Away { .. } | At::Over { .. } => {
                return Err(TakeUpError::WrongState { order, state });
            }
            _ => return Ok(()),
        };
        if let TakeUp::InQueue(how) = how {
            self.give_back(order, owner, how);
            return Ok(());
        }
        let clerk = owner.ok_or(TakeUpError::NobodyKept { order })?;
        let record = &self.clerks[&clerk];
        if record.presence != Presence::Ready {
            return Err(TakeUpError::OwnerNotReady { order, clerk });
        }
        if self.held(clerk) >= record.units {
            return Err(TakeUpError::OwnerAtLimit { order, clerk });
        }
        self.set(order, At::Hands { clerk, started: true });
        self.tell(Some(order), Some(clerk), EventKind::OrderTakenUp { epoch });
        Ok(())
    }

    fn no_show(&mut self, claim: Claim) -> Result<(), NoShowError> {
        let (order, epoch) = (claim.order, claim.epoch);
        let of = self.orders.get(&order).ok_or(NoShowError::Gone { order })?;
        unowned!(of, claim, NoShowError);
        let state = of.state();
        if state != State::Claimed {
            return Err(NoShowError::WrongState { order, state });
        }
        match self.rules.handling(of.service).map(|all| all.no_show).unwrap_or_default() {
            NoShow::Close => self.close(order, Some(claim.clerk), Outcome::NoShow),
            NoShow::PutBack(how) => {
                self.give_back(order, Some(claim.clerk), how);
                let kind = EventKind::PersonAbsent { epoch };
                self.tell(Some(order), Some(claim.clerk), kind);
            }
        }
        Ok(())
    }

    fn renew(&mut self, claim: Claim) -> Result<Option<Mono>, RenewError> {
        let (order, now) = (claim.order, self.ms());
        let of = self.orders.get(&order).ok_or(RenewError::Gone { order })?;
        unowned!(of, claim, RenewError);
        let within = self.rules.handling(of.service).and_then(|all| all.start_within_ms);
        let until = within.filter(|_| of.state() == State::Claimed).map(|ms| now + ms);
        let of = self.orders.get_mut(&order).unwrap();
        of.renewed = until.or(of.renewed);
        let until = until.map(Mono);
        let kind = EventKind::ClaimRenewed { epoch: claim.epoch, until };
        self.tell(Some(order), Some(claim.clerk), kind);
        Ok(until)
    }

    fn transfer(&mut self, claim: Claim, pool: PoolId) -> Result<(), TransferError> {
        let order = claim.order;
        let of = self.orders.get(&order).ok_or(TransferError::Gone { order })?;
        unowned!(of, claim, TransferError);
        let handling = self.rules.handling(of.service);
        let is_named = handling.is_some_and(|handling| handling.hands_to.contains(&pool));
        if !is_named && self.rule(of.service).pool != pool {
            return Err(TransferError::NotThere { order, pool });
        }
        let is_own = self.rule(of.service).pool == pool;
        self.orders.get_mut(&order).unwrap().moved = Some(pool).filter(|_| !is_own);
        self.give_back(order, Some(claim.clerk), PutBack::KeepPlace);
        let to = Transfer::Pool(pool);
        let kind = EventKind::OrderHandedOn { epoch: claim.epoch, to };
        self.tell(Some(order), Some(claim.clerk), kind);
        Ok(())
    }

    fn put_back(&mut self, claim: Claim, how: PutBack) -> Result<(), PutBackError> {
        let order = claim.order;
        let of = self.orders.get(&order).ok_or(PutBackError::Gone { order })?;
        match of.at {
            At::Queue { .. } if of.epoch == claim.epoch => return Ok(()),
            _ => unowned!(of, claim, PutBackError),
        }
        self.give_back(order, Some(claim.clerk), how);
        Ok(())
    }

    /// Gives an order back that was held, or kept, by a clerk.
    fn give_back(&mut self, order: OrderId, clerk: Option<ClerkId>, how: PutBack) {
        let (now, turn) = (self.ms(), self.events.len() as u64);
        let of = self.orders.get_mut(&order).unwrap();
        let epoch = of.epoch;
        let at = match how {
            PutBack::After { ms } => At::Away { until: now + ms },
            _ => At::Queue { since: now, parked: how == PutBack::Park },
        };
        if let PutBack::BackOfLine = how {
            (of.rank, of.turn) = (now as i64, turn);
        }
        if let PutBack::HeadStart { ms } = how {
            (of.rank, of.turn) = (now as i64 - ms, turn);
        }
        self.set(order, at);
        self.tell(Some(order), clerk, EventKind::OrderPutBack { epoch, how });
        if let Some(clerk) = clerk {
            self.drain(clerk);
        }
    }

    fn cancel(&mut self, order: OrderId, reason: Reason) -> Result<(), CancelError> {
        let now = self.ms();
        let of = self.orders.get(&order).ok_or(CancelError::Gone { order })?;
        let by = match of.at {
            At::Hands { started: true, .. } => {
                return Err(CancelError::WrongState { order, state: State::Serving });
            }
            At::Over { outcome, .. } if outcome == Outcome::from(reason) => return Ok(()),
            At::Over { .. } => {
                return Err(CancelError::WrongState { order, state: State::Closed });
            }
            At::Hands { clerk, .. } => Some(clerk),
            At::Aside { owner } => owner,
            At::Queue { .. } => {
                if reason == Reason::Abandoned && of.epoch == 0 {
                    self.abandoned_waits.push(of.wait(now));
                }
                None
            }
            At::Away { .. } => None,
        };
        self.close(order, by, Outcome::from(reason));
        Ok(())
    }

    fn amend(&mut self, order: OrderId, amend: Amend) -> Result<(), AmendError> {
        let now = self.ms();
        if let Some(service) = amend.service.filter(|s| s.index() >= self.rules.services().len()) {
            return Err(AmendError::NoSuchService { service });
        }
        let head_starts = self.rules.head_starts_ms();
        if let Some(class) = amend.class.filter(|class| class.index() >= head_starts.len()) {
            return Err(AmendError::NoSuchClass { class });
        }
        let of = self.orders.get_mut(&order).ok_or(AmendError::Gone { order })?;
        if let At::Over { .. } = of.at {
            return Err(AmendError::WrongState { order, state: State::Closed });
        }
        if let Some(class) = amend.class {
            of.rank += head_starts[of.class.index()] - head_starts[class.index()];
            of.class = class;
        }
        if let Some(service) = amend.service.filter(|&service| service != of.service) {
            of.service = service;
            let wait = of.wait(now);
            let passed = self.rules.stages(service).iter().filter(|stage| stage.at_ms <= wait);
            of.stages = passed.count();
        }
        if let At::Queue { parked, .. } = &mut of.at {
            *parked = false;
        }
        let (service, class) = (of.service, of.class);
        self.line_up(order);
        self.tell(Some(order), None, EventKind::OrderAmended { service, class });
        Ok(())
    }

    fn sign_in(&mut self, clerk: ClerkId, spec: &ClerkSpec<'_>) -> Result<(), SignInError> {
        let pools = self.rules.pools();
        let record = self.clerks.get_mut(&clerk).ok_or(SignInError::NoSuchClerk { clerk })?;
        if let Some(&pool) = spec.pools.iter().find(|pool| pool.0 >= pools) {
            return Err(SignInError::NoSuchPool { pool });
        }
        *record = Clerk {
            presence: Presence::Ready,
            chosen: Presence::SignedOut,
            pools: spec.pools.to_vec(),
            skills: spec.skills,
            units: spec.units,
        };
        self.tell(None, Some(clerk), EventKind::ClerkSignedIn);
        Ok(())
    }

    fn sign_out(&mut self, clerk: ClerkId) -> Result<(), SignOutError> {
        let record = self.clerks.get_mut(&clerk).ok_or(SignOutError::NoSuchClerk { clerk })?;
        if record.presence != Presence::SignedOut {
            record.presence = Presence::SignedOut;
            self.tell(None, Some(clerk), EventKind::ClerkSignedOut);
        }
        Ok(())
    }

    fn set_presence(&mut self, clerk: ClerkId, presence: Presence) -> Result<(), PresenceError> {
        let record = self.clerks.get_mut(&clerk).ok_or(PresenceError::NoSuchClerk { clerk })?;
        let before = record.presence;
        if before == Presence::SignedOut {
            return Err(PresenceError::SignedOut { clerk });
        }
        let chosen = if presence == Presence::Draining { Presence::SignedOut } else { presence };
        let waits = matches!(presence, Presence::Draining | Presence::Break(_));
        let is_busy = self.held(clerk) > 0;
        let presence = if !waits {
            presence
        } else if is_busy {
            Presence::Draining
        } else {
            chosen
        };
        let record = self.clerks.get_mut(&clerk).unwrap();
        (record.presence, record.chosen) = (presence, chosen);
        if presence != before {
            self.tell_presence(clerk, presence);
        }
        Ok(())
    }

    fn tell_presence(&mut self, clerk: ClerkId, presence: Presence) {
        let kind = match presence {
            Presence::SignedOut => EventKind::ClerkSignedOut,
            presence => EventKind::ClerkPresence { presence },
        };
        self.tell(None, Some(clerk), kind);
    }

    /// Lets a clerk go who drains, once they hold nothing.
    fn drain(&mut self, clerk: ClerkId) {
        let is_busy = self.held(clerk) > 0;
        let record = self.clerks.get_mut(&clerk).unwrap();
        if record.presence == Presence::Draining && !is_busy {
            let chosen = record.chosen;
            record.presence = chosen;
            self.tell_presence(clerk, chosen);
        }
    }

    /// When the next thing is due that time does to this order, and what.
    fn due(&self, order: &Order) -> Option<(i64, Due)> {
        let (since, waited) = match order.at {
            At::Away { until } => return Some((until as i64, Due::Activation)),
            At::Queue { since, .. } => (since as i64, order.waited as i64),
            At::Hands { started: false, .. } => {
                let within = self.rules.handling(order.service)?.start_within_ms?;
                let by = order.renewed.unwrap_or(order.grabbed + within);
                return Some((by as i64, Due::Lapse));
            }
            _ => return None,
        };
        // The instant at which the wait is, was, or would have been so long.
        let when = |wait: u64| since - waited + wait as i64;
        let stage = self.rules.stages(order.service).get(order.stages);
        let stage = stage.map(|stage| (when(stage.at_ms), Due::Stage));
        let limit = self.rule(order.service).wait_limit_ms.filter(|_| !order.breached);
        let breach = limit.map(|limit| (when(limit + 1), Due::Breach));
        stage.into_iter().chain(breach).min()
    }

    /// The next thing that is due, of all: the earliest, of the one whose turn among equals is first.
    fn next_due(&self) -> Option<(i64, u64, OrderId, Due)> {
        let dues = self.orders.iter().filter_map(|(&id, order)| {
            self.due(order).map(|(instant, due)| (instant, order.turn, id, due))
        });
        dues.min_by_key(|&(instant, turn, ..)| (instant, turn))
    }

    fn advance(&mut self) {
        while let Some((instant, _, id, due)) = self.next_due() {
            if instant > self.ms() as i64 {
                return;
            }
            match due {
                Due::Activation => {
                    let since = instant as u64;
                    self.orders.get_mut(&id).unwrap().at = At::Queue { since, parked: false };
                    self.tell(Some(id), None, EventKind::OrderActivated);
                }
                Due::Stage => self.reach(id, instant),
                Due::Lapse => {
                    let order = &self.orders[&id];
                    let (At::Hands { clerk, .. }, epoch) = (order.at, order.epoch) else {
                        unreachable!()
                    };
                    self.give_back(id, Some(clerk), PutBack::KeepPlace);
                    let kind = EventKind::ClaimLapsed { epoch, due: Mono(instant as u64) };
                    self.tell(Some(id), Some(clerk), kind);
                }
                Due::Breach => {
                    self.orders.get_mut(&id).unwrap().breached = true;
                    let due = Mono(instant as u64 - 1);
                    self.tell(Some(id), None, EventKind::LimitBreached { due });
                }
            }
            self.line_up(id);
        }
    }

    fn reach(&mut self, id: OrderId, instant: i64) {
        let order = self.orders.get_mut(&id).unwrap();
        let stage = order.stages;
        order.stages += 1;
        let service = order.service;
        let kind = EventKind::StageReached { stage: stage as u8, due: Mono(instant as u64) };
        self.tell(Some(id), None, kind);
        for action in self.rules.stages(service)[stage].actions.clone() {
            let kind = match action {
                Action::Boost { by_ms } => {
                    self.orders.get_mut(&id).unwrap().rank -= by_ms as i64;
                    EventKind::Boosted { by_ms }
                }
                Action::Widen { pool } => EventKind::Widened { pool },
                Action::Notify { role } => EventKind::NotifyDue { role },
                Action::Show { colour } => EventKind::ShowDue { colour },
                other => panic!("the ladders have no {other:?}"),
            };
            self.tell(Some(id), None, kind);
        }
    }

    fn view(&self, id: OrderId) -> Option<OrderView> {
        let order = self.orders.get(&id)?;
        let (owner, outcome) = match order.at {
            At::Hands { clerk, .. } => (Some(clerk), None),
            At::Aside { owner } => (owner, None),
            At::Over { last, outcome, .. } => (last, Some(outcome)),
            _ => (None, None),
        };
        Some(OrderView {
            order: id,
            state: order.state(),
            service: order.service,
            class: order.class,
            tag: order.tag,
            arrived: Mono(order.arrived),
            rank_ms: order.rank,
            epoch: order.epoch,
            owner,
            stages: order.stages as u8,
            outcome,
        })
    }

    fn check_stats(&self, stats: &Stats) {
        let count = |is: fn(&EventKind) -> bool| {
            self.events.iter().filter(|event| is(&event.kind)).count() as u64
        };
        assert_eq!(stats.submitted, count(|k| matches!(k, EventKind::OrderSubmitted { .. })));
        assert_eq!(stats.put_back, count(|k| matches!(k, EventKind::OrderPutBack { .. })));
        assert_eq!(stats.closed, count(|k| matches!(k, EventKind::OrderClosed { .. })));
        assert_eq!(stats.breached, count(|k| matches!(k, EventKind::LimitBreached { .. })));
        let over = |waits: &[u64]| waits.iter().filter(|&&wait| wait > WITHIN_MS).count() as u64;
        let claimed = self.first_waits.len() as u64;
        assert_eq!((stats.claimed, stats.claimed_again), (claimed, self.claimed_again));
        assert_eq!(stats.within, claimed - over(&self.first_waits));
        assert_eq!(stats.abandoned, self.abandoned_waits.len() as u64);
        assert_eq!(stats.abandoned_late, over(&self.abandoned_waits));
    }
}

/// What time does to an order; at one instant in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Due {
    Activation,
    Stage,
    Breach,
    Lapse,
}

/// Both sides of a run.
struct Run {
    hall: Hall,
    model: Model,
    history: History,
    /// Events compared so far.
    compared: usize,
}

impl Run {
    fn new() -> Self {
        let bounds = Bounds { notes: 4_096, ..Bounds::new(ORDERS, CLERKS) };
        let hall = Hall::bounded(draft(), bounds);
        let history = History::new(hall::checked(draft()));
        Self { hall, model: Model::new(hall::checked(draft())), history, compared: 0 }
    }

    fn order(&self, pick: usize) -> OrderId {
        // One in a while is an id that never named an order.
        let ever = &self.model.ever;
        ever.get(pick % (ever.len() + 1)).copied().unwrap_or(OrderId::from_bits(77 << 32 | 3))
    }

    fn claim(&self, pick: usize) -> Option<Claim> {
        let claims = &self.model.claims;
        // Recent claims more often than old ones.
        let back = if pick.is_multiple_of(4) { claims.len() } else { claims.len().min(4) };
        (back > 0).then(|| claims[claims.len() - 1 - pick / 4 % back])
    }

    fn apply(&mut self, op: &Op) {
        let now_ms = self.hall.now_ms;
        let hall = &mut self.hall;
        match *op {
            Op::Submit { service, class, key, in_ms } => {
                let mut spec = OrderSpec::new(ServiceId(service)).class(ClassId(class));
                spec.tag = self.model.events.len() as u64 * 7;
                spec.dedup = key.map(DedupKey);
                spec.not_before = in_ms.map(|ms| Mono((now_ms + ms).saturating_sub(5)));
                let answer = hall.call(|engine, cx| engine.submit(cx, &spec));
                assert_eq!(answer, self.model.submit(&spec, answer));
            }
            Op::Grab { clerk } => {
                let answer = hall.call(|engine, cx| engine.grab(cx, ClerkId(clerk)));
                assert_eq!(answer, self.model.grab(ClerkId(clerk)));
            }
            Op::GrabOrder { clerk, pick } => {
                let order = self.order(pick);
                let clerk = ClerkId(clerk);
                let answer = self.hall.call(|engine, cx| engine.grab_order(cx, clerk, order));
                assert_eq!(answer, self.model.grab_order(clerk, order));
            }
            Op::Start { pick } => {
                let Some(claim) = self.claim(pick) else { return };
                let answer = self.hall.call(|engine, cx| engine.start(cx, claim));
                assert_eq!(answer, self.model.start(claim));
            }
            Op::Complete { pick, outcome } => {
                let Some(claim) = self.claim(pick) else { return };
                let answer = self.hall.call(|engine, cx| engine.complete(cx, claim, outcome));
                assert_eq!(answer, self.model.complete(claim, outcome));
            }
            Op::PutBack { pick, how } => {
                let Some(claim) = self.claim(pick) else { return };
                let answer = self.hall.call(|engine, cx| engine.put_back(cx, claim, how));
                assert_eq!(answer, self.model.put_back(claim, how));
            }
            Op::Suspend { pick, aside } => {
                let Some(claim) = self.claim(pick) else { return };
                let answer = self.hall.call(|engine, cx| engine.suspend(cx, claim, aside, 4));
                assert_eq!(answer, self.model.suspend(claim, aside));
            }
            Op::TakeUp { pick, how } => {
                let order = self.order(pick);
                let answer = self.hall.call(|engine, cx| engine.take_up(cx, order, how));
                assert_eq!(answer, self.model.take_up(order, how));
            }
            Op::NoShow { pick } => {
                let Some(claim) = self.claim(pick) else { return };
                let answer = self.hall.call(|engine, cx| engine.no_show(cx, claim));
                assert_eq!(answer, self.model.no_show(claim));
            }
            Op::Renew { pick } => {
                let Some(claim) = self.claim(pick) else { return };
                let answer = self.hall.call(|engine, cx| engine.renew(cx, claim));
                assert_eq!(answer, self.model.renew(claim));
            }
            Op::Transfer { pick, pool } => {
                let Some(claim) = self.claim(pick) else { return };
                let pool = PoolId(pool);
                let to = Transfer::Pool(pool);
                let answer = self.hall.call(|engine, cx| engine.transfer(cx, claim, to));
                assert_eq!(answer, self.model.transfer(claim, pool));
            }
            Op::Cancel { pick, reason } => {
                let order = self.order(pick);
                let answer = self.hall.call(|engine, cx| engine.cancel(cx, order, reason));
                assert_eq!(answer, self.model.cancel(order, reason));
            }
            Op::Amend { pick, service, class } => {
                let order = self.order(pick);
                let amend = Amend { service: service.map(ServiceId), class: class.map(ClassId) };
                let answer = self.hall.call(|engine, cx| engine.amend(cx, order, amend));
                assert_eq!(answer, self.model.amend(order, amend));
            }
            Op::SignIn { clerk, ref pools, ref skills, units } => {
                let pools: Vec<_> = pools.iter().copied().map(PoolId).collect();
                let skills = skills.iter().copied().map(SkillId).collect();
                let (clerk, spec) =
                    (ClerkId(clerk), ClerkSpec { units, ..ClerkSpec::new(&pools, skills) });
                let answer = hall.call(|engine, cx| engine.sign_in(cx, clerk, &spec));
                let answer = answer.map(drop);
                assert_eq!(answer, self.model.sign_in(clerk, &spec));
                if answer.is_ok() {
                    self.history.signs_in(clerk, &spec);
                }
            }
            Op::SignOut { clerk } => {
                let answer = hall.call(|engine, cx| engine.sign_out(cx, ClerkId(clerk)));
                assert_eq!(answer, self.model.sign_out(ClerkId(clerk)));
            }
            Op::SetPresence { clerk, presence } => {
                let clerk = ClerkId(clerk);
                let answer = hall.call(|engine, cx| engine.set_presence(cx, clerk, presence));
                assert_eq!(answer, self.model.set_presence(clerk, presence));
            }
            Op::Advance => {
                hall.advance();
                self.model.advance();
            }
            Op::Pass { ms } => {
                hall.pass(ms);
                self.model.now = hall.now();
            }
        }
    }

    /// Everything there is to see is the same.
    fn compare(&mut self) {
        let (told, expected) = (self.hall.outbox.events(), &self.model.events);
        assert_eq!(told[self.compared..], expected[self.compared..]);
        self.compared = expected.len();
        for &order in &self.model.ever {
            assert_eq!(self.hall.engine.order(order), self.model.view(order));
        }
        for clerk in (0..=CLERKS).map(ClerkId) {
            let record = self.model.clerks.get(&clerk);
            assert_eq!(self.hall.engine.presence(clerk), record.map(|record| record.presence));
            assert_eq!(self.hall.engine.held(clerk), record.map(|_| self.model.held(clerk)));
        }
        if let Some((instant, ..)) = self.model.next_due() {
            let look = self.hall.advancer.next_look().expect("something is due");
            assert!(look.0 as i64 <= instant.max(self.hall.now_ms as i64), "{look:?} > {instant}");
        }
    }
}

fn staffed() -> [Op; 2] {
    let all = |clerk| Op::SignIn { clerk, pools: vec![0, 1], skills: vec![0, 1], units: 3 };
    [all(0), Op::SignIn { clerk: 1, pools: vec![1], skills: vec![1], units: 2 }]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_engine_answers_as_the_model(ops in vec(op(), 0..160)) {
        let mut run = Run::new();
        for op in staffed().iter().chain(&ops) {
            run.apply(op);
            run.compare();
        }
        run.model.check_stats(&run.hall.engine.stats());
        proven(run.history, run.hall.outbox.events(), &run.hall.engine);
    }
}

/// 10,000 cases, or as many as `PROPTEST_CASES` says; the seed of one that fails is printed, and kept
/// beside this file.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let seeds = FileFailurePersistence::WithSource("seeds");
    ProptestConfig {
        cases: cases.unwrap_or(10_000),
        failure_persistence: Some(Box::new(seeds)),
        ..ProptestConfig::default()
    }
}
