//! Universal Thermal Climate Index (R 10; Bröde et al. 2012).
//!
//! The operational regression: a polynomial of degree six in air temperature, wind, radiant
//! temperature excess and vapour pressure.

mod table;

use table::TERMS;

/// Missing-value code of the weather files: anything at or below it counts as missing.
const MISSING: f64 = -999.0;

/// Coefficients of ln(e_s) over water in powers T⁻²…T⁴ (Hardy 1998, ITS-90).
const HARDY: [f64; 7] = [
    -2836.5744,
    -6028.076559,
    19.54263612,
    -0.02737830188,
    1.6261698e-5,
    7.0229056e-10,
    -1.8680009e-13,
];

/// Saturation vapour pressure over water [hPa] at `ta` [°C] (Hardy 1998).
#[must_use]
pub fn saturation_vapour_pressure(ta: f64) -> f64 {
    let kelvin = ta + 273.15;
    let series: f64 = HARDY
        .iter()
        .enumerate()
        .map(|(i, g)| g * kelvin.powi(i as i32 - 2))
        .sum();
    0.01 * (2.7150305 * kelvin.ln() + series).exp()
}

/// UTCI [°C].
///
/// `ta` air temperature [°C], `rh` relative humidity [%], `tmrt` mean radiant temperature [°C],
/// `wind_10m` wind speed at 10 m [m/s]. Values outside the published range are computed as given
/// (see [`in_published_range`]); NaN, missing codes (≤ −999) and negative wind give NaN.
#[must_use]
pub fn utci(ta: f64, rh: f64, tmrt: f64, wind_10m: f64) -> f64 {
    UtciStep::new(ta, rh, wind_10m).eval_f64(tmrt)
}

/// True where the regression was fitted: −50 ≤ Ta ≤ 50 °C, −30 ≤ Tmrt − Ta ≤ 70 K,
/// 0.5 ≤ v ≤ 17 m/s, 5 ≤ RH ≤ 100 % with a vapour pressure below 5 kPa (R 10).
#[must_use]
pub fn in_published_range(ta: f64, rh: f64, tmrt: f64, wind_10m: f64) -> bool {
    (-50.0..=50.0).contains(&ta)
        && (-30.0..=70.0).contains(&(tmrt - ta))
        && (0.5..=17.0).contains(&wind_10m)
        && (5.0..=100.0).contains(&rh)
        && saturation_vapour_pressure(ta) * rh / 1000.0 < 5.0
}

/// UTCI for one instant: with Ta, RH and wind fixed, what is left is a polynomial of degree six in
/// ΔT = Tmrt − Ta.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UtciStep {
    ta: f64,
    /// Coefficients of ΔT⁰…ΔT⁶; the first includes Ta itself.
    poly: [f64; 7],
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
    pub fn new(ta: f64, rh: f64, wind_10m: f64) -> Self {
        let usable = ta > MISSING && rh > MISSING && wind_10m >= 0.0;
        if !usable {
            return Self {
                ta: f64::NAN,
                poly: [f64::NAN; 7],
            };
        }
        let vapour_kpa = saturation_vapour_pressure(ta) * rh / 1000.0;
        let (t, v, pa) = (powers(ta), powers(wind_10m), powers(vapour_kpa));
        let mut poly = [0.0; 7];
        for ([p, q, r, s], c) in TERMS {
            poly[usize::from(r)] += c * t[usize::from(p)] * v[usize::from(q)] * pa[usize::from(s)];
        }
        poly[0] += ta;
        Self { ta, poly }
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
    pub fn fill(&self, tmrt: &[f32], out: &mut [f32]) {
        assert_eq!(tmrt.len(), out.len(), "tmrt and out differ in length");
        for (o, &t) in out.iter_mut().zip(tmrt) {
            *o = self.eval(t);
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
            assert!((utci(ta, rh, tmrt, v) - want).abs() < 1e-6);
            let cell = UtciStep::new(ta, rh, v).eval(tmrt as f32);
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
                assert!((utci(ta, rh, ta + dt, v) - (ta + plain)).abs() < 1e-9);
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
            assert!(utci(ta, rh, tmrt, v).is_nan());
        }
        assert!(utci(25.0, 50.0, 25.0, 0.0).is_finite());
    }

    #[test]
    fn published_range() {
        assert!(in_published_range(25.0, 50.0, 60.0, 0.5));
        assert!(!in_published_range(25.0, 50.0, 60.0, 0.4));
        assert!(!in_published_range(25.0, 50.0, 96.0, 1.0));
        assert!(!in_published_range(45.0, 90.0, 60.0, 1.0));
        assert!(!in_published_range(f64::NAN, 50.0, 60.0, 1.0));
    }

    #[test]
    fn moving_the_origin_changes_nothing() {
        let step = UtciStep::new(28.0, 45.0, 1.3);
        let c = step.polynomial_around(47.0).unwrap();
        for tmrt in [10.0, 47.0, 71.5] {
            let moved = c.iter().rev().fold(0.0, |sum, c| sum * (tmrt - 47.0) + c);
            assert!((moved - step.eval_f64(tmrt)).abs() < 1e-9);
        }
        assert!(
            UtciStep::new(f64::NAN, 45.0, 1.0)
                .polynomial_around(0.0)
                .is_none()
        );
    }

    #[test]
    fn fill_equals_eval() {
        let step = UtciStep::new(28.0, 45.0, 1.3);
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
