//! A plain queue over the real engine: one pool, one service, clerks who can all do everything.

use qiangdan::{
    ClerkId, Event, PoolId, Rules, RulesDraft, ServiceId, ServiceRule, Skills, WaitTarget, Wall,
};
use qiangdan_sim::driver::{Arriving, Driver, Duty, Record, Seat, Setup, Source, Stay, Visit};

/// Rules with one service and these head starts.
#[must_use]
pub fn rules(head_starts_ms: Vec<i64>) -> Rules {
    let service =
        ServiceRule { pool: PoolId(0), needs: Skills::none(), wait_limit_ms: None, ladder: None };
    let services = vec![service];
    let target = WaitTarget::default();
    let draft = RulesDraft { pools: 1, services, head_starts_ms, target, ..Default::default() };
    draft.check().expect("one service in one pool")
}

/// A driver with one clerk record that serves `seats` orders at a time: anonymous windows.
#[must_use]
pub fn driver(rules: Rules, orders: u32, seats: u32) -> Driver {
    let seat = Seat { pools: vec![PoolId(0)], skills: Skills::none() };
    let setup = Setup { rules, orders, seats: vec![seat], start: Wall(0) };
    let mut driver = Driver::new(setup).expect("bounds in range");
    driver.schedule([Duty { at_ms: 0, clerk: ClerkId(0), seats, stay: Stay::UntilEmpty }]);
    driver
}

/// Orders from a list, in the order of their arrival.
#[derive(Clone, Debug)]
pub struct Listed {
    orders: Vec<Arriving>,
    at: usize,
}

impl Listed {
    /// These orders.
    #[must_use]
    pub fn new(orders: Vec<Arriving>) -> Self {
        Self { orders, at: 0 }
    }
}

impl Source for Listed {
    fn peek_ms(&self) -> Option<u64> {
        self.orders.get(self.at).map(|order| order.at_ms)
    }

    fn next(&mut self) -> Arriving {
        self.at += 1;
        self.orders[self.at - 1]
    }
}

/// An ordinary order for the only service.
#[must_use]
pub fn order(number: u32, at_ms: u64, takes_ms: u64) -> Arriving {
    Arriving {
        at_ms,
        service: ServiceId(0),
        class: qiangdan::ClassId(0),
        takes_ms,
        patience_ms: None,
        number,
    }
}

/// How an order's wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Claimed.
    Claimed,
    /// Its person left.
    Left,
    /// The run was over.
    Waiting,
}

/// All waits, by number of the order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Waits {
    /// Number, milliseconds, and how it ended; in the order of ending.
    pub waits: Vec<(u32, u64, Ended)>,
    /// The longest queue, and when it was first that long.
    pub queue_max: (u32, u64),
    /// Orders × milliseconds of waiting.
    pub queue_area: u128,
    /// What time did.
    pub events: Vec<Event>,
    since: (u32, u64),
}

impl Waits {
    /// The same, by number.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.waits.sort_unstable_by_key(|&(number, ..)| number);
        self
    }
}

impl Record for Waits {
    fn claimed(&mut self, visit: &Visit, wait_ms: u64) {
        self.waits.push((visit.number, wait_ms, Ended::Claimed));
    }

    fn abandoned(&mut self, visit: &Visit, wait_ms: u64) {
        self.waits.push((visit.number, wait_ms, Ended::Left));
    }

    fn still_waiting(&mut self, visit: &Visit, wait_ms: u64) {
        self.waits.push((visit.number, wait_ms, Ended::Waiting));
    }

    fn waiting_now(&mut self, at_ms: u64, orders: u32) {
        let (before, since_ms) = self.since;
        self.queue_area += u128::from(before) * u128::from(at_ms - since_ms);
        self.since = (orders, at_ms);
        if orders > self.queue_max.0 {
            self.queue_max = (orders, at_ms);
        }
    }

    fn event(&mut self, event: &Event, _visit: Option<&Visit>) {
        self.events.push(*event);
    }
}
