//! A morning at the ticket machine, by `examples/halls/one-window.toml`: appointments, numbers, a cart, a
//! number that passes and is taken back, one that is sent to another window, and the end of the day.
//!
//!   cargo run --example ticket_machine

use std::error::Error;

use qiangdan::{
    Bounds, ClassId, ClerkId, ClerkSpec, Cx, Engine, Now, Outbox, PoolId, ServiceId, SkillId,
    Skills,
    calendar::Day,
    hall::Hall,
    ticket::{
        Call, PersonKey, TakeNumber, TicketBounds, TicketEvent, TicketEventKind as K, TicketId,
        TicketOutcome, Tickets, WindowId,
    },
};

/// The hall, its clock, and what happened since it was last printed.
struct Morning {
    hall: Hall,
    tickets: Tickets,
    events: Outbox,
    told: Vec<TicketEvent>,
    day: Day,
    minutes: u32,
}

impl Morning {
    fn now(&self) -> Result<Now, Box<dyn Error>> {
        let calendar = &self.tickets.rules().draft().calendar;
        let midnight = calendar.begins(self.day)?;
        Ok(Now::after(midnight, u64::from(self.minutes) * 60_000))
    }

    /// Calls a verb at a time of day, and prints what it told.
    fn at<T, E: Error + 'static>(
        &mut self,
        time: (u32, u32),
        verb: impl FnOnce(&Tickets, &mut Cx<'_>, &mut Vec<TicketEvent>) -> Result<T, E>,
    ) -> Result<T, Box<dyn Error>> {
        self.minutes = time.0 * 60 + time.1;
        let now = self.now()?;
        let answer = verb(&self.tickets, &mut Cx::new(now, &mut self.events), &mut self.told);
        self.print();
        Ok(answer?)
    }

    #[expect(clippy::print_stdout, reason = "an example shows what it does")]
    fn print(&mut self) {
        for event in self.told.drain(..) {
            let number = event.number.map(|number| self.tickets.rules().text_of(number));
            let number = number.unwrap_or_else(|| "----".to_owned());
            let key = |service: ServiceId| self.hall.services()[service.index()].key.as_str();
            let what = match event.kind {
                K::Booked { service, .. } => format!("books {}", key(service)),
                K::Taken { service, services: 1, .. } => {
                    format!("takes a number for {}", key(service))
                }
                K::Taken { service, services, .. } => {
                    format!("takes a number for {} and {} more", key(service), services - 1)
                }
                K::CheckedIn { .. } => "checks in".to_owned(),
                K::Called { window: Some(window), wait_ms, .. } => {
                    format!("called to {window} after {} min", wait_ms / 60_000)
                }
                K::TakenBack { window, .. } => format!("taken back by {window}"),
                K::Forwarded { to, .. } => format!("sent to {to}"),
                K::ServiceDone { service, .. } => format!("done with {}", key(service)),
                kind => format!("{kind:?}").to_lowercase(),
            };
            let (hour, minute) = (self.minutes / 60, self.minutes % 60);
            println!("{hour:02}:{minute:02}  {number:>5}  {what}  → {:?}", event.to);
        }
    }

    fn take(
        &mut self,
        time: (u32, u32),
        person: u64,
        services: &[ServiceId],
        class: ClassId,
    ) -> Result<TicketId, Box<dyn Error>> {
        let ask = TakeNumber::new(PersonKey(person), services).class(class);
        Ok(self.at(time, |tickets, cx, told| tickets.take(cx, told, &ask))?.ticket)
    }

    fn call(&mut self, time: (u32, u32), window: WindowId) -> Result<TicketId, Box<dyn Error>> {
        match self.at(time, |tickets, cx, told| tickets.call(cx, told, window))? {
            Call::Ticket(called) => Ok(called.ticket),
            Call::Order(_) => Err("an order without a ticket".into()),
        }
    }

    fn serve(
        &mut self,
        (from, to): ((u32, u32), (u32, u32)),
        window: WindowId,
        ticket: TicketId,
    ) -> Result<(), Box<dyn Error>> {
        self.at(from, |tickets, cx, told| tickets.arrive(cx, told, window, ticket))?;
        let outcome = TicketOutcome::Accepted;
        self.at(to, |tickets, cx, told| tickets.finish(cx, told, window, ticket, outcome))?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let hall = Hall::parse("one-window.toml", include_str!("../halls/one-window.toml"))?.hall;
    let rules = hall.tickets().ok_or("the hall gives numbers")?.clone();
    let (engine, _advancer) = Engine::new(hall.rules(), Bounds::new(100, 2))?;
    let bounds = TicketBounds { tickets: 100, windows: 2 };
    let tickets = Tickets::new(engine.clone(), rules, bounds);
    let (events, told) = (Outbox::default(), Vec::new());
    let day = "2026-03-02".parse()?;
    let mut morning = Morning { hall, tickets, events, told, day, minutes: 0 };

    // Window 0 can do everything; window 1 does identity cards and companies.
    let (first, second) = (WindowId(0), WindowId(1));
    for (window, skills) in [(first, 2), (second, 1)] {
        let skills: Skills = (0..skills).map(SkillId).collect();
        let clerk = ClerkId(window.0.into());
        let spec = ClerkSpec { units: 1, ..ClerkSpec::new(&[PoolId(0)], skills) };
        let now = morning.now()?;
        engine.sign_in(&mut Cx::new(now, &mut morning.events), clerk, &spec)?;
        morning.tickets.sit(window, clerk)?;
    }
    let [id_card, company, property] = [0, 1, 2].map(ServiceId);
    let (ordinary, green) = (ClassId(0), ClassId(1));

    let ten = morning.tickets.rules().draft().calendar.instant(day, 10 * 3_600_000)?;
    let booked = morning
        .at((8, 31), |tickets, cx, told| tickets.book(cx, told, PersonKey(1), property, ten))?;
    let cart = morning.take((8, 45), 2, &[company, property], ordinary)?;
    let walk_in = morning.take((8, 50), 3, &[id_card], ordinary)?;
    let elderly = morning.take((8, 53), 4, &[id_card], green)?;

    // Who is ten minutes ahead goes first; the cart begins at the window that cannot finish it.
    let called = morning.call((9, 0), second)?;
    morning.serve(((9, 1), (9, 7)), second, called)?;
    let called = morning.call((9, 7), second)?;
    morning.serve(((9, 8), (9, 20)), second, called)?;
    let called = morning.call((9, 21), first)?;
    morning.serve(((9, 22), (9, 40)), first, called)?;

    // Nobody comes; a minute later somebody does.
    let called = morning.call((9, 41), second)?;
    morning.at((9, 42), |tickets, cx, told| tickets.recall(cx, told, second, called))?;
    morning.at((9, 43), |tickets, cx, told| tickets.pass(cx, told, second, called, 1))?;
    morning.at((9, 44), |tickets, cx, told| tickets.take_back(cx, told, second, called))?;
    morning.at((9, 45), |tickets, cx, told| tickets.forward(cx, told, second, called, first))?;

    // The appointment comes a little late and is in time; what was sent to the window goes before it.
    morning.at((10, 5), |tickets, cx, told| tickets.check_in(cx, told, booked))?;
    let called = morning.call((10, 6), first)?;
    morning.serve(((10, 7), (10, 12)), first, called)?;
    let called = morning.call((10, 12), first)?;
    morning.serve(((10, 13), (10, 30)), first, called)?;

    // Somebody still waits when the hall closes: the place is kept, as the file says.
    morning.take((16, 44), 5, &[property], ordinary)?;
    let services = [id_card];
    let late = TakeNumber::new(PersonKey(6), &services);
    let refused = morning.at((16, 45), |tickets, cx, told| tickets.take(cx, told, &late));
    assert!(refused.is_err(), "intake has stopped");
    morning.at((17, 30), |tickets, cx, told| {
        tickets.end_day(cx, told, day, usize::MAX);
        Ok::<_, std::fmt::Error>(())
    })?;

    let all = [booked, cart, walk_in, elderly].map(|ticket| morning.tickets.ticket(ticket));
    assert!(all.iter().flatten().all(|view| !view.state.is_open()), "everybody was served");
    Ok(())
}
