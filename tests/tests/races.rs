//! Two verbs on one order at the same instant, again and again, each time a little earlier or later.
//!
//! Every pair found a bug once, or could have: the second verb comes between the steps of the first.
//! What must hold is the same each time: an order that waits can be grabbed by who may take it and by
//! nobody else, nobody holds what they do not hold, and how an order ended is not forgotten.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{
    env, hint,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

use qiangdan::{
    Action, Advancer, Amend, Bounds, Claim, ClassId, ClerkId, ClerkSpec, CompleteError, Cx, Engine,
    Ladder, Mono, Now, OrderId, OrderSpec, Outbox, Outcome, PoolId, PutBack, Reason, RulesDraft,
    ServiceId, SkillId, Skills, Stage, State, Wall,
};
use qiangdan_tests::hall::{checked, climbing, service};

/// How often each pair meets; ten times as often if `QIANGDAN_DEEP` is set.
const ROUNDS: u32 = 2_000;
/// Can do everything, and holds the order at first.
const ANA: ClerkId = ClerkId(0);
/// Works for the first pool and has no skill.
const BO: ClerkId = ClerkId(1);

fn at(ms: u64, events: &mut Outbox) -> Cx<'_> {
    Cx::new(Now::after(Wall(0), ms), events)
}

/// Service 0 is for everybody; service 1 needs a skill. The ladder of both gives a head start after
/// 10 ms and widens after 20.
fn hall(orders: u32) -> (Engine, Advancer) {
    let stage = |at_ms, action| Stage { at_ms, actions: vec![action] };
    let stages =
        vec![stage(10, Action::Boost { by_ms: 5 }), stage(20, Action::Widen { pool: PoolId(1) })];
    let draft = RulesDraft {
        pools: 2,
        services: vec![climbing(0, service(0, &[])), climbing(0, service(0, &[1]))],
        head_starts_ms: vec![0, 100],
        ladders: vec![Ladder { stages }],
        ..RulesDraft::default()
    };
    let (engine, advancer) = Engine::new(checked(draft), Bounds::new(orders, 2)).unwrap();
    let mut events = Outbox::default();
    let skills = Skills::none().with(SkillId(1));
    let pools = [PoolId(0), PoolId(1)];
    let all = ClerkSpec { units: 100, ..ClerkSpec::new(&pools, skills) };
    engine.sign_in(&mut at(0, &mut events), ANA, &all).unwrap();
    let some = ClerkSpec { units: 100, ..ClerkSpec::new(&pools[..1], Skills::none()) };
    engine.sign_in(&mut at(0, &mut events), BO, &some).unwrap();
    (engine, advancer)
}

fn submit(engine: &Engine, ms: u64) -> OrderId {
    let spec = OrderSpec::new(ServiceId(0));
    engine.submit(&mut at(ms, &mut Outbox::default()), &spec).unwrap().order
}

fn held(engine: &Engine, ms: u64) -> Claim {
    submit(engine, ms);
    engine.grab(&mut at(ms, &mut Outbox::default()), ANA).unwrap().claim
}

fn put_back(engine: &Engine, claim: Claim, how: PutBack) {
    engine.put_back(&mut at(1, &mut Outbox::default()), claim, how).ok();
}

fn amend(engine: &Engine, order: OrderId, service: u16) {
    let amend = Amend { service: Some(ServiceId(service)), class: Some(ClassId(0)) };
    engine.amend(&mut at(1, &mut Outbox::default()), order, amend).ok();
}

fn cancel(engine: &Engine, order: OrderId, reason: Reason) {
    engine.cancel(&mut at(1, &mut Outbox::default()), order, reason).ok();
}

/// Whoever may take everything gets the one order that waits; then it is over.
#[track_caller]
fn gets_it(engine: &Engine, order: OrderId) {
    assert_eq!(engine.state(order), Some(State::Waiting));
    let mut events = Outbox::default();
    let grabbed = engine.grab(&mut at(100, &mut events), ANA);
    assert_eq!(grabbed.map(|grabbed| grabbed.claim.order), Ok(order), "nobody finds it");
    engine.complete(&mut at(100, &mut events), grabbed.unwrap().claim, Outcome::Done).unwrap();
    assert_eq!(engine.held(ANA), Some(0));
}

/// The stage of a race whose one side is gone; the other must not wait for it.
const OVER: u32 = u32::MAX;

struct Ends<'a>(&'a AtomicU32);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(OVER, SeqCst);
        }
    }
}

/// Runs two verbs at once on what is set up for each round, and checks what came of it.
fn race<T: Clone + Send, A: Send>(
    mut set_up: impl FnMut() -> T,
    mut one: impl FnMut(T),
    mut other: impl FnMut(T) -> A + Send,
    mut check: impl FnMut(T, A),
) {
    let rounds = if env::var_os("QIANGDAN_DEEP").is_some() { ROUNDS * 10 } else { ROUNDS };
    let (stage, slot) = (AtomicU32::new(0), Mutex::new(None));
    let answer = Mutex::new(None);
    let wait_for = |wanted| {
        let mut spins = 0_u32;
        while stage.load(SeqCst) != wanted {
            assert!(stage.load(SeqCst) != OVER, "the other side has failed");
            spins += 1;
            if spins.is_multiple_of(2_000) { thread::yield_now() } else { hint::spin_loop() }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ends = Ends(&stage);
            for round in 0..rounds {
                wait_for(round * 4 + 1);
                let with = slot.lock().unwrap().take().unwrap();
                stage.store(round * 4 + 2, SeqCst);
                wait_for(round * 4 + 3);
                (0..round.wrapping_mul(7) % 64).for_each(|_| hint::spin_loop());
                *answer.lock().unwrap() = Some(other(with));
                stage.store(round * 4 + 4, SeqCst);
            }
        });
        let _ends = Ends(&stage);
        for round in 0..rounds {
            let with = set_up();
            *slot.lock().unwrap() = Some(with.clone());
            stage.store(round * 4 + 1, SeqCst);
            wait_for(round * 4 + 2);
            stage.store(round * 4 + 3, SeqCst);
            (0..round.wrapping_mul(13) % 64).for_each(|_| hint::spin_loop());
            one(with.clone());
            wait_for(round * 4 + 4);
            let answer = answer.lock().unwrap().take().unwrap();
            check(with, answer);
        }
    });
}

#[test]
fn put_back_and_amend_leave_the_order_where_it_is_found() {
    for how in [PutBack::KeepPlace, PutBack::BackOfLine] {
        let (engine, _advancer) = hall(8);
        race(
            || held(&engine, 0),
            |claim| put_back(&engine, claim, how),
            |claim| amend(&engine, claim.order, 1),
            |claim, ()| gets_it(&engine, claim.order),
        );
    }
}

#[test]
fn park_and_amend_leave_the_order_parked_or_found() {
    let (engine, _advancer) = hall(8);
    race(
        || held(&engine, 0),
        |claim| put_back(&engine, claim, PutBack::Park),
        |claim| amend(&engine, claim.order, 1),
        |claim, ()| {
            let mut events = Outbox::default();
            // If the amendment came first, it is parked. A second one brings it back in any case.
            amend(&engine, claim.order, 0);
            gets_it(&engine, claim.order);
            assert!(engine.grab(&mut at(100, &mut events), ANA).is_err(), "once");
        },
    );
}

#[test]
fn an_order_put_back_twice_at_once_is_found() {
    let (engine, _advancer) = hall(8);
    race(
        || held(&engine, 0),
        |claim| put_back(&engine, claim, PutBack::KeepPlace),
        |claim| put_back(&engine, claim, PutBack::KeepPlace),
        |claim, ()| gets_it(&engine, claim.order),
    );
}

#[test]
fn a_slot_filled_again_during_put_back_leaks_no_room() {
    let (engine, _advancer) = hall(1);
    race(
        || held(&engine, 0),
        |claim| put_back(&engine, claim, PutBack::KeepPlace),
        |claim| {
            cancel(&engine, claim.order, Reason::Withdrawn(1));
            submit(&engine, 0)
        },
        |_, next| {
            assert_eq!(engine.held(ANA), Some(0));
            gets_it(&engine, next);
        },
    );
}

#[test]
fn a_slot_filled_again_during_a_grab_is_not_mixed_up_with_the_order_grabbed() {
    let (engine, _advancer) = hall(1);
    let submit = |tag| {
        let spec = OrderSpec::new(ServiceId(u16::from(tag == 2))).tag(tag);
        engine.submit(&mut at(0, &mut Outbox::default()), &spec).unwrap().order
    };
    let grabbed = Mutex::new(None);
    race(
        || submit(1),
        |_| {
            let mut events = Outbox::default();
            let answer = engine.grab(&mut at(1, &mut events), ANA);
            *grabbed.lock().unwrap() = answer.ok().map(|grabbed| (grabbed, events.events()[0].tag));
        },
        |order| {
            cancel(&engine, order, Reason::Withdrawn(1));
            submit(2)
        },
        |order, next| {
            if let Some((grabbed, told)) = grabbed.lock().unwrap().take() {
                let tag = if grabbed.claim.order == order { 1 } else { 2 };
                let service = ServiceId(u16::from(tag == 2));
                assert_eq!((grabbed.tag, told, grabbed.service), (tag, tag, service));
            }
            cancel(&engine, next, Reason::EndOfDay);
            assert_eq!(engine.held(ANA), Some(0));
        },
    );
}

#[test]
fn amend_and_put_back_do_not_forget_how_an_order_ended() {
    let (engine, _advancer) = hall(8);
    let ended = |claim: Claim, ()| {
        if engine.state(claim.order) == Some(State::Waiting) {
            return gets_it(&engine, claim.order);
        }
        let outcome = engine.order(claim.order).unwrap().outcome;
        assert_eq!(outcome, Some(Outcome::Cancelled(7)));
    };
    race(
        || held(&engine, 0),
        |claim| amend(&engine, claim.order, 1),
        |claim| cancel(&engine, claim.order, Reason::Withdrawn(7)),
        ended,
    );
    for how in [PutBack::Park, PutBack::BackOfLine] {
        race(
            || held(&engine, 0),
            |claim| put_back(&engine, claim, how),
            |claim| cancel(&engine, claim.order, Reason::Withdrawn(7)),
            ended,
        );
    }
}

#[test]
fn of_two_completions_at_once_one_counts_and_the_other_is_no_fault() {
    let (engine, _advancer) = hall(8);
    let complete = |claim| {
        engine.complete(&mut at(1, &mut Outbox::default()), claim, Outcome::Done).map_err(|error| {
            let (order, state) = (claim.order, State::Closed);
            assert_eq!(error, CompleteError::WrongState { order, state });
        })
    };
    let mut closed = 0;
    race(
        || held(&engine, 0),
        |claim| {
            let _ = complete(claim);
        },
        complete,
        |claim, _| {
            closed += 1;
            assert_eq!((engine.held(ANA), engine.stats().closed), (Some(0), closed));
            assert_eq!(complete(claim), Ok(()), "by now it is known how it ended");
        },
    );
}

#[test]
fn a_stage_and_an_amendment_leave_the_order_to_who_may_take_it() {
    let (engine, mut advancer) = hall(8);
    let mut now_ms = 0;
    let time = AtomicU32::new(0);
    race(
        || {
            let order = submit(&engine, u64::from(time.load(SeqCst)));
            time.fetch_add(10, SeqCst);
            order
        },
        |_| {
            now_ms += 10;
            advancer.advance_all(&mut at(now_ms, &mut Outbox::default()));
        },
        |order| {
            let now_ms = u64::from(time.load(SeqCst));
            let amend = Amend { service: Some(ServiceId(1)), class: None };
            engine.amend(&mut at(now_ms, &mut Outbox::default()), order, amend).unwrap();
        },
        |order, ()| {
            let grabbed = engine.grab(&mut at(0, &mut Outbox::default()), BO);
            assert!(grabbed.is_err(), "without the skill: {grabbed:?}");
            gets_it(&engine, order);
        },
    );
}

#[test]
fn a_stage_and_a_put_back_leave_the_order_found_and_its_stage_fires() {
    let (engine, mut advancer) = hall(8);
    let mut now_ms = 0;
    let time = AtomicU32::new(0);
    race(
        || {
            let order = submit(&engine, u64::from(time.load(SeqCst)));
            time.fetch_add(10, SeqCst);
            order
        },
        |_| {
            now_ms += 10;
            advancer.advance_all(&mut at(now_ms, &mut Outbox::default()));
        },
        |order| {
            let now = Now { mono: Mono(u64::from(time.load(SeqCst))), wall: Wall(0) };
            let mut events = Outbox::default();
            let cx = &mut Cx::new(now, &mut events);
            let claim = engine.grab_order(cx, ANA, order).unwrap().claim;
            engine.put_back(cx, claim, PutBack::BackOfLine).unwrap();
        },
        |order, ()| {
            let now_ms = u64::from(time.load(SeqCst));
            let late = engine.order(order).unwrap();
            assert!(late.stages <= 1 && late.rank_ms <= i64::try_from(now_ms).unwrap());
            gets_it(&engine, order);
        },
    );
}
