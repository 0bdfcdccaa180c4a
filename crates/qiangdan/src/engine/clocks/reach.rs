//! reach: an order has come to a milestone (节点).

use super::super::Engine;
use super::{
    ReachError,
    change::{Once, Verb},
};
use crate::{
    Cx, OrderId, Wall,
    limit::{Milestone, What},
};

impl Engine {
    /// Tells that an order has reached a milestone of the hall's: 受理, 办结, 送达, 评价. Clocks start and
    /// stop by it.
    ///
    /// `amount` is told with it where the limit that it starts has no fixed length, in that limit's
    /// unit. It took effect at `at`, or now; told late, the clocks are as if it had been told then.
    /// Telling the same again is as good as once. A closed order may go on to milestones while a
    /// clock of its runs (papers owed, delivery, rating); the last one lets it go.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`ReachError`]. Nothing has changed.
    pub fn reach(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        milestone: Milestone,
        amount: Option<u32>,
        at: Option<Wall>,
    ) -> Result<(), ReachError> {
        if milestone.0 < Milestone::FIRST_OF_HALL {
            return Err(ReachError::Own { milestone });
        }
        if milestone.0 > Milestone::MAX {
            return Err(ReachError::NoSuchMilestone { milestone });
        }
        let what = What::Reached { milestone, amount: amount.map_or(0, u64::from) };
        let verb = Verb { order, at, until: Once::Closed, clerk: None };
        self.inner.tell_fact(cx, &verb, |now| Ok(now.is_news(what).then_some(what)))
    }
}
