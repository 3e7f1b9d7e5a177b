//! Thermal emission above that at air temperature, without the cancellation of T⁴ − Ta⁴.

use crate::constants::{KELVIN, SIGMA};

/// Emission of a surface as a function of its temperature excess over the air:
/// ε σ [(x + T)⁴ − T⁴] = ε σ x (4T³ + 6T²x + 4Tx² + x³).
#[derive(Clone, Copy, Debug)]
pub struct ExcessEmission {
    coefficients: [f64; 4],
}

impl ExcessEmission {
    /// For an air temperature [°C].
    #[must_use]
    pub fn new(ta: f64) -> Self {
        let t = ta + KELVIN;
        Self {
            coefficients: [4.0 * t.powi(3), 6.0 * t * t, 4.0 * t, 1.0].map(|c| c * SIGMA),
        }
    }

    /// Factors of x, x², x³ and x⁴ in the emission of a black surface.
    #[must_use]
    pub fn coefficients(&self) -> [f64; 4] {
        self.coefficients
    }

    /// Emission above that at air temperature [W m⁻²] for an excess [K].
    #[inline(always)]
    #[must_use]
    pub fn of(&self, excess: f64, emissivity: f64) -> f64 {
        let [a, b, c, d] = self.coefficients;
        emissivity * excess * (a + excess * (b + excess * (c + excess * d)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_difference_of_fourth_powers() {
        for (ta, x) in [(25.0, 16.6), (-10.0, -3.0), (35.0, 40.0)] {
            let t: f64 = ta + KELVIN;
            let want = 0.9 * SIGMA * ((t + x).powi(4) - t.powi(4));
            assert!((ExcessEmission::new(ta).of(x, 0.9) - want).abs() < 1e-10);
        }
    }
}
