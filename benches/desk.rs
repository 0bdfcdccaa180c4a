//! The verbs that are compared, with full semantics: a record for each order, one owner noted in it,
//! and an event told by each verb.
//!
//! Everybody pays for the event: it goes to a vector that the thread owns and empties now and then.

use crate::people::Ticket;

/// What is measured.
pub trait Desk: Sync {
    /// What a thread has for itself.
    type Own: Send;
    /// What names an order.
    type Order: Copy + Send + Sync;
    /// What its owner has.
    type Held: Send;

    /// For a thread that begins.
    fn own(&self) -> Self::Own;

    /// Puts an order into its line.
    fn submit(&self, own: &mut Self::Own, ticket: Ticket) -> Self::Order;

    /// Takes the order that goes next for `clerk`, if there is one.
    fn grab(&self, own: &mut Self::Own, clerk: u32, at_ms: u64) -> Option<Self::Held>;

    /// Closes an order that was grabbed; its record may be used again.
    fn complete(&self, own: &mut Self::Own, held: Self::Held, at_ms: u64);

    // --- batches ----------------------------------------------------------------------------------

    /// Puts several orders into their lines; one after the other, unless the desk knows better.
    fn submit_many(&self, own: &mut Self::Own, tickets: &[Ticket]) {
        for &ticket in tickets {
            self.submit(own, ticket);
        }
    }

    /// Takes up to `most` orders for `clerk`; one after the other, unless the desk knows better.
    fn grab_many(
        &self,
        own: &mut Self::Own,
        clerk: u32,
        at_ms: u64,
        most: usize,
        held: &mut Vec<Self::Held>,
    ) {
        let grabbed = (0..most).map_while(|_| self.grab(own, clerk, at_ms));
        held.extend(grabbed);
    }
}

/// A desk where a clerk may grab an order by its name.
pub trait Named: Desk {
    /// Takes this order for `clerk`, if nobody has.
    fn grab_order(
        &self,
        own: &mut Self::Own,
        clerk: u32,
        order: Self::Order,
        at_ms: u64,
    ) -> Option<Self::Held>;
}

/// A desk with the other verbs of an order's life.
pub trait Life: Desk {
    /// Gives an order back to the place it had.
    fn put_back(&self, own: &mut Self::Own, held: Self::Held, at_ms: u64);

    /// Closes an order that waits; whether it did.
    fn cancel(&self, own: &mut Self::Own, order: Self::Order, at_ms: u64) -> bool;

    /// Gives an order that waits another class; whether it did.
    fn rank_anew(&self, own: &mut Self::Own, order: Self::Order, class: u32, at_ms: u64) -> bool;
}

/// A desk whose orders have a limit on their wait, and that can be looked at as a whole.
pub trait Hall: Life {
    /// What lets time pass; one thread has it.
    type Clock: Send;

    /// Tells the limits that are over at `now_ms`, but not more than one step of them. How many, and
    /// whether that was all.
    fn advance(&self, clock: &mut Self::Clock, own: &mut Self::Own, now_ms: u64) -> (usize, bool);

    /// Reads every one of `orders`, all at one instant if the desk can do no other; how many are open.
    fn look_at_all(&self, orders: &[Self::Order]) -> usize;

    /// Reads every counter, and the histogram of waits; the orders submitted so far.
    fn figures(&self) -> u64;
}

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It came in.
    Submitted,
    /// It was grabbed after so long.
    Claimed {
        /// How long.
        wait_ms: u64,
    },
    /// It was given back.
    PutBack,
    /// It has another class.
    Ranked,
    /// Its limit is over.
    Late,
    /// It is over.
    Closed,
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at_ms: u64,
    /// Which order.
    pub order: u64,
    /// Whose.
    pub clerk: u32,
    /// What.
    pub kind: Kind,
}

/// Who is told of by no clerk.
pub const NOBODY: u32 = u32::MAX;

/// The events of one thread, emptied whenever there are many.
#[derive(Debug)]
pub struct Notes(Vec<Told>);

/// How many events a thread keeps.
pub const NOTES: usize = 256;

impl Notes {
    /// An empty notebook.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::with_capacity(NOTES))
    }

    /// Notes an event.
    pub fn tell(&mut self, at_ms: u64, order: u64, clerk: u32, kind: Kind) {
        if self.0.len() == NOTES {
            self.0.clear();
        }
        self.0.push(Told { at_ms, order, clerk, kind });
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self::new()
    }
}
