//! How a clerk's room is taken and given back, and what follows from a release.
//!
//! In a plain hall each order takes one unit, and whoever wins the swap that ends a claim gives it
//! back. Where services cost different, what a claim took is written down (`Charges`), and
//! whoever *settles* the claim there gives back what it says: that is done before a swap that frees
//! the order, or after one that closes it. Both go through here.

use qiangdan_sync::{GiveBack, Phase, Seen};

use super::{Inner, owner};
use crate::{
    Choice, Claim, ClerkId, Cx, GrabError, Grabbed, Outcome, Session,
    clerk::{Charge, Clerk, Post, Room},
    error::OldSession,
    order::{Holder, Live, clerk_of},
    pool::Head,
};

/// What was taken out of the books for a claim that ends.
#[derive(Clone, Copy, Debug)]
#[must_use = "give it back"]
pub(super) enum Settled {
    /// Nothing is written down: whoever ends the claim gives back one unit.
    Plain,
    /// This is to be given back by who settled it, whoever ends the claim.
    Ours(Charge),
    /// Another has settled it.
    Others,
}

impl Inner {
    /// Refuses a call of an earlier session of a clerk.
    #[inline]
    pub(super) fn check_session(&self, cx: &Cx<'_>, clerk: ClerkId) -> Result<(), OldSession> {
        match cx.session {
            None => Ok(()),
            Some(session) => self.compare_sessions(clerk, session),
        }
    }

    #[cold]
    fn compare_sessions(&self, clerk: ClerkId, said: Session) -> Result<(), OldSession> {
        let session = self.clerk(clerk).map_or(said, |record| record.post().session());
        if session == said { Ok(()) } else { Err(OldSession { clerk, session }) }
    }

    /// Takes what a claim holds of its clerk's room out of the books. Before the swap that frees
    /// the order, by one who is sure that the claim ends.
    #[inline]
    pub(super) fn settle_room(&self, life: Live<'_>, epoch: u16) -> Settled {
        match &self.charges {
            None => Settled::Plain,
            Some(charges) => {
                charges.settle(life.order, epoch).map_or(Settled::Others, Settled::Ours)
            }
        }
    }

    /// Gives back the room of a claim, by who has ended it.
    #[inline]
    pub(super) fn give_room(&self, cx: &mut Cx<'_>, clerk: ClerkId, settled: Settled) {
        let Some(record) = self.clerk(clerk) else { return };
        let before = match settled {
            Settled::Plain => record.release(1),
            Settled::Ours(charge) => {
                record.uncount(charge);
                record.release(charge.units.into())
            }
            Settled::Others => return,
        };
        if before.asks_after_release() {
            self.drain(cx, clerk, record);
        }
    }

    /// The same for a claim that is put aside, or may turn out not to end: for now.
    #[inline]
    pub(super) fn settle_for_now(&self, life: Live<'_>, epoch: u16) -> Settled {
        match &self.charges {
            None => Settled::Plain,
            Some(charges) => {
                charges.set_aside(life.order, epoch).map_or(Settled::Others, Settled::Ours)
            }
        }
    }

    /// Takes what a claim holds out of the books, before the swap that gives it back from there. One
    /// that goes back only if its owner has not begun may go on.
    #[inline]
    pub(super) fn settle_back(&self, life: Live<'_>, epoch: u16, from: GiveBack) -> Settled {
        match from {
            GiveBack::IfHeld => self.settle_for_now(life, epoch),
            GiveBack::Owned | GiveBack::IfLetGo => self.settle_room(life, epoch),
        }
    }

    /// Gives back the room of a claim that has gone back to the queue; `before` is what the word said
    /// before. Who had put it aside has that room already.
    pub(super) fn give_ended(&self, cx: &mut Cx<'_>, before: Seen, settled: Settled) {
        match (settled, Holder::of(before)) {
            (Settled::Plain, Holder::Holds(clerk))
            | (Settled::Ours(_), Holder::Holds(clerk) | Holder::Kept(clerk)) => {
                self.give_room(cx, clerk, settled);
            }
            _ => {}
        }
    }

    /// What follows if a claim that was settled has not gone back by this call: if its owner has begun,
    /// it is charged again; if not, another has ended it.
    pub(super) fn not_gone_back(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        seen: Seen,
        settled: Settled,
    ) {
        let (Settled::Ours(charge), Some(clerk)) = (settled, clerk_of(seen)) else { return };
        let is_begun = life
            .seen()
            .is_some_and(|(now, _)| now.phase == Phase::Active && now.epoch == seen.epoch);
        let claim = Claim { order: life.order, clerk, epoch: seen.epoch };
        if is_begun {
            self.charge_again(cx, claim, charge);
        } else {
            self.give_room(cx, clerk, settled);
        }
    }

    /// Writes down what a claim takes that was settled for now, and goes on; if it is over already,
    /// gives it back.
    pub(super) fn charge_again(&self, cx: &mut Cx<'_>, claim: Claim, charge: Charge) {
        let Some(charges) = &self.charges else { return };
        if !charges.charge_again(claim.order, claim.epoch, charge) {
            return self.give_room(cx, claim.clerk, Settled::Ours(charge));
        }
        // Whoever put it aside meanwhile may have found it settled.
        let life = self.life(claim.order);
        let is_aside = |seen: Seen| seen.phase == Phase::Suspended && seen.epoch == claim.epoch;
        if let Some(life) = life.filter(|life| life.seen().is_some_and(|(seen, _)| is_aside(seen)))
        {
            let settled = self.settle_for_now(life, claim.epoch);
            self.give_room_late(cx, claim.clerk, settled);
        }
    }

    /// Gives back the room of a claim, by one who had settled it, but another has ended it.
    pub(super) fn give_room_late(&self, cx: &mut Cx<'_>, clerk: ClerkId, settled: Settled) {
        if let Settled::Ours(_) = settled {
            self.give_room(cx, clerk, settled);
        }
    }

    /// Gives back the room of a claim that has just been closed, before its slot is; whether to ask
    /// [`Inner::follow_close`] what follows.
    #[inline]
    pub(super) fn release_closed(&self, life: Live<'_>, holder: Holder, epoch: u16) -> bool {
        let Some(record) = holder.clerk().and_then(|clerk| self.clerk(clerk)) else {
            return false;
        };
        if self.charges.is_some() {
            return self.release_settled(life, record, epoch);
        }
        // Who had put it aside has that room already.
        matches!(holder, Holder::Holds(_)) && record.release(1).asks_after_release()
    }

    /// The same, where it is written down what a claim took.
    #[cold]
    fn release_settled(&self, life: Live<'_>, record: &Clerk, epoch: u16) -> bool {
        if let Settled::Ours(charge) = self.settle_room(life, epoch) {
            record.uncount(charge);
            record.release(charge.units.into());
        }
        true
    }

    /// What follows once it is told that a claim was closed.
    #[cold]
    pub(super) fn follow_close(&self, cx: &mut Cx<'_>, clerk: ClerkId, outcome: Outcome) {
        let Some(record) = self.clerk(clerk) else { return };
        let is_served = matches!(outcome, Outcome::Done | Outcome::Rejected(_));
        if is_served && self.rules.staff().presence.follows() {
            self.served(cx, clerk, record);
        }
        self.drain(cx, clerk, record);
    }

    /// Lets a clerk go who drains, if they hold nothing any more.
    fn drain(&self, cx: &mut Cx<'_>, clerk: ClerkId, record: &Clerk) {
        if let Ok((before, now)) = record.change(Post::drained) {
            self.presence_changed(cx, clerk, record, before, now);
        }
    }

    /// The same as [`Engine::grab`](super::Engine::grab), where services may cost different.
    pub(super) fn grab_by_cost(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
    ) -> Result<Grabbed, GrabError> {
        let record = self.clerk(clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        let owner = owner(clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        let mut lost = 0;
        loop {
            record.has_room(clerk)?;
            let room = record.room();
            let head = if room.is_ample(self.rules.units_max()) {
                self.first(cx, record)
            } else {
                self.first_within(cx, record, room)
            };
            let Some(head) = head else {
                // What waits may be too much for the room that is left.
                let is_empty = self.first(cx, record).is_none();
                let full = GrabError::AtLimit { clerk, units: record.units() };
                return Err(if is_empty { GrabError::Empty { clerk } } else { full });
            };
            let (order, charge) = (head.hint.order, self.rules.charge(head.lane));
            if !record.reserve_for(charge) {
                continue;
            }
            let held = self.try_hold(order, owner);
            self.lanes.remove(&record.lanes, &head, |hint| self.waits_as(hint));
            if let Some((life, known, epoch)) = held {
                self.charge(cx, Claim { order, clerk, epoch }, charge);
                let claim = Claim { order, clerk, epoch };
                return Ok(self.claimed(cx, life, known, claim, Choice::Next));
            }
            self.give_room(cx, clerk, Settled::Ours(charge));
            super::grab::stand_back(lost);
            lost += 1;
        }
    }

    /// The entry that goes first among those there is room for.
    fn first_within(&self, cx: &mut Cx<'_>, record: &Clerk, room: Room) -> Option<Head> {
        let may = |lane| room.has(self.rules.charge(lane));
        let key_of = |order| self.life(order).and_then(|life| life.key().ok());
        self.lanes.first_of_some(&record.lanes, may, |hint| self.meet(cx, hint), key_of)
    }

    /// Writes down what a claim took that was just won; if it is over already, gives it back.
    pub(super) fn charge(&self, cx: &mut Cx<'_>, claim: Claim, charge: Charge) {
        if let Some(charges) = &self.charges
            && !charges.charge(claim.order, claim.epoch, charge)
        {
            self.give_room(cx, claim.clerk, Settled::Ours(charge));
        }
    }
}
