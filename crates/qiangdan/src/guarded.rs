//! The books of what stands on top of orders (tickets, cases), each behind one lock.
//!
//! The engine has no locks; see docs/decisions/0016 for why these have one, and why a grab is never made
//! while it is held.

#[expect(
    clippy::disallowed_types,
    reason = "one lock for the books on top of orders, not below"
)]
use std::sync::Mutex;
use std::sync::PoisonError;

/// A value that one caller at a time works on.
#[derive(Debug, Default)]
#[expect(clippy::disallowed_types, reason = "as above")]
pub(crate) struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    pub(crate) const fn new(value: T) -> Self {
        #[expect(clippy::disallowed_types, reason = "as above")]
        Self(Mutex::new(value))
    }

    /// Lets `work` have the value alone. What a caller that panicked has left is kept: no verb leaves a
    /// book half written between two of its steps that can panic.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
