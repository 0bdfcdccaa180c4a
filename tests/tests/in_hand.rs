//! Work in hand: put aside and taken up, called again, handed on, given back for being late.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use qiangdan::{
    Bounds, Ceiling, Claim, ClerkId, ClerkSpec, Cx, Demand, EventKind, GrabOrderError, Handling,
    Mono, NoShow, OrderId, OrderSpec, Outcome, PoolId, PutBack, Recall, RecallError, RenewError,
    RulesDraft, ServiceId, Skills, StaffRules, State, SuspendError, TakeUp, TakeUpError, Transfer,
    TransferError, WhileAside,
};
use qiangdan_tests::hall::{Hall, service};

const ANN: ClerkId = ClerkId(0);
const BO: ClerkId = ClerkId(1);

/// Two pools; the first service is handled as said, and waits in pool 0, as the second does in pool 1.
/// Ann works for pool 0, Bo for both.
fn hall_with(handling: Handling, notes: u32) -> Hall {
    let draft = RulesDraft {
        pools: 2,
        services: vec![service(0, &[]), service(1, &[])],
        handling: vec![(ServiceId(0), handling)],
        ..RulesDraft::default()
    };
    let mut hall = Hall::bounded(draft, Bounds { notes, ..Bounds::new(8, 2) });
    hall.sign_in(0, &[0], &[], 1);
    hall.sign_in(1, &[0, 1], &[], 4);
    hall
}

fn hall(handling: Handling) -> Hall {
    hall_with(handling, 64)
}

fn submit(hall: &mut Hall) -> OrderId {
    hall.submit(OrderSpec::new(ServiceId(0)))
}

fn grab(hall: &mut Hall, clerk: ClerkId) -> Claim {
    hall.call(|engine, cx| engine.grab(cx, clerk)).unwrap().claim
}

fn told(hall: &mut Hall) -> Vec<EventKind> {
    hall.take().into_iter().map(|event| event.kind).collect()
}

#[test]
fn who_puts_an_order_aside_may_take_another_and_goes_on_with_the_first() {
    let mut hall = hall(Handling::default());
    let (first, second) = (submit(&mut hall), submit(&mut hall));
    let claim = grab(&mut hall, ANN);
    hall.call(|engine, cx| engine.start(cx, claim)).unwrap();
    hall.call(|engine, cx| engine.suspend(cx, claim, WhileAside::KeepOwner, 5)).unwrap();
    let other = grab(&mut hall, ANN);
    assert_eq!((claim.order, other.order), (first, second));
    let take_up =
        |hall: &mut Hall| hall.call(|engine, cx| engine.take_up(cx, first, TakeUp::WithOwner));
    let full = TakeUpError::OwnerAtLimit { order: first, clerk: ANN };
    assert_eq!(take_up(&mut hall), Err(full));
    hall.call(|engine, cx| engine.complete(cx, other, Outcome::Done)).unwrap();
    take_up(&mut hall).unwrap();
    take_up(&mut hall).unwrap();
    assert_eq!((hall.engine.state(first), hall.engine.held(ANN)), (Some(State::Serving), Some(1)));
    let taken_up = EventKind::OrderTakenUp { epoch: 1 };
    assert_eq!(told(&mut hall).into_iter().filter(|&kind| kind == taken_up).count(), 1);
    hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
    assert_eq!(hall.engine.held(ANN), Some(0));
}

#[test]
fn what_is_let_go_of_has_no_owner_and_is_taken_up_in_the_queue() {
    let mut hall = hall(Handling::default());
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANN);
    hall.call(|engine, cx| engine.suspend(cx, claim, WhileAside::LetGo, 5)).unwrap();
    let nobody = hall.call(|engine, cx| engine.take_up(cx, order, TakeUp::WithOwner));
    assert_eq!(nobody, Err(TakeUpError::NobodyKept { order }));
    let done = hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done));
    assert_eq!(done, Err(qiangdan::CompleteError::NotOwner { order }));
    let back = hall.call(|engine, cx| engine.put_back(cx, claim, PutBack::KeepPlace));
    assert_eq!(back, Err(qiangdan::PutBackError::NotOwner { order }));
    hall.pass(70);
    let after = TakeUp::InQueue(PutBack::After { ms: 30 });
    hall.call(|engine, cx| engine.take_up(cx, order, after)).unwrap();
    assert_eq!(hall.engine.state(order), Some(State::Scheduled));
    hall.pass(30);
    hall.advance();
    hall.pass(5);
    let again = hall.call(|engine, cx| engine.grab(cx, BO)).unwrap();
    // E25: waits count, what was held or put aside does not.
    assert_eq!((again.claim.epoch, again.wait_ms, again.arrived), (2, 5, Mono(0)));
    let stale = hall.call(|engine, cx| engine.suspend(cx, claim, WhileAside::KeepOwner, 5));
    assert_eq!(stale, Err(SuspendError::Stale { order, epoch: 2 }));
}

#[test]
fn e2_and_e13_whoever_repeats_or_comes_back_finds_their_claim_as_it_was() {
    let mut hall = hall(Handling::default());
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANN);
    hall.call(|engine, cx| engine.start(cx, claim)).unwrap();
    assert_eq!(hall.call(|engine, cx| engine.renew(cx, claim)), Ok(None));
    let again = hall.call(|engine, cx| engine.grab_order(cx, ANN, order)).unwrap();
    assert_eq!(again.claim, claim);
    let aside = WhileAside::KeepOwner;
    for _ in 0..2 {
        hall.call(|engine, cx| engine.suspend(cx, claim, aside, 5)).unwrap();
    }
    assert_eq!(hall.call(|engine, cx| engine.renew(cx, claim)), Ok(None));
    let suspended = |kind: &EventKind| matches!(kind, EventKind::OrderSuspended { .. });
    assert_eq!(told(&mut hall).iter().filter(|kind| suspended(kind)).count(), 1);
}

#[test]
fn e14_a_claim_that_lapsed_has_no_effect_any_more() {
    let mut hall = hall(Handling { start_within_ms: Some(100), ..Handling::default() });
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANN);
    hall.pass(99);
    hall.advance();
    assert_eq!(hall.engine.state(order), Some(State::Claimed));
    hall.pass(1);
    hall.advance();
    let lapsed = EventKind::ClaimLapsed { epoch: 1, due: Mono(100) };
    assert!(told(&mut hall).contains(&lapsed));
    assert_eq!(hall.engine.held(ANN), Some(0));
    let mine = grab(&mut hall, BO);
    let stale = |error: String| assert!(error.starts_with("Stale { order: "), "{error}");
    stale(format!("{:?}", hall.call(|e, cx| e.start(cx, claim)).unwrap_err()));
    stale(format!("{:?}", hall.call(|e, cx| e.recall(cx, claim)).unwrap_err()));
    stale(format!("{:?}", hall.call(|e, cx| e.no_show(cx, claim)).unwrap_err()));
    stale(format!("{:?}", hall.call(|e, cx| e.renew(cx, claim)).unwrap_err()));
    let aside = WhileAside::LetGo;
    stale(format!("{:?}", hall.call(|e, cx| e.suspend(cx, claim, aside, 0)).unwrap_err()));
    let to = Transfer::Pool(PoolId(0));
    stale(format!("{:?}", hall.call(|e, cx| e.transfer(cx, claim, to)).unwrap_err()));
    let how = PutBack::Park;
    stale(format!("{:?}", hall.call(|e, cx| e.put_back(cx, claim, how)).unwrap_err()));
    stale(format!("{:?}", hall.call(|e, cx| e.complete(cx, claim, Outcome::Done)).unwrap_err()));
    hall.call(|engine, cx| engine.start(cx, mine)).unwrap();
    hall.pass(1_000);
    hall.advance();
    assert_eq!(hall.engine.state(order), Some(State::Serving), "who has begun is left alone");
}

#[test]
fn a_renewal_gives_as_long_again() {
    let mut hall = hall(Handling { start_within_ms: Some(100), ..Handling::default() });
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANN);
    for _ in 0..3 {
        hall.pass(90);
        hall.advance();
        let until = Mono(hall.now_ms + 100);
        assert_eq!(hall.call(|engine, cx| engine.renew(cx, claim)), Ok(Some(until)));
    }
    hall.pass(99);
    hall.advance();
    assert_eq!(hall.engine.state(order), Some(State::Claimed));
    hall.pass(1);
    hall.advance();
    assert_eq!(hall.engine.state(order), Some(State::Waiting));
    // The next claim has no part in that.
    let next = grab(&mut hall, BO);
    hall.pass(100);
    hall.advance();
    assert_eq!((next.epoch, hall.engine.state(order)), (2, Some(State::Waiting)));
    let mut bare = hall_with(Handling { start_within_ms: Some(9), ..Handling::default() }, 0);
    let order = submit(&mut bare);
    let claim = grab(&mut bare, ANN);
    let refused = bare.call(|engine, cx| engine.renew(cx, claim));
    assert_eq!(refused, Err(RenewError::NoRoom { order, notes: 0 }));
}

#[test]
fn e33_a_person_is_called_again_with_a_gap_and_not_too_often_and_then_does_not_come() {
    let recall = Recall { gap_ms: 300, most: 2 };
    let no_show = NoShow::PutBack(PutBack::HeadStart { ms: -500 });
    let mut hall = hall(Handling { recall, no_show, ..Handling::default() });
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANN);
    let call = |hall: &mut Hall| hall.call(|engine, cx| engine.recall(cx, claim));
    assert_eq!(call(&mut hall), Err(RecallError::TooSoon { order, again: Mono(300) }));
    hall.pass(300);
    assert_eq!(call(&mut hall), Ok(1));
    assert_eq!(call(&mut hall), Err(RecallError::TooSoon { order, again: Mono(600) }));
    hall.pass(300);
    assert_eq!(call(&mut hall), Ok(2));
    hall.pass(300);
    assert_eq!(call(&mut hall), Err(RecallError::TooOften { order, most: 2 }));
    hall.take();
    hall.call(|engine, cx| engine.no_show(cx, claim)).unwrap();
    let [back, absent] = told(&mut hall).try_into().unwrap();
    let how = PutBack::HeadStart { ms: -500 };
    assert_eq!(back, EventKind::OrderPutBack { epoch: 1, how });
    assert_eq!(absent, EventKind::PersonAbsent { epoch: 1 });
    assert_eq!(hall.engine.order(order).unwrap().rank_ms, 900 + 500);
    assert_eq!(hall.engine.notes(order).unwrap().recalls(), 2);
}

#[test]
fn e25_and_e28_a_hand_over_keeps_the_age_and_is_not_refused_by_a_full_hall() {
    let mut hall = hall(Handling { hands_to: vec![PoolId(1)], ..Handling::default() });
    let order = submit(&mut hall);
    hall.pass(40);
    let claim = grab(&mut hall, ANN);
    let full = (0..8)
        .find(|_| {
            let spec = OrderSpec::new(ServiceId(1));
            hall.call(|engine, cx| engine.submit(cx, &spec)).is_err()
        })
        .is_some();
    assert!(full, "every slot is in use");
    hall.pass(1_000);
    let to = Transfer::Pool(PoolId(1));
    hall.call(|engine, cx| engine.transfer(cx, claim, to)).unwrap();
    assert!(told(&mut hall).contains(&EventKind::OrderHandedOn { epoch: 1, to }));
    assert!(hall.call(|engine, cx| engine.grab(cx, ANN)).is_err(), "it is not Ann's any more");
    let not = GrabOrderError::NotEligible { order, clerk: ANN };
    assert_eq!(hall.call(|engine, cx| engine.grab_order(cx, ANN, order)), Err(not));
    hall.pass(5);
    // Older than all that came to the other pool meanwhile.
    let grabbed = hall.call(|engine, cx| engine.grab(cx, BO)).unwrap();
    assert_eq!((grabbed.claim.order, grabbed.wait_ms, grabbed.arrived), (order, 45, Mono(0)));
    let again = hall.call(|engine, cx| engine.transfer(cx, claim, to));
    assert_eq!(again, Err(TransferError::Stale { order, epoch: 2 }));
}

#[test]
fn e30_ping_pong_is_counted() {
    let mut hall = hall(Handling { hands_to: vec![PoolId(1)], ..Handling::default() });
    let order = submit(&mut hall);
    for n in 0..6_u32 {
        let claim = grab(&mut hall, BO);
        let to = Transfer::Pool(PoolId(u16::from(n % 2 == 0)));
        hall.call(|engine, cx| engine.transfer(cx, claim, to)).unwrap();
        assert_eq!(hall.engine.notes(order).unwrap().hops(), n + 1);
    }
    assert_eq!(grab(&mut hall, ANN).order, order, "and it is back where it was");
}

#[test]
fn a_hand_over_that_cannot_be_is_refused() {
    let mut hall = hall(Handling { hands_to: vec![PoolId(0)], ..Handling::default() });
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANN);
    let pool = PoolId(1);
    let refused = hall.call(|engine, cx| engine.transfer(cx, claim, Transfer::Pool(pool)));
    assert_eq!(refused, Err(TransferError::NotThere { order, pool }));
    let mut bare = hall_with(Handling::default(), 0);
    let order = submit(&mut bare);
    let claim = grab(&mut bare, ANN);
    let own = Transfer::Pool(PoolId(0));
    let refused = bare.call(|engine, cx| engine.transfer(cx, claim, own));
    assert_eq!(refused, Err(TransferError::NoRoom { order, notes: 0 }));
    assert_eq!(bare.engine.state(order), Some(State::Claimed));
    bare.call(|engine, cx| engine.put_back(cx, claim, PutBack::KeepPlace)).unwrap();
}

#[test]
fn notes_go_with_the_order() {
    let mut hall = hall(Handling::default());
    for _ in 0..200 {
        submit(&mut hall);
        let claim = grab(&mut hall, ANN);
        for _ in 0..3 {
            hall.call(|engine, cx| engine.recall(cx, claim)).unwrap();
        }
        assert_eq!(hall.engine.notes_in_use(), (3, 64));
        hall.call(|engine, cx| engine.no_show(cx, claim)).unwrap();
        assert_eq!(hall.engine.notes_in_use(), (0, 64));
    }
}

#[test]
fn what_is_put_aside_costs_nothing_and_is_paid_again_when_it_is_taken_up() {
    let demand = Demand { units: 3, ceiling: Some(1), ..Demand::default() };
    let draft = RulesDraft {
        pools: 1,
        services: vec![service(0, &[]), service(0, &[])],
        staff: StaffRules { demands: vec![(ServiceId(0), demand)], ..StaffRules::default() },
        ..RulesDraft::default()
    };
    let mut hall = Hall::new(draft, 8, 1);
    let ceilings = [Ceiling { service: ServiceId(0), most: 1 }];
    let spec =
        ClerkSpec { units: 4, ceilings: &ceilings, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
    hall.call(|engine, cx| engine.sign_in(cx, ANN, &spec)).unwrap();
    let (first, second) = (submit(&mut hall), submit(&mut hall));
    let claim = grab(&mut hall, ANN);
    assert_eq!(hall.engine.held(ANN), Some(3));
    let suspend = |hall: &mut Hall, claim| {
        hall.call(|engine, cx| engine.suspend(cx, claim, WhileAside::KeepOwner, 5)).unwrap();
    };
    let take_up = |hall: &mut Hall, how| hall.call(|engine, cx| engine.take_up(cx, first, how));
    suspend(&mut hall, claim);
    suspend(&mut hall, claim);
    assert_eq!(hall.engine.held(ANN), Some(0));
    // The ceiling is free too.
    let other = grab(&mut hall, ANN);
    assert_eq!((other.order, hall.engine.held(ANN)), (second, Some(3)));
    let full = TakeUpError::OwnerAtLimit { order: first, clerk: ANN };
    assert_eq!(take_up(&mut hall, TakeUp::WithOwner), Err(full));
    hall.call(|engine, cx| engine.complete(cx, other, Outcome::Done)).unwrap();
    for _ in 0..2 {
        take_up(&mut hall, TakeUp::WithOwner).unwrap();
        assert_eq!(hall.engine.held(ANN), Some(3));
        suspend(&mut hall, claim);
        assert_eq!(hall.engine.held(ANN), Some(0));
    }
    take_up(&mut hall, TakeUp::InQueue(PutBack::KeepPlace)).unwrap();
    assert_eq!(hall.engine.held(ANN), Some(0));
    let again = grab(&mut hall, ANN);
    assert_eq!((again.order, hall.engine.held(ANN)), (first, Some(3)));
    hall.call(|engine, cx| engine.complete(cx, again, Outcome::Done)).unwrap();
    assert_eq!(hall.engine.held(ANN), Some(0));
}

#[test]
fn an_earlier_session_has_nothing_in_hand() {
    let mut hall = hall(Handling::default());
    let order = submit(&mut hall);
    let claim = grab(&mut hall, ANN);
    let old = hall.engine.session(ANN).unwrap();
    hall.sign_in(0, &[0], &[], 1);
    let now = hall.now();
    let engine = hall.engine.clone();
    let cx = &mut Cx::new(now, &mut hall.outbox).in_session(old);
    assert!(engine.suspend(cx, claim, WhileAside::KeepOwner, 1).is_err());
    assert!(engine.recall(cx, claim).is_err());
    assert!(engine.no_show(cx, claim).is_err());
    assert!(engine.renew(cx, claim).is_err());
    assert!(engine.transfer(cx, claim, Transfer::Pool(PoolId(0))).is_err());
    assert_eq!(engine.state(order), Some(State::Claimed));
}
