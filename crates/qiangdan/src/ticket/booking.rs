//! book, cancel, slots: appointments before the number is taken (预约).

use super::{
    BookError, FreeSlot, PersonKey, Schedule, TicketError, TicketEvent, TicketEventKind, TicketId,
    TicketState, TicketVerb, Tickets,
    book::{Act, Book, Booking, Cart, Record},
    schedule::{after, before},
};
use crate::{Cx, ServiceId, Wall, calendar::Day};

impl Tickets {
    /// Makes an appointment of a person for a service, in the slot that begins at `slot`. One for each
    /// person, service and day.
    ///
    /// # Errors
    ///
    /// See [`BookError`]. Nothing has changed.
    pub fn book(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        person: PersonKey,
        service: ServiceId,
        slot: Wall,
    ) -> Result<TicketId, BookError> {
        self.act(cx, told, |act| act.book(person, service, slot))
    }

    /// Gives an appointment back; possible until the number is taken.
    ///
    /// # Errors
    ///
    /// [`TicketError::Gone`], [`TicketError::WrongState`]. Nothing has changed.
    pub fn cancel(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        ticket: TicketId,
    ) -> Result<(), TicketError> {
        self.act(cx, told, |act| act.cancel(ticket))
    }

    /// The slots of a day in which an appointment for a service can be made at `now`, in order.
    #[must_use]
    pub fn slots(&self, service: ServiceId, day: Day, now: Wall) -> Vec<FreeSlot> {
        let draft = &self.rules.draft;
        self.book.with(|book| {
            let schedules = (0..).zip(&draft.schedules);
            let of_service = schedules.filter(|(_, rule)| rule.services.contains(&service));
            let free = of_service.flat_map(|(number, rule)| {
                let open = rule.slots(&draft.calendar, day);
                let open = open.filter(|&slot| now <= before(slot, rule.closes_before_ms));
                let book = &*book;
                open.map(move |begins| FreeSlot { begins, free: book.left(number, rule, begins) })
            });
            let mut free: Vec<_> = free.filter(|slot| slot.free > 0).collect();
            free.sort_unstable();
            free
        })
    }
}

impl Book {
    /// How many more appointments a slot takes.
    fn left(&self, schedule: u16, rule: &Schedule, slot: Wall) -> u32 {
        let used = self.slots.get(&(schedule, slot)).copied().unwrap_or(0);
        rule.each.saturating_sub(used)
    }
}

impl Act<'_, '_> {
    fn book(
        &mut self,
        person: PersonKey,
        service: ServiceId,
        slot: Wall,
    ) -> Result<TicketId, BookError> {
        let (wall, rules) = (self.cx.now.wall, self.rules);
        let (draft, calendar) = (&rules.draft, &rules.draft.calendar);
        let day = calendar.day_of(slot)?;
        let is_it = |rule: &Schedule| {
            rule.services.contains(&service) && rule.slots(calendar, day).any(|one| one == slot)
        };
        let (schedule, rule) = (0..)
            .zip(&draft.schedules)
            .find(|(_, rule)| is_it(rule))
            .ok_or(BookError::NoSuchSlot { service })?;
        let since = before(slot, rule.closes_before_ms);
        if wall > since {
            return Err(BookError::SlotClosed { since });
        }
        let ahead = day.number().saturating_sub(calendar.day_of(wall)?.number());
        if u32::try_from(ahead).unwrap_or(0) > rule.days_ahead {
            return Err(BookError::TooFarAhead { days: rule.days_ahead });
        }
        if let Some(&ticket) = self.book.of_days.get(&(person, service, day)) {
            return Err(BookError::AlreadyBooked { ticket });
        }
        if self.book.left(schedule, rule, slot) == 0 {
            return Err(BookError::SlotFull { each: rule.each });
        }
        let tickets = u32::try_from(self.book.records.len()).unwrap_or(u32::MAX);
        let fresh = Record {
            person,
            cart: Cart::new(&[service]),
            booking: Some(Booking { schedule, slot, day }),
            day,
            since: self.now(),
            ..Record::empty()
        };
        let ticket = self.book.begin(fresh).ok_or(BookError::Full { tickets })?;
        *self.book.slots.entry((schedule, slot)).or_default() += 1;
        self.book.of_days.insert((person, service, day), ticket);
        self.book.lapses.insert((after(slot, rule.void_after_ms), ticket));
        self.go(ticket, TicketVerb::Book, TicketEventKind::Booked { service, slot });
        Ok(ticket)
    }

    fn cancel(&mut self, ticket: TicketId) -> Result<(), TicketError> {
        let record = *self.book.record(ticket).ok_or(TicketError::Gone { ticket })?;
        let state = record.state.ok_or(TicketError::Gone { ticket })?;
        if state != TicketState::Booked {
            return Err(TicketError::WrongState { ticket, state });
        }
        if let Some(Booking { day, .. }) = record.booking {
            self.book.of_days.remove(&(record.person, record.cart.now(), day));
        }
        self.free_slot(&record);
        self.is_kept(ticket, &record);
        self.go(ticket, TicketVerb::Cancel, TicketEventKind::BookingCancelled);
        Ok(())
    }

    /// An appointment is void: nobody came.
    pub(super) fn lapse(&mut self, ticket: TicketId) {
        let Some(record) = self.book.record(ticket).copied() else { return };
        let Some(Booking { slot, .. }) = record.booking else { return };
        if record.state == Some(TicketState::Booked) {
            self.free_slot(&record);
            self.go(ticket, TicketVerb::Lapse, TicketEventKind::NoShow { slot });
        }
    }

    /// An appointment need not be looked at when it would be void.
    pub(super) fn is_kept(&mut self, ticket: TicketId, record: &Record) {
        let Some(Booking { schedule, slot, .. }) = record.booking else { return };
        if let Some(rule) = self.rules.draft.schedules.get(usize::from(schedule)) {
            self.book.lapses.remove(&(after(slot, rule.void_after_ms), ticket));
        }
    }

    /// Lets another person have the slot of an appointment that is over.
    fn free_slot(&mut self, record: &Record) {
        let Some(Booking { schedule, slot, .. }) = record.booking else { return };
        if let Some(used) = self.book.slots.get_mut(&(schedule, slot)) {
            *used = used.saturating_sub(1);
        }
    }
}
