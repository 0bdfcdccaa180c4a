//! What is told of an order, once and for ever: two words each.
//!
//! | word | 63..20                                  | 19..8 | 7..0   |
//! |------|-----------------------------------------|-------|--------|
//! | 0    | milliseconds since 1900-01-01T00:00:00Z | small | kind   |
//! | 1    | amount in 63..32, limit in 31..16       |       | number |

use super::{Milestone, PauseReason};
use crate::{LimitId, Wall};

/// One fact (事实) of an order's history. Facts are only ever added.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fact {
    /// When it took effect, which may be before it was told.
    pub at: Wall,
    /// What.
    pub what: What,
}

/// Kinds of facts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum What {
    /// A milestone was reached.
    Reached {
        /// Which.
        milestone: Milestone,
        /// The amount told with it, in the unit of the limit that it starts; zero if none was.
        amount: u32,
    },
    /// Clocks that this reason holds stand still from here on.
    Paused {
        /// Why.
        reason: PauseReason,
        /// The amount told with it, as above.
        amount: u32,
    },
    /// The reason holds no longer.
    Resumed {
        /// Which.
        reason: PauseReason,
    },
    /// A limit was extended (延期).
    Extended {
        /// Which.
        limit: LimitId,
        /// By how much, in its unit.
        by: u32,
    },
    /// A rung of a limit was climbed; `at` is its true due.
    Climbed {
        /// Of which limit.
        limit: LimitId,
        /// Which rung.
        rung: u8,
    },
    /// Somebody has taken note of a stage.
    Acknowledged {
        /// Of which limit.
        limit: LimitId,
        /// Which stage, from 0.
        stage: u8,
    },
}
