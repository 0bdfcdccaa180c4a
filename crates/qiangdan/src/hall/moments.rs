//! What starts and stops a limit: `accepted`, `paused supplement`, `resumed supplement`.

use std::ops::Range;

use toml::Spanned;

use super::{
    Named,
    book::Book,
    mistake::Mistakes,
    named,
    names::Names,
    table::Table,
    value::{self, Value},
};
use crate::limit::{Milestone, Moment, PauseReason};

/// The milestones that every order has, by their numbers.
const OWN: [(&str, &str, &str); 4] = [
    ("submitted", "收件", "submitted"),
    ("grabbed", "抢单", "grabbed"),
    ("started", "开始办理", "started"),
    ("closed", "办毕", "closed"),
];

/// Reads `[milestones]` after the engine's own.
pub(super) fn read_milestones(
    section: Option<&Table<'_>>,
    names: &mut Names,
    mistakes: &mut Mistakes,
) -> Vec<Named> {
    let mut milestones = Vec::new();
    for (key, zh, en) in OWN {
        names.add(key, 0..0, mistakes);
        names.find_str(key, 0..0, mistakes);
        let name = super::Text { zh: zh.to_owned(), en: en.to_owned() };
        milestones.push(Named { key: key.to_owned(), name });
    }
    milestones.extend(named::read(section, names, mistakes));
    milestones
}

/// A moment as written.
#[derive(Clone, Copy, Debug)]
pub(super) enum RawMoment<'d> {
    Reached(&'d str),
    Paused(&'d str),
    Resumed(&'d str),
}

/// What a list of moments looks like.
const LIKE: &str = "a milestone such as `\"accepted\"`, or `\"paused REASON\"`";

impl<'d> RawMoment<'d> {
    pub(super) fn read(value: &'d Value<'d>, to: &mut Mistakes) -> Option<Spanned<Self>> {
        value::string(value, LIKE, to).map(|text| Self::of(&text))
    }

    pub(super) fn of(text: &Spanned<&'d str>) -> Spanned<Self> {
        let written = text.get_ref().trim();
        let moment = match written.split_once(char::is_whitespace) {
            Some(("paused", reason)) => Self::Paused(reason.trim()),
            Some(("resumed", reason)) => Self::Resumed(reason.trim()),
            _ => Self::Reached(written),
        };
        Spanned::new(text.span(), moment)
    }

    /// Looks it up; it stands at `at`.
    pub(super) fn check(
        self,
        at: Range<usize>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<Moment> {
        Some(match self {
            Self::Reached(milestone) => {
                Moment::Reached(find_milestone(milestone, at, book, mistakes)?)
            }
            Self::Paused(reason) => Moment::Paused(find_reason(reason, at, book, mistakes)?),
            Self::Resumed(reason) => Moment::Resumed(find_reason(reason, at, book, mistakes)?),
        })
    }
}

/// The milestone of this name, which stands at `at`.
pub(super) fn find_milestone(
    name: &str,
    at: Range<usize>,
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Option<Milestone> {
    let found = book.milestones.find_str(name, at, mistakes)?;
    u8::try_from(found).ok().map(Milestone)
}

/// The reason to pause of this name, which stands at `at`.
pub(super) fn find_reason(
    name: &str,
    at: Range<usize>,
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Option<PauseReason> {
    let found = book.pauses.find_str(name, at, mistakes)?;
    u8::try_from(found).ok().and_then(PauseReason::new)
}
