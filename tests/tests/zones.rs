//! The laws of clocks at the jumps of every time zone, one after another: a few hundred of them in each
//! run, and every one with `QIANGDAN_DEEP=1`. (`limits.rs` throws dice for scenes around such jumps.)

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use qiangdan::{
    Wall,
    calendar::{Calendar, CalendarDraft, Day, HorizonError, OpenSpan, Special, SpecialDay, Week},
    limit::{Clock, DayEnd, DayOne, DueError, NaturalEnd, PauseReason, Pauses, TimeLimit, Unit},
};

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A zone and one of its jumps.
struct Jump {
    name: String,
    zone: TimeZone,
    at_ms: i64,
}

/// Every jump of every zone from 1970 to 2037, the zones in the order of their names.
fn jumps() -> Vec<Jump> {
    let zones = TimeZoneDatabase::bundled();
    let year =
        |year: i16| TimeZone::UTC.to_timestamp(jiff::civil::date(year, 2, 1).into()).unwrap();
    let mut names = zones.available().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    names.sort_unstable();
    let mut jumps = Vec::new();
    for name in names {
        let zone = zones.get(&name).unwrap();
        let instants = zone.following(year(1970)).map(|jump| jump.timestamp());
        for at in instants.take_while(|&at| at < year(2037)) {
            let at_ms = at.as_millisecond();
            jumps.push(Jump { name: name.clone(), zone: zone.clone(), at_ms });
        }
    }
    jumps
}

/// Open at night, when clocks are set, and by day; the day after the jump is a holiday, and the fifth
/// one has hours of its own.
fn draft(jump: &Jump) -> CalendarDraft {
    let day = Day::from_number(i32::try_from(jump.at_ms.div_euclid(DAY_MS)).unwrap());
    let span = OpenSpan::new;
    let hours = vec![span((0, 0), (2, 30)), span((3, 0), (3, 15)), span((9, 0), (17, 0))];
    let evening = vec![span((18, 0), (24, 0))];
    let special = |days, what| SpecialDay { day: day.plus(days), name: String::new(), what };
    let week = std::array::from_fn(|day| if day == 5 { evening.clone() } else { hours.clone() });
    CalendarDraft {
        week: Week(week),
        special: vec![
            special(1, Special::Holiday),
            special(5, Special::Hours { hours: evening.clone() }),
        ],
        ..CalendarDraft::new(&jump.name, day.plus(-12), day.plus(60))
    }
}

/// Whether a draft is open at a time on the wall, by reading it.
fn is_open(draft: &CalendarDraft, civil_ms: i64) -> bool {
    let day = Day::from_number(i32::try_from(civil_ms.div_euclid(DAY_MS)).unwrap());
    let time_ms = u32::try_from(civil_ms.rem_euclid(DAY_MS)).unwrap();
    let spans = match draft.special.iter().find(|special| special.day == day).map(|s| &s.what) {
        Some(Special::Hours { hours }) => hours,
        Some(_) => return false,
        None => draft.week.on(day.weekday()),
    };
    spans.iter().any(|span| (span.from_ms..span.to_ms).contains(&time_ms))
}

fn limits() -> Vec<TimeLimit> {
    let in_working_days = |day_one, ends| Unit::WorkingDays { day_one, ends };
    let in_days = [
        in_working_days(DayOne::AfterReceipt, DayEnd::CloseOfBusiness),
        in_working_days(DayOne::AfterDeferredReceipt, DayEnd::Midnight),
        in_working_days(DayOne::AfterReceiptInHours, DayEnd::SameTime),
        in_working_days(DayOne::Receipt, DayEnd::CloseOfBusiness),
        Unit::NaturalDays { ends: NaturalEnd::SameTime },
        Unit::NaturalDays { ends: NaturalEnd::WorkingDayClose },
        Unit::NaturalDays { ends: NaturalEnd::Midnight },
    ];
    let days = in_days.into_iter().flat_map(|unit| [1, 5].map(|amount| TimeLimit { unit, amount }));
    let times = [20 * MINUTE_MS, 3 * HOUR_MS, 30 * HOUR_MS].map(i64::unsigned_abs);
    let times =
        times.into_iter().flat_map(|ms| [TimeLimit::working_time(ms), TimeLimit::natural_time(ms)]);
    days.chain(times).collect()
}

/// When clocks begin, from the jump.
const BEGIN: [i64; 9] = [
    -30 * HOUR_MS,
    -2 * HOUR_MS,
    -MINUTE_MS,
    -1,
    0,
    1,
    30 * MINUTE_MS,
    90 * MINUTE_MS,
    25 * HOUR_MS,
];

fn due(clock: Clock<'_>) -> Wall {
    match clock.due() {
        Ok(due) => due.at,
        Err(DueError::Horizon(HorizonError::Past { .. })) => Wall(i64::MAX),
        Err(error) => panic!("{error}"),
    }
}

/// Whether what comes later is due no earlier, as far as days are not cut by the hour of receipt.
fn is_monotone(unit: Unit) -> bool {
    !matches!(unit, Unit::WorkingDays { day_one: DayOne::AfterReceiptInHours, .. })
}

fn check_limit(limit: TimeLimit, calendar: &Calendar, jump: &Jump) {
    let at = |ms: i64| Wall(jump.at_ms + ms);
    let none = Pauses::none();
    let mut before = Wall(i64::MIN);
    for begins in BEGIN {
        let about = || format!("{} at {} from {begins}: {limit:?}", jump.name, jump.at_ms);
        let clock = Clock { limit, calendar, from: at(begins), pauses: &none };
        let ends = due(clock);
        assert!(ends >= at(begins) && (!is_monotone(limit.unit) || before <= ends), "{}", about());
        before = ends;
        let longer = TimeLimit { amount: limit.amount + 1, ..limit };
        assert!(ends <= due(Clock { limit: longer, ..clock }), "{}", about());
        // Pauses over the jump, before it, after it, and in all of them.
        let mut pauses = Pauses::none();
        let mut held = ends;
        for (from, until) in [(-HOUR_MS, HOUR_MS), (-5 * HOUR_MS, -4 * HOUR_MS), (0, 50 * HOUR_MS)]
        {
            pauses.add(PauseReason::new(1).unwrap(), at(from), at(until)).unwrap();
            let later = due(Clock { pauses: &pauses, ..clock });
            assert!(held <= later, "a pause made it earlier: {}", about());
            held = later;
        }
        for pauses in [&none, &pauses] {
            let clock = Clock { pauses, ..clock };
            let mut spent_before = 0;
            for now in BEGIN {
                let spent = clock.spent(at(now)).unwrap();
                let amount = i64::try_from(limit.amount).unwrap();
                let whole = i64::try_from(spent).unwrap() + clock.remaining(at(now)).unwrap();
                assert_eq!(whole, amount, "{}", about());
                assert!(spent >= spent_before, "it ran backwards: {}", about());
                spent_before = spent;
                let opens = calendar.next_opening(at(now)).unwrap();
                if limit.unit == Unit::WorkingTime {
                    assert_eq!(
                        clock.spent(opens).unwrap(),
                        spent,
                        "it ran while closed: {}",
                        about()
                    );
                }
            }
        }
    }
}

/// Sums of open time against a look at the wall every half minute, because some offsets of the seventies
/// end on one.
fn check_sums(draft: &CalendarDraft, calendar: &Calendar, jump: &Jump) {
    let step_ms = 30 * SECOND_MS;
    let civil_ms = |at_ms: i64| {
        let offset = jump.zone.to_offset(Timestamp::from_millisecond(at_ms).unwrap());
        at_ms + i64::from(offset.seconds()) * SECOND_MS
    };
    let from_ms = jump.at_ms.div_euclid(step_ms) * step_ms - 3 * HOUR_MS;
    // A clock that never goes back, by looking at the wall for a day before.
    let mut shown_ms = (1..2_880).map(|n| civil_ms(from_ms - n * step_ms)).max().unwrap();
    let mut open_ms = 0;
    for at_ms in (0..6 * HOUR_MS / step_ms).map(|step| from_ms + step * step_ms) {
        let (from, at) = (Wall(from_ms), Wall(at_ms));
        shown_ms = shown_ms.max(civil_ms(at_ms));
        let counted = calendar.working_time_between(from, at);
        assert_eq!(counted, Ok(open_ms), "{} at {}", jump.name, jump.at_ms);
        open_ms += if is_open(draft, shown_ms) { step_ms.unsigned_abs() } else { 0 };
    }
}

#[test]
fn the_laws_hold_at_the_jumps_of_every_zone() {
    let (jumps, limits) = (jumps(), limits());
    let zones = jumps.iter().map(|jump| &jump.name).collect::<std::collections::BTreeSet<_>>();
    assert!(zones.len() > 400 && jumps.len() > 20_000, "{} {}", zones.len(), jumps.len());
    let is_deep = std::env::var_os("QIANGDAN_DEEP").is_some();
    // A number without common parts with anything of a calendar.
    let step = if is_deep { 1 } else { jumps.len() / 307 };
    for jump in jumps.iter().step_by(step) {
        let draft = draft(jump);
        let calendar = draft.check().unwrap();
        check_sums(&draft, &calendar, jump);
        for &limit in &limits {
            check_limit(limit, &calendar, jump);
        }
    }
}
