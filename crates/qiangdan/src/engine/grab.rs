//! grab and grab_order: 叮叮抢单.

use std::hint::spin_loop;

use qiangdan_sync::Owner;

use super::{Engine, Inner, lines::plain_lanes, owner, room::Settled};
use crate::{
    Choice, Claim, ClassId, ClerkId, Cx, EventKind, GrabError, GrabOrderError, Grabbed, LaneId,
    Mono, OrderId, ServiceId, State,
    clerk::{Charge, Clerk},
    desk::Desk,
    order::{Live, TermsNow, clerk_of},
    pool::Head,
};

impl Engine {
    /// Grabs the order that goes next for `clerk`.
    ///
    /// That is the one with the smallest rank (arrival − head start; equal ranks by submit order) among
    /// those waiting in the clerk's lanes. However many clerks ask at once, each order goes to exactly
    /// one of them. While others submit and grab, an order may be passed over that became the first
    /// only during the call.
    ///
    /// Lock-free; allocates nothing, as long as the outbox has room. Reads one number for each of the
    /// clerk's lanes that has orders, and looks at the first entry of those that may be the one, and at
    /// stale entries before it; then three read-modify-writes, of the clerk's count, the claim word and
    /// the record. Linearizes at the swap of the claim word. With empty lanes it reads one word for
    /// each 1,024, and writes nothing.
    ///
    /// # Errors
    ///
    /// [`GrabError::Empty`] if nothing waits that the clerk may take, [`GrabError::AtLimit`],
    /// [`GrabError::NotReady`], [`GrabError::NoSuchClerk`]. Nothing has changed.
    pub fn grab(&self, cx: &mut Cx<'_>, clerk: ClerkId) -> Result<Grabbed, GrabError> {
        let inner = &*self.inner;
        inner.check_session(cx, clerk)?;
        if inner.is_guarded {
            return inner.grab_guarded(cx, clerk);
        }
        let record = inner.clerk(clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        let owner = owner(clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        // Idle clerks ask often: without orders, nothing is written.
        record.has_room(clerk)?;
        let head = inner.first(cx, record).ok_or(GrabError::Empty { clerk })?;
        record.reserve(clerk)?;
        let grabbed = inner.grab_from(cx, record, owner, head);
        if grabbed.is_none() {
            inner.give_room(cx, clerk, Settled::Plain);
        }
        grabbed.ok_or(GrabError::Empty { clerk })
    }

    /// Grabs up to `most` orders for `clerk`, as [`Engine::grab`] does each, and adds them to `grabbed`
    /// in the order in which they go; returns how many.
    ///
    /// Takes the clerk's room once for all, and so costs one read-modify-write less for each.
    ///
    /// # Errors
    ///
    /// As [`Engine::grab`], if there is not even one. With `most` 0 there is no error and no order.
    pub fn grab_many(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        most: u32,
        grabbed: &mut Vec<Grabbed>,
    ) -> Result<u32, GrabError> {
        let inner = &*self.inner;
        inner.check_session(cx, clerk)?;
        let record = inner.clerk(clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        let owner = owner(clerk).ok_or(GrabError::NoSuchClerk { clerk })?;
        if most == 0 {
            return Ok(0);
        }
        if inner.is_guarded {
            grabbed.push(inner.grab_guarded(cx, clerk)?);
            for count in 1..most {
                let Ok(next) = inner.grab_guarded(cx, clerk) else { return Ok(count) };
                grabbed.push(next);
            }
            return Ok(most);
        }
        let room = record.reserve_many(clerk, most)?;
        for count in 0..room {
            let head = inner.first(cx, record);
            let next = head.and_then(|head| inner.grab_from(cx, record, owner, head));
            let Some(next) = next else {
                for _ in count..room {
                    inner.give_room(cx, clerk, Settled::Plain);
                }
                return if count == 0 { Err(GrabError::Empty { clerk }) } else { Ok(count) };
            };
            grabbed.push(next);
        }
        Ok(room)
    }

    /// Grabs one named order for `clerk`.
    ///
    /// Asking again for an order one holds gives the same claim again, so a lost answer does no harm.
    /// Exactly one of the clerks who race for an order gets it; the others are told who did.
    ///
    /// Lock-free; allocates nothing, as long as the outbox has room. A few loads and two
    /// compare-and-swaps, of the clerk's count and of the claim word; linearizes at the latter.
    ///
    /// # Errors
    ///
    /// See [`GrabOrderError`]. Nothing has changed.
    pub fn grab_order(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        order: OrderId,
    ) -> Result<Grabbed, GrabOrderError> {
        let inner = &*self.inner;
        inner.check_session(cx, clerk)?;
        let record = inner.clerk(clerk).ok_or(GrabOrderError::NoSuchClerk { clerk })?;
        let owner = owner(clerk).ok_or(GrabOrderError::NoSuchClerk { clerk })?;
        let life = inner.life(order).ok_or(GrabOrderError::Gone { order })?;
        if let Some(answer) = inner.unless_waiting(life, clerk) {
            return answer;
        }
        let post = record.post();
        if !post.is_ready() {
            return Err(GrabOrderError::NotReady { clerk, presence: post.presence() });
        }
        if !inner.may_take(record, life) || inner.is_kept_from(clerk, life, cx.now.mono) {
            return Err(GrabOrderError::NotEligible { order, clerk });
        }
        let charge = inner.charge_for(life).ok_or(GrabOrderError::Gone { order })?;
        let older = inner.passed_over(record, clerk, life)?;
        let full = GrabOrderError::AtLimit { clerk, units: record.units() };
        match charge {
            Some(charge) if !record.reserve_for(charge) => {
                let post = record.post();
                let away = GrabOrderError::NotReady { clerk, presence: post.presence() };
                return Err(if post.is_ready() { full } else { away });
            }
            Some(_) => {}
            None => record.reserve(clerk).map_err(|refused| match refused {
                GrabError::NotReady { clerk, presence } => {
                    GrabOrderError::NotReady { clerk, presence }
                }
                _ => full,
            })?,
        }
        let settled = charge.map_or(Settled::Plain, Settled::Ours);
        if let Err(soon) = inner.take_token(cx, record, clerk) {
            inner.give_room(cx, clerk, settled);
            return Err(soon);
        }
        if let Some((life, known, epoch)) = inner.try_hold(order, owner) {
            let claim = Claim { order, clerk, epoch };
            if let Some(charge) = charge {
                inner.charge(cx, claim, charge);
            }
            let grabbed = inner.claimed(cx, life, known, claim, Choice::Named);
            if older > 0 {
                inner.tell(cx, life, Some(clerk), EventKind::PassedOver { older });
            }
            return Ok(grabbed);
        }
        inner.return_token(record);
        inner.give_room(cx, clerk, settled);
        // Someone was faster; say who. If it waits again already, it was in between.
        inner
            .unless_waiting(life, clerk)
            .unwrap_or(Err(GrabOrderError::NotWaiting { order, state: State::Claimed }))
    }

    /// Whether `clerk` may take `order` where it is now: signed in, with the skills, in a pool where it
    /// waits. Does not ask whether it is waiting or the clerk has room.
    #[must_use]
    pub fn may_take(&self, clerk: ClerkId, order: OrderId) -> bool {
        let inner = &*self.inner;
        let (Some(record), Some((life, _))) = (inner.clerk(clerk), inner.live(order)) else {
            return false;
        };
        record.post().is_signed_in() && inner.may_take(record, life)
    }
}

/// What a claim's owner is told of the order. Read before the swap: once it is won, the order may be
/// cancelled and its slot filled again at any time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    service: ServiceId,
    class: ClassId,
    tag: u64,
    arrived: Mono,
    since: Mono,
}

impl Known {
    #[inline]
    fn of(life: Live<'_>) -> Option<Self> {
        let TermsNow { service, class, .. } = life.terms().ok()?;
        let (tag, arrived, since) = (life.tag().ok()?, life.arrived().ok()?, life.since().ok()?);
        Some(Self { service, class, tag, arrived, since })
    }

    /// The same as it is after the swap: the order may have been held or amended in between.
    #[inline]
    fn renewed(self, life: Live<'_>) -> Self {
        let (Ok(TermsNow { service, class, .. }), Ok(since)) = (life.terms(), life.since()) else {
            return self;
        };
        Self { service, class, since, ..self }
    }
}

/// Spins for a moment, the longer the more claims were lost in a row: 64 to 1,024 times. That is less
/// than a line of memory takes to come back, and lets the winner get on.
#[cold]
pub(super) fn stand_back(lost: u32) {
    for _ in 0..64_u32 << lost.min(4) {
        spin_loop();
    }
}

impl Inner {
    /// Grabs the order at `head` for a clerk whose room is taken, or if it is gone the next one.
    #[inline]
    fn grab_from(
        &self,
        cx: &mut Cx<'_>,
        clerk: &Clerk,
        owner: Owner,
        mut head: Head,
    ) -> Option<Grabbed> {
        let mut lost = 0;
        loop {
            let order = head.hint.order;
            let held = self.try_hold(order, owner);
            // Taken or not by us, the order no longer waits in this turn: the entry is done with.
            self.lanes.remove(&clerk.lanes, &head, |hint| self.waits_as(hint));
            if let Some((life, known, epoch)) = held {
                let claim = Claim { order, clerk: ClerkId(owner.get()), epoch };
                return Some(self.claimed(cx, life, known, claim, Choice::Next));
            }
            // Somebody was faster, and will be again if both go on at one pace.
            stand_back(lost);
            lost += 1;
            head = self.first(cx, clerk)?;
        }
    }

    /// Swaps the claim word of an order that waits; what was known of it before, and the epoch.
    #[inline]
    pub(super) fn try_hold(&self, order: OrderId, owner: Owner) -> Option<(Live<'_>, Known, u16)> {
        let life = self.life(order)?;
        let known = Known::of(life)?;
        Some((life, known, life.slot.word.try_hold(order.generation(), owner).ok()?))
    }

    /// What an order takes of its holder's room, if services cost different.
    #[expect(clippy::option_option, reason = "no order, and no cost that is written down")]
    pub(super) fn charge_for(&self, life: Live<'_>) -> Option<Option<Charge>> {
        if self.charges.is_none() {
            return Some(None);
        }
        life.terms().ok().map(|terms| Some(self.rules.charge_of(terms.service)))
    }

    /// The entry that goes first for a clerk, in their lanes.
    #[inline]
    pub(super) fn first(&self, cx: &mut Cx<'_>, clerk: &Clerk) -> Option<Head> {
        let key_of = |order| self.life(order).and_then(|life| life.key().ok());
        self.lanes.first(&clerk.lanes, |hint| self.meet(cx, hint), key_of)
    }

    pub(super) fn may_take(&self, clerk: &Clerk, life: Live<'_>) -> bool {
        life.terms().is_ok_and(|terms| {
            if terms.is_noted || self.has_lists() {
                return self.is_granted(&clerk.lanes, life, terms);
            }
            let is_one = |lane: LaneId| clerk.lanes.contains(lane.0);
            plain_lanes(&self.rules, terms).any(is_one)
        })
    }

    /// The answer to a named grab of an order that is not waiting; `None` if it is.
    fn unless_waiting(
        &self,
        life: Live<'_>,
        clerk: ClerkId,
    ) -> Option<Result<Grabbed, GrabOrderError>> {
        let order = life.order;
        let Some((seen, state)) = life.seen() else {
            return Some(Err(GrabOrderError::Gone { order }));
        };
        match (state, clerk_of(seen)) {
            (State::Waiting, _) => None,
            (State::Closed, _) => Some(Err(GrabOrderError::Closed { order })),
            (State::Claimed | State::Serving, Some(by)) if by == clerk => {
                let claim = Claim { order, clerk, epoch: seen.epoch };
                Some(self.grabbed(life, claim).ok_or(GrabOrderError::Gone { order }))
            }
            (State::Claimed | State::Serving, Some(by)) => {
                Some(Err(GrabOrderError::Taken { order, by }))
            }
            (state, _) => Some(Err(GrabOrderError::NotWaiting { order, state })),
        }
    }

    /// What a claim's owner is told; `None` if the order began another life meanwhile.
    fn grabbed(&self, life: Live<'_>, claim: Claim) -> Option<Grabbed> {
        let terms = life.terms().ok()?;
        let (since, claimed) = (life.since().ok()?, life.moment().ok()?);
        let (service, class) = (self.rules.host_id(terms.service), terms.class);
        let (tag, arrived) = (life.tag().ok()?, life.arrived().ok()?);
        let wait_ms = claimed.since_ms(since);
        Some(Grabbed { claim, service, class, tag, arrived, wait_ms })
    }

    /// Everything that follows from a swap that was won.
    ///
    /// If the order was cancelled and its slot filled again since the swap, what is noted here finds
    /// another life and is not noted; the claim is stale and its first use will say so.
    #[inline]
    pub(super) fn claimed(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        known: Known,
        claim: Claim,
        choice: Choice,
    ) -> Grabbed {
        let now = cx.now.mono;
        let Known { service, class, tag, arrived, since } = known.renewed(life);
        let wait_ms = now.since_ms(since);
        life.set_grabbed(now.max(since), claim.epoch).ok();
        let kind = EventKind::OrderClaimed { epoch: claim.epoch, choice, wait_ms };
        let count = |desk: &Desk| desk.claimed(claim.epoch, wait_ms);
        self.tell_as(cx, claim.order, tag, Some(claim.clerk), kind, count);
        self.recount(cx, life, service);
        #[cfg(feature = "calendar")]
        if self.promises.is_some() && claim.epoch == 1 {
            self.note_grabbed(claim.order, service, cx.now);
        }
        if let Some(ms) = self.rules.handling(service).and_then(|all| all.start_within_ms) {
            self.looks.arm(claim.order.slot(), now.plus_ms(ms).0);
        }
        // No late claim goes unnoticed, though it came between two calls of `advance`.
        let rules = &*self.rules;
        let limit_ms = rules.service(service).and_then(|rule| rule.wait_limit_ms);
        if let Some(limit_ms) = limit_ms.filter(|&limit_ms| wait_ms > limit_ms) {
            self.breach(cx, life, since.plus_ms(limit_ms), |_| true);
        }
        let service = rules.host_id(service);
        Grabbed { claim, service, class, tag, arrived, wait_ms }
    }

    /// Tells the breach of an order's limit, once, and only if it still follows from its terms.
    pub(super) fn breach(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        due: Mono,
        follows: impl Fn(TermsNow) -> bool,
    ) {
        let told = life.change_terms(|terms| {
            let tells = !terms.is_breached && follows(terms);
            tells.then_some(TermsNow { is_breached: true, ..terms })
        });
        if told.is_ok_and(|(before, after)| before != after) {
            self.desk(cx).breached.add();
            self.tell(cx, life, None, EventKind::LimitBreached { due });
        }
    }
}
