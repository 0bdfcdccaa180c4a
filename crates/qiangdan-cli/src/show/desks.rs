//! Windows and escalations.

use std::io::{self, Write};

use qiangdan_sim::report::WindowUse;

use super::{FAINT, Page, bar, fit, row};
use crate::units;

/// Above this, windows without groups are not all shown.
const WINDOWS_MAX: usize = 24;

const BAR: usize = 20;

impl Page<'_> {
    pub(super) fn windows(&self, out: &mut impl Write) -> io::Result<()> {
        if self.report.windows.is_empty() {
            return Ok(());
        }
        self.heading("window_use", "", out)?;
        let groups = self.groups();
        let are_grouped = self.report.windows.iter().all(|window| window.group.is_some());
        if are_grouped && groups.len() < self.report.windows.len() {
            return self.window_groups(&groups, out);
        }
        let mut table = self.table("window orders_per_day open_hours used -", &[0, 4]);
        for window in self.report.windows.iter().take(WINDOWS_MAX) {
            table.add_row(row(vec![
                fit(self.lang.name(&window.name), 24),
                units::mean(window.orders_per_day),
                format!("{:.1}", window.open_ms_per_day / 3_600_000.0),
                units::percent_whole(window.used.share),
                bar(window.used.share, BAR),
            ]));
        }
        self.print(&table, |_| None, out)?;
        let more = self.report.windows.len().saturating_sub(WINDOWS_MAX);
        if more > 0 {
            let more = self.lang.fill("and_more", &[("n", &more.to_string())]);
            writeln!(out, "  {FAINT}{more}{FAINT:#}")?;
        }
        Ok(())
    }

    fn window_groups(
        &self,
        groups: &[(&str, Vec<&WindowUse>)],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let heads = "group windows orders_per_day used lowest_highest -";
        let mut table = self.table(heads, &[0, 5]);
        for (name, windows) in groups {
            let sum =
                |of: fn(&WindowUse) -> f64| windows.iter().map(|window| of(window)).sum::<f64>();
            let open = sum(|window| window.open_ms_per_day);
            let used = if open > 0.0 { sum(|window| window.busy_ms_per_day) / open } else { 0.0 };
            let shares = windows.iter().map(|window| window.used.share);
            let lowest = shares.clone().fold(f64::INFINITY, f64::min);
            let highest = shares.fold(0.0, f64::max);
            table.add_row(row(vec![
                fit(name, 20),
                windows.len().to_string(),
                units::mean(sum(|window| window.orders_per_day)),
                units::percent_whole(used),
                format!("{} – {}", units::percent_whole(lowest), units::percent_whole(highest)),
                bar(used, BAR),
            ]));
        }
        self.print(&table, |_| None, out)
    }

    /// The windows of each group, groups in the order of their first window.
    fn groups(&self) -> Vec<(&str, Vec<&WindowUse>)> {
        let mut groups = Vec::<(&str, Vec<&WindowUse>)>::new();
        for window in &self.report.windows {
            let name = window.group.as_ref().map_or("", |group| self.lang.name(group));
            match groups.iter_mut().find(|group| group.0 == name) {
                Some(group) => group.1.push(window),
                None => groups.push((name, vec![window])),
            }
        }
        groups
    }

    pub(super) fn escalations(&self, out: &mut impl Write) -> io::Result<()> {
        if self.report.escalations.is_empty() {
            return Ok(());
        }
        self.heading("escalations", "", out)?;
        let mut table = self.table("ladder stage stage_after per_day times what", &[0, 5]);
        for escalation in &self.report.escalations {
            table.add_row(row(vec![
                fit(self.lang.name(&escalation.name), 16),
                escalation.stage.to_string(),
                units::limit(escalation.at_ms, self.lang),
                units::mean(escalation.per_day),
                units::count(escalation.count),
                fit(self.lang.name(&escalation.what), self.width.saturating_sub(54)),
            ]));
        }
        self.print(&table, |_| None, out)
    }
}
