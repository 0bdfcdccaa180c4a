//! transfer: an order is handed on to others (转办).

use qiangdan_sync::{GiveBack, Reserve};

use super::{Engine, Inner, notes::NotNoted, put_back::Back};
use crate::{
    Claim, Cx, EventKind, Note, PoolId, PutBack, Says, ServiceId, Transfer, TransferError,
    order::{Live, NotYours, TermsNow},
};

impl Engine {
    /// Hands an order on that one has claimed, is serving or has put aside. It keeps its age: it
    /// goes where its rank says among those that wait there. That it was handed on is counted.
    ///
    /// Never refused because many wait there (E28). Told of as a put_back, and as a hand-over.
    ///
    /// Lock-free; linearizes and costs as [`Engine::put_back`].
    ///
    /// # Errors
    ///
    /// [`TransferError`]: the claim is stale, nobody holds the order, it is closed, has been
    /// claimed too often; its service is not handed on to that pool; there is no room to note it.
    /// Nothing has changed.
    pub fn transfer(
        &self,
        cx: &mut Cx<'_>,
        claim: Claim,
        to: Transfer,
    ) -> Result<(), TransferError> {
        let inner = &*self.inner;
        let (order, epoch, clerk) = (claim.order, claim.epoch, claim.clerk);
        let gone = || TransferError::from(NotYours::Gone { order });
        inner.check_session(cx, claim.clerk)?;
        let life = inner.life(order).ok_or_else(gone)?;
        let back = Back { how: PutBack::KeepPlace, from: GiveBack::Owned, bears: true };
        let begun = inner.begin_return(life, back, |life, terms| {
            let seen = life.owned_by(claim)?;
            inner.may_hand_on(terms.service, to, order)?;
            inner.has_room_for_notes(order)?;
            Ok::<_, TransferError>(seen)
        })?;
        let Some((seen, terms)) = begun else { return Err(TransferError::Stale { order, epoch }) };
        let now = cx.now.mono;
        let note = |says| inner.note(order, &[Note::new(now, says)], Reserve::Use);
        let (Transfer::Pool(pool), own) = (to, inner.own_pool(terms.service));
        let before = inner.sum_of_notes(order, now).moved.flatten();
        let moved = Says::Moved { pool: Some(pool).filter(|_| own != Some(pool)) };
        if let Err(refused) = note(moved) {
            inner.give_ticket_up(life, seen.epoch).map_err(|_| gone())?;
            life.owned_by(claim)?;
            return Err(no_room(order, refused));
        }
        let tag = life.tag().unwrap_or(0);
        if let Err(refused) = inner.go_back(cx, life, seen, back) {
            // Its owner has let go of it first, or it is over.
            note(Says::Moved { pool: before }).ok();
            return Err(refused.into());
        }
        note(Says::HandedOn { clerk }).ok();
        let kind = EventKind::OrderHandedOn { epoch, to };
        inner.tell_as(cx, order, tag, Some(clerk), kind, |_| ());
        Ok(())
    }
}

fn no_room(order: crate::OrderId, refused: NotNoted) -> TransferError {
    match refused {
        NotNoted::NoRoom { notes } => TransferError::NoRoom { order, notes },
        NotNoted::Over | NotNoted::Changed => NotYours::Gone { order }.into(),
    }
}

impl Inner {
    /// Whether orders of a service may be handed on there.
    fn may_hand_on(
        &self,
        service: ServiceId,
        to: Transfer,
        order: crate::OrderId,
    ) -> Result<(), TransferError> {
        let Transfer::Pool(pool) = to;
        let is_own = |pool: PoolId| self.own_pool(service) == Some(pool);
        let handling = self.rules.handling(service);
        let is_named = handling.is_some_and(|handling| handling.hands_to.contains(&pool));
        if is_named || is_own(pool) { Ok(()) } else { Err(TransferError::NotThere { order, pool }) }
    }

    /// Where orders of a service wait.
    fn own_pool(&self, service: ServiceId) -> Option<PoolId> {
        self.rules.service(service).map(|rule| rule.pool)
    }

    /// Whether there seems to be room for the notes of a transfer.
    fn has_room_for_notes(&self, order: crate::OrderId) -> Result<(), TransferError> {
        let (used, notes) = self.notes.as_ref().map_or((0, 0), super::notes::NoteBook::room);
        let is_enough = used.saturating_add(2) <= notes;
        if is_enough { Ok(()) } else { Err(TransferError::NoRoom { order, notes }) }
    }

    /// Gives a ticket up that was taken a moment ago: the last room for notes has just gone.
    fn give_ticket_up(&self, life: Live<'_>, epoch: u16) -> Result<(), crate::order::OtherLife> {
        let undo = |terms: TermsNow| Some(terms.next_turn().returned(epoch.wrapping_add(1)));
        life.change_terms(undo).map(|_| ())
    }
}
