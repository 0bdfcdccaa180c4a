//! An inbox of indices: many threads push, one takes everything at once.
//!
//! There is no `pop`, and that is the point: a link is never removed while its neighbours stay, so
//! the same index coming back in the meantime deceives nobody. An index is in the inbox at most
//! once; pushing it again changes nothing, and whoever takes it learns of both pushes.
//!
//! # Layout
//!
//! | word          | bit 31 | bits 30..0                                |
//! |---------------|--------|-------------------------------------------|
//! | link of index | queued | the index below it + 1, or 0 at the bottom |
//! | head          |        | the top index + 1, or 0 when empty        |
//!
//! # Edges
//!
//! * **queue**: `push`, swap of the head (Release) → `take` (Acquire). The taker sees the links.
//!   (No model can show this one: links are read by read-modify-writes, which loom runs on the
//!   newest value in any case.)
//! * **flag**: `push`, setting of the queued flag (Release), even if it was set → the taker's
//!   clearing of it (Acquire), *before* the index is handed out. So the taker sees what every
//!   pusher wrote before its push, unless that push comes after the clearing and queues the index
//!   again. All changes of a link are read-modify-writes, so none of them cuts this edge.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicU32, zeroed_u32};

const QUEUED: u32 = 1 << 31;

#[cfg(not(any(qiangdan_loom, qiangdan_shuttle)))]
const _: () = assert!(size_of::<AtomicU32>() == Inbox::BYTES_PER_INDEX);

/// Indices waiting to be taken, each at most once.
pub struct Inbox {
    head: CachePadded<AtomicU32>,
    links: Box<[AtomicU32]>,
}

impl Inbox {
    /// What each index costs.
    pub const BYTES_PER_INDEX: usize = 4;

    /// An empty inbox for indices below `capacity`.
    ///
    /// # Panics
    ///
    /// If `capacity` is more than 2³¹ − 2.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        assert!(capacity < QUEUED - 1, "an index needs a spare bit and a spare value");
        Self { head: CachePadded::new(AtomicU32::new(0)), links: zeroed_u32(capacity as usize) }
    }

    /// Puts `index` into the inbox, unless it is there already. True if it was not.
    ///
    /// Either way, whoever takes the index next sees what this thread wrote before. If another
    /// thread is just then pushing the same index, this returns before the index can be taken; the
    /// other thread completes it. Lock-free: a failed swap means that another thread's push or take
    /// succeeded. Linearizes at the setting of the flag if it was set, otherwise at the swap of the
    /// head.
    ///
    /// # Panics
    ///
    /// If `index` is out of range.
    pub fn push(&self, index: u32) -> bool {
        let link = &self.links[index as usize];
        // Ordering: Release, the sending half of "flag".
        if link.fetch_or(QUEUED, Release) & QUEUED != 0 {
            return false;
        }
        // Ordering: Relaxed. The old head is stored, not followed.
        let mut seen = self.head.load(Relaxed);
        loop {
            // Ordering: Relaxed, published by "queue". A swap and not a store, so that it does not
            // cut the "flag" edges of pushes that have come since.
            link.swap(QUEUED | seen, Relaxed);
            // Ordering: Release, the sending half of "queue". Relaxed on failure, as at the load.
            match self.head.compare_exchange_weak(seen, index + 1, Release, Relaxed) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
    }

    /// Takes everything that is in the inbox, newest first. Wait-free. Linearizes at the swap of
    /// the head.
    ///
    /// An index may be pushed again as soon as the iterator has returned it. What the iterator has
    /// not returned when it is dropped goes back into the inbox.
    pub fn take(&self) -> Drain<'_> {
        Drain { chain: self.take_chain(), inbox: self }
    }

    /// Takes everything, to be walked with [`Inbox::next_of`] at the caller's pace.
    pub(crate) fn take_chain(&self) -> Chain {
        // Ordering: Relaxed. If a push that the caller knows of came before, it is not missed.
        if self.head.load(Relaxed) == 0 {
            return Chain::default();
        }
        // Ordering: Acquire, the receiving half of "queue".
        Chain(self.head.swap(0, Acquire))
    }

    /// The next index of a chain, which from now on may be pushed again.
    pub(crate) fn next_of(&self, chain: &mut Chain) -> Option<u32> {
        let index = chain.0.checked_sub(1)?;
        // Ordering: Acquire, the receiving half of "flag".
        chain.0 = self.links[index as usize].swap(0, Acquire) & !QUEUED;
        Some(index)
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("capacity", &self.links.len()).finish_non_exhaustive()
    }
}

/// Indices that were taken out of an inbox and not walked yet: the first one + 1, or 0.
#[derive(Debug, Default)]
pub(crate) struct Chain(u32);

impl Chain {
    pub(crate) fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

/// What was in an inbox; see [`Inbox::take`].
#[derive(Debug)]
pub struct Drain<'a> {
    inbox: &'a Inbox,
    chain: Chain,
}

impl Iterator for Drain<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.inbox.next_of(&mut self.chain)
    }
}

impl Drop for Drain<'_> {
    fn drop(&mut self) {
        while let Some(index) = self.next() {
            self.inbox.push(index);
        }
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    #[test]
    fn everything_is_taken_once_newest_first() {
        let inbox = Inbox::new(5);
        assert!(inbox.push(0) && inbox.push(4) && inbox.push(2));
        assert!(!inbox.push(4), "it is queued");
        assert_eq!(inbox.take().collect::<Vec<_>>(), [2, 4, 0]);
        assert_eq!(inbox.take().count(), 0);
        assert!(inbox.push(4));
    }

    #[test]
    fn an_index_may_be_pushed_again_once_returned() {
        let inbox = Inbox::new(3);
        inbox.push(0);
        inbox.push(1);
        let mut drain = inbox.take();
        assert_eq!(drain.next(), Some(1));
        assert!(inbox.push(1), "it was returned");
        assert!(!inbox.push(0), "it was not");
        assert_eq!((drain.next(), drain.next()), (Some(0), None));
        assert_eq!(inbox.take().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn what_a_drain_leaves_goes_back() {
        let inbox = Inbox::new(3);
        for index in 0..3 {
            inbox.push(index);
        }
        assert_eq!(inbox.take().next(), Some(2));
        let mut rest: Vec<_> = inbox.take().collect();
        rest.sort_unstable();
        assert_eq!(rest, [0, 1]);
    }
}
