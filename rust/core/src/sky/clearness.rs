//! Clear-sky global radiation and clearness index (R 3.3; Crawford & Duchon 1999, low-sun term
//! Lindberg et al. 2008).

use super::distance_factor_squared;
use crate::constants::DEG;

/// Solar constant of this scheme [W m⁻²].
const SOLAR_CONSTANT: f64 = 1370.0;
/// Pressure used where none was measured [hPa].
pub(crate) const STANDARD_PRESSURE_HPA: f64 = 1013.0;

/// λ of Smith (1966) by latitude band of 10° and season (winter, spring, summer, autumn).
const LAMBDA: [[f64; 4]; 9] = [
    [3.37, 2.85, 2.80, 2.64],
    [2.99, 3.02, 2.70, 2.93],
    [3.60, 3.00, 2.98, 2.93],
    [3.04, 3.11, 2.92, 2.94],
    [2.70, 2.95, 2.77, 2.71],
    [2.52, 3.07, 2.67, 2.93],
    [1.76, 2.69, 2.61, 2.61],
    [1.60, 1.67, 2.24, 2.63],
    [1.11, 1.44, 1.94, 2.02],
];

/// What the clear-sky model reads.
#[derive(Clone, Copy, Debug)]
pub struct ClearSkyInput {
    /// Apparent sun altitude [deg].
    pub altitude_deg: f64,
    /// Day of year.
    pub day_of_year: f64,
    /// Air temperature [°C].
    pub ta: f64,
    /// Relative humidity [%].
    pub rh: f64,
    /// Global horizontal irradiance [W m⁻²].
    pub global: f64,
    /// Latitude [deg], north positive.
    pub latitude: f64,
    /// Air pressure [kPa]; NaN where missing.
    pub pressure_kpa: f64,
    /// Use the published optical air mass instead of the reference's, which carries an extra
    /// cosine of the zenith and therefore stays near 1.
    pub published_air_mass: bool,
}

/// Clear-sky quantities of one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClearSky {
    /// Clear-sky global irradiance [W m⁻²].
    pub i0: f64,
    /// Clearness index, not capped; +∞ where undefined.
    pub ci: f64,
    /// Global over extraterrestrial horizontal irradiance.
    pub kt: f64,
    /// Extraterrestrial horizontal irradiance [W m⁻²].
    pub i0_et: f64,
    /// Low-sun correction of the index.
    pub corr: f64,
}

/// Index into a row of [`LAMBDA`]; seasons are northern everywhere.
fn season(day_of_year: f64) -> usize {
    match day_of_year {
        d if d > 335.0 || d <= 60.0 => 0,
        d if d <= 152.0 => 1,
        d if d <= 244.0 => 2,
        _ => 3,
    }
}

/// Row of [`LAMBDA`]; the signed latitude is compared, so the south gets the first row.
fn latitude_band(latitude: f64) -> usize {
    if latitude < 10.0 {
        0
    } else {
        ((latitude / 10.0) as usize).min(8)
    }
}

/// Precipitable water [cm] from the dew point.
fn precipitable_water(input: &ClearSkyInput) -> f64 {
    // The logarithm has no value at 0 %; 1 % is the driest air it is asked about.
    let gamma = 17.27 * input.ta / (237.7 + input.ta) + (input.rh.max(1.0) / 100.0).ln();
    let dew_point_f = 1.8 * (237.7 * gamma / (17.27 - gamma)) + 32.0;
    let lambda = LAMBDA[latitude_band(input.latitude)][season(input.day_of_year)];
    (0.1133 - (lambda + 1.0).ln() + 0.0393 * dew_point_f).exp()
}

/// Low-sun correction of the clearness index.
fn low_sun_correction(altitude_deg: f64) -> f64 {
    0.1473 * altitude_deg.ln() + 0.3454
}

/// Clearness index of global irradiance `global` against a clear-sky value; +∞ if undefined.
#[must_use]
pub fn index_against(global: f64, clear: f64, corr: f64) -> f64 {
    let ci = global / clear + 1.0 - corr;
    if ci.is_nan() { f64::INFINITY } else { ci }
}

/// The index as the model uses it: at most 1, 1 where undefined, no lower bound.
#[must_use]
pub fn capped(ci: f64) -> f64 {
    if ci.is_finite() { ci.min(1.0) } else { 1.0 }
}

/// Clear-sky irradiance and clearness index of one instant.
#[must_use]
pub fn clear_sky(input: &ClearSkyInput) -> ClearSky {
    let pressure_hpa = if input.pressure_kpa.is_nan() {
        STANDARD_PRESSURE_HPA
    } else {
        10.0 * input.pressure_kpa
    };
    let zenith = (90.0 - input.altitude_deg) * DEG;
    let cos_z = zenith.cos();
    // The reference takes the square root of an expression that is already squared.
    let distance = distance_factor_squared(input.day_of_year).sqrt();
    let mass_top = if input.published_air_mass {
        35.0
    } else {
        35.0 * cos_z
    };
    let m = mass_top / (1224.0 * cos_z * cos_z + 1.0).sqrt();
    let rayleigh = 1.021 - 0.084 * (m * (0.000949 * pressure_hpa + 0.051)).sqrt();
    let water = 1.0 - 0.077 * (precipitable_water(input) * m).powf(0.3);
    let aerosol = 0.935_f64.powf(m);
    let i0_et = SOLAR_CONSTANT * cos_z * distance;
    let below = zenith.abs() > std::f64::consts::FRAC_PI_2;
    let i0 = if below {
        0.0
    } else {
        i0_et * rayleigh * water * aerosol
    };
    let corr = low_sun_correction(input.altitude_deg);
    let ci = index_against(input.global, i0, corr);
    ClearSky {
        i0,
        ci,
        kt: input.global / i0_et,
        i0_et,
        corr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(h: f64, doy: f64, ta: f64, rh: f64, global: f64, pressure_kpa: f64) -> ClearSky {
        clear_sky(&ClearSkyInput {
            altitude_deg: h,
            day_of_year: doy,
            ta,
            rh,
            global,
            latitude: 57.7,
            pressure_kpa,
            published_air_mass: false,
        })
    }

    #[test]
    fn distance_factor() {
        assert!((distance_factor_squared(1.0).sqrt() - 1.0173835).abs() < 5e-8);
        assert!((distance_factor_squared(182.0).sqrt() - 0.98316776).abs() < 5e-9);
    }

    #[test]
    fn check_values() {
        let nan = f64::NAN;
        for (h, doy, ta, rh, g, p, i0, ci, kt) in [
            (
                55.0, 172.0, 25.0, 50.0, 800.0, nan, 864.513931, 0.989695, 0.724802,
            ),
            (
                55.0, 172.0, 25.0, 50.0, 300.0, nan, 864.513931, 0.411336, 0.271801,
            ),
            (
                20.0, 80.0, 10.0, 70.0, 250.0, 101.3, 377.192953, 0.876119, 0.531600,
            ),
            (
                20.0, 80.0, 10.0, 70.0, 250.0, 1013.0, 306.174075, 1.029858, 0.531600,
            ),
            (
                1.0, 157.0, 10.0, 80.0, 5.0, nan, 20.200272, 0.902121, 0.212320,
            ),
            (
                5.0, 300.0, 5.0, 80.0, 60.0, nan, 97.485640, 1.033005, 0.499166,
            ),
        ] {
            let got = at(h, doy, ta, rh, g, p);
            assert!((got.i0 - i0).abs() < 1e-6, "I0 {got:?}");
            assert!((got.ci - ci).abs() < 1e-6, "CI {got:?}");
            assert!((got.kt - kt).abs() < 1e-6, "Kt {got:?}");
        }
    }

    #[test]
    fn published_air_mass_dims_a_low_sun() {
        let mut input = ClearSkyInput {
            altitude_deg: 10.0,
            day_of_year: 172.0,
            ta: 20.0,
            rh: 50.0,
            global: 100.0,
            latitude: 57.7,
            pressure_kpa: 101.3,
            published_air_mass: false,
        };
        let reference = clear_sky(&input).i0;
        input.published_air_mass = true;
        assert!(clear_sky(&input).i0 < 0.75 * reference);
    }

    #[test]
    fn capping() {
        assert_eq!(capped(1.2), 1.0);
        assert_eq!(capped(f64::INFINITY), 1.0);
        assert_eq!(capped(-0.01), -0.01);
        assert_eq!(capped(index_against(0.0, 0.0, 0.5)), 1.0);
    }

    #[test]
    fn southern_latitudes_use_the_tropical_row() {
        assert_eq!(latitude_band(-33.9), 0);
        assert_eq!(latitude_band(57.7), 5);
        assert_eq!(latitude_band(90.0), 8);
    }
}
