//! Timers: a million slots, each with one instant that may be set anew or never come.
//!
//! [`Clocks`] is what is compared. Ours is [`wheel`]; the others are what one would take first. All
//! fire by number of slot, and each asks nothing of the order: the time that firing an order takes is
//! the engine's, not the timer's.

use qiangdan_sync::WheelDriver;

pub mod heap;
pub mod queue;
pub mod tree;
pub mod wheel;
pub mod wheel_of_others;

/// A set of timers, one for each slot, of which one thread has all.
pub trait Clocks {
    /// For slots below `slots`, at instant 0.
    fn new(slots: u32) -> Self;

    /// Arms a slot that is not armed.
    fn arm(&mut self, slot: u32, due_ms: u64);

    /// Arms a slot anew that is armed.
    fn arm_anew(&mut self, slot: u32, due_ms: u64);

    /// Lets what a slot is armed for not come.
    fn cancel(&mut self, slot: u32);

    /// Fires what is due at `now_ms`, about [`STEP`] at most if it can be told to stop. How many, and
    /// whether that was all.
    fn advance(&mut self, now_ms: u64) -> (usize, bool);
}

/// The most steps of one call of `advance`: half of the engine's own budget, for who wants short calls.
pub const STEP: usize = WheelDriver::STEPS / 2;
