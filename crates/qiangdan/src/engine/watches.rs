//! Pools that are watched: how many orders wait there, how many clerks are ready, and which watches have
//! fired, in one word for each.
//!
//! Nothing here is made unless the rules have watches, and an order that can never come to a watched pool
//! costs one test for each verb.
//!
//! An order counts in one pool at a time: that of its service, or the one it was moved to, while it
//! waits and is not parked. Which pool it counts in is noted in a cell of its slot; whoever changes
//! the cell changes the words. So every order is counted as often as it is uncounted, whichever
//! threads race; for a moment a word may be off by as many as have changed a cell and not yet the word.
//!
//! A verb first changes the order (its claim word, its terms, what was granted to it), then calls
//! [`Inner::recount`]: that reads the cell, then the order, swaps the cell, and looks at the order
//! again, until both agree. Whoever changes the order later does the same later; so at rest each
//! cell says what its order says. The same goes for clerks, with a bit for each pool.
//!
//! | bits of a pool's word | 63..34                           | 33..12          | 11..0                 |
//! |-----------------------|----------------------------------|-----------------|-----------------------|
//! | field                 | waiting; below zero for a moment | ready; likewise | watches that have fired |
//!
//! | bits of an order's cell | 63..24                                          | 23..0      |
//! |-------------------------|-------------------------------------------------|------------|
//! | field                   | the pool among those watched, plus one; 0: none | generation |
//!
//! # Edges
//!
//! * **recount**: a look at the claim word, or at a clerk's session, has a place among its transitions
//!   ([`ClaimWord::load_among`](qiangdan_sync::ClaimWord::load_among)): either it sees the transition, or
//!   whoever made that sees what was written before the look.

use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use qiangdan_sync::{Phase, Seen};

use super::{Bounds, Engine, Inner};
use crate::{
    Action, ClerkId, Cx, EventKind, PlanId, PoolId, Presence, Rules, ServiceId, WatchId, WatchWhen,
    order::Live, sync::AtomicU64, watch::ON_ONE_POOL_MAX,
};

/// What is kept of pools that are watched.
#[derive(Debug)]
pub(super) struct Watches {
    pools: Box<[Watched]>,
    /// From pool to its place among those watched, plus one.
    places: Box<[u16]>,
    /// Whether an order of a service may come to wait in a watched pool.
    concerns: Box<[bool]>,
    /// In which pool the order of each slot is counted.
    cells: Box<[AtomicU64]>,
    clerks: Box<[Works]>,
}

/// One pool that is watched.
#[derive(Debug)]
#[repr(align(64))]
struct Watched {
    word: AtomicU64,
    pool: PoolId,
    watches: Vec<(WatchId, WatchWhen)>,
}

/// The watched pools of one clerk, a bit each.
#[derive(Debug)]
struct Works {
    /// Those of the session.
    pools: Box<[AtomicU64]>,
    /// Those in which the clerk is counted.
    counted: Box<[AtomicU64]>,
}

/// From which watched pool to which an order has moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PoolMove {
    from: u16,
    to: u16,
}

/// The word of a pool, unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Counts {
    waiting: i32,
    ready: i32,
    fired: u16,
}

const GENERATION_BITS: u32 = 24;
const FIRED_BITS: u32 = 12;
const READY_BITS: u32 = 22;
const WAITING_SHIFT: u32 = FIRED_BITS + READY_BITS;

const _: () = assert!(ON_ONE_POOL_MAX <= FIRED_BITS as usize, "a bit for each watch");

/// How a watched pool stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchedPool {
    /// How many orders wait in it and are not parked. One that was moved to another pool counts there
    /// alone; one that was widened to others counts in its own alone.
    pub waiting: u32,
    /// How many clerks are ready who work for it, whatever they can do and hold.
    pub ready: u32,
    /// The watches that have fired and are not armed again.
    pub fired: Vec<WatchId>,
}

impl PoolMove {
    pub(super) const NONE: Self = Self { from: 0, to: 0 };
}

impl Counts {
    fn pack(self) -> u64 {
        let ready = u64::from(self.ready.cast_unsigned()) & ((1 << READY_BITS) - 1);
        u64::from(self.waiting.cast_unsigned()) << WAITING_SHIFT
            | ready << FIRED_BITS
            | u64::from(self.fired)
    }

    fn unpack(word: u64) -> Self {
        let signed = word.cast_signed();
        Self {
            waiting: (signed >> WAITING_SHIFT) as i32,
            ready: (signed << (64 - WAITING_SHIFT) >> (64 - READY_BITS)) as i32,
            fired: (word & ((1 << FIRED_BITS) - 1)) as u16,
        }
    }

    fn people(self) -> (u32, u32) {
        (u32::try_from(self.waiting).unwrap_or(0), u32::try_from(self.ready).unwrap_or(0))
    }
}

impl Watches {
    /// What there is to keep, if the rules have watches.
    pub(super) fn new(rules: &Rules, bounds: Bounds) -> Option<Self> {
        if rules.watches().is_empty() {
            return None;
        }
        let mut pools = Vec::<Watched>::new();
        let mut places = vec![0; usize::from(rules.pools())];
        for (watch, rule) in (0..).map(WatchId).zip(rules.watches()) {
            let place = &mut places[rule.pool.index()];
            if *place == 0 {
                let (word, pool) = (AtomicU64::new(0), rule.pool);
                pools.push(Watched { word, pool, watches: Vec::new() });
                *place = u16::try_from(pools.len()).expect("fewer than there are watches");
            }
            pools[usize::from(*place) - 1].watches.push((watch, rule.when));
        }
        let services = (0..).map(ServiceId).zip(rules.services()).map(|(service, _)| service);
        let is_watched = |pool: PoolId| places[pool.index()] > 0;
        let concerns = services.map(|service| rules.pools_of(service).any(is_watched)).collect();
        let zeros = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect::<Box<[_]>>();
        let words = pools.len().div_ceil(64);
        let works = |_| Works { pools: zeros(words), counted: zeros(words) };
        Some(Self {
            pools: pools.into(),
            places: places.into(),
            concerns,
            cells: zeros(bounds.orders as usize),
            clerks: (0..bounds.clerks).map(works).collect(),
        })
    }

    fn concern(&self, service: ServiceId) -> bool {
        // A row that came with other rules is none that was known at the beginning.
        self.concerns.get(service.index()).is_none_or(|&is| is)
    }

    fn place(&self, pool: PoolId) -> u16 {
        self.places.get(pool.index()).copied().unwrap_or(0)
    }

    fn watched(&self, place: u16) -> Option<&Watched> {
        self.pools.get(usize::from(place).checked_sub(1)?)
    }
}

impl Watched {
    /// Adds to the counts, and finds out which watches fire by that: the counts before and after.
    fn add(&self, waiting: i32, ready: i32) -> (Counts, Counts) {
        // Ordering: Relaxed. A guess; the swap checks it.
        let mut seen = self.word.load(Relaxed);
        loop {
            let before = Counts::unpack(seen);
            let mut after =
                Counts { waiting: before.waiting + waiting, ready: before.ready + ready, fired: 0 };
            for (n, (_, when)) in self.watches.iter().enumerate() {
                let was_on = before.fired >> n & 1 == 1;
                let is_on = when.is_on(was_on, after.waiting, after.ready);
                after.fired |= u16::from(is_on) << n;
            }
            // Ordering: Relaxed, both. The word guards no other data, and its changes have an order:
            // whoever sets a bit tells of it.
            match self.word.compare_exchange_weak(seen, after.pack(), Relaxed, Relaxed) {
                Ok(_) => return (before, after),
                Err(now) => seen = now,
            }
        }
    }
}

impl Engine {
    /// How a pool stands, if a watch is on it; `None` if none is.
    ///
    /// Wait-free. Exact while no call is under way, else off by as many as are at most.
    #[must_use]
    pub fn watched_pool(&self, pool: PoolId) -> Option<WatchedPool> {
        let watches = self.inner.watches.as_ref()?;
        let watched = watches.watched(watches.place(pool))?;
        // Ordering: Relaxed. Figures.
        let counts = Counts::unpack(watched.word.load(Relaxed));
        let (waiting, ready) = counts.people();
        let fired = watched.watches.iter().enumerate().filter(|(n, _)| counts.fired >> n & 1 == 1);
        Some(WatchedPool { waiting, ready, fired: fired.map(|(_, &(watch, _))| watch).collect() })
    }
}

impl Inner {
    /// Counts an order where it waits now, if its pool is watched. Called by whoever has changed
    /// whether an order waits, or where, once that is changed and told; `service` is what it asked
    /// for then.
    #[inline]
    pub(super) fn recount(&self, cx: &mut Cx<'_>, life: Live<'_>, service: ServiceId) {
        if let Some(watches) = self.watches.as_ref().filter(|all| all.concern(service)) {
            self.recount_watched(cx, watches, life);
        }
    }

    #[inline(never)]
    fn recount_watched(&self, cx: &mut Cx<'_>, watches: &Watches, life: Live<'_>) {
        let cell = &watches.cells[life.order.slot() as usize];
        let generation = life.order.generation();
        loop {
            // Edge "recount": what this thread wrote to the cell before is seen by the next transition.
            let seen = life.slot.word.load_among();
            // Ordering: Relaxed. After that look, for the same reason; and checked by the swap.
            let noted = cell.load(Relaxed);
            let (is_ours, from) = (of_life(noted, generation), place_of(noted));
            let to = self.place_now(watches, life, seen);
            // Of another life: an older one, if this is still under way; else whoever began the
            // next one has counted.
            if is_ours && from == to || !is_ours && seen.generation != generation {
                return;
            }
            if !is_ours && (from, to) == (0, 0) {
                return;
            }
            // Ordering: Relaxed. Ordered by the looks at the claim word around it.
            let swap = cell.compare_exchange(noted, cell_of(generation, to), Relaxed, Relaxed);
            if swap.is_ok() {
                self.count_move(cx, PoolMove { from, to });
            }
        }
    }

    /// The watched pool where an order waits, by its word and what else there is to know of it.
    fn place_now(&self, watches: &Watches, life: Live<'_>, seen: Seen) -> u16 {
        if seen.generation != life.order.generation() || seen.phase != Phase::Open {
            return 0;
        }
        let Ok(terms) = life.terms() else { return 0 };
        let own = || self.rules.service(terms.service).map(|rule| rule.pool);
        let pool = self.granted(life, terms).moved().or_else(own).filter(|_| !terms.is_parked);
        pool.map_or(0, |pool| watches.place(pool))
    }

    /// Notes where an order will count that nobody can find yet.
    #[inline]
    pub(super) fn count_first(&self, life: Live<'_>, service: ServiceId) -> PoolMove {
        let watches = self.watches.as_ref().filter(|all| all.concern(service));
        let Some(watches) = watches else { return PoolMove::NONE };
        let pool = self.rules.service(service).map(|rule| rule.pool);
        let to = pool.map_or(0, |pool| watches.place(pool));
        let cell = &watches.cells[life.order.slot() as usize];
        // Ordering: Relaxed. Published by the claim word's `open`, edge "fill". A swap: a thread that
        // has slept since the last life may have counted it in vain, and finds another life here.
        let noted = cell.swap(cell_of(life.order.generation(), to), Relaxed);
        PoolMove { from: place_of(noted), to }
    }

    /// Changes the counts of the pools that an order has come from and to.
    #[inline]
    pub(super) fn count_move(&self, cx: &mut Cx<'_>, PoolMove { from, to }: PoolMove) {
        if from != to
            && let Some(watches) = &self.watches
        {
            self.add(cx, watches, from, -1, 0);
            self.add(cx, watches, to, 1, 0);
        }
    }

    /// Notes which pools a clerk works for in the session that begins.
    pub(super) fn note_pools(&self, clerk: ClerkId, pools: &[PoolId]) {
        let Some(watches) = &self.watches else { return };
        let works = &watches.clerks[clerk.index()];
        let places = || pools.iter().filter_map(|&pool| watches.place(pool).checked_sub(1));
        for (n, word) in (0_u16..).zip(&works.pools) {
            let bits = places().filter(|place| place / 64 == n);
            let bits = bits.fold(0, |bits, place| bits | 1_u64 << (place % 64));
            // Ordering: Relaxed. Published by the change of the session, edge "recount".
            word.store(bits, Relaxed);
        }
    }

    /// Counts a clerk among those who are ready, or not, where the pools are watched. Called by
    /// whoever has changed the clerk's presence or session, once that is changed and told.
    pub(super) fn recount_ready(&self, cx: &mut Cx<'_>, clerk: ClerkId) {
        let (Some(watches), Some(record)) = (&self.watches, self.clerk(clerk)) else { return };
        let works = &watches.clerks[clerk.index()];
        loop {
            let is_ready = record.presence_among() == Presence::Ready;
            let mut is_changed = false;
            for (n, (pools, counted)) in (0_u16..).zip(works.pools.iter().zip(&works.counted)) {
                // Ordering: Relaxed, both: edge "recount" by the look at the session.
                let wanted = if is_ready { pools.load(Relaxed) } else { 0 };
                let noted = counted.load(Relaxed);
                // Ordering: AcqRel, both. Ordered by the looks at the session around them; whoever
                // changes a bit counts.
                let come = (wanted & !noted) & !counted.fetch_or(wanted & !noted, AcqRel);
                let gone = (noted & !wanted) & counted.fetch_and(!(noted & !wanted), AcqRel);
                for place in (0..64).filter(|bit| (come | gone) >> bit & 1 == 1) {
                    let by = if come >> place & 1 == 1 { 1 } else { -1 };
                    self.add(cx, watches, n * 64 + place + 1, 0, by);
                    is_changed = true;
                }
            }
            if !is_changed {
                return;
            }
        }
    }

    /// Adds to the counts of a watched pool, and tells which watches that has fired or armed again.
    fn add(&self, cx: &mut Cx<'_>, watches: &Watches, place: u16, waiting: i32, ready: i32) {
        let Some(watched) = watches.watched(place) else { return };
        let (before, after) = watched.add(waiting, ready);
        if before.fired == after.fired {
            return;
        }
        let (pool, (waiting, ready)) = (watched.pool, after.people());
        for (n, &(watch, _)) in watched.watches.iter().enumerate() {
            match (before.fired >> n & 1, after.fired >> n & 1) {
                (0, 1) => {
                    self.tell_of_all(cx, EventKind::WatchFired { watch, pool, waiting, ready });
                    for action in &self.rules.watches()[watch.index()].actions {
                        self.tell_action_of(cx, pool, action);
                    }
                }
                (1, 0) => {
                    self.tell_of_all(cx, EventKind::WatchRearmed { watch, pool, waiting, ready });
                    let actions = &self.rules.watches()[watch.index()].actions;
                    if actions.iter().any(|action| matches!(action, Action::SwitchPlan { .. })) {
                        self.tell_action_of(cx, pool, &Action::SwitchPlan { plan: PlanId(0) });
                    }
                }
                _ => {}
            }
        }
    }

    fn tell_action_of(&self, cx: &mut Cx<'_>, pool: PoolId, action: &Action) {
        let kind = match *action {
            Action::Notify { role } => EventKind::PoolNotifyDue { pool, role },
            Action::Show { colour } => EventKind::PoolShowDue { pool, colour },
            Action::OpenWindow => EventKind::PoolOpenWindowDue { pool },
            Action::SwitchPlan { plan } => {
                self.wish_for(plan);
                EventKind::PlanDue { plan }
            }
            // Rules have no others here.
            _ => return,
        };
        self.tell_of_all(cx, kind);
    }
}

fn cell_of(generation: u32, place: u16) -> u64 {
    u64::from(place) << GENERATION_BITS | u64::from(generation)
}

#[expect(clippy::cast_possible_truncation, reason = "only a place was put there")]
fn place_of(cell: u64) -> u16 {
    (cell >> GENERATION_BITS) as u16
}

fn of_life(cell: u64, generation: u32) -> bool {
    cell & ((1 << GENERATION_BITS) - 1) == u64::from(generation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_survive_their_bits() {
        for (waiting, ready) in [(0, 0), (-1, 2), (3, -1), ((1 << 28) - 1, 1 << 20), (-7, -9)] {
            let counts = Counts { waiting, ready, fired: 0x0a5b };
            assert_eq!(Counts::unpack(counts.pack()), counts);
        }
    }
}
