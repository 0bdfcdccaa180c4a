//! A bounded set of histories, each a list of facts that only grows.
//!
//! What is composed of orders (a package, the papers that go from hall to hall) has a history of its
//! own: what was told of it. Its state follows from that list each time it is asked for, and whoever
//! tells something says which list they have read. So of all that is decided on the strength of a
//! list, each thing is decided once, by the one whose fact made it so, however many tell at once.
//!
//! A history lives in a slot; an [`Id`] is its slot and generation, so that an id from an earlier
//! life is recognised. Everything is set aside at construction.

use std::sync::atomic::Ordering::Relaxed;

use qiangdan_sync::{AppendError, Entries, Ledger, LedgerSeen, Pair, Reserve, Slab};

use crate::sync::AtomicU32;

/// Generations are 24 bits wide in a list's head; a slot that has used them up is retired.
const GENERATION_MAX: u32 = (1 << 24) - 1;

/// The most histories there can be at one time.
pub(crate) const SLOTS_MAX: u32 = (1 << 28) - 1;

/// The most facts there can be at one time, beside the first of each history.
pub(crate) const FACTS_MAX: u32 = 1 << 28;

/// Which history: slot and generation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Id {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl Id {
    pub(crate) const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self { slot: (bits & 0xffff_ffff) as u32, generation: (bits >> 32) as u32 }
    }
}

/// Room for some histories and for the facts of them all.
#[derive(Debug)]
pub(crate) struct Histories {
    ledger: Ledger,
    slab: Slab,
    /// The last generation of each slot; from 1 on.
    generations: Box<[AtomicU32]>,
}

impl Histories {
    /// Room for `slots` histories at one time, and `facts` facts beside the first of each. About 40
    /// bytes are set aside for each history and 24 for each fact.
    ///
    /// # Panics
    ///
    /// If there is no slot, or more than [`SLOTS_MAX`] or [`FACTS_MAX`].
    pub(crate) fn new(slots: u32, facts: u32) -> Self {
        assert!((1..=SLOTS_MAX).contains(&slots) && facts <= FACTS_MAX, "the bounds are checked");
        Self {
            ledger: Ledger::new(slots, facts),
            slab: Slab::new(slots),
            generations: (0..slots).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    /// Begins a history with its first fact; `None` if all room is in use. Lock-free.
    pub(crate) fn begin(&self, first: Pair) -> Option<Id> {
        loop {
            let slot = self.slab.take()?;
            let last = &self.generations[slot as usize];
            // Ordering: Relaxed, both. Only who has taken the slot reads or writes its generation; the
            // slab hands it over.
            let generation = last.load(Relaxed) + 1;
            if generation > GENERATION_MAX {
                self.slab.retire(slot);
                continue;
            }
            last.store(generation, Relaxed);
            self.ledger.begin(slot, generation, first);
            return Some(Id { slot, generation });
        }
    }

    /// Reads a history, oldest fact first, as it was at one instant; `None` if it is over, or never
    /// was. Wait-free.
    pub(crate) fn read(&self, id: Id, into: &mut Entries) -> Option<LedgerSeen> {
        let is_id = (id.slot as usize) < self.generations.len() && id.generation <= GENERATION_MAX;
        if is_id { self.ledger.read(id.slot, id.generation, into) } else { None }
    }

    /// Appends facts to a history as it was read: all or none. Lock-free.
    pub(crate) fn append(
        &self,
        seen: &LedgerSeen,
        facts: &[Pair],
        reserve: Reserve,
    ) -> Result<LedgerSeen, AppendError> {
        self.ledger.append(seen, facts, reserve)
    }

    /// Whether nothing was told since a history was read.
    pub(crate) fn is_still(&self, seen: &LedgerSeen) -> bool {
        self.ledger.is_still(seen)
    }

    /// Ends a history, if nothing was told since it was read; true if this call did so. Lock-free.
    pub(crate) fn end(&self, seen: &LedgerSeen) -> bool {
        let is_over = self.ledger.end_as_seen(seen);
        if is_over {
            self.slab.give(seen.slot());
        }
        is_over
    }

    /// About how many histories there are, and how many there is room for.
    pub(crate) fn in_use(&self) -> (u32, u32) {
        (self.slab.in_use(), self.slab.capacity())
    }

    /// How many facts there is room for, beside the first of each history.
    pub(crate) fn facts(&self) -> u32 {
        self.ledger.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_an_earlier_life_reads_nothing() {
        let histories = Histories::new(1, 4);
        let first = histories.begin([1, 1]).unwrap();
        assert_eq!(histories.begin([2, 2]), None);
        let mut entries = Entries::new();
        let seen = histories.read(first, &mut entries).unwrap();
        assert!(histories.end(&seen) && !histories.end(&seen));
        let second = histories.begin([3, 3]).unwrap();
        assert_eq!(second.slot, first.slot);
        assert!(histories.read(first, &mut entries).is_none());
        assert!(histories.read(second, &mut entries).is_some());
        assert_eq!(*entries, [[3, 3]]);
        for bits in [0, 7, u64::MAX, u64::from(u32::MAX)] {
            assert!(histories.read(Id::from_bits(bits), &mut entries).is_none());
        }
    }
}
