//! Days with dates: one after the other by the hall's calendar, without those on which it is closed.

use qiangdan::{
    Wall,
    calendar::{Calendar, CalendarDraft, Day, HorizonError},
    hall::Hall,
};

use crate::{dice::Slot, driver::Duty};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// A span of a day, in milliseconds since midnight.
type Span = (u64, u64);

/// Days with dates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Dates {
    days: Vec<DatedDay>,
    /// From the earliest opening to the latest closing of a year.
    usual: Option<Span>,
}

/// One day of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DatedDay {
    /// Its midnight, by the clock that is right at noon.
    pub(crate) start: Wall,
    /// From its opening to its closing, if the calendar has hours.
    open: Option<Span>,
}

/// Why days have no dates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatesError {
    /// The calendar ends first.
    #[error("from {from} on, the hall's calendar has {found} days on which it is open, not {days}")]
    TooFew {
        /// The first day asked for.
        from: Day,
        /// How many there are.
        found: u32,
        /// How many were asked for.
        days: u32,
    },
    /// The calendar does not reach there.
    #[error("the hall's calendar has no {from}: {why}")]
    Beyond {
        /// The first day asked for.
        from: Day,
        /// Why.
        why: HorizonError,
    },
}

impl Dates {
    /// So many days of the hall from a date on.
    pub(crate) fn of(hall: &Hall, from: Day, days: u32) -> Result<Self, DatesError> {
        let calendars = &hall.clocks().calendars;
        let own =
            hall.calendar().or_else(|| (!calendars.is_empty()).then_some(qiangdan::CalendarId(0)));
        let beyond = |why| DatesError::Beyond { from, why };
        let always;
        let calendar = match own.and_then(|id| calendars.get(id.index())) {
            Some(calendar) => calendar,
            None => {
                let more = i32::try_from(days).unwrap_or(i32::MAX).min(18_000);
                always = CalendarDraft::always(hall.timezone(), from, from.plus(more)).check();
                match &always {
                    Ok(calendar) => calendar,
                    Err(_) => return Err(DatesError::TooFew { from, found: 0, days }),
                }
            }
        };
        let usual = (0..366).filter_map(|n| open_on(calendar, from.plus(n)).ok().flatten());
        let usual = usual.map(|(_, open)| open).fold(None, |usual: Option<Span>, open| {
            Some(usual.map_or(open, |usual| (usual.0.min(open.0), usual.1.max(open.1))))
        });
        calendar.begins(from).map_err(beyond)?;
        let mut dates = Self { days: Vec::new(), usual };
        let mut day = from;
        while dates.days.len() < days as usize {
            let found = u32::try_from(dates.days.len()).unwrap_or(u32::MAX);
            let is_known = calendar.begins(day).is_ok();
            let Some(dated) = dated(calendar, day).ok().filter(|_| is_known) else {
                return Err(DatesError::TooFew { from, found, days });
            };
            dates.days.extend(dated);
            day = day.plus(1);
        }
        Ok(dates)
    }

    pub(crate) fn day(&self, number: u32) -> Option<DatedDay> {
        self.days.get(number as usize).copied()
    }

    /// What of a span that the hall file names lies in the hours of a day: none of it that the calendar
    /// has on other days and not on this one.
    fn clip(&self, day: DatedDay, span: Span) -> Span {
        let (Some(usual), Some(open)) = (self.usual, day.open) else { return span };
        let (mut from, mut to) = span;
        // What lies outside of all hours does not go by the calendar.
        if (usual.0..open.0).contains(&from) {
            from = open.0;
        }
        if to > open.1 && to <= usual.1 {
            to = open.1;
        }
        (from, to.max(from))
    }

    /// When how many orders are expected on a day.
    pub(crate) fn slots(&self, day: DatedDay, slots: &[Slot]) -> Vec<Slot> {
        let mut clipped = Vec::new();
        for slot in slots {
            let (from_ms, to_ms) = self.clip(day, (slot.from_ms, slot.to_ms));
            let share = (to_ms - from_ms) as f64 / (slot.to_ms - slot.from_ms) as f64;
            if from_ms < to_ms && from_ms >= slot.from_ms && from_ms < slot.to_ms {
                clipped.push(Slot { from_ms, to_ms, expected: slot.expected * share });
            }
        }
        clipped
    }

    /// The changes of duty of a day: nobody comes before it opens, or stays after it has closed.
    pub(crate) fn duties(&self, day: DatedDay, duties: Vec<Duty>) -> Vec<Duty> {
        let at = |duty: &Duty| match duty.seats {
            0 => self.clip(day, (0, duty.at_ms)).1,
            _ => self.clip(day, (duty.at_ms, DAY_MS)).0,
        };
        let mut clipped = Vec::<Duty>::new();
        let mut begun = std::collections::BTreeMap::new();
        for duty in duties {
            let moved = Duty { at_ms: at(&duty), ..duty };
            if duty.seats > 0 {
                begun.insert(duty.clerk, moved);
            } else if let Some(begins) = begun.remove(&duty.clerk) {
                // A shift of which nothing is left does not take place.
                if begins.at_ms < moved.at_ms {
                    clipped.extend([begins, moved]);
                }
            } else {
                clipped.push(moved);
            }
        }
        clipped.extend(begun.into_values());
        clipped.sort_by_key(|duty| (duty.at_ms, duty.seats > 0));
        clipped
    }
}

/// The day, if the hall is open on it.
fn dated(calendar: &Calendar, day: Day) -> Result<Option<DatedDay>, HorizonError> {
    if calendar.has_hours() {
        let open = open_on(calendar, day)?;
        return Ok(open.map(|(start, open)| DatedDay { start, open: Some(open) }));
    }
    let is_worked = !calendar.has_working_days() || calendar.is_working_day(day)?;
    let start = midnight(calendar, day)?;
    Ok(is_worked.then_some(DatedDay { start, open: None }))
}

/// The midnight that is twelve hours before noon.
fn midnight(calendar: &Calendar, day: Day) -> Result<Wall, HorizonError> {
    const NOON_MS: u32 = 12 * 3_600_000;
    Ok(Wall(calendar.instant(day, NOON_MS)?.0 - i64::from(NOON_MS)))
}

/// From the first opening of a day to its last closing.
fn open_on(calendar: &Calendar, day: Day) -> Result<Option<(Wall, Span)>, HorizonError> {
    let start = midnight(calendar, day)?;
    let of_day = |at: Wall| u64::try_from(at.0 - start.0).unwrap_or(0).min(DAY_MS);
    let spans = calendar.open_spans(day)?.map(|(from, to)| (of_day(from), of_day(to)));
    let hull = spans.reduce(|hull, span| (hull.0.min(span.0), hull.1.max(span.1)));
    Ok(hull.map(|open| (start, open)))
}
