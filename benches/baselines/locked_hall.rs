//! One mutex around everything an engine knows: slab, lanes, bitmap, limits on waits, counters, the
//! histogram of waits. With the other verbs of an order's life.
//!
//! The limits are a heap that is never searched: what is closed is met when its instant comes. One
//! step of `advance` holds the lock for as many limits as the engine's does. Looking at all orders
//! copies them under the lock and reads the copy; reading the figures copies them likewise.

use std::{cmp::Reverse, collections::BinaryHeap};

use parking_lot::Mutex;

use super::{
    Order, Who,
    locked::Held,
    locked_lanes::{Lines, Masks, lane},
};
use crate::{
    desk::{Desk, Hall, Kind, Life, NOBODY, Named, Notes},
    people::{Shape, Ticket},
};

/// As many limits are told at most in one step: the engine's budget.
const STEP: usize = 4_096;
/// As many buckets as the engine's histogram has.
const BUCKETS: usize = 1_152;

/// Everything behind one mutex.
#[derive(Debug)]
pub struct LockedHall {
    inside: Mutex<Inside>,
    masks: Masks,
    limit_ms: Option<u64>,
}

#[derive(Debug)]
struct Inside {
    lines: Lines,
    limits: BinaryHeap<Reverse<(u64, Order)>>,
    figures: Figures,
}

#[derive(Clone, Debug)]
struct Figures {
    submitted: u64,
    claimed: u64,
    put_back: u64,
    closed: u64,
    late: u64,
    waits: Vec<u64>,
}

impl Figures {
    fn claimed(&mut self, wait_ms: u64) {
        self.claimed += 1;
        // Eight buckets to a doubling; how exact they are costs nothing.
        let doubling = usize::try_from((wait_ms + 1).ilog2()).expect("at most 64");
        self.waits[(doubling * 8).min(BUCKETS - 1)] += 1;
    }
}

impl LockedHall {
    /// Nobody waits. Each wait has this limit.
    #[must_use]
    pub fn new(shape: &Shape, limit_ms: Option<u64>) -> Self {
        let waits = vec![0; BUCKETS];
        let figures = Figures { submitted: 0, claimed: 0, put_back: 0, closed: 0, late: 0, waits };
        let (lines, limits) = (Lines::new(), BinaryHeap::new());
        let inside = Mutex::new(Inside { lines, limits, figures });
        Self { inside, masks: Masks::new(shape), limit_ms }
    }
}

impl Desk for LockedHall {
    type Own = Notes;
    type Order = Order;
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> Order {
        let order = {
            let Inside { lines, limits, figures } = &mut *self.inside.lock();
            let order = lines.submit(ticket);
            if let Some(limit_ms) = self.limit_ms {
                limits.push(Reverse((ticket.at_ms + limit_ms + 1, order)));
            }
            figures.submitted += 1;
            order
        };
        own.tell(ticket.at_ms, order.number(), NOBODY, Kind::Submitted);
        order
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        let (order, wait_ms) = {
            let Inside { lines, figures, .. } = &mut *self.inside.lock();
            let (order, wait_ms) = lines.grab(self.masks.of(clerk), clerk, at_ms)?;
            figures.claimed(wait_ms);
            (order, wait_ms)
        };
        own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
        Some(Held { order, clerk })
    }

    fn complete(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        {
            let Inside { lines, figures, .. } = &mut *self.inside.lock();
            lines.records.close(order, clerk);
            figures.closed += 1;
        }
        own.tell(at_ms, order.number(), clerk, Kind::Closed);
    }
}

impl Named for LockedHall {
    fn grab_order(&self, own: &mut Notes, clerk: u32, order: Order, at_ms: u64) -> Option<Held> {
        let wait_ms = {
            let Inside { lines, figures, .. } = &mut *self.inside.lock();
            let wait_ms = lines.records.hold(order, clerk, at_ms)?;
            figures.claimed(wait_ms);
            wait_ms
        };
        own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
        Some(Held { order, clerk })
    }
}

impl Life for LockedHall {
    fn put_back(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        {
            let Inside { lines, figures, .. } = &mut *self.inside.lock();
            let lane = lines.records.release(order, clerk);
            let came_ms = lines.records.get(order).map_or(at_ms, |record| record.at_ms);
            lines.insert(lane, order, came_ms);
            figures.put_back += 1;
        }
        own.tell(at_ms, order.number(), clerk, Kind::PutBack);
    }

    fn cancel(&self, own: &mut Notes, order: Order, at_ms: u64) -> bool {
        {
            let Inside { lines, figures, .. } = &mut *self.inside.lock();
            if !lines.records.cancel(order) {
                return false;
            }
            figures.closed += 1;
        }
        own.tell(at_ms, order.number(), NOBODY, Kind::Closed);
        true
    }

    fn rank_anew(&self, own: &mut Notes, order: Order, class: u32, at_ms: u64) -> bool {
        {
            let Inside { lines, .. } = &mut *self.inside.lock();
            let Some(record) = lines.records.waiting(order) else { return false };
            let skill = u32::from(record.lane) % 64;
            let (to, came_ms) = (lane(skill, class), record.at_ms);
            record.lane = u16::try_from(to).expect("few lanes");
            // The place it had goes stale, and is dropped when it comes first.
            lines.insert(to, order, came_ms);
        }
        own.tell(at_ms, order.number(), NOBODY, Kind::Ranked);
        true
    }
}

impl Hall for LockedHall {
    type Clock = ();

    fn advance(&self, (): &mut (), own: &mut Notes, now_ms: u64) -> (usize, bool) {
        let Inside { lines, limits, figures } = &mut *self.inside.lock();
        for told in 0..STEP {
            let due = limits.peek().filter(|Reverse((due_ms, _))| *due_ms <= now_ms);
            let Some(&Reverse((_, order))) = due else { return (told, true) };
            limits.pop();
            if let Some(record) = lines.records.waiting(order).filter(|record| !record.is_late) {
                record.is_late = true;
                figures.late += 1;
                own.tell(now_ms, order.number(), NOBODY, Kind::Late);
            }
        }
        (STEP, false)
    }

    fn look_at_all(&self, _orders: &[Order]) -> usize {
        let copy = self.inside.lock().lines.records.all().to_vec();
        copy.iter().filter(|record| record.who != Who::Over).count()
    }

    fn figures(&self) -> u64 {
        let copy = self.inside.lock().figures.clone();
        copy.submitted
    }
}
