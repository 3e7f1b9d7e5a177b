//! PET as a function of Tmrt alone, tabulated on demand.
//!
//! Solving a balance takes microseconds; a raster holds millions of cells that share all but
//! Tmrt. Each 0.5 K of Tmrt is fitted by a cubic when a cell first asks for it, checked against
//! the solver, and halved around kinks and changes of regime until it fits. The table is a function
//! of the weather only, so results depend neither on the order of cells nor on threads.

use super::solver::{MISSING, Solver};
use rayon::prelude::*;
use std::sync::OnceLock;

const LOW: f64 = -100.0;
pub(super) const WIDTH: f64 = 0.5;
const CELLS: i32 = 600;
/// Largest accepted difference between fit and solver at the checked points [K].
const FIT_ERROR: f64 = 2e-4;
/// Halvings before giving up on a fit: pieces of 0.5 mK.
const MAX_DEPTH: u32 = 10;
/// Positions in the unit interval where the cubic meets the solver, and where it is checked.
pub(super) const NODES: [f64; 4] = [0.0, 0.25, 0.75, 1.0];
pub(super) const CHECKS: [f64; 3] = [0.1, 0.5, 0.9];

/// PET over one interval of Tmrt.
#[derive(Clone, Debug)]
enum Piece {
    /// Newton form on [`NODES`].
    Cubic([f64; 4]),
    Halves(Box<[Piece; 2]>),
    /// Holds a jump: solve each time.
    Solve,
}

/// Solver and table for one instant.
#[derive(Debug)]
pub(super) struct Table {
    solver: Solver,
    pieces: Vec<OnceLock<Piece>>,
}

impl Table {
    pub(super) fn new(solver: Solver) -> Self {
        Self {
            solver,
            pieces: (0..CELLS).map(|_| OnceLock::new()).collect(),
        }
    }

    #[inline]
    pub(super) fn eval(&self, tmrt: f64) -> f64 {
        let position = (tmrt - LOW) / WIDTH;
        // By way of i32, which converts in one instruction each way.
        if position >= 0.0 && position < f64::from(CELLS) {
            let cell = position as i32;
            let u = position - f64::from(cell);
            if let Some(Piece::Cubic(cubic)) = self.pieces[cell as usize].get() {
                return evaluate(cubic, u);
            }
            return self.look_up(cell as usize, u, tmrt);
        }
        self.outside(tmrt)
    }

    /// Where no cubic is at hand.
    #[cold]
    fn look_up(&self, cell: usize, u: f64, tmrt: f64) -> f64 {
        let found = self.piece(cell).eval(u);
        found.unwrap_or_else(|| self.solver.solve(tmrt).0)
    }

    /// Outside the table; NaN where Tmrt is missing.
    #[cold]
    fn outside(&self, tmrt: f64) -> f64 {
        if tmrt.is_finite() && tmrt > MISSING {
            self.solver.solve(tmrt).0
        } else {
            f64::NAN
        }
    }
}

/// A piece of the table as a device reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PetPiece {
    /// Lower end [°C].
    pub low: f64,
    /// Width [K].
    pub width: f64,
    /// Newton form on 0, ¼, ¾ and 1 of the width.
    pub cubic: [f64; 4],
}

impl Table {
    /// The pieces of the table cells that hold `low` to `high` [°C]: one list a cell. A jump
    /// inside the narrowest piece is put into its middle.
    pub(super) fn pieces(&self, low: f64, high: f64) -> (f64, Vec<Vec<PetPiece>>) {
        let cell = |t: f64| ((t - LOW) / WIDTH).clamp(0.0, f64::from(CELLS) - 1.0) as usize;
        let range = cell(low)..cell(high) + 1;
        let first = LOW + WIDTH * range.start as f64;
        let pieces = range
            .into_par_iter()
            .map(|cell| {
                let low = LOW + WIDTH * cell as f64;
                let mut out = Vec::new();
                self.piece(cell).flatten(&self.solver, low, WIDTH, &mut out);
                out
            })
            .collect();
        (first, pieces)
    }

    fn piece(&self, cell: usize) -> &Piece {
        self.pieces[cell].get_or_init(|| {
            let low = LOW + WIDTH * cell as f64;
            Piece::fit(&self.solver, low, low + WIDTH, MAX_DEPTH)
        })
    }
}

impl Piece {
    fn flatten(&self, solver: &Solver, low: f64, width: f64, out: &mut Vec<PetPiece>) {
        let half = 0.5 * width;
        match self {
            Self::Cubic(cubic) => out.push(PetPiece {
                low,
                width,
                cubic: *cubic,
            }),
            Self::Halves(halves) => {
                halves[0].flatten(solver, low, half, out);
                halves[1].flatten(solver, low + half, half, out);
            }
            Self::Solve => {
                for (low, end) in [(low, low), (low + half, low + width)] {
                    out.push(PetPiece {
                        low,
                        width: half,
                        cubic: [solver.solve(end).0, 0.0, 0.0, 0.0],
                    });
                }
            }
        }
    }

    fn fit(solver: &Solver, low: f64, high: f64, depth: u32) -> Self {
        let at = |u: &f64| solver.solve(low + u * (high - low));
        let nodes = NODES.each_ref().map(at);
        let checks = CHECKS.each_ref().map(at);
        let cubic = newton(nodes.map(|(pet, _)| pet));
        let fits = nodes
            .iter()
            .chain(&checks)
            .all(|&(_, regime)| regime == nodes[0].1)
            && (solver.may_fall() || rises(&cubic))
            && CHECKS
                .iter()
                .zip(&checks)
                .all(|(&u, &(pet, _))| (evaluate(&cubic, u) - pet).abs() < FIT_ERROR);
        if fits {
            return Self::Cubic(cubic);
        }
        if depth == 0 {
            return Self::Solve;
        }
        let middle = 0.5 * (low + high);
        Self::Halves(Box::new([
            Self::fit(solver, low, middle, depth - 1),
            Self::fit(solver, middle, high, depth - 1),
        ]))
    }

    /// Value at `u` in the unit interval; `None` where it must be solved.
    #[inline]
    fn eval(&self, mut u: f64) -> Option<f64> {
        let mut piece = self;
        loop {
            match piece {
                Self::Cubic(c) => return Some(evaluate(c, u)),
                Self::Solve => return None,
                Self::Halves(halves) => {
                    u *= 2.0;
                    let upper = usize::from(u >= 1.0);
                    u -= upper as f64;
                    piece = &halves[upper];
                }
            }
        }
    }
}

/// Divided differences on [`NODES`].
pub(super) fn newton(y: [f64; 4]) -> [f64; 4] {
    let mut d = y;
    for order in 1..4 {
        for i in (order..4).rev() {
            d[i] = (d[i] - d[i - 1]) / (NODES[i] - NODES[i - order]);
        }
    }
    d
}

/// Whether a cubic never falls in the unit interval.
fn rises(d: &[f64; 4]) -> bool {
    // Its derivative a + 2 b u + 3 c u², from the Newton form expanded.
    let c = d[3];
    let b = d[2] - c * (NODES[0] + NODES[1] + NODES[2]);
    let a = d[1] - d[2] * (NODES[0] + NODES[1])
        + c * (NODES[0] * NODES[1] + NODES[0] * NODES[2] + NODES[1] * NODES[2]);
    let slope = |u: f64| a + u * (2.0 * b + u * 3.0 * c);
    let turn = -b / (3.0 * c);
    slope(0.0) >= 0.0 && slope(1.0) >= 0.0 && (!(0.0..=1.0).contains(&turn) || slope(turn) >= 0.0)
}

#[inline(always)]
pub(super) fn evaluate(d: &[f64; 4], u: f64) -> f64 {
    d[0] + (u - NODES[0]) * (d[1] + (u - NODES[1]) * (d[2] + (u - NODES[2]) * d[3]))
}
