//! Models of the edges in `lane.rs`.

use super::*;

/// How many items there can be in a model.
const ITEMS: usize = 16;

/// A lane, and what is known of its items elsewhere.
struct Queue {
    lane: Lane,
    /// Written before an item is pushed.
    data: [AtomicU32; ITEMS],
    over: [AtomicU32; ITEMS],
}

impl Queue {
    /// A lane with a first ring of two cells, and these in it.
    fn with(capacity: u32, items: &[u32]) -> Self {
        let zeroes = || std::array::from_fn(|_| AtomicU32::new(0));
        let queue = Self { lane: Lane::new(capacity), data: zeroes(), over: zeroes() };
        // Loom does not see the lock that guards the allocation of a ring: do it now.
        for n in 0..capacity {
            queue.push(n);
        }
        while !queue.take().is_empty() {}
        for &n in items {
            queue.push(n);
        }
        queue
    }

    fn is_over(&self, item: Item) -> bool {
        self.over[item.slot as usize].load(Relaxed) == 1
    }

    fn try_push(&self, n: u32) -> bool {
        self.data[n as usize].store(1, Relaxed);
        let item = Item { slot: n, generation: 1 };
        self.lane.push(item, |item| self.is_over(item)).is_ok()
    }

    fn push(&self, n: u32) {
        assert!(self.try_push(n), "there is room");
    }

    fn first(&self) -> Option<First<u32>> {
        self.lane.first(|item| {
            let data = self.data[item.slot as usize].load(Relaxed);
            assert_eq!(data, 1, "whoever sees an item sees its slot");
            (!self.is_over(item)).then_some(item.slot)
        })
    }

    /// Ends the first item and passes it; or nothing if there is none or another was faster.
    fn take(&self) -> Vec<u32> {
        let Some(first) = self.first() else { return vec![] };
        let over = &self.over[first.key as usize];
        let won = over.compare_exchange(0, 1, AcqRel, Relaxed).is_ok();
        self.lane.pass(&first);
        if won { vec![first.key] } else { vec![] }
    }

    fn rest(&self) -> Vec<u32> {
        std::iter::from_fn(|| self.take().pop()).collect()
    }
}

/// Those that begin at 2, after the two that made the first ring.
fn one_ring() -> Queue {
    Queue::with(2, &[])
}

#[test]
fn lane_entry_carries_the_slot() {
    let push = |queue: &Queue| queue.push(2);
    let look = |queue: &Queue| {
        let _ = queue.first();
    };
    race(one_ring, [push, look], |queue, _| assert_eq!(queue.rest(), [2]));
}

#[test]
fn lane_tail_is_seen_with_all_before_it() {
    fn push(queue: &Queue, n: u32) {
        queue.push(n);
        assert!(queue.first().is_some(), "a push that has returned is found");
    }
    race(one_ring, [|queue| push(queue, 2), |queue| push(queue, 3)], |queue, _| {
        let mut rest = queue.rest();
        rest.sort_unstable();
        assert_eq!(rest, [2, 3]);
        assert!(queue.lane.is_empty());
    });
}
