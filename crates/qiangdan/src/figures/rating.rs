//! Satisfaction (好差评): ratings the host tells, by where they came from.

use super::Share;

/// Where a rating came from (评价来源). Only a citizen's own says whether they were satisfied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RatingOrigin {
    /// Given by the person (主动评价).
    Citizen,
    /// Entered by the system, because nobody rated in time (默认评价).
    Default,
    /// Given at a device of the clerk's.
    Device,
}

/// The five grades.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// 非常满意.
    VeryGood,
    /// 满意.
    Good,
    /// 基本满意. The last that counts as good.
    Fair,
    /// 不满意.
    Bad,
    /// 非常不满意.
    VeryBad,
}

/// Ratings counted; they add up like all figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ratings {
    counts: [[u64; 5]; 3],
}

impl Ratings {
    /// Takes in a rating.
    pub fn rate(&mut self, origin: RatingOrigin, grade: Grade) {
        self.counts[origin as usize][grade as usize] += 1;
    }

    /// Takes in all ratings of another part.
    pub fn add(&mut self, other: &Self) {
        for (ours, theirs) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            *ours += theirs;
        }
    }

    /// How many ratings of one origin there are.
    #[must_use]
    pub fn of(&self, origin: RatingOrigin) -> u64 {
        self.counts[origin as usize].iter().sum()
    }

    /// The share of good ratings (满意率) among those of one origin; of citizens, unless you ask for a
    /// figure that nobody should publish.
    #[must_use]
    pub fn good(&self, origin: RatingOrigin) -> Share {
        let count = self.counts[origin as usize][..=Grade::Fair as usize].iter().sum();
        let of_what = match origin {
            RatingOrigin::Citizen => "ratings by citizens",
            RatingOrigin::Default => "ratings by default",
            RatingOrigin::Device => "ratings at the clerk's device",
        };
        Share { count, of: self.of(origin), what: "good ratings", of_what }
    }

    /// The mean of citizens' ratings, with so many points for each grade (10, 8, 6 …).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 53 bits")]
    pub fn mean(&self, points: [u32; 5]) -> Option<f64> {
        let citizens = self.counts[RatingOrigin::Citizen as usize];
        let sum: u64 = citizens.iter().zip(points).map(|(n, points)| n * u64::from(points)).sum();
        let of = self.of(RatingOrigin::Citizen);
        (of > 0).then(|| sum as f64 / of as f64)
    }

    /// The share of finished orders that citizens rated (主动评价率).
    #[must_use]
    pub fn active(&self, finished: u64) -> Share {
        let count = self.of(RatingOrigin::Citizen);
        Share { count, of: finished, what: "ratings by citizens", of_what: "orders served" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_by_default_satisfy_nobody() {
        let mut ratings = Ratings::default();
        (0..90).for_each(|_| ratings.rate(RatingOrigin::Default, Grade::Fair));
        ratings.rate(RatingOrigin::Citizen, Grade::VeryGood);
        ratings.rate(RatingOrigin::Citizen, Grade::Bad);
        assert_eq!(ratings.good(RatingOrigin::Citizen).value(), Some(0.5));
        assert_eq!(ratings.mean([10, 8, 6, 2, 0]), Some(6.0));
        assert_eq!(ratings.active(100).value(), Some(0.02));
        let mut both = ratings;
        both.add(&ratings);
        assert_eq!(both.of(RatingOrigin::Default), 180);
    }
}
