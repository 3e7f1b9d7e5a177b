//! Weights that turn patch bits into view factors (G 5.2, 5.3).

use super::fields::FIELDS;
use crate::grid::Grid;
use crate::patches::{PatchMasks, PatchTable};
use crate::terrain::LANES;

/// The zenith cap left over from an older scheme, added to the southern and western sectors
/// (quirk Q18).
const SECTOR_CONSTANT: f64 = 3.0459e-4;

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

/// Weights are whole multiples of one over this, so that sums of them are exact: they depend neither
/// on their order nor on the engine. A view factor is then rounded once, to f32.
pub const UNIT: u32 = 1 << 31;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights lie between 0 and 1"
)]
fn whole(weight: f64) -> u32 {
    (weight * f64::from(UNIT)).round() as u32
}

/// Bit sets and weights that turn patch bits into the five view factors of a family.
#[derive(Clone, Debug)]
pub struct SkyWeights {
    terms: Vec<Term>,
    bands: Vec<Band>,
    normalised: bool,
}

/// A band of equally weighted patches.
#[derive(Clone, Debug)]
struct Band {
    /// First half word it has bits in; and there and in those after it its bits, and those of its
    /// eastern and southern patches.
    first: usize,
    bits: Vec<[u16; 3]>,
    /// As in [`Term`].
    weights: [u32; 5],
}

/// One run of equally weighted bits within a word.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// Word the bits lie in.
    pub word: usize,
    /// Bits of the band, and of its eastern and southern patches.
    pub bits: [u32; 3],
    /// Weight in the hemisphere and in the E, S, W, N sectors, in units of one over [`UNIT`].
    pub weights: [u32; 5],
}

impl SkyWeights {
    /// Weights of a patch table (G 5.2).
    #[must_use]
    pub fn new(table: &PatchTable, normalised: bool) -> Self {
        let (mut terms, mut bands) = (Vec::new(), Vec::new());
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
            let weights = weights.map(whole);
            let range = band.first..band.first + band.count;
            let bits = |first: usize, end: usize| {
                let mut bits = [0_u32; 3];
                for i in range.start.max(first)..range.end.min(end) {
                    let [east, south, ..] = sectors(table.patches[i].azimuth_deg);
                    let bit = 1_u32 << (i - first);
                    bits[0] |= bit;
                    bits[1] |= if east { bit } else { 0 };
                    bits[2] |= if south { bit } else { 0 };
                }
                bits
            };
            for word in range.start / 32..=(range.end - 1) / 32 {
                terms.push(Term {
                    word,
                    bits: bits(32 * word, 32 * word + 32),
                    weights,
                });
            }
            let halves = range.start / 16..=(range.end - 1) / 16;
            bands.push(Band {
                first: *halves.start(),
                bits: halves
                    .map(|half| bits(16 * half, 16 * half + 16).map(|b| b as u16))
                    .collect(),
                weights,
            });
        }
        Self {
            terms,
            bands,
            normalised,
        }
    }

    /// Runs of equally weighted bits, horizon first.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether a term counts in all four sectors with the weight of the hemisphere: the zenith
    /// patch, in the normalised mode.
    #[must_use]
    pub fn counts_everywhere(&self, term: usize) -> bool {
        self.normalised && term + 1 == self.terms.len()
    }

    /// The reference's addition to a direction of a family (G 5.3): to the southern and western
    /// sectors, of the vegetation families only where a cell has no trunk zone.
    #[must_use]
    pub fn constant(&self, family: usize, direction: usize, trunk_absent: bool) -> u32 {
        let sector = !self.normalised && matches!(direction, 2 | 3);
        if sector && (family == 0 || trunk_absent) {
            whole(SECTOR_CONSTANT)
        } else {
            0
        }
    }

    /// View factors of a family for cells side by side: `plane(h)[i]` is half word `h` of cell `i`.
    #[inline(always)]
    pub(super) fn reduce<'a>(
        &self,
        plane: impl Fn(usize) -> &'a [u16; LANES],
        out: &mut [[u32; LANES]; 5],
    ) {
        *out = [[0; LANES]; 5];
        for (b, band) in self.bands.iter().enumerate() {
            let mut counts = [[0_u16; LANES]; 3];
            for (k, bits) in band.bits.iter().enumerate() {
                let plane = plane(band.first + k);
                for s in 0..3 {
                    for i in 0..LANES {
                        counts[s][i] += (plane[i] & bits[s]).count_ones() as u16;
                    }
                }
            }
            let [total, east, south] = &counts;
            let (mut west, mut north) = ([0_u16; LANES], [0_u16; LANES]);
            for i in 0..LANES {
                west[i] = total[i] - east[i];
                north[i] = total[i] - south[i];
            }
            // The normalised mode counts the zenith patch in all four sectors.
            let zenith = self.normalised && b + 1 == self.bands.len();
            let sectors = if zenith {
                [total; 5]
            } else {
                [total, east, south, &west, &north]
            };
            for d in 0..5 {
                let weight = band.weights[if zenith { 0 } else { d }];
                for i in 0..LANES {
                    out[d][i] += u32::from(sectors[d][i]) * weight;
                }
            }
        }
    }
}

#[inline(always)]
pub(super) fn clipped(svf: u32, valid: bool) -> f32 {
    if valid {
        svf.min(UNIT) as f32 * (1.0 / UNIT as f32)
    } else {
        f32::NAN
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
        let mut planes = vec![[0_u16; LANES]; 2 * words];
        let mut sums = [[0; LANES]; 5];
        for first in (0..grid.len()).step_by(LANES) {
            let width = LANES.min(grid.len() - first);
            for i in 0..width {
                for w in 0..words {
                    let word = bits[(first + i) * words + w];
                    planes[2 * w][i] = word as u16;
                    planes[2 * w + 1][i] = (word >> 16) as u16;
                }
            }
            weights.reduce(|half| &planes[half], &mut sums);
            for d in 0..5 {
                for i in 0..width {
                    let cell = first + i;
                    let absent = trunk_absent.is_none_or(|absent| absent[cell]);
                    let sum = sums[d][i] + weights.constant(family, d, absent);
                    fields[family * 5 + d][cell] = clipped(sum, true);
                }
            }
        }
    }
    fields
}
