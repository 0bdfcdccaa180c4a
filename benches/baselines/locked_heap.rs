//! One mutex around a slab and a `BinaryHeap`: earliest due first.

use std::{cmp::Reverse, collections::BinaryHeap};

use parking_lot::Mutex;

use super::{Order, Records, locked::Held};
use crate::{
    desk::{Desk, Kind, NOBODY, Notes},
    people::Ticket,
};

/// A heap behind one mutex.
#[derive(Debug, Default)]
pub struct LockedHeap(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    records: Records,
    heap: BinaryHeap<Reverse<(u64, Order)>>,
}

impl Desk for LockedHeap {
    type Own = Notes;
    type Order = Order;
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> Order {
        let order = {
            let Inside { records, heap } = &mut *self.0.lock();
            let order = records.file(ticket, 0);
            heap.push(Reverse((ticket.due_ms, order)));
            order
        };
        own.tell(ticket.at_ms, order.number(), NOBODY, Kind::Submitted);
        order
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        let (order, wait_ms) = {
            let Inside { records, heap } = &mut *self.0.lock();
            let Reverse((_, order)) = heap.pop()?;
            (order, records.hold(order, clerk, at_ms)?)
        };
        own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
        Some(Held { order, clerk })
    }

    fn complete(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        self.0.lock().records.close(order, clerk);
        own.tell(at_ms, order.number(), clerk, Kind::Closed);
    }
}
