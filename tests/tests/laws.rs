//! Laws of queues, by simulation through the real engine: conservation, Little's law, and exact
//! answers for queues that have one.
//!
//! Source: `queueing.json` among the exact answers; each case names its publication. A figure must lie
//! within 4 standard errors of the exact one. Standard errors come from the means of 20 batches, after
//! a tenth of the run for warming up. The dice are fixed, so a run passes or fails for good;
//! `QIANGDAN_DEEP` throws ten times as often.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]
#![expect(clippy::cast_precision_loss, reason = "figures need no more than 53 bits")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times of the cases are whole numbers of milliseconds, and small"
)]

use std::{env, fs::File};

use qiangdan_sim::{
    dice::{Law, Purpose, Sampler, Steady, Stream},
    driver::{Arriving, Record, Source, Visit},
};
use qiangdan_tests::{
    data,
    plain::{self, Waits},
};
use serde_json::Value;

const MINUTE: f64 = 60_000.0;
const BATCHES: usize = 20;
/// Standard errors that a figure may be off.
const ERRORS_MAX: f64 = 4.0;

/// How long serving takes, as the cases say it.
enum Service {
    Law(Sampler),
    Mixture(Vec<(f64, Sampler)>),
    Uniform { from_ms: f64, to_ms: f64 },
}

impl Service {
    fn read(law: &Value) -> Self {
        let number = |key: &str| law[key].as_f64().unwrap();
        let sampler = |law: Law| Self::Law(law.sampler().unwrap());
        let mean_ms = law["mean"].as_f64().unwrap_or(0.0) * MINUTE;
        match law["type"].as_str().unwrap() {
            "exp" => sampler(Law::Exponential { mean_ms }),
            "det" => sampler(Law::Fixed { ms: mean_ms as u64 }),
            "erlang" => sampler(Law::Gamma { mean_ms, cv: number("k").sqrt().recip() }),
            "gamma" => sampler(Law::Gamma { mean_ms, cv: number("cv") }),
            "lognormal" => sampler(Law::Lognormal { mean_ms, cv: number("cv") }),
            "uniform" => {
                Self::Uniform { from_ms: number("lo") * MINUTE, to_ms: number("hi") * MINUTE }
            }
            "hyperexp" => {
                let parts =
                    law["p"].as_array().unwrap().iter().zip(law["means"].as_array().unwrap());
                let part = |(p, mean): (&Value, &Value)| {
                    let mean_ms = mean.as_f64().unwrap() * MINUTE;
                    (p.as_f64().unwrap(), Law::Exponential { mean_ms }.sampler().unwrap())
                };
                Self::Mixture(parts.map(part).collect())
            }
            other => panic!("no law of durations is called {other}"),
        }
    }

    fn draw_ms(&self, dice: &mut Stream) -> u64 {
        match self {
            Self::Law(sampler) => sampler.draw_ms(dice),
            Self::Uniform { from_ms, to_ms } => {
                (from_ms + dice.uniform() * (to_ms - from_ms)).round() as u64
            }
            Self::Mixture(parts) => {
                let mut rest = dice.uniform();
                let part = parts.iter().find(|(share, _)| {
                    rest -= share;
                    rest < 0.0
                });
                part.unwrap_or(&parts[parts.len() - 1]).1.draw_ms(dice)
            }
        }
    }
}

/// So many customers at one rate.
struct Customers {
    arrivals: Steady,
    next_ms: Option<u64>,
    number: u32,
    many: u32,
    service: Service,
    dice: Stream,
}

impl Customers {
    fn new(model: &Value, many: u32) -> Self {
        let arrivals = &model["arrivals"][0];
        let gap_ms = MINUTE / arrivals["rate"].as_f64().unwrap();
        let mut arrival = Steady::new(gap_ms, Stream::new(1, 0, Purpose::Arrivals));
        Self {
            next_ms: arrival.next(),
            arrivals: arrival,
            number: 0,
            many,
            service: Service::read(&arrivals["service"]),
            dice: Stream::new(1, 0, Purpose::Duration),
        }
    }
}

impl Source for Customers {
    fn peek_ms(&self) -> Option<u64> {
        self.next_ms.filter(|_| self.number < self.many)
    }

    fn next(&mut self) -> Arriving {
        let at_ms = self.next_ms.unwrap();
        let order = plain::order(self.number, at_ms, self.service.draw_ms(&mut self.dice));
        self.next_ms = self.arrivals.next();
        self.number += 1;
        order
    }
}

/// The wait of each customer by number; refused ones have none.
struct ByNumber(Vec<Option<u64>>);

impl Record for ByNumber {
    fn claimed(&mut self, visit: &Visit, wait_ms: u64) {
        self.0[visit.number as usize] = Some(wait_ms);
    }
}

struct Case {
    id: String,
    model: Value,
    expected: Value,
}

impl Case {
    fn servers(&self) -> u32 {
        self.model["servers"][0]["count"].as_u64().unwrap() as u32
    }

    fn exact(&self, name: &str) -> f64 {
        self.expected[name].as_f64().unwrap()
    }

    /// More customers where queues are long and forget slowly.
    fn customers(&self) -> u32 {
        let rho = self.expected["rho"].as_f64().unwrap_or(0.5);
        let many = match rho {
            0.97.. => 2_000_000,
            0.94.. => 1_000_000,
            _ => 500_000,
        };
        if env::var_os("QIANGDAN_DEEP").is_some() { many * 10 } else { many }
    }

    /// Waits in minutes, by number, after the warm-up.
    fn simulate(&self) -> Vec<Option<f64>> {
        let many = self.customers();
        let room = self.model["capacity"].as_u64().map_or(1 << 16, |room| room as u32);
        let mut driver = plain::driver(plain::rules(vec![0]), room, self.servers());
        let mut waits = ByNumber(vec![None; many as usize]);
        driver.run(&mut Customers::new(&self.model, many), &mut waits);
        let in_minutes = |wait: &Option<u64>| wait.map(|ms| ms as f64 / MINUTE);
        waits.0[many as usize / 10..].iter().map(in_minutes).collect()
    }

    /// Checks a figure: the mean of what `f` says of each customer it says something of.
    #[track_caller]
    fn check(
        &self,
        waits: &[Option<f64>],
        what: &str,
        exact: f64,
        f: impl Fn(Option<f64>) -> Option<f64>,
    ) {
        let mean = |batch: &[Option<f64>]| {
            let (mut sum, mut count) = (0.0, 0.0);
            for value in batch.iter().filter_map(|&wait| f(wait)) {
                (sum, count) = (sum + value, count + 1.0);
            }
            sum / count
        };
        let batches: Vec<_> = waits.chunks_exact(waits.len() / BATCHES).map(mean).collect();
        let n = batches.len() as f64;
        let estimate = batches.iter().sum::<f64>() / n;
        let variance =
            batches.iter().map(|batch| (batch - estimate).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt();
        let off = (estimate - exact) / error;
        assert!(
            off.abs() <= ERRORS_MAX,
            "{}: {what} is {estimate}, exactly {exact}: {off:.1} standard errors off",
            self.id
        );
        assert!(error < 0.3 * exact, "{}: {what} is known too badly: ± {error}", self.id);
    }

    fn check_waits(&self, mean: &str, p_wait: &str) {
        let waits = self.simulate();
        self.check(&waits, mean, self.exact(mean), |wait| wait);
        self.check(&waits, p_wait, self.exact(p_wait), |wait| Some(f64::from(wait? > 0.0)));
        for tail in self.expected["p_wait_gt"].as_array().into_iter().flatten() {
            let (t, p) = (tail["t"].as_f64().unwrap(), tail["p"].as_f64().unwrap());
            // Events so rare that whole batches miss them follow no normal law.
            if p < 0.02 {
                continue;
            }
            let what = format!("P(W > {t})");
            self.check(&waits, &what, p, |wait| Some(f64::from(wait? > t)));
        }
    }
}

/// The cases of a family; none if the exact answers are not there.
fn family(name: &str) -> Vec<Case> {
    let Some(path) = data::cases("queueing.json") else { return vec![] };
    let all: Value = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let cases = all["cases"].as_array().unwrap().iter().filter(|case| case["family"] == name);
    let case = |case: &Value| Case {
        id: case["id"].as_str().unwrap().to_owned(),
        model: case["model"].clone(),
        expected: case["expected"].clone(),
    };
    cases.map(case).collect()
}

#[test]
fn waits_for_many_windows_are_erlangs() {
    for case in family("MMC") {
        case.check_waits("mean_wait", "p_wait");
    }
}

#[test]
fn waits_for_one_window_follow_pollaczek_and_khinchine() {
    for case in family("MG1") {
        case.check_waits("mean_wait", "p_wait");
    }
}

#[test]
fn a_full_hall_refuses_as_many_as_it_must() {
    for case in family("MMCK") {
        let waits = case.simulate();
        let blocked = |wait: Option<f64>| Some(f64::from(wait.is_none()));
        case.check(&waits, "p_block", case.exact("p_block"), blocked);
        case.check(&waits, "mean_wait_accepted", case.exact("mean_wait_accepted"), |wait| wait);
    }
}

// Little's law. Over a run that begins and ends empty it is no matter of chance: the orders waiting,
// summed over time, are the waits, summed over orders.
#[test]
fn orders_waiting_over_time_are_waits_over_orders() {
    let service = serde_json::json!({ "type": "exp", "mean": 10 });
    for (rate, windows) in [(0.09, 1), (0.3, 4), (2.0, 20)] {
        let model = serde_json::json!({ "arrivals": [{ "rate": rate, "service": service }] });
        let mut driver = plain::driver(plain::rules(vec![0]), 1 << 16, windows);
        let mut waits = Waits::default();
        driver.run(&mut Customers::new(&model, 20_000), &mut waits);
        assert_eq!(waits.waits.len(), 20_000);
        let sum: u128 = waits.waits.iter().map(|&(_, wait_ms, _)| u128::from(wait_ms)).sum();
        assert_eq!(waits.queue_area, sum, "{windows} windows");
        let stats = driver.engine().stats();
        assert_eq!((stats.submitted, stats.claimed, stats.closed), (20_000, 20_000, 20_000));
    }
}
