//! A histogram of nanoseconds, exact to one part in 32, and its percentiles.
//!
//! What goes in is taken with [`std::time::Instant`], two readings a figure; the some 22 ns that a
//! reading takes are in each figure, for all that is compared alike.

use std::time::{Duration, Instant};

/// Steps per doubling.
const STEPS: u64 = 32;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Figures of up to 2⁴⁰ ns (18 minutes) have a place of their own.
const PLACES: usize = 36 * 32 + 32;

/// How often what took how long.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: Vec<u64>,
    max: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: vec![0; PLACES], max: 0 }
    }

    /// Notes one.
    pub fn note(&mut self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts[place(ns).min(PLACES - 1)] += 1;
        self.max = self.max.max(ns);
    }

    /// Does something and notes how long it took.
    pub fn time<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let done = act();
        self.note(begin.elapsed());
        done
    }

    /// Does something and notes for how long this thread had a core meanwhile. Asking takes about ten
    /// times as long as [`Latencies::time`] does, and is in the figure.
    pub fn time_on_core<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let begin = on_core();
        let done = act();
        self.note(on_core().saturating_sub(begin));
        done
    }

    /// Adds those of another thread.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.max = self.max.max(other.max);
    }

    /// All of several threads together.
    #[must_use]
    pub fn of_all(threads: &[Self]) -> Self {
        let mut all = Self::new();
        for one in threads {
            all.add(one);
        }
        all
    }

    /// The nanoseconds that the share `p` (0 to 1) did not exceed, rounded up by at most 1/32; 0 if
    /// there are none.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among fewer than 2^53"
    )]
    pub fn ns(&self, p: f64) -> f64 {
        let total: u64 = self.counts.iter().sum();
        let rank = ((p * total as f64).ceil() as u64).max(1);
        let mut below = 0;
        let found = self.counts.iter().position(|&count| {
            below += count;
            below >= rank
        });
        found.map_or(0, |place| top(place).min(self.max)) as f64
    }

    /// p50, p99, p99.9 and p99.99.
    #[must_use]
    pub fn percentiles(&self) -> Vec<f64> {
        [0.5, 0.99, 0.999, 0.9999].map(|p| self.ns(p)).to_vec()
    }
}

/// The headings of [`Latencies::percentiles`].
pub const PERCENTILES: [&str; 4] = ["p50", "p99", "p99.9", "p99.99"];

/// How long this thread has had a core so far.
fn on_core() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().expect("it is not negative")
}

#[expect(clippy::cast_possible_truncation, reason = "at most 64 doublings of 32 steps")]
fn place(ns: u64) -> usize {
    if ns < STEPS {
        return ns as usize;
    }
    let doubling = ns.ilog2() - STEP_BITS;
    (u64::from(doubling) * STEPS + (ns >> doubling)) as usize
}

/// The largest figure of a place.
fn top(place: usize) -> u64 {
    let place = place as u64;
    if place < 2 * STEPS {
        return place;
    }
    let doubling = place / STEPS - 1;
    ((place % STEPS + STEPS + 1) << doubling) - 1
}
