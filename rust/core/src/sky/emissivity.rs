//! Longwave emissivity of the sky (R 5).

use crate::constants::{DEG, KELVIN, SIGMA};
use crate::params::ClearEmissivity;

/// Water vapour pressure [hPa] from air temperature [°C] and relative humidity [%].
#[must_use]
pub fn vapour_pressure(ta: f64, rh: f64) -> f64 {
    6.107 * 10_f64.powf(7.5 * ta / (237.3 + ta)) * rh / 100.0
}

/// Hemispheric emissivity of the cloudless sky at an air temperature [°C] and vapour pressure `e` [hPa]
/// (R 5.1).
#[must_use]
pub fn clear(formula: ClearEmissivity, ta: f64, e: f64) -> f64 {
    let kelvin = ta + KELVIN;
    // Precipitable water [g cm⁻²].
    let w = 46.5 * e / kelvin;
    match formula {
        ClearEmissivity::Prata => 1.0 - (1.0 + w) * (-(1.2 + 3.0 * w).sqrt()).exp(),
        ClearEmissivity::Brunt => 0.52 + 0.065 * e.sqrt(),
        ClearEmissivity::Dilley => {
            let dry = 59.38 + 113.7 * (kelvin / 273.16).powi(6);
            (dry + 96.96 * (w / 2.5).sqrt()) / (SIGMA * kelvin.powi(4))
        }
    }
}

/// Emissivity under clouds: the clear value blended towards 1 by the clearness index.
#[must_use]
pub fn clouded(clear: f64, clearness: f64) -> f64 {
    clearness * clear + (1.0 - clearness)
}

/// How emissivity varies with altitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Angular {
    /// Unsworth & Monteith (1975).
    UnsworthMonteith,
    /// Martin & Berdahl (1984), exponent after Nahon et al. (2019); the default.
    MartinBerdahl,
    /// Bliss (1961).
    Bliss,
}

impl Angular {
    /// The model with the reference's number (1–3).
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::UnsworthMonteith),
            2 => Some(Self::MartinBerdahl),
            3 => Some(Self::Bliss),
            _ => None,
        }
    }

    /// Emissivity at altitude `altitude_deg` of a sky of hemispheric emissivity `sky`.
    #[must_use]
    pub fn at(self, sky: f64, altitude_deg: f64) -> f64 {
        let sin_b = (altitude_deg * DEG).sin();
        match self {
            Self::UnsworthMonteith => {
                let (a, b) = (0.67, 0.094);
                let ln_u = sky / b - a / b - 0.5;
                a + b * (ln_u - sin_b.ln())
            }
            Self::MartinBerdahl => 1.0 - (1.0 - sky) * martin_berdahl_factor(altitude_deg),
            Self::Bliss => 1.0 - (1.0 - sky).powf(1.0 / (1.8 * sin_b)),
        }
    }
}

/// exp[0.308 (1.7 − 1/sin β)]: the emissivity deficit of altitude β relative to the hemisphere's.
///
/// It does not depend on the weather, so sums of it over visible patches are kept for a whole run.
#[must_use]
pub fn martin_berdahl_factor(altitude_deg: f64) -> f64 {
    (0.308 * (1.7 - 1.0 / (altitude_deg * DEG).sin())).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANDS: [f64; 8] = [6.0, 18.0, 30.0, 42.0, 54.0, 66.0, 78.0, 90.0];

    #[test]
    fn clear_sky_values() {
        let e = vapour_pressure(25.0, 50.0);
        assert!((e - 15.835372041).abs() < 1e-9);
        for (formula, want) in [
            (ClearEmissivity::Prata, 0.815491815),
            (ClearEmissivity::Brunt, 0.778658),
            (ClearEmissivity::Dilley, 0.776640),
        ] {
            let got = clear(formula, 25.0, e);
            assert!((got - want).abs() < 2e-5, "{formula:?} {got}");
        }
    }

    #[test]
    fn moist_air_radiates_more() {
        for formula in [
            ClearEmissivity::Prata,
            ClearEmissivity::Brunt,
            ClearEmissivity::Dilley,
        ] {
            for ta in [-20.0, 0.0, 30.0] {
                let dry = clear(formula, ta, vapour_pressure(ta, 20.0));
                let moist = clear(formula, ta, vapour_pressure(ta, 90.0));
                assert!(0.4 < dry && dry < moist && moist < 1.0, "{formula:?} {ta}");
            }
        }
    }

    #[test]
    fn band_values() {
        let at85 = [
            0.986701, 0.906541, 0.863239, 0.840198, 0.826959, 0.819255, 0.815185, 0.813909,
        ];
        let at70 = [
            0.973403, 0.813081, 0.726478, 0.680396, 0.653919, 0.638510, 0.630370, 0.627818,
        ];
        for (i, &b) in BANDS.iter().enumerate() {
            assert!((Angular::MartinBerdahl.at(0.85, b) - at85[i]).abs() < 1e-6);
            assert!((Angular::MartinBerdahl.at(0.70, b) - at70[i]).abs() < 1e-6);
            assert_eq!(Angular::MartinBerdahl.at(1.0, b), 1.0);
        }
    }

    #[test]
    fn other_models_fall_with_altitude() {
        for model in [Angular::UnsworthMonteith, Angular::Bliss] {
            let e: Vec<f64> = BANDS.iter().map(|&b| model.at(0.8, b)).collect();
            assert!(e.windows(2).all(|p| p[1] < p[0]), "{model:?} {e:?}");
        }
        // At sin β = 1/1.8 the Bliss exponent is 1 and the band has the sky's own emissivity.
        let beta = (1.0_f64 / 1.8).asin() / DEG;
        assert!((Angular::Bliss.at(0.8, beta) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn clouds_close_the_window() {
        assert_eq!(clouded(0.8, 1.0), 0.8);
        assert_eq!(clouded(0.8, 0.0), 1.0);
    }
}
