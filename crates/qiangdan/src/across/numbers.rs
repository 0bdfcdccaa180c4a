//! Acceptance numbers: for each service 1, 2, 3 …, in the order of acceptance.

use std::sync::atomic::Ordering::Relaxed;

use crate::{ServiceId, sync::AtomicU64};

/// The acceptance numbers (受理编号) of the services of one owner.
///
/// Where there is less than is asked for, who was accepted first is decided first (行政许可法 art.
/// 57). So acceptance is being given a number: of two acceptances the one with the smaller number is
/// the earlier, whatever the clocks of two windows say.
#[derive(Debug)]
pub struct AcceptanceNumbers {
    last: Box<[AtomicU64]>,
}

impl AcceptanceNumbers {
    /// Numbers for so many services.
    #[must_use]
    pub fn new(services: usize) -> Self {
        Self { last: (0..services).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The next number of a service; `None` if there is no such service. Wait-free.
    pub fn next(&self, service: ServiceId) -> Option<u64> {
        // Ordering: Relaxed. One word, which guards no other data; whoever has learnt that an earlier
        // number was given is given a larger one.
        Some(self.last.get(service.index())?.fetch_add(1, Relaxed) + 1)
    }

    /// Numbers up to this one were given by a program that has ended.
    pub fn resume(&self, service: ServiceId, last: u64) {
        if let Some(word) = self.last.get(service.index()) {
            // Ordering: Relaxed, as above.
            word.fetch_max(last, Relaxed);
        }
    }
}
