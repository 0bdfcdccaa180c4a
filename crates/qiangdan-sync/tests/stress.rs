//! Real threads on real caches: what goes in comes out exactly once, in time.
//!
//! Loom sees every interleaving of a few steps; these see a few interleavings of many steps.

#![cfg(not(qiangdan_loom))]
#![expect(clippy::disallowed_methods, reason = "tests may start threads")]
#![expect(clippy::cast_possible_truncation, reason = "the numbers are small")]

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::thread;

use qiangdan_sync::{
    AppendError, Bitmap, ClaimWord, Entries, Entry, Item, Key, Lane, Ledger, Mask, Owner, Pair,
    Phase, Refused, Reserve, Side, Slab, Wheel,
};

const THREADS: u32 = 4;
const ROUNDS: u64 = if cfg!(miri) { 80 } else { 400_000 };

/// A queue of slots as an engine would build it, with as little as possible.
struct Pool {
    slab: Slab,
    claims: Vec<ClaimWord>,
    /// Written by the filler, read by the holder.
    data: Vec<AtomicU64>,
    lanes: Vec<Lane>,
    sides: Vec<Side>,
    bitmap: Bitmap,
}

const LANES: u32 = 3;
const SLOTS: u32 = 40;

impl Pool {
    fn new() -> Self {
        Self {
            slab: Slab::new(SLOTS),
            claims: (0..SLOTS).map(|_| ClaimWord::new()).collect(),
            data: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            lanes: (0..LANES).map(|_| Lane::new(SLOTS)).collect(),
            // Entries of closed slots stay until somebody meets them, so there is room for more.
            sides: (0..LANES).map(|_| Side::new(SLOTS * 4)).collect(),
            bitmap: Bitmap::new(LANES),
        }
    }

    fn submit(&self, order: u64, lane: u32) -> bool {
        let Some(slot) = self.slab.take() else { return false };
        let Some(generation) = self.claims[slot as usize].fill() else {
            self.slab.retire(slot);
            return false;
        };
        self.data[slot as usize].store(order, Relaxed);
        self.claims[slot as usize].open(generation);
        let item = Item { slot, generation };
        if self.lanes[lane as usize].push(item, |item| !self.waits_first(item)).is_err() {
            let entry = entry(slot, generation, order);
            self.sides[lane as usize].insert(entry).expect("there is room");
        }
        self.bitmap.set(lane);
        true
    }

    /// Whether a slot has not been held in this life; once it has, it is the side's.
    fn waits_first(&self, Item { slot, generation }: Item) -> bool {
        let seen = self.claims[slot as usize].load();
        seen.generation == generation && seen.phase == Phase::Open && seen.epoch == 0
    }

    fn key(&self, item: Item) -> Option<Key> {
        let order = self.data[item.slot as usize].load(Relaxed);
        self.waits_first(item).then(|| key(order))
    }

    /// The smallest of the heads, held.
    fn grab(&self, mask: &Mask, owner: Owner) -> Option<(u32, u32, u16, u32)> {
        loop {
            let mut lanes = Vec::new();
            self.bitmap.for_each_and(mask, |lane| lanes.push(lane));
            let heads = lanes.into_iter().filter_map(|lane| {
                let (queue, side) = (&self.lanes[lane as usize], &self.sides[lane as usize]);
                let queued = queue.first(|item| self.key(item));
                let aside = side.peek();
                if queued.is_none() && aside.is_none() {
                    self.bitmap.clear_if(lane, || queue.is_empty() && side.is_empty());
                    return None;
                }
                Some((lane, queued, aside))
            });
            let (lane, queued, aside) = heads.min_by_key(|(_, queued, aside)| {
                let keys = [queued.map(|first| first.key), aside.map(|p| p.entry.key)];
                keys.into_iter().flatten().min()
            })?;
            let from_side = match (&queued, &aside) {
                (Some(queued), Some(aside)) => aside.entry.key < queued.key,
                (queued, _) => queued.is_none(),
            };
            let (slot, generation) = if from_side {
                let aside = aside.expect("one of the two is there");
                self.sides[lane as usize].remove_if(&aside);
                ((aside.entry.bits & 0xffff_ffff) as u32, (aside.entry.bits >> 32) as u32)
            } else {
                let Item { slot, generation } = queued.expect("one of the two is there").item;
                (slot, generation)
            };
            let held = self.claims[slot as usize].try_hold(generation, owner);
            if let Some(queued) = queued.filter(|_| !from_side) {
                self.lanes[lane as usize].pass(&queued);
            }
            match held {
                Ok(epoch) => return Some((slot, generation, epoch, lane)),
                Err(Refused::Stale | Refused::NotOpen(_)) => {}
                Err(refused) => panic!("{refused}"),
            }
        }
    }

    fn put_back(&self, (slot, generation, epoch, lane): (u32, u32, u16, u32), owner: Owner) {
        let order = self.data[slot as usize].load(Relaxed);
        let claim = &self.claims[slot as usize];
        claim.try_release(generation, epoch, owner, Phase::Open).expect("this thread holds it");
        let entry = entry(slot, generation, order);
        self.sides[lane as usize].insert(entry).expect("there is room");
        self.bitmap.set(lane);
    }

    fn finish(&self, (slot, generation, epoch, _): (u32, u32, u16, u32), owner: Owner) -> u64 {
        let order = self.data[slot as usize].load(Relaxed);
        let claim = &self.claims[slot as usize];
        claim
            .try_finish(generation, epoch, owner, qiangdan_sync::End::default())
            .expect("this thread holds it");
        self.slab.give(slot);
        order
    }
}

fn key(order: u64) -> Key {
    Key { rank: order.cast_signed() / 8, tie: order }
}

fn entry(slot: u32, generation: u32, order: u64) -> Entry {
    Entry { key: key(order), bits: u64::from(generation) << 32 | u64::from(slot) }
}

#[test]
fn every_order_is_finished_exactly_once() {
    submit_and_finish(THREADS);
}

#[test]
fn every_order_is_finished_exactly_once_among_many() {
    submit_and_finish(2 * THREADS);
}

fn submit_and_finish(threads: u32) {
    let pool = Pool::new();
    let mask = Mask::new(LANES);
    mask.replace(0..LANES);
    let finished: Vec<_> = (0..ROUNDS).map(|_| AtomicU32::new(0)).collect();
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for n in 0..threads {
            let (pool, mask, finished, next) = (&pool, &mask, &finished, &next);
            scope.spawn(move || {
                let owner = Owner::new(n).expect("a small number");
                let mut mine: Option<u64> = None;
                let mut step = n;
                loop {
                    let order = mine.take().or_else(|| {
                        Some(next.fetch_add(1, Relaxed)).filter(|&order| order < ROUNDS)
                    });
                    if let Some(order) = order
                        && !pool.submit(order, (order % u64::from(LANES)) as u32)
                    {
                        mine = Some(order);
                    }
                    let Some(grabbed) = pool.grab(mask, owner) else {
                        if order.is_none() {
                            return;
                        }
                        continue;
                    };
                    step += 1;
                    if step % 4 == 0 {
                        pool.put_back(grabbed, owner);
                        continue;
                    }
                    let order = pool.finish(grabbed, owner);
                    assert_eq!(finished[order as usize].fetch_add(1, Relaxed), 0, "twice: {order}");
                }
            });
        }
    });
    // A thread may have left while another put an order back; nothing may be hidden now.
    let owner = Owner::new(0).expect("a small number");
    while let Some(grabbed) = pool.grab(&mask, owner) {
        let order = pool.finish(grabbed, owner);
        assert_eq!(finished[order as usize].fetch_add(1, Relaxed), 0, "twice: {order}");
    }
    let lost = finished.iter().filter(|count| count.load(Relaxed) != 1).count();
    assert_eq!((lost, pool.slab.in_use()), (0, 0));
    for lane in 0..LANES as usize {
        assert!(pool.lanes[lane].is_empty() && pool.sides[lane].is_empty());
    }
}

/// Pushers and takers on one lane of `capacity`; calls `took` with taker, pusher and number.
fn push_and_take([pushers, takers, capacity]: [u32; 3], took: impl Fn(u32, u32, u64) + Sync) {
    let lane = Lane::new(capacity);
    let rounds = ROUNDS / u64::from(pushers);
    let over: Vec<_> = (0..u64::from(pushers) * rounds).map(|_| AtomicBool::new(false)).collect();
    let over = |item: Item| &over[item.slot as usize * rounds as usize + item.generation as usize];
    let taken = AtomicU64::new(0);
    thread::scope(|scope| {
        for slot in 0..pushers {
            let (lane, over) = (&lane, &over);
            scope.spawn(move || {
                for generation in 0..rounds as u32 {
                    let item = Item { slot, generation };
                    while lane.push(item, |item| over(item).load(Relaxed)).is_err() {
                        thread::yield_now();
                    }
                    if generation % 64 == 0 {
                        let rest = lane.first(|item| (!over(item).load(Relaxed)).then_some(()));
                        assert!(rest.is_some() || over(item).load(Relaxed), "hidden: {item:?}");
                    }
                }
            });
        }
        for taker in 0..takers {
            let (lane, over, taken, took) = (&lane, &over, &taken, &took);
            scope.spawn(move || {
                while taken.load(Relaxed) < u64::from(pushers) * rounds {
                    let look = |item| (!over(item).load(Relaxed)).then_some(item.generation);
                    let Some(first) = lane.first(look) else {
                        thread::yield_now();
                        continue;
                    };
                    if !over(first.item).swap(true, AcqRel) {
                        taken.fetch_add(1, Relaxed);
                        took(taker, first.item.slot, u64::from(first.item.generation));
                    }
                    // Now and then it is not passed.
                    if first.item.generation % 5 != 0 {
                        lane.pass(&first);
                    }
                }
            });
        }
    });
    assert!(lane.first(|item| (!over(item).load(Relaxed)).then_some(())).is_none());
    assert!(lane.is_empty());
}

#[test]
fn a_lane_of_one_ring_keeps_each_pushers_order() {
    for (pushers, takers) in [(2, 2), (4, 4)] {
        let last: Vec<_> = (0..pushers * takers).map(|_| AtomicU64::new(0)).collect();
        push_and_take([pushers, takers, 64], |taker, pusher, n| {
            let last = &last[(taker * pushers + pusher) as usize];
            assert!(n == 0 || last.load(Relaxed) < n, "first in, first out");
            last.store(n, Relaxed);
        });
    }
}

#[test]
fn a_lane_of_many_rings_loses_nothing() {
    push_and_take([4, 4, 5_000], |_, _, _| {});
    push_and_take([3, 1, 100], |_, _, _| {});
}

#[test]
fn a_side_never_hides_what_was_inserted() {
    let side = Side::new(200);
    let rounds = ROUNDS / 10;
    thread::scope(|scope| {
        for n in 0..THREADS {
            let side = &side;
            scope.spawn(move || {
                for round in 0..rounds {
                    let tie = round * u64::from(THREADS) + u64::from(n);
                    // Ranks go down as often as up.
                    let rank = (tie * 7919 % 1000).cast_signed();
                    side.insert(Entry { key: Key { rank, tie }, bits: !tie })
                        .expect("there is room");
                    // At least this thread's own entry is there, or another thread has removed it,
                    // and then that thread's own entry is there in its place.
                    loop {
                        let peeked = side.peek().expect("each thread removes only one per insert");
                        assert_eq!(peeked.entry.bits, !peeked.entry.key.tie);
                        if side.remove_if(&peeked) {
                            break;
                        }
                    }
                }
            });
        }
    });
    assert!(side.is_empty() && side.peek().is_none());
}

#[test]
fn a_wheel_is_never_early_and_loses_nothing() {
    const SLOTS_PER_ARMER: u32 = 50;
    let (looks, mut driver) = Wheel::new(2 * SLOTS_PER_ARMER);
    // What the armer asked for last; 0 when the look has been taken note of.
    let asked: Vec<_> = (0..2 * SLOTS_PER_ARMER).map(|_| AtomicU64::new(0)).collect();
    let clock = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let armed = AtomicU64::new(0);
    let rounds = ROUNDS / 20;
    let looked = thread::scope(|scope| {
        for armer in 0..2 {
            let (looks, asked, clock, armed, stop) = (&looks, &asked, &clock, &armed, &stop);
            scope.spawn(move || {
                for round in 0..rounds {
                    let slot =
                        armer * SLOTS_PER_ARMER + (round % u64::from(SLOTS_PER_ARMER)) as u32;
                    while asked[slot as usize].load(Acquire) != 0 {
                        thread::yield_now();
                    }
                    let due = clock.load(Relaxed) + 1 + round * 31 % 150;
                    asked[slot as usize].store(due, Relaxed);
                    looks.arm(slot, due + 100);
                    looks.arm(slot, due);
                    armed.fetch_add(1, Release);
                }
                if armer == 0 {
                    while armed.load(Acquire) < 2 * rounds {
                        thread::yield_now();
                    }
                    stop.store(true, Release);
                }
            });
        }
        let (mut looked, mut now) = (0, 0);
        loop {
            let stopped = stop.load(Acquire);
            now += 1;
            clock.store(now, Relaxed);
            let advanced = driver.advance(&looks, now, 64, u64::from, |slot, due| {
                assert!(due <= now, "early: {due} at {now}");
                // The look sees what the armer wrote before arming, or nothing is asked for: then
                // it is the later of two arms, left over.
                let wanted = asked[slot as usize].load(Relaxed);
                if wanted != 0 && wanted <= now {
                    asked[slot as usize].store(0, Release);
                    looked += 1;
                    None
                } else {
                    (wanted != 0).then_some(wanted)
                }
            });
            if stopped && advanced.done && driver.next(&looks).is_none() {
                return looked;
            }
        }
    });
    assert_eq!(looked, 2 * rounds);
    assert!(asked.iter().all(|asked| asked.load(Relaxed) == 0));
}

#[test]
fn a_slab_hands_each_slot_to_one_thread() {
    let slab = Slab::new(3);
    let taken: Vec<_> = (0..3).map(|_| AtomicBool::new(false)).collect();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS / 10 {
                    let Some(slot) = slab.take() else {
                        thread::yield_now();
                        continue;
                    };
                    assert!(!taken[slot as usize].swap(true, AcqRel), "slot {slot} is taken twice");
                    taken[slot as usize].store(false, Release);
                    slab.give(slot);
                }
            });
        }
    });
    assert_eq!(slab.in_use(), 0);
}

/// An entry that says whose it is: the number of its place in the list, its slot, its generation, and
/// which thread appended it.
fn told(place: u64, slot: u32, generation: u32, thread: u32) -> Pair {
    [place << 32 | u64::from(slot), u64::from(generation) << 32 | u64::from(thread)]
}

/// Whether all entries are of this life, in order and each once.
fn is_whole(entries: &[Pair], slot: u32, generation: u32) -> bool {
    (0..).zip(entries).all(|(place, &entry)| {
        let thread = entry[1] as u32;
        thread < THREADS && entry == told(place, slot, generation, thread)
    })
}

#[test]
fn a_ledger_shows_whole_lists_of_one_life() {
    const SLOTS: u32 = 6;
    const LEN_MAX: u32 = 9;
    // Less than all lists could have: nodes go from list to list, and run out.
    let ledger = Ledger::new(SLOTS, SLOTS * (LEN_MAX - 1) * 2 / 3);
    // The generation of each slot; odd while one thread begins the next life.
    let lives: Vec<_> = (0..SLOTS).map(|_| AtomicU32::new(2)).collect();
    for slot in 0..SLOTS {
        ledger.begin(slot, 2, told(0, slot, 2, 0));
    }
    let (appended, refused, ended) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (ledger, lives) = (&ledger, &lives);
            let (appended, refused, ended) = (&appended, &refused, &ended);
            scope.spawn(move || {
                let mut entries = Entries::new();
                let mut dice = u64::from(thread) * 2 + 1;
                for _ in 0..10 * ROUNDS / u64::from(THREADS) {
                    dice = dice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    let slot = (dice >> 33) as u32 % SLOTS;
                    let life = &lives[slot as usize];
                    let generation = life.load(Acquire) & !1;
                    let Some(seen) = ledger.read(slot, generation, &mut entries) else { continue };
                    assert!(is_whole(&entries, slot, generation), "{seen:?} {:x?}", &*entries);
                    let len = seen.len();
                    if len < LEN_MAX && dice >> 60 != 0 {
                        let more = 1 + (dice >> 50) as u32 % 2.min(LEN_MAX - len);
                        let new =
                            [0, 1].map(|n| told(u64::from(len) + n, slot, generation, thread));
                        let reserve =
                            if dice >> 59 & 1 == 0 { Reserve::Keep } else { Reserve::Use };
                        match ledger.append(&seen, &new[..more as usize], reserve) {
                            Ok(now) => {
                                assert_eq!(now.len(), len + more);
                                appended.fetch_add(u64::from(more), Relaxed);
                            }
                            Err(AppendError::Changed | AppendError::Full) => {
                                refused.fetch_add(1, Relaxed);
                            }
                        }
                    } else if life
                        .compare_exchange(generation, generation | 1, AcqRel, Relaxed)
                        .is_ok()
                    {
                        // Now this thread alone fills the slot, while others still append.
                        if dice >> 58 & 1 == 0 {
                            assert!(ledger.end(slot, generation));
                            ended.fetch_add(1, Relaxed);
                        }
                        let next = generation + 2;
                        ledger.begin(slot, next, told(0, slot, next, thread));
                        life.store(next, Release);
                    }
                }
            });
        }
    });
    println!("{appended:?} appended, {refused:?} refused, {ended:?} lives ended");
    let mut entries = Entries::new();
    let mut nodes = 0;
    for slot in 0..SLOTS {
        let generation = lives[slot as usize].load(Relaxed);
        let seen = ledger.read(slot, generation, &mut entries).expect("it lives");
        assert!(is_whole(&entries, slot, generation));
        nodes += seen.len() - 1;
    }
    assert_eq!(ledger.in_use(), nodes, "no node is lost");
    for slot in 0..SLOTS {
        assert!(ledger.end(slot, lives[slot as usize].load(Relaxed)));
    }
    // All of them can be used again, each once.
    let all: Vec<_> = (1..=u64::from(ledger.capacity())).map(|n| [n, n]).collect();
    let seen = ledger.begin(0, 1, [0, 0]);
    ledger.append(&seen, &all, Reserve::Use).expect("all nodes are free");
    ledger.read(0, 1, &mut entries).expect("it lives");
    assert_eq!(entries[1..], all);
}
