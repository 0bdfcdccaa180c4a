//! Clerks who fall silent, write up, and come back. Tests whose names begin with `e` and a number
//! are of that edge case.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the answer")]

use proptest::prelude::*;
use qiangdan::{
    Claim, ClerkId, CompleteError, EventKind, GrabError, HeartbeatError, MassLoss, Mono, OrderId,
    OrderSpec, Outcome, Presence, PresenceRules, PutBack, RulesDraft, ServiceId, StaffRules,
    StartError, State,
};
use qiangdan_tests::hall::{Hall, service};

const ANA: ClerkId = ClerkId(0);
const BEN: ClerkId = ClerkId(1);
const LOST_AFTER_MS: u64 = 45_000;
const RETURN_AFTER_MS: u64 = 60_000;

fn leases() -> PresenceRules {
    PresenceRules {
        lost_after_ms: Some(LOST_AFTER_MS),
        then_return_after_ms: RETURN_AFTER_MS,
        ..PresenceRules::default()
    }
}

/// A hall with one service and clerks who may hold two orders each.
fn hall(presence: PresenceRules, clerks: u32) -> Hall {
    let draft = RulesDraft {
        pools: 1,
        services: vec![service(0, &[])],
        staff: StaffRules { presence, ..StaffRules::default() },
        ..RulesDraft::default()
    };
    let mut hall = Hall::new(draft, 100, clerks);
    for clerk in 0..clerks {
        hall.sign_in(clerk, &[0], &[], 2);
    }
    hall.take();
    hall
}

fn submit(hall: &mut Hall) -> OrderId {
    hall.submit(OrderSpec::new(ServiceId(0)))
}

fn grab(hall: &mut Hall, clerk: ClerkId) -> Result<Claim, GrabError> {
    hall.call(|engine, cx| engine.grab(cx, clerk)).map(|grabbed| grabbed.claim)
}

fn complete(hall: &mut Hall, claim: Claim, outcome: Outcome) -> Result<(), CompleteError> {
    hall.call(|engine, cx| engine.complete(cx, claim, outcome))
}

fn beat(hall: &mut Hall, clerk: ClerkId) -> Result<(), HeartbeatError> {
    hall.call(|engine, cx| engine.heartbeat(cx, clerk))
}

fn presence(hall: &Hall, clerk: ClerkId) -> Presence {
    hall.engine.presence(clerk).unwrap()
}

/// Lets so much time pass, and everything happen; what happened.
fn pass(hall: &mut Hall, ms: u64) -> Vec<EventKind> {
    hall.take();
    hall.pass(ms);
    hall.advance();
    hall.take().iter().map(|event| event.kind).collect()
}

#[test]
fn e12_what_was_not_begun_goes_back_to_its_place() {
    let mut hall = hall(leases(), 2);
    let [first, second] = [(); 2].map(|()| submit(&mut hall));
    let claims = [(); 2].map(|()| grab(&mut hall, ANA).unwrap());
    hall.call(|engine, cx| engine.set_presence(cx, BEN, Presence::Break(0))).unwrap();
    hall.pass(LOST_AFTER_MS - 1);
    beat(&mut hall, BEN).unwrap();
    assert_eq!(pass(&mut hall, 0), [], "not early");
    let due = Mono(LOST_AFTER_MS);
    assert_eq!(pass(&mut hall, 1), [EventKind::ClerkLost { due }]);
    assert_eq!(presence(&hall, ANA), Presence::Lost);
    beat(&mut hall, BEN).unwrap();
    assert_eq!(hall.engine.held(ANA), Some(2), "they may come back yet");
    hall.pass(RETURN_AFTER_MS / 2);
    beat(&mut hall, BEN).unwrap();
    assert_eq!(pass(&mut hall, RETURN_AFTER_MS / 2 - 1), []);
    let back = EventKind::OrderPutBack { epoch: 1, how: PutBack::KeepPlace };
    assert_eq!(pass(&mut hall, 1), [back, back]);
    assert_eq!(hall.engine.held(ANA), Some(0));
    // In their old order, before who came later.
    submit(&mut hall);
    hall.call(|engine, cx| engine.set_presence(cx, BEN, Presence::Ready)).unwrap();
    let taken = [(); 2].map(|()| grab(&mut hall, BEN).unwrap());
    assert_eq!(taken.map(|claim| claim.order), [first, second]);

    // E14: who comes back after that has no say in them.
    beat(&mut hall, ANA).unwrap();
    assert_eq!(presence(&hall, ANA), Presence::Ready);
    for claim in claims {
        let (order, epoch) = (claim.order, 2);
        let start = hall.call(|engine, cx| engine.start(cx, claim));
        assert_eq!(start, Err(StartError::Stale { order, epoch }));
        let done = complete(&mut hall, claim, Outcome::Done);
        assert_eq!(done, Err(CompleteError::Stale { order, epoch }));
    }
}

#[test]
fn e13_what_is_under_way_stays_with_them_and_a_supervisor_is_told() {
    let mut hall = hall(leases(), 1);
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANA).unwrap();
    hall.call(|engine, cx| engine.start(cx, claim)).unwrap();
    pass(&mut hall, LOST_AFTER_MS);
    assert_eq!(pass(&mut hall, RETURN_AFTER_MS), [EventKind::OrderNeedsSupervisor { epoch: 1 }]);
    assert_eq!(hall.engine.state(order), Some(State::Serving));
    assert_eq!(pass(&mut hall, 10 * RETURN_AFTER_MS), [], "once");
    // They may finish when they are back.
    let refused = Err(GrabError::NotReady { clerk: ANA, presence: Presence::Lost });
    assert_eq!(grab(&mut hall, ANA), refused);
    beat(&mut hall, ANA).unwrap();
    assert_eq!(pass(&mut hall, 0), []);
    complete(&mut hall, claim, Outcome::Done).unwrap();
    // And their lease runs again.
    assert!(matches!(pass(&mut hall, LOST_AFTER_MS)[..], [EventKind::ClerkLost { .. }]));
}

#[test]
fn who_is_back_in_time_keeps_what_they_hold() {
    let mut hall = hall(leases(), 1);
    submit(&mut hall);
    let claim = grab(&mut hall, ANA).unwrap();
    pass(&mut hall, LOST_AFTER_MS);
    hall.pass(RETURN_AFTER_MS - 1);
    hall.take();
    beat(&mut hall, ANA).unwrap();
    let told = hall.take();
    assert_eq!(told[0].kind, EventKind::ClerkPresence { presence: Presence::Ready });
    assert_eq!(pass(&mut hall, 1), []);
    complete(&mut hall, claim, Outcome::Done).unwrap();
    // A heartbeat at the last instant comes first.
    hall.pass(LOST_AFTER_MS - 1);
    beat(&mut hall, ANA).unwrap();
    assert_eq!(pass(&mut hall, LOST_AFTER_MS - 1), []);
}

#[test]
fn who_signs_out_is_not_lost_and_cannot_be_heard_of() {
    let mut hall = hall(leases(), 1);
    hall.call(|engine, cx| engine.sign_out(cx, ANA)).unwrap();
    assert_eq!(pass(&mut hall, 10 * LOST_AFTER_MS), []);
    assert_eq!(beat(&mut hall, ANA), Err(HeartbeatError::SignedOut { clerk: ANA }));
    assert_eq!(beat(&mut hall, BEN), Err(HeartbeatError::NoSuchClerk { clerk: BEN }));
    // Who was on a break comes back to it.
    hall.sign_in(0, &[0], &[], 1);
    hall.call(|engine, cx| engine.set_presence(cx, ANA, Presence::Break(7))).unwrap();
    pass(&mut hall, LOST_AFTER_MS);
    assert_eq!(presence(&hall, ANA), Presence::Lost);
    beat(&mut hall, ANA).unwrap();
    assert_eq!(presence(&hall, ANA), Presence::Break(7));
}

#[test]
fn e16_when_many_fall_silent_at_once_the_loss_is_held_with_one_alarm() {
    let mass_loss = Some(MassLoss { share: 0.3, hold_ms: 30_000 });
    let mut hall = hall(PresenceRules { mass_loss, ..leases() }, 10);
    submit(&mut hall);
    let claim = grab(&mut hall, ANA).unwrap();
    // Of ten, three is the share; the fourth makes the alarm.
    hall.pass(1);
    for clerk in 4..10 {
        beat(&mut hall, ClerkId(clerk)).unwrap();
    }
    let alarm = EventKind::MassLoss { clerks: 4, of: 10 };
    assert_eq!(pass(&mut hall, LOST_AFTER_MS - 1), [alarm]);
    assert_eq!(presence(&hall, ANA), Presence::Ready);
    // Whoever else falls silent meanwhile is held with them, without another alarm.
    assert_eq!(pass(&mut hall, 1), []);
    assert_eq!(pass(&mut hall, 20_000), []);
    for clerk in 1..10 {
        beat(&mut hall, ClerkId(clerk)).unwrap();
    }
    // At the end of the hold, who is still silent is lost.
    let told = pass(&mut hall, 10_000);
    assert_eq!(told, [EventKind::ClerkLost { due: Mono(LOST_AFTER_MS) }]);
    assert_eq!((presence(&hall, ANA), presence(&hall, BEN)), (Presence::Lost, Presence::Ready));
    for clerk in 1..10 {
        beat(&mut hall, ClerkId(clerk)).unwrap();
    }
    let told = pass(&mut hall, LOST_AFTER_MS - 1);
    assert_eq!(told, [], "{told:?}");
    for clerk in 1..10 {
        beat(&mut hall, ClerkId(clerk)).unwrap();
    }
    let back = EventKind::OrderPutBack { epoch: 1, how: PutBack::KeepPlace };
    assert_eq!(pass(&mut hall, RETURN_AFTER_MS - LOST_AFTER_MS + 1), [back]);
    assert_eq!(hall.engine.state(claim.order), Some(State::Waiting));
}

#[test]
fn e16_a_few_who_fall_silent_are_lost_at_once() {
    let mass_loss = Some(MassLoss { share: 0.3, hold_ms: 30_000 });
    let mut hall = hall(PresenceRules { mass_loss, ..leases() }, 10);
    hall.pass(1);
    for clerk in 3..10 {
        beat(&mut hall, ClerkId(clerk)).unwrap();
    }
    let lost = EventKind::ClerkLost { due: Mono(LOST_AFTER_MS) };
    assert_eq!(pass(&mut hall, LOST_AFTER_MS - 1), [lost; 3]);
}

#[test]
fn the_walk_for_those_who_are_lost_goes_on_in_bounded_steps() {
    let mut hall = hall(leases(), 1);
    submit(&mut hall);
    assert!(grab(&mut hall, ANA).is_ok());
    pass(&mut hall, LOST_AFTER_MS);
    hall.pass(RETURN_AFTER_MS);
    let now = hall.now();
    let mut calls = 1;
    while !hall.advancer.advance_within(&mut qiangdan::Cx::new(now, &mut hall.outbox), 2).is_done {
        assert_eq!(hall.advancer.next_look(), Some(now.mono));
        calls += 1;
    }
    assert!(calls > 3, "a hundred slots are more than {calls} times two steps");
    assert_eq!(hall.engine.held(ANA), Some(0));
}

#[test]
fn e21_a_wrap_up_is_the_clerks_whatever_the_order_was() {
    let rules = PresenceRules { wrap_up_ms: 45_000, ..PresenceRules::default() };
    let mut hall = hall(rules, 1);
    for _ in 0..4 {
        submit(&mut hall);
    }
    let [first, second] = [(); 2].map(|()| grab(&mut hall, ANA).unwrap());
    complete(&mut hall, first, Outcome::Done).unwrap();
    assert_eq!(presence(&hall, ANA), Presence::WrapUp);
    let refused = Err(GrabError::NotReady { clerk: ANA, presence: Presence::WrapUp });
    assert_eq!(grab(&mut hall, ANA), refused);
    // Another one begins the time anew; it is not added up.
    assert_eq!(pass(&mut hall, 30_000), []);
    complete(&mut hall, second, Outcome::Rejected(1)).unwrap();
    assert_eq!(pass(&mut hall, 44_999), []);
    assert_eq!(pass(&mut hall, 1), [EventKind::ClerkPresence { presence: Presence::Ready }]);
    // Nothing to write after who did not come; and who is done early says so.
    let third = grab(&mut hall, ANA).unwrap();
    complete(&mut hall, third, Outcome::NoShow).unwrap();
    assert_eq!(presence(&hall, ANA), Presence::Ready);
    let fourth = grab(&mut hall, ANA).unwrap();
    complete(&mut hall, fourth, Outcome::Done).unwrap();
    hall.call(|engine, cx| engine.set_presence(cx, ANA, Presence::Ready)).unwrap();
    assert_eq!(presence(&hall, ANA), Presence::Ready);
    assert_eq!(pass(&mut hall, 45_000), [], "its end is past");
}

#[test]
fn e20_to_go_away_and_come_back_gains_nothing() {
    let rules = PresenceRules { keeps_idle: true, ..PresenceRules::default() };
    let mut hall = hall(rules, 1);
    let idle = |hall: &Hall| hall.engine.idle_ms(ANA, hall.now().mono).unwrap();
    let set = |hall: &mut Hall, presence| {
        hall.call(|engine, cx| engine.set_presence(cx, ANA, presence)).unwrap();
    };
    hall.pass(1_000);
    assert_eq!(idle(&hall), 1_000);
    set(&mut hall, Presence::Break(1));
    hall.pass(60_000);
    assert_eq!(idle(&hall), 1_000);
    set(&mut hall, Presence::Break(2));
    set(&mut hall, Presence::NotResponding);
    hall.pass(5_000);
    set(&mut hall, Presence::Ready);
    hall.pass(500);
    assert_eq!(idle(&hall), 1_500);
    // Only work that is done, or another session, begins it anew.
    submit(&mut hall);
    let claim = grab(&mut hall, ANA).unwrap();
    hall.pass(100);
    hall.call(|engine, cx| engine.put_back(cx, claim, PutBack::KeepPlace)).unwrap();
    assert_eq!(idle(&hall), 1_600);
    let claim = grab(&mut hall, ANA).unwrap();
    complete(&mut hall, claim, Outcome::Done).unwrap();
    assert_eq!(idle(&hall), 0);
    hall.pass(10);
    hall.call(|engine, cx| engine.sign_out(cx, ANA)).unwrap();
    hall.sign_in(0, &[0], &[], 1);
    assert_eq!(idle(&hall), 0);
}

#[test]
fn e23_when_everybody_is_gone_orders_wait_on() {
    let mut hall = hall(leases(), 2);
    let order = submit(&mut hall);
    pass(&mut hall, 2 * LOST_AFTER_MS + RETURN_AFTER_MS);
    for clerk in [ANA, BEN] {
        hall.call(|engine, cx| engine.sign_out(cx, clerk)).unwrap();
    }
    pass(&mut hall, 1_000_000);
    assert_eq!(hall.engine.state(order), Some(State::Waiting));
    hall.sign_in(1, &[0], &[], 1);
    assert_eq!(grab(&mut hall, BEN).unwrap().order, order);
}

/// A clerk of the model.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Model {
    chosen: Presence,
    heard: u64,
    /// Since when they are lost.
    lost: Option<u64>,
    writes_until: u64,
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Pass(u64),
    Beat(u32),
    SignIn(u32),
    Set(u32, Presence),
    Serve(u32),
}

fn op() -> impl Strategy<Value = Op> {
    let presences = prop_oneof![
        Just(Presence::SignedOut),
        Just(Presence::Ready),
        Just(Presence::Break(3)),
        Just(Presence::NotResponding)
    ];
    prop_oneof![
        3 => (1..30_u64).prop_map(Op::Pass),
        3 => (0..3_u32).prop_map(Op::Beat),
        1 => (0..3_u32).prop_map(Op::SignIn),
        1 => (0..3_u32, presences).prop_map(|(clerk, presence)| Op::Set(clerk, presence)),
        2 => (0..3_u32).prop_map(Op::Serve),
    ]
}

proptest! {
    /// Leases of 20 ms and wrap-ups of 15, in any order of things, one millisecond at a time.
    #[test]
    fn presence_is_as_in_the_model(ops in prop::collection::vec(op(), 1..60)) {
        let rules = PresenceRules {
            lost_after_ms: Some(20),
            then_return_after_ms: 10,
            wrap_up_ms: 15,
            ..PresenceRules::default()
        };
        let mut hall = hall(rules, 3);
        let ready = Model { chosen: Presence::Ready, heard: 0, lost: None, writes_until: 0 };
        let mut model = [ready; 3];
        for op in ops {
            let now = hall.now_ms;
            match op {
                Op::Pass(ms) => {
                    for _ in 0..ms {
                        hall.pass(1);
                        hall.advance();
                    }
                    for clerk in &mut model {
                        let due = clerk.heard + 20;
                        let is_in = clerk.chosen != Presence::SignedOut;
                        if is_in && clerk.lost.is_none() && due <= hall.now_ms {
                            clerk.lost = Some(due);
                        }
                    }
                }
                Op::Beat(n) => {
                    let answer = beat(&mut hall, ClerkId(n));
                    prop_assert_eq!(answer.is_ok(), model[n as usize].chosen != Presence::SignedOut);
                    if answer.is_ok() {
                        model[n as usize] = Model { heard: now, lost: None, ..model[n as usize] };
                    }
                }
                Op::SignIn(n) => {
                    hall.sign_in(n, &[0], &[], 2);
                    let writes_until = model[n as usize].writes_until;
                    model[n as usize] = Model { heard: now, writes_until, ..ready };
                }
                Op::Set(n, presence) => {
                    let clerk = ClerkId(n);
                    let answer = hall.call(|engine, cx| engine.set_presence(cx, clerk, presence));
                    prop_assert_eq!(answer.is_ok(), model[n as usize].chosen != Presence::SignedOut);
                    if answer.is_err() {
                        continue;
                    }
                    if presence == Presence::Ready && model[n as usize].chosen == Presence::Ready {
                        model[n as usize].writes_until = 0;
                    }
                    model[n as usize].chosen = presence;
                    if presence == Presence::SignedOut {
                        model[n as usize].lost = None;
                    }
                }
                Op::Serve(n) => {
                    submit(&mut hall);
                    let clerk = &mut model[n as usize];
                    let is_ready = clerk.chosen == Presence::Ready
                        && clerk.lost.is_none()
                        && clerk.writes_until <= now;
                    let answer = grab(&mut hall, ClerkId(n));
                    prop_assert_eq!(answer.is_ok(), is_ready, "{:?}", answer);
                    if let Ok(claim) = answer {
                        complete(&mut hall, claim, Outcome::Done).unwrap();
                        clerk.writes_until = now + 15;
                    }
                }
            }
            for (n, clerk) in (0..).zip(model) {
                let expected = match clerk {
                    Model { chosen: Presence::SignedOut, .. } => Presence::SignedOut,
                    Model { lost: Some(_), .. } => Presence::Lost,
                    Model { chosen: Presence::Ready, writes_until, .. }
                        if writes_until > hall.now_ms => Presence::WrapUp,
                    Model { chosen, .. } => chosen,
                };
                prop_assert_eq!(presence(&hall, ClerkId(n)), expected);
            }
        }
    }
}
