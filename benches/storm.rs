//! What does one attempt cost when clerks race for the same named orders?
//!
//! Every clerk tries to grab every order, in the same sequence; each order goes to exactly one, which
//! is checked after every round.
//!
//! Unit: nanoseconds of wall time per attempt, with all threads together: two threads that race for
//! 10,000 orders make 20,000 attempts.
//!
//! Outside the timed part: submitting the orders, completing them, starting threads.
//!
//! Baselines: owners in a vector behind one mutex, and a map (`DashMap`) in which the first to put in
//! an owner wins. They check nothing else; the engine also checks presence, room and skills, notes the
//! wait and tells the event.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dashmap::DashMap;
use parking_lot::Mutex;
use qiangdan::{Claim, ClerkId, Cx, OrderId, OrderSpec, Outbox, Outcome, ServiceId};
use qiangdan_benches::{at, engine, together};

const ORDERS: u32 = 10_000;

/// Time of as many rounds as make `attempts`. `round` races once and says who won what.
fn rounds(threads: u32, attempts: u64, mut round: impl FnMut() -> (Duration, u32)) -> Duration {
    let in_round = u64::from(ORDERS * threads);
    let count = attempts.div_ceil(in_round);
    let mut total = Duration::ZERO;
    for _ in 0..count {
        let (took, wins) = round();
        assert_eq!(wins, ORDERS, "each order goes to exactly one clerk");
        total += took;
    }
    total.mul_f64(ratio(attempts, count * in_round))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to as f64
}

fn count(won: usize) -> u32 {
    u32::try_from(won).expect("no more wins than attempts")
}

fn storm(criterion: &mut Criterion) {
    for threads in [1, 2] {
        let mut group = criterion.benchmark_group(format!("named grab/{threads} threads"));
        group.throughput(Throughput::Elements(1));
        let id = |name: &str| BenchmarkId::from_parameter(name);

        group.bench_function(id("engine"), |bencher| {
            let hall = engine(ORDERS, threads);
            let mut outbox = Outbox::with_capacity(8);
            bencher.iter_custom(|attempts| {
                rounds(threads, attempts, || {
                    let orders: Vec<OrderId> = (0..ORDERS)
                        .map(|_| {
                            outbox.clear();
                            let cx = &mut Cx::new(at(0), &mut outbox);
                            let submitted = hall.submit(cx, &OrderSpec::new(ServiceId(0)));
                            submitted.expect("there is room").order
                        })
                        .collect();
                    let won: Mutex<Vec<Claim>> = Mutex::default();
                    let took = together(threads, |thread| {
                        let mut outbox = Outbox::with_capacity(8);
                        let mut mine = Vec::with_capacity(orders.len());
                        for &order in &orders {
                            outbox.clear();
                            let cx = &mut Cx::new(at(1), &mut outbox);
                            mine.extend(hall.grab_order(cx, ClerkId(thread), order).ok());
                        }
                        won.lock().extend(mine.iter().map(|grabbed| grabbed.claim));
                    });
                    let won = won.into_inner();
                    for &claim in &won {
                        outbox.clear();
                        let cx = &mut Cx::new(at(2), &mut outbox);
                        hall.complete(cx, claim, Outcome::Done).expect("the claim is theirs");
                    }
                    (took, count(won.len()))
                })
            });
        });

        group.bench_function(id("mutex"), |bencher| {
            bencher.iter_custom(|attempts| {
                rounds(threads, attempts, || {
                    let owners = Mutex::new(vec![None; ORDERS as usize]);
                    let wins = Mutex::new(0);
                    let took = together(threads, |thread| {
                        let mut mine = 0;
                        for order in 0..ORDERS as usize {
                            let owner = &mut owners.lock()[order];
                            if owner.is_none() {
                                *owner = Some(thread);
                                mine += 1;
                            }
                        }
                        *wins.lock() += mine;
                    });
                    (took, wins.into_inner())
                })
            });
        });

        group.bench_function(id("dashmap"), |bencher| {
            bencher.iter_custom(|attempts| {
                rounds(threads, attempts, || {
                    let owners: DashMap<u32, Option<u32>> =
                        (0..ORDERS).map(|order| (order, None)).collect();
                    let wins = Mutex::new(0);
                    let took = together(threads, |thread| {
                        let mut mine = 0;
                        for order in 0..ORDERS {
                            let mut owner = owners.get_mut(&order).expect("the order is there");
                            if owner.is_none() {
                                *owner = Some(thread);
                                mine += 1;
                            }
                        }
                        *wins.lock() += mine;
                    });
                    (took, wins.into_inner())
                })
            });
        });
        group.finish();
    }
}

criterion_group!(benches, storm);
criterion_main!(benches);
