//! How far from first-come-first-served are many threads at once?
//!
//! Promise: an order is never passed over by one that came in after it, if it waited from before the
//! grab began until after it ended. Only calls that overlap may change places, so no more orders are
//! passed over at a time than calls are under way: the *k oldest* of `grab`, with k threads.
//!
//! Every call is stamped before and after by one counter, so "before" and "after" are beyond doubt.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use qiangdan::{
    ClerkId, Cx, Engine, Now, OrderId, OrderSpec, Outbox, Outcome, RulesDraft, ServiceId, Wall,
};
use qiangdan_tests::hall::{Hall, service};

/// One order's way, in stamps: its submit, and the grab that got it.
#[derive(Clone, Copy, Debug)]
struct Way {
    submitted: (u64, u64),
    grabbed: (u64, u64),
}

/// What one thread did.
#[derive(Default)]
struct Did {
    submits: Vec<(OrderId, (u64, u64))>,
    grabs: Vec<(OrderId, (u64, u64))>,
}

struct Desk<'a> {
    engine: &'a Engine,
    clock: &'a AtomicU64,
    clerk: ClerkId,
    out: Outbox,
    did: Did,
}

impl Desk<'_> {
    fn stamp(&self) -> u64 {
        // Ordering: SeqCst. Stamps say which of two calls came first.
        self.clock.fetch_add(1, SeqCst)
    }

    fn submit(&mut self, service: u16) {
        let before = self.stamp();
        self.out.clear();
        let cx = &mut Cx::new(Now::after(Wall(0), before), &mut self.out);
        let submitted = self.engine.submit(cx, &OrderSpec::new(ServiceId(service)));
        let order = submitted.expect("there is room").order;
        let after = self.stamp();
        self.did.submits.push((order, (before, after)));
    }

    fn serve(&mut self) {
        let before = self.stamp();
        self.out.clear();
        let cx = &mut Cx::new(Now::after(Wall(0), before), &mut self.out);
        let Ok(grabbed) = self.engine.grab(cx, self.clerk) else { return };
        let after = self.stamp();
        self.did.grabs.push((grabbed.claim.order, (before, after)));
        let cx = &mut Cx::new(Now::after(Wall(0), after), &mut self.out);
        self.engine.complete(cx, grabbed.claim, Outcome::Done).expect("the claim is ours");
    }
}

/// Runs `threads` that each submit and serve `rounds` orders of `services`, one pool each, with
/// `backlog` waiting at first; returns the ways of all orders that were grabbed.
fn run(threads: u32, services: u16, backlog: u32, rounds: u32) -> Vec<Way> {
    let draft = RulesDraft {
        pools: services,
        services: (0..services).map(|pool| service(pool, &[])).collect(),
        ..RulesDraft::default()
    };
    let mut hall = Hall::new(draft, backlog + threads * rounds, threads);
    let pools: Vec<_> = (0..services).collect();
    (0..threads).for_each(|clerk| hall.sign_in(clerk, &pools, &[], u32::MAX));
    let (engine, clock, barrier) =
        (&hall.engine, &AtomicU64::new(0), &Barrier::new(threads as usize));
    let desk = |clerk| {
        let (clerk, out, did) = (ClerkId(clerk), Outbox::with_capacity(8), Did::default());
        Desk { engine, clock, clerk, out, did }
    };
    let mut first = desk(0);
    (0..backlog).for_each(|n| first.submit(u16::try_from(n).unwrap_or(0) % services));
    let mut did = vec![first.did];
    did.extend(thread::scope(|scope| {
        let work = |clerk| {
            let mut desk = desk(clerk);
            scope.spawn(move || {
                barrier.wait();
                for round in 0..rounds {
                    desk.submit(u16::try_from(round % u32::from(services)).unwrap_or(0));
                    desk.serve();
                }
                desk.did
            })
        };
        let running: Vec<_> = (0..threads).map(work).collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    }));
    let grabs: std::collections::BTreeMap<_, _> =
        did.iter().flat_map(|did| did.grabs.iter().copied()).collect();
    did.iter()
        .flat_map(|did| did.submits.iter().copied())
        .map(|(order, submitted)| {
            // What nobody grabbed waits for ever.
            let grabbed = grabs.get(&order).copied().unwrap_or((u64::MAX, u64::MAX));
            Way { submitted, grabbed }
        })
        .collect()
}

/// How many grabs passed over an order that had come before and waited all the time.
fn unfair(ways: &[Way]) -> usize {
    let mut by_submit = ways.to_vec();
    by_submit.sort_unstable_by_key(|way| way.submitted.1);
    // For the first n orders to be in: when the grab began that got the last of them.
    let mut latest = 0;
    let waits_until: Vec<u64> = by_submit
        .iter()
        .map(|way| {
            latest = latest.max(way.grabbed.0);
            latest
        })
        .collect();
    ways.iter()
        .filter(|way| {
            // In before this one came and before it was grabbed.
            let before = way.submitted.0.min(way.grabbed.0);
            let earlier = by_submit.partition_point(|other| other.submitted.1 < before);
            earlier > 0 && way.grabbed.1 < waits_until[earlier - 1]
        })
        .count()
}

/// The most orders that one grab passed over which had been stamped before its own.
fn furthest(ways: &[Way]) -> usize {
    let mut by_grab: Vec<_> = ways.iter().filter(|way| way.grabbed.1 < u64::MAX).collect();
    by_grab.sort_unstable_by_key(|way| way.grabbed.1);
    let mut left: std::collections::BTreeSet<_> = ways.iter().map(|way| way.submitted.0).collect();
    let passed = by_grab.iter().map(|way| {
        left.remove(&way.submitted.0);
        left.range(..way.submitted.0).take(1_000).count()
    });
    passed.max().unwrap_or(0)
}

#[test]
fn nobody_who_waited_all_the_time_is_passed_over() {
    let rounds = if std::env::var_os("QIANGDAN_DEEP").is_some() { 400_000 } else { 20_000 };
    for threads in [1, 2, 8] {
        for (services, backlog) in [(1, 0), (1, 500), (5, 100), (40, 2_000)] {
            let ways = run(threads, services, backlog, rounds / threads);
            let furthest = furthest(&ways);
            println!(
                "{threads} threads, {services} lanes, {backlog} waiting: at most {furthest} passed over"
            );
            assert_eq!(unfair(&ways), 0, "{threads} threads, {services} lanes, {backlog} waiting");
            assert!(threads > 1 || furthest == 0, "one thread is exact");
        }
    }
}
