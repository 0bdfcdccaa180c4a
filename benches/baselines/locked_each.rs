//! A mutex around each lane's slab and `VecDeque`. A grab looks at the first in each of the clerk's
//! lanes, and locks the best lane once more; if somebody was faster, it looks again.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crossbeam_utils::CachePadded;
use parking_lot::Mutex;

use super::{
    Order, Records,
    locked_lanes::{LANES, Masks, lane},
};
use crate::{
    desk::{Desk, Kind, NOBODY, Notes},
    people::{CLASSES, Shape, Ticket},
};

const SKILLS: usize = LANES / CLASSES as usize;

/// Many lanes behind a mutex each.
#[derive(Debug)]
pub struct LockedEach {
    lanes: Vec<CachePadded<Mutex<Inside>>>,
    /// For each class, the skills that may have somebody in line; changed with the lane's lock held.
    some: [CachePadded<AtomicU64>; CLASSES as usize],
    masks: Masks,
}

#[derive(Debug, Default)]
struct Inside {
    records: Records,
    line: VecDeque<(u64, Order)>,
}

/// What an owner has.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    lane: usize,
    order: Order,
    clerk: u32,
}

impl LockedEach {
    /// Nobody waits.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        let lanes = (0..LANES).map(|_| CachePadded::default()).collect();
        Self { lanes, some: Default::default(), masks: Masks::new(shape) }
    }

    /// The lane of the highest class whose first came in first.
    fn best(&self, mask: u64) -> Option<usize> {
        (0..CLASSES as usize).find_map(|class| {
            // Ordering: Relaxed. A guess; the lane's lock brings what is there.
            let mut skills = self.some[class].load(Relaxed) & mask;
            let mut best: Option<(u64, usize)> = None;
            while skills != 0 {
                let lane = class * SKILLS + skills.trailing_zeros() as usize;
                skills &= skills - 1;
                let head = self.lanes[lane].lock().line.front().map(|&(at_ms, _)| at_ms);
                if let Some(at_ms) = head
                    && best.is_none_or(|(best, _)| at_ms < best)
                {
                    best = Some((at_ms, lane));
                }
            }
            best.map(|(_, lane)| lane)
        })
    }
}

impl Desk for LockedEach {
    type Own = Notes;
    type Order = (usize, Order);
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> (usize, Order) {
        let lane = lane(ticket.skill, ticket.class);
        let order = {
            let Inside { records, line } = &mut *self.lanes[lane].lock();
            let order = records.file(ticket, lane);
            line.push_back((ticket.at_ms, order));
            if line.len() == 1 {
                // Ordering: Relaxed. Written under the lane's lock only; read as a guess.
                self.some[lane / SKILLS].fetch_or(1 << (lane % SKILLS), Relaxed);
            }
            order
        };
        own.tell(ticket.at_ms, order.number(), NOBODY, Kind::Submitted);
        (lane, order)
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        let mask = self.masks.of(clerk);
        loop {
            let lane = self.best(mask)?;
            let (order, wait_ms) = {
                let Inside { records, line } = &mut *self.lanes[lane].lock();
                let Some((_, order)) = line.pop_front() else { continue };
                if line.is_empty() {
                    // Ordering: Relaxed, as in `submit`.
                    self.some[lane / SKILLS].fetch_and(!(1 << (lane % SKILLS)), Relaxed);
                }
                let Some(wait_ms) = records.hold(order, clerk, at_ms) else { continue };
                (order, wait_ms)
            };
            own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
            return Some(Held { lane, order, clerk });
        }
    }

    fn complete(&self, own: &mut Notes, held: Held, at_ms: u64) {
        let Held { lane, order, clerk } = held;
        self.lanes[lane].lock().records.close(order, clerk);
        own.tell(at_ms, order.number(), clerk, Kind::Closed);
    }
}
