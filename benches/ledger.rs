//! L1 to L3: what does a list of facts for each order cost, beside a lock and a vector?
//!
//! Each list begins with one entry and ends; then another begins, is read, appended to one entry and
//! then three at once, read in between, and ends.
//!
//! * *L1*: 1,024 lists, again and again, so all is in the cache.
//! * *L2*: a million lists, once, in scattered order; and one after another, with the growth of
//!   resident memory.
//! * *L3*: as L2, two threads, each with every other list.
//!
//! Unit: nanoseconds of wall time per call, all threads together; bytes per list.
//!
//! Outside the timed part: allocating and starting threads.
//!
//! Baseline: for each slot a generation and a `Vec` behind a `parking_lot::Mutex`. A vector keeps its
//! memory when a life ends, so that only the first life of a slot pays for it.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use qiangdan_benches::{
    measure::{ns_of_each, ratio},
    pace::{rounds, scaled},
    people::Dice,
    resident::resident,
    table::Table,
    together::together,
};
use qiangdan_sync::{Entries, Ledger, LedgerSeen, Pair, Reserve};

const COLUMNS: [&str; 8] = [
    "begin",
    "end of 1",
    "read of 1",
    "append 1",
    "read of 2",
    "append 3",
    "read of 5",
    "end of 5",
];

/// Lists that are compared.
trait Lists: Sync {
    type Seen: Copy + Send;
    type Buffer: Default;

    fn new(slots: u32) -> Self;
    fn begin(&self, slot: u32, generation: u32, first: Pair) -> Self::Seen;
    fn read(&self, slot: u32, generation: u32, into: &mut Self::Buffer) -> Option<Self::Seen>;
    fn append(&self, slot: u32, seen: Self::Seen, new: &[Pair]) -> Option<Self::Seen>;
    fn end(&self, slot: u32, generation: u32);
}

impl Lists for Ledger {
    type Seen = LedgerSeen;
    type Buffer = Entries;

    fn new(slots: u32) -> Self {
        Self::new(slots, slots * 5)
    }

    fn begin(&self, slot: u32, generation: u32, first: Pair) -> LedgerSeen {
        self.begin(slot, generation, first)
    }

    fn read(&self, slot: u32, generation: u32, into: &mut Entries) -> Option<LedgerSeen> {
        self.read(slot, generation, into)
    }

    fn append(&self, _: u32, seen: LedgerSeen, new: &[Pair]) -> Option<LedgerSeen> {
        self.append(&seen, new, Reserve::Keep).ok()
    }

    fn end(&self, slot: u32, generation: u32) {
        self.end(slot, generation);
    }
}

/// A generation and a list, behind a lock.
struct Locked(Vec<Mutex<(u32, Vec<Pair>)>>);

impl Lists for Locked {
    type Seen = (u32, usize);
    type Buffer = Vec<Pair>;

    fn new(slots: u32) -> Self {
        Self((0..slots).map(|_| Mutex::new((0, Vec::new()))).collect())
    }

    fn begin(&self, slot: u32, generation: u32, first: Pair) -> Self::Seen {
        let mut list = self.0[slot as usize].lock();
        list.0 = generation;
        list.1.push(first);
        (generation, 1)
    }

    fn read(&self, slot: u32, generation: u32, into: &mut Vec<Pair>) -> Option<Self::Seen> {
        into.clear();
        let list = self.0[slot as usize].lock();
        if list.0 != generation {
            return None;
        }
        into.extend_from_slice(&list.1);
        Some((generation, into.len()))
    }

    fn append(&self, slot: u32, seen: Self::Seen, new: &[Pair]) -> Option<Self::Seen> {
        let mut list = self.0[slot as usize].lock();
        if (list.0, list.1.len()) != seen {
            return None;
        }
        list.1.extend_from_slice(new);
        Some((seen.0, list.1.len()))
    }

    fn end(&self, slot: u32, generation: u32) {
        let mut list = self.0[slot as usize].lock();
        if list.0 == generation {
            list.0 = 0;
            list.1.clear();
        }
    }
}

/// What is done to a slot, given what was seen of its list last.
type Act<'a, L> =
    dyn Fn(u32, &mut Option<<L as Lists>::Seen>, &mut <L as Lists>::Buffer) + Sync + 'a;

/// Times two lives of each slot, in this order; each thread does every so many of them.
fn life<L: Lists>(lists: &L, order: &[u32], generation: u32, threads: u32) -> [Duration; 8] {
    let seen: Vec<_> = (0..threads).map(|_| Mutex::new(vec![None; order.len()])).collect();
    let phase = |act: &Act<'_, L>| {
        together(threads, |thread| {
            let (seen, mut buffer) = (&mut *seen[thread as usize].lock(), L::Buffer::default());
            let share = seen.iter_mut().zip(order).skip(thread as usize).step_by(threads as usize);
            for (seen, &slot) in share {
                act(slot, seen, &mut buffer);
            }
        })
    };
    let append = |new: &[Pair], slot, seen: &mut Option<L::Seen>| {
        *seen = lists.append(slot, seen.expect("it was read"), new);
        assert!(seen.is_some(), "nobody else appends");
    };
    let read = |slot, seen: &mut Option<L::Seen>, buffer: &mut L::Buffer| {
        *seen = lists.read(slot, 2 * generation, buffer);
        black_box(buffer);
    };
    let begin = |slot, seen: &mut Option<L::Seen>, generation| {
        *seen = Some(lists.begin(slot, generation, [u64::from(slot), 1]));
    };
    let begun = phase(&|slot, seen, _| begin(slot, seen, 2 * generation - 1));
    let ended = phase(&|slot, _, _| lists.end(slot, 2 * generation - 1));
    phase(&|slot, seen, _| begin(slot, seen, 2 * generation));
    [
        begun,
        ended,
        phase(&read),
        phase(&|slot, seen, _| append(&[[2; 2]], slot, seen)),
        phase(&read),
        phase(&|slot, seen, _| append(&[[3; 2], [4; 2], [5; 2]], slot, seen)),
        phase(&read),
        phase(&|slot, _, _| lists.end(slot, 2 * generation)),
    ]
}

/// L1.
fn in_cache<L: Lists>(lives: u32) -> Vec<f64> {
    const SLOTS: u32 = 1_024;
    let (lists, order) = (L::new(SLOTS), (0..SLOTS).collect::<Vec<_>>());
    let mut sums = [Duration::ZERO; 8];
    life(&lists, &order, 1, 1);
    for generation in 2..lives + 2 {
        let took = life(&lists, &order, generation, 1);
        sums.iter_mut().zip(took).for_each(|(sum, took)| *sum += took);
    }
    sums.map(|sum| ns_of_each(sum, u64::from(lives) * u64::from(SLOTS))).to_vec()
}

fn scattered(slots: u32) -> Vec<u32> {
    let mut dice = Dice::new(6);
    let mut order: Vec<_> = (0..slots).collect();
    for last in (1..slots).rev() {
        let other = dice.below(u64::from(last) + 1);
        order.swap(last as usize, usize::try_from(other).expect("a slot"));
    }
    order
}

/// L2 and L3.
fn large<L: Lists>(slots: u32, threads: u32) -> Vec<f64> {
    let (lists, order) = (L::new(slots), scattered(slots));
    life(&lists, &order, 1, threads).map(|took| ns_of_each(took, u64::from(slots))).to_vec()
}

/// L2, one after another: resident bytes for each list, and how long it takes to make it.
fn bytes<L: Lists>(slots: u32) -> Vec<f64> {
    let before = resident();
    let (begun, lists) = (Instant::now(), L::new(slots));
    for slot in 0..slots {
        let seen = lists.begin(slot, 1, [1; 2]);
        lists.append(slot, seen, &[[2; 2]]).expect("nobody else appends");
    }
    let took = ns_of_each(begun.elapsed(), u64::from(slots));
    let grown = resident().saturating_sub(before);
    black_box(&lists);
    vec![ratio(grown, u64::from(slots)), took]
}

fn main() {
    let count = |of| u32::try_from(scaled(of)).expect("few");
    let slots = count(1_000_000);
    let columns = ["bytes per list", "begin and append, ns"];
    let mut table = Table::new("L2: a million lists of two entries, one after another", &columns);
    // Ours first, or it would come to live where the other has left memory resident.
    let ours = bytes::<Ledger>(slots);
    table.row("mutex and vec", move || bytes::<Locked>(slots));
    table.row("ledger (ours)", move || ours.clone());
    table.run(1);

    let lives = count(500);
    let mut table = Table::new("L1: 1,024 lists in the cache; ns", &COLUMNS);
    table.row("mutex and vec", move || in_cache::<Locked>(lives));
    table.row("ledger (ours)", move || in_cache::<Ledger>(lives));
    table.run(rounds());

    for (title, threads) in [
        ("L2: a million lists in scattered order; ns", 1),
        ("L3: the same by two threads; ns of wall time", 2),
    ] {
        let mut table = Table::new(title, &COLUMNS);
        table.row("mutex and vec", move || large::<Locked>(slots, threads));
        table.row("ledger (ours)", move || large::<Ledger>(slots, threads));
        table.run(rounds());
    }
}
