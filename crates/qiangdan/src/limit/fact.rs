//! What is told of an order, once and for ever: two words each.
//!
//! | word | bits    | what                                                                    |
//! |------|---------|-------------------------------------------------------------------------|
//! | 0    | 63..20  | milliseconds since 1900-01-01T00:00:00Z                                 |
//! | 0    | 19..8   | the number of a milestone, reason, rung or stage                        |
//! | 0    | 7..0    | the kind, from 1; so two words of zeros are no fact                     |
//! | 1    | 63..16  | an amount, or the number of a card                                      |
//! | 1    | 15..0   | a limit                                                                 |

use super::{Milestone, PauseReason};
use crate::{LimitId, Wall};

/// One fact (事实) of an order's history. Facts are only ever added.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fact {
    /// When it took effect, which may be before it was told.
    pub at: Wall,
    /// What.
    pub what: What,
}

/// Kinds of facts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum What {
    /// A milestone was reached.
    Reached {
        /// Which.
        milestone: Milestone,
        /// The amount told with it, in the unit of the limits that it starts; zero if none was. At most
        /// [`Fact::AMOUNT_MAX`].
        amount: u64,
    },
    /// Clocks that this reason holds stand still from here on. Nothing, if it holds already.
    Paused {
        /// Why.
        reason: PauseReason,
        /// The amount told with it, as above.
        amount: u64,
    },
    /// The reason holds no longer. Nothing, if it did not hold.
    Resumed {
        /// Which.
        reason: PauseReason,
    },
    /// A limit was extended (延期). Nothing, if [`Clocks::may_extend`](super::Clocks::may_extend) says no.
    Extended {
        /// Which.
        limit: LimitId,
        /// By how much, in its unit; at most [`Fact::AMOUNT_MAX`].
        by: u64,
    },
    /// A rung of a limit was climbed; `at` is its true due.
    Climbed {
        /// Of which limit.
        limit: LimitId,
        /// Which rung.
        rung: u8,
    },
    /// The due of a climbed rung has moved later, to `at`, which was over when that was told. It is not
    /// climbed again.
    Moved {
        /// Of which limit.
        limit: LimitId,
        /// Which rung.
        rung: u8,
    },
    /// Somebody has taken note of a stage (签收确认).
    Acknowledged {
        /// Of which limit.
        limit: LimitId,
        /// Which stage, from 0.
        stage: u8,
    },
    /// Who was given a card has replied (反馈).
    CardReplied {
        /// Which card.
        card: CardId,
    },
    /// Who was given a card says that it is wrong (申诉).
    CardAppealed {
        /// Which card.
        card: CardId,
    },
    /// It was decided about a card (裁定).
    CardRuled {
        /// Which card.
        card: CardId,
        /// Whether it stands. A card that does not stand needs no reply.
        upheld: bool,
    },
}

/// A card (红黄牌) of an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CardId {
    /// The limit that it was given for.
    pub limit: LimitId,
    /// The rung that gave it.
    pub rung: u8,
    /// How many that rung had given to this order before.
    pub number: u8,
}

/// 1900-01-01T00:00:00Z.
const EPOCH_MS: i64 = -2_208_988_800_000;
const AT_BITS: u32 = 44;
const NUMBER_BITS: u32 = 12;
const KIND_BITS: u32 = 8;
const LIMIT_BITS: u32 = 16;
const AMOUNT_BITS: u32 = 48;
const _: () = assert!(AT_BITS + NUMBER_BITS + KIND_BITS == 64 && LIMIT_BITS + AMOUNT_BITS == 64);

impl Fact {
    /// The largest amount a fact can carry: some 8,900 years of milliseconds.
    pub const AMOUNT_MAX: u64 = (1 << AMOUNT_BITS) - 1;
    /// The earliest instant a fact can carry, the beginning of 1900.
    pub const AT_MIN: Wall = Wall(EPOCH_MS);
    /// The latest instant a fact can carry, in 2457.
    pub const AT_MAX: Wall = Wall(EPOCH_MS + (1 << AT_BITS) - 1);

    /// As two words, never both zero. An instant or amount that does not fit becomes the nearest that
    /// does.
    #[must_use]
    pub fn pack(self) -> [u64; 2] {
        let at_ms = self.at.0.clamp(Self::AT_MIN.0, Self::AT_MAX.0).abs_diff(EPOCH_MS);
        let (kind, number, limit, amount) = self.what.fields();
        let amount = amount.min(Self::AMOUNT_MAX);
        let first = at_ms << (NUMBER_BITS + KIND_BITS) | u64::from(number) << KIND_BITS | kind;
        [first, amount << LIMIT_BITS | u64::from(limit)]
    }

    /// The fact that two words came from; none if they came from no fact.
    #[must_use]
    pub fn unpack([first, second]: [u64; 2]) -> Option<Self> {
        let at_ms = (first >> (NUMBER_BITS + KIND_BITS)).cast_signed();
        let number = u8::try_from(first >> KIND_BITS & ((1 << NUMBER_BITS) - 1)).ok()?;
        let kind = first & ((1 << KIND_BITS) - 1);
        let limit = u16::try_from(second & ((1 << LIMIT_BITS) - 1)).ok()?;
        let what = What::from_fields(kind, number, limit, second >> LIMIT_BITS)?;
        Some(Self { at: Wall(EPOCH_MS + at_ms), what })
    }
}

impl What {
    /// Kind, number, limit, amount.
    fn fields(self) -> (u64, u8, u16, u64) {
        let of_card = |kind, card: CardId| (kind, card.rung, card.limit.0, u64::from(card.number));
        match self {
            Self::Reached { milestone, amount } => (1, milestone.0, 0, amount),
            Self::Paused { reason, amount } => (2, reason.number(), 0, amount),
            Self::Resumed { reason } => (3, reason.number(), 0, 0),
            Self::Extended { limit, by } => (4, 0, limit.0, by),
            Self::Climbed { limit, rung } => (5, rung, limit.0, 0),
            Self::Moved { limit, rung } => (6, rung, limit.0, 0),
            Self::Acknowledged { limit, stage } => (7, stage, limit.0, 0),
            Self::CardReplied { card } => of_card(8, card),
            Self::CardAppealed { card } => of_card(9, card),
            Self::CardRuled { card, upheld: true } => of_card(10, card),
            Self::CardRuled { card, upheld: false } => of_card(11, card),
        }
    }

    fn from_fields(kind: u64, number: u8, limit: u16, amount: u64) -> Option<Self> {
        let limit = LimitId(limit);
        let card = || Some(CardId { limit, rung: number, number: u8::try_from(amount).ok()? });
        Some(match kind {
            1 if number <= Milestone::MAX => Self::Reached { milestone: Milestone(number), amount },
            2 => Self::Paused { reason: PauseReason::new(number)?, amount },
            3 => Self::Resumed { reason: PauseReason::new(number)? },
            4 => Self::Extended { limit, by: amount },
            5 => Self::Climbed { limit, rung: number },
            6 => Self::Moved { limit, rung: number },
            7 => Self::Acknowledged { limit, stage: number },
            8 => Self::CardReplied { card: card()? },
            9 => Self::CardAppealed { card: card()? },
            10 => Self::CardRuled { card: card()?, upheld: true },
            11 => Self::CardRuled { card: card()?, upheld: false },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn what() -> impl Strategy<Value = What> {
        let limit = any::<u16>().prop_map(LimitId);
        let reason = (0..=PauseReason::MAX).prop_map(|n| PauseReason::new(n).unwrap());
        let milestone = (0..=Milestone::MAX).prop_map(Milestone);
        let card = (any::<u16>(), any::<u8>(), any::<u8>());
        let card = card.prop_map(|(limit, rung, number)| {
            let limit = LimitId(limit);
            CardId { limit, rung, number }
        });
        let amount = 0..=Fact::AMOUNT_MAX;
        prop_oneof![
            (milestone, amount.clone())
                .prop_map(|(milestone, amount)| What::Reached { milestone, amount }),
            (reason.clone(), amount.clone())
                .prop_map(|(reason, amount)| What::Paused { reason, amount }),
            reason.prop_map(|reason| What::Resumed { reason }),
            (limit.clone(), amount).prop_map(|(limit, by)| What::Extended { limit, by }),
            (limit.clone(), any::<u8>()).prop_map(|(limit, rung)| What::Climbed { limit, rung }),
            (limit.clone(), any::<u8>()).prop_map(|(limit, rung)| What::Moved { limit, rung }),
            (limit, any::<u8>()).prop_map(|(limit, stage)| What::Acknowledged { limit, stage }),
            card.clone().prop_map(|card| What::CardReplied { card }),
            card.clone().prop_map(|card| What::CardAppealed { card }),
            (card, any::<bool>()).prop_map(|(card, upheld)| What::CardRuled { card, upheld }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(
            at in (Fact::AT_MIN.0..=Fact::AT_MAX.0).prop_map(Wall),
            what in what(),
        ) {
            let fact = Fact { at, what };
            prop_assert_ne!(fact.pack(), [0, 0]);
            prop_assert_eq!(Fact::unpack(fact.pack()), Some(fact));
        }

        #[test]
        fn any_two_words_are_a_fact_or_none(first in any::<u64>(), second in any::<u64>()) {
            let near = first & !0xf_ff00;
            for words in [[first, second], [near, second], [near & !0xff | (first % 12), second]] {
                if let Some(fact) = Fact::unpack(words) {
                    prop_assert_eq!(Fact::unpack(fact.pack()), Some(fact));
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_becomes_the_nearest() {
        let what = What::Extended { limit: LimitId(7), by: u64::MAX };
        let most = What::Extended { limit: LimitId(7), by: Fact::AMOUNT_MAX };
        let packed = Fact { at: Wall(i64::MAX), what }.pack();
        assert_eq!(Fact::unpack(packed), Some(Fact { at: Fact::AT_MAX, what: most }));
        let early = Fact { at: Wall(i64::MIN), what: most }.pack();
        assert_eq!(Fact::unpack(early), Some(Fact { at: Fact::AT_MIN, what: most }));
        assert_eq!(Fact::unpack([0, 0]), None);
    }
}
