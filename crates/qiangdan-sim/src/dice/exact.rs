//! Logarithm, exponential and the inverse of the normal distribution from `+ − × ÷ √` alone.
//!
//! Source: `ln` and `exp` follow fdlibm's `e_log.c` and `e_exp.c`, whose notice reads: Copyright (C)
//! 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunSoft, a Sun Microsystems,
//! Inc. business. Permission to use, copy, modify, and distribute this software is freely granted,
//! provided that this notice is preserved. `normal_quantile` is M. J. Wichura, Algorithm AS 241,
//! Applied Statistics 37 (1988), PPND16.

#![expect(clippy::excessive_precision, reason = "coefficients as published")]

// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238_164_90e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;

const MANTISSA_BITS: u32 = 52;
const EXPONENT_BIAS: i64 = 1023;

/// The natural logarithm of a positive, normal number, to within one unit in the last place.
#[expect(clippy::cast_possible_wrap, reason = "the sign bit of a positive number is zero")]
#[inline]
pub(super) fn ln(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0);
    // x = 2^k · (1 + f) with 1 + f between √½ and √2.
    const SQRT_HALF_HIGH: u64 = 0x3fe6_a09e_0000_0000;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let bits = x.to_bits() + (ONE - SQRT_HALF_HIGH);
    let k = (bits >> MANTISSA_BITS) as i64 - EXPONENT_BIAS;
    let mantissa = (bits & ((1 << MANTISSA_BITS) - 1)) + SQRT_HALF_HIGH;
    let f = f64::from_bits(mantissa) - 1.0;

    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = w
        * (3.999_999_999_940_941_908e-1
            + w * (2.222_219_843_214_978_396e-1 + w * 1.531_383_769_920_937_332e-1));
    let even = z
        * (6.666_666_666_666_735_130e-1
            + w * (2.857_142_874_366_239_149e-1
                + w * (1.818_357_216_161_805_012e-1 + w * 1.479_819_860_511_658_591e-1)));
    let k = small_float(k);
    s * (half_square + (odd + even)) + k * LN_2_LOW - half_square + f + k * LN_2_HIGH
}

/// e to the power of `x`, to within one unit in the last place; 0 below −700, infinite above 700.
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    // The true range is a little wider. Staying inside keeps every result a normal number.
    if x > 700.0 {
        return f64::INFINITY;
    }
    if x < -700.0 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round();
    let high = x - k * LN_2_HIGH;
    let low = k * LN_2_LOW;
    let r = high - low;
    let z = r * r;
    let c = r - z
        * (1.666_666_666_666_660_190_37e-1
            + z * (-2.777_777_777_701_559_338_42e-3
                + z * (6.613_756_321_437_934_361_17e-5
                    + z * (-1.653_390_220_546_525_153_90e-6
                        + z * 4.138_136_797_057_238_460_39e-8))));
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    y * power_of_two(k)
}

/// The point below which a standard normal variable falls with probability `p`, 0 < p < 1.
#[inline]
pub(super) fn normal_quantile(p: f64) -> f64 {
    debug_assert!(p > 0.0 && p < 1.0);
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(r, &CENTRE_ABOVE) / horner(r, &CENTRE_BELOW);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let size = if r <= 5.0 {
        horner(r - 1.6, &SHOULDER_ABOVE) / horner(r - 1.6, &SHOULDER_BELOW)
    } else {
        horner(r - 5.0, &TAIL_ABOVE) / horner(r - 5.0, &TAIL_BELOW)
    };
    if q < 0.0 { -size } else { size }
}

fn horner(x: f64, coefficients: &[f64; 8]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, &coefficient| sum * x + coefficient)
}

/// An exponent as a float, which holds it exactly.
#[expect(clippy::cast_precision_loss, reason = "exponents are below 2048")]
fn small_float(k: i64) -> f64 {
    k as f64
}

#[expect(clippy::cast_possible_truncation, reason = "|k| is at most 1010, see `exp`")]
#[expect(clippy::cast_sign_loss, reason = "k + 1023 is positive")]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits(((k as i64 + EXPONENT_BIAS) as u64) << MANTISSA_BITS)
}

// Coefficients of AS 241, lowest power first.
const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_608_0,
    1.331_416_678_917_843_774_5e2,
    1.971_590_950_306_551_442_7e3,
    1.373_169_376_550_946_112_5e4,
    4.592_195_393_154_987_145_7e4,
    6.726_577_092_700_870_085_3e4,
    3.343_057_558_358_812_810_5e4,
    2.509_080_928_730_122_672_7e3,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    4.231_333_070_160_091_125_2e1,
    6.871_870_074_920_579_083_0e2,
    5.394_196_021_424_751_107_7e3,
    2.121_379_430_158_659_586_7e4,
    3.930_789_580_009_271_061_0e4,
    2.872_908_573_572_194_267_4e4,
    5.226_495_278_852_854_561_0e3,
];
const SHOULDER_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_577_34,
    4.630_337_846_156_545_295_90,
    5.769_497_221_460_691_405_50,
    3.647_848_324_763_204_605_04,
    1.270_458_252_452_368_382_58,
    2.417_807_251_774_506_117_70e-1,
    2.272_384_498_926_918_458_33e-2,
    7.745_450_142_783_414_076_40e-4,
];
const SHOULDER_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_758_821_87,
    1.676_384_830_183_803_849_40,
    6.897_673_349_851_000_045_50e-1,
    1.481_039_764_274_800_745_90e-1,
    1.519_866_656_361_645_719_66e-2,
    5.475_938_084_995_344_946_00e-4,
    1.050_750_071_644_416_843_24e-9,
];
const TAIL_ABOVE: [f64; 8] = [
    6.657_904_643_501_103_777_20,
    5.463_784_911_164_114_369_90,
    1.784_826_539_917_291_335_80,
    2.965_605_718_285_048_912_30e-1,
    2.653_218_952_657_612_309_30e-2,
    1.242_660_947_388_078_438_60e-3,
    2.711_555_568_743_487_578_15e-5,
    2.010_334_399_292_288_132_65e-7,
];
const TAIL_BELOW: [f64; 8] = [
    1.0,
    5.998_322_065_558_879_376_90e-1,
    1.369_298_809_227_358_053_10e-1,
    1.487_536_129_085_061_485_25e-2,
    7.868_691_311_456_132_591_00e-4,
    1.846_318_317_510_054_681_80e-5,
    1.421_511_758_316_445_888_70e-7,
    2.044_263_103_389_939_785_64e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_near(found: f64, expected: f64, units: f64) {
        let error = (found - expected).abs();
        assert!(
            error <= units * f64::EPSILON * expected.abs().max(f64::MIN_POSITIVE),
            "{found:e} is not {expected:e}"
        );
    }

    #[test]
    fn logarithm_and_exponential_agree_with_the_platform() {
        for i in 1..20_000_i32 {
            let x = f64::from(i) / 10_007.0;
            check_near(ln(x), x.ln(), 1.0);
            check_near(ln(x * 1e-15), (x * 1e-15).ln(), 1.0);
            check_near(exp(x * 300.0), (x * 300.0).exp(), 1.5);
            check_near(exp(-x * 300.0), (-x * 300.0).exp(), 1.5);
        }
        assert_eq!((ln(1.0), exp(0.0)), (0.0, 1.0));
    }

    // Source: the check values printed with AS 241, and tables of the normal distribution.
    #[test]
    fn the_normal_quantile_has_its_published_values() {
        check_near(normal_quantile(0.25), -0.674_489_750_196_081_7, 4.0);
        check_near(normal_quantile(0.001), -3.090_232_306_167_813_5, 4.0);
        check_near(normal_quantile(1e-20), -9.262_340_089_798_408, 4.0);
        check_near(normal_quantile(0.975), 1.959_963_984_540_054, 4.0);
        assert_eq!(normal_quantile(0.5), 0.0);
    }
}
