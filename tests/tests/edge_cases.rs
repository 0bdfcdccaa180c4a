//! Situations that go wrong in real systems, one test each. The comment above a test names its row in
//! the table of edge cases (E) or of traps seen in the field (T).

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{sync::Barrier, thread};

use qiangdan::{
    Action, Amend, Choice, Claim, ClassId, ClerkId, Cx, DedupKey, Engine, EventKind, GrabError,
    GrabOrderError, Grabbed, Ladder, Mono, Now, OrderId, OrderSpec, Outbox, Outcome, PoolId,
    PutBack, PutBackError, Reason, RulesDraft, ServiceId, Stage, StartError, State, SubmitError,
    Wall,
};
use qiangdan_tests::hall::{Hall, climbing, service, within};

const MINUTE: u64 = 60_000;

const ORDINARY: OrderSpec = OrderSpec::new(ServiceId(0));
const ANA: ClerkId = ClerkId(0);
const BO: ClerkId = ClerkId(1);

/// One pool, one service; class 1 has a head start of 30 minutes.
fn plain() -> RulesDraft {
    RulesDraft {
        pools: 1,
        services: vec![service(0, &[])],
        head_starts_ms: vec![0, 30 * 60_000],
        dedup_window_ms: 10 * MINUTE,
        ..RulesDraft::default()
    }
}

/// A plain hall with two clerks who may hold `units` each.
fn staffed(orders: u32, units: u32) -> Hall {
    let mut hall = Hall::new(plain(), orders, 2);
    hall.sign_in(0, &[0], &[], units);
    hall.sign_in(1, &[0], &[], units);
    hall
}

fn grab(hall: &mut Hall, clerk: ClerkId) -> Result<Grabbed, GrabError> {
    hall.call(|engine, cx| engine.grab(cx, clerk))
}

fn grab_named(hall: &mut Hall, clerk: ClerkId, order: OrderId) -> Result<Grabbed, GrabOrderError> {
    hall.call(|engine, cx| engine.grab_order(cx, clerk, order))
}

fn put_back(hall: &mut Hall, claim: Claim, how: PutBack) {
    hall.call(|engine, cx| engine.put_back(cx, claim, how)).unwrap();
}

fn complete(hall: &mut Hall, claim: Claim) {
    hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
}

fn cancel(hall: &mut Hall, order: OrderId) {
    hall.call(|engine, cx| engine.cancel(cx, order, Reason::Withdrawn(0))).unwrap();
}

fn advance_to(hall: &mut Hall, now_ms: u64) {
    hall.now_ms = now_ms;
    hall.advance();
}

/// The orders a clerk gets until nothing is left, completing each.
fn serve_all(hall: &mut Hall, clerk: ClerkId) -> Vec<OrderId> {
    let mut served = vec![];
    while let Ok(grabbed) = grab(hall, clerk) {
        served.push(grabbed.claim.order);
        complete(hall, grabbed.claim);
    }
    served
}

fn kinds(hall: &mut Hall) -> Vec<EventKind> {
    hall.take().into_iter().map(|event| event.kind).collect()
}

// E1, T1.
#[test]
fn two_windows_that_call_one_number_are_told_who_has_it() {
    let mut hall = Hall::new(plain(), 1_024, 8);
    (0..8).for_each(|clerk| hall.sign_in(clerk, &[0], &[], 1));
    for _ in 0..200 {
        let order = hall.submit(ORDINARY);
        let (start, now) = (Barrier::new(8), hall.now());
        let call = |clerk| {
            start.wait();
            hall.engine.grab_order(&mut Cx::new(now, &mut Outbox::default()), clerk, order)
        };
        let answers: Vec<_> = thread::scope(|scope| {
            let calls: Vec<_> = (0..8).map(|n| scope.spawn(move || call(ClerkId(n)))).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        let winners: Vec<_> = answers.iter().filter_map(|answer| answer.ok()).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        let by = winners[0].claim.clerk;
        let lost = |answer: &&Result<_, _>| **answer == Err(GrabOrderError::Taken { order, by });
        assert_eq!(answers.iter().filter(lost).count(), 7, "{answers:?}");
        complete(&mut hall, winners[0].claim);
    }
}

// E2.
#[test]
fn a_clerk_who_asks_again_gets_the_same_claim() {
    let mut hall = staffed(4, 1);
    let order = hall.submit(ORDINARY);
    hall.pass(MINUTE);
    let first = grab_named(&mut hall, ANA, order).unwrap();
    hall.pass(MINUTE);
    let events = hall.outbox.events().len();
    assert_eq!(grab_named(&mut hall, ANA, order), Ok(first), "though she may hold no more");
    hall.call(|engine, cx| engine.start(cx, first.claim)).unwrap();
    assert_eq!(grab_named(&mut hall, ANA, order), Ok(first));
    assert_eq!(hall.outbox.events().len(), events + 1, "only the start is told");
    assert_eq!(hall.engine.held(ANA), Some(1));
}

// E3.
#[test]
fn between_grab_and_cancel_the_first_wins() {
    let mut hall = staffed(4, 1);
    let order = hall.submit(ORDINARY);
    cancel(&mut hall, order);
    assert_eq!(grab_named(&mut hall, ANA, order), Err(GrabOrderError::Closed { order }));
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::Empty { clerk: ANA }));

    let order = hall.submit(ORDINARY);
    let grabbed = grab(&mut hall, ANA).unwrap();
    cancel(&mut hall, order);
    let told = *hall.outbox.events().last().unwrap();
    assert_eq!((told.order, told.clerk), (Some(order), Some(ANA)), "the owner is told");
    assert_eq!(hall.engine.held(ANA), Some(0));
    let late = hall.call(|engine, cx| engine.start(cx, grabbed.claim));
    assert_eq!(late, Err(StartError::WrongState { order, state: State::Closed }));

    let order = hall.submit(ORDINARY);
    let grabbed = grab(&mut hall, ANA).unwrap();
    hall.call(|engine, cx| engine.start(cx, grabbed.claim)).unwrap();
    hall.call(|engine, cx| engine.cancel(cx, order, Reason::Abandoned)).unwrap_err();
    assert_eq!(hall.engine.state(order), Some(State::Serving));
}

/// A plain hall whose orders get a head start of an hour when they have waited 10 minutes.
fn boosting() -> Hall {
    let stage = Stage { at_ms: 10 * MINUTE, actions: vec![Action::Boost { by_ms: 60 * MINUTE }] };
    let draft = RulesDraft {
        services: vec![service(0, &[]), climbing(0, service(0, &[]))],
        ladders: vec![Ladder { stages: vec![stage] }],
        ..plain()
    };
    let mut hall = Hall::new(draft, 8, 2);
    hall.sign_in(0, &[0], &[], 8);
    hall.sign_in(1, &[0], &[], 8);
    hall
}

const CLIMBS: OrderSpec = OrderSpec::new(ServiceId(1));

// E4, E36.
#[test]
fn an_order_that_climbed_is_taken_once_and_at_its_new_place() {
    let mut hall = boosting();
    let ordinary = hall.submit(ORDINARY);
    hall.pass(1);
    let climbs = hall.submit(CLIMBS);
    advance_to(&mut hall, 10 * MINUTE + 1);
    assert_eq!(hall.engine.order(climbs).unwrap().stages, 1);
    assert_eq!(serve_all(&mut hall, ANA), [climbs, ordinary], "its old entry is skipped");
}

// E4.
#[test]
fn no_stage_fires_while_an_order_is_held() {
    let mut hall = boosting();
    let order = hall.submit(CLIMBS);
    hall.pass(9 * MINUTE);
    let grabbed = grab(&mut hall, ANA).unwrap();
    advance_to(&mut hall, 30 * MINUTE);
    put_back(&mut hall, grabbed.claim, PutBack::KeepPlace);
    hall.take();
    advance_to(&mut hall, 31 * MINUTE - 1);
    assert_eq!(hall.engine.order(order).unwrap().stages, 0, "it has not waited 10 minutes yet");
    advance_to(&mut hall, 31 * MINUTE);
    let due = Mono(31 * MINUTE);
    assert_eq!(kinds(&mut hall)[0], EventKind::StageReached { stage: 0, due });
}

// E9, T18.
#[test]
fn an_id_of_an_earlier_life_is_gone() {
    let mut hall = staffed(1, 1);
    let order = hall.submit(ORDINARY.tag(1));
    let Grabbed { claim, .. } = grab(&mut hall, ANA).unwrap();
    complete(&mut hall, claim);
    let next = hall.submit(ORDINARY.tag(1));
    assert_ne!(next, order, "the number on the ticket may repeat, the id does not");
    let gone = |error: String| assert_eq!(error, format!("{order} is gone"));
    gone(grab_named(&mut hall, ANA, order).unwrap_err().to_string());
    gone(hall.call(|e, cx| e.start(cx, claim)).unwrap_err().to_string());
    gone(hall.call(|e, cx| e.complete(cx, claim, Outcome::Done)).unwrap_err().to_string());
    gone(hall.call(|e, cx| e.put_back(cx, claim, PutBack::Park)).unwrap_err().to_string());
    gone(hall.call(|e, cx| e.cancel(cx, order, Reason::EndOfDay)).unwrap_err().to_string());
    gone(hall.call(|e, cx| e.amend(cx, order, Amend::default())).unwrap_err().to_string());
    assert_eq!((hall.engine.order(order), hall.engine.state(order)), (None, None));
    assert_eq!(hall.engine.state(next), Some(State::Waiting));
}

// E14.
#[test]
fn a_clerk_who_comes_back_late_changes_nothing() {
    let mut hall = staffed(4, 1);
    let order = hall.submit(ORDINARY);
    let old = grab(&mut hall, ANA).unwrap().claim;
    put_back(&mut hall, old, PutBack::KeepPlace);
    let _ = grab(&mut hall, BO).unwrap();
    let (view, events) = (hall.engine.order(order), hall.outbox.events().len());
    let stale = |error: String| assert!(error.contains("stale"), "{error}");
    stale(hall.call(|e, cx| e.start(cx, old)).unwrap_err().to_string());
    stale(hall.call(|e, cx| e.complete(cx, old, Outcome::Done)).unwrap_err().to_string());
    stale(hall.call(|e, cx| e.put_back(cx, old, PutBack::BackOfLine)).unwrap_err().to_string());
    assert_eq!((hall.engine.order(order), hall.outbox.events().len()), (view, events));
}

// E15: here the session is the engine's; who may speak for a clerk is the host's to check.
#[test]
fn a_new_session_takes_over_what_the_old_one_holds() {
    let mut hall = staffed(4, 1);
    hall.submit(ORDINARY);
    hall.submit(ORDINARY);
    let held = grab(&mut hall, ANA).unwrap().claim;
    hall.sign_in(0, &[0], &[], 1);
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::AtLimit { clerk: ANA, units: 1 }));
    complete(&mut hall, held);
    let _ = grab(&mut hall, ANA).unwrap();
}

// E17.
#[test]
fn a_skill_taken_away_leaves_what_is_held() {
    let draft = RulesDraft { services: vec![service(0, &[5])], ..plain() };
    let mut hall = Hall::new(draft, 4, 1);
    hall.sign_in(0, &[0], &[5], 2);
    hall.submit(ORDINARY);
    hall.submit(ORDINARY);
    let held = grab(&mut hall, ANA).unwrap().claim;
    hall.sign_in(0, &[0], &[], 2);
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::Empty { clerk: ANA }));
    complete(&mut hall, held);
}

// E18.
#[test]
fn a_capacity_cut_below_the_load_evicts_nobody() {
    let mut hall = staffed(8, 3);
    let _ = [(); 4].map(|()| hall.submit(ORDINARY));
    let claims: Vec<_> = (0..3).map(|_| grab(&mut hall, ANA).unwrap().claim).collect();
    hall.sign_in(0, &[0], &[], 1);
    assert_eq!(hall.engine.held(ANA), Some(3));
    let full = Err(GrabError::AtLimit { clerk: ANA, units: 1 });
    complete(&mut hall, claims[0]);
    complete(&mut hall, claims[1]);
    assert_eq!(grab(&mut hall, ANA), full, "still one in hand");
    complete(&mut hall, claims[2]);
    let _ = grab(&mut hall, ANA).unwrap();
}

// E22.
#[test]
fn every_way_out_gives_the_room_back() {
    let mut hall = staffed(8, 1);
    let held = |hall: &mut Hall| {
        hall.submit(ORDINARY);
        grab(hall, ANA).unwrap().claim
    };
    let claim = held(&mut hall);
    complete(&mut hall, claim);
    let claim = held(&mut hall);
    cancel(&mut hall, claim.order);
    for how in [
        PutBack::KeepPlace,
        PutBack::BackOfLine,
        PutBack::HeadStart { ms: -1 },
        PutBack::After { ms: 1 },
        PutBack::Park,
    ] {
        let claim = held(&mut hall);
        put_back(&mut hall, claim, how);
        cancel(&mut hall, claim.order);
    }
    let claim = held(&mut hall);
    hall.call(|engine, cx| engine.sign_out(cx, ANA)).unwrap();
    complete(&mut hall, claim);
    assert_eq!(hall.engine.held(ANA), Some(0));
}

// E23.
#[test]
fn orders_wait_and_climb_while_everybody_is_signed_out() {
    let mut hall = boosting();
    let order = hall.submit(CLIMBS);
    for clerk in [ANA, BO] {
        hall.call(|engine, cx| engine.sign_out(cx, clerk)).unwrap();
        assert!(matches!(grab(&mut hall, clerk), Err(GrabError::NotReady { .. })));
    }
    advance_to(&mut hall, 10 * MINUTE);
    assert_eq!(hall.engine.order(order).unwrap().stages, 1);
}

// E23.
#[test]
fn who_is_signed_out_may_take_nothing() {
    let mut hall = staffed(4, 1);
    let order = hall.submit(ORDINARY);
    assert!(hall.engine.may_take(ANA, order));
    hall.call(|engine, cx| engine.sign_out(cx, ANA)).unwrap();
    assert!(!hall.engine.may_take(ANA, order));
}

// E25.
#[test]
fn an_order_put_back_goes_where_the_verb_says() {
    let place = |how| {
        let mut hall = staffed(8, 8);
        let back = hall.submit(ORDINARY);
        hall.pass(MINUTE);
        let others = [hall.submit(ORDINARY), hall.submit(ORDINARY)];
        hall.pass(MINUTE);
        let claim = grab(&mut hall, ANA).unwrap().claim;
        hall.pass(MINUTE);
        put_back(&mut hall, claim, how);
        let served = serve_all(&mut hall, BO);
        assert!(served.iter().all(|order| *order == back || others.contains(order)));
        served.iter().position(|&order| order == back)
    };
    assert_eq!(place(PutBack::KeepPlace), Some(0));
    assert_eq!(place(PutBack::BackOfLine), Some(2));
    assert_eq!(place(PutBack::HeadStart { ms: 3 * 60_000 }), Some(0));
    assert_eq!(place(PutBack::HeadStart { ms: -1 }), Some(2));
    assert_eq!(place(PutBack::After { ms: 1 }), None, "not yet");
    assert_eq!(place(PutBack::Park), None, "only by name");
}

// E25.
#[test]
fn the_wait_counts_from_first_arrival_without_time_held() {
    for how in [PutBack::KeepPlace, PutBack::BackOfLine, PutBack::HeadStart { ms: 5 }] {
        let mut hall = staffed(8, 1);
        hall.submit(ORDINARY);
        hall.pass(2 * MINUTE);
        let claim = grab(&mut hall, ANA).unwrap().claim;
        hall.pass(7 * MINUTE);
        put_back(&mut hall, claim, how);
        hall.pass(3 * MINUTE);
        let again = grab(&mut hall, BO).unwrap();
        assert_eq!((again.arrived, again.wait_ms), (Mono(0), 5 * MINUTE), "{how:?}");
    }
}

// E25.
#[test]
fn a_parked_order_waits_until_it_is_grabbed_by_name_or_amended() {
    let mut hall = staffed(8, 2);
    let order = hall.submit(ORDINARY);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    put_back(&mut hall, claim, PutBack::Park);
    assert_eq!(hall.engine.state(order), Some(State::Waiting));
    assert_eq!(grab(&mut hall, BO), Err(GrabError::Empty { clerk: BO }));
    let claim = grab_named(&mut hall, BO, order).unwrap().claim;
    put_back(&mut hall, claim, PutBack::Park);
    hall.call(|engine, cx| engine.amend(cx, order, Amend::default())).unwrap();
    assert_eq!(grab(&mut hall, BO).unwrap().claim.order, order);
}

// E26.
#[test]
fn an_order_put_back_for_later_does_not_come_straight_back() {
    let mut hall = staffed(8, 2);
    let (failing, next) = (hall.submit(ORDINARY), hall.submit(ORDINARY));
    let claim = grab(&mut hall, ANA).unwrap().claim;
    assert_eq!(claim.order, failing);
    put_back(&mut hall, claim, PutBack::After { ms: MINUTE });
    assert_eq!(hall.engine.state(failing), Some(State::Scheduled));
    assert_eq!(grab(&mut hall, ANA).unwrap().claim.order, next);
    let fresh = hall.submit(ORDINARY);
    advance_to(&mut hall, MINUTE);
    let again = grab(&mut hall, ANA).unwrap();
    assert_eq!(
        (again.claim.order, again.wait_ms),
        (failing, 0),
        "its place, and no wait while away"
    );
    assert_eq!(hall.engine.state(fresh), Some(State::Waiting));
}

// E27.
#[test]
fn returned_and_fresh_orders_are_in_one_line() {
    let mut hall = staffed(8, 8);
    let first = hall.submit(ORDINARY);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    hall.pass(MINUTE);
    let urgent = hall.submit(ORDINARY.class(ClassId(1)));
    let fresh = hall.submit(ORDINARY);
    put_back(&mut hall, claim, PutBack::KeepPlace);
    assert_eq!(serve_all(&mut hall, BO), [urgent, first, fresh]);
}

// E28.
#[test]
fn an_order_can_be_put_back_into_a_full_hall() {
    let mut hall = staffed(2, 2);
    hall.submit(ORDINARY);
    hall.submit(ORDINARY);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    let refused = hall.call(|engine, cx| engine.submit(cx, &ORDINARY));
    assert_eq!(refused, Err(SubmitError::Full { orders: 2 }));
    put_back(&mut hall, claim, PutBack::BackOfLine);
    assert_eq!(serve_all(&mut hall, BO).len(), 2);
}

// E31.
#[test]
fn completing_twice_is_once_and_otherwise_an_error() {
    let mut hall = staffed(4, 1);
    let order = hall.submit(ORDINARY);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    complete(&mut hall, claim);
    let events = hall.outbox.events().len();
    complete(&mut hall, claim);
    let other = hall.call(|engine, cx| engine.complete(cx, claim, Outcome::NoShow));
    assert_eq!(other.unwrap_err().to_string(), format!("{order} is Closed"));
    assert_eq!(hall.outbox.events().len(), events);
    assert_eq!(hall.engine.order(order).unwrap().outcome, Some(Outcome::Done));
    assert_eq!((hall.engine.stats().closed, hall.engine.held(ANA)), (1, Some(0)));
}

// E31.
#[test]
fn putting_back_twice_is_once() {
    for how in [PutBack::KeepPlace, PutBack::BackOfLine, PutBack::Park] {
        let mut hall = staffed(4, 1);
        let order = hall.submit(ORDINARY);
        let claim = grab(&mut hall, ANA).unwrap().claim;
        hall.pass(MINUTE);
        put_back(&mut hall, claim, how);
        let (view, events) = (hall.engine.order(order), hall.outbox.events().len());
        put_back(&mut hall, claim, how);
        assert_eq!((hall.engine.order(order), hall.outbox.events().len()), (view, events));
        assert_eq!(hall.engine.held(ANA), Some(0));
    }
}

// E32.
#[test]
fn a_start_that_was_not_told_is_implied() {
    let mut hall = staffed(4, 1);
    hall.submit(ORDINARY);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    hall.take();
    complete(&mut hall, claim);
    assert_eq!(kinds(&mut hall), [EventKind::OrderClosed { outcome: Outcome::Done, epoch: 1 }]);
}

// E34, T7: with a head start of half an hour, an ordinary order is overtaken by no urgent one that
// comes more than half an hour later, however many there are.
#[test]
fn a_flood_of_urgent_orders_starves_nobody() {
    let mut hall = staffed(4_096, 1);
    let ordinary = hall.submit(ORDINARY);
    let mut overtaken_by = 0;
    // Two urgent orders come for every one that is served.
    for minute in 1.. {
        hall.now_ms = minute * MINUTE;
        hall.submit(ORDINARY.class(ClassId(1)));
        hall.submit(ORDINARY.class(ClassId(1)));
        let grabbed = grab(&mut hall, ANA).unwrap();
        if grabbed.claim.order == ordinary {
            break;
        }
        overtaken_by += 1;
        complete(&mut hall, grabbed.claim);
    }
    // Those of minutes 1 to 29, two each; at minute 30 the ranks are equal and submit order decides.
    assert_eq!(overtaken_by, 58);
}

// E36.
#[test]
fn old_entries_never_use_up_the_room() {
    let mut hall = boosting();
    let first = hall.submit(ORDINARY);
    let order = hall.submit(ORDINARY);
    for turn in 0..10_000_u64 {
        let claim = grab_named(&mut hall, ANA, order).unwrap().claim;
        let how = if turn % 2 == 0 { PutBack::KeepPlace } else { PutBack::BackOfLine };
        put_back(&mut hall, claim, how);
        hall.call(|e, cx| e.amend(cx, order, Amend { service: None, class: Some(ClassId(1)) }))
            .unwrap();
        hall.call(|e, cx| e.amend(cx, order, Amend { service: None, class: Some(ClassId(0)) }))
            .unwrap();
        hall.outbox.clear();
    }
    assert_eq!(serve_all(&mut hall, BO), [first, order]);
}

// E37, T5: numbers past 999 do not go before smaller ones, as they would as text.
#[test]
fn equal_ranks_go_by_submit_order() {
    let mut hall = staffed(2_048, 1);
    let submitted: Vec<_> = (0..1_100).map(|number| hall.submit(ORDINARY.tag(number))).collect();
    assert_eq!(serve_all(&mut hall, ANA), submitted);
}

// E37.
#[test]
fn equal_ranks_of_different_classes_go_by_submit_order() {
    let mut hall = staffed(8, 1);
    let ordinary = hall.submit(ORDINARY);
    hall.pass(30 * MINUTE);
    let urgent = hall.submit(ORDINARY.class(ClassId(1)));
    assert_eq!(hall.engine.order(urgent).unwrap().rank_ms, 0);
    assert_eq!(serve_all(&mut hall, ANA), [ordinary, urgent]);
}

// E38.
#[test]
fn an_order_one_may_not_take_blocks_nobody() {
    let draft = RulesDraft { services: vec![service(0, &[]), service(0, &[1])], ..plain() };
    let mut hall = Hall::new(draft, 8, 2);
    hall.sign_in(0, &[0], &[], 1);
    let special = hall.submit(OrderSpec::new(ServiceId(1)).class(ClassId(1)));
    let ordinary = hall.submit(ORDINARY);
    assert_eq!(grab(&mut hall, ANA).unwrap().claim.order, ordinary);
    let refused = GrabOrderError::NotEligible { order: special, clerk: ANA };
    assert_eq!(grab_named(&mut hall, ANA, special), Err(refused));
}

// E39.
#[test]
fn an_appointment_is_not_taken_before_its_time() {
    let mut hall = staffed(8, 1);
    let booked = hall.submit(ORDINARY.not_before(Mono(MINUTE)));
    let state = State::Scheduled;
    hall.now_ms = MINUTE - 1;
    hall.advance();
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::Empty { clerk: ANA }));
    let refused = GrabOrderError::NotWaiting { order: booked, state };
    assert_eq!(grab_named(&mut hall, ANA, booked), Err(refused));
    advance_to(&mut hall, 3 * MINUTE);
    let grabbed = grab(&mut hall, ANA).unwrap();
    assert_eq!((grabbed.arrived, grabbed.wait_ms), (Mono(MINUTE), 2 * MINUTE));
}

// E42.
#[test]
fn one_key_submitted_by_many_at_once_is_one_order() {
    let hall = Hall::new(plain(), 4_096, 0);
    for round in 0..200 {
        let start = Barrier::new(4);
        let spec = ORDINARY.dedup(DedupKey(round));
        let submit = || {
            start.wait();
            hall.engine.submit(&mut Cx::new(Now::default(), &mut Outbox::default()), &spec)
        };
        let answers: Vec<_> = thread::scope(|scope| {
            let calls: Vec<_> = (0..4).map(|_| scope.spawn(submit)).collect();
            calls.into_iter().map(|call| call.join().unwrap().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| answer.order == answers[0].order), "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| !answer.existed).count(), 1, "{answers:?}");
    }
    assert_eq!(hall.engine.stats().submitted, 200);
}

// E43.
#[test]
fn a_key_names_a_closed_order_until_its_window_has_passed() {
    let mut hall = staffed(4, 1);
    let spec = ORDINARY.dedup(DedupKey(7));
    let order = hall.submit(spec);
    hall.pass(MINUTE);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    hall.pass(MINUTE);
    complete(&mut hall, claim);
    hall.pass(10 * MINUTE);
    let again = hall.call(|engine, cx| engine.submit(cx, &spec)).unwrap();
    assert_eq!((again.order, again.existed), (order, true), "the last instant of the window");
    hall.pass(1);
    let again = hall.call(|engine, cx| engine.submit(cx, &spec)).unwrap();
    assert!(!again.existed && again.order != order);
}

/// A plain hall with a wait limit of 10 minutes.
fn limited() -> Hall {
    let draft = RulesDraft { services: vec![within(10 * MINUTE, service(0, &[]))], ..plain() };
    let mut hall = Hall::new(draft, 8, 1);
    hall.sign_in(0, &[0], &[], 8);
    hall
}

// E44.
#[test]
fn a_wait_of_exactly_the_limit_keeps_it() {
    let mut hall = limited();
    hall.submit(ORDINARY);
    hall.now_ms = 10 * MINUTE;
    hall.advance();
    assert_eq!(grab(&mut hall, ANA).unwrap().wait_ms, 10 * MINUTE);
    assert_eq!((hall.engine.stats().within, hall.engine.stats().breached), (1, 0));

    hall.submit(ORDINARY);
    hall.take();
    hall.pass(10 * MINUTE + 1);
    let _ = grab(&mut hall, ANA).unwrap();
    let breach = EventKind::LimitBreached { due: Mono(20 * MINUTE) };
    let claim =
        EventKind::OrderClaimed { epoch: 1, choice: Choice::Next, wait_ms: 10 * MINUTE + 1 };
    assert_eq!(kinds(&mut hall), [claim, breach], "a claim that is late tells the breach itself");
    hall.advance();
    assert_eq!(kinds(&mut hall), [], "and it is told once");
    assert_eq!((hall.engine.stats().within, hall.engine.stats().breached), (1, 1));
}

// E51.
#[test]
fn time_held_or_away_passes_no_stage_of_an_amended_service() {
    let amend = Amend { service: Some(ServiceId(1)), class: None };
    let mut hall = boosting();
    let order = hall.submit(ORDINARY);
    hall.pass(MINUTE);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    hall.pass(30 * MINUTE);
    hall.call(|engine, cx| engine.amend(cx, order, amend)).unwrap();
    assert_eq!(hall.engine.order(order).unwrap().stages, 0, "it has waited one minute");
    put_back(&mut hall, claim, PutBack::KeepPlace);
    advance_to(&mut hall, 40 * MINUTE);
    assert_eq!(hall.engine.order(order).unwrap().stages, 1);

    let mut hall = boosting();
    let order = hall.submit(ORDINARY);
    hall.pass(11 * MINUTE);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    put_back(&mut hall, claim, PutBack::After { ms: 30 * MINUTE });
    hall.call(|engine, cx| engine.amend(cx, order, amend)).unwrap();
    assert_eq!(hall.engine.order(order).unwrap().stages, 1, "it waited eleven before it went away");
}

// E57.
#[test]
fn a_wall_clock_that_steps_back_moves_no_wait() {
    let mut hall = limited();
    hall.submit(ORDINARY);
    let now = Now { mono: Mono(10 * MINUTE + 1), wall: Wall(-3_600_000) };
    let mut events = Outbox::default();
    hall.advancer.advance_all(&mut Cx::new(now, &mut events));
    assert_eq!(events.events()[0].kind, EventKind::LimitBreached { due: Mono(10 * MINUTE) });
    assert_eq!(events.events()[0].at, now, "told with what the clocks said");
}

// E59.
#[test]
fn a_late_advance_catches_up_in_the_order_of_dues() {
    let at = |minutes: u64, actions| Stage { at_ms: minutes * MINUTE, actions };
    let stages = vec![
        at(5, vec![Action::Widen { pool: PoolId(0) }]),
        at(8, vec![Action::Boost { by_ms: 1 }]),
    ];
    let draft = RulesDraft {
        services: vec![within(10 * MINUTE, climbing(0, service(0, &[])))],
        ladders: vec![Ladder { stages }],
        ..plain()
    };
    let mut hall = Hall::new(draft, 8, 1);
    let first = hall.submit(ORDINARY);
    hall.pass(2 * MINUTE);
    let second = hall.submit(ORDINARY);
    hall.take();
    advance_to(&mut hall, 60 * MINUTE);
    let dues: Vec<_> = hall
        .take()
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::StageReached { due, .. } | EventKind::LimitBreached { due } => {
                Some((due.0 / MINUTE, event.order.unwrap()))
            }
            _ => None,
        })
        .collect();
    let expected = [(5, first), (7, second), (8, first), (10, second), (10, first), (12, second)];
    assert_eq!(dues, expected, "a breach is due a millisecond after its last good instant");
}

// E59.
#[test]
fn an_early_look_does_not_let_an_order_jump_the_line_of_dues() {
    let mut hall = limited();
    hall.submit(ORDINARY);
    hall.pass(MINUTE);
    let claim = grab(&mut hall, ANA).unwrap().claim;
    put_back(&mut hall, claim, PutBack::After { ms: 30 * MINUTE });
    let other = hall.submit(ORDINARY);
    hall.take();
    advance_to(&mut hall, 60 * MINUTE);
    let told: Vec<_> = hall.take().into_iter().map(|event| (event.order, event.kind)).collect();
    let breach = |ms| EventKind::LimitBreached { due: Mono(ms) };
    // The first order's look was armed before it went away, for its tenth minute.
    let back = Some(claim.order);
    let expected = [
        (Some(other), breach(11 * MINUTE)),
        (back, EventKind::OrderActivated),
        (back, breach(40 * MINUTE)),
    ];
    assert_eq!(told, expected);
}

// T2, T3.
#[test]
fn a_wait_ends_at_the_grab_and_hours_are_not_dropped() {
    let mut hall = staffed(4, 1);
    hall.submit(ORDINARY);
    hall.pass(65 * MINUTE);
    let grabbed = grab(&mut hall, ANA).unwrap();
    hall.pass(40 * MINUTE);
    complete(&mut hall, grabbed.claim);
    assert_eq!(grabbed.wait_ms, 65 * MINUTE);
    let median = hall.engine.stats().wait_ms(0.5).unwrap();
    assert!((65 * MINUTE..=67 * MINUTE).contains(&median), "{median}");
}

// T4.
#[test]
fn who_holds_one_order_may_take_a_second_up_to_the_cap() {
    let mut hall = staffed(8, 2);
    let orders = [(); 3].map(|()| hall.submit(ORDINARY));
    let _ = grab(&mut hall, ANA).unwrap();
    let _ = grab_named(&mut hall, ANA, orders[1]).unwrap();
    assert_eq!(grab(&mut hall, ANA), Err(GrabError::AtLimit { clerk: ANA, units: 2 }));
    let refused = GrabOrderError::AtLimit { clerk: ANA, units: 2 };
    assert_eq!(grab_named(&mut hall, ANA, orders[2]), Err(refused));
    assert_eq!(hall.engine.held(ANA), Some(2));
}

// T6.
#[test]
fn of_two_orders_topped_the_first_goes_first() {
    let mut hall = staffed(8, 1);
    let orders = [(); 3].map(|()| hall.submit(ORDINARY));
    let urgent = Amend { service: None, class: Some(ClassId(1)) };
    hall.pass(MINUTE);
    hall.call(|engine, cx| engine.amend(cx, orders[1], urgent)).unwrap();
    hall.pass(MINUTE);
    hall.call(|engine, cx| engine.amend(cx, orders[2], urgent)).unwrap();
    assert_eq!(serve_all(&mut hall, ANA), [orders[1], orders[2], orders[0]]);
}

#[test]
fn an_order_claimed_65535_times_can_only_be_ended() {
    let mut hall = staffed(1, 1);
    let order = hall.submit(ORDINARY);
    let mut claim = grab(&mut hall, ANA).unwrap().claim;
    while claim.epoch < u16::MAX {
        put_back(&mut hall, claim, PutBack::KeepPlace);
        claim = grab(&mut hall, ANA).unwrap().claim;
        hall.outbox.clear();
    }
    let view = hall.engine.order(order);
    let refused = hall.call(|engine, cx| engine.put_back(cx, claim, PutBack::BackOfLine));
    assert_eq!(refused, Err(PutBackError::Exhausted { order }));
    assert_eq!(hall.engine.order(order), view);
    complete(&mut hall, claim);
}

#[test]
fn handles_share_one_hall() {
    let mut hall = staffed(1, 1);
    let other: Engine = hall.advancer.engine();
    hall.submit(ORDINARY);
    assert_eq!(other.stats(), hall.engine.stats());
}
