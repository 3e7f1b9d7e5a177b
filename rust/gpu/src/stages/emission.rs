//! What the ground sends out in a step, for the ground view to look at.

use super::surface::SurfaceTables;
use super::weather_cells::WeatherGridUniform;
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::gvf::Unit;
use solweig_core::radiation::skies::Skies;
use solweig_core::radiation::surface::GroundStates;
use solweig_core::radiation::tables::StepTables;
use solweig_core::timestep::Run;

uniform! {
    EmissionUniform for [Emission] {
        grid: GridUniform,
        tables: SurfaceTables,
        lights: u32,
        suns: u32,
        units: [f32; 2],
        through_plane: u32,
        first_light: u32,
        by_light: u32,
        leaves: u32,
        skies: WeatherGridUniform,
    }
}

/// What ground of every class sends in every state of light.
#[derive(Debug)]
pub struct GroundTable {
    states: DeviceBuffer,
    lights: u32,
    /// Entries before those by light alone.
    first_light: u32,
    /// Light alone has entries, and leaves in it.
    by_light: [bool; 2],
    /// What it is counted in.
    pub units: [Unit; 2],
}

impl GroundTable {
    /// The table of a step, under `several` skies or one.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(
        device: &DeviceRun,
        run: &Run<'_>,
        tables: &StepTables,
        several: bool,
    ) -> Result<Self, GpuError> {
        let GroundStates {
            units,
            mut states,
            lights,
            ..
        } = GroundStates::new(&run.cells, tables, several, run.ground_view);
        let first_light = count(states.len());
        let light = &tables.sun.light;
        let by_light = light.through.is_some() || several;
        if by_light {
            let own = |l: usize| light.through.as_ref().map_or(0.0, |own| own.share[l]);
            states.extend((0..lights).map(|l| [light.share[l], own(l)]));
        }
        Ok(Self {
            states: device.gpu.upload("what the ground sends", &states)?,
            units,
            lights: count(lights),
            first_light,
            by_light: [by_light, light.through.is_some()],
        })
    }
}

/// Encode what the ground sends out: emission and lit albedo into `emitted`, from the light in
/// `dynamic`.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    tables: &StepTables,
    skies: Option<&Skies>,
    table: &'a GroundTable,
    buffers: &'a StepBuffers,
) -> Result<(), StageFailure> {
    let uniform = EmissionUniform {
        grid: run.grid(),
        tables: SurfaceTables::new(run, tables),
        lights: table.lights,
        suns: count(tables.sun.light.suns),
        units: table.units.map(|unit| (1.0 / unit.size()) as f32),
        through_plane: buffers.through_plane,
        first_light: table.first_light,
        by_light: u32::from(table.by_light[0]),
        leaves: u32::from(table.by_light[1]),
        skies: WeatherGridUniform::new(skies, buffers, 0),
    };
    let storage = [
        &run.info,
        &run.surface,
        &buffers.dynamic,
        &table.states,
        &buffers.emitted,
    ];
    job.dispatch(Kernel::Emission, &uniform, &storage)
}
