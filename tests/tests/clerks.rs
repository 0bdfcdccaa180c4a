//! Clerks: presence and sessions, and how much one may hold. Tests whose names begin with `e` and a
//! number are of that edge case.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the answer")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use qiangdan::{
    Amend, Ceiling, Claim, ClerkId, ClerkSpec, CompleteError, Cx, Demand, Engine, EventKind,
    GrabError, GrabOrderError, OrderId, OrderSpec, Outcome, PoolId, Presence, PresenceError,
    PutBack, Reason, RulesDraft, ServiceId, Session, SignInError, Skills, StaffRules,
};
use qiangdan_tests::hall::{Hall, service};

const ANA: ClerkId = ClerkId(0);
const BEN: ClerkId = ClerkId(1);

/// A hall of services in one pool, with what each asks of a clerk.
fn hall(demands: &[Demand], orders: u32) -> Hall {
    let of = (0..).map(ServiceId).zip(demands.iter().copied());
    let draft = RulesDraft {
        pools: 1,
        services: vec![service(0, &[]); demands.len()],
        staff: StaffRules { demands: of.collect(), ..StaffRules::default() },
        ..RulesDraft::default()
    };
    Hall::new(draft, orders, 2)
}

fn plain() -> Hall {
    hall(&[Demand::default()], 16)
}

fn units(units: u16) -> Demand {
    Demand { units, ..Demand::default() }
}

fn submit(hall: &mut Hall, service: u16) -> OrderId {
    hall.pass(1);
    hall.submit(OrderSpec::new(ServiceId(service)))
}

fn grab(hall: &mut Hall, clerk: ClerkId) -> Result<Claim, GrabError> {
    hall.call(|engine, cx| engine.grab(cx, clerk)).map(|grabbed| grabbed.claim)
}

fn complete(hall: &mut Hall, claim: Claim) {
    hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
}

fn ask(hall: &mut Hall, presence: Presence) -> Result<(), PresenceError> {
    hall.call(|engine, cx| engine.set_presence(cx, ANA, presence))
}

fn presence(hall: &Hall) -> Presence {
    hall.engine.presence(ANA).unwrap()
}

#[test]
fn e19_a_break_asked_for_while_busy_begins_with_the_last_close() {
    let mut hall = plain();
    hall.sign_in(0, &[0], &[], 2);
    submit(&mut hall, 0);
    submit(&mut hall, 0);
    submit(&mut hall, 0);
    let claims = [(); 2].map(|()| grab(&mut hall, ANA).unwrap());
    ask(&mut hall, Presence::Break(3)).unwrap();
    assert_eq!(presence(&hall), Presence::Draining);
    complete(&mut hall, claims[0]);
    assert_eq!(presence(&hall), Presence::Draining, "not after the first of several");
    let refused = GrabError::NotReady { clerk: ANA, presence: Presence::Draining };
    assert_eq!(grab(&mut hall, ANA), Err(refused));
    // The latest request wins.
    ask(&mut hall, Presence::Break(4)).unwrap();
    hall.take();
    complete(&mut hall, claims[1]);
    assert_eq!(presence(&hall), Presence::Break(4));
    let told: Vec<_> = hall.take().iter().map(|event| event.kind).collect();
    let closed = EventKind::OrderClosed { outcome: Outcome::Done, epoch: 1 };
    assert_eq!(told, [closed, EventKind::ClerkPresence { presence: Presence::Break(4) }]);
}

#[test]
fn e19_whatever_ends_the_last_claim_lets_them_go() {
    for way in 0..3 {
        let mut hall = plain();
        hall.sign_in(0, &[0], &[], 1);
        let order = submit(&mut hall, 0);
        let claim = grab(&mut hall, ANA).unwrap();
        ask(&mut hall, Presence::Draining).unwrap();
        match way {
            0 => complete(&mut hall, claim),
            1 => hall.call(|engine, cx| engine.put_back(cx, claim, PutBack::KeepPlace)).unwrap(),
            _ => hall.call(|engine, cx| engine.cancel(cx, order, Reason::Abandoned)).unwrap(),
        }
        assert_eq!(presence(&hall), Presence::SignedOut);
        assert_eq!(hall.take().last().unwrap().kind, EventKind::ClerkSignedOut);
    }
}

#[test]
fn a_break_asked_for_and_taken_back_never_begins() {
    let mut hall = plain();
    hall.sign_in(0, &[0], &[], 1);
    submit(&mut hall, 0);
    let claim = grab(&mut hall, ANA).unwrap();
    ask(&mut hall, Presence::Break(1)).unwrap();
    ask(&mut hall, Presence::Ready).unwrap();
    complete(&mut hall, claim);
    assert_eq!(presence(&hall), Presence::Ready);
    for presence in [Presence::WrapUp, Presence::Lost] {
        assert_eq!(ask(&mut hall, presence), Err(PresenceError::NotChosen { presence }));
    }
}

#[test]
fn e15_of_two_sessions_the_older_one_is_refused_and_its_claims_go_over() {
    let mut hall = plain();
    let spec = ClerkSpec { units: 2, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
    let sign_in = |hall: &mut Hall| hall.call(|engine, cx| engine.sign_in(cx, ANA, &spec));
    let old = sign_in(&mut hall).unwrap();
    let order = submit(&mut hall, 0);
    submit(&mut hall, 0);
    let claim = grab(&mut hall, ANA).unwrap();
    let new = sign_in(&mut hall).unwrap();
    assert_ne!(old, new);
    assert_eq!(hall.engine.session(ANA), Some(new));
    assert_eq!(hall.engine.held(ANA), Some(1), "it goes over");

    let now = hall.now();
    let engine = hall.engine.clone();
    let said = Session::from_bits(old.to_bits());
    let cx = &mut Cx::new(now, &mut hall.outbox).in_session(said);
    let (clerk, session) = (ANA, new);
    assert_eq!(engine.grab(cx, ANA), Err(GrabError::OldSession { clerk, session }));
    let grab_order = engine.grab_order(cx, ANA, order);
    assert_eq!(grab_order, Err(GrabOrderError::OldSession { clerk, session }));
    assert!(engine.start(cx, claim).is_err());
    assert!(engine.put_back(cx, claim, PutBack::KeepPlace).is_err());
    let complete = engine.complete(cx, claim, Outcome::Done);
    assert_eq!(complete, Err(CompleteError::OldSession { clerk, session }));
    assert!(engine.set_presence(cx, ANA, Presence::Break(0)).is_err());
    assert!(engine.sign_out(cx, ANA).is_err());
    assert!(engine.set_units(cx, ANA, 9).is_err());
    assert!(engine.grab_many(cx, ANA, 1, &mut vec![]).is_err());
    assert_eq!(engine.presence(ANA), Some(Presence::Ready));

    let cx = &mut Cx::new(now, &mut hall.outbox).in_session(new);
    engine.start(cx, claim).unwrap();
    engine.complete(cx, claim, Outcome::Done).unwrap();
    assert!(engine.grab(cx, ANA).is_ok());
}

#[test]
fn e18_a_cut_takes_nothing_away_and_gives_nothing_until_there_is_room() {
    let mut hall = plain();
    hall.sign_in(0, &[0], &[], 3);
    for _ in 0..4 {
        submit(&mut hall, 0);
    }
    let claims = [(); 3].map(|()| grab(&mut hall, ANA).unwrap());
    hall.call(|engine, cx| engine.set_units(cx, ANA, 1)).unwrap();
    assert_eq!((hall.engine.held(ANA), hall.engine.units(ANA)), (Some(3), Some(1)));
    let full = Err(GrabError::AtLimit { clerk: ANA, units: 1 });
    for claim in claims {
        assert_eq!(grab(&mut hall, ANA), full);
        complete(&mut hall, claim);
    }
    assert!(grab(&mut hall, ANA).is_ok());
}

#[test]
fn who_has_no_room_for_the_first_takes_the_next_that_costs_less() {
    // A call by video takes all of a clerk, a chat a third.
    let mut hall = hall(&[units(3), units(1)], 16);
    hall.sign_in(0, &[0], &[], 3);
    let [chat, video, later] = [1, 0, 1].map(|service| submit(&mut hall, service));
    let first = grab(&mut hall, ANA).unwrap();
    assert_eq!(first.order, chat);
    // The call goes first, but there is no room for it.
    let second = grab(&mut hall, ANA).unwrap();
    assert_eq!((second.order, hall.engine.held(ANA)), (later, Some(2)));
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::AtLimit { clerk: ANA, units: 3 }));
    let named = hall.call(|engine, cx| engine.grab_order(cx, ANA, video));
    assert_eq!(named, Err(GrabOrderError::AtLimit { clerk: ANA, units: 3 }));
    complete(&mut hall, first);
    complete(&mut hall, second);
    assert_eq!(grab(&mut hall, ANA).unwrap().order, video);
    assert_eq!(hall.engine.held(ANA), Some(3));
    assert_eq!(
        grab(&mut hall, BEN).unwrap_err(),
        GrabError::NotReady { clerk: BEN, presence: Presence::SignedOut }
    );
}

#[test]
fn a_ceiling_of_one_service_leaves_room_for_others() {
    let mut hall = hall(&[Demand { ceiling: Some(2), ..units(1) }, units(1)], 16);
    let sign_in = |hall: &mut Hall, ceilings: &[Ceiling]| {
        let spec = ClerkSpec { units: 9, ceilings, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
        hall.call(|engine, cx| engine.sign_in(cx, ANA, &spec))
    };
    sign_in(&mut hall, &[]).unwrap();
    let orders = [0, 0, 0, 1].map(|service| submit(&mut hall, service));
    let claims = [(); 3].map(|()| grab(&mut hall, ANA).unwrap());
    assert_eq!(claims.map(|claim| claim.order), [orders[0], orders[1], orders[3]]);
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::AtLimit { clerk: ANA, units: 9 }));
    complete(&mut hall, claims[2]);
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::AtLimit { clerk: ANA, units: 9 }));
    complete(&mut hall, claims[0]);
    assert_eq!(grab(&mut hall, ANA).unwrap().order, orders[2]);
    // One who may hold fewer than the rule says; nothing is taken away.
    let less = [Ceiling { service: ServiceId(0), most: 0 }];
    sign_in(&mut hall, &less).unwrap();
    submit(&mut hall, 0);
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::AtLimit { clerk: ANA, units: 9 }));
    let none = [Ceiling { service: ServiceId(1), most: 5 }];
    let refused = Err(SignInError::NoCeiling { service: ServiceId(1) });
    assert_eq!(sign_in(&mut hall, &none), refused);
}

/// What is done in the model of room.
#[derive(Clone, Copy, Debug)]
enum Op {
    Submit(u16),
    Grab(u32),
    GrabMany(u32, u32),
    GrabOrder(u32, usize),
    Complete(usize),
    PutBack(usize),
    Cancel(usize),
    Amend(usize, u16),
    Units(u32, u32),
}

fn op() -> impl Strategy<Value = Op> {
    let clerk = || 0..2_u32;
    prop_oneof![
        4 => (0..4_u16).prop_map(Op::Submit),
        4 => clerk().prop_map(Op::Grab),
        1 => (clerk(), 1..4_u32).prop_map(|(clerk, most)| Op::GrabMany(clerk, most)),
        2 => (clerk(), any::<usize>()).prop_map(|(clerk, order)| Op::GrabOrder(clerk, order)),
        2 => any::<usize>().prop_map(Op::Complete),
        1 => any::<usize>().prop_map(Op::PutBack),
        1 => any::<usize>().prop_map(Op::Cancel),
        1 => (any::<usize>(), 0..4_u16).prop_map(|(order, to)| Op::Amend(order, to)),
        1 => (clerk(), 0..8_u32).prop_map(|(clerk, units)| Op::Units(clerk, units)),
    ]
}

const COSTS: [u16; 4] = [1, 1, 2, 5];
const CEILINGS: [Option<u8>; 4] = [None, Some(2), None, Some(1)];

/// Who holds what, since it was of which service.
#[derive(Default)]
struct Held(BTreeMap<OrderId, (Claim, u16)>);

impl Held {
    fn of(&self, clerk: ClerkId) -> impl Iterator<Item = u16> + '_ {
        self.0.values().filter(move |(claim, _)| claim.clerk == clerk).map(|&(_, service)| service)
    }

    fn units(&self, clerk: ClerkId) -> u32 {
        self.of(clerk).map(|service| u32::from(COSTS[usize::from(service)])).sum()
    }

    /// Whether a clerk with so many units has room for one more order of a service.
    fn has_room(&self, clerk: ClerkId, of: u32, service: u16) -> bool {
        let place = usize::from(service);
        let held = self.of(clerk).filter(|&other| other == service).count();
        self.units(clerk) + u32::from(COSTS[place]) <= of
            && CEILINGS[place].is_none_or(|most| held < usize::from(most))
    }

    fn nth(&self, n: usize) -> Option<Claim> {
        let n = n.checked_rem(self.0.len())?;
        self.0.values().nth(n).map(|&(claim, _)| claim)
    }
}

/// The engine and what is known of it.
struct World {
    hall: Hall,
    held: Held,
    /// How many units each clerk has.
    of: [u32; 2],
    /// What waits, in its order, and of which service it is.
    waiting: Vec<(OrderId, u16)>,
}

impl World {
    fn new() -> Self {
        let demand = |(&units, ceiling)| Demand { units, ceiling, ..Demand::default() };
        let demands: Vec<_> = COSTS.iter().zip(CEILINGS).map(demand).collect();
        let mut hall = hall(&demands, 64);
        hall.sign_in(0, &[0], &[], 7);
        hall.sign_in(1, &[0], &[], 2);
        Self { hall, held: Held::default(), of: [7, 2], waiting: Vec::new() }
    }

    /// Where the one waits that goes next for a clerk.
    fn next(&self, clerk: ClerkId) -> Option<usize> {
        let of = self.of[clerk.0 as usize];
        self.waiting.iter().position(|&(_, service)| self.held.has_room(clerk, of, service))
    }

    fn hold(&mut self, place: usize, claim: Claim) {
        let (order, service) = self.waiting.remove(place);
        assert_eq!(claim.order, order);
        self.held.0.insert(order, (claim, service));
    }

    fn go(&mut self, op: Op) {
        match op {
            Op::Submit(service) => {
                if self.waiting.len() + self.held.0.len() < 64 {
                    self.waiting.push((submit(&mut self.hall, service), service));
                }
            }
            Op::Grab(n) => {
                let (place, answer) = (self.next(ClerkId(n)), grab(&mut self.hall, ClerkId(n)));
                assert_eq!(answer.is_ok(), place.is_some());
                if let (Some(place), Ok(claim)) = (place, answer) {
                    self.hold(place, claim);
                }
            }
            Op::GrabMany(n, most) => {
                let (clerk, mut grabbed) = (ClerkId(n), Vec::new());
                let verb = |engine: &Engine, cx: &mut Cx<'_>| {
                    engine.grab_many(cx, clerk, most, &mut grabbed)
                };
                self.hall.call(verb).ok();
                for one in grabbed {
                    self.hold(self.next(clerk).unwrap(), one.claim);
                }
            }
            Op::GrabOrder(n, order) => {
                let Some(place) = order.checked_rem(self.waiting.len()) else { return };
                let (clerk, (order, service)) = (ClerkId(n), self.waiting[place]);
                let answer = self.hall.call(|engine, cx| engine.grab_order(cx, clerk, order));
                let has_room = self.held.has_room(clerk, self.of[n as usize], service);
                assert_eq!(answer.is_ok(), has_room);
                if let Ok(grabbed) = answer {
                    self.hold(place, grabbed.claim);
                }
            }
            Op::Units(n, units) => {
                self.hall.call(|engine, cx| engine.set_units(cx, ClerkId(n), units)).unwrap();
                self.of[n as usize] = units;
            }
            Op::Complete(n) | Op::PutBack(n) | Op::Cancel(n) | Op::Amend(n, _) => {
                if let Some(claim) = self.held.nth(n) {
                    self.with(claim, op);
                }
            }
        }
    }

    /// The same, of an order that is held.
    fn with(&mut self, claim: Claim, op: Op) {
        let (hall, order) = (&mut self.hall, claim.order);
        match op {
            Op::PutBack(_) => {
                hall.pass(1);
                let how = PutBack::BackOfLine;
                hall.call(|engine, cx| engine.put_back(cx, claim, how)).unwrap();
                let service = hall.engine.order(order).unwrap().service.0;
                self.waiting.push((order, service));
            }
            // It keeps what it took.
            Op::Amend(_, to) => {
                let amend = Amend { service: Some(ServiceId(to)), class: None };
                return hall.call(|engine, cx| engine.amend(cx, order, amend)).unwrap();
            }
            Op::Cancel(_) => {
                hall.call(|engine, cx| engine.cancel(cx, order, Reason::Abandoned)).unwrap();
            }
            _ => complete(hall, claim),
        }
        self.held.0.remove(&order);
    }
}

proptest! {
    /// E22: units are the sum of what claims cost when they were grabbed, after every step.
    #[test]
    fn e22_units_are_the_sum_of_the_held_claims(ops in prop::collection::vec(op(), 1..80)) {
        let mut world = World::new();
        for op in ops {
            world.go(op);
            for clerk in [ANA, BEN] {
                prop_assert_eq!(world.hall.engine.held(clerk), Some(world.held.units(clerk)));
            }
        }
    }
}
