//! One mutex around a slab, a `VecDeque` for each lane, and a bitmap of the lanes that have orders.
//!
//! The highest class goes first, then who came first. For each class one word says which skills have
//! orders; a grab masks it with the clerk's, and compares the first in each lane that is left.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::{Order, Records, locked::Held};
use crate::{
    desk::{Desk, Kind, NOBODY, Notes},
    people::{CLASSES, Shape, Ticket},
};

const SKILLS: usize = 64;

/// Many lanes behind one mutex.
#[derive(Debug)]
pub struct LockedLanes {
    inside: Mutex<Lines>,
    masks: Masks,
}

/// For each clerk, which skills they have.
#[derive(Debug)]
pub(super) struct Masks(Vec<u64>);

impl Masks {
    pub(super) fn new(shape: &Shape) -> Self {
        let mask = |clerk| shape.skills_of(clerk).iter().fold(0, |mask, skill| mask | 1 << skill);
        Self((0..shape.clerks()).map(mask).collect())
    }

    pub(super) fn of(&self, clerk: u32) -> u64 {
        self.0[clerk as usize]
    }
}

/// The number of a lane: all skills of the highest class, then of the next.
pub(super) fn lane(skill: u32, class: u32) -> usize {
    (CLASSES - 1 - class) as usize * SKILLS + skill as usize
}

pub(super) const LANES: usize = SKILLS * CLASSES as usize;

/// Who waits where. For whoever has the lock.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) records: Records,
    lines: Vec<VecDeque<Waiting>>,
    /// For each class, the skills that have somebody in line.
    some: [u64; CLASSES as usize],
}

/// An order in line, with what it is compared by.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    order: Order,
    at_ms: u64,
}

impl Lines {
    pub(super) fn new() -> Self {
        let (records, lines) = (Records::default(), vec![VecDeque::new(); LANES]);
        Self { records, lines, some: [0; CLASSES as usize] }
    }

    pub(super) fn submit(&mut self, ticket: Ticket) -> Order {
        let lane = lane(ticket.skill, ticket.class);
        let order = self.records.file(ticket, lane);
        self.lines[lane].push_back(Waiting { order, at_ms: ticket.at_ms });
        self.some[lane / SKILLS] |= 1 << (lane % SKILLS);
        order
    }

    /// Puts an order back to the place its arrival gives it.
    pub(super) fn insert(&mut self, lane: usize, order: Order, at_ms: u64) {
        let line = &mut self.lines[lane];
        let place = line.partition_point(|waiting| waiting.at_ms <= at_ms);
        line.insert(place, Waiting { order, at_ms });
        self.some[lane / SKILLS] |= 1 << (lane % SKILLS);
    }

    pub(super) fn grab(&mut self, mask: u64, clerk: u32, at_ms: u64) -> Option<(Order, u64)> {
        let order = self.first(mask)?;
        let wait_ms = self.records.hold(order, clerk, at_ms)?;
        Some((order, wait_ms))
    }

    /// Takes the one who goes next out of its line.
    fn first(&mut self, mask: u64) -> Option<Order> {
        for class in 0..CLASSES as usize {
            let mut best: Option<(u64, usize)> = None;
            let mut skills = self.some[class] & mask;
            while skills != 0 {
                let skill = skills.trailing_zeros() as usize;
                skills &= skills - 1;
                let lane = class * SKILLS + skill;
                if let Some(at_ms) = self.head(lane)
                    && best.is_none_or(|(best, _)| at_ms < best)
                {
                    best = Some((at_ms, lane));
                }
            }
            if let Some((_, lane)) = best {
                let first = self.lines[lane].pop_front()?;
                if self.lines[lane].is_empty() {
                    self.some[class] &= !(1 << (lane % SKILLS));
                }
                return Some(first.order);
            }
        }
        None
    }

    /// When the first in a lane came in. Drops those who wait there no longer.
    fn head(&mut self, lane: usize) -> Option<u64> {
        while let Some(&Waiting { order, at_ms }) = self.lines[lane].front() {
            let waits = self.records.waiting(order);
            if waits.is_some_and(|record| usize::from(record.lane) == lane) {
                return Some(at_ms);
            }
            self.lines[lane].pop_front();
        }
        self.some[lane / SKILLS] &= !(1 << (lane % SKILLS));
        None
    }
}

impl LockedLanes {
    /// Nobody waits.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        Self { inside: Mutex::new(Lines::new()), masks: Masks::new(shape) }
    }
}

impl Desk for LockedLanes {
    type Own = Notes;
    type Order = Order;
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> Order {
        let order = self.inside.lock().submit(ticket);
        own.tell(ticket.at_ms, order.number(), NOBODY, Kind::Submitted);
        order
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        let (order, wait_ms) = self.inside.lock().grab(self.masks.of(clerk), clerk, at_ms)?;
        own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
        Some(Held { order, clerk })
    }

    fn complete(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        self.inside.lock().records.close(order, clerk);
        own.tell(at_ms, order.number(), clerk, Kind::Closed);
    }
}
