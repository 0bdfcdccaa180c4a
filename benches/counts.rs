//! How many instructions does each hot operation take?
//!
//! Counted by callgrind, so it does not depend on how busy the machine is: a gate for every change.
//! `scripts/counts` runs this and compares with `counts.csv` beside this file.
//!
//! Unit: instructions, of 64 times the operation by one thread. What waiting for memory or for another
//! thread costs is not in them; see the other targets for that.
//!
//! Outside of what is counted: making the engine or structure, and bringing it to where the operation
//! finds it; dropping it.
//!
//! Baseline: what the same operation took before, as checked in.

#![expect(missing_docs, unused_qualifications, reason = "of what the macros make")]

use std::hint::black_box;

use gungraun::prelude::*;
use qiangdan::{Action, Advancer, Claim, RoleId};
use qiangdan_benches::{
    desk::{Desk as _, Hall as _, Life as _, Named as _},
    halls::with_stage,
    people::{People, Shape, Ticket},
    whole::{Own, Whole},
};
use qiangdan_sync::{
    Bitmap, ClaimWord, End, Item, Lane, Looks, Mask, Owner, Slab, Wheel, WheelDriver,
};

/// So often is each operation done.
const TIMES: usize = 64;
const ROOM: u32 = 4_096;
const STAGE_MS: u64 = 1_000;
/// Early enough that no stage is due.
const NOW_MS: u64 = 500;

/// An engine that has been in use, with what the operation needs.
struct Engine {
    desk: Whole,
    advancer: Advancer,
    own: Own,
    tickets: Vec<Ticket>,
    orders: Vec<qiangdan::OrderId>,
    claims: Vec<Claim>,
}

/// Nobody waits.
fn empty(shape: &Shape) -> Engine {
    let (engine, advancer) = with_stage(shape, ROOM, STAGE_MS, Action::Notify { role: RoleId(0) });
    let desk = Whole::of(engine);
    let mut own = desk.own();
    let mut people = People::new(shape, 0, 0);
    // What is done for the first time takes longer.
    for _ in 0..2 * TIMES {
        desk.submit(&mut own, people.ticket());
    }
    for clerk in (0..shape.clerks()).cycle().take(64 * TIMES) {
        if let Some(held) = desk.grab(&mut own, clerk, 1) {
            desk.complete(&mut own, held, 1);
        }
    }
    own.outbox.clear();
    let tickets = (0..TIMES).map(|_| Ticket { at_ms: 0, ..people.ticket() }).collect();
    Engine { desk, advancer, own, tickets, orders: Vec::new(), claims: Vec::new() }
}

fn empty_lane() -> Engine {
    empty(&Shape::one_lane(2))
}

/// As many wait as will be grabbed, and as many more in each lane.
fn waiting(shape: &Shape) -> Engine {
    let mut engine = empty(shape);
    for skill in 0..shape.skills {
        for class in 0..shape.classes {
            let ticket = Ticket { skill, class, at_ms: 0, due_ms: 0 };
            for _ in 0..2 * TIMES / usize::try_from(shape.skills).unwrap_or(1) {
                engine.orders.push(engine.desk.submit(&mut engine.own, ticket));
            }
        }
    }
    engine.orders.truncate(TIMES);
    engine.own.outbox.clear();
    engine
}

fn waiting_in_a_lane() -> Engine {
    waiting(&Shape::one_lane(2))
}

/// A clerk has 8 skills, of 4 classes each.
fn waiting_in_32_lanes() -> Engine {
    waiting(&Shape::many_lanes())
}

fn held() -> Engine {
    let mut engine = waiting_in_a_lane();
    for &order in &engine.orders {
        engine.claims.extend(engine.desk.grab_order(&mut engine.own, 0, order, NOW_MS));
    }
    engine.own.outbox.clear();
    engine
}

#[library_benchmark]
#[bench::one_lane(setup = empty_lane)]
fn submit(mut engine: Engine) -> Engine {
    for &ticket in &engine.tickets {
        black_box(engine.desk.submit(&mut engine.own, ticket));
    }
    engine
}

#[library_benchmark]
#[bench::one_lane(setup = waiting_in_a_lane)]
#[bench::of_32_lanes(setup = waiting_in_32_lanes)]
#[bench::nobody_waits(setup = empty_lane)]
fn grab(mut engine: Engine) -> Engine {
    for _ in 0..TIMES {
        black_box(engine.desk.grab(&mut engine.own, 0, NOW_MS));
    }
    engine
}

#[library_benchmark]
#[bench::won(setup = waiting_in_a_lane)]
#[bench::lost(setup = held)]
fn grab_order(mut engine: Engine) -> Engine {
    for &order in &engine.orders {
        black_box(engine.desk.grab_order(&mut engine.own, 1, order, NOW_MS));
    }
    engine
}

#[library_benchmark]
#[bench::held(setup = held)]
fn complete(mut engine: Engine) -> Engine {
    for &claim in &engine.claims {
        engine.desk.complete(&mut engine.own, claim, NOW_MS);
    }
    engine
}

#[library_benchmark]
#[bench::held(setup = held)]
fn put_back(mut engine: Engine) -> Engine {
    for &claim in &engine.claims {
        engine.desk.put_back(&mut engine.own, claim, NOW_MS);
    }
    engine
}

#[library_benchmark]
#[bench::one_stage(setup = stages_due)]
fn advance(mut engine: Engine) -> Engine {
    black_box(engine.desk.advance(&mut engine.advancer, &mut engine.own, STAGE_MS));
    engine
}

/// All that wait have a stage due at once.
fn stages_due() -> Engine {
    let mut engine = empty_lane();
    for &ticket in &engine.tickets {
        engine.desk.submit(&mut engine.own, ticket);
    }
    engine
}

fn item(slot: usize) -> Item {
    Item { slot: u32::try_from(slot).unwrap_or(0), generation: 1 }
}

fn empty_line() -> Lane {
    let lane = Lane::new(ROOM);
    for slot in 0..TIMES {
        lane.push(item(slot), |_| true).ok();
        while let Some(first) = lane.first(|item| (item.slot > ROOM).then_some(0)) {
            lane.pass(&first);
        }
    }
    lane
}

fn line() -> Lane {
    let lane = empty_line();
    for slot in 0..2 * TIMES {
        lane.push(item(slot), |_| true).ok();
    }
    lane
}

#[library_benchmark]
#[bench::behind(setup = empty_line)]
fn lane_push(lane: Lane) -> Lane {
    for slot in 0..TIMES {
        lane.push(black_box(item(slot)), |_| false).ok();
    }
    lane
}

#[library_benchmark]
#[bench::live(setup = line)]
fn lane_first_and_pass(lane: Lane) -> Lane {
    for _ in 0..TIMES {
        if let Some(first) = lane.first(|item| Some(item.slot)) {
            lane.pass(black_box(&first));
        }
    }
    lane
}

fn open_words() -> Vec<ClaimWord> {
    let word = |_| {
        let word = ClaimWord::new();
        if let Some(generation) = word.fill() {
            word.open(generation);
        }
        word
    };
    (0..TIMES).map(word).collect()
}

#[library_benchmark]
#[bench::open(setup = open_words)]
fn claim_hold_and_finish(words: Vec<ClaimWord>) -> Vec<ClaimWord> {
    if let Some(owner) = Owner::new(1) {
        for word in &words {
            if let Ok(epoch) = word.try_hold(black_box(1), owner) {
                black_box(word.try_finish(1, epoch, owner, End::default())).ok();
            }
        }
    }
    words
}

fn used_slab() -> Slab {
    let slab = Slab::new(ROOM);
    let taken: Vec<u32> = std::iter::from_fn(|| slab.take()).collect();
    taken.into_iter().for_each(|slot| slab.give(slot));
    slab
}

#[library_benchmark]
#[bench::used(setup = used_slab)]
fn slab_take_and_give(slab: Slab) -> Slab {
    for _ in 0..TIMES {
        if let Some(slot) = slab.take() {
            slab.give(black_box(slot));
        }
    }
    slab
}

fn bits() -> (Bitmap, Mask) {
    const LANES: u32 = 256;
    let (bitmap, mask) = (Bitmap::new(LANES), Mask::new(LANES));
    for lane in (0..LANES).step_by(2) {
        bitmap.set(lane);
    }
    for lane in (0..LANES).step_by(8) {
        mask.set(lane);
    }
    (bitmap, mask)
}

#[library_benchmark]
#[bench::again(setup = bits)]
fn bitmap_set((bitmap, mask): (Bitmap, Mask)) -> (Bitmap, Mask) {
    for lane in (0..128).step_by(2) {
        bitmap.set(black_box(lane));
    }
    (bitmap, mask)
}

#[library_benchmark]
#[bench::of_32_in_256(setup = bits)]
fn bitmap_scan((bitmap, mask): (Bitmap, Mask)) -> (Bitmap, Mask) {
    for _ in 0..TIMES {
        let mut sum = 0;
        bitmap.for_each_and(&mask, |lane| sum += lane);
        black_box(sum);
    }
    (bitmap, mask)
}

fn wheel() -> (Looks, WheelDriver) {
    let (looks, driver) = Wheel::new(ROOM);
    looks.arm(ROOM - 1, 1_000_000);
    (looks, driver)
}

#[library_benchmark]
#[bench::later(setup = wheel)]
fn wheel_arm((looks, driver): (Looks, WheelDriver)) -> (Looks, WheelDriver) {
    for slot in 0..64 {
        looks.arm(black_box(slot), 1_000 + u64::from(slot));
    }
    (looks, driver)
}

#[library_benchmark]
#[bench::armed(setup = armed_wheel)]
fn wheel_advance((looks, mut driver): (Looks, WheelDriver)) -> (Looks, WheelDriver) {
    black_box(driver.advance(&looks, 10_000, usize::MAX, u64::from, |_, _| None));
    (looks, driver)
}

fn armed_wheel() -> (Looks, WheelDriver) {
    let (looks, driver) = wheel();
    for slot in 0..64 {
        looks.arm(slot, 1_000 + u64::from(slot) * 100);
    }
    (looks, driver)
}

library_benchmark_group!(
    name = engine,
    benchmarks = [submit, grab, grab_order, complete, put_back, advance]
);
library_benchmark_group!(
    name = sync,
    benchmarks = [
        lane_push,
        lane_first_and_pass,
        claim_hold_and_finish,
        slab_take_and_give,
        bitmap_set,
        bitmap_scan,
        wheel_arm,
        wheel_advance
    ]
);
main!(library_benchmark_groups = [engine, sync]);
