//! recall, no_show, renew: an order is in hand, but not begun; and what happens if that lasts too long.

use qiangdan_sync::{GiveBack, Phase, Reserve, Seen};

use super::{
    Engine, Inner,
    notes::NotNoted,
    owner,
    put_back::{Back, NotBack},
};
use crate::{
    Claim, Cx, EventKind, Mono, NoShow, NoShowError, Note, Outcome, PutBack, RecallError,
    RenewError, Says, ServiceId, State,
    order::{Holder, Live, NotYours, TermsNow, end_of},
};

impl Engine {
    /// Calls the person again whose order one has claimed (重呼); returns for the how-manieth time.
    ///
    /// Lock-free: about four read-modify-writes. Of two calls at once, each counts, and each keeps
    /// the gap.
    ///
    /// # Errors
    ///
    /// [`RecallError`]: the claim is stale, nobody holds the order, it is being served or put aside or
    /// closed; it is too soon or was too often, by the service's rule; there is no room to note it.
    /// Nothing has changed.
    pub fn recall(&self, cx: &mut Cx<'_>, claim: Claim) -> Result<u32, RecallError> {
        let inner = &*self.inner;
        let order = claim.order;
        let gone = || RecallError::from(NotYours::Gone { order });
        inner.check_session(cx, claim.clerk)?;
        let life = inner.life(order).ok_or_else(gone)?;
        let now = cx.now.mono;
        loop {
            let read = inner.read_notes(order);
            held_by(life, claim)?;
            let service = life.terms().map_err(|_| gone())?.service;
            let rule = inner.rules.handling(service).map(|all| all.recall).unwrap_or_default();
            let grabbed = life.moment().map_err(|_| gone())?;
            let (recalls, last) = (read.notes.recalls(), read.notes.last_recall());
            if recalls >= rule.most {
                return Err(RecallError::TooOften { order, most: rule.most });
            }
            // A put_back that has begun may have set the moment when the order is to wait again.
            let grabbed = Some(grabbed).filter(|&grabbed| grabbed <= now);
            let again = last.max(grabbed).map(|call| call.plus_ms(rule.gap_ms));
            if let Some(again) = again.filter(|&again| now < again) {
                return Err(RecallError::TooSoon { order, again });
            }
            let note = Note::new(now, Says::Recalled { clerk: claim.clerk });
            match inner.note_as_read(order, &read, &[note], Reserve::Keep) {
                Ok(()) => {
                    let count = recalls + 1;
                    let kind = EventKind::OrderRecalled { epoch: claim.epoch, count };
                    inner.tell(cx, life, Some(claim.clerk), kind);
                    return Ok(count);
                }
                Err(NotNoted::Changed) => {}
                Err(NotNoted::NoRoom { notes }) => {
                    return Err(RecallError::NoRoom { order, notes });
                }
                Err(NotNoted::Over) => {
                    held_by(life, claim)?;
                    return Err(gone());
                }
            }
        }
    }

    /// The person whose order one has claimed does not come (过号): it is closed, or goes back to the
    /// queue, as the service's rule says.
    ///
    /// Costs and linearizes as [`Engine::complete`] or [`Engine::put_back`]. Against a start of the
    /// same claim, whoever swaps the claim word first wins.
    ///
    /// # Errors
    ///
    /// [`NoShowError`]: the claim is stale, nobody holds the order, it is being served or put aside or
    /// closed. Nothing has changed.
    pub fn no_show(&self, cx: &mut Cx<'_>, claim: Claim) -> Result<(), NoShowError> {
        let inner = &*self.inner;
        let (order, epoch) = (claim.order, claim.epoch);
        let gone = || NoShowError::from(NotYours::Gone { order });
        inner.check_session(cx, claim.clerk)?;
        let life = inner.life(order).ok_or_else(gone)?;
        let service = life.terms().map_err(|_| gone())?.service;
        match inner.rules.handling(service).map(|all| all.no_show).unwrap_or_default() {
            NoShow::Close => {
                let owner = owner(claim.clerk).ok_or(NoShowError::NotOwner { order })?;
                let (word, end) = (&life.slot.word, end_of(Outcome::NoShow));
                match word.try_finish_held(order.generation(), epoch, owner, end) {
                    Ok(()) => {
                        let holder = Holder::Holds(claim.clerk);
                        inner.close(cx, life, holder, epoch, Outcome::NoShow);
                        Ok(())
                    }
                    Err(refused) => Err(life.not_yours(refused, claim).into()),
                }
            }
            NoShow::PutBack(how) => {
                let back = Back { how, from: GiveBack::IfHeld, bears: false };
                let begun = inner.begin_return(life, back, |life, _| {
                    held_by(life, claim).map_err(NoShowError::from)
                })?;
                let Some((seen, _)) = begun else {
                    // Another verb has begun to end the claim.
                    return Err(NoShowError::Stale { order, epoch });
                };
                let tag = life.tag().unwrap_or(0);
                inner.go_back(cx, life, seen, back)?;
                let kind = EventKind::PersonAbsent { epoch };
                inner.tell_as(cx, order, tag, Some(claim.clerk), kind, |_| ());
                Ok(())
            }
        }
    }

    /// Says that one still has an order in hand: a claim that must be started in time gets as long
    /// again, from now on; returns until when. Of an order that is being served or is kept for one,
    /// it tells only that its owner is there (again).
    ///
    /// Lock-free: about four read-modify-writes; linearizes at the swap of the order's terms, or
    /// without a limit at the load of the claim word.
    ///
    /// # Errors
    ///
    /// [`RenewError`]: the claim is stale, nobody holds the order, it is closed; there is no room
    /// to note it. Nothing has changed.
    pub fn renew(&self, cx: &mut Cx<'_>, claim: Claim) -> Result<Option<Mono>, RenewError> {
        let inner = &*self.inner;
        let (order, epoch) = (claim.order, claim.epoch);
        let gone = || RenewError::from(NotYours::Gone { order });
        inner.check_session(cx, claim.clerk)?;
        let life = inner.life(order).ok_or_else(gone)?;
        let terms = life.terms().map_err(|_| gone())?;
        let seen = life.owned_by(claim)?;
        let within = inner.rules.handling(terms.service).and_then(|all| all.start_within_ms);
        let mut until =
            within.filter(|_| seen.phase == Phase::Held).map(|ms| cx.now.mono.plus_ms(ms));
        if let Some(instant) = until {
            let note = Note::new(cx.now.mono, Says::Renewed { epoch, until: instant });
            match inner.note(order, &[note], Reserve::Keep) {
                Ok(()) => {}
                Err(NotNoted::NoRoom { notes }) => return Err(RenewError::NoRoom { order, notes }),
                Err(NotNoted::Over | NotNoted::Changed) => {
                    life.owned_by(claim)?;
                    return Err(gone());
                }
            }
            // A look that has read the notes before does not take the order away after this.
            // (A claim that ends needs a change of the terms before the order waits.)
            let mut is_in_time = false;
            let next = |now: TermsNow| {
                is_in_time = held_by(life, claim).is_ok_and(|seen| !now.is_going_back(seen));
                is_in_time.then(|| now.next_turn())
            };
            life.change_terms(next).map_err(|_| gone())?;
            if is_in_time {
                inner.looks.arm(order.slot(), instant.0);
            } else if life.owned_by(claim)?.phase == Phase::Held {
                return Err(RenewError::Stale { order, epoch });
            } else {
                // Its owner has begun, or put it aside.
                until = None;
            }
        }
        inner.tell(cx, life, Some(claim.clerk), EventKind::ClaimRenewed { epoch, until });
        Ok(until)
    }
}

/// Checks that `claim` is the latest on its order, and that its owner has not begun.
fn held_by(life: Live<'_>, claim: Claim) -> Result<Seen, NotYours> {
    let seen = life.owned_by(claim)?;
    match State::of(seen.phase) {
        Some(State::Claimed) => Ok(seen),
        Some(state) => Err(NotYours::WrongState { order: claim.order, state }),
        None => Err(NotYours::Gone { order: claim.order }),
    }
}

/// Why a claim does not lapse.
enum NotLapsed {
    /// It is not claimed, or need not be started in time.
    Never,
    /// Not before this.
    Before(Mono),
}

impl From<NotYours> for NotLapsed {
    fn from(_: NotYours) -> Self {
        Self::Never
    }
}

impl From<NotBack> for NotLapsed {
    fn from(_: NotBack) -> Self {
        Self::Never
    }
}

impl Inner {
    /// Gives a claim back that should have been started by `armed`. Returns when to look next.
    pub(super) fn lapse_claim(&self, cx: &mut Cx<'_>, life: Live<'_>, armed: Mono) -> Option<Mono> {
        let back = Back { how: PutBack::KeepPlace, from: GiveBack::IfHeld, bears: false };
        let mut due = armed;
        let lapsed = |life: Live<'_>, terms: TermsNow| {
            let (seen, state) = life.seen().ok_or(NotLapsed::Never)?;
            due = self.start_by(life, terms.service, seen, armed).ok_or(NotLapsed::Never)?;
            match state {
                State::Claimed if due <= armed => Ok(seen),
                State::Claimed => Err(NotLapsed::Before(due)),
                _ => Err(NotLapsed::Never),
            }
        };
        let seen = match self.begin_return(life, back, lapsed) {
            Ok(Some((seen, _))) => seen,
            Ok(None) | Err(NotLapsed::Never) => return None,
            Err(NotLapsed::Before(due)) => return Some(due),
        };
        let (epoch, tag) = (seen.epoch, life.tag().ok()?);
        let clerk = crate::order::clerk_of(seen);
        self.go_back(cx, life, seen, back).ok()?;
        self.tell_as(cx, life.order, tag, clerk, EventKind::ClaimLapsed { epoch, due }, |_| ());
        self.next_due(life)
    }

    /// Gives a claim back to its place for an owner who is lost, if they have not begun. If not, it is
    /// over, or back already.
    pub(super) fn give_back_for(&self, cx: &mut Cx<'_>, life: Live<'_>, claim: Claim) {
        let back = Back { how: PutBack::KeepPlace, from: GiveBack::IfHeld, bears: false };
        let begun =
            self.begin_return(life, back, |life, _| held_by(life, claim).map_err(NotLapsed::from));
        if let Ok(Some((seen, _))) = begun {
            self.go_back(cx, life, seen, back).ok();
        }
    }

    /// Sees to it that a claim is looked at when it should have been started, if its service is another
    /// now.
    pub(super) fn arm_lapse(&self, life: Live<'_>, service: ServiceId, now: Mono) {
        let by = life.seen().and_then(|(seen, _)| self.start_by(life, service, seen, now));
        if let Some(by) = by {
            self.looks.arm(life.order.slot(), by.0);
        }
    }

    /// By when a claim must be started, if it must.
    fn start_by(
        &self,
        life: Live<'_>,
        service: ServiceId,
        seen: Seen,
        armed: Mono,
    ) -> Option<Mono> {
        let within_ms = self.rules.handling(service)?.start_within_ms?;
        let renewed = self.sum_of_notes(life.order, armed).renewed;
        match renewed.filter(|&(epoch, _)| epoch == seen.epoch) {
            Some((_, until)) => Some(until),
            None => Some(life.grabbed(armed, seen.epoch).ok()?.plus_ms(within_ms)),
        }
    }
}
