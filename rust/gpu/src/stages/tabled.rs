//! Indices that depend on Tmrt alone, PET and SET*, from tables on the device.

use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::tabled::{CubicPiece, WIDTH};

/// What an index is where Tmrt lies outside its table, or has none.
pub const OUTSIDE: f32 = -9999.0;
/// Tmrt below and above air temperature that a table covers [K].
const TABLE_BELOW_AIR: f64 = 35.0;
const TABLE_ABOVE_AIR: f64 = 85.0;

uniform! {
    TabledUniform for [Pet, Effective] {
        grid: GridUniform,
        tmrt: u32,
        index: u32,
        cells: u32,
        width: f32,
        low: f32,
        pad: [u32; 3],
    }
}

/// Lower end of a table and the pieces of its cells.
type Pieces = (f64, Vec<Vec<CubicPiece>>);

/// The table of an index of a step on the device.
#[derive(Debug)]
pub struct IndexTable {
    first: DeviceBuffer,
    pieces: DeviceBuffer,
    low: f32,
    cells: u32,
}

/// A piece as the kernel reads it; the host solves where it has no values.
fn entry(piece: &CubicPiece) -> [[f32; 4]; 2] {
    let cubic = if piece.cubic[0].is_nan() {
        // No NaN enters a kernel.
        [OUTSIDE, 0.0, 0.0, 0.0]
    } else {
        piece.cubic.map(|c| c as f32)
    };
    [
        [piece.low as f32, (1.0 / piece.width) as f32, 0.0, 0.0],
        cubic,
    ]
}

impl IndexTable {
    /// The table around an air temperature, as `pieces` gives it between two temperatures; `None` where
    /// the weather or the person gives no index.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(
        run: &DeviceRun,
        ta: f64,
        pieces: impl Fn(f64, f64) -> Option<Pieces>,
    ) -> Result<Option<Self>, GpuError> {
        let Some((low, cells)) = pieces(ta - TABLE_BELOW_AIR, ta + TABLE_ABOVE_AIR) else {
            return Ok(None);
        };
        let mut first = vec![0];
        let mut entries: Vec<[f32; 4]> = Vec::new();
        for pieces in &cells {
            for piece in pieces {
                entries.extend(entry(piece));
            }
            first.push(count(entries.len() / 2));
        }
        Ok(Some(Self {
            first: run.gpu.upload("the table of an index", &first)?,
            pieces: run.gpu.upload("the table of an index", &entries)?,
            low: low as f32,
            cells: count(cells.len()),
        }))
    }
}

/// Encode an index from plane `tmrt` into plane `index` of `out`; [`OUTSIDE`] where the host must solve.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    kernel: Kernel,
    table: &'a IndexTable,
    out: &'a DeviceBuffer,
    [tmrt, index]: [u32; 2],
) -> Result<(), StageFailure> {
    let uniform = TabledUniform {
        grid: run.grid(),
        tmrt,
        index,
        cells: table.cells,
        width: WIDTH as f32,
        low: table.low,
        pad: [0; 3],
    };
    let storage = [&run.info, &table.first, &table.pieces, out];
    job.dispatch(kernel, &uniform, &storage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use solweig_core::heat::{Air, HeatStep, INDICES, Wearer};

    /// Thin clothes in a polar gale have no SET*, but no kernel reads NaN.
    #[test]
    fn the_host_solves_where_there_are_no_values() {
        let air = Air {
            ta: -45.0,
            rh: 40.0,
            wind: 12.0,
            pressure: 1013.0,
        };
        let wearer = Wearer {
            clothing: 0.02,
            ..Wearer::default()
        };
        let step = HeatStep::new(air, air.wind, wearer, [true; INDICES]);
        let (_, cells) = step.pieces(-70.0, -60.0).expect("a table");
        let entries: Vec<_> = cells.iter().flatten().map(entry).collect();
        assert!(entries.iter().any(|[_, cubic]| cubic[0] == OUTSIDE));
        assert!(
            entries
                .as_flattened()
                .as_flattened()
                .iter()
                .all(|x| x.is_finite())
        );
    }
}
