//! What is wrong with a hall file, and where.

use std::{error, fmt, ops::Range};

/// Something in a hall file that is wrong, or odd.
///
/// Its `Display` is one line: `file:line:column: what is there, expected what should be`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Mistake {
    /// What kind of mistake it is. Stable from version to version.
    pub code: Code,
    /// What the file is called.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Where it stands in the text, in bytes.
    pub span: Range<usize>,
    /// What is there.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// How to mend it, where that can be guessed.
    pub help: Option<String>,
}

/// What kind of mistake it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Code {
    /// `hall::syntax`: the text is no TOML.
    Syntax,
}

/// A hall file with mistakes in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// Every mistake, in file order; never empty.
    pub mistakes: Vec<Mistake>,
    /// What is allowed but probably not meant, in file order.
    pub warnings: Vec<Mistake>,
}

impl Mistake {
    pub(super) fn unread(file: &str) -> Self {
        Self {
            code: Code::Syntax,
            file: file.to_owned(),
            line: 1,
            column: 1,
            span: 0..0,
            found: "hall files are not read yet".to_owned(),
            expected: "patience".to_owned(),
            help: None,
        }
    }

    /// What is there, and what was expected, without the place.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}, expected {}", self.found, self.expected)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, .. } = self;
        write!(f, "{file}:{line}:{column}: {}", self.message())
    }
}

impl fmt::Display for Invalid {
    /// One line for each mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.mistakes.iter().enumerate() {
            write!(f, "{}{mistake}", if number == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl error::Error for Invalid {}
