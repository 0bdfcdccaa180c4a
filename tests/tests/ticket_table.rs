//! Every verb of a ticket in every state, against `ticket_table.csv`: `>State` leads there, `E` is
//! refused and changes nothing, `-` cannot be asked.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use qiangdan::{
    ClassId, Reason,
    ticket::{
        Call, PersonKey, TICKET_TABLE, TicketId, TicketOutcome, TicketRulesDraft, TicketState,
        TicketVerb, WindowId,
    },
};
use qiangdan_tests::{
    office::at,
    tickets::{A, A2, B, TicketHall, draft},
};

const HERE: WindowId = WindowId(0);
const THERE: WindowId = WindowId(1);

fn hall() -> TicketHall {
    TicketHall::new(TicketRulesDraft { recall_gap_ms: 0, ..draft() })
}

fn booked(hall: &mut TicketHall) -> TicketId {
    let slot = at("2026-03-02 09:30");
    let booked = hall.ask(|t, cx, told| t.book(cx, told, PersonKey(1), B, slot)).unwrap();
    hall.until("2026-03-02 09:30");
    booked
}

/// A ticket in a state, reached as people do.
fn ticket_in(hall: &mut TicketHall, state: TicketState, cart: bool) -> TicketId {
    use TicketState as S;
    if matches!(state, S::Booked | S::Cancelled | S::NoShow) {
        let ticket = booked(hall);
        if state == S::Cancelled {
            hall.ask(|t, cx, told| t.cancel(cx, told, ticket)).unwrap();
        } else if state == S::NoShow {
            hall.pass_min(31);
            hall.advance();
        }
        return ticket;
    }
    let ticket = hall.take(1, if cart { &[A, A2] } else { &[A] });
    if state == S::Waiting {
        return ticket;
    }
    if matches!(state, S::Abandoned | S::Expired) {
        tell(hall, if state == S::Expired { "end of day" } else { "give up" }, ticket);
        return ticket;
    }
    tell(hall, "call", ticket);
    let path: &[&str] = match state {
        S::Passed => &["pass"],
        S::Serving => &["arrive"],
        S::Held => &["arrive", "hold"],
        S::Served => &["arrive", "finish"],
        _ => &[],
    };
    for verb in path {
        tell(hall, verb, ticket);
    }
    ticket
}

/// Tells a verb; what comes of it is seen by the state.
fn tell(hall: &mut TicketHall, verb: &str, id: TicketId) {
    let out = TicketOutcome::Other;
    match verb {
        "lapse" => {
            hall.pass_min(31);
            hall.advance();
        }
        "end of day" => {
            let day = hall.tickets.rules().draft().calendar.day_of(hall.now.wall).unwrap();
            assert!(hall.ask(|t, cx, told| t.end_day(cx, told, day, 99)).is_done);
        }
        "order withdrawn by the host" => {
            let order = hall.tickets.ticket(id).unwrap().order;
            let engine = hall.tickets.engine().clone();
            if let Some(order) = order {
                engine.cancel(&mut hall.cx(), order, Reason::Withdrawn(1)).ok();
            }
            let events = hall.outbox.events().to_vec();
            hall.ask(|t, cx, told| t.follow(cx, told, &events));
        }
        _ => {
            hall.ask(|t, cx, told| match verb {
                "cancel" => t.cancel(cx, told, id).is_ok(),
                "check in" => t.check_in(cx, told, id).is_ok(),
                "top" => t.top(cx, told, id, 1).is_ok(),
                "call" => matches!(t.call(cx, told, HERE), Ok(Call::Ticket(_))),
                "recall" => t.recall(cx, told, HERE, id).is_ok(),
                "arrive" => t.arrive(cx, told, HERE, id).is_ok(),
                "pass" => t.pass(cx, told, HERE, id, 1).is_ok(),
                "take back" => t.take_back(cx, told, HERE, id).is_ok(),
                "give up" => t.give_up(cx, told, id).is_ok(),
                "hold" => t.hold(cx, told, HERE, id).is_ok(),
                "call back" => t.call_back(cx, told, HERE, id).is_ok(),
                "forward" => t.forward(cx, told, HERE, id, THERE).is_ok(),
                "give back" => t.give_back(cx, told, HERE, id).is_ok(),
                "finish" | "finish, more to do" => t.finish(cx, told, HERE, id, out).is_ok(),
                other => panic!("no verb {other}"),
            });
        }
    }
}

#[test]
fn every_verb_in_every_state_does_what_the_table_says() {
    let mut reader = csv::Reader::from_reader(include_str!("ticket_table.csv").as_bytes());
    let states: Vec<_> = reader.headers().unwrap().iter().skip(2).map(str::to_owned).collect();
    let names: Vec<_> = TicketState::ALL.iter().map(|state| format!("{state:?}")).collect();
    assert_eq!(states, names);
    let mut cells = 0;
    for row in reader.records().map(Result::unwrap) {
        let verb = &row[0];
        // How a ticket begins.
        if &row[1] != "-" {
            let mut hall = hall();
            let ticket = if verb == "take" { hall.take(1, &[A]) } else { booked(&mut hall) };
            assert_eq!(format!(">{:?}", hall.state(ticket)), row[1]);
            assert!(hall.try_take(2, &[A], ClassId(0)).is_ok());
            continue;
        }
        for (&state, cell) in TicketState::ALL.iter().zip(row.iter().skip(2)) {
            let mut hall = hall();
            let cart = verb == "finish, more to do" && state == TicketState::Serving;
            let ticket = ticket_in(&mut hall, state, cart);
            assert_eq!(hall.state(ticket), state, "as it begins");
            let (told, held) = (hall.told.len(), held(&hall));
            tell(&mut hall, verb, ticket);
            let now = format!(">{:?}", hall.state(ticket));
            if cell == "E" {
                assert_eq!(hall.state(ticket), state, "{verb} of {state:?} changes nothing");
                assert_eq!(hall.told.len(), told, "{verb} of {state:?} tells nothing");
                assert_eq!(held, self::held(&hall), "{verb} of {state:?}");
            } else {
                assert_eq!(now, cell, "{verb} of {state:?}");
                assert!(hall.told.len() > told, "{verb} of {state:?} is told");
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 18 * TicketState::ALL.len());
}

fn held(hall: &TicketHall) -> Option<u32> {
    hall.tickets.engine().held(qiangdan::ClerkId(0))
}

#[test]
fn the_library_has_the_same_table() {
    let mut reader = csv::Reader::from_reader(include_str!("ticket_table.csv").as_bytes());
    let verbs = [
        ("book", TicketVerb::Book),
        ("cancel", TicketVerb::Cancel),
        ("lapse", TicketVerb::Lapse),
        ("check in", TicketVerb::CheckIn),
        ("take", TicketVerb::Take),
        ("top", TicketVerb::Top),
        ("call", TicketVerb::Call),
        ("recall", TicketVerb::Recall),
        ("arrive", TicketVerb::Arrive),
        ("pass", TicketVerb::Pass),
        ("take back", TicketVerb::TakeBack),
        ("give up", TicketVerb::GiveUp),
        ("hold", TicketVerb::Hold),
        ("call back", TicketVerb::CallBack),
        ("forward", TicketVerb::Forward),
        ("give back", TicketVerb::Return),
        ("finish, more to do", TicketVerb::Next),
        ("finish", TicketVerb::Finish),
        ("end of day", TicketVerb::EndOfDay),
    ];
    assert_eq!(verbs.map(|(_, verb)| verb).len(), TicketVerb::ALL.len());
    let mut rows = 0;
    for row in reader.records().map(Result::unwrap) {
        let Some(&(_, verb)) = verbs.iter().find(|(name, _)| *name == &row[0]) else { continue };
        let from = [None].into_iter().chain(TicketState::ALL.map(Some));
        for (from, cell) in from.zip(row.iter().skip(1)) {
            let is_by_host = verb == TicketVerb::Cancel && from != Some(TicketState::Booked);
            let to = TicketState::after(from, verb).filter(|_| !is_by_host);
            let expected = cell.strip_prefix('>');
            assert_eq!(to.map(|to| format!("{to:?}")).as_deref(), expected, "{verb:?} {from:?}");
            rows += usize::from(expected.is_some());
        }
    }
    // What the host cancels by hand makes five rows more.
    assert_eq!(rows + 5, TICKET_TABLE.len());
}
