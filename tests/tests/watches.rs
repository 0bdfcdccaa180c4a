//! Pools that are watched: after every verb the counts are those of a model, each crossing is told once,
//! and at rest the counts are exact, whichever threads raced.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]
#![expect(clippy::cast_possible_truncation, reason = "small numbers drawn from 64 bits")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use qiangdan::{
    Action, Amend, Bounds, CalendarId, Claim, ClassId, ClerkId, ClerkSpec, ClockRules, Colour, Cx,
    Engine, Event, EventKind, Ladder, LimitId, Mono, Now, OrderId, OrderSpec, Outbox, Outcome,
    PoolId, PoolWatch, Presence, PutBack, Reason, RoleId, RulesDraft, ServiceId, Skills, Stage,
    State, Wall, WatchId, WatchWhen,
    calendar::CalendarDraft,
    limit::{Expiry, LimitRule, LimitStage, Milestone, Moment, Reasons, StageAt, TimeLimit},
};
use qiangdan_sim::dice::{Purpose, Stream};
use qiangdan_tests::hall::{Hall, checked, climbing, service};

const ORDERS: u32 = 24;
const CLERKS: u32 = 4;
/// The pool of each service.
const HOMES: [u16; 3] = [0, 1, 2];
/// Where the limit of service 0 moves its orders.
const MOVED_TO: PoolId = PoolId(1);

/// Pools 0 and 1 are watched, pool 2 is not. An order of service 0 is widened to pool 1 after 15 ms,
/// moved there for good after 30, and closed after 200.
fn draft() -> RulesDraft {
    let stage = |at_ms, action| Stage { at_ms, actions: vec![action] };
    let ladder = vec![stage(15, Action::Widen { pool: MOVED_TO })];
    let moves = LimitStage {
        at: StageAt::Spent(30),
        actions: vec![Action::Move { pool: MOVED_TO }],
        again: None,
        silence: None,
    };
    let limit = LimitRule {
        from: Moment::Reached(Milestone::SUBMITTED),
        to: vec![Moment::Reached(Milestone::CLOSED)],
        lasts: TimeLimit::natural_time(200),
        calendar: CalendarId(0),
        pauses: Reasons::default(),
        restarts: Reasons::default(),
        extends_by: 0,
        stages: vec![moves],
        expiry: Some(Expiry::Close { outcome: Outcome::Expired }),
    };
    let days = ["1970-01-01", "1971-12-31"].map(|day| day.parse().unwrap());
    let clocks = ClockRules {
        calendars: vec![CalendarDraft::always("UTC", days[0], days[1]).check().unwrap()],
        limits: vec![limit],
        of_services: vec![(ServiceId(0), LimitId(0))],
        ..ClockRules::default()
    };
    let longer = |than, until| WatchWhen::Longer { than, until };
    let watch = |pool, when, action| PoolWatch { pool: PoolId(pool), when, actions: vec![action] };
    RulesDraft {
        pools: 3,
        services: vec![
            climbing(0, service(HOMES[0], &[])),
            service(HOMES[1], &[]),
            service(HOMES[2], &[]),
        ],
        ladders: vec![Ladder { stages: ladder }],
        watches: vec![
            watch(0, longer(4, 1), Action::OpenWindow),
            watch(1, longer(2, 1), Action::Show { colour: Colour::Red }),
            watch(0, WatchWhen::NobodyReady, Action::Notify { role: RoleId(7) }),
            watch(1, WatchWhen::NobodyReady, Action::Notify { role: RoleId(8) }),
            watch(0, longer(1, 0), Action::Show { colour: Colour::Amber }),
        ],
        clocks,
        ..RulesDraft::default()
    }
}

/// What a reader of events knows of an order.
#[derive(Clone, Copy, Debug)]
struct Known {
    service: ServiceId,
    is_waiting: bool,
    is_parked: bool,
    is_moved: bool,
}

impl Known {
    fn pool(self) -> Option<PoolId> {
        let own = PoolId(HOMES[self.service.index()]);
        // What was moved by a limit that the order no longer has waits in its own pool again.
        let is_moved = self.is_moved && self.service == ServiceId(0);
        (self.is_waiting && !self.is_parked).then_some(if is_moved { MOVED_TO } else { own })
    }
}

/// Everything as it follows from the events, and what watches must say next.
#[derive(Default)]
struct Model {
    orders: BTreeMap<OrderId, Known>,
    ready: BTreeMap<ClerkId, BTreeSet<PoolId>>,
    fired: BTreeSet<WatchId>,
    /// Told next, in this order.
    next: VecDeque<(WatchId, bool)>,
}

impl Model {
    fn counts(&self, pool: PoolId) -> (usize, usize) {
        let waiting = self.orders.values().filter(|order| order.pool() == Some(pool)).count();
        (waiting, self.ready.values().filter(|pools| pools.contains(&pool)).count())
    }

    fn read(&mut self, event: &Event, pools_of: &[&[u16]]) {
        match event.kind {
            EventKind::WatchFired { watch, pool, waiting, ready } => {
                let told = (waiting as usize, ready as usize);
                assert_eq!(self.next.pop_front(), Some((watch, true)));
                assert_eq!(told, self.counts(pool));
                return;
            }
            EventKind::WatchRearmed { watch, .. } => {
                assert_eq!(self.next.pop_front(), Some((watch, false)));
                return;
            }
            _ => {}
        }
        if let Some(clerk) = event.clerk {
            let pools = pools_of[clerk.index()].iter().copied().map(PoolId).collect();
            match event.kind {
                EventKind::ClerkSignedIn
                | EventKind::ClerkPresence { presence: Presence::Ready } => {
                    self.ready.insert(clerk, pools);
                }
                EventKind::ClerkSignedOut | EventKind::ClerkPresence { .. } => {
                    self.ready.remove(&clerk);
                }
                _ => {}
            }
        }
        if let Some(id) = event.order {
            let order = self.orders.entry(id).or_insert(Known {
                service: ServiceId(2),
                is_waiting: false,
                is_parked: false,
                is_moved: false,
            });
            match event.kind {
                EventKind::OrderSubmitted { service, not_before, .. } => {
                    (order.service, order.is_waiting) = (service, not_before.is_none());
                }
                EventKind::OrderActivated => order.is_waiting = true,
                EventKind::OrderClaimed { .. } => {
                    (order.is_waiting, order.is_parked) = (false, false);
                }
                EventKind::OrderPutBack { how, .. } => {
                    order.is_waiting = !matches!(how, PutBack::After { .. });
                    order.is_parked = how == PutBack::Park;
                }
                EventKind::OrderAmended { service, .. } => {
                    (order.service, order.is_parked) = (service, false);
                }
                EventKind::Moved { .. } => order.is_moved = true,
                EventKind::OrderClosed { .. } => order.is_waiting = false,
                _ => {}
            }
        }
        self.expect();
    }

    /// What the watches have to say now, pool by pool where one event changes two.
    fn expect(&mut self) {
        let mut next = Vec::new();
        for (watch, rule) in (0..).map(WatchId).zip(draft().watches) {
            let (waiting, ready) = self.counts(rule.pool);
            let was = self.fired.contains(&watch);
            let is = match rule.when {
                WatchWhen::Longer { than, until } => {
                    waiting > if was { until } else { than } as usize
                }
                _ => ready == 0 && (was || waiting > 0),
            };
            if is != was {
                next.push((watch, is));
            }
        }
        assert!(next.is_empty() || self.next.is_empty(), "not told: {:?}", self.next);
        for &(watch, is) in &next {
            if is {
                self.fired.insert(watch)
            } else {
                self.fired.remove(&watch)
            };
        }
        self.next.extend(next);
    }

    /// An order that leaves one pool for another is uncounted first.
    fn sort(&mut self, first: PoolId) {
        let watches = draft().watches;
        let mut next: Vec<_> = self.next.drain(..).collect();
        next.sort_by_key(|(watch, _)| watches[watch.index()].pool != first);
        self.next.extend(next);
    }
}

/// A day under way, with verbs drawn at random.
struct Day {
    hall: Hall,
    dice: Stream,
    orders: Vec<OrderId>,
    claims: Vec<Claim>,
    model: Model,
}

const POOLS_OF: [&[u16]; CLERKS as usize] = [&[0], &[1], &[0, 1, 2], &[2]];

impl Day {
    fn new(seed: u64) -> Self {
        let hall = Hall::new(draft(), ORDERS, CLERKS);
        let dice = Stream::new(seed, 0, Purpose::Incidents);
        Self { hall, dice, orders: vec![], claims: vec![], model: Model::default() }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.dice.bits() % n
    }

    fn order(&mut self) -> Option<OrderId> {
        let lately = self.orders.len().min(20);
        let back = self.below(lately.max(1) as u64) as usize;
        self.orders.len().checked_sub(back + 1).map(|at| self.orders[at])
    }

    fn step(&mut self) {
        let clerk = ClerkId(self.below(u64::from(CLERKS)) as u32);
        match self.below(20) {
            0..6 => {
                let spec = OrderSpec::new(ServiceId(self.below(3) as u16));
                let later = Mono(self.hall.now_ms + 5);
                let spec = if self.below(5) == 0 { spec.not_before(later) } else { spec };
                let submitted = self.hall.call(|engine, cx| engine.submit(cx, &spec));
                self.orders.extend(submitted.map(|submitted| submitted.order));
            }
            6..9 => {
                let grabbed = self.hall.call(|engine, cx| engine.grab(cx, clerk));
                self.claims.extend(grabbed.map(|grabbed| grabbed.claim));
            }
            9 => {
                let Some(order) = self.order() else { return };
                let grabbed = self.hall.call(|engine, cx| engine.grab_order(cx, clerk, order));
                self.claims.extend(grabbed.map(|grabbed| grabbed.claim));
            }
            10..13 => self.work(),
            13 => {
                let Some(order) = self.order() else { return };
                let reason = Reason::Abandoned;
                self.hall.call(|engine, cx| engine.cancel(cx, order, reason)).ok();
            }
            14 => {
                let Some(order) = self.order() else { return };
                let (service, class) = (Some(ServiceId(self.below(3) as u16)), Some(ClassId(0)));
                let amend = Amend { service, class };
                self.hall.call(|engine, cx| engine.amend(cx, order, amend)).ok();
            }
            15..17 => self.come_or_go(clerk),
            _ => {
                let ms = self.below(8);
                self.hall.pass(ms);
                self.hall.advance();
            }
        }
    }

    fn work(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        let at = self.below(self.claims.len() as u64) as usize;
        let claim = self.claims.swap_remove(at);
        let how = match self.below(7) {
            0 => PutBack::KeepPlace,
            1 => PutBack::BackOfLine,
            2 => PutBack::HeadStart { ms: 3 },
            3 => PutBack::After { ms: 4 },
            4 => PutBack::Park,
            _ => {
                self.hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).ok();
                return;
            }
        };
        self.hall.call(|engine, cx| engine.put_back(cx, claim, how)).ok();
    }

    fn come_or_go(&mut self, clerk: ClerkId) {
        let presence = match self.below(4) {
            0 => {
                self.hall.call(|engine, cx| engine.sign_out(cx, clerk)).unwrap();
                return;
            }
            1 => Presence::Break(0),
            2 => Presence::Ready,
            _ => {
                self.hall.sign_in(clerk.0, POOLS_OF[clerk.index()], &[], 2);
                return;
            }
        };
        // Refused to who is signed out.
        self.hall.call(|engine, cx| engine.set_presence(cx, clerk, presence)).ok();
    }

    fn check(&mut self) {
        for event in self.hall.take() {
            let before = event.order.and_then(|order| self.model.orders.get(&order)?.pool());
            self.model.read(&event, &POOLS_OF);
            self.model.sort(before.unwrap_or(PoolId(0)));
        }
        assert!(self.model.next.is_empty(), "not told: {:?}", self.model.next);
        for pool in [PoolId(0), PoolId(1)] {
            let now = self.hall.engine.watched_pool(pool).unwrap();
            let counts = (now.waiting as usize, now.ready as usize);
            assert_eq!(counts, self.model.counts(pool), "{pool}");
            let watches = draft().watches;
            let fired = self.model.fired.iter().copied();
            let fired = fired.filter(|watch| watches[watch.index()].pool == pool);
            assert_eq!(now.fired, fired.collect::<Vec<_>>(), "{pool}");
        }
        assert_eq!(self.hall.engine.watched_pool(PoolId(2)), None);
    }
}

#[test]
fn after_every_verb_the_counts_are_those_of_the_model() {
    let mut told = [0; 3];
    for seed in 0..60 {
        let mut day = Day::new(seed);
        for step in 0..400 {
            day.step();
            let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| day.check()));
            assert!(seen.is_ok(), "seed {seed}, step {step}");
        }
        told[0] += day.model.orders.values().filter(|order| order.is_moved).count();
        told[1] += day.orders.len();
        told[2] += day.model.fired.len();
    }
    assert!(told.iter().all(|&count| count > 60), "the days show too little: {told:?}");
}

fn call<T>(
    engine: &Engine,
    out: &mut Outbox,
    ms: u64,
    verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T,
) -> T {
    verb(engine, &mut Cx::new(Now::after(Wall(0), ms), out))
}

/// One thread of clerks and hosts, with verbs at random.
fn hustle(engine: &Engine, thread: u32, rounds: u64) -> Vec<Event> {
    let mut dice = Stream::new(99, u64::from(thread), Purpose::Incidents);
    let mut out = Outbox::default();
    let (mut events, mut orders) = (Vec::new(), Vec::new());
    let clerk = ClerkId(thread);
    for ms in 0..rounds {
        let pick = dice.bits() % 16;
        let draw = dice.bits() as usize;
        let one = |orders: &[OrderId]| orders.get(draw % orders.len().max(1)).copied();
        match pick {
            0..5 => {
                let spec = OrderSpec::new(ServiceId((draw % 3) as u16));
                let submitted = call(engine, &mut out, ms, |engine, cx| engine.submit(cx, &spec));
                orders.extend(submitted.map(|submitted| submitted.order));
            }
            5..11 => {
                let Ok(grabbed) = call(engine, &mut out, ms, |engine, cx| engine.grab(cx, clerk))
                else {
                    continue;
                };
                let claim = grabbed.claim;
                call(engine, &mut out, ms, |engine, cx| match draw % 4 {
                    0 => engine.put_back(cx, claim, PutBack::KeepPlace).ok(),
                    1 => engine.put_back(cx, claim, PutBack::After { ms: 2 }).ok(),
                    _ => engine.complete(cx, claim, Outcome::Done).ok(),
                });
            }
            11 => {
                let Some(order) = one(&orders) else { continue };
                let reason = Reason::Abandoned;
                call(engine, &mut out, ms, |engine, cx| engine.cancel(cx, order, reason)).ok();
            }
            12 => {
                let Some(order) = one(&orders) else { continue };
                let service = Some(ServiceId((draw % 3) as u16));
                let amend = Amend { service, class: None };
                call(engine, &mut out, ms, |engine, cx| engine.amend(cx, order, amend)).ok();
            }
            _ => {
                // Two threads may change one clerk's presence.
                let clerk = ClerkId(draw as u32 % CLERKS);
                let all = [Presence::Ready, Presence::Break(0), Presence::Ready];
                let presence = all[draw % 3];
                call(engine, &mut out, ms, |engine, cx| engine.set_presence(cx, clerk, presence))
                    .unwrap();
            }
        }
        orders.truncate(64);
        events.extend(out.drain());
        if orders.len() == 64 {
            orders.drain(..32);
        }
    }
    events
}

#[test]
fn at_rest_the_counts_are_exact_and_each_crossing_was_told_once() {
    let bounds = Bounds::new(40, CLERKS);
    let (engine, mut advancer) = Engine::new(checked(draft()), bounds).unwrap();
    let mut out = Outbox::default();
    let pools: Vec<Vec<_>> =
        POOLS_OF.iter().map(|pools| pools.iter().copied().map(PoolId).collect()).collect();
    for (clerk, pools) in (0..).map(ClerkId).zip(&pools) {
        let spec = ClerkSpec { units: 2, ..ClerkSpec::new(pools, Skills::none()) };
        call(&engine, &mut out, 0, |engine, cx| engine.sign_in(cx, clerk, &spec)).unwrap();
    }
    let rounds = 6_000;
    let mut events = std::thread::scope(|scope| {
        let engine = &engine;
        let hustling: Vec<_> =
            (0..3).map(|thread| scope.spawn(move || hustle(engine, thread, rounds))).collect();
        for ms in 0..rounds {
            advancer.advance(&mut Cx::new(Now::after(Wall(0), ms), &mut out));
        }
        hustling.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    advancer.advance_all(&mut Cx::new(Now::after(Wall(0), rounds), &mut out));
    events.extend(out.drain());

    let orders: BTreeSet<_> = events.iter().filter_map(|event| event.order).collect();
    let is_move = |event: &&Event| matches!(event.kind, EventKind::Moved { .. });
    let moved: BTreeSet<_> = events.iter().filter(is_move).filter_map(|e| e.order).collect();
    let waiting = |pool: PoolId| {
        let in_pool = |&&order: &&OrderId| {
            engine.order(order).is_some_and(|view| {
                let is_moved = moved.contains(&order) && view.service == ServiceId(0);
                let own = PoolId(HOMES[view.service.index()]);
                view.state == State::Waiting && pool == if is_moved { MOVED_TO } else { own }
            })
        };
        orders.iter().filter(in_pool).count()
    };
    // Which of them fire is up to the scheduler.
    let mut shown = 0;
    for pool in [PoolId(0), PoolId(1)] {
        let now = engine.watched_pool(pool).unwrap();
        assert_eq!(now.waiting as usize, waiting(pool), "{pool}");
        let is_ready = |clerk: u32| engine.presence(ClerkId(clerk)) == Some(Presence::Ready);
        let works = |clerk: &u32| pools[*clerk as usize].contains(&pool) && is_ready(*clerk);
        assert_eq!(now.ready as usize, (0..CLERKS).filter(works).count(), "{pool}");
        for (id, rule) in (0..).map(WatchId).zip(draft().watches) {
            let count = |is_fired: bool| {
                let told = |event: &&Event| match event.kind {
                    EventKind::WatchFired { watch, .. } => is_fired && watch == id,
                    EventKind::WatchRearmed { watch, .. } => !is_fired && watch == id,
                    _ => false,
                };
                events.iter().filter(told).count()
            };
            let (fired, rearmed) = (count(true), count(false));
            if rule.pool == pool {
                assert_eq!(fired, rearmed + usize::from(now.fired.contains(&id)), "{id}");
                shown += fired;
            }
        }
    }
    assert!(shown > 0, "no watch has fired");
}
