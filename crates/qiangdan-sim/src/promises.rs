//! Limits by the calendar in a run: what their clocks came to, told by the engine's events.

use std::collections::BTreeMap;

use qiangdan::{
    Action, ClockRules, Colour, Event, EventKind, LimitId, OrderId, Rules, Wall,
    hall::Hall,
    limit::{Expiry, RungKind},
};

use crate::{
    of_hall::{name, words},
    report::{LimitUse, StageUse},
};

/// The rules of the hall with its limits by the calendar, as a run is timed by them.
///
/// What a limit would do to an order that is over is left out: it closes none and lets none follow.
/// Whether orders end, and when, is for chance or for what was recorded to say.
#[must_use]
pub fn rules(hall: &Hall) -> Rules {
    let rules = hall.rules();
    let clocks = clocks(hall);
    rules.with_clocks(clocks).unwrap_or_else(|_| hall.rules().without_clocks())
}

/// The limits of the hall as a run is timed by them.
pub(crate) fn clocks(hall: &Hall) -> ClockRules {
    let mut clocks = hall.clocks().clone();
    let stays = |action: &Action| !matches!(action, Action::FollowUp { .. });
    for rule in &mut clocks.limits {
        rule.expiry = rule.expiry.filter(|expiry| matches!(expiry, Expiry::Deemed { .. }));
        for stage in &mut rule.stages {
            stage.actions.retain(stays);
            if let Some(silence) = &mut stage.silence {
                silence.actions.retain(stays);
            }
        }
    }
    clocks
}

/// What the clocks of one limit came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct LimitCounts {
    started: u64,
    met: u64,
    late: u64,
    /// Still running at the end, and not yet due.
    open: u64,
    open_late: u64,
    /// The calendar does not reach to the due.
    unknown: u64,
    amber: u64,
    red: u64,
    stages: Vec<u64>,
}

impl LimitCounts {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { started, met, late, open, open_late, unknown, amber, red, stages } = other;
        self.started += started;
        self.met += met;
        self.late += late;
        self.open += open;
        self.open_late += open_late;
        self.unknown += unknown;
        self.amber += amber;
        self.red += red;
        for (sum, count) in self.stages.iter_mut().zip(stages) {
            *sum += count;
        }
    }
}

/// Keeps the clocks of a run.
#[derive(Clone, Debug)]
pub(crate) struct ClockKeeper {
    counts: Vec<LimitCounts>,
    /// The dues of the clocks that run.
    running: BTreeMap<(OrderId, LimitId), Wall>,
}

impl ClockKeeper {
    pub(crate) fn new(rules: &Rules) -> Self {
        let limits = rules.clocks().limits.iter();
        let counts = limits.map(|rule| LimitCounts {
            stages: vec![0; rule.stages.len()],
            ..LimitCounts::default()
        });
        Self { counts: counts.collect(), running: BTreeMap::new() }
    }

    /// Takes in an event; those that are not about clocks change nothing.
    pub(crate) fn event(&mut self, event: &Event) {
        let Some(order) = event.order else { return };
        match event.kind {
            EventKind::ClockStarted { limit, due, .. } => {
                self.counts[limit.index()].started += 1;
                self.running.insert((order, limit), due);
            }
            EventKind::ClockResumed { limit, due, .. }
            | EventKind::LimitRecomputed { limit, to: due, .. } => {
                self.running.entry((order, limit)).and_modify(|known| *known = due);
            }
            EventKind::ClockStopped { limit, is_late, .. } => {
                let Some(due) = self.running.remove(&(order, limit)) else { return };
                let counts = &mut self.counts[limit.index()];
                match (is_late, due == Wall::NEVER) {
                    (true, _) => counts.late += 1,
                    (false, false) => counts.met += 1,
                    (false, true) => counts.unknown += 1,
                }
            }
            EventKind::RungClimbed { limit, kind: RungKind::Stage, stage: Some(stage), .. } => {
                let stages = &mut self.counts[limit.index()].stages;
                if let Some(count) = stages.get_mut(usize::from(stage)) {
                    *count += 1;
                }
            }
            EventKind::CardIssued { card, colour } => {
                let counts = &mut self.counts[card.limit.index()];
                match colour {
                    Colour::Amber => counts.amber += 1,
                    Colour::Red => counts.red += 1,
                }
            }
            _ => {}
        }
    }

    /// What there was until `end`; then it begins anew.
    pub(crate) fn finish(&mut self, end: Wall) -> Vec<LimitCounts> {
        for ((_, limit), due) in std::mem::take(&mut self.running) {
            let counts = &mut self.counts[limit.index()];
            match due {
                Wall::NEVER => counts.unknown += 1,
                due if due < end => counts.open_late += 1,
                _ => counts.open += 1,
            }
        }
        let empty = self.counts.iter().map(|counts| LimitCounts {
            stages: vec![0; counts.stages.len()],
            ..LimitCounts::default()
        });
        let empty = empty.collect();
        std::mem::replace(&mut self.counts, empty)
    }
}

/// The limits of a hall, with what their clocks came to.
pub(crate) fn uses(hall: &Hall, counts: &[LimitCounts]) -> Vec<LimitUse> {
    let by_id = hall.limits().iter().filter_map(|limit| Some((limit, limit.id?)));
    let of =
        |(limit, id): (&qiangdan::hall::Limit, LimitId)| {
            let counts = counts.get(id.index())?;
            let rule = hall.clocks().limits.get(id.index())?;
            let stages = (1..).zip(rule.stages.iter().zip(&counts.stages));
            let stage = |(stage, (rule, &count)): (u32, (&qiangdan::limit::LimitStage, _))| {
                StageUse { stage, what: words(hall, &rule.actions), count }
            };
            let judged = counts.met + counts.late + counts.open_late;
            Some(LimitUse {
                key: limit.key.clone(),
                name: name(&limit.name),
                lasts: limit.lasts.to_string(),
                started: counts.started,
                met: counts.met,
                late: counts.late,
                open: counts.open,
                open_late: counts.open_late,
                unknown: counts.unknown,
                judged,
                on_time: LimitUse::share(counts.met, judged),
                yellow_cards: counts.amber,
                red_cards: counts.red,
                stages: stages.map(stage).collect(),
            })
        };
    by_id.filter_map(of).collect()
}
