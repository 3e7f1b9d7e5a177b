//! UTCI of a step on the device.

use crate::device::error::StageFailure;
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::GridUniform;
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::utci::{CellRule, UtciStep};

/// Tmrt above the air temperature that UTCI is evaluated around [K].
pub const CENTRE_ABOVE_AIR: f64 = 15.0;

/// What UTCI is where a cell outside its range is to have none.
pub const NO_UTCI: f32 = -9999.0;

/// A range as kernels take it: no infinity enters them.
#[must_use]
pub fn finite(range: [f32; 2]) -> [f32; 2] {
    range.map(|x| x.clamp(f32::MIN, f32::MAX))
}

uniform! {
    UtciUniform for [Utci] {
        grid: GridUniform,
        tmrt: u32,
        utci: u32,
        centre: f32,
        rule: u32,
        range: [f32; 2],
        pad: [u32; 2],
        low: [f32; 4],
        high: [f32; 4],
    }
}

/// Encode UTCI from plane `tmrt` into plane `utci` of `out`. False where the weather gives none:
/// every result is missing, and nothing was encoded.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    step: &UtciStep,
    ta: f64,
    out: &'a DeviceBuffer,
    [tmrt, utci]: [u32; 2],
) -> Result<bool, StageFailure> {
    let centre = ta + CENTRE_ABOVE_AIR;
    // The kernel subtracts what it is given: expand around just that.
    let centre = centre as f32;
    let Some(c) = step.polynomial_around(f64::from(centre)) else {
        return Ok(false);
    };
    let c = c.map(|x| x as f32);
    let uniform = UtciUniform {
        grid: run.grid(),
        tmrt,
        utci,
        centre,
        rule: match step.cell_rule() {
            CellRule::Given => 0,
            CellRule::Clip => 1,
            CellRule::Nan => 2,
        },
        range: finite(step.tmrt_range()),
        pad: [0; 2],
        low: [c[0], c[1], c[2], c[3]],
        high: [c[4], c[5], c[6], 0.0],
    };
    job.dispatch(Kernel::Utci, &uniform, &[&run.info, out])?;
    Ok(true)
}
