//! What the ground sends out in a step, for the ground view to look at.

use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::gvf::Unit;
use solweig_core::radiation::surface::GroundStates;
use solweig_core::radiation::tables::StepTables;
use solweig_core::timestep::Run;

uniform! {
    EmissionUniform for [Emission] {
        grid: GridUniform,
        albedo_raster: u32,
        emissivity_raster: u32,
        lights: u32,
        pad: u32,
    }
}

/// What ground of every class sends in every state of light.
#[derive(Debug)]
pub struct GroundTable {
    states: DeviceBuffer,
    lights: u32,
    /// What it is counted in.
    pub units: [Unit; 2],
}

impl GroundTable {
    /// The table of a step.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(device: &DeviceRun, run: &Run<'_>, tables: &StepTables) -> Result<Self, GpuError> {
        let GroundStates {
            units,
            states,
            lights,
            ..
        } = GroundStates::new(&run.cells, tables, run.ground_view);
        Ok(Self {
            states: device.gpu.upload("what the ground sends", &states)?,
            units,
            lights: count(lights),
        })
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
    table: &'a GroundTable,
    dynamic: &'a DeviceBuffer,
    emitted: &'a DeviceBuffer,
) -> Result<(), StageFailure> {
    let uniform = EmissionUniform {
        grid: run.grid(),
        albedo_raster: u32::from(run.albedo_raster),
        emissivity_raster: u32::from(run.emissivity_raster),
        lights: table.lights,
        pad: 0,
    };
    let storage = [&run.info, &run.surface, dynamic, &table.states, emitted];
    job.dispatch(Kernel::Emission, &uniform, &storage)
}
