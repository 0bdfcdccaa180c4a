//! The history checker finds what is wrong: right histories are proven, and each way in which one can be
//! wrong is shown once.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::collections::BTreeSet;

use qiangdan::{
    Action, Amend, CalendarId, Choice, Claim, ClerkId, ClerkSpec, Colour, Event, EventKind, Ladder,
    Mono, OrderId, OrderSpec, Outcome, PoolId, Presence, PutBack, Reason, RulesDraft, Seq,
    ServiceId, SkillId, Stage,
    history::{Finding, History, Proof},
    limit::{
        LimitRule, LimitStage, Milestone, Moment, PauseReason, Reasons, StageAt, TimeLimit, Unit,
    },
};
use qiangdan_tests::{
    hall::{Hall, climbing, service, within},
    office::{self, Office, at, limit},
};

const ANA: ClerkId = ClerkId(0);
const BO: ClerkId = ClerkId(1);

fn rules() -> RulesDraft {
    let stage = |at_ms, actions| Stage { at_ms, actions };
    let stages = vec![
        stage(20, vec![Action::Boost { by_ms: 15 }]),
        stage(30, vec![Action::Widen { pool: PoolId(1) }]),
    ];
    RulesDraft {
        pools: 2,
        services: vec![within(40, climbing(0, service(0, &[]))), service(1, &[0])],
        head_starts_ms: vec![0, 50],
        ladders: vec![Ladder { stages }],
        ..RulesDraft::default()
    }
}

/// A day with everything in it, told at one desk, and a checker that knows the clerks.
struct Day {
    hall: Hall,
    history: History,
}

impl Day {
    fn new() -> Self {
        let hall = Hall::new(rules(), 64, 2);
        let history = History::new(hall.engine.rules().clone());
        let mut day = Self { hall, history };
        // Bo cannot serve the second service.
        day.sign_in(ANA, &[0, 1], &[0], 2);
        day.sign_in(BO, &[0], &[], 1);
        day
    }

    fn sign_in(&mut self, clerk: ClerkId, pools: &[u16], skills: &[u8], held_max: u32) {
        self.hall.sign_in(clerk.0, pools, skills, held_max);
        let pools: Vec<_> = pools.iter().copied().map(PoolId).collect();
        let skills = skills.iter().copied().map(SkillId).collect();
        self.history
            .signs_in(clerk, &ClerkSpec { units: held_max, ..ClerkSpec::new(&pools, skills) });
    }

    fn at(&mut self, ms: u64) -> &mut Self {
        self.hall.now_ms = ms;
        self.hall.advance();
        self
    }

    fn submit(&mut self, service: u16) -> OrderId {
        self.hall.submit(OrderSpec::new(ServiceId(service)))
    }

    fn grab(&mut self, clerk: ClerkId) -> Claim {
        self.hall.call(|engine, cx| engine.grab(cx, clerk)).unwrap().claim
    }

    /// Takes an order and keeps it.
    fn take(&mut self, clerk: ClerkId) {
        let claim = self.grab(clerk);
        assert_eq!(claim.clerk, clerk);
    }

    fn named(&mut self, clerk: ClerkId, order: OrderId) -> Claim {
        self.hall.call(|engine, cx| engine.grab_order(cx, clerk, order)).unwrap().claim
    }

    fn complete(&mut self, claim: Claim) {
        self.hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
    }

    fn put_back(&mut self, claim: Claim, how: PutBack) {
        self.hall.call(|engine, cx| engine.put_back(cx, claim, how)).unwrap();
    }

    fn events(&self) -> Vec<Event> {
        self.hall.outbox.events().to_vec()
    }

    /// What the checker says of other events than those that were told.
    fn check(&self, events: &[Event]) -> Result<Proof, Vec<Finding>> {
        let mut history = self.history.clone();
        history.read_all(events);
        history.check()
    }
}

/// A full day. Of its orders the last two are open.
fn full() -> Day {
    let mut day = Day::new();
    let first = day.at(1).submit(0);
    let second = day.at(2).submit(1);
    let later = day.hall.submit(OrderSpec::new(ServiceId(0)).not_before(Mono(10)));
    let claim = day.at(5).grab(ANA);
    assert_eq!(claim.order, first);
    day.hall.call(|engine, cx| engine.start(cx, claim)).unwrap();
    day.at(8).put_back(claim, PutBack::After { ms: 4 });
    let claim = day.at(11).named(BO, later);
    day.at(13).complete(claim);
    let (one, two) = (day.at(16).grab(ANA), day.grab(ANA));
    assert_eq!((one.order, two.order, one.epoch), (first, second, 2));
    day.at(17).put_back(one, PutBack::BackOfLine);
    day.complete(two);
    let amend = Amend { service: Some(ServiceId(1)), class: None };
    let third = day.at(20).submit(0);
    day.hall.call(|engine, cx| engine.amend(cx, first, amend)).unwrap();
    let fourth = day.submit(0);
    // Both stages and the breach.
    day.at(70);
    day.hall.call(|engine, cx| engine.cancel(cx, third, Reason::Abandoned)).unwrap();
    day.take(ANA);
    let claim = day.at(71).grab(ANA);
    day.put_back(claim, PutBack::Park);
    day.hall.call(|engine, cx| engine.set_presence(cx, BO, Presence::Break(0))).unwrap();
    assert_ne!(first, fourth);
    day
}

/// The position of the n-th event of a kind.
#[track_caller]
fn find(events: &[Event], n: usize, is: impl Fn(&EventKind) -> bool) -> usize {
    let all = events.iter().enumerate().filter(|(_, event)| is(&event.kind));
    all.map(|(at, _)| at).nth(n).expect("the day has such an event")
}

fn is_claim(kind: &EventKind) -> bool {
    matches!(kind, EventKind::OrderClaimed { .. })
}

fn is_close(kind: &EventKind) -> bool {
    matches!(kind, EventKind::OrderClosed { .. })
}

/// Numbers events anew, as if they had all been told.
fn renumbered(mut events: Vec<Event>) -> Vec<Event> {
    for (number, event) in (0..).zip(&mut events) {
        event.seq = Seq(number);
    }
    events
}

/// The same with something added behind.
fn and(mut events: Vec<Event>, more: Event) -> Vec<Event> {
    events.push(more);
    renumbered(events)
}

/// The name of a kind of finding.
fn name(finding: &Finding) -> String {
    let text = format!("{finding:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

/// Every way of being wrong that one thread's history can have: the kind of finding, and the history.
fn wrong(day: &Day) -> Vec<(&'static str, Vec<Event>)> {
    let right = day.events();
    let last = *right.last().unwrap();
    let change = |at: usize, f: &dyn Fn(&mut Event)| {
        let mut events = right.clone();
        f(&mut events[at]);
        events
    };
    let without = |at: usize| {
        let mut events = right.clone();
        events.remove(at);
        events
    };
    let again = |at: usize| and(right.clone(), Event { at: last.at, ..right[at] });
    let claim = |n| find(&right, n, is_claim);
    let start = find(&right, 0, |kind| matches!(kind, EventKind::OrderStarted { .. }));
    let back = find(&right, 0, |kind| matches!(kind, EventKind::OrderPutBack { .. }));
    let activated = find(&right, 0, |kind| matches!(kind, EventKind::OrderActivated));
    let stage = |n| find(&right, n, |kind| matches!(kind, EventKind::StageReached { .. }));
    let breach = find(&right, 0, |kind| matches!(kind, EventKind::LimitBreached { .. }));
    let signed = find(&right, 1, |kind| matches!(kind, EventKind::ClerkSignedIn));
    let submit = find(&right, 1, |kind| matches!(kind, EventKind::OrderSubmitted { .. }));
    let end = find(&right, 0, is_close);
    let held = claim(4);
    let steal = EventKind::OrderClaimed { epoch: 2, choice: Choice::Named, wait_ms: 0 };
    let stolen = Event { clerk: Some(BO), kind: steal, ..right[held] };
    let late = Event { kind: EventKind::OrderStarted { epoch: 1 }, ..right[start] };
    vec![
        ("NumberMissing", without(claim(0))),
        ("NumberTwice", [&right[..], &right[3..4]].concat()),
        ("WithoutOrder", change(claim(0), &|event| event.order = None)),
        ("NeverSubmitted", renumbered(without(submit))),
        ("SubmittedTwice", again(submit)),
        ("ClaimedTwice", again(claim(0))),
        ("TwoOwners", {
            let EventKind::OrderClaimed { epoch, .. } = right[held].kind else { unreachable!() };
            let kind =
                EventKind::OrderClaimed { epoch: epoch + 1, choice: Choice::Named, wait_ms: 0 };
            and(right.clone(), Event { kind, at: last.at, ..stolen })
        }),
        ("Stale", and(right.clone(), Event { at: last.at, ..late })),
        ("NotOwner", change(start, &|event| event.clerk = Some(BO))),
        ("EpochMissing", {
            change(claim(2), &|event| {
                if let EventKind::OrderClaimed { epoch, .. } = &mut event.kind {
                    *epoch += 1;
                }
            })
        }),
        ("EndedTwice", again(end)),
        ("AfterEnd", {
            let kind = EventKind::OrderActivated;
            and(right.clone(), Event { kind, clerk: None, at: last.at, ..right[end] })
        }),
        ("WrongState", renumbered(without(activated))),
        ("WrongWait", {
            change(claim(0), &|event| {
                if let EventKind::OrderClaimed { wait_ms, .. } = &mut event.kind {
                    *wait_ms += 1;
                }
            })
        }),
        ("Early", change(activated, &|event| event.at.mono = Mono(9))),
        ("Early", change(stage(0), &|event| event.at.mono = Mono(30))),
        ("Early", change(breach, &|event| event.at.mono = Mono(60))),
        ("WrongDue", {
            change(stage(0), &|event| {
                if let EventKind::StageReached { due, .. } = &mut event.kind {
                    due.0 -= 1;
                }
            })
        }),
        ("Twice", again(breach)),
        ("Twice", again(stage(0))),
        ("StageSkipped", renumbered(without(stage(0)))),
        ("NotEligible", {
            // The second service needs what Bo has not learnt.
            let second = right[submit].order;
            let at = find(&right, 3, is_claim);
            assert_eq!(right[at].order, second);
            let ends = |event: &Event| event.order == second && is_close(&event.kind);
            let mut events = right.clone();
            let ended = events.iter().position(ends).unwrap();
            (events[at].clerk, events[ended].clerk) = (Some(BO), Some(BO));
            events
        }),
        ("PassedOver", {
            // A claim by name that passes others over, told as if it had been the next.
            let mut other = Day::new();
            other.at(1).submit(0);
            let second = other.at(2).submit(0);
            assert_eq!(other.at(3).named(ANA, second).order, second);
            let mut events = other.events();
            let at = find(&events, 0, is_claim);
            if let EventKind::OrderClaimed { choice, .. } = &mut events[at].kind {
                *choice = Choice::Next;
            }
            events
        }),
        ("NotReady", {
            // Bo's sign-in comes to be told as the beginning of a break.
            let presence = Presence::Break(0);
            change(signed, &|event| event.kind = EventKind::ClerkPresence { presence })
        }),
        ("OverCapacity", {
            // What Bo took while Ana held two, told as a third of Ana's.
            let mut other = Day::new();
            for ms in 1..=3 {
                other.at(ms).submit(0);
            }
            [ANA, ANA, BO].into_iter().for_each(|clerk| other.take(clerk));
            let mut events = other.events();
            let at = find(&events, 2, is_claim);
            events[at].clerk = Some(ANA);
            events
        }),
        ("WrongState", renumbered([&right[..back], &right[back + 1..]].concat())),
    ]
}

/// An order whose promise is broken, with a card and an answer to it, a pause and its end.
fn office() -> Office {
    let (reason, calendar) = (PauseReason::new(0).unwrap(), CalendarId(0));
    let action = Action::Card { colour: Colour::Red, reply_within: None };
    let stage =
        LimitStage { at: StageAt::Past(0), actions: vec![action], again: None, silence: None };
    let (from, to) = (Moment::Reached(Milestone::SUBMITTED), [Moment::Reached(Milestone::CLOSED)]);
    let promise = limit(from, &to, TimeLimit { unit: Unit::WorkingTime, amount: 3_600_000 });
    let pauses = Reasons::default().with(reason);
    let promise = LimitRule { pauses, stages: vec![stage], calendar, ..promise };
    let mut office = Office::new(office::rules(vec![promise], &[&[0]]), "2026-03-02 09:00");
    let order = office.submit(OrderSpec::new(ServiceId(0)));
    office.go_to(at("2026-03-02 09:30"));
    office.call(|engine, cx| engine.pause(cx, order, reason, None, None)).unwrap();
    office.go_to(at("2026-03-02 10:30"));
    office.call(|engine, cx| engine.resume(cx, order, reason, None)).unwrap();
    office.go_to(at("2026-03-02 12:00"));
    let card = office.engine.cards(order).unwrap()[0].id;
    office.call(|engine, cx| engine.appeal_card(cx, order, card, None)).unwrap();
    office
}

#[test]
fn what_limits_by_the_calendar_tell_is_checked() {
    let mut office = office();
    let right = office.take();
    let check = |events: &[Event]| {
        let mut history = History::new(office.engine.rules().clone());
        history.read_all(events);
        history.check()
    };
    let proof = check(&right).unwrap();
    assert!(proof.rungs > 0 && (proof.cards, proof.pauses) == (1, 1), "{proof:?}");
    let rung = find(&right, 0, |kind| matches!(kind, EventKind::RungClimbed { .. }));
    let card = find(&right, 0, |kind| matches!(kind, EventKind::CardIssued { .. }));
    let pause = find(&right, 0, |kind| matches!(kind, EventKind::OrderPaused { .. }));
    let clock = find(&right, 0, |kind| matches!(kind, EventKind::ClockResumed { .. }));
    let without = |at: usize| renumbered([&right[..at], &right[at + 1..]].concat());
    let early = {
        let mut events = right.clone();
        events[rung].at.wall = at("2026-03-02 10:00");
        events
    };
    for (expected, events) in [
        ("RungTwice", and(right.clone(), right[rung])),
        ("CardTwice", and(right.clone(), right[card])),
        ("CardUnknown", without(card)),
        ("NotPaused", without(pause)),
        ("ClockUnbalanced", and(right.clone(), right[clock])),
        ("Early", early),
    ] {
        let findings = check(&events).expect_err(expected);
        assert!(findings.iter().any(|finding| name(finding) == expected), "{findings:?}");
    }
}

#[test]
fn a_right_history_is_proven_whatever_the_order_in_which_it_is_read() {
    let day = full();
    let mut events = day.events();
    let proof = day.check(&events).unwrap();
    assert_eq!((proof.orders, proof.open, proof.closed), (5, 2, 3));
    assert_eq!((proof.claims, proof.waits, proof.held), (6, 6, 6));
    // All but the one by name.
    assert_eq!((proof.ranked, proof.stages), (5, 6));
    events.reverse();
    assert_eq!(day.check(&events), Ok(proof));
    let mut history = day.history.clone();
    history.read_all(&events);
    assert_eq!(history.check_against(&day.hall.engine), Ok(proof));
    let told: Vec<_> = history.in_order();
    assert_eq!(told, day.events());
}

#[test]
fn every_way_to_be_wrong_is_found() {
    let day = full();
    for (expected, events) in wrong(&day) {
        let findings = day.check(&events).expect_err(expected);
        let names: BTreeSet<_> = findings.iter().map(name).collect();
        assert!(names.contains(expected), "{expected} is not among {findings:?}");
        // One sentence, as other errors.
        let text = findings[0].to_string();
        assert!(!text.ends_with('.') && text.contains("event "), "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let day = full();
    let mut events = day.events();
    let (first, last) = (find(&events, 0, is_claim), find(&events, 0, is_close));
    if let EventKind::OrderClaimed { wait_ms, .. } = &mut events[first].kind {
        *wait_ms = 77;
    }
    let twice = events[last];
    let findings = day.check(&and(events, twice)).unwrap_err();
    let names: Vec<_> = findings.iter().map(name).collect();
    assert_eq!(names, ["EndedTwice", "WrongWait"]);
}

/// The same events as if each clerk had told their own at a desk of theirs.
fn apart(events: &[Event]) -> Vec<Event> {
    let mut numbers = [0; 3];
    let desk = |event: &Event| event.clerk.map_or(2, |clerk| u64::from(clerk.0));
    let at = |event: &Event| {
        let desk = desk(event);
        let number = &mut numbers[usize::try_from(desk).unwrap()];
        *number += 1;
        Event { seq: Seq(desk << 44 | (*number - 1)), ..*event }
    };
    events.iter().map(at).collect()
}

#[test]
fn desks_are_put_together_and_errors_are_found_across_them() {
    let day = full();
    let events = apart(&day.events());
    let mut history = day.history.clone().by_one_clock();
    history.read_all(&events);
    let proof = history.check().unwrap();
    assert_eq!((proof.desks, proof.orders, proof.claims), (3, 5, 6));
    assert!(proof.ranked > 0 && proof.waits > 0, "{proof:?}");
    let in_order = history.in_order();
    assert_eq!(in_order.len(), events.len());
    let orders = |events: &[Event]| -> Vec<_> {
        events.iter().filter(|event| event.order.is_some()).map(|event| event.kind).collect()
    };
    assert_eq!(orders(&in_order).len(), orders(&events).len());
    // A claim of the same epoch at another desk.
    let mut stolen = events.clone();
    let at = find(&events, 0, is_claim);
    let number = events.iter().filter(|event| event.clerk == Some(BO)).count() as u64;
    stolen.push(Event { clerk: Some(BO), seq: Seq(1 << 44 | number), ..events[at] });
    let findings = day.check(&stolen).unwrap_err();
    assert!(findings.iter().any(|f| matches!(f, Finding::ClaimedTwice { .. })), "{findings:?}");
}

#[test]
fn who_waited_all_the_time_is_passed_over_by_nobody_across_desks() {
    let mut day = Day::new();
    day.at(1).submit(0);
    let second = day.at(3).submit(0);
    let claim = day.at(5).named(ANA, second);
    day.at(7).complete(claim);
    day.at(9).take(BO);
    // An order that nobody asked for closes each desk's last call.
    day.at(11).submit(1);
    let mut events = day.events();
    let at = find(&events, 0, is_claim);
    let check = |events: &[Event]| {
        let mut history = day.history.clone().by_one_clock();
        history.read_all(&apart(events));
        history.check()
    };
    check(&events).unwrap();
    if let EventKind::OrderClaimed { choice, .. } = &mut events[at].kind {
        *choice = Choice::Next;
    }
    let findings = check(&events).unwrap_err();
    assert!(matches!(findings[..], [Finding::PassedOver { taken, .. }] if taken == second));
}

#[test]
fn closed_orders_can_be_forgotten() {
    let day = full();
    let events = day.events();
    let (mut all, mut lean) = (day.history.clone(), day.history.clone());
    all.read_all(&events);
    for event in &events {
        lean.read(event);
        lean.forget_closed();
    }
    assert_eq!((all.kept(), lean.kept()), (5, 2));
    let proof = all.check_against(&day.hall.engine).unwrap();
    let left = lean.check_against(&day.hall.engine).unwrap();
    assert_eq!((left.orders, left.closed, left.claims), (proof.orders, proof.closed, proof.claims));
    assert_eq!((left.waits, left.ranked), (proof.waits, proof.ranked));
    // What comes to an order that was forgotten is a finding; what was wrong before stays one.
    let end = events[find(&events, 0, is_close)];
    lean.read(&Event { seq: Seq(events.len() as u64), ..end });
    lean.forget_closed();
    let findings = lean.check().unwrap_err();
    assert!(matches!(findings[..], [Finding::AfterForgotten { .. }]), "{findings:?}");
}

#[test]
fn the_engine_is_where_its_history_leads() {
    let mut day = full();
    let events = day.events();
    let mut history = day.history.clone();
    history.read_all(&events);
    history.check_against(&day.hall.engine).unwrap();
    // An order of which nothing was told, and one that ended meanwhile.
    let open = history.open_orders();
    let unseen = day.submit(0);
    let claim = day.hall.outbox.events().iter().rev().find(|event| is_claim(&event.kind));
    assert!(claim.is_some());
    let of = open.iter().find(|&&order| history.state(order) == Some(qiangdan::State::Waiting));
    let parked = *of.unwrap();
    day.hall.call(|engine, cx| engine.cancel(cx, parked, Reason::EndOfDay)).unwrap();
    let findings = history.check_against(&day.hall.engine).unwrap_err();
    let names: BTreeSet<_> = findings.iter().map(name).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["NotTold", "OtherCount", "OtherState"]);
    assert!(
        findings.iter().any(|f| matches!(f, Finding::NotTold { order, .. } if *order == unseen))
    );
}

#[test]
fn an_empty_history_is_right() {
    let day = Day::new();
    let proof = History::new(day.hall.engine.rules().clone()).check().unwrap();
    assert_eq!(proof, Proof::default());
}
