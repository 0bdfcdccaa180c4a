//! What is wrong with a hall file, and where.
//!
//! Readers and checks report to [`Mistakes`] by byte span and go on; [`Mistakes::placed`] turns
//! spans into lines and columns once, at the end, in file order.

use std::{error, fmt, ops::Range};

use super::near::nearest;

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
    /// Where it stands in the text, in bytes; within the text and on character boundaries.
    pub span: Range<usize>,
    /// What is there.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// How to mend it, where that can be guessed.
    pub help: Option<String>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// What kind of mistake it is. Its `Display` is the stable code, e.g. `hall::unknown-key`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* #[doc = ""] #[doc = concat!("`", $code, "`")] $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

codes! {
    /// The text is no TOML.
    Syntax = "hall::syntax",
    /// `schema = 1` is missing, or it is another number.
    Schema = "hall::schema",
    /// A key or section that hall files do not have.
    UnknownKey = "hall::unknown-key",
    /// A key or section that must be there is not.
    MissingKey = "hall::missing-key",
    /// A number where a string must stand, a list where a table must stand, and the like.
    WrongType = "hall::wrong-type",
    /// A list or table that must hold something holds nothing.
    Empty = "hall::empty",
    /// A key, number or name that is blank or has odd characters in it.
    BadName = "hall::bad-name",
    /// A word that is none of those allowed here.
    BadWord = "hall::bad-word",
    /// A number outside of what makes sense here.
    BadNumber = "hall::bad-number",
    /// A text that is no duration, or a duration of the wrong kind.
    BadDuration = "hall::bad-duration",
    /// A text that is no share, or more than the whole.
    BadShare = "hall::bad-share",
    /// A text that is no time of day, or no span between two.
    BadTime = "hall::bad-time",
    /// A text that is no date or no day of the week, or a date where it cannot be.
    BadDate = "hall::bad-date",
    /// A calendar that cannot be: it never opens, or its horizon is backwards or too wide.
    BadCalendar = "hall::bad-calendar",
    /// A text that is no series such as `A01..A12`.
    BadSeries = "hall::bad-series",
    /// A time zone that the world does not have.
    BadTimezone = "hall::bad-timezone",
    /// A text that is no action of a ladder.
    BadAction = "hall::bad-action",
    /// A skill that `[skills]` does not name.
    NoSuchSkill = "hall::no-such-skill",
    /// A pool that `[pools]` does not name.
    NoSuchPool = "hall::no-such-pool",
    /// A role that `[roles]` does not name.
    NoSuchRole = "hall::no-such-role",
    /// A service that `[services]` does not name.
    NoSuchService = "hall::no-such-service",
    /// A part that its package does not name.
    NoSuchPart = "hall::no-such-part",
    /// A hall that `[halls]` does not name.
    NoSuchHall = "hall::no-such-hall",
    /// A class that `[head_starts]` does not name.
    NoSuchClass = "hall::no-such-class",
    /// A limit that `[limits]` does not name.
    NoSuchLimit = "hall::no-such-limit",
    /// A ladder that `[ladders]` does not name.
    NoSuchLadder = "hall::no-such-ladder",
    /// A calendar that `[calendars]` does not name.
    NoSuchCalendar = "hall::no-such-calendar",
    /// A milestone that is neither the engine's own nor named in `[milestones]`.
    NoSuchMilestone = "hall::no-such-milestone",
    /// A reason to pause that `[pauses]` does not name.
    NoSuchPause = "hall::no-such-pause",
    /// A plan that `[plans]` does not name.
    NoSuchPlan = "hall::no-such-plan",
    /// A clerk that `[[clerks]]` does not name.
    NoSuchClerk = "hall::no-such-clerk",
    /// A window that `[[windows]]` does not name.
    NoSuchWindow = "hall::no-such-window",
    /// A pattern that `[shifts]` does not name.
    NoSuchShift = "hall::no-such-shift",
    /// The same thing said twice.
    Twice = "hall::twice",
    /// Parts of a package that wait for each other, or halls that are above themselves.
    Cycle = "hall::cycle",
    /// A part of a package that comes after parts which wait for each other.
    NeverBegins = "hall::never-begins",
    /// A stage that does not fire later than the one before it.
    StagesNotRising = "hall::stages-not-rising",
    /// A limit in working days or hours, and no calendar that says which.
    NeedsCalendar = "hall::needs-calendar",
    /// A limit, or a stage of one, that cannot be: what starts it stops it, it leads back to
    /// itself, something comes after its end.
    BadLimit = "hall::bad-limit",
    /// A key or an action that has no meaning with the others there.
    Misplaced = "hall::misplaced",
    /// A ladder drops a skill that is not soft.
    NotSoft = "hall::not-soft",
    /// A service under two limits on its wait.
    SecondWaitLimit = "hall::second-wait-limit",
    /// A head start, with all boosts, that is more than `largest`.
    HeadStartTooLarge = "hall::head-start-too-large",
    /// Two spans of one clerk, or two slots of arrivals, that overlap.
    Overlap = "hall::overlap",
    /// Two clerks at one window at the same time.
    WindowTaken = "hall::window-taken",
    /// Arrivals while the doors are closed.
    DoorsClosed = "hall::doors-closed",
    /// Parts that add up to more than the whole.
    MoreThanWhole = "hall::more-than-whole",
    /// A series and its counterpart that differ in length.
    UnequalSeries = "hall::unequal-series",
    /// More of something than fits.
    TooMany = "hall::too-many",
    /// Warning: no clerk can ever take this service.
    NobodyCanTake = "hall::nobody-can-take",
    /// Warning: there is no order this clerk can ever grab.
    NothingToTake = "hall::nothing-to-take",
    /// Warning: nothing in the file refers to this.
    Unused = "hall::unused",
    /// Warning: more work comes in half an hour than the clerks on shift can do in it.
    Overload = "hall::overload",
}

/// A hall file with mistakes in it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Invalid {
    /// Every mistake, in file order; never empty.
    pub mistakes: Vec<Mistake>,
    /// What is allowed but probably not meant, in file order. Incomplete: some things are only
    /// weighed once the file is right.
    pub warnings: Vec<Mistake>,
}

impl Mistake {
    /// What is there and what was expected, without the place.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}, expected {}", self.found, self.expected)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

/// Where readers and checks report to.
#[derive(Default, Debug)]
pub(super) struct Mistakes {
    wrong: Vec<Report>,
    odd: Vec<Report>,
}

/// A mistake whose line is not looked up yet.
#[derive(Debug)]
pub(super) struct Report {
    code: Code,
    at: Range<usize>,
    found: String,
    expected: String,
    help: Option<String>,
}

impl Mistakes {
    /// Reports what makes the file invalid.
    pub(super) fn wrong(
        &mut self,
        code: Code,
        at: Range<usize>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> &mut Report {
        push(&mut self.wrong, code, at, found.into(), expected.into())
    }

    /// Reports what is allowed but probably not meant.
    pub(super) fn odd(
        &mut self,
        code: Code,
        at: Range<usize>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> &mut Report {
        push(&mut self.odd, code, at, found.into(), expected.into())
    }

    /// Whether the file is valid so far.
    pub(super) fn none_wrong(&self) -> bool {
        self.wrong.is_empty()
    }

    /// Takes over what makes a part of the file invalid.
    pub(super) fn take_wrong(&mut self, other: Self) {
        self.wrong.extend(other.wrong);
    }

    /// Mistakes and warnings with their places, each in file order.
    pub(super) fn placed(self, file: &str, text: &str) -> (Vec<Mistake>, Vec<Mistake>) {
        let lines = Lines::new(text);
        let place = |mut reports: Vec<Report>| {
            reports.sort_by_key(|report| (report.at.start, report.code));
            // One thing checked from two sides is one mistake, and so is one series of thirty wrong
            // windows. But a table can lack several keys.
            reports.dedup_by(|a, b| {
                let is_same_kind = (a.code, &a.at) == (b.code, &b.at);
                is_same_kind && (a.code != Code::MissingKey || a.found == b.found)
            });
            reports.into_iter().map(|report| lines.place(file, report)).collect()
        };
        (place(self.wrong), place(self.odd))
    }
}

fn push(
    list: &mut Vec<Report>,
    code: Code,
    at: Range<usize>,
    found: String,
    expected: String,
) -> &mut Report {
    list.push(Report { code, at, found, expected, help: None });
    list.last_mut().expect("one was just pushed")
}

impl Report {
    /// Says how to mend it.
    pub(super) fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// Asks whether one of `known` was meant, if one is near.
    pub(super) fn did_you_mean<'k>(&mut self, word: &str, known: impl Iterator<Item = &'k str>) {
        if let Some(near) = nearest(word, known) {
            self.help(format!("did you mean `{near}`?"));
        }
    }
}

/// The lines of a text.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        // A mark at the start that says "this is UTF-8" is not seen in an editor.
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(mark).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn place(&self, file: &str, report: Report) -> Mistake {
        let Report { code, at, found, expected, help } = report;
        let start = boundary(self.text, at.start);
        let end = boundary(self.text, at.end.max(start));
        let line = self.starts.partition_point(|&line| line <= start).max(1);
        let before = self.text.get(self.starts[line - 1]..start).unwrap_or("");
        let (file, column) = (file.to_owned(), before.chars().count() + 1);
        Mistake { code, file, line, column, span: start..end, found, expected, help }
    }
}

/// The last character boundary up to `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn place(text: &str, at: usize) -> (usize, usize) {
        let mut mistakes = Mistakes::default();
        mistakes.wrong(Code::Syntax, at..at, "", "");
        let placed = mistakes.placed("f", text).0.remove(0);
        (placed.line, placed.column)
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(place("名 = 1", 4), (1, 3));
        assert_eq!(place("a\n名字x\n", 8), (2, 3));
        assert_eq!(place("a\r\nb", 3), (2, 1));
        assert_eq!(place("\u{feff}ab", 4), (1, 2));
        assert_eq!(place("\u{feff}ab", 0), (1, 1));
        assert_eq!(place("ab\n", 99), (2, 1));
        assert_eq!(place("名", 1), (1, 1));
        assert_eq!(place("", 0), (1, 1));
    }

    #[test]
    fn reports_come_in_file_order_and_once() {
        let mut mistakes = Mistakes::default();
        for at in [3..4, 1..2, 3..4] {
            mistakes.wrong(Code::Twice, at, "", "");
        }
        let (wrong, odd) = mistakes.placed("f", "abcdef");
        assert_eq!(wrong.iter().map(|m| m.span.start).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(odd, []);
    }

    #[test]
    fn codes_are_distinct_words() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(codes.iter().all(|code| code.starts_with("hall::")));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
    }
}
