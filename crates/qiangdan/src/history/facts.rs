//! What must be true of one order by itself: its waits, its stages, its clocks and cards.

use std::collections::BTreeMap;

use super::{
    Finding, Proof,
    merge::{Line, Step},
    table::{Verb, waits_from},
};
use crate::{Event, EventKind, Mono, OrderId, Seq, State};
#[cfg(feature = "calendar")]
use crate::{LimitId, Wall, limit::PauseReason};

/// When the call that told an event was over at the latest, if that is known.
pub(super) type EndOf<'a> = &'a dyn Fn(Seq) -> Option<Mono>;

/// One order: its transitions in their order, and everything else that was told of it.
pub(super) struct Facts<'a> {
    pub(super) order: OrderId,
    /// All events, by number.
    pub(super) events: &'a [Event],
    pub(super) line: &'a Line,
    /// Whether all was told at one desk.
    pub(super) is_exact: bool,
    pub(super) end_of: EndOf<'a>,
}

impl Facts<'_> {
    pub(super) fn check(&self, proof: &mut Proof, findings: &mut Vec<Finding>) {
        self.waits(proof, findings);
        self.stages(proof, findings);
        #[cfg(feature = "calendar")]
        self.clocks(proof, findings);
    }

    /// Follows the instant that the wait counts from.
    fn waits(&self, proof: &mut Proof, findings: &mut Vec<Finding>) {
        let (order, mut wait) = (self.order, Wait::default());
        for step in &self.line.steps {
            let (event, now) = (&step.event, step.event.at.mono);
            match step.verb {
                Verb::Activate => {
                    if let Some(early_ms) = self.early_ms(event, wait.due) {
                        let (event, from) = (event.seq, wait.from);
                        findings.push(Finding::Early { order, event, from, early_ms });
                    }
                }
                Verb::Claim => {
                    let EventKind::OrderClaimed { wait_ms: found_ms, .. } = event.kind else {
                        continue;
                    };
                    if wait.is_known {
                        let (from, claim) = (wait.from, event.seq);
                        let expected_ms = now.since_ms(wait.since);
                        proof.waits += 1;
                        if expected_ms != found_ms {
                            let wrong =
                                Finding::WrongWait { order, from, claim, expected_ms, found_ms };
                            findings.push(wrong);
                        }
                    } else if found_ms > 0 {
                        let since = Mono(now.0.saturating_sub(found_ms));
                        (wait.since, wait.is_known) = (since, true);
                    }
                    (wait.claimed, wait.claim) = (now.max(wait.since), event.seq);
                }
                _ => wait.read(step),
            }
        }
    }

    /// How long before its time an event was told, beyond doubt.
    fn early_ms(&self, event: &Event, due: Mono) -> Option<u64> {
        // At another desk the clock may have been read a moment ago; the call was over by the next.
        let told = if self.is_exact { Some(event.at.mono) } else { (self.end_of)(event.seq) };
        told.map(|told| due.since_ms(told)).filter(|&ms| ms > 0)
    }

    fn stages(&self, proof: &mut Proof, findings: &mut Vec<Finding>) {
        let order = self.order;
        let amends = self.line.steps.iter().filter(|step| step.verb == Verb::Amend).count();
        let mut reached: BTreeMap<u8, Vec<Seq>> = BTreeMap::new();
        let mut breach = None;
        for event in self.events {
            let (seq, now) = (event.seq, event.at.mono);
            match event.kind {
                EventKind::StageReached { stage, due } => {
                    proof.stages += 1;
                    let before = reached.entry(stage).or_default();
                    if let Some(&first) = before.first().filter(|_| before.len() > amends) {
                        findings.push(Finding::Twice { order, first, second: seq });
                    }
                    before.push(seq);
                    let early_ms = due.since_ms(now);
                    if early_ms > 0 {
                        let from = self.first();
                        findings.push(Finding::Early { order, event: seq, from, early_ms });
                    }
                }
                EventKind::LimitBreached { due } => {
                    proof.stages += 1;
                    if let Some(first) = breach.replace(seq) {
                        findings.push(Finding::Twice { order, first, second: seq });
                    }
                    let early_ms = due.plus_ms(1).since_ms(now);
                    if early_ms > 0 {
                        let from = self.first();
                        findings.push(Finding::Early { order, event: seq, from, early_ms });
                    }
                }
                _ => {}
            }
        }
        // An amended order begins another ladder where its wait has brought it.
        for (&stage, told) in reached.iter().filter(|_| amends == 0) {
            if stage > 0 && !reached.contains_key(&(stage - 1)) {
                findings.push(Finding::StageSkipped { order, event: told[0], stage });
            }
        }
    }

    fn first(&self) -> Seq {
        self.line.steps.first().map_or(self.events[0].seq, |step| step.event.seq)
    }
}

/// From when a wait counts.
#[derive(Debug)]
struct Wait {
    since: Mono,
    /// The event it counts from.
    from: Seq,
    /// Whether `since` is certain: a grab that helps a put_back on its way tells of it at its own
    /// instant.
    is_known: bool,
    /// When a scheduled order waits.
    due: Mono,
    /// The last claim.
    claimed: Mono,
    claim: Seq,
}

impl Default for Wait {
    fn default() -> Self {
        let (since, due, claimed) = (Mono(0), Mono(0), Mono(0));
        Self { since, from: Seq(0), is_known: false, due, claimed, claim: Seq(0) }
    }
}

impl Wait {
    fn read(&mut self, step: &Step) {
        let (event, now) = (&step.event, step.event.at.mono);
        let later = waits_from(event);
        self.due = later.unwrap_or(self.due);
        if step.from.is_none() {
            self.since = later.unwrap_or(now);
            (self.from, self.is_known) = (event.seq, true);
        } else if step.verb.returns() {
            // Time held is no waiting, nor is time away.
            let away_ms = later.map_or(0, |later| later.since_ms(now));
            let held_ms = now.since_ms(self.claimed);
            self.since = self.since.plus_ms(held_ms.saturating_add(away_ms));
            self.from = event.seq;
            self.is_known &= event.seq.desk() == self.claim.desk();
        }
    }
}

#[cfg(feature = "calendar")]
impl Facts<'_> {
    fn clocks(&self, proof: &mut Proof, findings: &mut Vec<Finding>) {
        let order = self.order;
        let mut rungs = BTreeMap::new();
        let mut cards = BTreeMap::new();
        let mut about = Vec::new();
        let mut pauses: BTreeMap<PauseReason, BTreeMap<Wall, Told>> = BTreeMap::new();
        let mut clocks: BTreeMap<LimitId, (Standing, Seq)> = BTreeMap::new();
        for event in self.events {
            let seq = event.seq;
            match event.kind {
                EventKind::RungClimbed { limit, rung, due, .. } => {
                    proof.rungs += 1;
                    if due > event.at.wall {
                        let early_ms = due.0.abs_diff(event.at.wall.0);
                        let from = self.first();
                        findings.push(Finding::Early { order, event: seq, from, early_ms });
                    }
                    let before = rungs.insert((limit, rung), (due, seq));
                    if let Some((_, first)) = before.filter(|&(before, _)| before >= due) {
                        let second = seq;
                        findings.push(Finding::RungTwice { order, limit, rung, first, second });
                    }
                }
                EventKind::CardIssued { card, .. } => {
                    proof.cards += 1;
                    if let Some(first) = cards.insert(card, seq) {
                        findings.push(Finding::CardTwice { order, card, first, second: seq });
                    }
                }
                EventKind::CardReplied { card, .. }
                | EventKind::CardAppealed { card, .. }
                | EventKind::CardRuled { card, .. } => about.push((card, seq)),
                EventKind::OrderPaused { reason, at, .. } => {
                    let told = pauses.entry(reason).or_default().entry(at).or_default();
                    told.begun.push(seq);
                }
                EventKind::OrderResumed { reason, at } => {
                    let told = pauses.entry(reason).or_default().entry(at).or_default();
                    told.ended.push(seq);
                }
                _ => {}
            }
            if let Some((limit, now)) = Standing::told(event).filter(|_| self.is_exact) {
                let before = clocks.insert(limit, (now, seq));
                let fits = now.may_follow(before.map(|(standing, _)| standing));
                if !fits {
                    let before = before.map_or(self.first(), |(_, seq)| seq);
                    let wrong = Finding::ClockUnbalanced { order, limit, before, event: seq };
                    findings.push(wrong);
                }
            }
        }
        let unknown = about.into_iter().filter(|(card, _)| !cards.contains_key(card));
        findings.extend(unknown.map(|(card, event)| Finding::CardUnknown { order, card, event }));
        for (reason, told) in pauses {
            proof.pauses += 1;
            let before = self.first();
            let event = unheld(&told);
            findings.extend(event.map(|event| Finding::NotPaused { order, reason, before, event }));
        }
    }
}

/// What was told of one reason at one instant.
#[cfg(feature = "calendar")]
#[derive(Debug, Default)]
struct Told {
    begun: Vec<Seq>,
    ended: Vec<Seq>,
}

/// The first end of a pause, by instants, before which the reason did not hold. A pause that is told
/// late may reach into one that was told before. Of one instant, nobody knows what came first.
#[cfg(feature = "calendar")]
fn unheld(told: &BTreeMap<Wall, Told>) -> Option<Seq> {
    let mut holds = false;
    for Told { begun, ended } in told.values() {
        let may_end = begun.len() + usize::from(holds);
        if let Some(&event) = ended.get(may_end) {
            return Some(event);
        }
        holds = !begun.is_empty() || holds && ended.is_empty();
    }
    None
}

/// Where the clock of a limit stands, as events tell it.
#[cfg(feature = "calendar")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Running,
    Paused,
    /// It runs on after a pause.
    Resumed,
    Stopped,
    Dropped,
}

#[cfg(feature = "calendar")]
impl Standing {
    fn told(event: &Event) -> Option<(LimitId, Self)> {
        Some(match event.kind {
            EventKind::ClockStarted { limit, .. } => (limit, Self::Running),
            EventKind::ClockPaused { limit, .. } => (limit, Self::Paused),
            EventKind::ClockResumed { limit, .. } => (limit, Self::Resumed),
            EventKind::ClockStopped { limit, .. } => (limit, Self::Stopped),
            EventKind::LimitDropped { limit } => (limit, Self::Dropped),
            _ => return None,
        })
    }

    fn may_follow(self, before: Option<Self>) -> bool {
        match self {
            Self::Running => true,
            // A clock that is told late may have stopped or stood still before it was told to run.
            Self::Paused | Self::Stopped | Self::Dropped => before.is_some(),
            // One that begins while a reason holds stands still from the beginning.
            Self::Resumed => matches!(before, Some(Self::Paused | Self::Running)),
        }
    }
}

/// Whether a transition lets its order wait.
pub(super) fn begins_to_wait(step: &Step) -> bool {
    step.to == Some(State::Waiting) && step.from != Some(State::Waiting)
}
