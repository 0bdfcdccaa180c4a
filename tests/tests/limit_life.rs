//! Orders with limits by the calendar, from the first paper to the rating, as the manager of a hall knows
//! them. The instants are worked out by hand from the notices of the State Council.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use qiangdan::{
    Action, Claim, ClerkId, Colour, EventKind, LimitId, OrderId, OrderSpec, Outcome, PoolId,
    Reason, RoleId, ServiceId, SkillId, State, Wall,
    limit::{
        CardId, ClockState, Expiry, LimitRule, LimitStage, Milestone, Moment, PauseReason, Reasons,
        RungKind, Silence, StageAt, TimeLimit,
    },
};
use qiangdan_tests::office::{Office, at, just_after, limit, rules};

const ACCEPTED: Milestone = Milestone(4);
const DECIDED: Milestone = Milestone(5);
const DELIVERED: Milestone = Milestone(6);
const RATED: Milestone = Milestone(7);
const PAPERS: Milestone = Milestone(8);
const BAD_RATING: Milestone = Milestone(9);
const CONTACTED: Milestone = Milestone(10);
const REPLIED: Milestone = Milestone(11);

const FIRST: LimitId = LimitId(0);
const SECOND: LimitId = LimitId(1);
const CLERK: ClerkId = ClerkId(0);

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

fn reached(milestone: Milestone) -> Moment {
    Moment::Reached(milestone)
}

fn stage(at: StageAt, actions: &[Action]) -> LimitStage {
    LimitStage { at, actions: actions.to_vec(), again: None, silence: None }
}

/// Acceptance within 5 working days of receipt; then 20 until the decision.
fn accept_and_promise() -> Vec<LimitRule> {
    let deemed = Expiry::Deemed { milestone: ACCEPTED, backdated: true };
    let accept =
        limit(reached(Milestone::SUBMITTED), &[reached(ACCEPTED)], TimeLimit::working_days(5));
    let accept =
        LimitRule { pauses: Reasons::default().with(reason(0)), expiry: Some(deemed), ..accept };
    let promise = limit(reached(ACCEPTED), &[reached(DECIDED)], TimeLimit::working_days(20));
    let promise = LimitRule {
        pauses: Reasons::default().with(reason(1)),
        extends_by: 10,
        stages: vec![
            stage(
                StageAt::Spent(9_000),
                &[Action::Card { colour: Colour::Amber, reply_within: None }],
            ),
            stage(StageAt::Past(0), &[Action::Card { colour: Colour::Red, reply_within: Some(2) }]),
        ],
        ..promise
    };
    vec![accept, promise]
}

fn submit(office: &mut Office) -> OrderId {
    office.submit(OrderSpec::new(ServiceId(0)).tag(7))
}

fn reach(office: &mut Office, order: OrderId, milestone: Milestone) {
    office.call(|engine, cx| engine.reach(cx, order, milestone, None, None)).unwrap();
}

fn claim(office: &mut Office, order: OrderId) -> Claim {
    office.sign_in(0, &[0, 1, 2], &[0]);
    office.call(|engine, cx| engine.grab_order(cx, CLERK, order)).unwrap().claim
}

fn complete(office: &mut Office, claim: Claim) {
    office.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
}

/// When a limit of an order is due now.
fn due(office: &Office, order: OrderId, limit: LimitId) -> Option<Wall> {
    let clocks = office.engine.clocks(order, office.now.wall).unwrap();
    let clock = clocks.iter().find(|clock| clock.limit == limit)?;
    clock.due.ok().map(|due| due.at)
}

fn climbed(kinds: &[EventKind]) -> Vec<(LimitId, RungKind, Wall)> {
    let climbed = |kind: &EventKind| match *kind {
        EventKind::RungClimbed { limit, kind, due, .. } => Some((limit, kind, due)),
        _ => None,
    };
    kinds.iter().filter_map(climbed).collect()
}

// 行政许可法 art. 32(5): who is told nothing within five days is accepted as of the day of receipt.
#[test]
fn silence_about_acceptance_is_acceptance_as_of_receipt() {
    let mut office = Office::new(rules(accept_and_promise(), &[&[0, 1]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    let late = at("2026-03-09 17:00");
    office.go_to(late);
    assert_eq!(due(&office, order, FIRST), Some(late));
    assert_eq!(climbed(&office.kinds()), []);
    office.go_to(just_after(late));
    let kinds = office.kinds();
    let over = just_after(late);
    let [breach, expiry] = [RungKind::Breach, RungKind::Expiry].map(|kind| (FIRST, kind, over));
    assert_eq!(climbed(&kinds), [breach, expiry]);
    let receipt = at("2026-03-02 10:00");
    let deemed = EventKind::MilestoneReached { milestone: ACCEPTED, amount: 0, at: receipt };
    assert!(kinds.contains(&deemed));
    // Twenty working days after the day of receipt.
    let decided_by = at("2026-03-30 17:00");
    let started = EventKind::ClockStarted {
        limit: SECOND,
        is_provisional: false,
        from: receipt,
        due: decided_by,
    };
    assert!(kinds.contains(&started), "{kinds:?}");
    assert_eq!(due(&office, order, SECOND), Some(decided_by));
}

#[test]
fn acceptance_in_time_starts_the_promise_and_cards_follow_it() {
    let mut office = Office::new(rules(accept_and_promise(), &[&[0, 1]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    let claim = claim(&mut office, order);
    office.go_to(at("2026-03-03 09:00"));
    office.take();
    reach(&mut office, order, ACCEPTED);
    let kinds = office.kinds();
    let stopped = EventKind::ClockStopped {
        limit: FIRST,
        is_late: false,
        at: at("2026-03-03 09:00"),
        late_by: 0,
    };
    assert_eq!(kinds[1], stopped);
    let last = at("2026-03-31 17:00");
    assert_eq!(due(&office, order, SECOND), Some(last));
    // The eighteenth of twenty days is spent from its beginning.
    office.go_to(at("2026-03-27 00:00"));
    let amber = CardId { limit: SECOND, rung: 0, number: 0 };
    let events = office.take();
    let given = events.iter().find(|event| matches!(event.kind, EventKind::CardIssued { .. }));
    assert_eq!(given.unwrap().clerk, Some(CLERK), "who holds it");
    let kind = EventKind::CardIssued { card: amber, colour: Colour::Amber };
    assert_eq!(given.unwrap().kind, kind);
    office.go_to(at("2026-04-01 09:00"));
    let cards = office.engine.cards(order).unwrap();
    assert_eq!(
        cards.iter().map(|card| card.colour).collect::<Vec<_>>(),
        [Colour::Amber, Colour::Red]
    );
    let red = cards[1].id;
    office.call(|engine, cx| engine.reply_to_card(cx, order, red, None)).unwrap();
    office.call(|engine, cx| engine.appeal_card(cx, order, amber, None)).unwrap();
    office.call(|engine, cx| engine.rule_on_card(cx, order, amber, false, None)).unwrap();
    office.take();
    reach(&mut office, order, DECIDED);
    let kinds = office.kinds();
    let at = at("2026-04-01 09:00");
    let missed = EventKind::ClockStopped { limit: SECOND, is_late: true, at, late_by: 1 };
    assert_eq!(kinds[1], missed);
    complete(&mut office, claim);
    assert_eq!(office.kinds()[1], EventKind::OrderSettled);
}

#[test]
fn a_supplement_before_acceptance_holds_the_clock_and_a_hearing_the_promise() {
    let mut office = Office::new(rules(accept_and_promise(), &[&[0, 1]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    office.go_to(at("2026-03-04 11:00"));
    office.take();
    let pause = |office: &mut Office, n| {
        office.call(|engine, cx| engine.pause(cx, order, reason(n), Some(10), None)).unwrap();
    };
    let resume = |office: &mut Office, n| {
        office.call(|engine, cx| engine.resume(cx, order, reason(n), None)).unwrap();
    };
    pause(&mut office, 0);
    pause(&mut office, 0);
    let paused = EventKind::ClockPaused { limit: FIRST, since: at("2026-03-04 11:00") };
    let kinds = office.kinds();
    assert_eq!((kinds.len(), kinds[1]), (2, paused), "telling it twice is telling it once");
    office.go_to(at("2026-03-20 11:00"));
    assert_eq!(climbed(&office.kinds()), []);
    resume(&mut office, 0);
    // Two days were spent until the 4th, 5 to 20 March are held, three remain.
    let until = at("2026-03-25 17:00");
    assert_eq!(due(&office, order, FIRST), Some(until));
    reach(&mut office, order, ACCEPTED);
    assert_eq!(due(&office, order, SECOND), Some(at("2026-04-20 17:00")));
    office.go_to(at("2026-03-23 09:00"));
    pause(&mut office, 1);
    office.go_to(at("2026-03-25 09:00"));
    resume(&mut office, 1);
    assert_eq!(due(&office, order, SECOND), Some(at("2026-04-22 17:00")));
}

// 政府信息公开条例 art. 30: from the corrected application on, the period runs anew.
#[test]
fn a_supplement_may_start_the_period_anew() {
    let answer =
        limit(reached(Milestone::SUBMITTED), &[reached(DECIDED)], TimeLimit::working_days(20));
    let answer = LimitRule { restarts: Reasons::default().with(reason(0)), ..answer };
    let mut office = Office::new(rules(vec![answer], &[&[0]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    office.go_to(at("2026-03-13 10:00"));
    office.call(|engine, cx| engine.pause(cx, order, reason(0), None, None)).unwrap();
    office.go_to(at("2026-03-16 10:00"));
    office.take();
    office.call(|engine, cx| engine.resume(cx, order, reason(0), None)).unwrap();
    let until = at("2026-04-14 17:00");
    assert_eq!(due(&office, order, FIRST), Some(until));
    let started = office.kinds().contains(&EventKind::ClockStarted {
        limit: FIRST,
        is_provisional: false,
        from: at("2026-03-16 10:00"),
        due: until,
    });
    assert!(started);
}

// 行政许可法 art. 42: ten days more, once, with approval.
#[test]
fn an_extension_is_given_once_and_before_the_end() {
    let mut office = Office::new(rules(accept_and_promise(), &[&[0, 1]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    reach(&mut office, order, ACCEPTED);
    office.go_to(at("2026-03-27 09:00"));
    let cards = |office: &Office| office.engine.cards(order).unwrap().len();
    assert_eq!(cards(&office), 1);
    office.take();
    let extend = |office: &mut Office, by| {
        office.call(|engine, cx| engine.extend(cx, order, SECOND, by, ClerkId(3), None))
    };
    assert!(extend(&mut office, 11).is_err());
    extend(&mut office, 10).unwrap();
    extend(&mut office, 10).unwrap();
    let events = office.take();
    assert_eq!((events.len(), events[0].clerk), (2, Some(ClerkId(3))));
    let (from, to) = (at("2026-03-30 17:00"), at("2026-04-14 17:00"));
    let moved = EventKind::LimitRecomputed { limit: SECOND, is_provisional: false, from, to };
    assert_eq!(events[1].kind, moved);
    assert!(extend(&mut office, 5).is_err());
    // Nine tenths of thirty days come again, later.
    office.go_to(at("2026-04-09 00:00"));
    assert_eq!(cards(&office), 2);
}

/// Delivery within 10 working days of closing, and papers owed within 15 of acceptance.
fn after_the_end() -> Vec<LimitRule> {
    let owed = limit(reached(ACCEPTED), &[reached(PAPERS)], TimeLimit::working_days(15));
    let owed = LimitRule { expiry: Some(Expiry::FollowUp { service: ServiceId(1) }), ..owed };
    let deliver =
        limit(reached(Milestone::CLOSED), &[reached(DELIVERED)], TimeLimit::working_days(10));
    let rating = limit(reached(DELIVERED), &[reached(RATED)], TimeLimit::working_days(5));
    let unrated = Expiry::Deemed { milestone: RATED, backdated: false };
    let rating = LimitRule { expiry: Some(unrated), ..rating };
    vec![owed, deliver, rating]
}

// 容缺受理, E64.
#[test]
fn papers_still_owed_come_back_as_an_order_of_their_own() {
    let mut office = Office::new(rules(after_the_end(), &[&[0], &[]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    reach(&mut office, order, ACCEPTED);
    let claim = claim(&mut office, order);
    office.go_to(at("2026-03-04 10:00"));
    complete(&mut office, claim);
    assert_eq!(office.engine.state(order), Some(State::Closed));
    office.take();
    let late = just_after(at("2026-03-23 17:00"));
    office.go_to(late);
    let events = office.take();
    let follows = events.iter().find_map(|event| match event.kind {
        EventKind::FollowedUp { order, service } => Some((event.order, order, service)),
        _ => None,
    });
    let (of, new, service) = follows.unwrap();
    assert_eq!((of, service), (Some(order), ServiceId(1)));
    let new = office.engine.order(new).unwrap();
    assert_eq!((new.state, new.tag), (State::Waiting, 7));
    // What is owed stays owed; the papers let the order go.
    office.take();
    reach(&mut office, order, PAPERS);
    assert_eq!(*office.kinds().last().unwrap(), EventKind::OrderSettled);
    assert_eq!(office.engine.clocks(order, office.now.wall), None);
}

#[test]
fn a_closed_order_keeps_its_place_until_delivered_and_rated_or_not() {
    let mut office = Office::new(rules(after_the_end(), &[&[1, 2], &[]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    let claim = claim(&mut office, order);
    complete(&mut office, claim);
    let frozen = office.call(|engine, cx| engine.pause(cx, order, reason(0), None, None));
    assert!(frozen.is_err(), "closed history is frozen");
    let earlier = Some(at("2026-03-01 10:00"));
    let frozen = office.call(|engine, cx| engine.reach(cx, order, DELIVERED, None, earlier));
    assert!(frozen.is_err());
    office.go_to(at("2026-03-05 10:00"));
    reach(&mut office, order, DELIVERED);
    office.take();
    office.go_to(just_after(at("2026-03-12 17:00")));
    let kinds = office.kinds();
    let unrated = EventKind::MilestoneReached { milestone: RATED, amount: 0, at: office.now.wall };
    assert!(kinds.contains(&unrated));
    assert_eq!(*kinds.last().unwrap(), EventKind::OrderSettled);
    let again = office.call(|engine, cx| engine.reach(cx, order, RATED, None, None));
    assert!(again.is_err());
}

#[test]
fn settling_ends_what_nobody_waits_for_any_more() {
    let mut office = Office::new(rules(after_the_end(), &[&[1], &[]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    assert!(office.call(|engine, cx| engine.settle(cx, order)).is_err(), "it is open");
    office.call(|engine, cx| engine.cancel(cx, order, Reason::Withdrawn(1))).unwrap();
    office.take();
    office.call(|engine, cx| engine.settle(cx, order)).unwrap();
    office.call(|engine, cx| engine.settle(cx, order)).unwrap();
    assert_eq!(office.kinds(), [EventKind::OrderSettled]);
}

// 差评整改: contact within one working day, answer within five.
#[test]
fn a_bad_rating_is_contacted_and_rectified() {
    let contact = limit(reached(BAD_RATING), &[reached(CONTACTED)], TimeLimit::working_days(1));
    let notify = Action::Notify { role: RoleId(3) };
    let contact = LimitRule { stages: vec![stage(StageAt::Past(0), &[notify])], ..contact };
    let rectify = limit(reached(BAD_RATING), &[reached(REPLIED)], TimeLimit::working_days(5));
    let mut office = Office::new(rules(vec![contact, rectify], &[&[0, 1]]), "2026-03-06 16:00");
    let order = submit(&mut office);
    reach(&mut office, order, BAD_RATING);
    assert_eq!(due(&office, order, FIRST), Some(at("2026-03-09 17:00")));
    assert_eq!(due(&office, order, SECOND), Some(at("2026-03-13 17:00")));
    office.go_to(at("2026-03-10 08:00"));
    assert!(office.kinds().contains(&EventKind::NotifyDue { role: RoleId(3) }));
    // The call was made in time and told late: in time again, and both are told.
    let called = at("2026-03-09 11:00");
    office.call(|engine, cx| engine.reach(cx, order, CONTACTED, None, Some(called))).unwrap();
    let stopped = EventKind::ClockStopped { limit: FIRST, is_late: false, at: called, late_by: 0 };
    assert_eq!(office.kinds()[1], stopped);
    let clocks = office.engine.clocks(order, office.now.wall).unwrap();
    assert_eq!(clocks[0].state, ClockState::Met { at: called });
    assert!(clocks[0].breached.is_some(), "that it was late once is not forgotten");
}

// 特别程序: the law allows the time that was announced, and holds the promise meanwhile.
#[test]
fn a_special_procedure_lasts_as_long_as_was_announced() {
    let mut limits = accept_and_promise();
    let special = limit(
        Moment::Paused(reason(1)),
        &[Moment::Resumed(reason(1))],
        TimeLimit::working_days(60),
    );
    limits.push(special);
    let mut office = Office::new(rules(limits, &[&[0, 1, 2]]), "2026-03-02 10:00");
    let order = submit(&mut office);
    reach(&mut office, order, ACCEPTED);
    office.go_to(at("2026-03-03 10:00"));
    office.call(|engine, cx| engine.pause(cx, order, reason(1), Some(20), None)).unwrap();
    assert_eq!(due(&office, order, LimitId(2)), Some(at("2026-03-31 17:00")));
    assert_eq!(due(&office, order, SECOND), None, "it stands still");
    office.go_to(at("2026-04-01 10:00"));
    let late = climbed(&office.kinds());
    assert_eq!(late, [(LimitId(2), RungKind::Breach, just_after(at("2026-03-31 17:00")))]);
    office.call(|engine, cx| engine.resume(cx, order, reason(1), None)).unwrap();
    assert_eq!(due(&office, order, SECOND), Some(at("2026-04-29 17:00")));
}

#[test]
fn what_nobody_acknowledges_goes_further_up() {
    let answer = limit(
        reached(Milestone::SUBMITTED),
        &[reached(DECIDED)],
        TimeLimit::working_time(7_200_000),
    );
    let up = Silence { after: 1_800_000, actions: vec![Action::Notify { role: RoleId(2) }] };
    let first = stage(StageAt::Spent(5_000), &[Action::Notify { role: RoleId(1) }]);
    let stages = vec![LimitStage { silence: Some(up), ..first }];
    let answer = LimitRule { stages, ..answer };
    let mut office = Office::new(rules(vec![answer], &[&[0]]), "2026-03-02 09:00");
    let [quick, slow] = [submit(&mut office), submit(&mut office)];
    let acknowledge = |office: &mut Office, order| {
        office.call(|engine, cx| engine.acknowledge(cx, order, FIRST, 0, None))
    };
    assert!(acknowledge(&mut office, quick).is_err(), "not reached yet");
    office.go_to(at("2026-03-02 10:00"));
    acknowledge(&mut office, quick).unwrap();
    acknowledge(&mut office, quick).unwrap();
    office.take();
    office.go_to(at("2026-03-02 10:30"));
    let events = office.take();
    let told = |role| {
        let kind = EventKind::NotifyDue { role: RoleId(role) };
        events
            .iter()
            .filter(|event| event.kind == kind)
            .map(|event| event.order)
            .collect::<Vec<_>>()
    };
    assert_eq!((told(1), told(2)), (vec![], vec![Some(slow)]));
}

/// Widened after an hour, the skill dropped after two, moved after three, boosted after four.
fn moving() -> Vec<LimitRule> {
    let answer = limit(
        reached(Milestone::SUBMITTED),
        &[reached(DECIDED)],
        TimeLimit::natural_time(36_000_000),
    );
    let hour = |n: u32, action| stage(StageAt::Spent(n * 1_000), &[action]);
    let stages = vec![
        hour(1, Action::Widen { pool: PoolId(1) }),
        hour(2, Action::Drop { skill: SkillId(0) }),
        hour(3, Action::Move { pool: PoolId(2) }),
        hour(4, Action::Boost { by_ms: 86_400_000 }),
    ];
    vec![LimitRule { stages, ..answer }]
}

#[test]
fn rungs_widen_drop_and_move_and_a_put_back_keeps_it() {
    let mut office = Office::new(rules(moving(), &[&[0], &[0]]), "2026-03-02 09:00");
    office.sign_in(0, &[0], &[0]);
    office.sign_in(1, &[1], &[0]);
    office.sign_in(2, &[1], &[]);
    office.sign_in(3, &[2], &[]);
    let order = submit(&mut office);
    let may =
        |office: &Office| [0, 1, 2, 3].map(|clerk| office.engine.may_take(ClerkId(clerk), order));
    assert_eq!(may(&office), [true, false, false, false]);
    office.go_to(at("2026-03-02 10:00"));
    assert_eq!(may(&office), [true, true, false, false]);
    office.go_to(at("2026-03-02 11:00"));
    assert_eq!(may(&office), [true, true, true, false]);
    // Held and given back, and asking for something else: what was granted stays.
    let held = office.call(|engine, cx| engine.grab(cx, ClerkId(2))).unwrap();
    let back = qiangdan::PutBack::KeepPlace;
    office.call(|engine, cx| engine.put_back(cx, held.claim, back)).unwrap();
    assert_eq!(may(&office), [true, true, true, false]);
    let amend = qiangdan::Amend { service: Some(ServiceId(1)), class: None };
    office.call(|engine, cx| engine.amend(cx, order, amend)).unwrap();
    assert_eq!(may(&office), [true, true, true, false]);
    office.go_to(at("2026-03-02 12:00"));
    assert_eq!(may(&office), [false, false, false, true]);
    let none = office.call(|engine, cx| engine.grab(cx, ClerkId(0)));
    assert!(none.is_err());
    let rank = office.engine.order(order).unwrap().rank_ms;
    office.go_to(at("2026-03-02 13:00"));
    assert_eq!(office.engine.order(order).unwrap().rank_ms, rank - 86_400_000);
    let taken = office.call(|engine, cx| engine.grab(cx, ClerkId(3))).unwrap();
    assert_eq!(taken.claim.order, order);
}

#[test]
fn a_limit_that_is_over_may_close_what_nobody_serves() {
    let window = limit(
        reached(Milestone::SUBMITTED),
        &[Moment::Reached(Milestone::CLOSED)],
        TimeLimit::natural_time(3_600_000),
    );
    let window = LimitRule { expiry: Some(Expiry::Close { outcome: Outcome::NoShow }), ..window };
    let mut office = Office::new(rules(vec![window], &[&[0]]), "2026-03-02 09:00");
    let [served, unserved] = [submit(&mut office), submit(&mut office)];
    let claim = claim(&mut office, served);
    office.call(|engine, cx| engine.start(cx, claim)).unwrap();
    office.go_to(at("2026-03-02 10:01"));
    assert_eq!(office.engine.order(unserved).unwrap().outcome, Some(Outcome::NoShow));
    assert_eq!(office.engine.state(served), Some(State::Serving));
    complete(&mut office, claim);
    assert_eq!(office.engine.state(served), Some(State::Closed));
}
