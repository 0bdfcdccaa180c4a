//! One stream of random numbers per seed, replication and purpose.

use super::exact;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Changes whenever the same seed gives other numbers than before, so that results can say which
/// dice they were thrown with.
pub const STREAM_VERSION: u32 = 1;

/// What a stream is for. Each purpose has numbers of its own, so that drawing one thing more does
/// not change the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u32)]
pub enum Purpose {
    /// When orders arrive.
    Arrivals = 1,
    /// Which service an arriving order asks for.
    Service = 2,
    /// Which class an arriving order belongs to.
    Class = 3,
    /// How long serving it takes.
    Duration = 4,
    /// How long a person waits before leaving.
    Patience = 5,
    /// What clerks do by chance: breaks, answering late.
    Clerks = 6,
    /// Incidents: a window fails, a system is down.
    Incidents = 7,
}

/// A stream of random numbers.
///
/// The generator is xoshiro256++. Its state is four outputs of SplitMix64 started at
/// `mix(mix(mix(seed) ^ replication) ^ purpose)`, where `mix` is SplitMix64's step.
///
/// Source: D. Blackman, S. Vigna, Scrambled linear pseudorandom number generators, ACM TOMS 47
/// (2021); G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of one purpose in one replication (a simulated day) of one seed.
    #[must_use]
    pub fn new(seed: u64, replication: u64, purpose: Purpose) -> Self {
        let mut state = mix(mix(mix(seed) ^ replication) ^ u64::from(purpose as u32));
        let mut bytes = [0; 32];
        for word in bytes.chunks_exact_mut(8) {
            word.copy_from_slice(&mix(state).to_le_bytes());
            state = state.wrapping_add(GOLDEN);
        }
        Self(Xoshiro256PlusPlus::from_seed(bytes))
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform on [0, 1): a multiple of 2⁻⁵³.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        float(self.bits() >> 11) * TWO_TO_MINUS_53
    }

    /// Exponential with mean 1, by inversion: −ln u with u uniform on (0, 1]. At most 36.7.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -exact::ln(float((self.bits() >> 11) + 1) * TWO_TO_MINUS_53)
    }

    /// Standard normal, by inversion, from one draw of 52 bits. Never beyond ±8.3.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        exact::normal_quantile((float(self.bits() >> 12) + 0.5) * (2.0 * TWO_TO_MINUS_53))
    }
}

const TWO_TO_MINUS_53: f64 = 1.0 / 9_007_199_254_740_992.0;
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's step: the output of a generator whose state is `x`.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(GOLDEN);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

/// An integer of at most 53 bits as a float, which holds it exactly.
#[expect(clippy::cast_precision_loss, reason = "callers shift to at most 2^53")]
fn float(bits: u64) -> f64 {
    bits as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_has_its_published_values() {
        // Source: the reference implementation's first outputs for the seed 1234567.
        let first: Vec<_> =
            (0..3).map(|i| mix(1_234_567_u64.wrapping_add(GOLDEN.wrapping_mul(i)))).collect();
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(first, published);
    }

    #[test]
    fn streams_differ_by_seed_replication_and_purpose() {
        let first = |seed, replication, purpose| Stream::new(seed, replication, purpose).bits();
        let mut all = vec![];
        for seed in 0..10 {
            for replication in 0..10 {
                all.push(first(seed, replication, Purpose::Arrivals));
                all.push(first(seed, replication, Purpose::Duration));
            }
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 200);
    }

    #[test]
    fn the_ends_of_the_unit_interval_are_safe() {
        assert_eq!(exact::ln(float(1 << 53) * TWO_TO_MINUS_53), 0.0);
        assert!((float(u64::MAX >> 12) + 0.5) * (2.0 * TWO_TO_MINUS_53) < 1.0);
    }
}
