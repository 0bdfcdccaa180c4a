//! The answer for people: what was asked, each day, the due date, what it rests on.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use qiangdan::{
    Wall,
    calendar::{Calendar, Day},
    limit::{DayEnd, DayOne, DueError, NaturalEnd, TimeLimit, Unit},
};
use unicode_width::UnicodeWidthStr;

use super::{
    ask::{Answer, Desk},
    days::{self, Stretch, Totals},
};
use crate::{
    lang::Lang,
    show::{fit, flow},
};

const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

const WIDTH: usize = 80;
/// The columns of the table: days, what counted.
const DAYS: usize = 31;
const COUNTED: usize = 18;

const WEEKDAYS: [(&str, &str); 7] = [
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
];

/// One answer on its way to a terminal or a program.
pub(super) struct Page<'a> {
    pub(super) desk: &'a Desk<'a>,
    pub(super) answer: &'a Answer<'a>,
    /// When it is asked how it stands.
    pub(super) at: Option<Wall>,
    pub(super) lang: Lang,
}

impl Page<'_> {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (lang, answer) = (self.lang, self.answer);
        let hall = lang.of(self.desk.hall.name());
        let title = format!("{hall}  {}", lang.of(&answer.limit.name));
        writeln!(out, "{HEAD}{}{HEAD:#}", fit(&title, WIDTH))?;
        for line in self.rule() {
            writeln!(out, "{FAINT}{line}{FAINT:#}")?;
        }
        writeln!(out)?;
        self.row(out, "due_from", &self.moment(answer.from))?;
        for pause in answer.pauses.told() {
            let until = pause.until.map_or_else(
                || lang.text("due_goes_on").to_owned(),
                |until| self.desk.zone.show(until),
            );
            let [name] = &days::reasons(
                self.desk,
                qiangdan::limit::Reasons::default().with(pause.reason),
                lang,
            )[..] else {
                continue;
            };
            let from = self.desk.zone.show(pause.from);
            self.row(out, "due_pause", &format!("{name}  {from} → {until}"))?;
        }
        if let Some(restarted) = answer.restarted {
            self.row(out, "due_restarted", &self.moment(restarted))?;
        }
        if answer.extended_by > 0 {
            let by = TimeLimit { amount: answer.extended_by, ..answer.lasts };
            self.row(out, "due_extended", &amount(by, by.amount, lang))?;
        }
        let until = match answer.due {
            Ok(due) => Some(due.at),
            // The day on which a pause begins still counts.
            Err(DueError::Paused { since }) => Some(Wall(since.0.saturating_add(1))),
            Err(_) => None,
        };
        if let Some(until) = until {
            self.days(until, out)?;
        }
        self.verdict(out)?;
        self.standing(out)
    }

    /// How the limit is counted, in words.
    fn rule(&self) -> Vec<String> {
        let (lang, answer) = (self.lang, self.answer);
        let mut parts = vec![amount(answer.lasts, answer.lasts.amount - answer.extended_by, lang)];
        parts.extend(unit(answer.lasts.unit).into_iter().map(|key| lang.text(key).to_owned()));
        let key = format!("[limits.{}]  ", answer.limit.key);
        let mut lines = flow(&key, &parts, WIDTH);
        if let Some(rule) = answer.rule {
            let calendars = self.desk.hall.calendars();
            let name = calendars.get(rule.calendar.index()).map(|of| lang.of(&of.name));
            let label = format!("{} ", lang.text("due_calendar"));
            let mut parts = vec![name.unwrap_or_default().to_owned()];
            if let Some(published) = answer.calendar.published() {
                let (from, until) = (published.from.to_string(), published.until.to_string());
                parts.push(lang.fill("due_published", &[("from", &from), ("until", &until)]));
            }
            lines.extend(flow(&label, &parts, WIDTH));
        }
        lines
    }

    fn row(&self, out: &mut impl Write, key: &str, what: &str) -> io::Result<()> {
        writeln!(out, "{}  {what}", pad(self.lang.text(key), 8))
    }

    fn moment(&self, at: Wall) -> String {
        let weekday = weekday(self.desk.zone.weekday(at), self.lang);
        let shown = self.desk.zone.show(at);
        let (day, time) = shown.split_once(' ').unwrap_or((&shown, ""));
        format!("{day} {weekday} {time}").trim_end().to_owned()
    }

    fn days(&self, until: Wall, out: &mut impl Write) -> io::Result<()> {
        let Ok(lines) = days::lines(self.answer, until) else { return Ok(()) };
        if self.answer.rule.is_none() {
            return Ok(());
        }
        writeln!(out)?;
        for stretch in days::stretches(self.desk, &lines, self.lang) {
            let line = self.stretch(&stretch);
            let counts = stretch.numbers.is_some() || stretch.ms.is_some();
            if counts {
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "{FAINT}{line}{FAINT:#}")?;
            }
        }
        writeln!(out)?;
        self.row(out, "due_total", &self.totals(&Totals::of(&lines)))
    }

    fn stretch(&self, stretch: &Stretch) -> String {
        let lang = self.lang;
        let day = |day: Day| format!("{day} {}", weekday(day.weekday().index(), lang));
        let mut line = day(stretch.from);
        if stretch.until > stretch.from {
            line += " – ";
            line += &day(stretch.until)[5..];
        }
        let counted = match (stretch.numbers, stretch.ms) {
            (Some((first, last)), _) if first == last => {
                lang.fill("due_day", &[("n", &first.to_string())])
            }
            (Some((first, last)), _) => {
                lang.fill("due_days", &[("n", &first.to_string()), ("m", &last.to_string())])
            }
            (_, Some(ms)) => days::time(ms, lang),
            _ => "—".to_owned(),
        };
        let line = format!("{}  {}  {}", pad(&line, DAYS), pad(&counted, COUNTED), stretch.note);
        fit(line.trim_end(), WIDTH)
    }

    fn totals(&self, totals: &Totals) -> String {
        let lang = self.lang;
        let counted = match totals.counted_ms {
            0 => amount(self.answer.lasts, totals.counted.into(), lang),
            ms => days::time(ms, lang),
        };
        let others = [
            ("due_n_receipt", totals.receipt),
            ("due_n_rest", totals.rest),
            ("due_n_holidays", totals.holidays),
            ("due_n_paused", totals.paused),
            ("due_n_put_off", totals.put_off),
            ("due_n_other", totals.other),
        ];
        let others: Vec<_> = others
            .iter()
            .filter(|other| other.1 > 0)
            .map(|other| format!("{} {}", lang.text(other.0), other.1))
            .collect();
        match others.is_empty() {
            true => lang.fill("due_counted", &[("n", &counted)]),
            false => lang.fill(
                "due_counted_not",
                &[("n", &counted), ("others", &others.join(lang.text("due_and")))],
            ),
        }
    }

    fn verdict(&self, out: &mut impl Write) -> io::Result<()> {
        let lang = self.lang;
        match self.answer.due {
            Ok(due) if !due.is_provisional => {
                let settled = lang.text("due_settled");
                let shown = self.moment(due.at);
                self.row(
                    out,
                    "due_due",
                    &format!("{HEAD}{shown}{HEAD:#}  {GOOD}✓ {settled}{GOOD:#}"),
                )
            }
            Ok(due) => {
                let provisional = lang.text("due_provisional");
                let shown = self.moment(due.at);
                let text = format!("{HEAD}{shown}{HEAD:#}  {UNSURE}? {provisional}{UNSURE:#}");
                self.row(out, "due_due", &text)?;
                writeln!(out, "{}{}", " ".repeat(10), self.unsettled())
            }
            Err(DueError::Paused { since }) => {
                let since = lang.fill("due_stands", &[("since", &self.moment(since))]);
                self.row(out, "due_due", &format!("{UNSURE}? {since}{UNSURE:#}"))?;
                let Some(at) = self.at else { return Ok(()) };
                let Ok(due) = self.answer.clock().due_if_resumed(at) else { return Ok(()) };
                let values = [("at", &*self.moment(at)), ("due", &self.moment(due.at))];
                writeln!(out, "{}{}", " ".repeat(10), lang.fill("due_if_resumed", &values))
            }
            Err(_) => Ok(()),
        }
    }

    /// What would settle it.
    pub(super) fn unsettled(&self) -> String {
        let Some(unsettled) = self.answer.unsettled() else { return String::new() };
        let (first, last) = (unsettled.first.to_string(), unsettled.last.to_string());
        let years = if first == last { first } else { format!("{first}–{last}") };
        match unsettled.known_until {
            Some(until) => {
                let values = [("until", &*until.to_string()), ("years", &years)];
                self.lang.fill("due_settles", &values)
            }
            None => self.lang.fill("due_settles_before", &[("years", &years)]),
        }
    }

    /// How it stands at the instant that was asked for.
    fn standing(&self, out: &mut impl Write) -> io::Result<()> {
        let (Some(at), lang, answer) = (self.at, self.lang, self.answer) else { return Ok(()) };
        let clock = answer.clock();
        let figures = (clock.spent(at), clock.percent(at), clock.lateness(at));
        let (Ok(spent), Ok(percent), Ok(late)) = figures else { return Ok(()) };
        let of = |n: u64| amount(answer.lasts, n, lang);
        let left = answer.lasts.amount.saturating_sub(spent);
        let percent = percent.to_string();
        let values = [("spent", &*of(spent)), ("left", &of(left)), ("percent", &percent)];
        let state = match late {
            Some(0) => format!("{BAD}✗ {}{BAD:#}", lang.text("due_late")),
            Some(by) => format!("{BAD}✗ {}{BAD:#}", lang.fill("due_late_by", &[("by", &of(by))])),
            None => format!("{GOOD}✓ {}{GOOD:#}", lang.text("due_in_time")),
        };
        self.row(out, "due_at", &format!("{}  {state}", self.moment(at)))?;
        writeln!(out, "{}{}", " ".repeat(10), lang.fill("due_spent", &values))
    }
}

/// How a unit is counted, in words.
fn unit(unit: Unit) -> Vec<&'static str> {
    match unit {
        Unit::WorkingDays { day_one, ends } => {
            let first = match day_one {
                DayOne::AfterReceipt => "due_next_day",
                DayOne::AfterDeferredReceipt => "due_next_day_deferred",
                DayOne::AfterReceiptInHours => "due_next_day_hours",
                DayOne::Receipt => "due_same_day",
            };
            let end = match ends {
                DayEnd::CloseOfBusiness => "due_ends_close",
                DayEnd::Midnight => "due_ends_midnight",
                DayEnd::SameTime => "due_ends_same_time",
            };
            vec![first, end]
        }
        Unit::NaturalDays { ends } => vec![
            "due_next_day",
            match ends {
                NaturalEnd::WorkingDayClose => "due_ends_working_close",
                NaturalEnd::WorkingDayMidnight => "due_ends_working_midnight",
                NaturalEnd::Midnight => "due_ends_midnight",
                NaturalEnd::SameTime => "due_ends_same_time",
            },
        ],
        Unit::WorkingTime => vec!["due_in_hours"],
        _ => vec!["due_always"],
    }
}

/// An amount of a limit in words.
pub(super) fn amount(of: TimeLimit, n: u64, lang: Lang) -> String {
    match of.unit {
        Unit::WorkingDays { .. } if n == 1 => lang.text("due_one_working_day").to_owned(),
        Unit::NaturalDays { .. } if n == 1 => lang.text("due_one_day").to_owned(),
        Unit::WorkingDays { .. } => lang.fill("due_n_working_days", &[("n", &n.to_string())]),
        Unit::NaturalDays { .. } => lang.fill("due_n_days", &[("n", &n.to_string())]),
        _ => days::time(n, lang),
    }
}

pub(super) fn weekday(index: usize, lang: Lang) -> &'static str {
    let (zh, en) = WEEKDAYS[index % 7];
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// The text and blanks up to a width in columns.
fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The calendar's name for programs: its version.
pub(super) fn version(calendar: &Calendar) -> Option<&str> {
    Some(calendar.version()).filter(|version| !version.is_empty())
}
