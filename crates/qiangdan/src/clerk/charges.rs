//! What each claim took of its holder's room, if services cost different.
//!
//! One word for each slot: it says how much the claim of one epoch took, or that it has been given
//! back.
//!
//! | bits  | 63..40     | 39..24 | 23..8 | 7..0                     |
//! |-------|------------|--------|-------|--------------------------|
//! | field | generation | epoch  | units | ceiling, plus one, or 0  |
//!
//! No units mean that the claim is settled, for good; with the ceiling 255, that it is settled *for
//! now*: its order is put aside, and may be taken up again in the same epoch, or its claim is about
//! to be given back if its holder has not begun. The holder writes what it took after the claim is won;
//! whoever ends the claim takes it out, *before* the order can be grabbed again, and gives back
//! what they find. Each claim is settled once: who comes second finds it settled. A holder who is
//! interrupted before writing, and finds the claim settled or the order in a later one, gives back
//! by itself.

use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use crate::{OrderId, sync::AtomicU64};

/// What a claim takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Charge {
    pub(crate) units: u16,
    /// Which of the ceilings it counts for.
    pub(crate) ceiling: Option<u8>,
}

/// Marks a claim that is settled for now.
const ASIDE: u64 = 0xff;

#[derive(Debug)]
pub(crate) struct Charges(Box<[AtomicU64]>);

impl Charges {
    pub(crate) fn new(orders: u32) -> Self {
        Self((0..orders).map(|_| AtomicU64::new(0)).collect())
    }

    /// Writes down what the claim of this epoch took. False if it is settled already.
    pub(crate) fn charge(&self, order: OrderId, epoch: u16, charge: Charge) -> bool {
        let tag = tag(order, epoch);
        let write = |word| is_earlier(word, tag).then(|| word_of(tag, charge));
        // Ordering: AcqRel on success, Relaxed on failure. The word is all that is handed on.
        self.cell(order).fetch_update(AcqRel, Relaxed, write).is_ok()
    }

    /// Settles the claim of this epoch for now; what is to be given back, if nobody has and it is known.
    pub(crate) fn set_aside(&self, order: OrderId, epoch: u16) -> Option<Charge> {
        let tag = tag(order, epoch);
        let is_charged = |word| is_of(word, tag) && charge_of(word).is_some();
        let write = |word| (is_earlier(word, tag) || is_charged(word)).then_some(tag | ASIDE);
        // Ordering: as in `charge`.
        let before = self.cell(order).fetch_update(AcqRel, Relaxed, write).ok()?;
        if is_of(before, tag) { charge_of(before) } else { None }
    }

    /// Writes down what the claim of this epoch takes again. False if it is not settled for now.
    pub(crate) fn charge_again(&self, order: OrderId, epoch: u16, charge: Charge) -> bool {
        let tag = tag(order, epoch);
        let write = |word| (word == tag | ASIDE).then(|| word_of(tag, charge));
        // Ordering: as in `charge`.
        self.cell(order).fetch_update(AcqRel, Relaxed, write).is_ok()
    }

    /// Settles the claim of this epoch; what is to be given back, if nobody has and it is known.
    pub(crate) fn settle(&self, order: OrderId, epoch: u16) -> Option<Charge> {
        let tag = tag(order, epoch);
        let write = |word| (is_earlier(word, tag) || is_of(word, tag)).then_some(tag);
        // Ordering: as in `charge`.
        let before = self.cell(order).fetch_update(AcqRel, Relaxed, write).ok()?;
        if is_of(before, tag) { charge_of(before) } else { None }
    }

    /// What the claim of this epoch takes, if it is written down and not settled.
    #[cfg(test)]
    pub(crate) fn of(&self, order: OrderId, epoch: u16) -> Option<Charge> {
        // Ordering: Relaxed. For tests, at rest.
        let word = self.cell(order).load(Relaxed);
        if is_of(word, tag(order, epoch)) { charge_of(word) } else { None }
    }

    fn cell(&self, order: OrderId) -> &AtomicU64 {
        &self.0[order.slot() as usize]
    }
}

fn tag(order: OrderId, epoch: u16) -> u64 {
    u64::from(order.generation()) << 40 | u64::from(epoch) << 24
}

fn word_of(tag: u64, charge: Charge) -> u64 {
    let ceiling = charge.ceiling.map_or(0, |ceiling| u64::from(ceiling) + 1);
    tag | u64::from(charge.units) << 8 | ceiling
}

fn is_of(word: u64, tag: u64) -> bool {
    word >> 24 == tag >> 24
}

/// Whether a word is of an earlier claim; generations do not come back, see the claim word.
fn is_earlier(word: u64, tag: u64) -> bool {
    word >> 24 < tag >> 24
}

#[expect(clippy::cast_possible_truncation, reason = "each field is masked to its width")]
fn charge_of(word: u64) -> Option<Charge> {
    let units = (word >> 8) as u16;
    (units > 0).then(|| Charge { units, ceiling: (word as u8).checked_sub(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARGE: Charge = Charge { units: u16::MAX, ceiling: Some(7) };

    #[test]
    fn a_claim_is_settled_once() {
        let (charges, order) = (Charges::new(2), OrderId::new(1, 0x00ff_ffff));
        assert!(charges.charge(order, 1, CHARGE));
        assert_eq!(charges.of(order, 1), Some(CHARGE));
        assert_eq!([(); 2].map(|()| charges.settle(order, 1)), [Some(CHARGE), None]);
        assert!(charges.charge(order, 2, Charge { units: 1, ceiling: None }));
        assert_eq!(charges.settle(order, 1), None, "that is over");
        assert_eq!(charges.of(order, 2), Some(Charge { units: 1, ceiling: None }));
    }

    #[test]
    fn who_is_put_aside_is_charged_again_until_the_claim_is_over() {
        let (charges, order) = (Charges::new(1), OrderId::new(0, 1));
        let less = Charge { units: 1, ceiling: None };
        assert!(charges.charge(order, 1, CHARGE));
        assert!(!charges.charge_again(order, 1, less), "it is charged");
        assert_eq!([(); 2].map(|()| charges.set_aside(order, 1)), [Some(CHARGE), None]);
        assert!(!charges.charge(order, 1, CHARGE), "who is late gives back by itself");
        assert!(charges.charge_again(order, 1, less));
        assert_eq!(charges.set_aside(order, 1), Some(less));
        assert_eq!(charges.settle(order, 1), None);
        assert_eq!(charges.set_aside(order, 1), None);
        assert!(!charges.charge_again(order, 1, less), "that is over");
        assert_eq!(charges.set_aside(order, 2), None, "before it is charged");
        assert!(!charges.charge(order, 2, less));
        assert!(charges.charge_again(order, 2, less));
        assert!(!charges.charge_again(order, 1, less));
        assert_eq!(charges.settle(order, 2), Some(less));
    }

    #[test]
    fn who_is_late_finds_it_settled_or_of_another() {
        let (charges, order) = (Charges::new(1), OrderId::new(0, 1));
        assert_eq!(charges.settle(order, 1), None);
        assert!(!charges.charge(order, 1, CHARGE), "it gives back by itself");
        let next = OrderId::new(0, 2);
        assert!(charges.charge(next, 1, CHARGE));
        assert!(!charges.charge(order, 2, CHARGE));
        assert_eq!(charges.settle(next, 1), Some(CHARGE));
    }
}
