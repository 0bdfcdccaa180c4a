//! Why a verb on tickets was refused. In every case nothing has changed.

use super::{TicketId, TicketState, WindowId};
use crate::{
    ClerkId, GrabError, GrabOrderError, Mono, ServiceId, SubmitError, Wall, calendar::HorizonError,
};

/// Why no number was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TakeError {
    /// More services than fit on one ticket, or none.
    #[error("{found} services, not 1 to {most}")]
    Cart {
        /// How many were asked for.
        found: usize,
        /// How many fit.
        most: u8,
    },
    /// No numbers are taken for this service, or it stands there twice.
    #[error("no number for {service}")]
    NoNumbers {
        /// The service.
        service: ServiceId,
    },
    /// These two may not be on one ticket.
    #[error("{} and {} may not be on one ticket", services[0], services[1])]
    Apart {
        /// Which two.
        services: [ServiceId; 2],
    },
    /// The person waits for one of the services already, on another ticket.
    #[error("waits for {service} already: {ticket}")]
    AlreadyWaiting {
        /// Which service.
        service: ServiceId,
        /// The ticket.
        ticket: TicketId,
    },
    /// The person was served, or left, a moment ago.
    #[error("no other number for {service} so soon")]
    TooSoonAgain {
        /// Which service.
        service: ServiceId,
        /// From when.
        again: Mono,
    },
    /// The hall is closed. Come again when it opens.
    #[error("closed")]
    Closed {
        /// When intake begins.
        again: Option<Wall>,
    },
    /// The hall closes soon. Come again when it opens next.
    #[error("closing soon")]
    ClosingSoon {
        /// When intake begins next.
        again: Option<Wall>,
    },
    /// All numbers of today are gone. Come again on the next day, or make an appointment.
    #[error("all {quota} numbers of today for {service} are gone")]
    QuotaSpent {
        /// Of which service.
        service: ServiceId,
        /// How many there were.
        quota: u32,
        /// When intake begins next.
        again: Option<Wall>,
    },
    /// Too many wait. Come again later.
    #[error("{waiting} wait for {service}")]
    TooManyWaiting {
        /// For which service.
        service: ServiceId,
        /// How many.
        waiting: u32,
        /// When to come again.
        again: Wall,
    },
    /// No such class of the engine.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// As many tickets are open as there is room for.
    #[error("all {tickets} tickets are in use")]
    Full {
        /// The bound.
        tickets: u32,
    },
    /// The calendar does not reach to this day.
    #[error(transparent)]
    Horizon(#[from] HorizonError),
    /// The appointment is not there, or no longer.
    #[error("{ticket} is gone")]
    Gone {
        /// The id.
        ticket: TicketId,
    },
    /// The ticket is no appointment that waits for its person.
    #[error("{ticket} is {state:?}")]
    WrongState {
        /// The ticket.
        ticket: TicketId,
        /// What it is.
        state: TicketState,
    },
    /// Too early for this appointment.
    #[error("too early for {ticket}")]
    TooEarly {
        /// The ticket.
        ticket: TicketId,
        /// From when.
        from: Wall,
    },
    /// Too late: the appointment is void. An ordinary number may be taken.
    #[error("{ticket} is void")]
    TooLate {
        /// The ticket.
        ticket: TicketId,
    },
}

/// Why no appointment was made, or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// There are no appointments for this service, or not at this instant.
    #[error("no such slot for {service}")]
    NoSuchSlot {
        /// The service.
        service: ServiceId,
    },
    /// Booking for this slot is closed.
    #[error("booking for this slot is closed")]
    SlotClosed {
        /// Since when.
        since: Wall,
    },
    /// So far ahead no appointments are made yet.
    #[error("at most {days} days ahead")]
    TooFarAhead {
        /// How many days.
        days: u32,
    },
    /// All appointments of this slot are gone.
    #[error("the slot is full")]
    SlotFull {
        /// How many there were.
        each: u32,
    },
    /// The person has an appointment for this service on this day.
    #[error("has an appointment for this day already: {ticket}")]
    AlreadyBooked {
        /// Which.
        ticket: TicketId,
    },
    /// As many tickets are open as there is room for.
    #[error("all {tickets} tickets are in use")]
    Full {
        /// The bound.
        tickets: u32,
    },
    /// The calendar does not reach to this day.
    #[error(transparent)]
    Horizon(#[from] HorizonError),
}

/// Why a window or a person could not do this with a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// The id is from an earlier life of its place, or never named a ticket.
    #[error("{ticket} is gone")]
    Gone {
        /// The id.
        ticket: TicketId,
    },
    /// Not in this state.
    #[error("{ticket} is {state:?}")]
    WrongState {
        /// The ticket.
        ticket: TicketId,
        /// What it is.
        state: TicketState,
    },
    /// There is no such window.
    #[error("no {window}")]
    NoSuchWindow {
        /// The window.
        window: WindowId,
    },
    /// Nobody sits at this window.
    #[error("nobody sits at {window}")]
    NobodyThere {
        /// The window.
        window: WindowId,
    },
    /// Another window has it.
    #[error("{ticket} is not at {window}")]
    NotHere {
        /// The ticket.
        ticket: TicketId,
        /// Which window asked.
        window: WindowId,
    },
    /// It was called a moment ago.
    #[error("called a moment ago")]
    TooSoon {
        /// From when it may be called again.
        again: Mono,
    },
    /// It was called as often as the hall allows. Let it pass.
    #[error("called {calls} times")]
    CalledEnough {
        /// How often.
        calls: u8,
    },
    /// It is not among the numbers that passed last here, or passed on another day.
    #[error("{ticket} is not among the last {last} of today")]
    NotAmongLast {
        /// The ticket.
        ticket: TicketId,
        /// How many may be taken back.
        last: u8,
    },
    /// The window holds another ticket already.
    #[error("{window} holds {ticket} already")]
    HoldsAlready {
        /// The window.
        window: WindowId,
        /// What it holds.
        ticket: TicketId,
    },
    /// Who sits at the other window cannot serve it.
    #[error("{clerk} may not take it")]
    NotEligible {
        /// Who sits there.
        clerk: ClerkId,
    },
    /// One more ahead would overtake somebody too often.
    #[error("as many as {most} go ahead already")]
    TooManyAhead {
        /// How many may.
        most: u32,
    },
    /// The hall has no class for tickets that are put ahead, or the ticket has as large a head start.
    #[error("it cannot be put ahead")]
    CannotTop,
    /// The window's clerk could not take it in hand again.
    #[error(transparent)]
    Grab(#[from] GrabOrderError),
    /// The order has just been moved by somebody else. Ask again.
    #[error("{ticket} has just moved")]
    Moved {
        /// The ticket.
        ticket: TicketId,
    },
}

/// Why a window got no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no such window.
    #[error("no {window}")]
    NoSuchWindow {
        /// The window.
        window: WindowId,
    },
    /// Nobody sits there.
    #[error("nobody sits at {window}")]
    NobodyThere {
        /// The window.
        window: WindowId,
    },
    /// The engine gave nothing.
    #[error(transparent)]
    Grab(#[from] GrabError),
}

/// Why nobody sat down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SitError {
    /// There is no such window.
    #[error("no {window}")]
    NoSuchWindow {
        /// The window.
        window: WindowId,
    },
    /// The clerk sits elsewhere.
    #[error("{clerk} sits at {window}")]
    SitsElsewhere {
        /// Who.
        clerk: ClerkId,
        /// Where.
        window: WindowId,
    },
    /// Somebody else sits there.
    #[error("{clerk} sits there")]
    Taken {
        /// Who.
        clerk: ClerkId,
    },
}
