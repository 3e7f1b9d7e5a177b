//! One step of the model: the order of its stages (R 12).

use crate::air::Air;
use crate::carried::Carried;
use crate::fields::{self, Field};
use crate::grid::Window;
use crate::gvf::{GroundView, GvfStep};
use crate::heat::{self, HeatStep, Index, Wearer};
use crate::params::{BodyShape, Params, PetWind, Posture};
use crate::pet::{Body, PetCells, PetStep};
use crate::radiation::cells::{Cells, GroundFields};
use crate::radiation::comfort::{Comfort, LocalComfort};
use crate::radiation::light::digit;
use crate::radiation::skies::Skies;
use crate::radiation::sums::StepSums;
use crate::radiation::surface::{GroundStates, SentByGround};
use crate::radiation::tables::{PatchSky, StepInput, StepTables};
use crate::radiation::{Radiation, RadiationInput};
use crate::rays::Reach;
use crate::shadow::{ShadowStage, SunInput, SunShadow, VEGSH};
use crate::sky::clearness::STANDARD_PRESSURE_HPA;
use crate::sky::perez::Luminance;
use crate::sky::step::SkyStep;
use crate::stage::{Decline, Engine, Runs, Stage};
use crate::terrain::{Terrain, units};
use crate::utci::{UtciAround, UtciStep};
use crate::walls::WallCell;
use crate::weather::{Suns, Weather};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Everything that does not change from step to step.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Number of this run, given by its owner; what a device keeps for it is found by it.
    pub id: u64,
    /// Heights, of the window and of everything around it that shades it.
    pub terrain: &'a Terrain,
    /// Where the rasters of the run lie in the terrain.
    pub window: Window,
    /// Wall cells, counted in the window.
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
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Fields wanted as rasters.
    pub fields: &'a [Field],
    /// Cells where every field is wanted, the attribution only if `fields` hold some of it.
    pub points: &'a [usize],
    /// Count the step in the statistics, if the run carries some.
    pub count: bool,
}

impl Request<'_> {
    /// Whether the attribution of Tmrt is asked for.
    #[must_use]
    pub fn attribution(&self) -> bool {
        fields::attributed(self.fields)
    }
}

/// Result of a step.
#[derive(Clone, Debug)]
pub struct StepOutput {
    /// The rasters asked for, in that order.
    pub fields: Vec<Vec<f32>>,
    /// Every field at the points, in the order of [`crate::fields::at_points`].
    pub points: Vec<Vec<f32>>,
    /// Scalars of the sky.
    pub sky: SkyStep,
    /// Sky luminance, by day under the patch sky.
    pub luminance: Option<Luminance>,
    /// Sums over the cells that are counted.
    pub sums: StepSums,
    /// Time of each stage [s].
    pub seconds: Vec<(&'static str, f64)>,
}

/// What the suns of a step light.
struct LitScene {
    /// Light of every cell, see [`crate::radiation::light`].
    cells: Vec<u8>,
    /// Of every wall a bit for each sun that lights it over its full height.
    walls: Vec<u8>,
    /// Transmissivity of the canopies before every cell, summed over the suns behind leaves, where
    /// canopies have their own.
    through: Option<Vec<u16>>,
}

/// Input of [`TimestepStage`].
pub struct TimestepInput<'a> {
    /// What stays.
    pub run: &'a Run<'a>,
    /// What the run carries from step to step.
    pub carried: &'a mut Carried,
    /// Weather of the step.
    pub weather: &'a Weather,
    /// The air where it is given cell by cell, in the rasters of the run.
    pub air: Air<'a>,
    /// What is wanted.
    pub request: Request<'a>,
}

/// A whole step: on a device one submission, nothing read back between its parts.
#[derive(Debug)]
pub struct TimestepStage;

impl Stage for TimestepStage {
    const NAME: &'static str = "timestep";
    type In<'a> = TimestepInput<'a>;
    type Out = StepOutput;

    fn cpu(input: &mut TimestepInput<'_>) -> StepOutput {
        bring_home(input.run, input.carried);
        let request = input.request;
        step_here(input.run, input.carried, input.weather, input.air, request)
    }

    fn parts(out: &StepOutput) -> Vec<(&'static str, Duration)> {
        out.seconds
            .iter()
            .filter(|(name, _)| *name != "tables")
            .map(|(name, s)| (*name, Duration::from_secs_f64(*s)))
            .collect()
    }
}

/// Advance one step. On an error neither the state nor the statistics have changed.
///
/// # Errors
/// [`Decline`] if a strict engine met a failing accelerator.
pub fn step<A: Runs<TimestepStage>>(
    engine: &Engine<A>,
    run: &Run<'_>,
    carried: &mut Carried,
    weather: &Weather,
    air: Air<'_>,
    request: Request<'_>,
) -> Result<StepOutput, Decline> {
    engine.run::<TimestepStage>(&mut TimestepInput {
        run,
        carried,
        weather,
        air,
        request,
    })
}

/// The tables of a step: all it needs besides rasters.
#[derive(Debug)]
pub struct Prepared {
    /// Scalars of the sky.
    pub sky: SkyStep,
    /// Numbers every cell reads.
    pub tables: StepTables,
    /// Sky luminance, by day under the patch sky.
    pub luminance: Option<Luminance>,
    /// The skies of weather cells, where radiation is given by these.
    pub skies: Option<Skies>,
    /// Comfort indices.
    pub comfort: Comfort,
}

impl Prepared {
    /// Tables of a step; `clock` is that of the state before it.
    #[must_use]
    pub fn new(
        run: &Run<'_>,
        clock: crate::delay::DelayClock,
        weather: &Weather,
        air: &Air<'_>,
        request: &Request<'_>,
    ) -> Self {
        let sky = SkyStep::new(weather, run.params);
        let sides = run.params.body == BodyShape::Box
            || !request.points.is_empty()
            || request.fields.iter().any(|f| f.is_longwave_side());
        let input = StepInput {
            weather,
            params: run.params,
            sky: &sky,
            clock,
            land_cover: run.cells.land_cover.is_some(),
            patch_sky: run.patch_sky,
            sides,
            canopies: run.cells.seen.is_some(),
            attribution: request.attribution(),
        };
        let several = (air.sky).and_then(|cells| Skies::new(&input, cells, run.window));
        let (skies, (tables, luminance)) = match several {
            Some((skies, tables)) => (Some(skies), (tables, input.luminance())),
            None => (None, StepTables::new(&input)),
        };
        Self {
            comfort: comfort(run.params, weather, air, request),
            sky,
            tables,
            luminance,
            skies,
        }
    }

    /// The thermal clock after the step.
    #[must_use]
    pub fn next_clock(&self, clock: crate::delay::DelayClock) -> crate::delay::DelayClock {
        match &self.tables.ground.delay {
            Some(delay) => delay.next,
            None => clock.night(),
        }
    }
}

/// Bring what a run carries back from a device; steps that were lost with it are repeated here.
pub fn bring_home(run: &Run<'_>, carried: &mut Carried) {
    carried.bring_home(|carried, weather, air, count| {
        let request = Request {
            fields: &[],
            points: &[],
            count,
        };
        step_here(run, carried, weather, air, request);
    });
}

/// A step on the CPU; the state and the statistics are at home.
fn step_here(
    run: &Run<'_>,
    carried: &mut Carried,
    weather: &Weather,
    air: Air<'_>,
    request: Request<'_>,
) -> StepOutput {
    let mut clock = Clock::new();
    let state = &mut carried.state;
    let Prepared {
        sky,
        tables,
        luminance,
        skies,
        comfort,
    } = Prepared::new(run, state.clock, weather, &air, &request);
    clock.lap("tables");
    let least = units(f64::from(tables.sun.least_through[1]));
    let light = sky.day.then(|| shine(run, &weather.suns(), least));
    let mut cells = run.cells;
    cells.air = air;
    cells.shadow = light.as_ref().map(|light| light.cells.as_slice());
    cells.through = light.as_ref().and_then(|light| light.through.as_deref());
    if sky.day {
        clock.lap("shadow");
    }
    let remembers = tables.ground.delay.is_some();
    if remembers {
        state.allocate(cells.len());
    }
    let statistics = carried.statistics.as_mut().filter(|_| request.count);
    let mut input = RadiationInput {
        tables: &tables,
        cells,
        memory: remembers.then(|| state.memory.each_mut().map(Vec::as_mut_slice)),
        comfort: &comfort,
        fields: request.fields,
        skies: skies.as_ref(),
        statistics: statistics.map(|s| (weather.hours, s)),
    };
    let mut radiation = Radiation::begin(&mut input);
    let mut points = Points::new(&request);
    if let Some(light) = &light {
        let states = GroundStates::new(&cells, &tables, skies.is_some(), run.ground_view);
        let sent = SentByGround {
            cols: run.window.cols,
            cells,
            states: &states,
            skies: skies.as_ref(),
        };
        let look = run.ground_view.look(&GvfStep {
            sent: &sent,
            units: states.units,
            sunlit: &light.walls,
            suns: tables.sun.light.suns,
            wall: [tables.ground.wall_emission, run.params.wall_albedo],
            shadow: None,
            spare: None,
        });
        let diffuse = run.ground_view.albnosh.planes();
        let mut view = carried.spare.take().unwrap_or_default();
        // A view is used up before the next is made: it is never larger than a band.
        for rows in run.ground_view.bands() {
            let part = rows.start * run.window.cols..rows.end * run.window.cols;
            view = look.rows(rows, view);
            clock.lap("gvf");
            let ground = Some(GroundFields {
                lup: view[0].planes(),
                albedo: view[1].planes(),
                albedo_diffuse: diffuse.map(|plane| &plane[part.clone()]),
            });
            points.evaluate(&mut radiation, part.clone(), ground);
            radiation.compute(part, ground);
            clock.lap("radiation");
        }
        carried.spare = Some(view);
    } else {
        points.evaluate(&mut radiation, 0..cells.len(), None);
        radiation.compute(0..cells.len(), None);
        clock.lap("radiation");
    }
    let output = radiation.finish();
    state.clock = match &tables.ground.delay {
        Some(delay) => delay.next,
        None => state.clock.night(),
    };
    StepOutput {
        fields: output.fields,
        points: points.values,
        sky,
        luminance,
        sums: output.sums,
        seconds: clock.laps,
    }
}

/// Cast the shadows of every sun that is up; canopies with their own transmissivity let through
/// `least` units at least.
fn shine(run: &Run<'_>, suns: &Suns, least: u16) -> LitScene {
    let one = suns.all().len() == 1;
    let mut scene: Option<LitScene> = None;
    for (place, sun) in suns.up() {
        let SunShadow {
            flags,
            walls,
            through,
        } = ShadowStage::cpu(&mut SunInput {
            terrain: run.terrain,
            window: run.window,
            walls: run.walls,
            azimuth_deg: sun.azimuth,
            altitude_deg: sun.altitude,
            reach: run.reach,
        });
        let lit = walls.iter().map(|w| u8::from(w.fully_sunlit) << place);
        let cells = |flags: Vec<u8>| -> Vec<u8> {
            flags.iter().map(|&flags| digit(flags, place)).collect()
        };
        let through = through.filter(|_| run.cells.seen.is_some()).map(|mut all| {
            for (units, &flags) in all.iter_mut().zip(&flags) {
                if flags & VEGSH == 0 {
                    *units = least.max(*units);
                }
            }
            all
        });
        match &mut scene {
            None => {
                scene = Some(LitScene {
                    walls: lit.collect(),
                    cells: if one { flags } else { cells(flags) },
                    through,
                });
            }
            Some(scene) => {
                for (all, lit) in scene.walls.iter_mut().zip(lit) {
                    *all |= lit;
                }
                let sums = scene.through.iter_mut().flatten();
                for (sum, units) in sums.zip(through.into_iter().flatten()) {
                    *sum += units;
                }
                for (light, &flags) in scene.cells.iter_mut().zip(&flags) {
                    *light += digit(flags, place);
                }
            }
        }
    }
    scene.expect("a step is a day if any sun is up")
}

/// Every field at the points.
struct Points<'a> {
    at: &'a [usize],
    values: Vec<Vec<f32>>,
}

impl<'a> Points<'a> {
    fn new(request: &Request<'a>) -> Self {
        let at = request.points;
        let fields = match at {
            [] => 0,
            _ => fields::at_points(request.attribution()).len(),
        };
        Self {
            at,
            values: vec![vec![f32::NAN; at.len()]; fields],
        }
    }

    /// Those among some cells, before these are computed.
    fn evaluate(
        &mut self,
        radiation: &mut Radiation<'_, '_>,
        cells: Range<usize>,
        ground: Option<GroundFields<'_>>,
    ) {
        let (own, at): (Vec<usize>, Vec<usize>) = (self.at.iter().enumerate())
            .filter(|(_, cell)| cells.contains(cell))
            .map(|(own, cell)| (own, cell - cells.start))
            .unzip();
        if own.is_empty() {
            return;
        }
        let found = radiation.at_points(cells, ground, &at);
        for (values, found) in self.values.iter_mut().zip(found) {
            for (own, value) in own.iter().zip(found) {
                values[*own] = value;
            }
        }
    }
}

/// Wind at a height from wind at the sensor.
#[must_use]
pub fn wind_at(height: f64, params: &Params, wind: f64) -> f64 {
    params.wind_profile.ratio(height, params.wind_height) * wind
}

/// Height of the wind UTCI receives [m].
const UTCI_HEIGHT: f64 = 10.0;

/// Height of the wind PET receives [m].
fn pet_height(params: &Params) -> f64 {
    match params.pet_wind {
        PetWind::TenMetres => 10.0,
        PetWind::BodyHeight => 1.1,
    }
}

/// Wind as the comfort indices receive it [m/s].
#[derive(Clone, Copy, Debug)]
pub struct ComfortWind {
    /// At 10 m.
    pub utci: f64,
    /// At the height chosen for PET.
    pub pet: f64,
    /// At the sensors of WBGT.
    pub sensor: f64,
}

impl ComfortWind {
    /// From wind at the sensor.
    #[must_use]
    pub fn new(params: &Params, wind: f64) -> Self {
        Self {
            utci: wind_at(UTCI_HEIGHT, params, wind),
            pet: wind_at(pet_height(params), params, wind),
            sensor: wind_at(heat::HEIGHT, params, wind),
        }
    }
}

/// Comfort indices that the request needs.
fn comfort(params: &Params, weather: &Weather, air: &Air<'_>, request: &Request<'_>) -> Comfort {
    let everything = !request.points.is_empty();
    let wants = |field: Field| everything || request.fields.contains(&field);
    // Cells that have their own wind need none of the step.
    let instead = air.wind.is_some() && weather.wind.is_nan();
    let at_sensor = if instead { 0.0 } else { weather.wind };
    let wind = ComfortWind::new(params, at_sensor);
    let (ta, rh) = (weather.ta, weather.rh);
    let person = Body {
        sitting: params.posture == Posture::Sitting,
        ..params.person
    };
    let wearer = Wearer::from(&person);
    Comfort {
        utci: (wants(Field::Utci) || request.count)
            .then(|| UtciStep::new(params.utci_range, ta, rh, wind.utci)),
        pet: wants(Field::Pet).then(|| PetStep::new(params.pet_variant, ta, rh, wind.pet, &person)),
        local: air.any().then(|| {
            let profile = params.wind_profile;
            let to = |height: f64| profile.ratio(height, air.wind_height);
            LocalComfort {
                ta,
                rh,
                sensor: wind_at(air.wind_height, params, at_sensor),
                pet_wind: wind.pet,
                utci_wind: wind.utci,
                sensor_wind: wind.sensor,
                pressure: pressure_hpa(weather),
                to_utci: to(UTCI_HEIGHT),
                to_pet: to(pet_height(params)),
                to_sensor: to(heat::HEIGHT),
                range: params.utci_range,
                pet: wants(Field::Pet).then(|| PetCells::new(params.pet_variant, &person)),
                wearer,
                around: (wants(Field::Utci) || request.count)
                    .then(|| Box::new(UtciAround::new(params.utci_range, ta, rh, wind.utci))),
            }
        }),
        heat: heat_step(weather, [wind.sensor, wind.utci], wearer, wants),
    }
}

/// Other heat indices that are wanted; `wind` at the sensors and at 10 m.
fn heat_step(
    weather: &Weather,
    [wind, wind_10m]: [f64; 2],
    wearer: Wearer,
    wants: impl Fn(Field) -> bool,
) -> Option<HeatStep> {
    let wanted = OF_HEAT.map(|(_, field)| wants(field));
    let loads = [Field::GlobeLoad, Field::WickLoad].into_iter().any(&wants);
    let air = heat::Air {
        ta: weather.ta,
        rh: weather.rh,
        wind,
        pressure: pressure_hpa(weather),
    };
    (loads || wanted.contains(&true)).then(|| HeatStep::new(air, wind_10m, wearer, wanted))
}

/// Air pressure of a step, the standard one where it is not known [hPa].
fn pressure_hpa(weather: &Weather) -> f64 {
    let pressure = 10.0 * weather.pressure_kpa;
    if pressure.is_nan() {
        STANDARD_PRESSURE_HPA
    } else {
        pressure
    }
}

/// The fields of the heat indices, in their order.
pub const OF_HEAT: [(Index, Field); heat::INDICES] = [
    (Index::Wbgt, Field::Wbgt),
    (Index::WetBulb, Field::WetBulb),
    (Index::LargeGlobe, Field::LargeGlobe),
    (Index::SmallGlobe, Field::SmallGlobe),
    (Index::Apparent, Field::Apparent),
    (Index::Effective, Field::Effective),
];

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

    /// Book the time since the last lap, to what the stage has taken already.
    fn lap(&mut self, name: &'static str) {
        let seconds = self.start.elapsed().as_secs_f64();
        match self.laps.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += seconds,
            None => self.laps.push((name, seconds)),
        }
        self.start = Instant::now();
    }
}
