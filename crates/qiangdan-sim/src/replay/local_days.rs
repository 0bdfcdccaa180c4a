//! Which local day an instant belongs to.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::{of_hall::DAY_MS, trace::TraceOrder};

const HALF_HOUR_MS: u64 = 1_800_000;

/// The local days on which somebody arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LocalDays {
    /// Their midnights, in milliseconds since 1970 UTC; rising.
    starts_ms: Vec<i64>,
    first_half_hour: u16,
    last_half_hour: u16,
}

impl LocalDays {
    /// The days of `orders`, which are sorted by arrival and not empty; `None` if there is no such zone.
    pub(super) fn of(zone: &str, orders: &[&TraceOrder]) -> Option<Self> {
        let zone = TimeZone::get(zone).ok()?;
        let mut starts_ms: Vec<i64> = Vec::new();
        let mut next_ms = i64::MIN;
        let (mut first, mut last) = (u64::MAX, 0);
        for order in orders {
            if order.arrived_ms >= next_ms {
                let (start_ms, end_ms) = day_of(&zone, order.arrived_ms)?;
                starts_ms.push(start_ms);
                next_ms = end_ms;
            }
            let start_ms = starts_ms.last().copied().unwrap_or(order.arrived_ms);
            let half_hour = order.arrived_ms.abs_diff(start_ms).min(DAY_MS - 1) / HALF_HOUR_MS;
            (first, last) = (first.min(half_hour), last.max(half_hour));
        }
        let narrow = |half_hour| u16::try_from(half_hour).unwrap_or(0);
        let (first_half_hour, last_half_hour) = (narrow(first.min(last)), narrow(last));
        Some(Self { starts_ms, first_half_hour, last_half_hour })
    }

    pub(super) fn len(&self) -> usize {
        self.starts_ms.len()
    }

    /// The first midnight: where a replay's clock begins.
    pub(super) fn origin_ms(&self) -> i64 {
        self.starts_ms[0]
    }

    /// The midnights, in milliseconds since the first.
    pub(super) fn starts_ms(&self) -> Vec<u64> {
        self.starts_ms.iter().map(|&start| start.abs_diff(self.origin_ms())).collect()
    }

    /// Milliseconds since the first midnight; zero if it is before.
    pub(super) fn run_ms(&self, at_ms: i64) -> u64 {
        u64::try_from(at_ms - self.origin_ms()).unwrap_or(0)
    }

    /// The day an instant belongs to, and the time of day.
    pub(super) fn find(&self, at_ms: i64) -> (usize, u64) {
        let day = self.starts_ms.partition_point(|&start| start <= at_ms).saturating_sub(1);
        (day, u64::try_from(at_ms - self.starts_ms[day]).unwrap_or(0))
    }

    /// The half hours in which anybody arrived, as first and last.
    pub(super) fn half_hours(&self) -> (u16, u16) {
        (self.first_half_hour, self.last_half_hour)
    }
}

/// The local midnights around an instant.
fn day_of(zone: &TimeZone, at_ms: i64) -> Option<(i64, i64)> {
    let at = Timestamp::from_millisecond(at_ms).ok()?.to_zoned_datetime(zone.clone());
    let midnight = at.date().at(0, 0, 0, 0);
    // Where midnight is left out by a change of clocks, the day begins a little later.
    let instant = |civil: DateTime| zone.to_ambiguous_timestamp(civil).compatible().ok();
    let (start, next) = (instant(midnight)?, instant(midnight.tomorrow().ok()?)?);
    Some((start.as_millisecond(), next.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_as_long_as_the_clocks_make_it() {
        let zone = TimeZone::get("Europe/Warsaw").unwrap();
        let hours = |text: &str| {
            let at_ms = text.parse::<Timestamp>().unwrap().as_millisecond();
            let (start, next) = day_of(&zone, at_ms).unwrap();
            assert!(start <= at_ms && at_ms < next);
            (next - start) / 3_600_000
        };
        assert_eq!(hours("2019-12-30T23:30:00+01:00"), 24);
        assert_eq!(hours("2020-03-29T12:00:00+02:00"), 23);
        assert_eq!(hours("2020-10-25T00:30:00+02:00"), 25);
    }
}
