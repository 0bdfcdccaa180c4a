//! What the rungs of limits have granted to one order: pools added, soft skills dropped, another pool.
//!
//! A function of the order's facts, kept in one word so that whoever lines the order up needs to read
//! no list.
//!
//! | bits of the word | 43..27                              | 26..0                                       |
//! |------------------|-------------------------------------|---------------------------------------------|
//! | field            | the pool it was moved to, plus one  | a bit for each pool and skill of `Grantable` |

#[cfg(feature = "calendar")]
use crate::Action;
use crate::{PoolId, SkillId, Skills};

const BITS: u32 = 27;

/// The pools that limits of one service may widen to, and the skills that they may drop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grantable {
    pools: Vec<PoolId>,
    skills: Vec<SkillId>,
    /// The pools that they may move an order to.
    moves: Vec<PoolId>,
}

/// What was granted to one order, in terms of its service's [`Grantable`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Grants(u64);

impl Grantable {
    /// How many pools and skills there can be.
    #[cfg(feature = "calendar")]
    pub(crate) const MOST: usize = BITS as usize;
    /// How many skills there can be.
    #[cfg(feature = "calendar")]
    pub(crate) const SKILLS_MOST: usize = 4;

    /// Takes in what an action may grant.
    #[cfg(feature = "calendar")]
    pub(crate) fn add(&mut self, action: &Action) {
        fn once<T: PartialEq>(list: &mut Vec<T>, new: T) {
            if !list.contains(&new) {
                list.push(new);
            }
        }
        match *action {
            Action::Widen { pool } => once(&mut self.pools, pool),
            Action::Drop { skill } => once(&mut self.skills, skill),
            Action::Move { pool } => once(&mut self.moves, pool),
            _ => {}
        }
    }

    /// How many skills, of which there is a lane for every set.
    #[cfg(feature = "calendar")]
    pub(crate) fn skills(&self) -> usize {
        self.skills.len()
    }

    /// How many bits it takes.
    #[cfg(feature = "calendar")]
    pub(crate) fn len(&self) -> usize {
        self.pools.len() + self.skills.len()
    }

    /// The pools where an order may come to be that way.
    pub(crate) fn all_pools(&self) -> impl Iterator<Item = PoolId> + '_ {
        self.pools.iter().chain(&self.moves).copied()
    }

    /// Every set of skills that may come to be dropped, the empty one first.
    pub(crate) fn all_dropped(&self) -> Vec<Skills> {
        let mut all = vec![Skills::none()];
        for &skill in &self.skills {
            let with = all.iter().map(|dropped| dropped.with(skill)).collect::<Vec<_>>();
            all.extend(with);
        }
        all
    }
}

impl Grants {
    /// Nothing.
    pub(crate) const NONE: Self = Self(0);

    #[cfg(feature = "calendar")]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[cfg(feature = "calendar")]
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// This and what an action grants. A move takes back the pools added before it.
    #[cfg(feature = "calendar")]
    pub(crate) fn with(self, action: &Action, all: &Grantable) -> Self {
        let bit = |at: Option<usize>| at.map_or(0, |at| 1 << at);
        match *action {
            Action::Widen { pool } => {
                Self(self.0 | bit(all.pools.iter().position(|&one| one == pool)))
            }
            Action::Drop { skill } => {
                let at = all.skills.iter().position(|&one| one == skill);
                Self(self.0 | bit(at.map(|at| all.pools.len() + at)))
            }
            Action::Move { pool } if all.moves.contains(&pool) => self.moved_into(pool, Some(all)),
            _ => self,
        }
    }

    /// The same, in another pool than that of its service: those added are taken back.
    pub(crate) fn moved_into(self, pool: PoolId, all: Option<&Grantable>) -> Self {
        let added = all.map_or(0, |all| (1 << all.pools.len()) - 1);
        Self((u64::from(pool.0) + 1) << BITS | self.0 & ((1 << BITS) - 1) & !added)
    }

    /// The pool it was moved to.
    pub(crate) fn moved(self) -> Option<PoolId> {
        u16::try_from((self.0 >> BITS).checked_sub(1)?).ok().map(PoolId)
    }

    /// The pools that were added.
    pub(crate) fn pools(self, all: &Grantable) -> impl Iterator<Item = PoolId> + '_ {
        (0..).zip(&all.pools).filter(move |&(n, _)| self.0 >> n & 1 == 1).map(|(_, &pool)| pool)
    }

    /// The skills that were dropped.
    pub(crate) fn dropped(self, all: &Grantable) -> Skills {
        let bits = self.0 >> all.pools.len();
        let skills = (0..).zip(&all.skills).filter(|&(n, _)| bits >> n & 1 == 1);
        skills.map(|(_, &skill)| skill).collect()
    }
}

#[cfg(all(test, feature = "calendar"))]
mod tests {
    use super::*;

    #[test]
    fn a_move_takes_back_the_pools_but_not_the_skills() {
        let widen = |n| Action::Widen { pool: PoolId(n) };
        let (skill, to) = (SkillId(9), PoolId(u16::MAX));
        let mut all = Grantable::default();
        for action in
            [widen(1), widen(2), widen(1), Action::Drop { skill }, Action::Move { pool: to }]
        {
            all.add(&action);
        }
        assert_eq!(all.len(), 3);
        let granted = Grants::NONE.with(&widen(2), &all).with(&Action::Drop { skill }, &all);
        assert_eq!(granted.pools(&all).collect::<Vec<_>>(), [PoolId(2)]);
        let moved = granted.with(&Action::Move { pool: to }, &all);
        assert_eq!((moved.moved(), moved.pools(&all).count()), (Some(to), 0));
        assert_eq!(moved.dropped(&all), [skill].into_iter().collect());
        let again = moved.with(&widen(1), &all);
        assert_eq!(again.pools(&all).collect::<Vec<_>>(), [PoolId(1)]);
        assert_eq!(again.moved(), Some(to));
        assert_eq!((all.all_pools().count(), all.all_dropped().len()), (3, 2));
        assert_eq!(moved.with(&Action::OpenWindow, &all), moved);
    }
}
