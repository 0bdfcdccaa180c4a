//! Where each lane's first entry may be at the earliest: one number per lane, side by side.
//!
//! Whoever draws on thirty lanes wants the smallest of thirty first entries. To look at each costs a
//! few lines of memory per lane; to read thirty numbers that lie beside each other costs a few
//! lines in all. So this array keeps for each lane a *bound*: no entry of the lane has a smaller
//! rank. A search looks at the lane with the smallest bound first, and then only at those whose
//! bound is not above what it has found.
//!
//! A bound that is too low costs a look, and whoever looks raises it to what was found. A bound that
//! is too high would let a later entry of another lane go first; nothing is lost by it. So
//! this is about order alone, and never about who owns what.
//!
//! # Layout
//!
//! | bits  | 63..20 | 19..0   |
//! |-------|--------|---------|
//! | field | bound  | version |
//!
//! # Protocol
//!
//! A push in rank order need not write: what comes later has no smaller rank. An insert out of
//! order [lowers](Heads::lower) the bound *after* it, and changes the version even if the bound was
//! low enough. Whoever wants to raise a bound reads it, *then* looks at the lane, and swaps only if
//! the word has not changed: an insert before the reading is seen by the look, and one after it
//! makes the swap fail, or lowers the bound again.
//!
//! # Edges
//!
//! * **bound**: `lower` (Release) → `see` (Acquire). Whoever sees the bound sees the insert before
//!   it. All changes are read-modify-writes, so a raised bound still carries earlier inserts.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::sync::{AtomicU64, zeroed_u64};

/// There are words for so many lanes at a time.
#[cfg(not(qiangdan_loom))]
const PART: usize = 64;
/// The models are spared the rest.
#[cfg(qiangdan_loom)]
const PART: usize = 2;

const VERSION_BITS: u32 = 20;
const VERSION: u64 = (1 << VERSION_BITS) - 1;

/// Lower bounds of the ranks in each lane.
pub struct Heads {
    words: Box<[AtomicU64]>,
}

/// A bound as it was at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound(u64);

impl Bound {
    /// No entry of the lane had a smaller rank.
    #[inline]
    #[must_use]
    pub const fn rank(self) -> u64 {
        self.0 >> VERSION_BITS
    }
}

/// The lane with the lowest bound among several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowest {
    /// Which; of those with equal bounds the first.
    pub lane: u32,
    /// Its bound.
    pub bound: Bound,
    /// The lowest rank of the other bounds; `u64::MAX` if there are none.
    pub others: u64,
}

impl Lowest {
    /// The lowest of these lanes and others.
    #[inline]
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let others = self.others.min(other.others);
        let (low, high) =
            if other.bound.rank() < self.bound.rank() { (other, self) } else { (self, other) };
        Self { others: others.min(high.bound.rank()), ..low }
    }
}

impl Heads {
    /// The largest rank there can be; larger ones count as this one.
    pub const RANK_MAX: u64 = u64::MAX >> VERSION_BITS;

    /// Bounds of so many lanes, all 0.
    #[must_use]
    pub fn new(lanes: u32) -> Self {
        Self { words: zeroed_u64((lanes as usize).next_multiple_of(PART)) }
    }

    /// The bound of a lane.
    ///
    /// Wait-free. Linearizes at the load.
    ///
    /// # Panics
    ///
    /// If there is no such lane.
    #[inline]
    #[must_use]
    pub fn see(&self, lane: u32) -> Bound {
        // Ordering: Acquire, the receiving half of "bound".
        Bound(self.words[lane as usize].load(Acquire))
    }

    /// The lowest bound among some of the 64 lanes from `64 * part` on, a bit each.
    ///
    /// Wait-free. One load for each lane; linearizes, for each, there.
    ///
    /// # Panics
    ///
    /// If there are no such lanes.
    #[inline]
    #[must_use]
    pub fn lowest(&self, part: u32, mut lanes: u64) -> Option<Lowest> {
        let (parts, _) = self.words.as_chunks::<PART>();
        let words = &parts[part as usize];
        let mut lowest = None;
        let (mut rank, mut others) = (u64::MAX, u64::MAX);
        while lanes != 0 {
            let lane = lanes.trailing_zeros();
            lanes &= lanes - 1;
            // Ordering: Acquire, the receiving half of "bound".
            let bound = Bound(words[lane as usize % PART].load(Acquire));
            others = others.min(bound.rank().max(rank));
            if bound.rank() < rank {
                rank = bound.rank();
                lowest = Some((64 * part + lane, bound));
            }
        }
        lowest.map(|(lane, bound)| Lowest { lane, bound, others })
    }

    /// Says that an entry of `rank` was pushed in rank order; to be called after the push.
    ///
    /// One load, unless the order was not kept. Wait-free but for that.
    ///
    /// # Panics
    ///
    /// If there is no such lane.
    #[inline]
    pub fn pushed(&self, lane: u32, rank: u64) {
        // Ordering: Relaxed. A guess; if it is wrong, an entry that came out of order may be passed
        // over by those it came before.
        if Bound(self.words[lane as usize].load(Relaxed)).rank() > rank {
            self.lower(lane, rank);
        }
    }

    /// Says that an entry of `rank` was inserted; to be called after the insert.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded. Linearizes at the swap.
    ///
    /// # Panics
    ///
    /// If there is no such lane.
    #[cold]
    pub fn lower(&self, lane: u32, rank: u64) {
        let word = &self.words[lane as usize];
        // Ordering: Relaxed. A guess; the swap below checks it.
        let mut seen = word.load(Relaxed);
        loop {
            let bound = Bound(seen).rank().min(rank);
            let next = bound << VERSION_BITS | (seen + 1) & VERSION;
            // Ordering: Release on success, the sending half of "bound". Relaxed on failure: the
            // value is a guess again.
            match word.compare_exchange_weak(seen, next, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Says that a look at the lane, after `seen` was seen, found its first entry at `rank`.
    ///
    /// Wait-free: one attempt, and none if the bound would not rise. Linearizes at the swap.
    ///
    /// # Panics
    ///
    /// If there is no such lane.
    #[inline]
    pub fn raise(&self, lane: u32, seen: Bound, rank: u64) {
        let rank = rank.min(Self::RANK_MAX);
        if rank > seen.rank() {
            let next = rank << VERSION_BITS | seen.0 & VERSION;
            // Ordering: Relaxed. It sends nothing; being a read-modify-write, it leaves "bound" of
            // the inserts before in force.
            let _ = self.words[lane as usize].compare_exchange(seen.0, next, Relaxed, Relaxed);
        }
    }
}

impl fmt::Debug for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heads").field("lanes", &self.words.len()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_bound_rises_to_what_was_found_and_falls_to_what_came_in() {
        let heads = Heads::new(2);
        heads.raise(1, heads.see(1), 70);
        assert_eq!([heads.see(0).rank(), heads.see(1).rank()], [0, 70]);
        heads.pushed(1, 80);
        assert_eq!(heads.see(1).rank(), 70);
        heads.lower(1, 30);
        assert_eq!(heads.see(1).rank(), 30);
        heads.raise(1, heads.see(1), 20);
        assert_eq!(heads.see(1).rank(), 30, "raising does not lower");
        heads.pushed(1, 10);
        assert_eq!(heads.see(1).rank(), 10);
        heads.raise(1, heads.see(1), u64::MAX);
        assert_eq!(heads.see(1).rank(), Heads::RANK_MAX);
    }

    #[test]
    fn the_lowest_of_several_is_found_with_the_next() {
        let heads = Heads::new(70);
        for (lane, rank) in [(3, 50), (4, 40), (60, 40), (65, 30), (69, 90)] {
            heads.raise(lane, heads.see(lane), rank);
        }
        let found = |part, lanes: &[u32]| {
            let bits = lanes.iter().fold(0, |bits, lane| bits | 1 << (lane % 64));
            heads.lowest(part, bits)
        };
        let shape = |found: Option<Lowest>| found.map(|l| (l.lane, l.bound.rank(), l.others));
        assert_eq!(shape(found(0, &[])), None);
        assert_eq!(shape(found(0, &[3])), Some((3, 50, u64::MAX)));
        assert_eq!(shape(found(0, &[3, 4])), Some((4, 40, 50)));
        assert_eq!(shape(found(0, &[3, 4, 60])), Some((4, 40, 40)), "of equal ones the first");
        let (near, far) = (found(0, &[3, 4]).unwrap(), found(1, &[65, 69]).unwrap());
        assert_eq!(shape(Some(near.with(far))), Some((65, 30, 40)));
        assert_eq!(shape(Some(far.with(near))), Some((65, 30, 40)));
        assert_eq!(shape(Some(near.with(found(0, &[60]).unwrap()))), Some((4, 40, 40)));
    }

    #[test]
    fn what_came_in_since_the_bound_was_seen_keeps_it_down() {
        let heads = Heads::new(1);
        let seen = heads.see(0);
        heads.lower(0, 5);
        heads.raise(0, seen, 70);
        assert_eq!(heads.see(0).rank(), 0, "the look may have missed the insert");
    }

    #[test]
    fn versions_wrap_without_touching_bounds() {
        let heads = Heads::new(1);
        heads.raise(0, heads.see(0), 9);
        heads.words[0].fetch_or(VERSION, Relaxed);
        heads.lower(0, 9);
        assert_eq!(heads.see(0), Bound(9 << VERSION_BITS));
    }
}
