//! What does an order cost that is submitted, grabbed and completed, when all clerks draw on one lane?
//!
//! Unit: nanoseconds of wall time per order, all three verbs, with all threads together. With 0
//! orders waiting a thread mostly grabs what it has just submitted; with 1,000 it never does.
//!
//! Outside the timed part: making the engine, signing in, filling the backlog, starting threads.
//!
//! Baselines, each with the order's record and exactly one owner: what one would write first, a slab
//! and a `VecDeque` behind one mutex; and a queue of ids (`SegQueue`) beside a map of records
//! (`DashMap`). They tell no events, keep no figures and know one lane only; the engine does
//! all of that in its time.

use std::{
    collections::VecDeque,
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use crossbeam_queue::SegQueue;
use dashmap::DashMap;
use parking_lot::Mutex;
use qiangdan::{ClerkId, Cx, Engine, OrderSpec, Outbox, Outcome, ServiceId};
use qiangdan_benches::{at, engine, together};

/// What is measured.
trait Desk: Sync {
    /// What a thread has for itself.
    type Own;

    fn own(&self) -> Self::Own;
    fn submit(&self, own: &mut Self::Own, at_ms: u64);
    /// Grabs the next order and completes it; returns the wait.
    fn serve(&self, own: &mut Self::Own, clerk: u32, at_ms: u64) -> Option<u64>;
}

impl Desk for Engine {
    type Own = Outbox;

    fn own(&self) -> Outbox {
        Outbox::with_capacity(8)
    }

    fn submit(&self, own: &mut Outbox, at_ms: u64) {
        own.clear();
        let spec = OrderSpec::new(ServiceId(0)).tag(at_ms);
        Self::submit(self, &mut Cx::new(at(at_ms), own), &spec).expect("there is room");
    }

    fn serve(&self, own: &mut Outbox, clerk: u32, at_ms: u64) -> Option<u64> {
        let grabbed = self.grab(&mut Cx::new(at(at_ms), own), ClerkId(clerk)).ok()?;
        let cx = &mut Cx::new(at(at_ms), own);
        self.complete(cx, grabbed.claim, Outcome::Done).expect("the claim is ours");
        Some(grabbed.wait_ms)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Waits,
    Held(u32),
    Over,
}

#[derive(Clone, Copy)]
struct Record {
    arrived_ms: u64,
    who: Who,
}

/// One mutex around everything.
#[derive(Default)]
struct Locked(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    slab: Vec<Record>,
    free: Vec<u32>,
    queue: VecDeque<u32>,
}

impl Desk for Locked {
    type Own = ();

    fn own(&self) {}

    fn submit(&self, (): &mut (), arrived_ms: u64) {
        let Inside { slab, free, queue } = &mut *self.0.lock();
        let record = Record { arrived_ms, who: Who::Waits };
        let slot = if let Some(slot) = free.pop() {
            slab[slot as usize] = record;
            slot
        } else {
            slab.push(record);
            u32::try_from(slab.len() - 1).expect("few orders")
        };
        queue.push_back(slot);
    }

    fn serve(&self, (): &mut (), clerk: u32, at_ms: u64) -> Option<u64> {
        let (slot, arrived_ms) = {
            let Inside { slab, queue, .. } = &mut *self.0.lock();
            let slot = queue.pop_front()?;
            let record = &mut slab[slot as usize];
            record.who = Who::Held(clerk);
            (slot, record.arrived_ms)
        };
        let Inside { slab, free, .. } = &mut *self.0.lock();
        let record = &mut slab[slot as usize];
        assert!(record.who == Who::Held(clerk), "the claim is ours");
        record.who = Who::Over;
        free.push(slot);
        Some(at_ms - arrived_ms)
    }
}

/// A queue of ids beside a map of records.
#[derive(Default)]
struct Mapped {
    last: AtomicU64,
    queue: SegQueue<u64>,
    records: DashMap<u64, Record>,
}

impl Desk for Mapped {
    type Own = ();

    fn own(&self) {}

    fn submit(&self, (): &mut (), arrived_ms: u64) {
        // Ordering: Relaxed. A number that nobody else gets.
        let order = self.last.fetch_add(1, Relaxed);
        self.records.insert(order, Record { arrived_ms, who: Who::Waits });
        self.queue.push(order);
    }

    fn serve(&self, (): &mut (), clerk: u32, at_ms: u64) -> Option<u64> {
        let order = self.queue.pop()?;
        let arrived_ms = {
            let mut record = self.records.get_mut(&order).expect("it was filed before it queued");
            record.who = Who::Held(clerk);
            record.arrived_ms
        };
        let (_, record) = self.records.remove(&order).expect("the claim is ours");
        assert!(record.who == Who::Held(clerk), "the claim is ours");
        Some(at_ms - arrived_ms)
    }
}

/// How long `orders` take, shared by `threads`.
fn time<D: Desk>(desk: &D, threads: u32, orders: u64) -> Duration {
    let share = orders.div_ceil(u64::from(threads));
    together(threads, |thread| {
        let mut own = desk.own();
        for at_ms in 0..share {
            desk.submit(&mut own, at_ms);
            // Somebody's order waits for each thread that is here; it may just not be linked yet.
            while desk.serve(&mut own, thread, share).is_none() {
                spin_loop();
            }
        }
    })
}

fn grab(criterion: &mut Criterion) {
    for backlog in [0, 1_000] {
        for threads in [1, 2] {
            let name = format!("order/{threads} threads/{backlog} waiting");
            let mut group = criterion.benchmark_group(name);
            group.throughput(Throughput::Elements(1));
            let id = |name: &str| BenchmarkId::from_parameter(name);
            group.bench_function(id("engine"), |bencher| {
                let desk = engine(4_096, threads);
                fill(&desk, backlog);
                bencher.iter_custom(|orders| time(&desk, threads, orders));
            });
            group.bench_function(id("mutex"), |bencher| {
                let desk = Locked::default();
                fill(&desk, backlog);
                bencher.iter_custom(|orders| time(&desk, threads, orders));
            });
            group.bench_function(id("segqueue and dashmap"), |bencher| {
                let desk = Mapped::default();
                fill(&desk, backlog);
                bencher.iter_custom(|orders| time(&desk, threads, orders));
            });
            group.finish();
        }
    }
}

fn fill<D: Desk>(desk: &D, backlog: u64) {
    let mut own = desk.own();
    for _ in 0..backlog {
        desk.submit(&mut own, 0);
    }
}

criterion_group!(benches, grab);
criterion_main!(benches);
