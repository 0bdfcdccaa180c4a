//! cancel: an order is over, because it is withdrawn or the person has left.

use qiangdan_sync::{CloseReach, Phase, Seen};

use super::{Engine, Inner};
use crate::{
    CancelError, Cx, OrderId, Outcome, Reason, State, Wall,
    order::{Live, clerk_of, end_of},
};

impl Engine {
    /// Closes an order that is not being served yet. If a clerk has claimed it, the event names them.
    /// Saying the same twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the claim word. Against a grab or a start of the same order,
    /// whoever swaps first wins.
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
        self.inner.close_from(cx, life, before, outcome, cx.now.wall);
        Ok(())
    }
}

impl Inner {
    /// Everything that follows from a swap that closed an order which nobody served; `before` is how it
    /// was.
    pub(super) fn close_from(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        before: Seen,
        outcome: Outcome,
        at: Wall,
    ) {
        if outcome == Outcome::Abandoned && before.phase == Phase::Open && before.epoch == 0 {
            let since = life.since().unwrap_or(cx.now.mono);
            let waited_ms = cx.now.mono.since_ms(since);
            self.desk(cx).left(waited_ms);
        }
        let holder = clerk_of(before).filter(|_| before.phase == Phase::Held);
        self.close(cx, life, holder, before.epoch, outcome, at);
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
