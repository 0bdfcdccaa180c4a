//! Dice: random streams, laws of durations, arrivals and choices, the same on every machine.
//!
//! One seed gives one simulation, byte for byte. So the generator is a named one, and everything
//! made from its numbers uses only operations that IEEE 754 fixes to the last bit: `+ − × ÷ √`.
//! Logarithm and exponential are this crate's own ([`exact`]), because those of the platform differ
//! in the last bit between systems. What comes out of a stream is part of the contract and changes
//! only together with [`STREAM_VERSION`].
//!
//! Days are compared best under common dice: the same day with one window more should meet the same
//! people. Therefore every purpose has a stream of its own, and what belongs to an order (service,
//! class, duration, patience) is to be drawn at its arrival, whatever happens to it later.

mod arrivals;
mod choice;
mod exact;
mod law;
mod stream;

pub use arrivals::{Arrivals, ArrivalsError, Slot, Steady};
pub use choice::{Choice, ChoiceError};
pub use law::{Law, LawError, Sampler};
pub use stream::{Purpose, STREAM_VERSION, Stream};
