//! Sums over the patches of the sky on the device.

use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::radiation::anisotropic::{PatchStep, PatchWeight};
use solweig_core::radiation::tables::StepTables;

const STAGE: &str = "anisotropic";

uniform! {
    PatchUniform for [PatchSums, Anisotropic, AnisotropicSides] {
        grid: GridUniform,
        words: u32,
        patches: u32,
        vegetation: u32,
        pad: u32,
    }
}

fn uniform(run: &DeviceRun, patches: usize) -> PatchUniform {
    PatchUniform {
        grid: run.grid(),
        words: count(run.words as usize),
        patches: count(patches),
        vegetation: u32::from(run.vegetation_masks),
        pad: 0,
    }
}

/// Patch tables of a step on the device.
#[derive(Debug)]
pub struct PatchTables {
    light: Option<DeviceBuffer>,
    sides: Option<DeviceBuffer>,
    patches: usize,
}

fn light_table(weights: &[PatchWeight], step: &PatchStep) -> Vec<[f32; 4]> {
    let patches = weights.iter().zip(&step.terms).zip(&step.lit.by_patch);
    patches
        .flat_map(|((w, t), &threshold)| {
            let facing = if t.opposite {
                [w.side, w.down]
            } else {
                [0.0; 2]
            };
            [
                [
                    (t.radiance * w.side) as f32,
                    t.share as f32,
                    w.side as f32,
                    threshold,
                ],
                [facing[0] as f32, facing[1] as f32, 0.0, 0.0],
            ]
        })
        .collect()
}

/// Of a night step everything but the weights is zero, and no building is lit.
fn side_table(weights: &[PatchWeight], step: Option<&PatchStep>) -> Vec<[f32; 4]> {
    let narrow = |x: [f64; 4]| x.map(|v| v as f32);
    weights
        .iter()
        .enumerate()
        .flat_map(|(i, w)| {
            let term = step.map(|s| s.terms[i]);
            let radiance = term.map_or(0.0, |t| t.radiance);
            let faces = term.is_some_and(|t| t.opposite);
            let threshold = step.map_or(2.0, |s| s.lit.by_patch[i]);
            [
                narrow(w.sides),
                narrow(w.sides.map(|x| radiance * x)),
                narrow(if faces { w.sides } else { [0.0; 4] }),
                [w.deficit as f32, threshold, 0.0, 0.0],
            ]
        })
        .collect()
}

impl PatchTables {
    /// Tables of a step; `sides`: the box sides are asked for.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(
        run: &DeviceRun,
        weights: &[PatchWeight],
        tables: &StepTables,
        sides: bool,
    ) -> Result<Self, GpuError> {
        let step = tables.patches.as_ref();
        let upload = |table: Vec<[f32; 4]>| run.gpu.upload("the patches of a step", &table);
        Ok(Self {
            light: step.map(|s| upload(light_table(weights, s))).transpose()?,
            sides: sides
                .then(|| upload(side_table(weights, step)))
                .transpose()?,
            patches: weights.len(),
        })
    }
}

/// Encode the run-long sums into `views`; once a run.
///
/// # Errors
/// What stands in the way.
pub fn run_sums(run: &DeviceRun, weights: &[PatchWeight]) -> Result<(), StageFailure> {
    let table: Vec<[f32; 4]> = weights
        .iter()
        .map(|w| [w.side, w.down, w.deficit * w.side, w.deficit * w.down].map(|x| x as f32))
        .collect();
    let table = run
        .gpu
        .upload("the patch weights", &table)
        .map_err(|e| e.in_stage(STAGE))?;
    let mut job = Job::new(&run.gpu, STAGE)?;
    let [building, canopy, behind] = &run.masks;
    let storage = [building, canopy, behind, &table, &run.views];
    job.dispatch(Kernel::PatchSums, &uniform(run, weights.len()), &storage)?;
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
    dynamic: &'a DeviceBuffer,
) -> Result<(), StageFailure> {
    let uniform = uniform(run, tables.patches);
    let [building, canopy, behind] = &run.masks;
    let passes = [
        (Kernel::Anisotropic, &tables.light),
        (Kernel::AnisotropicSides, &tables.sides),
    ];
    for (kernel, table) in passes {
        if let Some(table) = table {
            let storage = [building, canopy, behind, table, &run.views, dynamic];
            job.dispatch(kernel, &uniform, &storage)?;
        }
    }
    Ok(())
}
