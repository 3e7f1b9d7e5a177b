//! Universal Thermal Climate Index (R 10; Bröde et al. 2012).
//!
//! The operational regression: a polynomial of degree six in air temperature, wind, radiant
//! temperature excess and vapour pressure.

mod cells;
pub mod range;
mod table;
mod vapour;

pub use cells::{Lanes, Own, TERM_COUNT, TOGETHER, UtciAround};
pub use range::{Outside, UtciRange, tmrt_limits, tmrt_range};
use table::TERMS;
pub use vapour::saturation_vapour_pressure;

/// Missing-value code of the weather files: anything at or below it counts as missing.
const MISSING: f64 = -999.0;

/// UTCI [°C].
///
/// `ta` air temperature [°C], `rh` relative humidity [%], `tmrt` mean radiant temperature [°C],
/// `wind_10m` wind speed at 10 m [m/s]; `range` says what is done outside the published range. NaN,
/// missing codes (≤ −999) and negative wind give NaN.
#[must_use]
pub fn utci(range: UtciRange, ta: f64, rh: f64, tmrt: f64, wind_10m: f64) -> f64 {
    UtciStep::new(range, ta, rh, wind_10m).eval_f64(tmrt)
}

/// True where the regression was fitted: −50 ≤ Ta ≤ 50 °C, −30 ≤ Tmrt − Ta ≤ 70 K,
/// 0.5 ≤ v ≤ 17 m/s, 5 ≤ RH ≤ 100 % with a vapour pressure of up to 5 kPa (R 10).
#[must_use]
pub fn in_published_range(ta: f64, rh: f64, tmrt: f64, wind_10m: f64) -> bool {
    let known = !(ta.is_nan() || rh.is_nan() || wind_10m.is_nan());
    let [low, high] = range::EXCESS;
    known
        && rh <= 100.0
        && (low..=high).contains(&(tmrt - ta))
        && !Outside::of(ta, rh, wind_10m).any()
}

/// What is done with cells whose Tmrt lies outside the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellRule {
    /// Taken as given.
    Given,
    /// Tmrt is brought to the nearest value of the range.
    Clip,
    /// They have no UTCI.
    Nan,
}

/// UTCI for one instant: with Ta, RH and wind fixed, what is left is a polynomial of degree six in
/// ΔT = Tmrt − Ta.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UtciStep {
    /// Air temperature ΔT is counted from, and that of the polynomial.
    ta: f64,
    /// Coefficients of ΔT⁰…ΔT⁶; the first includes Ta itself.
    poly: [f64; 7],
    /// Lowest and highest Tmrt of the published range.
    tmrt_range: [f32; 2],
    rule: CellRule,
}

/// x⁰…x⁶.
fn powers(x: f64) -> [f64; 7] {
    let mut p = [1.0; 7];
    for i in 1..7 {
        p[i] = p[i - 1] * x;
    }
    p
}

impl UtciStep {
    /// Collapse the 210 terms for this air temperature [°C], relative humidity [%] and wind at
    /// 10 m [m/s]. Missing or negative-wind input makes every result NaN.
    #[must_use]
    pub fn new(range: UtciRange, ta: f64, rh: f64, wind_10m: f64) -> Self {
        let usable = ta > MISSING && rh > MISSING && wind_10m >= 0.0;
        let inputs = if usable {
            range.inputs(ta, rh, wind_10m)
        } else {
            None
        };
        let Some(inputs) = inputs else {
            return Self {
                ta: f64::NAN,
                poly: [f64::NAN; 7],
                tmrt_range: [f32::NEG_INFINITY, f32::INFINITY],
                rule: CellRule::Given,
            };
        };
        let (t, v) = (powers(inputs.ta), powers(inputs.wind));
        let pa = powers(inputs.vapour);
        let mut poly = [0.0; 7];
        for ([p, q, r, s], c) in TERMS {
            poly[usize::from(r)] += c * t[usize::from(p)] * v[usize::from(q)] * pa[usize::from(s)];
        }
        poly[0] += inputs.ta;
        Self {
            ta,
            poly,
            tmrt_range: range::tmrt_range(ta),
            rule: match range {
                UtciRange::Wind | UtciRange::Flag => CellRule::Given,
                UtciRange::Clip => CellRule::Clip,
                UtciRange::Nan => CellRule::Nan,
            },
        }
    }

    /// Lowest and highest Tmrt [°C] of the published range; all of them without UTCI.
    #[must_use]
    pub fn tmrt_range(&self) -> [f32; 2] {
        self.tmrt_range
    }

    /// What is done with cells outside [`UtciStep::tmrt_range`].
    #[must_use]
    pub fn cell_rule(&self) -> CellRule {
        self.rule
    }

    /// Coefficients of the polynomial in Tmrt − `centre`, and the UTCI it gives is in °C; `None`
    /// where the weather makes every result NaN. A device that has f32 only evaluates it near
    /// `centre` [°C] without loss.
    #[must_use]
    pub fn polynomial_around(&self, centre: f64) -> Option<[f64; 7]> {
        if self.ta.is_nan() {
            return None;
        }
        // Synthetic division moves the origin by one step per coefficient.
        let mut c = self.poly;
        let shift = centre - self.ta;
        for first in 0..6 {
            for i in (first..6).rev() {
                c[i] += shift * c[i + 1];
            }
        }
        Some(c)
    }

    /// UTCI [°C] at a mean radiant temperature [°C], in double precision.
    #[inline]
    #[must_use]
    pub fn eval_f64(&self, tmrt: f64) -> f64 {
        let [low, high] = self.tmrt_range.map(f64::from);
        match self.rule {
            CellRule::Given => self.value(tmrt),
            CellRule::Clip if tmrt > MISSING => self.value(tmrt.clamp(low, high)),
            CellRule::Nan if (low..=high).contains(&tmrt) => self.value(tmrt),
            CellRule::Clip | CellRule::Nan => f64::NAN,
        }
    }

    /// The polynomial.
    #[inline(always)]
    fn value(&self, tmrt: f64) -> f64 {
        let d = tmrt - self.ta;
        let [c0, c1, c2, c3, c4, c5, c6] = self.poly;
        let value = c0 + d * (c1 + d * (c2 + d * (c3 + d * (c4 + d * (c5 + d * c6)))));
        if tmrt > MISSING { value } else { f64::NAN }
    }

    /// UTCI [°C] of a raster cell; evaluated in f64, rounded once.
    #[inline]
    #[must_use]
    pub fn eval(&self, tmrt: f32) -> f32 {
        self.eval_f64(f64::from(tmrt)) as f32
    }

    /// UTCI [°C] of a run of cells.
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline]
    pub fn fill(&self, tmrt: &[f32], out: &mut [f32]) {
        assert_eq!(tmrt.len(), out.len(), "tmrt and out differ in length");
        // The rule is looked at once, not in every cell.
        if self.rule == CellRule::Given {
            for (o, &t) in out.iter_mut().zip(tmrt) {
                *o = self.value(f64::from(t)) as f32;
            }
        } else {
            for (o, &t) in out.iter_mut().zip(tmrt) {
                *o = self.eval(t);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (Ta, RH, Tmrt, v, UTCI) of the specification.
    const CHECKS: [(f64, f64, f64, f64, f64); 8] = [
        (25.0, 50.0, 25.0, 1.0, 24.612126),
        (30.0, 40.0, 60.0, 2.0, 36.465417),
        (35.0, 60.0, 70.0, 1.0, 46.168406),
        (0.0, 80.0, 0.0, 5.0, -14.021992),
        (-10.0, 70.0, -10.0, 10.0, -39.680927),
        (20.0, 50.0, 15.0, 0.5, 18.214719),
        (40.0, 20.0, 75.0, 3.0, 47.795777),
        (22.0, 65.0, 45.0, 0.5, 29.397120),
    ];

    #[test]
    fn vapour_pressure_over_water() {
        for (ta, hpa) in [
            (25.0, 31.699202),
            (0.0, 6.112129),
            (35.0, 56.292160),
            (-10.0, 2.865182),
        ] {
            assert!((saturation_vapour_pressure(ta) - hpa).abs() < 1e-6);
        }
    }

    #[test]
    fn check_values_in_both_precisions() {
        for (ta, rh, tmrt, v, want) in CHECKS {
            assert!((utci(UtciRange::Flag, ta, rh, tmrt, v) - want).abs() < 1e-6);
            let cell = UtciStep::new(UtciRange::Flag, ta, rh, v).eval(tmrt as f32);
            assert!((f64::from(cell) - want).abs() < 1e-5);
        }
    }

    /// The collapsed polynomial equals the plain sum over the 210 terms.
    #[test]
    fn collapsing_changes_nothing() {
        for ta in [-45.0, -3.0, 0.0, 17.5, 48.0] {
            for dt in [-30.0, 0.0, 12.5, 69.0] {
                let (rh, v) = (63.0, 4.2);
                let pa = saturation_vapour_pressure(ta) * rh / 1000.0;
                let plain: f64 = TERMS
                    .iter()
                    .map(|([p, q, r, s], c)| {
                        let pow = |x: f64, n: u8| x.powi(i32::from(n));
                        c * pow(ta, *p) * pow(v, *q) * pow(dt, *r) * pow(pa, *s)
                    })
                    .sum();
                assert!((utci(UtciRange::Flag, ta, rh, ta + dt, v) - (ta + plain)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn every_exponent_combination_appears_once() {
        let mut seen: Vec<[u8; 4]> = TERMS.iter().map(|(e, _)| *e).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 210);
        assert!(seen.iter().all(|e| e.iter().sum::<u8>() <= 6));
    }

    #[test]
    fn missing_input_gives_nan() {
        for (ta, rh, tmrt, v) in [
            (f64::NAN, 50.0, 25.0, 1.0),
            (25.0, -999.0, 25.0, 1.0),
            (25.0, 50.0, f64::NAN, 1.0),
            (25.0, 50.0, -999.0, 1.0),
            (25.0, 50.0, 25.0, -0.1),
            (25.0, 50.0, 25.0, f64::NAN),
        ] {
            assert!(utci(UtciRange::Flag, ta, rh, tmrt, v).is_nan());
        }
        assert!(utci(UtciRange::Flag, 25.0, 50.0, 25.0, 0.0).is_finite());
    }

    #[test]
    fn published_range() {
        assert!(in_published_range(25.0, 50.0, 60.0, 0.5));
        assert!(!in_published_range(25.0, 50.0, 60.0, 0.4));
        assert!(!in_published_range(25.0, 50.0, 96.0, 1.0));
        assert!(!in_published_range(45.0, 90.0, 60.0, 1.0));
        assert!(!in_published_range(f64::NAN, 50.0, 60.0, 1.0));
    }

    /// Beyond its range each rule does what it says, and the default holds the wind only.
    #[test]
    fn rules_outside_the_range() {
        use UtciRange::{Clip, Flag, Nan, Wind};
        let inside = utci(Flag, 30.0, 40.0, 60.0, 2.0);
        for range in [Wind, Clip, Flag, Nan] {
            assert_eq!(utci(range, 30.0, 40.0, 60.0, 2.0), inside);
            assert!(utci(range, 30.0, 40.0, 60.0, f64::NAN).is_nan());
            assert!(utci(range, 30.0, 40.0, f64::NAN, 2.0).is_nan());
        }
        let storm = utci(Wind, 35.0, 40.0, 45.0, 17.0);
        assert_eq!(utci(Wind, 35.0, 40.0, 45.0, 40.0), storm);
        assert_eq!(utci(Clip, 35.0, 40.0, 45.0, 40.0), storm);
        assert!(utci(Flag, 35.0, 40.0, 45.0, 40.0) < -1000.0);
        // Calm, damp, dry, frost and radiation: the default takes them as given.
        for (ta, rh, tmrt, v) in [
            (30.0, 40.0, 60.0, 0.1),
            (40.0, 95.0, 60.0, 2.0),
            (30.0, 1.0, 60.0, 2.0),
            (-55.0, 60.0, -55.0, 2.0),
            (30.0, 40.0, 101.0, 2.0),
            (30.0, 40.0, -1.0, 2.0),
        ] {
            assert_eq!(utci(Wind, ta, rh, tmrt, v), utci(Flag, ta, rh, tmrt, v));
            assert!(utci(Clip, ta, rh, tmrt, v) != utci(Flag, ta, rh, tmrt, v));
            assert!(utci(Nan, ta, rh, tmrt, v).is_nan());
        }
        assert_eq!(
            utci(Clip, 30.0, 40.0, 130.0, 0.0),
            utci(Flag, 30.0, 40.0, 100.0, 0.5)
        );
        assert_eq!(
            utci(Clip, 30.0, 0.0, 40.0, 1.0),
            utci(Flag, 30.0, 5.0, 40.0, 1.0)
        );
    }

    #[test]
    fn cells_outside_are_told_exactly() {
        for ta in [0.1, 17.3, -20.7, 33.333_333] {
            let step = UtciStep::new(UtciRange::Nan, ta, 40.0, 2.0);
            let [low, high] = step.tmrt_range();
            for t in [low, low.next_down(), high, high.next_up()] {
                let excess = f64::from(t) - ta;
                let inside = (-30.0..=70.0).contains(&excess);
                let [least, most] = tmrt_limits(ta);
                assert_eq!(inside, (least..=most).contains(&f64::from(t)), "{ta} {t}");
                assert_eq!(inside, (low..=high).contains(&t), "{ta} {t}");
                assert_eq!(inside, step.eval(t).is_finite(), "{ta} {t}");
            }
        }
        let none = UtciStep::new(UtciRange::Nan, 30.0, 40.0, 20.0);
        assert_eq!(none.tmrt_range(), [f32::NEG_INFINITY, f32::INFINITY]);
    }

    #[test]
    fn moving_the_origin_changes_nothing() {
        let step = UtciStep::new(UtciRange::Flag, 28.0, 45.0, 1.3);
        let c = step.polynomial_around(47.0).unwrap();
        for tmrt in [10.0, 47.0, 71.5] {
            let moved = c.iter().rev().fold(0.0, |sum, c| sum * (tmrt - 47.0) + c);
            assert!((moved - step.eval_f64(tmrt)).abs() < 1e-9);
        }
        assert!(
            UtciStep::new(UtciRange::Flag, f64::NAN, 45.0, 1.0)
                .polynomial_around(0.0)
                .is_none()
        );
    }

    #[test]
    fn fill_equals_eval() {
        let step = UtciStep::new(UtciRange::Flag, 28.0, 45.0, 1.3);
        let tmrt: Vec<f32> = (0..97).map(|i| 10.0 + 0.7 * i as f32).collect();
        let mut out = vec![0.0; tmrt.len()];
        step.fill(&tmrt, &mut out);
        assert!(
            tmrt.iter()
                .zip(&out)
                .all(|(&t, &o)| step.eval(t).to_bits() == o.to_bits())
        );
    }
}
