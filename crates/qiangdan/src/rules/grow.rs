//! Rules are swapped while orders are open: what the new ones say comes beside what the old ones said.
//!
//! Ids mean the same in both: service 3 is service 3, with other rules perhaps. A service whose
//! rules are others than ever before is added to the end, as one more *row*; so are ladders and
//! limits. An order names its row and so keeps what it came in with, however often rules are
//! swapped. Which row orders that come in get is what a [`Plan`] says; to go back to an earlier
//! plan adds nothing.

use std::collections::BTreeSet;

use super::{Ladder, LaneRule, Rules, RulesDraft, ServiceRule, StaffRules, WaitTarget};
use crate::{ClassId, Demand, Handling, LadderId, ServiceId};
#[cfg(feature = "calendar")]
use crate::{LimitId, limit::LimitRule};

/// What counts for orders that come in while it is in force (方案).
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The row of each service; none if it is not there, or withdrawn.
    rows: Vec<Option<ServiceId>>,
    head_starts_ms: Vec<i64>,
    target: WaitTarget,
    dedup_window_ms: u64,
}

impl Plan {
    /// The plan of rules in which every service is its own row.
    pub(super) fn of(draft: &RulesDraft) -> Self {
        let rows = (0..).map(ServiceId).take(draft.services.len());
        Self::with_rows(draft, rows.collect())
    }

    fn with_rows(draft: &RulesDraft, rows: Vec<ServiceId>) -> Self {
        let is_open = |&(n, _): &(u16, ServiceId)| !draft.withdrawn.contains(&ServiceId(n));
        let rows = (0..).zip(rows).map(|row| Some(row).filter(is_open).map(|(_, row)| row));
        Self {
            rows: rows.collect(),
            head_starts_ms: draft.head_starts_ms.clone(),
            target: draft.target,
            dedup_window_ms: draft.dedup_window_ms,
        }
    }

    /// The row that orders for a service get.
    #[inline]
    pub(crate) fn row(&self, service: ServiceId) -> Option<ServiceId> {
        *self.rows.get(service.index())?
    }

    /// The head start of a class, if orders of it come in.
    #[inline]
    pub(crate) fn head_start_ms(&self, class: ClassId) -> Option<i64> {
        self.head_starts_ms.get(class.index()).copied()
    }

    /// The promise about waits.
    #[must_use]
    pub fn target(&self) -> WaitTarget {
        self.target
    }

    /// For how long after closing a dedup key still names its order, in milliseconds.
    #[must_use]
    pub fn dedup_window_ms(&self) -> u64 {
        self.dedup_window_ms
    }
}

/// All that the rules of a service say, wherever it stands.
struct Said<'r> {
    rule: ServiceRule,
    demand: Demand,
    handling: Handling,
    ladder: Option<&'r Ladder>,
    #[cfg(feature = "calendar")]
    limits: Vec<(LimitId, &'r LimitRule)>,
}

impl PartialEq for Said<'_> {
    fn eq(&self, other: &Self) -> bool {
        let plain = |rule: ServiceRule| ServiceRule { ladder: None, ..rule };
        #[cfg(feature = "calendar")]
        if self.limits != other.limits {
            return false;
        }
        plain(self.rule) == plain(other.rule)
            && self.demand == other.demand
            && self.handling == other.handling
            && self.ladder == other.ladder
    }
}

impl Rules {
    fn said(&self, row: ServiceId) -> Said<'_> {
        let rule = self.draft.services[row.index()];
        #[cfg(feature = "calendar")]
        let clocks = &self.draft.clocks;
        Said {
            rule,
            demand: *self.demand(row),
            handling: self.handling(row).cloned().unwrap_or_default(),
            ladder: rule.ladder.map(|ladder| &self.draft.ladders[ladder.index()]),
            #[cfg(feature = "calendar")]
            limits: (clocks.of_services.iter().filter(|&&(of, _)| of == row))
                .map(|&(_, limit)| (self.host_limit(limit), &clocks.limits[limit.index()]))
                .collect(),
        }
    }

    /// Whether what `next` says of clerks can be kept by an engine that was built for these rules: what
    /// is kept of clerks and claims was made for it.
    pub(crate) fn keeps_staff(&self, next: &Self) -> bool {
        let (now, new) = (&self.draft.staff, &next.draft.staff);
        let ceilings = |staff: &StaffRules| staff.capped().collect::<BTreeSet<_>>();
        let is_known = now.is_mixed() || !new.is_mixed();
        now.presence == new.presence && ceilings(now) == ceilings(new) && is_known
    }

    /// These rules with what `next` says beside it, and the number of the plan of `next` among the plans.
    ///
    /// `next` must be of one edition, as checked.
    pub(crate) fn grown(&self, next: &Self) -> (Self, usize) {
        let mut draft = self.draft.clone();
        let (mut of, mut demands) = (self.of.clone(), self.demands.clone());
        let all = (0..).map(ServiceId).take(of.len());
        let mut handling =
            all.map(|row| self.handling(row).cloned().unwrap_or_default()).collect::<Vec<_>>();
        #[cfg(feature = "calendar")]
        let mut of_limits = self.of_limits.clone();
        draft.pools = draft.pools.max(next.draft.pools);
        for (n, &head_start_ms) in next.draft.head_starts_ms.iter().enumerate() {
            match draft.head_starts_ms.get_mut(n) {
                Some(known) => *known = head_start_ms,
                None => draft.head_starts_ms.push(head_start_ms),
            }
        }
        #[cfg(feature = "calendar")]
        let may_share = self.grow_clocks(next, &mut draft);
        let rows = (0..).map(ServiceId).take(next.draft.services.len()).map(|service| {
            let said = next.said(service);
            let known = || (0..).map(ServiceId).zip(&self.of).filter(|&(_, &of)| of == service);
            #[cfg(feature = "calendar")]
            let can_be = |row: ServiceId| may_share || self.said(row).limits.is_empty();
            #[cfg(not(feature = "calendar"))]
            let can_be = |_| true;
            // The latest first: after many swaps that is what most come back to.
            let same = known().filter(|&(row, _)| can_be(row) && self.said(row) == said).last();
            if let Some((row, _)) = same {
                return row;
            }
            let row = ServiceId(u16::try_from(draft.services.len()).unwrap_or(u16::MAX));
            let ladder = said.ladder.map(|ladder| place_of(&mut draft.ladders, ladder));
            let ladder = ladder.map(|at| LadderId(u16::try_from(at).unwrap_or(u16::MAX)));
            draft.services.push(ServiceRule { ladder, ..said.rule });
            of.push(service);
            demands.push(said.demand);
            handling.push(said.handling);
            #[cfg(feature = "calendar")]
            for (id, rule) in said.limits {
                let from = if may_share { 0 } else { self.of_limits.len() };
                let limits = &mut draft.clocks.limits;
                let is_same = |&at: &usize| of_limits[at] == id && limits[at] == *rule;
                let same = (from..of_limits.len()).find(is_same);
                let at = same.unwrap_or_else(|| {
                    limits.push(rule.clone());
                    of_limits.push(id);
                    limits.len() - 1
                });
                let limit = LimitId(u16::try_from(at).unwrap_or(u16::MAX));
                draft.clocks.of_services.push((row, limit));
            }
            row
        });
        let plan = Plan::with_rows(&next.draft, rows.collect());
        let mut plans = self.plans.clone();
        let number = place_of(&mut plans, &plan);
        if handling.iter().all(|handling| *handling == Handling::default()) {
            handling.clear();
        }
        let grown = Self::with_lanes(draft, &self.lanes, of, (demands, handling), plans);
        #[cfg(feature = "calendar")]
        let grown = Self { of_limits, ..grown };
        (grown, number)
    }

    /// Takes over what `next` says of calendars and roles. Whether limits that say the same are the same:
    /// not if roles are there at other hours, as then they come to other rungs.
    #[cfg(feature = "calendar")]
    fn grow_clocks(&self, next: &Self, draft: &mut RulesDraft) -> bool {
        let (known, clocks) = (&self.draft.clocks, &next.draft.clocks);
        let more = clocks.calendars.iter().skip(known.calendars.len());
        draft.clocks.calendars.extend(more.cloned());
        draft.clocks.hours_of_roles.clone_from(&clocks.hours_of_roles);
        draft.clocks.trust = clocks.trust;
        let hours = |rules: &[_]| rules.iter().copied().collect::<BTreeSet<_>>();
        hours(&known.hours_of_roles) == hours(&clocks.hours_of_roles)
    }
}

/// Where something stands in a list; it is added if it is not there.
fn place_of<T: Clone + PartialEq>(list: &mut Vec<T>, what: &T) -> usize {
    let known = list.iter().position(|known| known == what);
    known.unwrap_or_else(|| {
        list.push(what.clone());
        list.len() - 1
    })
}

/// Those of some lanes that are not among others, each once, rising.
pub(super) fn beyond(mut lanes: Vec<LaneRule>, before: &[LaneRule]) -> Vec<LaneRule> {
    let before = before.iter().collect::<BTreeSet<_>>();
    lanes.sort_unstable();
    lanes.dedup();
    lanes.retain(|lane| !before.contains(lane));
    lanes
}
