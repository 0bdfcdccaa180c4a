//! M: how many bytes does an open order take, with its place in line and its timer?
//!
//! Each desk is made in a process of its own, which then submits a million orders and says how much its
//! resident memory has grown since before the desk was made.
//!
//! Unit: bytes per order, one lane; desks that keep limits with one for each order.
//!
//! Outside: the program itself, and the events, which are thrown away.
//!
//! Baselines: as for W1, and the mutex engine with its heap of limits.

use std::{
    env,
    io::{self, Write as _},
    process::Command,
};

use crossbeam_queue::SegQueue;
use qiangdan_benches::{
    baselines::{
        locked::Locked,
        locked_hall::LockedHall,
        locked_heap::LockedHeap,
        mapped::Mapped,
        ranked::{By, Ranked},
        skips::Skips,
    },
    desk::Desk,
    heart::Heart,
    measure::ratio,
    pace::{rounds, scaled},
    people::{People, Shape},
    resident::resident,
    table::Table,
    whole::Whole,
};

/// Says to a child which desk to make.
const CHILD: &str = "QIANGDAN_BENCH_MEMORY_OF";
/// The mutex comes first: it is the baseline.
const DESKS: [&str; 9] = [
    "mutex",
    "heart",
    "engine",
    "engine, with limits",
    "mutex engine, with limits",
    "mutex and heap",
    "segqueue and dashmap",
    "priority-queue and dashmap",
    "skipmap",
];

fn orders() -> u64 {
    scaled(1_000_000)
}

/// Bytes per order of the desk that is made.
fn grown<D: Desk>(make: impl FnOnce() -> D) -> f64 {
    let before = resident();
    let desk = make();
    let mut people = People::new(&Shape::one_lane(1), 0, orders());
    let mut own = desk.own();
    for _ in 0..orders() {
        desk.submit(&mut own, people.ticket());
    }
    ratio(resident().saturating_sub(before), orders())
}

fn of_desk(name: &str) -> f64 {
    let shape = &Shape::one_lane(1);
    let room = u32::try_from(orders()).expect("a million");
    // About the waits of an hour.
    let limit_ms = Some(3_600_000);
    match name {
        "mutex" => grown(Locked::default),
        "heart" => grown(|| Heart::new(shape, room)),
        "engine" => grown(|| Whole::new(shape, room, None).0),
        "engine, with limits" => grown(|| Whole::new(shape, room, limit_ms).0),
        "mutex engine, with limits" => grown(|| LockedHall::new(shape, limit_ms)),
        "mutex and heap" => grown(LockedHeap::default),
        "segqueue and dashmap" => grown(|| Mapped::new(SegQueue::new())),
        "priority-queue and dashmap" => grown(|| Ranked::new(By::Class)),
        "skipmap" => grown(|| Skips::new(shape, By::Class)),
        name => panic!("no desk is called {name}"),
    }
}

/// The same in a process of its own.
fn in_a_child(name: &str) -> f64 {
    let program = env::current_exe().expect("this program is a file");
    let output = Command::new(program).env(CHILD, name).output().expect("it can be run again");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{name}: {output:?}"))
}

fn main() -> io::Result<()> {
    if let Ok(name) = env::var(CHILD) {
        return writeln!(io::stdout(), "{}", of_desk(&name));
    }
    let mut table = Table::new("M: bytes per open order", &["bytes"]);
    for name in DESKS {
        table.row(name, move || vec![in_a_child(name)]);
    }
    table.run(rounds().min(3));
    Ok(())
}
