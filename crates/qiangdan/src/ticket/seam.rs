//! The calls of the engine's verbs that put a ticket aside and take it up again, in one place.
//!
//! A number that has passed, is held or was sent to a window is an order that is parked: nobody grabs it
//! but by name.

use super::book::Act;
use crate::{Amend, Claim, ClerkId, GrabOrderError, OrderId, PutBack};

impl Act<'_, '_> {
    /// Puts an order aside. Whether it was still ours.
    pub(super) fn park(&mut self, claim: Claim) -> bool {
        self.engine.put_back(self.cx, claim, PutBack::Park).is_ok()
    }

    /// Takes an order up again that was put aside.
    pub(super) fn take_up(
        &mut self,
        clerk: ClerkId,
        order: OrderId,
    ) -> Result<Claim, GrabOrderError> {
        self.engine.grab_order(self.cx, clerk, order).map(|grabbed| grabbed.claim)
    }

    /// Lines an order up again that was put aside, at its old place.
    pub(super) fn line_up(&mut self, order: OrderId) -> bool {
        self.engine.amend(self.cx, order, Amend::default()).is_ok()
    }

    /// Gives an order back to its pool, at its old place. Whether it was still ours.
    pub(super) fn give_back(&mut self, claim: Claim) -> bool {
        self.engine.put_back(self.cx, claim, PutBack::KeepPlace).is_ok()
    }
}
