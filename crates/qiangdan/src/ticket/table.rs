//! The state table of a ticket, as data. Every cell that is not a row is a refusal.

use crate::course::{self, Row};

/// Where a ticket is in its day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TicketState {
    /// An appointment; no number is taken yet (已预约).
    Booked,
    /// The person waits (等候).
    Waiting,
    /// A window has called the number (已叫号).
    Called,
    /// Nobody came; the window may take it back (过号).
    Passed,
    /// The person is at the window (办理中).
    Serving,
    /// Put aside by the window for a while (挂起).
    Held,
    /// Served (办毕).
    Served,
    /// The appointment was cancelled, or the order was by the host (已取消).
    Cancelled,
    /// The person has given up (弃号).
    Abandoned,
    /// The appointment was not kept (爽约).
    NoShow,
    /// The day ended first (日终作废).
    Expired,
}

/// What can be told of a ticket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TicketVerb {
    /// An appointment is made (预约).
    Book,
    /// An appointment is given back (取消预约).
    Cancel,
    /// The time of an appointment is over, and nobody came (爽约).
    Lapse,
    /// Who has an appointment takes the number (签到取号).
    CheckIn,
    /// A number is taken (取号).
    Take,
    /// A lead puts the ticket ahead (置顶).
    Top,
    /// A window calls it (叫号).
    Call,
    /// The window calls again (重呼).
    Recall,
    /// The person is there (到窗).
    Arrive,
    /// Nobody came (过号).
    Pass,
    /// The window takes it back after it had passed (过号受理).
    TakeBack,
    /// The person gives up (弃号).
    GiveUp,
    /// The window puts it aside (挂起).
    Hold,
    /// The window calls what it had put aside (回呼).
    CallBack,
    /// To another window (转窗).
    Forward,
    /// Back to the pool, to the old place (退回).
    Return,
    /// One service of several is done, the person stays (单项办毕).
    Next,
    /// All is done (办毕).
    Finish,
    /// The business day ends (日终).
    EndOfDay,
}

use TicketState as S;
use TicketVerb as V;

const fn row(from: S, verb: V, to: S) -> Row<S, V> {
    Row { from: Some(from), verb, to }
}

/// Every verb that may be told, in every state.
pub const TICKET_TABLE: [Row<TicketState, TicketVerb>; 32] = [
    Row { from: None, verb: V::Book, to: S::Booked },
    Row { from: None, verb: V::Take, to: S::Waiting },
    row(S::Booked, V::Cancel, S::Cancelled),
    row(S::Booked, V::Lapse, S::NoShow),
    row(S::Booked, V::CheckIn, S::Waiting),
    row(S::Waiting, V::Top, S::Waiting),
    row(S::Waiting, V::Call, S::Called),
    row(S::Waiting, V::GiveUp, S::Abandoned),
    row(S::Waiting, V::EndOfDay, S::Expired),
    row(S::Called, V::Recall, S::Called),
    row(S::Called, V::Arrive, S::Serving),
    row(S::Called, V::Pass, S::Passed),
    row(S::Called, V::GiveUp, S::Abandoned),
    row(S::Called, V::Forward, S::Waiting),
    row(S::Called, V::Return, S::Waiting),
    row(S::Called, V::EndOfDay, S::Expired),
    row(S::Passed, V::TakeBack, S::Called),
    row(S::Passed, V::GiveUp, S::Abandoned),
    row(S::Passed, V::EndOfDay, S::Expired),
    row(S::Serving, V::Hold, S::Held),
    row(S::Serving, V::Forward, S::Waiting),
    row(S::Serving, V::Return, S::Waiting),
    row(S::Serving, V::Next, S::Serving),
    row(S::Serving, V::Finish, S::Served),
    row(S::Serving, V::EndOfDay, S::Expired),
    row(S::Held, V::CallBack, S::Called),
    row(S::Held, V::EndOfDay, S::Expired),
    // What the engine's own rules or the host did to the order by hand (see `Tickets::follow`).
    row(S::Waiting, V::Cancel, S::Cancelled),
    row(S::Called, V::Cancel, S::Cancelled),
    row(S::Passed, V::Cancel, S::Cancelled),
    row(S::Serving, V::Cancel, S::Cancelled),
    row(S::Held, V::Cancel, S::Cancelled),
];

impl TicketState {
    /// Every state, in the order of a day.
    pub const ALL: [Self; 11] = [
        Self::Booked,
        Self::Waiting,
        Self::Called,
        Self::Passed,
        Self::Serving,
        Self::Held,
        Self::Served,
        Self::Cancelled,
        Self::Abandoned,
        Self::NoShow,
        Self::Expired,
    ];

    /// The state that `verb` leads to from `from`; none if it may not be told there. A ticket begins
    /// from `None`.
    #[must_use]
    pub fn after(from: Option<Self>, verb: TicketVerb) -> Option<Self> {
        course::next(&TICKET_TABLE, from, verb)
    }

    /// Whether something may still happen to it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(
            self,
            Self::Served | Self::Cancelled | Self::Abandoned | Self::NoShow | Self::Expired
        )
    }

    /// Whether it stands for an order of the engine that is open.
    #[must_use]
    pub const fn has_order(self) -> bool {
        self.is_open() && !matches!(self, Self::Booked)
    }

    /// Whether a window has it in hand.
    #[must_use]
    pub const fn is_in_hand(self) -> bool {
        matches!(self, Self::Called | Self::Serving)
    }
}

impl TicketVerb {
    /// Every verb.
    pub const ALL: [Self; 19] = [
        Self::Book,
        Self::Cancel,
        Self::Lapse,
        Self::CheckIn,
        Self::Take,
        Self::Top,
        Self::Call,
        Self::Recall,
        Self::Arrive,
        Self::Pass,
        Self::TakeBack,
        Self::GiveUp,
        Self::Hold,
        Self::CallBack,
        Self::Forward,
        Self::Return,
        Self::Next,
        Self::Finish,
        Self::EndOfDay,
    ];
}
