//! Indices that are free, last in first out, and words whose reuse can be told.
//!
//! This is the free list of the leaves in [`crate::side`]: a Treiber stack over indices. The links
//! live in the elements themselves, so the owner passes functions that read and write them. Indices
//! that were never handed out come from a counter, so a large pool costs nothing until it is used.
//!
//! # Layout of a tagged word
//!
//! | bits  | 63..32 | 31..0                   |
//! |-------|--------|-------------------------|
//! | field | tag    | index, or [`NIL`]       |
//!
//! Each change of a tagged word adds one to its tag, so a swap that expects an old word fails even
//! if the same index has come back. A thread would have to sleep through exactly a multiple of 2³²
//! changes of one word to be deceived.
//!
//! # Edges
//!
//! * **free**: `give` (Release) → `take` (Acquire). Whoever takes an index sees it as it was given,
//!   and its former user is finished with it.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::sync::{AtomicU32, AtomicU64, high, low};

/// No index.
pub(crate) const NIL: u32 = u32::MAX;

/// An index and how often the word that holds it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tagged(pub(crate) u64);

impl Tagged {
    pub(crate) const fn new(tag: u32, index: u32) -> Self {
        Self((tag as u64) << 32 | index as u64)
    }

    pub(crate) const fn index(self) -> u32 {
        low(self.0)
    }

    /// The word that follows this one, naming `index`.
    pub(crate) const fn then(self, index: u32) -> Self {
        Self::new(high(self.0).wrapping_add(1), index)
    }
}

/// Indices that were taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// Whether they were never handed out, and are one after another. Otherwise each but the last
    /// is linked to the next.
    pub(crate) is_fresh: bool,
}

/// The free indices below `capacity`.
pub(crate) struct FreeList {
    /// The index freed last, tagged.
    top: AtomicU64,
    /// Indices from here on were never handed out; may pass `capacity` by what each thread asks for.
    fresh: AtomicU32,
    capacity: u32,
}

impl FreeList {
    pub(crate) fn new(capacity: u32) -> Self {
        assert!(capacity <= u32::MAX / 2, "indices need a spare bit");
        Self { top: AtomicU64::new(Tagged::new(0, NIL).0), fresh: AtomicU32::new(0), capacity }
    }

    /// Takes a free index; `link` reads the link that `give` wrote for an index.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded. Linearizes at the successful
    /// swap, or at the addition for an index that was never handed out.
    #[inline]
    pub(crate) fn take(&self, link: impl Fn(u32) -> u32) -> Option<u32> {
        self.take_many(1, link).map(|taken| taken.first)
    }

    /// Takes free indices, at least one and up to `most`, in one step; otherwise as [`take`].
    ///
    /// `link` may be asked for an index that is no longer free, and for what it said of that one.
    ///
    /// [`take`]: Self::take
    #[inline]
    pub(crate) fn take_many(&self, most: u32, link: impl Fn(u32) -> u32) -> Option<Taken> {
        // Ordering: Acquire, the receiving half of "free": the links are read on its strength.
        let mut seen = Tagged(self.top.load(Acquire));
        while seen.index() != NIL {
            let (first, mut below, mut count) = (seen.index(), link(seen.index()), 1);
            while count < most && below != NIL {
                below = link(below);
                count += 1;
            }
            // Ordering: Relaxed on success: the same word was received above, and being a
            // read-modify-write this leaves "free" of the indices below in force. Acquire on
            // failure, because the next round reads links.
            match self.top.compare_exchange_weak(seen.0, seen.then(below).0, Relaxed, Acquire) {
                Ok(_) => return Some(Taken { first, count, is_fresh: false }),
                Err(now) => seen = Tagged(now),
            }
        }
        // Ordering: Relaxed. The counter only tells indices apart; nobody had them before.
        let left = self.capacity.saturating_sub(self.fresh.load(Relaxed));
        if left > 0 {
            // Ordering: Relaxed, as above.
            let first = self.fresh.fetch_add(most.min(left), Relaxed);
            let count = most.min(left).min(self.capacity.saturating_sub(first));
            if count > 0 {
                return Some(Taken { first, count, is_fresh: true });
            }
        }
        None
    }

    /// Gives `index` back; `set_link` stores the link for `take` to read.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded. Linearizes at the successful
    /// swap.
    pub(crate) fn give(&self, index: u32, set_link: impl Fn(u32)) {
        // Ordering: Relaxed. The old top is stored, not followed.
        let mut seen = Tagged(self.top.load(Relaxed));
        loop {
            set_link(seen.index());
            // Ordering: Release, the sending half of "free". Relaxed on failure, as at the load.
            match self.top.compare_exchange_weak(seen.0, seen.then(index).0, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = Tagged(now),
            }
        }
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_index_is_out_once() {
        let links: Vec<_> = (0..3).map(|_| Cell::new(0)).collect();
        let free = FreeList::new(3);
        let take = || free.take(|index| links[index as usize].get());
        let give = |index: u32| free.give(index, |below| links[index as usize].set(below));
        assert_eq!([take(), take(), take(), take()], [Some(0), Some(1), Some(2), None]);
        give(1);
        give(0);
        assert_eq!([take(), take(), take()], [Some(0), Some(1), None]);
    }

    #[test]
    fn many_are_taken_together() {
        let links: Vec<_> = (0..6).map(|_| Cell::new(NIL)).collect();
        let free = FreeList::new(6);
        let take = |most| free.take_many(most, |index| links[index as usize].get());
        let give = |index: u32| free.give(index, |below| links[index as usize].set(below));
        assert_eq!(take(4), Some(Taken { first: 0, count: 4, is_fresh: true }));
        [3, 0, 2].into_iter().for_each(give);
        assert_eq!(take(2), Some(Taken { first: 2, count: 2, is_fresh: false }));
        assert_eq!(take(5), Some(Taken { first: 3, count: 1, is_fresh: false }));
        assert_eq!(take(5), Some(Taken { first: 4, count: 2, is_fresh: true }));
        assert_eq!(take(1), None);
    }

    #[test]
    fn a_word_that_comes_back_differs() {
        let word = Tagged::new(u32::MAX, 7);
        assert_eq!(word.then(7), Tagged::new(0, 7));
        assert_ne!(word.then(7), word);
    }
}
