//! put_back: the owner gives an order back (退单).

use qiangdan_sync::{Phase, Refused};

use super::{Engine, Inner, owner, rank_of};
use crate::{
    Claim, Cx, EventKind, PutBack, PutBackError, State,
    order::{Live, NotYours, OtherLife, TermsNow},
};

impl Engine {
    /// Gives an order one has claimed back to the queue, where `how` says. Its wait goes on with the
    /// time already waited; the time it was held does not count. Doing it twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the claim word. The order is in its lanes again when the
    /// call returns.
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
        let life = inner.life(order).ok_or(PutBackError::from(NotYours::Gone { order }))?;
        let owner = owner(claim.clerk).ok_or(PutBackError::NotOwner { order })?;
        if is_back_already(life, claim) {
            return Ok(());
        }
        let gone = |_| PutBackError::from(NotYours::Gone { order });
        if !inner.begin_return(life, claim, how)? {
            return Ok(());
        }
        // The owner is alone with these until the swap; a cancel in between makes them void, and a new
        // life in the slot does not let them through.
        let tag = life.tag().map_err(gone)?;
        inner.prepare(cx, life, how).map_err(gone)?;
        let to = if matches!(how, PutBack::After { .. }) { Phase::Shut } else { Phase::Open };
        match life.slot.word.try_release(order.generation(), claim.epoch, owner, to) {
            Ok(_) => {}
            Err(Refused::Exhausted) => return Err(PutBackError::Exhausted { order }),
            Err(refused) => return Err(life.not_yours(refused, claim).into()),
        }
        if let Some(record) = inner.clerk(claim.clerk) {
            record.release();
        }
        inner.desk(cx).put_back.add();
        let kind = EventKind::OrderPutBack { epoch: claim.epoch, how };
        inner.tell_as(cx, order, tag, Some(claim.clerk), kind);
        // If the order is over by now, and its slot in another life, there is nothing left to do.
        inner.requeue(cx, life, how).ok();
        Ok(())
    }
}

/// Whether the claim was put back before and nobody has claimed the order since.
fn is_back_already(life: Live<'_>, claim: Claim) -> bool {
    life.seen().is_some_and(|(seen, state)| {
        state == State::Waiting && seen.epoch == claim.epoch && claim.epoch > 0
    })
}

impl Inner {
    /// Lets one call alone go on to put a claim back; `false` if another has begun to.
    fn begin_return(
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
            let next = TermsNow { is_parked: how == PutBack::Park, ..next };
            let begun = life.change_terms(|terms| (terms == seen).then_some(next));
            if begun.map_err(gone)?.0 == seen {
                return Ok(true);
            }
        }
    }

    /// Writes the order's new place while its owner still holds it.
    fn prepare(&self, cx: &mut Cx<'_>, life: Live<'_>, how: PutBack) -> Result<(), OtherLife> {
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
        Ok(())
    }

    /// Puts the order where it goes, now that it is free.
    fn requeue(&self, cx: &Cx<'_>, life: Live<'_>, how: PutBack) -> Result<(), OtherLife> {
        if let PutBack::After { ms } = how {
            self.looks.arm(life.order.slot(), cx.now.mono.plus_ms(ms).0);
            return Ok(());
        }
        self.line_up(life)?;
        self.arm(life);
        Ok(())
    }
}
