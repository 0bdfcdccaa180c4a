//! What a rung does.

use qiangdan_sync::CloseReach;

use super::super::Inner;
use super::{Promises, look::Climb};
use crate::{
    Action, Cx, EventKind, OrderSpec, Outcome, ServiceId, State, Wall,
    grant::Grants,
    limit::{CardId, Expiry, RungKind, What},
    order::{Holder, Live, OtherLife, clerk_of, end_of},
};

impl Inner {
    /// Tells that a rung was climbed, and does what it says.
    pub(super) fn act(
        &self,
        cx: &mut Cx<'_>,
        promises: &Promises,
        life: Live<'_>,
        climb: &Climb<'_>,
    ) {
        let (limit, number) = (climb.next.limit, climb.next.rung);
        let (kind, stage) = (climb.rung.kind, climb.rung.stage);
        let rung = EventKind::RungClimbed { limit, rung: number, kind, stage, due: climb.next.due };
        self.tell(cx, life, None, rung);
        for action in &climb.rung.actions {
            match *action {
                Action::Notify { .. } | Action::Show { .. } | Action::OpenWindow
                    if climb.is_quiet => {}
                Action::Card { colour, .. } => {
                    let owner = life.seen().and_then(|(seen, _)| clerk_of(seen));
                    let nth = u8::try_from(climb.times).unwrap_or(u8::MAX);
                    let card = CardId { limit, rung: number, number: nth };
                    self.tell(cx, life, owner, EventKind::CardIssued { card, colour });
                }
                Action::FollowUp { service } => self.submit_follow_up(cx, life, service),
                _ => self.tell_action(cx, life, action),
            }
        }
        // If the order began another life meanwhile, it has no place any more.
        self.move_by(promises, life, climb).ok();
        if climb.rung.actions.iter().any(|action| matches!(action, Action::Move { .. })) {
            self.recount(cx, life, climb.service);
        }
        if kind == RungKind::Expiry
            && let Some(expiry) = climb.rule.expiry
        {
            self.expire(cx, life, expiry, climb.deemed_at);
        }
    }

    /// Moves an order as a rung says: ahead, into more lanes, to others.
    fn move_by(
        &self,
        promises: &Promises,
        life: Live<'_>,
        climb: &Climb<'_>,
    ) -> Result<(), OtherLife> {
        let by_ms = |action: &Action| match *action {
            Action::Boost { by_ms } => i64::try_from(by_ms).unwrap_or(i64::MAX),
            _ => 0,
        };
        let grants = |action: &Action| {
            matches!(action, Action::Widen { .. } | Action::Drop { .. } | Action::Move { .. })
        };
        let actions = &climb.rung.actions;
        let boost_ms = actions.iter().map(by_ms).fold(0_i64, i64::saturating_add);
        let is_moved = actions.iter().any(grants);
        if is_moved {
            self.grant_anew(promises, life, climb.service);
        }
        if boost_ms > 0 {
            life.shift_rank_ms(boost_ms.saturating_neg())?;
        }
        if !is_moved && boost_ms == 0 {
            return Ok(());
        }
        // As with an amend: who meets an older entry before the new ones are in lines the order up.
        let (_, after) = life.change_terms(|terms| Some(terms.next_turn()))?;
        if let Some((_, State::Waiting)) = life.seen() {
            self.line_up_as(life, after)?;
        }
        Ok(())
    }

    /// Computes anew what climbed rungs have granted to an order. It is a function of its facts and
    /// its service; if either changes meanwhile, again.
    pub(super) fn grant_anew(&self, promises: &Promises, life: Live<'_>, service: ServiceId) {
        let mut service = service;
        loop {
            let Some(list) = promises.read(life.order) else { return };
            let all = self.rules.grantable(service);
            let limits = promises.book.limits_of(service);
            let grants = list.facts.iter().fold(Grants::NONE, |grants, fact| match fact.what {
                What::Climbed { limit, rung } if limits.contains(&limit) => {
                    let rung = promises.book.rung(limit, rung);
                    let actions = rung.into_iter().flat_map(|rung| &rung.actions);
                    let one =
                        |grants: Grants, action| all.map_or(grants, |all| grants.with(action, all));
                    actions.fold(grants, one)
                }
                _ => grants,
            });
            let cell = &promises.marks(life.order).grants;
            let Ok(()) = cell.set(life.order.generation(), grants.to_bits()) else { return };
            let Ok(terms) = life.terms() else { return };
            if promises.ledger.is_still(&list.seen) && terms.service == service {
                return;
            }
            service = terms.service;
        }
    }

    /// What the law makes of a limit that is over.
    fn expire(&self, cx: &mut Cx<'_>, life: Live<'_>, expiry: Expiry, at: Wall) {
        match expiry {
            Expiry::Deemed { milestone, .. } => {
                let kind = EventKind::MilestoneReached { milestone, amount: 0, at };
                self.tell(cx, life, None, kind);
            }
            Expiry::Close { outcome } => self.close_unserved(cx, life, outcome, at),
            Expiry::FollowUp { service } => self.submit_follow_up(cx, life, service),
        }
    }

    /// Closes an order that nobody serves, as [`Engine::cancel`](crate::Engine::cancel) does.
    fn close_unserved(&self, cx: &mut Cx<'_>, life: Live<'_>, outcome: Outcome, at: Wall) {
        let (word, generation) = (&life.slot.word, life.order.generation());
        let closed = word.try_close_unowned(generation, CloseReach::OrHeld, end_of(outcome));
        if let Ok(before) = closed {
            self.count_left(cx, life, before, outcome);
            self.close_listed(cx, life, (Holder::of(before), before.epoch), outcome, at);
        }
    }

    /// A new order comes in for what is still owed, with the tag and the class of this one.
    fn submit_follow_up(&self, cx: &mut Cx<'_>, life: Live<'_>, service: ServiceId) {
        let (Ok(terms), Ok(tag)) = (life.terms(), life.tag()) else { return };
        let spec = OrderSpec::new(service).class(terms.class).tag(tag);
        let kind = match self.submit_plain(cx, &spec) {
            Ok(submitted) => EventKind::FollowedUp { order: submitted.order, service },
            // There is no room. The host is told to see to it.
            Err(_) => EventKind::FollowUpDue { service },
        };
        self.tell(cx, life, None, kind);
    }
}
