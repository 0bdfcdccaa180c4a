//! Times of day and spans between two of them: `09:00`, `13:30-17:00`.

use std::{fmt, str::FromStr};

/// A span of one day, from `from_ms` until just before `to_ms`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub struct Span {
    /// When it begins, in milliseconds of the day.
    pub from_ms: u64,
    /// When it ends, in milliseconds of the day; later than it begins, at most 24:00.
    pub to_ms: u64,
}

/// Why a text is no time of day or no span.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpanError {
    /// There is no hyphen between two times.
    #[error("there is no hyphen between two times")]
    NoHyphen,
    /// A time is not written as hours and minutes.
    #[error("a time is not written as hours and minutes")]
    NoTime,
    /// A time is later than 24:00, or has more than 59 minutes.
    #[error("there is no such time in a day")]
    NoSuchTime,
    /// The span ends when it begins, or before.
    #[error("it ends before it begins")]
    Backwards,
}

const MINUTE_MS: u64 = 60_000;

impl Span {
    /// How long it is, in milliseconds.
    #[must_use]
    pub fn lasts_ms(self) -> u64 {
        self.to_ms - self.from_ms
    }

    /// How many milliseconds this span and `other` have in common.
    #[must_use]
    pub fn shared_ms(self, other: Self) -> u64 {
        self.to_ms.min(other.to_ms).saturating_sub(self.from_ms.max(other.from_ms))
    }
}

/// Reads a time of day, `09:00` to `24:00`, in milliseconds of the day.
pub(super) fn time_of_day_ms(text: &str) -> Result<u64, SpanError> {
    let (hours, minutes) = text.trim().split_once([':', '：']).ok_or(SpanError::NoTime)?;
    let digits = |s: &str, least: usize| {
        let is_number = (least..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if is_number { s.parse::<u64>().ok() } else { None }
    };
    let (hours, minutes) = digits(hours, 1).zip(digits(minutes, 2)).ok_or(SpanError::NoTime)?;
    let minute = hours * 60 + minutes;
    if minutes > 59 || minute > 24 * 60 {
        return Err(SpanError::NoSuchTime);
    }
    Ok(minute * MINUTE_MS)
}

/// A time of day as a hall file would say it.
pub(super) fn time_of_day(ms: u64) -> String {
    let minute = ms / MINUTE_MS;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (from, to) = text.split_once(['-', '–', '—', '~', '～']).ok_or(SpanError::NoHyphen)?;
        let (from_ms, to_ms) = (time_of_day_ms(from)?, time_of_day_ms(to)?);
        if from_ms < to_ms { Ok(Self { from_ms, to_ms }) } else { Err(SpanError::Backwards) }
    }
}

impl fmt::Display for Span {
    /// As a hall file would say it; reading it gives the same span.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", time_of_day(self.from_ms), time_of_day(self.to_ms))
    }
}
