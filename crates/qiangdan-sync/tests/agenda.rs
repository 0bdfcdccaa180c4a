//! The agenda: what it promises, against a model a child could check, and by real threads.

#![cfg(not(qiangdan_loom))]
#![expect(clippy::disallowed_methods, reason = "tests may start threads")]
#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use qiangdan_sync::{Agenda, AgendaFirst, AgendaFull, ClaimWord, End, Owner, Phase};

/// With ticks of 1 ms, the milliseconds of a block, and of the window.
const BLOCK: u64 = 1 << 12;
const WINDOW: u64 = 32 * BLOCK;

/// Slots that wait, each in a life and with a due.
struct Waiting {
    agenda: Agenda,
    slots: Vec<(u32, Option<u64>)>,
    now: u64,
}

impl Waiting {
    fn new(slots: u32) -> Self {
        let slots_now = (0..slots).map(|_| (0, None)).collect();
        Self { agenda: Agenda::new(slots, 1), slots: slots_now, now: 0 }
    }

    fn of(dues: &[u64]) -> Self {
        let mut waiting = Self::new(u32::try_from(dues.len()).unwrap());
        for (slot, &due) in (0..).zip(dues) {
            waiting.insert(slot, due).unwrap();
        }
        waiting
    }

    /// What `look` says of a life.
    fn due(&self, slot: u32, generation: u32) -> Option<u64> {
        let (now, due) = self.slots[slot as usize];
        due.filter(|_| now == generation)
    }

    fn insert(&mut self, slot: u32, due: u64) -> Result<(), AgendaFull> {
        self.slots[slot as usize].1 = Some(due);
        self.agenda.insert(slot, self.slots[slot as usize].0, due)
    }

    /// Ends the life of a slot; its entries are stale from now on.
    fn end(&mut self, slot: u32) {
        let slot = &mut self.slots[slot as usize];
        *slot = (slot.0 + 1, None);
    }

    fn first(&self) -> Option<AgendaFirst> {
        let first = self.agenda.first(self.now, 0, |slot, generation| self.due(slot, generation));
        if let Some(first) = first {
            assert_eq!(self.due(first.slot, first.generation), Some(first.due_ms));
        }
        first
    }

    fn take(&mut self) -> Option<(u32, u64)> {
        let first = self.first()?;
        self.end(first.slot);
        assert!(self.agenda.remove(&first), "nothing has come on top of it");
        Some((first.slot, first.due_ms))
    }

    /// Looks until what the window has left behind or come to is filed anew.
    fn pass(&mut self, now: u64) {
        self.now = now;
        for _ in 0..self.slots.len() + 2 {
            self.first();
        }
    }

    fn retain(&self) -> u32 {
        self.agenda.retain(|slot, generation| self.due(slot, generation))
    }
}

#[test]
fn the_earliest_goes_first() {
    let mut waiting = Waiting::of(&[70_000, 3, 8191, 8192, 0, 262_143, 31, 32]);
    let taken: Vec<_> = std::iter::from_fn(|| waiting.take()).map(|(slot, _)| slot).collect();
    assert_eq!(taken, [4, 1, 6, 7, 2, 3, 0, 5]);
    assert!(waiting.agenda.is_empty());
}

#[test]
fn what_is_overdue_goes_before_what_is_not() {
    let mut waiting = Waiting::new(3);
    waiting.pass(100 * BLOCK);
    waiting.insert(0, 100 * BLOCK).unwrap();
    waiting.insert(1, 99 * BLOCK).unwrap();
    assert_eq!(waiting.take(), Some((1, 99 * BLOCK)));
    // Long before the window.
    waiting.insert(2, 5).unwrap();
    assert_eq!(waiting.take(), Some((2, 5)));
    assert_eq!(waiting.take(), Some((0, 100 * BLOCK)));
}

#[test]
fn what_is_far_is_exact_once_the_window_comes_to_it() {
    let far = 1000 * BLOCK;
    let mut waiting = Waiting::of(&[far + 70, far + 50, far + 60, far + BLOCK, far - 1, 3]);
    assert_eq!(waiting.take(), Some((5, 3)));
    assert_eq!(waiting.take(), Some((4, far - 1)), "the block before");
    assert!(waiting.first().is_some_and(|first| first.slot < 3), "exact to a block");
    waiting.pass(far - 5 * BLOCK);
    let taken: Vec<_> = std::iter::from_fn(|| waiting.take()).map(|(slot, _)| slot).collect();
    assert_eq!(taken, [1, 2, 0, 3]);
}

#[test]
fn any_instant_will_do() {
    let max = u64::MAX;
    let mut waiting = Waiting::of(&[max, max - 1, 1 << 28, max / 2, 0]);
    assert_eq!(waiting.take(), Some((4, 0)));
    assert_eq!(waiting.take(), Some((2, 1 << 28)));
    waiting.pass(max);
    waiting.insert(4, 7).unwrap();
    let taken: BTreeSet<_> = std::iter::from_fn(|| waiting.take()).collect();
    assert_eq!(taken, BTreeSet::from([(0, max), (1, max - 1), (3, max / 2), (4, 7)]));
    assert!(waiting.agenda.is_empty());
}

#[test]
fn what_the_window_left_behind_still_goes_first() {
    let mut waiting = Waiting::of(&[500, 400, 3 * BLOCK]);
    waiting.now = 10 * WINDOW;
    let (taken, _) = waiting.take().unwrap();
    waiting.insert(taken, 10 * WINDOW).unwrap();
    let last = std::iter::from_fn(|| waiting.take()).nth(2);
    assert_eq!(last, Some((taken, 10 * WINDOW)), "what is older is alike");
}

#[test]
fn a_stale_entry_is_dropped() {
    let mut waiting = Waiting::of(&[10, 20]);
    waiting.end(0);
    assert_eq!(waiting.take(), Some((1, 20)));
    assert_eq!(waiting.take(), None);
    assert!(waiting.agenda.is_empty());
}

#[test]
fn an_entry_of_an_earlier_life_does_no_harm() {
    for (old, new) in [(10, 20), (20, 10), (15, 15)] {
        let mut waiting = Waiting::of(&[old]);
        waiting.end(0);
        waiting.insert(0, new).unwrap();
        assert_eq!(waiting.take(), Some((0, new)));
        assert_eq!(waiting.take(), None);
    }
}

#[test]
fn a_due_may_move() {
    let mut waiting = Waiting::of(&[10, 20, 30]);
    // Earlier: the new entry counts, and the old one goes with it.
    waiting.insert(2, 5).unwrap();
    // Later: `look` says so, and it needs no entry; once by a little, once beyond the window.
    waiting.slots[0].1 = Some(25);
    waiting.slots[1].1 = Some(2 * WINDOW);
    let taken: Vec<_> = std::iter::from_fn(|| waiting.take()).collect();
    assert_eq!(taken, [(2, 5), (0, 25), (1, 2 * WINDOW)]);
}

#[test]
fn an_old_first_removes_nothing() {
    let mut waiting = Waiting::of(&[10]);
    let old = waiting.first().unwrap();
    assert_eq!(waiting.take(), Some((0, 10)));
    assert!(!waiting.agenda.remove(&old));
    // The same slot, life and due, in the same node.
    waiting.slots[0].0 = 0;
    waiting.insert(0, 10).unwrap();
    assert!(!waiting.agenda.remove(&old));
    assert_eq!(waiting.take(), Some((0, 10)));
}

#[test]
fn retain_makes_room() {
    const SLOTS: u32 = 20;
    let mut waiting = Waiting::new(SLOTS);
    let mut due = 1000;
    // Lives that end early, each due before the last one, so that nobody meets what they leave.
    let refused = (0..1000).find(|n| {
        due -= 1;
        waiting.end(n % SLOTS);
        waiting.insert(n % SLOTS, due).is_err()
    });
    assert_eq!(refused, Some(SLOTS + SLOTS / 4 + 8), "a node for each slot, and the spare ones");
    assert!(waiting.retain() > SLOTS / 4);
    for slot in 0..SLOTS {
        waiting.end(slot);
        waiting.insert(slot, u64::from(slot)).unwrap();
        waiting.retain();
    }
    for slot in 0..SLOTS {
        assert_eq!(waiting.take(), Some((slot, u64::from(slot))));
    }
    assert_eq!(waiting.take(), None);
}

#[test]
fn retain_gets_below_what_stays() {
    let mut waiting = Waiting::of(&[50; 12]);
    for slot in 0..8 {
        waiting.end(slot);
    }
    assert_eq!(waiting.retain(), 8);
    let taken: BTreeSet<_> = std::iter::from_fn(|| waiting.take()).collect();
    assert_eq!(taken, (8..12).map(|slot| (slot, 50)).collect());
}

#[test]
fn a_window_that_moves_does_not_use_nodes_up() {
    let mut waiting = Waiting::new(40);
    for round in 1..50 {
        for slot in 0..40 {
            waiting.insert(slot, round * 3 * WINDOW + u64::from(slot)).unwrap();
        }
        waiting.pass(round * 3 * WINDOW - BLOCK);
        for slot in 0..40 {
            assert_eq!(waiting.take().map(|(slot, _)| slot), Some(slot));
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Insert { slot: u32, from_now: i64 },
    MoveLater { slot: u32, by: u64 },
    End { slot: u32 },
    Take,
    Pass { by: u64 },
    Retain,
}

fn span() -> impl Strategy<Value = i64> {
    let (block, window) = (BLOCK.cast_signed(), WINDOW.cast_signed());
    prop_oneof![
        6 => -3..40_i64,
        2 => -block..2 * block,
        2 => -window..3 * window,
        1 => -40 * window..400 * window,
        1 => Just(i64::MAX),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..9_u32, span()).prop_map(|(slot, from_now)| Op::Insert { slot, from_now }),
        2 => (0..9_u32, span())
            .prop_map(|(slot, by)| Op::MoveLater { slot, by: by.unsigned_abs() }),
        2 => (0..9_u32).prop_map(|slot| Op::End { slot }),
        6 => Just(Op::Take),
        2 => span().prop_map(|by| Op::Pass { by: by.unsigned_abs().min(100 * WINDOW) }),
        1 => Just(Op::Retain),
    ]
}

/// What the order is exact to: instants that are alike get the same number.
fn exact_to(due: u64, now: u64) -> u64 {
    let floor = (now / BLOCK).saturating_sub(16);
    match (due / BLOCK).checked_sub(floor) {
        None => floor * BLOCK,
        Some(0..32) => due,
        // The second ring: its blocks are 2²⁴ ms, and its ticks blocks.
        Some(_) => {
            let last = (((now >> 24).saturating_sub(16) + 32) << 12) - 1;
            (due / BLOCK).min(last) * BLOCK
        }
    }
}

const CASES: u32 = if cfg!(miri) { 2 } else { 512 };
const STEPS: usize = if cfg!(miri) { 30 } else { 200 };

proptest! {
    #![proptest_config(
        ProptestConfig { cases: CASES, failure_persistence: None, ..<_>::default() }
    )]

    #[test]
    fn an_agenda_is_a_set_by_due(ops in vec(op(), 0..STEPS)) {
        let mut waiting = Waiting::new(9);
        // How often in its life.
        let mut inserted = [0; 9];
        // Whether it has been moved later, and how many entries there may be at most.
        let mut moved = [false; 9];
        let mut entries = 0;
        for op in ops {
            for (at, (_, due)) in waiting.slots.iter().enumerate() {
                if due.is_none() {
                    (inserted[at], moved[at]) = (0, false);
                }
            }
            match op {
                Op::Insert { slot, from_now } => {
                    let due = waiting.now.saturating_add_signed(from_now);
                    let was = waiting.slots[slot as usize].1;
                    if was.is_some_and(|was| was <= due) {
                        continue;
                    }
                    inserted[slot as usize] += 1;
                    entries += 1;
                    if waiting.insert(slot, due).is_err() {
                        waiting.retain();
                        if waiting.insert(slot, due).is_err() {
                            // Nothing could be dropped: entries of lives that go on.
                            prop_assert!(inserted.iter().sum::<u32>() > 9 + 9 / 4);
                            waiting.end(slot);
                        }
                    }
                }
                Op::MoveLater { slot, by } => {
                    moved[slot as usize] = true;
                    let due = &mut waiting.slots[slot as usize].1;
                    *due = due.map(|due| due.saturating_add(by));
                }
                Op::End { slot } => waiting.end(slot),
                Op::Take => {
                    // What has been moved later may still stand where it is exact to a block only.
                    waiting.pass(waiting.now);
                    let earliest = waiting.slots.iter().filter_map(|&(_, due)| due).min();
                    let taken = waiting.take();
                    prop_assert_eq!(taken.is_some(), earliest.is_some());
                    if let (Some((slot, taken)), Some(earliest)) = (taken, earliest) {
                        let (taken, now) = (exact_to(taken, waiting.now), waiting.now);
                        // Without a free node what moved later may go where it stood before.
                        let may_be_early = moved[slot as usize] && entries > 9 + 9 / 4 + 8 - 2;
                        if !may_be_early {
                            prop_assert_eq!(taken, exact_to(earliest, now));
                        }
                    }
                }
                Op::Pass { by } => waiting.pass(waiting.now.saturating_add(by)),
                Op::Retain => {
                    waiting.retain();
                }
            }
            let is_empty = waiting.slots.iter().all(|(_, due)| due.is_none());
            prop_assert!(is_empty || !waiting.agenda.is_empty());
        }
    }
}

const THREADS: u32 = 4;
const ORDERS: u64 = if cfg!(miri) { 60 } else { 300_000 };
const SLOTS: u32 = if cfg!(miri) { 20 } else { 2_000 };

/// Slots as an engine would have them.
struct Hall {
    agenda: Agenda,
    words: Vec<ClaimWord>,
    dues: Vec<AtomicU64>,
    orders: Vec<AtomicU64>,
}

impl Hall {
    fn new(slots: u32) -> Self {
        let zeros = || (0..slots).map(|_| AtomicU64::new(0)).collect();
        let words = (0..slots).map(|_| ClaimWord::new()).collect();
        Self { agenda: Agenda::new(slots, 1), words, dues: zeros(), orders: zeros() }
    }

    fn submit(&self, slot: u32, order: u64, due: u64) {
        let word = &self.words[slot as usize];
        let generation = word.fill().unwrap();
        self.orders[slot as usize].store(order, Relaxed);
        self.dues[slot as usize].store(due, Relaxed);
        word.open(generation);
        self.insert(slot, generation, due);
    }

    fn insert(&self, slot: u32, generation: u32, due: u64) {
        while self.agenda.insert(slot, generation, due).is_err() {
            self.agenda.retain(|slot, generation| self.look(slot, generation));
        }
    }

    fn look(&self, slot: u32, generation: u32) -> Option<u64> {
        let seen = self.words[slot as usize].load();
        let is_open = seen.generation == generation && seen.phase == Phase::Open;
        is_open.then(|| self.dues[slot as usize].load(Relaxed))
    }

    /// The slot, generation and epoch of a claim.
    fn grab(&self, now: u64, owner: Owner) -> Option<(u32, u32, u16)> {
        let look = |slot, generation| self.look(slot, generation);
        loop {
            let first = self.agenda.first(now, owner.get(), look)?;
            let held = self.words[first.slot as usize].try_hold(first.generation, owner);
            if let Ok(epoch) = held {
                self.agenda.remove(&first);
                return Some((first.slot, first.generation, epoch));
            }
        }
    }
}

#[test]
fn every_order_is_finished_exactly_once() {
    let hall = Hall::new(SLOTS);
    let finished: Vec<_> = (0..ORDERS).map(|_| AtomicU64::new(0)).collect();
    let next = AtomicU64::new(0);
    let clock = AtomicU64::new(0);
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (hall, finished, next, clock) = (&hall, &finished, &next, &clock);
            scope.spawn(move || {
                let owner = Owner::new(n).unwrap();
                // Each thread has its own slots, and gives them to itself again once they are over.
                let mine: Vec<u32> = (0..SLOTS).filter(|slot| slot % THREADS == n).collect();
                let mut at = 0;
                let mut step = u64::from(n);
                loop {
                    step += 1;
                    let now = clock.fetch_add(step % 3 * 40, Relaxed);
                    let order = next.load(Relaxed);
                    let slot = mine[at % mine.len()];
                    let is_free = hall.words[slot as usize].load();
                    if matches!(is_free.phase, Phase::Vacant | Phase::Done)
                        && order < ORDERS
                        && let order = next.fetch_add(1, Relaxed)
                        && order < ORDERS
                    {
                        at += 1;
                        // Some overdue, some within the window, some beyond.
                        let due = now.saturating_add_signed(match order % 7 {
                            0 => -200_000,
                            1 => 300_000,
                            2 => 0,
                            few => (order * 7919 % 100_000 * few).cast_signed() / 7,
                        });
                        hall.submit(slot, order, due);
                        if order.is_multiple_of(5) {
                            // Another has it by name; the entry is stale from now on.
                            let generation = hall.words[slot as usize].load().generation;
                            if let Ok(epoch) = hall.words[slot as usize].try_hold(generation, owner)
                            {
                                finish(hall, finished, (slot, generation, epoch), owner);
                            }
                        }
                    }
                    let Some(claim) = hall.grab(now, owner) else {
                        if order >= ORDERS {
                            return;
                        }
                        continue;
                    };
                    if step.is_multiple_of(4) {
                        put_back(hall, claim, owner, now + step % 11 * 100);
                    } else {
                        finish(hall, finished, claim, owner);
                    }
                }
            });
        }
    });
    // A thread may have left while another put an order back; nothing may be hidden now.
    let owner = Owner::new(0).unwrap();
    while let Some(claim) = hall.grab(clock.load(Relaxed), owner) {
        finish(&hall, &finished, claim, owner);
    }
    let lost = finished.iter().filter(|count| count.load(Relaxed) != 1).count();
    assert_eq!(lost, 0);
    assert!(hall.agenda.is_empty());
}

fn finish(hall: &Hall, finished: &[AtomicU64], claim: (u32, u32, u16), owner: Owner) {
    let (slot, generation, epoch) = claim;
    let order = hall.orders[slot as usize].load(Relaxed);
    hall.words[slot as usize].try_finish(generation, epoch, owner, End::default()).unwrap();
    let order = usize::try_from(order).unwrap();
    assert_eq!(finished[order].fetch_add(1, Relaxed), 0, "twice: {order}");
}

fn put_back(hall: &Hall, claim: (u32, u32, u16), owner: Owner, due: u64) {
    let (slot, generation, epoch) = claim;
    hall.dues[slot as usize].store(due, Relaxed);
    hall.words[slot as usize].try_release(generation, epoch, owner, Phase::Open).unwrap();
    hall.insert(slot, generation, due);
}

#[test]
fn threads_take_in_order_to_one_tick() {
    let hall = Hall::new(SLOTS * 10);
    thread::scope(|scope| {
        for n in 0..THREADS {
            let hall = &hall;
            scope.spawn(move || {
                for slot in (0..SLOTS * 10).filter(|slot| slot % THREADS == n) {
                    hall.submit(slot, 0, u64::from(slot) * 7919 % 100_000);
                }
            });
        }
    });
    let stamps = AtomicU64::new(0);
    let mut taken: Vec<(u64, u64, u64)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|n| {
                let (hall, stamps) = (&hall, &stamps);
                scope.spawn(move || {
                    let owner = Owner::new(n).unwrap();
                    let look = |slot, generation| hall.look(slot, generation);
                    let mut taken = vec![];
                    loop {
                        let begin = stamps.fetch_add(1, Acquire);
                        let Some(first) = hall.agenda.first(0, n, look) else { return taken };
                        let end = stamps.fetch_add(1, Release);
                        let word = &hall.words[first.slot as usize];
                        if word.try_hold(first.generation, owner).is_ok() {
                            hall.agenda.remove(&first);
                            taken.push((begin, end, first.due_ms));
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(taken.len(), (SLOTS * 10) as usize);
    // Whoever began to look when another had found something later, should have left it no choice.
    let mut ends: Vec<_> = taken.iter().map(|&(_, end, due)| (end, due)).collect();
    ends.sort_unstable();
    taken.sort_unstable();
    let (mut ended, mut latest) = (ends.into_iter().peekable(), 0);
    for (begin, _, due) in taken {
        while let Some((_, before)) = ended.next_if(|&(end, _)| end < begin) {
            latest = before.max(latest);
        }
        assert!(due >= latest, "due {due} was there while {latest} was found");
    }
}
