//! How long a service takes, or how long a person waits before leaving: a distribution.
//!
//! `"6 min"` alone is lognormal with that mean and a coefficient of variation of 0.7. `typical` and
//! `slow` are the median and the time that nine in ten stay under; they make a lognormal too.

use toml::de::DeValue;

use super::{
    Code,
    mistake::Mistakes,
    table::Table,
    value::{self, Value},
};

/// Standard deviation ÷ mean where none is given. Between an exponential and a steady hand.
const USUAL_CV: f64 = 0.7;
/// The 90 % point of the standard normal distribution.
const NORMAL_P90: f64 = 1.281_551_565_544_600_4;

/// A distribution of times, as `takes` and `leave_after` give it.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Takes {
    /// Always the same.
    Fixed {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Exponential: its coefficient of variation is 1.
    Exponential {
        /// The mean, in milliseconds.
        mean_ms: u64,
    },
    /// Lognormal: what service times at windows look like.
    Lognormal {
        /// The mean, in milliseconds.
        mean_ms: u64,
        /// Standard deviation ÷ mean; above 0.
        cv: f64,
    },
    /// Gamma.
    Gamma {
        /// The mean, in milliseconds.
        mean_ms: u64,
        /// Standard deviation ÷ mean; above 0.
        cv: f64,
    },
}

impl Takes {
    /// The mean, in milliseconds.
    #[must_use]
    pub fn mean_ms(self) -> u64 {
        match self {
            Self::Fixed { ms } => ms,
            Self::Exponential { mean_ms }
            | Self::Lognormal { mean_ms, .. }
            | Self::Gamma { mean_ms, .. } => mean_ms,
        }
    }

    /// Standard deviation ÷ mean.
    #[must_use]
    pub fn cv(self) -> f64 {
        match self {
            Self::Fixed { .. } => 0.0,
            Self::Exponential { .. } => 1.0,
            Self::Lognormal { cv, .. } | Self::Gamma { cv, .. } => cv,
        }
    }
}

#[derive(Clone, Copy)]
enum Shape {
    Fixed,
    Exponential,
    Lognormal,
    Gamma,
}

const SHAPES: [(&str, Shape); 4] = [
    ("lognormal", Shape::Lognormal),
    ("exponential", Shape::Exponential),
    ("gamma", Shape::Gamma),
    ("fixed", Shape::Fixed),
];

/// Reads a distribution.
pub(super) fn read(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Takes> {
    let table = match value.get_ref() {
        DeValue::String(_) => {
            let mean_ms = value::natural_ms(value, mistakes)?.into_inner();
            return Some(Takes::Lognormal { mean_ms, cv: USUAL_CV });
        }
        DeValue::Table(table) => Table::new("this time", value.span(), table),
        _ => {
            return value::wrong_type(
                value,
                r#"`"6 min"` or `{ mean = "6 min", cv = 0.7 }`"#,
                mistakes,
            );
        }
    };
    if table.get("typical").is_some() || table.get("slow").is_some() {
        return read_quantiles(&table, mistakes);
    }
    table.only(&["mean", "cv", "shape", "typical", "slow"], mistakes);
    let shape = match table.get("shape") {
        Some(shape) => value::word(shape, &SHAPES, mistakes),
        None => Some(Shape::Lognormal),
    };
    let mean = table.need("mean", "\"6 min\"", mistakes);
    let mean = mean.and_then(|value| value::natural_ms(value, mistakes));
    let cv = match (table.get("cv"), shape) {
        (Some(cv), Some(Shape::Fixed | Shape::Exponential)) => {
            let expected = "`cv` with `lognormal` or `gamma` only";
            mistakes.wrong(Code::BadWord, cv.span(), "a `cv` where the shape settles it", expected);
            None
        }
        (Some(cv), _) => read_cv(cv, mistakes),
        (None, _) => Some(USUAL_CV),
    };
    let (mean_ms, cv) = (mean?.into_inner(), cv?);
    Some(match shape? {
        Shape::Fixed => Takes::Fixed { ms: mean_ms },
        Shape::Exponential => Takes::Exponential { mean_ms },
        Shape::Lognormal => Takes::Lognormal { mean_ms, cv },
        Shape::Gamma => Takes::Gamma { mean_ms, cv },
    })
}

fn read_cv(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<f64> {
    let cv = value::number(value, "a number such as `0.7`", mistakes)?.into_inner();
    if (0.01..=10.0).contains(&cv) {
        return Some(cv);
    }
    mistakes.wrong(Code::BadNumber, value.span(), format!("a `cv` of {cv}"), "0.01 to 10");
    None
}

fn read_quantiles(table: &Table<'_>, mistakes: &mut Mistakes) -> Option<Takes> {
    table.only(&["typical", "slow"], mistakes);
    let [typical, slow] = [("typical", "\"6 min\""), ("slow", "\"15 min\"")].map(|(key, like)| {
        table.need(key, like, mistakes).and_then(|value| value::natural_ms(value, mistakes))
    });
    let (typical, slow) = (typical?, slow?);
    let slowness = *slow.get_ref() as f64 / *typical.get_ref() as f64;
    // A hundred times slower would be a coefficient of variation above 600.
    if !(1.02..=30.0).contains(&slowness) {
        let found = format!("`slow` is {slowness:.2} times `typical`");
        mistakes.wrong(Code::BadNumber, slow.span(), found, "1.02 to 30 times");
        return None;
    }
    Some(lognormal(*typical.get_ref(), slowness))
}

/// The lognormal with this median whose 90 % point is `slowness` times as long.
///
/// Rounded, so that machines whose logarithms differ in the last bit agree.
fn lognormal(median_ms: u64, slowness: f64) -> Takes {
    let variance = (slowness.ln() / NORMAL_P90).powi(2);
    let mean_ms = value::whole_ms(median_ms as f64 * (variance / 2.0).exp());
    let cv = (variance.exp_m1().sqrt() * 1e6).round() / 1e6;
    Takes::Lognormal { mean_ms, cv }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_ninety_percent_point_make_a_lognormal() {
        // σ = ln(2.5) / 1.2816 = 0.7150; mean = 6 min × e^(σ²/2), cv = √(e^σ² − 1).
        let Takes::Lognormal { mean_ms, cv } = lognormal(360_000, 2.5) else { panic!() };
        assert_eq!(mean_ms, 464_846);
        assert!((cv - 0.816_883).abs() < 1e-9, "{cv}");
    }
}
