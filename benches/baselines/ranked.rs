//! A mutex around a `PriorityQueue`, beside a `DashMap` of records.
//!
//! The queue can take out any order and change its priority, so nothing stale is left in it: whoever
//! takes an order out of the queue owns it.

use std::{
    cmp::Reverse,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crossbeam_utils::CachePadded;
use dashmap::DashMap;
use parking_lot::Mutex;
use priority_queue::PriorityQueue;

use super::mapped::Held;
use crate::{
    desk::{Desk, Kind, Life, NOBODY, Named, Notes},
    people::Ticket,
};

/// The smallest goes first: the lowest of these, then the lowest id.
type Rank = Reverse<(u64, u64)>;

/// A priority queue and a map.
#[derive(Debug)]
pub struct Ranked {
    by: By,
    last: CachePadded<AtomicU64>,
    line: Mutex<PriorityQueue<u64, Rank>>,
    records: DashMap<u64, Record>,
}

/// What orders are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The highest class, then who came first.
    Class,
    /// The earliest due.
    Due,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    at_ms: u64,
    rank: Rank,
    owner: Option<u32>,
}

/// Thirty years in milliseconds: so far is a class ahead of the next.
const CLASS_MS: u64 = 946_728_000_000;

impl Ranked {
    /// Nobody waits.
    #[must_use]
    pub fn new(by: By) -> Self {
        let (last, line, records) = (CachePadded::default(), Mutex::default(), DashMap::new());
        Self { by, last, line, records }
    }

    fn rank(&self, ticket: Ticket, order: u64) -> Rank {
        match self.by {
            By::Class => of_class(ticket.class, ticket.at_ms, order),
            By::Due => Reverse((ticket.due_ms, order)),
        }
    }

    /// Notes the owner of what was taken out of the queue.
    fn hold(&self, own: &mut Notes, order: u64, clerk: u32, at_ms: u64) -> Held {
        let wait_ms = {
            let mut record = self.records.get_mut(&order).expect("it was filed before it queued");
            record.owner = Some(clerk);
            at_ms.saturating_sub(record.at_ms)
        };
        own.tell(at_ms, order, clerk, Kind::Claimed { wait_ms });
        Held { order, clerk }
    }
}

fn of_class(class: u32, at_ms: u64, order: u64) -> Rank {
    Reverse(((4 - u64::from(class)) * CLASS_MS + at_ms, order))
}

impl Desk for Ranked {
    type Own = Notes;
    type Order = u64;
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> u64 {
        // Ordering: Relaxed. A number that nobody else gets.
        let order = self.last.fetch_add(1, Relaxed);
        let rank = self.rank(ticket, order);
        self.records.insert(order, Record { at_ms: ticket.at_ms, rank, owner: None });
        self.line.lock().push(order, rank);
        own.tell(ticket.at_ms, order, NOBODY, Kind::Submitted);
        order
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        let (order, _) = self.line.lock().pop()?;
        Some(self.hold(own, order, clerk, at_ms))
    }

    fn complete(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        let (_, record) = self.records.remove(&order).expect("the claim is ours");
        assert!(record.owner == Some(clerk), "the claim is ours");
        own.tell(at_ms, order, clerk, Kind::Closed);
    }
}

impl Named for Ranked {
    fn grab_order(&self, own: &mut Notes, clerk: u32, order: u64, at_ms: u64) -> Option<Held> {
        self.line.lock().remove(&order)?;
        Some(self.hold(own, order, clerk, at_ms))
    }
}

impl Life for Ranked {
    fn put_back(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        let rank = {
            let mut record = self.records.get_mut(&order).expect("the claim is ours");
            record.owner = None;
            record.rank
        };
        self.line.lock().push(order, rank);
        own.tell(at_ms, order, clerk, Kind::PutBack);
    }

    fn cancel(&self, own: &mut Notes, order: u64, at_ms: u64) -> bool {
        if self.line.lock().remove(&order).is_none() {
            return false;
        }
        self.records.remove(&order);
        own.tell(at_ms, order, NOBODY, Kind::Closed);
        true
    }

    fn rank_anew(&self, own: &mut Notes, order: u64, class: u32, at_ms: u64) -> bool {
        let Some(mut record) = self.records.get_mut(&order) else { return false };
        let rank = of_class(class, record.at_ms, order);
        record.rank = rank;
        drop(record);
        let changed = self.line.lock().change_priority(&order, rank).is_some();
        own.tell(at_ms, order, NOBODY, Kind::Ranked);
        changed
    }
}
