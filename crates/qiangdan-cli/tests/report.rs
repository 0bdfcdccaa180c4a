//! The report's JSON is what `docs/report-json.md` says, and the command keeps its exit codes.
#![expect(clippy::unwrap_used, reason = "in a test, a failed unwrap is the failure")]

mod sample;

use std::collections::BTreeMap;

use assert_cmd::Command;
use qiangdan_sim::report::{Gates, Report};
use serde_json::Value;

const DOC: &str = include_str!("../../../docs/report-json.md");

/// The document's tables: type → (field, type of the field), in order.
struct Doc<'a>(BTreeMap<&'a str, Vec<(&'a str, &'a str)>>);

impl<'a> Doc<'a> {
    fn read(text: &'a str) -> Self {
        let sections = text.split("\n## ").skip(1).map(|section| {
            let (name, body) = section.split_once('\n').unwrap();
            let rows = body.lines().filter(|line| line.starts_with("| `"));
            let fields = rows.map(|row| {
                let mut cells = row.split('|').map(str::trim).skip(1);
                (cells.next().unwrap().trim_matches('`'), cells.next().unwrap())
            });
            (name, fields.collect())
        });
        Self(sections.collect())
    }

    /// Why `value` is not of the type in words `kind`, if it is not.
    fn check(&self, path: &str, value: &Value, kind: &str) -> Result<(), String> {
        if let Some((one, other)) = kind.split_once(" or ") {
            return self.check(path, value, one).or_else(|_| self.check(path, value, other));
        }
        if let Some(of) = kind.strip_prefix("list of ") {
            let items = value.as_array().ok_or(format!("{path} is no list"))?;
            return items.iter().try_for_each(|item| self.check(&format!("{path}[]"), item, of));
        }
        if let Some(name) = kind.strip_prefix('[') {
            return self.check_object(path, value, name.split_once(']').unwrap().0);
        }
        let fits = match kind {
            "string" => value.is_string(),
            "integer" => value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            _ => panic!("{path}: the document knows no type `{kind}`"),
        };
        if fits { Ok(()) } else { Err(format!("{path} is no {kind}: {value}")) }
    }

    fn check_object(&self, path: &str, value: &Value, name: &str) -> Result<(), String> {
        let object = value.as_object().ok_or(format!("{path} is no object"))?;
        let found = object.keys().map(String::as_str).collect::<Vec<_>>();
        let fields = &self.0[name];
        let expected = fields.iter().map(|field| field.0).collect::<Vec<_>>();
        if found != expected {
            return Err(format!("{path}: {found:?} written, {expected:?} documented for {name}"));
        }
        let mut fields = fields.iter();
        fields.try_for_each(|(key, kind)| self.check(&format!("{path}.{key}"), &object[*key], kind))
    }
}

#[track_caller]
fn check(report: &Report) {
    let value = serde_json::to_value(report).unwrap();
    assert_eq!(Doc::read(DOC).check_object("report", &value, "Report"), Ok(()));
}

#[test]
fn every_field_is_documented_and_every_documented_field_is_there() {
    check(&sample::simulated(Gates::Day));
    check(&sample::simulated(Gates::HalfHour));
    check(&sample::replayed());
    check(&sample::empty());
    check(&sample::vast());
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let bytes = || serde_json::to_string(&sample::simulated(Gates::Day)).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn help_is_0_and_wrong_usage_is_2() {
    let qiangdan = || Command::cargo_bin("qiangdan").unwrap();
    qiangdan().arg("--help").assert().code(0);
    qiangdan().arg("--version").assert().code(0);
    qiangdan().arg("frobnicate").assert().code(2);
    qiangdan().assert().code(2);
}
