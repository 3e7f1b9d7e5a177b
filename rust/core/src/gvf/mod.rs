//! Ground view factors (G 7): what a person sees of the ground and of sunlit walls in eighteen
//! directions, as upwelling long-wave emission and reflected short-wave.

mod geometry;
mod look;
mod sweep;

pub use geometry::{AZIMUTHS, PixelTooSmall};
pub use sweep::FiveFields;

use crate::grid::{Grid, Window};
use crate::stage::Stage;
use crate::walls::{WallCell, faces};
use geometry::{Geometry, Lanes, SEGMENT};
use look::Seen;

/// Weights of the near and the far ground (G 7.5).
const NEAR_WEIGHT: f32 = 0.5;
const FAR_WEIGHT: f32 = 0.4;

/// Geometry of the ground view, constant for a run (G 7.8).
#[derive(Clone, Debug)]
pub struct GroundView {
    geometry: Geometry,
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
        let geometry = Geometry::new(grid, core, buildings, person_height)?;
        let albnosh = unshaded_albedo(&geometry, albedo, wall_albedo);
        Ok(Self { geometry, albnosh })
    }

    /// Cells at this distance matter; the halo a tile needs.
    #[must_use]
    pub fn halo(&self) -> usize {
        self.geometry.far
    }

    /// Raster shape.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.geometry.grid
    }

    /// Steps of the near and of the far ground.
    #[must_use]
    pub fn reaches(&self) -> [usize; 2] {
        [self.geometry.near, self.geometry.far]
    }

    /// Row and column offsets of the steps along every direction.
    #[must_use]
    pub fn offsets(&self) -> &[Vec<(i32, i32)>] {
        &self.geometry.offsets
    }

    /// First building per direction for a device: four directions a word, lowest byte first, one
    /// raster after the other.
    #[must_use]
    pub fn packed_steps(&self) -> Vec<u32> {
        self.geometry.packed_steps()
    }

    /// Building mask, 1 on open ground.
    #[must_use]
    pub fn buildings(&self) -> &[u8] {
        &self.geometry.buildings
    }

    /// Evaluate a step (G 7.5, 7.6).
    ///
    /// # Panics
    /// If a field does not have the grid's length.
    #[must_use]
    pub fn evaluate(&self, step: &GvfStep<'_>) -> GvfFields {
        let geometry = &self.geometry;
        assert_eq!(step.emission.len(), geometry.grid.len());
        assert_eq!(step.lit_albedo.len(), geometry.grid.len());
        let lit = self.sunlit_walls(step);
        let emission = geometry.padded(step.emission);
        let albedo = geometry.padded(step.lit_albedo);
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
                        geometry.near,
                    );
                    let far = seen.with_walls(
                        kappa[f],
                        seen.far[f][i],
                        seen.walls_far[i],
                        seen.walls_kept[i],
                        geometry.far,
                    );
                    out[f][i] = mix(near, far) + here[f][i] * (1.0 - buildings[i]);
                }
            }
            out
        };
        let mut fields = geometry.sweep([&emission, &albedo], &lit, view);
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
        let field = self.geometry.padded(shadow);
        let fields = self.geometry.sweep(
            [&field],
            lit,
            #[inline(always)]
            |_, seen, _| {
                let mut out = [[0.0; SEGMENT]; 1];
                for i in 0..SEGMENT {
                    let kept = seen.walls_kept[i];
                    out[0][i] = seen
                        .with_walls(
                            1.0,
                            seen.far[0][i],
                            seen.walls_far[i],
                            kept,
                            self.geometry.far,
                        )
                        .min(1.0);
                }
                out
            },
        );
        let [mean, ..] = &fields[0];
        let sum: Vec<f32> = mean.iter().map(|m| m * AZIMUTHS.len() as f32).collect();
        let norm = mean
            .iter()
            .zip(&self.geometry.buildings)
            .map(|(&m, &b)| if b == 0 { 1.0 } else { m })
            .collect();
        [sum, norm]
    }

    /// What is seen of fully sunlit walls. Empty where none is, as at night.
    fn sunlit_walls(&self, step: &GvfStep<'_>) -> Vec<u32> {
        if !step.sunlit.contains(&true) {
            return Vec::new();
        }
        let Geometry {
            grid,
            stride,
            buildings,
            ..
        } = &self.geometry;
        let mut lit = vec![0_u32; grid.rows * stride];
        for (wall, _) in step.walls.iter().zip(step.sunlit).filter(|(_, lit)| **lit) {
            let index = wall.index as usize;
            let (row, col) = (index / grid.cols, index % grid.cols);
            lit[row * stride + SEGMENT + col] = seen_by_ground(wall, buildings);
        }
        lit
    }
}

/// What the ground view sees of a sunlit wall, which it does on open ground only (quirk Q28): bit
/// 31, and a bit for every direction the wall itself faces. `buildings` is 1 on open ground.
#[must_use]
pub fn seen_by_ground(wall: &WallCell, buildings: &[u8]) -> u32 {
    if buildings[wall.index as usize] != 1 {
        return 0;
    }
    (0..AZIMUTHS.len())
        .filter(|&d| faces(wall.aspect_deg, AZIMUTHS[d]))
        .fold(1_u32 << 31, |bits, d| bits | 1 << d)
}

/// `gvfalbnosh`: as `gvfalb` of a ground in full sun, every building edge a sunlit wall. Its
/// far sum is divided by the far distance in both cases (quirk Q30).
fn unshaded_albedo(geometry: &Geometry, albedo: &[f32], wall_albedo: f64) -> FiveFields {
    let field = geometry.padded(albedo);
    #[expect(clippy::cast_possible_truncation, reason = "f32 sums")]
    let (near, far, wall) = (
        geometry.near as f32,
        geometry.far as f32,
        wall_albedo as f32,
    );
    geometry
        .sweep(
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

#[inline(always)]
fn mix(near: f32, far: f32) -> f32 {
    (NEAR_WEIGHT * near + FAR_WEIGHT * far) / (NEAR_WEIGHT + FAR_WEIGHT)
}
