//! Random days of a hall through the engine.
//!
//! Days are independent replications: each has dice of its own, drawn from the seed and the day's number,
//! so the result is the same however many threads share the work. What chance decides about an order is
//! drawn when it arrives and travels with it: the same person comes, whatever the hall does.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    thread,
};

use qiangdan::{
    BoundsError, ClassId, Now, Rules, ServiceId, Wall, calendar::Day as CalendarDay, hall::Hall,
};

use crate::{
    dated::{Dates, DatesError},
    dice::{
        Arrivals, ArrivalsError, Choice, ChoiceError, LawError, Purpose, STREAM_VERSION, Sampler,
        Slot, Stream,
    },
    driver::{Arriving, Driver, Setup, Source},
    keep::Keeper,
    of_hall::{self, DAY_MS},
    promises::{self, ClockKeeper, LimitCounts},
    report::{self, Day, Report, Tally},
};

/// What to simulate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Simulation {
    /// How many days.
    pub days: u32,
    /// Decides all dice: the same seed, the same days.
    pub seed: u64,
    /// How many threads share the work; the result does not depend on it.
    pub threads: NonZeroUsize,
}

/// Why a hall cannot be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The hall file has no `[arrivals]`. Say who comes.
    #[error("the hall file has no [arrivals]: say how many come in each half hour, and for what")]
    NoArrivals,
    /// The hall file has no clerk.
    #[error("the hall file has no [[clerks]]: say who serves, and when")]
    NoClerks,
    /// Something about the arrivals cannot be.
    #[error("the arrivals of the hall file cannot be: {0}")]
    Arrivals(#[from] ArrivalsError),
    /// Something about the mix cannot be.
    #[error("the mix of the hall file cannot be: {0}")]
    Mix(#[from] ChoiceError),
    /// Something about a duration cannot be.
    #[error("a duration of the hall file cannot be: {0}")]
    Law(#[from] LawError),
    /// The days cannot have these dates.
    #[error("{0}; another `--from`, fewer days, or a calendar that reaches further")]
    Dates(#[from] DatesError),
    /// The hall is too large.
    #[error("the hall is too large: {0}")]
    Bounds(#[from] BoundsError),
    /// More people came than the engine has room for.
    #[error(
        "{refused} orders were refused because {orders} were open already; \
         raise `orders` in [bounds], or open more windows"
    )]
    Full {
        /// How many.
        refused: u64,
        /// The bound.
        orders: u32,
    },
}

/// Simulates days of `hall`; `progress` is told each time a day is done.
///
/// # Errors
///
/// See [`SimulateError`].
pub fn simulate(
    hall: &Hall,
    simulation: Simulation,
    progress: &(dyn Fn() + Sync),
) -> Result<Report, SimulateError> {
    run(hall, simulation, None, progress)
}

/// The same with dates: the first day is `from` or the next on which the hall's calendar is open, and so
/// on. Limits by the calendar are timed, and hours that the calendar does not have on a day are left
/// out: nobody comes, and nobody is on shift.
///
/// Days are independent all the same: a clock that runs on at midnight has neither been kept nor missed,
/// unless it was due by then. Nobody tells a run of milestones and pauses, so limits that they start
/// do not begin.
///
/// # Errors
///
/// See [`SimulateError`].
pub fn simulate_from(
    hall: &Hall,
    simulation: Simulation,
    from: CalendarDay,
    progress: &(dyn Fn() + Sync),
) -> Result<Report, SimulateError> {
    let dates = Dates::of(hall, from, simulation.days)?;
    run(hall, simulation, Some(&dates), progress)
}

fn run(
    hall: &Hall,
    simulation: Simulation,
    dates: Option<&Dates>,
    progress: &(dyn Fn() + Sync),
) -> Result<Report, SimulateError> {
    let Simulation { days, seed, .. } = simulation;
    let (tally, limits) = tally(hall, simulation, dates, progress)?;
    let source = report::Source::Simulated { days, seed, streams: STREAM_VERSION };
    let limits = promises::uses(hall, &limits);
    Ok(Report { limits, ..tally.report(source, None) })
}

fn tally(
    hall: &Hall,
    simulation: Simulation,
    dates: Option<&Dates>,
    progress: &(dyn Fn() + Sync),
) -> Result<(Tally, Vec<LimitCounts>), SimulateError> {
    let dice = Dice::of(hall)?;
    let rules = if dates.is_some() { promises::rules(hall) } else { of_hall::rules(hall) };
    let next = AtomicU32::new(0);
    let share = || worker(hall, &rules, dice.clone(), simulation, dates, &next, progress);
    let threads = simulation.threads.get().min(simulation.days.max(1) as usize);
    let tallies: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
        let mine = share();
        let others = others.into_iter().map(|other| match other.join() {
            Ok(tally) => tally,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(mine).chain(others).collect()
    });
    let mut all = Tally::new(of_hall::shape(hall));
    let mut limits: Vec<LimitCounts> = ClockKeeper::new(&rules).finish(Wall::NEVER);
    for worked in tallies {
        let (tally, counts) = worked?;
        all.join(tally);
        limits.iter_mut().zip(&counts).for_each(|(sum, counts)| sum.add(counts));
    }
    Ok((all, limits))
}

/// Simulates whichever day is next, until none is left.
fn worker(
    hall: &Hall,
    rules: &Rules,
    mut dice: Dice,
    simulation: Simulation,
    dates: Option<&Dates>,
    next: &AtomicU32,
    progress: &(dyn Fn() + Sync),
) -> Result<(Tally, Vec<LimitCounts>), SimulateError> {
    let shape = of_hall::shape(hall);
    let window_of: Vec<_> = hall.clerks().iter().map(|clerk| clerk.window).collect();
    let orders = hall.bounds_orders();
    let setup = |start| {
        let (rules, seats) = (rules.clone(), of_hall::seats(hall));
        Driver::new(Setup { rules, orders, seats, start }).map(Driver::checked_in_debug)
    };
    let slots = of_hall::slots(hall);
    let mut driver = setup(Wall(0))?;
    let mut keeper = Keeper::new(vec![Day::new(&shape)], vec![0], rules, &window_of);
    let mut tally = Tally::new(shape);
    let mut limits = keeper.clocks.finish(Wall::NEVER);
    let mut start_ms = 0;
    loop {
        // Ordering: Relaxed. A number that nobody else gets.
        let day = next.fetch_add(1, Relaxed);
        if day >= simulation.days {
            driver.assert_right();
            return Ok((tally, limits));
        }
        let dated = dates.and_then(|dates| Some((dates, dates.day(day)?)));
        let duties = of_hall::duties(hall, start_ms);
        if let Some((dates, dated)) = dated {
            // A hall of its own for each date: nothing is left over from whichever day was before.
            driver.assert_right();
            driver = setup(dated.start)?;
            driver.schedule(dates.duties(dated, duties));
            dice.expect(dates.slots(dated, &slots))?;
        } else {
            driver.schedule(duties);
        }
        driver.close_at(start_ms + DAY_MS);
        dice.begin(simulation.seed, day, start_ms);
        keeper.begin(start_ms);
        driver.run(&mut dice, &mut keeper);
        let refused = driver.refused();
        if refused > 0 {
            return Err(SimulateError::Full { refused, orders });
        }
        if let Some((_, dated)) = dated {
            let end_ms = driver.last_ms().max(DAY_MS);
            driver.run_on(end_ms, &mut keeper);
            let counts = keeper.clocks.finish(Now::after(dated.start, end_ms).wall);
            limits.iter_mut().zip(&counts).for_each(|(sum, counts)| sum.add(counts));
        } else {
            start_ms = (driver.last_ms() / DAY_MS + 1) * DAY_MS;
        }
        tally.merge(day, &mut keeper.days[0]);
        progress();
    }
}

/// People who come by chance.
#[derive(Clone, Debug)]
struct Dice {
    arrivals: Arrivals,
    next_ms: Option<u64>,
    start_ms: u64,
    services: (Vec<ServiceId>, Choice),
    classes: (Vec<ClassId>, Choice),
    takes: Vec<Sampler>,
    patience: Option<Sampler>,
    service: Stream,
    class: Stream,
    duration: Stream,
    leaving: Stream,
    number: u32,
}

impl Dice {
    fn of(hall: &Hall) -> Result<Self, SimulateError> {
        let people = hall.arrivals().ok_or(SimulateError::NoArrivals)?;
        if hall.clerks().is_empty() {
            return Err(SimulateError::NoClerks);
        }
        let stream = |purpose| Stream::new(0, 0, purpose);
        let choice = |weights: Vec<f64>| Choice::new(&weights);
        let (services, mix): (Vec<_>, Vec<_>) = people.mix.iter().copied().unzip();
        let (classes, parts): (Vec<_>, Vec<_>) = people.classes.iter().copied().unzip();
        let takes = hall.services().iter().map(|service| of_hall::law(service.takes).sampler());
        let patience = people.leave_after.map(|takes| of_hall::law(takes).sampler());
        Ok(Self {
            arrivals: Arrivals::new(of_hall::slots(hall), stream(Purpose::Arrivals))?,
            next_ms: None,
            start_ms: 0,
            services: (services, choice(mix)?),
            classes: (classes, choice(parts)?),
            takes: takes.collect::<Result<_, _>>()?,
            patience: patience.transpose()?,
            service: stream(Purpose::Service),
            class: stream(Purpose::Class),
            duration: stream(Purpose::Duration),
            leaving: stream(Purpose::Patience),
            number: 0,
        })
    }

    /// Other numbers are expected from the next day on.
    fn expect(&mut self, slots: Vec<Slot>) -> Result<(), SimulateError> {
        self.arrivals = Arrivals::new(slots, Stream::new(0, 0, Purpose::Arrivals))?;
        Ok(())
    }

    /// The people of one day, which begins at `start_ms` of the run.
    fn begin(&mut self, seed: u64, day: u32, start_ms: u64) {
        let stream = |purpose| Stream::new(seed, u64::from(day), purpose);
        self.arrivals.restart(stream(Purpose::Arrivals));
        self.service = stream(Purpose::Service);
        self.class = stream(Purpose::Class);
        self.duration = stream(Purpose::Duration);
        self.leaving = stream(Purpose::Patience);
        (self.start_ms, self.number) = (start_ms, 0);
        self.next_ms = self.arrivals.next();
    }
}

impl Source for Dice {
    fn peek_ms(&self) -> Option<u64> {
        self.next_ms.map(|ms| self.start_ms + ms)
    }

    fn next(&mut self) -> Arriving {
        let at_ms = self.start_ms + self.next_ms.unwrap_or(0);
        self.next_ms = self.arrivals.next();
        let service = self.services.0[self.services.1.draw(&mut self.service)];
        let class = self.classes.0[self.classes.1.draw(&mut self.class)];
        let takes_ms = self.takes[service.index()].draw_ms(&mut self.duration);
        let patience_ms = self.patience.as_ref().map(|law| law.draw_ms(&mut self.leaving));
        let number = self.number;
        self.number += 1;
        Arriving { at_ms, service, class, takes_ms, patience_ms, number }
    }
}
