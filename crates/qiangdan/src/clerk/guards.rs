//! What keeps one clerk's grabbing fair: how often they grab, and how often they give back.

use std::sync::atomic::Ordering::Relaxed;

use crate::{Mono, Pace, sync::AtomicU64};

/// See the module docs.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    /// When the bucket will be full again, in parts of a millisecond: as many as grabs fit in it.
    full_at: AtomicU64,
    /// | bits  | 63..16          | 15..0            |
    /// |-------|-----------------|------------------|
    /// | field | session or day  | given back in it |
    given_back: AtomicU64,
}

impl Guards {
    /// Takes a token. `Err` with the milliseconds until there is one again.
    pub(crate) fn take_token(&self, pace: Pace, now: Mono) -> Result<(), u64> {
        let (most, per) = (u64::from(pace.most), pace.per_ms);
        let now = now.0.saturating_mul(most);
        // Of `most` tokens each takes `per` parts to come back.
        let wait = |full_at: u64| full_at.max(now).saturating_sub(now + (most - 1) * per);
        let take = |full_at: u64| (wait(full_at) == 0).then(|| full_at.max(now) + per);
        // Ordering: Relaxed. The word is a figure of its own.
        let taken = self.full_at.fetch_update(Relaxed, Relaxed, take);
        taken.map(drop).map_err(|full_at| wait(full_at).div_ceil(most))
    }

    /// Gives a token back that was taken in vain.
    pub(crate) fn return_token(&self, pace: Pace) {
        // Ordering: Relaxed, as in `take_token`.
        self.full_at.fetch_sub(pace.per_ms, Relaxed);
    }

    /// Counts that something is given back in a session or on a day. False if it is too often.
    pub(crate) fn count_give_back(&self, within: u64, most: u16) -> bool {
        let count = |word: u64| {
            let before = if word >> 16 == within { word & 0xffff } else { 0 };
            (before < u64::from(most)).then_some(within << 16 | (before + 1))
        };
        // Ordering: Relaxed, as in `take_token`.
        self.given_back.fetch_update(Relaxed, Relaxed, count).is_ok()
    }

    /// Takes back what was counted in vain.
    pub(crate) fn uncount_give_back(&self, within: u64) {
        let uncount = |word: u64| (word >> 16 == within && word & 0xffff > 0).then(|| word - 1);
        // Ordering: Relaxed, as in `take_token`.
        self.given_back.fetch_update(Relaxed, Relaxed, uncount).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_of_three_in_ten_seconds_fills_at_that_pace() {
        let (guards, pace) = (Guards::default(), Pace { most: 3, per_ms: 10_000 });
        let take = |ms| guards.take_token(pace, Mono(ms));
        assert_eq!([take(5), take(5), take(5)], [Ok(()); 3]);
        assert_eq!(take(5), Err(3_334));
        assert_eq!(take(3_338), Err(1));
        assert_eq!((take(3_339), take(3_339)), (Ok(()), Err(3_333)));
        guards.return_token(pace);
        assert_eq!((take(3_339), take(3_339)), (Ok(()), Err(3_333)));
        // However long nobody grabs, there are three.
        assert_eq!([0; 4].map(|_| take(1_000_000).is_ok()), [true, true, true, false]);
    }

    #[test]
    fn what_is_given_back_is_counted_within_its_day() {
        let guards = Guards::default();
        assert!(guards.count_give_back(20_000, 2) && guards.count_give_back(20_000, 2));
        assert!(!guards.count_give_back(20_000, 2));
        guards.uncount_give_back(20_000);
        assert!(guards.count_give_back(20_000, 2));
        assert!(guards.count_give_back(20_001, 2));
        guards.uncount_give_back(20_000);
        assert!(!guards.count_give_back(20_001, 1), "that was another day's");
        assert!(!guards.count_give_back(20_002, 0));
    }
}
