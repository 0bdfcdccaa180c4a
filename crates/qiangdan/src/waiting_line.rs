//! The waiting line as it follows from events in the order in which they happened: who waits where,
//! with which rank, and who would go first for a clerk.
//!
//! A second account of what the engine does, kept in plain maps and made from events alone; the
//! [`History`](crate::history::History) compares the two.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Action, ClassId, Event, EventKind, Mono, OrderId, PoolId, PutBack, Rules, Seq, ServiceId,
    SkillId, Skills, Transfer,
};

/// What decides who goes first: rank, then turn among equals, then the order itself.
type Key = (i64, u64, OrderId);

/// The line.
#[derive(Clone, Debug)]
pub(crate) struct WaitingLine {
    rules: Rules,
    orders: BTreeMap<OrderId, Place>,
    /// Who waits, by pool and needs.
    lanes: BTreeMap<(PoolId, Skills), BTreeSet<Key>>,
}

/// What a clerk may take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reach {
    pub(crate) pools: Vec<PoolId>,
    pub(crate) skills: Skills,
}

/// One order of the line.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    service: ServiceId,
    class: ClassId,
    rank_ms: i64,
    tie: u64,
    /// The instant the wait counts from.
    since: Mono,
    /// The instant of the claim, or of the activation to come.
    moment: Mono,
    stages: u8,
    /// What limits have granted.
    added: Vec<PoolId>,
    moved: Option<PoolId>,
    /// Where it was handed on to, if not to its own pool.
    handed: Option<PoolId>,
    dropped: Skills,
    is_parked: bool,
    is_waiting: bool,
    /// Whether the last rung told was one of a limit; what follows is what that does.
    is_of_limit: bool,
    /// Whether limits have granted something, and the order was amended since: where it waits does not
    /// follow from its events.
    is_lost: bool,
    /// The last event that moved it.
    pub(crate) last: Seq,
}

/// What a claim shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Claimed {
    /// Since when it waited there.
    pub(crate) since: Seq,
    pub(crate) key: (i64, u64),
    /// Whether the clerk may take it at all.
    pub(crate) is_eligible: bool,
    /// Whether it waited outside the line.
    pub(crate) is_parked: bool,
    /// Who should have gone before it, if anybody.
    pub(crate) before: Option<(OrderId, Seq)>,
}

impl Reach {
    fn covers(&self, pool: PoolId, needs: Skills) -> bool {
        self.pools.contains(&pool) && self.skills.covers(needs)
    }
}

impl WaitingLine {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, orders: BTreeMap::new(), lanes: BTreeMap::new() }
    }

    pub(crate) fn place(&self, order: OrderId) -> Option<&Place> {
        self.orders.get(&order)
    }

    /// What the claim of an order shows, if it waits. Asked before the claim is read.
    pub(crate) fn claimed(&self, order: OrderId, reach: &Reach) -> Option<Claimed> {
        let place = self.orders.get(&order).filter(|place| place.is_waiting && !place.is_lost)?;
        let key = (place.rank_ms, place.tie, order);
        let own = self.lanes_of(place);
        let is_eligible = own.into_iter().any(|(pool, needs)| reach.covers(pool, needs));
        let is_parked = place.is_parked;
        let first = self.reached(reach).filter_map(BTreeSet::first).min();
        let before = first.filter(|&&(rank, tie, _)| (rank, tie) < (key.0, key.1));
        let before = before.map(|&(_, _, order)| (order, self.orders[&order].last));
        Some(Claimed { since: place.last, key: (key.0, key.1), is_eligible, is_parked, before })
    }

    /// How many orders wait that a clerk may take and that go before a key.
    pub(crate) fn ahead(&self, reach: &Reach, (rank, tie): (i64, u64)) -> u64 {
        let mut ahead = BTreeSet::new();
        for lane in self.reached(reach) {
            let before = lane.iter().take_while(|&&(r, t, _)| (r, t) < (rank, tie));
            ahead.extend(before.map(|&(_, _, order)| order));
        }
        ahead.len() as u64
    }

    fn reached<'a>(&'a self, reach: &'a Reach) -> impl Iterator<Item = &'a BTreeSet<Key>> {
        let is_one = |&(&(pool, needs), _): &(&(PoolId, Skills), _)| reach.covers(pool, needs);
        self.lanes.iter().filter(is_one).map(|(_, lane)| lane)
    }

    /// The pools and needs under which an order is found.
    fn lanes_of(&self, place: &Place) -> Vec<(PoolId, Skills)> {
        let mut lanes = Vec::new();
        if let Some(rule) = self.rules.service(place.service) {
            let needs = rule.needs.without(place.dropped);
            let moved = place.handed.or(place.moved);
            let own = moved.unwrap_or(rule.pool);
            let reached = self.rules.stages(place.service).iter().take(usize::from(place.stages));
            let wider =
                reached.flat_map(|stage| &stage.actions).filter_map(|action| match action {
                    Action::Widen { pool } if moved.is_none() => Some(*pool),
                    _ => None,
                });
            let added = place.added.iter().copied().filter(|_| place.handed.is_none());
            let pools: BTreeSet<_> = wider.chain([own]).chain(added).collect();
            lanes.extend(pools.into_iter().map(|pool| (pool, needs)));
        }
        lanes
    }

    fn head_start_ms(&self, class: ClassId) -> i64 {
        self.rules.head_starts_ms().get(class.index()).copied().unwrap_or(0)
    }

    /// Reads on.
    pub(crate) fn read(&mut self, event: &Event) {
        let Some(order) = event.order else { return };
        if let EventKind::OrderSubmitted { service, class, not_before } = event.kind {
            let arrived = not_before.unwrap_or(event.at.mono);
            let place = Place {
                service,
                class,
                rank_ms: rank_of(arrived).saturating_sub(self.head_start_ms(class)),
                tie: event.seq.number(),
                since: arrived,
                moment: arrived,
                stages: 0,
                added: Vec::new(),
                moved: None,
                handed: None,
                dropped: Skills::none(),
                is_parked: false,
                is_waiting: not_before.is_none(),
                is_of_limit: false,
                is_lost: false,
                last: event.seq,
            };
            self.enter(order, place);
        } else if changes_places(&event.kind)
            && let Some(mut place) = self.leave(order)
        {
            self.change(&mut place, event);
            if !matches!(event.kind, EventKind::OrderClosed { .. }) {
                self.enter(order, place);
            }
        }
    }

    /// Forgets an order that is over.
    fn leave(&mut self, order: OrderId) -> Option<Place> {
        let place = self.orders.remove(&order)?;
        if place.is_waiting {
            for lane in self.lanes_of(&place) {
                if let Some(waiting) = self.lanes.get_mut(&lane) {
                    waiting.remove(&(place.rank_ms, place.tie, order));
                }
            }
        }
        Some(place)
    }

    fn enter(&mut self, order: OrderId, place: Place) {
        if place.is_waiting && !place.is_parked && !place.is_lost {
            for lane in self.lanes_of(&place) {
                let key = (place.rank_ms, place.tie, order);
                self.lanes.entry(lane).or_default().insert(key);
            }
        }
        self.orders.insert(order, place);
    }

    fn change(&self, place: &mut Place, event: &Event) {
        let (now, of_limit) = (event.at.mono, place.is_of_limit);
        match event.kind {
            EventKind::OrderActivated => (place.is_waiting, place.last) = (true, event.seq),
            EventKind::OrderClaimed { .. } => {
                (place.is_waiting, place.moment) = (false, now.max(place.since));
            }
            EventKind::OrderPutBack { how, .. } => place.put_back(now, event.seq, how),
            EventKind::OrderHandedOn { to: Transfer::Pool(pool), .. } => {
                let own = self.rules.service(place.service).map(|rule| rule.pool);
                place.handed = Some(pool).filter(|_| own != Some(pool));
            }
            EventKind::OrderAmended { service, class } => {
                self.amend(place, now, service, class);
                if place.is_waiting {
                    place.last = event.seq;
                }
            }
            EventKind::StageReached { stage, .. } => {
                place.stages = stage.saturating_add(1);
                place.is_of_limit = false;
            }
            #[cfg(feature = "calendar")]
            EventKind::RungClimbed { .. } => place.is_of_limit = true,
            EventKind::Boosted { by_ms } => {
                let by_ms = i64::try_from(by_ms).unwrap_or(i64::MAX);
                place.rank_ms = place.rank_ms.saturating_sub(by_ms);
            }
            EventKind::Widened { pool } if of_limit => place.added.push(pool),
            EventKind::SkillDropped { skill } if of_limit => place.drop_skill(skill),
            EventKind::Moved { pool } if of_limit => {
                place.moved = Some(pool);
                place.added.clear();
            }
            _ => {}
        }
    }

    fn amend(&self, place: &mut Place, now: Mono, service: ServiceId, class: ClassId) {
        let by_ms = self.head_start_ms(place.class).saturating_sub(self.head_start_ms(class));
        place.rank_ms = place.rank_ms.saturating_add(by_ms);
        if service != place.service {
            let until = if place.is_waiting { now } else { place.moment };
            let wait_ms = until.since_ms(place.since);
            let passed =
                self.rules.stages(service).iter().take_while(|stage| stage.at_ms <= wait_ms);
            place.stages = u8::try_from(passed.count()).unwrap_or(u8::MAX);
            place.is_lost |=
                !place.added.is_empty() || place.moved.is_some() || place.dropped != Skills::none();
            place.is_lost |= place.handed.is_some();
        }
        (place.service, place.class, place.is_parked) = (service, class, false);
    }
}

impl Place {
    /// How long it has waited, if it waits.
    pub(crate) fn waited_ms(&self, now: Mono) -> Option<u64> {
        self.is_waiting.then(|| now.since_ms(self.since))
    }

    /// The due of the next stage, if it waits.
    pub(crate) fn stage_due(&self, rules: &Rules, stage: u8) -> Option<Mono> {
        let stage = rules.stages(self.service).get(usize::from(stage))?;
        Some(self.since.plus_ms(stage.at_ms))
    }

    fn put_back(&mut self, now: Mono, seq: Seq, how: PutBack) {
        let away_ms = if let PutBack::After { ms } = how { ms } else { 0 };
        let held_ms = now.since_ms(self.moment);
        self.since = self.since.plus_ms(held_ms.saturating_add(away_ms));
        match how {
            PutBack::BackOfLine => (self.rank_ms, self.tie) = (rank_of(now), seq.number()),
            PutBack::HeadStart { ms } => {
                (self.rank_ms, self.tie) = (rank_of(now).saturating_sub(ms), seq.number());
            }
            PutBack::After { ms } => self.moment = now.plus_ms(ms),
            PutBack::KeepPlace | PutBack::Park => {}
        }
        self.is_parked = how == PutBack::Park;
        self.is_waiting = away_ms == 0 && !matches!(how, PutBack::After { .. });
        self.last = seq;
    }

    fn drop_skill(&mut self, skill: SkillId) {
        self.dropped = self.dropped.with(skill);
    }
}

fn rank_of(instant: Mono) -> i64 {
    i64::try_from(instant.0).unwrap_or(i64::MAX)
}

/// Whether an event may change where an order stands.
fn changes_places(kind: &EventKind) -> bool {
    match kind {
        EventKind::OrderActivated
        | EventKind::OrderClaimed { .. }
        | EventKind::OrderPutBack { .. }
        | EventKind::OrderHandedOn { .. }
        | EventKind::OrderAmended { .. }
        | EventKind::OrderClosed { .. }
        | EventKind::StageReached { .. }
        | EventKind::Boosted { .. }
        | EventKind::Widened { .. }
        | EventKind::SkillDropped { .. }
        | EventKind::Moved { .. } => true,
        #[cfg(feature = "calendar")]
        EventKind::RungClimbed { .. } => true,
        _ => false,
    }
}
