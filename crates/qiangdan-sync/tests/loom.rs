//! Every interleaving of two or three threads, for each edge named in the module docs.
//!
//! The data that an edge is to carry is a Relaxed atomic: where the edge is missing, loom lets its
//! reader see the old value, and the assertion fails.

#![cfg(qiangdan_loom)]

use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use loom::thread;
use qiangdan_sync::{
    Bitmap, ClaimWord, CloseReach, Entry, Inbox, Key, Lane, Mask, Nodes, Owner, Phase, Side, Wheel,
};

fn model(preemptions: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(run);
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

// ---- claim.rs ------------------------------------------------------------------------------------

/// A slot: its claim, and data that travels along the claim's edges.
struct Slot {
    claim: ClaimWord,
    data: [AtomicU32; 2],
}

impl Slot {
    fn new() -> Arc<Self> {
        Arc::new(Self { claim: ClaimWord::new(), data: [AtomicU32::new(0), AtomicU32::new(0)] })
    }

    fn opened() -> Arc<Self> {
        let slot = Self::new();
        assert_eq!(slot.claim.fill(), Some(1));
        slot.claim.open(1);
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
    model(3, || {
        let slot = Slot::new();
        let clerks = [1, 2].map(|n| {
            let slot = slot.clone();
            thread::spawn(move || {
                let won = slot.claim.try_hold(1, owner(n)).is_ok();
                assert!(!won || slot.read(0) == 42);
                won
            })
        });
        assert_eq!(slot.claim.fill(), Some(1));
        slot.write(0, 42);
        slot.claim.open(1);
        let early =
            clerks.into_iter().map(|clerk| clerk.join().unwrap()).filter(|&won| won).count();
        let late = slot.claim.try_hold(1, owner(3)).is_ok();
        assert_eq!(early + usize::from(late), 1);
    });
}

#[test]
fn claim_fill_is_seen_by_a_reader() {
    model(3, || {
        let slot = Slot::new();
        let reader = {
            let slot = slot.clone();
            thread::spawn(move || {
                if slot.claim.load().phase == Phase::Open {
                    assert_eq!(slot.read(0), 42);
                }
            })
        };
        assert_eq!(slot.claim.fill(), Some(1));
        slot.write(0, 42);
        slot.claim.open(1);
        reader.join().unwrap();
    });
}

#[test]
fn claim_activate_carries_both_writers_data_to_the_holder() {
    model(3, || {
        let slot = Slot::new();
        assert_eq!(slot.claim.fill(), Some(1));
        let activator = {
            let slot = slot.clone();
            thread::spawn(move || {
                slot.write(1, 7);
                if slot.claim.try_open(1).is_ok() {
                    assert_eq!(slot.read(0), 42);
                }
            })
        };
        let clerk = {
            let slot = slot.clone();
            thread::spawn(move || {
                if slot.claim.try_hold(1, owner(1)).is_ok() {
                    assert_eq!((slot.read(0), slot.read(1)), (42, 7));
                }
            })
        };
        slot.write(0, 42);
        slot.claim.shut(1);
        activator.join().unwrap();
        clerk.join().unwrap();
    });
}

#[test]
fn claim_hand_over_carries_the_last_owners_data() {
    model(3, || {
        let slot = Slot::opened();
        let last = slot.claim.try_hold(1, owner(1)).unwrap();
        let next = {
            let slot = slot.clone();
            thread::spawn(move || {
                if let Ok(epoch) = slot.claim.try_hold(1, owner(2)) {
                    assert_eq!((epoch, slot.read(0)), (last + 1, 5));
                }
            })
        };
        let closer = {
            let slot = slot.clone();
            thread::spawn(move || {
                if slot.claim.try_close_unowned(1, CloseReach::Unowned).is_ok() {
                    assert_eq!(slot.read(0), 5);
                }
            })
        };
        slot.write(0, 5);
        assert!(slot.claim.try_release(1, last, owner(1), Phase::Open).is_ok());
        next.join().unwrap();
        closer.join().unwrap();
    });
}

#[test]
fn claim_progress_shows_what_the_owner_wrote() {
    model(3, || {
        let slot = Slot::opened();
        let closer = {
            let slot = slot.clone();
            thread::spawn(move || {
                match slot.claim.load().phase {
                    Phase::Held => assert_eq!(slot.read(0), 3),
                    Phase::Active => assert_eq!((slot.read(0), slot.read(1)), (3, 4)),
                    _ => {}
                }
                let before = slot.claim.try_close_unowned(1, CloseReach::OrActive).unwrap();
                match before.phase {
                    Phase::Held => assert_eq!(slot.read(0), 3),
                    Phase::Active => assert_eq!((slot.read(0), slot.read(1)), (3, 4)),
                    _ => {}
                }
                before.phase
            })
        };
        slot.write(0, 3);
        let held = slot.claim.try_hold(1, owner(1));
        slot.write(1, 4);
        let started = held.and_then(|epoch| slot.claim.try_start(1, epoch, owner(1)));
        let closed = closer.join().unwrap();
        assert_eq!(held.is_ok(), closed != Phase::Open);
        assert_eq!(started.is_ok(), closed == Phase::Active);
    });
}

#[test]
fn claim_outcome_is_seen_by_whoever_sees_it_done() {
    model(3, || {
        let slot = Slot::opened();
        let epoch = slot.claim.try_hold(1, owner(1)).unwrap();
        let reader = {
            let slot = slot.clone();
            thread::spawn(move || {
                if slot.claim.load().phase == Phase::Done {
                    assert_eq!(slot.read(0), 9);
                }
            })
        };
        slot.write(0, 9);
        slot.claim.try_finish(1, epoch, owner(1)).unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn claim_refill_is_told_to_a_reader_of_the_last_life() {
    model(3, || {
        let slot = Slot::opened();
        slot.write(0, 1);
        slot.write(1, 1);
        slot.claim.try_close_unowned(1, CloseReach::Unowned).unwrap();
        let reader = {
            let slot = slot.clone();
            thread::spawn(move || {
                if slot.claim.load().generation == 1 {
                    let read = (slot.read(0), slot.read(1));
                    if slot.claim.is_still(1) {
                        assert_eq!(read, (1, 1));
                    }
                }
            })
        };
        assert_eq!(slot.claim.fill(), Some(2));
        slot.write(0, 2);
        slot.write(1, 2);
        slot.claim.open(2);
        reader.join().unwrap();
    });
}

// ---- lane.rs, free.rs ----------------------------------------------------------------------------

/// Two lanes over one pool.
struct Lanes {
    nodes: Nodes,
    x: Lane,
    y: Lane,
}

impl Lanes {
    fn new(room: u32) -> Arc<Self> {
        let nodes = Nodes::new(room + 2);
        let (x, y) = (Lane::new(&nodes), Lane::new(&nodes));
        Arc::new(Self { nodes, x, y })
    }

    fn push(&self, lane: &Lane, n: i64) {
        lane.push(&self.nodes, entry(n)).unwrap();
    }

    /// Removes the first entry, or `None` if there is none or another thread was faster.
    fn try_pop(&self, lane: &Lane) -> Option<i64> {
        let peeked = lane.peek(&self.nodes)?;
        let n = number(peeked.entry);
        lane.pop_if(&self.nodes, &peeked).then_some(n)
    }

    fn rest(&self, lane: &Lane) -> Vec<i64> {
        std::iter::from_fn(|| self.try_pop(lane)).collect()
    }
}

#[test]
fn lane_link_loses_nothing_between_two_pushers_and_a_popper() {
    model(2, || {
        let lanes = Lanes::new(2);
        let pushers = [1, 2].map(|n| {
            let lanes = lanes.clone();
            thread::spawn(move || lanes.push(&lanes.x, n))
        });
        let mut all: Vec<_> = lanes.try_pop(&lanes.x).into_iter().collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        all.extend(lanes.rest(&lanes.x));
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
        assert!(lanes.x.is_empty(&lanes.nodes));
    });
}

#[test]
fn lane_pop_has_one_winner() {
    model(3, || {
        let lanes = Lanes::new(1);
        lanes.push(&lanes.x, 1);
        let other = {
            let lanes = lanes.clone();
            thread::spawn(move || lanes.try_pop(&lanes.x))
        };
        let here = lanes.try_pop(&lanes.x);
        assert!(here.is_some() != other.join().unwrap().is_some());
    });
}

#[test]
fn lane_reuse_is_told_to_a_peek() {
    model(3, || {
        let lanes = Lanes::new(2);
        lanes.push(&lanes.x, 1);
        lanes.push(&lanes.x, 2);
        let other = {
            let lanes = lanes.clone();
            thread::spawn(move || {
                // The third push fills the node that entry 1 was in.
                for n in 3..5 {
                    lanes.try_pop(&lanes.x).unwrap();
                    lanes.push(&lanes.x, n);
                }
            })
        };
        assert!(!lanes.x.is_empty(&lanes.nodes), "there is always an entry");
        let first = number(lanes.x.peek(&lanes.nodes).expect("there is always an entry").entry);
        assert!((1..4).contains(&first));
        other.join().unwrap();
        assert_eq!(lanes.rest(&lanes.x), [3, 4]);
    });
}

#[test]
fn lane_tail_is_not_followed_into_another_lane() {
    model(3, || {
        let lanes = Lanes::new(3);
        let other = {
            let lanes = lanes.clone();
            thread::spawn(move || {
                lanes.push(&lanes.x, 1);
                let popped = lanes.try_pop(&lanes.x);
                // Takes the node that was the dummy of the other lane.
                lanes.push(&lanes.y, 2);
                popped
            })
        };
        lanes.push(&lanes.x, 3);
        let mut x: Vec<_> = other.join().unwrap().into_iter().collect();
        x.extend(lanes.rest(&lanes.x));
        x.sort_unstable();
        assert_eq!((x, lanes.rest(&lanes.y)), (vec![1, 3], vec![2]));
    });
}

#[test]
fn lane_head_and_tail_survive_a_pop_during_a_push() {
    model(3, || {
        let lanes = Lanes::new(2);
        let pusher = {
            let lanes = lanes.clone();
            thread::spawn(move || {
                lanes.push(&lanes.x, 1);
                lanes.push(&lanes.x, 2);
            })
        };
        let mut all: Vec<_> = lanes.try_pop(&lanes.x).into_iter().collect();
        all.extend(lanes.try_pop(&lanes.x));
        pusher.join().unwrap();
        all.extend(lanes.rest(&lanes.x));
        assert_eq!(all, [1, 2]);
        lanes.push(&lanes.x, 3);
        assert_eq!(lanes.rest(&lanes.x), [3]);
    });
}

#[test]
fn free_hands_each_node_to_one_lane() {
    model(3, || {
        let lanes = Lanes::new(2);
        lanes.push(&lanes.x, 1);
        lanes.push(&lanes.y, 2);
        let other = {
            let lanes = lanes.clone();
            thread::spawn(move || {
                assert_eq!(lanes.try_pop(&lanes.x), Some(1));
                lanes.push(&lanes.x, 3);
                assert_eq!(lanes.try_pop(&lanes.x), Some(3));
                lanes.push(&lanes.x, 5);
            })
        };
        assert_eq!(lanes.try_pop(&lanes.y), Some(2));
        lanes.push(&lanes.y, 4);
        other.join().unwrap();
        assert_eq!((lanes.rest(&lanes.x), lanes.rest(&lanes.y)), (vec![5], vec![4]));
    });
}

// ---- side.rs -------------------------------------------------------------------------------------

fn side_of(entries: &[i64]) -> Arc<Side> {
    let side = Arc::new(Side::new(2));
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
    model(3, || {
        let side = side_of(&[]);
        let other = {
            let side = side.clone();
            thread::spawn(move || {
                side.insert(entry(2)).unwrap();
                assert!(smallest(&side).is_some_and(|n| n <= 2));
            })
        };
        side.insert(entry(1)).unwrap();
        assert_eq!(smallest(&side), Some(1));
        other.join().unwrap();
        assert_eq!(remove_smallest(&side), Some(1));
        assert_eq!(remove_smallest(&side), Some(2));
        assert!(side.is_empty());
    });
}

#[test]
fn side_refresh_accounts_for_an_insert_beside_a_removal() {
    model(3, || {
        let side = side_of(&[1]);
        let other = {
            let side = side.clone();
            thread::spawn(move || {
                assert!(remove_smallest(&side).is_some());
            })
        };
        side.insert(entry(2)).unwrap();
        assert!(smallest(&side).is_none_or(|n| n <= 2));
        other.join().unwrap();
        let rest = remove_smallest(&side).expect("two went in, one came out");
        assert!(rest == 1 || rest == 2);
        assert_eq!(smallest(&side), None);
    });
}

#[test]
fn side_refresh_is_not_fooled_by_two_changes_in_a_row() {
    model(3, || {
        let side = side_of(&[]);
        let other = {
            let side = side.clone();
            thread::spawn(move || {
                side.insert(entry(1)).unwrap();
                assert_eq!(remove_smallest(&side), Some(1));
            })
        };
        side.insert(entry(2)).unwrap();
        assert!(smallest(&side).is_some());
        other.join().unwrap();
        assert_eq!(smallest(&side), Some(2));
    });
}

#[test]
fn side_peek_helps_a_removal_that_has_not_come_to_the_root() {
    model(3, || {
        let side = side_of(&[1, 2]);
        let other = {
            let side = side.clone();
            thread::spawn(move || assert_eq!(remove_smallest(&side), Some(1)))
        };
        assert!(smallest(&side).is_some(), "there is always an entry");
        other.join().unwrap();
        assert_eq!(smallest(&side), Some(2));
    });
}

#[test]
fn side_reuse_is_told_to_a_peek() {
    model(3, || {
        let side = side_of(&[5]);
        let other = {
            let side = side.clone();
            thread::spawn(move || {
                assert_eq!(remove_smallest(&side), Some(5));
                side.insert(entry(6)).unwrap();
            })
        };
        if let Some(n) = smallest(&side) {
            assert!(n == 5 || n == 6);
        }
        other.join().unwrap();
        assert_eq!(smallest(&side), Some(6));
    });
}

#[test]
fn side_removal_has_one_winner() {
    model(3, || {
        let side = side_of(&[1]);
        let peeked = side.peek().unwrap();
        let other = {
            let side = side.clone();
            thread::spawn(move || side.remove_if(&peeked))
        };
        let here = side.remove_if(&peeked);
        assert!(here != other.join().unwrap());
        assert_eq!((smallest(&side), side.is_empty()), (None, true));
    });
}

// ---- bitmap.rs -----------------------------------------------------------------------------------

/// A bitmap of two lanes that hold no more than a count.
struct Bits {
    bitmap: Bitmap,
    mask: Mask,
    entries: [AtomicU32; 2],
}

impl Bits {
    fn new() -> Arc<Self> {
        let mask = Mask::new(2);
        mask.replace([0, 1]);
        let entries = [AtomicU32::new(0), AtomicU32::new(0)];
        Arc::new(Self { bitmap: Bitmap::new(2), mask, entries })
    }

    fn push(&self, lane: u32) {
        self.entries[lane as usize].store(1, Relaxed);
        self.bitmap.set(lane);
    }

    fn clear_if_empty(&self, lane: u32) {
        self.bitmap.clear_if(lane, || self.entries[lane as usize].load(Relaxed) == 0);
    }

    fn found(&self) -> Vec<u32> {
        self.bitmap.iter_and(&self.mask).collect()
    }
}

#[test]
fn bitmap_set_is_not_cleared_after_a_push() {
    model(3, || {
        let bits = Bits::new();
        // A hint that was left over.
        bits.bitmap.set(0);
        let pusher = {
            let bits = bits.clone();
            thread::spawn(move || {
                bits.push(0);
                assert_eq!(bits.found(), [0], "a push that has returned is found");
            })
        };
        bits.clear_if_empty(0);
        bits.found();
        pusher.join().unwrap();
        assert_eq!(bits.found(), [0]);
    });
}

#[test]
fn bitmap_set_carries_the_push_to_a_scan() {
    model(3, || {
        let bits = Bits::new();
        let pusher = {
            let bits = bits.clone();
            thread::spawn(move || bits.push(0))
        };
        if bits.bitmap.contains(0) {
            assert_eq!(bits.entries[0].load(Relaxed), 1);
        }
        if bits.found() == [0] {
            assert_eq!(bits.entries[0].load(Relaxed), 1);
        }
        pusher.join().unwrap();
    });
}

#[test]
fn bitmap_summary_is_not_lowered_over_a_set_bit() {
    model(3, || {
        let bits = Bits::new();
        // The word has no bit, but is still told.
        bits.bitmap.set(0);
        bits.clear_if_empty(0);
        let pushers = [0, 1].map(|lane| {
            let bits = bits.clone();
            thread::spawn(move || {
                bits.push(lane);
                assert!(bits.found().contains(&lane), "a push that has returned is found");
            })
        });
        bits.found();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        assert_eq!(bits.found(), [0, 1]);
    });
}

#[test]
fn bitmap_summary_carries_the_bit_to_a_scan() {
    model(3, || {
        let bits = Bits::new();
        let pusher = {
            let bits = bits.clone();
            thread::spawn(move || bits.push(0))
        };
        if !bits.bitmap.is_empty() {
            assert_eq!(bits.found(), [0]);
        }
        pusher.join().unwrap();
    });
}

#[test]
fn bitmap_told_carries_the_summary_to_whoever_is_told_of_a_push() {
    model(3, || {
        let bits = Bits::new();
        let news = Arc::new(AtomicU32::new(0));
        let first = {
            let bits = bits.clone();
            thread::spawn(move || bits.push(0))
        };
        let second = {
            let (bits, news) = (bits.clone(), news.clone());
            thread::spawn(move || {
                bits.push(1);
                news.store(1, Release);
            })
        };
        if news.load(Acquire) == 1 {
            assert!(bits.found().contains(&1));
        }
        first.join().unwrap();
        second.join().unwrap();
    });
}

// ---- stack.rs ------------------------------------------------------------------------------------

#[test]
fn inbox_flag_brings_every_push_to_a_taker() {
    model(3, || {
        let inbox = Arc::new(Inbox::new(1));
        let data = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let read = |data: &[AtomicU32; 2]| [0, 1].map(|n| data[n].load(Relaxed));
        let pushers = [0, 1].map(|n| {
            let (inbox, data) = (inbox.clone(), data.clone());
            thread::spawn(move || {
                data[n].store(1, Relaxed);
                inbox.push(0);
            })
        });
        let early = inbox.take().last().map(|_| read(&data));
        for pusher in pushers {
            pusher.join().unwrap();
        }
        let late = inbox.take().count();
        assert!(late == 1 || early == Some([1, 1]), "a push was lost: {early:?}");
    });
}

#[test]
fn inbox_queue_loses_no_index() {
    model(3, || {
        let inbox = Arc::new(Inbox::new(3));
        let pushers = [0, 1].map(|n| {
            let inbox = inbox.clone();
            thread::spawn(move || assert!(inbox.push(n)))
        });
        inbox.push(2);
        let mut all: Vec<_> = inbox.take().collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        all.extend(inbox.take());
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    });
}

// ---- wheel.rs ------------------------------------------------------------------------------------

/// Slot 0 is armed for 5; another thread makes history and arms for `due`; nothing is missed.
fn arm_beside_a_look(due: u64) {
    model(3, move || {
        let (looks, mut driver) = Wheel::new(1);
        let (looks, history) = (Arc::new(looks), Arc::new(AtomicU32::new(0)));
        looks.arm(0, 5);
        let armer = {
            let (looks, history) = (looks.clone(), history.clone());
            thread::spawn(move || {
                history.store(1, Relaxed);
                looks.arm(0, due);
            })
        };
        let mut seen = vec![];
        let mut advance = |seen: &mut Vec<u32>| {
            driver.advance(
                &looks,
                10,
                usize::MAX,
                |_| 0,
                |_, due| {
                    assert!(due <= 10);
                    seen.push(history.load(Relaxed));
                    None
                },
            )
        };
        assert!(advance(&mut seen).done);
        armer.join().unwrap();
        assert!(advance(&mut seen).done);
        assert_eq!(seen.last(), Some(&1), "a look was lost");
        assert_eq!(driver.next(&looks), None);
    });
}

#[test]
fn wheel_arm_for_earlier_brings_a_look() {
    arm_beside_a_look(3);
}

#[test]
fn wheel_arm_for_later_is_seen_or_brings_a_look() {
    arm_beside_a_look(7);
}

#[test]
fn wheel_arm_beside_the_drivers_own_keeps_the_earlier() {
    model(3, || {
        let (looks, mut driver) = Wheel::new(1);
        let looks = Arc::new(looks);
        looks.arm(0, 5);
        let armer = {
            let looks = looks.clone();
            thread::spawn(move || looks.arm(0, 8))
        };
        let mut dues = vec![];
        for now in [6, 8] {
            let advanced = driver.advance(
                &looks,
                now,
                usize::MAX,
                |_| 0,
                |_, due| {
                    assert!(due <= now, "early");
                    dues.push(due);
                    Some(20)
                },
            );
            assert!(advanced.done);
        }
        armer.join().unwrap();
        assert!(driver.next(&looks).is_some_and(|next| next <= 20));
        assert_eq!(dues[0], 5);
    });
}
