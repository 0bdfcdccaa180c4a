//! For each slot a list of entries that only grows, as long as a life of the slot lasts.
//!
//! Any thread reads a list and appends to it; whoever appends says which list he has read, and is
//! refused if it has grown since. So what is decided on the strength of a list is decided once, and
//! entries have one order. An entry is two words, whose meaning is the caller's, and never changes.
//! This is not a log: when a life of the slot is over, its entries are given back.
//!
//! # Shape
//!
//! Each slot has room for the first entry of its list beside the list's *head*: most lists never
//! have another, and a life begins without a word that all threads write. Further entries come from
//! a pool of *nodes* that all slots share; each names the one below it. The head names the top node.
//!
//! ```text
//!   slot     head · first entry
//!              |
//!   nodes      +-> newest -> ... -> second entry
//! ```
//!
//! # Layout
//!
//! | bits of a head | 63..40     | 39..28                              | 27..0                       |
//! |----------------|------------|-------------------------------------|-----------------------------|
//! | field          | generation | entries, or 0 if there is no life   | top node, or 0 if none      |
//!
//! | word of a node | while it stands in a list                           | while free              |
//! |----------------|-----------------------------------------------------|-------------------------|
//! | 0, 1           | the entry                                           | left over               |
//! | 2              | 63..32: the list's bottom node, 31..0: the one below | 31..0: the node below  |
//!
//! A zero head is a slot that never had a life. The list's bottom is named in each node so that a
//! list is given back without a walk.
//!
//! # Why a reader is not deceived
//!
//! Entries are only taken away when the life is over, so a head that is in the same life after the
//! reading as before it says that all that was read belonged to that life: as many entries as the
//! first load of the head said, from its top node down. Whether entries came on top meanwhile makes
//! no difference. A reader that was overtaken by the end of the life reads left-overs of other
//! lists, but no more than the count said, and then finds the head changed.
//!
//! Heads do not come back: within a life the count grows, and a life has a generation of its own, all
//! of whose bits are in the head. (Generations come from [`crate::claim`], which retires a slot
//! before they come round.)
//!
//! # Edges
//!
//! * **begin**: `begin`, store of the head (Release) → `read`, `end` (Acquire). Whoever sees the life
//!   sees its first entry.
//! * **append**: `append`, swap of the head (Release) → `read`, `end` (Acquire). Whoever sees the
//!   head sees the entries under it, and what was written before they were appended.
//! * **refill**: `begin` (Release fence), `append` (Release fence), `end`, change of a link (Release)
//!   → data read, Acquire fence, head read again. A reader that got what belongs to another life
//!   sees that its own is over.
//! * **room**: `end`, lowering of the count of nodes in use (Release) → `append`, raising of it
//!   (Acquire). Whoever counts a node as free finds it.
//! * **free**: see `free.rs`. Whoever takes a node for a list knows that the one before is over.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::free::{FreeList, NIL};
use crate::sync::{AtomicU32, AtomicU64, fence, high, low, zeroed_u64};

const NODE_BITS: u32 = 28;
const LEN_BITS: u32 = 12;
const GENERATION_BITS: u32 = 24;

const LEN_SHIFT: u32 = NODE_BITS;
const GENERATION_SHIFT: u32 = LEN_SHIFT + LEN_BITS;

const _: () = assert!(GENERATION_SHIFT + GENERATION_BITS == 64, "the fields fill the word");

/// Words to a slot, and to a node.
const WORDS: usize = 3;
/// The word of a node that names others.
const LINK: usize = 2;

/// Entries that [`Entries`] holds without memory of their own.
const FEW: usize = 8;

/// Two words of the caller's.
pub type Pair = [u64; 2];

/// Lists of entries, one for each slot; see the [module docs](self).
pub struct Ledger {
    /// For each slot its head and the two words of the first entry.
    slots: Box<[AtomicU64]>,
    nodes: Box<[AtomicU64]>,
    room: CachePadded<Room>,
}

/// Which nodes are free, and how many are not.
struct Room {
    free: FreeList,
    /// At least as many nodes as are neither in the list of free ones nor fresh.
    used: AtomicU32,
    nodes: u32,
}

/// A list as it was at one instant: what [`Ledger::append`] is to append to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LedgerSeen {
    slot: u32,
    head: Head,
}

/// How much of the room an append may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// Leaves an eighth, rounded down, of all nodes and of the length of a list.
    Keep,
    /// May take the last.
    Use,
}

/// Why nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// Something was appended since the list was read, or the life is over. Read again.
    Changed,
    /// So many nodes are not free, or the list would be longer than [`Ledger::LEN_MAX`].
    Full,
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => write!(f, "the list is not the one that was read"),
            Self::Full => write!(f, "the ledger has no room left"),
        }
    }
}

impl std::error::Error for AppendError {}

impl Ledger {
    /// So many entries a list can have.
    pub const LEN_MAX: u32 = (1 << LEN_BITS) - 1;
    /// What each slot costs, with the first entry of its list.
    pub const BYTES_PER_SLOT: usize = WORDS * 8;
    /// What each entry after the first costs.
    pub const BYTES_PER_NODE: usize = WORDS * 8;

    /// Empty lists for `slots` slots, with room for `nodes` entries apart from the first of each.
    ///
    /// Allocates 24 bytes for each slot and each node, which the system hands out page by page as
    /// they are used. Nothing else here allocates, but [`Entries`] of more than eight.
    ///
    /// # Panics
    ///
    /// If `nodes` is more than 2²⁸.
    #[must_use]
    pub fn new(slots: u32, nodes: u32) -> Self {
        assert!(nodes <= 1 << NODE_BITS, "a ledger has at most 2^28 nodes");
        Self {
            slots: zeroed_u64(slots as usize * WORDS),
            nodes: zeroed_u64(nodes as usize * WORDS),
            room: CachePadded::new(Room {
                free: FreeList::new(nodes),
                used: AtomicU32::new(0),
                nodes,
            }),
        }
    }

    /// Begins the list of a slot in its life `generation` with its first entry.
    ///
    /// Only the thread that fills the slot may call this, with a generation that the slot never had;
    /// a life before it that was not ended ends. Whoever learns of the life afterwards finds the
    /// list. Further entries can be appended at once to what is returned. Always succeeds. Wait-free
    /// if the life before was ended; no read-modify-write. Linearizes at the store of the head.
    ///
    /// # Panics
    ///
    /// If the slot is out of range; in debug builds, if the generation has more than 24 bits.
    #[inline]
    pub fn begin(&self, slot: u32, generation: u32, first: Pair) -> LedgerSeen {
        debug_assert!(generation < 1 << GENERATION_BITS, "a generation has 24 bits");
        let [head, entry @ ..] = self.slot(slot);
        // Ordering: Relaxed. If it says that there is no life, that stays so until the store below.
        let before = Head(head.load(Relaxed));
        if before.is_life() {
            self.end(slot, before.generation());
        }
        // Ordering: the sending half of "refill". Whoever reads what is stored below, and then
        // passes the fence in `read`, sees at least the head that was read here.
        fence(Release);
        set(entry, first);
        let next = Head::new(generation, 1, 0);
        // Ordering: Release, the sending half of "begin".
        head.store(next.0, Release);
        LedgerSeen { slot, head: next }
    }

    /// Reads the list of a slot in its life `generation`, oldest entry first, as it was at one
    /// instant. `None` if the slot is in another life or that one is over; then `into` is empty.
    ///
    /// Wait-free. Costs two loads of the head, and a dependent load for each entry but the first. The
    /// caller sees what those who appended wrote before. Linearizes at the first load of the head,
    /// or if that life was over by the second, at the second.
    ///
    /// # Panics
    ///
    /// If the slot is out of range.
    #[inline]
    pub fn read(&self, slot: u32, generation: u32, into: &mut Entries) -> Option<LedgerSeen> {
        let [head, entry @ ..] = self.slot(slot);
        // Ordering: Acquire, the receiving half of "begin" and "append".
        let seen = Head(head.load(Acquire));
        if !seen.is_life_of(generation) || !self.read_to(seen, entry, into) {
            into.len = 0;
            return None;
        }
        // Ordering: the receiving half of "refill". If anything read above came from a later life,
        // the load below sees that this one is over.
        fence(Acquire);
        // Ordering: Relaxed. The fence above orders it after the reads it is to judge.
        if !Head(head.load(Relaxed)).is_life_of(generation) {
            into.len = 0;
            return None;
        }
        Some(LedgerSeen { slot, head: seen })
    }

    /// The list of a slot in its life `generation` as it is, unread; `None` if the slot is in another
    /// life or that one is over. For what is appended whatever the list says.
    ///
    /// Wait-free. Linearizes at the load of the head.
    ///
    /// # Panics
    ///
    /// If the slot is out of range.
    #[must_use]
    #[inline]
    pub fn seen(&self, slot: u32, generation: u32) -> Option<LedgerSeen> {
        // Ordering: Acquire, the receiving half of "append": an append reads the top node's link.
        let head = Head(self.slot(slot)[0].load(Acquire));
        head.is_life_of(generation).then_some(LedgerSeen { slot, head })
    }

    /// Whether nothing was appended since the list was seen, and its life goes on.
    ///
    /// Wait-free. Linearizes at the load of the head.
    #[must_use]
    #[inline]
    pub fn is_still(&self, seen: &LedgerSeen) -> bool {
        // Ordering: Relaxed. Nothing is read on the strength of it.
        self.slot(seen.slot)[0].load(Relaxed) == seen.head.0
    }

    /// Appends all of `new`, in this order, to a list as it was seen; returns the list with them.
    ///
    /// Readers see all of them or none. Lock-free: it repeats a step only because another thread has
    /// taken or given back a node. Costs one swap and two for each entry. Linearizes at the swap of
    /// the head, or where it is refused, at the load of the head or of the count of nodes in use.
    ///
    /// # Errors
    ///
    /// In all cases the list is as it was. [`AppendError::Changed`] if the list is not as it was seen,
    /// [`AppendError::Full`] if there is no room, of which `reserve` says how much may be taken.
    pub fn append(
        &self,
        seen: &LedgerSeen,
        new: &[Pair],
        reserve: Reserve,
    ) -> Result<LedgerSeen, AppendError> {
        if !self.is_still(seen) {
            return Err(AppendError::Changed);
        }
        if new.is_empty() {
            return Ok(*seen);
        }
        let left = reserve.of(Self::LEN_MAX).saturating_sub(seen.len());
        let count = u32::try_from(new.len()).unwrap_or(u32::MAX);
        if count > left || !self.room.raise(count, reserve) {
            return Err(AppendError::Full);
        }
        let chain = self.chain(seen.head, new);
        let next = Head::new(seen.head.generation(), seen.len() + count, chain.top);
        let head = &self.slot(seen.slot)[0];
        // Ordering: Release on success, the sending half of "append"; being a read-modify-write, it
        // leaves those of the entries below in force. Relaxed on failure: nothing is read then.
        if head.compare_exchange(seen.head.0, next.0, Release, Relaxed).is_err() {
            self.give(&chain, count);
            return Err(AppendError::Changed);
        }
        Ok(LedgerSeen { slot: seen.slot, head: next })
    }

    /// Ends the life `generation` of a slot: nothing is read or appended any more, and its entries are
    /// given back. True if this call did so.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded. Costs a swap, and two more if
    /// the list has more than one entry, however many. Linearizes at the swap of the head.
    ///
    /// # Panics
    ///
    /// If the slot is out of range.
    #[inline]
    pub fn end(&self, slot: u32, generation: u32) -> bool {
        let head = &self.slot(slot)[0];
        // Ordering: Relaxed. A guess; the swap below checks it.
        let mut seen = Head(head.load(Relaxed));
        loop {
            if !seen.is_life_of(generation) {
                return false;
            }
            match self.try_end(head, seen) {
                Ok(()) => return true,
                Err(now) => seen = now,
            }
        }
    }

    /// [`Ledger::end`], if nothing was appended since the list was seen and its life goes on: who ends
    /// a life because of what the list says overlooks nothing. True if this call did so.
    ///
    /// Lock-free. Costs and linearizes as [`Ledger::end`].
    #[inline]
    pub fn end_as_seen(&self, seen: &LedgerSeen) -> bool {
        let head = &self.slot(seen.slot)[0];
        loop {
            match self.try_end(head, seen.head) {
                Ok(()) => return true,
                // The swap may fail without a reason.
                Err(now) if now == seen.head => {}
                Err(_) => return false,
            }
        }
    }

    /// Ends a life whose list is as `seen` says; otherwise says how it is.
    #[inline]
    fn try_end(&self, head: &AtomicU64, seen: Head) -> Result<(), Head> {
        let over = Head::new(seen.generation(), 0, 0);
        // Ordering: Acquire on success, the receiving half of "begin" and "append": the nodes are
        // read below. Relaxed on failure: the value is a guess again.
        head.compare_exchange_weak(seen.0, over.0, Acquire, Relaxed).map_err(Head)?;
        let (top, nodes) = (seen.top(), seen.len() - 1);
        if nodes > 0 {
            // Ordering: Relaxed, received along "append".
            let bottom = high(self.node(top)[LINK].load(Relaxed));
            self.give(&Chain { top, bottom }, nodes);
        }
        Ok(())
    }

    /// About how many entries are in use apart from the first of each list: exact if nobody appends
    /// or ends a life meanwhile.
    #[must_use]
    pub fn in_use(&self) -> u32 {
        // Ordering: Relaxed. A figure.
        self.room.used.load(Relaxed)
    }

    /// How many entries there can be apart from the first of each list.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.room.nodes
    }

    /// The words of a slot.
    #[inline]
    fn slot(&self, slot: u32) -> &[AtomicU64; WORDS] {
        words(&self.slots, slot).expect("the slot is in range")
    }

    /// The words of a node.
    #[inline]
    fn node(&self, node: u32) -> &[AtomicU64; WORDS] {
        words(&self.nodes, node).expect("free nodes and tops of lists are in range")
    }

    /// Reads a list that may come to an end meanwhile. False if it is found to have.
    #[inline]
    fn read_to(&self, list: Head, first: &[AtomicU64; 2], into: &mut Entries) -> bool {
        let [oldest, rest @ ..] = into.resize(list.len() as usize) else { return false };
        *oldest = get(first);
        let mut node = list.top();
        for place in rest.iter_mut().rev() {
            // A link that leads nowhere is a free node's.
            let Some([entry @ .., link]) = words(&self.nodes, node) else { return false };
            *place = get(entry);
            // Ordering: Relaxed. Received along "append", or "refill" finds it out.
            node = low(link.load(Relaxed));
        }
        true
    }

    /// Takes nodes for `new`, and puts them on top of a list as it was seen; there must be room.
    fn chain(&self, list: Head, new: &[Pair]) -> Chain {
        let mut chain = Chain { top: list.top(), bottom: NIL };
        let mut bottom = if list.len() > 1 {
            // Ordering: Relaxed. It was received by whoever saw the list. Or the list is over, and
            // the swap of the head will fail.
            high(self.node(list.top())[LINK].load(Relaxed))
        } else {
            NIL
        };
        for &pair in new {
            // Ordering: Relaxed, received along "free".
            let node = self.room.free.take(|node| low(self.node(node)[LINK].load(Relaxed)));
            let node = node.expect("whoever counts a node as free finds it");
            if chain.bottom == NIL {
                chain.bottom = node;
            }
            if bottom == NIL {
                bottom = node;
            }
            let [entry @ .., link] = self.node(node);
            // Ordering: a sending half of "refill", for the stores below.
            fence(Release);
            set(entry, pair);
            // Ordering: Relaxed, published by "append".
            link.store(u64::from(bottom) << 32 | u64::from(chain.top), Relaxed);
            chain.top = node;
        }
        chain
    }

    /// Gives back a chain of so many nodes.
    fn give(&self, chain: &Chain, nodes: u32) {
        let link = &self.node(chain.bottom)[LINK];
        // Ordering: Release, a sending half of "refill".
        self.room.free.give(chain.top, |below| link.store(u64::from(below), Release));
        // Ordering: Release, the sending half of "room".
        self.room.used.fetch_sub(nodes, Release);
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("slots", &(self.slots.len() / WORDS))
            .field("capacity", &self.capacity())
            .field("in_use", &self.in_use())
            .finish()
    }
}

impl Room {
    /// Counts so many nodes more as in use; false if there are not so many.
    fn raise(&self, nodes: u32, reserve: Reserve) -> bool {
        let limit = reserve.of(self.nodes);
        // Ordering: Relaxed. A guess; the swap below checks it.
        let mut used = self.used.load(Relaxed);
        while nodes <= limit.saturating_sub(used) {
            // Ordering: Acquire on success, the receiving half of "room". Relaxed on failure: the
            // value is a guess again.
            match self.used.compare_exchange_weak(used, used + nodes, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
        false
    }
}

impl Reserve {
    /// How much of `all` may be taken.
    const fn of(self, all: u32) -> u32 {
        match self {
            Self::Keep => all - all / 8,
            Self::Use => all,
        }
    }
}

impl LedgerSeen {
    /// Which slot it is the list of.
    #[must_use]
    pub const fn slot(&self) -> u32 {
        self.slot
    }

    /// In which life of the slot.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.head.generation()
    }

    /// How many entries there are; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub const fn len(&self) -> u32 {
        self.head.len()
    }
}

impl fmt::Debug for LedgerSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerSeen")
            .field("slot", &self.slot)
            .field("generation", &self.generation())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The head of a list; see the [module docs](self).
#[derive(Clone, Copy, PartialEq, Eq)]
struct Head(u64);

impl Head {
    const fn new(generation: u32, len: u32, top: u32) -> Self {
        Self((generation as u64) << GENERATION_SHIFT | (len as u64) << LEN_SHIFT | top as u64)
    }

    const fn generation(self) -> u32 {
        low(self.0 >> GENERATION_SHIFT)
    }

    const fn len(self) -> u32 {
        low(self.0 >> LEN_SHIFT) & Ledger::LEN_MAX
    }

    const fn top(self) -> u32 {
        low(self.0) & ((1 << NODE_BITS) - 1)
    }

    const fn is_life(self) -> bool {
        self.len() > 0
    }

    const fn is_life_of(self, generation: u32) -> bool {
        self.is_life() && self.generation() == generation
    }
}

/// Nodes that name each other, from top to bottom.
struct Chain {
    top: u32,
    bottom: u32,
}

/// The entries of one list, oldest first; a buffer to be used again.
///
/// Eight have room in it, more take memory, which it keeps.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    few: [Pair; FEW],
    many: Vec<Pair>,
    len: usize,
}

impl Entries {
    /// Without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { few: [[0; 2]; FEW], many: Vec::new(), len: 0 }
    }

    /// Makes it so long, with whatever was in it.
    #[inline]
    fn resize(&mut self, len: usize) -> &mut [Pair] {
        self.len = len;
        if len <= FEW {
            return &mut self.few[..len];
        }
        self.many.resize(len, [0; 2]);
        &mut self.many
    }
}

impl Deref for Entries {
    type Target = [Pair];

    #[inline]
    fn deref(&self) -> &[Pair] {
        if self.len <= FEW { &self.few[..self.len] } else { &self.many[..self.len] }
    }
}

/// The words of number `n` among slots or nodes, if it is one.
#[inline]
fn words(all: &[AtomicU64], n: u32) -> Option<&[AtomicU64; WORDS]> {
    all.get(n as usize * WORDS..)?.first_chunk()
}

#[inline]
fn set(entry: &[AtomicU64; 2], pair: Pair) {
    // Ordering: Relaxed, both. Published by "begin" and "append".
    entry[0].store(pair[0], Relaxed);
    entry[1].store(pair[1], Relaxed);
}

#[inline]
fn get(entry: &[AtomicU64; 2]) -> Pair {
    // Ordering: Relaxed, both. Received along "begin" and "append", or "refill" finds it out.
    [entry[0].load(Relaxed), entry[1].load(Relaxed)]
}
