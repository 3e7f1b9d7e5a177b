//! Sums over the patches of the sky on the device.

use super::weather_cells::{self, WeatherGridUniform};
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::planes::{FOLIAGE_PLANE, HEATED_PLANE};
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::radiation::anisotropic::{PatchStep, PatchWeight};
use solweig_core::radiation::facets::{facet_weights, whole_facets};
use solweig_core::radiation::heated::HeatedWalls;
use solweig_core::radiation::skies::Skies;
use solweig_core::radiation::tables::StepTables;
use solweig_core::radiation::terms::foliage_weights;

const STAGE: &str = "anisotropic";

uniform! {
    PatchUniform for [PatchSums] {
        grid: GridUniform,
        words: u32,
        patches: u32,
        vegetation: u32,
        suns: u32,
    }
}

uniform! {
    LightUniform for [Anisotropic, AnisotropicSides] {
        grid: GridUniform,
        words: u32,
        patches: u32,
        vegetation: u32,
        suns: u32,
        skies: WeatherGridUniform,
    }
}

uniform! {
    FoliageUniform for [Foliage] {
        grid: GridUniform,
        words: u32,
        patches: u32,
        vegetation: u32,
        first: u32,
    }
}

uniform! {
    HeatedUniform for [Heated] {
        grid: GridUniform,
        words: u32,
        patches: u32,
        vegetation: u32,
        suns: u32,
        first: u32,
        pad0: u32,
        pad1: u32,
        pad2: u32,
    }
}

fn uniform(run: &DeviceRun, patches: usize, suns: usize) -> PatchUniform {
    PatchUniform {
        grid: run.grid(),
        words: count(run.words as usize),
        patches: count(patches),
        vegetation: u32::from(run.vegetation_masks),
        suns: count(suns),
    }
}

/// Patch tables of a step on the device.
#[derive(Debug)]
pub struct PatchTables {
    light: Option<DeviceBuffer>,
    sides: Option<DeviceBuffer>,
    foliage: Option<DeviceBuffer>,
    heated: Option<DeviceBuffer>,
    patches: usize,
    suns: usize,
    /// Where the patches of several skies begin, of light and of sides.
    first: [usize; 2],
}

/// As `patches` of `shaders/anisotropic.wgsl`.
fn light_table(weights: &[PatchWeight], step: &PatchStep) -> Vec<[f32; 4]> {
    let share = step.sun_share;
    let patches = weights.iter().zip(&step.terms).enumerate();
    patches
        .flat_map(|(i, (w, t))| {
            let sky = [(t.radiance * w.side) as f32, t.share as f32, 0.0, 0.0];
            let suns = step.suns.iter().map(move |sun| {
                let facing = if sun.opposite[i] {
                    [w.side, w.down].map(|w| (w * share) as f32)
                } else {
                    [0.0; 2]
                };
                let threshold = sun.lit.by_patch[i];
                [
                    (sun.incidence[i] * w.side * share) as f32,
                    threshold,
                    facing[0],
                    facing[1],
                ]
            });
            std::iter::once(sky).chain(suns)
        })
        .collect()
}

/// As `patches` of `shaders/anisotropic_sides.wgsl`. Of a night step everything but the weights is
/// zero.
fn side_table(weights: &[PatchWeight], step: Option<&PatchStep>) -> Vec<[f32; 4]> {
    let narrow = |x: [f64; 4]| x.map(|v| v as f32);
    let mut table = Vec::new();
    for (i, w) in weights.iter().enumerate() {
        let radiance = step.map_or(0.0, |s| s.terms[i].radiance);
        table.push(narrow(w.sides));
        table.push(narrow(w.sides.map(|x| radiance * x)));
        table.push([w.deficit as f32, 0.0, 0.0, 0.0]);
        for (step, sun) in step
            .iter()
            .flat_map(|s| s.suns.iter().map(move |sun| (s, sun)))
        {
            let faces = if sun.opposite[i] { step.sun_share } else { 0.0 };
            table.push(narrow(w.sides.map(|x| x * faces)));
            table.push(narrow(w.sides.map(|x| x * faces * sun.incidence[i])));
            table.push([sun.lit.by_patch[i], 0.0, 0.0, 0.0]);
        }
    }
    table
}

/// As `patches` of `shaders/foliage.wgsl`.
fn foliage_table(weights: &[PatchWeight]) -> Vec<[f32; 4]> {
    let of = |w: &PatchWeight| {
        let [side, down, sides @ ..] = foliage_weights(w).map(|x| x as f32);
        [[side, down, 0.0, 0.0], sides]
    };
    weights.iter().flat_map(of).collect()
}

/// As `patches` of `shaders/heated.wgsl`.
fn heated_table(heated: &HeatedWalls, step: Option<&PatchStep>) -> Vec<[f32; 4]> {
    let of = |sent: [f64; 6], threshold: f32| {
        let [side, down, sides @ ..] = sent.map(|x| x as f32);
        [[side, down, threshold, 0.0], sides]
    };
    let suns = step.map_or(&[][..], |step| &step.suns);
    let of_patch = |(i, every): (usize, &[f64; 6])| {
        let lit = heated.lit.iter().zip(suns);
        let lit = lit.flat_map(move |(sent, sun)| of(sent[i], sun.lit.by_patch[i]));
        of(*every, 0.0).into_iter().chain(lit)
    };
    heated.every.iter().enumerate().flat_map(of_patch).collect()
}

impl PatchTables {
    /// Tables of a step, of several `skies` if there are; `sides`: the box sides are asked for.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(
        run: &DeviceRun,
        weights: &[PatchWeight],
        tables: &StepTables,
        skies: Option<&Skies>,
        sides: bool,
    ) -> Result<Self, GpuError> {
        let step = tables.patches.as_ref();
        let of_skies = skies.map_or_else(Vec::new, |s| weather_cells::patches(s, weights));
        let mut first = [0; 2];
        let mut with_skies = |which: usize, mut table: Vec<[f32; 4]>| {
            first[which] = table.len();
            table.extend(&of_skies);
            table
        };
        let light = step.map(|s| with_skies(0, light_table(weights, s)));
        let of_sides = sides.then(|| with_skies(1, side_table(weights, step)));
        let upload = |table: Vec<[f32; 4]>| run.gpu.upload("the patches of a step", &table);
        Ok(Self {
            light: light.map(upload).transpose()?,
            sides: of_sides.map(upload).transpose()?,
            first,
            foliage: tables
                .attribution
                .is_some()
                .then(|| upload(foliage_table(weights)))
                .transpose()?,
            heated: (tables.heated.as_ref())
                .map(|heated| upload(heated_table(heated, step)))
                .transpose()?,
            patches: weights.len(),
            suns: step.map_or(0, |s| s.suns.len()),
        })
    }
}

/// Encode the run-long sums into `views`; once a run.
///
/// # Errors
/// What stands in the way.
pub fn run_sums(run: &DeviceRun, weights: &[PatchWeight]) -> Result<(), StageFailure> {
    let of = |w: &PatchWeight| {
        let sums = [w.side, w.down, w.deficit * w.side, w.deficit * w.down];
        let [a, b, c, d, e, f, g, h] = facet_weights(w);
        [sums, [a, b, c, d], [e, f, g, h]].map(|row| row.map(|x| x as f32))
    };
    let [a, b, c, d, e, f, g, h] = whole_facets(weights);
    let whole = [[a, b, c, d], [e, f, g, h]];
    let table: Vec<[f32; 4]> = weights.iter().flat_map(of).chain(whole).collect();
    let table = run
        .gpu
        .upload("the patch weights", &table)
        .map_err(|e| e.in_stage(STAGE))?;
    let mut job = Job::new(&run.gpu, STAGE)?;
    let [building, canopy, behind] = &run.masks;
    let storage = [building, canopy, behind, &table, &run.views];
    job.dispatch(Kernel::PatchSums, &uniform(run, weights.len(), 0), &storage)?;
    job.run()?;
    Ok(())
}

/// Encode the sums of a step into `dynamic`.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    tables: &'a PatchTables,
    skies: Option<&Skies>,
    buffers: &'a StepBuffers,
) -> Result<(), StageFailure> {
    let uniform = uniform(run, tables.patches, tables.suns);
    let dynamic = &buffers.dynamic;
    let [building, canopy, behind] = &run.masks;
    let passes = [
        (Kernel::Anisotropic, &tables.light),
        (Kernel::AnisotropicSides, &tables.sides),
    ];
    for ((kernel, table), first) in passes.into_iter().zip(tables.first) {
        if let Some(table) = table {
            let storage = [building, canopy, behind, table, &run.views, dynamic];
            let uniform = LightUniform {
                grid: run.grid(),
                words: uniform.words,
                patches: uniform.patches,
                vegetation: uniform.vegetation,
                suns: uniform.suns,
                skies: WeatherGridUniform::new(skies, buffers, first),
            };
            job.dispatch(kernel, &uniform, &storage)?;
        }
    }
    if let Some(table) = &tables.foliage {
        let storage = [building, canopy, behind, table, dynamic];
        let uniform = FoliageUniform {
            grid: run.grid(),
            words: uniform.words,
            patches: uniform.patches,
            vegetation: uniform.vegetation,
            first: FOLIAGE_PLANE,
        };
        job.dispatch(Kernel::Foliage, &uniform, &storage)?;
    }
    if let Some(table) = &tables.heated {
        let storage = [building, canopy, behind, table, &run.views, dynamic];
        let uniform = HeatedUniform {
            grid: run.grid(),
            words: uniform.words,
            patches: uniform.patches,
            vegetation: uniform.vegetation,
            suns: uniform.suns,
            first: HEATED_PLANE,
            pad0: 0,
            pad1: 0,
            pad2: 0,
        };
        job.dispatch(Kernel::Heated, &uniform, &storage)?;
    }
    Ok(())
}
