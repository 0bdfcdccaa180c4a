//! What the benchmarks beside this file share: a hall of one lane, and threads that begin together.

#![forbid(unsafe_code)]

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use qiangdan::{
    Bounds, ClerkId, ClerkSpec, Cx, Engine, Now, Outbox, PoolId, Rules, RulesDraft, ServiceRule,
    Skills, Wall,
};

/// Rules with one service, one class, hence one lane; no limit, no ladder.
///
/// # Panics
///
/// Never: the rules are right.
#[must_use]
pub fn one_lane() -> Rules {
    let service =
        ServiceRule { pool: PoolId(0), needs: Skills::none(), wait_limit_ms: None, ladder: None };
    let draft = RulesDraft { pools: 1, services: vec![service], ..Default::default() };
    draft.check().expect("one service in one pool")
}

/// An engine of one lane with room for `orders`, and `clerks` who may hold as many as they like.
///
/// # Panics
///
/// If the bounds are out of range.
#[must_use]
pub fn engine(orders: u32, clerks: u32) -> Engine {
    let bounds = Bounds { orders, clerks };
    let (engine, _advancer) = Engine::new(one_lane(), bounds).expect("bounds in range");
    let mut outbox = Outbox::with_capacity(8);
    let spec = ClerkSpec { pools: &[PoolId(0)], skills: Skills::none(), held_max: u32::MAX };
    for clerk in (0..clerks).map(ClerkId) {
        let cx = &mut Cx::new(at(0), &mut outbox);
        engine.sign_in(cx, clerk, &spec).expect("the clerk and the pool exist");
    }
    engine
}

/// An instant of the run.
#[must_use]
pub fn at(ms: u64) -> Now {
    Now::after(Wall(0), ms)
}

/// Runs `work` on `threads` threads, numbered from 0, which begin together; how long until the last
/// one is done.
///
/// # Panics
///
/// If `work` does.
pub fn together(threads: u32, work: impl Fn(u32) + Sync) -> Duration {
    if threads == 1 {
        let begin = Instant::now();
        work(0);
        return begin.elapsed();
    }
    let barrier = Barrier::new(threads as usize);
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let run = |thread| {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                let begin = Instant::now();
                work(thread);
                (begin, Instant::now())
            })
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });
    let begin = spans.iter().map(|span| span.0).min().expect("at least one thread");
    let end = spans.iter().map(|span| span.1).max().expect("at least one thread");
    end - begin
}
