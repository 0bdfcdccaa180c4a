//! Shares that name what they are shares of, and how evenly something is spread.

use std::fmt;

/// A part of a whole, both named: no share is worth anything without its denominator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// What is counted.
    pub what: &'static str,
    /// Of what: the denominator.
    pub of_what: &'static str,
}

impl Share {
    /// The share, 0 to 1 (more, if what is counted is no part of the other); `None` of nothing.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
    pub fn value(&self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }

    /// What is left of one, e.g. the time that was saved.
    #[must_use]
    pub fn complement(&self) -> Option<f64> {
        self.value().map(|value| 1.0 - value)
    }

    /// So many in ten thousand (万件率).
    #[must_use]
    pub fn per_ten_thousand(&self) -> Option<f64> {
        self.value().map(|value| value * 10_000.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, of, what, of_what } = self;
        write!(f, "{count} {what} of {of} {of_what}")
    }
}

/// How unevenly so many things are spread over so many hands (基尼系数): 0 if all have the same, near 1 if
/// one has them all. `None` of nobody or nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
pub fn gini(counts: &[u64]) -> Option<f64> {
    let mut rising = counts.to_vec();
    rising.sort_unstable();
    let (n, sum) = (rising.len() as f64, rising.iter().sum::<u64>() as f64);
    let weighted: f64 = (1_u64..).zip(&rising).map(|(n, &count)| n as f64 * count as f64).sum();
    (sum > 0.0).then(|| (2.0 * weighted / (n * sum)) - (n + 1.0) / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evenly_spread_is_nothing_and_all_in_one_hand_is_nearly_one() {
        assert_eq!(gini(&[5, 5, 5, 5]), Some(0.0));
        assert_eq!(gini(&[0, 0, 0, 8]), Some(0.75));
        assert_eq!((gini(&[]), gini(&[0, 0])), (None, None));
    }
}
