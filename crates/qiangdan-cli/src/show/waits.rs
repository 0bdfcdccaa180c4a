//! Waits by service, by half hour of arrival, and beside what was recorded.

use std::{
    cmp::Ordering,
    io::{self, Write},
};

use clap::builder::styling::Style;
use qiangdan_sim::report::{HalfHour, Report, Wait, Within};

use super::{BAD, Page, bar, fit, row};
use crate::units;
use comfy_table::Table;
use unicode_width::UnicodeWidthStr;

/// Columns of the bar in the table of half hours; its tick, the target, is in the middle.
const BAR_HALF: usize = 7;

/// Columns of a service's name, if there is room.
const NAME_MAX: usize = 24;

impl Page<'_> {
    pub(super) fn by_service(&self, out: &mut impl Write) -> io::Result<()> {
        self.heading("by_service", "", out)?;
        let table = self.narrowed(NAME_MAX, |name_max| self.services(name_max));
        let shares = self.report.services.iter().map(|service| service.within);
        let shares = shares.chain([self.report.verdict.day.within]).collect::<Vec<_>>();
        self.print(&table, |at| self.style(&shares[at]), out)
    }

    /// A table with one column that gives way to the others, `most` wide if there is room: hours
    /// take more of it than minutes.
    fn narrowed(&self, most: usize, table: impl Fn(usize) -> Table) -> Table {
        let widest = |table: &Table| table.lines().map(|line| line.trim_end().width() + 2).max();
        let wished = table(most);
        match widest(&wished).unwrap_or(0).saturating_sub(self.width) {
            0 => wished,
            over => table(most.saturating_sub(over)),
        }
    }

    fn services(&self, name_max: usize) -> Table {
        let heads = "service arrived_per_day at_once mean p50 p90 p95 max within -";
        let mut table = self.table(heads, &[0, 9]);
        let days = self.report.totals.days.max(1) as f64;
        let line = |name: &str, arrived: u64, wait: &Wait, within: &Within| {
            let at_once = wait.at_once as f64 / wait.orders.max(1) as f64;
            row(vec![
                fit(name, name_max),
                units::mean(arrived as f64 / days),
                units::percent_whole(at_once),
                units::wait_of(wait, wait.mean_ms),
                units::wait_of(wait, wait.p50_ms),
                units::wait_of(wait, wait.p90_ms),
                units::wait_of(wait, wait.p95_ms),
                units::wait_of(wait, wait.max_ms),
                units::share(within),
                self.sign(within).into(),
            ])
        };
        for service in &self.report.services {
            let name = self.lang.name(&service.name);
            table.add_row(line(name, service.arrived, &service.wait, &service.within));
        }
        let Report { totals, wait, verdict, .. } = self.report;
        let all = self.lang.text("all_services");
        table.add_row(line(all, totals.arrived, wait, &verdict.day.within));
        table
    }

    pub(super) fn by_half_hour(&self, out: &mut impl Write) -> io::Result<()> {
        self.heading("by_half_hour", self.lang.text("bar_note"), out)?;
        let busy =
            self.report.half_hours.iter().filter(|h| h.arrived_per_day > 0.0 || h.queue.max > 0);
        let busy = busy.collect::<Vec<_>>();
        let table = self.narrowed(2 * BAR_HALF, |bars| self.half_hours(&busy, bars / 2));
        self.print(&table, |at| self.style(&busy[at].within), out)
    }

    fn half_hours(&self, half_hours: &[&HalfHour], bar_half: usize) -> Table {
        let heads = concat!(
            "half_hour arrived_per_day p50 p90 within - ",
            "queue_mean queue_max windows_open against_target"
        );
        let mut table = self.table(heads, &[0, 5, 9]);
        for half_hour in half_hours {
            let wait = &half_hour.wait;
            table.add_row(row(vec![
                half_hour.start.clone(),
                units::mean(half_hour.arrived_per_day),
                units::wait_of(wait, wait.p50_ms),
                units::wait_of(wait, wait.p90_ms),
                units::share(&half_hour.within),
                self.sign(&half_hour.within).into(),
                units::mean(half_hour.queue.mean),
                half_hour.queue.max.to_string(),
                units::windows_open(self.report, half_hour),
                self.against_target(wait.p90_ms, bar_half),
            ]));
        }
        table
    }

    pub(super) fn beside_recorded(&self, out: &mut impl Write) -> io::Result<()> {
        let Some(recorded) = &self.report.recorded else {
            return Ok(());
        };
        self.heading("recorded_beside", "", out)?;
        let mut table = self.table("figure this_run recorded difference", &[0]);
        let (ours, theirs) = (self.report.verdict.day.within.share, recorded.within.share);
        let points = ((ours * 1000.0).round() - (theirs * 1000.0).round()) / 10.0;
        let mut add = |key: &str, ours: String, theirs: String, change: String| {
            table.add_row(row(vec![self.lang.text(key).into(), ours, theirs, change]));
        };
        add("within", units::percent(ours), units::percent(theirs), format!("{points:+.1}"));
        let (ours, theirs) = (&self.report.wait, &recorded.wait);
        for (key, ours_ms, theirs_ms) in [
            ("mean", ours.mean_ms, theirs.mean_ms),
            ("p50", ours.p50_ms.into(), theirs.p50_ms.into()),
            ("p90", ours.p90_ms.into(), theirs.p90_ms.into()),
            ("p99", ours.p99_ms.into(), theirs.p99_ms.into()),
            ("max", ours.max_ms.into(), theirs.max_ms.into()),
        ] {
            let change = change(ours_ms, theirs_ms, units::wait((ours_ms - theirs_ms).abs()));
            add(key, units::wait(ours_ms), units::wait(theirs_ms), change);
        }
        let (ours, theirs) = (self.report.totals.abandoned, recorded.totals.abandoned);
        let change = change(ours as f64, theirs as f64, units::count(ours.abs_diff(theirs)));
        add("abandoned", units::count(ours), units::count(theirs), change);
        self.print(&table, |_| None, out)
    }

    /// ✗ if the share falls short of the target.
    fn sign(&self, within: &Within) -> &'static str {
        if self.falls_short(within) { "✗" } else { "" }
    }

    fn style(&self, within: &Within) -> Option<Style> {
        self.falls_short(within).then_some(BAD)
    }

    fn falls_short(&self, within: &Within) -> bool {
        within.share < self.report.target.share
    }

    /// A bar whose middle is the target.
    fn against_target(&self, wait_ms: u32, half: usize) -> String {
        let share = f64::from(wait_ms) / self.report.target.within_ms.max(1) as f64;
        let below = bar(share, half);
        let above = bar(share - 1.0, half);
        let sign = if share > 2.0 { "▸" } else { "" };
        let room = half.saturating_sub(below.chars().count());
        format!("{below}{}│{above}{sign}", " ".repeat(room))
    }
}

fn change(ours: f64, theirs: f64, by: String) -> String {
    match ours.total_cmp(&theirs) {
        Ordering::Less => format!("−{by}"),
        Ordering::Equal => by,
        Ordering::Greater => format!("+{by}"),
    }
}
