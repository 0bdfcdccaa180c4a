//! Limits by the calendar, on orders: a list of facts for each, a second wheel, and what follows.
//!
//! Nothing here is made unless the rules have limits, and an order whose service has none costs one
//! test of a flag for each verb.

mod advance;
mod wall;

pub(super) use advance::Walls;

use qiangdan_sync::{Looks, Wheel, WheelDriver};

use super::Inner;
use crate::{
    ClockRules, Cx, OrderId, Wall,
    grant::Grants,
    order::{Cell, Live},
};
use wall::{Lag, WallHand};

/// What all threads share of the limits by the calendar.
#[derive(Debug)]
pub(super) struct Promises {
    /// The wheel by the wall.
    looks: Looks,
    lag: Lag,
    /// For each slot, what rungs have granted to its order.
    grants: Box<[Cell]>,
}

impl Promises {
    /// If there are limits: what is shared, and what belongs to the one that advances.
    pub(super) fn new(rules: &ClockRules, orders: u32) -> Option<(Self, Walls)> {
        if rules.limits.is_empty() {
            return None;
        }
        let (looks, driver): (Looks, WheelDriver) = Wheel::new(orders);
        let walls = Walls::new(driver, WallHand::new(rules.trust));
        let grants = (0..orders).map(|_| Cell::default()).collect();
        Some((Self { looks, lag: Lag::default(), grants }, walls))
    }

    fn grants(&self, order: OrderId) -> &Cell {
        &self.grants[order.slot() as usize]
    }
}

impl Inner {
    /// What limits by the calendar have granted to an order.
    #[inline]
    pub(super) fn grants(&self, life: Live<'_>) -> Grants {
        let Some(promises) = &self.promises else { return Grants::NONE };
        let bits = promises.grants(life.order).get(life.order.generation());
        bits.map_or(Grants::NONE, Grants::from_bits)
    }

    fn look_by_wall(&self, _cx: &mut Cx<'_>, _: &Promises, _slot: u32, _at: Wall) -> Option<Wall> {
        None
    }
}
