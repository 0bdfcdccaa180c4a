//! Drives the Qiangdan engine through simulated and recorded days, and sums up what happened.
#![forbid(unsafe_code)]

pub mod report;
