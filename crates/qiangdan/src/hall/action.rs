//! What a stage does, as written: `boost 10 min`, `widen back`, `notify lead`, `show amber`.

use std::ops::Range;

use toml::Spanned;

use super::{Code, Duration, book::Book, mistake::Mistakes};
use crate::{Action, Colour, PoolId, RoleId};

/// An action whose pool or role is not looked up yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RawAction<'d> {
    Boost { by_ms: u64 },
    Widen { pool: &'d str },
    Notify { role: &'d str },
    Show { colour: Colour },
}

const VERBS: [&str; 4] = ["boost", "widen", "notify", "show"];

impl<'d> RawAction<'d> {
    pub(super) fn read(text: &Spanned<&'d str>, mistakes: &mut Mistakes) -> Option<Self> {
        let written = text.get_ref().trim();
        let (verb, object) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
        let object = object.trim();
        let expected = match (verb, object) {
            ("boost", by) => match by.parse() {
                Ok(Duration::Natural { ms }) if ms > 0 => return Some(Self::Boost { by_ms: ms }),
                _ => "`boost` and minutes, such as `boost 10 min`",
            },
            ("widen", pool) if !pool.is_empty() => return Some(Self::Widen { pool }),
            ("widen", _) => "`widen` and a pool, such as `widen back`",
            ("notify", role) if !role.is_empty() => return Some(Self::Notify { role }),
            ("notify", _) => "`notify` and a role, such as `notify lead`",
            ("show", "amber") => return Some(Self::Show { colour: Colour::Amber }),
            ("show", "red") => return Some(Self::Show { colour: Colour::Red }),
            ("show", _) => "`show amber` or `show red`",
            _ => "`boost 10 min`, `widen POOL`, `notify ROLE`, `show amber` or `show red`",
        };
        let found = format!("`{}` is no action", text.get_ref().escape_debug());
        let report = mistakes.wrong(Code::BadAction, text.span(), found, expected);
        if !VERBS.contains(&verb) {
            report.did_you_mean(verb, VERBS.into_iter());
        }
        None
    }

    /// Looks up what it names; it stands at `at`.
    pub(super) fn check(
        self,
        at: Range<usize>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<Action> {
        let id = |position: usize| u16::try_from(position).ok();
        Some(match self {
            Self::Boost { by_ms } => Action::Boost { by_ms },
            Self::Show { colour } => Action::Show { colour },
            Self::Widen { pool } => {
                let pool = PoolId(book.pools.find_str(pool, at, mistakes).and_then(id)?);
                Action::Widen { pool }
            }
            Self::Notify { role } => {
                let role = RoleId(book.roles.find_str(role, at, mistakes).and_then(id)?);
                Action::Notify { role }
            }
        })
    }
}
