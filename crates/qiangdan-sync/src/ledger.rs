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
//! * **begin**: `begin`, store of the head (Release) → `read` (Acquire). Whoever sees the life sees
//!   its first entry, and what was written before it began. (Appends are read-modify-writes, so this
//!   holds however long the list has become.)
//! * **append**: `append`, swap of the head (Release) → `read`, `end` (Acquire). Whoever sees the
//!   head sees the entries under it, and what was written before they were appended.
//! * **refill**: `begin` (Release fence), `append` (Release fence), `end`, change of a link (Release)
//!   → data read, Acquire fence, head read again. A reader that got what belongs to another life
//!   sees that its own is over.
//! * **room**: `end`, lowering of the count of nodes in use (Release) → `append`, raising of it
//!   (Acquire). Whoever counts a node as free finds it.
//! * **free**: see `free.rs`. Whoever takes a node for a list knows that the one before is over.
//!
//! Which nodes are free, and why there is one for whoever counted it, is told in `nodes.rs`. Lists
//! that begin later than the life, if at all, are in `ledger/late.rs`.

mod late;

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::nodes::{Chain, Nodes, Pair, WORDS, get, set, words};
use crate::sync::{AtomicU64, fence, low, zeroed_u64};

const NODE_BITS: u32 = 28;
const LEN_BITS: u32 = 12;
const GENERATION_BITS: u32 = 24;

const LEN_SHIFT: u32 = NODE_BITS;
const GENERATION_SHIFT: u32 = LEN_SHIFT + LEN_BITS;

const _: () = assert!(GENERATION_SHIFT + GENERATION_BITS == 64, "the fields fill the word");

/// Entries that [`Entries`] holds without memory of their own.
const FEW: usize = 8;

/// Lists of entries, one for each slot; see the [module docs](self).
pub struct Ledger {
    /// For each slot its head and the two words of the first entry.
    slots: Box<[AtomicU64]>,
    nodes: Nodes,
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
        Self { slots: zeroed_u64(slots as usize * WORDS), nodes: Nodes::new(nodes) }
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

    /// Shows `look` the list of a slot in its life `generation`, newest entry first, as it was at one
    /// instant. False if the slot is in another life or that one is over: what was shown means nothing
    /// then.
    ///
    /// Wait-free, costs and linearizes as [`Ledger::read`], and needs no buffer.
    ///
    /// # Panics
    ///
    /// If the slot is out of range.
    #[inline]
    pub fn look(&self, slot: u32, generation: u32, mut look: impl FnMut(Pair)) -> bool {
        let [head, entry @ ..] = self.slot(slot);
        // Ordering: Acquire, the receiving half of "begin" and "append".
        let seen = Head(head.load(Acquire));
        if !seen.is_life_of(generation) {
            return false;
        }
        let mut node = seen.top();
        for _ in 1..seen.len() {
            let Some((entry, below)) = self.nodes.read(node) else { return false };
            look(entry);
            node = below;
        }
        look(get(entry));
        // Ordering: the receiving half of "refill", as in `read`.
        fence(Acquire);
        // Ordering: Relaxed. The fence above orders it after the reads it is to judge.
        Head(head.load(Relaxed)).is_life_of(generation)
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
    /// taken or given back a node. Costs three swaps, however many entries there are. Linearizes at
    /// the swap of the head, or where it is refused, at the load of the head or of the count of nodes
    /// in use.
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
        if count > left || !self.nodes.raise(count, reserve) {
            return Err(AppendError::Full);
        }
        let chain = self.nodes.chain(seen.head.below(), new);
        let next = Head::new(seen.head.generation(), seen.len() + count, chain.top);
        let head = &self.slot(seen.slot)[0];
        // Ordering: Release on success, the sending half of "append"; being a read-modify-write, it
        // leaves those of the entries below in force. Relaxed on failure: nothing is read then.
        if head.compare_exchange(seen.head.0, next.0, Release, Relaxed).is_err() {
            self.nodes.give(&chain, count);
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
        // Ordering: Acquire on success, the receiving half of "append": the top node is read
        // below. Relaxed on failure: the value is a guess again.
        head.compare_exchange_weak(seen.0, over.0, Acquire, Relaxed).map_err(Head)?;
        self.give_back(seen);
        Ok(())
    }

    /// Gives back the nodes of a list, if there are any, that this thread has just taken off its head.
    #[inline]
    fn give_back(&self, list: Head) {
        let (top, nodes) = (list.top(), list.len().saturating_sub(1));
        if nodes > 0 {
            let bottom = self.nodes.bottom(top);
            self.nodes.give(&Chain { top, bottom }, nodes);
        }
    }

    /// About how many entries are in use apart from the first of each list: exact if nobody appends
    /// or ends a life meanwhile.
    #[must_use]
    pub fn in_use(&self) -> u32 {
        self.nodes.in_use()
    }

    /// How many entries there can be apart from the first of each list.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.nodes.capacity()
    }

    /// The words of a slot.
    #[inline]
    fn slot(&self, slot: u32) -> &[AtomicU64; WORDS] {
        words(&self.slots, slot).expect("the slot is in range")
    }

    /// Reads a list that may come to an end meanwhile. False if it is found to have.
    #[inline]
    fn read_to(&self, list: Head, first: &[AtomicU64; 2], into: &mut Entries) -> bool {
        let [oldest, rest @ ..] = into.resize(list.len() as usize) else { return false };
        *oldest = get(first);
        let mut node = list.top();
        for place in rest.iter_mut().rev() {
            // A link that leads nowhere is a free node's.
            let Some((entry, below)) = self.nodes.read(node) else { return false };
            (*place, node) = (entry, below);
        }
        true
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

impl Reserve {
    /// How much of `all` may be taken.
    pub(crate) const fn of(self, all: u32) -> u32 {
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

    /// The top node, if there is one.
    const fn below(self) -> Option<u32> {
        if self.len() > 1 { Some(self.top()) } else { None }
    }

    const fn is_life(self) -> bool {
        self.len() > 0
    }

    const fn is_life_of(self, generation: u32) -> bool {
        self.is_life() && self.generation() == generation
    }
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

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    fn pairs(from: u64, count: u64) -> Vec<Pair> {
        (from..from + count).map(|n| [n, !n]).collect()
    }

    #[track_caller]
    fn check(ledger: &Ledger, slot: u32, generation: u32, expect: Option<&[Pair]>) {
        let mut entries = Entries::new();
        let seen = ledger.read(slot, generation, &mut entries);
        assert_eq!(seen.map(|_| &*entries), expect);
        let mut looked = Vec::new();
        assert_eq!(ledger.look(slot, generation, |pair| looked.push(pair)), seen.is_some());
        assert!(seen.is_none() || looked.iter().rev().eq(entries.iter()));
        if let Some(seen) = seen {
            let told = (seen.slot(), seen.generation(), seen.len() as usize);
            assert_eq!(told, (slot, generation, entries.len()));
            assert!(ledger.is_still(&seen));
        } else {
            assert!(entries.is_empty());
        }
    }

    fn fill(ledger: &Ledger, reserve: Reserve) -> u32 {
        let mut seen = ledger.begin(0, 1, [0; 2]);
        while let Ok(now) = ledger.append(&seen, &[[1; 2]], reserve) {
            seen = now;
        }
        assert_eq!(ledger.append(&seen, &[[1; 2]], reserve), Err(AppendError::Full));
        seen.len()
    }

    #[test]
    fn a_life_is_ended_as_it_was_seen_or_goes_on() {
        let ledger = Ledger::new(1, 2);
        let before = ledger.begin(0, 1, [1; 2]);
        assert_eq!(ledger.seen(0, 1), Some(before));
        assert_eq!(ledger.seen(0, 2), None);
        let after = ledger.append(&before, &[[2; 2]], Reserve::Use).expect("there is room");
        assert!(!ledger.end_as_seen(&before), "what was told since is not overlooked");
        check(&ledger, 0, 1, Some(&[[1; 2], [2; 2]]));
        assert!(ledger.end_as_seen(&after));
        assert!(!ledger.end_as_seen(&after) && !ledger.end(0, 1), "once");
        assert_eq!((ledger.seen(0, 1), ledger.in_use()), (None, 0));
    }

    #[test]
    fn a_head_reads_back_what_was_written() {
        for generation in [0, 1, (1 << GENERATION_BITS) - 1] {
            for len in [0, 1, Ledger::LEN_MAX] {
                for top in [0, 1, (1 << NODE_BITS) - 1] {
                    let head = Head::new(generation, len, top);
                    assert_eq!((head.generation(), head.len(), head.top()), (generation, len, top));
                    assert_eq!(head.is_life_of(generation), len > 0);
                    assert!(!head.is_life_of(generation + 1));
                }
            }
        }
    }

    #[test]
    fn a_list_is_read_oldest_first_however_it_came() {
        for at_a_time in [1, 2, 3, 7, 30] {
            let ledger = Ledger::new(2, 30);
            check(&ledger, 1, 0, None);
            let all = pairs(5, 31);
            let mut seen = ledger.begin(1, 9, all[0]);
            check(&ledger, 1, 9, Some(&all[..1]));
            for new in all[1..].chunks(at_a_time) {
                seen = ledger.append(&seen, new, Reserve::Use).unwrap();
                check(&ledger, 1, 9, Some(&all[..seen.len() as usize]));
            }
            check(&ledger, 1, 8, None);
            check(&ledger, 0, 9, None);
            assert_eq!(ledger.in_use(), 30);
        }
    }

    #[test]
    fn a_buffer_serves_long_and_short_lists_in_turn() {
        let ledger = Ledger::new(2, 20);
        let long = pairs(0, 12);
        let seen = ledger.begin(0, 1, long[0]);
        ledger.append(&seen, &long[1..], Reserve::Use).unwrap();
        ledger.begin(1, 1, [7, 8]);
        let mut entries = Entries::new();
        for _ in 0..3 {
            ledger.read(0, 1, &mut entries).unwrap();
            assert_eq!(*entries, *long);
            ledger.read(1, 1, &mut entries).unwrap();
            assert_eq!(*entries, [[7, 8]]);
            assert!(ledger.read(1, 2, &mut entries).is_none() && entries.is_empty());
        }
    }

    #[test]
    fn what_was_seen_of_a_list_that_grew_does_not_append() {
        let ledger = Ledger::new(2, 9);
        let first = ledger.begin(0, 1, [0, 0]);
        let second = ledger.append(&first, &[[1, 1]], Reserve::Use).unwrap();
        assert!(!ledger.is_still(&first) && ledger.is_still(&second));
        for new in [&[[2, 2]][..], &[]] {
            assert_eq!(ledger.append(&first, new, Reserve::Use), Err(AppendError::Changed));
        }
        assert_eq!(ledger.append(&second, &[], Reserve::Keep), Ok(second));
        check(&ledger, 0, 1, Some(&[[0, 0], [1, 1]]));
        assert_eq!(ledger.in_use(), 1);
    }

    #[test]
    fn a_life_that_is_over_is_neither_read_nor_appended_to() {
        let ledger = Ledger::new(2, 4);
        let seen = ledger.begin(0, 1, [0, 0]);
        let seen = ledger.append(&seen, &pairs(1, 4), Reserve::Use).unwrap();
        assert!(!ledger.end(0, 2), "another life");
        assert!(ledger.end(0, 1) && !ledger.end(0, 1));
        assert_eq!(ledger.in_use(), 0);
        check(&ledger, 0, 1, None);
        assert_eq!(ledger.append(&seen, &[[1, 1]], Reserve::Use), Err(AppendError::Changed));
        let other = ledger.begin(1, 1, [5, 5]);
        ledger.append(&other, &pairs(10, 4), Reserve::Use).unwrap();
        let next = ledger.begin(0, 2, [9, 9]);
        assert_eq!(ledger.append(&seen, &[[1, 1]], Reserve::Use), Err(AppendError::Changed));
        assert!(!ledger.end(0, 1) && ledger.is_still(&next));
        check(&ledger, 0, 2, Some(&[[9, 9]]));
        check(&ledger, 1, 1, Some(&[[5, 5], [10, !10], [11, !11], [12, !12], [13, !13]]));
    }

    #[test]
    fn a_life_that_nobody_ended_ends_when_the_next_begins() {
        let ledger = Ledger::new(1, 4);
        for generation in 1..20 {
            let seen = ledger.begin(0, generation, [0, 0]);
            ledger.append(&seen, &pairs(1, 4), Reserve::Use).unwrap();
            check(&ledger, 0, generation - 1, None);
        }
        assert_eq!(ledger.in_use(), 4);
    }

    #[test]
    fn an_eighth_of_the_room_is_kept() {
        for (nodes, kept) in [(0, 0), (7, 0), (8, 1), (80, 10), (87, 10)] {
            let ledger = Ledger::new(1, nodes);
            assert_eq!(fill(&ledger, Reserve::Keep), 1 + nodes - kept);
            assert_eq!((ledger.in_use(), ledger.capacity()), (nodes - kept, nodes));
            let ledger = Ledger::new(1, nodes);
            assert_eq!(fill(&ledger, Reserve::Use), 1 + nodes);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes")]
    fn an_eighth_of_a_lists_length_is_kept() {
        let ledger = Ledger::new(1, 9_000);
        assert_eq!(fill(&ledger, Reserve::Keep), Ledger::LEN_MAX - Ledger::LEN_MAX / 8);
        assert_eq!(fill(&ledger, Reserve::Use), Ledger::LEN_MAX);
        let seen = ledger.begin(0, 2, [0; 2]);
        let new = vec![[1; 2]; Ledger::LEN_MAX as usize];
        assert_eq!(ledger.append(&seen, &new, Reserve::Use), Err(AppendError::Full));
        let seen = ledger.append(&seen, &new[1..], Reserve::Use).unwrap();
        assert_eq!((seen.len(), ledger.in_use()), (Ledger::LEN_MAX, Ledger::LEN_MAX - 1));
    }

    #[test]
    fn all_of_it_is_appended_or_nothing() {
        let ledger = Ledger::new(1, 3);
        let seen = ledger.begin(0, 1, [0, 0]);
        assert_eq!(ledger.append(&seen, &pairs(1, 4), Reserve::Use), Err(AppendError::Full));
        assert!(ledger.in_use() == 0 && ledger.is_still(&seen));
        ledger.append(&seen, &pairs(1, 3), Reserve::Use).unwrap();
    }

    #[test]
    fn fresh_nodes_go_in_order_and_freed_ones_before_them() {
        let ledger = Ledger::new(40, 100);
        let append = |slot, generation, count| {
            let seen = ledger.begin(slot, generation, [0; 2]);
            ledger.append(&seen, &pairs(0, count), Reserve::Use).unwrap().head.top()
        };
        for slot in 0..30 {
            assert_eq!(append(slot, 1, 2), 2 * slot + 1);
        }
        ledger.end(3, 1);
        assert_eq!((append(3, 2, 1), append(30, 1, 1), append(31, 1, 1)), (7, 6, 60));
    }

    #[test]
    fn whoever_stopped_in_an_append_holds_up_nobody() {
        let ledger = Ledger::new(3, 6);
        let stopped = ledger.begin(0, 1, [0, 0]);
        assert!(ledger.nodes.raise(2, Reserve::Use));
        let chain = ledger.nodes.chain(stopped.head.below(), &pairs(1, 2));
        ledger.append(&stopped, &pairs(7, 1), Reserve::Use).unwrap();
        for generation in 1..9 {
            let seen = ledger.begin(1, generation, [3, 3]);
            let seen = ledger.append(&seen, &pairs(4, 3), Reserve::Use).unwrap();
            assert_eq!(ledger.append(&seen, &[[0; 2]], Reserve::Use), Err(AppendError::Full));
            assert!(ledger.end(1, generation));
        }
        ledger.nodes.give(&chain, 2);
        check(&ledger, 0, 1, Some(&[[0, 0], [7, !7]]));
        assert!(ledger.end(0, 1));
        assert_eq!((ledger.in_use(), fill(&ledger, Reserve::Use)), (0, 7));
    }

    #[test]
    fn whoever_stopped_in_a_read_is_told_that_the_life_is_over() {
        let ledger = Ledger::new(3, 6);
        let seen = ledger.begin(0, 1, [0, 0]);
        let seen = ledger.append(&seen, &pairs(1, 6), Reserve::Use).unwrap();
        let mut entries = Entries::new();
        let mut read_on = || {
            let [head, entry @ ..] = ledger.slot(0);
            ledger.read_to(seen.head, entry, &mut entries) && Head(head.load(Relaxed)).is_life_of(1)
        };
        assert!(read_on());
        ledger.end(0, 1);
        assert!(!read_on(), "free nodes");
        for slot in 0..3 {
            let seen = ledger.begin(slot, 2, [8, 8]);
            ledger.append(&seen, &pairs(9, 2), Reserve::Use).unwrap();
            assert!(!read_on(), "nodes of other lists");
        }
    }

    #[test]
    #[should_panic(expected = "in range")]
    fn a_slot_out_of_range_is_found_out() {
        Ledger::new(3, 1).begin(3, 1, [0; 2]);
    }
}
