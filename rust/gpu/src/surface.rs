//! What the ground of a cell is made of, for the kernels that ask.

use crate::error::StageFailure;
use crate::job::{GridUniform, Job};
use crate::kernels::Kernel;
use crate::memory::DeviceBuffer;
use crate::run::DeviceRun;
use crate::uniforms::uniform;
use solweig_core::radiation::tables::StepTables;

/// Twin of `SurfaceTables` in `shaders/common/surface.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct SurfaceTables {
    classes: [[f32; 4]; 256],
    sunlit: [f32; 8],
    excess_emission: [f32; 4],
    albedo_raster: u32,
    emissivity_raster: u32,
    day: u32,
    pad: u32,
}

crate::uniforms::members!(SurfaceTables: classes, sunlit, excess_emission, albedo_raster,
    emissivity_raster, day, pad);

uniform! {
    EmissionUniform for [Emission] {
        grid: GridUniform,
        tables: SurfaceTables,
    }
}

/// Codes without a class cannot occur; their NaN must not reach a kernel.
fn known(x: f32) -> f32 {
    if x.is_finite() { x } else { 0.0 }
}

impl SurfaceTables {
    /// Tables of a step.
    #[must_use]
    pub fn new(run: &DeviceRun, tables: &StepTables) -> Self {
        let g = &tables.ground;
        Self {
            classes: std::array::from_fn(|code| {
                [
                    known(g.excess[code]),
                    known(g.excess_always[code]),
                    known(g.albedo[code]),
                    known(g.emissivity[code]),
                ]
            }),
            sunlit: tables.sun.sunlit,
            excess_emission: g.excess_emission,
            albedo_raster: u32::from(run.albedo_raster),
            emissivity_raster: u32::from(run.emissivity_raster),
            day: u32::from(tables.day),
            pad: 0,
        }
    }
}

/// Encode what the ground sends out: emission and lit albedo into `emitted`, from the shadow flags
/// in plane 0 of `dynamic`.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    tables: &StepTables,
    dynamic: &'a DeviceBuffer,
    emitted: &'a DeviceBuffer,
) -> Result<(), StageFailure> {
    let uniform = EmissionUniform {
        grid: run.grid(),
        tables: SurfaceTables::new(run, tables),
    };
    let storage = [&run.info, &run.surface, dynamic, emitted];
    job.dispatch(Kernel::Emission, &uniform, &storage)
}
