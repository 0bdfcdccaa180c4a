//! Times as people type them: in the hall's zone, or with an offset of their own.

use std::str::FromStr;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use qiangdan::Wall;

/// A time as it was typed: `2026-03-02`, `2026-03-02 10:00`, `2026-03-02T10:00:00+08:00`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Typed {
    /// As a clock on the wall shows it.
    Civil(DateTime),
    /// An instant.
    Instant(Wall),
}

impl FromStr for Typed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_date = text.len() == 10;
        let has_offset = text.ends_with(['Z', 'z'])
            || text.get(11..).is_some_and(|time| time.contains(['+', '-', '−']));
        let read = if is_date {
            text.parse::<Date>().ok().map(|date| Self::Civil(date.into()))
        } else if has_offset {
            text.parse::<Timestamp>().ok().map(|at| Self::Instant(Wall(at.as_millisecond())))
        } else {
            text.parse::<DateTime>().ok().map(Self::Civil)
        };
        read.ok_or_else(|| {
            format!("`{text}` is no time, expected one such as 2026-03-02 10:00, or with +08:00")
        })
    }
}

/// A pause as it was typed: `2026-03-05..2026-03-12`, with `hearing=` before it if a reason is said, and
/// without an end while it goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TypedPause {
    pub(crate) reason: Option<String>,
    pub(crate) from: Typed,
    pub(crate) until: Option<Typed>,
}

impl FromStr for TypedPause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (reason, times) = match text.split_once('=') {
            Some((reason, times)) => (Some(reason.trim().to_owned()), times),
            None => (None, text),
        };
        let Some((from, until)) = times.split_once("..") else {
            return Err(format!("`{}` is no pause, expected two times such as A..B", text.trim()));
        };
        let until = if until.trim().is_empty() { None } else { Some(until.parse()?) };
        Ok(Self { reason, from: from.parse()?, until })
    }
}

/// The clock on the wall of a hall.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// The zone of this name; it is one that a hall file has been checked for.
    pub(crate) fn named(name: &str) -> Self {
        Self(TimeZoneDatabase::bundled().get(name).unwrap_or(TimeZone::UTC))
    }

    /// The instant of a time. Of one shown twice the first, of one that is skipped the jump, as the
    /// library counts; past the ends of time, those.
    pub(crate) fn instant(&self, typed: Typed) -> Wall {
        let civil = match typed {
            Typed::Instant(at) => return at,
            Typed::Civil(civil) => civil,
        };
        let found = self.0.to_ambiguous_timestamp(civil);
        let is_skipped = matches!(found.offset(), AmbiguousOffset::Gap { .. });
        let Ok(at) = found.compatible() else {
            return Wall(if civil.year() < 0 { i64::MIN } else { i64::MAX });
        };
        let jump = self.0.preceding(at.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(at));
        match jump.map(|jump| jump.timestamp()).next().filter(|_| is_skipped) {
            Some(jump) => Wall(jump.as_millisecond()),
            None => Wall(at.as_millisecond()),
        }
    }

    /// `2026-03-02 10:00`, with seconds if there are any.
    pub(crate) fn show(&self, at: Wall) -> String {
        let Some(civil) = self.civil(at) else { return "–".to_owned() };
        let (whole, thousandths) = (civil.second() == 0, civil.millisecond());
        match (whole, thousandths) {
            (_, 1..) => civil.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
            (false, _) => civil.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            (true, _) => civil.strftime("%Y-%m-%d %H:%M").to_string(),
        }
    }

    /// RFC 3339 with the offset of the zone.
    pub(crate) fn rfc_3339(&self, at: Wall) -> String {
        let Some((civil, stamp)) = self.civil(at).zip(stamp(at)) else { return String::new() };
        let seconds = self.0.to_offset(stamp).seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
        let parts = match civil.millisecond() {
            0 => String::new(),
            ms => format!(".{ms:03}"),
        };
        format!("{}{parts}{sign}{hours:02}:{minutes:02}", civil.strftime("%Y-%m-%dT%H:%M:%S"))
    }

    /// The day of the week, Monday first.
    pub(crate) fn weekday(&self, at: Wall) -> usize {
        let weekday = self.civil(at).map_or(0, |civil| civil.weekday().to_monday_zero_offset());
        usize::try_from(weekday).unwrap_or(0)
    }

    fn civil(&self, at: Wall) -> Option<DateTime> {
        stamp(at).map(|stamp| self.0.to_datetime(stamp))
    }
}

fn stamp(at: Wall) -> Option<Timestamp> {
    Timestamp::from_millisecond(at.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_wall_or_have_an_offset() {
        let zone = Zone::named("Europe/Amsterdam");
        let read = |text: &str| zone.rfc_3339(zone.instant(text.parse().unwrap()));
        assert_eq!(read("2026-03-02"), "2026-03-02T00:00:00+01:00");
        assert_eq!(read("2026-03-02 10:00"), "2026-03-02T10:00:00+01:00");
        assert_eq!(read("2026-07-02T10:00:01.5"), "2026-07-02T10:00:01.500+02:00");
        assert_eq!(read("2026-03-02T10:00:00Z"), "2026-03-02T11:00:00+01:00");
        assert_eq!(read("2026-03-02 10:00-05:00"), "2026-03-02T16:00:00+01:00");
        // Shown twice, and skipped.
        assert_eq!(read("2026-10-25 02:30"), "2026-10-25T02:30:00+02:00");
        assert_eq!(read("2026-03-29 02:30"), "2026-03-29T03:00:00+02:00");
        for text in ["", "2026-02-30", "10:00", "2026-03-02 25:00", "tomorrow"] {
            assert!(text.parse::<Typed>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pause_is_two_times_or_one() {
        let read = |text: &str| text.parse::<TypedPause>();
        let pause = read("hearing=2026-03-05 11:00..2026-03-12").unwrap();
        assert_eq!((pause.reason.as_deref(), pause.until.is_some()), (Some("hearing"), true));
        assert_eq!(read("2026-03-05..").unwrap().until, None);
        for text in ["", "2026-03-05", "..", "x..y", "..2026-03-05"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
