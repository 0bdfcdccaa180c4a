//! Models of the edges in `claim.rs`.

use super::*;

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
    let ask = |slot: &Slot| assert!(!slot.claim.is_open(1) || slot.read(0) == 42);
    race(Slot::filled, [fill, read], |_, _| {});
    race(Slot::filled, [fill, ask], |_, _| {});
}

#[test]
fn claim_activate_carries_both_writers_data_to_the_owner() {
    let fill = |slot: &Slot| {
        slot.write(0, 42);
        slot.claim.shut(1);
    };
    let activate = |slot: &Slot| {
        slot.write(1, 7);
        if slot.claim.try_open(1, 0).is_ok() {
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
        if slot.claim.try_close_unowned(1, CloseReach::Unowned, End::default()).is_ok() {
            assert_eq!(slot.read(0), 5);
        }
    };
    race(Slot::held, [put_back, grab, cancel], |_, _| {});
}

#[test]
fn claim_among_the_second_sees_what_the_first_wrote() {
    let look = |slot: &Slot| {
        slot.write(0, 3);
        let phase = slot.claim.load_among().phase;
        phase == Phase::Held && slot.read(1) == 4
    };
    let hold = |slot: &Slot| {
        slot.write(1, 4);
        slot.claim.try_hold(1, owner(1)).unwrap();
        slot.read(0) == 3
    };
    race(Slot::opened, [look, hold], |_, [looker_saw, holder_saw]| {
        assert!(looker_saw || holder_saw);
    });
}

#[test]
fn claim_offer_carries_what_was_noted_to_whoever_answers() {
    let new = || {
        let slot = Slot::opened();
        slot.write(1, 1);
        slot
    };
    let offer = |slot: &Slot| {
        slot.write(0, 5);
        slot.claim.try_reserve(1, Some(owner(1))).is_ok()
    };
    let accept = |slot: &Slot| {
        let seen = slot.claim.load();
        if seen.is_reserved(Some(owner(1))) {
            assert_eq!(slot.read(0), 5);
        }
        let accepted = slot.claim.try_accept(1, Some(owner(1)), owner(1));
        assert!(accepted.is_err() || accepted == Ok(1) && slot.read(0) == 5);
        accepted.is_ok()
    };
    let cancel = |slot: &Slot| {
        let closed = slot.claim.try_close_unowned(1, CloseReach::Unowned, End::default());
        if closed.is_ok_and(|before| before.phase == Phase::Reserved) {
            assert_eq!(slot.read(0), 5);
        }
        closed.is_ok()
    };
    race(new, [offer, accept, cancel], |_, [_, accepted, closed]| assert!(accepted != closed));
}

#[test]
fn claim_offer_to_several_has_one_winner() {
    let new = || {
        let slot = Slot::opened();
        slot.claim.try_reserve(1, None).unwrap();
        slot
    };
    fn accept(slot: &Slot, n: u32) -> bool {
        slot.claim.try_accept(1, None, owner(n)).is_ok()
    }
    let expire = |slot: &Slot| slot.claim.try_unreserve(1, None).is_ok();
    race(new, [|slot| accept(slot, 1), |slot| accept(slot, 2), expire], |_, ended| {
        assert_eq!(ended.into_iter().filter(|&ended| ended).count(), 1);
    });
}

#[test]
fn claim_taken_back_carries_what_became_of_the_offer() {
    let new = || {
        let slot = Slot::opened();
        slot.claim.try_reserve(1, Some(owner(1))).unwrap();
        slot
    };
    let decline = |slot: &Slot| {
        slot.write(0, 5);
        slot.claim.try_unreserve(1, Some(owner(1))).unwrap();
    };
    let grab = |slot: &Slot| {
        if slot.claim.try_hold(1, owner(2)) == Ok(1) {
            assert_eq!(slot.read(0), 5);
        }
    };
    let offer = |slot: &Slot| {
        if slot.claim.try_reserve(1, Some(owner(3))).is_ok() {
            assert_eq!(slot.read(0), 5);
        }
    };
    race(new, [decline, grab, offer], |_, _| {});
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
        let before = slot.claim.try_close_unowned(1, CloseReach::OrActive, End::default()).unwrap();
        saw(slot, before.phase);
        before.phase
    };
    race(Slot::opened, [serve, close], |_, [reached, closed]| assert_eq!(reached, closed));
}

#[test]
fn claim_outcome_is_seen_by_whoever_sees_it_done() {
    let finish = |slot: &Slot| {
        slot.write(0, 9);
        slot.claim.try_finish(1, 1, owner(1), End::default()).unwrap();
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
    let finish = |slot: &Slot| slot.claim.try_finish(1, 1, owner(1), End::default()).is_ok();
    let close =
        |slot: &Slot| slot.claim.try_close_unowned(1, CloseReach::OrHeld, End::default()).is_ok();
    race(Slot::held, [finish, close], |_, [finished, closed]| assert!(finished != closed));
}

#[test]
fn claim_refill_is_told_to_a_reader_of_the_last_life() {
    let new = || {
        let slot = Slot::opened();
        slot.write(0, 1);
        slot.write(1, 1);
        slot.claim.try_close_unowned(1, CloseReach::Unowned, End::default()).unwrap();
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

#[test]
fn claim_hand_over_goes_through_a_pause() {
    let suspend = |slot: &Slot| {
        slot.write(0, 7);
        slot.claim.try_suspend(1, 1, owner(1), Keep::Nobody).unwrap();
    };
    let resume = |slot: &Slot| {
        if slot.claim.try_resume(1, 1, Onward::To(Phase::Open)).is_ok() {
            slot.write(1, slot.read(0));
        }
    };
    let take = |slot: &Slot| {
        if slot.claim.try_hold(1, owner(2)).is_ok() {
            assert_eq!(slot.read(0), 7);
        }
    };
    race(Slot::held, [suspend, resume, take], |_, _| {});
}

#[test]
fn claim_progress_after_a_pause_is_seen_by_the_owner() {
    let go_on = |slot: &Slot| {
        slot.write(0, 7);
        slot.claim.try_resume(1, 1, Onward::Active).unwrap();
    };
    let owner_asks = |slot: &Slot| {
        if slot.claim.load().phase == Phase::Active {
            assert_eq!(slot.read(0), 7);
        }
    };
    race(
        || {
            let slot = Slot::held();
            slot.claim.try_suspend(1, 1, owner(1), Keep::Owner).unwrap();
            slot
        },
        [go_on, owner_asks],
        |_, _| {},
    );
}

#[test]
fn claim_pause_ends_once() {
    let resume = |slot: &Slot| slot.claim.try_resume(1, 1, Onward::Active).is_ok();
    let open = |slot: &Slot| slot.claim.try_resume(1, 1, Onward::To(Phase::Open)).is_ok();
    let finish =
        |slot: &Slot| slot.claim.try_close_unowned(1, CloseReach::OrHeld, End::default()).is_ok();
    race(
        || {
            let slot = Slot::held();
            slot.claim.try_suspend(1, 1, owner(1), Keep::Owner).unwrap();
            slot
        },
        [resume, open, finish],
        |slot, [resumed, opened, closed]| match slot.claim.load().phase {
            Phase::Active => assert!(resumed && !opened && !closed),
            Phase::Open => assert!(!resumed && opened && !closed),
            // A close reaches what was opened, too.
            phase => assert!(phase == Phase::Done && !resumed && closed),
        },
    );
}

#[test]
fn claim_given_back_before_it_was_begun_or_not_at_all() {
    let start = |slot: &Slot| slot.claim.try_start(1, 1, owner(1)).is_ok();
    let back = |slot: &Slot| {
        slot.write(0, 7);
        slot.claim.try_give_back(1, 1, GiveBack::IfHeld, Phase::Open).is_ok()
    };
    let take = |slot: &Slot| {
        let taken = slot.claim.try_hold(1, owner(2)).is_ok();
        assert!(!taken || slot.read(0) == 7);
        taken
    };
    race(Slot::held, [start, back, take], |_, [started, returned, taken]| {
        assert!(started != returned);
        assert!(!taken || returned);
    });
}
