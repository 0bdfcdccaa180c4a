//! Cases (办件): legal affairs of days to months, from the first paper to the rating; and what follows a
//! bad rating, and complaints.
//!
//! A composition over the engine: each is an order whose clocks run there, and a state that goes by a
//! table ([`CASE_TABLE`], [`FOLLOW_UP_TABLE`], [`COMPLAINT_TABLE`]). What a verb tells the clocks
//! (a milestone reached, a pause begun, a limit extended) and what follows when a limit is over are
//! data ([`CaseRules`]); no date is computed here.
//!
//! | file | idea |
//! |---|---|
//! | `table.rs`, `affair.rs` | the tables |
//! | `rules.rs` | what a hall says |
//! | `register.rs` | what all of them have in common |
//! | `cases.rs` | the verbs of cases that ask for more than the table |
//! | `affairs.rs` | follow-ups and complaints |
//! | `rating.rs` | grades, origins, the share of those who are content |
//!
//! Two ways through a window (综合窗口). A *promised* or *joint* case is taken in by the window and waits
//! at once in the pool of its service, the department's: the clock of the hand-over runs from there until
//! somebody grabs it (综合收件、限时转办). An *immediate* one is grabbed by who takes it in, and decided
//! there (委托办理、综窗办结).

mod affair;
mod affairs;
mod cases;
mod error;
mod event;
mod rating;
mod register;
mod rules;
mod table;

pub use affair::{
    COMPLAINT_TABLE, ComplaintState, ComplaintVerb, FOLLOW_UP_TABLE, FollowUpState, FollowUpVerb,
};
pub use cases::{CaseView, Decision, Notice};
pub use error::{CaseError, ClockRefusal};
pub use event::{
    CaseEvent, CaseId, CaseTold, ComplaintEvent, ComplaintId, CourseEvent, FollowUpEvent,
    FollowUpId,
};
pub use rating::{Grade, Origin, Rating, Satisfaction};
pub use rules::{CaseKind, CaseRules, CourseRules, Tell};
pub use table::{CASE_TABLE, CaseState, CaseVerb};

use affairs::{ComplaintCourse, FollowUpCourse};
use cases::CaseCourse;
use register::{Register, Work};

use crate::{Cx, Engine, guarded::Guarded};

/// How much fits. Nothing grows past it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CaseBounds {
    /// Cases that are not over, at one time; about 200 bytes each.
    pub cases: u32,
    /// Follow-ups that are not over.
    pub follow_ups: u32,
    /// Complaints that are not over.
    pub complaints: u32,
}

#[derive(Debug)]
struct Book {
    cases: Register<CaseCourse>,
    follow_ups: Register<FollowUpCourse>,
    complaints: Register<ComplaintCourse>,
}

/// The cases of a hall, with their follow-ups and complaints.
///
/// Every verb takes `&self` and may be called from any thread; what is written down is behind one
/// lock, held for one verb. The orders are in the engine, where clerks grab them as any other.
///
/// [`Cases::follow`] must be given the events of the engine's time ([`Advancer`](crate::Advancer)):
/// what the law makes of a limit that is over comes from there.
#[derive(Debug)]
pub struct Cases {
    engine: Engine,
    rules: CaseRules,
    book: Guarded<Book>,
}

impl Cases {
    /// The cases of a hall whose orders go to `engine`.
    #[must_use]
    pub fn new(engine: Engine, rules: CaseRules, bounds: CaseBounds) -> Self {
        let book = Book {
            cases: Register::new(bounds.cases),
            follow_ups: Register::new(bounds.follow_ups),
            complaints: Register::new(bounds.complaints),
        };
        Self { engine, rules, book: Guarded::new(book) }
    }

    /// The rules they go by.
    #[must_use]
    pub const fn rules(&self) -> &CaseRules {
        &self.rules
    }

    /// The engine that the orders are in.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    fn case<R>(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        work: impl FnOnce(&mut Work<'_, '_, CaseCourse>) -> R,
    ) -> R {
        let (engine, rules, told) = (&self.engine, &self.rules.cases, &mut told.cases);
        self.book
            .with(|book| work(&mut Work { engine, rules, register: &mut book.cases, cx, told }))
    }

    fn follow_up<R>(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        work: impl FnOnce(&mut Work<'_, '_, FollowUpCourse>) -> R,
    ) -> R {
        let (engine, rules, told) = (&self.engine, &self.rules.follow_ups, &mut told.follow_ups);
        self.book.with(|book| {
            work(&mut Work { engine, rules, register: &mut book.follow_ups, cx, told })
        })
    }

    fn complaint<R>(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        work: impl FnOnce(&mut Work<'_, '_, ComplaintCourse>) -> R,
    ) -> R {
        let (engine, rules, told) = (&self.engine, &self.rules.complaints, &mut told.complaints);
        self.book.with(|book| {
            work(&mut Work { engine, rules, register: &mut book.complaints, cx, told })
        })
    }
}
