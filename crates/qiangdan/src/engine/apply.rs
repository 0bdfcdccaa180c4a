//! Rules are swapped while others submit and grab (换规则, 换方案).
//!
//! First the rules grow by what is new (`rules/grow.rs`) and are published, then one word says
//! which plan counts. Who submits reads the word first, and so finds the row it names. Open
//! orders keep their row, unless they are to be moved: that is done order by order, by the next
//! calls of `advance`.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::{Advancer, Engine, Inner};
use crate::{
    Amend, Cx, EventKind, Mono, Now, OrderId, PlanId, Rules, ServiceId, State,
    order::{Live, TermsNow},
    rules::Plan,
};

/// What becomes of orders that are open when rules are swapped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum OpenOrders {
    /// They keep the rules they came in with (老单老办法).
    #[default]
    Keep,
    /// They go over to the new rules of their service, as with [`Engine::amend`]: they climb the
    /// new ladder from the stage that their wait has reached, and no stage fires again. Those
    /// whose service is withdrawn keep what they have.
    Move,
}

/// What other rules would change, at one instant. An order that changes meanwhile counts as it
/// was or as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RulesPreview {
    /// Services whose rules would change, with the orders that are open.
    pub changed: Vec<(ServiceId, u64)>,
    /// Services that would be new.
    pub new: Vec<ServiceId>,
    /// Services that would be withdrawn, or are no more.
    pub withdrawn: Vec<ServiceId>,
    /// The open orders of those (E65).
    pub of_withdrawn: Vec<OrderId>,
    /// Orders that wait and would be in breach of the limit on their wait at once, if open orders
    /// were moved, and are not.
    pub breached: u64,
    /// Those that are and would not be.
    pub unbreached: u64,
    /// How many lanes there would be.
    pub lanes: u32,
}

/// Why rules were not swapped. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// More lanes than there is room for, see [`Bounds::lanes`](crate::Bounds::lanes).
    #[error("the rules need {found} lanes, and there is room for {most}")]
    Lanes {
        /// How many would be needed, with those of the rules before.
        found: u32,
        /// How many there can be.
        most: u32,
    },
    /// More of something than an id can number, with those of the rules before.
    #[error("too many {what}: {found}, at most {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there would be.
        found: usize,
        /// How many can be.
        most: usize,
    },
    /// No more different rules can be held. Build another engine.
    #[error("there have been {most} different rules, and no more can be held")]
    Editions {
        /// How many there can be.
        most: usize,
    },
    /// The first rules had no limits by the calendar, so the engine has no room for what is told
    /// of them.
    #[error("the engine was built without limits by the calendar: give it `Bounds::facts`")]
    NoClocks,
    /// A calendar says something else than the one in use. Load it first.
    #[cfg(feature = "calendar")]
    #[error("{calendar} differs from the one in use: load it first")]
    CalendarDiffers {
        /// Which.
        calendar: crate::CalendarId,
    },
    /// The watches on pools are others. They stay as the engine was built.
    #[error("the watches on pools differ from those the engine was built with")]
    WatchesDiffer,
    /// Other presence rules, ceilings, or units where every order took one. They stay as the
    /// engine was built.
    #[error("what is said of clerks is more than the engine was built for")]
    StaffDiffers,
    /// Open orders are still being moved since the last swap. Advance until that is done.
    #[error("{left} orders have not been looked at since the last swap")]
    StillMoving {
        /// How many slots are left.
        left: u32,
    },
    /// No plan has this number.
    #[error("no {plan}")]
    NoSuchPlan {
        /// Which.
        plan: PlanId,
    },
}

/// The rules in force: how often they were swapped, and by which plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct InForce {
    pub(super) version: u32,
    pub(super) plan: PlanId,
}

impl InForce {
    pub(super) fn pack(self) -> u64 {
        u64::from(self.version) << 16 | u64::from(self.plan.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to its width")]
    #[inline]
    fn unpack(word: u64) -> Self {
        Self { version: (word >> 16) as u32, plan: PlanId(word as u16) }
    }
}

/// Which orders are still to be moved.
#[derive(Debug)]
pub(super) struct Moving {
    next: u32,
}

impl Engine {
    /// What [`Advancer::apply`] would change now. Changes nothing.
    ///
    /// Costs a look at each order there is room for; others go on meanwhile.
    ///
    /// # Errors
    ///
    /// Why the rules could not be applied.
    pub fn preview(&self, next: &Rules, now: Now) -> Result<RulesPreview, ApplyError> {
        let inner = &*self.inner;
        let (grown, number) = inner.grown(next)?;
        let (before, after) = (inner.plan(), &grown.plans[number]);
        let mut preview = RulesPreview {
            lanes: u32::try_from(grown.lanes().len()).unwrap_or(u32::MAX),
            ..RulesPreview::default()
        };
        let services = inner.rules.of.iter().chain(&grown.of).map(|service| service.0 + 1).max();
        for service in (0..services.unwrap_or(0)).map(ServiceId) {
            match (before.row(service), after.row(service)) {
                (None, Some(_)) => preview.new.push(service),
                (Some(_), None) => preview.withdrawn.push(service),
                (Some(old), Some(new)) if old != new => preview.changed.push((service, 0)),
                _ => {}
            }
        }
        for slot in 0..u32::try_from(inner.slots.len()).unwrap_or(u32::MAX) {
            let Some((life, state, terms)) = inner.open_in(slot) else { continue };
            preview.see(life, state, terms, &inner.rules, (&grown, after), now.mono);
        }
        Ok(preview)
    }

    /// The plan in force.
    #[must_use]
    pub fn plan(&self) -> PlanId {
        self.inner.in_force().plan
    }

    /// How often rules have been swapped: the version that events name.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.inner.in_force().version
    }
}

impl RulesPreview {
    fn see(
        &mut self,
        life: Live<'_>,
        state: State,
        terms: TermsNow,
        old: &Rules,
        (grown, plan): (&Rules, &Plan),
        now: Mono,
    ) {
        let service = old.host_id(terms.service);
        if let Some((_, open)) = self.changed.iter_mut().find(|(of, _)| *of == service) {
            *open += 1;
        }
        let Some(row) = plan.row(service) else {
            self.of_withdrawn.push(life.order);
            return;
        };
        let (State::Waiting, Ok(since)) = (state, life.since()) else { return };
        let is_late = |row| {
            let limit_ms = grown.service(row).and_then(|rule| rule.wait_limit_ms);
            limit_ms.is_some_and(|limit_ms| now.since_ms(since) > limit_ms)
        };
        let (is, would_be) = (is_late(terms.service), is_late(row));
        self.breached += u64::from(would_be && !is);
        self.unbreached += u64::from(is && !would_be);
    }
}

impl Advancer {
    /// Puts other rules in force (换规则). Ids mean the same in both; a service that is no more
    /// belongs in [`RulesDraft::withdrawn`](crate::RulesDraft::withdrawn), so that later ones
    /// keep their ids.
    ///
    /// Orders that come in from now on are under them. Open ones keep what they came in with, or
    /// are moved by the next calls of [`Advancer::advance`], as `open` says. Clerks take from new
    /// lanes at once. Live figures go on with the wait target that the engine was built with.
    /// Limits by the calendar need an engine that was built with some, or with `Bounds::facts`.
    ///
    /// Returns the plan that these rules are: [`Advancer::switch`] comes back to it without
    /// another check.
    ///
    /// # Errors
    ///
    /// See [`ApplyError`]. Nothing has changed.
    pub fn apply(
        &mut self,
        cx: &mut Cx<'_>,
        next: &Rules,
        open: OpenOrders,
    ) -> Result<PlanId, ApplyError> {
        self.moved()?;
        let plan = self.prepare(next)?;
        self.switch(cx, plan, open)?;
        Ok(plan)
    }

    /// Makes rules ready to be switched to, as a plan (预案): for the peak, for the evening.
    /// Nothing changes for anybody yet.
    ///
    /// # Errors
    ///
    /// See [`ApplyError`].
    pub fn prepare(&mut self, next: &Rules) -> Result<PlanId, ApplyError> {
        let inner = &*self.inner;
        let (grown, number) = inner.grown(next)?;
        let plan = PlanId(u16::try_from(number).unwrap_or(u16::MAX));
        if number < inner.rules.plans.len() {
            return Ok(plan);
        }
        #[cfg(feature = "calendar")]
        inner.grow_clocks(&mut self.walls, &grown);
        inner.rules.add(grown);
        inner.clerks.iter().for_each(|clerk| clerk.renew_lanes(&inner.rules));
        Ok(plan)
    }

    /// Puts a plan in force that was applied or prepared before. One store: whoever submits is
    /// under one plan or the other.
    ///
    /// # Errors
    ///
    /// [`ApplyError::NoSuchPlan`], [`ApplyError::StillMoving`]. Nothing has changed.
    pub fn switch(
        &mut self,
        cx: &mut Cx<'_>,
        plan: PlanId,
        open: OpenOrders,
    ) -> Result<(), ApplyError> {
        self.moved()?;
        let inner = &*self.inner;
        if plan.index() >= inner.rules.plans.len() {
            return Err(ApplyError::NoSuchPlan { plan });
        }
        let version = inner.in_force().version.wrapping_add(1);
        // Ordering: Release, edge "in force": whoever reads the word finds the plan.
        inner.in_force.store(InForce { version, plan }.pack(), Release);
        inner.tell_of_all(cx, EventKind::PlanSwitched { plan });
        self.moving = (open == OpenOrders::Move).then_some(Moving { next: 0 });
        Ok(())
    }

    /// Puts the plan in force that a stage or a watch has asked for, if one has.
    pub(super) fn grant_wish(&mut self, cx: &mut Cx<'_>) {
        if !self.inner.has_wish() || self.moving.is_some() {
            return;
        }
        // Ordering: Relaxed. The number of a plan, which is looked for; it guards nothing.
        let wish = self.inner.wish.swap(0, Relaxed);
        let plan = wish.checked_sub(1).and_then(|plan| u16::try_from(plan).ok()).map(PlanId);
        // One that is not there was told of when it was asked for.
        if let Some(plan) = plan.filter(|&plan| plan != self.inner.in_force().plan) {
            self.switch(cx, plan, OpenOrders::Keep).ok();
        }
    }

    /// Whether open orders have all been moved since the last swap.
    fn moved(&self) -> Result<(), ApplyError> {
        let slots = u32::try_from(self.inner.slots.len()).unwrap_or(u32::MAX);
        let left = self.moving.as_ref().map(|moving| slots - moving.next);
        left.map_or(Ok(()), |left| Err(ApplyError::StillMoving { left }))
    }

    /// Moves open orders to the rules in force; a step each. Returns the steps that are left.
    pub(super) fn move_open(&mut self, cx: &mut Cx<'_>, mut steps: usize) -> usize {
        let inner = &*self.inner;
        while let Some(moving) = self.moving.as_mut().filter(|_| steps > 0) {
            if moving.next as usize >= inner.slots.len() {
                self.moving = None;
                break;
            }
            inner.move_one(cx, moving.next);
            moving.next += 1;
            steps -= 1;
        }
        steps
    }
}

impl Inner {
    #[inline]
    pub(super) fn in_force(&self) -> InForce {
        // Ordering: Acquire, edge "in force".
        InForce::unpack(self.in_force.load(Acquire))
    }

    /// Asks for a plan to be in force from the next call of `advance` on. The latest wish counts.
    pub(super) fn wish_for(&self, plan: PlanId) {
        // Ordering: Relaxed, as in `grant_wish`.
        self.wish.store(u32::from(plan.0) + 1, Relaxed);
    }

    pub(super) fn has_wish(&self) -> bool {
        // Ordering: Relaxed, as in `grant_wish`.
        self.wish.load(Relaxed) != 0
    }

    /// The plan in force.
    #[inline]
    pub(super) fn plan(&self) -> &Plan {
        let plan = self.in_force().plan;
        &self.rules.plans[plan.index()]
    }

    /// The rules with what `next` says beside them, if they fit.
    fn grown(&self, next: &Rules) -> Result<(Rules, usize), ApplyError> {
        #[cfg(feature = "calendar")]
        self.check_clocks(next)?;
        if self.rules.watches() != next.watches() {
            return Err(ApplyError::WatchesDiffer);
        }
        if !self.rules.keeps_staff(next) {
            return Err(ApplyError::StaffDiffers);
        }
        let (grown, plan) = self.rules.grown(next);
        let (found, most) =
            (u32::try_from(grown.lanes().len()).unwrap_or(u32::MAX), self.lanes_max);
        if found > most {
            return Err(ApplyError::Lanes { found, most });
        }
        let most = usize::from(u16::MAX);
        let counts = [("services", grown.services().len()), ("plans", grown.plans.len())];
        for (what, found) in counts {
            if found > most {
                return Err(ApplyError::TooMany { what, found, most });
            }
        }
        if plan == self.rules.plans.len() && !self.rules.has_room() {
            return Err(ApplyError::Editions { most: crate::editions::EDITIONS_MAX });
        }
        Ok((grown, plan))
    }

    /// The open order in a slot.
    fn open_in(&self, slot: u32) -> Option<(Live<'_>, State, TermsNow)> {
        let generation = self.slots[slot as usize].word.load().generation;
        let (life, state) = self.live(OrderId::new(slot, generation))?;
        Some((life, state, life.terms().ok()?)).filter(|_| state != State::Closed)
    }

    /// Moves the open order in a slot to the rules in force, if its service has others.
    fn move_one(&self, cx: &mut Cx<'_>, slot: u32) {
        let Some((life, _, terms)) = self.open_in(slot) else { return };
        let row = self.plan().row(self.rules.host_id(terms.service));
        if let Some(row) = row.filter(|&row| row != terms.service) {
            // If it is over by now, there is nothing to move.
            self.change(cx, life, Amend { service: Some(row), class: None }).ok();
        }
    }
}
