//! Follow-ups of bad ratings, and complaints: the verbs that ask for more than their tables.

use super::{
    COMPLAINT_TABLE, CaseError, CaseId, CaseTold, Cases, ComplaintId, ComplaintState,
    ComplaintVerb, FOLLOW_UP_TABLE, FollowUpId, FollowUpState, FollowUpVerb,
    register::{Asked, Course, Noted},
};
use crate::{Amend, ClerkId, Cx, OrderId, Outcome, ServiceId, course::Row};

/// What is written down of a follow-up.
#[derive(Clone, Debug, Default)]
pub(super) struct FollowUpExtra {
    case: Option<CaseId>,
    reopened: u64,
}

/// What is written down of a complaint.
#[derive(Clone, Debug, Default)]
pub(super) struct ComplaintExtra {
    returns: u64,
    reopened: u64,
    is_extended: bool,
}

#[derive(Debug)]
pub(super) struct FollowUpCourse;

#[derive(Debug)]
pub(super) struct ComplaintCourse;

impl Course for FollowUpCourse {
    type State = FollowUpState;
    type Verb = FollowUpVerb;
    type Extra = FollowUpExtra;
    type Shared = ();
    const TABLE: &'static [Row<FollowUpState, FollowUpVerb>] = &FOLLOW_UP_TABLE;

    fn begins_order(verb: FollowUpVerb) -> bool {
        verb == FollowUpVerb::Open
    }

    fn end(state: FollowUpState) -> Option<Outcome> {
        // Whoever holds it is done with it; if nobody does, it is over all the same.
        (state == FollowUpState::Closed).then_some(Outcome::Cancelled(0))
    }

    fn closed_by_others(_: FollowUpState) -> Option<FollowUpVerb> {
        None
    }

    fn is_over(state: FollowUpState) -> bool {
        state == FollowUpState::Closed
    }

    fn note((): &mut (), extra: &mut FollowUpExtra, noted: &Noted<FollowUpVerb>) -> Option<u64> {
        match noted.verb {
            FollowUpVerb::Open => extra.case.map(|case| case.0),
            FollowUpVerb::Reopen => {
                extra.reopened += 1;
                Some(extra.reopened)
            }
            _ => None,
        }
    }
}

impl Course for ComplaintCourse {
    type State = ComplaintState;
    type Verb = ComplaintVerb;
    type Extra = ComplaintExtra;
    type Shared = ();
    const TABLE: &'static [Row<ComplaintState, ComplaintVerb>] = &COMPLAINT_TABLE;

    fn begins_order(verb: ComplaintVerb) -> bool {
        verb == ComplaintVerb::Receive
    }

    fn end(state: ComplaintState) -> Option<Outcome> {
        (state == ComplaintState::Closed).then_some(Outcome::Cancelled(0))
    }

    fn closed_by_others(_: ComplaintState) -> Option<ComplaintVerb> {
        None
    }

    fn is_over(state: ComplaintState) -> bool {
        state == ComplaintState::Closed
    }

    fn note((): &mut (), extra: &mut ComplaintExtra, noted: &Noted<ComplaintVerb>) -> Option<u64> {
        match noted.verb {
            ComplaintVerb::RequestReturn => {
                extra.returns += 1;
                Some(extra.returns)
            }
            ComplaintVerb::Reopen => {
                extra.reopened += 1;
                Some(extra.reopened)
            }
            ComplaintVerb::Extend => {
                extra.is_extended = true;
                None
            }
            _ => None,
        }
    }
}

impl Cases {
    pub(super) fn open_follow_up(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        service: ServiceId,
        case: CaseId,
    ) -> Result<FollowUpId, CaseError> {
        let extra = FollowUpExtra { case: Some(case), ..FollowUpExtra::default() };
        let asked = Asked::new(FollowUpVerb::Open, None);
        self.follow_up(cx, told, |work| work.begin(service, extra, &asked)).map(FollowUpId)
    }

    /// Tells a verb of a follow-up. A reopening is counted.
    ///
    /// # Errors
    ///
    /// See [`CaseError`].
    pub fn tell_follow_up(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        follow_up: FollowUpId,
        verb: FollowUpVerb,
        by: Option<ClerkId>,
    ) -> Result<FollowUpState, CaseError> {
        self.follow_up(cx, told, |work| work.tell(follow_up.0, &Asked::new(verb, by)))
    }

    /// Putting it right takes long (复杂): the order is amended to the service that the rules name for
    /// that, with its limit. Nothing if they name none.
    ///
    /// # Errors
    ///
    /// [`CaseError::Gone`].
    pub fn is_complex(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        follow_up: FollowUpId,
    ) -> Result<(), CaseError> {
        let Some(service) = self.rules.bad_rating_complex else { return Ok(()) };
        self.follow_up(cx, told, |work| {
            let entry = work.register.entry_mut(follow_up.0).ok_or(CaseError::Gone)?;
            let order = entry.order.ok_or(CaseError::Gone)?;
            let amend = Amend { service: Some(service), class: None };
            work.engine.amend(work.cx, order, amend).map_err(|_| CaseError::Gone)?;
            entry.service = service;
            Ok(())
        })
    }

    /// Where a follow-up is, its order, and the case that was rated; `None` if it is gone.
    #[must_use]
    pub fn follow_up_now(
        &self,
        follow_up: FollowUpId,
    ) -> Option<(FollowUpState, Option<OrderId>, Option<CaseId>)> {
        self.book.with(|book| {
            let entry = book.follow_ups.entry(follow_up.0)?;
            Some((entry.state?, entry.order, entry.extra.case))
        })
    }

    /// A complaint comes in (诉求受理).
    ///
    /// # Errors
    ///
    /// See [`CaseError`].
    pub fn receive_complaint(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        service: ServiceId,
        by: Option<ClerkId>,
    ) -> Result<ComplaintId, CaseError> {
        let asked = Asked::new(ComplaintVerb::Receive, by);
        let begun =
            self.complaint(cx, told, |work| work.begin(service, ComplaintExtra::default(), &asked));
        begun.map(ComplaintId)
    }

    /// Tells a verb of a complaint. An extension is possible once, and `by` approves it; after a ruling
    /// that it stays, the unit cannot ask to return it again.
    ///
    /// # Errors
    ///
    /// [`CaseError::ExtendedAlready`], and see [`CaseError`].
    pub fn tell_complaint(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        complaint: ComplaintId,
        verb: ComplaintVerb,
        by: Option<ClerkId>,
    ) -> Result<ComplaintState, CaseError> {
        self.complaint(cx, told, |work| {
            work.may(complaint.0, verb)?;
            let entry = work.register.entry(complaint.0).ok_or(CaseError::Gone)?;
            if verb == ComplaintVerb::Extend && entry.extra.is_extended {
                return Err(CaseError::ExtendedAlready);
            }
            work.tell(complaint.0, &Asked::new(verb, by))
        })
    }

    /// Where a complaint is, and its order; `None` if it is gone.
    #[must_use]
    pub fn complaint_now(
        &self,
        complaint: ComplaintId,
    ) -> Option<(ComplaintState, Option<OrderId>)> {
        self.book.with(|book| {
            let entry = book.complaints.entry(complaint.0)?;
            Some((entry.state?, entry.order))
        })
    }
}
