//! What happened to cases, follow-ups and complaints; names for them.

use std::fmt;

use super::{CaseState, CaseVerb, ComplaintState, ComplaintVerb, FollowUpState, FollowUpVerb};
use crate::{ClerkId, Now};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $word:literal) => {
        $(#[$doc])*
        ///
        /// Its bits are the tag of its order.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($word, " {}.{}"), self.0 & 0xffff_ffff, self.0 >> 32)
            }
        }
    };
}

id! {
    /// A case (办件).
    CaseId, "case"
}
id! {
    /// A follow-up of a bad rating (差评工单).
    FollowUpId, "follow-up"
}
id! {
    /// A complaint (诉求).
    ComplaintId, "complaint"
}

/// One thing that happened to an affair that goes by a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CourseEvent<S, V> {
    /// Its number among the events of its kind, from 0, without gaps.
    pub seq: u64,
    /// What the clocks of the causing call said.
    pub at: Now,
    /// The bits of the id.
    pub id: u64,
    /// The state before.
    pub from: Option<S>,
    /// The state after.
    pub to: S,
    /// What was told.
    pub verb: V,
    /// Who told it; nobody if it was the applicant, or a limit that is over.
    pub by: Option<ClerkId>,
    /// A number of the verb's: of an acceptance its place in the order of all of its service, from 1; of
    /// a notice to supplement how many there were in this stage; of a rating grade and origin
    /// ([`Rating::to_number`](super::Rating::to_number)); of a reopening how many there were; else
    /// the host's.
    pub number: u64,
    /// How long it was in the state before since the last event, in milliseconds.
    pub after_ms: u64,
}

/// What happened to a case.
pub type CaseEvent = CourseEvent<CaseState, CaseVerb>;
/// What happened to a follow-up.
pub type FollowUpEvent = CourseEvent<FollowUpState, FollowUpVerb>;
/// What happened to a complaint.
pub type ComplaintEvent = CourseEvent<ComplaintState, ComplaintVerb>;

/// Where what happened is told.
#[derive(Clone, Debug, Default)]
pub struct CaseTold {
    /// Of cases.
    pub cases: Vec<CaseEvent>,
    /// Of follow-ups.
    pub follow_ups: Vec<FollowUpEvent>,
    /// Of complaints.
    pub complaints: Vec<ComplaintEvent>,
}
