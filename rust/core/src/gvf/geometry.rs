//! Where the ground is looked at along every direction, and how far: the rasters and tables of a
//! view that no step changes (G 7.3, 7.8).

use super::pairs::Taps;
use crate::grid::{Grid, Window};
use crate::rays::ray_steps;
use rayon::prelude::*;
use std::ops::Range;

/// Azimuths the ground is looked at along [deg].
pub const AZIMUTHS: [f64; 18] = [
    5.0, 25.0, 45.0, 65.0, 85.0, 105.0, 125.0, 145.0, 165.0, 185.0, 205.0, 225.0, 245.0, 265.0,
    285.0, 305.0, 325.0, 345.0,
];
pub(super) const DIRECTIONS: usize = AZIMUTHS.len();

/// Directions towards NE, SE, SW and NW. A side is two of them: the east is the first two, the south
/// the second and third, and so on.
pub(super) const QUADRANTS: [Range<usize>; 4] = [0..5, 5..9, 9..14, 14..18];

/// Cells looked from at once: few enough that all sums of a direction stay in registers.
pub(super) const SEGMENT: usize = 16;
pub(super) type Lanes<T> = [T; SEGMENT];
/// Columns of a strip: the rows that its cells see stay in a core's cache.
pub(super) const STRIP: usize = 16 * SEGMENT;

/// A pixel so small that the view distance does not fit the cached step index.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "pixel_size: expected at least {least:.3} m for a person of {height} m, got {pixel_size} m"
)]
pub struct PixelTooSmall {
    /// Smallest pixel side that works [m].
    pub least: f64,
    /// Person height [m].
    pub height: f64,
    /// Pixel side given [m].
    pub pixel_size: f64,
}

/// Geometry of a ground view.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    pub(super) grid: Grid,
    pub(super) core: Window,
    pub(super) near: usize,
    pub(super) far: usize,
    pub(super) offsets: Vec<Vec<(i32, i32)>>,
    /// What is looked at one after the other, and how much of it before a building.
    pub(super) taps: Taps,
    /// First step at a building, `far` if none (G 7.3). Strip by strip, down the rows of each; for
    /// every segment of a row all directions, each with its lanes.
    open_steps: Vec<u8>,
    pub(super) buildings: Vec<u8>,
    /// Last step inside the raster per direction: by the rows that lie ahead, and by column near the
    /// edge ahead.
    last_inside: Vec<[Vec<u8>; 2]>,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small cell count"
)]
fn whole_cells(x: f64) -> usize {
    x.round_ties_even().max(0.0) as usize
}

impl Geometry {
    /// Geometry of the view of people in `core`; `buildings` is 1 on open ground.
    ///
    /// # Errors
    /// [`PixelTooSmall`] if the far distance exceeds 255 pixels.
    pub(super) fn new(
        grid: Grid,
        core: Window,
        buildings: &[u8],
        person_height: f64,
    ) -> Result<Self, PixelTooSmall> {
        let first = whole_cells(person_height).max(1) as f64;
        let second = (20.0 * person_height).round_ties_even();
        let near = whole_cells(first / grid.pixel_size).max(1);
        let far = whole_cells(second / grid.pixel_size).max(near);
        if far > usize::from(u8::MAX) {
            let least = second / f64::from(u8::MAX);
            let (height, pixel_size) = (person_height, grid.pixel_size);
            return Err(PixelTooSmall {
                least,
                height,
                pixel_size,
            });
        }
        let offsets: Vec<Vec<(i32, i32)>> = AZIMUTHS
            .iter()
            .map(|&a| ray_steps(a, far).iter().map(|s| (s.drow, s.dcol)).collect())
            .collect();
        let last_inside = offsets.iter().map(|steps| last_inside(steps)).collect();
        let mut geometry = Self {
            grid,
            core,
            near,
            far,
            taps: Taps::new(&offsets, near, far),
            offsets,
            open_steps: Vec::new(),
            buildings: buildings.to_vec(),
            last_inside,
        };
        geometry.open_steps = geometry.find_open_steps();
        Ok(geometry)
    }

    /// First building per direction for a device: four directions a word, lowest byte first, one
    /// raster after the other.
    pub(super) fn packed_steps(&self) -> Vec<u32> {
        let Grid { rows, cols, .. } = self.grid;
        let words = DIRECTIONS.div_ceil(4);
        let mut out = vec![0_u32; words * self.grid.len()];
        for row in 0..rows {
            let strips = (0..cols)
                .step_by(STRIP)
                .flat_map(|first| self.open_steps_at(row, first));
            for (col, segment) in (0..cols).step_by(SEGMENT).zip(strips) {
                let cells = SEGMENT.min(cols - col);
                for (direction, steps) in segment.iter().enumerate() {
                    let at = (direction / 4) * self.grid.len() + row * cols + col;
                    for (word, &step) in out[at..at + cells].iter_mut().zip(steps) {
                        *word |= u32::from(step) << (8 * (direction % 4));
                    }
                }
            }
        }
        out
    }

    /// First building in every direction, cell by cell.
    pub(super) fn open_by_cell(&self) -> Vec<u8> {
        let Grid { rows, cols, .. } = self.grid;
        let mut out = vec![0; self.grid.len() * DIRECTIONS];
        for row in 0..rows {
            let strips = (0..cols)
                .step_by(STRIP)
                .flat_map(|first| self.open_steps_at(row, first));
            for (col, segment) in (0..cols).step_by(SEGMENT).zip(strips) {
                for (direction, steps) in segment.iter().enumerate() {
                    for (lane, &step) in steps.iter().take(cols - col).enumerate() {
                        out[(row * cols + col + lane) * DIRECTIONS + direction] = step;
                    }
                }
            }
        }
        out
    }

    fn find_open_steps(&self) -> Vec<u8> {
        let cols = self.grid.cols.next_multiple_of(SEGMENT);
        let mut out = vec![0_u8; cols * DIRECTIONS * self.grid.rows];
        // The parts of every row, one a strip.
        let mut rows: Vec<Vec<&mut [u8]>> = Vec::new();
        rows.resize_with(self.grid.rows, Vec::new);
        let mut rest = out.as_mut_slice();
        for first in (0..cols).step_by(STRIP) {
            for row in &mut rows {
                let part = STRIP.min(cols - first) * DIRECTIONS;
                row.push(rest.split_off_mut(..part).expect("room for all rows"));
            }
        }
        let scratch = || vec![0_u8; self.grid.cols];
        rows.into_par_iter()
            .enumerate()
            .for_each_init(scratch, |steps, (row, mut parts)| {
                for direction in 0..DIRECTIONS {
                    self.first_buildings(direction, row, steps);
                    for (part, steps) in parts.iter_mut().zip(steps.chunks(STRIP)) {
                        let segments = part.chunks_exact_mut(DIRECTIONS * SEGMENT);
                        for (segment, lanes) in segments.zip(steps.chunks(SEGMENT)) {
                            segment[direction * SEGMENT..][..lanes.len()].copy_from_slice(lanes);
                        }
                    }
                }
            });
        out
    }

    /// First step of a row's cells that is a building. Past the edge the last cell inside repeats
    /// (quirk Q27), which never changes the first one.
    fn first_buildings(&self, direction: usize, row: usize, steps: &mut [u8]) {
        steps.fill(u8::try_from(self.far).unwrap_or(u8::MAX));
        let cols = self.grid.cols;
        // Far to near, so that the nearest building is written last.
        for (n, &(drow, dcol)) in (0_u8..=u8::MAX).zip(&self.offsets[direction]).rev() {
            let Some(r) = row
                .checked_add_signed(drow as isize)
                .filter(|&r| r < self.grid.rows)
            else {
                continue;
            };
            let shift = dcol.unsigned_abs() as usize;
            if shift >= cols {
                continue;
            }
            let there = &self.buildings[r * cols..(r + 1) * cols];
            let (here, there) = if dcol >= 0 {
                (&mut steps[..cols - shift], &there[shift..])
            } else {
                (&mut steps[shift..], &there[..cols - shift])
            };
            for (step, &open) in here.iter_mut().zip(there) {
                *step = if open == 0 { n } else { *step };
            }
        }
    }

    /// First building of the cells of a row in the strip that begins at `first`: of all directions,
    /// segment by segment.
    #[inline(always)]
    pub(super) fn open_steps_at(&self, row: usize, first: usize) -> &[[Lanes<u8>; DIRECTIONS]] {
        let Grid { rows, cols, .. } = self.grid;
        let width = STRIP.min(cols.next_multiple_of(SEGMENT) - first);
        let at = (first * rows + row * width) * DIRECTIONS;
        self.open_steps[at..at + width * DIRECTIONS]
            .as_chunks()
            .0
            .as_chunks()
            .0
    }

    /// Whether cells of a row see nothing but the raster.
    #[inline(always)]
    pub(super) fn is_inside(&self, row: usize, col: usize, cells: usize) -> bool {
        let grid = self.grid;
        let far = self.far - 1;
        row >= far && row + far < grid.rows && col >= far && col + cells + far <= grid.cols
    }

    /// Last step along a direction that is inside the raster, of every cell of a segment.
    pub(super) fn last_inside(&self, direction: usize, row: usize, col: usize) -> Lanes<u8> {
        let (drow, dcol) = self.offsets[direction].last().copied().unwrap_or_default();
        let [by_rows, by_cols] = &self.last_inside[direction];
        let ahead = if drow < 0 {
            row
        } else {
            self.grid.rows - 1 - row
        };
        let by_rows = by_rows[ahead.min(self.far - 1)];
        let first = if dcol < 0 {
            col.min(self.far)
        } else {
            (col + self.far + SEGMENT).saturating_sub(self.grid.cols)
        };
        let by_cols: &Lanes<u8> = by_cols[first..]
            .first_chunk()
            .expect("a segment past the edge");
        let mut last = [0; SEGMENT];
        for i in 0..SEGMENT {
            last[i] = by_rows.min(by_cols[i]);
        }
        last
    }
}

/// Last step that goes no more than `0, 1, …` rows away; and that stays inside the raster from
/// columns at its edge: the first ones, or the last ones and as many after them as a segment has.
fn last_inside(steps: &[(i32, i32)]) -> [Vec<u8>; 2] {
    let far = steps.len();
    let last = |cells: usize, away: &dyn Fn(&(i32, i32)) -> u32| {
        let within = steps.iter().take_while(|s| away(s) as usize <= cells);
        u8::try_from(within.count() - 1).unwrap_or(u8::MAX)
    };
    let backward = steps.last().is_some_and(|&(_, dcol)| dcol < 0);
    let by_col = |at: usize| {
        let ahead = if backward {
            at
        } else {
            (far + SEGMENT - 1).saturating_sub(at)
        };
        last(ahead, &|s| s.1.unsigned_abs())
    };
    [
        (0..far)
            .map(|rows| last(rows, &|s| s.0.unsigned_abs()))
            .collect(),
        (0..far + 2 * SEGMENT).map(by_col).collect(),
    ]
}
