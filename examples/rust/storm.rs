//! A storm on one number: sixteen windows call it at the same instant, a hundred times.
//!
//! Each time one window gets it, and the others are told which. No lock is held, nobody waits.

use std::{
    error::Error,
    sync::{
        Barrier,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread,
};

use qiangdan::{
    Bounds, ClerkId, ClerkSpec, Cx, Engine, GrabOrderError, Now, OrderSpec, Outbox, Outcome,
    PoolId, RulesDraft, ServiceId, ServiceRule, Skills,
};

const WINDOWS: u32 = 16;
const ROUNDS: u32 = 100;

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn Error>> {
    let (pool, needs) = (PoolId(0), Skills::none());
    let rule = ServiceRule { pool, needs, wait_limit_ms: None, ladder: None };
    let draft = RulesDraft { pools: 1, services: vec![rule], ..RulesDraft::default() };
    let rules = draft.check().map_err(|mistakes| format!("{mistakes:?}"))?;
    let (hall, _advancer) = Engine::new(rules, Bounds::new(1, WINDOWS))?;

    let mut events = Outbox::default();
    let pools = [pool];
    for clerk in (0..WINDOWS).map(ClerkId) {
        let spec = ClerkSpec::new(&pools, needs);
        hall.sign_in(&mut Cx::new(Now::default(), &mut events), clerk, &spec)?;
    }

    let (won, told_who) = (AtomicU32::new(0), AtomicU32::new(0));
    for round in 1..=ROUNDS {
        let cx = &mut Cx::new(Now::default(), &mut events);
        let order = hall.submit(cx, &OrderSpec::new(ServiceId(0)))?.order;
        let start = Barrier::new(WINDOWS as usize);
        let call = |clerk| {
            // Each thread has an outbox of its own; the engine is shared as it is.
            let mut events = Outbox::default();
            start.wait();
            match hall.grab_order(&mut Cx::new(Now::default(), &mut events), clerk, order) {
                Ok(grabbed) => {
                    won.fetch_add(1, Relaxed);
                    Some(grabbed.claim)
                }
                Err(GrabOrderError::Taken { .. }) => {
                    told_who.fetch_add(1, Relaxed);
                    None
                }
                Err(other) => panic!("nobody else touches {order}: {other}"),
            }
        };
        let claims: Vec<_> = thread::scope(|scope| {
            let call = &call;
            let calls: Vec<_> =
                (0..WINDOWS).map(|n| scope.spawn(move || call(ClerkId(n)))).collect();
            calls.into_iter().filter_map(|call| call.join().expect("no window fails")).collect()
        });
        if round == 1 {
            println!("round 1: {order} went to {}", claims[0].clerk);
        }
        for claim in claims {
            hall.complete(&mut Cx::new(Now::default(), &mut events), claim, Outcome::Done)?;
        }
    }
    println!(
        "{ROUNDS} rounds: {} claims, {} told who has it",
        won.into_inner(),
        told_who.into_inner()
    );
    assert_eq!(hall.stats().claimed, u64::from(ROUNDS));
    Ok(())
}
