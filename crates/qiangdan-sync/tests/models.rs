//! Each structure, used by one thread, against a model a child could check.

#![cfg(not(qiangdan_loom))]

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use qiangdan_sync::{
    AppendError, Bitmap, Entries, Entry, First, Inbox, Item, Key, Lane, LaneFull, Ledger, Mask,
    Pair, Reserve, Side, SideFull, Wheel,
};

const CASES: u32 = if cfg!(miri) { 4 } else { 512 };
const STEPS: usize = if cfg!(miri) { 30 } else { 200 };

fn entry() -> impl Strategy<Value = Entry> {
    (-3..3_i64, 0..3_u64, 0..4_u64)
        .prop_map(|(rank, tie, bits)| Entry { key: Key { rank, tie }, bits })
}

#[derive(Clone, Debug)]
enum LaneOp {
    Push {
        items: u32,
    },
    /// Ends the first item, and says so to the lane or not.
    Take {
        pass: bool,
    },
    /// Ends any item.
    End(prop::sample::Index),
    /// Passes an item that was first some time ago.
    PassOld(prop::sample::Index),
}

fn lane_op() -> impl Strategy<Value = LaneOp> {
    let which = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0..90_u32).prop_map(|items| LaneOp::Push { items }),
        9 => any::<bool>().prop_map(|pass| LaneOp::Take { pass }),
        9 => which().prop_map(LaneOp::End),
        1 => which().prop_map(LaneOp::PassOld),
    ]
}

fn item(n: u32) -> Item {
    Item { slot: n % 5, generation: n }
}

#[derive(Clone, Debug)]
enum SideOp {
    Insert(Entry),
    Remove,
    RemoveOld(prop::sample::Index),
}

fn side_op() -> impl Strategy<Value = SideOp> {
    prop_oneof![3 => entry().prop_map(SideOp::Insert), 2 => Just(SideOp::Remove), 1 => any::<prop::sample::Index>().prop_map(SideOp::RemoveOld)]
}

#[derive(Clone, Debug)]
enum BitmapOp {
    Set(u32),
    ClearIf(u32, bool),
    MaskSet(u32),
    MaskUnset(u32),
    Scan,
}

/// Few lanes, at both ends of words and summaries.
fn lane() -> impl Strategy<Value = u32> {
    prop_oneof![0..3_u32, 30..34_u32, 1022..1026_u32]
}

fn bitmap_op() -> impl Strategy<Value = BitmapOp> {
    prop_oneof![
        3 => lane().prop_map(BitmapOp::Set),
        3 => (lane(), any::<bool>()).prop_map(|(lane, empty)| BitmapOp::ClearIf(lane, empty)),
        2 => lane().prop_map(BitmapOp::MaskSet),
        1 => lane().prop_map(BitmapOp::MaskUnset),
        2 => Just(BitmapOp::Scan),
    ]
}

#[derive(Clone, Debug)]
enum LedgerOp {
    Begin,
    /// Appends so many to the list as it is.
    Append(u64, Reserve),
    /// Appends to the list as it was some time ago.
    AppendOld(prop::sample::Index),
    End,
}

const LEDGER_SLOTS: u32 = 3;
const LEDGER_NODES: u32 = 17;

fn ledger_op() -> impl Strategy<Value = (u32, LedgerOp)> {
    let reserve = prop_oneof![3 => Just(Reserve::Keep), 1 => Just(Reserve::Use)];
    let op = prop_oneof![
        2 => Just(LedgerOp::Begin),
        8 => (0..5_u64, reserve).prop_map(|(count, reserve)| LedgerOp::Append(count, reserve)),
        3 => any::<prop::sample::Index>().prop_map(LedgerOp::AppendOld),
        2 => Just(LedgerOp::End),
    ];
    (0..LEDGER_SLOTS, op)
}

#[derive(Clone, Debug)]
enum WheelOp {
    Arm { slot: u32, in_ms: u64 },
    ArmPast { slot: u32, ago_ms: u64 },
    Advance { by_ms: u64, budget: usize },
    Next,
}

/// Spans that end on each level now and then.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..5_u64, 3 => 0..200_u64, 2 => 4000..5000_u64, 1 => 0..20_000_000_u64]
}

fn wheel_op() -> impl Strategy<Value = WheelOp> {
    prop_oneof![
        4 => (0..6_u32, span()).prop_map(|(slot, in_ms)| WheelOp::Arm { slot, in_ms }),
        1 => (0..6_u32, span()).prop_map(|(slot, ago_ms)| WheelOp::ArmPast { slot, ago_ms }),
        3 => (span(), 1..12_usize).prop_map(|(by_ms, budget)| WheelOp::Advance { by_ms, budget }),
        1 => Just(WheelOp::Next),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn a_lane_is_a_queue_that_items_may_leave(ops in vec(lane_op(), 0..STEPS)) {
        const ROOM: u32 = 512 + 64;
        let lane = Lane::new(512 + 1);
        // Those that are not over, by number of push; the lane knows of it only by asking.
        let mut model = BTreeSet::new();
        let (mut next, mut old) = (0, vec![]);
        let is_over = |model: &BTreeSet<u32>, item: Item| !model.contains(&item.generation);
        for op in ops {
            match op {
                LaneOp::Push { items } => {
                    let items: Vec<_> = (next..next + items).map(item).collect();
                    // Those of this push are not in the model yet.
                    let is_over = |item: Item| item.generation < next && is_over(&model, item);
                    let pushed = match items[..] {
                        [one] => usize::from(lane.push(one, is_over).is_ok()),
                        _ => lane.push_many(&items, is_over),
                    };
                    if pushed < items.len() {
                        prop_assert!(!model.is_empty() || pushed > 0, "full of nothing");
                        let one_more = lane.push(items[pushed], is_over);
                        prop_assert!(pushed == 0 || one_more == Err(LaneFull));
                    }
                    let pushed = u32::try_from(pushed).unwrap();
                    model.extend(next..next + pushed);
                    prop_assert!(model.len() <= ROOM as usize);
                    next += pushed;
                }
                LaneOp::Take { pass } => {
                    let look = |item: Item| (!is_over(&model, item)).then_some(item.generation);
                    let first: Option<First<u32>> = lane.first(look);
                    prop_assert_eq!(first.map(|first| first.key), model.first().copied());
                    if let Some(first) = first {
                        prop_assert_eq!(first.item, item(first.key));
                        model.remove(&first.key);
                        if pass {
                            lane.pass(&first);
                        }
                        old.push(first);
                    } else {
                        prop_assert!(lane.is_empty());
                    }
                }
                LaneOp::End(which) => {
                    if !model.is_empty() {
                        let n = *model.iter().nth(which.index(model.len())).unwrap();
                        model.remove(&n);
                    }
                }
                LaneOp::PassOld(which) => {
                    if !old.is_empty() {
                        lane.pass(which.get(&old));
                    }
                }
            }
            prop_assert!(model.is_empty() || !lane.is_empty());
        }
    }

    #[test]
    fn a_side_gives_the_smallest(ops in vec(side_op(), 0..STEPS)) {
        const ROOM: usize = 70;
        let side = Side::new(70);
        // Equal entries may be there more than once.
        let mut model: BTreeMap<(Key, u64), usize> = BTreeMap::new();
        let (mut len, mut old) = (0, vec![]);
        for op in ops {
            match op {
                SideOp::Insert(entry) => {
                    let full = len == ROOM;
                    prop_assert_eq!(side.insert(entry), if full { Err(SideFull) } else { Ok(()) });
                    if !full {
                        len += 1;
                        *model.entry((entry.key, entry.bits)).or_default() += 1;
                    }
                }
                SideOp::Remove => {
                    let peeked = side.peek();
                    let smallest = model.keys().next().map(|&(key, _)| key);
                    prop_assert_eq!(peeked.map(|peeked| peeked.entry.key), smallest);
                    if let Some(peeked) = peeked {
                        prop_assert!(side.remove_if(&peeked));
                        len -= 1;
                        let left = model.get_mut(&(peeked.entry.key, peeked.entry.bits));
                        let left = left.expect("what comes out had gone in");
                        *left -= 1;
                        if *left == 0 {
                            model.remove(&(peeked.entry.key, peeked.entry.bits));
                        }
                        old.push(peeked);
                    }
                }
                SideOp::RemoveOld(which) => {
                    if !old.is_empty() {
                        prop_assert!(!side.remove_if(which.get(&old)));
                    }
                }
            }
            prop_assert_eq!(side.is_empty(), len == 0);
        }
    }

    #[test]
    fn a_bitmap_is_a_set(ops in vec(bitmap_op(), 0..STEPS)) {
        const LANES: u32 = 1026;
        let (bitmap, mask) = (Bitmap::new(LANES), Mask::new(LANES));
        let (mut set, mut masked) = (BTreeSet::new(), BTreeSet::new());
        for op in ops {
            match op {
                BitmapOp::Set(lane) => {
                    bitmap.set(lane);
                    set.insert(lane);
                }
                BitmapOp::ClearIf(lane, empty) => {
                    let cleared = bitmap.clear_if(lane, || empty);
                    prop_assert_eq!(cleared, empty && set.contains(&lane));
                    if cleared {
                        set.remove(&lane);
                    }
                }
                BitmapOp::MaskSet(lane) => {
                    mask.set(lane);
                    masked.insert(lane);
                }
                BitmapOp::MaskUnset(lane) => {
                    mask.unset(lane);
                    masked.remove(&lane);
                }
                BitmapOp::Scan => {
                    let mut found = Vec::new();
                    bitmap.for_each_and(&mask, |lane| found.push(lane));
                    let expected: Vec<_> = set.intersection(&masked).copied().collect();
                    prop_assert_eq!(found, expected);
                }
            }
            prop_assert!(set.is_empty() || !bitmap.is_empty());
        }
    }

    #[test]
    fn an_inbox_is_a_set_that_is_taken_whole(ops in vec(proptest::option::of(0..6_u32), 0..STEPS)) {
        let inbox = Inbox::new(6);
        let mut model = vec![];
        for op in ops {
            match op {
                Some(index) => {
                    let newly = !model.contains(&index);
                    prop_assert_eq!(inbox.push(index), newly);
                    if newly {
                        model.insert(0, index);
                    }
                }
                None => {
                    prop_assert_eq!(inbox.take().collect::<Vec<_>>(), model);
                    model = vec![];
                }
            }
        }
    }

    #[test]
    fn a_ledger_is_a_list_for_each_life(ops in vec(ledger_op(), 0..STEPS)) {
        let ledger = Ledger::new(LEDGER_SLOTS, LEDGER_NODES);
        // The life of each slot, and its list if it lasts.
        let mut lives: [(u32, Option<Vec<Pair>>); LEDGER_SLOTS as usize] = Default::default();
        let (mut entries, mut was, mut entry) = (Entries::new(), vec![], 0);
        let mut new = |count: u64| -> Vec<Pair> {
            entry += count;
            (entry - count..entry).map(|n| [n, !n]).collect()
        };
        for (slot, op) in ops {
            let used: usize = lives.iter().filter_map(|(_, list)| list.as_ref()).map(|list| list.len() - 1).sum();
            let room = |reserve| match reserve {
                Reserve::Keep => (LEDGER_NODES - LEDGER_NODES / 8) as usize,
                Reserve::Use => LEDGER_NODES as usize,
            };
            let (generation, list) = &mut lives[slot as usize];
            match op {
                LedgerOp::Begin => {
                    let first = new(1);
                    *generation += 1;
                    was.push(ledger.begin(slot, *generation, first[0]));
                    *list = Some(first);
                }
                LedgerOp::Append(count, reserve) => {
                    let Some(seen) = ledger.read(slot, *generation, &mut entries) else { continue };
                    let new = new(count);
                    let appended = ledger.append(&seen, &new, reserve);
                    if new.is_empty() || used + new.len() <= room(reserve) {
                        list.as_mut().unwrap().extend(new);
                        was.push(appended.unwrap());
                    } else {
                        prop_assert_eq!(appended, Err(AppendError::Full));
                    }
                }
                LedgerOp::AppendOld(which) => {
                    if was.is_empty() { continue }
                    let seen = which.get(&was);
                    let (generation, list) = &mut lives[seen.slot() as usize];
                    let list = list.as_mut().filter(|list| {
                        (seen.generation(), seen.len() as usize) == (*generation, list.len())
                    });
                    prop_assert_eq!(ledger.is_still(seen), list.is_some());
                    let new = new(1);
                    match (ledger.append(seen, &new, Reserve::Use), list) {
                        (Ok(_), Some(list)) => list.extend(new),
                        (Err(AppendError::Full), Some(_)) => prop_assert_eq!(used, room(Reserve::Use)),
                        (Err(AppendError::Changed), None) => {}
                        (appended, list) => prop_assert!(false, "{appended:?} to {list:?}"),
                    }
                }
                LedgerOp::End => {
                    prop_assert!(!ledger.end(slot, *generation + 1));
                    prop_assert_eq!(ledger.end(slot, *generation), list.take().is_some());
                }
            }
            let mut used = 0;
            for (slot, (generation, list)) in (0..).zip(&lives) {
                let seen = ledger.read(slot, *generation, &mut entries);
                prop_assert_eq!(seen.map(|_| entries.to_vec()), list.clone());
                used += entries.len().saturating_sub(1);
                prop_assert!(ledger.read(slot, generation.wrapping_sub(1), &mut entries).is_none());
            }
            prop_assert_eq!(ledger.in_use() as usize, used);
        }
    }

    #[test]
    fn a_wheel_looks_in_order_and_in_time(ops in vec(wheel_op(), 0..STEPS), again in vec(span(), 8)) {
        let (looks, mut driver) = Wheel::new(6);
        let mut armed: BTreeMap<u32, u64> = BTreeMap::new();
        let key = |slot: u32| u64::from(slot * 5 % 7);
        let (mut now, mut looked) = (0, 0_usize);
        for op in ops {
            let arm = match op {
                WheelOp::Arm { slot, in_ms } => Some((slot, now + in_ms)),
                WheelOp::ArmPast { slot, ago_ms } => Some((slot, now.saturating_sub(ago_ms))),
                WheelOp::Advance { .. } | WheelOp::Next => None,
            };
            if let Some((slot, due)) = arm {
                looks.arm(slot, due);
                let cell = armed.entry(slot).or_insert(due);
                *cell = due.min(*cell);
            }
            let earliest = armed.values().min().copied();
            if let WheelOp::Advance { by_ms, budget } = op {
                now += by_ms;
                let mut failed = None;
                loop {
                    let advanced = driver.advance(&looks, now, budget, key, |slot, due| {
                        let min = armed.iter().map(|(&slot, &due)| (due, key(slot), slot)).min();
                        let expected = min.filter(|&(due, ..)| due <= now);
                        if expected != Some((due, key(slot), slot)) {
                            failed.get_or_insert((slot, due, expected));
                        }
                        armed.remove(&slot);
                        looked += 1;
                        // Every other look asks for another one, at times within this advance.
                        let next = (looked % 2 == 0).then(|| due + 1 + again[looked / 2 % again.len()]);
                        if let Some(next) = next {
                            armed.insert(slot, next);
                        }
                        next
                    });
                    prop_assert_eq!(failed, None);
                    if advanced.done {
                        break;
                    }
                }
                prop_assert!(armed.values().all(|&due| due > now), "late: {armed:?} at {now}");
            } else if matches!(op, WheelOp::Next) {
                let next = driver.next(&looks);
                prop_assert_eq!(next.is_some(), earliest.is_some());
                if let (Some(next), Some(earliest)) = (next, earliest) {
                    prop_assert!(next <= earliest);
                    // Within the block of 64 ms of the last advance, or in the past, it is exact.
                    prop_assert!(next == earliest || earliest / 64 > now / 64);
                }
            }
        }
    }
}
