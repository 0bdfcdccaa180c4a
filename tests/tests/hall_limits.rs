//! Limits as hall files say them, against deadlines that were recorded or worked out by hand.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{collections::BTreeMap, fs, fs::File, path::Path, path::PathBuf};

use flate2::read::GzDecoder;
use qiangdan::{
    Wall,
    hall::Hall,
    limit::{Book, Clock, ClockState, Fact, Milestone, PauseReason, Pauses, What},
};
use qiangdan_tests::data;
use serde_json::Value;

fn hall(name: &str) -> Hall {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/halls").join(name);
    let text = fs::read_to_string(path).unwrap();
    Hall::parse(name, &text).unwrap_or_else(|invalid| panic!("{invalid}")).hall
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
    let file = GzDecoder::new(File::open(path).unwrap());
    csv::Reader::from_reader(file).deserialize().map(Result::unwrap).collect()
}

/// The clock that the file's only limit of a service starts.
fn clock<'a>(hall: &'a Hall, service: &str, from: Wall, pauses: &'a Pauses) -> Option<Clock<'a>> {
    let service = hall.services().iter().find(|of| of.key == service)?;
    let &[limit] = &service.limits[..] else { panic!("{} has one limit", service.key) };
    let (rule, calendar) = hall.rule_of(&hall.limits()[limit]).unwrap();
    Some(Clock { limit: rule.lasts, calendar, from, pauses })
}

#[test]
fn boston_is_due_when_its_system_said() {
    let Some(path) = data::recorded("boston311_2011q3/orders.csv.gz") else { return };
    let hall = hall("boston.toml");
    let table = data::recorded("boston311_2011q3/rule_due.csv.gz").unwrap();
    let expected = json(data::recorded("boston311_2011q3/expected.json").unwrap());
    let mut rule_due = rows(table)
        .into_iter()
        .map(|row| (row["order_id"].clone(), wall(&row["rule_due_at"])))
        .collect::<BTreeMap<_, _>>();
    let pauses = Pauses::none();
    let (mut exact, mut near, mut closed, mut same_flag) = (0_u32, 0_u32, 0_u32, 0_u32);
    let (mut in_time, mut late) = (0_u32, 0_u32);
    for row in rows(path) {
        let at = |column: &str| Some(&row[column]).filter(|s| !s.is_empty()).map(|s| wall(s));
        let (recorded, ended) = (at("deadline_at"), at("ended_at"));
        if let Some(due) = recorded {
            let is_in_time = ended.is_some_and(|ended| ended <= due);
            *(if is_in_time { &mut in_time } else { &mut late }) += 1;
        }
        let clock = clock(&hall, &row["service"], wall(&row["arrived_at"]), &pauses);
        let Some(expect) = rule_due.remove(&row["order_id"]) else { continue };
        let clock = clock.unwrap_or_else(|| panic!("no limit for {row:?}"));
        let due = clock.due().unwrap();
        assert_eq!((due.at, due.is_provisional), (expect, false), "{row:?}");
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
    assert_eq!((&Value::from(exact), &Value::from(near)), (&rule["checked"], &rule["within_600s"]));
    assert!(f64::from(near) / f64::from(exact) >= 0.994);
    let flags = &expected["on_time_recomputed_of_with_deadline"];
    assert_eq!((&Value::from(in_time), &Value::from(late)), (&flags["ONTIME"], &flags["OVERDUE"]));
    // By the rule instead of the deadlines, of which some were edited by hand.
    assert_eq!((same_flag, closed), (24_920, 24_971));
}

#[test]
fn dutch_permits_keep_their_hour_over_summer_time() {
    let Some(path) = data::recorded("wabo_receipt/events.csv.gz") else { return };
    let hall = hall("wabo.toml");
    let expected = json(data::recorded("wabo_receipt/expected.json").unwrap());
    let mut cases = BTreeMap::new();
    for row in rows(path) {
        let case = (row["case:startdate"].clone(), row["case:deadline"].clone());
        cases.insert(row["case:concept:name"].clone(), case);
    }
    let pauses = Pauses::none();
    let mut counts = BTreeMap::new();
    for (start, deadline) in cases.values().filter(|(_, deadline)| !deadline.is_empty()) {
        for service in ["ordinary", "long"] {
            let (from, recorded) = (wall(start), wall(deadline));
            let clock = clock(&hall, service, from, &pauses).unwrap();
            let due = clock.due().unwrap().at;
            // Deadlines were stamped up to 20 ms before the start.
            if due.0.abs_diff(recorded.0) <= 20 {
                let days_ms = i64::try_from(clock.limit.amount).unwrap() * 86_400_000;
                *counts.entry((service, due.0 - from.0 != days_ms)).or_insert(0_u32) += 1;
            }
        }
    }
    let count = |service, moved| counts.get(&(service, moved)).copied().unwrap_or(0);
    let deadline = &expected["deadline"];
    let ordinary = count("ordinary", true) + count("ordinary", false);
    assert_eq!(ordinary, deadline["wall_clock_days_exactly_56"]);
    assert_eq!(count("ordinary", true), deadline["crossing_a_dst_change_among_wall_56"]);
    let long = count("long", true) + count("long", false);
    assert_eq!(long, deadline["wall_clock_days_exactly_98"]);
}

/// An order's history in words, and how a limit of its service stands at its end.
struct Told<'h> {
    hall: &'h Hall,
    facts: Vec<Fact>,
}

impl<'h> Told<'h> {
    fn new(hall: &'h Hall) -> Self {
        Self { hall, facts: Vec::new() }
    }

    fn tell(mut self, at: &str, what: &str) -> Self {
        let number = |list: &[qiangdan::hall::Named], key: &str| {
            u8::try_from(list.iter().position(|named| named.key == key).unwrap()).unwrap()
        };
        let reason = |key: &str| PauseReason::new(number(self.hall.pauses(), key)).unwrap();
        let what = match what.split_once(' ') {
            Some(("paused", key)) => What::Paused { reason: reason(key), amount: 0 },
            Some(("resumed", key)) => What::Resumed { reason: reason(key) },
            _ => {
                let milestone = Milestone(number(self.hall.milestones(), what));
                What::Reached { milestone, amount: 0 }
            }
        };
        self.facts.push(Fact { at: wall(&format!("{at}:00+08:00")), what });
        self
    }

    #[track_caller]
    fn check(&self, service: &str, limit: &str, state: Option<&str>, due: &str) {
        let hall = self.hall;
        let book = Book::new(hall.clocks(), hall.services().len());
        let service = hall.services().iter().find(|of| of.key == service).unwrap();
        let id = hall.limits().iter().find(|of| of.key == limit).unwrap().id.unwrap();
        let clocks = book.read(service.id, &self.facts, &hall.clocks().calendars[..]);
        let now = self.facts.last().unwrap().at;
        let clock = clocks.of(id, now).unwrap_or_else(|| panic!("{limit} has not begun"));
        assert_eq!(clock.due.unwrap().at, wall(&format!("{due}:00+08:00")), "{limit}");
        let shown = match clock.state {
            ClockState::Running => Some("running"),
            ClockState::Met { .. } => Some("met"),
            ClockState::Missed { .. } => Some("missed"),
            _ => None,
        };
        assert_eq!(shown, state, "{limit}");
    }
}

#[test]
fn what_is_told_of_an_order_starts_and_stops_the_limits_of_the_file() {
    let hall = hall("permits.toml");
    // A permit, with a supplement before acceptance and a hearing after it.
    let permit = Told::new(&hall).tell("2026-03-02T10:00", "submitted");
    permit.check("permit", "acceptance", Some("running"), "2026-03-09T17:00");
    let permit = permit
        .tell("2026-03-04T10:00", "paused supplement")
        .tell("2026-03-10T10:00", "resumed supplement");
    permit.check("permit", "acceptance", Some("running"), "2026-03-17T17:00");
    permit.check("permit", "supplement", Some("met"), "2026-03-18T17:00");
    let permit = permit.tell("2026-03-11T09:00", "accepted");
    permit.check("permit", "acceptance", Some("met"), "2026-03-17T17:00");
    permit.check("permit", "decision", Some("running"), "2026-04-09T17:00");
    permit.check("permit", "promise", Some("running"), "2026-03-20T17:00");
    let permit = permit
        .tell("2026-03-12T09:00", "paused hearing")
        .tell("2026-03-19T09:00", "resumed hearing");
    permit.check("permit", "decision", Some("running"), "2026-04-16T17:00");
    permit.check("permit", "hearing-itself", Some("met"), "2026-04-10T17:00");
    let permit = permit.tell("2026-04-17T09:00", "decided");
    permit.check("permit", "decision", Some("missed"), "2026-04-16T17:00");
    permit.check("permit", "delivery", Some("running"), "2026-05-06T17:00");

    // The three ways to treat a supplement: it was not started above; here it begins anew, and is held.
    let request = Told::new(&hall)
        .tell("2026-03-02T10:00", "submitted")
        .tell("2026-03-05T00:00", "paused correction")
        .tell("2026-03-12T09:00", "resumed correction");
    request.check("disclosure", "disclosure-answer", Some("running"), "2026-04-10T17:00");
    let complaint = Told::new(&hall)
        .tell("2026-03-02T10:00", "submitted")
        .tell("2026-03-05T00:00", "paused supplement")
        .tell("2026-03-12T09:00", "resumed supplement");
    let held = "2026-04-21T17:00";
    complaint.check("procurement-complaint", "procurement-decision", Some("running"), held);
}

/// What the fragments of hall files in the documents leave unsaid.
const UNSAID: [(&str, &str); 7] = [
    (
        "schema",
        "schema = 1\nhall = { id = \"h\", name = \"h\", timezone = \"Asia/Shanghai\", calendar = \"hall\" }\n",
    ),
    ("[pools", "[pools]\nfront = \"窗口\"\n"),
    ("[roles", "[roles]\nlead = \"值班长\"\n"),
    ("[services", "[services.case]\npool = \"front\"\ntakes = \"10 min\"\n"),
    (
        "[calendars",
        "[calendars.hall]\nweekly = { mon-fri = [\"09:00-12:00\", \"13:30-17:00\"] }\n\
         notices = [\"state council\"]\n",
    ),
    (
        "[milestones",
        "[milestones]\nreceived = \"收件\"\naccepted = \"受理\"\ndecided = \"决定\"\n\
         signed = \"签收\"\nreviewed = \"审查完毕\"\ndelivered = \"送达\"\nwith-gaps = \"容缺\"\n\
         papers = \"补齐\"\ninspected = \"核查\"\nrated = \"评价\"\nrated-bad = \"差评\"\n\
         contacted = \"联系\"\nreplied = \"答复\"\ndispatched = \"派单\"\ncalled-back = \"回访\"\n",
    ),
    (
        "[pauses",
        "[pauses]\nhearing = \"听证\"\nappraisal = \"鉴定\"\nexperts = \"专家评审\"\n\
         supplement = \"补正\"\nspecial = \"特别程序\"\nreview-supplement = \"过程补正\"\n\
         held = \"挂起\"\n",
    ),
];

/// Fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let after = text.split(&fence).skip(1);
    after.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_hall_files_in_the_documents_are_right() {
    let read = |name: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name))
            .unwrap()
    };
    let english = blocks(&read("limits.md"), "toml");
    assert_eq!(english, blocks(&read("limits.zh-CN.md"), "toml"), "the two languages differ");
    assert_eq!(english.len(), 4);
    for fragment in &english {
        let unsaid = UNSAID.iter().filter(|(section, _)| !fragment.contains(section));
        let text = unsaid.map(|(_, text)| *text).chain([fragment.as_str()]).collect::<String>();
        let checked = Hall::parse("limits.md", &text);
        let checked = checked.unwrap_or_else(|invalid| panic!("{invalid}\n{fragment}"));
        // The services that would be under them are not part of a fragment.
        let odd = |code| code != qiangdan::hall::Code::Unused;
        assert!(checked.warnings.iter().all(|warning| !odd(warning.code)), "{fragment}");
    }
    // The clocks of a hall, one after another.
    assert_eq!(english[3].matches("\n[limits.").count(), 22);
}
