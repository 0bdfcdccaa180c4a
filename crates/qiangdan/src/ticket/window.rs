//! sit, stand_up, call, recall, pass, take_back: what a window does with numbers (叫号).

use super::{
    CallError, SitError, TicketError, TicketEvent, TicketEventKind, TicketId, TicketState,
    TicketVerb, Tickets, WindowId, book::Act,
};
use crate::{Claim, ClerkId, Cx, GrabOrderError, Grabbed, Mono};

/// What a window has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// A ticket: its number is called.
    Ticket(Called),
    /// An order that belongs to no ticket, from a pool that is shared with other work.
    Order(Grabbed),
}

/// A ticket that was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Called {
    /// The ticket.
    pub ticket: TicketId,
    /// The claim on its order, for those who call the engine by themselves.
    pub claim: Claim,
    /// How long the person has waited, in milliseconds.
    pub wait_ms: u64,
}

impl Tickets {
    /// A clerk sits down at a window. They must be signed in to the engine to call numbers. Doing it
    /// twice is as good as once.
    ///
    /// # Errors
    ///
    /// See [`SitError`]. Nothing has changed.
    pub fn sit(&self, window: WindowId, clerk: ClerkId) -> Result<(), SitError> {
        self.book.with(|book| {
            let place = book.window(window).ok_or(SitError::NoSuchWindow { window })?;
            match (place.clerk, book.window_of(clerk)) {
                (Some(there), _) if there == clerk => return Ok(()),
                (Some(there), _) => return Err(SitError::Taken { clerk: there }),
                (None, Some(window)) => return Err(SitError::SitsElsewhere { clerk, window }),
                (None, None) => {}
            }
            if let Some(place) = book.window_mut(window) {
                place.clerk = Some(clerk);
            }
            Ok(())
        })
    }

    /// The clerk at a window stands up. What was sent here goes back to the pool, to its old place; what
    /// passed or is held here stays for whoever sits down next. A number that is called or served
    /// stays with its clerk.
    ///
    /// # Errors
    ///
    /// [`TicketError::NoSuchWindow`]. Nothing has changed.
    pub fn stand_up(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| act.stand_up(window))
    }

    /// Calls the next number: what was sent to this window first, then what the engine's grab gives.
    ///
    /// The book's lock is not held while the grab looks; the order goes to exactly one window. A ticket
    /// that the person gave up in that moment is passed over.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. Nothing has changed.
    pub fn call(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
    ) -> Result<Call, CallError> {
        let clerk = self.book.with(|book| {
            let place = book.window(window).ok_or(CallError::NoSuchWindow { window })?;
            place.clerk.ok_or(CallError::NobodyThere { window })
        })?;
        if let Some(called) = self.act(cx, told, |act| act.call_pinned(window, clerk)) {
            return Ok(Call::Ticket(called));
        }
        loop {
            let grabbed = self.engine.grab(cx, clerk)?;
            let ticket = TicketId::from_bits(grabbed.tag);
            let called = self.act(cx, told, |act| act.note_call(ticket, grabbed.claim));
            match called {
                Noted::Called(called) => return Ok(Call::Ticket(called)),
                Noted::NotOurs => return Ok(Call::Order(grabbed)),
                Noted::Over => {}
            }
        }
    }

    /// Calls the number again that was called last (重呼).
    ///
    /// # Errors
    ///
    /// [`TicketError::TooSoon`], [`TicketError::CalledEnough`], and as every verb of a window:
    /// [`TicketError::Gone`], [`TicketError::WrongState`], [`TicketError::NotHere`]. Nothing has changed.
    pub fn recall(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
    ) -> Result<u8, TicketError> {
        self.act(cx, told, |act| act.recall(window, ticket))
    }

    /// Lets a called number pass because nobody came, for the host's numbered reason (过号).
    ///
    /// # Errors
    ///
    /// As [`Tickets::recall`]. Nothing has changed.
    pub fn pass(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
        reason: u16,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| {
            act.at_window(window, ticket, TicketVerb::Pass)?;
            act.pass(ticket, reason)
        })
    }

    /// Takes a number back that has passed at this window today and is among the last ones
    /// (过号受理). Its wait goes by its first call.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAmongLast`], [`TicketError::Grab`] if the clerk has no room or is not
    /// ready, and as [`Tickets::recall`]. Nothing has changed.
    pub fn take_back(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        window: WindowId,
        ticket: TicketId,
    ) -> Result<Called, TicketError> {
        self.act(cx, told, |act| act.take_back(window, ticket))
    }
}

/// What came of a grab.
enum Noted {
    Called(Called),
    /// The order is no ticket.
    NotOurs,
    /// The ticket was over before the call could be noted.
    Over,
}

impl Act<'_, '_> {
    fn stand_up(&mut self, window: WindowId) -> Result<(), TicketError> {
        let none = TicketError::NoSuchWindow { window };
        let place = self.book.window_mut(window).ok_or(none)?;
        place.clerk = None;
        for ticket in std::mem::take(&mut place.pinned) {
            let pinned = self.book.record(ticket).filter(|r| r.pinned == Some(window));
            let Some(order) = pinned.and_then(|record| record.order) else { continue };
            if let Some(record) = self.book.record_mut(ticket) {
                record.pinned = None;
            }
            self.line_up(order);
            self.tell_on(ticket, TicketEventKind::Returned);
        }
        Ok(())
    }

    /// The first ticket that was sent to this window and can be had.
    fn call_pinned(&mut self, window: WindowId, clerk: ClerkId) -> Option<Called> {
        loop {
            let ticket = *self.book.window(window)?.pinned.front()?;
            self.catch_up(ticket);
            let record = self.book.record(ticket).copied();
            let is_here = |record: &super::book::Record| {
                record.state == Some(TicketState::Waiting) && record.pinned == Some(window)
            };
            let order = record.filter(is_here).and_then(|record| record.order);
            let taken = order.map(|order| self.take_up(clerk, order));
            if let Some(Err(GrabOrderError::AtLimit { .. } | GrabOrderError::NotReady { .. })) =
                taken
            {
                // The grab of the pool will say the same.
                return None;
            }
            self.book.window_mut(window)?.pinned.pop_front();
            match taken {
                Some(Ok(claim)) => return Some(self.called(ticket, claim)),
                Some(Err(_)) => {
                    // The clerk who sits here now cannot serve it: somebody of the pool will.
                    self.book.record_mut(ticket)?.pinned = None;
                    if let Some(order) = order {
                        self.line_up(order);
                    }
                    self.tell_on(ticket, TicketEventKind::Returned);
                }
                None => {}
            }
        }
    }

    fn note_call(&mut self, ticket: TicketId, claim: Claim) -> Noted {
        let Some(record) = self.book.record(ticket).filter(|r| r.order == Some(claim.order)) else {
            return Noted::NotOurs;
        };
        match (record.state, record.claim) {
            (Some(TicketState::Waiting), _) => Noted::Called(self.called(ticket, claim)),
            // Somebody who met the ticket meanwhile has noted it for us.
            (Some(TicketState::Called), Some(noted)) if noted == claim => {
                let wait_ms = record.waited_ms;
                Noted::Called(Called { ticket, claim, wait_ms })
            }
            _ => Noted::Over,
        }
    }

    /// Notes that a waiting ticket is called by whoever has the claim.
    pub(super) fn called(&mut self, ticket: TicketId, claim: Claim) -> Called {
        let (now, clerk) = (self.now(), claim.clerk);
        let window = self.book.window_of(clerk);
        let mut wait_ms = 0;
        if let Some(record) = self.book.record_mut(ticket) {
            wait_ms = record.wait_ms(now);
            record.window = window;
        }
        let kind = TicketEventKind::Called { window, clerk, wait_ms };
        self.go(ticket, TicketVerb::Call, kind);
        self.begin_call(ticket, claim);
        Called { ticket, claim, wait_ms }
    }

    /// The first call of a ticket that somebody has just taken in hand.
    pub(super) fn begin_call(&mut self, ticket: TicketId, claim: Claim) {
        let now = self.now();
        if let Some(record) = self.book.record_mut(ticket) {
            record.claim = Some(claim);
            record.calls = 1;
        }
        self.call_lasts(ticket, now);
    }

    /// A call was made now: from here it counts when nobody comes.
    fn call_lasts(&mut self, ticket: TicketId, now: Mono) {
        let passes = self.rules.draft.call_lasts_ms.map(|lasts_ms| now.plus_ms(lasts_ms));
        let Some(record) = self.book.record_mut(ticket) else { return };
        record.called = now;
        let before = std::mem::replace(&mut record.passes, passes);
        if let Some(due) = before {
            self.book.passes.remove(&(due, ticket));
        }
        if let Some(due) = passes {
            self.book.passes.insert((due, ticket));
        }
    }

    fn recall(&mut self, window: WindowId, ticket: TicketId) -> Result<u8, TicketError> {
        self.at_window(window, ticket, TicketVerb::Recall)?;
        let (now, draft) = (self.now(), &self.rules.draft);
        let record = self.book.record_mut(ticket).ok_or(TicketError::Gone { ticket })?;
        if record.calls > draft.recalls_at_most {
            return Err(TicketError::CalledEnough { calls: record.calls });
        }
        let again = record.called.plus_ms(draft.recall_gap_ms);
        if now < again {
            return Err(TicketError::TooSoon { again });
        }
        record.calls = record.calls.saturating_add(1);
        let calls = record.calls;
        self.call_lasts(ticket, now);
        self.tell_on(ticket, TicketEventKind::Recalled { calls });
        Ok(calls)
    }

    /// Lets a called number pass.
    pub(super) fn pass(&mut self, ticket: TicketId, reason: u16) -> Result<(), TicketError> {
        let record = *self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        let claim = record.claim.ok_or(TicketError::Moved { ticket })?;
        if !self.park(claim) {
            return Err(TicketError::Moved { ticket });
        }
        let last = usize::from(self.rules.draft.take_back_last);
        if let Some(place) = record.window.and_then(|window| self.book.window_mut(window)) {
            place.passed.retain(|&other| other != ticket);
            place.passed.push_back(ticket);
            while place.passed.len() > last {
                place.passed.pop_front();
            }
        }
        self.go(ticket, TicketVerb::Pass, TicketEventKind::Passed { reason });
        Ok(())
    }

    fn take_back(&mut self, window: WindowId, ticket: TicketId) -> Result<Called, TicketError> {
        self.at_window(window, ticket, TicketVerb::TakeBack)?;
        let clerk = self.clerk_at(window)?;
        let record = *self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        let today = self.rules.draft.calendar.day_of(self.cx.now.wall).ok();
        let is_last = self.book.window(window).is_some_and(|place| place.passed.contains(&ticket));
        let number_of_today = record.number.is_some_and(|number| Some(number.day) == today);
        if !is_last || !number_of_today {
            let last = self.rules.draft.take_back_last;
            return Err(TicketError::NotAmongLast { ticket, last });
        }
        let order = record.order.ok_or(TicketError::Moved { ticket })?;
        let claim = self.take_up(clerk, order)?;
        if let Some(place) = self.book.window_mut(window) {
            place.passed.retain(|&other| other != ticket);
        }
        let wait_ms = record.waited_ms;
        let kind = TicketEventKind::TakenBack { window, wait_ms };
        self.go(ticket, TicketVerb::TakeBack, kind);
        self.begin_call(ticket, claim);
        Ok(Called { ticket, claim, wait_ms })
    }

    pub(super) fn clerk_at(&self, window: WindowId) -> Result<ClerkId, TicketError> {
        let place = self.book.window(window).ok_or(TicketError::NoSuchWindow { window })?;
        place.clerk.ok_or(TicketError::NobodyThere { window })
    }

    /// Whether a verb may be told of a ticket by a window that has it.
    pub(super) fn at_window(
        &mut self,
        window: WindowId,
        ticket: TicketId,
        verb: TicketVerb,
    ) -> Result<(), TicketError> {
        self.may(ticket, verb)?;
        let record = self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        if self.book.window(window).is_none() {
            return Err(TicketError::NoSuchWindow { window });
        }
        if record.window == Some(window) {
            Ok(())
        } else {
            Err(TicketError::NotHere { ticket, window })
        }
    }

    /// Whether a verb may be told of a ticket as it is.
    pub(super) fn may(&mut self, ticket: TicketId, verb: TicketVerb) -> Result<(), TicketError> {
        self.catch_up(ticket);
        let state = self.book.state(ticket).ok_or(TicketError::Gone { ticket })?;
        match TicketState::after(Some(state), verb) {
            Some(_) => Ok(()),
            None => Err(TicketError::WrongState { ticket, state }),
        }
    }
}
