//! take, check_in: a person takes a number (取号).

use super::{
    Number, PersonKey, TakeError, TicketEvent, TicketEventKind, TicketId, TicketState, TicketVerb,
    Tickets,
    book::{Act, Booking, Cart, Own, Record},
    schedule::{after, before},
};
use crate::{
    ClassId, Cx, Mono, OrderSpec, ServiceId, Wall,
    calendar::{Calendar, Day, HorizonError},
};

/// What a person asks for at the ticket machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct TakeNumber<'a> {
    /// Who.
    pub person: PersonKey,
    /// For what, in this order; at most [`TicketRules::CART_MAX`](super::TicketRules::CART_MAX).
    pub services: &'a [ServiceId],
    /// With which head start.
    pub class: ClassId,
}

impl<'a> TakeNumber<'a> {
    /// An ordinary number.
    pub const fn new(person: PersonKey, services: &'a [ServiceId]) -> Self {
        Self { person, services, class: ClassId(0) }
    }

    /// The same, of a class.
    pub const fn class(self, class: ClassId) -> Self {
        Self { class, ..self }
    }
}

/// The answer: a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taken {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number; [`TicketRules::text_of`](super::TicketRules::text_of) says what is printed.
    pub number: Number,
    /// The class it got. A head start that would let too many go ahead of somebody is not given.
    pub class: ClassId,
    /// Whether the person had it already; then nothing was changed.
    pub existed: bool,
}

impl Tickets {
    /// Takes a number.
    ///
    /// A person has one waiting ticket for a service: asking for the same services again, from
    /// wherever, answers with the same ticket. Several services on one number are served one after
    /// another, if need be at several windows; between them the place is kept.
    ///
    /// # Errors
    ///
    /// See [`TakeError`]. Nothing has changed.
    pub fn take(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        ask: &TakeNumber<'_>,
    ) -> Result<Taken, TakeError> {
        self.act(cx, told, |act| act.take(ask))
    }

    /// Takes the number of an appointment (签到). Who is early waits until the slot begins; who is
    /// late, but not too late, has lost the head start.
    ///
    /// # Errors
    ///
    /// See [`TakeError`]. Nothing has changed, but that one that is too late is void.
    pub fn check_in(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        ticket: TicketId,
    ) -> Result<Taken, TakeError> {
        self.act(cx, told, |act| act.check_in(ticket))
    }
}

impl Act<'_, '_> {
    fn take(&mut self, ask: &TakeNumber<'_>) -> Result<Taken, TakeError> {
        self.check_cart(ask.services)?;
        if let Some(taken) = self.existing(ask)? {
            return Ok(taken);
        }
        let day = self.open_day()?;
        self.check_room(ask.services, day)?;
        let tickets = u32::try_from(self.book.records.len()).unwrap_or(u32::MAX);
        let now = self.now();
        let fresh = Record {
            person: ask.person,
            cart: Cart::new(ask.services),
            day,
            arrived: now,
            since: now,
            ..Record::empty()
        };
        let ticket = self.book.begin(fresh).ok_or(TakeError::Full { tickets })?;
        let admitted = self.admit(ticket, ask.class, now);
        let (number, class) = match admitted {
            Ok(admitted) => admitted,
            Err(refused) => {
                self.book.undo(ticket);
                return Err(refused);
            }
        };
        let kind = TicketEventKind::Taken {
            service: ask.services[0],
            services: u8::try_from(ask.services.len()).unwrap_or(u8::MAX),
            class,
            is_capped: class != ask.class,
        };
        self.go(ticket, TicketVerb::Take, kind);
        Ok(Taken { ticket, number, class, existed: false })
    }

    fn check_in(&mut self, ticket: TicketId) -> Result<Taken, TakeError> {
        let gone = TakeError::Gone { ticket };
        let record = *self.book.record(ticket).ok_or(gone)?;
        let state = record.state.ok_or(gone)?;
        let booking = record.booking.ok_or(TakeError::WrongState { ticket, state })?;
        if let (true, Some(number)) = (state == TicketState::Waiting, record.number) {
            return Ok(Taken { ticket, number, class: record.class, existed: true });
        }
        if state != TicketState::Booked {
            return Err(TakeError::WrongState { ticket, state });
        }
        let Booking { schedule, slot, day } = booking;
        let rule = self.rules.draft.schedules.get(usize::from(schedule)).ok_or(gone)?;
        let wall = self.cx.now.wall;
        let opens = before(slot, rule.early_ms);
        if wall < opens {
            return Err(TakeError::TooEarly { ticket, from: opens });
        }
        if wall > after(slot, rule.void_after_ms) {
            self.lapse(ticket);
            return Err(TakeError::TooLate { ticket });
        }
        let (person, service) = (record.person, record.cart.now());
        if let Some(other) = self.waits_for(person, service) {
            return Err(TakeError::AlreadyWaiting { service, ticket: other });
        }
        self.begin_day(day)?;
        let is_late = wall > after(slot, rule.grace_ms);
        let asked = if is_late { ClassId(0) } else { rule.class };
        let early_ms = u64::try_from(slot.0.saturating_sub(wall.0)).unwrap_or(0);
        let arrived = self.now().plus_ms(early_ms);
        let (number, class) = self.admit(ticket, asked, arrived)?;
        self.is_kept(ticket, &record);
        let is_capped = class != asked;
        self.go(ticket, TicketVerb::CheckIn, TicketEventKind::CheckedIn { slot, class, is_capped });
        Ok(Taken { ticket, number, class, existed: false })
    }

    /// Lets the order of a ticket come in, and gives it a number.
    fn admit(
        &mut self,
        ticket: TicketId,
        asked: ClassId,
        arrived: Mono,
    ) -> Result<(Number, ClassId), TakeError> {
        let gone = TakeError::Gone { ticket };
        let record = self.book.records.get(ticket.slot()).copied().ok_or(gone)?;
        let class = if self.give_ahead(asked, arrived) { asked } else { ClassId(0) };
        let service = record.cart.now();
        let spec = OrderSpec::new(service).class(class).tag(ticket.to_bits()).not_before(arrived);
        let submitted = self.engine.submit(self.cx, &spec).inspect_err(|_| {
            if self.is_bounded(class) {
                self.book.ahead.take_back();
            }
        })?;
        let number = self.next_number(&record, class);
        for &service in record.cart.all() {
            let taken = self.book.taken.entry(service).or_default();
            *taken = taken.saturating_add(1);
            let own = Own { ticket, until: None };
            self.book.of_people.insert((record.person, service), own);
        }
        if let Some(record) = self.book.records.get_mut(ticket.slot()) {
            record.order = Some(submitted.order);
            record.class = class;
            record.number = Some(number);
            record.arrived = arrived;
        }
        Ok((number, class))
    }

    fn next_number(&mut self, record: &Record, class: ClassId) -> Number {
        let rules = self.rules;
        let schedule =
            record.booking.and_then(|b| rules.draft.schedules.get(usize::from(b.schedule)));
        let mark = schedule.map_or_else(|| rules.mark(class), |schedule| &schedule.mark);
        let prefix = rules.service(record.cart.now()).map_or(0, |rule| rules.prefix(rule, mark));
        let day = self.book.day.unwrap_or(record.day);
        let mut serial = 0;
        if let Some(last) = self.book.serials.get_mut(usize::from(prefix)) {
            *last = last.saturating_add(1);
            serial = *last;
        }
        Number { day, prefix, serial }
    }

    fn check_cart(&self, services: &[ServiceId]) -> Result<(), TakeError> {
        let (found, most) = (services.len(), self.rules.draft.cart_at_most);
        if found == 0 || found > usize::from(most) {
            return Err(TakeError::Cart { found, most });
        }
        for (at, &service) in services.iter().enumerate() {
            if self.rules.service(service).is_none() || services[..at].contains(&service) {
                return Err(TakeError::NoNumbers { service });
            }
        }
        match self.rules.first_apart(services) {
            Some(services) => Err(TakeError::Apart { services }),
            None => Ok(()),
        }
    }

    /// The ticket that a person has for exactly these services.
    fn existing(&mut self, ask: &TakeNumber<'_>) -> Result<Option<Taken>, TakeError> {
        let mut found = None;
        for &service in ask.services {
            if let Some(ticket) = self.waits_for(ask.person, service) {
                found = found.or(Some((ticket, service)));
                continue;
            }
            let own = self.book.of_people.get(&(ask.person, service));
            if let Some(again) = own.and_then(|own| own.until).filter(|&until| self.now() < until) {
                return Err(TakeError::TooSoonAgain { service, again });
            }
        }
        let Some((ticket, service)) = found else { return Ok(None) };
        let is_same = |cart: &Cart| {
            let rest = &cart.all()[usize::from(cart.done)..];
            rest.len() == ask.services.len() && rest.iter().all(|one| ask.services.contains(one))
        };
        match self.book.record(ticket) {
            Some(record) if is_same(&record.cart) => {
                let (number, class) = (record.number, record.class);
                Ok(number.map(|number| Taken { ticket, number, class, existed: true }))
            }
            _ => Err(TakeError::AlreadyWaiting { service, ticket }),
        }
    }

    /// The open ticket that a person has for a service, if it is not done on it yet.
    fn waits_for(&mut self, person: PersonKey, service: ServiceId) -> Option<TicketId> {
        let own = *self.book.of_people.get(&(person, service))?;
        self.catch_up(own.ticket);
        let record = self.book.record(own.ticket)?;
        let at = record.cart.all().iter().position(|&one| one == service)?;
        let is_open = record.state.is_some_and(TicketState::has_order);
        (is_open && at >= usize::from(record.cart.done)).then_some(own.ticket)
    }

    /// The day, if intake goes on now.
    fn open_day(&mut self) -> Result<Day, TakeError> {
        let (wall, draft) = (self.cx.now.wall, &self.rules.draft);
        let calendar = &draft.calendar;
        let day = calendar.day_of(wall)?;
        let spans = calendar.open_spans(day)?;
        let (first, last) = spans
            .fold((None, None), |(first, _), (opens, shuts)| (first.or(Some(opens)), Some(shuts)));
        let (Some(opens), Some(shuts)) = (first, last) else {
            return Err(TakeError::Closed { again: next_intake(calendar, wall) });
        };
        if wall < before(opens, draft.opens_before_ms) {
            return Err(TakeError::Closed { again: Some(opens) });
        }
        let again = || next_intake(calendar, calendar.ends(day).ok()?);
        if wall >= shuts {
            return Err(TakeError::Closed { again: again() });
        }
        if wall >= before(shuts, draft.stops_before_ms) {
            return Err(TakeError::ClosingSoon { again: again() });
        }
        self.begin_day(day)?;
        Ok(self.book.day.unwrap_or(day))
    }

    fn check_room(&self, services: &[ServiceId], day: Day) -> Result<(), TakeError> {
        let calendar = &self.rules.draft.calendar;
        for rule in services.iter().filter_map(|&service| self.rules.service(service)) {
            let service = rule.service;
            let taken = self.book.taken.get(&service).copied().unwrap_or(0);
            if let Some(quota) = rule.quota.filter(|&quota| taken >= quota) {
                let again = calendar.ends(day).ok().and_then(|end| next_intake(calendar, end));
                return Err(TakeError::QuotaSpent { service, quota, again });
            }
            let waiting = self.book.waiting(service);
            if rule.full_at.is_some_and(|full_at| waiting >= full_at) {
                let again = after(self.cx.now.wall, rule.full_again_ms);
                return Err(TakeError::TooManyWaiting { service, waiting, again });
            }
        }
        Ok(())
    }

    /// Begins a day, if it is a later one than any before: numbers begin with 1 again. A wall that was
    /// set back does not bring an earlier day back, so no number is given twice.
    pub(super) fn begin_day(&mut self, day: Day) -> Result<(), HorizonError> {
        if self.book.day.is_some_and(|before| day <= before) {
            return Ok(());
        }
        let begins = self.rules.draft.calendar.begins(day)?;
        let book = &mut *self.book;
        book.day = Some(day);
        book.serials.fill(0);
        book.taken.clear();
        book.slots.retain(|&(_, slot), _| slot >= begins);
        book.of_days.retain(|&(_, _, of), _| of >= day);
        self.forget_ahead();
        Ok(())
    }

    /// Whether a head start counts against how many may go ahead.
    pub(super) fn is_bounded(&self, class: ClassId) -> bool {
        self.rules.ahead_at_most().is_some() && self.rules.head_start_ms(class) > 0
    }

    /// Gives a head start, if nobody is overtaken too often by that.
    pub(super) fn give_ahead(&mut self, class: ClassId, arrived: Mono) -> bool {
        let by_ms = self.rules.head_start_ms(class);
        let Some(most) = self.rules.ahead_at_most().filter(|_| by_ms > 0) else { return true };
        if self.book.ahead.len() >= self.book.records.len() {
            self.forget_ahead();
            if self.book.ahead.len() >= self.book.records.len() {
                return false;
            }
        }
        let at_ms = i64::try_from(arrived.0).unwrap_or(i64::MAX);
        self.book.ahead.give(at_ms, by_ms, most)
    }

    fn forget_ahead(&mut self) {
        let oldest = self.book.oldest().unwrap_or(self.now());
        self.book.ahead.forget(i64::try_from(oldest.0).unwrap_or(i64::MAX));
    }
}

/// When the hall opens next, at this instant or later.
fn next_intake(calendar: &Calendar, at: Wall) -> Option<Wall> {
    calendar.next_opening(at).ok()
}
