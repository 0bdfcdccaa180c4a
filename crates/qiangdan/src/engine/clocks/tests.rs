//! Verbs on the life of an order that are stopped half way, between the swap of the claim word and
//! the note in the list, while time passes.

use qiangdan_sync::{AppendError, CloseReach};

use super::{CatchUp, tell::Told};
use crate::{
    Bounds, CalendarId, ClerkId, ClerkSpec, ClockRules, Cx, Engine, Event, EventKind, LimitId,
    Mono, Now, OrderId, OrderSpec, Outbox, Outcome, PoolId, RulesDraft, ServiceId, ServiceRule,
    Skills, Wall,
    calendar::{CalendarDraft, Day},
    engine::{Advancer, owner},
    limit::{LimitRule, Milestone, Moment, PauseReason, Reasons, TimeLimit},
    order::{Holder, end_of},
};

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

struct House {
    engine: Engine,
    advancer: Advancer,
    out: Outbox,
}

/// Two limits of ten milliseconds: until grabbed, and from coming in until closed.
fn house(orders: u32) -> House {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let calendar = CalendarDraft::always("UTC", day("2025-01-01"), day("2027-12-31"));
    let rule = |to| LimitRule {
        from: Moment::Reached(Milestone::SUBMITTED),
        to: vec![Moment::Reached(to)],
        lasts: TimeLimit::natural_time(10),
        calendar: CalendarId(0),
        pauses: Reasons::default(),
        restarts: Reasons::default(),
        extends_by: 0,
        stages: Vec::new(),
        expiry: None,
    };
    let clocks = ClockRules {
        calendars: vec![calendar.check().unwrap()],
        limits: vec![rule(Milestone::GRABBED), rule(Milestone::CLOSED)],
        of_services: vec![(ServiceId(0), LimitId(0)), (ServiceId(0), LimitId(1))],
        ..ClockRules::default()
    };
    let service =
        ServiceRule { pool: PoolId(0), needs: Skills::none(), wait_limit_ms: None, ladder: None };
    let draft = RulesDraft { pools: 1, services: vec![service], clocks, ..RulesDraft::default() };
    let (engine, advancer) = Engine::new(draft.check().unwrap(), Bounds::new(orders, 1)).unwrap();
    House { engine, advancer, out: Outbox::default() }
}

fn now(ms: i64) -> Now {
    Now { mono: Mono(ms.cast_unsigned()), wall: Wall(START + ms) }
}

impl House {
    fn submit(&mut self) -> OrderId {
        let mut cx = Cx::new(now(0), &mut self.out);
        self.engine.submit(&mut cx, &OrderSpec::new(ServiceId(0))).unwrap().order
    }

    fn advance(&mut self, ms: i64) -> Vec<EventKind> {
        self.advancer.advance_all(&mut Cx::new(now(ms), &mut self.out));
        let of_clocks = |event: Event| match event.kind {
            EventKind::OrderSubmitted { .. } | EventKind::ClockStarted { .. } => None,
            kind => Some(kind),
        };
        self.out.drain().filter_map(of_clocks).collect()
    }
}

fn limits(kinds: &[EventKind]) -> Vec<u16> {
    let climbed = |kind: &EventKind| match *kind {
        EventKind::RungClimbed { limit, .. } => Some(limit.0),
        _ => None,
    };
    kinds.iter().filter_map(climbed).collect()
}

fn stopped(limit: u16, ms: i64) -> EventKind {
    let (limit, at) = (LimitId(limit), Wall(START + ms));
    EventKind::ClockStopped { limit, is_late: false, at, late_by: 0 }
}

#[test]
fn a_grab_that_stops_half_way_is_not_late_and_holds_up_no_other_clock() {
    let mut house = house(1);
    let order = house.submit();
    house.advance(0);
    let inner = &*house.engine.inner.clone();
    let life = inner.life(order).unwrap();
    let grabbed = life.slot.word.try_hold(order.generation(), owner(ClerkId(0)).unwrap());
    assert_eq!(grabbed, Ok(1));
    // The clerk's thread sleeps here, from the fifth millisecond on; the other limit is over.
    assert_eq!(limits(&house.advance(50)), [1]);
    inner.note_grabbed(order, ServiceId(0), now(5));
    assert_eq!(house.advance(50), [stopped(0, 5)]);
}

#[test]
fn a_close_that_stops_half_way_is_not_late_and_the_slot_is_given_back_once() {
    let mut house = house(1);
    let order = house.submit();
    house.advance(0);
    let inner = &*house.engine.inner.clone();
    let life = inner.life(order).unwrap();
    let (word, end) = (&life.slot.word, end_of(Outcome::Abandoned));
    let before = word.try_close_unowned(order.generation(), CloseReach::OrHeld, end).unwrap();
    assert_eq!(limits(&house.advance(50)), [0], "nobody grabs it any more, and that is late");
    house.engine.settle(&mut Cx::new(now(50), &mut house.out), order).unwrap();
    let full =
        house.engine.submit(&mut Cx::new(now(50), &mut house.out), &OrderSpec::new(ServiceId(0)));
    assert!(full.is_err(), "the one that closes it gives the slot back");
    let mut cx = Cx::new(now(7), &mut house.out);
    let claim = (Holder::of(before), before.epoch);
    inner.close_listed(&mut cx, life, claim, Outcome::Abandoned, Wall(START + 7));
    assert!(house.advance(50).contains(&stopped(1, 7)));
    house.engine.settle(&mut Cx::new(now(50), &mut house.out), order).unwrap();
    house.submit();
}

#[test]
fn a_rung_is_not_climbed_by_a_list_that_has_grown_since() {
    let mut house = house(1);
    let order = house.submit();
    house.advance(0);
    let inner = &*house.engine.inner.clone();
    let (life, promises) = (inner.life(order).unwrap(), inner.promises.as_ref().unwrap());
    let list = promises.read(order).unwrap();
    let next = promises.next(ServiceId(0), &list).unwrap();
    let mut cx = Cx::new(now(50), &mut house.out);
    let reason = PauseReason::new(0).unwrap();
    house.engine.pause(&mut cx, order, reason, None, Some(Wall(START + 9))).unwrap();
    let (service, policy) = (ServiceId(0), CatchUp::All);
    let climbed = inner.climb_rung(&mut cx, promises, life, service, &list, next, policy);
    assert!(matches!(climbed, Err(AppendError::Changed)));
    let told = house.out.events().iter().map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(limits(&told), []);
}

#[test]
fn who_comes_second_neither_moves_the_mark_nor_takes_it_back() {
    let mut house = house(1);
    let order = house.submit();
    house.advance(0);
    let inner = &*house.engine.inner.clone();
    let promises = inner.promises.as_ref().unwrap();
    // A thread has read up to where was told, and sleeps; another tells of a pause meanwhile.
    let before = promises.told(order).unwrap();
    let reason = PauseReason::new(0).unwrap();
    house.engine.pause(&mut Cx::new(now(5), &mut house.out), order, reason, None, None).unwrap();
    let after = promises.told(order).unwrap();
    assert_eq!(after.facts, before.facts + 1);
    // It goes on, and finds that this was told.
    assert!(!promises.move_mark(order, before, Told { facts: before.facts + 1, ..before }));
    assert!(!promises.move_mark(order, before, before));
    assert_eq!(promises.told(order), Some(after));
    // That the order has been started is kept by whoever moves the mark without knowing.
    assert!(promises.starts(order));
    assert!(promises.move_mark(order, after, Told { facts: after.facts + 1, ..after }));
    assert!(!promises.starts(order));
}

#[test]
fn an_order_that_closed_before_its_last_rung_was_climbed_is_let_go() {
    let mut house = house(1);
    house.submit();
    house.advance(0);
    // It is late by now, and nobody has advanced since.
    let mut cx = Cx::new(now(50), &mut house.out);
    let spec = ClerkSpec { units: 1, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
    house.engine.sign_in(&mut cx, ClerkId(0), &spec).unwrap();
    let claim = house.engine.grab(&mut cx, ClerkId(0)).unwrap().claim;
    house.engine.complete(&mut cx, claim, Outcome::Done).unwrap();
    let told = house.advance(50);
    assert_eq!(limits(&told), [0, 1]);
    assert!(told.contains(&EventKind::OrderSettled));
    house.submit();
}
