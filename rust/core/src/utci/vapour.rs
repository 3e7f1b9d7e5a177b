//! Vapour pressure as UTCI takes it.

/// Coefficients of ln(e_s) over water in powers T⁻²…T⁴ (Hardy 1998, ITS-90).
const HARDY: [f64; 7] = [
    -2836.5744,
    -6028.076559,
    19.54263612,
    -0.02737830188,
    1.6261698e-5,
    7.0229056e-10,
    -1.8680009e-13,
];

/// Saturation vapour pressure over water [hPa] at `ta` [°C] (Hardy 1998).
#[must_use]
pub fn saturation_vapour_pressure(ta: f64) -> f64 {
    let kelvin = ta + 273.15;
    let series: f64 = HARDY
        .iter()
        .enumerate()
        .map(|(i, g)| g * kelvin.powi(i as i32 - 2))
        .sum();
    0.01 * (2.7150305 * kelvin.ln() + series).exp()
}

/// Width of a cell of the table [K].
const WIDTH: f64 = 0.25;
/// Lower end of the table [°C].
const LOW: f64 = -100.0;
const CELLS: usize = 800;

/// Saturation vapour pressure by table, for many cells: cubics through the formula's values.
///
/// Its places do not depend on what is asked for, so that results do not either.
#[derive(Clone, Debug)]
pub struct Saturated {
    /// Values from one cell below the first to two above the last.
    values: Vec<f64>,
}

impl Default for Saturated {
    fn default() -> Self {
        Self::new()
    }
}

impl Saturated {
    /// Fill the table.
    #[must_use]
    pub fn new() -> Self {
        let at = |i: usize| saturation_vapour_pressure(LOW + WIDTH * (i as f64 - 1.0));
        Self {
            values: (0..CELLS + 3).map(at).collect(),
        }
    }

    /// Saturation vapour pressure over water [hPa] at `ta` [°C], within 1e-8 of its value.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, ta: f64) -> f64 {
        let place = (ta - LOW) / WIDTH;
        if !(place >= 0.0 && place < CELLS as f64) {
            return saturation_vapour_pressure(ta);
        }
        let cell = place as usize;
        let u = place - cell as f64;
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| self.values[cell + i]);
        // Lagrange on -1, 0, 1, 2.
        let (below, above, far) = (u + 1.0, u - 1.0, u - 2.0);
        (-a * u * above * far + d * below * u * above) / 6.0
            + (b * below * above * far - c * below * u * far) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_formula() {
        let table = Saturated::new();
        for i in -1010..1010 {
            let ta = 0.0987 * f64::from(i);
            let (got, want) = (table.at(ta), saturation_vapour_pressure(ta));
            assert!((got - want).abs() < 1e-8 * want, "{ta}: {got} {want}");
        }
        assert!(table.at(f64::NAN).is_nan());
    }
}
