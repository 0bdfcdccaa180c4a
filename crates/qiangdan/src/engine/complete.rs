//! complete: an order is over, because its owner says so.

use super::{Engine, Inner, owner};
use crate::{
    Claim, ClerkId, CompleteError, Cx, EventKind, Outcome,
    order::{Holder, Live, NotYours, closed_by, end_of},
};

impl Engine {
    /// Closes an order one has claimed, with an outcome. A start that was not told is implied.
    /// Saying the same twice is as good as once; only if the outcome has a number and the first
    /// call is still under way, the second may be told that the order is closed.
    ///
    /// Lock-free: three read-modify-writes, of the claim word, the clerk's count and the slab.
    /// Linearizes at the swap of the claim word.
    ///
    /// # Errors
    ///
    /// [`CompleteError`]: the claim is stale, nobody holds the order, or it was closed another way.
    /// Nothing has changed.
    pub fn complete(
        &self,
        cx: &mut Cx<'_>,
        claim: Claim,
        outcome: Outcome,
    ) -> Result<(), CompleteError> {
        let order = claim.order;
        self.inner.check_session(cx, claim.clerk)?;
        let life = self.inner.life(order).ok_or(CompleteError::from(NotYours::Gone { order }))?;
        let owner = owner(claim.clerk).ok_or(CompleteError::NotOwner { order })?;
        match life.slot.word.try_finish(order.generation(), claim.epoch, owner, end_of(outcome)) {
            Ok(phase) => {
                let holder = Holder::in_phase(phase, claim.clerk);
                self.inner.close(cx, life, holder, claim.epoch, outcome);
                Ok(())
            }
            Err(refused) => {
                let is_repeat = life.seen().is_some_and(|(seen, _)| closed_by(seen, claim))
                    && life.outcome() == Some(outcome);
                if is_repeat { Ok(()) } else { Err(life.not_yours(refused, claim).into()) }
            }
        }
    }
}

impl Inner {
    /// Everything that follows from a swap that closed an order; `holder` is who held it, or for
    /// whom it was kept.
    pub(super) fn close(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        holder: Holder,
        epoch: u16,
        outcome: Outcome,
    ) {
        #[cfg(feature = "calendar")]
        if self.promises.is_some() {
            return self.close_listed(cx, life, (holder, epoch), outcome, cx.now.wall);
        }
        let (order, tag) = (life.order, life.tag().unwrap_or(0));
        let service = life.terms().map(|terms| terms.service);
        let follows = self.write_end(cx, life, (holder, epoch), outcome);
        self.give_slot(order);
        let kind = EventKind::OrderClosed { outcome, epoch };
        self.tell_as(cx, order, tag, holder.clerk(), kind, |desk| desk.closed.add());
        if let Ok(service) = service {
            self.recount(cx, life, service);
        }
        if let Some(clerk) = follows {
            self.follow_close(cx, clerk, outcome);
        }
    }

    /// Writes down how an order ended. Only the closer writes these, and the slot is not given back
    /// before they are written: no other life can have begun. The holder, if something follows for
    /// them.
    #[inline]
    pub(super) fn write_end(
        &self,
        cx: &Cx<'_>,
        life: Live<'_>,
        (holder, epoch): (Holder, u16),
        outcome: Outcome,
    ) -> Option<ClerkId> {
        if self.has_key(life.order.slot()) {
            life.set_moment(cx.now.mono).ok();
        }
        life.note_number(outcome).ok();
        holder.clerk().filter(|_| self.release_closed(life, holder, epoch))
    }
}
