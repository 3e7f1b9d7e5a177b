//! Physical and model constants (R 1.3).

/// Stefan–Boltzmann constant of the reference model [W m⁻² K⁻⁴]; not the CODATA value.
pub const SIGMA: f64 = 5.67051e-8;
/// 0 °C in kelvin.
pub const KELVIN: f64 = 273.15;
/// Degrees to radians, the factor the reference multiplies with.
pub const DEG: f64 = std::f64::consts::PI / 180.0;
