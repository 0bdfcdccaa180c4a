//! The desks one would write first. Each keeps a record for each order, notes one owner in it, and
//! tells an event, as [`crate::desk`] asks; those of [`bare`] do not, and are there as a limit.
//!
//! | module | what it is |
//! |---|---|
//! | [`locked`] | one mutex around a slab and a `VecDeque`: one lane |
//! | [`locked_lanes`] | one mutex around a slab, a `VecDeque` for each lane, and a bitmap |
//! | [`locked_each`] | a mutex around each lane's slab and `VecDeque` |
//! | [`locked_heap`] | one mutex around a slab and a `BinaryHeap`: earliest due first |
//! | [`locked_hall`] | one mutex around everything an engine knows |
//! | [`ranked`] | a mutex around a `PriorityQueue`, beside a `DashMap` of records |
//! | [`mapped`] | a lock-free queue of ids, beside a `DashMap` of records |
//! | [`skips`] | a skip list for each lane; its claim is a swap on the record |
//! | [`bare`] | a lock-free queue alone, without records, owners or events |

pub mod bare;
pub mod locked;
pub mod locked_each;
pub mod locked_hall;
pub mod locked_heap;
pub mod locked_lanes;
pub mod mapped;
pub mod ranked;
pub mod skips;

mod records;

pub use records::{Order, Record, Records, Who};
