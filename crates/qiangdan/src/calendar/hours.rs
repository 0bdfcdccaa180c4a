//! Opening hours as they are posted at the door: spans of a day, a week of them, seasons.

use std::fmt;

use super::{Day, Weekday};

pub(super) const DAY_MS: u32 = 86_400_000;
const MINUTE_MS: u32 = 60_000;

/// A span of opening hours in one day, from `from_ms` until just before `to_ms`.
///
/// A draft may hold any numbers; a span is right if it ends later than it begins, at 24:00 at the
/// latest. Hours that go past midnight are two spans.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpenSpan {
    /// When it begins, in milliseconds of the day as the clock on the wall shows them.
    pub from_ms: u32,
    /// When it ends, in the same milliseconds.
    pub to_ms: u32,
}

impl OpenSpan {
    /// The whole day.
    pub const ALL_DAY: Self = Self { from_ms: 0, to_ms: DAY_MS };

    /// From one hour and minute until another.
    #[must_use]
    pub const fn new(from: (u32, u32), to: (u32, u32)) -> Self {
        const fn ms(time: (u32, u32)) -> u32 {
            time.0.saturating_mul(60).saturating_add(time.1).saturating_mul(MINUTE_MS)
        }
        Self { from_ms: ms(from), to_ms: ms(to) }
    }

    pub(super) const fn is_right(self) -> bool {
        self.from_ms < self.to_ms && self.to_ms <= DAY_MS
    }
}

impl fmt::Display for OpenSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |ms: u32| (ms / (60 * MINUTE_MS), ms / MINUTE_MS % 60);
        let ((from, from_min), (to, to_min)) = (time(self.from_ms), time(self.to_ms));
        write!(f, "{from:02}:{from_min:02}-{to:02}:{to_min:02}")
    }
}

#[cfg(feature = "hall-file")]
impl From<crate::hall::Span> for OpenSpan {
    fn from(span: crate::hall::Span) -> Self {
        // A span of the hall file ends at 24:00 at the latest, so both fit.
        let ms = |ms: u64| u32::try_from(ms).unwrap_or(DAY_MS);
        Self { from_ms: ms(span.from_ms), to_ms: ms(span.to_ms) }
    }
}

/// Opening hours of a week: for each day the spans in rising order, Monday first. No span is a day
/// on which the hall is closed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Week(pub [Vec<OpenSpan>; 7]);

impl Week {
    /// Always open (24×7).
    #[must_use]
    pub fn always() -> Self {
        Self(std::array::from_fn(|_| vec![OpenSpan::ALL_DAY]))
    }

    /// These hours from Monday to Friday, closed on Saturday and Sunday.
    #[must_use]
    pub fn monday_to_friday(spans: &[OpenSpan]) -> Self {
        Self(std::array::from_fn(|day| if day < 5 { spans.to_vec() } else { Vec::new() }))
    }

    /// The hours of a day of the week.
    #[must_use]
    pub fn on(&self, weekday: Weekday) -> &[OpenSpan] {
        &self.0[weekday.index()]
    }
}

/// A month and a day of it, in any year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MonthDay {
    /// From 1.
    pub month: i8,
    /// From 1.
    pub day: i8,
}

/// Other hours for a part of every year: 夏季作息时间 from 5-1 to 9-30. It changes hours only; which
/// days are working days stays as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Season {
    /// What people call it.
    pub name: String,
    /// Its first day.
    pub from: MonthDay,
    /// Its last day, included. Before `from` in the year means that it goes past New Year.
    pub to: MonthDay,
    /// Its hours.
    pub week: Week,
}

impl Season {
    /// Whether a day is in the season.
    #[must_use]
    pub fn has(&self, day: Day) -> bool {
        day.year_month_day().is_some_and(|(_, month, day)| self.has_date(MonthDay { month, day }))
    }

    pub(crate) fn has_date(&self, date: MonthDay) -> bool {
        if self.from <= self.to {
            (self.from..=self.to).contains(&date)
        } else {
            date >= self.from || date <= self.to
        }
    }
}
