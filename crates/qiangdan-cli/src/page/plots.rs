//! The charts of a report: which figures each one shows.

use qiangdan_sim::report::{HalfHour, Report, Service};
use serde::Serialize;

use super::chart::{self, Axis, Bar, Chart};
use crate::{lang::Lang, show::fit, units};

/// Lines beside the overall one.
const SERVICES_MAX: usize = 4;

/// Windows shown one by one.
const WINDOWS_MAX: usize = 40;

/// Above this share of time a queue grows fast at every window.
// Source: a common planning guide in queueing practice; at 85 % an M/M/1 holds 5.7 orders on
// average.
const GUIDE: f64 = 0.85;

/// A chart with its title, its note and its legend.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    title: &'static str,
    note: String,
    legend: Vec<Key>,
    /// Markup: names in it are escaped.
    svg: String,
}

/// One entry of a legend.
#[derive(Debug, Serialize)]
struct Key {
    class: String,
    name: String,
}

impl Key {
    fn new(class: impl Into<String>, name: impl Into<String>) -> Self {
        Self { class: class.into(), name: name.into() }
    }
}

/// All charts, in the order of the page.
pub(super) fn all(report: &Report, lang: Lang) -> Vec<Plot> {
    let mut plots = vec![curve(report, lang), half_hours(report, lang), queue(report, lang)];
    // A trace need not say which windows were open.
    if !report.windows.is_empty() {
        plots.push(staffing(report, lang));
        plots.push(windows(report, lang));
    }
    plots
}

/// The share claimed within each wait, overall and for the services furthest from the target.
fn curve(report: &Report, lang: Lang) -> Plot {
    let curve = &report.curve;
    let lowest =
        curve.services.iter().filter_map(|shares| shares.first()).chain(curve.share.first());
    let lowest = lowest.copied().fold(report.target.share, f64::min);
    let from = ((lowest * 10.0).floor() / 10.0).clamp(0.0, 0.5);
    let longest = minutes(curve.within_ms.last().copied().unwrap_or(0).into());
    let mut chart = Chart::new(
        Axis::round(0.0, longest, lang.text("axis_minutes"), plain),
        Axis::round(from, 1.0, lang.text("axis_share"), units::percent_whole),
    );
    let points = |shares: &[f64]| {
        let minutes = curve.within_ms.iter().map(|&ms| minutes(ms.into()));
        minutes.zip(shares.iter().copied().map(Some)).collect::<Vec<_>>()
    };
    let target = minutes(report.target.within_ms as f64);
    let target_name =
        format!("{} {}", lang.text("target"), units::limit(report.target.within_ms, lang));
    chart.upright("", target, &target_name);
    chart.level("", report.target.share, &units::percent_short(report.target.share));
    let mut legend = vec![Key::new("ink", lang.text("overall"))];
    for (at, (service, shares)) in furthest(report).into_iter().enumerate() {
        let class = format!("s{at}");
        chart.line(&class, &points(shares));
        legend.push(Key::new(class, fit(lang.name(&service.name), 20)));
    }
    chart.line("ink", &points(&curve.share));
    let within = report.verdict.day.within;
    chart.dot("ink", target, within.share, &units::share(&within));
    let title = lang.text("chart_curve");
    let at_once = report.totals.claimed_at_once as f64 / report.totals.claimed.max(1) as f64;
    let note = lang.fill("chart_curve_note", &[("share", &units::percent(at_once))]);
    Plot { title, note, legend, svg: chart.svg(title) }
}

/// The services with the lowest shares, in the order of the hall file.
fn furthest(report: &Report) -> Vec<(&Service, &[f64])> {
    if report.services.len() < 2 {
        return Vec::new();
    }
    let curves = report.services.iter().zip(&report.curve.services);
    let mut found = curves
        .enumerate()
        .filter(|(_, (service, _))| service.within.orders > 0)
        .collect::<Vec<_>>();
    found.sort_by(|a, b| a.1.0.within.share.total_cmp(&b.1.0.within.share));
    found.truncate(SERVICES_MAX);
    found.sort_by_key(|&(at, _)| at);
    found.into_iter().map(|(_, (service, shares))| (service, &shares[..])).collect()
}

/// Waits by half hour of arrival; half hours below the target are shaded.
fn half_hours(report: &Report, lang: Lang) -> Plot {
    let hours = &report.half_hours;
    let p95_max = hours.iter().map(|h| h.wait.p95_ms).max().unwrap_or(0);
    let top = minutes(f64::from(p95_max).max(report.target.within_ms as f64 * 1.2));
    let mut chart = Chart::new(
        clock(report, lang.text("axis_time")),
        Axis::round(0.0, top, lang.text("axis_minutes"), plain),
    );
    for hour in hours.iter().filter(|h| h.within.share < report.target.share) {
        chart.shade("fails", from(hour), from(hour) + 1.0);
    }
    let band = hours.iter().filter(|h| h.wait.orders > 0);
    let band =
        band.map(|h| (middle(h), minutes(h.wait.p50_ms.into()), minutes(h.wait.p95_ms.into())));
    chart.band("s0", &band.collect::<Vec<_>>());
    let line = |of: fn(&HalfHour) -> u32| {
        let point = |h: &HalfHour| (middle(h), (h.wait.orders > 0).then(|| minutes(of(h).into())));
        hours.iter().map(point).collect::<Vec<_>>()
    };
    chart.line("s0 thin dashed", &line(|h| h.wait.p95_ms));
    chart.line("s0", &line(|h| h.wait.p90_ms));
    chart.line("s2 thin", &line(|h| h.wait.p50_ms));
    let mut legend = vec![
        Key::new("s0", "p90"),
        Key::new("s0 dashed", "p95"),
        Key::new("s2", "p50"),
        Key::new("box fails", lang.text("share_below")),
    ];
    if let Some(recorded) = &report.recorded {
        let points = recorded.half_hours.iter().map(|h| {
            let p90 = (h.wait.orders > 0).then(|| minutes(h.wait.p90_ms.into()));
            (f64::from(h.half_hour) + 0.5, p90)
        });
        chart.line("s1 dotted", &points.collect::<Vec<_>>());
        legend.push(Key::new("s1 dotted", format!("{} p90", lang.text("recorded"))));
    }
    let target = minutes(report.target.within_ms as f64);
    chart.level(
        "",
        target,
        &format!("{} {}", lang.text("target"), units::limit(report.target.within_ms, lang)),
    );
    for hour in hours.iter().filter(|h| h.wait.orders > 0) {
        let hint = format!(
            "{}  p50 {} · p90 {} · p95 {} · {} {}",
            hour.start,
            units::wait(hour.wait.p50_ms.into()),
            units::wait(hour.wait.p90_ms.into()),
            units::wait(hour.wait.p95_ms.into()),
            lang.text("within"),
            units::share(&hour.within),
        );
        chart.hint(from(hour), from(hour) + 1.0, &hint);
    }
    let title = lang.text("chart_half_hours");
    Plot { title, note: lang.text("chart_half_hours_note").into(), legend, svg: chart.svg(title) }
}

/// How many wait, over the day.
fn queue(report: &Report, lang: Lang) -> Plot {
    let hours = &report.half_hours;
    let is_single = report.totals.days < 2;
    let top = |h: &HalfHour| if is_single { f64::from(h.queue.max) } else { h.queue.high };
    let most = hours.iter().map(top).fold(1.0, f64::max);
    let mut chart = Chart::new(
        clock(report, lang.text("axis_clock")),
        Axis::round(0.0, most, lang.text("axis_people"), plain),
    );
    let means = hours.iter().map(|h| (middle(h), Some(h.queue.mean))).collect::<Vec<_>>();
    let mut legend = vec![Key::new("s0", lang.text("mean"))];
    if is_single {
        let most = hours.iter().map(|h| (middle(h), Some(f64::from(h.queue.max))));
        chart.line("s1 thin dashed", &most.collect::<Vec<_>>());
        legend.push(Key::new("s1 dashed", lang.text("most")));
    } else {
        let band = hours.iter().map(|h| (middle(h), h.queue.low, h.queue.high));
        chart.band("s0", &band.collect::<Vec<_>>());
        legend.push(Key::new("box s0", lang.text("band_days")));
    }
    chart.line("s0", &means);
    for hour in hours {
        let (mean, most) = (units::mean(hour.queue.mean), hour.queue.max);
        let hint =
            format!("{}  {} {mean} · {} {most}", hour.start, lang.text("mean"), lang.text("most"));
        chart.hint(from(hour), from(hour) + 1.0, &hint);
    }
    let title = lang.text("chart_queue");
    let note = lang.text(if is_single { "chart_queue_note_single" } else { "chart_queue_note" });
    Plot { title, note: note.into(), legend, svg: chart.svg(title) }
}

/// Arrivals and windows open, over the day.
fn staffing(report: &Report, lang: Lang) -> Plot {
    let hours = &report.half_hours;
    let most = hours.iter().map(|h| h.arrived_per_day.max(h.windows_open)).fold(1.0, f64::max);
    let mut chart = Chart::new(
        clock(report, lang.text("axis_clock")),
        Axis::round(0.0, most, lang.text("axis_count"), plain),
    );
    for hour in hours {
        chart.bar("s0", from(hour), from(hour) + 1.0, hour.arrived_per_day);
    }
    let open = hours.iter().map(|h| (from(h), from(h) + 1.0, h.windows_open));
    chart.steps("s1", &open.collect::<Vec<_>>());
    for hour in hours {
        let (arrived, open) = (units::mean(hour.arrived_per_day), units::mean(hour.windows_open));
        let hint = format!(
            "{}  {} {arrived} · {} {open}",
            hour.start,
            lang.text("arrivals"),
            lang.text("open_windows")
        );
        chart.hint(from(hour), from(hour) + 1.0, &hint);
    }
    let legend = vec![
        Key::new("box bar s0", lang.text("arrivals")),
        Key::new("s1", lang.text("open_windows")),
    ];
    let title = lang.text("chart_staffing");
    Plot { title, note: lang.text("chart_staffing_note").into(), legend, svg: chart.svg(title) }
}

/// Busy ÷ open of each window.
fn windows(report: &Report, lang: Lang) -> Plot {
    let bars = report.windows.iter().take(WINDOWS_MAX).map(|window| Bar {
        name: fit(lang.name(&window.name), 16),
        share: window.used.share,
        interval: window.used.low.zip(window.used.high),
        figure: units::percent_whole(window.used.share),
    });
    let title = lang.text("chart_windows");
    let mut note = lang.text("chart_windows_note").to_owned();
    let more = report.windows.len().saturating_sub(WINDOWS_MAX);
    if more > 0 {
        note = format!("{note} {}", lang.fill("and_more", &[("n", &more.to_string())]));
    }
    let svg = chart::bars(title, &bars.collect::<Vec<_>>(), GUIDE);
    Plot { title, note, legend: Vec::new(), svg }
}

fn clock(report: &Report, unit: &str) -> Axis {
    let half_hours = report.half_hours.iter().map(|h| h.half_hour);
    let (first, last) = (half_hours.clone().min(), half_hours.max());
    Axis::half_hours(first.unwrap_or(0), last.unwrap_or(47), unit)
}

fn from(hour: &HalfHour) -> f64 {
    f64::from(hour.half_hour)
}

fn middle(hour: &HalfHour) -> f64 {
    from(hour) + 0.5
}

fn minutes(ms: f64) -> f64 {
    ms / 60_000.0
}

fn plain(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0)
}
