//! Packages and tracking codes on several threads, in thousands of random schedules, as in `scenes.rs`.
//!
//! What `settle` does with an engine is not here: submits with a dedup key hold a lock that the
//! scheduler does not see. `packages.rs` has real threads for that.

#![cfg(qiangdan_shuttle)]

use std::{collections::BTreeSet, sync::Arc};

use qiangdan::{
    Outcome, ServiceId, Wall,
    package::{
        Finish, PackageBounds, PackageDraft, PackageEvent, PackageEventKind as Kind, PackageKind,
        PackageState, Packages, PartDraft, PartId,
    },
    tracking::{CodeBounds, CodeDay, Codes, HallNumber},
};
use shuttle::thread;

fn schedules() -> usize {
    if std::env::var_os("QIANGDAN_DEEP").is_some() { 20_000 } else { 2_000 }
}

fn play(scene: fn()) {
    shuttle::check_random(scene, schedules());
    shuttle::check_pct(scene, schedules(), 3);
}

fn packages(after: &[&[usize]], finish: Finish) -> Arc<Packages> {
    let part = |after: &&[usize]| PartDraft { service: ServiceId(0), after: after.to_vec() };
    let parts = after.iter().map(part).collect();
    let draft = PackageDraft { parts, finish, ..PackageDraft::default() };
    let rule = draft.check(1).expect("the draft is right");
    Arc::new(Packages::new(vec![rule], PackageBounds::new(2)).expect("there is room"))
}

fn once(told: &[PackageEvent], what: impl Fn(Kind) -> bool) {
    assert_eq!(told.iter().filter(|event| what(event.kind)).count(), 1, "{told:?}");
}

/// Two threads end one predecessor each, a third the same ones again: the successor is released once.
fn one_successor() {
    let packages = packages(&[&[], &[], &[0, 1]], Finish::All);
    let mut told = Vec::new();
    let package = packages.open(PackageKind(0), Wall(0), 7, &mut told).expect("there is room");
    let parts: [&[u8]; 3] = [&[0], &[1], &[1, 0]];
    let threads: Vec<_> = parts
        .into_iter()
        .map(|parts| {
            let packages = Arc::clone(&packages);
            thread::spawn(move || {
                let mut told = Vec::new();
                for &part in parts {
                    let (part, done) = (PartId(part), Outcome::Done);
                    packages.ended(package, part, done, Wall(1), &mut told).expect("it may end");
                }
                told
            })
        })
        .collect();
    for thread in threads {
        told.extend(thread.join().expect("no thread panics"));
    }
    once(&told, |kind| kind == Kind::Released { part: PartId(2) });
    once(&told, |kind| kind == Kind::PartDone { part: PartId(0) });
    once(&told, |kind| kind == Kind::PartDone { part: PartId(1) });
}

/// Two of three are enough and two fail: the verdict is told once, whichever it is.
fn one_verdict() {
    let packages = packages(&[&[], &[], &[], &[]], Finish::AtLeast(2));
    let mut told = Vec::new();
    let package = packages.open(PackageKind(0), Wall(0), 7, &mut told).expect("there is room");
    let threads: Vec<_> = (0..4)
        .map(|part| {
            let packages = Arc::clone(&packages);
            thread::spawn(move || {
                let mut told = Vec::new();
                let outcome = if part == 0 { Outcome::NoShow } else { Outcome::Done };
                packages
                    .ended(package, PartId(part), outcome, Wall(1), &mut told)
                    .expect("it may end");
                told
            })
        })
        .collect();
    for thread in threads {
        told.extend(thread.join().expect("no thread panics"));
    }
    once(&told, |kind| matches!(kind, Kind::Met | Kind::OutOfReach));
    once(&told, |kind| matches!(kind, Kind::State { state: PackageState::AllDecided }));
}

/// Three threads are given codes, split one and merge two: no gaps, and one lead.
fn codes_of_three() {
    let hall = HallNumber::new(1).expect("twelve digits at most");
    let bounds = CodeBounds { days: 2, per_day: 16, facts: 64 };
    let codes = Arc::new(Codes::new(&[hall], bounds).expect("there is room"));
    let day = CodeDay::new(2026, 11, 24).expect("there is such a day");
    let issue = move |codes: &Codes| codes.issue(hall, day, Wall(0)).expect("there is room");
    let first = [issue(&codes), issue(&codes), issue(&codes)];
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let codes = Arc::clone(&codes);
            thread::spawn(move || {
                let serial = issue(&codes).serial();
                let part = codes.split(first[0], Wall(1)).expect("there is room").part();
                let (one, other) = (first[number], first[(number + 1) % 3]);
                codes.merge(one, other, Wall(1)).expect("there is room");
                (serial, part)
            })
        })
        .collect();
    let given: Vec<_> =
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
    let serials: BTreeSet<u32> = given.iter().map(|given| given.0).collect();
    assert!(serials.iter().eq(&[4, 5, 6]), "{serials:?}");
    let parts: BTreeSet<Option<u8>> = given.iter().map(|given| given.1).collect();
    assert!(parts.iter().eq(&[Some(1), Some(2), Some(3)]), "{parts:?}");
    for code in first {
        assert_eq!(codes.names(code), Ok(first.to_vec()));
    }
}

#[test]
fn codes_have_no_gaps_and_one_lead() {
    play(codes_of_three);
}

#[test]
fn a_successor_is_released_once() {
    play(one_successor);
}

#[test]
fn the_finish_rule_is_told_once() {
    play(one_verdict);
}
