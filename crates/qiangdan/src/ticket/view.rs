//! Looking at tickets without touching them.

use super::{Number, PersonKey, TicketId, TicketState, Tickets, WindowId};
use crate::{ClassId, ClerkId, OrderId, ServiceId};

/// A ticket as it was when it was last touched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TicketView {
    /// Its id.
    pub ticket: TicketId,
    /// Where it is in its day.
    pub state: TicketState,
    /// Whose it is.
    pub person: PersonKey,
    /// Its number, once there is one.
    pub number: Option<Number>,
    /// What it is for.
    pub services: Vec<ServiceId>,
    /// How many of these are done.
    pub done: u8,
    /// Its head start.
    pub class: ClassId,
    /// Its order, once there is one.
    pub order: Option<OrderId>,
    /// Where it is, or was last.
    pub window: Option<WindowId>,
    /// Where it was sent.
    pub pinned: Option<WindowId>,
    /// How often it was called in a row.
    pub calls: u8,
}

impl Tickets {
    /// A ticket; `None` if the id is of another life of its place.
    #[must_use]
    pub fn ticket(&self, ticket: TicketId) -> Option<TicketView> {
        self.book.with(|book| {
            let record = book.record(ticket)?;
            Some(TicketView {
                ticket,
                state: record.state?,
                person: record.person,
                number: record.number,
                services: record.cart.all().to_vec(),
                done: record.cart.done,
                class: record.class,
                order: record.order,
                window: record.window,
                pinned: record.pinned,
                calls: record.calls,
            })
        })
    }

    /// How many wait for a service.
    #[must_use]
    pub fn waiting(&self, service: ServiceId) -> u32 {
        self.book.with(|book| book.waiting(service))
    }

    /// How many tickets are open, appointments not counted.
    #[must_use]
    pub fn open(&self) -> usize {
        self.book.with(|book| book.open.len())
    }

    /// The numbers that a window may take back, the latest last.
    #[must_use]
    pub fn passed(&self, window: WindowId) -> Vec<TicketId> {
        let is_passed =
            |id| move |book: &super::book::Book| book.state(id) == Some(TicketState::Passed);
        self.book.with(|book| {
            let passed = book.window(window).map(|place| &place.passed);
            let here = passed.into_iter().flatten().copied();
            here.filter(|&id| is_passed(id)(book)).collect()
        })
    }

    /// Who sits at a window.
    #[must_use]
    pub fn clerk_at(&self, window: WindowId) -> Option<ClerkId> {
        self.book.with(|book| book.window(window)?.clerk)
    }
}
