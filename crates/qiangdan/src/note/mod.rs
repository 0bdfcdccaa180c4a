//! Notes (备注): what only some orders have is a list of notes. Who may not take an order, and until
//! when; who should; how often it was called, handed on, offered and missed; where it was moved.
//!
//! Notes are only ever added, and everything is computed from the list ([`Notes`]). They are kept while
//! the order's slot is, in a ledger of which `Bounds::notes` says how much room it has.

mod reading;

pub use reading::Notes;
pub(crate) use reading::{Bearing, May, Sum};

use crate::{ClerkId, Mono, PoolId};

/// One note (备注) on an order: two words.
///
/// | word | bits    | what                                                                    |
/// |------|---------|-------------------------------------------------------------------------|
/// | 0    | 63..20  | from when on it holds, in milliseconds of [`Mono`]                      |
/// | 0    | 19..8   | a reason                                                                |
/// | 0    | 7..0    | the kind, from 1; so two words of zeros are no note                     |
/// | 1    | 63..20  | until when it holds, in milliseconds of [`Mono`]; all ones for ever     |
/// | 1    | 19..0   | a clerk, a pool plus one or zero, or an epoch                           |
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Note {
    /// When it was made, or from when on it holds.
    pub at: Mono,
    /// What it says.
    pub says: Says,
}

/// Kinds of notes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Says {
    /// This clerk may not take the order.
    Excluded {
        /// Who.
        clerk: ClerkId,
        /// Why.
        why: Why,
        /// Until when: from that instant on they may again. `None` is for good.
        until: Option<Mono>,
    },
    /// This clerk alone may take the order (一对一, 专家号). Of several such notes the last one counts.
    Preferred {
        /// Who.
        clerk: ClerkId,
        /// Until when; then anybody may, who may take it otherwise. `None` is for good.
        until: Option<Mono>,
    },
    /// The person was called again (重呼).
    Recalled {
        /// By whom.
        clerk: ClerkId,
    },
    /// The order was handed on (转办).
    HandedOn {
        /// By whom.
        clerk: ClerkId,
    },
    /// The order was given back.
    PutBack {
        /// By whom.
        clerk: ClerkId,
    },
    /// The order was offered (派单).
    Offered {
        /// To whom.
        clerk: ClerkId,
    },
    /// An offer was not answered.
    Missed {
        /// By whom.
        clerk: ClerkId,
    },
    /// The order waits in this pool from now on, in place of its service's. Of several the last counts.
    Moved {
        /// Which; `None` is where its service has it wait.
        pool: Option<PoolId>,
    },
    /// Whoever holds the order has longer to begin.
    Renewed {
        /// In which claim.
        epoch: u16,
        /// Until when.
        until: Mono,
    },
}

/// Why a clerk may not take an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Why {
    /// A relation to the matter or the person (回避).
    Recusal,
    /// They received it, and who received it does not review it (受审分离).
    Received,
    /// They declined it when it was offered.
    Declined,
    /// They did not answer when it was offered.
    Missed,
    /// They gave it back.
    GaveBack,
}

impl Why {
    const ALL: [Self; 5] =
        [Self::Recusal, Self::Received, Self::Declined, Self::Missed, Self::GaveBack];

    /// Whether it is a rest only: with nobody else signed in who could take the order, it does not
    /// count.
    #[must_use]
    pub const fn is_soft(self) -> bool {
        match self {
            Self::Recusal | Self::Received => false,
            Self::Declined | Self::Missed | Self::GaveBack => true,
        }
    }
}

const AT_SHIFT: u32 = 20;
const REASON_SHIFT: u32 = 8;
const NEVER: u64 = u64::MAX >> AT_SHIFT;
const LOW: u64 = (1 << AT_SHIFT) - 1;

impl Note {
    /// A note made at an instant.
    #[must_use]
    pub const fn new(at: Mono, says: Says) -> Self {
        Self { at, says }
    }

    /// As two words, never both zero. An instant that does not fit becomes the last that does.
    pub(crate) fn pack(self) -> [u64; 2] {
        let for_good = None::<Mono>;
        let (kind, reason, until, of) = match self.says {
            Says::Excluded { clerk, why, until } => (1, why as u64, until, clerk.0),
            Says::Preferred { clerk, until } => (2, 0, until, clerk.0),
            Says::Recalled { clerk } => (3, 0, for_good, clerk.0),
            Says::HandedOn { clerk } => (4, 0, for_good, clerk.0),
            Says::PutBack { clerk } => (5, 0, for_good, clerk.0),
            Says::Offered { clerk } => (6, 0, for_good, clerk.0),
            Says::Missed { clerk } => (7, 0, for_good, clerk.0),
            Says::Moved { pool } => (8, 0, for_good, pool.map_or(0, |pool| u32::from(pool.0) + 1)),
            Says::Renewed { epoch, until } => (9, 0, Some(until), u32::from(epoch)),
        };
        let until = until.map_or(NEVER, |until| until.0.min(NEVER - 1));
        let at = self.at.0.min(NEVER - 1);
        [at << AT_SHIFT | reason << REASON_SHIFT | kind, until << AT_SHIFT | u64::from(of) & LOW]
    }

    /// The note that two words came from; none if they came from no note.
    pub(crate) fn unpack([first, second]: [u64; 2]) -> Option<Self> {
        let until = Some(second >> AT_SHIFT).filter(|&until| until != NEVER).map(Mono);
        let of = u32::try_from(second & LOW).ok()?;
        let clerk = ClerkId(of);
        let reason = usize::try_from(first >> REASON_SHIFT & 0xfff).ok()?;
        let says = match first & 0xff {
            1 => Says::Excluded { clerk, why: *Why::ALL.get(reason)?, until },
            2 => Says::Preferred { clerk, until },
            3 => Says::Recalled { clerk },
            4 => Says::HandedOn { clerk },
            5 => Says::PutBack { clerk },
            6 => Says::Offered { clerk },
            7 => Says::Missed { clerk },
            8 => {
                let pool = of.checked_sub(1).map(u16::try_from).transpose().ok()?;
                Says::Moved { pool: pool.map(PoolId) }
            }
            9 => Says::Renewed { epoch: u16::try_from(of).ok()?, until: until? },
            _ => return None,
        };
        Some(Self { at: Mono(first >> AT_SHIFT), says })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_what_was_written() {
        let clerk = ClerkId((1 << AT_SHIFT) - 2);
        let mut all = vec![
            Says::Recalled { clerk },
            Says::HandedOn { clerk },
            Says::PutBack { clerk },
            Says::Offered { clerk },
            Says::Missed { clerk },
            Says::Moved { pool: Some(PoolId(u16::MAX)) },
            Says::Moved { pool: None },
            Says::Renewed { epoch: u16::MAX, until: Mono(3) },
        ];
        for until in [None, Some(Mono(0)), Some(Mono(NEVER - 1))] {
            all.extend(Why::ALL.map(|why| Says::Excluded { clerk, why, until }));
            all.push(Says::Preferred { clerk, until });
        }
        for says in all {
            for at in [Mono(0), Mono(NEVER - 1)] {
                let note = Note::new(at, says);
                assert_eq!(Note::unpack(note.pack()), Some(note));
            }
        }
        assert_eq!(Note::unpack([0, 0]), None);
        let late = Says::Preferred { clerk, until: Some(Mono(u64::MAX)) };
        let last = Says::Preferred { clerk, until: Some(Mono(NEVER - 1)) };
        assert_eq!(Note::unpack(Note::new(Mono(1), late).pack()), Some(Note::new(Mono(1), last)));
    }
}
