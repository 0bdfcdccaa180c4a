//! Laws of durations: how long serving takes, how long people wait.

use super::{Stream, exact};

/// A law of durations, as someone wrote it. All means are in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Law {
    /// Always the same.
    Fixed {
        /// The duration.
        ms: u64,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean_ms: f64,
    },
    /// Lognormal.
    Lognormal {
        /// The mean.
        mean_ms: f64,
        /// Standard deviation ÷ mean.
        cv: f64,
    },
    /// Gamma. Erlang with k phases is `cv` = 1/√k.
    Gamma {
        /// The mean.
        mean_ms: f64,
        /// Standard deviation ÷ mean.
        cv: f64,
    },
}

/// Why a law cannot be drawn from.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LawError {
    /// Durations average nothing, less than nothing, or more than [`Law::MEAN_MS_MAX`].
    #[error("the mean is {mean_ms} ms, expected more than 0 and at most a thousand years")]
    Mean {
        /// What was given.
        mean_ms: f64,
    },
    /// The coefficient of variation is outside [`Law::CV_MIN`] to [`Law::CV_MAX`].
    #[error("the coefficient of variation is {cv}, expected 0.001 to 100 (use `fixed` for 0)")]
    Cv {
        /// What was given.
        cv: f64,
    },
}

impl Law {
    /// The largest mean: a thousand years.
    pub const MEAN_MS_MAX: f64 = 3.2e13;
    /// The smallest coefficient of variation; below it, durations are as good as fixed.
    pub const CV_MIN: f64 = 0.001;
    /// The largest coefficient of variation.
    pub const CV_MAX: f64 = 100.0;

    /// The mean in milliseconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a fixed duration past 2^53 ms is no figure")]
    pub fn mean_ms(&self) -> f64 {
        match *self {
            Self::Fixed { ms } => ms as f64,
            Self::Exponential { mean_ms }
            | Self::Lognormal { mean_ms, .. }
            | Self::Gamma { mean_ms, .. } => mean_ms,
        }
    }

    /// The coefficient of variation: standard deviation ÷ mean.
    #[must_use]
    pub fn cv(&self) -> f64 {
        match *self {
            Self::Fixed { .. } => 0.0,
            Self::Exponential { .. } => 1.0,
            Self::Lognormal { cv, .. } | Self::Gamma { cv, .. } => cv,
        }
    }

    /// Checks the law and works out its constants.
    ///
    /// # Errors
    ///
    /// [`LawError`] if mean or coefficient of variation is out of range.
    pub fn sampler(&self) -> Result<Sampler, LawError> {
        if let Self::Fixed { ms } = *self {
            return Ok(Sampler(Prepared::Fixed { ms }));
        }
        let (mean_ms, cv) = (self.mean_ms(), self.cv());
        if !(mean_ms > 0.0 && mean_ms <= Self::MEAN_MS_MAX) {
            return Err(LawError::Mean { mean_ms });
        }
        if !(Self::CV_MIN..=Self::CV_MAX).contains(&cv) {
            return Err(LawError::Cv { cv });
        }
        Ok(Sampler(match *self {
            Self::Fixed { ms } => Prepared::Fixed { ms },
            Self::Exponential { mean_ms } => Prepared::Exponential { mean_ms },
            Self::Lognormal { .. } => {
                let variance = exact::ln(1.0 + cv * cv);
                let mu = exact::ln(mean_ms) - variance / 2.0;
                Prepared::Lognormal { mu, sigma: variance.sqrt() }
            }
            Self::Gamma { .. } => Prepared::Gamma(Gamma::new(mean_ms, cv)),
        }))
    }
}

/// A law ready to draw from.
///
/// A fixed duration takes nothing from the stream, an exponential or lognormal one number, a gamma
/// one or more as it rejects.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sampler(Prepared);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Prepared {
    Fixed { ms: u64 },
    Exponential { mean_ms: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Gamma(Gamma),
}

impl Sampler {
    /// Draws one duration, in whole milliseconds (rounded to the nearest).
    // Always inlined: in a function of its own, the conversion of an integer to a float was compiled
    // to wait for the previous draw, which made exponential draws in a row three times as slow.
    #[inline(always)]
    pub fn draw_ms(&self, stream: &mut Stream) -> u64 {
        match &self.0 {
            Prepared::Fixed { ms } => *ms,
            Prepared::Exponential { mean_ms } => round_ms(mean_ms * stream.exponential()),
            Prepared::Lognormal { mu, sigma } => round_ms(exact::exp(mu + sigma * stream.normal())),
            Prepared::Gamma(gamma) => round_ms(gamma.draw(stream)),
        }
    }
}

/// Gamma by squeezing a cubed normal.
///
/// Source: G. Marsaglia, W. W. Tsang, A simple method for generating gamma variables, ACM TOMS 26
/// (2000), with its §8 for shapes below one: a variable of shape a + 1 times u^(1/a).
#[derive(Clone, Copy, PartialEq, Debug)]
struct Gamma {
    d: f64,
    c: f64,
    scale_ms: f64,
    /// 1/a, if the shape a is below one.
    below_one: Option<f64>,
}

impl Gamma {
    fn new(mean_ms: f64, cv: f64) -> Self {
        let shape = 1.0 / (cv * cv);
        let scale_ms = mean_ms / shape;
        let below_one = (shape < 1.0).then(|| 1.0 / shape);
        let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
        Self { d, c: 1.0 / (9.0 * d).sqrt(), scale_ms, below_one }
    }

    #[inline(never)]
    fn draw(&self, stream: &mut Stream) -> f64 {
        let cube = loop {
            let x = stream.normal();
            let v = 1.0 + self.c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            // −ln of a uniform variable is an exponential one.
            if stream.exponential() > self.d * (v - 1.0 - exact::ln(v)) - 0.5 * x * x {
                break v;
            }
        };
        let boost = self.below_one.map_or(1.0, |power| exact::exp(-power * stream.exponential()));
        self.d * cube * boost * self.scale_ms
    }
}

/// The nearest whole number of milliseconds.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a float past the range becomes its end")]
fn round_ms(ms: f64) -> u64 {
    // Not `round`, and not straight to `u64`: most processors have no instruction for these.
    ((ms + 0.5) as i64).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Purpose;

    const DRAWS: u32 = 200_000;

    /// Mean and variance of many draws, each within 4 standard errors.
    #[track_caller]
    fn check_moments(law: Law, excess_kurtosis: f64) {
        let sampler = law.sampler().unwrap();
        let mut stream = Stream::new(7, 0, Purpose::Duration);
        let n = f64::from(DRAWS);
        let (mean, sd) = (law.mean_ms(), law.mean_ms() * law.cv());
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..DRAWS {
            let off = sampler.draw_ms(&mut stream) as f64 - mean;
            sum += off;
            squares += off * off;
        }
        let z_mean = sum / n / (sd / n.sqrt());
        let z_variance = (squares / n - sd * sd) / (sd * sd * ((excess_kurtosis + 2.0) / n).sqrt());
        assert!(z_mean.abs() < 4.0, "{law:?}: mean is {z_mean} standard errors off");
        assert!(z_variance.abs() < 4.0, "{law:?}: variance is {z_variance} standard errors off");
    }

    #[test]
    fn draws_have_the_moments_of_their_law() {
        let mean_ms = 600_000.0;
        check_moments(Law::Exponential { mean_ms }, 6.0);
        for cv in [0.3, 1.0, 1.5] {
            check_moments(Law::Gamma { mean_ms, cv }, 6.0 * cv * cv);
        }
        for cv in [0.2, 0.5, 0.7] {
            let w: f64 = 1.0 + cv * cv;
            let excess = w.powi(4) + 2.0 * w.powi(3) + 3.0 * w.powi(2) - 6.0;
            check_moments(Law::Lognormal { mean_ms, cv }, excess);
        }
    }

    #[test]
    fn quantiles_of_the_exponential_and_lognormal_are_right() {
        let median = |law: Law| {
            let sampler = law.sampler().unwrap();
            let mut stream = Stream::new(3, 1, Purpose::Patience);
            let mut all: Vec<_> = (0..100_001).map(|_| sampler.draw_ms(&mut stream)).collect();
            *all.select_nth_unstable(50_000).1 as f64
        };
        let mean_ms = 1e6;
        // The standard error of a median is 1 ÷ (2 f √n); both are below 0.4 % of it.
        let exponential = median(Law::Exponential { mean_ms });
        assert!((exponential / (mean_ms * 2_f64.ln()) - 1.0).abs() < 0.02, "{exponential}");
        let lognormal = median(Law::Lognormal { mean_ms, cv: 1.0 });
        assert!((lognormal / (mean_ms / 2_f64.sqrt()) - 1.0).abs() < 0.02, "{lognormal}");
    }

    #[test]
    fn nonsense_is_refused() {
        for mean_ms in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e14] {
            let refused = Law::Exponential { mean_ms }.sampler().unwrap_err();
            assert!(matches!(refused, LawError::Mean { .. }));
        }
        for cv in [0.0, -0.5, f64::NAN, 101.0] {
            let refused = Law::Gamma { mean_ms: 1.0, cv }.sampler().unwrap_err();
            assert!(matches!(refused, LawError::Cv { .. }));
        }
    }

    #[test]
    fn every_law_in_range_gives_finite_durations() {
        for cv in [Law::CV_MIN, 1.0, Law::CV_MAX] {
            for mean_ms in [1e-9, 1.0, Law::MEAN_MS_MAX] {
                for law in [Law::Gamma { mean_ms, cv }, Law::Lognormal { mean_ms, cv }] {
                    let sampler = law.sampler().unwrap();
                    let mut stream = Stream::new(1, 1, Purpose::Duration);
                    let most = (0..1_000).map(|_| sampler.draw_ms(&mut stream)).max().unwrap();
                    assert!(most < u64::MAX, "{law:?}");
                }
            }
        }
    }
}
