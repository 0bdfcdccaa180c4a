//! Who goes first: exact at one desk, and between desks for those who waited all the time.

use std::collections::BTreeMap;

use super::{
    Finding, Proof,
    clerks::{Floor, Sessions},
    facts::{EndOf, begins_to_wait},
    merge::{Line, Step},
};
use crate::{
    Choice, ClassId, ClerkId, Event, EventKind, Mono, OrderId, PoolId, PutBack, Rules, Seq, Skills,
    waiting_line::WaitingLine,
};

/// All events were told at one desk, in `events` by number: each claim is compared with the line.
pub(super) fn exact(
    events: &[Event],
    rules: &Rules,
    sessions: &Sessions,
    proof: &mut Proof,
    findings: &mut Vec<Finding>,
) {
    let mut line = WaitingLine::new(rules.clone());
    let mut floor = Floor::new(sessions);
    for event in events {
        floor.read(event, findings);
        match (event.kind, event.order, event.clerk) {
            (EventKind::OrderClaimed { choice, .. }, Some(order), Some(clerk)) => {
                let reach = floor.session(clerk).map(|session| &session.reach);
                let claimed = reach.and_then(|reach| line.claimed(order, reach));
                if let Some(shown) = claimed {
                    let (since, claim, is_next) = (shown.since, event.seq, choice == Choice::Next);
                    if !shown.is_eligible || is_next && shown.is_parked {
                        findings.push(Finding::NotEligible { order, clerk, since, claim });
                    } else if is_next {
                        proof.ranked += 1;
                        if let Some((passed, since)) = shown.before {
                            let taken = order;
                            let wrong = Finding::PassedOver { clerk, taken, claim, passed, since };
                            findings.push(wrong);
                        }
                    }
                }
            }
            (EventKind::StageReached { stage, due }, Some(order), _) => {
                let place = line.place(order);
                let expected = place.and_then(|place| place.stage_due(rules, stage));
                if let Some(expected) = expected.filter(|&expected| expected != due) {
                    let (event, expected_ms, found_ms) = (event.seq, expected.0, due.0);
                    findings.push(Finding::WrongDue { order, event, expected_ms, found_ms });
                }
            }
            _ => {}
        }
        line.read(event);
    }
}

/// A stretch of time in which an order waited, beyond doubt.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    order: OrderId,
    /// The event that began it.
    since: Seq,
    /// It waits after this.
    from: Mono,
    /// And until this.
    until: Mono,
    /// Its rank at worst.
    rank_ms: i64,
    pool: PoolId,
    needs: Skills,
}

/// The grab of an order that was to go next.
#[derive(Clone, Copy, Debug)]
struct Grab {
    order: OrderId,
    clerk: ClerkId,
    claim: Seq,
    /// The call began no earlier than this.
    from: Mono,
    /// And was over by this.
    until: Mono,
    /// The rank of the order at best.
    rank_ms: i64,
}

/// Whoever waited from before a grab began until after it was over is passed over by nobody behind
/// them: only calls that overlap may change places (`docs/progress.md`).
pub(super) fn relaxed<'a>(
    lines: impl Iterator<Item = (OrderId, &'a Line, &'a [Event])>,
    rules: &Rules,
    sessions: &Sessions,
    end_of: EndOf<'_>,
    proof: &mut Proof,
    findings: &mut Vec<Finding>,
) {
    let (mut stretches, mut grabs) = (Vec::new(), Vec::new());
    for (order, line, events) in lines {
        read(order, line, events, rules, end_of, &mut stretches, &mut grabs);
    }
    let is_known = |grab: &Grab| {
        sessions.get(&grab.clerk).is_some_and(|told| told.iter().all(|one| *one == told[0]))
    };
    grabs.retain(is_known);
    proof.ranked += grabs.len() as u64;
    grabs.sort_unstable_by_key(|grab| grab.from);
    stretches.sort_unstable_by_key(|stretch| stretch.from);
    let mut lanes: BTreeMap<(PoolId, Skills), Vec<Stretch>> = BTreeMap::new();
    for stretch in stretches {
        lanes.entry((stretch.pool, stretch.needs)).or_default().push(stretch);
    }
    for ((pool, needs), waiting) in lanes {
        let reaches = |grab: &&Grab| {
            let reach = &sessions[&grab.clerk][0].reach;
            reach.pools.contains(&pool) && reach.skills.covers(needs)
        };
        sweep(&waiting, grabs.iter().filter(reaches), findings);
    }
}

/// Looks for a stretch around each grab with a better rank; both in the order of their beginnings.
fn sweep<'a>(
    waiting: &[Stretch],
    grabs: impl Iterator<Item = &'a Grab>,
    findings: &mut Vec<Finding>,
) {
    let mut ranks: Vec<i64> = waiting.iter().map(|stretch| stretch.rank_ms).collect();
    ranks.sort_unstable();
    ranks.dedup();
    // By rank, the stretch among those that have begun that lasts longest: a tree of prefixes.
    let mut longest: Vec<Option<Stretch>> = vec![None; ranks.len() + 1];
    let lasts = |stretch: &Option<Stretch>| stretch.map_or(Mono(0), |stretch| stretch.until);
    let mut begun = waiting.iter().peekable();
    for grab in grabs {
        while let Some(stretch) = begun.next_if(|stretch| stretch.from < grab.from) {
            let mut at = ranks.partition_point(|&rank| rank < stretch.rank_ms) + 1;
            while at < longest.len() {
                if lasts(&longest[at]) < stretch.until {
                    longest[at] = Some(*stretch);
                }
                at += at & at.wrapping_neg();
            }
        }
        let mut at = ranks.partition_point(|&rank| rank < grab.rank_ms);
        let mut found: Option<Stretch> = None;
        while at > 0 {
            if lasts(&found) < lasts(&longest[at]) {
                found = longest[at];
            }
            at &= at - 1;
        }
        if let Some(Stretch { order: passed, since, .. }) =
            found.filter(|stretch| stretch.until > grab.until)
        {
            let Grab { order: taken, clerk, claim, .. } = *grab;
            findings.push(Finding::PassedOver { clerk, taken, claim, passed, since });
        }
    }
}

/// What one order adds: the stretches in which it waited, and the grabs that ended them.
fn read(
    order: OrderId,
    line: &Line,
    events: &[Event],
    rules: &Rules,
    end_of: EndOf<'_>,
    stretches: &mut Vec<Stretch>,
    grabs: &mut Vec<Grab>,
) {
    // An amended or moved order has no rank or place that follows without the order of all events.
    let is_moved = |event: &Event| matches!(event.kind, EventKind::Moved { .. });
    let steps = &line.steps;
    if !steps.iter().all(|step| step.verb.keeps_lane()) || events.iter().any(is_moved) {
        return;
    }
    let boosts = events.iter().filter_map(|event| match event.kind {
        EventKind::Boosted { by_ms } => i64::try_from(by_ms).ok(),
        _ => None,
    });
    let boosts_ms = boosts.fold(0_i64, i64::saturating_add);
    let Some(EventKind::OrderSubmitted { service, class, .. }) = steps.first().map(kind) else {
        return;
    };
    let Some(rule) = rules.service(service) else { return };
    let (pool, needs) = (rule.pool, rule.needs);
    let mut rank_ms = 0;
    for (at, step) in steps.iter().enumerate() {
        let event = &step.event;
        rank_ms = rank_after(rank_ms, event, class, rules);
        if let EventKind::OrderClaimed { choice: Choice::Next, .. } = event.kind
            && let (Some(clerk), Some(until)) = (event.clerk, end_of(event.seq))
        {
            let (claim, from) = (event.seq, event.at.mono);
            let rank_ms = rank_ms.saturating_sub(boosts_ms);
            grabs.push(Grab { order, clerk, claim, from, until, rank_ms });
        }
        let is_parked = matches!(event.kind, EventKind::OrderPutBack { how: PutBack::Park, .. });
        if begins_to_wait(step)
            && !is_parked
            && let Some(from) = end_of(event.seq)
        {
            let until = steps.get(at + 1).map_or(Mono(u64::MAX), |next| next.event.at.mono);
            let since = event.seq;
            stretches.push(Stretch { order, since, from, until, rank_ms, pool, needs });
        }
    }
}

fn kind(step: &Step) -> EventKind {
    step.event.kind
}

/// The rank of an order after an event, without what stages have added since.
fn rank_after(rank_ms: i64, event: &Event, class: ClassId, rules: &Rules) -> i64 {
    let rank_of = |instant: Mono| i64::try_from(instant.0).unwrap_or(i64::MAX);
    match event.kind {
        EventKind::OrderSubmitted { not_before, .. } => {
            let head_start_ms = rules.head_starts_ms().get(class.index()).copied().unwrap_or(0);
            rank_of(not_before.unwrap_or(event.at.mono)).saturating_sub(head_start_ms)
        }
        EventKind::OrderPutBack { how: PutBack::BackOfLine, .. } => rank_of(event.at.mono),
        EventKind::OrderPutBack { how: PutBack::HeadStart { ms }, .. } => {
            rank_of(event.at.mono).saturating_sub(ms)
        }
        _ => rank_ms,
    }
}
