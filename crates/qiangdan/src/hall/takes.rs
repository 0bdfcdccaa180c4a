//! How long a service takes, or how long a person waits before leaving: a distribution.

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
