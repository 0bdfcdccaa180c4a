//! Time limits (时限): when an order is due, how much is spent, what remains, and why.
//!
//! A [`Clock`] is one [`TimeLimit`] running on one order. It is made from history (when it began, when it
//! was paused) and a calendar, and every figure is computed from these when it is asked for: nothing is
//! counted up, so nothing can disagree. It fires nothing: what follows when a limit nears its end is a
//! ladder's business.
//!
//! Units are never confused: working *days* are counted whole, by the law's calendar; working *time* runs
//! in milliseconds of opening hours; natural days and natural time run always. Amounts are days or
//! milliseconds, as the unit says.
//!
//! | file | idea |
//! |---|---|
//! | `unit.rs` | [`TimeLimit`] and [`Unit`]: what is promised, and how it is counted |
//! | `pauses.rs` | [`Pauses`]: when the clock stood still, and why |
//! | `clock.rs` | [`Clock`] and when it is due |
//! | `spent.rs` | spent, remaining, percent, lateness |
//! | `when.rs` | when so much is spent, or late |
//! | `explain.rs` | day by day, what counted and why |
//! | `rule.rs` | [`LimitRule`]: what starts and stops a clock, and what follows when it runs long |
//! | `fact.rs` | [`Fact`]: what is told of an order |
//! | `rungs.rs` | [`Rung`]: everything that may happen while a limit runs, in a fixed order |
//! | `book.rs` | [`Book`]: all limits of a hall, made ready to be asked |
//! | `reading.rs` | from facts to the run of one limit |
//! | `clocks.rs` | [`Clocks`]: all clocks of one order, and what comes next |
//! | `cards.rs` | [`CardNow`]: the cards of an order |
//! | `moved.rs` | which climbed rungs moved later, but not past now |
//! | `check.rs` | [`ClockError`]: what is wrong with the limits of a hall |

mod book;
mod cards;
mod check;
mod clock;
mod clocks;
mod explain;
mod fact;
mod moved;
mod pauses;
mod reading;
mod rule;
mod rungs;
mod spent;
mod unit;
mod when;

pub use book::{Book, Calendars};
pub use cards::{CardNow, Ruling};

pub(crate) use check::mistakes;
pub use check::{ClockError, LimitMistake};
pub use clock::{Clock, DueError};
pub use clocks::{ClockNow, ClockState, Clocks, ExtendError, Figures, Next, Quiet};
pub use explain::{Counts, DayLine};
pub use fact::{CardId, Fact, What};
pub use pauses::{Pause, PauseError, PauseReason, Pauses, Reasons};
pub use rule::{Again, Expiry, LimitRule, LimitStage, Milestone, Moment, Silence, StageAt};
pub use rungs::{Rung, RungKind};
pub use unit::{DayEnd, DayOne, NaturalEnd, TimeLimit, Unit};
