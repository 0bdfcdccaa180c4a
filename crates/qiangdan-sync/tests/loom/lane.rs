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
        self.over[item.slot as usize].load(Acquire) == 1
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
fn lane_entry_seen_after_another_carries_the_slot() {
    let look_on = |queue: &Queue| {
        let Some(first) = queue.first() else { return };
        let next = queue.lane.pass_on(&first, |item| {
            let data = queue.data[item.slot as usize].load(Relaxed);
            assert_eq!(data, 1, "whoever sees an item sees its slot");
            Some(item.slot)
        });
        assert!(matches!(next, Next::Key(3) | Next::Dry), "{next:?}");
    };
    race(|| Queue::with(2, &[2]), [|queue: &Queue| queue.push(3), look_on], |_, _| ());
}

#[test]
fn lane_entry_carries_the_slot() {
    let push = |queue: &Queue| queue.push(2);
    let look = |queue: &Queue| {
        let _ = queue.first();
    };
    race(one_ring, [push, look], |queue, _| assert_eq!(queue.rest(), [2]));
}

fn push_and_find(queue: &Queue, n: u32) {
    queue.push(n);
    assert!(queue.first().is_some(), "a push that has returned is found");
    assert!(!queue.lane.is_empty());
}

#[test]
fn lane_tail_is_seen_with_all_before_it() {
    race(
        one_ring,
        [|queue| push_and_find(queue, 2), |queue| push_and_find(queue, 3)],
        |queue, _| {
            let mut rest = queue.rest();
            rest.sort_unstable();
            assert_eq!(rest, [2, 3]);
            assert!(queue.lane.is_empty());
        },
    );
}

#[test]
fn lane_tail_is_seen_with_all_before_it_by_whoever_pushes_several() {
    fn push_and_find(queue: &Queue, n: u32) {
        queue.data[n as usize].store(1, Relaxed);
        let item = Item { slot: n, generation: 1 };
        assert_eq!(queue.lane.push_many(&[item], |item| queue.is_over(item)), 1);
        assert!(queue.first().is_some(), "a push that has returned is found");
    }
    race(
        one_ring,
        [|queue| push_and_find(queue, 2), |queue| push_and_find(queue, 3)],
        |queue, _| {
            let mut rest = queue.rest();
            rest.sort_unstable();
            assert_eq!(rest, [2, 3]);
        },
    );
}

#[test]
fn lane_entry_offered_goes_to_one_and_carries_the_slot() {
    fn take(queue: &Queue) -> Vec<u32> {
        let mut taken = vec![];
        queue.lane.offer(|item| {
            let data = queue.data[item.slot as usize].load(Relaxed);
            assert_eq!(data, 1, "whoever sees an item sees its slot");
            let over = &queue.over[item.slot as usize];
            if over.compare_exchange(0, 1, AcqRel, Relaxed).is_ok() {
                taken.push(item.slot);
            }
            true
        });
        assert!(taken.is_sorted());
        taken
    }
    let push = |queue: &Queue| {
        queue.push(3);
        vec![]
    };
    race(
        || Queue::with(2, &[2]),
        [push, take, take],
        |queue, taken| {
            let mut all = [taken.concat(), take(queue)].concat();
            all.sort_unstable();
            assert_eq!(all, [2, 3]);
            assert!(queue.lane.is_empty());
        },
    );
}

/// Pushes and takes in turn, so that one of the two is always there.
fn turn_over(queue: &Queue, items: std::ops::Range<u32>) -> Vec<u32> {
    let turn = |n| {
        let taken = queue.take();
        queue.push(n);
        taken
    };
    items.flat_map(turn).collect()
}

#[test]
fn lane_lap_is_seen_with_all_before_it() {
    let turn = |queue: &Queue| drop(turn_over(queue, 4..7));
    let look = |queue: &Queue| assert!(queue.first().is_some(), "there is always an item");
    let empty = |queue: &Queue| assert!(!queue.lane.is_empty(), "there is always an item");
    race(|| Queue::with(2, &[2, 3]), [turn, look], |queue, _| assert_eq!(queue.rest(), [5, 6]));
    race(|| Queue::with(2, &[2, 3]), [turn, empty], |_, _| {});
}

#[test]
fn lane_lap_is_where_a_late_pusher_begins() {
    let turn = |queue: &Queue| drop(turn_over(queue, 3..5));
    let push = |queue: &Queue| {
        if queue.try_push(9) {
            let is_over = queue.is_over(Item { slot: 9, generation: 1 });
            assert!(is_over || queue.first().is_some(), "a push that has returned is found");
        }
    };
    race(
        || Queue::with(2, &[2]),
        [turn, push],
        |queue, _| {
            let rest = queue.rest();
            assert!(rest.contains(&4) && queue.lane.is_empty());
        },
    );
}

#[test]
fn lane_cell_goes_to_one_of_two_pushers() {
    let new = || {
        let queue = Queue::with(2, &[2, 3]);
        assert_eq!(queue.take(), [2]);
        queue
    };
    race(new, [|queue| queue.try_push(4), |queue| queue.try_push(5)], |queue, [four, five]| {
        assert!(four != five, "there is room for one");
        assert_eq!(queue.rest(), [3, if four { 4 } else { 5 }]);
    });
}

#[test]
fn lane_overwrites_only_what_is_over() {
    fn turn(queue: &Queue, n: u32) -> Vec<u32> {
        let mut out = queue.take();
        if !queue.try_push(n) {
            out.push(n);
        }
        out
    }
    race(
        || Queue::with(2, &[2, 3]),
        [|queue| turn(queue, 4), |queue| turn(queue, 5)],
        |queue, out| {
            let mut all = [out.concat(), queue.rest()].concat();
            all.sort_unstable();
            assert_eq!(all, [2, 3, 4, 5]);
        },
    );
}

#[test]
fn lane_search_is_right_while_others_take_and_push() {
    let turn = |queue: &Queue| {
        assert_eq!(queue.take(), [2]);
        queue.push(4);
        assert_eq!(queue.take(), [3]);
    };
    let look = |queue: &Queue| {
        let first = queue.first().expect("there is always an item").key;
        // By what this thread knows, nothing before it is left.
        assert!((2..first).all(|n| queue.over[n as usize].load(Relaxed) == 1));
        let first_again = queue.first().expect("there is always an item").key;
        assert!(first_again >= first);
    };
    race(|| Queue::with(2, &[2, 3]), [turn, look], |queue, _| assert_eq!(queue.rest(), [4]));
}
