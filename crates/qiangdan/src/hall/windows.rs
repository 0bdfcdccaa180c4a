//! `[[windows]]`: the desks.

use std::ops::Range;

use toml::de::DeValue;

use super::{
    Code, Text,
    book::Book,
    mistake::Mistakes,
    series,
    table::Table,
    text,
    value::{self, Value},
};

/// A window (窗口).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Window {
    /// Its number on the sign, e.g. `"07"`.
    pub key: String,
    /// What people call it.
    pub name: Text,
}

/// Reads all `[[windows]]` and adds them to the book.
pub(super) fn read(root: &Table<'_>, book: &mut Book, mistakes: &mut Mistakes) -> Vec<Window> {
    let mut windows = Vec::new();
    for table in root.repeated("windows", "a window", mistakes) {
        table.only(&["id", "ids", "name"], mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        for (key, at) in read_ids(&table, "id", "ids", "\"01\"", mistakes) {
            book.windows.add(&key, at, mistakes);
            let name = name.clone().unwrap_or_else(|| Text::both(&key));
            windows.push(Window { key, name });
        }
    }
    windows
}

/// Reads `id = "A01"` or `ids = "A01..A12"` or `ids = ["A01..A12", "B01"]`, each id with its place.
pub(super) fn read_ids(
    table: &Table<'_>,
    one: &str,
    many: &str,
    like: &str,
    mistakes: &mut Mistakes,
) -> Vec<(String, Range<usize>)> {
    let (id, ids) = (table.get(one), table.get(many));
    match (id, ids) {
        (Some(id), None) => {
            let id = value::name(id, mistakes);
            id.map(|id| (id.get_ref().to_string(), id.span())).into_iter().collect()
        }
        (None, Some(ids)) => read_series(ids, mistakes),
        (Some(_), Some(ids)) => {
            let found = format!("both `{one}` and `{many}`");
            mistakes.wrong(Code::Twice, ids.span(), found, "one of them");
            Vec::new()
        }
        (None, None) => {
            table.need(one, like, mistakes);
            Vec::new()
        }
    }
}

fn read_series<'d>(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Vec<(String, Range<usize>)> {
    let values = match value.get_ref() {
        DeValue::Array(values) => values.iter().collect(),
        _ => vec![value],
    };
    if values.is_empty() {
        mistakes.wrong(Code::Empty, value.span(), "an empty list", "one at least");
    }
    let mut read = Vec::new();
    for value in values {
        let Some(text) = value::name(value, mistakes) else { continue };
        match series::ids(text.get_ref()) {
            Some(ids) => read.extend(ids.into_iter().map(|id| (id, text.span()))),
            None => {
                let found = format!("`{}` is no series", text.get_ref());
                mistakes.wrong(Code::BadSeries, text.span(), found, "one such as `A01..A12`");
            }
        }
    }
    read
}
