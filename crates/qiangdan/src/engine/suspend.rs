//! suspend, take_up: an order is put aside (挂起), and taken up again (恢复办理).
//!
//! The clocks of limits by the calendar know nothing of this: whether a limit stands still is told by
//! `pause` and `resume`, which are verbs of their own.

use qiangdan_sync::{GiveBack, Keep, Onward, Phase, Refused, Suspension};

use super::{Engine, owner, put_back::Back, room::Settled};
use crate::{
    Claim, Cx, EventKind, OrderId, State, SuspendError, TakeUp, TakeUpError, WhileAside,
    order::{NotYours, clerk_of},
};

impl Engine {
    /// Puts an order aside that one has claimed or is serving, for the host's numbered reason. Its
    /// owner may take another meanwhile; the order is kept for them, or for nobody. Doing it twice
    /// is as good as once.
    ///
    /// The time that it is put aside is no waiting. Limits by the calendar run on, unless they are
    /// paused.
    ///
    /// Lock-free: two read-modify-writes; linearizes at the swap of the claim word.
    ///
    /// # Errors
    ///
    /// [`SuspendError`]: the claim is stale, nobody holds the order, it is closed, or it is to be
    /// kept for nobody and has been claimed too often. Nothing has changed.
    pub fn suspend(
        &self,
        cx: &mut Cx<'_>,
        claim: Claim,
        aside: WhileAside,
        reason: u16,
    ) -> Result<(), SuspendError> {
        let inner = &*self.inner;
        let order = claim.order;
        inner.check_session(cx, claim.clerk)?;
        let life = inner.life(order).ok_or(SuspendError::from(NotYours::Gone { order }))?;
        let owner = owner(claim.clerk).ok_or(SuspendError::NotOwner { order })?;
        let keep = match aside {
            WhileAside::KeepOwner => Keep::Owner,
            WhileAside::LetGo => Keep::Nobody,
        };
        // Read first: once it is let go, it may be over at any time.
        let tag = life.tag().unwrap_or(0);
        // What is put aside already has no room to give back.
        let holds = life.owned_by(claim).is_ok_and(|seen| seen.phase != Phase::Suspended);
        let settled = if holds { inner.settle_for_now(life, claim.epoch) } else { Settled::Others };
        match life.slot.word.try_suspend(order.generation(), claim.epoch, owner, keep) {
            Ok(Suspension::Now(_)) => {
                let kind = EventKind::OrderSuspended { epoch: claim.epoch, reason, aside };
                inner.tell_as(cx, order, tag, Some(claim.clerk), kind, |_| ());
                inner.give_room(cx, claim.clerk, settled);
                Ok(())
            }
            Ok(Suspension::Already) => {
                inner.give_room_late(cx, claim.clerk, settled);
                Ok(())
            }
            Err(Refused::Exhausted) => {
                // It goes on.
                if let Settled::Ours(charge) = settled {
                    inner.charge_again(cx, claim, charge);
                }
                Err(SuspendError::Exhausted { order })
            }
            Err(refused) => {
                inner.give_room_late(cx, claim.clerk, settled);
                Err(life.not_yours(refused, claim).into())
            }
        }
    }

    /// Takes an order up again that was put aside: with the clerk it was kept for, who is serving
    /// it then, or in the queue. One that is not put aside, but waits, is offered or held, stays as
    /// it is.
    ///
    /// For whoever learns that it can go on; needs no claim. Of two calls at once that say different
    /// things the one to the queue has the last word.
    ///
    /// Lock-free. With its owner: two read-modify-writes, linearizes at the swap of the claim word.
    /// In the queue as [`Engine::put_back`], and told of as that; any grab that meets the order on
    /// its way makes the swap in this call's place.
    ///
    /// # Errors
    ///
    /// [`TakeUpError`]: it was kept for nobody, its owner is not ready or holds as many as they
    /// may, it is scheduled or closed. Nothing has changed.
    pub fn take_up(&self, cx: &mut Cx<'_>, order: OrderId, how: TakeUp) -> Result<(), TakeUpError> {
        match how {
            TakeUp::WithOwner => self.take_up_with_owner(cx, order),
            TakeUp::InQueue(how) => {
                let inner = &*self.inner;
                let gone = NotYours::Gone { order };
                let life = inner.life(order).ok_or(TakeUpError::from(gone))?;
                let back = Back { how, from: GiveBack::Owned, bears: false };
                let begun = inner.begin_return(life, back, |life, _| {
                    let (seen, state) = life.seen().ok_or(InsteadOfUp::Refused(gone.into()))?;
                    up_from(order, state)?;
                    Ok(seen)
                });
                match begun {
                    Ok(None) | Err(InsteadOfUp::Nothing) => Ok(()),
                    Ok(Some((seen, _))) => Ok(inner.go_back(cx, life, seen, back)?),
                    Err(InsteadOfUp::Refused(refused)) => Err(refused),
                }
            }
        }
    }

    fn take_up_with_owner(&self, cx: &mut Cx<'_>, order: OrderId) -> Result<(), TakeUpError> {
        let inner = &*self.inner;
        let gone = TakeUpError::from(NotYours::Gone { order });
        let life = inner.life(order).ok_or(gone)?;
        let terms = life.terms().map_err(|_| gone)?;
        let (seen, state) = life.seen().ok_or(gone)?;
        match up_from(order, state) {
            Ok(()) => {}
            Err(InsteadOfUp::Nothing) => return Ok(()),
            Err(InsteadOfUp::Refused(refused)) => return Err(refused),
        }
        // It is on its way to the queue.
        if terms.is_going_back(seen) {
            return Ok(());
        }
        let clerk = clerk_of(seen).ok_or(TakeUpError::NobodyKept { order })?;
        let record = inner.clerk(clerk).ok_or(TakeUpError::NobodyKept { order })?;
        let charge = inner.charge_for(life).ok_or(gone)?;
        let is_reserved = charge
            .map_or_else(|| record.reserve(clerk).is_ok(), |charge| record.reserve_for(charge));
        if !is_reserved {
            return Err(if record.post().is_ready() {
                TakeUpError::OwnerAtLimit { order, clerk }
            } else {
                TakeUpError::OwnerNotReady { order, clerk }
            });
        }
        match life.slot.word.try_resume(order.generation(), seen.epoch, Onward::Active) {
            Ok(_) => {
                if let Some(charge) = charge {
                    inner.charge_again(cx, Claim { order, clerk, epoch: seen.epoch }, charge);
                }
                let kind = EventKind::OrderTakenUp { epoch: seen.epoch };
                inner.tell(cx, life, Some(clerk), kind);
                #[cfg(feature = "calendar")]
                if inner.promises.is_some() {
                    inner.note_started(life, cx.now);
                }
                Ok(())
            }
            Err(_) => {
                let ours = charge.map_or(Settled::Plain, Settled::Ours);
                inner.give_room(cx, clerk, ours);
                // Somebody was faster; what they made of it says what to answer.
                let (_, state) = life.seen().ok_or(gone)?;
                match up_from(order, state) {
                    Ok(()) | Err(InsteadOfUp::Nothing) => Ok(()),
                    Err(InsteadOfUp::Refused(refused)) => Err(refused),
                }
            }
        }
    }
}

/// What comes of taking up an order that is not put aside.
enum InsteadOfUp {
    /// It has gone on already.
    Nothing,
    Refused(TakeUpError),
}

impl<T: Into<TakeUpError>> From<T> for InsteadOfUp {
    fn from(refused: T) -> Self {
        Self::Refused(refused.into())
    }
}

/// Whether an order can be taken up in this state.
fn up_from(order: OrderId, state: State) -> Result<(), InsteadOfUp> {
    match state {
        State::Suspended => Ok(()),
        State::Waiting | State::Offered | State::Claimed | State::Serving => {
            Err(InsteadOfUp::Nothing)
        }
        State::Scheduled | State::Closed => {
            Err(InsteadOfUp::Refused(TakeUpError::WrongState { order, state }))
        }
    }
}
