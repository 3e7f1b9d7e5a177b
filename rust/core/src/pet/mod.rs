//! Physiological equivalent temperature (R 11): the air temperature of a reference room in which
//! a body has the skin, clothing and sweat state it has outdoors (MEMI; Höppe 1999, Int. J.
//! Biometeorol. 43, 71–75).
//!
//! The reference marches the clothing temperature in ever smaller steps; here the equations are
//! solved to the root, which differs from it by its own step noise (below 0.1 K).

mod balance;
mod blood;
mod body;
mod one_branch;
mod regimes;
mod revised;
mod root;
mod table;

use balance::Balance;
pub use body::{Body, MIN_CLOTHING};
use one_branch::OneBranch;
use revised::Revised;
use table::Table;
pub use table::PetPiece;

/// Missing-value code of the weather files: anything at or below it counts as missing.
const MISSING: f64 = -999.0;

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
enum Solver {
    OneBranch(OneBranch),
    Revised(Revised),
    Regimes(Balance),
}

impl Solver {
    /// `None` where an input is missing or impossible.
    fn new(variant: PetVariant, ta: f64, rh: f64, wind: f64, body: &Body) -> Option<Self> {
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

    /// PET [°C] and the regime it was found in, 0 where there is but one.
    fn solve(&self, tmrt: f64) -> (f64, u8) {
        match self {
            Self::OneBranch(body) => (body.solve(tmrt), 0),
            Self::Revised(body) => (body.solve(tmrt), 0),
            Self::Regimes(balance) => balance.solve_by_regimes(tmrt),
        }
    }

    /// Whether PET may fall as Tmrt rises.
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
    let known = tmrt.is_finite() && tmrt > MISSING;
    match Solver::new(variant, ta, rh, wind, body).filter(|_| known) {
        Some(solver) => solver.solve(tmrt).0,
        None => f64::NAN,
    }
}

/// PET for one instant and person: a table over Tmrt, filled as cells ask for it and within
/// 0.5 mK of [`pet`].
#[derive(Debug)]
pub struct PetStep(Option<Table>);

impl PetStep {
    /// Width of a cell of the table [K of Tmrt].
    pub const CELL: f64 = table::WIDTH;

    /// Prepare an air temperature [°C], relative humidity [%] and wind at 1.1 m [m/s]. Invalid
    /// input makes every result NaN, as in [`pet`].
    #[must_use]
    pub fn new(variant: PetVariant, ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        Self(Solver::new(variant, ta, rh, wind, body).map(Table::new))
    }

    /// The table from `low` to `high` [°C of Tmrt] for a device: lower end of the first cell, and
    /// the pieces of every cell of [`PetStep::CELL`]; `None` where every result is NaN.
    #[must_use]
    pub fn pieces(&self, low: f64, high: f64) -> Option<(f64, Vec<Vec<PetPiece>>)> {
        self.0.as_ref().map(|table| table.pieces(low, high))
    }

    /// PET [°C] of a raster cell with mean radiant temperature `tmrt` [°C].
    #[inline]
    #[must_use]
    pub fn eval(&self, tmrt: f32) -> f32 {
        let tmrt = f64::from(tmrt);
        match &self.0 {
            Some(table) if tmrt.is_finite() && tmrt > MISSING => table.eval(tmrt) as f32,
            _ => f32::NAN,
        }
    }

    /// PET [°C] of a run of cells.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn fill(&self, tmrt: &[f32], out: &mut [f32]) {
        assert_eq!(tmrt.len(), out.len(), "tmrt and out differ in length");
        for (o, &t) in out.iter_mut().zip(tmrt) {
            *o = self.eval(t);
        }
    }
}

#[cfg(test)]
mod tests;
