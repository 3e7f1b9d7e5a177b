//! UTCI of cells whose air is their own (R 15): the whole polynomial, around the air of the step.
//!
//! Centred there, single precision gives it within some 1e-4 K, and what is the step's in all cells
//! drops out: without wind of their own 84 of the 210 terms are left, with nothing else 28.

use super::range::{self, AIR, DAMPEST, DRIEST, EXCESS, Outside, UtciRange, WIND};
use super::table::TERMS;
use super::vapour::{Growth, saturation_vapour_pressure};

/// Cells that are computed together.
pub const TOGETHER: usize = 32;
/// A quantity of these.
pub type Lanes = [f32; TOGETHER];

/// Number of terms.
pub const TERM_COUNT: usize = TERMS.len();

/// Tmrt above air temperature that the polynomial is centred on [K].
const EXCESS_CENTRE: f64 = 15.0;

/// Coefficients in the order in which Horner's scheme takes them: powers of Tmrt − Ta outermost, then
/// of wind, vapour pressure and air temperature, the highest first.
const ORDERED: [f64; TERM_COUNT] = ordered();

const fn ordered() -> [f64; TERM_COUNT] {
    let mut found = [0.0; TERM_COUNT];
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

/// Place of the term with exponents `[p][q][r][s]` in [`ORDERED`].
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

/// The coefficients of the polynomial in what is beyond `centre`: air temperature, wind, Tmrt − Ta and
/// vapour pressure [kPa].
fn around([ta, wind, excess, vapour]: [f64; 4]) -> [f64; TERM_COUNT] {
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

/// Which quantities of the air cells have of their own.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Air temperature or humidity.
    pub air: bool,
    /// Wind.
    pub wind: bool,
}

/// UTCI around the air of a step.
#[derive(Clone, Debug)]
pub struct UtciAround {
    /// What is done outside the range.
    pub rule: UtciRange,
    /// Air temperature [°C], relative humidity [%] and wind [m/s] of the step.
    pub air: [f32; 3],
    /// Air temperature, wind, Tmrt − Ta and vapour pressure [kPa] the polynomial is centred on.
    pub centre: [f32; 4],
    /// Its coefficients, in the order of Horner's scheme: powers of Tmrt − Ta outermost, then of wind,
    /// vapour pressure and air temperature, the highest first.
    pub coefficients: [f32; TERM_COUNT],
    limits: Limits,
    growth: Growth,
}

impl UtciAround {
    /// Of an air temperature [°C], relative humidity [%] and wind at 10 m [m/s].
    #[must_use]
    pub fn new(rule: UtciRange, ta: f64, rh: f64, wind: f64) -> Self {
        let limits = Limits::new(rule);
        let saturated = saturation_vapour_pressure(ta);
        let centre = [
            within(limits.air, ta as f32),
            within(limits.wind, wind as f32),
            EXCESS_CENTRE as f32,
            limits.vapour(saturated as f32, rh as f32),
        ];
        Self {
            rule,
            air: [ta, rh, wind].map(|x| x as f32),
            centre,
            coefficients: around(centre.map(f64::from)).map(|c| c as f32),
            limits,
            growth: Growth::new(ta),
        }
    }

    /// UTCI [°C] of cells that have `beyond` more than the step: air temperature [K], humidity [%],
    /// wind [m/s]; `own` tells which may differ from 0. `tmrt` in °C.
    #[inline(always)]
    #[must_use]
    pub fn cells(&self, [warmer, damper, windier]: [&Lanes; 3], own: Own, tmrt: &Lanes) -> Lanes {
        let limits = self.limits;
        let [ta, rh, wind] = self.air;
        let [t0, v0, e0, p0] = self.centre;
        let mut x = [[0.0; TOGETHER]; 4];
        let mut held = [t0; TOGETHER];
        let [air, blown, excess, vapour] = &mut x;
        for i in 0..TOGETHER {
            excess[i] = tmrt[i] - (ta + warmer[i]);
        }
        if own.air {
            for i in 0..TOGETHER {
                let saturated = self.growth.at(warmer[i]);
                held[i] = within(limits.air, ta + warmer[i]);
                air[i] = held[i] - t0;
                vapour[i] = limits.vapour(saturated, rh + damper[i]) - p0;
            }
        }
        if own.wind {
            for i in 0..TOGETHER {
                let blowing = at_least(wind + windier[i], 0.0);
                blown[i] = within(limits.wind, blowing) - v0;
            }
        }
        for i in 0..TOGETHER {
            excess[i] = within(limits.excess, excess[i]) - e0;
        }
        let x = [&x[0], &x[1], &x[2], &x[3]];
        let mut found = match (own.air, own.wind) {
            (true, true) => self.polynomial::<true, true>(x),
            (true, false) => self.polynomial::<true, false>(x),
            (false, _) => self.polynomial::<false, true>(x),
        };
        for i in 0..TOGETHER {
            found[i] += held[i];
        }
        if self.rule == UtciRange::Nan {
            for i in 0..TOGETHER {
                let [ta, rh, wind] = [ta + warmer[i], rh + damper[i], wind + windier[i]];
                let [low, high] = range::tmrt_range(f64::from(ta));
                let outside = Outside::of(f64::from(ta), f64::from(rh), f64::from(wind)).any();
                if outside || !(low..=high).contains(&tmrt[i]) {
                    found[i] = f32::NAN;
                }
            }
        }
        found
    }

    /// The polynomial, by what is beyond the centre.
    #[inline(always)]
    fn polynomial<const AIR: bool, const WIND: bool>(
        &self,
        [air, wind, excess, vapour]: [&Lanes; 4],
    ) -> Lanes {
        #[inline(always)]
        fn step(sum: &mut Lanes, x: &Lanes, next: &Lanes) {
            for i in 0..TOGETHER {
                sum[i] = sum[i] * x[i] + next[i];
            }
        }
        let mut all = [0.0; TOGETHER];
        let mut place = 0;
        for r in (0..=6_usize).rev() {
            let mut by_wind = [0.0; TOGETHER];
            for q in (0..=6 - r).rev() {
                let mut by_vapour = [0.0; TOGETHER];
                for s in (0..=6 - r - q).rev() {
                    let terms = 7 - r - q - s;
                    let c = &self.coefficients[place..place + terms];
                    place += terms;
                    // What is nothing in all cells has no powers.
                    if (q > 0 && !WIND) || (s > 0 && !AIR) {
                        continue;
                    }
                    let mut by_air = [c[terms - 1]; TOGETHER];
                    if AIR {
                        by_air = [c[0]; TOGETHER];
                        for &c in &c[1..] {
                            for i in 0..TOGETHER {
                                by_air[i] = by_air[i] * air[i] + c;
                            }
                        }
                    }
                    step(&mut by_vapour, vapour, &by_air);
                }
                if q == 0 || WIND {
                    step(&mut by_wind, wind, &by_vapour);
                }
            }
            step(&mut all, excess, &by_wind);
        }
        all
    }
}

/// The larger one; what is missing stays missing.
#[inline(always)]
fn at_least(x: f32, low: f32) -> f32 {
    if x < low { low } else { x }
}

/// The smaller one; what is missing stays missing.
#[inline(always)]
fn at_most(x: f32, high: f32) -> f32 {
    if x > high { high } else { x }
}

/// What the quantities are brought to before the polynomial sees them, infinite where a rule leaves
/// them.
#[derive(Clone, Copy, Debug)]
struct Limits {
    air: [f32; 2],
    wind: [f32; 2],
    excess: [f32; 2],
    /// Least humidity [%], and greatest vapour pressure [kPa].
    driest: f32,
    dampest: f32,
}

impl Limits {
    fn new(rule: UtciRange) -> Self {
        const NONE: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];
        let single = |limits: [f64; 2]| limits.map(|x| x as f32);
        let none = Self {
            air: NONE,
            wind: NONE,
            excess: NONE,
            driest: NONE[0],
            dampest: NONE[1],
        };
        match rule {
            UtciRange::Flag | UtciRange::Nan => none,
            UtciRange::Wind => Self {
                wind: [NONE[0], WIND[1] as f32],
                ..none
            },
            UtciRange::Clip => Self {
                air: single(AIR),
                wind: single(WIND),
                excess: single(EXCESS),
                driest: DRIEST as f32,
                dampest: DAMPEST as f32 * 0.1,
            },
        }
    }

    /// Vapour pressure [kPa] as the polynomial takes it, from that at saturation [hPa] and humidity [%].
    #[inline(always)]
    fn vapour(&self, saturated: f32, rh: f32) -> f32 {
        let least = saturated * (self.driest * 0.001);
        at_most(at_least(saturated * rh * 0.001, least), self.dampest)
    }
}

/// Between two limits.
#[inline(always)]
fn within([low, high]: [f32; 2], x: f32) -> f32 {
    at_most(at_least(x, low), high)
}

#[cfg(test)]
mod tests {
    use super::super::utci;
    use super::*;

    #[test]
    fn every_term_has_its_place() {
        let sum = |c: &[f64]| c.iter().sum::<f64>();
        let want: Vec<f64> = TERMS.iter().map(|(_, c)| *c).collect();
        assert!((sum(&ORDERED) - sum(&want)).abs() < 1e-12);
        assert!(ORDERED.iter().all(|&c| c != 0.0));
    }

    /// Largest difference from the step's UTCI of cells up to `spans` beyond an air.
    fn apart(rule: UtciRange, own: Own, [ta, rh, wind]: [f64; 3], spans: [f32; 3]) -> f64 {
        let wave = |span: f32, turn: f32| -> Lanes {
            std::array::from_fn(|i| span * (turn * i as f32).sin())
        };
        let off = |on: bool, lanes: Lanes| if on { lanes } else { [0.0; TOGETHER] };
        let warmer = off(own.air, wave(spans[0], 0.9));
        let damper = off(own.air, wave(spans[1], 1.7));
        let windier = off(own.wind, wave(spans[2], 2.3));
        let around = UtciAround::new(rule, ta, rh, wind);
        let mut most: f64 = 0.0;
        for excess in [-34.0, -5.0, 12.0, 45.0, 74.0] {
            let tmrt: Lanes = std::array::from_fn(|i| ta as f32 + excess + 0.3 * i as f32);
            let found = around.cells([&warmer, &damper, &windier], own, &tmrt);
            for i in 0..TOGETHER {
                let [t, h, v] = [
                    f64::from(around.air[0] + warmer[i]),
                    f64::from(around.air[1] + damper[i]),
                    f64::from((around.air[2] + windier[i]).max(0.0)),
                ];
                let want = utci(rule, t, h, f64::from(tmrt[i]), v);
                assert_eq!(want.is_nan(), found[i].is_nan(), "{want} {}", found[i]);
                if !want.is_nan() {
                    most = most.max((f64::from(found[i]) - want).abs());
                }
            }
        }
        most
    }

    /// Cell by cell it is the step's UTCI, whatever the rule and whatever is given.
    #[test]
    fn equals_the_step() {
        use UtciRange::{Clip, Flag, Nan, Wind};
        for (air, wind) in [(true, true), (true, false), (false, true)] {
            let own = Own { air, wind };
            for rule in [Wind, Clip, Flag, Nan] {
                for weather in [[31.3, 38.0, 1.7], [19.0, 72.0, 3.3], [-6.4, 81.0, 5.1]] {
                    let near = apart(rule, own, weather, [4.0, 15.0, 1.6]);
                    assert!(near < 5e-4, "{rule:?} {own:?} {weather:?}: {near}");
                    let far = apart(rule, own, weather, [12.0, 18.0, 3.0]);
                    assert!(far < 5e-3, "{rule:?} {own:?} {weather:?}: {far}");
                }
            }
        }
    }

    #[test]
    fn missing_cells_have_none() {
        let zero = [0.0; TOGETHER];
        let mut tmrt = [30.0; TOGETHER];
        tmrt[3] = f32::NAN;
        let mut own = [[1.0; TOGETHER]; 3];
        for (k, lane) in own.iter_mut().enumerate() {
            lane[5 + k] = f32::NAN;
        }
        let [warmer, damper, windier] = &own;
        let all = Own {
            air: true,
            wind: true,
        };
        for rule in [UtciRange::Wind, UtciRange::Clip, UtciRange::Flag] {
            let around = UtciAround::new(rule, 25.0, 50.0, 1.0);
            let found = around.cells([warmer, damper, windier], all, &tmrt);
            for (i, utci) in found.iter().enumerate() {
                assert_eq!(utci.is_nan(), [3, 5, 6, 7].contains(&i), "{rule:?} {i}");
            }
            for [ta, rh, wind] in [
                [f64::NAN, 50.0, 1.0],
                [25.0, f64::NAN, 1.0],
                [25.0, 50.0, f64::NAN],
            ] {
                let none = UtciAround::new(rule, ta, rh, wind);
                let air = Own {
                    air: true,
                    wind: false,
                };
                let found = none.cells([&zero, &zero, &zero], air, &tmrt);
                assert!(
                    found.iter().all(|x| x.is_nan()),
                    "{rule:?} {ta} {rh} {wind}"
                );
            }
        }
    }
}
