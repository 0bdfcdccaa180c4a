//! Recorded days through the engine.
//!
//! With the clerks *from the trace*, the recorded starts and ends are the grabs and completions: nothing
//! is decided anew, and the engine's own clocks must report the recorded waits exactly. With the
//! clerks *from the hall*, the recorded people come at their recorded times with their recorded needs,
//! and the hall's clerks serve them: what if.

mod from_hall;
mod from_trace;
mod local_days;
mod recorded;

use qiangdan::{BoundsError, ServiceId, hall::Hall};

use crate::{
    dice::LawError,
    promises,
    report::{Report, Source},
    trace::{Trace, TraceOrder},
};
use local_days::LocalDays;

/// Who serves in a replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Clerks {
    /// Those who were recorded.
    #[default]
    FromTrace,
    /// Those of the hall file.
    FromHall,
}

/// How to replay.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Replay {
    /// Who serves.
    pub clerks: Clerks,
    /// Only the rows of this hall of the trace.
    pub only: Option<String>,
    /// The key of the service that recorded services unknown to the hall file count as.
    pub others_as: Option<String>,
    /// Decides what was not recorded, with the clerks from the hall: how long serving takes, how long
    /// people wait before leaving.
    pub seed: u64,
}

/// Why a trace cannot be replayed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There is nothing to replay.
    #[error("no order of the trace is left to replay")]
    Empty,
    /// The trace names no such hall.
    #[error("no row of the trace is of hall `{only}`; there are: {}", known.join(", "))]
    NoSuchHall {
        /// What was asked for.
        only: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The hall file has no service of this key.
    #[error("the hall file has no service `{key}`; there are: {}", known.join(", "))]
    NoSuchService {
        /// What was asked for.
        key: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The hall file does not know all recorded services.
    #[error(
        "{} recorded services are not in the hall file: {}; name them in `recorded_as` of a service, \
         or say which service they count as",
        names.len(), shortened(names)
    )]
    UnknownServices {
        /// Their recorded names.
        names: Vec<String>,
    },
    /// The hall file has no clerk.
    #[error("the hall file has no [[clerks]]: say who serves, and when")]
    NoClerks,
    /// The time zone is not known.
    #[error("no time zone `{zone}`, expected an IANA name such as \"Asia/Shanghai\"")]
    NoSuchZone {
        /// Its name.
        zone: String,
    },
    /// A duration of the hall file cannot be.
    #[error("a duration of the hall file cannot be: {0}")]
    Law(#[from] LawError),
    /// The trace is too large.
    #[error("too many orders are open at once: {0}")]
    Bounds(#[from] BoundsError),
    /// The engine refused what was recorded.
    #[error("order {order}, as recorded, was refused by the engine: {refused}")]
    Refused {
        /// The recorded id.
        order: String,
        /// Why.
        refused: String,
    },
}

fn shortened(names: &[String]) -> String {
    let more = if names.len() > 8 { ", …" } else { "" };
    names[..names.len().min(8)].join(", ") + more
}

/// Replays `trace` in `hall`.
///
/// # Errors
///
/// See [`ReplayError`].
pub fn replay(hall: &Hall, trace: &Trace, replay: &Replay) -> Result<Report, ReplayError> {
    let orders = wanted(trace, replay.only.as_deref())?;
    let zone = trace.zone.as_deref().unwrap_or(hall.timezone());
    let days = LocalDays::of(zone, &orders)
        .ok_or_else(|| ReplayError::NoSuchZone { zone: zone.to_owned() })?;
    let rows = orders.len() as u64;
    let (tally, recorded, limits, mode) = match replay.clerks {
        Clerks::FromTrace => {
            let (tally, recorded, limits) = from_trace::run(hall, trace, &orders, &days)?;
            (tally, recorded, limits, "from trace")
        }
        Clerks::FromHall => {
            let (tally, recorded, limits) = from_hall::run(hall, trace, &orders, &days, replay)?;
            (tally, recorded, limits, "from hall")
        }
    };
    let source = Source::Replayed {
        trace: trace.name.clone(),
        mode: mode.to_owned(),
        days: u32::try_from(days.len()).unwrap_or(u32::MAX),
        rows,
        skipped: trace.skipped_rows.values().sum(),
    };
    let limits = promises::uses(hall, &limits);
    Ok(Report { limits, ..tally.report(source, Some(recorded)) })
}

/// The orders to replay, by arrival; those that arrived together in the order of the file.
fn wanted<'t>(trace: &'t Trace, only: Option<&str>) -> Result<Vec<&'t TraceOrder>, ReplayError> {
    let hall = match only {
        None => None,
        Some(only) => {
            let found = trace.halls.iter().position(|hall| hall == only);
            let none =
                || ReplayError::NoSuchHall { only: only.to_owned(), known: trace.halls.clone() };
            Some(found.ok_or_else(none)?)
        }
    };
    let is_wanted = |order: &&TraceOrder| {
        order.outcome != crate::trace::Outcome::Ignored
            && hall.is_none_or(|hall| order.hall.is_some_and(|of| of as usize == hall))
    };
    let orders: Vec<_> =
        trace.by_arrival().into_iter().map(|at| &trace.orders[at]).filter(is_wanted).collect();
    if orders.is_empty() { Err(ReplayError::Empty) } else { Ok(orders) }
}

/// The hall's service for each of the trace's, where it has one.
fn known_services(hall: &Hall, trace: &Trace) -> Vec<Option<ServiceId>> {
    let find = |recorded: &String| {
        let is_it = |service: &&qiangdan::hall::Service| {
            service.key == *recorded || service.recorded_as.contains(recorded)
        };
        hall.services().iter().find(is_it).map(|service| service.id)
    };
    trace.services.iter().map(find).collect()
}
