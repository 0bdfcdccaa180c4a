//! The part of a hall that the engine obeys: services, pools, classes, ladders, the wait target.
//!
//! A [`Rules`] cannot be wrong: [`RulesDraft::check`] is the only way to make one, and it names
//! every mistake. The hall file is one way to a draft, code is another. From the services it
//! derives the *lanes*: one for each (pool, needs, class) that can occur, so that the head of a
//! lane decides for every clerk whether the lane is theirs.

mod error;
mod grow;

#[cfg(feature = "calendar")]
use crate::{
    CalendarId, LimitId,
    calendar::Calendar,
    limit::{self, LimitRule},
};
pub use error::RulesError;
pub use grow::Plan;

use crate::{
    ClassId, LadderId, LaneId, PlanId, PoolId, RoleId, ServiceId, SkillId, Skills,
    clerk::Charge,
    grant::{Grantable, Grants},
    handling::Handling,
    staff::{Demand, Levels, StaffRules},
    watch::{self, PoolWatch},
};

/// Services, pools, classes and ladders as someone wrote them, not yet checked.
#[derive(Clone, Debug, Default)]
pub struct RulesDraft {
    /// How many pools there are; services and ladders name them by position.
    pub pools: u16,
    /// The services, in the order of their ids.
    pub services: Vec<ServiceRule>,
    /// Head start of each class in milliseconds; may be negative. Class 0 is the ordinary one.
    /// Empty means one class without a head start.
    pub head_starts_ms: Vec<i64>,
    /// The ladders, in the order of their ids.
    pub ladders: Vec<Ladder>,
    /// The watches on pools, in the order of their ids.
    pub watches: Vec<PoolWatch>,
    /// The hall's promise about waits.
    pub target: WaitTarget,
    /// For how long after an order has closed its dedup key still names it, in milliseconds.
    pub dedup_window_ms: u64,
    /// Services for which no new order comes in (停办). They keep their ids, for the orders that
    /// are open.
    pub withdrawn: Vec<ServiceId>,
    /// What is said of clerks.
    pub staff: StaffRules,
    /// How orders in hand are handled, for services that say so; once each.
    pub handling: Vec<(ServiceId, Handling)>,
    /// What is promised by the calendar.
    #[cfg(feature = "calendar")]
    pub clocks: ClockRules,
}

/// What is promised by the calendar: limits whose clocks run on orders.
#[cfg(feature = "calendar")]
#[derive(Clone, Debug, Default)]
pub struct ClockRules {
    /// The calendars, in the order of their ids.
    pub calendars: Vec<Calendar>,
    /// The limits, in the order of their ids.
    pub limits: Vec<LimitRule>,
    /// Which limits the orders of a service have.
    pub of_services: Vec<(ServiceId, LimitId)>,
    /// When a role may be told; one that is not named here, always.
    pub hours_of_roles: Vec<(RoleId, CalendarId)>,
    /// How far the clock on the wall is trusted.
    pub trust: WallTrust,
}

/// How far the clock on the wall is trusted (墙上时钟). Someone may set it wrong, and set it
/// right again.
#[cfg(feature = "calendar")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WallTrust {
    /// A wall that goes ahead of the clock that never goes back by more than this, in milliseconds,
    /// between two calls of `advance`, is suspect.
    pub leap_ms: u64,
    /// For how long calendar limits are held then, in milliseconds; a wall that is ahead after
    /// that is believed.
    pub hold_ms: u64,
}

#[cfg(feature = "calendar")]
impl Default for WallTrust {
    /// More than a minute ahead is held for half a minute.
    fn default() -> Self {
        Self { leap_ms: 60_000, hold_ms: 30_000 }
    }
}

/// What the engine knows of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceRule {
    /// The pool its orders wait in.
    pub pool: PoolId,
    /// The skills a clerk must have, all of them.
    pub needs: Skills,
    /// The wait limit in milliseconds: an order that waits longer is in breach.
    pub wait_limit_ms: Option<u64>,
    /// What happens while an order waits on.
    pub ladder: Option<LadderId>,
}

/// A ladder (升级阶梯): what happens while an order waits on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ladder {
    /// The stages; their instants rise.
    pub stages: Vec<Stage>,
}

/// One stage (级) of a ladder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Fires once an order has waited this long, in milliseconds.
    pub at_ms: u64,
    /// What happens, in this order.
    pub actions: Vec<Action>,
}

/// What a stage does (措施).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Adds a head start of so many milliseconds (加权提前).
    Boost {
        /// The head start, on top of what the order has.
        by_ms: u64,
    },
    /// Lets clerks of one more pool grab the order (扩池); it stays in its own.
    Widen {
        /// The pool added.
        pool: PoolId,
    },
    /// Tells a role (通知). Leaves the engine as an event.
    Notify {
        /// Who is told.
        role: RoleId,
    },
    /// Shows the order in a colour on the board (亮灯). Leaves the engine as an event.
    Show {
        /// The colour.
        colour: Colour,
    },
    /// Gives a card (黄牌, 红牌): a record on order, limit, stage and owner that stays. Leaves
    /// the engine as an event.
    Card {
        /// Amber is the yellow card, red the red one.
        colour: Colour,
        /// Who is given it must reply within so much, in the unit of the limit. None on the
        /// ladder of a wait.
        reply_within: Option<u64>,
    },
    /// Drops a soft skill (放宽技能): clerks without it may grab the order from now on.
    Drop {
        /// The skill.
        skill: SkillId,
    },
    /// Moves a waiting order to another pool (改派): only that pool's clerks may grab it from now
    /// on.
    Move {
        /// The pool.
        pool: PoolId,
    },
    /// Advises to open a window for the order's pool (增开窗口). Leaves the engine as an event.
    OpenWindow,
    /// Puts a plan in force (换方案), by the next call of `advance`: open orders keep what they
    /// have. A watch on a pool goes back to the first plan once it is armed again.
    SwitchPlan {
        /// The plan. One that is not there is told of, and nothing else happens.
        plan: PlanId,
    },
    /// Lets a new order come in (回访, 督办), with the same tag.
    FollowUp {
        /// Of which service.
        service: ServiceId,
    },
}

/// The colours of a board.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Colour {
    /// 黄: soon too late.
    Amber,
    /// 红: too late.
    Red,
}

/// The promise about waits (排队不超过10分钟): this share of orders is grabbed within this long.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WaitTarget {
    /// The wait promised, in milliseconds. A wait of exactly this long keeps the promise.
    pub within_ms: u64,
    /// The share of orders for which it must be kept, 0 to 1.
    pub share: f64,
}

impl Default for WaitTarget {
    /// Ten minutes for nine in ten.
    fn default() -> Self {
        Self { within_ms: 600_000, share: 0.9 }
    }
}

/// One lane (队列): the orders of one pool, one class, and one set of needs and demands, so that
/// who may take its first may take all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LaneRule {
    /// Whose clerks may grab from it.
    pub pool: PoolId,
    /// What those clerks must be able to do.
    pub needs: Skills,
    /// The class of its orders.
    pub class: ClassId,
    /// How well those clerks must know what they can do.
    pub levels: Levels,
    /// How many units each of its orders takes.
    pub units: u16,
    /// The service of its orders, if clerks have a ceiling for it.
    pub capped: Option<ServiceId>,
}

/// A hundred years in milliseconds: no head start is longer, so that ranks keep their distance.
const HEAD_START_MS_MAX: i64 = 3_155_760_000_000;

/// Checked rules.
///
/// Rules of which an engine has applied several are *grown*: services whose rules have changed
/// are there once for each, and open orders keep the one they came in with, see `rules/grow.rs`.
#[derive(Clone, Debug)]
pub struct Rules {
    draft: RulesDraft,
    lanes: Vec<LaneRule>,
    /// The lanes by what they are for, rising.
    index: Vec<(LaneRule, LaneId)>,
    /// `[service][class]`, flattened: the lane an order goes to.
    home: Vec<LaneId>,
    /// Which service of the host each service here is one of.
    pub(crate) of: Vec<ServiceId>,
    /// Which limit of the host each limit here is one of.
    #[cfg(feature = "calendar")]
    of_limits: Vec<LimitId>,
    /// What counts for orders that come in, by plan.
    pub(crate) plans: Vec<Plan>,
    /// What the limits of each service may grant; empty if no service has limits.
    grantable: Vec<Grantable>,
    /// What orders of each service ask of a clerk.
    demands: Vec<Demand>,
    /// The most units an order takes.
    units_max: u32,
    /// How the orders of each service are handled; empty if no service says so.
    handling: Vec<Handling>,
}

impl RulesDraft {
    /// Checks the draft.
    ///
    /// # Errors
    ///
    /// Every mistake found; the list is never empty.
    pub fn check(mut self) -> Result<Rules, Vec<RulesError>> {
        if self.head_starts_ms.is_empty() {
            self.head_starts_ms.push(0);
        }
        let mut mistakes = self.counts();
        for (service, rule) in (0..).map(ServiceId).zip(&self.services) {
            if rule.pool.0 >= self.pools {
                let (pool, pools) = (rule.pool, self.pools);
                mistakes.push(RulesError::NoSuchPool { service, pool, pools });
            }
            if let Some(ladder) = rule.ladder.filter(|l| l.index() >= self.ladders.len()) {
                let ladders = self.ladders.len();
                mistakes.push(RulesError::NoSuchLadder { service, ladder, ladders });
            }
        }
        for (ladder, rule) in (0..).map(LadderId).zip(&self.ladders) {
            rule.check(ladder, self.pools, &mut mistakes);
        }
        let most_ms = HEAD_START_MS_MAX;
        for (class, &head_start_ms) in (0..=u8::MAX).map(ClassId).zip(&self.head_starts_ms) {
            if !(-most_ms..=most_ms).contains(&head_start_ms) {
                mistakes.push(RulesError::HeadStartTooLong { class, head_start_ms, most_ms });
            }
        }
        #[cfg(feature = "calendar")]
        for all in self.grantable() {
            let granted = "pools and skills that the limits of one service grant";
            let dropped = "skills that the limits of one service drop";
            let counts = [
                (granted, all.len(), Grantable::MOST),
                (dropped, all.skills(), Grantable::SKILLS_MOST),
            ];
            let too_many = counts.into_iter().filter(|(_, found, most)| found > most);
            mistakes.extend(too_many.map(|(what, found, most)| RulesError::TooMany {
                what,
                found,
                most,
            }));
        }
        mistakes.extend(watch::mistakes(&self.watches, self.pools).map(RulesError::Watch));
        self.check_handling(&mut mistakes);
        if !(0.0..=1.0).contains(&self.target.share) {
            mistakes.push(RulesError::NoShare);
        }
        let staff = self.staff.mistakes(self.services.len());
        mistakes.extend(staff.into_iter().map(RulesError::Staff));
        #[cfg(feature = "calendar")]
        {
            let clocks = limit::mistakes(&self.clocks, self.services.len(), self.pools);
            mistakes.extend(clocks.into_iter().map(RulesError::Clock));
        }
        let none = self.withdrawn.iter().filter(|service| service.index() >= self.services.len());
        mistakes.extend(none.map(|&service| RulesError::NoSuchService { service }));
        if mistakes.is_empty() { Ok(Rules::of_one(self)) } else { Err(mistakes) }
    }

    fn check_handling(&self, mistakes: &mut Vec<RulesError>) {
        for (n, (service, handling)) in self.handling.iter().enumerate() {
            let (service, pools) = (*service, self.pools);
            let is_known = self.handling[..n].iter().any(|(known, _)| *known == service);
            if is_known || service.index() >= self.services.len() {
                mistakes.push(RulesError::HandlesNothing { service });
            }
            for &pool in handling.hands_to.iter().filter(|pool| pool.0 >= pools) {
                mistakes.push(RulesError::HandsNowhere { service, pool, pools });
            }
        }
    }

    /// How the orders of each service are handled; empty if no service says so.
    fn handling(&self) -> Vec<Handling> {
        if self.handling.is_empty() {
            return Vec::new();
        }
        let mut all = vec![Handling::default(); self.services.len()];
        for (service, handling) in &self.handling {
            all[service.index()].clone_from(handling);
        }
        all
    }

    /// What the limits of each service may grant.
    #[cfg(feature = "calendar")]
    fn grantable(&self) -> Vec<Grantable> {
        if self.clocks.of_services.is_empty() {
            return Vec::new();
        }
        let mut grantable = vec![Grantable::default(); self.services.len()];
        for &(service, limit) in &self.clocks.of_services {
            let rule = self.clocks.limits.get(limit.index());
            for stage in rule.into_iter().flat_map(|rule| &rule.stages) {
                let silent = stage.silence.iter().flat_map(|silence| &silence.actions);
                for action in stage.actions.iter().chain(silent) {
                    if let Some(all) = grantable.get_mut(service.index()) {
                        all.add(action);
                    }
                }
            }
        }
        grantable
    }

    /// Nothing: there are no limits on the calendar.
    #[cfg(not(feature = "calendar"))]
    #[expect(clippy::unused_self, reason = "with the feature `calendar` it is used")]
    fn grantable(&self) -> Vec<Grantable> {
        Vec::new()
    }

    fn counts(&self) -> Vec<RulesError> {
        let mut mistakes = Vec::new();
        if self.services.is_empty() {
            mistakes.push(RulesError::NoService);
        }
        let counts = [
            ("services", self.services.len(), usize::from(u16::MAX)),
            ("classes", self.head_starts_ms.len(), usize::from(u8::MAX)),
            ("ladders", self.ladders.len(), usize::from(u16::MAX)),
            ("watches", self.watches.len(), usize::from(u16::MAX)),
            #[cfg(feature = "calendar")]
            ("limits", self.clocks.limits.len(), usize::from(u16::MAX)),
            #[cfg(feature = "calendar")]
            ("calendars", self.clocks.calendars.len(), usize::from(u16::MAX)),
        ];
        for (what, found, most) in counts {
            if found > most {
                mistakes.push(RulesError::TooMany { what, found, most });
            }
        }
        mistakes
    }
}

impl Ladder {
    fn check(&self, ladder: LadderId, pools: u16, mistakes: &mut Vec<RulesError>) {
        let mut before = None;
        for (stage, rule) in (1..).zip(&self.stages) {
            if before.is_some_and(|before| rule.at_ms <= before) {
                mistakes.push(RulesError::StagesNotRising { ladder, stage, at_ms: rule.at_ms });
            }
            before = Some(rule.at_ms);
            for action in &rule.actions {
                if let Action::Widen { pool } = *action
                    && pool.0 >= pools
                {
                    mistakes.push(RulesError::WidensNowhere { ladder, stage, pool, pools });
                }
                if let Action::Card { reply_within: Some(_), .. } = action {
                    mistakes.push(RulesError::ReplyOnWait { ladder, stage });
                }
            }
        }
        let boosts =
            self.stages.iter().flat_map(|stage| &stage.actions).map(|action| match action {
                Action::Boost { by_ms } => *by_ms,
                _ => 0,
            });
        let most_ms = HEAD_START_MS_MAX;
        if boosts.fold(0, u64::saturating_add) > most_ms.unsigned_abs() {
            mistakes.push(RulesError::BoostsTooLong { ladder, most_ms });
        }
        if self.stages.len() > usize::from(u8::MAX) {
            let (found, most) = (self.stages.len(), usize::from(u8::MAX));
            mistakes.push(RulesError::TooMany { what: "stages in a ladder", found, most });
        }
    }

    /// The pools its stages widen to.
    fn pools(&self) -> impl Iterator<Item = PoolId> {
        self.stages.iter().flat_map(|stage| &stage.actions).filter_map(|action| match *action {
            Action::Widen { pool } => Some(pool),
            _ => None,
        })
    }
}

impl Rules {
    /// Rules of which every service is one of its own.
    fn of_one(draft: RulesDraft) -> Self {
        let plan = Plan::of(&draft);
        let of = (0..).map(ServiceId).take(draft.services.len()).collect::<Vec<_>>();
        let demands = of.iter().map(|&service| draft.staff.demand(service)).collect();
        let handling = draft.handling();
        Self::with_lanes(draft, &[], of, (demands, handling), vec![plan])
    }

    /// Rules whose first lanes are those of `before`.
    fn with_lanes(
        draft: RulesDraft,
        before: &[LaneRule],
        of: Vec<ServiceId>,
        (demands, handling): (Vec<Demand>, Vec<Handling>),
        plans: Vec<Plan>,
    ) -> Self {
        let classes = (0..draft.head_starts_ms.len()).map(class_id).collect::<Vec<_>>();
        let grantable = draft.grantable();
        let units = demands.iter().map(|demand| u32::from(demand.units));
        let units_max = units.max().unwrap_or(1);
        let mut lanes = Vec::new();
        for (n, (rule, demand)) in draft.services.iter().zip(&demands).enumerate() {
            let all = grantable.get(n);
            let service = of[n];
            let dropped = all.map_or_else(|| vec![Skills::none()], Grantable::all_dropped);
            for dropped in dropped {
                let wider = rule.ladder.iter().flat_map(|l| draft.ladders[l.index()].pools());
                let granted = all.into_iter().flat_map(Grantable::all_pools);
                let handed = handling.get(n).into_iter().flat_map(|handling| &handling.hands_to);
                let others = wider.chain(granted).chain(handed.copied());
                for pool in std::iter::once(rule.pool).chain(others) {
                    let lane = |&class| rule.lane(demand, dropped, pool, service, class);
                    lanes.extend(classes.iter().map(lane));
                }
            }
        }
        let lanes = [before, &grow::beyond(lanes, before)].concat();
        let mut index = lanes.iter().copied().zip((0..).map(LaneId)).collect::<Vec<_>>();
        index.sort_unstable();
        let mut rules = Self {
            #[cfg(feature = "calendar")]
            of_limits: (0..).map(LimitId).take(draft.clocks.limits.len()).collect(),
            draft,
            lanes,
            index,
            home: Vec::new(),
            of,
            plans,
            grantable,
            demands,
            units_max,
            handling,
        };
        let all = rules.draft.services.iter().zip(&rules.demands).enumerate();
        let homes = all.flat_map(|(n, (rule, demand))| {
            let (none, service) = (Skills::none(), rules.of[n]);
            let lane = move |&class| rule.lane(demand, none, rule.pool, service, class);
            classes.iter().map(lane)
        });
        rules.home = homes.map(|lane| rules.find(lane)).collect();
        rules
    }

    /// The services, in the order of their ids.
    #[must_use]
    pub fn services(&self) -> &[ServiceRule] {
        &self.draft.services
    }

    /// The lanes, in the order of their ids.
    #[must_use]
    pub fn lanes(&self) -> &[LaneRule] {
        &self.lanes
    }

    /// Head start of each class, in milliseconds.
    #[must_use]
    pub fn head_starts_ms(&self) -> &[i64] {
        &self.draft.head_starts_ms
    }

    /// The watches on pools, in the order of their ids.
    #[must_use]
    pub fn watches(&self) -> &[PoolWatch] {
        &self.draft.watches
    }

    /// The pools in which an order of this service may come to wait: its own, those that its limits may
    /// move it to, or widen to, and those that it may be handed on to.
    pub(crate) fn pools_of(&self, service: ServiceId) -> impl Iterator<Item = PoolId> + '_ {
        let own = self.service(service).map(|rule| rule.pool);
        let granted = self.grantable.get(service.index()).into_iter();
        let handed =
            self.handling(service).into_iter().flat_map(|all| all.hands_to.iter().copied());
        own.into_iter().chain(granted.flat_map(Grantable::all_pools)).chain(handed)
    }

    /// The promise about waits.
    #[must_use]
    pub fn target(&self) -> WaitTarget {
        self.draft.target
    }

    /// What is said of clerks.
    #[must_use]
    pub fn staff(&self) -> &StaffRules {
        &self.draft.staff
    }

    /// What an order of a service asks of a clerk; there must be such a service.
    #[must_use]
    pub fn demand(&self, service: ServiceId) -> &Demand {
        &self.demands[service.index()]
    }

    /// What an order of a lane takes of its holder's room.
    pub(crate) fn charge(&self, lane: LaneId) -> Charge {
        let LaneRule { units, capped, .. } = self.lanes[lane.index()];
        self.charge_as(units, capped)
    }

    /// What an order of a service takes of its holder's room.
    pub(crate) fn charge_of(&self, service: ServiceId) -> Charge {
        let demand = self.demand(service);
        self.charge_as(demand.units, demand.ceiling.map(|_| self.host_id(service)))
    }

    fn charge_as(&self, units: u16, capped: Option<ServiceId>) -> Charge {
        let place = |capped| {
            let all = self.draft.staff.capped();
            (0..).zip(all).find(|(_, (service, _))| *service == capped).map(|(n, _)| n)
        };
        Charge { units, ceiling: capped.and_then(place) }
    }

    /// The most units that an order takes.
    pub(crate) fn units_max(&self) -> u32 {
        self.units_max
    }

    /// For how long after closing a dedup key still names its order, in milliseconds.
    #[must_use]
    pub fn dedup_window_ms(&self) -> u64 {
        self.draft.dedup_window_ms
    }

    /// What is promised by the calendar.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn clocks(&self) -> &ClockRules {
        &self.draft.clocks
    }

    /// The same rules, with nothing promised by the calendar.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn without_clocks(&self) -> Self {
        Self::of_one(RulesDraft { clocks: ClockRules::default(), ..self.draft.clone() })
    }

    /// The id by which the host knows a service: several here may be one of his, if rules were
    /// swapped.
    #[must_use]
    #[inline]
    pub fn host_id(&self, service: ServiceId) -> ServiceId {
        self.of.get(service.index()).copied().unwrap_or(service)
    }

    /// The id by which the host knows a limit, as [`Rules::host_id`].
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn host_limit(&self, limit: LimitId) -> LimitId {
        self.of_limits.get(limit.index()).copied().unwrap_or(limit)
    }

    /// The same rules, with other promises by the calendar.
    ///
    /// # Errors
    ///
    /// As [`RulesDraft::check`].
    #[cfg(feature = "calendar")]
    pub fn with_clocks(&self, clocks: ClockRules) -> Result<Self, Vec<RulesError>> {
        RulesDraft { clocks, ..self.draft.clone() }.check()
    }

    /// The same rules, with nothing that watches over clerks: no leases, time to write up, or
    /// guards. For runs in which no heartbeat comes and nobody waits for a pace.
    #[must_use]
    pub fn without_watch(&self) -> Self {
        let mut draft = self.draft.clone();
        (draft.staff.presence, draft.staff.grab) = Default::default();
        Self::of_one(draft)
    }

    /// How many pools there are.
    #[must_use]
    pub fn pools(&self) -> u16 {
        self.draft.pools
    }

    /// The rule of a service, if there is one.
    #[must_use]
    pub fn service(&self, service: ServiceId) -> Option<&ServiceRule> {
        self.draft.services.get(service.index())
    }

    /// The stages an order of this service climbs; empty if it has no ladder.
    #[must_use]
    pub fn stages(&self, service: ServiceId) -> &[Stage] {
        let ladder = self.service(service).and_then(|rule| rule.ladder);
        ladder.map_or(&[], |ladder| &self.draft.ladders[ladder.index()].stages)
    }

    /// Whether anything happens by itself to an order of this service that waits: a stage, a
    /// breach.
    #[must_use]
    pub fn is_timed(&self, service: ServiceId) -> bool {
        self.service(service)
            .is_some_and(|rule| rule.wait_limit_ms.is_some() || rule.ladder.is_some())
    }

    /// How the orders of a service are handled, if any service says so.
    #[must_use]
    #[inline]
    pub fn handling(&self, service: ServiceId) -> Option<&Handling> {
        self.handling.get(service.index())
    }

    /// The lane where an order of this service and class waits, if both exist.
    #[must_use]
    pub fn home(&self, service: ServiceId, class: ClassId) -> Option<LaneId> {
        let classes = self.draft.head_starts_ms.len();
        if class.index() >= classes {
            return None;
        }
        self.home.get(service.index() * classes + class.index()).copied()
    }

    /// The lane in `pool` for what an order of this service and class needs; it exists for the
    /// service's own pool and those its ladder widens to.
    #[must_use]
    pub fn lane_in(&self, pool: PoolId, service: ServiceId, class: ClassId) -> Option<LaneId> {
        self.lane_without(Skills::none(), pool, service, class)
    }

    /// The same once some skills are dropped.
    fn lane_without(
        &self,
        dropped: Skills,
        pool: PoolId,
        service: ServiceId,
        class: ClassId,
    ) -> Option<LaneId> {
        let (rule, demand) = (self.service(service)?, self.demand(service));
        self.lane(rule.lane(demand, dropped, pool, self.host_id(service), class))
    }

    /// What the limits of a service may grant.
    pub(crate) fn grantable(&self, service: ServiceId) -> Option<&Grantable> {
        self.grantable.get(service.index())
    }

    /// The lanes where an order may be grabbed that has reached so many stages, if limits have
    /// granted it something. One that was moved is in no pool that its ladder widened to.
    pub(crate) fn lanes_granted(
        &self,
        service: ServiceId,
        class: ClassId,
        stages: u8,
        grants: Grants,
    ) -> impl Iterator<Item = LaneId> + '_ {
        let all = self.grantable.get(service.index());
        let dropped = all.map_or(Skills::none(), |all| grants.dropped(all));
        let own = grants.moved().or_else(|| Some(self.service(service)?.pool));
        let reached = if grants.moved().is_some() { 0 } else { usize::from(stages) };
        let reached = self.stages(service).iter().take(reached);
        let wider = reached.flat_map(|stage| &stage.actions).filter_map(|action| match *action {
            Action::Widen { pool } => Some(pool),
            _ => None,
        });
        let added = all.into_iter().flat_map(move |all| grants.pools(all));
        let pools = own.into_iter().chain(wider).chain(added);
        pools.filter_map(move |pool| self.lane_without(dropped, pool, service, class))
    }

    fn find(&self, lane: LaneRule) -> LaneId {
        self.lane(lane).expect("every service's lanes are made with the rules")
    }

    fn lane(&self, lane: LaneRule) -> Option<LaneId> {
        let found = self.index.binary_search_by_key(&lane, |&(lane, _)| lane).ok()?;
        Some(self.index[found].1)
    }
}

impl ServiceRule {
    /// The lane in `pool` of orders of this service of the host and class, once some skills are
    /// dropped.
    fn lane(
        &self,
        demand: &Demand,
        dropped: Skills,
        pool: PoolId,
        service: ServiceId,
        class: ClassId,
    ) -> LaneRule {
        let (needs, levels) = (self.needs.without(dropped), demand.levels.without(dropped));
        let capped = demand.ceiling.map(|_| service);
        LaneRule { pool, needs, class, levels, units: demand.units, capped }
    }
}

fn class_id(index: usize) -> ClassId {
    ClassId(u8::try_from(index).expect("the number of classes was checked"))
}

#[cfg(test)]
mod tests;
