//! The numbers of one step that every cell reads: computed once in f64, rounded once to f32.
//!
//! This is all an engine needs besides the rasters, so a kernel on another device reads the same
//! tables.

use super::anisotropic::{PatchStep, PatchSun, PatchTerms, PatchWeight, SideTables};
use super::heated::HeatedWalls;
use super::light::{Light, sun_in_front};
use super::terms::AttributionTables;
use crate::constants::{DEG, KELVIN, SIGMA};
use crate::delay::{DelayClock, DelayStep};
use crate::emission::ExcessEmission;
use crate::ground::{LandCoverTable, SurfaceClass, WATER};
use crate::params::{BodyShape, Formulation, Params};
use crate::patches::PatchTable;
use crate::sky::perez::{Luminance, PerezInput, luminance};
use crate::sky::step::SkyStep;
use crate::weather::{Sun, Suns, Weather};
use std::f32::consts::FRAC_1_PI;

/// Offset the reference subtracts to turn Tmrt into °C.
const REFERENCE_TMRT_KELVIN: f64 = 273.2;

/// Beam, diffuse light and what shades them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SunTerms {
    /// Beam normal to the sun, in full sun.
    pub beam: f32,
    /// Beam on the horizontal in full sun, I sin h; the mean over the suns.
    pub beam_down: f32,
    /// What of the beam arrives, by the light of a cell.
    pub light: Light,
    /// Global irradiance.
    pub global: f32,
    /// Diffuse irradiance.
    pub diffuse: f32,
    /// What shares of the diffuse light are of: the diffuse light, or 1 where what the patches hold is
    /// light already.
    pub share_light: f32,
    /// tan h.
    pub inverse_tan_zenith: f32,
    /// 1 − canopy transmissivity for diffuse light.
    pub canopy_diffuse: f32,
    /// 1 − canopy transmissivity for the beam and the side weights.
    pub canopy_beam: f32,
    /// Where canopies have their own transmissivity, the least that leaves the season has to them
    /// let through: of diffuse light, and of the beam.
    pub least_through: [f32; 2],
    /// Wall albedo.
    pub wall_albedo: f32,
    /// Radiance of foliage and of shaded walls.
    pub shaded_radiance: f32,
    /// What a sunlit wall radiates beyond a shaded one.
    pub lit_radiance_gain: f32,
    /// Radiance of a wall by the light of the ground before it, where walls shine by their facets.
    pub ground_radiance: f32,
}

/// Surface temperature and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundTerms {
    /// Temperature excess in the sun [K], by land-cover code.
    pub excess: [f32; 256],
    /// Temperature excess whether or not the sun shines [K], by land-cover code.
    pub excess_always: [f32; 256],
    /// Albedo by land-cover code.
    pub albedo: [f32; 256],
    /// Emissivity by land-cover code.
    pub emissivity: [f32; 256],
    /// σ[(T+x)⁴ − T⁴] = x(e₀ + x(e₁ + x(e₂ + x e₃))), free of cancellation.
    pub excess_emission: [f32; 4],
    /// Black-body flux at air temperature, J.
    pub air: f32,
    /// Air temperature [°C].
    pub ta: f32,
    /// Longwave a sunlit wall emits beyond one at air temperature, for the ground view.
    pub wall_emission: f64,
    /// Thermal delay; `None` at night, unless the ground remembers through it.
    pub delay: Option<DelayStep>,
}

impl GroundTerms {
    /// Emission of a black surface beyond that at air temperature [W m⁻²], by its excess [K].
    #[inline(always)]
    #[must_use]
    pub fn emission_of(&self, excess: f32) -> f32 {
        let [e0, e1, e2, e3] = self.excess_emission;
        excess * (e0 + excess * (e1 + excess * (e2 + excess * e3)))
    }

    /// What a black surface emits more in air that is `warmer` than the step's, its own excess over
    /// the air kept [W m⁻²]; exactly 0 in the step's own air.
    #[inline(always)]
    #[must_use]
    pub fn gain_of(&self, warmer: f32, excess: f32) -> f32 {
        self.emission_of(warmer + excess) - self.emission_of(excess)
    }

    /// How emission beyond that at air temperature grows in air that is `warmer`, of ground that
    /// sends `beyond` in the step's air [W m⁻²]; exactly 1 in the step's own air.
    #[inline(always)]
    #[must_use]
    pub fn growth_of(&self, warmer: f32, beyond: f32) -> f32 {
        let [e0, e1, e2, e3] = self.excess_emission;
        // The excess that sends it, to first order: the growth hardly depends on it.
        let x = beyond / e0;
        let a = e0 + warmer * (2.0 * e1 + warmer * (3.0 * e2 + warmer * 4.0 * e3));
        let b = e1 + warmer * (3.0 * e2 + warmer * 6.0 * e3);
        let c = e2 + warmer * 4.0 * e3;
        (a + x * (b + x * (c + x * e3))) / (e0 + x * (e1 + x * (e2 + x * e3)))
    }
}

/// Walls in air that is not the step's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WallTerms {
    /// Emissivity.
    pub emissivity: f32,
    /// Excess of a sunlit wall over the air [K].
    pub excess: f32,
    /// Of the wall seen towards E, S, W, N the excess at which it sends what the mean over the suns
    /// it faces is [K].
    pub facing: [f32; 4],
}

/// Longwave of sky and walls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LongwaveTerms {
    /// Sky flux on the horizontal, εJ.
    pub sky_down: f32,
    /// Sky flux on the sides, ε*J.
    pub sky_side: f32,
    /// Wall or foliage at air temperature, ew J.
    pub wall: f32,
    /// Sunlit wall, ew σ(T + Tw)⁴.
    pub wall_warm: f32,
    /// The wall seen towards E, S, W, N faces the sun: share of the suns.
    pub facing: [f32; 4],
    /// Flux of that wall, ew σ(T + Tw sin θ)⁴, the mean over the suns it faces.
    pub wall_facing: [f32; 4],
    /// 1 − ew.
    pub wall_reflects: f32,
    /// What walls reflect of what a side receives from above and below.
    pub side_reflects: f32,
}

/// Longwave of the patch sky.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PatchLongwave {
    /// Radiance of a black sky, J/π.
    pub black: f32,
    /// 1 − ε of the hemisphere.
    pub deficit: f32,
    /// Radiance of foliage and shaded walls.
    pub shaded: f32,
    /// What a sunlit wall radiates beyond a shaded one.
    pub lit_gain: f32,
    /// Radiance reflected per incoming flux, (1 − ew)/2π.
    pub reflects: f32,
    /// Weight of the whole sky on the side, on the horizontal, and on each box side.
    pub whole_side: f32,
    /// On the horizontal.
    pub whole_down: f32,
    /// On the box sides E, S, W, N.
    pub whole_sides: [f32; 4],
}

impl PatchLongwave {
    /// Flux from sky of a weight, and of that weight times the emissivity deficit, where that of the
    /// hemisphere is `whole`.
    #[inline(always)]
    #[must_use]
    pub fn sky(&self, weight: f32, deficit: f32, whole: f32) -> f32 {
        self.black * (weight - whole * deficit)
    }

    /// Radiance of foliage and shaded walls: what they emit, `gain` [W m⁻²] more than in the step's
    /// air, and what they reflect.
    #[inline(always)]
    #[must_use]
    pub fn obstructed(&self, sky_down: f32, lup: f32, gain: f32) -> f32 {
        self.shaded + (sky_down + lup) * self.reflects + gain * FRAC_1_PI
    }
}

/// What a sunlit wall radiates beyond a shaded one, `gain` in the step's air, where the two emit `warm`
/// and `shaded` [W m⁻²] more than in that.
#[inline(always)]
#[must_use]
pub fn lit_beyond(gain: f32, shaded: f32, warm: f32) -> f32 {
    gain + (warm - shaded) * FRAC_1_PI
}

/// The receiving body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodyTerms {
    /// Cylinder rather than box.
    pub cylinder: bool,
    /// Absorption shortwave, and longwave.
    pub abs_k: f32,
    /// Absorption longwave.
    pub abs_l: f32,
    /// Angular factors up/down, side, cylinder.
    pub up: f32,
    /// Side.
    pub side: f32,
    /// Cylinder.
    pub around: f32,
    /// 1/(absorption · σ).
    pub inverse_emission: f32,
    /// Kelvin offset of Tmrt.
    pub kelvin: f32,
}

/// Everything a cell reads in one step.
#[derive(Clone, Debug)]
pub struct StepTables {
    /// The sun is up.
    pub day: bool,
    /// Patch sky.
    pub anisotropic: bool,
    /// Formulae.
    pub formulation: Formulation,
    /// Shortwave.
    pub sun: SunTerms,
    /// Surface.
    pub ground: GroundTerms,
    /// Longwave of the isotropic sky.
    pub longwave: LongwaveTerms,
    /// Longwave of the patch sky.
    pub patch_longwave: PatchLongwave,
    /// Walls in air that is not the step's.
    pub walls: WallTerms,
    /// Body.
    pub body: BodyTerms,
    /// What the patches send to a cylinder, as a mean over its side: half of what a black sky around
    /// sends to the horizontal.
    pub upright: f32,
    /// Shortwave patch tables; by day under the patch sky only.
    pub patches: Option<PatchStep>,
    /// Box-side tables of a night step, where they are asked for.
    pub night_sides: Option<SideTables>,
    /// Tables of the attribution, where it is asked for.
    pub attribution: Option<AttributionTables>,
    /// Longwave of walls by how warm they are, where the weather tells and under the patch sky.
    pub heated: Option<HeatedWalls>,
}

/// The patch sky of a run.
#[derive(Clone, Debug)]
pub struct PatchSky {
    /// The division of the sky.
    pub table: PatchTable,
    /// Geometry of every patch.
    pub weights: Vec<PatchWeight>,
}

/// What the step's tables are made from.
#[derive(Clone, Copy, Debug)]
pub struct StepInput<'a> {
    /// Weather and sun.
    pub weather: &'a Weather,
    /// Parameters of the run.
    pub params: &'a Params,
    /// Scalars of the step.
    pub sky: &'a SkyStep,
    /// Thermal clock before the step.
    pub clock: DelayClock,
    /// Land cover is given.
    pub land_cover: bool,
    /// The patch sky; `None` selects the isotropic one.
    pub patch_sky: Option<&'a PatchSky>,
    /// The box sides of the patch sky are asked for.
    pub sides: bool,
    /// Canopies have their own transmissivity.
    pub canopies: bool,
    /// The attribution of Tmrt is asked for.
    pub attribution: bool,
}

/// σT⁴ of a temperature in °C.
#[must_use]
pub fn emission(celsius: f64) -> f64 {
    SIGMA * (celsius + KELVIN).powi(4)
}

impl StepInput<'_> {
    /// Sky luminance, by day under the patch sky.
    #[must_use]
    pub fn luminance(&self) -> Option<Luminance> {
        let sky = self.patch_sky.filter(|_| self.sky.day)?;
        Some(mean_luminance(
            sky,
            self.weather,
            self.sky,
            &self.weather.suns(),
        ))
    }
}

impl StepTables {
    /// Tables of a step, and the sky luminance they hold (by day under the patch sky).
    #[must_use]
    pub fn new(input: &StepInput<'_>) -> (Self, Option<Luminance>) {
        let suns = input.weather.suns();
        let light = input.luminance();
        let patches = input.patch_sky.zip(light.as_ref()).map(|(sky, light)| {
            let sun = patch_sun(input, &suns, &light.patches);
            PatchStep::new(&sky.weights, &sun, input.sides)
        });
        let night_sides = input
            .patch_sky
            .filter(|_| input.sides && !input.sky.day)
            .map(|patch_sky| SideTables::night(&patch_sky.weights));
        let foliage = input.patch_sky.map(|sky| sky.weights.as_slice());
        (Self::with(input, patches, night_sides, foliage), light)
    }

    /// Those of one of several skies: what its patches send is apart, for it is summed up with that
    /// of others, as light.
    #[must_use]
    pub fn of_weather_cell(input: &StepInput<'_>) -> (Self, Option<Vec<PatchTerms>>) {
        let suns = input.weather.suns();
        let light = input.luminance();
        let terms = (input.patch_sky.zip(light))
            .map(|(sky, light)| patch_sun(input, &suns, &light.patches).terms(&sky.weights));
        let mut tables = Self::with(input, None, None, None);
        tables.sun.share_light = 1.0;
        (tables, terms)
    }

    /// `foliage` has the weights of the patches, for the attribution.
    fn with(
        input: &StepInput<'_>,
        patches: Option<PatchStep>,
        night_sides: Option<SideTables>,
        foliage: Option<&[PatchWeight]>,
    ) -> Self {
        let (weather, params) = (input.weather, input.params);
        let mut tables = Self {
            day: input.sky.day,
            anisotropic: input.patch_sky.is_some(),
            formulation: params.formulation,
            sun: sun_terms(input),
            ground: ground_terms(input),
            longwave: longwave_terms(input),
            walls: WallTerms::default(),
            patch_longwave: patch_longwave(input),
            body: body_terms(params),
            upright: 0.0,
            patches,
            night_sides,
            attribution: None,
            heated: None,
        };
        tables.heated = heated_walls(input, tables.patches.as_ref());
        if tables.anisotropic {
            tables.upright = std::f32::consts::FRAC_PI_2 / tables.patch_longwave.whole_side;
        }
        tables.walls = wall_terms(input, &tables.longwave);
        if input.attribution {
            tables.attribution = Some(attribution(&tables, weather.ta, foliage));
        }
        tables
    }
}

/// Sun and sky of a step, as the patches need them.
fn patch_sun<'a>(input: &StepInput<'_>, suns: &'a Suns, luminance: &'a [f64]) -> PatchSun<'a> {
    PatchSun {
        suns,
        diffuse: input.sky.diffuse,
        luminance,
        weighted_share: input.params.formulation.consistent_patches,
        facets: input.params.formulation.facet_radiance,
    }
}

/// Sky luminance, the mean over the suns that are up: their beam is the same.
fn mean_luminance(
    patch_sky: &PatchSky,
    weather: &Weather,
    sky: &SkyStep,
    suns: &Suns,
) -> Luminance {
    let of = |sun: Sun| {
        luminance(
            &patch_sky.table,
            &PerezInput {
                zenith_deg: 90.0 - sun.altitude,
                azimuth_deg: sun.azimuth,
                diffuse: sky.diffuse / suns.share_up(),
                beam: sky.beam,
                day_of_year: weather.day_of_year,
            },
        )
    };
    let skies: Vec<Luminance> = suns.up().map(|(_, sun)| of(sun)).collect();
    let mean = |value: &dyn Fn(&Luminance) -> f64| {
        skies.iter().map(value).sum::<f64>() / skies.len() as f64
    };
    Luminance {
        patches: (0..patch_sky.table.len())
            .map(|i| mean(&|sky| sky.patches[i]))
            .collect(),
        clearness: mean(&|sky| sky.clearness),
        brightness: mean(&|sky| sky.brightness),
    }
}

fn sun_terms(input: &StepInput<'_>) -> SunTerms {
    let StepInput {
        weather,
        params,
        sky,
        ..
    } = *input;
    if !sky.day {
        return SunTerms::default();
    }
    let suns = weather.suns();
    let mean = |value: &dyn Fn(Sun) -> f64| suns.up().map(|(_, sun)| value(sun)).sum::<f64>();
    let up = suns.up().count() as f64;
    // Of a single sun the sums are its own values, to the last bit.
    let sin_up = mean(&|sun| (sun.altitude * DEG).sin()) / up;
    let cos_up = mean(&|sun| (sun.altitude * DEG).cos()) / up;
    let (sin_h, cos_h) = (sky.altitude_deg * DEG).sin_cos();
    let tau = params.transmissivity;
    let psi = if weather.leaf_on {
        tau
    } else {
        params.transmissivity_leaf_off
    };
    let diffuse_canopy = if params.formulation.seasonal_canopy {
        psi
    } else {
        tau
    };
    let aw = params.wall_albedo;
    let shaded = 0.5 * aw * sky.diffuse / std::f64::consts::PI;
    let half = 0.5 * sky.diffuse;
    let lit = if params.formulation.wall_reflects_diffuse {
        aw * (sky.beam * cos_up + half)
    } else {
        aw * sky.beam * cos_up + half
    } / std::f64::consts::PI;
    let pi = std::f64::consts::PI;
    let facets = params.formulation.facet_radiance;
    let gain = if facets {
        aw * sky.beam / pi
    } else {
        lit - shaded
    };
    SunTerms {
        beam: sky.beam as f32,
        beam_down: (sky.beam * sin_up * suns.share_up()) as f32,
        light: if input.canopies {
            Light::of_own(&suns, sky.beam)
        } else {
            Light::new(&suns, sky.beam, psi)
        },
        global: sky.global as f32,
        diffuse: sky.diffuse as f32,
        share_light: sky.diffuse as f32,
        inverse_tan_zenith: (sin_h / cos_h) as f32,
        canopy_diffuse: (1.0 - diffuse_canopy) as f32,
        canopy_beam: (1.0 - psi) as f32,
        least_through: least_through(weather, params).map(|x| x as f32),
        wall_albedo: aw as f32,
        shaded_radiance: shaded as f32,
        lit_radiance_gain: gain as f32,
        ground_radiance: if facets { 0.5 * aw / pi } else { 0.0 } as f32,
    }
}

/// What the barest of canopies let through at least, of diffuse light and of the beam: leafless
/// ones are never denser than all are taken for without a value of their own.
fn least_through(weather: &Weather, params: &Params) -> [f64; 2] {
    let bare = if weather.leaf_on {
        0.0
    } else {
        params.transmissivity_leaf_off
    };
    let diffuse = if params.formulation.seasonal_canopy {
        bare
    } else {
        0.0
    };
    [diffuse, bare]
}

/// Surface excess of a class under the step's sky (R 6.2, 6.3).
fn excess(class: &SurfaceClass, sky: &SkyStep, land_cover: bool) -> f64 {
    if !sky.day {
        return 0.0;
    }
    let excess = sky.ci_surface * class.day_wave(&sky.phase);
    // Without land cover a morning below air temperature survives.
    if land_cover { excess.max(0.0) } else { excess }
}

fn ground_terms(input: &StepInput<'_>) -> GroundTerms {
    let StepInput {
        weather,
        params,
        sky,
        ..
    } = *input;
    let bare;
    let classes = if input.land_cover {
        &params.land_cover
    } else {
        bare = LandCoverTable::uniform(params.ground);
        &bare
    };
    let mut in_sun = classes
        .column(|c| excess(c, sky, input.land_cover))
        .map(|x| x as f32);
    let mut always = [0.0_f32; 256];
    let water = weather.water_temperature - weather.ta;
    if input.land_cover && params.formulation.water_temperature && water.is_finite() {
        in_sun[usize::from(WATER)] = 0.0;
        always[usize::from(WATER)] = water as f32;
    }
    let beyond_air = ExcessEmission::new(weather.ta);
    GroundTerms {
        excess: in_sun,
        excess_always: always,
        albedo: classes.column(|c| c.albedo).map(|x| x as f32),
        emissivity: classes.column(|c| c.emissivity).map(|x| x as f32),
        excess_emission: beyond_air.coefficients().map(|x| x as f32),
        air: emission(weather.ta) as f32,
        ta: weather.ta as f32,
        wall_emission: beyond_air.of(wall_excess(weather, sky), params.wall_emissivity),
        delay: (sky.day || params.formulation.night_memory).then(|| {
            input
                .clock
                .day(weather.step_days, params.formulation.exponential_delay)
        }),
    }
}

fn longwave_terms(input: &StepInput<'_>) -> LongwaveTerms {
    let StepInput {
        weather,
        params,
        sky,
        ..
    } = *input;
    let ew = params.wall_emissivity;
    let air = emission(weather.ta);
    let suns = weather.suns();
    let from = [180.0, 270.0, 0.0, 90.0];
    // The wall seen towards a side faces the other way: in the east stands a wall that looks west.
    let faced: [Vec<f64>; 4] = std::array::from_fn(|d| {
        let azimuths = suns.up().map(|(_, sun)| sun.azimuth);
        azimuths.filter(|&a| sun_in_front(a)[(d + 2) % 4]).collect()
    });
    let facing = std::array::from_fn(|d| (faced[d].len() as f64 / suns.all().len() as f64) as f32);
    let wall_facing = std::array::from_fn(|d| {
        let flux = |a: &f64| {
            let sine = ((a - from[d]) * DEG).sin();
            ew * emission(weather.ta + sky.wall_excess * sine)
        };
        let mean = faced[d].iter().map(flux).sum::<f64>() / faced[d].len().max(1) as f64;
        mean as f32
    });
    // A wall receives half of what comes from above and half of what comes from below.
    let share = if input.params.formulation.single_reflection {
        0.5
    } else {
        1.0
    };
    LongwaveTerms {
        sky_down: (sky.emissivity() * air) as f32,
        sky_side: (sky.emissivity_clouded * air) as f32,
        wall: (ew * air) as f32,
        wall_warm: (ew * emission(weather.ta + sky.wall_excess)) as f32,
        facing,
        wall_facing,
        wall_reflects: (1.0 - ew) as f32,
        side_reflects: (share * (1.0 - ew)) as f32,
    }
}

fn wall_terms(input: &StepInput<'_>, longwave: &LongwaveTerms) -> WallTerms {
    let (ew, ta) = (input.params.wall_emissivity, input.weather.ta);
    let excess_of = |&flux: &f32| {
        let black = f64::from(flux) / ew;
        if black > 0.0 {
            (black / SIGMA).powf(0.25) - KELVIN - ta
        } else {
            0.0
        }
    };
    WallTerms {
        emissivity: ew as f32,
        excess: input.sky.wall_excess as f32,
        facing: longwave.wall_facing.each_ref().map(|x| excess_of(x) as f32),
    }
}

/// Tables of the attribution for the others of the step; `ta` air temperature [°C], `weights` those of
/// the patch sky.
///
/// The angular factors of the body need not sum to one, nor the weights of the patches to a whole
/// sky. The enclosure is that in which the body is at air temperature: what is missing is made up for
/// from above.
fn attribution(tables: &StepTables, ta: f64, weights: Option<&[PatchWeight]>) -> AttributionTables {
    let (b, p) = (&tables.body, &tables.patch_longwave);
    let [up, side, around] = [b.up, b.side, b.around].map(f64::from);
    let below = up + 0.5 * side * p.whole_sides.len() as f64;
    let sides = || p.whole_sides.iter().map(|&w| f64::from(w)).sum::<f64>();
    let above = match (tables.anisotropic, b.cylinder) {
        (false, _) => below,
        (true, true) => up * f64::from(p.whole_down) + around * f64::from(p.whole_side),
        (true, false) => up * f64::from(p.whole_down) + side * sides(),
    };
    let air = f64::from(tables.ground.air);
    let offset = KELVIN - f64::from(b.kelvin);
    // Of 273.15 in single precision something is left.
    let offset = if offset.abs() < 1e-3 { 0.0 } else { offset };
    let above = air * (1.0 - below) / above;
    AttributionTables::new([above, ta + KELVIN, offset].map(|x| x as f32), weights)
}

fn heated_walls(input: &StepInput<'_>, step: Option<&PatchStep>) -> Option<HeatedWalls> {
    let (patch_sky, warmth) = input.patch_sky.zip(input.weather.walls.as_ref())?;
    let scale = input.params.wall_emissivity / std::f64::consts::PI;
    let radiance = |celsius| scale * emission(celsius);
    let air = radiance(input.weather.ta);
    Some(HeatedWalls::new(
        &patch_sky.weights,
        step,
        warmth,
        radiance,
        air,
    ))
}

/// How much warmer than the air the walls are that the sun shines on [K].
fn wall_excess(weather: &Weather, sky: &SkyStep) -> f64 {
    let heated = weather.walls.and_then(|w| w.facing(&weather.suns()));
    heated.map_or(sky.wall_excess, |celsius| celsius - weather.ta)
}

fn patch_longwave(input: &StepInput<'_>) -> PatchLongwave {
    use std::f64::consts::PI;
    let Some(patch_sky) = input.patch_sky else {
        return PatchLongwave::default();
    };
    let StepInput {
        weather,
        params,
        sky,
        ..
    } = *input;
    let ew = params.wall_emissivity;
    let air = emission(weather.ta);
    // Where walls have temperatures of their own, these are summed up apart.
    let warm = match weather.walls {
        Some(_) => 0.0,
        None => emission(weather.ta + sky.wall_excess) - air,
    };
    let whole = |w: &dyn Fn(&PatchWeight) -> f64| patch_sky.weights.iter().map(w).sum::<f64>();
    PatchLongwave {
        black: (air / PI) as f32,
        deficit: (1.0 - sky.emissivity()) as f32,
        shaded: (ew * air / PI) as f32,
        lit_gain: (ew * warm / PI) as f32,
        reflects: ((1.0 - ew) / (2.0 * PI)) as f32,
        whole_side: whole(&|w| w.side) as f32,
        whole_down: whole(&|w| w.down) as f32,
        whole_sides: std::array::from_fn(|d| whole(&|w| w.sides[d]) as f32),
    }
}

impl BodyTerms {
    /// Of the body of a run.
    #[must_use]
    pub fn new(params: &Params) -> Self {
        body_terms(params)
    }
}

fn body_terms(params: &Params) -> BodyTerms {
    let factors = params.posture.factors();
    let exact = params.formulation.exact_kelvin;
    BodyTerms {
        cylinder: params.body == BodyShape::Cylinder,
        abs_k: params.abs_k as f32,
        abs_l: params.abs_l as f32,
        up: factors.up as f32,
        side: factors.side as f32,
        around: factors.cylinder as f32,
        inverse_emission: (1.0 / (params.abs_l * SIGMA)) as f32,
        kelvin: if exact { KELVIN } else { REFERENCE_TMRT_KELVIN } as f32,
    }
}
