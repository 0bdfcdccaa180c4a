//! acknowledge, and what may be said of a card: somebody has taken note.

use super::super::{Engine, Inner};
use super::{
    AcknowledgeError, CardError,
    change::{Once, Verb},
};
use crate::{
    Cx, LimitId, OrderId, Wall,
    limit::{CardId, Fact, What},
};

impl Engine {
    /// Somebody has taken note of a stage, at `at`, or now (签收确认): it is not said again, and its
    /// silence has no consequence. Doing it twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`AcknowledgeError`]. Nothing has changed.
    pub fn acknowledge(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        limit: LimitId,
        stage: u8,
        at: Option<Wall>,
    ) -> Result<(), AcknowledgeError> {
        let what = What::Acknowledged { limit, stage };
        let verb = Verb { order, at, until: Once::Closed, clerk: None };
        self.inner.tell_fact(cx, &verb, |now| {
            let of_stage = |rung: u8| now.book.rung(limit, rung).and_then(|rung| rung.stage);
            let climbed =
                now.clocks.climbed(limit).filter(|&(rung, _)| of_stage(rung) == Some(stage));
            let Some(since) = climbed.map(|(_, due)| due).min() else {
                return Err(AcknowledgeError::NotReached { limit, stage });
            };
            let is_known = |fact: &Fact| fact.what == what && since <= fact.at && fact.at <= now.at;
            Ok((!now.list.facts.iter().any(is_known)).then_some(what))
        })
    }

    /// Who was given a card has replied, at `at`, or now (反馈). Doing it twice is as good as once.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`CardError`]. Nothing has changed.
    pub fn reply_to_card(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        card: CardId,
        at: Option<Wall>,
    ) -> Result<(), CardError> {
        self.inner.tell_of_card(cx, order, card, at, What::CardReplied { card })
    }

    /// Who was given a card says that it is wrong, at `at`, or now (申诉). Doing it twice is as good
    /// as once.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`CardError`]. Nothing has changed.
    pub fn appeal_card(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        card: CardId,
        at: Option<Wall>,
    ) -> Result<(), CardError> {
        self.inner.tell_of_card(cx, order, card, at, What::CardAppealed { card })
    }

    /// It is decided about a card, at `at`, or now, whether it stands (裁定). The last ruling counts.
    ///
    /// Lock-free; linearizes at the swap of the list's head. Allocates.
    ///
    /// # Errors
    ///
    /// See [`CardError`]. Nothing has changed.
    pub fn rule_on_card(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        card: CardId,
        upheld: bool,
        at: Option<Wall>,
    ) -> Result<(), CardError> {
        self.inner.tell_of_card(cx, order, card, at, What::CardRuled { card, upheld })
    }
}

impl Inner {
    fn tell_of_card(
        &self,
        cx: &mut Cx<'_>,
        order: OrderId,
        card: CardId,
        at: Option<Wall>,
        what: What,
    ) -> Result<(), CardError> {
        let verb = Verb { order, at, until: Once::Closed, clerk: None };
        self.tell_fact(cx, &verb, |now| {
            if !now.clocks.cards().iter().any(|given| given.id == card) {
                return Err(CardError::NoSuchCard { card });
            }
            let is_ruling =
                |fact: &&Fact| matches!(fact.what, What::CardRuled { card: of, .. } if of == card);
            let is_known = if let What::CardRuled { .. } = what {
                now.list.facts.iter().rfind(is_ruling).is_some_and(|last| last.what == what)
            } else {
                now.list.facts.iter().any(|fact| fact.what == what)
            };
            Ok((!is_known).then_some(what))
        })
    }
}
