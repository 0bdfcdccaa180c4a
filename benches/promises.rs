//! P1 to P3: what do limits by the calendar cost the whole engine, a million orders at a time?
//!
//! * *P1*: orders with three clocks each (5, 20 and 60 working days by the notices of the State
//!   Council, each with a stage at half and a breach) come in, are looked at for the first time, and
//!   are cancelled; beside the same without limits. *On top* is the difference of the two rows of one
//!   round. Ten million with `QIANGDAN_BENCH_HUGE` set; they need 9 GB.
//! * *P2*, the herd: the limits of a million orders are over at one closing instant, while another
//!   thread grabs one of them every 20 µs, as in W7.
//! * *P3*: a holiday more within the spans of a million open orders of P1: how long it takes to
//!   preview, and to look at all of them again in the steps of `advance`, while another thread grabs.
//!
//! Unit: nanoseconds per submit, first look, cancel; bytes of resident memory per order; stages per
//! second; microseconds of the longest single call of `advance`; nanoseconds from the instant at which
//! a grab should have begun until it is done.
//!
//! Outside the timed part: making the engine, in P1 also a life of each slot before the timed one, so
//! that no page is new; the submit before and the completing after each grab.
//!
//! Baselines: P1, the engine without limits. P2, one mutex around a record for each order, its line and
//! a `BinaryHeap` of dues, which pops all that is due under the lock. P3 has none.

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    env,
    hint::spin_loop,
    io::{self, Write as _},
    process::Command,
    sync::atomic::{
        AtomicU8,
        Ordering::{Acquire, Release},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use qiangdan::{
    Action, Advancer, Bounds, CalendarId, ClerkId, ClerkSpec, ClockRules, Cx, Engine, EventKind,
    LimitId, Now, OrderId, OrderSpec, Outbox, Outcome, PoolId, Reason, RoleId, RulesDraft,
    ServiceId, ServiceRule, Skills,
    calendar::{Calendar, CalendarDraft, Day, OpenSpan, STATE_COUNCIL, Special, SpecialDay, Week},
    limit::{LimitRule, LimitStage, Milestone, Moment, Reasons, StageAt, TimeLimit},
};
use qiangdan_benches::{
    latency::Latencies,
    measure::{ns_of_each, ratio},
    pace::{is_huge, is_short, rounds, scaled},
    resident::resident,
    table::Table,
};

const EVERY: Duration = Duration::from_micros(20);
const HOUR_MS: u64 = 3_600_000;
const CLERK: ClerkId = ClerkId(0);
/// Says to a child what to measure: of how many orders, with limits or without.
const CHILD: &str = "QIANGDAN_BENCH_PROMISES_OF";

// --- halls ----------------------------------------------------------------------------------------

fn draft() -> CalendarDraft {
    let day = |text: &str| text.parse::<Day>().expect("it is a day");
    let spans = [OpenSpan::new((9, 0), (12, 0)), OpenSpan::new((13, 30), (17, 0))];
    let draft = CalendarDraft {
        week: Week::monday_to_friday(&spans),
        ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2030-12-31"))
    };
    STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice)
}

fn calendar() -> Calendar {
    draft().check().expect("it is right")
}

/// The same with a holiday more, three days after all orders came in.
fn changed() -> Calendar {
    let mut draft = draft();
    let (name, what) = ("临时放假".to_owned(), Special::Holiday);
    draft.special.push(SpecialDay { day: "2025-03-06".parse().expect("a day"), name, what });
    draft.check().expect("it is right")
}

/// 2025-03-03 10:00, a Monday, and so many milliseconds.
fn at(ms: u64) -> Now {
    let day = "2025-03-03".parse().expect("it is a day");
    Now::after(calendar().instant(day, 36_000_000).expect("it is in the horizon"), ms)
}

/// Limits of so many working days each.
fn limits(days: &[u32], stages: &[StageAt]) -> ClockRules {
    let stage = |&at| LimitStage {
        at,
        actions: vec![Action::Notify { role: RoleId(0) }],
        again: None,
        silence: None,
    };
    let limit = |&days| LimitRule {
        from: Moment::Reached(Milestone::SUBMITTED),
        to: vec![Moment::Reached(Milestone::CLOSED)],
        lasts: TimeLimit::working_days(days),
        calendar: CalendarId(0),
        pauses: Reasons::default(),
        restarts: Reasons::default(),
        extends_by: 0,
        stages: stages.iter().map(stage).collect(),
        expiry: None,
    };
    ClockRules {
        calendars: vec![calendar()],
        of_services: (0..).zip(days).map(|(n, _)| (ServiceId(0), LimitId(n))).collect(),
        limits: days.iter().map(limit).collect(),
        ..ClockRules::default()
    }
}

fn three_clocks() -> ClockRules {
    limits(&[5, 20, 60], &[StageAt::Spent(5_000)])
}

/// A hall of one line and one clerk, with what a thread has for itself.
struct Office {
    engine: Engine,
    outbox: Outbox,
    now: Now,
}

impl Office {
    fn new(orders: u64, clocks: ClockRules) -> (Self, Advancer) {
        let service = ServiceRule {
            pool: PoolId(0),
            needs: Skills::none(),
            wait_limit_ms: None,
            ladder: None,
        };
        let draft =
            RulesDraft { pools: 1, services: vec![service], clocks, ..RulesDraft::default() };
        let room = u32::try_from(orders).expect("slots are 32 bits");
        let bounds = Bounds::new(room, 1);
        let (engine, advancer) =
            Engine::new(draft.check().expect("they are right"), bounds).expect("bounds in range");
        let mut office = Self { engine, outbox: Outbox::with_capacity(4_096), now: at(0) };
        let spec = ClerkSpec { units: u32::MAX, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
        let mut cx = Cx::new(office.now, &mut office.outbox);
        office.engine.sign_in(&mut cx, CLERK, &spec).expect("the clerk and the pool exist");
        (office, advancer)
    }

    /// Of the same engine, for another thread.
    fn beside(&self, now: Now) -> Self {
        Self { engine: self.engine.clone(), outbox: Outbox::with_capacity(512), now }
    }

    fn cx(&mut self) -> Cx<'_> {
        if self.outbox.events().len() >= 256 {
            self.outbox.clear();
        }
        Cx::new(self.now, &mut self.outbox)
    }

    fn submit(&mut self) -> OrderId {
        let engine = self.engine.clone();
        let spec = OrderSpec::new(ServiceId(0));
        engine.submit(&mut self.cx(), &spec).expect("there is room").order
    }

    /// So many, one millisecond after the other, into a list.
    fn submit_all(&mut self, orders: u64, into: &mut Vec<OrderId>) {
        let (engine, spec) = (self.engine.clone(), OrderSpec::new(ServiceId(0)));
        let begin = self.now;
        for n in 0..orders {
            // A thousand a second, for some minutes or hours.
            self.now = Now { mono: begin.mono.plus_ms(n), ..Now::after(begin.wall, n) };
            into.push(engine.submit(&mut self.cx(), &spec).expect("there is room").order);
        }
    }

    fn cancel_all(&mut self, orders: &[OrderId]) {
        let engine = self.engine.clone();
        for &order in orders {
            engine.cancel(&mut self.cx(), order, Reason::Abandoned).expect("it waits");
        }
    }
}

/// What the calls of `advance` have done until nothing was due.
#[derive(Default)]
struct Passed {
    took: Duration,
    longest: Duration,
    climbed: u64,
    moved: u64,
}

fn pass(advancer: &mut Advancer, outbox: &mut Outbox, now: Now) -> Passed {
    let mut passed = Passed::default();
    loop {
        outbox.clear();
        let begin = Instant::now();
        let advanced = advancer.advance(&mut Cx::new(now, outbox));
        let took = begin.elapsed();
        passed.took += took;
        passed.longest = passed.longest.max(took);
        for event in outbox.events() {
            passed.climbed += u64::from(matches!(event.kind, EventKind::RungClimbed { .. }));
            passed.moved += u64::from(matches!(event.kind, EventKind::LimitRecomputed { .. }));
        }
        if advanced.is_done {
            return passed;
        }
    }
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

// --- P1 -------------------------------------------------------------------------------------------

/// Submit, first look, cancel, bytes.
fn lives(orders: u64, clocks: ClockRules) -> [f64; 4] {
    let mut ids = Vec::with_capacity(usize::try_from(orders).expect("they fit"));
    // The list of ids is no part of an order.
    ids.resize(ids.capacity(), OrderId::from_bits(u64::MAX));
    ids.clear();
    let before = resident();
    let (mut office, mut advancer) = Office::new(orders, clocks);
    office.submit_all(orders, &mut ids);
    let (now, outbox) = (office.now, &mut office.outbox);
    pass(&mut advancer, outbox, now);
    let bytes = ratio(resident().saturating_sub(before), orders);
    office.cancel_all(&ids);
    pass(&mut advancer, &mut office.outbox, now);
    ids.clear();

    let begin = Instant::now();
    office.submit_all(orders, &mut ids);
    let submit = ns_of_each(begin.elapsed(), orders);
    let now = office.now;
    let look = ns_of_each(pass(&mut advancer, &mut office.outbox, now).took, orders);
    let begin = Instant::now();
    office.cancel_all(&ids);
    let cancel = ns_of_each(begin.elapsed(), orders);
    [submit, look, cancel, bytes]
}

/// The same in a process of its own, whose memory is new.
fn in_a_child(orders: u64, with_limits: bool) -> Vec<f64> {
    let program = env::current_exe().expect("this program is a file");
    let of = format!("{orders} {with_limits}");
    let output = Command::new(program).env(CHILD, of).output().expect("it can be run again");
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>();
    figures.ok().filter(|figures| figures.len() == 4).unwrap_or_else(|| panic!("{output:?}"))
}

fn child(of: &str) -> io::Result<()> {
    let (orders, with_limits) = of.split_once(' ').expect("two words");
    let clocks = if with_limits == "true" { three_clocks() } else { ClockRules::default() };
    let figures = lives(orders.parse().expect("a count"), clocks);
    let [submit, look, cancel, bytes] = figures;
    writeln!(io::stdout(), "{submit} {look} {cancel} {bytes}")
}

fn armed(title: &str, orders: u64, rounds: usize) {
    let columns = ["submit, ns", "first look, ns", "cancel, ns", "bytes"];
    let last = RefCell::new([vec![], vec![]]);
    let mut table = Table::new(title, &columns);
    for (n, name) in ["without limits", "three clocks"].into_iter().enumerate() {
        let last = &last;
        table.row(name, move || {
            let figures = in_a_child(orders, n == 1);
            last.borrow_mut()[n].clone_from(&figures);
            figures
        });
    }
    table.row("on top", || {
        let [without, with] = &*last.borrow();
        with.iter().zip(without).map(|(with, without)| with - without).collect()
    });
    table.run(rounds);
}

// --- grabs beside ---------------------------------------------------------------------------------

/// What the thread that grabs does.
trait Grabs: Send {
    fn submit(&mut self);
    fn grab(&mut self);
    fn complete(&mut self);
}

/// What the other thread is at.
const BEFORE: u8 = 0;
const DURING: u8 = 1;
const AFTER: u8 = 2;
/// Both threads are busy for so long before anything counts, so that each has a core.
const WARM: Duration = Duration::from_millis(50);

/// Grabs on time until it is over; those count that come while the other thread is at it.
fn grabs_on_time(grabs: &mut impl Grabs, phase: &AtomicU8) -> Latencies {
    let mut latencies = Latencies::new();
    let mut due = Instant::now() + EVERY;
    loop {
        // Ordering: Acquire, both, the receiving half of the stores in `beside`; it guards nothing but
        // the beginning and the end. Those that should have come before the end are caught up with.
        if phase.load(Acquire) == AFTER && Instant::now() < due {
            return latencies;
        }
        grabs.submit();
        while Instant::now() < due {
            spin_loop();
        }
        grabs.grab();
        if phase.load(Acquire) != BEFORE {
            latencies.note(due.elapsed());
        }
        grabs.complete();
        due += EVERY;
    }
}

/// How long grabs take while this thread does something.
fn beside<T>(grabs: &mut impl Grabs, act: impl FnOnce() -> T) -> (T, Latencies) {
    let phase = AtomicU8::new(BEFORE);
    thread::scope(|scope| {
        let grabbing = scope.spawn(|| grabs_on_time(grabs, &phase));
        let begin = Instant::now();
        while begin.elapsed() < WARM {
            spin_loop();
        }
        // Ordering: Release, both, to the load in `grabs_on_time`.
        phase.store(DURING, Release);
        let done = act();
        phase.store(AFTER, Release);
        (done, grabbing.join().expect("no thread panics"))
    })
}

/// Undisturbed.
fn alone(grabs: &mut impl Grabs) -> Latencies {
    let phase = Duration::from_millis(if is_short() { 20 } else { 500 });
    beside(grabs, || thread::sleep(phase)).1
}

/// The office's clerk.
struct Clerk {
    office: Office,
    held: Option<qiangdan::Claim>,
}

impl Grabs for Clerk {
    fn submit(&mut self) {
        self.office.submit();
    }

    fn grab(&mut self) {
        let engine = self.office.engine.clone();
        let grabbed = engine.grab(&mut self.office.cx(), CLERK);
        self.held = Some(grabbed.expect("a million wait").claim);
    }

    fn complete(&mut self) {
        let engine = self.office.engine.clone();
        if let Some(held) = self.held.take() {
            engine.complete(&mut self.office.cx(), held, Outcome::Done).expect("it is ours");
        }
    }
}

/// An office where so many wait, all looked at once.
fn crowded(orders: u64, clocks: ClockRules) -> (Office, Advancer) {
    // Those that come in while others are looked at.
    let (mut office, mut advancer) = Office::new(orders + orders / 4, clocks);
    office.submit_all(orders, &mut Vec::new());
    let now = office.now;
    pass(&mut advancer, &mut office.outbox, now);
    (office, advancer)
}

// --- P2 -------------------------------------------------------------------------------------------

/// Closing time of the next day, just over.
const CLOSED_MS: u64 = 31 * HOUR_MS + 1;

/// Million stages a second, longest call, p50 and p99.9 of grabs beside, p99.9 alone.
fn herd(orders: u64) -> Vec<f64> {
    let (office, mut advancer) = crowded(orders, limits(&[1], &[]));
    let mut clerk = Clerk { office: office.beside(office.now), held: None };
    let calm = alone(&mut clerk);
    let mut outbox = Outbox::with_capacity(4_096);
    pass(&mut advancer, &mut outbox, office.now);
    let now = at(CLOSED_MS);
    clerk.office.now = now;
    let (passed, latencies) = beside(&mut clerk, || pass(&mut advancer, &mut outbox, now));
    assert!(passed.climbed >= orders / 2, "most are late, not {}", passed.climbed);
    figures_of_herd(&passed, &latencies, &calm)
}

fn figures_of_herd(passed: &Passed, latencies: &Latencies, calm: &Latencies) -> Vec<f64> {
    let rate = 1e3 / ns_of_each(passed.took, passed.climbed);
    vec![rate, micros(passed.longest), latencies.ns(0.5), latencies.ns(0.999), calm.ns(0.999)]
}

/// What one would write first.
#[derive(Default)]
struct Simple {
    /// Of each order, whether it is open and whether it is late.
    records: Vec<(bool, bool)>,
    line: VecDeque<u32>,
    dues: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Simple {
    fn submit(&mut self, due_ms: u64) {
        let order = u32::try_from(self.records.len()).expect("few millions");
        self.records.push((true, false));
        self.line.push_back(order);
        self.dues.push(Reverse((due_ms, order)));
    }

    /// All that is due; told to `events`.
    fn advance(&mut self, now_ms: u64, events: &mut Vec<(u64, u32)>) {
        while let Some(&Reverse((due_ms, order))) = self.dues.peek() {
            if due_ms >= now_ms {
                break;
            }
            self.dues.pop();
            let (is_open, is_late) = &mut self.records[order as usize];
            if *is_open {
                *is_late = true;
                events.push((due_ms, order));
            }
        }
    }
}

struct SimpleClerk<'a> {
    hall: &'a Mutex<Simple>,
    held: u32,
}

impl Grabs for SimpleClerk<'_> {
    fn submit(&mut self) {
        self.hall.lock().submit(CLOSED_MS + HOUR_MS);
    }

    fn grab(&mut self) {
        self.held = self.hall.lock().line.pop_front().expect("a million wait");
    }

    fn complete(&mut self) {
        self.hall.lock().records[self.held as usize].0 = false;
    }
}

fn simple_herd(orders: u64) -> Vec<f64> {
    let hall = Mutex::new(Simple::default());
    for _ in 0..orders {
        hall.lock().submit(CLOSED_MS - 1);
    }
    let mut clerk = SimpleClerk { hall: &hall, held: 0 };
    let calm = alone(&mut clerk);
    let mut events = Vec::with_capacity(usize::try_from(orders).expect("they fit"));
    let (took, latencies) = beside(&mut clerk, || {
        let begin = Instant::now();
        hall.lock().advance(CLOSED_MS, &mut events);
        begin.elapsed()
    });
    let passed = Passed { took, longest: took, climbed: events.len() as u64, moved: 0 };
    figures_of_herd(&passed, &latencies, &calm)
}

// --- P3 -------------------------------------------------------------------------------------------

/// Preview, all looks, longest call, p50 and p99.9 of grabs beside, p99.9 alone, clocks that moved.
fn change(orders: u64) -> Vec<f64> {
    let (office, mut advancer) = crowded(orders, three_clocks());
    let (new, now) = (changed(), office.now);
    let begin = Instant::now();
    let preview = office.engine.preview_calendar(CalendarId(0), &new, now.wall);
    let preview_took = begin.elapsed();
    assert_eq!(preview.expect("there is one").changed, orders, "the day is in all spans");
    let mut clerk = Clerk { office: office.beside(now), held: None };
    let calm = alone(&mut clerk);
    let mut outbox = Outbox::with_capacity(4_096);
    pass(&mut advancer, &mut outbox, now);
    let (passed, latencies) = beside(&mut clerk, || {
        let begin = Instant::now();
        let mut cx = Cx::new(now, &mut outbox);
        advancer.load_calendar(&mut cx, CalendarId(0), new).expect("there is one");
        let mut passed = pass(&mut advancer, &mut outbox, now);
        passed.took = begin.elapsed();
        passed
    });
    assert!(passed.moved >= orders / 2, "most have moved, not {}", passed.moved);
    let preview = preview_took.as_secs_f64();
    let (took, longest) = (passed.took.as_secs_f64(), micros(passed.longest));
    let moved = ratio(passed.moved, orders);
    let [median, tail] = [0.5, 0.999].map(|p| latencies.ns(p));
    vec![preview, took, longest, median, tail, calm.ns(0.999), moved]
}

fn main() -> io::Result<()> {
    if let Ok(of) = env::var(CHILD) {
        return child(&of);
    }
    let orders = scaled(1_000_000);
    armed("P1: a million orders, three clocks each", orders, rounds().min(3));
    if is_huge() {
        armed("P1: ten million orders, three clocks each", scaled(10_000_000), 1);
    }
    let beside = ["grab, p50 ns", "p99.9", "p99.9 alone"];
    let columns = [&["million stages/s", "longest advance, µs"], &beside[..]].concat();
    let mut table = Table::new("P2: a million limits over at one instant", &columns);
    table.row("mutex and heap, all at once", || simple_herd(orders));
    table.row("engine", || herd(orders));
    table.run(rounds().min(3));
    let columns = ["preview, s", "all looks, s", "longest advance, µs"];
    let columns = [&columns, &beside[..], &["clocks moved, each"]].concat();
    let mut table = Table::new("P3: a holiday more for a million open orders", &columns);
    table.row("engine", || change(orders));
    table.run(rounds().min(3));
    Ok(())
}
