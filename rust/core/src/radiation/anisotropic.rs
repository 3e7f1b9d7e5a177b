//! The patch sky (R 8): what each patch is, and weighted sums over patches.
//!
//! Of every patch a cell sees sky, foliage or building. The masks are read with foliage before
//! building, so the three never overlap; for masks of the model's own shadow casting this is
//! R 8.1 to the letter. Foliage and building are then told apart only where it matters: a building
//! patch may be sunlit.

use super::bytes::ByteTable;
use crate::constants::DEG;
use crate::patches::{PatchMasks, PatchTable};
use crate::simd::{self, Kernel};
use crate::sky::emissivity::martin_berdahl_factor;
use rayon::prelude::*;

/// Azimuth the four sides E, S, W, N look to [deg].
pub const SIDE_AZIMUTHS: [f64; 4] = [90.0, 180.0, 270.0, 0.0];

/// Weather-independent geometry of one patch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatchWeight {
    /// Solid angle times cosine of the altitude: weight on an upright cylinder [sr].
    pub side: f64,
    /// Solid angle times sine of the altitude: weight on the horizontal [sr].
    pub down: f64,
    /// Weight on the sides E, S, W, N of a box; 0 behind a side [sr].
    pub sides: [f64; 4],
    /// Emissivity deficit relative to the hemisphere's (R 5.3).
    pub deficit: f64,
    /// Tangent of the altitude.
    pub tangent: f64,
    /// Azimuth [deg].
    pub azimuth_deg: f64,
}

/// Whether a patch lies in front of a side (R 8.4).
fn in_front(side: usize, azimuth_deg: f64) -> bool {
    match side {
        0 => azimuth_deg < 180.0,
        1 => 90.0 < azimuth_deg && azimuth_deg < 270.0,
        2 => 180.0 < azimuth_deg && azimuth_deg < 360.0,
        _ => !(90.0..=270.0).contains(&azimuth_deg),
    }
}

/// Geometry of every patch.
#[must_use]
pub fn patch_weights(table: &PatchTable) -> Vec<PatchWeight> {
    let weight = |altitude_deg: f64, azimuth_deg: f64, solid_angle: f64| {
        let (sin_b, cos_b) = (altitude_deg * DEG).sin_cos();
        let on_side = |d: usize| {
            let turn = ((SIDE_AZIMUTHS[d] - azimuth_deg) * DEG).cos();
            if in_front(d, azimuth_deg) {
                solid_angle * cos_b * turn
            } else {
                0.0
            }
        };
        PatchWeight {
            side: solid_angle * cos_b,
            down: solid_angle * sin_b,
            sides: std::array::from_fn(on_side),
            deficit: martin_berdahl_factor(altitude_deg),
            tangent: (altitude_deg * DEG).tan(),
            azimuth_deg,
        }
    };
    let patches = table.patches.iter();
    patches
        .map(|p| {
            weight(
                p.altitude_deg,
                p.azimuth_deg,
                table.bands[p.band].solid_angle,
            )
        })
        .collect()
}

/// One word of the patch classes of a cell.
#[derive(Clone, Copy, Debug)]
struct ClassWord {
    /// Sky.
    sky: u32,
    /// Building.
    building: u32,
    /// Open but for foliage: the sky shines through with the canopy's transmissivity.
    behind_foliage: u32,
}

/// Call `look` with every cell's number and word `index` of its classes. Word by word the part of a
/// table that is looked up stays in the first-level cache, and neighbours take the same branches.
#[inline(always)]
fn each_word(masks: &PatchMasks<'_>, index: usize, mut look: impl FnMut(usize, ClassWord)) {
    let words = masks.words;
    let building = masks.building.chunks_exact(words);
    let Some((veg, vb)) = masks.vegetation else {
        for (i, open) in building.enumerate() {
            let open = open[index];
            look(
                i,
                ClassWord {
                    sky: open,
                    building: !open,
                    behind_foliage: 0,
                },
            );
        }
        return;
    };
    let cells = building.zip(veg.chunks_exact(words)).zip(vb.chunks_exact(words));
    for (i, ((open, veg), vb)) in cells.enumerate() {
        let (open, veg, vb) = (open[index], veg[index], vb[index]);
        look(
            i,
            ClassWord {
                sky: open & veg & vb,
                building: !open & veg & vb,
                behind_foliage: open & !veg,
            },
        );
    }
}

/// Sums over the sky patches of one cell that hold for a whole run.
///
/// Order: side, down, then the same times the emissivity deficit.
pub type SkySum = [f32; 4];

/// Cells whose sums are made together, word by word.
const TOGETHER: usize = 128;

/// [`SkySum`] of every cell.
#[must_use]
pub fn sky_sums(weights: &[PatchWeight], masks: &PatchMasks<'_>) -> Vec<SkySum> {
    let table = ByteTable::new(weights.len(), |i| {
        let w = &weights[i];
        [w.side, w.down, w.deficit * w.side, w.deficit * w.down]
    });
    let mut out = vec![[0.0; 4]; masks.building.len() / masks.words];
    let tasks = out.par_chunks_mut(64 * TOGETHER).enumerate();
    tasks.for_each(|(task, sums)| {
        let first = task * 64 * TOGETHER;
        simd::dispatch(SkySums {
            table: &table,
            masks: masks.slice(first..first + sums.len()),
            sums,
        });
    });
    out
}

/// A task of [`sky_sums`].
struct SkySums<'a> {
    table: &'a ByteTable<4>,
    masks: PatchMasks<'a>,
    sums: &'a mut [SkySum],
}

impl Kernel for SkySums<'_> {
    #[inline(always)]
    fn run(self) {
        for (block, sums) in self.sums.chunks_mut(TOGETHER).enumerate() {
            let first = block * TOGETHER;
            let masks = self.masks.slice(first..first + sums.len());
            for index in 0..masks.words {
                let table = self.table.word(index);
                each_word(
                    &masks,
                    index,
                    #[inline(always)]
                    |i, word| table.add(word.sky, &mut sums[i]),
                );
            }
        }
    }
}

/// Which building patches the sun lights, by the sky view of the cell (R 8.2).
///
/// A patch at altitude β is lit when tan κ < tan β − y with κ = arccos √s and y by patch. Since
/// tan κ falls as the sky view s grows, each patch has a threshold on s; sorted, the lit patches
/// of any cell are the first k, kept here as ready masks.
#[derive(Clone, Debug, PartialEq)]
pub struct LitPatches {
    /// Threshold of every patch, in patch order.
    pub by_patch: Vec<f32>,
    thresholds: Vec<f32>,
    masks: Vec<u32>,
    words: usize,
    /// Number of thresholds below the start of each of the [`BUCKETS`] parts of 0–1.
    start: Vec<u32>,
}

/// Where the mask of a cell's lit patches lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LitPlace(usize);

/// Parts of the unit interval the search for the threshold starts from.
const BUCKETS: usize = 1024;

impl LitPatches {
    /// Thresholds for a sun position.
    #[must_use]
    pub fn new(weights: &[PatchWeight], azimuth_deg: f64, tan_altitude: f64) -> Self {
        let words = weights.len().div_ceil(32);
        let mut order: Vec<(f32, usize)> = weights
            .iter()
            .enumerate()
            .map(|(i, w)| {
                let turn = ((azimuth_deg - w.azimuth_deg) * DEG).cos();
                let reach = w.tangent - (2.0 * turn * tan_altitude).min(0.0);
                ((1.0 / (1.0 + reach * reach)) as f32, i)
            })
            .collect();
        let by_patch = order.iter().map(|&(t, _)| t).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut masks = vec![0_u32; words];
        for (k, &(_, patch)) in order.iter().enumerate() {
            masks.extend_from_within(k * words..);
            masks[(k + 1) * words + patch / 32] |= 1 << (patch % 32);
        }
        let thresholds: Vec<f32> = order.iter().map(|&(t, _)| t).collect();
        let start = (0..BUCKETS)
            .map(|b| thresholds.partition_point(|&t| t < b as f32 / BUCKETS as f32) as u32)
            .collect();
        Self {
            by_patch,
            thresholds,
            masks,
            words,
            start,
        }
    }

    /// Place of the mask of the lit patches of a cell with building sky view `s`.
    #[inline(always)]
    #[must_use]
    pub fn place(&self, s: f32) -> LitPlace {
        let bucket = ((s * BUCKETS as f32) as usize).min(BUCKETS - 1);
        let mut k = self.start[bucket] as usize;
        while k < self.thresholds.len() && self.thresholds[k] < s {
            k += 1;
        }
        LitPlace(k * self.words)
    }

    /// Word `index` of the mask at a place.
    #[inline(always)]
    #[must_use]
    pub fn word(&self, place: LitPlace, index: usize) -> u32 {
        self.masks[place.0 + index]
    }
}

/// One patch of a step: what the tables are made of, and what a device reads instead of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatchTerms {
    /// Sky radiance [W m⁻² sr⁻¹].
    pub radiance: f64,
    /// Share of the diffuse light.
    pub share: f64,
    /// The patch stands opposite the sun.
    pub opposite: bool,
}

/// Tables of one daytime step.
#[derive(Clone, Debug)]
pub struct PatchStep {
    /// The patches one by one.
    pub terms: Vec<PatchTerms>,
    /// Sky radiance times cylinder weight, and share of diffuse light, of patches in the sky.
    pub sky: ByteTable<2>,
    /// Which building patches are lit.
    pub lit: LitPatches,
    /// Weights of lit building patches: side; side and down of those opposite the sun.
    pub building: ByteTable<4>,
    /// Box sides, only where they are asked for.
    pub sides: Option<SideTables>,
}

/// Tables of the sides E, S, W, N of a box.
#[derive(Clone, Debug)]
pub struct SideTables {
    /// Geometric weight, then the same times the emissivity deficit.
    pub sky: ByteTable<8>,
    /// Sky radiance times weight.
    pub light: ByteTable<4>,
    /// Weight of building patches opposite the sun.
    pub building: ByteTable<4>,
}

/// Sun and sky of a step, as the patches need them.
#[derive(Clone, Copy, Debug)]
pub struct PatchSun<'a> {
    /// Sun azimuth [deg].
    pub azimuth_deg: f64,
    /// Tangent of the sun altitude.
    pub tan_altitude: f64,
    /// Diffuse horizontal irradiance [W m⁻²].
    pub diffuse: f64,
    /// Relative luminance per patch.
    pub luminance: &'a [f64],
    /// Weight the diffuse share by solid angle and altitude instead of plainly.
    pub weighted_share: bool,
}

/// A patch is opposite the sun when it stands more than 90° of azimuth away from it.
fn opposite(sun_azimuth_deg: f64, azimuth_deg: f64) -> bool {
    let apart = (sun_azimuth_deg - azimuth_deg).abs();
    90.0 < apart && apart < 270.0
}

impl SideTables {
    /// Tables with `radiance(patch)` the sky's shortwave radiance and `faces(patch)` true for
    /// patches opposite the sun.
    fn new(
        weights: &[PatchWeight],
        radiance: impl Fn(usize) -> f64,
        faces: impl Fn(usize) -> bool,
    ) -> Self {
        let n = weights.len();
        let sky = |i: usize| {
            let w = &weights[i];
            std::array::from_fn(|k| {
                if k < 4 {
                    w.sides[k]
                } else {
                    w.deficit * w.sides[k - 4]
                }
            })
        };
        let opposed = |i: usize| if faces(i) { weights[i].sides } else { [0.0; 4] };
        Self {
            sky: ByteTable::new(n, sky),
            light: ByteTable::new(n, |i| weights[i].sides.map(|w| radiance(i) * w)),
            building: ByteTable::new(n, opposed),
        }
    }

    /// Tables of a step without sun.
    #[must_use]
    pub fn night(weights: &[PatchWeight]) -> Self {
        Self::new(weights, |_| 0.0, |_| false)
    }
}

impl PatchStep {
    /// Tables of a step; `with_sides` adds those of the box sides.
    #[must_use]
    pub fn new(weights: &[PatchWeight], sun: &PatchSun<'_>, with_sides: bool) -> Self {
        let light = sun.luminance;
        let horizontal: f64 = light.iter().zip(weights).map(|(l, w)| l * w.down).sum();
        let terms: Vec<PatchTerms> = light
            .iter()
            .zip(weights)
            .map(|(&l, w)| PatchTerms {
                radiance: l * sun.diffuse / horizontal,
                share: if sun.weighted_share {
                    l * w.down / horizontal
                } else {
                    l
                },
                opposite: opposite(sun.azimuth_deg, w.azimuth_deg),
            })
            .collect();
        let building = |i: usize| {
            let w = &weights[i];
            if terms[i].opposite {
                [w.side, w.side, w.down, 0.0]
            } else {
                [w.side, 0.0, 0.0, 0.0]
            }
        };
        let sky = |i: usize| [terms[i].radiance * weights[i].side, terms[i].share];
        Self {
            sky: ByteTable::new(weights.len(), sky),
            lit: LitPatches::new(weights, sun.azimuth_deg, sun.tan_altitude),
            building: ByteTable::new(weights.len(), building),
            sides: with_sides
                .then(|| SideTables::new(weights, |i| terms[i].radiance, |i| terms[i].opposite)),
            terms,
        }
    }

    /// Sums of some cells; `lit` holds the place of the lit patches of each.
    #[inline(always)]
    pub fn sums(&self, masks: &PatchMasks<'_>, lit: &[LitPlace], sums: &mut [CellSums]) {
        sums.fill(CellSums::default());
        for index in 0..masks.words {
            let (sky, building) = (self.sky.word(index), self.building.word(index));
            each_word(
                masks,
                index,
                #[inline(always)]
                |i, word| {
                    let sums = &mut sums[i];
                    sky.add_sparse(word.sky, &mut sums.sky);
                    sky.add_sparse(word.behind_foliage, &mut sums.foliage);
                    let lit = word.building & self.lit.word(lit[i], index);
                    building.add_sparse(lit, &mut sums.building);
                },
            );
        }
    }
}

/// Patch sums of one cell in daylight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CellSums {
    /// From open sky: diffuse light on the cylinder [W m⁻²], and share of the diffuse light.
    pub sky: [f32; 2],
    /// The same from sky behind foliage, before transmission.
    pub foliage: [f32; 2],
    /// Side weight of lit buildings, then side and down weight of those opposite the sun [sr].
    pub building: [f32; 4],
}

/// Sums of the box sides E, S, W, N of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SideSums {
    /// Weight of sky patches, then the same times the emissivity deficit [sr].
    pub sky: [f32; 8],
    /// Diffuse light from open sky [W m⁻²].
    pub light: [f32; 4],
    /// Diffuse light from sky behind foliage, before transmission [W m⁻²].
    pub foliage_light: [f32; 4],
    /// Weight of lit buildings opposite the sun [sr].
    pub opposite: [f32; 4],
}

impl SideTables {
    /// Sums of some cells; `lit` are the lit patches and their place for each cell, `None` at night.
    #[inline(always)]
    pub fn sums(
        &self,
        masks: &PatchMasks<'_>,
        lit: Option<(&LitPatches, &[LitPlace])>,
        sums: &mut [SideSums],
    ) {
        sums.fill(SideSums::default());
        for index in 0..masks.words {
            let (sky, light) = (self.sky.word(index), self.light.word(index));
            each_word(
                masks,
                index,
                #[inline(always)]
                |i, word| {
                    let sums = &mut sums[i];
                    sky.add_sparse(word.sky, &mut sums.sky);
                    light.add_sparse(word.sky, &mut sums.light);
                    light.add_sparse(word.behind_foliage, &mut sums.foliage_light);
                },
            );
            let Some((patches, places)) = lit else {
                continue;
            };
            let building = self.building.word(index);
            each_word(
                masks,
                index,
                #[inline(always)]
                |i, word| {
                    let lit = word.building & patches.word(places[i], index);
                    building.add_sparse(lit, &mut sums[i].opposite);
                },
            );
        }
    }
}
