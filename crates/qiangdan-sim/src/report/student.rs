//! Quantiles of Student's t and of the normal distribution.
//!
//! Plain sums and bisection: they are asked for a handful of times per report.

/// The half width, in standard errors, of a two-sided interval with error probability `alpha`.
pub(super) fn student(alpha: f64, degrees: u32) -> f64 {
    invert(1.0 - alpha, |t| student_between(t, degrees))
}

/// The same for the normal distribution.
pub(super) fn normal(alpha: f64) -> f64 {
    invert(1.0 - alpha, normal_between)
}

/// The `x` at which a rising function from 0 towards 1 reaches `share`.
fn invert(share: f64, rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while rising(high) < share && high < 1e6 {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..64 {
        let middle = low + (high - low) / 2.0;
        if rising(middle) < share { low = middle } else { high = middle }
    }
    high
}

/// P(−t ≤ T ≤ t).
// Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
fn student_between(t: f64, degrees: u32) -> f64 {
    let (nu, is_odd) = (f64::from(degrees), degrees % 2 == 1);
    let cos_squared = nu / (nu + t * t);
    let sin = t / (nu + t * t).sqrt();
    let mut term = if is_odd { cos_squared.sqrt() } else { 1.0 };
    let mut sum = if degrees == 1 { 0.0 } else { term };
    for k in 1..=(degrees.saturating_sub(2)) / 2 {
        let even = 2.0 * f64::from(k);
        let factor = if is_odd { even / (even + 1.0) } else { (even - 1.0) / even };
        term *= factor * cos_squared;
        sum += term;
        if term < 1e-18 {
            break;
        }
    }
    if is_odd {
        std::f64::consts::FRAC_2_PI * ((t / nu.sqrt()).atan() + sin * sum)
    } else {
        sin * sum
    }
}

/// P(−z ≤ Z ≤ z).
// Source: Marsaglia, Evaluating the Normal Distribution, J. Stat. Softw. 11(4), 2004: the series
// x + x³/3 + x⁵/(3·5) + … times the density.
fn normal_between(z: f64) -> f64 {
    if z > 8.0 {
        return 1.0;
    }
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term > sum * 1e-17 {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    2.0 * sum * density
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(got: f64, expect: f64) {
        assert!((got - expect).abs() < 1e-4, "{got} is not {expect}");
    }

    #[test]
    fn quantiles_of_t_are_those_of_the_table() {
        // Source: NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, to four digits.
        let table = [
            (0.05, 1, 12.7062),
            (0.05, 2, 4.3027),
            (0.05, 3, 3.1824),
            (0.05, 9, 2.2622),
            (0.05, 10, 2.2281),
            (0.05, 29, 2.0452),
            (0.05, 49, 2.0096),
            (0.05, 99, 1.9842),
            (0.05, 999, 1.9623),
            (0.01, 4, 4.6041),
            (0.01, 15, 2.9467),
            (0.10, 7, 1.8946),
            (0.002, 20, 3.5518),
        ];
        for (alpha, degrees, expect) in table {
            check(student(alpha, degrees), expect);
        }
    }

    #[test]
    fn quantiles_of_the_normal_are_those_of_the_table() {
        for (alpha, expect) in [(0.05, 1.959_964), (0.01, 2.575_829), (0.001, 3.290_527)] {
            check(normal(alpha), expect);
        }
        check(student(0.05, 100_000), normal(0.05));
    }
}
