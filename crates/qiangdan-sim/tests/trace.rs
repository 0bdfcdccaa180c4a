//! Recorded data and samples of the format, read as their descriptions say.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
#![expect(clippy::print_stderr, reason = "a skipped test must be heard")]

use proptest::prelude::*;
use qiangdan_sim::trace::{
    Columns, Mistakes, Outcome, Reading, Sidecar, Strictness, Trace, TraceCode, TraceError,
};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// A file of the recorded data, which is not part of this repository.
fn data(path: &str) -> Option<PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").into();
    let folder = std::env::var_os("QIANGDAN_DATA").map_or_else(beside, PathBuf::from);
    let path = folder.join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set QIANGDAN_DATA to the folder", path.display());
    None
}

fn json(path: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(data(path)?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn strict(text: &str) -> Result<Trace, Mistakes> {
    Trace::parse("orders.csv", text.as_bytes(), &Sidecar::default(), &Reading::default())
}

fn lenient() -> Reading {
    Reading { strictness: Strictness::Lenient, ..Reading::default() }
}

/// An order by names instead of numbers: id, service, priority, arrival, the times after it, outcome,
/// resource, length of service.
type Plain<'a> =
    (&'a str, &'a str, i32, i64, [Option<i64>; 3], Outcome, Option<&'a str>, Option<u64>);

fn plain(trace: &Trace) -> Vec<Plain<'_>> {
    let plain = trace.orders.iter().map(|order| {
        (
            trace.id(order),
            trace.services[order.service as usize].as_str(),
            order.priority,
            order.arrived_ms,
            [order.assigned_ms, order.started_ms, order.ended_ms],
            order.outcome,
            order.resource.map(|at| trace.resources[at as usize].as_str()),
            order.service_ms,
        )
    });
    plain.collect()
}

#[test]
fn bad_rows_are_refused_each_for_its_reason() {
    let (Some(path), Some(expected)) =
        (data("format_samples/bad_rows.csv"), json("format_samples/bad_rows.expected.json"))
    else {
        return;
    };
    let error = Trace::open(&path, &Reading::default()).unwrap_err();
    let TraceError::Mistakes(mistakes) = error else { panic!("{error}") };
    let found: Vec<_> = mistakes.list.iter().map(|m| (m.line, m.code.to_string())).collect();
    let rows = expected.as_array().unwrap().iter();
    let (good, bad): (Vec<_>, Vec<_>) = rows
        .map(|row| (row["line"].as_u64().unwrap(), row["verdict"].as_str().unwrap().to_owned()))
        .partition(|(_, verdict)| verdict.starts_with("ok"));
    assert_eq!(found, bad);
    assert_eq!(mistakes.more, 0);

    let trace = Trace::open(&path, &lenient()).unwrap();
    assert_eq!(trace.orders.len(), good.len());
    assert_eq!(trace.skipped_rows.values().sum::<u64>(), bad.len() as u64);
    assert_eq!(trace.mistakes, mistakes);
    let last = trace.orders.last().unwrap();
    assert_eq!((trace.id(last), last.priority, last.arrived_ms % 1000), ("K13", -1, 250));
    assert_eq!(trace.services[last.service as usize], "P,\"S\"");
}

#[test]
fn wide_and_narrow_rows_of_the_same_calls_give_the_same_orders() {
    let Some(path) = data("format_samples/orders_full.csv") else { return };
    let full = Trace::open(&path, &Reading::default()).unwrap();
    let min = Trace::open(path.with_file_name("orders_min.csv"), &Reading::default()).unwrap();
    assert_eq!(full.orders.len(), 12);
    assert_eq!(
        (full.name.as_str(), full.zone.as_deref()),
        ("format samples", Some("Asia/Jerusalem"))
    );
    // The sidecar speaks of the other file only.
    assert_eq!((min.name.as_str(), min.zone.as_deref()), ("orders_min.csv", None));
    assert_eq!(full.orders.len(), min.orders.len());
    for (full, min) in plain(&full).into_iter().zip(plain(&min)) {
        let (id, service, _, arrived, times, outcome, ..) = full;
        assert_eq!((id, service, 0, arrived, times, outcome, None, None), min);
    }
}

#[test]
fn the_walk_in_halls_are_read_without_a_mistake() {
    let (Some(path), Some(expected)) =
        (data("warsaw_halls/orders.csv.gz"), json("warsaw_halls/expected.json"))
    else {
        return;
    };
    let trace = Trace::open(&path, &Reading::default()).unwrap();
    let count = |key: &str| usize::try_from(expected[key].as_u64().unwrap()).unwrap();
    assert_eq!(trace.orders.len(), count("tickets"));
    assert_eq!(trace.outcomes()[&Outcome::Called], count("tickets_called"));
    assert_eq!(trace.outcomes()[&Outcome::Open], count("tickets") - count("tickets_called"));
    assert_eq!(trace.halls.len(), count("offices"));
    assert_eq!(
        (trace.name.as_str(), trace.zone.as_deref()),
        ("warsaw_halls", Some("Europe/Warsaw"))
    );

    let mut waits: Vec<_> = trace.orders.iter().filter_map(|order| order.wait_ms()).collect();
    waits.sort_unstable();
    let over_ten_minutes = waits.iter().filter(|&&wait_ms| wait_ms > 600_000).count();
    assert_eq!(over_ten_minutes as u64, expected["over_600s"]["estimate"].as_u64().unwrap());
    for (percent, key) in [(50, "p50"), (75, "p75"), (90, "p90"), (95, "p95"), (99, "p99")] {
        let rank = (waits.len() * percent).div_ceil(100);
        let expected_s = expected["wait_est_s"][key].as_u64().unwrap();
        assert_eq!(waits[rank - 1], expected_s * 1000, "{key}");
    }
}

#[test]
fn the_bank_calls_are_read_without_a_mistake() {
    let (Some(path), Some(expected)) =
        (data("bank_calls_1999_02/orders.csv.gz"), json("bank_calls_1999_02/expected.json"))
    else {
        return;
    };
    let columns = Columns::Keep(vec!["outcome".into(), "customer".into()]);
    let trace = Trace::open(&path, &Reading { columns, ..Reading::default() }).unwrap();
    assert_eq!(trace.orders.len() as u64, expected["rows"].as_u64().unwrap());
    assert_eq!(trace.resources.len() as u64, expected["resources"].as_u64().unwrap());
    let customers = trace.attributes[1].texts.iter().filter(|text| !text.is_empty()).count();
    assert_eq!(customers as u64, expected["customers"].as_u64().unwrap());

    let expected_of = |key: &str, name: &str| expected[key][name].as_u64().unwrap();
    let words = &trace.attributes[0];
    for (at, word) in words.texts.iter().enumerate() {
        let n = words.values.iter().filter(|&&value| value as usize == at).count() as u64;
        assert_eq!(n, expected_of("outcome", word), "{word}");
    }
    let outcomes = trace.outcomes();
    assert_eq!(outcomes[&Outcome::Served] as u64, expected_of("outcome", "served"));
    assert_eq!(outcomes[&Outcome::Abandoned] as u64, expected_of("outcome", "abandoned_queue"));
    let ignored = expected_of("outcome", "abandoned_ivr") + expected_of("outcome", "phantom");
    assert_eq!(outcomes[&Outcome::Ignored] as u64, ignored);
    for (at, service) in trace.services.iter().enumerate() {
        let n = trace.orders.iter().filter(|order| order.service as usize == at).count() as u64;
        assert_eq!(n, expected_of("service", service), "{service}");
    }
    for priority in 0..3 {
        let n = trace.orders.iter().filter(|order| order.priority == priority).count() as u64;
        assert_eq!(n, expected_of("priority", &priority.to_string()));
    }
    assert!(trace.orders.iter().all(|order| order.service_ms.is_some()));
    let by_arrival = trace.by_arrival();
    assert_eq!(by_arrival.len(), trace.orders.len());
    assert!(by_arrival.is_sorted_by_key(|&at| (trace.orders[at].arrived_ms, at)));
    let instant_ms = |at: usize| {
        let text = expected["span"][at].as_str().unwrap();
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    };
    assert_eq!(trace.span_ms().unwrap().0, instant_ms(0));
    assert_eq!(trace.orders.iter().filter_map(|order| order.ended_ms).max(), Some(instant_ms(1)));
}

#[test]
fn the_city_requests_are_read_without_a_mistake() {
    let (Some(path), Some(expected)) =
        (data("boston311_2011q3/orders.csv.gz"), json("boston311_2011q3/expected.json"))
    else {
        return;
    };
    let trace = Trace::open(&path, &Reading::default()).unwrap();
    let count = |key: &str| usize::try_from(expected[key].as_u64().unwrap()).unwrap();
    assert_eq!(trace.orders.len(), count("rows"));
    assert_eq!(trace.outcomes()[&Outcome::Closed], count("closed"));
    assert_eq!(trace.outcomes()[&Outcome::Open], count("open"));
    let with_deadline = trace.orders.iter().filter(|order| order.deadline_ms.is_some()).count();
    assert_eq!(with_deadline, count("with_deadline"));
}

const GOOD: &str = "order_id,service,arrived_at,note\nA,s,2025-01-01T00:00:00Z,\"x, \"\"y\"\"\"\n\
                    B,s,2025-01-01T00:00:01Z,\"two\nlines\"\nC,s,2025-01-01T00:00:01Z,\n";

#[test]
fn line_ends_byte_order_mark_quotes_and_blank_lines_change_nothing() {
    let keep = Reading { columns: Columns::Keep(vec!["note".into()]), ..Reading::default() };
    let read =
        |text: &str| Trace::parse("a.csv", text.as_bytes(), &Sidecar::default(), &keep).unwrap();
    let good = read(GOOD);
    assert_eq!(good.orders.len(), 3);
    assert_eq!(good.attributes[0].texts, ["x, \"y\"", "two\nlines", ""]);
    assert_eq!(read(&format!("\u{feff}{GOOD}")), good);
    assert_eq!(read(&GOOD.replace("\nB", "\r\n\r\nB").replace("\nC", "\r\nC")), good);
    assert_eq!(read(GOOD.trim_end()), good);
    assert_eq!(read(&GOOD.replace("order_id", "\"order_id\"")), good);
}

#[track_caller]
fn check_mistakes(text: &str, expected: &[&str]) {
    let mistakes = strict(text).unwrap_err();
    let found: Vec<_> = mistakes.list.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_mistake_says_where_what_and_what_was_expected() {
    let header = "order_id,service,arrived_at,started_at,ended_at,outcome\r\n";
    check_mistakes(
        &format!(
            "{header}甲1,护照,2025-01-01T08:00:10Z,2025-01-01T08:00:05Z,,served\r\n\r\n\
             乙,s,2025-01-01T08:00:10Z,,,gone\r\n\
             ,\"s\n\",x,,,served\r\n"
        ),
        &[
            "orders.csv:2:28: started_at 2025-01-01T08:00:05Z is before arrived_at \
             2025-01-01T08:00:10Z, expected arrived ≤ assigned ≤ started ≤ ended",
            "orders.csv:4:28: outcome is \"gone\", expected served, called, closed, abandoned, \
             cancelled, rejected, open or ignored",
            "orders.csv:5:1: order_id is empty, expected 1 to 64 bytes",
            "orders.csv:6:3: arrived_at is \"x\": not a time, expected YYYY-MM-DDTHH:MM:SS±HH:MM",
        ],
    );
    check_mistakes(
        &format!("{header}A,s,2025-01-01T08:00:10Z,,,called\r\nA,s,2025-01-01T08:00:10Z,,,open"),
        &[
            "orders.csv:2:26: started_at is \"\" and the outcome called, expected a time",
            "orders.csv:3:1: order_id \"A\" is already on line 2, expected it once",
        ],
    );
    check_mistakes("", &["orders.csv:1:1: the file is empty, expected a header"]);
    check_mistakes(
        "order_id,arrived_at,order_id\n",
        &[
            "orders.csv:1:1: there is no column service",
            "orders.csv:1:21: order_id is also column 1, expected it once",
        ],
    );
}

#[test]
fn a_quote_that_is_never_closed_does_not_swallow_the_rest_unseen() {
    let text = GOOD.replace("lines\"", "lines");
    let mistakes = strict(&text).unwrap_err();
    assert_eq!(mistakes.list[0].code, TraceCode::UnclosedQuote);
    let trace = Trace::parse("a", text.as_bytes(), &Sidecar::default(), &lenient()).unwrap();
    assert_eq!((trace.orders.len(), trace.id(&trace.orders[0])), (1, "A"));
}

#[test]
fn only_the_first_thousand_mistakes_are_listed() {
    let mut text = "order_id,service,arrived_at\n".to_owned();
    for i in 0..1_234 {
        writeln!(text, "{i},s,never").unwrap();
    }
    let mistakes = strict(&text).unwrap_err();
    assert_eq!((mistakes.list.len(), mistakes.more), (1_000, 234));
    assert!(mistakes.to_string().ends_with("\nand 234 more"));
}

#[test]
fn a_sidecar_settles_times_without_an_offset_words_and_columns() {
    let sidecar = r#"{"tz": "America/New_York", "outcomes": {"gone": "abandoned"},
                      "columns": {"ticket": "order_id"}}"#;
    let sidecar = Sidecar::parse("trace.json", sidecar).unwrap();
    let text = "ticket,service,arrived_at,outcome\n1,s,2011-11-06T01:30:00,gone\n\
                2,s,2011-03-13 02:30:00,open\n3,s,2011-07-01T12:00:00,\n";
    let trace = Trace::parse("a", text.as_bytes(), &sidecar, &Reading::default()).unwrap();
    assert_eq!((trace.ambiguous_times, trace.missing_times), (1, 1));
    assert_eq!(trace.orders[0].arrived_ms, 1_320_557_400_000); // 01:30 at −4 h.
    assert_eq!(trace.orders[1].arrived_ms, 1_300_001_400_000); // 03:30 at −4 h.
    assert_eq!(trace.orders[0].outcome, Outcome::Abandoned);
}

#[test]
fn a_packed_file_is_read_with_the_sidecar_beside_it() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("packed");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |file: &str, bytes: &[u8]| std::fs::write(folder.join(file), bytes).unwrap();
    let mut packer = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    packer.write_all(GOOD.replace("Z,", ",").as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    write("orders.csv.gz", &packed);
    write("cut.csv.gz", &packed[..packed.len() - 9]);
    write("other.csv", GOOD.as_bytes());
    write("trace.json", br#"{"name": "x", "tz": "Asia/Shanghai", "orders": "orders.csv.gz"}"#);

    let open = |file: &str| Trace::open(folder.join(file), &Reading::default());
    let (packed, plain) = (open("orders.csv.gz").unwrap(), open("other.csv").unwrap());
    assert_eq!((packed.name.as_str(), packed.zone.as_deref()), ("x", Some("Asia/Shanghai")));
    assert_eq!((plain.name.as_str(), plain.zone.as_deref()), ("other.csv", None));
    let behind_ms = plain.orders[0].arrived_ms - packed.orders[0].arrived_ms;
    assert_eq!(behind_ms, 8 * 3_600_000);
    for file in ["cut.csv.gz", "not-there.csv"] {
        assert!(matches!(open(file), Err(TraceError::Unreadable { .. })), "{file}");
    }
}

/// What a row of the round trip is written from.
#[derive(Clone, Debug)]
struct Written {
    service: &'static str,
    priority: i32,
    arrived_ms: i64,
    gaps_ms: [Option<u32>; 3],
    resource: &'static str,
    service_ms: Option<u32>,
}

prop_compose! {
    fn written()(
        service in proptest::sample::select(TEXTS),
        priority in any::<i32>(),
        arrived_ms in -1_000_000_i64..1_900_000_000_000,
        gaps_ms in proptest::array::uniform3(proptest::option::of(0..10_000_u32)),
        resource in prop_oneof![Just(""), proptest::sample::select(TEXTS)],
        service_ms in proptest::option::of(any::<u32>()),
    ) -> Written {
        Written { service, priority, arrived_ms, gaps_ms, resource, service_ms }
    }
}

const TEXTS: &[&str] = &["a", "护照", "x,y", "say \"hi\"", "two\nlines", " "];

impl Written {
    /// The times after arrival: assigned, started, ended.
    fn times(&self) -> [Option<i64>; 3] {
        let mut at = self.arrived_ms;
        self.gaps_ms.map(|gap_ms| {
            at += i64::from(gap_ms?);
            Some(at)
        })
    }

    fn row(&self, id: &str) -> String {
        let instant = |ms| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let [assigned, started, ended] = self.times().map(|at| at.map(instant).unwrap_or_default());
        let service_ms = self.service_ms.map(|ms| ms.to_string()).unwrap_or_default();
        let fields = [
            quoted(self.resource),
            id.to_owned(),
            self.priority.to_string(),
            instant(self.arrived_ms),
            assigned,
            started,
            ended,
            quoted(self.service),
            service_ms,
        ];
        fields.join(",")
    }

    fn plain<'a>(&'a self, id: &'a str) -> Plain<'a> {
        let times = self.times();
        let outcome = match (times[1], times[2]) {
            (Some(_), Some(_)) => Outcome::Served,
            (Some(_), None) => Outcome::Called,
            (None, Some(_)) => Outcome::Closed,
            (None, None) => Outcome::Open,
        };
        let resource = Some(self.resource).filter(|text| !text.is_empty());
        let service_ms = self.service_ms.map(u64::from);
        let (service, priority, arrived_ms) = (self.service, self.priority, self.arrived_ms);
        (id, service, priority, arrived_ms, times, outcome, resource, service_ms)
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(rows in proptest::collection::vec(written(), 0..30)) {
        let ids: Vec<_> = (0..rows.len()).map(|i| format!("id{i}")).collect();
        let mut text = "resource,order_id,priority,arrived_at,assigned_at,started_at,ended_at,\
                        service,service_ms".to_owned();
        for (id, row) in ids.iter().zip(&rows) {
            write!(text, "\n{}", row.row(id))?;
        }
        let expected: Vec<_> = ids.iter().zip(&rows).map(|(id, row)| row.plain(id)).collect();
        let trace = strict(&text).unwrap();
        prop_assert_eq!(plain(&trace), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(
        tail in proptest::collection::vec(any::<u8>(), 0..200),
        head in proptest::sample::select(&["", GOOD][..]),
    ) {
        read_both(&[head.as_bytes(), &tail].concat())?;
    }

    #[test]
    fn no_text_made_of_its_parts_makes_it_panic(
        parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..60),
        head in proptest::sample::select(&["", "order_id,service,arrived_at\n"][..]),
    ) {
        read_both(format!("{head}{}", parts.concat()).as_bytes())?;
    }
}

const PARTS: &[&str] = &[
    "order_id",
    "service",
    "arrived_at",
    "started_at",
    "outcome",
    "priority",
    ",",
    ",",
    ",",
    "\"",
    "\n",
    "\r",
    "A",
    "served",
    "2025-01-01T00:00:00Z",
    "2025-01-01T00:00:00",
    "-1",
    "\u{feff}",
    "单",
];

/// Reads both ways; what strict reading accepts, lenient reading gives just so.
fn read_both(text: &[u8]) -> Result<(), TestCaseError> {
    let strict = Trace::parse("a", text, &Sidecar::default(), &Reading::default());
    let lenient = Trace::parse("a", text, &Sidecar::default(), &lenient());
    match (strict, lenient) {
        (Ok(strict), Ok(lenient)) => prop_assert_eq!(strict, lenient),
        (Err(mistakes), Ok(lenient)) => {
            prop_assert!(!mistakes.is_empty());
            prop_assert_eq!(mistakes, lenient.mistakes);
        }
        (Err(strict), Err(lenient)) => prop_assert_eq!(strict, lenient),
        (Ok(_), Err(mistakes)) => prop_assert!(false, "only lenient reading found {}", mistakes),
    }
    Ok(())
}
