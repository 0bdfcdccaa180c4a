//! Time limits: what holds for any calendar in any zone, and the scenes in which other systems went
//! wrong (their numbers are those of the table of edge cases).

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::sync::LazyLock;

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use proptest::{
    collection::{btree_set, vec},
    prelude::*,
    test_runner::FileFailurePersistence,
};
use qiangdan::{
    Wall,
    calendar::{
        Calendar, CalendarDraft, Day, Due, HorizonError, OpenSpan, STATE_COUNCIL, Special,
        SpecialDay, Week,
    },
    limit::{
        Clock, Counts, DayEnd, DayOne, DueError, NaturalEnd, PauseReason, Pauses, TimeLimit, Unit,
    },
};

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const NONE: &Pauses = &Pauses::none();

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

/// Every jump of every zone from 1970 to 2037: the zone's name, and the instant.
static JUMPS: LazyLock<Vec<(String, i64)>> = LazyLock::new(|| {
    let zones = TimeZoneDatabase::bundled();
    let at = |year: i16| TimeZone::UTC.to_timestamp(jiff::civil::date(year, 2, 1).into()).unwrap();
    let mut jumps = Vec::new();
    for name in zones.available() {
        let zone = zones.get(name.as_str()).unwrap();
        let instants = zone.following(at(1970)).map(|jump| jump.timestamp());
        let instants = instants.take_while(|&instant| instant < at(2037));
        jumps.extend(instants.map(|instant| (name.as_str().to_owned(), instant.as_millisecond())));
    }
    jumps
});

/// A calendar of some weeks around a jump.
#[derive(Clone, Debug)]
struct Scene {
    zone: String,
    jump_ms: i64,
    draft: CalendarDraft,
}

impl Scene {
    fn calendar(&self) -> Calendar {
        self.draft.check().unwrap()
    }

    /// An instant so long after the jump.
    fn at(&self, ms: i64) -> Wall {
        Wall(self.jump_ms + ms)
    }
}

/// Up to three spans of a day, by minutes; some touch, some end at midnight.
fn spans() -> impl Strategy<Value = Vec<OpenSpan>> {
    let minutes = btree_set(prop_oneof![0..=1_440_u32, 0..=240_u32, Just(0), Just(1_440)], 0..=6);
    minutes.prop_map(|minutes| {
        let minutes = minutes.into_iter().collect::<Vec<_>>();
        let span = |pair: &[u32]| OpenSpan { from_ms: pair[0] * 60_000, to_ms: pair[1] * 60_000 };
        minutes.chunks_exact(2).map(span).collect()
    })
}

fn special() -> impl Strategy<Value = Special> {
    prop_oneof![
        Just(Special::Holiday),
        Just(Special::Closed),
        proptest::option::of(spans()).prop_map(|hours| Special::MakeUp { hours }),
        spans().prop_map(|hours| Special::Hours { hours }),
    ]
}

fn scene() -> impl Strategy<Value = Scene> {
    let week = vec(spans(), 7).prop_map(|days| Week(days.try_into().unwrap()));
    let special = proptest::collection::btree_map(-20..60_i32, special(), 0..12);
    let works = any::<[bool; 7]>().prop_map(|mut works| {
        works[2] = true;
        works
    });
    (any::<prop::sample::Index>(), week, works, special).prop_map(|(jump, week, works, special)| {
        let (zone, jump_ms) = jump.get(&JUMPS).clone();
        let day = Day::from_number(i32::try_from(jump_ms.div_euclid(DAY_MS)).unwrap());
        let name = String::new;
        let special = special
            .into_iter()
            .map(|(days, what)| SpecialDay { day: day.plus(days), name: name(), what })
            .collect();
        let draft = CalendarDraft {
            week,
            works,
            special,
            ..CalendarDraft::new(&zone, day.plus(-40), day.plus(400))
        };
        Scene { zone, jump_ms, draft }
    })
}

/// Milliseconds from the jump: often close to it, on a minute or not.
fn near_ms() -> impl Strategy<Value = i64> {
    prop_oneof![
        (-180..180_i64).prop_map(|minutes| minutes * MINUTE_MS),
        -3 * HOUR_MS..3 * HOUR_MS,
        (-15 * 24..20 * 24_i64).prop_map(|hours| hours * HOUR_MS),
        -15 * DAY_MS..20 * DAY_MS,
    ]
}

fn unit() -> impl Strategy<Value = Unit> {
    let ends =
        prop_oneof![Just(DayEnd::CloseOfBusiness), Just(DayEnd::Midnight), Just(DayEnd::SameTime)];
    let day_one = prop_oneof![
        Just(DayOne::AfterReceipt),
        Just(DayOne::AfterDeferredReceipt),
        Just(DayOne::AfterReceiptInHours),
        Just(DayOne::Receipt)
    ];
    let natural = prop_oneof![
        Just(NaturalEnd::WorkingDayClose),
        Just(NaturalEnd::WorkingDayMidnight),
        Just(NaturalEnd::Midnight),
        Just(NaturalEnd::SameTime)
    ];
    prop_oneof![
        (day_one, ends).prop_map(|(day_one, ends)| Unit::WorkingDays { day_one, ends }),
        natural.prop_map(|ends| Unit::NaturalDays { ends }),
        Just(Unit::WorkingTime),
        Just(Unit::NaturalTime),
    ]
}

fn limit() -> impl Strategy<Value = TimeLimit> {
    let amount = |unit: Unit| match unit.is_in_days() {
        true => (0..12_u64).boxed(),
        false => prop_oneof![Just(0), 0..40 * HOUR_MS.unsigned_abs(), 0..600_u64].boxed(),
    };
    unit()
        .prop_flat_map(move |unit| amount(unit).prop_map(move |amount| TimeLimit { unit, amount }))
}

/// Pauses that are over, from the jump; some overlap.
fn pauses() -> impl Strategy<Value = Vec<(u8, i64, i64)>> {
    let lasts = prop_oneof![0..2 * HOUR_MS, 0..5 * DAY_MS, Just(0)];
    vec((0..3_u8, near_ms(), lasts), 0..4)
}

fn told(scene: &Scene, pauses: &[(u8, i64, i64)]) -> Pauses {
    let mut told = Pauses::none();
    for &(number, from, lasts) in pauses {
        told.add(reason(number), scene.at(from), scene.at(from + lasts)).unwrap();
    }
    told
}

/// The due instant; none past the horizon.
fn due(clock: Clock<'_>) -> Option<Wall> {
    match clock.due() {
        Ok(due) => Some(due.at),
        Err(DueError::Horizon(HorizonError::Past { .. })) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Whether `a` is not later than `b`, where past the horizon is later than all.
fn in_order(a: Option<Wall>, b: Option<Wall>) -> bool {
    b.is_none() || a.is_some_and(|a| b.is_some_and(|b| a <= b))
}

/// 400 cases, or as many as `PROPTEST_CASES` says; one that fails is printed, and kept beside this file.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let seeds = FileFailurePersistence::WithSource("seeds");
    ProptestConfig {
        cases: cases.unwrap_or(400),
        failure_persistence: Some(Box::new(seeds)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_comes_later_is_due_no_earlier(
        scene in scene(), limit in limit(), a in near_ms(), b in near_ms(), pauses in pauses(),
    ) {
        // By that rule what comes on a Saturday evening counts as received on the Tuesday.
        let is_in_hours =
            matches!(limit.unit, Unit::WorkingDays { day_one: DayOne::AfterReceiptInHours, .. });
        prop_assume!(!is_in_hours);
        // Pauses are held in whole days, which the day or the hour of receipt may cut.
        let is_cut = matches!(
            limit.unit,
            Unit::WorkingDays { day_one: DayOne::Receipt, .. }
                | Unit::WorkingDays { ends: DayEnd::SameTime, .. }
                | Unit::NaturalDays { ends: NaturalEnd::SameTime }
        );
        let pauses = pauses.into_iter().filter(|_| !is_cut);
        let (calendar, pauses) = (&scene.calendar(), &told(&scene, &pauses.collect::<Vec<_>>()));
        let [first, second] = [a.min(b), a.max(b)].map(|ms| {
            due(Clock { limit, calendar, from: scene.at(ms), pauses })
        });
        prop_assert!(in_order(first, second), "{first:?} {second:?}");
        prop_assert!(first.is_none_or(|due| due >= scene.at(a.min(b))));
    }

    #[test]
    fn what_has_more_time_is_due_no_earlier(
        scene in scene(), limit in limit(), more in 0..20_u64, from in near_ms(), pauses in pauses(),
    ) {
        let (calendar, pauses) = (&scene.calendar(), &told(&scene, &pauses));
        let from = scene.at(from);
        let longer = TimeLimit { amount: limit.amount + more, ..limit };
        let [first, second] = [limit, longer].map(|limit| {
            due(Clock { limit, calendar, from, pauses })
        });
        prop_assert!(in_order(first, second), "{first:?} {second:?}");
    }

    #[test]
    fn a_pause_more_makes_nothing_due_earlier(
        scene in scene(), limit in limit(), from in near_ms(), pauses in pauses(),
    ) {
        let (calendar, from) = (&scene.calendar(), scene.at(from));
        let mut before = None::<Option<Wall>>;
        for many in 0..=pauses.len() {
            let pauses = &told(&scene, &pauses[..many]);
            let due = due(Clock { limit, calendar, from, pauses });
            prop_assert!(before.is_none_or(|before| in_order(before, due)), "{before:?} {due:?}");
            before = Some(due);
        }
    }

    #[test]
    fn spent_and_remaining_make_the_limit(
        scene in scene(), limit in limit(), from in near_ms(), pauses in pauses(), now in near_ms(),
    ) {
        let (calendar, pauses) = (&scene.calendar(), &told(&scene, &pauses));
        let clock = Clock { limit, calendar, from: scene.at(from), pauses };
        let amount = i64::try_from(limit.amount).unwrap();
        let check = |now: Wall| {
            let spent = i64::try_from(clock.spent(now).unwrap()).unwrap();
            assert_eq!(spent + clock.remaining(now).unwrap(), amount);
            (spent, clock.lateness(now).unwrap())
        };
        let now = scene.at(now);
        let (spent, late) = check(now);
        // It never runs backwards.
        for more in [1, MINUTE_MS, DAY_MS] {
            prop_assert!(check(Wall(now.0 + more)).0 >= spent);
        }
        if let Some(due) = due(clock).filter(|&due| due.0 < scene.at(380 * DAY_MS).0) {
            prop_assert_eq!(late.is_some(), due < now);
            // All is spent when it is due, and not before, unless the last day is put off.
            prop_assert_eq!(check(due), (amount, None));
            prop_assert!(check(Wall(due.0 + 1)).1.is_some());
            if !limit.unit.is_in_days() && amount > 0 {
                prop_assert_eq!(check(Wall(due.0 - 1)), (amount - 1, None));
            }
        }
    }

    #[test]
    fn so_much_is_spent_or_late_from_the_instant_on_that_is_said(
        scene in scene(), limit in limit(), from in near_ms(), pauses in pauses(),
        open in proptest::option::of(near_ms()), part in 0..25_u64, odd in 0..30 * HOUR_MS,
    ) {
        let (calendar, mut pauses) = (&scene.calendar(), told(&scene, &pauses));
        if let Some(open) = open {
            pauses.pause(reason(9), scene.at(open)).unwrap();
        }
        let clock = Clock { limit, calendar, from: scene.at(from), pauses: &pauses };
        let end = Wall(calendar.ends(calendar.until()).unwrap().0 - 1);
        let check = |when: Result<Due, DueError>, is_true: &dyn Fn(Wall) -> bool| match when {
            Ok(Due { at, .. }) if at > end => assert!(!is_true(end), "not before {at:?}"),
            Ok(Due { at, .. }) => {
                assert!(is_true(at), "not at {at:?}");
                assert!(at == clock.from || !is_true(Wall(at.0 - 1)), "before {at:?}");
            }
            Err(_) => assert!(!is_true(end), "at {end:?}"),
        };
        for amount in [limit.amount * part / 10, odd.unsigned_abs(), part, limit.amount] {
            check(clock.when_spent(amount), &|now| clock.spent(now).unwrap() >= amount);
            check(clock.when_late_by(amount), &|now| clock.lateness(now).unwrap() >= Some(amount));
        }
    }

    #[test]
    fn a_closed_halls_clock_stands_still(
        scene in scene(), amount in 0..40 * HOUR_MS.unsigned_abs(), from in near_ms(), now in near_ms(),
    ) {
        let (calendar, pauses) = (&scene.calendar(), &Pauses::none());
        let limit = TimeLimit::working_time(amount);
        let clock = Clock { limit, calendar, from: scene.at(from), pauses };
        let now = scene.at(now);
        let Ok(opens) = calendar.next_opening(now) else { return Ok(()) };
        prop_assert_eq!(calendar.is_open(now), Ok(opens == now));
        prop_assert_eq!(calendar.working_time_between(now, opens), Ok(0));
        prop_assert_eq!(clock.spent(now), clock.spent(opens));
        prop_assert_eq!(calendar.is_open(opens), Ok(true));
        // And nothing is due while it is closed, unless it came then.
        if let Some(due) = due(clock).filter(|_| amount > 0) {
            prop_assert_eq!(calendar.is_open(Wall(due.0 - 1)), Ok(true));
        }
    }

    #[test]
    fn a_pause_while_the_hall_is_closed_costs_nothing(
        scene in scene(), amount in 0..40 * HOUR_MS.unsigned_abs(), from in near_ms(), at in near_ms(),
    ) {
        let calendar = &scene.calendar();
        let Ok(opens) = calendar.next_opening(scene.at(at)) else { return Ok(()) };
        let mut pauses = Pauses::none();
        pauses.add(reason(0), scene.at(at), opens).unwrap();
        let limit = TimeLimit::working_time(amount);
        let clock = |pauses| due(Clock { limit, calendar, from: scene.at(from), pauses });
        let apart = clock(NONE);
        // One that begins as the limit is over holds it until the hall opens: E45.
        prop_assume!(apart != Some(scene.at(at.max(from))));
        prop_assert_eq!(clock(&pauses), apart);
    }

    #[test]
    fn sums_of_open_time_are_those_of_a_count(scene in scene(), begins in -30..30_i64) {
        let calendar = scene.calendar();
        // Half minutes, because some offsets of the seventies end on one.
        let step_ms = 30 * SECOND_MS;
        let from = scene.at(begins * HOUR_MS / 2).0.div_euclid(step_ms) * step_ms;
        let zone = TimeZoneDatabase::bundled().get(&scene.zone).unwrap();
        let civil_ms = |at_ms: i64| {
            let offset = zone.to_offset(Timestamp::from_millisecond(at_ms).unwrap());
            at_ms + i64::from(offset.seconds()) * SECOND_MS
        };
        // A clock that never goes back, by looking at the wall all the time.
        let mut shown_ms = (1..3_000).map(|n| civil_ms(from - n * step_ms)).max().unwrap();
        let mut open_ms = 0;
        for step in 0..(20 * HOUR_MS / step_ms) {
            let at = Wall(from + step * step_ms);
            shown_ms = shown_ms.max(civil_ms(at.0));
            prop_assert_eq!(calendar.working_time_between(Wall(from), at), Ok(open_ms));
            let is_open = is_open(&scene.draft, shown_ms);
            prop_assert_eq!(calendar.is_open(at), Ok(is_open));
            open_ms += if is_open { step_ms.unsigned_abs() } else { 0 };
        }
    }

    #[test]
    fn a_time_shown_once_is_that_of_the_zone(scene in scene(), at in near_ms()) {
        let calendar = scene.calendar();
        let zone = TimeZoneDatabase::bundled().get(&scene.zone).unwrap();
        let at = Timestamp::from_millisecond(scene.at(at).0).unwrap();
        let civil = zone.to_datetime(at);
        if zone.to_ambiguous_timestamp(civil).is_ambiguous() {
            return Ok(());
        }
        let day = Day::new(civil.year(), civil.month(), civil.day()).unwrap();
        let wall = Wall(at.as_millisecond());
        prop_assert_eq!(calendar.day_of(wall), Ok(day));
        prop_assert_eq!(calendar.instant(day, calendar.time_of_day_ms(wall)), Ok(wall));
        let since = civil.duration_since(civil.date().into()).as_millis();
        prop_assert_eq!(i128::from(calendar.time_of_day_ms(wall)), since);
    }

    #[test]
    fn no_instant_and_no_limit_is_too_odd(
        unit in unit(), amount in odd(), from in odd_ms(), now in odd_ms(), pause in [odd_ms(), odd_ms()],
        day in any::<i32>(), n in any::<u32>(), time in any::<u32>(),
    ) {
        let (calendar, mut pauses) = (&*OFFICE, Pauses::none());
        let (limit, from, now) = (TimeLimit { unit, amount }, Wall(from), Wall(now));
        let _ = pauses.add(reason(0), Wall(pause[0]), Wall(pause[1]));
        let _ = pauses.pause(reason(1), Wall(pause[1]));
        let clock = Clock { limit, calendar, from, pauses: &pauses };
        let _ = (clock.due(), clock.due_if_resumed(now), clock.explain(now));
        let _ = (clock.spent(now), clock.remaining(now), clock.percent(now), clock.lateness(now));
        let day = Day::from_number(day);
        let _ = (calendar.kind(day), calendar.instant(day, time), calendar.nth_working_day(day, n));
        let _ = (calendar.add_natural_days(now, n), calendar.add_working_time(now, amount));
        let _ = (calendar.is_open(now), calendar.next_opening(now), calendar.time_of_day_ms(now));
    }

    #[test]
    fn an_explanation_counts_what_is_spent(
        scene in scene(), limit in limit(), from in near_ms(), pauses in pauses(), now in near_ms(),
    ) {
        let (calendar, pauses) = (&scene.calendar(), &told(&scene, &pauses));
        let clock = Clock { limit, calendar, from: scene.at(from), pauses };
        let now = due(clock).unwrap_or(scene.at(now)).max(scene.at(from));
        let Ok(lines) = clock.explain(now) else { return Ok(()) };
        let counted = lines.iter().map(|line| match line.counts {
            Counts::Day { .. } => 1,
            Counts::Time { ms } => ms,
            _ => 0,
        });
        let last = lines.last().unwrap().day;
        let Ok(spent) = clock.spent(now) else { return Ok(()) };
        // A day that ends now has been spent; the one that begins now is not told of.
        if !limit.unit.is_in_days() || calendar.day_of(now) == Ok(last) {
            prop_assert_eq!(counted.sum::<u64>(), spent, "{:?}", lines);
        }
    }
}

static OFFICE: LazyLock<Calendar> = LazyLock::new(office);

fn odd() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0..10_u64, Just(u64::MAX), 0..100_000_000_000_u64]
}

/// Any instant; more often at the ends of time, and in the years of the office's calendar.
fn odd_ms() -> impl Strategy<Value = i64> {
    let years = at("2023-12-01T00:00").0..at("2028-02-01T00:00").0;
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), years.clone(), years]
}

/// Whether a draft is open at a time on the wall, by reading it.
fn is_open(draft: &CalendarDraft, civil_ms: i64) -> bool {
    let day = Day::from_number(i32::try_from(civil_ms.div_euclid(DAY_MS)).unwrap());
    let time_ms = u32::try_from(civil_ms.rem_euclid(DAY_MS)).unwrap();
    let spans = match draft.special.iter().find(|special| special.day == day).map(|s| &s.what) {
        None => draft.week.on(day.weekday()),
        Some(Special::Holiday | Special::Closed) => &[],
        Some(Special::MakeUp { hours: Some(hours) } | Special::Hours { hours }) => hours,
        Some(Special::MakeUp { hours: None }) => &draft.week.0[0],
    };
    spans.iter().any(|span| (span.from_ms..span.to_ms).contains(&time_ms))
}

/// 8:30 to 12:00 and 14:00 to 17:30, 420 minutes a day, by the notices.
fn office() -> Calendar {
    let day = |text: &str| text.parse().unwrap();
    let spans = [OpenSpan::new((8, 30), (12, 0)), OpenSpan::new((14, 0), (17, 30))];
    let draft = CalendarDraft {
        week: Week::monday_to_friday(&spans),
        ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2027-12-31"))
    };
    STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice).check().unwrap()
}

/// An instant in China.
fn at(text: &str) -> Wall {
    let at: Timestamp = format!("{text}:00+08:00").parse().unwrap();
    Wall(at.as_millisecond())
}

#[track_caller]
fn check(limit: TimeLimit, from: &str, pauses: &[(&str, &str)], expect: &str) {
    let (calendar, mut told) = (&office(), Pauses::none());
    for (number, (begin, end)) in (0..).zip(pauses) {
        told.add(reason(number), at(begin), at(end)).unwrap();
    }
    let due = Clock { limit, calendar, from: at(from), pauses: &told }.due().unwrap();
    assert_eq!(due.at, at(expect), "{limit:?}");
}

const fn minutes(minutes: u64) -> TimeLimit {
    TimeLimit::working_time(minutes * 60_000)
}

// E56
#[test]
fn what_comes_while_the_hall_is_closed_begins_at_its_opening() {
    for from in ["2026-03-06T20:00", "2026-03-07T10:00", "2026-03-09T08:30"] {
        check(minutes(60), from, &[], "2026-03-09T09:30");
        check(minutes(420), from, &[], "2026-03-09T17:30");
        check(minutes(421), from, &[], "2026-03-10T08:31");
    }
    check(minutes(60), "2026-03-06T11:30", &[], "2026-03-06T14:30");
    check(minutes(0), "2026-03-07T10:00", &[], "2026-03-07T10:00");
    // A make-up Sunday has a Monday's hours.
    check(minutes(60), "2026-09-19T10:00", &[], "2026-09-20T09:30");
    check(minutes(60), "2026-09-30T17:00", &[], "2026-10-08T09:00");
}

#[test]
fn rules_say_which_day_is_the_first_and_when_the_last_ends() {
    let rule =
        |day_one, ends, days| TimeLimit { unit: Unit::WorkingDays { day_one, ends }, amount: days };
    let (after, deferred) = (DayOne::AfterReceipt, DayOne::AfterDeferredReceipt);
    let (closing, midnight, same) = (DayEnd::CloseOfBusiness, DayEnd::Midnight, DayEnd::SameTime);
    // Received on a Saturday.
    check(rule(after, closing, 5), "2026-03-07T10:00", &[], "2026-03-13T17:30");
    check(rule(deferred, closing, 5), "2026-03-07T10:00", &[], "2026-03-16T17:30");
    check(rule(after, midnight, 5), "2026-03-07T10:00", &[], "2026-03-14T00:00");
    check(rule(after, same, 5), "2026-03-06T10:00", &[], "2026-03-13T10:00");
    check(rule(after, same, 5), "2026-03-07T10:00", &[], "2026-03-14T00:00");
    check(rule(deferred, same, 5), "2026-03-07T10:00", &[], "2026-03-16T00:00");
    check(rule(DayOne::Receipt, closing, 5), "2026-03-07T10:00", &[], "2026-03-13T17:30");
    check(rule(DayOne::Receipt, closing, 5), "2026-03-09T10:00", &[], "2026-03-13T17:30");
    // On the last minute, and after it.
    check(rule(DayOne::Receipt, closing, 1), "2026-03-09T20:00", &[], "2026-03-09T20:00");
    check(TimeLimit::working_days(1), "2026-03-09T23:59", &[], "2026-03-10T17:30");
    check(TimeLimit::working_days(1), "2026-03-10T00:00", &[], "2026-03-11T17:30");
}

#[test]
fn natural_days_may_end_on_a_working_day_only() {
    let rule = |ends| TimeLimit { unit: Unit::NaturalDays { ends }, amount: 7 };
    check(rule(NaturalEnd::Midnight), "2026-09-24T10:00", &[], "2026-10-02T00:00");
    check(rule(NaturalEnd::WorkingDayMidnight), "2026-09-24T10:00", &[], "2026-10-09T00:00");
    check(rule(NaturalEnd::WorkingDayClose), "2026-09-24T10:00", &[], "2026-10-08T17:30");
    check(TimeLimit::natural_days(7), "2026-09-24T10:00", &[], "2026-10-01T10:00");
    // Put off from a Saturday to the Monday; the clock stands still from the Sunday on.
    let (rule, pause) =
        (rule(NaturalEnd::WorkingDayClose), ("2026-03-08T10:00", "2026-03-11T10:00"));
    check(rule, "2026-02-28T10:00", &[], "2026-03-09T17:30");
    check(rule, "2026-02-28T10:00", &[pause], "2026-03-11T17:30");
    let (calendar, pauses, from) = (&office(), &Pauses::none(), at("2026-02-28T10:00"));
    let clock = Clock { limit: rule, calendar, from, pauses };
    let late = |now: &str| clock.lateness(at(now)).unwrap();
    assert_eq!(late("2026-03-09T17:30"), None);
    assert_eq!((late("2026-03-09T18:00"), late("2026-03-10T09:00")), (Some(0), Some(1)));
    let mut pauses = Pauses::none();
    pauses.add(reason(0), at(pause.0), at(pause.1)).unwrap();
    let clock = Clock { limit: rule, calendar, from, pauses: &pauses };
    assert_eq!(clock.lateness(at("2026-03-12T09:00")), Ok(Some(1)));
    let two_hours = TimeLimit::natural_time(7_200_000);
    check(
        two_hours,
        "2026-10-01T23:00",
        &[("2026-10-01T23:30", "2026-10-02T00:00")],
        "2026-10-02T01:30",
    );
}

// E45, E47, E48, E49
#[test]
fn pauses_hold_the_clock_while_it_would_run() {
    let from = "2026-03-06T16:30";
    let hour = minutes(60);
    check(hour, from, &[], "2026-03-06T17:30");
    // Over a weekend, and a very short one.
    check(hour, from, &[("2026-03-06T17:00", "2026-03-09T08:30")], "2026-03-09T09:00");
    check(hour, from, &[("2026-03-06T17:00", "2026-03-06T17:01")], "2026-03-09T08:31");
    let overlapping =
        [("2026-03-06T16:40", "2026-03-06T17:00"), ("2026-03-06T16:50", "2026-03-06T17:10")];
    check(hour, from, &overlapping, "2026-03-09T09:00");
    // Exactly at the due instant it holds, after it no more.
    check(hour, from, &[("2026-03-06T17:30", "2026-03-09T09:00")], "2026-03-09T09:00");
    check(hour, from, &[("2026-03-06T17:31", "2026-03-09T09:00")], "2026-03-06T17:30");
    let (two_days, from_monday) = (TimeLimit::working_days(2), "2026-03-09T09:00");
    let exactly = [("2026-03-11T17:30", "2026-03-13T09:00")];
    check(two_days, from_monday, &exactly, "2026-03-13T17:30");
    check(two_days, from_monday, &[("2026-03-11T17:31", "2026-03-13T09:00")], "2026-03-11T17:30");
    // Before the clock began.
    check(hour, from, &[("2026-03-01T09:00", "2026-03-06T16:40")], "2026-03-09T08:40");
    check(hour, from, &[("2026-03-01T09:00", "2026-03-06T16:30")], "2026-03-06T17:30");
}

// E44, E46
#[test]
fn a_pause_after_the_due_instant_freezes_the_lateness() {
    let (calendar, mut pauses) = (&office(), Pauses::none());
    let (limit, from) = (minutes(60), at("2026-03-09T09:00"));
    pauses.pause(reason(0), at("2026-03-09T10:30")).unwrap();
    let clock = Clock { limit, calendar, from, pauses: &pauses };
    let late = |now: &str| clock.lateness(at(now)).unwrap().map(|ms| ms / 60_000);
    assert_eq!(clock.due().unwrap().at, at("2026-03-09T10:00"));
    assert_eq!(late("2026-03-09T10:00"), None);
    assert_eq!(late("2026-03-09T10:01"), Some(1));
    for now in ["2026-03-09T10:30", "2026-03-09T11:00", "2026-03-20T10:00"] {
        assert_eq!((late(now), clock.percent(at(now))), (Some(30), Ok(150)));
    }
}

#[test]
fn a_pause_from_the_end_of_the_last_day_on_holds_what_is_spent() {
    let (calendar, mut pauses) = (&office(), Pauses::none());
    let limit = TimeLimit { unit: Unit::NaturalDays { ends: NaturalEnd::Midnight }, amount: 1 };
    let (from, ends) = (at("2026-03-09T09:00"), at("2026-03-11T00:00"));
    let nows = ["2026-03-10T23:59", "2026-03-11T00:00", "2026-03-11T00:01", "2026-03-11T23:00"];
    let nows = nows.into_iter().chain(["2026-03-12T12:00", "2026-03-13T23:59", "2026-03-14T00:00"]);
    let spent = |pauses: &Pauses| {
        let clock = Clock { limit, calendar, from, pauses };
        nows.clone().map(|now| clock.spent(at(now)).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(spent(&pauses), [1, 1, 2, 2, 3, 4, 5]);
    pauses.pause(reason(0), ends).unwrap();
    assert_eq!(spent(&pauses), [1; 7]);
    let clock = Clock { limit, calendar, from, pauses: &pauses };
    assert_eq!(clock.when_spent(2), Err(DueError::Paused { since: ends }));
    // It ran again on the 13th, which is the last day now; the day after is the first too late.
    pauses.resume(reason(0), at("2026-03-13T11:00")).unwrap();
    assert_eq!(spent(&pauses), [1; 7]);
    let clock = Clock { limit, calendar, from, pauses: &pauses };
    assert_eq!(clock.due().unwrap().at, at("2026-03-14T00:00"));
    assert_eq!(clock.when_spent(2).unwrap().at, Wall(at("2026-03-14T00:00").0 + 1));
    assert_eq!(clock.when_late_by(1), clock.when_spent(2));
    assert_eq!(clock.spent(at("2026-03-14T00:01")), Ok(2));
    // Over within its first day, it held nothing.
    let mut pauses = Pauses::none();
    pauses.add(reason(0), ends, at("2026-03-11T18:00")).unwrap();
    assert_eq!(spent(&pauses), [1, 1, 2, 2, 3, 4, 5]);
}

#[test]
fn a_clock_that_stands_still_has_no_due_instant_yet() {
    let (calendar, mut pauses) = (&office(), Pauses::none());
    let (limit, from) = (TimeLimit::working_days(2), at("2026-03-09T09:00"));
    pauses.pause(reason(0), at("2026-03-10T10:00")).unwrap();
    let clock = Clock { limit, calendar, from, pauses: &pauses };
    assert_eq!(clock.due(), Err(DueError::Paused { since: at("2026-03-10T10:00") }));
    let resumed = clock.due_if_resumed(at("2026-03-12T10:00")).unwrap();
    assert_eq!(resumed.at, at("2026-03-13T17:30"));
    assert_eq!(clock.lateness(at("2026-03-20T10:00")), Ok(None));
    assert_eq!(clock.remaining(at("2026-03-20T10:00")), Ok(1));
    // It held at the due instant, and not a moment later.
    for (since, is_held) in [("2026-03-11T17:30", true), ("2026-03-11T17:31", false)] {
        let mut pauses = Pauses::none();
        pauses.pause(reason(0), at(since)).unwrap();
        let due = Clock { limit, calendar, from, pauses: &pauses }.due();
        assert_eq!(due.is_err(), is_held, "{since}");
    }
    // E50: told late that it was over long ago.
    pauses.resume(reason(0), at("2026-03-10T11:00")).unwrap();
    let clock = Clock { limit, calendar, from, pauses: &pauses };
    assert_eq!(clock.due().unwrap().at, at("2026-03-11T17:30"));
    assert_eq!(clock.lateness(at("2026-03-13T10:00")), Ok(Some(2)));
}

#[test]
fn an_explanation_names_holidays_make_up_days_and_pauses() {
    let (calendar, mut pauses) = (&office(), Pauses::none());
    pauses.add(reason(3), at("2026-02-25T10:00"), at("2026-02-26T10:00")).unwrap();
    let (limit, from) = (TimeLimit::working_days(5), at("2026-02-13T10:00"));
    let clock = Clock { limit, calendar, from, pauses: &pauses };
    let due = clock.due().unwrap().at;
    assert_eq!(due, at("2026-02-28T17:30"));
    let told = clock.explain(due).unwrap().into_iter().map(|line| {
        let counts = match line.counts {
            Counts::Day { number } => number.to_string(),
            Counts::Paused { reasons } => {
                format!("pause {}", reasons.iter().next().unwrap().number())
            }
            other => format!("{other:?}"),
        };
        let day = line.day.to_string();
        format!("{} {counts} {}", &day[5..], line.name.unwrap_or("-"))
    });
    let mut expect = vec!["02-13 Receipt -".to_owned(), "02-14 1 春节".to_owned()];
    expect.extend((15..=23).map(|day| format!("02-{day} Closed 春节")));
    expect.extend(["02-24 2 -", "02-25 3 -", "02-26 pause 3 -", "02-27 4 -"].map(str::to_owned));
    expect.push("02-28 5 春节".to_owned());
    assert_eq!(told.collect::<Vec<_>>(), expect);
}

// E55
#[test]
fn past_the_horizon_there_is_no_answer_but_an_error() {
    let (calendar, pauses) = (&office(), &Pauses::none());
    let until = calendar.until();
    let past = Err(DueError::Horizon(HorizonError::Past { until }));
    for limit in [
        TimeLimit::working_days(600),
        TimeLimit::natural_days(4_000_000_000),
        TimeLimit::working_time(u64::MAX),
    ] {
        let clock = Clock { limit, calendar, from: at("2026-03-09T09:00"), pauses };
        assert_eq!(clock.due(), past, "{limit:?}");
        assert_eq!(clock.lateness(at("2027-12-31T12:00")), Ok(None));
    }
    let (limit, from) = (TimeLimit::working_days(1), at("2023-12-31T23:59"));
    let before = HorizonError::Before { from: calendar.from() };
    let clock = Clock { limit, calendar, from, pauses };
    assert_eq!(clock.due(), Err(DueError::Horizon(before)));
    assert_eq!(clock.spent(at("2024-03-01T10:00")), Err(before));
    for wall in [Wall(i64::MIN), Wall(i64::MAX)] {
        assert!(calendar.day_of(wall).is_err() && calendar.next_opening(wall).is_err());
    }
}
