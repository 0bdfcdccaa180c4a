//! What an order's facts make of its limits, scene by scene. The comment above a test names its row in
//! the table of edge cases.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use qiangdan::{
    Action, CalendarId, ClockRules, Colour, LimitId, RoleId, ServiceId, Wall,
    calendar::{Calendar, CalendarDraft, Day, OpenSpan, Special, SpecialDay, Week},
    limit::{
        Again, Book, CardId, ClockState, Clocks, Expiry, ExtendError, Fact, LimitRule, LimitStage,
        Milestone, Moment, Next, PauseReason, Quiet, Reasons, RungKind, Silence, StageAt,
        TimeLimit, What,
    },
};

const HOUR_MS: u64 = 3_600_000;
const LIMIT: LimitId = LimitId(0);
const ACCEPTED: Milestone = Milestone(4);

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

fn reasons(numbers: &[u8]) -> Reasons {
    numbers.iter().fold(Reasons::default(), |set, &number| set.with(reason(number)))
}

/// Open from 9 to 17, from Monday to Friday; and from 8 to 12 for a role.
fn calendars(special: &[SpecialDay]) -> Vec<Calendar> {
    [(9, 17), (8, 12)]
        .map(|(from, to)| {
            let day = |text: &str| text.parse::<Day>().unwrap();
            CalendarDraft {
                week: Week::monday_to_friday(&[OpenSpan::new((from, 0), (to, 0))]),
                special: special.to_vec(),
                ..CalendarDraft::new("Asia/Shanghai", day("2026-03-01"), day("2026-12-31"))
            }
            .check()
            .unwrap()
        })
        .into()
}

/// An instant in March 2026, which begins on a Sunday.
fn at(day: i32, hour: u32) -> Wall {
    let first = "2026-03-01".parse::<Day>().unwrap();
    calendars(&[])[0].instant(first.plus(day - 1), hour * 3_600_000).unwrap()
}

fn after(at: Wall) -> Wall {
    Wall(at.0 + 1)
}

/// A limit from the order's coming in to its end.
fn limit(lasts: TimeLimit) -> LimitRule {
    LimitRule {
        from: Moment::Reached(Milestone::SUBMITTED),
        to: vec![Moment::Reached(Milestone::CLOSED)],
        lasts,
        calendar: CalendarId(0),
        pauses: reasons(&[0, 1]),
        restarts: Reasons::default(),
        extends_by: 0,
        stages: Vec::new(),
        expiry: None,
    }
}

fn stage(at: StageAt, actions: &[Action]) -> LimitStage {
    LimitStage { at, actions: actions.to_vec(), again: None, silence: None }
}

/// An order, and what was told of it.
struct Order {
    rules: ClockRules,
    book: Book,
    facts: Vec<Fact>,
}

impl Order {
    fn new(limits: &[LimitRule]) -> Self {
        let rules = ClockRules {
            calendars: calendars(&[]),
            limits: limits.to_vec(),
            of_services: (0..limits.len())
                .map(|limit| (ServiceId(0), LimitId(u16::try_from(limit).unwrap())))
                .collect(),
            hours_of_roles: vec![(RoleId(1), CalendarId(1))],
            ..ClockRules::default()
        };
        let book = Book::new(&rules, 1);
        Self { rules, book, facts: Vec::new() }
    }

    fn read<'a>(&'a self, facts: &'a [Fact]) -> Clocks<'a> {
        self.book.read(ServiceId(0), facts, &self.rules.calendars[..])
    }

    fn clocks(&self) -> Clocks<'_> {
        self.read(&self.facts)
    }

    fn due_before(&self, now: Wall) -> Option<Next> {
        self.clocks().next().ok().filter(|next| next.due < now)
    }

    /// Told at `now`, it took effect at `at`.
    fn tell_late(&mut self, now: Wall, at: Wall, what: What) {
        let mut facts = self.facts.clone();
        facts.push(Fact { at, what });
        let moved = self.read(&facts).moved_since(&self.clocks(), now);
        self.facts = facts;
        self.facts.extend(moved);
    }

    fn tell(&mut self, at: Wall, what: What) {
        self.pass(at);
        self.tell_late(at, at, what);
    }

    fn reach(&mut self, at: Wall, milestone: Milestone) {
        self.tell(at, What::Reached { milestone, amount: 0 });
    }

    fn pause(&mut self, at: Wall, number: u8) {
        self.tell(at, What::Paused { reason: reason(number), amount: 0 });
    }

    fn resume(&mut self, at: Wall, number: u8) {
        self.tell(at, What::Resumed { reason: reason(number) });
    }

    /// Climbs all that is due before an instant; what kind each was, with its true due.
    fn pass(&mut self, now: Wall) -> Vec<(Wall, RungKind)> {
        let mut climbed = Vec::new();
        while let Some(Next { due, limit, rung, .. }) = self.due_before(now) {
            climbed.push((due, self.book.rung(limit, rung).unwrap().kind));
            self.facts.push(Fact { at: due, what: What::Climbed { limit, rung } });
            assert!(climbed.len() < 100, "{climbed:?}");
        }
        climbed
    }

    fn state(&self, now: Wall) -> ClockState {
        self.clocks().of(LIMIT, now).unwrap().state
    }

    fn lateness(&self, now: Wall) -> Option<u64> {
        self.clocks().of(LIMIT, now).unwrap().figures.unwrap().lateness
    }

    fn due(&self) -> Wall {
        self.clocks().of(LIMIT, at(31, 0)).unwrap().due.unwrap().at
    }
}

/// An order that came in on Monday at 10, with so many working hours.
fn hours(hours: u64) -> Order {
    came_in(limit(TimeLimit::working_time(hours * HOUR_MS)))
}

fn came_in(limit: LimitRule) -> Order {
    let mut order = Order::new(&[limit]);
    order.reach(at(2, 10), Milestone::SUBMITTED);
    order
}

// E44.
#[test]
fn done_at_the_due_instant_is_in_time_and_a_millisecond_later_is_not() {
    let mut order = hours(2);
    assert_eq!(order.due(), at(2, 12));
    order.reach(at(2, 12), Milestone::CLOSED);
    assert_eq!(order.state(at(3, 0)), ClockState::Met { at: at(2, 12) });
    assert_eq!(order.pass(at(20, 0)), []);

    let mut order = hours(2);
    order.reach(after(at(2, 12)), Milestone::CLOSED);
    assert_eq!(order.state(at(3, 0)), ClockState::Missed { at: after(at(2, 12)) });
    // At one instant what is told comes first.
    assert_eq!(order.pass(at(20, 0)), []);

    let mut order = hours(2);
    // The advance is late, but not what it says.
    order.tell_late(at(3, 0), at(2, 13), What::Reached { milestone: Milestone::CLOSED, amount: 0 });
    assert_eq!(order.pass(at(20, 0)), [(after(at(2, 12)), RungKind::Breach)]);
}

// E45.
#[test]
fn a_pause_at_the_due_instant_holds_the_clock() {
    let mut order = hours(2);
    order.pause(at(2, 12), 0);
    assert_eq!(order.clocks().next(), Err(Quiet::Paused));
    let now = order.clocks().of(LIMIT, at(3, 9)).unwrap();
    assert_eq!(
        (now.figures.unwrap().remaining, now.state),
        (0, ClockState::Paused { since: at(2, 12) })
    );
    order.resume(at(3, 9), 0);
    assert_eq!(order.pass(at(3, 10)), [(after(at(3, 9)), RungKind::Breach)]);
}

// E46.
#[test]
fn a_pause_after_the_breach_freezes_the_lateness_and_holds_the_stages() {
    let past = stage(StageAt::Past(2 * HOUR_MS), &[]);
    let rule = limit(TimeLimit::working_time(2 * HOUR_MS));
    let mut order = came_in(LimitRule { stages: vec![past], ..rule });
    order.pause(at(2, 13), 0);
    let breach = after(at(2, 12));
    assert_eq!(order.clocks().of(LIMIT, at(2, 13)).unwrap().breached, Some(breach));
    assert_eq!(order.pass(at(10, 0)), []);
    assert_eq!(order.lateness(at(10, 0)), Some(HOUR_MS));
    order.resume(at(10, 9), 0);
    assert_eq!(order.pass(at(20, 0)), [(at(10, 10), RungKind::Stage)]);
}

// E47.
#[test]
fn a_clock_runs_when_no_reason_holds_it() {
    let mut order = hours(4);
    order.pause(at(2, 11), 0);
    order.pause(at(2, 12), 1);
    // Said twice: nothing. What does not hold this limit: nothing.
    order.pause(at(2, 12), 0);
    order.pause(at(2, 12), 2);
    order.resume(at(2, 13), 0);
    assert_eq!(order.state(at(2, 14)), ClockState::Paused { since: at(2, 11) });
    order.resume(at(2, 14), 1);
    assert_eq!(order.due(), at(2, 17));
}

// E48, E49.
#[test]
fn short_pauses_count_to_the_millisecond_and_closed_hours_not_at_all() {
    let mut order = hours(8);
    for ms in [0, 10, 20] {
        order.pause(Wall(at(2, 11).0 + ms), 0);
        order.resume(Wall(at(2, 11).0 + ms + 3), 0);
    }
    order.pause(at(2, 17), 0);
    order.resume(at(3, 9), 0);
    assert_eq!(order.due(), Wall(at(3, 10).0 + 9));
}

// E50.
#[test]
fn a_pause_told_late_takes_a_breach_back_and_it_may_come_again() {
    let mut order = hours(2);
    let breach = |at| [(after(at), RungKind::Breach)];
    assert_eq!(order.pass(at(2, 13)), breach(at(2, 12)));
    order.tell_late(at(2, 13), at(2, 11), What::Paused { reason: reason(0), amount: 0 });
    assert_eq!(order.lateness(at(2, 13)), None);
    assert_eq!(order.clocks().next(), Err(Quiet::Paused));
    order.resume(at(2, 15), 0);
    assert_eq!(order.pass(at(3, 0)), breach(at(2, 16)));
    assert_eq!(order.pass(at(20, 0)), []);
}

#[test]
fn a_due_that_moves_but_stays_in_the_past_is_no_second_breach() {
    let mut order = hours(2);
    order.pass(at(2, 17));
    order.tell_late(at(2, 17), at(2, 11), What::Paused { reason: reason(0), amount: 0 });
    // Until here it stood still by what was known, so this is the one breach of the clock that ran on.
    order.tell_late(at(2, 17), at(2, 13), What::Resumed { reason: reason(0) });
    assert_eq!(order.pass(at(20, 0)), [(after(at(2, 14)), RungKind::Breach)]);

    // The same, told at once as an extension of a limit that was not known to be so short.
    let rule = limit(TimeLimit::working_time(2 * HOUR_MS));
    let mut order = came_in(LimitRule { restarts: reasons(&[2]), ..rule });
    order.tell_late(at(2, 10), at(2, 10), What::Paused { reason: reason(2), amount: 0 });
    order.tell_late(at(2, 10), at(2, 10), What::Resumed { reason: reason(2) });
    assert_eq!(order.pass(at(2, 17)).len(), 1);
    let more = ClockRules { calendars: calendars(&[late_opening()]), ..order.rules.clone() };
    let now = order.book.read(ServiceId(0), &order.facts, &more.calendars[..]);
    let moved = now.moved_since(&order.clocks(), at(2, 17));
    let breach = What::Moved { limit: LIMIT, rung: 0 };
    assert_eq!(moved, [Fact { at: after(at(2, 15)), what: breach }]);
    // Had it moved past now, it would come again.
    assert_eq!(now.moved_since(&order.clocks(), at(2, 14)), []);
}

/// Closed until 13 on that Monday.
fn late_opening() -> SpecialDay {
    let hours = vec![OpenSpan::new((13, 0), (17, 0))];
    let day = "2026-03-02".parse().unwrap();
    SpecialDay { day, name: String::new(), what: Special::Hours { hours } }
}

// A rung that was not climbed is nothing that moved.
#[test]
fn what_moves_without_having_been_climbed_happens_at_its_new_due() {
    let mut order = hours(2);
    order.pass(at(2, 13));
    // The breach is taken back, and comes again at 16.
    order.tell_late(at(2, 13), at(2, 11), What::Paused { reason: reason(0), amount: 0 });
    order.tell_late(at(2, 13), at(2, 13), What::Resumed { reason: reason(0) });
    assert_eq!(order.due(), at(2, 14));
    // Armed for 14. Before that comes, it moves again, to an instant that is over when it is told.
    order.tell_late(at(2, 17), at(2, 13), What::Extended { limit: LIMIT, by: HOUR_MS });
    assert_eq!(order.pass(at(20, 0)), [(after(at(2, 15)), RungKind::Breach)]);
}

// E53.
#[test]
fn a_due_that_moves_into_the_past_is_a_breach_now_with_its_true_due() {
    let mut order = hours(6);
    assert_eq!(order.pass(at(2, 15)), []);
    order.tell_late(at(2, 15), at(2, 9), What::Reached { milestone: ACCEPTED, amount: 0 });
    let day = "2026-03-02".parse().unwrap();
    let rules = ClockRules {
        calendars: calendars(&[SpecialDay {
            day,
            name: String::new(),
            what: Special::Hours { hours: vec![OpenSpan::new((9, 0), (23, 0))] },
        }]),
        ..order.rules.clone()
    };
    order.rules = rules;
    assert_eq!(order.pass(at(2, 17)), [(after(at(2, 16)), RungKind::Breach)]);
    order.rules.calendars = calendars(&[]);
    let before = order.book.read(ServiceId(0), &order.facts, &order.rules.calendars[..]);
    assert_eq!(before.next(), Err(Quiet::Done));
}

// E56.
#[test]
fn what_comes_at_night_begins_in_the_morning() {
    let mut order = Order::new(&[limit(TimeLimit::working_time(HOUR_MS))]);
    order.reach(at(6, 20), Milestone::SUBMITTED);
    assert_eq!(order.due(), at(9, 10));
    assert_eq!(order.clocks().of(LIMIT, at(9, 9)).unwrap().figures.unwrap().spent, 0);
}

#[test]
fn an_extension_is_granted_once_and_in_time() {
    let rule = limit(TimeLimit::working_time(2 * HOUR_MS));
    let mut order = came_in(LimitRule { extends_by: HOUR_MS, ..rule });
    let may = |order: &Order, by, when| order.clocks().may_extend(LIMIT, by, when);
    let too_long = Err(ExtendError::NotSoLong { most: HOUR_MS });
    assert_eq!(may(&order, 2 * HOUR_MS, at(2, 11)), too_long);
    assert_eq!(may(&order, 0, at(2, 11)), too_long);
    assert_eq!(may(&order, HOUR_MS, at(2, 12)), Ok(()));
    let over = Err(ExtendError::Over { due: at(2, 12) });
    assert_eq!(may(&order, HOUR_MS, after(at(2, 12))), over);
    order.tell(at(2, 12), What::Extended { limit: LIMIT, by: HOUR_MS });
    assert_eq!(order.due(), at(2, 13));
    assert_eq!(may(&order, HOUR_MS, at(2, 13)), Err(ExtendError::Already));
    order.tell(at(2, 13), What::Extended { limit: LIMIT, by: HOUR_MS });
    assert_eq!(order.due(), at(2, 13));
    order.reach(at(2, 13), Milestone::CLOSED);
    assert_eq!(may(&order, HOUR_MS, at(2, 13)), Err(ExtendError::NotRunning));
}

// 行政许可法 art. 32: nobody said anything within five days, so it is accepted from its receipt on; and
// the red card is given all the same, and told when its reader comes in.
#[test]
fn a_limit_that_expires_gives_its_card_first_and_tells_of_it_though_its_clock_has_stopped() {
    let card = Action::Card { colour: Colour::Red, reply_within: Some(2) };
    let tell = Action::Notify { role: RoleId(1) };
    let rule = LimitRule {
        to: vec![Moment::Reached(ACCEPTED)],
        stages: vec![stage(StageAt::Past(0), &[card, tell])],
        expiry: Some(Expiry::Deemed { milestone: ACCEPTED, backdated: true }),
        ..limit(TimeLimit::working_days(5))
    };
    let mut order = came_in(rule);
    let over = after(at(9, 17));
    assert_eq!(
        order.pass(at(9, 20)),
        [(over, RungKind::Breach), (over, RungKind::Stage), (over, RungKind::Expiry)]
    );
    let accepted = What::Reached { milestone: ACCEPTED, amount: 0 };
    order.tell_late(at(9, 20), at(2, 10), accepted);
    assert_eq!(order.state(at(9, 20)), ClockState::Met { at: at(2, 10) });
    assert_eq!(order.pass(at(10, 12)), [(at(10, 8), RungKind::Told)]);

    let cards = order.clocks().cards();
    let id = CardId { limit: LIMIT, rung: 1, number: 0 };
    assert_eq!((cards[0].id, cards[0].at, cards[0].colour), (id, over, Colour::Red));
    assert_eq!(cards[0].reply_by.unwrap().at, at(11, 0));
    let mut silent = Order { facts: order.facts.clone(), ..Order::new(&order.rules.limits) };
    assert_eq!(silent.pass(at(20, 0)), [(at(11, 0), RungKind::Unanswered)]);
    order.tell(at(10, 12), What::CardReplied { card: id });
    order.tell(at(10, 13), What::CardAppealed { card: id });
    order.tell(at(10, 14), What::CardRuled { card: id, upheld: false });
    assert_eq!(order.pass(at(20, 0)), []);
    let card = order.clocks().cards()[0];
    assert_eq!((card.replied, card.appealed), (Some(at(10, 12)), Some(at(10, 13))));
    assert!(!card.ruling.unwrap().upheld);
}

#[test]
fn what_was_told_of_a_stage_that_moved_is_not_told_again() {
    let rule = limit(TimeLimit::working_time(2 * HOUR_MS));
    let stages = vec![stage(StageAt::Past(0), &[Action::Notify { role: RoleId(1) }])];
    let mut order = came_in(LimitRule { stages, ..rule });
    let breach = after(at(2, 12));
    assert_eq!(
        order.pass(at(3, 13)),
        [(breach, RungKind::Breach), (breach, RungKind::Stage), (at(3, 8), RungKind::Told)]
    );
    // Told late: it had been extended until half past twelve today. Nobody is there before tomorrow.
    let by = 17 * HOUR_MS / 2;
    order.tell_late(at(3, 13), at(2, 11), What::Extended { limit: LIMIT, by });
    assert_eq!(order.due(), Wall(at(3, 12).0 + 1_800_000));
    assert_eq!(order.pass(at(20, 0)), []);
}

#[test]
fn a_stage_is_said_again_until_somebody_acknowledges_it() {
    let mut yellow = stage(StageAt::Spent(5_000), &[Action::Notify { role: RoleId(0) }]);
    yellow.again = Some(Again { every: HOUR_MS, at_most: 3 });
    yellow.silence = Some(Silence { after: 2 * HOUR_MS, actions: Vec::new() });
    let rule = limit(TimeLimit::working_time(6 * HOUR_MS));
    let rule = LimitRule { stages: vec![yellow], ..rule };
    let mut order = came_in(rule.clone());
    assert_eq!(
        order.pass(at(20, 0)),
        [
            (at(2, 13), RungKind::Stage),
            (at(2, 14), RungKind::Again { time: 1 }),
            (at(2, 15), RungKind::Silence),
            (at(2, 15), RungKind::Again { time: 2 }),
            (at(2, 16), RungKind::Again { time: 3 }),
            (after(at(2, 16)), RungKind::Breach),
        ]
    );
    let mut order = came_in(rule);
    order.tell(at(2, 15), What::Acknowledged { limit: LIMIT, stage: 0 });
    assert_eq!(order.pass(at(20, 0)), [(after(at(2, 16)), RungKind::Breach)]);
}

// Three ways of a supplement: not begun yet, paused, restarted.
#[test]
fn a_supplement_starts_pauses_or_restarts_by_rule() {
    let lasts = TimeLimit::working_time(8 * HOUR_MS);
    let supplement = LimitRule {
        from: Moment::Paused(reason(2)),
        to: vec![Moment::Resumed(reason(2))],
        ..limit(TimeLimit::working_time(HOUR_MS))
    };
    let not_begun = LimitRule { from: Moment::Reached(ACCEPTED), ..limit(lasts) };
    let paused = LimitRule { pauses: reasons(&[2]), ..limit(lasts) };
    let restarted = LimitRule { restarts: reasons(&[2]), ..limit(lasts) };
    let mut order = Order::new(&[supplement, not_begun, paused, restarted]);
    order.reach(at(2, 10), Milestone::SUBMITTED);
    let told = What::Paused { reason: reason(2), amount: 4 * HOUR_MS };
    order.tell(at(2, 12), told);
    let due = |order: &Order, limit| {
        let clock = order.clocks().of(LimitId(limit), at(2, 12))?;
        clock.due.ok().map(|due| due.at)
    };
    // The amount told with it holds in place of the rule's.
    assert_eq!(due(&order, 0), Some(at(2, 16)));
    order.resume(at(2, 15), 2);
    order.reach(at(2, 16), ACCEPTED);
    assert_eq!(
        order.clocks().of(LimitId(0), at(3, 0)).unwrap().state,
        ClockState::Met { at: at(2, 15) }
    );
    assert_eq!(
        (1..4).map(|limit| due(&order, limit)).collect::<Vec<_>>(),
        [Some(at(3, 16)), Some(at(3, 13)), Some(at(3, 15))]
    );
    // A second supplement is a second run, with the rule's amount.
    order.pause(at(3, 10), 2);
    let again = order.clocks().of(LimitId(0), at(3, 10)).unwrap();
    assert_eq!((again.run, again.from, again.amount), (1, at(3, 10), HOUR_MS));
}

// What was noted of one run says nothing of the next.
#[test]
fn a_new_run_climbs_its_own_rungs() {
    let rule = LimitRule {
        from: Moment::Reached(ACCEPTED),
        stages: vec![stage(StageAt::Spent(0), &[])],
        ..limit(TimeLimit::working_time(4 * HOUR_MS))
    };
    let mut order = Order::new(&[rule]);
    order.reach(at(2, 10), ACCEPTED);
    assert_eq!(order.pass(at(2, 11)), [(at(2, 10), RungKind::Stage)]);
    order.tell_late(
        at(2, 11),
        at(2, 10),
        What::Reached { milestone: Milestone::CLOSED, amount: 0 },
    );
    order.tell_late(at(2, 11), at(2, 10), What::Reached { milestone: ACCEPTED, amount: 0 });
    assert_eq!(order.pass(at(2, 11)), [(at(2, 10), RungKind::Stage)]);
}

#[test]
fn a_book_knows_what_its_services_need() {
    let order = hours(1);
    let book = &order.book;
    assert!(book.has_clocks(ServiceId(0)) && !book.has_clocks(ServiceId(7)));
    assert!(book.uses(ServiceId(0), Milestone::CLOSED));
    assert!(!book.uses(ServiceId(0), Milestone::GRABBED));
    assert!(
        book.uses_reason(ServiceId(0), reason(1)) && !book.uses_reason(ServiceId(0), reason(3))
    );
    assert_eq!(Order::new(&[limit(TimeLimit::working_days(1))]).clocks().next(), Err(Quiet::Idle));
}
