//! A quantity that is a function of Tmrt alone while the weather stands, tabulated on demand.
//!
//! Solving the balance of a body takes microseconds; a raster holds millions of cells that share all
//! but Tmrt. Each 0.5 K of Tmrt is fitted by a cubic when a cell first asks for it, checked against
//! the solver, and halved around kinks and changes of regime until it fits. The table is a function
//! of the weather only, so results depend neither on the order of cells nor on threads.

use rayon::prelude::*;
use std::sync::OnceLock;

/// Missing-value code of the weather files: anything at or below it counts as missing.
pub const MISSING: f64 = -999.0;
/// Width of a cell of the table [K of Tmrt].
pub const WIDTH: f64 = 0.5;
const LOW: f64 = -100.0;
const CELLS: i32 = 600;
/// Halvings before giving up on a fit: pieces of 0.5 mK.
const MAX_DEPTH: u32 = 10;
/// Positions in the unit interval where the cubic meets the solver, and where it is checked.
pub(crate) const NODES: [f64; 4] = [0.0, 0.25, 0.75, 1.0];
pub(crate) const CHECKS: [f64; 3] = [0.1, 0.5, 0.9];
/// Points at which a piece is solved.
pub const POINTS: usize = NODES.len() + CHECKS.len();

/// What is tabulated.
pub trait OfTmrt: Sync {
    /// Largest accepted difference between fit and solver at the checked points [K].
    const FIT_ERROR: f64;

    /// Value at a Tmrt [°C] and the regime it was found in, 0 where there is but one.
    fn solve(&self, tmrt: f64) -> (f64, u8);

    /// The same at several.
    fn solve_each(&self, tmrt: [f64; POINTS]) -> [(f64, u8); POINTS] {
        tmrt.map(|tmrt| self.solve(tmrt))
    }

    /// Whether it may fall as Tmrt rises.
    fn may_fall(&self) -> bool;
}

/// The quantity over one interval of Tmrt.
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
pub struct Table<S> {
    solver: S,
    pieces: Vec<OnceLock<Piece>>,
}

impl<S: OfTmrt> Table<S> {
    /// An empty table.
    #[must_use]
    pub fn new(solver: S) -> Self {
        Self {
            solver,
            pieces: (0..CELLS).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Value at a Tmrt [°C]; NaN where it is missing.
    #[inline]
    pub fn eval(&self, tmrt: f64) -> f64 {
        match self.at_hand(tmrt) {
            Some((cubic, u)) => evaluate(cubic, u),
            None => self.look_up(tmrt),
        }
    }

    /// Values [°C] at several; NaN where one is missing.
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn fill(&self, tmrt: &[f32], out: &mut [f32]) {
        assert_eq!(tmrt.len(), out.len(), "tmrt and out differ in length");
        for (out, &tmrt) in out.iter_mut().zip(tmrt) {
            *out = self.eval(f64::from(tmrt)) as f32;
        }
    }

    /// The cubic that holds at a Tmrt [°C], if it is there, and the place in it.
    #[inline(always)]
    fn at_hand(&self, tmrt: f64) -> Option<(&[f64; 4], f64)> {
        let position = (tmrt - LOW) / WIDTH;
        if !(position >= 0.0 && position < f64::from(CELLS)) {
            return None;
        }
        // By way of 16 bits, of which the machine has the shortest conversion.
        let cell = position as u16;
        match self.pieces[usize::from(cell)].get() {
            Some(Piece::Cubic(cubic)) => Some((cubic, position - f64::from(cell))),
            _ => None,
        }
    }

    /// Where no cubic is at hand; NaN where Tmrt is missing.
    #[cold]
    fn look_up(&self, tmrt: f64) -> f64 {
        let position = (tmrt - LOW) / WIDTH;
        if position >= 0.0 && position < f64::from(CELLS) {
            let cell = position as u16;
            let found = self.piece(cell.into()).eval(position - f64::from(cell));
            found.unwrap_or_else(|| self.solver.solve(tmrt).0)
        } else if tmrt.is_finite() && tmrt > MISSING {
            self.solver.solve(tmrt).0
        } else {
            f64::NAN
        }
    }
}

/// A piece of the table as a device reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CubicPiece {
    /// Lower end [°C].
    pub low: f64,
    /// Width [K].
    pub width: f64,
    /// Newton form on 0, ¼, ¾ and 1 of the width.
    pub cubic: [f64; 4],
}

impl<S: OfTmrt> Table<S> {
    /// The table from `low` to `high` [°C of Tmrt] for a device: lower end of the first cell, and the
    /// pieces of every cell of [`WIDTH`]. A jump inside the narrowest piece is put into its middle.
    pub fn pieces(&self, low: f64, high: f64) -> (f64, Vec<Vec<CubicPiece>>) {
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
    fn flatten(&self, solver: &impl OfTmrt, low: f64, width: f64, out: &mut Vec<CubicPiece>) {
        let half = 0.5 * width;
        match self {
            Self::Cubic(cubic) => out.push(CubicPiece {
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
                    out.push(CubicPiece {
                        low,
                        width: half,
                        cubic: [solver.solve(end).0, 0.0, 0.0, 0.0],
                    });
                }
            }
        }
    }

    fn fit<S: OfTmrt>(solver: &S, low: f64, high: f64, depth: u32) -> Self {
        let at = |i: usize| *NODES.get(i).unwrap_or_else(|| &CHECKS[i - NODES.len()]);
        let points = std::array::from_fn(|i| low + at(i) * (high - low));
        let found = solver.solve_each(points);
        let (nodes, checks) = found.split_at(NODES.len());
        let cubic = newton(std::array::from_fn(|i| nodes[i].0));
        // Where there is no value, there is none between, either.
        let nowhere = found.iter().all(|(value, _)| value.is_nan());
        let fits = found.iter().all(|&(_, regime)| regime == found[0].1)
            && (solver.may_fall() || rises(&cubic))
            && CHECKS
                .iter()
                .zip(checks)
                .all(|(&u, &(value, _))| (evaluate(&cubic, u) - value).abs() < S::FIT_ERROR);
        if fits || nowhere {
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
pub(crate) fn newton(y: [f64; 4]) -> [f64; 4] {
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
pub(crate) fn evaluate(d: &[f64; 4], u: f64) -> f64 {
    d[0] + (u - NODES[0]) * (d[1] + (u - NODES[1]) * (d[2] + (u - NODES[2]) * d[3]))
}
