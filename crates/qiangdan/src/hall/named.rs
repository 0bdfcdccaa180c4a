//! `[skills]`, `[pools]`, `[roles]`: things that have a key and a name.

use super::{Text, mistake::Mistakes, names::Names, table::Table, text};

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
