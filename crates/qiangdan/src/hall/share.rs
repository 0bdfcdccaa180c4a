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

    /// The share in ten-thousandths, rounded down: 8,000 for 80 %.
    #[must_use]
    pub fn ten_thousandths(self) -> u32 {
        self.millionths / 100
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<u32, ShareError>) {
        assert_eq!(text.parse().map(|share: Share| share.millionths), expect, "{text}");
    }

    #[test]
    fn a_share_is_a_number_and_a_percent_sign() {
        check("90 %", Ok(900_000));
        check("90%", Ok(900_000));
        check(" 99.5 % ", Ok(995_000));
        check("90％", Ok(900_000));
        check("0 %", Ok(0));
        check("0.0001 %", Ok(1));
        check("120 %", Ok(1_200_000));
        check("1.50000 %", Ok(15_000));
    }

    #[test]
    fn other_texts_are_refused_with_a_reason() {
        check("", Err(ShareError::NoPercent));
        check("0.9", Err(ShareError::NoPercent));
        for text in ["%", "x %", "-1 %", ".5 %", "5. %", "1,5 %", "1e2 %", "9 0 %"] {
            check(text, Err(ShareError::NoNumber));
        }
        check("0.00001 %", Err(ShareError::TooFine));
        check("1001 %", Err(ShareError::TooMuch));
        check("99999999999999999999 %", Err(ShareError::TooMuch));
    }

    #[test]
    fn a_share_of_something_is_rounded_down() {
        let share = |text: &str| text.parse::<Share>().unwrap();
        assert_eq!(share("80 %").of(600_000), 480_000);
        assert_eq!(share("33.3333 %").of(3), 0);
        assert_eq!(Share::WHOLE.of(u64::MAX), u64::MAX);
        assert_eq!(share("1000 %").of(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(millionths in 0..=10_000_000_u32) {
            let share = Share { millionths };
            prop_assert_eq!(share.to_string().parse(), Ok(share));
        }

        #[test]
        fn no_text_is_too_odd(text in any::<String>(), near in "[0-9.]{0,25} ?%?") {
            let _ = (text.parse::<Share>(), near.parse::<Share>());
        }
    }
}
