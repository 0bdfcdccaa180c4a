//! Live figures: counts and a histogram of waits, readable at any time without disturbing anybody.
//!
//! Nothing is ever reset. The figures are those of the events: module [`history`](crate::history)
//! compares them.

use crate::desk::{Count, Desk, Desks};

/// Buckets per doubling of the wait.
const STEPS: u64 = 32;
/// Waits up to 2^40 ms (34 years) have buckets of their own; longer ones share the last.
pub(crate) const BUCKETS: usize = 36 * 32;

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

impl Stats {
    /// Adds up the desks.
    pub(crate) fn of(desks: &Desks) -> Self {
        let sum = |count: fn(&Desk) -> &Count| desks.iter().map(|desk| count(desk).get()).sum();
        // The bucket of the target is there twice, first for the waits within.
        let target = bucket_of(desks.within_ms());
        let mut halves = vec![0_u64; BUCKETS + 1];
        for desk in desks.iter() {
            for (sum, count) in halves.iter_mut().zip(&desk.waits) {
                *sum += count.get();
            }
        }
        let within = halves[..=target].iter().sum();
        let beyond = halves.remove(target + 1);
        halves[target] += beyond;
        Self {
            submitted: sum(|desk| &desk.submitted),
            claimed: halves.iter().sum(),
            claimed_again: sum(|desk| &desk.claimed_again),
            within,
            put_back: sum(|desk| &desk.put_back),
            closed: sum(|desk| &desk.closed),
            abandoned: sum(|desk| &desk.abandoned),
            abandoned_late: sum(|desk| &desk.abandoned_late),
            breached: sum(|desk| &desk.breached),
            waits: halves,
        }
    }
}

/// The bucket of a wait: exact below 32 ms, then 32 buckets per doubling.
pub(crate) fn bucket_of(wait_ms: u64) -> usize {
    let bucket = if wait_ms < STEPS {
        wait_ms
    } else {
        let doubling = u64::from(wait_ms.ilog2()) - 5;
        (doubling + 1) * STEPS + (wait_ms >> doubling) - STEPS
    };
    usize::try_from(bucket).map_or(BUCKETS - 1, |bucket| bucket.min(BUCKETS - 1))
}

/// The longest wait of a bucket.
pub(crate) fn top_of(bucket: usize) -> u64 {
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
        let desks = Desks::new(10);
        let (one, another) = (desks.take(), desks.take());
        for (desk, wait_ms) in [(&one, 0), (&one, 10), (&another, 11), (&another, 30)] {
            desk.claimed(1, wait_ms);
        }
        one.claimed(2, 1_000);
        one.left(11);
        another.left(10);
        let stats = Stats::of(&desks);
        assert_eq!((stats.claimed, stats.within, stats.claimed_again), (4, 2, 1));
        assert_eq!(stats.share_within(), Some(0.4));
        assert_eq!((stats.wait_ms(0.5), stats.wait_ms(1.0)), (Some(10), Some(30)));
        assert_eq!(Stats::of(&Desks::new(1)).wait_ms(0.5), None);
    }
}
