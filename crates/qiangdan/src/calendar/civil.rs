//! Civil days: a date without a zone, as a number that can be an index.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, civil::Date};

/// A civil day, counted from 1970-01-01. It has no zone; a calendar says when it begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(i32);

/// Why a text is no day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a date like 2026-03-02")]
pub struct DayError;

/// A day of the week.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    /// The day of this year, month (from 1) and day (from 1); none if there is no such day.
    ///
    /// Years are those of the Gregorian calendar, −9999 to 9999.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Self::of(Date::new(year, month, day).ok()?)
    }

    /// So many days after 1970-01-01, or before it.
    #[must_use]
    pub const fn from_number(days: i32) -> Self {
        Self(days)
    }

    /// How many days after 1970-01-01 it is.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The day `days` later, or earlier if negative; the last or first number if that is past it.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Which day of the week it is.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        let since_monday = (i64::from(self.0) + 3).rem_euclid(7);
        Weekday::ALL[usize::try_from(since_monday).unwrap_or(0)]
    }

    /// Its year, month and day; none for a number outside the years −9999 to 9999.
    #[must_use]
    pub fn year_month_day(self) -> Option<(i16, i8, i8)> {
        let date = EPOCH.checked_add(SignedDuration::from_hours(i64::from(self.0) * 24)).ok()?;
        Some((date.year(), date.month(), date.day()))
    }

    fn of(date: Date) -> Option<Self> {
        let days = EPOCH.duration_until(date).as_hours() / 24;
        i32::try_from(days).ok().map(Self)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        text.trim().parse().ok().and_then(Self::of).ok_or(DayError)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year_month_day() {
            Some((year, month, day)) => write!(f, "{year:04}-{month:02}-{day:02}"),
            None => write!(f, "day {}", self.0),
        }
    }
}

impl Weekday {
    /// All of them, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Its place in the week, from 0 for Monday.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_and_shown_the_same() {
        for text in ["1970-01-01", "2026-03-02", "2024-02-29", "1969-12-31", "0001-01-01"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        for text in ["", "2026-02-29", "2026-13-01", "20260302x", "2026-3-2"] {
            assert_eq!(text.parse::<Day>(), Err(DayError), "{text}");
        }
    }

    #[test]
    fn days_are_numbered_and_have_weekdays() {
        assert_eq!(Day::new(1970, 1, 1), Some(Day(0)));
        assert_eq!(Day::new(2026, 3, 2).map(Day::weekday), Some(Weekday::Monday));
        assert_eq!(Day(-1).weekday(), Weekday::Wednesday);
        assert_eq!(Day::new(2000, 2, 28).map(|day| day.plus(1)), Day::new(2000, 2, 29));
        assert_eq!(Day(i32::MIN).plus(-1).weekday(), Day(i32::MIN).weekday());
        assert_eq!(Day(i32::MAX).to_string(), "day 2147483647");
    }
}
