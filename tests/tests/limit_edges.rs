//! Situations in which limits by the calendar go wrong in real systems, one test each. The comment
//! above a test names its row in the table of edge cases.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use qiangdan::{
    Action, Amend, CalendarId, CatchUp, Cx, EventKind, LimitId, LoadCalendarError, Mono, Now,
    OrderId, OrderSpec, Outbox, Outcome, Reason, RoleId, ServiceId, Wall,
    calendar::{Day, OpenSpan, Special, SpecialDay, Week},
    limit::{
        Again, ClockNow, ClockState, LimitRule, LimitStage, Milestone, Moment, PauseReason,
        Reasons, RungKind, StageAt, TimeLimit,
    },
};
use qiangdan_tests::office::{Office, at, draft, just_after, limit, rules};

const DONE: Milestone = Milestone(4);
const FIRST: LimitId = LimitId(0);
const HOUR_MS: u64 = 3_600_000;

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

/// From receipt until done, held by reasons 0 and 1; its stages tell role 1.
fn answer(lasts: TimeLimit, stages: &[StageAt]) -> LimitRule {
    let rule = limit(Moment::Reached(Milestone::SUBMITTED), &[Moment::Reached(DONE)], lasts);
    let stage = |&at: &StageAt| LimitStage {
        at,
        actions: vec![Action::Notify { role: RoleId(1) }],
        again: None,
        silence: None,
    };
    let pauses = Reasons::default().with(reason(0)).with(reason(1));
    LimitRule { pauses, stages: stages.iter().map(stage).collect(), ..rule }
}

fn office(lasts: TimeLimit, stages: &[StageAt], opens: &str) -> Office {
    Office::new(rules(vec![answer(lasts, stages)], &[&[0]]), opens)
}

fn submit(office: &mut Office) -> OrderId {
    office.submit(OrderSpec::new(ServiceId(0)))
}

fn done(office: &mut Office, order: OrderId, at: Option<Wall>) {
    office.call(|engine, cx| engine.reach(cx, order, DONE, None, at)).unwrap();
}

fn pause(office: &mut Office, order: OrderId, n: u8, at: Option<Wall>) {
    office.call(|engine, cx| engine.pause(cx, order, reason(n), None, at)).unwrap();
}

fn resume(office: &mut Office, order: OrderId, n: u8, at: Option<Wall>) {
    office.call(|engine, cx| engine.resume(cx, order, reason(n), at)).unwrap();
}

fn clock(office: &Office, order: OrderId) -> ClockNow {
    office.engine.clocks(order, office.now.wall).unwrap()[0]
}

fn due(office: &Office, order: OrderId) -> Wall {
    clock(office, order).due.unwrap().at
}

fn climbed(office: &mut Office) -> Vec<(OrderId, RungKind, Wall)> {
    let climbed = |event: qiangdan::Event| match event.kind {
        EventKind::RungClimbed { kind, due, .. } => Some((event.order?, kind, due)),
        _ => None,
    };
    office.take().into_iter().filter_map(climbed).collect()
}

// E44.
#[test]
fn done_at_the_due_instant_is_in_time_and_a_millisecond_later_is_not() {
    let mut office = office(TimeLimit::working_days(1), &[], "2026-03-02 10:00");
    let [kept, late] = [submit(&mut office), submit(&mut office)];
    let last = at("2026-03-03 17:00");
    office.go_to(last);
    done(&mut office, kept, None);
    office.advance();
    assert_eq!(climbed(&mut office), []);
    // What comes in at an instant comes before what is due at it.
    office.wait(just_after(last));
    done(&mut office, late, None);
    office.advance();
    assert_eq!(climbed(&mut office), []);
    let states = [kept, late].map(|order| clock(&office, order).state);
    let missed = ClockState::Missed { at: just_after(last) };
    assert_eq!(states, [ClockState::Met { at: last }, missed]);
}

// E45.
#[test]
fn a_pause_at_the_due_instant_holds_the_breach() {
    let mut office = office(TimeLimit::working_time(HOUR_MS), &[], "2026-03-02 10:00");
    let order = submit(&mut office);
    office.wait(at("2026-03-02 11:00"));
    pause(&mut office, order, 0, None);
    office.advance();
    office.go_to(at("2026-03-02 14:00"));
    assert_eq!(climbed(&mut office), []);
    let figures = clock(&office, order).figures.unwrap();
    assert_eq!((figures.remaining, figures.lateness), (0, None));
    resume(&mut office, order, 0, None);
    office.advance();
    assert_eq!(climbed(&mut office), []);
    office.go_to(just_after(at("2026-03-02 14:00")));
    assert_eq!(climbed(&mut office), [(order, RungKind::Breach, office.now.wall)]);
}

// E46.
#[test]
fn a_pause_after_the_breach_freezes_the_lateness_and_holds_what_follows() {
    let stages = [StageAt::Past(HOUR_MS)];
    let mut office = office(TimeLimit::working_time(HOUR_MS), &stages, "2026-03-02 09:00");
    let order = submit(&mut office);
    office.go_to(at("2026-03-02 10:30"));
    assert_eq!(climbed(&mut office).len(), 1);
    pause(&mut office, order, 0, None);
    office.go_to(at("2026-03-04 09:00"));
    assert_eq!(climbed(&mut office), []);
    let frozen = clock(&office, order);
    assert_eq!(frozen.figures.unwrap().lateness, Some(HOUR_MS / 2));
    assert!(frozen.breached.is_some());
    resume(&mut office, order, 0, None);
    office.go_to(at("2026-03-04 09:30"));
    assert_eq!(climbed(&mut office), [(order, RungKind::Stage, at("2026-03-04 09:30"))]);
}

// E47, E48.
#[test]
fn a_clock_runs_when_no_reason_holds_to_the_millisecond() {
    let mut office = office(TimeLimit::working_time(HOUR_MS), &[], "2026-03-02 09:00");
    let order = submit(&mut office);
    let start = at("2026-03-02 09:10").0;
    for (ms, reason, begins) in [(0, 0, true), (7, 1, true), (20, 0, false), (21, 1, false)] {
        office.go_to(Wall(start + ms));
        if begins {
            pause(&mut office, order, reason, None);
        } else {
            resume(&mut office, order, reason, None);
        }
    }
    assert_eq!(due(&office, order), Wall(at("2026-03-02 10:00").0 + 21));
}

// E49.
#[test]
fn a_pause_over_a_weekend_costs_its_opening_hours() {
    let mut office = office(TimeLimit::working_time(4 * HOUR_MS), &[], "2026-03-06 15:00");
    let order = submit(&mut office);
    office.go_to(at("2026-03-06 16:00"));
    pause(&mut office, order, 0, None);
    office.go_to(at("2026-03-09 09:30"));
    resume(&mut office, order, 0, None);
    assert_eq!(due(&office, order), at("2026-03-09 13:30"));
}

// E50.
#[test]
fn a_pause_told_late_takes_a_breach_back_but_not_what_was_told() {
    let stages = [StageAt::Spent(5_000), StageAt::Past(0)];
    let mut office = office(TimeLimit::working_time(2 * HOUR_MS), &stages, "2026-03-02 09:00");
    let order = submit(&mut office);
    office.go_to(at("2026-03-02 11:30"));
    assert_eq!(climbed(&mut office).len(), 3);
    pause(&mut office, order, 0, Some(at("2026-03-02 09:30")));
    resume(&mut office, order, 0, Some(at("2026-03-02 11:00")));
    // Half of it is spent at 11:30 now: that is told at 11:30, once more, and the breach at 13:30.
    office.take();
    assert_eq!(due(&office, order), at("2026-03-02 13:30"));
    assert!(clock(&office, order).breached.is_some());
    office.go_to(at("2026-03-02 17:00"));
    let over = just_after(at("2026-03-02 13:30"));
    let again = climbed(&mut office);
    assert_eq!(
        again[again.len() - 2..].iter().map(|rung| rung.2).collect::<Vec<_>>(),
        [over, over]
    );
    assert!(again.len() <= 3, "{again:?}");
}

// E51.
#[test]
fn another_service_has_its_limits_over_the_whole_history() {
    let limits = vec![
        answer(TimeLimit::working_days(5), &[]),
        answer(TimeLimit::working_days(3), &[StageAt::Remaining(1)]),
    ];
    let mut office = Office::new(rules(limits, &[&[0], &[1], &[]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    office.go_to(at("2026-03-03 10:00"));
    pause(&mut office, order, 0, None);
    office.go_to(at("2026-03-05 10:00"));
    resume(&mut office, order, 0, None);
    office.take();
    let amend = Amend { service: Some(ServiceId(1)), class: None };
    office.call(|engine, cx| engine.amend(cx, order, amend)).unwrap();
    let until = at("2026-03-09 17:00");
    let from = at("2026-03-02 10:00");
    let started =
        EventKind::ClockStarted { limit: LimitId(1), is_provisional: false, from, due: until };
    let told = office.take().into_iter().map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(told[1..], [EventKind::LimitDropped { limit: FIRST }, started]);
    office.go_to(just_after(until));
    assert_eq!(climbed(&mut office).len(), 2);
    // Without limits nothing more happens, and it is let go when it closes.
    let amend = Amend { service: Some(ServiceId(2)), class: None };
    office.call(|engine, cx| engine.amend(cx, order, amend)).unwrap();
    office.call(|engine, cx| engine.cancel(cx, order, Reason::Withdrawn(0))).unwrap();
    office.advance();
    assert_eq!(office.engine.clocks(order, office.now.wall), None);
}

fn holiday(day: &str) -> SpecialDay {
    SpecialDay {
        day: day.parse().unwrap(), name: "临时放假".to_owned(), what: Special::Holiday
    }
}

// E52.
#[test]
fn a_holiday_that_covers_past_days_moves_open_orders_and_erases_nothing() {
    let mut office = office(TimeLimit::working_days(3), &[], "2026-03-02 10:00");
    let [open, closed] = [submit(&mut office), submit(&mut office)];
    office.go_to(at("2026-03-06 09:00"));
    assert_eq!(climbed(&mut office).len(), 2);
    done(&mut office, closed, None);
    office.take();
    let mut new = draft();
    new.special.push(holiday("2026-03-04"));
    let new = new.check().unwrap();
    let preview = office.engine.preview_calendar(CalendarId(0), &new, office.now.wall).unwrap();
    assert_eq!((preview.orders, preview.changed), (1, 1));
    assert_eq!((preview.breached, preview.unbreached), (0, 1));
    assert_eq!(clock(&office, open).due.unwrap().at, at("2026-03-05 17:00"), "nothing changed");
    let mut cx = Cx::new(office.now, &mut office.outbox);
    office.advancer.load_calendar(&mut cx, CalendarId(0), new.clone()).unwrap();
    let busy = office.advancer.load_calendar(&mut cx, CalendarId(0), new);
    assert!(matches!(busy, Err(LoadCalendarError::StillChanging { .. })));
    office.advance();
    let (from, to) = (at("2026-03-05 17:00"), at("2026-03-06 17:00"));
    let moved = EventKind::LimitRecomputed { limit: FIRST, is_provisional: false, from, to };
    let told = office.take();
    assert!(told.iter().any(|event| event.kind == moved && event.order == Some(open)));
    assert!(clock(&office, open).breached.is_some(), "it was late, and people have seen it");
    assert!(!told.iter().any(|event| event.order == Some(closed)), "what has stopped stays so");
    office.go_to(just_after(to));
    assert_eq!(climbed(&mut office), [(open, RungKind::Breach, just_after(to))]);
}

// E53.
#[test]
fn hours_that_are_cut_so_that_a_due_is_past_breach_once_with_the_true_due() {
    let mut office = office(TimeLimit::working_days(1), &[], "2026-03-02 10:00");
    let order = submit(&mut office);
    office.go_to(at("2026-03-03 16:00"));
    office.take();
    let mut new = draft();
    new.week = Week::monday_to_friday(&[OpenSpan::new((9, 0), (15, 0))]);
    let mut cx = Cx::new(office.now, &mut office.outbox);
    office.advancer.load_calendar(&mut cx, CalendarId(0), new.check().unwrap()).unwrap();
    office.advance();
    let true_due = just_after(at("2026-03-03 15:00"));
    assert_eq!(climbed(&mut office), [(order, RungKind::Breach, true_due)]);
    office.go_to(at("2026-03-05 16:00"));
    assert_eq!(climbed(&mut office), []);
}

// E55.
#[test]
fn a_horizon_that_is_near_is_told_once() {
    let mut office = office(TimeLimit::working_days(1), &[], "2030-11-01 10:00");
    office.go_to(at("2030-11-01 23:00"));
    assert_eq!(office.kinds(), []);
    office.go_to(at("2030-11-02 10:00"));
    office.go_to(at("2030-11-03 10:00"));
    let near = EventKind::HorizonNear { calendar: CalendarId(0), days: 59 };
    assert_eq!(office.kinds(), [near]);
}

// E56.
#[test]
fn what_comes_in_at_night_on_a_holiday_or_in_the_last_minute_starts_at_the_next_opening() {
    let received = ["2026-03-02 22:00", "2026-03-07 11:00", "2026-03-02 16:59"];
    let until = ["2026-03-03 11:00", "2026-03-09 11:00", "2026-03-03 10:59"];
    for (received, until) in received.into_iter().zip(until) {
        let mut office = office(TimeLimit::working_time(2 * HOUR_MS), &[], received);
        let order = submit(&mut office);
        assert_eq!(due(&office, order), at(until));
    }
}

fn advance(office: &mut Office, mono_ms: u64, wall: Wall) {
    office.now = Now { mono: Mono(mono_ms), wall };
    office.advance();
}

// T12: by the clock's own calendar, and not by natural days, which would say it on a Sunday.
#[test]
fn due_tomorrow_is_said_on_the_working_day_before() {
    // Received on a Monday, due on the next; then due on the last day before a holiday, and on the first
    // after it.
    for (received, said, last) in [
        ("2026-03-02 10:00", "2026-03-06", "2026-03-09 17:00"),
        ("2026-04-23 10:00", "2026-04-29", "2026-04-30 17:00"),
        ("2026-04-24 10:00", "2026-04-30", "2026-05-06 17:00"),
    ] {
        let mut office = office(TimeLimit::working_days(5), &[StageAt::Remaining(1)], received);
        let order = submit(&mut office);
        assert_eq!(due(&office, order), at(last));
        let mut day = received.split(' ').next().unwrap().parse::<Day>().unwrap();
        let told = loop {
            office.go_to(at(&format!("{day} 23:59")));
            if !climbed(&mut office).is_empty() {
                break day;
            }
            day = day.plus(1);
        };
        assert_eq!(told.to_string(), said, "due {last}");
    }
}

// E57.
#[test]
fn a_wall_that_steps_back_fires_nothing_twice_and_nothing_early() {
    let stages = [StageAt::Spent(5_000)];
    let mut office = office(TimeLimit::natural_time(2 * HOUR_MS), &stages, "2026-03-02 09:00");
    let order = submit(&mut office);
    advance(&mut office, HOUR_MS, at("2026-03-02 10:00"));
    assert_eq!(climbed(&mut office), [(order, RungKind::Stage, at("2026-03-02 10:00"))]);
    advance(&mut office, HOUR_MS + 1, at("2026-03-02 09:00"));
    advance(&mut office, 2 * HOUR_MS + 1, at("2026-03-02 10:00"));
    assert_eq!(climbed(&mut office), []);
    assert_eq!(office.advancer.stepped_back_ms(), HOUR_MS);
    let next = office.advancer.next_look().unwrap();
    assert!(next <= Mono(3 * HOUR_MS + 2), "the breach is an hour away");
    advance(&mut office, 3 * HOUR_MS + 1, at("2026-03-02 11:00"));
    assert_eq!(climbed(&mut office), []);
    advance(&mut office, 3 * HOUR_MS + 2, just_after(at("2026-03-02 11:00")));
    assert_eq!(climbed(&mut office).len(), 1);
}

// E58.
#[test]
fn a_wall_that_leaps_ahead_is_held_and_told_once() {
    let mut office = office(TimeLimit::natural_time(HOUR_MS), &[], "2026-03-02 09:00");
    let order = submit(&mut office);
    advance(&mut office, 1_000, Wall(at("2026-03-02 09:00").0 + 1_000));
    office.take();
    let tomorrow = at("2026-03-03 09:00");
    advance(&mut office, 2_000, tomorrow);
    advance(&mut office, 20_000, Wall(tomorrow.0 + 18_000));
    let ahead_ms = 86_398_000;
    let kinds = office.kinds();
    assert_eq!(kinds, [EventKind::WallSuspect { ahead_ms }]);
    assert_eq!(office.advancer.next_look(), Some(Mono(32_000)));
    // It comes back: nothing has happened.
    advance(&mut office, 21_000, Wall(at("2026-03-02 09:00").0 + 21_000));
    assert_eq!(office.take(), []);
    // It leaps again and stays: it is believed after half a minute.
    advance(&mut office, 22_000, tomorrow);
    advance(&mut office, 51_999, Wall(tomorrow.0 + 29_999));
    assert_eq!(climbed(&mut office), []);
    advance(&mut office, 52_000, Wall(tomorrow.0 + 30_000));
    let over = just_after(at("2026-03-02 10:00"));
    assert_eq!(climbed(&mut office), [(order, RungKind::Breach, over)]);
}

// E59. Whatever the steps, what was due for longer goes first, on both wheels.
#[test]
fn a_late_advance_catches_up_in_the_order_of_true_dues() {
    let stages = [StageAt::Spent(5_000)];
    let mut draft = rules(vec![answer(TimeLimit::natural_time(60_000), &stages)], &[&[0], &[]]);
    draft.services[1].wait_limit_ms = Some(39_999);
    let run = |steps: usize| {
        let mut office = Office::new(draft.clone(), "2026-03-02 09:00");
        let start = office.now.wall.0;
        submit(&mut office);
        office.submit(OrderSpec::new(ServiceId(1)));
        office.wait(Wall(start + 15_000));
        submit(&mut office);
        office.wait(Wall(start + 600_000));
        office.take();
        let mut cx = Cx::new(office.now, &mut office.outbox);
        while !office.advancer.advance_within(&mut cx, steps).is_done {}
        let due = |kind: &EventKind| match *kind {
            EventKind::RungClimbed { due, .. } => Some(due.0 - start),
            EventKind::LimitBreached { due } => i64::try_from(due.0 + 1).ok(),
            _ => None,
        };
        office.kinds().iter().filter_map(due).collect::<Vec<_>>()
    };
    assert_eq!(run(usize::MAX), [30_000, 40_000, 45_000, 60_001, 75_001]);
    assert_eq!(run(1), run(usize::MAX));
}

// E60, E61: after a restart the host tells again what it knows, and the clock that never goes back
// begins anew.
#[test]
fn missed_rungs_are_told_as_the_policy_says_and_breaches_always() {
    let again = Again { every: HOUR_MS, at_most: 3 };
    let told = |policy| {
        let mut rule = answer(TimeLimit::working_time(HOUR_MS), &[StageAt::Past(0)]);
        rule.stages[0].again = Some(again);
        let mut office = Office::new(rules(vec![rule], &[&[0]]), "2026-03-04 09:00");
        let received = at("2026-03-02 09:00");
        let order = office.submit(OrderSpec::new(ServiceId(0)).received(received));
        pause(&mut office, order, 0, Some(at("2026-03-02 09:30")));
        resume(&mut office, order, 0, Some(at("2026-03-02 10:00")));
        office.take();
        let mut cx = Cx::new(office.now, &mut office.outbox);
        while !office.advancer.catch_up(&mut cx, policy, 64).is_done {}
        let kinds = office.kinds();
        let notices =
            kinds.iter().filter(|kind| matches!(kind, EventKind::NotifyDue { .. })).count();
        let breach = kinds.iter().find_map(|kind| match *kind {
            EventKind::RungClimbed { kind: RungKind::Breach, due, .. } => Some(due),
            _ => None,
        });
        assert_eq!(breach, Some(just_after(at("2026-03-02 10:30"))));
        notices
    };
    assert_eq!([CatchUp::All, CatchUp::Once, CatchUp::Skip].map(told), [4, 1, 0]);
}

// E61.
#[test]
fn a_clock_that_goes_back_is_clamped_and_counted() {
    let mut office = office(TimeLimit::natural_time(HOUR_MS), &[], "2026-03-02 09:00");
    office.go_to(at("2026-03-02 09:30"));
    let mut outbox = Outbox::default();
    let earlier = Now { mono: Mono(0), wall: at("2026-03-02 12:00") };
    office.advancer.advance(&mut Cx::new(earlier, &mut outbox));
    assert_eq!((office.advancer.regressed(), outbox.events()), (1, &[][..]));
}

// T: a thread that has closed an order, or is about to, is not waited for, and the order is not
// late.
#[test]
fn closing_within_the_limit_keeps_it_however_late_time_passes() {
    let rule = limit(
        Moment::Reached(Milestone::SUBMITTED),
        &[Moment::Reached(Milestone::GRABBED), Moment::Reached(Milestone::CLOSED)],
        TimeLimit::natural_time(HOUR_MS),
    );
    let mut office = Office::new(rules(vec![rule], &[&[0]]), "2026-03-02 09:00");
    office.sign_in(0, &[0], &[0]);
    let order = submit(&mut office);
    office.wait(at("2026-03-02 10:00"));
    let claim = office.call(|engine, cx| engine.grab(cx, qiangdan::ClerkId(0))).unwrap().claim;
    office.go_to(at("2026-03-02 12:00"));
    let kinds = office.kinds();
    let at = at("2026-03-02 10:00");
    let met = EventKind::ClockStopped { limit: FIRST, is_late: false, at, late_by: 0 };
    assert_eq!(*kinds.last().unwrap(), met);
    office.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
    assert_eq!(office.kinds().last(), Some(&EventKind::OrderSettled));
    assert_eq!(office.engine.clocks(order, office.now.wall), None);
}
