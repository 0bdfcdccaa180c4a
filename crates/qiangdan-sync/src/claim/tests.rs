//! The claim word, one thread at a time.

use super::*;

const ANN: Owner = Owner(0);
const BO: Owner = Owner(Owner::COUNT - 1);

fn opened() -> (ClaimWord, u32) {
    let word = ClaimWord::new();
    let generation = word.fill().expect("a new slot has generations left");
    word.open(generation);
    (word, generation)
}

fn at(seen: Seen) -> ClaimWord {
    ClaimWord { word: AtomicU64::new(seen.word()) }
}

#[test]
fn owners_fit_the_word() {
    assert_eq!(Owner::new(0).map(Owner::get), Some(0));
    assert_eq!(Owner::new(Owner::COUNT - 1), Some(BO));
    assert_eq!(Owner::new(Owner::COUNT), None);
}

#[test]
fn a_word_reads_back_what_was_written() {
    for generation in [0, 1, (1 << GENERATION_BITS) - 1] {
        for epoch in [0, 1, u16::MAX] {
            for owner in [None, Some(ANN), Some(BO)] {
                for phase in [Phase::Vacant, Phase::Reserved, Phase::Done, Phase::Retired] {
                    let seen = Seen { generation, epoch, phase, end: End(0), owner };
                    assert_eq!(Seen::from_word(seen.word()), seen);
                }
            }
        }
    }
}

#[test]
fn every_end_is_told_apart() {
    for end in (0..8).filter_map(End::new) {
        let (word, generation) = opened();
        word.try_close_unowned(generation, CloseReach::Unowned, end).unwrap();
        assert_eq!((word.load().phase, word.load().end), (Phase::Done, end));
        assert_eq!(word.fill(), Some(2));
        assert_eq!(word.load().end, End(0));
    }
    assert_eq!(End::new(8), None);
}

#[test]
fn a_slot_goes_through_its_life() {
    let (word, generation) = opened();
    assert_eq!(generation, 1);
    assert!(word.is_open(1) && !word.is_open(0) && !word.is_open(2));
    assert_eq!(word.try_hold(generation, ANN), Ok(1));
    assert!(!word.is_open(1));
    assert_eq!(word.try_start(generation, 1, ANN), Ok(Started::Now));
    assert_eq!(word.try_start(generation, 1, ANN), Ok(Started::Already));
    assert_eq!(word.try_release(generation, 1, ANN, Phase::Shut), Ok(Phase::Active));
    assert_eq!(word.load().owner, None);
    assert_eq!(word.try_open(generation, 1), Ok(()));
    assert_eq!(word.try_hold(generation, BO), Ok(2));
    assert_eq!(word.try_finish(generation, 2, BO, End(0)), Ok(Phase::Held));
    let done = word.load();
    assert_eq!((done.phase, done.is_claim(2, BO)), (Phase::Done, true));
    assert!(word.is_still(generation));
    assert_eq!(word.fill(), Some(2));
    assert!(!word.is_still(generation));
    assert_eq!(
        word.load(),
        Seen { generation: 2, epoch: 0, phase: Phase::Vacant, end: End(0), owner: None }
    );
}

#[test]
fn only_the_first_owner_holds() {
    let (word, generation) = opened();
    assert_eq!(word.try_hold(generation, ANN), Ok(1));
    let Err(Refused::NotOpen(seen)) = word.try_hold(generation, BO) else { panic!("held twice") };
    assert_eq!((seen.phase, seen.owner), (Phase::Held, Some(ANN)));
}

#[test]
fn an_old_claim_has_no_effect() {
    let (word, generation) = opened();
    assert_eq!(word.try_hold(generation, ANN), Ok(1));
    assert_eq!(word.try_release(generation, 1, ANN, Phase::Open), Ok(Phase::Held));
    assert_eq!(word.try_hold(generation, ANN), Ok(2));
    let before = word.load();
    assert_eq!(word.try_start(generation, 1, ANN), Err(Refused::NotHeld(before)));
    assert_eq!(word.try_finish(generation, 1, ANN, End(0)), Err(Refused::NotHeld(before)));
    assert_eq!(word.try_finish(generation, 2, BO, End(0)), Err(Refused::NotHeld(before)));
    let refused = word.try_release(generation, 1, ANN, Phase::Open);
    assert_eq!(refused, Err(Refused::NotHeld(before)));
    assert_eq!(word.load(), before);
}

#[test]
fn an_old_life_is_stale() {
    let (word, generation) = opened();
    word.try_close_unowned(generation, CloseReach::Unowned, End(0)).unwrap();
    let next = word.fill().unwrap();
    word.shut(next);
    assert_eq!(word.try_open(generation, 0), Err(Refused::Stale));
    assert_eq!(word.try_hold(generation, ANN), Err(Refused::Stale));
    assert_eq!(word.try_finish(generation, 1, ANN, End(0)), Err(Refused::Stale));
    let closed = word.try_close_unowned(generation, CloseReach::OrActive, End(0));
    assert_eq!(closed, Err(Refused::Stale));
}

#[test]
fn closing_reaches_as_far_as_allowed() {
    let phases = [Phase::Shut, Phase::Open, Phase::Held, Phase::Active, Phase::Done];
    for (reach, reached) in
        [(CloseReach::Unowned, 2), (CloseReach::OrHeld, 3), (CloseReach::OrActive, 4)]
    {
        for (n, &phase) in phases.iter().enumerate() {
            let seen = Seen {
                generation: 1,
                epoch: 3,
                phase,
                end: End(0),
                owner: phase.is_owned().then_some(ANN),
            };
            let word = at(seen);
            let expected = if n < reached { Ok(seen) } else { Err(Refused::NotOpen(seen)) };
            assert_eq!(word.try_close_unowned(1, reach, End(0)), expected);
            let after = if n < reached { Phase::Done } else { phase };
            assert_eq!(word.load(), Seen { phase: after, ..seen });
        }
    }
}

#[test]
fn a_life_without_epochs_left_can_still_end() {
    let last =
        Seen { generation: 1, epoch: u16::MAX, phase: Phase::Held, end: End(0), owner: Some(ANN) };
    let word = at(last);
    let refused = word.try_release(1, u16::MAX, ANN, Phase::Open);
    assert_eq!(refused, Err(Refused::Exhausted));
    assert_eq!(word.try_finish(1, u16::MAX, ANN, End(0)), Ok(Phase::Held));
    let word = at(Seen { phase: Phase::Open, owner: None, ..last });
    assert_eq!(word.try_hold(1, ANN), Err(Refused::Exhausted));
}

#[test]
fn a_slot_without_generations_left_retires() {
    let last = (1 << GENERATION_BITS) - 1;
    let word =
        at(Seen { generation: last - 1, epoch: 1, phase: Phase::Done, end: End(0), owner: None });
    assert_eq!(word.fill(), Some(last));
    word.abandon(last);
    assert_eq!(word.fill(), None);
    assert_eq!(word.load().phase, Phase::Retired);
    assert!(word.try_hold(last, ANN).is_err());
}
