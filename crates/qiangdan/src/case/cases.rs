//! The verbs of cases: what each asks for beside the table.

use std::collections::BTreeMap;

use super::{
    CASE_TABLE, CaseError, CaseId, CaseKind, CaseState, CaseTold, CaseVerb, Cases, FollowUpId,
    Rating, Tell,
    register::{Asked, Course, Noted, Work, held_by},
};
use crate::{
    ClerkId, Cx, Event, EventKind, OrderId, Outcome, ServiceId, Wall, course::Row,
    limit::PauseReason,
};

/// What is decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Decision {
    /// Granted (准予).
    Approved,
    /// Refused, for the host's numbered reason (不予).
    Rejected(u16),
    /// Passed on to who decides above (转报).
    Reported,
    /// Ended without a decision, for the host's numbered reason (终止). It is counted apart, so that
    /// nobody ends cases to keep their limits.
    Terminated(u16),
}

/// What is written down of a case beside its state.
#[derive(Clone, Debug, Default)]
pub(super) struct CaseExtra {
    receiver: Option<ClerkId>,
    reviewer: Option<ClerkId>,
    received: Option<Wall>,
    accepted: Option<Wall>,
    acceptance: Option<u64>,
    /// Notices to supplement: before acceptance, in review.
    notices: [u8; 2],
    is_extended: bool,
    special: Option<PauseReason>,
    decision: Option<Decision>,
    rating: Option<Rating>,
}

/// A case as it was when it was last touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CaseView {
    /// Its id.
    pub case: CaseId,
    /// Where it is.
    pub state: CaseState,
    /// What it is about.
    pub service: ServiceId,
    /// Its order, once it has come in.
    pub order: Option<OrderId>,
    /// Who took it in.
    pub receiver: Option<ClerkId>,
    /// Who reviews it.
    pub reviewer: Option<ClerkId>,
    /// When it was taken in.
    pub received: Option<Wall>,
    /// When it was accepted, or is deemed to have been.
    pub accepted: Option<Wall>,
    /// The how-manieth acceptance of its service it was, from 1 (行政许可法 art. 57: where a licence is
    /// limited in number, who was accepted first is decided first).
    pub acceptance: Option<u64>,
    /// How many notices to supplement there were: before acceptance, and in review.
    pub notices: [u8; 2],
    /// What was decided.
    pub decision: Option<Decision>,
    /// How it was rated.
    pub rating: Option<Rating>,
}

#[derive(Debug)]
pub(super) struct CaseCourse;

impl Course for CaseCourse {
    type State = CaseState;
    type Verb = CaseVerb;
    type Extra = CaseExtra;
    /// The last acceptance of each service.
    type Shared = BTreeMap<ServiceId, u64>;
    const TABLE: &'static [Row<CaseState, CaseVerb>] = &CASE_TABLE;

    fn begins_order(verb: CaseVerb) -> bool {
        matches!(verb, CaseVerb::Submit | CaseVerb::HandIn)
    }

    fn end(state: CaseState) -> Option<Outcome> {
        match state {
            CaseState::Decided => Some(Outcome::Done),
            CaseState::PreReviewFailed | CaseState::NotAccepted | CaseState::Referred => {
                Some(Outcome::Cancelled(1))
            }
            CaseState::Withdrawn => Some(Outcome::Cancelled(2)),
            CaseState::AcceptRevoked => Some(Outcome::Cancelled(3)),
            _ => None,
        }
    }

    fn closed_by_others(state: CaseState) -> Option<CaseVerb> {
        // After the decision the order is closed anyway.
        let is_before = !matches!(
            state,
            CaseState::Decided
                | CaseState::Delivering
                | CaseState::Delivered
                | CaseState::RatingOpen
                | CaseState::Rated
        );
        (is_before && !state.is_over()).then_some(CaseVerb::Withdraw)
    }

    fn is_over(state: CaseState) -> bool {
        state.is_over()
    }

    fn note(
        last: &mut BTreeMap<ServiceId, u64>,
        extra: &mut CaseExtra,
        noted: &Noted<CaseVerb>,
    ) -> Option<u64> {
        match noted.verb {
            CaseVerb::HandIn | CaseVerb::PassPreReview => {
                extra.receiver = noted.by;
                extra.received = Some(noted.at);
            }
            CaseVerb::AskSupplement | CaseVerb::AskInReview => {
                let stage = usize::from(noted.verb == CaseVerb::AskInReview);
                extra.notices[stage] = extra.notices[stage].saturating_add(1);
                return Some(extra.notices[stage].into());
            }
            CaseVerb::Accept | CaseVerb::AcceptWithGaps | CaseVerb::DeemAccepted => {
                let last = last.entry(noted.service).or_default();
                *last += 1;
                extra.acceptance = Some(*last);
                extra.accepted = Some(noted.at);
                return Some(*last);
            }
            CaseVerb::Review => extra.reviewer = noted.by,
            CaseVerb::Extend => extra.is_extended = true,
            CaseVerb::EndSpecial => extra.special = None,
            _ => {}
        }
        None
    }
}

impl Cases {
    /// An applicant saves a draft, or sends a case at once, from a distance.
    ///
    /// # Errors
    ///
    /// [`CaseError::NoCase`], [`CaseError::Full`], [`CaseError::WrongState`] with a verb that
    /// begins nothing.
    pub fn apply(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        service: ServiceId,
        verb: CaseVerb,
    ) -> Result<CaseId, CaseError> {
        self.rules.kind(service).ok_or(CaseError::NoCase { service })?;
        if verb == CaseVerb::HandIn {
            return Err(CaseError::WrongState);
        }
        let asked = Asked::new(verb, None);
        self.case(cx, told, |work| work.begin(service, CaseExtra::default(), &asked)).map(CaseId)
    }

    /// A window takes a case in (收件). One of the immediate kind is then in the clerk's hand; every other
    /// waits in the pool of its service.
    ///
    /// # Errors
    ///
    /// [`CaseError::NoCase`], [`CaseError::Full`], with nothing changed; [`CaseError::Grab`] if the clerk
    /// cannot take an immediate one in hand: then it is withdrawn at once, and both are told.
    pub fn hand_in(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        service: ServiceId,
        by: ClerkId,
    ) -> Result<CaseId, CaseError> {
        let kind = self.rules.kind(service).ok_or(CaseError::NoCase { service })?;
        let asked = Asked::new(CaseVerb::HandIn, Some(by));
        self.case(cx, told, |work| {
            let case = work.begin(service, CaseExtra::default(), &asked)?;
            let order = work.register.entry(case).and_then(|entry| entry.order);
            if let Some(order) = order.filter(|_| kind == CaseKind::Immediate)
                && let Err(refused) = work.engine.grab_order(work.cx, by, order)
            {
                // It is not taken in: the paper goes back over the counter.
                work.tell(case, &Asked::new(CaseVerb::Withdraw, Some(by)))?;
                return Err(refused.into());
            }
            Ok(CaseId(case))
        })
    }

    /// Tells a verb that asks for nothing beside the table, by a clerk or by the applicant (none).
    ///
    /// # Errors
    ///
    /// See [`CaseError`]. Verbs that ask for more have a method of their own, and are refused here:
    /// [`CaseError::WrongState`].
    pub fn tell(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        verb: CaseVerb,
        by: Option<ClerkId>,
    ) -> Result<CaseState, CaseError> {
        use CaseVerb as V;
        let asks_more = matches!(
            verb,
            V::AskSupplement
                | V::AskInReview
                | V::Review
                | V::BeginSpecial
                | V::EndSpecial
                | V::Extend
                | V::Decide
                | V::DecideNow
                | V::Rate
        );
        if asks_more {
            return Err(CaseError::WrongState);
        }
        self.case(cx, told, |work| work.tell(case.0, &Asked::new(verb, by)))
    }

    /// The applicant is told what is missing, all at once: before acceptance, or in review. `amount` is
    /// the time given, in the unit of the limit that this starts. Once in each stage (trap 14); with
    /// `is_override` once more, which is counted.
    ///
    /// # Errors
    ///
    /// [`CaseError::ToldAlready`], and see [`CaseError`].
    pub fn ask_for_supplement(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        by: ClerkId,
        amount: Option<u32>,
        notice: Notice,
    ) -> Result<CaseState, CaseError> {
        self.case(cx, told, |work| {
            work.catch_up(case.0);
            let entry = work.register.entry(case.0).ok_or(CaseError::Gone)?;
            let is_in_review = entry.state == Some(CaseState::UnderReview);
            let stage = usize::from(is_in_review);
            let verb = if is_in_review { CaseVerb::AskInReview } else { CaseVerb::AskSupplement };
            let before = entry.extra.notices[stage];
            work.may(case.0, verb)?;
            if before > 0 && notice == Notice::First {
                return Err(CaseError::ToldAlready);
            }
            work.tell(case.0, &Asked { amount, ..Asked::new(verb, Some(by)) })
        })
    }

    /// A reviewer who has grabbed the order takes the case (审查). Never who took it in (I11).
    ///
    /// # Errors
    ///
    /// [`CaseError::ReceivedIt`]: put the order back, so that somebody else gets it;
    /// [`CaseError::NotHeld`], and see [`CaseError`].
    pub fn review(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        by: ClerkId,
    ) -> Result<CaseState, CaseError> {
        self.case(cx, told, |work| {
            work.may(case.0, CaseVerb::Review)?;
            let entry = work.register.entry(case.0).ok_or(CaseError::Gone)?;
            if entry.extra.receiver == Some(by) {
                return Err(CaseError::ReceivedIt);
            }
            work.is_held(case, by)?;
            work.tell(case.0, &Asked::new(CaseVerb::Review, Some(by)))
        })
    }

    /// A special procedure begins (特别程序): its reason holds the clocks, and starts its own with the length
    /// that was announced.
    ///
    /// # Errors
    ///
    /// See [`CaseError`].
    pub fn begin_special(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        by: ClerkId,
        reason: PauseReason,
        amount: Option<u32>,
    ) -> Result<CaseState, CaseError> {
        self.case(cx, told, |work| {
            let (tells, number) = ([Tell::Pause(reason)], reason.number().into());
            let asked = Asked::new(CaseVerb::BeginSpecial, Some(by));
            let asked = Asked { number, amount, tells: Some(&tells), ..asked };
            let state = work.tell(case.0, &asked)?;
            if let Some(entry) = work.register.entry_mut(case.0) {
                entry.extra.special = Some(reason);
            }
            Ok(state)
        })
    }

    /// The special procedure has ended.
    ///
    /// # Errors
    ///
    /// See [`CaseError`].
    pub fn end_special(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        by: ClerkId,
    ) -> Result<CaseState, CaseError> {
        self.case(cx, told, |work| {
            let special = work.register.entry(case.0).and_then(|entry| entry.extra.special);
            let tells: Vec<_> = special.map(Tell::Resume).into_iter().collect();
            let asked = Asked::new(CaseVerb::EndSpecial, Some(by));
            work.tell(case.0, &Asked { tells: Some(&tells), ..asked })
        })
    }

    /// More time, approved by somebody: once, and before the limit is over (trap 20).
    ///
    /// # Errors
    ///
    /// [`CaseError::ExtendedAlready`], [`CaseError::Extend`], and see [`CaseError`].
    pub fn extend(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        approver: ClerkId,
    ) -> Result<CaseState, CaseError> {
        self.case(cx, told, |work| {
            work.may(case.0, CaseVerb::Extend)?;
            let entry = work.register.entry(case.0).ok_or(CaseError::Gone)?;
            if entry.extra.is_extended {
                return Err(CaseError::ExtendedAlready);
            }
            work.tell(case.0, &Asked::new(CaseVerb::Extend, Some(approver)))
        })
    }

    /// It is decided, by who holds its order: at the window if it is of the immediate kind, in review
    /// otherwise. The order is over; clocks of what comes after run on.
    ///
    /// # Errors
    ///
    /// [`CaseError::NotHeld`], [`CaseError::NotImmediate`], and see [`CaseError`].
    pub fn decide(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        by: ClerkId,
        decision: Decision,
    ) -> Result<CaseState, CaseError> {
        self.case(cx, told, |work| {
            work.catch_up(case.0);
            let entry = work.register.entry(case.0).ok_or(CaseError::Gone)?;
            let is_at_window = entry.state == Some(CaseState::Received);
            let verb = if is_at_window { CaseVerb::DecideNow } else { CaseVerb::Decide };
            let kind = self.rules.kind(entry.service);
            work.may(case.0, verb)?;
            if is_at_window && kind != Some(CaseKind::Immediate) {
                return Err(CaseError::NotImmediate);
            }
            work.is_held(case, by)?;
            let state = work.tell(case.0, &Asked::new(verb, Some(by)))?;
            if let Some(entry) = work.register.entry_mut(case.0) {
                entry.extra.decision = Some(decision);
            }
            Ok(state)
        })
    }

    /// The applicant rates, or what counts if nobody does (一次一评). A bad rating of a person makes a
    /// follow-up by itself.
    ///
    /// # Errors
    ///
    /// [`CaseError::RatedAlready`], [`CaseError::WrongState`] once the time is over, and see
    /// [`CaseError`].
    pub fn rate(
        &self,
        cx: &mut Cx<'_>,
        told: &mut CaseTold,
        case: CaseId,
        rating: Rating,
    ) -> Result<Option<FollowUpId>, CaseError> {
        self.case(cx, told, |work| {
            work.catch_up(case.0);
            let entry = work.register.entry(case.0).ok_or(CaseError::Gone)?;
            if entry.extra.rating.is_some() {
                return Err(CaseError::RatedAlready);
            }
            let number = rating.to_number();
            work.tell(case.0, &Asked { number, ..Asked::new(CaseVerb::Rate, None) })?;
            if let Some(entry) = work.register.entry_mut(case.0) {
                entry.extra.rating = Some(rating);
            }
            Ok(())
        })?;
        let is_told = rating.grade.is_bad() && rating.origin == super::Origin::Citizen;
        match self.rules.bad_rating.filter(|_| is_told) {
            Some(service) => self.open_follow_up(cx, told, service, case).map(Some),
            None => Ok(None),
        }
    }

    /// Brings cases, follow-ups and complaints up to date with what happened to their orders, by the
    /// events of the engine. Others do no harm, nor does telling one twice.
    pub fn follow(&self, cx: &mut Cx<'_>, told: &mut CaseTold, events: &[Event]) {
        for event in events {
            self.case(cx, told, |work| work.follow(event));
            self.follow_up(cx, told, |work| work.follow(event));
            self.complaint(cx, told, |work| work.follow(event));
        }
    }

    /// A case; `None` if the id is of another life of its place.
    #[must_use]
    pub fn view(&self, case: CaseId) -> Option<CaseView> {
        self.book.with(|book| {
            let entry = book.cases.entry(case.0)?;
            let extra = &entry.extra;
            Some(CaseView {
                case,
                state: entry.state?,
                service: entry.service,
                order: entry.order,
                receiver: extra.receiver,
                reviewer: extra.reviewer,
                received: extra.received,
                accepted: extra.accepted,
                acceptance: extra.acceptance,
                notices: extra.notices,
                decision: extra.decision,
                rating: extra.rating,
            })
        })
    }

    /// How many cases are not over.
    #[must_use]
    pub fn open(&self) -> usize {
        self.book.with(|book| book.cases.open())
    }
}

/// Whether a notice to supplement is the one that the law allows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Notice {
    /// The one.
    First,
    /// Another one, which somebody answers for.
    Override,
}

impl Work<'_, '_, CaseCourse> {
    /// Whether a clerk holds the order of a case.
    fn is_held(&self, case: CaseId, by: ClerkId) -> Result<(), CaseError> {
        let order = self.register.entry(case.0).and_then(|entry| entry.order);
        let held = order.and_then(|order| held_by(&self.engine.order(order)?));
        held.filter(|claim| claim.clerk == by).map(|_| ()).ok_or(CaseError::NotHeld)
    }
}

impl<C: Course> Work<'_, '_, C> {
    /// Takes note of an event of the engine.
    pub(super) fn follow(&mut self, event: &Event) {
        let id = event.tag;
        let is_ours =
            self.register.entry(id).is_some_and(|e| e.order.is_some() && e.order == event.order);
        if !is_ours {
            return;
        }
        match event.kind {
            EventKind::RungClimbed { limit, kind, .. } => {
                self.catch_up(id);
                // An order that was let go has no list any more.
                if event.order.is_some_and(|order| self.engine.facts(order).is_none()) {
                    self.over(id, limit, kind);
                }
            }
            EventKind::OrderClosed { .. } => self.closed(id),
            _ => {}
        }
    }
}
