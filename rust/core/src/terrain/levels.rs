//! Heights as whole levels of 16 bits, which the marcher tells hits from misses by.
//!
//! A level is 1/[`SPAN`] of the scene's relief, so a height and its level differ by half a level,
//! and a difference of two heights less a height gained by one and a half. Beyond that a comparison
//! of levels is a comparison of heights; within it, the heights themselves are asked.

use crate::simd::{self, Kernel};
use rayon::prelude::*;

/// Cells the rows of a layer are padded by on either side.
pub const SEGMENT: usize = 32;
/// Rows of a tile marched at once.
pub const TILE_ROWS: usize = 8;
/// Steps between two looks at the bounds.
pub const STEP_GROUP: usize = 8;
/// Cells marched side by side.
pub const LANES: usize = 16;
/// Level of "nothing there".
pub const EMPTY: i16 = i16::MIN;
/// Level of a cell that looks no further: nothing rises above it.
pub const CLOSED: i16 = i16::MAX;
/// Levels from the lowest surface to the highest thing.
const SPAN: f32 = 32000.0;
/// Levels finer than this are of no use [m].
const FINEST_M: f32 = 1e-6;

// The padding of a layer fills the margin.
const _: () = assert!(MARGIN.0 * LANES <= SEGMENT && (MARGIN.1 + 1) * LANES <= SEGMENT);

/// Columns a bound begins at.
const BLOCK: usize = 8;
/// Columns and rows a bound covers: what a tile moved by a group of steps can touch.
const REACH: (usize, usize) = (TILE_ROWS + STEP_GROUP - 1, 4);
const _: () = assert!(REACH.1 * BLOCK >= BLOCK - 1 + LANES + STEP_GROUP - 1);

/// Levels of a row in two neighbouring strips of [`LANES`] columns: a run of lanes that begins in
/// the first lies here in one piece, and in one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Line(pub [i16; 2 * LANES]);

impl Line {
    const EMPTY: Self = Self([EMPTY; 2 * LANES]);

    /// The lanes that begin at a column of the first strip.
    #[inline(always)]
    #[must_use]
    pub fn lanes(&self, col: usize) -> &[i16; LANES] {
        let col = col % LANES;
        self.0[col..col + LANES]
            .first_chunk()
            .expect("two strips hold lanes from any column of the first")
    }
}

/// From metres to levels.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    lowest: f32,
    levels_per_m: f32,
}

impl Scale {
    fn new(lowest: f32, highest: f32) -> Self {
        let relief = highest - lowest;
        Self {
            lowest,
            // A scene of one height, or of none, has levels as good as any.
            levels_per_m: SPAN
                / if relief > FINEST_M * SPAN {
                    relief
                } else {
                    FINEST_M * SPAN
                },
        }
    }

    /// Level of a height; what lies far below all surfaces is [`EMPTY`].
    #[inline(always)]
    #[must_use]
    pub fn of(&self, height: f32) -> i16 {
        nearest((height - self.lowest) * self.levels_per_m)
    }

    /// Levels gained with a height, [`CLOSED`] at most.
    #[inline(always)]
    #[must_use]
    pub fn gain(&self, height: f32) -> i16 {
        nearest(height * self.levels_per_m)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "levels are whole and end at the limits"
)]
#[inline(always)]
fn nearest(x: f32) -> i16 {
    x.round_ties_even() as i16
}

/// Highest levels of what a tile can touch within a group of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Surface.
    pub surface: i16,
    /// Canopy.
    pub canopy: i16,
    /// Underside of the canopy.
    pub trunk: i16,
}

impl Bound {
    const EMPTY: Self = Self {
        surface: EMPTY,
        canopy: EMPTY,
        trunk: EMPTY,
    };

    fn max(self, other: Self) -> Self {
        Self {
            surface: self.surface.max(other.surface),
            canopy: self.canopy.max(other.canopy),
            trunk: self.trunk.max(other.trunk),
        }
    }
}

/// Strips west of the raster and east of it whose lines hold nothing, or nothing in one half.
const MARGIN: (usize, usize) = (2, 1);

/// The layers of a scene in levels. Strips of columns come one after the other, with a
/// [`MARGIN`] and [`TILE_ROWS`] rows of nothing around the raster.
#[derive(Clone, Debug)]
pub struct Levels {
    /// What a level is.
    pub scale: Scale,
    /// Surface.
    pub surface: Vec<Line>,
    /// Canopy and its underside; empty without vegetation.
    pub canopy: Vec<Line>,
    /// Underside of the canopy.
    pub trunk: Vec<Line>,
    /// Of the whole scene.
    pub highest: Bound,
    rows: usize,
    strips: usize,
    bounds: Vec<Bound>,
    blocks: usize,
}

/// The layers of a scene that levels are made of, and what they range over.
pub(super) struct Heights<'a> {
    /// Rows and columns of the raster.
    pub(super) shape: (usize, usize),
    /// Elements from one row of a layer to the next.
    pub(super) stride: usize,
    /// Lowest surface and highest thing.
    pub(super) range: (f32, f32),
    /// Surface and its highest.
    pub(super) surface: (&'a [f32], f32),
    /// Canopy and its highest, and its underside.
    pub(super) vegetation: Option<(&'a [f32], f32, &'a [f32])>,
}

/// The lines of a strip.
struct Fill<'a> {
    scale: Scale,
    heights: &'a [f32],
    stride: usize,
    lines: &'a mut [Line],
}

impl Kernel for Fill<'_> {
    #[inline(always)]
    fn run(self) {
        let rows = self.heights.chunks(self.stride);
        for (line, heights) in self.lines.iter_mut().zip(rows) {
            let heights: &[f32; 2 * LANES] = heights.first_chunk().expect("rows are padded");
            for i in 0..2 * LANES {
                line.0[i] = self.scale.of(heights[i]);
            }
        }
    }
}

impl Levels {
    /// Before there are any.
    pub(super) fn none() -> Self {
        Self {
            scale: Scale::new(0.0, 0.0),
            surface: Vec::new(),
            canopy: Vec::new(),
            trunk: Vec::new(),
            highest: Bound::EMPTY,
            rows: 0,
            strips: 0,
            bounds: Vec::new(),
            blocks: 0,
        }
    }

    /// Levels of a scene whose layers are complete.
    pub(super) fn new(heights: &Heights<'_>) -> Self {
        let (rows, cols) = heights.shape;
        let scale = Scale::new(heights.range.0, heights.range.1);
        let mut levels = Self {
            scale,
            rows,
            strips: MARGIN.0 + cols.div_ceil(LANES) + MARGIN.1,
            blocks: cols.div_ceil(BLOCK),
            ..Self::none()
        };
        let (surface, highest) = heights.surface;
        levels.surface = levels.lines(surface, heights.stride);
        levels.highest.surface = scale.of(highest);
        if let Some((canopy, highest, trunk)) = heights.vegetation {
            levels.canopy = levels.lines(canopy, heights.stride);
            levels.trunk = levels.lines(trunk, heights.stride);
            levels.highest.canopy = scale.of(highest);
        }
        levels.bounds = levels.reaches(&levels.block_maxima());
        levels
    }

    /// Lines of a strip.
    #[inline(always)]
    #[must_use]
    pub fn strip_lines(&self) -> usize {
        self.rows + 2 * TILE_ROWS
    }

    /// Position of the line of a row, in the strip of a column.
    #[inline(always)]
    #[must_use]
    pub fn line(&self, row: i64, col: i64) -> usize {
        let strip = (col + (MARGIN.0 * LANES) as i64) as usize / LANES;
        strip * self.strip_lines() + (row + TILE_ROWS as i64) as usize
    }

    /// Whether a tile at a position lies in the lines.
    #[inline(always)]
    #[must_use]
    pub fn hold(&self, row: i64, col: i64) -> bool {
        self.nearest(row, col) == (row, col)
    }

    /// The position nearest to a tile's that lies in the lines. There is nothing beyond them, and
    /// nothing in those the search ends at.
    #[inline(always)]
    #[must_use]
    pub fn nearest(&self, row: i64, col: i64) -> (i64, i64) {
        let first = -((MARGIN.0 * LANES) as i64);
        let last = first + ((self.strips - 1) * LANES) as i64;
        (
            row.clamp(-(TILE_ROWS as i64), self.rows as i64),
            col.clamp(first, last),
        )
    }

    fn lines(&self, heights: &[f32], stride: usize) -> Vec<Line> {
        let mut lines = vec![Line::EMPTY; self.strips * self.strip_lines()];
        let strips = lines.par_chunks_mut(self.strip_lines()).enumerate();
        strips.for_each(|(strip, lines)| {
            simd::dispatch(Fill {
                scale: self.scale,
                heights: &heights[SEGMENT + strip * LANES - MARGIN.0 * LANES..],
                stride,
                lines: &mut lines[TILE_ROWS..][..self.rows],
            });
        });
        lines
    }

    /// Highest levels of every [`BLOCK`] cells of a row.
    fn block_maxima(&self) -> Vec<Bound> {
        let mut maxima = vec![Bound::EMPTY; self.rows * self.blocks];
        let rows = maxima.par_chunks_mut(self.blocks).enumerate();
        rows.for_each(|(row, maxima)| {
            for (block, slot) in maxima.iter_mut().enumerate() {
                let (line, first) = self.block(row, block);
                let highest = |layer: &[Line]| {
                    let cells = layer
                        .get(line)
                        .map_or(&[][..], |l| &l.0[first..first + BLOCK]);
                    cells.iter().copied().fold(EMPTY, i16::max)
                };
                *slot = Bound {
                    surface: highest(&self.surface),
                    canopy: highest(&self.canopy),
                    trunk: highest(&self.trunk),
                };
            }
        });
        maxima
    }

    /// Line of a block of cells, and their place in it.
    fn block(&self, row: usize, block: usize) -> (usize, usize) {
        let col = block * BLOCK;
        (self.line(row as i64, col as i64), col % LANES)
    }

    /// Columns of the table of bounds.
    fn bound_cols(&self) -> usize {
        self.blocks + REACH.1 - 1
    }

    /// The maxima over every window of [`REACH`] that touches the raster.
    fn reaches(&self, maxima: &[Bound]) -> Vec<Bound> {
        let cols = self.bound_cols();
        let mut wide = vec![Bound::EMPTY; self.rows * cols];
        let lines = wide
            .par_chunks_mut(cols)
            .zip(maxima.par_chunks(self.blocks));
        lines.for_each(|(wide, maxima)| {
            for (block, &own) in maxima.iter().enumerate() {
                for slot in &mut wide[block..block + REACH.1] {
                    *slot = slot.max(own);
                }
            }
        });
        let mut bounds = vec![Bound::EMPTY; (self.rows + REACH.0 - 1) * cols];
        let lines = bounds.par_chunks_mut(cols).enumerate();
        lines.for_each(|(last, bounds)| {
            for row in last.saturating_sub(REACH.0 - 1)..(last + 1).min(self.rows) {
                for (slot, &own) in bounds.iter_mut().zip(&wide[row * cols..][..cols]) {
                    *slot = slot.max(own);
                }
            }
        });
        bounds
    }

    /// Upper bound of what a tile meets within a group of steps whose northernmost row and
    /// westernmost column are these; `None` if all of it lies outside the raster.
    #[inline(always)]
    #[must_use]
    pub fn bound(&self, row: i64, col: i64) -> Option<Bound> {
        let row = usize::try_from(row + REACH.0 as i64 - 1).ok()?;
        let block = col.div_euclid(BLOCK as i64) + REACH.1 as i64 - 1;
        let block = usize::try_from(block)
            .ok()
            .filter(|&b| b < self.bound_cols())?;
        self.bounds.get(row * self.bound_cols() + block).copied()
    }
}
