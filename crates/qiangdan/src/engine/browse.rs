//! browse, and what keeps choosing and giving back fair (抢单规则).

use qiangdan_sync::Key;

use super::{Engine, Inner};
use crate::{
    Claim, ClerkId, Cx, GiveBacksPer, GrabError, GrabOrderError, Grabbed, OrderId, OrderView,
    PutBackError, clerk::Clerk, order::Live, staff::BROWSE_MAX,
};

/// The oldest orders that a clerk may take.
struct Oldest {
    orders: [(Key, OrderId); BROWSE_MAX],
    found: usize,
}

impl Oldest {
    /// The orders, the oldest first.
    fn iter(&self) -> impl Iterator<Item = OrderId> + '_ {
        self.orders[..self.found].iter().map(|&(_, order)| order)
    }
}

impl Engine {
    /// Shows the oldest orders that a clerk may take, in the order in which they go: up to `most`, at
    /// most 32, are added to `found`. How many; `None` if no clerk has this number.
    ///
    /// Asks neither whether the clerk is ready nor for room. Changes nothing. Exact while nobody else
    /// calls; otherwise each was waiting at some instant during the call.
    ///
    /// Costs a look at the first `most` orders of each of the clerk's lanes, and at all that returned to
    /// these out of order.
    pub fn browse(&self, clerk: ClerkId, most: usize, found: &mut Vec<OrderView>) -> Option<usize> {
        let record = self.inner.clerk(clerk)?;
        let before = found.len();
        found.extend(self.inner.oldest(record, most).iter().filter_map(|order| self.order(order)));
        Some(found.len() - before)
    }
}

impl Inner {
    fn oldest(&self, record: &Clerk, most: usize) -> Oldest {
        let none = (Key { rank: 0, tie: 0 }, OrderId::from_bits(0));
        let mut orders = [none; BROWSE_MAX];
        let asked = &mut orders[..most.min(BROWSE_MAX)];
        let found = self.lanes.oldest(&record.lanes, asked, |hint| self.waits_as(hint));
        Oldest { orders, found }
    }

    /// How many older orders are passed over if the clerk takes this one by name, if that is counted.
    pub(super) fn passed_over(
        &self,
        record: &Clerk,
        clerk: ClerkId,
        life: Live<'_>,
    ) -> Result<u8, GrabOrderError> {
        let Some(most) = self.rules.staff().grab.may_choose else { return Ok(0) };
        if life.terms().is_ok_and(|terms| terms.is_parked) {
            return Ok(0);
        }
        let (order, oldest) = (life.order, self.oldest(record, most.into()));
        match (oldest.iter().position(|one| one == order), oldest.iter().next()) {
            (Some(older), _) => Ok(u8::try_from(older).unwrap_or(u8::MAX)),
            (None, Some(oldest)) => Err(GrabOrderError::NotOldest { order, clerk, oldest }),
            // It is on its way to its lane, or was taken just now: the swap will tell.
            (None, None) => Ok(0),
        }
    }

    /// The same as [`Engine::grab`], where services cost different, or there is a pace.
    #[cold]
    #[inline(never)]
    pub(super) fn grab_guarded(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
    ) -> Result<Grabbed, GrabError> {
        let record = self.clerk(clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        record.has_room(clerk)?;
        let Some(pace) = self.rules.staff().grab.pace else { return self.grab_by_cost(cx, clerk) };
        record
            .guards
            .take_token(pace, cx.now.mono)
            .map_err(|retry_after_ms| GrabError::TooSoon { clerk, retry_after_ms })?;
        let grabbed = self.grab_by_cost(cx, clerk);
        if grabbed.is_err() {
            record.guards.return_token(pace);
        }
        grabbed
    }

    /// Takes a token for a grab by name, if there is a pace.
    pub(super) fn take_token(
        &self,
        cx: &Cx<'_>,
        record: &Clerk,
        clerk: ClerkId,
    ) -> Result<(), GrabOrderError> {
        let Some(pace) = self.rules.staff().grab.pace else { return Ok(()) };
        let taken = record.guards.take_token(pace, cx.now.mono);
        taken.map_err(|retry_after_ms| GrabOrderError::TooSoon { clerk, retry_after_ms })
    }

    /// Gives back a token that was taken in vain.
    pub(super) fn return_token(&self, record: &Clerk) {
        if let Some(pace) = self.rules.staff().grab.pace {
            record.guards.return_token(pace);
        }
    }

    /// Counts that a clerk gives an order back; within which session or day, if that is counted.
    pub(super) fn count_give_back(
        &self,
        cx: &Cx<'_>,
        claim: Claim,
    ) -> Result<Option<u64>, PutBackError> {
        let Some(rule) = self.rules.staff().grab.give_backs else { return Ok(None) };
        let Some(record) = self.clerk(claim.clerk) else { return Ok(None) };
        let within = match rule.per {
            GiveBacksPer::Session => u64::from(record.post().session().to_bits()),
            GiveBacksPer::Day { ahead_ms } => {
                let wall = cx.now.wall.0.saturating_add(ahead_ms.into());
                u64::try_from(wall.div_euclid(86_400_000)).unwrap_or(0)
            }
        };
        let is_counted = record.guards.count_give_back(within, rule.most);
        let order = claim.order;
        if is_counted { Ok(Some(within)) } else { Err(PutBackError::TooOften { order }) }
    }

    /// Takes back what was counted in vain.
    pub(super) fn uncount_give_back(&self, clerk: ClerkId, within: Option<u64>) {
        if let (Some(within), Some(record)) = (within, self.clerk(clerk)) {
            record.guards.uncount_give_back(within);
        }
    }
}
