//! Clerks from many threads: whatever races, room is the sum of what is held, and nothing is lost.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the answer")]

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
};

use qiangdan::{
    Bounds, Claim, ClerkId, ClerkSpec, Cx, Demand, Engine, Handling, NoShow, Now, OrderId,
    OrderSpec, Outbox, Outcome, PoolId, Presence, PresenceRules, PutBack, Reason, RulesDraft,
    ServiceId, Skills, StaffRules, State, TakeUp, Wall, WhileAside,
};
use qiangdan_tests::hall::{checked, service};

const CLERKS: u32 = 6;
const ORDERS: u32 = 48;
const COSTS: [u16; 3] = [1, 2, 5];
const STEPS: u64 = 100_000;

fn spec() -> ClerkSpec<'static> {
    ClerkSpec { units: 7, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) }
}

fn hall() -> (Engine, qiangdan::Advancer) {
    let demand = |(n, &units)| {
        let ceiling = (units == 1).then_some(3);
        (ServiceId(n), Demand { units, ceiling, ..Demand::default() })
    };
    let presence = PresenceRules {
        lost_after_ms: Some(30),
        then_return_after_ms: 20,
        wrap_up_ms: 5,
        keeps_idle: true,
        ..PresenceRules::default()
    };
    let demands = (0..).zip(&COSTS).map(demand).collect();
    let handling = Handling {
        start_within_ms: Some(3),
        no_show: NoShow::PutBack(PutBack::BackOfLine),
        ..Handling::default()
    };
    let draft = RulesDraft {
        pools: 1,
        handling: vec![(ServiceId(1), handling)],
        services: vec![service(0, &[]); COSTS.len()],
        staff: StaffRules { demands, presence, ..StaffRules::default() },
        ..RulesDraft::default()
    };
    Engine::new(checked(draft), Bounds::new(ORDERS, CLERKS)).unwrap()
}

/// A small generator, so that a run can be had again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }
}

/// One thread's calls, for whatever clerk.
fn work(engine: &Engine, clock: &AtomicU64, seed: u64) -> Vec<OrderId> {
    let (mut dice, mut out) = (Dice(seed), Outbox::default());
    let (mut claims, mut orders): (Vec<Claim>, Vec<OrderId>) = (Vec::new(), Vec::new());
    for _ in 0..STEPS {
        let now = Now::after(Wall(0), clock.load(Relaxed));
        let cx = &mut Cx::new(now, &mut out);
        let clerk = ClerkId(u32::try_from(dice.below(CLERKS.into())).unwrap());
        match dice.below(17) {
            0..=2 => {
                let of = ServiceId(u16::try_from(dice.below(3)).unwrap());
                orders.extend(engine.submit(cx, &OrderSpec::new(of)).ok().map(|new| new.order));
            }
            3..=5 => claims.extend(engine.grab(cx, clerk).ok().map(|grabbed| grabbed.claim)),
            6 => {
                let Some(&order) = orders.last() else { continue };
                claims.extend(engine.grab_order(cx, clerk, order).ok().map(|got| got.claim));
            }
            7 => {
                let Some(claim) = claims.pop() else { continue };
                let how = [PutBack::KeepPlace, PutBack::BackOfLine, PutBack::After { ms: 3 }];
                engine.put_back(cx, claim, how[usize::from(claim.epoch % 3)]).ok();
            }
            8 => {
                let Some(&order) = orders.last() else { continue };
                engine.cancel(cx, order, Reason::Abandoned).ok();
            }
            9 => drop(engine.heartbeat(cx, clerk)),
            10 => {
                let how = [Presence::Ready, Presence::Break(1), Presence::Draining];
                let presence = how[usize::try_from(dice.below(3)).unwrap()];
                if engine.set_presence(cx, clerk, presence).is_err() {
                    engine.sign_in(cx, clerk, &spec()).unwrap();
                }
            }
            11..=12 => {
                let Some(claim) = claims.last() else { continue };
                let aside = [WhileAside::KeepOwner, WhileAside::LetGo];
                engine.suspend(cx, *claim, aside[usize::from(claim.epoch % 3 == 0)], 1).ok();
            }
            13 => {
                let Some(claim) = claims.last() else { continue };
                engine.take_up(cx, claim.order, TakeUp::WithOwner).ok();
            }
            14 => {
                let Some(&order) = orders.last() else { continue };
                let how = [TakeUp::WithOwner, TakeUp::InQueue(PutBack::KeepPlace)];
                engine.take_up(cx, order, how[usize::try_from(dice.below(2)).unwrap()]).ok();
            }
            15 => {
                let Some(claim) = claims.pop() else { continue };
                engine.no_show(cx, claim).ok();
            }
            _ => {
                let Some(claim) = claims.pop() else { continue };
                engine.start(cx, claim).ok();
                engine.complete(cx, claim, Outcome::Done).ok();
            }
        }
        out.clear();
    }
    orders
}

#[test]
fn room_is_the_sum_of_what_is_held_whatever_races() {
    for round in 0..4 {
        let (engine, mut advancer) = hall();
        let (clock, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        let mut out = Outbox::default();
        for clerk in 0..CLERKS {
            let cx = &mut Cx::new(Now::after(Wall(0), 0), &mut out);
            engine.sign_in(cx, ClerkId(clerk), &spec()).unwrap();
        }
        let orders: Vec<OrderId> = thread::scope(|scope| {
            let (engine, clock, is_over) = (&engine, &clock, &is_over);
            let time = scope.spawn(move || {
                let mut out = Outbox::default();
                while !is_over.load(Relaxed) {
                    let now = Now::after(Wall(0), clock.fetch_add(1, Relaxed));
                    advancer.advance_all(&mut Cx::new(now, &mut out));
                    out.clear();
                    thread::yield_now();
                }
            });
            let threads: Vec<_> =
                (0..4).map(|n| scope.spawn(move || work(engine, clock, round * 4 + n))).collect();
            let orders = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            is_over.store(true, Relaxed);
            time.join().unwrap();
            orders
        });
        let mut used = [0_u32; CLERKS as usize];
        for view in orders.iter().filter_map(|&order| engine.order(order)) {
            if let (State::Claimed | State::Serving, Some(clerk)) = (view.state, view.owner) {
                used[clerk.0 as usize] += u32::from(COSTS[usize::from(view.service.0)]);
            }
        }
        let held = [0, 1, 2, 3, 4, 5].map(|clerk| engine.held(ClerkId(clerk)).unwrap());
        assert_eq!(held, used, "round {round}");
        assert!(held.iter().all(|&units| units <= 7), "{held:?}");
        assert!(engine.stats().claimed > 100, "something was grabbed");
    }
}
