//! Which building patches the sun lights.

use crate::constants::DEG;

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

/// Parts of the unit interval the search for the threshold starts from.
const BUCKETS: usize = 1024;

impl LitPatches {
    /// Thresholds for a sun position; of the patches the tangents of their altitudes and their
    /// azimuths [deg].
    #[must_use]
    pub fn new(
        patches: impl ExactSizeIterator<Item = (f64, f64)>,
        azimuth_deg: f64,
        tan_altitude: f64,
    ) -> Self {
        let words = patches.len().div_ceil(32);
        let mut order: Vec<(f32, usize)> = patches
            .enumerate()
            .map(|(i, (tangent, patch_azimuth_deg))| {
                let turn = ((azimuth_deg - patch_azimuth_deg) * DEG).cos();
                let reach = tangent - (2.0 * turn * tan_altitude).min(0.0);
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

    /// Mask of the lit patches of a cell with building sky view `s`.
    #[inline(always)]
    #[must_use]
    pub fn mask(&self, s: f32) -> &[u32] {
        let bucket = ((s * BUCKETS as f32) as usize).min(BUCKETS - 1);
        let mut k = self.start[bucket] as usize;
        while k < self.thresholds.len() && self.thresholds[k] < s {
            k += 1;
        }
        &self.masks[k * self.words..][..self.words]
    }
}
