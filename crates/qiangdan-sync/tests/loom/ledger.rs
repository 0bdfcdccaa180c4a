//! Models of the edges in `ledger.rs`.

use super::*;

/// A ledger of three slots, and a word that is written before something is told.
struct Told {
    ledger: Ledger,
    data: AtomicU32,
}

/// An entry whose words belong together.
fn pair(n: u64) -> Pair {
    [n, !n]
}

impl Told {
    /// Room for so many nodes, and lists of so many entries in the first lives: 0, 1, … in slot 0,
    /// 10, 11, … in slot 1. Nodes are handed out in this order.
    fn with(nodes: u32, lists: &[u64]) -> Self {
        let told = Self { ledger: Ledger::new(3, nodes), data: AtomicU32::new(0) };
        for (slot, &len) in (0..).zip(lists) {
            told.ledger.begin(slot, 1, pair(10 * u64::from(slot)));
            let more: Vec<_> = (1..len).map(|n| 10 * u64::from(slot) + n).collect();
            told.append(slot, &more).unwrap();
        }
        told
    }

    /// The list of a slot in its life, as numbers, if all words belong together.
    fn read(&self, slot: u32, generation: u32) -> Option<Vec<u64>> {
        let mut entries = Entries::new();
        let seen = self.ledger.read(slot, generation, &mut entries)?;
        assert_eq!(seen.len() as usize, entries.len());
        Some(entries.iter().map(|&[n, not_n]| if n == !not_n { n } else { u64::MAX }).collect())
    }

    /// Appends to what is read of the first life of a slot.
    fn append(&self, slot: u32, new: &[u64]) -> Result<u32, AppendError> {
        let seen = self.ledger.read(slot, 1, &mut Entries::new()).ok_or(AppendError::Changed)?;
        let new: Vec<_> = new.iter().map(|&n| pair(n)).collect();
        self.ledger.append(&seen, &new, Reserve::Use).map(|seen| seen.len())
    }
}

#[test]
fn ledger_begin_carries_the_first_entry() {
    let begin = |told: &Told| {
        told.data.store(1, Relaxed);
        told.ledger.begin(0, 1, pair(7));
    };
    let read = |told: &Told| {
        if let Some(list) = told.read(0, 1) {
            assert_eq!((list, told.data.load(Relaxed)), (vec![7], 1));
        }
    };
    race(
        || Told::with(1, &[]),
        [begin, read],
        |told, _| assert_eq!(told.read(0, 1), Some(vec![7])),
    );
}

#[test]
fn ledger_append_carries_the_entries() {
    let append = |told: &Told| {
        told.data.store(1, Relaxed);
        assert_eq!(told.append(0, &[1, 2]), Ok(3));
    };
    let read = |told: &Told| {
        let list = told.read(0, 1).expect("the life goes on");
        if list.len() > 1 {
            assert_eq!((list, told.data.load(Relaxed)), (vec![0, 1, 2], 1));
        }
    };
    race(|| Told::with(2, &[1]), [append, read], |_, _| {});
}

#[test]
fn ledger_append_has_one_winner_whom_the_other_sees() {
    fn append(told: &Told, n: u64) -> bool {
        let seen = told.ledger.read(0, 1, &mut Entries::new()).unwrap();
        match told.ledger.append(&seen, &[pair(n)], Reserve::Use) {
            Ok(_) => true,
            Err(refused) => {
                assert_eq!(refused, AppendError::Changed);
                assert_eq!(told.read(0, 1), Some(vec![0, 3 - n]));
                assert_eq!(told.append(0, &[n]), Ok(3));
                false
            }
        }
    }
    race(
        || Told::with(3, &[1]),
        [|told| append(told, 1), |told| append(told, 2)],
        |told, [one, two]| {
            assert!(one || two);
            let list = told.read(0, 1);
            assert!(list == Some(vec![0, 1, 2]) || list == Some(vec![0, 2, 1]));
            assert_eq!(told.ledger.in_use(), 2);
        },
    );
}

#[test]
fn ledger_append_is_known_to_whoever_ends_the_life() {
    let append = |told: &Told| told.append(0, &[1, 2]).is_ok();
    let end = |told: &Told| told.ledger.end(0, 1);
    race(
        // Node 0 is in the list of slot 1.
        || {
            let told = Told::with(4, &[1, 2]);
            assert_eq!(told.ledger.in_use(), 1);
            told
        },
        [append, end],
        |told, [_, ended]| {
            assert!(ended);
            assert_eq!((told.read(0, 1), told.ledger.in_use()), (None, 1));
            assert_eq!(told.append(0, &[1]), Err(AppendError::Changed));
            // All others are free, and each once.
            told.ledger.begin(2, 1, pair(20));
            assert_eq!(told.append(2, &[21, 22, 23]), Ok(4));
            assert_eq!(told.read(2, 1), Some(vec![20, 21, 22, 23]));
            assert_eq!(told.read(1, 1), Some(vec![10, 11]));
        },
    );
}

#[test]
fn ledger_append_is_known_to_whoever_appends_unread() {
    let append = |told: &Told| told.append(0, &[1]).is_ok();
    let note = |told: &Told| {
        let seen = told.ledger.seen(0, 1).expect("the life goes on");
        told.ledger.append(&seen, &[pair(2)], Reserve::Use).is_ok()
    };
    race(
        // Node 0 is in the list of slot 1.
        || Told::with(4, &[1, 2]),
        [append, note],
        |told, _| {
            assert!(told.ledger.end(0, 1));
            // All its nodes are free, and each once.
            told.ledger.begin(2, 1, pair(20));
            assert_eq!(told.append(2, &[21, 22, 23]), Ok(4));
            assert_eq!(told.read(2, 1), Some(vec![20, 21, 22, 23]));
            assert_eq!(told.read(1, 1), Some(vec![10, 11]));
        },
    );
}

#[test]
fn ledger_life_ends_once() {
    let end = |told: &Told| told.ledger.end(0, 1);
    race(
        || Told::with(1, &[2]),
        [end, end],
        |told, [here, there]| {
            assert!(here != there);
            assert_eq!(told.ledger.in_use(), 0);
        },
    );
}

#[test]
fn ledger_refill_of_a_slot_is_told_to_a_reader() {
    let refill = |told: &Told| {
        assert!(told.ledger.end(0, 1));
        told.ledger.begin(0, 2, pair(5));
    };
    let read = |told: &Told| {
        let list = told.read(0, 1);
        assert!(list.is_none() || list == Some(vec![0]), "{list:?}");
    };
    race(
        || Told::with(0, &[1]),
        [refill, read],
        |told, _| {
            assert_eq!(told.read(0, 2), Some(vec![5]));
        },
    );
}

#[test]
fn ledger_refill_of_a_life_that_was_not_ended_is_told_to_a_reader() {
    let refill = |told: &Told| {
        told.ledger.begin(0, 2, pair(5));
    };
    let read = |told: &Told| {
        let list = told.read(0, 1);
        assert!(list.is_none() || list == Some(vec![0, 1]), "{list:?}");
        // Too late, or taken back together with the life.
        let _ = told.append(0, &[2]);
    };
    race(
        || Told::with(2, &[2]),
        [refill, read],
        |told, _| {
            assert_eq!((told.read(0, 2), told.ledger.in_use()), (Some(vec![5]), 0));
        },
    );
}

#[test]
fn ledger_refill_of_a_node_is_told_to_a_reader() {
    let refill = |told: &Told| {
        assert!(told.ledger.end(0, 1));
        assert_eq!(told.append(1, &[11]), Ok(2));
    };
    let read = |told: &Told| {
        let list = told.read(0, 1);
        assert!(list.is_none() || list == Some(vec![0, 1]), "{list:?}");
    };
    race(|| Told::with(1, &[2, 1]), [refill, read], |_, _| {});
}

#[test]
fn ledger_free_carries_the_end_of_the_life_before() {
    let end = |told: &Told| assert!(told.ledger.end(0, 1));
    let refill = |told: &Told| {
        let appended = told.append(1, &[11]);
        assert!(matches!(appended, Ok(2) | Err(AppendError::Full)));
    };
    let read = |told: &Told| {
        let list = told.read(0, 1);
        assert!(list.is_none() || list == Some(vec![0, 1]), "{list:?}");
    };
    race(|| Told::with(1, &[2, 1]), [end, refill, read], |_, _| {});
}

/// The node that the reader is about to leave comes to another list, whose end puts it on top of a
/// free one.
#[test]
fn ledger_refill_of_a_link_is_told_to_a_reader() {
    let refill = |told: &Told| {
        assert!(told.ledger.end(0, 1));
        // In node 1. If the other thread is early, there is no such list.
        let _ = told.append(1, &[11]);
        // Node 2 is the free one, below which is node 0.
        assert!(told.ledger.end(2, 1));
    };
    let end = |told: &Told| {
        told.ledger.end(1, 1);
    };
    let read = |told: &Told| {
        let list = told.read(0, 1);
        assert!(list.is_none() || list == Some(vec![0, 1, 2]), "{list:?}");
    };
    race(|| Told::with(3, &[3, 1, 2]), [refill, end, read], |_, _| {});
}

#[test]
fn ledger_room_that_is_counted_is_found() {
    let end = |told: &Told| assert!(told.ledger.end(0, 1));
    let append = |told: &Told| {
        let is_free = told.ledger.in_use() == 0;
        let appended = told.append(1, &[11]);
        assert!(appended == Ok(2) || appended == Err(AppendError::Full) && !is_free);
    };
    race(
        || Told::with(1, &[2, 1]),
        [end, append],
        |told, _| {
            told.ledger.end(1, 1);
            assert_eq!(told.ledger.in_use(), 0);
        },
    );
}

#[test]
fn ledger_free_nodes_go_to_one_list_each() {
    let end_and_append = |told: &Told| {
        assert!(told.ledger.end(0, 1));
        told.append(1, &[11, 12]).is_ok()
    };
    let append = |told: &Told| told.append(2, &[21, 22]).is_ok();
    race(
        || Told::with(4, &[3, 1, 1]),
        [end_and_append, append],
        |told, appended| {
            assert_eq!(appended, [true, true]);
            assert_eq!(told.read(1, 1), Some(vec![10, 11, 12]));
            assert_eq!(told.read(2, 1), Some(vec![20, 21, 22]));
        },
    );
}

#[test]
fn ledger_room_goes_to_one_of_two() {
    race(
        || Told::with(1, &[1, 1]),
        [|told: &Told| told.append(0, &[5]), |told: &Told| told.append(1, &[5])],
        |told, appended| {
            let full = Err(AppendError::Full);
            assert!(appended == [Ok(2), full] || appended == [full, Ok(2)]);
            assert_eq!(told.ledger.in_use(), 1);
            let slot = u32::from(appended[0] == full);
            assert_eq!(told.read(slot, 1).map(|list| list.len()), Some(2));
        },
    );
}

#[test]
fn ledger_late_begin_has_one_list_for_both() {
    fn note(told: &Told, n: u64) {
        loop {
            let seen = told.ledger.begin_late(0, 1).expect("nobody ends it");
            match told.ledger.append(&seen, &[pair(n)], Reserve::Use) {
                Ok(_) => return,
                Err(refused) => assert_eq!(refused, AppendError::Changed),
            }
        }
    }
    race(
        || Told::with(2, &[]),
        [|told| note(told, 1), |told| note(told, 2)],
        |told, _| {
            let mut list = told.read(0, 1).expect("it goes on");
            list.sort_unstable();
            // The first entry, zeros, is no pair.
            assert_eq!((list, told.ledger.in_use()), (vec![1, 2, u64::MAX], 2));
        },
    );
}

#[test]
fn ledger_late_begin_leaves_nothing_behind_an_end() {
    let note = |told: &Told| {
        let Some(seen) = told.ledger.begin_late(0, 1) else { return };
        told.ledger.append(&seen, &[pair(7), pair(8)], Reserve::Use).ok();
    };
    let end = |told: &Told| {
        told.ledger.end_for_good(0, 1);
        assert!(told.ledger.begin_late(0, 1).is_none());
    };
    race(
        || {
            // Node 0 is in the list of slot 1.
            let told = Told::with(3, &[]);
            told.ledger.begin(1, 1, pair(10));
            told.append(1, &[11]).unwrap();
            told
        },
        [note, end],
        |told, _| {
            assert_eq!((told.read(0, 1), told.ledger.in_use()), (None, 1));
            let seen = told.ledger.begin_late(2, 1).unwrap();
            told.ledger.append(&seen, &[pair(21), pair(22)], Reserve::Use).unwrap();
            assert_eq!(told.read(2, 1), Some(vec![u64::MAX, 21, 22]));
        },
    );
}

#[test]
fn ledger_late_begin_gives_back_what_nobody_ended() {
    let append = |told: &Told| {
        told.append(0, &[1, 2]).ok();
    };
    let begin = |told: &Told| {
        told.ledger.begin_late(0, 2).expect("a later life");
    };
    race(
        || Told::with(3, &[2]),
        [append, begin],
        |told, _| {
            assert_eq!((told.read(0, 1), told.ledger.in_use()), (None, 0));
            let seen = told.ledger.begin_late(0, 2).unwrap();
            told.ledger.append(&seen, &[pair(21), pair(22), pair(23)], Reserve::Use).unwrap();
            assert_eq!(told.read(0, 2).unwrap().len(), 4);
        },
    );
}

#[test]
fn ledger_refill_is_told_to_whoever_looks_newest_first() {
    let refill = |told: &Told| {
        told.ledger.end_for_good(0, 1);
        let seen = told.ledger.begin_late(2, 1).unwrap();
        told.ledger.append(&seen, &[pair(5)], Reserve::Use).unwrap();
    };
    let look = |told: &Told| {
        let mut list = Vec::new();
        if told.ledger.look(0, 1, |[n, not_n]| list.push(if n == !not_n { n } else { u64::MAX })) {
            assert_eq!(list, [1, 0]);
        }
    };
    race(|| Told::with(1, &[2]), [refill, look], |_, _| {});
}

#[test]
fn ledger_append_carries_the_entries_to_whoever_looks() {
    let append = |told: &Told| {
        told.data.store(1, Relaxed);
        assert_eq!(told.append(0, &[1]), Ok(2));
    };
    let look = |told: &Told| {
        let mut list = Vec::new();
        assert!(told.ledger.look(0, 1, |[n, not_n]| list.push(if n == !not_n { n } else { 9 })));
        if list.len() > 1 {
            assert_eq!((list, told.data.load(Relaxed)), (vec![1, 0], 1));
        }
    };
    race(|| Told::with(2, &[1]), [append, look], |_, _| {});
}
