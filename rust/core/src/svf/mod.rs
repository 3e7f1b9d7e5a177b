//! Sky view factors and patch visibility (G 5.3, 5.4).

mod fields;
mod weights;

pub use fields::{CANOPY_FIELD, DIRECTIONS, FAMILIES, FIELDS, SvfFields, field_name};
pub use weights::{SkyWeights, Term, from_masks, sectors};

use crate::grid::{Grid, Window, zeros};
use crate::march::{Path, Rows, Tile, TileHits, densest, march, tile_cols};
use crate::patches::PatchTable;
use crate::rays::{Ray, Reach};
use crate::simd::{self, Kernel};
use crate::stage::Stage;
use crate::terrain::{LANES, TILE_ROWS, Terrain, UNITS};
use rayon::prelude::*;
use weights::{UNIT, clipped};

/// What the zenith patch does with a canopy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZenithCanopy {
    /// The reference's: the canopy moved one cell south (quirk Q12).
    Reference,
    /// A canopy shades the cells under it.
    Overhead,
}

/// Choices of a sky view computation.
#[derive(Clone, Copy, Debug)]
pub struct SkyOptions {
    /// How far rays go.
    pub reach: Reach,
    /// Sector weights that make an open plain 1 in every sector, instead of the reference's (Q18).
    pub normalised_sectors: bool,
    /// Zenith patch rule.
    pub zenith_canopy: ZenithCanopy,
}

impl Default for SkyOptions {
    fn default() -> Self {
        Self {
            reach: Reach::default(),
            normalised_sectors: false,
            zenith_canopy: ZenithCanopy::Reference,
        }
    }
}

/// Owned result.
#[derive(Clone, Debug, Default)]
pub struct SkyRows {
    /// View factors, index = family · 5 + direction; then, where canopies have their own
    /// transmissivity, the mean of those seen ([`CANOPY_FIELD`]).
    pub fields: Vec<Vec<f32>>,
    /// Patch bits, building first; the two vegetation masks only with vegetation.
    pub masks: Vec<Vec<u32>>,
}

/// Everything a sky view needs besides the terrain, computed once.
#[derive(Clone, Debug)]
pub struct SkyPlan {
    /// Patch table.
    pub table: PatchTable,
    /// A path per patch.
    pub paths: Vec<Path>,
    /// Weights of the patches.
    pub weights: SkyWeights,
    /// The same in units of [`SHARE_UNIT`], by which transmissivities are weighed.
    pub shares: Vec<u32>,
}

/// So coarse that a sum over all patches of shares times transmissivities fits 32 bits.
const SHARE_UNIT: f64 = 1.0 / 262_144.0;

/// Weights of the patches in whole units.
fn shares(table: &PatchTable) -> Vec<u32> {
    let share = |band: &crate::patches::Band| band.share / band.count as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of 1 in units of 2^-18"
    )]
    let whole = |x: f64| (x / SHARE_UNIT).round() as u32;
    let patches = table.patches.iter();
    patches
        .map(|p| whole(share(&table.bands[p.band])))
        .collect()
}

/// Mean transmissivity of the canopies a cell sees, from the sums over the patches behind them of
/// shares times transmissivity, and of shares; NaN where it sees none.
#[must_use]
pub fn canopy_mean([through, shares]: [u32; 2]) -> f32 {
    if shares == 0 {
        return f32::NAN;
    }
    // Whole numbers: a single transmissivity comes out as itself.
    let mean = f64::from(through) / f64::from(shares) / f64::from(UNITS);
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding")]
    let mean = mean as f32;
    mean
}

impl SkyPlan {
    /// Ray tables and weights for a scene.
    #[must_use]
    pub fn new(terrain: &Terrain, table: PatchTable, options: SkyOptions) -> Self {
        let Grid {
            rows,
            cols,
            pixel_size,
        } = terrain.grid;
        let relief = terrain.relief_m();
        let paths = table
            .patches
            .iter()
            .map(|p| {
                let reach = &options.reach;
                let mut ray = Ray::new(
                    p.azimuth_deg,
                    p.altitude_deg,
                    pixel_size,
                    rows,
                    cols,
                    reach,
                    relief,
                );
                if p.altitude_deg == 90.0 && options.zenith_canopy == ZenithCanopy::Overhead {
                    ray.drow.fill(0);
                    ray.dcol.fill(0);
                }
                Path::new(terrain, ray)
            })
            .collect();
        let weights = SkyWeights::new(&table, options.normalised_sectors);
        Self {
            shares: shares(&table),
            table,
            paths,
            weights,
        }
    }

    /// Fields a sky view of a scene has.
    #[must_use]
    pub fn fields(&self, terrain: &Terrain) -> usize {
        FIELDS + usize::from(terrain.transmissivity().is_some())
    }

    /// Sky view of a window. Results do not depend on how it is split between calls or threads.
    /// `fields` and `masks` are its own parts of the output, in the layout of [`SkyRows`].
    pub fn compute(
        &self,
        terrain: &Terrain,
        window: Window,
        fields: &mut [&mut [f32]],
        masks: &mut [&mut [u32]],
    ) {
        let cols = window.cols;
        let words = self.table.words();
        let mut bands: Vec<Band<'_>> = Vec::new();
        let mut field_parts: Vec<_> = fields
            .iter_mut()
            .map(|f| f.chunks_mut(TILE_ROWS * cols))
            .collect();
        let mut mask_parts: Vec<_> = masks
            .iter_mut()
            .map(|m| m.chunks_mut(TILE_ROWS * cols * words))
            .collect();
        let mut row = window.row;
        while let Some(fields) = field_parts
            .iter_mut()
            .map(Iterator::next)
            .collect::<Option<Vec<_>>>()
        {
            let masks = mask_parts.iter_mut().filter_map(Iterator::next).collect();
            let rows = fields[0].len() / cols;
            bands.push(Band {
                window: Window {
                    row,
                    rows,
                    ..window
                },
                fields,
                masks,
            });
            row += rows;
        }
        bands.into_par_iter().for_each(|mut band| {
            let mut scratch = Scratch::new(words);
            for col in tile_cols(window.col, cols) {
                let tile = SkyTile {
                    plan: self,
                    terrain,
                    band: &mut band,
                    col,
                    scratch: &mut scratch,
                };
                if terrain.transmissivity().is_some() {
                    simd::dispatch(OwnCanopies(tile));
                } else {
                    simd::dispatch(tile);
                }
            }
        });
    }

    /// `OWN`: canopies have their own transmissivity. Compiled apart, because that code beside the
    /// march makes it half as fast where it is not used.
    #[inline(always)]
    fn tile<const OWN: bool>(
        &self,
        terrain: &Terrain,
        band: &mut Band<'_>,
        col: usize,
        scratch: &mut Scratch,
    ) {
        let Some(tile) = Tile::new(terrain, band.window.row, band.window.rows, col) else {
            band.fill_no_data(col, self.table.words());
            return;
        };
        scratch.clear();
        for (i, path) in self.paths.iter().enumerate() {
            march(terrain, &tile, path, &mut scratch.hits);
            scratch.store(i, terrain.vegetation.is_some());
            if OWN {
                scratch.weigh(terrain, &tile, path, self.shares[i]);
            }
        }
        self.write(terrain, band, &tile, scratch);
        if OWN {
            write_canopies(terrain, band, &tile, scratch);
        }
    }

    /// Turn the bit planes of a tile into the output layout and the view factors.
    #[inline(always)]
    fn write(&self, terrain: &Terrain, band: &mut Band<'_>, tile: &Tile, scratch: &Scratch) {
        let cols = terrain.grid.cols;
        let window = band.window;
        let words = self.table.words();
        let lanes = tile.columns(&window);
        let first = tile.col + lanes.start - window.col;
        let mut sums = [[0; LANES]; 5];
        let trunk_absent = terrain.vegetation.as_ref().map(|v| &v.trunk_absent);
        for r in 0..tile.rows {
            let out = r * window.cols + first;
            let cell = (tile.row + r) * cols + tile.col;
            let cells = cell + lanes.start..cell + lanes.end;
            let valid = &terrain.valid[cells.clone()];
            let absent = trunk_absent.map(|absent| &absent[cells]);
            for family in 0..3 {
                let planes = &scratch.planes[family];
                if let Some(mask) = band.masks.get_mut(family) {
                    let mask = &mut mask[out * words..(out + lanes.len()) * words];
                    for (i, bits) in mask.chunks_exact_mut(words).enumerate() {
                        let lane = lanes.start + i;
                        for w in 0..words {
                            let word = |h: usize| u32::from(planes[2 * w + h][r][lane]);
                            bits[w] = if valid[i] { word(0) | word(1) << 16 } else { 0 };
                        }
                    }
                }
                if family > 0 && terrain.vegetation.is_none() {
                    sums = [[UNIT; LANES]; 5];
                } else {
                    self.weights.reduce(|half| &planes[half][r], &mut sums);
                }
                for d in 0..5 {
                    let extra = [false, true].map(|a| self.weights.constant(family, d, a));
                    let field = &mut band.fields[family * 5 + d][out..out + lanes.len()];
                    let sums = &sums[d][lanes.clone()];
                    for (i, slot) in field.iter_mut().enumerate() {
                        let absent = absent.is_none_or(|absent| absent[i]);
                        *slot = clipped(sums[i] + extra[usize::from(absent)], valid[i]);
                    }
                }
            }
        }
    }
}

/// Mean transmissivity of the canopies seen from the cells of a tile.
#[inline(always)]
fn write_canopies(terrain: &Terrain, band: &mut Band<'_>, tile: &Tile, scratch: &Scratch) {
    let window = band.window;
    let lanes = tile.columns(&window);
    let first = tile.col + lanes.start - window.col;
    for r in 0..tile.rows {
        let out = r * window.cols + first;
        let field = &mut band.fields[CANOPY_FIELD][out..out + lanes.len()];
        let cell = (tile.row + r) * terrain.grid.cols + tile.col;
        for (lane, slot) in lanes.clone().zip(field) {
            let sums = [scratch.through[r][lane], scratch.behind[r][lane]];
            let valid = terrain.valid[cell + lane];
            *slot = if valid { canopy_mean(sums) } else { f32::NAN };
        }
    }
}

/// The sky view of one tile.
struct SkyTile<'a, 'b> {
    plan: &'a SkyPlan,
    terrain: &'a Terrain,
    band: &'a mut Band<'b>,
    col: usize,
    scratch: &'a mut Scratch,
}

impl Kernel for SkyTile<'_, '_> {
    #[inline(always)]
    fn run(self) {
        self.plan
            .tile::<false>(self.terrain, self.band, self.col, self.scratch);
    }
}

/// The same where canopies have their own transmissivity.
struct OwnCanopies<'a, 'b>(SkyTile<'a, 'b>);

impl Kernel for OwnCanopies<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let Self(tile) = self;
        tile.plan
            .tile::<true>(tile.terrain, tile.band, tile.col, tile.scratch);
    }
}

/// The rows one task works on.
struct Band<'a> {
    window: Window,
    fields: Vec<&'a mut [f32]>,
    masks: Vec<&'a mut [u32]>,
}

impl Band<'_> {
    fn fill_no_data(&mut self, col: usize, words: usize) {
        let Window { cols, rows, .. } = self.window;
        let first = col.saturating_sub(self.window.col);
        let width = (col + LANES - self.window.col).min(cols) - first;
        for r in 0..rows {
            let at = r * cols + first;
            for field in &mut self.fields {
                field[at..at + width].fill(f32::NAN);
            }
            for mask in &mut self.masks {
                mask[at * words..(at + width) * words].fill(0);
            }
        }
    }
}

/// A bit plane: half a word of every cell of a tile.
type Plane = [[u16; LANES]; TILE_ROWS];

/// Per-task working memory: bit planes by family and half word.
struct Scratch {
    hits: TileHits,
    planes: [Vec<Plane>; 3],
    /// Over the patches behind leaves, sums of shares times transmissivity, and of shares.
    through: [[u32; LANES]; TILE_ROWS],
    behind: [[u32; LANES]; TILE_ROWS],
}

impl Scratch {
    fn new(words: usize) -> Self {
        let planes = || vec![[[0; LANES]; TILE_ROWS]; 2 * words];
        Self {
            hits: TileHits::default(),
            planes: [planes(), planes(), planes()],
            through: [[0; LANES]; TILE_ROWS],
            behind: [[0; LANES]; TILE_ROWS],
        }
    }

    fn clear(&mut self) {
        for family in &mut self.planes {
            family.fill([[0; LANES]; TILE_ROWS]);
        }
        self.through = [[0; LANES]; TILE_ROWS];
        self.behind = [[0; LANES]; TILE_ROWS];
    }

    /// Weigh the canopies before a patch by its share of the sky.
    #[inline(always)]
    fn weigh(&mut self, terrain: &Terrain, tile: &Tile, path: &Path, share: u32) {
        let behind = self.hits.behind_leaves();
        if behind.iter().all(|row| *row == [0; LANES]) {
            return;
        }
        let through = densest(terrain, tile, path, &behind);
        for r in 0..TILE_ROWS {
            for i in 0..LANES {
                let share = if behind[r][i] != 0 { share } else { 0 };
                self.through[r][i] += share * u32::from(through[r][i]);
                self.behind[r][i] += share;
            }
        }
    }

    /// Record the hits of patch `i` (G 3.2: the three bits from first hits).
    #[inline(always)]
    fn store(&mut self, i: usize, vegetation: bool) {
        let (half, bit) = (i / 16, 1_u16 << (i % 16));
        let TileHits { building, foliage } = &self.hits;
        let [open, veg, aveg] = &mut self.planes;
        mark(&mut open[half], bit, building, building, |b, _| b);
        if vegetation {
            mark(&mut veg[half], bit, building, foliage, |b, f| f & !b);
            mark(&mut aveg[half], bit, building, foliage, |b, f| f & b);
        }
    }
}

/// Set a bit of the cells that are not blocked.
#[inline(always)]
fn mark(plane: &mut Plane, bit: u16, b: &Rows, f: &Rows, blocked: impl Fn(i16, i16) -> i16) {
    for r in 0..TILE_ROWS {
        for c in 0..LANES {
            plane[r][c] |= !blocked(b[r][c], f[r][c]) as u16 & bit;
        }
    }
}

/// Blocks a sky view is computed in: often enough to follow and to stop, rare enough to cost nothing.
const BLOCKS: usize = 24;

/// Told the rows done and the rows in all; answers whether to go on.
pub type Watch<'a> = dyn FnMut(usize, usize) -> bool + Send + 'a;

/// Input of [`SkyStage`].
pub struct SkyInput<'a> {
    /// The scene.
    pub terrain: &'a Terrain,
    /// Rays and weights.
    pub plan: &'a SkyPlan,
    /// Cells the result is wanted for; it has their shape.
    pub window: Window,
    /// Follows and may stop the work.
    pub watch: &'a mut Watch<'a>,
}

/// Sky view of a whole scene; `None` if the watch stopped it.
#[derive(Debug)]
pub struct SkyStage;

impl Stage for SkyStage {
    const NAME: &'static str = "svf";
    type In<'a> = SkyInput<'a>;
    type Out = Option<SkyRows>;

    fn cpu(input: &mut SkyInput<'_>) -> Option<SkyRows> {
        let SkyInput {
            terrain,
            plan,
            window,
            watch,
        } = input;
        let window = *window;
        let words = plan.table.words();
        let families = if terrain.vegetation.is_some() { 3 } else { 1 };
        let mut sky = SkyRows {
            fields: zeros(window.len(), plan.fields(terrain)),
            masks: zeros(window.len() * words, families),
        };
        // Two tile rows per thread keep every core busy within a block.
        let least = 2 * TILE_ROWS * rayon::current_num_threads();
        let block = window
            .rows
            .div_ceil(BLOCKS)
            .next_multiple_of(TILE_ROWS)
            .max(least);
        for first in (0..window.rows).step_by(block) {
            let end = (first + block).min(window.rows);
            let cells = first * window.cols..end * window.cols;
            let bits = cells.start * words..cells.end * words;
            let mut fields: Vec<_> = sky
                .fields
                .iter_mut()
                .map(|f| &mut f[cells.clone()])
                .collect();
            let mut masks: Vec<_> = sky.masks.iter_mut().map(|m| &mut m[bits.clone()]).collect();
            let part = Window {
                row: window.row + first,
                rows: end - first,
                ..window
            };
            plan.compute(terrain, part, &mut fields, &mut masks);
            if !watch(end, window.rows) {
                return None;
            }
        }
        Some(sky)
    }
}
