//! Packages and the engine: parts are orders, and the one does what the other wants.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{
    collections::BTreeMap,
    env,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    thread,
};

use proptest::{collection::vec, prelude::*, sample::Index};
use qiangdan::{
    Bounds, ClerkId, ClerkSpec, CompleteError, Cx, Engine, Event, EventKind, GrabOrderError, Now,
    OrderId, OrderSpec, Outbox, Outcome, PoolId, PutBack, RulesDraft, ServiceId, Skills, State,
    Wall,
    hall::Hall as HallFile,
    limit::ClockState,
    package::{
        Finish, IfFails, PackageBounds, PackageDraft, PackageEvent, PackageEventKind as Kind,
        PackageId, PackageKind, PackageRule, PackageState, Packages, PartDraft, PartId, PartState,
    },
};
use qiangdan_tests::hall::{Hall, checked, service};

/// A package of parts of services 0, 1, 2, … in turn.
fn rule(after: &[&[usize]], change: impl FnOnce(&mut PackageDraft)) -> PackageRule {
    let part = |(number, after): (usize, &&[usize])| PartDraft {
        service: ServiceId(u16::try_from(number % 3).unwrap()),
        after: after.to_vec(),
    };
    let parts = after.iter().enumerate().map(part).collect();
    let mut draft = PackageDraft { parts, ..PackageDraft::default() };
    change(&mut draft);
    draft.check(3).unwrap()
}

fn rules() -> RulesDraft {
    let services = (0..3).map(|pool| service(pool, &[])).collect();
    RulesDraft { pools: 3, services, dedup_window_ms: u64::MAX, ..RulesDraft::default() }
}

/// A hall with one clerk for all pools, and packages in it.
struct Desk {
    hall: Hall,
    packages: Packages,
    told: Vec<PackageEvent>,
    /// All events of the engine so far.
    events: Vec<Event>,
}

impl Desk {
    fn new(rules_of: Vec<PackageRule>, room: u32) -> Self {
        let mut hall = Hall::new(rules(), room * 10 + 1, 1);
        hall.sign_in(0, &[0, 1, 2], &[], 100);
        let packages = Packages::new(rules_of, PackageBounds::new(room)).unwrap();
        Self { hall, packages, told: Vec::new(), events: Vec::new() }
    }

    fn open(&mut self, kind: u16) -> PackageId {
        let kind = PackageKind(kind);
        let package = self.packages.open(kind, Wall(0), 7, &mut self.told).unwrap();
        self.settle(package);
        package
    }

    fn settle(&mut self, package: PackageId) {
        let (packages, told) = (&self.packages, &mut self.told);
        self.hall.call(|engine, cx| packages.settle(engine, cx, package, told)).unwrap();
        self.hear();
    }

    /// Hears all that was told, until nothing more is.
    fn hear(&mut self) {
        loop {
            let events: Vec<Event> = self.hall.outbox.drain().collect();
            if events.is_empty() {
                return;
            }
            for event in &events {
                let (packages, told) = (&self.packages, &mut self.told);
                self.hall.call(|engine, cx| packages.hear(engine, cx, event, told)).unwrap();
            }
            self.events.extend(events);
        }
    }

    /// Grabs the order of a part and ends it.
    fn end(&mut self, package: PackageId, part: u8, outcome: Outcome) {
        let order = self.packages.order(package, PartId(part)).unwrap();
        let claim = self.hall.call(|engine, cx| engine.grab_order(cx, ClerkId(0), order));
        let claim = claim.unwrap().claim;
        self.hall.call(|engine, cx| engine.complete(cx, claim, outcome)).unwrap();
        self.hear();
    }

    fn part(&self, package: PackageId, part: u8) -> PartState {
        self.packages.progress(package).unwrap().part(PartId(part))
    }

    fn state(&self, package: PackageId) -> PackageState {
        self.packages.progress(package).unwrap().state()
    }
}

/// E10: an order that comes after another cannot be grabbed before that is over: there is none.
#[test]
fn e10_a_part_has_no_order_before_those_before_it_are_over() {
    let mut desk = Desk::new(vec![rule(&[&[], &[0], &[0], &[1, 2]], |_| ())], 1);
    let package = desk.open(0);
    let orders = |desk: &Desk| {
        (0..4).map(|part| desk.packages.order(package, PartId(part)).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(orders(&desk), [true, false, false, false]);
    // Nothing else waits.
    let first = desk.hall.call(|engine, cx| engine.grab(cx, ClerkId(0))).unwrap().claim;
    assert!(desk.hall.call(|engine, cx| engine.grab(cx, ClerkId(0))).is_err());
    desk.hall.call(|engine, cx| engine.complete(cx, first, Outcome::Done)).unwrap();
    desk.hear();
    assert_eq!(orders(&desk), [true, true, true, false]);
    desk.end(package, 2, Outcome::Done);
    assert_eq!(orders(&desk), [true, true, true, false]);
    desk.end(package, 1, Outcome::Done);
    desk.end(package, 3, Outcome::Done);
    assert_eq!(desk.state(package), PackageState::AllDecided);
}

#[test]
fn what_is_dropped_is_withdrawn_and_what_is_served_is_left() {
    let drop_all = |draft: &mut PackageDraft| draft.if_fails = IfFails::DropAll;
    let mut desk = Desk::new(vec![rule(&[&[], &[], &[], &[0]], drop_all)], 1);
    let package = desk.open(0);
    let order = |desk: &Desk, part| desk.packages.order(package, PartId(part)).unwrap();
    let served = order(&desk, 1);
    let claim = desk.hall.call(|engine, cx| engine.grab_order(cx, ClerkId(0), served)).unwrap();
    desk.hall.call(|engine, cx| engine.start(cx, claim.claim)).unwrap();
    desk.end(package, 0, Outcome::Rejected(1));
    assert_eq!(desk.state(package), PackageState::Failed);
    let view = desk.hall.engine.order(order(&desk, 2)).unwrap();
    assert_eq!((view.state, view.outcome), (State::Closed, Some(Outcome::Cancelled(u16::MAX))));
    assert_eq!(desk.hall.engine.state(served), Some(State::Serving));
    desk.hall.call(|engine, cx| engine.complete(cx, claim.claim, Outcome::Done)).unwrap();
    desk.hear();
    assert_eq!(desk.part(package, 1), PartState::Dropped, "how it ends does not matter any more");
    desk.packages.close(package).unwrap();
    // What is heard after that is no mistake.
    for event in desk.events.clone() {
        let (packages, told) = (&desk.packages, &mut desk.told);
        desk.hall.call(|engine, cx| packages.hear(engine, cx, &event, told)).unwrap();
    }
    assert!(desk.hall.outbox.events().is_empty());
}

#[test]
fn a_package_for_which_there_is_no_room_goes_on_later() {
    let mut desk = Desk::new(vec![rule(&[&[], &[]], |_| ())], 1);
    // All but one slot of the engine are in use.
    let others: Vec<OrderId> =
        (0..10).map(|_| desk.hall.submit(OrderSpec::new(ServiceId(2)))).collect();
    let package = desk.packages.open(PackageKind(0), Wall(0), 7, &mut desk.told).unwrap();
    let (packages, told) = (&desk.packages, &mut desk.told);
    let refused = desk.hall.call(|engine, cx| packages.settle(engine, cx, package, told));
    assert!(refused.is_err());
    let claim =
        desk.hall.call(|engine, cx| engine.grab_order(cx, ClerkId(0), others[0])).unwrap().claim;
    desk.hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
    desk.settle(package);
    let submitted = desk
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::OrderSubmitted { .. }) && event.tag != 0);
    assert_eq!(submitted.count(), 2, "each part has one order");
}

/// Which orders were submitted under a tag, and how those ended.
fn of_tags(events: &[Event]) -> BTreeMap<u64, Vec<(OrderId, Option<Outcome>)>> {
    let mut orders: BTreeMap<u64, Vec<(OrderId, Option<Outcome>)>> = BTreeMap::new();
    for event in events {
        let Some(order) = event.order.filter(|_| event.tag != 0) else { continue };
        let of_tag = orders.entry(event.tag).or_default();
        match event.kind {
            EventKind::OrderSubmitted { .. } => of_tag.push((order, None)),
            EventKind::OrderClosed { outcome, .. } => {
                let known = of_tag.iter_mut().find(|(known, _)| *known == order);
                let (_, closed) = known.expect("it was submitted before");
                assert_eq!(closed.replace(outcome), None, "{order} closed twice");
            }
            _ => {}
        }
    }
    orders
}

/// Halls and packages of the storms.
const GRAPHS: [&[&[usize]]; 4] = [
    &[&[], &[0], &[0], &[0], &[1, 2, 3]],
    &[&[], &[], &[], &[0, 1], &[1, 2], &[3, 4]],
    &[&[], &[], &[], &[], &[]],
    &[&[], &[0], &[1], &[2]],
];

proptest! {
    /// Events come late, twice and in any order; in the end everything is as it should be.
    #[test]
    fn events_may_come_late_twice_and_in_any_order(
        graph in 0..GRAPHS.len(),
        fails in vec(any::<bool>(), 6),
        order in vec((any::<Index>(), any::<bool>()), 0..80),
    ) {
        let go_on = |draft: &mut PackageDraft| draft.if_fails = IfFails::GoOn;
        let mut desk = Desk::new(vec![rule(GRAPHS[graph], go_on)], 1);
        let package = desk.open(0);
        let mut pending: Vec<Event> = Vec::new();
        for (at, twice) in order {
            // The clerk ends what they find; what the engine tells of it is heard some time.
            if let Ok(grabbed) = desk.hall.call(|engine, cx| engine.grab(cx, ClerkId(0))) {
                let part = PackageId::of_tag(grabbed.tag).unwrap().1;
                let outcome = if fails[part.index()] { Outcome::NoShow } else { Outcome::Done };
                desk.hall.call(|engine, cx| engine.complete(cx, grabbed.claim, outcome)).unwrap();
            }
            pending.extend(desk.hall.outbox.drain());
            if !pending.is_empty() {
                let at = at.index(pending.len());
                let event = if twice { pending[at] } else { pending.swap_remove(at) };
                let (packages, told) = (&desk.packages, &mut desk.told);
                desk.hall.call(|engine, cx| packages.hear(engine, cx, &event, told)).unwrap();
            }
        }
        // Whoever settles finds what was not heard.
        while desk.state(package) < PackageState::AllDecided {
            desk.settle(package);
            if let Ok(grabbed) = desk.hall.call(|engine, cx| engine.grab(cx, ClerkId(0))) {
                let part = PackageId::of_tag(grabbed.tag).unwrap().1;
                let outcome = if fails[part.index()] { Outcome::NoShow } else { Outcome::Done };
                desk.hall.call(|engine, cx| engine.complete(cx, grabbed.claim, outcome)).unwrap();
            }
        }
        let parts = GRAPHS[graph].len();
        let is_met = !fails[..parts].contains(&true);
        let expect = if is_met { PackageState::AllDecided } else { PackageState::Failed };
        prop_assert_eq!(desk.state(package), expect);
        let done = |part: usize| match desk.part(package, u8::try_from(part).unwrap()) {
            PartState::Done => !fails[part],
            PartState::Failed => fails[part],
            _ => false,
        };
        prop_assert!((0..parts).all(done));
    }
}

/// Three threads serve, one opens and withdraws; every event is heard by the thread that made it.
#[test]
fn many_threads_bring_many_packages_to_their_ends() {
    let rounds = if env::var_os("QIANGDAN_DEEP").is_some() { 3_000 } else { 300 };
    let rules_of: Vec<PackageRule> = (0..GRAPHS.len() * 3)
        .map(|number| {
            rule(GRAPHS[number / 3], |draft| {
                draft.if_fails =
                    [IfFails::DropSuccessors, IfFails::DropAll, IfFails::GoOn][number % 3];
                draft.finish = [Finish::All, Finish::AtLeast(3), Finish::Any][(number + 1) % 3];
            })
        })
        .collect();
    let (engine, _advancer) = Engine::new(checked(rules()), Bounds::new(8_000, 3)).unwrap();
    let packages = Packages::new(rules_of.clone(), PackageBounds::new(40)).unwrap();
    let left = AtomicU32::new(rounds);
    let at = |ms| Now::after(Wall(0), ms);
    let hear_all = |out: &mut Outbox, told: &mut Vec<PackageEvent>, all: &mut Vec<Event>, ms| {
        loop {
            let events: Vec<Event> = out.drain().collect();
            if events.is_empty() {
                return;
            }
            for event in &events {
                packages.hear(&engine, &mut Cx::new(at(ms), out), event, told).unwrap();
            }
            all.extend(events);
        }
    };
    let serve = |clerk: u32| {
        let (mut out, mut told, mut all) = (Outbox::default(), Vec::new(), Vec::new());
        let pools = [PoolId(0), PoolId(1), PoolId(2)];
        let spec = ClerkSpec { units: 1, ..ClerkSpec::new(&pools, Skills::none()) };
        engine.sign_in(&mut Cx::new(at(0), &mut out), ClerkId(clerk), &spec).unwrap();
        let mut ms = 0;
        let mut dice = clerk;
        loop {
            ms += 1;
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let outcome = if dice >> 24 < 40 { Outcome::Rejected(2) } else { Outcome::Done };
            match engine.grab(&mut Cx::new(at(ms), &mut out), ClerkId(clerk)) {
                Ok(grabbed) => {
                    let cx = &mut Cx::new(at(ms), &mut out);
                    // Its package may have dropped it in between.
                    match engine.complete(cx, grabbed.claim, outcome) {
                        Ok(()) | Err(CompleteError::WrongState { state: State::Closed, .. }) => {}
                        refused => refused.unwrap(),
                    }
                }
                Err(_) if left.load(SeqCst) == 0 => return (told, all),
                Err(_) => thread::yield_now(),
            }
            hear_all(&mut out, &mut told, &mut all, ms);
        }
    };
    let manage = || {
        let (mut out, mut told, mut all) = (Outbox::default(), Vec::new(), Vec::new());
        let (mut open, mut opened, mut ms) = (Vec::new(), 0, 0);
        let mut ends = Vec::new();
        while opened < rounds || !open.is_empty() {
            ms += 1;
            if opened < rounds && open.len() < 40 {
                let kind = PackageKind(u16::try_from(opened as usize % rules_of.len()).unwrap());
                let package = packages.open(kind, Wall(0), opened.into(), &mut told).unwrap();
                packages
                    .settle(&engine, &mut Cx::new(at(ms), &mut out), package, &mut told)
                    .unwrap();
                open.push(package);
                opened += 1;
                if opened.is_multiple_of(17) {
                    packages.withdraw(package, Wall(1), &mut told).ok();
                    let cx = &mut Cx::new(at(ms), &mut out);
                    packages.settle(&engine, cx, package, &mut told).unwrap();
                }
            }
            hear_all(&mut out, &mut told, &mut all, ms);
            open.retain(|&package| {
                let state = packages.progress(package).unwrap().state();
                if state == PackageState::AllDecided {
                    packages.deliver(package, Wall(2), &mut told).unwrap();
                }
                let is_over = packages.close(package).is_ok();
                if is_over {
                    ends.push(state);
                }
                !is_over
            });
            thread::yield_now();
        }
        left.store(0, SeqCst);
        (told, all, ends)
    };
    let (told, events, ends) = thread::scope(|scope| {
        let serve = &serve;
        let threads: Vec<_> = (0..3).map(|clerk| scope.spawn(move || serve(clerk))).collect();
        let (mut told, mut events, ends) = manage();
        for thread in threads {
            let (theirs, all) = thread.join().unwrap();
            told.extend(theirs);
            events.extend(all);
        }
        (told, events, ends)
    });
    assert_eq!(ends.len(), rounds as usize);
    assert!(ends.contains(&PackageState::AllDecided) && ends.contains(&PackageState::Failed));
    assert_eq!(packages.in_use(), (0, 40));
    // Submits of all threads come before closes, as far as one order is concerned.
    events.iter().for_each(|event| assert!(event.order.is_some() || event.tag == 0));
    let is_submit = |event: &&Event| matches!(event.kind, EventKind::OrderSubmitted { .. });
    let (first, later): (Vec<&Event>, Vec<&Event>) = events.iter().partition(|e| is_submit(e));
    let ordered: Vec<Event> = first.into_iter().chain(later).copied().collect();
    for (tag, orders) in of_tags(&ordered) {
        let part = PackageId::of_tag(tag);
        assert!(part.is_some());
        assert_eq!(orders.len(), 1, "a part with {} orders: {part:?}", orders.len());
        assert!(orders[0].1.is_some(), "an order that nobody ended: {part:?}");
    }
    let released = told.iter().filter_map(|event| match event.kind {
        Kind::Released { part } => Some((event.package, part)),
        _ => None,
    });
    let mut released: Vec<_> = released.collect();
    let count = released.len();
    released.sort_unstable();
    released.dedup();
    assert_eq!(released.len(), count, "a part was released twice");
}

const FILE: &str = include_str!("../../examples/halls/changsha-packages.toml");

/// E62 with the clocks of the law: the limit of the whole stands still while every open part does.
#[test]
fn e62_the_limit_of_the_whole_stands_still_with_its_parts() {
    const HOUR: u64 = 3_600_000;
    // 2026-11-24, a Tuesday, 09:00 in Changsha.
    let start = Wall(1_795_482_000_000);
    let at = |hours: u64| Now::after(start, hours * HOUR);
    let hall = HallFile::parse("changsha-packages.toml", FILE).unwrap().hall;
    let (engine, _advancer) = Engine::new(hall.rules(), Bounds::new(100, 1)).unwrap();
    let packages = Packages::new(hall.package_rules(), PackageBounds::new(4)).unwrap();
    assert_eq!(packages.rules().len(), 30);
    let (mut out, mut told) = (Outbox::default(), Vec::new());
    let service = |key: &str| hall.services().iter().find(|s| s.key == key).unwrap().id;
    let clerk = ClerkId(0);
    let pools: Vec<PoolId> = (0..8).map(PoolId).collect();
    let spec = ClerkSpec { units: 9, ..ClerkSpec::new(&pools, Skills::none()) };
    engine.sign_in(&mut Cx::new(at(0), &mut out), clerk, &spec).unwrap();
    let whole = OrderSpec::new(service("opening"));
    let whole = engine.submit(&mut Cx::new(at(0), &mut out), &whole).unwrap().order;
    let claim = engine.grab(&mut Cx::new(at(0), &mut out), clerk).unwrap().claim;
    let package = packages.open(PackageKind(0), start, 7, &mut told).unwrap();
    packages.covered_by(package, whole, start, &mut told).unwrap();
    engine.put_back(&mut Cx::new(at(0), &mut out), claim, PutBack::Park).unwrap();
    packages.settle(&engine, &mut Cx::new(at(0), &mut out), package, &mut told).unwrap();

    let clock = |hours: u64| {
        let clocks = engine.clocks(whole, at(hours).wall).unwrap();
        clocks.into_iter().next().unwrap().state
    };
    assert!(matches!(clock(0), ClockState::Running), "{:?}", clock(0));
    // The one part that may begin asks: its order is paused, and with it the whole.
    packages.ask(package, PartId(0), at(1).wall, &mut told).unwrap();
    packages.settle(&engine, &mut Cx::new(at(1), &mut out), package, &mut told).unwrap();
    let order = packages.order(package, PartId(0)).unwrap();
    let facts = engine.facts(order).unwrap();
    assert!(matches!(clock(1), ClockState::Paused { .. }), "{:?} {facts:?}", clock(1));
    packages.hand_in(package, at(26).wall, &mut told).unwrap();
    packages.settle(&engine, &mut Cx::new(at(26), &mut out), package, &mut told).unwrap();
    assert!(matches!(clock(26), ClockState::Running), "{:?}", clock(26));
    assert_eq!(packages.progress(package).unwrap().stands_still(), None);

    // Registration is done; of the four that may begin, three stand still: the whole runs.
    let grab = engine.grab_order(&mut Cx::new(at(27), &mut out), clerk, order).unwrap();
    engine.complete(&mut Cx::new(at(27), &mut out), grab.claim, Outcome::Done).unwrap();
    packages.settle(&engine, &mut Cx::new(at(27), &mut out), package, &mut told).unwrap();
    let reason = packages.rules()[0].supplement().unwrap();
    for part in 1..5 {
        assert!(matches!(clock(28), ClockState::Running));
        let order = packages.order(package, PartId(part)).unwrap();
        engine.pause(&mut Cx::new(at(28), &mut out), order, reason, None, None).unwrap();
        let events: Vec<Event> = out.drain().collect();
        for event in &events {
            packages.hear(&engine, &mut Cx::new(at(28), &mut out), event, &mut told).unwrap();
        }
    }
    assert!(matches!(clock(28), ClockState::Paused { .. }), "{:?}", clock(28));
    // One of them is over: what comes after the seal may begin, and runs.
    let seal = packages.order(package, PartId(1)).unwrap();
    let grab = engine.grab_order(&mut Cx::new(at(29), &mut out), clerk, seal).unwrap();
    engine.complete(&mut Cx::new(at(29), &mut out), grab.claim, Outcome::Done).unwrap();
    packages.settle(&engine, &mut Cx::new(at(29), &mut out), package, &mut told).unwrap();
    assert!(matches!(clock(29), ClockState::Running), "{:?}", clock(29));

    // All is decided: the order of the whole waits for the window that hands over.
    for part in [2, 3, 4, 5] {
        let order = packages.order(package, PartId(part)).unwrap();
        let grab = engine.grab_order(&mut Cx::new(at(30), &mut out), clerk, order).unwrap();
        engine.complete(&mut Cx::new(at(30), &mut out), grab.claim, Outcome::Done).unwrap();
        packages.settle(&engine, &mut Cx::new(at(30), &mut out), package, &mut told).unwrap();
    }
    let view = engine.order(whole).unwrap();
    assert_eq!((view.state, view.service), (State::Waiting, service("hand-over")));
    let grabbed = engine.grab(&mut Cx::new(at(31), &mut out), clerk).unwrap();
    assert_eq!((grabbed.claim.order, grabbed.arrived), (whole, at(0).mono));
    let by_other = engine.grab_order(&mut Cx::new(at(31), &mut out), ClerkId(0), seal);
    assert_eq!(by_other, Err(GrabOrderError::Closed { order: seal }));
}
