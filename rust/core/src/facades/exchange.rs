//! Radiation and heat that a piece of wall exchanges in a step (R 13.2).

use super::conduction::Outside;
use super::views::View;
use crate::constants::DEG;
use crate::params::Params;
use crate::radiation::tables::{StepInput, StepTables, emission};
use crate::radiation::weights::{shaded_fraction, shaded_fraction_exact, wedge_ratio};
use crate::sky::step::SkyStep;
use crate::timestep::wind_at;
use crate::weather::{Suns, WallWarmth, Weather};

/// Height of the wind that cools walls [m]: that of a person's.
const WIND_HEIGHT_M: f64 = 1.1;
/// Wind at walls where none was measured [m s⁻¹].
const UNKNOWN_WIND: f64 = 1.0;
/// Steepest sun the wedge is computed for; beyond, the shaded share is a half to the last bit.
const STEEPEST: f64 = 1e6;

/// The ground before a wall in a step.
#[derive(Clone, Copy, Debug)]
pub struct GroundLight {
    /// Share of the suns whose beam reaches it.
    pub sun: f64,
    /// Share of its sky that is open.
    pub open: f64,
    /// Its albedo.
    pub albedo: f64,
    /// What it emits [W m⁻²].
    pub emits: f64,
}

/// A piece of wall in a step.
#[derive(Clone, Copy, Debug)]
pub struct Facet {
    /// Outward normal [deg].
    pub aspect_deg: f64,
    /// Albedo.
    pub albedo: f64,
    /// Emissivity.
    pub emissivity: f64,
    /// Share of the beam that falls on it: cosine of its angle times share of light, mean over the
    /// suns.
    pub beam: f64,
}

/// What a step has for every wall.
#[derive(Debug)]
pub struct Surroundings {
    /// Air temperature [°C].
    pub ta: f64,
    /// Suns of the step.
    pub suns: Suns,
    /// Irradiances: the beam while the sun is up, on the horizontal too, diffuse, global [W m⁻²].
    beam: f64,
    beam_down: f64,
    diffuse: f64,
    global: f64,
    /// Share of diffuse light that leaves let through, and of the beam.
    pub through: [f64; 2],
    /// Longwave of the sky, of a black surface at air temperature [W m⁻²].
    sky: f64,
    air: f64,
    convection: f64,
    wall_albedo: f64,
    wall_emissivity: f64,
    exact_wedge: bool,
    tables: StepTables,
}

/// Temperatures of the walls opposite [°C]: in the sun, in the shade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opposite {
    /// Mean over those the sun shines on, by the angle of its beam.
    pub lit: f64,
    /// Mean over all aspects.
    pub shaded: f64,
}

impl Opposite {
    /// From the temperatures of standard walls.
    #[must_use]
    pub fn new(warmth: &WallWarmth, suns: &Suns) -> Self {
        let count = warmth.shaded.len() as f64;
        let shaded = warmth.shaded.iter().sum::<f64>() / count;
        let lit = warmth.facing(suns).unwrap_or(shaded);
        Self { lit, shaded }
    }
}

impl Surroundings {
    /// Of a step; `land_cover`: the ground has classes.
    #[must_use]
    pub fn new(weather: &Weather, params: &Params, land_cover: bool) -> Self {
        let sky = SkyStep::new(weather, params);
        let (tables, _) = StepTables::new(&StepInput {
            weather,
            params,
            sky: &sky,
            clock: crate::delay::DelayClock::default(),
            land_cover,
            patch_sky: None,
            sides: false,
            canopies: false,
            attribution: false,
        });
        let air = emission(weather.ta);
        let wind = if weather.wind.is_nan() {
            UNKNOWN_WIND
        } else {
            wind_at(WIND_HEIGHT_M, params, weather.wind)
        };
        let (sun, suns) = (&tables.sun, weather.suns());
        let up = suns.share_up();
        Self {
            ta: weather.ta,
            suns,
            beam: sky.beam,
            beam_down: if up > 0.0 {
                f64::from(sun.beam_down) / up
            } else {
                0.0
            },
            diffuse: sky.diffuse,
            global: sky.global,
            through: [sun.canopy_diffuse, sun.canopy_beam].map(|x| 1.0 - f64::from(x)),
            sky: sky.emissivity() * air,
            air,
            // EN ISO 6946, annex C: outside surfaces by wind.
            convection: 4.0 + 4.0 * wind,
            wall_albedo: params.wall_albedo,
            wall_emissivity: params.wall_emissivity,
            exact_wedge: params.formulation.exact_wedge,
            tables,
        }
    }

    /// The ground of a class before a wall, by its share of light and of open sky.
    #[must_use]
    pub fn ground(&self, code: u8, own: [Option<f64>; 2], sun: f64, open: f64) -> GroundLight {
        let (ground, code) = (&self.tables.ground, usize::from(code));
        // A morning below air temperature is none of a wall's.
        let in_sun = ground.excess[code].max(0.0);
        let excess = ground.excess_always[code] + in_sun * sun as f32;
        let [albedo, emissivity] = own;
        let emissivity = emissivity.unwrap_or(f64::from(ground.emissivity[code]));
        GroundLight {
            sun,
            open,
            albedo: albedo.unwrap_or(f64::from(ground.albedo[code])),
            emits: emissivity * (self.air + f64::from(ground.emission_of(excess))),
        }
    }

    /// Share of the walls opposite that the sun shines on (G 8.3): the reference's wedge, and more of
    /// them the more the wall itself looks away from the sun.
    fn lit_opposite(&self, aspect_deg: f64, sky: f64) -> f64 {
        let lit: f64 = (self.suns.up())
            .map(|(_, sun)| {
                let apart = ((aspect_deg - sun.azimuth).abs() / 180.0).rem_euclid(2.0);
                let apart = if apart > 1.0 { 2.0 - apart } else { apart };
                let steep = (sun.altitude * DEG).tan().clamp(0.0, STEEPEST) as f32;
                let ratio = wedge_ratio(sky as f32, steep);
                let shaded = if self.exact_wedge {
                    shaded_fraction_exact(ratio)
                } else {
                    shaded_fraction(ratio)
                };
                (1.0 - (2.0 * f64::from(shaded) - 1.0)) * (0.2 + 0.6 * apart)
            })
            .sum();
        lit / self.suns.all().len() as f64
    }

    /// What a piece of wall absorbs and how it loses heat.
    #[must_use]
    pub fn outside(
        &self,
        facet: &Facet,
        view: &View,
        ground: &GroundLight,
        opposite: &Opposite,
    ) -> Outside {
        let [sky, foliage, walls] = [view.sky, view.foliage, view.walls].map(f64::from);
        let before = 1.0 - sky - foliage - walls;
        let light = self.beam * facet.beam
            + self.diffuse * (sky + self.through[0] * foliage)
            + self.global * self.wall_albedo * walls
            + ground.albedo * (self.beam_down * ground.sun + self.diffuse * ground.open) * before;
        let lit = self.lit_opposite(facet.aspect_deg, sky);
        let [warm, cool] = [opposite.lit, opposite.shaded].map(emission);
        // Half of what comes from above and half of what comes from below falls on an upright wall.
        let down = self.sky * ground.open + self.air * (1.0 - ground.open);
        let received = 0.5 * (down + ground.emits);
        let opposite = self.wall_emissivity * (warm * lit + cool * (1.0 - lit))
            + (1.0 - self.wall_emissivity) * received;
        let longwave =
            self.sky * sky + self.air * foliage + ground.emits * before + opposite * walls;
        Outside {
            absorbed: (1.0 - facet.albedo) * light + facet.emissivity * longwave,
            emissivity: facet.emissivity,
            convection: self.convection,
            ta: self.ta,
        }
    }

    /// Share of the beam of every sun that falls on a wall, mean over the suns; `lit` gives the share
    /// of light by the place of a sun.
    #[must_use]
    pub fn on_wall(&self, aspect_deg: f64, lit: impl Fn(usize) -> f64) -> f64 {
        let all: f64 = (self.suns.up().enumerate())
            .map(|(k, (_, sun))| {
                let turned = WallWarmth::incidence(sun.azimuth, aspect_deg);
                let cosine = (sun.altitude * DEG).cos() * turned;
                cosine * lit(k)
            })
            .sum();
        all / self.suns.all().len() as f64
    }
}

/// The code of the ground where there is no land cover: its table is uniform.
pub const PLAIN: u8 = 0;
