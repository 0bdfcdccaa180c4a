//! Limits by the calendar, on orders: a list of facts for each, a second wheel, and what follows.
//!
//! Nothing here is made unless the rules have limits, and an order whose service has none costs one
//! test of a flag for each verb.
//!
//! | file | idea |
//! |---|---|
//! | `list.rs` | the facts of one order, and how the verbs of its life add to them |
//! | `tell.rs` | what has changed on an order's clocks is told, once |
//! | `change.rs` | what the verbs below share: read, decide, append, tell |
//! | `reach.rs`, `pause.rs`, `extend.rs`, `reply.rs`, `settle.rs` | the verbs |
//! | `error.rs` | why a verb was refused |
//! | `view.rs` | looking at clocks |
//! | `wall.rs` | the wall as a scale that never goes back |
//! | `advance.rs` | time passes on both wheels |
//! | `look.rs`, `act.rs` | what is due happens |
//! | `calendars.rs` | calendars are swapped whole |
//!
//! Who climbs rungs is the one that advances; who tells what has changed is whoever finds that it
//! has not been told.

mod act;
mod advance;
mod calendars;
mod change;
mod error;
mod extend;
mod list;
mod look;
mod pause;
mod reach;
mod reply;
mod settle;
mod tell;
#[cfg(test)]
mod tests;
mod view;
mod wall;

pub use advance::CatchUp;
pub(super) use advance::Walls;
pub use calendars::{CalendarPreview, LoadCalendarError};
pub use error::{
    AcknowledgeError, CardError, ExtendLimitError, PauseOrderError, ReachError, ResumeOrderError,
    SettleError,
};

use arc_swap::ArcSwap;
use qiangdan_sync::{Ledger, Looks, Wheel};

use super::{Bounds, FACTS_MAX, Inner};
use crate::{
    ClockRules, OrderId, Wall,
    editions::Editions,
    grant::Grants,
    limit::Book,
    order::{Cell, Live},
    sync::AtomicU64,
};
use calendars::CalendarSet;
use wall::{Lag, WallHand};

/// A look at an order's limits reads a list and calendars: it counts as so many steps of `advance`.
const LOOK_STEPS: usize = 8;

/// What all threads share of the limits by the calendar.
#[derive(Debug)]
pub(super) struct Promises {
    book: Editions<Book>,
    calendars: ArcSwap<CalendarSet>,
    /// The facts of each order.
    ledger: Ledger,
    marks: Box<[Marks]>,
    /// The wheel by the wall.
    looks: Looks,
    lag: Lag,
    /// Rungs that could not be noted because there was no room for facts.
    held_for_room: AtomicU64,
}

/// What is kept of each slot beside its facts.
#[derive(Debug, Default)]
struct Marks {
    /// What rungs have granted to its order.
    grants: Cell,
    /// Up to where it has been told what the facts make of its clocks, see `tell.rs`.
    told: Cell,
}

impl Promises {
    /// How many there is room for, for each order.
    const FACTS_PER_ORDER: u32 = 8;

    /// If there are limits, or there may be: what is shared, and what belongs to the one that advances.
    pub(super) fn new(
        rules: &ClockRules,
        services: usize,
        bounds: Bounds,
    ) -> Option<(Self, Walls)> {
        let may_have_limits = bounds.facts.is_some_and(|facts| facts > 0);
        if rules.limits.is_empty() && !may_have_limits {
            return None;
        }
        let (looks, driver) = Wheel::new(bounds.orders);
        let set = CalendarSet::first(&rules.calendars);
        let walls = Walls::new(driver, WallHand::new(rules.trust), &set);
        let facts = bounds.facts.unwrap_or(bounds.orders.saturating_mul(Self::FACTS_PER_ORDER));
        let promises = Self {
            book: Editions::new(Book::new(rules, services)),
            calendars: ArcSwap::from_pointee(set),
            ledger: Ledger::new(bounds.orders, facts.min(FACTS_MAX)),
            marks: (0..bounds.orders).map(|_| Marks::default()).collect(),
            looks,
            lag: Lag::default(),
            held_for_room: AtomicU64::new(0),
        };
        Some((promises, walls))
    }

    fn marks(&self, order: OrderId) -> &Marks {
        &self.marks[order.slot() as usize]
    }

    /// Sees to it that an order is looked at once the wall shows `at`.
    fn arm(&self, order: OrderId, at: Wall) {
        self.looks.arm(order.slot(), self.lag.place(at));
    }
}

impl Inner {
    /// What limits by the calendar have granted to an order.
    #[inline]
    pub(super) fn grants(&self, life: Live<'_>) -> Grants {
        let Some(promises) = &self.promises else { return Grants::NONE };
        let bits = promises.marks(life.order).grants.get(life.order.generation());
        bits.map_or(Grants::NONE, Grants::from_bits)
    }
}
