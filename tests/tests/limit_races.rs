//! Threads that tell facts of the same orders while another advances: each rung is climbed once for each
//! due, what is told adds up to the list of facts, and every slot comes back.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst},
    thread,
};

use qiangdan::{
    Action, Bounds, CalendarId, ClerkId, Cx, Engine, Event, EventKind, LimitId, Mono, Now, OrderId,
    OrderSpec, Outbox, Outcome, RoleId, ServiceId, Wall,
    calendar::{Calendar, Special, SpecialDay},
    limit::{
        Expiry, Fact, LimitRule, LimitStage, Milestone, Moment, PauseReason, Reasons, StageAt,
        TimeLimit, What,
    },
};
use qiangdan_tests::office::{Office, at, draft, limit, rules};

const MARK: Milestone = Milestone(4);
const DONE: Milestone = Milestone(5);
const ORDERS: usize = 24;
const ROUNDS: u64 = 3_000;
const MINUTE_MS: i64 = 60_000;

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

fn limits() -> Vec<LimitRule> {
    let stage = |at| LimitStage {
        at,
        actions: vec![Action::Notify { role: RoleId(0) }, Action::Boost { by_ms: 1 }],
        again: None,
        silence: None,
    };
    let stages = [StageAt::Spent(2_000), StageAt::Spent(5_000), StageAt::Past(60_000)];
    let promise = LimitRule {
        pauses: Reasons::default().with(reason(0)).with(reason(1)),
        restarts: Reasons::default().with(reason(2)),
        extends_by: 3_600_000,
        stages: stages.map(stage).to_vec(),
        ..limit(
            Moment::Reached(Milestone::SUBMITTED),
            &[Moment::Reached(DONE), Moment::Reached(Milestone::CLOSED)],
            TimeLimit::working_time(1_800_000),
        )
    };
    let grab = LimitRule {
        expiry: Some(Expiry::Deemed { milestone: MARK, backdated: false }),
        ..limit(
            Moment::Reached(Milestone::SUBMITTED),
            &[Moment::Reached(Milestone::GRABBED), Moment::Reached(MARK)],
            TimeLimit::natural_time(1_200_000),
        )
    };
    vec![promise, grab]
}

/// A small generator, so that a seed is the whole story.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Both clocks, which all threads read and one moves.
fn now(minute: &AtomicI64) -> Now {
    let minute = minute.load(SeqCst);
    let wall = Wall(at("2026-03-02 09:00").0 + minute * MINUTE_MS);
    Now { mono: Mono(u64::try_from(minute * MINUTE_MS).unwrap()), wall }
}

fn tell(engine: &Engine, cx: &mut Cx<'_>, order: OrderId, clerk: ClerkId, dice: &mut Dice) {
    let n = u8::try_from(dice.roll(3)).unwrap();
    match dice.roll(9) {
        0 => drop(engine.reach(cx, order, DONE, None, None)),
        1 | 2 => drop(engine.pause(cx, order, reason(n), None, None)),
        3 | 4 => drop(engine.resume(cx, order, reason(n), None)),
        5 => drop(engine.extend(cx, order, LimitId(0), 600_000, clerk, None)),
        6 => drop(engine.acknowledge(cx, order, LimitId(0), 0, None)),
        7 => {
            let earlier = Wall(cx.now.wall.0 - MINUTE_MS);
            drop(engine.pause(cx, order, reason(n), None, Some(earlier)));
        }
        _ => {
            if let Ok(grabbed) = engine.grab(cx, clerk) {
                engine.start(cx, grabbed.claim).unwrap();
                drop(engine.put_back(cx, grabbed.claim, qiangdan::PutBack::KeepPlace));
            }
        }
    }
}

fn drop<T>(_: T) {}

#[test]
fn however_many_tell_at_once_each_rung_is_climbed_once_for_each_due() {
    for seed in 0..6 {
        race(seed);
    }
}

fn race(seed: u64) {
    let bounds = Bounds { facts: Some(20_000), ..Bounds::new(64, 2) };
    let mut office = Office::with_room(rules(limits(), &[&[0, 1]]), "2026-03-02 09:00", bounds);
    office.sign_in(0, &[0], &[0]);
    office.sign_in(1, &[0], &[0]);
    let orders: Vec<_> = (0..ORDERS).map(|_| office.submit(OrderSpec::new(ServiceId(0)))).collect();
    let (minute, is_over) = (AtomicI64::new(0), AtomicBool::new(false));
    let mut outboxes = vec![std::mem::take(&mut office.outbox)];
    let (engine, advancer) = (&office.engine, &mut office.advancer);
    thread::scope(|scope| {
        let tellers = [0, 1].map(|teller| {
            let (orders, minute) = (&orders, &minute);
            scope.spawn(move || {
                let mut dice = Dice(seed * 31 + u64::from(teller));
                let mut outbox = Outbox::default();
                for _ in 0..ROUNDS {
                    let order = orders[usize::try_from(dice.roll(ORDERS as u64)).unwrap()];
                    let mut cx = Cx::new(now(minute), &mut outbox);
                    tell(engine, &mut cx, order, ClerkId(teller), &mut dice);
                    minute.fetch_add(i64::from(dice.roll(8) == 0), SeqCst);
                }
                outbox
            })
        });
        let (is_over, minute) = (&is_over, &minute);
        let advancing = scope.spawn(move || {
            let mut outbox = Outbox::default();
            let mut changed = false;
            while !is_over.load(SeqCst) {
                let mut cx = Cx::new(now(minute), &mut outbox);
                advancer.advance_within(&mut cx, 7);
                if !changed && minute.load(SeqCst) > 30 {
                    let new = swapped(true);
                    advancer.load_calendar(&mut cx, CalendarId(0), new).unwrap();
                    changed = true;
                }
            }
            outbox
        });
        for teller in tellers {
            outboxes.push(teller.join().unwrap());
        }
        is_over.store(true, SeqCst);
        outboxes.push(advancing.join().unwrap());
    });
    office.outbox = outboxes.pop().unwrap();
    office.now = now(&minute);
    office.advance();
    let events: Vec<Event> = outboxes.iter().flat_map(Outbox::events).copied().collect();
    office.history.read_all(&events);
    let events: Vec<Event> = events.into_iter().chain(office.take()).collect();
    for &order in &orders {
        check(&office, order, &events, seed);
    }
    // Whoever closes them gives the slots back, and with them all room for facts.
    for &order in &orders {
        if let Ok(grabbed) = office.call(|engine, cx| engine.grab_order(cx, ClerkId(0), order)) {
            office.call(|engine, cx| engine.complete(cx, grabbed.claim, Outcome::Done)).unwrap();
        }
    }
    assert_eq!(office.engine.facts_in_use().0, 0, "seed {seed}");
}

fn check(office: &Office, order: OrderId, events: &[Event], seed: u64) {
    let facts = office.engine.facts(order).unwrap();
    let climbed = |fact: &Fact| match fact.what {
        What::Climbed { limit, rung } => Some((limit, rung, fact.at)),
        _ => None,
    };
    let noted: Vec<_> = facts.iter().filter_map(climbed).collect();
    let once: BTreeSet<_> = noted.iter().copied().collect();
    assert_eq!(once.len(), noted.len(), "seed {seed}: {facts:?}");
    // Each was the next by all that had been told before it, by the calendar before the swap or after it.
    let calendars = [false, true].map(|is_new| [swapped(is_new)]);
    let book = office.engine.book().unwrap();
    for (n, fact) in facts.iter().enumerate() {
        let Some((limit, rung, due)) = climbed(fact) else { continue };
        let is_next = |calendars: &[Calendar; 1]| {
            let next = book.read(ServiceId(0), &facts[..n], &calendars[..]).next();
            next.is_ok_and(|next| (next.limit, next.rung, next.due) == (limit, rung, due))
        };
        let is_grab_told = facts[..n].iter().any(|fact| is_grab(fact.what));
        // A grab counts from the claim word on.
        let may_be_implied = !is_grab_told && facts[n..].iter().any(|fact| is_grab(fact.what));
        assert!(
            may_be_implied || calendars.iter().any(is_next),
            "seed {seed}, fact {n}: {facts:?}"
        );
    }
    let of_order = || events.iter().filter(|event| event.order == Some(order));
    let told: Vec<_> = of_order()
        .filter_map(|event| match event.kind {
            EventKind::RungClimbed { limit, rung, due, .. } => Some((limit, rung, due)),
            _ => None,
        })
        .collect();
    assert_eq!(told, noted, "seed {seed}: the one that advances tells each, in order");
    // The facts that people told are told as events, no more and no fewer.
    let mut heard: Vec<_> = of_order()
        .filter_map(|event| match event.kind {
            EventKind::MilestoneReached { milestone, at, .. } => Some((0, milestone.0, at)),
            EventKind::OrderPaused { reason, at, .. } => Some((1, reason.number(), at)),
            EventKind::OrderResumed { reason, at } => Some((2, reason.number(), at)),
            EventKind::LimitExtended { at, .. } => Some((3, 0, at)),
            EventKind::StageAcknowledged { stage, at, .. } => Some((4, stage, at)),
            _ => None,
        })
        .collect();
    let mut listed: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact.what {
            What::Reached { milestone, .. } if milestone >= Milestone(4) => {
                Some((0, milestone.0, fact.at))
            }
            What::Paused { reason, .. } => Some((1, reason.number(), fact.at)),
            What::Resumed { reason } => Some((2, reason.number(), fact.at)),
            What::Extended { .. } => Some((3, 0, fact.at)),
            What::Acknowledged { stage, .. } => Some((4, stage, fact.at)),
            _ => None,
        })
        .collect();
    heard.sort_unstable();
    listed.sort_unstable();
    assert_eq!(heard, listed, "seed {seed}");
    let grabs = facts
        .iter()
        .filter(|fact| matches!(fact.what, What::Reached { milestone: Milestone::GRABBED, .. }));
    let is_grabbed = of_order().any(|event| matches!(event.kind, EventKind::OrderClaimed { .. }));
    assert_eq!(grabs.count(), usize::from(is_grabbed), "seed {seed}: the first grab alone");
}

fn is_grab(what: What) -> bool {
    matches!(what, What::Reached { milestone: Milestone::GRABBED, .. })
}

/// The calendar before the swap, or after it.
fn swapped(is_new: bool) -> Calendar {
    let mut draft = draft();
    if is_new {
        let day = "2026-03-03".parse().unwrap();
        draft.special.push(SpecialDay { day, name: String::new(), what: Special::Holiday });
    }
    draft.check().unwrap()
}
