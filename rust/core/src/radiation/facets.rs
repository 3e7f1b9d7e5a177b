//! Walls that shine by the sky that their facets see.

use super::anisotropic::{CellMasks, PatchWeight, SIDE_AZIMUTHS};
use super::bytes::ByteTable;
use crate::constants::DEG;
use crate::patches::PatchMasks;
use rayon::prelude::*;

/// Side weight of all that is no sky, each patch times the share of open sky in front of the wall
/// there (see [`FacetSky`]), of every cell; it holds for a whole run.
#[must_use]
pub fn facet_sums(weights: &[PatchWeight], masks: &PatchMasks<'_>) -> Vec<f32> {
    let facets = FacetSky::new(weights);
    let mut out = vec![0.0; masks.building.len() / masks.words];
    out.par_iter_mut()
        .enumerate()
        .with_min_len(4096)
        .for_each(|(cell, sum)| *sum = facets.sum(&CellMasks::of(masks, cell)));
    out
}

/// How much of the half sky that walls face is open, as a cell sees it.
///
/// A wall seen towards a side looks the other way. Of that half sky the cell sees, weighted as an
/// upright plane receives it, a share of open sky; the wall is taken to see the same. Walls between
/// two sides have shares between theirs, by the square of the cosine.
#[derive(Clone, Debug)]
pub struct FacetSky {
    /// Weight on the sides E, S, W, N of a box; side weight, divided among the same.
    table: ByteTable<8>,
    /// The table of the whole sky.
    whole: [f32; 8],
}

/// Of a patch what [`FacetSky`] sums.
#[must_use]
pub fn facet_weights(w: &PatchWeight) -> [f64; 8] {
    std::array::from_fn(|k| {
        if k < 4 {
            w.sides[k]
        } else {
            let turn = ((w.azimuth_deg - SIDE_AZIMUTHS[k - 4]) * DEG).cos();
            w.side * turn.max(0.0).powi(2)
        }
    })
}

impl FacetSky {
    fn new(weights: &[PatchWeight]) -> Self {
        Self {
            table: ByteTable::new(weights.len(), |i| facet_weights(&weights[i])),
            whole: whole_facets(weights),
        }
    }

    #[inline(always)]
    fn sum(&self, cell: &CellMasks<'_>) -> f32 {
        let mut sky = [0.0; 8];
        for index in 0..cell.words() {
            self.table
                .add_word(index, cell.classes(index).sky, &mut sky);
        }
        (0..4)
            .map(|d| {
                let before = (d + 2) % 4;
                let walls = (self.whole[4 + d] - sky[4 + d]).max(0.0);
                sky[before] / self.whole[before] * walls
            })
            .sum()
    }
}

/// [`facet_weights`] of the whole sky.
#[must_use]
pub fn whole_facets(weights: &[PatchWeight]) -> [f32; 8] {
    let mut whole = [0.0; 8];
    for w in weights {
        for (sum, x) in whole.iter_mut().zip(facet_weights(w)) {
            *sum += x;
        }
    }
    whole.map(|x| x as f32)
}
