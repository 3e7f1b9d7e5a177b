//! First-hit ray marching over tiles, the kernel of every visibility question (G 3.2, 9).
//!
//! For one direction every cell looks at the same offsets, so a tile moves as a whole: step groups
//! outside, rows inside, one segment of cells in registers. Groups that provably hit nothing are
//! skipped by comparing the highest thing in reach with the lowest cell of the tile; the bound
//! never changes a result because f32 subtraction is monotonic.

use crate::rays::Ray;
use crate::terrain::{NOTHING, SEGMENT, STEP_GROUP, TILE_ROWS, Terrain, Vegetation};

/// A block of cells marched together: up to [`TILE_ROWS`] rows of one [`SEGMENT`].
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    /// First row.
    pub row: usize,
    /// Number of rows.
    pub rows: usize,
    /// First column.
    pub col: usize,
}

impl Tile {
    /// The tile at a position, or `None` if it holds no cell with data.
    #[must_use]
    pub fn new(terrain: &Terrain, row: usize, rows: usize, col: usize) -> Option<Self> {
        let has_data = (row..row + rows).any(|r| {
            let i = terrain.at(r, col);
            terrain.surface.heights[i..i + SEGMENT]
                .iter()
                .any(|&z| z > NOTHING)
        });
        has_data.then_some(Self { row, rows, col })
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
    // Lowest cell of each row that is still open: the one a ray from it is judged by. Cells without
    // data count as met, so that they never keep a tile marching.
    let mut lowest = [f32::INFINITY; TILE_ROWS];
    for r in 0..tile.rows {
        let here = segment(&terrain.surface.heights, terrain.at(tile.row + r, tile.col));
        for i in 0..SEGMENT {
            hits.building[r][i] = flag(here[i] <= NOTHING);
        }
        lowest[r] = lowest_open(here, &hits.building[r]);
    }
    let highest = terrain.highest();
    let mut first = 1;
    while first < ray.len() {
        let floor = lowest[..tile.rows]
            .iter()
            .copied()
            .fold(f32::INFINITY, f32::min);
        // All cells met, or nothing is high enough any more.
        if floor == f32::INFINITY || highest - floor <= ray.height[first - 1] {
            break;
        }
        let last = (first + STEP_GROUP).min(ray.len());
        let row = tile.row as i64 + i64::from(ray.drow[first].min(ray.drow[last - 1]));
        let col = tile.col as i64 + i64::from(ray.dcol[first].min(ray.dcol[last - 1]));
        let Some(surface) = terrain.bound(&terrain.surface, row, col) else {
            break;
        };
        let canopy = vegetation
            .and_then(|v| terrain.bound(&v.canopy, row, col))
            .unwrap_or(NOTHING);
        if surface - floor > ray.height[first] || canopy - floor > ray.height[first - 1] {
            let steps = Steps::new(terrain, tile, ray, first, last);
            for r in 0..tile.rows {
                let meets_surface = surface - lowest[r] > ray.height[first];
                let meets_canopy = canopy - lowest[r] > ray.height[first - 1];
                if !(meets_surface || meets_canopy) {
                    continue;
                }
                let row = Row {
                    terrain,
                    steps: &steps,
                    row: tile.row + r,
                    col: tile.col,
                };
                let (building, foliage) = (&mut hits.building[r], &mut hits.foliage[r]);
                match vegetation {
                    Some(v) if meets_canopy && meets_surface => row.both(v, building, foliage),
                    Some(v) if meets_canopy => row.canopy_only(v, building, foliage),
                    _ => row.surface_only(building),
                }
                if meets_surface {
                    let at = terrain.at(tile.row + r, tile.col);
                    lowest[r] = lowest_open(segment(&terrain.surface.heights, at), building);
                }
            }
        }
        first = last;
    }
}

/// Height of the lowest cell no building has been met from; infinite if there is none.
#[inline(always)]
fn lowest_open(here: &[f32; SEGMENT], building: &Flags) -> f32 {
    let mut lowest = [f32::INFINITY; HALF];
    for half in 0..2 {
        for i in 0..HALF {
            let at = half * HALF + i;
            let open = if building[at] == 0 {
                here[at]
            } else {
                f32::INFINITY
            };
            lowest[i] = if open < lowest[i] { open } else { lowest[i] };
        }
    }
    lowest.iter().copied().fold(f32::INFINITY, f32::min)
}

/// Cells whose state fits in registers during a group of steps.
const HALF: usize = SEGMENT / 2;

#[inline(always)]
fn segment<T>(layer: &[T], at: usize) -> &[T; SEGMENT] {
    layer[at..at + SEGMENT]
        .first_chunk()
        .expect("a segment is that long")
}

#[inline(always)]
fn half<T>(layer: &[T], at: usize) -> &[T; HALF] {
    layer[at..at + HALF]
        .first_chunk()
        .expect("half a segment is that long")
}

#[inline(always)]
fn flag(condition: bool) -> u32 {
    0_u32.wrapping_sub(u32::from(condition))
}

/// A group of steps as seen from a tile.
struct Steps<'a> {
    drow: &'a [i32],
    dcol: &'a [i32],
    /// Height gained before and after each step.
    before: &'a [f32],
    height: &'a [f32],
    /// Distance in elements from a cell to its source.
    offset: [isize; STEP_GROUP],
    /// Every source of every row lies in the padded layer.
    inside: bool,
}

impl<'a> Steps<'a> {
    #[inline(always)]
    fn new(terrain: &Terrain, tile: &Tile, ray: &'a Ray, first: usize, last: usize) -> Self {
        let (drow, dcol) = (&ray.drow[first..last], &ray.dcol[first..last]);
        let mut offset = [0; STEP_GROUP];
        for k in 0..last - first {
            offset[k] = drow[k] as isize * terrain.stride as isize + dcol[k] as isize;
        }
        let ends = [0, last - first - 1];
        let inside = ends.iter().all(|&k| {
            let row = tile.row as i64 + i64::from(drow[k]);
            let col = (tile.col + SEGMENT) as i64 + i64::from(dcol[k]);
            row >= 0
                && row + tile.rows as i64 <= terrain.grid.rows as i64
                && col >= 0
                && col + SEGMENT as i64 <= terrain.stride as i64
        });
        let (before, height) = (&ray.height[first - 1..last - 1], &ray.height[first..last]);
        Self {
            drow,
            dcol,
            before,
            height,
            offset,
            inside,
        }
    }
}

/// One row of a tile, looking out along a group of steps.
struct Row<'a> {
    terrain: &'a Terrain,
    steps: &'a Steps<'a>,
    row: usize,
    col: usize,
}

impl Row<'_> {
    /// Call `look` with every step and the position of the segment it sees.
    #[inline(always)]
    fn each(&self, mut look: impl FnMut(usize, usize)) {
        let steps = self.steps;
        if steps.inside {
            let here = self.terrain.at(self.row, self.col);
            for k in 0..steps.height.len() {
                look(k, here.wrapping_add_signed(steps.offset[k]));
            }
        } else {
            for k in 0..steps.height.len() {
                if let Some(at) = self.source(k) {
                    look(k, at);
                }
            }
        }
    }

    /// Position of the segment seen at a step, or `None` outside the padded layer.
    #[inline(always)]
    fn source(&self, k: usize) -> Option<usize> {
        let row = self.row.checked_add_signed(self.steps.drow[k] as isize)?;
        let col = (self.col + SEGMENT).checked_add_signed(self.steps.dcol[k] as isize)?;
        let inside = row < self.terrain.grid.rows && col + SEGMENT <= self.terrain.stride;
        inside.then(|| row * self.terrain.stride + col)
    }

    #[inline(always)]
    fn here(&self, part: usize) -> &[f32; HALF] {
        half(
            &self.terrain.surface.heights,
            self.terrain.at(self.row, self.col) + part * HALF,
        )
    }

    #[inline(always)]
    fn surface_only(&self, building: &mut Flags) {
        let here = segment(
            &self.terrain.surface.heights,
            self.terrain.at(self.row, self.col),
        );
        let surface = self.terrain.surface.heights.as_slice();
        let mut b = *building;
        self.each(
            #[inline(always)]
            |k, at| {
                let z = segment(surface, at);
                let h = self.steps.height[k];
                for i in 0..SEGMENT {
                    b[i] |= flag(z[i] - here[i] > h);
                }
            },
        );
        *building = b;
    }

    /// Foliage is hit where the height interval the ray crosses in the cell meets [U, V) (G 3.1).
    #[inline(always)]
    fn canopy_only(&self, vegetation: &Vegetation, building: &Flags, foliage: &mut Flags) {
        let (canopy, trunk) = (
            vegetation.canopy.heights.as_slice(),
            vegetation.trunk.as_slice(),
        );
        for part in 0..2 {
            let here = self.here(part);
            let mut hit = [0_u32; HALF];
            self.each(
                #[inline(always)]
                |k, at| {
                    let v = half(canopy, at + part * HALF);
                    let u = half(trunk, at + part * HALF);
                    let (before, h) = (self.steps.before[k], self.steps.height[k]);
                    for i in 0..HALF {
                        hit[i] |= flag(v[i] - here[i] > before) & !flag(u[i] - here[i] > h);
                    }
                },
            );
            for i in 0..HALF {
                foliage[part * HALF + i] |= hit[i] & !building[part * HALF + i];
            }
        }
    }

    /// A building hit at the same step wins over foliage (G 3.2).
    #[inline(always)]
    fn both(&self, vegetation: &Vegetation, building: &mut Flags, foliage: &mut Flags) {
        let surface = self.terrain.surface.heights.as_slice();
        let (canopy, trunk) = (
            vegetation.canopy.heights.as_slice(),
            vegetation.trunk.as_slice(),
        );
        for part in 0..2 {
            let here = self.here(part);
            let mut b: [u32; HALF] = *half(building, part * HALF);
            let mut f: [u32; HALF] = *half(foliage, part * HALF);
            self.each(
                #[inline(always)]
                |k, at| {
                    let z = half(surface, at + part * HALF);
                    let v = half(canopy, at + part * HALF);
                    let u = half(trunk, at + part * HALF);
                    let (before, h) = (self.steps.before[k], self.steps.height[k]);
                    for i in 0..HALF {
                        b[i] |= flag(z[i] - here[i] > h);
                        f[i] |= flag(v[i] - here[i] > before) & !flag(u[i] - here[i] > h) & !b[i];
                    }
                },
            );
            building[part * HALF..(part + 1) * HALF].copy_from_slice(&b);
            foliage[part * HALF..(part + 1) * HALF].copy_from_slice(&f);
        }
    }
}
