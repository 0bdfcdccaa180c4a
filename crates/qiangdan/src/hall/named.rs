//! `[skills]`, `[pools]`, `[roles]`: things that have a key and a name.

use std::collections::BTreeSet;

use toml::{Spanned, de::DeValue};

use super::{
    Text,
    mistake::Mistakes,
    names::Names,
    table::{Entry, Table},
    text, value,
};

/// Something with a key and a name: a skill, a pool, a role. Its id is its position.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Named {
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
}

/// Reads a section of `key = "name"`, and adds the keys to `names`.
pub(super) fn read(
    section: Option<&Table<'_>>,
    names: &mut Names,
    mistakes: &mut Mistakes,
) -> Vec<Named> {
    let mut read = Vec::new();
    for entry in section.into_iter().flat_map(Table::entries) {
        let key = *entry.key.get_ref();
        names.add(key, entry.key.span(), mistakes);
        let name = text::read(entry.value, mistakes).unwrap_or_else(|| Text::both(key));
        read.push(Named { key: key.to_owned(), name });
    }
    read
}

/// Reads `[skills]`: names, or `{ name = "英语", soft = true }`. Positions of soft ones go to
/// `soft`.
pub(super) fn read_skills(
    section: Option<&Table<'_>>,
    names: &mut Names,
    soft: &mut BTreeSet<usize>,
    mistakes: &mut Mistakes,
) -> Vec<Named> {
    let mut read = Vec::new();
    for entry in section.into_iter().flat_map(Table::entries) {
        let (named, more) = read_more(entry, "skill", "soft", names, mistakes);
        let is_soft = more.and_then(|table| value::flag(table.get("soft")?, mistakes));
        if is_soft == Some(true) {
            soft.insert(read.len());
        }
        read.push(named);
    }
    read
}

/// Reads `[roles]`: names, or `{ name = "值班长", hours = "hall" }`, and which calendar each is
/// there by.
pub(super) fn read_roles<'d>(
    section: Option<&Table<'d>>,
    names: &mut Names,
    mistakes: &mut Mistakes,
) -> (Vec<Named>, Vec<(usize, Spanned<&'d str>)>) {
    let (mut read, mut hours) = (Vec::new(), Vec::new());
    for entry in section.into_iter().flat_map(Table::entries) {
        let (named, more) = read_more(entry, "role", "hours", names, mistakes);
        let by = more.and_then(|table| {
            value::string(table.get("hours")?, "the key of a calendar", mistakes)
        });
        hours.extend(by.map(|by| (read.len(), by)));
        read.push(named);
    }
    (read, hours)
}

/// Reads a name, or a table with `name` and one key more.
pub(super) fn read_more<'d>(
    entry: &Entry<'d>,
    kind: &str,
    more: &str,
    names: &mut Names,
    mistakes: &mut Mistakes,
) -> (Named, Option<Table<'d>>) {
    let key = *entry.key.get_ref();
    names.add(key, entry.key.span(), mistakes);
    let is_more =
        |table: &&toml::de::DeTable<'_>| ["name", more].iter().any(|key| table.contains_key(*key));
    let table = match entry.value.get_ref() {
        DeValue::Table(table) => Some(table).filter(is_more),
        _ => None,
    };
    let table = table.map(|table| {
        let table = Table::new(format!("{kind} `{key}`"), entry.value.span(), table);
        table.only(&["name", more], mistakes);
        table
    });
    let name = match &table {
        Some(table) => table.get("name").and_then(|name| text::read(name, mistakes)),
        None => text::read(entry.value, mistakes),
    };
    (Named { key: key.to_owned(), name: name.unwrap_or_else(|| Text::both(key)) }, table)
}
