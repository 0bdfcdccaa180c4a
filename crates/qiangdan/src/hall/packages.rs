//! `[packages]`: one thing for a person, many orders for the hall.

use toml::{Spanned, de::DeValue};

use super::{
    Code, Text,
    book::Book,
    mistake::Mistakes,
    moments,
    names::Names,
    table::{Keyed, Table},
    text,
    value::{self, Value},
};
use crate::{
    ServiceId,
    limit::PauseReason,
    package::{
        Finish, IfFails, PackageDraft, PackageKind, PackageMistake, PackageRule, PartDraft, Rest,
    },
};

/// A package (一件事) of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HallPackage {
    /// Its position.
    pub kind: PackageKind,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// What the person asks for at the window, if the file says so.
    pub service: Option<ServiceId>,
    /// What the file calls its parts, in the order of their ids.
    pub parts: Vec<String>,
    /// What is obeyed of it.
    pub rule: PackageRule,
}

const KEYS: [&str; 9] = [
    "name",
    "service",
    "parts",
    "finish_when",
    "if_fails",
    "rest",
    "issue",
    "supplement",
    "standstill",
];

const IF_FAILS: [(&str, IfFails); 3] = [
    ("drop successors", IfFails::DropSuccessors),
    ("drop all", IfFails::DropAll),
    ("go on", IfFails::GoOn),
];

const RESTS: [(&str, Rest); 2] = [("drop", Rest::Drop), ("go on", Rest::GoOn)];

/// A package as written.
#[derive(Debug)]
pub(super) struct RawPackage<'d> {
    key: Spanned<&'d str>,
    name: Option<Text>,
    service: Option<Spanned<&'d str>>,
    parts: Vec<RawPart<'d>>,
    finish: Finish,
    /// Where a number of parts stands.
    at_least: Option<Spanned<u8>>,
    if_fails: IfFails,
    rest: Rest,
    issue: Option<Spanned<&'d str>>,
    supplement: Option<Spanned<&'d str>>,
    standstill: Option<Spanned<&'d str>>,
}

/// A part as written.
#[derive(Debug)]
struct RawPart<'d> {
    /// Its `id`, or else its service.
    name: Spanned<&'d str>,
    service: Spanned<&'d str>,
    after: Vec<Spanned<&'d str>>,
}

impl<'d> RawPackage<'d> {
    pub(super) fn read(Keyed { key, table }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = table?;
        table.only(&KEYS, mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        let [service, issue, supplement, standstill] = [
            ("service", "the key of a service"),
            ("issue", "the key of a service"),
            ("supplement", "a reason to pause"),
            ("standstill", "a reason to pause"),
        ]
        .map(|(key, like)| table.get(key).and_then(|value| value::string(value, like, mistakes)));
        let parts = table.need("parts", "[{ service = \"…\" }]", mistakes);
        let parts = parts.map(|value| RawPart::read_all(value, mistakes)).unwrap_or_default();
        let finish = table.get("finish_when").and_then(|value| read_finish(value, mistakes));
        let at_least = match (table.get("finish_when"), finish) {
            (Some(value), Some(Finish::AtLeast(count))) => Some(Spanned::new(value.span(), count)),
            _ => None,
        };
        let if_fails =
            table.get("if_fails").and_then(|value| value::word(value, &IF_FAILS, mistakes));
        let rest = table.get("rest").and_then(|value| value::word(value, &RESTS, mistakes));
        if let (Some(value), None | Some(Finish::All)) = (table.get("rest"), finish) {
            let found = "`rest` of a package that needs all of its parts";
            mistakes.wrong(Code::Misplaced, value.span(), found, "none");
        }
        Some(Self {
            key,
            name,
            service,
            parts,
            finish: finish.unwrap_or_default(),
            at_least,
            if_fails: if_fails.unwrap_or_default(),
            rest: rest.unwrap_or_default(),
            issue,
            supplement,
            standstill,
        })
    }

    /// Looks names up, and finds out whether it can come to an end. `None` goes with a mistake.
    pub(super) fn check(
        self,
        kind: PackageKind,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<HallPackage> {
        let [service, issue] = [&self.service, &self.issue].map(|name| {
            let found = book.services.find(name.as_ref()?, mistakes)?;
            u16::try_from(found).ok().map(ServiceId)
        });
        let [supplement, standstill] = [&self.supplement, &self.standstill].map(|name| {
            let name = name.as_ref()?;
            moments::find_reason(name.get_ref(), name.span(), book, mistakes)
        });
        self.check_reasons(supplement, standstill, mistakes);
        if let Some(service) = service
            && let Some(name) = &self.service
            && !book.of_packages.insert(service)
        {
            let found = format!("service `{}` stands for a package already", name.get_ref());
            mistakes.wrong(Code::Twice, name.span(), found, "each once");
        }
        let mut names = Names::new("part", Code::NoSuchPart, PackageRule::PARTS_MAX);
        for part in &self.parts {
            names.add(part.name.get_ref(), part.name.span(), mistakes);
        }
        let mut draft = PackageDraft {
            parts: Vec::new(),
            finish: self.finish,
            if_fails: self.if_fails,
            rest: self.rest,
            issue,
            supplement,
            standstill,
        };
        for part in &self.parts {
            let service = book.services.find(&part.service, mistakes).unwrap_or(0);
            let service = ServiceId(u16::try_from(service).unwrap_or(0));
            let after = part.after.iter().filter_map(|after| names.find(after, mistakes));
            draft.parts.push(PartDraft { service, after: after.collect() });
        }
        match draft.check(book.services.len().max(1)) {
            Ok(rule) => {
                let key = self.key.get_ref().to_string();
                Some(HallPackage {
                    kind,
                    name: self.name.unwrap_or_else(|| Text::both(&key)),
                    key,
                    service,
                    parts: self.parts.iter().map(|part| part.name.get_ref().to_string()).collect(),
                    rule,
                })
            }
            Err(wrong) => {
                for mistake in wrong {
                    self.report(&mistake, mistakes);
                }
                None
            }
        }
    }

    fn check_reasons(
        &self,
        supplement: Option<PauseReason>,
        standstill: Option<PauseReason>,
        mistakes: &mut Mistakes,
    ) {
        if let Some(name) = &self.standstill
            && supplement.is_some()
            && supplement == standstill
        {
            let found = format!("`{}` for the parts and for the whole", name.get_ref());
            mistakes.wrong(Code::Twice, name.span(), found, "a reason of its own");
        }
    }

    /// Says what cannot be, where it stands. What was said while names were looked up is not said again.
    fn report(&self, mistake: &PackageMistake, mistakes: &mut Mistakes) {
        let name = |part: usize| self.parts.get(part).map_or("", |part| *part.name.get_ref());
        let place = |part: usize| self.parts.get(part).map_or(0..0, |part| part.name.span());
        match mistake {
            PackageMistake::AtLeast { found, parts } => {
                let at = self.at_least.as_ref().map_or(0..0, Spanned::span);
                let found = format!("done with {found} of {parts} parts");
                mistakes.wrong(Code::BadNumber, at, found, format!("1 to {parts}"));
            }
            PackageMistake::Twice { part, place, .. } => {
                let after = self.parts.get(*part).and_then(|part| part.after.get(*place));
                let at = after.map_or(0..0, Spanned::span);
                let found = format!(
                    "part `{}` is there already",
                    after.map_or("", |after| *after.get_ref())
                );
                mistakes.wrong(Code::Twice, at, found, "each once");
            }
            PackageMistake::Cycle { path } => {
                let at = path.first().map_or(0..0, |&part| place(part));
                let way: Vec<_> = path.iter().map(|&part| format!("`{}`", name(part))).collect();
                let found = format!("parts that wait for each other: {}", way.join(" after "));
                mistakes.wrong(Code::Cycle, at, found, "one that can begin");
            }
            PackageMistake::Unreachable { part, after } => {
                let found = format!("part `{}` can never begin", name(*part));
                let expected =
                    format!("`{}`, which it comes after, to be over some day", name(*after));
                mistakes.wrong(Code::NeverBegins, place(*part), found, expected);
            }
            // Named where the list, a name or a service was read.
            PackageMistake::Empty
            | PackageMistake::TooMany { .. }
            | PackageMistake::NoSuchService { .. }
            | PackageMistake::NoSuchPart { .. } => {}
        }
    }
}

impl<'d> RawPart<'d> {
    /// `parts`: a list of tables, one at least.
    fn read_all(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Vec<Self> {
        let list = value::list(value, "[{ service = \"…\" }]", mistakes);
        if list.is_empty() && matches!(value.get_ref(), DeValue::Array(_)) {
            mistakes.wrong(Code::Empty, value.span(), "an empty list", "one part at least");
        }
        list.into_iter().filter_map(|value| Self::read(value, mistakes)).collect()
    }

    fn read(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = Table::read("a part", value, "{ service = \"…\" }", mistakes)?;
        table.only(&["id", "service", "after"], mistakes);
        let service = table.need("service", "\"…\"", mistakes);
        let service =
            service.and_then(|value| value::string(value, "the key of a service", mistakes));
        let id = table.get("id").and_then(|value| value::name(value, mistakes));
        let after = match table.get("after") {
            Some(value) if matches!(value.get_ref(), DeValue::String(_)) => {
                value::string(value, "a part", mistakes).into_iter().collect()
            }
            Some(value) => value::strings(value, "[\"…\"]", mistakes),
            None => Vec::new(),
        };
        let service = service?;
        Some(Self { name: id.unwrap_or_else(|| service.clone()), service, after })
    }
}

/// `finish_when`: `"all"`, `"any"` or `{ at_least = 3 }`.
fn read_finish(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Finish> {
    const WORDS: [(&str, Finish); 2] = [("all", Finish::All), ("any", Finish::Any)];
    match value.get_ref() {
        DeValue::String(_) => value::word(value, &WORDS, mistakes),
        DeValue::Table(_) => {
            let table = Table::read("`finish_when`", value, "{ at_least = 3 }", mistakes)?;
            table.only(&["at_least"], mistakes);
            let count = table.need("at_least", "3", mistakes)?;
            let count = value::count(count, 1..=255, mistakes)?;
            u8::try_from(count).ok().map(Finish::AtLeast)
        }
        _ => value::wrong_type(value, "`\"all\"`, `\"any\"` or `{ at_least = 3 }`", mistakes),
    }
}
