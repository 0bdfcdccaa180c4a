//! A lane against what a queue is, one ring at a time.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::*;

fn item(n: u32) -> Item {
    Item { slot: n % 7, generation: n }
}

/// A lane, and which of its items are over. Keys are generations.
struct Model {
    lane: Lane,
    over: RefCell<BTreeSet<u32>>,
}

impl Model {
    fn new(capacity: u32) -> Self {
        Self { lane: Lane::new(capacity), over: RefCell::default() }
    }

    /// A lane of one ring that has gone through `lap` laps, all of items that are over.
    fn in_lap(lap: u64) -> Self {
        let model = Self::new(CELLS_MIN);
        let ring = model.lane.ring(0).expect("a lane has a ring");
        let filler = Item { slot: 0, generation: 0x00ff_ffff };
        model.end(filler.generation);
        for cell in &ring.cells {
            cell.store(filler.in_lap(lap), Relaxed);
        }
        ring.laps.store(lap, Relaxed);
        let next = (lap + 1) << ring.bits;
        for hint in [&*ring.head, &ring.tail.hint, &ring.tail.over] {
            hint.store(next, Relaxed);
        }
        model
    }

    fn ring(&self) -> &Ring {
        self.lane.ring(0).expect("a lane has a ring")
    }

    fn is_over(&self, item: Item) -> bool {
        self.over.borrow().contains(&item.generation)
    }

    fn push(&self, n: u32) -> Result<(), LaneFull> {
        self.lane.push(item(n), |item| self.is_over(item))
    }

    fn end(&self, n: u32) {
        assert!(self.over.borrow_mut().insert(n));
    }

    fn first(&self) -> Option<First<u32>> {
        let look = |item| (!self.is_over(item)).then_some(item.generation);
        let first = self.lane.first(look);
        assert!(first.is_none_or(|first| first.item == item(first.key)));
        first
    }

    fn take(&self) -> Option<u32> {
        let first = self.first()?;
        self.end(first.key);
        self.lane.pass(&first);
        Some(first.key)
    }
}

#[test]
fn a_word_reads_back_what_was_written() {
    for slot in [0, 1, (1 << SLOT_BITS) - 1] {
        for generation in [0, 1, (1 << GENERATION_BITS) - 1] {
            let item = Item { slot, generation };
            assert_eq!(Item::from_word(item.in_lap(4097)), item);
            assert_eq!(item.in_lap(4097) % LAPS, 1);
        }
    }
}

#[test]
fn rings_add_up_to_the_capacity() {
    let cells = |capacity| {
        let lane = Lane::new(capacity);
        (0..RINGS).map_while(|k| lane.cells_of(k)).collect::<Vec<_>>()
    };
    assert_eq!(cells(0), []);
    assert_eq!(cells(1), [64]);
    assert_eq!(cells(65), [128]);
    assert_eq!(cells(512 + 65), [512, 128]);
    assert_eq!(cells(10_000), [512, 4_096, 8_192]);
    let all: u64 = cells(Lane::CAPACITY_MAX).into_iter().map(u64::from).sum();
    assert!(all >= u64::from(Lane::CAPACITY_MAX));
}

#[test]
fn first_in_first_out_while_rings_are_added() {
    const ROOM: u32 = if cfg!(miri) { 512 + 30 } else { 1000 };
    let model = Model::new(ROOM);
    assert_eq!((model.first(), model.lane.is_empty()), (None, true));
    for n in 0..ROOM {
        model.push(n).unwrap();
        assert!(!model.lane.is_empty());
    }
    assert!(model.lane.rings[1].get().is_some() && model.lane.rings[2].get().is_none());
    for n in 0..ROOM / 2 {
        assert_eq!(model.take(), Some(n));
        model.push(ROOM + n).unwrap();
    }
    for n in ROOM / 2..ROOM + ROOM / 2 {
        assert_eq!(model.take(), Some(n));
    }
    assert_eq!((model.take(), model.lane.is_empty()), (None, true));
}

#[test]
fn items_may_end_out_of_order() {
    let model = Model::new(64);
    for n in 0..10 {
        model.push(n).unwrap();
    }
    for n in [1, 3, 0, 9] {
        model.end(n);
    }
    assert_eq!([2, 4, 5, 6, 7, 8].map(|_| model.take()), [2, 4, 5, 6, 7, 8].map(Some));
    assert!(!model.lane.is_empty(), "the last is over, but was not passed");
    assert_eq!((model.take(), model.lane.is_empty()), (None, true));
}

#[test]
fn full_means_that_the_oldest_of_each_ring_lives() {
    let model = Model::new(512 + 64);
    for n in 0..576 {
        model.push(n).unwrap();
    }
    assert_eq!(model.push(576), Err(LaneFull));
    model.end(1);
    assert_eq!(model.push(576), Err(LaneFull), "what is over is kept behind what lives");
    // Those of the second ring began with 512, and its oldest ends without being passed.
    model.end(512);
    model.push(576).unwrap();
    assert_eq!(model.push(577), Err(LaneFull));
    assert_eq!((model.take(), model.take()), (Some(0), Some(2)));
    for n in [577, 578, 579] {
        model.push(n).unwrap();
    }
    assert_eq!(model.push(580), Err(LaneFull));
    let rest: Vec<_> = std::iter::from_fn(|| model.take()).collect();
    assert_eq!(rest, (3..580).filter(|n| *n != 512).collect::<Vec<_>>());
}

#[test]
fn many_are_pushed_in_order_as_far_as_there_is_room() {
    let model = Model::new(65);
    let items: Vec<_> = (0..200).map(item).collect();
    let push = |items: &[Item]| model.lane.push_many(items, |item| model.is_over(item));
    assert_eq!(push(&items[..30]), 30);
    assert_eq!(push(&items[30..]), 98);
    assert_eq!((push(&items[128..]), push(&[])), (0, 0));
    for n in 0..128 {
        assert_eq!(model.take(), Some(n));
    }
    assert_eq!(push(&items[128..]), 72);
}

#[test]
fn stale_hints_change_nothing() {
    const PUSHES: u32 = if cfg!(miri) { 40 } else { 150 };
    for lap in [1, 4094, 4095, 4096, 10_000] {
        let model = Model::in_lap(lap);
        let ring = model.ring();
        let start = ring.head.load(Relaxed);
        for n in 0..PUSHES {
            model.push(n).unwrap();
            if n >= 20 {
                // From far before the ring's cells, from a lap before, and from just before.
                let back = [start, 100, 64, 63, 5, 1, 0][n as usize % 7];
                let hint = |hint: &AtomicU64| {
                    hint.store(hint.load(Relaxed).saturating_sub(back).max(64), Relaxed);
                };
                hint(&ring.head);
                hint(&ring.tail.hint);
                hint(&ring.tail.over);
                assert_eq!(model.take(), Some(n - 20));
                hint(&ring.head);
            }
        }
        for n in PUSHES - 20..PUSHES {
            assert_eq!(model.take(), Some(n));
        }
        assert_eq!(model.take(), None);
    }
}

#[test]
fn stale_hints_do_not_let_a_living_item_be_overwritten() {
    let model = Model::in_lap(4096 + 3);
    for n in 0..64 {
        model.push(n).unwrap();
    }
    for hint in [&*model.ring().head, &model.ring().tail.hint, &model.ring().tail.over] {
        hint.store(64, Relaxed);
    }
    assert_eq!(model.push(64), Err(LaneFull));
    assert_eq!(model.first().map(|first| first.key), Some(0));
}

#[test]
fn laps_come_round() {
    let model = Model::in_lap(2 * LAPS - 3);
    for n in 0..64 * 6 {
        model.push(n).unwrap();
        assert_eq!(model.take(), Some(n));
        assert!(model.lane.is_empty());
    }
    assert_eq!(model.ring().laps.load(Relaxed), 2 * LAPS + 3);
}

#[test]
fn a_pusher_that_stopped_between_its_two_steps_holds_up_nobody() {
    let model = Model::new(64);
    for n in 0..200 {
        let ring = model.lane.ring(0).unwrap();
        // The first step, and no more.
        let at = ring.tail.hint.load(Relaxed);
        assert!(ring.push(item(n), at, &|item| model.is_over(item)).is_some());
        assert_eq!(ring.tail.hint.load(Relaxed), at);
        assert!(!model.lane.is_empty());
        assert_eq!(model.take(), Some(n));
        model.push(1000 + n).unwrap();
        assert_eq!(model.take(), Some(1000 + n));
        ring.tail.hint.store(64, Relaxed);
    }
}

#[test]
fn a_late_pass_is_harmless() {
    const PUSHES: u32 = if cfg!(miri) { 70 } else { 300 };
    let model = Model::new(64);
    model.push(0).unwrap();
    let old = model.first().unwrap();
    for n in 1..PUSHES {
        assert_eq!(model.take(), Some(n - 1));
        model.push(n).unwrap();
        model.lane.pass(&old);
        // As if it had been stored after all of the others'.
        model.ring().head.store(old.position + 1, Relaxed);
    }
    assert_eq!((model.take(), model.take()), (Some(PUSHES - 1), None));
}

#[test]
fn what_comes_after_is_seen_without_a_search() {
    let model = Model::new(128);
    let look = |item| (!model.is_over(item)).then_some(item.generation);
    let next = |first: &First<u32>| {
        model.end(first.key);
        model.lane.pass_on(first, look)
    };
    for n in 0..4 {
        model.push(n).unwrap();
    }
    assert_eq!(next(&model.first().unwrap()), Next::Key(1));
    model.end(2);
    assert_eq!(next(&model.first().unwrap()), Next::Unknown, "2 is over too");
    assert_eq!(next(&model.first().unwrap()), Next::Dry);
    for n in 4..134 {
        model.push(n).unwrap();
        let first = model.first().unwrap();
        assert_eq!(next(&first), Next::Dry);
    }
    let old = First { item: item(0), key: 0, ring: 0, position: 128 };
    assert_eq!(model.lane.pass_on(&old, look), Next::Unknown, "it was overwritten");
}

#[test]
fn of_equal_keys_that_of_the_smaller_ring_wins() {
    let model = Model::new(128);
    for n in 0..65 {
        model.push(n).unwrap();
    }
    let first = model.lane.first(|item| (item.generation >= 60).then_some(0)).unwrap();
    assert_eq!(first.item, item(60));
}

/// A lane of two rings, with items in the second alone.
fn deep_once() -> Model {
    let model = Model::new(1000);
    for n in 0..515 {
        model.push(n).expect("there is room");
    }
    let look = |item| (!model.is_over(item)).then_some(item.generation);
    let first = model.first().expect("there are some");
    model.end(0);
    assert_eq!(model.lane.pass_on(&first, look), Next::Unknown, "two rings have items");
    for n in 1..512 {
        model.lane.offer(|item| panic!("{item:?} may not be the first"));
        assert_eq!(model.take(), Some(n));
    }
    model
}

#[test]
fn what_comes_after_is_seen_in_a_lane_that_was_deep_once() {
    let model = deep_once();
    for next in [Next::Key(513), Next::Key(514), Next::Dry] {
        let first = model.first().unwrap();
        model.end(first.key);
        let look = |item| (!model.is_over(item)).then_some(item.generation);
        assert_eq!(model.lane.pass_on(&first, look), next);
    }
    assert!(model.lane.is_empty());
}

#[test]
fn items_are_offered_in_order_until_one_is_declined() {
    let model = deep_once();
    let offered = |most: usize| {
        let mut taken = vec![];
        model.lane.offer(|item| {
            let goes_on = taken.len() < most;
            if goes_on {
                model.end(item.generation);
                taken.push(item.generation);
            }
            goes_on
        });
        taken
    };
    assert_eq!(offered(0), []);
    assert_eq!(offered(2), [512, 513]);
    assert_eq!((model.first().map(|first| first.key), model.lane.is_empty()), (Some(514), false));
    assert_eq!(offered(2), [514]);
    assert!(model.lane.is_empty());
    assert_eq!(offered(2), []);
}

#[test]
fn a_walk_shows_what_a_search_would_meet_and_passes_nothing() {
    let model = Model::new(1_000);
    for n in 0..300 {
        model.push(n).unwrap();
    }
    for n in 0..20 {
        model.end(n);
    }
    let shown = |most: usize| {
        let mut shown = Vec::new();
        model.lane.walk(|item| {
            shown.push(item.generation);
            shown.len() < most
        });
        shown
    };
    assert_eq!(shown(usize::MAX), (0..300).collect::<Vec<_>>());
    assert_eq!(shown(3), [0, 1, 2], "over or not, and as far as it is wanted");
    // A search passes what is over; a walk begins there then.
    model.lane.first(|item| (!model.is_over(item)).then_some(item.generation)).unwrap();
    assert_eq!(shown(2), [20, 21]);
    Lane::new(4).walk(|_| unreachable!("nothing is there"));
}
