//! Real threads on real orders: however they meet, each claim has one owner, each order ends once, and
//! none is lost.
//!
//! What happens is left to the machine; what each thread tries is drawn from a stream whose seed is
//! printed. `QIANGDAN_SEED` repeats a seed, `QIANGDAN_DEEP` runs thirty times as long.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]
#![expect(clippy::cast_possible_truncation, reason = "small numbers drawn from 64 bits")]

use std::{
    env,
    sync::atomic::{
        AtomicBool, AtomicU32, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use qiangdan::{
    Action, Advancer, Amend, Bounds, Claim, ClassId, ClerkId, ClerkSpec, Cx, DedupKey, Engine,
    Event, GrabOrderError, Ladder, Mono, Now, OrderId, OrderSpec, Outbox, Outcome, PoolId,
    Presence, PutBack, Reason, RulesDraft, ServiceId, SkillId, Stage, State, WaitTarget, Wall,
    figures::Fold, history::History,
};
use qiangdan_sim::dice::{Purpose, Stream};
use qiangdan_tests::{
    hall::{checked, climbing, service, within},
    history::proven,
};

const ORDERS: u32 = 64;
const CLERKS: u32 = 5;
/// Can do everything, and comes when the others have gone.
const LAST: ClerkId = ClerkId(CLERKS);
const WITHIN_MS: u64 = 20;

#[expect(clippy::print_stdout, reason = "shown when the test fails, to repeat it")]
fn seed() -> u64 {
    let given = env::var("QIANGDAN_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = given.unwrap_or_else(now);
    println!("QIANGDAN_SEED={seed}");
    seed
}

fn runs_for() -> Duration {
    Duration::from_millis(if env::var_os("QIANGDAN_DEEP").is_some() { 30_000 } else { 1_000 })
}

fn rules() -> qiangdan::Rules {
    let stage = |at_ms, actions| Stage { at_ms, actions };
    let stages = vec![
        stage(3, vec![Action::Boost { by_ms: 4 }]),
        stage(6, vec![Action::Widen { pool: PoolId(1) }, Action::Boost { by_ms: 1 }]),
    ];
    let draft = RulesDraft {
        pools: 2,
        services: vec![
            within(10, climbing(0, service(0, &[]))),
            climbing(0, service(0, &[0])),
            within(5, service(1, &[])),
            service(1, &[0, 1]),
        ],
        head_starts_ms: vec![0, 10, -5],
        ladders: vec![Ladder { stages }],
        target: WaitTarget { within_ms: WITHIN_MS, share: 0.9 },
        dedup_window_ms: 5,
        ..Default::default()
    };
    checked(draft)
}

/// What the threads share: the engine, the time, and orders seen lately.
struct Floor {
    engine: Engine,
    now_ms: AtomicU64,
    is_over: AtomicBool,
    lately: [AtomicU64; 32],
    seed: u64,
}

/// One thread: its dice and its outbox.
struct Hand<'a> {
    floor: &'a Floor,
    dice: Stream,
    events: Outbox,
}

impl<'a> Hand<'a> {
    fn new(floor: &'a Floor, number: u64) -> Self {
        let dice = Stream::new(floor.seed, number, Purpose::Clerks);
        Self { floor, dice, events: Outbox::default() }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.dice.bits() % n
    }

    fn call<T>(&mut self, verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T) -> T {
        let now = Now::after(Wall(0), self.floor.now_ms.load(Relaxed));
        verb(&self.floor.engine, &mut Cx::new(now, &mut self.events))
    }

    fn lately(&mut self) -> OrderId {
        let place = self.below(32) as usize;
        OrderId::from_bits(self.floor.lately[place].load(Relaxed))
    }

    fn submit(&mut self) {
        let service = ServiceId(self.below(4) as u16);
        let mut spec = OrderSpec::new(service).class(ClassId(self.below(3) as u8));
        if self.below(4) == 0 {
            spec.dedup = Some(DedupKey(self.below(8)));
        }
        if self.below(4) == 0 {
            spec.not_before = Some(Mono(self.floor.now_ms.load(Relaxed) + self.below(4)));
        }
        match self.call(|engine, cx| engine.submit(cx, &spec)) {
            Ok(submitted) => {
                let place = self.below(32) as usize;
                self.floor.lately[place].store(submitted.order.to_bits(), Relaxed);
            }
            Err(_) => thread::yield_now(),
        }
    }

    /// One step of a clerk's work.
    fn serve(&mut self, clerk: ClerkId, held: &mut Vec<Claim>, parks: bool) {
        let by_name = self.below(4) == 0;
        let order = self.lately();
        let claim = if by_name {
            self.call(|engine, cx| engine.grab_order(cx, clerk, order)).ok().map(|g| g.claim)
        } else {
            self.call(|engine, cx| engine.grab(cx, clerk)).ok().map(|g| g.claim)
        };
        if let Some(claim) = claim {
            assert_eq!(claim.clerk, clerk);
            if !held.contains(&claim) {
                held.push(claim);
            }
        }
        if held.is_empty() || self.below(3) == 0 {
            return;
        }
        let claim = held.swap_remove(self.below(held.len() as u64) as usize);
        match self.below(8) {
            0..3 => self.put_back(claim, parks),
            3 => {
                self.call(|engine, cx| engine.start(cx, claim)).ok();
                held.push(claim);
            }
            _ => {
                self.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).ok();
                // Too late, whatever it is; unless it was cancelled, it is the same again.
                self.call(|engine, cx| engine.start(cx, claim)).unwrap_err();
            }
        }
    }

    fn put_back(&mut self, claim: Claim, parks: bool) {
        let how = match self.below(if parks { 5 } else { 4 }) {
            0 => PutBack::KeepPlace,
            1 => PutBack::BackOfLine,
            2 => PutBack::HeadStart { ms: self.below(10).cast_signed() - 5 },
            3 => PutBack::After { ms: self.below(4) },
            _ => PutBack::Park,
        };
        self.call(|engine, cx| engine.put_back(cx, claim, how)).ok();
    }

    /// One step of whoever corrects and withdraws.
    fn meddle(&mut self) {
        let order = self.lately();
        match self.below(8) {
            0 => drop(self.call(|engine, cx| engine.cancel(cx, order, Reason::Withdrawn(3)))),
            1 => drop(self.call(|engine, cx| engine.cancel(cx, order, Reason::Abandoned))),
            2 => {
                let clerk = ClerkId(self.below(u64::from(CLERKS)) as u32);
                let presence =
                    if self.below(4) == 0 { Presence::Break(0) } else { Presence::Ready };
                self.call(|engine, cx| engine.set_presence(cx, clerk, presence)).unwrap();
            }
            _ => {
                let service = (self.below(2) == 0).then(|| ServiceId(self.below(4) as u16));
                let class = (self.below(2) == 0).then(|| ClassId(self.below(3) as u8));
                let amend = Amend { service, class };
                self.call(|engine, cx| engine.amend(cx, order, amend)).ok();
            }
        }
    }
}

fn sign_in(
    hand: &mut Hand<'_>,
    history: &mut History,
    clerk: ClerkId,
    pools: &[PoolId],
    skills: &[u8],
    units: u32,
) {
    let skills = skills.iter().copied().map(SkillId).collect();
    let spec = ClerkSpec { units, ..ClerkSpec::new(pools, skills) };
    history.signs_in(clerk, &spec);
    hand.call(|engine, cx| engine.sign_in(cx, clerk, &spec)).unwrap();
}

/// A day on a floor of 8 threads; returns all its events and the engine, when everybody has gone and
/// nobody holds anything.
fn day(seed: u64, parks: bool) -> (Floor, Advancer, History, Vec<Event>) {
    let bounds = Bounds::new(ORDERS, CLERKS + 1);
    let (engine, mut advancer) = Engine::new(rules(), bounds).unwrap();
    let lately = std::array::from_fn(|_| AtomicU64::new(0));
    let (now_ms, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let floor = Floor { engine, now_ms, is_over, lately, seed };
    let mut history = History::new(floor.engine.rules().clone()).by_one_clock();
    let mut opening = Hand::new(&floor, 99);
    for clerk in (0..CLERKS).map(ClerkId) {
        let pools = [PoolId(0), PoolId(1)];
        let (pools, skills): (&[_], &[_]) = match clerk.0 {
            0 => (&pools, &[0, 1]),
            1 => (&pools[..1], &[0]),
            2 => (&pools[1..], &[]),
            _ => (&pools, &[0]),
        };
        sign_in(&mut opening, &mut history, clerk, pools, skills, 3);
    }
    let mut events = opening.events.drain().collect::<Vec<_>>();
    let told: Vec<Vec<Event>> = thread::scope(|scope| {
        let floor = &floor;
        let run = |number: u64, step: fn(&mut Hand<'_>)| {
            scope.spawn(move || {
                let mut hand = Hand::new(floor, number);
                while !floor.is_over.load(Relaxed) {
                    step(&mut hand);
                }
                hand
            })
        };
        let mut hands = vec![
            run(0, |hand| hand.submit()),
            run(1, |hand| hand.submit()),
            run(2, |hand| hand.meddle()),
        ];
        for clerk in (0..4).map(ClerkId) {
            hands.push(scope.spawn(move || {
                let mut hand = Hand::new(floor, 10 + u64::from(clerk.0));
                let mut held = vec![];
                while !floor.is_over.load(Relaxed) {
                    hand.serve(clerk, &mut held, parks);
                }
                for claim in held {
                    hand.put_back(claim, parks);
                }
                hand
            }));
        }
        let (mut events, end) = (Outbox::default(), Instant::now() + runs_for());
        while Instant::now() < end {
            let now = Now::after(Wall(0), floor.now_ms.fetch_add(1, Relaxed) + 1);
            advancer.advance_all(&mut Cx::new(now, &mut events));
            thread::sleep(Duration::from_micros(200));
        }
        floor.is_over.store(true, Relaxed);
        let mut told = vec![events.drain().collect()];
        for hand in hands {
            told.push(hand.join().unwrap().events.drain().collect());
        }
        told
    });
    told.into_iter().for_each(|told| events.extend(told));
    for clerk in (0..CLERKS).map(ClerkId) {
        assert_eq!(floor.engine.held(clerk), Some(0), "{clerk} holds nothing any more");
    }
    (floor, advancer, history, events)
}

/// The last clerk takes everything that waits in a lane.
fn drain(
    floor: &Floor,
    advancer: &mut Advancer,
    history: &mut History,
    events: &mut Vec<Event>,
) -> Vec<OrderId> {
    let mut hand = Hand::new(floor, 100);
    let later = floor.now_ms.fetch_add(1_000, Relaxed) + 1_000;
    advancer.advance_all(&mut Cx::new(Now::after(Wall(0), later), &mut hand.events));
    sign_in(&mut hand, history, LAST, &[PoolId(0), PoolId(1)], &[0, 1], ORDERS);
    let mut taken = vec![];
    while let Ok(grabbed) = hand.call(|engine, cx| engine.grab(cx, LAST)) {
        hand.call(|engine, cx| engine.complete(cx, grabbed.claim, Outcome::Done)).unwrap();
        taken.push(grabbed.claim.order);
    }
    events.extend(hand.events.drain());
    taken
}

#[test]
fn every_order_is_claimed_once_per_epoch_ends_once_and_none_is_lost() {
    let (floor, mut advancer, mut history, mut events) = day(seed(), true);
    let mut before = history.clone();
    before.read_all(&events);
    let before = before.open_orders();
    let taken = drain(&floor, &mut advancer, &mut history, &mut events);
    let mut hand = Hand::new(&floor, 101);
    for order in before.into_iter().filter(|order| !taken.contains(order)) {
        assert_eq!(floor.engine.state(order), Some(State::Waiting), "{order} waits, parked");
        let claim = hand.call(|engine, cx| engine.grab_order(cx, LAST, order)).unwrap().claim;
        hand.call(|engine, cx| engine.complete(cx, claim, Outcome::NoShow)).unwrap();
    }
    events.extend(hand.events.drain());
    let proof = proven(history.clone(), &events, &floor.engine);
    assert_eq!(proof.open, 0);
    assert_eq!(floor.engine.held(LAST), Some(0));
    assert!(proof.ranked > proof.claims / 4 && proof.held > proof.claims / 2, "{proof:?}");
    // The figures of all threads' events, put into one order, are the live ones.
    history.read_all(&events);
    let mut figures = Fold::new(floor.engine.rules().clone(), |_| ());
    figures.read_all(&history.in_order());
    let (whole, stats) = (figures.whole(), floor.engine.stats());
    assert_eq!((whole.taken, whole.claimed), (stats.submitted, stats.claimed));
    assert_eq!((whole.claimed_again, whole.within), (stats.claimed_again, stats.within));
    assert_eq!((whole.put_backs, whole.closed), (stats.put_back, stats.closed));
    assert_eq!((whole.abandoned, whole.breached), (stats.abandoned, stats.breached));
    assert_eq!(whole.wait_ms(0.9), stats.wait_ms(0.9));
    println!("{proof:?}");
}

#[test]
fn every_order_that_waits_in_the_end_is_found() {
    let (floor, mut advancer, mut history, mut events) = day(seed(), false);
    let open = proven(history.clone(), &events, &floor.engine).open;
    let taken = drain(&floor, &mut advancer, &mut history, &mut events);
    assert_eq!(taken.len() as u64, open, "an order waits that nobody finds");
    assert_eq!(proven(history, &events, &floor.engine).open, 0);
    let refill = (0..ORDERS).map(|_| {
        let spec = OrderSpec::new(ServiceId(0));
        floor.engine.submit(&mut Cx::new(Now::default(), &mut Outbox::default()), &spec)
    });
    assert!(refill.map(Result::unwrap).all(|submitted| !submitted.existed), "no slot was lost");
}

#[test]
fn a_storm_on_one_order_has_one_owner_at_a_time() {
    let bounds = Bounds::new(1, CLERKS + 1);
    let (engine, _advancer) = Engine::new(rules(), bounds).unwrap();
    let lately = std::array::from_fn(|_| AtomicU64::new(0));
    let (now_ms, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let floor = Floor { engine, now_ms, is_over, lately, seed: seed() };
    let mut history = History::new(floor.engine.rules().clone());
    let mut opening = Hand::new(&floor, 99);
    for clerk in (0..6).map(ClerkId) {
        sign_in(&mut opening, &mut history, clerk, &[PoolId(0)], &[], 1);
    }
    let spec = OrderSpec::new(ServiceId(0));
    let order = opening.call(|engine, cx| engine.submit(cx, &spec)).unwrap().order;
    let owners = AtomicU32::new(0);
    let (end, most) = (Instant::now() + runs_for() / 2, u16::MAX - 10);
    let storm = |clerk| {
        let mut hand = Hand::new(&floor, u64::from(clerk));
        let (clerk, mut won) = (ClerkId(clerk), 0_u32);
        while Instant::now() < end {
            match hand.call(|engine, cx| engine.grab_order(cx, clerk, order)) {
                Ok(grabbed) => {
                    assert_eq!(owners.fetch_add(1, SeqCst), 0, "two owners at a time");
                    won += 1;
                    owners.fetch_sub(1, SeqCst);
                    if grabbed.claim.epoch > most {
                        return (hand, won);
                    }
                    let how = PutBack::KeepPlace;
                    hand.call(|engine, cx| engine.put_back(cx, grabbed.claim, how)).unwrap();
                }
                Err(GrabOrderError::Taken { by, .. }) => assert_ne!(by, clerk),
                // It was taken and put back again between two looks.
                Err(GrabOrderError::NotWaiting { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        (hand, won)
    };
    let hands: Vec<_> = thread::scope(|scope| {
        let storm = &storm;
        let hands: Vec<_> = (0..6).map(|clerk| scope.spawn(move || storm(clerk))).collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    let won: u32 = hands.iter().map(|(_, won)| won).sum();
    let mut events: Vec<_> = opening.events.drain().collect();
    hands.into_iter().for_each(|(mut hand, _)| events.extend(hand.events.drain()));
    let proof = proven(history, &events, &floor.engine);
    assert_eq!((proof.orders, proof.claims), (1, u64::from(won)));
    assert!(won > 0);
    println!("{won} claims");
}
