//! A `BinaryHeap` that is never searched: what is cancelled or armed anew stays in it, and is dropped
//! when it comes up.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Clocks, STEP};

/// A heap beside what each slot is armed for.
#[derive(Debug)]
pub struct Heap {
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    due: Vec<u64>,
}

impl Clocks for Heap {
    fn new(slots: u32) -> Self {
        Self { heap: BinaryHeap::new(), due: vec![u64::MAX; slots as usize] }
    }

    fn arm(&mut self, slot: u32, due_ms: u64) {
        self.due[slot as usize] = due_ms;
        self.heap.push(Reverse((due_ms, slot)));
    }

    fn arm_anew(&mut self, slot: u32, due_ms: u64) {
        self.arm(slot, due_ms);
    }

    fn cancel(&mut self, slot: u32) {
        self.due[slot as usize] = u64::MAX;
    }

    fn advance(&mut self, now_ms: u64) -> (usize, bool) {
        let mut fired = 0;
        for _ in 0..STEP {
            let due = self.heap.peek().filter(|Reverse((due_ms, _))| *due_ms <= now_ms);
            let Some(&Reverse((due_ms, slot))) = due else { return (fired, true) };
            self.heap.pop();
            if self.due[slot as usize] == due_ms {
                self.due[slot as usize] = u64::MAX;
                fired += 1;
            }
        }
        (fired, false)
    }
}
