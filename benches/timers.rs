//! What does a timer cost when a million are live?
//!
//! A million slots are armed for instants spread over an hour, then the hour passes in steps of 10 ms;
//! and the herd: a million armed for one instant, as when a hall closes.
//!
//! Unit: nanoseconds per timer; for the herd, the longest single call of `advance` with the engine's
//! budget of 4,096 steps, in which nobody else who needs the driver gets it.
//!
//! Outside the timed part: allocating the wheel and drawing the instants.
//!
//! Baseline: a `BinaryHeap` of (instant, slot), which one thread owns. It cannot be armed by others
//! without a lock; the wheel can, and pays for that in `arm`.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use qiangdan_sim::dice::{Purpose, Stream};
use qiangdan_sync::{Looks, Wheel, WheelDriver};

const SLOTS: u32 = 1_000_000;
const HOUR_MS: u64 = 3_600_000;
const STEP_MS: usize = 10;
const BUDGET: usize = 4_096;

fn instants() -> Vec<u64> {
    let mut stream = Stream::new(1, 0, Purpose::Clerks);
    (0..SLOTS).map(|_| 1 + stream.bits() % HOUR_MS).collect()
}

fn arm(looks: &Looks, instants: &[u64]) {
    for (slot, &due_ms) in (0..).zip(instants) {
        looks.arm(slot, due_ms);
    }
}

/// Looks at everything due until `now_ms`; how many, and the longest call.
fn advance(driver: &mut WheelDriver, looks: &Looks, now_ms: u64) -> (usize, Duration) {
    let (mut looked, mut longest) = (0, Duration::ZERO);
    loop {
        let begin = Instant::now();
        let advanced = driver.advance(looks, now_ms, BUDGET, u64::from, |_, _| None);
        longest = longest.max(begin.elapsed());
        looked += advanced.looked;
        if advanced.done {
            return (looked, longest);
        }
    }
}

fn pass_the_hour(driver: &mut WheelDriver, looks: &Looks) {
    let mut looked = 0;
    for now_ms in (0..=HOUR_MS).step_by(STEP_MS) {
        looked += driver.advance(looks, now_ms, usize::MAX, u64::from, |_, _| None).looked;
    }
    assert_eq!(looked, SLOTS as usize);
}

fn push(instants: &[u64]) -> BinaryHeap<Reverse<(u64, u32)>> {
    let mut heap = BinaryHeap::with_capacity(instants.len());
    for (slot, &due_ms) in (0..).zip(instants) {
        heap.push(Reverse((due_ms, slot)));
    }
    heap
}

fn pop_the_hour(mut heap: BinaryHeap<Reverse<(u64, u32)>>) {
    let mut popped = 0_u32;
    for now_ms in (0..=HOUR_MS).step_by(STEP_MS) {
        while heap.peek().is_some_and(|&Reverse((due_ms, _))| due_ms <= now_ms) {
            heap.pop();
            popped += 1;
        }
    }
    assert_eq!(popped, SLOTS);
}

fn timers(criterion: &mut Criterion) {
    let instants = instants();
    let armed = || {
        let (looks, driver) = Wheel::new(SLOTS);
        arm(&looks, &instants);
        (looks, driver)
    };

    let mut group = criterion.benchmark_group("arm a million");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(SLOTS)));
    group.bench_function("wheel", |bencher| {
        bencher.iter_batched_ref(
            || Wheel::new(SLOTS),
            |(looks, _)| arm(looks, &instants),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("binary heap", |bencher| bencher.iter(|| push(&instants)));
    group.finish();

    let mut group = criterion.benchmark_group("fire a million over an hour");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(SLOTS)));
    group.bench_function("wheel", |bencher| {
        bencher.iter_batched_ref(
            armed,
            |(looks, driver)| pass_the_hour(driver, looks),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("binary heap", |bencher| {
        bencher.iter_batched(|| push(&instants), pop_the_hour, BatchSize::PerIteration);
    });
    group.finish();

    let mut group = criterion.benchmark_group("longest advance in a herd of a million");
    group.sample_size(10);
    group.bench_function("wheel", |bencher| {
        bencher.iter_custom(|rounds| {
            let round = |_| {
                let (looks, mut driver) = Wheel::new(SLOTS);
                arm(&looks, &vec![HOUR_MS; SLOTS as usize]);
                let (looked, longest) = advance(&mut driver, &looks, HOUR_MS);
                assert_eq!(looked, SLOTS as usize);
                longest
            };
            (0..rounds).map(round).sum()
        });
    });
    group.finish();
}

criterion_group!(benches, timers);
criterion_main!(benches);
