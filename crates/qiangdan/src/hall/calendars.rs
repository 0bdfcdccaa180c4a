//! `[calendars]`: which days count, and when a hall is open.

use std::{collections::BTreeMap, ops::Range};

use toml::{Spanned, de::DeValue};

use super::{
    Clerk, Code, Text,
    book::Book,
    dates, house,
    mistake::Mistakes,
    table::{Keyed, Table},
    text,
    value::{self, Value},
    week::{self, Hours},
};
use crate::{
    CalendarId,
    calendar::{
        Calendar, CalendarDraft, Day, OpenSpan, Published, STATE_COUNCIL, Special, SpecialDay,
        Week, Weekday,
    },
};

/// A calendar (工作日历) of a hall file. What it says of days is asked of the [`Calendar`] that
/// the rules hold under its id.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HallCalendar {
    /// Its position in the rules' list of calendars.
    pub id: CalendarId,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
}

/// The horizon if none is said: from the first notice that is shipped, for twelve years.
const FIRST: (i16, i8, i8) = (2024, 1, 1);
const LAST: (i16, i8, i8) = (2035, 12, 31);
/// The longest horizon.
const YEARS: i32 = 50;

const KEYS: [&str; 15] = [
    "name",
    "zone",
    "version",
    "from",
    "until",
    "always",
    "weekly",
    "clerk",
    "works",
    "notices",
    "holidays",
    "workdays",
    "published",
    "exceptions",
    "seasons",
];
/// What a calendar says that is not always open.
const NOT_ALWAYS: [&str; 9] = [
    "weekly",
    "clerk",
    "works",
    "notices",
    "holidays",
    "workdays",
    "published",
    "exceptions",
    "seasons",
];

/// A calendar as written.
#[derive(Debug)]
pub(super) struct RawCalendar<'d> {
    key: Spanned<&'d str>,
    name: Option<Text>,
    /// Whether the zone of the hall is to stand in the draft.
    in_zone_of_hall: bool,
    draft: CalendarDraft,
    clerk: Option<Spanned<&'d str>>,
}

impl<'d> RawCalendar<'d> {
    pub(super) fn read(Keyed { key, table }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = table?;
        table.only(&KEYS, mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        let zone = table.get("zone").and_then(|value| value::name(value, mistakes));
        let in_zone_of_hall = zone.is_none();
        let zone = zone.and_then(|zone| house::check_timezone(&zone, mistakes));
        let zone = zone.unwrap_or_default();
        let (from, until) = horizon(&table, mistakes);
        let is_always = table.get("always").and_then(|value| value::flag(value, mistakes));
        let mut draft = CalendarDraft::new(&zone, from, until);
        if is_always == Some(true) {
            draft = CalendarDraft::always(&zone, from, until);
            let others = table.entries().filter(|entry| NOT_ALWAYS.contains(entry.key.get_ref()));
            for entry in others {
                let found = format!("`{}` in a calendar that is always open", entry.key.get_ref());
                mistakes.wrong(Code::Misplaced, entry.key.span(), found, "`always = true` alone");
            }
        } else {
            read_days(&table, &mut draft, mistakes);
        }
        let version = table.get("version").and_then(|value| value::name(value, mistakes));
        draft.version = version.map(|version| version.get_ref().to_string()).unwrap_or_default();
        let clerk = table.get("clerk");
        let clerk = clerk.and_then(|value| value::string(value, "the id of a clerk", mistakes));
        if let (Some(clerk), Some(_)) = (&clerk, table.get("weekly")) {
            let found = "`clerk` beside `weekly`";
            mistakes.wrong(Code::Misplaced, clerk.span(), found, "hours from one of them");
        }
        Some(Self { key, name, in_zone_of_hall, draft, clerk })
    }

    /// Compiles it. `None` goes with a mistake.
    pub(super) fn check(
        mut self,
        zone: &str,
        clerks: &[Clerk],
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<(HallCalendar, Calendar)> {
        let position = book.calendars.find_quietly(&self.key, mistakes)?;
        if self.in_zone_of_hall {
            zone.clone_into(&mut self.draft.zone);
        }
        if let Some(clerk) = &self.clerk {
            let clerk = book.clerks.find(clerk, mistakes).and_then(|clerk| clerks.get(clerk))?;
            let spans: Vec<_> = clerk.shifts.iter().copied().map(OpenSpan::from).collect();
            let works = self.draft.works;
            self.draft.week =
                Week(works.map(|works| if works { spans.clone() } else { Vec::new() }));
        }
        let key = self.key.get_ref().to_string();
        match self.draft.check() {
            Ok(calendar) => {
                let id = CalendarId(u16::try_from(position).unwrap_or(u16::MAX));
                let name = self.name.unwrap_or_else(|| Text::both(&key));
                Some((HallCalendar { id, key, name }, calendar))
            }
            Err(errors) => {
                // A zone that is none was reported where it stands.
                let errors = errors.iter().filter(|_| !self.draft.zone.is_empty());
                for error in errors {
                    let found = format!("calendar `{key}`: {error}");
                    let expected = "days that are worked or hours that are open";
                    mistakes.wrong(Code::BadCalendar, self.key.span(), found, expected);
                }
                None
            }
        }
    }
}

/// The calendar of a hall that names none, for what runs always.
pub(super) fn always(id: CalendarId, zone: &str) -> Option<(HallCalendar, Calendar)> {
    let day = |(year, month, day)| Day::new(year, month, day);
    let draft = CalendarDraft::always(zone, day(FIRST)?, day(LAST)?);
    let key = "always".to_owned();
    let name = Text { zh: "全天候".to_owned(), en: "always".to_owned() };
    Some((HallCalendar { id, key, name }, draft.check().ok()?))
}

fn horizon(table: &Table<'_>, mistakes: &mut Mistakes) -> (Day, Day) {
    let default = |(year, month, day)| Day::new(year, month, day).unwrap_or(Day::from_number(0));
    let [first, last] =
        ["from", "until"].map(|key| table.get(key).and_then(|value| dates::day(value, mistakes)));
    let (from, until) = (
        first.as_ref().map_or(default(FIRST), |day| *day.get_ref()),
        last.as_ref().map_or(default(LAST), |day| *day.get_ref()),
    );
    let years = (until.number() - from.number()) / 366;
    let year = |day: Day| day.year_month_day().map_or(0, |(year, ..)| year);
    let is_near = |day: Day| (1900..2300).contains(&year(day));
    if until < from || years >= YEARS || !is_near(from) || !is_near(until) {
        let at = last.or(first).map_or(table.at.clone(), |day| day.span());
        let found = format!("a calendar from {from} until {until}");
        let expected = format!("at most {YEARS} years in the years 1900 to 2299, the end last");
        mistakes.wrong(Code::BadCalendar, at, found, expected);
        return (default(FIRST), default(LAST));
    }
    (from, until)
}

/// Everything that says which days are worked and open.
fn read_days(table: &Table<'_>, draft: &mut CalendarDraft, mistakes: &mut Mistakes) {
    if let Some(works) = table.get("works") {
        draft.works = read_works(works, mistakes);
    }
    let weekly = table.get("weekly");
    let weekly = weekly.and_then(|value| week::read("`weekly`", value, mistakes));
    draft.week = weekly.unwrap_or_default();
    draft.seasons = week::seasons(table.get("seasons"), mistakes);
    read_notices(table.get("notices"), draft, mistakes);
    // Days of the notices stand there already, without a place.
    let mut by_law = DaysOnce::new("a holiday or make-up day", draft);
    for special in &draft.holidays {
        by_law.seen.insert(special.day, special.name.clone());
    }
    let mut holidays = read_holidays(table.get("holidays"), &mut by_law, mistakes);
    holidays.extend(read_workdays(table.get("workdays"), draft, &mut by_law, mistakes));
    let mut own = DaysOnce::new("an exception", draft);
    draft.special = read_exceptions(table.get("exceptions"), &mut own, mistakes);
    draft.holidays.extend(holidays);
    if let Some(published) = table.get("published").and_then(|v| dates::days(v, mistakes)) {
        let dates::Days { from, until } = published.into_inner();
        draft.published = Some(Published { from, until });
    }
}

fn read_works(value: &Value<'_>, mistakes: &mut Mistakes) -> [bool; 7] {
    let mut works = [false; 7];
    for text in value::strings(value, "[\"mon-fri\"]", mistakes) {
        for place in dates::weekdays(&text, mistakes).into_iter().flatten() {
            works[place] = true;
        }
    }
    works
}

fn read_notices(value: Option<&Value<'_>>, draft: &mut CalendarDraft, mistakes: &mut Mistakes) {
    let like = "[\"state council\"]";
    let list = value.map(|value| value::list(value, like, mistakes)).unwrap_or_default();
    for value in list {
        if value::word(value, &[("state council", ())], mistakes).is_some()
            && draft.sources.is_empty()
        {
            let bare = std::mem::replace(draft, CalendarDraft::new("", draft.from, draft.until));
            *draft = STATE_COUNCIL.iter().fold(bare, CalendarDraft::with_notice);
        }
    }
}

/// Days of which each may be named once, within a horizon.
struct DaysOnce {
    what: &'static str,
    from: Day,
    until: Day,
    seen: BTreeMap<Day, String>,
}

impl DaysOnce {
    fn new(what: &'static str, draft: &CalendarDraft) -> Self {
        Self { what, from: draft.from, until: draft.until, seen: BTreeMap::new() }
    }

    /// Whether a day may be added, which is named at `at`.
    fn add(&mut self, day: Day, name: &str, at: Range<usize>, mistakes: &mut Mistakes) -> bool {
        if !(self.from..=self.until).contains(&day) {
            let found = format!("{day} lies outside of the calendar");
            let expected = format!("a day from {} until {}", self.from, self.until);
            mistakes.wrong(Code::BadDate, at, found, expected);
            return false;
        }
        if let Some(other) = self.seen.insert(day, name.to_owned()) {
            let named = if other.is_empty() { String::new() } else { format!(" ({other})") };
            let found = format!("{day} is {} already{named}", self.what);
            mistakes.wrong(Code::Twice, at, found, "each day once");
            return false;
        }
        true
    }
}

/// A day or days named in a list, with a table for more.
fn named_days<'d>(
    what: &str,
    value: &'d Value<'d>,
    keys: &[&str],
    mistakes: &mut Mistakes,
) -> Option<(Spanned<dates::Days>, Table<'d>)> {
    let table = Table::read(what, value, "{ on = \"2026-10-10\" }", mistakes)?;
    table.only(keys, mistakes);
    let on = table.need("on", "\"2026-10-10\"", mistakes);
    Some((on.and_then(|on| dates::days_of_a_year(on, mistakes))?, table))
}

fn read_holidays(
    value: Option<&Value<'_>>,
    once: &mut DaysOnce,
    mistakes: &mut Mistakes,
) -> Vec<SpecialDay> {
    let like = "[\"2026-10-01..2026-10-07\"]";
    let list = value.map(|value| value::list(value, like, mistakes)).unwrap_or_default();
    let mut holidays = Vec::new();
    for value in list {
        let (days, name) = match value.get_ref() {
            DeValue::Table(_) => {
                let read = named_days("a holiday", value, &["on", "name"], mistakes);
                let Some((days, table)) = read else { continue };
                let name = table.get("name").and_then(|name| value::name(name, mistakes));
                (days, name.map(|name| name.get_ref().to_string()).unwrap_or_default())
            }
            _ => {
                let Some(days) = dates::days_of_a_year(value, mistakes) else { continue };
                (days, String::new())
            }
        };
        for day in days.get_ref().iter() {
            if once.add(day, &name, days.span(), mistakes) {
                let name = name.clone();
                holidays.push(SpecialDay { day, name, what: Special::Holiday });
            }
        }
    }
    holidays
}

fn read_workdays(
    value: Option<&Value<'_>>,
    draft: &CalendarDraft,
    once: &mut DaysOnce,
    mistakes: &mut Mistakes,
) -> Vec<SpecialDay> {
    let like = r#"[{ on = "2026-10-10", as = "mon" }]"#;
    let list = value.map(|value| value::list(value, like, mistakes)).unwrap_or_default();
    let ordinary = Hours { week: &draft.week, seasons: &draft.seasons };
    let mut workdays = Vec::new();
    for value in list {
        let keys = ["on", "as", "hours", "name"];
        let Some((days, table)) = named_days("a make-up day", value, &keys, mistakes) else {
            continue;
        };
        let name = table.get("name").and_then(|name| value::name(name, mistakes));
        let name = name.map(|name| name.get_ref().to_string()).unwrap_or_default();
        let like = table.get("as").and_then(|value| weekday(value, mistakes));
        let own = table.get("hours").map(|value| week::spans(value, mistakes));
        if let (Some(value), Some(_)) = (table.get("hours"), table.get("as")) {
            let found = "`hours` beside `as`";
            mistakes.wrong(Code::Misplaced, value.span(), found, "hours from one of them");
        }
        for day in days.get_ref().iter() {
            if once.add(day, &name, days.span(), mistakes) {
                let like = like.map(|weekday| ordinary.of(weekday, day).to_vec());
                let what = Special::MakeUp { hours: own.clone().or(like) };
                workdays.push(SpecialDay { day, name: name.clone(), what });
            }
        }
    }
    workdays
}

/// One day of the week.
fn weekday(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Weekday> {
    let text = value::string(value, "a day of the week such as `\"mon\"`", mistakes)?;
    let places = dates::weekdays(&text, mistakes)?;
    if places.start() != places.end() {
        let found = format!("`{}` is more than a day", text.get_ref().escape_debug());
        mistakes.wrong(Code::BadDate, text.span(), found, "one day such as `mon`");
        return None;
    }
    Some(Weekday::ALL[*places.start()])
}

fn read_exceptions(
    value: Option<&Value<'_>>,
    once: &mut DaysOnce,
    mistakes: &mut Mistakes,
) -> Vec<SpecialDay> {
    let like = r#"[{ on = "2026-03-05", closed = true, reason = "停电" }]"#;
    let list = value.map(|value| value::list(value, like, mistakes)).unwrap_or_default();
    let mut exceptions = Vec::new();
    for value in list {
        let keys = ["on", "closed", "hours", "reason"];
        let Some((days, table)) = named_days("an exception", value, &keys, mistakes) else {
            continue;
        };
        let reason = table.need("reason", "\"停电检修\"", mistakes);
        let reason = reason.and_then(|value| value::name(value, mistakes));
        let name = reason.map(|name| name.get_ref().to_string()).unwrap_or_default();
        let is_closed = table.get("closed").and_then(|value| value::flag(value, mistakes));
        let what = match (is_closed, table.get("hours")) {
            (Some(true), None) => Special::Closed,
            (None | Some(false), Some(hours)) => {
                Special::Hours { hours: week::spans(hours, mistakes) }
            }
            _ => {
                let expected = "`closed = true`, or `hours = [\"09:00-12:00\"]`";
                let found = "an exception that does not say what holds instead";
                mistakes.wrong(Code::MissingKey, value.span(), found, expected);
                continue;
            }
        };
        for day in days.get_ref().iter() {
            if once.add(day, &name, days.span(), mistakes) {
                exceptions.push(SpecialDay { day, name: name.clone(), what: what.clone() });
            }
        }
    }
    exceptions
}
