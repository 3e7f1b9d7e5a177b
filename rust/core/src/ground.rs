//! Land-cover classes and the day wave of surface temperature (R 6.1, 6.2).

use std::f64::consts::FRAC_PI_2;

/// Properties of a surface class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceClass {
    /// Shortwave albedo.
    pub albedo: f64,
    /// Longwave emissivity.
    pub emissivity: f64,
    /// Growth of the day amplitude with the day's highest sun [K deg⁻¹].
    pub ts_deg: f64,
    /// Amplitude at a sun on the horizon [K].
    pub tstart: f64,
    /// Clock hour of the highest surface temperature.
    pub tmaxlst: f64,
}

const fn class(
    albedo: f64,
    emissivity: f64,
    ts_deg: f64,
    tstart: f64,
    tmaxlst: f64,
) -> SurfaceClass {
    SurfaceClass {
        albedo,
        emissivity,
        ts_deg,
        tstart,
        tmaxlst,
    }
}

/// Cobble stone, the ground where no land cover is given.
pub const DEFAULT_GROUND: SurfaceClass = class(0.20, 0.95, 0.37, -3.41, 15.0);
/// Walls (class 99).
pub const WALLS: SurfaceClass = class(0.20, 0.90, 0.37, -3.41, 15.0);
/// Code of water.
pub const WATER: u8 = 7;
/// Code whose class stands in for codes of 100 and above (buildings by wall material).
const ROOF: u8 = 2;
/// Default ground classes by code. Codes 3 and 4 (trees) have no ground properties.
pub const DEFAULT_CLASSES: [(u8, SurfaceClass); 6] = [
    (0, DEFAULT_GROUND),
    (1, class(0.18, 0.95, 0.58, -9.78, 15.0)),
    (ROOF, class(0.18, 0.95, 0.58, -9.78, 15.0)),
    (5, class(0.16, 0.94, 0.21, -3.38, 14.0)),
    (6, class(0.25, 0.94, 0.33, -3.01, 14.0)),
    (WATER, class(0.05, 0.98, 0.00, 0.00, 12.0)),
];

/// Ground classes by land-cover code.
#[derive(Clone, Debug, PartialEq)]
pub struct LandCoverTable {
    classes: [Option<SurfaceClass>; 256],
}

impl Default for LandCoverTable {
    fn default() -> Self {
        Self::new(&DEFAULT_CLASSES)
    }
}

impl LandCoverTable {
    /// Table of the given codes; codes ≥ 100 that are not listed use the roof class.
    #[must_use]
    pub fn new(classes: &[(u8, SurfaceClass)]) -> Self {
        let mut table = [None; 256];
        for &(code, class) in classes {
            table[usize::from(code)] = Some(class);
        }
        for code in 100..256 {
            table[code] = table[code].or(table[usize::from(ROOF)]);
        }
        Self { classes: table }
    }

    /// The same class for every code: the table of a run without land cover.
    #[must_use]
    pub fn uniform(class: SurfaceClass) -> Self {
        Self {
            classes: [Some(class); 256],
        }
    }

    /// Class of a code, if it has one.
    #[must_use]
    pub fn get(&self, code: u8) -> Option<&SurfaceClass> {
        self.classes[usize::from(code)].as_ref()
    }

    /// One property by code, NaN where there is no class.
    #[must_use]
    pub fn column(&self, property: impl Fn(&SurfaceClass) -> f64) -> [f64; 256] {
        std::array::from_fn(|code| self.classes[code].as_ref().map_or(f64::NAN, &property))
    }
}

/// When a step is, as far as the surface temperature is concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayPhase {
    /// Highest sun altitude of the day [deg].
    pub altitude_max: f64,
    /// Part of the solar day that has passed, 0–1 and up to half a step more.
    pub clock_fraction: f64,
    /// Sunrise [h, solar time].
    pub sunrise: f64,
}

impl SurfaceClass {
    /// Surface temperature excess over air under a clear sky [K].
    #[must_use]
    pub fn day_wave(&self, phase: &DayPhase) -> f64 {
        let span = self.tmaxlst / 24.0 - phase.sunrise / 24.0;
        if span == 0.0 {
            return 0.0;
        }
        let amplitude = self.ts_deg * phase.altitude_max + self.tstart;
        let angle = (phase.clock_fraction - phase.sunrise / 24.0) / span * FRAC_PI_2;
        amplitude * angle.sin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::season::sunrise_hour;

    #[test]
    fn codes() {
        let table = LandCoverTable::default();
        assert!(table.get(3).is_none() && table.get(4).is_none());
        assert_eq!(table.get(101), table.get(2));
        assert_eq!(table.get(7).unwrap().albedo, 0.05);
        assert!(table.column(|c| c.ts_deg)[3].is_nan());
    }

    #[test]
    fn wall_excess_of_case_a() {
        let phase = DayPhase {
            altitude_max: 55.7,
            clock_fraction: 13.0 / 24.0,
            sunrise: sunrise_hour(172.0, 57.7),
        };
        assert!((WALLS.day_wave(&phase) - 16.60196171).abs() < 1e-8);
    }

    #[test]
    fn polar_edge_has_no_wave() {
        let phase = DayPhase {
            altitude_max: 10.0,
            clock_fraction: 0.5,
            sunrise: 12.0,
        };
        let water = DEFAULT_CLASSES[5].1;
        assert_eq!(water.day_wave(&phase), 0.0);
    }
}
