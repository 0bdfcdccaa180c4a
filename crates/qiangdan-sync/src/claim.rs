//! The claim on one slot: who owns it, in which life of the slot, and how far along it is.
//!
//! This is the one word on which exactly-once depends. It is not a lock: nobody waits on it. It
//! knows nothing of orders; the phases are named for what may be done with the slot.
//!
//! # Layout
//!
//! | bits  | 63..40     | 39..24 | 23..20 | 19..0                        |
//! |-------|------------|--------|--------|------------------------------|
//! | field | generation | epoch  | phase  | owner + 1, or 0 without owner |
//!
//! *Generation* counts the lives of the slot and moves when the slot is filled, so that late verbs
//! of an earlier life are told apart. *Epoch* counts the holds within one life and fences off an
//! owner whose claim was taken away. A zero word is a vacant slot that never had a life. The phase of
//! a slot that is done also says which of eight [ends](End) it came to, so that whoever sees the
//! slot done sees how, and of two who want to end it differently one word decides.
//!
//! # Phases
//!
//! | phase       | who may write the slot's data         | left by                                 |
//! |-------------|---------------------------------------|-----------------------------------------|
//! | `Vacant`    | the thread that took it from the slab | `open`, `shut`, `fill`                  |
//! | `Shut`      | nobody                                | `try_open`, `try_close_unowned`         |
//! | `Open`      | nobody                                | `try_hold`, `try_reserve`, or a close   |
//! | `Reserved`  | nobody (an offer to one or several)   | `try_accept`, `try_unreserve`, a close  |
//! | `Held`      | the owner                             | `try_start`, and as `Active`            |
//! | `Active`    | the owner                             | `try_release`, `try_finish`, or a close |
//! | `Suspended` | nobody (a pause)                      | `try_resume`, and as `Active`           |
//! | `Done`      | nobody, until it is filled again      | `fill`                                  |
//! | `Retired`   | nobody, ever                          | never                                   |
//!
//! Whoever makes a transition may also have written data just before it; that data travels along
//! the edges below.
//!
//! # Edges
//!
//! * **fill**: `open` or `shut` (Release) → `try_hold`, `try_open`, `try_close_unowned`, `load`
//!   (Acquire). Whoever sees the slot open sees what was put in it.
//! * **hand-over**: `try_release`, `try_suspend`, `try_resume`, `try_give_back` (Release) → the next
//!   `try_hold`, `try_open`, `try_resume`, `try_close_unowned` (Acquire). The next owner sees what
//!   the last one wrote.
//! * **activate**: `try_open` (Release) → `try_hold` (Acquire). The owner sees what the activator
//!   wrote.
//! * **offer**: `try_reserve` (Release) → `load`, `try_accept`, `try_unreserve`, `try_close_unowned`
//!   (Acquire). Whoever sees the reservation sees what was noted of the offer before it.
//! * **taken back**: `try_unreserve` (Release) → the next `try_hold`, `try_reserve`,
//!   `try_close_unowned` (Acquire). Whoever takes it next sees what became of the offer.
//! * **progress**: `try_hold`, `try_accept`, `try_start` (Release) → `load`, `try_release`,
//!   `try_finish`, `try_close_unowned` (Acquire). Whoever sees the claim sees what its owner wrote
//!   before it.
//! * **outcome**: `try_finish`, `try_close_unowned` (Release) → `load` (Acquire). Whoever sees the
//!   slot done sees what was written before. (That the next `fill` does is up to the slab's
//!   "recycle".)
//! * **among**: `load_among` (AcqRel) ↔ every transition (AcqRel). The one that comes second sees
//!   what was written before the first.
//! * **refill**: `fill` (Release fence) → data read, then `is_still` (Acquire fence). A reader that
//!   got a mixture of two lives is told so.
//!
//! Every transition but `fill`, `open` and `shut` is a read-modify-write, so it extends the release
//! sequences of those before it: the third owner, too, synchronizes with the filler.

mod offer;
mod pause;

pub use pause::{GiveBack, Keep, Onward, Suspension};

use std::fmt;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::sync::{AtomicU64, fence};

const OWNER_BITS: u32 = 20;
const PHASE_BITS: u32 = 4;
const EPOCH_BITS: u32 = 16;
const GENERATION_BITS: u32 = 24;

const PHASE_SHIFT: u32 = OWNER_BITS;
const EPOCH_SHIFT: u32 = PHASE_SHIFT + PHASE_BITS;
const GENERATION_SHIFT: u32 = EPOCH_SHIFT + EPOCH_BITS;

const _: () = assert!(GENERATION_SHIFT + GENERATION_BITS == 64, "the fields fill the word");
const _: () = assert!(End(7).nibble() < 1 << PHASE_BITS, "phases and ends fit their field");
#[cfg(not(any(qiangdan_loom, qiangdan_shuttle)))]
const _: () = assert!(size_of::<ClaimWord>() == 8);

/// Who may own a slot: a number below [`Owner::COUNT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(u32);

impl Owner {
    /// How many owners there can be: 2²⁰ − 1.
    pub const COUNT: u32 = (1 << OWNER_BITS) - 1;

    /// Owner number `n`, if the word has room for it.
    #[must_use]
    pub const fn new(n: u32) -> Option<Self> {
        if n < Self::COUNT { Some(Self(n)) } else { None }
    }

    /// The number of this owner.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// How far along a slot is; the table in the [module docs](self) says who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Phase {
    /// Empty, or being filled.
    Vacant = 0,
    /// Filled, but not to be held yet.
    Shut = 1,
    /// Anybody may hold it.
    Open = 2,
    /// Kept for one owner alone, or for some of them.
    Reserved = 3,
    /// Owned, not begun.
    Held = 4,
    /// Owned and begun.
    Active = 5,
    /// Owned and paused.
    Suspended = 6,
    /// Over; the last life is remembered until the slot is filled again.
    Done = 7,
    /// Used up: the slot has no generation left.
    Retired = 8,
}

impl Phase {
    #[inline]
    const fn from_nibble(nibble: u64) -> Self {
        match nibble {
            0 => Self::Vacant,
            1 => Self::Shut,
            2 => Self::Open,
            3 => Self::Reserved,
            4 => Self::Held,
            5 => Self::Active,
            6 => Self::Suspended,
            8 => Self::Retired,
            _ => Self::Done,
        }
    }

    /// Whether somebody owns the slot in this phase.
    #[must_use]
    pub const fn is_owned(self) -> bool {
        matches!(self, Self::Held | Self::Active | Self::Suspended)
    }
}

/// To which of eight ends a slot came that is done: a number from 0 to 7, whose meaning is the
/// caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct End(u8);

impl End {
    /// End number `n`, if the word has room for it.
    #[must_use]
    pub const fn new(n: u8) -> Option<Self> {
        if n < 8 { Some(Self(n)) } else { None }
    }

    /// The number of this end.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// 7 for the first, then 9 to 15: 8 is `Retired`.
    #[inline]
    const fn nibble(self) -> u64 {
        if self.0 == 0 { Phase::Done as u64 } else { Phase::Retired as u64 + self.0 as u64 }
    }

    /// The end that a nibble of phase `Done` says; 0 in other phases.
    #[inline]
    const fn from_nibble(nibble: u64) -> Self {
        Self(((nibble & 0xf) as u8).saturating_sub(Phase::Retired as u8))
    }
}

/// What a claim word said at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which life of the slot; 0 before the first.
    pub generation: u32,
    /// How many holds there have been in this life.
    pub epoch: u16,
    /// How far along the slot is.
    pub phase: Phase,
    /// How it ended, if it is done; otherwise the first of the ends.
    pub end: End,
    /// Who owns it, or who owned it when it was done.
    pub owner: Option<Owner>,
}

impl Seen {
    #[inline]
    const fn from_word(word: u64) -> Self {
        let owner = (word & ((1 << OWNER_BITS) - 1)) as u32;
        let nibble = (word >> PHASE_SHIFT) & ((1 << PHASE_BITS) - 1);
        Self {
            generation: (word >> GENERATION_SHIFT) as u32,
            epoch: ((word >> EPOCH_SHIFT) & 0xffff) as u16,
            phase: Phase::from_nibble(nibble),
            end: End::from_nibble(nibble),
            owner: if owner == 0 { None } else { Some(Owner(owner - 1)) },
        }
    }

    #[inline]
    const fn word(self) -> u64 {
        let owner = match self.owner {
            Some(owner) => owner.0 as u64 + 1,
            None => 0,
        };
        let nibble = match self.phase {
            Phase::Done => self.end.nibble(),
            phase => phase as u64,
        };
        (self.generation as u64) << GENERATION_SHIFT
            | (self.epoch as u64) << EPOCH_SHIFT
            | nibble << PHASE_SHIFT
            | owner
    }

    /// Whether the slot is, or at its end was, in the claim with this epoch and owner.
    ///
    /// With phase [`Phase::Done`] this recognises a verb that is repeated.
    #[must_use]
    #[inline]
    pub fn is_claim(&self, epoch: u16, owner: Owner) -> bool {
        self.epoch == epoch && self.owner == Some(owner)
    }
}

/// Why a transition was refused. The word is unchanged.
///
/// What is reported was read without an edge: to read the slot's data on the strength of it, call
/// [`ClaimWord::load`] first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The slot is in another life. The caller's generation is over.
    Stale,
    /// The slot is in a phase that this transition does not start from.
    NotOpen(Seen),
    /// The slot is not in the caller's claim: another phase, epoch or owner.
    NotHeld(Seen),
    /// This life has no epoch left: the slot can be finished or closed, but not go to another
    /// owner.
    Exhausted,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale => write!(f, "the slot is in another life"),
            Self::NotOpen(seen) => write!(f, "the slot is {:?}", seen.phase),
            Self::NotHeld(seen) => {
                write!(f, "the slot is {:?} in epoch {}", seen.phase, seen.epoch)
            }
            Self::Exhausted => write!(f, "the slot has no epoch left"),
        }
    }
}

impl std::error::Error for Refused {}

/// What [`ClaimWord::try_start`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// This call started it.
    Now,
    /// An earlier call of the same claim had started it.
    Already,
}

/// How far [`ClaimWord::try_close_unowned`] may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloseReach {
    /// Shut, open or reserved: nobody owns the slot.
    Unowned,
    /// Held or suspended, too: the owner has not begun, or has put it aside.
    OrHeld,
    /// Active, too: the owner is at it.
    OrActive,
}

/// The claim on one slot, in one word.
pub struct ClaimWord {
    word: AtomicU64,
}

impl ClaimWord {
    /// A vacant slot before its first life.
    #[must_use]
    pub fn new() -> Self {
        Self { word: AtomicU64::new(0) }
    }

    /// What the word says now.
    ///
    /// Wait-free. Linearizes at the load. The caller sees the data of the phase it is told of.
    #[must_use]
    #[inline]
    pub fn load(&self) -> Seen {
        // Ordering: Acquire, the receiving half of "fill", "progress" and "outcome".
        Seen::from_word(self.word.load(Acquire))
    }

    /// What the word says now, at a place among its transitions: what this thread wrote before is
    /// seen by whoever makes one of those that come after, and what was written before one of those
    /// that came before is seen by this thread.
    ///
    /// Wait-free; one read-modify-write. Linearizes there.
    #[must_use]
    pub fn load_among(&self) -> Seen {
        // Ordering: AcqRel, both halves of "among". A read-modify-write that adds nothing.
        Seen::from_word(self.word.fetch_or(0, AcqRel))
    }

    /// Whether the slot is open in the life `generation`: what [`load`](Self::load) would say, for
    /// those who ask nothing else.
    ///
    /// Wait-free. Linearizes at the load. If so, the caller sees what was put in the slot.
    #[inline]
    #[must_use]
    pub fn is_open(&self, generation: u32) -> bool {
        // Ordering: Acquire, the receiving half of "fill", and of "hand-over" and "activate".
        let word = self.word.load(Acquire);
        word >> PHASE_SHIFT & ((1 << PHASE_BITS) - 1) == Phase::Open as u64
            && word >> GENERATION_SHIFT == u64::from(generation)
    }

    /// Whether the slot is still in the life `generation`, asked after reading the slot's data.
    ///
    /// If so, what was read before this call belongs to that life and no other. Wait-free.
    /// Linearizes at the load.
    #[must_use]
    #[inline]
    pub fn is_still(&self, generation: u32) -> bool {
        // Ordering: the receiving half of "refill". If any data read before this came from a later
        // life, the load below sees that life's generation.
        fence(Acquire);
        // Ordering: Relaxed. The fence above orders it after the reads it is to judge.
        Seen::from_word(self.word.load(Relaxed)).generation == generation
    }

    /// Begins the next life of a slot, and returns its generation; then the data may be written.
    ///
    /// Only the thread that took the slot from the slab may call this, and then
    /// [`open`](Self::open),
    /// [`shut`](Self::shut) or [`abandon`](Self::abandon). `None` if the slot has had its last life:
    /// the word is retired, and the slot must not go back to the slab.
    ///
    /// Wait-free. Linearizes at the store.
    ///
    /// # Panics
    ///
    /// In debug builds, if the slot is neither vacant nor done.
    #[inline]
    pub fn fill(&self) -> Option<u32> {
        // Ordering: Relaxed. The slab's "recycle" has brought whatever the last life left here.
        let seen = Seen::from_word(self.word.load(Relaxed));
        debug_assert!(
            matches!(seen.phase, Phase::Vacant | Phase::Done),
            "a slot is filled only by the thread that took it from the slab: {seen:?}"
        );
        let last = seen.generation == (1 << GENERATION_BITS) - 1;
        let filled = Seen {
            generation: if last { seen.generation } else { seen.generation + 1 },
            epoch: 0,
            phase: if last { Phase::Retired } else { Phase::Vacant },
            end: End::default(),
            owner: None,
        };
        // Ordering: Relaxed. No transition but this starts from `Vacant` or `Done`, and only this
        // thread may make it, so there is no race to decide; the fence below publishes it.
        self.word.store(filled.word(), Relaxed);
        // Ordering: the sending half of "refill". Whoever reads data written after this, and then
        // passes the fence in `is_still`, sees the new generation.
        fence(Release);
        if last { None } else { Some(filled.generation) }
    }

    /// Lets anybody hold a slot that was just filled. The data is published by this.
    ///
    /// Wait-free. Linearizes at the store.
    ///
    /// # Panics
    ///
    /// In debug builds, if the slot is not vacant in this generation.
    #[inline]
    pub fn open(&self, generation: u32) {
        self.publish(generation, Phase::Open);
    }

    /// Publishes a slot that was just filled, but lets nobody hold it yet.
    ///
    /// Wait-free. Linearizes at the store.
    ///
    /// # Panics
    ///
    /// In debug builds, if the slot is not vacant in this generation.
    #[inline]
    pub fn shut(&self, generation: u32) {
        self.publish(generation, Phase::Shut);
    }

    #[inline]
    fn publish(&self, generation: u32, phase: Phase) {
        self.assert_filled_here(generation);
        let open = Seen { generation, epoch: 0, phase, end: End::default(), owner: None };
        // Ordering: Release, the sending half of "fill". A plain store, because only the filling
        // thread may move a vacant word.
        self.word.store(open.word(), Release);
    }

    /// Gives up a slot that was just filled: it stays vacant, and may go back to the slab.
    ///
    /// The generation is used up, so nobody can mistake this life for the next.
    ///
    /// # Panics
    ///
    /// In debug builds, if the slot is not vacant in this generation.
    pub fn abandon(&self, generation: u32) {
        self.assert_filled_here(generation);
    }

    fn assert_filled_here(&self, generation: u32) {
        if cfg!(debug_assertions) {
            // Ordering: Relaxed. This thread made the last store.
            let seen = Seen::from_word(self.word.load(Relaxed));
            assert!(
                seen.phase == Phase::Vacant && seen.generation == generation,
                "only the thread that filled a slot may publish it: {seen:?}"
            );
        }
    }

    /// Opens a shut slot, if there have been `epoch` holds: one that was opened, held and shut again
    /// meanwhile is shut for another reason.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded. Linearizes at the successful
    /// swap, or at the read that refused.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotOpen`] if it is not shut in this epoch.
    #[inline]
    pub fn try_open(&self, generation: u32, epoch: u16) -> Result<(), Refused> {
        self.swap(generation, |seen| match seen.phase {
            Phase::Shut if seen.epoch == epoch => Ok(Seen { phase: Phase::Open, ..seen }),
            _ => Err(Refused::NotOpen(seen)),
        })
        .map(drop)
    }

    /// Takes the claim for `owner`, if the slot is still in `generation` and open, and returns the
    /// epoch of the claim.
    ///
    /// Exactly one caller per opening gets `Ok`. Lock-free: a failed swap means that another
    /// thread's succeeded. Linearizes at the successful swap, or at the read that refused.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotOpen`] if it is not open;
    /// [`Refused::Exhausted`] if there is no epoch left.
    #[inline]
    pub fn try_hold(&self, generation: u32, owner: Owner) -> Result<u16, Refused> {
        self.swap(generation, |seen| match (seen.phase, seen.epoch.checked_add(1)) {
            (Phase::Open, Some(epoch)) => {
                Ok(Seen { phase: Phase::Held, epoch, owner: Some(owner), ..seen })
            }
            (Phase::Open, None) => Err(Refused::Exhausted),
            _ => Err(Refused::NotOpen(seen)),
        })
        .map(|was| was.epoch + 1)
    }

    /// Marks a held slot as begun by its owner; doing it again changes nothing.
    ///
    /// Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not in this claim.
    #[inline]
    pub fn try_start(&self, generation: u32, epoch: u16, owner: Owner) -> Result<Started, Refused> {
        let moved = self.swap(generation, |seen| match seen.phase {
            Phase::Held if seen.is_claim(epoch, owner) => Ok(Seen { phase: Phase::Active, ..seen }),
            _ => Err(Refused::NotHeld(seen)),
        });
        match moved {
            Ok(_) => Ok(Started::Now),
            Err(Refused::NotHeld(seen))
                if seen.phase == Phase::Active && seen.is_claim(epoch, owner) =>
            {
                Ok(Started::Already)
            }
            Err(refused) => Err(refused),
        }
    }

    /// Gives a slot back that one holds, open or shut, and returns the phase it was in.
    ///
    /// The epoch stays; the next hold adds one. Lock-free, and linearizes as
    /// [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not in this claim;
    /// [`Refused::Exhausted`] if no epoch is left for the next owner. The slot is then still held, and
    /// can be finished.
    ///
    /// # Panics
    ///
    /// If `to` is neither [`Phase::Open`] nor [`Phase::Shut`].
    #[inline]
    pub fn try_release(
        &self,
        generation: u32,
        epoch: u16,
        owner: Owner,
        to: Phase,
    ) -> Result<Phase, Refused> {
        assert!(matches!(to, Phase::Open | Phase::Shut), "a slot is given back open or shut");
        self.swap(generation, |seen| {
            if !seen.phase.is_owned() || !seen.is_claim(epoch, owner) {
                return Err(Refused::NotHeld(seen));
            }
            if seen.epoch == u16::MAX {
                return Err(Refused::Exhausted);
            }
            Ok(Seen { phase: to, owner: None, ..seen })
        })
        .map(|was| was.phase)
    }

    /// Brings a slot that one holds to `end`, and returns the phase it was in.
    ///
    /// Epoch and owner stay, so that a repeated call can be recognised by [`Seen::is_claim`].
    /// Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not in this claim, or no
    /// longer.
    #[inline]
    pub fn try_finish(
        &self,
        generation: u32,
        epoch: u16,
        owner: Owner,
        end: End,
    ) -> Result<Phase, Refused> {
        self.swap(generation, |seen| {
            if !seen.phase.is_owned() || !seen.is_claim(epoch, owner) {
                return Err(Refused::NotHeld(seen));
            }
            Ok(Seen { phase: Phase::Done, end, ..seen })
        })
        .map(|was| was.phase)
    }

    /// Brings a slot that nobody owns to `end`, or as far as `reach` allows also one that is owned,
    /// and returns what the word said before: whose claim was ended, if it was one.
    ///
    /// Epoch and owner stay; whoever it was reserved for was no owner. Lock-free, and linearizes as
    /// [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotOpen`] if it is beyond `reach`.
    #[inline]
    pub fn try_close_unowned(
        &self,
        generation: u32,
        reach: CloseReach,
        end: End,
    ) -> Result<Seen, Refused> {
        self.swap(generation, |seen| {
            let in_reach = match seen.phase {
                Phase::Shut | Phase::Open | Phase::Reserved => true,
                Phase::Held | Phase::Suspended => reach >= CloseReach::OrHeld,
                Phase::Active => reach >= CloseReach::OrActive,
                _ => false,
            };
            // Whoever it was kept for has not owned it.
            let owner = seen.owner.filter(|_| seen.phase != Phase::Reserved);
            let done = Seen { phase: Phase::Done, end, owner, ..seen };
            if in_reach { Ok(done) } else { Err(Refused::NotOpen(seen)) }
        })
    }

    /// Makes one transition: `step` says what follows from what was seen. Returns what was there.
    #[inline]
    fn swap(
        &self,
        generation: u32,
        step: impl Fn(Seen) -> Result<Seen, Refused>,
    ) -> Result<Seen, Refused> {
        // Ordering: Relaxed. The value is a guess; the swap below checks it, and nothing is read
        // from the slot on its strength.
        let mut seen = self.word.load(Relaxed);
        loop {
            let was = Seen::from_word(seen);
            if was.generation != generation {
                return Err(Refused::Stale);
            }
            let next = step(was)?.word();
            // Ordering: AcqRel on success: each transition receives what the one before it sent,
            // and sends what this thread wrote ("fill", "hand-over", "activate", "offer", "taken
            // back", "progress", "outcome"). Relaxed on failure, for the reason given at the load.
            match self.word.compare_exchange_weak(seen, next, AcqRel, Relaxed) {
                Ok(_) => return Ok(was),
                Err(now) => seen = now,
            }
        }
    }
}

impl Default for ClaimWord {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClaimWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ordering: Relaxed. Only printed.
        f.debug_tuple("ClaimWord").field(&Seen::from_word(self.word.load(Relaxed))).finish()
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests;
