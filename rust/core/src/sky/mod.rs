//! The sky of one step: clear-sky reference, diffuse split, luminance, longwave emissivity.

pub mod clearness;
pub mod emissivity;
pub mod night;
pub mod perez;
pub mod split;
pub mod step;
pub mod surface;

/// Squared ratio of mean to actual sun–earth distance, (r₀/r)² (R 3.3, after Spencer 1971).
#[must_use]
pub fn distance_factor_squared(day_of_year: f64) -> f64 {
    let g = 2.0 * std::f64::consts::PI * day_of_year / 365.0;
    1.00011
        + 0.034221 * g.cos()
        + 0.00128 * g.sin()
        + 0.000719 * (2.0 * g).cos()
        + 0.000077 * (2.0 * g).sin()
}
