//! What the fused pass reads from the rasters, and the workspace of one block of cells.

use super::anisotropic::SkySum;
use super::tables::GroundTerms;
use crate::air::Air;
use crate::delay::MEMORIES;
use crate::patches::PatchMasks;
use crate::svf::FIELDS as SVF_FIELDS;
use std::ops::Range;

/// Cells a block works on at once: its workspace stays in the first-level cache.
pub const BLOCK: usize = 128;
/// One quantity of a block.
pub type Lane = [f32; BLOCK];
/// Four sides E, S, W, N.
pub const SIDES: usize = 4;

/// Ground view of a daytime step; index 0 total, then E, S, W, N.
#[derive(Clone, Copy, Debug)]
pub struct GroundFields<'a> {
    /// Upwelling longwave beyond that of ground at air temperature [W m⁻²].
    pub lup: [&'a [f32]; 5],
    /// Albedo seen in the sun.
    pub albedo: [&'a [f32]; 5],
    /// Albedo seen under diffuse light.
    pub albedo_diffuse: [&'a [f32]; 5],
}

/// Rasters of a run and of a step, whole or cut to some cells.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    /// Cells with data.
    pub valid: &'a [bool],
    /// Where each cell lies for the sums over the map, see [`super::sums::places`].
    pub places: &'a [u8],
    /// Sky view factors.
    pub svf: [&'a [f32]; SVF_FIELDS],
    /// Patch visibility, with the sums that hold for the run; `None` under the isotropic sky.
    pub patches: Option<(PatchMasks<'a>, &'a [SkySum])>,
    /// Run-long sums by the sky that facets see, where walls shine by it.
    pub facets: Option<&'a [f32]>,
    /// Land-cover code.
    pub land_cover: Option<&'a [u8]>,
    /// Albedo where it is given as a raster.
    pub albedo: Option<&'a [f32]>,
    /// Emissivity where it is given as a raster.
    pub emissivity: Option<&'a [f32]>,
    /// Mean transmissivity of the canopies a cell sees in leaf, where they have their own.
    pub seen: Option<&'a [f32]>,
    /// Transmissivity of the canopies before it, summed over the suns behind leaves, in
    /// [`crate::terrain::UNITS`]; by day, where canopies have their own.
    pub through: Option<&'a [u16]>,
    /// Light, see [`super::light`]: the shadow flags of one sun, the states of several; `None` at
    /// night.
    pub shadow: Option<&'a [u8]>,
    /// Ground view; `None` at night.
    pub ground: Option<GroundFields<'a>>,
    /// The air where it is given cell by cell.
    pub air: Air<'a>,
}

impl<'a> Cells<'a> {
    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.valid.len()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.valid.is_empty()
    }

    /// The cells of a range.
    #[inline(always)]
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let part = |x: &'a [f32]| &x[range.clone()];
        Self {
            valid: &self.valid[range.clone()],
            places: &self.places[range.clone()],
            svf: self.svf.map(part),
            patches: self.patches.map(|(m, sums)| {
                let words = range.start * m.words..range.end * m.words;
                let masks = PatchMasks {
                    words: m.words,
                    building: &m.building[words.clone()],
                    vegetation: m
                        .vegetation
                        .map(|(v, b)| (&v[words.clone()], &b[words.clone()])),
                };
                (masks, &sums[range.clone()])
            }),
            facets: self.facets.map(part),
            land_cover: self.land_cover.map(|x| &x[range.clone()]),
            albedo: self.albedo.map(part),
            emissivity: self.emissivity.map(part),
            seen: self.seen.map(part),
            through: self.through.map(|x| &x[range.clone()]),
            shadow: self.shadow.map(|x| &x[range.clone()]),
            ground: self.ground.map(|g| GroundFields {
                lup: g.lup.map(part),
                albedo: g.albedo.map(part),
                albedo_diffuse: g.albedo_diffuse.map(part),
            }),
            air: self.air.slice(range),
        }
    }

    /// Whether a cell has every input.
    #[inline(always)]
    #[must_use]
    pub fn complete(&self, i: usize) -> bool {
        let given = |x: Option<&[f32]>| x.is_none_or(|x| !x[i].is_nan());
        self.valid[i]
            && !(self.svf[0][i] + self.svf[5][i]).is_nan()
            && given(self.albedo)
            && given(self.emissivity)
    }

    /// Albedo of a cell.
    #[inline(always)]
    #[must_use]
    pub fn albedo_of(&self, i: usize, ground: &GroundTerms) -> f32 {
        self.albedo
            .map_or_else(|| ground.albedo[self.code(i)], |x| x[i])
    }

    /// Emissivity of a cell.
    #[inline(always)]
    #[must_use]
    pub fn emissivity_of(&self, i: usize, ground: &GroundTerms) -> f32 {
        self.emissivity
            .map_or_else(|| ground.emissivity[self.code(i)], |x| x[i])
    }

    /// Land-cover code of a cell, 0 without land cover.
    #[inline(always)]
    #[must_use]
    pub fn code(&self, i: usize) -> usize {
        self.land_cover.map_or(0, |x| usize::from(x[i]))
    }
}

/// Rasters of some cells, copied together.
#[derive(Clone, Debug)]
pub struct Gathered {
    valid: Vec<bool>,
    places: Vec<u8>,
    svf: [Vec<f32>; SVF_FIELDS],
    words: usize,
    building: Vec<u32>,
    vegetation: Option<(Vec<u32>, Vec<u32>)>,
    sums: Vec<SkySum>,
    facets: Option<Vec<f32>>,
    land_cover: Option<Vec<u8>>,
    albedo: Option<Vec<f32>>,
    emissivity: Option<Vec<f32>>,
    seen: Option<Vec<f32>>,
    through: Option<Vec<u16>>,
    shadow: Option<Vec<u8>>,
    ground: Option<[Vec<f32>; 15]>,
    air: [Option<Vec<f32>>; 3],
    wind_height: f64,
}

fn pick<T: Copy>(from: &[T], at: &[usize]) -> Vec<T> {
    at.iter().map(|&i| from[i]).collect()
}

fn pick_words(from: &[u32], words: usize, at: &[usize]) -> Vec<u32> {
    at.iter()
        .flat_map(|&i| from[i * words..(i + 1) * words].iter().copied())
        .collect()
}

impl Gathered {
    /// Copy the cells `at` out of `cells`.
    #[must_use]
    pub fn new(cells: &Cells<'_>, at: &[usize]) -> Self {
        let masks = cells.patches.map(|(m, _)| m);
        let words = masks.map_or(0, |m| m.words);
        let all = |g: GroundFields<'_>| -> [Vec<f32>; 15] {
            let groups = [g.lup, g.albedo, g.albedo_diffuse];
            std::array::from_fn(|k| pick(groups[k / 5][k % 5], at))
        };
        Self {
            valid: pick(cells.valid, at),
            places: pick(cells.places, at),
            svf: cells.svf.map(|x| pick(x, at)),
            words,
            building: masks.map_or_else(Vec::new, |m| pick_words(m.building, words, at)),
            vegetation: masks
                .and_then(|m| m.vegetation)
                .map(|(v, b)| (pick_words(v, words, at), pick_words(b, words, at))),
            sums: cells
                .patches
                .map_or_else(Vec::new, |(_, sums)| pick(sums, at)),
            facets: cells.facets.map(|x| pick(x, at)),
            land_cover: cells.land_cover.map(|x| pick(x, at)),
            albedo: cells.albedo.map(|x| pick(x, at)),
            emissivity: cells.emissivity.map(|x| pick(x, at)),
            seen: cells.seen.map(|x| pick(x, at)),
            through: cells.through.map(|x| pick(x, at)),
            shadow: cells.shadow.map(|x| pick(x, at)),
            ground: cells.ground.map(all),
            air: [cells.air.ta, cells.air.rh, cells.air.wind].map(|x| x.map(|x| pick(x, at))),
            wind_height: cells.air.wind_height,
        }
    }

    /// The copies as cells.
    #[must_use]
    pub fn cells(&self) -> Cells<'_> {
        let vegetation = self
            .vegetation
            .as_ref()
            .map(|(v, b)| (v.as_slice(), b.as_slice()));
        let masks = PatchMasks {
            words: self.words,
            building: self.building.as_slice(),
            vegetation,
        };
        Cells {
            valid: &self.valid,
            places: &self.places,
            svf: std::array::from_fn(|k| self.svf[k].as_slice()),
            patches: (self.words > 0).then_some((masks, self.sums.as_slice())),
            facets: self.facets.as_deref(),
            land_cover: self.land_cover.as_deref(),
            albedo: self.albedo.as_deref(),
            emissivity: self.emissivity.as_deref(),
            seen: self.seen.as_deref(),
            through: self.through.as_deref(),
            shadow: self.shadow.as_deref(),
            ground: self.ground.as_ref().map(|g| GroundFields {
                lup: std::array::from_fn(|d| g[d].as_slice()),
                albedo: std::array::from_fn(|d| g[5 + d].as_slice()),
                albedo_diffuse: std::array::from_fn(|d| g[10 + d].as_slice()),
            }),
            air: Air {
                ta: self.air[0].as_deref(),
                rh: self.air[1].as_deref(),
                wind: self.air[2].as_deref(),
                wind_height: self.wind_height,
                sky: None,
            },
        }
    }
}

/// Delay memories of a run of cells.
pub type Memory<'a> = [&'a mut [f32]; MEMORIES];
