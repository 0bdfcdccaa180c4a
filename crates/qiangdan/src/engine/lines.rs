//! How an order comes into its lanes, and what a grabber does with an entry it meets.
//!
//! Whoever frees an order (a put_back, an activation) first puts the entries of the new turn into
//! its lanes, then swaps the claim word. So there is no moment in which an order waits and no
//! grabber can find it, wherever a thread is interrupted: who meets an entry of an order that is
//! not free yet sees from the order's terms that it is being freed, and makes the swap in the
//! other's place. *Whoever swaps does what follows from the swap*: events, counts, the next look.
//!
//! An amend cannot work that way, because the entry's lanes follow from the swapped terms. It
//! swaps, lines the order up, and marks it as lined up; who meets an older entry of a waiting order
//! without the mark lines it up in the other's place. Entries that come in twice do no harm.

use qiangdan_sync::{GiveBack, Key, Mask, Phase, Seen};

use super::{Inner, rank_of};
use crate::{
    Action, Cx, EventKind, LaneId, Mono, PutBack, Rules, State,
    grant::Grants,
    order::{Live, OtherLife, TermsNow},
    pool::Hint,
};

/// Whether an order waits, in the turn of an entry.
#[inline]
fn waits_in(life: Live<'_>, hint: Hint) -> bool {
    life.is_waiting() && life.terms().is_ok_and(|terms| hint.counts_in(terms.turn))
}

/// The lanes where an order may be grabbed to which limits have granted nothing: its own, and those
/// its stages so far widened to.
#[inline]
pub(super) fn plain_lanes(rules: &Rules, terms: TermsNow) -> impl Iterator<Item = LaneId> + '_ {
    let TermsNow { service, class, stages, .. } = terms;
    let reached = rules.stages(service).iter().take(usize::from(stages));
    let wider = reached.flat_map(|stage| &stage.actions).filter_map(move |action| match action {
        Action::Widen { pool } => rules.lane_in(*pool, service, class),
        _ => None,
    });
    rules.home(service, class).into_iter().chain(wider)
}

impl Inner {
    /// Whether an entry counts: its order waits, in the entry's turn. If not, it never will again.
    ///
    /// An order that another thread has begun to free, or to move, is helped on its way.
    #[inline]
    pub(super) fn meet(&self, cx: &mut Cx<'_>, hint: Hint) -> bool {
        let Some(life) = self.life(hint.order) else { return false };
        if waits_in(life, hint) {
            return true;
        }
        self.meet_late(cx, life, hint)
    }

    /// [`Inner::meet`] of an entry that did not count a moment ago.
    fn meet_late(&self, cx: &mut Cx<'_>, life: Live<'_>, hint: Hint) -> bool {
        loop {
            let (Some((seen, state)), Ok(terms)) = (life.seen(), life.terms()) else {
                return false;
            };
            if !hint.counts_in(terms.turn) {
                if state == State::Waiting && !terms.is_lined {
                    self.line_up_as(life, terms).ok();
                }
                return false;
            }
            let is_freed = match state {
                State::Waiting => return true,
                State::Scheduled => self.open(cx, life, seen.epoch, terms),
                State::Claimed | State::Serving | State::Suspended if terms.is_going_back(seen) => {
                    self.release_for(cx, life, seen, terms)
                }
                _ => return false,
            };
            // If not, somebody else has changed the word: look again.
            if is_freed.is_err() {
                return false;
            }
        }
    }

    /// Whether a lane entry counts, without helping anybody.
    pub(super) fn is_live(&self, hint: Hint) -> bool {
        self.life(hint.order).is_some_and(|life| waits_in(life, hint))
    }

    /// Where the order of a lane entry belongs, if the entry counts.
    #[inline]
    pub(super) fn waits_as(&self, hint: Hint) -> Option<Key> {
        let life = self.life(hint.order)?;
        if waits_in(life, hint) { life.key().ok() } else { None }
    }

    /// Whether a lane entry still counts and is the best of its order: a boost leaves the entry
    /// before it behind, which counts as long, but is not needed.
    pub(super) fn is_wanted(&self, key: Key, hint: Hint) -> bool {
        let rank_ms = self.life(hint.order).and_then(|life| life.rank_ms().ok());
        self.is_live(hint) && rank_ms.is_some_and(|rank_ms| key.rank <= rank_ms)
    }

    /// Opens an order that is scheduled in this epoch, whose entries are in its lanes. True if this
    /// call did.
    pub(super) fn open(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        epoch: u16,
        lined: TermsNow,
    ) -> Result<bool, OtherLife> {
        if life.slot.word.try_open(life.order.generation(), epoch).is_err() {
            return Ok(false);
        }
        self.tell(cx, life, None, EventKind::OrderActivated);
        self.freed(cx, life, lined)?;
        Ok(true)
    }

    /// Makes the swap of a put_back whose thread has been interrupted before it. True if this call
    /// did.
    fn release_for(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        seen: Seen,
        lined: TermsNow,
    ) -> Result<bool, OtherLife> {
        let (rank_ms, tag) = (life.rank_ms()?, life.tag()?);
        let (word, generation) = (&life.slot.word, life.order.generation());
        let from = lined.going_back_from();
        let settled = self.settle_back(life, seen.epoch, from);
        let Ok(before) = word.try_give_back(generation, seen.epoch, from, Phase::Open) else {
            self.not_gone_back(cx, life, seen, settled);
            return Ok(false);
        };
        // From a later instant, the same place is another head start.
        let how = if lined.is_place_kept && from == GiveBack::Owned {
            PutBack::KeepPlace
        } else {
            PutBack::HeadStart { ms: rank_of(cx.now.mono).saturating_sub(rank_ms) }
        };
        self.returned(cx, life, tag, before, how, settled);
        self.freed(cx, life, lined)?;
        Ok(true)
    }

    /// What is left to do for an order that this thread has just made wait, with the entries of the
    /// turn in `lined` in its lanes.
    ///
    /// Terms that another verb changed just before count: that verb found the order not waiting,
    /// and left the rest to this one.
    pub(super) fn freed(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        lined: TermsNow,
    ) -> Result<(), OtherLife> {
        let terms = life.terms_after_transition()?;
        // If it does not wait any more, the turn may be one whose time has not come.
        if terms.turn != lined.turn && life.is_waiting() {
            self.line_up_as(life, terms)?;
        }
        self.arm(life);
        self.recount(cx, life, terms.service);
        Ok(())
    }

    /// Puts an order into the lanes of its turn, unless it is parked, and marks it as lined up.
    /// Returns the terms by which it was.
    pub(super) fn line_up(&self, life: Live<'_>) -> Result<TermsNow, OtherLife> {
        let terms = life.terms()?;
        self.line_up_as(life, terms)?;
        Ok(terms)
    }

    /// The same, in the turn of these terms.
    pub(super) fn line_up_as(&self, life: Live<'_>, terms: TermsNow) -> Result<(), OtherLife> {
        if !terms.is_parked {
            let hint = Hint::new(life.order, terms.turn);
            self.insert(life.key()?, hint, terms, self.granted(life, terms));
        }
        let mark = |now: TermsNow| {
            (now.turn == terms.turn && !now.is_lined).then_some(TermsNow { is_lined: true, ..now })
        };
        life.change_terms(mark).map(drop)
    }

    /// Puts a waiting order into every lane where it may be grabbed, by its rank.
    pub(super) fn insert(&self, key: Key, hint: Hint, terms: TermsNow, grants: Grants) {
        self.insert_beyond(None, key, hint, terms, grants);
    }

    /// Puts a waiting order into the lanes where it may be grabbed by its terms, but not those
    /// where it was already with so many stages before.
    ///
    /// Once into each, also if several stages widen to one pool: a lane has room for its orders,
    /// not for every way that leads there.
    pub(super) fn insert_beyond(
        &self,
        before: Option<u8>,
        key: Key,
        hint: Hint,
        terms: TermsNow,
        grants: Grants,
    ) {
        let rules = &*self.rules;
        let plain = |stages| plain_lanes(rules, TermsNow { stages, ..terms });
        if grants.is_none() {
            self.insert_among(plain, before, key, hint, terms.stages);
        } else {
            let TermsNow { service, class, .. } = terms;
            let granted = |stages| rules.lanes_granted(service, class, stages, grants);
            self.insert_among(granted, before, key, hint, terms.stages);
        }
    }

    /// The same, of the lanes that go with so many stages.
    fn insert_among<I: Iterator<Item = LaneId>>(
        &self,
        lanes: impl Fn(u8) -> I,
        before: Option<u8>,
        key: Key,
        hint: Hint,
        stages: u8,
    ) {
        let known = |lane| before.is_some_and(|before| lanes(before).any(|known| known == lane));
        for (n, lane) in lanes(stages).enumerate() {
            if lanes(stages).take(n).all(|earlier| earlier != lane) && !known(lane) {
                self.lanes.insert(lane, key, hint, |key, hint| self.is_wanted(key, hint));
            }
        }
    }

    /// Whether an order may be grabbed from one of some lanes, if limits may have granted it
    /// something.
    #[cold]
    #[inline(never)]
    pub(super) fn is_granted(&self, lanes: &Mask, life: Live<'_>, terms: TermsNow) -> bool {
        let (grants, is_one) = (self.granted(life, terms), |lane: LaneId| lanes.contains(lane.0));
        if grants.is_none() {
            return plain_lanes(&self.rules, terms).any(is_one);
        }
        let TermsNow { service, class, stages, .. } = terms;
        self.rules.lanes_granted(service, class, stages, grants).any(is_one)
    }

    /// What has been granted to an order: by limits, and by who handed it on to another pool.
    pub(super) fn granted(&self, life: Live<'_>, terms: TermsNow) -> Grants {
        let grants = self.grants(life);
        if !terms.is_noted {
            return grants;
        }
        // Where it was moved holds for good: it does not matter when that is asked.
        let moved_to = self.sum_of_notes(life.order, Mono(0)).moved.flatten();
        let TermsNow { service, class, .. } = terms;
        // Amended, it may be of a service that does not wait there.
        match moved_to.filter(|&pool| self.rules.lane_in(pool, service, class).is_some()) {
            Some(pool) => grants.moved_into(pool, self.rules.grantable(service)),
            None => grants,
        }
    }

    /// What limits by the calendar have granted to an order.
    #[cfg(not(feature = "calendar"))]
    #[expect(clippy::unused_self, reason = "with the feature `calendar` it is used")]
    pub(super) fn grants(&self, _: Live<'_>) -> Grants {
        Grants::NONE
    }
}
