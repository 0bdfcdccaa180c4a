//! `[[clerks]]` and `[shifts]`: who serves, where, what and when.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::{
    Code, Span, Text,
    book::Book,
    mistake::Mistakes,
    table::Table,
    text,
    value::{self, Value},
    windows,
};
use crate::{ClerkId, PoolId, SkillId, Skills};

/// A clerk (办事员).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Clerk {
    /// Their position.
    pub id: ClerkId,
    /// What the file calls them, e.g. a staff number.
    pub key: String,
    /// What people call them.
    pub name: Text,
    /// Where they sit, as a position in [`Hall::windows`](super::Hall::windows).
    pub window: usize,
    /// The pools they may grab from.
    pub pools: Vec<PoolId>,
    /// What they can do.
    pub skills: Skills,
    /// When they are at the window, in order, without overlap.
    pub shifts: Vec<Span>,
}

impl Clerk {
    /// Whether they may grab an order that waits in `pool` and needs `needs`.
    #[must_use]
    pub fn can_take(&self, pool: PoolId, needs: Skills) -> bool {
        self.pools.contains(&pool) && self.skills.covers(needs)
    }
}

/// The shift patterns of `[shifts]`, in the order of their names.
pub(super) fn read_patterns(
    section: Option<&Table<'_>>,
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Vec<Vec<Span>> {
    let mut patterns = Vec::new();
    for entry in section.into_iter().flat_map(Table::entries) {
        book.shifts.add(entry.key.get_ref(), entry.key.span(), mistakes);
        patterns.push(read_spans(entry.value, mistakes));
    }
    patterns
}

/// Spans in order, without overlap.
pub(super) fn read_spans(value: &Value<'_>, mistakes: &mut Mistakes) -> Vec<Span> {
    let values = value::list(value, "[\"09:00-12:00\", \"13:30-17:00\"]", mistakes);
    if values.is_empty() && matches!(value.get_ref(), DeValue::Array(_)) {
        mistakes.wrong(Code::Empty, value.span(), "an empty list", "one span at least");
    }
    let mut spans: Vec<_> = values.into_iter().filter_map(|v| value::span(v, mistakes)).collect();
    spans.sort_by_key(|span| *span.get_ref());
    for pair in spans.windows(2) {
        let [before, span] = pair else { continue };
        if before.get_ref().shared_ms(*span.get_ref()) > 0 {
            let found = format!("`{}` overlaps `{}`", span.get_ref(), before.get_ref());
            mistakes.wrong(Code::Overlap, span.span(), found, "spans apart from each other");
        }
    }
    spans.into_iter().map(Spanned::into_inner).collect()
}

/// One `[[clerks]]` as written: one clerk, or many alike.
#[derive(Debug)]
pub(super) struct RawClerks<'d> {
    ids: Vec<(String, Range<usize>)>,
    name: Option<Text>,
    windows: Vec<(String, Range<usize>)>,
    pools: Vec<Spanned<&'d str>>,
    skills: RawSkills<'d>,
    shifts: Option<RawShifts<'d>>,
}

#[derive(Debug)]
enum RawSkills<'d> {
    All,
    Some(Vec<Spanned<&'d str>>),
}

#[derive(Debug)]
enum RawShifts<'d> {
    Pattern(Spanned<&'d str>),
    Spans(Vec<Span>),
}

impl<'d> RawClerks<'d> {
    pub(super) fn read(table: &Table<'d>, mistakes: &mut Mistakes) -> Self {
        const KEYS: [&str; 8] =
            ["id", "ids", "name", "window", "windows", "pools", "skills", "shifts"];
        table.only(&KEYS, mistakes);
        let ids = windows::read_ids(table, "id", "ids", "\"012\"", mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        let windows = windows::read_ids(table, "window", "windows", "\"01\"", mistakes);
        let pools = table.need("pools", "[\"front\"]", mistakes);
        let pools = pools.map(|value| {
            let pools = value::strings(value, "[\"front\"]", mistakes);
            if pools.is_empty() && matches!(value.get_ref(), DeValue::Array(_)) {
                mistakes.wrong(Code::Empty, value.span(), "an empty list", "one pool at least");
            }
            pools
        });
        let skills = RawSkills::read(table.get("skills"), mistakes);
        let shifts = table.need("shifts", "[\"09:00-17:00\"]", mistakes);
        let shifts = shifts.and_then(|value| RawShifts::read(value, mistakes));
        let pools = pools.unwrap_or_default();
        Self { ids, name, windows, pools, skills, shifts }
    }

    /// Looks references up and adds the clerks to `clerks`.
    pub(super) fn check(
        self,
        book: &mut Book,
        patterns: &[Vec<Span>],
        clerks: &mut Vec<Clerk>,
        mistakes: &mut Mistakes,
    ) {
        if !self.windows.is_empty() && !self.ids.is_empty() && self.windows.len() != self.ids.len()
        {
            let found = format!("{} windows for {} clerks", self.windows.len(), self.ids.len());
            let expected = "a window for each clerk";
            mistakes.wrong(Code::UnequalSeries, self.windows[0].1.clone(), found, expected);
        }
        let pools = self.pools.iter().filter_map(|pool| book.pools.find(pool, mistakes));
        let pools: Vec<_> = pools.filter_map(|pool| u16::try_from(pool).ok()).map(PoolId).collect();
        let skills = self.skills.check(book, mistakes);
        let shifts = match self.shifts {
            Some(RawShifts::Spans(spans)) => spans,
            Some(RawShifts::Pattern(name)) => {
                let found = book.shifts.find(&name, mistakes);
                found.and_then(|found| patterns.get(found)).cloned().unwrap_or_default()
            }
            None => Vec::new(),
        };
        let found: Vec<_> = self
            .windows
            .iter()
            .map(|(window, at)| book.windows.find_str(window, at.clone(), mistakes))
            .collect();
        for (number, (key, at)) in self.ids.into_iter().enumerate() {
            book.clerks.add(&key, at, mistakes);
            clerks.push(Clerk {
                id: ClerkId(u32::try_from(clerks.len()).unwrap_or(u32::MAX)),
                name: self.name.clone().unwrap_or_else(|| Text::both(&key)),
                key,
                window: found.get(number).copied().flatten().unwrap_or(usize::MAX),
                pools: pools.clone(),
                skills,
                shifts: shifts.clone(),
            });
        }
    }
}

impl<'d> RawSkills<'d> {
    fn read(value: Option<&'d Value<'d>>, mistakes: &mut Mistakes) -> Self {
        match value {
            None => Self::Some(Vec::new()),
            Some(value) if matches!(value.get_ref(), DeValue::String(_)) => {
                value::word(value, &[("all", ())], mistakes);
                Self::All
            }
            Some(value) => Self::Some(value::strings(value, "[\"household\"]", mistakes)),
        }
    }

    fn check(&self, book: &mut Book, mistakes: &mut Mistakes) -> Skills {
        let id = |skill: usize| u8::try_from(skill).ok().map(SkillId);
        match self {
            Self::All => (0..book.skills.len()).filter_map(id).collect(),
            Self::Some(skills) => skills
                .iter()
                .filter_map(|s| book.skills.find_quietly(s, mistakes))
                .filter_map(id)
                .collect(),
        }
    }
}

impl<'d> RawShifts<'d> {
    fn read(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => {
                value::string(value, "the key of a shift pattern", mistakes).map(Self::Pattern)
            }
            _ => Some(Self::Spans(read_spans(value, mistakes))),
        }
    }
}

/// Reports two clerks at one window at the same time.
pub(super) fn check_windows(clerks: &[Clerk], book: &Book, mistakes: &mut Mistakes) {
    let mut sittings: Vec<_> = clerks
        .iter()
        .filter(|clerk| clerk.window != usize::MAX)
        .flat_map(|clerk| clerk.shifts.iter().map(move |&shift| (clerk.window, shift, clerk)))
        .collect();
    sittings.sort_by_key(|&(window, shift, clerk)| (window, shift, clerk.id));
    for pair in sittings.windows(2) {
        let &[(window, before, first), (other, shift, second)] = pair else { continue };
        if window == other && first.id != second.id && before.shared_ms(shift) > 0 {
            let (late, early) =
                if first.id < second.id { (second, first) } else { (first, second) };
            let found = format!("clerk `{}` sits where clerk `{}` does then", late.key, early.key);
            let at = book.clerks.place(late.id.index());
            mistakes.wrong(Code::WindowTaken, at, found, "one clerk at a window at a time");
        }
    }
}
