//! Where the ground is looked at along every direction, and how far: the rasters and tables of a
//! view that no step changes (G 7.3, 7.8).

use crate::grid::{Grid, Window};
use crate::rays::ray_steps;
use rayon::prelude::*;

/// Azimuths the ground is looked at along [deg].
pub const AZIMUTHS: [f64; 18] = [
    5.0, 25.0, 45.0, 65.0, 85.0, 105.0, 125.0, 145.0, 165.0, 185.0, 205.0, 225.0, 245.0, 265.0,
    285.0, 305.0, 325.0, 345.0,
];

/// Cells looked from at once: few enough that all sums of a direction stay in registers.
pub(super) const SEGMENT: usize = 16;
pub(super) type Lanes<T> = [T; SEGMENT];

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
    pub(super) stride: usize,
    /// First step at a building, per direction and cell; `far` if none (G 7.3).
    open_steps: Vec<u8>,
    pub(super) buildings: Vec<u8>,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small cell count"
)]
fn whole(x: f64) -> usize {
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
        let first = whole(person_height).max(1) as f64;
        let second = (20.0 * person_height).round_ties_even();
        let near = whole(first / grid.pixel_size).max(1);
        let far = whole(second / grid.pixel_size).max(near);
        if far > usize::from(u8::MAX) {
            let least = second / f64::from(u8::MAX);
            let (height, pixel_size) = (person_height, grid.pixel_size);
            return Err(PixelTooSmall {
                least,
                height,
                pixel_size,
            });
        }
        let offsets = AZIMUTHS
            .iter()
            .map(|&a| ray_steps(a, far).iter().map(|s| (s.drow, s.dcol)).collect())
            .collect();
        let stride = grid.cols.next_multiple_of(SEGMENT) + 2 * SEGMENT;
        let mut geometry = Self {
            grid,
            core,
            near,
            far,
            offsets,
            stride,
            open_steps: Vec::new(),
            buildings: buildings.to_vec(),
        };
        geometry.open_steps = geometry.find_open_steps();
        Ok(geometry)
    }

    /// First building per direction for a device: four directions a word, lowest byte first, one
    /// raster after the other.
    pub(super) fn packed_steps(&self) -> Vec<u32> {
        let Grid { rows, cols, .. } = self.grid;
        let words = AZIMUTHS.len().div_ceil(4);
        let mut out = vec![0_u32; words * self.grid.len()];
        for direction in 0..AZIMUTHS.len() {
            let shift = 8 * (direction % 4);
            for row in 0..rows {
                let line = (direction * rows + row) * self.padded_cols();
                let at = (direction / 4) * self.grid.len() + row * cols;
                let steps = &self.open_steps[line..line + cols];
                for (word, &step) in out[at..at + cols].iter_mut().zip(steps) {
                    *word |= u32::from(step) << shift;
                }
            }
        }
        out
    }

    fn padded_cols(&self) -> usize {
        self.stride - 2 * SEGMENT
    }

    /// Copy a field into rows with margins.
    pub(super) fn padded(&self, field: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.grid.rows * self.stride];
        out.par_chunks_mut(self.stride)
            .zip(field.par_chunks(self.grid.cols))
            .for_each(|(line, row)| line[SEGMENT..SEGMENT + self.grid.cols].copy_from_slice(row));
        out
    }

    fn find_open_steps(&self) -> Vec<u8> {
        let cols = self.padded_cols();
        let lines = AZIMUTHS.len() * self.grid.rows;
        // A core may begin in any column, so the last segment of the last line may end past it.
        let mut out = vec![0_u8; lines * cols + SEGMENT];
        out[..lines * cols]
            .par_chunks_mut(cols)
            .enumerate()
            .for_each(|(line, steps)| {
                let (direction, row) = (line / self.grid.rows, line % self.grid.rows);
                self.first_buildings(direction, row, &mut steps[..self.grid.cols]);
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

    pub(super) fn open_steps_at(&self, direction: usize, row: usize, col: usize) -> &[u8; SEGMENT] {
        let at = (direction * self.grid.rows + row) * self.padded_cols() + col;
        self.open_steps[at..]
            .first_chunk()
            .expect("rows are padded to whole segments")
    }
}
