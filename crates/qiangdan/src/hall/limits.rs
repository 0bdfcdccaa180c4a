//! `[limits]`: promises about time.

use super::{Duration, Text};

/// A limit (时限): from being submitted, so long at most until the end named.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limit {
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// What must have happened by then.
    pub to: LimitEnd,
    /// How long it lasts.
    pub lasts: Duration,
    /// The key of the ladder climbed meanwhile.
    pub ladder: Option<String>,
}

/// What ends a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LimitEnd {
    /// The order is grabbed: a limit on the wait.
    Grabbed,
    /// The order is closed.
    Closed,
}

impl Limit {
    /// The limit in milliseconds, if the engine times it: a wait, in time that runs always.
    #[must_use]
    pub fn wait_ms(&self) -> Option<u64> {
        match (self.to, self.lasts) {
            (LimitEnd::Grabbed, Duration::Natural { ms }) => Some(ms),
            _ => None,
        }
    }
}
