//! What has changed on an order's clocks is told, once.
//!
//! Events about clocks follow from two readings of an order's list: as it was when they were told
//! last, and as it is. Up to where that was is a mark beside the list: so many facts, by the
//! calendars of such a version. Whoever moves the mark tells the difference; so it does not matter
//! who noted a fact, or whether that thread went on.
//!
//! | bits of the mark | 43       | 42..12                   | 11..0              |
//! |------------------|----------|--------------------------|--------------------|
//! | field            | has been started | version of the calendars | facts told of |

use qiangdan_sync::{AppendError, Reserve};

use super::super::Inner;
use super::{Promises, list::List};
use crate::{
    Cx, EventKind, LimitId, OrderId, ServiceId, Wall,
    calendar::Due,
    limit::{ClockState, Clocks, DueError, Next, Standing, What},
    order::Live,
};

/// The mark, unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Told {
    pub(super) is_started: bool,
    pub(super) version: u32,
    pub(super) facts: usize,
}

impl Told {
    const FACTS_BITS: u32 = 12;
    const STARTED: u64 = 1 << 43;

    /// Of an order of which nothing has been told.
    pub(super) fn first(version: u32) -> Self {
        Self { is_started: false, version, facts: 0 }
    }

    pub(super) fn to_bits(self) -> u64 {
        let started = if self.is_started { Self::STARTED } else { 0 };
        started | u64::from(self.version) << Self::FACTS_BITS | self.facts as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to its width")]
    pub(super) fn from_bits(bits: u64) -> Self {
        Self {
            is_started: bits & Self::STARTED != 0,
            version: ((bits & !Self::STARTED) >> Self::FACTS_BITS) as u32,
            facts: (bits & ((1 << Self::FACTS_BITS) - 1)) as usize,
        }
    }
}

impl Promises {
    /// Notes that an order has been started. True if it had not been before.
    pub(super) fn starts(&self, order: OrderId) -> bool {
        let start = |bits: u64| {
            let told = Told::from_bits(bits);
            (!told.is_started).then_some(Told { is_started: true, ..told }.to_bits())
        };
        let before = self.marks(order).told.change(order.generation(), start);
        before.is_ok_and(|bits| !Told::from_bits(bits).is_started)
    }

    pub(super) fn told(&self, order: OrderId) -> Option<Told> {
        self.marks(order).told.get(order.generation()).ok().map(Told::from_bits)
    }

    /// Notes that a swap of calendars changes nothing for an order.
    pub(super) fn pass_over(&self, order: OrderId) {
        let version = self.calendars.load().version;
        let pass = |bits| Some(Told { version, ..Told::from_bits(bits) }.to_bits());
        // If the order is over there is nothing to be noted.
        self.marks(order).told.change(order.generation(), pass).ok();
    }

    /// Moves the mark to here, if it is still at `from`.
    pub(super) fn move_mark(&self, order: OrderId, from: Told, to: Told) -> bool {
        let mut is_moved = false;
        let moved = self.marks(order).told.change(order.generation(), |bits| {
            let now = Told::from_bits(bits);
            is_moved = (now.version, now.facts) == (from.version, from.facts);
            is_moved.then_some(Told { is_started: now.is_started, ..to }.to_bits())
        });
        moved.is_ok() && is_moved
    }
}

/// What came to an order's list between two readings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Added {
    /// Only its calendars are others.
    Nothing,
    Facts,
}

/// An order that was brought up to date.
pub(super) struct UpToDate {
    pub(super) list: List,
    pub(super) next: Option<Next>,
}

impl Inner {
    /// Brings an order up to date, and sees to its next look. `None` if its list is over.
    pub(super) fn follow_up(
        &self,
        cx: &mut Cx<'_>,
        promises: &Promises,
        life: Live<'_>,
        service: ServiceId,
    ) {
        if let Some(next) = self.bring_up(cx, promises, life, service).and_then(|up| up.next) {
            promises.arm(life.order, next.due);
        }
    }

    /// Tells what has not been told of an order, and lets it go if it is closed and no clock of its
    /// runs. `None` if its list is over.
    pub(super) fn bring_up(
        &self,
        cx: &mut Cx<'_>,
        promises: &Promises,
        life: Live<'_>,
        service: ServiceId,
    ) -> Option<UpToDate> {
        let order = life.order;
        loop {
            let list = promises.read(order)?;
            let told = promises.told(order)?;
            if told.facts > list.facts.len() {
                continue;
            }
            let set = promises.calendars.load();
            let clocks = promises.book.read(service, &list.facts, set.now());
            let to = Told { version: set.version, facts: list.facts.len(), ..told };
            if told.version != set.version {
                let before = promises.book.read(service, &list.facts, set.as_of(told.version));
                let moved = clocks.moved_since(&before, cx.now.wall);
                if !moved.is_empty() {
                    match promises.append(&list.seen, &moved, Reserve::Use) {
                        Ok(_) | Err(AppendError::Changed) => continue,
                        Err(AppendError::Full) => {}
                    }
                }
            }
            if to != told {
                if !promises.move_mark(order, told, to) {
                    continue;
                }
                let was = list.facts.get(..told.facts).unwrap_or_default();
                let is_of_order = |what| matches!(what, What::Climbed { .. } | What::Moved { .. });
                let is_same_set = told.version == set.version;
                let added = list.facts.get(told.facts..).unwrap_or_default();
                // A climbed rung changes no clock.
                if !is_same_set || !added.iter().all(|fact| is_of_order(fact.what)) {
                    let calendars = set.as_of(told.version);
                    let before = promises.book.read(service, was, calendars);
                    let new = if added.is_empty() { Added::Nothing } else { Added::Facts };
                    self.tell_between(cx, promises, life, service, &before, &clocks, new);
                }
            }
            let next = clocks.next().ok();
            if list.closed().is_some() && next.is_none() && !clocks.is_running() {
                if promises.ledger.end_as_seen(&list.seen) {
                    self.tell(cx, life, None, EventKind::OrderSettled);
                    self.give_slot(order);
                    return None;
                }
                continue;
            }
            drop(clocks);
            return Some(UpToDate { list, next });
        }
    }

    /// Tells what is different between two readings of an order.
    #[expect(clippy::too_many_arguments, reason = "two readings, and of what")]
    fn tell_between(
        &self,
        cx: &mut Cx<'_>,
        promises: &Promises,
        life: Live<'_>,
        service: ServiceId,
        before: &Clocks<'_>,
        after: &Clocks<'_>,
        added: Added,
    ) {
        // Another calendar does not change what a clock had come to when it stopped.
        let is_frozen = |clock: &Standing| added == Added::Nothing && has_stopped(clock);
        for &limit in promises.book.limits_of(service) {
            let (was, is) = (before.standing(limit), after.standing(limit));
            if was.as_ref().is_some_and(is_frozen) {
                continue;
            }
            let now = cx.now.wall;
            let late_by = || {
                let figures = after.of(limit, now).and_then(|clock| clock.figures.ok());
                figures.and_then(|figures| figures.lateness).unwrap_or(0)
            };
            let stopped = |is| stopped(limit, is, late_by);
            if let Some(kind) = is.and_then(|is| difference(limit, was, is, stopped)) {
                self.tell(cx, life, None, kind);
                // A clock that began and stopped since is told of twice.
                let is_new = matches!(kind, EventKind::ClockStarted { .. });
                if let Some(kind) = is.and_then(stopped).filter(|_| is_new) {
                    self.tell(cx, life, None, kind);
                }
            }
        }
    }

    /// Tells of an order that was amended from one service to another which clocks it has now.
    #[inline(never)]
    pub(in crate::engine) fn amend_clocks(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        from: ServiceId,
        to: ServiceId,
    ) {
        let Some(promises) = &self.promises else { return };
        if from == to {
            return;
        }
        self.note_implied(cx, promises, life, to);
        let Some(list) = promises.read(life.order) else { return };
        let set = promises.calendars.load();
        let [before, after] =
            [from, to].map(|service| promises.book.read(service, &list.facts, set.now()));
        for &limit in promises.book.limits_of(from) {
            let is_kept = promises.book.limits_of(to).contains(&limit);
            if !is_kept && before.of(limit, cx.now.wall).is_some() {
                self.tell(cx, life, None, EventKind::LimitDropped { limit });
            }
        }
        self.tell_between(cx, promises, life, to, &before, &after, Added::Facts);
        self.grant_anew(promises, life, to);
        promises.arm(life.order, cx.now.wall);
    }
}

fn has_stopped(clock: &Standing) -> bool {
    matches!(clock.state, ClockState::Met { .. } | ClockState::Missed { .. })
}

/// What there is to tell of one clock.
fn difference(
    limit: LimitId,
    was: Option<Standing>,
    is: Standing,
    stopped: impl Fn(Standing) -> Option<EventKind>,
) -> Option<EventKind> {
    let from = is.from;
    let (due, is_provisional) = due_of(is.due);
    let is_new = was.is_none_or(|was| was.run != is.run || was.from != is.from);
    let Some(was) = was.filter(|_| !is_new) else {
        return Some(EventKind::ClockStarted { limit, is_provisional, from, due });
    };
    let stopped_at = |clock: &Standing| match clock.state {
        ClockState::Met { at } => Some((at, false)),
        ClockState::Missed { at } => Some((at, true)),
        _ => None,
    };
    let was_due = due_of(was.due);
    match (was.state, is.state) {
        _ if stopped_at(&was) != stopped_at(&is) => stopped(is),
        (ClockState::Paused { .. }, ClockState::Running) => {
            Some(EventKind::ClockResumed { limit, is_provisional, due })
        }
        (before, ClockState::Paused { since }) if before != is.state => {
            Some(EventKind::ClockPaused { limit, since })
        }
        _ if was_due != (due, is_provisional) => {
            Some(EventKind::LimitRecomputed { limit, is_provisional, from: was_due.0, to: due })
        }
        _ => None,
    }
}

fn stopped(limit: LimitId, is: Standing, late_by: impl Fn() -> u64) -> Option<EventKind> {
    match is.state {
        ClockState::Met { at } => {
            Some(EventKind::ClockStopped { limit, is_late: false, at, late_by: 0 })
        }
        ClockState::Missed { at } => {
            Some(EventKind::ClockStopped { limit, is_late: true, at, late_by: late_by() })
        }
        _ => None,
    }
}

/// The due of a clock as events say it.
pub(super) fn due_of(due: Result<Due, DueError>) -> (Wall, bool) {
    due.map_or((Wall::NEVER, false), |due| (due.at, due.is_provisional))
}
