//! Tickets, as the lead of a hall knows them. Names carry the ids of edge cases, traps and invariants.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::sync::Mutex;

use qiangdan::{
    ClassId, Cx, Outbox, PutBack, Reason, Wall,
    ticket::{
        BookError, Number, PersonKey, TakeError, TakeNumber, TicketError, TicketEventKind,
        TicketId, TicketOutcome, TicketRulesDraft, TicketRulesError, TicketService, TicketState,
        WindowId,
    },
};
use qiangdan_tests::{
    hall::checked,
    office::at,
    tickets::{A, A2, B, GREEN, IN_TIME, TicketHall, draft, engine_rules},
};

const MINUTE_MS: u64 = 60_000;

fn window(number: u16) -> WindowId {
    WindowId(number)
}

fn pass(hall: &mut TicketHall, at: u16, ticket: TicketId) {
    hall.ask(|t, cx, told| t.pass(cx, told, window(at), ticket, 1)).unwrap();
}

fn arrive(hall: &mut TicketHall, at: u16, ticket: TicketId) {
    hall.ask(|t, cx, told| t.arrive(cx, told, window(at), ticket)).unwrap();
}

fn finish(hall: &mut TicketHall, at: u16, ticket: TicketId) -> TicketState {
    let outcome = TicketOutcome::Accepted;
    hall.ask(|t, cx, told| t.finish(cx, told, window(at), ticket, outcome)).unwrap()
}

fn serve(hall: &mut TicketHall, at: u16) -> TicketId {
    let ticket = hall.call(at);
    arrive(hall, at, ticket);
    finish(hall, at, ticket);
    ticket
}

fn give_up(hall: &mut TicketHall, ticket: TicketId) {
    hall.ask(|t, cx, told| t.give_up(cx, told, ticket)).unwrap();
}

#[test]
fn trap_5_numbers_go_by_integers_beyond_999_and_across_prefixes() {
    let mut hall = TicketHall::new(draft());
    let mut last = None::<Number>;
    for person in 0..1_001 {
        let ticket = hall.take(person, &[A]);
        let number = hall.tickets.ticket(ticket).unwrap().number.unwrap();
        assert!(last.is_none_or(|last| last < number), "{last:?} {number:?}");
        last = Some(number);
        give_up(&mut hall, ticket);
    }
    let last = hall.tickets.rules().text_of(last.unwrap());
    assert_eq!(last, "A1001");
    // As texts they would be the other way round.
    assert!("A999" > last.as_str());
    // A prefix has a series of its own, whatever the service.
    let of = |hall: &mut TicketHall, person, service, class| {
        let taken = hall.try_take(person, &[service], class).unwrap();
        hall.text(taken.ticket)
    };
    assert_eq!(of(&mut hall, 5_000, A2, ClassId(0)), "A1002");
    assert_eq!(of(&mut hall, 5_001, B, ClassId(0)), "B001");
    assert_eq!(of(&mut hall, 5_002, B, GREEN), "VB001");
    assert_eq!(of(&mut hall, 5_003, A, GREEN), "VA001");
    // Whoever came first goes first, not who has the smaller text.
    let order: Vec<_> = (0..4).map(|_| serve(&mut hall, 0)).collect();
    let texts: Vec<_> = order.iter().map(|&ticket| hall.text(ticket)).collect();
    assert_eq!(texts, ["VB001", "VA001", "A1002", "B001"]);
}

#[test]
fn e41_what_is_printed_wraps_and_begins_anew_each_day_what_it_is_does_not() {
    let rules = TicketRulesDraft { wraps_at: 3, digits: 2, ..draft() };
    let mut hall = TicketHall::new(rules);
    let tickets: Vec<_> = (0..5).map(|person| hall.take(person, &[A])).collect();
    let texts: Vec<_> = tickets.iter().map(|&ticket| hall.text(ticket)).collect();
    assert_eq!(texts, ["A01", "A02", "A03", "A01", "A02"]);
    let serial = |hall: &TicketHall, ticket| hall.tickets.ticket(ticket).unwrap().number.unwrap();
    assert_eq!(serial(&hall, tickets[4]).serial, 5);
    hall.until("2026-03-03 09:00");
    let next = hall.take(9, &[A]);
    assert_eq!(hall.text(next), "A01");
    // Trap 18: the number is unique with its day, and the ticket is another in any case.
    assert_ne!(serial(&hall, next), serial(&hall, tickets[0]));
    assert!(!tickets.contains(&next));
}

#[test]
fn trap_17_a_wall_set_back_gives_no_number_twice() {
    let mut hall = TicketHall::new(draft());
    hall.take(1, &[A]);
    hall.until("2026-03-03 09:00");
    let second = hall.take(2, &[A]);
    hall.now.wall = at("2026-03-02 10:00");
    let third = hall.take(3, &[A]);
    let number = |ticket| hall.tickets.ticket(ticket).unwrap().number.unwrap();
    assert_eq!(number(third).serial, number(second).serial + 1);
    assert_eq!(number(third).day, number(second).day);
}

#[test]
fn trap_1_each_number_is_called_by_one_of_many_windows() {
    let mut hall = TicketHall::with_room(draft(), 3_000);
    for person in 0..3_000 {
        hall.take(person, &[A]);
    }
    let called = Mutex::new(Vec::new());
    let now = hall.now;
    let tickets = &hall.tickets;
    std::thread::scope(|scope| {
        for number in 0..3 {
            let called = &called;
            scope.spawn(move || {
                let (mut outbox, mut told) = (Outbox::default(), Vec::new());
                let (mut cx, at) = (Cx::new(now, &mut outbox), window(number));
                while let Ok(call) = tickets.call(&mut cx, &mut told, at) {
                    let qiangdan::ticket::Call::Ticket(one) = call else { panic!() };
                    tickets.arrive(&mut cx, &mut told, at, one.ticket).unwrap();
                    let outcome = TicketOutcome::Other;
                    tickets.finish(&mut cx, &mut told, at, one.ticket, outcome).unwrap();
                    called.lock().unwrap().push(one.ticket);
                }
            });
        }
    });
    let mut called = called.into_inner().unwrap();
    called.sort_unstable();
    called.dedup();
    assert_eq!((called.len(), hall.tickets.open()), (3_000, 0));
}

#[test]
fn e42_two_threads_that_ask_for_one_person_get_one_number() {
    let hall = TicketHall::with_room(draft(), 2_000);
    let (tickets, now) = (&hall.tickets, hall.now);
    let ask_all = || {
        let (mut outbox, mut told) = (Outbox::default(), Vec::new());
        let mut cx = Cx::new(now, &mut outbox);
        let mut ask = |person| {
            let ask = TakeNumber::new(PersonKey(person), &[A]);
            tickets.take(&mut cx, &mut told, &ask).unwrap()
        };
        (0..1_000).map(&mut ask).collect::<Vec<_>>()
    };
    let (ours, theirs) = std::thread::scope(|scope| {
        let other = scope.spawn(ask_all);
        (ask_all(), other.join().unwrap())
    });
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!((one.ticket, one.number), (other.ticket, other.number));
        assert_ne!(one.existed, other.existed);
    }
    assert_eq!(tickets.open(), 1_000);
}

#[test]
fn e43_after_the_first_is_closed_another_number_is_given_unless_it_is_too_soon() {
    let rules = TicketRulesDraft {
        services: vec![
            TicketService::new(A, "A"),
            TicketService { again_after_ms: 10 * MINUTE_MS, ..TicketService::new(B, "B") },
        ],
        ..draft()
    };
    let mut hall = TicketHall::new(TicketRulesDraft { schedules: vec![], ..rules });
    for (service, is_at_once) in [(A, true), (B, false)] {
        let first = hall.take(1, &[service]);
        assert!(hall.try_take(1, &[service], ClassId(0)).unwrap().existed);
        give_up(&mut hall, first);
        let again = hall.now.mono.plus_ms(10 * MINUTE_MS);
        if !is_at_once {
            let refused = Err(TakeError::TooSoonAgain { service, again });
            assert_eq!(hall.try_take(1, &[service], ClassId(0)), refused);
            hall.pass_ms(10 * MINUTE_MS - 1);
            assert_eq!(hall.try_take(1, &[service], ClassId(0)), refused);
            hall.pass_ms(1);
        }
        let second = hall.try_take(1, &[service], ClassId(0)).unwrap();
        assert!(!second.existed && second.ticket != first);
    }
}

#[test]
fn one_waiting_ticket_for_each_person_and_service_also_on_a_cart() {
    let mut hall = TicketHall::new(draft());
    let ticket = hall.take(1, &[A, B]);
    assert!(hall.try_take(1, &[B, A], ClassId(0)).unwrap().existed);
    let refused = hall.try_take(1, &[B], ClassId(0));
    assert_eq!(refused, Err(TakeError::AlreadyWaiting { service: B, ticket }));
    let refused = hall.try_take(1, &[A2, A], ClassId(0));
    assert_eq!(refused, Err(TakeError::AlreadyWaiting { service: A, ticket }));
    assert!(!hall.try_take(1, &[A2], ClassId(0)).unwrap().existed);
    // What is done on the cart may be asked for again.
    assert_eq!(hall.call(0), ticket);
    arrive(&mut hall, 0, ticket);
    assert_eq!(finish(&mut hall, 0, ticket), TicketState::Serving);
    assert!(!hall.try_take(1, &[A], ClassId(0)).unwrap().existed);
    assert_eq!(
        hall.try_take(1, &[B], ClassId(0)).unwrap().ticket,
        ticket,
        "what is left of it is the same ticket"
    );
}

#[test]
fn a_cart_holds_five_and_no_pairs_that_do_not_go_together() {
    let rules = TicketRulesDraft { apart: vec![[A, A2]], ..draft() };
    let mut hall = TicketHall::new(rules);
    let take = |hall: &mut TicketHall, services: &[_]| hall.try_take(1, services, ClassId(0));
    assert_eq!(take(&mut hall, &[]), Err(TakeError::Cart { found: 0, most: 5 }));
    let many = [A, B, A, B, A, B];
    assert_eq!(take(&mut hall, &many), Err(TakeError::Cart { found: 6, most: 5 }));
    assert_eq!(take(&mut hall, &[B, B]), Err(TakeError::NoNumbers { service: B }));
    let apart = Err(TakeError::Apart { services: [A, A2] });
    assert_eq!(take(&mut hall, &[A2, B, A]), apart);
    assert!(hall.told.is_empty(), "nothing happened");
    assert!(take(&mut hall, &[A2, B]).is_ok());
}

#[test]
fn a_cart_goes_on_at_the_window_or_in_the_pool_at_its_place() {
    let mut hall = TicketHall::new(draft());
    let cart = hall.take(1, &[A, B, A2]);
    hall.pass_min(1);
    let other = hall.take(2, &[B]);
    // Window 2 cannot serve B: the cart goes back, before who came later.
    assert_eq!(hall.call(2), cart);
    arrive(&mut hall, 2, cart);
    hall.pass_min(4);
    assert_eq!(finish(&mut hall, 2, cart), TicketState::Waiting);
    assert!(hall.try_call(2).is_err(), "nothing that window 2 can serve");
    hall.pass_min(2);
    let called = hall.try_call(0).unwrap();
    // One minute before the first call, and two since it came back.
    assert_eq!((called.ticket, called.wait_ms), (cart, 3 * MINUTE_MS));
    arrive(&mut hall, 0, cart);
    assert_eq!(finish(&mut hall, 0, cart), TicketState::Serving, "window 0 can serve the third");
    assert_eq!(finish(&mut hall, 0, cart), TicketState::Served);
    assert_eq!(hall.call(0), other);
}

#[test]
fn a_quota_needs_appointments() {
    let with = |quota, schedules| TicketRulesDraft {
        services: vec![TicketService { quota, ..TicketService::new(B, "B") }],
        schedules,
        ..draft()
    };
    let rules = checked(engine_rules());
    let refused = with(Some(2), vec![]).check(&rules).unwrap_err();
    assert_eq!(refused, [TicketRulesError::QuotaWithoutAppointments { service: B }]);
    let mut hall = TicketHall::new(with(Some(2), draft().schedules));
    for person in 0..2 {
        hall.take(person, &[B]);
    }
    let again = Some(at("2026-03-03 09:00"));
    let spent = TakeError::QuotaSpent { service: B, quota: 2, again };
    assert_eq!(hall.try_take(7, &[B], ClassId(0)), Err(spent));
    hall.until("2026-03-03 09:00");
    hall.take(7, &[B]);
}

#[test]
fn intake_stops_with_a_reason_and_when_to_come_again() {
    let rules = TicketRulesDraft {
        services: vec![
            TicketService { full_at: Some(2), ..TicketService::new(A, "A") },
            TicketService::new(B, "B"),
        ],
        opens_before_ms: 30 * MINUTE_MS,
        stops_before_ms: 20 * MINUTE_MS,
        ..draft()
    };
    let mut hall = TicketHall::new(rules);
    for person in 0..2 {
        hall.take(person, &[A]);
    }
    let again = Wall(hall.now.wall.0 + 30 * 60_000);
    let full = TakeError::TooManyWaiting { service: A, waiting: 2, again };
    assert_eq!(hall.try_take(7, &[A], ClassId(0)), Err(full));
    hall.call(0);
    hall.take(7, &[A]);

    let take = |hall: &mut TicketHall| hall.try_take(8, &[B], ClassId(0)).err();
    // The window is closed at noon; the machine is not.
    hall.until("2026-03-02 12:30");
    let ticket = hall.take(9, &[B]);
    give_up(&mut hall, ticket);
    let next = Some(at("2026-03-03 09:00"));
    hall.until("2026-03-02 16:40");
    assert_eq!(take(&mut hall), Some(TakeError::ClosingSoon { again: next }));
    hall.until("2026-03-02 17:00");
    assert_eq!(take(&mut hall), Some(TakeError::Closed { again: next }));
    hall.until("2026-03-03 08:29");
    assert_eq!(take(&mut hall), Some(TakeError::Closed { again: next }));
    hall.until("2026-03-03 08:30");
    assert_eq!(take(&mut hall), None);
    // On a Saturday the next opening is on Monday.
    hall.until("2026-03-07 10:00");
    let monday = Some(at("2026-03-09 09:00"));
    assert_eq!(hall.try_take(5, &[B], ClassId(0)), Err(TakeError::Closed { again: monday }));
}

#[test]
fn there_is_room_for_so_many_tickets_and_no_more() {
    let mut hall = TicketHall::with_room(draft(), 2);
    let first = hall.take(1, &[A]);
    hall.take(2, &[A]);
    let full = Err(TakeError::Full { tickets: 2 });
    assert_eq!(hall.try_take(3, &[A], ClassId(0)), full);
    give_up(&mut hall, first);
    hall.take(3, &[A]);
    assert!(hall.tickets.ticket(first).is_none(), "its place was used again");
    let gone = hall.ask(|t, cx, told| t.give_up(cx, told, first));
    assert_eq!(gone, Err(TicketError::Gone { ticket: first }));
}

#[test]
fn e33_a_number_is_called_again_after_a_gap_and_only_so_often() {
    let rules = TicketRulesDraft { recalls_at_most: 2, recall_gap_ms: 30_000, ..draft() };
    let mut hall = TicketHall::new(rules);
    hall.take(1, &[A]);
    let ticket = hall.call(0);
    let recall =
        |hall: &mut TicketHall| hall.ask(|t, cx, told| t.recall(cx, told, window(0), ticket));
    let again = hall.now.mono.plus_ms(30_000);
    hall.pass_ms(29_999);
    assert_eq!(recall(&mut hall), Err(TicketError::TooSoon { again }));
    hall.pass_ms(1);
    assert_eq!(recall(&mut hall), Ok(2));
    hall.pass_ms(30_000);
    assert_eq!(recall(&mut hall), Ok(3));
    hall.pass_ms(30_000);
    assert_eq!(recall(&mut hall), Err(TicketError::CalledEnough { calls: 3 }));
    pass(&mut hall, 0, ticket);
    // Taken back, it may be called as often once more.
    hall.ask(|t, cx, told| t.take_back(cx, told, window(0), ticket)).unwrap();
    hall.pass_ms(30_000);
    assert_eq!(recall(&mut hall), Ok(2));
}

#[test]
fn a_called_number_passes_by_itself_if_the_hall_says_so() {
    let rules = TicketRulesDraft { call_lasts_ms: Some(90_000), recall_gap_ms: 30_000, ..draft() };
    let mut hall = TicketHall::new(rules);
    hall.take(1, &[A]);
    hall.take(2, &[A]);
    let ticket = hall.call(0);
    hall.pass_ms(60_000);
    hall.ask(|t, cx, told| t.recall(cx, told, window(0), ticket)).unwrap();
    let due = hall.now.mono.plus_ms(90_000);
    assert_eq!(hall.tickets.next_look(hall.now), Some(due));
    hall.pass_ms(89_999);
    hall.advance();
    assert_eq!(hall.state(ticket), TicketState::Called);
    hall.pass_ms(1);
    hall.advance();
    assert_eq!(hall.state(ticket), TicketState::Passed);
    let second = hall.call(0);
    arrive(&mut hall, 0, second);
    hall.pass_min(60);
    hall.advance();
    assert_eq!(hall.state(second), TicketState::Serving, "who has come does not pass");
}

#[test]
fn the_last_three_that_passed_here_today_may_be_taken_back() {
    let mut hall = TicketHall::new(draft());
    for person in 0..5 {
        hall.take(person, &[A]);
    }
    let mut passed = Vec::new();
    for _ in 0..4 {
        hall.pass_min(1);
        let ticket = hall.call(0);
        pass(&mut hall, 0, ticket);
        passed.push(ticket);
    }
    assert_eq!(hall.tickets.passed(window(0)), passed[1..]);
    let take_back = |hall: &mut TicketHall, at, ticket| {
        hall.ask(|t, cx, told| t.take_back(cx, told, window(at), ticket))
    };
    let not_among = Err(TicketError::NotAmongLast { ticket: passed[0], last: 3 });
    assert_eq!(take_back(&mut hall, 0, passed[0]), not_among);
    let not_here = TicketError::NotHere { ticket: passed[1], window: window(1) };
    assert_eq!(take_back(&mut hall, 1, passed[1]), Err(not_here));
    hall.pass_min(30);
    let back = take_back(&mut hall, 0, passed[1]).unwrap();
    // The wait goes by the first call.
    assert_eq!(back.wait_ms, 2 * MINUTE_MS);
    assert_eq!(hall.tickets.passed(window(0)), passed[2..]);
    arrive(&mut hall, 0, passed[1]);
    finish(&mut hall, 0, passed[1]);
    // Same day only: even before anybody has ended the day.
    let morning = at("2026-03-03 09:00").0 - hall.now.wall.0;
    hall.pass_ms(u64::try_from(morning).unwrap());
    let not_among = Err(TicketError::NotAmongLast { ticket: passed[3], last: 3 });
    assert_eq!(take_back(&mut hall, 0, passed[3]), not_among);
}

#[test]
fn a_window_holds_one() {
    let mut hall = TicketHall::new(draft());
    for person in 0..3 {
        hall.take(person, &[A]);
    }
    let hold =
        |hall: &mut TicketHall, ticket| hall.ask(|t, cx, told| t.hold(cx, told, window(0), ticket));
    let first = hall.call(0);
    arrive(&mut hall, 0, first);
    hold(&mut hall, first).unwrap();
    // Nobody else gets it, and the window serves on.
    let second = hall.call(0);
    arrive(&mut hall, 0, second);
    let refused = TicketError::HoldsAlready { window: window(0), ticket: first };
    assert_eq!(hold(&mut hall, second), Err(refused));
    finish(&mut hall, 0, second);
    let elsewhere = hall.ask(|t, cx, told| t.call_back(cx, told, window(1), first));
    assert_eq!(elsewhere, Err(TicketError::NotHere { ticket: first, window: window(1) }));
    hall.ask(|t, cx, told| t.call_back(cx, told, window(0), first)).unwrap();
    assert_eq!(hall.state(first), TicketState::Called);
    arrive(&mut hall, 0, first);
    hold(&mut hall, first).unwrap();
}

#[test]
fn what_is_sent_to_a_window_goes_first_there_and_nowhere_else() {
    let mut hall = TicketHall::new(draft());
    let sent = hall.take(1, &[B]);
    let other = hall.take(2, &[A]);
    assert_eq!(hall.call(0), sent);
    arrive(&mut hall, 0, sent);
    let forward = |hall: &mut TicketHall, to| {
        hall.ask(|t, cx, told| t.forward(cx, told, window(0), sent, to))
    };
    let nobody = Err(TicketError::NoSuchWindow { window: window(9) });
    assert_eq!(forward(&mut hall, window(9)), nobody);
    let not_eligible = Err(TicketError::NotEligible { clerk: qiangdan::ClerkId(2) });
    assert_eq!(forward(&mut hall, window(2)), not_eligible);
    forward(&mut hall, window(1)).unwrap();
    assert_eq!(hall.state(sent), TicketState::Waiting);
    assert_eq!(hall.call(0), other);
    assert!(hall.try_call(2).is_err());
    hall.pass_min(3);
    let called = hall.try_call(1).unwrap();
    assert_eq!((called.ticket, called.wait_ms), (sent, 3 * MINUTE_MS));
    // A window that closes lets go of what was sent to it.
    hall.ask(|t, cx, told| t.forward(cx, told, window(1), sent, window(0))).unwrap();
    hall.ask(|t, cx, told| t.stand_up(cx, told, window(0))).unwrap();
    assert_eq!(hall.call(1), sent);
}

#[test]
fn back_to_the_pool_it_keeps_its_age() {
    let mut hall = TicketHall::new(draft());
    let first = hall.take(1, &[A]);
    hall.pass_min(1);
    hall.take(2, &[A]);
    hall.pass_min(4);
    assert_eq!(hall.call(0), first);
    hall.pass_min(2);
    hall.ask(|t, cx, told| t.give_back(cx, told, window(0), first)).unwrap();
    hall.pass_min(1);
    let called = hall.try_call(1).unwrap();
    // Five minutes and one more; not the two at the window.
    assert_eq!((called.ticket, called.wait_ms), (first, 6 * MINUTE_MS));
}

#[test]
fn trap_6_those_put_ahead_go_by_their_coming() {
    let mut hall = TicketHall::new(draft());
    let tickets: Vec<_> = (0..4)
        .map(|person| {
            hall.pass_min(1);
            hall.take(person, &[A])
        })
        .collect();
    for &ticket in [tickets[3], tickets[1]].iter() {
        hall.ask(|t, cx, told| t.top(cx, told, ticket, 7)).unwrap();
        hall.pass_min(1);
    }
    let twice = hall.ask(|t, cx, told| t.top(cx, told, tickets[1], 7));
    assert_eq!(twice, Err(TicketError::CannotTop));
    let order: Vec<_> = (0..4).map(|_| serve(&mut hall, 0)).collect();
    assert_eq!(order, [tickets[1], tickets[3], tickets[0], tickets[2]]);
}

#[test]
fn trap_7_i16_a_head_start_that_would_overtake_too_often_is_not_given() {
    let rules = TicketRulesDraft { ahead_at_most: Some(2), ..draft() };
    let mut hall = TicketHall::new(rules);
    let ordinary = hall.take(0, &[A]);
    let mut got = Vec::new();
    for person in 1..5 {
        hall.pass_min(1);
        got.push(hall.try_take(person, &[A], GREEN).unwrap());
    }
    let classes: Vec<_> = got.iter().map(|taken| taken.class).collect();
    assert_eq!(classes, [GREEN, GREEN, ClassId(0), ClassId(0)]);
    assert_eq!(hall.text(got[2].ticket), "A002", "the mark goes with the head start");
    let refused = hall.ask(|t, cx, told| t.top(cx, told, got[3].ticket, 1));
    assert_eq!(refused, Err(TicketError::TooManyAhead { most: 2 }));
    let order: Vec<_> = (0..3).map(|_| serve(&mut hall, 0)).collect();
    assert_eq!(order, [got[0].ticket, got[1].ticket, ordinary]);
    // Ten minutes after the first, there is room ahead of those who come now.
    hall.pass_min(8);
    assert_eq!(hall.try_take(9, &[A], GREEN).unwrap().class, GREEN);
}

#[test]
fn trap_8_at_the_end_of_the_day_every_open_ticket_ends_with_an_event() {
    let mut hall = TicketHall::new(draft());
    let mut all = Vec::new();
    for person in 0..6 {
        all.push(hall.take(person, &[A]));
    }
    let held = hall.call(0);
    arrive(&mut hall, 0, held);
    hall.ask(|t, cx, told| t.hold(cx, told, window(0), held)).unwrap();
    let passed = hall.call(0);
    pass(&mut hall, 0, passed);
    let serving = hall.call(0);
    arrive(&mut hall, 0, serving);
    hall.call(1);
    let booked =
        hall.ask(|t, cx, told| t.book(cx, told, PersonKey(9), B, at("2026-03-03 09:00"))).unwrap();
    hall.told.clear();
    // Nobody has ended the day; past midnight, time does.
    hall.until("2026-03-03 00:00");
    let expired: Vec<_> = hall.told.iter().map(|event| (event.kind, event.from.unwrap())).collect();
    assert_eq!(expired.len(), 6);
    assert!(expired.iter().all(|(kind, _)| *kind == TicketEventKind::Expired));
    let from: Vec<_> = expired.iter().map(|&(_, from)| from).collect();
    use TicketState as S;
    assert_eq!(from, [S::Held, S::Passed, S::Serving, S::Called, S::Waiting, S::Waiting]);
    assert!(all.iter().all(|&ticket| hall.state(ticket) == S::Expired));
    assert_eq!((hall.state(booked), hall.tickets.open()), (S::Booked, 0));
    // The orders are over, and the clerks are free.
    let engine = hall.tickets.engine();
    assert!((0..3).all(|clerk| engine.held(qiangdan::ClerkId(clerk)) == Some(0)));
    assert_eq!(engine.stats().closed, 6);
}

#[test]
fn e40_at_closing_who_waits_ends_or_keeps_the_place_as_the_service_says() {
    let rules = TicketRulesDraft {
        services: vec![
            TicketService::new(A, "A"),
            TicketService { keeps_place: true, ..TicketService::new(B, "B") },
        ],
        ..draft()
    };
    let mut hall = TicketHall::new(rules);
    let kept = hall.take(1, &[B]);
    let ended = hall.take(2, &[A]);
    hall.until("2026-03-02 17:30");
    let day = hall.tickets.rules().draft().calendar.day_of(hall.now.wall).unwrap();
    let one = hall.ask(|t, cx, told| t.end_day(cx, told, day, 1));
    assert_eq!((one.tickets, one.is_done), (1, false));
    let rest = hall.ask(|t, cx, told| t.end_day(cx, told, day, 9));
    assert_eq!((rest.tickets, rest.is_done), (1, true));
    assert_eq!(hall.state(ended), TicketState::Expired);
    assert_eq!(hall.told.last().unwrap().kind, TicketEventKind::Expired);
    assert!(hall.told.iter().any(|event| event.kind == TicketEventKind::Kept));
    hall.until("2026-03-03 09:00");
    hall.take(3, &[A]);
    assert_eq!(hall.call(0), kept, "before who came on the next day");
}

#[test]
fn an_appointment_has_a_slot_with_so_many_places() {
    let mut hall = TicketHall::new(draft());
    let slot = at("2026-03-02 10:00");
    let book = |hall: &mut TicketHall, person, slot| {
        hall.ask(|t, cx, told| t.book(cx, told, PersonKey(person), B, slot))
    };
    let odd = book(&mut hall, 1, at("2026-03-02 10:15"));
    assert_eq!(odd, Err(BookError::NoSuchSlot { service: B }));
    let far = book(&mut hall, 1, at("2026-03-10 10:00"));
    assert_eq!(far, Err(BookError::TooFarAhead { days: 7 }));
    let first = book(&mut hall, 1, slot).unwrap();
    let same_day = book(&mut hall, 1, at("2026-03-02 11:00"));
    assert_eq!(same_day, Err(BookError::AlreadyBooked { ticket: first }));
    book(&mut hall, 1, at("2026-03-03 11:00")).unwrap();
    let second = book(&mut hall, 2, slot).unwrap();
    assert_eq!(book(&mut hall, 3, slot), Err(BookError::SlotFull { each: 2 }));
    let free = |hall: &TicketHall| {
        let day = hall.tickets.rules().draft().calendar.day_of(slot).unwrap();
        hall.tickets.slots(B, day, hall.now.wall)
    };
    assert_eq!(free(&hall).len(), 4, "nine is closed, ten is full");
    hall.ask(|t, cx, told| t.cancel(cx, told, second)).unwrap();
    assert_eq!((free(&hall)[1].begins, free(&hall)[1].free), (slot, 1));
    let third = book(&mut hall, 2, slot).unwrap();
    // It closes ten minutes before.
    hall.ask(|t, cx, told| t.cancel(cx, told, third)).unwrap();
    hall.until("2026-03-02 09:50");
    let fourth = book(&mut hall, 3, slot).unwrap();
    hall.ask(|t, cx, told| t.cancel(cx, told, fourth)).unwrap();
    hall.pass_ms(1);
    let since = at("2026-03-02 09:50");
    assert_eq!(book(&mut hall, 4, slot), Err(BookError::SlotClosed { since }));
    // There are no slots while the hall is closed.
    let saturday = book(&mut hall, 5, at("2026-03-07 10:00"));
    assert_eq!(saturday, Err(BookError::NoSuchSlot { service: B }));
}

#[test]
fn e39_who_comes_early_is_called_from_the_slot_on_who_comes_late_has_no_head_start() {
    let mut hall = TicketHall::new(draft());
    let slot = at("2026-03-02 10:00");
    let book = |hall: &mut TicketHall, person| {
        hall.ask(|t, cx, told| t.book(cx, told, PersonKey(person), B, slot)).unwrap()
    };
    let check_in =
        |hall: &mut TicketHall, ticket| hall.ask(|t, cx, told| t.check_in(cx, told, ticket));
    let (early, late) = (book(&mut hall, 1), book(&mut hall, 2));
    hall.until("2026-03-02 09:29");
    let from = at("2026-03-02 09:30");
    assert_eq!(check_in(&mut hall, early), Err(TakeError::TooEarly { ticket: early, from }));
    hall.until("2026-03-02 09:30");
    let taken = check_in(&mut hall, early).unwrap();
    assert_eq!((taken.class, hall.text(early).as_str()), (IN_TIME, "YB001"));
    assert!(check_in(&mut hall, early).unwrap().existed);
    assert!(hall.try_call(0).is_err(), "nobody is called before their time");
    hall.until("2026-03-02 09:50");
    let ordinary = hall.take(3, &[B]);
    hall.pass_min(10);
    let now = hall.now;
    hall.advancer.advance_all(&mut Cx::new(now, &mut hall.outbox));
    let called = hall.try_call(0).unwrap();
    // A quarter of an hour ahead, and the wait counts from the slot.
    assert_eq!((called.ticket, called.wait_ms), (early, 0));
    // In time up to a quarter past; then like everybody.
    hall.until("2026-03-02 10:16");
    let taken = check_in(&mut hall, late).unwrap();
    assert_eq!(taken.class, ClassId(0));
    assert_eq!(hall.call(1), ordinary);
}

#[test]
fn e39_an_appointment_is_void_half_an_hour_after_its_slot_began() {
    let mut hall = TicketHall::new(draft());
    let slot = at("2026-03-02 10:00");
    let book = |hall: &mut TicketHall, person| {
        hall.ask(|t, cx, told| t.book(cx, told, PersonKey(person), B, slot)).unwrap()
    };
    let (kept, missed) = (book(&mut hall, 1), book(&mut hall, 2));
    hall.until("2026-03-02 10:30");
    let check_in =
        |hall: &mut TicketHall, ticket| hall.ask(|t, cx, told| t.check_in(cx, told, ticket));
    assert!(check_in(&mut hall, kept).is_ok(), "at the last instant");
    assert_eq!(hall.tickets.next_look(hall.now), Some(hall.now.mono.plus_ms(1)));
    hall.pass_ms(1);
    assert_eq!(check_in(&mut hall, missed), Err(TakeError::TooLate { ticket: missed }));
    assert_eq!(hall.state(missed), TicketState::NoShow);
    assert_eq!(hall.told.last().unwrap().kind, TicketEventKind::NoShow { slot });
    // An ordinary number is still to be had.
    hall.take(2, &[B]);
}

#[test]
fn what_is_booked_and_taken_at_once_waits_once() {
    let mut hall = TicketHall::new(draft());
    let slot = at("2026-03-02 10:00");
    let booked = hall.ask(|t, cx, told| t.book(cx, told, PersonKey(1), B, slot)).unwrap();
    let walk_in = hall.take(1, &[B]);
    hall.until("2026-03-02 10:00");
    let refused = hall.ask(|t, cx, told| t.check_in(cx, told, booked));
    assert_eq!(refused, Err(TakeError::AlreadyWaiting { service: B, ticket: walk_in }));
    give_up(&mut hall, walk_in);
    hall.ask(|t, cx, told| t.check_in(cx, told, booked)).unwrap();
}

#[test]
fn a_ticket_goes_after_its_order() {
    let mut hall = TicketHall::new(draft());
    let tickets: Vec<_> = (0..3).map(|person| hall.take(person, &[A])).collect();
    let engine = hall.tickets.engine().clone();
    // A clerk's order is taken from them: the ticket waits again.
    let called = hall.try_call(0).unwrap();
    engine.put_back(&mut hall.cx(), called.claim, PutBack::KeepPlace).unwrap();
    // The host withdraws one, and a clerk grabs by themselves.
    let order = hall.tickets.ticket(tickets[1]).unwrap().order.unwrap();
    engine.cancel(&mut hall.cx(), order, Reason::Withdrawn(3)).unwrap();
    let grabbed = engine.grab(&mut hall.cx(), qiangdan::ClerkId(1)).unwrap();
    engine.start(&mut hall.cx(), grabbed.claim).unwrap();
    let events = hall.outbox.events().to_vec();
    hall.ask(|t, cx, told| t.follow(cx, told, &events));
    let states: Vec<_> = tickets.iter().map(|&ticket| hall.state(ticket)).collect();
    use TicketState as S;
    assert_eq!(states, [S::Serving, S::Cancelled, S::Waiting]);
    assert_eq!(hall.tickets.ticket(tickets[0]).unwrap().window, Some(window(1)));
    let late = hall.ask(|t, cx, told| t.arrive(cx, told, window(0), tickets[0]));
    assert_eq!(late, Err(TicketError::WrongState { ticket: tickets[0], state: S::Serving }));
    finish(&mut hall, 1, tickets[0]);
    hall.ask(|t, cx, told| t.follow(cx, told, &events));
    assert_eq!(hall.state(tickets[0]), S::Served, "told twice is told once");
}
