//! `[limits]`: promises about time.

use toml::Spanned;

use super::{Code, Duration, Text, book::Book, mistake::Mistakes, table::Keyed, text, value};

/// A limit (时限): from being submitted, so long at most until the end named.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limit {
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// What must have happened by then.
    pub to: LimitEnd,
    /// How long it lasts.
    pub lasts: Duration,
    /// The key of the ladder climbed meanwhile.
    pub ladder: Option<String>,
}

/// What ends a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LimitEnd {
    /// The order is grabbed: a limit on the wait.
    Grabbed,
    /// The order is closed.
    Closed,
}

impl Limit {
    /// The limit in milliseconds, if the engine times it: a wait, in time that runs always.
    #[must_use]
    pub fn wait_ms(&self) -> Option<u64> {
        match (self.to, self.lasts) {
            (LimitEnd::Grabbed, Duration::Natural { ms }) => Some(ms),
            _ => None,
        }
    }
}

/// A limit as written.
#[derive(Debug)]
pub(super) struct RawLimit<'d> {
    key: Spanned<&'d str>,
    name: Option<Text>,
    to: Option<LimitEnd>,
    lasts: Option<Spanned<Duration>>,
    ladder: Option<Spanned<&'d str>>,
}

impl<'d> RawLimit<'d> {
    pub(super) fn read(Keyed { key, table }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = table?;
        table.only(&["name", "from", "to", "lasts", "ladder"], mistakes);
        let name = table.get("name").and_then(|value| text::read(value, mistakes));
        if let Some(from) = table.get("from") {
            value::word(from, &[("submitted", ())], mistakes);
        }
        let ends = [("grabbed", LimitEnd::Grabbed), ("closed", LimitEnd::Closed)];
        let to = table.need("to", "\"grabbed\"", mistakes);
        let to = to.and_then(|value| value::word(value, &ends, mistakes));
        let lasts = table.need("lasts", "\"10 min\"", mistakes);
        let lasts = lasts.and_then(|value| value::duration(value, mistakes));
        let lasts = lasts.filter(|lasts| more_than_nothing(lasts, mistakes));
        let ladder = table.get("ladder");
        let ladder = ladder.and_then(|value| value::string(value, "the key of a ladder", mistakes));
        Some(Self { key, name, to, lasts, ladder })
    }

    /// Looks the ladder up, and warns of what the engine does not time yet.
    pub(super) fn check(&self, book: &mut Book, mistakes: &mut Mistakes) -> (Limit, Option<usize>) {
        let key = self.key.get_ref().to_string();
        let ladder = self.ladder.as_ref().and_then(|ladder| book.ladders.find(ladder, mistakes));
        let limit = Limit {
            name: self.name.clone().unwrap_or_else(|| Text::both(&key)),
            key,
            to: self.to.unwrap_or(LimitEnd::Grabbed),
            // Days stand in for what could not be read: the engine does not time them, so no ladder
            // is measured against a limit that nobody wrote.
            lasts: self.lasts.as_ref().map_or(Duration::WorkingDays { days: 1 }, |l| *l.get_ref()),
            ladder: self.ladder.as_ref().map(|ladder| ladder.get_ref().to_string()),
        };
        if let (None, Some(lasts)) = (limit.wait_ms(), &self.lasts) {
            let what = match limit.lasts {
                Duration::Natural { .. } => "until an order is closed",
                _ => "in working time",
            };
            let found =
                format!("limit `{}` runs {what}: read and checked, not timed yet", limit.key);
            let expected = "a limit in natural time until `grabbed`, where the engine must time it";
            mistakes.odd(Code::NotTimedYet, lasts.span(), found, expected);
        }
        (limit, ladder)
    }
}

fn more_than_nothing(lasts: &Spanned<Duration>, mistakes: &mut Mistakes) -> bool {
    let is_nothing = matches!(
        lasts.get_ref(),
        Duration::Natural { ms: 0 }
            | Duration::Working { ms: 0 }
            | Duration::WorkingDays { days: 0 }
    );
    if is_nothing {
        let found = format!("a limit of {}", lasts.get_ref());
        mistakes.wrong(Code::BadDuration, lasts.span(), found, "more than none");
    }
    !is_nothing
}
