//! What one word says of a clerk: session, presence, what comes after it, and the room in use.
//!
//! | bits  | 63..49  | 48..33 | 32      | 31   | 30      | 29..27 | 26..24 | 23..0         |
//! |-------|---------|--------|---------|------|---------|--------|--------|---------------|
//! | field | session | reason | follows | lost | wrap-up | chosen | kind   | units in use  |
//!
//! One word, so that presence and room change together: who drains is gone with the very release
//! that leaves them with nothing, and a verb asks whether a clerk is ready, and has room, of one
//! load.
//!
//! *Kind* is the presence asked for; *wrap-up* and *lost* lie over it and give way to it again.
//! *Chosen* is what draining turns into, and *reason* goes with a break, present or chosen.
//! *Follows* says that something may follow a release, so that the plain one needs to ask nothing
//! else.

use crate::Session;

/// Whether a clerk may grab, and why not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Presence {
    /// Not at work (未登入).
    SignedOut,
    /// At the window, free to grab (在岗).
    Ready,
    /// Away for a while (暂离), for a reason that the host numbers; grabs nothing.
    Break(u16),
    /// Has left offers unanswered (未响应); grabs nothing until they are made ready again.
    NotResponding,
    /// Finishes what they hold (收尾), then goes where they asked to go; grabs nothing.
    Draining,
    /// Writes up the last order (收尾处理), and is ready when the time for that is over. Only the
    /// engine says so.
    WrapUp,
    /// Has not been heard of for longer than the lease (失联); only the engine says so. They come
    /// back as what they were with the next [`heartbeat`](crate::Engine::heartbeat).
    Lost,
}

/// The most units there can be.
pub(crate) const UNITS_MAX: u32 = (1 << 24) - 1;

const KIND_SHIFT: u32 = 24;
const CHOSEN_SHIFT: u32 = 27;
const WRAP_UP: u64 = 1 << 30;
const LOST: u64 = 1 << 31;
const FOLLOWS: u64 = 1 << 32;
const REASON_SHIFT: u32 = 33;
const SESSION_SHIFT: u32 = 49;

const UNITS: u64 = UNITS_MAX as u64;
const KIND: u64 = 7 << KIND_SHIFT;
const CHOSEN: u64 = 7 << CHOSEN_SHIFT;
const REASON: u64 = 0xffff << REASON_SHIFT;

/// Kinds. Draining has a bit of its own.
const SIGNED_OUT: u64 = 0;
const READY: u64 = 1;
const BREAK: u64 = 2;
const NOT_RESPONDING: u64 = 3;
const DRAINING: u64 = 4;

const _: () = assert!(UNITS & KIND == 0 && KIND & CHOSEN == 0 && CHOSEN & WRAP_UP == 0);
const _: () = assert!(FOLLOWS & REASON == 0 && REASON_SHIFT + 16 == SESSION_SHIFT);

/// The word at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Post(pub(crate) u64);

impl Post {
    /// Nobody was ever signed in. `follows` is said once and stays.
    pub(crate) const fn new(follows: bool) -> Self {
        Self(if follows { FOLLOWS } else { 0 })
    }

    #[inline]
    pub(crate) const fn is_ready(self) -> bool {
        self.0 & (KIND | WRAP_UP | LOST) == READY << KIND_SHIFT
    }

    #[inline]
    pub(crate) const fn used(self) -> u32 {
        (self.0 & UNITS) as u32
    }

    /// The same with so many units in use, at most [`UNITS_MAX`].
    #[inline]
    pub(crate) const fn with_used(self, used: u32) -> Self {
        Self(self.0 & !UNITS | used as u64)
    }

    #[inline]
    pub(crate) const fn session(self) -> Session {
        Session((self.0 >> SESSION_SHIFT) as u16)
    }

    /// Whether a release has to ask what follows from it.
    #[inline]
    pub(crate) const fn asks_after_release(self) -> bool {
        self.0 & (FOLLOWS | DRAINING << KIND_SHIFT) != 0
    }

    const fn kind(self) -> u64 {
        (self.0 & KIND) >> KIND_SHIFT
    }

    const fn chosen(self) -> u64 {
        (self.0 & CHOSEN) >> CHOSEN_SHIFT
    }

    const fn reason(self) -> u16 {
        ((self.0 & REASON) >> REASON_SHIFT) as u16
    }

    pub(crate) const fn is_lost(self) -> bool {
        self.0 & LOST != 0
    }

    pub(crate) const fn is_wrapping_up(self) -> bool {
        self.0 & WRAP_UP != 0
    }

    pub(crate) const fn is_signed_in(self) -> bool {
        self.kind() != SIGNED_OUT
    }

    /// Whether the clerk has chosen not to be ready; wrap-up and loss are not chosen.
    pub(crate) const fn is_away(self) -> bool {
        self.kind() != READY
    }

    pub(crate) const fn presence(self) -> Presence {
        match self.kind() {
            SIGNED_OUT => Presence::SignedOut,
            _ if self.is_lost() => Presence::Lost,
            READY if self.is_wrapping_up() => Presence::WrapUp,
            READY => Presence::Ready,
            BREAK => Presence::Break(self.reason()),
            NOT_RESPONDING => Presence::NotResponding,
            _ => Presence::Draining,
        }
    }

    const fn with(self, kind: u64, chosen: u64, reason: u16) -> Self {
        let rest = self.0 & !(KIND | CHOSEN | REASON);
        let reason = (reason as u64) << REASON_SHIFT;
        Self(rest | kind << KIND_SHIFT | chosen << CHOSEN_SHIFT | reason)
    }

    /// A new session of a clerk who is ready. What is held, and a wrap-up that is not over, goes
    /// on.
    pub(crate) const fn signed_in(self) -> Self {
        let next = self.with(READY, 0, 0).0 & !LOST;
        Self(next.wrapping_add(1 << SESSION_SHIFT))
    }

    /// The same with a presence that was asked for; `None` if nobody is signed in, or it is not for
    /// asking.
    pub(crate) const fn asked(self, presence: Presence) -> Option<Self> {
        if !self.is_signed_in() {
            return None;
        }
        let is_busy = self.used() > 0;
        Some(match presence {
            Presence::SignedOut => self.signed_out(),
            // Who asks for it in a wrap-up is done with writing; other ways round it end none.
            Presence::Ready if self.kind() == READY => Self(self.0 & !WRAP_UP),
            Presence::Ready => self.with(READY, 0, 0),
            Presence::Break(reason) if is_busy => self.with(DRAINING, BREAK, reason),
            Presence::Break(reason) => self.with(BREAK, 0, reason),
            Presence::NotResponding => self.with(NOT_RESPONDING, 0, 0),
            Presence::Draining if is_busy => self.with(DRAINING, SIGNED_OUT, 0),
            Presence::Draining => self.signed_out(),
            Presence::WrapUp | Presence::Lost => return None,
        })
    }

    const fn signed_out(self) -> Self {
        Self(self.with(SIGNED_OUT, 0, 0).0 & !LOST)
    }

    /// What draining turns into; `None` if the clerk does not drain, or holds something yet.
    pub(crate) const fn drained(self) -> Option<Self> {
        if self.kind() != DRAINING || self.used() > 0 {
            return None;
        }
        Some(match self.chosen() {
            SIGNED_OUT => self.signed_out(),
            chosen => self.with(chosen, 0, self.reason()),
        })
    }

    /// The same, in a wrap-up.
    pub(crate) const fn wrapping_up(self) -> Self {
        Self(self.0 | WRAP_UP)
    }

    /// The same after the wrap-up; `None` if there is none.
    pub(crate) const fn wrapped_up(self) -> Option<Self> {
        if self.is_wrapping_up() { Some(Self(self.0 & !WRAP_UP)) } else { None }
    }

    /// The same, lost; `None` if nobody is signed in, or they are lost already.
    pub(crate) const fn lost(self) -> Option<Self> {
        if self.is_signed_in() && !self.is_lost() { Some(Self(self.0 | LOST)) } else { None }
    }

    /// The same, heard of again; `None` if they were not lost.
    pub(crate) const fn found(self) -> Option<Self> {
        if !self.is_lost() {
            return None;
        }
        let found = Self(self.0 & !LOST);
        Some(match found.drained() {
            Some(drained) => drained,
            None => found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(used: u32) -> Post {
        Post::new(false).signed_in().with_used(used)
    }

    #[test]
    fn every_presence_survives_its_bits_beside_full_fields() {
        let full = Post(!(KIND | CHOSEN | WRAP_UP | LOST)).with(READY, 0, 0);
        for presence in [Presence::SignedOut, Presence::Ready, Presence::NotResponding] {
            let asked = full.asked(presence).unwrap();
            assert_eq!(asked.presence(), presence);
            assert_eq!((asked.used(), asked.session()), (UNITS_MAX, full.session()));
            assert!(asked.asks_after_release());
        }
        let idle = full.with_used(0);
        let away = Presence::Break(u16::MAX);
        assert_eq!(idle.asked(away).unwrap().presence(), away);
        assert_eq!(full.asked(away).unwrap().presence(), Presence::Draining);
        assert_eq!(full.lost().unwrap().presence(), Presence::Lost);
        assert_eq!(full.wrapping_up().presence(), Presence::WrapUp);
        assert_eq!(full.asked(Presence::Lost), None);
    }

    #[test]
    fn draining_turns_into_the_latest_choice_and_into_nothing_before() {
        let busy = ready(2).asked(Presence::Break(7)).unwrap();
        assert_eq!(busy.drained(), None);
        let later = busy.asked(Presence::Break(9)).unwrap().with_used(0);
        assert_eq!(later.drained().unwrap().presence(), Presence::Break(9));
        let leaves = busy.asked(Presence::Draining).unwrap().with_used(0);
        assert_eq!(leaves.drained().unwrap().presence(), Presence::SignedOut);
        assert!(busy.asked(Presence::Ready).unwrap().is_ready());
    }

    #[test]
    fn who_is_found_again_is_what_they_were() {
        for was in [ready(1), ready(1).wrapping_up(), ready(0).asked(Presence::Break(3)).unwrap()] {
            assert_eq!(was.lost().and_then(Post::found), Some(was));
        }
        let drains = ready(1).asked(Presence::Break(3)).unwrap().lost().unwrap().with_used(0);
        assert_eq!(drains.found().unwrap().presence(), Presence::Break(3));
    }

    #[test]
    fn no_way_round_ends_a_wrap_up_but_the_word_that_it_is_over() {
        let writes = ready(0).wrapping_up();
        let round = writes.asked(Presence::Break(1)).and_then(|post| post.asked(Presence::Ready));
        assert_eq!(round.unwrap().presence(), Presence::WrapUp);
        assert_eq!(writes.signed_in().presence(), Presence::WrapUp);
        assert!(writes.asked(Presence::Ready).unwrap().is_ready());
        assert!(writes.wrapped_up().unwrap().is_ready());
    }
}
