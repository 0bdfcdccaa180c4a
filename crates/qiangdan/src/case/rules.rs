//! What a hall says about cases: of which kind they are, what each verb tells the clocks, and what
//! follows when a limit is over.

use super::{CaseVerb, ComplaintVerb, FollowUpVerb};
use crate::{
    LimitId, ServiceId,
    limit::{Milestone, PauseReason},
};

/// What a verb tells the clocks of its order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tell {
    /// A milestone is reached.
    Reach(Milestone),
    /// A pause begins.
    Pause(PauseReason),
    /// A pause ends.
    Resume(PauseReason),
    /// A limit is extended, by as much as it may be.
    Extend(LimitId),
}

/// What the verbs of a table tell, and which verb follows when a limit is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CourseRules<V> {
    /// What each verb tells, in this order; nothing if it is not named.
    pub tells: Vec<(V, Vec<Tell>)>,
    /// What is told when a limit is over: at its expiry, or at its breach if it has none. What the
    /// expiry itself tells or closes is not told again.
    pub over: Vec<(LimitId, V)>,
}

impl<V> Default for CourseRules<V> {
    fn default() -> Self {
        Self { tells: Vec::new(), over: Vec::new() }
    }
}

impl<V: PartialEq> CourseRules<V> {
    pub(super) fn tells(&self, verb: V) -> &[Tell] {
        self.tells.iter().find(|(of, _)| *of == verb).map_or(&[], |(_, tells)| tells)
    }
}

impl<V: Copy> CourseRules<V> {
    pub(super) fn over(&self, limit: LimitId) -> Option<V> {
        self.over.iter().find(|&&(of, _)| of == limit).map(|&(_, verb)| verb)
    }
}

/// Kinds of cases (办件类型), which go by different paths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CaseKind {
    /// Decided by the window that takes it in (即办件：委托办理、综窗办结).
    Immediate,
    /// Taken in by the window, decided by a department within a promise (承诺件：综合收件、限时转办).
    Promised,
    /// The same by several together (联办件).
    Joint,
}

/// What a hall says about its cases.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CaseRules {
    /// The services that begin a case, each with its kind.
    pub kinds: Vec<(ServiceId, CaseKind)>,
    /// Of cases.
    pub cases: CourseRules<CaseVerb>,
    /// Of follow-ups.
    pub follow_ups: CourseRules<FollowUpVerb>,
    /// Of complaints.
    pub complaints: CourseRules<ComplaintVerb>,
    /// The service of the order that a bad rating makes; none if nothing follows.
    pub bad_rating: Option<ServiceId>,
    /// The service it is amended to if putting it right takes long.
    pub bad_rating_complex: Option<ServiceId>,
}

impl CaseRules {
    pub(super) fn kind(&self, service: ServiceId) -> Option<CaseKind> {
        self.kinds.iter().find(|&&(of, _)| of == service).map(|&(_, kind)| kind)
    }
}
