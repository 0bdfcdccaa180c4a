//! Recorded days through the engine: what it reports equals what was recorded, order by order.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::{fs, path::Path};

use qiangdan::hall::Hall;
use qiangdan_sim::{
    replay::{Clerks, Replay, replay},
    report::Report,
    trace::{Reading, Trace},
};
use qiangdan_tests::{data, plain};
use serde_json::Value;

fn hall(file: &str) -> Hall {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/halls").join(file);
    Hall::parse(file, &fs::read_to_string(path).unwrap()).unwrap().hall
}

fn recorded(set: &str) -> Option<(Trace, Value)> {
    let orders = data::recorded(&format!("{set}/orders.csv.gz"))?;
    let expected = data::recorded(&format!("{set}/expected.json"))?;
    let trace = Trace::open(orders, &Reading::default()).unwrap();
    Some((trace, serde_json::from_reader(fs::File::open(expected).unwrap()).unwrap()))
}

fn seconds(ms: u32) -> u64 {
    assert_eq!(ms % 1_000, 0);
    u64::from(ms / 1_000)
}

/// The report's figures are those of `expected`, an object of the data set's `expected.json`.
#[track_caller]
fn check(report: &Report, expected: &Value) {
    let wait = &report.wait;
    assert_eq!(wait.orders, expected["n"]);
    for (name, ms) in [
        ("p50", wait.p50_ms),
        ("p90", wait.p90_ms),
        ("p95", wait.p95_ms),
        ("p99", wait.p99_ms),
        ("max", wait.max_ms),
    ] {
        assert_eq!(seconds(ms), expected[name], "{name}");
    }
    let mean_s = expected["mean"].as_f64().unwrap();
    assert!((wait.mean_ms / 1_000.0 - mean_s).abs() < 0.001, "{} {mean_s}", wait.mean_ms);
}

/// Orders claimed after the target of ten minutes.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of some ten thousand orders"
)]
fn over_target(report: &Report) -> u64 {
    let within = report.verdict.day.within;
    report.wait.orders - (within.share * within.orders as f64).round() as u64
}

/// Reported and recorded are the same.
#[track_caller]
fn check_beside(report: &Report) {
    let recorded = report.recorded.as_ref().unwrap();
    assert_eq!(report.wait, recorded.wait);
    assert_eq!(report.totals.claimed, recorded.totals.claimed);
    assert_eq!(report.totals.abandoned, recorded.totals.abandoned);
    assert_eq!(report.totals.abandoned_late, recorded.totals.abandoned_late);
}

#[test]
fn warsaw_waits_are_reported_as_recorded() {
    let Some((trace, expected)) = recorded("warsaw_halls") else { return };
    let report = replay(&hall("warsaw.toml"), &trace, &Replay::default()).unwrap();
    assert_eq!(report.totals.arrived, expected["tickets"]);
    check(&report, &expected["wait_est_s"]);
    check_beside(&report);
    assert_eq!(over_target(&report), expected["over_600s"]["estimate"]);
}

#[test]
fn every_warsaw_office_is_reported_as_recorded() {
    let Some((trace, expected)) = recorded("warsaw_halls") else { return };
    let hall = hall("warsaw.toml");
    for (office, expected) in expected["per_office"].as_object().unwrap() {
        let only = Replay { only: Some(office.clone()), ..Replay::default() };
        let report = replay(&hall, &trace, &only).unwrap();
        assert_eq!(report.wait.orders, expected["called"], "{office}");
        assert_eq!(seconds(report.wait.p90_ms), expected["p90"], "{office}");
        assert_eq!(over_target(&report), expected["over_600s_estimate"], "{office}");
    }
}

#[test]
fn every_warsaw_day_is_reported_as_recorded() {
    let Some((trace, expected)) = recorded("warsaw_halls") else { return };
    let hall = hall("warsaw.toml");
    for (day, expected) in expected["per_day"].as_object().unwrap() {
        let date: jiff::civil::Date = day.parse().unwrap();
        let midnight = date.in_tz("Europe/Warsaw").unwrap().timestamp().as_millisecond();
        let mut that_day = trace.clone();
        that_day.orders.retain(|o| (midnight..midnight + 86_400_000).contains(&o.arrived_ms));
        let report = replay(&hall, &that_day, &Replay::default()).unwrap();
        assert_eq!(report.totals.arrived, expected["tickets"], "{day}");
        assert_eq!(report.wait.orders, expected["called"], "{day}");
        assert_eq!(seconds(report.wait.p50_ms), expected["p50"], "{day}");
        assert_eq!(seconds(report.wait.p90_ms), expected["p90"], "{day}");
        assert_eq!(seconds(report.wait.max_ms), expected["max"], "{day}");
        assert_eq!(over_target(&report), expected["over_600s_estimate"], "{day}");
    }
}

#[test]
fn the_bank_is_reported_as_recorded() {
    let Some((trace, expected)) = recorded("bank_calls_1999_02") else { return };
    let report = replay(&hall("county.toml"), &trace, &Replay::default()).unwrap();
    assert_eq!(report.totals.claimed, expected["outcome"]["served"]);
    assert_eq!(report.totals.abandoned, expected["outcome"]["abandoned_queue"]);
    check_beside(&report);
}

#[test]
fn what_if_the_hall_served_the_recorded_people() {
    let Some((trace, _)) = recorded("bank_calls_1999_02") else { return };
    let what_if = Replay {
        clerks: Clerks::FromHall,
        others_as: Some("id-card".to_owned()),
        ..Replay::default()
    };
    let report = replay(&hall("nanchang.toml"), &trace, &what_if).unwrap();
    let totals = &report.totals;
    assert_eq!(totals.arrived, 31_125);
    assert_eq!(totals.claimed + totals.abandoned + totals.still_waiting, totals.arrived);
    let refused = replay(&hall("nanchang.toml"), &trace, &Replay { others_as: None, ..what_if });
    assert!(refused.unwrap_err().to_string().starts_with("6 recorded services are not in"));
}

/// In debug builds every replay ends with the library's history checker, and panics if it finds anything.
#[test]
fn replays_of_all_recorded_sets_satisfy_the_history_checker() {
    if !cfg!(debug_assertions) {
        eprintln!("SKIPPED: without debug assertions nothing is checked here");
        return;
    }
    for (set, file) in [
        ("warsaw_halls", "warsaw.toml"),
        ("bank_calls_1999_02", "county.toml"),
        ("boston311_2011q3", "boston.toml"),
    ] {
        let Some((trace, _)) = recorded(set) else { continue };
        let report = replay(&hall(file), &trace, &Replay::default()).unwrap();
        assert!(report.totals.arrived > 0, "{set}");
    }
}

#[test]
fn a_driver_that_is_checked_proves_what_it_did() {
    let arriving = (0..500).map(|n| plain::order(n, u64::from(n) * 700, 3_000)).collect();
    let mut driver = plain::driver(plain::rules(vec![0]), 500, 4).checked();
    driver.run(&mut plain::Listed::new(arriving), &mut plain::Waits::default());
    let proof = driver.check().unwrap().unwrap();
    assert_eq!((proof.desks, proof.orders, proof.open), (1, 500, 0));
    assert!(proof.claims > 0, "{proof:?}");
    let counts = [proof.ranked, proof.waits, proof.held];
    assert_eq!(counts, [proof.claims; 3]);
}
