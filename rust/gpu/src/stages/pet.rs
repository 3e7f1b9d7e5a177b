//! PET of a step on the device.

use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::pet::PetStep;

/// What PET is where Tmrt lies outside the table.
pub const OUTSIDE: f32 = -9999.0;
/// Tmrt below and above air temperature that the table of PET covers [K].
const TABLE_BELOW_AIR: f64 = 35.0;
const TABLE_ABOVE_AIR: f64 = 85.0;

uniform! {
    PetUniform for [Pet] {
        grid: GridUniform,
        tmrt: u32,
        pet: u32,
        cells: u32,
        width: f32,
        low: f32,
        pad: [u32; 3],
    }
}

/// The table of PET of a step on the device.
#[derive(Debug)]
pub struct PetTable {
    first: DeviceBuffer,
    pieces: DeviceBuffer,
    low: f32,
    cells: u32,
}

impl PetTable {
    /// The table around an air temperature; `None` where the weather or the person gives no PET.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(run: &DeviceRun, step: &PetStep, ta: f64) -> Result<Option<Self>, GpuError> {
        let Some((low, cells)) = step.pieces(ta - TABLE_BELOW_AIR, ta + TABLE_ABOVE_AIR) else {
            return Ok(None);
        };
        let mut first = vec![0];
        let mut entries: Vec<[f32; 4]> = Vec::new();
        for pieces in &cells {
            for piece in pieces {
                let scale = 1.0 / piece.width;
                entries.push([piece.low as f32, scale as f32, 0.0, 0.0]);
                entries.push(piece.cubic.map(|c| c as f32));
            }
            first.push(count(entries.len() / 2));
        }
        Ok(Some(Self {
            first: run.gpu.upload("the table of PET", &first)?,
            pieces: run.gpu.upload("the table of PET", &entries)?,
            low: low as f32,
            cells: count(cells.len()),
        }))
    }
}

/// Encode PET from plane `tmrt` into plane `pet` of `out`; [`OUTSIDE`] where the host must solve.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    table: &'a PetTable,
    out: &'a DeviceBuffer,
    [tmrt, pet]: [u32; 2],
) -> Result<(), StageFailure> {
    let uniform = PetUniform {
        grid: run.grid(),
        tmrt,
        pet,
        cells: table.cells,
        width: PetStep::CELL as f32,
        low: table.low,
        pad: [0; 3],
    };
    let storage = [&run.info, &table.first, &table.pieces, out];
    job.dispatch(Kernel::Pet, &uniform, &storage)
}
