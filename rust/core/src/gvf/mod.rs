//! Ground view factors (G 7): what a person sees of the ground and of sunlit walls in eighteen
//! directions, as upwelling long-wave emission and reflected short-wave.

mod look;
mod sweep;

use crate::grid::{Grid, Window};
use crate::rays::ray_steps;
use crate::stage::Stage;
use crate::walls::{WallCell, faces};
use look::Seen;
use rayon::prelude::*;

/// Azimuths the ground is looked at along [deg].
pub const AZIMUTHS: [f64; 18] = [
    5.0, 25.0, 45.0, 65.0, 85.0, 105.0, 125.0, 145.0, 165.0, 185.0, 205.0, 225.0, 245.0, 265.0,
    285.0, 305.0, 325.0, 345.0,
];

/// Weights of the near and the far ground (G 7.5).
const NEAR_WEIGHT: f32 = 0.5;
const FAR_WEIGHT: f32 = 0.4;

/// Cells looked from at once: few enough that all sums of a direction stay in registers.
const SEGMENT: usize = 16;
type Lanes<T> = [T; SEGMENT];
/// Whole hemisphere, then the E, S, W, N sectors.
pub type FiveFields = [Vec<f32>; 5];

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

/// Geometry of the ground view, constant for a run (G 7.8).
#[derive(Clone, Debug)]
pub struct GroundView {
    grid: Grid,
    core: Window,
    near: usize,
    far: usize,
    offsets: Vec<Vec<(i32, i32)>>,
    stride: usize,
    /// First step at a building, per direction and cell; `far` if none (G 7.3).
    open_steps: Vec<u8>,
    buildings: Vec<u8>,
    /// Albedo view factor of a ground without shadows, constant for a run.
    pub albnosh: FiveFields,
}

/// Inputs of one evaluation.
#[derive(Clone, Copy, Debug)]
pub struct GvfStep<'a> {
    /// Ground emission above that at air temperature, L' [W m⁻²].
    pub emission: &'a [f32],
    /// Albedo times the shadow factor, ρ·sd.
    pub lit_albedo: &'a [f32],
    /// Wall cells.
    pub walls: &'a [WallCell],
    /// Which of them are sunlit over their full height.
    pub sunlit: &'a [bool],
    /// Wall emission above that at air temperature [W m⁻²].
    pub wall_emission: f64,
    /// Wall albedo.
    pub wall_albedo: f64,
    /// Shadow factor sd, only for [`GvfFields::sums`].
    pub shadow: Option<&'a [f32]>,
}

/// Result of one evaluation.
#[derive(Clone, Debug)]
pub struct GvfFields {
    /// Upwelling long-wave above ground emission at air temperature [W m⁻²].
    pub lup: FiveFields,
    /// Albedo view factors.
    pub alb: FiveFields,
    /// `gvfSum` and `gvfNorm` of the reference, if asked for.
    pub sums: Option<[Vec<f32>; 2]>,
}

/// Ground view factors of one step.
#[derive(Debug)]
pub struct GvfStage;

impl Stage for GvfStage {
    const NAME: &'static str = "gvf";
    type In<'a> = (&'a GroundView, GvfStep<'a>);
    type Out = GvfFields;

    fn cpu((view, step): &mut Self::In<'_>) -> GvfFields {
        view.evaluate(step)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small cell count"
)]
fn whole(x: f64) -> usize {
    x.round_ties_even().max(0.0) as usize
}

impl GroundView {
    /// Prepare the geometry. `buildings` is 1 on open ground; `albedo` the ground's.
    ///
    /// # Errors
    /// [`PixelTooSmall`] if the far distance exceeds 255 pixels.
    pub fn new(
        grid: Grid,
        buildings: &[u8],
        albedo: &[f32],
        wall_albedo: f64,
        person_height: f64,
    ) -> Result<Self, PixelTooSmall> {
        let core = Window::whole(grid);
        Self::from_core(grid, core, buildings, albedo, wall_albedo, person_height)
    }

    /// As [`GroundView::new`], of people in `core` only: what is around it is seen, its own view is
    /// 0 on the CPU. A tile has cells around its core only to be seen.
    ///
    /// # Errors
    /// As there.
    pub fn from_core(
        grid: Grid,
        core: Window,
        buildings: &[u8],
        albedo: &[f32],
        wall_albedo: f64,
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
        let mut view = Self {
            grid,
            core,
            near,
            far,
            offsets,
            stride,
            open_steps: Vec::new(),
            buildings: buildings.to_vec(),
            albnosh: Default::default(),
        };
        view.open_steps = view.find_open_steps();
        view.albnosh = view.unshaded_albedo(albedo, wall_albedo);
        Ok(view)
    }

    /// Cells at this distance matter; the halo a tile needs.
    #[must_use]
    pub fn halo(&self) -> usize {
        self.far
    }

    /// Raster shape.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Steps of the near and of the far ground.
    #[must_use]
    pub fn reaches(&self) -> [usize; 2] {
        [self.near, self.far]
    }

    /// Row and column offsets of the steps along every direction.
    #[must_use]
    pub fn offsets(&self) -> &[Vec<(i32, i32)>] {
        &self.offsets
    }

    /// First building per direction for a device: four directions a word, lowest byte first, one
    /// raster after the other.
    #[must_use]
    pub fn packed_steps(&self) -> Vec<u32> {
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

    /// Building mask, 1 on open ground.
    #[must_use]
    pub fn buildings(&self) -> &[u8] {
        &self.buildings
    }

    fn padded_cols(&self) -> usize {
        self.stride - 2 * SEGMENT
    }

    /// Copy a field into rows with margins.
    fn padded(&self, field: &[f32]) -> Vec<f32> {
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

    fn open_steps_at(&self, direction: usize, row: usize, col: usize) -> &[u8; SEGMENT] {
        let at = (direction * self.grid.rows + row) * self.padded_cols() + col;
        self.open_steps[at..]
            .first_chunk()
            .expect("rows are padded to whole segments")
    }

    /// `gvfalbnosh`: as `gvfalb` of a ground in full sun, every building edge a sunlit wall. Its
    /// far sum is divided by the far distance in both cases (quirk Q30).
    fn unshaded_albedo(&self, albedo: &[f32], wall_albedo: f64) -> FiveFields {
        let field = self.padded(albedo);
        #[expect(clippy::cast_possible_truncation, reason = "f32 sums")]
        let (near, far, wall) = (self.near as f32, self.far as f32, wall_albedo as f32);
        self.sweep(
            [&field],
            &[],
            #[inline(always)]
            |here, seen, buildings| {
                let mut out = [[0.0; SEGMENT]; 1];
                for i in 0..SEGMENT {
                    let b = seen.open[i] as f32;
                    let (n1, n2) = ((near - b).max(0.0), (far - b).max(0.0));
                    let near_sum = if n1 > 0.0 {
                        (wall * n1 + seen.near[0][i]) / (near + 1.0)
                    } else {
                        seen.near[0][i] / near
                    };
                    let far_sum = (wall * n2 + seen.far[0][i]) / far;
                    let mixed = mix(near_sum, far_sum);
                    out[0][i] = mixed * buildings[i] + here[0][i] * (1.0 - buildings[i]);
                }
                out
            },
        )
        .swap_remove(0)
    }

    /// Evaluate a step (G 7.5, 7.6).
    ///
    /// # Panics
    /// If a field does not have the grid's length.
    #[must_use]
    pub fn evaluate(&self, step: &GvfStep<'_>) -> GvfFields {
        assert_eq!(step.emission.len(), self.grid.len());
        assert_eq!(step.lit_albedo.len(), self.grid.len());
        let lit = self.sunlit_walls(step);
        let emission = self.padded(step.emission);
        let albedo = self.padded(step.lit_albedo);
        #[expect(clippy::cast_possible_truncation, reason = "f32 sums")]
        let kappa = [step.wall_emission as f32, step.wall_albedo as f32];
        let view = |here: &[Lanes<f32>; 2], seen: &Seen<2>, buildings: &Lanes<f32>| {
            let mut out = [[0.0; SEGMENT]; 2];
            for f in 0..2 {
                for i in 0..SEGMENT {
                    let near = seen.with_walls(
                        kappa[f],
                        seen.near[f][i],
                        seen.walls_near[i],
                        seen.walls_near[i],
                        self.near,
                    );
                    let far = seen.with_walls(
                        kappa[f],
                        seen.far[f][i],
                        seen.walls_far[i],
                        seen.walls_kept[i],
                        self.far,
                    );
                    out[f][i] = mix(near, far) + here[f][i] * (1.0 - buildings[i]);
                }
            }
            out
        };
        let mut fields = self.sweep([&emission, &albedo], &lit, view);
        let alb = fields.pop().expect("two fields");
        let lup = fields.pop().expect("two fields");
        GvfFields {
            lup,
            alb,
            sums: step.shadow.map(|shadow| self.sums(shadow, &lit)),
        }
    }

    /// `gvfSum` and `gvfNorm`: the far view of the shadow factor, walls counting 1.
    fn sums(&self, shadow: &[f32], lit: &[u32]) -> [Vec<f32>; 2] {
        let field = self.padded(shadow);
        let fields = self.sweep(
            [&field],
            lit,
            #[inline(always)]
            |_, seen, _| {
                let mut out = [[0.0; SEGMENT]; 1];
                for i in 0..SEGMENT {
                    let kept = seen.walls_kept[i];
                    out[0][i] = seen
                        .with_walls(1.0, seen.far[0][i], seen.walls_far[i], kept, self.far)
                        .min(1.0);
                }
                out
            },
        );
        let [mean, ..] = &fields[0];
        let sum: Vec<f32> = mean.iter().map(|m| m * AZIMUTHS.len() as f32).collect();
        let norm = mean
            .iter()
            .zip(&self.buildings)
            .map(|(&m, &b)| if b == 0 { 1.0 } else { m })
            .collect();
        [sum, norm]
    }

    /// Fully sunlit wall cells on open ground (quirk Q28): bit 31, and a bit for every direction the
    /// wall itself faces. Empty where no wall is sunlit, as at night.
    fn sunlit_walls(&self, step: &GvfStep<'_>) -> Vec<u32> {
        if !step.sunlit.contains(&true) {
            return Vec::new();
        }
        let mut lit = vec![0_u32; self.grid.rows * self.stride];
        for (wall, _) in step.walls.iter().zip(step.sunlit).filter(|(_, lit)| **lit) {
            let index = wall.index as usize;
            if self.buildings[index] != 1 {
                continue;
            }
            let (row, col) = (index / self.grid.cols, index % self.grid.cols);
            let facing = (0..AZIMUTHS.len())
                .filter(|&d| faces(wall.aspect_deg, AZIMUTHS[d]))
                .fold(0_u32, |bits, d| bits | 1 << d);
            lit[row * self.stride + SEGMENT + col] = 1 << 31 | facing;
        }
        lit
    }
}

#[inline(always)]
fn mix(near: f32, far: f32) -> f32 {
    (NEAR_WEIGHT * near + FAR_WEIGHT * far) / (NEAR_WEIGHT + FAR_WEIGHT)
}
