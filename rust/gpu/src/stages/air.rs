//! Air given cell by cell on the device: its planes, and UTCI by it.

use super::utci::{CENTRE_ABOVE_AIR, finite};
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::shaders::grid::GridUniform;
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::air::Air;
use solweig_core::radiation::comfort::{Comfort, LocalComfort};
use solweig_core::utci::{TERM_COUNT, UtciRange, UtciStep};

/// Coefficients in fours.
const COEFFICIENTS: usize = TERM_COUNT.div_ceil(4);

uniform! {
    UtciAirUniform for [UtciAir] {
        grid: GridUniform,
        tmrt: u32,
        utci: u32,
        air_plane: u32,
        clip: u32,
        ta: f32,
        rh: f32,
        wind: f32,
        to_wind: f32,
        centre: [f32; 4],
        around: f32,
        most_wind: f32,
        range: [f32; 2],
        low: [f32; 4],
        high: [f32; 4],
        coefficients: [[f32; 4]; COEFFICIENTS],
    }
}

/// Write what the air of every cell has more than the step's into its planes.
///
/// # Errors
/// What wgpu says.
pub fn upload(
    run: &DeviceRun,
    buffers: &StepBuffers,
    local: &LocalComfort,
    air: &Air<'_>,
) -> Result<(), GpuError> {
    let mut planes = vec![0.0_f32; 3 * run.complete.len()];
    for (i, &known) in run.complete.iter().enumerate() {
        // No NaN enters a kernel.
        if known {
            for (k, more) in local.beyond(air, i).into_iter().enumerate() {
                planes[k * run.complete.len() + i] = if more.is_finite() { more } else { 0.0 };
            }
        }
    }
    let offset = 4 * u64::from(buffers.air_plane) * run.cells;
    run.gpu
        .write(&buffers.dynamic, offset, bytemuck::cast_slice(&planes))
}

/// Encode UTCI from plane `tmrt` into plane `utci` of `out` by the air of each cell. False where the
/// weather gives none.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    step: &UtciStep,
    local: &LocalComfort,
    buffers: &'a StepBuffers,
    out: &'a DeviceBuffer,
    [tmrt, utci]: [u32; 2],
) -> Result<bool, StageFailure> {
    let Some(by_cell) = &local.around else {
        return Ok(false);
    };
    let around = (local.ta + CENTRE_ABOVE_AIR) as f32;
    let Some(own) = step.polynomial_around(f64::from(around)) else {
        return Ok(false);
    };
    let own = own.map(|x| x as f32);
    let mut coefficients = [[0.0; 4]; COEFFICIENTS];
    for (i, &c) in by_cell.coefficients.iter().enumerate() {
        coefficients[i / 4][i % 4] = c;
    }
    let [ta, rh, wind] = by_cell.air;
    let uniform = UtciAirUniform {
        grid: run.grid(),
        tmrt,
        utci,
        air_plane: buffers.air_plane,
        clip: u32::from(local.range == UtciRange::Clip),
        ta,
        rh,
        wind,
        to_wind: local.to_utci as f32,
        centre: by_cell.centre,
        around,
        most_wind: if local.range == UtciRange::Flag {
            f32::MAX
        } else {
            17.0
        },
        range: finite(step.tmrt_range()),
        low: [own[0], own[1], own[2], own[3]],
        high: [own[4], own[5], own[6], 0.0],
        coefficients,
    };
    job.dispatch(
        Kernel::UtciAir,
        &uniform,
        &[&run.info, &buffers.dynamic, out],
    )?;
    Ok(true)
}

/// Why a step with this air cannot be computed here.
#[must_use]
pub fn why_not(comfort: &Comfort) -> Option<&'static str> {
    let local = comfort.local.as_ref()?;
    // What has no UTCI is counted by Tmrt here, and with its own air for other reasons too.
    (local.range == UtciRange::Nan && comfort.utci.is_some())
        .then_some("utci_range=\"nan\" of air given cell by cell")
}
