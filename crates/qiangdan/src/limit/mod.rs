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
//! | `explain.rs` | day by day, what counted and why |
//! | `rule.rs` | [`LimitRule`]: what starts and stops a clock, and what follows when it runs long |
//! | `fact.rs` | [`Fact`]: what is told of an order |

mod clock;
mod explain;
mod fact;
mod pauses;
mod rule;
mod spent;
mod unit;

pub use clock::{Clock, DueError};
pub use explain::{Counts, DayLine};
pub use fact::{Fact, What};
pub use pauses::{Pause, PauseError, PauseReason, Pauses, Reasons};
pub use rule::{Again, Expiry, LimitRule, LimitStage, Milestone, Moment, Silence, StageAt};
pub use unit::{DayEnd, DayOne, NaturalEnd, TimeLimit, Unit};
