//! Free slots that a thread keeps for itself: what it closes it fills again, without a word that others
//! write.

use std::sync::Arc;

use qiangdan_sync::Slab;

/// So many a thread keeps.
const MOST: usize = 256;

/// The free slots of one thread; those it still has at the end go back to all.
#[derive(Debug)]
pub struct Spare {
    slab: Arc<Slab>,
    slots: Vec<u32>,
}

impl Spare {
    /// None yet.
    #[must_use]
    pub fn new(slab: &Arc<Slab>) -> Self {
        Self { slab: Arc::clone(slab), slots: Vec::with_capacity(MOST) }
    }

    /// A free slot.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn take(&mut self) -> u32 {
        self.slots.pop().or_else(|| self.slab.take()).expect("there is room")
    }

    /// Takes a slot back.
    pub fn give(&mut self, slot: u32) {
        if self.slots.len() < MOST {
            self.slots.push(slot);
        } else {
            self.slab.give(slot);
        }
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.slots.drain(..).for_each(|slot| self.slab.give(slot));
    }
}
