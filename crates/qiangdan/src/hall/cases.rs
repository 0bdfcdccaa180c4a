//! `[cases]`, `[follow_ups]`, `[complaints]`: what their verbs tell the clocks, and what follows when a
//! limit is over.

use toml::{Spanned, de::DeValue};

use super::{
    Code, Limit,
    book::Book,
    mistake::Mistakes,
    moments,
    table::{Entry, Table},
    value::{self, Value},
};
use crate::{
    LimitId, ServiceId,
    case::{CaseKind, CaseRules, CaseVerb, ComplaintVerb, CourseRules, FollowUpVerb, Tell},
};

/// Words for the kind of a case.
pub(super) const KINDS: [(&str, CaseKind); 3] = [
    ("immediate", CaseKind::Immediate),
    ("promised", CaseKind::Promised),
    ("joint", CaseKind::Joint),
];

/// One section as written: what each verb tells, what follows when a limit is over.
#[derive(Debug)]
pub(super) struct RawCourse<'d, V> {
    tells: Vec<(V, Vec<Spanned<&'d str>>)>,
    over: Vec<(Spanned<&'d str>, V)>,
    service: Option<Spanned<&'d str>>,
    complex: Option<Spanned<&'d str>>,
}

impl<V> Default for RawCourse<'_, V> {
    fn default() -> Self {
        Self { tells: Vec::new(), over: Vec::new(), service: None, complex: None }
    }
}

const LIKE: &str = "{ accept = \"reach accepted\" }";

impl<'d, V: Copy + PartialEq> RawCourse<'d, V> {
    /// Reads a section whose verbs are `verbs`; `more` are keys beside the two.
    pub(super) fn read(
        table: Option<&Table<'d>>,
        verbs: &[(&str, V)],
        more: &[&str],
        mistakes: &mut Mistakes,
    ) -> Self {
        let Some(table) = table else { return Self::default() };
        let keys: Vec<_> = ["tells", "over"].iter().chain(more).copied().collect();
        table.only(&keys, mistakes);
        let mut name = |key| {
            let value = table.get(key)?;
            value::string(value, "the key of a service", mistakes)
        };
        let (service, complex) = (name("service"), name("complex"));
        let section = |key: &str, mistakes: &mut Mistakes| {
            let value = table.get(key)?;
            Table::read(format!("`{key}`"), value, LIKE, mistakes)
        };
        let mut tells = Vec::new();
        for Entry { key, value } in
            section("tells", mistakes).iter().flat_map(|table| table.entries().cloned())
        {
            let verb = verb(&key, verbs, mistakes);
            let told = match value.get_ref() {
                DeValue::String(_) => value::string(value, LIKE, mistakes).into_iter().collect(),
                _ => value::strings(value, "[\"reach accepted\"]", mistakes),
            };
            tells.extend(verb.map(|verb| (verb, told)));
        }
        let mut over = Vec::new();
        for Entry { key, value } in
            section("over", mistakes).iter().flat_map(|table| table.entries().cloned())
        {
            let verb = value::word(value, verbs, mistakes);
            over.extend(verb.map(|verb| (key, verb)));
        }
        Self { tells, over, service, complex }
    }

    /// Looks names up.
    fn check(&self, limits: &[Limit], book: &mut Book, mistakes: &mut Mistakes) -> CourseRules<V> {
        let mut rules = CourseRules::default();
        for (verb, told) in &self.tells {
            let told = told.iter().filter_map(|one| tell(one, limits, book, mistakes));
            rules.tells.push((*verb, told.collect()));
        }
        for (name, verb) in &self.over {
            let id = limit(name.get_ref(), name, limits, book, mistakes);
            rules.over.extend(id.map(|id| (id, *verb)));
        }
        rules
    }
}

/// The verb that a key names.
fn verb<V: Copy>(key: &Spanned<&str>, verbs: &[(&str, V)], mistakes: &mut Mistakes) -> Option<V> {
    let known = || verbs.iter().map(|&(word, _)| word);
    let found = verbs.iter().find(|(word, _)| word == key.get_ref());
    if found.is_none() {
        let message = format!("there is no verb `{}`", key.get_ref().escape_debug());
        mistakes
            .wrong(Code::BadWord, key.span(), message, value::one_of(known()))
            .did_you_mean(key.get_ref(), known());
    }
    found.map(|&(_, verb)| verb)
}

/// `reach accepted`, `pause supplement`, `resume supplement`, `extend decision`.
fn tell(
    text: &Spanned<&str>,
    limits: &[Limit],
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Option<Tell> {
    const WORDS: [&str; 4] = ["reach", "pause", "resume", "extend"];
    let (word, name) = text.get_ref().trim().split_once(char::is_whitespace).unzip();
    let (word, name) = (word.unwrap_or(text.get_ref()), name.unwrap_or_default().trim());
    match word {
        "reach" => {
            let found = moments::find_milestone(name, text.span(), book, mistakes)?;
            if found.0 < crate::limit::Milestone::FIRST_OF_HALL {
                let message = format!("milestone `{name}`, which the engine reaches by itself");
                mistakes.wrong(Code::Misplaced, text.span(), message, "one of `[milestones]`");
                return None;
            }
            Some(Tell::Reach(found))
        }
        "pause" => Some(Tell::Pause(moments::find_reason(name, text.span(), book, mistakes)?)),
        "resume" => Some(Tell::Resume(moments::find_reason(name, text.span(), book, mistakes)?)),
        "extend" => Some(Tell::Extend(limit(name, text, limits, book, mistakes)?)),
        _ => {
            let found = format!("`{}` tells nothing", text.get_ref().escape_debug());
            let expected = "`reach MILESTONE`, `pause REASON`, `resume REASON` or `extend LIMIT`";
            mistakes
                .wrong(Code::BadAction, text.span(), found, expected)
                .did_you_mean(word, WORDS.into_iter());
            None
        }
    }
}

/// A limit by a calendar, whose name stands at `at`.
fn limit(
    name: &str,
    at: &Spanned<&str>,
    limits: &[Limit],
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Option<LimitId> {
    let found = book.limits.find_str(name, at.span(), mistakes)?;
    let id = limits.get(found).and_then(|limit| limit.id);
    if id.is_none() {
        let message = format!("`{name}` is a limit on the wait");
        mistakes.wrong(Code::Misplaced, at.span(), message, "one that goes by a calendar");
    }
    id
}

/// The three sections as written.
#[derive(Debug, Default)]
pub(super) struct RawCases<'d> {
    pub(super) cases: RawCourse<'d, CaseVerb>,
    pub(super) follow_ups: RawCourse<'d, FollowUpVerb>,
    pub(super) complaints: RawCourse<'d, ComplaintVerb>,
}

impl<'d> RawCases<'d> {
    pub(super) fn read(root: &Table<'d>, mistakes: &mut Mistakes) -> Self {
        let [cases, follow_ups, complaints] =
            ["cases", "follow_ups", "complaints"].map(|name| root.section(name, mistakes));
        let more = ["service", "complex"];
        Self {
            cases: RawCourse::read(cases.as_ref(), &CaseVerb::ALL, &[], mistakes),
            follow_ups: RawCourse::read(follow_ups.as_ref(), &FollowUpVerb::ALL, &more, mistakes),
            complaints: RawCourse::read(complaints.as_ref(), &ComplaintVerb::ALL, &[], mistakes),
        }
    }

    /// Looks names up.
    pub(super) fn check(
        &self,
        kinds: Vec<(ServiceId, CaseKind)>,
        limits: &[Limit],
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> CaseRules {
        let mut service = |name: &Option<Spanned<&str>>| {
            let found = book.services.find(name.as_ref()?, mistakes)?;
            u16::try_from(found).ok().map(ServiceId)
        };
        let bad_rating = service(&self.follow_ups.service);
        let bad_rating_complex = service(&self.follow_ups.complex);
        CaseRules {
            kinds,
            cases: self.cases.check(limits, book, mistakes),
            follow_ups: self.follow_ups.check(limits, book, mistakes),
            complaints: self.complaints.check(limits, book, mistakes),
            bad_rating,
            bad_rating_complex,
        }
    }
}

/// Reads `case = "promised"` of a service.
pub(super) fn read_kind(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<CaseKind> {
    value::word(value, &KINDS, mistakes)
}
