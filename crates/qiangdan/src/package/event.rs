//! What changed in a package.

use super::{PackageId, PackageState, PartId, Progress, progress::Change};
use crate::{OrderId, Wall};

/// One thing that changed in a package.
///
/// The changes of a package have one order, whoever told: by [`PackageEvent::number`], and those of
/// one number as they come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackageEvent {
    /// Which package.
    pub package: PackageId,
    /// The host's number of the package, given when it was opened.
    pub host: u64,
    /// The how-manieth fact of the package made it so, from 1.
    pub number: u32,
    /// When that took effect.
    pub at: Wall,
    /// What it was.
    pub kind: PackageEventKind,
}

/// Kinds of changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PackageEventKind {
    /// The package was opened.
    Opened,
    /// A part may begin: those before it are over.
    Released {
        /// Which.
        part: PartId,
    },
    /// A part has its order.
    Began {
        /// Which.
        part: PartId,
        /// Its order.
        order: OrderId,
    },
    /// A part is done.
    PartDone {
        /// Which.
        part: PartId,
    },
    /// A part has ended otherwise.
    PartFailed {
        /// Which.
        part: PartId,
    },
    /// A part is not wanted any more. Withdraw its order, if it has one.
    PartDropped {
        /// Which.
        part: PartId,
    },
    /// As many parts are done as must be.
    Met,
    /// So many parts have failed that the package cannot be done any more (E63).
    OutOfReach,
    /// The applicant must be told, once, of all papers that are missing (一次告知).
    NoticeDue {
        /// The how-manieth notice, from 1. A second one needs a reason.
        round: u8,
        /// The parts that ask, a bit each.
        parts: u64,
    },
    /// The papers asked for are there.
    PapersIn {
        /// The parts that asked, a bit each.
        parts: u64,
    },
    /// Every part that is open is paused, and so is the whole (E62).
    StandsStill,
    /// A part runs again, and so does the whole.
    RunsAgain,
    /// The package has come to another state.
    State {
        /// Which.
        state: PackageState,
    },
}

/// The changes from one state of affairs to the next.
pub(super) fn changes(before: &Progress, after: &Progress) -> Vec<PackageEventKind> {
    let Change { released, done, failed, dropped } = after.since(before);
    let mut kinds = Vec::new();
    kinds.extend(done.map(|part| PackageEventKind::PartDone { part }));
    kinds.extend(failed.map(|part| PackageEventKind::PartFailed { part }));
    if after.verdict() != before.verdict() {
        kinds.extend(after.verdict().told());
    }
    kinds.extend(dropped.map(|part| PackageEventKind::PartDropped { part }));
    kinds.extend(released.map(|part| PackageEventKind::Released { part }));
    if before.awaited() != 0 && after.awaited() == 0 {
        kinds.push(PackageEventKind::PapersIn { parts: before.awaited() });
    }
    if after.notices() != before.notices() {
        let (round, parts) = (after.notices(), after.awaited());
        kinds.push(PackageEventKind::NoticeDue { round, parts });
    }
    match (before.stands_still(), after.stands_still()) {
        (None, Some(_)) => kinds.push(PackageEventKind::StandsStill),
        (Some(_), None) => kinds.push(PackageEventKind::RunsAgain),
        _ => {}
    }
    if after.state() != before.state() {
        kinds.push(PackageEventKind::State { state: after.state() });
    }
    kinds
}
