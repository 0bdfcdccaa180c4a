//! Durations as people write them: `10 min`, `1 h 30 min`, `5 working days`, `10 分钟`.
//!
//! Natural time runs always; working time runs in office hours only. The grammar is a row of
//! numbers with units, the units falling: `1 h 30 min`, `1h30m`, `1.5 h`. Working time has one
//! number.

use std::{fmt, str::FromStr};

/// How long something lasts, and which clock counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Duration {
    /// Time that runs always.
    Natural {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Office days (工作日).
    WorkingDays {
        /// How many.
        days: u32,
    },
    /// Time that runs in office hours only.
    Working {
        /// How long, in milliseconds.
        ms: u64,
    },
}

/// Why a text is no duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// There is no number where one must stand.
    #[error("a number is missing")]
    NoNumber,
    /// There is no unit after a number.
    #[error("a unit is missing after a number")]
    NoUnit,
    /// A unit is none of those known.
    #[error("an unknown unit")]
    UnknownUnit,
    /// A unit is not smaller than the one before it.
    #[error("units must fall, as in `1 h 30 min`")]
    UnitsNotFalling,
    /// The whole is no whole number of milliseconds (or of days, for working days).
    #[error("not a whole number of milliseconds or working days")]
    NotWhole,
    /// The whole is more than a hundred years.
    #[error("longer than a hundred years")]
    TooLong,
}

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Longer is a slip of the pen.
const LONGEST_MS: u64 = 36_525 * DAY_MS;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many milliseconds of natural time.
    Natural(u64),
    WorkingDay,
    /// So many milliseconds of working time.
    Working(u64),
}

impl Unit {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "ms" | "毫秒" => Self::Natural(1),
            "s" | "sec" | "second" | "seconds" | "秒" | "秒钟" => Self::Natural(SECOND_MS),
            "m" | "min" | "mins" | "minute" | "minutes" | "分" | "分钟" => {
                Self::Natural(MINUTE_MS)
            }
            "h" | "hour" | "hours" | "时" | "小时" | "个小时" => Self::Natural(HOUR_MS),
            "d" | "day" | "days" | "天" | "日" => Self::Natural(DAY_MS),
            "wd" | "working day" | "working days" | "工作日" | "个工作日" => {
                Self::WorkingDay
            }
            "wh" | "working hour" | "working hours" | "工作小时" | "个工作小时" => {
                Self::Working(HOUR_MS)
            }
            "wm" | "working min" | "working minute" | "working minutes" | "工作分钟"
            | "个工作分钟" => Self::Working(MINUTE_MS),
            _ => return None,
        })
    }
}

impl Duration {
    /// Reads natural time with an optional minus sign, in milliseconds: `15 min`, `-5 min`.
    pub(super) fn signed_ms(text: &str) -> Result<Option<i64>, DurationError> {
        let text = text.trim();
        let (sign, rest) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        Ok(match rest.parse()? {
            Self::Natural { ms } => i64::try_from(ms).ok().map(|ms| sign * ms),
            _ => None,
        })
    }

    /// Whether a text is so many whole days, and nothing smaller: `7 days` is, `168 h` is not.
    pub(super) fn is_in_days(text: &str) -> bool {
        let read = number_with_unit(text.trim());
        read.is_ok_and(|(number, unit, rest)| {
            unit == Unit::Natural(DAY_MS) && rest.is_empty() && number.times(1).is_ok()
        })
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let (number, unit, mut rest) = number_with_unit(text.trim())?;
        let mut before_ms = match unit {
            Unit::WorkingDay | Unit::Working(_) if !rest.is_empty() => {
                return Err(DurationError::UnitsNotFalling);
            }
            Unit::WorkingDay => {
                let days = u32::try_from(number.times(1)?).map_err(|_| DurationError::TooLong)?;
                return if days > 36_525 {
                    Err(DurationError::TooLong)
                } else {
                    Ok(Self::WorkingDays { days })
                };
            }
            Unit::Working(unit_ms) => return Ok(Self::Working { ms: number.times(unit_ms)? }),
            Unit::Natural(unit_ms) => unit_ms,
        };
        let mut ms = number.times(before_ms)?;
        while !rest.is_empty() {
            let (number, unit, after) = number_with_unit(rest)?;
            match unit {
                Unit::Natural(unit_ms) if unit_ms < before_ms => {
                    ms = ms.saturating_add(number.times(unit_ms)?);
                    before_ms = unit_ms;
                }
                _ => return Err(DurationError::UnitsNotFalling),
            }
            rest = after;
        }
        if ms > LONGEST_MS { Err(DurationError::TooLong) } else { Ok(Self::Natural { ms }) }
    }
}

/// A decimal number as digits: exact where a float would not be.
struct Number {
    /// All digits, without the point.
    digits: u64,
    /// Ten to the number of digits after the point.
    scale: u64,
}

impl Number {
    /// The number times `unit`, if that is whole and not too long.
    fn times(&self, unit: u64) -> Result<u64, DurationError> {
        let product = u128::from(self.digits) * u128::from(unit);
        let scale = u128::from(self.scale);
        if product % scale != 0 {
            return Err(DurationError::NotWhole);
        }
        match u64::try_from(product / scale) {
            Ok(ms) if ms <= LONGEST_MS => Ok(ms),
            _ => Err(DurationError::TooLong),
        }
    }
}

/// Splits off the first number and unit; what is left has no space before it.
fn number_with_unit(text: &str) -> Result<(Number, Unit, &str), DurationError> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || part.is_empty() || part.contains('.') {
        return Err(DurationError::NoNumber);
    }
    let part = part.trim_end_matches('0');
    let digits = format!("{whole}{part}").parse().map_err(|_| DurationError::TooLong)?;
    let places = u32::try_from(part.len()).map_err(|_| DurationError::TooLong)?;
    let scale = 10_u64.checked_pow(places).ok_or(DurationError::NotWhole)?;

    let rest = rest.trim_start();
    let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
    if word.is_empty() {
        return Err(DurationError::NoUnit);
    }
    let unit = Unit::named(&word).ok_or(DurationError::UnknownUnit)?;
    Ok((Number { digits, scale }, unit, rest))
}

impl fmt::Display for Duration {
    /// As a hall file would say it; reading it gives the same duration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Natural { ms } => f.write_str(&natural(ms)),
            Self::WorkingDays { days: 1 } => f.write_str("1 working day"),
            Self::WorkingDays { days } => write!(f, "{days} working days"),
            Self::Working { ms: HOUR_MS } => f.write_str("1 working hour"),
            Self::Working { ms: MINUTE_MS } => f.write_str("1 working minute"),
            // Nine seconds are the smallest part of an hour that is not written in thirds.
            Self::Working { ms } if ms < HOUR_MS || ms % 9_000 != 0 => {
                write!(f, "{} working minutes", decimal(ms, MINUTE_MS))
            }
            Self::Working { ms } => write!(f, "{} working hours", decimal(ms, HOUR_MS)),
        }
    }
}

fn natural(ms: u64) -> String {
    if ms == 0 {
        return "0 min".to_owned();
    }
    let (mut left, mut words) = (ms, Vec::new());
    for (unit_ms, word) in [(HOUR_MS, "h"), (MINUTE_MS, "min"), (SECOND_MS, "s"), (1, "ms")] {
        if left >= unit_ms {
            words.push(format!("{} {word}", left / unit_ms));
            left %= unit_ms;
        }
    }
    words.join(" ")
}

/// So many units with up to eight places, which always suffice: working time is read with them.
fn decimal(ms: u64, unit_ms: u64) -> String {
    let (whole, left) = (ms / unit_ms, ms % unit_ms);
    if left == 0 {
        return whole.to_string();
    }
    let places = u128::from(left) * 100_000_000 / u128::from(unit_ms);
    format!("{whole}.{places:08}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<Duration, DurationError>) {
        assert_eq!(text.parse::<Duration>(), expect, "{text}");
    }

    #[test]
    fn people_write_natural_time_in_many_ways() {
        let minutes = |minutes: u64| Ok(Duration::Natural { ms: minutes * MINUTE_MS });
        for text in
            ["90 min", "90min", "1 h 30 min", "1h30m", "1.5 h", "1 小时 30 分钟", "1小时30分"]
        {
            check(text, minutes(90));
        }
        for text in ["10 minutes", "600 s", "10 分钟", " 10 min ", "010 min", "0.5 min 9.5 min"] {
            let is_falling = text != "0.5 min 9.5 min";
            check(text, if is_falling { minutes(10) } else { Err(DurationError::UnitsNotFalling) });
        }
        check("1 min 30 s 250 ms", Ok(Duration::Natural { ms: 90_250 }));
        check("2 days", minutes(2 * 24 * 60));
        check("0 min", minutes(0));
    }

    #[test]
    fn working_time_is_another_clock() {
        for text in ["5 working days", "5wd", "5 个工作日", "5工作日", "5  working   days"] {
            check(text, Ok(Duration::WorkingDays { days: 5 }));
        }
        for text in ["4 working hours", "4wh", "4 个工作小时"] {
            check(text, Ok(Duration::Working { ms: 4 * HOUR_MS }));
        }
        for text in ["90 working minutes", "90wm", "90 个工作分钟"] {
            check(text, Ok(Duration::Working { ms: 3 * HOUR_MS / 2 }));
        }
        check("1.5 working hours", Ok(Duration::Working { ms: 3 * HOUR_MS / 2 }));
        check("1.5 working days", Err(DurationError::NotWhole));
        check("1 wd 2 h", Err(DurationError::UnitsNotFalling));
        check("1 h 2 wd", Err(DurationError::UnitsNotFalling));
    }

    #[test]
    fn days_are_days_only_if_they_are_written_so() {
        for text in ["7 days", "1 d", " 7天", "7.0 days"] {
            assert!(Duration::is_in_days(text), "{text}");
        }
        for text in ["168 h", "1 d 2 h", "1.5 days", "7 working days", "", "7"] {
            assert!(!Duration::is_in_days(text), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_a_reason() {
        for text in ["", "min", "-5 min", ". min", "1. min", "1.2.3 min", "１０ 分钟"] {
            check(text, Err(DurationError::NoNumber));
        }
        check("10", Err(DurationError::NoUnit));
        check("10 min 5", Err(DurationError::NoUnit));
        check("10 minuets", Err(DurationError::UnknownUnit));
        check("10 min, 5 s", Err(DurationError::UnknownUnit));
        check("5 s 10 min", Err(DurationError::UnitsNotFalling));
        check("0.3 ms", Err(DurationError::NotWhole));
        check("0.00000000000000000000001 h", Err(DurationError::NotWhole));
        check("36526 d", Err(DurationError::TooLong));
        check("36525 d 1 ms", Err(DurationError::TooLong));
        check("36526 wd", Err(DurationError::TooLong));
        check("99999999999999999999 min", Err(DurationError::TooLong));
    }

    #[test]
    fn a_head_start_may_be_negative() {
        assert_eq!(Duration::signed_ms("15 min"), Ok(Some(900_000)));
        assert_eq!(Duration::signed_ms("-5 min"), Ok(Some(-300_000)));
        assert_eq!(Duration::signed_ms("− 5 min"), Ok(Some(-300_000)));
        assert_eq!(Duration::signed_ms("--5 min"), Err(DurationError::NoNumber));
        assert_eq!(Duration::signed_ms("5 wd"), Ok(None));
    }

    #[test]
    fn a_duration_shows_as_a_person_would_write_it() {
        let show = |text: &str| text.parse::<Duration>().unwrap().to_string();
        assert_eq!(show("90min"), "1 h 30 min");
        assert_eq!(show("2 d"), "48 h");
        assert_eq!(show("1wd"), "1 working day");
        assert_eq!(show("4.25 wh"), "4.25 working hours");
    }

    fn duration() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0..=LONGEST_MS).prop_map(|ms| Duration::Natural { ms }),
            (0..=36_525_u32).prop_map(|days| Duration::WorkingDays { days }),
            // What can be written in hours or minutes with a few places.
            (0..=LONGEST_MS / 9_000).prop_map(|n| Duration::Working { ms: n * 9_000 }),
            (0..=LONGEST_MS / 3).prop_map(|n| Duration::Working { ms: n * 3 }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(duration in duration()) {
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_is_too_odd(text in any::<String>(), near in "[0-9.]{0,25} ?[a-z工作日分 ]{0,8}") {
            let _ = text.parse::<Duration>();
            let _ = near.repeat(2).parse::<Duration>();
        }
    }
}
