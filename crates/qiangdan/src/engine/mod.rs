//! The engine: orders come in, clerks grab them, time passes.
//!
//! One file per verb; this one holds what they share. Every verb of [`Engine`] takes `&self`, may
//! be called from any thread, waits for no clerk and no clock, and either takes effect whole or
//! not at all. Verbs on orders decide by one compare-and-swap on the order's claim word;
//! everything else in here (lane entries, bits, looks) is a hint that is checked against that word.

mod advance;
mod amend;
mod apply;
mod browse;
mod cancel;
mod clerks;
#[cfg(feature = "calendar")]
mod clocks;
mod complete;
mod grab;
mod hand_on;
mod in_hand;
mod leases;
mod lines;
mod notes;
mod put_back;
mod room;
mod start;
mod submit;
mod suspend;
#[cfg(test)]
mod tests;
mod view;
mod watches;

pub use advance::{Advanced, Advancer};
pub use apply::{ApplyError, OpenOrders, RulesPreview};
#[cfg(feature = "calendar")]
pub use clocks::{
    AcknowledgeError, CalendarPreview, CardError, CatchUp, ExtendLimitError, LoadCalendarError,
    PauseOrderError, ReachError, ResumeOrderError, SettleError,
};
pub(crate) use put_back::NotBack;
pub use watches::WatchedPool;

use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use qiangdan_sync::{Looks, Owner, Slab, Wheel};

use crate::{
    ClerkId, Cx, DedupKey, Event, EventKind, Mono, OrderId, Rules, Stats,
    clerk::{Charges, Clerk},
    desk::{Desk, Desks},
    editions::Editions,
    order::{Live, Slot, State, TermsNow},
    pool::{Lanes, ORDERS_MAX},
    sync::{AtomicU32, AtomicU64},
};

/// How much fits. Nothing grows past it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Open orders at one time, 1 to 268,435,455. About 100 bytes each are set aside,
    /// and 8 more once a dedup key is used. Each lane adds five kilobytes, 8 bytes for each of up
    /// to nine times the most orders it ever held, and about 40 for each order that returned to
    /// it out of order at one time.
    pub orders: u32,
    /// Clerks, 0 to 1,048,575; they are numbered from 0.
    pub clerks: u32,
    /// What is told of all orders that have limits by the calendar, at one time: an order with
    /// three clocks needs one fact to come in, and one for each milestone, pause and rung after
    /// it. 24 bytes are set aside for each, only if the rules have such limits; an eighth is kept
    /// for rungs. 0 to 268,435,456; `None` is eight for each order. With limits, 60 more bytes
    /// for each order.
    pub facts: Option<u32>,
    /// Lanes, for an engine whose rules are swapped: [`Advancer::apply`] needs room for those of
    /// the old and the new rules. `None` is as many as the first rules have.
    pub lanes: Option<u32>,
    /// Notes on all orders at one time (备注): who may not take an order, how often it was called, where
    /// it was moved. 24 bytes each, and 24 for each order, an eighth of which is kept for what the
    /// engine notes by itself. 0 to 268,435,456; with 0 nothing is noted, and what needs a note is
    /// refused.
    pub notes: u32,
}

impl Bounds {
    /// Room for so many open orders and so many clerks.
    #[must_use]
    pub const fn new(orders: u32, clerks: u32) -> Self {
        Self { orders, clerks, facts: None, lanes: None, notes: 0 }
    }
}

/// The most facts there can be room for.
const FACTS_MAX: u32 = 1 << 28;

/// What is wrong with [`Bounds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundsError {
    /// Not between 1 and 268,435,455.
    #[error("room for {found} orders, not for 1 to {most}")]
    Orders {
        /// What was asked for.
        found: u32,
        /// The most possible.
        most: u32,
    },
    /// More facts than a list can name.
    #[error("room for {found} facts, at most {most}")]
    Facts {
        /// What was asked for.
        found: u32,
        /// The most possible.
        most: u32,
    },
    /// More notes than a list can name.
    #[error("room for {found} notes, at most {most}")]
    Notes {
        /// What was asked for.
        found: u32,
        /// The most possible.
        most: u32,
    },
    /// More than a claim word can name.
    #[error("{found} clerks, at most {most}")]
    Clerks {
        /// What was asked for.
        found: u32,
        /// The most possible.
        most: u32,
    },
}

/// The dispatch engine of one hall (or several that share pools).
///
/// A handle: clones share one engine. Sans-I/O: it is told the time with every call ([`Cx`]) and
/// answers with values and events. The one thing it cannot do through `&self` is let time pass;
/// that is the [`Advancer`]'s, of which there is exactly one.
///
/// # Example
///
/// ```
/// use qiangdan::{Bounds, ClerkId, ClerkSpec, Cx, Engine, Now, Outbox, OrderSpec, Outcome};
/// use qiangdan::{PoolId, RulesDraft, ServiceId, ServiceRule, Skills, Wall};
///
/// let service =
///     ServiceRule { pool: PoolId(0), needs: Skills::none(), wait_limit_ms: None, ladder: None };
/// let rules = RulesDraft { pools: 1, services: vec![service], ..Default::default() };
/// let (hall, _advancer) = Engine::new(rules.check().unwrap(), Bounds::new(8, 1))?;
///
/// let mut events = Outbox::default();
/// let at = |ms| Now::after(Wall(0), ms);
/// let clerk = ClerkId(0);
/// let spec = ClerkSpec::new(&[PoolId(0)], Skills::none());
/// hall.sign_in(&mut Cx::new(at(0), &mut events), clerk, &spec)?;
///
/// let order = hall.submit(&mut Cx::new(at(1_000), &mut events), &OrderSpec::new(ServiceId(0)))?.order;
/// let grabbed = hall.grab(&mut Cx::new(at(91_000), &mut events), clerk)?;
/// assert_eq!((grabbed.claim.order, grabbed.wait_ms), (order, 90_000));
/// hall.complete(&mut Cx::new(at(200_000), &mut events), grabbed.claim, Outcome::Done)?;
/// assert_eq!(events.events().len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What the handles share.
#[derive(Debug)]
struct Inner {
    /// All rules that orders here may be under.
    rules: Editions<Rules>,
    /// Which of them count for orders that come in, see `apply.rs`.
    in_force: AtomicU64,
    /// The plan that a stage or a watch wants in force, plus one; 0 if none.
    wish: AtomicU32,
    lanes_max: u32,
    slots: Box<[Slot]>,
    slab: Slab,
    lanes: Lanes,
    looks: Looks,
    clerks: Box<[Clerk]>,
    /// What claims took of their holders' room, if services cost different.
    charges: Option<Charges>,
    /// Whether a grab has more to ask than who goes first: what it costs, whether it is too soon.
    is_guarded: bool,
    /// How many clerks are signed in.
    staffed: AtomicU32,
    /// When to look at clerks, if the rules have anything to look for.
    rests: Option<Looks>,
    /// From dedup key to order; see docs/decisions/0003.
    keys: DashMap<DedupKey, OrderId>,
    /// From slot to its order's dedup key plus one; zero is none. Made on first use.
    keys_of_slots: OnceLock<Box<[AtomicU64]>>,
    desks: Arc<Desks>,
    /// Pools that are watched, if any are.
    watches: Option<watches::Watches>,
    /// Notes on orders, if there is room for any.
    notes: Option<notes::NoteBook>,
    /// Limits by the calendar, if the rules have any.
    #[cfg(feature = "calendar")]
    promises: Option<clocks::Promises>,
}

impl Engine {
    /// An engine for `rules` with room for `bounds`, and the one value that lets its time pass.
    ///
    /// Allocates everything it will need for grabbing; nothing later grows past `bounds`.
    ///
    /// # Errors
    ///
    /// If a bound is out of range.
    pub fn new(rules: Rules, bounds: Bounds) -> Result<(Self, Advancer), BoundsError> {
        let (orders, clerks) = (bounds.orders, bounds.clerks);
        if !(1..=ORDERS_MAX).contains(&orders) {
            return Err(BoundsError::Orders { found: orders, most: ORDERS_MAX });
        }
        if clerks > Owner::COUNT {
            return Err(BoundsError::Clerks { found: clerks, most: Owner::COUNT });
        }
        if let Some(found) = bounds.facts.filter(|&facts| facts > FACTS_MAX) {
            return Err(BoundsError::Facts { found, most: FACTS_MAX });
        }
        if bounds.notes > notes::NOTES_MAX {
            return Err(BoundsError::Notes { found: bounds.notes, most: notes::NOTES_MAX });
        }
        let lanes = u32::try_from(rules.lanes().len()).expect("lane ids are 32 bits");
        let lanes = lanes.max(bounds.lanes.unwrap_or(0));
        let (looks, driver) = Wheel::new(orders);
        let is_mixed = rules.staff().is_mixed();
        let follows = is_mixed || rules.staff().presence.follows();
        let (rests, leases) = leases::wheel(&rules.staff().presence, clerks).unzip();
        #[cfg(feature = "calendar")]
        let (promises, walls) =
            clocks::Promises::new(rules.clocks(), rules.services().len(), bounds).unzip();
        let inner = Inner {
            slots: (0..orders).map(|_| Slot::default()).collect(),
            slab: Slab::new(orders),
            lanes: Lanes::new(lanes, orders),
            lanes_max: lanes,
            in_force: AtomicU64::new(0),
            wish: AtomicU32::new(0),
            looks,
            clerks: (0..clerks).map(|_| Clerk::new(lanes, follows)).collect(),
            is_guarded: is_mixed || rules.staff().grab.pace.is_some(),
            staffed: AtomicU32::new(0),
            rests,
            charges: is_mixed.then(|| Charges::new(orders)),
            keys: DashMap::new(),
            keys_of_slots: OnceLock::new(),
            desks: Arc::new(Desks::new(rules.target().within_ms)),
            watches: watches::Watches::new(&rules, bounds),
            notes: notes::NoteBook::new(bounds),
            #[cfg(feature = "calendar")]
            promises,
            rules: Editions::new(rules),
        };
        let inner = Arc::new(inner);
        let advancer = Advancer::new(Arc::clone(&inner), driver, leases.map(leases::Leases::new));
        #[cfg(feature = "calendar")]
        let advancer = advancer.with_walls(walls);
        Ok((Self { inner }, advancer))
    }

    /// The rules it runs on; if they were swapped, all that have been in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.inner.rules
    }

    /// The live figures. Costs a few thousand loads; disturbs nobody.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::of(&self.inner.desks)
    }
}

impl Inner {
    /// The life an id names; `None` if there is no such slot. Whether the slot is still in that
    /// life is for [`Live::seen`] to say.
    #[inline]
    fn life(&self, order: OrderId) -> Option<Live<'_>> {
        let slot = self.slots.get(order.slot() as usize)?;
        Some(Live { slot, order })
    }

    /// The order and its state, unless the id is of another life.
    #[inline]
    fn live(&self, order: OrderId) -> Option<(Live<'_>, State)> {
        let life = self.life(order)?;
        life.seen().map(|(_, state)| (life, state))
    }

    #[inline]
    fn clerk(&self, clerk: ClerkId) -> Option<&Clerk> {
        self.clerks.get(clerk.index())
    }

    /// Where the caller counts.
    #[inline]
    fn desk<'a>(&self, cx: &'a mut Cx<'_>) -> &'a Desk {
        cx.out.desk(&self.desks)
    }

    /// The turn among equals of an order that comes, or goes to the back, with this call: the
    /// number that its event will have.
    #[inline]
    fn next_tie(&self, cx: &mut Cx<'_>) -> u64 {
        self.desk(cx).next_seq().number()
    }

    fn tell(&self, cx: &mut Cx<'_>, life: Live<'_>, clerk: Option<ClerkId>, kind: EventKind) {
        // Whoever tells of an order may have lost it meanwhile. No tag is better than another's.
        self.tell_as(cx, life.order, life.tag().unwrap_or(0), clerk, kind, |_| ());
    }

    #[inline]
    fn tell_as(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        tag: u64,
        clerk: Option<ClerkId>,
        kind: EventKind,
        count: impl FnOnce(&Desk),
    ) {
        let (at, order, version) = (cx.now, Some(order), self.in_force().version);
        let event = |seq| Event { seq, at, version, order, tag, clerk, kind };
        cx.out.push(&self.desks, count, event);
    }

    /// Tells of something that happened to no order and no clerk.
    fn tell_of_all(&self, cx: &mut Cx<'_>, kind: EventKind) {
        let (at, version) = (cx.now, self.in_force().version);
        let event = |seq| Event { seq, at, version, order: None, tag: 0, clerk: None, kind };
        cx.out.push(&self.desks, |_| (), event);
    }

    /// Sees to it that the order is looked at when its next stage or its breach is due.
    fn arm(&self, life: Live<'_>) {
        if let Some(due) = self.next_due(life) {
            self.looks.arm(life.order.slot(), due.0);
        }
    }

    /// When the next stage or the breach of a waiting order is due.
    fn next_due(&self, life: Live<'_>) -> Option<Mono> {
        self.next_step(life).map(|step| step.due)
    }

    /// What happens next to a waiting order by itself, and when.
    fn next_step(&self, life: Live<'_>) -> Option<Step> {
        let (terms, since) = (life.terms().ok()?, life.since().ok()?);
        let rules = &*self.rules;
        let stage = rules.stages(terms.service).get(usize::from(terms.stages));
        let limit_ms = rules.service(terms.service)?.wait_limit_ms;
        let stage = stage.map(|stage| (since.plus_ms(stage.at_ms), Happens::Stage));
        // A wait of exactly the limit keeps it; the breach is due one millisecond later.
        let breach = limit_ms.filter(|_| !terms.is_breached).map(|limit_ms| {
            let kept = since.plus_ms(limit_ms);
            (kept.plus_ms(1), Happens::Breach { kept })
        });
        let (due, happens) = stage.into_iter().chain(breach).min_by_key(|&(due, _)| due)?;
        Some(Step { terms, due, happens })
    }
}

/// What happens next to a waiting order, as it follows from its terms at one instant.
#[derive(Clone, Copy, Debug)]
struct Step {
    terms: TermsNow,
    due: Mono,
    happens: Happens,
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    /// The next stage fires.
    Stage,
    /// The limit has passed; `kept` was the last instant that would have kept it.
    Breach { kept: Mono },
}

/// The owner bits of a clerk whose number has been checked.
#[inline]
fn owner(clerk: ClerkId) -> Option<Owner> {
    Owner::new(clerk.0)
}

/// Milliseconds of [`Mono`] as a rank.
#[inline]
fn rank_of(instant: Mono) -> i64 {
    i64::try_from(instant.0).unwrap_or(i64::MAX)
}
