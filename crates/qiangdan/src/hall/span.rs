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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<(u64, u64), SpanError>) {
        let minutes = |span: Span| (span.from_ms / MINUTE_MS, span.to_ms / MINUTE_MS);
        assert_eq!(text.parse().map(minutes), expect, "{text}");
    }

    #[test]
    fn a_span_is_two_times_and_a_hyphen() {
        for text in ["09:00-12:00", "9:00 - 12:00", "09:00–12:00", "09：00～12：00"] {
            check(text, Ok((540, 720)));
        }
        check("00:00-24:00", Ok((0, 1_440)));
    }

    #[test]
    fn other_texts_are_refused_with_a_reason() {
        check("", Err(SpanError::NoHyphen));
        check("09:00", Err(SpanError::NoHyphen));
        for text in ["9-12", "09:0-12:00", "009:00-12:00", "-1:00-12:00", "09:00-12:00-13:00"] {
            check(text, Err(SpanError::NoTime));
        }
        for text in ["09:60-12:00", "09:00-24:01", "25:00-26:00"] {
            check(text, Err(SpanError::NoSuchTime));
        }
        check("12:00-09:00", Err(SpanError::Backwards));
        check("12:00-12:00", Err(SpanError::Backwards));
    }

    #[test]
    fn spans_share_what_lies_in_both() {
        let span = |text: &str| text.parse::<Span>().unwrap();
        let shared = |a: &str, b: &str| span(a).shared_ms(span(b)) / MINUTE_MS;
        assert_eq!(shared("09:00-12:00", "11:30-13:00"), 30);
        assert_eq!(shared("09:00-12:00", "12:00-13:00"), 0);
        assert_eq!(shared("09:00-12:00", "14:00-15:00"), 0);
        assert_eq!(shared("09:00-12:00", "10:00-11:00"), 60);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(from in 0..1_440_u64, lasts in 1..=1_440_u64) {
            let to = (from + lasts).min(1_440);
            let span = Span { from_ms: from * MINUTE_MS, to_ms: to * MINUTE_MS };
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }

        #[test]
        fn no_text_is_too_odd(text in any::<String>(), near in "[0-9]{0,3}:?[0-9]{0,3}-?[0-9:]{0,6}") {
            let _ = (text.parse::<Span>(), near.parse::<Span>());
        }
    }
}
