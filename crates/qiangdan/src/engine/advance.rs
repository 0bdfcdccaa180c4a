//! advance: time passes, and what is due happens.

use std::sync::Arc;

use qiangdan_sync::{Advanced as Steps, WheelDriver};

use super::{Engine, Happens, Inner, Step, leases::Leases};
use crate::{
    Action, Cx, EventKind, Mono, OrderId, State,
    order::{Live, TermsNow},
    pool::Hint,
};

/// The one value that lets an engine's time pass.
///
/// Not cloneable: exactly one thread at a time advances. Made with the engine by [`Engine::new`].
#[derive(Debug)]
pub struct Advancer {
    pub(super) inner: Arc<Inner>,
    pub(super) driver: WheelDriver,
    /// The looks at clerks, if the rules have anything to look for.
    leases: Option<Leases>,
    /// The latest instant it was told.
    reached: Mono,
    /// How often it was told an earlier one.
    regressed: u64,
    /// The second wheel, by the wall, if there are limits on the calendar.
    #[cfg(feature = "calendar")]
    pub(super) walls: Option<super::clocks::Walls>,
    /// Open orders that are to go over to other rules.
    pub(super) moving: Option<super::apply::Moving>,
}

/// What [`Advancer::advance`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advanced {
    /// How many orders were looked at.
    pub looked: usize,
    /// Whether everything due has happened; if not, call again with the same instant.
    pub is_done: bool,
}

/// What an advance by the clock that never goes back has done so far, and may do yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waited {
    pub(super) looked: usize,
    pub(super) done: bool,
    pub(super) left: usize,
}

impl Waited {
    /// Adds what one wheel did, and what it left of the steps. False once they are used up.
    pub(super) fn add(&mut self, steps: Steps, left: usize) -> bool {
        let left = if steps.done { self.left.min(left) } else { 0 };
        *self = Self { looked: self.looked + steps.looked, done: steps.done, left };
        steps.done
    }
}

impl Advancer {
    pub(super) fn new(inner: Arc<Inner>, driver: WheelDriver, leases: Option<Leases>) -> Self {
        Self {
            inner,
            driver,
            leases,
            reached: Mono(0),
            regressed: 0,
            moving: None,
            #[cfg(feature = "calendar")]
            walls: None,
        }
    }

    #[cfg(feature = "calendar")]
    pub(super) fn with_walls(self, walls: Option<super::clocks::Walls>) -> Self {
        Self { walls, ..self }
    }

    /// Another handle of the engine.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine { inner: Arc::clone(&self.inner) }
    }

    /// Lets everything happen that is due at `cx.now`: scheduled orders are activated, stages fire,
    /// breaches are told; in the order of their due instants, then of their turn among equals
    /// (submit, or the latest return to the back of the line). Nothing happens early, nothing
    /// twice; called late, it catches up in order, and each event carries its true due.
    ///
    /// At one instant inputs come first: submit, grab and close what comes in at `now`, then
    /// advance. What was told before a late call comes first, too: an extension moves what is
    /// overdue and has not been looked at. An instant before the latest one does nothing at all.
    ///
    /// With limits by the calendar, the clock on the wall has a wheel of its own. Of the two, what
    /// has been due for longer happens first. A wall that leaps ahead is held, see `WallTrust`.
    ///
    /// Takes so many steps, at most one look each, that a call is over in some 50 µs, then returns
    /// with `is_done: false`. Other threads submit and grab meanwhile.
    pub fn advance(&mut self, cx: &mut Cx<'_>) -> Advanced {
        self.advance_within(cx, WheelDriver::STEPS)
    }

    /// [`Advancer::advance`] with at most so many steps. A step is the filing, sorting or looking
    /// at of one order: a fraction of a microsecond each; a look at limits by the calendar counts as
    /// eight. With 0 nothing happens.
    pub fn advance_within(&mut self, cx: &mut Cx<'_>, steps: usize) -> Advanced {
        let now = cx.now.mono;
        if now < self.reached {
            self.regressed += 1;
            return Advanced { looked: 0, is_done: true };
        }
        self.reached = now;
        self.grant_wish(cx);
        let steps = self.move_open(cx, steps);
        if self.moving.is_some() {
            return Advanced { looked: 0, is_done: false };
        }
        let mut all = self.advance_wheels(cx, steps);
        if let Some(leases) = self.leases.as_mut().filter(|_| all.done) {
            leases.conclude(&self.inner, cx, &mut all);
        }
        Advanced { looked: all.looked, is_done: all.done }
    }

    fn advance_wheels(&mut self, cx: &mut Cx<'_>, steps: usize) -> Waited {
        #[cfg(feature = "calendar")]
        if self.walls.is_some() {
            return self.advance_both(cx, steps);
        }
        self.advance_waits(cx, cx.now.mono, steps)
    }

    /// Lets what waits by the clock that never goes back happen, until an instant: orders, and
    /// clerks.
    pub(super) fn advance_waits(&mut self, cx: &mut Cx<'_>, until: Mono, steps: usize) -> Waited {
        let mut all = Waited { looked: 0, done: true, left: steps };
        loop {
            let inner = &*self.inner;
            let leases = self.leases.as_mut();
            let next = leases.and_then(|leases| leases.next(inner, cx, &mut all));
            if !all.done {
                return all;
            }
            let next = next.filter(|&due| due <= until);
            let turn = |slot| inner.turn(slot);
            let reach = next.unwrap_or(until).0;
            let advanced =
                self.driver.advance(&inner.looks, reach, all.left, turn, |slot, armed| {
                    inner.look(cx, slot, Mono(armed)).map(|next| next.0)
                });
            if !all.add(advanced, self.driver.left()) {
                return all;
            }
            let (Some(due), Some(leases)) = (next, &mut self.leases) else { return all };
            if !leases.advance(inner, cx, due, &mut all) {
                return all;
            }
        }
    }

    /// [`Advancer::advance`] until everything due has happened.
    pub fn advance_all(&mut self, cx: &mut Cx<'_>) -> Advanced {
        let mut looked = 0;
        loop {
            let step = self.advance(cx);
            looked += step.looked;
            if step.is_done {
                return Advanced { looked, is_done: true };
            }
        }
    }

    /// When [`Advancer::advance`] should next be called: nothing is due before. It may turn out
    /// that nothing is due then either. `None` if nothing is under way.
    pub fn next_look(&mut self) -> Option<Mono> {
        if self.moving.is_some() || self.inner.has_wish() {
            return Some(self.reached);
        }
        let waits = self.next_wait();
        #[cfg(feature = "calendar")]
        let waits = waits.into_iter().chain(self.next_wall()).min();
        waits
    }

    /// How often [`Advancer::advance`] was told an instant before the latest one, and did nothing.
    #[must_use]
    pub fn regressed(&self) -> u64 {
        self.regressed
    }

    pub(super) fn next_wait(&mut self) -> Option<Mono> {
        let reached = self.reached;
        let clerks = self.leases.as_mut().and_then(|leases| leases.next_look(&self.inner, reached));
        self.driver.next(&self.inner.looks).map(Mono).into_iter().chain(clerks).min()
    }
}

impl Inner {
    /// The turn among equals of the order in a slot.
    pub(super) fn turn(&self, slot: u32) -> u64 {
        let generation = self.slots[slot as usize].word.load().generation;
        let life = self.life(OrderId::new(slot, generation));
        life.and_then(|life| life.tie().ok()).unwrap_or(u64::MAX)
    }

    /// Looks at a slot that was armed for `armed`: what is due there by then happens. Returns when
    /// to look next; so what is due after a stale arm, though by now, waits for its turn among all
    /// slots.
    fn look(&self, cx: &mut Cx<'_>, slot: u32, armed: Mono) -> Option<Mono> {
        let generation = self.slots[slot as usize].word.load().generation;
        let (life, state) = self.live(OrderId::new(slot, generation))?;
        match state {
            State::Scheduled => self.activate(cx, life, armed),
            State::Waiting => self.climb(cx, life, armed),
            State::Claimed => self.lapse_claim(cx, life, armed),
            // Held or over: no wait runs. put_back arms again.
            _ => None,
        }
    }

    /// Lets a scheduled order wait, if its time has come.
    fn activate(&self, cx: &mut Cx<'_>, life: Live<'_>, armed: Mono) -> Option<Mono> {
        let (seen, terms) = (life.seen()?.0, life.terms().ok()?);
        let activation = life.moment().ok()?;
        if activation > armed {
            return Some(activation);
        }
        // It may have been opened, grabbed and sent away once more by now: then the terms may be
        // those of a turn whose time has not come, and whoever sent it away has asked for a look.
        if life.seen()?.0 != seen {
            return None;
        }
        // Or be over, and its slot filled again: then there is nothing to do.
        self.line_up_as(life, terms).ok()?;
        self.open(cx, life, seen.epoch, terms).ok()?;
        self.next_due(life)
    }

    /// Takes the next step of a waiting order, if it is due: a stage or the breach of the limit.
    fn climb(&self, cx: &mut Cx<'_>, life: Live<'_>, armed: Mono) -> Option<Mono> {
        let step = self.next_step(life)?;
        if step.due > armed {
            return Some(step.due);
        }
        match step.happens {
            Happens::Stage => self.reach(cx, life, step),
            Happens::Breach { kept } => self.breach(cx, life, kept, |now| now == step.terms),
        }
        self.next_due(life)
    }

    /// Fires the next stage of an order.
    ///
    /// The claim word is not written: a clerk who grabs at the same time simply wins. If a verb
    /// changes the order in between, nothing has fired, and the next look tries again. The turn
    /// stays: the entry with the new rank comes beside the old one, which keeps the order in its
    /// lane meanwhile and goes stale with it, once somebody grabs the order through the better one.
    pub(super) fn reach(&self, cx: &mut Cx<'_>, life: Live<'_>, Step { terms, due, .. }: Step) {
        let (service, stage) = (terms.service, terms.stages);
        let actions = &self.rules.stages(service)[usize::from(stage)].actions;
        let boost_ms = actions.iter().map(boost_ms).fold(0_i64, i64::saturating_add);
        let moves = boost_ms > 0 || actions.iter().any(|a| matches!(a, Action::Widen { .. }));
        let moves = moves && !terms.is_parked;
        let next = TermsNow { stages: stage + 1, ..terms };
        let fired = life.change_terms(|now| (now == terms).then_some(next));
        if fired.is_ok_and(|(before, _)| before == terms) {
            life.shift_rank_ms(-boost_ms).ok();
            if moves && let Ok(key) = life.key() {
                let hint = Hint::new(life.order, next.turn);
                // With its rank as it was, it only needs an entry where it was not before.
                let before = (boost_ms == 0).then_some(stage);
                self.insert_beyond(before, key, hint, next, self.granted(life, next));
            }
            self.tell(cx, life, None, EventKind::StageReached { stage, due });
            for action in actions {
                self.tell_action(cx, life, action);
            }
        }
    }
}

impl Inner {
    /// Tells what an action does to an order, and asks for what is done elsewhere.
    pub(super) fn tell_action(&self, cx: &mut Cx<'_>, life: Live<'_>, action: &Action) {
        if let Action::SwitchPlan { plan } = *action {
            self.wish_for(plan);
        }
        self.tell(cx, life, None, told(action));
    }
}

fn boost_ms(action: &Action) -> i64 {
    match *action {
        Action::Boost { by_ms } => i64::try_from(by_ms).unwrap_or(i64::MAX),
        _ => 0,
    }
}

pub(super) fn told(action: &Action) -> EventKind {
    match *action {
        Action::Boost { by_ms } => EventKind::Boosted { by_ms },
        Action::Widen { pool } => EventKind::Widened { pool },
        Action::Notify { role } => EventKind::NotifyDue { role },
        Action::Show { colour } => EventKind::ShowDue { colour },
        Action::Card { colour, .. } => EventKind::CardGiven { colour },
        Action::Drop { skill } => EventKind::SkillDropped { skill },
        Action::Move { pool } => EventKind::Moved { pool },
        Action::OpenWindow => EventKind::OpenWindowDue,
        Action::FollowUp { service } => EventKind::FollowUpDue { service },
        Action::SwitchPlan { plan } => EventKind::PlanDue { plan },
    }
}
