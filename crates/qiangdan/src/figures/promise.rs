//! What orders under promised limits add to the figures.

use std::collections::{BTreeMap, BTreeSet};

use super::Part;
use crate::{
    ClockRules, Event, EventKind, LimitId, ServiceId, Wall,
    limit::{Clock, PauseReason, Pauses, RungKind, Unit},
};

/// Which limits of the hall are which, for figures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Promises {
    /// The limit promised for each service (承诺时限).
    pub promised: BTreeMap<ServiceId, LimitId>,
    /// The limit of the law for each service (法定时限).
    pub by_law: BTreeMap<ServiceId, LimitId>,
    /// The pause that is a notice to supplement (补正).
    pub supplement: Option<PauseReason>,
    /// Services that are decided at once (即办件).
    pub immediate: BTreeSet<ServiceId>,
}

impl Promises {
    /// 即办率, by services: how many of them are decided at once.
    #[must_use]
    pub fn immediate_share(&self, services: u64) -> super::Share {
        let (what, of_what) = ("services decided at once", "services");
        super::Share { count: self.immediate.len() as u64, of: services, what, of_what }
    }

    /// What is promised of what the law allows, by services in units alike; its complement is
    /// 承诺时限压缩比.
    #[must_use]
    pub fn promised_of_law(&self, rules: &ClockRules) -> super::Share {
        let both = self.promised.iter().filter_map(|(service, promised)| {
            amounts(rules, *promised, *self.by_law.get(service)?)
        });
        let (count, of) = both.fold((0, 0), |(p, l), (promised, law)| (p + promised, l + law));
        let (what, of_what) = ("promised", "allowed by law, over services");
        super::Share { count, of, what, of_what }
    }
}

/// The amounts of two limits that are counted alike.
fn amounts(rules: &ClockRules, promised: LimitId, by_law: LimitId) -> Option<(u64, u64)> {
    let of = |limit: LimitId| rules.limits.get(limit.index()).map(|rule| rule.lasts);
    let (promised, by_law) = (of(promised)?, of(by_law)?);
    let kind = |unit: &Unit| std::mem::discriminant(unit);
    (kind(&promised.unit) == kind(&by_law.unit)).then_some((promised.amount, by_law.amount))
}

/// The clocks of one order, as events tell of them.
#[derive(Clone, Debug)]
pub(super) struct Promised<K> {
    clocks: BTreeMap<LimitId, Running>,
    pauses: Pauses,
    /// The part that its standing is counted for.
    pub(super) counted_for: Option<K>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Running {
    from: Wall,
    due: Wall,
    is_past_due: bool,
    /// When it stopped, and whether that was late.
    stopped: Option<(Wall, bool)>,
}

/// What one order adds to the figures now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Standing {
    decided: u64,
    on_time: u64,
    early: u64,
    open_past_due: u64,
    decided_by_law: u64,
    on_time_by_law: u64,
    open_past_due_by_law: u64,
    promised: u64,
    by_law: u64,
    allowed: u64,
    spent: u64,
}

impl<K> Default for Promised<K> {
    fn default() -> Self {
        Self { clocks: BTreeMap::new(), pauses: Pauses::none(), counted_for: None }
    }
}

impl<K> Promised<K> {
    /// Whether no clock of it runs.
    pub(super) fn is_over(&self) -> bool {
        self.clocks.values().all(|clock| clock.stopped.is_some())
    }

    pub(super) fn read(&mut self, event: &Event) {
        match event.kind {
            EventKind::ClockStarted { limit, from, due, .. } => {
                let clock = Running { from, due, is_past_due: false, stopped: None };
                self.clocks.insert(limit, clock);
            }
            EventKind::ClockStopped { limit, is_late, at, .. } => {
                if let Some(clock) = self.clocks.get_mut(&limit) {
                    clock.stopped = Some((at, is_late));
                }
            }
            EventKind::LimitDropped { limit } => drop(self.clocks.remove(&limit)),
            EventKind::RungClimbed { limit, kind: RungKind::Breach, .. } => {
                if let Some(clock) = self.clocks.get_mut(&limit) {
                    clock.is_past_due = true;
                }
            }
            EventKind::ClockResumed { limit, due, .. }
            | EventKind::LimitRecomputed { limit, to: due, .. } => {
                if let Some(clock) = self.clocks.get_mut(&limit) {
                    clock.is_past_due &= due < event.at.wall;
                    clock.due = due;
                }
            }
            // What the engine has told of it was possible.
            EventKind::OrderPaused { reason, at, .. } => drop(self.pauses.pause(reason, at)),
            EventKind::OrderResumed { reason, at } => drop(self.pauses.resume(reason, at)),
            _ => {}
        }
    }

    pub(super) fn standing(
        &self,
        rules: &ClockRules,
        (promised, by_law): (Option<LimitId>, Option<LimitId>),
    ) -> Standing {
        let clock = |limit: Option<LimitId>| Some((limit?, *self.clocks.get(&limit?)?));
        let mut standing = Standing::default();
        if let Some((limit, clock)) = clock(promised) {
            match clock.stopped {
                Some((at, is_late)) => {
                    standing.decided = 1;
                    standing.on_time = u64::from(!is_late);
                    let lasts = rules.limits.get(limit.index()).map(|rule| rule.lasts.amount);
                    if let (Some(lasts), Some(spent)) = (lasts, self.spent(rules, limit, at)) {
                        standing.early = u64::from(spent < lasts);
                        (standing.allowed, standing.spent) = (lasts, spent);
                    }
                    if let Some(both) = by_law.and_then(|law| amounts(rules, limit, law)) {
                        (standing.promised, standing.by_law) = both;
                    }
                }
                None => standing.open_past_due = u64::from(clock.is_past_due),
            }
        }
        if let Some((_, clock)) = clock(by_law) {
            match clock.stopped {
                Some((_, is_late)) => {
                    standing.decided_by_law = 1;
                    standing.on_time_by_law = u64::from(!is_late);
                }
                None => standing.open_past_due_by_law = u64::from(clock.is_past_due),
            }
        }
        standing
    }

    /// How much a clock had spent when it stopped, by the calendar of the rules.
    fn spent(&self, rules: &ClockRules, limit: LimitId, at: Wall) -> Option<u64> {
        let rule = rules.limits.get(limit.index())?;
        let calendar = rules.calendars.get(rule.calendar.index())?;
        let from = self.clocks.get(&limit)?.from;
        let mut pauses = Pauses::none();
        for pause in self.pauses.told().iter().filter(|pause| rule.pauses.has(pause.reason)) {
            let until = pause.until.unwrap_or(at).max(pause.from);
            pauses.add(pause.reason, pause.from, until).ok()?;
        }
        Clock { limit: rule.lasts, calendar, from, pauses: &pauses }.spent(at).ok()
    }
}

impl Standing {
    fn pairs<'a>(&self, part: &'a mut Part) -> [(&'a mut u64, u64); 11] {
        [
            (&mut part.decided, self.decided),
            (&mut part.on_time, self.on_time),
            (&mut part.early, self.early),
            (&mut part.open_past_due, self.open_past_due),
            (&mut part.decided_by_law, self.decided_by_law),
            (&mut part.on_time_by_law, self.on_time_by_law),
            (&mut part.open_past_due_by_law, self.open_past_due_by_law),
            (&mut part.promised_sum, self.promised),
            (&mut part.by_law_sum, self.by_law),
            (&mut part.allowed_sum, self.allowed),
            (&mut part.spent_sum, self.spent),
        ]
    }

    pub(super) fn add_to(self, part: &mut Part) {
        self.pairs(part).into_iter().for_each(|(sum, more)| *sum += more);
    }

    pub(super) fn take_from(self, part: &mut Part) {
        self.pairs(part).into_iter().for_each(|(sum, less)| *sum = sum.saturating_sub(less));
    }
}
