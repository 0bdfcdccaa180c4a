//! The answer for programs: schema `qiangdan/due/1`.

use std::io::{self, Write};

use qiangdan::{
    Wall,
    calendar::DayKind,
    limit::{Counts, DayLine, DueError, Unit},
};
use serde::Serialize;

use super::{
    days,
    show::{Page, version},
};

#[derive(Serialize)]
struct DueBody<'a> {
    schema: &'static str,
    hall: &'a str,
    limit: &'a str,
    /// `working_days`, `natural_days`, `working_ms` or `natural_ms`: what amounts are.
    unit: &'static str,
    amount: u64,
    extended_by: u64,
    calendar: Option<&'a str>,
    calendar_version: Option<&'a str>,
    published_until: Option<String>,
    from: String,
    restarted: Option<String>,
    due: Option<String>,
    provisional: Option<bool>,
    settled_by: Option<String>,
    paused_since: Option<String>,
    days: Vec<DayBody<'a>>,
    at: Option<StandingBody>,
}

#[derive(Serialize)]
struct DayBody<'a> {
    day: String,
    /// `working`, `rest`, `holiday` or `make_up`.
    kind: &'static str,
    name: Option<&'a str>,
    /// `day`, `time`, `receipt`, `paused`, `put_off`, `closed` or `outside`.
    counts: &'static str,
    number: Option<u32>,
    ms: Option<u64>,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct StandingBody {
    at: String,
    spent: u64,
    remaining: i64,
    percent: u32,
    late: bool,
    late_by: Option<u64>,
}

pub(super) fn write(page: &Page<'_>, out: &mut impl Write) -> io::Result<()> {
    let (desk, answer) = (page.desk, page.answer);
    let zone = &desk.zone;
    let (due, paused_since) = match answer.due {
        Ok(due) => (Some(due), None),
        Err(DueError::Paused { since }) => (None, Some(since)),
        Err(_) => (None, None),
    };
    // The day on which a pause begins still counts.
    let lines = due.map(|due| due.at).or(paused_since.map(|since| Wall(since.0.saturating_add(1))));
    let lines = lines.and_then(|until| days::lines(answer, until).ok()).unwrap_or_default();
    let calendar = answer.rule.and_then(|rule| desk.hall.calendars().get(rule.calendar.index()));
    let clock = answer.clock();
    let standing = page.at.and_then(|at| {
        let late_by = clock.lateness(at).ok()?;
        Some(StandingBody {
            at: zone.rfc_3339(at),
            spent: clock.spent(at).ok()?,
            remaining: clock.remaining(at).ok()?,
            percent: clock.percent(at).ok()?,
            late: late_by.is_some(),
            late_by,
        })
    });
    let is_provisional = due.is_some_and(|due| due.is_provisional);
    let body = DueBody {
        schema: "qiangdan/due/1",
        hall: desk.hall.id(),
        limit: &answer.limit.key,
        unit: unit(answer.lasts.unit),
        amount: answer.lasts.amount,
        extended_by: answer.extended_by,
        calendar: calendar.map(|calendar| calendar.key.as_str()),
        calendar_version: version(answer.calendar),
        published_until: answer.calendar.published().map(|known| known.until.to_string()),
        from: zone.rfc_3339(answer.from),
        restarted: answer.restarted.map(|at| zone.rfc_3339(at)),
        due: due.map(|due| zone.rfc_3339(due.at)),
        provisional: due.map(|due| due.is_provisional),
        settled_by: is_provisional.then(|| page.unsettled()),
        paused_since: paused_since.map(|at| zone.rfc_3339(at)),
        days: lines.iter().map(|line| day(page, line)).collect(),
        at: standing,
    };
    serde_json::to_writer_pretty(&mut *out, &body)?;
    writeln!(out)
}

fn day<'a>(page: &Page<'_>, line: &DayLine<'a>) -> DayBody<'a> {
    let (counts, number, ms) = match line.counts {
        Counts::Day { number } => ("day", Some(number), None),
        Counts::Time { ms } => ("time", None, Some(ms)),
        Counts::Receipt => ("receipt", None, None),
        Counts::Paused { .. } => ("paused", None, None),
        Counts::PutOff => ("put_off", None, None),
        Counts::Closed => ("closed", None, None),
        _ => ("outside", None, None),
    };
    let reasons = match line.counts {
        Counts::Paused { reasons } => {
            let key = |number: u8| page.desk.hall.pauses()[usize::from(number)].key.clone();
            reasons.iter().map(|reason| key(reason.number())).collect()
        }
        _ => Vec::new(),
    };
    let kind = match line.kind {
        DayKind::Working => "working",
        DayKind::Rest => "rest",
        DayKind::Holiday { .. } => "holiday",
        DayKind::MakeUp { .. } => "make_up",
    };
    let name = line.name.filter(|name| !name.is_empty());
    DayBody { day: line.day.to_string(), kind, name, counts, number, ms, reasons }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::WorkingDays { .. } => "working_days",
        Unit::NaturalDays { .. } => "natural_days",
        Unit::WorkingTime => "working_ms",
        _ => "natural_ms",
    }
}
