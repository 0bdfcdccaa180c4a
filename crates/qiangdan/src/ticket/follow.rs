//! follow: what happened to the order of a ticket without us.
//!
//! The host, a rule of the engine or the loss of a clerk may move an order by itself. The order's word is
//! right: a ticket goes after it, by the same table.

use super::{TicketEvent, TicketEventKind, TicketId, TicketState, TicketVerb, Tickets, book::Act};
use crate::{Claim, Cx, Event, OrderView, Outcome, State};

impl Tickets {
    /// Brings tickets up to date with what happened to their orders, by the events of the engine. Needed
    /// for events that come from elsewhere than these tickets' own verbs; others do no harm.
    ///
    /// Every verb brings the ticket that it is about up to date by itself.
    pub fn follow(&self, cx: &mut Cx<'_>, told: &mut Vec<TicketEvent>, events: &[Event]) {
        let mut last = None;
        for event in events {
            let ticket = TicketId::from_bits(event.tag);
            if event.order.is_none() || last == Some(ticket) {
                continue;
            }
            last = Some(ticket);
            self.act(cx, told, |act| {
                if act.book.record(ticket).is_some_and(|record| record.order == event.order) {
                    act.catch_up(ticket);
                }
            });
        }
    }
}

impl Act<'_, '_> {
    /// Brings a ticket up to date with its order.
    pub(super) fn catch_up(&mut self, ticket: TicketId) {
        use {State as O, TicketState as T};
        let Some(record) = self.book.record(ticket).copied() else { return };
        let (Some(state), Some(order)) = (record.state, record.order) else { return };
        if !state.has_order() {
            return;
        }
        let Some(view) = self.engine.order(order) else {
            return self.go(ticket, TicketVerb::Cancel, TicketEventKind::Cancelled);
        };
        let claim = claim_of(&view);
        let is_ours = record.claim.is_some() && record.claim == claim;
        match (state, view.state) {
            (_, O::Closed) => self.ended(ticket, state, view.outcome),
            (T::Called, O::Serving) if is_ours => {
                self.go(ticket, TicketVerb::Arrive, TicketEventKind::Arrived);
            }
            (T::Called | T::Serving, O::Claimed | O::Serving) if is_ours => {}
            (T::Called | T::Serving, _) => {
                self.go(ticket, TicketVerb::Return, TicketEventKind::Returned);
                self.catch_up(ticket);
            }
            (T::Waiting, O::Claimed | O::Serving) => {
                if let Some(claim) = claim {
                    self.called(ticket, claim);
                    self.catch_up(ticket);
                }
            }
            (T::Passed | T::Held, O::Claimed | O::Serving) => self.taken_up(ticket, state, claim),
            _ => {}
        }
    }

    /// Somebody took up by name what had passed or was held.
    fn taken_up(&mut self, ticket: TicketId, state: TicketState, claim: Option<Claim>) {
        let Some(claim) = claim else { return };
        let Some(window) = self.book.window_of(claim.clerk) else { return };
        let wait_ms = self.book.record(ticket).map_or(0, |record| record.waited_ms);
        if let Some(record) = self.book.record_mut(ticket) {
            record.window = Some(window);
        }
        let (verb, kind) = match state {
            TicketState::Held => (TicketVerb::CallBack, TicketEventKind::CalledBack { window }),
            _ => (TicketVerb::TakeBack, TicketEventKind::TakenBack { window, wait_ms }),
        };
        self.go(ticket, verb, kind);
        self.begin_call(ticket, claim);
        self.catch_up(ticket);
    }

    /// The order is over.
    fn ended(&mut self, ticket: TicketId, state: TicketState, outcome: Option<Outcome>) {
        let abandoned = (TicketVerb::GiveUp, TicketEventKind::GivenUp);
        let cancelled = (TicketVerb::Cancel, TicketEventKind::Cancelled);
        let expired = (TicketVerb::EndOfDay, TicketEventKind::Expired);
        let (verb, kind) = match (outcome, state) {
            (Some(Outcome::Done | Outcome::Rejected(_)), TicketState::Called) => {
                // A start that was not told is implied.
                self.go(ticket, TicketVerb::Arrive, TicketEventKind::Arrived);
                (TicketVerb::Finish, TicketEventKind::Served)
            }
            (Some(Outcome::Done | Outcome::Rejected(_)), TicketState::Serving) => {
                (TicketVerb::Finish, TicketEventKind::Served)
            }
            (Some(Outcome::Abandoned | Outcome::NoShow), _) => abandoned,
            (Some(Outcome::Expired), _) => expired,
            _ => cancelled,
        };
        let may = TicketState::after(Some(state), verb).is_some() || verb == TicketVerb::Finish;
        if may {
            self.go(ticket, verb, kind);
        } else {
            self.go(ticket, cancelled.0, cancelled.1);
        }
    }
}

/// The claim that an order is held by.
fn claim_of(view: &OrderView) -> Option<Claim> {
    let clerk = view.owner?;
    Some(Claim { order: view.order, clerk, epoch: view.epoch })
}
