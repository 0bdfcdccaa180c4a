//! A number that belongs to one life of a slot.
//!
//! A thread may be interrupted in the middle of a verb, the order closed by another, and the slot
//! filled with a new order before the thread goes on. Whatever it writes then must not touch the new
//! order. So every field that changes during a life carries the low bits of the life's generation in the
//! same word, and is changed by compare-and-swap only: a late write finds the wrong tag and stops.
//!
//! | bits  | 63..20 | 19..0                      |
//! |-------|--------|----------------------------|
//! | field | value  | generation, low 20 bits    |
//!
//! A tag comes back after 1,048,576 lives of one slot; a thread would have to sleep through all of them
//! inside one verb.

use std::sync::atomic::Ordering::Relaxed;

use crate::sync::AtomicU64;

const TAG_BITS: u32 = 20;
const TAG: u64 = (1 << TAG_BITS) - 1;
/// The largest value a cell holds: 44 bits, 557 years of milliseconds.
pub(crate) const VALUE_MAX: u64 = u64::MAX >> TAG_BITS;

/// A 44-bit value, valid in one life of its slot.
#[derive(Debug, Default)]
pub(crate) struct Cell(AtomicU64);

/// The slot has begun another life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OtherLife;

impl Cell {
    /// Begins a life. Only the thread that fills the slot may call this.
    #[inline]
    pub(crate) fn begin(&self, generation: u32, value: u64) {
        // Ordering: Relaxed. Published by the claim word's `open`, edge "fill".
        self.0.store(pack(generation, value), Relaxed);
    }

    /// The value, if the slot is still in that life.
    #[inline]
    pub(crate) fn get(&self, generation: u32) -> Result<u64, OtherLife> {
        // Ordering: Relaxed. The tag says whether the value belongs to the life asked about; the value
        // itself is published by the claim word (edges "fill" and "hand-over") or is a hint.
        let word = self.0.load(Relaxed);
        if same_life(word, generation) { Ok(word >> TAG_BITS) } else { Err(OtherLife) }
    }

    /// Sets the value, if the slot is still in that life.
    #[inline]
    pub(crate) fn set(&self, generation: u32, value: u64) -> Result<(), OtherLife> {
        self.change(generation, |_| Some(value)).map(|_| ())
    }

    /// Changes the value to what `f` makes of it, unless that is `None`; returns the value before.
    ///
    /// Lock-free: a failed swap means that another thread's succeeded.
    #[inline]
    pub(crate) fn change(
        &self,
        generation: u32,
        mut f: impl FnMut(u64) -> Option<u64>,
    ) -> Result<u64, OtherLife> {
        // Ordering: Relaxed throughout, for the reason given in `get`: one word, checked by its tag,
        // guarding no other data.
        let mut seen = self.0.load(Relaxed);
        loop {
            if !same_life(seen, generation) {
                return Err(OtherLife);
            }
            let value = seen >> TAG_BITS;
            let Some(next) = f(value) else { return Ok(value) };
            match self.0.compare_exchange_weak(seen, pack(generation, next), Relaxed, Relaxed) {
                Ok(_) => return Ok(value),
                Err(now) => seen = now,
            }
        }
    }
}

#[inline]
fn pack(generation: u32, value: u64) -> u64 {
    value.min(VALUE_MAX) << TAG_BITS | u64::from(generation) & TAG
}

#[inline]
fn same_life(word: u64, generation: u32) -> bool {
    word & TAG == u64::from(generation) & TAG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_write_does_not_touch_the_next_life() {
        let cell = Cell::default();
        cell.begin(4, 10);
        assert_eq!(cell.change(4, |v| Some(v + 1)), Ok(10));
        cell.begin(5, 20);
        assert_eq!(cell.set(4, 99), Err(OtherLife));
        assert_eq!(cell.get(5), Ok(20));
    }

    #[test]
    fn nothing_is_written_when_the_change_is_declined() {
        let cell = Cell::default();
        cell.begin(1, 7);
        assert_eq!(cell.change(1, |_| None), Ok(7));
        assert_eq!(cell.get(1), Ok(7));
    }

    #[test]
    fn a_value_past_the_end_of_time_is_the_end_of_time() {
        let cell = Cell::default();
        cell.begin(1, u64::MAX);
        assert_eq!(cell.get(1), Ok(VALUE_MAX));
    }
}
