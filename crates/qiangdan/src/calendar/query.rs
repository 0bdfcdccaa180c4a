//! What a calendar answers.

use super::{
    Calendar, Day, Published,
    compile::{DayRow, Kind, Names, SpanRow},
    hours::DAY_MS,
};
use crate::Wall;

/// When something is due, and whether that may still change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Due {
    /// The last instant in time. Done at exactly this instant is in time.
    pub at: Wall,
    /// It depends on days whose holidays are not published yet (or not known to this calendar).
    pub is_provisional: bool,
}

/// The answer, or what was asked about, lies outside the calendar's horizon.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum HorizonError {
    /// Before its first day. Use a calendar that begins earlier.
    #[error("before {from}, the first day of the calendar")]
    Before {
        /// The first day.
        from: Day,
    },
    /// After its last day. Use a calendar that goes on longer.
    #[error("after {until}, the last day of the calendar")]
    Past {
        /// The last day.
        until: Day,
    },
}

/// What a day is by law.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DayKind<'a> {
    /// A working day (工作日).
    Working,
    /// A day of the week that is not worked.
    Rest,
    /// A public holiday (法定节假日).
    Holiday {
        /// Its name.
        name: &'a str,
    },
    /// Worked by a swap (调休上班).
    MakeUp {
        /// The holiday it is worked for.
        name: &'a str,
    },
}

/// Who the calendar is.
impl Calendar {
    /// The zone, by its IANA name.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The version, as its keepers count.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The documents its days come from.
    #[must_use]
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// Whether it is ever open.
    #[must_use]
    pub fn has_hours(&self) -> bool {
        self.spans.last().is_some_and(|end| end.before_ms > 0)
    }

    /// Whether any of its days is a working day.
    #[must_use]
    pub fn has_working_days(&self) -> bool {
        !self.working.is_empty()
    }

    /// The days for which all holidays are known; `None` means all.
    #[must_use]
    pub fn published(&self) -> Option<Published> {
        self.published
    }

    /// The first day of the horizon.
    #[must_use]
    pub fn from(&self) -> Day {
        self.first
    }

    /// The last day of the horizon.
    #[must_use]
    pub fn until(&self) -> Day {
        self.day_at(self.days.len() - 2)
    }

    /// Whether an answer that depends on the days from `from` until `until` may still change.
    #[must_use]
    pub fn is_provisional(&self, from: Day, until: Day) -> bool {
        self.published.is_some_and(|known| from < known.from || known.until < until)
    }
}

/// Days and instants. All cost one search over the zone's transitions, or less.
impl Calendar {
    /// The day on the wall at an instant.
    ///
    /// While an hour comes a second time, the clock on the wall counts as standing still.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn day_of(&self, at: Wall) -> Result<Day, HorizonError> {
        self.place_of(at).map(|place| self.day_at(place))
    }

    /// The time on the wall at an instant, in milliseconds of the day.
    #[must_use]
    pub fn time_of_day_ms(&self, at: Wall) -> u32 {
        let ms = self.clock.shown_ms(at.0).rem_euclid(i64::from(DAY_MS));
        u32::try_from(ms).unwrap_or(0)
    }

    /// The instant of a time of day, at most 24:00. Of a time that is shown twice, the first; of one
    /// that is skipped, the instant of the jump.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn instant(&self, day: Day, time_ms: u32) -> Result<Wall, HorizonError> {
        self.row(day)?;
        Ok(Wall(self.civil_ms(day, time_ms.min(DAY_MS))))
    }

    /// When a day begins: 00:00, or the first instant after it.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn begins(&self, day: Day) -> Result<Wall, HorizonError> {
        self.row(day).map(|row| Wall(row.begins_ms))
    }

    /// When a day ends: the beginning of the next (民法典 art. 203: 二十四时).
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn ends(&self, day: Day) -> Result<Wall, HorizonError> {
        Ok(Wall(self.days[self.place(day)? + 1].begins_ms))
    }

    /// When business closes on a day: the end of its last span, or of the day if it has no hours
    /// (民法典 art. 203: 有业务时间的，停止业务活动的时间为截止时间).
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn closes(&self, day: Day) -> Result<Wall, HorizonError> {
        self.row(day).map(|row| Wall(row.closes_ms))
    }

    /// The instant `days` days later at the same time on the wall, summer time or not.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if either day is not in the horizon.
    pub fn add_natural_days(&self, from: Wall, days: u32) -> Result<Wall, HorizonError> {
        let day = self.day_of(from)?;
        if days == 0 {
            return Ok(from);
        }
        let later = day.plus(i32::try_from(days).unwrap_or(i32::MAX));
        self.instant(later, self.time_of_day_ms(from))
    }
}

/// Working days. All cost one or two looks into a table.
impl Calendar {
    /// What a day is by law, with the name of its holiday.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn kind(&self, day: Day) -> Result<DayKind<'_>, HorizonError> {
        let kind = self.row(day)?.kind;
        let name = self.names(day).and_then(|names| names.by_kind.as_deref()).unwrap_or_default();
        Ok(match kind {
            Kind::Working => DayKind::Working,
            Kind::Rest => DayKind::Rest,
            Kind::Holiday => DayKind::Holiday { name },
            Kind::MakeUp => DayKind::MakeUp { name },
        })
    }

    /// Why a day is special: the name in the draft. If its hours are changed too, why they are.
    #[must_use]
    pub fn name(&self, day: Day) -> Option<&str> {
        let names = self.names(day)?;
        names.by_hours.as_deref().or(names.by_kind.as_deref())
    }

    /// Whether a day is a working day (行政许可法 art. 82: 工作日，不含法定节假日).
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn is_working_day(&self, day: Day) -> Result<bool, HorizonError> {
        self.row(day).map(|row| row.kind.is_working())
    }

    /// How many working days come after `after`, until `until` included; none if that is not later.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if either day is not in the horizon.
    pub fn working_days_between(&self, after: Day, until: Day) -> Result<u32, HorizonError> {
        let (after, until) = (self.working_until(after)?, self.working_until(until)?);
        Ok(until.saturating_sub(after))
    }

    /// The first working day that is `day` or later.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if it is not in the horizon.
    pub fn working_day_from(&self, day: Day) -> Result<Day, HorizonError> {
        let before = self.row(day)?.working_before;
        self.working_day(before)
    }

    /// The `n`-th working day after a day; for `n` = 0 the first that is that day or later.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if it is not in the horizon.
    pub fn nth_working_day(&self, after: Day, n: u32) -> Result<Day, HorizonError> {
        match n.checked_sub(1) {
            Some(more) => self.working_day(self.working_until(after)?.saturating_add(more)),
            None => self.working_day_from(after),
        }
    }

    /// When `n` working days are over: the day of receipt is not counted, and the last day ends when
    /// business closes.
    ///
    /// Source: 民法典 art. 201 and 203, 行政许可法 art. 82. Other rules are a
    /// [`Unit`](crate::limit::Unit) of a limit.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if either day is not in the horizon.
    pub fn add_working_days(&self, received: Wall, n: u32) -> Result<Due, HorizonError> {
        let received = self.day_of(received)?;
        let last = self.nth_working_day(received, n)?;
        Ok(Due { at: self.closes(last)?, is_provisional: self.is_provisional(received, last) })
    }

    /// Working days of the horizon until `day`, included.
    pub(crate) fn working_until(&self, day: Day) -> Result<u32, HorizonError> {
        Ok(self.days[self.place(day)? + 1].working_before)
    }

    /// The working day that has so many before it in the horizon.
    pub(crate) fn working_day(&self, before: u32) -> Result<Day, HorizonError> {
        let place = usize::try_from(before).ok().and_then(|before| self.working.get(before));
        let place = place.and_then(|&place| usize::try_from(place).ok());
        place.map(|place| self.day_at(place)).ok_or(self.past())
    }
}

/// Opening hours, in real milliseconds. Costs are those of a search over the zone's transitions, and for
/// adding time of one over the spans of the horizon.
impl Calendar {
    /// Whether the hall is open at an instant. At the instant of closing it is not.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the instant is not in the horizon.
    pub fn is_open(&self, at: Wall) -> Result<bool, HorizonError> {
        let spans = self.spans_of(self.place_of(at)?);
        Ok(spans.iter().any(|span| (span.opens_ms..span.shuts_ms).contains(&at.0)))
    }

    /// The first instant, `at` or later, at which the hall is open.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if there is none in the horizon.
    pub fn next_opening(&self, at: Wall) -> Result<Wall, HorizonError> {
        let first = self.days[self.place_of(at)?].first_span;
        let rest = usize::try_from(first).ok().and_then(|first| self.spans.get(first..));
        let mut open = rest.unwrap_or_default().iter().filter(|span| span.opens_ms < span.shuts_ms);
        let span = open.find(|span| at.0 < span.shuts_ms).ok_or(self.past())?;
        Ok(at.max(Wall(span.opens_ms)))
    }

    /// Opening spans of a day: from this instant until that.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the day is not in the horizon.
    pub fn open_spans(
        &self,
        day: Day,
    ) -> Result<impl Iterator<Item = (Wall, Wall)> + '_, HorizonError> {
        let spans = self.spans_of(self.place(day)?).iter();
        Ok(spans.map(|span| (Wall(span.opens_ms), Wall(span.shuts_ms))))
    }

    /// Open time between two instants, in milliseconds; none if the second is not later.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if either instant is not in the horizon.
    pub fn working_time_between(&self, from: Wall, until: Wall) -> Result<u64, HorizonError> {
        let (from, until) = (self.open_before_ms(from)?, self.open_before_ms(until)?);
        Ok(u64::try_from(until - from).unwrap_or(0))
    }

    /// When so much open time has passed: the first such instant, so at closing rather than at the next
    /// opening. For no time at all, `from`.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if either instant is not in the horizon.
    pub fn add_working_time(&self, from: Wall, ms: u64) -> Result<Due, HorizonError> {
        let before_ms = self.open_before_ms(from)?;
        let target_ms = before_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
        self.due_by_open(from, target_ms)
    }

    /// When open time of the horizon reaches `target_ms`, not before `from`.
    pub(crate) fn due_by_open(&self, from: Wall, target_ms: i64) -> Result<Due, HorizonError> {
        let day = self.place_of(from)?;
        let at = from.max(self.at_open(day, target_ms)?);
        // An instant of closing at 24:00 belongs to the day it ends.
        let last = self.day_of(from.max(Wall(at.0.saturating_sub(1))))?;
        Ok(Due { at, is_provisional: self.is_provisional(self.day_at(day), last) })
    }

    /// Open time of the horizon before an instant: a prefix sum.
    pub(crate) fn open_before_ms(&self, at: Wall) -> Result<i64, HorizonError> {
        let end = self.days.len() - 1;
        // The end of the horizon is an instant one may ask about.
        let place = if at.0 == self.days[end].begins_ms { end } else { self.place_of(at)? };
        let spans = self.spans_from(place);
        let mut before_ms = spans.first().map_or(0, |span| span.before_ms);
        for span in spans.iter().take_while(|span| span.opens_ms < at.0) {
            before_ms = span.before_ms + at.0.min(span.shuts_ms) - span.opens_ms;
        }
        Ok(before_ms)
    }

    /// The first instant, from the first span of a day on, with so much open time of the horizon before
    /// it. Spans close by are found first: steps are doubled until one is too long.
    fn at_open(&self, day: usize, target_ms: i64) -> Result<Wall, HorizonError> {
        let spans = self.spans_from(day);
        if spans.last().is_none_or(|end| target_ms > end.before_ms) {
            return Err(self.past());
        }
        let (mut from, mut step) = (0, 4);
        while spans.get(from + step).is_some_and(|span| span.before_ms < target_ms) {
            from += step;
            step *= 2;
        }
        let near = &spans[from..spans.len().min(from + step)];
        let after = near.partition_point(|span| span.before_ms < target_ms);
        let Some(span) = after.checked_sub(1).map(|at| &near[at]) else {
            return Ok(Wall(i64::MIN));
        };
        Ok(Wall(span.opens_ms + (target_ms - span.before_ms)))
    }
}

/// Places in the tables.
impl Calendar {
    fn place_of(&self, at: Wall) -> Result<usize, HorizonError> {
        let number = self.clock.shown_ms(at.0).div_euclid(i64::from(DAY_MS));
        let day = i32::try_from(number).unwrap_or(if at.0 < 0 { i32::MIN } else { i32::MAX });
        self.place(Day::from_number(day))
    }

    fn place(&self, day: Day) -> Result<usize, HorizonError> {
        let place = i64::from(day.number()) - i64::from(self.first.number());
        let Ok(place) = usize::try_from(place) else {
            return Err(HorizonError::Before { from: self.first });
        };
        if place < self.days.len() - 1 { Ok(place) } else { Err(self.past()) }
    }

    fn names(&self, day: Day) -> Option<&Names> {
        let place = u32::try_from(self.place(day).ok()?).ok()?;
        let at = self.names.binary_search_by_key(&place, |names| names.place).ok()?;
        Some(&self.names[at])
    }

    fn row(&self, day: Day) -> Result<&DayRow, HorizonError> {
        self.place(day).map(|place| &self.days[place])
    }

    fn day_at(&self, place: usize) -> Day {
        self.first.plus(i32::try_from(place).unwrap_or(i32::MAX))
    }

    fn past(&self) -> HorizonError {
        HorizonError::Past { until: self.until() }
    }

    fn spans_of(&self, place: usize) -> &[SpanRow] {
        let span = |place: usize| usize::try_from(self.days[place].first_span).unwrap_or(0);
        &self.spans[span(place)..span(place + 1)]
    }

    fn spans_from(&self, place: usize) -> &[SpanRow] {
        &self.spans[usize::try_from(self.days[place].first_span).unwrap_or(0)..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::CalendarDraft;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn what_depends_on_unknown_days_is_provisional() {
        let known = Published { from: day("2026-01-01"), until: day("2026-12-31") };
        let draft = CalendarDraft {
            published: Some(known),
            ..CalendarDraft::always("Asia/Shanghai", day("2025-01-01"), day("2027-12-31"))
        };
        let calendar = draft.check().unwrap();
        let is_provisional = |from: &str, hours: u64| {
            let from = calendar.begins(day(from)).unwrap();
            calendar.add_working_time(from, hours * 3_600_000).unwrap().is_provisional
        };
        // Until 24:00 of the last day known, and a moment more.
        assert!(!is_provisional("2026-12-30", 48));
        assert!(is_provisional("2026-12-30", 49));
        assert!(is_provisional("2025-12-31", 48));
        assert!(!is_provisional("2026-01-01", 48));
        assert!(!calendar.is_provisional(known.from, known.until));
        assert!(calendar.is_provisional(known.from.plus(-1), known.until));
        assert!(calendar.is_provisional(known.from, known.until.plus(1)));
    }

    #[test]
    fn a_hall_opens_when_it_says_and_closes_a_moment_before() {
        use crate::calendar::{OpenSpan, Week};
        let draft = CalendarDraft {
            week: Week::monday_to_friday(&[OpenSpan::new((9, 0), (12, 0))]),
            ..CalendarDraft::new("Asia/Shanghai", day("2026-03-02"), day("2026-03-08"))
        };
        let calendar = draft.check().unwrap();
        let at = |text: &str, hour: u32| calendar.instant(day(text), hour * 3_600_000).unwrap();
        let (opens, shuts) = (at("2026-03-02", 9), at("2026-03-02", 12));
        assert_eq!(calendar.is_open(opens), Ok(true));
        assert_eq!(calendar.is_open(Wall(opens.0 - 1)), Ok(false));
        assert_eq!(calendar.is_open(shuts), Ok(false));
        assert_eq!(calendar.next_opening(opens), Ok(opens));
        assert_eq!(calendar.next_opening(shuts), Ok(at("2026-03-03", 9)));
        let past = Err(HorizonError::Past { until: day("2026-03-08") });
        assert_eq!(calendar.next_opening(at("2026-03-06", 12)), past);
        // A day without hours closes at midnight.
        assert_eq!(calendar.closes(day("2026-03-07")), calendar.begins(day("2026-03-08")));
    }
}
