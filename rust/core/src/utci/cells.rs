//! UTCI of cells whose air is their own: the whole polynomial, several cells at a time (R 14).

use super::MISSING;
use super::range::{self, UtciRange};
use super::table::TERMS;
use super::vapour::{Saturated, saturation_vapour_pressure};

/// Air of a cell as UTCI receives it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CellAir {
    /// Air temperature [°C].
    pub ta: f64,
    /// Relative humidity [%].
    pub rh: f64,
    /// Wind [m/s].
    pub wind: f64,
}

/// Coefficients in the order in which Horner's scheme takes them: powers of ΔT outermost, then of
/// wind, vapour pressure and air temperature, the highest first.
const ORDERED: [f64; TERMS.len()] = ordered();

const fn ordered() -> [f64; TERMS.len()] {
    let mut found = [0.0; TERMS.len()];
    let mut place = 0;
    let mut r = 7;
    while r > 0 {
        r -= 1;
        let mut q = 7 - r;
        while q > 0 {
            q -= 1;
            let mut s = 7 - r - q;
            while s > 0 {
                s -= 1;
                let mut p = 7 - r - q - s;
                while p > 0 {
                    p -= 1;
                    found[place] = coefficient([p, q, r, s]);
                    place += 1;
                }
            }
        }
    }
    found
}

const fn coefficient([p, q, r, s]: [u8; 4]) -> f64 {
    let mut i = 0;
    loop {
        let ([a, b, c, d], value) = TERMS[i];
        if a == p && b == q && c == r && d == s {
            return value;
        }
        i += 1;
    }
}

/// Place of the term with exponents `[p, q, r, s]` in [`ORDERED`].
fn places() -> [[[[usize; 7]; 7]; 7]; 7] {
    let mut found = [[[[usize::MAX; 7]; 7]; 7]; 7];
    let mut place = 0;
    for r in (0..=6).rev() {
        for q in (0..=6 - r).rev() {
            for s in (0..=6 - r - q).rev() {
                for p in (0..=6 - r - q - s).rev() {
                    found[p][q][r][s] = place;
                    place += 1;
                }
            }
        }
    }
    found
}

/// The polynomial in what cells have more than `centre`: air temperature, wind, Tmrt − Ta and vapour
/// pressure [kPa]; coefficients in the order of Horner's scheme, powers of Tmrt − Ta outermost, then of
/// wind, vapour pressure and air temperature, the highest first. The air temperature that it is added
/// to is not in it. A device that has f32 only evaluates it near `centre` without loss.
#[must_use]
pub fn polynomial_around([ta, wind, excess, vapour]: [f64; 4]) -> [f64; TERMS.len()] {
    let place = places();
    let mut c = ORDERED;
    // Synthetic division, one quantity after the other; the exponents of the others stay.
    let mut shift = |line: &dyn Fn(usize, [usize; 3]) -> usize, by: f64| {
        for a in 0..=6 {
            for b in 0..=6 - a {
                for d in 0..=6 - a - b {
                    let degree = 6 - a - b - d;
                    for first in 0..degree {
                        for i in (first..degree).rev() {
                            let (low, high) = (line(i, [a, b, d]), line(i + 1, [a, b, d]));
                            c[low] += by * c[high];
                        }
                    }
                }
            }
        }
    };
    shift(&|i, [a, b, d]| place[i][a][b][d], ta);
    shift(&|i, [a, b, d]| place[a][i][b][d], wind);
    shift(&|i, [a, b, d]| place[a][b][i][d], excess);
    shift(&|i, [a, b, d]| place[a][b][d][i], vapour);
    c
}

/// The polynomial without the air temperature it is added to, for `N` cells: air temperature, wind,
/// Tmrt − Ta and vapour pressure [kPa].
#[inline(always)]
fn polynomial<const N: usize>(
    coefficients: &[f64; TERMS.len()],
    [ta, wind, excess, vapour]: [&[f64; N]; 4],
) -> [f64; N] {
    #[inline(always)]
    fn step<const N: usize>(sum: &mut [f64; N], x: &[f64; N], next: &[f64; N]) {
        for i in 0..N {
            sum[i] = sum[i] * x[i] + next[i];
        }
    }
    let mut coefficients = coefficients.iter();
    let mut all = [0.0; N];
    for r in (0..=6).rev() {
        let mut by_wind = [0.0; N];
        for q in (0..=6 - r).rev() {
            let mut by_vapour = [0.0; N];
            for s in (0..=6 - r - q).rev() {
                let mut by_air = [0.0; N];
                for _ in 0..=6 - r - q - s {
                    let c = coefficients.next().copied().unwrap_or_default();
                    step(&mut by_air, ta, &[c; N]);
                }
                step(&mut by_vapour, vapour, &by_air);
            }
            step(&mut by_wind, wind, &by_vapour);
        }
        step(&mut all, excess, &by_wind);
    }
    all
}

/// UTCI [°C] of cells of any air and mean radiant temperature [°C]; as [`super::UtciStep`] gives it
/// up to the last digits of f64. `saturated` spares the saturation vapour pressure of each cell.
#[inline(always)]
#[must_use]
pub fn utci_of_cells<const N: usize>(
    rule: UtciRange,
    air: &[CellAir; N],
    tmrt: &[f64; N],
    saturated: Option<&Saturated>,
) -> [f64; N] {
    let mut inputs = [[0.0; N]; 4];
    let mut known = [false; N];
    for i in 0..N {
        let CellAir { ta, rh, wind } = air[i];
        let pressure = saturated.map_or_else(|| saturation_vapour_pressure(ta), |s| s.at(ta));
        let usable = ta > MISSING && rh > MISSING && wind >= 0.0 && tmrt[i] > MISSING;
        let given = if usable {
            rule.inputs_of(pressure, ta, rh, wind)
        } else {
            None
        };
        let Some(given) = given else {
            continue;
        };
        let [low, high] = range::tmrt_range(ta).map(f64::from);
        let radiant = match rule {
            UtciRange::Clip => tmrt[i].clamp(low, high),
            UtciRange::Nan if !(low..=high).contains(&tmrt[i]) => continue,
            _ => tmrt[i],
        };
        known[i] = true;
        let [a, b, c, d] = &mut inputs;
        (a[i], b[i], c[i], d[i]) = (given.ta, given.wind, radiant - ta, given.vapour);
    }
    let [ta, wind, excess, vapour] = &inputs;
    let mut found = polynomial(&ORDERED, [ta, wind, excess, vapour]);
    for i in 0..N {
        found[i] = if known[i] { found[i] + ta[i] } else { f64::NAN };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::utci;
    use super::*;

    #[test]
    fn every_term_has_its_place() {
        let (sum, want) = (
            ORDERED.iter().sum::<f64>(),
            TERMS.iter().map(|(_, c)| c).sum::<f64>(),
        );
        assert!((sum - want).abs() < 1e-12);
        assert!(ORDERED.iter().all(|&c| c != 0.0));
    }

    /// Cell by cell it is the step's UTCI, whatever the rule.
    #[test]
    fn equals_the_step() {
        let saturated = Saturated::new();
        for rule in [
            UtciRange::Wind,
            UtciRange::Clip,
            UtciRange::Flag,
            UtciRange::Nan,
        ] {
            for ta in [-48.3, -3.7, 0.0, 17.53, 31.99, 48.6] {
                for (rh, wind) in [(3.0, 0.2), (55.0, 1.3), (96.0, 9.7), (40.0, 25.0)] {
                    let air = [CellAir { ta, rh, wind }; 8];
                    let tmrt: [f64; 8] = std::array::from_fn(|i| ta - 35.0 + 16.1 * i as f64);
                    for table in [None, Some(&saturated)] {
                        let found = utci_of_cells(rule, &air, &tmrt, table);
                        for (got, &tmrt) in found.iter().zip(&tmrt) {
                            let want = utci(rule, ta, rh, tmrt, wind);
                            let close = (got - want).abs() < 1e-7 * want.abs().max(1.0);
                            assert!(close || got.is_nan() && want.is_nan(), "{got} {want}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn moving_the_origin_changes_nothing() {
        let centre = [21.3, 1.4, 15.0, 1.3];
        let moved = polynomial_around(centre);
        for beyond in [[0.0; 4], [3.1, -0.6, 22.0, 0.4], [-7.0, 4.0, -20.0, -0.9]] {
            let at: [[f64; 1]; 4] = std::array::from_fn(|k| [centre[k] + beyond[k]]);
            let near = beyond.map(|x| [x]);
            let [a, b, c, d] = &at;
            let [e, f, g, h] = &near;
            let want = polynomial(&ORDERED, [a, b, c, d])[0];
            let got = polynomial(&moved, [e, f, g, h])[0];
            assert!((got - want).abs() < 1e-8, "{got} {want}");
        }
    }

    #[test]
    fn missing_cells_have_none() {
        let good = CellAir {
            ta: 25.0,
            rh: 50.0,
            wind: 1.0,
        };
        let air = [
            good,
            CellAir {
                ta: f64::NAN,
                ..good
            },
            CellAir {
                rh: f64::NAN,
                ..good
            },
            CellAir { wind: -0.1, ..good },
        ];
        let found = utci_of_cells(UtciRange::Wind, &air, &[25.0; 4], None);
        assert!(found[0].is_finite() && found[1..].iter().all(|x| x.is_nan()));
        let none = utci_of_cells(UtciRange::Wind, &[good], &[f64::NAN], None);
        assert!(none[0].is_nan());
    }
}
