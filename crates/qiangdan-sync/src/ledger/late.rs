//! Lists that most lives never have: begun by whoever first has something to tell, and over for good
//! once it is said so, whether they were begun or not.
//!
//! The first entry of such a list, which stands beside its head, is two zeros: several threads may
//! race to begin it, so none of them writes it. All lists of one ledger are begun in one way.
//!
//! Heads need no edge of their own. What was written before a list began is carried by the appends
//! to it, and which of two threads was first, one ending a life and one beginning its list, the
//! head decides: it keeps the generation of the latest life that is known of.

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::{Head, Ledger, LedgerSeen};

impl Ledger {
    /// The list of a slot in its life `generation`, which this call begins if nobody has. Its first
    /// entry is two zeros. `None` if that life is [over](Self::end_for_good), or a later one has begun.
    ///
    /// Any thread that knows the life may call this, with a generation that is not zero. A list of an
    /// earlier life that was not ended ends. Lock-free: a failed swap means that another thread's
    /// succeeded. Costs a load if the list has begun, otherwise a swap. Linearizes there.
    ///
    /// # Panics
    ///
    /// If the slot is out of range.
    pub fn begin_late(&self, slot: u32, generation: u32) -> Option<LedgerSeen> {
        let head = &self.slot(slot)[0];
        // Ordering: Acquire, here and on failure, the receiving half of "append": an append reads
        // the top node's link.
        let mut seen = Head(head.load(Acquire));
        loop {
            if seen.is_life_of(generation) {
                return Some(LedgerSeen { slot, head: seen });
            }
            if seen.generation() >= generation {
                return None;
            }
            let next = Head::new(generation, 1, 0);
            // Ordering: Acquire on success: the nodes of a list that nobody ended are given back.
            match head.compare_exchange_weak(seen.0, next.0, Acquire, Acquire) {
                Ok(_) => {
                    self.give_back(seen);
                    return Some(LedgerSeen { slot, head: next });
                }
                Err(now) => seen = Head(now),
            }
        }
    }

    /// Ends the life `generation` of a slot, whether its list was begun or not: nobody begins it any
    /// more, and nothing is read or appended. Nothing, if it is over or a later life has begun.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded. Costs a swap, and two more if
    /// there is a list, however long. Linearizes at the swap of the head.
    ///
    /// # Panics
    ///
    /// If the slot is out of range.
    #[inline]
    pub fn end_for_good(&self, slot: u32, generation: u32) {
        let head = &self.slot(slot)[0];
        // Ordering: Relaxed. A guess; the swap below checks it.
        let mut seen = Head(head.load(Relaxed));
        while seen.is_life_of(generation) || seen.generation() < generation {
            let over = Head::new(generation, 0, 0);
            // Ordering: Acquire on success, the receiving half of "append": the top node is read
            // to give the list back. Relaxed on failure: the value is a guess again.
            match head.compare_exchange_weak(seen.0, over.0, Acquire, Relaxed) {
                Ok(_) => return self.give_back(seen),
                Err(now) => seen = Head(now),
            }
        }
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::super::{AppendError, Entries, Reserve};
    use super::*;

    fn read(ledger: &Ledger, generation: u32) -> Option<Vec<[u64; 2]>> {
        let mut entries = Entries::new();
        ledger.read(0, generation, &mut entries).map(|_| entries.to_vec())
    }

    #[test]
    fn a_list_begins_once_and_with_nothing() {
        let ledger = Ledger::new(1, 4);
        assert_eq!(read(&ledger, 1), None);
        let first = ledger.begin_late(0, 1).unwrap();
        assert_eq!(ledger.begin_late(0, 1), Some(first));
        let grown = ledger.append(&first, &[[7, 8]], Reserve::Use).unwrap();
        assert_eq!(ledger.begin_late(0, 1), Some(grown));
        assert_eq!(read(&ledger, 1), Some(vec![[0, 0], [7, 8]]));
    }

    #[test]
    fn a_life_that_is_over_is_never_begun() {
        let ledger = Ledger::new(1, 4);
        ledger.end_for_good(0, 1);
        assert_eq!(ledger.begin_late(0, 1), None);
        let seen = ledger.begin_late(0, 2).unwrap();
        let seen = ledger.append(&seen, &[[1, 1], [2, 2]], Reserve::Use).unwrap();
        ledger.end_for_good(0, 1);
        assert_eq!(read(&ledger, 2).unwrap().len(), 3, "another life");
        ledger.end_for_good(0, 2);
        assert_eq!((read(&ledger, 2), ledger.in_use()), (None, 0));
        assert_eq!(ledger.begin_late(0, 2), None);
        assert_eq!(ledger.append(&seen, &[[3, 3]], Reserve::Use), Err(AppendError::Changed));
    }

    #[test]
    fn a_late_list_takes_the_place_of_one_that_nobody_ended() {
        let ledger = Ledger::new(1, 4);
        for generation in 1..9 {
            let seen = ledger.begin_late(0, generation).unwrap();
            ledger.append(&seen, &[[1, 1]; 4], Reserve::Use).unwrap();
            assert_eq!((read(&ledger, generation - 1), ledger.in_use()), (None, 4));
            assert_eq!(ledger.begin_late(0, generation - 1), None);
        }
        ledger.end_for_good(0, 20);
        assert_eq!((read(&ledger, 8), ledger.in_use()), (None, 0));
    }
}
