//! Dice: random streams, laws of durations, arrivals and choices, the same on every machine.
//!
//! One seed gives one simulation, byte for byte. So the generator is a named one, and everything
//! made from its numbers uses only operations that IEEE 754 fixes to the last bit: `+ − × ÷ √`.
//! Logarithm and exponential are this crate's own (`exact.rs`), because those of the platform differ
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The first five of each kind for the seed 20,250,303 and replication 7. If this fails, either
    /// undo the change or raise [`STREAM_VERSION`]: every recorded figure was thrown with these dice.
    ///
    /// Bits, exponential and lognormal agree to the last digit with a program of twenty lines in
    /// another language, written from the documentation of [`Stream`].
    #[test]
    fn one_seed_gives_the_same_numbers_everywhere() {
        let stream = |purpose| Stream::new(20_250_303, 7, purpose);
        let durations = |law: Law| {
            let (sampler, mut stream) = (law.sampler().unwrap(), stream(Purpose::Duration));
            [(); 5].map(|()| sampler.draw_ms(&mut stream))
        };
        let mean_ms = 1e12;
        assert_eq!(STREAM_VERSION, 1);
        let mut bits = stream(Purpose::Arrivals);
        assert_eq!(
            [(); 2].map(|()| bits.bits()),
            [16_905_521_508_658_504_742, 13_818_512_455_852_481_526]
        );
        assert_eq!(
            durations(Law::Exponential { mean_ms }),
            [
                1_554_669_668_368,
                472_406_935_820,
                2_178_745_973_097,
                3_599_456_643_261,
                1_917_752_638_866
            ]
        );
        assert_eq!(
            durations(Law::Lognormal { mean_ms, cv: 0.7 }),
            [493_674_621_724, 999_331_978_068, 381_614_998_861, 243_473_191_810, 422_216_909_043]
        );
        assert_eq!(
            durations(Law::Gamma { mean_ms, cv: 0.7 }),
            [421_025_012_366, 276_522_273_263, 328_479_407_290, 976_865_010_904, 730_147_619_248]
        );
        assert_eq!(
            durations(Law::Gamma { mean_ms, cv: 1.5 }),
            [7_723_376_187, 11_305_305_622, 455_295_259_786, 555_021_760, 30_837_451_633]
        );
        let slots = vec![
            Slot { from_ms: 0, to_ms: 1_000_000_000, expected: 2.0 },
            Slot { from_ms: 1_000_000_000, to_ms: 2_000_000_000, expected: 200.0 },
        ];
        let arrivals = Arrivals::new(slots, stream(Purpose::Arrivals)).unwrap();
        assert_eq!(
            arrivals.take(5).collect::<Vec<_>>(),
            [43_623_798, 188_063_151, 277_499_828, 369_960_816, 630_472_060]
        );
        let steady = Steady::new(1e9, stream(Purpose::Arrivals));
        assert_eq!(
            steady.take(5).collect::<Vec<_>>(),
            [87_247_596, 376_126_303, 554_999_657, 739_921_632, 1_260_944_121]
        );
        let (choice, mut services) =
            (Choice::new(&[3.0, 1.0, 2.0]).unwrap(), stream(Purpose::Service));
        assert_eq!([(); 5].map(|()| choice.draw(&mut services)), [2, 0, 0, 0, 0]);
    }
}
