//! Ratings (好差评): five grades, where they come from, and the share of those who are content.

use super::{CaseEvent, CaseVerb};

/// The five grades; the last two are bad.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// 非常满意.
    VeryGood,
    /// 满意.
    Good,
    /// 基本满意.
    Fair,
    /// 不满意.
    Bad,
    /// 非常不满意.
    VeryBad,
}

/// Who gave a rating.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// The person.
    Citizen,
    /// Nobody: it is what counts if nobody does (默认好评). It is kept apart.
    Default,
    /// A device at the window, in the hand of staff. Kept apart, too.
    Device,
}

/// One rating.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rating {
    /// How good.
    pub grade: Grade,
    /// From whom.
    pub origin: Origin,
}

impl Grade {
    /// From the best to the worst.
    pub const ALL: [Self; 5] = [Self::VeryGood, Self::Good, Self::Fair, Self::Bad, Self::VeryBad];

    /// Whether something must follow.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Bad | Self::VeryBad)
    }
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Citizen, Self::Default, Self::Device];
}

impl Rating {
    /// As the number of a [`CaseVerb::Rate`] event: grade from 1 for the best, and ten for each origin
    /// after the first.
    #[must_use]
    pub const fn to_number(self) -> u64 {
        self.grade as u64 + 1 + 10 * self.origin as u64
    }

    /// The rating that a number came from; none if it came from none.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        let grade = *Grade::ALL.get(usize::try_from(number % 10).ok()?.checked_sub(1)?)?;
        let origin = *Origin::ALL.get(usize::try_from(number / 10).ok()?)?;
        Some(Self { grade, origin })
    }
}

/// How many ratings of each grade, by origin: a fold over the events of cases.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Satisfaction {
    counts: [[u64; 5]; 3],
}

impl Satisfaction {
    /// Takes note of an event.
    pub fn note(&mut self, event: &CaseEvent) {
        if let (CaseVerb::Rate, Some(rating)) = (event.verb, Rating::from_number(event.number)) {
            self.counts[rating.origin as usize][rating.grade as usize] += 1;
        }
    }

    /// Takes a rating out that turned out to be mistaken or malicious.
    pub fn exclude(&mut self, rating: Rating) {
        let count = &mut self.counts[rating.origin as usize][rating.grade as usize];
        *count = count.saturating_sub(1);
    }

    /// How many of one kind.
    #[must_use]
    pub const fn of(&self, rating: Rating) -> u64 {
        self.counts[rating.origin as usize][rating.grade as usize]
    }

    /// The share of citizens' ratings that are good, 0 to 1; none without any. What nobody gave, or
    /// staff did, says nothing about satisfaction and is not in it.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let citizens = self.counts[Origin::Citizen as usize];
        let all: u64 = citizens.iter().sum();
        let good: u64 = citizens[..3].iter().sum();
        (all > 0).then(|| good as f64 / all as f64)
    }
}
