//! put_back: the owner gives an order back (退单).

use qiangdan_sync::{Phase, Refused};

use super::{Engine, Inner, owner, rank_of, room::Settled};
use crate::{
    Claim, ClerkId, Cx, EventKind, PutBack, PutBackError, State,
    order::{Live, NotYours, OtherLife, TermsNow},
};

impl Engine {
    /// Gives an order one has claimed back to the queue, where `how` says. Its wait goes on with the
    /// time already waited; the time it was held does not count. Doing it twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the claim word, which is made by this call or by a grab that
    /// meets the order on its way: no thread that is interrupted here keeps the order from the others.
    /// If it is another's, the event comes from there, and names the same place as a head start; and if
    /// the order is over and its slot filled again before this call goes on, the answer is `Gone`.
    ///
    /// # Errors
    ///
    /// [`PutBackError`]: the claim is stale, nobody holds the order, it is closed, or it has been
    /// claimed too often. Nothing has changed.
    pub fn put_back(
        &self,
        cx: &mut Cx<'_>,
        claim: Claim,
        how: PutBack,
    ) -> Result<(), PutBackError> {
        let inner = &*self.inner;
        let order = claim.order;
        inner.check_session(cx, claim.clerk)?;
        let life = inner.life(order).ok_or(PutBackError::from(NotYours::Gone { order }))?;
        let mut within = None;
        if inner.rules.staff().grab.give_backs.is_some() {
            if is_back_already(life, claim) {
                return Ok(());
            }
            life.owned_by(claim)?;
            within = inner.count_give_back(cx, claim)?;
        }
        let given = inner.give_back(cx, life, claim, how);
        if !matches!(given, Ok(true)) {
            inner.uncount_give_back(claim.clerk, within);
        }
        given.map(drop)
    }
}

/// Whether a claim that was announced to go back, and is no longer held, was released and not closed:
/// a release leaves no owner, a close leaves the last.
fn was_released(life: Live<'_>, claim: Claim) -> bool {
    life.seen().is_some_and(|(seen, _)| {
        seen.epoch > claim.epoch || seen.epoch == claim.epoch && seen.owner.is_none()
    })
}

/// Whether the claim was put back before and nobody has claimed the order since.
fn is_back_already(life: Live<'_>, claim: Claim) -> bool {
    life.seen().is_some_and(|(seen, state)| {
        state == State::Waiting && seen.epoch == claim.epoch && claim.epoch > 0
    })
}

impl Inner {
    /// Gives a claim back, by its owner or in their place. Whether this call has.
    pub(super) fn give_back(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        claim: Claim,
        how: PutBack,
    ) -> Result<bool, PutBackError> {
        let order = claim.order;
        let owner = owner(claim.clerk).ok_or(PutBackError::NotOwner { order })?;
        if is_back_already(life, claim) {
            return Ok(false);
        }
        let gone = |_| PutBackError::from(NotYours::Gone { order });
        if !self.begin_return(life, claim, how)? {
            return Ok(false);
        }
        // The owner is alone with these until the entries are in; a cancel in between makes them void,
        // and a new life in the slot does not let them through.
        let tag = life.tag().map_err(gone)?;
        let lined = self.prepare(cx, life, how).map_err(gone)?;
        let to = if matches!(how, PutBack::After { .. }) { Phase::Shut } else { Phase::Open };
        // Nobody grabs it before the room of this claim is out of the books.
        let settled = self.settle_room(life, claim.epoch);
        if let Err(refused) = life.slot.word.try_release(order.generation(), claim.epoch, owner, to)
        {
            self.give_room_late(cx, claim.clerk, settled);
            return match refused {
                // Somebody who met the entries has made the swap in our place, with all that follows.
                _ if was_released(life, claim) => Ok(true),
                Refused::Exhausted => Err(PutBackError::Exhausted { order }),
                refused => Err(life.not_yours(refused, claim).into()),
            };
        }
        self.returned(cx, life, tag, claim.clerk, claim.epoch, how, settled);
        // If the order is over by now, and its slot in another life, there is nothing left to do.
        if let PutBack::After { ms } = how {
            self.looks.arm(order.slot(), cx.now.mono.plus_ms(ms).0);
        } else {
            self.freed(cx, life, lined).ok();
        }
        Ok(true)
    }

    /// Lets one call alone go on to put a claim back; `false` if another has begun to.
    pub(super) fn begin_return(
        &self,
        life: Live<'_>,
        claim: Claim,
        how: PutBack,
    ) -> Result<bool, PutBackError> {
        let (order, epoch) = (claim.order, claim.epoch);
        let gone = |_| PutBackError::from(NotYours::Gone { order });
        loop {
            // The terms are read first: if they are the same at the swap, nobody has put the claim
            // back since it was found to be held.
            let seen = life.terms().map_err(gone)?;
            if life.owned_by(claim)?.epoch == u16::MAX {
                return Err(PutBackError::Exhausted { order });
            }
            if seen.is_returned(epoch) {
                return Ok(false);
            }
            let next = seen.next_turn().returned(epoch);
            let is_place_kept = matches!(how, PutBack::KeepPlace | PutBack::Park);
            let next = TermsNow { is_parked: how == PutBack::Park, is_place_kept, ..next };
            let begun = life.change_terms(|terms| (terms == seen).then_some(next));
            if begun.map_err(gone)?.0 == seen {
                return Ok(true);
            }
        }
    }

    /// Writes the order's new place while its owner still holds it, and lines it up there; who meets
    /// the entries takes them as the owner's word that the order is free.
    pub(super) fn prepare(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        how: PutBack,
    ) -> Result<TermsNow, OtherLife> {
        let (now, grabbed) = (cx.now.mono, life.moment()?);
        let held_ms = now.since_ms(grabbed);
        let away_ms = if let PutBack::After { ms } = how { ms } else { 0 };
        life.shift_since_ms(held_ms.saturating_add(away_ms))?;
        match how {
            PutBack::KeepPlace | PutBack::Park => {}
            // While an order is scheduled, `moment` is when it is to be activated.
            PutBack::After { ms } => life.move_moment(grabbed, now.plus_ms(ms))?,
            PutBack::BackOfLine => {
                life.set_rank_ms(rank_of(now))?;
                life.set_tie(self.next_tie(cx))?;
            }
            PutBack::HeadStart { ms } => {
                life.set_rank_ms(rank_of(now).saturating_sub(ms))?;
                life.set_tie(self.next_tie(cx))?;
            }
        }
        if let PutBack::After { .. } = how { life.terms() } else { self.line_up(life) }
    }

    /// What follows from a swap that gave an order back, whose claim was settled before.
    #[expect(clippy::too_many_arguments, reason = "all that is known of the claim that ended")]
    pub(super) fn returned(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        tag: u64,
        clerk: ClerkId,
        epoch: u16,
        how: PutBack,
        settled: Settled,
    ) {
        let kind = EventKind::OrderPutBack { epoch, how };
        self.tell_as(cx, life.order, tag, Some(clerk), kind, |desk| desk.put_back.add());
        self.give_room(cx, clerk, settled);
    }
}
