//! The range UTCI was fitted in (Bröde et al. 2012), and what is done outside it.

use super::vapour::saturation_vapour_pressure;

/// Air temperature [°C].
pub const AIR: [f64; 2] = [-50.0, 50.0];
/// Radiant temperature above air temperature [K].
pub const EXCESS: [f64; 2] = [-30.0, 70.0];
/// Wind at 10 m [m/s].
pub const WIND: [f64; 2] = [0.5, 17.0];
/// Least relative humidity [%].
pub const DRIEST: f64 = 5.0;
/// Greatest vapour pressure [hPa].
pub const DAMPEST: f64 = 50.0;

/// What is done outside the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UtciRange {
    /// Stronger wind counts as the strongest of the range, beyond which the polynomial runs away;
    /// all else is taken as given.
    #[default]
    Wind,
    /// Every input is brought to the nearest value of the range.
    Clip,
    /// Everything is taken as given.
    Flag,
    /// There is no UTCI.
    Nan,
}

/// Which inputs of a step lie outside the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Wind below the range.
    pub calm: bool,
    /// Wind above it.
    pub storm: bool,
    /// Vapour pressure above it.
    pub damp: bool,
    /// Relative humidity below it.
    pub dry: bool,
    /// Air temperature below or above it.
    pub air: bool,
}

impl Outside {
    /// Of a step: air temperature [°C], relative humidity [%], wind at 10 m [m/s]. A missing input
    /// lies nowhere.
    #[must_use]
    pub fn of(ta: f64, rh: f64, wind_10m: f64) -> Self {
        Self {
            calm: wind_10m < WIND[0],
            storm: wind_10m > WIND[1],
            damp: saturation_vapour_pressure(ta) * rh / 100.0 > DAMPEST,
            dry: rh < DRIEST,
            air: !ta.is_nan() && !(AIR[0]..=AIR[1]).contains(&ta),
        }
    }

    /// Whether any does.
    #[must_use]
    pub fn any(self) -> bool {
        self.calm || self.storm || self.damp || self.dry || self.air
    }
}

/// Inputs of a step as the polynomial takes them.
pub(super) struct Inputs {
    /// Air temperature [°C].
    pub(super) ta: f64,
    /// Wind at 10 m [m/s].
    pub(super) wind: f64,
    /// Vapour pressure [kPa].
    pub(super) vapour: f64,
}

impl UtciRange {
    /// `None` where there is no UTCI.
    pub(super) fn inputs(self, ta: f64, rh: f64, wind: f64) -> Option<Inputs> {
        let saturated = saturation_vapour_pressure(ta);
        let vapour = saturated * rh / 1000.0;
        Some(match self {
            Self::Flag => Inputs { ta, wind, vapour },
            Self::Wind => Inputs {
                ta,
                wind: wind.min(WIND[1]),
                vapour,
            },
            Self::Clip => Inputs {
                ta: ta.clamp(AIR[0], AIR[1]),
                wind: wind.clamp(WIND[0], WIND[1]),
                vapour: vapour.max(saturated * DRIEST / 1000.0).min(DAMPEST / 10.0),
            },
            Self::Nan if Outside::of(ta, rh, wind).any() => return None,
            Self::Nan => Inputs { ta, wind, vapour },
        })
    }
}

/// Lowest and highest Tmrt [°C] of the range at an air temperature.
#[inline(always)]
#[must_use]
pub fn tmrt_limits(ta: f64) -> [f64; 2] {
    [ta + EXCESS[0], ta + EXCESS[1]]
}

/// Lowest and highest Tmrt [°C] of the range at an air temperature, as rasters hold it: a cell lies
/// outside exactly if its value does.
#[must_use]
pub fn tmrt_range(ta: f64) -> [f32; 2] {
    let [low, high] = tmrt_limits(ta);
    let (mut first, mut last) = (low as f32, high as f32);
    if f64::from(first) < low {
        first = first.next_up();
    }
    if f64::from(last) > high {
        last = last.next_down();
    }
    [first, last]
}
