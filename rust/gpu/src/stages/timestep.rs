//! A whole step on the device: one submission, scalars and small tables in, what was asked for out.

use super::air;
use super::anisotropic::{self, PatchTables};
use super::emission::{self, GroundTable};
use super::gvf::{self, GroundRasters};
use super::heat;
use super::radiation;
use super::shadow::{self, Leaves, SunTables, Turn};
use super::statistics::{self, CountedPlanes, ROW_SUMS};
use super::tabled::{self, IndexTable, OUTSIDE};
use super::utci::{self, NO_UTCI};
use super::weather_cells;
use crate::device::Gpu;
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::job::results::Results;
use crate::resident::carried::DeviceCarried;
use crate::resident::planes::{NONE, SLOTS};
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::resident::terrain::DeviceTerrain;
use crate::shaders::grid::count;
use crate::shaders::kernels::Kernel;
use solweig_core::air::Air;
use solweig_core::carried::Carried;
use solweig_core::fields::{self, Field};
use solweig_core::radiation::skies::NUMBERS;
use solweig_core::terrain::units;
use solweig_core::timestep::{Prepared, Request, Run, StepOutput, TimestepInput, bring_home};
use solweig_core::utci::CellRule;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

const STAGE: &str = "timestep";

/// Put a run on the device.
///
/// # Errors
/// What stands in the way.
pub fn upload(
    gpu: &Arc<Gpu>,
    run: &Run<'_>,
    terrain: Arc<DeviceTerrain>,
) -> Result<DeviceRun, StageFailure> {
    let device = DeviceRun::upload(gpu, run, terrain).map_err(|e| e.in_stage(STAGE))?;
    if let Some(sky) = run.patch_sky {
        anisotropic::run_sums(&device, &sky.weights)?;
    }
    Ok(device)
}

/// Which plane of `out` holds which field.
struct Planes {
    slots: [u32; SLOTS],
    number: u32,
}

impl Planes {
    fn new(prepared: &Prepared, request: &Request<'_>) -> Self {
        let mut planes = Self {
            slots: [NONE; SLOTS],
            number: 0,
        };
        if !request.points.is_empty() {
            // Points take every field in field order.
            for &(field, _) in fields::at_points(request.attribution()) {
                planes.add(field);
            }
            return planes;
        }
        planes.add(Field::Tmrt);
        planes.add(Field::Shadow);
        if prepared.comfort.utci.is_some() {
            planes.add(Field::Utci);
        }
        for &field in request.fields {
            planes.add(field);
        }
        for field in beside(request.fields) {
            planes.add(field);
        }
        planes
    }

    fn add(&mut self, field: Field) {
        let slot = &mut self.slots[field as usize];
        if *slot == NONE {
            *slot = self.number;
            self.number += 1;
        }
    }

    fn of(&self, field: Field) -> u32 {
        self.slots[field as usize]
    }
}

/// Number of values at the points.
fn picked(request: &Request<'_>) -> u64 {
    let fields = fields::at_points(request.attribution()).len();
    (request.points.len() * fields) as u64
}

/// A sun that is up, and its turn where there are several.
type TurnOfSun = (Option<Turn>, SunTables);

/// Everything of a step that lives on the device until its results are back.
struct StepDevice {
    buffers: StepBuffers,
    day: Option<(Vec<TurnOfSun>, GroundTable)>,
    patches: Option<PatchTables>,
    pet: Option<IndexTable>,
    effective: Option<IndexTable>,
    out: DeviceBuffer,
    rows: DeviceBuffer,
    points: DeviceBuffer,
    picked: DeviceBuffer,
}

impl StepDevice {
    fn new(
        device: &DeviceRun,
        input: &TimestepInput<'_>,
        prepared: &Prepared,
        planes: &Planes,
    ) -> Result<Self, GpuError> {
        let (run, weather, gpu) = (input.run, input.weather, &device.gpu);
        let tables = &prepared.tables;
        let sides = tables.night_sides.is_some()
            || tables.patches.as_ref().is_some_and(|p| p.sides.is_some());
        let day = if tables.day {
            let suns = weather.suns();
            let several = suns.all().len() > 1;
            let turns = suns.up().enumerate().map(|(before, (place, sun))| {
                let turn = several.then_some(Turn {
                    place,
                    adds: before > 0,
                });
                let (walls, reach) = (&device.walls, &run.reach);
                let (azimuth, altitude) = (sun.azimuth, sun.altitude);
                let tables = SunTables::new(gpu, run.terrain, walls, azimuth, altitude, reach)?;
                Ok((turn, tables))
            });
            let suns = turns.collect::<Result<Vec<_>, GpuError>>()?;
            let ground = GroundTable::new(device, run, tables, prepared.skies.is_some())?;
            Some((suns, ground))
        } else {
            None
        };
        let patches = match run.patch_sky {
            Some(sky)
                if tables.day
                    || sides
                    || tables.attribution.is_some()
                    || tables.heated.is_some() =>
            {
                let skies = prepared.skies.as_ref();
                let weights = &sky.weights;
                Some(PatchTables::new(device, weights, tables, skies, sides)?)
            }
            _ => None,
        };
        let pet = match &prepared.comfort.pet {
            Some(step) => IndexTable::new(device, weather.ta, |low, high| step.pieces(low, high))?,
            None => None,
        };
        let effective = match &prepared.comfort.heat {
            Some(step) => IndexTable::new(device, weather.ta, |low, high| step.pieces(low, high))?,
            None => None,
        };
        let (attributed, heated) = (tables.attribution.is_some(), tables.heated.is_some());
        let planes_of = [sides, attributed, heated, input.air.any()];
        let skies = prepared.skies.as_ref();
        let numbers = NUMBERS * skies.map_or(0, |s| s.numbers().len());
        let buffers = StepBuffers::new(device, planes_of, numbers)?;
        if let Some(skies) = &prepared.skies {
            weather_cells::upload(device, &buffers, skies)?;
        }
        if let Some(local) = &prepared.comfort.local {
            air::upload(device, &buffers, local, &input.air)?;
        }
        let points: Vec<u32> = input.request.points.iter().map(|&p| count(p)).collect();
        Ok(Self {
            buffers,
            day,
            patches,
            pet,
            effective,
            out: gpu.storage(
                "the fields of a step",
                u64::from(planes.number) * device.cells,
            )?,
            rows: gpu.storage(
                "the sums of the rows",
                ROW_SUMS * u64::from(device.grid().rows),
            )?,
            picked: gpu.storage("the points", picked(&input.request))?,
            points: gpu.upload("the points", &points)?,
        })
    }
}

/// What is read back, in this order: sums of the rows, points, fields.
struct Reads {
    base: f32,
    has_utci: bool,
    has_pet: bool,
    /// Heat indices that the device computed.
    heat: Vec<Field>,
}

/// Fields that are read beside those asked for: from them the host solves cells outside the tables of
/// the device.
fn beside(fields: &[Field]) -> Vec<Field> {
    let mut found = Vec::new();
    for &field in fields {
        let needs: &[Field] = match field {
            Field::Pet | Field::Apparent | Field::Effective => &[Field::Tmrt],
            field if field.is_of_sensors() => &[Field::GlobeLoad, Field::WickLoad],
            _ => &[],
        };
        found.extend(
            needs
                .iter()
                .filter(|&need| !found.contains(need))
                .collect::<Vec<_>>(),
        );
    }
    found
}

fn encode<'a>(
    job: &mut Job<'a>,
    device: &'a DeviceRun,
    step: &'a StepDevice,
    carried: &'a DeviceCarried,
    input: &TimestepInput<'_>,
    prepared: &Prepared,
    planes: &Planes,
) -> Result<Reads, StageFailure> {
    let (tables, request) = (&prepared.tables, input.request);
    let skies = prepared.skies.as_ref();
    let buffers = &step.buffers;
    if let Some((suns, ground)) = &step.day {
        job.clear(&buffers.lit).map_err(|e| e.in_stage("shadow"))?;
        let leaves = Leaves {
            plane: buffers.through_plane,
            least: units(f64::from(tables.sun.least_through[1])).into(),
        };
        for (turn, sun) in suns {
            shadow::encode(
                job,
                &device.terrain,
                device.window,
                &device.walls,
                sun,
                *turn,
                leaves,
                &buffers.dynamic,
                &buffers.lit,
            )?;
        }
        emission::encode(job, device, tables, skies, ground, buffers)?;
        let rasters = GroundRasters {
            emitted: &buffers.emitted,
            lit: &buffers.lit,
            info: &device.info,
            lup: &buffers.lup,
            alb: &buffers.alb,
        };
        let wall = [tables.ground.wall_emission, input.run.params.wall_albedo];
        let suns = tables.sun.light.suns;
        let shares = input.run.ground_view.shares(ground.units, wall, suns);
        let warmth = skies.is_some();
        gvf::encode(job, &device.ground_view, rasters, shares, suns, warmth)?;
    }
    if let Some(patches) = &step.patches {
        anisotropic::encode(job, device, patches, skies, buffers)?;
    }
    let all_sides =
        !request.points.is_empty() || request.fields.iter().any(|f| f.is_longwave_side());
    let out = &step.out;
    radiation::encode(
        job,
        device,
        tables,
        skies,
        buffers,
        carried,
        out,
        all_sides,
        planes.slots,
    )?;
    let ta = input.weather.ta;
    let tmrt = planes.of(Field::Tmrt);
    let has_utci = match &prepared.comfort.utci {
        Some(utci) => {
            let pair = [tmrt, planes.of(Field::Utci)];
            match &prepared.comfort.local {
                Some(local) => air::encode(job, device, utci, local, buffers, out, pair)?,
                None => utci::encode(job, device, utci, ta, out, pair)?,
            }
        }
        None => false,
    };
    if let Some(pet) = &step.pet {
        let pair = [tmrt, planes.of(Field::Pet)];
        tabled::encode(job, device, Kernel::Pet, pet, out, pair)?;
    }
    let heat = match &prepared.comfort.heat {
        Some(heat) => {
            let table = step.effective.as_ref();
            heat::encode(job, device, heat, table, out, |field| planes.of(field))?
        }
        None => Vec::new(),
    };
    let counted = CountedPlanes {
        tmrt,
        utci: has_utci.then(|| planes.of(Field::Utci)),
        shadow: planes.of(Field::Shadow),
    };
    let statistics = input.carried.statistics.as_ref().filter(|_| request.count);
    if let (Some(running), Some(like)) = (&carried.statistics, statistics) {
        let hours = input.weather.hours;
        statistics::encode(job, device, running, like, counted, out, tables.day, hours)?;
    }
    let base = ta as f32;
    let range = prepared
        .comfort
        .utci
        .as_ref()
        .map_or([f32::MIN, f32::MAX], |utci| utci::finite(utci.tmrt_range()));
    statistics::encode_sums(job, device, counted, out, buffers, &step.rows, base, range)?;
    job.read(&step.rows, 0, ROW_SUMS * u64::from(device.grid().rows));
    if !request.points.is_empty() {
        let fields = fields::at_points(request.attribution()).len();
        let size = [fields, request.points.len()];
        statistics::encode_points(job, device, &step.points, size, out, &step.picked)?;
    }
    job.read(&step.picked, 0, picked(&request));
    let mut read = |field: Field| {
        let first = u64::from(planes.of(field)) * device.cells;
        job.read(out, first, device.cells);
    };
    beside(request.fields).into_iter().for_each(&mut read);
    request.fields.iter().for_each(|&field| read(field));
    Ok(Reads {
        base,
        has_utci,
        has_pet: step.pet.is_some(),
        heat,
    })
}

/// A raster as the host knows it: NaN where an input is missing.
fn raster(device: &DeviceRun, values: &[f32]) -> Vec<f32> {
    values
        .iter()
        .zip(&device.complete)
        .map(|(&x, &known)| if known { x } else { f32::NAN })
        .collect()
}

/// Fields of the results; comfort the weather does not give is NaN.
fn fields(
    device: &DeviceRun,
    prepared: &Prepared,
    request: &Request<'_>,
    reads: &Reads,
    results: &Results,
    own: &Air<'_>,
) -> Vec<Vec<f32>> {
    let needed = beside(request.fields);
    let first = 2 + needed.len();
    let known = |field: Field| {
        let at = needed.iter().position(|&f| f == field);
        at.map_or(&[][..], |at| results.get::<f32>(2 + at))
    };
    let mut out = Vec::with_capacity(request.fields.len());
    for (i, field) in request.fields.iter().enumerate() {
        let mut values = raster(device, results.get(first + i));
        match field {
            Field::Utci if !reads.has_utci => values.fill(f32::NAN),
            Field::Utci => no_utci(&mut values),
            Field::Pet if !reads.has_pet => values.fill(f32::NAN),
            Field::Pet => {
                let tmrt = raster(device, known(Field::Tmrt));
                solve_outside(prepared, &mut values, |cell| tmrt[cell]);
                prepared.comfort.solve_local_pet(&tmrt, own, &mut values);
            }
            field => heat::complete(
                &prepared.comfort,
                own,
                *field,
                reads.heat.contains(field),
                &mut values,
                [Field::GlobeLoad, Field::WickLoad, Field::Tmrt].map(known),
            ),
        }
        out.push(values);
    }
    out
}

/// NaN where a cell outside the range is to have no UTCI.
fn no_utci(values: &mut [f32]) {
    for value in values {
        if *value == NO_UTCI {
            *value = f32::NAN;
        }
    }
}

/// Solve PET on the host where Tmrt lies outside the table.
fn solve_outside(prepared: &Prepared, pet: &mut [f32], tmrt: impl Fn(usize) -> f32) {
    let Some(step) = &prepared.comfort.pet else {
        return;
    };
    for (cell, value) in pet.iter_mut().enumerate() {
        if *value == OUTSIDE {
            *value = step.eval(tmrt(cell));
        }
    }
}

fn points(
    device: &DeviceRun,
    prepared: &Prepared,
    request: &Request<'_>,
    reads: &Reads,
    results: &Results,
    own: &Air<'_>,
) -> Vec<Vec<f32>> {
    let number = request.points.len();
    if number == 0 {
        return Vec::new();
    }
    let all = results.get::<f32>(1);
    let mut out: Vec<Vec<f32>> = all.chunks_exact(number).map(<[f32]>::to_vec).collect();
    let inputs = [Field::GlobeLoad, Field::WickLoad, Field::Tmrt].map(|f| out[f as usize].clone());
    let tmrt = &inputs[2];
    let here = own.at(request.points);
    let fields = fields::at_points(request.attribution());
    for ((field, _), values) in fields.iter().zip(&mut out) {
        match field {
            Field::Utci if !reads.has_utci => values.fill(f32::NAN),
            Field::Utci => no_utci(values),
            Field::Pet if !reads.has_pet => values.fill(f32::NAN),
            Field::Pet => {
                solve_outside(prepared, values, |i| tmrt[i]);
                prepared.comfort.solve_local_pet(tmrt, &here.air(), values);
            }
            field => heat::complete(
                &prepared.comfort,
                &here.air(),
                *field,
                reads.heat.contains(field),
                values,
                inputs.each_ref().map(Vec::as_slice),
            ),
        }
        for (value, &cell) in values.iter_mut().zip(request.points) {
            if !device.complete[cell] {
                *value = f32::NAN;
            }
        }
    }
    out
}

/// What the run carries, on this device; brought here if it is elsewhere.
fn carried_here<'c>(
    device: &Arc<DeviceRun>,
    run: &Run<'_>,
    carried: &'c mut Carried,
) -> Result<&'c mut DeviceCarried, GpuError> {
    let here = carried
        .remote()
        .and_then(|r| r.as_any().downcast_mut::<DeviceCarried>())
        .is_some_and(|c| {
            c.run.id == device.id
                && c.run.gpu.id() == device.gpu.id()
                && !c.spoiled
                && Arc::ptr_eq(&c.run, device)
        });
    if !here {
        bring_home(run, carried);
        let uploaded = DeviceCarried::upload(device, carried)?;
        carried.leave(Box::new(uploaded));
    }
    carried
        .remote()
        .and_then(|r| r.as_any().downcast_mut::<DeviceCarried>())
        .ok_or_else(|| GpuError::Unsupported("what the run carries is elsewhere".to_owned()))
}

/// Advance one step of a run that is on the device.
///
/// # Errors
/// What stands in the way; what the run carries is then spoiled on the device and will be repeated
/// on the CPU.
pub fn step(
    device: &Arc<DeviceRun>,
    input: &mut TimestepInput<'_>,
) -> Result<StepOutput, StageFailure> {
    let start = Instant::now();
    let gpu = &device.gpu;
    let (run, request, weather) = (input.run, input.request, input.weather);
    let clock = input.carried.state.clock;
    let prepared = Prepared::new(run, clock, weather, &input.air, &request);
    if let Some(why) = air::why_not(&prepared.comfort) {
        return Err(GpuError::Unsupported(why.to_owned()).in_stage(STAGE));
    }
    let tables_s = start.elapsed().as_secs_f64();
    let planes = Planes::new(&prepared, &request);
    let before = gpu.times();
    carried_here(device, run, input.carried).map_err(|e| e.in_stage(STAGE))?;
    let on_device =
        StepDevice::new(device, input, &prepared, &planes).map_err(|e| e.in_stage(STAGE))?;
    let mut remote = input.carried.borrow_remote();
    let outcome = (|| {
        let own = remote
            .as_mut()
            .and_then(|r| r.as_any().downcast_mut::<DeviceCarried>())
            .ok_or_else(|| {
                GpuError::Unsupported("nothing is carried".to_owned()).in_stage(STAGE)
            })?;
        own.spoiled = true;
        let mut job = Job::new(gpu, STAGE)?;
        let own = &*own;
        let reads = encode(&mut job, device, &on_device, own, input, &prepared, &planes)?;
        let stages = job.stages();
        let results = job.finish()?;
        Ok((reads, results, stages))
    })();
    let (reads, results, stages) = match outcome {
        Ok(done) => {
            if let Some(own) = remote
                .as_mut()
                .and_then(|r| r.as_any().downcast_mut::<DeviceCarried>())
            {
                own.spoiled = false;
                own.remembers |= prepared.tables.ground.delay.is_some();
            }
            input.carried.return_remote(remote);
            done
        }
        Err(failure) => {
            input.carried.return_remote(remote);
            return Err(failure);
        }
    };
    let holes = prepared
        .comfort
        .utci
        .as_ref()
        .is_some_and(|utci| utci.cell_rule() == CellRule::Nan);
    let sums = statistics::sums(results.get(0), reads.base, reads.has_utci, holes);
    let output = StepOutput {
        fields: fields(device, &prepared, &request, &reads, &results, &input.air),
        points: points(device, &prepared, &request, &reads, &results, &input.air),
        sums,
        seconds: seconds(tables_s, &stages, &before, &gpu.times()),
        sky: prepared.sky,
        luminance: prepared.luminance.clone(),
    };
    drop(results);
    let day = prepared.tables.day;
    input.carried.state.clock = prepared.next_clock(clock);
    if let Some(statistics) = input.carried.statistics.as_mut().filter(|_| request.count) {
        statistics.steps[usize::from(!day)] += 1;
    }
    input.carried.note(weather, &input.air, request.count);
    Ok(output)
}

/// Device time of every stage of the step.
fn seconds(
    tables: f64,
    stages: &[&'static str],
    before: &BTreeMap<&'static str, f64>,
    after: &BTreeMap<&'static str, f64>,
) -> Vec<(&'static str, f64)> {
    let mut out = vec![("tables", tables)];
    for &stage in stages {
        let spent = |times: &BTreeMap<&'static str, f64>| times.get(stage).copied().unwrap_or(0.0);
        out.push((stage, spent(after) - spent(before)));
    }
    out
}
