//! What a hall promises about an order: which facts start and stop a clock, and what follows when it
//! runs long. Data only; `book.rs` says what it means for one order, the engine lets it happen.

use super::{PauseReason, Reasons, TimeLimit};
use crate::{Action, CalendarId, Outcome, ServiceId};

/// A milestone (节点) of an order's life, by number: what starts and stops clocks. The first four are the
/// engine's own, the remainder are named by the hall: 受理, 办结, 送达, 评价 ...
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Milestone(pub u8);

impl Milestone {
    /// The order came in (收件). Reached once.
    pub const SUBMITTED: Self = Self(0);
    /// A clerk grabbed it, for the first time (签收).
    pub const GRABBED: Self = Self(1);
    /// A clerk began with it, for the first time (开始办理).
    pub const STARTED: Self = Self(2);
    /// It is over, whatever the outcome (办毕).
    pub const CLOSED: Self = Self(3);
    /// The first number that a hall may give away.
    pub const FIRST_OF_HALL: u8 = 4;
    /// The largest number of a milestone.
    pub const MAX: u8 = 63;
}

/// A moment that starts or stops a clock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Moment {
    /// A milestone is reached.
    Reached(Milestone),
    /// A pause for this reason begins: 补正告知, 特别程序开始.
    Paused(PauseReason),
    /// A pause for this reason ends: 补正受理, 特别程序结束.
    Resumed(PauseReason),
}

/// A limit (时限) of a hall: a promise, when it runs, and what follows.
///
/// The clock of a limit runs from each `from` that comes while it does not run until the first of `to`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitRule {
    /// What starts it.
    pub from: Moment,
    /// What stops it; any one will do. Never empty.
    pub to: Vec<Moment>,
    /// How long it lasts. Where an amount was told with the `from` (a supplement "by the 5th day", a
    /// hearing "of 20 days"), that amount holds instead.
    pub lasts: TimeLimit,
    /// The calendar it is counted by.
    pub calendar: CalendarId,
    /// Reasons that hold it (不计算在期限内, 行政许可法 art. 45).
    pub pauses: Reasons,
    /// Reasons whose end starts it anew, with all of its time (政府信息公开条例 art. 30).
    pub restarts: Reasons,
    /// By how much it may be extended, once, before it is over (行政许可法 art. 42); zero is not at all.
    pub extends_by: u64,
    /// What happens as it runs on, in any order; each at most once for each due instant.
    pub stages: Vec<LimitStage>,
    /// What the law makes of it once it is over.
    pub expiry: Option<Expiry>,
}

/// One stage (级) of a limit's ladder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitStage {
    /// When it fires.
    pub at: StageAt,
    /// What happens, in this order.
    pub actions: Vec<Action>,
    /// How it is said again while nothing changes.
    pub again: Option<Again>,
    /// What happens if nobody acknowledges it.
    pub silence: Option<Silence>,
}

/// When a stage of a limit fires. Amounts are in the limit's own unit: days, or milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StageAt {
    /// Once so many ten-thousandths of the limit are spent. From 10,000 on it is past due: 10,000 is the
    /// first millisecond that is late, 12,000 is late by a fifth of the limit.
    Spent(u32),
    /// Once so much or less remains, in time.
    Remaining(u64),
    /// Once it is late by so much; zero is the first millisecond that is late.
    Past(u64),
}

/// A stage said again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Again {
    /// How much later each time, in the limit's own unit.
    pub every: u64,
    /// How many times after the first; 1 to 100.
    pub at_most: u8,
}

/// A stage that must be acknowledged (签收确认).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Silence {
    /// How much later, in the limit's own unit.
    pub after: u64,
    /// What happens if nobody has acknowledged by then.
    pub actions: Vec<Action>,
}

/// What the law makes of a limit that is over (届满后果): it changes state, not only colours.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Expiry {
    /// A milestone counts as reached: deemed accepted (逾期不告知的，自收到之日起即为受理, 行政许可法
    /// art. 32), deemed approved (art. 50).
    Deemed {
        /// Which.
        milestone: Milestone,
        /// From the beginning of the clock on, not only from its end.
        backdated: bool,
    },
    /// The order is closed: deemed withdrawn (视为撤回), revoked (撤销受理), no-show (爽约). A clerk who
    /// is serving it keeps it: then only the event is told.
    Close {
        /// How it ends.
        outcome: Outcome,
    },
    /// A new order comes in, for what is still owed (容缺补件, 回访).
    FollowUp {
        /// Of which service.
        service: ServiceId,
    },
}
