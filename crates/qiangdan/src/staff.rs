//! What the rules say of clerks: what a service asks of them besides skills, and how presence is
//! kept.
//!
//! Everything here may be left out. Then each order takes one unit of its holder's room, no skill
//! has levels, and nobody is watched.

use crate::{ServiceId, SkillId, Skills};

/// What is said of clerks.
#[derive(Clone, Debug, Default)]
pub struct StaffRules {
    /// What orders of a service ask of a clerk; a service that is not named here asks for
    /// [`Demand::default`].
    pub demands: Vec<(ServiceId, Demand)>,
    /// How presence is kept.
    pub presence: PresenceRules,
    /// What keeps grabbing fair.
    pub grab: GrabRules,
}

/// What keeps grabbing fair (抢单规则). Nothing, if nothing is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GrabRules {
    /// Among how many of the oldest orders that they may take a clerk may choose by name, 1 to 32; among
    /// all without a value. Who is parked may always be chosen.
    pub may_choose: Option<u8>,
    /// How often one clerk may grab.
    pub pace: Option<Pace>,
    /// How often one clerk may give an order back.
    pub give_backs: Option<GiveBacks>,
}

/// How often something may be done: a bucket of tokens (令牌桶) that is full at first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// So often at once, and as often within every `per_ms` in the long run; 1 to 1,000.
    pub most: u16,
    /// In milliseconds, 1 to a year.
    pub per_ms: u64,
}

/// How often one clerk may give an order back (退单次数). What is taken from them, as they are lost, does not
/// count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GiveBacks {
    /// So often.
    pub most: u16,
    /// Within this.
    pub per: GiveBacksPer,
}

/// Within which time what a clerk gives back is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GiveBacksPer {
    /// From one sign-in to the next (班).
    Session,
    /// A day on the wall.
    Day {
        /// By how much the wall of the hall is ahead of UTC, in milliseconds.
        ahead_ms: i32,
    },
}

/// The most orders a clerk may be shown, or choose among.
pub(crate) const BROWSE_MAX: usize = 32;

/// A year in milliseconds.
const YEAR_MS: u64 = 366 * 24 * 3_600_000;

impl GrabRules {
    /// All that is wrong.
    fn mistakes(&self, mistakes: &mut Vec<StaffError>) {
        let choices = usize::from(self.may_choose.unwrap_or(1));
        if !(1..=BROWSE_MAX).contains(&choices) {
            mistakes.push(StaffError::Choices { found: choices, most: BROWSE_MAX });
        }
        let is_pace =
            |pace: Pace| (1..=1_000).contains(&pace.most) && (1..=YEAR_MS).contains(&pace.per_ms);
        if let Some(pace) = self.pace.filter(|&pace| !is_pace(pace)) {
            mistakes.push(StaffError::Pace { pace });
        }
    }
}

/// How presence is kept: leases, and time to write up.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PresenceRules {
    /// A clerk who is not heard of for so many milliseconds is lost (失联); none without a value.
    /// At least one.
    pub lost_after_ms: Option<u64>,
    /// So many milliseconds after that, what they had not begun goes back to its place, and of what
    /// is under way a supervisor is told.
    pub then_return_after_ms: u64,
    /// What is done if many are lost at once.
    pub mass_loss: Option<MassLoss>,
    /// For how long a clerk writes up after an order they have served (收尾处理), in milliseconds;
    /// they are not ready meanwhile. None if zero.
    pub wrap_up_ms: u64,
    /// Whether certificates of clerks are watched that run out in a session.
    pub watches_certificates: bool,
    /// Whether it is kept for how long clerks are idle, see
    /// [`Engine::idle_ms`](crate::Engine::idle_ms).
    pub keeps_idle: bool,
}

/// When leases that end at once are no loss of clerks, but of the network or the host.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MassLoss {
    /// More than this share of those who are signed in, and more than one, 0 to 1.
    pub share: f64,
    /// For how long their loss is held then, in milliseconds; who is heard of by then is not lost.
    pub hold_ms: u64,
}

impl PresenceRules {
    /// Whether there is anything to look for at clerks.
    pub(crate) fn is_watched(&self) -> bool {
        self.lost_after_ms.is_some() || self.wrap_up_ms > 0 || self.watches_certificates
    }

    /// Whether anything follows when an order was served.
    pub(crate) fn follows(&self) -> bool {
        self.wrap_up_ms > 0 || self.keeps_idle
    }
}

/// What an order of a service asks of the clerk who takes it, besides skills.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Demand {
    /// How many units of the clerk's room it takes while it is held, 1 to 65,535.
    pub units: u16,
    /// The most orders of the service that one clerk may hold at a time, 1 to 254, if their spec
    /// does not say another number.
    pub ceiling: Option<u8>,
    /// How well the clerk must know the skills the service needs.
    pub levels: Levels,
}

impl Default for Demand {
    /// One unit, without a ceiling, at any level.
    fn default() -> Self {
        Self { units: 1, ceiling: None, levels: Levels::default() }
    }
}

/// How well somebody knows some skills, or must: levels 1 to 5 (技能等级). One that is not named
/// here has level 1, if it is there at all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Levels([Skills; (Self::MAX - 1) as usize]);

impl Levels {
    /// The highest level.
    pub const MAX: u8 = 5;

    /// The same, with `skill` at `level`; levels beyond 1 to 5 count as the nearest.
    #[must_use]
    pub fn with(self, skill: SkillId, level: u8) -> Self {
        let one = Skills::none().with(skill);
        let mut planes = self.0;
        for (plane, least) in planes.iter_mut().zip(2..) {
            *plane = if level >= least { plane.with(skill) } else { plane.without(one) };
        }
        Self(planes)
    }

    /// Every skill at the highest level.
    #[must_use]
    pub fn highest() -> Self {
        Self([Skills::all(); (Self::MAX - 1) as usize])
    }

    /// The level of a skill.
    #[must_use]
    pub fn of(self, skill: SkillId) -> u8 {
        let one = Skills::none().with(skill);
        let reached = self.0.iter().take_while(|plane| plane.covers(one)).count();
        u8::try_from(reached).map_or(Self::MAX, |above| above + 1)
    }

    /// Whether every skill is at least as well known as in `needs`.
    #[must_use]
    pub fn covers(self, needs: Self) -> bool {
        self.0.iter().zip(needs.0).all(|(plane, needs)| plane.covers(needs))
    }

    /// The same, with the skills in `dropped` at level 1.
    pub(crate) fn without(self, dropped: Skills) -> Self {
        Self(self.0.map(|plane| plane.without(dropped)))
    }
}

/// How many services there can be of which a clerk may not hold as many as they like.
pub(crate) const CEILINGS_MAX: usize = 8;

/// What is wrong with [`StaffRules`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StaffError {
    /// Something is said of a service that is not there.
    #[error("{service} is said to ask for something, but there are {services} services")]
    NoSuchService {
        /// The service.
        service: ServiceId,
        /// How many there are.
        services: usize,
    },
    /// Two things are said of one service.
    #[error("two demands of {service}")]
    Twice {
        /// The service.
        service: ServiceId,
    },
    /// An order would take no room at all.
    #[error("{service} takes no units; the least is 1")]
    NoUnits {
        /// The service.
        service: ServiceId,
    },
    /// A ceiling of none, or of more than can be counted.
    #[error("{service} has a ceiling of {ceiling}, not of 1 to 254")]
    Ceiling {
        /// The service.
        service: ServiceId,
        /// The ceiling.
        ceiling: u8,
    },
    /// A choice among none, or more than can be shown.
    #[error("a choice among {found}, not among 1 to {most}")]
    Choices {
        /// Among how many.
        found: usize,
        /// The most possible.
        most: usize,
    },
    /// A pace of no grabs, of too many, or in no time.
    #[error("a pace of {} grabs in {} ms", pace.most, pace.per_ms)]
    Pace {
        /// The pace.
        pace: Pace,
    },
    /// A lease of no time: everybody would be lost at once.
    #[error("clerks are lost after no time")]
    LostAtOnce,
    /// The share of a mass loss is no share.
    #[error("the share of a mass loss is not between 0 and 1")]
    NoShare,
    /// More services with a ceiling than are counted for each clerk.
    #[error("{found} services with a ceiling, at most {most}")]
    TooManyCeilings {
        /// How many there are.
        found: usize,
        /// How many can be.
        most: usize,
    },
}

impl StaffRules {
    /// All that is wrong.
    pub(crate) fn mistakes(&self, services: usize) -> Vec<StaffError> {
        let mut mistakes = Vec::new();
        for (n, &(service, demand)) in self.demands.iter().enumerate() {
            if service.index() >= services {
                mistakes.push(StaffError::NoSuchService { service, services });
            }
            if self.demands[..n].iter().any(|&(other, _)| other == service) {
                mistakes.push(StaffError::Twice { service });
            }
            if demand.units == 0 {
                mistakes.push(StaffError::NoUnits { service });
            }
            if let Some(ceiling @ (0 | u8::MAX)) = demand.ceiling {
                mistakes.push(StaffError::Ceiling { service, ceiling });
            }
        }
        self.grab.mistakes(&mut mistakes);
        if self.presence.lost_after_ms == Some(0) {
            mistakes.push(StaffError::LostAtOnce);
        }
        if self.presence.mass_loss.is_some_and(|mass| !(0.0..=1.0).contains(&mass.share)) {
            mistakes.push(StaffError::NoShare);
        }
        let (found, most) = (self.capped().count(), CEILINGS_MAX);
        if found > most {
            mistakes.push(StaffError::TooManyCeilings { found, most });
        }
        mistakes
    }

    /// The services with a ceiling, each with it.
    pub(crate) fn capped(&self) -> impl Iterator<Item = (ServiceId, u8)> + '_ {
        self.demands.iter().filter_map(|&(service, demand)| Some((service, demand.ceiling?)))
    }

    /// What orders of a service ask of a clerk.
    pub(crate) fn demand(&self, service: ServiceId) -> Demand {
        let found = self.demands.iter().find(|&&(of, _)| of == service);
        found.map_or_else(Demand::default, |&(_, demand)| demand)
    }

    /// Whether orders take different room, or some count apart.
    pub(crate) fn is_mixed(&self) -> bool {
        self.demands.iter().any(|(_, demand)| demand.units != 1 || demand.ceiling.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_reached_by_itself_and_those_above() {
        let knows = Levels::default().with(SkillId(3), 4).with(SkillId(127), 9);
        assert_eq!([0, 3, 127].map(|skill| knows.of(SkillId(skill))), [1, 4, 5]);
        let needs = |level| Levels::default().with(SkillId(3), level);
        assert!(knows.covers(needs(4)) && knows.covers(needs(1)) && !knows.covers(needs(5)));
        assert!(!knows.covers(Levels::default().with(SkillId(0), 2)));
        assert!(Levels::highest().covers(knows));
        assert_eq!(knows.with(SkillId(3), 2).of(SkillId(3)), 2);
        assert_eq!(knows.without([SkillId(127)].into_iter().collect()).of(SkillId(127)), 1);
    }

    #[test]
    fn every_mistake_about_demands_is_named() {
        let of = |service, units, ceiling| {
            (ServiceId(service), Demand { units, ceiling, ..Demand::default() })
        };
        let demands = vec![of(0, 0, Some(0)), of(0, 1, Some(u8::MAX)), of(9, 1, None)];
        let rules = StaffRules { demands, ..StaffRules::default() };
        assert_eq!(rules.mistakes(9).len(), 5);
        let demands = (0..9).map(|service| of(service, 2, Some(1))).collect();
        let many = StaffRules { demands, ..StaffRules::default() };
        assert_eq!(many.mistakes(9), [StaffError::TooManyCeilings { found: 9, most: 8 }]);
        assert!(many.is_mixed() && !StaffRules::default().is_mixed());
    }
}
