//! Lock-free structures under the Qiangdan dispatch engine.
//!
//! This crate knows slots and owners, not orders and clerks. It reads no clock, allocates only
//! where a method says so, and everything in it has a bound given at construction. It is safe Rust
//! throughout: structures refer to each other by index, and indices that are reused carry a tag.
//!
//! One word decides who owns a slot: [`ClaimWord`]. Every other structure holds *hints*. A hint may
//! be stale or doubled, and whoever follows it asks the claim word; a hint must never be lost.
//!
//! Modules, in the order they should be read:
//!
//! 1. [`claim`]: the word that decides who owns a slot.
//! 2. [`slab`]: which slots are free.
//! 3. [`lane`]: a first-in-first-out queue that can be looked into.
//! 4. [`side`]: what comes back out of order, smallest first.
//! 5. [`bitmap`]: which lanes are worth a look.
//! 6. [`heads`]: which of them is worth the first look.
//! 7. [`stack`]: an inbox of indices that is taken whole.
//! 8. [`wheel`]: when to look at which slot.
//! 9. [`agenda`]: which slot is due first, for pools that go by that.
//! 10. [`ledger`]: a list for each slot that only grows while its life lasts.
//!
//! The edges between threads are named in each module's docs; `docs/memory-model.md` has all of
//! them in one table, each with the loom test that fails without it.

#![forbid(unsafe_code)]

pub mod claim;
pub mod slab;

pub mod lane;
pub mod side;

pub mod bitmap;
pub mod heads;
pub mod stack;
pub mod wheel;

pub mod agenda;
pub mod ledger;

mod batch;
mod free;
mod nodes;
mod ring;
mod sync;

pub use agenda::{Agenda, AgendaFirst, AgendaFull};
pub use bitmap::{Bitmap, Mask};
pub use claim::{
    ClaimWord, CloseReach, End, GiveBack, Keep, Onward, Owner, Phase, Refused, Seen, Started,
    Suspension,
};
pub use heads::{Bound, Heads, Lowest};
pub use lane::{First, Item, Lane, LaneFull, Next};
pub use ledger::{AppendError, Entries, Ledger, LedgerSeen, Reserve};
pub use nodes::Pair;
pub use side::{Entry, Key, Side, SideFull, SidePeeked};
pub use slab::Slab;
pub use stack::Inbox;
pub use wheel::{Advanced, Looks, Wheel, WheelDriver};
