//! A report in the terminal: the verdict first, then what it rests on.
//!
//! Every table fits 80 columns. Colour is only an addition: each coloured line carries a sign as
//! well, and the stream may strip the codes.
//!
//! * `verdict`: target, day and worst half hour, totals.
//! * `waits`: by service, by half hour, beside what was recorded.
//! * `desks`: windows and escalations.
//! * `limits`: limits by the calendar.

mod desks;
mod limits;
mod verdict;
mod waits;

pub(crate) use verdict::about;

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{Cell, CellAlignment, Row, Table, presets};
use qiangdan_sim::report::{Report, Source};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{lang::Lang, units};

/// The width of a report where nobody knows the terminal's.
pub(crate) const WIDTH: usize = 80;

/// Between figures of one line.
const DOT: &str = " · ";

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Writes the report as text, at most `width` columns wide (but not narrower than [`WIDTH`]).
pub(crate) fn report(
    report: &Report,
    lang: Lang,
    width: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let page = Page { report, lang, width: width.max(WIDTH) };
    page.title(out)?;
    page.verdict(out)?;
    page.totals(out)?;
    page.by_service(out)?;
    page.by_half_hour(out)?;
    page.beside_recorded(out)?;
    page.windows(out)?;
    page.escalations(out)?;
    page.limits(out)
}

/// Writes the report as JSON, as described in `docs/report-json.md`.
pub(crate) fn json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

/// Writes the lines that say what to do next; `report_path` names the page, if one was written.
pub(crate) fn hints(
    report: &Report,
    lang: Lang,
    report_path: Option<&str>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut hints = Vec::new();
    let verdicts = &report.verdict;
    let worst = verdicts.worst_half_hour.filter(|worst| !worst.holds);
    let worst = worst
        .and_then(|worst| report.half_hours.iter().find(|h| Some(h.half_hour) == worst.half_hour));
    if let Some(h) = worst {
        let (arrived, open) = (units::mean(h.arrived_per_day), units::mean(h.windows_open));
        let key = if report.windows.is_empty() { "hint_worst_recorded" } else { "hint_worst" };
        let values = [("start", h.start.as_str()), ("arrived", &arrived), ("open", &open)];
        hints.push(lang.fill(key, &values));
    }
    let is_unsure = verdicts.gating().outcome == qiangdan_sim::report::Outcome::Unsure;
    if is_unsure && matches!(report.source, Source::Simulated { .. }) {
        hints.push(lang.text("hint_days").into());
    }
    hints.push(match report_path {
        Some(path) => lang.fill("hint_page", &[("path", path)]),
        None => lang.text("hint_make_page").into(),
    });
    hints.push(lang.text("hint_json").into());
    writeln!(out)?;
    let label = lang.text("next");
    for (at, hint) in hints.iter().enumerate() {
        let label = if at == 0 { label.into() } else { " ".repeat(label.width()) };
        writeln!(out, "{FAINT}{label}{FAINT:#}  {hint}")?;
    }
    Ok(())
}

/// One report on its way to one terminal.
struct Page<'a> {
    report: &'a Report,
    lang: Lang,
    width: usize,
}

impl Page<'_> {
    fn title(&self, out: &mut impl Write) -> io::Result<()> {
        let hall = self.lang.name(&self.report.hall);
        let kind = match self.report.source {
            Source::Simulated { .. } => "simulated",
            Source::Replayed { .. } => "replayed",
        };
        writeln!(out, "{HEAD}{hall}  {}{HEAD:#}", self.lang.text(kind))?;
        let source = source(&self.report.source, self.lang);
        let engine = format!("{} {}", self.lang.text("engine"), self.report.engine);
        let parts = source.split(DOT).map(|part| fit(part, self.width)).chain([engine]);
        for line in flow("", &parts.collect::<Vec<_>>(), self.width) {
            writeln!(out, "{FAINT}{line}{FAINT:#}")?;
        }
        Ok(())
    }

    fn heading(&self, key: &str, note: &str, out: &mut impl Write) -> io::Result<()> {
        let heading = self.lang.text(key);
        match note {
            "" => writeln!(out, "\n{HEAD}{heading}{HEAD:#}"),
            note => writeln!(out, "\n{HEAD}{heading}{HEAD:#}  {FAINT}{note}{FAINT:#}"),
        }
    }

    /// A table without lines. `heads` are keys of texts, `-` for none; numbers stand on the right,
    /// the columns `left` on the left.
    fn table(&self, heads: &str, left: &[usize]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let heads = heads.split(' ').map(|key| if key == "-" { "" } else { self.lang.text(key) });
        table.set_header(heads);
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((u16::from(at > 0), 1));
            if !left.contains(&at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    /// Prints a table; `style` names the colour of each row.
    fn print(
        &self,
        table: &Table,
        style: impl Fn(usize) -> Option<Style>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        for (at, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let style = if at == 0 { Some(FAINT) } else { style(at - 1) };
            match style {
                Some(style) => writeln!(out, "  {style}{line}{style:#}")?,
                None => writeln!(out, "  {line}")?,
            }
        }
        Ok(())
    }
}

/// Where the days come from, in words.
pub(crate) fn source(source: &Source, lang: Lang) -> String {
    match source {
        Source::Simulated { days, seed, streams } => lang.fill(
            "source_simulated",
            &[
                ("days", &units::count(u64::from(*days))),
                ("seed", &seed.to_string()),
                ("streams", &streams.to_string()),
            ],
        ),
        Source::Replayed { trace, mode, days, rows, skipped } => lang.fill(
            "source_replayed",
            &[
                ("trace", trace),
                ("mode", mode),
                ("days", &units::count(u64::from(*days))),
                ("rows", &units::count(*rows)),
                ("skipped", &units::count(*skipped)),
            ],
        ),
    }
}

/// The parts after their label, on as many lines as they need.
pub(crate) fn flow(label: &str, parts: &[String], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = label.to_owned();
    for (at, part) in parts.iter().enumerate() {
        let dot = if at == 0 { "" } else { DOT };
        if line.width() + dot.width() + part.width() > width && at > 0 {
            lines.push(std::mem::replace(&mut line, " ".repeat(label.width()) + part));
        } else {
            line = line + dot + part;
        }
    }
    lines.push(line);
    lines
}

fn row(cells: Vec<String>) -> Row {
    Row::from(cells.into_iter().map(Cell::new).collect::<Vec<_>>())
}

/// The text cut to `width` columns, with an ellipsis if anything is missing, and no control
/// characters: names come from files.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let text = text.chars().filter(|c| !c.is_control()).collect::<String>();
    if text.width() <= width {
        return text;
    }
    let mut room = width.saturating_sub(1);
    let kept = text.chars().take_while(|c| {
        let fits = c.width().unwrap_or(0) <= room;
        room = room.saturating_sub(c.width().unwrap_or(0));
        fits
    });
    kept.chain(['…']).collect()
}

/// A bar of `cells` columns for `share` of its length, to the nearest eighth of a column.
fn bar(share: f64, cells: usize) -> String {
    const PARTS: [&str; 8] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
    let mut eighths = (share.clamp(0.0, 1.0) * cells as f64 * 8.0).round();
    let mut bar = String::new();
    while eighths > 0.0 {
        let part = (1..8).find(|&part| eighths <= f64::from(part)).unwrap_or(8_u8);
        bar.push_str(PARTS[usize::from(part) - 1]);
        eighths -= 8.0;
    }
    bar
}

#[cfg(test)]
mod tests {
    use qiangdan_sim::report::Gates;

    use super::*;
    use crate::sample;

    fn shown(report: &Report, lang: Lang) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        super::report(report, lang, WIDTH, &mut out).unwrap();
        hints(report, lang, Some("day.html"), &mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn a_simulated_run_in_both_languages() {
        let report = sample::simulated(Gates::HalfHour);
        insta::assert_snapshot!("simulated_zh", shown(&report, Lang::Zh));
        insta::assert_snapshot!("simulated_en", shown(&report, Lang::En));
    }

    #[test]
    fn a_replayed_day_stands_beside_what_was_recorded() {
        insta::assert_snapshot!("replayed_zh", shown(&sample::replayed(), Lang::Zh));
    }

    #[test]
    fn a_vast_hall_keeps_its_columns() {
        insta::assert_snapshot!("vast_zh", shown(&sample::vast(), Lang::Zh));
    }

    #[test]
    fn an_empty_run_can_be_shown() {
        insta::assert_snapshot!("empty_zh", shown(&sample::empty(), Lang::Zh));
    }

    #[test]
    fn nothing_is_wider_than_the_page() {
        for report in
            [sample::simulated(Gates::Day), sample::replayed(), sample::empty(), sample::vast()]
        {
            for lang in [Lang::Zh, Lang::En] {
                let shown = shown(&report, lang);
                let wide = shown.lines().filter(|line| line.width() > WIDTH).collect::<Vec<_>>();
                assert!(wide.is_empty(), "{wide:#?}");
            }
        }
    }

    #[test]
    fn text_is_cut_by_columns_and_control_characters_are_dropped() {
        let cases = [
            ("综合受理", 8, "综合受理"),
            ("综合受理", 7, "综合受…"),
            ("综合受理", 6, "综合…"),
            ("a\u{1b}[1m", 9, "a[1m"),
        ];
        for (text, width, expect) in cases {
            assert_eq!(fit(text, width), expect);
        }
    }

    #[test]
    fn bars_count_in_eighths() {
        assert_eq!(
            (bar(0.0, 4), bar(1.5, 4), bar(0.5, 3)),
            ("".into(), "████".into(), "█▌".into())
        );
    }
}
