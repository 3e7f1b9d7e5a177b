//! The air of a step where it is given cell by cell, and wind at other heights (R 15).

use crate::weather_cells::WeatherCells;
use std::ops::Range;

/// How wind grows with the height above the ground.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum WindProfile {
    /// Power law of open ground, with an exponent of 0.2.
    #[default]
    Power,
    /// Logarithm of the height, above a roughness length [m].
    Log {
        /// Roughness length [m].
        roughness: f64,
    },
}

impl WindProfile {
    /// Wind at `height` for each of it at `from`, both above the ground [m].
    #[must_use]
    pub fn ratio(self, height: f64, from: f64) -> f64 {
        match self {
            Self::Power => (height / from).powf(0.2),
            // Of one height it must be one, exactly.
            Self::Log { .. } if height == from => 1.0,
            Self::Log { roughness } => (height / roughness).ln() / (from / roughness).ln(),
        }
    }
}

/// What of the air is given cell by cell, in place of what the step's weather says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Air<'a> {
    /// Air temperature [°C].
    pub ta: Option<&'a [f32]>,
    /// Relative humidity [%].
    pub rh: Option<&'a [f32]>,
    /// Wind speed [m s⁻¹].
    pub wind: Option<&'a [f32]>,
    /// Height of that wind above the ground [m]; not read where there is none.
    pub wind_height: f64,
    /// Radiation by coarse weather cells, which lie over the whole raster.
    pub sky: Option<&'a WeatherCells>,
}

impl<'a> Air<'a> {
    /// Nothing is given cell by cell.
    pub const OF_THE_STEP: Air<'static> = Air {
        ta: None,
        rh: None,
        wind: None,
        wind_height: 10.0,
        sky: None,
    };

    /// Whether the air itself is; radiation is not part of it.
    #[must_use]
    pub fn any(&self) -> bool {
        self.ta.is_some() || self.rh.is_some() || self.wind.is_some()
    }

    /// That of single cells, copied.
    #[must_use]
    pub fn at(&self, cells: &[usize]) -> KeptAir {
        let pick = |x: &[f32]| cells.iter().map(|&i| x[i]).collect();
        KeptAir {
            rasters: [self.ta, self.rh, self.wind].map(|x| x.map(pick)),
            wind_height: self.wind_height,
            sky: self.sky.cloned(),
        }
    }

    /// That of some cells.
    #[inline(always)]
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let part = |x: &'a [f32]| &x[range.clone()];
        Self {
            ta: self.ta.map(part),
            rh: self.rh.map(part),
            wind: self.wind.map(part),
            wind_height: self.wind_height,
            sky: self.sky,
        }
    }
}

/// The air of a step, kept.
#[derive(Clone, Debug, Default)]
pub struct KeptAir {
    rasters: [Option<Vec<f32>>; 3],
    wind_height: f64,
    sky: Option<WeatherCells>,
}

impl KeptAir {
    /// A copy.
    #[must_use]
    pub fn of(air: &Air<'_>) -> Self {
        Self {
            rasters: [air.ta, air.rh, air.wind].map(|x| x.map(<[f32]>::to_vec)),
            wind_height: air.wind_height,
            sky: air.sky.cloned(),
        }
    }

    /// What was kept.
    #[must_use]
    pub fn air(&self) -> Air<'_> {
        let [ta, rh, wind] = self.rasters.each_ref().map(Option::as_deref);
        Air {
            ta,
            rh,
            wind,
            wind_height: self.wind_height,
            sky: self.sky.as_ref(),
        }
    }

    /// Bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let held = self.rasters.iter().flatten();
        held.map(|raster| size_of_val(raster.as_slice())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles() {
        let log = WindProfile::Log { roughness: 0.1 };
        for profile in [WindProfile::Power, log] {
            assert_eq!(profile.ratio(2.0, 2.0), 1.0);
            let there_and_back = profile.ratio(1.5, 10.0) * profile.ratio(10.0, 1.5);
            assert!((there_and_back - 1.0).abs() < 1e-12);
            assert!(profile.ratio(1.1, 10.0) < 1.0);
        }
        assert!((WindProfile::Power.ratio(1.1, 10.0) - 0.11_f64.powf(0.2)).abs() < 1e-15);
        assert!((log.ratio(1.0, 10.0) - 0.5).abs() < 1e-15);
    }
}
