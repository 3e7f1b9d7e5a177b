//! The heat balance of a globe and of a wet wick (R 14.2, 14.3).

use super::air;
use super::curve::Balance;
use crate::constants::{KELVIN, SIGMA};
use crate::pet::root::bracketed_root;

/// Emissivity of globe and wick.
pub const EMISSIVITY: f64 = 0.95;
/// Albedo of the wick; the globe takes up shortwave as it takes up longwave.
pub const WICK_ALBEDO: f64 = 0.4;
/// The wick [m].
const WICK_DIAMETER: f64 = 0.007;
const WICK_LENGTH: f64 = 0.0254;
/// Area of the wick's top over that of its side.
pub const WICK_TOP: f64 = 0.25 * WICK_DIAMETER / WICK_LENGTH;
/// Exponent of Prandtl over Schmidt number.
const ANALOGY: f64 = 0.56;
/// Resolution of the roots [K].
const TOLERANCE: f64 = 1e-9;
/// Farthest a wick cools below the air [K]; no radiation of this world cools it so far.
const COOLEST: f64 = 120.0;
/// What the ends of a globe's bracket are moved apart [K], so that they differ where all is alike.
const MARGIN: f64 = 1e-3;
/// Highest vapour pressure over the wick, in parts of the air's: it is about to boil.
const BOILING: f64 = 0.98;

/// Weather at a sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Air {
    /// Air temperature [°C].
    pub ta: f64,
    /// Relative humidity [%].
    pub rh: f64,
    /// Wind at the sensor [m s⁻¹].
    pub wind: f64,
    /// Air pressure [hPa].
    pub pressure: f64,
}

impl Air {
    /// Whether every value is there and possible.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.ta > -120.0
            && self.ta < 90.0
            && (0.0..=120.0).contains(&self.rh)
            && self.wind >= 0.0
            && self.wind < 200.0
            && (100.0..=2000.0).contains(&self.pressure)
    }
}

/// A black globe.
#[derive(Clone, Copy, Debug)]
pub struct Globe {
    air: Air,
    diameter: f64,
}

impl Globe {
    /// A globe of a diameter [m].
    #[must_use]
    pub fn new(air: Air, diameter: f64) -> Self {
        Self { air, diameter }
    }
}

impl Balance for Globe {
    /// Temperature [°C] under a mean irradiance [W m⁻²].
    ///
    /// Without wind the globe would have the temperature of its surroundings and in a gale that of
    /// the air: it lies between the two.
    fn solve(&self, load: f64) -> f64 {
        let Air {
            ta, wind, pressure, ..
        } = self.air;
        let air = ta + KELVIN;
        let gain = |t: f64| {
            let h = air::off_sphere(0.5 * (t + air), pressure, wind, self.diameter);
            h * (t - air) + EMISSIVITY * (SIGMA * t.powi(4) - load)
        };
        let around = (load / SIGMA).sqrt().sqrt();
        between(gain, air.min(around) - MARGIN, air.max(around) + MARGIN)
    }
}

/// A wet wick.
#[derive(Clone, Copy, Debug)]
pub struct Wick {
    air: Air,
    vapour: f64,
}

impl Wick {
    /// In some weather.
    #[must_use]
    pub fn new(air: Air) -> Self {
        Self {
            air,
            vapour: 0.01 * air.rh.min(100.0) * air::saturation(air.ta + KELVIN),
        }
    }

    /// Heat lost [W m⁻²] to the air and by evaporation at `t` [K].
    fn loss(&self, t: f64) -> f64 {
        let air = self.air.ta + KELVIN;
        let p = self.air.pressure;
        let film = 0.5 * (t + air);
        let h = air::off_cylinder(film, p, self.air.wind, WICK_DIAMETER);
        let schmidt = air::viscosity(film) / (air::density(film, p) * air::diffusivity(film, p));
        let wet = air::saturation(t);
        let evaporation = air::latent_heat(film) / air::PSYCHROMETRIC * (wet - self.vapour)
            / (p - wet)
            * (air::PRANDTL / schmidt).powf(ANALOGY);
        h * (t - air + evaporation)
    }

    fn coolest(&self) -> f64 {
        self.air.ta + KELVIN - COOLEST
    }

    fn hottest(&self) -> f64 {
        air::dew_point(BOILING * self.air.pressure)
    }

    /// The psychrometric wet bulb [°C]: of a wick that no radiation reaches and that sends none.
    #[must_use]
    pub fn shielded(&self) -> f64 {
        between(|t| self.loss(t), self.coolest(), self.hottest())
    }
}

impl Balance for Wick {
    /// Temperature [°C] where the side takes up `load` [W m⁻²].
    fn solve(&self, load: f64) -> f64 {
        let gain = |t: f64| self.loss(t) + EMISSIVITY * SIGMA * t.powi(4) - load;
        between(gain, self.coolest(), self.hottest())
    }
}

/// Root [°C] of a rising function between two temperatures [K]; NaN where there is none.
fn between(gain: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    let (at_a, at_b) = (gain(a), gain(b));
    if !(at_a < 0.0 && at_b > 0.0) {
        return f64::NAN;
    }
    bracketed_root(&mut |t| gain(t), (a, at_a), (b, at_b), TOLERANCE) - KELVIN
}
