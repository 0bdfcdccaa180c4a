//! `[ladders]`: what happens while an order waits on.

use crate::{Ladder, LadderId};

/// A ladder (升级阶梯) as one limit climbs it.
///
/// A ladder in the file may be named by several limits. Where its stages are shares of the limit,
/// each limit makes a ladder of its own, so the same key may occur more than once.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HallLadder {
    /// Its position.
    pub id: LadderId,
    /// What the file calls it.
    pub key: String,
    /// The key of the limit that climbs it.
    pub limit: String,
    /// What the engine obeys.
    pub ladder: Ladder,
}
