//! When to look at which slot: a hierarchical timing wheel in which a timer is a hint to look.
//!
//! Each slot has one *cell*: look at this slot no later than this instant. Arming only lowers the
//! cell. When the instant comes, the driver empties the cell and asks the caller, who knows the
//! slot's history, what is due and when to look next. So a stale or doubled arm costs one look, and
//! the memory is one cell per slot, however often it is armed. There is no way to disarm, and no
//! need for one.
//!
//! Instants are milliseconds on a scale of the caller's; this module reads no clock.
//!
//! # Shape
//!
//! Any thread arms through [`Looks`]: it lowers the cell and puts the slot into an inbox. One
//! [`WheelDriver`] owns everything else, so that needs no atomics. It files slots into *buckets*,
//! doubly linked lists over an array, 8,192 buckets to a level; a bucket of level `k` spans 8,192ᵏ
//! ms, and five levels reach past every 64-bit instant. A slot is filed on the level of the highest
//! group of 13 bits in which its instant differs from the driver's. Hence
//!
//! * all slots of a level come before all slots of higher levels, so the next bucket is the lowest
//!   bit of the lowest level that has one, and empty time costs nothing, be it years;
//! * when the driver reaches a bucket, its slots go to lower levels, or are due.
//!
//! ```text
//!   arm ─► cell, inbox ─► bucket ─► … ─► bucket ─► batch (sorted) ─► look
//! ```
//!
//! Each arrow is one *step* for one slot. `advance` makes as many as its budget allows, and goes on
//! from there the next time; there is no call that must cascade a whole level at once, or sort a
//! whole batch.
//!
//! Levels are wide because each costs a timer one more step, and a step costs a cache miss or two:
//! a bucket of level 0 is one millisecond, one of level 1 is eight seconds, and level 1 reaches
//! eighteen hours ahead. So what is due within a working day is filed, spilled once, and looked at.
//!
//! # Memory
//!
//! | per slot  | bytes | who                         |
//! |-----------|-------|-----------------------------|
//! | cell      | 8     | any thread                  |
//! | inbox link| 4     | any thread                  |
//! | links     | 8     | the driver                  |
//!
//! The cell holds the instant inverted, so that zeroed memory means "never" and lowering the
//! instant is a maximum. The batch grows to the largest number of slots that were ever due and not
//! looked at yet, at 24 bytes each, see `batch.rs`; that is the only thing here that grows.
//!
//! # How long a call takes
//!
//! | step             | touches, besides what is hot                              |
//! |------------------|-----------------------------------------------------------|
//! | file             | the inbox link, the cell, the links, those of a neighbour |
//! | spill            | the links, the cell, those of a neighbour                 |
//! | join the batch   | the links, the cell, what `key` reads                     |
//! | look             | what `look` reads; the rest was asked for ahead           |
//!
//! So a step is a few cache misses side by side: 10 ns when slots come in turn, 100 ns when they
//! do not and there are millions. Sorting is paid for in steps. See [`WheelDriver::STEPS`].
//!
//! # Edges
//!
//! * **arm**: `arm`, lowering of the cell (Release), even if it was low enough → the driver's
//!   emptying of the cell (Acquire). The look sees what the armer wrote before, or else the arm
//!   comes after and brings another look.
//! * **queue**, **flag**: see [`crate::stack`]. When the driver takes a slot from the inbox, it
//!   sees the cell at least as low as every armer that pushed it had made it.

use std::fmt;
use std::hint::black_box;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::batch::Batch;
use crate::stack::{Chain, Inbox};
use crate::sync::{AtomicU64, low, zeroed_u64};

/// Bits of an instant that one level resolves; few in a model, where every wheel is made anew.
const LEVEL_BITS: u32 = if cfg!(qiangdan_loom) { 6 } else { 13 };
const LEVEL_BUCKETS: u32 = 1 << LEVEL_BITS;
const LEVELS: u32 = u64::BITS.div_ceil(LEVEL_BITS);
/// The bucket of slots whose instant the driver has reached.
const DUE: u32 = LEVELS * LEVEL_BUCKETS;
const BUCKETS: u32 = DUE + 1;

/// How many buckets are looked ahead at together.
const AHEAD: u32 = 8;

const _: () = assert!(LEVELS * LEVEL_BITS >= u64::BITS, "the levels reach every instant");

/// The two links of a slot.
const BEFORE: usize = 0;
const AFTER: usize = 1;

/// Values of `links[slot][BEFORE]`; zeroed memory means that no slot is filed.
mod filed {
    /// The slot is in no list.
    pub(super) const NOWHERE: u32 = 0;
    /// The slot is in the batch.
    pub(super) const BATCH: u32 = 1;
    /// The slot is the first of bucket `links[slot][BEFORE] - FIRST`.
    pub(super) const FIRST: u32 = 2;
    /// The slot comes after slot `links[slot][BEFORE] - AFTER`.
    pub(super) const AFTER: u32 = FIRST + super::BUCKETS;
}

const _: () = assert!(
    size_of::<u64>() + Inbox::BYTES_PER_INDEX + 2 * size_of::<u32>() <= 24,
    "the bytes of one slot"
);

/// Makes the two halves of a wheel.
#[derive(Debug)]
pub struct Wheel;

impl Wheel {
    /// A wheel for slots below `capacity`, none of them armed, at instant 0: the half that arms,
    /// for all threads, and the half that looks, for one.
    ///
    /// The memory is handed out by the system page by page as it is used.
    ///
    /// # Panics
    ///
    /// If `capacity` is more than 2³¹ − 2.
    #[expect(clippy::new_ret_no_self, reason = "a wheel is used by its halves only")]
    #[must_use]
    pub fn new(capacity: u32) -> (Looks, WheelDriver) {
        let looks = Looks { cells: zeroed_u64(capacity as usize), inbox: Inbox::new(capacity) };
        let driver = WheelDriver {
            now: 0,
            occupied: vec![Occupied::new(); LEVELS as usize],
            first: vec![0; BUCKETS as usize],
            links: vec![[filed::NOWHERE, 0]; capacity as usize],
            spilling: None,
            batch: Batch::new(),
            soonest: u64::MAX,
            chain: Chain::default(),
            ahead_until: 0,
            left: 0,
        };
        (looks, driver)
    }
}

/// The shared half of a wheel: any thread arms.
pub struct Looks {
    /// For each slot the inverted instant, or 0 for never.
    cells: Box<[AtomicU64]>,
    inbox: Inbox,
}

impl Looks {
    /// Asks for a look at `slot` no later than `due_ms`. `u64::MAX` means never.
    ///
    /// An earlier instant that is armed already stays. If another thread has just lowered the cell
    /// as far and not yet returned, this call relies on that one to tell the driver. Lock-free, see
    /// [`Inbox::push`]; one read-modify-write if the cell is low enough. Linearizes at the
    /// lowering of the cell.
    ///
    /// # Panics
    ///
    /// If `slot` is out of range.
    pub fn arm(&self, slot: u32, due_ms: u64) {
        // Ordering: Release, the sending half of "arm".
        let was = self.cells[slot as usize].fetch_max(!due_ms, Release);
        if was < !due_ms {
            self.inbox.push(slot);
        }
    }

    /// What `slot` is armed for, `u64::MAX` for never.
    fn due(&self, slot: u32) -> u64 {
        // Ordering: Relaxed. "flag" has brought what the driver must know; lower is fine.
        !self.cells[slot as usize].load(Relaxed)
    }

    /// Empties the cell of `slot`, and returns what it was armed for.
    fn empty(&self, slot: u32) -> u64 {
        // Ordering: Acquire, the receiving half of "arm".
        !self.cells[slot as usize].swap(0, Acquire)
    }

    /// Arms for the driver, who files the slot itself; returns what it is armed for then.
    fn arm_by_driver(&self, slot: u32, due_ms: u64) -> u64 {
        // Ordering: Relaxed. The driver sends nothing to itself; being a read-modify-write, it
        // leaves "arm" of others in force.
        due_ms.min(!self.cells[slot as usize].fetch_max(!due_ms, Relaxed))
    }
}

impl fmt::Debug for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looks").field("slots", &self.cells.len()).finish_non_exhaustive()
    }
}

/// How far [`WheelDriver::advance`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    /// How many looks there were.
    pub looked: usize,
    /// Whether everything that was due has been looked at. If not, the budget was used up: call
    /// again.
    pub done: bool,
}

/// The private half of a wheel: one thread at a time looks.
pub struct WheelDriver {
    /// The instant that has been reached. Every slot in a bucket of a level is due later.
    now: u64,
    /// For each level, which buckets have slots.
    occupied: Vec<Occupied>,
    /// The first slot + 1 of each bucket, or 0.
    first: Vec<u32>,
    /// For each slot, its neighbours in its bucket: what comes before, see [`filed`], and the slot
    /// + 1 that comes after, or 0. An array, so that zeroed memory will do.
    links: Vec<[u32; 2]>,
    /// A bucket of which `now` is the start and whose slots are being filed anew.
    spilling: Option<u32>,
    /// Slots that are due, in the order of their looks: instant, then the caller's key.
    batch: Batch,
    /// No slot in the due list or the batch is due earlier.
    soonest: u64,
    /// What was taken from the inbox and not filed yet.
    chain: Chain,
    /// Buckets before this instant have been looked ahead at.
    ahead_until: u64,
    /// What was left of the last budget that was not used up.
    left: usize,
}

impl WheelDriver {
    /// A budget for [`advance`](Self::advance) that keeps one call at some 60 µs, also when a million
    /// slots are armed or due at once; of ten million, most calls.
    // Source: measured on two cores of an EPYC, with looks that read and write one cache line of
    // their own: 60 µs [47–70] with a million, 42 [29–62] in the middle of a herd. With half as many
    // steps 44 [38–63] and 37 [34–56].
    pub const STEPS: usize = 256;

    /// Looks at every slot that is due at `now`: in the order of their instants, and at equal
    /// instants in the order of `key`, then of slots.
    ///
    /// `look` is told the slot and the instant it was armed for, and may return the next instant;
    /// one that is not later than `now` is looked at within the same advance. So `look` must come
    /// to an end, or the advance will not. `key` is asked when a slot joins the batch of those that
    /// are due; a slot that is armed for still earlier after that keeps its place. It may be asked
    /// at other times too, so that what it reads is near when the look comes: it must do nothing
    /// but read.
    ///
    /// Never early: an instant later than `now` is not looked at. Never late: when `done`, every
    /// slot whose `arm` returned before the call, and that was due, has been looked at. What other
    /// threads or `look` arm meanwhile may have to wait for the next call. A `now` before that of
    /// an earlier call counts as that one.
    ///
    /// `budget` bounds the steps, a step being one slot filed, spilled, batched or looked at, or
    /// eight sorted; [`STEPS`](Self::STEPS) will do. Slots that were reached are looked at before
    /// later ones are reached, so an advance in pieces makes the same looks in the same order as
    /// one in one piece. Not for other threads to wait on: they never do.
    pub fn advance(
        &mut self,
        looks: &Looks,
        now: u64,
        budget: usize,
        mut key: impl FnMut(u32) -> u64,
        mut look: impl FnMut(u32, u64) -> Option<u64>,
    ) -> Advanced {
        let now = now.max(self.now);
        let mut looked = 0;
        let mut left = budget;
        let spent = |looked| Advanced { looked, done: false };
        if !self.file_inbox(looks, &mut left) {
            return spent(looked);
        }
        loop {
            if let Some(bucket) = self.spilling {
                let Some(slot) = self.first[bucket as usize].checked_sub(1) else {
                    self.spilling = None;
                    continue;
                };
                if !pay(&mut left) {
                    return spent(looked);
                }
                self.unfile(slot);
                let due = looks.due(slot);
                if due <= self.now {
                    left = left.saturating_sub(self.join(slot, due, key(slot)));
                } else {
                    self.file(slot, due);
                }
            } else if let Some(slot) = self.first[DUE as usize].checked_sub(1) {
                if !pay(&mut left) {
                    return spent(looked);
                }
                self.unfile(slot);
                left = left.saturating_sub(self.join(slot, looks.due(slot), key(slot)));
            } else if !self.batch.is_empty() {
                if !pay(&mut left) {
                    return spent(looked);
                }
                left = left.saturating_sub(self.batch.sort());
                // Their lines are asked for here, several at a time, so that the looks find them.
                let look_ahead = |slot| {
                    black_box((looks.due(slot), key(slot)));
                };
                let Some(slot) = self.batch.next(look_ahead) else { continue };
                if self.batch.is_empty() {
                    self.soonest = u64::MAX;
                }
                self.links[slot as usize][BEFORE] = filed::NOWHERE;
                looked += 1;
                if let Some(again) = look(slot, looks.empty(slot)) {
                    let due = looks.arm_by_driver(slot, again);
                    self.file(slot, due);
                }
            } else {
                match self.next_bucket() {
                    Some((bucket, start)) if start <= now => {
                        self.now = start;
                        self.spilling = Some(bucket);
                        if bucket < LEVEL_BUCKETS && start >= self.ahead_until {
                            self.look_ahead(looks, start, &mut key);
                        }
                    }
                    _ => {
                        self.now = now;
                        self.left = left;
                        return Advanced { looked, done: true };
                    }
                }
            }
        }
    }

    /// How many steps of its budget the last [`advance`](Self::advance) has left, if it was done.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }

    /// An instant no later than the earliest at which anything is due; `None` if nothing is armed.
    ///
    /// It is that instant itself if it is within the 8,192 ms block of the last advance, otherwise
    /// the start of the bucket it is in. To call [`advance`](Self::advance) then is never too late
    /// and seldom in vain. Costs one step for each slot in the inbox.
    pub fn next(&mut self, looks: &Looks) -> Option<u64> {
        let mut unbounded = usize::MAX;
        self.file_inbox(looks, &mut unbounded);
        if self.spilling.is_some() {
            return Some(self.now.min(self.soonest));
        }
        if self.first[DUE as usize] != 0 || !self.batch.is_empty() {
            return Some(self.soonest);
        }
        self.next_bucket().map(|(_, start)| start)
    }

    /// Puts a slot that is in no list into the batch; returns how many steps more that was worth.
    fn join(&mut self, slot: u32, due: u64, key: u64) -> usize {
        self.links[slot as usize][BEFORE] = filed::BATCH;
        self.soonest = self.soonest.min(due);
        self.batch.join(due, key, slot)
    }

    /// Asks for the lines that the next few buckets of level 0 will need, all at once: a look that
    /// has to wait for its own waits for memory, and most of them would.
    fn look_ahead(&mut self, looks: &Looks, start: u64, key: &mut impl FnMut(u32) -> u64) {
        let mut place = low(start) % LEVEL_BUCKETS;
        for _ in 0..AHEAD {
            if let Some(slot) = self.first[place as usize].checked_sub(1) {
                black_box((self.links[slot as usize], looks.due(slot), key(slot)));
            }
            self.ahead_until = start - u64::from(low(start) % LEVEL_BUCKETS) + u64::from(place) + 1;
            let Some(next) = self.occupied[0].first_from(place + 1) else { return };
            place = next;
        }
    }

    /// Files what is in the inbox. False if the budget was used up before.
    fn file_inbox(&mut self, looks: &Looks, left: &mut usize) -> bool {
        debug_assert_eq!(looks.cells.len(), self.links.len(), "the halves of one wheel");
        self.file_chain(looks, left) && {
            self.chain = looks.inbox.take_chain();
            self.file_chain(looks, left)
        }
    }

    fn file_chain(&mut self, looks: &Looks, left: &mut usize) -> bool {
        while !self.chain.is_empty() {
            if !pay(left) {
                return false;
            }
            let Some(slot) = looks.inbox.next_of(&mut self.chain) else { break };
            let due = looks.due(slot);
            if self.links[slot as usize][BEFORE] == filed::BATCH {
                self.soonest = self.soonest.min(due);
                continue;
            }
            self.unfile(slot);
            self.file(slot, due);
        }
        true
    }

    /// The bucket to spill next, and where it starts.
    fn next_bucket(&self) -> Option<(u32, u64)> {
        let mut levels = (0..).zip(&self.occupied);
        let (level, place) =
            levels.find_map(|(level, occupied)| Some((level, occupied.first()?)))?;
        let shift = level * LEVEL_BITS;
        // Everything above this level's bits is as in `now`; on the top level there is nothing
        // above.
        let above = self.now.checked_shr(shift + LEVEL_BITS).unwrap_or(0);
        let start = (above << LEVEL_BITS | u64::from(place)) << shift;
        Some((level * LEVEL_BUCKETS + place, start))
    }

    /// Puts a slot that is in no list where it belongs: nowhere if it is armed for never.
    fn file(&mut self, slot: u32, due: u64) {
        if due == u64::MAX {
            return;
        }
        let bucket = if due <= self.now {
            self.soonest = self.soonest.min(due);
            DUE
        } else {
            let bucket = self.bucket(due);
            self.occupied[(bucket / LEVEL_BUCKETS) as usize].set(bucket % LEVEL_BUCKETS);
            bucket
        };
        let after = self.first[bucket as usize];
        if let Some(after) = after.checked_sub(1) {
            self.links[after as usize][BEFORE] = filed::AFTER + slot;
        }
        self.links[slot as usize][AFTER] = after;
        self.links[slot as usize][BEFORE] = filed::FIRST + bucket;
        self.first[bucket as usize] = slot + 1;
    }

    /// Where an instant later than now belongs.
    fn bucket(&self, due: u64) -> u32 {
        let level = (due ^ self.now).ilog2() / LEVEL_BITS;
        level * LEVEL_BUCKETS + low(due >> (level * LEVEL_BITS)) % LEVEL_BUCKETS
    }

    /// Takes a slot out of its bucket, if it is in one.
    fn unfile(&mut self, slot: u32) {
        let before = self.links[slot as usize][BEFORE];
        if before == filed::NOWHERE {
            return;
        }
        let after = self.links[slot as usize][AFTER];
        if let Some(after) = after.checked_sub(1) {
            self.links[after as usize][BEFORE] = before;
        }
        if let Some(before) = before.checked_sub(filed::AFTER) {
            self.links[before as usize][AFTER] = after;
        } else {
            let bucket = before - filed::FIRST;
            self.first[bucket as usize] = after;
            if after == 0 && bucket != DUE {
                self.occupied[(bucket / LEVEL_BUCKETS) as usize].clear(bucket % LEVEL_BUCKETS);
            }
        }
        self.links[slot as usize][BEFORE] = filed::NOWHERE;
    }
}

impl fmt::Debug for WheelDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WheelDriver")
            .field("now", &self.now)
            .field("slots", &self.links.len())
            .finish_non_exhaustive()
    }
}

/// Which buckets of a level have slots: a bit for each, and one for each word of those.
#[derive(Clone)]
struct Occupied {
    words: [u64; WORDS],
    summary: [u64; WORDS.div_ceil(64)],
}

const WORDS: usize = LEVEL_BUCKETS as usize / 64;

impl Occupied {
    fn new() -> Self {
        Self { words: [0; WORDS], summary: [0; WORDS.div_ceil(64)] }
    }

    fn set(&mut self, place: u32) {
        let word = place as usize / 64;
        self.words[word] |= 1 << (place % 64);
        self.summary[word / 64] |= 1 << (word % 64);
    }

    fn clear(&mut self, place: u32) {
        let word = place as usize / 64;
        self.words[word] &= !(1 << (place % 64));
        if self.words[word] == 0 {
            self.summary[word / 64] &= !(1 << (word % 64));
        }
    }

    /// The first from `place` on, if it is not far.
    fn first_from(&self, place: u32) -> Option<u32> {
        let at = place as usize / 64;
        let word = self.words.get(at)? >> (place % 64);
        if word != 0 {
            return Some(place + word.trailing_zeros());
        }
        let next = *self.words.get(at + 1)?;
        (next != 0).then(|| (low(at as u64) + 1) * 64 + next.trailing_zeros())
    }

    fn first(&self) -> Option<u32> {
        let (at, summary) = (0..).zip(self.summary).find(|&(_, summary)| summary != 0)?;
        let word = at * 64 + summary.trailing_zeros();
        Some(word * 64 + self.words[word as usize].trailing_zeros())
    }
}

/// Takes one step off the budget, if there is one.
fn pay(left: &mut usize) -> bool {
    let paid = *left > 0;
    *left = left.saturating_sub(1);
    paid
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    const YEAR: u64 = 365 * 24 * 3600 * 1000;

    /// Advances in one piece; slots with equal instants in the order of their numbers, backwards.
    fn advance(driver: &mut WheelDriver, looks: &Looks, now: u64) -> Vec<(u32, u64)> {
        let mut looked = vec![];
        let key = |slot: u32| u64::from(!slot);
        let advanced = driver.advance(looks, now, usize::MAX, key, |slot, due| {
            looked.push((slot, due));
            None
        });
        assert_eq!(advanced, Advanced { looked: looked.len(), done: true });
        looked
    }

    #[test]
    fn a_look_is_neither_early_nor_late() {
        // Just below, at and above the starts of buckets on all levels.
        let mut dues: Vec<u64> = (0..LEVELS)
            .flat_map(|level| [1, 2, 63].map(|n| n << (level * LEVEL_BITS).min(58)))
            .flat_map(|start| [start - 1, start, start + 1])
            .chain([u64::MAX - 1])
            .collect();
        dues.sort_unstable();
        dues.dedup();
        let (looks, mut driver) = Wheel::new(u32::try_from(dues.len()).unwrap());
        for (slot, &due) in (0..).zip(&dues) {
            looks.arm(slot, due);
        }
        for (slot, &due) in (0..).zip(&dues) {
            if due > 0 {
                assert_eq!(advance(&mut driver, &looks, due - 1), []);
            }
            assert!(driver.next(&looks).unwrap() <= due);
            assert_eq!(advance(&mut driver, &looks, due), [(slot, due)]);
        }
        assert_eq!(driver.next(&looks), None);
    }

    #[test]
    fn the_earliest_arm_counts() {
        let (looks, mut driver) = Wheel::new(2);
        looks.arm(1, 9000);
        assert_eq!(driver.next(&looks), Some(8192), "the start of its bucket");
        looks.arm(1, 70);
        looks.arm(1, 900);
        assert_eq!(driver.next(&looks), Some(70));
        looks.arm(1, 20);
        assert_eq!(driver.next(&looks), Some(20), "exact on the lowest level");
        assert_eq!(advance(&mut driver, &looks, 10_000), [(1, 20)]);
        assert_eq!(driver.next(&looks), None);
    }

    #[test]
    fn looks_go_by_instant_then_key() {
        let (looks, mut driver) = Wheel::new(5);
        for (slot, due) in [(0, 9), (1, 3), (2, 9), (3, 2), (4, 9)] {
            looks.arm(slot, due);
        }
        let expected = [(3, 2), (1, 3), (4, 9), (2, 9), (0, 9)];
        assert_eq!(advance(&mut driver, &looks, 9), expected);
    }

    #[test]
    fn an_instant_that_has_passed_is_looked_at_next_time() {
        let (looks, mut driver) = Wheel::new(2);
        assert_eq!(advance(&mut driver, &looks, 1000), []);
        looks.arm(0, 10);
        looks.arm(1, 4);
        assert_eq!(driver.next(&looks), Some(4));
        assert_eq!(advance(&mut driver, &looks, 1000), [(1, 4), (0, 10)]);
    }

    #[test]
    fn what_a_look_asks_for_comes_within_the_same_advance() {
        let (looks, mut driver) = Wheel::new(2);
        looks.arm(0, 1);
        looks.arm(1, 40);
        let mut looked = vec![];
        let advanced = driver.advance(
            &looks,
            100,
            usize::MAX,
            |_| 0,
            |slot, due| {
                looked.push((slot, due));
                (slot == 0).then_some(due + 30)
            },
        );
        assert_eq!(looked, [(0, 1), (0, 31), (1, 40), (0, 61), (0, 91)]);
        assert_eq!(advanced, Advanced { looked: 5, done: true });
        assert_eq!(driver.next(&looks), Some(121));
        assert_eq!(advance(&mut driver, &looks, 121), [(0, 121)]);
    }

    #[test]
    fn pieces_make_the_same_looks_as_a_whole() {
        let dues = [3, 70, 70, 4095, 4096, 4097, 70, 300_000, 64, 65];
        for budget in 1..40 {
            let (looks, mut driver) = Wheel::new(10);
            for (slot, due) in (0..).zip(dues) {
                looks.arm(slot, due);
            }
            let mut looked = vec![];
            let mut pieces = 0;
            loop {
                let advanced = driver.advance(&looks, 300_000, budget, u64::from, |slot, due| {
                    looked.push((due, slot));
                    None
                });
                pieces += 1;
                let earliest = (0..10).map(|slot| looks.due(slot)).min().unwrap();
                assert!(driver.next(&looks).unwrap_or(u64::MAX) <= earliest);
                if advanced.done {
                    break;
                }
            }
            let mut sorted: Vec<_> = dues.into_iter().zip(0..).collect();
            sorted.sort_unstable();
            assert_eq!(looked, sorted, "budget {budget}");
            assert!(budget > 10 || pieces > 1);
        }
    }

    #[test]
    fn a_herd_is_looked_at_in_small_pieces() {
        const HERD: u32 = if cfg!(miri) { 700 } else { 10_000 };
        let (looks, mut driver) = Wheel::new(HERD);
        for slot in 0..HERD {
            looks.arm(slot, 3_600_000);
        }
        let key = |slot: u32| u64::from(slot * 7919 % HERD);
        let (mut looked, mut steps) = (vec![], 0);
        loop {
            let mut asked = 0_usize;
            let keys = |slot| {
                asked += 1;
                key(slot)
            };
            let advanced = driver.advance(&looks, 3_600_000, 100, keys, |slot, _| {
                looked.push(key(slot));
                None
            });
            steps += 100;
            // Each key is asked for once by a step, and once more ahead of its look.
            assert!(asked <= 100 + AHEAD as usize && advanced.looked <= 100);
            if advanced.done {
                break;
            }
        }
        assert!(looked.is_sorted() && looked.len() == HERD as usize);
        assert!(steps <= 6 * HERD, "filed, spilled, joined, sorted, looked at");
    }

    #[test]
    fn years_cost_nothing() {
        let (looks, mut driver) = Wheel::new(1);
        looks.arm(0, 1000 * YEAR);
        let advanced = driver.advance(&looks, 999 * YEAR, 20, |_| 0, |_, _| None);
        assert_eq!(advanced, Advanced { looked: 0, done: true });
        assert_eq!(advance(&mut driver, &looks, 1000 * YEAR), [(0, 1000 * YEAR)]);
    }

    #[test]
    fn never_is_never() {
        let (looks, mut driver) = Wheel::new(1);
        looks.arm(0, u64::MAX);
        assert_eq!(driver.next(&looks), None);
        assert_eq!(advance(&mut driver, &looks, u64::MAX), []);
    }
}
