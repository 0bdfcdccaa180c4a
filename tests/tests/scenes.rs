//! Whole verbs on several threads, in thousands of random schedules: each atomic access may be where
//! another thread goes on. A schedule that fails is printed and can be repeated.
//!
//! ```sh
//! RUSTFLAGS="--cfg qiangdan_shuttle" cargo test -p qiangdan-tests --release --test scenes
//! ```
//!
//! Every scene ends the same way: the events of all threads tell what may have happened, what waits in
//! the end is found, and the live figures are those of the events.

#![cfg(qiangdan_shuttle)]

use std::{collections::BTreeMap, ops::RangeInclusive};

use qiangdan::{
    Action, Advancer, Amend, CalendarId, ClassId, ClerkId, ClerkSpec, ClockRules, Cx, Engine,
    Event, EventKind, Ladder, LimitId, Now, OrderId, OrderSpec, Outbox, Outcome, PoolId, PoolWatch,
    Presence, PutBack, Reason, RulesDraft, ServiceId, Skills, Stage, Wall, WatchWhen,
    calendar::CalendarDraft,
    history::History,
    limit::{LimitRule, Milestone, Moment, PauseReason, Reasons, TimeLimit},
};
use qiangdan_tests::{
    hall::{checked, climbing, service, within},
    history::proven,
};
use shuttle::thread;

const WITHIN_MS: u64 = 5;

/// How many schedules of each scene; ten times as many with `QIANGDAN_DEEP`.
fn schedules() -> usize {
    if std::env::var_os("QIANGDAN_DEEP").is_some() { 20_000 } else { 2_000 }
}

/// What happens on a thread of its own.
type Part = fn(&mut Actor, &[OrderId]);

/// One thread's handle of the hall.
struct Actor {
    engine: Engine,
    clerk: ClerkId,
    out: Outbox,
    now_ms: u64,
}

impl Actor {
    fn call<T>(&mut self, verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T) -> T {
        self.now_ms += 1;
        let now = Now::after(Wall(0), self.now_ms);
        verb(&self.engine, &mut Cx::new(now, &mut self.out))
    }

    fn submit(&mut self, spec: OrderSpec) -> OrderId {
        self.call(|engine, cx| engine.submit(cx, &spec)).expect("there is room").order
    }

    fn grab(&mut self) -> Option<qiangdan::Claim> {
        let clerk = self.clerk;
        self.call(|engine, cx| engine.grab(cx, clerk)).ok().map(|grabbed| grabbed.claim)
    }

    fn grab_order(&mut self, order: OrderId) -> Option<qiangdan::Claim> {
        let clerk = self.clerk;
        self.call(|engine, cx| engine.grab_order(cx, clerk, order)).ok().map(|g| g.claim)
    }

    fn put_back(&mut self, claim: qiangdan::Claim, how: PutBack) {
        self.call(|engine, cx| engine.put_back(cx, claim, how)).ok();
    }

    fn complete(&mut self, claim: qiangdan::Claim) {
        self.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).ok();
    }
}

/// Two pools; the first service has a limit, boosts after 3 ms and widens to the other pool after 4.
fn rules() -> RulesDraft {
    let stages = vec![
        Stage { at_ms: 3, actions: vec![Action::Boost { by_ms: 10 }] },
        Stage { at_ms: 4, actions: vec![Action::Widen { pool: PoolId(1) }] },
    ];
    RulesDraft {
        pools: 2,
        services: vec![within(4, climbing(0, service(0, &[]))), service(1, &[])],
        head_starts_ms: vec![0, 7],
        ladders: vec![Ladder { stages }],
        watches: vec![PoolWatch {
            pool: PoolId(0),
            when: WatchWhen::Longer { than: 1, until: 0 },
            actions: vec![],
        }],
        target: qiangdan::WaitTarget { within_ms: WITHIN_MS, ..RulesDraft::default().target },
        ..RulesDraft::default()
    }
}

fn advance_all(advancer: &mut Advancer, out: &mut Outbox, span_ms: RangeInclusive<u64>) {
    for ms in span_ms {
        advancer.advance_all(&mut Cx::new(Now::after(Wall(0), ms), out));
    }
}

/// Plays one scene: `first` orders wait, then each part goes its way while time passes.
fn play(first: u32, parts: &'static [Part]) {
    shuttle::check_random(move || one(first, parts), schedules());
    // Few switches in unlikely places find what many in likely ones miss.
    shuttle::check_pct(move || one(first, parts), schedules(), 3);
}

fn one(first: u32, parts: &'static [Part]) {
    let clerks = u32::try_from(parts.len() + 1).expect("a few parts");
    let bounds = qiangdan::Bounds::new(6, clerks);
    let (engine, mut advancer) = Engine::new(checked(rules()), bounds).expect("bounds in range");
    let actor = |clerk| Actor {
        engine: engine.clone(),
        clerk: ClerkId(clerk),
        out: Outbox::default(),
        now_ms: 0,
    };
    let mut manager = actor(clerks - 1);
    let mut history = History::new(engine.rules().clone());
    for clerk in (0..clerks).map(ClerkId) {
        let pools = [PoolId(0), PoolId(1)];
        let spec = ClerkSpec { units: 6, ..ClerkSpec::new(&pools, Skills::none()) };
        history.signs_in(clerk, &spec);
        manager.call(|engine, cx| engine.sign_in(cx, clerk, &spec)).expect("the clerk exists");
    }
    manager.now_ms = 0;
    let orders: Vec<OrderId> =
        (0..first).map(|_| manager.submit(OrderSpec::new(ServiceId(0)))).collect();
    let running: Vec<_> = (0..)
        .zip(parts)
        .map(|(clerk, part)| {
            let (mut actor, orders) = (actor(clerk), orders.clone());
            thread::spawn(move || {
                part(&mut actor, &orders);
                actor.out
            })
        })
        .collect();
    let mut told = Outbox::default();
    advance_all(&mut advancer, &mut told, 1..=6);
    let mut events: Vec<Event> = told.drain().collect();
    // No outbox goes before all are done: its desk would go to another, who may tell late.
    let outs = running.into_iter().map(|thread| thread.join().expect("no part panics"));
    for mut out in outs.collect::<Vec<_>>() {
        events.extend(out.drain());
    }
    // Everything is out of the way; what was put back for a while comes back, and what waits is found.
    manager.now_ms = 100;
    advance_all(&mut advancer, &mut told, 7..=101);
    while let Some(claim) = manager.grab() {
        manager.complete(claim);
    }
    events.extend(told.drain().chain(manager.out.drain()));
    let proof = proven(history, &events, &engine);
    for view in engine.open_orders() {
        assert!(view.owner.is_some(), "{} waits and cannot be found", view.order);
    }
    check_watch(&engine, &events, clerks);
    let held: u32 = (0..clerks).filter_map(|clerk| engine.held(ClerkId(clerk))).sum();
    assert_eq!(u64::from(held), proof.open, "room that was not given back");
}

/// Nothing waits any more in the pool that is watched, and what its watch has said is in turn.
fn check_watch(engine: &Engine, events: &[Event], clerks: u32) {
    let now = engine.watched_pool(PoolId(0)).expect("it is watched");
    let is_ready = |&clerk: &u32| engine.presence(ClerkId(clerk)) == Some(Presence::Ready);
    let ready = u32::try_from((0..clerks).filter(is_ready).count()).expect("a few clerks");
    assert_eq!((now.waiting, now.ready, now.fired), (0, ready, vec![]));
    let count = |is: fn(&EventKind) -> bool| events.iter().filter(|e| is(&e.kind)).count();
    let fired = count(|kind| matches!(kind, EventKind::WatchFired { .. }));
    assert_eq!(fired, count(|kind| matches!(kind, EventKind::WatchRearmed { .. })));
}

fn submits_two(actor: &mut Actor, _: &[OrderId]) {
    actor.submit(OrderSpec::new(ServiceId(1)));
    actor.submit(OrderSpec::new(ServiceId(0)).class(ClassId(1)));
}

fn serves_two(actor: &mut Actor, _: &[OrderId]) {
    for _ in 0..2 {
        if let Some(claim) = actor.grab() {
            actor.complete(claim);
        }
    }
}

fn takes_by_name(actor: &mut Actor, orders: &[OrderId]) {
    for &order in orders {
        if let Some(claim) = actor.grab_order(order) {
            actor.complete(claim);
        }
    }
}

fn gives_back(actor: &mut Actor, _: &[OrderId]) {
    for how in [PutBack::KeepPlace, PutBack::BackOfLine, PutBack::HeadStart { ms: 2 }] {
        if let Some(claim) = actor.grab() {
            actor.put_back(claim, how);
        }
    }
}

fn puts_off(actor: &mut Actor, _: &[OrderId]) {
    if let Some(claim) = actor.grab() {
        actor.put_back(claim, PutBack::After { ms: 2 });
    }
}

fn cancels(actor: &mut Actor, orders: &[OrderId]) {
    for &order in orders {
        actor.call(|engine, cx| engine.cancel(cx, order, Reason::Abandoned)).ok();
    }
}

fn amends(actor: &mut Actor, orders: &[OrderId]) {
    let changes =
        [(Some(ServiceId(1)), None), (None, Some(ClassId(1))), (Some(ServiceId(0)), None)];
    for (service, class) in changes {
        let amend = Amend { service, class };
        actor.call(|engine, cx| engine.amend(cx, orders[0], amend)).ok();
    }
}

#[test]
fn submits_and_grabs() {
    play(1, &[submits_two, serves_two, serves_two]);
}

#[test]
fn everybody_wants_the_same_orders() {
    play(2, &[takes_by_name, serves_two, takes_by_name]);
}

#[test]
fn orders_go_back_while_others_grab() {
    play(2, &[gives_back, serves_two, gives_back]);
}

#[test]
fn orders_go_away_for_a_while() {
    play(2, &[puts_off, takes_by_name, puts_off]);
}

#[test]
fn orders_are_cancelled_while_they_go_back() {
    play(2, &[gives_back, cancels, submits_two]);
}

#[test]
fn orders_are_amended_while_they_go_back() {
    play(1, &[gives_back, amends, serves_two]);
}

#[test]
fn slots_are_used_again_under_everybodys_hands() {
    play(3, &[cancels, submits_two, takes_by_name, gives_back]);
}

/// The manager's presence, which the others do not use.
fn comes_and_goes(actor: &mut Actor, _: &[OrderId]) {
    for presence in [Presence::Break(0), Presence::Ready] {
        actor.call(|engine, cx| engine.set_presence(cx, ClerkId(3), presence)).ok();
    }
}

#[test]
fn one_clerks_presence_is_changed_by_two() {
    play(1, &[comes_and_goes, comes_and_goes, submits_two]);
}

#[test]
fn orders_leave_a_watched_pool_while_others_take_them() {
    play(2, &[amends, takes_by_name, cancels]);
}

/// One limit until grabbed, one until closed that a pause holds; four milliseconds each.
fn clock_rules() -> RulesDraft {
    let reason = PauseReason::new(0).expect("a reason");
    let limit = |to, pauses| LimitRule {
        from: Moment::Reached(Milestone::SUBMITTED),
        to: vec![Moment::Reached(to)],
        lasts: TimeLimit::natural_time(4),
        calendar: CalendarId(0),
        pauses,
        restarts: Reasons::default(),
        extends_by: 0,
        stages: Vec::new(),
        expiry: None,
    };
    let days = ["1970-01-01", "1971-12-31"].map(|day| day.parse().expect("a day"));
    let calendar = CalendarDraft::always("UTC", days[0], days[1]).check().expect("it is right");
    let clocks = ClockRules {
        calendars: vec![calendar],
        limits: vec![
            limit(Milestone::GRABBED, Reasons::default()),
            limit(Milestone::CLOSED, Reasons::default().with(reason)),
        ],
        of_services: vec![(ServiceId(0), LimitId(0)), (ServiceId(0), LimitId(1))],
        ..ClockRules::default()
    };
    RulesDraft { pools: 1, services: vec![service(0, &[])], clocks, ..RulesDraft::default() }
}

/// One order with clocks, two parts and time: what is told of each clock is told once, and in the end
/// nothing is untold.
fn clock_scene(parts: [Part; 2]) {
    let bounds = qiangdan::Bounds::new(1, 3);
    let (engine, mut advancer) = Engine::new(checked(clock_rules()), bounds).expect("in range");
    let actor = |clerk| Actor {
        engine: engine.clone(),
        clerk: ClerkId(clerk),
        out: Outbox::default(),
        now_ms: 0,
    };
    let mut manager = actor(2);
    for clerk in (0..3).map(ClerkId) {
        let spec = ClerkSpec { units: 1, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
        manager.call(|engine, cx| engine.sign_in(cx, clerk, &spec)).expect("the clerk exists");
    }
    let order = manager.submit(OrderSpec::new(ServiceId(0)));
    let running: Vec<_> = (0..)
        .zip(parts)
        .map(|(clerk, part)| {
            let mut actor = actor(clerk);
            actor.now_ms = 4;
            thread::spawn(move || {
                part(&mut actor, &[order]);
                actor.out
            })
        })
        .collect();
    let mut told = Outbox::default();
    advance_all(&mut advancer, &mut told, 4..=8);
    let mut events: Vec<Event> = manager.out.drain().chain(told.drain()).collect();
    for thread in running {
        events.extend(thread.join().expect("no part panics").drain());
    }
    manager.now_ms = 100;
    if let Some(claim) = manager.grab() {
        manager.complete(claim);
    }
    advance_all(&mut advancer, &mut told, 102..=103);
    events.extend(told.drain().chain(manager.out.drain()));
    let mut counts = BTreeMap::<(u16, &str), usize>::new();
    for event in events.iter().filter(|event| event.order == Some(order)) {
        let (limit, what) = match event.kind {
            EventKind::ClockStarted { limit, .. } => (limit, "started"),
            EventKind::ClockStopped { limit, .. } => (limit, "stopped"),
            EventKind::ClockPaused { limit, .. } => (limit, "paused"),
            EventKind::ClockResumed { limit, .. } => (limit, "resumed"),
            EventKind::RungClimbed { limit, .. } => (limit, "climbed"),
            EventKind::OrderSettled => (LimitId(9), "settled"),
            _ => continue,
        };
        *counts.entry((limit.0, what)).or_default() += 1;
    }
    let count = |limit, what| counts.get(&(limit, what)).copied().unwrap_or(0);
    for limit in [0, 1] {
        assert_eq!((count(limit, "started"), count(limit, "stopped")), (1, 1), "{counts:?}");
        assert!(count(limit, "climbed") <= 1, "{counts:?}");
    }
    let (paused, resumed) = (count(1, "paused"), count(1, "resumed"));
    assert!(resumed <= paused, "{counts:?}");
    assert_eq!(count(9, "settled"), 1, "the slot is given back once: {counts:?}");
    manager.submit(OrderSpec::new(ServiceId(0)));
}

fn play_clocks(parts: [Part; 2]) {
    shuttle::check_random(move || clock_scene(parts), schedules());
    shuttle::check_pct(move || clock_scene(parts), schedules(), 3);
}

fn pauses(actor: &mut Actor, orders: &[OrderId]) {
    let reason = PauseReason::new(0).expect("a reason");
    actor.call(|engine, cx| engine.pause(cx, orders[0], reason, None, None)).ok();
    actor.call(|engine, cx| engine.resume(cx, orders[0], reason, None)).ok();
}

fn serves_one(actor: &mut Actor, _: &[OrderId]) {
    if let Some(claim) = actor.grab() {
        actor.complete(claim);
    }
}

#[test]
fn clocks_are_paused_while_an_order_is_served_and_time_passes() {
    play_clocks([pauses, serves_one]);
}

#[test]
fn two_pause_one_clock() {
    play_clocks([pauses, pauses]);
}
