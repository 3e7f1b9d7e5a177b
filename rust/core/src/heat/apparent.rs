//! Apparent temperature in the sun (R 14.5; Steadman 1994).

use super::curve::{COEFFICIENTS, Polynomial};
use crate::constants::{KELVIN, SIGMA};

/// Share of the body's surface that exchanges radiation with its surroundings, standing.
const RADIATING: f64 = 0.725;
/// Longwave emissivity of the body.
const EMISSIVITY: f64 = 0.97;
/// Tmrt below and above air temperature that a device evaluates [K].
const SPAN: [f64; 2] = [-60.0, 100.0];

/// Vapour pressure [hPa] as the Bureau of Meteorology has it with this index.
fn vapour(ta: f64, rh: f64) -> f64 {
    rh / 100.0 * 6.105 * (17.27 * ta / (237.7 + ta)).exp()
}

/// Without radiation: that of the shade [°C].
#[must_use]
pub fn shade(ta: f64, rh: f64, wind_10m: f64) -> f64 {
    ta + 0.33 * vapour(ta, rh) - 0.70 * wind_10m - 4.00
}

/// Apparent temperature of one instant, a polynomial of degree four in Tmrt.
#[derive(Clone, Copy, Debug)]
pub struct Apparent {
    /// What radiation has no part in [°C].
    still: f64,
    /// Kelvin for each W m⁻² of net radiation.
    gain: f64,
    ta: f64,
}

impl Apparent {
    /// Of air temperature [°C], relative humidity [%] and wind at 10 m [m s⁻¹].
    #[must_use]
    pub fn new(ta: f64, rh: f64, wind_10m: f64) -> Self {
        Self {
            still: ta + 0.348 * vapour(ta, rh) - 0.70 * wind_10m - 4.25,
            gain: 0.70 / (wind_10m + 10.0),
            ta,
        }
    }

    /// Net radiation of the body's surface [W m⁻²] beyond that of a room at air temperature.
    fn net(&self, tmrt: f64) -> f64 {
        let fourth = |t: f64| (t + KELVIN).powi(4);
        RADIATING * EMISSIVITY * SIGMA * (fourth(tmrt) - fourth(self.ta))
    }

    /// At a mean radiant temperature [°C].
    #[inline(always)]
    #[must_use]
    pub fn eval(&self, tmrt: f64) -> f64 {
        self.still + self.gain * self.net(tmrt)
    }

    /// The same as a polynomial in Tmrt, for a device.
    #[must_use]
    pub fn polynomial(&self) -> Polynomial {
        let [low, high] = SPAN.map(|k| self.ta + k);
        let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
        let factor = self.gain * RADIATING * EMISSIVITY * SIGMA;
        let mut c = [0.0; COEFFICIENTS];
        for (k, times) in [1, 4, 6, 4, 1].into_iter().enumerate() {
            let k = k as i32;
            c[k as usize] =
                factor * f64::from(times) * (centre + KELVIN).powi(4 - k) * half.powi(k);
        }
        c[0] += self.still - factor * (self.ta + KELVIN).powi(4);
        Polynomial {
            low: low as f32,
            high: high as f32,
            centre,
            scale: 1.0 / half,
            c,
        }
    }
}
