//! WBGT, globe, wet-bulb and apparent temperatures of a step on the device.

use crate::device::error::StageFailure;
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::GridUniform;
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::air::Air;
use solweig_core::fields::Field;
use solweig_core::heat::{COEFFICIENTS, Formula, HeatStep, Index, Polynomial};
use solweig_core::radiation::comfort::Comfort;
use solweig_core::timestep::OF_HEAT;

/// What an index is where a polynomial does not hold.
const OUTSIDE: f32 = -9999.0;
/// Vectors of a polynomial: centre, scale, low and high end, then its coefficients.
const VECTORS: usize = 1 + COEFFICIENTS.div_ceil(4);

uniform! {
    HeatUniform for [Heat] {
        grid: GridUniform,
        first: u32,
        second: u32,
        index: u32,
        both: u32,
        polynomials: [[f32; 4]; 2 * VECTORS],
    }
}

/// A polynomial as the kernel reads it.
fn vectors(polynomial: &Polynomial) -> [[f32; 4]; VECTORS] {
    let mut out = [[0.0; 4]; VECTORS];
    let Polynomial {
        low,
        high,
        centre,
        scale,
        c,
    } = polynomial;
    // No infinity enters a kernel.
    let finite = |x: f32| x.clamp(f32::MIN, f32::MAX);
    out[0] = [*centre as f32, *scale as f32, finite(*low), finite(*high)];
    for (k, &c) in c.iter().enumerate() {
        out[1 + k / 4][k % 4] = c as f32;
    }
    out
}

/// Encode the indices that are wanted; what was encoded. `plane` tells where a field lies in `out`.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    step: &HeatStep,
    out: &'a DeviceBuffer,
    plane: impl Fn(Field) -> u32,
) -> Result<Vec<Field>, StageFailure> {
    let mut encoded = Vec::new();
    for (index, field) in OF_HEAT {
        if !step.gives(index) {
            continue;
        }
        let Some(formula) = step.formula(index) else {
            continue;
        };
        let (first, second) = match &formula {
            Formula::Globe(p) => ((Field::GlobeLoad, p), None),
            Formula::Wick(p) => ((Field::WickLoad, p), None),
            Formula::Tmrt(p) => ((Field::Tmrt, p), None),
            Formula::Sum { globe, wick } => {
                ((Field::WickLoad, wick), Some((Field::GlobeLoad, globe)))
            }
        };
        let mut polynomials = [[0.0; 4]; 2 * VECTORS];
        polynomials[..VECTORS].copy_from_slice(&vectors(first.1));
        if let Some((_, p)) = second {
            polynomials[VECTORS..].copy_from_slice(&vectors(p));
        }
        let uniform = HeatUniform {
            grid: run.grid(),
            first: plane(first.0),
            second: plane(second.map_or(first.0, |(field, _)| field)),
            index: plane(field),
            both: u32::from(second.is_some()),
            polynomials,
        };
        job.dispatch(Kernel::Heat, &uniform, &[&run.info, out])?;
        encoded.push(field);
    }
    Ok(encoded)
}

/// Fill in what the device left out: NaN where the weather gives no index, the solved balance where a
/// polynomial does not hold and where cells have air of their own, `own`. `inputs` are the loads of globe and wick, and Tmrt.
pub fn complete(
    comfort: &Comfort,
    own: &Air<'_>,
    field: Field,
    encoded: bool,
    values: &mut [f32],
    inputs: [&[f32]; 3],
) {
    let Some(&(index, _)) = OF_HEAT.iter().find(|(_, own)| *own == field) else {
        return;
    };
    let Some(step) = comfort.heat.as_ref().filter(|_| encoded) else {
        return values.fill(f32::NAN);
    };
    for (cell, value) in values.iter_mut().enumerate() {
        if *value == OUTSIDE {
            *value = solved(step, index, inputs.map(|input| input[cell]));
        }
    }
    comfort.local_heat(index, inputs, own, values);
}

fn solved(step: &HeatStep, index: Index, [globe, wick, tmrt]: [f32; 3]) -> f32 {
    let mut out = [f32::NAN];
    match index {
        Index::Wbgt => step.wbgt(&[globe], &[wick], &mut out),
        Index::WetBulb => step.wet_bulb(&[wick], &mut out),
        Index::LargeGlobe => step.large_globe(&[globe], &mut out),
        Index::SmallGlobe => step.small_globe(&[globe], &mut out),
        Index::Apparent => step.apparent(&[tmrt], &mut out),
    }
    out[0]
}
