//! An order goes to other hands: to another hall's pool, a department, the window that hands over.

use crate::{Amend, AmendError, Claim, Cx, Engine, PutBack, PutBackError, ServiceId};

/// Why an order was not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// There is no such service, or the order is over. Nothing has changed.
    #[error(transparent)]
    Amend(#[from] AmendError),
    /// The claim is no longer the latest. If it became so during this very call, the order asks for
    /// the other service already, and stays with who has it.
    #[error(transparent)]
    PutBack(#[from] PutBackError),
}

/// Hands an order that a clerk holds to those who serve `service`, in their own pool (转办).
///
/// Its age goes with it: it waits there as if it had come there at first, so nobody is sent to the
/// back for having been at the wrong window. So do its clocks: limits that the new service shares run
/// on from where they began, and pauses that were told keep counting. Between engines, submit with
/// [`OrderSpec::received`](crate::OrderSpec::received) and the same tag instead.
///
/// Lock-free; amends, then puts back: until it is put back, the order is held as it was.
///
/// # Errors
///
/// See [`HandOverError`].
pub fn hand_over(
    engine: &Engine,
    cx: &mut Cx<'_>,
    claim: Claim,
    service: ServiceId,
) -> Result<(), HandOverError> {
    let is_held = engine
        .order(claim.order)
        .is_some_and(|view| view.owner == Some(claim.clerk) && view.epoch == claim.epoch);
    if is_held {
        let amend = Amend { service: Some(service), class: None };
        engine.amend(cx, claim.order, amend)?;
    }
    // A claim that is not the latest is refused here, with the reason.
    Ok(engine.put_back(cx, claim, PutBack::KeepPlace)?)
}
