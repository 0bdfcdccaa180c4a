//! Numbers of a day: 1, 2, 3 … without gaps, however many threads ask.

use std::sync::atomic::Ordering::Relaxed;

use super::{CodeDay, TrackingCode};
use crate::sync::AtomicU64;

/// The serials of one hall, for as many days as it was made for.
///
/// | bits of a day's word | 63..32               | 31..0             |
/// |----------------------|----------------------|-------------------|
/// | field                | number of the day    | serials given out |
///
/// A word is only ever raised: to the next serial of its day, or to a later day.
#[derive(Debug)]
pub struct Serials {
    days: Box<[AtomicU64]>,
    most: u32,
}

/// Why there is no serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerialError {
    /// The day is over for so long that its serials are forgotten.
    #[error("the serials of {day} are forgotten")]
    Past {
        /// Which.
        day: CodeDay,
    },
    /// All serials of the day are given out.
    #[error("all {most} serials of {day} are given out")]
    Exhausted {
        /// Which.
        day: CodeDay,
        /// How many there are.
        most: u32,
    },
}

impl Serials {
    /// Serials of `days` days at one time, `most` for each at most; both at least one.
    #[must_use]
    pub fn new(days: u32, most: u32) -> Self {
        let days = (0..days.max(1)).map(|_| AtomicU64::new(0)).collect();
        Self { days, most: most.clamp(1, TrackingCode::SERIAL_MAX) }
    }

    /// The next serial of a day. Each is given to one caller, and none is left out.
    ///
    /// Lock-free: a swap fails only if another thread was given a serial. Linearizes at the swap.
    ///
    /// # Errors
    ///
    /// See [`SerialError`].
    pub fn take(&self, day: CodeDay) -> Result<u32, SerialError> {
        self.raise(day, |given| given + 1)
    }

    /// So many serials of a day were given out before: after a restart, say. A smaller number than is
    /// known already changes nothing.
    ///
    /// # Errors
    ///
    /// See [`SerialError`].
    pub fn resume(&self, day: CodeDay, given: u32) -> Result<(), SerialError> {
        self.raise(day, |known| known.max(given)).map(drop)
    }

    fn raise(&self, day: CodeDay, next: impl Fn(u32) -> u32) -> Result<u32, SerialError> {
        // One more than its number, so that a word of zeros is before all days.
        let number = day.number() + 1;
        let word = &self.days[number as usize % self.days.len()];
        // Ordering: Relaxed, here and below. One word, which guards no other data: who is given a
        // serial hands it on by other means.
        let mut seen = word.load(Relaxed);
        loop {
            let (of, given) = ((seen >> 32) as u32, low(seen));
            if of > number {
                return Err(SerialError::Past { day });
            }
            let now = next(if of == number { given } else { 0 });
            if now > self.most {
                return Err(SerialError::Exhausted { day, most: self.most });
            }
            let raised = u64::from(number) << 32 | u64::from(now);
            // Ordering: Relaxed, both, as above.
            match word.compare_exchange_weak(seen, raised, Relaxed, Relaxed) {
                Ok(_) => return Ok(now),
                Err(other) => seen = other,
            }
        }
    }
}

fn low(word: u64) -> u32 {
    (word & 0xffff_ffff) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_counts_for_itself_until_it_is_forgotten() {
        let serials = Serials::new(2, 3);
        let day = |day| CodeDay::new(2026, 11, day).unwrap();
        assert_eq!([serials.take(day(1)), serials.take(day(1))], [Ok(1), Ok(2)]);
        assert_eq!([serials.take(day(2)), serials.take(day(1))], [Ok(1), Ok(3)]);
        let exhausted = SerialError::Exhausted { day: day(1), most: 3 };
        assert_eq!(serials.take(day(1)), Err(exhausted));
        assert_eq!(serials.take(day(3)), Ok(1));
        assert_eq!(serials.take(day(1)), Err(SerialError::Past { day: day(1) }));
        assert_eq!(serials.resume(day(2), 2), Ok(()));
        assert_eq!(serials.resume(day(2), 1), Ok(()));
        assert_eq!(serials.take(day(2)), Ok(3));
    }
}
