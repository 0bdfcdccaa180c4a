//! What can be wrong with a trace, and where.

use super::SidecarError;
use std::fmt;
use std::path::PathBuf;

/// What kind of mistake it is. Its text is short and fixed, fit for counting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceCode {
    /// The file is empty.
    #[error("no header")]
    NoHeader,
    /// A column that every trace has is not in the header, or one that was asked for is not.
    #[error("missing column")]
    MissingColumn,
    /// Two columns say the same thing.
    #[error("doubled column")]
    DoubledColumn,
    /// The text is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A quote is never closed.
    #[error("unclosed quote")]
    UnclosedQuote,
    /// The row has more or fewer fields than the header.
    #[error("wrong number of fields")]
    FieldCount,
    /// The order has no id.
    #[error("empty order_id")]
    EmptyId,
    /// The id is longer than 64 bytes.
    #[error("order_id longer than 64 bytes")]
    LongId,
    /// Another row has this id.
    #[error("duplicate order_id")]
    DuplicateId,
    /// The order asks for nothing.
    #[error("empty service")]
    EmptyService,
    /// The order never arrived.
    #[error("empty arrived_at")]
    EmptyArrival,
    /// The text does not have the form of a time.
    #[error("not a time")]
    NotATime,
    /// No calendar has this date.
    #[error("no such date")]
    NoSuchDate,
    /// Midnight is 00:00:00 of the next day.
    #[error("hour 24")]
    Hour24,
    /// No clock shows this time.
    #[error("no such time of day")]
    NoSuchTime,
    /// The offset from UTC is a day or more.
    #[error("offset out of range")]
    OffsetRange,
    /// A time without an offset, and no zone to place it.
    #[error("naive time without a time zone in the sidecar")]
    NaiveTime,
    /// The priority is not an integer, or does not fit 32 bits.
    #[error("priority is not an integer")]
    Priority,
    /// The duration is not a number from 0, or is not whole where it must be.
    #[error("not a duration")]
    Duration,
    /// The word for the outcome means nothing.
    #[error("unknown outcome")]
    UnknownOutcome,
    /// Times of one order are in the wrong order.
    #[error("{later} before {earlier}")]
    OutOfOrder {
        /// What should come later.
        later: &'static str,
        /// What should come earlier.
        earlier: &'static str,
    },
    /// A served order never started.
    #[error("served without started_at")]
    ServedWithoutStart,
    /// A called order was never called.
    #[error("called without started_at")]
    CalledWithoutStart,
    /// An abandoned order started.
    #[error("abandoned with started_at")]
    AbandonedWithStart,
}

/// One mistake: where, what is there, what was expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceMistake {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The character in the line where the field begins, from 1.
    pub column: u64,
    /// The field, from 1; nothing if the mistake is about the whole row.
    pub field: Option<usize>,
    /// What kind.
    pub code: TraceCode,
    /// What is there and what was expected.
    pub message: String,
}

impl fmt::Display for TraceMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// The mistakes of one file, in file order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mistakes {
    /// The first of them, at most [`Mistakes::LISTED_MAX`].
    pub list: Vec<TraceMistake>,
    /// How many more there are.
    pub more: u64,
}

impl Mistakes {
    /// How many mistakes are listed; the others are only counted.
    pub const LISTED_MAX: usize = 1000;

    /// How many there are, listed or not.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.more + self.list.len() as u64
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.list.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{mistake}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The file cannot be read, or is not the archive its name says.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file, unpacked, is larger than [`Trace::BYTES_MAX`](super::Trace::BYTES_MAX).
    #[error("{}: larger than {most} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// How much is read.
        most: u64,
    },
    /// The sidecar beside it is wrong.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// The file has mistakes.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}
