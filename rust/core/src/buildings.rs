//! Building mask: 1 on open ground, 0 on buildings (G 1.6).

/// Cells less than this above the ground are open ground [m].
const LIMIT_M: f64 = 2.0;

/// Mask from the height of the surface above the ground. Cells without data count as ground.
#[must_use]
pub fn from_heights(dsm: &[f32], dem: &[f32]) -> Vec<u8> {
    dsm.iter()
        .zip(dem)
        .map(|(&z, &g)| {
            u8::from(
                (f64::from(z) - f64::from(g)).is_nan() || f64::from(z) - f64::from(g) < LIMIT_M,
            )
        })
        .collect()
}

/// Mask from land-cover codes: roofs (2) and wall materials (100 and above) are buildings. The
/// reference leaves code 0 as a building by accident (quirk Q9).
#[must_use]
pub fn from_land_cover(codes: &[u8]) -> Vec<u8> {
    codes
        .iter()
        .map(|&code| u8::from(code != 2 && code < 100))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_metres_make_a_building() {
        let mask = from_heights(&[2.0, 1.9, f32::NAN, 12.0], &[0.0, 0.0, 0.0, 11.0]);
        assert_eq!(mask, [0, 1, 1, 1]);
    }

    #[test]
    fn roofs_and_wall_materials_are_buildings() {
        assert_eq!(
            from_land_cover(&[0, 1, 2, 5, 6, 7, 100, 102]),
            [1, 1, 0, 1, 1, 1, 0, 0]
        );
    }
}
