//! Day by day, what counted and why: what a person is told who asks how a due date came about.

use super::{Clock, Pause, Reasons, Unit, clock::Days};
use crate::{
    Wall,
    calendar::{Day, DayKind, HorizonError},
};

/// One day of a clock's life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayLine<'a> {
    /// The day.
    pub day: Day,
    /// What it is by law.
    pub kind: DayKind<'a>,
    /// The name the calendar has for it: of a holiday, or a reason of the hall's own.
    pub name: Option<&'a str>,
    /// Whether it counted.
    pub counts: Counts,
}

/// Whether a day counted, and if not, why.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Counts {
    /// It is the day with this number, from 1.
    Day {
        /// The number.
        number: u32,
    },
    /// So many milliseconds of it counted.
    Time {
        /// How many; not zero.
        ms: u64,
    },
    /// It is the day of receipt, which does not count (民法典 art. 201).
    Receipt,
    /// It would have counted, but for a pause.
    Paused {
        /// Why it was paused.
        reasons: Reasons,
    },
    /// All days had counted by then, but the last day was put off to a working day.
    PutOff,
    /// It is no working day, or one without opening hours for a limit in working time. The kind and the
    /// name of the day say which.
    Closed,
    /// The clock had not begun, or was past its end, in all its opening hours.
    Outside,
}

impl<'a> Clock<'a> {
    /// Every day from the day of the beginning until that of `until`, and what it counted for.
    ///
    /// With the due instant for `until`, it explains the due instant: the last day that counted has the
    /// limit's number. A pause that goes on counts as ending at `until`. Costs a look at each pause for
    /// each day, and one allocation.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the calendar does not reach to `until`.
    pub fn explain(&self, until: Wall) -> Result<Vec<DayLine<'a>>, HorizonError> {
        let days = Days::new(self)?;
        // An instant of closing at 24:00 belongs to the day it ends.
        let last = self.calendar.day_of(self.from.max(Wall(until.0.saturating_sub(1))))?;
        let due_day = match self.limit.unit.is_in_days() {
            true => {
                days.last_over(self.limit.amount, self.pauses_until(until)).map(|last| last.day)
            }
            false => Ok(days.receipt),
        };
        let (mut number, mut lines) = (0, Vec::new());
        let first = self.calendar.day_of(self.from)?;
        for day in (first.number()..=last.number()).map(Day::from_number) {
            let kind = self.calendar.kind(day)?;
            let counts = if !self.limit.unit.is_in_days() {
                self.time_counts(day, until)?
            } else if let Some(why) = self.day_does_not_count(&days, day, until)? {
                why
            } else if u64::from(number) >= self.limit.amount && due_day.is_ok_and(|due| day <= due)
            {
                Counts::PutOff
            } else {
                number += 1;
                Counts::Day { number }
            };
            lines.push(DayLine { day, kind, name: self.calendar.name(day), counts });
        }
        Ok(lines)
    }

    fn day_does_not_count(
        &self,
        days: &Days<'_>,
        day: Day,
        until: Wall,
    ) -> Result<Option<Counts>, HorizonError> {
        let is_working = matches!(self.limit.unit, Unit::WorkingDays { .. });
        if is_working && !self.calendar.is_working_day(day)? {
            let is_receipt = day == self.calendar.day_of(self.from)?;
            return Ok(Some(if is_receipt { Counts::Receipt } else { Counts::Closed }));
        }
        if days.place(day)? <= days.start {
            return Ok(Some(Counts::Receipt));
        }
        let mut reasons = Reasons::default();
        for pause in self.told_until(until) {
            let (from, to) = (pause.from.max(self.from), pause.until.unwrap_or(until).min(until));
            if days.holds(day, from, to)? {
                reasons = reasons.with(pause.reason);
            }
        }
        Ok(if reasons.is_empty() { None } else { Some(Counts::Paused { reasons }) })
    }

    fn time_counts(&self, day: Day, until: Wall) -> Result<Counts, HorizonError> {
        let (begins, ends) = (self.calendar.begins(day)?, self.calendar.ends(day)?);
        let (from, to) = (begins.max(self.from), ends.min(until).max(begins));
        let is_working = self.limit.unit == Unit::WorkingTime;
        let ran_ms = |from: Wall, to: Wall| match is_working {
            true => self.calendar.working_time_between(from, to),
            false => Ok(u64::try_from(to.0 - from.0).unwrap_or(0)),
        };
        let mut ms = ran_ms(from, to)?;
        if ms == 0 {
            let is_closed = is_working && ran_ms(begins, ends)? == 0;
            return Ok(if is_closed { Counts::Closed } else { Counts::Outside });
        }
        for pause in self.pauses.until(to) {
            ms -= ran_ms(pause.0.max(from), pause.1.max(from))?;
        }
        let reasons = self.told_until(to).filter(|pause| pause.until.is_none_or(|end| from < end));
        let reasons = reasons.fold(Reasons::default(), |set, pause| set.with(pause.reason));
        Ok(if ms == 0 { Counts::Paused { reasons } } else { Counts::Time { ms } })
    }

    /// Pauses that began before an instant and did not end as they began.
    fn told_until(&self, until: Wall) -> impl Iterator<Item = &'a Pause> {
        let began = move |pause: &&Pause| pause.from < until && pause.until != Some(pause.from);
        let from = self.from;
        self.pauses
            .told()
            .iter()
            .filter(began)
            .filter(move |p| p.until.is_none_or(|end| from < end))
    }
}
