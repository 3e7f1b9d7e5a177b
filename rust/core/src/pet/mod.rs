//! Physiological equivalent temperature (R 11): the air temperature of a reference room in which
//! a body has the skin, clothing and sweat state it has outdoors (MEMI; Höppe 1999, Int. J.
//! Biometeorol. 43, 71–75).
//!
//! The reference marches the clothing temperature in ever smaller steps; here the equations are
//! solved to the root, which differs from it by its own step noise (below 0.1 K).

mod balance;
mod blood;
mod body;
mod cells;
mod dweller;
mod exponential;
mod one_branch;
mod regimes;
mod revised;
mod rooms;
pub(crate) mod root;
mod solver;

use crate::tabled::{CubicPiece, Table};
pub use balance::metabolic_flux;
pub use body::{Body, MIN_CLOTHING};
pub use cells::{PetCells, TOGETHER};
use solver::Solver;
pub use solver::{CALM, PetVariant, pet};

/// PET for one instant and person: a table over Tmrt, filled as cells ask for it and within
/// 0.5 mK of [`pet`].
#[derive(Debug)]
pub struct PetStep(Option<Table<Solver>>);

impl PetStep {
    /// Prepare an air temperature [°C], relative humidity [%] and wind at 1.1 m [m/s]. Invalid
    /// input makes every result NaN, as in [`pet`].
    #[must_use]
    pub fn new(variant: PetVariant, ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        Self(Solver::new(variant, ta, rh, wind, body).map(Table::new))
    }

    /// The table from `low` to `high` [°C of Tmrt] for a device, as [`Table::pieces`] has it; `None`
    /// where every result is NaN.
    #[must_use]
    pub fn pieces(&self, low: f64, high: f64) -> Option<(f64, Vec<Vec<CubicPiece>>)> {
        self.0.as_ref().map(|table| table.pieces(low, high))
    }

    /// PET [°C] of a raster cell with mean radiant temperature `tmrt` [°C].
    #[inline]
    #[must_use]
    pub fn eval(&self, tmrt: f32) -> f32 {
        match &self.0 {
            Some(table) => table.eval(f64::from(tmrt)) as f32,
            None => f32::NAN,
        }
    }

    /// PET [°C] of a run of cells.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn fill(&self, tmrt: &[f32], out: &mut [f32]) {
        assert_eq!(tmrt.len(), out.len(), "tmrt and out differ in length");
        let Some(table) = &self.0 else {
            return out.fill(f32::NAN);
        };
        table.fill(tmrt, out);
    }
}

#[cfg(test)]
mod tests;
