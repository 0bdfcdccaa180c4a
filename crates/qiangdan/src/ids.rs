//! Names for things: small integers that cannot be mixed up.
//!
//! Services, pools, classes, skills, roles and ladders are numbered by the [`Rules`](crate::Rules)
//! they come from, clerks by the host, orders by the engine. Only an [`OrderId`] is ever reused, and
//! it carries the generation of its slot, so an id from an earlier life is recognised.

use std::fmt;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident($inner:ty), $word:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub $inner);

        impl $name {
            /// The position in the list it numbers.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($word, " {}"), self.0)
            }
        }
    };
}

index! {
    /// A service (事项): position in [`Rules::services`](crate::Rules::services).
    ServiceId(u16), "service"
}
index! {
    /// A pool (单池): position in the rules' list of pools.
    PoolId(u16), "pool"
}
index! {
    /// A class of orders with one head start (优先类别). Class 0 is the ordinary one.
    ClassId(u8), "class"
}
index! {
    /// A skill (技能), 0 to 127.
    SkillId(u8), "skill"
}
index! {
    /// A role that can be notified (岗位).
    RoleId(u16), "role"
}
index! {
    /// A ladder (升级阶梯): position in the rules' list of ladders.
    LadderId(u16), "ladder"
}
index! {
    /// A limit (时限): position in the rules' list of limits.
    LimitId(u16), "limit"
}
index! {
    /// A plan (方案): rules that are, were or may be in force.
    PlanId(u16), "plan"
}
index! {
    /// A calendar (工作日历): position in the rules' list of calendars.
    CalendarId(u16), "calendar"
}
index! {
    /// A watch on a pool (单池盯守): position in [`Rules::watches`](crate::Rules::watches).
    WatchId(u16), "watch"
}
index! {
    /// A lane (队列): position in the rules' list of lanes.
    LaneId(u32), "lane"
}
index! {
    /// A clerk (办事员): chosen by the host, 0 to [`Bounds::clerks`](crate::Bounds::clerks) − 1.
    ClerkId(u32), "clerk"
}

/// A set of skills, as a bit each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Skills(u128);

impl Skills {
    /// The most skills a hall may name.
    pub const MAX: usize = 128;

    /// No skill at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// Every skill.
    #[must_use]
    pub const fn all() -> Self {
        Self(u128::MAX)
    }

    /// This set and `skill` (which must be below [`Skills::MAX`]; a larger one is ignored).
    #[must_use]
    pub const fn with(self, skill: SkillId) -> Self {
        if (skill.0 as usize) < Self::MAX { Self(self.0 | 1 << skill.0) } else { self }
    }

    /// Whether every skill in `needs` is in this set.
    #[must_use]
    pub const fn covers(self, needs: Self) -> bool {
        self.0 & needs.0 == needs.0
    }

    /// Whether a skill is in the set.
    #[must_use]
    pub const fn has(self, skill: SkillId) -> bool {
        (skill.0 as usize) < Self::MAX && self.0 >> skill.0 & 1 == 1
    }

    /// This set and those in `more`.
    pub(crate) const fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// This set without those in `dropped`.
    pub(crate) const fn without(self, dropped: Self) -> Self {
        Self(self.0 & !dropped.0)
    }

    /// The skills in the set, in order.
    pub fn iter(self) -> impl Iterator<Item = SkillId> {
        (0..128_u8).map(SkillId).filter(move |&skill| self.covers(Self::none().with(skill)))
    }
}

impl FromIterator<SkillId> for Skills {
    fn from_iter<I: IntoIterator<Item = SkillId>>(skills: I) -> Self {
        skills.into_iter().fold(Self::none(), Self::with)
    }
}

/// An order (工单): slot and generation.
///
/// Opaque to hosts, which may store [`OrderId::to_bits`] and come back with it; an id whose slot has
/// been filled again since answers `Gone` everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(u64);

impl OrderId {
    pub(crate) fn new(slot: u32, generation: u32) -> Self {
        Self(u64::from(generation) << 32 | u64::from(slot))
    }

    pub(crate) fn slot(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }

    pub(crate) fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The id as an integer, for storage and wires.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The id that [`OrderId::to_bits`] came from. Any integer is accepted; one that never named an
    /// order answers `Gone`.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderId({}.{})", self.slot(), self.generation())
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {}.{}", self.slot(), self.generation())
    }
}

/// The host's own key of an order (赋码), e.g. a hash of its registration code.
///
/// Two submits with the same key name the same order, see [`Engine::submit`](crate::Engine::submit).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DedupKey(pub u64);

/// Ownership of one order: who holds it, and for the how-manieth time it is held.
///
/// The fencing token of every verb on owned work. A claim that is no longer the latest never has an
/// effect, whatever its holder tries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use = "dropping a claim does not give the order back; call complete or put_back"]
pub struct Claim {
    /// The order held.
    pub order: OrderId,
    /// Who holds it.
    pub clerk: ClerkId,
    /// How often this order had been claimed, counting this time (届次).
    pub epoch: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_covers_its_parts_only() {
        let skills: Skills = [SkillId(0), SkillId(127)].into_iter().collect();
        assert!(skills.covers(Skills::none().with(SkillId(127))));
        assert!(!skills.covers(Skills::none().with(SkillId(1))));
        assert_eq!(skills.iter().collect::<Vec<_>>(), [SkillId(0), SkillId(127)]);
    }

    #[test]
    fn an_order_id_keeps_slot_and_generation() {
        let id = OrderId::from_bits(OrderId::new(7, 3).to_bits());
        assert_eq!((id.slot(), id.generation()), (7, 3));
    }
}
