//! Sky view factors and patch visibility (G 5.3, 5.4).

use crate::grid::Grid;
use crate::march::{Tile, TileHits, march};
use crate::patches::{PatchMasks, PatchTable};
use crate::rays::{Ray, Reach};
use crate::simd::{self, Kernel};
use crate::stage::Stage;
use crate::terrain::{SEGMENT, TILE_ROWS, Terrain};
use rayon::prelude::*;

/// Number of view factor fields: three families by five directions.
pub const FIELDS: usize = 15;
/// Families of view factors in field order.
pub const FAMILIES: [&str; 3] = ["svf", "svf_veg", "svf_aveg"];
/// Directions in field order; the first is the whole hemisphere.
pub const DIRECTIONS: [&str; 5] = ["", "_east", "_south", "_west", "_north"];

/// The zenith cap left over from an older scheme, added to the southern and western sectors
/// (quirk Q18).
const SECTOR_CONSTANT: f64 = 3.0459e-4;

/// Name of a field, such as `svf_veg_east`.
#[must_use]
pub fn field_name(index: usize) -> String {
    format!("{}{}", FAMILIES[index / 5], DIRECTIONS[index % 5])
}

/// Borrowed view factor fields: index = family · 5 + direction.
#[derive(Clone, Copy, Debug)]
pub struct SvfFields<'a> {
    /// The fields, each of the grid's length.
    pub fields: [&'a [f32]; FIELDS],
}

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

/// Sectors a patch azimuth belongs to: E, S, W, N (G 5.3).
#[must_use]
pub fn sectors(azimuth_deg: f64) -> [bool; 4] {
    let a = azimuth_deg;
    [
        a < 180.0,
        (90.0..270.0).contains(&a),
        a >= 180.0,
        !(90.0..270.0).contains(&a),
    ]
}

/// Bit sets and weights that turn patch bits into the five view factors of a family.
#[derive(Clone, Debug)]
pub struct SkyWeights {
    terms: Vec<Term>,
    normalised: bool,
}

/// One run of equally weighted bits within a word.
#[derive(Clone, Copy, Debug)]
struct Term {
    word: usize,
    /// Bits of the band, and of its eastern and southern patches.
    bits: [u32; 3],
    /// Weight in the hemisphere and in the E, S, W, N sectors.
    weights: [f64; 5],
}

impl SkyWeights {
    /// Weights of a patch table (G 5.2).
    #[must_use]
    pub fn new(table: &PatchTable, normalised: bool) -> Self {
        let mut terms = Vec::new();
        for (b, band) in table.bands.iter().enumerate() {
            let n = band.count as f64;
            let in_sector = |s: usize| {
                table
                    .patches
                    .iter()
                    .filter(|p| p.band == b && sectors(p.azimuth_deg)[s])
                    .count()
            };
            let mut weights = [band.share / n; 5];
            for s in 0..4 {
                weights[s + 1] = match (normalised, in_sector(s)) {
                    (false, _) => band.share / (n / 2.0).ceil(),
                    (true, 0) => 0.0,
                    (true, count) => band.share / count as f64,
                };
            }
            let range = band.first..band.first + band.count;
            for word in band.first / 32..=(range.end - 1) / 32 {
                let mut bits = [0_u32; 3];
                for i in range.clone().filter(|i| i / 32 == word) {
                    let [east, south, ..] = sectors(table.patches[i].azimuth_deg);
                    let bit = 1_u32 << (i % 32);
                    bits[0] |= bit;
                    bits[1] |= if east { bit } else { 0 };
                    bits[2] |= if south { bit } else { 0 };
                }
                terms.push(Term {
                    word,
                    bits,
                    weights,
                });
            }
        }
        Self { terms, normalised }
    }

    /// View factors of a family for one segment. `planes[w][i]` is word `w` of cell `i`.
    #[inline(always)]
    fn reduce(&self, planes: &[[u32; SEGMENT]], out: &mut [[f64; SEGMENT]; 5]) {
        *out = [[0.0; SEGMENT]; 5];
        let zenith_word = planes.len() - 1;
        for (t, term) in self.terms.iter().enumerate() {
            let zenith = self.normalised && t + 1 == self.terms.len();
            let plane = &planes[term.word];
            debug_assert!(term.word <= zenith_word);
            for i in 0..SEGMENT {
                let total = (plane[i] & term.bits[0]).count_ones();
                let east = (plane[i] & term.bits[1]).count_ones();
                let south = (plane[i] & term.bits[2]).count_ones();
                // The normalised mode counts the zenith patch in all four sectors.
                let counts = if zenith {
                    [total; 5]
                } else {
                    [total, east, south, total - east, total - south]
                };
                for d in 0..5 {
                    let weight = if zenith {
                        term.weights[0]
                    } else {
                        term.weights[d]
                    };
                    out[d][i] += f64::from(counts[d]) * weight;
                }
            }
        }
    }
}

/// Owned result for a block of rows.
#[derive(Clone, Debug, Default)]
pub struct SkyRows {
    /// View factors, index = family · 5 + direction.
    pub fields: Vec<Vec<f32>>,
    /// Patch bits, building first; the two vegetation masks only with vegetation.
    pub masks: Vec<Vec<u32>>,
}

/// Everything a sky view needs besides the terrain, computed once.
#[derive(Clone, Debug)]
pub struct SkyPlan {
    /// Patch table.
    pub table: PatchTable,
    rays: Vec<Ray>,
    weights: SkyWeights,
    options: SkyOptions,
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
        let rays = table
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
                ray
            })
            .collect();
        let weights = SkyWeights::new(&table, options.normalised_sectors);
        Self {
            table,
            rays,
            weights,
            options,
        }
    }

    /// Sky view of whole tile rows, `first_row` a multiple of [`TILE_ROWS`]. Results do not depend
    /// on how rows are split between calls or threads. `fields` and `masks` are the rows' own parts
    /// of the output, in the layout of [`SkyRows`].
    pub fn compute(
        &self,
        terrain: &Terrain,
        first_row: usize,
        fields: &mut [&mut [f32]],
        masks: &mut [&mut [u32]],
    ) {
        let cols = terrain.grid.cols;
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
        let mut row = first_row;
        while let Some(fields) = field_parts
            .iter_mut()
            .map(Iterator::next)
            .collect::<Option<Vec<_>>>()
        {
            let masks = mask_parts.iter_mut().filter_map(Iterator::next).collect();
            let rows = fields[0].len() / cols;
            bands.push(Band {
                row,
                rows,
                fields,
                masks,
            });
            row += rows;
        }
        bands.into_par_iter().for_each(|mut band| {
            let mut scratch = Scratch::new(words);
            for col in (0..cols).step_by(SEGMENT) {
                simd::dispatch(SkyTile {
                    plan: self,
                    terrain,
                    band: &mut band,
                    col,
                    scratch: &mut scratch,
                });
            }
        });
    }

    #[inline(always)]
    fn tile(&self, terrain: &Terrain, band: &mut Band<'_>, col: usize, scratch: &mut Scratch) {
        let Some(tile) = Tile::new(terrain, band.row, band.rows, col) else {
            band.fill_no_data(terrain, col, self.table.words());
            return;
        };
        for family in &mut scratch.planes {
            family.fill([0; SEGMENT]);
        }
        for (i, ray) in self.rays.iter().enumerate() {
            march(terrain, &tile, ray, &mut scratch.hits);
            scratch.store(i, tile.rows, terrain.vegetation.is_some());
        }
        self.write(terrain, band, &tile, scratch);
    }

    /// Turn the bit planes of a tile into the output layout and the view factors.
    #[inline(always)]
    fn write(&self, terrain: &Terrain, band: &mut Band<'_>, tile: &Tile, scratch: &Scratch) {
        let cols = terrain.grid.cols;
        let words = self.table.words();
        let width = SEGMENT.min(cols - tile.col);
        let mut sums = [[0.0; SEGMENT]; 5];
        for r in 0..tile.rows {
            let out = r * cols + tile.col;
            let cell = (tile.row + r) * cols + tile.col;
            let valid = &terrain.valid[cell..cell + width];
            for family in 0..3 {
                let planes = &scratch.planes[family][r * words..(r + 1) * words];
                if let Some(mask) = band.masks.get_mut(family) {
                    let mask = &mut mask[out * words..(out + width) * words];
                    for (i, bits) in mask.chunks_exact_mut(words).enumerate() {
                        for w in 0..words {
                            bits[w] = if valid[i] { planes[w][i] } else { 0 };
                        }
                    }
                }
                if family > 0 && terrain.vegetation.is_none() {
                    sums = [[1.0; SEGMENT]; 5];
                } else {
                    self.weights.reduce(planes, &mut sums);
                }
                for d in 0..5 {
                    let field = &mut band.fields[family * 5 + d][out..out + width];
                    let constant = self.sector_constant(terrain, family, d);
                    for i in 0..width {
                        field[i] = clipped(sums[d][i] + constant(cell + i), valid[i]);
                    }
                }
            }
        }
    }

    /// The reference's addition to a sector of a family (G 5.3).
    fn sector_constant<'t>(
        &self,
        terrain: &'t Terrain,
        family: usize,
        direction: usize,
    ) -> impl Fn(usize) -> f64 + 't {
        let sector = !self.options.normalised_sectors && matches!(direction, 2 | 3);
        let trunk_absent = terrain.vegetation.as_ref().map(|v| &v.trunk_absent);
        move |cell| {
            let here = family == 0 || trunk_absent.is_none_or(|absent| absent[cell]);
            if sector && here { SECTOR_CONSTANT } else { 0.0 }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "stored as f32")]
#[inline(always)]
fn clipped(svf: f64, valid: bool) -> f32 {
    if valid { svf.min(1.0) as f32 } else { f32::NAN }
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
            .tile(self.terrain, self.band, self.col, self.scratch);
    }
}

/// The rows one task works on.
struct Band<'a> {
    row: usize,
    rows: usize,
    fields: Vec<&'a mut [f32]>,
    masks: Vec<&'a mut [u32]>,
}

impl Band<'_> {
    fn fill_no_data(&mut self, terrain: &Terrain, col: usize, words: usize) {
        let cols = terrain.grid.cols;
        let width = SEGMENT.min(cols - col);
        for r in 0..self.rows {
            let at = r * cols + col;
            for field in &mut self.fields {
                field[at..at + width].fill(f32::NAN);
            }
            for mask in &mut self.masks {
                mask[at * words..(at + width) * words].fill(0);
            }
        }
    }
}

/// Per-task working memory: bit planes `[family][row · words + word][cell]`.
struct Scratch {
    hits: TileHits,
    words: usize,
    planes: [Vec<[u32; SEGMENT]>; 3],
}

impl Scratch {
    fn new(words: usize) -> Self {
        let planes = || vec![[0; SEGMENT]; words * TILE_ROWS];
        Self {
            hits: TileHits::default(),
            words,
            planes: [planes(), planes(), planes()],
        }
    }

    /// Record the hits of patch `i` (G 3.2: the three bits from first hits).
    #[inline(always)]
    fn store(&mut self, i: usize, rows: usize, vegetation: bool) {
        let (word, bit) = (i / 32, 1_u32 << (i % 32));
        for r in 0..rows {
            let building = &self.hits.building[r];
            let plane = &mut self.planes[0][r * self.words + word];
            for c in 0..SEGMENT {
                plane[c] |= !building[c] & bit;
            }
            if vegetation {
                let foliage = &self.hits.foliage[r];
                let [_, veg, aveg] = &mut self.planes;
                let (veg, aveg) = (
                    &mut veg[r * self.words + word],
                    &mut aveg[r * self.words + word],
                );
                for c in 0..SEGMENT {
                    veg[c] |= (!foliage[c] | building[c]) & bit;
                    aveg[c] |= !(foliage[c] & building[c]) & bit;
                }
            }
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
            watch,
        } = input;
        let Grid {
            rows: total, cols, ..
        } = terrain.grid;
        let words = plan.table.words();
        let families = if terrain.vegetation.is_some() { 3 } else { 1 };
        let mut sky = SkyRows {
            fields: vec![vec![0.0; terrain.grid.len()]; FIELDS],
            masks: vec![vec![0; terrain.grid.len() * words]; families],
        };
        // Two tile rows per thread keep every core busy within a block.
        let least = 2 * TILE_ROWS * rayon::current_num_threads();
        let block = total
            .div_ceil(BLOCKS)
            .next_multiple_of(TILE_ROWS)
            .max(least);
        for first in (0..total).step_by(block) {
            let end = (first + block).min(total);
            let cells = first * cols..end * cols;
            let bits = first * cols * words..end * cols * words;
            let mut fields: Vec<_> = sky
                .fields
                .iter_mut()
                .map(|f| &mut f[cells.clone()])
                .collect();
            let mut masks: Vec<_> = sky.masks.iter_mut().map(|m| &mut m[bits.clone()]).collect();
            plan.compute(terrain, first, &mut fields, &mut masks);
            if !watch(end, total) {
                return None;
            }
        }
        Some(sky)
    }
}

/// View factors from stored patch bits, the same sums as [`SkyPlan::compute`] (invariant I22).
#[must_use]
pub fn from_masks(
    grid: Grid,
    table: &PatchTable,
    masks: &PatchMasks<'_>,
    trunk_absent: Option<&[bool]>,
    normalised: bool,
) -> Vec<Vec<f32>> {
    let weights = SkyWeights::new(table, normalised);
    let words = table.words();
    let families = [
        Some(masks.building),
        masks.vegetation.map(|(veg, _)| veg),
        masks.vegetation.map(|(_, aveg)| aveg),
    ];
    let mut fields = vec![vec![1.0_f32; grid.len()]; FIELDS];
    for (family, bits) in families.iter().enumerate() {
        let Some(bits) = bits else { continue };
        let mut planes = vec![[0_u32; SEGMENT]; words];
        let mut sums = [[0.0; SEGMENT]; 5];
        for first in (0..grid.len()).step_by(SEGMENT) {
            let width = SEGMENT.min(grid.len() - first);
            for i in 0..width {
                for w in 0..words {
                    planes[w][i] = bits[(first + i) * words + w];
                }
            }
            weights.reduce(&planes, &mut sums);
            for d in 0..5 {
                for i in 0..width {
                    let cell = first + i;
                    let here = family == 0 || trunk_absent.is_none_or(|absent| absent[cell]);
                    let constant = !normalised && matches!(d, 2 | 3) && here;
                    let sum = sums[d][i] + if constant { SECTOR_CONSTANT } else { 0.0 };
                    fields[family * 5 + d][cell] = clipped(sum, true);
                }
            }
        }
    }
    fields
}
