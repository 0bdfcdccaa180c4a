//! start: the person is at the window.

use qiangdan_sync::Started;

use super::{Engine, owner};
use crate::{Claim, Cx, EventKind, StartError, order::NotYours};

impl Engine {
    /// Begins to serve an order one has claimed. Doing it twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the claim word.
    ///
    /// # Errors
    ///
    /// [`StartError`]: the claim is stale, nobody holds the order, or it is closed. Nothing has changed.
    pub fn start(&self, cx: &mut Cx<'_>, claim: Claim) -> Result<(), StartError> {
        let order = claim.order;
        self.inner.check_session(cx, claim.clerk)?;
        let gone = StartError::from(NotYours::Gone { order });
        let life = self.inner.life(order).ok_or(gone)?;
        let owner = owner(claim.clerk).ok_or(StartError::NotOwner { order })?;
        match life.slot.word.try_start(order.generation(), claim.epoch, owner) {
            Ok(Started::Now) => {
                let epoch = claim.epoch;
                self.inner.tell(cx, life, Some(claim.clerk), EventKind::OrderStarted { epoch });
                #[cfg(feature = "calendar")]
                if self.inner.promises.is_some() {
                    self.inner.note_started(life, cx.now);
                }
                Ok(())
            }
            Ok(Started::Already) => Ok(()),
            Err(refused) => Err(life.not_yours(refused, claim).into()),
        }
    }
}
