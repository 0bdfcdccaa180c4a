//! pause and resume: clocks stand still, for a reason.

use super::super::Engine;
use super::{
    PauseOrderError, ResumeOrderError,
    change::{Once, Verb},
    list::List,
};
use crate::{
    Cx, OrderId, Wall,
    limit::{PauseReason, What},
};

impl Engine {
    /// Clocks of an order that this reason holds stand still from `at`, or now, until
    /// [`Engine::resume`] (不计算在期限内): 补正, 听证, 鉴定. Reasons may overlap; the clocks run when none
    /// holds.
    ///
    /// `amount` is told with it where the reason starts a limit of its own (a hearing "of 20
    /// days"). Telling the same again is as good as once. Told at the due instant, it comes before
    /// the breach.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`PauseOrderError`]. Nothing has changed.
    pub fn pause(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        reason: PauseReason,
        amount: Option<u32>,
        at: Option<Wall>,
    ) -> Result<(), PauseOrderError> {
        let what = What::Paused { reason, amount: amount.map_or(0, u64::from) };
        let verb = Verb { order, at, until: Once::Open, clerk: None };
        self.inner.tell_fact(cx, &verb, |now| match Spell::last(now.list, reason) {
            Some(Spell { since, until: None }) if at.is_none_or(|at| at == since) => Ok(None),
            Some(Spell { since, until: None }) => {
                Err(PauseOrderError::AlreadyPaused { reason, since })
            }
            _ => Ok(Some(what)),
        })
    }

    /// A reason holds an order's clocks no longer, from `at`, or now. Telling the same again is as
    /// good as once.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`ResumeOrderError`]. Nothing has changed.
    pub fn resume(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        reason: PauseReason,
        at: Option<Wall>,
    ) -> Result<(), ResumeOrderError> {
        let what = What::Resumed { reason };
        let verb = Verb { order, at, until: Once::Open, clerk: None };
        self.inner.tell_fact(cx, &verb, |now| match Spell::last(now.list, reason) {
            None => Err(ResumeOrderError::NotPaused { reason }),
            Some(Spell { until: Some(until), .. }) if at.is_none_or(|at| at == until) => Ok(None),
            Some(Spell { until: Some(_), .. }) => Err(ResumeOrderError::NotPaused { reason }),
            Some(Spell { since, .. }) if now.at < since => {
                Err(ResumeOrderError::Backwards { since })
            }
            Some(_) => Ok(Some(what)),
        })
    }
}

/// One stretch for which a reason held.
struct Spell {
    since: Wall,
    until: Option<Wall>,
}

impl Spell {
    /// The last stretch of a reason, by instants; `None` if it never held.
    fn last(list: &List, reason: PauseReason) -> Option<Self> {
        let of_reason = |what: &What| match *what {
            What::Paused { reason: of, .. } => (of == reason).then_some(true),
            What::Resumed { reason: of } => (of == reason).then_some(false),
            _ => None,
        };
        let told = list.facts.iter().filter_map(|fact| Some((fact.at, of_reason(&fact.what)?)));
        let mut told = told.collect::<Vec<_>>();
        told.sort_by_key(|&(at, _)| at);
        let mut last: Option<Self> = None;
        for (at, begins) in told {
            match &mut last {
                Some(Self { until: until @ None, .. }) if !begins => *until = Some(at),
                Some(Self { until: None, .. }) => {}
                _ if begins => last = Some(Self { since: at, until: None }),
                _ => {}
            }
        }
        last
    }
}
