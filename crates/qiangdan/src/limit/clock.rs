//! A limit running on one order, and when it is due.

use super::{DayEnd, DayOne, NaturalEnd, Pauses, TimeLimit, Unit};
use crate::{
    Wall,
    calendar::{Calendar, Day, Due, HorizonError},
};

/// A limit running on one order: a function of history.
///
/// For days, a pause is held in whole days: the day it begins still counts, the day it ends does not. So
/// a pause that begins and ends on one day, or holds no working day, changes nothing.
///
/// A pause counts from the beginning of the clock on. One that begins at the due instant or before it
/// holds the clock; one that begins later finds it breached, and only the lateness stands still.
///
/// # Example
///
/// ```
/// use qiangdan::{
///     Wall,
///     calendar::{CalendarDraft, Day, OpenSpan, STATE_COUNCIL, Week},
///     limit::{Clock, PauseReason, Pauses, TimeLimit},
/// };
///
/// let day = |text: &str| text.parse::<Day>().unwrap();
/// let draft = CalendarDraft {
///     week: Week::monday_to_friday(&[OpenSpan::new((9, 0), (17, 0))]),
///     ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2030-12-31"))
/// };
/// let calendar = STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice).check().unwrap();
/// let at = |text: &str, hour: u32| calendar.instant(day(text), hour * 3_600_000).unwrap();
///
/// let mut pauses = Pauses::none();
/// let (limit, from) = (TimeLimit::working_days(10), at("2026-03-02", 10));
/// let due = |pauses: &Pauses| Clock { limit, calendar: &calendar, from, pauses }.due();
/// assert_eq!(due(&pauses).unwrap().at, at("2026-03-16", 17));
///
/// let hearing = PauseReason::new(0).unwrap();
/// pauses.add(hearing, at("2026-03-05", 11), at("2026-03-12", 15)).unwrap();
/// assert_eq!(due(&pauses).unwrap().at, at("2026-03-23", 17));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// The promise.
    pub limit: TimeLimit,
    /// Its calendar. For natural days and natural time only its zone and horizon matter, unless the last
    /// day ends at close of business or must be a working day.
    pub calendar: &'a Calendar,
    /// When it began.
    pub from: Wall,
    /// When it was paused.
    pub pauses: &'a Pauses,
}

/// Why there is no due instant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DueError {
    /// The clock stands still. It is due when it runs again; ask [`Clock::due_if_resumed`].
    #[error("the clock stands still")]
    Paused {
        /// Since when.
        since: Wall,
    },
    /// The calendar does not reach there. Use one with a wider horizon.
    #[error(transparent)]
    Horizon(#[from] HorizonError),
}

impl Clock<'_> {
    /// The last instant in time, by what is known of its pauses.
    ///
    /// Costs a few searches in the calendar's tables, and two for each pause. Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`DueError::Paused`] while it stands still in time; [`DueError::Horizon`] if the calendar does not
    /// reach there.
    pub fn due(&self) -> Result<Due, DueError> {
        let due = self.due_over(self.pauses.over().iter().copied())?;
        match self.pauses.paused_since() {
            Some(since) if since <= due.at => Err(DueError::Paused { since }),
            _ => Ok(due),
        }
    }

    /// The last instant in time if it ran again from `at`, and was not paused later.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the calendar does not reach there.
    pub fn due_if_resumed(&self, at: Wall) -> Result<Due, HorizonError> {
        self.due_over(self.pauses.until(at))
    }

    fn due_over(&self, pauses: impl Iterator<Item = (Wall, Wall)>) -> Result<Due, HorizonError> {
        let ours = pauses.filter(|pause| self.from < pause.1);
        let ours = ours.map(|(from, until)| (from.max(self.from), until));
        match self.limit.unit {
            Unit::WorkingDays { .. } | Unit::NaturalDays { .. } => self.due_in_days(ours),
            Unit::WorkingTime => self.due_in_working_time(ours),
            Unit::NaturalTime => Ok(self.due_in_natural_time(ours)),
        }
    }

    fn due_in_days(&self, pauses: impl Iterator<Item = (Wall, Wall)>) -> Result<Due, HorizonError> {
        let days = Days::new(self)?;
        let last = days.last_over(self.limit.amount, pauses)?;
        // Days on the wall come whatever is published.
        let may_change = days.must_work() && self.calendar.is_provisional(days.receipt, last.day);
        Ok(Due { at: last.at, is_provisional: may_change })
    }

    fn due_in_working_time(
        &self,
        pauses: impl Iterator<Item = (Wall, Wall)>,
    ) -> Result<Due, HorizonError> {
        let calendar = self.calendar;
        let before_ms = calendar.open_before_ms(self.from)?;
        let amount_ms = i64::try_from(self.limit.amount).unwrap_or(i64::MAX);
        let mut target_ms = before_ms.saturating_add(amount_ms);
        let mut held_until = self.from;
        for (from, until) in pauses {
            let from_ms = match calendar.open_before_ms(from) {
                // What begins after the horizon begins after the due instant, if there is one.
                Err(HorizonError::Past { .. }) => break,
                from_ms => from_ms?,
            };
            // At the same sum, it depends on which comes first while the hall is closed.
            let is_later = from_ms == target_ms
                && from > calendar.due_by_open(self.from, target_ms)?.at.max(held_until);
            if from_ms > target_ms || is_later {
                break;
            }
            let held_ms = calendar.open_before_ms(until)? - from_ms;
            target_ms = target_ms.saturating_add(held_ms);
            held_until = until;
        }
        let due = calendar.due_by_open(self.from, target_ms)?;
        // Nothing remained, and it was held while the hall was closed: it is due when it runs again.
        if due.at < held_until {
            let (first, last) = (calendar.day_of(self.from)?, calendar.day_of(held_until)?);
            let is_provisional = calendar.is_provisional(first, last);
            return Ok(Due { at: held_until, is_provisional });
        }
        Ok(due)
    }

    fn due_in_natural_time(&self, pauses: impl Iterator<Item = (Wall, Wall)>) -> Due {
        let amount_ms = i64::try_from(self.limit.amount).unwrap_or(i64::MAX);
        let mut at_ms = self.from.0.saturating_add(amount_ms);
        for (from, until) in pauses {
            if from.0 > at_ms {
                break;
            }
            at_ms = at_ms.saturating_add(until.0.saturating_sub(from.0));
        }
        Due { at: Wall(at_ms), is_provisional: false }
    }
}

/// Days of one clock as places in a row: working days by their number in the calendar's horizon,
/// natural days by their number since 1970.
pub(super) struct Days<'a> {
    calendar: &'a Calendar,
    unit: Unit,
    from: Wall,
    /// The day of receipt.
    pub(super) receipt: Day,
    /// The place before the first that counts.
    pub(super) start: i64,
    /// No pause holds days until here.
    held_after: Day,
}

/// The last day of a limit in days.
pub(super) struct Last {
    pub(super) day: Day,
    /// When it ends.
    pub(super) at: Wall,
    /// By how many places it was put off to a working day.
    pub(super) put_off: i64,
}

impl<'a> Days<'a> {
    pub(super) fn new(clock: &Clock<'a>) -> Result<Self, HorizonError> {
        let (calendar, unit) = (clock.calendar, clock.limit.unit);
        let from = match unit {
            Unit::WorkingDays { day_one: DayOne::AfterReceiptInHours, .. } => {
                in_hours(calendar, clock.from)?
            }
            _ => clock.from,
        };
        let receipt = calendar.day_of(from)?;
        let mut days = Self { calendar, unit, from, receipt, start: 0, held_after: receipt };
        days.start = match unit {
            Unit::WorkingDays { day_one: DayOne::Receipt, .. } => {
                days.place(receipt)? - i64::from(calendar.is_working_day(receipt)?)
            }
            Unit::WorkingDays { day_one: DayOne::AfterDeferredReceipt, .. } => {
                days.held_after = calendar.working_day_from(receipt)?;
                days.place(days.held_after)?
            }
            _ => days.place(receipt)?,
        };
        Ok(days)
    }

    /// The place of a day, or of the last one before it that has a place.
    pub(super) fn place(&self, day: Day) -> Result<i64, HorizonError> {
        match self.unit {
            Unit::WorkingDays { .. } => self.calendar.working_until(day).map(i64::from),
            _ => Ok(i64::from(day.number())),
        }
    }

    /// The place of the day on which a pause begins; of one before days count, that of the last which
    /// does not.
    pub(super) fn place_in_life(&self, from: Wall) -> Result<i64, HorizonError> {
        self.place(self.calendar.day_of(from)?.max(self.held_after))
    }

    /// The first day at a place.
    pub(super) fn day_at(&self, place: i64) -> Result<Day, HorizonError> {
        if let Unit::WorkingDays { .. } = self.unit {
            return self.calendar.working_day(u32::try_from(place - 1).unwrap_or(u32::MAX));
        }
        Ok(Day::from_number(i32::try_from(place).unwrap_or(i32::MAX)))
    }

    /// How many places a pause holds.
    pub(super) fn held(&self, from: Wall, until: Wall) -> Result<i64, HorizonError> {
        let from = self.calendar.day_of(from)?.max(self.held_after);
        let until = self.calendar.day_of(until)?.max(self.held_after);
        Ok(self.place(until)? - self.place(from)?)
    }

    /// Whether a pause holds a day.
    pub(super) fn holds(&self, day: Day, from: Wall, until: Wall) -> Result<bool, HorizonError> {
        let from = self.calendar.day_of(from)?.max(self.held_after);
        Ok(from < day && day <= self.calendar.day_of(until)?)
    }

    /// The last of so many days, over pauses cut to the life of the clock.
    pub(super) fn last_over(
        &self,
        amount: u64,
        pauses: impl Iterator<Item = (Wall, Wall)>,
    ) -> Result<Last, HorizonError> {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        if amount == 0 && self.keep_time() {
            let put_off = self.place(self.receipt)? - self.start;
            return Ok(Last { day: self.receipt, at: self.from, put_off });
        }
        let mut place = self.start.saturating_add(amount);
        let (mut last, mut put_off) = (self.last(place)?, 0);
        for (from, until) in pauses {
            if from > last.at {
                break;
            }
            let held = self.held(from, until)?;
            if held > 0 {
                // While a last day is put off, a pause holds what comes after the pause's own first day.
                let begins = self.place(self.calendar.day_of(from)?)?;
                put_off += (begins - place).max(0);
                place = place.max(begins).saturating_add(held);
                last = self.last(place)?;
            }
        }
        last.put_off += put_off;
        Ok(last)
    }

    /// Whether the last day ends at the time of day of the receipt.
    fn keep_time(&self) -> bool {
        matches!(
            self.unit,
            Unit::WorkingDays { ends: DayEnd::SameTime, .. }
                | Unit::NaturalDays { ends: NaturalEnd::SameTime }
        )
    }

    /// Whether the last day is a working day.
    fn must_work(&self) -> bool {
        !matches!(
            self.unit,
            Unit::NaturalDays { ends: NaturalEnd::Midnight | NaturalEnd::SameTime }
        )
    }

    /// The day at a place as the last day of the limit.
    fn last(&self, place: i64) -> Result<Last, HorizonError> {
        let day = self.last_day(place)?;
        let at = match self.unit {
            Unit::WorkingDays { ends: DayEnd::CloseOfBusiness, .. }
            | Unit::NaturalDays { ends: NaturalEnd::WorkingDayClose } => {
                self.calendar.closes(day)?
            }
            Unit::WorkingDays { ends: DayEnd::SameTime, .. }
            | Unit::NaturalDays { ends: NaturalEnd::SameTime } => self.same_time(day)?,
            _ => self.calendar.ends(day)?,
        };
        // Received after closing on a last day: it is due at once, not in the past.
        Ok(Last { day, at: at.max(self.from), put_off: self.place(day)? - place })
    }

    fn same_time(&self, last: Day) -> Result<Wall, HorizonError> {
        if !self.must_work() || self.calendar.is_working_day(self.receipt)? {
            return self.calendar.instant(last, self.calendar.time_of_day_ms(self.from));
        }
        match self.unit {
            Unit::WorkingDays { day_one: DayOne::AfterReceipt, .. } => self.calendar.ends(last),
            _ => self.calendar.begins(last),
        }
    }

    fn last_day(&self, place: i64) -> Result<Day, HorizonError> {
        if let Unit::WorkingDays { .. } = self.unit {
            let before = u32::try_from(place - 1).unwrap_or(if place < 1 { 0 } else { u32::MAX });
            let day = self.calendar.working_day(before)?;
            // With no days to count, the place is that of a day before the receipt.
            return match day < self.receipt {
                true => self.calendar.working_day_from(self.receipt),
                false => Ok(day),
            };
        }
        let day = Day::from_number(i32::try_from(place).unwrap_or(i32::MAX));
        if self.must_work() { self.calendar.working_day_from(day) } else { Ok(day) }
    }
}

/// When something counts as received that comes on any day and at any hour: in the hours of a working
/// day, or in the morning before them.
fn in_hours(calendar: &Calendar, from: Wall) -> Result<Wall, HorizonError> {
    let came = calendar.day_of(from)?;
    let day = calendar.working_day_from(came)?;
    let at = match day == came {
        true => from,
        false => calendar.instant(day, calendar.time_of_day_ms(from))?,
    };
    // A day without hours closes at midnight, so nothing comes after that.
    if at < calendar.closes(day)? {
        return Ok(at);
    }
    let next = calendar.nth_working_day(day, 1)?;
    let opens = calendar.open_spans(next)?.next().map(|(opens, _)| opens);
    opens.map_or_else(|| calendar.begins(next), Ok)
}
