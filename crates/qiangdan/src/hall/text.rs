//! What people read: in Chinese, in English, or the same in both.

use std::fmt;

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
