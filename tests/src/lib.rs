//! What the tests in `tests/` share: where recorded data is, a driver for plain queues, a hall with its
//! clock in hand, and a reader of histories.

pub mod data;
pub mod hall;
pub mod history;
pub mod lives;
pub mod office;
pub mod plain;
pub mod tickets;

/// The code in the READMEs runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../README.zh-CN.md")]
pub struct Readme;
