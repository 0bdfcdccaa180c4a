//! W2: what does an order cost in a hall of 64 skills and 4 classes, of which a clerk has 8 skills?
//!
//! The highest class goes first, then who came first. Each pair submits an order of any skill and class,
//! and any of 64 clerks grabs one; with 512, 10,000 and a million orders waiting beforehand, which
//! stay as many.
//!
//! Unit: nanoseconds of wall time per pair of submit and grab, all threads together.
//!
//! Outside the timed part: making the desk, filling the backlog, starting threads, and completing,
//! after every 256.
//!
//! Baselines, each with a record for each order, one owner and an event: a slab, a `VecDeque` for each
//! lane and a bitmap behind one mutex; a mutex for each lane; a `SkipMap` for each lane. *Heart* is our
//! structures with as much as the baselines do; *engine* is all of the engine.

use criterion::{Criterion, criterion_group, criterion_main};
use qiangdan_benches::{
    baselines::{locked_each::LockedEach, locked_lanes::LockedLanes, ranked::By, skips::Skips},
    heart::Heart,
    measure::Floor,
    people::Shape,
    rows::{group, row},
    whole::Whole,
};

/// Room for those who are held while others come.
const HELD: u32 = 4_096;

fn lanes(criterion: &mut Criterion) {
    let shape = &Shape::many_lanes();
    for threads in [1, 2] {
        for backlog in [512, 10_000, 1_000_000] {
            let name = format!("many lanes/{threads} threads/{backlog} waiting");
            let group = &mut group(criterion, &name);
            macro_rules! row {
                ($name:literal, $desk:expr) => {
                    row(
                        group,
                        $name,
                        || Floor::new($desk, shape, threads, u64::from(backlog), 0),
                        Floor::pairs,
                    );
                };
            }
            row!("mutex", LockedLanes::new(shape));
            row!("heart", Heart::new(shape, backlog + HELD));
            row!("engine", Whole::new(shape, backlog + HELD, None).0);
            row!("mutex for each lane", LockedEach::new(shape));
            row!("skipmap for each lane", Skips::new(shape, By::Class));
        }
    }
}

criterion_group!(benches, lanes);
criterion_main!(benches);
