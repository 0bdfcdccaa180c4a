//! Limits by the calendar, if the days have dates.

use std::io::{self, Write};

use super::{BAD, FAINT, Page, fit, row};
use crate::units;

impl Page<'_> {
    pub(super) fn limits(&self, out: &mut impl Write) -> io::Result<()> {
        let begun: Vec<_> = self.report.limits.iter().filter(|limit| limit.started > 0).collect();
        if begun.is_empty() {
            return Ok(());
        }
        self.heading("limits", self.lang.text("limits_note"), out)?;
        let mut table =
            self.table("limit started in_time late running overdue on_time cards", &[0]);
        for limit in &begun {
            table.add_row(row(vec![
                fit(self.lang.name(&limit.name), 18),
                units::count(limit.started),
                units::count(limit.met),
                units::count(limit.late),
                units::count(limit.open),
                units::count(limit.open_late),
                limit.on_time.map_or("–".into(), units::percent),
                format!("{}/{}", limit.yellow_cards, limit.red_cards),
            ]));
        }
        let is_missed = |at: usize| begun.get(at).is_some_and(|of| of.late + of.open_late > 0);
        self.print(&table, |at| is_missed(at).then_some(BAD), out)?;
        let unknown = begun.iter().map(|limit| limit.unknown).sum::<u64>();
        let idle = (self.report.limits.len() - begun.len()) as u64;
        for (key, n) in [("limits_unknown", unknown), ("limits_idle", idle)] {
            if n > 0 {
                let line = self.lang.fill(key, &[("n", &units::count(n))]);
                writeln!(out, "  {FAINT}{line}{FAINT:#}")?;
            }
        }
        self.limit_stages(out)
    }

    fn limit_stages(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table = self.table("limit stage times what", &[0, 3]);
        for limit in &self.report.limits {
            for stage in limit.stages.iter().filter(|stage| stage.count > 0) {
                table.add_row(row(vec![
                    fit(self.lang.name(&limit.name), 18),
                    stage.stage.to_string(),
                    units::count(stage.count),
                    fit(self.lang.name(&stage.what), self.width.saturating_sub(44)),
                ]));
            }
        }
        if table.row_iter().next().is_none() {
            return Ok(());
        }
        self.heading("limit_stages", "", out)?;
        self.print(&table, |_| None, out)
    }
}
