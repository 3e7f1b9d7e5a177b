//! Cloud correction of the surface temperature (R 6.3).

use super::clearness::{capped, index_against};
use super::split::reindl;
use crate::constants::DEG;

/// Clearness indices that scale the surface temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceClearness {
    /// Against clear-sky global (the one that scales).
    pub global: f64,
    /// Against clear-sky beam (output only).
    pub beam: f64,
}

/// Cloud correction of the surface temperature: observed global over the clear sky's, whose beam
/// and diffuse come from the split at Kt = 1.
#[must_use]
pub fn surface_clearness(
    global: f64,
    i0: f64,
    corr: f64,
    altitude_deg: f64,
    ta: f64,
    rh: f64,
) -> SurfaceClearness {
    let clear = reindl(i0, altitude_deg, 1.0, ta, rh);
    let clear_global = clear.beam * (altitude_deg * DEG).sin() + clear.diffuse;
    SurfaceClearness {
        global: capped(index_against(global, clear_global, corr)),
        beam: capped(index_against(global, clear.beam, corr)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_correction_of_case_c() {
        let corr = 0.1473 * 45.0_f64.ln() + 0.3454;
        let got = surface_clearness(300.0, 746.286893, corr, 45.0, 25.0, 50.0);
        assert!((got.global - 0.49586879).abs() < 1e-8);
    }
}
