//! Papers that go from hall to hall: whose turn it is, whose the acceptance, and what age goes with them.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{collections::BTreeSet, thread};

use proptest::{collection::vec, prelude::*, sample::select};
use qiangdan::{
    ClerkId, OrderSpec, Outcome, RulesDraft, ServiceId, State, Wall,
    across::{
        AcceptanceNumbers, CaseState, Delegation, PapersAt, PassageBounds, PassageError, Passages,
        Side, Step, hand_over,
    },
};
use qiangdan_tests::hall::{Hall, service};

fn passages(room: u32) -> Passages {
    Passages::new(PassageBounds { passages: room, services: 2 }).unwrap()
}

/// One line of a life: who takes which step, and whose turn it is then.
type Life = &'static [(Step, Side, Option<Side>)];

#[track_caller]
fn lives(mode: Delegation, first: Side, life: Life) {
    let passages = passages(1);
    let passage = passages.receive(mode, ServiceId(0), Wall(0), 7).unwrap();
    assert_eq!(passages.whereabouts(passage).unwrap().waits_for(), Some(first));
    for (at, &(step, by, next)) in (1..).zip(life) {
        for other in [Side::Receiver, Side::Owner, Side::Applicant].iter().filter(|s| **s != by) {
            let refused = passages.step(passage, step, *other, Wall(at));
            assert_eq!(refused, Err(PassageError::NotYours { step, by: *other, whose: by }));
        }
        passages.step(passage, step, by, Wall(at)).unwrap();
        let now = passages.whereabouts(passage).unwrap();
        assert_eq!(now.waits_for(), next, "after {step:?}");
        assert_eq!(now.received, Wall(0), "its age goes with it");
    }
    passages.close(passage).unwrap();
    assert_eq!(passages.whereabouts(passage), None);
}

#[test]
fn collected_here_and_accepted_and_decided_there() {
    use Side::{Carrier, Owner, Receiver};
    let life: Life = &[
        (Step::Send, Receiver, Some(Carrier)),
        (Step::Sign, Owner, Some(Owner)),
        (Step::Accept, Owner, Some(Owner)),
        (Step::Decide, Owner, Some(Owner)),
        (Step::SendBack, Owner, Some(Carrier)),
        (Step::Arrive, Receiver, Some(Receiver)),
        (Step::HandOut, Receiver, None),
    ];
    lives(Delegation::CollectOnly, Receiver, life);
}

#[test]
fn accepted_here_and_decided_there_and_sent_by_post() {
    use Side::{Carrier, Owner, Receiver};
    let life: Life = &[
        (Step::Accept, Receiver, Some(Receiver)),
        (Step::Send, Receiver, Some(Carrier)),
        (Step::Sign, Owner, Some(Owner)),
        (Step::Decide, Owner, Some(Owner)),
        (Step::Post, Owner, None),
    ];
    lives(Delegation::AcceptOnBehalf, Receiver, life);
}

#[test]
fn decided_here_in_the_owners_name() {
    use Side::Receiver;
    let life: Life = &[
        (Step::Accept, Receiver, Some(Receiver)),
        (Step::Decide, Receiver, Some(Receiver)),
        (Step::HandOut, Receiver, None),
    ];
    lives(Delegation::DecideOnBehalf, Receiver, life);
}

#[test]
fn silence_is_acceptance_wherever_the_papers_are() {
    let passages = passages(1);
    let passage = passages.receive(Delegation::CollectOnly, ServiceId(0), Wall(0), 7).unwrap();
    passages.step(passage, Step::Send, Side::Receiver, Wall(1)).unwrap();
    let told = passages.step(passage, Step::Deem, Side::Law, Wall(2)).unwrap();
    assert_eq!(told.number, Some(1));
    passages.step(passage, Step::Sign, Side::Owner, Wall(3)).unwrap();
    let not_now = passages.step(passage, Step::Accept, Side::Owner, Wall(4));
    let (case, papers) = (CaseState::Accepted, PapersAt::Owner);
    assert_eq!(not_now, Err(PassageError::NotNow { step: Step::Accept, case, papers }));
    let now = passages.whereabouts(passage).unwrap();
    assert_eq!(now.accepted, Some((Wall(2), 1)));
}

proptest! {
    /// Any steps by anybody: nothing is decided that was not accepted, and nothing happens after the end.
    #[test]
    fn no_order_of_steps_skips_one(
        mode in select(Delegation::ALL.to_vec()),
        steps in vec((select(Step::ALL.to_vec()), 0..5_usize), 0..60),
    ) {
        let sides = [Side::Receiver, Side::Owner, Side::Carrier, Side::Applicant, Side::Law];
        let passages = passages(1);
        let passage = passages.receive(mode, ServiceId(1), Wall(0), 7).unwrap();
        for (at, (step, by)) in (1..).zip(steps) {
            passages.step(passage, step, sides[by], Wall(at)).ok();
        }
        let taken: Vec<_> =
            passages.steps(passage).unwrap().into_iter().map(|told| told.step).collect();
        let at = |step: Step| taken.iter().position(|&taken| taken == step);
        let once: BTreeSet<_> = taken.iter().map(|step| format!("{step:?}")).collect();
        prop_assert_eq!(once.len(), taken.len(), "a step was taken twice: {:?}", taken);
        let accepted = at(Step::Accept).or(at(Step::Deem));
        let before = |first: Option<usize>, then: Option<usize>| {
            then.is_none_or(|then| first.is_some_and(|first| first < then))
        };
        prop_assert!(before(accepted, at(Step::Decide)));
        prop_assert!(before(at(Step::Send), at(Step::Sign)));
        prop_assert!(before(at(Step::Decide).or(at(Step::Refuse)), at(Step::HandOut).or(at(Step::Post))));
        for last in [Step::HandOut, Step::Post, Step::Withdraw] {
            prop_assert!(at(last).is_none_or(|at| at + 1 == taken.len()), "{:?}", taken);
        }
        let now = passages.whereabouts(passage).unwrap();
        prop_assert_eq!(now.accepted.is_some(), accepted.is_some());
        prop_assert_eq!(passages.close(passage).is_ok(), now.waits_for().is_none());
    }
}

/// I9: numbers of one service rise, on every thread, and none is given twice.
#[test]
fn i9_acceptance_numbers_rise_for_each_service() {
    const EACH: u32 = 300;
    let passages = passages(8 * EACH);
    let mine: Vec<Vec<(u16, u64)>> = thread::scope(|scope| {
        let accept = |thread: u32| {
            let passages = &passages;
            move || {
                let mut numbers = Vec::new();
                for round in 0..EACH {
                    let service = u16::try_from((thread + round) % 2).unwrap();
                    let mode = Delegation::DecideOnBehalf;
                    let passage = passages.receive(mode, ServiceId(service), Wall(0), 7).unwrap();
                    let step = |step, by| passages.step(passage, step, by, Wall(1));
                    let number = step(Step::Accept, Side::Receiver).unwrap().number;
                    // Told twice, it is the same acceptance.
                    assert_eq!(step(Step::Accept, Side::Receiver).unwrap().number, number);
                    numbers.push((service, number.unwrap()));
                }
                numbers
            }
        };
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(accept(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for service in 0..2 {
        let mut all = BTreeSet::new();
        for thread in &mine {
            let of = thread.iter().filter(|&&(of, _)| of == service).map(|&(_, number)| number);
            let numbers: Vec<u64> = of.collect();
            assert!(numbers.is_sorted());
            for number in numbers {
                assert!(all.insert(number), "{number} was given twice");
            }
        }
        assert_eq!(all.len() as u64, *all.last().unwrap(), "a number was lost");
    }
}

#[test]
fn of_two_who_accept_at_once_one_does() {
    for _ in 0..500 {
        let passages = passages(1);
        let passage =
            passages.receive(Delegation::DecideOnBehalf, ServiceId(0), Wall(0), 7).unwrap();
        let accept = || passages.step(passage, Step::Accept, Side::Receiver, Wall(1)).unwrap();
        let (one, other) = thread::scope(|scope| {
            let other = scope.spawn(accept);
            (accept(), other.join().unwrap())
        });
        assert_eq!(one, other);
        assert_eq!(passages.steps(passage).unwrap().len(), 1);
    }
    let numbers = AcceptanceNumbers::new(1);
    numbers.resume(ServiceId(0), 41);
    assert_eq!((numbers.next(ServiceId(0)), numbers.next(ServiceId(1))), (Some(42), None));
}

/// An order that was handed over waits where it belongs as if it had come there at once.
#[test]
fn what_is_handed_over_keeps_its_age() {
    let services = vec![service(0, &[]), service(1, &[])];
    let draft = RulesDraft { pools: 2, services, ..RulesDraft::default() };
    let mut hall = Hall::new(draft, 8, 2);
    hall.sign_in(0, &[0], &[], 1);
    hall.sign_in(1, &[1], &[], 1);
    let handed = hall.submit(OrderSpec::new(ServiceId(0)));
    hall.pass(60_000);
    hall.submit(OrderSpec::new(ServiceId(1)));
    let claim = hall.call(|engine, cx| engine.grab(cx, ClerkId(0))).unwrap().claim;
    hall.pass(60_000);
    hall.call(|engine, cx| hand_over(engine, cx, claim, ServiceId(1))).unwrap();
    let view = hall.engine.order(handed).unwrap();
    assert_eq!((view.state, view.service), (State::Waiting, ServiceId(1)));
    // It came before the other one, so it goes before it; the time in wrong hands is no wait.
    let grabbed = hall.call(|engine, cx| engine.grab(cx, ClerkId(1))).unwrap();
    assert_eq!((grabbed.claim.order, grabbed.arrived.0), (handed, 0));
    // A claim that is over hands nothing over, and changes nothing.
    assert!(hall.call(|engine, cx| hand_over(engine, cx, claim, ServiceId(0))).is_err());
    assert_eq!(hall.engine.order(handed).unwrap().service, ServiceId(1));
    hall.call(|engine, cx| engine.complete(cx, grabbed.claim, Outcome::Done)).unwrap();
}
