//! The cards of an order: a record that stays.

use super::{CardId, Clocks, RungKind, What};
use crate::{Colour, LimitId, Wall, calendar::Due};

/// A card (红黄牌) as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardNow {
    /// Which.
    pub id: CardId,
    /// Amber is the yellow card, red the red one.
    pub colour: Colour,
    /// The stage that gave it, from 0.
    pub stage: Option<u8>,
    /// When it was given: the true due.
    pub at: Wall,
    /// By when it must be replied to. None if it need not be, if that cannot be said, or if the clock has
    /// begun anew since.
    pub reply_by: Option<Due>,
    /// When it was replied to first.
    pub replied: Option<Wall>,
    /// When it was first said to be wrong.
    pub appealed: Option<Wall>,
    /// The last ruling about it.
    pub ruling: Option<Ruling>,
}

/// What was decided about a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ruling {
    /// When.
    pub at: Wall,
    /// Whether it stands.
    pub upheld: bool,
}

impl Clocks<'_> {
    /// The cards of an order, in the order they were given, as they stand by the facts told. Allocates.
    #[must_use]
    pub fn cards(&self) -> Vec<CardNow> {
        let mut cards: Vec<CardNow> = Vec::new();
        for fact in self.facts {
            let (What::CardReplied { card }
            | What::CardAppealed { card }
            | What::CardRuled { card, .. }) = fact.what
            else {
                if let What::Climbed { limit, rung } = fact.what {
                    cards.extend(self.card_given(&cards, limit, rung, fact.at));
                }
                continue;
            };
            let Some(card) = cards.iter_mut().find(|given| given.id == card) else { continue };
            match fact.what {
                What::CardReplied { .. } => card.replied = card.replied.or(Some(fact.at)),
                What::CardAppealed { .. } => card.appealed = card.appealed.or(Some(fact.at)),
                What::CardRuled { upheld, .. } => {
                    card.ruling = Some(Ruling { at: fact.at, upheld });
                }
                _ => {}
            }
        }
        cards
    }

    fn card_given(
        &self,
        before: &[CardNow],
        limit: LimitId,
        number: u8,
        at: Wall,
    ) -> Option<CardNow> {
        let run = self.run(limit)?;
        let rung = run.rung(number)?;
        let (colour, _) = rung.card()?;
        let same = before.iter().filter(|card| (card.id.limit, card.id.rung) == (limit, number));
        let id =
            CardId { limit, rung: number, number: u8::try_from(same.count()).unwrap_or(u8::MAX) };
        let is_last = run.climbed(number) == Some(at) && run.times(number) == id.number + 1;
        let unanswered =
            run.of.rungs.iter().find(|rung| {
                rung.kind == RungKind::Unanswered && rung.base == Some(number) && is_last
            });
        let reply_by = unanswered.and_then(|rung| run.due(run.life?, rung).ok());
        let (stage, replied, appealed, ruling) = (rung.stage, None, None, None);
        Some(CardNow { id, colour, stage, at, reply_by, replied, appealed, ruling })
    }
}
