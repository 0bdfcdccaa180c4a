//! The bank's four reference simulations, exactly: every wait of 27,162 and 31,125 calls.
//!
//! Source: `bank_calls_1999_02` in the recorded data; its README defines the rules, its `expected.json`
//! holds the checksums, which two independent programs agree on.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::{fmt::Write as _, fs::File, io::Read};

use flate2::read::GzDecoder;
use jiff::Timestamp;
use qiangdan::{ClassId, ClerkId};
use qiangdan_sim::driver::{Arriving, Duty, Stay};
use qiangdan_tests::{
    data,
    plain::{self, Ended, Listed, Waits},
};
use sha2::{Digest, Sha256};

struct Call {
    arrived_s: i64,
    priority: i64,
    is_served: bool,
    takes_s: u64,
    patience_s: Option<u64>,
}

/// The calls that reached the queue, by order id; the second of the first arrival.
fn calls() -> Option<(Vec<Call>, i64)> {
    let path = data::recorded("bank_calls_1999_02/orders.csv.gz")?;
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let [arrived, priority, outcome, takes, patience] =
        ["arrived_at", "priority", "outcome", "sim_service_s", "patience_s"].map(column);
    let call = |row: csv::StringRecord| {
        let is_served = &row[outcome] == "served";
        (is_served || &row[outcome] == "abandoned_queue").then(|| Call {
            arrived_s: row[arrived].parse::<Timestamp>().unwrap().as_second(),
            priority: row[priority].parse().unwrap(),
            is_served,
            takes_s: row[takes].parse().unwrap(),
            patience_s: if is_served { None } else { row[patience].parse().ok() },
        })
    };
    let calls: Vec<_> = rows.records().map(Result::unwrap).filter_map(call).collect();
    let first_s = calls.iter().map(|call| call.arrived_s).min().unwrap();
    Some((calls, first_s))
}

/// Orders by arrival; their numbers are their places in order of id.
fn orders(calls: &[&Call], first_s: i64, credit: bool) -> Listed {
    let order = |(number, call): (u32, &&Call)| Arriving {
        class: ClassId(u8::from(credit && call.priority == 2)),
        patience_ms: call.patience_s.map(|s| s * 1_000),
        ..plain::order(
            number,
            (call.arrived_s - first_s).unsigned_abs() * 1_000,
            call.takes_s * 1_000,
        )
    };
    let mut orders: Vec<_> = (0..).zip(calls).map(order).collect();
    orders.sort_by_key(|order| (order.at_ms, order.number));
    Listed::new(orders)
}

fn run(calls: &[&Call], first_s: i64, credit: bool, duties: &[Duty]) -> Waits {
    let rules = plain::rules(vec![0, 90_000]);
    let mut driver = plain::driver(rules, 4_096, 0);
    driver.schedule(duties.iter().copied());
    let mut waits = Waits::default();
    driver.run(&mut orders(calls, first_s, credit), &mut waits);
    assert_eq!(driver.refused(), 0);
    waits.sorted()
}

fn always(seats: u32) -> [Duty; 1] {
    [Duty { at_ms: 0, clerk: ClerkId(0), seats, stay: Stay::UntilEmpty }]
}

fn checksum(waits: &Waits, flags: bool) -> String {
    let mut text = String::new();
    for &(number, wait_ms, ended) in &waits.waits {
        assert_eq!(wait_ms % 1_000, 0);
        let comma = if number > 0 { "," } else { "" };
        let flag = match ended {
            _ if !flags => "",
            Ended::Claimed => "s",
            Ended::Left | Ended::Waiting => "a",
        };
        write!(text, "{comma}{}{flag}", wait_ms / 1_000).unwrap();
    }
    Sha256::digest(text).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn expected() -> Option<serde_json::Value> {
    let file = File::open(data::recorded("bank_calls_1999_02/expected.json")?).unwrap();
    Some(
        serde_json::from_reader::<_, serde_json::Value>(file).unwrap()["reference_simulation"]
            .take(),
    )
}

#[test]
fn first_come_first_served_with_5_6_and_8_agents() {
    let (Some((calls, first_s)), Some(expected)) = (calls(), expected()) else { return };
    let served: Vec<_> = calls.iter().filter(|call| call.is_served).collect();
    assert_eq!(served.len(), 27_162);
    for seats in [5, 6, 8] {
        let waits = run(&served, first_s, false, &always(seats));
        let expected = &expected[format!("A_fifo_served_only_c{seats}")];
        assert_eq!(waits.queue_max.0, expected["peak_queue"], "{seats} agents");
        assert_eq!(
            checksum(&waits, false),
            expected["sha256_waits_in_order_id_order"],
            "{seats} agents"
        );
    }
}

#[test]
fn a_credit_of_90_seconds_is_a_head_start() {
    let (Some((calls, first_s)), Some(expected)) = (calls(), expected()) else { return };
    let served: Vec<_> = calls.iter().filter(|call| call.is_served).collect();
    let waits = run(&served, first_s, true, &always(6));
    let expected = &expected["B_priority2_90s_credit_c6"];
    assert_eq!(checksum(&waits, false), expected["sha256_waits_in_order_id_order"]);
}

#[test]
fn people_out_of_patience_leave() {
    let (Some((calls, first_s)), Some(expected)) = (calls(), expected()) else { return };
    let all: Vec<_> = calls.iter().collect();
    assert_eq!(all.len(), 31_125);
    for seats in [6, 8] {
        let waits = run(&all, first_s, false, &always(seats));
        let expected = &expected[format!("C_fifo_with_patience_c{seats}")];
        let left = waits.waits.iter().filter(|(.., ended)| *ended == Ended::Left).count();
        assert_eq!(left, expected["abandoned"], "{seats} agents");
        assert_eq!(
            checksum(&waits, true),
            expected["sha256_wait_and_flag_in_order_id_order"],
            "{seats} agents"
        );
    }
}

#[test]
fn capacity_follows_the_recorded_schedule() {
    let (Some((calls, first_s)), Some(expected)) = (calls(), expected()) else { return };
    let Some(path) = data::recorded("bank_calls_1999_02/capacity_schedule.csv") else { return };
    let mut rows = csv::Reader::from_path(path).unwrap();
    let duties: Vec<_> = rows
        .records()
        .map(|row| {
            let row = row.unwrap();
            let at_s = row[0].parse::<Timestamp>().unwrap().as_second();
            let (seats, stay) = (row[1].parse().unwrap(), Stay::Leave);
            let at_ms = u64::try_from(at_s - first_s).unwrap_or(0) * 1_000;
            Duty { at_ms, clerk: ClerkId(0), seats, stay }
        })
        .collect();
    let all: Vec<_> = calls.iter().collect();
    let waits = run(&all, first_s, true, &duties);
    let expected = &expected["D_schedule_priority_credit_patience"];
    let left = waits.waits.iter().filter(|(.., ended)| *ended == Ended::Left).count();
    assert_eq!(left, expected["abandoned"]);
    assert_eq!(checksum(&waits, true), expected["sha256_wait_and_flag_in_order_id_order"]);
}
