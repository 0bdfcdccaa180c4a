//! Clerks as the engine sees them: present or not, which lanes are theirs, how much room they have.

mod charges;
mod guards;
mod papers;
mod post;
mod times;

use std::{
    ptr,
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst},
    },
};

use arc_swap::ArcSwap;
use qiangdan_sync::Mask;

pub(crate) use charges::{Charge, Charges};
use guards::Guards;
pub(crate) use papers::CERTIFICATES_MAX;
use papers::Papers;
pub use post::Presence;
pub(crate) use post::{Post, UNITS_MAX};
use times::Times;

use crate::{
    ClerkId, GrabError, LaneRule, Levels, PoolId, Rules, ServiceId, SkillId, Skills, Wall,
    editions::Editions,
    sync::{AtomicU32, AtomicU64, fence},
};

/// What a clerk can do in this session.
#[derive(Clone, Copy, Debug)]
pub struct ClerkSpec<'a> {
    /// The pools they work for.
    pub pools: &'a [PoolId],
    /// What they can do.
    pub skills: Skills,
    /// How much they may hold at once, in the units that services cost (one, if the rules say
    /// nothing else); at a window usually 1. At most 16,777,215; more counts as that.
    pub units: u32,
    /// How well they know what they can do.
    pub levels: Levels,
    /// The most orders of some services they may hold at once, in place of what the rules say; only
    /// for services that have a ceiling there.
    pub ceilings: &'a [Ceiling],
    /// Up to eight skills that count only while their certificate is valid, whether they are among
    /// `skills` or not.
    pub certificates: &'a [Certificate],
}

/// What one is certified for (证书), for as long as that is so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// The skill that counts meanwhile.
    pub skill: SkillId,
    /// The first instant at which it does not count any more. Who may work without one for a while (上岗
    /// 后一年内取得) has one until then.
    pub until: Wall,
}

impl ClerkSpec<'_> {
    /// What they can do at an instant, by their certificates.
    fn skills_at(&self, now: Wall) -> Skills {
        let valid = |paper: &Certificate| now < paper.until;
        let of = |papers: &mut dyn Iterator<Item = &Certificate>| {
            papers.map(|paper| paper.skill).collect::<Skills>()
        };
        let valid_now = of(&mut self.certificates.iter().filter(|paper| valid(paper)));
        let run_out = of(&mut self.certificates.iter().filter(|paper| !valid(paper)));
        self.skills.without(run_out).and(valid_now)
    }
}

/// What a clerk can do in a session, to find the lanes again when rules are swapped.
#[derive(Debug, Default)]
struct Can {
    pools: Vec<PoolId>,
    skills: Skills,
    levels: Levels,
}

impl Can {
    /// Whether the orders of a lane are theirs to take.
    fn covers(&self, lane: &LaneRule) -> bool {
        self.pools.contains(&lane.pool)
            && self.skills.covers(lane.needs)
            && self.levels.covers(lane.levels)
    }
}

impl<'a> ClerkSpec<'a> {
    /// Somebody who works for these pools, can do this, and has one unit.
    #[must_use]
    pub fn new(pools: &'a [PoolId], skills: Skills) -> Self {
        Self {
            pools,
            skills,
            units: 1,
            levels: Levels::default(),
            ceilings: &[],
            certificates: &[],
        }
    }
}

/// The most orders of a service that one clerk may hold at a time (同类上限).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ceiling {
    /// The service.
    pub service: ServiceId,
    /// How many, 0 to 254.
    pub most: u8,
}

/// The number of a session (会话) of one clerk: it moves with each
/// [`sign_in`](crate::Engine::sign_in).
///
/// A host that has one terminal after another sign in as the same clerk keeps it, and says it with
/// every call of that terminal ([`Cx::in_session`](crate::Cx::in_session)): what a terminal says
/// whose session is over is refused. A number comes back after 32,768 sessions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Session(pub(crate) u16);

impl Session {
    /// The number as an integer, for storage and wires.
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// The session that [`Session::to_bits`] came from. One that is not the clerk's is refused.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}

impl std::fmt::Display for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "session {}", self.0)
    }
}

/// One clerk.
#[derive(Debug)]
pub(crate) struct Clerk {
    /// See [`post`].
    post: AtomicU64,
    units: AtomicU32,
    /// How many orders are held of each service with a ceiling, a byte each; not kept in step with
    /// the word: it bounds a number of its own.
    capped: AtomicU64,
    /// The ceilings, a byte each.
    ceilings: AtomicU64,
    pub(crate) lanes: Mask,
    can: ArcSwap<Can>,
    pub(crate) times: Times,
    pub(crate) guards: Guards,
    pub(crate) papers: Papers,
}

/// What a clerk has left to take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// How many units.
    pub(crate) units: u32,
    /// A bit for each service with a ceiling that is reached.
    full: u8,
}

impl Room {
    /// Whether there is room for an order of whatever service, of which none costs more than this.
    pub(crate) fn is_ample(self, units_max: u32) -> bool {
        self.units >= units_max && self.full == 0
    }

    /// Whether there is room for an order that costs so much, and counts for that ceiling.
    pub(crate) fn has(self, charge: Charge) -> bool {
        let is_full = charge.ceiling.is_some_and(|ceiling| self.full >> ceiling & 1 == 1);
        u32::from(charge.units) <= self.units && !is_full
    }
}

impl Clerk {
    /// A clerk who is not signed in. `follows` if a release has to ask what follows from it.
    pub(crate) fn new(lanes: u32, follows: bool) -> Self {
        Self {
            post: AtomicU64::new(Post::new(follows).0),
            units: AtomicU32::new(0),
            capped: AtomicU64::new(0),
            ceilings: AtomicU64::new(u64::MAX),
            lanes: Mask::new(lanes),
            can: ArcSwap::default(),
            times: Times::default(),
            guards: Guards::default(),
            papers: Papers::new(),
        }
    }

    #[inline]
    pub(crate) fn post(&self) -> Post {
        // Ordering: Acquire, edge "sign-in": who sees the presence sees the lanes that came with it.
        Post(self.post.load(Acquire))
    }

    /// The same at a place among the changes of presence: what this thread wrote before is seen by
    /// whoever makes a later one.
    pub(crate) fn presence_among(&self) -> Presence {
        // Ordering: AcqRel, with `change`. A read-modify-write that adds nothing.
        Post(self.post.fetch_or(0, AcqRel)).presence()
    }

    /// How much the clerk may hold.
    #[inline]
    pub(crate) fn units(&self) -> u32 {
        // Ordering: Relaxed. Bounds a number and guards no data.
        self.units.load(Relaxed)
    }

    /// Takes in what a clerk can do from now on.
    pub(crate) fn equip(&self, spec: &ClerkSpec<'_>, rules: &Editions<Rules>, now: Wall) {
        self.papers.file(spec.certificates, now);
        let (pools, skills, levels) = (spec.pools.to_vec(), spec.skills_at(now), spec.levels);
        self.can.store(Arc::new(Can { pools, skills, levels }));
        self.renew_lanes(rules);
        self.set_units(spec.units);
        let most = |(service, by_rule)| {
            let own = spec.ceilings.iter().find(|ceiling| ceiling.service == service);
            own.map_or(by_rule, |ceiling| ceiling.most.min(u8::MAX - 1))
        };
        let mut ceilings = [u8::MAX; 8];
        for (ceiling, capped) in ceilings.iter_mut().zip(rules.staff().capped()) {
            *ceiling = most(capped);
        }
        // Ordering: Relaxed. Bounds a number and guards no data.
        self.ceilings.store(u64::from_le_bytes(ceilings), Relaxed);
    }

    /// Begins a session; what the word was and is.
    pub(crate) fn sign_in(&self) -> (Post, Post) {
        self.change(|post| Some(post.signed_in())).unwrap_or_else(|same| (same, same))
    }

    /// Takes lanes away that need a skill that has lapsed.
    pub(crate) fn forget(&self, lapsed: Skills, rules: &Editions<Rules>) {
        self.can.rcu(|can| Can {
            pools: can.pools.clone(),
            skills: can.skills.without(lapsed),
            levels: can.levels,
        });
        self.renew_lanes(rules);
    }

    /// Finds the clerk's lanes, after what they can do has changed, or the rules have.
    ///
    /// Of two calls at once, the one that ends last has seen what both were made for: each looks
    /// once more at the end.
    pub(crate) fn renew_lanes(&self, rules: &Editions<Rules>) {
        loop {
            // Ordering: a fence, SeqCst, edge "lanes renewed", after what the caller has stored: of
            // a sign-in and a swap of rules at once, one at least sees the other's.
            fence(SeqCst);
            let (can, now) = (self.can.load_full(), &**rules);
            for (lane, rule) in (0..).zip(now.lanes()) {
                if can.covers(rule) {
                    self.lanes.set(lane);
                } else {
                    self.lanes.unset(lane);
                }
            }
            // Ordering: as above, after what was set.
            fence(SeqCst);
            if Arc::ptr_eq(&can, &self.can.load()) && ptr::eq(now, &**rules) {
                return;
            }
        }
    }

    pub(crate) fn set_units(&self, units: u32) {
        // Ordering: Relaxed. Bounds a number and guards no data.
        self.units.store(units.min(UNITS_MAX), Relaxed);
    }

    /// Changes the word to what `f` makes of it; what it was and is now. `Err` with what it is, if
    /// `f` makes nothing.
    pub(crate) fn change(&self, f: impl Fn(Post) -> Option<Post>) -> Result<(Post, Post), Post> {
        let next = |word| f(Post(word)).map(|post| post.0);
        // Ordering: AcqRel, edge "sign-in" (the sending half); the value itself is the session.
        match self.post.fetch_update(AcqRel, Acquire, next) {
            Ok(before) => Ok((Post(before), f(Post(before)).unwrap_or(Post(before)))),
            Err(now) => Err(Post(now)),
        }
    }

    /// Whether the clerk may grab one more order of the least cost, as things are now.
    #[inline]
    pub(crate) fn has_room(&self, clerk: ClerkId) -> Result<(), GrabError> {
        let (post, units) = (self.post(), self.units());
        if !post.is_ready() {
            return Err(GrabError::NotReady { clerk, presence: post.presence() });
        }
        // `reserve_many` asks again.
        if post.used() < units { Ok(()) } else { Err(GrabError::AtLimit { clerk, units }) }
    }

    /// Makes room for one unit more.
    #[inline]
    pub(crate) fn reserve(&self, clerk: ClerkId) -> Result<(), GrabError> {
        self.reserve_many(clerk, 1).map(drop)
    }

    /// Makes room for at most so many more units; for how many.
    #[inline]
    pub(crate) fn reserve_many(&self, clerk: ClerkId, most: u32) -> Result<u32, GrabError> {
        let units = self.units();
        let more = |post: Post| units.saturating_sub(post.used()).min(most);
        let room = |word| {
            let post = Post(word);
            let more = more(post);
            (post.is_ready() && more > 0).then(|| post.with_used(post.used() + more).0)
        };
        // Ordering: Acquire on failure, as in `post`. Relaxed on success: the count guards no data,
        // and being a read-modify-write it leaves "sign-in" in force.
        match self.post.fetch_update(Relaxed, Acquire, room) {
            Ok(before) => Ok(more(Post(before))),
            Err(now) if Post(now).is_ready() => Err(GrabError::AtLimit { clerk, units }),
            Err(now) => Err(GrabError::NotReady { clerk, presence: Post(now).presence() }),
        }
    }

    /// What the clerk has left to take.
    pub(crate) fn room(&self) -> Room {
        // Ordering: Relaxed, both. `reserve_for` asks again.
        let capped = self.capped.load(Relaxed).to_le_bytes();
        let ceilings = self.ceilings.load(Relaxed).to_le_bytes();
        let reached = capped.iter().zip(ceilings).zip(0..);
        let full = reached.filter(|&((held, most), _)| *held >= most);
        let full = full.fold(0, |full, (_, ceiling)| full | 1 << ceiling);
        Room { units: self.units().saturating_sub(self.post().used()), full }
    }

    /// Makes room for one order that costs so much; false if there is not enough.
    pub(crate) fn reserve_for(&self, charge: Charge) -> bool {
        if let Some(ceiling) = charge.ceiling {
            // Ordering: Relaxed. Bounds a number and guards no data.
            let most = self.ceilings.load(Relaxed).to_le_bytes()[usize::from(ceiling)];
            let one = 1_u64 << (8 * ceiling);
            let count = |held: u64| {
                let of = held.to_le_bytes()[usize::from(ceiling)];
                (of < most).then(|| held + one)
            };
            // Ordering: Relaxed, as above.
            if self.capped.fetch_update(Relaxed, Relaxed, count).is_err() {
                return false;
            }
        }
        let (units, more) = (self.units(), u32::from(charge.units));
        let room = |word| {
            let used = Post(word).used() + more;
            (Post(word).is_ready() && used <= units).then(|| Post(word).with_used(used).0)
        };
        // Ordering: Relaxed, as in `reserve_many`.
        let is_reserved = self.post.fetch_update(Relaxed, Relaxed, room).is_ok();
        if !is_reserved {
            self.uncount(charge);
        }
        is_reserved
    }

    /// Counts an order less for its ceiling.
    pub(crate) fn uncount(&self, charge: Charge) {
        if let Some(ceiling) = charge.ceiling {
            // Ordering: Relaxed. Bounds a number and guards no data.
            self.capped.fetch_sub(1 << (8 * ceiling), Relaxed);
        }
    }

    /// Gives back so many units; what the word was before.
    #[inline]
    pub(crate) fn release(&self, units: u32) -> Post {
        // Ordering: Relaxed, as in `reserve_many`.
        let before = Post(self.post.fetch_sub(u64::from(units), Relaxed));
        debug_assert!(before.used() >= units, "released more than was reserved");
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_they_may() {
        let clerk = Clerk::new(1, false);
        clerk.set_units(2);
        clerk.change(|post| Some(post.signed_in())).unwrap();
        assert_eq!(clerk.reserve(ClerkId(0)), Ok(()));
        assert_eq!(clerk.reserve(ClerkId(0)), Ok(()));
        let full = GrabError::AtLimit { clerk: ClerkId(0), units: 2 };
        assert_eq!(clerk.reserve(ClerkId(0)), Err(full));
        clerk.release(1);
        assert_eq!(clerk.reserve(ClerkId(0)), Ok(()));
    }
}
