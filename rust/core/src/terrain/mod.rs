//! The heights of a scene in the form the ray marcher reads (G 1.2–1.4).
//!
//! One datum for the whole raster is subtracted in f64 and the result rounded to f32 once, so a
//! visibility decision is a single f32 subtraction and a comparison on every engine.

mod foliage;
mod levels;

pub use foliage::{UNITS, units};
pub use levels::{
    Bound, CLOSED, EMPTY, LANES, Levels, Line, SEGMENT, STEP_GROUP, Scale, TILE_ROWS,
};

use crate::grid::Grid;
use levels::Heights;
use rayon::prelude::*;

/// Height of "nothing there": below every real height, finite so that no arithmetic yields NaN.
pub const NOTHING: f32 = -1.0e30;
/// Vegetation lower than this above its base is absent [m] (G 1.3).
pub const MIN_VEGETATION_M: f64 = 0.1;

/// Where the vegetation of a cell stands when both a surface and a ground model are given (quirk Q5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanopyBase {
    /// On the ground model where there is one (default).
    Ground,
    /// On the surface model, so that vegetation over a roof stands on the roof.
    Surface,
}

/// What a scene is made from. All slices are row-major fields of the grid.
#[derive(Clone, Copy, Debug)]
pub struct SceneInput<'a> {
    /// Raster shape.
    pub grid: Grid,
    /// Absolute surface height [m]; NaN = no data.
    pub dsm: &'a [f32],
    /// Absolute ground height [m].
    pub dem: Option<&'a [f32]>,
    /// Canopy height above ground [m]; NaN = none.
    pub canopy: Option<&'a [f32]>,
    /// Height of the trunk zone above ground [m].
    pub trunk: Option<&'a [f32]>,
    /// Transmissivity of the canopy over each cell in leaf, 0–1; `None` where all canopies are
    /// alike.
    pub transmissivity: Option<&'a [f32]>,
    /// Share of the canopy height without foliage, used where `trunk` is not given.
    pub trunk_ratio: f64,
    /// Judge the 1 m bush threshold by height above ground instead of absolute height (quirk Q7).
    pub relative_bush: bool,
    /// What the vegetation stands on.
    pub canopy_base: CanopyBase,
}

/// What the heights of a part of a raster take over from the whole, so that a tile of a raster and
/// the whole of it agree on every bit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whole {
    /// Its datum [m].
    pub datum: f64,
    /// Whether it holds vegetation: if so, a part with a canopy layer has a vegetation layer even
    /// where nothing grows. View factors round differently with and without one.
    pub vegetation: bool,
}

/// A padded raster of heights relative to the datum.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Heights; [`NOTHING`] in the padding and where the layer is absent.
    pub heights: Vec<f32>,
    largest: f32,
}

impl Layer {
    fn new(heights: Vec<f32>) -> Self {
        let largest = extreme(&heights, NOTHING, |a, b| if b > a { b } else { a });
        Self { heights, largest }
    }
}

/// The extreme of some heights. Side by side, so that it maps to vectors.
fn extreme(heights: &[f32], from: f32, pick: impl Fn(f32, f32) -> f32 + Sync) -> f32 {
    const SIDE: usize = 32;
    let of_part = |part: &[f32]| {
        let mut extremes = [from; SIDE];
        for heights in part.chunks(SIDE) {
            for (slot, &height) in extremes.iter_mut().zip(heights) {
                *slot = pick(*slot, height);
            }
        }
        extremes.into_iter().fold(from, &pick)
    };
    let parts = heights.par_chunks(4096);
    parts.map(of_part).reduce(|| from, &pick)
}

/// Vegetation layers of a scene.
#[derive(Clone, Debug)]
pub struct Vegetation {
    /// Canopy top V.
    pub canopy: Layer,
    /// Underside of the canopy U (padded like the layers).
    pub trunk: Vec<f32>,
    /// Transmissivity in [`UNITS`] (padded like the layers), where canopies have their own.
    pub transmissivity: Option<Vec<u16>>,
    /// Foliage blocks the cell from step 0: bushes and crowns that reach the ground (padded).
    pub from_start: Vec<bool>,
    /// Bush cells (G 1.4), unpadded.
    pub bush: Vec<bool>,
    /// No trunk zone at the cell, unpadded (the sector constant of G 5.3 depends on it).
    pub trunk_absent: Vec<bool>,
}

/// Heights of a scene.
#[derive(Clone, Debug)]
pub struct Terrain {
    /// Number of this terrain, given by its owner; what a device keeps for it is found by it.
    /// 0 = none, nothing is kept.
    pub id: u64,
    /// Raster shape.
    pub grid: Grid,
    /// Height subtracted from every layer [m].
    pub datum: f64,
    /// Elements from one row of a layer to the next.
    pub stride: usize,
    /// Surface Z.
    pub surface: Layer,
    /// Vegetation, if any cell has some.
    pub vegetation: Option<Vegetation>,
    /// The layers as the marcher reads them.
    pub levels: Levels,
    /// Cells with data, unpadded.
    pub valid: Vec<bool>,
    lowest: f32,
}

impl Terrain {
    /// Build the scene's layers.
    ///
    /// # Panics
    /// If a slice does not have the grid's length.
    #[must_use]
    pub fn new(input: &SceneInput<'_>) -> Self {
        let lowest = input
            .dsm
            .par_iter()
            .copied()
            .filter(|z| z.is_finite())
            .reduce(|| f32::INFINITY, f32::min);
        let whole = Whole {
            datum: if lowest.is_finite() {
                f64::from(lowest)
            } else {
                0.0
            },
            vegetation: false,
        };
        Self::part(input, whole)
    }

    /// Build the layers of a part of a larger scene.
    ///
    /// # Panics
    /// If a slice does not have the grid's length.
    #[must_use]
    pub fn part(input: &SceneInput<'_>, whole: Whole) -> Self {
        let grid = input.grid;
        let layers = [
            Some(input.dsm),
            input.dem,
            input.canopy,
            input.trunk,
            input.transmissivity,
        ];
        for layer in layers.into_iter().flatten() {
            assert_eq!(layer.len(), grid.len(), "layer does not match the grid");
        }
        let valid: Vec<bool> = input.dsm.par_iter().map(|z| z.is_finite()).collect();
        let stride = grid.cols.next_multiple_of(SEGMENT) + 2 * SEGMENT;
        let mut terrain = Self {
            id: 0,
            grid,
            datum: whole.datum,
            stride,
            surface: Layer {
                heights: Vec::new(),
                largest: NOTHING,
            },
            vegetation: None,
            levels: Levels::none(),
            valid,
            lowest: 0.0,
        };
        terrain.surface = terrain.surface_layer(input.dsm);
        let lower = |a, b| if b > NOTHING && b < a { b } else { a };
        terrain.lowest = extreme(&terrain.surface.heights, f32::INFINITY, lower);
        terrain.vegetation = terrain.vegetation_layers(input, whole.vegetation);
        terrain.levels = Levels::new(&terrain.heights());
        terrain
    }

    fn heights(&self) -> Heights<'_> {
        let vegetation = self.vegetation.as_ref();
        Heights {
            shape: (self.grid.rows, self.grid.cols),
            stride: self.stride,
            range: (self.lowest, self.highest()),
            surface: (&self.surface.heights, self.surface.largest),
            vegetation: vegetation.map(|v| {
                (
                    v.canopy.heights.as_slice(),
                    v.canopy.largest,
                    v.trunk.as_slice(),
                )
            }),
        }
    }

    /// Index of a cell in a padded layer.
    #[must_use]
    pub fn at(&self, row: usize, col: usize) -> usize {
        row * self.stride + SEGMENT + col
    }

    /// Height of the highest thing in the scene, above the datum [m].
    #[must_use]
    pub fn highest(&self) -> f32 {
        let canopy = self
            .vegetation
            .as_ref()
            .map_or(NOTHING, |v| v.canopy.largest);
        self.surface.largest.max(canopy)
    }

    /// Largest height difference a ray can meet [m], with a margin for rounding; ends every ray.
    #[must_use]
    pub fn relief_m(&self) -> f64 {
        (f64::from(self.highest()) - f64::from(self.lowest)).max(0.0) * 1.000_001
    }

    /// A padded layer as absolute heights on the grid; NaN where it is absent or there is no layer.
    #[must_use]
    pub fn absolute(&self, layer: Option<&[f32]>) -> Vec<f32> {
        let Some(layer) = layer else {
            return vec![f32::NAN; self.grid.len()];
        };
        let mut out = Vec::with_capacity(self.grid.len());
        for row in 0..self.grid.rows {
            out.extend(layer[self.at(row, 0)..][..self.grid.cols].iter().map(|&h| {
                #[expect(clippy::cast_possible_truncation, reason = "stored as f32")]
                if h > NOTHING {
                    (f64::from(h) + self.datum) as f32
                } else {
                    f32::NAN
                }
            }));
        }
        out
    }

    /// An absolute height above the datum; [`NOTHING`] for what is not finite.
    fn relative(&self, height: f64) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "the one rounding")]
        if height.is_finite() {
            (height - self.datum) as f32
        } else {
            NOTHING
        }
    }

    /// The surface as a padded layer.
    fn surface_layer(&self, dsm: &[f32]) -> Layer {
        let mut heights = vec![NOTHING; self.grid.rows * self.stride];
        heights
            .par_chunks_mut(self.stride)
            .zip(dsm.par_chunks(self.grid.cols))
            .for_each(|(line, row)| {
                for (slot, &z) in line[SEGMENT..].iter_mut().zip(row) {
                    *slot = self.relative(f64::from(z));
                }
            });
        Layer::new(heights)
    }

    /// Transmissivities as a padded layer.
    fn padded_units(&self, layer: &[f32]) -> Vec<u16> {
        let mut padded = vec![0; self.grid.rows * self.stride];
        padded
            .par_chunks_mut(self.stride)
            .zip(layer.par_chunks(self.grid.cols))
            .for_each(|(line, row)| {
                for (slot, &share) in line[SEGMENT..].iter_mut().zip(row) {
                    *slot = units(f64::from(share));
                }
            });
        padded
    }

    /// Transmissivity of the canopies in [`UNITS`] (padded); `None` where all are alike.
    #[must_use]
    pub fn transmissivity(&self) -> Option<&[u16]> {
        self.vegetation.as_ref()?.transmissivity.as_deref()
    }

    fn vegetation_layers(&self, input: &SceneInput<'_>, keep_empty: bool) -> Option<Vegetation> {
        let plants = Plants {
            input,
            canopy: input.canopy?,
        };
        let cells = self.grid.len();
        if !keep_empty
            && !(0..cells)
                .into_par_iter()
                .any(|i| plants.crown(i).is_finite())
        {
            return None;
        }
        let padded = self.grid.rows * self.stride;
        let (mut canopy, mut trunk) = (vec![NOTHING; padded], vec![NOTHING; padded]);
        let mut from_start = vec![false; padded];
        let (mut bush, mut trunk_absent) = (vec![false; cells], vec![false; cells]);
        let cols = self.grid.cols;
        canopy
            .par_chunks_mut(self.stride)
            .zip(trunk.par_chunks_mut(self.stride))
            .zip(from_start.par_chunks_mut(self.stride))
            .zip(bush.par_chunks_mut(cols))
            .zip(trunk_absent.par_chunks_mut(cols))
            .enumerate()
            .for_each(|(row, ((((canopy, trunk), from_start), bush), absent))| {
                for col in 0..cols {
                    let (i, at) = (row * cols + col, SEGMENT + col);
                    let (crown, stem) = (plants.crown(i), plants.stem(i));
                    let above = if input.relative_bush {
                        plants.base(i)
                    } else {
                        0.0
                    };
                    absent[col] = stem.is_nan();
                    bush[col] = stem.is_nan() && crown - above > 1.0;
                    canopy[at] = self.relative(crown);
                    trunk[at] = self.relative(stem);
                    let z = self.surface.heights[self.at(row, col)];
                    let crown_on_ground = canopy[at] - z > 0.0 && trunk[at] - z <= 0.0;
                    from_start[at] = crown_on_ground || bush[col];
                }
            });
        Some(Vegetation {
            canopy: Layer::new(canopy),
            trunk,
            transmissivity: input.transmissivity.map(|layer| self.padded_units(layer)),
            from_start,
            bush,
            trunk_absent,
        })
    }
}

/// Absolute heights of the vegetation of a scene with a canopy [m]; NaN where there is none.
struct Plants<'a, 'b> {
    input: &'a SceneInput<'b>,
    canopy: &'b [f32],
}

impl Plants<'_, '_> {
    /// What the vegetation of a cell stands on.
    fn base(&self, i: usize) -> f64 {
        match (self.input.canopy_base, self.input.dem) {
            (CanopyBase::Ground, Some(dem)) if dem[i].is_finite() => f64::from(dem[i]),
            _ => f64::from(self.input.dsm[i]),
        }
    }

    /// The threshold is tested after adding and subtracting the base, as the reference does.
    fn top(&self, i: usize, above: f64) -> f64 {
        let base = self.base(i);
        let top = base + if above.is_nan() { 0.0 } else { above };
        if top - base >= MIN_VEGETATION_M {
            top
        } else {
            f64::NAN
        }
    }

    /// Canopy top.
    fn crown(&self, i: usize) -> f64 {
        self.top(i, f64::from(self.canopy[i]))
    }

    /// Top of the trunk zone, which ends at the canopy's at the latest. A missing height is none,
    /// and `min` would drop it.
    fn stem(&self, i: usize) -> f64 {
        let canopy = self.canopy[i];
        match self.input.trunk {
            Some(trunk) if trunk[i].is_nan() || canopy.is_nan() => f64::NAN,
            Some(trunk) => self.top(i, f64::from(trunk[i].min(canopy))),
            None => self.top(i, f64::from(canopy) * self.input.trunk_ratio),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_vegetation_heights_are_none() {
        let grid = Grid {
            rows: 1,
            cols: 4,
            pixel_size: 1.0,
        };
        let terrain = Terrain::new(&SceneInput {
            grid,
            dsm: &[1.0; 4],
            dem: None,
            canopy: Some(&[8.0, f32::NAN, 8.0, 8.0]),
            trunk: Some(&[2.0, 2.0, f32::NAN, 20.0]),
            transmissivity: None,
            trunk_ratio: 0.25,
            relative_bush: false,
            canopy_base: CanopyBase::Ground,
        });
        let v = terrain.vegetation.as_ref().unwrap();
        let canopy = terrain.absolute(Some(&v.canopy.heights));
        let trunk = terrain.absolute(Some(&v.trunk));
        assert_eq!(
            canopy.iter().map(|h| h.is_nan()).collect::<Vec<_>>(),
            [false, true, false, false]
        );
        assert_eq!((trunk[0], trunk[3]), (3.0, 9.0));
        assert!(trunk[1].is_nan() && trunk[2].is_nan());
        assert_eq!(v.trunk_absent, [false, true, true, false]);
        assert_eq!(v.bush, [false, false, true, false]);
    }

    #[test]
    fn a_part_has_the_heights_of_the_whole() {
        let dsm = [120.123_456_f32, 131.0, 137.654_32, 125.5];
        let canopy = [5.0, 0.0, 0.0, 0.0];
        let input = |cells: std::ops::Range<usize>| SceneInput {
            grid: Grid {
                rows: 1,
                cols: cells.len(),
                pixel_size: 1.0,
            },
            dsm: &dsm[cells.clone()],
            dem: None,
            canopy: Some(&canopy[cells]),
            trunk: None,
            transmissivity: None,
            trunk_ratio: 0.25,
            relative_bush: false,
            canopy_base: CanopyBase::Ground,
        };
        let all = Terrain::new(&input(0..4));
        let whole = Whole {
            datum: all.datum,
            vegetation: all.vegetation.is_some(),
        };
        let part = Terrain::part(&input(2..4), whole);
        assert_eq!(
            part.surface.heights[part.at(0, 0)..][..2],
            all.surface.heights[all.at(0, 2)..][..2]
        );
        assert!(part.vegetation.is_some());
        let alone = Terrain::new(&input(2..4));
        assert!(alone.vegetation.is_none());
        assert_ne!(alone.datum, part.datum);
    }
}
