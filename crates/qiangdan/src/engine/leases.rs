//! heartbeat, and the looks at clerks: who is lost, who has written up, who can come back.
//!
//! Each clerk has one cell in a wheel of their own, made only if the rules have something to look
//! for. A heartbeat stores one instant and arms nothing; the look at the end of the lease asks it.
//! Leases are judged together, once all that are over at an instant are known: if more than a set
//! share of those who are signed in would be lost at once, it is the host or the network that has
//! stood still, and the loss is held for a while, with one alarm. Who is not heard of by the end of
//! that is lost.
//!
//! What a clerk holds is not listed, so what is to come back is found by a walk over the claim
//! words, for all who were lost together, a few at each call of `advance`. What they had not begun
//! goes back to its place; what is under way stays theirs, for a supervisor to see to or for them
//! to finish.

use std::sync::atomic::Ordering::Relaxed;

use qiangdan_sync::{Looks, Phase, WheelDriver};

use super::{Engine, Inner, advance::Waited};
use crate::{
    Claim, ClerkId, Cx, EventKind, HeartbeatError, MassLoss, Mono, OrderId, PresenceRules,
    clerk::{Clerk, Post},
    order::clerk_of,
};

/// So many slots are walked over for one step.
const SLOTS_A_STEP: u32 = 16;

/// The part of the looks at clerks that belongs to the one that advances.
#[derive(Debug)]
pub(super) struct Leases {
    driver: WheelDriver,
    /// Whose lease is over, not judged yet.
    suspects: Vec<ClerkId>,
    /// Who was held when many were lost at once, and until when.
    held: Option<(Mono, Vec<ClerkId>)>,
    /// Whose orders are to come back, once the walk that is under way is done.
    leaving: Vec<ClerkId>,
    walk: Option<Walk>,
}

/// A walk over all claim words.
#[derive(Debug)]
struct Walk {
    /// For whom.
    clerks: Vec<ClerkId>,
    /// The next slot.
    slot: u32,
}

impl Leases {
    pub(super) fn new(driver: WheelDriver) -> Self {
        let (suspects, leaving) = (Vec::new(), Vec::new());
        Self { driver, suspects, held: None, leaving, walk: None }
    }

    /// When a clerk should next be looked at. What came in is filed first, and what was begun goes
    /// on, as far as the steps go.
    pub(super) fn next(
        &mut self,
        inner: &Inner,
        cx: &mut Cx<'_>,
        all: &mut Waited,
    ) -> Option<Mono> {
        if !self.advance(inner, cx, Mono(0), all) {
            return None;
        }
        self.driver.next(inner.rests.as_ref()?).map(Mono)
    }

    /// When something should next be done about clerks.
    pub(super) fn next_look(&mut self, inner: &Inner, now: Mono) -> Option<Mono> {
        if self.walk.is_some() || !self.leaving.is_empty() || !self.suspects.is_empty() {
            return Some(now);
        }
        self.driver.next(inner.rests.as_ref()?).map(Mono)
    }

    /// Looks at the clerks who are to be looked at by then. False once the steps are used up.
    pub(super) fn advance(
        &mut self,
        inner: &Inner,
        cx: &mut Cx<'_>,
        until: Mono,
        all: &mut Waited,
    ) -> bool {
        let Some(rests) = inner.rests.as_ref() else { return true };
        let (suspects, leaving) = (&mut self.suspects, &mut self.leaving);
        let look = |slot, armed| {
            let found = inner.look_at(cx, ClerkId(slot), Mono(armed));
            if found.is_silent {
                suspects.push(ClerkId(slot));
            }
            if found.leaves {
                leaving.push(ClerkId(slot));
            }
            found.next.map(|next| next.0)
        };
        let advanced = self.driver.advance(rests, until.0, all.left, u64::from, look);
        all.add(advanced, self.driver.left())
    }

    /// Judges whose lease is over by now, and goes on with the walk. To be called once all looks by
    /// now are done. False once the steps are used up.
    pub(super) fn conclude(&mut self, inner: &Inner, cx: &mut Cx<'_>, all: &mut Waited) -> bool {
        self.judge(inner, cx);
        while all.done {
            if self.walk.is_none() {
                if self.leaving.is_empty() {
                    break;
                }
                let mut clerks = std::mem::take(&mut self.leaving);
                clerks.sort_unstable();
                clerks.dedup();
                self.walk = Some(Walk { clerks, slot: 0 });
            }
            if let Some(walk) = &mut self.walk {
                if walk.go_on(inner, cx, &mut all.left) {
                    self.walk = None;
                } else {
                    all.done = false;
                }
            }
        }
        all.done
    }

    fn judge(&mut self, inner: &Inner, cx: &mut Cx<'_>) {
        let now = cx.now.mono;
        let rules = &inner.rules.staff().presence;
        let held = match self.held.take() {
            Some((until, held)) if now < until => {
                // Whoever else falls silent meanwhile is held with them.
                let more = std::mem::take(&mut self.suspects);
                self.hold(inner, until, held.into_iter().chain(more).collect());
                return;
            }
            Some((_, held)) => held,
            None => Vec::new(),
        };
        let suspects = std::mem::take(&mut self.suspects);
        let (known, new): (Vec<_>, Vec<_>) = suspects.into_iter().partition(|c| held.contains(c));
        let present = inner.present();
        let (silent, most) = (new.len(), rules.mass_loss.map(|mass| mass.most_of(present)));
        match rules.mass_loss {
            Some(mass) if silent > 1 && most.is_some_and(|most| silent > most) => {
                let clerks = u32::try_from(silent).unwrap_or(u32::MAX);
                inner.tell_of_all(cx, EventKind::MassLoss { clerks, of: present });
                self.hold(inner, now.plus_ms(mass.hold_ms), new);
            }
            _ => new.into_iter().for_each(|clerk| inner.lose(cx, clerk)),
        }
        known.into_iter().for_each(|clerk| inner.lose(cx, clerk));
    }

    fn hold(&mut self, inner: &Inner, until: Mono, clerks: Vec<ClerkId>) {
        for clerk in &clerks {
            inner.rest(*clerk, until);
        }
        self.held = Some((until, clerks));
    }
}

impl Walk {
    /// Goes on; true once it is over.
    fn go_on(&mut self, inner: &Inner, cx: &mut Cx<'_>, left: &mut usize) -> bool {
        let end = u32::try_from(inner.slots.len()).unwrap_or(u32::MAX);
        while self.slot < end {
            if *left == 0 {
                return false;
            }
            *left -= 1;
            for slot in self.slot..end.min(self.slot + SLOTS_A_STEP) {
                inner.leave_behind(cx, slot, &self.clerks);
            }
            self.slot += SLOTS_A_STEP;
        }
        true
    }
}

impl MassLoss {
    /// How many of so many may be lost at once without an alarm.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and the share was checked"
    )]
    fn most_of(self, present: u32) -> usize {
        (f64::from(present) * self.share) as usize
    }
}

/// What a look at a clerk found.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// Whether the lease is over.
    is_silent: bool,
    /// Whether they were lost, and the time to come back is over.
    leaves: bool,
    /// When to look next.
    next: Option<Mono>,
}

impl Engine {
    /// Says that a clerk is there (心跳). Who is not heard of for as long as the rules say is lost;
    /// with the next heartbeat, or by signing in, they are back as what they were, with what they
    /// still hold.
    ///
    /// Wait-free while they are not lost: one store, and a few loads. A heartbeat in the very
    /// instant in which a clerk is found to be lost may go unnoticed; the next one is not.
    ///
    /// # Errors
    ///
    /// See [`HeartbeatError`]. Nothing has changed.
    pub fn heartbeat(&self, cx: &mut Cx<'_>, clerk: ClerkId) -> Result<(), HeartbeatError> {
        let inner = &*self.inner;
        inner.check_session(cx, clerk)?;
        let record = inner.clerk(clerk).ok_or(HeartbeatError::NoSuchClerk { clerk })?;
        if !record.post().is_signed_in() {
            return Err(HeartbeatError::SignedOut { clerk });
        }
        record.times.hear(cx.now.mono);
        if record.post().is_lost() {
            inner.find(cx, clerk, record);
        }
        Ok(())
    }
}

impl Inner {
    /// How many clerks are signed in, of which some may be lost.
    fn present(&self) -> u32 {
        // Ordering: Relaxed. A share is taken of it; nothing is read on its strength.
        self.staffed.load(Relaxed)
    }

    /// Sees to it that a clerk is looked at by then.
    pub(super) fn rest(&self, clerk: ClerkId, until: Mono) {
        if let Some(rests) = &self.rests {
            rests.arm(clerk.0, until.0);
        }
    }

    /// Begins a lease, if there are leases.
    pub(super) fn begin_lease(&self, clerk: ClerkId, record: &Clerk, now: Mono) {
        if let Some(lost_after_ms) = self.rules.staff().presence.lost_after_ms {
            record.times.hear(now);
            self.rest(clerk, now.plus_ms(lost_after_ms));
        }
    }

    /// What is due for a clerk by then.
    fn look_at(&self, cx: &mut Cx<'_>, clerk: ClerkId, armed: Mono) -> Found {
        let Some(record) = self.clerk(clerk) else { return Found::default() };
        let mut found = Found::default();
        let mut later = |due: Mono| found.next = Some(found.next.map_or(due, |next| next.min(due)));
        if record.post().is_wrapping_up()
            && let Some(due) = self.end_wrap_up(cx, clerk, record, armed)
        {
            later(due);
        }
        if let Some(due) = self.lapse(cx, clerk, record) {
            later(due);
        }
        let PresenceRules { lost_after_ms, then_return_after_ms, .. } = self.rules.staff().presence;
        let (Some(lost_after_ms), post) = (lost_after_ms, record.post()) else { return found };
        if post.is_lost() {
            let due = record.times.lost().plus_ms(then_return_after_ms);
            if due > armed {
                later(due);
            }
            found.leaves = due <= armed && post.used() > 0;
        } else if post.is_signed_in() {
            let due = record.times.heard().plus_ms(lost_after_ms);
            if due > armed {
                later(due);
            }
            found.is_silent = due <= armed;
        }
        found
    }

    /// A clerk whose lease is over is lost, unless they were heard of meanwhile.
    fn lose(&self, cx: &mut Cx<'_>, clerk: ClerkId) {
        let PresenceRules { lost_after_ms, then_return_after_ms, .. } = self.rules.staff().presence;
        let (Some(record), Some(lost_after_ms)) = (self.clerk(clerk), lost_after_ms) else {
            return;
        };
        let (now, due) = (cx.now.mono, record.times.heard().plus_ms(lost_after_ms));
        if due > now {
            return self.rest(clerk, due);
        }
        record.times.lose(now);
        if let Ok((before, after)) = record.change(Post::lost) {
            self.tell_of_clerk(cx, clerk, EventKind::ClerkLost { due });
            self.followed(cx, clerk, record, before, after);
            self.rest(clerk, now.plus_ms(then_return_after_ms));
        }
    }

    /// A clerk who was lost is back.
    #[cold]
    fn find(&self, cx: &mut Cx<'_>, clerk: ClerkId, record: &Clerk) {
        if let Ok((before, now)) = record.change(Post::found) {
            self.presence_changed(cx, clerk, record, before, now);
            self.begin_lease(clerk, record, cx.now.mono);
        }
    }

    /// Looks at a slot for those who are lost: what they had not begun goes back to its place, and
    /// of what is under way a supervisor is told.
    fn leave_behind(&self, cx: &mut Cx<'_>, slot: u32, lost: &[ClerkId]) {
        let seen = self.slots[slot as usize].word.load();
        let Some(clerk) = clerk_of(seen).filter(|clerk| lost.binary_search(clerk).is_ok()) else {
            return;
        };
        // They may have come back meanwhile.
        if !self.clerk(clerk).is_some_and(|record| record.post().is_lost()) {
            return;
        }
        let (order, epoch) = (OrderId::new(slot, seen.generation), seen.epoch);
        let Some(life) = self.life(order) else { return };
        match seen.phase {
            Phase::Held => {
                self.give_back_for(cx, life, Claim { order, clerk, epoch });
            }
            Phase::Active => {
                self.tell(cx, life, Some(clerk), EventKind::OrderNeedsSupervisor { epoch });
            }
            _ => {}
        }
    }
}

/// The wheel of looks at clerks, if the rules have anything to look for.
pub(super) fn wheel(rules: &PresenceRules, clerks: u32) -> Option<(Looks, WheelDriver)> {
    rules.is_watched().then(|| qiangdan_sync::Wheel::new(clerks))
}
