//! T1 to T4: what does a timer cost, when a million or ten million are live?
//!
//! * *T1*: all slots are armed for instants spread over an hour; all are armed anew for others; one in
//!   four is cancelled; then the hour passes in steps of 100 ms.
//! * *T2*, the herd: a million armed for one instant, as when a hall closes.
//! * *T3*: two threads arm, and arm anew or cancel three in four, while a third advances.
//! * *T4*: a hundred million, with `QIANGDAN_BENCH_HUGE` set; it needs 4 GB.
//!
//! Unit: nanoseconds per timer armed, armed anew, cancelled, fired; microseconds of the longest single
//! call of `advance`, in which nobody else who needs the driver gets it. A call makes 128 steps at
//! most, with those that can be told to stop. T3: nanoseconds of wall time per slot, all threads
//! together, until everything has fired.
//!
//! Outside the timed part: allocating, and drawing the instants.
//!
//! Baselines: a `BinaryHeap` that drops late what was cancelled, a `BTreeSet`, tokio-util's `DelayQueue`,
//! and `hierarchical_hash_wheel_timer`. All belong to one thread; in T3 those that may be sent to others
//! are behind a mutex. Of ours any thread may arm, and it pays for that in T1.

use std::{
    hint::spin_loop,
    sync::atomic::{
        AtomicU32, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use qiangdan_benches::{
    clocks::{
        Clocks, STEP, heap::Heap, queue::Queue, tree::Tree, wheel::Wheel,
        wheel_of_others::WheelOfOthers,
    },
    measure::{ns_of_each, ratio},
    pace::{is_huge, rounds, scaled},
    people::Dice,
    resident::resident,
    table::Table,
    together::together,
};

const HOUR_MS: u64 = 3_600_000;
const STEP_MS: usize = 100;

/// Instants of an hour, which begins at 1.
fn instants(slots: u32, seed: u64) -> Vec<u64> {
    let mut dice = Dice::new(seed);
    (0..slots).map(|_| 1 + dice.below(HOUR_MS)).collect()
}

/// Fires what is due; how many, and the longest call.
fn advance<C: Clocks>(clocks: &mut C, now_ms: u64) -> (u64, Duration) {
    let (mut fired, mut longest) = (0, Duration::ZERO);
    loop {
        let begin = Instant::now();
        let (in_call, is_done) = clocks.advance(now_ms);
        longest = longest.max(begin.elapsed());
        fired += in_call as u64;
        if is_done {
            return (fired, longest);
        }
    }
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

/// T1: arm, arm anew, cancel, fire, longest advance.
fn hour<C: Clocks>(slots: u32) -> Vec<f64> {
    let [first, then] = [1, 2].map(|seed| instants(slots, seed));
    let mut clocks = C::new(slots);
    let all = u64::from(slots);
    let arm = timed(all, || {
        for (slot, &due_ms) in (0..).zip(&first) {
            clocks.arm(slot, due_ms);
        }
    });
    let anew = timed(all, || {
        for (slot, &due_ms) in (0..).zip(&then) {
            clocks.arm_anew(slot, due_ms);
        }
    });
    let cancel = timed(all / 4, || {
        for slot in (0..slots).step_by(4) {
            clocks.cancel(slot);
        }
    });
    let (mut fired, mut longest) = (0, Duration::ZERO);
    let begin = Instant::now();
    // Once more than the hour, for clocks that round up.
    for now_ms in (0..=HOUR_MS + STEP_MS as u64).step_by(STEP_MS) {
        let (in_step, took) = advance(&mut clocks, now_ms);
        fired += in_step;
        longest = longest.max(took);
    }
    let fire = ns_of_each(begin.elapsed(), fired);
    let cancelled = u64::from(slots.div_ceil(4));
    assert_eq!(fired, all - cancelled, "each fires once, unless it was cancelled");
    vec![arm, anew, cancel, fire, micros(longest)]
}

fn timed(count: u64, act: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    act();
    ns_of_each(begin.elapsed(), count)
}

/// T2: the longest call, and how long each timer takes.
fn herd<C: Clocks>(slots: u32) -> Vec<f64> {
    let mut clocks = C::new(slots);
    for slot in 0..slots {
        clocks.arm(slot, HOUR_MS);
    }
    let begin = Instant::now();
    let (mut fired, mut longest) = advance(&mut clocks, HOUR_MS);
    // Those that round up.
    let (rest, took) = advance(&mut clocks, HOUR_MS + 1);
    fired += rest;
    longest = longest.max(took);
    let fire = ns_of_each(begin.elapsed(), fired);
    assert_eq!(fired, u64::from(slots), "each fires once");
    vec![micros(longest), fire]
}

/// What two threads arm while a third advances.
trait Armed: Sync {
    fn arm(&self, slot: u32, due_ms: u64);
    fn arm_anew(&self, slot: u32, due_ms: u64);
    fn cancel(&self, slot: u32);
}

impl Armed for qiangdan_benches::clocks::wheel::Shared {
    fn arm(&self, slot: u32, due_ms: u64) {
        Self::arm(self, slot, due_ms);
    }

    fn arm_anew(&self, slot: u32, due_ms: u64) {
        Self::arm(self, slot, due_ms);
    }

    fn cancel(&self, slot: u32) {
        Self::cancel(self, slot);
    }
}

impl<C: Clocks + Send> Armed for Mutex<C> {
    fn arm(&self, slot: u32, due_ms: u64) {
        self.lock().arm(slot, due_ms);
    }

    fn arm_anew(&self, slot: u32, due_ms: u64) {
        self.lock().arm_anew(slot, due_ms);
    }

    fn cancel(&self, slot: u32) {
        self.lock().cancel(slot);
    }
}

/// T3: nanoseconds per slot, until all have fired.
fn three_threads(
    slots: u32,
    armed: &impl Armed,
    mut advance: impl FnMut(u64) -> bool + Send,
) -> Vec<f64> {
    const ARMERS: u32 = 2;
    let (now_ms, done) = (AtomicU64::new(0), AtomicU32::new(0));
    let arm_share = |thread: u32| {
        let mut dice = Dice::new(u64::from(thread));
        let mut due_ms = || {
            // Ordering: Relaxed. What time it is; guards nothing.
            now_ms.load(Relaxed) + 1 + dice.below(HOUR_MS)
        };
        for slot in (thread..slots).step_by(ARMERS as usize) {
            armed.arm(slot, due_ms());
            // What was armed a while ago: two in four anew, one in four not at all.
            let Some(before) = slot.checked_sub(1_000 * ARMERS) else { continue };
            match (before / ARMERS) % 4 {
                0 | 1 => armed.arm_anew(before, due_ms()),
                2 => armed.cancel(before),
                _ => {}
            }
        }
        // Ordering: Release, to the load below: what was armed comes before the last hour.
        done.fetch_add(1, Release);
    };
    let took = thread::scope(|scope| {
        let advancer = scope.spawn(|| {
            let mut ms = 0;
            // Ordering: Acquire, the receiving half of the addition above.
            while done.load(Acquire) < ARMERS {
                ms += 10;
                // Ordering: Relaxed, as above.
                now_ms.store(ms, Relaxed);
                while !advance(ms) {}
                // A little time for the others, as a driver gives that has nothing due.
                for _ in 0..64 {
                    spin_loop();
                }
            }
            let begin = Instant::now();
            for _ in 0..=HOUR_MS / 1_000 {
                ms += 1_000;
                while !advance(ms) {}
            }
            begin.elapsed()
        });
        let arming = together(ARMERS, arm_share);
        arming + advancer.join().expect("no thread panics")
    });
    vec![ns_of_each(took, u64::from(slots))]
}

fn behind_a_mutex<C: Clocks + Send>(slots: u32) -> Vec<f64> {
    let clocks = Mutex::new(C::new(slots));
    three_threads(slots, &clocks, |now_ms| clocks.lock().advance(now_ms).1)
}

fn shared_wheel(slots: u32) -> Vec<f64> {
    let (shared, mut driver) = Wheel::new(slots).shared();
    three_threads(slots, &*shared, |now_ms| driver.advance(&shared, now_ms, STEP).1)
}

/// T4: bytes per timer, and nanoseconds to arm and to fire.
fn huge(slots: u32) -> Vec<f64> {
    let before = resident();
    let mut wheel = Wheel::new(slots);
    let mut dice = Dice::new(4);
    let arm = timed(u64::from(slots), || {
        for slot in 0..slots {
            wheel.arm(slot, 1 + dice.below(HOUR_MS));
        }
    });
    let begin = Instant::now();
    let (mut fired, mut longest) = (0, Duration::ZERO);
    let mut most = 0;
    for now_ms in (0..=HOUR_MS).step_by(STEP_MS) {
        let (in_step, took) = advance(&mut wheel, now_ms);
        fired += in_step;
        longest = longest.max(took);
        if now_ms % 60_000 == 0 {
            most = most.max(resident());
        }
    }
    let fire = ns_of_each(begin.elapsed(), fired);
    assert_eq!(fired, u64::from(slots), "each fires once");
    let bytes = ratio(most - before, u64::from(slots));
    vec![bytes, arm, fire, micros(longest)]
}

fn count(slots: u64) -> u32 {
    u32::try_from(scaled(slots)).expect("slots are 32 bits")
}

fn main() {
    const PARTS: [&str; 5] =
        ["arm, ns", "arm anew, ns", "cancel, ns", "fire, ns", "longest advance, µs"];
    for (title, slots, rounds) in [
        ("T1: a million timers over an hour", count(1_000_000), rounds().min(3)),
        ("T1: ten million timers over an hour", count(10_000_000), 1),
    ] {
        let mut table = Table::new(title, &PARTS);
        table.row("binary heap", move || hour::<Heap>(slots));
        table.row("wheel (ours)", move || hour::<Wheel>(slots));
        table.row("btree set", move || hour::<Tree>(slots));
        table.row("hierarchical_hash_wheel_timer", move || hour::<WheelOfOthers>(slots));
        // Ten million take it minutes.
        if slots <= 1_000_000 {
            table.row("tokio-util delay queue", move || hour::<Queue>(slots));
        }
        table.run(rounds);
    }

    let slots = count(1_000_000);
    let mut table = Table::new("T2: a herd of a million", &["longest advance, µs", "fire, ns"]);
    table.row("binary heap", move || herd::<Heap>(slots));
    table.row("wheel (ours)", move || herd::<Wheel>(slots));
    table.row("btree set", move || herd::<Tree>(slots));
    table.row("hierarchical_hash_wheel_timer", move || herd::<WheelOfOthers>(slots));
    table.row("tokio-util delay queue", move || herd::<Queue>(slots));
    table.run(rounds());

    let title = "T3: two threads arm, one advances; ns per slot";
    let mut table = Table::new(title, &["a million slots"]);
    table.row("mutex and binary heap", move || behind_a_mutex::<Heap>(slots));
    table.row("wheel (ours)", move || shared_wheel(slots));
    table.row("mutex and btree set", move || behind_a_mutex::<Tree>(slots));
    table.run(rounds());

    if is_huge() {
        let slots = count(100_000_000);
        let columns = ["bytes per timer", "arm, ns", "fire, ns", "longest advance, µs"];
        let mut table = Table::new("T4: a hundred million timers", &columns);
        table.row("wheel (ours)", move || huge(slots));
        table.run(1);
    }
}
