//! An exponential that the compiler can put into vectors, alike on every machine.

use std::f64::consts::LOG2_E;

/// 1.5 · 2⁵²: what is added to it is rounded to a whole number, which its last bits then hold.
const WHOLE: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts, the first of few digits (Cody & Waite 1980).
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Bits of the mantissa, and what is added to an exponent.
const MANTISSA: u32 = 52;
const BIAS: u64 = 1023;
/// Terms of the series; |r| ≤ ln 2 / 2 leaves less than 1e-16.
const TERMS: usize = 14;

/// 1 / k!.
const SERIES: [f64; TERMS] = {
    let mut found = [1.0; TERMS];
    let mut k = 1;
    while k < TERMS {
        found[k] = found[k - 1] / k as f64;
        k += 1;
    }
    found
};

/// eˣ for −700 < x < 700, within some 1e-15 of it; NaN of NaN.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let whole = x * LOG2_E + WHOLE;
    let k = whole - WHOLE;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut sum = SERIES[TERMS - 1];
    let mut i = TERMS - 1;
    while i > 0 {
        i -= 1;
        sum = sum * r + SERIES[i];
    }
    sum * f64::from_bits(whole.to_bits().wrapping_add(BIAS) << MANTISSA)
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn it_is_the_exponential() {
        for i in -6_900..6_900 {
            let x = 0.1 * f64::from(i) + 0.037;
            assert!((exp(x) / x.exp() - 1.0).abs() < 2e-15, "{x}");
        }
        assert!(exp(f64::NAN).is_nan());
        assert_eq!(exp(0.0), 1.0);
    }
}
