//! Something that is only ever added to, read by many threads while one adds.
//!
//! An edition holds all that the one before held, at the same places, and more. So a thread may
//! look twice and see two editions: what it knew of is still there.

use std::{
    ops::Deref,
    sync::{OnceLock, atomic::Ordering::Acquire, atomic::Ordering::Release},
};

use crate::sync::AtomicU32;

/// How many editions there can be. Each is kept as long as the engine: a thread may be reading it.
pub(crate) const EDITIONS_MAX: usize = 64;

/// See the module docs.
#[derive(Debug)]
pub(crate) struct Editions<T> {
    all: Box<[OnceLock<T>]>,
    now: AtomicU32,
}

impl<T> Editions<T> {
    pub(crate) fn new(first: T) -> Self {
        let all: Box<[_]> = (0..EDITIONS_MAX).map(|_| OnceLock::new()).collect();
        let _ = all[0].set(first);
        Self { all, now: AtomicU32::new(0) }
    }

    /// Whether there is room for another.
    pub(crate) fn has_room(&self) -> bool {
        // Ordering: Acquire, as in `deref`; only the one that adds asks.
        (self.now.load(Acquire) as usize) < EDITIONS_MAX - 1
    }

    /// Puts an edition behind the others. Only one thread at a time may, and only if there is room.
    pub(crate) fn add(&self, next: T) {
        // Ordering: Acquire, as in `deref`.
        let at = self.now.load(Acquire) + 1;
        let is_new = self.all[at as usize].set(next).is_ok();
        debug_assert!(is_new, "one thread at a time adds editions");
        // Ordering: Release, the sending half of "edition".
        self.now.store(at, Release);
    }
}

impl<T> Deref for Editions<T> {
    type Target = T;

    /// The latest edition.
    #[inline]
    fn deref(&self) -> &T {
        // Ordering: Acquire, edge "edition": whoever sees the number sees the edition.
        let now = self.now.load(Acquire);
        self.all[now as usize].get().expect("an edition is there before its number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_seen_and_those_before_stay() {
        let editions = Editions::new(vec![1]);
        let first: &Vec<i32> = &editions;
        editions.add(vec![1, 2]);
        assert_eq!((first.as_slice(), editions.as_slice()), (&[1][..], &[1, 2][..]));
        for more in 2..EDITIONS_MAX {
            assert!(editions.has_room(), "{more}");
            editions.add(vec![]);
        }
        assert!(!editions.has_room());
    }
}
