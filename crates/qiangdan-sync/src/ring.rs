//! The ring of buckets in an [`Agenda`](crate::agenda::Agenda), and the tree of words over them.
//!
//! What it is for, its layout, and why nothing in it is ever hidden, are told in [`crate::agenda`],
//! and so are the edges that are named here.

use std::array::from_fn;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::agenda::Nodes;
use crate::sync::{AtomicU64, guess, low, zeroed_u64};

/// Bits of a bucket's number that one level of words resolves; small enough for every interleaving
/// in a model.
const FAN_BITS: u32 = if cfg!(qiangdan_loom) { 1 } else { 5 };
/// Children to a word, and blocks to a ring.
const FAN: u32 = 1 << FAN_BITS;
/// Levels of words over the buckets; the root is level 0.
const LEVELS: u32 = if cfg!(qiangdan_loom) { 2 } else { 4 };
const BUCKETS: u32 = 1 << (FAN_BITS * LEVELS);

/// Buckets to a tick, as a power of two.
const STRIPE_BITS: u32 = if cfg!(qiangdan_loom) { 0 } else { 3 };
pub(crate) const STRIPES: u32 = 1 << STRIPE_BITS;
/// Crews among which the takers are divided; each begins with buckets of its own.
const CREWS: u32 = if cfg!(qiangdan_loom) { 1 } else { 2 };
/// Buckets of a crew in a tick.
const CREW_STRIPES: u32 = STRIPES / CREWS;
/// Ticks to a block, as a power of two.
pub(crate) const BLOCK_BITS: u32 = FAN_BITS * (LEVELS - 1) - STRIPE_BITS;

/// Blocks that a ring shows at a time.
pub(crate) const BLOCKS: u64 = FAN as u64;

const _: () = assert!(STRIPES <= FAN, "the buckets of a tick are below one word");

/// How many times one call moves a window, if now has gone far and the ring is empty.
const LEAPS_MAX: u32 = 1024;

/// The bit of a head or word that says that its bit above is set, and stays so as long as this.
const TOLD: u64 = 1 << 32;
/// One change of a head or word.
const VERSION: u64 = 1 << 33;

const _: () = assert!(TOLD < VERSION && 1_u64 << (FAN - 1) < TOLD);

/// A bucket as it was found, not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) ring: Which,
    pub(crate) bucket: u32,
    /// Which tick the bucket stood for; in the far ring, which block.
    pub(crate) tick: u64,
    pub(crate) head: u64,
}

/// What [`Ring::first`] found.
pub(crate) struct Found {
    pub(crate) place: Place,
    /// The heads of the crew's buckets of that tick.
    pub(crate) heads: [u64; CREW_STRIPES as usize],
    /// Whether it is the first bucket's turn.
    pub(crate) is_new_round: bool,
    /// The crew's first bucket of the next tick that is not empty, if it is not far.
    pub(crate) next: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The window, tick by tick.
    Near,
    /// What is later, block by block.
    Far,
}

/// The buckets, the words over them, and where the window is.
pub(crate) struct Ring {
    which: Which,
    heads: Box<[AtomicU64]>,
    /// The root, then the words of level 1, and so on.
    words: Box<[AtomicU64]>,
    /// The base and how far ahead of it the floor is. Both only grow.
    window: CachePadded<AtomicU64>,
}

/// Where a ring begins, in one word; see [`Ring::window`].
#[derive(Clone, Copy)]
pub(crate) struct Window(u64);

impl Window {
    /// More than any distance between base and floor.
    const AHEAD: u64 = 1 << 6;

    /// The ring shows this block and the 31 after it.
    pub(crate) const fn base(self) -> u64 {
        self.0 / Self::AHEAD
    }

    /// No insert may go before this block, which is one of those.
    pub(crate) const fn floor(self) -> u64 {
        self.base() + self.0 % Self::AHEAD
    }

    const fn last(self) -> u64 {
        self.base() + BLOCKS - 1
    }

    /// The first tick that it does not show.
    pub(crate) const fn end(self) -> u64 {
        (self.last() + 1) << BLOCK_BITS
    }

    /// The window with another base, or with the same one and another floor.
    fn with(self, base: u64, floor: u64) -> Self {
        let last = base + BLOCKS - 1;
        Self(base * Self::AHEAD + floor.clamp(base, last) - base)
    }

    /// Which tick a bucket stands for.
    fn tick(self, bucket: u32) -> u64 {
        let tick = u64::from(bucket >> STRIPE_BITS);
        let block = (tick >> BLOCK_BITS).wrapping_sub(self.base()) % BLOCKS + self.base();
        (block << BLOCK_BITS) + tick % (1 << BLOCK_BITS)
    }
}

const _: () = assert!(BLOCKS <= Window::AHEAD);

impl Ring {
    pub(crate) fn new(which: Which) -> Self {
        Self {
            which,
            heads: zeroed_u64(BUCKETS as usize),
            words: zeroed_u64(words_above(LEVELS) as usize),
            window: CachePadded::new(AtomicU64::new(0)),
        }
    }

    /// Where the heads of the tick and crew of a bucket begin: side by side, and away from those of
    /// other crews, which others write.
    fn heads_at(bucket: u32) -> usize {
        let (tick, crew) = (bucket / STRIPES, bucket % STRIPES / CREW_STRIPES);
        ((crew * (BUCKETS / STRIPES) + tick) * CREW_STRIPES) as usize
    }

    pub(crate) fn head(&self, bucket: u32) -> &AtomicU64 {
        &self.heads[Self::heads_at(bucket) + (bucket % CREW_STRIPES) as usize]
    }

    /// The heads of the tick and crew of a bucket, if it is one.
    pub(crate) fn heads(&self, bucket: u32) -> &[AtomicU64] {
        let at = Self::heads_at(bucket);
        self.heads.get(at..at + CREW_STRIPES as usize).unwrap_or_default()
    }

    /// The word of `level` over `bucket`, and the bit of the child there.
    fn word(&self, level: u32, bucket: u32) -> (&AtomicU64, u64) {
        let child = bucket >> (FAN_BITS * (LEVELS - 1 - level));
        let word = words_above(level) + (child >> FAN_BITS);
        (&self.words[word as usize], 1 << (child % FAN))
    }

    pub(crate) fn window(&self) -> Window {
        // Ordering: Relaxed. An old window ends earlier, and what is filed by it stands earlier.
        // Where it must be new enough, "floor", "told" or "set" has brought it.
        Window(self.window.load(Relaxed))
    }

    /// Puts `node` where `tick` belongs. False if the floor has come past that: then it may stand
    /// too late, and must be inserted once more.
    pub(crate) fn push(&self, nodes: &Nodes, node: u32, tick: u64, stripe: u32) -> bool {
        let window = self.window();
        let tick = tick.clamp(window.floor() << BLOCK_BITS, window.end() - 1);
        self.put(nodes, node, (low(tick) << STRIPE_BITS | stripe) % BUCKETS);
        self.window().floor() <= tick >> BLOCK_BITS
    }

    /// The bucket before the one that was found, as a tick and a stripe, if the window has it.
    pub(crate) fn before(&self, bucket: u32) -> Option<(u64, u32)> {
        let window = self.window();
        let (tick, stripe) = (window.tick(bucket), bucket % STRIPES);
        match stripe.checked_sub(1) {
            Some(before) => Some((tick, before)),
            None if tick > window.floor() << BLOCK_BITS => Some((tick - 1, STRIPES - 1)),
            None => None,
        }
    }

    /// Puts `node` on top of a bucket, and sees to the bits above.
    fn put(&self, nodes: &Nodes, node: u32, bucket: u32) {
        let head = self.head(bucket);
        // The old top is stored, not followed.
        let mut seen = guess(head);
        let now = loop {
            nodes.set_below(node, low(seen));
            let next = with(seen, node + 1).wrapping_add(VERSION);
            // Ordering: AcqRel on success, the sending half of "entry", the receiving half of
            // "told". Relaxed on failure, as at the load.
            match head.compare_exchange_weak(seen, next, AcqRel, Relaxed) {
                Ok(_) => break next,
                Err(changed) => seen = changed,
            }
        };
        if now & TOLD != 0 {
            return;
        }
        self.set(LEVELS - 1, bucket);
        // With one entry it may not be worth while: it is likely to be the last, too.
        if low(seen) != 0 {
            tell(head, now);
        }
    }

    /// Sets the bit of the word of `level` over `bucket`, and those above.
    fn set(&self, level: u32, bucket: u32) {
        let (word, bit) = self.word(level, bucket);
        let mut seen = guess(word);
        let now = loop {
            let next = (seen | bit).wrapping_add(VERSION);
            // Ordering: AcqRel on success, the sending half of "set", the receiving half of "told"
            // and, at the root, of "floor". Relaxed on failure: the value is a guess again.
            match word.compare_exchange_weak(seen, next, AcqRel, Relaxed) {
                Ok(_) => break next,
                Err(changed) => seen = changed,
            }
        };
        if level > 0 && now & TOLD == 0 {
            self.set(level - 1, bucket);
            tell(word, now);
        }
    }

    /// Clears the bits above `bucket` that have nothing below them, from `level` upwards.
    ///
    /// One attempt each: if it fails, somebody has just changed the word.
    fn lower(&self, level: u32, bucket: u32) {
        for level in (0..=level).rev() {
            let (word, bit) = self.word(level, bucket);
            // Ordering: Acquire, the receiving half of "set".
            let seen = word.load(Acquire);
            let child = match level + 1 {
                LEVELS => self.head(bucket),
                below => self.word(below, bucket).0,
            };
            // Ordering: Relaxed. Of what is older than `seen` the Acquire above took care; of what
            // is newer, the swap below.
            if seen & bit == 0 || low(child.load(Relaxed)) != 0 {
                return;
            }
            let left = with(seen, low(seen & !bit));
            // Ordering: Release on success, a sending half of "gone"; being a read-modify-write, it
            // leaves "set" of the other children in force.
            if word.compare_exchange(seen, left, Release, Relaxed).is_err() || low(left) != 0 {
                return;
            }
        }
    }

    /// The first tick that is not empty, and one of its buckets: of the crew that `begin` belongs
    /// to, or if that has none, of another; and of the crew's, each in turn as their heads change.
    pub(crate) fn first(&self, begin: u32) -> Option<Found> {
        'again: loop {
            // Ordering: Acquire, the receiving half of "set" for the window, and of "gone".
            let root = low(self.words[0].load(Acquire));
            if root == 0 {
                return None;
            }
            let window = self.window();
            let mut at = low(window.base() + distance(root, window.base())) % FAN;
            let mut bits = 0;
            for level in 1..LEVELS {
                // Ordering: Acquire, the receiving half of "gone".
                bits = low(self.words[(words_above(level) + at) as usize].load(Acquire));
                if bits == 0 {
                    self.lower(level - 1, at << (FAN_BITS * (LEVELS - level)));
                    continue 'again;
                }
                at = (at << FAN_BITS) + bits.trailing_zeros();
            }
            let tick = at - at % STRIPES;
            let first = tick + crew(bits >> (tick % FAN), begin) * CREW_STRIPES;
            let at = Self::heads_at(first);
            // Ordering: Acquire, the receiving half of "entry" and of "gone".
            let heads = from_fn(|n| self.heads[at + n].load(Acquire));
            if let Some((stripe, is_new_round)) = turn(&heads) {
                let (bucket, head) = (first + stripe, heads[stripe as usize]);
                let place = Place { ring: self.which, bucket, tick: window.tick(bucket), head };
                let later = bits.unbounded_shr(tick % FAN + STRIPES).trailing_zeros();
                let next = first + STRIPES + later - later % STRIPES;
                return Some(Found { place, heads, is_new_round, next });
            }
            for bucket in first..first + CREW_STRIPES {
                self.lower(LEVELS - 1, bucket);
            }
        }
    }

    /// The first bucket that is not empty in the order of their numbers, from `begin` on.
    pub(crate) fn next(&self, begin: u32) -> Option<Place> {
        let words = &self.words[words_above(LEVELS - 1) as usize..];
        let mut at = begin;
        while at < BUCKETS {
            // Ordering: Relaxed, as in `first`.
            let bits = low(words[(at / FAN) as usize].load(Relaxed)) >> (at % FAN);
            if bits == 0 {
                at = (at / FAN + 1) * FAN;
                continue;
            }
            at += bits.trailing_zeros();
            // Ordering: Acquire, the receiving half of "entry".
            let head = self.head(at).load(Acquire);
            if low(head) != 0 {
                let tick = self.window().tick(at);
                return Some(Place { ring: self.which, bucket: at, tick, head });
            }
            at += 1;
        }
        None
    }

    /// Takes the top off the bucket, if the head is still the one that was found.
    pub(crate) fn pop_if(&self, nodes: &Nodes, place: &Place) -> Option<u32> {
        let node = low(place.head) - 1;
        let below = nodes.below(node);
        let next = with(place.head, below).wrapping_add(VERSION);
        let head = self.head(place.bucket);
        // Ordering: Release on success, a sending half of "gone"; being a read-modify-write, it
        // leaves "entry" and "told" of the pushes below in force.
        if head.compare_exchange(place.head, next, Release, Relaxed).is_err() {
            return None;
        }
        if below == 0 {
            self.lower(LEVELS - 1, place.bucket);
        }
        Some(node)
    }

    /// Lets no insert before block `floor` any more, and the window begin there as soon as it can.
    pub(crate) fn raise(&self, floor: u64) {
        for _ in 0..LEAPS_MAX {
            let window = self.window();
            if window.base() >= floor || !self.settle(window, floor) {
                return;
            }
        }
    }

    /// Moves the base over blocks that are empty, up to the floor, and the floor up to `floor`, as
    /// far as the window goes. False if neither moves.
    fn settle(&self, window: Window, floor: u64) -> bool {
        // Ordering: AcqRel, the sending half of "floor". It adds nothing, but it comes before or
        // after each setting of a bit.
        let root = low(self.words[0].fetch_add(0, AcqRel));
        let (base, was) = (window.base(), window.floor());
        let empty = if root == 0 { BLOCKS } else { distance(root, base) };
        let moved = window.with(was.min(base + empty), floor.max(was));
        // Ordering: Relaxed. "floor" and "set" send it on.
        self.window.compare_exchange(window.0, moved.0, Relaxed, Relaxed).is_ok()
            && moved.0 != window.0
    }

    /// The root's word. What is seen gone from below it is seen where it has gone.
    pub(crate) fn root(&self) -> u64 {
        // Ordering: Acquire, the receiving half of "gone".
        self.words[0].load(Acquire)
    }
}

/// How many words there are on the levels above `level`.
const fn words_above(level: u32) -> u32 {
    ((1 << (FAN_BITS * level)) - 1) / (FAN - 1)
}

/// How far from block `base` the first set bit of the root is, going round.
fn distance(root: u32, base: u64) -> u64 {
    let (root, from) = (u64::from(root), base % BLOCKS);
    u64::from((root >> from | root << (BLOCKS - from)).trailing_zeros())
}

/// Which crew's buckets of a tick, given by its low bits, to look at: that of `begin`, if there are
/// any, or else another's.
fn crew(of_tick: u32, begin: u32) -> u32 {
    let mut crews = (0..CREWS).map(|n| begin.wrapping_add(n) % CREWS);
    let buckets = |crew| of_tick >> (crew * CREW_STRIPES) & ((1 << CREW_STRIPES) - 1);
    crews.find(|&crew| buckets(crew) != 0).unwrap_or(0)
}

/// Which bucket's turn it is, and whether it is the first one's. Each change of a head passes the
/// turn on; an empty bucket is passed over.
fn turn(heads: &[u64; CREW_STRIPES as usize]) -> Option<(u32, bool)> {
    let changes = heads.iter().map(|head| low(head / VERSION));
    let turn = changes.fold(0, u32::wrapping_add) % CREW_STRIPES;
    let mut stripes = (0..CREW_STRIPES).map(|n| (turn + n) % CREW_STRIPES);
    let stripe = stripes.find(|&stripe| low(heads[stripe as usize]) != 0)?;
    Some((stripe, turn == 0 && !cfg!(qiangdan_loom)))
}

/// `word` with other children; not told if there are none.
fn with(word: u64, children: u32) -> u64 {
    let keep = if children == 0 { !(TOLD | u64::from(u32::MAX)) } else { !u64::from(u32::MAX) };
    word & keep | u64::from(children)
}

/// Says in a head or word, if nobody has changed it since, that its bit above is set.
fn tell(word: &AtomicU64, now: u64) {
    // Ordering: Release on success, the sending half of "told". Relaxed on failure: the next one
    // who comes sets the bit himself.
    let _ = word.compare_exchange(now, now | TOLD, Release, Relaxed);
}
