//! `qiangdan check` from the outside: what it prints, and how it ends.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

mod outside;

use std::path::PathBuf;

use assert_cmd::Command;
use outside::{example, qiangdan, run};

/// The folder of the county hall with one change.
fn changed(test: &str, old: &str, new: &str) -> PathBuf {
    let hall = outside::changed(test, old, new);
    hall.parent().unwrap().to_owned()
}

fn check() -> Command {
    let mut command = qiangdan();
    command.arg("check");
    command
}

#[test]
fn a_valid_hall_is_summed_up() {
    let (code, out, err) = run(check().arg(example("county.toml")));
    assert_eq!((code, err.as_str()), (0, ""));
    let (_, summary) = out.split_once(": ").unwrap();
    insta::assert_snapshot!(summary, @r"
    清溪县政务服务中心 (Qingxi County Service Hall)
      4 services, 1 pool, 5 windows, 5 clerks
      105 orders expected a day, 09:00-17:00
      busiest half hour 10:00-10:30: 3.2 windows busy of 5.0 staffed
    ");
}

#[test]
fn every_example_is_valid() {
    let halls = [
        "boston.toml",
        "county.toml",
        "nanchang.toml",
        "one-window.toml",
        "permits.toml",
        "wabo.toml",
        "warsaw.toml",
    ]
    .map(example);
    assert_eq!(run(check().args(halls)).0, 0);
}

#[test]
fn packages_are_shown_as_they_go() {
    let (code, out, err) = run(check().arg(example("changsha-packages.toml")));
    assert_eq!((code, err.as_str()), (0, ""));
    let (_, summary) = out.split_once(": ").unwrap();
    insta::assert_snapshot!(summary, @r"
    一件事一次办示例大厅 (Example hall of packages)
      9 services, 8 pools, 0 windows, 0 clerks
      30 packages of 35 parts
        opening-a-company: registration → seal + invoices + insurance + housing-fund → account
      3 halls in the tree
      no [arrivals]: nothing to simulate
    ");
}

#[test]
fn a_mistake_is_underlined_and_ends_with_3() {
    let folder = changed("underlined", "needs = [\"household\"]", "needs = [\"houshold\"]");
    let (code, out, _) = run(check().current_dir(folder).arg("hall.toml"));
    assert_eq!(code, 3);
    insta::assert_snapshot!(out, @r#"
    error[hall::no-such-skill]: there is no skill `houshold`
      --> hall.toml:38:10
       |
    38 | needs = ["houshold"]
       |          ^^^^^^^^^^ expected `household` or `property`
       |
       = help: did you mean `household`?

    1 error, 0 warnings
    "#);
}

#[test]
fn a_warning_does_not_count() {
    let folder = changed("warning", "[roles]", "[roles]\ndirector = \"值班主任\"");
    let (code, out, _) = run(check().current_dir(folder).arg("hall.toml"));
    assert_eq!(code, 0);
    assert!(out.starts_with("warning[hall::unused]: nothing refers to role `director`"), "{out}");
    assert!(out.contains("0 errors, 1 warning\nhall.toml: 清溪县政务服务中心"), "{out}");
}

#[test]
fn programs_get_json() {
    let folder = changed("json", "\"10 min\"", "\"10 minuets\"");
    let (code, out, _) = run(check().current_dir(folder).args(["--json", "hall.toml"]));
    assert_eq!(code, 3);
    insta::assert_snapshot!(out, @r#"
    {
      "schema": "qiangdan/check/1",
      "files": [
        {
          "file": "hall.toml",
          "ok": false,
          "errors": [
            {
              "code": "hall::bad-duration",
              "line": 19,
              "column": 19,
              "found": "`10 minuets` is no duration: an unknown unit",
              "expected": "one such as `10 min` or `1 h 30 min`",
              "message": "`10 minuets` is no duration: an unknown unit, expected one such as `10 min` or `1 h 30 min`",
              "help": null
            }
          ],
          "warnings": []
        }
      ]
    }
    "#);
}

#[test]
fn a_file_that_cannot_be_read_ends_with_1() {
    let folder = changed("unread", "\"10 min\"", "\"10 minuets\"");
    // The other file is still looked at.
    let (code, out, err) = run(check().current_dir(folder).args(["nowhere.toml", "hall.toml"]));
    assert_eq!(code, 1);
    assert!(err.starts_with("error: nowhere.toml: "), "{err}");
    assert!(out.contains("hall::bad-duration"), "{out}");
}

#[test]
fn colours_come_only_when_wanted() {
    let folder = changed("colours", "\"10 min\"", "\"10 minuets\"");
    let mut command = check();
    command.current_dir(folder).arg("hall.toml");
    assert!(!run(&mut command).1.contains('\u{1b}'));
    assert!(run(command.env("CLICOLOR_FORCE", "1")).1.contains('\u{1b}'));
    assert_eq!(run(&mut check()).0, 2);
}
