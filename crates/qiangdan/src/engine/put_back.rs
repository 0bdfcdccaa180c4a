//! put_back: the owner gives an order back (退单). And what all verbs share by which a claim ends and the
//! order waits again.
//!
//! Each of them first takes a *ticket*: a mark in the order's terms, with the next turn, that the
//! claim of this epoch goes back. One call gets it; from then on whoever meets the entries of that
//! turn makes the swap in its place, see `lines.rs`. A ticket may be good only if the owner has not
//! begun before the swap (a person who does not come, a claim that was not started in time).

use qiangdan_sync::{GiveBack, Phase, Refused, Reserve, Seen};

use super::{Engine, Inner, rank_of, room::Settled};
use crate::{
    Claim, Cx, EventKind, Note, OrderId, PutBack, PutBackError, Says, ServiceId, State, Why,
    order::{Live, NotYours, OtherLife, TermsNow, clerk_of},
};

impl Engine {
    /// Gives an order one has claimed back to the queue, where `how` says. Its wait goes on with the
    /// time already waited; the time it was held does not count. Doing it twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the claim word, which is made by this call or by a grab
    /// that meets the order on its way: no thread that is interrupted here keeps the order from the
    /// others. If it is another's, the event comes from there, and names the same place as a head
    /// start; and if the order is over and its slot filled again before this call goes on, the
    /// answer is `Gone`.
    ///
    /// If the service says that clerks rest from what they gave back ([`Handling::rest_ms`]), that
    /// is noted on the order; without room for notes nobody rests.
    ///
    /// [`Handling::rest_ms`]: crate::Handling::rest_ms
    ///
    /// # Errors
    ///
    /// [`PutBackError`]: the claim is stale, nobody holds the order, it is closed, or it has been
    /// claimed too often. Nothing has changed.
    pub fn put_back(
        &self,
        cx: &mut Cx<'_>,
        claim: Claim,
        how: PutBack,
    ) -> Result<(), PutBackError> {
        let inner = &*self.inner;
        let order = claim.order;
        inner.check_session(cx, claim.clerk)?;
        let life = inner.life(order).ok_or(PutBackError::from(NotYours::Gone { order }))?;
        let mut within = None;
        if inner.rules.staff().grab.give_backs.is_some() {
            if life.seen().is_some_and(|(seen, _)| is_back_already(seen, claim)) {
                return Ok(());
            }
            life.owned_by(claim)?;
            within = inner.count_give_back(cx, claim)?;
        }
        let given = inner.put_back_by_owner(cx, life, claim, how);
        if !matches!(given, Ok(true)) {
            inner.uncount_give_back(claim.clerk, within);
        }
        given.map(drop)
    }
}

/// How a claim goes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Back {
    pub(super) how: PutBack,
    pub(super) from: GiveBack,
    /// Whether it comes with notes that bear on where the order waits and who may take it.
    pub(super) bears: bool,
}

/// Why a claim does not go back; each verb has its own public enum made from this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotBack {
    NotYours(NotYours),
    /// The order has been claimed as often as can be counted.
    Exhausted {
        order: OrderId,
    },
}

impl From<NotYours> for NotBack {
    fn from(refused: NotYours) -> Self {
        Self::NotYours(refused)
    }
}

/// Whether the claim of an epoch that was announced to go back, and is no longer held, was released and
/// not closed: a release leaves no owner, a close leaves the last.
fn was_released(life: Live<'_>, epoch: u16) -> bool {
    life.seen().is_some_and(|(seen, _)| {
        let is_free = match seen.phase {
            Phase::Open | Phase::Shut | Phase::Reserved => true,
            Phase::Done => seen.owner.is_none(),
            _ => false,
        };
        seen.epoch > epoch || seen.epoch == epoch && is_free
    })
}

/// Whether the claim was put back before and nobody has claimed the order since.
fn is_back_already(seen: Seen, claim: Claim) -> bool {
    seen.phase == Phase::Open && seen.epoch == claim.epoch && claim.epoch > 0
}

impl Inner {
    /// Gives a claim back by its owner. Whether this call has, or another in its place.
    fn put_back_by_owner(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        claim: Claim,
        how: PutBack,
    ) -> Result<bool, PutBackError> {
        let order = claim.order;
        let back = Back { how, from: GiveBack::Owned, bears: self.rests(life) };
        let mut is_back = false;
        let begun = self.begin_return(life, back, |life, _| {
            let (seen, _) = life.seen().ok_or(NotYours::Gone { order })?;
            is_back = is_back_already(seen, claim);
            life.owned_as(seen, claim).map_err(PutBackError::from)
        });
        if is_back {
            return Ok(false);
        }
        let Some((seen, terms)) = begun? else { return Ok(false) };
        if back.bears {
            self.note_put_back(cx, claim, terms.service);
        }
        self.go_back(cx, life, seen, back)?;
        Ok(true)
    }

    /// Whether clerks rest from orders of its service that they gave back.
    fn rests(&self, life: Live<'_>) -> bool {
        self.notes.is_some()
            && life.terms().is_ok_and(|terms| {
                self.rules.handling(terms.service).is_some_and(|all| all.rest_ms.is_some())
            })
    }

    /// Notes who gave an order back, and that they rest from it. Without room they do not.
    fn note_put_back(&self, cx: &Cx<'_>, claim: Claim, service: ServiceId) {
        let (now, clerk) = (cx.now.mono, claim.clerk);
        let rest_ms = self.rules.handling(service).and_then(|handling| handling.rest_ms);
        let until = rest_ms.map(|ms| now.plus_ms(ms));
        let rests = Says::Excluded { clerk, why: Why::GaveBack, until };
        let notes = [Note::new(now, Says::PutBack { clerk }), Note::new(now, rests)];
        self.note(claim.order, &notes, Reserve::Use).ok();
    }

    /// Takes the ticket to give a claim back: one call alone gets it. `may` says whether the claim is
    /// still one that may go back, and is asked again if the order has changed meanwhile. `None` if
    /// another call has begun to give the claim back.
    pub(super) fn begin_return<E: From<NotYours> + From<NotBack>>(
        &self,
        life: Live<'_>,
        back: Back,
        mut may: impl FnMut(Live<'_>, TermsNow) -> Result<Seen, E>,
    ) -> Result<Option<(Seen, TermsNow)>, E> {
        let order = life.order;
        let gone = |_| E::from(NotYours::Gone { order });
        loop {
            // The terms are read first: if they are the same at the swap, nobody has put the claim
            // back since it was found to be held.
            let terms = life.terms().map_err(gone)?;
            let seen = may(life, terms)?;
            if seen.epoch == u16::MAX {
                return Err(NotBack::Exhausted { order }.into());
            }
            if terms.is_going_back(seen) {
                return Ok(None);
            }
            let from = if seen.owner.is_none() { GiveBack::IfLetGo } else { back.from };
            let next = terms.going_back(seen.epoch, back.how, from);
            let next = TermsNow { is_noted: terms.is_noted || back.bears, ..next };
            let begun = life.change_terms(|now| (now == terms).then_some(next)).map_err(gone)?;
            if begun.0 == terms {
                return Ok(Some((seen, next)));
            }
        }
    }

    /// Goes on with a ticket: writes the order's new place, lines it up there, and swaps.
    pub(super) fn go_back(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        seen: Seen,
        back: Back,
    ) -> Result<(), NotBack> {
        let (order, epoch, how) = (life.order, seen.epoch, back.how);
        let gone = |_| NotBack::from(NotYours::Gone { order });
        // Whoever has the ticket is alone with these until the entries are in; a cancel in between
        // makes them void, and a new life in the slot does not let them through.
        let tag = life.tag().map_err(gone)?;
        let before = Place::of(life).map_err(gone)?;
        let held_ms = cx.now.mono.since_ms(life.grabbed(cx.now.mono, epoch).map_err(gone)?);
        let lined = self.prepare(cx, life, epoch, how).map_err(gone)?;
        let to = if matches!(how, PutBack::After { .. }) { Phase::Shut } else { Phase::Open };
        let (word, from) = (&life.slot.word, lined.going_back_from());
        // Nobody grabs it before the room of this claim is out of the books.
        let settled = self.settle_back(life, epoch, from);
        match word.try_give_back(order.generation(), epoch, from, to) {
            Ok(seen) => self.returned(cx, life, tag, seen, how, settled),
            Err(refused) => {
                self.not_gone_back(cx, life, seen, settled);
                // Somebody who met the entries has made the swap in our place, with all that follows.
                if was_released(life, epoch) {
                    return Ok(());
                }
                if refused == Refused::Exhausted {
                    return Err(NotBack::Exhausted { order });
                }
                // Its owner has begun or let go of it first, or it is over.
                before.restore(life, lined, held_ms).ok();
                let (seen, state) = life.seen().ok_or(NotYours::Gone { order })?;
                return Err(if seen.epoch == epoch {
                    match (state, seen.owner) {
                        (State::Suspended, None) => NotYours::NotOwner { order }.into(),
                        _ => NotYours::WrongState { order, state }.into(),
                    }
                } else {
                    NotYours::Stale { order, epoch: seen.epoch }.into()
                });
            }
        }
        // If the order is over by now, and its slot in another life, there is nothing left to do.
        if let PutBack::After { ms } = how {
            self.looks.arm(order.slot(), cx.now.mono.plus_ms(ms).0);
        } else {
            self.freed(cx, life, lined).ok();
        }
        Ok(())
    }

    /// Writes the order's new place while its owner still holds it, and lines it up there; who meets
    /// the entries takes them as the owner's word that the order is free.
    pub(super) fn prepare(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        epoch: u16,
        how: PutBack,
    ) -> Result<TermsNow, OtherLife> {
        let now = cx.now.mono;
        let grabbed = life.grabbed(now, epoch)?;
        let held_ms = now.since_ms(grabbed);
        let away_ms = if let PutBack::After { ms } = how { ms } else { 0 };
        life.shift_since_ms(held_ms.saturating_add(away_ms))?;
        match how {
            PutBack::KeepPlace | PutBack::Park => {}
            // While an order is scheduled, `moment` is when it is to be activated.
            PutBack::After { ms } => life.move_moment(grabbed, now.plus_ms(ms))?,
            PutBack::BackOfLine => {
                life.set_rank_ms(rank_of(now))?;
                life.set_tie(self.next_tie(cx))?;
            }
            PutBack::HeadStart { ms } => {
                life.set_rank_ms(rank_of(now).saturating_sub(ms))?;
                life.set_tie(self.next_tie(cx))?;
            }
        }
        if let PutBack::After { .. } = how { life.terms() } else { self.line_up(life) }
    }

    /// What follows from a swap that gave an order back, whose claim was settled before; `before` is
    /// what the word said before it.
    pub(super) fn returned(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        tag: u64,
        before: Seen,
        how: PutBack,
        settled: Settled,
    ) {
        let kind = EventKind::OrderPutBack { epoch: before.epoch, how };
        self.tell_as(cx, life.order, tag, clerk_of(before), kind, |desk| desk.put_back.add());
        self.give_ended(cx, before, settled);
    }
}

/// Where an order was before it was about to go back.
struct Place {
    rank_ms: i64,
    tie: u64,
}

impl Place {
    fn of(life: Live<'_>) -> Result<Self, OtherLife> {
        Ok(Self { rank_ms: life.rank_ms()?, tie: life.tie()? })
    }

    /// Takes back what was prepared, unless another verb has begun since.
    fn restore(&self, life: Live<'_>, lined: TermsNow, held_ms: u64) -> Result<(), OtherLife> {
        if life.terms()?.turn == lined.turn {
            life.unshift_since_ms(held_ms)?;
            life.set_rank_ms(self.rank_ms)?;
            life.set_tie(self.tie)?;
        }
        Ok(())
    }
}
