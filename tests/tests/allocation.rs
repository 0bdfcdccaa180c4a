//! Grabbing allocates nothing. Nor do the other verbs of an order, once its lane has had returns.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use qiangdan::{
    Action, Amend, CalendarId, ClassId, ClerkId, ClockRules, Cx, Ladder, LimitId, Now, OrderSpec,
    Outbox, Outcome, Presence, PutBack, Reason, RulesDraft, ServiceId, Stage, Wall,
    calendar::{CalendarDraft, Day, OpenSpan, Week},
    limit::{Book, Fact, LimitRule, Milestone, Moment, Reasons, TimeLimit, What},
};
use qiangdan_tests::{
    hall::{Hall, climbing, service},
    office::{Office, limit, rules},
};

/// The system's allocator, which counts for each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // While a thread begins or ends there is no counter; nothing is measured then.
    ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1)).ok();
}

// SAFETY: every call is passed on as it is to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` by one of the other methods.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: `pointer` came from `System`; the rest are the caller's promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[track_caller]
fn allocates_nothing<T>(verb: &str, call: impl FnOnce() -> T) -> T {
    let before = ALLOCATIONS.get();
    let answer = call();
    assert_eq!(ALLOCATIONS.get() - before, 0, "{verb} allocates");
    answer
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(vec![1]));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}

#[test]
fn no_verb_of_an_order_allocates() {
    let stage = Stage { at_ms: 5, actions: vec![Action::Boost { by_ms: 50 }] };
    let draft = RulesDraft {
        pools: 2,
        services: vec![climbing(0, service(0, &[])), service(1, &[0])],
        head_starts_ms: vec![0, 1_000],
        ladders: vec![Ladder { stages: vec![stage] }],
        ..RulesDraft::default()
    };
    let mut hall = Hall::new(draft, 1_000, 2);
    hall.sign_in(0, &[0, 1], &[0], 10);
    let (engine, clerk) = (hall.engine.clone(), ClerkId(0));
    let mut events = Outbox::with_capacity(100_000);
    // The first call with an outbox makes its desk.
    for presence in [Presence::Break(1), Presence::Ready] {
        engine.set_presence(&mut Cx::new(Now::default(), &mut events), clerk, presence).unwrap();
    }
    // As many rounds as fill every slot several times over.
    for round in 0..5_000 {
        let cx = &mut Cx::new(Now::after(Wall(0), round), &mut events);
        let spec = OrderSpec::new(ServiceId(u16::from(round % 3 == 0)));
        let spec = spec.class(ClassId(u8::from(round % 5 == 0)));
        let order = allocates_nothing("submit", || engine.submit(cx, &spec)).unwrap().order;
        let claim = allocates_nothing("grab", || engine.grab(cx, clerk)).unwrap().claim;
        assert_eq!(claim.order, order);
        let how = if round % 2 == 0 { PutBack::KeepPlace } else { PutBack::Park };
        let amend = Amend { service: Some(ServiceId(0)), class: None };
        if round < 100 {
            // The first returns to a lane make room for those to come.
            engine.put_back(cx, claim, how).unwrap();
            engine.amend(cx, order, amend).unwrap();
        } else {
            allocates_nothing("put_back", || engine.put_back(cx, claim, how)).unwrap();
            allocates_nothing("amend", || engine.amend(cx, order, amend)).unwrap();
        }
        let named = || engine.grab_order(cx, clerk, order);
        let claim = allocates_nothing("grab_order", named).unwrap().claim;
        if round % 2 == 0 {
            allocates_nothing("start", || engine.start(cx, claim)).unwrap();
            let complete = || engine.complete(cx, claim, Outcome::Done);
            allocates_nothing("complete", complete).unwrap();
        } else {
            let cancel = || engine.cancel(cx, order, Reason::Abandoned);
            allocates_nothing("cancel", cancel).unwrap();
        }
        allocates_nothing("grab", || engine.grab(cx, clerk)).unwrap_err();
    }
}

#[test]
fn time_that_passes_allocates_nothing_once_it_has_run() {
    let stages = (1..20).map(|at_ms| Stage { at_ms, actions: vec![Action::Boost { by_ms: 1 }] });
    let draft = RulesDraft {
        pools: 1,
        services: vec![climbing(0, service(0, &[]))],
        ladders: vec![Ladder { stages: stages.collect() }],
        ..RulesDraft::default()
    };
    let mut hall = Hall::new(draft, 64, 1);
    hall.outbox = Outbox::with_capacity(100_000);
    for round in 0..4 {
        for _ in 0..16 {
            hall.submit(OrderSpec::new(ServiceId(0)));
        }
        for _ in 0..30 {
            hall.pass(1);
            let before = ALLOCATIONS.get();
            hall.advance();
            assert!(round == 0 || ALLOCATIONS.get() == before, "advance allocates");
        }
    }
}

#[test]
fn an_order_with_limits_comes_in_and_is_grabbed_without_an_allocation() {
    let moment = Moment::Reached;
    let (came, taken, over) = (Milestone::SUBMITTED, Milestone::GRABBED, Milestone::CLOSED);
    let lasts = TimeLimit::working_time(3_600_000);
    let limits = vec![
        limit(moment(came), &[moment(taken)], lasts),
        limit(moment(Milestone::STARTED), &[moment(over)], lasts),
        limit(moment(came), &[moment(over)], TimeLimit::working_days(5)),
    ];
    let mut office = Office::new(rules(limits, &[&[0, 1, 2]]), "2026-03-02 10:00");
    office.sign_in(0, &[0], &[0]);
    let (engine, clerk, now) = (office.engine.clone(), ClerkId(0), office.now);
    let mut events = Outbox::with_capacity(100_000);
    for presence in [Presence::Break(1), Presence::Ready] {
        engine.set_presence(&mut Cx::new(now, &mut events), clerk, presence).unwrap();
    }
    // The swap of calendars remembers each thread that has read them.
    let spec = OrderSpec::new(ServiceId(0));
    for round in 0..1_000 {
        let cx = &mut Cx::new(now, &mut events);
        if round == 0 {
            let order = engine.submit(cx, &spec).unwrap().order;
            engine.cancel(cx, order, Reason::Abandoned).unwrap();
        }
        let order = allocates_nothing("submit", || engine.submit(cx, &spec)).unwrap().order;
        let claim = allocates_nothing("grab", || engine.grab(cx, clerk)).unwrap().claim;
        assert_eq!(claim.order, order);
        allocates_nothing("start", || engine.start(cx, claim)).unwrap();
        // Untouched by pauses and rungs, reading the clocks does not allocate either.
        let complete = || engine.complete(cx, claim, Outcome::Done);
        allocates_nothing("complete", complete).unwrap();
    }
}

#[test]
fn what_comes_next_for_an_order_that_came_in_is_known_without_allocating() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let week = Week::monday_to_friday(&[OpenSpan::new((9, 0), (17, 0))]);
    let draft = CalendarDraft::new("Asia/Shanghai", day("2026-01-01"), day("2026-12-31"));
    let promised = |lasts| LimitRule {
        from: Moment::Reached(Milestone::SUBMITTED),
        to: vec![Moment::Reached(Milestone::CLOSED)],
        lasts,
        calendar: CalendarId(0),
        pauses: Reasons::default(),
        restarts: Reasons::default(),
        extends_by: 0,
        stages: Vec::new(),
        expiry: None,
    };
    let limits = [5, 10, 20].map(TimeLimit::working_days).map(promised);
    let rules = ClockRules {
        calendars: vec![CalendarDraft { week, ..draft }.check().unwrap()],
        limits: limits.into(),
        of_services: (0..3).map(|limit| (ServiceId(0), LimitId(limit))).collect(),
        ..ClockRules::default()
    };
    let book = Book::new(&rules, 1);
    let what = What::Reached { milestone: Milestone::SUBMITTED, amount: 0 };
    let facts = [Fact { at: rules.calendars[0].begins(day("2026-03-02")).unwrap(), what }];
    let next =
        allocates_nothing("read", || book.read(ServiceId(0), &facts, &rules.calendars[..]).next());
    assert_eq!(next.unwrap().limit, LimitId(0));
}
