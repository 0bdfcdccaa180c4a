//! All limits of a hall, made ready to be asked.

use std::sync::Arc;

use super::{Clocks, Fact, LimitRule, Milestone, Moment, PauseReason, Reasons, Rung};
use crate::{CalendarId, ClockRules, LimitId, ServiceId, calendar::Calendar};

/// The limits (时限簿) of a hall, by service, with their rungs.
///
/// It reads an order's facts: [`Book::read`]. Nothing in it changes.
#[derive(Clone, Debug)]
pub struct Book {
    limits: Vec<OfLimit>,
    services: Vec<OfService>,
}

/// A limit and its rungs.
#[derive(Clone, Debug)]
pub(super) struct OfLimit {
    pub(super) rule: LimitRule,
    /// Reasons that hold it.
    pub(super) held_by: Reasons,
    /// In the order in which they come about if it lasts as long as the rule says.
    pub(super) rungs: Vec<Rung>,
}

#[derive(Clone, Default, Debug)]
struct OfService {
    /// Rising, each once.
    limits: Vec<LimitId>,
    /// Milestones that start or stop a clock, one bit each.
    milestones: u64,
    /// Reasons that hold, start or stop one.
    reasons: Reasons,
}

/// The calendars of a hall, in the order of their ids.
#[derive(Clone, Copy, Debug)]
pub enum Calendars<'a> {
    /// As rules hold them.
    Own(&'a [Calendar]),
    /// As they are swapped one by one.
    Shared(&'a [Arc<Calendar>]),
}

impl Book {
    /// Makes the limits of checked rules ready; for so many services.
    #[must_use]
    pub fn new(rules: &ClockRules, services: usize) -> Self {
        Self { limits: Vec::new(), services: Vec::new() }.with_more(rules, services)
    }

    /// The same book with the limits and services that these rules have beyond it. Those it has stay as
    /// they are, with their rungs, though roles may be there at other hours now.
    pub(crate) fn with_more(&self, rules: &ClockRules, services: usize) -> Self {
        let hours = |role| {
            let found = rules.hours_of_roles.iter().find(|(of, _)| *of == role);
            found.map(|&(_, calendar)| calendar)
        };
        let (mut book, known) = (self.clone(), self.services.len());
        let more = rules.limits.iter().skip(self.limits.len()).map(|rule| OfLimit {
            rule: rule.clone(),
            held_by: rule.pauses.and(rule.restarts),
            rungs: Rung::unroll(rule, hours),
        });
        book.limits.extend(more);
        book.services.resize(services.max(known), OfService::default());
        for &(service, limit) in rules.of_services.iter().filter(|(of, _)| of.index() >= known) {
            let (of, rule) =
                (book.services.get_mut(service.index()), rules.limits.get(limit.index()));
            if let (Some(of), Some(rule)) = (of, rule) {
                of.add(limit, rule);
            }
        }
        book
    }

    /// Whether orders of this service have limits.
    #[must_use]
    pub fn has_clocks(&self, service: ServiceId) -> bool {
        !self.limits_of(service).is_empty()
    }

    /// Whether a milestone starts or stops a clock of this service. One that does not need not be noted.
    #[must_use]
    pub fn uses(&self, service: ServiceId, milestone: Milestone) -> bool {
        let milestones = self.services.get(service.index()).map_or(0, |of| of.milestones);
        milestone.0 <= Milestone::MAX && milestones >> milestone.0 & 1 == 1
    }

    /// Whether a reason holds, starts, stops or restarts a clock of this service.
    #[must_use]
    pub fn uses_reason(&self, service: ServiceId, reason: PauseReason) -> bool {
        self.services.get(service.index()).is_some_and(|of| of.reasons.has(reason))
    }

    /// The limits of a service, rising.
    #[must_use]
    pub fn limits_of(&self, service: ServiceId) -> &[LimitId] {
        self.services.get(service.index()).map_or(&[], |of| &of.limits)
    }

    /// The rule of a limit, if there is one.
    #[must_use]
    pub fn rule(&self, limit: LimitId) -> Option<&LimitRule> {
        self.limits.get(limit.index()).map(|of| &of.rule)
    }

    /// The rungs of a limit, by number; none if it does not exist. At most 255.
    #[must_use]
    pub fn rungs(&self, limit: LimitId) -> &[Rung] {
        self.limits.get(limit.index()).map_or(&[], |of| &of.rungs)
    }

    /// A rung of a limit, if there is one.
    #[must_use]
    pub fn rung(&self, limit: LimitId, rung: u8) -> Option<&Rung> {
        self.rungs(limit).get(usize::from(rung))
    }

    /// What an order's facts, in the order they were told, say of its clocks.
    ///
    /// A fact told late takes its place by its instant; facts of one instant stay in the order they
    /// were told. Costs one look at each fact for each limit of the service. Allocates nothing while
    /// facts were told in order, no clock was paused, no rung was climbed, and the service has at
    /// most four limits.
    ///
    /// # Panics
    ///
    /// If there are fewer calendars than the rules have.
    #[must_use]
    pub fn read<'a>(
        &'a self,
        service: ServiceId,
        facts: &'a [Fact],
        calendars: impl Into<Calendars<'a>>,
    ) -> Clocks<'a> {
        Clocks::new(self, self.limits_of(service), facts, calendars.into())
    }

    pub(super) fn limit(&self, limit: LimitId) -> &OfLimit {
        &self.limits[limit.index()]
    }
}

impl OfService {
    fn add(&mut self, limit: LimitId, rule: &LimitRule) {
        if let Err(at) = self.limits.binary_search(&limit) {
            self.limits.insert(at, limit);
        }
        self.reasons = self.reasons.and(rule.pauses).and(rule.restarts);
        for moment in rule.to.iter().chain([&rule.from]) {
            match *moment {
                Moment::Reached(milestone) => self.milestones |= 1 << milestone.0,
                Moment::Paused(reason) | Moment::Resumed(reason) => {
                    self.reasons = self.reasons.with(reason);
                }
            }
        }
    }
}

impl<'a> Calendars<'a> {
    /// The calendar with this id.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(super) fn of(self, id: CalendarId) -> &'a Calendar {
        match self {
            Self::Own(calendars) => &calendars[id.index()],
            Self::Shared(calendars) => &calendars[id.index()],
        }
    }
}

impl<'a> From<&'a [Calendar]> for Calendars<'a> {
    fn from(calendars: &'a [Calendar]) -> Self {
        Self::Own(calendars)
    }
}

impl<'a> From<&'a [Arc<Calendar>]> for Calendars<'a> {
    fn from(calendars: &'a [Arc<Calendar>]) -> Self {
        Self::Shared(calendars)
    }
}
