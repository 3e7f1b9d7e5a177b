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
