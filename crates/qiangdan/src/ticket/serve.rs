//! arrive, hold, call_back, forward, give_back, finish, give_up, top: what becomes of a number.

use super::{
    Called, TicketError, TicketEvent, TicketEventKind, TicketId, TicketOutcome, TicketState,
    TicketVerb, Tickets, WindowId, book::Act,
};
use crate::{Amend, Claim, Cx, Outcome, Reason};

impl Tickets {
    /// The person is at the window (到窗).
    ///
    /// # Errors
    ///
    /// As [`Tickets::recall`]. Nothing has changed.
    pub fn arrive(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| {
            let claim = act.claim_of(window, ticket, TicketVerb::Arrive)?;
            act.engine.start(act.cx, claim).map_err(|_| TicketError::Moved { ticket })?;
            act.go(ticket, TicketVerb::Arrive, TicketEventKind::Arrived);
            Ok(())
        })
    }

    /// Puts a number aside that is being served, while the person fetches something (挂起). One for each
    /// window.
    ///
    /// # Errors
    ///
    /// [`TicketError::HoldsAlready`], and as [`Tickets::recall`]. Nothing has changed.
    pub fn hold(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| act.hold(window, ticket))
    }

    /// Calls the number that this window has put aside (回呼).
    ///
    /// # Errors
    ///
    /// [`TicketError::Grab`] if the clerk has no room or is not ready, and as [`Tickets::recall`].
    /// Nothing has changed.
    pub fn call_back(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
    ) -> Result<Called, TicketError> {
        self.act(cx, told, |act| act.call_back(window, ticket))
    }

    /// Sends a number to another window, where it goes before all others (转窗). It waits with the
    /// time already waited.
    ///
    /// # Errors
    ///
    /// [`TicketError::NobodyThere`], [`TicketError::NotEligible`] of the other window, and as
    /// [`Tickets::recall`]. Nothing has changed.
    pub fn forward(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
        to: WindowId,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| act.forward(window, ticket, to))
    }

    /// Gives a number back to its pool, at its old place (退回). It waits with the time already
    /// waited.
    ///
    /// # Errors
    ///
    /// As [`Tickets::recall`]. Nothing has changed.
    pub fn give_back(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| {
            let claim = act.claim_of(window, ticket, TicketVerb::Return)?;
            if !act.give_back(claim) {
                return Err(TicketError::Moved { ticket });
            }
            act.go(ticket, TicketVerb::Return, TicketEventKind::Returned);
            Ok(())
        })
    }

    /// The service at hand is done. If it was the last one on the ticket, the ticket is; else the next
    /// begins: at this window, if its clerk can do it, or in the pool at the old place. Answers with
    /// the state after.
    ///
    /// # Errors
    ///
    /// As [`Tickets::recall`]. Nothing has changed.
    pub fn finish(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
        outcome: TicketOutcome,
    ) -> Result<TicketState, TicketError> {
        self.act(cx, told, |act| act.finish(window, ticket, outcome))
    }

    /// The person gives up: while waiting, called or passed (弃号).
    ///
    /// # Errors
    ///
    /// [`TicketError::Gone`], [`TicketError::WrongState`]. Nothing has changed.
    pub fn give_up(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        ticket: TicketId,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| {
            act.may(ticket, TicketVerb::GiveUp)?;
            act.end_order(ticket, Reason::Abandoned)?;
            act.go(ticket, TicketVerb::GiveUp, TicketEventKind::GivenUp);
            Ok(())
        })
    }

    /// A lead puts a waiting number ahead, for the host's numbered reason (置顶). Among those put ahead,
    /// who came first goes first.
    ///
    /// # Errors
    ///
    /// [`TicketError::CannotTop`], [`TicketError::TooManyAhead`] if an ordinary ticket would be
    /// overtaken more often than the hall allows, [`TicketError::Gone`],
    /// [`TicketError::WrongState`]. Nothing has changed.
    pub fn top(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        ticket: TicketId,
        reason: u16,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| act.top(ticket, reason))
    }
}

impl Act<'_, '_> {
    /// The claim of a window on a ticket that it has in hand, if a verb may be told of it.
    fn claim_of(
        &mut self,
        window: WindowId,
        ticket: TicketId,
        verb: TicketVerb,
    ) -> Result<Claim, TicketError> {
        self.at_window(window, ticket, verb)?;
        let record = self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        record.claim.ok_or(TicketError::Moved { ticket })
    }

    fn hold(&mut self, window: WindowId, ticket: TicketId) -> Result<(), TicketError> {
        let claim = self.claim_of(window, ticket, TicketVerb::Hold)?;
        if let Some(held) = self.held_at(window) {
            return Err(TicketError::HoldsAlready { window, ticket: held });
        }
        if !self.park(claim) {
            return Err(TicketError::Moved { ticket });
        }
        if let Some(place) = self.book.window_mut(window) {
            place.held = Some(ticket);
        }
        self.go(ticket, TicketVerb::Hold, TicketEventKind::Held { window: Some(window) });
        Ok(())
    }

    /// What a window holds.
    pub(super) fn held_at(&self, window: WindowId) -> Option<TicketId> {
        let held = self.book.window(window)?.held?;
        let record = self.book.record(held)?;
        let is_held = record.state == Some(TicketState::Held) && record.window == Some(window);
        is_held.then_some(held)
    }

    fn call_back(&mut self, window: WindowId, ticket: TicketId) -> Result<Called, TicketError> {
        self.at_window(window, ticket, TicketVerb::CallBack)?;
        let clerk = self.clerk_at(window)?;
        let record = *self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        let order = record.order.ok_or(TicketError::Moved { ticket })?;
        let claim = self.take_up(clerk, order)?;
        if let Some(place) = self.book.window_mut(window) {
            place.held = None;
        }
        self.go(ticket, TicketVerb::CallBack, TicketEventKind::CalledBack { window });
        self.begin_call(ticket, claim);
        Ok(Called { ticket, claim, wait_ms: record.waited_ms })
    }

    fn forward(
        &mut self,
        window: WindowId,
        ticket: TicketId,
        to: WindowId,
    ) -> Result<(), TicketError> {
        let claim = self.claim_of(window, ticket, TicketVerb::Forward)?;
        let clerk = self.clerk_at(to)?;
        if !self.engine.may_take(clerk, claim.order) {
            return Err(TicketError::NotEligible { clerk });
        }
        if !self.park(claim) {
            return Err(TicketError::Moved { ticket });
        }
        let kind = TicketEventKind::Forwarded { from: Some(window), to };
        self.go(ticket, TicketVerb::Forward, kind);
        if let Some(record) = self.book.record_mut(ticket) {
            record.pinned = Some(to);
        }
        // Entries that mean nothing any more are not kept, an earlier one of this ticket among them.
        let queue = self.book.window_mut(to).map(|place| std::mem::take(&mut place.pinned));
        let mut queue = queue.unwrap_or_default();
        queue.retain(|&other| {
            let pinned = self.book.record(other).and_then(|record| record.pinned);
            other != ticket && pinned == Some(to)
        });
        queue.push_back(ticket);
        if let Some(place) = self.book.window_mut(to) {
            place.pinned = queue;
        }
        Ok(())
    }

    fn finish(
        &mut self,
        window: WindowId,
        ticket: TicketId,
        outcome: TicketOutcome,
    ) -> Result<TicketState, TicketError> {
        let claim = self.claim_of(window, ticket, TicketVerb::Finish)?;
        let moved = TicketError::Moved { ticket };
        let cart = self.book.record(ticket).ok_or(TicketError::Gone { ticket })?.cart;
        let done = TicketEventKind::ServiceDone { service: cart.now(), outcome };
        let Some(next) = cart.next() else {
            self.engine.complete(self.cx, claim, Outcome::Done).map_err(|_| moved)?;
            self.tell_on(ticket, done);
            self.go(ticket, TicketVerb::Finish, TicketEventKind::Served);
            return Ok(TicketState::Served);
        };
        let amend = Amend { service: Some(next), class: None };
        self.engine.amend(self.cx, claim.order, amend).map_err(|_| moved)?;
        self.go(ticket, TicketVerb::Next, done);
        self.service_done(ticket, cart.now());
        if self.engine.may_take(claim.clerk, claim.order) {
            return Ok(TicketState::Serving);
        }
        if self.give_back(claim) {
            self.go(ticket, TicketVerb::Return, TicketEventKind::Returned);
        } else {
            self.catch_up(ticket);
        }
        Ok(self.book.state(ticket).unwrap_or(TicketState::Waiting))
    }

    /// A service of several is done: for it, the person may take a number again.
    fn service_done(&mut self, ticket: TicketId, service: crate::ServiceId) {
        let again_ms = self.rules.service(service).map_or(0, |rule| rule.again_after_ms);
        let until = self.now().plus_ms(again_ms);
        let Some(record) = self.book.record_mut(ticket) else { return };
        record.cart.done += 1;
        let key = (record.person, service);
        if let Some(own) = self.book.of_people.get_mut(&key).filter(|own| own.ticket == ticket) {
            own.until = Some(until);
        }
    }

    fn top(&mut self, ticket: TicketId, reason: u16) -> Result<(), TicketError> {
        self.may(ticket, TicketVerb::Top)?;
        let record = *self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        let class = self.rules.draft.topped.ok_or(TicketError::CannotTop)?;
        let head_start_ms = |class| self.rules.head_start_ms(class);
        if record.pinned.is_some() || head_start_ms(class) <= head_start_ms(record.class) {
            return Err(TicketError::CannotTop);
        }
        let order = record.order.ok_or(TicketError::Moved { ticket })?;
        if !self.give_ahead(class, record.arrived) {
            let most = self.rules.ahead_at_most().unwrap_or(u32::MAX);
            return Err(TicketError::TooManyAhead { most });
        }
        let amend = Amend { service: None, class: Some(class) };
        if self.engine.amend(self.cx, order, amend).is_err() {
            return Err(TicketError::Moved { ticket });
        }
        if let Some(record) = self.book.record_mut(ticket) {
            record.class = class;
        }
        self.tell_on(ticket, TicketEventKind::Topped { reason });
        Ok(())
    }

    /// Closes the order of a ticket, whoever has it.
    pub(super) fn end_order(
        &mut self,
        ticket: TicketId,
        reason: Reason,
    ) -> Result<(), TicketError> {
        let record = *self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        let order = record.order.ok_or(TicketError::Moved { ticket })?;
        if self.engine.cancel(self.cx, order, reason).is_ok() {
            return Ok(());
        }
        // Being served: only by its claim.
        let claim = record.claim.ok_or(TicketError::Moved { ticket })?;
        let ended = self.engine.complete(self.cx, claim, Outcome::from(reason));
        ended.map_err(|_| TicketError::Moved { ticket })
    }
}
