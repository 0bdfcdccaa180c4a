//! What is told of a package, once and for ever: two words each.
//!
//! | word | bits    | what                                                        |
//! |------|---------|-------------------------------------------------------------|
//! | 0    | 63..20  | milliseconds since 1900-01-01T00:00:00Z                     |
//! | 0    | 19..14  | a part                                                      |
//! | 0    | 13..4   | left                                                        |
//! | 0    | 3..0    | the kind, from 1; so two words of zeros are no fact         |
//! | 1    | 63..0   | an order, an outcome, or the host's number                  |
//!
//! The first fact of a package carries the host's number in word 1 and the kind of package in bits 19..4.

use qiangdan_sync::Pair;

use super::{PackageKind, PartId};
use crate::{OrderId, Outcome, Wall};

/// One fact of a package's history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fact {
    /// When it took effect.
    pub(super) at: Wall,
    pub(super) what: What,
}

/// Kinds of facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// The package was opened, under the host's number.
    Opened { kind: PackageKind, host: u64 },
    /// The order that stands for the whole.
    Covered { order: OrderId },
    /// The order of a part.
    Began { part: PartId, order: OrderId },
    /// A part is over.
    Ended { part: PartId, outcome: Outcome },
    /// The order of a part is paused.
    Paused { part: PartId },
    /// It runs again.
    Resumed { part: PartId },
    /// A part needs more papers.
    Asked { part: PartId },
    /// The same, though it was heard before.
    AskedAgain { part: PartId },
    /// A part needs no more papers.
    Cleared { part: PartId },
    /// Who has not asked by now has nothing to ask.
    TimeIsUp,
    /// The applicant has handed in what was asked for.
    HandedIn,
    /// The applicant wants it no more.
    Withdrawn,
    /// The order that stands for the whole was sent to the window that hands over.
    Issued,
    /// All results were handed over.
    Delivered,
}

/// 1900-01-01T00:00:00Z.
const EPOCH_MS: i64 = -2_208_988_800_000;
const AT_BITS: u32 = 44;
const AT_SHIFT: u32 = 20;
const PART_SHIFT: u32 = 14;
const KIND_SHIFT: u32 = 4;
const _: () = assert!(AT_BITS + AT_SHIFT == 64);

impl Fact {
    /// As two words, never both zero. An instant that does not fit becomes the nearest that does.
    pub(super) fn pack(self) -> Pair {
        let last_ms = EPOCH_MS + (1 << AT_BITS) - 1;
        let at_ms = self.at.0.clamp(EPOCH_MS, last_ms).abs_diff(EPOCH_MS);
        let of = |part: PartId| u64::from(part.0) << PART_SHIFT;
        let (kind, number, more) = match self.what {
            What::Opened { kind, host } => (1, u64::from(kind.0) << KIND_SHIFT, host),
            What::Covered { order } => (2, 0, order.to_bits()),
            What::Began { part, order } => (3, of(part), order.to_bits()),
            What::Ended { part, outcome } => (4, of(part), outcome_bits(outcome)),
            What::Paused { part } => (5, of(part), 0),
            What::Resumed { part } => (6, of(part), 0),
            What::Asked { part } => (7, of(part), 0),
            What::AskedAgain { part } => (8, of(part), 0),
            What::Cleared { part } => (9, of(part), 0),
            What::TimeIsUp => (10, 0, 0),
            What::HandedIn => (11, 0, 0),
            What::Withdrawn => (12, 0, 0),
            What::Issued => (13, 0, 0),
            What::Delivered => (14, 0, 0),
        };
        [at_ms << AT_SHIFT | number | kind, more]
    }

    /// The fact that two words came from.
    pub(super) fn unpack([first, more]: Pair) -> Option<Self> {
        let at = Wall(EPOCH_MS + (first >> AT_SHIFT).cast_signed());
        let part = PartId(u8::try_from(first >> PART_SHIFT & 63).ok()?);
        let order = OrderId::from_bits(more);
        let what = match first & 15 {
            1 => {
                let kind = u16::try_from(first >> KIND_SHIFT & 0xffff).ok()?;
                What::Opened { kind: PackageKind(kind), host: more }
            }
            2 => What::Covered { order },
            3 => What::Began { part, order },
            4 => What::Ended { part, outcome: outcome_of(more)? },
            5 => What::Paused { part },
            6 => What::Resumed { part },
            7 => What::Asked { part },
            8 => What::AskedAgain { part },
            9 => What::Cleared { part },
            10 => What::TimeIsUp,
            11 => What::HandedIn,
            12 => What::Withdrawn,
            13 => What::Issued,
            14 => What::Delivered,
            _ => return None,
        };
        Some(Self { at, what })
    }
}

fn outcome_bits(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Done => 1,
        Outcome::Rejected(number) => 2 | u64::from(number) << 8,
        Outcome::Cancelled(number) => 3 | u64::from(number) << 8,
        Outcome::Abandoned => 4,
        Outcome::NoShow => 5,
        Outcome::Expired => 6,
    }
}

fn outcome_of(bits: u64) -> Option<Outcome> {
    let number = u16::try_from(bits >> 8).ok()?;
    Some(match bits & 255 {
        1 => Outcome::Done,
        2 => Outcome::Rejected(number),
        3 => Outcome::Cancelled(number),
        4 => Outcome::Abandoned,
        5 => Outcome::NoShow,
        6 => Outcome::Expired,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn what() -> impl Strategy<Value = What> {
        let part = || (0_u8..60).prop_map(PartId);
        let order = || any::<u64>().prop_map(OrderId::from_bits);
        let outcome = prop_oneof![
            Just(Outcome::Done),
            any::<u16>().prop_map(Outcome::Rejected),
            any::<u16>().prop_map(Outcome::Cancelled),
            Just(Outcome::Abandoned),
            Just(Outcome::NoShow),
            Just(Outcome::Expired),
        ];
        let opened = (any::<u16>().prop_map(PackageKind), any::<u64>());
        prop_oneof![
            opened.prop_map(|(kind, host)| What::Opened { kind, host }),
            order().prop_map(|order| What::Covered { order }),
            (part(), order()).prop_map(|(part, order)| What::Began { part, order }),
            (part(), outcome).prop_map(|(part, outcome)| What::Ended { part, outcome }),
            part().prop_map(|part| What::Paused { part }),
            part().prop_map(|part| What::Resumed { part }),
            part().prop_map(|part| What::Asked { part }),
            part().prop_map(|part| What::AskedAgain { part }),
            part().prop_map(|part| What::Cleared { part }),
            Just(What::TimeIsUp),
            Just(What::HandedIn),
            Just(What::Withdrawn),
            Just(What::Issued),
            Just(What::Delivered),
        ]
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(at in EPOCH_MS..EPOCH_MS + (1 << AT_BITS), what in what()) {
            let fact = Fact { at: Wall(at), what };
            prop_assert_ne!(fact.pack(), [0, 0]);
            prop_assert_eq!(Fact::unpack(fact.pack()), Some(fact));
        }

        #[test]
        fn any_two_words_are_a_fact_or_none(first in any::<u64>(), second in any::<u64>()) {
            for words in [[first, second], [first, second & 0xff_ff07]] {
                if let Some(fact) = Fact::unpack(words) {
                    prop_assert_eq!(Fact::unpack(fact.pack()), Some(fact));
                }
            }
        }
    }
}
