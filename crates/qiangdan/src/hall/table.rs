//! Tables of the file, with the place of every key.
//!
//! The file is read as a tree with places, not with a derived deserializer: that would stop at the
//! first mistake, and all are wanted.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Code,
    mistake::Mistakes,
    value::{self, Value},
};

/// A table, its entries in file order.
#[derive(Debug)]
pub(super) struct Table<'d> {
    /// How messages call it: `` service `id-card` ``.
    pub(super) what: String,
    /// Where it begins.
    pub(super) at: Range<usize>,
    entries: Vec<Entry<'d>>,
}

/// One `key = value`.
#[derive(Clone, Debug)]
pub(super) struct Entry<'d> {
    pub(super) key: Spanned<&'d str>,
    pub(super) value: &'d Value<'d>,
}

/// A section `[name.key]`. A table that is none was reported.
#[derive(Debug)]
pub(super) struct Keyed<'d> {
    pub(super) key: Spanned<&'d str>,
    pub(super) table: Option<Table<'d>>,
}

impl<'d> Table<'d> {
    pub(super) fn new(what: impl Into<String>, at: Range<usize>, table: &'d DeTable<'d>) -> Self {
        let entry = |(key, value): (&'d Spanned<_>, _)| {
            let name: &'d std::borrow::Cow<'d, str> = key.get_ref();
            Entry { key: Spanned::new(key.span(), name.as_ref()), value }
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.key.span().start);
        Self { what: what.into(), at, entries }
    }

    /// Reads a value that must be a table; `like` is an example.
    pub(super) fn read(
        what: impl Into<String>,
        value: &'d Value<'d>,
        like: &str,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(what, value.span(), table)),
            _ => value::wrong_type(value, &format!("a table such as `{like}`"), mistakes),
        }
    }

    /// Reports every key that is not in `known`.
    pub(super) fn only(&self, known: &[&str], mistakes: &mut Mistakes) {
        for Entry { key, .. } in &self.entries {
            let name = *key.get_ref();
            if !known.contains(&name) {
                let found = format!("{} has no key `{name}`", self.what);
                mistakes
                    .wrong(
                        Code::UnknownKey,
                        key.span(),
                        found,
                        value::one_of(known.iter().copied()),
                    )
                    .did_you_mean(name, known.iter().copied());
            }
        }
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&'d Value<'d>> {
        self.entries.iter().find(|entry| *entry.key.get_ref() == key).map(|entry| entry.value)
    }

    /// The value of a key that must be there; `like` is an example.
    pub(super) fn need(
        &self,
        key: &str,
        like: &str,
        mistakes: &mut Mistakes,
    ) -> Option<&'d Value<'d>> {
        let value = self.get(key);
        if value.is_none() {
            let found = format!("{} says nothing about `{key}`", self.what);
            mistakes.wrong(Code::MissingKey, self.at.clone(), found, format!("`{key} = {like}`"));
        }
        value
    }

    /// The entries, in file order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<'d>> {
        self.entries.iter()
    }
}

impl<'d> Table<'d> {
    /// The section `[name]` of a file, if it is there.
    pub(super) fn section(&self, name: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let value = self.get(name)?;
        Self::read(format!("`[{name}]`"), value, &format!("[{name}]"), mistakes)
    }

    /// The section `[name]` of a file, which must be there and not be empty.
    pub(super) fn need_section(&self, name: &str, mistakes: &mut Mistakes) -> Option<Self> {
        if self.get(name).is_none() {
            let found = format!("there is no section `[{name}]`");
            mistakes.wrong(Code::MissingKey, self.at.clone(), found, "one");
            return None;
        }
        let section = self.section(name, mistakes)?;
        if section.entries.is_empty() {
            let found = format!("nothing in `[{name}]`");
            mistakes.wrong(Code::Empty, section.at.clone(), found, "something");
        }
        Some(section)
    }

    /// The sections `[name.key]` of a file; `kind` is what messages call one.
    pub(super) fn keyed(&self, name: &str, kind: &str, mistakes: &mut Mistakes) -> Vec<Keyed<'d>> {
        let mut sections = Vec::new();
        for Entry { key, value } in self.section(name, mistakes).iter().flat_map(Self::entries) {
            let what = format!("{kind} `{}`", key.get_ref());
            let like = format!("[{name}.{}]", key.get_ref());
            let table = Self::read(what, value, &like, mistakes);
            sections.push(Keyed { key: key.clone(), table });
        }
        sections
    }

    /// The sections `[[name]]` of a file.
    pub(super) fn repeated(&self, name: &str, kind: &str, mistakes: &mut Mistakes) -> Vec<Self> {
        let like = format!("[[{name}]]");
        let value = self.get(name);
        let entries = value.map(|value| value::list(value, &like, mistakes)).unwrap_or_default();
        let read = |value| Self::read(kind, value, &like, mistakes);
        entries.into_iter().filter_map(read).collect()
    }
}
