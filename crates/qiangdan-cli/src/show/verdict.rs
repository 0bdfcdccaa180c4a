//! Target, verdict, totals.

use std::io::{self, Write};

use clap::builder::styling::Style;
use qiangdan_sim::report::{Basis, Outcome, Verdict};

use super::{BAD, FAINT, GOOD, HEAD, Page, UNSURE, flow, row};
use crate::{lang::Lang, units};

impl Page<'_> {
    pub(super) fn verdict(&self, out: &mut impl Write) -> io::Result<()> {
        let (target, verdicts) = (self.report.target, &self.report.verdict);
        let limit = units::limit(target.within_ms, self.lang);
        let share = units::percent_short(target.share);
        let target = self.lang.fill("target_is", &[("t", &limit), ("s", &share)]);
        let decides = self.lang.text("decides");
        writeln!(out, "\n{HEAD}{target}{HEAD:#}   {FAINT}▸ {decides}{FAINT:#}")?;
        let lines = std::iter::once(&verdicts.day).chain(&verdicts.worst_half_hour);
        self.verdict_lines(&lines.collect::<Vec<_>>(), out)?;
        let gating = verdicts.gating();
        if gating.within.basis == Basis::Orders {
            writeln!(out, "    {FAINT}{}{FAINT:#}", self.lang.text("basis_orders"))?;
        } else if gating.outcome == Outcome::Unsure {
            let barely = if gating.holds { "holds_barely" } else { "fails_barely" };
            writeln!(out, "    {FAINT}{}{FAINT:#}", self.lang.text(barely))?;
        }
        Ok(())
    }

    fn verdict_lines(&self, verdicts: &[&Verdict], out: &mut impl Write) -> io::Result<()> {
        let mut table = self.table("- - - - -", &[0, 1, 3]);
        for &verdict in verdicts {
            let (sign, _, word) = said(verdict, self.lang);
            let within = &verdict.within;
            let orders = units::count(within.orders);
            table.add_row(row(vec![
                format!("{sign} {word}"),
                about(verdict, self.lang),
                units::share(within),
                format!("[{}–{}]", units::percent(within.low), units::percent(within.high)),
                format!("{orders} {}", self.lang.text("orders_unit")),
            ]));
        }
        for (line, &verdict) in table.lines().skip(1).zip(verdicts) {
            let (_, style, _) = said(verdict, self.lang);
            let gates = if verdict.gates { "▸" } else { " " };
            writeln!(out, "{gates} {style}{}{style:#}", line.trim_end())?;
        }
        Ok(())
    }

    pub(super) fn totals(&self, out: &mut impl Write) -> io::Result<()> {
        let totals = &self.report.totals;
        let per_day = |count: u64| units::mean(count as f64 / totals.days.max(1) as f64);
        let say = |key, figure: String| format!("{} {figure}", self.lang.text(key));
        let at_once = totals.claimed_at_once as f64 / totals.claimed.max(1) as f64;
        let parts = [
            say("arrived", per_day(totals.arrived)),
            say("served_at_once", units::percent_whole(at_once)),
            say("abandoned", per_day(totals.abandoned)),
            say("still_waiting", per_day(totals.still_waiting)),
            say("breaches", per_day(totals.breaches)),
        ];
        let label = format!("{}{}", self.lang.text("per_day"), self.colon());
        writeln!(out)?;
        for line in flow(&format!("{label}  "), &parts, self.width) {
            writeln!(out, "{line}")?;
        }
        if totals.abandoned_late + totals.still_waiting_late > 0 {
            let late = say("abandoned_late", per_day(totals.abandoned_late));
            let longest =
                say("unclaimed_max", units::wait(f64::from(totals.unclaimed_wait_ms_max)));
            writeln!(out, "  {FAINT}{late} · {longest}{FAINT:#}")?;
        }
        Ok(())
    }

    fn colon(&self) -> &'static str {
        match self.lang {
            Lang::Zh => "：",
            Lang::En => ":",
        }
    }
}

/// Sign, colour and word of an outcome. An unsure one keeps its question mark whatever side it is
/// on.
fn said(verdict: &Verdict, lang: Lang) -> (&'static str, Style, &'static str) {
    match verdict.outcome {
        Outcome::Met => ("✓", GOOD, lang.text("met")),
        Outcome::Missed => ("✗", BAD, lang.text("missed")),
        Outcome::Unsure => ("?", UNSURE, lang.text("unsure")),
    }
}

/// What a verdict is about: the whole day, or the worst half hour and when it is.
pub(crate) fn about(verdict: &Verdict, lang: Lang) -> String {
    let Some(half_hour) = verdict.half_hour else {
        return lang.text("whole_day").into();
    };
    let time = |half_hour: u32| format!("{:02}:{:02}", half_hour / 2, half_hour % 2 * 30);
    let (from, to) = (time(half_hour), time(half_hour + 1));
    format!("{} {from}–{to}", lang.text("worst_half_hour"))
}
