//! What does a due instant cost, and what does it cost to know what comes next for an order?
//!
//! The unit is one due instant, or one order. Outside the timed part: compiling the calendar,
//! choosing the instants. Limits of 20 and 120 working days, from 1,024 instants of a year, with no
//! pause or with three, by the notices of the State Council. Baseline: the loop one would write
//! first, day after day, with the holidays in a hash set, with jiff and with chrono. All three give
//! the same days.

use std::{collections::HashSet, hint::black_box};

use chrono::Datelike;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use qiangdan::{
    Action, CalendarId, ClockRules, Colour, LimitId, RoleId, ServiceId, Wall,
    calendar::{Calendar, CalendarDraft, Day, DayKind, OpenSpan, STATE_COUNCIL, Week},
    limit::{
        Book, Clock, Fact, LimitRule, LimitStage, Milestone, Moment, PauseReason, Pauses, Reasons,
        StageAt, TimeLimit, What,
    },
};

const HOUR_MS: i64 = 3_600_000;

fn calendar() -> Calendar {
    let day = |text: &str| text.parse::<Day>().expect("it is a day");
    let spans = [OpenSpan::new((9, 0), (12, 0)), OpenSpan::new((13, 30), (17, 0))];
    let draft = CalendarDraft {
        week: Week::monday_to_friday(&spans),
        ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2030-12-31"))
    };
    STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice).check().expect("it is right")
}

/// Instants of 2025 in opening hours, in no order.
fn instants(calendar: &Calendar) -> Vec<Wall> {
    let first = "2025-01-02".parse::<Day>().expect("it is a day");
    let at =
        |n: i32| calendar.instant(first.plus(n * 37 % 360), 36_000_000).expect("it is in 2025");
    (0..1_024).map(at).collect()
}

/// Three pauses of some days.
fn pauses(from: Wall) -> Pauses {
    let reason = PauseReason::new(0).expect("there is a first reason");
    let mut pauses = Pauses::none();
    for (begins, lasts) in [(30, 50), (100, 20), (190, 80)] {
        let begins = from.0 + begins * HOUR_MS;
        pauses.add(reason, Wall(begins), Wall(begins + lasts * HOUR_MS)).expect("it is forwards");
    }
    pauses
}

/// Days off that are weekdays, and days worked that are not.
fn specials(calendar: &Calendar) -> (HashSet<Day>, HashSet<Day>) {
    let days = (calendar.from().number()..=calendar.until().number()).map(Day::from_number);
    let of = |is: fn(&DayKind<'_>) -> bool| {
        days.clone().filter(|&day| is(&calendar.kind(day).expect("it is in it"))).collect()
    };
    (
        of(|kind| matches!(kind, DayKind::Holiday { .. })),
        of(|kind| matches!(kind, DayKind::MakeUp { .. })),
    )
}

/// Day after day with jiff.
struct WithJiff {
    off: HashSet<jiff::civil::Date>,
    worked: HashSet<jiff::civil::Date>,
    zone: jiff::tz::TimeZone,
}

impl WithJiff {
    fn new(calendar: &Calendar) -> Self {
        let (off, worked) = specials(calendar);
        let date = |day: Day| day.to_string().parse::<jiff::civil::Date>().expect("it is a day");
        let zones = jiff::tz::TimeZoneDatabase::bundled();
        Self {
            off: off.into_iter().map(date).collect(),
            worked: worked.into_iter().map(date).collect(),
            zone: zones.get("Asia/Shanghai").expect("it is bundled"),
        }
    }

    fn date(&self, at: Wall) -> jiff::civil::Date {
        let at = jiff::Timestamp::from_millisecond(at.0).expect("it is in our time");
        self.zone.to_datetime(at).date()
    }

    fn due(&self, days: u32, from: Wall, pauses: &[(Wall, Wall)]) -> Wall {
        let pauses = pauses.iter().map(|pause| (self.date(pause.0), self.date(pause.1)));
        let pauses = pauses.collect::<Vec<_>>();
        let (mut day, mut counted) = (self.date(from), 0);
        while counted < days {
            day = day.tomorrow().expect("it is in our time");
            let is_weekend = day.weekday().to_monday_one_offset() > 5;
            let is_working = self.worked.contains(&day) || !is_weekend && !self.off.contains(&day);
            let is_paused = pauses.iter().any(|&(from, until)| from < day && day <= until);
            counted += u32::from(is_working && !is_paused);
        }
        let closes = self.zone.to_timestamp(day.at(17, 0, 0, 0)).expect("it is in our time");
        Wall(closes.as_millisecond())
    }
}

/// Day after day with chrono, which is spared the zone: China keeps one offset.
struct WithChrono {
    off: HashSet<chrono::NaiveDate>,
    worked: HashSet<chrono::NaiveDate>,
}

impl WithChrono {
    fn new(calendar: &Calendar) -> Self {
        let (off, worked) = specials(calendar);
        let date = |day: Day| day.to_string().parse::<chrono::NaiveDate>().expect("it is a day");
        Self {
            off: off.into_iter().map(date).collect(),
            worked: worked.into_iter().map(date).collect(),
        }
    }

    fn date(at: Wall) -> chrono::NaiveDate {
        let local = chrono::DateTime::from_timestamp_millis(at.0 + 8 * HOUR_MS);
        local.expect("it is in our time").date_naive()
    }

    fn due(&self, days: u32, from: Wall, pauses: &[(Wall, Wall)]) -> Wall {
        let pauses = pauses.iter().map(|pause| (Self::date(pause.0), Self::date(pause.1)));
        let pauses = pauses.collect::<Vec<_>>();
        let (mut day, mut counted) = (Self::date(from), 0);
        while counted < days {
            day = day.succ_opt().expect("it is in our time");
            let is_weekend = day.weekday().number_from_monday() > 5;
            let is_working = self.worked.contains(&day) || !is_weekend && !self.off.contains(&day);
            let is_paused = pauses.iter().any(|&(from, until)| from < day && day <= until);
            counted += u32::from(is_working && !is_paused);
        }
        let closes = day.and_hms_opt(17, 0, 0).expect("it is a time").and_utc();
        Wall(closes.timestamp_millis() - 8 * HOUR_MS)
    }
}

fn due(criterion: &mut Criterion) {
    let calendar = &calendar();
    let (jiff, chrono) = (WithJiff::new(calendar), WithChrono::new(calendar));
    let instants = instants(calendar);
    let paused = instants.iter().map(|&from| (from, pauses(from))).collect::<Vec<_>>();
    let apart = instants.iter().map(|&from| (from, Pauses::none())).collect::<Vec<_>>();
    for (name, orders) in [("no pause", apart), ("three pauses", paused)] {
        let clock = |(from, pauses): &'_ (Wall, Pauses), limit: TimeLimit| {
            let due = Clock { limit, calendar, from: *from, pauses }.due();
            due.expect("it is in the horizon").at
        };
        for days in [20, 120] {
            let limit = TimeLimit::working_days(days);
            for order in &orders {
                let due = clock(order, limit);
                assert_eq!(jiff.due(days, order.0, order.1.over()), due, "jiff");
                assert_eq!(chrono.due(days, order.0, order.1.over()), due, "chrono");
            }
            let mut group = criterion.benchmark_group(format!("due/{days} days, {name}"));
            group.throughput(Throughput::Elements(1));
            let mut row = |name: &str, due: &dyn Fn(&(Wall, Pauses)) -> Wall| {
                let mut order = orders.iter().cycle();
                group.bench_function(name, |bencher| {
                    bencher.iter(|| due(black_box(order.next().expect("it goes on for ever"))));
                });
            };
            let time = TimeLimit::working_time(u64::from(days) * 23_400_000);
            row("working days", &|order| clock(order, limit));
            row("working time", &|order| clock(order, time));
            row("day by day, jiff", &|order| jiff.due(days, order.0, order.1.over()));
            row("day by day, chrono", &|order| chrono.due(days, order.0, order.1.over()));
            group.finish();
        }
    }
}

/// A promise and two more, each with three stages.
fn rules(calendar: Calendar) -> ClockRules {
    let stage = |at, action| LimitStage { at, actions: vec![action], again: None, silence: None };
    let limit = |lasts, to| LimitRule {
        from: Moment::Reached(Milestone::SUBMITTED),
        to: vec![Moment::Reached(to)],
        lasts,
        calendar: CalendarId(0),
        pauses: Reasons::default(),
        restarts: Reasons::default(),
        extends_by: 0,
        stages: vec![
            stage(StageAt::Spent(5_000), Action::Notify { role: RoleId(0) }),
            stage(StageAt::Spent(9_000), Action::Show { colour: Colour::Amber }),
            stage(StageAt::Past(0), Action::Show { colour: Colour::Red }),
        ],
        expiry: None,
    };
    let limits = vec![
        limit(TimeLimit::working_time(HOUR_MS.unsigned_abs()), Milestone::GRABBED),
        limit(TimeLimit::working_days(5), Milestone::CLOSED),
        limit(TimeLimit::working_days(20), Milestone::CLOSED),
    ];
    let of_services = (0..3).map(|limit| (ServiceId(0), LimitId(limit))).collect();
    ClockRules { calendars: vec![calendar], limits, of_services, ..ClockRules::default() }
}

fn next(criterion: &mut Criterion) {
    let rules = rules(calendar());
    let book = Book::new(&rules, 1);
    let what = What::Reached { milestone: Milestone::SUBMITTED, amount: 0 };
    let orders = instants(&rules.calendars[0]).into_iter().map(|at| [Fact { at, what }]);
    let orders = orders.collect::<Vec<_>>();
    let mut group = criterion.benchmark_group("next/three clocks");
    group.throughput(Throughput::Elements(1));
    let mut order = orders.iter().cycle();
    group.bench_function("one fact", |bencher| {
        bencher.iter(|| {
            let facts = black_box(order.next().expect("it goes on for ever"));
            book.read(ServiceId(0), facts, &rules.calendars[..]).next()
        });
    });
    group.finish();
}

criterion_group! {
    name = all;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = due, next
}
criterion_main!(all);
