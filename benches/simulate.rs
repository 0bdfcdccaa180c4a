//! How many orders a second does one core simulate?
//!
//! *M/M/20*: Poisson arrivals, exponential service, twenty clerks, 90 % load, first come first served,
//! through the engine and its driver. Recorded: the exact histogram of waits in seconds, their sum, and
//! how long the queue was on average. The mean wait is held against the formula.
//!
//! *Days of a hall*: `examples/halls/nanchang.toml` as `qiangdan simulate` runs it, with two pools,
//! skills, classes, patience, a ladder and the full report.
//!
//! Unit: orders per second of wall time, one thread.
//!
//! Outside the timed part: reading the hall file. Drawing random numbers is inside.
//!
//! Baseline: the simulator one would write first for M/M/20, a `BinaryHeap` of events and a `VecDeque`,
//! with the same dice and the same histogram. It knows one queue and one kind of clerk and is there to
//! say what asking a real engine costs.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    fs,
    hint::black_box,
    num::NonZeroUsize,
    path::Path,
};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use qiangdan::{ClassId, ClerkId, PoolId, ServiceId, Skills, Wall, hall::Hall};
use qiangdan_benches::one_lane;
use qiangdan_sim::{
    dice::{Law, Purpose, Sampler, Stream},
    driver::{Arriving, Driver, Duty, Record, Seat, Setup, Source, Stay, Visit},
    formulas::Mmc,
    simulate::{Simulation, simulate},
};

const ORDERS: u32 = 200_000;
const CLERKS: u32 = 20;
const SERVICE_MS: f64 = 400_000.0;
const BETWEEN_MS: f64 = SERVICE_MS / 18.0;

/// `ORDERS` people, one after another.
struct People {
    between: Sampler,
    service: Sampler,
    arrivals: Stream,
    durations: Stream,
    next_ms: u64,
    left: u32,
}

impl People {
    fn new(seed: u64) -> Self {
        let law = |mean_ms| Law::Exponential { mean_ms }.sampler().expect("a mean in range");
        let mut people = Self {
            between: law(BETWEEN_MS),
            service: law(SERVICE_MS),
            arrivals: Stream::new(seed, 0, Purpose::Arrivals),
            durations: Stream::new(seed, 0, Purpose::Duration),
            next_ms: 0,
            left: ORDERS,
        };
        people.next_ms = people.between.draw_ms(&mut people.arrivals);
        people
    }
}

impl Source for People {
    fn peek_ms(&self) -> Option<u64> {
        (self.left > 0).then_some(self.next_ms)
    }

    fn next(&mut self) -> Arriving {
        let at_ms = self.next_ms;
        self.next_ms += self.between.draw_ms(&mut self.arrivals);
        self.left -= 1;
        let takes_ms = self.service.draw_ms(&mut self.durations);
        Arriving {
            at_ms,
            service: ServiceId(0),
            class: ClassId(0),
            takes_ms,
            patience_ms: None,
            number: self.left,
        }
    }
}

/// Waits by the second, their sum, and the queue.
struct Figures {
    seconds: Vec<u32>,
    sum_ms: u64,
    queue: (u32, u64),
    queue_area: u64,
}

impl Default for Figures {
    fn default() -> Self {
        Self { seconds: vec![0; 3_600], sum_ms: 0, queue: (0, 0), queue_area: 0 }
    }
}

impl Figures {
    fn waited(&mut self, wait_ms: u64) {
        let last = self.seconds.len() - 1;
        let second = usize::try_from(wait_ms / 1_000).map_or(last, |second| second.min(last));
        self.seconds[second] += 1;
        self.sum_ms += wait_ms;
    }

    fn queue_is(&mut self, at_ms: u64, orders: u32) {
        let (before, since_ms) = self.queue;
        self.queue_area += u64::from(before) * (at_ms - since_ms);
        self.queue = (orders, at_ms);
    }
}

impl Record for Figures {
    fn claimed(&mut self, _visit: &Visit, wait_ms: u64) {
        self.waited(wait_ms);
    }

    fn waiting_now(&mut self, at_ms: u64, orders: u32) {
        self.queue_is(at_ms, orders);
    }
}

fn driver() -> Driver {
    let seat = Seat { pools: vec![PoolId(0)], skills: Skills::none() };
    let seats = vec![seat; CLERKS as usize];
    let setup = Setup { rules: one_lane(), orders: 4_096, seats, start: Wall(0) };
    let mut driver = Driver::new(setup).expect("bounds in range");
    driver.schedule((0..CLERKS).map(|clerk| Duty {
        at_ms: 0,
        clerk: ClerkId(clerk),
        seats: 1,
        stay: Stay::UntilEmpty,
    }));
    driver
}

fn through_the_engine(mut driver: Driver, seed: u64) -> Figures {
    let mut figures = Figures::default();
    driver.run(&mut People::new(seed), &mut figures);
    assert_eq!(driver.refused(), 0);
    figures
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Done,
    Arrives { takes_ms: u64 },
}

fn textbook(seed: u64) -> Figures {
    let mut people = People::new(seed);
    let mut figures = Figures::default();
    let (mut events, mut queue, mut free) = (BinaryHeap::new(), VecDeque::new(), CLERKS);
    let first = people.next();
    events.push(Reverse((first.at_ms, Happens::Arrives { takes_ms: first.takes_ms })));
    while let Some(Reverse((at_ms, happens))) = events.pop() {
        let before = queue.len();
        match happens {
            Happens::Done => free += 1,
            Happens::Arrives { takes_ms } => {
                queue.push_back((at_ms, takes_ms));
                if people.peek_ms().is_some() {
                    let next = people.next();
                    events
                        .push(Reverse((next.at_ms, Happens::Arrives { takes_ms: next.takes_ms })));
                }
            }
        }
        if free > 0
            && let Some((arrived_ms, takes_ms)) = queue.pop_front()
        {
            free -= 1;
            figures.waited(at_ms - arrived_ms);
            events.push(Reverse((at_ms + takes_ms, Happens::Done)));
        }
        if queue.len() != before {
            figures.queue_is(at_ms, u32::try_from(queue.len()).expect("a queue of people"));
        }
    }
    figures
}

/// Both give the same waits, and on average what the formula says.
fn check() {
    let (ours, theirs) = (through_the_engine(driver(), 1), textbook(1));
    assert_eq!((&ours.seconds, ours.sum_ms), (&theirs.seconds, theirs.sum_ms));
    let runs = 20_u32;
    let sum_ms: u64 = (0..runs).map(|seed| textbook(u64::from(seed)).sum_ms).sum();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let mean_ms = sum_ms as f64 / f64::from(runs * ORDERS);
    let exact = Mmc::new(CLERKS, 1.0 / BETWEEN_MS, SERVICE_MS).expect("less than full");
    let exact_ms = exact.mean_wait();
    assert!((mean_ms / exact_ms - 1.0).abs() < 0.05, "{mean_ms} ms, not {exact_ms} ms");
}

fn simulated(criterion: &mut Criterion) {
    check();
    let mut group = criterion.benchmark_group("M/M/20 at 90 %");
    group.sample_size(20).throughput(Throughput::Elements(u64::from(ORDERS)));
    group.bench_function("engine", |bencher| {
        bencher.iter_batched(
            driver,
            |driver| through_the_engine(driver, 1).sum_ms,
            BatchSize::PerIteration,
        );
    });
    group.bench_function("textbook", |bencher| bencher.iter(|| textbook(black_box(1)).sum_ms));
    group.finish();

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/halls/nanchang.toml");
    let text = fs::read_to_string(file).expect("the example is there");
    let hall = Hall::parse("nanchang.toml", &text).expect("the example is valid").hall;
    let (days, seed, threads) = (100, 1, NonZeroUsize::MIN);
    let simulation = Simulation { days, seed, threads };
    let mut group = criterion.benchmark_group("days of a hall");
    // The file expects 1,000 orders a day.
    group.sample_size(20).throughput(Throughput::Elements(u64::from(days) * 1_000));
    group.bench_function("nanchang", |bencher| {
        bencher.iter(|| simulate(&hall, simulation, &|| ()).expect("the example can be simulated"));
    });
    group.finish();
}

criterion_group!(benches, simulated);
criterion_main!(benches);
