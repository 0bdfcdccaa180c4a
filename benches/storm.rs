//! W4: what does one attempt cost when clerks race for the same named orders?
//!
//! *In a row*: every clerk tries to grab every order, in the same sequence, as fast as it can. *At once*:
//! all clerks begin on each order together, which is when they really meet; each attempt is timed.
//! Each order goes to exactly one, which is checked after every round.
//!
//! Unit: in a row, nanoseconds of wall time per attempt with all threads together: two threads that race
//! for 10,000 orders make 20,000 attempts; and claims per second in millions. At once, nanoseconds of one
//! attempt, with the some 22 ns of two readings of the clock.
//!
//! Outside the timed part: submitting the orders, completing them, starting threads.
//!
//! Baselines, each with a record for each order, one owner and an event: the slab behind one mutex; a
//! `DashMap` of records; a `SkipMap`; a `PriorityQueue` behind a mutex. *Heart* is our claim word with as
//! much as the baselines do; the *engine* also checks presence, room and skills.

use std::time::{Duration, Instant};

use crossbeam_queue::SegQueue;
use qiangdan_benches::{
    baselines::{
        locked::Locked,
        mapped::Mapped,
        ranked::{By, Ranked},
        skips::Skips,
    },
    desk::Named,
    heart::Heart,
    latency::{Latencies, PERCENTILES},
    measure::{ns_of_each, ratio},
    pace::{rounds, scaled},
    people::{People, Shape},
    table::Table,
    together::{Gate, each},
    whole::Whole,
};

/// How the clerks go about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    InARow,
    AtOnce,
}

/// How long until all had tried every order, and how long each attempt took.
fn race<D: Named>(desk: &D, threads: u32, orders: u64, pace: Pace) -> (Duration, Latencies) {
    let mut own = desk.own();
    let mut people = People::new(&Shape::one_lane(threads), 0, 0);
    let named: Vec<_> = (0..orders).map(|_| desk.submit(&mut own, people.ticket())).collect();
    let now_ms = people.now_ms();
    let gate = Gate::new(threads);
    let tried = each(threads, |clerk| {
        let (mut own, mut latencies) = (desk.own(), Latencies::new());
        let mut held = Vec::with_capacity(named.len());
        gate.pass();
        let begin = Instant::now();
        for &order in &named {
            match pace {
                Pace::InARow => held.extend(desk.grab_order(&mut own, clerk, order, now_ms)),
                Pace::AtOnce => {
                    gate.pass();
                    let attempt = || desk.grab_order(&mut own, clerk, order, now_ms);
                    held.extend(latencies.time(attempt));
                }
            }
        }
        ((begin, Instant::now()), held, latencies)
    });
    let begin = tried.iter().map(|(span, ..)| span.0).min().expect("at least one thread");
    let end = tried.iter().map(|(span, ..)| span.1).max().expect("at least one thread");
    let (mut won, mut latencies) = (0, Latencies::new());
    for (_, held, of_clerk) in tried {
        won += held.len();
        latencies.add(&of_clerk);
        held.into_iter().for_each(|held| desk.complete(&mut own, held, now_ms));
    }
    assert_eq!(won, named.len(), "each order goes to exactly one clerk");
    // What is left in line is stale, and goes.
    assert!(desk.grab(&mut own, 0, now_ms).is_none(), "no order is left over");
    (end - begin, latencies)
}

fn in_a_row<D: Named>(desk: &D, threads: u32) -> Vec<f64> {
    let orders = scaled(50_000);
    let (took, _) = race(desk, threads, orders, Pace::InARow);
    let attempts = orders * u64::from(threads);
    vec![ns_of_each(took, attempts), ratio(orders, 1) / took.as_secs_f64() / 1e6]
}

fn at_once<D: Named>(desk: &D, threads: u32) -> Vec<f64> {
    // With more threads than cores, each meeting costs each thread a turn.
    let orders = scaled(if threads > 2 { 1_000 } else { 20_000 });
    race(desk, threads, orders, Pace::AtOnce).1.percentiles()
}

fn table(title: &str, columns: &[&str], threads: u32, pace: Pace) {
    let shape = Shape::one_lane(threads);
    let title = format!("{title}, {threads} threads");
    let mut table = Table::new(&title, columns);
    macro_rules! row {
        ($name:literal, $desk:expr) => {
            let desk = $desk;
            table.row($name, move || match pace {
                Pace::InARow => in_a_row(&desk, threads),
                Pace::AtOnce => at_once(&desk, threads),
            });
        };
    }
    row!("mutex", Locked::default());
    row!("heart", Heart::new(&shape, 100_000));
    row!("engine", Whole::new(&shape, 100_000, None).0);
    row!("dashmap", Mapped::new(SegQueue::new()));
    row!("skipmap", Skips::new(&shape, By::Class));
    row!("priority-queue and dashmap", Ranked::new(By::Class));
    table.run(rounds());
}

fn main() {
    for threads in [1, 2, 8] {
        let columns = ["ns per attempt", "million claims/s"];
        table("W4: named orders in a row", &columns, threads, Pace::InARow);
    }
    for threads in [2, 8] {
        let title = "W4: named orders at once, ns of one attempt";
        table(title, &PERCENTILES, threads, Pace::AtOnce);
    }
}
