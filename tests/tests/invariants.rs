//! What holds at every moment of any history: the invariants of the domain, as far as there are verbs
//! for them.
//!
//! | I | in words | where |
//! |---|----------|-------|
//! | 1 | an order has at most one owner; a stale owner's verb is refused | the history's proof, `step` |
//! | 2 | every order ends exactly once | the history's proof |
//! | 3 | no order is lost: submitted = scheduled + waiting + held + closed | `check_states` |
//! | 5 | a stage fires at most once, never early, and none is skipped | the history's proof, `run` |
//! | 8 | within a service and class, orders go as they came, but for named exceptions | `check_grab` |
//! | 10 | nobody holds more than they may | the history's proof, `check_clerks` |
//! | 14 | the same calls give the same events and figures | `the_same_day_twice_is_the_same` |
//! | 16 | who came later overtakes by no more than the largest head start | `check_grab` |
//! | 18 | the times in all states add up to the life of the order | `check_states` |
//!
//! Histories are drawn from streams; a seed that fails is named and gives the same history again.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "small numbers drawn from 64 bits"
)]

use qiangdan::{
    Action, Amend, Claim, ClassId, ClerkId, ClerkSpec, Event, Ladder, Mono, OrderId, OrderSpec,
    Outcome, PoolId, Presence, PutBack, Reason, RulesDraft, ServiceId, SkillId, Stage, State,
    Stats, history::History,
};
use qiangdan_sim::dice::{Purpose, Stream};
use qiangdan_tests::{
    hall::{Hall, climbing, service, within},
    history::proven,
    lives::Lives,
};

const DAYS: u64 = 300;
const STEPS: u64 = 300;
const ORDERS: u32 = 24;
const UNITS: u32 = 3;
const CLERKS: u32 = 4;
const WITHIN_MS: u64 = 60;
/// The largest head start there is: between the classes, and by boosts.
const HEAD_START_MS_MAX: u64 = 50 + 30 + 25;

fn draft() -> RulesDraft {
    let stage = |at_ms, actions| Stage { at_ms, actions };
    let stages = vec![
        stage(20, vec![Action::Boost { by_ms: 15 }]),
        stage(45, vec![Action::Widen { pool: PoolId(1) }, Action::Boost { by_ms: 10 }]),
    ];
    let mut draft = RulesDraft {
        pools: 2,
        services: vec![
            within(40, climbing(0, service(0, &[]))),
            climbing(0, service(0, &[0])),
            within(30, service(1, &[])),
        ],
        head_starts_ms: vec![0, 50, -30],
        ladders: vec![Ladder { stages }],
        ..RulesDraft::default()
    };
    draft.target.within_ms = WITHIN_MS;
    draft
}

/// A day under way.
struct Day {
    hall: Hall,
    dice: Stream,
    lives: Lives,
    history: History,
    events: Vec<Event>,
    orders: Vec<Known>,
    claims: Vec<Claim>,
}

/// What the caller knows of an order.
struct Known {
    order: OrderId,
    /// Neither put back nor amended: it goes as it came.
    is_plain: bool,
}

impl Day {
    fn new(seed: u64) -> Self {
        let mut hall = Hall::new(draft(), ORDERS, CLERKS);
        let mut history = History::new(hall.engine.rules().clone());
        let staff: [(&[u16], &[u8], u32); CLERKS as usize] =
            [(&[0, 1], &[0], UNITS), (&[0], &[], UNITS), (&[1], &[], UNITS), (&[0, 1], &[], 1)];
        for (clerk, (pools, skills, units)) in (0..).zip(staff) {
            hall.sign_in(clerk, pools, skills, units);
            let pools: Vec<_> = pools.iter().copied().map(PoolId).collect();
            let skills = skills.iter().copied().map(SkillId).collect();
            let spec = ClerkSpec { units, ..ClerkSpec::new(&pools, skills) };
            history.signs_in(ClerkId(clerk), &spec);
        }
        let dice = Stream::new(seed, 0, Purpose::Incidents);
        let (lives, events) = (Lives::default(), vec![]);
        Self { hall, dice, lives, history, events, orders: vec![], claims: vec![] }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.dice.bits() % n
    }

    /// An order of the last few dozen.
    fn order(&mut self) -> Option<usize> {
        let lately = self.orders.len().min(30);
        let back = self.below(lately.max(1) as u64) as usize;
        self.orders.len().checked_sub(back + 1)
    }

    fn step(&mut self) {
        let clerk = ClerkId(self.below(u64::from(CLERKS)) as u32);
        match self.below(20) {
            0..5 => self.submit(),
            5..9 => self.grab(clerk),
            9 => {
                let Some(at) = self.order() else { return };
                let order = self.orders[at].order;
                let answer = self.hall.call(|engine, cx| engine.grab_order(cx, clerk, order));
                self.claims.extend(answer.map(|grabbed| grabbed.claim));
            }
            10..14 => self.work(),
            14 => {
                let Some(at) = self.order() else { return };
                let (order, reason) = (self.orders[at].order, Reason::Abandoned);
                self.hall.call(|engine, cx| engine.cancel(cx, order, reason)).ok();
            }
            15 => {
                let Some(at) = self.order() else { return };
                let service = Some(ServiceId(self.below(3) as u16));
                let class = Some(ClassId(self.below(3) as u8));
                let (order, amend) = (self.orders[at].order, Amend { service, class });
                self.hall.call(|engine, cx| engine.amend(cx, order, amend)).ok();
                self.orders[at].is_plain = false;
            }
            16 => {
                let presence =
                    if self.below(3) == 0 { Presence::Break(0) } else { Presence::Ready };
                self.hall.call(|engine, cx| engine.set_presence(cx, clerk, presence)).unwrap();
            }
            _ => {
                let ms = if self.below(20) == 0 { 500 } else { self.below(8) };
                self.hall.pass(ms);
                if self.below(4) > 0 {
                    self.hall.advance();
                }
            }
        }
    }

    fn submit(&mut self) {
        let service = ServiceId(self.below(3) as u16);
        let mut spec = OrderSpec::new(service).class(ClassId(self.below(3) as u8));
        if self.below(5) == 0 {
            spec.not_before = Some(Mono(self.hall.now_ms + self.below(30)));
        }
        let answer = self.hall.call(|engine, cx| engine.submit(cx, &spec));
        if let Ok(submitted) = answer {
            self.orders.push(Known { order: submitted.order, is_plain: true });
        }
    }

    /// Goes on with any claim, the latest or not.
    fn work(&mut self) {
        let lately = self.claims.len().min(12) as u64;
        let Some(back) = lately.checked_sub(1).map(|_| self.below(lately) as usize) else { return };
        let claim = self.claims[self.claims.len() - 1 - back];
        let view = self.hall.engine.order(claim.order);
        let is_latest = view.is_some_and(|view| {
            view.epoch == claim.epoch && matches!(view.state, State::Claimed | State::Serving)
        });
        let how = match self.below(9) {
            0 => PutBack::KeepPlace,
            1 => PutBack::BackOfLine,
            2 => PutBack::HeadStart { ms: self.below(60) as i64 - 30 },
            3 => PutBack::After { ms: self.below(40) },
            4 => PutBack::Park,
            5 => {
                let started = self.hall.call(|engine, cx| engine.start(cx, claim));
                return assert_eq!(started.is_ok(), is_latest, "{claim:?}: {started:?}");
            }
            _ => {
                let told = self.hall.outbox.events().len();
                self.hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).ok();
                return assert_eq!(self.hall.outbox.events().len() > told, is_latest, "{claim:?}");
            }
        };
        let told = self.hall.outbox.events().len();
        self.hall.call(|engine, cx| engine.put_back(cx, claim, how)).ok();
        assert_eq!(self.hall.outbox.events().len() > told, is_latest, "{claim:?}");
        if is_latest {
            let known = self.orders.iter_mut().rfind(|known| known.order == claim.order);
            known.unwrap().is_plain = false;
        }
    }

    fn grab(&mut self, clerk: ClerkId) {
        // Who waits in a lane of theirs, with rank, by the engine's own account.
        let engine = &self.hall.engine;
        let waiting: Vec<_> = self
            .orders
            .iter()
            .filter(|known| engine.may_take(clerk, known.order))
            .filter_map(|known| Some((known, engine.order(known.order)?)))
            .filter(|(_, view)| view.state == State::Waiting)
            .filter(|(known, _)| !self.lives.orders[&known.order].is_parked)
            .map(|(known, view)| (known.is_plain, view))
            .collect();
        let is_ready = engine.presence(clerk) == Some(Presence::Ready);
        let units = if clerk.0 == 3 { 1 } else { UNITS };
        let has_room = engine.held(clerk).unwrap() < units;
        let answer = self.hall.call(|engine, cx| engine.grab(cx, clerk));
        let Ok(grabbed) = answer else {
            return assert!(waiting.is_empty() || !is_ready || !has_room, "{answer:?}");
        };
        assert!(is_ready && has_room);
        self.claims.push(grabbed.claim);
        let is_it = |view: &qiangdan::OrderView| view.order == grabbed.claim.order;
        let &(is_plain, taken) = waiting.iter().find(|(_, view)| is_it(view)).unwrap();
        for &(other_is_plain, other) in &waiting {
            assert!(taken.rank_ms <= other.rank_ms, "{taken:?} went before {other:?}");
            if is_plain && other_is_plain && taken.arrived > other.arrived {
                let overtaken_by_ms = taken.arrived.0 - other.arrived.0;
                assert!(overtaken_by_ms <= HEAD_START_MS_MAX, "{taken:?} overtook {other:?}");
                let same = (taken.service, taken.class) == (other.service, other.class);
                assert!(!same, "{taken:?} overtook its like {other:?}");
            }
        }
    }

    /// Reads what was told since, and checks what must hold now.
    fn check(&mut self) {
        for event in self.hall.take() {
            assert_eq!(event.seq.0, self.events.len() as u64);
            self.lives.read(&event);
            self.events.push(event);
        }
        self.check_states();
        self.check_clerks();
    }

    fn check_states(&self) {
        let counts = self.lives.counts();
        assert_eq!(counts.iter().sum::<usize>(), self.orders.len());
        let open = self.orders.len() - counts[State::Closed as usize];
        assert!(open <= ORDERS as usize);
        for (&order, life) in &self.lives.orders {
            let told = self.hall.engine.state(order).unwrap_or(State::Closed);
            assert_eq!(told, life.state, "{order}");
            let (lived, spent) = (life.since.since_ms(life.submitted), &life.spent_ms);
            assert_eq!(spent.iter().sum::<u64>(), lived, "{order}");
        }
    }

    fn check_clerks(&self) {
        for clerk in (0..CLERKS).map(ClerkId) {
            let is_theirs = |state| matches!(state, State::Claimed | State::Serving);
            let lives = self.lives.orders.values();
            let held =
                lives.filter(|life| life.owner == Some(clerk) && is_theirs(life.state)).count();
            assert_eq!(self.hall.engine.held(clerk), Some(held as u32), "{clerk}");
            assert!(held <= UNITS as usize);
        }
    }
}

/// A whole day; in the end, time does to whoever still waits all that it can.
fn run(seed: u64) -> (Vec<Event>, Stats) {
    let mut day = Day::new(seed);
    for _ in 0..STEPS {
        day.step();
        day.check();
    }
    day.hall.pass(10_000);
    day.hall.advance();
    day.check();
    for (order, life) in &day.lives.orders {
        let view = day.hall.engine.order(*order);
        if life.state == State::Waiting {
            let stages = day.hall.engine.rules().stages(view.unwrap().service).len();
            assert_eq!(usize::from(view.unwrap().stages), stages, "{order} climbs all its ladder");
        }
    }
    assert_eq!(day.hall.engine.stats().claimed_again > 0, day.events.iter().any(is_second));
    let proof = proven(day.history, &day.events, &day.hall.engine);
    assert!(proof.claims == proof.waits && proof.claims == proof.held, "{proof:?}");
    (day.events, day.hall.engine.stats())
}

fn is_second(event: &Event) -> bool {
    matches!(event.kind, qiangdan::EventKind::OrderClaimed { epoch: 2.., .. })
}

#[test]
fn the_invariants_hold_on_every_day() {
    for seed in 0..DAYS {
        let day = std::panic::catch_unwind(|| run(seed));
        assert!(day.is_ok(), "the day of seed {seed}");
    }
}

#[test]
fn the_same_day_twice_is_the_same() {
    for seed in 0..20 {
        assert!(run(seed) == run(seed), "the day of seed {seed}");
    }
}
