//! Which calendar a limit or a role goes by.

use std::ops::Range;

use toml::Spanned;

use super::{Code, book::Book, calendars, calendars::HallCalendar, mistake::Mistakes};
use crate::{
    CalendarId,
    calendar::Calendar,
    limit::{NaturalEnd, Unit},
};

/// The calendars of a file, in the order of their ids.
#[derive(Debug)]
pub(super) struct Calendars {
    /// `None` stands for one that is wrong.
    all: Vec<Option<(HallCalendar, Calendar)>>,
    /// The one that `[hall]` names.
    of_hall: Option<CalendarId>,
    zone: String,
    /// The calendar of what runs always, once a limit needs it.
    always: Option<CalendarId>,
}

impl Calendars {
    pub(super) fn new(
        all: Vec<Option<(HallCalendar, Calendar)>>,
        of_hall: Option<&Spanned<&str>>,
        zone: &str,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Self {
        let of_hall = of_hall.and_then(|name| find(name, book, mistakes));
        Self { all, of_hall, zone: zone.to_owned(), always: None }
    }

    /// The calendar that a limit goes by, which stands at `at`. `None` goes with a mistake.
    pub(super) fn of_limit(
        &mut self,
        named: Option<&Spanned<&str>>,
        unit: Option<Unit>,
        at: Range<usize>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<CalendarId> {
        // What could not be read was reported; what it needs is not known.
        let needs_calendar = unit.is_some_and(needs_calendar);
        let id = match (named, self.of_hall) {
            (Some(name), _) => find(name, book, mistakes)?,
            (None, Some(id)) => id,
            (None, None) if self.all.len() == 1 && self.always.is_none() => {
                book.calendars.use_at(0);
                CalendarId(0)
            }
            (None, None) if needs_calendar => {
                let found = "a limit that counts working days or hours, and no calendar for it";
                let expected = match self.all.is_empty() {
                    true => "a section `[calendars.KEY]`",
                    false => "`calendar = KEY`, here or in `[hall]`",
                };
                mistakes.wrong(Code::NeedsCalendar, at, found, expected);
                return None;
            }
            (None, None) => self.always()?,
        };
        self.check_opens(id, unit, named.map_or(at, Spanned::span), mistakes);
        Some(id)
    }

    /// The calendar that tickets go by, whose section stands at `at`. `None` goes with a mistake.
    pub(super) fn of_tickets(
        &self,
        named: Option<&Spanned<&str>>,
        at: Range<usize>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<CalendarId> {
        match (named, self.of_hall) {
            (Some(name), _) => find(name, book, mistakes),
            (None, Some(id)) => Some(id),
            (None, None) if self.all.len() == 1 => {
                book.calendars.use_at(0);
                Some(CalendarId(0))
            }
            (None, None) => {
                let found = "tickets, and no calendar that says when the hall is open";
                let expected = "`calendar = KEY`, here or in `[hall]`";
                mistakes.wrong(Code::NeedsCalendar, at, found, expected);
                None
            }
        }
    }

    /// Reports working time by a calendar without opening hours.
    fn check_opens(
        &self,
        id: CalendarId,
        unit: Option<Unit>,
        at: Range<usize>,
        mistakes: &mut Mistakes,
    ) {
        let Some((of, calendar)) = self.all.get(id.index()).and_then(Option::as_ref) else {
            return;
        };
        let begins = calendar.begins(calendar.from());
        let opens = begins.and_then(|begins| calendar.next_opening(begins));
        if unit == Some(Unit::WorkingTime) && opens.is_err() {
            let found = format!("working hours by calendar `{}`, which never opens", of.key);
            mistakes.wrong(Code::BadCalendar, at, found, "a calendar with opening hours");
        }
    }

    fn always(&mut self) -> Option<CalendarId> {
        if self.always.is_none() {
            let id = CalendarId(u16::try_from(self.all.len()).ok()?);
            self.all.push(Some(calendars::always(id, &self.zone)?));
            self.always = Some(id);
        }
        self.always
    }

    /// The calendar of this name. `None` goes with a mistake.
    pub(super) fn named(
        name: &Spanned<&str>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<CalendarId> {
        find(name, book, mistakes)
    }

    /// The one that limits go by if they name none, if there is one.
    pub(super) fn of_hall(&self) -> Option<CalendarId> {
        let only = || (self.all.len() == 1 && self.always.is_none()).then_some(CalendarId(0));
        self.of_hall.or_else(only)
    }

    /// All of them. `None` goes with a mistake.
    pub(super) fn into_all(self) -> Option<(Vec<HallCalendar>, Vec<Calendar>)> {
        let all: Option<Vec<_>> = self.all.into_iter().collect();
        Some(all?.into_iter().unzip())
    }
}

fn find(name: &Spanned<&str>, book: &mut Book, mistakes: &mut Mistakes) -> Option<CalendarId> {
    let found = book.calendars.find(name, mistakes)?;
    u16::try_from(found).ok().map(CalendarId)
}

/// Whether more of a calendar matters than its zone.
fn needs_calendar(unit: Unit) -> bool {
    !matches!(
        unit,
        Unit::NaturalTime | Unit::NaturalDays { ends: NaturalEnd::Midnight | NaturalEnd::SameTime }
    )
}
