//! extend: more time, once, with approval (延期).

use super::super::Engine;
use super::{
    ExtendLimitError,
    change::{Once, Verb},
};
use crate::{
    ClerkId, Cx, LimitId, OrderId, Wall,
    limit::{Fact, What},
};

impl Engine {
    /// Extends a limit of an order by so much, in its unit, from `at`, or now (行政许可法 art. 42): as
    /// much as the rules allow, once, before it is over. Who approved it is told with the event.
    /// The rungs are computed anew; of those that were climbed, the ones whose due has moved to
    /// later than now are climbed again. Telling the same again is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`ExtendLimitError`]. Nothing has changed.
    pub fn extend(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        limit: LimitId,
        by: u64,
        approver: ClerkId,
        at: Option<Wall>,
    ) -> Result<(), ExtendLimitError> {
        let what = What::Extended { limit, by };
        let verb = Verb { order, at, until: Once::Open, clerk: Some(approver) };
        self.inner.tell_fact(cx, &verb, |now| {
            let is_same = |fact: &Fact| fact.what == what && at.is_none_or(|at| at == fact.at);
            let may = now.clocks.may_extend(limit, by, now.at);
            if may.is_err() && now.list.facts.iter().any(is_same) {
                return Ok(None);
            }
            let last = now.list.facts.iter().map(|fact| fact.at).max();
            if let Some(last) = last.filter(|&last| now.at < last) {
                return Err(ExtendLimitError::TooEarly { last });
            }
            may.map_err(|why| ExtendLimitError::Not { limit, why })?;
            Ok(Some(what))
        })
    }
}
