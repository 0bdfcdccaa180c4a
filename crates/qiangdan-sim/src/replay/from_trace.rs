//! The recorded starts and ends as grabs and completions.

use qiangdan::{
    Advancer, Bounds, Claim, ClerkId, ClerkSpec, ClockRules, Engine, EventKind, Mono, Now, OrderId,
    OrderSpec, Outcome, PoolId, Reason, Rules, RulesDraft, ServiceId, ServiceRule, Skills, Wall,
    hall::Hall,
};

use super::{
    LocalDays, ReplayError, known_services,
    recorded::{self, Wait},
};
use crate::{
    keep::tell,
    of_hall,
    promises::{self, ClockKeeper, LimitCounts},
    report::{Day, Named, Shape, Tally},
    trace::{Trace, TraceOrder},
    watch::Told,
};

/// Everyone who was recorded, as one clerk who may do everything and hold any number.
const ANYONE: ClerkId = ClerkId(0);

/// Replays the trace; the tally of what the engine reports, and of what was recorded.
pub(super) fn run(
    hall: &Hall,
    trace: &Trace,
    orders: &[&TraceOrder],
    days: &LocalDays,
) -> Result<(Tally, Tally, Vec<LimitCounts>), ReplayError> {
    let known = known_services(hall, trace);
    let (shape, rules) = (shape(hall, trace, &known, days), rules(hall, &known));
    let moments = moments(orders, days);
    let mut run = Run::new(&shape, rules, trace, orders, days, &moments)?;
    for moment in moments {
        run.reach(moment)?;
    }
    let limits = run.clocks.finish(Now::after(Wall(days.origin_ms()), run.reached_ms).wall);
    run.events.assert_right(&run.engine);
    let recorded = recorded::tally(&shape, orders, days, service_of);
    Ok((recorded::merge(&shape, run.told), recorded, limits))
}

/// Recorded services are services of the run, in the order of the trace.
fn service_of(recorded: u32) -> ServiceId {
    ServiceId(u16::try_from(recorded).unwrap_or(u16::MAX))
}

fn shape(hall: &Hall, trace: &Trace, known: &[Option<ServiceId>], days: &LocalDays) -> Shape {
    let of_hall = of_hall::shape(hall);
    let named = |(recorded, known): (&String, &Option<ServiceId>)| match known {
        Some(service) => {
            let name = of_hall.services[service.index()].name.clone();
            Named { key: recorded.clone(), name }
        }
        None => Named { key: recorded.clone(), name: recorded.as_str().into() },
    };
    let services = trace.services.iter().zip(known).map(named).collect();
    let (first_half_hour, last_half_hour) = days.half_hours();
    Shape { services, windows: Vec::new(), first_half_hour, last_half_hour, ..of_hall }
}

/// One service for each recorded one, under the limit that the hall gives it. A service the hall does
/// not list is under the hall's limit on waits, if it has only one.
fn rules(hall: &Hall, known: &[Option<ServiceId>]) -> Rules {
    let of_hall = hall.rules();
    let limit_of = |rule: &ServiceRule| (rule.wait_limit_ms, rule.ladder);
    let mut limits: Vec<_> = of_hall.services().iter().map(limit_of).collect();
    limits.retain(|(limit_ms, _)| limit_ms.is_some());
    limits.dedup();
    let usual = if let [only] = limits[..] { only } else { (None, None) };
    let service = |known: &Option<ServiceId>| {
        let rule = known.and_then(|service| of_hall.service(service));
        let (wait_limit_ms, ladder) = rule.map_or(usual, limit_of);
        ServiceRule { pool: PoolId(0), needs: Skills::none(), wait_limit_ms, ladder }
    };
    let draft = RulesDraft {
        pools: of_hall.pools(),
        services: known.iter().map(service).collect(),
        head_starts_ms: vec![0],
        ladders: hall.ladders().iter().map(|ladder| ladder.ladder.clone()).collect(),
        target: of_hall.target(),
        dedup_window_ms: 0,
        clocks: clocks(hall, known),
        ..RulesDraft::default()
    };
    draft.check().expect("limits and ladders are those of checked rules")
}

/// The limits of the hall by the calendar, on the recorded services that it knows.
fn clocks(hall: &Hall, known: &[Option<ServiceId>]) -> ClockRules {
    let of_hall = promises::clocks(hall);
    let recorded = (0..).map(ServiceId).zip(known);
    let of_services = recorded.flat_map(|(recorded, known)| {
        let of_known = of_hall.of_services.iter().filter(|(service, _)| *known == Some(*service));
        of_known.map(move |&(_, limit)| (recorded, limit)).collect::<Vec<_>>()
    });
    ClockRules { of_services: of_services.collect(), ..of_hall }
}

/// What was recorded of one order, in the order within an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    Ended,
    Arrived,
    Began,
    Left,
    Closed,
    StillWaits,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Moment {
    at_ms: i64,
    what: What,
    /// Position in the list of orders.
    order: u32,
}

fn moments(orders: &[&TraceOrder], days: &LocalDays) -> Vec<Moment> {
    let ends = recorded::ends_of_days(orders, days);
    let mut moments = Vec::with_capacity(orders.len() * 3);
    for (at, order) in (0..).zip(orders) {
        let mut push = |at_ms, what| moments.push(Moment { at_ms, what, order: at });
        push(order.arrived_ms, What::Arrived);
        match recorded::wait_of(order) {
            Wait::Began(began_ms) => {
                push(began_ms, What::Began);
                // Without an end, or with an end at the same instant, it is over at once.
                if let Some(ended_ms) = order.ended_ms.filter(|&ended_ms| ended_ms > began_ms) {
                    push(ended_ms, What::Ended);
                }
            }
            Wait::Left(left_ms) => push(left_ms, What::Left),
            Wait::Unknown(closed_ms) => push(closed_ms, What::Closed),
            Wait::Open => push(ends[days.find(order.arrived_ms).0], What::StillWaits),
        }
    }
    moments.sort_unstable();
    moments
}

/// The most orders open at once.
fn open_max(moments: &[Moment], orders: &[&TraceOrder]) -> u32 {
    let (mut open, mut most) = (0_u32, 0);
    for moment in moments {
        match moment.what {
            What::Arrived => open += 1,
            What::Began => {
                let order = orders[moment.order as usize];
                open -= u32::from(order.ended_ms.is_none_or(|ended_ms| ended_ms <= moment.at_ms));
            }
            _ => open -= 1,
        }
        most = most.max(open);
    }
    most
}

struct Run<'a> {
    engine: Engine,
    advancer: Advancer,
    trace: &'a Trace,
    orders: &'a [&'a TraceOrder],
    days: &'a LocalDays,
    told: Vec<Day>,
    ids: Vec<Option<OrderId>>,
    claims: Vec<Option<Claim>>,
    events: Told,
    waiting: u32,
    queue_day: usize,
    waiting_before: u32,
    clocks: ClockKeeper,
    reached_ms: u64,
}

impl<'a> Run<'a> {
    fn new(
        shape: &Shape,
        rules: Rules,
        trace: &'a Trace,
        orders: &'a [&'a TraceOrder],
        days: &'a LocalDays,
        moments: &[Moment],
    ) -> Result<Self, ReplayError> {
        let pools: Vec<_> = (0..rules.pools()).map(PoolId).collect();
        let clocks = ClockKeeper::new(&rules);
        // With limits by the calendar an order may outlast its close.
        let open = match rules.clocks().of_services.is_empty() {
            true => open_max(moments, orders),
            false => u32::try_from(orders.len()).unwrap_or(u32::MAX - 1),
        };
        let bounds = Bounds::new(open + 1, 1);
        let (engine, mut advancer) = Engine::new(rules, bounds)?;
        let mut events = Told::checked_in_debug(engine.rules());
        let now = Now::after(Wall(days.origin_ms()), 0);
        events.call(now, |cx| advancer.advance(cx));
        let spec = ClerkSpec { units: u32::MAX, ..ClerkSpec::new(&pools, Skills::none()) };
        events.signs_in(ANYONE, &spec);
        events
            .call(now, |cx| engine.sign_in(cx, ANYONE, &spec))
            .expect("the only clerk, and the pools of the rules");
        Ok(Self {
            engine,
            advancer,
            trace,
            orders,
            days,
            told: (0..days.len()).map(|_| Day::new(shape)).collect(),
            ids: vec![None; orders.len()],
            claims: vec![None; orders.len()],
            events,
            waiting: 0,
            queue_day: 0,
            waiting_before: 0,
            clocks,
            reached_ms: 0,
        })
    }

    fn reach(&mut self, moment: Moment) -> Result<(), ReplayError> {
        let at_ms = self.days.run_ms(moment.at_ms);
        self.advance_before(at_ms);
        self.reached_ms = at_ms;
        let now = Now::after(Wall(self.days.origin_ms()), at_ms);
        let told = self.tell_engine(now, moment);
        told.map_err(|refused| ReplayError::Refused {
            order: self.trace.id(self.orders[moment.order as usize]).to_owned(),
            refused,
        })?;
        if moment.what != What::Ended {
            self.note_queue(moment.at_ms);
        }
        Ok(())
    }

    /// Does in the engine what was recorded; an error is the engine's refusal in words.
    fn tell_engine(&mut self, now: Now, moment: Moment) -> Result<(), String> {
        let order = self.orders[moment.order as usize];
        let at = moment.order as usize;
        let service = service_of(order.service);
        let (day, of_day_ms) = self.days.find(order.arrived_ms);
        let waited_ms = u64::try_from(moment.at_ms - order.arrived_ms).unwrap_or(0);
        let id = self.ids[at].ok_or("it has not arrived yet");
        match moment.what {
            What::Arrived => {
                let spec = OrderSpec::new(service).tag(u64::from(moment.order));
                self.ids[at] = Some(
                    self.events
                        .call(now, |cx| self.engine.submit(cx, &spec))
                        .map_err(in_words)?
                        .order,
                );
                self.tell_clocks();
                self.told[day].arrived(service, of_day_ms);
                self.waiting += 1;
            }
            What::Began => {
                let (engine, id, events) = (&self.engine, id?, &mut self.events);
                let grabbed =
                    events.call(now, |cx| engine.grab_order(cx, ANYONE, id)).map_err(in_words)?;
                self.count_breaches(at);
                let (engine, events) = (&self.engine, &mut self.events);
                events.call(now, |cx| engine.start(cx, grabbed.claim)).map_err(in_words)?;
                self.tell_clocks();
                self.told[day].claimed(service, of_day_ms, grabbed.wait_ms);
                self.waiting -= 1;
                if order.ended_ms.is_some_and(|ended_ms| ended_ms > moment.at_ms) {
                    self.claims[at] = Some(grabbed.claim);
                } else {
                    self.complete(now, grabbed.claim)?;
                }
            }
            What::Ended => {
                let claim = self.claims[at].ok_or("it has not begun yet")?;
                self.complete(now, claim)?;
            }
            What::Left => {
                self.cancel(now, id?, Reason::Abandoned)?;
                self.told[day].abandoned(service, of_day_ms, waited_ms);
                self.waiting -= 1;
            }
            What::Closed => {
                self.cancel(now, id?, Reason::Withdrawn(0))?;
                self.waiting -= 1;
            }
            What::StillWaits => {
                self.cancel(now, id?, Reason::EndOfDay)?;
                self.told[day].still_waiting(service, of_day_ms, waited_ms);
                self.waiting -= 1;
            }
        }
        Ok(())
    }

    fn complete(&mut self, now: Now, claim: Claim) -> Result<(), String> {
        let done = self.events.call(now, |cx| self.engine.complete(cx, claim, Outcome::Done));
        self.tell_clocks();
        done.map_err(in_words)
    }

    fn cancel(&mut self, now: Now, order: OrderId, reason: Reason) -> Result<(), String> {
        let gone = self.events.call(now, |cx| self.engine.cancel(cx, order, reason));
        self.tell_clocks();
        gone.map_err(in_words)
    }

    /// Tells what the latest call has made of clocks.
    fn tell_clocks(&mut self) {
        self.events.events().iter().for_each(|event| self.clocks.event(event));
    }

    /// Lets everything happen in the engine that is due before an instant.
    fn advance_before(&mut self, at_ms: u64) {
        let Some(before_ms) = at_ms.checked_sub(1) else { return };
        if self.advancer.next_look().is_none_or(|Mono(look_ms)| look_ms > before_ms) {
            return;
        }
        let now = Now::after(Wall(self.days.origin_ms()), before_ms);
        self.events.call(now, |cx| self.advancer.advance_all(cx));
        for event in self.events.events() {
            self.clocks.event(event);
            let order = usize::try_from(event.tag).ok().and_then(|at| self.orders.get(at));
            let Some(order) = order.filter(|_| event.order.is_some()) else { continue };
            let (day, _) = self.days.find(order.arrived_ms);
            tell(&mut self.told[day], self.engine.rules(), event, service_of(order.service));
        }
    }

    /// A breach in the very millisecond of a grab is told by the grab.
    fn count_breaches(&mut self, at: usize) {
        let order = self.orders[at];
        let (day, _) = self.days.find(order.arrived_ms);
        for event in self.events.events() {
            self.clocks.event(event);
            if let EventKind::LimitBreached { .. } = event.kind {
                self.told[day].breach(service_of(order.service));
            }
        }
    }

    fn note_queue(&mut self, at_ms: i64) {
        let (day, of_day_ms) = self.days.find(at_ms);
        if day != self.queue_day {
            self.queue_day = day;
            self.told[day].waiting_now(0, self.waiting_before);
        }
        self.waiting_before = self.waiting;
        self.told[day].waiting_now(of_day_ms, self.waiting);
    }
}

fn in_words(refused: impl std::fmt::Display) -> String {
    refused.to_string()
}
