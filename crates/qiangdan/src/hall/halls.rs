//! `[halls]`: the halls that work together, and which is under which.

use toml::Spanned;

use super::{
    Code, Text,
    book::Book,
    mistake::Mistakes,
    table::Keyed,
    text,
    value::{self, Value},
};
use crate::{
    across::{HallDraft, HallId, HallLevel, HallTree, TreeMistake},
    tracking::HallNumber,
};

/// A hall of the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OtherHall {
    /// Its position.
    pub id: HallId,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
}

const LEVELS: [(&str, HallLevel); 5] = [
    ("province", HallLevel::Province),
    ("city", HallLevel::City),
    ("county", HallLevel::County),
    ("township", HallLevel::Township),
    ("village", HallLevel::Village),
];

/// A hall as written.
#[derive(Debug)]
pub(super) struct RawHall<'d> {
    key: Spanned<&'d str>,
    name: Option<Text>,
    level: Option<HallLevel>,
    under: Option<Spanned<&'d str>>,
    number: Option<Spanned<HallNumber>>,
}

impl<'d> RawHall<'d> {
    pub(super) fn read(Keyed { key, table }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = table?;
        table.only(&["name", "level", "under", "number"], mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        let level = table.need("level", "\"county\"", mistakes);
        let level = level.and_then(|value| value::word(value, &LEVELS, mistakes));
        let under = table.get("under");
        let under = under.and_then(|value| value::string(value, "the key of a hall", mistakes));
        let number = table.get("number").and_then(|value| read_number(value, mistakes));
        Some(Self { key, name, level, under, number })
    }
}

/// Looks names up and sees whether they make a tree.
pub(super) fn check(
    raw: &[RawHall<'_>],
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> (Vec<OtherHall>, HallTree) {
    let mut drafts = Vec::new();
    for hall in raw {
        let under = hall.under.as_ref().and_then(|under| book.halls.find(under, mistakes));
        let number = hall.number.as_ref().map(|number| *number.get_ref());
        // A level that could not be read is the lowest, which fits under all.
        drafts.push(HallDraft { level: hall.level.unwrap_or(HallLevel::Village), under, number });
    }
    let tree = HallTree::check(drafts).unwrap_or_else(|wrong| {
        wrong.iter().for_each(|mistake| report(raw, mistake, mistakes));
        HallTree::default()
    });
    let other = |(id, raw): (HallId, &RawHall<'_>)| {
        let key = raw.key.get_ref().to_string();
        OtherHall { id, name: raw.name.clone().unwrap_or_else(|| Text::both(&key)), key }
    };
    ((0..).map(HallId).zip(raw).map(other).collect(), tree)
}

fn report(raw: &[RawHall<'_>], mistake: &TreeMistake, mistakes: &mut Mistakes) {
    let name = |hall: usize| raw.get(hall).map_or("", |raw| *raw.key.get_ref());
    let under = |hall: usize| raw.get(hall).and_then(|raw| raw.under.as_ref());
    match mistake {
        TreeMistake::Cycle { path } => {
            let at = path.first().and_then(|&hall| under(hall)).map_or(0..0, Spanned::span);
            let way: Vec<_> = path.iter().map(|&hall| format!("`{}`", name(hall))).collect();
            let found = format!("halls that are above themselves: {}", way.join(" under "));
            mistakes.wrong(Code::Cycle, at, found, "one with none above it");
        }
        TreeMistake::Higher { hall, under: above } => {
            let at = under(*hall).map_or(0..0, Spanned::span);
            let found = format!("hall `{}` stands higher than `{}`", name(*hall), name(*above));
            mistakes.wrong(Code::Misplaced, at, found, "the level of the one above it, or a lower");
        }
        TreeMistake::SameNumber { hall, first } => {
            let number = raw.get(*hall).and_then(|raw| raw.number.as_ref());
            let at = number.map_or(0..0, Spanned::span);
            let found = format!("hall `{}` has this number already", name(*first));
            mistakes.wrong(Code::Twice, at, found, "each once");
        }
        TreeMistake::TooMany { found, most } => {
            let (found, expected) = (format!("{found} halls"), format!("at most {most}"));
            mistakes.wrong(Code::TooMany, 0..0, found, expected);
        }
        // Named where it was looked up.
        TreeMistake::NoSuchHall { .. } => {}
    }
}

/// `number`: twelve digits in quotes, so that no zero at the front is lost.
fn read_number(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Spanned<HallNumber>> {
    const LIKE: &str = "twelve digits such as `\"430104000000\"`";
    let text = value::string(value, LIKE, mistakes)?;
    let is_digits =
        text.get_ref().len() == 12 && text.get_ref().bytes().all(|b| b.is_ascii_digit());
    let number = text.get_ref().parse().ok().filter(|_| is_digits).and_then(HallNumber::new);
    if number.is_none() {
        let found = format!("`{}` is no number of a hall", text.get_ref().escape_debug());
        mistakes.wrong(Code::BadNumber, text.span(), found, LIKE);
    }
    number.map(|number| Spanned::new(text.span(), number))
}
