//! Day by day, what counted and why, with days alike together.

use qiangdan::{
    Wall,
    calendar::{Day, DayKind, HorizonError},
    limit::{Counts, DayLine, Reasons},
};

use super::ask::{Answer, Desk};
use crate::{lang::Lang, units};

/// Days in a row of which the same is to be said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stretch {
    pub(super) from: Day,
    pub(super) until: Day,
    /// The numbers of the first and the last, if they count as days.
    pub(super) numbers: Option<(u32, u32)>,
    /// The time that counted.
    pub(super) ms: Option<u64>,
    pub(super) note: String,
}

/// How many days of which kind there were.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Totals {
    pub(super) counted: u32,
    pub(super) counted_ms: u64,
    pub(super) receipt: u32,
    pub(super) rest: u32,
    pub(super) holidays: u32,
    pub(super) paused: u32,
    pub(super) put_off: u32,
    pub(super) other: u32,
}

/// Every day until an instant.
pub(super) fn lines<'a>(
    answer: &'a Answer<'_>,
    until: Wall,
) -> Result<Vec<DayLine<'a>>, HorizonError> {
    answer.clock().explain(until)
}

impl Totals {
    pub(super) fn of(lines: &[DayLine<'_>]) -> Self {
        let mut totals = Self::default();
        for line in lines {
            match (line.counts, line.kind) {
                (Counts::Day { .. }, _) => totals.counted += 1,
                (Counts::Time { ms }, _) => {
                    totals.counted += 1;
                    totals.counted_ms += ms;
                }
                (Counts::Receipt, _) => totals.receipt += 1,
                (Counts::Paused { .. }, _) => totals.paused += 1,
                (Counts::PutOff, _) => totals.put_off += 1,
                (Counts::Closed, DayKind::Holiday { .. }) => totals.holidays += 1,
                (Counts::Closed, DayKind::Rest) => totals.rest += 1,
                _ => totals.other += 1,
            }
        }
        totals
    }
}

/// Puts days alike together.
pub(super) fn stretches(desk: &Desk<'_>, lines: &[DayLine<'_>], lang: Lang) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for line in lines {
        let note = note(desk, line, lang);
        let (number, ms) = match line.counts {
            Counts::Day { number } => (Some(number), None),
            Counts::Time { ms } => (None, Some(ms)),
            _ => (None, None),
        };
        if let Some(last) = stretches.last_mut()
            && last.note == note
            && last.ms.is_none()
            && ms.is_none()
            && last.numbers.is_some() == number.is_some()
        {
            last.until = line.day;
            last.numbers = last.numbers.zip(number).map(|((first, _), last)| (first, last));
            continue;
        }
        let numbers = number.map(|number| (number, number));
        stretches.push(Stretch { from: line.day, until: line.day, numbers, ms, note });
    }
    stretches
}

/// Why a day counted or did not.
pub(super) fn note(desk: &Desk<'_>, line: &DayLine<'_>, lang: Lang) -> String {
    let named = |key: &str, name: &str| match name {
        "" => lang.text(key).to_owned(),
        name => lang.fill("due_named", &[("what", lang.text(key)), ("name", name)]),
    };
    match (line.counts, line.kind) {
        (Counts::Receipt, _) => lang.text("due_receipt").to_owned(),
        (Counts::Paused { reasons: held }, _) => {
            named("due_paused", &reasons(desk, held, lang).join(lang.text("due_and")))
        }
        (Counts::PutOff, _) => lang.text("due_put_off").to_owned(),
        (Counts::Closed, DayKind::Holiday { name }) => named("due_holiday", name),
        (Counts::Closed, DayKind::Rest) => lang.text("due_rest").to_owned(),
        (Counts::Closed, _) => named("due_closed", line.name.unwrap_or_default()),
        (Counts::Day { .. } | Counts::Time { .. }, DayKind::MakeUp { name }) => {
            named("due_make_up", name)
        }
        (Counts::Day { .. } | Counts::Time { .. }, _) => line.name.unwrap_or_default().to_owned(),
        _ => lang.text("due_outside").to_owned(),
    }
}

/// The names of reasons.
pub(super) fn reasons(desk: &Desk<'_>, reasons: Reasons, lang: Lang) -> Vec<String> {
    let name = |number: u8| {
        let named = desk.hall.pauses().get(usize::from(number));
        named.map_or_else(String::new, |named| lang.of(&named.name).to_owned())
    };
    reasons.iter().map(|reason| name(reason.number())).collect()
}

/// A time in words.
pub(super) fn time(ms: u64, lang: Lang) -> String {
    units::limit(ms, lang)
}
