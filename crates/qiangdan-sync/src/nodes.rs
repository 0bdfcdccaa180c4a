//! The nodes that the lists of a [`Ledger`](crate::ledger::Ledger) share.
//!
//! Their layout and the edges that are named here are told in [`crate::ledger`].
//!
//! # Why there is a node for whoever counted it
//!
//! An append first counts its nodes as in use, then takes them: freed ones if there are any,
//! otherwise fresh ones. Nodes are counted before they are taken and until they have been given back,
//! so at any time at least as many are free as are still to be taken. Of those, the takers that have
//! found no freed node are the only ones that take fresh ones: when a taker finds none, all that is
//! free is fresh, so enough for all; and it stays enough for those that found none, since others come
//! to fresh nodes only by finding none as well.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::free::{FreeList, NIL};
use crate::ledger::Reserve;
use crate::sync::{AtomicU32, AtomicU64, fence, high, low, zeroed_u64};

/// Words to a node, and to a slot.
pub(crate) const WORDS: usize = 3;
/// The word of a node that names others.
const LINK: usize = 2;

/// Two words of the caller's.
pub type Pair = [u64; 2];

/// All nodes, which of them are free, and how many are not.
pub(crate) struct Nodes {
    words: Box<[AtomicU64]>,
    room: CachePadded<Room>,
}

/// What all threads write that take or give a node.
struct Room {
    free: FreeList,
    /// How many nodes are not free, or about to be given or taken.
    used: AtomicU32,
    nodes: u32,
}

/// Nodes that name each other, from top to bottom.
pub(crate) struct Chain {
    pub(crate) top: u32,
    pub(crate) bottom: u32,
}

impl Nodes {
    pub(crate) fn new(nodes: u32) -> Self {
        let room = Room { free: FreeList::new(nodes), used: AtomicU32::new(0), nodes };
        Self { words: zeroed_u64(nodes as usize * WORDS), room: CachePadded::new(room) }
    }

    pub(crate) fn in_use(&self) -> u32 {
        // Ordering: Relaxed. A figure.
        self.room.used.load(Relaxed)
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.room.nodes
    }

    /// What a node says: its entry, and the node below it. `None` if there is no such node.
    #[inline]
    pub(crate) fn read(&self, node: u32) -> Option<(Pair, u32)> {
        let [entry @ .., link] = words(&self.words, node)?;
        // Ordering: Relaxed. Received along "append", or "refill" finds it out.
        Some((get(entry), low(link.load(Relaxed))))
    }

    /// Counts so many nodes more as in use; false if there are not so many.
    #[inline]
    pub(crate) fn raise(&self, nodes: u32, reserve: Reserve) -> bool {
        let limit = reserve.of(self.room.nodes);
        // Ordering: Relaxed. A guess; the swap below checks it.
        let mut used = self.room.used.load(Relaxed);
        while nodes <= limit.saturating_sub(used) {
            let next = used + nodes;
            // Ordering: Acquire on success, the receiving half of "room". Relaxed on failure: the
            // value is a guess again.
            match self.room.used.compare_exchange_weak(used, next, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
        false
    }

    /// Takes nodes for `new`, which were counted, and puts them on top of a list whose top node is
    /// `list`. The chain is of those that were taken.
    pub(crate) fn chain(&self, list: Option<u32>, new: &[Pair]) -> Chain {
        let mut chain = Chain { top: list.unwrap_or(0), bottom: NIL };
        let mut bottom = list.map(|top| self.bottom(top));
        let mut left = new;
        while !left.is_empty() {
            let taken = self.room.free.take_many(low(left.len() as u64), |node| self.below(node));
            let taken = taken.expect("whoever counts a node as free finds it");
            let (now, later) = left.split_at(taken.count as usize);
            // Ordering: a sending half of "refill", for the stores below.
            fence(Release);
            let mut node = taken.first;
            for &pair in now {
                let next = if taken.is_fresh { node + 1 } else { self.below(node) };
                if chain.bottom == NIL {
                    chain.bottom = node;
                }
                let bottom = *bottom.get_or_insert(node);
                let [entry @ .., link] = self.node(node);
                set(entry, pair);
                // Ordering: Relaxed, published by "append".
                link.store(u64::from(bottom) << 32 | u64::from(chain.top), Relaxed);
                chain.top = node;
                node = next;
            }
            left = later;
        }
        chain
    }

    /// Gives back a chain of so many nodes.
    #[inline]
    pub(crate) fn give(&self, chain: &Chain, nodes: u32) {
        let link = &self.node(chain.bottom)[LINK];
        // Ordering: Release, a sending half of "refill".
        self.room.free.give(chain.top, |below| link.store(u64::from(below), Release));
        // Ordering: Release, the sending half of "room".
        self.room.used.fetch_sub(nodes, Release);
    }

    /// The bottom node of the list that has this one on top.
    #[inline]
    pub(crate) fn bottom(&self, top: u32) -> u32 {
        // Ordering: Relaxed. It was received along "append" by whoever saw the list. Or the list is
        // over, and a swap of its head will fail.
        high(self.node(top)[LINK].load(Relaxed))
    }

    /// The node below one that is free, or was when it was asked for; there may be none of that
    /// number.
    #[inline]
    fn below(&self, node: u32) -> u32 {
        // Ordering: Relaxed, received along "free".
        words(&self.words, node).map_or(NIL, |[.., link]| low(link.load(Relaxed)))
    }

    /// The words of a node.
    #[inline]
    fn node(&self, node: u32) -> &[AtomicU64; WORDS] {
        words(&self.words, node).expect("free nodes and tops of lists are in range")
    }
}

/// The words of number `n` among nodes or slots, if it is one.
#[inline]
pub(crate) fn words(all: &[AtomicU64], n: u32) -> Option<&[AtomicU64; WORDS]> {
    all.get(n as usize * WORDS..)?.first_chunk()
}

#[inline]
pub(crate) fn set(entry: &[AtomicU64; 2], pair: Pair) {
    // Ordering: Relaxed, both. Published by "begin" and "append".
    entry[0].store(pair[0], Relaxed);
    entry[1].store(pair[1], Relaxed);
}

#[inline]
pub(crate) fn get(entry: &[AtomicU64; 2]) -> Pair {
    // Ordering: Relaxed, both. Received along "begin" and "append", or "refill" finds it out.
    [entry[0].load(Relaxed), entry[1].load(Relaxed)]
}
