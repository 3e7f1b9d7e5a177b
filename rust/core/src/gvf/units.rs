//! Fields of the ground view in whole numbers: sums of them are exact, so they depend neither on
//! their order nor on the engine (G 7.9).

use super::geometry::QUADRANTS;

/// Most cells of a field that are ever summed up: all steps of all directions of a quadrant.
fn summed(far: usize) -> f64 {
    let most = QUADRANTS.iter().map(ExactSizeIterator::len).max();
    (most.unwrap_or(1) * far) as f64
}

/// What one of a field's whole numbers stands for: a power of two of the field's own unit.
///
/// It follows from a bound and from the reach of the view, never from values of a raster, so that
/// tiles count in the same unit as the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// One is 2^−exponent.
    exponent: i32,
}

impl Unit {
    /// The smallest unit in which no sum over a quadrant of values up to `bound` overflows.
    ///
    /// # Panics
    /// If `bound` is not a number, or infinite.
    #[must_use]
    pub fn new(bound: f64, far: usize) -> Self {
        assert!(bound.is_finite(), "bound of the ground view: {bound}");
        // One more for the rounding of every cell.
        let fits = |exponent: i32| {
            (bound.abs() * 2.0_f64.powi(exponent) + 1.0) * summed(far) <= f64::from(i32::MAX)
        };
        let exponent = (Self::COARSEST..=Self::FINEST).rev().find(|&e| fits(e));
        Self {
            exponent: exponent.unwrap_or(Self::COARSEST),
        }
    }

    /// One is one.
    pub const ONE: Self = Self { exponent: 0 };
    /// Finer than this nothing is told apart from nothing.
    const FINEST: i32 = 40;
    /// Fits any finite f32.
    const COARSEST: i32 = -126;

    /// Size of one.
    #[must_use]
    pub fn size(self) -> f64 {
        2.0_f64.powi(-self.exponent)
    }

    /// How many there are to one of the field's own unit.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a power of two")]
    pub fn per_one(self) -> f32 {
        2.0_f64.powi(self.exponent) as f32
    }
}

/// The whole number next to a value that is counted in units already. Twin of `whole` in
/// `shaders/emission.wgsl`.
#[inline(always)]
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded, and bounded by the unit"
)]
pub fn whole(units: f32) -> i32 {
    units.round_ties_even() as i32
}
