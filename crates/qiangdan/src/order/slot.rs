//! The record of one order: one cache line of atomics.
//!
//! | field     | written by                          | read by                                   |
//! |-----------|-------------------------------------|-------------------------------------------|
//! | `word`    | every transition                    | everyone; decides everything              |
//! | `arrived`, `tag` | the filler                   | anyone who then finds the word in the same life |
//! | `terms`   | filler; amend; advance; put_back | service, class, stages, breach, turn, parked |
//! | `place`   | filler; amend; advance; put_back    | rank, biased so that it is never negative |
//! | `tie`     | filler; put_back to the back; the closer, with a number | submit order among equal ranks; the number of the outcome |
//! | `since`   | filler; put_back                    | instant the wait counts from: arrival + time held |
//! | `moment`  | grab; put_back after; the closer, with a dedup key | instant of the grab, the activation to come, or the close |

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use qiangdan_sync::{ClaimWord, End, GiveBack, Key, Phase, Refused, Seen};

use super::{
    State,
    cell::{Cell, OtherLife, VALUE_MAX},
};
use crate::{Claim, ClassId, ClerkId, Mono, OrderId, Outcome, PutBack, ServiceId, sync::AtomicU64};

/// See the module docs.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Slot {
    pub(crate) word: ClaimWord,
    arrived: AtomicU64,
    tag: AtomicU64,
    terms: Terms,
    place: Cell,
    tie: Cell,
    since: Cell,
    moment: Cell,
}

#[cfg(not(qiangdan_shuttle))]
const _: () = assert!(size_of::<Slot>() == 64, "an order is one cache line");

/// What an order is filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    pub(crate) service: ServiceId,
    pub(crate) class: ClassId,
    pub(crate) tag: u64,
    pub(crate) arrived: Mono,
    pub(crate) rank_ms: i64,
    pub(crate) tie: u64,
}

/// Service, class, stages reached and turn of an order, in one word with its own tag.
///
/// | bits  | 63..48  | 47..40 | 39..32 | 31     | 30     | 29   | 28    | 27       | 26    | 25 | 24..16 | 15..0              |
/// |-------|---------|--------|--------|--------|--------|------|-------|----------|-------|----|--------|--------------------|
/// | field | service | class  | stages | breach | parked | kept | lined | returned | noted | if | turn   | generation, low 16 |
#[derive(Debug, Default)]
struct Terms(AtomicU64);

/// [`Terms`], unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TermsNow {
    pub(crate) service: ServiceId,
    pub(crate) class: ClassId,
    /// Stages of the ladder that have fired.
    pub(crate) stages: u8,
    /// Whether the breach of the limit has been told.
    pub(crate) is_breached: bool,
    /// Whether the order waits outside every lane, or would.
    pub(crate) is_parked: bool,
    /// Whether the last put_back left the order's place as it was. With `is_if`: see there.
    pub(crate) is_place_kept: bool,
    /// Whether the entries of this turn are in their lanes.
    pub(crate) is_lined: bool,
    /// Whether the last claim that was, or is being, put back has an odd epoch. Claims are put back in
    /// turn, so one bit tells whether the latest has been.
    pub(crate) is_odd_returned: bool,
    /// Whether some note bears on where it waits, or who may take it.
    pub(crate) is_noted: bool,
    /// Whether the last claim that was, or is being, put back goes back only if its owner has not begun
    /// first; or with `is_place_kept`, only if the order has been put aside for nobody.
    pub(crate) is_if: bool,
    /// Which of the order's lane entries count. Whoever begins a turn pushes its entry afterwards; so
    /// does whoever opens the order, with the turn found then.
    pub(crate) turn: u16,
}

/// Turns count modulo this.
pub(crate) const TURNS: u16 = 1 << 9;

impl TermsNow {
    /// Whether a claim, which the word says is the latest, is about to be given back. Once its
    /// owner has begun, that holds no more of one that was to go back only before; once it was let
    /// go of, only if that was known.
    pub(crate) fn is_going_back(self, seen: Seen) -> bool {
        let is_returned = self.is_odd_returned == (seen.epoch % 2 == 1);
        is_returned && self.going_back_from().reaches(seen)
    }

    /// From where the claim that is about to be given back goes back.
    pub(crate) fn going_back_from(self) -> GiveBack {
        match (self.is_if, self.is_place_kept) {
            (false, _) => GiveBack::Owned,
            (true, false) => GiveBack::IfHeld,
            (true, true) => GiveBack::IfLetGo,
        }
    }

    /// The same, about to be given back, in the next turn.
    pub(crate) fn going_back(self, epoch: u16, how: PutBack, from: GiveBack) -> Self {
        let is_kept = matches!(how, PutBack::KeepPlace | PutBack::Park);
        let (is_if, is_place_kept) = match from {
            GiveBack::Owned => (false, is_kept),
            GiveBack::IfHeld => (true, false),
            GiveBack::IfLetGo => (true, true),
        };
        let is_parked = how == PutBack::Park;
        Self { is_parked, is_place_kept, is_if, ..self.next_turn().returned(epoch) }
    }

    /// The same, with the claim of this epoch put back.
    pub(crate) fn returned(self, epoch: u16) -> Self {
        Self { is_odd_returned: epoch % 2 == 1, ..self }
    }

    /// The same in the next turn, not lined up yet.
    pub(crate) fn next_turn(self) -> Self {
        Self { turn: (self.turn + 1) % TURNS, is_lined: false, ..self }
    }

    #[inline]
    fn pack(self, generation: u32) -> u64 {
        u64::from(self.service.0) << 48
            | u64::from(self.class.0) << 40
            | u64::from(self.stages) << 32
            | u64::from(self.is_breached) << 31
            | u64::from(self.is_parked) << 30
            | u64::from(self.is_place_kept) << 29
            | u64::from(self.is_lined) << 28
            | u64::from(self.is_odd_returned) << 27
            | u64::from(self.is_noted) << 26
            | u64::from(self.is_if) << 25
            | u64::from(self.turn) << 16
            | u64::from(generation) & 0xffff
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to its width")]
    #[inline]
    fn unpack(word: u64) -> Self {
        Self {
            service: ServiceId((word >> 48) as u16),
            class: ClassId((word >> 40) as u8),
            stages: (word >> 32) as u8,
            is_breached: word >> 31 & 1 == 1,
            is_parked: word >> 30 & 1 == 1,
            is_place_kept: word >> 29 & 1 == 1,
            is_lined: word >> 28 & 1 == 1,
            is_odd_returned: word >> 27 & 1 == 1,
            is_noted: word >> 26 & 1 == 1,
            is_if: word >> 25 & 1 == 1,
            turn: (word >> 16) as u16 & (TURNS - 1),
        }
    }
}

/// Why an owner's verb cannot go on; each verb has its own public enum made from this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotYours {
    Stale { order: OrderId, epoch: u16 },
    NotOwner { order: OrderId },
    WrongState { order: OrderId, state: State },
    Gone { order: OrderId },
}

/// One life of a slot: the slot and the generation that every access is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live<'a> {
    pub(crate) slot: &'a Slot,
    pub(crate) order: OrderId,
}

impl Slot {
    /// Fills the record of a new life. Only between the word's `fill` and `open`.
    #[inline]
    pub(crate) fn begin(&self, generation: u32, fill: Fill) {
        let terms = TermsNow {
            service: fill.service,
            class: fill.class,
            stages: 0,
            is_breached: false,
            is_parked: false,
            is_place_kept: false,
            is_lined: true,
            is_odd_returned: false,
            is_noted: false,
            is_if: false,
            turn: 0,
        };
        // Ordering: Relaxed, all of them. Published by the word's `open`, edge "fill".
        self.arrived.store(fill.arrived.0, Relaxed);
        self.tag.store(fill.tag, Relaxed);
        self.terms.0.store(terms.pack(generation), Relaxed);
        self.place.begin(generation, bias(fill.rank_ms));
        self.tie.begin(generation, fill.tie);
        self.since.begin(generation, fill.arrived.0);
        self.moment.begin(generation, moment_of(fill.arrived, 0));
    }
}

impl<'a> Live<'a> {
    /// What the word says, if the slot is still in this life and has been opened.
    #[inline]
    pub(crate) fn seen(self) -> Option<(Seen, State)> {
        let seen = self.slot.word.load();
        let state = State::of(seen.phase)?;
        (seen.generation == self.order.generation()).then_some((seen, state))
    }

    /// Whether the order waits.
    #[inline]
    pub(crate) fn is_waiting(self) -> bool {
        self.slot.word.is_open(self.order.generation())
    }

    /// Checks that `claim` is the latest on its order and that the order is held.
    pub(crate) fn owned_by(self, claim: Claim) -> Result<Seen, NotYours> {
        let (seen, _) = self.seen().ok_or(NotYours::Gone { order: self.order })?;
        self.owned_as(seen, claim)
    }

    /// The same, by what the word said at some instant in this life.
    pub(crate) fn owned_as(self, seen: Seen, claim: Claim) -> Result<Seen, NotYours> {
        let order = self.order;
        let state = State::of(seen.phase).ok_or(NotYours::Gone { order })?;
        match state {
            State::Closed => Err(NotYours::WrongState { order, state }),
            State::Scheduled | State::Offered => Err(NotYours::NotOwner { order }),
            State::Claimed | State::Serving | State::Suspended if is_claim(seen, claim) => Ok(seen),
            // Put aside, and kept for nobody.
            State::Suspended if seen.owner.is_none() && seen.epoch == claim.epoch => {
                Err(NotYours::NotOwner { order })
            }
            _ => Err(NotYours::Stale { order, epoch: seen.epoch }),
        }
    }

    /// What a refused transition of an owner means: as the word was when it refused.
    pub(crate) fn not_yours(self, refused: Refused, claim: Claim) -> NotYours {
        let order = self.order;
        let owned = match refused {
            Refused::NotHeld(seen) | Refused::NotOpen(seen) => self.owned_as(seen, claim),
            Refused::Stale => Err(NotYours::Gone { order }),
            Refused::Exhausted => self.owned_by(claim),
        };
        match owned {
            Err(why) => why,
            Ok(seen) => match State::of(seen.phase) {
                Some(state) => NotYours::WrongState { order, state },
                None => NotYours::Gone { order },
            },
        }
    }

    #[inline]
    pub(crate) fn terms(self) -> Result<TermsNow, OtherLife> {
        // Ordering: Acquire. Whoever sees terms sees what their writer wrote to the cells before it.
        self.of_this_life(self.slot.terms.0.load(Acquire))
    }

    /// The terms as they are after a transition of the word that this thread has just made.
    ///
    /// A change by another thread is either seen here, or that thread sees the transition when it
    /// reads the word after its change. So one of the two puts a waiting order into its lanes.
    pub(crate) fn terms_after_transition(self) -> Result<TermsNow, OtherLife> {
        // Ordering: AcqRel, with `change_terms`. A read-modify-write that adds nothing, and not a
        // load: it has a place among the changes. Those before it are seen here; those after it
        // synchronize with it, and so with the transition.
        self.of_this_life(self.slot.terms.0.fetch_or(0, AcqRel))
    }

    #[inline]
    fn of_this_life(self, word: u64) -> Result<TermsNow, OtherLife> {
        if self.is_tag(word) { Ok(TermsNow::unpack(word)) } else { Err(OtherLife) }
    }

    /// Changes the terms to what `f` makes of them, unless that is `None`; returns them before and
    /// after.
    pub(crate) fn change_terms(
        self,
        mut f: impl FnMut(TermsNow) -> Option<TermsNow>,
    ) -> Result<(TermsNow, TermsNow), OtherLife> {
        let generation = self.order.generation();
        // Ordering: Acquire here and on failure, as in `terms`.
        let mut seen = self.slot.terms.0.load(Acquire);
        loop {
            if !self.is_tag(seen) {
                return Err(OtherLife);
            }
            let before = TermsNow::unpack(seen);
            let Some(after) = f(before) else { return Ok((before, before)) };
            // Ordering: AcqRel, with `terms_after_transition`: a transition that came before is seen by
            // whoever reads the word after this.
            let swap = self.slot.terms.0.compare_exchange_weak(
                seen,
                after.pack(generation),
                AcqRel,
                Acquire,
            );
            match swap {
                Ok(_) => return Ok((before, after)),
                Err(now) => seen = now,
            }
        }
    }

    #[inline]
    fn is_tag(self, word: u64) -> bool {
        word & 0xffff == u64::from(self.order.generation()) & 0xffff
    }

    #[inline]
    pub(crate) fn arrived(self) -> Result<Mono, OtherLife> {
        self.untagged(&self.slot.arrived).map(Mono)
    }

    #[inline]
    pub(crate) fn tag(self) -> Result<u64, OtherLife> {
        self.untagged(&self.slot.tag)
    }

    /// What a field says that carries no generation of its own: read first, then asked of the word.
    #[inline]
    fn untagged(self, field: &AtomicU64) -> Result<u64, OtherLife> {
        // Ordering: Relaxed. Published by edge "fill", and judged by edge "refill" in `is_still`.
        let value = field.load(Relaxed);
        if self.slot.word.is_still(self.order.generation()) { Ok(value) } else { Err(OtherLife) }
    }

    #[inline]
    pub(crate) fn rank_ms(self) -> Result<i64, OtherLife> {
        self.slot.place.get(self.order.generation()).map(unbias)
    }

    pub(crate) fn set_rank_ms(self, rank_ms: i64) -> Result<(), OtherLife> {
        self.slot.place.set(self.order.generation(), bias(rank_ms))
    }

    /// Moves the rank by so much; negative is a head start. Returns the new rank.
    pub(crate) fn shift_rank_ms(self, by_ms: i64) -> Result<i64, OtherLife> {
        let shifted = |place| bias(unbias(place).saturating_add(by_ms));
        let before =
            self.slot.place.change(self.order.generation(), |place| Some(shifted(place)))?;
        Ok(unbias(shifted(before)))
    }

    #[inline]
    pub(crate) fn tie(self) -> Result<u64, OtherLife> {
        self.slot.tie.get(self.order.generation())
    }

    /// Sets the tie, unless the order has ended meanwhile.
    pub(crate) fn set_tie(self, tie: u64) -> Result<(), OtherLife> {
        let unless_ended = |seen| (seen & ENDED == 0).then_some(tie);
        self.slot.tie.change(self.order.generation(), unless_ended).map(|_| ())
    }

    /// Rank and tie: what decides who goes first.
    #[inline]
    pub(crate) fn key(self) -> Result<Key, OtherLife> {
        Ok(Key { rank: self.rank_ms()?, tie: self.tie()? })
    }

    /// The instant the wait counts from: first arrival, plus all time held since.
    #[inline]
    pub(crate) fn since(self) -> Result<Mono, OtherLife> {
        self.slot.since.get(self.order.generation()).map(Mono)
    }

    /// Moves the instant the wait counts from: time held is no waiting.
    pub(crate) fn shift_since_ms(self, by_ms: u64) -> Result<(), OtherLife> {
        let shifted = |since: u64| Some(since.saturating_add(by_ms));
        self.slot.since.change(self.order.generation(), shifted).map(|_| ())
    }

    /// Takes back what was added to it.
    pub(crate) fn unshift_since_ms(self, by_ms: u64) -> Result<(), OtherLife> {
        let shifted = |since: u64| Some(since.saturating_sub(by_ms));
        self.slot.since.change(self.order.generation(), shifted).map(|_| ())
    }

    /// The instant of the grab, of the activation to come, or of the close, by state.
    #[inline]
    pub(crate) fn moment(self) -> Result<Mono, OtherLife> {
        let moment = self.slot.moment.get(self.order.generation())?;
        Ok(Mono(moment & !ODD))
    }

    /// Sets the moment of the grab that began an epoch.
    #[inline]
    pub(crate) fn set_grabbed(self, now: Mono, epoch: u16) -> Result<(), OtherLife> {
        self.slot.moment.set(self.order.generation(), moment_of(now, epoch))
    }

    /// The moment of the grab that began an epoch, which is the latest. Whoever grabbed the order
    /// may have been interrupted before it was noted: then it is taken to have been `now`.
    pub(crate) fn grabbed(self, now: Mono, epoch: u16) -> Result<Mono, OtherLife> {
        let is_odd = |moment: u64| moment & ODD != 0;
        let unless_noted =
            |moment| (is_odd(moment) != (epoch % 2 == 1)).then_some(moment_of(now, epoch));
        self.slot.moment.change(self.order.generation(), unless_noted)?;
        self.moment()
    }

    /// Sets the moment of a close.
    pub(crate) fn set_moment(self, now: Mono) -> Result<(), OtherLife> {
        self.slot.moment.set(self.order.generation(), moment_of(now, 0))
    }

    /// Sets the moment, if it is still that of the grab and not of a close.
    pub(crate) fn move_moment(self, from: Mono, to: Mono) -> Result<(), OtherLife> {
        let unless_moved = |seen| (seen & !ODD == from.0).then_some(moment_of(to, 0) | seen & ODD);
        self.slot.moment.change(self.order.generation(), unless_moved).map(|_| ())
    }

    /// How the order ended, if it has. A number that its closer has not written yet is zero.
    pub(crate) fn outcome(self) -> Option<Outcome> {
        let (seen, state) = self.seen()?;
        let tie = self.tie().ok()?;
        let number = if tie & ENDED == 0 { 0 } else { u16::try_from(tie & !ENDED).ok()? };
        match (state, seen.end.get()) {
            (State::Closed, 0) => Some(Outcome::Done),
            (State::Closed, 1) => Some(Outcome::Rejected(number)),
            (State::Closed, 2) => Some(Outcome::Cancelled(number)),
            (State::Closed, 3) => Some(Outcome::Abandoned),
            (State::Closed, 4) => Some(Outcome::NoShow),
            (State::Closed, _) => Some(Outcome::Expired),
            _ => None,
        }
    }

    /// Notes the number that comes with an outcome, if one does. A closed order has no turn among
    /// equals any more, so its tie holds the number, and [`ENDED`].
    pub(crate) fn note_number(self, outcome: Outcome) -> Result<(), OtherLife> {
        match outcome {
            Outcome::Rejected(number) | Outcome::Cancelled(number) => {
                self.slot.tie.set(self.order.generation(), u64::from(number) | ENDED)
            }
            _ => Ok(()),
        }
    }
}

/// The end of the claim word that stands for an outcome.
pub(crate) fn end_of(outcome: Outcome) -> End {
    let end = match outcome {
        Outcome::Done => 0,
        Outcome::Rejected(_) => 1,
        Outcome::Cancelled(_) => 2,
        Outcome::Abandoned => 3,
        Outcome::NoShow => 4,
        Outcome::Expired => 5,
    };
    End::new(end).expect("fewer than eight")
}

/// Who held an order when its claim ended, and whether that takes room of theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Holder {
    Nobody,
    /// They held it, or were serving it.
    Holds(ClerkId),
    /// It was put aside and kept for them: they had their room back.
    Kept(ClerkId),
}

impl Holder {
    /// By what the word said before the claim ended.
    #[inline]
    pub(crate) fn of(before: Seen) -> Self {
        clerk_of(before).map_or(Self::Nobody, |clerk| Self::in_phase(before.phase, clerk))
    }

    #[inline]
    pub(crate) fn in_phase(phase: Phase, clerk: ClerkId) -> Self {
        match phase {
            Phase::Held | Phase::Active => Self::Holds(clerk),
            Phase::Suspended => Self::Kept(clerk),
            _ => Self::Nobody,
        }
    }

    #[inline]
    pub(crate) fn clerk(self) -> Option<ClerkId> {
        match self {
            Self::Nobody => None,
            Self::Holds(clerk) | Self::Kept(clerk) => Some(clerk),
        }
    }
}

fn is_claim(seen: Seen, claim: Claim) -> bool {
    seen.epoch == claim.epoch && seen.owner.is_some_and(|owner| owner.get() == claim.clerk.0)
}

/// The owner a word names, as a clerk.
pub(crate) fn clerk_of(seen: Seen) -> Option<ClerkId> {
    seen.owner.map(|owner| ClerkId(owner.get()))
}

/// Whether a claim on a closed order is the one that closed it.
pub(crate) fn closed_by(seen: Seen, claim: Claim) -> bool {
    seen.phase == Phase::Done && is_claim(seen, claim)
}

/// Marks the moment of a grab that began an odd epoch: 43 bits are left for it, 278 years.
const ODD: u64 = 1 << 43;

fn moment_of(now: Mono, epoch: u16) -> u64 {
    now.0.min(ODD - 1) | if epoch % 2 == 1 { ODD } else { 0 }
}

/// Marks a tie that holds the number of a reason; no sequence number reaches it.
const ENDED: u64 = 1 << 43;

const BIAS: i64 = 1 << 43;

/// A rank as a number of 44 bits in the same order.
#[inline]
#[expect(clippy::cast_sign_loss, reason = "the bias makes it positive, and the ends are clamped")]
pub(crate) fn bias(rank_ms: i64) -> u64 {
    (rank_ms.saturating_add(BIAS).max(0) as u64).min(VALUE_MAX)
}

#[expect(clippy::cast_possible_wrap, reason = "44 bits")]
fn unbias(place: u64) -> i64 {
    place as i64 - BIAS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_keep_their_fields_apart() {
        let terms = TermsNow {
            service: ServiceId(0xfedc),
            class: ClassId(0xa5),
            stages: 0x5a,
            is_breached: true,
            is_parked: true,
            is_place_kept: true,
            is_lined: true,
            is_odd_returned: true,
            is_noted: true,
            is_if: true,
            turn: TURNS - 1,
        };
        assert_eq!(TermsNow::unpack(terms.pack(0xffff_ffff)), terms);
        assert_eq!(terms.next_turn().turn, 0);
    }

    #[test]
    fn ranks_before_the_beginning_survive_the_bias() {
        for rank_ms in [-BIAS, -1, 0, 1, BIAS - 1] {
            assert_eq!(unbias(bias(rank_ms)), rank_ms);
        }
        assert_eq!(unbias(bias(i64::MIN)), -BIAS);
    }
}
