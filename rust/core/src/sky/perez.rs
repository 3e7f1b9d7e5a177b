//! All-weather sky luminance (R 4.3; Perez, Seals & Michalsky 1993).

use super::distance_factor_squared;
use crate::constants::DEG;
use crate::patches::PatchTable;

/// Solar constant of this scheme [W m⁻²].
const SOLAR_CONSTANT: f64 = 1367.0;
/// Lower edges of clearness bins 2–8.
const BIN_EDGES: [f64; 7] = [1.065, 1.230, 1.500, 1.950, 2.800, 4.500, 6.200];

/// Four coefficients each of a, b, c, d, e, by clearness bin.
const COEFFICIENTS: [[[f64; 4]; 5]; 8] = [
    [
        [1.3525, -0.2576, -0.269, -1.4366],
        [-0.767, 0.0007, 1.2734, -0.1233],
        [2.8, 0.6004, 1.2375, 1.0],
        [1.8734, 0.6297, 0.9738, 0.2809],
        [0.0356, -0.1246, -0.5718, 0.9938],
    ],
    [
        [-1.2219, -0.773, 1.4148, 1.1016],
        [-0.2054, 0.0367, -3.9128, 0.9156],
        [6.975, 0.1774, 6.4477, -0.1239],
        [-1.5798, -0.5081, -1.7812, 0.108],
        [0.2624, 0.0672, -0.219, -0.4285],
    ],
    [
        [-1.1, -0.2515, 0.8952, 0.0156],
        [0.2782, -0.1812, -4.5, 1.1766],
        [24.7219, -13.0812, -37.7, 34.8438],
        [-5.0, 1.5218, 3.9229, -2.6204],
        [-0.0156, 0.1597, 0.4199, -0.5562],
    ],
    [
        [-0.5484, -0.6654, -0.2672, 0.7117],
        [0.7234, -0.6219, -5.6812, 2.6297],
        [33.3389, -18.3, -62.25, 52.0781],
        [-3.5, 0.0016, 1.1477, 0.1062],
        [0.4659, -0.3296, -0.0876, -0.0329],
    ],
    [
        [-0.6, -0.3566, -2.5, 2.325],
        [0.2937, 0.0496, -5.6812, 1.8415],
        [21.0, -4.7656, -21.5906, 7.2492],
        [-3.5, -0.1554, 1.4062, 0.3988],
        [0.0032, 0.0766, -0.0656, -0.1294],
    ],
    [
        [-1.0156, -0.367, 1.0078, 1.4051],
        [0.2875, -0.5328, -3.85, 3.375],
        [14.0, -0.9999, -7.1406, 7.5469],
        [-3.4, -0.1078, -1.075, 1.5702],
        [-0.0672, 0.4016, 0.3017, -0.4844],
    ],
    [
        [-1.0, 0.0211, 0.5025, -0.5119],
        [-0.3, 0.1922, 0.7023, -1.6317],
        [19.0, -5.0, 1.2438, -1.9094],
        [-4.0, 0.025, 0.3844, 0.2656],
        [1.0468, -0.3788, -2.4517, 1.4656],
    ],
    [
        [-1.05, 0.0289, 0.426, 0.359],
        [-0.325, 0.1156, 0.7781, 0.0025],
        [31.0625, -14.5, -46.1148, 55.375],
        [-7.2312, 0.405, 13.35, 0.6234],
        [1.5, -0.6426, 1.8564, 0.5636],
    ],
];

/// Sky luminance on the patches.
#[derive(Clone, Debug, PartialEq)]
pub struct Luminance {
    /// Relative luminance per patch; a plain sum of 1, not weighted with solid angle.
    pub patches: Vec<f64>,
    /// Sky clearness ε; NaN where there is no diffuse light.
    pub clearness: f64,
    /// Sky brightness Δ; NaN where there is no diffuse light.
    pub brightness: f64,
}

/// Sun and irradiance the luminance depends on.
#[derive(Clone, Copy, Debug)]
pub struct PerezInput {
    /// Apparent sun zenith [deg].
    pub zenith_deg: f64,
    /// Sun azimuth [deg].
    pub azimuth_deg: f64,
    /// Diffuse horizontal irradiance [W m⁻²].
    pub diffuse: f64,
    /// Beam normal irradiance [W m⁻²].
    pub beam: f64,
    /// Day of year.
    pub day_of_year: f64,
}

/// Optical air mass by sun altitude [deg].
fn air_mass(altitude_deg: f64) -> f64 {
    let sin_h = (altitude_deg * DEG).sin();
    if altitude_deg >= 10.0 {
        1.0 / sin_h
    } else {
        1.0 / (sin_h + 0.50572 * (altitude_deg + 6.07995).powf(-1.6364))
    }
}

/// The five luminance parameters of a bin.
fn parameters(bin: usize, zenith: f64, delta: f64) -> [f64; 5] {
    let rows = &COEFFICIENTS[bin];
    let mut x = rows.map(|p| p[0] + p[1] * zenith + delta * (p[2] + p[3] * zenith));
    if bin == 0 {
        let (c, d) = (rows[2], rows[3]);
        x[2] = (delta * (c[0] + c[1] * zenith)).powf(c[2]).exp() - c[3];
        x[3] = -(delta * (d[0] + d[1] * zenith)).exp() + d[2] + delta * d[3];
    }
    x
}

/// Normalised luminance of every patch of `table`.
///
/// Uniform where the model has no answer: no diffuse light, or a patch that would turn negative.
#[must_use]
pub fn luminance(table: &PatchTable, input: &PerezInput) -> Luminance {
    let uniform = || vec![1.0 / table.len() as f64; table.len()];
    let PerezInput {
        zenith_deg,
        azimuth_deg,
        diffuse,
        beam,
        day_of_year,
    } = *input;
    if diffuse.is_nan() || diffuse <= 0.0 {
        return Luminance {
            patches: uniform(),
            clearness: f64::NAN,
            brightness: f64::NAN,
        };
    }
    let z = zenith_deg * DEG;
    let kappa = 1.041 * z.powi(3);
    let clearness = ((diffuse + beam) / diffuse + kappa) / (1.0 + kappa);
    let altitude_deg = 90.0 - zenith_deg;
    let extraterrestrial = SOLAR_CONSTANT * distance_factor_squared(day_of_year);
    let brightness = if diffuse > 10.0 {
        air_mass(altitude_deg) * diffuse / extraterrestrial
    } else {
        0.0
    };
    let bin = BIN_EDGES.partition_point(|&edge| edge <= clearness);
    let [a, b, c, d, e] = parameters(bin, z, brightness);
    let (sin_h, cos_h) = (altitude_deg * DEG).sin_cos();
    let mut patches: Vec<f64> = table
        .patches
        .iter()
        .map(|p| {
            let (sin_b, cos_b) = (p.altitude_deg * DEG).sin_cos();
            let turn = ((p.azimuth_deg - azimuth_deg) * DEG).cos();
            // Rounding can carry the cosine past 1 when the sun stands on a patch centre.
            let cos_g = (sin_b * sin_h + cos_b * cos_h * turn).clamp(-1.0, 1.0);
            let halo = 1.0 + c * (d * cos_g.acos()).exp() + e * cos_g * cos_g;
            (1.0 + a * (b / sin_b).exp()) * halo
        })
        .collect();
    let sum: f64 = patches.iter().sum();
    if patches.iter().any(|&l| l < 0.0) || !sum.is_finite() || sum <= 0.0 {
        return Luminance {
            patches: uniform(),
            clearness,
            brightness,
        };
    }
    for l in &mut patches {
        *l /= sum;
    }
    Luminance {
        patches,
        clearness,
        brightness,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patches::PatchOption;

    fn sky(zenith: f64, azimuth: f64, diffuse: f64, beam: f64, doy: f64) -> Luminance {
        let table = PatchTable::new(PatchOption::P153);
        luminance(
            &table,
            &PerezInput {
                zenith_deg: zenith,
                azimuth_deg: azimuth,
                diffuse,
                beam,
                day_of_year: doy,
            },
        )
    }

    #[test]
    fn check_values() {
        for (input, eps, delta, first, last, max, at) in [
            (
                (30.0, 180.0, 100.0, 800.0, 180.0),
                7.959953,
                0.087381,
                0.009369283678,
                0.005329870748,
                0.029473341634,
                122,
            ),
            (
                (30.0, 180.0, 200.0, 400.0, 180.0),
                2.739988,
                0.174761,
                0.005010988037,
                0.007205723666,
                0.026842406484,
                122,
            ),
            (
                (60.0, 120.0, 250.0, 0.0, 100.0),
                1.0,
                0.367406,
                0.003932689183,
                0.007006291515,
                0.014974225935,
                70,
            ),
            (
                (80.0, 90.0, 60.0, 200.0, 200.0),
                1.869484,
                0.261203,
                0.006018709245,
                0.002149752644,
                0.050193724267,
                8,
            ),
            (
                (50.0, 200.0, 8.0, 0.0, 10.0),
                1.0,
                0.0,
                0.005233145263,
                0.007974188405,
                0.008041528968,
                145,
            ),
        ] {
            let got = sky(input.0, input.1, input.2, input.3, input.4);
            assert!((got.clearness - eps).abs() < 1e-6);
            assert!((got.brightness - delta).abs() < 1e-6);
            assert!((got.patches[0] - first).abs() < 1e-12);
            assert!((got.patches[152] - last).abs() < 1e-12);
            assert!((got.patches[at] - max).abs() < 1e-12);
            assert!(got.patches.iter().all(|&l| l <= got.patches[at]));
            assert!((got.patches.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn low_sun_stays_regular() {
        let table = PatchTable::new(PatchOption::P145);
        let got = luminance(
            &table,
            &PerezInput {
                zenith_deg: 85.75,
                azimuth_deg: 67.36,
                diffuse: 73.1,
                beam: 100.1,
                day_of_year: 229.0,
            },
        );
        // The published case gives the zenith to two decimals.
        assert!((got.clearness - 1.305021).abs() < 1e-4, "{}", got.clearness);
        assert!(
            (got.brightness - 0.643287).abs() < 1e-3,
            "{}",
            got.brightness
        );
        let max = got.patches.iter().copied().fold(0.0, f64::max);
        assert!((max - 0.045256).abs() < 1e-4, "{max}");
    }

    #[test]
    fn no_diffuse_light_is_uniform() {
        assert!(
            sky(40.0, 180.0, 0.0, 800.0, 180.0)
                .patches
                .iter()
                .all(|&l| l == 1.0 / 153.0)
        );
    }

    #[test]
    fn sun_on_a_patch_centre_is_finite() {
        let got = sky(84.0, 0.0, 100.0, 300.0, 180.0);
        assert!(got.patches.iter().all(|l| l.is_finite()));
    }

    #[test]
    fn clearness_on_the_last_edge_is_in_the_last_bin() {
        assert_eq!(BIN_EDGES.partition_point(|&e| e <= 6.2), 7);
        assert_eq!(BIN_EDGES.partition_point(|&e| e <= 1.0), 0);
    }
}
