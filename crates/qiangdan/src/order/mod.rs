//! The life of one order: its states, what is asked for, and the record the engine keeps.
//!
//! ```text
//!             not_before            grab            start
//! submit ──► Scheduled ──► Waiting ────► Claimed ────► Serving ──► Closed
//!                 ▲           ▲ │           │ │           │           ▲
//!                 │ after     └─┼─ put_back ┘ │           │           │
//!                 └─────────────┼─────────────┴─ put_back ┘           │
//!                               └──── cancel ─────────── complete ────┘
//! ```
//!
//! What is claimed or served may be put aside (`suspend` → `Suspended`), and be taken up again by its
//! owner, who serves it then, or in the queue. `no_show`, `transfer`, and a claim that is not
//! started in time lead back to the queue as `put_back` does.

mod cell;
mod slot;

#[cfg(feature = "calendar")]
pub(crate) use cell::Cell;
pub(crate) use cell::OtherLife;
pub(crate) use slot::{
    Fill, Holder, Live, NotYours, Slot, TURNS, TermsNow, bias, clerk_of, closed_by, end_of,
};

use qiangdan_sync::Phase;

#[cfg(feature = "calendar")]
use crate::Wall;
use crate::{
    Claim, ClassId, ClerkId, DedupKey, Mono, OrderId, Outcome, PoolId, PutBack, ServiceId,
};

/// Where an order is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Not yet to be grabbed (已预约).
    Scheduled,
    /// In the queue (等候).
    Waiting,
    /// Offered to one clerk (派单中).
    Offered,
    /// Grabbed, not yet begun (已抢).
    Claimed,
    /// Being served (办理中).
    Serving,
    /// Put aside by its owner (挂起).
    Suspended,
    /// Over (办毕).
    Closed,
}

impl State {
    /// Every state, in the order of an order's life.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Waiting,
        Self::Offered,
        Self::Claimed,
        Self::Serving,
        Self::Suspended,
        Self::Closed,
    ];

    /// The state a phase of the claim word stands for; `None` while a slot is being filled.
    pub(crate) fn of(phase: Phase) -> Option<Self> {
        match phase {
            Phase::Shut => Some(Self::Scheduled),
            Phase::Open => Some(Self::Waiting),
            Phase::Reserved => Some(Self::Offered),
            Phase::Held => Some(Self::Claimed),
            Phase::Active => Some(Self::Serving),
            Phase::Suspended => Some(Self::Suspended),
            Phase::Done => Some(Self::Closed),
            Phase::Vacant | Phase::Retired => None,
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct OrderSpec {
    /// The service.
    pub service: ServiceId,
    /// The class, which gives the head start. Class 0 is the ordinary one.
    pub class: ClassId,
    /// The same key names the same order, see [`Engine::submit`](crate::Engine::submit).
    pub dedup: Option<DedupKey>,
    /// From when it may be grabbed; it counts as arrived from then. At once if `None` or past.
    pub not_before: Option<Mono>,
    /// The host's own number for it, given back with every event.
    pub tag: u64,
    /// When it came in, for limits by the calendar: papers that lay in a letter box, an order that
    /// is told late. Now, if `None`. Waits count from the submit in any case.
    #[cfg(feature = "calendar")]
    pub received: Option<Wall>,
}

impl OrderSpec {
    /// An ordinary order for `service`.
    pub const fn new(service: ServiceId) -> Self {
        Self {
            service,
            class: ClassId(0),
            dedup: None,
            not_before: None,
            tag: 0,
            #[cfg(feature = "calendar")]
            received: None,
        }
    }

    /// The same, of another class.
    pub const fn class(self, class: ClassId) -> Self {
        Self { class, ..self }
    }

    /// The same, with a key.
    pub const fn dedup(self, key: DedupKey) -> Self {
        Self { dedup: Some(key), ..self }
    }

    /// The same, not to be grabbed before an instant.
    pub const fn not_before(self, instant: Mono) -> Self {
        Self { not_before: Some(instant), ..self }
    }

    /// The same, received earlier.
    #[cfg(feature = "calendar")]
    pub const fn received(self, at: Wall) -> Self {
        Self { received: Some(at), ..self }
    }

    /// The same, with the host's number.
    pub const fn tag(self, tag: u64) -> Self {
        Self { tag, ..self }
    }
}

/// The answer to a submit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Submitted {
    /// The order.
    pub order: OrderId,
    /// Whether its dedup key named it before; then nothing was changed.
    pub existed: bool,
}

/// The answer to a grab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "the order is owned now; keep the claim"]
pub struct Grabbed {
    /// The proof of ownership.
    pub claim: Claim,
    /// What the order asks for.
    pub service: ServiceId,
    /// Its class.
    pub class: ClassId,
    /// The host's number for it.
    pub tag: u64,
    /// When it arrived first.
    pub arrived: Mono,
    /// How long it waited, without time held by earlier owners, in milliseconds.
    pub wait_ms: u64,
}

/// How an order goes on that was put aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TakeUp {
    /// With the clerk it was kept for, who is serving it then.
    WithOwner,
    /// In the queue, where this says; with whoever grabs it there.
    InQueue(PutBack),
}

/// Who has an order while it is put aside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WhileAside {
    /// It is kept for its owner, whose claim stays good.
    KeepOwner,
    /// Nobody; the claim ends.
    LetGo,
}

/// Whom an order is handed on to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Transfer {
    /// The clerks of another pool, or back to its own.
    Pool(PoolId),
}

/// Changes to an open order; what is `None` stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amend {
    /// What it asks for instead.
    pub service: Option<ServiceId>,
    /// Its new class.
    pub class: Option<ClassId>,
}

/// Why an order is cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// Withdrawn by the applicant or the host, for the host's numbered reason.
    Withdrawn(u16),
    /// The person has left.
    Abandoned,
    /// The day is over.
    EndOfDay,
}

impl From<Reason> for Outcome {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Withdrawn(number) => Self::Cancelled(number),
            Reason::Abandoned => Self::Abandoned,
            Reason::EndOfDay => Self::Expired,
        }
    }
}

/// An order as it is at the moment of looking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderView {
    /// Its id.
    pub order: OrderId,
    /// Where it is in its life.
    pub state: State,
    /// What it asks for.
    pub service: ServiceId,
    /// Its class.
    pub class: ClassId,
    /// The host's number for it.
    pub tag: u64,
    /// When it arrived, or will count as arrived.
    pub arrived: Mono,
    /// Arrival − head starts, in milliseconds of [`Mono`]; smaller goes first.
    pub rank_ms: i64,
    /// How often it has been claimed.
    pub epoch: u16,
    /// Who owns it, or owned it when it closed.
    pub owner: Option<ClerkId>,
    /// How many stages of its ladder have been reached.
    pub stages: u8,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
}
