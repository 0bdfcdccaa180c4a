//! The report's types. Serialized as they stand, they are what `--json` writes.
//!
//! Every field is described in `docs/report-json.md`. Shares are 0 to 1, rounded to six digits so
//! that every machine writes the same bytes; durations are milliseconds.

use serde::Serialize;

use super::shape::{Name, Target};

/// The version of the report's fields.
pub const SCHEMA: &str = "qiangdan/report/1";

/// All figures of a run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of the engine.
    pub engine: &'static str,
    /// Where the days come from.
    pub source: Source,
    /// The hall.
    pub hall: Name,
    /// The promise.
    pub target: Target,
    /// Whether it was kept.
    pub verdict: Verdicts,
    /// How many orders, and what became of them.
    pub totals: Totals,
    /// Waits of all services.
    pub wait: Wait,
    /// Each service.
    pub services: Vec<Service>,
    /// Each half hour of arrival.
    pub half_hours: Vec<HalfHour>,
    /// Each window.
    pub windows: Vec<WindowUse>,
    /// Each stage of each ladder.
    pub escalations: Vec<Escalation>,
    /// Each limit by the calendar, if the days have dates.
    pub limits: Vec<LimitUse>,
    /// The share claimed within each wait.
    pub curve: Curve,
    /// What was recorded on the same days, if they were replayed.
    pub recorded: Option<Recorded>,
}

/// A limit by the calendar (时限), and what its clocks came to by the end of the run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LimitUse {
    /// Its key in the hall file.
    pub key: String,
    /// What people call it.
    pub name: Name,
    /// How long it lasts, as the hall file says.
    pub lasts: String,
    /// Clocks that began.
    pub started: u64,
    /// … that stopped in time.
    pub met: u64,
    /// … that stopped late.
    pub late: u64,
    /// … that run on and are not due yet.
    pub open: u64,
    /// … that run on past their due.
    pub open_late: u64,
    /// … whose due the calendar does not reach, and that were not late.
    pub unknown: u64,
    /// Those of which it is known: in time, late, open past their due.
    pub judged: u64,
    /// In time ÷ judged; none if none was judged.
    pub on_time: Option<f64>,
    /// Yellow cards given.
    pub yellow_cards: u64,
    /// Red cards given.
    pub red_cards: u64,
    /// Each stage of its ladder.
    pub stages: Vec<StageUse>,
}

/// A stage of a limit by the calendar.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StageUse {
    /// The stage, from 1.
    pub stage: u32,
    /// What happens.
    pub what: Name,
    /// How often it fired for the first time.
    pub count: u64,
}

impl LimitUse {
    /// In time ÷ judged, as reports write shares.
    #[must_use]
    pub fn share(met: u64, judged: u64) -> Option<f64> {
        (judged > 0).then(|| tidy(met as f64 / judged as f64))
    }
}

/// Where the days of a report come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Random days.
    Simulated {
        /// How many.
        days: u32,
        /// The seed of all of them.
        seed: u64,
        /// The version of the random streams: the same seed gives the same days under the same one.
        streams: u32,
    },
    /// Recorded days.
    Replayed {
        /// The name of the trace.
        trace: String,
        /// How it was replayed.
        mode: String,
        /// How many days it covers.
        days: u32,
        /// Rows read.
        rows: u64,
        /// Rows left out.
        skipped: u64,
    },
}

impl Source {
    /// How many days.
    #[must_use]
    pub fn days(&self) -> u32 {
        match *self {
            Self::Simulated { days, .. } | Self::Replayed { days, .. } => days,
        }
    }
}

/// A share within the target, and how sure it is.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Within {
    /// Claimed within the target ÷ `orders`. 1 if there were none.
    pub share: f64,
    /// The lower end of the 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Orders that count: claimed, or waited longer than the target in vain.
    pub orders: u64,
    /// What the interval rests on.
    pub basis: Basis,
}

/// What an interval rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The spread between days: ratio estimator, Student's t.
    Days,
    /// The number of orders, taken as independent: Wilson's score interval. The fallback for a
    /// single day and for days that did not differ; too narrow if orders of one day are alike.
    Orders,
}

/// What can be said about the promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole interval is at or above the target.
    Met,
    /// The whole interval is below it.
    Missed,
    /// The interval contains the target: more days are needed.
    Unsure,
}

/// A verdict (结论) about the promise.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Verdict {
    /// The half hour it is about, counted from midnight; `None` for the day.
    pub half_hour: Option<u32>,
    /// The share and its interval.
    pub within: Within,
    /// What the interval says.
    pub outcome: Outcome,
    /// Whether the share itself reaches the target.
    pub holds: bool,
    /// Whether this verdict decides the run.
    pub gates: bool,
}

/// The verdicts of a run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Verdicts {
    /// Over whole days.
    pub day: Verdict,
    /// Over the half hour of arrival with the lowest share; `None` if no order came.
    pub worst_half_hour: Option<Verdict>,
}

impl Verdicts {
    /// The verdict that decides.
    #[must_use]
    pub fn gating(&self) -> Verdict {
        self.worst_half_hour.filter(|verdict| verdict.gates).unwrap_or(self.day)
    }

    /// Whether the run keeps the promise: the share of the deciding verdict reaches the target.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.gating().holds
    }
}

/// How many orders, and what became of them.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Totals {
    /// Days.
    pub days: u64,
    /// Orders that came in.
    pub arrived: u64,
    /// … per day.
    pub arrived_per_day: f64,
    /// Orders claimed, counted once.
    pub claimed: u64,
    /// … of them without any wait.
    pub claimed_at_once: u64,
    /// People who gave up.
    pub abandoned: u64,
    /// … of them after waiting longer than the target.
    pub abandoned_late: u64,
    /// Orders never claimed by the end of their day.
    pub still_waiting: u64,
    /// … of them waiting longer than the target.
    pub still_waiting_late: u64,
    /// The longest wait of anybody who was never claimed.
    pub unclaimed_wait_ms_max: u32,
    /// Wait limits that passed while the order still waited.
    pub breaches: u64,
}

/// Waits until the first claim. All zero if nothing was claimed.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Wait {
    /// Orders claimed.
    pub orders: u64,
    /// … of them without any wait.
    pub at_once: u64,
    /// The mean.
    pub mean_ms: f64,
    /// The median. Quantiles are exact: the smallest wait that so many orders do not exceed.
    pub p50_ms: u32,
    /// Nine in ten do not exceed it.
    pub p90_ms: u32,
    /// 95 in 100 do not.
    pub p95_ms: u32,
    /// 99 in 100 do not.
    pub p99_ms: u32,
    /// The longest.
    pub max_ms: u32,
}

/// One service (事项).
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Service {
    /// Its key in the hall file.
    pub key: String,
    /// What people call it.
    pub name: Name,
    /// Orders that came in.
    pub arrived: u64,
    /// People who gave up.
    pub abandoned: u64,
    /// Orders never claimed by the end of their day.
    pub still_waiting: u64,
    /// Wait limits that passed.
    pub breaches: u64,
    /// The share within the target.
    pub within: Within,
    /// Its waits.
    pub wait: Wait,
}

/// Orders that arrived in one half hour.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HalfHour {
    /// Counted from midnight: 18 is 09:00 to 09:30.
    pub half_hour: u32,
    /// When it begins.
    pub start: String,
    /// Orders that came in, per day.
    pub arrived_per_day: f64,
    /// The share within the target. The intervals of all half hours hold together (Bonferroni).
    pub within: Within,
    /// Their waits.
    pub wait: Wait,
    /// How many waited during this half hour.
    pub queue: Queue,
    /// Windows open, on average.
    pub windows_open: f64,
}

/// How many orders waited, in one half hour.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Queue {
    /// The mean over time and days.
    pub mean: f64,
    /// Of the daily means, one in twenty is not above this.
    pub low: f64,
    /// Of the daily means, nineteen in twenty are not above this.
    pub high: f64,
    /// The most at any instant of any day.
    pub max: u32,
}

/// What one window did.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct WindowUse {
    /// Its key in the hall file.
    pub key: String,
    /// What people call it.
    pub name: Name,
    /// The windows that do the same work.
    pub group: Option<Name>,
    /// How long it was open, per day.
    pub open_ms_per_day: f64,
    /// How long it was busy, per day.
    pub busy_ms_per_day: f64,
    /// Orders claimed, per day.
    pub orders_per_day: f64,
    /// Busy ÷ open.
    #[serde(rename = "use")]
    pub used: Use,
}

/// Busy ÷ open, and how sure it is. Above 1 if work ran on after the window closed.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Use {
    /// The share; 0 if the window was never open.
    pub share: f64,
    /// The lower end of the 95 % interval; `None` for a single day.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// How often one stage of a ladder fired.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Escalation {
    /// The ladder's key in the hall file.
    pub ladder: String,
    /// What people call it.
    pub name: Name,
    /// The stage, from 1.
    pub stage: usize,
    /// The wait at which it fires.
    pub at_ms: u64,
    /// What happens.
    pub what: Name,
    /// How often.
    pub count: u64,
    /// … per day.
    pub per_day: f64,
}

/// The share claimed within each wait: at the target it is the share within the target.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Curve {
    /// The waits. The target is one of them.
    pub within_ms: Vec<u32>,
    /// The shares of all orders.
    pub share: Vec<f64>,
    /// The shares of each service, in the order of the services.
    pub services: Vec<Vec<f64>>,
}

/// What was recorded on the days that were replayed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Recorded {
    /// How many orders, and what became of them.
    pub totals: Totals,
    /// The share within the target.
    pub within: Within,
    /// Waits of all services.
    pub wait: Wait,
    /// Each service.
    pub services: Vec<Service>,
    /// Each half hour of arrival.
    pub half_hours: Vec<RecordedHalfHour>,
}

/// Recorded orders that arrived in one half hour.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RecordedHalfHour {
    /// Counted from midnight.
    pub half_hour: u32,
    /// When it begins.
    pub start: String,
    /// Orders that came in, per day.
    pub arrived_per_day: f64,
    /// The share within the target.
    pub within: Within,
    /// Their waits.
    pub wait: Wait,
}

/// Six digits after the point: enough for people, few enough for every machine to agree.
pub(super) fn tidy(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}
