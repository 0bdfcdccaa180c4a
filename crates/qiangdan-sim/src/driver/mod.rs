//! Drives the engine in virtual time.
//!
//! [`Driver::run`] is the loop that a server runs with a real clock: it knows what happens *outside* the
//! engine (people arrive, service ends, shifts change, people lose patience) and calls the engine's
//! verbs at those instants. There is no queue in here: who goes next, who may take what, how long
//! someone has waited and which stage has fired are asked of the engine.
//!
//! Order of one instant, as in the reference simulations: shifts change; services end; orders arrive;
//! free clerks grab, the longest free first; people out of patience leave, at closing time everyone;
//! then time advances and stages fire. If a stage let more clerks take an order, they grab at once.

mod duty;
mod staff;
mod visits;

pub use duty::{Duty, Stay};
pub use visits::Visit;

use qiangdan::{
    Bounds, BoundsError, ClassId, ClerkId, Engine, Event, EventKind, GrabError, Mono, Now, OrderId,
    OrderSpec, Outcome, PoolId, Reason, Rules, ServiceId, Skills, Wall,
    history::{Finding, Proof},
};

use crate::{
    event_list::{EventList, Outside},
    watch::Told,
};
use staff::Staff;
use visits::Visits;

/// An order that arrives, with all that chance or a record has decided about it beforehand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arriving {
    /// When, in milliseconds of the run.
    pub at_ms: u64,
    /// What it asks for.
    pub service: ServiceId,
    /// Its class.
    pub class: ClassId,
    /// How long serving it will take, in milliseconds.
    pub takes_ms: u64,
    /// How long its person waits before leaving, if not for ever.
    pub patience_ms: Option<u64>,
    /// Its number in the source, for records.
    pub number: u32,
}

/// Where orders come from, in the order of their arrival.
pub trait Source {
    /// When the next order arrives; `None` when none will.
    fn peek_ms(&self) -> Option<u64>;
    /// The next order. Called only if there is one.
    fn next(&mut self) -> Arriving;
}

/// Who keeps the figures. Every method has an empty body to start from.
pub trait Record {
    /// An order came in.
    fn arrived(&mut self, _visit: &Visit) {}
    /// An order was claimed for the first time, having waited `wait_ms` by the engine's clock.
    fn claimed(&mut self, _visit: &Visit, _wait_ms: u64) {}
    /// A person left after `wait_ms`.
    fn abandoned(&mut self, _visit: &Visit, _wait_ms: u64) {}
    /// The run ended (or the doors closed for good) and the order still waited.
    fn still_waiting(&mut self, _visit: &Visit, _wait_ms: u64) {}
    /// From `at_ms` on so many orders wait.
    fn waiting_now(&mut self, _at_ms: u64, _orders: u32) {}
    /// From `at_ms` on so many windows are open.
    fn open_now(&mut self, _at_ms: u64, _windows: u32) {}
    /// A clerk served an order from `from_ms` to `to_ms`.
    fn served(&mut self, _clerk: ClerkId, _from_ms: u64, _to_ms: u64) {}
    /// A clerk was at the window from `from_ms` to `to_ms`.
    fn present(&mut self, _clerk: ClerkId, _from_ms: u64, _to_ms: u64) {}
    /// Something that befell an order: a stage, a breach; with limits by the calendar also what became of
    /// their clocks, without a visit where that is over.
    fn event(&mut self, _event: &Event, _visit: Option<&Visit>) {}
}

/// A clerk of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The pools they work for.
    pub pools: Vec<PoolId>,
    /// What they can do.
    pub skills: Skills,
}

/// What a run is of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The rules.
    pub rules: Rules,
    /// Room for this many open orders.
    pub orders: u32,
    /// The clerks, in the order of their ids.
    pub seats: Vec<Seat>,
    /// What the wall shows when the run begins.
    pub start: Wall,
}

/// The kinds of outside events, in their order within an instant.
mod kind {
    pub(super) const DUTY: u8 = 0;
    pub(super) const DONE: u8 = 1;
    /// Arrivals are not in the list; the source keeps them. They come before this.
    pub(super) const PATIENCE: u8 = 2;
    pub(super) const CLOSE: u8 = 3;
}

/// One engine in virtual time. Reusable: a run may follow another, later on the same clock.
#[derive(Debug)]
pub struct Driver {
    engine: Engine,
    advancer: qiangdan::Advancer,
    outside: EventList,
    told: Told,
    visits: Visits,
    staff: Staff,
    duties: Vec<Duty>,
    start: Wall,
    waiting: u32,
    refused: u64,
    /// Whether there are limits by the calendar, which go by what the wall shows.
    has_clocks: bool,
}

impl Driver {
    /// A driver for `setup`, at instant zero.
    ///
    /// # Errors
    ///
    /// If the bounds are out of range.
    pub fn new(setup: Setup) -> Result<Self, BoundsError> {
        let clerks = u32::try_from(setup.seats.len()).unwrap_or(u32::MAX);
        let bounds = Bounds::new(setup.orders, clerks);
        let has_clocks = !setup.rules.clocks().limits.is_empty();
        let (engine, mut advancer) = Engine::new(setup.rules, bounds)?;
        let mut told = Told::unchecked();
        if has_clocks {
            // What the wall shows at instant zero is what it is believed from.
            told.call(Now::after(setup.start, 0), |cx| advancer.advance(cx));
        }
        Ok(Self {
            engine,
            advancer,
            outside: EventList::with_capacity(1_024),
            told,
            visits: Visits::default(),
            staff: Staff::new(setup.seats),
            duties: Vec::new(),
            start: setup.start,
            waiting: 0,
            refused: 0,
            has_clocks,
        })
    }

    /// The same, with a [history checker](qiangdan::history) that reads along. Before the first run.
    #[must_use]
    pub fn checked(self) -> Self {
        Self { told: Told::checked(self.engine.rules()), ..self }
    }

    /// The same in debug builds; else nothing is checked.
    pub(crate) fn checked_in_debug(self) -> Self {
        Self { told: Told::checked_in_debug(self.engine.rules()), ..self }
    }

    /// What the checker says of all that has happened; `None` without one.
    #[must_use]
    pub fn check(&self) -> Option<Result<Proof, Vec<Finding>>> {
        self.told.check(&self.engine)
    }

    pub(crate) fn assert_right(&self) {
        self.told.assert_right(&self.engine);
    }

    /// The engine driven.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The latest instant at which a clerk came, went or finished, in milliseconds.
    #[must_use]
    pub fn last_ms(&self) -> u64 {
        self.staff.last_ms()
    }

    /// How many orders were refused because the engine was full.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Adds changes of duty to come.
    ///
    /// # Panics
    ///
    /// If there are more than 2^32.
    pub fn schedule(&mut self, duties: impl IntoIterator<Item = Duty>) {
        for duty in duties {
            let payload =
                u32::try_from(self.duties.len()).expect("fewer than 2^32 changes of duty");
            self.outside.push(Outside { at_ms: duty.at_ms, kind: kind::DUTY, payload });
            self.duties.push(duty);
        }
    }

    /// At this instant everyone who still waits is sent home: their orders expire.
    pub fn close_at(&mut self, at_ms: u64) {
        self.outside.push(Outside { at_ms, kind: kind::CLOSE, payload: 0 });
    }

    /// Runs until the source is dry and everything outside has happened. Orders that still wait then
    /// are closed as [`Outcome::Expired`].
    pub fn run(&mut self, source: &mut impl Source, record: &mut impl Record) {
        while let Some(at_ms) = self.next_ms(source) {
            // What the engine has due before that instant happens first.
            self.advance_before(at_ms, record);
            self.instant(at_ms, source, record);
        }
        self.expire(self.staff.last_ms(), record);
        self.duties.clear();
    }

    /// Lets the clocks of limits by the calendar run on until an instant, after a run.
    pub fn run_on(&mut self, until_ms: u64, record: &mut impl Record) {
        if self.has_clocks {
            self.advance_before(until_ms.saturating_add(1), record);
        }
    }

    fn next_ms(&self, source: &impl Source) -> Option<u64> {
        let outside = self.outside.peek().map(|event| event.at_ms);
        source.peek_ms().into_iter().chain(outside).min()
    }

    fn now(&self, at_ms: u64) -> Now {
        Now::after(self.start, at_ms)
    }

    /// Lets the engine's own instants before `at_ms` pass, one by one.
    fn advance_before(&mut self, at_ms: u64, record: &mut impl Record) {
        while let Some(Mono(look_ms)) = self.advancer.next_look().filter(|look| look.0 < at_ms) {
            if self.advance(look_ms, record) {
                self.grab_all(look_ms, record);
            }
        }
    }

    /// Everything that happens at one instant, in the order the module docs give.
    fn instant(&mut self, at_ms: u64, source: &mut impl Source, record: &mut impl Record) {
        let waiting = self.waiting;
        loop {
            while let Some(event) = self.due(at_ms, kind::PATIENCE) {
                match event.kind {
                    kind::DUTY => self.change_duty(event, record),
                    _ => self.done(event, record),
                }
            }
            while source.peek_ms().is_some_and(|next_ms| next_ms <= at_ms) {
                self.arrive(at_ms, source.next(), record);
            }
            self.grab_all(at_ms, record);
            // A service of no length ends at the instant it begins.
            if self.outside.peek().is_none_or(|e| e.at_ms > at_ms || e.kind >= kind::PATIENCE) {
                break;
            }
        }
        while let Some(event) = self.due(at_ms, u8::MAX) {
            match event.kind {
                kind::PATIENCE => self.leave(event, record),
                _ => self.expire(at_ms, record),
            }
        }
        if self.advancer.next_look().is_some_and(|look| look.0 <= at_ms)
            && self.advance(at_ms, record)
        {
            self.grab_all(at_ms, record);
        }
        if self.waiting != waiting {
            record.waiting_now(at_ms, self.waiting);
        }
        self.staff.dismiss_idle(&self.engine, self.now(at_ms), &mut self.told, record);
    }

    fn due(&mut self, at_ms: u64, before_kind: u8) -> Option<Outside> {
        let next = self.outside.peek()?;
        (next.at_ms <= at_ms && next.kind < before_kind).then(|| self.outside.pop()).flatten()
    }

    fn change_duty(&mut self, event: Outside, record: &mut impl Record) {
        let duty = self.duties[event.payload as usize];
        let now = self.now(event.at_ms);
        self.staff.change(&self.engine, now, duty, &mut self.told, record);
    }

    fn arrive(&mut self, at_ms: u64, arriving: Arriving, record: &mut impl Record) {
        let visit = self.visits.enter(arriving);
        let spec = OrderSpec::new(arriving.service).class(arriving.class).tag(u64::from(visit));
        let now = self.now(at_ms);
        match self.told.call(now, |cx| self.engine.submit(cx, &spec)) {
            Ok(submitted) => {
                self.visits.queue(visit, submitted.order);
                self.waiting += 1;
                record.arrived(self.visits.get(visit));
                if let Some(patience_ms) = arriving.patience_ms {
                    let at_ms = at_ms.saturating_add(patience_ms).min(EventList::TIME_MS_MAX);
                    self.outside.push(Outside { at_ms, kind: kind::PATIENCE, payload: visit });
                }
            }
            Err(_) => {
                self.refused += 1;
                self.visits.leave(visit);
            }
        }
    }

    /// Lets free clerks grab until nobody gets anything.
    fn grab_all(&mut self, at_ms: u64, record: &mut impl Record) {
        let mut turn = 0;
        while self.waiting > 0 {
            let Some(clerk) = self.staff.free(turn) else { break };
            let now = self.now(at_ms);
            match self.told.call(now, |cx| self.engine.grab(cx, clerk)) {
                Ok(grabbed) => {
                    self.waiting -= 1;
                    let index = index_of(grabbed.tag);
                    let visit = self.visits.serve(index, grabbed.claim, at_ms);
                    let ends_ms = at_ms.saturating_add(visit.takes_ms).min(EventList::TIME_MS_MAX);
                    record.claimed(visit, grabbed.wait_ms);
                    // A breach in the very millisecond of the claim is told by the claim.
                    for event in self.told.events().iter().skip(1) {
                        record.event(event, Some(visit));
                    }
                    if self.has_clocks {
                        let claim = grabbed.claim;
                        let started = self.told.call(now, |cx| self.engine.start(cx, claim));
                        debug_assert!(started.is_ok(), "the claim is new: {started:?}");
                        self.told.events().iter().for_each(|e| record.event(e, Some(visit)));
                    }
                    self.outside.push(Outside { at_ms: ends_ms, kind: kind::DONE, payload: index });
                    self.staff.took(turn);
                }
                // The next in line may be able to do what this one cannot.
                Err(GrabError::Empty { .. }) => turn += 1,
                Err(_) => self.staff.drop_free(turn),
            }
        }
    }

    fn done(&mut self, event: Outside, record: &mut impl Record) {
        let now = self.now(event.at_ms);
        let Some((claim, from_ms)) = self.visits.get(event.payload).served() else { return };
        let completed = self.told.call(now, |cx| self.engine.complete(cx, claim, Outcome::Done));
        debug_assert!(completed.is_ok(), "the driver holds the only claim: {completed:?}");
        self.tell_clocks(record);
        record.served(claim.clerk, from_ms, event.at_ms);
        self.visits.leave(event.payload);
        self.staff.gave(&self.engine, now, claim.clerk, &mut self.told, record);
    }

    /// A person's patience ends; if they are being served by then, nothing happens.
    fn leave(&mut self, event: Outside, record: &mut impl Record) {
        let visit = *self.visits.get(event.payload);
        let is_theirs = visit.leaves_ms() == Some(event.at_ms);
        let Some(order) = visit.waiting().filter(|_| is_theirs) else { return };
        if self.cancel(event.at_ms, order, Reason::Abandoned) {
            self.tell_clocks(record);
            record.abandoned(&visit, event.at_ms - visit.at_ms);
            self.visits.leave(event.payload);
        }
    }

    /// Tells what the end of an order has made of its clocks.
    fn tell_clocks(&self, record: &mut impl Record) {
        if self.has_clocks {
            self.told.events().iter().for_each(|event| record.event(event, None));
        }
    }

    fn cancel(&mut self, at_ms: u64, order: OrderId, reason: Reason) -> bool {
        let now = self.now(at_ms);
        let is_gone = self.told.call(now, |cx| self.engine.cancel(cx, order, reason)).is_ok();
        self.waiting -= u32::from(is_gone);
        is_gone
    }

    /// Lets time pass in the engine. True if some order may be grabbed by more clerks than before.
    fn advance(&mut self, at_ms: u64, record: &mut impl Record) -> bool {
        let now = self.now(at_ms);
        self.told.call(now, |cx| self.advancer.advance_all(cx));
        let mut is_wider = false;
        for event in self.told.events() {
            is_wider |= matches!(
                event.kind,
                EventKind::Widened { .. }
                    | EventKind::Moved { .. }
                    | EventKind::SkillDropped { .. }
            );
            let visit = event.order.map(|_| self.visits.get(index_of(event.tag)));
            record.event(event, visit);
        }
        is_wider
    }

    /// Closes what nobody will come for.
    fn expire(&mut self, at_ms: u64, record: &mut impl Record) {
        if self.waiting == 0 {
            return;
        }
        for index in self.visits.waiting() {
            let visit = *self.visits.get(index);
            let Some(order) = visit.waiting() else { continue };
            let at_ms = at_ms.max(visit.at_ms);
            if self.cancel(at_ms, order, Reason::EndOfDay) {
                self.tell_clocks(record);
                record.still_waiting(&visit, at_ms - visit.at_ms);
                self.visits.leave(index);
            }
        }
    }
}

/// A visit's index is the tag of its order.
fn index_of(tag: u64) -> u32 {
    u32::try_from(tag).expect("the driver tags orders with 32-bit indices")
}
