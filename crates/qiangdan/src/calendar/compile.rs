//! From a draft to tables that are looked into, not walked through.
//!
//! Days are one table, indexed by the day's number in the horizon: when it begins, when business closes,
//! how many working days lie before it. Working days are a second one, by their own number. Opening spans
//! are a third, as instants, each with the open time before it: a prefix sum. Adding time is then one
//! search in the sums, adding days one look at the second table.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    CalendarDraft, Day, OpenSpan, Published, Special, SpecialDay, Weekday, hours::DAY_MS,
    wall_clock::WallClock,
};

/// A checked calendar. Made by [`CalendarDraft::check`].
///
/// It has a horizon, from one day until another, and answers about days in it; where an answer would
/// lie outside, it is a [`HorizonError`](super::HorizonError). No question allocates.
///
/// # Example
///
/// ```
/// use qiangdan::calendar::{CalendarDraft, Day, OpenSpan, STATE_COUNCIL, Week};
///
/// let day = |text: &str| text.parse::<Day>();
/// let draft = CalendarDraft {
///     week: Week::monday_to_friday(&[
///         OpenSpan::new((9, 0), (12, 0)),
///         OpenSpan::new((13, 30), (17, 0)),
///     ]),
///     ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01")?, day("2030-12-31")?)
/// };
/// let calendar = STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice).check().unwrap();
///
/// // Received on the Tuesday before Spring Festival, 20 working days. Two Saturdays are worked.
/// let received = calendar.instant(day("2026-02-10")?, 10 * 3_600_000).unwrap();
/// let due = calendar.add_working_days(received, 20).unwrap();
/// assert_eq!(calendar.day_of(due.at), day("2026-03-16").map_err(|_| unreachable!()));
/// assert!(!due.is_provisional);
/// # Ok::<(), qiangdan::calendar::DayError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Calendar {
    pub(super) zone: String,
    pub(super) version: String,
    pub(super) sources: Vec<String>,
    pub(super) published: Option<Published>,
    pub(super) clock: WallClock,
    pub(super) first: Day,
    /// One row for each day of the horizon, and one that ends the last.
    pub(super) days: Vec<DayRow>,
    /// The place in `days` of each working day.
    pub(super) working: Vec<u32>,
    /// In the order of time, and one that ends the last.
    pub(super) spans: Vec<SpanRow>,
    /// Names of special days, by rising place in `days`.
    pub(super) names: Vec<Names>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct DayRow {
    pub(super) begins_ms: i64,
    /// When the last span ends; when the day ends, if there is none.
    pub(super) closes_ms: i64,
    /// How many working days of the horizon lie before it.
    pub(super) working_before: u32,
    /// Where its spans begin in `spans`; they end where those of the next day begin.
    pub(super) first_span: u32,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) place: u32,
    /// Of what makes it a holiday or a make-up day.
    pub(super) by_kind: Option<String>,
    /// Of what changes its hours.
    pub(super) by_hours: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Working,
    Rest,
    Holiday,
    MakeUp,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct SpanRow {
    pub(super) opens_ms: i64,
    pub(super) shuts_ms: i64,
    /// Open time of the horizon before it.
    pub(super) before_ms: i64,
}

impl Kind {
    pub(super) const fn is_working(self) -> bool {
        matches!(self, Self::Working | Self::MakeUp)
    }
}

/// What the layers of a draft say of one day.
struct Settled<'a> {
    kind: Kind,
    spans: &'a [OpenSpan],
    by_kind: Option<&'a str>,
    by_hours: Option<&'a str>,
}

impl<'a> Settled<'a> {
    fn ordinary(draft: &'a CalendarDraft, day: Day) -> Self {
        let weekday = day.weekday();
        let works = draft.works[weekday.index()];
        let kind = if works { Kind::Working } else { Kind::Rest };
        Self { kind, spans: draft.hours(day, weekday), by_kind: None, by_hours: None }
    }

    fn but(self, draft: &'a CalendarDraft, special: &'a SpecialDay) -> Self {
        let name = Some(special.name.as_str());
        let of_kind = |kind, spans| Self { kind, spans, by_kind: name, by_hours: None };
        match &special.what {
            Special::Holiday => of_kind(Kind::Holiday, &[]),
            Special::MakeUp { hours } => {
                let monday = || draft.hours(special.day, Weekday::Monday);
                of_kind(Kind::MakeUp, hours.as_deref().unwrap_or_else(monday))
            }
            Special::Closed => Self { spans: &[], by_hours: name, ..self },
            Special::Hours { hours } => Self { spans: hours, by_hours: name, ..self },
        }
    }
}

impl CalendarDraft {
    /// The hours of a weekday at the time of the year of `day`.
    fn hours(&self, day: Day, weekday: Weekday) -> &[OpenSpan] {
        let season = self.seasons.iter().find(|season| season.has(day));
        season.map_or(&self.week, |season| &season.week).on(weekday)
    }
}

impl Calendar {
    /// Compiles a draft without mistakes; none if there is nothing to count.
    pub(super) fn compile(draft: &CalendarDraft, zone: &TimeZone) -> Option<Self> {
        let by_day = |days: &'_ [SpecialDay]| -> BTreeMap<Day, usize> {
            days.iter().enumerate().map(|(at, special)| (special.day, at)).collect()
        };
        let (holidays, special) = (by_day(&draft.holidays), by_day(&draft.special));
        let mut calendar = Self::empty(draft, zone);
        for number in draft.from.number()..=draft.until.number() {
            let day = Day::from_number(number);
            let mut settled = Settled::ordinary(draft, day);
            if let Some(&at) = holidays.get(&day) {
                settled = settled.but(draft, &draft.holidays[at]);
            }
            if let Some(&at) = special.get(&day) {
                settled = settled.but(draft, &draft.special[at]);
            }
            calendar.push_day(day, &settled);
        }
        calendar.push_end(draft.until.plus(1));
        let has_hours = calendar.spans.last().is_some_and(|end| end.before_ms > 0);
        (has_hours || !calendar.working.is_empty()).then_some(calendar)
    }

    fn empty(draft: &CalendarDraft, zone: &TimeZone) -> Self {
        let instant = |day: Day, days: i64| {
            let since = SignedDuration::from_hours((i64::from(day.number()) + days) * 24);
            Timestamp::UNIX_EPOCH.saturating_add(since).unwrap_or(Timestamp::UNIX_EPOCH)
        };
        // No offset is as long as two days.
        let clock = WallClock::new(zone, instant(draft.from, -2), instant(draft.until, 3));
        Self {
            zone: draft.zone.clone(),
            version: draft.version.clone(),
            sources: draft.sources.clone(),
            published: draft.published,
            clock,
            first: draft.from,
            days: Vec::new(),
            working: Vec::new(),
            spans: Vec::new(),
            names: Vec::new(),
        }
    }

    fn push_day(&mut self, day: Day, settled: &Settled<'_>) {
        let place = count(self.days.len());
        let ends_ms = self.civil_ms(day.plus(1), 0);
        let mut row = DayRow {
            begins_ms: self.civil_ms(day, 0),
            closes_ms: ends_ms,
            working_before: count(self.working.len()),
            first_span: count(self.spans.len()),
            kind: settled.kind,
        };
        for span in settled.spans {
            let (opens_ms, shuts_ms) =
                (self.civil_ms(day, span.from_ms), self.civil_ms(day, span.to_ms));
            self.spans.push(SpanRow { opens_ms, shuts_ms, before_ms: self.open_ms() });
            row.closes_ms = shuts_ms;
        }
        if settled.kind.is_working() {
            self.working.push(place);
        }
        if settled.by_kind.is_some() || settled.by_hours.is_some() {
            let [by_kind, by_hours] =
                [settled.by_kind, settled.by_hours].map(|name| name.map(str::to_owned));
            self.names.push(Names { place, by_kind, by_hours });
        }
        self.days.push(row);
    }

    fn push_end(&mut self, day: Day) {
        let begins_ms = self.civil_ms(day, 0);
        let (working_before, first_span) = (count(self.working.len()), count(self.spans.len()));
        let kind = Kind::Rest;
        let closes_ms = begins_ms;
        self.days.push(DayRow { begins_ms, closes_ms, working_before, first_span, kind });
        let before_ms = self.open_ms();
        self.spans.push(SpanRow { opens_ms: begins_ms, shuts_ms: begins_ms, before_ms });
    }

    /// All open time so far.
    fn open_ms(&self) -> i64 {
        self.spans.last().map_or(0, |span| span.before_ms + span.shuts_ms - span.opens_ms)
    }

    pub(super) fn civil_ms(&self, day: Day, time_ms: u32) -> i64 {
        self.clock.first_ms(i64::from(day.number()) * i64::from(DAY_MS) + i64::from(time_ms))
    }
}

/// A horizon of 400 years has fewer days than 2³², and a day fewer spans than fit.
fn count(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Wall,
        calendar::{DayKind, MonthDay, STATE_COUNCIL, Season, Week},
    };

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn week(from: u32, to: u32) -> Week {
        Week::monday_to_friday(&[OpenSpan::new((from, 0), (to, 0))])
    }

    fn draft() -> CalendarDraft {
        let draft = CalendarDraft {
            week: week(9, 17),
            ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2027-12-31"))
        };
        STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice)
    }

    fn special(text: &str, what: Special) -> SpecialDay {
        SpecialDay { day: day(text), name: "our own".to_owned(), what }
    }

    /// Opening hours of a day in China, in hours of the day.
    #[track_caller]
    fn check(draft: &CalendarDraft, text: &str, is_working: bool, hours: &[(i64, i64)]) {
        let calendar = draft.check().unwrap();
        let begins = calendar.begins(day(text)).unwrap();
        let hour = |at: Wall| (at.0 - begins.0) / 3_600_000;
        let spans = calendar.open_spans(day(text)).unwrap();
        assert_eq!(spans.map(|(from, to)| (hour(from), hour(to))).collect::<Vec<_>>(), hours);
        assert_eq!(calendar.is_working_day(day(text)), Ok(is_working), "{text}");
    }

    #[test]
    fn a_season_changes_hours_and_not_working_days() {
        let season = |name: &str, from: (i8, i8), to: (i8, i8), week| Season {
            name: name.to_owned(),
            from: MonthDay { month: from.0, day: from.1 },
            to: MonthDay { month: to.0, day: to.1 },
            week,
        };
        let seasons = vec![
            season("夏季", (5, 1), (9, 30), week(8, 18)),
            season("冬季", (12, 15), (2, 29), week(10, 16)),
        ];
        let draft = CalendarDraft { seasons, ..draft() };
        check(&draft, "2026-04-30", true, &[(9, 17)]);
        check(&draft, "2026-05-06", true, &[(8, 18)]);
        check(&draft, "2026-05-02", false, &[]);
        // A make-up Saturday in the season, and one of the winter that goes past New Year.
        check(&draft, "2026-05-09", true, &[(8, 18)]);
        check(&draft, "2026-02-28", true, &[(10, 16)]);
        check(&draft, "2024-02-29", true, &[(10, 16)]);
        check(&draft, "2026-12-14", true, &[(9, 17)]);
        check(&draft, "2026-12-15", true, &[(10, 16)]);
    }

    #[test]
    fn the_halls_own_days_win_over_the_laws() {
        let hours = vec![OpenSpan::new((9, 0), (12, 0))];
        let special = vec![
            special("2026-03-02", Special::Closed),
            special("2026-03-07", Special::Hours { hours: hours.clone() }),
            special("2026-10-01", Special::Hours { hours: hours.clone() }),
            special("2026-09-20", Special::Holiday),
            special("2026-10-02", Special::MakeUp { hours: Some(hours) }),
        ];
        let draft = CalendarDraft { special, ..draft() };
        check(&draft, "2026-03-02", true, &[]);
        check(&draft, "2026-03-07", false, &[(9, 12)]);
        check(&draft, "2026-10-01", false, &[(9, 12)]);
        check(&draft, "2026-09-20", false, &[]);
        check(&draft, "2026-10-02", true, &[(9, 12)]);
        let calendar = draft.check().unwrap();
        let name = "our own";
        assert_eq!(calendar.kind(day("2026-10-02")), Ok(DayKind::MakeUp { name }));
        assert_eq!(calendar.name(day("2026-03-02")), Some(name));
        assert_eq!(calendar.name(day("2026-10-01")), Some(name));
        assert_eq!(calendar.kind(day("2026-10-01")), Ok(DayKind::Holiday { name: "国庆节" }));
        assert_eq!(calendar.closes(day("2026-03-02")), calendar.ends(day("2026-03-02")));
    }

    #[test]
    fn what_is_published_ends_before_a_missing_year() {
        let published = |years: &[usize]| {
            let blank = CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2027-12-31"));
            let notices = years.iter().map(|&year| &STATE_COUNCIL[year]);
            let draft = notices.fold(blank, CalendarDraft::with_notice);
            draft.published.map(|known| (known.from.to_string(), known.until.to_string()))
        };
        let known = |from: &str, until: &str| Some((from.to_owned(), until.to_owned()));
        assert_eq!(published(&[]), None);
        assert_eq!(published(&[0, 1, 2]), known("2024-01-01", "2026-12-31"));
        assert_eq!(published(&[0, 2]), known("2024-01-01", "2024-12-31"));
        assert_eq!(published(&[1]), known("2025-01-01", "2025-12-31"));
    }

    #[test]
    fn a_place_that_never_closes_counts_every_millisecond() {
        let draft = CalendarDraft::always("Europe/Amsterdam", day("2026-01-01"), day("2026-12-31"));
        let calendar = draft.check().unwrap();
        let (from, until) = (calendar.begins(draft.from), calendar.ends(draft.until));
        let (from, until) = (from.unwrap(), until.unwrap());
        assert_eq!(calendar.working_time_between(from, until), Ok(365 * 86_400_000));
        let due = calendar.add_working_time(from, 100 * 86_400_000).unwrap();
        assert_eq!(due.at, Wall(from.0 + 100 * 86_400_000));
        assert!(!due.is_provisional);
        assert_eq!(calendar.working_days_between(draft.from, draft.until), Ok(364));
    }
}
