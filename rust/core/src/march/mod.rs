//! First-hit ray marching over tiles, the kernel of every visibility question (G 3.2, 9).
//!
//! For one direction every cell looks at the same offsets, so a tile moves as a whole: step groups
//! outside, steps inside, all rows of the tile in registers. Groups that provably hit nothing are
//! skipped by comparing the highest thing in reach with the lowest cell that still looks for it.
//! Heights are compared as 16-bit levels; where that leaves doubt, as heights. Neither ever changes
//! a result: a level tells how far off it may be.

mod crossed;
mod exact;
mod levels;
mod path;

pub use crossed::Through;
pub use levels::{Lanes, Rows};
pub use path::Path;

use crate::grid::Window;
use crate::terrain::{CLOSED, LANES, STEP_GROUP, TILE_ROWS, Terrain};
use crossed::Looking;
use levels::{Cells, Layers, Meets, Steps, lowest, reaches};
use path::Group;
use std::ops::Range;

/// A block of cells marched together: up to [`TILE_ROWS`] rows of [`LANES`] columns, which begin at
/// a whole number of them.
#[derive(Clone, Debug)]
pub struct Tile {
    /// First row.
    pub row: usize,
    /// Number of rows.
    pub rows: usize,
    /// First column.
    pub col: usize,
    /// Its cells before they look anywhere.
    start: Cells,
    lowest: Lowest,
}

/// First columns of the tiles that cover a range of columns.
pub fn tile_cols(first: usize, count: usize) -> impl Iterator<Item = usize> {
    (first - first % LANES..first + count).step_by(LANES)
}

/// Lowest cells that still look for a building, and for foliage: the ones a ray is judged by.
#[derive(Clone, Copy, Debug)]
struct Lowest {
    open: i16,
    bare: i16,
}

impl Lowest {
    #[inline(always)]
    fn of(cells: &Cells) -> Self {
        Self {
            open: lowest(&cells.open),
            bare: lowest(&cells.bare),
        }
    }
}

impl Tile {
    /// The tile at a position, or `None` if it holds no cell with data.
    #[inline(always)]
    #[must_use]
    pub fn new(terrain: &Terrain, row: usize, rows: usize, col: usize) -> Option<Self> {
        debug_assert!(col.is_multiple_of(LANES) && rows <= TILE_ROWS);
        let closed = [[CLOSED; LANES]; TILE_ROWS];
        let mut start = Cells {
            open: closed,
            bare: closed,
            foliage: [[0; LANES]; TILE_ROWS],
        };
        let first = terrain.levels.line(row as i64, col as i64);
        for r in 0..rows {
            let own = terrain.levels.surface[first + r].lanes(0);
            for i in 0..LANES {
                // Cells without data never keep a tile marching.
                start.open[r][i] = if own[i] < 0 { CLOSED } else { own[i] };
            }
            start.bare[r] = start.open[r];
            if let Some(v) = &terrain.vegetation {
                let from_start = &v.from_start[terrain.at(row + r, col)..][..LANES];
                for i in 0..LANES {
                    let foliage = -i16::from(from_start[i]);
                    start.foliage[r][i] = foliage;
                    start.bare[r][i] |= foliage & CLOSED;
                }
            }
        }
        let lowest = Lowest::of(&start);
        (lowest.open < CLOSED).then_some(Self {
            row,
            rows,
            col,
            start,
            lowest,
        })
    }

    /// Lanes of the tile that lie in a window.
    #[must_use]
    pub fn columns(&self, window: &Window) -> Range<usize> {
        let lane = |col: usize| col.saturating_sub(self.col).min(LANES);
        lane(window.col)..lane(window.col + window.cols)
    }
}

/// What a tile has met in one direction: all bits set where true.
#[derive(Clone, Debug, Default)]
pub struct TileHits {
    /// A building was hit. Set too where there are no data.
    pub building: Rows,
    /// Foliage was hit before any building (G 3.2: k_v < k_b).
    pub foliage: Rows,
}

impl TileHits {
    /// Cells whose ray meets foliage and no building: all bits set where true.
    #[inline(always)]
    #[must_use]
    pub fn behind_leaves(&self) -> Rows {
        let mut behind = self.foliage;
        for r in 0..TILE_ROWS {
            for i in 0..LANES {
                behind[r][i] &= !self.building[r][i];
            }
        }
        behind
    }
}

/// Follow a ray from every cell of a tile.
#[inline(always)]
pub fn march(terrain: &Terrain, tile: &Tile, path: &Path, hits: &mut TileHits) {
    let mut cells = tile.start.clone();
    let mut lowest = tile.lowest;
    for group in &path.groups {
        let highest = terrain.levels.highest;
        // All cells met, or nothing is high enough any more.
        if !(reaches(highest.surface, lowest.open, group.gain)
            || reaches(highest.canopy, lowest.bare, group.gain_before))
        {
            break;
        }
        let row = tile.row as i64 + group.corner.0;
        let col = tile.col as i64 + group.corner.1;
        let Some(bound) = terrain.levels.bound(row, col) else {
            break;
        };
        let meets = Meets {
            surface: reaches(bound.surface, lowest.open, group.gain),
            canopy: reaches(bound.canopy, lowest.bare, group.gain_before),
            trunk: reaches(bound.trunk, lowest.bare, group.gain),
        };
        if !(meets.surface || meets.canopy) {
            continue;
        }
        let steps = Steps {
            steps: &path.steps[group.steps.0..group.steps.1],
            line: lines(terrain, tile, path, group),
        };
        let layers = Layers {
            surface: &terrain.levels.surface,
            canopy: &terrain.levels.canopy,
            trunk: &terrain.levels.trunk,
        };
        let doubt = levels::look(&layers, &steps, meets, &mut cells);
        resolve(terrain, tile, path, group, &doubt, &mut cells);
        lowest = Lowest::of(&cells);
    }
    for r in 0..TILE_ROWS {
        for i in 0..LANES {
            hits.building[r][i] = -i16::from(cells.open[r][i] == CLOSED);
        }
    }
    hits.foliage = cells.foliage;
}

/// Lowest transmissivity among the canopies that rays of a tile cross, in
/// [`crate::terrain::UNITS`]; that number itself for cells that are not `wanted`. Those must have
/// met foliage and no building, so that their rays cross every canopy on the way out.
#[inline(always)]
#[must_use]
pub fn densest(terrain: &Terrain, tile: &Tile, path: &Path, wanted: &Rows) -> Through {
    let looking = Looking {
        row: tile.row,
        rows: tile.rows,
        col: tile.col,
        own: &tile.start.open,
        wanted,
    };
    crossed::densest(terrain, &looking, path)
}

/// First line a tile sees at each step of a group.
#[inline(always)]
fn lines(terrain: &Terrain, tile: &Tile, path: &Path, group: &Group) -> [usize; STEP_GROUP] {
    let levels = &terrain.levels;
    let (first, end) = group.steps;
    let mut lines = [0; STEP_GROUP];
    let at = |k: usize| {
        (
            tile.row as i64 + i64::from(path.ray.drow[k]),
            tile.col as i64 + i64::from(path.ray.dcol[k]),
        )
    };
    let held = |(row, col)| levels.hold(row, col);
    if held(at(first)) && held(at(end - 1)) {
        let own = levels.line(tile.row as i64, tile.col as i64);
        for k in first..end {
            lines[k - first] = own.wrapping_add_signed(path.steps[k].lines as isize);
        }
    } else {
        for k in first..end {
            let (row, col) = at(k);
            let (row, col) = levels.nearest(row, col);
            lines[k - first] = levels.line(row, col);
        }
    }
    lines
}

/// Ask the heights about the cells in doubt.
#[inline(always)]
fn resolve(
    terrain: &Terrain,
    tile: &Tile,
    path: &Path,
    group: &Group,
    doubt: &Rows,
    cells: &mut Cells,
) {
    let mut any = [0; LANES];
    for row in doubt {
        for i in 0..LANES {
            any[i] |= row[i];
        }
    }
    if any == [0; LANES] {
        return;
    }
    for r in (0..tile.rows).filter(|&r| doubt[r] != [0; LANES]) {
        let met = exact::look(terrain, tile.row + r, tile.col, path, group);
        for i in 0..LANES {
            let open = doubt[r][i] & -i16::from(cells.open[r][i] != CLOSED);
            let (b, f) = (met.building[i] as i16 & open, met.foliage[i] as i16 & open);
            cells.open[r][i] |= b & CLOSED;
            cells.bare[r][i] |= (b | f) & CLOSED;
            cells.foliage[r][i] |= f;
        }
    }
}
