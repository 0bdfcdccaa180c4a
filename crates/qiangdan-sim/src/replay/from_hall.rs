//! The recorded people, served by the hall's clerks: what if.

use qiangdan::{ClassId, Now, ServiceId, Wall, hall::Hall};

use super::{LocalDays, Replay, ReplayError, known_services, recorded};
use crate::{
    dice::{Purpose, Sampler, Stream},
    driver::{Arriving, Driver, Setup, Source},
    keep::Keeper,
    of_hall::{self, DAY_MS},
    promises::{self, LimitCounts},
    report::{Day, Shape, Tally},
    trace::{Outcome, Trace, TraceOrder},
};

/// Replays the trace; the tally of what the hall would make of it, and of what was recorded.
pub(super) fn run(
    hall: &Hall,
    trace: &Trace,
    orders: &[&TraceOrder],
    days: &LocalDays,
    replay: &Replay,
) -> Result<(Tally, Tally, Vec<LimitCounts>), ReplayError> {
    if hall.clerks().is_empty() {
        return Err(ReplayError::NoClerks);
    }
    let services = services(hall, trace, orders, replay.others_as.as_deref())?;
    let service_of = |recorded: u32| services[recorded as usize];
    let shape = shape(hall, days);
    let people = People::new(hall, orders, days, &service_of, replay.seed)?;
    let (told, limits) = drive(hall, &shape, people, days)?;
    let recorded = recorded::tally(&shape, orders, days, service_of);
    Ok((recorded::merge(&shape, told), recorded, limits))
}

fn drive(
    hall: &Hall,
    shape: &Shape,
    mut people: People,
    days: &LocalDays,
) -> Result<(Vec<Day>, Vec<LimitCounts>), ReplayError> {
    let rules = promises::rules(hall);
    // Recorded people may pile up beyond what the hall planned for; nobody is turned away.
    let orders = u32::try_from(people.arriving.len()).unwrap_or(u32::MAX).max(1);
    let start = Wall(days.origin_ms());
    let setup = Setup { rules: rules.clone(), orders, seats: of_hall::seats(hall), start };
    let mut driver = Driver::new(setup)?.checked_in_debug();
    for start_ms in days.starts_ms() {
        driver.schedule(of_hall::duties(hall, start_ms));
        if of_hall::closes(hall) {
            driver.close_at(start_ms + DAY_MS);
        }
    }
    let window_of: Vec<_> = hall.clerks().iter().map(|clerk| clerk.window).collect();
    let told = (0..days.len()).map(|_| Day::new(shape)).collect();
    let mut keeper = Keeper::new(told, days.starts_ms(), &rules, &window_of);
    driver.run(&mut people, &mut keeper);
    driver.run_on(driver.last_ms(), &mut keeper);
    let limits = keeper.clocks.finish(Now::after(start, driver.last_ms()).wall);
    driver.assert_right();
    Ok((keeper.days, limits))
}

/// The hall's services, for each of the trace's that occurs in `orders`.
fn services(
    hall: &Hall,
    trace: &Trace,
    orders: &[&TraceOrder],
    others_as: Option<&str>,
) -> Result<Vec<ServiceId>, ReplayError> {
    let others = match others_as {
        None => None,
        Some(key) => {
            let found = hall.services().iter().find(|service| service.key == key);
            let none = || ReplayError::NoSuchService {
                key: key.to_owned(),
                known: hall.services().iter().map(|service| service.key.clone()).collect(),
            };
            Some(found.ok_or_else(none)?.id)
        }
    };
    let mut occurs = vec![false; trace.services.len()];
    for order in orders {
        occurs[order.service as usize] = true;
    }
    let known = known_services(hall, trace);
    let mut names = Vec::new();
    let found = known.into_iter().zip(occurs).zip(&trace.services);
    let services = found.map(|((known, occurs), name)| match known.or(others) {
        Some(service) => service,
        None => {
            if occurs {
                names.push(name.clone());
            }
            ServiceId(0)
        }
    });
    let services = services.collect();
    if names.is_empty() { Ok(services) } else { Err(ReplayError::UnknownServices { names }) }
}

/// The hall's shape, with room for the half hours in which people were recorded.
fn shape(hall: &Hall, days: &LocalDays) -> Shape {
    let shape = of_hall::shape(hall);
    let (first, last) = days.half_hours();
    Shape {
        first_half_hour: shape.first_half_hour.min(first),
        last_half_hour: shape.last_half_hour.max(last),
        ..shape
    }
}

/// The recorded people, with what was not recorded about them drawn by lot.
struct People {
    arriving: Vec<Arriving>,
    at: usize,
}

impl People {
    fn new(
        hall: &Hall,
        orders: &[&TraceOrder],
        days: &LocalDays,
        service_of: &impl Fn(u32) -> ServiceId,
        seed: u64,
    ) -> Result<Self, ReplayError> {
        let takes = hall.services().iter().map(|service| of_hall::law(service.takes).sampler());
        let takes: Vec<Sampler> = takes.collect::<Result<_, _>>()?;
        let leave = hall.arrivals().and_then(|arrivals| arrivals.leave_after);
        let leave = leave.map(|law| of_hall::law(law).sampler()).transpose()?;
        let mut duration = Stream::new(seed, 0, Purpose::Duration);
        let mut leaving = Stream::new(seed, 0, Purpose::Patience);
        let arrive = |(number, order): (u32, &&TraceOrder)| {
            let service = service_of(order.service);
            // Drawn in any case, so that one person's record does not change the next one's lot.
            let takes_ms = takes[service.index()].draw_ms(&mut duration);
            let patience_ms = leave.as_ref().map(|law| law.draw_ms(&mut leaving));
            Arriving {
                at_ms: days.run_ms(order.arrived_ms),
                service,
                class: class_of(hall, order.priority),
                takes_ms: recorded_takes_ms(order).unwrap_or(takes_ms),
                patience_ms: recorded_patience_ms(order).or(patience_ms),
                number,
            }
        };
        let arriving = (0..).zip(orders).map(arrive).collect();
        Ok(Self { arriving, at: 0 })
    }
}

impl Source for People {
    fn peek_ms(&self) -> Option<u64> {
        self.arriving.get(self.at).map(|arriving| arriving.at_ms)
    }

    fn next(&mut self) -> Arriving {
        self.at += 1;
        self.arriving[self.at - 1]
    }
}

/// The hall's class `priority-N` for priority N, or the ordinary one.
fn class_of(hall: &Hall, priority: i32) -> ClassId {
    let key = format!("priority-{priority}");
    hall.classes().iter().find(|class| class.key == key).map_or(ClassId(0), |class| class.id)
}

fn recorded_takes_ms(order: &TraceOrder) -> Option<u64> {
    let (began_ms, ended_ms) = (order.started_ms, order.ended_ms);
    let lasted = began_ms.zip(ended_ms).and_then(|(from, to)| u64::try_from(to - from).ok());
    order.service_ms.or(lasted)
}

/// How long a person is known to have waited before leaving. How long the others would have is not
/// recorded.
fn recorded_patience_ms(order: &TraceOrder) -> Option<u64> {
    if order.outcome != Outcome::Abandoned {
        return None;
    }
    let left = order.ended_ms.and_then(|ended_ms| u64::try_from(ended_ms - order.arrived_ms).ok());
    order.patience_ms.or(left)
}
