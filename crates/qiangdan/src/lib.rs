//! Qiangdan (抢单, "grab the order"): an embeddable, lock-free dispatch and queueing engine.
//!
//! Orders wait in shared pools and clerks *grab* them: each order goes to exactly one clerk, the one
//! that has waited longest (or has a head start) goes first, and an order that waits too long climbs a
//! ladder of stages. The library is sans-I/O: it is told the time with every call, and answers with
//! values and events.
//!
//! Start with [`Engine`], whose example runs one order from arrival to the end. The remainder is
//! organised as follows.
//!
//! * What is asked for and answered: [`OrderSpec`], [`Grabbed`], [`Claim`], one error enum per verb.
//! * What happened: [`Event`], collected in an [`Outbox`].
//! * How time passes: [`Now`] comes with every call, [`Advancer`] lets what is due happen.
//! * What the engine obeys: [`Rules`], made in code from a [`RulesDraft`] or read from a hall file
//!   (module `hall`, feature `hall-file`).
//! * Orders that a clerk has in hand: [`Handling`] says what a service asks; [`Notes`] stay with orders.
//! * Whether what happened could happen: module [`history`].
//! * Figures at any time: [`Stats`]; for supervisors, from events: module [`figures`].
//! * What is composed of orders: modules [`package`] (many orders for one wish), [`across`] (papers that
//!   go from hall to hall) and [`tracking`] (one code from first contact to the end).
//! * Which days count and when an order is due: modules `calendar` and `limit` (feature `calendar`).
//! * What stands on top of orders: tickets of a day in a hall, and cases with legal clocks, modules
//!   `ticket` and `case` (feature `calendar`).
//!
//! # Features
//!
//! * `hall-file` (default): reads hall files. Brings toml, and `calendar`.
//! * `calendar`: opening hours, working days and due dates. Brings jiff.
#![forbid(unsafe_code)]

pub mod across;
#[cfg(feature = "calendar")]
pub mod calendar;
#[cfg(feature = "calendar")]
pub mod case;
mod clerk;
#[cfg(feature = "calendar")]
mod course;
mod desk;
mod editions;
mod engine;
mod error;
mod event;
pub mod figures;
mod grant;
#[cfg(feature = "calendar")]
mod guarded;
#[cfg(feature = "hall-file")]
pub mod hall;
mod handling;
mod histories;
pub mod history;
mod ids;
#[cfg(feature = "calendar")]
pub mod limit;
mod note;
mod order;
pub mod package;
mod pool;
mod rules;
mod staff;
mod stats;
mod sync;
#[cfg(feature = "calendar")]
pub mod ticket;
mod time;
pub mod tracking;
mod waiting_line;
mod watch;

pub use clerk::{Ceiling, Certificate, ClerkSpec, Presence, Session};
#[cfg(feature = "calendar")]
pub use course::Row;
#[cfg(feature = "calendar")]
pub use engine::{
    AcknowledgeError, CalendarPreview, CardError, CatchUp, ExtendLimitError, LoadCalendarError,
    PauseOrderError, ReachError, ResumeOrderError, SettleError,
};
pub use engine::{
    Advanced, Advancer, ApplyError, Bounds, BoundsError, Engine, OpenOrders, RulesPreview,
    WatchedPool,
};
pub use error::{
    AmendError, CancelError, CompleteError, GrabError, GrabOrderError, HeartbeatError, NoShowError,
    PresenceError, PutBackError, RecallError, RenewError, SetSkillsError, SetUnitsError,
    SignInError, SignOutError, StartError, SubmitError, SuspendError, TakeUpError, TransferError,
};
pub use event::{Choice, Cx, Event, EventKind, Outbox, Outcome, PutBack, Seq};
pub use handling::{Handling, NoShow, Recall};
pub use ids::{
    CalendarId, Claim, ClassId, ClerkId, DedupKey, LadderId, LaneId, LimitId, OrderId, PlanId,
    PoolId, RoleId, ServiceId, SkillId, Skills, WatchId,
};
pub use note::{Note, Notes, Says, Why};
pub use order::{
    Amend, Grabbed, OrderSpec, OrderView, Reason, State, Submitted, TakeUp, Transfer, WhileAside,
};
pub use rules::{
    Action, Colour, Ladder, LaneRule, Plan, Rules, RulesDraft, RulesError, ServiceRule, Stage,
    WaitTarget,
};
#[cfg(feature = "calendar")]
pub use rules::{ClockRules, WallTrust};
pub use staff::{
    Demand, GiveBacks, GiveBacksPer, GrabRules, Levels, MassLoss, Pace, PresenceRules, StaffError,
    StaffRules,
};
pub use stats::Stats;
pub use time::{Mono, Now, Wall};
pub use watch::{PoolWatch, WatchError, WatchWhen};
