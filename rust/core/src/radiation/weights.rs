//! Angular weights of sky view factors and the shaded share of walls (R 7.2, 7.3).

use std::f32::consts::{FRAC_PI_2, PI};

/// Weight of a directional sky view factor in a side flux (R 7.2).
///
/// Slightly negative below 0.03; inputs a rounding error above 1 are harmless.
#[inline(always)]
#[must_use]
pub fn side_weight(x: f32) -> f32 {
    const C: [f32; 6] = [
        (-0.4863 / 4.4897) as f32,
        (16.773 / 4.4897) as f32,
        (-70.424 / 4.4897) as f32,
        (156.91 / 4.4897) as f32,
        (-161.51 / 4.4897) as f32,
        (63.227 / 4.4897) as f32,
    ];
    x * (C[0] + x * (C[1] + x * (C[2] + x * (C[3] + x * (C[4] + x * C[5])))))
}

/// Arc tangent of a number ≥ 0, without branches so that loops over it vectorise. Error < 3e-7.
#[inline(always)]
#[must_use]
pub fn atan_positive(x: f32) -> f32 {
    // Reduce to |t| ≤ tan(π/8) (Cephes).
    let high = x > 2.414_213_6;
    let middle = x > 0.414_213_57;
    let t = if high {
        -1.0 / x
    } else if middle {
        (x - 1.0) / (x + 1.0)
    } else {
        x
    };
    let base = if high {
        FRAC_PI_2
    } else if middle {
        0.5 * FRAC_PI_2
    } else {
        0.0
    };
    let z = t * t;
    let p = ((8.053_744e-2 * z - 1.387_768_5e-1) * z + 1.997_771e-1) * z - 3.333_295e-1;
    base + (p * z * t + t)
}

/// Cosine on [0, π/2], without branches. Error < 2e-7.
#[inline(always)]
#[must_use]
pub fn cos_quarter(x: f32) -> f32 {
    // sin(π/2 − x) keeps full accuracy near the zero of the cosine; both halves are polynomials.
    let far = x > 0.5 * FRAC_PI_2;
    let y = if far { FRAC_PI_2 - x } else { x };
    let z = y * y;
    let sine =
        y + y * z * (-1.666_666_6e-1 + z * (8.333_333e-3 + z * (-1.984_127e-4 + z * 2.755_732e-6)));
    let cosine = 1.0
        + z * (-0.5
            + z * (4.166_666_6e-2
                + z * (-1.388_888_9e-3 + z * (2.480_158_8e-5 - z * 2.755_732e-7))));
    if far { sine } else { cosine }
}

/// Sky views below this are rounding: the cell is closed.
const CLOSED: f32 = 1e-7;

/// Combined sky view sb of a cell, from those of buildings and vegetation.
#[inline(always)]
#[must_use]
pub fn open_sky(s: f32, sv: f32) -> f32 {
    let open = s + sv - 1.0;
    if open < CLOSED { 0.0 } else { open }
}

/// Share of diffuse light that comes to a cell, from its sky views and 1 − canopy transmissivity.
#[inline(always)]
#[must_use]
pub fn through(s: f32, sv: f32, canopy: f32) -> f32 {
    s - (1.0 - sv) * canopy
}

/// Shortwave on walls of which a fraction is shaded.
#[inline(always)]
#[must_use]
pub fn on_walls(global: f32, diffuse: f32, shaded: f32) -> f32 {
    global * (1.0 - shaded) + diffuse * shaded
}

/// What walls reflect to where a share of the sky comes through.
#[inline(always)]
#[must_use]
pub fn from_walls(albedo: f32, through: f32, on_walls: f32) -> f32 {
    albedo * (1.0 - through) * on_walls
}

/// 2 / tan α of the basin that is as open: sin²α = 1 − sb.
#[inline(always)]
#[must_use]
pub fn basin(open: f32) -> f32 {
    2.0 * (open / (1.0 - open)).sqrt()
}

/// Ratio q = 2 / (tan α · tan Z) of the wedge, with `open` the combined sky view sb (α is the
/// obstruction angle of an equal basin) and `tan_zenith` of the sun.
#[inline(always)]
#[must_use]
pub fn wedge_ratio(open: f32, inverse_tan_zenith: f32) -> f32 {
    basin(open) * inverse_tan_zenith
}

/// Shaded fraction of the walls around a cell (R 7.3), from q ≥ 0; 0.5 where undefined.
///
/// Written without the cancellation the published form suffers for large q.
#[inline(always)]
#[must_use]
pub fn shaded_fraction(q: f32) -> f32 {
    let t = 0.5 * (4.0 * q * q - 1.0).max(0.0).sqrt();
    let phi = atan_positive(t);
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    // (1 − A) = c (c/(1+s) − 1 + φ) / (1 − c) and q + (1 − q) A = q (1 − A) + A
    let rest = c * (c / (1.0 + s) - 1.0 + phi) / (1.0 - c);
    let far = 1.0 - (q * rest + 1.0 - rest) / PI;
    pick(q, 1.0 - q / PI, far)
}

/// The exact geometry: 1 − [arccos(1/q) + q − √(q² − 1)]/π for q > 1.
#[inline(always)]
#[must_use]
pub fn shaded_fraction_exact(q: f32) -> f32 {
    let root = (q * q - 1.0).max(0.0).sqrt();
    let far = 1.0 - (atan_positive(root) + 1.0 / (q + root)) / PI;
    pick(q, 1.0 - q / PI, far)
}

#[inline(always)]
fn pick(q: f32, near: f32, far: f32) -> f32 {
    let value = if q <= 1.0 { near } else { far };
    if value >= 0.5 { value } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn side_weight_values() {
        for (x, want) in [
            (0.0, 0.0),
            (0.1, 0.0139909408),
            (0.25, 0.0661522724),
            (0.5, 0.1992804363),
            (0.75, 0.4305932951),
            (0.9, 0.6658340662),
            (1.0, 1.0),
        ] {
            assert!(
                (f64::from(side_weight(x as f32)) - want).abs() < 2e-6,
                "{x}"
            );
        }
    }

    #[test]
    fn directional_weights() {
        let (s, sb, sa) = (0.6_f32, 0.6 + 0.8 - 1.0, 0.9_f32);
        let (ws, wb, wa) = (side_weight(s), side_weight(sb), side_weight(sa));
        for (got, want) in [
            (1.0 - ws, 0.7190562149),
            (ws - wb, 0.1464057554),
            (1.0 - wb - (wa - ws), 0.4805716892),
            (wa - ws, 0.3848902811),
            (wb, 0.1345380297),
            (1.0 - wb, 0.8654619703),
        ] {
            assert!((f64::from(got) - want).abs() < 2e-6, "{got} {want}");
        }
    }

    #[test]
    fn shaded_fraction_by_ratio() {
        for (q, want) in [
            (0.1, 0.96816901),
            (0.5, 0.84084506),
            (1.0, 0.68169011),
            (1.1, 0.66614088),
            (2.0, 0.59072043),
            (5.0, 0.53421150),
            (50.0, 0.50321004),
        ] {
            assert!(
                (f64::from(shaded_fraction(q as f32)) - want).abs() < 5e-7,
                "{q}"
            );
        }
        for q in [f32::NAN, f32::INFINITY] {
            assert_eq!(shaded_fraction(q), 0.5);
            assert_eq!(shaded_fraction_exact(q), 0.5);
        }
        assert!((shaded_fraction(1e6) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn shaded_fraction_by_altitude() {
        let alphas = [0.3_f64, 0.6, std::f64::consts::FRAC_PI_4, 1.0, 1.3];
        for (h, wants) in [
            (1.0, [0.964077, 0.983757, 0.988888, 0.992865, 0.996915]),
            (5.0, [0.819947, 0.918588, 0.944303, 0.964237, 0.984538]),
            (20.0, [0.576365, 0.671456, 0.768289, 0.851220, 0.935673]),
            (40.0, [0.531384, 0.573063, 0.608980, 0.669422, 0.851701]),
            (60.0, [0.514727, 0.533758, 0.550545, 0.581076, 0.693885]),
        ] {
            let inverse_tan_zenith = f64::to_radians(h).tan() as f32;
            for (alpha, want) in alphas.iter().zip(wants) {
                let open = (1.0 - alpha.sin().powi(2)) as f32;
                let got = shaded_fraction(wedge_ratio(open, inverse_tan_zenith));
                assert!(
                    (f64::from(got) - want).abs() < 2e-6,
                    "{h} {alpha} {got} {want}"
                );
            }
        }
    }

    #[test]
    fn exact_wedge_is_continuous_and_close() {
        assert!((shaded_fraction_exact(1.0) - shaded_fraction_exact(1.000_01)).abs() < 1e-2);
        let worst = (100..1000)
            .map(|i| i as f32 * 0.01)
            .map(|q| shaded_fraction(q) - shaded_fraction_exact(q))
            .fold(0.0_f32, f32::max);
        assert!(worst > 0.010 && worst < 0.012, "{worst}");
    }

    #[test]
    fn closed_and_open_basins() {
        assert_eq!(shaded_fraction(wedge_ratio(0.0, 1.0)), 1.0);
        assert_eq!(shaded_fraction(wedge_ratio(1.0, 1.0)), 0.5);
    }

    #[test]
    fn elementary_functions() {
        for i in 0..=2000 {
            let x = i as f32 * 0.01;
            assert!((atan_positive(x) - x.atan()).abs() < 3e-7, "{x}");
            let y = i as f32 * (FRAC_PI_2 / 2000.0);
            assert!((cos_quarter(y) - y.cos()).abs() < 2e-7, "{y}");
        }
        assert!((atan_positive(1e30) - FRAC_PI_2).abs() < 1e-7);
    }
}
