//! The atomics of this crate: the standard library's, or shuttle's under `cfg(qiangdan_shuttle)`.
//!
//! Nothing else may import atomics from elsewhere, or the scheduler would not see them.

#[cfg(qiangdan_shuttle)]
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, fence};
#[cfg(not(qiangdan_shuttle))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, fence};
