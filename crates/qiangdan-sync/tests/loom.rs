//! Every interleaving of two or three threads, for each edge named in the module docs.
//!
//! The data that an edge is to carry is a Relaxed atomic: where the edge is missing, loom lets its
//! reader see the old value, and the assertion fails. `scripts/weaken.py` checks that it does.

#![cfg(qiangdan_loom)]
#![expect(clippy::unwrap_used, reason = "what fails in a model fails the test")]

use std::cell::RefCell;

use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use loom::thread;
use qiangdan_sync::{
    Bitmap, ClaimWord, CloseReach, Entry, Inbox, Key, Lane, Looks, Mask, Nodes, Owner, Phase,
    Refused, Side, Wheel, WheelDriver,
};

/// Runs `parts` as threads that share what `new` makes, then `after` with what they returned.
///
/// Once for each order of the parts. Loom remembers only the last access to each atomic, so a thread
/// that reads a word and then swaps it hides the reads of others before it; which
/// interleavings it finds depends on the order in which it first tries the threads.
fn race<S, R, const N: usize>(new: fn() -> S, parts: [fn(&S) -> R; N], after: fn(&S, [R; N]))
where
    S: Send + Sync + 'static,
    R: Send + 'static,
{
    for order in orders(N) {
        let mut builder = loom::model::Builder::new();
        // More if `LOOM_MAX_PREEMPTIONS` says so.
        let least = Some(if N == 2 { 3 } else { 2 });
        builder.preemption_bound = builder.preemption_bound.max(least);
        builder.check(move || {
            let shared = Arc::new(new());
            let threads: Vec<_> = order[1..]
                .iter()
                .map(|&n| {
                    let shared = shared.clone();
                    thread::spawn(move || parts[n](&shared))
                })
                .collect();
            let mut returned = [const { None }; N];
            returned[order[0]] = Some(parts[order[0]](&shared));
            for (&n, thread) in order[1..].iter().zip(threads) {
                returned[n] = Some(thread.join().unwrap());
            }
            after(&shared, returned.map(Option::unwrap));
        });
    }
}

/// All orders of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else { return vec![vec![]] };
    let shorter = orders(last);
    let with_last_at = |place: usize| {
        shorter.iter().map(move |order| {
            let mut order = order.clone();
            order.insert(place, last);
            order
        })
    };
    (0..n).flat_map(with_last_at).collect()
}

fn owner(n: u32) -> Owner {
    Owner::new(n).unwrap()
}

fn entry(n: i64) -> Entry {
    Entry { key: Key { rank: n, tie: n.cast_unsigned() }, bits: n.cast_unsigned() }
}

/// The number of an entry whose words belong together.
fn number(entry: Entry) -> i64 {
    let n = entry.key.rank;
    assert_eq!(entry, self::entry(n), "words of two entries");
    n
}

fn sorted(parts: impl IntoIterator<Item = Vec<i64>>) -> Vec<i64> {
    let mut all: Vec<_> = parts.into_iter().flatten().collect();
    all.sort_unstable();
    all
}

// ---- claim.rs ------------------------------------------------------------------------------------

/// A slot: its claim, and data that travels along the claim's edges.
struct Slot {
    claim: ClaimWord,
    data: [AtomicU32; 2],
}

impl Slot {
    /// In its first life, vacant.
    fn filled() -> Self {
        let slot = Self { claim: ClaimWord::new(), data: [AtomicU32::new(0), AtomicU32::new(0)] };
        assert_eq!(slot.claim.fill(), Some(1));
        slot
    }

    fn opened() -> Self {
        let slot = Self::filled();
        slot.claim.open(1);
        slot
    }

    fn held() -> Self {
        let slot = Self::opened();
        assert_eq!(slot.claim.try_hold(1, owner(1)), Ok(1));
        slot
    }

    fn write(&self, n: usize, value: u32) {
        self.data[n].store(value, Relaxed);
    }

    fn read(&self, n: usize) -> u32 {
        self.data[n].load(Relaxed)
    }
}

#[test]
fn claim_fill_has_one_winner_who_sees_the_data() {
    fn grab(slot: &Slot, n: u32) -> bool {
        let won = slot.claim.try_hold(1, owner(n)).is_ok();
        assert!(!won || slot.read(0) == 42);
        won
    }
    let fill = |slot: &Slot| {
        slot.write(0, 42);
        slot.claim.open(1);
        false
    };
    race(Slot::filled, [fill, |slot| grab(slot, 1), |slot| grab(slot, 2)], |slot, won| {
        let late = slot.claim.try_hold(1, owner(3)).is_ok();
        let winners = won.into_iter().chain([late]).filter(|&won| won).count();
        assert_eq!(winners, 1);
    });
}

#[test]
fn claim_fill_is_seen_by_whoever_sees_it_open() {
    let fill = |slot: &Slot| {
        slot.write(0, 42);
        slot.claim.open(1);
    };
    let read = |slot: &Slot| {
        if slot.claim.load().phase == Phase::Open {
            assert_eq!(slot.read(0), 42);
        }
    };
    race(Slot::filled, [fill, read], |_, _| {});
}

#[test]
fn claim_activate_carries_both_writers_data_to_the_owner() {
    let fill = |slot: &Slot| {
        slot.write(0, 42);
        slot.claim.shut(1);
    };
    let activate = |slot: &Slot| {
        slot.write(1, 7);
        if slot.claim.try_open(1).is_ok() {
            assert_eq!(slot.read(0), 42);
        }
    };
    let grab = |slot: &Slot| {
        if slot.claim.try_hold(1, owner(1)).is_ok() {
            assert_eq!((slot.read(0), slot.read(1)), (42, 7));
        }
    };
    race(Slot::filled, [fill, activate, grab], |_, _| {});
}

#[test]
fn claim_hand_over_carries_the_last_owners_data() {
    let put_back = |slot: &Slot| {
        slot.write(0, 5);
        slot.claim.try_release(1, 1, owner(1), Phase::Open).unwrap();
    };
    let grab = |slot: &Slot| {
        if let Ok(epoch) = slot.claim.try_hold(1, owner(2)) {
            assert_eq!((epoch, slot.read(0)), (2, 5));
        }
    };
    let cancel = |slot: &Slot| {
        if slot.claim.try_close_unowned(1, CloseReach::Unowned).is_ok() {
            assert_eq!(slot.read(0), 5);
        }
    };
    race(Slot::held, [put_back, grab, cancel], |_, _| {});
}

#[test]
fn claim_progress_shows_what_the_owner_wrote() {
    fn saw(slot: &Slot, phase: Phase) {
        match phase {
            Phase::Held => assert_eq!(slot.read(0), 3),
            Phase::Active => assert_eq!((slot.read(0), slot.read(1)), (3, 4)),
            _ => {}
        }
    }
    let serve = |slot: &Slot| {
        slot.write(0, 3);
        let held = slot.claim.try_hold(1, owner(1));
        slot.write(1, 4);
        let started = held.and_then(|epoch| slot.claim.try_start(1, epoch, owner(1)));
        match (held, started) {
            (Err(_), _) => Phase::Open,
            (Ok(_), Err(refused)) => {
                assert!(matches!(refused, Refused::NotHeld(_)));
                Phase::Held
            }
            (Ok(_), Ok(_)) => Phase::Active,
        }
    };
    let close = |slot: &Slot| {
        saw(slot, slot.claim.load().phase);
        let before = slot.claim.try_close_unowned(1, CloseReach::OrActive).unwrap();
        saw(slot, before.phase);
        before.phase
    };
    race(Slot::opened, [serve, close], |_, [reached, closed]| assert_eq!(reached, closed));
}

#[test]
fn claim_outcome_is_seen_by_whoever_sees_it_done() {
    let finish = |slot: &Slot| {
        slot.write(0, 9);
        slot.claim.try_finish(1, 1, owner(1)).unwrap();
    };
    let read = |slot: &Slot| {
        if slot.claim.load().phase == Phase::Done {
            assert_eq!(slot.read(0), 9);
        }
    };
    race(Slot::held, [finish, read], |_, _| {});
}

#[test]
fn claim_ends_once() {
    let finish = |slot: &Slot| slot.claim.try_finish(1, 1, owner(1)).is_ok();
    let close = |slot: &Slot| slot.claim.try_close_unowned(1, CloseReach::OrHeld).is_ok();
    race(Slot::held, [finish, close], |_, [finished, closed]| assert!(finished != closed));
}

#[test]
fn claim_refill_is_told_to_a_reader_of_the_last_life() {
    let new = || {
        let slot = Slot::opened();
        slot.write(0, 1);
        slot.write(1, 1);
        slot.claim.try_close_unowned(1, CloseReach::Unowned).unwrap();
        slot
    };
    let refill = |slot: &Slot| {
        assert_eq!(slot.claim.fill(), Some(2));
        slot.write(0, 2);
        slot.write(1, 2);
        slot.claim.open(2);
    };
    let read = |slot: &Slot| {
        if slot.claim.load().generation == 1 {
            let read = (slot.read(0), slot.read(1));
            assert!(read == (1, 1) || !slot.claim.is_still(1));
        }
    };
    race(new, [refill, read], |_, _| {});
}

// ---- lane.rs, free.rs ----------------------------------------------------------------------------

/// Two lanes over one pool.
struct Lanes {
    nodes: Nodes,
    x: Lane,
    y: Lane,
}

impl Lanes {
    /// Room for four, and these in lane `x`.
    fn with(entries: &[i64]) -> Self {
        let nodes = Nodes::new(4 + 2);
        let (x, y) = (Lane::new(&nodes), Lane::new(&nodes));
        let lanes = Self { nodes, x, y };
        for &n in entries {
            lanes.push(&lanes.x, n);
        }
        lanes
    }

    fn push(&self, lane: &Lane, n: i64) {
        lane.push(&self.nodes, entry(n)).unwrap();
    }

    /// Removes the first entry, or nothing if there is none or another thread was faster.
    fn pop(&self, lane: &Lane) -> Vec<i64> {
        let popped = lane.peek(&self.nodes).and_then(|peeked| {
            let n = number(peeked.entry);
            lane.pop_if(&self.nodes, &peeked).then_some(n)
        });
        popped.into_iter().collect()
    }

    fn rest(&self, lane: &Lane) -> Vec<i64> {
        std::iter::from_fn(|| self.pop(lane).pop()).collect()
    }
}

#[test]
fn lane_link_loses_nothing_between_two_pushers_and_a_popper() {
    fn push(lanes: &Lanes, n: i64) -> Vec<i64> {
        lanes.push(&lanes.x, n);
        vec![]
    }
    let pop = |lanes: &Lanes| lanes.pop(&lanes.x);
    race(
        || Lanes::with(&[]),
        [|lanes| push(lanes, 1), |lanes| push(lanes, 2), pop],
        |lanes, popped| {
            let rest = lanes.rest(&lanes.x);
            assert_eq!(sorted(popped.into_iter().chain([rest])), [1, 2]);
            assert!(lanes.x.is_empty(&lanes.nodes));
        },
    );
}

#[test]
fn lane_pop_has_one_winner() {
    let pop = |lanes: &Lanes| lanes.pop(&lanes.x);
    race(|| Lanes::with(&[1]), [pop, pop], |_, popped| assert_eq!(sorted(popped), [1]));
}

/// Pops and pushes in turn, so that the third push fills the node that entry 1 was in.
fn turn_over(lanes: &Lanes) {
    for n in 3..6 {
        assert_eq!(lanes.pop(&lanes.x), [n - 2]);
        lanes.push(&lanes.x, n);
    }
}

#[test]
fn lane_reuse_is_told_to_a_peek() {
    let peek = |lanes: &Lanes| {
        let first = lanes.x.peek(&lanes.nodes).expect("there is always an entry");
        assert!((1..5).contains(&number(first.entry)));
    };
    race(
        || Lanes::with(&[1, 2]),
        [turn_over, peek],
        |lanes, _| {
            assert_eq!(lanes.rest(&lanes.x), [4, 5]);
        },
    );
}

#[test]
fn lane_reuse_is_told_to_whoever_asks_if_it_is_empty() {
    let ask = |lanes: &Lanes| {
        assert!(!lanes.x.is_empty(&lanes.nodes), "there is always an entry");
    };
    race(|| Lanes::with(&[1, 2]), [turn_over, ask], |_, _| {});
}

#[test]
fn lane_tail_is_not_followed_into_another_lane() {
    let move_over = |lanes: &Lanes| {
        lanes.push(&lanes.x, 1);
        let popped = lanes.pop(&lanes.x);
        // Takes the node that was the dummy of the other lane.
        lanes.push(&lanes.y, 2);
        popped
    };
    let push = |lanes: &Lanes| {
        lanes.push(&lanes.x, 3);
        vec![]
    };
    race(
        || Lanes::with(&[]),
        [move_over, push],
        |lanes, popped| {
            let rest = lanes.rest(&lanes.x);
            assert_eq!(sorted(popped.into_iter().chain([rest])), [1, 3]);
            assert_eq!(lanes.rest(&lanes.y), [2]);
        },
    );
}

#[test]
fn lane_tail_is_not_led_astray_by_an_old_peek() {
    // The old dummy becomes the last node of the same lane, the first entry's node goes elsewhere.
    let turn = |lanes: &Lanes| {
        let popped = lanes.pop(&lanes.x);
        lanes.push(&lanes.x, 2);
        let popped = [popped, lanes.pop(&lanes.x)].concat();
        lanes.push(&lanes.y, 3);
        popped
    };
    let pop = |lanes: &Lanes| lanes.pop(&lanes.x);
    race(
        || Lanes::with(&[1]),
        [turn, pop],
        |lanes, popped| {
            lanes.push(&lanes.x, 4);
            let rest = lanes.rest(&lanes.x);
            assert_eq!(sorted(popped.into_iter().chain([rest])), [1, 2, 4]);
            assert_eq!(lanes.rest(&lanes.y), [3]);
        },
    );
}

#[test]
fn lane_head_and_tail_survive_pops_during_pushes() {
    let push = |lanes: &Lanes| {
        lanes.push(&lanes.x, 1);
        lanes.push(&lanes.x, 2);
        vec![]
    };
    let pop = |lanes: &Lanes| [lanes.pop(&lanes.x), lanes.pop(&lanes.x)].concat();
    race(
        || Lanes::with(&[]),
        [push, pop],
        |lanes, popped| {
            assert_eq!([popped.concat(), lanes.rest(&lanes.x)].concat(), [1, 2]);
            lanes.push(&lanes.x, 3);
            assert_eq!(lanes.rest(&lanes.x), [3]);
        },
    );
}

#[test]
fn lane_head_is_followed_to_a_node_in_this_life() {
    // The second pop makes a node the dummy that has been free.
    let turn = |lanes: &Lanes| {
        assert_eq!(lanes.pop(&lanes.x), [1]);
        lanes.push(&lanes.x, 2);
        assert_eq!(lanes.pop(&lanes.x), [2]);
        lanes.push(&lanes.x, 3);
    };
    let peek = |lanes: &Lanes| {
        if let Some(peeked) = lanes.x.peek(&lanes.nodes) {
            assert!((1..4).contains(&number(peeked.entry)));
        }
        let _ = lanes.x.is_empty(&lanes.nodes);
    };
    race(|| Lanes::with(&[1]), [turn, peek], |lanes, _| assert_eq!(lanes.rest(&lanes.x), [3]));
}

#[test]
fn free_hands_each_node_to_one_lane() {
    let new = || {
        let lanes = Lanes::with(&[1]);
        lanes.push(&lanes.y, 2);
        lanes
    };
    let in_x = |lanes: &Lanes| {
        assert_eq!(lanes.pop(&lanes.x), [1]);
        lanes.push(&lanes.x, 3);
        assert_eq!(lanes.pop(&lanes.x), [3]);
        lanes.push(&lanes.x, 5);
    };
    let in_y = |lanes: &Lanes| {
        assert_eq!(lanes.pop(&lanes.y), [2]);
        lanes.push(&lanes.y, 4);
    };
    race(new, [in_x, in_y], |lanes, _| {
        assert_eq!((lanes.rest(&lanes.x), lanes.rest(&lanes.y)), (vec![5], vec![4]));
    });
}

// ---- side.rs -------------------------------------------------------------------------------------

fn side_of(entries: &[i64]) -> Side {
    side_with_room(2, entries)
}

fn side_with_room(capacity: u32, entries: &[i64]) -> Side {
    let side = Side::new(capacity);
    // Loom does not see the lock that guards the allocation of a segment: do it now.
    side.insert(entry(0)).unwrap();
    assert_eq!(remove_smallest(&side), Some(0));
    for &n in entries {
        side.insert(entry(n)).unwrap();
    }
    side
}

fn smallest(side: &Side) -> Option<i64> {
    side.peek().map(|peeked| number(peeked.entry))
}

fn remove_smallest(side: &Side) -> Option<i64> {
    let peeked = side.peek()?;
    side.remove_if(&peeked).then(|| number(peeked.entry))
}

#[test]
fn side_refresh_accounts_for_two_inserts() {
    fn insert(side: &Side, n: i64) {
        side.insert(entry(n)).unwrap();
        assert!(smallest(side).is_some_and(|smallest| smallest <= n));
    }
    race(
        || side_of(&[]),
        [|side| insert(side, 1), |side| insert(side, 2)],
        |side, _| {
            assert_eq!((remove_smallest(side), remove_smallest(side)), (Some(1), Some(2)));
            assert!(side.is_empty());
        },
    );
}

#[test]
fn side_refresh_accounts_for_an_insert_beside_a_removal() {
    let remove = |side: &Side| assert!(remove_smallest(side).is_some());
    let insert = |side: &Side| {
        side.insert(entry(2)).unwrap();
        assert!(smallest(side).is_none_or(|n| n <= 2));
    };
    race(
        || side_of(&[1]),
        [remove, insert],
        |side, _| {
            assert!(remove_smallest(side).is_some(), "two went in, one came out");
            assert_eq!(smallest(side), None);
        },
    );
}

#[test]
fn side_refresh_is_not_fooled_by_two_changes_in_a_row() {
    let twice = |side: &Side| {
        side.insert(entry(1)).unwrap();
        assert_eq!(remove_smallest(side), Some(1));
    };
    let insert = |side: &Side| {
        side.insert(entry(2)).unwrap();
        assert!(smallest(side).is_some());
    };
    race(|| side_of(&[]), [twice, insert], |side, _| assert_eq!(smallest(side), Some(2)));
}

#[test]
fn side_peek_helps_a_removal_that_has_not_come_to_the_root() {
    let remove = |side: &Side| assert_eq!(remove_smallest(side), Some(1));
    let peek = |side: &Side| assert!(smallest(side).is_some(), "there is always an entry");
    race(|| side_of(&[1, 2]), [remove, peek], |side, _| assert_eq!(smallest(side), Some(2)));
}

#[test]
fn side_reuse_is_told_to_a_peek() {
    let turn = |side: &Side| {
        assert_eq!(remove_smallest(side), Some(5));
        side.insert(entry(6)).unwrap();
    };
    let peek = |side: &Side| assert!(smallest(side).is_none_or(|n| n == 5 || n == 6));
    race(|| side_of(&[5]), [turn, peek], |side, _| assert_eq!(smallest(side), Some(6)));
}

/// 3 and 4 on the right, free leaves on the left that once had smaller keys.
fn two_levels() -> Side {
    let side = side_with_room(4, &[1, 2, 3, 4]);
    assert_eq!((remove_smallest(&side), remove_smallest(&side)), (Some(1), Some(2)));
    side
}

fn remove_on_the_right(side: &Side) {
    assert_eq!(remove_smallest(side), Some(3));
    assert_eq!(smallest(side), Some(4), "it was there throughout");
}

#[test]
fn side_name_carries_the_key_to_the_node_above() {
    let insert = |side: &Side| side.insert(entry(5)).unwrap();
    race(two_levels, [insert, remove_on_the_right], |side, _| {
        assert_eq!((remove_smallest(side), remove_smallest(side)), (Some(4), Some(5)));
    });
}

/// As above, with a leaf that is named by a thread other than the one that filled it.
#[test]
#[ignore = "takes minutes"]
fn side_name_carries_the_key_of_anothers_leaf() {
    fn insert(side: &Side, n: i64) {
        side.insert(entry(n)).unwrap();
    }
    race(
        two_levels,
        [|side| insert(side, 5), |side| insert(side, 6), remove_on_the_right],
        |side, _| {
            let rest: Vec<_> = std::iter::from_fn(|| remove_smallest(side)).collect();
            assert_eq!(rest, [4, 5, 6]);
        },
    );
}

#[test]
fn side_leaf_carries_the_entry_to_a_peek() {
    let insert = |side: &Side| side.insert(entry(7)).unwrap();
    let peek = |side: &Side| assert!(smallest(side).is_none_or(|n| n == 7));
    race(|| side_of(&[]), [insert, peek], |side, _| assert_eq!(smallest(side), Some(7)));
}

#[test]
fn side_removal_has_one_winner() {
    let remove = |side: &Side| remove_smallest(side).is_some();
    race(
        || side_of(&[1]),
        [remove, remove],
        |side, [here, there]| {
            assert!(here != there);
            assert_eq!((smallest(side), side.is_empty()), (None, true));
        },
    );
}

// ---- bitmap.rs -----------------------------------------------------------------------------------

/// A bitmap of two lanes that hold no more than a count.
struct Bits {
    bitmap: Bitmap,
    mask: Mask,
    entries: [AtomicU32; 2],
    news: AtomicU32,
}

impl Bits {
    fn new() -> Self {
        let mask = Mask::new(2);
        mask.replace([0, 1]);
        let [a, b, news] = [0; 3].map(AtomicU32::new);
        Self { bitmap: Bitmap::new(2), mask, entries: [a, b], news }
    }

    /// Lane 0 is set, but empty.
    fn with_hint_left_over() -> Self {
        let bits = Self::new();
        bits.bitmap.set(0);
        bits
    }

    /// No lane is set, but the summary does not know it yet.
    fn with_summary_left_over() -> Self {
        let bits = Self::with_hint_left_over();
        bits.clear_if_empty(0);
        bits
    }

    fn push(&self, lane: u32) {
        self.entries[lane as usize].store(1, Relaxed);
        self.bitmap.set(lane);
    }

    fn push_and_find(&self, lane: u32) {
        self.push(lane);
        assert!(self.found().contains(&lane), "a push that has returned is found");
    }

    fn has(&self, lane: u32) -> bool {
        self.entries[lane as usize].load(Relaxed) == 1
    }

    fn clear_if_empty(&self, lane: u32) {
        self.bitmap.clear_if(lane, || !self.has(lane));
    }

    fn found(&self) -> Vec<u32> {
        self.bitmap.iter_and(&self.mask).collect()
    }
}

#[test]
fn bitmap_set_is_not_cleared_after_a_push() {
    let push = |bits: &Bits| bits.push_and_find(0);
    let clear = |bits: &Bits| {
        bits.clear_if_empty(0);
        bits.found();
    };
    race(Bits::with_hint_left_over, [push, clear], |bits, _| assert_eq!(bits.found(), [0]));
    race(Bits::new, [push, clear], |bits, _| assert_eq!(bits.found(), [0]));
    // The bit may be set, and the word not told yet.
    let hint = |bits: &Bits| bits.bitmap.set(0);
    race(Bits::new, [hint, push, clear], |bits, _| assert_eq!(bits.found(), [0]));
}

#[test]
fn bitmap_set_carries_the_push_to_a_scan() {
    let push = |bits: &Bits| bits.push(0);
    let ask = |bits: &Bits| assert!(!bits.bitmap.contains(0) || bits.has(0));
    let scan = |bits: &Bits| assert!(bits.found().is_empty() || bits.has(0));
    race(Bits::new, [push, ask], |_, _| {});
    race(Bits::new, [push, scan], |_, _| {});
    race(Bits::with_summary_left_over, [push, scan], |_, _| {});
}

#[test]
fn bitmap_summary_is_not_lowered_over_a_set_bit() {
    let scan = |bits: &Bits| drop(bits.found());
    race(
        Bits::with_summary_left_over,
        [|bits| bits.push_and_find(0), |bits| bits.push_and_find(1), scan],
        |bits, _| assert_eq!(bits.found(), [0, 1]),
    );
    // One scan may stop halfway through the lowering, and another take over.
    race(Bits::with_summary_left_over, [|bits| bits.push_and_find(0), scan, scan], |bits, _| {
        assert_eq!(bits.found(), [0]);
    });
}

#[test]
fn bitmap_told_carries_the_summary_to_whoever_hears_of_a_push() {
    let first = |bits: &Bits| bits.push(0);
    let second = |bits: &Bits| {
        bits.push(1);
        bits.news.store(1, Release);
    };
    let hear = |bits: &Bits| {
        if bits.news.load(Acquire) == 1 {
            assert!(bits.found().contains(&1));
        }
    };
    race(Bits::new, [first, second, hear], |_, _| {});
    let second_again = |bits: &Bits| {
        bits.push(0);
        bits.news.store(1, Release);
    };
    let hear_again = |bits: &Bits| {
        if bits.news.load(Acquire) == 1 {
            assert!(bits.found().contains(&0));
        }
    };
    race(Bits::new, [first, second_again, hear_again], |_, _| {});
}

// ---- stack.rs ------------------------------------------------------------------------------------

struct Pushed {
    inbox: Inbox,
    data: [AtomicU32; 2],
}

impl Pushed {
    fn new() -> Self {
        Self { inbox: Inbox::new(3), data: [AtomicU32::new(0), AtomicU32::new(0)] }
    }

    /// Writes its own data, then pushes an index that others push too.
    fn write_and_push(&self, n: usize) -> Option<[u32; 2]> {
        self.data[n].store(1, Relaxed);
        self.inbox.push(0);
        None
    }

    /// What the taker of index 0 sees.
    fn take_and_read(&self) -> Option<[u32; 2]> {
        self.inbox.take().last().map(|_| [0, 1].map(|n| self.data[n].load(Relaxed)))
    }
}

#[test]
fn inbox_flag_brings_every_push_to_a_taker() {
    race(
        Pushed::new,
        [|p| p.write_and_push(0), |p| p.write_and_push(1), Pushed::take_and_read],
        |p, [.., early]| {
            let late = p.inbox.take().count();
            assert!(late == 1 || early == Some([1, 1]), "a push was lost: {early:?}");
        },
    );
}

#[test]
fn inbox_queue_loses_no_index() {
    fn push(p: &Pushed, n: u32) -> Vec<u32> {
        assert!(p.inbox.push(n));
        vec![]
    }
    race(
        Pushed::new,
        [|p| push(p, 0), |p| push(p, 1), |p| p.inbox.take().collect()],
        |p, taken| {
            let mut all: Vec<_> = taken.into_iter().flatten().chain(p.inbox.take()).collect();
            all.sort_unstable();
            assert_eq!(all, [0, 1]);
        },
    );
}

#[test]
fn inbox_queue_carries_the_links_to_a_taker() {
    let push = |p: &Pushed| {
        assert!(p.inbox.push(1) && p.inbox.push(2));
        vec![]
    };
    let take = |p: &Pushed| p.inbox.take().collect::<Vec<_>>();
    race(Pushed::new, [push, take], |p, [_, taken]| {
        let mut all: Vec<_> = taken.into_iter().chain(p.inbox.take()).collect();
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    });
}

// ---- wheel.rs ------------------------------------------------------------------------------------

/// A wheel of one slot, armed for 5, whose history others may make.
struct Timer {
    looks: Looks,
    /// Touched by one part of the race, then by `after`.
    driver: loom::sync::Mutex<RefCell<WheelDriver>>,
    history: [AtomicU32; 2],
}

impl Timer {
    fn new() -> Self {
        let (looks, driver) = Wheel::new(1);
        looks.arm(0, 5);
        let history = [AtomicU32::new(0), AtomicU32::new(0)];
        Self { looks, driver: loom::sync::Mutex::new(RefCell::new(driver)), history }
    }

    fn write_and_arm(&self, n: usize, due: u64) -> Vec<[u32; 2]> {
        self.history[n].store(1, Relaxed);
        self.looks.arm(0, due);
        vec![]
    }

    /// What each look sees.
    fn advance(&self, now: u64, again: Option<u64>) -> Vec<[u32; 2]> {
        let driver = self.driver.lock().unwrap();
        let mut seen = vec![];
        let mut look = |_, due| {
            assert!(due <= now, "early: {due} at {now}");
            seen.push([0, 1].map(|n| self.history[n].load(Relaxed)));
            again
        };
        let advanced = driver.borrow_mut().advance(&self.looks, now, usize::MAX, |_| 0, &mut look);
        assert!(advanced.done);
        seen
    }

    fn next(&self) -> Option<u64> {
        self.driver.lock().unwrap().borrow_mut().next(&self.looks)
    }
}

#[test]
fn wheel_arm_is_seen_by_a_look_or_brings_one() {
    // Lowering it, and finding it low enough.
    let arm = [|t: &Timer| t.write_and_arm(0, 3), |t: &Timer| t.write_and_arm(0, 7)];
    for arm in arm {
        race(Timer::new, [arm, |t| t.advance(10, None)], |t, seen| {
            let looks = [seen.concat(), t.advance(10, None)].concat();
            assert_eq!(looks.last(), Some(&[1, 0]), "a look was lost");
            assert_eq!(t.next(), None);
        });
    }
}

#[test]
fn wheel_two_arms_are_seen_by_looks() {
    race(
        Timer::new,
        [|t| t.write_and_arm(0, 4), |t| t.write_and_arm(1, 6), |t| t.advance(10, None)],
        |t, seen| {
            let looks = [seen.concat(), t.advance(10, None)].concat();
            assert_eq!(looks.last(), Some(&[1, 1]), "a look was lost");
            assert_eq!(t.next(), None);
        },
    );
}

#[test]
fn wheel_arm_beside_the_drivers_own_keeps_the_earlier() {
    race(Timer::new, [|t| t.write_and_arm(0, 8), |t| t.advance(6, Some(20))], |t, [_, seen]| {
        assert_eq!(seen.len(), 1);
        // Either the look has seen the arm, or there is another one in time.
        let looks = t.advance(8, Some(20));
        assert!(seen == [[1, 0]] || looks == [[1, 0]], "a look was lost");
        assert!(t.next().is_some_and(|next| next <= 20));
    });
}
