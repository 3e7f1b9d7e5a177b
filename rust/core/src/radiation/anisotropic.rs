//! The patch sky (R 8): what each patch is, and weighted sums over patches.
//!
//! Of every patch a cell sees sky, foliage or building. The masks are read with foliage before
//! building, so the three never overlap; for masks of the model's own shadow casting this is
//! R 8.1 to the letter. Foliage and building are then told apart only where it matters: a building
//! patch may be sunlit.

use super::bytes::ByteTable;
use super::lit::LitPatches;
use crate::constants::DEG;
use crate::patches::{PatchMasks, PatchTable};
use crate::sky::emissivity::martin_berdahl_factor;
use crate::weather::{Sun, Suns};
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

/// The three masks of one cell, word by word.
#[derive(Clone, Copy, Debug)]
pub struct CellMasks<'a> {
    building: &'a [u32],
    vegetation: Option<(&'a [u32], &'a [u32])>,
}

/// One word of the patch classes of a cell.
#[derive(Clone, Copy, Debug)]
pub struct ClassWord {
    /// Sky.
    pub sky: u32,
    /// Building.
    pub building: u32,
    /// Open but for foliage: the sky shines through with the canopy's transmissivity.
    pub behind_foliage: u32,
}

impl<'a> CellMasks<'a> {
    /// Masks of cell `cell`.
    #[inline(always)]
    #[must_use]
    pub fn of(masks: &PatchMasks<'a>, cell: usize) -> Self {
        let words = cell * masks.words..(cell + 1) * masks.words;
        Self {
            building: &masks.building[words.clone()],
            vegetation: masks
                .vegetation
                .map(|(v, vb)| (&v[words.clone()], &vb[words])),
        }
    }

    /// Number of words.
    #[inline(always)]
    #[must_use]
    pub fn words(&self) -> usize {
        self.building.len()
    }

    /// Classes of the patches of word `index`.
    #[inline(always)]
    #[must_use]
    pub fn classes(&self, index: usize) -> ClassWord {
        let open = self.building[index];
        let (veg, vb) = self
            .vegetation
            .map_or((u32::MAX, u32::MAX), |(v, b)| (v[index], b[index]));
        let no_foliage = veg & vb;
        ClassWord {
            sky: open & no_foliage,
            building: !open & no_foliage,
            behind_foliage: open & !veg,
        }
    }

    /// Patches of word `index` where foliage stands before anything else.
    #[inline(always)]
    #[must_use]
    pub fn foliage(&self, index: usize) -> u32 {
        self.vegetation.map_or(0, |(v, b)| !(v[index] & b[index]))
    }
}

/// Sums over the sky patches of one cell that hold for a whole run.
///
/// Order: side, down, then the same times the emissivity deficit.
pub type SkySum = [f32; 4];

/// [`SkySum`] of every cell.
#[must_use]
pub fn sky_sums(weights: &[PatchWeight], masks: &PatchMasks<'_>) -> Vec<SkySum> {
    let table = ByteTable::new(weights.len(), |i| {
        let w = &weights[i];
        [w.side, w.down, w.deficit * w.side, w.deficit * w.down]
    });
    let mut out = vec![[0.0; 4]; masks.building.len() / masks.words];
    out.par_iter_mut()
        .enumerate()
        .with_min_len(4096)
        .for_each(|(cell, sum)| {
            let cell = CellMasks::of(masks, cell);
            for index in 0..cell.words() {
                table.add_word(index, cell.classes(index).sky, sum);
            }
        });
    out
}

/// One patch of a step: what the tables are made of, and what a device reads instead of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatchTerms {
    /// Sky radiance [W m⁻² sr⁻¹].
    pub radiance: f64,
    /// Share of the diffuse light.
    pub share: f64,
}

/// What one of the suns of a step does to the patches.
#[derive(Clone, Debug)]
pub struct PatchLight {
    /// Which building patches it lights.
    pub lit: LitPatches,
    /// The patches opposite it, by patch.
    pub opposite: Vec<bool>,
    /// Cosine of its beam on a wall there that looks at the cell, by patch; 1 where walls do not shine
    /// by their facets.
    pub incidence: Vec<f64>,
    /// Weights of the patches it lights, for its share of the step: side times incidence; side and
    /// down of those opposite it.
    pub building: ByteTable<4>,
}

/// Tables of one daytime step.
#[derive(Clone, Debug)]
pub struct PatchStep {
    /// The patches one by one.
    pub terms: Vec<PatchTerms>,
    /// Sky radiance times cylinder weight, and share of diffuse light, of patches in the sky.
    pub sky: ByteTable<2>,
    /// Share of the step that each sun stands for.
    pub sun_share: f64,
    /// The suns that are up.
    pub suns: Vec<PatchLight>,
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
    /// Weight of building patches opposite each sun, for its share of the step.
    pub building: Vec<ByteTable<4>>,
    /// The same times the incidence of its beam; none where walls do not shine by their facets.
    pub beam: Vec<ByteTable<4>>,
}

/// Sun and sky of a step, as the patches need them.
#[derive(Clone, Copy, Debug)]
pub struct PatchSun<'a> {
    /// The suns of the step.
    pub suns: &'a Suns,
    /// Diffuse horizontal irradiance [W m⁻²].
    pub diffuse: f64,
    /// Relative luminance per patch.
    pub luminance: &'a [f64],
    /// Weight the diffuse share by solid angle and altitude instead of plainly.
    pub weighted_share: bool,
    /// Walls shine by their facets.
    pub facets: bool,
}

impl PatchSun<'_> {
    /// What the patches send.
    #[must_use]
    pub fn terms(&self, weights: &[PatchWeight]) -> Vec<PatchTerms> {
        let light = self.luminance;
        let horizontal: f64 = light.iter().zip(weights).map(|(l, w)| l * w.down).sum();
        light
            .iter()
            .zip(weights)
            .map(|(&l, w)| PatchTerms {
                radiance: l * self.diffuse / horizontal,
                share: if self.weighted_share {
                    l * w.down / horizontal
                } else {
                    l
                },
            })
            .collect()
    }
}

/// A patch is opposite the sun when it stands more than 90° of azimuth away from it.
fn opposite(sun_azimuth_deg: f64, azimuth_deg: f64) -> bool {
    let apart = (sun_azimuth_deg - azimuth_deg).abs();
    90.0 < apart && apart < 270.0
}

/// Cosine of a sun's beam on an upright wall that is seen at an azimuth and looks back from there; 0
/// from behind.
fn incidence(sun: Sun, azimuth_deg: f64) -> f64 {
    let turn = ((sun.azimuth - azimuth_deg) * DEG).cos();
    (sun.altitude * DEG).cos() * (-turn).max(0.0)
}

impl SideTables {
    /// Tables with `radiance(patch)` the sky's shortwave radiance and `suns` those that are up, each
    /// for `share` of the step.
    fn new(
        weights: &[PatchWeight],
        radiance: impl Fn(usize) -> f64,
        suns: &[PatchLight],
        share: f64,
        facets: bool,
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
        let opposed = |sun: &PatchLight, i: usize| {
            if sun.opposite[i] {
                weights[i].sides.map(|w| w * share)
            } else {
                [0.0; 4]
            }
        };
        Self {
            sky: ByteTable::new(n, sky),
            light: ByteTable::new(n, |i| weights[i].sides.map(|w| radiance(i) * w)),
            building: suns
                .iter()
                .map(|sun| ByteTable::new(n, |i| opposed(sun, i)))
                .collect(),
            beam: (suns.iter().filter(|_| facets))
                .map(|sun| ByteTable::new(n, |i| opposed(sun, i).map(|w| w * sun.incidence[i])))
                .collect(),
        }
    }

    /// Tables of a step without sun.
    #[must_use]
    pub fn night(weights: &[PatchWeight]) -> Self {
        Self::new(weights, |_| 0.0, &[], 1.0, false)
    }
}

impl PatchLight {
    /// What a sun does in its `share` of the step.
    fn new(weights: &[PatchWeight], sun: Sun, share: f64, facets: bool) -> Self {
        let opposite: Vec<bool> = weights
            .iter()
            .map(|w| opposite(sun.azimuth, w.azimuth_deg))
            .collect();
        let incidence: Vec<f64> = weights
            .iter()
            .map(|w| {
                if facets {
                    incidence(sun, w.azimuth_deg)
                } else {
                    1.0
                }
            })
            .collect();
        let building = |i: usize| {
            let w = &weights[i];
            let facing = f64::from(u8::from(opposite[i]));
            [incidence[i] * w.side, facing * w.side, facing * w.down, 0.0].map(|w| w * share)
        };
        Self {
            lit: LitPatches::new(
                weights.iter().map(|w| (w.tangent, w.azimuth_deg)),
                sun.azimuth,
                (sun.altitude * DEG).tan(),
            ),
            building: ByteTable::new(weights.len(), building),
            opposite,
            incidence,
        }
    }
}

impl PatchStep {
    /// Tables of a step; `with_sides` adds those of the box sides.
    #[must_use]
    pub fn new(weights: &[PatchWeight], sun: &PatchSun<'_>, with_sides: bool) -> Self {
        let terms = sun.terms(weights);
        let sun_share = 1.0 / sun.suns.all().len() as f64;
        let suns: Vec<PatchLight> = sun
            .suns
            .up()
            .map(|(_, up)| PatchLight::new(weights, up, sun_share, sun.facets))
            .collect();
        let sky = |i: usize| [terms[i].radiance * weights[i].side, terms[i].share];
        Self {
            sky: ByteTable::new(weights.len(), sky),
            sides: with_sides.then(|| {
                let radiance = |i: usize| terms[i].radiance;
                SideTables::new(weights, radiance, &suns, sun_share, sun.facets)
            }),
            sun_share,
            suns,
            terms,
        }
    }

    /// Sums of one cell with building sky view `s`.
    #[inline(always)]
    #[must_use]
    pub fn sums(&self, cell: &CellMasks<'_>, s: f32) -> CellSums {
        self.some_sums::<true>(cell, s)
    }

    /// The same of lit buildings alone.
    #[inline(always)]
    #[must_use]
    pub fn lit_sums(&self, cell: &CellMasks<'_>, s: f32) -> CellSums {
        self.some_sums::<false>(cell, s)
    }

    #[inline(always)]
    fn some_sums<const SKY: bool>(&self, cell: &CellMasks<'_>, s: f32) -> CellSums {
        match self.suns.as_slice() {
            [a] => self.sums_of::<1, SKY>([a], cell, s),
            [a, b] => self.sums_of::<2, SKY>([a, b], cell, s),
            [a, b, c] => self.sums_of::<3, SKY>([a, b, c], cell, s),
            [a, b, c, d] => self.sums_of::<4, SKY>([a, b, c, d], cell, s),
            [a, b, c, d, e, ..] => self.sums_of::<5, SKY>([a, b, c, d, e], cell, s),
            [] => self.sums_of::<0, SKY>([], cell, s),
        }
    }

    #[inline(always)]
    fn sums_of<const N: usize, const SKY: bool>(
        &self,
        suns: [&PatchLight; N],
        cell: &CellMasks<'_>,
        s: f32,
    ) -> CellSums {
        let mut sky = [0.0; 2];
        let mut foliage = [0.0; 2];
        let mut building = [0.0; 4];
        let mut lit = [&[][..]; N];
        for n in 0..N {
            lit[n] = suns[n].lit.mask(s);
        }
        for index in 0..cell.words() {
            let classes = cell.classes(index);
            if SKY {
                self.sky.add_word(index, classes.sky, &mut sky);
                self.sky
                    .add_sparse_word(index, classes.behind_foliage, &mut foliage);
            }
            for n in 0..N {
                let word = classes.building & lit[n][index];
                suns[n].building.add_sparse_word(index, word, &mut building);
            }
        }
        CellSums {
            sky_light: sky[0],
            sky_share: sky[1],
            foliage_light: foliage[0],
            foliage_share: foliage[1],
            lit_side: building[0],
            opposite_side: building[1],
            opposite_down: building[2],
        }
    }
}

/// Patch sums of one cell in daylight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CellSums {
    /// Diffuse light on the cylinder from open sky [W m⁻²].
    pub sky_light: f32,
    /// Share of the diffuse light from open sky.
    pub sky_share: f32,
    /// Diffuse light on the cylinder from sky behind foliage, before transmission [W m⁻²].
    pub foliage_light: f32,
    /// Share of the diffuse light from sky behind foliage, before transmission.
    pub foliage_share: f32,
    /// Side weight of lit buildings, times the incidence of the beam where walls shine by their facets
    /// [sr].
    pub lit_side: f32,
    /// Side weight of lit buildings opposite the sun [sr].
    pub opposite_side: f32,
    /// Down weight of lit buildings opposite the sun [sr].
    pub opposite_down: f32,
}

/// Sums of the box sides E, S, W, N of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SideSums {
    /// Weight of sky patches [sr].
    pub sky: [f32; 4],
    /// The same times the emissivity deficit [sr].
    pub deficit: [f32; 4],
    /// Diffuse light from open sky [W m⁻²].
    pub light: [f32; 4],
    /// Diffuse light from sky behind foliage, before transmission [W m⁻²].
    pub foliage_light: [f32; 4],
    /// Weight of lit buildings opposite the sun [sr].
    pub opposite: [f32; 4],
    /// The same times the incidence of the beam, where walls shine by their facets [sr].
    pub beam: [f32; 4],
}

impl SideTables {
    /// Sums of one cell with building sky view `s`; `suns` are those of the step that are up.
    #[inline(always)]
    #[must_use]
    pub fn sums(&self, cell: &CellMasks<'_>, s: f32, suns: &[PatchLight]) -> SideSums {
        let mut sky = [0.0; 8];
        let mut out = SideSums::default();
        for index in 0..cell.words() {
            let classes = cell.classes(index);
            self.sky.add_word(index, classes.sky, &mut sky);
            self.light.add_word(index, classes.sky, &mut out.light);
            self.light
                .add_sparse_word(index, classes.behind_foliage, &mut out.foliage_light);
        }
        for (sun, building) in suns.iter().zip(&self.building) {
            let lit = sun.lit.mask(s);
            for index in 0..cell.words() {
                let word = cell.classes(index).building & lit[index];
                building.add_sparse_word(index, word, &mut out.opposite);
            }
        }
        for (sun, beam) in suns.iter().zip(&self.beam) {
            let lit = sun.lit.mask(s);
            for index in 0..cell.words() {
                let word = cell.classes(index).building & lit[index];
                beam.add_sparse_word(index, word, &mut out.beam);
            }
        }
        out.sky = std::array::from_fn(|d| sky[d]);
        out.deficit = std::array::from_fn(|d| sky[4 + d]);
        out
    }
}
