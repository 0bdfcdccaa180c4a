//! Looking at an order without touching it.

use super::Engine;
use crate::{OrderId, OrderView, State, order::clerk_of};

impl Engine {
    /// The order as it is now; `None` if the id is of another life of its slot.
    ///
    /// Wait-free. All fields are of one life; if the order is on the move, each was right at some
    /// instant during the call.
    #[must_use]
    pub fn order(&self, order: OrderId) -> Option<OrderView> {
        let life = self.inner.life(order)?;
        let (seen, state) = life.seen()?;
        let terms = life.terms().ok()?;
        let outcome = if state == State::Closed { life.outcome() } else { None };
        Some(OrderView {
            order,
            state,
            service: self.inner.rules.host_id(terms.service),
            class: terms.class,
            tag: life.tag().ok()?,
            arrived: life.arrived().ok()?,
            rank_ms: life.rank_ms().ok()?,
            epoch: seen.epoch,
            owner: clerk_of(seen),
            stages: terms.stages,
            outcome,
        })
    }

    /// The state of an order; `None` if the id is of another life of its slot.
    #[must_use]
    pub fn state(&self, order: OrderId) -> Option<State> {
        self.inner.live(order).map(|(_, state)| state)
    }

    /// Every order that is not over, in no particular order; one that comes or goes meanwhile may be
    /// among them or not. One load for each slot there is room for, so not for every call.
    pub fn open_orders(&self) -> impl Iterator<Item = OrderView> + '_ {
        let life = |(slot, order): (u32, &crate::order::Slot)| {
            self.order(OrderId::new(slot, order.word.load().generation))
        };
        (0..).zip(&self.inner.slots).filter_map(life).filter(|view| view.state != State::Closed)
    }
}
