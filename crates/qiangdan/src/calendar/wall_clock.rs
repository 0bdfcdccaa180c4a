//! A zone's clock on the wall, as one that never goes back.
//!
//! Where a real clock is set back, an hour is shown twice, and a later instant may show an earlier time;
//! where it is set ahead, some times are never shown. Two rules make both harmless, and every due date
//! monotone in its start (docs/decisions/0012):
//!
//! * [`WallClock::shown_ms`]: what an instant counts as is the latest time shown up to it. So in an hour
//!   that comes a second time, this clock stands still.
//! * [`WallClock::first_ms`]: a civil time is the first instant that counts as it, or as later. So a time
//!   that is shown twice is the first of them, and one that is skipped is the instant of the jump.
//!
//! The second is the inverse of the first: `t >= first_ms(x)` exactly if `shown_ms(t) >= x`.
//!
//! Civil times are milliseconds since 1970-01-01 00:00 on the wall.

use jiff::{Timestamp, tz::TimeZone};

#[derive(Clone, Debug)]
pub(super) struct WallClock {
    /// In the order of time; never empty, and the first begins at the beginning of time.
    segments: Vec<Segment>,
}

/// A stretch of time with one offset.
#[derive(Clone, Copy, Debug)]
struct Segment {
    from_ms: i64,
    offset_ms: i64,
    /// The latest time shown before it.
    shown_before_ms: i64,
}

impl WallClock {
    /// The clock of a zone between two instants. Outside it keeps the offsets of their days.
    pub(super) fn new(zone: &TimeZone, from: Timestamp, until: Timestamp) -> Self {
        let offset_ms = |at: Timestamp| i64::from(zone.to_offset(at).seconds()) * 1_000;
        let first =
            Segment { from_ms: i64::MIN, offset_ms: offset_ms(from), shown_before_ms: i64::MIN };
        let mut segments = vec![first];
        let mut last = first;
        for transition in zone.following(from) {
            let at = transition.timestamp();
            if at > until {
                break;
            }
            let shown_ms = at.as_millisecond().saturating_add(last.offset_ms).saturating_sub(1);
            last = Segment {
                from_ms: at.as_millisecond(),
                offset_ms: offset_ms(at),
                shown_before_ms: last.shown_before_ms.max(shown_ms),
            };
            segments.push(last);
        }
        Self { segments }
    }

    /// The civil time that an instant counts as. Costs one search over the zone's transitions.
    pub(super) fn shown_ms(&self, at_ms: i64) -> i64 {
        let after = self.segments.partition_point(|segment| segment.from_ms <= at_ms);
        let segment = &self.segments[after - 1];
        at_ms.saturating_add(segment.offset_ms).max(segment.shown_before_ms)
    }

    /// The first instant that counts as a civil time or a later one. Costs the same.
    pub(super) fn first_ms(&self, civil_ms: i64) -> i64 {
        let after = self.segments[1..].partition_point(|next| next.shown_before_ms < civil_ms);
        let segment = &self.segments[after];
        civil_ms.saturating_sub(segment.offset_ms).max(segment.from_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clock(zone: &str) -> WallClock {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        WallClock::new(&zone, at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"))
    }

    fn civil_ms(text: &str) -> i64 {
        let civil = text.parse::<jiff::civil::DateTime>().unwrap();
        TimeZone::UTC.to_timestamp(civil).unwrap().as_millisecond()
    }

    #[track_caller]
    fn check(zone: &str, civil: &str, instant: &str) {
        let at_ms = instant.parse::<Timestamp>().unwrap().as_millisecond();
        assert_eq!(clock(zone).first_ms(civil_ms(civil)), at_ms, "{zone} {civil}");
    }

    #[test]
    fn a_time_shown_once_is_that_instant() {
        check("Asia/Shanghai", "2026-03-02T09:00", "2026-03-02T01:00Z");
        check("Europe/Amsterdam", "2026-03-29T01:59:59.999", "2026-03-29T00:59:59.999Z");
        check("Europe/Amsterdam", "2026-03-29T03:00", "2026-03-29T01:00Z");
        check("Europe/Amsterdam", "2026-10-25T03:00", "2026-10-25T02:00Z");
    }

    #[test]
    fn a_skipped_time_is_the_jump_and_a_doubled_one_the_first() {
        check("Europe/Amsterdam", "2026-03-29T02:30", "2026-03-29T01:00Z");
        check("Europe/Amsterdam", "2026-10-25T02:30", "2026-10-25T00:30Z");
    }

    #[test]
    fn the_clock_stands_still_while_an_hour_comes_again() {
        let clock = clock("Europe/Amsterdam");
        let shown =
            |text: &str| clock.shown_ms(text.parse::<Timestamp>().unwrap().as_millisecond());
        assert_eq!(shown("2026-10-25T00:30Z"), civil_ms("2026-10-25T02:30"));
        assert_eq!(shown("2026-10-25T01:30Z"), civil_ms("2026-10-25T02:59:59.999"));
        assert_eq!(shown("2026-10-25T02:00Z"), civil_ms("2026-10-25T03:00"));
    }

    #[test]
    fn instants_at_the_ends_of_time_are_no_trouble() {
        let clock = clock("America/New_York");
        for ms in [i64::MIN, -1, 0, i64::MAX] {
            let (_, _) = (clock.shown_ms(ms), clock.first_ms(ms));
        }
    }

    proptest! {
        #[test]
        fn each_way_is_the_inverse_of_the_other(
            // Near the two jumps of 2026 in Amsterdam.
            at in prop_oneof![1_774_738_800_000..1_774_756_800_000_i64,
                              1_792_875_600_000..1_792_908_000_000_i64],
            ahead in -7_200_000..14_400_000_i64,
        ) {
            let clock = clock("Europe/Amsterdam");
            let civil = at + ahead;
            prop_assert_eq!(at >= clock.first_ms(civil), clock.shown_ms(at) >= civil);
        }
    }
}
