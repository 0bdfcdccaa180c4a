//! A skip list for each lane, without locks.
//!
//! Whoever grabs looks at the first in each of the clerk's lanes, and claims by a swap in the record:
//! that `remove` answers with an entry does not mean that nobody else got it, see the trap in
//! `docs/benchmarks.md`. The record is shared, so that it outlives its entry while it is held.

use std::sync::{
    Arc,
    atomic::{
        AtomicU32, AtomicU64,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

use crossbeam_skiplist::SkipMap;
use crossbeam_utils::CachePadded;

use crate::{
    desk::{Desk, Kind, Life, NOBODY, Named, Notes},
    people::{Shape, Ticket},
};

/// A skip list for each lane.
#[derive(Debug)]
pub struct Skips {
    by: super::ranked::By,
    lanes: Vec<SkipMap<Key, Arc<Record>>>,
    /// For each clerk, the lanes of each class, highest first.
    lanes_of: Vec<Vec<Vec<u32>>>,
    last: CachePadded<AtomicU64>,
    skills: u32,
    classes: u32,
}

/// Arrival or due instant, then a number that nobody else has.
type Key = (u64, u64);

#[derive(Debug)]
struct Record {
    at_ms: u64,
    /// The owner, or one of those below.
    owner: AtomicU32,
}

/// Nobody has it.
const WAITS: u32 = u32::MAX;
/// Whoever is moving it has it for the moment.
const MOVES: u32 = u32::MAX - 1;
const OVER: u32 = u32::MAX - 2;

/// What names an order: its place.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    lane: u32,
    key: Key,
}

/// What an owner has.
#[derive(Debug)]
pub struct Held {
    place: Place,
    clerk: u32,
    record: Arc<Record>,
}

impl Skips {
    /// Nobody waits.
    #[must_use]
    pub fn new(shape: &Shape, by: super::ranked::By) -> Self {
        let Shape { skills, classes, .. } = *shape;
        let lane = |class: u32, skill: u8| class * skills + u32::from(skill);
        let lanes_of = |clerk| {
            let skills = shape.skills_of(clerk);
            let of_class =
                |class| skills.iter().map(|&skill| lane(class, skill)).collect::<Vec<_>>();
            (0..classes).rev().map(of_class).collect()
        };
        Self {
            by,
            lanes: (0..skills * classes).map(|_| SkipMap::new()).collect(),
            lanes_of: (0..shape.clerks()).map(lanes_of).collect(),
            last: CachePadded::default(),
            skills,
            classes,
        }
    }

    fn lane(&self, lane: u32) -> &SkipMap<Key, Arc<Record>> {
        &self.lanes[lane as usize]
    }

    /// The place that goes next for a clerk.
    fn first(&self, clerk: u32) -> Option<Place> {
        self.lanes_of[clerk as usize].iter().find_map(|lanes| {
            let heads = lanes.iter().filter_map(|&lane| {
                let key = *self.lane(lane).front()?.key();
                Some(Place { lane, key })
            });
            heads.min_by_key(|place| place.key)
        })
    }

    /// Claims what is at a place, for `to`.
    fn claim(&self, place: Place, to: u32) -> Option<Arc<Record>> {
        let found = self.lane(place.lane).get(&place.key)?;
        let record = Arc::clone(found.value());
        // Ordering: AcqRel on success: the owner sees what the last one wrote. Relaxed on failure.
        let won = record.owner.compare_exchange(WAITS, to, AcqRel, Relaxed).is_ok();
        found.remove();
        won.then_some(record)
    }

    fn hold(&self, own: &mut Notes, place: Place, clerk: u32, at_ms: u64) -> Option<Held> {
        let record = self.claim(place, clerk)?;
        let wait_ms = at_ms.saturating_sub(record.at_ms);
        own.tell(at_ms, place.key.1, clerk, Kind::Claimed { wait_ms });
        Some(Held { place, clerk, record })
    }
}

impl Desk for Skips {
    type Own = Notes;
    type Order = Place;
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> Place {
        let lane = (ticket.class % self.classes) * self.skills + ticket.skill % self.skills;
        let rank = match self.by {
            super::ranked::By::Class => ticket.at_ms,
            super::ranked::By::Due => ticket.due_ms,
        };
        // Ordering: Relaxed. A number that nobody else gets.
        let key = (rank, self.last.fetch_add(1, Relaxed));
        let record = Record { at_ms: ticket.at_ms, owner: AtomicU32::new(WAITS) };
        self.lane(lane).insert(key, Arc::new(record));
        own.tell(ticket.at_ms, key.1, NOBODY, Kind::Submitted);
        Place { lane, key }
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        loop {
            let place = self.first(clerk)?;
            if let Some(held) = self.hold(own, place, clerk, at_ms) {
                return Some(held);
            }
        }
    }

    fn complete(&self, own: &mut Notes, held: Held, at_ms: u64) {
        let Held { place, clerk, record } = held;
        // Ordering: AcqRel. Whoever sees that it is over sees how.
        let was = record.owner.swap(OVER, AcqRel);
        assert!(was == clerk, "the claim is ours");
        own.tell(at_ms, place.key.1, clerk, Kind::Closed);
    }
}

impl Named for Skips {
    fn grab_order(&self, own: &mut Notes, clerk: u32, order: Place, at_ms: u64) -> Option<Held> {
        let record = {
            let found = self.lane(order.lane).get(&order.key)?;
            // Ordering: Acquire, to the swap of whoever holds it. Most who race are too late.
            if found.value().owner.load(Acquire) != WAITS {
                return None;
            }
            self.claim(order, clerk)?
        };
        let wait_ms = at_ms.saturating_sub(record.at_ms);
        own.tell(at_ms, order.key.1, clerk, Kind::Claimed { wait_ms });
        Some(Held { place: order, clerk, record })
    }
}

impl Life for Skips {
    fn put_back(&self, own: &mut Notes, held: Held, at_ms: u64) {
        let Held { place, clerk, record } = held;
        // Ordering: Release, to the next claim.
        record.owner.store(WAITS, Release);
        self.lane(place.lane).insert(place.key, record);
        own.tell(at_ms, place.key.1, clerk, Kind::PutBack);
    }

    fn cancel(&self, own: &mut Notes, order: Place, at_ms: u64) -> bool {
        let is_ours = self.claim(order, OVER).is_some();
        if is_ours {
            own.tell(at_ms, order.key.1, NOBODY, Kind::Closed);
        }
        is_ours
    }

    fn rank_anew(&self, own: &mut Notes, order: Place, class: u32, at_ms: u64) -> bool {
        let Some(record) = self.claim(order, MOVES) else { return false };
        // Ordering: Release, to the next claim.
        record.owner.store(WAITS, Release);
        let lane = class * self.skills + order.lane % self.skills;
        self.lane(lane).insert(order.key, record);
        own.tell(at_ms, order.key.1, NOBODY, Kind::Ranked);
        true
    }
}
