//! put_back: the owner gives an order back (退单).

use std::sync::atomic::Ordering::Relaxed;

use qiangdan_sync::{Phase, Refused};

use super::{Engine, Inner, owner, rank_of};
use crate::{
    Claim, Cx, EventKind, PutBack, PutBackError, State,
    order::{Live, NotYours, OtherLife, TermsNow},
    pool::Hint,
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
        if life.owned_by(claim)?.epoch == u16::MAX {
            return Err(PutBackError::Exhausted { order });
        }
        let gone = |_| PutBackError::from(NotYours::Gone { order });
        // The owner is alone with these until the swap; a cancel in between makes them void, and a new
        // life in the slot does not let them through.
        let terms = inner.prepare(cx, life, how).map_err(gone)?;
        let to = if matches!(how, PutBack::After { .. }) { Phase::Shut } else { Phase::Open };
        match life.slot.word.try_release(order.generation(), claim.epoch, owner, to) {
            Ok(_) => {}
            Err(Refused::Exhausted) => return Err(PutBackError::Exhausted { order }),
            Err(refused) => return Err(life.not_yours(refused, claim).into()),
        }
        inner.requeue(cx, life, terms, how).map_err(gone)?;
        if let Some(record) = inner.clerk(claim.clerk) {
            record.release();
        }
        inner.counters.put_back(order.slot());
        let kind = EventKind::OrderPutBack { epoch: claim.epoch, how };
        inner.tell(cx, life, Some(claim.clerk), kind);
        Ok(())
    }
}

/// The tie of an order that goes behind its equals: the number the next event will have.
fn next_tie(inner: &Inner) -> u64 {
    // Ordering: Relaxed. Compared with other ties only; guards no data.
    inner.seq.load(Relaxed)
}

/// Whether the claim was put back before and nobody has claimed the order since.
fn is_back_already(life: Live<'_>, claim: Claim) -> bool {
    life.seen().is_some_and(|(seen, state)| {
        state == State::Waiting && seen.epoch == claim.epoch && claim.epoch > 0
    })
}

impl Inner {
    /// Writes the order's new place while its owner still holds it.
    fn prepare(&self, cx: &Cx<'_>, life: Live<'_>, how: PutBack) -> Result<TermsNow, OtherLife> {
        let now = cx.now.mono;
        let held_ms = now.since_ms(life.moment()?);
        let away_ms = if let PutBack::After { ms } = how { ms } else { 0 };
        life.shift_since_ms(held_ms.saturating_add(away_ms))?;
        match how {
            PutBack::KeepPlace | PutBack::Park => {}
            // While an order is scheduled, `moment` is when it is to be activated.
            PutBack::After { ms } => life.set_moment(now.plus_ms(ms))?,
            PutBack::BackOfLine => {
                life.set_rank_ms(rank_of(now))?;
                life.set_tie(next_tie(self))?;
            }
            PutBack::HeadStart { ms } => {
                life.set_rank_ms(rank_of(now).saturating_sub(ms))?;
                life.set_tie(next_tie(self))?;
            }
        }
        let (_, after) = life.change_terms(|terms| {
            let terms = terms.next_turn();
            Some(if how == PutBack::Park { terms.parked() } else { terms.unparked() })
        })?;
        Ok(after)
    }

    /// Puts the order where it goes, now that it is free.
    fn requeue(
        &self,
        cx: &Cx<'_>,
        life: Live<'_>,
        terms: TermsNow,
        how: PutBack,
    ) -> Result<(), OtherLife> {
        match how {
            PutBack::Park => {}
            PutBack::After { ms } => {
                self.looks.arm(life.order.slot(), cx.now.mono.plus_ms(ms).0);
                return Ok(());
            }
            _ => {
                let hint = Hint::new(life.order, terms.turn);
                self.insert(life.key()?, hint, terms.service, terms.class, terms.stages);
            }
        }
        self.arm(life);
        Ok(())
    }
}
