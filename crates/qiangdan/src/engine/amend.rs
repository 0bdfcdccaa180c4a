//! amend: what an open order asks for, or its class, was wrong (更正).

use super::{Engine, Inner};
use crate::{
    Amend, AmendError, Cx, EventKind, Mono, OrderId, State,
    order::{Live, OtherLife, TermsNow},
};

impl Engine {
    /// Changes the service or the class of an open order.
    ///
    /// A waiting order moves to the lane it belongs to now, with its arrival and its boosts kept: its
    /// rank moves by the difference of its classes' head starts. A parked one waits again. An order
    /// that is held is not taken from its owner; the change counts if it comes back. With another
    /// service the order climbs that service's ladder from the stage its wait has reached; stages
    /// passed do not fire again.
    ///
    /// Lock-free, except that it may allocate as [`Engine::put_back`] does. Two calls that amend one
    /// order at once may leave it with the head start of either; one that races with a put_back or a
    /// stage, in a place that lacks the head start of that moment.
    ///
    /// # Errors
    ///
    /// See [`AmendError`]. Nothing has changed.
    pub fn amend(&self, cx: &mut Cx<'_>, order: OrderId, amend: Amend) -> Result<(), AmendError> {
        let (inner, plan) = (&*self.inner, self.inner.plan());
        let row = |service| plan.row(service).ok_or(AmendError::NoSuchService { service });
        let service = amend.service.map(row).transpose()?;
        if let Some(class) = amend.class.filter(|&class| plan.head_start_ms(class).is_none()) {
            return Err(AmendError::NoSuchClass { class });
        }
        let amend = Amend { service, ..amend };
        let (life, state) = inner.live(order).ok_or(AmendError::Gone { order })?;
        if state == State::Closed {
            return Err(AmendError::WrongState { order, state });
        }
        inner.change(cx, life, amend).map_err(|OtherLife| AmendError::Gone { order })
    }
}

impl Inner {
    /// `amend` names the row of the service.
    pub(super) fn change(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        amend: Amend,
    ) -> Result<(), OtherLife> {
        let wait_ms = wait_ms(life, cx.now.mono)?;
        let (before, after) = life.change_terms(|terms| {
            let service = amend.service.unwrap_or(terms.service);
            let class = amend.class.unwrap_or(terms.class);
            let stages = if service == terms.service {
                terms.stages
            } else {
                self.stages_passed(service, wait_ms)
            };
            Some(TermsNow { service, class, stages, is_parked: false, ..terms.next_turn() })
        })?;
        let head_start = |terms: TermsNow| {
            self.rules.head_starts_ms().get(terms.class.index()).copied().unwrap_or(0)
        };
        life.shift_rank_ms(head_start(before).saturating_sub(head_start(after)))?;
        let (service, class) = (after.service, after.class);
        if let Some((_, State::Waiting)) = life.seen() {
            self.line_up_as(life, after)?;
            self.arm(life);
        } else {
            self.arm_lapse(life, service, cx.now.mono);
        }
        let kind = EventKind::OrderAmended { service: self.rules.host_id(service), class };
        self.tell(cx, life, None, kind);
        #[cfg(feature = "calendar")]
        self.amend_clocks(cx, life, before.service, service);
        self.recount(cx, life, before.service);
        self.recount(cx, life, service);
        Ok(())
    }

    /// How many stages of a service's ladder an order has passed that has waited so long.
    fn stages_passed(&self, service: crate::ServiceId, wait_ms: u64) -> u8 {
        let passed = self.rules.stages(service).iter().take_while(|stage| stage.at_ms <= wait_ms);
        u8::try_from(passed.count()).unwrap_or(u8::MAX)
    }
}

/// How long an order has waited. While nobody waits (it is held, or away for a while), that is as
/// long as at the grab, or at the activation to come.
fn wait_ms(life: Live<'_>, now: Mono) -> Result<u64, OtherLife> {
    let until = match life.seen() {
        Some((_, State::Waiting)) => now,
        _ => life.moment()?,
    };
    Ok(until.since_ms(life.since()?))
}
