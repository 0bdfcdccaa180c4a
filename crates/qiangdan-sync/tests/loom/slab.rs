//! Models of the edges in `slab.rs`.

use super::*;

const SLOTS: usize = 4;

/// A slab without fresh slots, and a word in each slot.
struct Slots {
    slab: Slab,
    data: [AtomicU32; SLOTS],
}

impl Slots {
    /// The slots that are not given back are the threads'.
    fn with(slots: u32, given: &[u32]) -> Self {
        let slab = Slab::new(slots);
        for slot in 0..slots {
            assert_eq!(slab.take(), Some(slot));
        }
        for &slot in given {
            slab.give(slot);
        }
        Self { slab, data: std::array::from_fn(|_| AtomicU32::new(0)) }
    }

    fn give(&self, slot: u32) {
        self.data[slot as usize].store(1, Relaxed);
        self.slab.give(slot);
    }

    /// Takes a slot that somebody gave in this model.
    fn take(&self) -> Option<u32> {
        let slot = self.slab.take()?;
        assert_eq!(self.data[slot as usize].load(Relaxed), 1, "as the last user left it");
        Some(slot)
    }
}

#[test]
fn slab_recycle_carries_the_slot() {
    let give = |slots: &Slots| {
        slots.give(0);
        None
    };
    race(
        || Slots::with(1, &[]),
        [give, Slots::take],
        |slots, [_, taken]| assert_eq!(taken.or_else(|| slots.take()), Some(0)),
    );
}

#[test]
fn slab_tail_and_head_are_seen_with_all_before_them() {
    fn turn(slots: &Slots, slot: u32) -> u32 {
        slots.give(slot);
        slots.take().expect("each thread takes only one for one that it gave")
    }
    race(
        || Slots::with(2, &[]),
        [|slots| turn(slots, 0), |slots| turn(slots, 1)],
        |slots, [here, there]| {
            assert!(here != there);
            assert_eq!(slots.slab.in_use(), 2);
        },
    );
}

#[test]
fn slab_filled_is_seen_with_all_before_it() {
    let give = |slots: &Slots| {
        for slot in 0..3 {
            slots.give(slot);
        }
    };
    let give_and_take = |slots: &Slots| {
        slots.give(3);
        let mut before = 0;
        // Those that were given before it are found before it.
        while slots.take().expect("the one given here is left") != 3 {
            before += 1;
        }
        assert!(before <= 3);
    };
    race(|| Slots::with(4, &[]), [give, give_and_take], |_, _| {});
}

#[test]
fn slab_hands_each_slot_to_one_thread() {
    let take = |slots: &Slots| slots.slab.take();
    race(
        || Slots::with(2, &[1]),
        [take, take],
        |slots, [here, there]| {
            assert!(here.is_some() != there.is_some());
            assert_eq!((here.or(there), slots.slab.in_use()), (Some(1), 2));
        },
    );
}

#[test]
fn slab_slots_come_round() {
    let turn = |slots: &Slots| {
        let slot = slots.slab.take().expect("there is one for each thread");
        slots.slab.give(slot);
    };
    race(
        || Slots::with(2, &[1, 0]),
        [turn, turn],
        |slots, _| {
            let mut rest = [slots.slab.take(), slots.slab.take()];
            rest.sort_unstable();
            assert_eq!((rest, slots.slab.take()), ([Some(0), Some(1)], None));
        },
    );
}
