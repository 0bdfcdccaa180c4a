//! The closed forms against a table of exact answers, each with its own source there.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
#![expect(clippy::print_stderr, reason = "a skipped test must be heard")]

use qiangdan_sim::formulas::{Mg1, Mmc, Mmck, Mmcm, erlang_b};
use serde_json::Value;
use std::path::PathBuf;

/// The cases of one family, out of a file that is not part of this repository.
fn cases(family: &str) -> Vec<Value> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases").into();
    let folder = std::env::var_os("QIANGDAN_CASES").map_or_else(beside, PathBuf::from);
    let path = folder.join("queueing.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not there; set QIANGDAN_CASES to the folder", path.display());
        return vec![];
    };
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let Value::Array(mut cases) = file["cases"].take() else { panic!("no list of cases") };
    cases.retain(|case| case["family"] == family);
    assert!(!cases.is_empty(), "{family} has no cases");
    cases
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

fn whole(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

/// Arrival rate, service and servers of a case.
fn model(case: &Value) -> (f64, &Value, u32) {
    let model = &case["model"];
    let arrivals = &model["arrivals"][0];
    (number(&arrivals["rate"]), &arrivals["service"], whole(&model["servers"][0]["count"]))
}

/// Compares every metric of the case with `answer(metric, argument)`. A metric without an answer
/// fails, so that none is left out.
#[track_caller]
fn check(case: &Value, answer: impl Fn(&str, f64) -> Option<f64>) {
    let tolerance = (10.0 * number(&case["rel_accuracy"])).max(1e-9);
    let near = |metric: &str, argument: f64, expected: f64| {
        let found = answer(metric, argument)
            .unwrap_or_else(|| panic!("{}: {metric} has no answer", case["id"]));
        let error = (found - expected).abs();
        assert!(
            error <= tolerance * expected.abs(),
            "{} {metric} {argument}: {found}, expected {expected}",
            case["id"]
        );
    };
    for (metric, expected) in case["expected"].as_object().unwrap() {
        match expected {
            Value::Array(points) => {
                for point in points {
                    let (at, value) =
                        if metric.ends_with("quantile") { ("q", "t") } else { ("t", "p") };
                    near(metric, number(&point[at]), number(&point[value]));
                }
            }
            value => near(metric, 0.0, number(value)),
        }
    }
}

#[test]
fn waits_for_several_servers() {
    for case in cases("MMC") {
        let (rate, service, servers) = model(&case);
        let queue = Mmc::new(servers, rate, number(&service["mean"])).unwrap();
        check(&case, |metric, at| {
            Some(match metric {
                "rho" => queue.utilization(),
                "p_wait" => queue.p_wait(),
                "mean_wait" => queue.mean_wait(),
                "mean_wait_given_wait" => queue.mean_wait_given_wait(),
                "second_moment_wait" => queue.second_moment_wait(),
                "mean_queue" => queue.mean_queue(),
                "mean_sojourn" => queue.mean_sojourn(),
                "mean_in_system" => queue.mean_in_system(),
                "p_wait_gt" => queue.p_wait_gt(at),
                "p_sojourn_gt" => queue.p_sojourn_gt(at),
                "wait_quantile" => queue.wait_quantile(at),
                _ => return None,
            })
        });
    }
}

#[test]
fn loss_without_a_queue() {
    for case in cases("ERLB") {
        let (rate, service, servers) = model(&case);
        let load = rate * number(&service["mean"]);
        check(&case, |metric, _| match metric {
            "p_block" => Some(erlang_b(servers, load)),
            "mean_busy" => Some(load * (1.0 - erlang_b(servers, load))),
            _ => None,
        });
    }
}

#[test]
fn a_queue_with_an_end() {
    for case in cases("MMCK") {
        let (rate, service, servers) = model(&case);
        let capacity = whole(&case["model"]["capacity"]);
        let queue = Mmck::new(servers, capacity, rate, number(&service["mean"])).unwrap();
        check(&case, |metric, at| {
            Some(match metric {
                "p_block" => queue.p_block(),
                "throughput" => queue.throughput(),
                "mean_queue" => queue.mean_queue(),
                "mean_in_system" => queue.mean_in_system(),
                "mean_wait_accepted" => queue.mean_wait(),
                "p_wait_accepted" => queue.p_wait(),
                "p_wait_gt_accepted" => queue.p_wait_gt(at),
                _ => return None,
            })
        });
    }
}

#[test]
fn a_queue_that_people_leave() {
    for case in cases("ERLA") {
        let (rate, service, servers) = model(&case);
        let patience = &case["model"]["arrivals"][0]["patience"];
        assert_eq!(patience["type"], "exp");
        let (service, patience) = (number(&service["mean"]), number(&patience["mean"]));
        let queue = Mmcm::new(servers, rate, service, patience).unwrap();
        check(&case, |metric, at| {
            Some(match metric {
                "p_offered_wait_gt_0" => queue.p_wait(),
                "p_abandon" => queue.p_abandon(),
                "mean_wait_all" => queue.mean_wait(),
                "mean_queue" => queue.mean_queue(),
                "mean_wait_served" => queue.mean_wait_served(),
                "p_served_within" => queue.p_served_within(at),
                _ => return None,
            })
        });
    }
}

/// E S, E S², E S³.
fn moments(service: &Value) -> [f64; 3] {
    let of = |key: &str| number(&service[key]);
    match service["type"].as_str().unwrap() {
        "det" => [1, 2, 3].map(|power| of("mean").powi(power)),
        "erlang" => {
            let (k, phase) = (of("k"), of("mean") / of("k"));
            [k * phase, k * (k + 1.0) * phase.powi(2), k * (k + 1.0) * (k + 2.0) * phase.powi(3)]
        }
        "hyperexp" => {
            let phases = service["p"].as_array().unwrap().iter().map(number);
            let means = service["means"].as_array().unwrap().iter().map(number);
            phases.zip(means).fold([0.0; 3], |[first, second, third], (p, mean)| {
                [first + p * mean, second + 2.0 * p * mean.powi(2), third + 6.0 * p * mean.powi(3)]
            })
        }
        "lognormal" => {
            let (mean, w) = (of("mean"), 1.0 + of("cv").powi(2));
            [mean, mean.powi(2) * w, mean.powi(3) * w.powi(3)]
        }
        "gamma" => {
            let (mean, square) = (of("mean"), of("cv").powi(2));
            let w = 1.0 + square;
            [mean, mean.powi(2) * w, mean.powi(3) * w * (w + square)]
        }
        "uniform" => {
            assert_eq!(of("lo"), 0.0);
            let most = of("hi");
            [most / 2.0, most.powi(2) / 3.0, most.powi(3) / 4.0]
        }
        other => panic!("service of type {other}"),
    }
}

#[test]
fn one_server_and_any_service() {
    for mut case in cases("MG1") {
        // The tail depends on more than moments.
        case["expected"].as_object_mut().unwrap().remove("p_wait_gt");
        let (rate, service, _) = model(&case);
        let queue = Mg1::new(rate, moments(service)).unwrap();
        check(&case, |metric, _| {
            Some(match metric {
                "rho" | "p_wait" => queue.p_wait(),
                "mean_wait" => queue.mean_wait(),
                "second_moment_wait" => queue.second_moment_wait(),
                "mean_queue" => queue.mean_queue(),
                "mean_sojourn" => queue.mean_sojourn(),
                _ => return None,
            })
        });
    }
}

#[test]
fn the_fewest_servers_that_keep_a_promise() {
    for case in cases("STAFFC") {
        let of = |key: &str| number(&case["model"][key]);
        let (rate, service, within) = (of("rate"), of("mean_service"), of("threshold"));
        let least = Mmc::least(rate, service, within, of("target")).unwrap();
        let share = |queue: Mmc| 1.0 - queue.p_wait_gt(within);
        check(&case, |metric, _| match metric {
            "c" => Some(f64::from(least.servers())),
            "service_level" => Some(share(least)),
            "service_level_c_minus_1" => {
                Some(share(Mmc::new(least.servers() - 1, rate, service).unwrap()))
            }
            _ => None,
        });
    }
}
