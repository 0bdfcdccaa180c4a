//! Two verbs at once on one order, from two threads: in every state, the two answers and what the order
//! has come to must be explained by one of the two orders in which the calls could have come. In
//! random schedules, where each atomic access may be where the other thread goes on:
//!
//! ```sh
//! RUSTFLAGS="--cfg qiangdan_shuttle" cargo test -p qiangdan-tests --release --test transition_pairs
//! ```

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

#[cfg(not(qiangdan_shuttle))]
use std::{sync::Barrier, thread};

use qiangdan::{
    Advancer, Amend, Bounds, Claim, ClassId, ClerkId, Cx, Engine, Handling, Mono, NoShow, Now,
    OrderId, OrderSpec, Outbox, Outcome, PoolId, PutBack, Reason, RulesDraft, ServiceId, State,
    TakeUp, Transfer, Wall, WhileAside,
};
use qiangdan_tests::hall::{Hall, service};
#[cfg(qiangdan_shuttle)]
use shuttle::{sync::Barrier, thread};

const OWNER: ClerkId = ClerkId(0);
const OTHER: ClerkId = ClerkId(1);
const START_WITHIN_MS: u64 = 100;
const LATE: u64 = 1_000;

/// A verb as one of the two threads calls it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verb {
    Grab,
    GrabOrder(ClerkId),
    Start,
    Recall,
    NoShow,
    Renew,
    PutBack(PutBack),
    Transfer,
    Suspend(WhileAside),
    TakeUp(TakeUp),
    Complete(Outcome),
    Cancel,
    Amend,
    /// The claim should have been started by now.
    Lapse,
}

const VERBS: [Verb; 20] = [
    Verb::Grab,
    Verb::GrabOrder(OTHER),
    Verb::GrabOrder(OWNER),
    Verb::Start,
    Verb::Recall,
    Verb::NoShow,
    Verb::Renew,
    Verb::PutBack(PutBack::KeepPlace),
    Verb::PutBack(PutBack::BackOfLine),
    Verb::PutBack(PutBack::Park),
    Verb::PutBack(PutBack::After { ms: 5_000 }),
    Verb::Transfer,
    Verb::Suspend(WhileAside::KeepOwner),
    Verb::Suspend(WhileAside::LetGo),
    Verb::TakeUp(TakeUp::WithOwner),
    Verb::TakeUp(TakeUp::InQueue(PutBack::KeepPlace)),
    Verb::Complete(Outcome::Done),
    Verb::Cancel,
    Verb::Amend,
    Verb::Lapse,
];

/// Where the order is when both are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Scheduled,
    Waiting,
    WaitingAgain,
    Claimed,
    Serving,
    Kept,
    LetGo,
    Closed,
}

const PLACES: [Place; 8] = [
    Place::Scheduled,
    Place::Waiting,
    Place::WaitingAgain,
    Place::Claimed,
    Place::Serving,
    Place::Kept,
    Place::LetGo,
    Place::Closed,
];

struct Order {
    hall: Hall,
    order: OrderId,
    claim: Claim,
}

impl Order {
    fn at(place: Place, no_show: NoShow) -> Self {
        let handling = Handling {
            start_within_ms: Some(START_WITHIN_MS),
            no_show,
            hands_to: vec![PoolId(1)],
            ..Handling::default()
        };
        let draft = RulesDraft {
            pools: 2,
            services: vec![service(0, &[]), service(0, &[])],
            head_starts_ms: vec![0, 300],
            handling: vec![(ServiceId(0), handling.clone()), (ServiceId(1), handling)],
            ..RulesDraft::default()
        };
        let mut hall = Hall::bounded(draft, Bounds { notes: 64, ..Bounds::new(2, 2) });
        hall.sign_in(OWNER.0, &[0, 1], &[], 2);
        hall.sign_in(OTHER.0, &[0, 1], &[], 2);
        let spec = OrderSpec::new(ServiceId(0));
        let later = (place == Place::Scheduled).then_some(Mono(2 * LATE));
        let order = hall.submit(OrderSpec { not_before: later, ..spec });
        let mut claim = Claim { order, clerk: OWNER, epoch: 1 };
        if !matches!(place, Place::Scheduled | Place::Waiting) {
            claim = hall.call(|engine, cx| engine.grab(cx, OWNER)).unwrap().claim;
        }
        hall.pass(10);
        let how = PutBack::KeepPlace;
        match place {
            Place::Scheduled | Place::Waiting | Place::Claimed => {}
            Place::WaitingAgain => hall.call(|e, cx| e.put_back(cx, claim, how)).unwrap(),
            Place::Serving => hall.call(|e, cx| e.start(cx, claim)).unwrap(),
            Place::Kept => {
                hall.call(|e, cx| e.suspend(cx, claim, WhileAside::KeepOwner, 1)).unwrap();
            }
            Place::LetGo => {
                hall.call(|e, cx| e.suspend(cx, claim, WhileAside::LetGo, 1)).unwrap();
            }
            Place::Closed => hall.call(|e, cx| e.complete(cx, claim, Outcome::Done)).unwrap(),
        }
        Self { hall, order, claim }
    }

    /// What the order has come to: where it is, who has it, what they hold, and who may grab it.
    fn outcome(&mut self) -> String {
        let engine = &self.hall.engine;
        let view = engine.order(self.order).unwrap();
        let held = [OWNER, OTHER].map(|clerk| engine.held(clerk).unwrap());
        let (recalls, hops) = {
            let notes = engine.notes(self.order).unwrap();
            (notes.recalls(), notes.hops())
        };
        let what = (view.state, view.epoch, view.owner, view.outcome, view.rank_ms, view.service);
        // An order that waits is found, or parked.
        let found = if view.state == State::Waiting {
            self.hall.call(|engine, cx| engine.grab(cx, OTHER)).map(|got| got.wait_ms).ok()
        } else {
            None
        };
        format!("{what:?} held {held:?}, {recalls} recalls, {hops} hops, found {found:?}")
    }
}

/// Calls a verb on an engine; the answer in short.
fn call(
    verb: Verb,
    engine: &Engine,
    advancer: Option<&mut Advancer>,
    now_ms: u64,
    claim: Claim,
) -> String {
    fn short<T, E: std::fmt::Debug>(answer: Result<T, E>) -> String {
        let name = |error: E| match format!("{error:?}").split([' ', '(']).next().unwrap() {
            // Which of the two is said of a claim that is about to end depends on how it does.
            "Stale" | "NotOwner" => String::from("not the owner"),
            name => name.to_owned(),
        };
        answer.map_or_else(name, |_| String::from("Ok"))
    }
    let mut out = Outbox::default();
    let at = if verb == Verb::Lapse { LATE } else { now_ms };
    let cx = &mut Cx::new(Now::after(Wall(0), at), &mut out);
    let order = claim.order;
    match verb {
        Verb::Grab => short(engine.grab(cx, OTHER)),
        Verb::GrabOrder(clerk) => short(engine.grab_order(cx, clerk, order)),
        Verb::Start => short(engine.start(cx, claim)),
        Verb::Recall => short(engine.recall(cx, claim)),
        Verb::NoShow => short(engine.no_show(cx, claim)),
        Verb::Renew => short(engine.renew(cx, claim)),
        Verb::PutBack(how) => short(engine.put_back(cx, claim, how)),
        Verb::Transfer => short(engine.transfer(cx, claim, Transfer::Pool(PoolId(1)))),
        Verb::Suspend(aside) => short(engine.suspend(cx, claim, aside, 2)),
        Verb::TakeUp(how) => short(engine.take_up(cx, order, how)),
        Verb::Complete(outcome) => short(engine.complete(cx, claim, outcome)),
        Verb::Cancel => short(engine.cancel(cx, order, Reason::EndOfDay)),
        Verb::Amend => {
            let amend = Amend { service: Some(ServiceId(1)), class: Some(ClassId(1)) };
            short(engine.amend(cx, order, amend))
        }
        Verb::Lapse => {
            advancer.expect("one thread at a time advances").advance_all(cx);
            String::from("Ok")
        }
    }
}

/// Both verbs one after the other: their answers, in the order of the pair, and the outcome.
fn in_turn(place: Place, no_show: NoShow, pair: [Verb; 2], first: usize) -> [String; 3] {
    let mut it = Order::at(place, no_show);
    let mut answers = [String::new(), String::new()];
    for n in [first, 1 - first] {
        let now_ms = it.hall.now_ms;
        let engine = it.hall.engine.clone();
        answers[n] = call(pair[n], &engine, Some(&mut it.hall.advancer), now_ms, it.claim);
    }
    let [one, other] = answers;
    [one, other, it.outcome()]
}

/// Both at once.
fn at_once(place: Place, no_show: NoShow, pair: [Verb; 2]) -> [String; 3] {
    let mut it = Order::at(place, no_show);
    let (now_ms, claim, engine) = (it.hall.now_ms, it.claim, it.hall.engine.clone());
    let start = Barrier::new(2);
    let mut advancer = Some(&mut it.hall.advancer);
    let mut lend = |verb| if verb == Verb::Lapse { advancer.take() } else { None };
    let lent = pair.map(&mut lend);
    let [one, other] = thread::scope(|scope| {
        let threads = pair.into_iter().zip(lent).map(|(verb, advancer)| {
            let (start, engine) = (&start, &engine);
            scope.spawn(move || {
                start.wait();
                call(verb, engine, advancer, now_ms, claim)
            })
        });
        let threads: Vec<_> = threads.collect();
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        answers.try_into().unwrap()
    });
    [one, other, it.outcome()]
}

/// How often each pair meets; fifty times as often if `QIANGDAN_DEEP` is set.
fn rounds() -> usize {
    if std::env::var_os("QIANGDAN_DEEP").is_some() { 400 } else { 8 }
}

/// Lets a pair meet once; by which of the two orders it is explained.
#[track_caller]
fn check(place: Place, no_show: NoShow, pair: [Verb; 2]) -> usize {
    let explained = [0, 1].map(|first| in_turn(place, no_show, pair, first));
    let came = at_once(place, no_show, pair);
    explained.iter().position(|in_turn| *in_turn == came).unwrap_or_else(|| {
        panic!("{place:?} {pair:?} {no_show:?}: {came:#?}, not one of {explained:#?}")
    })
}

/// Whether both give the order back, one of them for later. Who comes second may be told, as a call
/// that repeats the first, that it is back, though it is not in the queue yet.
fn is_back_and_away(pair: [Verb; 2]) -> bool {
    let is_back = |verb| matches!(verb, Verb::PutBack(_) | Verb::TakeUp(TakeUp::InQueue(_)));
    pair.into_iter().all(is_back) && pair.contains(&Verb::PutBack(PutBack::After { ms: 5_000 }))
}

/// Every pair in every state, under each rule that makes a difference.
fn for_each_pair(mut check: impl FnMut(Place, NoShow, [Verb; 2])) {
    let patient = NoShow::PutBack(PutBack::HeadStart { ms: -5 });
    for place in PLACES {
        for (n, &one) in VERBS.iter().enumerate() {
            for pair in VERBS[n..].iter().map(|&other| [one, other]) {
                if pair == [Verb::Lapse; 2] || is_back_and_away(pair) {
                    continue;
                }
                if pair.contains(&Verb::NoShow) {
                    check(place, NoShow::Close, pair);
                }
                check(place, patient, pair);
            }
        }
    }
}

#[cfg(not(qiangdan_shuttle))]
#[test]
fn two_verbs_at_once_are_explained_by_one_order_of_them() {
    let mut seen = std::collections::BTreeSet::new();
    for_each_pair(|place, no_show, pair| {
        for _ in 0..rounds() {
            seen.insert((format!("{place:?} {pair:?}"), check(place, no_show, pair)));
        }
    });
    println!("{} explanations", seen.len());
}

#[cfg(qiangdan_shuttle)]
#[test]
fn two_verbs_in_random_schedules_are_explained_by_one_order_of_them() {
    for_each_pair(|place, no_show, pair| {
        let meet = move || {
            check(place, no_show, pair);
        };
        shuttle::check_random(meet, 4 * rounds());
        shuttle::check_pct(meet, 2 * rounds(), 2);
    });
}
