//! Calendars are swapped whole, while others read them; then all orders are looked at again, a few
//! at a time.

use std::sync::Arc;

use super::super::{Advancer, Engine, Inner};
use super::{LOOK_STEPS, Promises, advance::Steps, tell::due_of};
use crate::{
    CalendarId, Cx, EventKind, LimitId, OrderId, ServiceId, Wall,
    calendar::{Calendar, Day},
    limit::{ClockState, Clocks, Standing},
};

/// The horizon of a calendar is near when it is less than so many days away.
const NEAR_DAYS: i32 = 60;

/// The calendars of a hall, and those they have replaced.
#[derive(Debug)]
pub(super) struct CalendarSet {
    pub(super) version: u32,
    now: Vec<Arc<Calendar>>,
    before: Vec<Arc<Calendar>>,
}

impl CalendarSet {
    pub(super) fn first(calendars: &[Calendar]) -> Self {
        let now = calendars.iter().cloned().map(Arc::new).collect::<Vec<_>>();
        Self { version: 0, before: now.clone(), now }
    }

    pub(super) fn now(&self) -> &[Arc<Calendar>] {
        &self.now
    }

    /// As they were in an earlier version. No order lags behind by more than one.
    pub(super) fn as_of(&self, version: u32) -> &[Arc<Calendar>] {
        if version == self.version { &self.now } else { &self.before }
    }

    /// From when on the horizon of each is near.
    pub(super) fn near_from(&self) -> Vec<Option<Wall>> {
        let near = |calendar: &Arc<Calendar>| {
            let day = calendar.until().plus(1 - NEAR_DAYS).max(calendar.from());
            calendar.begins(day).ok()
        };
        self.now.iter().map(near).collect()
    }
}

/// Which orders are still to be looked at after a swap.
#[derive(Debug)]
pub(super) struct Rescan {
    calendar: CalendarId,
    /// After this instant nothing differs.
    until: Wall,
    next: u32,
}

/// What another calendar would change, at one instant. An order that changes meanwhile counts as it
/// was or as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CalendarPreview {
    /// Orders with a clock that has not stopped.
    pub orders: u64,
    /// Those of which the due of a clock would move.
    pub changed: u64,
    /// Those that would have a clock that is late and was not.
    pub breached: u64,
    /// Those that would have a clock that is in time again.
    pub unbreached: u64,
}

/// Why a calendar was not swapped. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadCalendarError {
    /// The rules have no such calendar.
    #[error("no {calendar}")]
    NoSuchCalendar {
        /// Which.
        calendar: CalendarId,
    },
    /// Not all orders have been looked at since the last swap. Advance until that is done.
    #[error("{left} orders have not been looked at since the last swap")]
    StillChanging {
        /// How many slots are left.
        left: u32,
    },
}

impl Engine {
    /// What [`Advancer::load_calendar`] would change at `now`; `None` if the rules have no such
    /// calendar. Changes nothing.
    ///
    /// Costs two readings of each open order; others go on meanwhile.
    #[must_use]
    pub fn preview_calendar(
        &self,
        calendar: CalendarId,
        new: &Calendar,
        now: Wall,
    ) -> Option<CalendarPreview> {
        let inner = &*self.inner;
        let promises = inner.promises.as_ref()?;
        let set = promises.calendars.load();
        let mut after = set.now.clone();
        *after.get_mut(calendar.index())? = Arc::new(new.clone());
        let mut preview = CalendarPreview::default();
        for slot in 0..u32::try_from(inner.slots.len()).unwrap_or(u32::MAX) {
            let Some((order, service)) = inner.listed(promises, slot) else { continue };
            let Some(list) = promises.read(order) else { continue };
            let [before, after] =
                [&set.now, &after].map(|of| promises.book.read(service, &list.facts, &of[..]));
            let limits = promises.book.limits_of(service);
            let [is, would_be] = [before, after].map(|clocks| Open::of(&clocks, limits, now));
            preview.orders += u64::from(!is.dues.is_empty());
            preview.changed += u64::from(is.dues != would_be.dues);
            preview.breached += u64::from(would_be.is_later_than(&is));
            preview.unbreached += u64::from(is.is_later_than(&would_be));
        }
        Some(preview)
    }
}

/// The clocks of an order that have not stopped: their dues, and which are late.
struct Open {
    dues: Vec<(LimitId, Wall)>,
    late: Vec<LimitId>,
}

impl Open {
    fn of(clocks: &Clocks<'_>, limits: &[LimitId], now: Wall) -> Self {
        let mut open = Self { dues: Vec::new(), late: Vec::new() };
        for &limit in limits {
            let Some(clock) = clocks.standing(limit).filter(is_going_on) else { continue };
            let due = due_of(clock.due).0;
            open.dues.push((limit, due));
            if due < now {
                open.late.push(limit);
            }
        }
        open
    }

    fn is_later_than(&self, other: &Self) -> bool {
        self.late.iter().any(|limit| !other.late.contains(limit))
    }
}

fn is_going_on(clock: &Standing) -> bool {
    matches!(clock.state, ClockState::Running | ClockState::Paused { .. })
}

impl Advancer {
    /// Puts another version of a calendar in the place of one: a new notice, other hours.
    ///
    /// From now on all dues are by it. Orders whose dues it moves are told of one by one, by the
    /// next calls of [`Advancer::advance`], in its steps; others submit and grab meanwhile. A due
    /// that has moved into the past is a breach now, with its true due; a rung that was climbed
    /// stays climbed.
    ///
    /// # Errors
    ///
    /// See [`LoadCalendarError`].
    pub fn load_calendar(
        &mut self,
        cx: &mut Cx<'_>,
        calendar: CalendarId,
        new: Calendar,
    ) -> Result<(), LoadCalendarError> {
        let missing = LoadCalendarError::NoSuchCalendar { calendar };
        let promises = self.inner.promises.as_ref().ok_or(missing)?;
        let walls = self.walls.as_mut().ok_or(missing)?;
        let orders = u32::try_from(self.inner.slots.len()).unwrap_or(u32::MAX);
        if let Some(rescan) = &walls.rescan {
            return Err(LoadCalendarError::StillChanging { left: orders - rescan.next });
        }
        let set = promises.calendars.load();
        let old = set.now.get(calendar.index()).ok_or(missing)?;
        let changed = old.differs_from(&new);
        let mut now = set.now.clone();
        now[calendar.index()] = Arc::new(new);
        let (version, before) = match changed {
            Some(_) => (set.version + 1, set.now.clone()),
            None => (set.version, set.before.clone()),
        };
        let new = CalendarSet { version, now, before };
        walls.near_from = new.near_from();
        if let Some((_, last)) = changed {
            let until = ends(&new, calendar, last);
            walls.rescan = Some(Rescan { calendar, until, next: 0 });
        }
        promises.calendars.store(Arc::new(new));
        self.inner.tell_of_all(cx, EventKind::CalendarChanged { calendar });
        Ok(())
    }

    /// Looks at orders again after a swap. False once the steps are used up.
    pub(super) fn rescan(&mut self, cx: &mut Cx<'_>, all: &mut Steps) -> bool {
        let (inner, walls) = (&*self.inner, self.walls.as_mut());
        let (Some(promises), Some(walls)) = (&inner.promises, walls) else { return true };
        let Some(rescan) = &mut walls.rescan else { return true };
        while (rescan.next as usize) < inner.slots.len() {
            if all.left == 0 {
                all.is_done = false;
                return false;
            }
            let has_order = inner.look_again(cx, promises, rescan);
            all.left = all.left.saturating_sub(if has_order { LOOK_STEPS } else { 1 });
            rescan.next += 1;
        }
        walls.rescan = None;
        true
    }

    /// Tells of calendars that end soon, once each.
    pub(super) fn see_horizons(&mut self, cx: &mut Cx<'_>) {
        let (inner, walls) = (&*self.inner, self.walls.as_mut());
        let (Some(promises), Some(walls)) = (&inner.promises, walls) else { return };
        for (calendar, near_from) in (0..).map(CalendarId).zip(&mut walls.near_from) {
            if near_from.is_some_and(|near_from| near_from <= cx.now.wall) {
                *near_from = None;
                let set = promises.calendars.load();
                let days = days_left(&set.now[calendar.index()], cx.now.wall);
                inner.tell_of_all(cx, EventKind::HorizonNear { calendar, days });
            }
        }
    }
}

fn days_left(calendar: &Calendar, now: Wall) -> u32 {
    let today = calendar.day_of(now).map_or(calendar.until(), |today| today);
    u32::try_from(calendar.until().number() - today.number()).unwrap_or(0)
}

/// When a day ends; never, if the calendar does not have it.
fn ends(set: &CalendarSet, calendar: CalendarId, day: Day) -> Wall {
    set.now[calendar.index()].ends(day).unwrap_or(Wall::NEVER)
}

impl Inner {
    /// The order in a slot and its service, if it has clocks.
    fn listed(&self, promises: &Promises, slot: u32) -> Option<(OrderId, ServiceId)> {
        let generation = self.slots[slot as usize].word.load().generation;
        let life = self.life(OrderId::new(slot, generation))?;
        life.seen()?;
        let service = life.terms().ok()?.service;
        promises.book.has_clocks(service).then_some((life.order, service))
    }

    /// Brings one order up to date after a swap, and sees to its next look.
    ///
    /// True if there was an order.
    fn look_again(&self, cx: &mut Cx<'_>, promises: &Promises, rescan: &Rescan) -> bool {
        let Some((order, service)) = self.listed(promises, rescan.next) else { return false };
        let Some(life) = self.life(order) else { return false };
        let book = &promises.book;
        let counts_by = |&limit: &LimitId| {
            let is_hours = book.rungs(limit).iter().any(|rung| rung.hours == Some(rescan.calendar));
            is_hours || book.rule(limit).is_some_and(|rule| rule.calendar == rescan.calendar)
        };
        let is_after = || {
            promises
                .read(order)
                .is_none_or(|list| list.facts.iter().all(|fact| fact.at > rescan.until))
        };
        if !book.limits_of(service).iter().any(counts_by) || is_after() {
            promises.pass_over(order);
        } else {
            self.follow_up(cx, promises, life, service);
        }
        true
    }
}
