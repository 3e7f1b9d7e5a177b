//! Light of a cell in a step: what each of the suns does to it, as one small number, and what of the
//! beam arrives then (R 7.1, 7.3, 7.5).

use crate::constants::DEG;
use crate::shadow::{SH, VEGSH};
use crate::terrain::UNITS;
use crate::weather::Suns;

/// States of light there can be: three to the power of five suns fit.
pub const STATES: usize = 256;
/// States under one sun: its shadow flags.
const FLAGS: usize = 8;
/// What a sun of several does to a cell: it is shaded, behind leaves, or lit.
const KINDS: usize = 3;

/// By state of light.
#[derive(Clone, Debug, PartialEq)]
pub struct Light {
    /// Suns of the step.
    pub suns: usize,
    /// States in use.
    pub states: usize,
    /// Share of the beam that arrives, the mean over the suns.
    pub share: [f32; STATES],
    /// Beam on the horizontal.
    pub down: [f32; STATES],
    /// Beam on an upright cylinder.
    pub side: [f32; STATES],
    /// Beam on the sides E, S, W, N of a box; 0 behind.
    pub sides: [[f32; STATES]; 4],
    /// What comes through leaves where canopies have their own transmissivity; the tables above are
    /// then without it.
    pub through: Option<Box<Through>>,
}

/// What canopies of transmissivity 1 would add, by state of light.
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    /// [`UNITS`] times the suns behind leaves: the sum of their units is divided by it.
    pub whole: [f32; STATES],
    /// Share of the beam, the mean over the suns.
    pub share: [f32; STATES],
    /// Beam on the horizontal.
    pub down: [f32; STATES],
    /// Beam on an upright cylinder.
    pub side: [f32; STATES],
    /// Beam on the sides E, S, W, N of a box.
    pub sides: [[f32; STATES]; 4],
}

impl Through {
    /// `none` lets nothing through leaves, `all` everything.
    fn new(none: &Light, all: &Light) -> Self {
        let gain = |none: &[f32; STATES], all: &[f32; STATES]| -> [f32; STATES] {
            std::array::from_fn(|state| all[state] - none[state])
        };
        let share = gain(&none.share, &all.share);
        let count = none.suns as f32;
        Self {
            whole: share.map(|share| f32::from(UNITS) * (share * count).round().max(1.0)),
            share,
            down: gain(&none.down, &all.down),
            side: gain(&none.side, &all.side),
            sides: std::array::from_fn(|d| gain(&none.sides[d], &all.sides[d])),
        }
    }

    /// Transmissivity of what a cell in a state has before it: the mean over the suns that are
    /// behind leaves, of the sum of their units.
    #[inline(always)]
    #[must_use]
    pub fn mean(&self, state: u8, units: u16) -> f32 {
        f32::from(units) / self.whole[usize::from(state)]
    }
}

impl Default for Light {
    fn default() -> Self {
        Self {
            suns: 1,
            states: FLAGS,
            share: [0.0; STATES],
            down: [0.0; STATES],
            side: [0.0; STATES],
            sides: [[0.0; STATES]; 4],
            through: None,
        }
    }
}

/// Share of the beam that arrives, by shadow flags; `psi` comes through foliage (R 7.1).
fn through(flags: u8, psi: f64) -> f64 {
    let bit = |b: u8| if flags & b != 0 { 1.0 } else { 0.0 };
    bit(SH) - (1.0 - bit(VEGSH)) * (1.0 - psi)
}

/// Sun azimuth windows of the sides E, S, W, N: the sun stands in front (R 7.5).
pub(super) fn sun_in_front(azimuth: f64) -> [bool; 4] {
    [
        azimuth <= 180.0,
        90.0 < azimuth && azimuth <= 270.0,
        180.0 < azimuth && azimuth <= 360.0,
        azimuth <= 90.0 || azimuth > 270.0,
    ]
}

/// Beam on the sides E, S, W, N of a box in full sun.
fn on_sides(beam_side: f64, azimuth: f64) -> [f64; 4] {
    let front = sun_in_front(azimuth);
    std::array::from_fn(|d| {
        let turn = ((azimuth - 90.0 * d as f64) * DEG).sin();
        if front[d] { beam_side * turn } else { 0.0 }
    })
}

impl Light {
    /// Light of a step whose beam is `beam` [W m⁻²] while the sun is up.
    #[must_use]
    pub fn new(suns: &Suns, beam: f64, psi: f64) -> Self {
        match suns.all() {
            [_] => Self::one(suns, beam, psi),
            _ => Self::several(suns, beam, psi),
        }
    }

    /// The same where canopies have their own transmissivity.
    #[must_use]
    pub fn of_own(suns: &Suns, beam: f64) -> Self {
        let (none, all) = (Self::new(suns, beam, 0.0), Self::new(suns, beam, 1.0));
        Self {
            through: Some(Box::new(Through::new(&none, &all))),
            ..none
        }
    }

    /// The state is that of the shadow flags; products are those of numbers that are rounded, as
    /// the reference has them.
    fn one(suns: &Suns, beam: f64, psi: f64) -> Self {
        let sun = suns.all()[0];
        let (sin_h, cos_h) = (sun.altitude * DEG).sin_cos();
        let share = |flags: usize| through(flags as u8, psi) as f32;
        let sides = on_sides(beam * cos_h, sun.azimuth).map(|x| x as f32);
        let (down, side) = ((beam * sin_h) as f32, (beam * cos_h) as f32);
        let of = |beam: f32| std::array::from_fn(|s| if s < FLAGS { beam * share(s) } else { 0.0 });
        Self {
            suns: 1,
            states: FLAGS,
            share: of(1.0),
            down: of(down),
            side: of(side),
            sides: sides.map(of),
            through: None,
        }
    }

    /// The state is a number in base 3, a digit a sun.
    fn several(suns: &Suns, beam: f64, psi: f64) -> Self {
        let count = suns.all().len();
        let kinds = [0.0, psi, 1.0];
        let mut light = Self {
            suns: count,
            states: KINDS.pow(count as u32),
            ..Self::default()
        };
        for state in 0..light.states {
            let mut sums = [0.0; 7];
            for (i, sun) in suns.up() {
                let share = kinds[state / KINDS.pow(i as u32) % KINDS] / count as f64;
                let (sin_h, cos_h) = (sun.altitude * DEG).sin_cos();
                let [e, s, w, n] = on_sides(beam * cos_h, sun.azimuth);
                let all = [1.0, beam * sin_h, beam * cos_h, e, s, w, n];
                for (sum, x) in sums.iter_mut().zip(all) {
                    *sum += share * x;
                }
            }
            let [share, down, side, sides @ ..] = sums.map(|x| x as f32);
            light.share[state] = share;
            light.down[state] = down;
            light.side[state] = side;
            for d in 0..4 {
                light.sides[d][state] = sides[d];
            }
        }
        light
    }
}

/// What the shadow flags of sun `place` of several add to the state of a cell.
#[inline(always)]
#[must_use]
pub fn digit(flags: u8, place: usize) -> u8 {
    let kind = match (flags & SH != 0, flags & VEGSH != 0) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    };
    kind * [1, 3, 9, 27, 81][place]
}
