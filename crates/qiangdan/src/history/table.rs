//! What may follow what in an order's life, as a table.
//!
//! A verb or a state that is new needs a variant of [`Verb`] with its word, an arm in [`Verb::of`] and
//! its rows in [`TABLE`]; nothing that reads the table changes. Who owns, what ends a claim, and so
//! capacity and waits are read from the rows. Besides: an arm in [`waits_from`], if the order waits only
//! from a later instant on; one in `WaitingLine::change`, if its rank or its lanes become others.

use std::fmt;

use crate::{ClerkId, Event, EventKind, Mono, PutBack, State, WhileAside};

/// What moves an order from one state to another, as events tell it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Verb {
    /// It came in, to wait.
    Submit,
    /// It came in, to wait from later on.
    Schedule,
    /// Its time has come.
    Activate,
    /// A clerk took it.
    Claim,
    /// Its owner began.
    Start,
    /// It was given back, to wait.
    PutBack,
    /// It was given back, to wait from later on.
    PutAway,
    /// Its owner put it aside, to be kept for them.
    Suspend,
    /// Its owner put it aside, for nobody.
    LetGo,
    /// Its owner went on with it.
    TakeUp,
    /// Its owner called the person again.
    Recall,
    /// Its owner still has it in hand.
    Renew,
    /// It had been given back because the person did not come.
    Absent,
    /// It had been given back because its owner did not begin.
    Lapse,
    /// It had been given back to be handed on.
    HandOn,
    /// What it asks for was changed.
    Amend,
    /// It is over.
    Close,
    /// Nothing is waited for any more.
    Settle,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Submit => "submitted",
            Self::Schedule => "scheduled",
            Self::Activate => "activated",
            Self::Claim => "claimed",
            Self::Start => "started",
            Self::PutBack => "put back",
            Self::PutAway => "put back for later",
            Self::Suspend => "put aside",
            Self::LetGo => "let go of",
            Self::TakeUp => "taken up",
            Self::Recall => "called again",
            Self::Renew => "renewed",
            Self::Absent => "missed",
            Self::Lapse => "lapsed",
            Self::HandOn => "handed on",
            Self::Amend => "amended",
            Self::Close => "closed",
            Self::Settle => "settled",
        })
    }
}

impl Verb {
    /// The verb an event tells of, and the epoch it names; `None` if it moves no order.
    pub(super) fn of(kind: &EventKind) -> Option<(Self, Option<u16>)> {
        Some(match *kind {
            EventKind::OrderSubmitted { not_before: None, .. } => (Self::Submit, None),
            EventKind::OrderSubmitted { not_before: Some(_), .. } => (Self::Schedule, None),
            EventKind::OrderActivated => (Self::Activate, None),
            EventKind::OrderClaimed { epoch, .. } => (Self::Claim, Some(epoch)),
            EventKind::OrderStarted { epoch } => (Self::Start, Some(epoch)),
            EventKind::OrderPutBack { epoch, how: PutBack::After { .. } } => {
                (Self::PutAway, Some(epoch))
            }
            EventKind::OrderPutBack { epoch, .. } => (Self::PutBack, Some(epoch)),
            EventKind::OrderSuspended { epoch, aside: WhileAside::KeepOwner, .. } => {
                (Self::Suspend, Some(epoch))
            }
            EventKind::OrderSuspended { epoch, aside: WhileAside::LetGo, .. } => {
                (Self::LetGo, Some(epoch))
            }
            EventKind::OrderTakenUp { epoch } => (Self::TakeUp, Some(epoch)),
            EventKind::OrderRecalled { epoch, .. } => (Self::Recall, Some(epoch)),
            EventKind::ClaimRenewed { epoch, .. } => (Self::Renew, Some(epoch)),
            EventKind::PersonAbsent { epoch } => (Self::Absent, Some(epoch)),
            EventKind::ClaimLapsed { epoch, .. } => (Self::Lapse, Some(epoch)),
            EventKind::OrderHandedOn { epoch, .. } => (Self::HandOn, Some(epoch)),
            EventKind::OrderAmended { .. } => (Self::Amend, None),
            EventKind::OrderClosed { epoch, .. } => (Self::Close, Some(epoch)),
            #[cfg(feature = "calendar")]
            EventKind::OrderSettled => (Self::Settle, None),
            _ => return None,
        })
    }

    /// Whether an order stays in its service's lane, with a rank that follows from its own events. What
    /// is not known to is left out of comparisons between desks.
    pub(super) fn keeps_lane(self) -> bool {
        match self {
            Self::Submit
            | Self::Schedule
            | Self::Activate
            | Self::Claim
            | Self::Start
            | Self::PutBack
            | Self::PutAway
            | Self::Suspend
            | Self::LetGo
            | Self::TakeUp
            | Self::Recall
            | Self::Renew
            | Self::Absent
            | Self::Lapse
            | Self::Close
            | Self::Settle => true,
            Self::Amend | Self::HandOn => false,
        }
    }

    /// Whether it leads back to waiting, at once or later: the time since the claim was no waiting.
    pub(super) fn returns(self) -> bool {
        matches!(self, Self::PutBack | Self::PutAway)
    }

    /// Whether it takes room of its clerk's.
    pub(super) fn takes_room(self) -> bool {
        matches!(self, Self::Claim | Self::TakeUp)
    }

    /// Whether it ends what its owner holds, or puts it aside, which takes no room.
    pub(super) fn gives_room(self) -> bool {
        self == Self::Suspend || Life::frees(self)
    }

    /// Where the verb stands among several that may come next: what ends things comes last.
    pub(super) fn urgency(self) -> u8 {
        match self {
            Self::Settle => 2,
            Self::Close => 1,
            _ => 0,
        }
    }
}

/// From when on an event lets its order wait, if that is not when it was told.
pub(super) fn waits_from(event: &Event) -> Option<Mono> {
    match event.kind {
        EventKind::OrderSubmitted { not_before, .. } => not_before,
        EventKind::OrderPutBack { how: PutBack::After { ms }, .. } => {
            Some(event.at.mono.plus_ms(ms))
        }
        _ => None,
    }
}

/// One row: in these states the verb may come, and this is what it makes of the order.
#[derive(Debug)]
pub(super) struct Row {
    verb: Verb,
    /// Empty: the order is not there yet.
    from: &'static [State],
    /// `None`: the order stays where it is.
    to: Option<State>,
    epoch: Epoch,
    by: By,
    then: Then,
}

/// Which epoch the event must name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Epoch {
    /// None.
    Unnamed,
    /// The latest.
    Latest,
    /// The one after the latest.
    Next,
}

/// Whose event it must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    Anybody,
    /// The owner's.
    Owner,
    /// The owner's, or nobody's if it is kept for nobody.
    Holder,
    /// Nobody's: nobody holds the order.
    Nobody,
}

/// Who owns the order afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    /// Whoever did before.
    AsBefore,
    /// Whose event it is.
    Theirs,
    /// Nobody.
    Free,
}

const OPEN: &[State] = &[
    State::Scheduled,
    State::Waiting,
    State::Offered,
    State::Claimed,
    State::Serving,
    State::Suspended,
];
const HELD: &[State] = &[State::Claimed, State::Serving, State::Suspended];
const UNHELD: &[State] = &[State::Scheduled, State::Waiting, State::Offered];
const ACTIVE: &[State] = &[State::Claimed, State::Serving];
const BACK: &[State] = &[State::Waiting, State::Scheduled];
const NEW: &[State] = &[];

const fn row(
    verb: Verb,
    from: &'static [State],
    to: Option<State>,
    epoch: Epoch,
    by: By,
    then: Then,
) -> Row {
    Row { verb, from, to, epoch, by, then }
}

/// All rows. A verb may have several; the first whose states fit counts.
static TABLE: &[Row] = {
    use {By::*, Epoch::*, State::*, Then::*};
    &[
        //  verb            from            to               epoch    by        then
        row(Verb::Submit, NEW, Some(Waiting), Unnamed, Anybody, Free),
        row(Verb::Schedule, NEW, Some(Scheduled), Unnamed, Anybody, Free),
        row(Verb::Activate, &[Scheduled], Some(Waiting), Unnamed, Anybody, Free),
        row(Verb::Claim, &[Waiting, Offered], Some(Claimed), Next, Anybody, Theirs),
        row(Verb::Start, &[Claimed], Some(Serving), Latest, Owner, AsBefore),
        row(Verb::PutBack, HELD, Some(Waiting), Latest, Holder, Free),
        row(Verb::PutAway, HELD, Some(Scheduled), Latest, Holder, Free),
        row(Verb::Suspend, ACTIVE, Some(Suspended), Latest, Owner, AsBefore),
        row(Verb::LetGo, ACTIVE, Some(Suspended), Latest, Owner, Free),
        row(Verb::TakeUp, &[Suspended], Some(Serving), Latest, Owner, AsBefore),
        row(Verb::Recall, &[Claimed], None, Latest, Owner, AsBefore),
        row(Verb::Renew, HELD, None, Latest, Owner, AsBefore),
        row(Verb::Absent, BACK, None, Latest, Anybody, AsBefore),
        row(Verb::Lapse, BACK, None, Latest, Anybody, AsBefore),
        row(Verb::HandOn, BACK, None, Latest, Anybody, AsBefore),
        row(Verb::Amend, OPEN, None, Unnamed, Anybody, AsBefore),
        row(Verb::Close, UNHELD, Some(Closed), Latest, Nobody, AsBefore),
        row(Verb::Close, HELD, Some(Closed), Latest, Holder, AsBefore),
        row(Verb::Settle, &[Closed], None, Unnamed, Anybody, AsBefore),
    ]
};

/// Where an order is, as far as its events have been read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Life {
    /// `None` before it came in.
    pub(super) state: Option<State>,
    /// The latest epoch.
    pub(super) epoch: u16,
    /// Who holds it, or held it when it closed.
    pub(super) owner: Option<ClerkId>,
}

/// Why an event cannot come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    State,
    Epoch { expected: u16 },
    Owner,
}

impl Life {
    /// What a transition makes of the order.
    pub(super) fn after(
        self,
        event: &Event,
        verb: Verb,
        named: Option<u16>,
    ) -> Result<Self, Refused> {
        let fits = |row: &&Row| match self.state {
            None => row.from.is_empty(),
            Some(state) => row.from.contains(&state),
        };
        let row = rows(verb).find(fits).ok_or(Refused::State)?;
        let expected = match row.epoch {
            Epoch::Unnamed => None,
            Epoch::Latest => Some(self.epoch),
            Epoch::Next => Some(self.epoch.saturating_add(1)),
        };
        if let Some(expected) = expected.filter(|_| expected != named) {
            return Err(Refused::Epoch { expected });
        }
        let is_theirs = match row.by {
            By::Anybody => row.then != Then::Theirs || event.clerk.is_some(),
            By::Owner => self.owner.is_some() && event.clerk == self.owner,
            By::Holder => event.clerk == self.owner,
            By::Nobody => event.clerk.is_none(),
        };
        if is_theirs { Ok(self.by_row(row, event, named)) } else { Err(Refused::Owner) }
    }

    /// What a transition would have made of the order that cannot have come: to read on.
    pub(super) fn forced(self, event: &Event, verb: Verb, named: Option<u16>) -> Self {
        rows(verb).next_back().map_or(self, |row| self.by_row(row, event, named))
    }

    /// Whether the verb, wherever it may come, changes nothing that another depends on.
    pub(super) fn is_aside(verb: Verb) -> bool {
        rows(verb).all(|row| row.to.is_none() && row.then == Then::AsBefore)
    }

    /// Whether the verb ends what its owner holds.
    pub(super) fn frees(verb: Verb) -> bool {
        let ends = |row: &Row| row.then == Then::Free || row.to == Some(State::Closed);
        rows(verb).any(|row| matches!(row.by, By::Owner | By::Holder) && ends(row))
    }

    /// Whether only the owner may.
    pub(super) fn is_owners(verb: Verb) -> bool {
        rows(verb).any(|row| matches!(row.by, By::Owner | By::Holder))
    }

    /// Whether the verb begins an order's life.
    pub(super) fn is_first(verb: Verb) -> bool {
        rows(verb).all(|row| row.from.is_empty())
    }

    fn by_row(self, row: &Row, event: &Event, named: Option<u16>) -> Self {
        Self {
            state: row.to.or(self.state),
            epoch: named.unwrap_or(self.epoch),
            owner: match row.then {
                Then::AsBefore => self.owner,
                Then::Theirs => event.clerk,
                Then::Free => None,
            },
        }
    }
}

fn rows(verb: Verb) -> impl DoubleEndedIterator<Item = &'static Row> {
    TABLE.iter().filter(move |row| row.verb == verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_rows_and_no_two_rows_fit_one_state() {
        for row in TABLE {
            for other in rows(row.verb).filter(|other| !std::ptr::eq(*other, row)) {
                assert!(row.from.iter().all(|state| !other.from.contains(state)), "{row:?}");
            }
            let takes = row.then == Then::Theirs;
            assert_eq!(takes, row.epoch == Epoch::Next, "who owns anew has a new epoch: {row:?}");
        }
    }
}
