//! The packages that run, and their verbs.

use std::fmt;

use qiangdan_sync::{AppendError, Entries, LedgerSeen, Reserve};

use super::{
    PackageEvent, PackageEventKind, PackageKind, PackageRule, PackageState, PartId, Progress,
    event::changes,
    fact::{Fact, What},
};
use crate::{
    OrderId, Outcome, Wall,
    histories::{FACTS_MAX, Histories, Id, SLOTS_MAX},
};

/// A package that runs, or ran: slot and generation.
///
/// Opaque to hosts, which may store [`PackageId::to_bits`] and come back with it; an id whose slot is
/// in use again since answers `Gone` everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub(super) Id);

impl PackageId {
    /// The id as an integer, for storage and wires; below 2⁵⁶.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0.to_bits()
    }

    /// The id that [`PackageId::to_bits`] came from. Any integer is accepted; one that never named a
    /// package answers `Gone`.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(Id::from_bits(bits))
    }
}

impl fmt::Debug for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackageId({}.{})", self.0.slot, self.0.generation)
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "package {}.{}", self.0.slot, self.0.generation)
    }
}

/// How much fits. Nothing grows past it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackageBounds {
    /// Packages at one time, 1 to 268,435,455. About 40 bytes each are set aside.
    pub packages: u32,
    /// What is told of all packages at one time, beside that each was opened; 24 bytes each. A part
    /// needs two facts, three with a notice, and two more for each pause. At most 268,435,456; `None`
    /// is four for each part of the largest package and four more, for each package.
    pub facts: Option<u32>,
}

impl PackageBounds {
    /// Room for so many packages at one time.
    #[must_use]
    pub const fn new(packages: u32) -> Self {
        Self { packages, facts: None }
    }
}

/// What is wrong with [`PackageBounds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageBoundsError {
    /// Not between 1 and 268,435,455.
    #[error("room for {found} packages, not for 1 to {most}")]
    Packages {
        /// What was asked for.
        found: u32,
        /// The most possible.
        most: u32,
    },
    /// More facts than a list can name.
    #[error("room for {found} facts, at most {most}")]
    Facts {
        /// What was asked for.
        found: u64,
        /// The most possible.
        most: u32,
    },
}

/// Why a verb on a package did nothing. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The package is closed, or the id never named one.
    #[error("{package} is gone")]
    Gone {
        /// The id.
        package: PackageId,
    },
    /// There are no rules for such a package.
    #[error("no package {}", kind.0)]
    NoSuchKind {
        /// What was asked for.
        kind: PackageKind,
    },
    /// The package has no such part.
    #[error("no {part}: there are {parts}")]
    NoSuchPart {
        /// What was named.
        part: PartId,
        /// How many there are.
        parts: u32,
    },
    /// Parts before it are not over, so it can neither begin nor end (E10).
    #[error("{part} may not begin yet")]
    Blocked {
        /// Which.
        part: PartId,
    },
    /// The part has another order. Withdraw this one.
    #[error("{part} has {order} already")]
    HasOrder {
        /// Which.
        part: PartId,
        /// Its order.
        order: OrderId,
    },
    /// The part has no order that could be paused.
    #[error("{part} has no order")]
    NoOrder {
        /// Which.
        part: PartId,
    },
    /// The part is over.
    #[error("{part} is over")]
    PartOver {
        /// Which.
        part: PartId,
    },
    /// The part has asked before, or has said that nothing is missing. Asking again needs a reason:
    /// [`Packages::ask_again`].
    #[error("{part} was heard already")]
    HeardAlready {
        /// Which.
        part: PartId,
    },
    /// No papers are waited for.
    #[error("nothing was asked for")]
    NothingAsked,
    /// The package is not where this can be done.
    #[error("the package is {state:?}")]
    WrongState {
        /// Where it is.
        state: PackageState,
    },
    /// As many packages run, or as much is told of them, as there is room for.
    #[error("no room: {packages} packages with {facts} facts")]
    Full {
        /// How many packages there is room for.
        packages: u32,
        /// How many facts.
        facts: u32,
    },
}

/// The packages of a hall that run.
///
/// All verbs take `&self` and may be called from any thread. Each reads what was told of the package,
/// decides, and appends one fact by one swap; it repeats that only because another thread has told
/// something of the same package in between. So they are lock-free; they allocate where a package
/// has more than eight facts, or something has changed. What a verb has changed is added to `out`; each
/// change is added by exactly one call, on whichever thread made it so.
///
/// # Example
///
/// ```
/// use qiangdan::package::{
///     Finish, PackageBounds, PackageDraft, PackageEventKind, PackageKind, PackageState, Packages,
///     PartDraft, PartId,
/// };
/// use qiangdan::{Outcome, ServiceId, Wall};
///
/// // A licence; then, with it, the seal and the invoices side by side.
/// let part = |service, after: &[usize]| PartDraft {
///     service: ServiceId(service),
///     after: after.to_vec(),
/// };
/// let draft = PackageDraft {
///     parts: vec![part(0, &[]), part(1, &[0]), part(2, &[0])],
///     finish: Finish::All,
///     ..PackageDraft::default()
/// };
/// let packages = Packages::new(vec![draft.check(3).unwrap()], PackageBounds::new(10))?;
/// let mut out = Vec::new();
/// let company = packages.open(PackageKind(0), Wall(0), 4711, &mut out)?;
///
/// out.clear();
/// packages.ended(company, PartId(0), Outcome::Done, Wall(1), &mut out)?;
/// let released = out.iter().filter(|e| matches!(e.kind, PackageEventKind::Released { .. }));
/// assert_eq!(released.count(), 2);
///
/// packages.ended(company, PartId(1), Outcome::Done, Wall(2), &mut out)?;
/// packages.ended(company, PartId(2), Outcome::Done, Wall(2), &mut out)?;
/// assert_eq!(packages.progress(company).unwrap().state(), PackageState::AllDecided);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Packages {
    rules: Vec<PackageRule>,
    histories: Histories,
}

/// What was told of a package, as it was at one instant.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) seen: LedgerSeen,
    pub(super) facts: Vec<Fact>,
    pub(super) kind: PackageKind,
    pub(super) host: u64,
    pub(super) progress: Progress,
}

impl Reading {
    /// The order of a part.
    pub(super) fn order(&self, part: PartId) -> Option<OrderId> {
        self.facts.iter().find_map(|fact| match fact.what {
            What::Began { part: of, order } if of == part => Some(order),
            _ => None,
        })
    }
}

impl Packages {
    /// Room for packages by these rules, numbered by their positions.
    ///
    /// # Errors
    ///
    /// If a bound is out of range.
    pub fn new(rules: Vec<PackageRule>, bounds: PackageBounds) -> Result<Self, PackageBoundsError> {
        let PackageBounds { packages, facts } = bounds;
        if !(1..=SLOTS_MAX).contains(&packages) {
            return Err(PackageBoundsError::Packages { found: packages, most: SLOTS_MAX });
        }
        let largest = rules.iter().map(PackageRule::len).max().unwrap_or(0);
        let facts = match facts {
            Some(facts) => u64::from(facts),
            None => u64::from(packages) * (u64::from(largest) * 4 + 4),
        };
        let most = PackageBoundsError::Facts { found: facts, most: FACTS_MAX };
        let facts = u32::try_from(facts).ok().filter(|&facts| facts <= FACTS_MAX).ok_or(most)?;
        Ok(Self { rules, histories: Histories::new(packages, facts) })
    }

    /// The rules, in the order of their numbers.
    #[must_use]
    pub fn rules(&self) -> &[PackageRule] {
        &self.rules
    }

    /// About how many packages run, and how many there is room for.
    #[must_use]
    pub fn in_use(&self) -> (u32, u32) {
        self.histories.in_use()
    }

    /// Where a package stands; `None` if it is closed or never was. Wait-free.
    #[must_use]
    pub fn progress(&self, package: PackageId) -> Option<Progress> {
        self.read(package).ok().map(|reading| reading.progress)
    }

    /// Which package it is, and the host's number of it. Wait-free.
    #[must_use]
    pub fn kind(&self, package: PackageId) -> Option<(PackageKind, u64)> {
        self.read(package).ok().map(|reading| (reading.kind, reading.host))
    }

    /// The order of a part, if it has one. Wait-free.
    #[must_use]
    pub fn order(&self, package: PackageId, part: PartId) -> Option<OrderId> {
        self.read(package).ok()?.order(part)
    }

    /// Opens a package. `host` is the host's own number of it, given back with every event: the number
    /// of its tracking code, say.
    ///
    /// # Errors
    ///
    /// [`PackageError::NoSuchKind`], [`PackageError::Full`].
    pub fn open(
        &self,
        kind: PackageKind,
        at: Wall,
        host: u64,
        out: &mut Vec<PackageEvent>,
    ) -> Result<PackageId, PackageError> {
        let rule = self.rule(kind)?;
        let fact = Fact { at, what: What::Opened { kind, host } };
        let id = self.histories.begin(fact.pack()).ok_or_else(|| self.full())?;
        let package = PackageId(id);
        let event = |kind| PackageEvent { package, host, number: 1, at, kind };
        out.push(event(PackageEventKind::Opened));
        let first = Progress::new(rule, at).parts_in(super::PartState::Ready);
        out.extend(first.map(|part| event(PackageEventKind::Released { part })));
        Ok(package)
    }

    /// The order that stands for the whole: the one at the window where the person came. Its limits
    /// are those of the package.
    ///
    /// # Errors
    ///
    /// See [`PackageError`].
    pub fn covered_by(
        &self,
        package: PackageId,
        order: OrderId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Covered { order } }, out)
    }

    /// A part has its order. Telling the same again is as good as once.
    ///
    /// # Errors
    ///
    /// [`PackageError::Blocked`] if parts before it are not over, [`PackageError::HasOrder`] if it has
    /// another.
    pub fn began(
        &self,
        package: PackageId,
        part: PartId,
        order: OrderId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Began { part, order } }, out)
    }

    /// A part is over. Only [`Outcome::Done`] is done. Of a part that is over, nothing changes any more.
    ///
    /// # Errors
    ///
    /// [`PackageError::Blocked`] if parts before it are not over.
    pub fn ended(
        &self,
        package: PackageId,
        part: PartId,
        outcome: Outcome,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Ended { part, outcome } }, out)
    }

    /// The clocks of a part's order stand still, for whatever reason. The whole stands still while those
    /// of every open part do (E62).
    ///
    /// # Errors
    ///
    /// [`PackageError::NoOrder`] if it has no order yet.
    pub fn paused(
        &self,
        package: PackageId,
        part: PartId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Paused { part } }, out)
    }

    /// The clocks of a part's order run again.
    ///
    /// # Errors
    ///
    /// As [`Packages::paused`].
    pub fn resumed(
        &self,
        package: PackageId,
        part: PartId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Resumed { part } }, out)
    }

    /// A part needs more papers (补正). The notice goes out once every part that may begin has asked, or
    /// has said that nothing is missing: one for all (一次告知). A part that is still blocked may ask as
    /// well, so that it need not ask later.
    ///
    /// # Errors
    ///
    /// [`PackageError::HeardAlready`] if it was heard before, [`PackageError::PartOver`].
    pub fn ask(
        &self,
        package: PackageId,
        part: PartId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Asked { part } }, out)
    }

    /// The same for a part that was heard before. That makes a further notice, which somebody must
    /// answer for: it is counted.
    ///
    /// # Errors
    ///
    /// [`PackageError::PartOver`].
    pub fn ask_again(
        &self,
        package: PackageId,
        part: PartId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::AskedAgain { part } }, out)
    }

    /// A part has all papers that it needs.
    ///
    /// # Errors
    ///
    /// [`PackageError::PartOver`].
    pub fn clear(
        &self,
        package: PackageId,
        part: PartId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Cleared { part } }, out)
    }

    /// Parts that may begin and have not asked by now have nothing to ask: the time for that is over
    /// (行政许可法 art. 32: five days). A notice goes out if anybody has asked.
    ///
    /// # Errors
    ///
    /// [`PackageError::Gone`].
    pub fn time_is_up(
        &self,
        package: PackageId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::TimeIsUp }, out)
    }

    /// The applicant has handed in all that was asked for.
    ///
    /// # Errors
    ///
    /// [`PackageError::NothingAsked`].
    pub fn hand_in(
        &self,
        package: PackageId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::HandedIn }, out)
    }

    /// The applicant wants it no more: all that is not over is dropped.
    ///
    /// # Errors
    ///
    /// [`PackageError::WrongState`] once everything is over.
    pub fn withdraw(
        &self,
        package: PackageId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Withdrawn }, out)
    }

    /// All results were handed over (一次送达). Telling it again is as good as once.
    ///
    /// # Errors
    ///
    /// [`PackageError::WrongState`] before everything is decided, or if it has failed.
    pub fn deliver(
        &self,
        package: PackageId,
        at: Wall,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        self.tell(package, Fact { at, what: What::Delivered }, out)
    }

    /// Files a package away that was delivered or has failed (归档): its room is given back, and its id
    /// is gone.
    ///
    /// # Errors
    ///
    /// [`PackageError::WrongState`] before that.
    pub fn close(&self, package: PackageId) -> Result<(), PackageError> {
        loop {
            let reading = self.read(package)?;
            match reading.progress.state() {
                PackageState::Delivered | PackageState::Failed => {}
                state => return Err(PackageError::WrongState { state }),
            }
            if self.histories.end(&reading.seen) {
                return Ok(());
            }
        }
    }

    /// Appends a fact, if it changes something, and tells what has changed.
    pub(super) fn tell(
        &self,
        package: PackageId,
        fact: Fact,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        loop {
            let reading = self.read(package)?;
            if let What::Began { part, order } = fact.what
                && let Some(has) = reading.order(part)
            {
                let other = PackageError::HasOrder { part, order: has };
                return if has == order { Ok(()) } else { Err(other) };
            }
            let rule = self.rule(reading.kind)?;
            let before = reading.progress;
            let Some(after) = before.after(rule, fact)? else { return Ok(()) };
            // What ends something always finds room; what only tells more leaves some.
            let reserve = match fact.what {
                What::Paused { .. } | What::Resumed { .. } | What::AskedAgain { .. } => {
                    Reserve::Keep
                }
                _ => Reserve::Use,
            };
            match self.histories.append(&reading.seen, &[fact.pack()], reserve) {
                Ok(seen) => {
                    let (host, number, at) = (reading.host, seen.len(), fact.at);
                    let event = |kind| PackageEvent { package, host, number, at, kind };
                    if let What::Began { part, order } = fact.what {
                        out.push(event(PackageEventKind::Began { part, order }));
                    }
                    out.extend(changes(&before, &after).into_iter().map(event));
                    return Ok(());
                }
                Err(AppendError::Changed) => {}
                Err(AppendError::Full) => return Err(self.full()),
            }
        }
    }

    /// Reads what was told of a package, and folds it.
    pub(super) fn read(&self, package: PackageId) -> Result<Reading, PackageError> {
        let gone = PackageError::Gone { package };
        let mut entries = Entries::new();
        let seen = self.histories.read(package.0, &mut entries).ok_or(gone)?;
        let facts: Vec<_> = entries.iter().filter_map(|&pair| Fact::unpack(pair)).collect();
        let Some(&Fact { at, what: What::Opened { kind, host } }) = facts.first() else {
            return Err(gone);
        };
        let rule = self.rule(kind)?;
        let mut progress = Progress::new(rule, at);
        for &fact in facts.iter().skip(1) {
            // Each was allowed when it was told.
            progress = progress.after(rule, fact).ok().flatten().unwrap_or(progress);
        }
        Ok(Reading { seen, facts, kind, host, progress })
    }

    /// Whether nothing was told of a package since it was read.
    pub(super) fn is_still(&self, reading: &Reading) -> bool {
        self.histories.is_still(&reading.seen)
    }

    pub(super) fn rule(&self, kind: PackageKind) -> Result<&PackageRule, PackageError> {
        self.rules.get(kind.index()).ok_or(PackageError::NoSuchKind { kind })
    }

    fn full(&self) -> PackageError {
        let (_, packages) = self.histories.in_use();
        PackageError::Full { packages, facts: self.histories.facts() }
    }
}
