//! Two ways to the exponential function: the library's, and one that is part of the loop it stands in,
//! so that cells go side by side in vectors.

/// A way to e to some power.
pub(super) trait Exponential {
    /// e to the power of `x`.
    fn exp(x: f64) -> f64;
}

/// The library's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Library;

impl Exponential for Library {
    #[inline(always)]
    fn exp(x: f64) -> f64 {
        x.exp()
    }
}

/// In line: to 1e-14 of the value, for powers from −700 to 700.
#[derive(Clone, Copy, Debug)]
pub(super) struct InLine;

/// Adding it rounds to whole numbers, which are then the last bits of the sum.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// ln 2, first the digits that multiples of it hold without rounding.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
/// 1 / 11!, 1 / 10!, …, 1 / 0!.
const SERIES: [f64; 12] = [
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
    1.0,
];

impl Exponential for InLine {
    #[inline(always)]
    fn exp(x: f64) -> f64 {
        let shifted = x * std::f64::consts::LOG2_E + ROUNDING;
        let doublings = shifted - ROUNDING;
        let rest = (x - doublings * LN_2[0]) - doublings * LN_2[1];
        let mut series = 0.0;
        for term in SERIES {
            series = series * rest + term;
        }
        // The exponent of a number lies above its 52 other bits and counts from 1023.
        series * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_line_it_is_the_library_s() {
        for i in -7000..=7000 {
            let x = 0.1 * f64::from(i);
            let apart = (InLine::exp(x) / Library::exp(x) - 1.0).abs();
            assert!(apart < 1e-14, "{x}: {apart}");
        }
        assert_eq!(InLine::exp(0.0), 1.0);
    }
}
