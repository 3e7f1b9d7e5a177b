//! What a device must get right before it may work: a small town through every kernel, against the
//! CPU, twice.

pub mod scene;

use crate::device::Gpu;
use crate::device::error::{GpuError, StageFailure};
use crate::device::faults::Fault;
use crate::resident::terrain::DeviceTerrain;
use crate::stages::{gvf, shadow, skyview, timestep};
use scene::{Town, summer_hour};
use solweig_core::air::{Air, KeptAir};
use solweig_core::carried::Carried;
use solweig_core::delay::ThermalState;
use solweig_core::fields::{FIELDS, Field, at_points};
use solweig_core::grid::{Grid, Window};
use solweig_core::gvf::{GvfFields, GvfStage, GvfStep, PixelTooSmall, Unit, WholeFields};
use solweig_core::params::Params;
use solweig_core::patches::PatchOption;
use solweig_core::radiation::sums::AreaSums;
use solweig_core::rays::Reach;
use solweig_core::shadow::{ShadowStage, SunInput};
use solweig_core::stage::Stage;
use solweig_core::stats::Statistics;
use solweig_core::svf::{CANOPY_FIELD, SkyInput, SkyRows};
use solweig_core::timestep::{OF_HEAT, Request, StepOutput, TimestepInput, TimestepStage};
use solweig_core::weather::Weather;
use solweig_core::weather_cells::{CellRadiation, WeatherCells, WeatherGrid};
use std::collections::BTreeMap;
use std::sync::Arc;

const GRID: Grid = Grid {
    rows: 37,
    cols: 43,
    pixel_size: 2.0,
};

/// Values of a stage, and how far they may be from the CPU's.
struct Answer {
    stage: &'static str,
    values: Vec<f32>,
    tolerance: f64,
}

impl Answer {
    fn new(stage: &'static str, tolerance: f64, values: Vec<f32>) -> Self {
        Self {
            stage,
            values,
            tolerance,
        }
    }

    /// Bits and masks: equal or not.
    fn exact<T: Into<u32>>(stage: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        // Two halves a word, so that f32 holds them exactly.
        let halves = values.into_iter().flat_map(|word| {
            let word: u32 = word.into();
            [(word & 0xffff) as f32, (word >> 16) as f32]
        });
        Self::new(stage, 0.0, halves.collect())
    }
}

/// A heat index besides UTCI and PET.
fn is_of_heat(field: Field) -> bool {
    OF_HEAT.iter().any(|(_, own)| *own == field)
}

/// How far a field may be from the CPU's, in its own unit.
fn tolerance(field: Field) -> f64 {
    match field {
        Field::Tmrt | Field::Utci | Field::Pet => 0.02,
        Field::GlobeLoad | Field::WickLoad => 0.05,
        field if is_of_heat(field) => 0.02,
        _ if field.is_attribution() => 0.02,
        Field::Shadow | Field::Fsh => 2e-4,
        Field::Tg | Field::TgOut => 2e-3,
        _ => 0.05,
    }
}

/// Stage a field belongs to.
fn stage_of(field: Field) -> &'static str {
    match field {
        Field::Utci => "utci",
        Field::Pet => "pet",
        Field::GlobeLoad | Field::WickLoad => "radiation",
        field if is_of_heat(field) => "heat",
        _ => "radiation",
    }
}

/// Hours, and whether Tmrt is explained: each kernel of radiation has its turn.
const HOURS: [(f64, bool); 3] = [(9.0, true), (13.0, false), (22.0, true)];

fn every_field(attributed: bool) -> Vec<Field> {
    at_points(attributed)
        .iter()
        .map(|(field, _)| *field)
        .collect()
}

fn carried() -> Carried {
    let statistics = Statistics::new(GRID.len(), &[26.0], &[20.0]);
    Carried::new(ThermalState::default(), Some(statistics))
}

/// A step and what it left behind, as answers.
fn step_answers(
    out: &solweig_core::timestep::StepOutput,
    fields: &[Field],
    answers: &mut Vec<Answer>,
) {
    for (field, values) in fields.iter().zip(&out.fields) {
        let answer = Answer::new(stage_of(*field), tolerance(*field), values.clone());
        answers.push(answer);
    }
    for (field, values) in FIELDS.iter().zip(&out.points) {
        answers.push(Answer::new("radiation", tolerance(field.0), values.clone()));
    }
    let means = [out.sums.ground, out.sums.roofs].map(AreaSums::means);
    answers.push(Answer::new(
        "statistics",
        0.02,
        means.iter().flatten().map(|&m| m as f32).collect(),
    ));
}

fn statistics_answers(carried: &Carried, answers: &mut Vec<Answer>) {
    let Some(statistics) = &carried.statistics else {
        return;
    };
    for (name, grid) in statistics.grids() {
        let tolerance = if name.ends_with("hours") { 1e-4 } else { 0.02 };
        answers.push(Answer::new("statistics", tolerance, grid));
    }
}

fn gvf_step<'a>(sent: &'a WholeFields<2>, units: [Unit; 2], sunlit: &'a [u8]) -> GvfStep<'a> {
    GvfStep {
        sent,
        units,
        sunlit,
        suns: 1,
        wall: [40.0, 0.2],
        shadow: None,
        spare: None,
    }
}

fn gvf_answers(seen: &GvfFields, answers: &mut Vec<Answer>) {
    for field in seen.lup.planes().into_iter().chain(seen.alb.planes()) {
        answers.push(Answer::new("gvf", 1e-3, field.to_vec()));
    }
}

/// The CPU's answers.
fn expected(town: &Town) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (mask, _) in town.sky.masks.iter().zip(0..3) {
        answers.push(Answer::exact("svf", mask.iter().copied()));
    }
    for field in &town.sky.fields {
        answers.push(Answer::new("svf", 1e-6, field.clone()));
    }
    let sun = ShadowStage::cpu(&mut sun_input(town));
    answers.push(Answer::exact("shadow", sun.flags));
    let (sent, units, sunlit) = sent_by_ground(town);
    let seen = GvfStage::cpu(&mut (&town.ground_view, gvf_step(&sent, units, &sunlit)));
    gvf_answers(&seen, &mut answers);
    let run = town.run();
    let mut carried = carried();
    for (hour, attributed) in HOURS {
        let fields = every_field(attributed);
        let out = TimestepStage::cpu(&mut TimestepInput {
            run: &run,
            carried: &mut carried,
            weather: &summer_hour(hour),
            air: Air::OF_THE_STEP,
            request: request(&fields),
        });
        step_answers(&out, &fields, &mut answers);
    }
    statistics_answers(&carried, &mut answers);
    answers
}

fn request(fields: &[Field]) -> Request<'_> {
    Request {
        fields,
        points: &[17, 401, 1000],
        count: true,
    }
}

fn sun_input(town: &Town) -> SunInput<'_> {
    SunInput {
        terrain: &town.terrain,
        window: Window::whole(town.terrain.grid),
        walls: &town.walls,
        azimuth_deg: 143.0,
        altitude_deg: 21.0,
        reach: Reach::default(),
    }
}

/// Something to look at, and walls of which every other one is lit.
fn sent_by_ground(town: &Town) -> (WholeFields<2>, [Unit; 2], Vec<u8>) {
    let wave = |a: f32, b: f32| -> Vec<f32> {
        (0..GRID.len())
            .map(|i| a + b * (0.37 * i as f32).sin())
            .collect()
    };
    let units = [90.0, 0.25].map(|bound| town.ground_view.unit(bound, 1));
    let fields = [&wave(60.0, 30.0)[..], &wave(0.15, 0.1)];
    let sunlit = (0..town.walls.len())
        .map(|i| u8::from(i % 2 == 0))
        .collect();
    (WholeFields::new(GRID.cols, fields, units), units, sunlit)
}

/// The device's answers, in the order of [`expected`].
fn given(gpu: &Arc<Gpu>, town: &Town) -> Result<Vec<Answer>, StageFailure> {
    let mut answers = Vec::new();
    let terrain =
        Arc::new(DeviceTerrain::upload(gpu, &town.terrain).map_err(|e| e.in_stage("svf"))?);
    let mut input = SkyInput {
        terrain: &town.terrain,
        plan: &town.plan,
        window: Window::whole(GRID),
        watch: &mut |_, _| true,
    };
    let sky = skyview::sky_view(gpu, &terrain, &mut input)?.unwrap_or_default();
    for mask in &sky.masks {
        answers.push(Answer::exact("svf", mask.iter().copied()));
    }
    for field in sky.fields {
        answers.push(Answer::new("svf", 1e-6, field));
    }
    let sun = shadow::cast(gpu, &terrain, &sun_input(town))?;
    answers.push(Answer::exact("shadow", sun.flags));
    let (sent, units, sunlit) = sent_by_ground(town);
    let seen = gvf::evaluate(gpu, &town.ground_view, &gvf_step(&sent, units, &sunlit))?;
    gvf_answers(&seen, &mut answers);
    let run = town.run();
    let device = Arc::new(timestep::upload(gpu, &run, terrain)?);
    let mut carried = carried();
    for (hour, attributed) in HOURS {
        let fields = every_field(attributed);
        let out = timestep::step(
            &device,
            &mut TimestepInput {
                run: &run,
                carried: &mut carried,
                weather: &summer_hour(hour),
                air: Air::OF_THE_STEP,
                request: request(&fields),
            },
        )?;
        step_answers(&out, &fields, &mut answers);
    }
    carried
        .checkpoint()
        .map_err(|e| GpuError::Readback(e.to_string()).in_stage("statistics"))?;
    statistics_answers(&carried, &mut answers);
    Ok(answers)
}

/// A town whose canopies have their own transmissivity.
fn leafy_town() -> Result<Town, PixelTooSmall> {
    let grid = Grid {
        rows: 18,
        cols: 23,
        pixel_size: 2.0,
    };
    Town::new(grid, 11, true, true, Params::default(), PatchOption::P145)
}

/// Air that differs from cell to cell, some cells having the step's.
fn own_air(town: &Town, weather: &Weather) -> KeptAir {
    let wave = |value: f64, span: f64, turn: f64| -> Vec<f32> {
        (0..town.terrain.grid.len())
            .map(|i| {
                (value
                    + if i % 7 == 0 {
                        0.0
                    } else {
                        span * (turn * i as f64).sin()
                    }) as f32
            })
            .collect()
    };
    let (ta, rh) = (wave(weather.ta, 3.0, 0.31), wave(weather.rh, 15.0, 0.17));
    let wind = wave(weather.wind, 1.5, 0.23);
    KeptAir::of(&Air {
        ta: Some(&ta),
        rh: Some(&rh),
        wind: Some(&wind),
        wind_height: 10.0,
        sky: weather_cells(weather).as_ref(),
    })
}

/// Skies of six weather cells over the town: under one it is clear, under others clouds are before the
/// sun, under one it is overcast; longwave is given too.
fn weather_cells(weather: &Weather) -> Option<WeatherCells> {
    let grid = WeatherGrid {
        shape: [2, 3],
        origin: [4.5, 2.0],
        pitch: [9.5, 10.0],
        first: [3, 1],
    };
    let shares = [1.0, 0.55, 0.8, 0.3, 0.9, 0.12];
    let radiation = shares.map(|share| CellRadiation {
        global: share * weather.global,
        direct: f64::NAN,
        diffuse: f64::NAN,
        longwave_down: 420.0 - 70.0 * share,
    });
    WeatherCells::new(grid, radiation.to_vec())
}

/// What canopies let through: seen from the ground, before the sun, and in a step.
fn leafy_answers(
    sky: &SkyRows,
    through: Option<&Vec<u16>>,
    out: &StepOutput,
    fields: &[Field],
    answers: &mut Vec<Answer>,
) {
    let seen = sky.fields.get(CANOPY_FIELD).cloned().unwrap_or_default();
    answers.push(Answer::new("svf", 0.0, seen));
    let through = through.into_iter().flatten().map(|&units| u32::from(units));
    answers.push(Answer::exact("shadow", through));
    step_answers(out, fields, answers);
}

/// The CPU's answers of a town with canopies of their own.
fn expected_leafy(town: &Town, answers: &mut Vec<Answer>) {
    let fields = every_field(true);
    let sun = ShadowStage::cpu(&mut sun_input(town));
    let weather = summer_hour(10.0);
    let out = TimestepStage::cpu(&mut TimestepInput {
        run: &town.run(),
        carried: &mut Carried::default(),
        weather: &weather,
        air: own_air(town, &weather).air(),
        request: leafy_request(&fields),
    });
    leafy_answers(&town.sky, sun.through.as_ref(), &out, &fields, answers);
}

fn leafy_request(fields: &[Field]) -> Request<'_> {
    Request {
        fields,
        points: &[],
        count: false,
    }
}

/// The device's answers of it.
fn given_leafy(gpu: &Arc<Gpu>, town: &Town, answers: &mut Vec<Answer>) -> Result<(), StageFailure> {
    let fields = every_field(true);
    let upload = DeviceTerrain::upload(gpu, &town.terrain);
    let terrain = Arc::new(upload.map_err(|e| e.in_stage("svf"))?);
    let mut input = SkyInput {
        terrain: &town.terrain,
        plan: &town.plan,
        window: Window::whole(town.terrain.grid),
        watch: &mut |_, _| true,
    };
    let sky = skyview::sky_view(gpu, &terrain, &mut input)?.unwrap_or_default();
    let sun = shadow::cast(gpu, &terrain, &sun_input(town))?;
    let run = town.run();
    let device = Arc::new(timestep::upload(gpu, &run, terrain)?);
    let weather = summer_hour(10.0);
    let air = own_air(town, &weather);
    let mut input = TimestepInput {
        run: &run,
        carried: &mut Carried::default(),
        weather: &weather,
        air: air.air(),
        request: leafy_request(&fields),
    };
    let out = timestep::step(&device, &mut input)?;
    leafy_answers(&sky, sun.through.as_ref(), &out, &fields, answers);
    Ok(())
}

/// Largest difference; infinite where one is missing and the other not.
fn difference(a: &[f32], b: &[f32]) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    a.iter()
        .zip(b)
        .map(|(a, b)| match (a.is_nan(), b.is_nan()) {
            (true, true) => 0.0,
            (false, false) => (f64::from(*a) - f64::from(*b)).abs(),
            _ => f64::INFINITY,
        })
        .fold(0.0, f64::max)
}

fn bits(values: &[f32]) -> impl Iterator<Item = u32> + '_ {
    values.iter().map(|x| x.to_bits())
}

/// Test a device; returns the largest difference per stage.
///
/// # Errors
/// [`GpuError::SelfTest`], or what stood in the way.
pub fn run(gpu: &Arc<Gpu>) -> Result<BTreeMap<&'static str, f64>, GpuError> {
    let made =
        |town: Result<Town, PixelTooSmall>| town.map_err(|e| GpuError::Unsupported(e.to_string()));
    let own = false;
    let town = made(Town::new(
        GRID,
        7,
        true,
        own,
        Params::default(),
        PatchOption::P153,
    ))?;
    let leafy = made(leafy_town())?;
    let mut want = expected(&town);
    expected_leafy(&leafy, &mut want);
    let asked = || {
        let mut answers = given(gpu, &town)?;
        given_leafy(gpu, &leafy, &mut answers)?;
        Ok(answers)
    };
    let mut got = asked().map_err(|f: StageFailure| f.error)?;
    let again = asked().map_err(|f| f.error)?;
    if gpu.faults.due("self_test") == Some(Fault::WrongAnswer) {
        got[0].values[0] += 1.0;
    }
    judge(&want, &got, &again)
}

fn judge(
    want: &[Answer],
    got: &[Answer],
    again: &[Answer],
) -> Result<BTreeMap<&'static str, f64>, GpuError> {
    let fail = |stage, detail| Err(GpuError::SelfTest { stage, detail });
    let mut worst = BTreeMap::new();
    if want.len() != got.len() || got.len() != again.len() {
        return fail("svf", "an answer is missing".to_owned());
    }
    for ((want, got), again) in want.iter().zip(got).zip(again) {
        let apart = difference(&want.values, &got.values);
        if apart > want.tolerance {
            let allowed = want.tolerance;
            return fail(
                want.stage,
                format!("differs from the CPU by {apart:.3e}, allowed {allowed:.0e}"),
            );
        }
        if !bits(&got.values).eq(bits(&again.values)) {
            return fail(want.stage, "answers differently when repeated".to_owned());
        }
        let most: &mut f64 = worst.entry(want.stage).or_default();
        *most = most.max(apart);
    }
    Ok(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(value: f32) -> Vec<Answer> {
        vec![Answer::new("radiation", 0.02, vec![20.0, f32::NAN, value])]
    }

    #[test]
    fn a_wrong_answer_is_found() {
        let judged = judge(&answers(30.0), &answers(30.1), &answers(30.1));
        assert!(matches!(
            judged,
            Err(GpuError::SelfTest {
                stage: "radiation",
                ..
            })
        ));
        let missing = judge(&answers(30.0), &answers(f32::NAN), &answers(f32::NAN));
        assert!(missing.is_err());
    }

    #[test]
    fn an_unsteady_answer_is_found() {
        assert!(judge(&answers(30.0), &answers(30.001), &answers(30.002)).is_err());
    }

    #[test]
    fn a_right_answer_passes() {
        let worst = judge(&answers(30.0), &answers(30.001), &answers(30.001)).unwrap();
        assert!((worst["radiation"] - 0.001).abs() < 1e-5);
    }
}
