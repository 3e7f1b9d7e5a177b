//! How large a raster a device takes: every buffer must fit a binding, and all of them the budget.

use super::planes::{AIR_PLANES, FIELD_COUNT, OUT_PLANES, TERM_PLANES, dynamic_planes};
use crate::device::Gpu;

/// Bytes a cell that a run or a sky view keeps on a device. The heights cover a tile and everything
/// that shades it, the rest only what is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Of the heights, all together.
    pub heights: u64,
    /// Of the largest single buffer of them.
    pub largest_heights: u64,
    /// Of the rest, all together.
    pub cells: u64,
    /// Of the largest single buffer of it.
    pub largest_cells: u64,
    /// Of what is read back at once.
    pub readback: u64,
}

impl Footprint {
    /// Of the larger of a sky view and a run.
    #[must_use]
    pub fn new(
        words: usize,
        vegetation: bool,
        anisotropic: bool,
        sides: bool,
        attribution: bool,
        heated: bool,
        air: bool,
    ) -> Self {
        let mask = 4 * words as u64;
        let masks = if anisotropic { mask } else { 0 };
        let families = if vegetation { 3 } else { 1 };
        // One plane each for canopies with their own transmissivity.
        let views = 4 * if anisotropic { 9 } else { 16 };
        let own = if air { AIR_PLANES } else { 0 };
        let dynamic = 4 * (1 + dynamic_planes(sides, attribution, heated) + own);
        let terms = if attribution { TERM_PLANES } else { 0 };
        let fields = if sides {
            FIELD_COUNT as u64 - TERM_PLANES
        } else {
            OUT_PLANES
        };
        let out = 4 * (fields + terms);
        let surface = 4 * 7;
        let ground = 4 * 5;
        // info, steps, lup, alb and memory; emitted and lit; statistics.
        let others = 4 + 3 * ground + 24 + 12 + 4 * 18;
        let run = families * masks + views + dynamic + out + surface + others;
        // A sky view holds masks and fields, and their copy on the way back.
        let readback = families * (mask + 20) + 8;
        Self {
            heights: if vegetation { 16 } else { 8 },
            largest_heights: if vegetation { 8 } else { 4 },
            cells: run.max(2 * readback),
            largest_cells: [masks, views, dynamic, out, surface, 4 * 9]
                .into_iter()
                .max()
                .unwrap_or(4),
            readback,
        }
    }

    /// Most cells of a raster that fit, were all of it computed.
    #[must_use]
    pub fn most_cells(&self, gpu: &Gpu) -> u64 {
        let largest = self.largest_cells.max(self.largest_heights);
        (gpu.largest_binding() / largest)
            .min(gpu.limits.max_buffer_size / self.readback)
            .min(gpu.memory.budget / (self.heights + self.cells))
    }
}
