//! Numbers on tickets (号码): for people to read, never to sort by.
//!
//! What a ticket *is* is its [`TicketId`]; its number is unique in (hall, day, prefix). Numbers begin
//! with 1 each day and are integers inside; only what is printed wraps and has zeros in front.

use std::fmt;

use super::TicketRules;
use crate::calendar::Day;

/// A ticket (排队号): slot and generation, like [`OrderId`](crate::OrderId).
///
/// It is the tag of the ticket's order, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TicketId(u64);

impl TicketId {
    pub(super) const fn new(slot: u32, generation: u32) -> Self {
        Self((generation as u64) << 32 | slot as u64)
    }

    pub(super) const fn slot(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }

    /// The id as an integer: the tag of its order.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The id that [`TicketId::to_bits`] came from; any other integer names no ticket.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ticket {}.{}", self.0 & 0xffff_ffff, self.0 >> 32)
    }
}

/// A number of one day: which prefix, and the how-manieth with it. Sorts by day, prefix, serial.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Number {
    /// The business day.
    pub day: Day,
    /// Which prefix: position in [`TicketRules::prefixes`].
    pub prefix: u16,
    /// From 1, each day and prefix. Goes on where what is printed wraps.
    pub serial: u32,
}

impl TicketRules {
    /// What is printed on the ticket: `V023`.
    #[must_use]
    pub fn text_of(&self, number: Number) -> String {
        let prefix = self.prefixes().get(usize::from(number.prefix)).map_or("", String::as_str);
        let (digits, wraps_at) = (usize::from(self.draft.digits), self.draft.wraps_at);
        let shown = match wraps_at {
            0 => number.serial,
            _ => number.serial.saturating_sub(1) % wraps_at + 1,
        };
        format!("{prefix}{shown:0digits$}")
    }
}
