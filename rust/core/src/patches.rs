//! Sky patch tables (G 5.1, 5.2, 5.5; R 4.1, 4.2).

use crate::constants::DEG;
use std::f64::consts::PI;

/// Which division of the sky is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchOption {
    /// 145 patches (Robinson & Stone 2004 after Tregenza).
    P145,
    /// 153 patches (Wallenberg et al. 2020), the default.
    P153,
    /// 305 patches.
    P305,
    /// 609 patches.
    P609,
}

const LOWER_EDGES: [f64; 9] = [0.0, 12.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0, 90.0];
const CENTRES: [f64; 8] = [6.0, 18.0, 30.0, 42.0, 54.0, 66.0, 78.0, 90.0];
const FIRST_AZIMUTHS: [f64; 8] = [0.0, 4.0, 2.0, 5.0, 8.0, 0.0, 10.0, 0.0];
const FINE_EDGES: [f64; 16] = [
    0.0, 4.5, 9.0, 15.0, 21.0, 27.0, 33.0, 39.0, 45.0, 51.0, 57.0, 63.0, 69.0, 75.0, 81.0, 90.0,
];
const FINE_CENTRES: [f64; 15] = [
    3.0, 9.0, 15.0, 21.0, 27.0, 33.0, 39.0, 45.0, 51.0, 57.0, 63.0, 69.0, 75.0, 81.0, 90.0,
];
const FINE_COUNTS: [usize; 15] = [62, 62, 60, 60, 56, 56, 48, 48, 38, 38, 26, 26, 14, 14, 1];
const FINE_FIRST_AZIMUTHS: [f64; 15] = [
    0.0, 0.0, 4.0, 4.0, 2.0, 2.0, 5.0, 5.0, 8.0, 8.0, 0.0, 0.0, 10.0, 10.0, 0.0,
];

impl PatchOption {
    /// The option with the reference's number (1–4).
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::P145),
            2 => Some(Self::P153),
            3 => Some(Self::P305),
            4 => Some(Self::P609),
            _ => None,
        }
    }

    /// The reference's number of this option (1–4).
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::P145 => 1,
            Self::P153 => 2,
            Self::P305 => 3,
            Self::P609 => 4,
        }
    }
}

/// A ring of patches of equal altitude.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Centre altitude [deg].
    pub altitude_deg: f64,
    /// Number of patches.
    pub count: usize,
    /// Index of the first patch.
    pub first: usize,
    /// Cosine-weighted share of the hemisphere, W_b; the shares sum to 1.
    pub share: f64,
    /// Solid angle of one patch [sr].
    pub solid_angle: f64,
}

/// One sky patch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patch {
    /// Centre altitude [deg].
    pub altitude_deg: f64,
    /// Azimuth [deg], clockwise from north.
    pub azimuth_deg: f64,
    /// Index into [`PatchTable::bands`].
    pub band: usize,
}

/// All patches of an option, listed band by band from the horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchTable {
    /// The option this table belongs to.
    pub option: PatchOption,
    /// Bands from the horizon up; the last is the zenith patch.
    pub bands: Vec<Band>,
    /// Patches in index order.
    pub patches: Vec<Patch>,
}

/// Telescoped band share sin²(upper) − sin²(lower) (G 5.2).
fn band_share(lower: f64, upper: f64) -> f64 {
    (upper * DEG).sin().powi(2) - (lower * DEG).sin().powi(2)
}

/// Patch solid angle, with `alpha0` the lowest band centre (R 4.2).
fn solid_angle(centres: &[f64], band: usize, count: usize) -> f64 {
    let alpha0 = centres[0];
    if count == 1 {
        return 2.0 * PI * (1.0 - ((centres[band - 1] + alpha0) * DEG).sin());
    }
    let (lo, hi) = (centres[band] - alpha0, centres[band] + alpha0);
    2.0 * PI / count as f64 * ((hi * DEG).sin() - (lo * DEG).sin())
}

impl PatchTable {
    /// Build the table of an option.
    #[must_use]
    pub fn new(option: PatchOption) -> Self {
        let coarse: [usize; 8] = match option {
            PatchOption::P145 => [30, 30, 24, 24, 18, 12, 6, 1],
            PatchOption::P305 => [62, 60, 56, 48, 38, 26, 14, 1],
            PatchOption::P153 | PatchOption::P609 => [31, 30, 28, 24, 19, 13, 7, 1],
        };
        let (edges, centres, counts, firsts): (&[f64], &[f64], &[usize], &[f64]) =
            if option == PatchOption::P609 {
                (
                    &FINE_EDGES,
                    &FINE_CENTRES,
                    &FINE_COUNTS,
                    &FINE_FIRST_AZIMUTHS,
                )
            } else {
                (&LOWER_EDGES, &CENTRES, &coarse, &FIRST_AZIMUTHS)
            };
        let mut bands = Vec::with_capacity(counts.len());
        let mut patches = Vec::new();
        for (b, &count) in counts.iter().enumerate() {
            bands.push(Band {
                altitude_deg: centres[b],
                count,
                first: patches.len(),
                share: band_share(edges[b], edges[b + 1]),
                solid_angle: solid_angle(centres, b, count),
            });
            patches.extend((0..count).map(|j| Patch {
                altitude_deg: centres[b],
                azimuth_deg: j as f64 * 360.0 / count as f64 + firsts[b],
                band: b,
            }));
        }
        Self {
            option,
            bands,
            patches,
        }
    }

    /// Number of patches.
    #[must_use]
    pub fn len(&self) -> usize {
        self.patches.len()
    }

    /// Never true; here because `len` is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patches.is_empty()
    }

    /// Number of `u32` words that hold one bit per patch.
    #[must_use]
    pub fn words(&self) -> usize {
        self.len().div_ceil(32)
    }
}

/// Patch visibility of every cell, one bit a patch: patch `i` of cell `p` is bit `i % 32` of word
/// `p * words + i / 32`. A set bit means "not blocked" (G 3.2).
#[derive(Clone, Copy, Debug)]
pub struct PatchMasks<'a> {
    /// Words per cell.
    pub words: usize,
    /// Not blocked by a building.
    pub building: &'a [u32],
    /// Not blocked by vegetation alone, and "no vegetation in front of the building"; `None` for a
    /// scene without vegetation, where both are all ones.
    pub vegetation: Option<(&'a [u32], &'a [u32])>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n: u32) -> PatchTable {
        PatchTable::new(PatchOption::from_number(n).unwrap())
    }

    #[test]
    fn patch_counts() {
        for (n, count) in [(1, 145), (2, 153), (3, 305), (4, 609)] {
            assert_eq!(table(n).len(), count);
        }
    }

    #[test]
    fn solid_angles_of_the_specification() {
        let opt2 = [
            0.0421402478,
            0.0416418006,
            0.0406272129,
            0.0406730411,
            0.0406358655,
            0.0410974028,
            0.0390144330,
            0.0344199465,
        ];
        for (band, want) in table(2).bands.iter().zip(opt2) {
            assert!((band.solid_angle - want).abs() < 1e-9);
        }
        for n in 1..=4 {
            let t = table(n);
            let sum: f64 = t.bands.iter().map(|b| b.solid_angle * b.count as f64).sum();
            assert!((sum - 2.0 * PI).abs() < 1e-12);
            let shares: f64 = t.bands.iter().map(|b| b.share).sum();
            assert!((shares - 1.0).abs() < 1e-12);
        }
    }

    fn band_values(n: u32, value: impl Fn(&Band) -> f64) -> Vec<f64> {
        table(n).bands.iter().map(value).collect()
    }

    fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
        assert_eq!(got.len(), want.len());
        for (g, w) in got.iter().zip(want) {
            assert!((g - w).abs() < tolerance, "{g} is not {w}");
        }
    }

    #[test]
    fn band_shares_of_the_specification() {
        let want = [
            0.0432272712,
            0.1222074256,
            0.1800568060,
            0.2067727288,
            0.1977357684,
            0.1545084972,
            0.0845653032,
            0.0109261996,
        ];
        for n in 1..=3 {
            assert_close(&band_values(n, |b| b.share), &want, 1e-10);
        }
    }

    #[test]
    fn solid_angles_of_the_other_options() {
        let opt1 = [
            0.0435449227,
            0.0416418006,
            0.0473984151,
            0.0406730411,
            0.0428934136,
            0.0445221864,
            0.0455168385,
            0.0344199465,
        ];
        let opt4 = [
            0.010593092,
            0.0104770319,
            0.0105877226,
            0.0102331777,
            0.0104641242,
            0.0098494823,
            0.0106480819,
            0.0096884386,
            0.0108917643,
            0.0094261684,
            0.0114837425,
            0.0090649589,
            0.0121584503,
            0.0073487662,
            0.0344199465,
        ];
        assert_close(&band_values(1, |b| b.solid_angle), &opt1, 1e-9);
        assert_close(&band_values(4, |b| b.solid_angle), &opt4, 1e-9);
        let opt2 = band_values(2, |b| b.solid_angle);
        let halves: Vec<f64> = opt2[..7].iter().map(|omega| omega / 2.0).collect();
        assert_close(&band_values(3, |b| b.solid_angle)[..7], &halves, 1e-12);
    }

    #[test]
    fn solid_angles_seen_from_the_side() {
        for (n, want) in [
            (1, 1.5679270),
            (2, 1.5679270),
            (3, 1.5679270),
            (4, 1.5695053),
        ] {
            let sum: f64 = table(n)
                .bands
                .iter()
                .map(|b| b.count as f64 * b.solid_angle * (b.altitude_deg * DEG).cos())
                .sum();
            assert!((sum / PI - want).abs() < 1e-7, "{n}: {}", sum / PI);
        }
    }

    #[test]
    fn every_azimuth_is_below_360() {
        for n in 1..=4 {
            assert!(
                table(n)
                    .patches
                    .iter()
                    .all(|p| (0.0..360.0).contains(&p.azimuth_deg))
            );
        }
    }

    #[test]
    fn weighted_solid_angles() {
        for (n, want) in [
            (1, 1.0054781),
            (2, 1.0054781),
            (3, 1.0054781),
            (4, 1.0013874),
        ] {
            let t = table(n);
            let sum: f64 = t
                .patches
                .iter()
                .map(|p| t.bands[p.band].solid_angle * (p.altitude_deg * DEG).sin())
                .sum();
            assert!((sum / PI - want).abs() < 1e-7, "{n}: {}", sum / PI);
        }
    }
}
