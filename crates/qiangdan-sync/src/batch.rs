//! Slots that are due, sorted in bounded pieces: the last stage of [`crate::wheel`].
//!
//! A herd of a million that falls due at one instant must be looked at in order, but no single call
//! may take long. A binary heap of a million will not do: it doubles in one push, and each pop
//! walks down twenty levels. So what joins is collected into *runs* of 512; a full run is sorted
//! and waits, and the first of all runs is found by a heap that holds one element of each. A herd
//! that joins in order costs next to nothing here, and one that does not about one sort.
//!
//! ```text
//!   joined ──► run (sorted) ──► heads (a heap of the firsts) ──► ready ──► look
//!         └──► singles (a heap) ────────────────────────────────┘
//! ```
//!
//! What joins between looks, one at a time, goes to a heap of singles instead, which is made a run
//! when it has grown to the size of one.
//!
//! Memory is kept for the next herd: 24 bytes for each slot of the largest so far. To give it back
//! would be one long call.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::mem;

/// How many make a run; few in unit tests, so that there are many runs.
const RUN: usize = if cfg!(test) { 8 } else { 512 };
/// Fewer than this are not worth a run.
const FEW: usize = RUN / 16 + 2;
/// How many are made ready at a time.
const READY: usize = 8;
/// Sorting costs one step more for so many.
const SORTED_PER_STEP: usize = 8;

/// A slot that is due; the smaller goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    due: u64,
    key: u64,
    slot: u32,
    /// For the first of a run, which.
    run: u32,
}

const _: () = assert!(size_of::<Turn>() == 24);

/// Slots that are due, in the order of due, then key, then slot.
pub(crate) struct Batch {
    /// What has joined since the last look, in no order; less than a run.
    joined: Vec<Turn>,
    /// What has joined between looks; less than a run.
    singles: BinaryHeap<Reverse<Turn>>,
    /// The rest of each run, last first; some may be empty.
    runs: Vec<Vec<Turn>>,
    /// Runs that are empty.
    empty: Vec<u32>,
    /// The first of each run.
    heads: BinaryHeap<Reverse<Turn>>,
    /// The next few, last first. What joins later may still go before them.
    ready: Vec<Turn>,
    /// How many of those `next` has told of.
    told: usize,
    len: usize,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            joined: vec![],
            singles: BinaryHeap::new(),
            runs: vec![],
            empty: vec![],
            heads: BinaryHeap::new(),
            ready: vec![],
            told: 0,
            len: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a slot; returns how many steps more that was worth.
    pub(crate) fn join(&mut self, due: u64, key: u64, slot: u32) -> usize {
        self.len += 1;
        self.joined.push(Turn { due, key, slot, run: 0 });
        if self.joined.len() < RUN { 0 } else { self.make_run() }
    }

    /// Sorts in what has joined, before the next look; returns how many steps that was worth.
    pub(crate) fn sort(&mut self) -> usize {
        if self.joined.is_empty() {
            0
        } else if self.joined.len() == self.len {
            self.joined.sort_unstable_by(|a, b| b.cmp(a));
            mem::swap(&mut self.joined, &mut self.ready);
            self.ready.len() / SORTED_PER_STEP
        } else if self.joined.len() >= FEW {
            self.make_run()
        } else {
            self.singles.extend(self.joined.drain(..).map(Reverse));
            if self.singles.len() < RUN {
                return 0;
            }
            self.joined.extend(mem::take(&mut self.singles).into_iter().map(|Reverse(turn)| turn));
            self.make_run()
        }
    }

    /// Makes a run of what has joined.
    fn make_run(&mut self) -> usize {
        let steps = self.joined.len() / SORTED_PER_STEP;
        self.joined.sort_unstable_by(|a, b| b.cmp(a));
        let at = self.empty.pop().unwrap_or_else(|| {
            self.runs.push(Vec::with_capacity(RUN));
            u32::try_from(self.runs.len() - 1).expect("there are fewer runs than slots")
        });
        if let Some(first) = self.joined.pop() {
            self.heads.push(Reverse(Turn { run: at, ..first }));
        }
        // The run that was empty is what is joined next: no memory is given back between herds, and
        // none is asked for twice.
        mem::swap(&mut self.joined, &mut self.runs[at as usize]);
        steps
    }

    /// The slot to look at next. What is made ready for the calls after this is told to `ahead`.
    pub(crate) fn next(&mut self, mut ahead: impl FnMut(u32)) -> Option<u32> {
        debug_assert!(self.joined.is_empty(), "what has joined is sorted first");
        if self.ready.is_empty() {
            for _ in 0..READY {
                let Some(turn) = self.next_of_rest() else { break };
                self.ready.push(turn);
            }
            self.ready.reverse();
        }
        if self.told == 0 {
            self.told = self.ready.len().min(READY);
            self.ready.iter().rev().take(READY).for_each(|turn| ahead(turn.slot));
        }
        let ready = *self.ready.last()?;
        self.len -= 1;
        let rest = [self.singles.peek(), self.heads.peek()].into_iter().flatten();
        if rest.map(|Reverse(turn)| turn).all(|rest| ready < *rest) {
            self.ready.pop();
            self.told -= 1;
            return Some(ready.slot);
        }
        self.next_of_rest().map(|turn| turn.slot)
    }

    /// The first of all that is not ready.
    fn next_of_rest(&mut self) -> Option<Turn> {
        let (single, head) = (self.singles.peek(), self.heads.peek_mut());
        let Some(mut head) = head else {
            return self.singles.pop().map(|Reverse(turn)| turn);
        };
        if single.is_some_and(|Reverse(single)| *single < head.0) {
            drop(head);
            return self.singles.pop().map(|Reverse(turn)| turn);
        }
        let first = head.0;
        let run = &mut self.runs[first.run as usize];
        match run.pop() {
            Some(next) => head.0 = Turn { run: first.run, ..next },
            None => {
                self.empty.push(first.run);
                PeekMut::pop(head);
            }
        }
        Some(first)
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Scattered numbers, the same each time.
    fn scattered() -> impl FnMut(u64) -> u64 {
        let mut state = 1_u64;
        move |below| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 33) % below
        }
    }

    fn next(batch: &mut Batch) -> Option<u32> {
        batch.sort();
        batch.next(|_| {})
    }

    #[test]
    fn a_herd_comes_out_in_order() {
        for (dues, keys) in [(1, 1), (1, 1000), (3, 10), (1000, 1)] {
            let (mut batch, mut model, mut below) = (Batch::new(), BTreeSet::new(), scattered());
            for slot in 0..500 {
                let (due, key) = (below(dues), below(keys));
                batch.join(due, key, slot);
                model.insert((due, key, slot));
            }
            for (_, _, slot) in model {
                assert_eq!(next(&mut batch), Some(slot));
            }
            assert!(batch.is_empty());
        }
    }

    #[test]
    fn what_joins_between_looks_goes_where_it_belongs() {
        for joins_per_look in 1..12 {
            let (mut batch, mut model, mut below) = (Batch::new(), BTreeSet::new(), scattered());
            let mut slot = 0;
            for _ in 0..200 {
                for _ in 0..below(2 * joins_per_look) {
                    let due = below(50);
                    batch.join(due, 0, slot);
                    model.insert((due, slot));
                    slot += 1;
                }
                assert_eq!(next(&mut batch), model.pop_first().map(|(_, slot)| slot));
                assert_eq!(batch.is_empty(), model.is_empty());
            }
        }
    }

    #[test]
    fn what_is_next_is_told_ahead() {
        let mut batch = Batch::new();
        for slot in 0..100 {
            batch.join(5, 0, slot);
        }
        let mut told = BTreeSet::new();
        while !batch.is_empty() {
            batch.sort();
            let slot = batch.next(|slot| _ = told.insert(slot)).unwrap();
            assert!(told.contains(&slot));
        }
    }

    #[test]
    fn memory_is_kept_for_the_next_herd() {
        let mut batch = Batch::new();
        let mut runs = vec![];
        for _ in 0..3 {
            for slot in 0..100 {
                batch.join(5, 0, slot);
            }
            while next(&mut batch).is_some() {}
            runs.push(batch.runs.len());
        }
        assert_eq!(runs[1], runs[2]);
    }
}
