//! What the benchmarks beside this file share. The targets themselves are the files with a `main`.
//!
//! Modules, in the order they should be read:
//!
//! 1. [`desk`]: the verbs that are compared, and what each thread keeps of them.
//! 2. [`heart`]: our lock-free structures put together to a desk, with [`spare`] slots for each thread,
//!    and [`due`], which goes by due instant;
//!    [`whole`]: the engine as a desk.
//! 3. [`baselines`]: the desks one would write first.
//! 4. [`clocks`]: the same for timers.
//! 5. [`people`]: who comes and who grabs. [`measure`]: what is timed.
//! 6. [`together`], [`latency`], [`resident`], [`table`], [`rows`], [`pace`]: threads that begin
//!    together, percentiles, memory, print, and how long it all may take.
//! 7. [`halls`]: rules and engines for all of them.

#![forbid(unsafe_code)]

pub mod desk;
pub mod due;
pub mod heart;
pub mod spare;
pub mod whole;

pub mod baselines;
pub mod clocks;

pub mod measure;
pub mod people;

pub mod latency;
pub mod pace;
pub mod resident;
pub mod rows;
pub mod table;
pub mod together;

pub mod halls;

pub use halls::{at, engine, one_lane};
