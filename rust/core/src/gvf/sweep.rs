//! Looking from every cell along every direction, strip by strip.

use super::geometry::{AZIMUTHS, Geometry, Lanes, SEGMENT};
use super::look::{Seen, lanes};
use crate::grid::Window;
use crate::simd::{self, Kernel};
use crate::svf::sectors;
use rayon::prelude::*;

/// Whole hemisphere, then the E, S, W, N sectors.
pub type FiveFields = [Vec<f32>; 5];

/// Columns of a strip: the rows that its cells see stay in a core's cache.
const STRIP: usize = 32 * SEGMENT;

impl Geometry {
    /// Look along every direction from every cell and average `view` of what is seen. `lit` may be
    /// empty: no wall is sunlit.
    pub(super) fn sweep<const F: usize>(
        &self,
        fields: [&[f32]; F],
        lit: &[u32],
        view: impl Fn(&[Lanes<f32>; F], &Seen<F>, &Lanes<f32>) -> [Lanes<f32>; F] + Sync,
    ) -> Vec<FiveFields> {
        if lit.is_empty() {
            self.sweep_strips::<F, false>(fields, lit, view)
        } else {
            self.sweep_strips::<F, true>(fields, lit, view)
        }
    }

    fn sweep_strips<const F: usize, const WALLS: bool>(
        &self,
        fields: [&[f32]; F],
        lit: &[u32],
        view: impl Fn(&[Lanes<f32>; F], &Seen<F>, &Lanes<f32>) -> [Lanes<f32>; F] + Sync,
    ) -> Vec<FiveFields> {
        let Window {
            row: top,
            col: left,
            rows,
            cols,
        } = self.core;
        let mut out: Vec<FiveFields> = (0..F)
            .map(|_| std::array::from_fn(|_| vec![0.0; self.grid.len()]))
            .collect();
        // Strip by strip, and down the rows of each.
        let mut lines: Vec<Vec<&mut [f32]>> = Vec::new();
        lines.resize_with(rows * cols.div_ceil(STRIP), || Vec::with_capacity(5 * F));
        for field in out.iter_mut().flatten() {
            let wanted = field.chunks_mut(self.grid.cols).skip(top).take(rows);
            for (row, line) in wanted.enumerate() {
                let parts = line[left..left + cols].chunks_mut(STRIP);
                for (strip, part) in parts.enumerate() {
                    lines[strip * rows + row].push(part);
                }
            }
        }
        lines.into_par_iter().enumerate().for_each(|(at, line)| {
            simd::dispatch(GroundLine::<F, WALLS, _> {
                ground: self,
                fields,
                lit,
                row: top + at % rows,
                first: left + at / rows * STRIP,
                line,
                view: &view,
            });
        });
        out
    }

    /// Whether all steps of a direction stay inside the raster for a whole segment. Offsets grow
    /// monotonically, so the last one decides.
    fn stays_inside(&self, direction: usize, row: usize, col: usize) -> bool {
        let Some(&(drow, dcol)) = self.offsets[direction].last() else {
            return true;
        };
        let inside = |at: usize, step: i32, end: usize| {
            at.checked_add_signed(step as isize)
                .is_some_and(|reached| reached < end)
        };
        inside(row, drow, self.grid.rows)
            && inside(col, dcol, self.grid.cols)
            && inside(col + SEGMENT - 1, dcol.max(0), self.grid.cols)
    }

    /// Means over all directions and over the four sectors, for one segment.
    #[inline(always)]
    fn segment<const F: usize, const WALLS: bool>(
        &self,
        fields: &[&[f32]; F],
        lit: &[u32],
        row: usize,
        col: usize,
        view: &impl Fn(&[Lanes<f32>; F], &Seen<F>, &Lanes<f32>) -> [Lanes<f32>; F],
    ) -> [[Lanes<f32>; 5]; F] {
        let at = row * self.stride + SEGMENT + col;
        let here: [Lanes<f32>; F] = std::array::from_fn(|f| *lanes(fields[f], at));
        let own_wall = if WALLS { *lanes(lit, at) } else { [0; SEGMENT] };
        let mut buildings = [0.0_f32; SEGMENT];
        let first = row * self.grid.cols + col;
        let width = SEGMENT.min(self.grid.cols - col);
        for (slot, &b) in buildings
            .iter_mut()
            .zip(&self.buildings[first..first + width])
        {
            *slot = f32::from(b);
        }
        let mut sums = [[[0.0_f32; SEGMENT]; 5]; F];
        for (d, azimuth) in AZIMUTHS.iter().enumerate() {
            let mut seen = if self.stays_inside(d, row, col) {
                self.look::<F, WALLS, false>(fields, lit, row, col, d)
            } else {
                self.look::<F, WALLS, true>(fields, lit, row, col, d)
            };
            // A cell's own sunlit wall is behind it when it faces the search direction: its far
            // count is dropped, its denominator not (quirk Q29).
            for i in 0..SEGMENT {
                let own = own_wall[i] >> d & 1 != 0;
                seen.walls_kept[i] = if own { 0.0 } else { seen.walls_far[i] };
            }
            let values = view(&here, &seen, &buildings);
            let in_sector = sectors(*azimuth);
            for f in 0..F {
                for i in 0..SEGMENT {
                    sums[f][0][i] += values[f][i];
                }
                for s in 0..4 {
                    if in_sector[s] {
                        for i in 0..SEGMENT {
                            sums[f][s + 1][i] += values[f][i];
                        }
                    }
                }
            }
        }
        for f in 0..F {
            for i in 0..SEGMENT {
                sums[f][0][i] /= AZIMUTHS.len() as f32;
            }
            for s in 1..5 {
                for i in 0..SEGMENT {
                    sums[f][s][i] /= (AZIMUTHS.len() / 2) as f32;
                }
            }
        }
        sums
    }
}

/// The ground view of the cells of one row in a strip.
struct GroundLine<'a, 'b, const F: usize, const WALLS: bool, V> {
    ground: &'a Geometry,
    fields: [&'a [f32]; F],
    lit: &'a [u32],
    row: usize,
    first: usize,
    line: Vec<&'b mut [f32]>,
    view: &'a V,
}

impl<const F: usize, const WALLS: bool, V> Kernel for GroundLine<'_, '_, F, WALLS, V>
where
    V: Fn(&[Lanes<f32>; F], &Seen<F>, &Lanes<f32>) -> [Lanes<f32>; F],
{
    #[inline(always)]
    fn run(mut self) {
        let cells = self.line.first().map_or(0, |line| line.len());
        for at in (0..cells).step_by(SEGMENT) {
            let sums = self.ground.segment::<F, WALLS>(
                &self.fields,
                self.lit,
                self.row,
                self.first + at,
                self.view,
            );
            let end = cells.min(at + SEGMENT);
            for (target, sum) in self.line.iter_mut().zip(sums.as_flattened()) {
                target[at..end].copy_from_slice(&sum[..end - at]);
            }
        }
    }
}
