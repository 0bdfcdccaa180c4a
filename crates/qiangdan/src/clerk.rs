//! Clerks as the engine sees them: present or not, which lanes are theirs, how many orders they
//! hold.

use std::{
    ptr,
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst},
    },
};

use arc_swap::ArcSwap;
use qiangdan_sync::Mask;

use crate::{
    ClerkId, GrabError, PoolId, Rules, Skills,
    editions::Editions,
    sync::{AtomicU32, fence},
};

/// Whether a clerk may grab.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Presence {
    /// Not at work (未登入).
    SignedOut,
    /// At the window, free to grab (在岗).
    Ready,
    /// Away for a while (暂离); holds what they hold, grabs nothing.
    Break,
    /// Finishes what they hold, then leaves (收尾); grabs nothing.
    Draining,
}

/// What a clerk can do in this session.
#[derive(Clone, Copy, Debug)]
pub struct ClerkSpec<'a> {
    /// The pools they work for.
    pub pools: &'a [PoolId],
    /// What they can do.
    pub skills: Skills,
    /// The most orders they may hold at once; at a window usually 1.
    pub held_max: u32,
}

/// One clerk.
#[derive(Debug)]
pub(crate) struct Clerk {
    /// The session number in the high bits, the presence in the low two: one word, so that a change
    /// of presence applies to the session in which it found the clerk signed in.
    session: AtomicU32,
    held: AtomicU32,
    held_max: AtomicU32,
    pub(crate) lanes: Mask,
    /// Pools and skills of the session, to find the lanes again when rules are swapped.
    can: ArcSwap<Can>,
}

/// What a clerk can do in a session.
#[derive(Debug, Default)]
struct Can {
    pools: Vec<PoolId>,
    skills: Skills,
}

impl Clerk {
    pub(crate) fn new(lanes: u32) -> Self {
        Self {
            session: AtomicU32::new(0),
            held: AtomicU32::new(0),
            held_max: AtomicU32::new(0),
            lanes: Mask::new(lanes),
            can: ArcSwap::default(),
        }
    }

    #[inline]
    pub(crate) fn presence(&self) -> Presence {
        // Ordering: Acquire, edge "sign-in": who sees the presence sees the lanes that came with
        // it.
        presence_of(self.session.load(Acquire))
    }

    /// The same at a place among the changes of presence: what this thread wrote before is seen by
    /// whoever makes a later one.
    pub(crate) fn presence_among(&self) -> Presence {
        // Ordering: AcqRel, with `change`. A read-modify-write that adds nothing.
        presence_of(self.session.fetch_or(0, AcqRel))
    }

    pub(crate) fn held(&self) -> u32 {
        // Ordering: Relaxed. A count for people to read.
        self.held.load(Relaxed)
    }

    pub(crate) fn sign_in(&self, spec: &ClerkSpec<'_>, rules: &Editions<Rules>) {
        self.can.store(Arc::new(Can { pools: spec.pools.to_vec(), skills: spec.skills }));
        self.renew_lanes(rules);
        // Ordering: Relaxed. Bounds a number and guards no data.
        self.held_max.store(spec.held_max, Relaxed);
        self.change(|session| Some((session | 3).wrapping_add(1) | Presence::Ready as u32));
    }

    /// Finds the clerk's lanes, after what they can do has changed, or the rules have.
    ///
    /// Of two calls at once, the one that ends last has seen what both were made for: each looks
    /// once more at the end.
    pub(crate) fn renew_lanes(&self, rules: &Editions<Rules>) {
        loop {
            // Ordering: a fence, SeqCst, edge "lanes renewed", after what the caller has stored:
            // of a sign-in and a swap of rules at once, one at least sees the other's.
            fence(SeqCst);
            let (can, now) = (self.can.load_full(), &**rules);
            self.set_lanes(&can, now);
            // Ordering: as above, after what was set.
            fence(SeqCst);
            if Arc::ptr_eq(&can, &self.can.load()) && ptr::eq(now, &**rules) {
                return;
            }
        }
    }

    fn set_lanes(&self, can: &Can, rules: &Rules) {
        for (lane, rule) in (0..).zip(rules.lanes()) {
            if can.pools.contains(&rule.pool) && can.skills.covers(rule.needs) {
                self.lanes.set(lane);
            } else {
                self.lanes.unset(lane);
            }
        }
    }

    /// Changes the presence of the current session; `false` if nobody is signed in.
    pub(crate) fn set_presence(&self, presence: Presence) -> bool {
        let change = |session| {
            (presence_of(session) != Presence::SignedOut).then_some(session & !3 | presence as u32)
        };
        self.change(change)
    }

    fn change(&self, f: impl FnMut(u32) -> Option<u32>) -> bool {
        // Ordering: AcqRel, edge "sign-in" (the sending half); the value itself is the session.
        self.session.fetch_update(AcqRel, Acquire, f).is_ok()
    }

    /// Whether the clerk may grab one more order, as things are now.
    #[inline]
    pub(crate) fn has_room(&self, clerk: ClerkId) -> Result<(), GrabError> {
        let presence = self.presence();
        if presence != Presence::Ready {
            return Err(GrabError::NotReady { clerk, presence });
        }
        // Ordering: Relaxed, both. `reserve_many` asks again.
        let (held, held_max) = (self.held.load(Relaxed), self.held_max.load(Relaxed));
        if held < held_max { Ok(()) } else { Err(GrabError::AtLimit { clerk, held_max }) }
    }

    /// Makes room for one more order.
    #[inline]
    pub(crate) fn reserve(&self, clerk: ClerkId) -> Result<(), GrabError> {
        self.reserve_many(clerk, 1).map(drop)
    }

    /// Makes room for at most so many more orders; for how many.
    #[inline]
    pub(crate) fn reserve_many(&self, clerk: ClerkId, most: u32) -> Result<u32, GrabError> {
        let presence = self.presence();
        if presence != Presence::Ready {
            return Err(GrabError::NotReady { clerk, presence });
        }
        // Ordering: Relaxed throughout. The count bounds a number and guards no data.
        let held_max = self.held_max.load(Relaxed);
        let more = |held: u32| held_max.saturating_sub(held).min(most);
        let room = |held| (more(held) > 0).then(|| held + more(held));
        match self.held.fetch_update(Relaxed, Relaxed, room) {
            Ok(before) => Ok(more(before)),
            Err(_) => Err(GrabError::AtLimit { clerk, held_max }),
        }
    }

    /// Gives back the room of one order.
    #[inline]
    pub(crate) fn release(&self) {
        self.release_many(1);
    }

    /// Gives back the room of so many orders.
    #[inline]
    pub(crate) fn release_many(&self, orders: u32) {
        // Ordering: Relaxed, as in `reserve_many`.
        let before = self.held.fetch_sub(orders, Relaxed);
        debug_assert!(before >= orders, "released more than was reserved");
    }
}

#[inline]
fn presence_of(session: u32) -> Presence {
    match session & 3 {
        0 => Presence::SignedOut,
        1 => Presence::Ready,
        2 => Presence::Break,
        _ => Presence::Draining,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_survives_its_bits() {
        for presence in [Presence::SignedOut, Presence::Ready, Presence::Break, Presence::Draining]
        {
            assert_eq!(presence_of(presence as u32), presence);
        }
    }

    #[test]
    fn nobody_holds_more_than_they_may() {
        let clerk = Clerk::new(1);
        clerk.held_max.store(2, Relaxed);
        clerk.session.store(Presence::Ready as u32, Relaxed);
        assert_eq!(clerk.reserve(ClerkId(0)), Ok(()));
        assert_eq!(clerk.reserve(ClerkId(0)), Ok(()));
        let full = GrabError::AtLimit { clerk: ClerkId(0), held_max: 2 };
        assert_eq!(clerk.reserve(ClerkId(0)), Err(full));
        clerk.release();
        assert_eq!(clerk.reserve(ClerkId(0)), Ok(()));
    }
}
