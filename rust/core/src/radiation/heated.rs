//! Longwave of walls by how warm they are, under the patch sky (R 13.4): what a wall sends beyond one
//! at air temperature, by the azimuth it is seen at and by whether the sun lights it now.

use super::anisotropic::{CellMasks, PatchLight, PatchStep, PatchWeight};
use super::bytes::ByteTable;
use super::terms::{WEIGHTS, foliage_weights};
use crate::weather::WallWarmth;

/// Of every patch what a wall there sends, times its weights [W m⁻²]: side, down, E, S, W, N.
pub type Sent = Vec<[f64; WEIGHTS]>;

/// Walls of a step.
#[derive(Clone, Debug)]
pub struct HeatedWalls {
    /// What walls in the shade send beyond those at air temperature.
    pub every: Sent,
    /// What those that a sun lights send beyond that, for its share of the step; by sun that is up.
    pub lit: Vec<Sent>,
    tables: Vec<ByteTable<WEIGHTS>>,
}

impl HeatedWalls {
    /// Of a step by day, `step`, or by night. `radiance` is that of a wall by its temperature [°C], and
    /// `air` of one at air temperature.
    #[must_use]
    pub fn new(
        weights: &[PatchWeight],
        step: Option<&PatchStep>,
        warmth: &WallWarmth,
        radiance: impl Fn(f64) -> f64,
        air: f64,
    ) -> Self {
        // A wall that is seen at an azimuth looks back from there.
        let walls: Vec<[f64; 2]> = weights
            .iter()
            .map(|w| warmth.at(w.azimuth_deg + 180.0).map(&radiance))
            .collect();
        let times = |i: usize, gain: f64| foliage_weights(&weights[i]).map(|w| w * gain);
        let patches = || 0..weights.len();
        let every: Sent = patches().map(|i| times(i, walls[i][1] - air)).collect();
        let lit: Vec<Sent> = (step.into_iter())
            .flat_map(|step| step.suns.iter().map(move |sun| (step.sun_share, sun)))
            .map(|(share, sun)| {
                let gain = |i: usize| {
                    if sun.opposite[i] {
                        share * (walls[i][0] - walls[i][1])
                    } else {
                        0.0
                    }
                };
                patches().map(|i| times(i, gain(i))).collect()
            })
            .collect();
        let table = |sent: &Sent| ByteTable::new(sent.len(), |i| sent[i]);
        let tables = std::iter::once(&every).chain(&lit).map(table).collect();
        Self { every, lit, tables }
    }

    /// What the walls that a cell sees send; `s` its building sky view, `suns` those that are up.
    #[inline(always)]
    #[must_use]
    pub fn sums(&self, cell: &CellMasks<'_>, s: f32, suns: &[PatchLight]) -> [f32; WEIGHTS] {
        let mut sums = [0.0; WEIGHTS];
        for index in 0..cell.words() {
            let building = cell.classes(index).building;
            self.tables[0].add_sparse_word(index, building, &mut sums);
        }
        for (sun, table) in suns.iter().zip(&self.tables[1..]) {
            let lit = sun.lit.mask(s);
            for index in 0..cell.words() {
                let word = cell.classes(index).building & lit[index];
                table.add_sparse_word(index, word, &mut sums);
            }
        }
        sums
    }
}
