//! Which one: drawing a service or a class by weight.

use super::Stream;

/// Draws a position by weight, in constant time.
///
/// Source: M. D. Vose, A linear algorithm for generating random numbers with a given distribution,
/// IEEE TSE 17 (1991); the alias method of A. J. Walker.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// For each position: the share of its column that is its own, and whose the rest is.
    columns: Vec<(f64, u32)>,
}

/// Why weights cannot be drawn from.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// There is nothing to choose from.
    #[error("there is nothing to choose from, or every weight is 0")]
    Nothing,
    /// A weight is negative or not a finite number.
    #[error("weight {position} is {weight}, expected a number from 0")]
    Weight {
        /// Which, from 0.
        position: usize,
        /// What was given.
        weight: f64,
    },
    /// More positions than an index can number, or weights too large to add up.
    #[error("there are too many weights, or their sum is too large")]
    TooMany,
}

impl Choice {
    /// Prepares to draw position `i` with probability `weights[i]` ÷ their sum.
    ///
    /// # Errors
    ///
    /// [`ChoiceError`] if a weight is not a number from 0, or none is above 0.
    pub fn new(weights: &[f64]) -> Result<Self, ChoiceError> {
        if let Some(position) = weights.iter().position(|w| !(0.0..f64::INFINITY).contains(w)) {
            return Err(ChoiceError::Weight { position, weight: weights[position] });
        }
        let sum: f64 = weights.iter().sum();
        let count = u32::try_from(weights.len()).map_err(|_| ChoiceError::TooMany)?;
        if sum <= 0.0 {
            return Err(ChoiceError::Nothing);
        }
        if !sum.is_finite() {
            return Err(ChoiceError::TooMany);
        }
        let mut columns: Vec<_> =
            (0..count).zip(weights).map(|(own, w)| (w / sum * f64::from(count), own)).collect();
        fill(&mut columns);
        Ok(Self { columns })
    }

    /// Draws a position. Takes one number from the stream.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "below the number of columns")]
    #[expect(clippy::cast_sign_loss, reason = "a uniform number is not negative")]
    #[expect(clippy::cast_precision_loss, reason = "there are at most 2^32 columns")]
    pub fn draw(&self, stream: &mut Stream) -> usize {
        let at = stream.uniform() * self.columns.len() as f64;
        // A product just below the end may be rounded up to it.
        let column = (at as usize).min(self.columns.len() - 1);
        let (own, other) = self.columns[column];
        if at - column as f64 <= own && own > 0.0 { column } else { other as usize }
    }
}

/// Evens out columns of average height 1: what is missing in a low one is taken from a high one.
fn fill(columns: &mut [(f64, u32)]) {
    let (mut low, mut high): (Vec<usize>, Vec<usize>) =
        (0..columns.len()).partition(|&column| columns[column].0 < 1.0);
    while let (Some(&to), Some(&from)) = (low.last(), high.last()) {
        low.pop();
        columns[to].1 = u32::try_from(from).expect("columns are numbered by u32");
        columns[from].0 -= 1.0 - columns[to].0;
        if columns[from].0 < 1.0 {
            high.pop();
            low.push(from);
        }
    }
    // Whatever is left differs from 1 by rounding only.
    for column in low.into_iter().chain(high) {
        columns[column].0 = 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Purpose;

    #[test]
    fn positions_come_up_by_their_weight() {
        let weights = [5.0, 0.0, 1.0, 3.5, 0.5];
        let choice = Choice::new(&weights).unwrap();
        let mut stream = Stream::new(1, 0, Purpose::Service);
        let draws = 100_000.0;
        let mut seen = [0.0_f64; 5];
        for _ in 0..100_000 {
            seen[choice.draw(&mut stream)] += 1.0;
        }
        assert_eq!(seen[1], 0.0);
        let chi_square: f64 = seen
            .iter()
            .zip(weights)
            .filter(|(_, w)| *w > 0.0)
            .map(|(seen, w)| (seen - draws * w / 10.0).powi(2) / (draws * w / 10.0))
            .sum();
        // Three degrees of freedom: beyond 21.1 once in ten thousand.
        assert!(chi_square < 21.1, "{chi_square}");
    }

    #[test]
    fn one_weight_is_always_chosen() {
        let choice = Choice::new(&[0.0, 0.3, 0.0]).unwrap();
        let mut stream = Stream::new(1, 0, Purpose::Class);
        assert!((0..10_000).all(|_| choice.draw(&mut stream) == 1));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Choice::new(&[]), Err(ChoiceError::Nothing));
        assert_eq!(Choice::new(&[0.0]), Err(ChoiceError::Nothing));
        assert_eq!(Choice::new(&[f64::MAX, f64::MAX]), Err(ChoiceError::TooMany));
        assert!(matches!(Choice::new(&[1.0, -1.0]), Err(ChoiceError::Weight { position: 1, .. })));
        assert!(matches!(Choice::new(&[f64::NAN]), Err(ChoiceError::Weight { position: 0, .. })));
    }
}
