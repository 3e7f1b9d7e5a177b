//! Ray tables: the pixel offsets along an azimuth and the height a ray gains with distance
//! (G 2.1, 2.2). Both engines read these tables, so rounding rules exist once, here.

use crate::constants::DEG;
use std::f64::consts::PI;

/// How far a ray is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Steps farther than this horizontal distance are not taken [m].
    pub max_distance_m: f64,
    /// The last step is the first one whose height gain exceeds this bound [m]; infinite = no bound.
    /// The reference bounds rays by a height statistic (quirk Q8); parity tests pass it here.
    pub height_bound_m: f64,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            max_distance_m: 1000.0,
            height_bound_m: f64::INFINITY,
        }
    }
}

/// One step of a ray: the look-up offset towards the light and the horizontal distance travelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RayStep {
    /// Row offset (north is negative).
    pub drow: i32,
    /// Column offset (east is positive).
    pub dcol: i32,
    /// Length of the ideal line in pixels, ℓ·k.
    pub length_px: f64,
}

/// Offsets and slope length of an azimuth.
struct Azimuth {
    column_dominant: bool,
    sin_sign: f64,
    cos_sign: f64,
    tan: f64,
    slope_length: f64,
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}

impl Azimuth {
    fn new(azimuth_deg: f64) -> Self {
        let phi = azimuth_deg * DEG;
        let column_dominant = (PI / 4.0..3.0 * PI / 4.0).contains(&phi)
            || (5.0 * PI / 4.0..7.0 * PI / 4.0).contains(&phi);
        let (sin, cos) = (phi.sin(), phi.cos());
        Self {
            column_dominant,
            sin_sign: sign(sin),
            cos_sign: sign(cos),
            tan: phi.tan(),
            slope_length: if column_dominant {
                1.0 / sin.abs()
            } else {
                1.0 / cos.abs()
            },
        }
    }

    /// Offset of step `k` (G 2.1): the major coordinate advances by one cell, the minor one is the
    /// cell nearest to the ideal line, halves to even.
    fn step(&self, k: usize) -> RayStep {
        let kf = k as f64;
        let (drow, dcol) = if self.column_dominant {
            (
                -self.cos_sign * (kf / self.tan).round_ties_even().abs(),
                self.sin_sign * kf,
            )
        } else {
            (
                -self.cos_sign * kf,
                self.sin_sign * (kf * self.tan).round_ties_even().abs(),
            )
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "offsets are small whole numbers"
        )]
        RayStep {
            drow: drow as i32,
            dcol: dcol as i32,
            length_px: self.slope_length * kf,
        }
    }
}

/// The first `count` steps (k = 0, 1, …) along an azimuth.
#[must_use]
pub fn ray_steps(azimuth_deg: f64, count: usize) -> Vec<RayStep> {
    let azimuth = Azimuth::new(azimuth_deg);
    (0..count).map(|k| azimuth.step(k)).collect()
}

/// A ray of one azimuth and altitude, ready to march: step `k` looks up the cell at
/// `(drow[k], dcol[k])` and compares height differences with `height[k]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ray {
    /// Row offsets, k = 0 first.
    pub drow: Vec<i32>,
    /// Column offsets.
    pub dcol: Vec<i32>,
    /// Height gained, h_k [m]: computed in f64, rounded once.
    pub height: Vec<f32>,
}

impl Ray {
    /// Table for a light direction. Steps end at the reach, at the raster's extent (G 2.2) or where
    /// the height gain exceeds `relief_m`, the largest height difference in the scene.
    ///
    /// # Panics
    /// If the altitude is not above the horizon.
    #[must_use]
    pub fn new(
        azimuth_deg: f64,
        altitude_deg: f64,
        pixel_size: f64,
        rows: usize,
        cols: usize,
        reach: &Reach,
        relief_m: f64,
    ) -> Self {
        assert!(
            altitude_deg > 0.0,
            "a ray needs an altitude above the horizon"
        );
        let azimuth = Azimuth::new(azimuth_deg.rem_euclid(360.0));
        let scale = 1.0 / pixel_size;
        let rise = (altitude_deg * DEG).tan() / scale;
        // A step can hit only while the previous height gain is below the relief (canopy uses it).
        let bound = reach.height_bound_m.min(relief_m);
        let mut ray = Self {
            drow: Vec::new(),
            dcol: Vec::new(),
            height: Vec::new(),
        };
        let mut previous = 0.0;
        for k in 0.. {
            let step = azimuth.step(k);
            let height = if k == 0 { 0.0 } else { step.length_px * rise };
            let outside = step.drow.unsigned_abs() as usize >= rows
                || step.dcol.unsigned_abs() as usize >= cols;
            let too_far = step.length_px * pixel_size > reach.max_distance_m;
            if k > 0 && (previous > bound || outside || too_far) {
                break;
            }
            ray.drow.push(step.drow);
            ray.dcol.push(step.dcol);
            #[expect(clippy::cast_possible_truncation, reason = "the one rounding of h_k")]
            ray.height.push(height as f32);
            previous = height;
        }
        ray
    }

    /// Number of steps, the cell itself (k = 0) included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.height.len()
    }

    /// Never true: step 0 is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.height.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinal_azimuths_step_straight() {
        for (azimuth, drow, dcol) in [(0.0, -1, 0), (90.0, 0, 1), (180.0, 1, 0), (270.0, 0, -1)] {
            for (k, step) in ray_steps(azimuth, 50).iter().enumerate() {
                let k = i32::try_from(k).unwrap();
                assert_eq!(
                    (step.drow, step.dcol),
                    (k * drow, k * dcol),
                    "azimuth {azimuth}"
                );
            }
        }
    }

    #[test]
    fn opposite_azimuths_mirror() {
        for azimuth in [7.3, 33.0, 61.7, 100.1, 170.0] {
            let (a, b) = (ray_steps(azimuth, 200), ray_steps(azimuth + 180.0, 200));
            for (p, q) in a.iter().zip(&b) {
                assert_eq!((p.drow, p.dcol), (-q.drow, -q.dcol));
            }
        }
    }

    #[test]
    fn heights_grow_and_follow_the_tangent() {
        let ray = Ray::new(30.0, 45.0, 2.0, 100, 100, &Reach::default(), 1e3);
        for (k, h) in ray.height.iter().enumerate() {
            let want = 2.0 * k as f64 / (30.0 * DEG).cos();
            assert!((f64::from(*h) - want).abs() < 1e-4);
        }
    }

    #[test]
    fn reach_and_relief_end_the_ray() {
        let reach = Reach {
            max_distance_m: 50.0,
            ..Reach::default()
        };
        assert_eq!(Ray::new(90.0, 10.0, 1.0, 500, 500, &reach, 1e3).len(), 51);
        // 10 m of relief at 45 degrees: the last step is the first above it.
        assert_eq!(
            Ray::new(90.0, 45.0, 1.0, 500, 500, &Reach::default(), 10.0).len(),
            12
        );
    }
}
