//! A hall with a ticket machine and three windows, with both of its clocks in hand.

use qiangdan::{
    Advancer, Bounds, ClassId, ClerkId, ClerkSpec, Cx, Engine, Now, Outbox, PoolId, RulesDraft,
    ServiceId, ServiceRule, SkillId, Skills,
    calendar::OpenSpan,
    ticket::{
        Call, CallError, Called, PersonKey, Schedule, TakeError, TakeNumber, Taken, TicketBounds,
        TicketEvent, TicketId, TicketRulesDraft, TicketService, TicketState, Tickets, WindowId,
    },
};

use crate::{
    hall::checked,
    office::{at, calendar},
};

/// Everybody can serve it; numbers `A`.
pub const A: ServiceId = ServiceId(0);
/// Only the clerks of windows 0 and 1 can; numbers `B`.
pub const B: ServiceId = ServiceId(1);
/// Everybody can; numbers `A` like the first.
pub const A2: ServiceId = ServiceId(2);
/// Ten minutes ahead; mark `V`.
pub const GREEN: ClassId = ClassId(1);
/// Half an hour ahead, given by a lead.
pub const TOPPED: ClassId = ClassId(2);
/// A quarter of an hour ahead, for who comes in time for an appointment.
pub const IN_TIME: ClassId = ClassId(3);

/// An engine with tickets on it, and what happened.
#[derive(Debug)]
pub struct TicketHall {
    /// The tickets.
    pub tickets: Tickets,
    /// The engine's time.
    pub advancer: Advancer,
    /// The engine's events.
    pub outbox: Outbox,
    /// The tickets' events.
    pub told: Vec<TicketEvent>,
    /// What both clocks say.
    pub now: Now,
}

/// The rules of the engine below.
#[must_use]
pub fn engine_rules() -> RulesDraft {
    let rule = |needs: &[u8]| ServiceRule {
        pool: PoolId(0),
        needs: needs.iter().map(|&skill| SkillId(skill)).collect(),
        wait_limit_ms: None,
        ladder: None,
    };
    RulesDraft {
        pools: 1,
        services: vec![rule(&[]), rule(&[0]), rule(&[])],
        head_starts_ms: vec![0, 600_000, 1_800_000, 900_000],
        ..RulesDraft::default()
    }
}

/// Numbers for A, B and A2, a green channel, appointments for B every half hour of the morning.
#[must_use]
pub fn draft() -> TicketRulesDraft {
    let appointments = Schedule {
        class: IN_TIME,
        each: 2,
        ..Schedule::new(&[B], &[OpenSpan::new((9, 0), (12, 0))])
    };
    TicketRulesDraft {
        services: vec![
            TicketService::new(A, "A"),
            TicketService::new(B, "B"),
            TicketService::new(A2, "A"),
        ],
        marks: vec![(GREEN, "V".to_owned())],
        topped: Some(TOPPED),
        schedules: vec![appointments],
        ..TicketRulesDraft::new(calendar())
    }
}

impl TicketHall {
    /// A hall on Monday, 2026-03-02, at nine, with room for 64 tickets.
    ///
    /// # Panics
    ///
    /// If the rules are wrong.
    #[must_use]
    pub fn new(draft: TicketRulesDraft) -> Self {
        Self::with_room(draft, 64)
    }

    /// The same with room for so many tickets.
    ///
    /// # Panics
    ///
    /// If the rules are wrong.
    #[must_use]
    pub fn with_room(draft: TicketRulesDraft, tickets: u32) -> Self {
        let rules = checked(engine_rules());
        let of_tickets = draft.check(&rules).expect("rules of tickets without mistakes");
        let bounds = Bounds::new(tickets.saturating_mul(2), 3);
        let (engine, advancer) = Engine::new(rules, bounds).expect("bounds in range");
        let bounds = TicketBounds { tickets, windows: 3 };
        let hall = Tickets::new(engine, of_tickets, bounds);
        let now = Now::after(at("2026-03-02 09:00"), 0);
        let mut all =
            Self { tickets: hall, advancer, outbox: Outbox::default(), told: Vec::new(), now };
        for window in 0..3 {
            let skills: Skills = (0..u8::from(window < 2)).map(SkillId).collect();
            let spec = ClerkSpec { units: 1, ..ClerkSpec::new(&[PoolId(0)], skills) };
            let clerk = ClerkId(window);
            let engine = all.tickets.engine().clone();
            engine.sign_in(&mut all.cx(), clerk, &spec).expect("a clerk");
            let number = u16::try_from(window).expect("a small number");
            all.tickets.sit(WindowId(number), clerk).expect("a window");
        }
        all
    }

    /// A call now.
    pub fn cx(&mut self) -> Cx<'_> {
        Cx::new(self.now, &mut self.outbox)
    }

    /// Calls a verb now.
    pub fn ask<T>(
        &mut self,
        verb: impl FnOnce(&Tickets, &mut Cx<'_>, &mut Vec<TicketEvent>) -> T,
    ) -> T {
        verb(&self.tickets, &mut Cx::new(self.now, &mut self.outbox), &mut self.told)
    }

    /// Lets time pass, on both clocks.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn pass_ms(&mut self, ms: u64) {
        let wall = self.now.wall.0 + i64::try_from(ms).expect("a time of a test");
        self.now.mono = self.now.mono.plus_ms(ms);
        self.now.wall = qiangdan::Wall(wall);
    }

    /// Lets minutes pass.
    pub fn pass_min(&mut self, minutes: u64) {
        self.pass_ms(minutes * 60_000);
    }

    /// Lets time pass until an instant on the wall, and lets happen what is due.
    ///
    /// # Panics
    ///
    /// If it is over.
    pub fn until(&mut self, wall: &str) {
        let ms = at(wall).0 - self.now.wall.0;
        self.pass_ms(u64::try_from(ms).expect("an instant to come"));
        self.advance();
    }

    /// Lets everything happen that is due.
    pub fn advance(&mut self) {
        while !self.ask(|tickets, cx, told| tickets.advance(cx, told, 3)).is_done {}
    }

    /// Takes a number.
    ///
    /// # Errors
    ///
    /// As the verb.
    pub fn try_take(
        &mut self,
        person: u64,
        services: &[ServiceId],
        class: ClassId,
    ) -> Result<Taken, TakeError> {
        let ask = TakeNumber::new(PersonKey(person), services).class(class);
        self.ask(|tickets, cx, told| tickets.take(cx, told, &ask))
    }

    /// Takes an ordinary number that must be given.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn take(&mut self, person: u64, services: &[ServiceId]) -> TicketId {
        self.try_take(person, services, ClassId(0)).expect("a number").ticket
    }

    /// Calls the next number.
    ///
    /// # Errors
    ///
    /// As the verb.
    ///
    /// # Panics
    ///
    /// If it is an order without a ticket.
    pub fn try_call(&mut self, window: u16) -> Result<Called, CallError> {
        match self.ask(|tickets, cx, told| tickets.call(cx, told, WindowId(window)))? {
            Call::Ticket(called) => Ok(called),
            Call::Order(order) => panic!("{order:?} has no ticket"),
        }
    }

    /// Calls the next number, which must be there.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn call(&mut self, window: u16) -> TicketId {
        self.try_call(window).expect("somebody waits").ticket
    }

    /// The state of a ticket.
    ///
    /// # Panics
    ///
    /// If it is gone.
    #[must_use]
    pub fn state(&self, ticket: TicketId) -> TicketState {
        self.tickets.ticket(ticket).expect("a ticket").state
    }

    /// What is printed on a ticket.
    ///
    /// # Panics
    ///
    /// If it has no number.
    #[must_use]
    pub fn text(&self, ticket: TicketId) -> String {
        let number = self.tickets.ticket(ticket).and_then(|view| view.number);
        self.tickets.rules().text_of(number.expect("a number"))
    }
}
