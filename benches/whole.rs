//! The whole engine as a desk: rules, presence, room, every event in full, counters, histogram.
//!
//! Everything here that knows the engine's API is in this file and in [`crate::halls`].

use qiangdan::{
    Advancer, Amend, Claim, ClassId, ClerkId, Cx, Engine, Grabbed, OrderId, OrderSpec, Outbox,
    Outcome, PutBack, Reason, ServiceId, State, Submitted,
};

use crate::{
    desk::{Desk, Hall, Life, NOTES, Named},
    halls::{at, of_shape},
    people::{Shape, Ticket},
};

/// The engine.
#[derive(Clone, Debug)]
pub struct Whole(Engine);

impl Whole {
    /// Nobody waits; there is room for `orders`, and each wait has this limit.
    #[must_use]
    pub fn new(shape: &Shape, orders: u32, limit_ms: Option<u64>) -> (Self, Advancer) {
        let (engine, advancer) = of_shape(shape, orders, limit_ms);
        (Self(engine), advancer)
    }

    /// An engine that is there.
    #[must_use]
    pub fn of(engine: Engine) -> Self {
        Self(engine)
    }
}

/// What a thread has for itself: its events, and room for batches.
#[derive(Debug, Default)]
pub struct Own {
    /// The events.
    pub outbox: Outbox,
    specs: Vec<OrderSpec>,
    submitted: Vec<Submitted>,
    grabbed: Vec<Grabbed>,
}

/// A call at an instant, with the events emptied whenever there are many.
fn cx(outbox: &mut Outbox, at_ms: u64) -> Cx<'_> {
    if outbox.events().len() >= NOTES {
        outbox.clear();
    }
    Cx::new(at(at_ms), outbox)
}

/// What comes in, as the engine wants it.
///
/// # Panics
///
/// If there are more services or classes than the engine can have.
pub fn spec(ticket: Ticket) -> OrderSpec {
    let service = ServiceId(u16::try_from(ticket.skill).expect("few services"));
    let class = ClassId(u8::try_from(ticket.class).expect("few classes"));
    OrderSpec::new(service).class(class).tag(ticket.at_ms)
}

impl Desk for Whole {
    type Own = Own;
    type Order = OrderId;
    type Held = Claim;

    fn own(&self) -> Own {
        Own { outbox: Outbox::with_capacity(2 * NOTES), ..Own::default() }
    }

    fn submit(&self, own: &mut Own, ticket: Ticket) -> OrderId {
        let submitted = self.0.submit(&mut cx(&mut own.outbox, ticket.at_ms), &spec(ticket));
        submitted.expect("there is room").order
    }

    fn grab(&self, own: &mut Own, clerk: u32, at_ms: u64) -> Option<Claim> {
        self.0
            .grab(&mut cx(&mut own.outbox, at_ms), ClerkId(clerk))
            .ok()
            .map(|grabbed| grabbed.claim)
    }

    fn complete(&self, own: &mut Own, held: Claim, at_ms: u64) {
        // Refused only if somebody cancelled the order meanwhile, which the engine allows.
        self.0.complete(&mut cx(&mut own.outbox, at_ms), held, Outcome::Done).ok();
    }

    // --- batches ----------------------------------------------------------------------------------

    fn submit_many(&self, own: &mut Own, tickets: &[Ticket]) {
        let Some(last) = tickets.last() else { return };
        let Own { outbox, specs, submitted, .. } = own;
        specs.clear();
        specs.extend(tickets.iter().map(|&ticket| spec(ticket)));
        submitted.clear();
        let all = self.0.submit_many(&mut cx(outbox, last.at_ms), specs, submitted);
        all.expect("there is room");
    }

    fn grab_many(&self, own: &mut Own, clerk: u32, at_ms: u64, most: usize, held: &mut Vec<Claim>) {
        let most = u32::try_from(most).expect("batches are small");
        let Own { outbox, grabbed, .. } = own;
        grabbed.clear();
        // Refused if nobody waits.
        self.0.grab_many(&mut cx(outbox, at_ms), ClerkId(clerk), most, grabbed).ok();
        held.extend(grabbed.iter().map(|grabbed| grabbed.claim));
    }
}

impl Named for Whole {
    fn grab_order(&self, own: &mut Own, clerk: u32, order: OrderId, at_ms: u64) -> Option<Claim> {
        let grabbed =
            self.0.grab_order(&mut cx(&mut own.outbox, at_ms), ClerkId(clerk), order).ok();
        grabbed.map(|grabbed| grabbed.claim)
    }
}

impl Life for Whole {
    fn put_back(&self, own: &mut Own, held: Claim, at_ms: u64) {
        // As in `complete`.
        self.0.put_back(&mut cx(&mut own.outbox, at_ms), held, PutBack::KeepPlace).ok();
    }

    fn cancel(&self, own: &mut Own, order: OrderId, at_ms: u64) -> bool {
        self.0.cancel(&mut cx(&mut own.outbox, at_ms), order, Reason::Abandoned).is_ok()
    }

    fn rank_anew(&self, own: &mut Own, order: OrderId, class: u32, at_ms: u64) -> bool {
        let class = ClassId(u8::try_from(class).expect("few classes"));
        let amend = Amend { service: None, class: Some(class) };
        self.0.amend(&mut cx(&mut own.outbox, at_ms), order, amend).is_ok()
    }
}

impl Hall for Whole {
    type Clock = Advancer;

    fn advance(&self, clock: &mut Advancer, own: &mut Own, now_ms: u64) -> (usize, bool) {
        own.outbox.clear();
        let advanced = clock.advance(&mut Cx::new(at(now_ms), &mut own.outbox));
        (advanced.looked, advanced.is_done)
    }

    fn look_at_all(&self, orders: &[OrderId]) -> usize {
        let is_open = |&&order: &&OrderId| {
            self.0.order(order).is_some_and(|view| view.state != State::Closed)
        };
        orders.iter().filter(is_open).count()
    }

    fn figures(&self) -> u64 {
        self.0.stats().submitted
    }
}
