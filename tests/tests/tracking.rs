//! Tracking codes: without gaps under many threads, and stable through transfer, split and merge.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{collections::BTreeSet, sync::Barrier, thread};

use proptest::{collection::vec, prelude::*, sample::Index};
use qiangdan::{
    OrderId, Wall,
    tracking::{
        CodeBounds, CodeDay, CodeStep, Codes, CodesError, HallNumber, SerialError, TrackingCode,
    },
};

const BOUNDS: CodeBounds = CodeBounds { days: 3, per_day: 100_000, facts: 20_000 };

fn hall(number: u64) -> HallNumber {
    HallNumber::new(number).unwrap()
}

fn day(day: u8) -> CodeDay {
    CodeDay::new(2026, 11, day).unwrap()
}

fn codes() -> Codes {
    Codes::new(&[hall(430_104_000_001), hall(430_100_000_000)], BOUNDS).unwrap()
}

fn order(number: u64) -> OrderId {
    OrderId::from_bits(number)
}

#[test]
fn serials_of_a_hall_and_day_have_no_gaps_under_many_threads() {
    const EACH: usize = 20_000;
    let (codes, start) = (codes(), Barrier::new(8));
    let halls = [hall(430_104_000_001), hall(430_100_000_000)];
    let given: Vec<TrackingCode> = thread::scope(|scope| {
        let take = |thread: usize| {
            let (codes, start) = (&codes, &start);
            move || {
                start.wait();
                let one = |round: usize| {
                    let day = day(u8::try_from((thread + round) % 2 + 1).unwrap());
                    codes.issue(halls[round % 2], day, Wall(0)).unwrap()
                };
                (0..EACH).map(one).collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(take(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for hall in halls {
        for day in [day(1), day(2)] {
            let of = given.iter().filter(|code| (code.hall(), code.day()) == (hall, day));
            let serials: BTreeSet<u32> = of.clone().map(|code| code.serial()).collect();
            assert_eq!(serials.len(), of.count(), "a serial was given twice");
            assert_eq!(serials.last().copied(), u32::try_from(serials.len()).ok(), "a gap");
        }
    }
}

#[test]
fn part_numbers_have_no_gaps_under_many_threads() {
    let codes = codes();
    let mut root = codes.issue(hall(430_100_000_000), day(1), Wall(0)).unwrap();
    for round in 0..500 {
        root = codes.issue(hall(430_100_000_000), day(1), Wall(0)).unwrap();
        let start = Barrier::new(4);
        let split = || -> Vec<u8> {
            start.wait();
            (0..5).map(|_| codes.split(root, Wall(1)).unwrap().part().unwrap()).collect()
        };
        let mut parts: Vec<u8> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(split)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        parts.sort_unstable();
        assert_eq!(parts, (1..=20).collect::<Vec<u8>>(), "round {round}");
    }
    for _ in 20..99 {
        codes.split(root, Wall(1)).unwrap();
    }
    let full = CodesError::TooManyParts { code: root, parts: 99 };
    assert_eq!(codes.split(root, Wall(1)), Err(full));
}

#[test]
fn a_code_stays_through_transfers_and_both_names_lead_to_what_was_merged() {
    let codes = codes();
    let here = hall(430_104_000_001);
    let first = codes.issue(here, day(1), Wall(0)).unwrap();
    let second = codes.issue(here, day(1), Wall(1)).unwrap();
    codes.stands_for(first, order(10), Wall(0)).unwrap();
    codes.stands_for(second, order(20), Wall(1)).unwrap();
    codes.stands_for(second, order(20), Wall(1)).unwrap();
    // Handed over to another hall: another order, the same code.
    codes.stands_for(second, order(21), Wall(2)).unwrap();
    assert_eq!(codes.orders(second).unwrap(), [(second, order(21))]);
    let steps: Vec<_> = codes.history(second).unwrap().iter().map(|fact| fact.step).collect();
    let stands = |number| CodeStep::StandsFor { part: None, order: order(number) };
    assert_eq!(steps, [CodeStep::Issued, stands(20), stands(21)]);
    // Merged into the older, whichever is named first, once.
    assert_eq!(codes.merge(second, first, Wall(3)), Ok(first));
    assert_eq!(codes.merge(first, second, Wall(4)), Ok(first));
    for code in [first, second] {
        assert_eq!(codes.names(code).unwrap(), [first, second]);
        assert_eq!(codes.orders(code).unwrap(), [(first, order(10)), (second, order(21))]);
    }
    // And back: the tag of an order is its code.
    let part = codes.split(second, Wall(5)).unwrap();
    for code in [first, second, part] {
        assert_eq!(codes.of_tag(codes.tag(code).unwrap()), Some(code));
    }
    let no_part = CodesError::NoSuchPart { code: second.part_of(2).unwrap(), parts: 1 };
    assert_eq!(codes.stands_for(second.part_of(2).unwrap(), order(1), Wall(6)), Err(no_part));
    assert_eq!(codes.of_tag(0), None);
}

#[test]
fn codes_are_forgotten_when_their_day_is() {
    let codes = codes();
    let here = hall(430_104_000_001);
    let code = codes.issue(here, day(1), Wall(0)).unwrap();
    for later in 2..=3 {
        codes.issue(here, day(later), Wall(0)).unwrap();
        assert!(codes.history(code).is_ok());
    }
    codes.issue(here, day(4), Wall(0)).unwrap();
    assert_eq!(codes.history(code), Err(CodesError::Unknown { code }));
    let past = SerialError::Past { day: day(1) };
    assert_eq!(codes.issue(here, day(1), Wall(0)), Err(past.into()));
    assert_eq!(
        codes.issue(hall(1), day(4), Wall(0)),
        Err(CodesError::NoSuchHall { hall: hall(1) })
    );
    // What was given out before a restart is not given out again.
    codes.resume(here, day(5), 41).unwrap();
    assert_eq!(codes.issue(here, day(5), Wall(0)).unwrap().serial(), 42);
}

/// Groups that only ever grow together: what merging is.
fn find(leads: &[usize], code: usize) -> usize {
    if leads[code] == code { code } else { find(leads, leads[code]) }
}

proptest! {
    #[test]
    fn merges_are_groups_under_their_oldest(pairs in vec((any::<Index>(), any::<Index>()), 0..20)) {
        let codes = codes();
        let here = hall(430_100_000_000);
        let all: Vec<_> = (0..8).map(|_| codes.issue(here, day(1), Wall(0)).unwrap()).collect();
        let mut leads: Vec<usize> = (0..all.len()).collect();
        for (one, other) in pairs {
            let (one, other) = (one.index(all.len()), other.index(all.len()));
            let (first, second) = (find(&leads, one), find(&leads, other));
            leads[first.max(second)] = first.min(second);
            let lead = codes.merge(all[one], all[other], Wall(1)).unwrap();
            prop_assert_eq!(lead, all[first.min(second)]);
        }
        for code in 0..all.len() {
            let lead = find(&leads, code);
            let group: Vec<_> =
                (0..all.len()).filter(|&other| find(&leads, other) == lead).collect();
            let names = codes.names(all[code]).unwrap();
            prop_assert_eq!(names, group.into_iter().map(|code| all[code]).collect::<Vec<_>>());
        }
    }
}

#[test]
fn merges_by_many_threads_lead_to_one_code() {
    for round in 0..200 {
        let codes = codes();
        let here = hall(430_100_000_000);
        let all: Vec<_> = (0..6).map(|_| codes.issue(here, day(1), Wall(0)).unwrap()).collect();
        thread::scope(|scope| {
            for thread in 0..4 {
                let (codes, all) = (&codes, &all);
                scope.spawn(move || {
                    for step in 0..6 {
                        let one = (step * 5 + thread + round) % 6;
                        codes.merge(all[one], all[(one + thread + 1) % 6], Wall(1)).unwrap();
                    }
                });
            }
        });
        // Thread 0 alone ties each to the next.
        for &code in &all {
            assert_eq!(codes.names(code).unwrap(), all, "round {round}");
        }
    }
}
