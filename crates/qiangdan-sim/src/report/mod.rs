//! Sums up days: how long people waited, whether the promise was kept, and how sure that is.
//!
//! A driver tells a [`Day`] what happens in it, merges days into a [`Tally`] in any order and on
//! any number of threads, and gets a [`Report`] that does not depend on either. Nothing here runs
//! an engine or reads a file, and nothing here decides how a report looks.
//!
//! * `shape`: what is fixed before the first day: names, target, half hours.
//! * `day`: one day, told as it happens. The hot part.
//! * `tally`: many days, raw waits kept, order of merging irrelevant.
//! * `figures`: the report's types, as `--json` writes them.
//! * `summary`: from tally to report.
//! * `waits`, `interval`, `student`: the arithmetic.
//!
//! # Example
//!
//! ```
//! use qiangdan::ServiceId;
//! use qiangdan_sim::report::{Day, Gates, Named, Shape, Source, Tally, Target};
//!
//! let shape = Shape {
//!     hall: "一楼大厅".into(),
//!     services: vec![Named { key: "general".into(), name: "综合受理".into() }],
//!     windows: vec![],
//!     ladders: vec![],
//!     target: Target { within_ms: 600_000, share: 0.9, gates: Gates::Day },
//!     first_half_hour: 18,
//!     last_half_hour: 33,
//! };
//! let (mut day, mut tally) = (Day::new(&shape), Tally::new(shape));
//! let nine = 9 * 3_600_000;
//! day.arrived(ServiceId(0), nine);
//! day.claimed(ServiceId(0), nine, 600_000);
//! tally.merge(0, &mut day);
//! let report = tally.report(Source::Simulated { days: 1, seed: 1, streams: 1 }, None);
//! assert!(report.verdict.holds());
//! ```

pub mod day;
pub mod figures;
mod interval;
pub mod shape;
mod student;
mod summary;
pub mod tally;
mod waits;

pub use day::Day;
pub use figures::{
    Basis, Curve, Escalation, HalfHour, LimitUse, Outcome, Queue, Recorded, RecordedHalfHour,
    Report, SCHEMA, Service, Source, StageUse, Totals, Use, Verdict, Verdicts, Wait, WindowUse,
    Within,
};
pub use shape::{Gates, LadderShape, Name, Named, Shape, StageShape, Target, WindowShape};
pub use tally::Tally;
