//! What can be wrong with a draft, all of it at once.

use std::{collections::BTreeSet, fmt};

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{
    Calendar, CalendarDraft, Day, MonthDay, OpenSpan, Season, Special, SpecialDay, Week, Weekday,
};

/// Where in a draft hours are written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The ordinary week.
    Week(Weekday),
    /// The week of a season.
    Season {
        /// Its name.
        season: String,
        /// The day of its week.
        weekday: Weekday,
    },
    /// A holiday, a make-up day or an exception.
    Special(Day),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Week(weekday) => write!(f, "{weekday:?}"),
            Self::Season { season, weekday } => write!(f, "{weekday:?} of season {season}"),
            Self::Special(day) => write!(f, "{day}"),
        }
    }
}

/// What is wrong with a draft.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// The zone is in no list of zones. Use an IANA name such as `Asia/Shanghai`.
    #[error("there is no zone {zone}")]
    NoSuchZone {
        /// The name written.
        zone: String,
    },
    /// The horizon ends before it begins.
    #[error("the horizon ends on {until}, before it begins on {from}")]
    HorizonBackwards {
        /// Its first day.
        from: Day,
        /// Its last day.
        until: Day,
    },
    /// The horizon leaves the years 1900 to 2299.
    #[error("the horizon {from} to {until} leaves the years 1900 to 2299")]
    HorizonTooWide {
        /// Its first day.
        from: Day,
        /// Its last day.
        until: Day,
    },
    /// What is published ends before it begins.
    #[error("holidays are published until {until}, before the first day published, {from}")]
    PublishedBackwards {
        /// The first day.
        from: Day,
        /// The last day.
        until: Day,
    },
    /// A span does not end later than it begins, or ends after 24:00.
    #[error("{place}: {span} is no span of one day")]
    NoSpan {
        /// Where it is written.
        place: Place,
        /// The span.
        span: OpenSpan,
    },
    /// A span begins before the one written before it has ended.
    #[error("{place}: {span} begins before the span before it has ended")]
    SpansOverlap {
        /// Where it is written.
        place: Place,
        /// The later one.
        span: OpenSpan,
    },
    /// A season's first or last day is in no year.
    #[error("season {season} begins or ends on {}-{}, which is in no year", date.month, date.day)]
    NoSuchDate {
        /// Its name.
        season: String,
        /// The date.
        date: MonthDay,
    },
    /// Two seasons have a day in common, so that its hours are not known.
    #[error("seasons {first} and {second} have days in common")]
    SeasonsOverlap {
        /// The one written first.
        first: String,
        /// The other.
        second: String,
    },
    /// A day is named twice in the same list.
    #[error("{day} is named twice")]
    DayTwice {
        /// The day.
        day: Day,
    },
    /// There is neither a working day nor an opening hour: nothing would ever be due.
    #[error("no day of the horizon is a working day, and none has opening hours")]
    NeverOpen,
}

impl CalendarDraft {
    /// Checks the draft and compiles it. Special days outside the horizon have no effect.
    ///
    /// Costs one pass over the days of the horizon, about 32 bytes for each and 24 for each span.
    ///
    /// # Errors
    ///
    /// Every mistake found; the list is never empty.
    pub fn check(&self) -> Result<Calendar, Vec<CalendarError>> {
        let mut mistakes = Vec::new();
        let zone = self.check_zone(&mut mistakes);
        self.check_horizon(&mut mistakes);
        check_week(&self.week, Place::Week, &mut mistakes);
        for (at, season) in self.seasons.iter().enumerate() {
            season.check(&self.seasons[..at], &mut mistakes);
        }
        check_days(&self.holidays, &mut mistakes);
        check_days(&self.special, &mut mistakes);
        match zone {
            Some(zone) if mistakes.is_empty() => {
                let calendar = Calendar::compile(self, &zone);
                calendar.ok_or_else(|| vec![CalendarError::NeverOpen])
            }
            _ => Err(mistakes),
        }
    }

    fn check_zone(&self, mistakes: &mut Vec<CalendarError>) -> Option<TimeZone> {
        let zone = TimeZoneDatabase::bundled().get(&self.zone).ok();
        if zone.is_none() {
            mistakes.push(CalendarError::NoSuchZone { zone: self.zone.clone() });
        }
        zone
    }

    fn check_horizon(&self, mistakes: &mut Vec<CalendarError>) {
        let (from, until) = (self.from, self.until);
        let is_near =
            |day: Day| day.year_month_day().is_some_and(|(y, ..)| (1900..2300).contains(&y));
        if !is_near(from) || !is_near(until) {
            mistakes.push(CalendarError::HorizonTooWide { from, until });
        }
        if until < from {
            mistakes.push(CalendarError::HorizonBackwards { from, until });
        }
        if let Some(published) = self.published
            && published.until < published.from
        {
            let (from, until) = (published.from, published.until);
            mistakes.push(CalendarError::PublishedBackwards { from, until });
        }
    }
}

impl Season {
    fn check(&self, before: &[Self], mistakes: &mut Vec<CalendarError>) {
        for date in [self.from, self.to] {
            if !date.exists() {
                mistakes.push(CalendarError::NoSuchDate { season: self.name.clone(), date });
            }
        }
        // Two stretches of the year have a day in common exactly if one has the first day of the other.
        for first in before.iter().filter(|s| s.has_date(self.from) || self.has_date(s.from)) {
            let (first, second) = (first.name.clone(), self.name.clone());
            mistakes.push(CalendarError::SeasonsOverlap { first, second });
        }
        let place = |weekday| Place::Season { season: self.name.clone(), weekday };
        check_week(&self.week, place, mistakes);
    }
}

impl MonthDay {
    /// Whether it is in some year; 2-29 is.
    fn exists(self) -> bool {
        Day::new(2024, self.month, self.day).is_some()
    }
}

fn check_week(week: &Week, place: impl Fn(Weekday) -> Place, mistakes: &mut Vec<CalendarError>) {
    for weekday in Weekday::ALL {
        check_spans(week.on(weekday), || place(weekday), mistakes);
    }
}

fn check_spans(spans: &[OpenSpan], place: impl Fn() -> Place, mistakes: &mut Vec<CalendarError>) {
    let mut ended_ms = 0;
    for &span in spans {
        if !span.is_right() {
            mistakes.push(CalendarError::NoSpan { place: place(), span });
        } else if span.from_ms < ended_ms {
            mistakes.push(CalendarError::SpansOverlap { place: place(), span });
        }
        ended_ms = ended_ms.max(span.to_ms);
    }
}

fn check_days(days: &[SpecialDay], mistakes: &mut Vec<CalendarError>) {
    let mut seen = BTreeSet::new();
    for special in days {
        let day = special.day;
        if !seen.insert(day) {
            mistakes.push(CalendarError::DayTwice { day });
        }
        if let Special::MakeUp { hours: Some(hours) } | Special::Hours { hours } = &special.what {
            check_spans(hours, || Place::Special(day), mistakes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn draft() -> CalendarDraft {
        CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2026-12-31"))
    }

    #[track_caller]
    fn check(draft: &CalendarDraft, expect: &[&str]) {
        let mistakes = draft.check().err().unwrap_or_default();
        assert_eq!(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn all_mistakes_are_named_at_once() {
        let summer = Season {
            name: "summer".to_owned(),
            from: MonthDay { month: 5, day: 1 },
            to: MonthDay { month: 9, day: 31 },
            week: Week::monday_to_friday(&[OpenSpan::new((9, 0), (25, 0))]),
        };
        let winter = Season {
            name: "winter".to_owned(),
            from: MonthDay { month: 11, day: 1 },
            to: MonthDay { month: 5, day: 1 },
            week: Week::default(),
        };
        let mut wrong = draft();
        wrong.zone = "Asia/Shangai".to_owned();
        wrong.until = day("2023-12-31");
        wrong.week.0[0] = vec![OpenSpan::new((9, 0), (12, 0)), OpenSpan::new((11, 0), (17, 0))];
        wrong.seasons = vec![summer, winter];
        let closed = |text| SpecialDay {
            day: day(text),
            name: "power cut".to_owned(),
            what: Special::Closed,
        };
        wrong.special = vec![closed("2024-03-01"), closed("2024-03-01")];
        wrong.published = Some(super::super::Published { from: wrong.from, until: wrong.until });
        let no_span =
            |day: &str| format!("{day} of season summer: 09:00-25:00 is no span of one day");
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"].map(no_span);
        let mut expect = vec![
            "there is no zone Asia/Shangai",
            "the horizon ends on 2023-12-31, before it begins on 2024-01-01",
            "holidays are published until 2023-12-31, before the first day published, 2024-01-01",
            "Monday: 11:00-17:00 begins before the span before it has ended",
            "season summer begins or ends on 9-31, which is in no year",
        ];
        expect.extend(days.iter().map(String::as_str));
        expect
            .extend(["seasons summer and winter have days in common", "2024-03-01 is named twice"]);
        check(&wrong, &expect);
    }

    #[test]
    fn a_horizon_is_at_most_a_few_centuries() {
        let wide = CalendarDraft { from: day("1899-12-31"), ..draft() };
        check(&wide, &["the horizon 1899-12-31 to 2026-12-31 leaves the years 1900 to 2299"]);
        let far = CalendarDraft { until: Day::from_number(i32::MAX), ..draft() };
        assert!(far.check().is_err());
    }

    #[test]
    fn a_calendar_that_never_opens_is_refused() {
        let never = CalendarDraft { works: [false; 7], ..draft() };
        check(&never, &["no day of the horizon is a working day, and none has opening hours"]);
        check(&draft(), &[]);
    }
}
