//! What globe and wick take up of the six fluxes of the model (R 14.1).

use super::sensors::{EMISSIVITY, WICK_ALBEDO, WICK_TOP};
use std::f32::consts::FRAC_1_PI;

/// Fluxes at a cell [W m⁻²].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fluxes {
    /// Shortwave from above, the beam in it.
    pub kdown: f32,
    /// Shortwave from below.
    pub kup: f32,
    /// Shortwave on the four sides, their mean, without the beam.
    pub kside: f32,
    /// Longwave from above.
    pub ldown: f32,
    /// Longwave from below.
    pub lup: f32,
    /// Longwave on the four sides, their mean.
    pub lside: f32,
    /// The beam that arrives, normal to it.
    pub beam: f32,
    /// Of it, on the horizontal.
    pub beam_down: f32,
    /// Of it, on an upright face that looks at the sun.
    pub beam_side: f32,
}

impl Fluxes {
    /// Mean irradiance of a globe [W m⁻²], short- and longwave.
    ///
    /// A sphere shows the beam a quarter of its surface; all other light comes from everywhere and is
    /// the mean of the six faces. A globe absorbs and emits both alike (albedo 0.05, emissivity 0.95).
    #[inline(always)]
    #[must_use]
    pub fn globe(&self) -> f32 {
        let short =
            0.25 * self.beam + (self.kdown - self.beam_down + self.kup + 4.0 * self.kside) / 6.0;
        short + (self.ldown + self.lup + 4.0 * self.lside) / 6.0
    }

    /// What the side of a wick absorbs [W m⁻²], its top counted as if it were part of the side.
    ///
    /// An upright cylinder shows the beam its diameter, one part in π of its side. Of the top
    /// Liljegren counts the shortwave only.
    #[inline(always)]
    #[must_use]
    pub fn wick(&self) -> f32 {
        let short = self.kside + FRAC_1_PI * self.beam_side + WICK_TOP as f32 * self.kdown;
        (1.0 - WICK_ALBEDO) as f32 * short + EMISSIVITY as f32 * self.lside
    }
}
