//! Models of the edges in `agenda.rs` and `ring.rs`.
//!
//! In a model, a window is two blocks of two ticks, now is in its second block, and a tick has
//! one bucket: buckets 0 to 3 are ticks 0 to 3, then 4 to 7.

use super::*;

/// An agenda of three slots, and when each is due in each of two lives, plus one; 0 for not at all.
struct Dues {
    agenda: Agenda,
    dues: [[AtomicU32; 2]; 3],
}

impl Dues {
    fn new() -> Self {
        let dues = [0; 3].map(|_| [0; 2].map(AtomicU32::new));
        Self { agenda: Agenda::new(3, 1), dues }
    }

    fn of(entries: &[(u32, u64)]) -> Self {
        let dues = Self::new();
        for &(slot, due) in entries {
            dues.insert(slot, 0, due);
        }
        dues
    }

    fn set(&self, slot: u32, generation: u32, due: Option<u64>) {
        let due = due.map_or(0, |due| u32::try_from(due).unwrap() + 1);
        self.dues[slot as usize][generation as usize].store(due, Relaxed);
    }

    fn insert(&self, slot: u32, generation: u32, due: u64) {
        self.set(slot, generation, Some(due));
        self.agenda.insert(slot, generation, due).unwrap();
    }

    fn due(&self, slot: u32, generation: u32) -> Option<u64> {
        let due = self.dues[slot as usize][generation as usize].load(Relaxed);
        due.checked_sub(1).map(u64::from)
    }

    /// The slot that goes first.
    fn first(&self, now: u64) -> Option<u32> {
        self.agenda.first(now, 0, |slot, generation| self.due(slot, generation)).map(|at| at.slot)
    }

    /// Takes what goes first, as far as there is no doubt who has it; its slot.
    fn take(&self) -> Option<u32> {
        let first = self.agenda.first(0, 0, |slot, generation| self.due(slot, generation))?;
        self.set(first.slot, first.generation, None);
        self.agenda.remove(&first).then_some(first.slot)
    }

    /// How many entries stand, stale or not, doubled or not.
    fn count(&self) -> u32 {
        self.agenda.retain(|_, _| None)
    }
}

/// As [`race`], with one preemption unless `LOOM_MAX_PREEMPTIONS` says more: where an entry is
/// filed anew, each part is long, and two take minutes.
fn race_briefly<R: Send + 'static>(
    new: fn() -> Dues,
    parts: [fn(&Dues) -> R; 2],
    after: fn(&Dues, [R; 2]),
) {
    for swapped in [false, true] {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.max(Some(1));
        builder.check(move || {
            let dues = Arc::new(new());
            let (here, there) = if swapped { (parts[1], parts[0]) } else { (parts[0], parts[1]) };
            let thread = thread::spawn({
                let dues = dues.clone();
                move || there(&dues)
            });
            let here = here(&dues);
            let there = thread.join().unwrap();
            after(&dues, if swapped { [there, here] } else { [here, there] });
        });
    }
}

#[test]
fn agenda_entry_carries_the_slot() {
    let insert = |dues: &Dues| dues.insert(1, 1, 2);
    let first = |dues: &Dues| {
        let look = |slot, generation| {
            assert_eq!((slot, generation), (1, 1));
            assert_eq!(dues.due(slot, generation), Some(2));
            Some(2)
        };
        let _ = dues.agenda.first(0, 0, look);
    };
    let retain = |dues: &Dues| {
        dues.agenda.retain(|slot, generation| {
            assert_eq!((slot, generation), (1, 1));
            dues.due(slot, generation)
        });
    };
    race(Dues::new, [insert, first], |dues, _| assert_eq!(dues.first(0), Some(1)));
    race(Dues::new, [insert, retain], |dues, _| assert_eq!(dues.first(0), Some(1)));
}

#[test]
fn agenda_set_is_not_cleared_after_an_insert() {
    fn find(dues: &Dues, due: u64) {
        dues.insert(1, 0, due);
        assert!(dues.first(0).is_some(), "an insert that has returned is found");
    }
    let take = |dues: &Dues| {
        dues.take();
    };
    // Into the same bucket, below the same word, and elsewhere.
    for insert in
        [|dues: &Dues| find(dues, 1), |dues: &Dues| find(dues, 0), |dues: &Dues| find(dues, 2)]
    {
        race(
            || Dues::of(&[(0, 1)]),
            [insert, take],
            |dues, _| {
                let rest: Vec<_> = std::iter::from_fn(|| dues.take()).collect();
                assert!(rest.len() == 1 || rest.len() == 2 || dues.due(1, 0).is_none());
                assert_eq!((dues.count(), dues.agenda.is_empty()), (0, true));
            },
        );
    }
}

#[test]
fn agenda_told_carries_the_bits_above() {
    fn find(dues: &Dues, slot: u32, due: u64) {
        dues.insert(slot, 0, due);
        assert!(dues.first(0).is_some(), "an insert that has returned is found");
    }
    // A word that is told.
    race(Dues::new, [|dues| dues.insert(0, 0, 0), |dues| find(dues, 1, 1)], |_, _| {});
    // A head that is told, by the second of two.
    let two = |dues: &Dues| {
        dues.insert(0, 0, 1);
        dues.insert(1, 0, 1);
    };
    race(Dues::new, [two, |dues| find(dues, 2, 1)], |dues, _| assert_eq!(dues.count(), 3));
}

/// Whether all that was inserted goes before a slot that is due at the end of the window.
fn check_floor(dues: &Dues, inserted: usize) {
    dues.insert(2, 0, 3);
    for _ in 0..inserted {
        assert!(dues.take().is_some_and(|slot| slot != 2), "what is earlier stands too late");
    }
    assert_eq!(dues.take(), Some(2));
}

fn pass(dues: &Dues) {
    dues.first(4);
}

#[test]
fn agenda_floor_is_known_to_an_insert_that_comes_late() {
    let insert = |dues: &Dues| dues.insert(0, 0, 1);
    race(Dues::new, [insert, pass], |dues, _| check_floor(dues, 1));
}

/// As above, with an insert that relies on what another has told.
#[test]
#[ignore = "takes minutes"]
fn agenda_floor_is_known_to_an_insert_that_relies_on_another() {
    let insert = |dues: &Dues| dues.insert(0, 0, 1);
    let another = |dues: &Dues| dues.insert(1, 0, 0);
    race(Dues::new, [insert, another, pass], |dues, _| check_floor(dues, 2));
}

#[test]
fn agenda_floor_leaves_nothing_behind() {
    let find = |dues: &Dues| {
        dues.insert(1, 0, 3);
        assert_eq!(dues.first(0), Some(0), "it was there throughout");
    };
    race_briefly(
        || Dues::of(&[(0, 0)]),
        [pass, find],
        |dues, _| assert_eq!(dues.first(4), Some(0)),
    );
}

/// Slot 0 stands where its due was; it is somewhere else now.
fn moved(from: u64, to: u64) -> Dues {
    let dues = Dues::of(&[(0, from)]);
    dues.set(0, 0, Some(to));
    dues
}

fn file_anew(dues: &Dues) {
    assert_eq!(dues.first(0), Some(0));
}

/// Finds slot 0, and takes it to stand where it belongs.
fn find(dues: &Dues) {
    let first = dues.agenda.first(0, 0, |_, _| Some(0));
    assert!(first.is_some_and(|first| first.slot == 0), "it was there throughout");
}

#[test]
fn agenda_gone_is_known_with_where_it_went() {
    race_briefly(|| moved(0, 1), [file_anew, find], |_, _| {});
    race_briefly(|| moved(0, 3), [file_anew, find], |_, _| {});
}

fn come_to(dues: &Dues) {
    dues.first(4);
}

#[test]
fn agenda_gone_is_known_across_rings() {
    let ask = |dues: &Dues| assert!(!dues.agenda.is_empty(), "it was there throughout");
    race_briefly(|| moved(0, 6), [file_anew, ask], |_, _| {});
    race_briefly(|| moved(5, 5), [come_to, ask], |_, _| {});
}

#[test]
#[ignore = "takes minutes"]
fn agenda_gone_is_known_across_rings_to_a_first() {
    race_briefly(|| moved(0, 6), [file_anew, find], |_, _| {});
    race_briefly(|| moved(5, 5), [come_to, find], |_, _| {});
}

#[test]
fn agenda_gone_is_known_when_moved_forward() {
    let retain = |dues: &Dues| {
        dues.agenda.retain(|slot, generation| dues.due(slot, generation));
    };
    let find =
        |dues: &Dues| assert!(dues.first(0).is_some_and(|slot| slot < 2), "there throughout");
    race_briefly(
        || Dues::of(&[(0, 1), (1, 1), (2, 2)]),
        [retain, find],
        |dues, _| {
            assert!(dues.first(0).is_some_and(|slot| slot < 2));
        },
    );
}

#[test]
fn agenda_reuse_is_told_to_a_first() {
    // If the old head and the new node were taken for one entry, it would be filed anew: one more.
    let turn = |dues: &Dues| {
        dues.take();
        dues.insert(0, 1, 3);
    };
    let find = |dues: &Dues| assert!(dues.first(0).is_some());
    race(
        || Dues::of(&[(0, 1), (1, 2)]),
        [turn, find],
        |dues, _| {
            assert_eq!(dues.first(0), Some(1));
            assert_eq!(dues.count(), 2);
        },
    );
}

#[test]
fn agenda_free_is_known_to_whoever_takes_the_node() {
    let take = |dues: &Dues| {
        dues.take();
    };
    let insert = |dues: &Dues| dues.insert(0, 1, 3);
    let find = |dues: &Dues| assert!(dues.first(0).is_some());
    race(
        || Dues::of(&[(0, 1), (1, 2)]),
        [take, insert, find],
        |dues, _| {
            let stale = u32::from(dues.due(0, 0).is_some());
            assert!(dues.count() <= 2 + stale);
        },
    );
}

#[test]
fn agenda_removal_has_one_winner() {
    let remove = |dues: &Dues| {
        let first = dues.agenda.first(0, 0, |_, _| Some(1));
        first.is_some_and(|first| dues.agenda.remove(&first))
    };
    race(
        || Dues::of(&[(0, 1)]),
        [remove, remove],
        |dues, [here, there]| {
            assert!(here != there);
            assert_eq!((dues.first(0), dues.agenda.is_empty()), (None, true));
        },
    );
}
