//! A lock-free queue of ids, beside a `DashMap` of records.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_utils::CachePadded;
use dashmap::DashMap;

use super::bare::Queue;
use crate::{
    desk::{Desk, Kind, NOBODY, Named, Notes},
    people::Ticket,
};

/// A queue and a map.
#[derive(Debug)]
pub struct Mapped<Q> {
    line: Q,
    last: CachePadded<AtomicU64>,
    records: DashMap<u64, Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    at_ms: u64,
    owner: Option<u32>,
}

/// What an owner has.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub(super) order: u64,
    pub(super) clerk: u32,
}

impl<Q> Mapped<Q> {
    /// A desk on an empty queue.
    #[must_use]
    pub fn new(line: Q) -> Self {
        Self { line, last: CachePadded::default(), records: DashMap::new() }
    }

    /// Notes the owner, if there is none; the wait.
    fn hold(&self, order: u64, clerk: u32, at_ms: u64) -> Option<u64> {
        let mut record = self.records.get_mut(&order)?;
        if record.owner.is_some() {
            return None;
        }
        record.owner = Some(clerk);
        Some(at_ms.saturating_sub(record.at_ms))
    }
}

impl<Q: Queue> Desk for Mapped<Q> {
    type Own = Notes;
    type Order = u64;
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> u64 {
        // Ordering: Relaxed. A number that nobody else gets.
        let order = self.last.fetch_add(1, Relaxed);
        self.records.insert(order, Record { at_ms: ticket.at_ms, owner: None });
        self.line.push(order);
        own.tell(ticket.at_ms, order, NOBODY, Kind::Submitted);
        order
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        loop {
            let order = self.line.pop()?;
            // One that was grabbed by its name is still in line.
            if let Some(wait_ms) = self.hold(order, clerk, at_ms) {
                own.tell(at_ms, order, clerk, Kind::Claimed { wait_ms });
                return Some(Held { order, clerk });
            }
        }
    }

    fn complete(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        let (_, record) = self.records.remove(&order).expect("the claim is ours");
        assert!(record.owner == Some(clerk), "the claim is ours");
        own.tell(at_ms, order, clerk, Kind::Closed);
    }
}

impl<Q: Queue> Named for Mapped<Q> {
    fn grab_order(&self, own: &mut Notes, clerk: u32, order: u64, at_ms: u64) -> Option<Held> {
        let wait_ms = self.hold(order, clerk, at_ms)?;
        own.tell(at_ms, order, clerk, Kind::Claimed { wait_ms });
        Some(Held { order, clerk })
    }
}
