//! One mutex around a slab and a `VecDeque`: what one would write first, and the one to beat.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::{Order, Records};
use crate::{
    desk::{Desk, Kind, NOBODY, Named, Notes},
    people::Ticket,
};

/// One lane behind one mutex.
#[derive(Debug, Default)]
pub struct Locked(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    records: Records,
    line: VecDeque<Order>,
}

/// What an owner has: the order, and who they are.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub(super) order: Order,
    pub(super) clerk: u32,
}

impl Inside {
    fn grab(&mut self, clerk: u32, at_ms: u64) -> Option<(Order, u64)> {
        loop {
            let order = self.line.pop_front()?;
            // One that was grabbed by its name is still in line.
            if let Some(wait_ms) = self.records.hold(order, clerk, at_ms) {
                return Some((order, wait_ms));
            }
        }
    }
}

impl Desk for Locked {
    type Own = Notes;
    type Order = Order;
    type Held = Held;

    fn own(&self) -> Notes {
        Notes::new()
    }

    fn submit(&self, own: &mut Notes, ticket: Ticket) -> Order {
        let order = {
            let Inside { records, line } = &mut *self.0.lock();
            let order = records.file(ticket, 0);
            line.push_back(order);
            order
        };
        own.tell(ticket.at_ms, order.number(), NOBODY, Kind::Submitted);
        order
    }

    fn grab(&self, own: &mut Notes, clerk: u32, at_ms: u64) -> Option<Held> {
        let (order, wait_ms) = self.0.lock().grab(clerk, at_ms)?;
        own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
        Some(Held { order, clerk })
    }

    fn complete(&self, own: &mut Notes, Held { order, clerk }: Held, at_ms: u64) {
        self.0.lock().records.close(order, clerk);
        own.tell(at_ms, order.number(), clerk, Kind::Closed);
    }

    fn submit_many(&self, own: &mut Notes, tickets: &[Ticket]) {
        let Inside { records, line } = &mut *self.0.lock();
        for &ticket in tickets {
            let order = records.file(ticket, 0);
            line.push_back(order);
            own.tell(ticket.at_ms, order.number(), NOBODY, Kind::Submitted);
        }
    }

    fn grab_many(
        &self,
        own: &mut Notes,
        clerk: u32,
        at_ms: u64,
        most: usize,
        held: &mut Vec<Held>,
    ) {
        let inside = &mut *self.0.lock();
        for _ in 0..most {
            let Some((order, wait_ms)) = inside.grab(clerk, at_ms) else { return };
            own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
            held.push(Held { order, clerk });
        }
    }
}

impl Named for Locked {
    fn grab_order(&self, own: &mut Notes, clerk: u32, order: Order, at_ms: u64) -> Option<Held> {
        let wait_ms = self.0.lock().records.hold(order, clerk, at_ms)?;
        own.tell(at_ms, order.number(), clerk, Kind::Claimed { wait_ms });
        Some(Held { order, clerk })
    }
}
