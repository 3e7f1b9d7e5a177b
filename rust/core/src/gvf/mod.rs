//! Ground view factors (G 7): what a person sees of the ground and of sunlit walls in eighteen
//! directions, as upwelling long-wave emission and reflected short-wave.
//!
//! What cells send is counted in whole numbers ([`Unit`]), so sums are exact whatever their order.
//! Every azimuth lies in one quadrant, and a side is two of them. Over the directions of a quadrant,
//! with S the sum of what is seen, M the part of it along directions that meet a lit wall (one more
//! cell in their mean, N + 1) and C the steps that see walls of value κ, for the near and the far
//! ground alike,
//!
//! > Σ g = w/N · (S − M) + w/(N + 1) · M + w κ/(N + 1) · C,  w = 0.5/0.9 or 0.4/0.9,
//!
//! so all divisions come after the last direction, as weights that the host makes ([`Shares`]).
//!
//! No sum overflows 32 bits, by the choice of the unit. Neighbours are added up beforehand (`pairs`), so
//! a look-up sees two cells.

mod counted;
mod gather;
mod geometry;
mod lit;
mod look;
mod pairs;
mod ring;
mod shares;
mod sweep;
mod units;
mod whole_fields;

pub use counted::{Change, CountedView, Counts, Turned};
pub use geometry::{AZIMUTHS, PixelTooSmall};
pub use lit::{seen_by_ground, seen_in_light};
pub use ring::Emitted;
pub use shares::Shares;
pub use sweep::FiveFields;
pub use units::{Unit, whole};
pub use whole_fields::{WholeFields, largest};

use crate::grid::{Grid, Window};
use crate::stage::Stage;
use crate::walls::WallCell;
use crate::weather::MOST_SUNS;
use gather::{Capped, Step, Unshaded};
use geometry::Geometry;
use lit::{LitWalls, Walls};
use std::ops::Range;

/// Geometry of the ground view, constant for a run (G 7.8).
#[derive(Clone, Debug)]
pub struct GroundView {
    geometry: Geometry,
    walls: Walls,
    /// Albedo view factor of a ground without shadows, constant for a run.
    pub albnosh: FiveFields,
}

/// What there is to look at, for the run.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// 1 on open ground.
    pub buildings: &'a [u8],
    /// Albedo of the ground.
    pub albedo: &'a [f32],
    /// No albedo is larger.
    pub largest_albedo: f64,
    /// Wall cells in row-major order.
    pub walls: &'a [WallCell],
    /// Albedo of the walls.
    pub wall_albedo: f64,
}

/// Inputs of one evaluation.
#[derive(Clone)]
pub struct GvfStep<'a> {
    /// Ground emission above that at air temperature, L' [W m⁻²], and albedo times the shadow factor,
    /// ρ·sd.
    pub sent: &'a dyn Emitted<2>,
    /// What they are counted in.
    pub units: [Unit; 2],
    /// Walls that are sunlit over their full height: bit i for sun i.
    pub sunlit: &'a [u8],
    /// Suns of the step; what is seen of lit walls is the mean over them.
    pub suns: usize,
    /// Wall emission above that at air temperature [W m⁻²], and wall albedo.
    pub wall: [f64; 2],
    /// Shadow factor sd, only for [`GvfFields::sums`].
    pub shadow: Option<&'a [f32]>,
    /// An earlier result that nobody needs any more: its memory is used again. New memory costs as
    /// much time as half of the view.
    pub spare: Option<[FiveFields; 2]>,
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
    /// Prepare the view of people in `core`. What is around it is seen, its own view is 0 on the CPU:
    /// a tile has cells around its core only to be seen.
    ///
    /// # Errors
    /// [`PixelTooSmall`] if the far distance exceeds 255 pixels.
    ///
    /// # Panics
    /// If a raster does not have the grid's length, or the walls are not in order.
    pub fn new(
        grid: Grid,
        core: Window,
        ground: &Ground<'_>,
        person_height: f64,
    ) -> Result<Self, PixelTooSmall> {
        assert_eq!(ground.buildings.len(), grid.len());
        assert_eq!(ground.albedo.len(), grid.len());
        let geometry = Geometry::new(grid, core, ground.buildings, person_height)?;
        let albnosh = unshaded_albedo(&geometry, ground);
        let walls = Walls::new(grid, ground.walls, ground.buildings);
        Ok(Self {
            geometry,
            walls,
            albnosh,
        })
    }

    /// The view for counting; `None` where the near ground is more than the cell itself.
    #[must_use]
    pub fn counted(&self) -> Option<CountedView<'_>> {
        CountedView::new(&self.geometry, self.walls.seen())
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

    /// What is seen of every wall, in their order: [`seen_by_ground`].
    pub fn walls_seen(&self) -> impl Iterator<Item = (u32, u32)> {
        self.walls.seen()
    }

    /// Unit to count a field in whose values are no larger than `bound`, summed up over `suns`.
    #[must_use]
    pub fn unit(&self, bound: f64, suns: usize) -> Unit {
        Unit::new(bound, self.geometry.far * suns)
    }

    /// Weights of the sums over a quadrant: of the emission, and of the albedo.
    #[must_use]
    pub fn shares(&self, units: [Unit; 2], wall: [f64; 2], suns: usize) -> [Shares; 2] {
        let Geometry { near, far, .. } = self.geometry;
        [0, 1].map(|f| Shares::new(near, far, units[f], wall[f]).over(suns))
    }

    /// Evaluate a step (G 7.5, 7.6).
    ///
    /// # Panics
    /// If there is not one entry of `sunlit` a wall.
    #[must_use]
    pub fn evaluate(&self, step: &mut GvfStep<'_>) -> GvfFields {
        let spare = step.spare.take().unwrap_or_default();
        let look = self.look(step);
        let [lup, alb] = look.rows(0..self.geometry.grid.rows, spare);
        GvfFields {
            lup,
            alb,
            sums: step.shadow.map(|s| self.sums(s, look.walls.as_ref())),
        }
    }

    /// A step that is evaluated in parts.
    ///
    /// # Panics
    /// If there is not one entry of `sunlit` a wall, or more than [`MOST_SUNS`] suns or none.
    #[must_use]
    pub fn look<'a>(&'a self, step: &GvfStep<'a>) -> Look<'a> {
        assert!((1..=MOST_SUNS).contains(&step.suns), "{} suns", step.suns);
        let geometry = &self.geometry;
        Look {
            geometry,
            sent: step.sent,
            gather: Step {
                shares: self.shares(step.units, step.wall, step.suns),
                suns: step.suns as i32,
                near: geometry.near as i32,
                far: geometry.far as i32,
            },
            walls: self.walls.lit(step.sunlit),
        }
    }

    /// Rows that are best looked from at a time, one after the other.
    pub fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        self.geometry.bands()
    }

    /// `gvfSum` and `gvfNorm`.
    fn sums(&self, shadow: &[f32], walls: Option<&LitWalls<'_>>) -> [Vec<f32>; 2] {
        let geometry = &self.geometry;
        let unit = self.unit(largest(shadow), 1);
        let field = WholeFields::new(geometry.grid.cols, [shadow], [unit]);
        let gather = Capped::new(geometry, unit);
        let rows = 0..geometry.grid.rows;
        let spare = Default::default();
        let [seen] = geometry.sweep::<1, 1, _>(rows, &field, walls, &gather, spare);
        // The mean of two opposite sides, which are sums.
        let sum: Vec<f32> = seen.planes()[0].iter().map(|m| 2.0 * m).collect();
        let norm = sum
            .iter()
            .zip(&geometry.buildings)
            .map(|(&sum, &b)| {
                if b == 0 {
                    1.0
                } else {
                    sum / AZIMUTHS.len() as f32
                }
            })
            .collect();
        [sum, norm]
    }
}

/// A step of a ground view, to be evaluated row by row.
pub struct Look<'a> {
    geometry: &'a Geometry,
    sent: &'a dyn Emitted<2>,
    gather: Step<2>,
    walls: Option<LitWalls<'a>>,
}

impl Look<'_> {
    /// Emission and albedo as they are seen from some rows: [`GvfFields::lup`] and
    /// [`GvfFields::alb`] of these. They are written into an earlier result that nobody needs any
    /// more: new memory costs as much time as half of the view.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>, spare: [FiveFields; 2]) -> [FiveFields; 2] {
        let Self {
            geometry,
            sent,
            gather,
            walls,
        } = self;
        // Compiled for few numbers of suns; those that are not there light nothing.
        match (walls, gather.suns) {
            (None, _) => geometry.sweep::<2, 0, _>(rows, *sent, None, gather, spare),
            (walls, 1) => geometry.sweep::<2, 1, _>(rows, *sent, walls.as_ref(), gather, spare),
            (walls, 2 | 3) => geometry.sweep::<2, 3, _>(rows, *sent, walls.as_ref(), gather, spare),
            (walls, _) => geometry.sweep::<2, 5, _>(rows, *sent, walls.as_ref(), gather, spare),
        }
    }
}

/// `gvfalbnosh`: as `gvfalb` of a ground in full sun, every building edge a sunlit wall. Its
/// far sum is divided by the far distance in both cases (quirk Q30).
fn unshaded_albedo(geometry: &Geometry, ground: &Ground<'_>) -> FiveFields {
    let unit = Unit::new(ground.largest_albedo, geometry.far);
    let field = WholeFields::new(geometry.grid.cols, [ground.albedo], [unit]);
    let gather = Unshaded::new(geometry, unit, ground.wall_albedo);
    let rows = 0..geometry.grid.rows;
    let spare = Default::default();
    let [albnosh] = geometry.sweep::<1, 0, _>(rows, &field, None, &gather, spare);
    albnosh
}
