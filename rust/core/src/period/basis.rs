//! The patch sky of many steps as sums of few: what a cell receives from the patches it sees is
//! linear in their values, so sums over patches are taken for a basis of the steps' tables only.

use crate::radiation::anisotropic::CellMasks;
use crate::radiation::bytes::ByteTable;

/// Values of a table the basis may miss, summed up over all patches [W m⁻²]: 1e-4 K of Tmrt at the
/// most.
const TOLERANCE: f64 = 3e-4;
/// Sums that are looked up together.
const WIDTH: usize = 8;

/// Weights of the patches in a step.
#[derive(Clone, Debug)]
pub struct PatchValues {
    /// Of those in the sky [W m⁻²].
    pub sky: Vec<f64>,
    /// Of those behind foliage [W m⁻²].
    pub foliage: Vec<f64>,
}

/// A basis of the values of some steps.
#[derive(Debug)]
pub struct SkyBasis {
    /// How many sums a cell has.
    pub rank: usize,
    /// By step: what each of the sums counts.
    pub coefficients: Vec<Vec<f32>>,
    sky: Vec<ByteTable<WIDTH>>,
    foliage: Vec<ByteTable<WIDTH>>,
}

impl SkyBasis {
    /// The step that is missed most joins the basis until none is.
    #[must_use]
    pub fn new(steps: &[&PatchValues]) -> Self {
        let patches = steps.first().map_or(0, |s| s.sky.len());
        let tables: Vec<Vec<f64>> = steps
            .iter()
            .map(|s| s.sky.iter().chain(&s.foliage).copied().collect())
            .collect();
        let mut rest = tables.clone();
        let mut basis: Vec<Vec<f64>> = Vec::new();
        let size = |x: &[f64]| x.iter().map(|v| v.abs()).sum::<f64>();
        while basis.len() < steps.len() {
            let sizes = rest.iter().map(|x| size(x)).enumerate();
            let Some((worst, most)) = sizes.max_by(|a, b| a.1.total_cmp(&b.1)) else {
                break;
            };
            if most <= TOLERANCE {
                break;
            }
            let mut own = rest[worst].clone();
            // Once more against rounding.
            for known in &basis {
                let share = dot(&own, known);
                own.iter_mut().zip(known).for_each(|(x, k)| *x -= share * k);
            }
            let length = dot(&own, &own).sqrt();
            own.iter_mut().for_each(|x| *x /= length);
            for x in &mut rest {
                let share = dot(x, &own);
                x.iter_mut().zip(&own).for_each(|(x, k)| *x -= share * k);
            }
            basis.push(own);
        }
        let coefficients = tables
            .iter()
            .map(|x| basis.iter().map(|b| dot(x, b) as f32).collect())
            .collect();
        let table = |group: &[Vec<f64>], first: usize| {
            ByteTable::new(patches, |i| {
                std::array::from_fn(|w| group.get(w).map_or(0.0, |b| b[first + i]))
            })
        };
        Self {
            rank: basis.len(),
            coefficients,
            sky: basis.chunks(WIDTH).map(|g| table(g, 0)).collect(),
            foliage: basis.chunks(WIDTH).map(|g| table(g, patches)).collect(),
        }
    }

    /// The sums of a cell; `sums` holds [`SkyBasis::rank`] of them, `stride` apart.
    #[inline(always)]
    pub fn project(&self, cell: &CellMasks<'_>, sums: &mut [f32], stride: usize) {
        for (group, (sky, foliage)) in self.sky.iter().zip(&self.foliage).enumerate() {
            let mut own = [0.0; WIDTH];
            for index in 0..cell.words() {
                let classes = cell.classes(index);
                sky.add_word(index, classes.sky, &mut own);
                foliage.add_sparse_word(index, classes.behind_foliage, &mut own);
            }
            for (w, own) in own.into_iter().enumerate() {
                if group * WIDTH + w < self.rank {
                    sums[(group * WIDTH + w) * stride] = own;
                }
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Parts of the unit interval in which lists of patches are kept.
const BUCKETS: usize = 512;

/// Which building patches a sun lights, and which of them lie opposite it.
#[derive(Clone, Debug)]
pub struct LitTable {
    /// A patch is lit where the sky view is larger, see [`crate::radiation::lit::LitPatches`].
    pub thresholds: Vec<f32>,
    /// It lies opposite the sun.
    pub opposite: Vec<bool>,
}

/// Side and down weight of a patch [sr].
pub type Weight = [f32; 2];

/// Patches that some cells see in another light than a step before.
#[derive(Debug)]
pub struct LitEvents {
    start: Vec<u32>,
    patches: Vec<u16>,
}

/// Lit buildings of a cell: side weight of all; side and down weight of those opposite the sun [sr].
pub type LitSums = [f32; 3];

impl LitTable {
    #[inline(always)]
    fn add(&self, patch: usize, weight: Weight, s: f32, sign: f32, sums: &mut LitSums) {
        if self.thresholds[patch] < s {
            sums[0] += sign * weight[0];
            if self.opposite[patch] {
                sums[1] += sign * weight[0];
                sums[2] += sign * weight[1];
            }
        }
    }

    /// Sums of a cell whose building patches are given, with building sky view `s`.
    #[inline(always)]
    #[must_use]
    pub fn sums(&self, buildings: &[u32], weights: &[Weight], s: f32) -> LitSums {
        let mut sums = LitSums::default();
        for (index, &word) in buildings.iter().enumerate() {
            let mut left = word;
            while left != 0 {
                let patch = 32 * index + left.trailing_zeros() as usize;
                left &= left - 1;
                if patch < weights.len() {
                    self.add(patch, weights[patch], s, 1.0, &mut sums);
                }
            }
        }
        sums
    }
}

impl LitEvents {
    /// From one step to another.
    #[must_use]
    pub fn new(before: &LitTable, now: &LitTable) -> Self {
        let mut lists: Vec<Vec<u16>> = vec![Vec::new(); BUCKETS];
        for patch in 0..now.thresholds.len() {
            let (a, b) = (before.thresholds[patch], now.thresholds[patch]);
            let turned = before.opposite[patch] != now.opposite[patch];
            if a == b && !turned {
                continue;
            }
            let last = if turned { 1.0 } else { a.max(b) };
            for list in &mut lists[bucket(a.min(b))..=bucket(last)] {
                list.push(patch as u16);
            }
        }
        let mut start = vec![0];
        let mut patches = Vec::new();
        for list in lists {
            patches.extend(list);
            start.push(patches.len() as u32);
        }
        Self { start, patches }
    }

    /// Bring the sums of a cell up to date.
    #[inline(always)]
    pub fn update(
        &self,
        [before, now]: [&LitTable; 2],
        buildings: &[u32],
        weights: &[Weight],
        s: f32,
        sums: &mut LitSums,
    ) {
        let bucket = bucket(s);
        let list = self.start[bucket] as usize..self.start[bucket + 1] as usize;
        for &patch in &self.patches[list] {
            let patch = usize::from(patch);
            if buildings[patch / 32] >> (patch % 32) & 1 != 0 {
                before.add(patch, weights[patch], s, -1.0, sums);
                now.add(patch, weights[patch], s, 1.0, sums);
            }
        }
    }
}

/// Bucket of a sky view; NaN is in the first.
#[inline(always)]
fn bucket(s: f32) -> usize {
    ((s * BUCKETS as f32) as usize).min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patches::PatchMasks;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_by_basis_are_sums_over_patches(
            a in prop::collection::vec(0.0_f64..2.0, 40),
            b in prop::collection::vec(0.0_f64..2.0, 40),
            mix in prop::collection::vec((0.0_f64..1.0, 0.0_f64..1.0), 1..12),
            masks in prop::array::uniform6(any::<u32>()),
        ) {
            let steps: Vec<PatchValues> = mix
                .iter()
                .map(|(x, y)| {
                    let sky: Vec<f64> = a.iter().zip(&b).map(|(a, b)| x * a + y * b).collect();
                    PatchValues { foliage: sky.iter().map(|v| 0.3 * v).collect(), sky }
                })
                .collect();
            let basis = SkyBasis::new(&steps.iter().collect::<Vec<_>>());
            prop_assert!(basis.rank <= 2);
            let [m, v, w] = [&masks[..2], &masks[2..4], &masks[4..]];
            let masks = PatchMasks { words: 2, building: m, vegetation: Some((v, w)) };
            let cell = CellMasks::of(&masks, 0);
            let mut sums = vec![0.0; basis.rank];
            basis.project(&cell, &mut sums, 1);
            for (step, coefficients) in steps.iter().zip(&basis.coefficients) {
                let bit = |word: u32, i: usize| f64::from(word >> (i % 32) & 1);
                let want: f64 = (0..40)
                    .map(|i| {
                        let c = cell.classes(i / 32);
                        step.sky[i] * bit(c.sky, i) + step.foliage[i] * bit(c.behind_foliage, i)
                    })
                    .sum();
                let got: f32 = sums.iter().zip(coefficients).map(|(s, c)| s * c).sum();
                prop_assert!((f64::from(got) - want).abs() < 1e-3, "{got} {want}");
            }
        }

        #[test]
        fn lit_sums_follow_the_sun(
            before in prop::collection::vec((0.0_f32..1.0, any::<bool>()), 40),
            now in prop::collection::vec((0.0_f32..1.0, any::<bool>()), 40),
            buildings in prop::array::uniform2(any::<u32>()),
            s in 0.0_f32..=1.0,
        ) {
            let table = |x: &[(f32, bool)]| LitTable {
                thresholds: x.iter().map(|x| x.0).collect(),
                opposite: x.iter().map(|x| x.1).collect(),
            };
            let (before, now) = (table(&before), table(&now));
            let weights: Vec<Weight> = (0..40).map(|i| [0.01 * i as f32, 0.02]).collect();
            let mut sums = before.sums(&buildings, &weights, s);
            let events = LitEvents::new(&before, &now);
            events.update([&before, &now], &buildings, &weights, s, &mut sums);
            let want = now.sums(&buildings, &weights, s);
            for k in 0..3 {
                prop_assert!((sums[k] - want[k]).abs() < 1e-5);
            }
        }
    }
}
