//! Many windows and ticket machines at once: whatever meets, the events of each ticket are one life.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use qiangdan::{
    ClassId, Cx, Outbox, PutBack,
    ticket::{
        Call, PersonKey, TakeNumber, TicketEvent, TicketId, TicketOutcome, TicketState, TicketVerb,
        Tickets, WindowId,
    },
};
use qiangdan_tests::tickets::{A, A2, B, GREEN, TicketHall, draft};

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What one thread tells: takes numbers and gives some of them up.
fn machine(tickets: &Tickets, hall: &TicketHall, seed: u64, rounds: u64) -> Vec<TicketEvent> {
    let (mut outbox, mut told, mut dice) = (Outbox::default(), Vec::new(), Dice(seed));
    let mut cx = Cx::new(hall.now, &mut outbox);
    let mut mine = Vec::new();
    for _ in 0..rounds {
        let person = PersonKey(dice.roll(40));
        let cart = [&[A][..], &[B], &[A, A2], &[A2, B]][usize::try_from(dice.roll(4)).unwrap()];
        let class = [ClassId(0), GREEN][usize::from(dice.roll(4) == 0)];
        let ask = TakeNumber::new(person, cart).class(class);
        mine.extend(tickets.take(&mut cx, &mut told, &ask).map(|taken| taken.ticket));
        if dice.roll(3) == 0 && !mine.is_empty() {
            let at = usize::try_from(dice.roll(mine.len() as u64)).unwrap();
            tickets.give_up(&mut cx, &mut told, mine.swap_remove(at)).ok();
        }
    }
    told
}

/// What one window tells, until the machines are done and nobody waits.
fn window(
    tickets: &Tickets,
    hall: &TicketHall,
    number: u16,
    is_over: &AtomicBool,
) -> Vec<TicketEvent> {
    let (mut outbox, mut told) = (Outbox::default(), Vec::new());
    let (mut dice, at) = (Dice(u64::from(number)), WindowId(number));
    let mut cx = Cx::new(hall.now, &mut outbox);
    let mut passed: Vec<TicketId> = Vec::new();
    loop {
        // Ordering: Relaxed. It is only a question of when to stop.
        let is_last = is_over.load(Relaxed);
        let Ok(Call::Ticket(called)) = tickets.call(&mut cx, &mut told, at) else {
            if is_last {
                return told;
            }
            std::hint::spin_loop();
            continue;
        };
        let id = called.ticket;
        match dice.roll(10) {
            0 => {
                tickets.pass(&mut cx, &mut told, at, id, 1).ok();
                passed.push(id);
            }
            1 => {
                tickets.give_back(&mut cx, &mut told, at, id).ok();
            }
            2 => {
                let to = WindowId(u16::try_from(dice.roll(3)).unwrap());
                if tickets.forward(&mut cx, &mut told, at, id, to).is_err() {
                    tickets.give_up(&mut cx, &mut told, id).ok();
                }
            }
            // Somebody goes round the tickets: they find out by themselves.
            3 => {
                let engine = tickets.engine();
                engine.put_back(&mut cx, called.claim, PutBack::KeepPlace).ok();
            }
            _ => {
                tickets.arrive(&mut cx, &mut told, at, id).ok();
                while let Ok(TicketState::Serving) =
                    tickets.finish(&mut cx, &mut told, at, id, TicketOutcome::Other)
                {
                }
            }
        }
        if let Some(id) = passed.pop().filter(|_| dice.roll(2) == 0)
            && tickets.take_back(&mut cx, &mut told, at, id).is_ok()
        {
            tickets.arrive(&mut cx, &mut told, at, id).ok();
            while let Ok(TicketState::Serving) =
                tickets.finish(&mut cx, &mut told, at, id, TicketOutcome::Other)
            {}
        }
    }
}

#[test]
fn whatever_meets_the_events_of_each_ticket_are_one_life_i1_i2_i3() {
    for seed in 0..20 {
        let hall = TicketHall::with_room(draft(), 400);
        let (tickets, is_over) = (&hall.tickets, &AtomicBool::new(false));
        let mut told: Vec<TicketEvent> = std::thread::scope(|scope| {
            let hall = &hall;
            let windows: Vec<_> = (0..3)
                .map(|number| scope.spawn(move || window(tickets, hall, number, is_over)))
                .collect();
            let machines: Vec<_> = (0..2)
                .map(|nth| scope.spawn(move || machine(tickets, hall, seed * 2 + nth, 300)))
                .collect();
            let mut told: Vec<_> =
                machines.into_iter().flat_map(|one| one.join().unwrap()).collect();
            is_over.store(true, Relaxed);
            told.extend(windows.into_iter().flat_map(|one| one.join().unwrap()));
            told
        });
        // Who was sent to a window that had closed by then, or passed, ends with the day.
        let (mut outbox, mut rest) = (Outbox::default(), Vec::new());
        let day = tickets.rules().draft().calendar.day_of(hall.now.wall).unwrap();
        let mut cx = Cx::new(hall.now, &mut outbox);
        assert!(tickets.end_day(&mut cx, &mut rest, day, usize::MAX).is_done);
        told.extend(rest);
        told.sort_by_key(|event| event.seq);
        let mut states = BTreeMap::new();
        for (seq, event) in (0..).zip(&told) {
            assert_eq!(event.seq, seq, "seed {seed}: without gaps");
            let state = states.insert(event.ticket, event.to);
            assert_eq!(state, event.from, "seed {seed}: {event:?} goes on from where it was");
            let is_step = event.from == Some(event.to)
                || TicketVerb::ALL
                    .iter()
                    .any(|&verb| TicketState::after(event.from, verb) == Some(event.to));
            assert!(is_step, "seed {seed}: {event:?} is in the table");
        }
        assert!(states.values().all(|state| !state.is_open()), "seed {seed}: nobody is left");
        assert_eq!(tickets.open(), 0);
        let held = |clerk| tickets.engine().held(qiangdan::ClerkId(clerk));
        assert_eq!([0, 1, 2].map(held), [Some(0); 3], "seed {seed}: nobody holds anything");
        let stats = tickets.engine().stats();
        assert_eq!(stats.submitted, stats.closed, "seed {seed}: each order ends once");
    }
}
