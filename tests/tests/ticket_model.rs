//! Tickets against a plain model that a child could check: a list of tickets, each with its state
//! and rank, and three windows.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use qiangdan::{
    ClassId, PutBack, Reason, ServiceId,
    ticket::{
        TicketEventKind, TicketId, TicketOutcome, TicketRulesDraft, TicketState as S, WindowId,
    },
};
use qiangdan_tests::tickets::{A, A2, GREEN, TOPPED, TicketHall, draft};

const GAP_MS: u64 = 10_000;
const RECALLS: u8 = 2;
const LAST: usize = 2;

#[derive(Clone, Debug)]
enum Op {
    Wait { ms: u64 },
    Take { person: u64, services: usize, class: u8 },
    Call { at: u16 },
    Recall { at: u16, nth: usize },
    Arrive { at: u16, nth: usize },
    Pass { at: u16, nth: usize },
    TakeBack { at: u16, nth: usize },
    GiveUp { nth: usize },
    Hold { at: u16, nth: usize },
    CallBack { at: u16, nth: usize },
    Forward { at: u16, nth: usize, to: u16 },
    GiveBack { at: u16, nth: usize },
    Finish { at: u16, nth: usize },
    Top { nth: usize },
    EndDay,
    HostPutsBack { nth: usize },
    HostCancels { nth: usize },
}

fn op() -> impl Strategy<Value = Op> {
    // One window has most of the work.
    let at = || prop_oneof![4 => Just(0_u16), 1 => Just(1_u16), 1 => Just(2_u16)];
    let nth = || 0..8_usize;
    prop_oneof![
        8 => (1..40_000_u64).prop_map(|ms| Op::Wait { ms }),
        14 => (0..12_u64, 0..3_usize, 0..2_u8)
            .prop_map(|(person, services, class)| Op::Take { person, services, class }),
        14 => at().prop_map(|at| Op::Call { at }),
        8 => (at(), nth()).prop_map(|(at, nth)| Op::Recall { at, nth }),
        6 => (at(), nth()).prop_map(|(at, nth)| Op::Arrive { at, nth }),
        9 => (at(), nth()).prop_map(|(at, nth)| Op::Pass { at, nth }),
        6 => (at(), nth()).prop_map(|(at, nth)| Op::TakeBack { at, nth }),
        2 => nth().prop_map(|nth| Op::GiveUp { nth }),
        5 => (at(), nth()).prop_map(|(at, nth)| Op::Hold { at, nth }),
        5 => (at(), nth()).prop_map(|(at, nth)| Op::CallBack { at, nth }),
        3 => (at(), nth(), at()).prop_map(|(at, nth, to)| Op::Forward { at, nth, to }),
        3 => (at(), nth()).prop_map(|(at, nth)| Op::GiveBack { at, nth }),
        6 => (at(), nth()).prop_map(|(at, nth)| Op::Finish { at, nth }),
        3 => nth().prop_map(|nth| Op::Top { nth }),
        1 => Just(Op::EndDay),
        1 => nth().prop_map(|nth| Op::HostPutsBack { nth }),
        1 => nth().prop_map(|nth| Op::HostCancels { nth }),
    ]
}

#[derive(Clone, Debug)]
struct Ticket {
    id: TicketId,
    state: S,
    person: u64,
    services: Vec<ServiceId>,
    done: usize,
    rank: i64,
    head_start_ms: i64,
    window: Option<u16>,
    pinned: Option<u16>,
    calls: u8,
    called_ms: u64,
    since_ms: u64,
    waited_ms: u64,
}

#[derive(Default, Debug)]
struct Model {
    tickets: Vec<Ticket>,
    passed: [Vec<usize>; 3],
    pinned: [Vec<usize>; 3],
    held: [Option<usize>; 3],
    now_ms: u64,
}

impl Model {
    fn go(&mut self, nth: usize, to: S) {
        let now_ms = self.now_ms;
        let ticket = &mut self.tickets[nth];
        if ticket.state == S::Waiting {
            ticket.waited_ms += now_ms - ticket.since_ms;
        }
        if to != ticket.state {
            ticket.since_ms = now_ms;
        }
        ticket.state = to;
        ticket.pinned = None;
    }

    fn is_busy(&self, at: u16) -> bool {
        let in_hand = |t: &Ticket| matches!(t.state, S::Called | S::Serving);
        self.tickets.iter().any(|t| t.window == Some(at) && in_hand(t))
    }

    fn begin_call(&mut self, nth: usize, at: u16) {
        self.go(nth, S::Called);
        let ticket = &mut self.tickets[nth];
        (ticket.window, ticket.calls, ticket.called_ms) = (Some(at), 1, self.now_ms);
    }

    /// Whether the ticket is in the state and at the window.
    fn is(&self, nth: usize, states: &[S], at: u16) -> bool {
        let at_window = |t: &Ticket| t.window == Some(at) && states.contains(&t.state);
        self.tickets.get(nth).is_some_and(at_window)
    }

    fn call(&mut self, at: u16) -> Option<usize> {
        if self.is_busy(at) {
            return None;
        }
        let is_pinned = |&nth: &usize| self.tickets[nth].pinned == Some(at);
        let pinned = self.pinned[usize::from(at)].iter().copied().find(is_pinned);
        let waits = |t: &Ticket| t.state == S::Waiting && t.pinned.is_none();
        let first = (0..self.tickets.len())
            .filter(|&nth| waits(&self.tickets[nth]))
            .min_by_key(|&nth| (self.tickets[nth].rank, nth));
        let nth = pinned.or(first)?;
        self.begin_call(nth, at);
        Some(nth)
    }
}

fn rules() -> TicketRulesDraft {
    TicketRulesDraft {
        recalls_at_most: RECALLS,
        recall_gap_ms: GAP_MS,
        take_back_last: u8::try_from(LAST).unwrap(),
        ..draft()
    }
}

/// Tells both the same, and compares what they say.
fn step(hall: &mut TicketHall, model: &mut Model, op: &Op) {
    let id = |model: &Model, nth: usize| model.tickets.get(nth).map(|ticket| ticket.id);
    // The latest tickets, so that the numbers of small lists go on naming something.
    let latest = |model: &Model, nth: usize| model.tickets.len().checked_sub(nth + 1).unwrap_or(99);
    // Mostly one that fits, so that there are long lives; else any.
    let pick = |model: &Model, nth: usize, at: u16, states: &[S]| {
        let all = 0..model.tickets.len();
        let fit: Vec<_> = all.rev().filter(|&nth| model.is(nth, states, at)).collect();
        if nth < 6 && !fit.is_empty() { fit[nth % fit.len()] } else { latest(model, nth) }
    };
    let w = WindowId;
    match *op {
        Op::Wait { ms } => {
            hall.pass_ms(ms);
            model.now_ms += ms;
        }
        Op::Take { person, services, class } => {
            let services = [&[A][..], &[A2], &[A, A2]][services];
            let class = [ClassId(0), GREEN][usize::from(class)];
            let waits = |t: &Ticket| {
                let rest = t.services.iter().skip(t.done);
                t.person == person
                    && t.state.is_open()
                    && rest.clone().any(|s| services.contains(s))
            };
            let is_known = model.tickets.iter().any(waits);
            match hall.try_take(person, services, class) {
                Ok(taken) if taken.existed => assert!(is_known),
                Ok(taken) => {
                    assert!(!is_known);
                    let head_start_ms = if class == GREEN { 600_000 } else { 0 };
                    let now_ms = model.now_ms;
                    model.tickets.push(Ticket {
                        id: taken.ticket,
                        state: S::Waiting,
                        person,
                        services: services.to_vec(),
                        done: 0,
                        rank: i64::try_from(now_ms).unwrap() - head_start_ms,
                        head_start_ms,
                        window: None,
                        pinned: None,
                        calls: 0,
                        called_ms: 0,
                        since_ms: now_ms,
                        waited_ms: 0,
                    });
                }
                Err(_) => assert!(is_known),
            }
        }
        Op::Call { at } => {
            let expect = model.call(at);
            let called = hall.try_call(at).ok();
            assert_eq!(called.map(|c| c.ticket), expect.map(|nth| model.tickets[nth].id));
            if let Some((called, nth)) = called.zip(expect) {
                assert_eq!(called.wait_ms, model.tickets[nth].waited_ms, "the wait");
            }
        }
        Op::Recall { at, nth } => {
            let nth = pick(model, nth, at, &[S::Called]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Called], at) && {
                let t = &model.tickets[nth];
                t.calls <= RECALLS && model.now_ms >= t.called_ms + GAP_MS
            };
            let answer = hall.ask(|t, cx, told| t.recall(cx, told, w(at), ticket));
            assert_eq!(answer.is_ok(), may, "{answer:?}");
            if may {
                let t = &mut model.tickets[nth];
                (t.calls, t.called_ms) = (t.calls + 1, model.now_ms);
            }
        }
        Op::Arrive { at, nth } => {
            let nth = pick(model, nth, at, &[S::Called]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Called], at);
            assert_eq!(hall.ask(|t, cx, told| t.arrive(cx, told, w(at), ticket)).is_ok(), may);
            if may {
                model.go(nth, S::Serving);
            }
        }
        Op::Pass { at, nth } => {
            let nth = pick(model, nth, at, &[S::Called]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Called], at);
            assert_eq!(hall.ask(|t, cx, told| t.pass(cx, told, w(at), ticket, 1)).is_ok(), may);
            if may {
                model.go(nth, S::Passed);
                let passed = &mut model.passed[usize::from(at)];
                passed.retain(|&other| other != nth);
                passed.push(nth);
                let too_many = passed.len().saturating_sub(LAST);
                passed.drain(..too_many);
            }
        }
        Op::TakeBack { at, nth } => {
            let nth = pick(model, nth, at, &[S::Passed]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Passed], at)
                && model.passed[usize::from(at)].contains(&nth)
                && !model.is_busy(at);
            let answer = hall.ask(|t, cx, told| t.take_back(cx, told, w(at), ticket));
            assert_eq!(answer.is_ok(), may, "{answer:?}");
            if let Ok(called) = answer {
                assert_eq!(called.wait_ms, model.tickets[nth].waited_ms, "the wait");
                model.passed[usize::from(at)].retain(|&other| other != nth);
                model.begin_call(nth, at);
            }
        }
        Op::GiveUp { nth } => {
            let nth = latest(model, nth);
            let Some(ticket) = id(model, nth) else { return };
            let may = [S::Waiting, S::Called, S::Passed].contains(&model.tickets[nth].state);
            assert_eq!(hall.ask(|t, cx, told| t.give_up(cx, told, ticket)).is_ok(), may);
            if may {
                model.go(nth, S::Abandoned);
            }
        }
        Op::Hold { at, nth } => {
            let nth = pick(model, nth, at, &[S::Serving]);
            let Some(ticket) = id(model, nth) else { return };
            let holds = model.held[usize::from(at)];
            // It may be held elsewhere by now, after it was sent there.
            let is_held = |nth: usize| model.is(nth, &[S::Held], at);
            let may = model.is(nth, &[S::Serving], at) && !holds.is_some_and(is_held);
            assert_eq!(hall.ask(|t, cx, told| t.hold(cx, told, w(at), ticket)).is_ok(), may);
            if may {
                model.go(nth, S::Held);
                model.held[usize::from(at)] = Some(nth);
            }
        }
        Op::CallBack { at, nth } => {
            let nth = pick(model, nth, at, &[S::Held]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Held], at) && !model.is_busy(at);
            assert_eq!(hall.ask(|t, cx, told| t.call_back(cx, told, w(at), ticket)).is_ok(), may);
            if may {
                model.begin_call(nth, at);
            }
        }
        Op::Forward { at, nth, to } => {
            let nth = pick(model, nth, at, &[S::Called, S::Serving]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Called, S::Serving], at);
            let answer = hall.ask(|t, cx, told| t.forward(cx, told, w(at), ticket, w(to)));
            assert_eq!(answer.is_ok(), may);
            if may {
                model.go(nth, S::Waiting);
                model.tickets[nth].pinned = Some(to);
                let pinned = &mut model.pinned[usize::from(to)];
                pinned.retain(|&other| other != nth);
                pinned.push(nth);
            }
        }
        Op::GiveBack { at, nth } => {
            let nth = pick(model, nth, at, &[S::Called, S::Serving]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Called, S::Serving], at);
            assert_eq!(hall.ask(|t, cx, told| t.give_back(cx, told, w(at), ticket)).is_ok(), may);
            if may {
                model.go(nth, S::Waiting);
            }
        }
        Op::Finish { at, nth } => {
            let nth = pick(model, nth, at, &[S::Serving]);
            let Some(ticket) = id(model, nth) else { return };
            let may = model.is(nth, &[S::Serving], at);
            let outcome = TicketOutcome::Accepted;
            let answer = hall.ask(|t, cx, told| t.finish(cx, told, w(at), ticket, outcome));
            assert_eq!(answer.is_ok(), may);
            if may {
                let t = &mut model.tickets[nth];
                if t.done + 1 < t.services.len() {
                    t.done += 1;
                    t.since_ms = model.now_ms;
                } else {
                    model.go(nth, S::Served);
                }
                assert_eq!(answer.unwrap(), model.tickets[nth].state);
            }
        }
        Op::Top { nth } => {
            let nth = latest(model, nth);
            let Some(ticket) = id(model, nth) else { return };
            let t = &mut model.tickets[nth];
            let may = t.state == S::Waiting && t.pinned.is_none() && t.head_start_ms < 1_800_000;
            assert_eq!(hall.ask(|t, cx, told| t.top(cx, told, ticket, 1)).is_ok(), may);
            if may {
                t.rank -= 1_800_000 - t.head_start_ms;
                t.head_start_ms = 1_800_000;
            }
        }
        Op::EndDay => {
            let day = hall.tickets.rules().draft().calendar.day_of(hall.now.wall).unwrap();
            assert!(hall.ask(|t, cx, told| t.end_day(cx, told, day, 999)).is_done);
            for nth in 0..model.tickets.len() {
                if model.tickets[nth].state.is_open() {
                    model.go(nth, S::Expired);
                }
            }
        }
        Op::HostPutsBack { nth } | Op::HostCancels { nth } => {
            let nth = latest(model, nth);
            let Some(ticket) = id(model, nth) else { return };
            let Some(view) = hall.tickets.ticket(ticket) else { return };
            let engine = hall.tickets.engine().clone();
            let Some(order) = view.order.and_then(|order| engine.order(order)) else { return };
            let was_in_hand = [S::Called, S::Serving].contains(&model.tickets[nth].state);
            if matches!(op, Op::HostCancels { .. }) {
                let done = engine.cancel(&mut hall.cx(), order.order, Reason::Withdrawn(1));
                let may =
                    model.tickets[nth].state.is_open() && model.tickets[nth].state != S::Serving;
                assert_eq!(done.is_ok() && view.state.is_open(), may);
                if may {
                    model.go(nth, S::Cancelled);
                }
            } else if let (true, Some(clerk)) = (was_in_hand, order.owner) {
                let claim = qiangdan::Claim { order: order.order, clerk, epoch: order.epoch };
                engine.put_back(&mut hall.cx(), claim, PutBack::KeepPlace).unwrap();
                model.go(nth, S::Waiting);
            }
            let events: Vec<_> = hall.outbox.drain().collect();
            hall.ask(|t, cx, told| t.follow(cx, told, &events));
        }
    }
    compare(hall, model);
}

fn compare(hall: &TicketHall, model: &Model) {
    for (nth, ticket) in model.tickets.iter().enumerate() {
        // A place that was used again names another ticket: both are over then.
        let Some(view) = hall.tickets.ticket(ticket.id) else {
            assert!(!ticket.state.is_open(), "{nth} is lost");
            continue;
        };
        assert_eq!(view.state, ticket.state, "{nth}");
        assert_eq!(view.pinned.map(|w| w.0), ticket.pinned, "{nth}");
        assert_eq!(usize::from(view.done).min(ticket.done), ticket.done, "{nth}");
    }
    // I3: no ticket is lost, and the clerks hold what their windows have in hand.
    let open = model.tickets.iter().filter(|ticket| ticket.state.is_open()).count();
    assert_eq!(hall.tickets.open(), open);
    for at in 0..3 {
        let held = hall.tickets.engine().held(qiangdan::ClerkId(u32::from(at)));
        assert_eq!(held, Some(u32::from(model.is_busy(at))), "window {at}");
    }
    for service in [A, A2] {
        let waits = |t: &&Ticket| t.state == S::Waiting && t.services[t.done] == service;
        let waiting = model.tickets.iter().filter(waits).count();
        assert_eq!(usize::try_from(hall.tickets.waiting(service)).unwrap(), waiting);
    }
}

/// What the events say by themselves: no gaps, each begins where the last ended (I2), times add up (I18).
fn check_events(hall: &TicketHall) {
    let mut last = BTreeMap::new();
    for (seq, event) in (0..).zip(&hall.told) {
        assert_eq!(event.seq, seq, "without gaps");
        let (state, life_ms, began) =
            last.entry(event.ticket).or_insert((None, 0_u64, event.at.mono));
        assert_eq!(event.from, *state, "{event:?} goes on from where the ticket was");
        *state = Some(event.to);
        *life_ms += event.after_ms;
        if !event.to.is_open() {
            assert_eq!(*life_ms, event.at.mono.since_ms(*began), "the life of {:?}", event.ticket);
        }
        let is_over = |kind| matches!(kind, TicketEventKind::Served | TicketEventKind::Expired);
        assert!(!is_over(event.kind) || !event.to.is_open());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn tickets_answer_as_the_model_i2_i3_i18(ops in prop::collection::vec(op(), 0..300)) {
        let (mut hall, mut model) = (TicketHall::new(rules()), Model::default());
        for op in &ops {
            step(&mut hall, &mut model, op);
        }
        check_events(&hall);
    }

    /// I16: whoever comes, is put ahead or is called, in whatever order, at most so many who came later
    /// are called before an ordinary ticket.
    #[test]
    fn i16_an_ordinary_ticket_is_overtaken_at_most_so_often(
        ops in prop::collection::vec((0..90_000_u64, 0..10_u8, 0..12_usize), 1..120),
        most in 0..4_u32,
    ) {
        let rules = TicketRulesDraft { ahead_at_most: Some(most), ..draft() };
        let mut hall = TicketHall::with_room(rules, 256);
        let (mut came, mut called) = (Vec::new(), Vec::new());
        for (person, &(ms, what, nth)) in (0..).zip(&ops) {
            hall.pass_ms(ms);
            match what {
                0..=2 => came.push((hall.take(person, &[A]), true)),
                3..=5 => {
                    let taken = hall.try_take(person, &[A], GREEN).unwrap();
                    came.push((taken.ticket, taken.class == ClassId(0)));
                }
                6 => {
                    let Some(at) = came.len().checked_sub(nth + 1) else { continue };
                    let ticket = came[at].0;
                    let is_ahead = hall.ask(|t, cx, told| t.top(cx, told, ticket, 1)).is_ok();
                    came[at].1 &= !is_ahead;
                }
                _ => called.extend(serve(&mut hall)),
            }
        }
        while let Some(ticket) = serve(&mut hall) {
            called.push(ticket);
        }
        prop_assert_eq!(came.len(), called.len());
        let place = |id: TicketId| called.iter().position(|&other| other == id).unwrap();
        for (nth, &(ticket, is_ordinary)) in came.iter().enumerate().filter(|(_, t)| t.1) {
            let later = came[nth + 1..].iter().filter(|&&(other, _)| place(other) < place(ticket));
            prop_assert!(is_ordinary && later.count() <= most as usize, "{} {:?}", nth, called);
        }
        let _ = TOPPED;
    }
}

fn serve(hall: &mut TicketHall) -> Option<TicketId> {
    let (ticket, w) = (hall.try_call(0).ok()?.ticket, WindowId(0));
    hall.ask(|t, cx, told| t.arrive(cx, told, w, ticket)).unwrap();
    hall.ask(|t, cx, told| t.finish(cx, told, w, ticket, TicketOutcome::Other)).unwrap();
    Some(ticket)
}
