//! What happened to tickets: numbered without gaps, each with the state before and how long it lasted.

use super::{Number, TicketId, TicketState};
use crate::{ClassId, ClerkId, Now, ServiceId, Wall};

/// A window (窗口), by number from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WindowId(pub u16);

impl std::fmt::Display for WindowId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "window {}", self.0)
    }
}

/// How one service on a ticket ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TicketOutcome {
    /// Papers were taken in (受理).
    Accepted,
    /// It was a question (咨询).
    Advised,
    /// Something was collected (领件).
    Collected,
    /// The wrong service was asked for (取错事项).
    WrongService,
    /// Something else (其他).
    Other,
}

/// One thing that happened to a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TicketEvent {
    /// Its number among the events of all tickets, from 0, without gaps.
    pub seq: u64,
    /// What the clocks of the causing call said.
    pub at: Now,
    /// To which ticket.
    pub ticket: TicketId,
    /// Its number, once there is one.
    pub number: Option<Number>,
    /// The state before.
    pub from: Option<TicketState>,
    /// The state after.
    pub to: TicketState,
    /// How long it was in the state before since the last event, in milliseconds. The sum of these is
    /// the life of the ticket, and of those from [`TicketState::Waiting`] the wait, but
    /// for who came before their time.
    pub after_ms: u64,
    /// What it was.
    pub kind: TicketEventKind,
}

/// Kinds of events of tickets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TicketEventKind {
    /// An appointment was made.
    Booked {
        /// For what.
        service: ServiceId,
        /// When its slot begins.
        slot: Wall,
    },
    /// An appointment was given back.
    BookingCancelled,
    /// Nobody came for an appointment; the slot is free again.
    NoShow {
        /// The slot.
        slot: Wall,
    },
    /// A number was taken.
    Taken {
        /// For what first.
        service: ServiceId,
        /// For how many services.
        services: u8,
        /// With which head start.
        class: ClassId,
        /// Whether a head start was asked for that would have overtaken too often, and was not given.
        is_capped: bool,
    },
    /// Who had an appointment took the number.
    CheckedIn {
        /// The slot.
        slot: Wall,
        /// With which head start; the ordinary one for who comes late.
        class: ClassId,
        /// Whether a head start was not given, as above.
        is_capped: bool,
    },
    /// A lead put it ahead, for the host's numbered reason.
    Topped {
        /// Why.
        reason: u16,
    },
    /// A window called it.
    Called {
        /// Which.
        window: Option<WindowId>,
        /// Who sits there.
        clerk: ClerkId,
        /// How long the person has waited up to now, over all times of waiting, in milliseconds.
        wait_ms: u64,
    },
    /// Called again.
    Recalled {
        /// For the how-manieth time, counting the first.
        calls: u8,
    },
    /// The person is at the window.
    Arrived,
    /// Nobody came.
    Passed {
        /// The host's numbered reason; 0 if it passed by itself.
        reason: u16,
    },
    /// Taken back by the window where it had passed.
    TakenBack {
        /// Which.
        window: WindowId,
        /// The wait, which goes by the first call.
        wait_ms: u64,
    },
    /// The person gave up.
    GivenUp,
    /// Put aside.
    Held {
        /// Where.
        window: Option<WindowId>,
    },
    /// Called from where it was put aside.
    CalledBack {
        /// Where.
        window: WindowId,
    },
    /// Sent to another window, where it goes first.
    Forwarded {
        /// From where.
        from: Option<WindowId>,
        /// To where.
        to: WindowId,
    },
    /// Back in the pool, at its old place.
    Returned,
    /// One service is done.
    ServiceDone {
        /// Which.
        service: ServiceId,
        /// How.
        outcome: TicketOutcome,
    },
    /// All services are done.
    Served,
    /// The order was cancelled by the host, or by a rule of the engine.
    Cancelled,
    /// The day ended first.
    Expired,
    /// The day ended, and the place is kept for the next.
    Kept,
}
