//! From packages to the engine and back: who may begin is submitted, who is dropped is withdrawn, and
//! what the engine knows of orders is told to their packages.
//!
//! Nothing is kept here. [`Packages::settle`] compares what a package wants with what the engine
//! says, makes the difference smaller, and reads again; it ends when nothing was told of the package
//! in between. So two threads may settle one package at once, in any order, and a thread that stops
//! half-way leaves nothing that the next one does not finish:
//!
//! * A part's order is submitted under a dedup key made of package and part, so twice is once. If it
//!   turns out that the part has another order by now, or is dropped, this one is withdrawn.
//! * Whoever changes what the engine should do, settles; and looks at the package again after its
//!   last call of the engine. So the last call of all was made on the strength of the last fact.
//!
//! | bits of an order's tag | 63..58     | 57..52 | 51..28                    | 27..0               |
//! |------------------------|------------|--------|---------------------------|---------------------|
//! | field                  | `110101`   | part   | generation of the package | slot of the package |

use super::{
    PackageError, PackageEvent, PackageId, PackageState, Packages, PartId,
    fact::{Fact, What},
    rule::members,
    running::Reading,
};
use crate::{
    Amend, Cx, DedupKey, Engine, Event, EventKind, OrderId, OrderSpec, Outcome, Reason, State,
    SubmitError, histories::Id,
};
#[cfg(feature = "calendar")]
use crate::{
    Wall,
    limit::{self, PauseReason, Reasons},
};

/// Why a package could not be settled. What was done is done; settle it again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettlePackageError {
    /// The package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The engine takes no order of a part.
    #[error("{part}: {error}")]
    Submit {
        /// Which.
        part: PartId,
        /// Why.
        error: SubmitError,
    },
}

/// The outcome of orders that are withdrawn because their part was dropped, as the number of
/// [`Reason::Withdrawn`].
const DROPPED: u16 = u16::MAX;

const MARK: u64 = 0b11_0101;
const MARK_SHIFT: u32 = 58;
const PART_SHIFT: u32 = 52;
const GENERATION_SHIFT: u32 = 28;

impl PackageId {
    /// The tag of the orders of a part; also its dedup key. The host keeps away from numbers whose six
    /// highest bits are `110101`.
    #[must_use]
    pub fn tag(self, part: PartId) -> u64 {
        let Id { slot, generation } = self.0;
        let (part, generation) = (u64::from(part.0), u64::from(generation));
        MARK << MARK_SHIFT | part << PART_SHIFT | generation << GENERATION_SHIFT | u64::from(slot)
    }

    /// The package and part whose orders have this tag, if it is one.
    #[must_use]
    pub fn of_tag(tag: u64) -> Option<(Self, PartId)> {
        let field = |shift: u32, bits: u32| u32::try_from(tag >> shift & ((1 << bits) - 1)).ok();
        let id = Id { slot: field(0, GENERATION_SHIFT)?, generation: field(GENERATION_SHIFT, 24)? };
        let part = u8::try_from(field(PART_SHIFT, 6)?).ok().map(PartId)?;
        (tag >> MARK_SHIFT == MARK).then_some((Self(id), part))
    }
}

impl Packages {
    /// Hears what the engine tells. Events that are not about the order of a part, or change nothing for
    /// it, cost a comparison. Events may come late, twice and in any order.
    ///
    /// # Errors
    ///
    /// See [`SettlePackageError`]; hear the event again, or settle the package, later. That a package is
    /// closed is no error.
    pub fn hear(
        &self,
        engine: &Engine,
        cx: &mut Cx<'_>,
        event: &Event,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), SettlePackageError> {
        let Some((package, part)) = PackageId::of_tag(event.tag) else { return Ok(()) };
        let outcome = match event.kind {
            EventKind::OrderClosed { outcome, .. } => Some(outcome),
            #[cfg(feature = "calendar")]
            EventKind::OrderPaused { .. } | EventKind::OrderResumed { .. } => None,
            _ => return Ok(()),
        };
        match self.hear_of(engine, cx, (package, part), (event, outcome), out) {
            Err(SettlePackageError::Package(PackageError::Gone { .. })) => Ok(()),
            heard => heard,
        }
    }

    /// The same, of a part of a package; that this is closed by now is an error.
    fn hear_of(
        &self,
        engine: &Engine,
        cx: &mut Cx<'_>,
        (package, part): (PackageId, PartId),
        (event, outcome): (&Event, Option<Outcome>),
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), SettlePackageError> {
        let reading = self.read(package)?;
        // The engine may have forgotten by now how the order ended; the event has not.
        if let Some(outcome) = outcome
            && event.order == reading.order(part)
        {
            self.tell(
                package,
                Fact { at: event.at.wall, what: What::Ended { part, outcome } },
                out,
            )?;
        }
        self.settle(engine, cx, package, out)
    }

    /// Sees to it that the engine does what a package wants, and the package knows what the engine
    /// knows: after a package was opened, or a verb on it has changed something.
    ///
    /// Of many calls at once, one submits the order of a part: its dedup key is the part. One that
    /// was late finds the order though it is over by then, if the rules' `dedup_window_ms` is longer
    /// than a call may be interrupted for; with none, a part that was over at once may come in a
    /// second time, and is withdrawn again.
    ///
    /// Costs a look at each order of the package, and what its verbs cost. It goes round again only if
    /// something was told of the package meanwhile; lock-free but for the map of dedup keys, which a
    /// submit asks.
    ///
    /// # Errors
    ///
    /// See [`SettlePackageError`].
    pub fn settle(
        &self,
        engine: &Engine,
        cx: &mut Cx<'_>,
        package: PackageId,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), SettlePackageError> {
        loop {
            let reading = self.read(package)?;
            let progress = reading.progress;
            for part in members(progress.ready()) {
                self.submit(engine, cx, (package, part), &reading, out)?;
            }
            for part in members(progress.running()) {
                let Some(order) = reading.order(part) else { continue };
                self.look(engine, cx, (package, part), order, out)?;
            }
            for part in members(progress.orphaned()) {
                if let Some(order) = reading.order(part) {
                    withdraw(engine, cx, order);
                }
            }
            // What was paused just now is looked at once more.
            #[cfg(feature = "calendar")]
            let has_paused = self.pause(engine, cx, &reading);
            #[cfg(not(feature = "calendar"))]
            let has_paused = false;
            self.issue(engine, cx, package, &reading, out)?;
            if self.is_still(&reading) && !has_paused {
                return Ok(());
            }
        }
    }

    fn submit(
        &self,
        engine: &Engine,
        cx: &mut Cx<'_>,
        (package, part): (PackageId, PartId),
        reading: &Reading,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), SettlePackageError> {
        let Some(rule) = self.rule(reading.kind)?.parts().get(part.index()) else { return Ok(()) };
        let tag = package.tag(part);
        let spec = OrderSpec::new(rule.service).dedup(DedupKey(tag)).tag(tag);
        let submitted = engine.submit(cx, &spec);
        let order = submitted.map_err(|error| SettlePackageError::Submit { part, error })?.order;
        match self.began(package, part, order, cx.now.wall, out) {
            Ok(()) => Ok(()),
            Err(refused) => {
                withdraw(engine, cx, order);
                match refused {
                    PackageError::HasOrder { .. } => Ok(()),
                    _ => Err(refused.into()),
                }
            }
        }
    }

    /// What the engine knows of the order of a part.
    fn look(
        &self,
        engine: &Engine,
        cx: &mut Cx<'_>,
        (package, part): (PackageId, PartId),
        order: OrderId,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        let at = cx.now.wall;
        let view = engine.order(order);
        if let Some(outcome) = view.and_then(|view| view.outcome) {
            return self.tell(package, Fact { at, what: What::Ended { part, outcome } }, out);
        }
        #[cfg(feature = "calendar")]
        if let Some(facts) = engine.facts(order) {
            let (is_paused, since) = pause_of(&facts);
            let what = if is_paused { What::Paused { part } } else { What::Resumed { part } };
            return self.tell(package, Fact { at: since.unwrap_or(at), what }, out);
        }
        Ok(())
    }

    /// The order that stands for the whole waits again, for the window that hands over.
    fn issue(
        &self,
        engine: &Engine,
        cx: &mut Cx<'_>,
        package: PackageId,
        reading: &Reading,
        out: &mut Vec<PackageEvent>,
    ) -> Result<(), PackageError> {
        let progress = reading.progress;
        let is_due = matches!(progress.state(), PackageState::AllDecided | PackageState::Failed);
        let Some(order) = progress.cover().filter(|_| is_due && !progress.is_issued()) else {
            return Ok(());
        };
        let Some(view) = engine.order(order).filter(|view| view.state != State::Closed) else {
            return Ok(());
        };
        let service = Some(self.rule(reading.kind)?.issue().unwrap_or(view.service));
        // Closed meanwhile: then there is nothing to hand over.
        engine.amend(cx, order, Amend { service, class: None }).ok();
        self.tell(package, Fact { at: cx.now.wall, what: What::Issued }, out)
    }
}

/// A part is not wanted any more. An order that is being served is left to its clerk.
fn withdraw(engine: &Engine, cx: &mut Cx<'_>, order: OrderId) {
    if engine.state(order).is_some_and(|state| state != State::Closed) {
        engine.cancel(cx, order, Reason::Withdrawn(DROPPED)).ok();
    }
}

#[cfg(feature = "calendar")]
impl Packages {
    /// Orders that wait for papers are paused for that; the order that stands for the whole, while all
    /// stands still. Whether anything was paused or resumed.
    fn pause(&self, engine: &Engine, cx: &mut Cx<'_>, reading: &Reading) -> bool {
        let Ok(rule) = self.rule(reading.kind) else { return false };
        let (progress, mut has_paused) = (reading.progress, false);
        if let Some(reason) = rule.supplement() {
            for part in members(progress.noticed() & progress.running()) {
                let Some(order) = reading.order(part) else { continue };
                let since = (progress.awaited() & part.bit() != 0).then_some(cx.now.wall);
                has_paused |= hold(engine, cx, order, reason, since, None);
            }
        }
        if let Some((reason, order)) = rule.standstill().zip(progress.cover()) {
            let (since, until) = (progress.stands_still(), progress.moved());
            has_paused |= hold(engine, cx, order, reason, since, Some(until));
        }
        has_paused
    }
}

/// Sees to it that a reason holds an order since an instant, or does not, since `until` or now. Whether
/// that has changed anything.
#[cfg(feature = "calendar")]
fn hold(
    engine: &Engine,
    cx: &mut Cx<'_>,
    order: OrderId,
    reason: PauseReason,
    since: Option<Wall>,
    until: Option<Wall>,
) -> bool {
    let holds = || engine.facts(order).map(|facts| holding(&facts).0.has(reason));
    let before = holds();
    // If the clock on the wall was set back, or the order has moved on, then from now on.
    match (before, since) {
        (Some(false), Some(since)) => {
            let paused = engine.pause(cx, order, reason, None, Some(since));
            paused.or_else(|_| engine.pause(cx, order, reason, None, None)).ok();
        }
        (Some(true), None) => {
            let resumed = engine.resume(cx, order, reason, until);
            resumed.or_else(|_| engine.resume(cx, order, reason, None)).ok();
        }
        _ => return false,
    }
    holds() != before
}

/// Whether an order is paused, and since when it is or is not.
#[cfg(feature = "calendar")]
fn pause_of(facts: &[limit::Fact]) -> (bool, Option<Wall>) {
    let (reasons, since) = holding(facts);
    (!reasons.is_empty(), since)
}

/// The reasons that hold an order, and when that began or ended last.
#[cfg(feature = "calendar")]
fn holding(facts: &[limit::Fact]) -> (Reasons, Option<Wall>) {
    let of_pauses = facts.iter().filter_map(|fact| match fact.what {
        limit::What::Paused { reason, .. } => Some((fact.at, reason, true)),
        limit::What::Resumed { reason } => Some((fact.at, reason, false)),
        _ => None,
    });
    let mut told: Vec<_> = of_pauses.collect();
    told.sort_by_key(|&(at, ..)| at);
    let (mut reasons, mut since) = (Reasons::default(), None);
    for (at, reason, begins) in told {
        let now = if begins { reasons.with(reason) } else { reasons.without(reason) };
        if now.is_empty() != reasons.is_empty() {
            since = Some(at);
        }
        reasons = now;
    }
    (reasons, since)
}
