//! `[hall]`, `[targets]`, `[grab]`, `[bounds]`: what is said once for the whole hall.

use crate::WaitTarget;

/// The promise about waits, and where it is measured.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The wait promised, in milliseconds.
    pub within_ms: u64,
    /// The share of orders for which it must be kept, 0 to 1.
    pub share: f64,
    /// The time over which the share is taken.
    pub per: Per,
}

/// Over which time a share is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Per {
    /// Every half hour must keep the promise, also the worst.
    HalfHour,
    /// The day as a whole must.
    Day,
}

impl Target {
    /// What the engine needs of it.
    #[must_use]
    pub fn wait_target(self) -> WaitTarget {
        WaitTarget { within_ms: self.within_ms, share: self.share }
    }
}

impl Default for Target {
    /// Ten minutes for nine in ten, in every half hour.
    fn default() -> Self {
        let WaitTarget { within_ms, share } = WaitTarget::default();
        Self { within_ms, share, per: Per::HalfHour }
    }
}
