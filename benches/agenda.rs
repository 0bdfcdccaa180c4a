//! W3: what does an order cost when the earliest due goes first?
//!
//! The hold model: with 1,000, 100,000 and a million orders waiting, each pair submits one that is due
//! within as many milliseconds as there are orders, and grabs the one that is due first.
//!
//! Unit: nanoseconds of wall time per pair of submit and grab, all threads together.
//!
//! Outside the timed part: making the desk, filling the backlog, starting threads, and completing,
//! after every 256.
//!
//! Baselines, each with a record for each order, one owner and an event: a slab and a `BinaryHeap` behind
//! one mutex; a `PriorityQueue` behind a mutex beside a `DashMap` of records; a `SkipMap`.

use criterion::{Criterion, criterion_group, criterion_main};
use qiangdan_benches::{
    baselines::{
        locked_heap::LockedHeap,
        ranked::{By, Ranked},
        skips::Skips,
    },
    due::DueFirst,
    measure::Floor,
    people::Shape,
    rows::{group, row},
};

fn agenda(criterion: &mut Criterion) {
    for threads in [1, 2] {
        for backlog in [1_000, 100_000, 1_000_000] {
            let name = format!("earliest due/{threads} threads/{backlog} waiting");
            let group = &mut group(criterion, &name);
            let shape = &Shape::one_lane(threads);
            macro_rules! row {
                ($name:literal, $desk:expr) => {
                    row(
                        group,
                        $name,
                        || Floor::new($desk, shape, threads, backlog, backlog),
                        Floor::pairs,
                    );
                };
            }
            row!("mutex and heap", LockedHeap::default());
            row!("priority-queue and dashmap", Ranked::new(By::Due));
            row!("skipmap", Skips::new(shape, By::Due));
            let room = u32::try_from(backlog).expect("a million") + 4_096;
            row!("heart", DueFirst::new(room));
        }
    }
}

criterion_group!(benches, agenda);
criterion_main!(benches);
