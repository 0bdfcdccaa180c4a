//! A report as one page: self-contained, without script, ready to print.
//!
//! The template (`templates/report.html`) holds the order and the words between the figures; here
//! each figure becomes the text it is read as. The template fails on anything undefined and escapes
//! everything but our own drawings and style sheet.
//!
//! * `chart`: drawing. `plots`: which figures are drawn.

mod chart;
mod plots;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use plots::Plot;
use qiangdan_sim::report::{
    Basis, Outcome, Recorded, Report, Source, Totals, Verdict, Wait, Within,
};
use serde::Serialize;

use crate::{
    lang::Lang,
    messages::MESSAGES,
    show::{about, source},
    units,
};

const TEMPLATE: &str = include_str!("../../templates/report.html");
const STYLE: &str = include_str!("../../templates/report.css");

/// What a page says about its own making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made<'a> {
    /// The command that makes it again.
    pub(crate) command: &'a str,
    /// What went in: label and value, e.g. the hall file and its digest.
    pub(crate) inputs: &'a [(String, String)],
}

/// Writes the report as a page.
///
/// # Errors
///
/// Those of `out`, and a failing template, which the tests rule out.
pub(crate) fn write(
    report: &Report,
    lang: Lang,
    made: Made<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(io::Error::other)?);
    environment.add_template("report.html", TEMPLATE).map_err(io::Error::other)?;
    let template = environment.get_template("report.html").map_err(io::Error::other)?;
    let page = template.render(Serde(View::new(report, lang, made))).map_err(io::Error::other)?;
    out.write_all(page.as_bytes())
}

/// Everything the template reads.
#[derive(Serialize)]
struct View<'a> {
    lang: &'static str,
    t: BTreeMap<&'static str, &'static str>,
    style: &'static str,
    hall: &'a str,
    kind: &'static str,
    source: String,
    engine: &'static str,
    target: String,
    verdicts: Vec<VerdictView>,
    tiles: Vec<Tile>,
    late: Option<String>,
    plots: Vec<Plot>,
    services: Vec<Line>,
    half_hours: Vec<Line>,
    recorded: Vec<Vec<String>>,
    escalations: Vec<Vec<String>>,
    limits: Vec<Vec<String>>,
    limit_stages: Vec<Vec<String>>,
    interval_note: &'static str,
    inputs: &'a [(String, String)],
    command: &'a str,
}

/// A verdict as it is read.
#[derive(Serialize)]
struct VerdictView {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
    about: String,
    share: String,
    interval: String,
    orders: String,
    gates: bool,
    note: &'static str,
    /// Markup.
    gauge: String,
}

/// A main figure.
#[derive(Serialize)]
struct Tile {
    label: &'static str,
    figure: String,
}

/// A row of a table; `fails` if its share is below the target.
#[derive(Serialize)]
struct Line {
    fails: bool,
    cells: Vec<String>,
}

impl<'a> View<'a> {
    fn new(report: &'a Report, lang: Lang, made: Made<'a>) -> Self {
        let target = report.target;
        let (limit, share) =
            (units::limit(target.within_ms, lang), units::percent_short(target.share));
        let kind = match report.source {
            Source::Simulated { .. } => "simulated",
            Source::Replayed { .. } => "replayed",
        };
        let verdicts = std::iter::once(&report.verdict.day).chain(&report.verdict.worst_half_hour);
        let interval_note = match report.verdict.day.within.basis {
            Basis::Days => "method_interval_days",
            Basis::Orders => "method_interval_orders",
        };
        let Totals { abandoned_late, still_waiting_late, unclaimed_wait_ms_max, .. } =
            report.totals;
        let late = (abandoned_late + still_waiting_late > 0).then(|| {
            let per_day = units::mean(abandoned_late as f64 / report.totals.days.max(1) as f64);
            let longest = units::wait(unclaimed_wait_ms_max.into());
            let (late, max) = (lang.text("abandoned_late"), lang.text("unclaimed_max"));
            format!("{late} {per_day} · {max} {longest}")
        });
        Self {
            lang: lang.tag(),
            t: MESSAGES.iter().map(|message| (message.0, lang.text(message.0))).collect(),
            style: STYLE,
            hall: lang.name(&report.hall),
            kind: lang.text(kind),
            source: source(&report.source, lang),
            engine: report.engine,
            target: lang.fill("target_is", &[("t", &limit), ("s", &share)]),
            verdicts: verdicts
                .map(|verdict| VerdictView::new(verdict, target.share, lang))
                .collect(),
            tiles: tiles(report, lang),
            late,
            plots: plots::all(report, lang),
            services: services(report, lang),
            half_hours: half_hours(report),
            recorded: report
                .recorded
                .as_ref()
                .map_or(Vec::new(), |them| recorded(report, them, lang)),
            escalations: escalations(report, lang),
            limits: limits(report, lang),
            limit_stages: limit_stages(report, lang),
            interval_note: lang.text(interval_note),
            inputs: made.inputs,
            command: made.command,
        }
    }
}

impl VerdictView {
    fn new(verdict: &Verdict, target: f64, lang: Lang) -> Self {
        let (class, sign, word) = match verdict.outcome {
            Outcome::Met => ("good", "✓", "met"),
            Outcome::Missed => ("bad", "✗", "missed"),
            Outcome::Unsure => ("unsure", "?", "unsure"),
        };
        let Within { low, high, orders, basis, .. } = verdict.within;
        let note = match (verdict.outcome, verdict.holds, basis) {
            (_, _, Basis::Orders) => lang.text("basis_orders"),
            (Outcome::Unsure, true, _) => lang.text("holds_barely"),
            (Outcome::Unsure, false, _) => lang.text("fails_barely"),
            _ => "",
        };
        let about = about(verdict, lang);
        Self {
            class,
            sign,
            word: lang.text(word),
            share: units::share(&verdict.within),
            interval: format!("{}–{}", units::percent(low), units::percent(high)),
            orders: units::count(orders),
            gates: verdict.gates,
            note,
            gauge: chart::gauge(&about, class, &verdict.within, target),
            about,
        }
    }
}

fn tiles(report: &Report, lang: Lang) -> Vec<Tile> {
    let Report { totals, wait, .. } = report;
    let per_day = |count: u64| units::mean(count as f64 / totals.days.max(1) as f64);
    let at_once = totals.claimed_at_once as f64 / totals.claimed.max(1) as f64;
    let tile = |key, figure| Tile { label: lang.text(key), figure };
    vec![
        tile("arrivals_per_day", per_day(totals.arrived)),
        tile("served_at_once", units::percent_whole(at_once)),
        tile("mean_wait", units::wait_of(wait, wait.mean_ms)),
        tile("p90", units::wait_of(wait, wait.p90_ms)),
        tile("p99", units::wait_of(wait, wait.p99_ms)),
        tile("max", units::wait_of(wait, wait.max_ms)),
        tile("abandoned_per_day", per_day(totals.abandoned)),
        tile("still_waiting_per_day", per_day(totals.still_waiting)),
        tile("breaches_per_day", per_day(totals.breaches)),
    ]
}

fn services(report: &Report, lang: Lang) -> Vec<Line> {
    let days = report.totals.days.max(1) as f64;
    let line = |name: &str, arrived: u64, abandoned: u64, wait: &Wait, within: &Within| Line {
        fails: within.share < report.target.share,
        cells: vec![
            name.into(),
            units::mean(arrived as f64 / days),
            units::percent_whole(wait.at_once as f64 / wait.orders.max(1) as f64),
            units::wait_of(wait, wait.mean_ms),
            units::wait_of(wait, wait.p50_ms),
            units::wait_of(wait, wait.p90_ms),
            units::wait_of(wait, wait.p95_ms),
            units::wait_of(wait, wait.p99_ms),
            units::wait_of(wait, wait.max_ms),
            units::mean(abandoned as f64 / days),
            units::share(within),
            interval(within),
        ],
    };
    let services = report.services.iter();
    let services =
        services.map(|s| line(lang.name(&s.name), s.arrived, s.abandoned, &s.wait, &s.within));
    let Report { totals, wait, verdict, .. } = report;
    let all = line(
        lang.text("all_services"),
        totals.arrived,
        totals.abandoned,
        wait,
        &verdict.day.within,
    );
    services.chain([all]).collect()
}

fn half_hours(report: &Report) -> Vec<Line> {
    let line = |h: &qiangdan_sim::report::HalfHour| Line {
        fails: h.within.share < report.target.share,
        cells: vec![
            h.start.clone(),
            units::mean(h.arrived_per_day),
            units::wait_of(&h.wait, h.wait.p50_ms),
            units::wait_of(&h.wait, h.wait.p90_ms),
            units::wait_of(&h.wait, h.wait.p95_ms),
            units::wait_of(&h.wait, h.wait.max_ms),
            units::mean(h.queue.mean),
            h.queue.max.to_string(),
            units::windows_open(report, h),
            units::share(&h.within),
            interval(&h.within),
        ],
    };
    report.half_hours.iter().map(line).collect()
}

fn recorded(report: &Report, them: &Recorded, lang: Lang) -> Vec<Vec<String>> {
    let both = |key, ours, theirs| vec![lang.text(key).to_owned(), ours, theirs];
    let (ours, theirs) = (&report.wait, &them.wait);
    vec![
        both("within", units::share(&report.verdict.day.within), units::share(&them.within)),
        both("mean", units::wait(ours.mean_ms), units::wait(theirs.mean_ms)),
        both("p50", units::wait(ours.p50_ms.into()), units::wait(theirs.p50_ms.into())),
        both("p90", units::wait(ours.p90_ms.into()), units::wait(theirs.p90_ms.into())),
        both("p99", units::wait(ours.p99_ms.into()), units::wait(theirs.p99_ms.into())),
        both("max", units::wait(ours.max_ms.into()), units::wait(theirs.max_ms.into())),
        both("arrived", units::count(report.totals.arrived), units::count(them.totals.arrived)),
        both(
            "abandoned",
            units::count(report.totals.abandoned),
            units::count(them.totals.abandoned),
        ),
    ]
}

fn escalations(report: &Report, lang: Lang) -> Vec<Vec<String>> {
    let cells = |e: &qiangdan_sim::report::Escalation| {
        vec![
            lang.name(&e.name).to_owned(),
            e.stage.to_string(),
            units::limit(e.at_ms, lang),
            lang.name(&e.what).to_owned(),
            units::mean(e.per_day),
            units::count(e.count),
        ]
    };
    report.escalations.iter().map(cells).collect()
}

fn limits(report: &Report, lang: Lang) -> Vec<Vec<String>> {
    let cells = |limit: &qiangdan_sim::report::LimitUse| {
        let on_time = match limit.on_time {
            Some(share) => format!("{} / {}", units::percent(share), units::count(limit.judged)),
            None => "–".into(),
        };
        let counts = [limit.started, limit.met, limit.late, limit.open, limit.open_late];
        let mut cells = vec![lang.name(&limit.name).to_owned(), limit.lasts.clone()];
        cells.extend(counts.map(units::count));
        cells.extend([on_time, format!("{} / {}", limit.yellow_cards, limit.red_cards)]);
        cells
    };
    report.limits.iter().filter(|limit| limit.started > 0).map(cells).collect()
}

fn limit_stages(report: &Report, lang: Lang) -> Vec<Vec<String>> {
    let stages = report.limits.iter().flat_map(|limit| {
        let fired = limit.stages.iter().filter(|stage| stage.count > 0);
        fired.map(move |stage| {
            let (name, what) = (lang.name(&limit.name).to_owned(), lang.name(&stage.what));
            vec![name, stage.stage.to_string(), what.to_owned(), units::count(stage.count)]
        })
    });
    stages.collect()
}

fn interval(within: &Within) -> String {
    if within.orders == 0 {
        return "–".into();
    }
    format!("{}–{}", units::percent(within.low), units::percent(within.high))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use qiangdan_sim::report::Gates;

    use super::*;
    use crate::sample;

    fn page(report: &Report, lang: Lang) -> String {
        let inputs = [("hall.toml".to_owned(), "sha256 3f1c<…>".to_owned())];
        let command = "qiangdan simulate hall.toml --days 40 --seed 1 && echo \"<done>\"";
        let mut out = Vec::new();
        write(report, lang, Made { command, inputs: &inputs }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Where pages are left to be looked at: `pages` beside the built command.
    fn folder() -> PathBuf {
        let test = std::env::current_exe().unwrap();
        let folder = test.ancestors().nth(2).unwrap().join("pages");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn every_kind_of_report_becomes_a_page_in_both_languages() {
        let folder = folder();
        let reports = [
            ("day", sample::simulated(Gates::Day)),
            ("half-hour", sample::simulated(Gates::HalfHour)),
            ("replayed", sample::replayed()),
            ("empty", sample::empty()),
            ("vast", sample::vast()),
        ];
        for (kind, report) in reports {
            for lang in [Lang::Zh, Lang::En] {
                let page = page(&report, lang);
                assert!(page.len() < 200_000, "{kind}: {} bytes", page.len());
                std::fs::write(folder.join(format!("{kind}-{}.html", lang.tag())), page).unwrap();
            }
        }
    }

    #[test]
    fn a_page_needs_nothing_else() {
        let page = page(&sample::simulated(Gates::Day), Lang::Zh);
        for foreign in ["http:", "https:", "<script", "<link", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn names_and_commands_are_escaped() {
        for lang in [Lang::Zh, Lang::En] {
            let page = page(&sample::replayed(), lang);
            for raw in ["<医保>", "<health>", "<done>", "<…>", "&公积金", "& <"] {
                assert!(!page.contains(raw), "{raw}");
            }
        }
    }

    #[test]
    fn tags_are_closed() {
        let page = page(&sample::replayed(), Lang::En);
        for tag in
            ["svg", "table", "tr", "td", "th", "section", "figure", "div", "text", "p", "ul", "li"]
        {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}
