//! Random and recorded days over the Qiangdan engine, in virtual time.
//!
//! This crate keeps dice and files out of the library. In reading order:
//!
//! * [`dice`]: random streams, laws of durations, arrivals;
//! * [`trace`]: recorded orders;
//! * [`event_list`]: what happens outside the engine, in order of time;
//! * [`driver`]: the engine in virtual time;
//! * [`of_hall`]: what a run needs to know of a hall;
//! * [`promises`]: limits by the calendar in a run;
//! * [`simulate`](mod@simulate): random days;
//! * [`replay`](mod@replay): recorded days;
//! * [`report`]: what happened, summed up, and how sure the verdict is;
//! * [`formulas`]: closed forms, for queues simple enough to have one.

#![forbid(unsafe_code)]

mod dated;
pub mod dice;
pub mod driver;
pub mod event_list;
pub mod formulas;
mod keep;
pub mod of_hall;
pub mod promises;
pub mod replay;
pub mod report;
pub mod simulate;
pub mod trace;
mod watch;
