//! How large a raster a device takes: every buffer must fit a binding, and all of them the budget.

use crate::device::Gpu;
use crate::run::{PLAIN_PLANES, SIDE_PLANES};

/// Planes of `out` a run writes at the most without points of interest.
const OUT_PLANES: u64 = 8;

/// Bytes a cell of the largest single buffer, and of all buffers of a run together.
#[must_use]
pub fn bytes_per_cell(words: usize, vegetation: bool, anisotropic: bool, sides: bool) -> [u64; 2] {
    let masks = if anisotropic { 4 * words as u64 } else { 0 };
    let families = if vegetation { 3 } else { 1 };
    let terrain = if vegetation { 16 } else { 8 };
    let views = 4 * if anisotropic { 7 } else { 15 };
    let dynamic = 4 * if sides { SIDE_PLANES } else { PLAIN_PLANES };
    let out = 4 * if sides { 24 } else { OUT_PLANES };
    let surface = 4 * 7;
    let ground = 4 * 5;
    // steps, lup, alb and memory; emitted and lit; statistics.
    let others = 3 * ground + 24 + 12 + 4 * 16;
    let largest = [masks, views, dynamic, out, surface, ground, 4 * 8, 20];
    let run = terrain + 4 + families * masks + views + dynamic + out + surface + others;
    // A sky view holds masks and fields, and their copy on the way back.
    let sky = terrain + 2 * families * (4 * words as u64 + 20);
    [largest.into_iter().max().unwrap_or(4), run.max(sky)]
}

/// Most cells of a raster that fit.
#[must_use]
pub fn most_cells(
    gpu: &Gpu,
    words: usize,
    vegetation: bool,
    anisotropic: bool,
    sides: bool,
) -> u64 {
    let [largest, all] = bytes_per_cell(words, vegetation, anisotropic, sides);
    let families = if vegetation { 3 } else { 1 };
    // The readback of a sky view is one buffer.
    let readback = families * (4 * words as u64 + 20);
    (gpu.largest_binding() / largest)
        .min(gpu.limits.max_buffer_size / readback)
        .min(gpu.memory.budget / all)
}
