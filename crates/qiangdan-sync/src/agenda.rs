//! Slots in the order of their due instants: the earliest due first.
//!
//! Any thread inserts, looks for the first and removes it. An entry is a hint: a slot in one of its
//! lives, and when it is due. Whoever finds it asks the claim word; a stale entry is dropped by
//! whoever meets it, a doubled one does no harm, and one that stands too early is filed anew. The
//! one thing that must not happen is that an entry stands too late, and most of this page is about
//! that.
//!
//! Instants are milliseconds on a scale of the caller's; this module reads no clock.
//!
//! # Shape
//!
//! Time is cut into *ticks*. Each tick has eight *buckets*, stacks of entries, four for each of two
//! *crews* of callers: each crew begins with its own, so that callers do not all reach for the same
//! entry. The buckets form a ring, and over them stands a tree of *words*, 32 children to a word,
//! that says which are not empty. What one child of the root covers is a *block*.
//!
//! ```text
//!   root                     32 blocks
//!   words, words, words      32 children each
//!   heads of the buckets     2²⁰, eight to a tick
//!   nodes                    one of each slot's own, and some to spare
//! ```
//!
//! The ring shows a window of 32 blocks, of which now is in the middle. What is due later goes to a
//! second ring, in which a block is a tick, and comes over bit by bit as the window moves.
//!
//! # Order
//!
//! | due                                | exact to                                       |
//! |------------------------------------|------------------------------------------------|
//! | 16 blocks before now to 15 after   | one tick                                       |
//! | earlier                            | alike, and before all others                   |
//! | later, up to 2²⁸ ticks             | one block, until the window has come to it     |
//! | still later                        | alike, and after all others                    |
//!
//! A block is 2¹² ticks: with ticks of 1,024 ms, 70 minutes, and the window a day and a half; with
//! ticks of 4,096 ms, six days. Entries of one tick come in any order. A `first` sees every insert
//! that returned before it was called. Entries that the window has left behind or come to are filed
//! anew a few at a time; as long as there are many of those, the window ends earlier than the table
//! says.
//!
//! # Layout
//!
//! | word       | bits 63..33 | bit 32                     | bits 31..0                     |
//! |------------|-------------|----------------------------|--------------------------------|
//! | head       | tag         | told: its bit above is set | top node + 1, or 0 if empty    |
//! | inner word | version     | told: its bit above is set | one for each child             |
//! | root       | version     |                            | one for each block             |
//!
//! | half word of a node | while it stands    | while free                              |
//! |---------------------|--------------------|-----------------------------------------|
//! | 0                   | slot + 1           | 0 if it is a slot's own and not lent    |
//! | 1                   | generation         | left over                               |
//! | 2                   | the node below + 1 | left over, or the next node free to all |
//!
//! Each slot has a node of its own, taken without touching a word that all inserts share. It is in
//! use if an entry of an earlier life, or with another due, still stands; then a spare node serves,
//! of which there are a quarter as many as slots. When those run out, see [`Agenda::retain`]. An
//! entry that is filed anew stands twice for a moment, the second time in a spare node; then its
//! slot's own is *lent*: it becomes one of the spare nodes, until whoever has used it gives it
//! back. So there are as many spare nodes after the window has moved as before.
//!
//! # Why no entry is hidden
//!
//! *Within the tree*, as in [`crate::bitmap`]: a push changes the head, then sets the bit above,
//! then the bit above that, unless it finds *told*, and setting always changes the version. A bit
//! is cleared by a swap from a word that was read before the child was seen empty. A swap that
//! empties a head or word takes *told* away with it. So no bit is clear above an entry whose insert
//! has returned, and no thread has to be waited for.
//!
//! *When an entry is filed anew*, it stands in its new place before it leaves the old one. A
//! `first` that no longer finds it in the old one was told so by the swap that took it away, and
//! looks again. It might look at a new place too early and at an old one too late only if these are
//! in two rings, so it reads the far root once more before it says that there is nothing.
//!
//! *When the window moves*, a block of the ring gets another meaning. There are two marks: no
//! insert may go before the *floor*; the window begins at the *base*, which follows the floor over
//! blocks that are empty. An insert reads the floor again at its end. If its block is before the
//! floor by then, the entry may stand too late, so the insert is made once more. Take an insert
//! that finds nothing amiss, and a base that moved past its block: the mover knew the floor beyond
//! the block, then read the root by a read-modify-write. Either the root's bit was set before that;
//! then the mover saw it, or the entry was gone. Or it was set after; then its setter received the
//! floor along "floor", and so did, along "told", every insert that relied on it.
//!
//! # Why this and not another
//!
//! A skip list costs a chain of cache misses for each entry, and so does a heap under a lock, while
//! everybody waits. Of the shapes tried here, all with buckets of a tick and words over them, each
//! took less time for a take and an insert at a million entries, with one thread and with two:
//!
//! | shape                                                             | one | two |
//! |-------------------------------------------------------------------|-----|-----|
//! | one bucket to a tick, nothing read ahead                          | 350 |     |
//! | four buckets to a tick, each with the next node read ahead        | 250 | 480 |
//! | all four read ahead at once, every fourth time                    | 120 | 315 |
//! | the same, two buckets for each of two crews, on lines of their own | 145 | 125 |
//! | four for each of two crews                                        | 120 | 104 |
//! | a `BinaryHeap` and a slab under one mutex                         | 280 | 1,270 |
//!
//! (Hold model, dues uniform over two hours, ticks of 1,024 ms, slots of 64 bytes with claim word;
//! ns; two cores of an EPYC, a line's way from one to the other 175 ns; medians of 2,000 pairs.)
//!
//! A take waits for the order's line and for the node's. Linked nodes cannot be read far ahead, but
//! four buckets have four chains: every fourth `first` reads the next entry of each, and that of
//! the next tick, side by side. Two crews because what costs most between two threads is lines
//! that both write: the head, and what each reads ahead of the other. Nodes from one free list
//! would be one more such line; chunks of entries instead of nodes would read ahead as well, but a
//! chunk for each tick with one entry is four times the memory.
//!
//! # Edges
//!
//! * **entry**: `put`, swap of the head (Release) → `first`, load of the head (Acquire). Whoever
//!   sees the head sees the node in this life of it.
//! * **set**: change of a word that sets a bit (Release) → the clearing of that bit, load of the
//!   word (Acquire). Whoever is about to clear it sees the child as its setter left it.
//! * **told**: swap that tells a head or word (Release) → pushes and settings that find it told
//!   (Acquire). Whoever relies on the bits above has them set before it.
//! * **gone**: swap that takes an entry or a bit away (Release) → `first`, loads of roots, words
//!   and heads (Acquire). Whoever no longer sees an entry that was filed anew sees where it went.
//! * **floor**: the mover's reading of the root (Release) → settings of a bit in the root
//!   (Acquire). Whoever sets it later knows the floor that the mover knew.
//! * **reuse**: node taken (Release fence) → read, Acquire fence, head read again. A reader that
//!   got a node of another life sees that the head has changed.
//! * **free**: node given (Release) → node taken (Acquire). Whoever takes a node sees that it has
//!   left its bucket. For nodes free to all see `free.rs`.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::free::FreeList;
use crate::ring::{BLOCK_BITS, BLOCKS, Found, Place, Ring, STRIPES, Which};
use crate::sync::{AtomicU32, fence, low, zeroed_u32};

/// How many blocks before now the window begins.
const BACK: u64 = BLOCKS / 2;

/// Spare nodes that even a small agenda has.
const SPARE_MIN: u32 = if cfg!(qiangdan_loom) { 5 } else { 8 };

/// How many entries one call files anew before they are in the way.
const AHEAD_MAX: u32 = 2;

#[cfg(not(any(qiangdan_loom, qiangdan_shuttle)))]
const _: () = assert!(size_of::<Node>() == 12, "with one in four to spare, 15 bytes to a slot");

/// No node is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgendaFull;

impl fmt::Display for AgendaFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all nodes of the agenda are in use")
    }
}

impl std::error::Error for AgendaFull {}

/// What goes first, as [`Agenda::first`] found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgendaFirst {
    /// Which slot.
    pub slot: u32,
    /// In which of its lives.
    pub generation: u32,
    /// When it is due, as `look` said.
    pub due_ms: u64,
    place: Place,
}

/// A slot in one of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    slot: u32,
    generation: u32,
}

/// Slots by due instant.
pub struct Agenda {
    near: Ring,
    far: Ring,
    nodes: Nodes,
    tick_bits: u32,
}

impl Agenda {
    /// An empty agenda for slots below `capacity`, in ticks of `tick_ms`; the order is exact to one
    /// of them. Now is 0.
    ///
    /// Takes 17 MB, and 15 bytes for each slot; the system hands it out page by page as it is used.
    ///
    /// # Panics
    ///
    /// If `tick_ms` is not a power of two, or `capacity` is more than 2³⁰.
    #[must_use]
    pub fn new(capacity: u32, tick_ms: u64) -> Self {
        assert!(tick_ms.is_power_of_two(), "a tick is a power of two");
        assert!(capacity <= 1 << 30, "an agenda has at most 2^30 slots");
        Self {
            near: Ring::new(Which::Near),
            far: Ring::new(Which::Far),
            nodes: Nodes::new(capacity),
            tick_bits: tick_ms.ilog2(),
        }
    }

    /// Adds `slot` in its life `generation`, due at `due_ms`.
    ///
    /// It may stand there already, with whatever due: the earliest counts, until `look` says
    /// otherwise. Lock-free: a failed swap means that another thread's succeeded, and the insert is
    /// made again only if the window has moved meanwhile. Costs one swap if the bucket has entries,
    /// two if not, and two to take the node and read the window. Linearizes at the last swap.
    ///
    /// # Errors
    ///
    /// [`AgendaFull`]: `slot` may not be found. Make room with [`Agenda::retain`].
    ///
    /// # Panics
    ///
    /// If `slot` is out of range.
    pub fn insert(&self, slot: u32, generation: u32, due_ms: u64) -> Result<(), AgendaFull> {
        let life = Life { slot, generation };
        let tick = due_ms >> self.tick_bits;
        loop {
            let node = self.nodes.take(life).ok_or(AgendaFull)?;
            let stripe = slot % STRIPES;
            let stands = if tick < self.near.window().end() {
                self.near.push(&self.nodes, node, tick, stripe)
            } else {
                self.far.push(&self.nodes, node, tick >> BLOCK_BITS, stripe)
            };
            if stands {
                return Ok(());
            }
        }
    }

    /// What is due first, or `None` if nothing is there.
    ///
    /// `look` is told a slot and its generation, and says when it is due, or `None` if the entry
    /// stands for nothing any more: it is in another life, or held, or over. Then anybody may drop
    /// the entry, so whoever lets the slot wait again must insert it again. If `look` says later
    /// than where the entry stands, the entry is filed anew, or if no node is free for that,
    /// found where it stands; if earlier, another entry should stand for it. It may be asked about
    /// an entry more than once, and about some that come later: it must do nothing but look.
    ///
    /// `now_ms` moves the window; an instant before that of an earlier call counts as that one. It
    /// decides how exact the order is, see the [module docs](self), and nothing else: what is not
    /// due yet is found as well. `begin` is any number of the caller's, best that of its thread, by
    /// which callers are spread over entries that are alike. Whoever finds that another thread has
    /// claimed the slot in between should wait for a moment, some spins, before calling again.
    ///
    /// Lock-free: a round is repeated only if an entry was dropped or filed anew, or another thread
    /// changed what was read. Linearizes at the load of the head.
    pub fn first(
        &self,
        now_ms: u64,
        begin: u32,
        mut look: impl FnMut(u32, u32) -> Option<u64>,
    ) -> Option<AgendaFirst> {
        self.pass(now_ms, &mut look);
        loop {
            let found = self.foremost(begin)?;
            let place = found.place;
            let Some((life, _)) = self.read(&place) else { continue };
            if found.is_new_round {
                self.look_ahead(&found, &mut look);
            }
            let Some(due_ms) = look(life.slot, life.generation) else {
                self.pop(&place);
                continue;
            };
            if !self.is_too_early(&place, due_ms) || !self.file_anew(&place, life, due_ms) {
                let Life { slot, generation } = life;
                return Some(AgendaFirst { slot, generation, due_ms, place });
            }
        }
    }

    /// Removes the entry that was found, unless others have come on top of it; then whoever meets
    /// it will drop it. True if this call removed it.
    ///
    /// Anybody may, once the slot is claimed. Wait-free. Linearizes at the swap of the head.
    pub fn remove(&self, first: &AgendaFirst) -> bool {
        self.pop(&first.place)
    }

    /// Drops every entry of which `look` says `None`, wherever in the order it is; returns how many
    /// nodes are free for it. See [`first`](Self::first) for `look`.
    ///
    /// To get below an entry that stays, it is moved one bucket forward, which takes a node for a
    /// moment; where none is left, or on the window's first bucket, what lies below is not reached.
    /// Entries that come in during the call may be missed. Costs a look at every entry: for making
    /// room, not for every day. Lock-free.
    pub fn retain(&self, mut look: impl FnMut(u32, u32) -> Option<u64>) -> u32 {
        let mut dropped = 0;
        for ring in [Which::Near, Which::Far] {
            let mut begin = 0;
            while let Some(place) = self.ring(ring).next(begin) {
                match self.read(&place) {
                    None => {}
                    Some((life, _)) if look(life.slot, life.generation).is_none() => {
                        dropped += u32::from(self.pop(&place));
                    }
                    Some((life, below)) if below != 0 && self.move_forward(&place, life) => {}
                    Some(_) => begin = place.bucket + 1,
                }
            }
        }
        dropped
    }

    /// Whether nothing is there; may say no for a while after the last entry was removed, until
    /// somebody calls [`first`](Self::first). Wait-free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let root = self.far.root();
        low(root) == 0 && low(self.near.root()) == 0 && self.far.root() == root
    }

    /// The top of the first bucket.
    fn foremost(&self, begin: u32) -> Option<Found> {
        loop {
            let root = self.far.root();
            let far = self.far.first(begin);
            match (far, self.near.first(begin)) {
                (Some(far), Some(near)) if far.place.tick > near.place.tick >> BLOCK_BITS => {
                    return Some(near);
                }
                (None, None) if self.far.root() != root => {}
                (far, near) => return far.or(near),
            }
        }
    }

    /// Whether what is due then belongs to a later place, or a more exact one.
    fn is_too_early(&self, place: &Place, due_ms: u64) -> bool {
        let tick = due_ms >> self.tick_bits;
        match place.ring {
            Which::Near => tick > place.tick,
            Which::Far => {
                let latest = self.far.window().end() - 1;
                tick < self.near.window().end() || (tick >> BLOCK_BITS).min(latest) > place.tick
            }
        }
    }

    /// Inserts what was read at `place` again, then takes it away there. False if there is no room.
    fn file_anew(&self, place: &Place, life: Life, due_ms: u64) -> bool {
        let filed = self.insert(life.slot, life.generation, due_ms).is_ok();
        if filed {
            self.pop_moved(place);
        }
        filed
    }

    /// Moves the window, and files a few anew that it left behind or came to.
    fn pass(&self, now_ms: u64, look: &mut impl FnMut(u32, u32) -> Option<u64>) {
        let block = now_ms >> self.tick_bits >> BLOCK_BITS;
        self.near.raise(block.saturating_sub(BACK));
        self.far.raise((block >> BLOCK_BITS).saturating_sub(BACK));
        for _ in 0..AHEAD_MAX {
            let Some(place) = self.left_behind().or_else(|| self.come_to()) else { return };
            let Some((life, _)) = self.read(&place) else { continue };
            match look(life.slot, life.generation) {
                Some(due_ms) => drop(self.file_anew(&place, life, due_ms)),
                None => drop(self.pop(&place)),
            }
        }
    }

    /// The first entry before the floor, if the base has not come to the floor.
    fn left_behind(&self) -> Option<Place> {
        let window = self.near.window();
        if window.base() == window.floor() {
            return None;
        }
        let first = self.near.first(0)?.place;
        (first.tick >> BLOCK_BITS < window.floor()).then_some(first)
    }

    /// The first entry beyond the window that would be within it by now.
    fn come_to(&self) -> Option<Place> {
        let first = self.far.first(0)?.place;
        (first.tick < self.near.window().end() >> BLOCK_BITS).then_some(first)
    }

    /// Reads the lines that the next calls will wait for, all at once.
    fn look_ahead(&self, found: &Found, look: &mut impl FnMut(u32, u32) -> Option<u64>) {
        for &head in &found.heads {
            if let Some((life, below)) = self.nodes.read(low(head)) {
                let _ = self.nodes.read(below);
                let _ = look(life.slot, life.generation);
            }
        }
        for head in self.ring(found.place.ring).heads(found.next) {
            // Ordering: Relaxed. Nothing is concluded from it; it only brings the line nearer.
            let _ = self.nodes.read(low(head.load(Relaxed)));
        }
    }

    /// What stands at `place` and the link to what lies below, if the head is still the same.
    fn read(&self, place: &Place) -> Option<(Life, u32)> {
        let read = self.nodes.read(low(place.head));
        // Ordering: the receiving half of "reuse".
        fence(Acquire);
        // Ordering: Relaxed. The fence above orders it after the reads it judges.
        let is_same = self.ring(place.ring).head(place.bucket).load(Relaxed) == place.head;
        read.filter(|_| is_same)
    }

    /// Takes away what was found at `place`, if it is still on top.
    fn pop(&self, place: &Place) -> bool {
        let node = self.ring(place.ring).pop_if(&self.nodes, place);
        node.inspect(|&node| self.nodes.give(node)).is_some()
    }

    /// As [`pop`](Self::pop), of an entry that stands elsewhere as well. Its slot has a node there;
    /// if it kept the one here too, an agenda whose window moves would run out of them.
    fn pop_moved(&self, place: &Place) -> bool {
        let node = self.ring(place.ring).pop_if(&self.nodes, place);
        node.inspect(|&node| self.nodes.lend(node)).is_some()
    }

    /// Moves what was read at `place` one bucket forward, if there is one.
    fn move_forward(&self, place: &Place, life: Life) -> bool {
        let ring = self.ring(place.ring);
        let Some((tick, stripe)) = ring.before(place.bucket) else { return false };
        let Some(node) = self.nodes.take(life) else { return false };
        ring.push(&self.nodes, node, tick, stripe) && self.pop_moved(place)
    }

    fn ring(&self, which: Which) -> &Ring {
        match which {
            Which::Near => &self.near,
            Which::Far => &self.far,
        }
    }
}

impl fmt::Debug for Agenda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agenda")
            .field("slots", &self.nodes.slots)
            .field("tick_ms", &(1_u64 << self.tick_bits))
            .field("is_empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}

/// The three half words of a node.
type Node = [AtomicU32; 3];
const SLOT: usize = 0;
const GENERATION: usize = 1;
const BELOW: usize = 2;

/// Room for entries: the spare nodes, then one of each slot's own.
pub(crate) struct Nodes {
    halves: Box<[AtomicU32]>,
    slots: u32,
    spare: u32,
    /// Nodes that may serve any slot.
    free: CachePadded<FreeList>,
}

impl Nodes {
    fn new(slots: u32) -> Self {
        let spare = slots / 4 + SPARE_MIN;
        let nodes = slots as usize + spare as usize;
        Self {
            halves: zeroed_u32(nodes * 3),
            slots,
            spare,
            free: CachePadded::new(FreeList::new(spare)),
        }
    }

    fn get(&self, node: u32) -> Option<&Node> {
        let at = node as usize * 3;
        self.halves.get(at..at + 3)?.try_into().ok()
    }

    fn at(&self, node: u32) -> &Node {
        self.get(node).expect("a node that was taken is one of these")
    }

    /// Takes a node and writes `life` into it.
    fn take(&self, life: Life) -> Option<u32> {
        assert!(life.slot < self.slots, "slot {} is not in this agenda", life.slot);
        let own = self.spare + life.slot;
        // Ordering: Acquire, the receiving half of "free". Relaxed on failure: it is not taken.
        let is_free = self.at(own)[SLOT].compare_exchange(0, life.slot + 1, Acquire, Relaxed);
        let node = match is_free {
            Ok(_) => own,
            Err(_) => self.free.take(|node| self.below(node))?,
        };
        // Ordering: the sending half of "reuse". The pop that freed this node comes before this,
        // and all that is written to it in its new life comes after.
        fence(Release);
        // Ordering: Relaxed, both. Published by "entry", and judged by "reuse".
        self.at(node)[SLOT].store(life.slot + 1, Relaxed);
        self.at(node)[GENERATION].store(life.generation, Relaxed);
        Some(node)
    }

    /// What the node named by a head or link holds, and its link; if there is one.
    fn read(&self, name: u32) -> Option<(Life, u32)> {
        let node = self.get(name.checked_sub(1)?)?;
        // Ordering: Relaxed, all three. "entry" brought them; of which life they are is asked
        // after this, along "reuse".
        let [slot, generation, below] = node.each_ref().map(|half| half.load(Relaxed));
        Some((Life { slot: slot.checked_sub(1)?, generation }, below))
    }

    /// The link of a node.
    pub(crate) fn below(&self, node: u32) -> u32 {
        // Ordering: Relaxed. "entry" or "free" brought it, and a swap of what led here checks it.
        self.at(node)[BELOW].load(Relaxed)
    }

    pub(crate) fn set_below(&self, node: u32, below: u32) {
        // Ordering: Relaxed. Published by "entry" or "free".
        self.at(node)[BELOW].store(below, Relaxed);
    }

    /// Gives back a node whose entry is gone: to the slot whose own it is, or to all.
    fn give(&self, node: u32) {
        if node < self.spare {
            self.lend(node);
        } else {
            // Ordering: Release, the sending half of "free".
            self.at(node)[SLOT].store(0, Release);
        }
    }

    /// Gives a node to all. If it was a slot's own, the slot will take another until somebody who
    /// has taken this one gives it back.
    fn lend(&self, node: u32) {
        self.free.give(node, |below| self.set_below(node, below));
    }
}
