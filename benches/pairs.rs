//! W1: what does an order cost when all clerks draw on one lane?
//!
//! *Pair*: a submit and a grab. *Life*: a submit, a grab and a completing. *Batch*: pairs, 8 or 32 orders
//! submitted at a time, then grabbed at a time. By one and by two threads; with 0, 1,000 and a million
//! orders waiting beforehand, which stay as many (batches: with 1,000).
//!
//! Unit: nanoseconds of wall time per order, all threads together.
//!
//! Outside the timed part: making the desk, filling the backlog, starting threads; and of pairs and
//! batches, completing the orders, which gives their slots back, after every 256.
//!
//! Baselines, each with a record for each order, one owner and an event: what one would write first,
//! a slab and a `VecDeque` behind one mutex; a `PriorityQueue` behind a mutex, `SegQueue`, and
//! `ConcurrentQueue`, each beside a `DashMap` of records; a `SkipMap`. And with nothing at all,
//! the two queues alone. *Heart* is our structures with as much as the baselines do; *engine* is all
//! of the engine.

use std::time::Duration;

use concurrent_queue::ConcurrentQueue;
use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_queue::SegQueue;
use qiangdan_benches::{
    baselines::{
        bare::Bare,
        locked::Locked,
        mapped::Mapped,
        ranked::{By, Ranked},
        skips::Skips,
    },
    desk::Desk,
    heart::Heart,
    measure::Floor,
    people::Shape,
    rows::{group, row},
    whole::Whole,
};

/// What is timed.
#[derive(Clone, Copy)]
enum Timed {
    Pair,
    Life,
    Batch(usize),
}

impl Timed {
    fn name(self) -> String {
        match self {
            Self::Pair => "pair".to_owned(),
            Self::Life => "life".to_owned(),
            Self::Batch(size) => format!("batch of {size}"),
        }
    }

    fn time<D: Desk>(self, floor: &Floor<D>, orders: u64) -> Duration {
        match self {
            Self::Pair => floor.pairs(orders),
            Self::Life => floor.lives(orders),
            Self::Batch(size) => floor.batches(size, orders),
        }
    }
}

/// Room for those who are held while others come.
const HELD: u32 = 4_096;

fn table(criterion: &mut Criterion, timed: Timed, threads: u32, backlog: u32) {
    let name = format!("{}/{threads} threads/{backlog} waiting", timed.name());
    let group = &mut group(criterion, &name);
    let shape = &Shape::one_lane(threads);
    macro_rules! row {
        ($name:literal, $desk:expr) => {
            row(
                group,
                $name,
                || Floor::new($desk, shape, threads, u64::from(backlog), 0),
                |floor, orders| timed.time(floor, orders),
            );
        };
    }
    row!("mutex", Locked::default());
    row!("heart", Heart::new(shape, backlog + HELD));
    row!("engine", Whole::new(shape, backlog + HELD, None).0);
    row!("segqueue and dashmap", Mapped::new(SegQueue::new()));
    row!("concurrent-queue and dashmap", Mapped::new(ConcurrentQueue::unbounded()));
    row!("priority-queue and dashmap", Ranked::new(By::Class));
    row!("skipmap", Skips::new(shape, By::Class));
    if !matches!(timed, Timed::Life) {
        row!("segqueue alone", Bare(SegQueue::new()));
        row!("concurrent-queue alone", Bare(ConcurrentQueue::unbounded()));
    }
}

fn pairs(criterion: &mut Criterion) {
    for threads in [1, 2] {
        for timed in [Timed::Pair, Timed::Life] {
            for backlog in [0, 1_000, 1_000_000] {
                table(criterion, timed, threads, backlog);
            }
        }
        for size in [8, 32] {
            table(criterion, Timed::Batch(size), threads, 1_000);
        }
    }
}

criterion_group!(benches, pairs);
criterion_main!(benches);
