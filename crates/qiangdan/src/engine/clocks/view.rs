//! Looking at an order's clocks without touching them.

use super::super::Engine;
use crate::{
    OrderId, Wall,
    limit::{Book, CardNow, ClockNow, Fact, Next},
};

impl Engine {
    /// The clocks of an order that have begun, as they stand at `now`, by limit; `None` if the
    /// order is gone, or closed with no clock running.
    ///
    /// Wait-free, but for the swap of calendars. Allocates. Everything follows from the order's
    /// facts and the calendars, so it is right though nobody has advanced since.
    #[must_use]
    pub fn clocks(&self, order: OrderId, now: Wall) -> Option<Vec<ClockNow>> {
        let promises = self.inner.promises.as_ref()?;
        let (list, set) = (promises.read(order)?, promises.calendars.load());
        let service = self.inner.life(order)?.terms().ok()?.service;
        let clocks = promises.book.read(service, &list.facts, set.now());
        Some(clocks.all(now).collect())
    }

    /// What comes next of an order's limits by the calendar, and when; `None` if nothing does.
    #[must_use]
    pub fn next_rung(&self, order: OrderId) -> Option<Next> {
        let promises = self.inner.promises.as_ref()?;
        let (list, set) = (promises.read(order)?, promises.calendars.load());
        let service = self.inner.life(order)?.terms().ok()?.service;
        promises.book.read(service, &list.facts, set.now()).next().ok()
    }

    /// The cards that an order was given, oldest first; `None` as with [`Engine::clocks`].
    #[must_use]
    pub fn cards(&self, order: OrderId) -> Option<Vec<CardNow>> {
        let promises = self.inner.promises.as_ref()?;
        let (list, set) = (promises.read(order)?, promises.calendars.load());
        let service = self.inner.life(order)?.terms().ok()?.service;
        Some(promises.book.read(service, &list.facts, set.now()).cards())
    }

    /// What was told of an order, in the order of telling; `None` as with [`Engine::clocks`].
    #[must_use]
    pub fn facts(&self, order: OrderId) -> Option<Vec<Fact>> {
        Some(self.inner.promises.as_ref()?.read(order)?.facts.to_vec())
    }

    /// The limits of the rules with their rungs, if there are any.
    #[must_use]
    pub fn book(&self) -> Option<&Book> {
        self.inner.promises.as_ref().map(|promises| &*promises.book)
    }

    /// How many facts are in use beside the first of each order, and how many there is room for.
    #[must_use]
    pub fn facts_in_use(&self) -> (u32, u32) {
        let ledger = self.inner.promises.as_ref().map(|promises| &promises.ledger);
        ledger.map_or((0, 0), |ledger| (ledger.in_use(), ledger.capacity()))
    }
}
