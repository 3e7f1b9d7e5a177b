//! What the ground sends out in a step, for the ground view to look at.

use super::surface::SurfaceTables;
use crate::device::error::StageFailure;
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::GridUniform;
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::radiation::tables::StepTables;

uniform! {
    EmissionUniform for [Emission] {
        grid: GridUniform,
        tables: SurfaceTables,
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
