//! `[plans]`: what of the file is another during a peak, in the evening (方案, 预案).
//!
//! A plan says only what differs: `[plans.peak.services.id-card] pool = "all"`. It is laid over the file,
//! and the whole is checked as if it had been written so.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Code, Hall, Span, Text,
    book::Book,
    file::RawFile,
    mistake::Mistakes,
    table::{Keyed, Table},
    text, value,
};
use crate::{PlanId, Rules};

/// Sections that a plan may change.
const SECTIONS: [&str; 6] = ["services", "limits", "ladders", "head_starts", "targets", "grab"];

/// A plan (方案): the rules of the file with what differs in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HallPlan {
    /// Its number, if the engine's first rules are those of the file and plans are
    /// [prepared](crate::Advancer::prepare) in file order.
    pub id: PlanId,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// When it is in force by the clock of the hall, on every day it is open; not by itself if empty.
    pub when: Vec<Span>,
    /// What the engine obeys while it is in force.
    pub rules: Rules,
}

/// Adds the plans of a file to the book: actions name them.
pub(super) fn names(root: &Table<'_>, book: &mut Book, mistakes: &mut Mistakes) {
    for Keyed { key, .. } in root.keyed("plans", "plan", &mut Mistakes::default()) {
        book.plans.add(key.get_ref(), key.span(), mistakes);
    }
}

/// Reads `[plans]`, once the file without them has been found right.
pub(super) fn read(
    tree: &DeTable<'_>,
    root: &Table<'_>,
    hall: &Hall,
    mistakes: &mut Mistakes,
) -> Vec<HallPlan> {
    let sections = root.keyed("plans", "plan", mistakes);
    let plans = (1..).map(PlanId).zip(sections);
    plans.filter_map(|(id, section)| read_one(id, section, tree, hall, mistakes)).collect()
}

fn read_one(
    id: PlanId,
    Keyed { key, table }: Keyed<'_>,
    tree: &DeTable<'_>,
    hall: &Hall,
    mistakes: &mut Mistakes,
) -> Option<HallPlan> {
    let table = table?;
    table.only(&[&["name", "when"], &SECTIONS[..]].concat(), mistakes);
    let name = table.get("name").and_then(|value| text::read(value, mistakes));
    let when = table.get("when").map_or_else(Vec::new, |value| spans(value, mistakes));
    let mut merged = tree.clone();
    for entry in table.entries().filter(|entry| SECTIONS.contains(entry.key.get_ref())) {
        let key = Spanned::new(entry.key.span(), (*entry.key.get_ref()).to_owned().into());
        lay_over(&mut merged, key, entry.value);
    }
    // Names of plans are known in them, too.
    let merged = Table::new("the file", 0..0, &merged);
    let (mut book, mut of_plan) = (Book::new(), Mistakes::default());
    let raw = RawFile::read(&merged, &mut book, &mut of_plan);
    let planned = raw.check(&mut book, &mut of_plan);
    let Some(planned) = planned.filter(|_| of_plan.none_wrong()) else {
        mistakes.take_wrong(of_plan);
        return None;
    };
    for moved in planned.follows(hall).err().into_iter().flatten() {
        mistakes.wrong(
            Code::Misplaced,
            key.span(),
            moved.to_string(),
            "the same things in the plan",
        );
    }
    if planned.rules().watches() != hall.rules().watches() {
        let found = "the watches on pools are others in this plan";
        mistakes.wrong(Code::Misplaced, key.span(), found, "the same watches in all plans");
    }
    let key = (*key.get_ref()).to_owned();
    let name = name.unwrap_or_else(|| Text::both(&key));
    Some(HallPlan { id, key, name, when, rules: planned.rules() })
}

/// Puts a value in the place of another, or beside it; a table over a table, key by key.
fn lay_over<'d>(
    tree: &mut DeTable<'d>,
    key: Spanned<std::borrow::Cow<'d, str>>,
    over: &Spanned<DeValue<'d>>,
) {
    let Some(under) = tree.get_mut::<str>(key.get_ref().as_ref()) else {
        tree.insert(key, over.clone());
        return;
    };
    match (under.get_mut(), over.get_ref()) {
        (DeValue::Table(under), DeValue::Table(over)) => {
            for (key, value) in over {
                lay_over(under, key.clone(), value);
            }
        }
        _ => *under = over.clone(),
    }
}

fn spans(value: &value::Value<'_>, mistakes: &mut Mistakes) -> Vec<Span> {
    let entries = value::list(value, "[\"09:00-10:30\"]", mistakes);
    entries
        .into_iter()
        .filter_map(|value| value::span(value, mistakes))
        .map(Spanned::into_inner)
        .collect()
}
