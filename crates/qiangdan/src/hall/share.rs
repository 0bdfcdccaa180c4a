//! Shares as people write them: `90 %`, `99.5%`.

use std::{fmt, str::FromStr};

/// A share, exact to a ten-thousandth of a percent. May be more than the whole: `120 %`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Share {
    millionths: u32,
}

/// Why a text is no share.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// There is no percent sign at the end.
    #[error("the percent sign is missing")]
    NoPercent,
    /// What stands before the sign is no number such as `90` or `99.5`.
    #[error("what stands before the percent sign is no number")]
    NoNumber,
    /// More than four digits after the point.
    #[error("more than four digits after the point")]
    TooFine,
    /// More than a thousand percent.
    #[error("more than 1000 %")]
    TooMuch,
}

impl Share {
    /// All of it: 100 %.
    pub const WHOLE: Self = Self { millionths: 1_000_000 };

    /// The share as a number: 0.9 for 90 %.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        f64::from(self.millionths) / 1e6
    }

    /// This share of `whole`, rounded down.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        let part = u128::from(whole) * u128::from(self.millionths) / 1_000_000;
        u64::try_from(part).unwrap_or(u64::MAX)
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let number = text.trim().strip_suffix(['%', '％']).ok_or(ShareError::NoPercent)?.trim_end();
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let is_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(part) {
            return Err(ShareError::NoNumber);
        }
        let part = part.trim_end_matches('0');
        if part.len() > 4 {
            return Err(ShareError::TooFine);
        }
        match format!("{whole}{part:0<4}").parse::<u32>() {
            Ok(millionths) if millionths <= 10_000_000 => Ok(Self { millionths }),
            _ => Err(ShareError::TooMuch),
        }
    }
}

impl fmt::Display for Share {
    /// As a hall file would say it; reading it gives the same share.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.millionths / 10_000, self.millionths % 10_000);
        if part == 0 {
            write!(f, "{whole} %")
        } else {
            write!(f, "{whole}.{} %", format!("{part:04}").trim_end_matches('0'))
        }
    }
}
