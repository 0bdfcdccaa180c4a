//! `qiangdan simulate` and `qiangdan replay` from the outside: exit codes, JSON, the page.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

mod outside;

use std::{fs, path::PathBuf};

use outside::{changed, example, folder, qiangdan, run};
use serde_json::Value;

#[test]
fn a_hall_that_keeps_its_promise_ends_with_0() {
    let (code, out, err) =
        run(qiangdan().args(["simulate", "--days", "40"]).arg(example("county.toml")));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("✓ 达标"), "{out}");
    assert!(!out.contains('\u{1b}'), "no escapes where there is no terminal");
}

#[test]
fn a_hall_that_breaks_its_promise_ends_with_4() {
    let hall = changed("missed", r#"within = "10 min""#, r#"within = "1 s""#);
    let (code, out, _) =
        run(qiangdan().args(["simulate", "--days", "40", "--lang", "en"]).arg(hall));
    assert_eq!(code, 4, "{out}");
    assert!(out.contains('✗'), "{out}");
}

/// The limits of a report, by key.
fn limit<'a>(report: &'a Value, key: &str) -> &'a Value {
    let limits = report["limits"].as_array().unwrap();
    limits.iter().find(|limit| limit["key"] == key).unwrap()
}

#[test]
fn without_dates_limits_by_the_calendar_are_said_not_to_be_timed() {
    for (lang, says) in [("zh", "没有计时"), ("en", "are not timed here")] {
        let mut command = qiangdan();
        command.args(["simulate", "--days", "5", "--json", "--lang", lang]);
        let (code, out, err) = run(command.arg(example("permits.toml")));
        assert!([0, 4].contains(&code), "{err}");
        assert!(err.contains(says), "{err}");
        let report = serde_json::from_str::<Value>(&out).unwrap();
        assert_eq!(report["limits"], serde_json::json!([]));
    }
}

#[test]
fn days_with_dates_time_the_limits_and_are_the_same_on_any_number_of_threads() {
    let simulate = |threads: &str| {
        let mut command = qiangdan();
        // From a Friday on: the days are 6, 7, 9, 10 and 11 March; on Sunday it is closed.
        let days = ["--from", "2026-03-06", "--days", "5", "--json", "--threads", threads];
        let (code, out, err) = run(command.arg("simulate").args(days).arg(example("permits.toml")));
        assert!([0, 4].contains(&code), "{err}");
        assert_eq!(err, "");
        out
    };
    let out = simulate("1");
    assert_eq!(out, simulate("3"));
    let report = serde_json::from_str::<Value>(&out).unwrap();
    let count = |key: &str, field: &str| limit(&report, key)[field].as_u64().unwrap();
    // Nobody tells a run of milestones: what starts with one does not begin.
    assert_eq!(count("decision", "started"), 0);
    assert!(count("hand-over", "started") > 500);
    for key in ["hand-over", "acceptance", "contact", "two-hours"] {
        let of = |field| count(key, field);
        let ends = of("met") + of("late") + of("open") + of("open_late") + of("unknown");
        assert_eq!(of("started"), ends, "{key}");
        assert_eq!(of("judged"), of("met") + of("late") + of("open_late"), "{key}");
    }
}

#[test]
fn a_recorded_deadline_that_was_missed_is_late() {
    let trace = folder("recorded-limits").join("trace.csv");
    // Contact within one working day: from Friday 6 March until Monday, and from Monday until Tuesday.
    let rows = "order_id,service,arrived_at,started_at,ended_at\n\
        1,bad-rating,2026-03-06T10:00:00+08:00,2026-03-09T16:00:00+08:00,2026-03-09T17:00:00+08:00\n\
        2,bad-rating,2026-03-09T10:00:00+08:00,2026-03-11T09:05:00+08:00,2026-03-11T09:16:00+08:00\n\
        3,permit,2026-03-11T10:00:00+08:00,2026-03-11T10:05:00+08:00,2026-03-11T10:30:00+08:00\n";
    fs::write(&trace, rows).unwrap();
    let mut command = qiangdan();
    command.args(["replay", "--json", "--hall"]).arg(example("permits.toml")).arg(&trace);
    let (code, out, err) = run(&mut command);
    assert!([0, 4].contains(&code), "{err}");
    let report = serde_json::from_str::<Value>(&out).unwrap();
    let contact = limit(&report, "contact");
    let counts = ["started", "met", "late", "open", "open_late", "judged"];
    assert_eq!(counts.map(|field| contact[field].as_u64().unwrap()), [2, 1, 1, 0, 0, 2]);
    assert_eq!(contact["on_time"], 0.5);
}

#[test]
fn a_wrong_hall_ends_with_3_and_says_where() {
    let hall = changed("wrong", "[targets]", "[tragets]");
    let (code, out, err) = run(qiangdan().arg("simulate").arg(&hall));
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("tragets") && err.contains("hall.toml:"), "{err}");
}

#[test]
fn a_hall_nobody_comes_to_ends_with_3() {
    let text = fs::read_to_string(example("county.toml")).unwrap();
    let start = text.find("[arrivals]").unwrap();
    let end = text[start..].find("\n[grab]").map_or(text.len(), |at| start + at);
    let path = folder("nobody").join("hall.toml");
    fs::write(&path, format!("{}{}", &text[..start], &text[end..])).unwrap();
    let (code, _, err) = run(qiangdan().arg("simulate").arg(&path));
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("[arrivals]"), "{err}");
}

#[test]
fn wrong_usage_ends_with_2_and_a_missing_file_with_1() {
    let days = ["simulate", "--days", "0"];
    assert_eq!(run(qiangdan().args(days).arg(example("county.toml"))).0, 2);
    assert_eq!(run(qiangdan().args(["simulate", "nowhere.toml"])).0, 1);
    let (code, _, err) =
        run(qiangdan().args(["replay", "nowhere.csv", "--hall"]).arg(example("county.toml")));
    assert_eq!(code, 1);
    assert!(err.contains("nowhere.csv"), "{err}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_one_thread_and_on_two() {
    let json = |seed: &str, threads: &str| {
        let args = ["simulate", "--json", "--days", "30", "--seed", seed, "--threads", threads];
        run(qiangdan().args(args).arg(example("nanchang.toml"))).1
    };
    assert_eq!(json("7", "1"), json("7", "2"));
    assert_ne!(json("7", "1"), json("8", "1"));
}

#[test]
fn json_names_its_schema_and_adds_up() {
    let args = ["simulate", "--json", "--days", "20"];
    let (_, out, _) = run(qiangdan().args(args).arg(example("nanchang.toml")));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["schema"], "qiangdan/report/1");
    assert_eq!(report["source"]["days"], 20);
    let sum = |list: &str, field: &str| -> u64 {
        let parts = report[list].as_array().unwrap().iter();
        parts.map(|part| part[field].as_u64().unwrap()).sum()
    };
    assert_eq!(sum("services", "arrived"), report["totals"]["arrived"]);
    assert_eq!(sum("services", "breaches"), report["totals"]["breaches"]);
}

#[test]
fn the_page_stands_alone() {
    let path = folder("page").join("report.html");
    let mut command = qiangdan();
    command.args(["simulate", "--days", "20", "--lang", "en", "--report"]).arg(&path);
    let (code, out, _) = run(command.arg(example("county.toml")));
    assert_eq!(code, 0);
    assert!(out.contains("report.html"), "{out}");
    let page = fs::read_to_string(path).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("lang=\"en\""));
    assert!(page.contains("qiangdan simulate") && page.contains("sha256 "));
    for outside in ["<script", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

const TRACE: &str = "order_id,service,arrived_at,started_at,ended_at,outcome\n\
    A1,id-card,2026-03-02T09:00:00+08:00,2026-03-02T09:00:00+08:00,2026-03-02T09:05:00+08:00,served\n\
    A2,id-card,2026-03-02T09:01:00+08:00,2026-03-02T09:11:00+08:00,2026-03-02T09:15:00+08:00,served\n\
    A3,id-card,2026-03-02T09:02:00+08:00,,2026-03-02T09:20:00+08:00,abandoned\n\
    A4,id-card,2026-03-03T09:02:00+08:00,2026-03-03T09:13:00+08:00,,called\n";

fn trace(test: &str, text: &str) -> PathBuf {
    let path = folder(test).join("orders.csv");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_replay_reports_the_recorded_waits() {
    let trace = trace("recorded", TRACE);
    let args = ["--json", "--clerks", "from", "trace", "--hall"];
    let mut command = qiangdan();
    command.arg("replay").arg(trace).args(args).arg(example("county.toml"));
    let (code, out, err) = run(&mut command);
    assert_eq!(code, 4, "two in four waited too long: {err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["source"]["days"], 2);
    assert_eq!(report["wait"]["max_ms"], 660_000);
    assert_eq!(report["wait"]["p50_ms"], 600_000);
    assert_eq!(report["totals"]["abandoned_late"], 1);
    assert_eq!(report["wait"], report["recorded"]["wait"]);
}

#[test]
fn a_replay_with_the_clerks_of_the_hall_serves_everybody() {
    let trace = trace("what_if", TRACE);
    let mut command = qiangdan();
    command.arg("replay").arg(trace).args(["--json", "--clerks", "from", "hall", "--hall"]);
    let (code, out, err) = run(command.arg(example("county.toml")));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["wait"]["max_ms"], 0);
    assert_eq!(report["recorded"]["wait"]["max_ms"], 660_000);
}

#[test]
fn a_wrong_trace_ends_with_3_and_names_line_and_column() {
    let wrong = TRACE.replace("2026-03-02T09:01:00+08:00", "2026-02-30T09:01:00+08:00");
    let trace = trace("wrong_trace", &wrong);
    let replay = |lenient: &[&str]| {
        let mut command = qiangdan();
        command.arg("replay").arg(&trace).args(lenient).arg("--hall");
        run(command.arg(example("county.toml")))
    };
    let (code, out, err) = replay(&[]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("orders.csv:3:12"), "{err}");
    let (_, out, err) = replay(&["--lenient"]);
    assert!(err.contains("1 row skipped"), "{err}");
    assert!(out.contains("达标"), "{out}");
}

#[test]
fn services_the_hall_does_not_know_end_with_3() {
    let trace = trace("unknown", &TRACE.replace("id-card", "passport"));
    let mut command = qiangdan();
    command.arg("replay").arg(trace).args(["--clerks", "from-hall", "--hall"]);
    let (code, _, err) = run(command.arg(example("county.toml")));
    assert_eq!(code, 3);
    assert!(err.contains("passport") && err.contains("recorded_as"), "{err}");
}
