//! W7: how much longer do grabs take beside something large?
//!
//! In the hall of W2 with a million orders waiting one thread grabs an order every 20 µs, while another
//!
//! * does nothing (*alone*),
//! * reads every counter and the histogram of waits a thousand times a second (*figures*),
//! * looks at all million orders, over and over (*snapshot*): our engine order by order, the mutex engine
//!   by copying all of them under its lock,
//! * tells a million limits that are over (*herd*), in steps of 256.
//!
//! Unit: nanoseconds from the instant at which a grab should have begun until it is done, so that a grab
//! that is held up counts, and those that should have come meanwhile count, too. Ratios are to the same
//! engine alone.
//!
//! Outside the timed part: the submit before and the completing after each grab.
//!
//! Baseline: the mutex engine, see `baselines/locked_hall.rs`; its steps are as short as ours, and its
//! copy is one `memcpy`. Compare the ratios of the two tables.

use std::{
    sync::atomic::{
        AtomicBool,
        Ordering::{Acquire, Release},
    },
    thread,
    time::{Duration, Instant},
};

use qiangdan_benches::{
    baselines::locked_hall::LockedHall,
    desk::Hall,
    latency::{Latencies, PERCENTILES},
    measure::Floor,
    pace::{is_short, rounds, scaled},
    people::Shape,
    table::Table,
    whole::Whole,
};

const EVERY: Duration = Duration::from_micros(20);
const FIGURES_EVERY: Duration = Duration::from_millis(1);
/// Longer than filling takes in the hall's own time, so that nothing is late before the herd.
const LIMIT_MS: u64 = 100_000_000;
/// Whether to disturb once more.
enum Next {
    /// If the phase is not over.
    WhileTime,
    Again,
    Stop,
}

/// Grabs on time while another thread disturbs.
fn beside<D: Hall>(floor: &Floor<D>, mut disturb: impl FnMut() -> Next + Send) -> Latencies {
    let phase = Duration::from_millis(if is_short() { 20 } else { 500 });
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let begin = Instant::now();
            loop {
                let stops = match disturb() {
                    Next::WhileTime => begin.elapsed() > phase,
                    Next::Again => false,
                    Next::Stop => true,
                };
                if stops {
                    break;
                }
            }
            // Ordering: Release, to the load below; it guards nothing but the end.
            is_over.store(true, Release);
        });
        // Ordering: Acquire, the receiving half of the store above.
        floor.grabs_on_time(EVERY, || !is_over.load(Acquire))
    })
}

/// One table: the first row is the engine alone, so its ratios are those to the undisturbed.
fn table<D: Hall>(title: &str, backlog: u64, make: impl Fn() -> (D, D::Clock)) {
    let shape = &Shape::many_lanes();
    let floor = |desk| Floor::new(desk, shape, 1, backlog, 0);
    let calm = &floor(make().0);
    let mut table = Table::new(title, &PERCENTILES);
    table.row("alone", || {
        let nothing = || {
            thread::sleep(FIGURES_EVERY);
            Next::WhileTime
        };
        beside(calm, nothing).percentiles()
    });
    table.row("beside figures", || {
        let figures = || {
            calm.desk.figures();
            thread::sleep(FIGURES_EVERY);
            Next::WhileTime
        };
        beside(calm, figures).percentiles()
    });
    table.row("beside a snapshot", || {
        let snapshot = || {
            calm.desk.look_at_all(calm.backlog());
            Next::WhileTime
        };
        beside(calm, snapshot).percentiles()
    });
    table.row("beside a herd", || {
        let (desk, mut clock) = make();
        let (floor, mut told) = (floor(desk), 0);
        let mut own = floor.desk.own();
        let herd = || {
            let (in_step, is_done) = floor.desk.advance(&mut clock, &mut own, 2 * LIMIT_MS);
            told += in_step;
            // The whole herd, however long it takes.
            if is_done { Next::Stop } else { Next::Again }
        };
        let latencies = beside(&floor, herd);
        assert!(told as u64 >= backlog / 2, "most of the backlog is late, not {told}");
        latencies.percentiles()
    });
    table.run(rounds());
}

fn main() {
    let shape = &Shape::many_lanes();
    let backlog = scaled(1_000_000);
    let room = u32::try_from(backlog).expect("a million") + 4_096;
    table("W7: ns of a grab every 20 µs, mutex engine", backlog, || {
        (LockedHall::new(shape, Some(LIMIT_MS)), ())
    });
    table("W7: ns of a grab every 20 µs, engine", backlog, || {
        Whole::new(shape, room, Some(LIMIT_MS))
    });
}
