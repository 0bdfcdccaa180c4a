//! What is wrong with the limits of a hall.

use std::collections::BTreeSet;

use super::{
    Expiry, Fact, LimitRule, LimitStage, Milestone, Moment, NaturalEnd, Rung, StageAt, Unit,
    rungs::Mark,
};
use crate::{
    Action, CalendarId, ClockRules, LimitId, Outcome, PoolId, RoleId, ServiceId, SkillId, Skills,
    calendar::Calendar,
};

/// What is wrong with the limits of a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// A service that is not there has a limit.
    #[error("{service} has {limit}, but there are {services} services")]
    NoSuchService {
        /// The service.
        service: ServiceId,
        /// Its limit.
        limit: LimitId,
        /// How many services there are.
        services: usize,
    },
    /// A service has a limit that is not there.
    #[error("{service} has {limit}, but there are {limits} limits")]
    NoSuchLimit {
        /// The service.
        service: ServiceId,
        /// The limit it names.
        limit: LimitId,
        /// How many there are.
        limits: usize,
    },
    /// A service has a limit twice.
    #[error("{service} has {limit} twice")]
    LimitTwice {
        /// The service.
        service: ServiceId,
        /// The limit.
        limit: LimitId,
    },
    /// A role is there in the hours of a calendar that is not there, or that is never open.
    #[error("{role} is there in the hours of {calendar}, which has none")]
    RoleNeverThere {
        /// The role.
        role: RoleId,
        /// The calendar it names.
        calendar: CalendarId,
    },
    /// A role has hours twice.
    #[error("{role} has hours twice")]
    RoleTwice {
        /// The role.
        role: RoleId,
    },
    /// A limit is wrong.
    #[error("{limit} {mistake}")]
    Limit {
        /// The limit.
        limit: LimitId,
        /// What is wrong with it.
        mistake: LimitMistake,
    },
    /// A stage of a limit is wrong.
    #[error("stage {stage} of {limit} {mistake}")]
    Stage {
        /// The limit.
        limit: LimitId,
        /// The stage, from 1.
        stage: usize,
        /// What is wrong with it.
        mistake: LimitMistake,
    },
}

/// What is wrong with a limit or a stage of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitMistake {
    /// Its calendar is not there.
    #[error("is counted by {calendar}, but there are {calendars} calendars")]
    NoSuchCalendar {
        /// The calendar it names.
        calendar: CalendarId,
        /// How many there are.
        calendars: usize,
    },
    /// Its calendar has no opening hours, but it is counted in them.
    #[error("is counted in opening hours, but its calendar has none")]
    NoOpenTime,
    /// Its calendar has no working days, but it is counted in them, or ends on one.
    #[error("is counted in working days or ends on one, but its calendar has none")]
    NoWorkingDays,
    /// A milestone's number is too large.
    #[error("names milestone {}, but the last is {}", milestone.0, Milestone::MAX)]
    NoSuchMilestone {
        /// The milestone.
        milestone: Milestone,
    },
    /// Nothing stops it.
    #[error("is stopped by nothing")]
    NoEnd,
    /// What starts it stops it.
    #[error("is stopped by what starts it")]
    EndsAsItBegins,
    /// The pause that starts it holds it, or its end restarts what it starts.
    #[error("is held by what starts it")]
    HeldByItsBeginning,
    /// It lasts no time.
    #[error("lasts no time")]
    LastsNothing,
    /// An amount of more than a hundred years.
    #[error("has an amount of {amount}, more than {most}")]
    TooLong {
        /// The amount, in the unit of the limit.
        amount: u64,
        /// The most it can be.
        most: u64,
    },
    /// More rungs than can be numbered.
    #[error("has {found} rungs, with all that is said again, at most {most}")]
    TooManyRungs {
        /// How many there are.
        found: usize,
        /// How many can be.
        most: usize,
    },
    /// It boosts by more than a hundred years.
    #[error("boosts by more than {most_ms} ms")]
    BoostsTooLong {
        /// The most there can be.
        most_ms: u64,
    },
    /// Its expiry deems a milestone that only the engine knows of.
    #[error("deems milestone {} reached, which is the engine's own", milestone.0)]
    DeemsOwn {
        /// The milestone.
        milestone: Milestone,
    },
    /// Its expiry closes the order as done.
    #[error("closes an order as done that nobody has served")]
    ClosesAsDone,
    /// What follows from it leads back to it, again and again, while nobody does anything.
    #[error("leads to itself, again and again, while nobody does anything")]
    Loop,
    /// It comes at the instant of an earlier stage.
    #[error("comes when stage {other} does")]
    Doubled {
        /// The earlier stage, from 1.
        other: usize,
    },
    /// More remains than the limit is long.
    #[error("comes when {remaining} remain, but the limit lasts {lasts}")]
    RemainsMore {
        /// What remains.
        remaining: u64,
        /// How long the limit lasts.
        lasts: u64,
    },
    /// By then the expiry has stopped the clock.
    #[error("comes after the limit's expiry has stopped the clock")]
    AfterExpiry,
    /// It is said again at once, never, or more than 100 times.
    #[error("is said again {at_most} times every {every}, not 1 to 100 times every 1 or more")]
    BadAgain {
        /// How much later each time.
        every: u64,
        /// How many times.
        at_most: u8,
    },
    /// It must be acknowledged, or a card replied to, at once.
    #[error("wants an answer within no time")]
    AnswerAtOnce,
    /// It gives two cards at once, which could not be told apart.
    #[error("gives two cards at once")]
    TwoCards,
    /// It widens or moves to a pool that is not there.
    #[error("names {pool}, but there are {pools} pools")]
    NoSuchPool {
        /// The pool.
        pool: PoolId,
        /// How many there are.
        pools: u16,
    },
    /// It drops a skill whose number is too large.
    #[error("drops {skill}, but there are at most {}", Skills::MAX)]
    NoSuchSkill {
        /// The skill.
        skill: SkillId,
    },
    /// An order of a service that is not there is to follow.
    #[error("lets an order of {service} follow, but there are {services} services")]
    NoSuchFollower {
        /// The service.
        service: ServiceId,
        /// How many there are.
        services: usize,
    },
}

/// The rungs of a limit are numbered by a byte.
const RUNGS_MAX: usize = 255;
/// A hundred years of milliseconds, and of days.
const MS_MAX: u64 = 3_155_760_000_000;
const DAYS_MAX: u64 = 36_525;
const _: () = assert!(MS_MAX <= Fact::AMOUNT_MAX);

/// What the limits may name.
#[derive(Clone, Copy)]
struct Named<'a> {
    rules: &'a ClockRules,
    services: usize,
    pools: u16,
}

/// All mistakes, in the order of what they are about.
pub(crate) fn mistakes(rules: &ClockRules, services: usize, pools: u16) -> Vec<ClockError> {
    let named = Named { rules, services, pools };
    let mut found = Vec::new();
    for (limit, rule) in (0..=u16::MAX).map(LimitId).zip(&rules.limits) {
        named.check_limit(rule, &mut |mistake| found.push(ClockError::Limit { limit, mistake }));
        for (stage, of_stage) in (1..).zip(&rule.stages) {
            let mut wrong = |mistake| found.push(ClockError::Stage { limit, stage, mistake });
            named.check_stage(rule, stage, of_stage, &mut wrong);
        }
    }
    named.check_services(&mut found);
    named.check_roles(&mut found);
    let limits = named.loops().into_iter();
    found.extend(limits.map(|limit| ClockError::Limit { limit, mistake: LimitMistake::Loop }));
    found
}

impl Named<'_> {
    fn check_limit(self, rule: &LimitRule, wrong: &mut impl FnMut(LimitMistake)) {
        self.check_calendar(rule, wrong);
        for moment in rule.to.iter().chain([&rule.from]) {
            if let Moment::Reached(milestone) = *moment
                && milestone.0 > Milestone::MAX
            {
                wrong(LimitMistake::NoSuchMilestone { milestone });
            }
        }
        if rule.to.is_empty() {
            wrong(LimitMistake::NoEnd);
        }
        if rule.to.contains(&rule.from) {
            wrong(LimitMistake::EndsAsItBegins);
        }
        if let Moment::Paused(reason) | Moment::Resumed(reason) = rule.from
            && (rule.restarts.has(reason)
                || rule.pauses.has(reason) && rule.from == Moment::Paused(reason))
        {
            wrong(LimitMistake::HeldByItsBeginning);
        }
        if rule.lasts.amount == 0 {
            wrong(LimitMistake::LastsNothing);
        }
        check_amounts(rule, wrong);
        let boosts = rule.stages.iter().flat_map(actions).map(|action| match *action {
            Action::Boost { by_ms } => by_ms,
            _ => 0,
        });
        if boosts.fold(0, u64::saturating_add) > MS_MAX {
            wrong(LimitMistake::BoostsTooLong { most_ms: MS_MAX });
        }
        let hours = |role| self.rules.hours_of_roles.iter().find(|of| of.0 == role).map(|of| of.1);
        let found = match rule.stages.len() {
            stages if stages > RUNGS_MAX => stages,
            _ => Rung::unroll(rule, hours).len(),
        };
        if found > RUNGS_MAX {
            wrong(LimitMistake::TooManyRungs { found, most: RUNGS_MAX });
        }
        match rule.expiry {
            Some(Expiry::Deemed { milestone, .. }) if milestone.0 > Milestone::MAX => {
                wrong(LimitMistake::NoSuchMilestone { milestone });
            }
            Some(Expiry::Deemed { milestone, .. }) if milestone.0 < Milestone::FIRST_OF_HALL => {
                wrong(LimitMistake::DeemsOwn { milestone });
            }
            Some(Expiry::Close { outcome: Outcome::Done }) => wrong(LimitMistake::ClosesAsDone),
            Some(Expiry::FollowUp { service }) => self.check_follower(service, wrong),
            _ => {}
        }
    }

    fn check_calendar(self, rule: &LimitRule, wrong: &mut impl FnMut(LimitMistake)) {
        let Some(calendar) = self.rules.calendars.get(rule.calendar.index()) else {
            let (calendar, calendars) = (rule.calendar, self.rules.calendars.len());
            wrong(LimitMistake::NoSuchCalendar { calendar, calendars });
            return;
        };
        match rule.lasts.unit {
            Unit::WorkingTime if !calendar.has_hours() => wrong(LimitMistake::NoOpenTime),
            Unit::WorkingDays { .. }
            | Unit::NaturalDays {
                ends: NaturalEnd::WorkingDayClose | NaturalEnd::WorkingDayMidnight,
            } if !calendar.has_working_days() => wrong(LimitMistake::NoWorkingDays),
            _ => {}
        }
    }

    fn check_stage(
        self,
        rule: &LimitRule,
        stage: usize,
        of_stage: &LimitStage,
        wrong: &mut impl FnMut(LimitMistake),
    ) {
        let same = |other: &LimitStage| exact(other.at, rule) == exact(of_stage.at, rule);
        if let Some(other) = rule.stages[..stage - 1].iter().position(same) {
            wrong(LimitMistake::Doubled { other: other + 1 });
        }
        let lasts = rule.lasts.amount;
        if let StageAt::Remaining(remaining) = of_stage.at
            && remaining > lasts
        {
            wrong(LimitMistake::RemainsMore { remaining, lasts });
        }
        if let (Mark::Late(1..), Some(Expiry::Deemed { milestone, .. })) =
            (Mark::new(of_stage.at, 0, lasts), rule.expiry)
            && rule.to.contains(&Moment::Reached(milestone))
        {
            wrong(LimitMistake::AfterExpiry);
        }
        if let Some(again) = of_stage.again
            && (again.every == 0 || !(1..=100).contains(&again.at_most))
        {
            wrong(LimitMistake::BadAgain { every: again.every, at_most: again.at_most });
        }
        if of_stage.silence.as_ref().is_some_and(|silence| silence.after == 0) {
            wrong(LimitMistake::AnswerAtOnce);
        }
        let silent = of_stage.silence.iter().map(|silence| &silence.actions);
        for actions in silent.chain([&of_stage.actions]) {
            let cards = actions.iter().filter(|action| matches!(action, Action::Card { .. }));
            if cards.count() > 1 {
                wrong(LimitMistake::TwoCards);
            }
        }
        for action in actions(of_stage) {
            self.check_action(action, wrong);
        }
    }

    fn check_action(self, action: &Action, wrong: &mut impl FnMut(LimitMistake)) {
        match *action {
            Action::Widen { pool } | Action::Move { pool } if pool.0 >= self.pools => {
                wrong(LimitMistake::NoSuchPool { pool, pools: self.pools });
            }
            Action::Drop { skill } if skill.index() >= Skills::MAX => {
                wrong(LimitMistake::NoSuchSkill { skill });
            }
            Action::Card { reply_within: Some(0), .. } => wrong(LimitMistake::AnswerAtOnce),
            Action::FollowUp { service } => self.check_follower(service, wrong),
            _ => {}
        }
    }

    fn check_follower(self, service: ServiceId, wrong: &mut impl FnMut(LimitMistake)) {
        if service.index() >= self.services {
            wrong(LimitMistake::NoSuchFollower { service, services: self.services });
        }
    }

    fn check_services(self, found: &mut Vec<ClockError>) {
        let mut seen = BTreeSet::new();
        for &(service, limit) in &self.rules.of_services {
            let (services, limits) = (self.services, self.rules.limits.len());
            if service.index() >= services {
                found.push(ClockError::NoSuchService { service, limit, services });
            }
            if limit.index() >= limits {
                found.push(ClockError::NoSuchLimit { service, limit, limits });
            }
            if !seen.insert((service, limit)) {
                found.push(ClockError::LimitTwice { service, limit });
            }
        }
    }

    fn check_roles(self, found: &mut Vec<ClockError>) {
        let mut seen = BTreeSet::new();
        for &(role, calendar) in &self.rules.hours_of_roles {
            let hours = self.rules.calendars.get(calendar.index());
            if !hours.is_some_and(Calendar::has_hours) {
                found.push(ClockError::RoleNeverThere { role, calendar });
            }
            if !seen.insert(role) {
                found.push(ClockError::RoleTwice { role });
            }
        }
    }

    /// Limits that start anew, on the same order or on others, by what follows from themselves alone.
    fn loops(self) -> BTreeSet<LimitId> {
        let pairs = self.rules.of_services.iter().copied();
        let pairs = pairs.filter(|pair| pair.1.index() < self.rules.limits.len());
        let pairs = pairs.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        let edges = pairs.iter().map(|&pair| self.leads_to(pair, &pairs)).collect::<Vec<_>>();
        // A limit is in a loop if it can be reached from itself.
        let mut looping = BTreeSet::new();
        for (start, &(_, limit)) in pairs.iter().enumerate() {
            if edges[start].is_empty() {
                continue;
            }
            let (mut seen, mut open) = (vec![false; pairs.len()], edges[start].clone());
            while let Some(at) = open.pop() {
                if !std::mem::replace(&mut seen[at], true) {
                    open.extend(&edges[at]);
                }
            }
            if seen[start] {
                looping.insert(limit);
            }
        }
        looping
    }

    /// The places in `pairs` of the clocks that one that runs out starts.
    fn leads_to(
        self,
        (service, limit): (ServiceId, LimitId),
        pairs: &[(ServiceId, LimitId)],
    ) -> Vec<usize> {
        let rule = &self.rules.limits[limit.index()];
        let mut starts = Vec::new();
        if let Some(Expiry::Deemed { milestone, .. }) = rule.expiry {
            starts.push((service, Moment::Reached(milestone)));
        }
        let followers = rule.stages.iter().flat_map(actions).filter_map(|action| match *action {
            Action::FollowUp { service } => Some(service),
            _ => None,
        });
        let last = match rule.expiry {
            Some(Expiry::FollowUp { service }) => Some(service),
            _ => None,
        };
        let submitted = Moment::Reached(Milestone::SUBMITTED);
        starts.extend(followers.chain(last).map(|service| (service, submitted)));
        let from = |limit: LimitId| self.rules.limits[limit.index()].from;
        let of = |(service, moment): (ServiceId, Moment)| {
            let first = pairs.partition_point(|pair| pair.0 < service);
            let here = pairs[first..].iter().take_while(move |pair| pair.0 == service).enumerate();
            here.filter(move |(_, pair)| from(pair.1) == moment).map(move |(at, _)| first + at)
        };
        starts.into_iter().flat_map(of).collect()
    }
}

/// All actions of a stage.
fn actions(stage: &LimitStage) -> impl Iterator<Item = &Action> {
    let silent = stage.silence.iter().flat_map(|silence| &silence.actions);
    stage.actions.iter().chain(silent)
}

/// A stage's mark in ten-thousandths of the unit, so that two are equal only if they always are.
fn exact(at: StageAt, rule: &LimitRule) -> (bool, u128) {
    let (lasts, whole) = (u128::from(rule.lasts.amount), 10_000_u128);
    match at {
        StageAt::Spent(part) if part < 10_000 => (false, u128::from(part) * lasts),
        StageAt::Spent(part) => (true, u128::from(part - 10_000) * lasts),
        StageAt::Remaining(rest) => (false, lasts.saturating_sub(u128::from(rest)) * whole),
        StageAt::Past(late) => (true, u128::from(late) * whole),
    }
}

fn check_amounts(rule: &LimitRule, wrong: &mut impl FnMut(LimitMistake)) {
    let most = if rule.lasts.unit.is_in_days() { DAYS_MAX } else { MS_MAX };
    let of_stages = rule.stages.iter().flat_map(|stage| {
        let at = match stage.at {
            StageAt::Past(late) => Some(late),
            StageAt::Spent(_) | StageAt::Remaining(_) => None,
        };
        let again = stage.again.map(|again| again.every);
        let silence = stage.silence.as_ref().map(|silence| silence.after);
        let replies = actions(stage).filter_map(|action| match *action {
            Action::Card { reply_within, .. } => reply_within,
            _ => None,
        });
        at.into_iter().chain(again).chain(silence).chain(replies)
    });
    for amount in [rule.lasts.amount, rule.extends_by].into_iter().chain(of_stages) {
        if amount > most {
            wrong(LimitMistake::TooLong { amount, most });
        }
    }
}
