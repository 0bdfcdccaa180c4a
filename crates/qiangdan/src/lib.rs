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
//! * Figures at any time: [`Stats`].
//! * Which days count and when an order is due: modules `calendar` and `limit` (feature `calendar`).
//!
//! # Features
//!
//! * `hall-file` (default): reads hall files. Brings toml, and `calendar`.
//! * `calendar`: opening hours, working days and due dates. Brings jiff.
#![forbid(unsafe_code)]

#[cfg(feature = "calendar")]
pub mod calendar;
mod clerk;
mod desk;
mod engine;
mod error;
mod event;
mod grant;
#[cfg(feature = "hall-file")]
pub mod hall;
mod handling;
mod ids;
#[cfg(feature = "calendar")]
pub mod limit;
mod note;
mod order;
mod pool;
mod rules;
mod stats;
mod sync;
mod time;

pub use clerk::{ClerkSpec, Presence};
#[cfg(feature = "calendar")]
pub use engine::{
    AcknowledgeError, CalendarPreview, CardError, CatchUp, ExtendLimitError, LoadCalendarError,
    PauseOrderError, ReachError, ResumeOrderError, SettleError,
};
pub use engine::{Advanced, Advancer, Bounds, BoundsError, Engine};
pub use error::{
    AmendError, CancelError, CompleteError, GrabError, GrabOrderError, NoShowError, PresenceError,
    PutBackError, RecallError, RenewError, SignInError, SignOutError, StartError, SubmitError,
    SuspendError, TakeUpError, TransferError,
};
pub use event::{Cx, Event, EventKind, Outbox, Outcome, PutBack, Seq};
pub use handling::{Handling, NoShow, Recall};
pub use ids::{
    CalendarId, Claim, ClassId, ClerkId, DedupKey, LadderId, LaneId, LimitId, OrderId, PoolId,
    RoleId, ServiceId, SkillId, Skills,
};
pub use note::{Note, Notes, Says, Why};
pub use order::{
    Amend, Grabbed, OrderSpec, OrderView, Reason, State, Submitted, TakeUp, Transfer, WhileAside,
};
pub use rules::{
    Action, Colour, Ladder, LaneRule, Rules, RulesDraft, RulesError, ServiceRule, Stage, WaitTarget,
};
#[cfg(feature = "calendar")]
pub use rules::{ClockRules, WallTrust};
pub use stats::Stats;
pub use time::{Mono, Now, Wall};
