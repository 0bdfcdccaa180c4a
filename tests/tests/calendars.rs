//! Working days and due dates against exact answers: the law by hand, the State Council's notices, two
//! cities' recorded deadlines.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{collections::BTreeMap, fs::File, path::PathBuf};

use flate2::read::GzDecoder;
use qiangdan::{
    Wall,
    calendar::{
        Calendar, CalendarDraft, Day, DayKind, OpenSpan, Published, STATE_COUNCIL, Special,
        SpecialDay, Week, Weekday,
    },
    limit::{Clock, Counts, DayEnd, DayOne, PauseReason, Pauses, TimeLimit, Unit},
};
use qiangdan_tests::data;
use serde_json::Value;

const HOUR_MS: u32 = 3_600_000;

fn day(text: &str) -> Day {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn wall(text: &str) -> Wall {
    let at: jiff::Timestamp = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    Wall(at.as_millisecond())
}

fn json(path: PathBuf) -> Value {
    serde_json::from_reader(File::open(path).unwrap()).unwrap()
}

/// Rows of a table as columns by name.
fn rows(path: PathBuf) -> Vec<BTreeMap<String, String>> {
    let is_packed = path.extension().is_some_and(|ending| ending == "gz");
    let file = File::open(path).unwrap();
    if is_packed {
        csv::Reader::from_reader(GzDecoder::new(file)).deserialize().map(Result::unwrap).collect()
    } else {
        csv::Reader::from_reader(file).deserialize().map(Result::unwrap).collect()
    }
}

fn office_hours() -> Week {
    let spans = [OpenSpan::new((8, 30), (12, 0)), OpenSpan::new((14, 0), (17, 30))];
    Week::monday_to_friday(&spans)
}

/// Working days by the notices 2024 to 2026, and not yet published ones after them.
fn notices() -> Calendar {
    let draft = CalendarDraft {
        week: office_hours(),
        ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2028-12-31"))
    };
    STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice).check().unwrap()
}

/// Working days 2004 to 2026, and every special day by its date.
fn recorded() -> Option<(Calendar, BTreeMap<Day, bool>)> {
    let mut draft = CalendarDraft {
        week: office_hours(),
        published: Some(Published { from: day("2004-01-01"), until: day("2026-12-31") }),
        ..CalendarDraft::new("Asia/Shanghai", day("2004-01-01"), day("2026-12-31"))
    };
    let mut special = BTreeMap::new();
    for row in rows(data::recorded("cn_calendar/special_days.csv")?) {
        let is_worked = row["kind"] == "workday";
        let what = if is_worked { Special::MakeUp { hours: None } } else { Special::Holiday };
        draft.holidays.push(SpecialDay { day: day(&row["date"]), name: row["name"].clone(), what });
        special.insert(day(&row["date"]), is_worked);
    }
    Some((draft.check().unwrap(), special))
}

fn days(from: Day, until: Day) -> impl Iterator<Item = Day> {
    (from.number()..=until.number()).map(Day::from_number)
}

#[test]
fn every_working_day_from_2004_to_2026_is_known() {
    let Some((calendar, special)) = recorded() else { return };
    let mut by_year = BTreeMap::<String, u32>::new();
    for day in days(calendar.from(), calendar.until()) {
        let expect = special.get(&day).copied().unwrap_or(day.weekday() < Weekday::Saturday);
        assert_eq!(calendar.is_working_day(day), Ok(expect), "{day}");
        *by_year.entry(day.to_string()[..4].to_owned()).or_default() += u32::from(expect);
        let opens = calendar.open_spans(day).unwrap().count();
        assert_eq!(opens, if expect { 2 } else { 0 }, "{day}");
    }
    let expected = json(data::recorded("cn_calendar/expected.json").unwrap());
    for (year, expect) in expected["workdays_per_year"].as_object().unwrap() {
        assert_eq!(by_year[year], *expect, "{year}");
    }
}

#[test]
fn a_thousand_due_dates_are_the_recorded_ones() {
    let Some((calendar, _)) = recorded() else { return };
    let vectors = rows(data::recorded("cn_calendar/vectors.csv").unwrap());
    assert_eq!(vectors.len(), 1_000);
    for row in vectors {
        let (received, due) = (day(&row["received_date"]), day(&row["due_date"]));
        let n = row["working_days"].parse().unwrap();
        assert_eq!(calendar.nth_working_day(received, n), Ok(due), "{row:?}");
        let elapsed = row["elapsed_working_days"].parse();
        assert_eq!(calendar.working_days_between(received, due), Ok(elapsed.unwrap()), "{row:?}");
        for hour in [0, 10, 20] {
            let from = calendar.instant(received, hour * HOUR_MS).unwrap();
            let at = calendar.add_working_days(from, n).unwrap().at;
            assert_eq!(Ok(at), calendar.closes(due), "{row:?}");
            let (limit, pauses) = (TimeLimit::working_days(n), &Pauses::none());
            let clock = Clock { limit, calendar: &calendar, from, pauses };
            assert_eq!(clock.due().unwrap().at, at, "{row:?}");
            assert_eq!(clock.spent(at), Ok(u64::from(n)), "{row:?}");
        }
    }
}

#[test]
fn the_notices_are_those_of_the_state_council() {
    let Some(path) = data::cases("holidays_cn.json") else { return };
    let (expected, calendar) = (json(path), notices());
    let mut compared = 0;
    for notice in &STATE_COUNCIL {
        let year = &expected["years"][notice.year().to_string()];
        let said = year["notice"].as_str().unwrap();
        assert!(notice.source().contains(said), "{}", notice.source());
        assert!(
            notice.source().ends_with(&format!("({})", year["notice_dated"].as_str().unwrap()))
        );
        let list = |key: &str| {
            let days = year[key].as_array().unwrap().iter();
            days.map(|text| day(text.as_str().unwrap())).collect::<Vec<_>>()
        };
        let (off, make_up) = (list("off_days"), list("makeup_workdays"));
        let mut per_month = vec![0_u32; 12];
        for day in days(notice.first_day(), notice.last_day()) {
            let kind = calendar.kind(day).unwrap();
            assert_eq!(matches!(kind, DayKind::Holiday { .. }), off.contains(&day), "{day}");
            assert_eq!(matches!(kind, DayKind::MakeUp { .. }), make_up.contains(&day), "{day}");
            let is_working = calendar.is_working_day(day).unwrap();
            let is_weekday = day.weekday() < Weekday::Saturday && !off.contains(&day);
            assert_eq!(is_working, is_weekday || make_up.contains(&day), "{day}");
            let (_, month, _) = day.year_month_day().unwrap();
            per_month[usize::try_from(month).unwrap() - 1] += u32::from(is_working);
            compared += 1;
        }
        assert_eq!(serde_json::json!(per_month), year["workdays_per_month"], "{}", notice.year());
        assert_eq!(per_month.iter().sum::<u32>(), year["workday_count"]);
        for holiday in year["holidays"].as_array().unwrap() {
            let name = holiday["name_zh"].as_str().unwrap();
            let text = |value: &Value| day(value.as_str().unwrap());
            for day in days(text(&holiday["from"]), text(&holiday["to"])) {
                assert_eq!(calendar.name(day), Some(name), "{day}");
            }
            for day in holiday["makeup_workdays"].as_array().unwrap().iter().map(text) {
                assert_eq!(calendar.kind(day), Ok(DayKind::MakeUp { name }), "{day}");
            }
        }
    }
    assert_eq!(compared, 1_096);
}

#[test]
fn the_law_worked_out_by_hand_gives_the_same_days() {
    let Some(path) = data::cases("deadline_vectors.json") else { return };
    let (expected, calendar) = (json(path), notices());
    let text = |value: &Value| day(value.as_str().unwrap());
    let mut compared = 0;
    for case in ["deadlines", "paused"].iter().flat_map(|key| expected[key].as_array().unwrap()) {
        let n = u32::try_from(case["workdays"].as_u64().unwrap()).unwrap();
        // Days are counted whole, so the hours of receipt and of pauses make no difference.
        for (received, begin, end) in [(0, 0, 0), (10, 11, 15), (9, 23, 1), (23, 8, 23)] {
            let at = |day: Day, hour: u32| calendar.instant(day, hour * HOUR_MS).unwrap();
            let mut pauses = Pauses::none();
            for (number, pause) in (0..).zip(case["pauses"].as_array().into_iter().flatten()) {
                let (from, until) = (at(text(&pause[0]), begin), at(text(&pause[1]), end));
                pauses.add(PauseReason::new(number).unwrap(), from, until.max(from)).unwrap();
            }
            let from = at(text(&case["start"]), received);
            let limit = TimeLimit::working_days(n);
            let clock = Clock { limit, calendar: &calendar, from, pauses: &pauses };
            let due = clock.due().unwrap();
            assert_eq!(calendar.day_of(due.at), Ok(text(&case["due"])), "{case}");
            assert!(due.at == from || Ok(due.at) == calendar.closes(text(&case["due"])), "{case}");
            assert_eq!(clock.remaining(due.at), Ok(0), "{case}");
            let lines = clock.explain(due.at).unwrap();
            let counted = lines.iter().filter(|line| matches!(line.counts, Counts::Day { .. }));
            assert_eq!(counted.count(), usize::try_from(n).unwrap(), "{case}");
        }
        compared += 1;
    }
    assert_eq!(compared, 23);
}

#[test]
fn a_due_date_past_the_last_notice_is_provisional() {
    let calendar = notices();
    let due = |received: &str, n: u32| {
        let received = calendar.instant(day(received), 10 * HOUR_MS).unwrap();
        let due = calendar.add_working_days(received, n).unwrap();
        (calendar.day_of(due.at).unwrap().to_string(), due.is_provisional)
    };
    assert_eq!(due("2026-11-23", 20), ("2026-12-21".to_owned(), false));
    assert_eq!(due("2026-11-23", 28), ("2026-12-31".to_owned(), false));
    assert_eq!(due("2026-11-23", 29), ("2027-01-01".to_owned(), true));
    assert_eq!(due("2026-11-23", 45), ("2027-01-25".to_owned(), true));
}

/// The rule of Boston's system in 2011, found in its deadlines.
fn boston_clock<'a>(
    calendar: &'a Calendar,
    (kind, n): (&str, u32),
    arrived: Wall,
    pauses: &'a Pauses,
) -> Clock<'a> {
    if kind == "cal" {
        return Clock { limit: TimeLimit::natural_days(n), calendar, from: arrived, pauses };
    }
    let arrived_on = calendar.day_of(arrived).unwrap();
    let mut day = calendar.working_day_from(arrived_on).unwrap();
    let mut time_ms = calendar.time_of_day_ms(arrived);
    if time_ms >= 17 * HOUR_MS {
        day = calendar.nth_working_day(day, 1).unwrap();
        time_ms = 8 * HOUR_MS + HOUR_MS / 2;
    }
    let from = calendar.instant(day, time_ms).unwrap();
    let unit = Unit::WorkingDays { day_one: DayOne::AfterReceipt, ends: DayEnd::SameTime };
    Clock { limit: TimeLimit { unit, amount: n.into() }, calendar, from, pauses }
}

#[test]
fn boston_is_due_when_its_system_said() {
    let Some(path) = data::recorded("boston311_2011q3/orders.csv.gz") else { return };
    let table = |file: &str| rows(data::recorded(&format!("boston311_2011q3/{file}")).unwrap());
    let expected = json(data::recorded("boston311_2011q3/expected.json").unwrap());
    // The system skipped no holidays, so none can come.
    let draft = CalendarDraft::new("America/New_York", day("2011-01-01"), day("2020-12-31"));
    let calendar = draft.check().unwrap();
    let services = table("services.csv").into_iter().filter(|row| !row["limit_kind"].is_empty());
    let rules = services
        .map(|row| (row["service"].clone(), (row["limit_kind"].clone(), row["limit_days"].parse())))
        .collect::<BTreeMap<_, _>>();
    let mut rule_due = table("rule_due.csv.gz")
        .into_iter()
        .map(|row| (row["order_id"].clone(), wall(&row["rule_due_at"])))
        .collect::<BTreeMap<_, _>>();
    let pauses = Pauses::none();
    let (mut exact, mut near, mut in_time, mut late) = (0_u32, 0_u32, 0_u32, 0_u32);
    let (mut closed, mut same_flag) = (0_u32, 0_u32);
    for row in rows(path) {
        let at = |column: &str| Some(&row[column]).filter(|s| !s.is_empty()).map(|s| wall(s));
        let (arrived, recorded, ended) =
            (wall(&row["arrived_at"]), at("deadline_at"), at("ended_at"));
        if let Some(due) = recorded {
            let is_in_time = ended.is_some_and(|ended| ended <= due);
            *(if is_in_time { &mut in_time } else { &mut late }) += 1;
            let flag = if is_in_time { "ONTIME" } else { "OVERDUE" };
            assert!(row["on_time"].is_empty() || row["on_time"] == flag, "{row:?}");
        }
        let Some(expect) = rule_due.remove(&row["order_id"]) else { continue };
        let (kind, days) = &rules[&row["service"]];
        let clock = boston_clock(&calendar, (kind, days.clone().unwrap()), arrived, &pauses);
        let due = clock.due().unwrap();
        assert_eq!(due.at, expect, "{row:?}");
        assert!(!due.is_provisional);
        exact += 1;
        near +=
            u32::from(recorded.is_some_and(|recorded| due.at.0.abs_diff(recorded.0) <= 600_000));
        if let Some(ended) = ended.filter(|_| !row["on_time"].is_empty()) {
            let is_late = clock.lateness(ended).unwrap().is_some();
            closed += 1;
            same_flag += u32::from(is_late == (row["on_time"] == "OVERDUE"));
        }
    }
    assert!(rule_due.is_empty());
    let rule = &expected["deadline_rule"];
    assert_eq!((exact, near), (26_683, 26_549));
    assert_eq!(
        (Value::from(exact), Value::from(near)),
        (rule["checked"].clone(), rule["within_600s"].clone())
    );
    assert!(f64::from(near) / f64::from(exact) >= 0.994);
    let on_time = &expected["on_time_recomputed_of_with_deadline"];
    assert_eq!(in_time, on_time["ONTIME"]);
    assert_eq!(late, on_time["OVERDUE"]);
    // Orders that were closed, by the rule: some recorded deadlines were edited by hand, and their flags
    // follow them.
    assert_eq!((same_flag, closed), (24_920, 24_971));
}

#[test]
fn dutch_permits_keep_their_hour_over_summer_time() {
    let Some(path) = data::recorded("wabo_receipt/events.csv.gz") else { return };
    let expected = json(data::recorded("wabo_receipt/expected.json").unwrap());
    let draft = CalendarDraft::new("Europe/Amsterdam", day("2009-01-01"), day("2013-12-31"));
    let calendar = draft.check().unwrap();
    let mut cases = BTreeMap::new();
    for row in rows(path) {
        let case = (row["case:startdate"].clone(), row["case:deadline"].clone());
        cases.insert(row["case:concept:name"].clone(), case);
    }
    assert_eq!(cases.len(), expected["cases"]);
    cases.retain(|_, (_, deadline)| !deadline.is_empty());
    let mut counts = BTreeMap::new();
    for (start, deadline) in cases.values() {
        for days in [56, 98] {
            let (from, recorded) = (wall(start), wall(deadline));
            let pauses = Pauses::none();
            let limit = TimeLimit::natural_days(days);
            let due = Clock { limit, calendar: &calendar, from, pauses: &pauses }.due().unwrap();
            assert_eq!(Ok(due.at), calendar.add_natural_days(from, days));
            // Deadlines were stamped up to 20 ms before the start.
            if due.at.0.abs_diff(recorded.0) <= 20 {
                let is_moved = due.at.0 - from.0 != i64::from(days) * 24 * i64::from(HOUR_MS);
                *counts.entry((days, is_moved)).or_insert(0_u32) += 1;
            }
        }
    }
    let count = |days, is_moved| counts.get(&(days, is_moved)).copied().unwrap_or(0);
    let deadline = &expected["deadline"];
    assert_eq!(count(56, true) + count(56, false), deadline["wall_clock_days_exactly_56"]);
    assert_eq!(count(56, true), deadline["crossing_a_dst_change_among_wall_56"]);
    assert_eq!(count(98, true) + count(98, false), deadline["wall_clock_days_exactly_98"]);
}
