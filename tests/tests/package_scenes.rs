//! Packages and tracking codes on several threads, in thousands of random schedules, as in `scenes.rs`.

#![cfg(qiangdan_shuttle)]

use std::{collections::BTreeSet, sync::Arc};

use qiangdan::tracking::{CodeBounds, CodeDay, Codes, HallNumber};
use qiangdan::{
    Bounds, ClerkId, ClerkSpec, Cx, Engine, Event, EventKind, Now, Outbox, Outcome, PoolId,
    RulesDraft, ServiceId, Skills, Wall,
    package::{
        Finish, PackageBounds, PackageDraft, PackageEvent, PackageEventKind as Kind, PackageId,
        PackageKind, PackageState, Packages, PartDraft, PartId,
    },
};
use qiangdan_tests::hall::{checked, service};
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

struct Actor {
    engine: Engine,
    packages: Arc<Packages>,
    package: PackageId,
    clerk: ClerkId,
    out: Outbox,
    told: Vec<PackageEvent>,
}

impl Actor {
    fn cx(out: &mut Outbox) -> Cx<'_> {
        Cx::new(Now::after(Wall(0), 1), out)
    }

    /// Serves two orders, and hears what came of it.
    fn serve(&mut self, events: &mut Vec<Event>) {
        for _ in 0..2 {
            let Ok(grabbed) = self.engine.grab(&mut Self::cx(&mut self.out), self.clerk) else {
                continue;
            };
            let done = Outcome::Done;
            self.engine
                .complete(&mut Self::cx(&mut self.out), grabbed.claim, done)
                .expect("the clerk holds it");
            self.hear(events);
        }
    }

    fn hear(&mut self, events: &mut Vec<Event>) {
        loop {
            let heard: Vec<Event> = self.out.drain().collect();
            if heard.is_empty() {
                return;
            }
            for event in &heard {
                let cx = &mut Self::cx(&mut self.out);
                self.packages.hear(&self.engine, cx, event, &mut self.told).expect("there is room");
            }
            events.extend(heard);
        }
    }

    fn settle(&mut self) {
        let cx = &mut Self::cx(&mut self.out);
        let (package, told) = (self.package, &mut self.told);
        self.packages.settle(&self.engine, cx, package, told).expect("there is room");
    }
}

/// Two settle, two serve, one withdraws: each part has one order at most, and none is left over.
fn one_order_for_each_part(withdraws: bool) {
    let packages = packages(&[&[], &[], &[0, 1]], Finish::All);
    let rules = RulesDraft { pools: 1, services: vec![service(0, &[])], ..RulesDraft::default() };
    let (engine, _advancer) =
        Engine::new(checked(rules), Bounds::new(8, 3)).expect("bounds in range");
    let mut told = Vec::new();
    let package = packages.open(PackageKind(0), Wall(0), 7, &mut told).expect("there is room");
    let actor = |clerk| Actor {
        engine: engine.clone(),
        packages: Arc::clone(&packages),
        package,
        clerk: ClerkId(clerk),
        out: Outbox::default(),
        told: Vec::new(),
    };
    let threads: Vec<_> = (0..2)
        .map(|clerk| {
            let mut actor = actor(clerk);
            thread::spawn(move || {
                let spec = ClerkSpec { units: 2, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
                let cx = &mut Actor::cx(&mut actor.out);
                actor.engine.sign_in(cx, actor.clerk, &spec).expect("the clerk exists");
                let mut events = Vec::new();
                actor.settle();
                actor.hear(&mut events);
                actor.serve(&mut events);
                (actor, events)
            })
        })
        .collect();
    let mut manager = actor(2);
    let mut events = Vec::new();
    if withdraws {
        manager.packages.withdraw(package, Wall(1), &mut manager.told).ok();
    }
    manager.settle();
    manager.hear(&mut events);
    told.append(&mut manager.told);
    for thread in threads {
        let (mut actor, theirs) = thread.join().expect("no thread panics");
        told.append(&mut actor.told);
        events.extend(theirs);
    }
    // What nobody came to is served now.
    let spec = ClerkSpec { units: 2, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
    let cx = &mut Actor::cx(&mut manager.out);
    engine.sign_in(cx, ClerkId(2), &spec).expect("the clerk exists");
    for _ in 0..2 {
        manager.settle();
        manager.hear(&mut events);
        manager.serve(&mut events);
    }
    told.append(&mut manager.told);
    let state = packages.progress(package).expect("it is not closed").state();
    assert!(state == PackageState::AllDecided || withdraws && state == PackageState::Failed);
    let mut tags = BTreeSet::new();
    let mut open = BTreeSet::new();
    for event in &events {
        if let EventKind::OrderSubmitted { .. } = event.kind {
            assert!(tags.insert(event.tag), "a part has two orders");
            open.insert(event.order);
        }
    }
    for event in &events {
        if let EventKind::OrderClosed { .. } = event.kind {
            assert!(open.remove(&event.order), "an order closed twice");
        }
    }
    assert!(open.is_empty(), "an order is left over: {open:?}");
    let released: Vec<Kind> =
        told.iter().map(|e| e.kind).filter(|k| matches!(k, Kind::Released { .. })).collect();
    assert!(released.len() <= 3, "{released:?}");
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

#[test]
fn each_part_has_one_order() {
    play(|| one_order_for_each_part(false));
}

#[test]
fn what_is_withdrawn_leaves_no_order() {
    play(|| one_order_for_each_part(true));
}
