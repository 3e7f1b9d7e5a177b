//! Beam and diffuse irradiance from global irradiance (R 3.4; Reindl et al. 1990).

use crate::constants::DEG;

/// Beam normal and diffuse horizontal irradiance [W m⁻²].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Beam irradiance on a surface normal to the sun.
    pub beam: f64,
    /// Diffuse irradiance on the horizontal.
    pub diffuse: f64,
}

fn missing(value: f64) -> bool {
    value.is_nan() || value <= -999.0
}

/// Diffuse fraction of the full correlation, or of the reduced one where air data are missing.
/// The published bounds of the fraction are not applied.
fn diffuse_fraction(sin_h: f64, kt: f64, ta: f64, rh: f64) -> f64 {
    let phi = rh / 100.0;
    match (missing(ta) || missing(rh), kt) {
        (true, k) if k <= 0.3 => 1.020 - 0.248 * k,
        (true, k) if k < 0.78 => 1.45 - 1.67 * k,
        (true, _) => 0.147,
        (false, k) if k <= 0.3 => 1.0 - 0.232 * k + 0.0239 * sin_h - 0.000682 * ta + 0.0195 * phi,
        (false, k) if k < 0.78 => 1.329 - 1.716 * k + 0.267 * sin_h - 0.00357 * ta + 0.106 * phi,
        (false, k) => 0.426 * k - 0.256 * sin_h + 0.00349 * ta + 0.0734 * phi,
    }
}

/// Split `global` at sun altitude `altitude_deg`, with `kt` the global over extraterrestrial
/// irradiance.
#[must_use]
pub fn reindl(global: f64, altitude_deg: f64, kt: f64, ta: f64, rh: f64) -> Split {
    let sin_h = (altitude_deg * DEG).sin();
    let diffuse = global * diffuse_fraction(sin_h, kt, ta, rh);
    let beam = ((global - diffuse) / sin_h).max(0.0);
    let beam = if altitude_deg < 1.0 {
        beam.min(global)
    } else {
        beam
    };
    Split {
        beam,
        diffuse: diffuse.min(global),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        for (h, ta, rh, g, kt, beam, diffuse) in [
            (55.0, 25.0, 50.0, 800.0, 0.724802, 715.175331, 214.162665),
            (55.0, 25.0, 50.0, 300.0, 0.271801, 18.597295, 284.765987),
            (20.0, 10.0, 70.0, 250.0, 0.531600, 331.417883, 136.648408),
            (1.0, 10.0, 80.0, 5.0, 0.212320, 11.477251, 4.799694),
            (5.0, 5.0, 80.0, 60.0, 0.499166, 301.080696, 33.759088),
        ] {
            let s = reindl(g, h, kt, ta, rh);
            // Kt carries six digits here, which the split multiplies.
            assert!((s.beam - beam).abs() < 2e-3, "{s:?} {beam}");
            assert!((s.diffuse - diffuse).abs() < 1e-3, "{s:?} {diffuse}");
        }
    }

    #[test]
    fn missing_air_data_use_the_reduced_correlation() {
        let s = reindl(100.0, 30.0, 0.9, f64::NAN, 50.0);
        assert!((s.diffuse - 14.7).abs() < 1e-12);
        assert!((s.beam - 85.3 / 0.5).abs() < 1e-9);
        assert_eq!(reindl(100.0, 30.0, 0.9, 20.0, -999.0), s);
    }

    #[test]
    fn diffuse_never_passes_global_and_beam_is_never_negative() {
        let s = reindl(50.0, 60.0, 0.05, -20.0, 100.0);
        assert_eq!(
            s,
            Split {
                beam: 0.0,
                diffuse: 50.0
            }
        );
    }
}
