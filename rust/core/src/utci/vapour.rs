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

/// Terms of the logarithm of the growth.
const DEGREE: usize = 6;

/// Saturation vapour pressure around an air temperature, for many cells: the logarithm of its growth
/// as a polynomial.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    saturated: f32,
    /// Coefficients of d¹…d⁶ in ln(e_s(T + d) / e_s(T)), divided by 16.
    logarithm: [f32; DEGREE],
}

impl Growth {
    /// Around an air temperature [°C].
    #[must_use]
    pub fn new(ta: f64) -> Self {
        let kelvin = ta + 273.15;
        let logarithm = std::array::from_fn(|i| {
            let k = i as i32 + 1;
            // d^k of g T^p has the factor g (p over k) T^(p − k).
            let powers: f64 = (-2..=4)
                .zip(HARDY)
                .map(|(p, g)| {
                    let over: f64 = (0..k)
                        .map(|j| f64::from(p - j) / f64::from(j + 1))
                        .product();
                    g * over * kelvin.powi(p - k)
                })
                .sum();
            let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
            let all = powers + 2.7150305 * sign / (f64::from(k) * kelvin.powi(k));
            (all / 16.0) as f32
        });
        Self {
            saturated: saturation_vapour_pressure(ta) as f32,
            logarithm,
        }
    }

    /// Saturation vapour pressure [hPa] in air that is `warmer` [K].
    #[inline(always)]
    #[must_use]
    pub fn at(&self, warmer: f32) -> f32 {
        let [a, b, c, d, e, f] = self.logarithm;
        let x =
            warmer * (a + warmer * (b + warmer * (c + warmer * (d + warmer * (e + warmer * f)))));
        // exp(16 x): vectors know no exponential.
        let root = 1.0
            + x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0)))));
        let fourth = (root * root) * (root * root);
        self.saturated * ((fourth * fourth) * (fourth * fourth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_the_formula() {
        for ta in [-40.0, -5.0, 12.3, 33.0] {
            let growth = Growth::new(ta);
            assert_eq!(growth.at(0.0), saturation_vapour_pressure(ta) as f32);
            for i in -20..=20 {
                let warmer = i as f32;
                let want = saturation_vapour_pressure(ta + f64::from(warmer));
                let apart = (f64::from(growth.at(warmer)) / want - 1.0).abs();
                assert!(apart < 2e-5, "{ta} {warmer}: {apart}");
            }
        }
    }
}
