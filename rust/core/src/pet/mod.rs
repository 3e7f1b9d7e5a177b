//! Physiological equivalent temperature (R 11): the air temperature of a reference room in which
//! a body has the skin, clothing and sweat state it has outdoors (MEMI; Höppe 1999, Int. J.
//! Biometeorol. 43, 71–75).
//!
//! The reference marches the clothing temperature in ever smaller steps; here the same equations
//! are solved to the root, which differs from it by its own step noise (below 0.1 K).

mod balance;
mod body;
mod root;
mod table;

use balance::Balance;
pub use body::{Body, MIN_CLOTHING};
pub use table::PetPiece;
use table::{Table, solve};

/// Missing-value code of the weather files: anything at or below it counts as missing.
const MISSING: f64 = -999.0;

fn usable(ta: f64, rh: f64, wind: f64, body: &Body) -> bool {
    let finite = ta.is_finite() && rh.is_finite() && wind.is_finite();
    finite && ta > MISSING && rh >= 0.0 && wind > 0.0 && body.invalid_field().is_none()
}

/// PET [°C].
///
/// `ta` air temperature [°C], `rh` relative humidity [%], `tmrt` mean radiant temperature [°C],
/// `wind` wind speed at 1.1 m [m/s]. Missing input (NaN, codes ≤ −999), wind ≤ 0 and an invalid
/// body give NaN.
#[must_use]
pub fn pet(ta: f64, rh: f64, tmrt: f64, wind: f64, body: &Body) -> f64 {
    if !usable(ta, rh, wind, body) || !tmrt.is_finite() || tmrt <= MISSING {
        return f64::NAN;
    }
    solve(&Balance::new(ta, rh, wind, body), tmrt).0
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
    pub fn new(ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        Self(usable(ta, rh, wind, body).then(|| Table::new(Balance::new(ta, rh, wind, body))))
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
mod tests {
    use super::*;

    /// (Ta, RH, Tmrt, v), exact root of a man, stepping result of the reference for a woman.
    const CHECKS: [([f64; 4], f64, f64); 8] = [
        ([21.0, 50.0, 21.0, 0.1], 21.0205, 21.024),
        ([30.0, 40.0, 60.0, 1.0], 42.6248, 42.511),
        ([35.0, 60.0, 70.0, 0.5], 53.7347, 53.711),
        ([20.0, 50.0, 20.0, 1.0], 17.0709, 17.169),
        ([0.0, 80.0, 0.0, 2.0], -5.5848, -5.421),
        ([-5.0, 70.0, -5.0, 5.0], -12.5203, -12.291),
        ([25.0, 50.0, 25.0, 0.5], 23.8380, 23.829),
        ([40.0, 20.0, 75.0, 2.0], 56.1090, 55.911),
    ];
    const REGIMES: [u8; 8] = [1, 1, 4, 2, 3, 3, 1, 1];

    #[test]
    fn exact_roots_of_the_specification() {
        for ([ta, rh, tmrt, v], man, woman) in CHECKS {
            let got = pet(ta, rh, tmrt, v, &Body::default());
            assert!(
                (got - man).abs() < 1e-4,
                "({ta}, {rh}, {tmrt}, {v}): {got} for {man}"
            );
            let got = pet(
                ta,
                rh,
                tmrt,
                v,
                &Body {
                    female: true,
                    ..Body::default()
                },
            );
            assert!(
                (got - woman).abs() < 0.1,
                "({ta}, {rh}, {tmrt}, {v}): {got} for {woman}"
            );
        }
    }

    #[test]
    fn regimes_and_body_state() {
        for (([ta, rh, tmrt, v], _, _), want) in CHECKS.into_iter().zip(REGIMES) {
            let (regime, state) = Balance::new(ta, rh, v, &Body::default()).solve_outdoor(tmrt);
            assert_eq!(regime, want, "({ta}, {rh}, {tmrt}, {v})");
            if tmrt == 60.0 {
                assert!((state.skin - 35.884).abs() < 2e-3);
                assert!((state.clothing - 39.503).abs() < 2e-3);
                assert!((state.core - 37.225).abs() < 2e-3);
                assert!((state.wetness - 0.409).abs() < 2e-3);
            }
        }
    }

    /// The tabulated form stays within 1e-3 K of the solver, jumps between regimes included.
    #[test]
    fn table_agrees_with_the_solver() {
        let bodies = [
            Body::default(),
            Body {
                female: true,
                weight: 58.0,
                height: 1.65,
                clothing: 0.5,
                ..Body::default()
            },
        ];
        for body in &bodies {
            for (ta, rh, v) in [(33.0, 45.0, 0.8), (18.0, 70.0, 2.5), (-4.0, 85.0, 0.3)] {
                let step = PetStep::new(ta, rh, v, body);
                for i in 0..2500 {
                    let tmrt = -20.0 + 0.0417 * i as f32;
                    let exact = pet(ta, rh, f64::from(tmrt), v, body);
                    let got = f64::from(step.eval(tmrt));
                    assert!(
                        (got - exact).abs() < 1e-3,
                        "{ta} {v} {tmrt}: {got} for {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn missing_input_gives_nan() {
        let man = Body::default();
        assert!(pet(25.0, 50.0, 30.0, 0.0, &man).is_nan());
        assert!(pet(25.0, 50.0, 30.0, -1.0, &man).is_nan());
        assert!(pet(f64::NAN, 50.0, 30.0, 1.0, &man).is_nan());
        assert!(pet(25.0, 50.0, -9999.0, 1.0, &man).is_nan());
        assert!(PetStep::new(25.0, -999.0, 1.0, &man).eval(30.0).is_nan());
        let step = PetStep::new(25.0, 50.0, 1.0, &man);
        assert!(step.eval(f32::NAN).is_nan());
        assert!(step.eval(30.0).is_finite());
    }

    #[test]
    fn impossible_bodies_are_named() {
        let naked = Body {
            clothing: 0.0,
            ..Body::default()
        };
        assert_eq!(naked.invalid_field(), Some("clothing"));
        assert!(pet(25.0, 50.0, 30.0, 1.0, &naked).is_nan());
        let thin = Body {
            clothing: MIN_CLOTHING,
            ..Body::default()
        };
        assert_eq!(thin.invalid_field(), None);
        assert!(pet(25.0, 50.0, 30.0, 1.0, &thin).is_finite());
        assert_eq!(
            Body {
                height: 0.0,
                ..Body::default()
            }
            .invalid_field(),
            Some("height")
        );
        assert_eq!(
            Body {
                weight: f64::NAN,
                ..Body::default()
            }
            .invalid_field(),
            Some("weight")
        );
    }

    #[test]
    fn far_outside_the_table_is_still_solved() {
        let step = PetStep::new(25.0, 50.0, 1.0, &Body::default());
        let exact = pet(25.0, 50.0, 250.0, 1.0, &Body::default());
        assert!((f64::from(step.eval(250.0)) - exact).abs() < 1e-4);
    }
}
