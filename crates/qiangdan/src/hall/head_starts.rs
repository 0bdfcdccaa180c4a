//! `[head_starts]`: priority, written as minutes already waited.

use toml::{Spanned, de::DeValue};

use super::{
    Code, Duration, Text,
    book::Book,
    mistake::Mistakes,
    table::Table,
    text,
    value::{self, Value},
};
use crate::ClassId;

/// A class of orders with one head start (优先类别).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Class {
    /// Its position. Class 0 is the ordinary one.
    pub id: ClassId,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// The head start in milliseconds; may be negative.
    pub head_start_ms: i64,
}

/// The classes, and how far one order may get ahead of another.
#[derive(Debug)]
pub(super) struct HeadStarts {
    pub(super) classes: Vec<Class>,
    pub(super) largest_ms: Option<u64>,
}

impl HeadStarts {
    /// Reads `[head_starts]` and adds the classes to the book; the ordinary class is always there.
    pub(super) fn read(
        section: Option<&Table<'_>>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Self {
        book.classes.add("ordinary", 0..0, mistakes);
        let name = Text { zh: "普通".to_owned(), en: "ordinary".to_owned() };
        let key = "ordinary".to_owned();
        let mut classes = vec![Class { id: ClassId(0), key, name, head_start_ms: 0 }];
        let largest = section.and_then(|section| section.get("largest"));
        let largest = largest.and_then(|value| value::natural_ms(value, mistakes));
        let largest_ms = largest.map(Spanned::into_inner);
        for entry in section.into_iter().flat_map(Table::entries) {
            let (key, at) = (*entry.key.get_ref(), entry.key.span());
            if key == "largest" {
                continue;
            }
            book.classes.add(key, at, mistakes);
            let (name, head_start_ms) = read_class(key, entry.value, mistakes);
            if largest_ms.is_some_and(|largest| head_start_ms.unsigned_abs() > largest) {
                let found = format!("the head start of `{key}` is more than `largest`");
                let expected = "at most the `largest` of this section";
                mistakes.wrong(Code::HeadStartTooLarge, entry.value.span(), found, expected);
            }
            let id = ClassId(u8::try_from(classes.len()).unwrap_or(u8::MAX));
            classes.push(Class { id, key: key.to_owned(), name, head_start_ms });
        }
        Self { classes, largest_ms }
    }

    /// Checks that no order, with all its boosts, gets further ahead than `largest`.
    ///
    /// `boosts` are those of one ladder, each with its place.
    pub(super) fn check_boosts(&self, boosts: &[Spanned<u64>], mistakes: &mut Mistakes) {
        let Some(largest) = self.largest_ms else { return };
        let most = self.classes.iter().map(|class| class.head_start_ms).max().unwrap_or(0);
        let mut ahead_ms = u64::try_from(most).unwrap_or(0);
        for boost in boosts {
            ahead_ms = ahead_ms.saturating_add(*boost.get_ref());
            if ahead_ms > largest {
                let ahead = Duration::Natural { ms: ahead_ms };
                let found = format!("with this boost an order can be {ahead} ahead");
                let expected = format!(
                    "at most the `largest` head start, {}",
                    Duration::Natural { ms: largest }
                );
                mistakes.wrong(Code::HeadStartTooLarge, boost.span(), found, expected);
            }
        }
    }
}

/// Reads `"15 min"` or `{ ahead = "15 min", name = "…" }`.
fn read_class(key: &str, value: &Value<'_>, mistakes: &mut Mistakes) -> (Text, i64) {
    let DeValue::Table(table) = value.get_ref() else {
        return (Text::both(key), signed_ms(value, mistakes).unwrap_or(0));
    };
    let table = Table::new(format!("class `{key}`"), value.span(), table);
    table.only(&["ahead", "name"], mistakes);
    let ahead = table.need("ahead", "\"15 min\"", mistakes);
    let ahead = ahead.and_then(|value| signed_ms(value, mistakes));
    let name = table.get("name").and_then(|value| text::read(value, mistakes));
    (name.unwrap_or_else(|| Text::both(key)), ahead.unwrap_or(0))
}

fn signed_ms(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<i64> {
    let text = value::string(value, "a head start such as `\"15 min\"`", mistakes)?;
    match Duration::signed_ms(text.get_ref()) {
        Ok(Some(ms)) => Some(ms),
        other => {
            let why = other.err().map_or("working time".to_owned(), |why| why.to_string());
            let found = format!("`{}` is no head start: {why}", text.get_ref().escape_debug());
            mistakes.wrong(
                Code::BadDuration,
                text.span(),
                found,
                "one such as `15 min` or `-5 min`",
            );
            None
        }
    }
}
