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
//! # Progress
//!
//! Fresh slots are taken wait-free. Freed slots go through a bounded ring, which is lock-free in
//! all but one respect: a thread that is interrupted between reserving its cell and filling or
//! emptying it delays the thread that comes to the same cell. For `take` this is a preempted `give`
//! whose slot is next in line; for `give` it is a preempted `take` a whole lap earlier. Only submit
//! and close come here; grabbing does not.
//!
//! # Edges
//!
//! * **recycle**: `give` → the `take` that returns the same slot. The next user sees the slot as
//!   the last one left it. (The ring's own orderings carry this.)

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;

use crossbeam_utils::CachePadded;

use crate::sync::AtomicU32;

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
    /// A slab of `capacity` slots, all free. Allocates eight to sixteen bytes per slot.
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
    /// Wait-free while there are fresh slots, otherwise lock-free but for the lag described in the
    /// [module docs](self). Linearizes at the addition, or inside the ring.
    pub fn take(&self) -> Option<u32> {
        // Ordering: Relaxed. The counter only tells slots apart; a fresh slot has no history.
        if self.fresh.load(Relaxed) < self.slots {
            // Ordering: Relaxed, as above.
            let slot = self.fresh.fetch_add(1, Relaxed);
            if slot < self.slots {
                return Some(slot);
            }
        }
        self.freed.pop()
    }

    /// Gives back a slot that `take` returned, to be reused after all that were given back before.
    ///
    /// Lock-free but for the lag described in the [module docs](self). Linearizes inside the ring.
    ///
    /// # Panics
    ///
    /// In debug builds, if the slot is out of range; always, if more slots are given than there
    /// are.
    pub fn give(&self, slot: u32) {
        debug_assert!(slot < self.slots, "slot {slot} is not of this slab");
        assert!(self.freed.push(slot), "each slot is given back once");
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

/// Freed slots, first in, first out.
#[cfg(not(qiangdan_loom))]
struct Ring(crossbeam_queue::ArrayQueue<u32>);

#[cfg(not(qiangdan_loom))]
impl Ring {
    fn new(capacity: u32) -> Self {
        Self(crossbeam_queue::ArrayQueue::new(capacity as usize))
    }

    fn pop(&self) -> Option<u32> {
        self.0.pop()
    }

    fn push(&self, slot: u32) -> bool {
        self.0.push(slot).is_ok()
    }

    fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

/// Loom cannot look into the ring; for the models a locked queue with the same order stands in.
#[cfg(qiangdan_loom)]
struct Ring(loom::sync::Mutex<std::collections::VecDeque<u32>>, usize);

#[cfg(qiangdan_loom)]
impl Ring {
    fn new(capacity: u32) -> Self {
        Self(loom::sync::Mutex::new(std::collections::VecDeque::new()), capacity as usize)
    }

    fn pop(&self) -> Option<u32> {
        self.0.lock().expect("no model panics while it holds this").pop_front()
    }

    fn push(&self, slot: u32) -> bool {
        let mut freed = self.0.lock().expect("no model panics while it holds this");
        let fits = freed.len() < self.1;
        if fits {
            freed.push_back(slot);
        }
        fits
    }

    fn len(&self) -> u32 {
        let freed = self.0.lock().expect("no model panics while it holds this");
        u32::try_from(freed.len()).unwrap_or(u32::MAX)
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
        slab.give(0);
        slab.give(0);
    }
}
