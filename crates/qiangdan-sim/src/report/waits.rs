//! Waits in order: exact quantiles and shares, no sketch.

use super::figures::{Wait, tidy};

/// The waits of some orders, in milliseconds, shortest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    /// Until the first claim.
    claimed: Vec<u32>,
    /// Of those who were never claimed: until they left or the day ended.
    unclaimed: Vec<u32>,
}

impl Waits {
    pub(super) fn new<'a>(parts: impl Iterator<Item = (&'a [u32], &'a [u32])>) -> Self {
        let mut waits = Self::default();
        for (claimed, unclaimed) in parts {
            waits.claimed.extend_from_slice(claimed);
            waits.unclaimed.extend_from_slice(unclaimed);
        }
        waits.claimed.sort_unstable();
        waits.unclaimed.sort_unstable();
        waits
    }

    pub(super) fn figures(&self) -> Wait {
        let sum = self.claimed.iter().map(|&wait_ms| u64::from(wait_ms)).sum::<u64>();
        let orders = self.claimed.len() as u64;
        Wait {
            orders,
            at_once: self.claimed.partition_point(|&wait_ms| wait_ms == 0) as u64,
            mean_ms: tidy(sum as f64 / orders.max(1) as f64),
            p50_ms: quantile(&self.claimed, 500),
            p90_ms: quantile(&self.claimed, 900),
            p95_ms: quantile(&self.claimed, 950),
            p99_ms: quantile(&self.claimed, 990),
            max_ms: self.claimed.last().copied().unwrap_or(0),
        }
    }

    /// The share claimed within `limit_ms`, out of those claimed and those who waited longer in
    /// vain. Rises with the limit.
    pub(super) fn share_within(&self, limit_ms: u32) -> f64 {
        let within = self.claimed.partition_point(|&wait_ms| wait_ms <= limit_ms);
        let in_vain = self.unclaimed.partition_point(|&wait_ms| wait_ms <= limit_ms);
        let of = self.claimed.len() + self.unclaimed.len() - in_vain;
        if of == 0 { 1.0 } else { tidy(within as f64 / of as f64) }
    }

    pub(super) fn unclaimed_max_ms(&self) -> u32 {
        self.unclaimed.last().copied().unwrap_or(0)
    }
}

/// The smallest value such that at least `permille` ÷ 1000 of all values are not larger; 0 of none.
pub(super) fn quantile(sorted: &[u32], permille: usize) -> u32 {
    let rank = (sorted.len() * permille).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, read aloud.
    fn naive(values: &[u32], permille: usize) -> u32 {
        let enough =
            |v: u32| values.iter().filter(|&&w| w <= v).count() * 1000 >= permille * values.len();
        values.iter().copied().filter(|&v| enough(v)).min().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn quantiles_are_what_their_definition_says(
            values in prop::collection::vec(0_u32..50, 0..60), permille in 1_usize..=1000,
        ) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            prop_assert_eq!(quantile(&sorted, permille), naive(&values, permille));
        }

        #[test]
        fn the_share_within_rises_with_the_limit(
            claimed in prop::collection::vec(0_u32..50, 0..60),
            unclaimed in prop::collection::vec(0_u32..50, 0..60),
        ) {
            let waits = Waits::new([(&claimed[..], &unclaimed[..])].into_iter());
            let shares = (0..50).map(|limit| waits.share_within(limit)).collect::<Vec<_>>();
            prop_assert!(shares.is_sorted());
            if !claimed.is_empty() {
                prop_assert_eq!(waits.share_within(50), 1.0);
            }
        }
    }

    #[test]
    fn who_leaves_early_does_not_count_and_who_leaves_late_does() {
        let waits = Waits::new([(&[0, 5, 6][..], &[5, 6][..])].into_iter());
        assert!((waits.share_within(5) - 0.5).abs() < 1e-9);
    }
}
