//! Fields of the ground view in whole numbers: sums of them are exact, so they depend neither on
//! their order nor on the engine (G 7.9).

use super::geometry::QUADRANTS;

/// Most cells of a field that are ever summed up: all steps of all directions of a quadrant.
fn summed(far: usize) -> f64 {
    let most = QUADRANTS.iter().map(ExactSizeIterator::len).max();
    (most.unwrap_or(1) * far) as f64
}

/// Most units between the least and the largest number of which `longest` fit 16 bits.
fn narrow_span(longest: usize) -> i32 {
    i32::from(u16::MAX) / i32::try_from(longest.max(1)).unwrap_or(i32::MAX)
}

/// What a field's whole number 1 stands for, in the field's own unit.
///
/// It follows from bounds and from the reach of the view, never from values of a raster, so that
/// tiles count in the same unit as the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    size: f64,
}

impl Unit {
    /// The smallest power of two in which no sum over a quadrant of values up to `bound` overflows 32
    /// bits.
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
        let exponent = (COARSEST..=FINEST).rev().find(|&e| fits(e));
        Self {
            size: 2.0_f64.powi(-exponent.unwrap_or(COARSEST)),
        }
    }

    /// The smallest in which sums along half a direction of values from `least` to `most` fit 16
    /// bits, counted from the least; `None` if rounding to it moves a value farther than `error`.
    pub(super) fn narrow(
        [least, most]: [f64; 2],
        [far, longest]: [usize; 2],
        error: f64,
    ) -> Option<Self> {
        // One less for the rounding of both ends.
        let span = narrow_span(longest) - 1;
        let size = ((most - least) / f64::from(span)).max(2.0_f64.powi(-FINEST));
        // In larger numbers than that the sums over a quadrant overflow 32 bits.
        let farthest = least.abs().max(most.abs()) / size;
        let fits = (farthest + 1.0) * summed(far) <= f64::from(i32::MAX);
        (span > 0 && fits && 0.5 * size <= error).then_some(Self { size })
    }

    /// Size of one.
    #[must_use]
    pub fn size(self) -> f64 {
        self.size
    }

    /// How many there are to one of the field's own unit.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a factor of f32 values")]
    pub fn per_one(self) -> f32 {
        (1.0 / self.size) as f32
    }
}

/// Units finer than 2^−40 tell nothing apart.
const FINEST: i32 = 40;
/// 2^126 fits any finite f32.
const COARSEST: i32 = -126;

/// How a field is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// What 1 stands for.
    pub unit: Unit,
    /// No cell sends less.
    pub least: i32,
    /// No cell sends more.
    pub most: i32,
}

impl Counted {
    /// Values of a raster, none farther from 0 than `bound`: 32 bits.
    #[must_use]
    pub fn wide(bound: f64, far: usize) -> Self {
        let unit = Unit::new(bound, far);
        let most = nearest(bound.abs() / unit.size()) + 1;
        Self {
            unit,
            least: -most,
            most,
        }
    }

    /// Just these whole numbers, and 0.
    #[must_use]
    pub fn exactly(unit: Unit, numbers: impl Iterator<Item = i32> + Clone) -> Self {
        Self {
            unit,
            least: numbers.clone().fold(0, i32::min),
            most: numbers.fold(0, i32::max),
        }
    }

    /// Whether sums of the `longest` part of a direction fit 16 bits, counted from the least.
    pub(super) fn is_narrow(&self, longest: usize) -> bool {
        self.most.saturating_sub(self.least) <= narrow_span(longest)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by the unit")]
fn nearest(units: f64) -> i32 {
    units.round_ties_even() as i32
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
