//! What clerks can do, and what keeps grabbing fair: levels, certificates, choosing, pace, giving back.

use proptest::prelude::*;
use qiangdan::{
    Certificate, Claim, ClerkId, ClerkSpec, Demand, EventKind, GiveBacks, GiveBacksPer, GrabError,
    GrabOrderError, GrabRules, Levels, OrderId, OrderSpec, Outcome, Pace, PoolId, Presence,
    PresenceRules, PutBack, PutBackError, Reason, RulesDraft, ServiceId, ServiceRule,
    SetSkillsError, SkillId, Skills, StaffRules, Wall,
};
use qiangdan_tests::hall::{Hall, service};

const ANA: ClerkId = ClerkId(0);
const POOL: [PoolId; 1] = [PoolId(0)];

fn hall(services: Vec<ServiceRule>, staff: StaffRules) -> Hall {
    let draft = RulesDraft { pools: 1, services, staff, ..RulesDraft::default() };
    Hall::new(draft, 100, 2)
}

/// A hall of one service with guards; Ana has room for ten.
fn guarded(grab: GrabRules) -> Hall {
    let staff = StaffRules { grab, ..StaffRules::default() };
    let mut hall = hall(vec![service(0, &[])], staff);
    hall.sign_in(0, &[0], &[], 10);
    hall
}

fn submit(hall: &mut Hall, service: u16) -> OrderId {
    hall.pass(1);
    hall.submit(OrderSpec::new(ServiceId(service)))
}

fn grab(hall: &mut Hall) -> Result<Claim, GrabError> {
    hall.call(|engine, cx| engine.grab(cx, ANA)).map(|grabbed| grabbed.claim)
}

fn grab_order(hall: &mut Hall, order: OrderId) -> Result<Claim, GrabOrderError> {
    hall.call(|engine, cx| engine.grab_order(cx, ANA, order)).map(|grabbed| grabbed.claim)
}

fn put_back(hall: &mut Hall, claim: Claim) -> Result<(), PutBackError> {
    hall.call(|engine, cx| engine.put_back(cx, claim, PutBack::KeepPlace))
}

fn oldest(hall: &Hall, most: usize) -> Vec<OrderId> {
    let mut found = Vec::new();
    assert_eq!(hall.engine.browse(ANA, most, &mut found), Some(found.len()));
    found.iter().map(|view| view.order).collect()
}

fn skills(all: &[u8]) -> Skills {
    all.iter().copied().map(SkillId).collect()
}

#[test]
fn a_service_is_for_those_who_know_it_well_enough() {
    let levels = |level| Levels::default().with(SkillId(1), level);
    let demand = |level| Demand { levels: levels(level), ..Demand::default() };
    let demands = vec![(ServiceId(0), demand(4)), (ServiceId(1), demand(2))];
    let staff = StaffRules { demands, ..StaffRules::default() };
    let mut hall = hall(vec![service(0, &[1]), service(0, &[1])], staff);
    let spec = ClerkSpec { units: 9, ..ClerkSpec::new(&POOL, skills(&[1])) };
    hall.call(|engine, cx| engine.sign_in(cx, ANA, &spec)).unwrap();
    let [hard, easy] = [0, 1].map(|service| submit(&mut hall, service));
    assert_eq!(grab(&mut hall), Err(GrabError::Empty { clerk: ANA }));
    let refused = GrabOrderError::NotEligible { order: hard, clerk: ANA };
    assert_eq!(grab_order(&mut hall, hard), Err(refused));
    // In the same session, from now on.
    let better = ClerkSpec { levels: levels(3), ..spec };
    hall.call(|engine, cx| engine.set_skills(cx, ANA, &better)).unwrap();
    assert_eq!(grab(&mut hall).unwrap().order, easy);
    assert_eq!(grab(&mut hall), Err(GrabError::Empty { clerk: ANA }));
    let spec = ClerkSpec { levels: levels(5), ..spec };
    hall.call(|engine, cx| engine.set_skills(cx, ANA, &spec)).unwrap();
    assert_eq!(grab(&mut hall).unwrap().order, hard);
}

#[test]
fn e17_a_skill_taken_away_leaves_what_is_held() {
    let mut hall = hall(vec![service(0, &[1])], StaffRules::default());
    hall.sign_in(0, &[0], &[1], 9);
    let [first, second] = [(); 2].map(|()| submit(&mut hall, 0));
    let claim = grab(&mut hall).unwrap();
    assert_eq!(claim.order, first);
    let spec = ClerkSpec { units: 9, ..ClerkSpec::new(&POOL, Skills::none()) };
    hall.call(|engine, cx| engine.set_skills(cx, ANA, &spec)).unwrap();
    assert_eq!(grab(&mut hall), Err(GrabError::Empty { clerk: ANA }));
    assert!(!hall.engine.may_take(ANA, second));
    hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
    hall.call(|engine, cx| engine.sign_out(cx, ANA)).unwrap();
    let out = hall.call(|engine, cx| engine.set_skills(cx, ANA, &spec));
    assert_eq!(out, Err(SetSkillsError::SignedOut { clerk: ANA }));
}

#[test]
fn e17_a_certificate_that_runs_out_in_a_session_counts_no_more() {
    let presence = PresenceRules { watches_certificates: true, ..PresenceRules::default() };
    let staff = StaffRules { presence, ..StaffRules::default() };
    let mut hall = hall(vec![service(0, &[7]), service(0, &[])], staff);
    let certificates = [
        Certificate { skill: SkillId(7), until: Wall(1_000) },
        Certificate { skill: SkillId(8), until: Wall(5_000) },
    ];
    let spec =
        ClerkSpec { units: 9, certificates: &certificates, ..ClerkSpec::new(&POOL, skills(&[7])) };
    hall.call(|engine, cx| engine.sign_in(cx, ANA, &spec)).unwrap();
    let [first, second] = [(); 2].map(|()| submit(&mut hall, 0));
    assert_eq!(grab(&mut hall).unwrap().order, first);
    hall.now_ms = 999;
    hall.advance();
    assert!(hall.engine.may_take(ANA, second), "the last instant");
    hall.take();
    hall.now_ms = 1_000;
    hall.advance();
    let lapsed = EventKind::CertificateLapsed { skill: SkillId(7) };
    assert_eq!(hall.take().iter().map(|event| event.kind).collect::<Vec<_>>(), [lapsed]);
    assert!(!hall.engine.may_take(ANA, second));
    assert_eq!(hall.engine.held(ANA), Some(1));
    let plain = submit(&mut hall, 1);
    assert_eq!(grab(&mut hall).unwrap().order, plain, "all else goes on");
    // At the next sign-in it does not count from the start.
    hall.call(|engine, cx| engine.sign_in(cx, ANA, &spec)).unwrap();
    assert!(!hall.engine.may_take(ANA, second));
    // One who has none yet may work without for a while, if the host says until when.
    let grace = [Certificate { skill: SkillId(7), until: Wall(2_000) }];
    let spec =
        ClerkSpec { units: 9, certificates: &grace, ..ClerkSpec::new(&POOL, Skills::none()) };
    hall.call(|engine, cx| engine.sign_in(cx, ANA, &spec)).unwrap();
    assert!(hall.engine.may_take(ANA, second));
    hall.now_ms = 10_000;
    hall.advance();
    assert!(!hall.engine.may_take(ANA, second));
}

#[test]
fn trap_16_a_clerk_chooses_among_the_oldest_only() {
    let mut hall = guarded(GrabRules { may_choose: Some(2), ..GrabRules::default() });
    let orders = [(); 4].map(|()| submit(&mut hall, 0));
    assert_eq!(oldest(&hall, 3), orders[..3]);
    let (order, clerk) = (orders[2], ANA);
    let refused = GrabOrderError::NotOldest { order, clerk, oldest: orders[0] };
    assert_eq!(grab_order(&mut hall, order), Err(refused));
    hall.take();
    let second = grab_order(&mut hall, orders[1]).unwrap();
    let told: Vec<_> = hall.take().iter().map(|event| event.kind).collect();
    assert_eq!(told[1], EventKind::PassedOver { older: 1 });
    // Now it is the second, and asking again for what one holds is no choice.
    assert!(grab_order(&mut hall, orders[2]).is_ok());
    assert_eq!(grab_order(&mut hall, orders[1]), Ok(second));
    hall.take();
    assert!(grab_order(&mut hall, orders[0]).is_ok());
    assert_eq!(hall.take().len(), 1, "nobody is passed over");
}

#[test]
fn who_is_parked_may_be_taken_by_name_whoever_is_older() {
    let mut hall = guarded(GrabRules { may_choose: Some(1), ..GrabRules::default() });
    let [parked, _] = [(); 2].map(|()| submit(&mut hall, 0));
    let claim = grab(&mut hall).unwrap();
    hall.call(|engine, cx| engine.put_back(cx, claim, PutBack::Park)).unwrap();
    assert_eq!(grab_order(&mut hall, parked).unwrap().order, parked);
}

#[test]
fn nobody_grabs_faster_than_the_pace() {
    let mut hall =
        guarded(GrabRules { pace: Some(Pace { most: 2, per_ms: 10_000 }), ..GrabRules::default() });
    let clerk = ANA;
    assert_eq!(grab(&mut hall), Err(GrabError::Empty { clerk }), "that is no grab");
    let orders = [(); 5].map(|()| submit(&mut hall, 0));
    assert_eq!(grab(&mut hall).unwrap().order, orders[0]);
    assert!(grab_order(&mut hall, orders[1]).is_ok());
    let retry_after_ms = 5_000;
    assert_eq!(grab(&mut hall), Err(GrabError::TooSoon { clerk, retry_after_ms }));
    let named = grab_order(&mut hall, orders[2]);
    assert_eq!(named, Err(GrabOrderError::TooSoon { clerk, retry_after_ms }));
    assert!(grab_order(&mut hall, orders[1]).is_ok(), "it is theirs already");
    assert_eq!(hall.engine.held(ANA), Some(2));
    hall.pass(4_999);
    assert_eq!(grab(&mut hall), Err(GrabError::TooSoon { clerk, retry_after_ms: 1 }));
    hall.pass(1);
    let mut many = Vec::new();
    let count = hall.call(|engine, cx| engine.grab_many(cx, ANA, 3, &mut many));
    assert_eq!((count, many.len()), (Ok(1), 1));
}

#[test]
fn nobody_gives_back_more_than_they_may() {
    let per = GiveBacksPer::Session;
    let rule =
        |per| GrabRules { give_backs: Some(GiveBacks { most: 2, per }), ..GrabRules::default() };
    let mut hall = guarded(rule(per));
    submit(&mut hall, 0);
    for _ in 0..2 {
        let claim = grab(&mut hall).unwrap();
        put_back(&mut hall, claim).unwrap();
        put_back(&mut hall, claim).unwrap();
    }
    let claim = grab(&mut hall).unwrap();
    let order = claim.order;
    assert_eq!(put_back(&mut hall, claim), Err(PutBackError::TooOften { order }));
    assert_eq!(hall.engine.held(ANA), Some(1));
    hall.sign_in(0, &[0], &[], 10);
    put_back(&mut hall, claim).unwrap();

    // By the day on the wall of the hall, eight hours ahead: it turns at 16 o'clock.
    let mut hall = guarded(rule(GiveBacksPer::Day { ahead_ms: 8 * 3_600_000 }));
    submit(&mut hall, 0);
    for (at_ms, is_given) in [(1, true), (2, true), (57_599_999, false), (57_600_000, true)] {
        hall.now_ms = at_ms;
        let claim = grab(&mut hall).unwrap();
        assert_eq!(put_back(&mut hall, claim).is_ok(), is_given);
        if !is_given {
            hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
            hall.submit(OrderSpec::new(ServiceId(0)));
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Submit(u16, u8),
    Grab,
    Back(i64),
    Cancel(usize),
    Amend(usize, u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..3_u16, 0..2_u8).prop_map(|(service, class)| Op::Submit(service, class)),
        2 => Just(Op::Grab),
        2 => (-20..20_i64).prop_map(Op::Back),
        1 => any::<usize>().prop_map(Op::Cancel),
        1 => (any::<usize>(), 0..2_u8).prop_map(|(order, class)| Op::Amend(order, class)),
    ]
}

proptest! {
    /// What browse shows is what grab would give, one after the other.
    #[test]
    fn browse_shows_what_a_grab_gives(ops in prop::collection::vec(op(), 1..60)) {
        let draft = RulesDraft {
            pools: 1,
            services: vec![service(0, &[]), service(0, &[1]), service(0, &[2])],
            head_starts_ms: vec![0, 7],
            ..RulesDraft::default()
        };
        let mut hall = Hall::new(draft, 100, 1);
        hall.sign_in(0, &[0], &[1], 100);
        let (mut orders, mut held) = (Vec::new(), Vec::new());
        for op in ops {
            hall.pass(1);
            match op {
                Op::Submit(service, class) => {
                    let spec = OrderSpec::new(ServiceId(service)).class(qiangdan::ClassId(class));
                    orders.push(hall.submit(spec));
                }
                Op::Grab => held.extend(grab(&mut hall)),
                Op::Back(ms) => {
                    let Some(claim) = held.pop() else { continue };
                    let how = PutBack::HeadStart { ms };
                    hall.call(|engine, cx| engine.put_back(cx, claim, how)).ok();
                }
                Op::Cancel(n) => {
                    let Some(n) = n.checked_rem(orders.len()) else { continue };
                    let order = orders[n];
                    hall.call(|engine, cx| engine.cancel(cx, order, Reason::Abandoned)).ok();
                }
                Op::Amend(n, class) => {
                    let Some(n) = n.checked_rem(orders.len()) else { continue };
                    let class = Some(qiangdan::ClassId(class));
                    let amend = qiangdan::Amend { service: None, class };
                    hall.call(|engine, cx| engine.amend(cx, orders[n], amend)).ok();
                }
            }
        }
        let shown = oldest(&hall, 32);
        prop_assert_eq!(oldest(&hall, 3), shown.iter().copied().take(3).collect::<Vec<_>>());
        let given: Vec<_> = std::iter::from_fn(|| Some(grab(&mut hall).ok()?.order)).collect();
        prop_assert_eq!(shown, given.into_iter().take(32).collect::<Vec<_>>());
        prop_assert_eq!(hall.engine.presence(ANA), Some(Presence::Ready));
    }
}
