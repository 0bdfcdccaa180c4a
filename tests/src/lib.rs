//! What the tests in `tests/` share: where recorded data is, and a driver for plain queues.

pub mod data;
pub mod plain;
