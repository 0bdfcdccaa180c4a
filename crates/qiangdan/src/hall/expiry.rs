//! What the law makes of a limit that is over: `{ deemed = "accepted", backdated = true }`.

use toml::Spanned;

use super::{
    Code,
    book::Book,
    mistake::Mistakes,
    moments,
    table::Table,
    value::{self, Value},
};
use crate::{Outcome, ServiceId, limit::Expiry};

/// An expiry whose names are not looked up yet.
#[derive(Clone, Debug)]
pub(super) enum RawExpiry<'d> {
    Deemed { milestone: Spanned<&'d str>, backdated: bool },
    Close { outcome: Outcome },
    FollowUp { service: Spanned<&'d str> },
}

const LIKE: &str = r#"{ deemed = "accepted" }"#;

/// Words for how an order is closed, whether a number of the host's goes with it.
#[derive(Clone, Copy)]
enum How {
    Cancelled,
    Rejected,
    Done,
    Abandoned,
    NoShow,
    Expired,
}

const OUTCOMES: [(&str, How); 8] = [
    ("withdrawn", How::Cancelled),
    ("revoked", How::Cancelled),
    ("cancelled", How::Cancelled),
    ("rejected", How::Rejected),
    ("done", How::Done),
    ("abandoned", How::Abandoned),
    ("no-show", How::NoShow),
    ("expired", How::Expired),
];

impl<'d> RawExpiry<'d> {
    pub(super) fn read(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = Table::read("an expiry", value, LIKE, mistakes)?;
        table.only(&["deemed", "backdated", "close", "reason", "follow_up"], mistakes);
        let kinds = ["deemed", "close", "follow_up"].map(|key| table.get(key));
        if kinds.iter().flatten().count() != 1 {
            let found = "an expiry that does not say which one thing follows";
            let expected = "`deemed = MILESTONE`, `close = OUTCOME` or `follow_up = SERVICE`";
            mistakes.wrong(Code::MissingKey, value.span(), found, expected);
            return None;
        }
        let [deemed, close, follow_up] = kinds;
        for (key, with, is_right) in
            [("backdated", "deemed", deemed.is_some()), ("reason", "close", close.is_some())]
        {
            if let Some(value) = table.get(key).filter(|_| !is_right) {
                let found = format!("`{key}` without `{with}`");
                mistakes.wrong(Code::Misplaced, value.span(), found, format!("`{with}` beside it"));
            }
        }
        if let Some(milestone) = deemed {
            let milestone = value::string(milestone, "the key of a milestone", mistakes)?;
            let backdated = table.get("backdated").and_then(|v| value::flag(v, mistakes));
            return Some(Self::Deemed { milestone, backdated: backdated.unwrap_or(false) });
        }
        if let Some(service) = follow_up {
            let service = value::string(service, "the key of a service", mistakes)?;
            return Some(Self::FollowUp { service });
        }
        let reason = table.get("reason");
        let number = reason.and_then(|v| value::count(v, 0..=u32::from(u16::MAX), mistakes));
        let number = number.and_then(|number| u16::try_from(number).ok());
        let outcome = match (value::word(close?, &OUTCOMES, mistakes)?, reason) {
            (How::Cancelled, _) => Outcome::Cancelled(number.unwrap_or(0)),
            (How::Rejected, _) => Outcome::Rejected(number.unwrap_or(0)),
            (_, Some(reason)) => {
                let found = "a reason for an outcome that has none";
                let expected = "`withdrawn`, `revoked`, `cancelled` or `rejected` with it";
                mistakes.wrong(Code::Misplaced, reason.span(), found, expected);
                return None;
            }
            (How::Done, _) => Outcome::Done,
            (How::Abandoned, _) => Outcome::Abandoned,
            (How::NoShow, _) => Outcome::NoShow,
            (How::Expired, _) => Outcome::Expired,
        };
        Some(Self::Close { outcome })
    }

    pub(super) fn check(&self, book: &mut Book, mistakes: &mut Mistakes) -> Option<Expiry> {
        Some(match self {
            Self::Deemed { milestone, backdated } => {
                let (name, at) = (milestone.get_ref(), milestone.span());
                let milestone = moments::find_milestone(name, at, book, mistakes)?;
                Expiry::Deemed { milestone, backdated: *backdated }
            }
            Self::Close { outcome } => Expiry::Close { outcome: *outcome },
            Self::FollowUp { service } => {
                let found = book.services.find(service, mistakes)?;
                Expiry::FollowUp { service: ServiceId(u16::try_from(found).ok()?) }
            }
        })
    }
}
