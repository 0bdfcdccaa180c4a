//! What must be true of clerks: present when they grab, and never with more than they may hold.

use std::collections::BTreeMap;

use super::{Finding, Proof, merge::Step};
use crate::{ClerkId, ClerkSpec, Event, EventKind, Presence, Seq, waiting_line::Reach};

/// What the host has said of a clerk's session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Session {
    pub(super) reach: Reach,
    pub(super) held_max: u32,
}

impl Session {
    pub(super) fn of(spec: &ClerkSpec<'_>) -> Self {
        let reach = Reach { pools: spec.pools.to_vec(), skills: spec.skills };
        Self { reach, held_max: spec.units }
    }
}

/// The sessions of clerks, in the order of their sign-ins.
pub(super) type Sessions = BTreeMap<ClerkId, Vec<Session>>;

/// The clerks as the events of one desk tell of them, in order.
#[derive(Debug)]
pub(super) struct Floor<'a> {
    sessions: &'a Sessions,
    clerks: BTreeMap<ClerkId, Now>,
}

#[derive(Clone, Copy, Debug)]
struct Now {
    presence: Presence,
    since: Seq,
    sign_ins: usize,
}

impl<'a> Floor<'a> {
    /// Nobody has signed in yet.
    pub(super) fn new(sessions: &'a Sessions) -> Self {
        Self { sessions, clerks: BTreeMap::new() }
    }

    /// The session a clerk is in, if the host has told it.
    pub(super) fn session(&self, clerk: ClerkId) -> Option<&'a Session> {
        let number = self.clerks.get(&clerk)?.sign_ins.checked_sub(1)?;
        let told = self.sessions.get(&clerk)?;
        told.get(number).or(told.last())
    }

    pub(super) fn read(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        let Some(clerk) = event.clerk else { return };
        let presence = match event.kind {
            EventKind::ClerkSignedIn => Presence::Ready,
            EventKind::ClerkSignedOut => Presence::SignedOut,
            EventKind::ClerkPresence { presence } => presence,
            EventKind::OrderClaimed { .. } | EventKind::OrderTakenUp { .. } => {
                let now = self.clerks.get(&clerk).filter(|now| now.presence != Presence::Ready);
                if let Some(&Now { presence, since, .. }) = now {
                    let claim = event.seq;
                    findings.push(Finding::NotReady { clerk, presence, since, claim });
                }
                return;
            }
            _ => return,
        };
        let new = Now { presence, since: event.seq, sign_ins: 0 };
        let now = self.clerks.entry(clerk).or_insert(new);
        (now.presence, now.since) = (presence, event.seq);
        now.sign_ins += usize::from(matches!(event.kind, EventKind::ClerkSignedIn));
    }
}

/// One transition of what a clerk holds, as told at one desk.
#[derive(Clone, Copy, Debug)]
struct Change {
    seq: Seq,
    is_claim: bool,
}

/// Nobody holds more than they may; what is put aside is not held.
///
/// Claims of one clerk at one desk are counted in their order; what ended at another desk counts as
/// ended from the beginning, for it may have been told late. With all at one desk nothing is left out.
pub(super) fn capacity<'a>(
    lines: impl Iterator<Item = &'a [Step]>,
    sessions: &Sessions,
    signed_in: &BTreeMap<ClerkId, Vec<Seq>>,
    proof: &mut Proof,
    findings: &mut Vec<Finding>,
) {
    let mut changes: BTreeMap<(ClerkId, u32), Vec<Change>> = BTreeMap::new();
    for steps in lines {
        let mut claim: Option<(Seq, ClerkId)> = None;
        for step in steps {
            let seq = step.event.seq;
            match (step.verb, step.event.clerk) {
                (verb, Some(clerk)) if verb.takes_room() => claim = Some((seq, clerk)),
                (verb, _) if verb.gives_room() => {
                    let Some((told, clerk)) = claim.take() else { continue };
                    if told.desk() == seq.desk() {
                        let key = (clerk, seq.desk());
                        let changes = changes.entry(key).or_default();
                        changes.push(Change { seq: told, is_claim: true });
                        changes.push(Change { seq, is_claim: false });
                    }
                }
                _ => {}
            }
        }
        if let Some((seq, clerk)) = claim {
            let change = Change { seq, is_claim: true };
            changes.entry((clerk, seq.desk())).or_default().push(change);
        }
    }
    for ((clerk, _), mut changes) in changes {
        let Some(told) = sessions.get(&clerk) else { continue };
        changes.sort_unstable_by_key(|change| change.seq);
        let (mut held, mut before): (u32, Option<Seq>) = (0, None);
        for change in changes {
            if !change.is_claim {
                held = held.saturating_sub(1);
                continue;
            }
            held += 1;
            proof.held += 1;
            let held_max = held_max_at(told, signed_in.get(&clerk), change.seq);
            if held > held_max {
                let (claim, before) = (change.seq, before.unwrap_or(change.seq));
                findings.push(Finding::OverCapacity { clerk, claim, before, held, held_max });
            }
            before = Some(change.seq);
        }
    }
}

/// How many orders a clerk may hold at a claim. Between desks nobody knows in which session that was:
/// then the widest of them counts.
fn held_max_at(told: &[Session], signed_in: Option<&Vec<Seq>>, claim: Seq) -> u32 {
    let most = told.iter().map(|session| session.held_max).max().unwrap_or(u32::MAX);
    let Some(signed_in) = signed_in else { return most };
    if signed_in.iter().any(|seq| seq.desk() != claim.desk()) {
        return most;
    }
    let before = signed_in.iter().filter(|&&seq| seq < claim).count();
    match before.checked_sub(1) {
        Some(number) => told.get(number).or(told.last()).map_or(most, |session| session.held_max),
        None => most,
    }
}
