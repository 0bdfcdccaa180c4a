//! Days as people write them: `mon-fri`, `2026-10-01..2026-10-07`, `05-01`.

use std::{fmt, str::FromStr};

use toml::{Spanned, de::DeValue};

use super::{
    Code,
    mistake::Mistakes,
    value::{self, Value},
};
use crate::calendar::{Day, MonthDay};

/// Days in a row, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Days {
    pub(super) from: Day,
    pub(super) until: Day,
}

/// Why a text is no row of days.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum DaysError {
    #[error("a date is not written as year, month and day, or no year has it")]
    NoDate,
    #[error("it ends before it begins")]
    Backwards,
    #[error("it is longer than a year")]
    TooLong,
}

impl Days {
    pub(super) fn iter(self) -> impl Iterator<Item = Day> {
        (self.from.number()..=self.until.number()).map(Day::from_number)
    }
}

impl FromStr for Days {
    type Err = DaysError;

    fn from_str(text: &str) -> Result<Self, DaysError> {
        let (from, until) = text.split_once("..").unwrap_or((text, text));
        let day = |text: &str| text.trim().parse::<Day>().map_err(|_| DaysError::NoDate);
        let (from, until) = (day(from)?, day(until)?);
        if until < from { Err(DaysError::Backwards) } else { Ok(Self { from, until }) }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.until {
            self.from.fmt(f)
        } else {
            write!(f, "{}..{}", self.from, self.until)
        }
    }
}

/// One day or a row of days, of any length.
pub(super) fn days(value: &Value<'_>, to: &mut Mistakes) -> Option<Spanned<Days>> {
    let text = match value.get_ref() {
        DeValue::Datetime(date) => date.to_string(),
        _ => {
            let like = "a date such as `\"2026-10-01\"` or `\"2026-10-01..2026-10-07\"`";
            (*value::string(value, like, to)?.get_ref()).to_owned()
        }
    };
    match text.parse() {
        Ok(days) => Some(Spanned::new(value.span(), days)),
        Err(why) => {
            bad_date(value.span(), &text, why, to);
            None
        }
    }
}

/// One day or a row of days, at most a year.
pub(super) fn days_of_a_year(value: &Value<'_>, to: &mut Mistakes) -> Option<Spanned<Days>> {
    let days = days(value, to)?;
    let Days { from, until } = *days.get_ref();
    if until.number() - from.number() > 366 {
        bad_date(days.span(), &days.get_ref().to_string(), DaysError::TooLong, to);
        return None;
    }
    Some(days)
}

/// One day.
pub(super) fn day(value: &Value<'_>, to: &mut Mistakes) -> Option<Spanned<Day>> {
    let days = days(value, to)?;
    let Days { from, until } = *days.get_ref();
    if from != until {
        let found = format!("`{}` is more than a day", days.get_ref());
        to.wrong(Code::BadDate, days.span(), found, "one date such as `2026-10-01`");
        return None;
    }
    Some(Spanned::new(days.span(), from))
}

fn bad_date(at: std::ops::Range<usize>, text: &str, why: DaysError, to: &mut Mistakes) {
    let found = format!("`{}` is no date: {why}", text.escape_debug());
    to.wrong(Code::BadDate, at, found, "`2026-10-01`, or `2026-10-01..2026-10-07` for several");
}

/// A month and a day of any year, `05-01`.
pub(super) fn month_day(value: &Value<'_>, to: &mut Mistakes) -> Option<MonthDay> {
    let text = value::string(value, "a day of the year such as `\"05-01\"`", to)?;
    let read = || {
        let (month, day) = text.get_ref().trim().split_once('-')?;
        let number = |s: &str| {
            let is_number = (1..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
            if is_number { s.parse::<i8>().ok() } else { None }
        };
        let (month, day) = (number(month)?, number(day)?);
        // In a leap year every day there is.
        Day::new(2024, month, day).map(|_| MonthDay { month, day })
    };
    let found = read();
    if found.is_none() {
        let message = format!("`{}` is no day of the year", text.get_ref().escape_debug());
        to.wrong(Code::BadDate, text.span(), message, "month and day such as `05-01`");
    }
    found
}

const WEEKDAYS: [[&str; 3]; 7] = [
    ["mon", "monday", "周一"],
    ["tue", "tuesday", "周二"],
    ["wed", "wednesday", "周三"],
    ["thu", "thursday", "周四"],
    ["fri", "friday", "周五"],
    ["sat", "saturday", "周六"],
    ["sun", "sunday", "周日"],
];

/// What a file calls a day of the week, by its place in it.
pub(super) fn weekday_word(place: usize) -> &'static str {
    WEEKDAYS.get(place).map_or("", |names| names[0])
}

/// Days of the week, Monday first, by their place in it: `sat`, `mon-fri`, `周一-周五`.
pub(super) fn weekdays(
    text: &Spanned<&str>,
    to: &mut Mistakes,
) -> Option<std::ops::RangeInclusive<usize>> {
    let written = text.get_ref();
    let (first, last) = written.split_once('-').unwrap_or((written, written));
    let place = |word: &str| WEEKDAYS.iter().position(|names| names.contains(&word.trim()));
    if let Some((first, last)) = place(first).zip(place(last)).filter(|(a, b)| a <= b) {
        return Some(first..=last);
    }
    let found = format!("`{}` names no days of the week", written.escape_debug());
    let expected = "`mon` to `sun`, or a range that rises such as `mon-fri`";
    let known = WEEKDAYS.iter().map(|names| names[0]).chain(["mon-fri"]);
    to.wrong(Code::BadDate, text.span(), found, expected).did_you_mean(written, known);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_days_is_one_date_or_two() {
        let show = |text: &str| text.parse::<Days>().map(|days| days.to_string());
        assert_eq!(show("2026-10-01"), Ok("2026-10-01".to_owned()));
        assert_eq!(show(" 2026-10-01 .. 2026-10-07"), Ok("2026-10-01..2026-10-07".to_owned()));
        let three = "2026-02-27..2026-03-01".parse::<Days>().unwrap();
        assert_eq!(three.iter().count(), 3);
        for text in ["", "..", "2026-02-30", "10-01", "2026-10-01..", "2026-10-01...2026-10-02"] {
            assert_eq!(show(text), Err(DaysError::NoDate), "{text}");
        }
        assert_eq!(show("2026-10-07..2026-10-01"), Err(DaysError::Backwards));
    }

    #[test]
    fn days_of_the_week_are_words_or_a_range() {
        let read = |text: &str| {
            let mut mistakes = Mistakes::default();
            let read = weekdays(&Spanned::new(0..0, text), &mut mistakes);
            assert_eq!(read.is_some(), mistakes.none_wrong(), "{text}");
            read
        };
        assert_eq!(read("mon-fri"), Some(0..=4));
        assert_eq!(read("sun"), Some(6..=6));
        assert_eq!(read("周一-周五"), Some(0..=4));
        for text in ["", "mo", "fri-mon", "mon-", "mon-fri-sun", "weekday"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
