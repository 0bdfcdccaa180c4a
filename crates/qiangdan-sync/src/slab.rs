//! Which slots are free: each is handed out to one thread at a time, and reused as late as
//! possible.
//!
//! This is not a container: the slots' contents are arrays elsewhere, indexed by slot. It keeps no
//! generations; those are in each slot's [`crate::claim::ClaimWord`].
//!
//! Slots that were never used go first, then freed ones, first in first out. So the memory of a
//! slot's last life lasts as long as there is room: a late question gets an exact answer for as
//! long as possible.
//!
//! # Shape
//!
//! Fresh slots come from a counter. Freed ones queue in a ring with a cell for each slot. A
//! *position* counts what was given back; position `q` of a ring of `n` cells belongs to cell
//! `q mod n` and to *lap* `q / n`. Positions are filled one after another, and emptied one after
//! another: those from head to tail are full. No slot is in the ring twice, so the tail never runs
//! into the head.
//!
//! # Layout of a cell
//!
//! | bits  | 63..32       | 31   | 30..0                |
//! |-------|--------------|------|----------------------|
//! | field | lap mod 2³²  | full | slot, or 0 if empty  |
//!
//! A position's cell is first empty in its lap, then full in its lap, then empty in the next lap. So
//! its word alone says whether a position is filled or emptied, and no word comes back before 2³²
//! laps. Giving is one swap and taking is one swap; whoever is faster decides.
//!
//! The tail hint says: all positions before this one are filled; the head hint: all are emptied.
//! Both are stored plainly after the swap, and hold for good once they were true. So a hint that is
//! stored late costs the others a walk, and nothing else, unless its thread has slept through 2³¹
//! laps. Nobody waits: a thread that stops before its swap has done nothing, and one that stops
//! after it leaves a hint behind by one.
//!
//! # Edges
//!
//! * **recycle**: `give`, swap of the cell (Release) → the `take` of the same slot, load of the cell
//!   (Acquire). The next user sees the slot as the last one left it.
//! * **filled**: `give`, swap of the cell (Release) → a later `give`, load of the cell (Acquire).
//!   Whoever finds a position filled sees all before it filled.
//! * **tail**: `give`, store of the tail hint (Release) → a later `give`, load of it (Acquire).
//!   Whoever starts at the hint sees all positions before it filled.
//! * **emptied**: `take`, swap of the cell (Release) → a later `take`, load of the cell (Acquire).
//!   Whoever finds that another was faster sees what that one gave back before: who gives a slot and
//!   then takes one is not told that there is none, if all do so.
//! * **head**: `take`, store of the head hint (Release) → a later `take`, load of it (Acquire). The
//!   same for whoever starts after positions that others emptied.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicU32, AtomicU64, high, low, walk, zeroed_u64};

/// The free slots among `0..capacity`.
pub struct Slab {
    /// Slots from here on were never taken; may pass the capacity by the number of threads.
    fresh: CachePadded<AtomicU32>,
    /// How many were retired.
    retired: AtomicU32,
    freed: Ring,
    slots: u32,
}

impl Slab {
    /// A slab of `capacity` slots, all free. Allocates eight to sixteen bytes per slot, which the
    /// system hands out page by page as they are used.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0 or more than 2³¹ − 1.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        assert!(capacity > 0, "a slab needs a slot");
        assert!(capacity <= u32::MAX / 2, "a slab has at most 2^31 - 1 slots");
        Self {
            fresh: CachePadded::new(AtomicU32::new(0)),
            retired: AtomicU32::new(0),
            freed: Ring::new(capacity),
            slots: capacity,
        }
    }

    /// Takes a slot, or `None` if all are in use. The caller alone may fill it.
    ///
    /// Wait-free while there are fresh slots, otherwise lock-free: a failed swap means that another
    /// thread's succeeded. Linearizes at the addition or the swap, or at the load of a cell that is
    /// not filled.
    #[inline]
    pub fn take(&self) -> Option<u32> {
        // Ordering: Relaxed. The counter only tells slots apart; a fresh slot has no history.
        if self.fresh.load(Relaxed) < self.slots {
            // Ordering: Relaxed, as above.
            let slot = self.fresh.fetch_add(1, Relaxed);
            if slot < self.slots {
                return Some(slot);
            }
        }
        self.freed.take()
    }

    /// Gives back a slot that `take` returned, to be reused after all that were given back before.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded. Linearizes at the swap.
    ///
    /// # Panics
    ///
    /// In debug builds, if the slot is out of range; always, if more slots are given than there is
    /// room for, which is a little more than there are.
    #[inline]
    pub fn give(&self, slot: u32) {
        debug_assert!(slot < self.slots, "slot {slot} is not of this slab");
        self.freed.give(slot);
    }

    /// Counts a slot that `take` returned and that will not come back. Wait-free.
    pub fn retire(&self, slot: u32) {
        debug_assert!(slot < self.slots, "slot {slot} is not of this slab");
        // Ordering: Relaxed. A figure.
        self.retired.fetch_add(1, Relaxed);
    }

    /// How many slots there are, without those that were retired. Wait-free.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        // Ordering: Relaxed. A figure.
        self.slots.saturating_sub(self.retired.load(Relaxed))
    }

    /// About how many slots are taken: exact if nobody takes or gives meanwhile.
    #[must_use]
    pub fn in_use(&self) -> u32 {
        // Ordering: Relaxed. A figure.
        let fresh = self.fresh.load(Relaxed).min(self.slots);
        // Ordering: Relaxed. A figure.
        let retired = self.retired.load(Relaxed);
        fresh.saturating_sub(self.freed.len()).saturating_sub(retired)
    }
}

impl fmt::Debug for Slab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slab")
            .field("capacity", &self.capacity())
            .field("in_use", &self.in_use())
            .finish()
    }
}

/// Cells of the smallest ring: so many that nobody sleeps through 2³¹ laps of it.
#[cfg(not(qiangdan_loom))]
const CELLS_MIN: u32 = 64;
#[cfg(qiangdan_loom)]
const CELLS_MIN: u32 = 1;

/// The bit that says that a cell is full.
const FULL: u32 = 1 << 31;

/// What a cell says of a position.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// It is not even emptied of what was there a lap before.
    Before,
    Empty,
    Full(u32),
    Emptied,
}

/// Freed slots, first in, first out; see the [module docs](self).
struct Ring {
    cells: Box<[AtomicU64]>,
    /// How many cells there are, as a power of two.
    bits: u32,
    /// All positions before this one are emptied.
    head: CachePadded<AtomicU64>,
    /// All positions before this one are filled.
    tail: CachePadded<AtomicU64>,
}

impl Ring {
    fn new(slots: u32) -> Self {
        let cells = slots.next_power_of_two().max(CELLS_MIN);
        Self {
            cells: zeroed_u64(cells as usize),
            bits: cells.trailing_zeros(),
            head: CachePadded::new(AtomicU64::new(0)),
            tail: CachePadded::new(AtomicU64::new(0)),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "what is cut off is masked anyway")]
    fn cell(&self, position: u64) -> &AtomicU64 {
        &self.cells[position as usize & (self.cells.len() - 1)]
    }

    fn lap(&self, position: u64) -> u32 {
        low(position >> self.bits)
    }

    /// The word of the cell of `position` while it is empty in its lap.
    fn empty(&self, position: u64) -> u64 {
        u64::from(self.lap(position)) << 32
    }

    /// The word of the cell of `position` while `slot` is in it.
    fn full(&self, position: u64, slot: u32) -> u64 {
        self.empty(position) | u64::from(FULL | slot)
    }

    /// What `word`, read in the cell of `position`, says of it.
    fn at(&self, position: u64, word: u64) -> At {
        let laps = high(word).wrapping_sub(self.lap(position)).cast_signed();
        let full = low(word) & FULL != 0;
        match laps {
            0 if full => At::Full(low(word) & !FULL),
            0 => At::Empty,
            1.. => At::Emptied,
            _ => At::Before,
        }
    }

    fn give(&self, slot: u32) {
        // Ordering: Acquire, the receiving half of "tail".
        let mut start = self.tail.load(Acquire);
        loop {
            let (position, ()) = walk(start, |position| {
                // Ordering: Acquire, the receiving half of "filled".
                match self.at(position, self.cell(position).load(Acquire)) {
                    At::Full(_) | At::Emptied => None,
                    At::Before | At::Empty => Some(()),
                }
            });
            let cell = self.cell(position);
            let (empty, full) = (self.empty(position), self.full(position, slot));
            // Ordering: Release on success, the sending half of "recycle" and of "filled". Relaxed
            // on failure: the cell is read again.
            if cell.compare_exchange(empty, full, Release, Relaxed).is_ok() {
                // Ordering: Release, the sending half of "tail".
                self.tail.store(position + 1, Release);
                return;
            }
            // Ordering: Relaxed. It adds nothing, but unlike a load it reads the newest value.
            let seen = self.at(position, cell.fetch_add(0, Relaxed));
            assert!(seen != At::Before, "each slot is given back once");
            start = position;
        }
    }

    fn take(&self) -> Option<u32> {
        // Ordering: Acquire, the receiving half of "head".
        let mut start = self.head.load(Acquire);
        loop {
            let (position, (seen, at)) = walk(start, |position| {
                // Ordering: Acquire, the receiving half of "emptied".
                let seen = self.cell(position).load(Acquire);
                let at = self.at(position, seen);
                (at != At::Emptied).then_some((seen, at))
            });
            let At::Full(slot) = at else { return None };
            let next = self.empty(position + self.cells.len() as u64);
            // Ordering: Release on success, the sending half of "emptied"; the same word was received
            // above, along "recycle". Relaxed on failure: the cell is read again.
            if self.cell(position).compare_exchange(seen, next, Release, Relaxed).is_ok() {
                // Ordering: Release, the sending half of "head".
                self.head.store(position + 1, Release);
                return Some(slot);
            }
            start = position;
        }
    }

    /// How many slots are in it, exact if nobody gives or takes meanwhile.
    fn len(&self) -> u32 {
        // Ordering: Relaxed, all. A figure.
        let at = |position| self.at(position, self.cell(position).load(Relaxed));
        let not_emptied = |position| (at(position) != At::Emptied).then_some(());
        let not_filled = |position| matches!(at(position), At::Before | At::Empty).then_some(());
        let (head, ()) = walk(self.head.load(Relaxed), not_emptied);
        let (tail, ()) = walk(self.tail.load(Relaxed), not_filled);
        u32::try_from(tail.saturating_sub(head)).unwrap_or(u32::MAX)
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    #[test]
    fn fresh_slots_go_first_then_the_oldest_freed() {
        let slab = Slab::new(4);
        assert_eq!([slab.take(), slab.take(), slab.take()], [Some(0), Some(1), Some(2)]);
        slab.give(2);
        slab.give(0);
        assert_eq!(slab.in_use(), 1);
        assert_eq!([slab.take(), slab.take(), slab.take()], [Some(3), Some(2), Some(0)]);
        assert_eq!((slab.take(), slab.in_use()), (None, 4));
    }

    #[test]
    fn a_retired_slot_makes_the_slab_smaller() {
        let slab = Slab::new(2);
        let slot = slab.take().unwrap();
        slab.retire(slot);
        assert_eq!((slab.capacity(), slab.in_use()), (1, 0));
        assert_eq!((slab.take(), slab.take()), (Some(1), None));
    }

    #[test]
    #[should_panic(expected = "given back once")]
    fn a_slot_given_back_too_often_is_found_out() {
        let slab = Slab::new(1);
        slab.take();
        for _ in 0..=CELLS_MIN {
            slab.give(0);
        }
    }

    #[test]
    fn slots_go_round_for_many_laps() {
        let slab = Slab::new(64);
        for slot in 0..64 {
            assert_eq!(slab.take(), Some(slot));
        }
        // The laps of cells come round, too.
        let start = u64::from(u32::MAX) << slab.freed.bits;
        for cell in &slab.freed.cells {
            cell.store(slab.freed.empty(start), Relaxed);
        }
        slab.freed.head.store(start, Relaxed);
        slab.freed.tail.store(start, Relaxed);
        for n in 0..200 {
            slab.give(n % 64);
            slab.give((n + 1) % 64);
            assert_eq!(
                (slab.in_use(), slab.take(), slab.take()),
                (62, Some(n % 64), Some((n + 1) % 64))
            );
            assert_eq!((slab.take(), slab.in_use()), (None, 64));
        }
    }

    #[test]
    fn stale_hints_change_nothing() {
        let slab = Slab::new(64);
        for _ in 0..64 {
            slab.take();
        }
        slab.give(0);
        for n in 1..300 {
            slab.give(n % 64);
            for hint in [&slab.freed.head, &slab.freed.tail] {
                let back = [0, 1, 5, 64, 200][n as usize % 5];
                hint.store(hint.load(Relaxed).saturating_sub(back), Relaxed);
            }
            assert_eq!((slab.in_use(), slab.take()), (62, Some((n - 1) % 64)));
        }
    }

    #[test]
    fn whoever_stopped_between_two_steps_holds_up_nobody() {
        let slab = Slab::new(64);
        for _ in 0..64 {
            slab.take();
        }
        for n in 0..100 {
            slab.give(n % 64);
            slab.give((n + 1) % 64);
            assert_eq!(slab.take(), Some(n % 64));
            // As if no hint had been stored since the beginning.
            slab.freed.tail.store(0, Relaxed);
            slab.freed.head.store(0, Relaxed);
            assert_eq!((slab.take(), slab.take()), (Some((n + 1) % 64), None));
        }
    }
}
