//! What is due by the wall happens: the rungs of one instant at a look.

use std::sync::atomic::Ordering::Relaxed;

use qiangdan_sync::{AppendError, LedgerSeen, Reserve};
use smallvec::SmallVec;

use super::super::Inner;
use super::{CatchUp, Promises, list::List, tell::UpToDate};
use crate::{
    Cx, OrderId, ServiceId, Wall,
    limit::{Expiry, Fact, LimitRule, Next, Rung, RungKind, What},
    order::Live,
};

/// How long a rung waits that could not be noted, in milliseconds.
const NO_ROOM_MS: i64 = 1_000;

/// What was noted with a rung, and the list with it.
pub(super) struct Noted {
    seen: LedgerSeen,
    facts: SmallVec<[Fact; 2]>,
}

/// A rung that is being climbed.
pub(super) struct Climb<'a> {
    pub(super) service: ServiceId,
    pub(super) next: Next,
    pub(super) rung: &'a Rung,
    pub(super) rule: &'a LimitRule,
    /// How often it had been climbed before.
    pub(super) times: usize,
    /// When the milestone that the expiry deems reached took effect.
    pub(super) deemed_at: Wall,
    /// Whether notices are not told.
    pub(super) is_quiet: bool,
}

impl Inner {
    /// Looks at a slot that was armed for `at`: the rungs that are due there by then are climbed.
    /// Returns when to look next, so that what is due later waits for its turn among all slots.
    pub(super) fn look_by_wall(
        &self,
        cx: &mut Cx<'_>,
        promises: &Promises,
        slot: u32,
        at: Wall,
        policy: CatchUp,
    ) -> Option<Wall> {
        let generation = self.slots[slot as usize].word.load().generation;
        let life = self.life(OrderId::new(slot, generation))?;
        life.seen()?;
        let service = life.terms().ok()?.service;
        if !promises.book.has_clocks(service) {
            return None;
        }
        let UpToDate { mut list, next } = self.bring_up(cx, promises, life, service)?;
        let mut next = next?;
        while next.due <= at {
            let implied = list.facts.len();
            if self.add_implied(promises, life, service, next.due, &mut list) {
                next = promises.next(service, &list)?;
                if next.due > at {
                    break;
                }
            }
            let noted = self.climb_rung(cx, promises, life, service, &list, next, policy);
            list.facts.truncate(implied);
            match noted {
                // More than the rung was noted: that is told first.
                Ok(Noted { facts, .. }) if facts.len() > 1 => return Some(at),
                Ok(Noted { seen, facts }) => {
                    list.seen = seen;
                    list.facts.extend(facts);
                    // What is told meanwhile asks for a look of its own.
                    let Some(after) = promises.next(service, &list) else {
                        // That was the last one: an order that closed before it is let go.
                        let up = self.bring_up(cx, promises, life, service)?;
                        return up.next.map(|next| next.due);
                    };
                    next = after;
                }
                // Something was told since: it is looked at again, as it is now.
                Err(AppendError::Changed) => return Some(at),
                Err(AppendError::Full) => {
                    // Ordering: Relaxed. A figure.
                    promises.held_for_room.fetch_add(1, Relaxed);
                    return Some(Wall(cx.now.wall.0.saturating_add(NO_ROOM_MS)));
                }
            }
        }
        Some(next.due)
    }

    /// Notes that a rung is climbed, unless something was told since; then does what it says.
    ///
    /// The swap of the list decides: a stop or a pause that comes before it is read first, and one
    /// that comes after it finds the rung climbed.
    #[expect(clippy::too_many_arguments, reason = "what a look knows by then")]
    pub(super) fn climb_rung(
        &self,
        cx: &mut Cx<'_>,
        promises: &Promises,
        life: Live<'_>,
        service: ServiceId,
        list: &List,
        next: Next,
        policy: CatchUp,
    ) -> Result<Noted, AppendError> {
        let (limit, number) = (next.limit, next.rung);
        let found = promises.book.rung(limit, number).zip(promises.book.rule(limit));
        let Some((rung, rule)) = found else { return Err(AppendError::Full) };
        let climbed = What::Climbed { limit, rung: number };
        let set = promises.calendars.load();
        let mut new = SmallVec::<[_; 2]>::from_slice(&[Fact { at: next.due, what: climbed }]);
        let mut deemed_at = next.due;
        let expiry = rule.expiry.filter(|_| rung.kind == RungKind::Expiry);
        let facts = |new: &[Fact]| list.facts.iter().chain(new).copied().collect::<Vec<_>>();
        if let Some(Expiry::Deemed { milestone, backdated }) = expiry {
            let clocks = promises.book.read(service, &list.facts, set.now());
            if let Some(clock) = clocks.of(limit, next.due).filter(|_| backdated) {
                deemed_at = clock.from;
            }
            let what = What::Reached { milestone, amount: 0 };
            new.push(Fact { at: deemed_at, what });
            let facts = facts(&new);
            let after = promises.book.read(service, &facts, set.now());
            new.extend(after.moved_since(&clocks, cx.now.wall));
        }
        let seen = promises.append(&list.seen, &new, Reserve::Use)?;
        let is_quiet = match policy {
            CatchUp::All => false,
            CatchUp::Skip => true,
            CatchUp::Once => {
                let facts = facts(&new);
                let after = promises.book.read(service, &facts, set.now()).next();
                after.is_ok_and(|after| after.due <= cx.now.wall)
            }
        };
        let times = list.facts.iter().filter(|fact| fact.what == climbed).count();
        let climb = Climb { service, next, rung, rule, times, deemed_at, is_quiet };
        self.act(cx, promises, life, &climb);
        Ok(Noted { seen, facts: new })
    }
}
