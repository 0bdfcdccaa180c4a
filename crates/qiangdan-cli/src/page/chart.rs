//! Small charts as inline SVG: axes, lines, bands, bars.
//!
//! Colours are classes of the page's style sheet (`s0` to `s4` for series), so light, dark and
//! print are the page's business. Drawn in the order of the calls, above the grid. Nothing outside
//! a chart is needed to show it: no script, no font, no file.

use std::fmt::{self, Write};

use minijinja::HtmlEscape;
use qiangdan_sim::report::Within;
use unicode_width::UnicodeWidthStr;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 38.0;

/// One axis: its range, its ticks, what it measures.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<(f64, String)>,
    unit: String,
}

impl Axis {
    /// From `from` to `to` or a little further, with a handful of round ticks.
    pub(super) fn round(from: f64, to: f64, unit: &str, text: impl Fn(f64) -> String) -> Self {
        let step = round_step((to - from).max(1e-9) / 5.0);
        let steps = ((to - from) / step - 1e-9).ceil().max(1.0);
        let mut ticks = Vec::new();
        let mut at = 0.0;
        while at <= steps {
            ticks.push((from + at * step, text(from + at * step)));
            at += 1.0;
        }
        Self { from, to: from + steps * step, ticks, unit: unit.into() }
    }

    /// Half hours of a day, from the start of `first` to the end of `last`, with a tick every hour
    /// or two.
    pub(super) fn half_hours(first: u32, last: u32, unit: &str) -> Self {
        let every = if last - first >= 20 { 4 } else { 2 };
        let hours = (first..=last + 1).filter(|half_hour| half_hour % every == 0);
        let ticks = hours.map(|h| (f64::from(h), format!("{:02}:00", h / 2))).collect();
        Self { from: f64::from(first), to: f64::from(last + 1), ticks, unit: unit.into() }
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= least * 0.999_999);
    factor.unwrap_or(10.0) * power
}

/// A chart being drawn.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    x: Axis,
    y: Axis,
    body: String,
}

impl Chart {
    /// An empty chart with its grid.
    pub(super) fn new(x: Axis, y: Axis) -> Self {
        let mut chart = Self { x, y, body: String::new() };
        chart.grid();
        chart
    }

    /// Shades the whole height from `from` to `to`.
    pub(super) fn shade(&mut self, class: &str, from: f64, to: f64) {
        let (x, width) = (self.px(from), self.px(to) - self.px(from));
        let height = HEIGHT - TOP - BOTTOM;
        self.draw(format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{TOP}" width="{width:.1}" height="{height}"/>"#
        ));
    }

    /// A line through `(x, y)`; a `None` breaks it.
    pub(super) fn line(&mut self, class: &str, points: &[(f64, Option<f64>)]) {
        let mut path = String::new();
        let mut pen = 'M';
        for &(x, y) in points {
            if let Some(y) = y {
                path += &format!("{pen}{:.1} {:.1}", self.px(x), self.py(y));
                pen = 'L';
            } else {
                pen = 'M';
            }
        }
        self.draw(format_args!(r#"<path class="line {class}" d="{path}"/>"#));
    }

    /// Steps: each `(from, to, y)` is level.
    pub(super) fn steps(&mut self, class: &str, steps: &[(f64, f64, f64)]) {
        let corners = steps.iter().flat_map(|&(from, to, y)| [(from, Some(y)), (to, Some(y))]);
        self.line(class, &corners.collect::<Vec<_>>());
    }

    /// The area between `low` and `high` of each `(x, low, high)`.
    pub(super) fn band(&mut self, class: &str, points: &[(f64, f64, f64)]) {
        let upper = points.iter().map(|&(x, _, high)| (x, high));
        let lower = points.iter().rev().map(|&(x, low, _)| (x, low));
        let mut corners = String::new();
        for (x, y) in upper.chain(lower) {
            corners += &format!("{:.1},{:.1} ", self.px(x), self.py(y));
        }
        self.draw(format_args!(
            r#"<polygon class="band {class}" points="{}"/>"#,
            corners.trim_end()
        ));
    }

    /// A bar from the bottom to `y`.
    pub(super) fn bar(&mut self, class: &str, from: f64, to: f64, y: f64) {
        let (left, right, top) = (self.px(from) + 1.5, self.px(to) - 1.5, self.py(y));
        let (width, height) = ((right - left).max(1.0), HEIGHT - BOTTOM - top);
        self.draw(format_args!(
            r#"<rect class="bar {class}" x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}" rx="1.5"/>"#
        ));
    }

    /// A level rule with its name at the right end, above it.
    pub(super) fn level(&mut self, class: &str, y: f64, name: &str) {
        let (py, right) = (self.py(y), WIDTH - RIGHT);
        self.draw(format_args!(r#"<path class="rule {class}" d="M{LEFT} {py:.1}H{right}"/>"#));
        self.text("rule-name end", right - 2.0, (py - 5.0).max(TOP - 2.0), name);
    }

    /// An upright rule with its name at the top, to its right.
    pub(super) fn upright(&mut self, class: &str, x: f64, name: &str) {
        let (px, bottom) = (self.px(x), HEIGHT - BOTTOM);
        self.draw(format_args!(r#"<path class="rule {class}" d="M{px:.1} {TOP}V{bottom}"/>"#));
        self.text("rule-name", px + 4.0, bottom - 7.0, name);
    }

    /// A dot with its name, below and to the right.
    pub(super) fn dot(&mut self, class: &str, x: f64, y: f64, name: &str) {
        let (px, py) = (self.px(x), self.py(y));
        self.draw(format_args!(r#"<circle class="dot {class}" cx="{px:.1}" cy="{py:.1}" r="4"/>"#));
        self.text("dot-name", px + 8.0, py + 17.0, name);
    }

    /// What is said when a pointer rests between `from` and `to`.
    pub(super) fn hint(&mut self, from: f64, to: f64, text: &str) {
        let (x, width) = (self.px(from), self.px(to) - self.px(from));
        let height = HEIGHT - TOP - BOTTOM;
        let text = HtmlEscape(text);
        self.draw(format_args!(
            r#"<rect class="hint" x="{x:.1}" y="{TOP}" width="{width:.1}" height="{height}"><title>{text}</title></rect>"#
        ));
    }

    /// The finished drawing; `title` is what it is called for those who cannot see it.
    pub(super) fn svg(self, title: &str) -> String {
        svg(HEIGHT, title, &self.body)
    }

    fn grid(&mut self) {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for (value, text) in self.y.ticks.clone() {
            let y = self.py(value);
            self.draw(format_args!(r#"<path class="grid" d="M{LEFT} {y:.1}H{right}"/>"#));
            self.text("tick end", LEFT - 6.0, y + 4.0, &text);
        }
        for (value, text) in self.x.ticks.clone() {
            let x = self.px(value);
            self.draw(format_args!(r#"<path class="axis" d="M{x:.1} {bottom}v4"/>"#));
            self.text("tick middle", x, bottom + 17.0, &text);
        }
        self.draw(format_args!(r#"<path class="axis" d="M{LEFT} {bottom}H{right}"/>"#));
        let (x_unit, y_unit) = (self.x.unit.clone(), self.y.unit.clone());
        self.text("unit end", right, HEIGHT - 5.0, &x_unit);
        self.text("unit", 2.0, 14.0, &y_unit);
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM)
    }

    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.draw(format_args!("{}", Text { class, x, y, text }));
    }

    fn draw(&mut self, shape: fmt::Arguments<'_>) {
        self.body.write_fmt(shape).expect("writing to a string cannot fail");
    }
}

/// One bar per row, from the left, each with its name, its interval and its figure in words.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) share: f64,
    pub(super) interval: Option<(f64, f64)>,
    pub(super) figure: String,
}

/// Bars in rows over 0 to 100 %, with an upright guide.
pub(super) fn bars(title: &str, bars: &[Bar], guide: f64) -> String {
    const ROW: f64 = 22.0;
    const FIGURE: f64 = 54.0;
    let rows = (0..u32::try_from(bars.len()).unwrap_or(u32::MAX)).map(f64::from);
    let (top, bottom) = (22.0, 22.0 + ROW * bars.len() as f64);
    let name = bars.iter().map(|bar| bar.name.width()).max().unwrap_or(0);
    let label = 24.0 + 6.4 * name as f64;
    let most = bars.iter().map(|bar| bar.interval.map_or(bar.share, |interval| interval.1));
    let scale = (WIDTH - label - FIGURE) / most.fold(1.0, f64::max);
    let px = |share: f64| label + share.max(0.0) * scale;
    let mut body = String::new();
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (x, text) = (px(tick), format!("{:.0} %", tick * 100.0));
        body += &format!(r#"<path class="grid" d="M{x:.1} {top}V{bottom}"/>"#);
        body += &Text { class: "tick middle", x, y: top - 8.0, text: &text }.to_string();
    }
    for (row, bar) in rows.zip(bars) {
        let (y, end) = (top + row * ROW, px(bar.share));
        let class = if bar.share > guide { "bar hot" } else { "bar s0" };
        let (bar_y, width) = (y + 4.0, end - label);
        body += &format!(
            r#"<rect class="{class}" x="{label:.1}" y="{bar_y}" width="{width:.1}" height="14" rx="1.5"/>"#
        );
        if let Some((low, high)) = bar.interval {
            let (low, high, middle) = (px(low), px(high), y + 11.0);
            body += &format!(
                r#"<path class="whisker" d="M{low:.1} {middle}H{high:.1}M{low:.1} {:.1}v6M{high:.1} {:.1}v6"/>"#,
                middle - 3.0,
                middle - 3.0
            );
        }
        body += &Text { class: "row-name end", x: label - 8.0, y: y + 15.0, text: &bar.name }
            .to_string();
        body +=
            &Text { class: "tick end", x: WIDTH - 2.0, y: y + 15.0, text: &bar.figure }.to_string();
    }
    let x = px(guide);
    body += &format!(r#"<path class="rule" d="M{x:.1} {top}V{bottom}"/>"#);
    svg(bottom + 6.0, title, &body)
}

/// A share with its interval on a track, and the target as a tick.
pub(super) fn gauge(title: &str, class: &str, within: &Within, target: f64) -> String {
    const END: f64 = WIDTH - 4.0;
    let from = ((within.low.min(target) * 10.0 - 0.5).floor() / 10.0).clamp(0.0, 0.9);
    let px = |share: f64| 4.0 + (share - from) / (1.0 - from) * (END - 4.0);
    let (low, high, tick) = (px(within.low), px(within.high), px(target));
    let mut body = format!(r#"<path class="track" d="M4 14H{END}"/>"#);
    body += &format!(r#"<path class="span {class}" d="M{low:.1} 14H{high:.1}"/>"#);
    if within.orders > 0 {
        let share = px(within.share);
        body += &format!(r#"<circle class="dot {class}" cx="{share:.1}" cy="14" r="7"/>"#);
    }
    body += &format!(r#"<path class="target-tick" d="M{tick:.1} 3V25"/>"#);
    let ends = [("tick", 0.0, from), ("tick end", WIDTH, 1.0)];
    for (class, x, share) in ends.into_iter().filter(|end| (px(end.2) - tick).abs() > 90.0) {
        let text = format!("{:.0} %", share * 100.0);
        body += &Text { class, x, y: 41.0, text: &text }.to_string();
    }
    let text = format!("≥ {:.0} %", target * 100.0);
    body += &Text {
        class: "target-name middle",
        x: tick.clamp(24.0, WIDTH - 24.0),
        y: 41.0,
        text: &text,
    }
    .to_string();
    svg(46.0, title, &body)
}

fn svg(height: f64, title: &str, body: &str) -> String {
    let title = HtmlEscape(title);
    format!(r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">{body}</svg>"#)
}

struct Text<'a> {
    class: &'a str,
    x: f64,
    y: f64,
    text: &'a str,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, x, y, text } = self;
        let text = HtmlEscape(text);
        write!(f, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(from: f64, to: f64) -> Vec<f64> {
        Axis::round(from, to, "", |_| String::new()).ticks.into_iter().map(|tick| tick.0).collect()
    }

    #[test]
    fn ticks_are_round_and_reach_the_end() {
        assert_eq!(ticks(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.0, 21.3), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
        assert_eq!(ticks(0.0, 0.0).len(), 2);
        assert_eq!(ticks(0.5, 1.0).len(), 6);
    }

    #[test]
    fn steps_are_one_two_or_five() {
        let cases = [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (4.0, 5.0), (6.0, 10.0), (70.0, 100.0)];
        for (least, expect) in cases {
            assert!((round_step(least) - expect).abs() < 1e-9, "{least}");
        }
    }

    #[test]
    fn names_are_escaped() {
        let mut chart = Chart::new(
            Axis::half_hours(18, 20, "<t>"),
            Axis::round(0.0, 1.0, "&", |y| y.to_string()),
        );
        chart.level("", 0.5, "\"<b>");
        let svg = chart.svg("<title>");
        assert!(!svg.contains("<b>") && !svg.contains("<t>") && !svg.contains("<title>"));
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let mut chart =
            Chart::new(Axis::half_hours(0, 3, ""), Axis::round(0.0, 1.0, "", |y| y.to_string()));
        chart.line("gap", &[(0.0, Some(0.0)), (1.0, None), (2.0, Some(0.0)), (3.0, Some(0.0))]);
        let svg = chart.svg("");
        let path = svg.split("line gap\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1));
    }
}
