//! A first-in-first-out queue that can be peeked, and the pool of nodes that all lanes share.
//!
//! A [`Lane`] is a linked queue in the manner of Michael and Scott, over indices into [`Nodes`]
//! instead of pointers. It is not bounded by itself: the pool is, so a thousand lanes need room for
//! as many entries as there are, wherever they queue. Nothing is allocated after construction. An
//! entry is a hint: whoever peeks it asks the claim word, and anybody may remove one that has gone
//! stale.
//!
//! ```text
//!   head ──► dummy ──► first ──► … ──► last ──► NIL
//!                                       ▲
//!   tail ───────────────────────────────┘  or one behind, until anybody moves it on
//! ```
//!
//! A push first links its node behind the last, then moves the tail. Whoever finds the tail one
//! behind moves it on, so a thread that is interrupted between the two steps holds up nobody.
//!
//! # Layout of a node
//!
//! Four words, 32 bytes, aligned so that a node never straddles two cache lines.
//!
//! | word | while queued                      | while free                   |
//! |------|-----------------------------------|------------------------------|
//! | 0    | next node, tagged (tag · index)   | next free node, tagged       |
//! | 1    | rank                              | left over                    |
//! | 2    | tie                               | left over                    |
//! | 3    | bits                              | left over                    |
//!
//! The head, the tail and every `next` are tagged: each change adds one, so a swap that expects an
//! old word fails even if the same node has come back, be it in another lane.
//!
//! # Edges
//!
//! * **link**: `push`, swap of `next` (Release) → `peek`, load of `next` (Acquire). The peeker sees
//!   the entry.
//! * **head**: `pop_if`, swap of the head (Release) → `peek`, load of the head (Acquire). The node
//!   named by the head is seen in this life of it, not as it was while free.
//! * **tail**: swaps of the tail (Release) → loads of the tail in `push` (Acquire). The same for
//!   the tail.
//! * **reuse**: `Nodes::give` (Release) and `Nodes::take` (Release fence) → reads of a node, then
//!   Acquire, then the head or tail read again. A reader that got words of a node after its time in
//!   the lane sees that the head or tail has moved on.
//! * **free**: see `free.rs`.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::free::{FreeList, NIL, Tagged};
use crate::sync::{AtomicU64, fence, zeroed_u64};

/// What decides who goes first: the smaller rank, and among equal ranks the smaller tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Smaller goes first.
    pub rank: i64,
    /// Decides between equal ranks; unique if the order is to be exact.
    pub tie: u64,
}

/// What queues: a key, and 64 bits that mean something to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where it belongs.
    pub key: Key,
    /// Whatever the caller needs to find what it stands for.
    pub bits: u64,
}

/// All nodes of the pool are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodesExhausted;

impl fmt::Display for NodesExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all nodes are in use")
    }
}

impl std::error::Error for NodesExhausted {}

/// The words of one node.
type Node = [AtomicU64; NODE_WORDS];

const NEXT: usize = 0;
const RANK: usize = 1;
const TIE: usize = 2;
const BITS: usize = 3;
const NODE_WORDS: usize = 4;

#[cfg(not(qiangdan_loom))]
const _: () = assert!(size_of::<Node>() == 32, "two nodes to a cache line");

/// A bounded pool of nodes, shared by many lanes.
///
/// Each lane needs one node for itself and one per entry.
pub struct Nodes {
    /// Node `i` is the four words from `base + 4 * i`.
    words: Box<[AtomicU64]>,
    base: usize,
    free: CachePadded<FreeList>,
    capacity: u32,
}

impl Nodes {
    /// A pool of `capacity` nodes, all free. Allocates 32 bytes per node, which the system hands
    /// out page by page as they are used.
    ///
    /// # Panics
    ///
    /// If `capacity` is more than 2³¹ − 1.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        // Room to begin at a multiple of 32 bytes, wherever the allocation begins.
        let words = zeroed_u64((capacity as usize + 1) * NODE_WORDS);
        let base = (words.as_ptr().addr().wrapping_neg() % 32) / 8;
        Self { words, base, free: CachePadded::new(FreeList::new(capacity)), capacity }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    fn node(&self, index: u32) -> &Node {
        let at = self.base + index as usize * NODE_WORDS;
        self.words[at..].first_chunk().expect("an index that was handed out is in range")
    }

    /// Takes a node for this thread alone; its `next` is `NIL`.
    fn take(&self) -> Result<u32, NodesExhausted> {
        // Ordering: Relaxed. The swap in the free list checks the link that was read here.
        let link = |index| Tagged(self.node(index)[NEXT].load(Relaxed)).index();
        let index = self.free.take(link).ok_or(NodesExhausted)?;
        // Ordering: the sending half of "reuse". The pop that freed this node comes before this,
        // and all that is written to the node in its new life comes after.
        fence(Release);
        let next = &self.node(index)[NEXT];
        // Ordering: Relaxed. The node is this thread's; late swaps of others expect older tags.
        let seen = Tagged(next.load(Relaxed));
        // Ordering: Relaxed. Published by "link" or "tail", and judged by "reuse".
        next.store(seen.then(NIL).0, Relaxed);
        Ok(index)
    }

    /// Gives a node back to the pool.
    fn give(&self, index: u32) {
        let next = &self.node(index)[NEXT];
        // Ordering: Relaxed. The node is this thread's; nobody else changes a `next` that is set.
        let seen = Tagged(next.load(Relaxed));
        // Ordering: Release, a sending half of "reuse": a push or peek that still takes this node for
        // one of its lane sees that the tail or head has moved on. (For `take`, "free" brings it.)
        self.free.give(index, |below| next.store(seen.then(below).0, Release));
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

/// The first entry of a lane, as it was at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peeked {
    /// The entry.
    pub entry: Entry,
    /// The head word at that instant; its node is the dummy before the entry's.
    head: Tagged,
    /// The entry's node.
    first: u32,
}

/// One first-in-first-out queue over nodes of a pool.
///
/// All calls must pass the pool that the lane was made with.
pub struct Lane {
    /// The dummy: the node before the first entry's.
    head: CachePadded<AtomicU64>,
    /// The last node, or the one before it.
    tail: CachePadded<AtomicU64>,
}

impl Lane {
    /// An empty lane. Takes one node of the pool for good.
    ///
    /// # Panics
    ///
    /// If the pool has no node left: it was made too small.
    #[must_use]
    pub fn new(nodes: &Nodes) -> Self {
        let dummy = nodes.take().expect("the pool has a node for each lane");
        let word = Tagged::new(0, dummy).0;
        Self {
            head: CachePadded::new(AtomicU64::new(word)),
            tail: CachePadded::new(AtomicU64::new(word)),
        }
    }

    /// Puts `entry` behind all others.
    ///
    /// Lock-free: a round that does not succeed means that another push has. Linearizes at the swap
    /// that links the node.
    ///
    /// # Errors
    ///
    /// [`NodesExhausted`]: the lane is unchanged.
    pub fn push(&self, nodes: &Nodes, entry: Entry) -> Result<(), NodesExhausted> {
        let index = nodes.take()?;
        let node = nodes.node(index);
        // Ordering: Relaxed, all three. Published by "link", and judged by "reuse".
        node[RANK].store(entry.key.rank.cast_unsigned(), Relaxed);
        node[TIE].store(entry.key.tie, Relaxed);
        node[BITS].store(entry.bits, Relaxed);
        loop {
            // Ordering: Acquire, the receiving half of "tail".
            let last = Tagged(self.tail.load(Acquire));
            let next = &nodes.node(last.index())[NEXT];
            // Ordering: Acquire. If this is of the node's next life, "reuse" makes the load below
            // see that the tail has moved; if it names a successor, "link" makes that one fit to be
            // tail.
            let seen = Tagged(next.load(Acquire));
            // Ordering: Relaxed. It only asks whether the two reads above belong together.
            if self.tail.load(Relaxed) != last.0 {
                continue;
            }
            if seen.index() != NIL {
                self.move_tail(last, seen.index());
                continue;
            }
            // Ordering: Release, the sending half of "link". Relaxed on failure: the next round
            // reads everything again.
            if next.compare_exchange(seen.0, seen.then(index).0, Release, Relaxed).is_ok() {
                self.move_tail(last, index);
                return Ok(());
            }
        }
    }

    /// The first entry, or `None` if there is none.
    ///
    /// The entry is one that was first at one instant during the call, whole and unmixed; by the
    /// time the caller looks at it, it may have been removed. Lock-free: a round is repeated only
    /// if another thread removed an entry. Linearizes at the load of the dummy's `next`.
    #[must_use]
    pub fn peek(&self, nodes: &Nodes) -> Option<Peeked> {
        loop {
            // Ordering: Acquire, the receiving half of "head".
            let head = Tagged(self.head.load(Acquire));
            // Ordering: Acquire, the receiving half of "link", and of "reuse".
            let first = Tagged(nodes.node(head.index())[NEXT].load(Acquire)).index();
            if first == NIL {
                // Ordering: Relaxed. The Acquire above orders it: had the dummy been reused, the
                // head would be seen to have moved.
                if self.head.load(Relaxed) == head.0 {
                    return None;
                }
                continue;
            }
            // Whatever was read, it is an index: if the node was reused meanwhile, the check below
            // says so.
            let node = nodes.node(first);
            // Ordering: Relaxed, all three. "link" brought them; whether they are of this life is
            // asked below.
            let rank = node[RANK].load(Relaxed).cast_signed();
            let tie = node[TIE].load(Relaxed);
            let bits = node[BITS].load(Relaxed);
            // Ordering: the receiving half of "reuse".
            fence(Acquire);
            // Ordering: Relaxed. The fence above orders it after the reads it judges.
            if self.head.load(Relaxed) == head.0 {
                let entry = Entry { key: Key { rank, tie }, bits };
                return Some(Peeked { entry, head, first });
            }
        }
    }

    /// Removes the entry that was peeked, if it is still the first. True for exactly one caller per
    /// entry.
    ///
    /// Anybody may remove any entry, and its node goes back to the pool. Lock-free: it makes one
    /// attempt, and helps a push that is between its steps. Linearizes at the swap of the head.
    pub fn pop_if(&self, nodes: &Nodes, peeked: &Peeked) -> bool {
        let (head, first) = (peeked.head, peeked.first);
        // The tail must not stay behind on the dummy that is about to be freed. Nor may it be moved
        // for a peek that is over: by now the same node may be the last of this lane.
        //
        // Ordering: Acquire, the receiving half of "tail" and, with the load below, of "reuse". It
        // reads the tail at the dummy or later: whoever linked `first` had seen it there, and the
        // peeker received that along "link".
        let tail = Tagged(self.tail.load(Acquire));
        // Ordering: Relaxed. The Acquire above orders it after the read it judges.
        if self.head.load(Relaxed) != head.0 {
            return false;
        }
        if tail.index() == head.index() {
            self.move_tail(tail, first);
        }
        // Ordering: Release, the sending half of "head". Relaxed on failure: the caller peeks
        // again.
        if self.head.compare_exchange(head.0, head.then(first).0, Release, Relaxed).is_err() {
            return false;
        }
        nodes.give(head.index());
        true
    }

    /// Whether there is no entry. As fresh as [`Lane::peek`], and cheaper.
    #[must_use]
    pub fn is_empty(&self, nodes: &Nodes) -> bool {
        loop {
            // Ordering: Acquire, the receiving half of "head".
            let head = Tagged(self.head.load(Acquire));
            // Ordering: Acquire, the receiving half of "reuse" for the load below.
            let first = Tagged(nodes.node(head.index())[NEXT].load(Acquire)).index();
            // Ordering: Relaxed. The Acquire above orders it.
            if self.head.load(Relaxed) == head.0 {
                return first == NIL;
            }
        }
    }

    /// Moves the tail from `seen` on to `index`, unless somebody else has.
    fn move_tail(&self, seen: Tagged, index: u32) {
        // Ordering: Release, the sending half of "tail". Relaxed on failure: it has been moved.
        let _ = self.tail.compare_exchange(seen.0, seen.then(index).0, Release, Relaxed);
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    fn entry(n: u64) -> Entry {
        Entry { key: Key { rank: -1, tie: n }, bits: !n }
    }

    fn pop(lane: &Lane, nodes: &Nodes) -> Option<Entry> {
        let peeked = lane.peek(nodes)?;
        assert!(lane.pop_if(nodes, &peeked), "nobody else pops here");
        Some(peeked.entry)
    }

    #[test]
    fn first_in_first_out_over_a_shared_pool() {
        let nodes = Nodes::new(2 + 3);
        let (a, b) = (Lane::new(&nodes), Lane::new(&nodes));
        for round in 0..5 {
            a.push(&nodes, entry(round)).unwrap();
            b.push(&nodes, entry(round + 100)).unwrap();
            a.push(&nodes, entry(round + 1)).unwrap();
            assert_eq!(b.push(&nodes, entry(0)), Err(NodesExhausted));
            assert_eq!(pop(&b, &nodes), Some(entry(round + 100)));
            assert_eq!(
                [pop(&a, &nodes), pop(&a, &nodes)],
                [round, round + 1].map(|n| Some(entry(n)))
            );
            assert!(a.is_empty(&nodes) && b.is_empty(&nodes));
            assert_eq!((a.peek(&nodes), b.peek(&nodes)), (None, None));
        }
    }

    #[test]
    fn an_old_peek_removes_nothing() {
        let nodes = Nodes::new(4);
        let lane = Lane::new(&nodes);
        lane.push(&nodes, entry(1)).unwrap();
        let old = lane.peek(&nodes).unwrap();
        assert!(lane.pop_if(&nodes, &old));
        // The same nodes come back in the same places, with other tags.
        for n in 2..10 {
            lane.push(&nodes, entry(n)).unwrap();
            assert!(!lane.pop_if(&nodes, &old));
            assert_eq!(pop(&lane, &nodes), Some(entry(n)));
        }
    }

    #[test]
    fn an_old_peek_does_not_lead_the_tail_astray() {
        let nodes = Nodes::new(2 + 3);
        let (x, y) = (Lane::new(&nodes), Lane::new(&nodes));
        x.push(&nodes, entry(1)).unwrap();
        let old = x.peek(&nodes).unwrap();
        assert_eq!(pop(&x, &nodes), Some(entry(1)));
        // The old dummy becomes the last node of the same lane, the entry's node goes elsewhere.
        x.push(&nodes, entry(2)).unwrap();
        assert_eq!(pop(&x, &nodes), Some(entry(2)));
        y.push(&nodes, entry(3)).unwrap();
        assert_eq!((old.head.index(), old.first), (low_of(&x.tail), low_of(&y.tail)));

        assert!(!x.pop_if(&nodes, &old));
        x.push(&nodes, entry(4)).unwrap();
        assert_eq!((pop(&x, &nodes), pop(&x, &nodes)), (Some(entry(4)), None));
        assert_eq!((pop(&y, &nodes), pop(&y, &nodes)), (Some(entry(3)), None));
    }

    fn low_of(word: &AtomicU64) -> u32 {
        Tagged(word.load(Relaxed)).index()
    }

    #[test]
    fn nodes_do_not_straddle_cache_lines() {
        let nodes = Nodes::new(3);
        for index in 0..3 {
            assert_eq!(nodes.node(index).as_ptr().addr() % 32, 0);
        }
    }

    #[test]
    fn keys_compare_by_rank_then_tie() {
        let key = |rank, tie| Key { rank, tie };
        assert!(key(-2, 9) < key(-1, 0) && key(-1, 0) < key(-1, 1));
    }
}
