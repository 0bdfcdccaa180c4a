//! What the verbs on clocks share: read the list, decide, append, and if anything was told in
//! between, read again.

use qiangdan_sync::{AppendError, Reserve};

use super::super::Inner;
use super::list::List;
use crate::{
    ClerkId, Cx, EventKind, OrderId, State, Wall,
    limit::{Book, Clocks, Fact, Moment, What},
};

/// Why nothing may be told of an order; each verb has its own public enum made from this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    Gone { order: OrderId },
    Closed { order: OrderId },
    InFuture { at: Wall },
    Full { facts: u32 },
}

/// What a verb decides by.
pub(super) struct Situation<'a, 'b> {
    pub(super) book: &'a Book,
    pub(super) list: &'a List,
    pub(super) clocks: &'a Clocks<'b>,
    /// When what is told takes effect.
    pub(super) at: Wall,
}

/// Whether a verb may be used on a closed order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Once {
    /// While a clock of its runs on.
    Closed,
    /// Only before.
    Open,
}

/// A verb on the clocks of an order.
pub(super) struct Verb {
    pub(super) order: OrderId,
    pub(super) at: Option<Wall>,
    pub(super) until: Once,
    /// The clerk that its event names.
    pub(super) clerk: Option<ClerkId>,
}

impl Inner {
    /// Tells the fact that `decide` makes of the situation, if any.
    pub(super) fn tell_fact<E: From<Refusal>>(
        &self,
        cx: &mut Cx<'_>,
        verb: &Verb,
        decide: impl Fn(&Situation<'_, '_>) -> Result<Option<What>, E>,
    ) -> Result<(), E> {
        let order = verb.order;
        let gone = Refusal::Gone { order };
        // Without limits there is nothing that could be told.
        let promises = self.promises.as_ref().ok_or(gone)?;
        let life = self.life(order).ok_or(gone)?;
        let at = verb.at.unwrap_or(cx.now.wall);
        if at > cx.now.wall {
            return Err(Refusal::InFuture { at }.into());
        }
        loop {
            let Some((_, state)) = life.seen() else { return Err(gone.into()) };
            let is_closed = state == State::Closed;
            if is_closed && verb.until == Once::Open {
                return Err(Refusal::Closed { order }.into());
            }
            let service = life.terms().map_err(|_| gone)?.service;
            let Some(up) = self.bring_up(cx, promises, life, service) else {
                return Err(if is_closed { Refusal::Closed { order } } else { gone }.into());
            };
            if let Some(next) = up.next {
                promises.arm(order, next.due);
            }
            let (list, set) = (up.list, promises.calendars.load());
            let (book, calendars) = (&*promises.book, set.now());
            let clocks = book.read(service, &list.facts, calendars);
            let situation = Situation { book, list: &list, clocks: &clocks, at };
            let Some(what) = decide(&situation)? else { return Ok(()) };
            // What closed an order is not changed by what comes to light later.
            if list.closed().is_some_and(|closed| at < closed) && may_change_clocks(what) {
                return Err(Refusal::Closed { order }.into());
            }
            let mut new = vec![Fact { at, what }];
            let with_new = list.facts.iter().chain(&new).copied().collect::<Vec<_>>();
            let after = book.read(service, &with_new, calendars);
            new.extend(after.moved_since(&clocks, cx.now.wall));
            match promises.append(&list.seen, &new, Reserve::Keep) {
                Ok(_) => {
                    self.tell(cx, life, verb.clerk, told(what, at));
                    self.follow_up(cx, promises, life, service);
                    return Ok(());
                }
                Err(AppendError::Changed) => {}
                Err(AppendError::Full) => {
                    let facts = promises.ledger.capacity();
                    return Err(Refusal::Full { facts }.into());
                }
            }
        }
    }
}

impl Situation<'_, '_> {
    /// Whether what is told would start, stop or hold a clock, or has not been told before.
    pub(super) fn is_news(&self, what: What) -> bool {
        let is_same = |fact: &Fact| moment(fact.what) == moment(what);
        let Some(last) = self.list.facts.iter().rfind(|fact| is_same(fact)) else { return true };
        *last != Fact { at: self.at, what }
    }
}

fn moment(what: What) -> Option<Moment> {
    match what {
        What::Reached { milestone, .. } => Some(Moment::Reached(milestone)),
        What::Paused { reason, .. } => Some(Moment::Paused(reason)),
        What::Resumed { reason } => Some(Moment::Resumed(reason)),
        _ => None,
    }
}

fn may_change_clocks(what: What) -> bool {
    moment(what).is_some() || matches!(what, What::Extended { .. })
}

/// The event of a fact that somebody told.
pub(super) fn told(what: What, at: Wall) -> EventKind {
    match what {
        What::Paused { reason, amount } => EventKind::OrderPaused { reason, amount, at },
        What::Resumed { reason } => EventKind::OrderResumed { reason, at },
        What::Extended { limit, by } => EventKind::LimitExtended { limit, by, at },
        What::Acknowledged { limit, stage } => EventKind::StageAcknowledged { limit, stage, at },
        What::CardReplied { card } => EventKind::CardReplied { card, at },
        What::CardAppealed { card } => EventKind::CardAppealed { card, at },
        What::CardRuled { card, upheld } => EventKind::CardRuled { card, upheld, at },
        What::Reached { milestone, amount } => {
            EventKind::MilestoneReached { milestone, amount, at }
        }
        What::Climbed { limit, rung } | What::Moved { limit, rung } => {
            // Nobody tells these; the one that advances finds them.
            let (kind, stage) = (crate::limit::RungKind::Stage, None);
            EventKind::RungClimbed { limit, rung, kind, stage, due: at }
        }
    }
}
