//! Which days two versions of a calendar see differently.

use super::{Calendar, Day};

impl Calendar {
    /// The first and the last day on which another calendar differs: in being a working day, in its
    /// opening hours, or in whether its holidays are published. `None` if there is none.
    ///
    /// A day that only one of the two has in its horizon differs. So a clock whose days, from its
    /// beginning until it is due, lie outside the answer is due at the same instant by both; the others
    /// are asked again when one calendar takes the other's place. Costs one pass over the days of both.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Option<(Day, Day)> {
        let (from, until) = (self.from().min(other.from()), self.until().max(other.until()));
        let differs = |&day: &Day| !self.is_same_on(day, other);
        let days = || (from.number()..=until.number()).map(Day::from_number);
        Some((days().find(differs)?, days().rev().find(differs)?))
    }

    fn is_same_on(&self, day: Day, other: &Self) -> bool {
        let both = (self.open_spans(day), other.open_spans(day));
        let (Ok(ours), Ok(theirs)) = both else { return false };
        ours.eq(theirs)
            && self.begins(day) == other.begins(day)
            && self.is_working_day(day) == other.is_working_day(day)
            && self.is_provisional(day, day) == other.is_provisional(day, day)
    }
}

#[cfg(test)]
mod tests {
    use crate::calendar::{CalendarDraft, Day, OpenSpan, STATE_COUNCIL, Special, SpecialDay, Week};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn draft() -> CalendarDraft {
        let draft = CalendarDraft {
            week: Week::monday_to_friday(&[OpenSpan::new((9, 0), (17, 0))]),
            ..CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2027-12-31"))
        };
        STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice)
    }

    #[test]
    fn versions_differ_from_the_first_changed_day_to_the_last() {
        let (old, mut new) = (draft(), draft());
        let differs =
            |new: &CalendarDraft| old.check().unwrap().differs_from(&new.check().unwrap());
        assert_eq!(differs(&new), None);
        let special = |text, what| SpecialDay { day: day(text), name: String::new(), what };
        new.special.push(special("2026-07-01", Special::Closed));
        // A Sunday on which nobody works anyway.
        new.special.push(special("2026-08-02", Special::Closed));
        assert_eq!(differs(&new), Some((day("2026-07-01"), day("2026-07-01"))));
        new.special.push(special("2026-07-04", Special::MakeUp { hours: Some(vec![]) }));
        assert_eq!(differs(&new), Some((day("2026-07-01"), day("2026-07-04"))));
    }

    #[test]
    fn a_year_more_that_is_published_differs() {
        let (old, mut new) = (draft(), draft());
        new.published = new
            .published
            .map(|known| crate::calendar::Published { until: day("2027-12-31"), ..known });
        let differs = old.check().unwrap().differs_from(&new.check().unwrap());
        assert_eq!(differs, Some((day("2027-01-01"), day("2027-12-31"))));
    }
}
