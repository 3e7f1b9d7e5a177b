//! What the ground sends out before it is seen from anywhere: input of the ground view (G 7.5).

use super::cells::Cells;
use super::tables::StepTables;
use crate::simd::{self, Kernel};
use rayon::prelude::*;

/// Cells a task takes.
const CHUNK: usize = 16384;

/// Ground emission above that at air temperature [W m⁻²], and albedo times sunlit share. Cells
/// without data send nothing.
#[must_use]
pub fn emission_and_lit_albedo(cells: &Cells<'_>, tables: &StepTables) -> (Vec<f32>, Vec<f32>) {
    let mut emission = vec![0.0; cells.len()];
    let mut albedo = vec![0.0; cells.len()];
    let tasks = emission
        .par_chunks_mut(CHUNK)
        .zip(albedo.par_chunks_mut(CHUNK))
        .enumerate();
    tasks.for_each(|(chunk, (emission, albedo))| {
        let first = chunk * CHUNK;
        let part = cells.slice(first..first + emission.len());
        simd::dispatch(Fill {
            cells: &part,
            tables,
            emission,
            albedo,
        });
    });
    (emission, albedo)
}

/// One task.
struct Fill<'a> {
    cells: &'a Cells<'a>,
    tables: &'a StepTables,
    emission: &'a mut [f32],
    albedo: &'a mut [f32],
}

impl Kernel for Fill<'_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            cells,
            tables,
            emission,
            albedo,
        } = self;
        let ground = &tables.ground;
        for i in 0..cells.len() {
            if !cells.complete(i) {
                continue;
            }
            let code = cells.code(i);
            let shadow = cells
                .shadow
                .map_or(0.0, |f| tables.sun.sunlit[usize::from(f[i] & 7)]);
            let excess = ground.excess_always[code] + ground.excess[code] * shadow;
            emission[i] = cells.emissivity_of(i, ground) * ground.emission_of(excess);
            albedo[i] = cells.albedo_of(i, ground) * shadow;
        }
    }
}
