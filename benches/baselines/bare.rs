//! A lock-free queue alone: no record, no owner, no event. Not a desk one could use, but what a desk
//! on such a queue costs at the very least.

use concurrent_queue::ConcurrentQueue;
use crossbeam_queue::SegQueue;

use crate::{desk::Desk, people::Ticket};

/// A queue of many producers and many consumers.
pub trait Queue: Sync {
    /// Puts a number in.
    fn push(&self, number: u64);
    /// Takes one out.
    fn pop(&self) -> Option<u64>;
}

impl Queue for SegQueue<u64> {
    fn push(&self, number: u64) {
        Self::push(self, number);
    }

    fn pop(&self) -> Option<u64> {
        Self::pop(self)
    }
}

impl Queue for ConcurrentQueue<u64> {
    fn push(&self, number: u64) {
        Self::push(self, number).expect("nobody closes it, and it is unbounded");
    }

    fn pop(&self) -> Option<u64> {
        Self::pop(self).ok()
    }
}

/// A queue and nothing else.
#[derive(Debug)]
pub struct Bare<Q>(pub Q);

impl<Q: Queue> Desk for Bare<Q> {
    type Own = ();
    type Order = ();
    type Held = u64;

    fn own(&self) {}

    fn submit(&self, (): &mut (), ticket: Ticket) {
        self.0.push(ticket.at_ms);
    }

    fn grab(&self, (): &mut (), _clerk: u32, _at_ms: u64) -> Option<u64> {
        self.0.pop()
    }

    fn complete(&self, (): &mut (), _held: u64, _at_ms: u64) {}
}
