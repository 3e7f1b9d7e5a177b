//! What the sky does in one step: irradiances, clearness, emissivity and surface clearness.

use super::clearness::{ClearSkyInput, capped, clear_sky};
use super::surface::surface_clearness;
use super::{emissivity, split};
use crate::constants::{DEG, KELVIN, SIGMA};
use crate::ground::DayPhase;
use crate::params::{Beam, Params};
use crate::season::sunrise_hour;
use crate::weather::Weather;

/// Clearness index below which clouds change the sky's emissivity (R 5.2).
const CLOUDY: f64 = 0.95;

/// Emissivity of the sky, and whether clouds are in it already.
#[derive(Clone, Copy)]
struct SkyEmissivity {
    clear: f64,
    measured: bool,
}

impl SkyEmissivity {
    fn clouded(self, clearness: f64) -> f64 {
        if self.measured {
            self.clear
        } else {
            emissivity::clouded(self.clear, clearness)
        }
    }
}

/// From measured longwave, else by formula (R 5.1, 5.4); `e` is the vapour pressure [hPa].
fn emissivity(weather: &Weather, params: &Params, e: f64) -> SkyEmissivity {
    let black = SIGMA * (weather.ta + KELVIN).powi(4);
    if weather.longwave_down.is_nan() {
        let formula = emissivity::clear(params.sky_emissivity, weather.ta, e);
        SkyEmissivity {
            clear: (formula + params.sky_emissivity_offset).clamp(0.0, 1.0),
            measured: false,
        }
    } else {
        SkyEmissivity {
            clear: weather.longwave_down / black,
            measured: true,
        }
    }
}

/// Scalars of a step (R 12, steps 2–3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkyStep {
    /// The sun is up.
    pub day: bool,
    /// Sun altitude [deg], at least 1 by day.
    pub altitude_deg: f64,
    /// Global horizontal irradiance the model works with [W m⁻²]; 0 at night.
    pub global: f64,
    /// Beam normal irradiance while the sun is up [W m⁻²]; 0 at night.
    pub beam: f64,
    /// Diffuse horizontal irradiance [W m⁻²]; 0 at night.
    pub diffuse: f64,
    /// Clear-sky global irradiance [W m⁻²].
    pub i0: f64,
    /// Clearness index, at most 1.
    pub ci: f64,
    /// Global over extraterrestrial irradiance; NaN at night.
    pub kt: f64,
    /// Clearness index that scales surface temperatures.
    pub ci_surface: f64,
    /// Clearness index against the clear-sky beam (output only).
    pub ci_beam: f64,
    /// Emissivity of the cloudless sky; of the sky as it is where its radiation is measured.
    pub emissivity_clear: f64,
    /// Emissivity blended by the clearness index, whatever it is; as measured where it is.
    pub emissivity_clouded: f64,
    /// Vapour pressure [hPa].
    pub vapour_pressure: f64,
    /// When in the day wave of surface temperature the step is.
    pub phase: DayPhase,
    /// Wall temperature excess [K].
    pub wall_excess: f64,
}

impl SkyStep {
    /// Scalars of a step.
    #[must_use]
    pub fn new(weather: &Weather, params: &Params) -> Self {
        let e = emissivity::vapour_pressure(weather.ta, weather.rh);
        let sky = emissivity(weather, params, e);
        let phase = DayPhase {
            altitude_max: weather.altitude_max,
            clock_fraction: weather.clock_fraction,
            sunrise: sunrise_hour(weather.day_of_year, weather.latitude),
        };
        let ci = capped(weather.night_clearness);
        let night = Self {
            day: weather.is_day(),
            altitude_deg: weather.altitude,
            global: 0.0,
            beam: 0.0,
            diffuse: 0.0,
            i0: 0.0,
            ci,
            kt: f64::NAN,
            ci_surface: ci,
            ci_beam: ci,
            emissivity_clear: sky.clear,
            emissivity_clouded: sky.clouded(ci),
            vapour_pressure: e,
            phase,
            wall_excess: 0.0,
        };
        if night.day {
            night.with_sun(weather, params, sky)
        } else {
            night
        }
    }

    fn with_sun(mut self, weather: &Weather, params: &Params, emissivity: SkyEmissivity) -> Self {
        // The last degree above the horizon is taken as 1° (R 2.3).
        let altitude_deg = weather.altitude.max(1.0);
        let Weather { ta, rh, .. } = *weather;
        // Irradiances of an interval that the sun is up in part of, while it is up.
        let share_up = weather.suns().share_up();
        let global = weather.global / share_up;
        let sky = clear_sky(&ClearSkyInput {
            altitude_deg,
            day_of_year: weather.day_of_year,
            ta,
            rh,
            global,
            latitude: weather.latitude,
            pressure_kpa: weather.pressure_kpa,
            published_air_mass: params.formulation.published_air_mass,
        });
        let sin_h = (altitude_deg * DEG).sin();
        let (beam, diffuse) = if weather.direct.is_nan() || weather.diffuse.is_nan() {
            let split = split::reindl(global, altitude_deg, sky.kt, ta, rh);
            (split.beam, split.diffuse * share_up)
        } else if params.beam == Beam::Horizontal {
            (weather.direct / share_up / sin_h, weather.diffuse)
        } else {
            (weather.direct / share_up, weather.diffuse)
        };
        let surface = surface_clearness(global, sky.i0, sky.corr, altitude_deg, ta, rh);
        self.altitude_deg = altitude_deg;
        self.global = weather.global;
        self.beam = beam;
        self.diffuse = diffuse;
        self.i0 = sky.i0 * share_up;
        self.ci = capped(sky.ci);
        self.kt = sky.kt;
        self.ci_surface = surface.global;
        self.ci_beam = surface.beam;
        self.emissivity_clouded = emissivity.clouded(self.ci);
        self.wall_excess = surface.global * params.walls.day_wave(&self.phase).max(0.0);
        self
    }

    /// Emissivity of the sky seen from the ground and by the patches: clouds count below the
    /// threshold only.
    #[must_use]
    pub fn emissivity(&self) -> f64 {
        if self.ci < CLOUDY {
            self.emissivity_clouded
        } else {
            self.emissivity_clear
        }
    }
}
