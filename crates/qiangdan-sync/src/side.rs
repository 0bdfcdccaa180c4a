//! The ordered structure beside a lane: what comes back out of order, smallest key first.
//!
//! A lane is a plain queue because orders arrive in rank order. The few that do not (put back,
//! boosted, amended) go here. This is not a general priority queue: it is made to be empty or
//! nearly so, and an empty one costs a peek one load.
//!
//! # Shape
//!
//! Entries sit in *leaves*. Leaves come in segments of 64, 128, 256, …, allocated by the first
//! insert that needs them and kept. Over the leaves of a segment stands a tournament tree: each
//! interior node names the leaf with the smallest key below it, the root that of the whole segment.
//! A peek compares the roots of the allocated segments.
//!
//! | word of an interior node | bits 63..32: version | bits 31..0: leaf + 1, or 0 for none |
//! |--------------------------|----------------------|-------------------------------------|
//! | state word of a leaf     | bits 63..1: version  | bit 0: full                         |
//!
//! # Why the root is right
//!
//! A thread that changed a leaf *refreshes* every node on the way up, twice each. To refresh is:
//! read the node's word, read its two children, swap in the smaller winner with the next version.
//! (The idea is the f-array of Jayanti, 2002.) Three claims follow.
//!
//! 1. *After two refreshes of a node by one thread, it has been computed from its children as they
//!    were after that thread's change, or later.* If one of its swaps succeeded, the thread itself
//!    read them. If both failed, then during the second refresh another thread's swap succeeded,
//!    and that thread had read the node's word after the first failure's cause, so after the
//!    change; it read the children after that. In terms of the memory model: the word is read by a
//!    read-modify-write that adds nothing, so all accesses that matter are read-modify-writes of
//!    one word, in one order, each synchronizing with all before it. A plain load would not do: a
//!    load that misses the newest value leaves no trace that others could synchronize with.
//! 2. *When `insert` or `remove_if` returns, every node above the leaf accounts for the change*, by
//!    claim 1 from the bottom up. So once no update is under way, each node names the winner of its
//!    two children, and the root the smallest key: nothing is lost.
//! 3. *A leaf is reused only after its removal has reached the root.* So a node that names an empty
//!    leaf compares by a key that is still there. It may hide only entries with larger keys, and
//!    only as long as the root names the empty leaf too. A peek that meets this refreshes the path
//!    itself instead of waiting for the remover. A refresh that mixed up words of two lives of a
//!    leaf began before the second life, so its swap fails on the version.
//!
//! So within one segment a peek is exact: what it returns was the smallest at one instant during
//! the call. Across segments the roots are read one after another, so it may miss an entry that was
//! inserted meanwhile.
//!
//! # Edges
//!
//! * **leaf**: `insert`, store of the state (Release) → `peek` and refreshes, load of the state
//!   (Acquire). Whoever sees a leaf full sees its entry.
//! * **refresh**: a refresh's reading of a node (AcqRel) → later refreshes' reading of the same
//!   node (AcqRel). What a thread changed below before the one, the other sees.
//! * **name**: a refresh's swap of a node (Release) → refreshes of the node above, load (Acquire).
//!   Whoever sees a leaf named sees its key.
//! * **reuse**: `insert` (Release fence) and the link of a free leaf (Release) → reads of the entry
//!   in `peek`, then an Acquire fence, then the state read again. A reader that got words of
//!   another life sees that the state has changed.
//! * **free**: see `free.rs`.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use crate::free::{FreeList, Tagged};
use crate::sync::{AtomicU32, AtomicU64, fence, low, zeroed_u64};

/// Leaves of the first segment; each further one has twice as many as the one before.
#[cfg(not(qiangdan_loom))]
const FIRST_LEAVES: u32 = 64;
/// Small enough for every interleaving, large enough for two levels of nodes.
#[cfg(qiangdan_loom)]
const FIRST_LEAVES: u32 = 4;

/// How many segments there can be.
const SEGMENTS: usize = 24;

/// The root's place in a tree; the children of node `i` are `2 * i` and `2 * i + 1`.
const ROOT: usize = 1;

/// The bit of a leaf's state word that says it is full.
const FULL: u64 = 1;

/// What decides who goes first: the smaller rank, and among equal ranks the smaller tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Smaller goes first.
    pub rank: i64,
    /// Decides between equal ranks; unique if the order is to be exact.
    pub tie: u64,
}

/// What is kept: a key, and 64 bits that mean something to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where it belongs.
    pub key: Key,
    /// Whatever the caller needs to find what it stands for.
    pub bits: u64,
}

/// All leaves are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideFull;

impl fmt::Display for SideFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all leaves are in use")
    }
}

impl std::error::Error for SideFull {}

/// The smallest entry of a side, as it was at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SidePeeked {
    /// The entry.
    pub entry: Entry,
    segment: u32,
    leaf: u32,
    /// The leaf's state word when the entry was read.
    state: u64,
}

/// Entries in any order in, smallest key out.
pub struct Side {
    /// At least the number of entries: counted before an insert, discounted after a removal.
    len: AtomicU32,
    capacity: u32,
    segments: [OnceLock<Box<Segment>>; SEGMENTS],
}

impl Side {
    /// The largest capacity there can be.
    pub const CAPACITY_MAX: u32 = FIRST_LEAVES * ((1 << SEGMENTS) - 1);

    /// An empty side with room for `capacity` entries. Allocates nothing yet.
    ///
    /// # Panics
    ///
    /// If `capacity` is more than [`Side::CAPACITY_MAX`].
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        assert!(capacity <= Self::CAPACITY_MAX, "a side has at most {} leaves", Self::CAPACITY_MAX);
        Self {
            len: AtomicU32::new(0),
            capacity,
            segments: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    /// Adds `entry`.
    ///
    /// Lock-free, except that an insert that needs a further segment allocates it, and waits if
    /// another thread is just then putting the same segment in its place. Costs two swaps for each
    /// level of the tree. Linearizes when the root first accounts for the entry.
    ///
    /// # Errors
    ///
    /// [`SideFull`]: nothing was added.
    pub fn insert(&self, entry: Entry) -> Result<(), SideFull> {
        // Ordering: SeqCst. Whoever comes to know of this entry by any edge reads this or later; for
        // the order with what is done after the insert, see `is_empty`.
        self.len.fetch_add(1, SeqCst);
        let inserted = self.segments.iter().enumerate().any(|(k, segment)| {
            let leaves = self.leaves_of(k);
            if leaves == 0 {
                return false;
            }
            let segment = match segment.get() {
                Some(segment) => segment,
                None => {
                    // Made outside, so that others wait for no more than a move of one pointer.
                    let _ = segment.set(Box::new(Segment::new(leaves)));
                    segment.get().expect("it was set just now, here or elsewhere")
                }
            };
            segment.insert(entry)
        });
        if inserted {
            return Ok(());
        }
        // Ordering: Relaxed. Nothing was added.
        self.len.fetch_sub(1, Relaxed);
        Err(SideFull)
    }

    /// How many leaves segment `k` has or would have.
    fn leaves_of(&self, k: usize) -> u32 {
        let before = FIRST_LEAVES * ((1 << k) - 1);
        self.capacity.saturating_sub(before).min(FIRST_LEAVES << k)
    }

    /// The smallest entry, or `None` if there is none.
    ///
    /// The entry is whole and was here during the call; by the time the caller looks at it, it may
    /// have been removed, or a smaller one added. Lock-free: a round is repeated only if another
    /// thread changed the tree. An empty side costs one load. Linearizes, while there is one
    /// segment, at the load of its root.
    #[must_use]
    pub fn peek(&self) -> Option<SidePeeked> {
        if self.is_empty() {
            return None;
        }
        let allocated = (0..).zip(self.segments.iter().map_while(OnceLock::get));
        allocated.filter_map(|(k, segment)| segment.peek(k)).min_by_key(|peeked| peeked.entry.key)
    }

    /// Removes the entry that was peeked, if it is still there. True for exactly one caller per
    /// entry.
    ///
    /// Lock-free. Linearizes at the swap of the leaf's state.
    pub fn remove_if(&self, peeked: &SidePeeked) -> bool {
        let segment = self.segments[peeked.segment as usize].get();
        let segment = segment.expect("what was peeked is in an allocated segment");
        let removed = segment.remove_if(peeked.leaf, peeked.state);
        if removed {
            // Ordering: Relaxed. Read too late, it costs a look at the roots.
            self.len.fetch_sub(1, Relaxed);
        }
        removed
    }

    /// Removes every entry that `keep` does not want, wherever in the order it is.
    ///
    /// Entries that come in during the call may be missed. Costs a look at every leaf: for making room,
    /// not for every day. Lock-free.
    pub fn retain(&self, mut keep: impl FnMut(&Entry) -> bool) {
        for segment in self.segments.iter().map_while(OnceLock::get) {
            for (index, leaf) in (0..).zip(&segment.leaves) {
                if let Some((entry, state)) = leaf.read()
                    && !keep(&entry)
                    && segment.remove_if(index, state)
                {
                    // Ordering: Relaxed, as in `remove_if`.
                    self.len.fetch_sub(1, Relaxed);
                }
            }
        }
    }

    /// Shows every entry, in no order.
    ///
    /// Changes nothing. Entries that come in or leave during the call may be shown or not. Costs a look
    /// at every leaf, of which there are as many as there were entries at one time; none if it is
    /// empty.
    pub fn walk(&self, mut see: impl FnMut(&Entry)) {
        if self.is_empty() {
            return;
        }
        for segment in self.segments.iter().map_while(OnceLock::get) {
            for leaf in &segment.leaves {
                if let Some((entry, _)) = leaf.read() {
                    see(&entry);
                }
            }
        }
    }

    /// Whether there is no entry, and no insert or removal is under way. Wait-free.
    ///
    /// Of a thread that inserts and then reads a word, and another that changes this word and then
    /// asks here, all by SeqCst accesses, one sees the other: [`crate::bitmap`] needs that.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Ordering: SeqCst. An insert that comes before this in the order of SeqCst accesses, or that
        // the caller knows of, is counted here.
        self.len.load(SeqCst) == 0
    }
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ordering: Relaxed. Only printed.
        let len = self.len.load(Relaxed);
        f.debug_struct("Side").field("len", &len).field("capacity", &self.capacity).finish()
    }
}

/// One entry, or room for one.
struct Leaf {
    state: AtomicU64,
    rank: AtomicU64,
    tie: AtomicU64,
    /// The entry's bits, or while free the next free leaf.
    bits: AtomicU64,
}

#[cfg(not(any(qiangdan_loom, qiangdan_shuttle)))]
const _: () = assert!(size_of::<Leaf>() == 32, "two leaves to a cache line");

impl Leaf {
    fn new() -> Self {
        let [state, rank, tie, bits] = std::array::from_fn(|_| AtomicU64::new(0));
        Self { state, rank, tie, bits }
    }

    fn key(&self) -> Key {
        // Ordering: Relaxed, both. "leaf" or "name" brought them; if they are of another life,
        // whoever asked finds out (claim 3, "reuse").
        Key { rank: self.rank.load(Relaxed).cast_signed(), tie: self.tie.load(Relaxed) }
    }
}

impl Leaf {
    /// The entry and the state it was read in, if the leaf is full and stays so meanwhile.
    fn read(&self) -> Option<(Entry, u64)> {
        // Ordering: Acquire, the receiving half of "leaf".
        let state = self.state.load(Acquire);
        // Ordering: Relaxed. "leaf" brought them; of which life they are is asked below.
        let entry = Entry { key: self.key(), bits: self.bits.load(Relaxed) };
        // Ordering: the receiving half of "reuse".
        fence(Acquire);
        // Ordering: Relaxed. The fence above orders it after the reads it judges.
        let same_life = self.state.load(Relaxed) == state;
        (state & FULL != 0 && same_life).then_some((entry, state))
    }
}

/// Some leaves and the tree over them.
struct Segment {
    /// Interior nodes; place 0 is not used.
    tree: Box<[AtomicU64]>,
    leaves: Box<[Leaf]>,
    free: FreeList,
}

impl Segment {
    /// A segment of which `usable` leaves may be used.
    fn new(usable: u32) -> Self {
        let width = usable.next_power_of_two().max(2) as usize;
        Self {
            tree: zeroed_u64(width),
            leaves: (0..width).map(|_| Leaf::new()).collect(),
            free: FreeList::new(usable),
        }
    }

    fn leaf(&self, index: u32) -> &Leaf {
        &self.leaves[index as usize]
    }

    fn insert(&self, entry: Entry) -> bool {
        // Ordering: Relaxed. The swap in the free list checks the link that was read here.
        let taken = self.free.take(|index| low(self.leaf(index).bits.load(Relaxed)));
        let Some(index) = taken else { return false };
        let leaf = self.leaf(index);
        // Ordering: the sending half of "reuse". The removal that freed this leaf comes before
        // this, and all that is written to it in its new life comes after.
        fence(Release);
        // Ordering: Relaxed, all three. Published by "leaf", and judged by "reuse".
        leaf.rank.store(entry.key.rank.cast_unsigned(), Relaxed);
        leaf.tie.store(entry.key.tie, Relaxed);
        leaf.bits.store(entry.bits, Relaxed);
        // Ordering: Relaxed. Only the thread that took an empty leaf changes its state.
        let state = leaf.state.load(Relaxed);
        debug_assert!(state & FULL == 0, "a leaf that was free is empty");
        // Ordering: Release, the sending half of "leaf".
        leaf.state.store(state | FULL, Release);
        self.refresh_path(index);
        true
    }

    fn remove_if(&self, index: u32, state: u64) -> bool {
        let leaf = self.leaf(index);
        debug_assert!(state & FULL != 0, "only a full leaf was peeked");
        // Ordering: Relaxed. It sends nothing but itself, and "refresh" carries that upwards.
        if leaf.state.compare_exchange(state, state + 1, Relaxed, Relaxed).is_err() {
            return false;
        }
        self.refresh_path(index);
        // Ordering: Release, a sending half of "reuse": a peek that takes this link for bits sees
        // that the leaf was emptied.
        self.free.give(index, |below| leaf.bits.store(u64::from(below), Release));
        true
    }

    /// Makes every node above a leaf account for it; see "Why the root is right".
    ///
    /// Wait-free. Anybody may do it at any time.
    fn refresh_path(&self, index: u32) {
        let mut at = (self.leaves.len() + index as usize) / 2;
        while at >= ROOT {
            if !self.refresh(at) {
                self.refresh(at);
            }
            at /= 2;
        }
    }

    /// Computes one node from its children. False if another thread's refresh came between.
    fn refresh(&self, at: usize) -> bool {
        let node = &self.tree[at];
        // Ordering: AcqRel, both halves of "refresh". It adds nothing, but it leaves a mark in the
        // order of this word's changes; claim 1 rests on that.
        let seen = Tagged(node.fetch_add(0, AcqRel));
        let winner = match (self.winner(2 * at), self.winner(2 * at + 1)) {
            (Some(left), Some(right)) => {
                let (l, r) = (self.leaf(left).key(), self.leaf(right).key());
                if r < l { right + 1 } else { left + 1 }
            }
            (Some(only), None) | (None, Some(only)) => only + 1,
            (None, None) => 0,
        };
        // The version goes up even if the winner stays: a refresh that read the children earlier
        // must not succeed later.
        //
        // Ordering: Release on success, the sending half of "name"; being a read-modify-write, it
        // leaves "refresh" in force. Relaxed on failure: the next reading is a read-modify-write
        // again. Not the weak form, which may fail without another thread's success.
        node.compare_exchange(seen.0, seen.then(winner).0, Release, Relaxed).is_ok()
    }

    /// The leaf that a node names, or a full leaf itself.
    fn winner(&self, at: usize) -> Option<u32> {
        match at.checked_sub(self.leaves.len()) {
            None => {
                // Ordering: Acquire, the receiving half of "name".
                Tagged(self.tree[at].load(Acquire)).index().checked_sub(1)
            }
            Some(leaf) => {
                // Ordering: Acquire, the receiving half of "leaf".
                let full = self.leaves[leaf].state.load(Acquire) & FULL != 0;
                full.then(|| u32::try_from(leaf).expect("a segment has fewer leaves than 2^32"))
            }
        }
    }

    fn peek(&self, segment: u32) -> Option<SidePeeked> {
        loop {
            // Ordering: Relaxed. It only says which leaf to look at; "leaf" brings the entry, and
            // the root is read again below.
            let root = Tagged(self.tree[ROOT].load(Relaxed));
            let index = root.index().checked_sub(1)?;
            let leaf = self.leaf(index);
            // Ordering: Acquire, the receiving half of "leaf".
            let state = leaf.state.load(Acquire);
            if state & FULL == 0 {
                // Removed, but the remover has not come to the root yet: do it instead of waiting.
                self.refresh_path(index);
                continue;
            }
            let key = leaf.key();
            // Ordering: Relaxed. "leaf" brought them; of which life they are is asked below.
            let bits = leaf.bits.load(Relaxed);
            // Ordering: the receiving half of "reuse".
            fence(Acquire);
            // Ordering: Relaxed, both. The fence above orders them after the reads they judge.
            let same_life = leaf.state.load(Relaxed) == state;
            if same_life && self.tree[ROOT].load(Relaxed) == root.0 {
                return Some(SidePeeked {
                    entry: Entry { key, bits },
                    segment,
                    leaf: index,
                    state,
                });
            }
        }
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    fn entry(rank: i64) -> Entry {
        Entry { key: Key { rank, tie: 0 }, bits: rank.cast_unsigned() }
    }

    fn pop(side: &Side) -> Option<i64> {
        let peeked = side.peek()?;
        assert!(side.remove_if(&peeked), "nobody else removes here");
        Some(peeked.entry.key.rank)
    }

    #[test]
    fn smallest_out_first_across_segments() {
        let side = Side::new(64 + 100);
        // 37 is prime to 164, so this is every rank once, in a scattered order.
        for n in 0..164 {
            side.insert(entry(n * 37 % 164 - 80)).unwrap();
        }
        assert_eq!(side.insert(entry(0)), Err(SideFull));
        for rank in -80..84 {
            assert_eq!(pop(&side), Some(rank));
        }
        assert_eq!((pop(&side), side.is_empty()), (None, true));
    }

    #[test]
    fn a_walk_shows_what_is_there_and_removes_nothing() {
        let side = Side::new(64 + 100);
        side.walk(|_| unreachable!("nothing is there"));
        for n in 0..164 {
            side.insert(entry(n)).unwrap();
        }
        assert_eq!(pop(&side), Some(0));
        for _ in 0..2 {
            let mut shown = Vec::new();
            side.walk(|entry| shown.push(entry.key.rank));
            shown.sort_unstable();
            assert_eq!(shown, (1..164).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_old_peek_removes_nothing() {
        let side = Side::new(1);
        side.insert(entry(5)).unwrap();
        let old = side.peek().unwrap();
        assert!(side.remove_if(&old));
        assert!(!side.remove_if(&old));
        side.insert(entry(5)).unwrap();
        assert!(!side.remove_if(&old), "the leaf is in another life");
        assert_eq!(pop(&side), Some(5));
    }

    #[test]
    fn a_peek_does_the_work_of_a_remover_that_stopped() {
        let side = Side::new(64);
        for rank in [3, 1, 2] {
            side.insert(entry(rank)).unwrap();
        }
        let peeked = side.peek().unwrap();
        let leaf = side.segments[0].get().unwrap().leaf(peeked.leaf);
        // The remover's first step, and no more.
        leaf.state.store(peeked.state + 1, Relaxed);
        assert_eq!(side.peek().unwrap().entry, entry(2));
    }

    #[test]
    fn keys_compare_by_rank_then_tie() {
        let key = |rank, tie| Key { rank, tie };
        assert!(key(-2, 9) < key(-1, 0) && key(-1, 0) < key(-1, 1));
    }

    #[test]
    fn segments_add_up_to_the_capacity() {
        let side = Side::new(64 + 128 + 1);
        assert_eq!([0, 1, 2, 3].map(|k| side.leaves_of(k)), [64, 128, 1, 0]);
        let side = Side::new(Side::CAPACITY_MAX);
        let all: u32 = (0..SEGMENTS).map(|k| side.leaves_of(k)).sum();
        assert_eq!(all, Side::CAPACITY_MAX);
    }
}
