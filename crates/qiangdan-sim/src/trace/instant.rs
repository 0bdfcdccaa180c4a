//! Instants: RFC 3339, and times without an offset where the sidecar gives a zone.

use super::TraceCode;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

const DAY_S: i64 = 86_400;

/// What a text says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    /// Milliseconds since 1970 UTC.
    Instant(i64),
    /// A time on some wall: milliseconds since 1970 there.
    Naive(i64),
}

/// Reads instants, and counts those that a zone had to settle.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    pub(super) zone: Option<TimeZone>,
    pub(super) ambiguous_times: u64,
    pub(super) missing_times: u64,
}

impl Clock {
    /// Milliseconds since 1970-01-01T00:00:00Z; parts of a millisecond are cut off.
    pub(super) fn instant_ms(&mut self, text: &[u8]) -> Result<i64, TraceCode> {
        match read(text)? {
            Reading::Instant(ms) => Ok(ms),
            Reading::Naive(ms) => self.settle(ms),
        }
    }

    #[cold]
    fn settle(&mut self, naive_ms: i64) -> Result<i64, TraceCode> {
        let zone = self.zone.as_ref().ok_or(TraceCode::NaiveTime)?;
        let at = civil::DateTime::from_parts(civil::date(1970, 1, 1), civil::Time::midnight())
            .checked_add(jiff::SignedDuration::from_millis(naive_ms))
            .map_err(|_| TraceCode::NoSuchDate)?;
        let found = zone.to_ambiguous_timestamp(at);
        match found.offset() {
            AmbiguousOffset::Unambiguous { .. } => {}
            AmbiguousOffset::Fold { .. } => self.ambiguous_times += 1,
            AmbiguousOffset::Gap { .. } => self.missing_times += 1,
        }
        // Compatible with RFC 5545: the earlier of two, and forward over a gap.
        let instant = found.compatible().map_err(|_| TraceCode::NoSuchDate)?;
        Ok(instant.as_millisecond())
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS[.fff][Z|±HH:MM]`; a space or `t` may stand for the `T`, `z` for `Z`.
fn read(text: &[u8]) -> Result<Reading, TraceCode> {
    let Some((date_time, rest)) = text.split_first_chunk::<19>() else {
        return Err(TraceCode::NotATime);
    };
    let separators = [date_time[4], date_time[7], date_time[13], date_time[16]];
    if separators != *b"--::" || !matches!(date_time[10], b'T' | b' ' | b't') {
        return Err(TraceCode::NotATime);
    }
    let two = |at: usize| digits(&date_time[at..at + 2]).ok_or(TraceCode::NotATime);
    let year = two(0)? * 100 + two(2)?;
    let (month, day) = (two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let (fraction_ms, rest) = fraction(rest)?;

    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return Err(TraceCode::NoSuchDate);
    }
    if hour == 24 {
        return Err(TraceCode::Hour24);
    }
    if hour > 24 || minute > 59 || second > 60 {
        return Err(TraceCode::NoSuchTime);
    }
    let wall_s = days_since_1970(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    let offset_s = offset(rest)?;
    let instant_s = wall_s - offset_s.unwrap_or(0);
    // A leap second is the last of a day in UTC; it counts as the first of the next.
    if second == 60 && (offset_s.is_none() || instant_s.rem_euclid(DAY_S) != 0) {
        return Err(TraceCode::NoSuchTime);
    }
    let ms = instant_s * 1000 + fraction_ms;
    Ok(if offset_s.is_some() { Reading::Instant(ms) } else { Reading::Naive(ms) })
}

/// Milliseconds after the decimal point, if there is one, and what follows.
fn fraction(rest: &[u8]) -> Result<(i64, &[u8]), TraceCode> {
    let [b'.', rest @ ..] = rest else { return Ok((0, rest)) };
    let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if length == 0 {
        return Err(TraceCode::NotATime);
    }
    let digit = |at: usize| if at < length { i64::from(rest[at] - b'0') } else { 0 };
    Ok((digit(0) * 100 + digit(1) * 10 + digit(2), &rest[length..]))
}

/// Seconds that the wall is ahead of UTC; nothing if the text ends without saying.
fn offset(rest: &[u8]) -> Result<Option<i64>, TraceCode> {
    match rest {
        [] => Ok(None),
        [b'Z' | b'z'] => Ok(Some(0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let hours = digits(&[*h1, *h2]).ok_or(TraceCode::NotATime)?;
            let minutes = digits(&[*m1, *m2]).ok_or(TraceCode::NotATime)?;
            if hours > 23 || minutes > 59 {
                return Err(TraceCode::OffsetRange);
            }
            let size_s = hours * 3600 + minutes * 60;
            Ok(Some(if *sign == b'-' { -size_s } else { size_s }))
        }
        _ => Err(TraceCode::NotATime),
    }
}

/// The number that two digits say.
#[inline]
fn digits(text: &[u8]) -> Option<i64> {
    let [tens, ones] = *text else { return None };
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> Result<i64, TraceCode> {
        Clock::default().instant_ms(text.as_bytes())
    }

    #[test]
    fn accepted_forms() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01 00:00:00.25Z", 250),
            ("1970-01-01t01:00:00.123999+01:00", 123),
            ("1969-12-31T23:59:59.999-00:00", -1),
            ("2000-02-29T12:00:00-23:59", 951_825_600_000 + (23 * 60 + 59) * 60_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2017-01-01T07:59:60+08:00", 1_483_228_800_000),
        ] {
            assert_eq!(utc(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn refused_forms() {
        for (text, code) in [
            ("", TraceCode::NotATime),
            ("1999-02-01", TraceCode::NotATime),
            ("1999-02-01T08:00+02:00", TraceCode::NotATime),
            ("1999-02-01T08:00:00+0200", TraceCode::NotATime),
            ("1999-02-01T08:00:00.Z", TraceCode::NotATime),
            ("1999-02-01T08:00:00ZZ", TraceCode::NotATime),
            ("1999-02-01T08:00:00Z ", TraceCode::NotATime),
            ("+999-02-01T08:00:00Z", TraceCode::NotATime),
            ("1999-02-29T08:00:00Z", TraceCode::NoSuchDate),
            ("1900-02-29T08:00:00Z", TraceCode::NoSuchDate),
            ("1999-13-01T08:00:00Z", TraceCode::NoSuchDate),
            ("1999-00-01T08:00:00Z", TraceCode::NoSuchDate),
            ("1999-01-00T08:00:00Z", TraceCode::NoSuchDate),
            ("1999-02-01T24:00:00Z", TraceCode::Hour24),
            ("1999-02-01T25:00:00Z", TraceCode::NoSuchTime),
            ("1999-02-01T08:60:00Z", TraceCode::NoSuchTime),
            ("1999-02-01T08:00:60Z", TraceCode::NoSuchTime),
            ("1999-02-01T08:00:61Z", TraceCode::NoSuchTime),
            ("1999-02-01T08:00:00+24:00", TraceCode::OffsetRange),
            ("1999-02-01T08:00:00+02:60", TraceCode::OffsetRange),
            ("1999-02-01T08:00:00", TraceCode::NaiveTime),
        ] {
            assert_eq!(utc(text), Err(code), "{text}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_the_earlier_and_one_left_out_moves_forward() {
        let zone = Some(TimeZone::get("Europe/Warsaw").unwrap());
        let mut clock = Clock { zone, ..Clock::default() };
        let mut same = |naive: &str, instant: &str| {
            assert_eq!(clock.instant_ms(naive.as_bytes()), utc(instant), "{naive}");
        };
        same("2020-01-01T12:00:00", "2020-01-01T12:00:00+01:00");
        same("2020-10-25 02:30:00.5", "2020-10-25T02:30:00.5+02:00");
        same("2020-03-29T02:30:00", "2020-03-29T03:30:00+02:00");
        assert_eq!((clock.ambiguous_times, clock.missing_times), (1, 1));
    }

    proptest! {
        #[test]
        fn agrees_with_another_implementation(ms in -62_135_596_800_000_i64..253_402_300_800_000) {
            let other = jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
            prop_assert_eq!(utc(&other), Ok(ms), "{}", other);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9T:. Z+-]{0,30}") {
            let ours = utc(&text);
            if let Ok(ms) = ours
                && !text.contains(":60")
                && !text.contains('.')
            {
                let theirs: jiff::Timestamp = text.parse().unwrap();
                prop_assert_eq!(ms, theirs.as_millisecond());
            }
        }
    }
}
