//! A tracking code: its parts, how it is written, and what is wrong with one that is mistyped.

use std::{fmt, str::FromStr};

/// The number of a hall in its codes, up to twelve digits: the code of its division (统计用区划代码).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HallNumber(u64);

impl HallNumber {
    /// The largest number.
    pub const MAX: u64 = 999_999_999_999;

    /// The hall with this number; `None` if it is more than [`HallNumber::MAX`].
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A civil day, as the hall's calendar on the wall shows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CodeDay {
    year: u16,
    month: u8,
    day: u8,
}

impl CodeDay {
    /// A day of the years 1970 to 2399; `None` if there is no such day.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_century = year.is_multiple_of(100);
        let is_leap = year.is_multiple_of(if is_century { 400 } else { 4 });
        let last = match month {
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => 31,
        };
        let is_day = 1 <= day && day <= last && 1 <= month && month <= 12;
        if is_day && 1970 <= year && year < 2400 { Some(Self { year, month, day }) } else { None }
    }

    /// The day as year, month and day.
    #[must_use]
    pub const fn ymd(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// The day as a number: 1970-01-01 is 0.
    #[must_use]
    pub fn number(self) -> u32 {
        // Years begin in March, so that the day that may be missing is the last.
        let (year, month) = (u32::from(self.year), u32::from(self.month));
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days_of_years = year * 365 + year / 4 - year / 100 + year / 400;
        days_of_years + (month * 153 + 2) / 5 + u32::from(self.day) - 1 - 719_468
    }

    /// The day with a number; `None` if that is out of range.
    #[must_use]
    pub fn of_number(number: u32) -> Option<Self> {
        let days = number.checked_add(719_468)?;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = u8::try_from(day_of_year - (153 * month + 2) / 5 + 1).ok()?;
        let year = year_of_era + era * 400 + u32::from(month >= 10);
        let month = u8::try_from(if month < 10 { month + 3 } else { month - 9 }).ok()?;
        Self::new(u16::try_from(year).ok()?, month, day)
    }
}

impl fmt::Display for CodeDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

/// A tracking code. Codes order by hall, day, serial and part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrackingCode {
    hall: HallNumber,
    day: CodeDay,
    serial: u32,
    part: u8,
}

/// Why a text is no tracking code. Characters are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// It does not fall into groups as it should.
    #[error("{found} groups, expected hall-day-serial-check or hall-day-serial-part-check")]
    Groups {
        /// How many there are.
        found: usize,
    },
    /// A group is too short or too long.
    #[error("the {group} has {found} characters, expected {expected}")]
    Width {
        /// What the group is.
        group: &'static str,
        /// How many characters it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A character that cannot stand there.
    #[error("`{found}` at character {at}, expected {expected}")]
    Character {
        /// Where.
        at: usize,
        /// What is there.
        found: char,
        /// What should be.
        expected: &'static str,
    },
    /// The day does not exist.
    #[error("`{found}` is no day, expected one such as 20261124")]
    NoSuchDay {
        /// What is there.
        found: String,
    },
    /// A serial or part of zero.
    #[error("the {group} is zero, expected 1 or more")]
    Zero {
        /// What the group is.
        group: &'static str,
    },
    /// Something was mistyped: a digit is wrong, or two are swapped.
    #[error("the check is `{found}`, expected `{expected}`: a digit is wrong, or two are swapped")]
    Check {
        /// What is there.
        found: char,
        /// What belongs to the digits before it.
        expected: char,
    },
}

impl TrackingCode {
    /// The largest serial of a day.
    pub const SERIAL_MAX: u32 = 999_999;
    /// The largest number of a part.
    pub const PART_MAX: u8 = 99;

    /// The code of a whole; `None` if the serial is zero or too large.
    #[must_use]
    pub const fn new(hall: HallNumber, day: CodeDay, serial: u32) -> Option<Self> {
        if serial == 0 || serial > Self::SERIAL_MAX {
            return None;
        }
        Some(Self { hall, day, serial, part: 0 })
    }

    /// The code of a part of it; `None` if the number is zero or too large.
    #[must_use]
    pub const fn part_of(self, part: u8) -> Option<Self> {
        if part == 0 || part > Self::PART_MAX { None } else { Some(Self { part, ..self }) }
    }

    /// The code of the whole.
    #[must_use]
    pub const fn root(self) -> Self {
        Self { part: 0, ..self }
    }

    /// Where the code was given.
    #[must_use]
    pub const fn hall(self) -> HallNumber {
        self.hall
    }

    /// When.
    #[must_use]
    pub const fn day(self) -> CodeDay {
        self.day
    }

    /// As the how-manieth of that day, from 1.
    #[must_use]
    pub const fn serial(self) -> u32 {
        self.serial
    }

    /// Which part of the whole; `None` for the whole itself.
    #[must_use]
    pub const fn part(self) -> Option<u8> {
        if self.part == 0 { None } else { Some(self.part) }
    }

    /// The check that belongs to its digits.
    #[must_use]
    pub fn check(self) -> char {
        check(&self.body())
    }

    /// All but the check.
    fn body(self) -> String {
        let Self { hall: HallNumber(hall), day, serial, part } = self;
        let part = if part == 0 { String::new() } else { format!("-{part:02}") };
        format!("{hall:012}-{day}-{serial:06}{part}")
    }
}

/// The check by ISO/IEC 7064, MOD 11-2, of the digits in a text.
///
/// Source: ISO/IEC 7064:2003, pure systems; GB 11643-1999, section 6.
fn check(text: &str) -> char {
    let digits = text.chars().filter_map(|char| char.to_digit(10));
    let sum = digits.fold(0, |sum, digit| (sum + digit) * 2 % 11);
    match (12 - sum) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('X'),
    }
}

impl fmt::Display for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.body(), self.check())
    }
}

impl FromStr for TrackingCode {
    type Err = CodeError;

    /// Reads a code exactly as it is written: no blanks, no other dashes, no small `x`.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let groups: Vec<&str> = text.split('-').collect();
        let names: &[(&'static str, usize)] = match groups.len() {
            4 => &[("hall", 12), ("day", 8), ("serial", 6), ("check", 1)],
            5 => &[("hall", 12), ("day", 8), ("serial", 6), ("part", 2), ("check", 1)],
            found => return Err(CodeError::Groups { found }),
        };
        for (&(group, expected), written) in names.iter().zip(&groups) {
            let found = written.chars().count();
            if found != expected {
                return Err(CodeError::Width { group, found, expected });
            }
        }
        let last = text.chars().count();
        for (at, found) in (1..).zip(text.chars()) {
            let expected = if at == last { "a digit or `X`" } else { "a digit" };
            let is_right = found.is_ascii_digit() || found == '-' || at == last && found == 'X';
            if !is_right {
                return Err(CodeError::Character { at, found, expected });
            }
        }
        let number = |group: usize| -> u64 {
            groups.get(group).and_then(|digits| digits.parse().ok()).unwrap_or(0)
        };
        let day = (number(1) / 10_000, number(1) / 100 % 100, number(1) % 100);
        let day = CodeDay::new(small(day.0), small(day.1), small(day.2));
        let day = day.ok_or_else(|| CodeError::NoSuchDay { found: groups[1].to_owned() })?;
        let hall = HallNumber(number(0));
        let code = Self::new(hall, day, small(number(2)));
        let code = code.ok_or(CodeError::Zero { group: "serial" })?;
        let code = match groups.len() {
            5 => code.part_of(small(number(3))).ok_or(CodeError::Zero { group: "part" })?,
            _ => code,
        };
        let (found, expected) = (text.chars().next_back().unwrap_or(' '), code.check());
        if found == expected { Ok(code) } else { Err(CodeError::Check { found, expected }) }
    }
}

/// A number that is known to be small.
fn small<T: TryFrom<u64> + Default>(number: u64) -> T {
    T::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code() -> impl Strategy<Value = TrackingCode> {
        let day = (1970_u16..2400, 1_u8..=12, 1_u8..=28);
        (0..=HallNumber::MAX, day, 1..=TrackingCode::SERIAL_MAX, 0_u8..=99).prop_map(
            |(hall, (year, month, day), serial, part)| TrackingCode {
                hall: HallNumber(hall),
                day: CodeDay::new(year, month, day).unwrap(),
                serial,
                part,
            },
        )
    }

    #[test]
    fn the_check_is_that_of_identity_cards() {
        // GB 11643-1999, the examples of its appendix.
        assert_eq!(check("11010519491231002"), 'X');
        assert_eq!(check("44052418800101001"), '4');
    }

    #[test]
    fn a_code_is_read_as_it_is_written_and_not_otherwise() {
        let hall = HallNumber::new(430_104_000_001).unwrap();
        let code = TrackingCode::new(hall, CodeDay::new(2026, 11, 24).unwrap(), 42).unwrap();
        let right = code.to_string();
        assert_eq!(right.parse(), Ok(code));
        let part = code.part_of(3).unwrap();
        assert_eq!(part.to_string().parse(), Ok(part));
        assert_eq!((part.root(), part.part(), code.part()), (code, Some(3), None));
        let read = |text: &str| text.parse::<TrackingCode>().unwrap_err().to_string();
        let expect = [
            ("", "1 groups, expected hall-day-serial-check or hall-day-serial-part-check"),
            ("43010400001-20261124-000042-4", "the hall has 11 characters, expected 12"),
            ("430104000001-20261124-00o042-4", "`o` at character 25, expected a digit"),
            ("430104000001-20261124-000042-x", "`x` at character 30, expected a digit or `X`"),
            (
                "430104000001-20260229-000042-4",
                "`20260229` is no day, expected one such as 20261124",
            ),
            ("430104000001-20261124-000000-4", "the serial is zero, expected 1 or more"),
            ("430104000001-20261124-000042-00-4", "the part is zero, expected 1 or more"),
        ];
        for (text, message) in expect {
            assert_eq!(read(text), message, "{text}");
        }
        let swapped = right.replace("430104", "340104");
        assert!(read(&swapped).starts_with("the check is `"), "{swapped}");
        assert!(read(&format!(" {right}")).starts_with("the hall has 13 characters"));
        assert!(read(&right.replace('-', "－")).starts_with("1 groups"));
    }

    #[test]
    fn days_are_numbered_one_by_one() {
        let first = CodeDay::new(1970, 1, 1).unwrap();
        assert_eq!(first.number(), 0);
        let mut before = None;
        for number in 0..157_000 {
            let day = CodeDay::of_number(number).unwrap();
            assert!(before < Some(day) && day.number() == number, "{day}");
            before = Some(day);
        }
        assert_eq!(CodeDay::new(2026, 11, 24).unwrap().number(), 20_781);
        assert_eq!((CodeDay::new(2100, 2, 29), CodeDay::of_number(u32::MAX)), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(code in code()) {
            prop_assert_eq!(code.to_string().parse(), Ok(code));
        }

        /// Every wrong digit, every swap of neighbours or across one, every twin.
        #[test]
        fn every_slip_of_one_or_two_digits_is_found(code in code()) {
            let right: Vec<char> = code.to_string().chars().collect();
            let digits: Vec<usize> = (0..right.len()).filter(|&at| right[at] != '-').collect();
            let wrong = |slip: Vec<char>| {
                let text: String = slip.into_iter().collect();
                text.parse::<TrackingCode>().is_err()
            };
            for (place, &at) in digits.iter().enumerate() {
                for digit in "0123456789X".chars().filter(|&digit| digit != right[at]) {
                    let mut slip = right.clone();
                    slip[at] = digit;
                    prop_assert!(wrong(slip));
                }
                for &other in digits.iter().skip(place + 1).take(2) {
                    let mut slip = right.clone();
                    slip.swap(at, other);
                    prop_assert!(slip == right || wrong(slip));
                }
                if let Some(&next) = digits.get(place + 1)
                    && right[at] == right[next]
                {
                    for digit in ('0'..='9').filter(|&digit| digit != right[at]) {
                        let mut slip = right.clone();
                        (slip[at], slip[next]) = (digit, digit);
                        prop_assert!(wrong(slip));
                    }
                }
            }
        }

        #[test]
        fn any_text_is_a_code_or_a_mistake(text in ".{0,40}", digits in "[0-9X-]{28,34}") {
            for text in [text, digits] {
                if let Ok(code) = text.parse::<TrackingCode>() {
                    prop_assert_eq!(code.to_string(), text);
                }
            }
        }
    }
}
