//! Calendars: which days count, when a hall is open, and how time adds up in both.
//!
//! A [`Calendar`] holds two things that are never confused. *Working days* (工作日) are what the law
//! counts: weekdays without the public holidays, with the make-up days (调休) of the State Council's
//! notices. *Opening hours* are when a hall's clocks run. A hall may be open on a Saturday that is no
//! working day, and closed by a power cut on a day that is one.
//!
//! A calendar is written as a [`CalendarDraft`] and checked into a [`Calendar`], which cannot be wrong
//! and answers without allocating. It is not a limit: what a promise of five working days means for one
//! order is said in [`limit`](crate::limit).
//!
//! | file | idea |
//! |---|---|
//! | `civil.rs` | [`Day`], a civil day as a number |
//! | `hours.rs` | [`OpenSpan`], [`Week`] and [`Season`]: hours as they are posted at the door |
//! | `draft.rs` | [`CalendarDraft`], what someone wrote |
//! | `check.rs` | [`CalendarError`], what is wrong with it |
//! | `notice.rs` | the State Council's notices as data |
//! | `wall_clock.rs` | a zone's clock that never goes back |
//! | `compile.rs` | from the draft to tables and prefix sums |
//! | `query.rs` | the questions a calendar answers |
//! | `compare.rs` | which days two versions see differently |

mod check;
mod civil;
mod compare;
mod compile;
mod draft;
mod hours;
mod notice;
mod query;
mod wall_clock;

pub use check::{CalendarError, Place};
pub use civil::{Day, DayError, Weekday};
pub use compile::Calendar;
pub use draft::{CalendarDraft, Published, Special, SpecialDay};
pub use hours::{MonthDay, OpenSpan, Season, Week};
pub use notice::{Notice, STATE_COUNCIL};
pub use query::{DayKind, Due, HorizonError};
