//! WBGT, globe, wet-bulb and apparent temperatures and SET* of a step on the device.

use super::tabled::{self, IndexTable, OUTSIDE};
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
use std::slice;

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

/// Encode the indices that are wanted, SET* from its table; what was encoded. `plane` tells where a
/// field lies in `out`.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    step: &HeatStep,
    effective: Option<&'a IndexTable>,
    out: &'a DeviceBuffer,
    plane: impl Fn(Field) -> u32,
) -> Result<Vec<Field>, StageFailure> {
    let mut encoded = Vec::new();
    for (index, field) in OF_HEAT {
        if !step.gives(index) {
            continue;
        }
        if let Some(table) = effective.filter(|_| index == Index::Effective) {
            let planes = [plane(Field::Tmrt), plane(field)];
            tabled::encode(job, run, Kernel::Effective, table, out, planes)?;
            encoded.push(field);
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
            // What an index does not read may not be there.
            let here = inputs.map(|input| input.get(cell..=cell).unwrap_or_default());
            step.fill(index, here, slice::from_mut(value));
        }
    }
    comfort.local_heat(index, inputs, own, values);
}

#[cfg(test)]
mod tests {
    use super::*;
    use solweig_core::heat::{self, INDICES, Wearer, of_cell};

    #[test]
    fn what_the_device_left_out_is_solved_without_the_inputs_of_other_indices() {
        let air = heat::Air {
            ta: 30.0,
            rh: 40.0,
            wind: 1.0,
            pressure: 1013.0,
        };
        let wearer = Wearer::default();
        let comfort = Comfort {
            utci: None,
            pet: None,
            heat: Some(HeatStep::new(air, 1.5, wearer, [true; INDICES])),
            local: None,
        };
        let (globe, wick, tmrt) = ([600.0], [450.0], [50.0]);
        let loads: [&[f32]; 3] = [&globe, &wick, &[]];
        let radiant: [&[f32]; 3] = [&[], &[], &tmrt];
        for (index, field) in OF_HEAT {
            let by_tmrt = matches!(index, Index::Apparent | Index::Effective);
            let mut values = [OUTSIDE];
            let inputs = if by_tmrt { radiant } else { loads };
            complete(
                &comfort,
                &Air::OF_THE_STEP,
                field,
                true,
                &mut values,
                inputs,
            );
            let want = of_cell(index, air, 1.5, wearer, [600.0, 450.0, 50.0]);
            assert!((f64::from(values[0]) - want).abs() < 1e-3, "{index:?}");
        }
    }
}
