//! cancel: an order is over, because it is withdrawn or the person has left.

use qiangdan_sync::{CloseReach, Phase, Seen};

use super::{Engine, Inner};
use crate::{
    CancelError, Cx, OrderId, Outcome, Reason, State,
    order::{Holder, Live, end_of},
};

impl Engine {
    /// Closes an order that is not being served, or has been put aside. If a clerk has claimed it, the
    /// event names them.
    /// Saying the same twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the claim word. Against a grab or a start of the same
    /// order, whoever swaps first wins.
    ///
    /// # Errors
    ///
    /// [`CancelError::WrongState`] if it is being served or has ended another way,
    /// [`CancelError::Gone`]. Nothing has changed.
    pub fn cancel(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        reason: Reason,
    ) -> Result<(), CancelError> {
        let life = self.inner.life(order).ok_or(CancelError::Gone { order })?;
        let outcome = Outcome::from(reason);
        let (word, generation) = (&life.slot.word, order.generation());
        let closed = word.try_close_unowned(generation, CloseReach::OrHeld, end_of(outcome));
        let Ok(before) = closed else {
            return not_cancelled(life, outcome);
        };
        self.inner.count_left(cx, life, before, outcome);
        self.inner.close(cx, life, Holder::of(before), before.epoch, outcome);
        Ok(())
    }
}

impl Inner {
    /// Counts who left without being served; `before` is how the order was when it was closed.
    pub(super) fn count_left(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        before: Seen,
        outcome: Outcome,
    ) {
        if outcome == Outcome::Abandoned && before.phase == Phase::Open && before.epoch == 0 {
            let since = life.since().unwrap_or(cx.now.mono);
            let waited_ms = cx.now.mono.since_ms(since);
            self.desk(cx).left(waited_ms);
        }
    }
}

fn not_cancelled(life: Live<'_>, outcome: Outcome) -> Result<(), CancelError> {
    let order = life.order;
    match life.seen() {
        None => Err(CancelError::Gone { order }),
        Some((_, State::Closed)) if life.outcome() == Some(outcome) => Ok(()),
        Some((_, state)) => Err(CancelError::WrongState { order, state }),
    }
}
