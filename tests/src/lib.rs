//! What the tests in `tests/` share: where recorded data is, a driver for plain queues, and a hall
//! with its clock in hand.

pub mod data;
pub mod hall;
pub mod plain;
