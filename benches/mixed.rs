//! W5: what does one step of a mixed day cost?
//!
//! Of 100 steps, 70 are a life (submit, grab, complete), 10 grab an order and put it back, 10 submit one
//! and cancel it, 10 submit one and give it another class, then grab and complete one. One hall
//! skill, 4 classes, 1,000 orders waiting. Desks that keep limits have one more thread that advances
//! all the time; each wait has a limit of about what the waits are, so that many are told.
//!
//! Unit: nanoseconds of wall time per step, all threads together (not counting the one that advances).
//!
//! Outside the timed part: making the desk, filling the backlog, starting threads.
//!
//! Baselines, each with a record for each order, one owner and an event: the mutex engine, which keeps
//! limits and figures as ours does; a `PriorityQueue` behind a mutex beside a `DashMap`, and a `SkipMap`
//! for each class, which keep neither and have nobody to advance them.

use std::{
    hint::spin_loop,
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    thread,
    time::Duration,
};

use parking_lot::Mutex;
use qiangdan_benches::{
    baselines::{
        locked_hall::LockedHall,
        ranked::{By, Ranked},
        skips::Skips,
    },
    desk::{Hall, Life},
    measure::ns_of_each,
    pace::{rounds, scaled},
    people::{CLASSES, People, Shape},
    table::Table,
    together::together,
    whole::Whole,
};

const BACKLOG: u64 = 1_000;
const ROOM: u32 = 8_192;
/// The limit on a wait. Time goes on by a millisecond with each submit of a thread.
const LIMIT_MS: u64 = 400;
/// How often one advances.
const EVERY: Duration = Duration::from_micros(50);

/// A desk, its people, and what time it is for whoever advances.
struct Day<D> {
    desk: D,
    people: Vec<Mutex<People>>,
    now_ms: AtomicU64,
}

impl<D: Life> Day<D> {
    fn new(desk: D, shape: &Shape, threads: u32) -> Self {
        let mut first = People::new(shape, threads, 0);
        let mut own = desk.own();
        for _ in 0..BACKLOG {
            desk.submit(&mut own, first.ticket());
        }
        let people = |thread| {
            let mut people = People::new(shape, thread, 0);
            people.wait_until(first.now_ms());
            Mutex::new(people)
        };
        let people = (0..threads).map(people).collect();
        Self { desk, people, now_ms: AtomicU64::new(first.now_ms()) }
    }

    fn threads(&self) -> u32 {
        u32::try_from(self.people.len()).expect("few threads")
    }

    fn steps(&self, steps: u64) -> f64 {
        let share = steps / u64::from(self.threads());
        let took = together(self.threads(), |thread| {
            let mut own = self.desk.own();
            let people = &mut *self.people[thread as usize].lock();
            for _ in 0..share {
                self.step(&mut own, people);
                // Ordering: Relaxed. What time it is; guards nothing.
                self.now_ms.store(people.now_ms(), Relaxed);
            }
        });
        ns_of_each(took, share * u64::from(self.threads()))
    }

    fn step(&self, own: &mut D::Own, people: &mut People) {
        let desk = &self.desk;
        match people.percent() {
            0..70 => {
                desk.submit(own, people.ticket());
                let held = self.grab(own, people);
                desk.complete(own, held, people.now_ms());
            }
            70..80 => {
                let held = self.grab(own, people);
                desk.put_back(own, held, people.now_ms());
            }
            80..90 => {
                let order = desk.submit(own, people.ticket());
                desk.cancel(own, order, people.now_ms());
            }
            _ => {
                let ticket = people.ticket();
                let order = desk.submit(own, ticket);
                desk.rank_anew(own, order, (ticket.class + 1) % CLASSES, people.now_ms());
                let held = self.grab(own, people);
                desk.complete(own, held, people.now_ms());
            }
        }
    }

    fn grab(&self, own: &mut D::Own, people: &mut People) -> D::Held {
        loop {
            if let Some(held) = self.desk.grab(own, people.clerk(), people.now_ms()) {
                return held;
            }
            spin_loop();
        }
    }
}

impl<D: Hall> Day<D> {
    /// The same, while one more thread advances.
    fn steps_and_limits(&self, clock: &mut D::Clock, steps: u64) -> f64 {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut own = self.desk.own();
                // Ordering: Acquire, to the store below; it guards nothing but the end.
                while !is_over.load(Acquire) {
                    // Ordering: Relaxed, as in `steps`.
                    let now_ms = self.now_ms.load(Relaxed);
                    while !self.desk.advance(clock, &mut own, now_ms).1 {}
                    thread::sleep(EVERY);
                }
            });
            let ns = self.steps(steps);
            // Ordering: Release, the sending half of the load above.
            is_over.store(true, Release);
            ns
        })
    }
}

fn hall<D>(table: &mut Table<'_>, name: &str, shape: &Shape, make: impl Fn() -> (D, D::Clock))
where
    D: Hall<Clock: 'static> + 'static,
{
    let mut days = [1, 2].map(|threads| {
        let (desk, clock) = make();
        (Day::new(desk, shape, threads), clock)
    });
    table.row(name, move || {
        days.iter_mut().map(|(day, clock)| day.steps_and_limits(clock, steps())).collect()
    });
}

fn without_limits<D: Life + 'static>(
    table: &mut Table<'_>,
    name: &str,
    shape: &Shape,
    make: impl Fn() -> D,
) {
    let days = [1, 2].map(|threads| Day::new(make(), shape, threads));
    table.row(name, move || days.iter().map(|day| day.steps(steps())).collect());
}

fn steps() -> u64 {
    scaled(1_000_000)
}

fn main() {
    let shape = &Shape::classes(2);
    let title = "W5: ns per step of a mixed day";
    let mut table = Table::new(title, &["1 thread", "2 threads"]);
    let limit_ms = Some(LIMIT_MS);
    hall(&mut table, "mutex engine", shape, || (LockedHall::new(shape, limit_ms), ()));
    hall(&mut table, "engine", shape, || Whole::new(shape, ROOM, limit_ms));
    let ranked = "priority-queue and dashmap, no limits";
    without_limits(&mut table, ranked, shape, || Ranked::new(By::Class));
    let skips = "skipmap for each class, no limits";
    without_limits(&mut table, skips, shape, || Skips::new(shape, By::Class));
    table.run(rounds());
}
