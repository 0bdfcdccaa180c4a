//! Opening hours as a calendar of the file says them: a week, and seasons with weeks of their own.

use toml::{Spanned, de::DeValue};

use super::{
    Code, clerks, dates,
    mistake::Mistakes,
    table::Table,
    value::{self, Value},
};
use crate::calendar::{Day, OpenSpan, Season, Week, Weekday};

/// Hours of every day, for what has no week of its own.
#[derive(Debug)]
pub(super) struct Hours<'a> {
    pub(super) week: &'a Week,
    pub(super) seasons: &'a [Season],
}

impl Hours<'_> {
    /// The hours that a day of the week has at the time of the year of `day`.
    pub(super) fn of(&self, weekday: Weekday, day: Day) -> &[OpenSpan] {
        let season = self.seasons.iter().find(|season| season.has(day));
        season.map_or(self.week, |season| &season.week).on(weekday)
    }
}

/// Reads `{ mon-fri = ["09:00-12:00", "13:30-17:00"], sat = [] }`; days not named are closed.
pub(super) fn read(what: &str, value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Week> {
    let like = r#"{ mon-fri = ["09:00-17:00"] }"#;
    let table = Table::read(what, value, like, mistakes)?;
    let (mut week, mut named) = (Week::default(), [false; 7]);
    for entry in table.entries() {
        let spans = spans(entry.value, mistakes);
        for place in dates::weekdays(&entry.key, mistakes).into_iter().flatten() {
            if named[place] {
                let found = format!("`{}` has hours already", dates::weekday_word(place));
                mistakes.wrong(Code::Twice, entry.key.span(), found, "each day once");
            }
            named[place] = true;
            week.0[place].clone_from(&spans);
        }
    }
    Some(week)
}

/// Opening hours of a day: none, or spans in order without overlap.
pub(super) fn spans(value: &Value<'_>, mistakes: &mut Mistakes) -> Vec<OpenSpan> {
    if matches!(value.get_ref(), DeValue::Array(list) if list.is_empty()) {
        return Vec::new();
    }
    clerks::read_spans(value, mistakes).into_iter().map(OpenSpan::from).collect()
}

/// Reads the seasons of a calendar.
pub(super) fn seasons(value: Option<&Value<'_>>, mistakes: &mut Mistakes) -> Vec<Season> {
    let like = r#"[{ name = "夏季", from = "05-01", to = "09-30", weekly = { … } }]"#;
    let list = value.map(|value| value::list(value, like, mistakes)).unwrap_or_default();
    let mut seasons = Vec::<Season>::new();
    for value in list {
        let Some(season) = season(value, like, mistakes) else { continue };
        let overlaps = |other: &&Season| other.has_date(season.from) || season.has_date(other.from);
        if let Some(other) = seasons.iter().find(overlaps) {
            let found = format!("season `{}` has days of season `{}`", season.name, other.name);
            mistakes.wrong(Code::Overlap, value.span(), found, "seasons apart from each other");
        }
        seasons.push(season);
    }
    seasons
}

fn season(value: &Value<'_>, like: &str, mistakes: &mut Mistakes) -> Option<Season> {
    let table = Table::read("a season", value, like, mistakes)?;
    table.only(&["name", "from", "to", "weekly"], mistakes);
    let name = table.need("name", "\"夏季\"", mistakes);
    let name = name.and_then(|value| value::name(value, mistakes)).map(Spanned::into_inner);
    let [from, to] = ["from", "to"].map(|key| {
        let date = table.need(key, "\"05-01\"", mistakes);
        date.and_then(|value| dates::month_day(value, mistakes))
    });
    let week = table.need("weekly", r#"{ mon-fri = ["09:00-17:00"] }"#, mistakes);
    let week = week.and_then(|value| read("the hours of a season", value, mistakes));
    Some(Season { name: name?.to_owned(), from: from?, to: to?, week: week? })
}
