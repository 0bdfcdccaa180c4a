//! A `BTreeSet` of (instant, slot).

use std::collections::BTreeSet;

use super::{Clocks, STEP};

/// A tree beside what each slot is armed for.
#[derive(Debug)]
pub struct Tree {
    tree: BTreeSet<(u64, u32)>,
    due: Vec<u64>,
}

impl Clocks for Tree {
    fn new(slots: u32) -> Self {
        Self { tree: BTreeSet::new(), due: vec![u64::MAX; slots as usize] }
    }

    fn arm(&mut self, slot: u32, due_ms: u64) {
        self.due[slot as usize] = due_ms;
        self.tree.insert((due_ms, slot));
    }

    fn arm_anew(&mut self, slot: u32, due_ms: u64) {
        self.cancel(slot);
        self.arm(slot, due_ms);
    }

    fn cancel(&mut self, slot: u32) {
        self.tree.remove(&(self.due[slot as usize], slot));
        self.due[slot as usize] = u64::MAX;
    }

    fn advance(&mut self, now_ms: u64) -> (usize, bool) {
        for fired in 0..STEP {
            let due = self.tree.first().filter(|(due_ms, _)| *due_ms <= now_ms);
            let Some(&(_, slot)) = due else { return (fired, true) };
            self.tree.pop_first();
            self.due[slot as usize] = u64::MAX;
        }
        (STEP, false)
    }
}
