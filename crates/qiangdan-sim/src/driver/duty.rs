//! Shifts, as the driver needs them: who comes and goes when.

use qiangdan::ClerkId;

/// A change of duty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Duty {
    /// When, in milliseconds of the run.
    pub at_ms: u64,
    /// Who.
    pub clerk: ClerkId,
    /// How many orders the clerk may serve at a time from now on; zero ends the shift.
    pub seats: u32,
    /// What a clerk does whose shift ends while people wait.
    pub stay: Stay,
}

/// What a clerk does whose shift ends. The order in hand is finished in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stay {
    /// Leaves, as for lunch.
    #[default]
    Leave,
    /// Serves those who wait, then leaves, as at the end of the day.
    UntilEmpty,
}

impl Duty {
    /// A shift of one clerk who serves one order at a time.
    #[must_use]
    pub fn shift(clerk: ClerkId, from_ms: u64, to_ms: u64, stay: Stay) -> [Self; 2] {
        [
            Self { at_ms: from_ms, clerk, seats: 1, stay },
            Self { at_ms: to_ms, clerk, seats: 0, stay },
        ]
    }
}
