//! Live figures: counters and a histogram of waits, readable at any time without disturbing anybody.
//!
//! Writers add to one of several shards, readers sum them; nothing is ever reset. The figures are
//! those of the events: `tests/figures.rs` compares them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_utils::CachePadded;

const SHARDS: usize = 4;
/// Buckets per doubling of the wait.
const STEPS: u64 = 32;
/// Waits up to 2^40 ms (34 years) have buckets of their own; longer ones share the last.
const BUCKETS: usize = 36 * 32;

/// The counters.
#[derive(Debug)]
pub(crate) struct Counters {
    shards: Box<[CachePadded<Shard>]>,
    within_ms: u64,
}

#[derive(Debug)]
struct Shard {
    submitted: AtomicU64,
    claimed: AtomicU64,
    claimed_again: AtomicU64,
    within: AtomicU64,
    put_back: AtomicU64,
    closed: AtomicU64,
    abandoned: AtomicU64,
    abandoned_late: AtomicU64,
    breached: AtomicU64,
    waits: Box<[AtomicU64]>,
}

/// The figures at the moment of reading; each was right at some instant during the reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Orders that came in.
    pub submitted: u64,
    /// Orders claimed for the first time.
    pub claimed: u64,
    /// Further claims of orders that had been put back.
    pub claimed_again: u64,
    /// Orders whose first claim came within the target.
    pub within: u64,
    /// Times an order was put back.
    pub put_back: u64,
    /// Orders that are over.
    pub closed: u64,
    /// Of those, orders that waited, never claimed, when the person left.
    pub abandoned: u64,
    /// Of those, orders that had waited longer than the target.
    pub abandoned_late: u64,
    /// Orders that waited longer than their limit.
    pub breached: u64,
    waits: Vec<u64>,
}

impl Stats {
    /// The share within the target (达标率): within ÷ (claimed + left after waiting longer). `None`
    /// before anybody was claimed or left late.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
    pub fn share_within(&self) -> Option<f64> {
        let of = self.claimed + self.abandoned_late;
        (of > 0).then(|| self.within as f64 / of as f64)
    }

    /// The wait that the share `p` (0 to 1) of first claims did not exceed, in milliseconds: nearest
    /// rank, rounded up by at most 1/32. `None` before the first claim.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among fewer than 2^53 waits"
    )]
    pub fn wait_ms(&self, p: f64) -> Option<u64> {
        let total: u64 = self.waits.iter().sum();
        let rank = ((p.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1);
        let mut below = 0;
        let found = self.waits.iter().position(|&count| {
            below += count;
            below >= rank
        });
        found.filter(|_| total > 0).map(top_of)
    }
}

impl Counters {
    pub(crate) fn new(within_ms: u64) -> Self {
        let shard = || {
            CachePadded::new(Shard {
                submitted: AtomicU64::new(0),
                claimed: AtomicU64::new(0),
                claimed_again: AtomicU64::new(0),
                within: AtomicU64::new(0),
                put_back: AtomicU64::new(0),
                closed: AtomicU64::new(0),
                abandoned: AtomicU64::new(0),
                abandoned_late: AtomicU64::new(0),
                breached: AtomicU64::new(0),
                waits: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            })
        };
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), within_ms }
    }

    // Orders are spread over shards by their slot: threads that work on different orders mostly
    // write to different lines.
    fn shard(&self, slot: u32) -> &Shard {
        &self.shards[slot as usize % SHARDS]
    }

    pub(crate) fn submitted(&self, slot: u32) {
        add(&self.shard(slot).submitted);
    }

    pub(crate) fn claimed(&self, slot: u32, epoch: u16, wait_ms: u64) {
        let shard = self.shard(slot);
        if epoch > 1 {
            return add(&shard.claimed_again);
        }
        add(&shard.claimed);
        if wait_ms <= self.within_ms {
            add(&shard.within);
        }
        add(&shard.waits[bucket_of(wait_ms)]);
    }

    pub(crate) fn put_back(&self, slot: u32) {
        add(&self.shard(slot).put_back);
    }

    pub(crate) fn breached(&self, slot: u32) {
        add(&self.shard(slot).breached);
    }

    pub(crate) fn closed(&self, slot: u32) {
        add(&self.shard(slot).closed);
    }

    pub(crate) fn abandoned(&self, slot: u32, wait_ms: u64) {
        let shard = self.shard(slot);
        add(&shard.abandoned);
        if wait_ms > self.within_ms {
            add(&shard.abandoned_late);
        }
    }

    pub(crate) fn read(&self) -> Stats {
        let sum = |field: fn(&Shard) -> &AtomicU64| {
            // Ordering: Relaxed. Each counter stands alone.
            self.shards.iter().map(|shard| field(shard).load(Relaxed)).sum()
        };
        let wait = |bucket: usize| {
            // Ordering: Relaxed, likewise.
            self.shards.iter().map(|shard| shard.waits[bucket].load(Relaxed)).sum()
        };
        Stats {
            submitted: sum(|shard| &shard.submitted),
            claimed: sum(|shard| &shard.claimed),
            claimed_again: sum(|shard| &shard.claimed_again),
            within: sum(|shard| &shard.within),
            put_back: sum(|shard| &shard.put_back),
            closed: sum(|shard| &shard.closed),
            abandoned: sum(|shard| &shard.abandoned),
            abandoned_late: sum(|shard| &shard.abandoned_late),
            breached: sum(|shard| &shard.breached),
            waits: (0..BUCKETS).map(wait).collect(),
        }
    }
}

fn add(counter: &AtomicU64) {
    // Ordering: Relaxed. A count that guards no data.
    counter.fetch_add(1, Relaxed);
}

/// The bucket of a wait: exact below 32 ms, then 32 buckets per doubling.
fn bucket_of(wait_ms: u64) -> usize {
    let bucket = if wait_ms < STEPS {
        wait_ms
    } else {
        let doubling = u64::from(wait_ms.ilog2()) - 5;
        (doubling + 1) * STEPS + (wait_ms >> doubling) - STEPS
    };
    usize::try_from(bucket).map_or(BUCKETS - 1, |bucket| bucket.min(BUCKETS - 1))
}

/// The longest wait of a bucket.
fn top_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    ((bucket % STEPS + STEPS + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wait_lies_in_its_bucket() {
        for wait_ms in (0..100_000).chain([600_000, 86_400_000, 1 << 39]) {
            let bucket = bucket_of(wait_ms);
            assert!(wait_ms <= top_of(bucket), "{wait_ms}");
            assert!(bucket == 0 || wait_ms > top_of(bucket - 1), "{wait_ms}");
            assert!(top_of(bucket) - wait_ms <= wait_ms / 32, "{wait_ms}");
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn shares_and_quantiles_follow_their_definitions() {
        let counters = Counters::new(10);
        for (slot, wait_ms) in [(0, 0), (1, 10), (2, 11), (3, 30)] {
            counters.claimed(slot, 1, wait_ms);
        }
        counters.claimed(0, 2, 1_000);
        counters.abandoned(5, 11);
        counters.abandoned(6, 10);
        let stats = counters.read();
        assert_eq!(stats.share_within(), Some(0.4));
        assert_eq!((stats.wait_ms(0.5), stats.wait_ms(1.0)), (Some(10), Some(30)));
        assert_eq!(Counters::new(1).read().wait_ms(0.5), None);
    }
}
