//! A calendar as someone wrote it, not yet checked.

use super::{Day, Notice, OpenSpan, Season, Week, Weekday};

/// Everything a calendar is made from.
///
/// What holds for a day is settled in layers, the later one first: `special` (the hall's own), then
/// `holidays` (by law), then the season for hours, then the week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalendarDraft {
    /// The zone of the walls, by its IANA name.
    pub zone: String,
    /// Which version of the calendar this is, as its keepers count.
    pub version: String,
    /// Where its days come from: titles and numbers of documents.
    pub sources: Vec<String>,
    /// The first day of the horizon. Questions about earlier days are refused.
    pub from: Day,
    /// The last day of the horizon, included.
    pub until: Day,
    /// Which days of the week are working days, Monday first.
    pub works: [bool; 7],
    /// The ordinary opening hours.
    pub week: Week,
    /// Other hours for a part of every year; they may not overlap.
    pub seasons: Vec<Season>,
    /// Public holidays and make-up days by law, in any order, one entry a day.
    pub holidays: Vec<SpecialDay>,
    /// The hall's own exceptions, in any order, one entry a day.
    pub special: Vec<SpecialDay>,
    /// For which days all holidays are known. `None`: for all, because none can come.
    pub published: Option<Published>,
}

/// The days for which all holidays are known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Published {
    /// The first.
    pub from: Day,
    /// The last, included.
    pub until: Day,
}

/// One day that is not as its weekday says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpecialDay {
    /// The day.
    pub day: Day,
    /// Why: the name of the holiday, or a reason of the hall's own.
    pub name: String,
    /// What holds instead.
    pub what: Special,
}

/// What holds on a special day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Special {
    /// No working day, and closed (放假).
    Holiday,
    /// A working day by a swap (调休上班).
    MakeUp {
        /// Its hours; `None` means those of a Monday at that time of the year.
        hours: Option<Vec<OpenSpan>>,
    },
    /// Closed, though the law's count goes on (临时闭馆).
    Closed,
    /// Other hours; whether it is a working day stays as it is.
    Hours {
        /// The hours of that day.
        hours: Vec<OpenSpan>,
    },
}

impl CalendarDraft {
    /// A draft that works from Monday to Friday without hours, holidays or seasons.
    #[must_use]
    pub fn new(zone: &str, from: Day, until: Day) -> Self {
        Self {
            zone: zone.to_owned(),
            version: String::new(),
            sources: Vec::new(),
            from,
            until,
            works: Weekday::ALL.map(|day| day < Weekday::Saturday),
            week: Week::default(),
            seasons: Vec::new(),
            holidays: Vec::new(),
            special: Vec::new(),
            published: None,
        }
    }

    /// A draft for a place that never closes (24×7): every day is a working day, and none is special.
    #[must_use]
    pub fn always(zone: &str, from: Day, until: Day) -> Self {
        Self { works: [true; 7], week: Week::always(), ..Self::new(zone, from, until) }
    }

    /// Adds the days and the document of a notice. Its year counts as published, unless a year between
    /// it and those before is missing: then what is known ends before the gap. Notices are added in the
    /// order of their years.
    #[must_use]
    pub fn with_notice(mut self, notice: &Notice) -> Self {
        self.sources.push(notice.source());
        self.holidays.extend(notice.days());
        let (from, until) = (notice.first_day(), notice.last_day());
        self.published = match self.published {
            // With a gap the days in between are not known: what is known ends where the gap begins.
            Some(published) if published.until.plus(1) < from => Some(published),
            Some(published) => Some(Published {
                from: published.from.min(from),
                until: published.until.max(until),
            }),
            None => Some(Published { from, until }),
        };
        self
    }
}
