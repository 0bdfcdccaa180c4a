//! What people read: in Chinese, in English, or the same in both.

use std::fmt;

use toml::{Spanned, de::DeValue};

use super::{
    mistake::Mistakes,
    table::Table,
    value::{self, Value},
};

/// A text for people (`"综合窗口"` or `{ zh = "综合窗口", en = "general window" }`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// In Chinese; the other language if none was given.
    pub zh: String,
    /// In English; the other language if none was given.
    pub en: String,
}

impl Text {
    /// The same words in both languages.
    #[must_use]
    pub fn both(words: &str) -> Self {
        Self { zh: words.to_owned(), en: words.to_owned() }
    }
}

impl fmt::Display for Text {
    /// The Chinese words, and the English ones in brackets where they differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.zh)?;
        if self.en == self.zh { Ok(()) } else { write!(f, " ({})", self.en) }
    }
}

/// Reads a text for people: a string, or a table with `zh` and `en`.
pub(super) fn read<'d>(value: &'d Value<'d>, to: &mut Mistakes) -> Option<Text> {
    let DeValue::Table(table) = value.get_ref() else {
        if !matches!(value.get_ref(), DeValue::String(_)) {
            let like = r#"a name such as `"综合窗口"` or `{ zh = "…", en = "…" }`"#;
            return value::wrong_type(value, like, to);
        }
        return value::name(value, to).map(|text| Text::both(text.get_ref()));
    };
    let table = Table::new("a name", value.span(), table);
    table.only(&["zh", "en"], to);
    let [zh, en] = ["zh", "en"]
        .map(|key| table.get(key).map(|value| value::name(value, to).map(Spanned::into_inner)));
    if zh.is_none() && en.is_none() {
        table.need("zh", "\"…\"", to);
    }
    let (zh, en) = (zh.flatten(), en.flatten());
    Some(Text { zh: zh.or(en)?.to_owned(), en: en.or(zh)?.to_owned() })
}
