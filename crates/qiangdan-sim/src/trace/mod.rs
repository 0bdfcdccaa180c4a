//! Recorded orders (流水): reads `orders.csv` in the format `order-trace/1`.
//!
//! The format is described in docs/trace-format.md. A trace is read whole and checked whole: either
//! every mistake is named with its place and nothing comes out, or bad rows are skipped and counted
//! by reason; see [`Strictness`].
//!
//! * `read.rs`: files to traces; `row.rs`: rows to orders, and the checks;
//! * `columns.rs`: the header;
//! * `instant.rs`: RFC 3339 and times without an offset;
//! * `sidecar.rs`: `trace.json`;
//! * `mistake.rs`: what can be wrong; `place.rs`: where;
//! * `names.rs`: texts kept once.

mod columns;
mod instant;
mod mistake;
mod names;
mod outcome;
mod place;
mod read;
mod row;
mod sidecar;

pub use mistake::{Mistakes, TraceCode, TraceError, TraceMistake};
pub use outcome::Outcome;
pub use sidecar::{Sidecar, SidecarError};

use names::Names;
use std::collections::BTreeMap;

/// How to read a trace.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// What happens to bad rows.
    pub strictness: Strictness,
    /// Which columns are kept as attributes.
    pub columns: Columns,
}

/// What happens to bad rows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Strictness {
    /// Every mistake is reported and nothing is read.
    #[default]
    Strict,
    /// Bad rows are skipped, counted in [`Trace::skipped_rows`] and listed in [`Trace::mistakes`].
    Lenient,
}

/// Which columns are kept as attributes, besides those that orders have fields for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Columns {
    /// None.
    #[default]
    Drop,
    /// Those of these names, which must be in the header.
    Keep(Vec<String>),
}

/// Recorded orders, in the order of the file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trace {
    /// The sidecar's name for it, or else the file's.
    pub name: String,
    /// The IANA zone in which days are counted, if the sidecar gives one.
    pub zone: Option<String>,
    /// The orders.
    pub orders: Vec<TraceOrder>,
    /// Names of services, numbered by [`TraceOrder::service`] as they first appear.
    pub services: Vec<String>,
    /// Names of halls, numbered by [`TraceOrder::hall`].
    pub halls: Vec<String>,
    /// Names of those who served, numbered by [`TraceOrder::resource`].
    pub resources: Vec<String>,
    /// The columns that were asked for.
    pub attributes: Vec<Attribute>,
    /// How many rows were skipped, by the first mistake in each.
    pub skipped_rows: BTreeMap<TraceCode, u64>,
    /// What was wrong with them.
    pub mistakes: Mistakes,
    /// How many times without an offset fell into an hour that came twice; the earlier was taken.
    pub ambiguous_times: u64,
    /// How many times without an offset fell into an hour left out; they were shifted forward.
    pub missing_times: u64,
    ids: Names,
}

/// One recorded order. Instants are in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceOrder {
    id: u32,
    /// Position in [`Trace::services`].
    pub service: u32,
    /// Position in [`Trace::halls`].
    pub hall: Option<u32>,
    /// Position in [`Trace::resources`].
    pub resource: Option<u32>,
    /// Larger is more urgent; 0 if the file says nothing.
    pub priority: i32,
    /// How it ended.
    pub outcome: Outcome,
    /// When it joined the queue.
    pub arrived_ms: i64,
    /// When it was assigned to someone.
    pub assigned_ms: Option<i64>,
    /// When service began.
    pub started_ms: Option<i64>,
    /// When service ended, or the person left.
    pub ended_ms: Option<i64>,
    /// By when it was promised.
    pub deadline_ms: Option<i64>,
    /// How long serving it takes: `sim_service_s`, or else `service_s`.
    pub service_ms: Option<u64>,
    /// How long its person waits before leaving.
    pub patience_ms: Option<u64>,
}

/// One column kept as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// The column's name.
    pub name: String,
    /// The different texts, as they first appear.
    pub texts: Vec<String>,
    /// For each order of the trace, the position of its text in `texts`.
    pub values: Vec<u32>,
}

impl Trace {
    /// The id of one of this trace's orders.
    ///
    /// # Panics
    ///
    /// If the order is from another trace, perhaps.
    #[must_use]
    pub fn id(&self, order: &TraceOrder) -> &str {
        self.ids.get(order.id)
    }

    /// Positions of the orders by arrival; those that arrived together in the order of the file.
    #[must_use]
    pub fn by_arrival(&self) -> Vec<usize> {
        let mut positions: Vec<_> = (0..self.orders.len()).collect();
        positions.sort_by_key(|&at| self.orders[at].arrived_ms);
        positions
    }

    /// How many orders ended in each way.
    #[must_use]
    pub fn outcomes(&self) -> BTreeMap<Outcome, usize> {
        let mut counts = BTreeMap::new();
        for order in &self.orders {
            *counts.entry(order.outcome).or_default() += 1;
        }
        counts
    }

    /// First and last arrival.
    #[must_use]
    pub fn span_ms(&self) -> Option<(i64, i64)> {
        let arrivals = || self.orders.iter().map(|order| order.arrived_ms);
        Some((arrivals().min()?, arrivals().max()?))
    }
}

impl TraceOrder {
    /// From arrival to the beginning of service, if there was one.
    #[must_use]
    pub fn wait_ms(&self) -> Option<u64> {
        self.started_ms.map(|started_ms| started_ms.abs_diff(self.arrived_ms))
    }
}
