//! `[limits]`: promises about time.
//!
//! A limit in natural time from being submitted until being grabbed is a limit on the *wait*: it
//! goes by the clock that never goes back. Every other one, or one that says more than that, runs
//! as a clock on the order's history, by a calendar.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::{
    Code, Duration, Text,
    book::Book,
    by_calendar::Calendars,
    expiry::RawExpiry,
    mistake::Mistakes,
    moments::{self, RawMoment},
    table::Keyed,
    text,
    value::{self, Value},
};
use crate::{
    LimitId,
    limit::{
        DayEnd, DayOne, LimitRule, Milestone, Moment, NaturalEnd, PauseReason, Reasons, TimeLimit,
        Unit,
    },
};

/// A limit (时限): so long at most from one moment of an order's life until another.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limit {
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// What starts it.
    pub from: Moment,
    /// What ends it; any one will do.
    pub to: Vec<Moment>,
    /// How long it lasts.
    pub lasts: Duration,
    /// The key of the ladder climbed meanwhile.
    pub ladder: Option<String>,
    /// Its position among the rules' limits by a calendar. `None` for a limit on the wait.
    pub id: Option<LimitId>,
}

impl Limit {
    /// The limit in milliseconds, if it is one on the wait.
    #[must_use]
    pub fn wait_ms(&self) -> Option<u64> {
        match (self.id, self.lasts) {
            (None, Duration::Natural { ms }) => Some(ms),
            _ => None,
        }
    }
}

const KEYS: [&str; 12] = [
    "name",
    "from",
    "to",
    "lasts",
    "day_one",
    "ends_at",
    "calendar",
    "pauses",
    "restarts",
    "extends_by",
    "ladder",
    "expiry",
];

/// What only a limit by a calendar says.
const BY_CALENDAR: [&str; 7] =
    ["day_one", "ends_at", "calendar", "pauses", "restarts", "extends_by", "expiry"];

const DAY_ONES: [(&str, DayOne); 4] = [
    ("next day", DayOne::AfterReceipt),
    ("next day, deferred", DayOne::AfterDeferredReceipt),
    ("next day, business hours", DayOne::AfterReceiptInHours),
    ("same day", DayOne::Receipt),
];

/// When the last day ends: if working days are counted, and if natural days are.
const ENDS: [(&str, Option<DayEnd>, NaturalEnd); 4] = [
    ("close of business", Some(DayEnd::CloseOfBusiness), NaturalEnd::WorkingDayClose),
    ("midnight", Some(DayEnd::Midnight), NaturalEnd::WorkingDayMidnight),
    ("midnight of any day", None, NaturalEnd::Midnight),
    ("same time", Some(DayEnd::SameTime), NaturalEnd::SameTime),
];

/// A limit as written.
#[derive(Debug)]
pub(super) struct RawLimit<'d> {
    key: Spanned<&'d str>,
    name: Option<Text>,
    from: Option<Spanned<RawMoment<'d>>>,
    to: Vec<Spanned<RawMoment<'d>>>,
    lasts: Option<Spanned<Duration>>,
    /// Whether `lasts` is written in days.
    in_days: bool,
    day_one: Option<Spanned<DayOne>>,
    ends: Option<Spanned<(&'static str, Option<DayEnd>, NaturalEnd)>>,
    calendar: Option<Spanned<&'d str>>,
    pauses: Vec<Spanned<&'d str>>,
    restarts: Vec<Spanned<&'d str>>,
    extends_by: Option<Spanned<Duration>>,
    ladder: Option<Spanned<&'d str>>,
    expiry: Option<RawExpiry<'d>>,
    /// Whether it says what only a limit by a calendar does.
    says_more: bool,
}

impl<'d> RawLimit<'d> {
    pub(super) fn read(Keyed { key, table }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = table?;
        table.only(&KEYS, mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        let from = table.get("from").and_then(|value| RawMoment::read(value, mistakes));
        let to = table.need("to", "\"grabbed\"", mistakes);
        let to = to.map(|value| read_ends(value, mistakes)).unwrap_or_default();
        let written = table.need("lasts", "\"10 min\"", mistakes);
        let lasts = written.and_then(|value| value::duration(value, mistakes));
        let lasts = lasts.filter(|lasts| more_than_nothing(lasts, mistakes));
        let in_days = matches!(written.map(Spanned::get_ref),
            Some(DeValue::String(text)) if Duration::is_in_days(text));
        let day_one = table.get("day_one");
        let day_one = day_one.and_then(|value| spanned_word(value, &DAY_ONES, mistakes));
        let ends = ENDS.map(|ends| (ends.0, ends));
        let ends = table.get("ends_at").and_then(|value| spanned_word(value, &ends, mistakes));
        let key_of = |key: &str, like: &str, mistakes: &mut Mistakes| {
            table.get(key).and_then(|value| value::string(value, like, mistakes))
        };
        let calendar = key_of("calendar", "the key of a calendar", mistakes);
        let ladder = key_of("ladder", "the key of a ladder", mistakes);
        let [pauses, restarts] = ["pauses", "restarts"].map(|key| {
            let list = table.get(key);
            list.map(|value| value::strings(value, "[\"supplement\"]", mistakes))
        });
        let extends_by = table.get("extends_by");
        let extends_by = extends_by.and_then(|value| value::duration(value, mistakes));
        let extends_by = extends_by.filter(|by| more_than_nothing(by, mistakes));
        let expiry = table.get("expiry").and_then(|value| RawExpiry::read(value, mistakes));
        let says_more = BY_CALENDAR.iter().any(|key| table.get(key).is_some());
        let (pauses, restarts) = (pauses.unwrap_or_default(), restarts.unwrap_or_default());
        Some(Self {
            key,
            name,
            from,
            to,
            lasts,
            in_days,
            day_one,
            ends,
            calendar,
            pauses,
            restarts,
            extends_by,
            ladder,
            expiry,
            says_more,
        })
    }

    /// Where it is named.
    pub(super) fn place(&self) -> Range<usize> {
        self.key.span()
    }

    /// Looks names up: the limit, the ladder it climbs, and the rule of one that goes by a
    /// calendar, whose stages are still to come. `id` is the one it gets then.
    pub(super) fn check(
        &self,
        id: LimitId,
        calendars: &mut Calendars,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> CheckedLimit {
        let key = self.key.get_ref().to_string();
        let ladder = self.ladder.as_ref().and_then(|ladder| book.ladders.find(ladder, mistakes));
        let mut check =
            |moment: &Spanned<RawMoment<'_>>| moment.get_ref().check(moment.span(), book, mistakes);
        let from = self.from.as_ref().map(&mut check);
        let from = from.unwrap_or(Some(Moment::Reached(Milestone::SUBMITTED)));
        let to: Vec<_> = self.to.iter().filter_map(&mut check).collect();
        let is_wait = !self.says_more
            && from == Some(Moment::Reached(Milestone::SUBMITTED))
            && to == [Moment::Reached(Milestone::GRABBED)]
            && matches!(self.lasts.as_ref().map(Spanned::get_ref), Some(Duration::Natural { .. }));
        let rule = if is_wait { None } else { self.rule(from, &to, calendars, book, mistakes) };
        let limit = Limit {
            name: self.name.clone().unwrap_or_else(|| Text::both(&key)),
            key,
            from: from.unwrap_or(Moment::Reached(Milestone::SUBMITTED)),
            to,
            // Days stand in for what could not be read, so that no ladder is measured against a
            // limit that nobody wrote.
            lasts: self.lasts.as_ref().map_or(Duration::WorkingDays { days: 1 }, |l| *l.get_ref()),
            ladder: self.ladder.as_ref().map(|ladder| ladder.get_ref().to_string()),
            id: if is_wait { None } else { Some(id) },
        };
        CheckedLimit { limit, ladder, rule }
    }

    /// The rule of a limit by a calendar. `None` goes with a mistake.
    fn rule(
        &self,
        from: Option<Moment>,
        to: &[Moment],
        calendars: &mut Calendars,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<LimitRule> {
        let mut reasons = |names: &[Spanned<&str>], mistakes: &mut Mistakes| {
            let mut reasons = Reasons::default();
            for name in names {
                let found = moments::find_reason(name.get_ref(), name.span(), book, mistakes);
                if found.is_some_and(|reason| reasons.has(reason)) {
                    let found = format!("`{}` is there already", name.get_ref());
                    mistakes.wrong(Code::Twice, name.span(), found, "each once");
                }
                reasons = found.map_or(reasons, |reason: PauseReason| reasons.with(reason));
            }
            reasons
        };
        let restarts = reasons(&self.restarts, mistakes);
        let pauses = reasons(&self.pauses, mistakes);
        // While a clock waits to begin anew it stands still.
        let pauses = restarts.iter().fold(pauses, Reasons::with);
        let expiry = self.expiry.as_ref().map(|expiry| expiry.check(book, mistakes));
        let limit = self.time_limit(mistakes);
        let (at, unit) = (self.key.span(), limit.map(|limit| limit.unit));
        let calendar = calendars.of_limit(self.calendar.as_ref(), unit, at, book, mistakes);
        let extends_by = limit.and_then(|limit| self.extension(limit.unit, mistakes));
        if self.to.len() != to.len() || to.is_empty() {
            return None;
        }
        Some(LimitRule {
            from: from?,
            to: to.to_vec(),
            lasts: limit?,
            calendar: calendar?,
            pauses,
            restarts,
            extends_by: extends_by?,
            stages: Vec::new(),
            expiry: match expiry {
                Some(expiry) => Some(expiry?),
                None => None,
            },
        })
    }

    fn time_limit(&self, mistakes: &mut Mistakes) -> Option<TimeLimit> {
        let lasts = *self.lasts.as_ref()?.get_ref();
        let (day_one, ends) = (self.day_one.as_ref(), self.ends.as_ref());
        let in_working_days = matches!(lasts, Duration::WorkingDays { .. });
        if let Some(day_one) = day_one.filter(|_| !in_working_days) {
            let found = "`day_one` of a limit that is not in working days";
            mistakes.wrong(Code::Misplaced, day_one.span(), found, "none");
        }
        let in_days = in_working_days || self.in_days;
        if let Some(ends) = ends.filter(|_| !in_days) {
            let found = "`ends_at` of a limit that is not in days";
            mistakes.wrong(Code::Misplaced, ends.span(), found, "none");
        }
        Some(match lasts {
            Duration::WorkingDays { days } => {
                let day_one = day_one.map_or(DayOne::default(), |day_one| *day_one.get_ref());
                let ends_at = ends.map_or(Some(DayEnd::default()), |ends| ends.get_ref().1);
                if let (None, Some(ends)) = (ends_at, ends) {
                    let found = "working days that end at midnight of any day";
                    let expected = "`midnight`, which is that of a working day";
                    mistakes.wrong(Code::Misplaced, ends.span(), found, expected);
                }
                let unit = Unit::WorkingDays { day_one, ends: ends_at.unwrap_or_default() };
                TimeLimit { unit, amount: days.into() }
            }
            Duration::Working { ms } => TimeLimit::working_time(ms),
            Duration::Natural { ms } if self.in_days => {
                let ends = ends.map_or(NaturalEnd::default(), |ends| ends.get_ref().2);
                TimeLimit { unit: Unit::NaturalDays { ends }, amount: ms / DAY_MS }
            }
            Duration::Natural { ms } => TimeLimit::natural_time(ms),
        })
    }

    /// By how much it may be extended, in its own unit. `None` goes with a mistake.
    fn extension(&self, unit: Unit, mistakes: &mut Mistakes) -> Option<u64> {
        let Some(by) = &self.extends_by else { return Some(0) };
        let amount = by.get_ref().in_unit(unit);
        if amount.is_none() {
            let found = format!("an extension by {}", by.get_ref());
            let expected = "the unit of the limit itself";
            mistakes.wrong(Code::BadDuration, by.span(), found, expected);
        }
        amount
    }
}

const DAY_MS: u64 = 86_400_000;

impl Duration {
    /// The duration in the unit of a limit: days or milliseconds. `None` if it is of another kind.
    pub(super) fn in_unit(self, unit: Unit) -> Option<u64> {
        match (self, unit) {
            (Self::WorkingDays { days }, Unit::WorkingDays { .. }) => Some(days.into()),
            (Self::Working { ms }, Unit::WorkingTime) => Some(ms),
            (Self::Natural { ms }, Unit::NaturalTime) => Some(ms),
            (Self::Natural { ms }, Unit::NaturalDays { .. }) => {
                ms.is_multiple_of(DAY_MS).then_some(ms / DAY_MS)
            }
            _ => None,
        }
    }
}

/// A limit whose names are looked up.
#[derive(Debug)]
pub(super) struct CheckedLimit {
    pub(super) limit: Limit,
    /// The position of the ladder that it climbs.
    pub(super) ladder: Option<usize>,
    /// Its rule without stages, if it goes by a calendar.
    pub(super) rule: Option<LimitRule>,
}

/// `to`: one moment, or a list of several.
fn read_ends<'d>(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Vec<Spanned<RawMoment<'d>>> {
    if !matches!(value.get_ref(), DeValue::Array(_)) {
        return RawMoment::read(value, mistakes).into_iter().collect();
    }
    let ends = value::strings(value, "[\"accepted\", \"closed\"]", mistakes);
    if ends.is_empty() {
        mistakes.wrong(Code::Empty, value.span(), "an empty list", "one moment at least");
    }
    ends.iter().map(RawMoment::of).collect()
}

fn spanned_word<T: Copy>(
    value: &Value<'_>,
    words: &[(&str, T)],
    mistakes: &mut Mistakes,
) -> Option<Spanned<T>> {
    value::word(value, words, mistakes).map(|word| Spanned::new(value.span(), word))
}

fn more_than_nothing(lasts: &Spanned<Duration>, mistakes: &mut Mistakes) -> bool {
    let is_nothing = matches!(
        lasts.get_ref(),
        Duration::Natural { ms: 0 }
            | Duration::Working { ms: 0 }
            | Duration::WorkingDays { days: 0 }
    );
    if is_nothing {
        let found = format!("a limit of {}", lasts.get_ref());
        mistakes.wrong(Code::BadDuration, lasts.span(), found, "more than none");
    }
    !is_nothing
}
