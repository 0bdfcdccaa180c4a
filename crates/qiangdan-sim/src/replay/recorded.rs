//! What the trace itself says, told the way a driver would tell it.

use qiangdan::ServiceId;

use super::local_days::LocalDays;
use crate::{
    report::{Day, Shape, Tally},
    trace::{Outcome, TraceOrder},
};

/// How a recorded wait ended, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// Service began.
    Began(i64),
    /// The person left.
    Left(i64),
    /// It was closed, and nobody recorded when service began.
    Unknown(i64),
    /// Recording ended first.
    Open,
}

pub(super) fn wait_of(order: &TraceOrder) -> Wait {
    if let Some(began_ms) = order.started_ms {
        return Wait::Began(began_ms);
    }
    let patience = order.patience_ms.and_then(|ms| i64::try_from(ms).ok());
    let left_ms = order.ended_ms.or(patience.map(|ms| order.arrived_ms + ms));
    match (order.outcome, left_ms) {
        (Outcome::Abandoned, Some(left_ms)) => Wait::Left(left_ms),
        (Outcome::Open, _) | (_, None) => Wait::Open,
        (_, Some(closed_ms)) => Wait::Unknown(closed_ms),
    }
}

/// For each day, the last instant at which anything was recorded: there the open ones still wait.
pub(super) fn ends_of_days(orders: &[&TraceOrder], days: &LocalDays) -> Vec<i64> {
    let mut ends = vec![i64::MIN; days.len()];
    for order in orders {
        let instants = [Some(order.arrived_ms), order.started_ms, order.ended_ms];
        for at_ms in instants.into_iter().flatten() {
            let (day, _) = days.find(at_ms);
            ends[day] = ends[day].max(at_ms);
        }
    }
    ends
}

/// Sums up the recorded waits; `service_of` maps the trace's services to those of the shape.
pub(super) fn tally(
    shape: &Shape,
    orders: &[&TraceOrder],
    days: &LocalDays,
    service_of: impl Fn(u32) -> ServiceId,
) -> Tally {
    let mut told: Vec<_> = (0..days.len()).map(|_| Day::new(shape)).collect();
    let ends = ends_of_days(orders, days);
    for order in orders {
        let (day, at_ms) = days.find(order.arrived_ms);
        let service = service_of(order.service);
        let waited = |until_ms: i64| u64::try_from(until_ms - order.arrived_ms).unwrap_or(0);
        told[day].arrived(service, at_ms);
        match wait_of(order) {
            Wait::Began(began_ms) => told[day].claimed(service, at_ms, waited(began_ms)),
            Wait::Left(left_ms) => told[day].abandoned(service, at_ms, waited(left_ms)),
            Wait::Open => told[day].still_waiting(service, at_ms, waited(ends[day])),
            Wait::Unknown(_) => {}
        }
    }
    merge(shape, told)
}

/// One tally of all days.
pub(super) fn merge(shape: &Shape, days: Vec<Day>) -> Tally {
    let mut tally = Tally::new(shape.clone());
    for (number, mut day) in (0..).zip(days) {
        tally.merge(number, &mut day);
    }
    tally
}
