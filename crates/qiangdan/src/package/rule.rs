//! What a package is made of. Data only; a [`PackageRule`] cannot be wrong.

use std::fmt;

use super::{PackageMistake, check};
use crate::ServiceId;
#[cfg(feature = "calendar")]
use crate::limit::PauseReason;

/// Which package of a hall: position in the list of its rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PackageKind(pub u16);

impl PackageKind {
    /// The position in the list.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// A part (子事项) of a package: position in [`PackageRule::parts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PartId(pub u8);

impl PartId {
    /// The position in the list.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }

    /// As a set of one.
    pub(super) fn bit(self) -> u64 {
        1_u64.checked_shl(self.0.into()).unwrap_or(0)
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part {}", self.0)
    }
}

/// When a package is done (办结条件).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Finish {
    /// Once all parts are done.
    #[default]
    All,
    /// Once one of them is.
    Any,
    /// Once so many are; 1 to the number of parts.
    AtLeast(u8),
}

/// What becomes of the others if a part fails.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum IfFails {
    /// What comes after it, directly or not, is dropped: it needed its result.
    #[default]
    DropSuccessors,
    /// All that is not over is dropped.
    DropAll,
    /// What comes after it may begin, as if it were done.
    GoOn,
}

/// What becomes of the others once the package is done with fewer than all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Rest {
    /// They are dropped: they are not needed.
    #[default]
    Drop,
    /// They go on, and are delivered with the others.
    GoOn,
}

/// A package as someone wrote it, not yet checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PackageDraft {
    /// The parts.
    pub parts: Vec<PartDraft>,
    /// When it is done.
    pub finish: Finish,
    /// What follows if a part fails.
    pub if_fails: IfFails,
    /// What follows if it is done with fewer than all.
    pub rest: Rest,
    /// What the order that stands for the whole asks for once everything is decided: the window that
    /// hands over (出件). The same as before, if `None`.
    pub issue: Option<ServiceId>,
    /// For which reason orders are paused that wait for papers asked for in a notice (补正).
    #[cfg(feature = "calendar")]
    pub supplement: Option<PauseReason>,
    /// For which reason the order that stands for the whole is paused while every open part is (E62).
    #[cfg(feature = "calendar")]
    pub standstill: Option<PauseReason>,
}

/// A part as someone wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartDraft {
    /// What its order asks for.
    pub service: ServiceId,
    /// The parts whose results it needs, by position.
    pub after: Vec<usize>,
}

/// A package that can come to an end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackageRule {
    parts: Vec<PartRule>,
    finish: Finish,
    if_fails: IfFails,
    rest: Rest,
    issue: Option<ServiceId>,
    #[cfg(feature = "calendar")]
    supplement: Option<PauseReason>,
    #[cfg(feature = "calendar")]
    standstill: Option<PauseReason>,
}

/// A part of a package.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartRule {
    /// What its order asks for.
    pub service: ServiceId,
    /// The parts whose results it needs, as a set.
    pub(super) after: u64,
    /// The parts that come after it, directly or not, as a set.
    pub(super) below: u64,
}

impl PackageDraft {
    /// The package, if nothing is wrong with it; `services` is how many services there are.
    ///
    /// # Errors
    ///
    /// All mistakes, in the order of the parts they are about.
    pub fn check(&self, services: usize) -> Result<PackageRule, Vec<PackageMistake>> {
        let mistakes = check::mistakes(self, services);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let after = check::after(self);
        let below = check::below(&after);
        let parts = self.parts.iter().zip(after.iter().zip(below));
        let parts =
            parts.map(|(part, (&after, below))| PartRule { service: part.service, after, below });
        Ok(PackageRule {
            parts: parts.collect(),
            finish: self.finish,
            if_fails: self.if_fails,
            rest: self.rest,
            issue: self.issue,
            #[cfg(feature = "calendar")]
            supplement: self.supplement,
            #[cfg(feature = "calendar")]
            standstill: self.standstill,
        })
    }
}

impl PackageRule {
    /// The most parts a package can have.
    pub const PARTS_MAX: usize = 60;

    /// The parts, in the order of their ids.
    #[must_use]
    pub fn parts(&self) -> &[PartRule] {
        &self.parts
    }

    /// The parts whose results one needs, in order.
    pub fn after(&self, part: PartId) -> impl Iterator<Item = PartId> {
        members(self.parts.get(part.index()).map_or(0, |part| part.after))
    }

    /// When it is done.
    #[must_use]
    pub fn finish(&self) -> Finish {
        self.finish
    }

    /// What follows if a part fails.
    #[must_use]
    pub fn if_fails(&self) -> IfFails {
        self.if_fails
    }

    /// What follows if it is done with fewer than all.
    #[must_use]
    pub fn rest(&self) -> Rest {
        self.rest
    }

    /// What the order that stands for the whole asks for in the end.
    #[must_use]
    pub fn issue(&self) -> Option<ServiceId> {
        self.issue
    }

    /// For which reason orders are paused that wait for papers.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn supplement(&self) -> Option<PauseReason> {
        self.supplement
    }

    /// For which reason the order that stands for the whole is paused while every open part is.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn standstill(&self) -> Option<PauseReason> {
        self.standstill
    }

    /// How many parts must be done.
    #[must_use]
    pub fn needed(&self) -> u32 {
        match self.finish {
            Finish::All => self.len(),
            Finish::Any => 1,
            Finish::AtLeast(count) => count.into(),
        }
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.parts.len()).unwrap_or(u32::MAX)
    }

    /// All parts, as a set.
    pub(super) fn all(&self) -> u64 {
        (1 << self.parts.len()) - 1
    }
}

/// The parts in a set, in order.
pub(super) fn members(set: u64) -> impl Iterator<Item = PartId> {
    let mut rest = set;
    std::iter::from_fn(move || {
        let first = rest.trailing_zeros();
        rest &= rest.wrapping_sub(1);
        (first < u64::BITS).then(|| PartId(u8::try_from(first).unwrap_or(u8::MAX)))
    })
}
