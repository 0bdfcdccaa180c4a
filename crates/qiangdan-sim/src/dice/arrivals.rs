//! When orders arrive: a Poisson process whose rate is constant within each slot, or for ever.

use super::Stream;

/// A stretch of time with one rate of arrivals.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Slot {
    /// When it begins, in milliseconds of the simulated clock.
    pub from_ms: u64,
    /// When it ends; later than it begins. Nothing arrives at this instant.
    pub to_ms: u64,
    /// How many orders arrive in it on average.
    pub expected: f64,
}

/// Why slots make no arrivals.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrivalsError {
    /// A slot ends before or when it begins.
    #[error("slot {slot} is from {from_ms} to {to_ms} ms, expected an end after its beginning")]
    Empty {
        /// Which, from 0.
        slot: usize,
        /// Its beginning.
        from_ms: u64,
        /// Its end.
        to_ms: u64,
    },
    /// A slot begins before the one before it has ended.
    #[error(
        "slot {slot} begins at {from_ms} ms, before the end of the one before it ({before_ms})"
    )]
    Overlap {
        /// Which, from 0.
        slot: usize,
        /// Its beginning.
        from_ms: u64,
        /// The end of the slot before it.
        before_ms: u64,
    },
    /// An expected number is negative or not finite.
    #[error("slot {slot} expects {expected} orders, expected a number from 0")]
    Expected {
        /// Which, from 0.
        slot: usize,
        /// What was given.
        expected: f64,
    },
}

/// Arrivals over slots: the next instant, again and again, until the last slot has ended.
///
/// Exact: a unit-rate process is stretched piece by piece, nothing is thinned. Takes one number
/// from the stream for each arrival and one for the end. Several orders may arrive in one
/// millisecond.
#[derive(Clone, Debug)]
pub struct Arrivals {
    slots: Vec<Slot>,
    stream: Stream,
    /// The current slot, and how much of its expected number lies behind.
    at: usize,
    behind: f64,
}

impl Arrivals {
    /// Arrivals over `slots`, which rise and do not overlap; between them nothing arrives.
    ///
    /// # Errors
    ///
    /// [`ArrivalsError`] for the first slot that is wrong.
    pub fn new(slots: Vec<Slot>, stream: Stream) -> Result<Self, ArrivalsError> {
        let mut before_ms = 0;
        for (slot, &Slot { from_ms, to_ms, expected }) in slots.iter().enumerate() {
            if from_ms >= to_ms {
                return Err(ArrivalsError::Empty { slot, from_ms, to_ms });
            }
            if from_ms < before_ms {
                return Err(ArrivalsError::Overlap { slot, from_ms, before_ms });
            }
            if !(0.0..f64::INFINITY).contains(&expected) {
                return Err(ArrivalsError::Expected { slot, expected });
            }
            before_ms = to_ms;
        }
        Ok(Self { slots, stream, at: 0, behind: 0.0 })
    }

    /// Begins again with another stream: the next day.
    pub fn restart(&mut self, stream: Stream) {
        (self.stream, self.at, self.behind) = (stream, 0, 0.0);
    }

    /// The slots.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

impl Iterator for Arrivals {
    type Item = u64;

    /// The instant of the next arrival, in milliseconds.
    fn next(&mut self) -> Option<u64> {
        let mut ahead = self.stream.exponential();
        while let Some(slot) = self.slots.get(self.at) {
            if self.behind + ahead < slot.expected {
                self.behind += ahead;
                return Some(slot.instant(self.behind / slot.expected));
            }
            ahead -= slot.expected - self.behind;
            (self.at, self.behind) = (self.at + 1, 0.0);
        }
        None
    }
}

impl Slot {
    /// The millisecond at `share` of the way through the slot.
    #[expect(clippy::cast_possible_truncation, reason = "cut down to the slot's milliseconds")]
    #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
    #[expect(clippy::cast_precision_loss, reason = "slots are shorter than 2^53 ms")]
    fn instant(self, share: f64) -> u64 {
        let length_ms = self.to_ms - self.from_ms;
        self.from_ms + ((share * length_ms as f64) as u64).min(length_ms - 1)
    }
}

/// Arrivals at one rate for ever.
#[derive(Clone, Debug)]
pub struct Steady {
    mean_gap_ms: f64,
    stream: Stream,
    /// The last arrival: whole milliseconds and the rest of one, so that no precision is lost.
    whole_ms: u64,
    rest_ms: f64,
}

impl Steady {
    /// Arrivals from instant 0 on, `mean_gap_ms` milliseconds apart on average.
    ///
    /// # Panics
    ///
    /// If `mean_gap_ms` is not above 0 and below 2⁵³.
    #[must_use]
    pub fn new(mean_gap_ms: f64, stream: Stream) -> Self {
        assert!(
            mean_gap_ms > 0.0 && mean_gap_ms < 9e15,
            "a mean gap of {mean_gap_ms} ms is no rate"
        );
        Self { mean_gap_ms, stream, whole_ms: 0, rest_ms: 0.0 }
    }
}

impl Iterator for Steady {
    type Item = u64;

    /// The instant of the next arrival, in milliseconds. There is always one.
    #[expect(clippy::cast_possible_truncation, reason = "gaps are below 2^63 ms")]
    #[expect(clippy::cast_sign_loss, reason = "gaps are not negative")]
    #[expect(clippy::cast_precision_loss, reason = "takes off what was just truncated")]
    fn next(&mut self) -> Option<u64> {
        let gap_ms = self.rest_ms + self.mean_gap_ms * self.stream.exponential();
        let whole_ms = gap_ms as u64;
        self.whole_ms = self.whole_ms.saturating_add(whole_ms);
        self.rest_ms = gap_ms - whole_ms as f64;
        Some(self.whole_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Purpose;

    fn day() -> Vec<Slot> {
        let slot = |from_ms, to_ms, expected| Slot { from_ms, to_ms, expected };
        vec![
            slot(1_000, 61_000, 12.0),
            slot(61_000, 61_007, 3.0),
            slot(100_000, 160_000, 0.0),
            slot(160_000, 220_000, 40.0),
        ]
    }

    #[test]
    fn every_slot_gets_its_number_and_nothing_arrives_between() {
        let days = 4_000_u32;
        let mut arrivals = Arrivals::new(day(), Stream::new(0, 0, Purpose::Arrivals)).unwrap();
        let mut counts = [(); 4].map(|()| vec![]);
        for today in 0..days {
            arrivals.restart(Stream::new(11, u64::from(today), Purpose::Arrivals));
            let (mut before, mut seen) = (0, [0_u32; 4]);
            for at in arrivals.by_ref() {
                assert!(at >= before);
                before = at;
                let slot = day().iter().position(|s| (s.from_ms..s.to_ms).contains(&at)).unwrap();
                seen[slot] += 1;
            }
            assert_eq!(arrivals.next(), None);
            counts.iter_mut().zip(seen).for_each(|(all, seen)| all.push(seen));
        }
        for (slot, counts) in day().iter().zip(counts) {
            let (n, expected) = (f64::from(days), slot.expected);
            let mean = f64::from(counts.iter().sum::<u32>()) / n;
            let squares: f64 = counts.iter().map(|&c| (f64::from(c) - expected).powi(2)).sum();
            assert!((mean - expected).abs() <= 4.0 * (expected / n).sqrt(), "{slot:?}: {mean}");
            // A Poisson number varies as much as it is expected; its fourth central moment is
            // expected + 3 expected².
            let error = ((expected + 2.0 * expected * expected) / n).sqrt();
            assert!((squares / n - expected).abs() <= 4.0 * error, "{slot:?}: {squares}");
        }
    }

    #[test]
    fn arrivals_spread_evenly_within_a_slot() {
        let slots = vec![Slot { from_ms: 0, to_ms: 1_000_000, expected: 100_000.0 }];
        let arrivals = Arrivals::new(slots, Stream::new(5, 0, Purpose::Arrivals)).unwrap();
        let mut tenths = [0.0_f64; 10];
        for at in arrivals {
            tenths[(at / 100_000) as usize] += 1.0;
        }
        let chi_square: f64 = tenths.iter().map(|n| (n - 1e4).powi(2) / 1e4).sum();
        // Ten independent Poisson numbers: beyond 35.6 once in ten thousand.
        assert!(chi_square < 35.6, "{chi_square}");
    }

    #[test]
    fn a_steady_process_keeps_its_rate_far_from_the_start() {
        let mut steady = Steady::new(0.75, Stream::new(2, 0, Purpose::Arrivals));
        steady.whole_ms = 1 << 52;
        let n = 400_000;
        let last = steady.nth(n - 1).unwrap() - (1 << 52);
        let z = (last as f64 - 0.75 * n as f64) / (0.75 * (n as f64).sqrt());
        assert!(z.abs() < 4.0, "{z}");
    }

    #[test]
    fn slots_that_cannot_be_are_refused() {
        let stream = || Stream::new(0, 0, Purpose::Arrivals);
        let mut slots = day();
        slots[1].from_ms = 60_999;
        let overlap = ArrivalsError::Overlap { slot: 1, from_ms: 60_999, before_ms: 61_000 };
        assert_eq!(Arrivals::new(slots, stream()).unwrap_err(), overlap);
        let mut slots = day();
        slots[0].to_ms = 1_000;
        assert!(matches!(Arrivals::new(slots, stream()), Err(ArrivalsError::Empty { .. })));
        let mut slots = day();
        slots[3].expected = f64::NAN;
        assert!(matches!(Arrivals::new(slots, stream()), Err(ArrivalsError::Expected { .. })));
        assert_eq!(Arrivals::new(vec![], stream()).unwrap().next(), None);
    }
}
