//! One step of the model: the order of its stages (R 12).

use crate::delay::ThermalState;
use crate::fields::Field;
use crate::gvf::{GroundView, GvfFields, GvfStage, GvfStep};
use crate::params::{BodyShape, Params, PetWind};
use crate::pet::PetStep;
use crate::radiation::cells::{Cells, GroundFields};
use crate::radiation::surface::emission_and_lit_albedo;
use crate::radiation::tables::{PatchSky, StepInput, StepTables};
use crate::radiation::{Comfort, Means, RadiationInput, RadiationStage, evaluate_points};
use crate::rays::Reach;
use crate::shadow::{ShadowStage, SunInput, SunShadow};
use crate::sky::perez::Luminance;
use crate::sky::step::SkyStep;
use crate::stage::{Decline, Engine, Runs};
use crate::stats::Statistics;
use crate::terrain::Terrain;
use crate::utci::UtciStep;
use crate::walls::WallCell;
use crate::weather::Weather;
use std::time::Instant;

/// Everything that does not change from step to step.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Heights.
    pub terrain: &'a Terrain,
    /// Wall cells.
    pub walls: &'a [WallCell],
    /// Ground view.
    pub ground_view: &'a GroundView,
    /// Rasters; shadow and ground view are filled in by the step.
    pub cells: Cells<'a>,
    /// The patch sky; `None` for the isotropic one.
    pub patch_sky: Option<&'a PatchSky>,
    /// Parameters.
    pub params: &'a Params,
    /// How far shadows reach.
    pub reach: Reach,
}

/// What is asked of a step.
#[derive(Debug)]
pub struct Request<'a> {
    /// Fields wanted as rasters.
    pub fields: &'a [Field],
    /// Cells where every field is wanted.
    pub points: &'a [usize],
    /// Statistics the step is counted in.
    pub statistics: Option<&'a mut Statistics>,
}

/// Result of a step.
#[derive(Clone, Debug)]
pub struct StepOutput {
    /// The rasters asked for, in that order.
    pub fields: Vec<Vec<f32>>,
    /// Every field at the points, in the order of [`crate::fields::FIELDS`].
    pub points: Vec<Vec<f32>>,
    /// Scalars of the sky.
    pub sky: SkyStep,
    /// Sky luminance, by day under the patch sky.
    pub luminance: Option<Luminance>,
    /// Means over cells with data.
    pub means: Means,
    /// Time of each stage [s].
    pub seconds: Vec<(&'static str, f64)>,
}

/// Shadow and ground view of a daytime step.
struct Daylight {
    shadow: SunShadow,
    ground: GvfFields,
}

/// An accelerator that knows the stages of a step.
pub trait Accelerator: Runs<ShadowStage> + Runs<GvfStage> + Runs<RadiationStage> {}

impl<A: Runs<ShadowStage> + Runs<GvfStage> + Runs<RadiationStage>> Accelerator for A {}

/// Advance one step. On an error neither the state nor the statistics have changed.
///
/// # Errors
/// [`Decline`] if a strict engine met a failing accelerator.
pub fn step<A: Accelerator>(
    engine: &Engine<A>,
    run: &Run<'_>,
    state: &mut ThermalState,
    weather: &Weather,
    request: Request<'_>,
) -> Result<StepOutput, Decline> {
    let mut clock = Clock::new();
    let sky = SkyStep::new(weather, run.params);
    let sides = run.params.body == BodyShape::Box
        || !request.points.is_empty()
        || request.fields.iter().any(|f| f.is_longwave_side());
    let (tables, luminance) = StepTables::new(&StepInput {
        weather,
        params: run.params,
        sky: &sky,
        clock: state.clock,
        land_cover: run.cells.land_cover.is_some(),
        patch_sky: run.patch_sky,
        sides,
    });
    clock.lap("tables");
    let daylight = if sky.day {
        Some(daylight(engine, run, weather, &sky, &tables, &mut clock)?)
    } else {
        None
    };
    let mut cells = run.cells;
    cells.shadow = daylight.as_ref().map(|d| d.shadow.flags.as_slice());
    cells.ground = daylight.as_ref().map(|d| GroundFields {
        lup: d.ground.lup.each_ref().map(Vec::as_slice),
        albedo: d.ground.alb.each_ref().map(Vec::as_slice),
        albedo_diffuse: run.ground_view.albnosh.each_ref().map(Vec::as_slice),
    });
    let comfort = comfort(run.params, weather, &request);
    if sky.day {
        state.allocate(cells.len());
    }
    let points = points(&tables, &cells, state, &comfort, request.points);
    let output = engine.run::<RadiationStage>(&mut RadiationInput {
        tables: &tables,
        cells,
        memory: sky
            .day
            .then(|| state.memory.each_mut().map(Vec::as_mut_slice)),
        comfort: &comfort,
        fields: request.fields,
        statistics: request.statistics.map(|s| (weather.hours, s)),
    })?;
    clock.lap("radiation");
    state.clock = match &tables.ground.delay {
        Some(delay) => delay.next,
        None => state.clock.night(),
    };
    Ok(StepOutput {
        fields: output.fields,
        points,
        sky,
        luminance,
        means: output.means,
        seconds: clock.laps,
    })
}

/// Shadow, then what the ground sends out, then how it is seen.
fn daylight<A: Accelerator>(
    engine: &Engine<A>,
    run: &Run<'_>,
    weather: &Weather,
    sky: &SkyStep,
    tables: &StepTables,
    clock: &mut Clock,
) -> Result<Daylight, Decline> {
    let shadow = engine.run::<ShadowStage>(&mut SunInput {
        terrain: run.terrain,
        walls: run.walls,
        azimuth_deg: weather.azimuth,
        altitude_deg: sky.altitude_deg,
        reach: run.reach,
    })?;
    clock.lap("shadow");
    let mut cells = run.cells;
    cells.shadow = Some(&shadow.flags);
    let (emission, lit_albedo) = emission_and_lit_albedo(&cells, tables);
    let sunlit: Vec<bool> = shadow.walls.iter().map(|w| w.fully_sunlit).collect();
    let ground = engine.run::<GvfStage>(&mut (
        run.ground_view,
        GvfStep {
            emission: &emission,
            lit_albedo: &lit_albedo,
            walls: run.walls,
            sunlit: &sunlit,
            wall_emission: tables.ground.wall_emission,
            wall_albedo: run.params.wall_albedo,
            shadow: None,
        },
    ))?;
    clock.lap("gvf");
    Ok(Daylight { shadow, ground })
}

/// Every field at the points.
fn points(
    tables: &StepTables,
    cells: &Cells<'_>,
    state: &ThermalState,
    comfort: &Comfort,
    at: &[usize],
) -> Vec<Vec<f32>> {
    if at.is_empty() {
        return Vec::new();
    }
    let memory = tables
        .day
        .then(|| state.memory.each_ref().map(Vec::as_slice));
    evaluate_points(tables, cells, memory, comfort, at)
}

/// Wind at a height from wind at the sensor, by the power law of open ground.
fn wind_at(height: f64, params: &Params, wind: f64) -> f64 {
    (height / params.wind_height).powf(0.2) * wind
}

/// Comfort indices that the request needs.
fn comfort(params: &Params, weather: &Weather, request: &Request<'_>) -> Comfort {
    let everything = !request.points.is_empty();
    let wants = |field: Field| everything || request.fields.contains(&field);
    let wind_10m = wind_at(10.0, params, weather.wind).max(params.utci_wind_floor);
    let pet_wind = match params.pet_wind {
        PetWind::TenMetres => wind_at(10.0, params, weather.wind),
        PetWind::BodyHeight => wind_at(1.1, params, weather.wind),
    };
    Comfort {
        utci: (wants(Field::Utci) || request.statistics.is_some())
            .then(|| UtciStep::new(weather.ta, weather.rh, wind_10m)),
        pet: wants(Field::Pet)
            .then(|| PetStep::new(weather.ta, weather.rh, pet_wind, &params.person)),
    }
}

/// Times the stages of a step.
struct Clock {
    start: Instant,
    laps: Vec<(&'static str, f64)>,
}

impl Clock {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            laps: Vec::new(),
        }
    }

    /// Book the time since the last lap.
    fn lap(&mut self, name: &'static str) {
        self.laps.push((name, self.start.elapsed().as_secs_f64()));
        self.start = Instant::now();
    }
}
