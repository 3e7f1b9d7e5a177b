//! Heat indices besides UTCI and PET (R 14): wet bulb globe temperature after Liljegren et al. (2008,
//! J. Occup. Environ. Hyg. 5, 645–655), its natural wet bulb, globe temperatures, the apparent
//! temperature of Steadman (1994) and the standard effective temperature SET*.
//!
//! Globe and wick take up what the model's own fluxes bring them ([`loads`]), so each is a function of
//! one number a cell.

mod air;
pub mod apparent;
mod curve;
mod exponential;
pub mod loads;
mod sensors;
pub mod two_nodes;

pub use air::CALM;
pub use apparent::Apparent;
pub use curve::{Balance, COEFFICIENTS, Curve, DEGREE, MOST_ERROR, Polynomial};
pub use sensors::{Air, Globe, Wick};
pub use two_nodes::{TwoNodes, Wearer};

use crate::constants::{KELVIN, SIGMA};
use crate::tabled::{CubicPiece, Table};

/// Globe of Liljegren's WBGT [m], and those that are reported for comparison: of ISO 7243 and of a
/// table-tennis ball.
pub const GLOBE: f64 = 0.0508;
/// See [`GLOBE`].
pub const LARGE_GLOBE: f64 = 0.15;
/// See [`GLOBE`].
pub const SMALL_GLOBE: f64 = 0.038;
/// Height of the sensors [m]; that of the person.
pub const HEIGHT: f64 = 1.1;

/// Parts of natural wet bulb, globe and air in WBGT under the sun (ISO 7243). They are kept in the
/// shade, so that an index of a map has no step at the edge of a shadow.
const WET_BULB_PART: f64 = 0.7;
const GLOBE_PART: f64 = 0.2;
const AIR_PART: f64 = 0.1;

/// WBGT [°C] of its three temperatures.
#[inline(always)]
#[must_use]
pub fn wbgt(wet_bulb: f64, globe: f64, ta: f64) -> f64 {
    WET_BULB_PART * wet_bulb + GLOBE_PART * globe + AIR_PART * ta
}

/// An index of this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Wet bulb globe temperature.
    Wbgt,
    /// Natural wet bulb.
    WetBulb,
    /// Globe of 150 mm.
    LargeGlobe,
    /// Globe of 38 mm.
    SmallGlobe,
    /// Apparent temperature.
    Apparent,
    /// Standard effective temperature SET*.
    Effective,
}

/// How many there are.
pub const INDICES: usize = 6;

impl Index {
    /// All of them, in their order.
    pub const ALL: [Self; INDICES] = [
        Self::Wbgt,
        Self::WetBulb,
        Self::LargeGlobe,
        Self::SmallGlobe,
        Self::Apparent,
        Self::Effective,
    ];
}

/// The indices of one instant as functions of a cell's radiation.
#[derive(Debug)]
pub struct HeatStep {
    air: Air,
    wanted: [bool; INDICES],
    wick: Option<Curve<Wick>>,
    globe: Option<Curve<Globe>>,
    large: Option<Curve<Globe>>,
    small: Option<Curve<Globe>>,
    apparent: Option<Apparent>,
    effective: Option<Table<TwoNodes>>,
}

impl HeatStep {
    /// What the indices `wanted` need in the weather `air`, whose wind is at [`HEIGHT`]; `wind_10m`
    /// [m s⁻¹] enters the apparent temperature, `wearer` SET*. Missing or impossible weather makes
    /// every result NaN.
    #[must_use]
    pub fn new(air: Air, wind_10m: f64, wearer: Wearer, wanted: [bool; INDICES]) -> Self {
        let usable = air.usable();
        let room = SIGMA * (air.ta + KELVIN).powi(4);
        let any = |indices: &[Index]| usable && indices.iter().any(|&i| wanted[i as usize]);
        let globe = |d: f64| Curve::new(Globe::new(air, d), room);
        Self {
            air,
            wanted,
            wick: any(&[Index::Wbgt, Index::WetBulb])
                .then(|| Curve::new(Wick::new(air), sensors::EMISSIVITY * room)),
            globe: any(&[Index::Wbgt]).then(|| globe(GLOBE)),
            large: any(&[Index::LargeGlobe]).then(|| globe(LARGE_GLOBE)),
            small: any(&[Index::SmallGlobe]).then(|| globe(SMALL_GLOBE)),
            apparent: (any(&[Index::Apparent]) && wind_10m >= 0.0)
                .then(|| Apparent::new(air.ta, air.rh, wind_10m)),
            effective: wanted[Index::Effective as usize]
                .then(|| TwoNodes::new(air, wearer).map(Table::new))
                .flatten(),
        }
    }

    /// Whether an index was wanted.
    #[inline(always)]
    #[must_use]
    pub fn gives(&self, index: Index) -> bool {
        self.wanted[index as usize]
    }

    /// An index [°C] of cells whose globe and wick absorb so much [W m⁻²], at mean radiant
    /// temperatures [°C].
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn fill(&self, index: Index, [globe, wick, tmrt]: [&[f32]; 3], out: &mut [f32]) {
        match index {
            Index::Wbgt => self.wbgt(globe, wick, out),
            Index::WetBulb => self.wet_bulb(wick, out),
            Index::LargeGlobe => self.large_globe(globe, out),
            Index::SmallGlobe => self.small_globe(globe, out),
            Index::Apparent => self.apparent(tmrt, out),
            Index::Effective => self.effective(tmrt, out),
        }
    }

    /// WBGT [°C] of cells whose globe and wick absorb so much [W m⁻²].
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn wbgt(&self, globe: &[f32], wick: &[f32], out: &mut [f32]) {
        let (Some(g), Some(w)) = (&self.globe, &self.wick) else {
            return out.fill(f32::NAN);
        };
        assert!(globe.len() == out.len() && wick.len() == out.len());
        let ta = self.air.ta;
        let (pg, pw) = (g.polynomial(), w.polynomial());
        let mut outside = false;
        for i in 0..out.len() {
            let (by_globe, by_wick) = (f64::from(globe[i]), f64::from(wick[i]));
            out[i] = wbgt(pw.value(by_wick), pg.value(by_globe), ta) as f32;
            outside |= !(pg.holds(globe[i]) & pw.holds(wick[i]));
        }
        if outside {
            for i in 0..out.len() {
                out[i] = wbgt(w.eval(wick[i]), g.eval(globe[i]), ta) as f32;
            }
        }
    }

    /// Natural wet bulb [°C] of cells whose wick absorbs so much [W m⁻²].
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn wet_bulb(&self, wick: &[f32], out: &mut [f32]) {
        fill(self.wick.as_ref(), wick, out);
    }

    /// Temperature [°C] of a globe of 150 mm that absorbs so much [W m⁻²].
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn large_globe(&self, globe: &[f32], out: &mut [f32]) {
        fill(self.large.as_ref(), globe, out);
    }

    /// Temperature [°C] of a globe of 38 mm that absorbs so much [W m⁻²].
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn small_globe(&self, globe: &[f32], out: &mut [f32]) {
        fill(self.small.as_ref(), globe, out);
    }

    /// Apparent temperature [°C] at mean radiant temperatures [°C].
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn apparent(&self, tmrt: &[f32], out: &mut [f32]) {
        assert_eq!(tmrt.len(), out.len());
        let Some(apparent) = &self.apparent else {
            return out.fill(f32::NAN);
        };
        for (o, &t) in out.iter_mut().zip(tmrt) {
            *o = apparent.eval(f64::from(t)) as f32;
        }
    }

    /// SET* [°C] at mean radiant temperatures [°C].
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn effective(&self, tmrt: &[f32], out: &mut [f32]) {
        assert_eq!(tmrt.len(), out.len());
        let Some(table) = &self.effective else {
            return out.fill(f32::NAN);
        };
        table.fill(tmrt, out);
    }

    /// The table of SET* from `low` to `high` [°C of Tmrt] for a device, as [`Table::pieces`] has it;
    /// `None` where every result is NaN.
    #[must_use]
    pub fn pieces(&self, low: f64, high: f64) -> Option<(f64, Vec<Vec<CubicPiece>>)> {
        self.effective.as_ref().map(|table| table.pieces(low, high))
    }

    /// How a device computes an index: polynomials in the loads of globe and wick, or in Tmrt, that
    /// are added; `None` where the weather gives none, and of SET*, which has a table.
    #[must_use]
    pub fn formula(&self, index: Index) -> Option<Formula> {
        Some(match index {
            Index::Wbgt => {
                let mut wick = *self.wick?.polynomial();
                let mut globe = *self.globe?.polynomial();
                wick.c = wick.c.map(|c| WET_BULB_PART * c);
                globe.c = globe.c.map(|c| GLOBE_PART * c);
                wick.c[0] += AIR_PART * self.air.ta;
                Formula::Sum { globe, wick }
            }
            Index::WetBulb => Formula::Wick(*self.wick?.polynomial()),
            Index::LargeGlobe => Formula::Globe(*self.large?.polynomial()),
            Index::SmallGlobe => Formula::Globe(*self.small?.polynomial()),
            Index::Apparent => Formula::Tmrt(self.apparent?.polynomial()),
            Index::Effective => return None,
        })
    }
}

/// An index as polynomials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Formula {
    /// In the globe's load.
    Globe(Polynomial),
    /// In the wick's load.
    Wick(Polynomial),
    /// In Tmrt.
    Tmrt(Polynomial),
    /// In both loads, added.
    Sum {
        /// Of the globe.
        globe: Polynomial,
        /// Of the wick.
        wick: Polynomial,
    },
}

/// An index [°C] of one cell, solved: from what globe and wick absorb [W m⁻²] and Tmrt [°C], in air
/// with its wind at [`HEIGHT`] and at 10 m [m s⁻¹], for a person. NaN in missing or impossible
/// weather.
#[must_use]
pub fn of_cell(
    index: Index,
    air: Air,
    wind_10m: f64,
    wearer: Wearer,
    [globe, wick, tmrt]: [f64; 3],
) -> f64 {
    if !air.usable() {
        return f64::NAN;
    }
    match index {
        Index::Wbgt => wbgt(
            Wick::new(air).solve(wick),
            Globe::new(air, GLOBE).solve(globe),
            air.ta,
        ),
        Index::WetBulb => Wick::new(air).solve(wick),
        Index::LargeGlobe => globe_of_cell(air, LARGE_GLOBE, globe),
        Index::SmallGlobe => globe_of_cell(air, SMALL_GLOBE, globe),
        Index::Apparent if wind_10m >= 0.0 => Apparent::new(air.ta, air.rh, wind_10m).eval(tmrt),
        Index::Apparent => f64::NAN,
        Index::Effective => TwoNodes::new(air, wearer).map_or(f64::NAN, |body| body.solve(tmrt)),
    }
}

/// Temperature [°C] of a globe of a diameter [m] that absorbs `load` [W m⁻²], solved; NaN in missing or
/// impossible weather.
#[must_use]
pub fn globe_of_cell(air: Air, diameter: f64, load: f64) -> f64 {
    if air.usable() {
        Globe::new(air, diameter).solve(load)
    } else {
        f64::NAN
    }
}

/// Curve of a globe of a diameter [m]; `None` in missing or impossible weather.
#[must_use]
pub fn globe_curve(air: Air, diameter: f64) -> Option<Curve<Globe>> {
    let room = SIGMA * (air.ta + KELVIN).powi(4);
    air.usable()
        .then(|| Curve::new(Globe::new(air, diameter), room))
}

/// Temperatures [°C] at loads [W m⁻²]; NaN without a curve.
///
/// # Panics
/// If the slices differ in length.
#[inline(always)]
pub fn fill<B: Balance>(curve: Option<&Curve<B>>, load: &[f32], out: &mut [f32]) {
    assert_eq!(load.len(), out.len());
    let Some(curve) = curve else {
        return out.fill(f32::NAN);
    };
    let polynomial = curve.polynomial();
    let mut outside = false;
    for (o, &x) in out.iter_mut().zip(load) {
        *o = polynomial.value(f64::from(x)) as f32;
        outside |= !polynomial.holds(x);
    }
    if outside {
        for (o, &x) in out.iter_mut().zip(load) {
            *o = curve.eval(x) as f32;
        }
    }
}

#[cfg(test)]
mod tests;
