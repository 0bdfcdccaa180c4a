//! `qiangdan due` from the outside: what it explains, tables, JSON, exit codes.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

mod outside;

use std::{fs, path::PathBuf};

use outside::{changed, example, folder, qiangdan, run};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

fn due(args: &[&str]) -> (i32, String, String) {
    run(qiangdan().args(["due", "--hall"]).arg(example("permits.toml")).args(args))
}

/// The explanation, which fits 80 columns and has no escapes.
#[track_caller]
fn explained(args: &[&str]) -> String {
    let (code, out, err) = due(args);
    assert_eq!((code, err.as_str()), (0, ""));
    for line in out.lines() {
        assert!(line.width() <= 80 && !line.contains('\u{1b}'), "{line}");
    }
    out
}

#[test]
fn a_due_date_over_spring_festival_is_explained() {
    insta::assert_snapshot!(explained(&["--limit", "decision", "--from", "2026-02-10 10:00"]));
}

#[test]
fn pauses_an_extension_and_a_moment_are_explained() {
    insta::assert_snapshot!(explained(&[
        "--limit",
        "decision",
        "--from",
        "2026-03-02T10:00",
        "--pause",
        "hearing=2026-03-05 11:00..2026-03-12 15:00",
        "--pause",
        "专家评审=2026-03-10..2026-03-17",
        "--extend",
        "10",
        "--at",
        "2026-04-27 09:00",
    ]));
}

#[test]
fn a_provisional_date_says_what_settles_it() {
    let args = ["--limit", "joint-decision", "--from", "2026-11-23T02:00:00Z", "--lang", "en"];
    insta::assert_snapshot!(explained(&args));
}

#[test]
fn working_time_is_explained_day_by_day() {
    let args = ["--limit", "hand-over", "--from", "2026-06-17 16:30", "--lang", "en"];
    insta::assert_snapshot!(explained(&args));
}

#[test]
fn a_clock_that_stands_still_is_due_if_it_is_resumed() {
    let args = ["--limit", "decision", "--from", "2026-03-02", "--pause", "2026-03-05.."];
    insta::assert_snapshot!(explained(&[&args[..], &["--at", "2026-03-20"]].concat()));
}

#[test]
fn a_clock_begins_anew_after_a_supplement() {
    let args = ["--limit", "disclosure-answer", "--from", "2026-03-02 10:00"];
    let pause = ["--pause", "2026-03-05..2026-03-12 09:00"];
    insta::assert_snapshot!(explained(&[&args[..], &pause].concat()));
}

#[test]
fn a_limit_on_the_wait_runs_always() {
    let args = ["--limit", "ten-minutes", "--from", "2026-03-06 16:00:30"];
    insta::assert_snapshot!(explained(&[&args[..], &["--at", "2026-03-06 16:20:30"]].concat()));
}

#[test]
fn json_has_every_day() {
    let (code, out, _) = due(&["--limit", "contact", "--from", "2026-02-14", "--json"]);
    assert_eq!(code, 0);
    let body: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(body["schema"], "qiangdan/due/1");
    assert_eq!(body["due"], "2026-02-24T17:00:00+08:00");
    assert_eq!(body["provisional"], false);
    let days = body["days"].as_array().unwrap();
    assert_eq!(days.len(), 11);
    assert_eq!((&days[0]["counts"], &days[0]["kind"]), (&"receipt".into(), &"make_up".into()));
    assert_eq!((&days[1]["counts"], &days[1]["name"]), (&"closed".into(), &"春节".into()));
    assert_eq!((&days[10]["counts"], &days[10]["number"]), (&"day".into(), &1.into()));
}

const TABLE: &str = "\u{feff}案号,from,limit,pauses\r\n\
    甲,2026-03-02 10:00,decision,\r\n\
    乙,2026-03-02,decison,\r\n\
    \"丙, 丁\",2026-03-02,two-hours,\r\n\
    戊,2026-02-30,decision,\r\n\
    己,2026-03-02,decision,2026-03-05..2026-03-12; experts=2026-03-10..2026-03-17\r\n\
    庚,2026-03-02,decision,2026-03-05..\r\n\
    辛,2026-03-02\r\n";

#[test]
fn rows_come_out_with_their_dues_and_mistakes_have_places() {
    let path = folder("due_rows").join("cases.csv");
    fs::write(&path, TABLE).unwrap();
    let mut command = qiangdan();
    command.args(["due", "--hall"]).arg(example("permits.toml")).arg("--rows").arg(&path);
    let (code, out, err) = run(&mut command);
    assert_eq!(code, 3);
    insta::assert_snapshot!(out, @r#"
    案号,from,limit,pauses,due,provisional
    甲,2026-03-02 10:00,decision,,2026-03-30T17:00:00+08:00,false
    "丙, 丁",2026-03-02,two-hours,,2026-03-02T02:00:00+08:00,false
    己,2026-03-02,decision,2026-03-05..2026-03-12; experts=2026-03-10..2026-03-17,2026-04-10T17:00:00+08:00,false
    庚,2026-03-02,decision,2026-03-05..,,
    "#);
    let err = err.replace(&path.display().to_string(), "cases.csv");
    insta::assert_snapshot!(err, @r"
    cases.csv:3:14: there is no limit `decison`, did you mean `decision`?
    cases.csv:5:3: `2026-02-30` is no time, expected one such as 2026-03-02 10:00, or with +08:00
    cases.csv:8:1: 2 fields, expected 4
    ");
}

#[test]
fn rows_come_through_a_pipe_under_one_limit() {
    let rows = "id,from\n1,2026-09-18 10:00\n2,2025-09-30\n";
    let mut command = qiangdan();
    command.args(["due", "--limit", "contact", "--rows", "-", "--hall"]);
    command.arg(example("permits.toml")).write_stdin(rows);
    let (code, out, err) = run(&mut command);
    assert_eq!((code, err.as_str()), (0, ""));
    let expect = "id,from,due,provisional\n\
        1,2026-09-18 10:00,2026-09-20T17:00:00+08:00,false\n\
        2,2025-09-30,2025-10-09T17:00:00+08:00,false\n";
    assert_eq!(out, expect);
    let mut command = qiangdan();
    command.args(["due", "--rows", "-", "--hall"]).arg(example("permits.toml"));
    let (code, _, err) = run(command.write_stdin(rows));
    assert_eq!(
        (code, err.as_str()),
        (3, "-:1:1: there is no column `limit`, or --limit for all rows\n")
    );
}

#[test]
fn a_wrong_hall_ends_with_3() {
    let hall = changed("due_wrong", "[targets]", "[tragets]");
    let mut command = qiangdan();
    command.args(["due", "--limit", "ten-minutes", "--from", "2026-03-02", "--hall"]).arg(hall);
    let (code, out, err) = run(&mut command);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("tragets"), "{err}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let refused = |args: &[&str], message: &str| {
        let (code, out, err) = due(args);
        assert_eq!((code, out.as_str()), (3, ""), "{args:?}");
        assert!(err.contains(message), "{err}");
    };
    let from = ["--from", "2026-03-02"];
    refused(
        &["--limit", "nothing", from[0], from[1]],
        "there is no limit `nothing`, expected `acc",
    );
    let rating = ["--limit", "rating", from[0], from[1]];
    refused(&[&rating[..], &["--extend", "1"]].concat(), "cannot be extended");
    refused(&[&rating[..], &["--pause", "2026-03-03..2026-03-04"]].concat(), "nothing holds");
    let decision = ["--limit", "decision", from[0], from[1]];
    refused(&[&decision[..], &["--extend", "11"]].concat(), "extended by 1 to 10");
    let unknown = ["--pause", "lunch=2026-03-03..2026-03-04"];
    refused(&[&decision[..], &unknown].concat(), "`lunch` does not hold limit `decision`");
    let backwards = ["--pause", "2026-03-04..2026-03-03"];
    refused(&[&decision[..], &backwards].concat(), "end before it began");
    refused(&["--limit", "rating", "--from", "2035-12-31"], "the last day of the calendar");
    assert_eq!(due(&["--limit", "rating", "--from", "soon"]).0, 2);
    assert_eq!(due(&["--limit", "rating"]).0, 2);
    let missing = PathBuf::from("nowhere.csv");
    let mut command = qiangdan();
    command.args(["due", "--hall"]).arg(example("permits.toml")).arg("--rows").arg(missing);
    assert_eq!(run(&mut command).0, 1);
}
