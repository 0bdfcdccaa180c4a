//! The papers that are on their way between halls: who has told what, and what follows by the table.

use std::fmt;

use qiangdan_sync::{AppendError, Entries, LedgerSeen, Pair, Reserve};

use super::{AcceptanceNumbers, CaseState, Delegation, PapersAt, Side, Step, table};
use crate::{
    ServiceId, Wall,
    histories::{FACTS_MAX, Histories, Id, SLOTS_MAX},
};

/// One case on its way: slot and generation. Opaque to hosts, as an order's id is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PassageId(Id);

impl PassageId {
    /// The id as an integer, for storage and wires.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0.to_bits()
    }

    /// The id that [`PassageId::to_bits`] came from. Any integer is accepted.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(Id::from_bits(bits))
    }
}

impl fmt::Debug for PassageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassageId({}.{})", self.0.slot, self.0.generation)
    }
}

/// How much fits. Nothing grows past it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PassageBounds {
    /// Cases on their way at one time, 1 to 26,843,545. Each has at most nine steps, so 260 bytes are set
    /// aside for each, which take up memory once they are used.
    pub passages: u32,
    /// How many services there are, each with its own acceptance numbers.
    pub services: usize,
}

/// What is wrong with [`PassageBounds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("room for {found} cases, not for 1 to {most}")]
pub struct PassageBoundsError {
    /// What was asked for.
    pub found: u32,
    /// The most possible.
    pub most: u32,
}

/// The most steps a case can have, whatever its delegation: send, sign, accept, decide, send back,
/// arrive, hand out; and room to spare.
const STEPS_MAX: u32 = 9;

/// Why a step was not taken. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassageError {
    /// It is over and filed away, or never was.
    #[error("{passage:?} is gone")]
    Gone {
        /// The id.
        passage: PassageId,
    },
    /// The step cannot be taken as things stand.
    #[error("no {step:?} of a case that is {case:?}, with its papers at {papers:?}")]
    NotNow {
        /// The step.
        step: Step,
        /// How far the case has come.
        case: CaseState,
        /// Where its papers are.
        papers: PapersAt,
    },
    /// The step is another's.
    #[error("{step:?} is for {whose:?}, not for {by:?}")]
    NotYours {
        /// The step.
        step: Step,
        /// Who wanted to take it.
        by: Side,
        /// Whose it is, by the table.
        whose: Side,
    },
    /// There is no such service.
    #[error("no {service}")]
    NoSuchService {
        /// What was asked for.
        service: ServiceId,
    },
    /// As many cases are on their way as there is room for.
    #[error("all room for {passages} cases is in use")]
    Full {
        /// How many fit.
        passages: u32,
    },
}

/// A step that was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepTold {
    /// When.
    pub at: Wall,
    /// What.
    pub step: Step,
    /// The acceptance number, if this was the acceptance.
    pub number: Option<u64>,
}

/// Where a case is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Whereabouts {
    /// How much is left to the receiver.
    pub mode: Delegation,
    /// What was asked for.
    pub service: ServiceId,
    /// The host's number, given when it was received: the tag of its tracking code, say.
    pub host: u64,
    /// Where the papers are.
    pub papers: PapersAt,
    /// How far the case has come.
    pub case: CaseState,
    /// When it was received: ages and limits count from here, wherever it goes.
    pub received: Wall,
    /// When it was accepted, and under which number.
    pub accepted: Option<(Wall, u64)>,
}

impl Whereabouts {
    /// Whose turn it is; `None` if it is over.
    #[must_use]
    pub fn waits_for(&self) -> Option<Side> {
        table::waits_for(self.mode, self.papers, self.case)
    }
}

/// The cases that are on their way between halls.
///
/// Lock-free, from any thread: a verb reads what was told, asks the table, and appends. Of two who
/// take one step at once, one does; the other is told that it was taken.
#[derive(Debug)]
pub struct Passages {
    histories: Histories,
    numbers: AcceptanceNumbers,
    services: usize,
}

struct Reading {
    seen: LedgerSeen,
    steps: Vec<StepTold>,
    now: Whereabouts,
}

impl Passages {
    /// Room for so many cases.
    ///
    /// # Errors
    ///
    /// If that is out of range.
    pub fn new(bounds: PassageBounds) -> Result<Self, PassageBoundsError> {
        let PassageBounds { passages, services } = bounds;
        let most = (FACTS_MAX / (STEPS_MAX + 1)).min(SLOTS_MAX);
        if !(1..=most).contains(&passages) {
            return Err(PassageBoundsError { found: passages, most });
        }
        let histories = Histories::new(passages, passages * (STEPS_MAX + 1));
        Ok(Self { histories, numbers: AcceptanceNumbers::new(services), services })
    }

    /// The acceptance numbers, to resume them after a restart.
    #[must_use]
    pub fn numbers(&self) -> &AcceptanceNumbers {
        &self.numbers
    }

    /// The receiver has taken papers in.
    ///
    /// # Errors
    ///
    /// [`PassageError::NoSuchService`], [`PassageError::Full`].
    pub fn receive(
        &self,
        mode: Delegation,
        service: ServiceId,
        at: Wall,
        host: u64,
    ) -> Result<PassageId, PassageError> {
        if service.index() >= self.services {
            return Err(PassageError::NoSuchService { service });
        }
        let first = pack(at, kind_of(mode), service.0, host);
        let full = || PassageError::Full { passages: self.histories.in_use().1 };
        self.histories.begin(first).map(PassageId).ok_or_else(full)
    }

    /// Somebody takes a step. Acceptance is given a number, larger than all that the service had
    /// before. The last step taken again is as good as once.
    ///
    /// # Errors
    ///
    /// [`PassageError::NotNow`], [`PassageError::NotYours`], [`PassageError::Gone`].
    pub fn step(
        &self,
        passage: PassageId,
        step: Step,
        by: Side,
        at: Wall,
    ) -> Result<StepTold, PassageError> {
        // A number that was taken for this step is kept for the next attempt.
        let mut number = None;
        loop {
            let Reading { seen, steps, now } = self.read(passage)?;
            let Whereabouts { mode, case, papers, service, .. } = now;
            let Some(row) = table::row(mode, step, papers, case) else {
                let again = steps.last().filter(|last| last.step == step);
                return again.copied().ok_or(PassageError::NotNow { step, case, papers });
            };
            if row.by != by {
                return Err(PassageError::NotYours { step, by, whose: row.by });
            }
            if row.case_then == Some(CaseState::Accepted) {
                number = number.or_else(|| self.numbers.next(service));
            }
            let pair = pack(at, kind_of_step(step), 0, number.unwrap_or(0));
            match self.histories.append(&seen, &[pair], Reserve::Use) {
                Ok(_) => return Ok(StepTold { at, step, number }),
                Err(AppendError::Changed) => {}
                // There is room for all steps of all cases; a little later it is found.
                Err(AppendError::Full) => {
                    return Err(PassageError::Full { passages: self.histories.in_use().1 });
                }
            }
        }
    }

    /// Where a case is; `None` if it is filed away. Wait-free.
    #[must_use]
    pub fn whereabouts(&self, passage: PassageId) -> Option<Whereabouts> {
        self.read(passage).ok().map(|reading| reading.now)
    }

    /// All steps that were taken, oldest first; `None` if it is filed away. Wait-free.
    #[must_use]
    pub fn steps(&self, passage: PassageId) -> Option<Vec<StepTold>> {
        self.read(passage).ok().map(|reading| reading.steps)
    }

    /// Files a case away that was delivered or withdrawn; its id is gone.
    ///
    /// # Errors
    ///
    /// [`PassageError::Gone`], or [`PassageError::NotNow`] before that.
    pub fn close(&self, passage: PassageId) -> Result<(), PassageError> {
        loop {
            let Reading { seen, now, .. } = self.read(passage)?;
            let Whereabouts { case, papers, .. } = now;
            if !matches!(case, CaseState::Delivered | CaseState::Withdrawn) {
                return Err(PassageError::NotNow { step: Step::HandOut, case, papers });
            }
            if self.histories.end(&seen) {
                return Ok(());
            }
        }
    }

    fn read(&self, passage: PassageId) -> Result<Reading, PassageError> {
        let gone = PassageError::Gone { passage };
        let mut entries = Entries::new();
        let seen = self.histories.read(passage.0, &mut entries).ok_or(gone)?;
        let first = entries.first().copied().map(unpack).ok_or(gone)?;
        let mode = mode_of(first.kind).ok_or(gone)?;
        let mut now = Whereabouts {
            mode,
            service: ServiceId(first.number),
            host: first.more,
            papers: PapersAt::Receiver,
            case: CaseState::Received,
            received: first.at,
            accepted: None,
        };
        let mut steps = Vec::new();
        for told in entries.iter().skip(1).copied().map(unpack) {
            let Some(step) = step_of(told.kind) else { continue };
            let Some(row) = table::row(mode, step, now.papers, now.case) else { continue };
            let is_accepted = row.case_then == Some(CaseState::Accepted);
            now.papers = row.papers_then.unwrap_or(now.papers);
            now.case = row.case_then.unwrap_or(now.case);
            let number = is_accepted.then_some(told.more);
            now.accepted = now.accepted.or(number.map(|number| (told.at, number)));
            steps.push(StepTold { at: told.at, step, number });
        }
        Ok(Reading { seen, steps, now })
    }
}

/// 1900-01-01T00:00:00Z.
const EPOCH_MS: i64 = -2_208_988_800_000;

/// A fact: 44 bits of milliseconds since 1900, 16 of a service, 4 of a kind; a number.
struct Told {
    at: Wall,
    kind: u64,
    number: u16,
    more: u64,
}

fn pack(at: Wall, kind: u64, number: u16, more: u64) -> Pair {
    let at_ms = at.0.clamp(EPOCH_MS, EPOCH_MS + (1 << 44) - 1).abs_diff(EPOCH_MS);
    [at_ms << 20 | u64::from(number) << 4 | kind, more]
}

fn unpack([first, more]: Pair) -> Told {
    let at = Wall(EPOCH_MS + (first >> 20).cast_signed());
    let number = u16::try_from(first >> 4 & 0xffff).unwrap_or(u16::MAX);
    Told { at, kind: first & 15, number, more }
}

/// Kinds 1 to 3: it was received, under this delegation; from 4 on: a step.
fn kind_of(mode: Delegation) -> u64 {
    match mode {
        Delegation::CollectOnly => 1,
        Delegation::AcceptOnBehalf => 2,
        Delegation::DecideOnBehalf => 3,
    }
}

fn mode_of(kind: u64) -> Option<Delegation> {
    Delegation::ALL.into_iter().find(|&mode| kind_of(mode) == kind)
}

fn kind_of_step(step: Step) -> u64 {
    Step::ALL.iter().zip(4..).find(|&(&of, _)| of == step).map_or(0, |(_, kind)| kind)
}

fn step_of(kind: u64) -> Option<Step> {
    Step::ALL.into_iter().find(|&step| kind_of_step(step) == kind)
}
