//! A first-in-first-out queue that can be looked into: rings of cells that are never emptied.
//!
//! A [`Lane`] knows items, each one life of a slot, and nothing about them but their order. It has
//! no pop. Whoever wants the first looks for it with [`Lane::first`] and asks of each item whether it
//! is over; an item is claimed elsewhere, and the lane only learns that the search may begin after
//! it. So to take the first of a lane costs no read-modify-write here, and to add one costs one.
//!
//! It is not for items that come back: an item that is over is over for good.
//!
//! # Shape
//!
//! A lane is one *ring* of 512 cells, until that is full; then a ring of eight times as many is
//! allocated, and so on. Pushes go to the largest, so the smaller ones run dry, and a lane that was
//! deep once is one ring again. A ring is a queue of its own; while several have items, the smallest
//! key among the first of each wins.
//!
//! ```text
//!   position   …   n+2    n+3    n+4    n+5    n+6    n+7  …      n = 4 cells
//!   cell          [ 2 ]  [ 3 ]  [ 0 ]  [ 1 ]  [ 2 ]  [ 3 ]
//!   holds          over   over   live   live   free   free
//!                                ▲             ▲
//!                           head hint      tail hint
//! ```
//!
//! A *position* counts the pushes of a ring, from one lap of its cells onwards; position `q` of a
//! ring of `n` cells belongs to cell `q mod n` and to *lap* `q / n`. Positions are filled one after
//! another, without a gap. The first that is not filled is the *tail*. A push overwrites the item a
//! lap before its own, which must be over.
//!
//! # Layout of a cell
//!
//! | bits  | 63..40     | 39..12 | 11..0         |
//! |-------|------------|--------|---------------|
//! | field | generation | slot   | lap mod 4,096 |
//!
//! A zero cell was never filled: no position is of lap 0.
//!
//! # Hints
//!
//! The head says: all items before this position are over. The tail hint says: all positions before
//! this one are filled. Both are stored plainly, by whoever comes by, and hold for good once they
//! were true. So a hint that is stored late, by a thread that slept, costs the others a walk, and
//! nothing else.
//!
//! What tells a filled position from a free one is the lap in its cell. Twelve bits of it would
//! deceive a thread that slept for thousands of laps. So a ring counts its laps, in a word that is
//! changed once a lap, before the first push of the lap. A reader reads this word, then the cell,
//! then the word again: the cell was filled in a lap between the lap before the first count and the
//! second count. If these lie closer together than 4,096, the twelve bits say which; otherwise it
//! reads again. So all comparisons are of whole positions, and none wraps.
//!
//! A push is one swap of one cell, and it expects the very item that was seen there, with its lap.
//! An item (slot and generation) is pushed once, so the same word does not come back. If the swap
//! succeeds, the cell held the old item all the time since it was seen, so its position was the tail
//! all that time.
//!
//! Nobody waits: a thread that stops before the swap has pushed nothing, and one that stops after it
//! leaves a hint behind by one.
//!
//! # Edges
//!
//! * **entry**: `push`, swap of the cell (Release) → scans and later pushes, load of the cell
//!   (Acquire). Whoever sees an item sees its slot at least as it was when it was pushed, and all
//!   positions before it filled.
//! * **lap**: `push`, count of laps (Release) → loads of it (Acquire). Whoever sees the count sees
//!   all positions of the laps before filled.
//! * **tail**: `push`, store of the tail hint (Release) → `push`, load of it (Acquire). Whoever
//!   starts at the hint sees all positions before it filled.
//! * **head**: passing, store of the head (Release) → searches, load of it (Acquire). Whoever begins
//!   after an item sees what was pushed by those who ended it, before they did.
//!
//! The swap of a push and the loads of [`Lane::is_empty`] are SeqCst, for [`crate::bitmap`]: of a
//! pusher that swaps and then reads a word, and another thread that changes this word and then asks
//! if the lane is empty, one sees the other.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicU32, AtomicU64, walk, zeroed_u64};

const GENERATION_BITS: u32 = 24;
const SLOT_BITS: u32 = 28;
#[cfg(not(qiangdan_loom))]
const LAP_BITS: u32 = 12;
/// Few enough for a model to come round.
#[cfg(qiangdan_loom)]
const LAP_BITS: u32 = 1;

const SLOT_SHIFT: u32 = 12;
const GENERATION_SHIFT: u32 = SLOT_SHIFT + SLOT_BITS;
/// Laps that a cell can tell apart.
const LAPS: u64 = 1 << LAP_BITS;

const _: () = assert!(GENERATION_SHIFT + GENERATION_BITS == 64, "the fields fill the word");
const _: () = assert!(LAP_BITS <= SLOT_SHIFT, "the lap fits its field");

/// Cells of the first ring; each further one has `1 << GROWTH` times as many as the one before. If
/// the capacity needs fewer, a ring has fewer, but not less than [`CELLS_MIN`].
#[cfg(not(qiangdan_loom))]
const FIRST_CELLS: u32 = 512;
#[cfg(not(qiangdan_loom))]
const GROWTH: u32 = 3;
#[cfg(not(qiangdan_loom))]
const CELLS_MIN: u32 = 64;
/// Small enough for every interleaving.
#[cfg(qiangdan_loom)]
const FIRST_CELLS: u32 = 2;
#[cfg(qiangdan_loom)]
const GROWTH: u32 = 1;
#[cfg(qiangdan_loom)]
const CELLS_MIN: u32 = 2;

/// How many rings there can be.
const RINGS: usize = 8;

const _: () = assert!(cells_before(RINGS) >= Lane::CAPACITY_MAX as u64, "there are rings enough");

/// Cells of the first `k` rings.
const fn cells_before(k: usize) -> u64 {
    (FIRST_CELLS as u64) * ((1 << (GROWTH as usize * k)) - 1) / ((1 << GROWTH) - 1)
}

/// One life of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// Which slot; less than 2²⁸.
    pub slot: u32,
    /// Which life of it; less than 2²⁴.
    pub generation: u32,
}

impl Item {
    #[inline]
    fn in_lap(self, lap: u64) -> u64 {
        debug_assert!(self.slot < 1 << SLOT_BITS, "{self:?} does not fit a cell");
        debug_assert!(self.generation < 1 << GENERATION_BITS, "{self:?} does not fit a cell");
        u64::from(self.generation) << GENERATION_SHIFT
            | u64::from(self.slot) << SLOT_SHIFT
            | (lap % LAPS)
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to its width")]
    #[inline]
    const fn from_word(word: u64) -> Self {
        Self {
            slot: (word >> SLOT_SHIFT) as u32 & ((1 << SLOT_BITS) - 1),
            generation: (word >> GENERATION_SHIFT) as u32,
        }
    }
}

/// The oldest item of every ring is not over yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneFull;

impl fmt::Display for LaneFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the oldest item of every ring is not over yet")
    }
}

impl std::error::Error for LaneFull {}

/// The first item of a lane, as it was at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First<K> {
    /// The item.
    pub item: Item,
    /// What `look` made of it.
    pub key: K,
    ring: usize,
    position: u64,
}

/// What comes after a [`First`] that is over, as it was at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<K> {
    /// An item with this key.
    Key(K),
    /// Nothing.
    Dry,
    /// To say takes a search.
    Unknown,
}

/// One first-in-first-out queue.
pub struct Lane {
    /// How many rings were made, or are just being made.
    made: AtomicU32,
    capacity: u32,
    rings: [OnceLock<Box<Ring>>; RINGS],
}

impl Lane {
    /// The largest capacity there can be.
    pub const CAPACITY_MAX: u32 =
        if cfg!(qiangdan_loom) { FIRST_CELLS << (RINGS - 1) } else { 1 << SLOT_BITS };

    /// An empty lane with room for `capacity` items. Allocates the first ring, five kilobytes at most.
    ///
    /// There is room for more if the last ring comes out larger than is needed, and for less if
    /// items end out of order: one that lives on keeps those after it in its ring in their cells.
    ///
    /// # Panics
    ///
    /// If `capacity` is more than [`Lane::CAPACITY_MAX`].
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        assert!(capacity <= Self::CAPACITY_MAX, "a lane has at most {} cells", Self::CAPACITY_MAX);
        let rings = std::array::from_fn(|_| OnceLock::new());
        let lane = Self { made: AtomicU32::new(0), capacity, rings };
        // Without capacity there is no ring.
        let _ = lane.ring(0);
        lane
    }

    /// Puts `item` behind all others; it must not have been in this lane before.
    ///
    /// `is_over` is asked of an item that might be overwritten, and must say yes only if it is over
    /// for good. It is seldom asked: those before a [`First`] that was passed are known to be over.
    ///
    /// Lock-free: a failed swap means that another push succeeded. (A push that needs a further ring
    /// allocates it, and waits if another thread is just then putting the same ring in its place.)
    /// One swap. Linearizes at the swap.
    ///
    /// # Errors
    ///
    /// [`LaneFull`]: the lane is unchanged.
    #[inline]
    pub fn push(&self, item: Item, is_over: impl Fn(Item) -> bool) -> Result<(), LaneFull> {
        // Ordering: Relaxed. A guess; any ring will do.
        let top = (self.made.load(Relaxed) as usize).wrapping_sub(1);
        if let Some(ring) = self.rings.get(top).and_then(OnceLock::get)
            && ring.push_one(item, &is_over)
        {
            return Ok(());
        }
        self.push_elsewhere(item, is_over)
    }

    /// Pushes to any ring that has room.
    #[cold]
    fn push_elsewhere(&self, item: Item, is_over: impl Fn(Item) -> bool) -> Result<(), LaneFull> {
        let pushed = self.push_many(&[item], is_over);
        if pushed == 1 { Ok(()) } else { Err(LaneFull) }
    }

    /// Pushes as many of `items` as there is room for, in order, and returns how many.
    ///
    /// As good as [`Lane::push`] for each, and a little cheaper: the hints are read and stored once.
    #[inline]
    pub fn push_many(&self, items: &[Item], is_over: impl Fn(Item) -> bool) -> usize {
        // Ordering: Relaxed. A guess; any ring will do.
        let top = (self.made.load(Relaxed) as usize).saturating_sub(1);
        let mut pushed = 0;
        // What does not fit the largest ring goes to a larger one; if there can be none, to the others.
        for k in (top..RINGS).chain(0..top) {
            let Ok(ring) = self.ring(k) else { continue };
            pushed += ring.push_many(&items[pushed..], &is_over);
            if pushed == items.len() {
                break;
            }
        }
        pushed
    }

    /// Ring `k`, made if need be; or `LaneFull` if the capacity needs no such ring.
    fn ring(&self, k: usize) -> Result<&Ring, LaneFull> {
        if let Some(ring) = self.rings[k].get() {
            return Ok(ring);
        }
        let cells = self.cells_of(k).ok_or(LaneFull)?;
        let made = u32::try_from(k + 1).expect("there are few rings");
        // Ordering: SeqCst. Before the ring is there, so before any push to it: whoever would see
        // that push in a SeqCst load sees this count.
        self.made.fetch_max(made, SeqCst);
        // Made outside, so that others wait for no more than a move of one pointer.
        let _ = self.rings[k].set(Box::new(Ring::new(cells)));
        Ok(self.rings[k].get().expect("it was set just now, here or elsewhere"))
    }

    /// How many cells ring `k` has or would have, if it is needed.
    fn cells_of(&self, k: usize) -> Option<u32> {
        let before = cells_before(k);
        let left = u64::from(self.capacity).checked_sub(before).filter(|&left| left > 0)?;
        let cells = left.next_power_of_two().min(cells_before(k + 1) - before);
        u32::try_from(cells).ok().map(|cells| cells.max(CELLS_MIN))
    }

    /// The first item that is not over, or `None` if there is none.
    ///
    /// `look` is asked of one item after another until it has a key for one. `None` must mean that
    /// the item is over for good: it will not be asked of again.
    ///
    /// Among rings the smallest key wins, and of equal ones that of the smaller ring. While there is
    /// one ring, what is returned was the first at one instant during the call. Rings are searched
    /// one after another, so among several an item may be missed that was pushed meanwhile.
    ///
    /// Costs one look, and one more for each item that is over but was not passed. No thread can
    /// make it wait. Linearizes at the last look, or at the load of the cell at the tail.
    #[inline(always)]
    pub fn first<K: Ord>(&self, mut look: impl FnMut(Item) -> Option<K>) -> Option<First<K>> {
        let mut first: Option<First<K>> = None;
        for (k, ring) in self.rings().enumerate() {
            let Some((item, key, position)) = ring.first(&mut look) else { continue };
            if first.as_ref().is_none_or(|first| key < first.key) {
                first = Some(First { item, key, ring: k, position });
            }
        }
        first
    }

    /// Shows the items in their order, ring by ring; of each ring as long as `see` wants more.
    ///
    /// Changes nothing. Exact while nobody else pushes or passes; otherwise each item was in the lane at
    /// some instant during the call, and one that comes or goes meanwhile may be shown or not.
    pub fn walk(&self, mut see: impl FnMut(Item) -> bool) {
        for ring in self.rings.iter().map_while(OnceLock::get) {
            ring.walk(&mut see);
        }
    }

    /// Says that `first` is over: the next search begins after it.
    ///
    /// It need not be called: a search passes what is over by itself. Wait-free: one plain store.
    #[inline]
    pub fn pass<K>(&self, first: &First<K>) {
        let ring = self.rings[first.ring].get().expect("what was found is in a ring");
        ring.pass_to(first.position + 1);
    }

    /// Says that `first` is over, and looks at what comes after it, if that takes no search.
    ///
    /// If several rings have items, it does. Wait-free but for laps: one plain store, and at most one
    /// look.
    #[inline(always)]
    pub fn pass_on<K>(&self, first: &First<K>, look: impl FnOnce(Item) -> Option<K>) -> Next<K> {
        self.pass(first);
        let mut rings = self.rings().enumerate();
        // Ordering: Relaxed. A push that this thread knows of is seen, and no item is read.
        if rings.any(|(k, ring)| k != first.ring && !ring.is_dry(Relaxed)) {
            return Next::Unknown;
        }
        let ring = self.rings[first.ring].get().expect("what was found is in a ring");
        let at = first.position + 1;
        // Ordering: Acquire, the receiving half of "entry".
        let (word, lap) = ring.read(at, Acquire);
        match lap.cmp(&ring.lap(at)) {
            std::cmp::Ordering::Less => Next::Dry,
            std::cmp::Ordering::Equal => {
                look(Item::from_word(word)).map_or(Next::Unknown, Next::Key)
            }
            std::cmp::Ordering::Greater => Next::Unknown,
        }
    }

    /// Offers one item after another to `take`, from the first on, as long as it says yes: those are
    /// over, and are passed.
    ///
    /// For whoever takes several: the hints are read and stored once. If several rings have items,
    /// nothing is offered, for what is first takes a search. No thread can make it wait.
    #[inline]
    pub fn offer(&self, mut take: impl FnMut(Item) -> bool) {
        // Ordering: Relaxed. As in `pass_on`.
        let mut rings = self.rings().filter(|ring| !ring.is_dry(Relaxed));
        if let (Some(ring), None) = (rings.next(), rings.next()) {
            ring.first(&mut |item| (!take(item)).then_some(()));
        }
    }

    /// The rings that were made.
    #[inline]
    fn rings(&self) -> impl Iterator<Item = &Ring> {
        self.rings.iter().map_while(|ring| ring.get().map(|ring| &**ring))
    }

    /// Whether there is no item, as a SeqCst load tells it; see the [module docs](self).
    ///
    /// Items that are over count until a search has passed them. Wait-free but for laps: see the
    /// [module docs](self) under "Hints".
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Ordering: SeqCst, and so the loads of the cells, for the reason given in the module docs. A
        // push that comes before this in the order of SeqCst accesses comes after the count of its
        // ring.
        let made = self.made.load(SeqCst) as usize;
        self.rings[..made].iter().all(|ring| ring.get().is_some_and(|ring| ring.is_dry(SeqCst)))
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

/// What pushers read and write.
struct Tail {
    /// All positions before this one are filled.
    hint: AtomicU64,
    /// All items before this position are over: what a pusher last read in the head.
    ///
    /// It spares pushers a look at the head, which the others keep writing.
    over: AtomicU64,
}

/// One ring of cells; see the [module docs](self).
struct Ring {
    cells: Box<[AtomicU64]>,
    /// How many cells there are, as a power of two.
    bits: u32,
    /// All positions of the laps before this one are filled.
    laps: AtomicU64,
    /// All items before this position are over.
    head: CachePadded<AtomicU64>,
    tail: CachePadded<Tail>,
}

impl Ring {
    fn new(cells: u32) -> Self {
        assert!(cells.is_power_of_two(), "laps are told apart by shifting");
        let bits = cells.trailing_zeros();
        let start = u64::from(cells);
        Self {
            cells: zeroed_u64(cells as usize),
            bits,
            laps: AtomicU64::new(1),
            head: CachePadded::new(AtomicU64::new(start)),
            tail: CachePadded::new(Tail {
                hint: AtomicU64::new(start),
                over: AtomicU64::new(start),
            }),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "what is cut off is masked anyway")]
    fn cell(&self, position: u64) -> &AtomicU64 {
        &self.cells[position as usize & (self.cells.len() - 1)]
    }

    fn lap(&self, position: u64) -> u64 {
        position >> self.bits
    }

    /// What is in the cell of `position`, and in which lap it was filled.
    ///
    /// It reads again only if the others have filled the ring thousands of times meanwhile.
    #[inline]
    fn read(&self, position: u64, ordering: Ordering) -> (u64, u64) {
        loop {
            // Ordering: Acquire, the receiving half of "lap": the cell is not older than `oldest`.
            let laps = self.laps.load(Acquire);
            let oldest = laps - 1;
            // Ordering: Acquire or SeqCst, the receiving half of "entry".
            let word = self.cell(position).load(ordering);
            // Ordering: Relaxed. The Acquire above orders it: whoever filled the cell had seen the
            // lap counted.
            let newest = self.laps.load(Relaxed);
            if newest - oldest < LAPS {
                return (word, oldest + (word.wrapping_sub(oldest) % LAPS));
            }
        }
    }

    /// Pushes `item`; `false` if the ring is full.
    #[inline(always)]
    fn push_one(&self, item: Item, is_over: &impl Fn(Item) -> bool) -> bool {
        // Ordering: Relaxed. `read` receives "lap" before anything is concluded from a cell.
        let lap = self.laps.load(Relaxed);
        // Ordering: Acquire, the receiving half of "tail".
        let hint = self.tail.hint.load(Acquire);
        let Some(at) = self.push(item, hint.max(lap << self.bits), is_over) else { return false };
        // Ordering: Release, the sending half of "tail".
        self.tail.hint.store(at + 1, Release);
        true
    }

    /// Pushes as many of `items` as there is room for.
    #[inline]
    fn push_many(&self, items: &[Item], is_over: &impl Fn(Item) -> bool) -> usize {
        // Ordering: Relaxed. `read` receives "lap" before anything is concluded from a cell.
        let lap = self.laps.load(Relaxed);
        // Ordering: Acquire, the receiving half of "tail".
        let hint = self.tail.hint.load(Acquire);
        let mut at = hint.max(lap << self.bits);
        let mut pushed = 0;
        while let Some(&item) = items.get(pushed)
            && let Some(position) = self.push(item, at, is_over)
        {
            at = position + 1;
            pushed += 1;
        }
        if pushed > 0 {
            // Ordering: Release, the sending half of "tail".
            self.tail.hint.store(at, Release);
        }
        pushed
    }

    /// Pushes `item` to the tail, and returns its position, or `None` if the ring is full. All
    /// positions before `at` are seen filled.
    #[inline(always)]
    fn push(&self, item: Item, mut at: u64, is_over: &impl Fn(Item) -> bool) -> Option<u64> {
        loop {
            let seen;
            (at, seen) = walk(at, |position| {
                let (word, lap) = self.read(position, Acquire);
                (lap < self.lap(position)).then_some(word)
            });
            if !self.may_overwrite(at, seen, is_over) {
                return None;
            }
            let lap = self.lap(at);
            if self.lap(at - 1) < lap {
                // Ordering: Release, the sending half of "lap".
                self.laps.fetch_max(lap, Release);
            }
            // Ordering: SeqCst on success, for the reason given in the module docs; it is also the
            // sending half of "entry". Relaxed on failure: the cell is read again.
            if self.cell(at).compare_exchange(seen, item.in_lap(lap), SeqCst, Relaxed).is_ok() {
                return Some(at);
            }
        }
    }

    /// Whether the item a lap before `at`, which is `seen` in its cell, is over.
    #[inline]
    fn may_overwrite(&self, at: u64, seen: u64, is_over: impl Fn(Item) -> bool) -> bool {
        let old = at - self.cells.len() as u64;
        // Ordering: Relaxed. It is true once and for all, and nothing is read on its strength.
        if old < self.tail.over.load(Relaxed) {
            return true;
        }
        // Ordering: Relaxed, as above.
        let head = self.head.load(Relaxed);
        if old < head {
            // Ordering: Relaxed, as above.
            self.tail.over.store(head, Relaxed);
            return true;
        }
        is_over(Item::from_word(seen))
    }

    #[inline(always)]
    fn first<K>(&self, look: &mut impl FnMut(Item) -> Option<K>) -> Option<(Item, K, u64)> {
        let head = self.start();
        let mut at = head;
        let first = loop {
            let (word, lap) = self.read(at, Acquire);
            if lap < self.lap(at) {
                break None;
            }
            // What has been overwritten was over.
            if lap == self.lap(at) {
                let item = Item::from_word(word);
                if let Some(key) = look(item) {
                    break Some((item, key, at));
                }
            }
            at += 1;
        };
        if at > head {
            self.pass_to(at);
        }
        first
    }

    fn walk(&self, see: &mut impl FnMut(Item) -> bool) {
        for at in self.start().. {
            // Ordering: Acquire, the receiving half of "entry".
            let (word, lap) = self.read(at, Acquire);
            if lap < self.lap(at) || lap == self.lap(at) && !see(Item::from_word(word)) {
                return;
            }
        }
    }

    /// Where a search begins: all items before this are over.
    #[inline]
    fn start(&self) -> u64 {
        // Ordering: Relaxed. The tail has come to this lap, so all before the lap before are
        // overwritten.
        let oldest = (self.laps.load(Relaxed) - 1) << self.bits;
        // Ordering: Acquire, the receiving half of "head".
        self.head.load(Acquire).max(oldest)
    }

    /// Says that all items before `position` are over.
    #[inline]
    fn pass_to(&self, position: u64) {
        // Ordering: Relaxed. The hint may be stored late, or be lost to another one: then others ask
        // again of what is over.
        if self.head.load(Relaxed) < position {
            // Ordering: Release, the sending half of "head".
            self.head.store(position, Release);
        }
    }

    /// Whether all items were passed.
    fn is_dry(&self, ordering: Ordering) -> bool {
        let at = self.start();
        // Positions are filled one after another, so if this one is not, none after it is.
        let (_, lap) = self.read(at, ordering);
        lap < self.lap(at)
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests;
