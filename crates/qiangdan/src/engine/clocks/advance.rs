//! Time passes on both wheels: waits by the clock that never goes back, limits by the one on the
//! wall.
//!
//! What has been due for longer happens first, whichever wheel it is on; of two that have been due
//! for equally long, the wait.

use std::sync::atomic::Ordering::Relaxed;

use qiangdan_sync::WheelDriver;

use super::super::{Advanced, Advancer, advance::Waited};
use super::{
    LOOK_STEPS,
    calendars::{CalendarSet, Rescan},
    wall::{Showing, WallHand},
};
use crate::{Cx, EventKind, Mono, Now, Wall};

/// The part of the wheel by the wall that belongs to the one that advances.
#[derive(Debug)]
pub(in crate::engine) struct Walls {
    driver: WheelDriver,
    hand: WallHand,
    policy: CatchUp,
    pub(super) rescan: Option<Rescan>,
    /// From when on the horizon of each calendar is near; none once that is told.
    pub(super) near_from: Vec<Option<Wall>>,
}

impl Walls {
    pub(super) fn new(driver: WheelDriver, hand: WallHand, set: &CalendarSet) -> Self {
        let near_from = set.near_from();
        Self { driver, hand, policy: CatchUp::All, rescan: None, near_from }
    }
}

/// What an advance has done so far, and may do yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub(super) looked: usize,
    pub(super) is_done: bool,
    pub(super) left: usize,
}

impl Steps {
    fn waited(self) -> Waited {
        Waited { looked: self.looked, done: self.is_done, left: self.left }
    }

    /// Adds what one wheel did, each of whose steps counts as `each`. False once the steps are used up.
    fn add(
        &mut self,
        advanced: qiangdan_sync::Advanced,
        driver: &WheelDriver,
        each: usize,
    ) -> bool {
        let left = if advanced.done { self.left.min(driver.left() * each) } else { 0 };
        *self = Self { looked: self.looked + advanced.looked, is_done: advanced.done, left };
        advanced.done
    }
}

/// What is told of the rungs of limits that were missed while no engine ran (错过的提醒). Breaches are
/// always told, each with its true due, and what changes an order always happens: cards, moves,
/// expiry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum CatchUp {
    /// Of the notices of an order the last one only.
    #[default]
    Once,
    /// Every notice, in order.
    All,
    /// No notice.
    Skip,
}

impl Advancer {
    /// [`Advancer::advance_within`], if there are limits on the calendar.
    pub(in crate::engine) fn advance_both(&mut self, cx: &mut Cx<'_>, steps: usize) -> Waited {
        let mut all = Steps { looked: 0, is_done: true, left: steps };
        let Some(place) = self.see_wall(cx) else {
            // What is by the wall is held.
            self.waits_until(cx, cx.now.mono.0, &mut all);
            return all.waited();
        };
        let now = cx.now.mono.0;
        // What came in since is filed first, so that the wheels know what is next.
        let mut goes_on = self.rescan(cx, &mut all)
            && self.waits_until(cx, 0, &mut all)
            && self.walls_until(cx, 0, &mut all);
        while goes_on {
            let late = |due: u64, now: u64| now.checked_sub(due);
            let wait = self.next_wait().and_then(|due| late(due.0, now));
            let wall = self.next_place().and_then(|due| late(due, place));
            goes_on = match (wait, wall) {
                (Some(wait), Some(wall)) if wait < wall => {
                    self.walls_until(cx, place - wait - 1, &mut all)
                }
                (Some(_), Some(wall)) => self.waits_until(cx, now - wall, &mut all),
                (Some(_), None) => self.waits_until(cx, now, &mut all),
                (None, Some(_)) => self.walls_until(cx, place, &mut all),
                (None, None) => {
                    // Nothing is due; the wheels learn how late it is.
                    self.waits_until(cx, now, &mut all);
                    self.walls_until(cx, place, &mut all);
                    break;
                }
            };
        }
        all.waited()
    }

    /// Catches up after a restart: [`Advancer::advance_within`], with less told of what was missed.
    /// For the first calls, until one says that it is done; the orders are those that came in, with
    /// what had happened to them, since the engine was made.
    pub fn catch_up(&mut self, cx: &mut Cx<'_>, policy: CatchUp, steps: usize) -> Advanced {
        let set = |walls: &mut Option<Walls>, policy| {
            if let Some(walls) = walls {
                walls.policy = policy;
            }
        };
        set(&mut self.walls, policy);
        let advanced = self.advance_within(cx, steps);
        set(&mut self.walls, CatchUp::All);
        advanced
    }

    /// How often a rung could not be climbed at once because there was no room for facts.
    #[must_use]
    pub fn held_for_room(&self) -> u64 {
        // Ordering: Relaxed. A figure.
        self.inner.promises.as_ref().map_or(0, |all| all.held_for_room.load(Relaxed))
    }

    /// When the wheel by the wall should next be looked at.
    pub(in crate::engine) fn next_wall(&mut self) -> Option<Mono> {
        let held_until = self.walls.as_ref()?.hand.held_until();
        if held_until.is_some() {
            return held_until;
        }
        if let Some(now) = self.walls.as_ref()?.hand.believed().filter(|_| self.is_rescanning()) {
            return Some(now.mono);
        }
        let place = self.next_place()?;
        let Now { mono, wall } = self.walls.as_ref()?.hand.believed().unwrap_or_default();
        let now = self.inner.promises.as_ref()?.lag.place(wall);
        Some(mono.plus_ms(place.saturating_sub(now)))
    }

    /// By how much the clock on the wall has stepped back in all, in milliseconds, as far as
    /// [`Advancer::advance`] was told and there are limits on the calendar.
    #[must_use]
    pub fn stepped_back_ms(&self) -> u64 {
        self.walls.as_ref().map_or(0, |walls| walls.hand.stepped_back_ms())
    }

    fn is_rescanning(&self) -> bool {
        self.walls.as_ref().is_some_and(|walls| walls.rescan.is_some())
    }

    /// Where the wall is on the scale; `None` if it does not count.
    fn see_wall(&mut self, cx: &mut Cx<'_>) -> Option<u64> {
        let lag = &self.inner.promises.as_ref()?.lag;
        match self.walls.as_mut()?.hand.see(lag, cx.now) {
            Showing::Believed => {
                let place = lag.place(cx.now.wall);
                self.see_horizons(cx);
                Some(place)
            }
            Showing::Held => None,
            Showing::Leapt { ahead_ms } => {
                self.inner.tell_of_all(cx, EventKind::WallSuspect { ahead_ms });
                None
            }
        }
    }

    fn next_place(&mut self) -> Option<u64> {
        let looks = &self.inner.promises.as_ref()?.looks;
        self.walls.as_mut()?.driver.next(looks)
    }

    /// Advances the wheel of waits. False once the steps are used up.
    fn waits_until(&mut self, cx: &mut Cx<'_>, until: u64, all: &mut Steps) -> bool {
        let Waited { looked, done, left } = self.advance_waits(cx, Mono(until), all.left);
        *all = Steps { looked: all.looked + looked, is_done: done, left };
        done
    }

    /// Advances the wheel by the wall. False once the steps are used up.
    fn walls_until(&mut self, cx: &mut Cx<'_>, until: u64, all: &mut Steps) -> bool {
        let inner = &*self.inner;
        let (Some(promises), Some(walls)) = (&inner.promises, &mut self.walls) else {
            return true;
        };
        let turn = |slot| inner.turn(slot);
        let policy = walls.policy;
        let look = |slot, armed| {
            let next = inner.look_by_wall(cx, promises, slot, promises.lag.wall(armed), policy)?;
            Some(promises.lag.place(next))
        };
        let steps = all.left.div_ceil(LOOK_STEPS);
        let advanced = walls.driver.advance(&promises.looks, until, steps, turn, look);
        all.add(advanced, &walls.driver, LOOK_STEPS)
    }
}
