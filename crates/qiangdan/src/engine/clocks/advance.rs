//! Time passes on both wheels: waits by the clock that never goes back, limits by the one on the wall.
//!
//! What has been due for longer happens first, whichever wheel it is on; of two that have been due for
//! equally long, the wait.

use qiangdan_sync::{Advanced as Steps, WheelDriver};

use super::super::{Advanced, Advancer, Inner};
use super::wall::{Showing, WallHand};
use crate::{Cx, Event, EventKind, Mono, Now};

/// The part of the wheel by the wall that belongs to the one that advances.
#[derive(Debug)]
pub(in crate::engine) struct Walls {
    driver: WheelDriver,
    hand: WallHand,
}

impl Walls {
    pub(super) fn new(driver: WheelDriver, hand: WallHand) -> Self {
        Self { driver, hand }
    }
}

impl Advancer {
    /// [`Advancer::advance_within`], if there are limits on the calendar.
    pub(in crate::engine) fn advance_both(&mut self, cx: &mut Cx<'_>, steps: usize) -> Advanced {
        let mut all = Steps { looked: 0, done: true, left: steps };
        let Some(place) = self.see_wall(cx) else {
            self.waits_until(cx, cx.now.mono.0, &mut all);
            return Advanced { looked: all.looked, is_done: all.done };
        };
        let now = cx.now.mono.0;
        // What came in since is filed first, so that the wheels know what is next.
        let mut goes_on = self.waits_until(cx, 0, &mut all) && self.walls_until(cx, 0, &mut all);
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
        Advanced { looked: all.looked, is_done: all.done }
    }

    /// When the wheel by the wall should next be looked at.
    pub(in crate::engine) fn next_wall(&mut self) -> Option<Mono> {
        let held_until = self.walls.as_ref()?.hand.held_until();
        if held_until.is_some() {
            return held_until;
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

    /// Where the wall is on the scale; `None` if it does not count.
    fn see_wall(&mut self, cx: &mut Cx<'_>) -> Option<u64> {
        let lag = &self.inner.promises.as_ref()?.lag;
        match self.walls.as_mut()?.hand.see(lag, cx.now) {
            Showing::Believed => Some(lag.place(cx.now.wall)),
            Showing::Held => None,
            Showing::Leapt { ahead_ms } => {
                self.inner.tell_of_wall(cx, EventKind::WallSuspect { ahead_ms });
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
        let steps = self.advance_waits(cx, Mono(until), all.left);
        add(all, steps)
    }

    /// Advances the wheel by the wall. False once the steps are used up.
    fn walls_until(&mut self, cx: &mut Cx<'_>, until: u64, all: &mut Steps) -> bool {
        let inner = &*self.inner;
        let (Some(promises), Some(walls)) = (&inner.promises, &mut self.walls) else {
            return true;
        };
        let turn = |slot| inner.turn(slot);
        let look = |slot, armed| {
            let next = inner.look_by_wall(cx, promises, slot, promises.lag.wall(armed))?;
            Some(promises.lag.place(next))
        };
        let steps = walls.driver.advance(&promises.looks, until, all.left, turn, look);
        add(all, steps)
    }
}

fn add(all: &mut Steps, steps: Steps) -> bool {
    *all = Steps { looked: all.looked + steps.looked, ..steps };
    steps.done
}

impl Inner {
    fn tell_of_wall(&self, cx: &mut Cx<'_>, kind: EventKind) {
        let at = cx.now;
        let event = |seq| Event { seq, at, order: None, tag: 0, clerk: None, kind };
        cx.out.push(&self.desks, |_| (), event);
    }
}
