//! The State Council's notices on public holidays and make-up days, 2024 to 2026, as data.
//!
//! A notice comes in October or November for the next year only, so a calendar always has a last
//! published day. The statute behind them is 全国年节及纪念日放假办法.

use super::{Day, Special, SpecialDay};

/// The holidays and make-up days of one year, by one notice.
///
/// Years without a notice here are written as [`SpecialDay`]s of a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notice {
    year: i16,
    document: &'static str,
    dated: (i16, i8, i8),
    holidays: &'static [NoticeHoliday],
}

/// One holiday. All dates are months and days of the notice's year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct NoticeHoliday {
    name: &'static str,
    /// The first day off, and the last.
    off: [(i8, i8); 2],
    /// Days of a weekend that are worked for it.
    make_up: &'static [(i8, i8)],
}

const fn holiday(
    name: &'static str,
    from: (i8, i8),
    to: (i8, i8),
    make_up: &'static [(i8, i8)],
) -> NoticeHoliday {
    NoticeHoliday { name, off: [from, to], make_up }
}

// Source: 国务院办公厅关于2024年/2025年/2026年部分节假日安排的通知, document numbers and dates beside
// each. 2024-02-09 (除夕) is a working day: the notice only recommends leave.
/// The notices in force, by year.
pub static STATE_COUNCIL: [Notice; 3] = [
    Notice {
        year: 2024,
        document: "国办发明电〔2023〕7号",
        dated: (2023, 10, 25),
        holidays: &[
            holiday("元旦", (1, 1), (1, 1), &[]),
            holiday("春节", (2, 10), (2, 17), &[(2, 4), (2, 18)]),
            holiday("清明节", (4, 4), (4, 6), &[(4, 7)]),
            holiday("劳动节", (5, 1), (5, 5), &[(4, 28), (5, 11)]),
            holiday("端午节", (6, 10), (6, 10), &[]),
            holiday("中秋节", (9, 15), (9, 17), &[(9, 14)]),
            holiday("国庆节", (10, 1), (10, 7), &[(9, 29), (10, 12)]),
        ],
    },
    Notice {
        year: 2025,
        document: "国办发明电〔2024〕12号",
        dated: (2024, 11, 12),
        holidays: &[
            holiday("元旦", (1, 1), (1, 1), &[]),
            holiday("春节", (1, 28), (2, 4), &[(1, 26), (2, 8)]),
            holiday("清明节", (4, 4), (4, 6), &[]),
            holiday("劳动节", (5, 1), (5, 5), &[(4, 27)]),
            holiday("端午节", (5, 31), (6, 2), &[]),
            holiday("国庆节、中秋节", (10, 1), (10, 8), &[(9, 28), (10, 11)]),
        ],
    },
    Notice {
        year: 2026,
        document: "国办发明电〔2025〕7号",
        dated: (2025, 11, 4),
        holidays: &[
            holiday("元旦", (1, 1), (1, 3), &[(1, 4)]),
            holiday("春节", (2, 15), (2, 23), &[(2, 14), (2, 28)]),
            holiday("清明节", (4, 4), (4, 6), &[]),
            holiday("劳动节", (5, 1), (5, 5), &[(5, 9)]),
            holiday("端午节", (6, 19), (6, 21), &[]),
            holiday("中秋节", (9, 25), (9, 27), &[]),
            holiday("国庆节", (10, 1), (10, 7), &[(9, 20), (10, 10)]),
        ],
    },
];

impl Notice {
    /// The year it is for.
    #[must_use]
    pub const fn year(&self) -> i16 {
        self.year
    }

    /// The document's number.
    #[must_use]
    pub const fn document(&self) -> &'static str {
        self.document
    }

    /// What a calendar names as its source.
    #[must_use]
    pub fn source(&self) -> String {
        let (year, month, day) = self.dated;
        format!(
            "国务院办公厅关于{}年部分节假日安排的通知 {} ({year:04}-{month:02}-{day:02})",
            self.year, self.document
        )
    }

    /// The first day it speaks of: New Year's Day.
    #[must_use]
    pub fn first_day(&self) -> Day {
        self.day((1, 1))
    }

    /// The last day it speaks of: New Year's Eve.
    #[must_use]
    pub fn last_day(&self) -> Day {
        self.day((12, 31))
    }

    /// Every holiday and make-up day as an entry of a calendar's draft.
    pub fn days(&self) -> impl Iterator<Item = SpecialDay> + '_ {
        self.holidays.iter().flat_map(|holiday| {
            let [from, to] = holiday.off.map(|date| self.day(date).number());
            let special = |day, what| SpecialDay { day, name: holiday.name.to_owned(), what };
            let off = (from..=to).map(Day::from_number);
            let make_up = holiday.make_up.iter().map(|&date| self.day(date));
            off.map(move |day| special(day, Special::Holiday))
                .chain(make_up.map(move |day| special(day, Special::MakeUp { hours: None })))
        })
    }

    fn day(&self, (month, day): (i8, i8)) -> Day {
        Day::new(self.year, month, day).expect("the dates of a notice exist; a test reads them all")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_exists_and_make_up_days_lie_on_weekends() {
        use crate::calendar::Weekday;
        for notice in &STATE_COUNCIL {
            assert!(notice.first_day() < notice.last_day());
            for day in notice.days() {
                let is_make_up = matches!(day.what, Special::MakeUp { .. });
                assert!(!is_make_up || day.day.weekday() >= Weekday::Saturday, "{}", day.day);
            }
        }
    }
}
