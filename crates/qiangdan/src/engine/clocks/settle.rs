//! settle: nothing more is waited for of a closed order (结清).

use super::super::Engine;
use super::{SettleError, change::Refusal};
use crate::{Cx, EventKind, OrderId, State};

impl Engine {
    /// Ends all clocks of a closed order that still run (papers owed, delivery, rating), and lets
    /// it go. Doing it twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the list's head.
    ///
    /// # Errors
    ///
    /// See [`SettleError`]. Nothing has changed.
    pub fn settle(&self, cx: &mut Cx<'_>, order: OrderId) -> Result<(), SettleError> {
        let gone = SettleError::from(Refusal::Gone { order });
        let (life, state) = self.inner.live(order).ok_or(gone)?;
        if state != State::Closed {
            return Err(SettleError::Open { order });
        }
        let Some(promises) = &self.inner.promises else { return Ok(()) };
        let Ok(terms) = life.terms() else { return Err(gone) };
        // Who closed it may not have noted so yet, and lets it go then.
        let up = self.inner.bring_up(cx, promises, life, terms.service);
        let is_noted = up.is_some_and(|up| up.list.closed().is_some());
        if is_noted && promises.ledger.end(order.slot(), order.generation()) {
            self.inner.tell(cx, life, None, EventKind::OrderSettled);
            self.inner.give_slot(order);
        }
        Ok(())
    }
}
