//! What is written down about tickets, and how a ticket goes from state to state.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Number, PersonKey, TicketEvent, TicketEventKind, TicketId, TicketRules, TicketState,
    TicketVerb, WindowId, ahead::Ahead,
};
use crate::{Claim, ClassId, ClerkId, Cx, Engine, Mono, OrderId, ServiceId, Wall, calendar::Day};

/// The services on a ticket, and how many of them are done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cart {
    services: [ServiceId; TicketRules::CART_MAX as usize],
    count: u8,
    pub(super) done: u8,
}

impl Cart {
    /// At most [`TicketRules::CART_MAX`] services; more are left out.
    pub(super) fn new(services: &[ServiceId]) -> Self {
        let mut all = [ServiceId(0); TicketRules::CART_MAX as usize];
        let mut count = 0;
        for (place, &service) in all.iter_mut().zip(services) {
            *place = service;
            count += 1;
        }
        Self { services: all, count, done: 0 }
    }

    pub(super) fn all(&self) -> &[ServiceId] {
        &self.services[..usize::from(self.count)]
    }

    /// What the person waits for, or is being served with.
    pub(super) fn now(&self) -> ServiceId {
        self.services[usize::from(self.done.min(self.count.saturating_sub(1)))]
    }

    /// What comes after that.
    pub(super) fn next(&self) -> Option<ServiceId> {
        self.all().get(usize::from(self.done) + 1).copied()
    }
}

/// An appointment of a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Booking {
    pub(super) schedule: u16,
    pub(super) slot: Wall,
    pub(super) day: Day,
}

/// One ticket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) generation: u32,
    /// None: this place was never used.
    pub(super) state: Option<TicketState>,
    pub(super) person: PersonKey,
    pub(super) cart: Cart,
    pub(super) number: Option<Number>,
    pub(super) booking: Option<Booking>,
    pub(super) class: ClassId,
    pub(super) order: Option<OrderId>,
    pub(super) claim: Option<Claim>,
    /// Where it is, or was last.
    pub(super) window: Option<WindowId>,
    /// Where it is to go: only that window calls it.
    pub(super) pinned: Option<WindowId>,
    /// At the end of which day it ends.
    pub(super) day: Day,
    /// From when its wait counts.
    pub(super) arrived: Mono,
    /// Since when it is in its state.
    pub(super) since: Mono,
    /// How long it had waited before `since`, in milliseconds.
    pub(super) waited_ms: u64,
    /// When it was called last, and how often in a row.
    pub(super) called: Mono,
    pub(super) calls: u8,
    /// When it passes by itself.
    pub(super) passes: Option<Mono>,
}

impl Record {
    pub(super) fn empty() -> Self {
        Self {
            generation: 0,
            state: None,
            person: PersonKey(0),
            cart: Cart::new(&[]),
            number: None,
            booking: None,
            class: ClassId(0),
            order: None,
            claim: None,
            window: None,
            pinned: None,
            day: Day::from_number(0),
            arrived: Mono(0),
            since: Mono(0),
            waited_ms: 0,
            called: Mono(0),
            calls: 0,
            passes: None,
        }
    }

    /// How long the person has waited until `now`, over all times of waiting.
    pub(super) fn wait_ms(&self, now: Mono) -> u64 {
        match self.state {
            Some(TicketState::Waiting) => {
                self.waited_ms.saturating_add(now.since_ms(self.since.max(self.arrived)))
            }
            _ => self.waited_ms,
        }
    }
}

/// One window.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) clerk: Option<ClerkId>,
    /// What it may hold; whether it does is asked of the ticket.
    pub(super) held: Option<TicketId>,
    /// What passed here last, oldest first; asked of the ticket, too.
    pub(super) passed: VecDeque<TicketId>,
    /// What was sent here, in the order of coming; asked of the ticket, too.
    pub(super) pinned: VecDeque<TicketId>,
}

/// Whose ticket for a service is the latest, and until when it keeps the person from another one: until
/// it has closed, or until an instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) ticket: TicketId,
    pub(super) until: Option<Mono>,
}

/// All that is written down.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) records: Vec<Record>,
    /// Places of closed tickets, the ones closed longest ago first.
    pub(super) free: VecDeque<u32>,
    seq: u64,
    /// The latest day that a number was taken on.
    pub(super) day: Option<Day>,
    /// The last number of that day, by prefix.
    pub(super) serials: Vec<u32>,
    /// How many numbers of that day, by service.
    pub(super) taken: BTreeMap<ServiceId, u32>,
    /// How many wait, by service.
    waiting: BTreeMap<ServiceId, u32>,
    pub(super) of_people: BTreeMap<(PersonKey, ServiceId), Own>,
    /// Tickets with an order, by the day they end on.
    pub(super) open: BTreeSet<(Day, TicketId)>,
    /// Appointments by the last instant they are valid.
    pub(super) lapses: BTreeSet<(Wall, TicketId)>,
    /// Called tickets by when they pass by themselves.
    pub(super) passes: BTreeSet<(Mono, TicketId)>,
    /// How many appointments a slot of a schedule has.
    pub(super) slots: BTreeMap<(u16, Wall), u32>,
    pub(super) of_days: BTreeMap<(PersonKey, ServiceId, Day), TicketId>,
    pub(super) ahead: Ahead,
    pub(super) windows: Vec<Window>,
}

impl Book {
    pub(super) fn new(tickets: u32, windows: u16, prefixes: usize) -> Self {
        Self {
            records: vec![Record::empty(); tickets as usize],
            free: (0..tickets).collect(),
            seq: 0,
            day: None,
            serials: vec![0; prefixes],
            taken: BTreeMap::new(),
            waiting: BTreeMap::new(),
            of_people: BTreeMap::new(),
            open: BTreeSet::new(),
            lapses: BTreeSet::new(),
            passes: BTreeSet::new(),
            slots: BTreeMap::new(),
            of_days: BTreeMap::new(),
            ahead: Ahead::default(),
            windows: (0..windows).map(|_| Window::default()).collect(),
        }
    }

    pub(super) fn record(&self, id: TicketId) -> Option<&Record> {
        let record = self.records.get(id.slot())?;
        (TicketId::new(id_slot(id), record.generation) == id && record.state.is_some())
            .then_some(record)
    }

    pub(super) fn record_mut(&mut self, id: TicketId) -> Option<&mut Record> {
        self.record(id)?;
        self.records.get_mut(id.slot())
    }

    pub(super) fn state(&self, id: TicketId) -> Option<TicketState> {
        self.record(id)?.state
    }

    pub(super) fn waiting(&self, service: ServiceId) -> u32 {
        self.waiting.get(&service).copied().unwrap_or(0)
    }

    pub(super) fn window(&self, window: WindowId) -> Option<&Window> {
        self.windows.get(usize::from(window.0))
    }

    pub(super) fn window_mut(&mut self, window: WindowId) -> Option<&mut Window> {
        self.windows.get_mut(usize::from(window.0))
    }

    pub(super) fn window_of(&self, clerk: ClerkId) -> Option<WindowId> {
        let at = self.windows.iter().position(|window| window.clerk == Some(clerk))?;
        u16::try_from(at).ok().map(WindowId)
    }

    /// Begins a ticket in a free place, of which there must be one, and forgets the last one there.
    pub(super) fn begin(&mut self, fresh: Record) -> Option<TicketId> {
        let slot = self.free.pop_front()?;
        let place = self.records.get_mut(slot as usize)?;
        let (last, generation) = (*place, place.generation.wrapping_add(1).max(1));
        *place = Record { generation, ..fresh };
        let before = TicketId::new(slot, last.generation);
        for &service in last.cart.all() {
            if self.of_people.get(&(last.person, service)).is_some_and(|own| own.ticket == before) {
                self.of_people.remove(&(last.person, service));
            }
        }
        if let Some(Booking { day, .. }) = last.booking {
            let key = (last.person, last.cart.now(), day);
            if self.of_days.get(&key) == Some(&before) {
                self.of_days.remove(&key);
            }
        }
        Some(TicketId::new(slot, generation))
    }

    /// Gives a place back that was taken in vain, as the next to be used.
    pub(super) fn undo(&mut self, id: TicketId) {
        if let Some(record) = self.records.get_mut(id.slot()) {
            *record = Record { generation: record.generation, ..Record::empty() };
            self.free.push_front(id_slot(id));
        }
    }

    /// The oldest instant of arrival among open tickets, if there are any.
    pub(super) fn oldest(&self) -> Option<Mono> {
        let arrived = |&(_, id): &(Day, TicketId)| self.record(id).map(|record| record.arrived);
        self.open.iter().filter_map(arrived).min()
    }

    fn count(&mut self, service: ServiceId, is_more: bool) {
        let waiting = self.waiting.entry(service).or_default();
        *waiting = if is_more { waiting.saturating_add(1) } else { waiting.saturating_sub(1) };
    }
}

fn id_slot(id: TicketId) -> u32 {
    u32::try_from(id.slot()).unwrap_or(u32::MAX)
}

/// One call of a verb: what it works on, and where it tells.
pub(super) struct Act<'a, 'c> {
    pub(super) engine: &'a Engine,
    pub(super) rules: &'a TicketRules,
    pub(super) book: &'a mut Book,
    pub(super) cx: &'a mut Cx<'c>,
    pub(super) told: &'a mut Vec<TicketEvent>,
}

impl Act<'_, '_> {
    pub(super) fn now(&self) -> Mono {
        self.cx.now.mono
    }

    /// Goes from state to state as the table says, and tells it. Whether the table has that row was
    /// asked before the order was touched.
    pub(super) fn go(&mut self, id: TicketId, verb: TicketVerb, kind: TicketEventKind) {
        let now = self.now();
        let Some(record) = self.book.records.get_mut(id.slot()) else { return };
        let from = record.state;
        let Some(to) = TicketState::after(from, verb) else {
            debug_assert!(false, "{verb:?} of a ticket that is {from:?}");
            return;
        };
        let after_ms = if from.is_some() { now.since_ms(record.since) } else { 0 };
        record.waited_ms = record.wait_ms(now);
        record.state = Some(to);
        record.since = record.since.max(now);
        let passes = record.passes.take_if(|_| from != Some(to));
        if !to.is_in_hand() {
            record.claim = None;
        }
        if to != TicketState::Waiting {
            record.pinned = None;
        }
        let record = *record;
        if let Some(due) = passes {
            self.book.passes.remove(&(due, id));
        }
        if from != Some(to) {
            for (state, is_more) in [(from, false), (Some(to), true)] {
                if state == Some(TicketState::Waiting) {
                    self.book.count(record.cart.now(), is_more);
                }
            }
        }
        if to.has_order() {
            self.book.open.insert((record.day, id));
        } else {
            self.book.open.remove(&(record.day, id));
        }
        if !to.is_open() {
            self.close(id, &record);
        }
        self.tell(id, from, after_ms, kind);
    }

    pub(super) fn tell(
        &mut self,
        id: TicketId,
        from: Option<TicketState>,
        after_ms: u64,
        kind: TicketEventKind,
    ) {
        let Some(record) = self.book.records.get(id.slot()) else { return };
        let Some(to) = record.state else { return };
        let (seq, number) = (self.book.seq, record.number);
        self.book.seq += 1;
        let at = self.cx.now;
        self.told.push(TicketEvent { seq, at, ticket: id, number, from, to, after_ms, kind });
    }

    /// Tells something that leaves the ticket in its state; the time in it is told later.
    pub(super) fn tell_on(&mut self, id: TicketId, kind: TicketEventKind) {
        let from = self.book.state(id);
        self.tell(id, from, 0, kind);
    }

    fn close(&mut self, id: TicketId, record: &Record) {
        let now = self.now();
        for &service in record.cart.all() {
            let again_ms = self.rules.service(service).map_or(0, |rule| rule.again_after_ms);
            let key = (record.person, service);
            let Some(own) = self.book.of_people.get_mut(&key).filter(|own| own.ticket == id) else {
                continue;
            };
            own.until = Some(now.plus_ms(again_ms));
        }
        let slot = u32::try_from(id.slot()).unwrap_or(u32::MAX);
        self.book.free.push_back(slot);
    }
}
