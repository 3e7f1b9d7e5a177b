//! First-hit ray marching over tiles, the kernel of every visibility question (G 3.2, 9).
//!
//! For one direction every cell looks at the same offsets, so a tile moves as a whole: step groups
//! outside, rows inside, one segment of cells in registers. Groups that provably hit nothing are
//! skipped by comparing the highest thing in reach with the lowest cell of the tile; the bound
//! never changes a result because f32 subtraction is monotonic.

use crate::rays::Ray;
use crate::terrain::{NOTHING, SEGMENT, TILE_ROWS, Terrain, Vegetation};

/// Steps between two looks at the bounds; [`Terrain::bound`] covers regions of this many steps.
const GROUP: usize = 8;

/// A block of cells marched together: up to [`TILE_ROWS`] rows of one [`SEGMENT`].
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    /// First row.
    pub row: usize,
    /// Number of rows.
    pub rows: usize,
    /// First column.
    pub col: usize,
    lowest: f32,
}

impl Tile {
    /// The tile at a position, or `None` if it holds no cell with data.
    #[must_use]
    pub fn new(terrain: &Terrain, row: usize, rows: usize, col: usize) -> Option<Self> {
        let mut lowest = f32::INFINITY;
        for r in row..row + rows {
            let i = terrain.at(r, col);
            for &z in &terrain.surface.heights[i..i + SEGMENT] {
                if z > NOTHING {
                    lowest = lowest.min(z);
                }
            }
        }
        lowest.is_finite().then_some(Self {
            row,
            rows,
            col,
            lowest,
        })
    }
}

/// All bits set where true.
type Flags = [u32; SEGMENT];

/// What a tile has met in one direction.
#[derive(Clone, Debug)]
pub struct TileHits {
    /// A building was hit.
    pub building: [Flags; TILE_ROWS],
    /// Foliage was hit before any building (G 3.2: k_v < k_b).
    pub foliage: [Flags; TILE_ROWS],
}

impl Default for TileHits {
    fn default() -> Self {
        Self {
            building: [[0; SEGMENT]; TILE_ROWS],
            foliage: [[0; SEGMENT]; TILE_ROWS],
        }
    }
}

/// Follow a ray from every cell of a tile.
#[inline(always)]
pub fn march(terrain: &Terrain, tile: &Tile, ray: &Ray, hits: &mut TileHits) {
    match &terrain.vegetation {
        Some(vegetation) => {
            for r in 0..tile.rows {
                let i = terrain.at(tile.row + r, tile.col);
                hits.foliage[r].copy_from_slice(&vegetation.from_start[i..i + SEGMENT]);
            }
            march_groups(terrain, Some(vegetation), tile, ray, hits);
        }
        None => march_groups(terrain, None, tile, ray, hits),
    }
}

#[inline(always)]
fn march_groups(
    terrain: &Terrain,
    vegetation: Option<&Vegetation>,
    tile: &Tile,
    ray: &Ray,
    hits: &mut TileHits,
) {
    // Cells without data count as met, so that they never keep a tile marching.
    for r in 0..tile.rows {
        let here = segment(&terrain.surface.heights, terrain.at(tile.row + r, tile.col));
        for i in 0..SEGMENT {
            hits.building[r][i] = flag(here[i] <= NOTHING);
        }
    }
    let mut done = [false; TILE_ROWS];
    let highest = terrain.highest() - tile.lowest;
    let mut first = 1;
    while first < ray.len() && highest > ray.height[first - 1] {
        let last = (first + GROUP).min(ray.len());
        let row = tile.row as i64 + i64::from(ray.drow[first].min(ray.drow[last - 1]));
        let col = tile.col as i64 + i64::from(ray.dcol[first].min(ray.dcol[last - 1]));
        let Some(surface) = terrain.bound(&terrain.surface, row, col) else {
            break;
        };
        let meets_surface = surface - tile.lowest > ray.height[first];
        let meets_canopy = vegetation
            .and_then(|v| terrain.bound(&v.canopy, row, col))
            .is_some_and(|canopy| canopy - tile.lowest > ray.height[first - 1]);
        if meets_surface || meets_canopy {
            let steps = first..last;
            for r in 0..tile.rows {
                if done[r] {
                    continue;
                }
                let at = terrain.at(tile.row + r, tile.col);
                let here: &[f32; SEGMENT] = segment(&terrain.surface.heights, at);
                let (building, foliage) = (&mut hits.building[r], &mut hits.foliage[r]);
                let cell = Cell {
                    terrain,
                    row: tile.row + r,
                    col: tile.col,
                    here,
                };
                match vegetation {
                    Some(v) if meets_canopy && meets_surface => {
                        cell.both(v, ray, steps.clone(), building, foliage);
                    }
                    Some(v) if meets_canopy => {
                        cell.canopy_only(v, ray, steps.clone(), building, foliage);
                    }
                    _ => cell.surface_only(ray, steps.clone(), building),
                }
                done[r] = building.iter().fold(u32::MAX, |all, &b| all & b) == u32::MAX;
            }
            if done[..tile.rows].iter().all(|&d| d) {
                break;
            }
        }
        first = last;
    }
}

#[inline(always)]
fn segment<T>(layer: &[T], at: usize) -> &[T; SEGMENT] {
    layer[at..at + SEGMENT]
        .first_chunk()
        .expect("a segment is that long")
}

#[inline(always)]
fn flag(condition: bool) -> u32 {
    0_u32.wrapping_sub(u32::from(condition))
}

/// One row of a tile, looking out.
struct Cell<'a> {
    terrain: &'a Terrain,
    row: usize,
    col: usize,
    here: &'a [f32; SEGMENT],
}

impl Cell<'_> {
    /// Position of the segment seen at a step, or `None` outside the raster.
    #[inline(always)]
    fn source(&self, ray: &Ray, k: usize) -> Option<usize> {
        let row = self.row.checked_add_signed(ray.drow[k] as isize)?;
        let col = (self.col + SEGMENT).checked_add_signed(ray.dcol[k] as isize)?;
        let inside = row < self.terrain.grid.rows && col + SEGMENT <= self.terrain.stride;
        inside.then(|| row * self.terrain.stride + col)
    }

    #[inline(always)]
    fn surface_only(&self, ray: &Ray, steps: std::ops::Range<usize>, building: &mut Flags) {
        let mut b = *building;
        for k in steps {
            let Some(at) = self.source(ray, k) else {
                continue;
            };
            let z = segment(&self.terrain.surface.heights, at);
            let h = ray.height[k];
            for i in 0..SEGMENT {
                b[i] |= flag(z[i] - self.here[i] > h);
            }
        }
        *building = b;
    }

    /// Foliage is hit where the height interval the ray crosses in the cell meets [U, V) (G 3.1).
    #[inline(always)]
    fn canopy_only(
        &self,
        vegetation: &Vegetation,
        ray: &Ray,
        steps: std::ops::Range<usize>,
        building: &Flags,
        foliage: &mut Flags,
    ) {
        let mut hit = [0_u32; SEGMENT];
        for k in steps {
            let Some(at) = self.source(ray, k) else {
                continue;
            };
            let v = segment(&vegetation.canopy.heights, at);
            let u = segment(&vegetation.trunk, at);
            let (before, h) = (ray.height[k - 1], ray.height[k]);
            for i in 0..SEGMENT {
                hit[i] |= flag(v[i] - self.here[i] > before) & !flag(u[i] - self.here[i] > h);
            }
        }
        for i in 0..SEGMENT {
            foliage[i] |= hit[i] & !building[i];
        }
    }

    /// A building hit at the same step wins over foliage (G 3.2).
    #[inline(always)]
    fn both(
        &self,
        vegetation: &Vegetation,
        ray: &Ray,
        steps: std::ops::Range<usize>,
        building: &mut Flags,
        foliage: &mut Flags,
    ) {
        let (mut b, mut f) = (*building, *foliage);
        for k in steps {
            let Some(at) = self.source(ray, k) else {
                continue;
            };
            let z = segment(&self.terrain.surface.heights, at);
            let v = segment(&vegetation.canopy.heights, at);
            let u = segment(&vegetation.trunk, at);
            let (before, h) = (ray.height[k - 1], ray.height[k]);
            for i in 0..SEGMENT {
                let here = self.here[i];
                b[i] |= flag(z[i] - here > h);
                f[i] |= flag(v[i] - here > before) & !flag(u[i] - here > h) & !b[i];
            }
        }
        (*building, *foliage) = (b, f);
    }
}
