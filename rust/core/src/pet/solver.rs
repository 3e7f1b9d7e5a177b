//! The variants of PET behind one face.

use super::balance::Balance;
use super::body::Body;
use super::one_branch::OneBranch;
use super::revised::Revised;
use crate::tabled::{MISSING, OfTmrt};

/// Least wind of PET [m/s], that of its reference room.
pub const CALM: f64 = 0.1;

/// Which body PET is computed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PetVariant {
    /// Höppe (1999), following one branch.
    #[default]
    Hoeppe1999,
    /// The revision of Walther & Goestchel (2018).
    Revised2018,
    /// Höppe (1999) by the six regimes of the reference's program.
    Reference,
}

/// A variant set up for one weather and person.
#[derive(Clone, Debug)]
pub(super) enum Solver {
    OneBranch(OneBranch),
    Revised(Revised),
    Regimes(Balance),
}

impl Solver {
    /// `None` where an input is missing or impossible.
    pub(super) fn new(
        variant: PetVariant,
        ta: f64,
        rh: f64,
        wind: f64,
        body: &Body,
    ) -> Option<Self> {
        let finite = ta.is_finite() && rh.is_finite() && wind.is_finite();
        let usable = finite && ta > MISSING && rh >= 0.0 && wind >= 0.0;
        if !usable || body.invalid_field().is_some() {
            return None;
        }
        let wind = wind.max(CALM);
        Some(match variant {
            PetVariant::Hoeppe1999 => Self::OneBranch(OneBranch::new(ta, rh, wind, body)),
            PetVariant::Revised2018 => Self::Revised(Revised::new(ta, rh, wind, body)),
            PetVariant::Reference => Self::Regimes(Balance::new(ta, rh, wind, body)),
        })
    }
}

impl OfTmrt for Solver {
    const FIT_ERROR: f64 = 2e-4;

    fn solve(&self, tmrt: f64) -> (f64, u8) {
        match self {
            Self::OneBranch(body) => (body.solve(tmrt), 0),
            Self::Revised(body) => (body.solve(tmrt), 0),
            Self::Regimes(balance) => balance.solve_by_regimes(tmrt),
        }
    }

    fn may_fall(&self) -> bool {
        matches!(self, Self::Regimes(_))
    }
}

/// PET [°C].
///
/// `ta` air temperature [°C], `rh` relative humidity [%], `tmrt` mean radiant temperature [°C],
/// `wind` wind speed at 1.1 m [m/s], raised to [`CALM`]. Missing input (NaN, codes ≤ −999), negative
/// wind and an invalid body give NaN.
#[must_use]
pub fn pet(variant: PetVariant, ta: f64, rh: f64, tmrt: f64, wind: f64, body: &Body) -> f64 {
    if !(tmrt.is_finite() && tmrt > MISSING) {
        return f64::NAN;
    }
    match Solver::new(variant, ta, rh, wind, body) {
        Some(solver) => solver.solve(tmrt).0,
        None => f64::NAN,
    }
}
