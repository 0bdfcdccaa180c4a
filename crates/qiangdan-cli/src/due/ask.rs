//! One question about a limit, and its answer.

use qiangdan::{
    Wall,
    calendar::{Calendar, CalendarDraft, Day, Due},
    hall::{Hall, Limit, nearest},
    limit::{Clock, DueError, LimitRule, PauseReason, Pauses, TimeLimit},
};

use super::times::{Typed, TypedPause, Zone};

/// A hall and its zone, ready to be asked.
pub(crate) struct Desk<'h> {
    pub(crate) hall: &'h Hall,
    pub(crate) zone: Zone,
    /// For limits on the wait, which run always.
    always: Calendar,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question<'q> {
    pub(crate) from: Typed,
    pub(crate) pauses: &'q [TypedPause],
    /// By how much it was extended, in its own unit.
    pub(crate) extend: Option<u64>,
    /// The amount announced, in its own unit.
    pub(crate) amount: Option<u64>,
}

/// When it is due, and all that this follows from.
pub(crate) struct Answer<'h> {
    pub(crate) limit: &'h Limit,
    pub(crate) rule: Option<&'h LimitRule>,
    pub(crate) calendar: &'h Calendar,
    /// When it was received.
    pub(crate) from: Wall,
    /// When its clock began, if it was restarted.
    pub(crate) restarted: Option<Wall>,
    pub(crate) lasts: TimeLimit,
    pub(crate) extended_by: u64,
    pub(crate) pauses: Pauses,
    pub(crate) due: Result<Due, DueError>,
}

impl<'h> Desk<'h> {
    /// `None` if the zone has no calendar, which a checked hall's has.
    pub(crate) fn new(hall: &'h Hall) -> Option<Self> {
        let zone = Zone::named(hall.timezone());
        let (from, until) = (Day::new(1950, 1, 1)?, Day::new(2150, 12, 31)?);
        let always = CalendarDraft::always(hall.timezone(), from, until).check().ok()?;
        Some(Self { hall, zone, always })
    }

    /// The limit of this key.
    pub(crate) fn limit(&self, key: &str) -> Result<&'h Limit, String> {
        let limits = self.hall.limits();
        limits.iter().find(|limit| limit.key == key).ok_or_else(|| {
            let near = nearest(key, limits.iter().map(|limit| limit.key.as_str()));
            if let Some(near) = near {
                return format!("there is no limit `{key}`, did you mean `{near}`?");
            }
            // Some of them, to see what kind of word is wanted.
            let known: Vec<_> =
                limits.iter().take(8).map(|limit| format!("`{}`", limit.key)).collect();
            let more = if limits.len() > 8 { " or another of the file" } else { "" };
            format!("there is no limit `{key}`, expected {}{more}", known.join(", "))
        })
    }

    /// Answers a question about a limit, or says what is wrong with it.
    pub(crate) fn ask<'a>(
        &'a self,
        limit: &'a Limit,
        question: &Question<'_>,
    ) -> Result<Answer<'a>, String> {
        let known = self.hall.rule_of(limit);
        let (rule, calendar) = (known.map(|known| known.0), known.map(|known| known.1));
        let mut lasts = match rule {
            Some(rule) => rule.lasts,
            None => TimeLimit::natural_time(limit.wait_ms().unwrap_or(0)),
        };
        lasts.amount = question.amount.unwrap_or(lasts.amount);
        let extended_by = question.extend.unwrap_or(0);
        let most = rule.map_or(0, |rule| rule.extends_by);
        if question.extend.is_some_and(|by| by == 0 || by > most) {
            return Err(match most {
                0 => format!("limit `{}` cannot be extended", limit.key),
                most => format!("limit `{}` may be extended by 1 to {most}", limit.key),
            });
        }
        lasts.amount = lasts.amount.saturating_add(extended_by);
        let from = self.zone.instant(question.from);
        let (mut pauses, mut restarted) = (Pauses::none(), None);
        for pause in question.pauses {
            let reason = self.reason(limit, rule, pause.reason.as_deref())?;
            let begins = self.zone.instant(pause.from);
            let ends = pause.until.map(|until| self.zone.instant(until));
            let told = match ends {
                Some(ends) => pauses.add(reason, begins, ends),
                None => pauses.pause(reason, begins),
            };
            told.map_err(|error| format!("a pause that cannot be: {error}"))?;
            let begins_anew = rule.is_some_and(|rule| rule.restarts.has(reason));
            restarted = restarted.max(ends.filter(|_| begins_anew && from <= begins));
        }
        let calendar = calendar.unwrap_or(&self.always);
        let began = restarted.unwrap_or(from);
        let due = Clock { limit: lasts, calendar, from: began, pauses: &pauses }.due();
        let restarted = restarted.filter(|&at| at != from);
        Ok(Answer { limit, rule, calendar, from, restarted, lasts, extended_by, pauses, due })
    }

    /// The reason of a pause: the one that is named, or the only one that holds the limit.
    fn reason(
        &self,
        limit: &Limit,
        rule: Option<&LimitRule>,
        named: Option<&str>,
    ) -> Result<PauseReason, String> {
        let held_by: Vec<_> = rule.into_iter().flat_map(|rule| rule.pauses.iter()).collect();
        let all = self.hall.pauses();
        let key = |reason: &PauseReason| all[usize::from(reason.number())].key.as_str();
        let known = || held_by.iter().map(|r| format!("`{}`", key(r))).collect::<Vec<_>>();
        let found = match (named, &held_by[..]) {
            (_, []) => return Err(format!("nothing holds limit `{}`", limit.key)),
            (None, &[first, ..]) => return Ok(first),
            (Some(named), _) => held_by.iter().find(|reason| {
                let name = &all[usize::from(reason.number())];
                [name.key.as_str(), &name.name.zh, &name.name.en].contains(&named)
            }),
        };
        found.copied().ok_or_else(|| {
            let named = named.unwrap_or_default();
            let known = known().join(", ");
            format!("`{named}` does not hold limit `{}`, expected one of {known}", limit.key)
        })
    }
}

impl Answer<'_> {
    /// The clock that runs last.
    pub(crate) fn clock(&self) -> Clock<'_> {
        let from = self.restarted.unwrap_or(self.from);
        Clock { limit: self.lasts, calendar: self.calendar, from, pauses: &self.pauses }
    }

    /// The years whose notices would settle a provisional due date.
    pub(crate) fn unsettled(&self) -> Option<Unsettled> {
        let due = self.due.ok().filter(|due| due.is_provisional)?;
        let published = self.calendar.published()?;
        let last = self.calendar.day_of(due.at).ok()?;
        let year = |day: Day| day.year_month_day().map_or(0, |(year, ..)| year);
        if published.until < last {
            let first = year(published.until.plus(1));
            return Some(Unsettled { known_until: Some(published.until), first, last: year(last) });
        }
        let first = self.calendar.day_of(self.from).map_or(0, year);
        Some(Unsettled { known_until: None, first, last: year(published.from.plus(-1)) })
    }
}

/// What would settle a due date.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsettled {
    /// The last day that is published, unless what is not lies before.
    pub(crate) known_until: Option<Day>,
    /// The first year that is missing, and the last.
    pub(crate) first: i16,
    pub(crate) last: i16,
}
