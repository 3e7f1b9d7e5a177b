//! Tmrt and comfort of the cells of a band in one step of many, and their statistics.

use super::basis::{LitEvents, LitSums, LitTable, SkyBasis, Weight};
use super::numbers::{Daylight, Numbers};
use super::tally::{BY_TMRT, Band, PeriodPlan, QUANTITIES};
use crate::gvf::{Change, CountedView, Counts, Shares};
use crate::patches::PatchMasks;
use crate::radiation::anisotropic::{CellMasks, SkySum};
use crate::radiation::cells::{BLOCK, Lane};
use crate::radiation::sums::{AreaSums, GROUND, StepSums, small_units};
use crate::radiation::tables::BodyTerms;
use crate::radiation::weights::{
    basin, from_walls, on_walls, open_sky, shaded_fraction, shaded_fraction_exact, through,
};
use crate::simd::Kernel;

/// Directions of the ground view.
const DIRECTIONS: f32 = crate::gvf::AZIMUTHS.len() as f32;
/// Sums that are added up side by side.
const LANES: usize = 16;

/// What of a cell does not change.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Building and vegetation sky view.
    pub views: [f32; 2],
    /// Sums over the sky patches of the run.
    pub sky: SkySum,
    /// Emissivity.
    pub emissivity: f32,
    /// Albedo seen under diffuse light.
    pub albedo_diffuse: f32,
    /// It has every input.
    pub complete: bool,
    /// Open ground.
    pub open: bool,
    /// Where it is counted, see [`crate::radiation::sums::places`].
    pub place: u8,
}

/// The cells of a band, and what they carry from step to step.
#[derive(Debug)]
pub struct Cells {
    /// Ground seen.
    pub counts: Counts,
    /// First cell in the raster of the run, and cells of one of its rows.
    pub first: usize,
    /// See `first`.
    pub stride: usize,
    views: [Vec<f32>; 2],
    /// 2/tan α of an equal basin.
    wedge: Vec<f32>,
    sky: [Vec<f32>; 4],
    emissivity: Vec<f32>,
    albedo_diffuse: Vec<f32>,
    /// 0 or NaN.
    missing: Vec<f32>,
    open: Vec<f32>,
    place: Vec<u8>,
    /// Building patches.
    buildings: Vec<u32>,
    /// Sums of the basis.
    patches: Vec<f32>,
    lit: Vec<LitSums>,
    /// Remembered Lup of every lane of days.
    memory: Vec<f32>,
}

impl Cells {
    /// Of some rows and columns; `lanes` days are carried side by side.
    #[must_use]
    pub fn new(
        counts: Counts,
        [first, stride]: [usize; 2],
        lanes: usize,
        masks: &PatchMasks<'_>,
        cell: impl Fn(usize) -> Cell,
    ) -> Self {
        let n = counts.len();
        let mut out = Self {
            first,
            stride,
            views: [vec![0.0; n], vec![0.0; n]],
            wedge: vec![0.0; n],
            sky: std::array::from_fn(|_| vec![0.0; n]),
            emissivity: vec![0.0; n],
            albedo_diffuse: vec![0.0; n],
            missing: vec![0.0; n],
            open: vec![0.0; n],
            place: vec![0; n],
            buildings: vec![0; n * masks.words],
            patches: Vec::new(),
            lit: vec![LitSums::default(); n],
            memory: vec![0.0; n * lanes],
            counts,
        };
        for i in 0..n {
            let at = out.at(i);
            let own = cell(at);
            let [s, sv] = own.views;
            out.views[0][i] = s;
            out.views[1][i] = sv;
            out.wedge[i] = basin(open_sky(s, sv));
            for k in 0..4 {
                out.sky[k][i] = own.sky[k];
            }
            out.emissivity[i] = own.emissivity;
            out.albedo_diffuse[i] = own.albedo_diffuse;
            out.missing[i] = if own.complete { 0.0 } else { f32::NAN };
            out.open[i] = f32::from(u8::from(own.open));
            out.place[i] = own.place;
            let classes = CellMasks::of(masks, at);
            for index in 0..masks.words {
                out.buildings[i * masks.words + index] = classes.classes(index).building;
            }
        }
        out
    }

    /// Place of a cell of the band in the raster of the run.
    fn at(&self, i: usize) -> usize {
        let width = self.counts.cols.len();
        self.first + i / width * self.stride + i % width
    }

    /// Take the sums over patches for other steps.
    pub fn project(&mut self, basis: &SkyBasis, masks: &PatchMasks<'_>) {
        let n = self.counts.len();
        self.patches.clear();
        self.patches.resize(n * basis.rank, 0.0);
        // Without light there is nothing to sum up.
        let cells = if basis.rank > 0 { n } else { 0 };
        for i in 0..cells {
            let cell = CellMasks::of(masks, self.at(i));
            basis.project(&cell, &mut self.patches[i..], n);
        }
    }

    /// Sums over lit buildings, anew.
    pub fn light_up(&mut self, lit: &LitTable, weights: &[Weight]) {
        let words = self.buildings.len() / self.counts.len().max(1);
        for (i, sums) in self.lit.iter_mut().enumerate() {
            let own = &self.buildings[i * words..][..words];
            *sums = lit.sums(own, weights, self.views[0][i].min(1.0));
        }
    }

    /// Sums over lit buildings, from one step to the next.
    pub fn relight(&mut self, events: &LitEvents, tables: [&LitTable; 2], weights: &[Weight]) {
        let words = self.buildings.len() / self.counts.len().max(1);
        for (i, sums) in self.lit.iter_mut().enumerate() {
            let own = &self.buildings[i * words..][..words];
            events.update(tables, own, weights, self.views[0][i].min(1.0), sums);
        }
    }
}

/// A step by day: its light.
#[derive(Clone, Copy, Debug)]
pub struct DayInput<'a> {
    /// Numbers of the step.
    pub light: &'a Daylight,
    /// The view, and what changed in it.
    pub view: &'a CountedView<'a>,
    /// See `view`.
    pub change: Change<'a>,
    /// Coefficients of the sums over patches.
    pub coefficients: &'a [f32],
    /// Lane of the day.
    pub lane: usize,
    /// The shaded part of walls by the exact geometry.
    pub exact_wedge: bool,
}

/// A step of a band.
pub struct BandStep<'a> {
    /// Its cells.
    pub cells: &'a mut Cells,
    /// Statistics of the band.
    pub band: &'a mut Band,
    /// What is counted.
    pub plan: &'a PeriodPlan,
    /// The body.
    pub body: &'a BodyTerms,
    /// The step.
    pub numbers: &'a Numbers,
    /// By day.
    pub day: Option<DayInput<'a>>,
    /// Sums over the cells.
    pub sums: &'a mut BandSums,
}

/// Sums of a step over the cells of a band, in whole units and so the same in every tile.
#[derive(Clone, Copy, Debug, Default)]
pub struct BandSums {
    /// Tmrt, UTCI and share of the beam, on open ground and everywhere, in units of
    /// [`UNIT`](crate::radiation::sums::UNIT).
    values: [[i64; 3]; 2],
    /// Cells with a value.
    number: [u64; 2],
    /// Cells below and above the range of UTCI.
    outside: [[u64; 2]; 2],
}

impl BandSums {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            values: [0, 1].map(|a| [0, 1, 2].map(|k| self.values[a][k] + other.values[a][k])),
            number: [0, 1].map(|a| self.number[a] + other.number[a]),
            outside: [0, 1].map(|a| [0, 1].map(|k| self.outside[a][k] + other.outside[a][k])),
        }
    }

    /// As a run keeps them.
    #[must_use]
    pub fn whole(self) -> StepSums {
        let area = |v: [i64; 3], number: u64, [below, above]: [u64; 2]| AreaSums {
            tmrt: v[0],
            utci: v[1],
            sun: v[2],
            tmrt_count: number,
            utci_count: number,
            below,
            above,
        };
        let [ground, all] = self.values;
        StepSums {
            ground: area(ground, self.number[0], self.outside[0]),
            roofs: area(
                [0, 1, 2].map(|k| all[k] - ground[k]),
                self.number[1] - self.number[0],
                [0, 1].map(|k| self.outside[1][k] - self.outside[0][k]),
            ),
        }
    }
}

impl Kernel for BandStep<'_> {
    #[inline(always)]
    fn run(mut self) {
        if let Some(day) = &self.day {
            day.view.update(&mut self.cells.counts, &day.change);
        }
        let width = self.cells.counts.cols.len();
        let rows = self.cells.counts.rows.len();
        let mut work = Work::default();
        for row in 0..rows {
            for col in (0..width).step_by(BLOCK) {
                let n = BLOCK.min(width - col);
                let at = row * width + col;
                self.block(&mut work, row, col, at, n);
            }
        }
        self.band.end_step(self.plan);
    }
}

/// Lanes of a block.
struct Work {
    lup: Lane,
    albedo: Lane,
    own: [Lane; 2],
    share: Lane,
    absorbed: Lane,
    tmrt: Lane,
    utci: Lane,
    pet: Lane,
}

impl Default for Work {
    fn default() -> Self {
        let zero = [0.0; BLOCK];
        Self {
            lup: zero,
            albedo: zero,
            own: [zero; 2],
            share: zero,
            absorbed: zero,
            tmrt: zero,
            utci: zero,
            pet: zero,
        }
    }
}

/// Lanes of some cells.
#[inline(always)]
fn lanes(values: &[f32], at: usize, n: usize) -> Lane {
    let mut out = [0.0; BLOCK];
    out[..n].copy_from_slice(&values[at..at + n]);
    out
}

impl BandStep<'_> {
    #[inline(always)]
    fn block(&mut self, work: &mut Work, row: usize, col: usize, at: usize, n: usize) {
        let missing = lanes(&self.cells.missing, at, n);
        match &self.day {
            Some(day) => {
                let raster = (self.cells.counts.rows.start + row - day.change.first_row)
                    * self.cells.stride
                    + self.cells.counts.cols.start
                    + col;
                let kinds = &day.change.kinds[raster..raster + n];
                let day = *day;
                self.seen(work, &day, kinds, at, n);
                self.shortwave(work, &day, at, n);
                self.delayed(work, &day, at, n, &missing);
            }
            None => {
                let emissivity = lanes(&self.cells.emissivity, at, n);
                for i in 0..BLOCK {
                    work.lup[i] = emissivity[i] * self.numbers.air;
                    work.absorbed[i] = 0.0;
                    work.share[i] = 0.0;
                }
            }
        }
        self.longwave(work, at, n);
        for i in 0..BLOCK {
            let total = work.absorbed[i] * self.body.inverse_emission;
            work.tmrt[i] = total.sqrt().sqrt() - self.body.kelvin + missing[i];
            work.share[i] += missing[i];
        }
        self.numbers.utci.fill(&work.tmrt[..n], &mut work.utci[..n]);
        if let Some(pet) = &self.numbers.pet {
            pet.fill(&work.tmrt[..n], &mut work.pet[..n]);
        }
        let pet = if self.numbers.pet.is_some() { n } else { 0 };
        let none: &[f32] = &[];
        let mut values = [none; QUANTITIES];
        let by_tmrt = [&work.tmrt[..n], &work.utci[..n], &work.pet[..pet]];
        values[..BY_TMRT].copy_from_slice(&by_tmrt);
        let share = &work.share[..n];
        self.band
            .add(self.plan, &self.numbers.counted, at, values, share);
        self.sum(work, at, n);
    }

    /// Emission and albedo of the ground as they are seen.
    #[inline(always)]
    fn seen(&self, work: &mut Work, day: &DayInput<'_>, kinds: &[u8], at: usize, n: usize) {
        let light = day.light;
        let counts = &self.cells.counts;
        let cells = counts.len();
        let [emission, albedo] = light.wall.map(|wall| day.view.shares(wall));
        let Shares { free, met, .. } = emission;
        let more = [met[0] - free[0], met[1] - free[1]];
        work.lup = [0.0; BLOCK];
        work.albedo = [0.0; BLOCK];
        for kind in 0..counts.seen.len() / cells {
            let [e, a] = light.sent[kind / 2 * 3 + kind % 2 + 1];
            if e == 0.0 && a == 0.0 {
                continue;
            }
            let seen = &counts.seen[kind * cells + at..][..n];
            let along = &counts.met[kind * cells + at..][..n];
            let (lup, alb) = (&mut work.lup[..n], &mut work.albedo[..n]);
            for i in 0..n {
                let sum = free[1] * f32::from(seen[i]) + more[1] * f32::from(along[i]);
                lup[i] += e * sum;
                alb[i] += a * sum;
            }
        }
        // What a cell sends itself.
        let mut own = [[0.0_f32; 2]; 256];
        for kind in 0..light.sent.len() / 3 * 2 {
            own[kind + 1] = light.sent[kind / 2 * 3 + kind % 2 + 1];
        }
        for i in 0..n {
            let [e, a] = own[usize::from(kinds[i])];
            work.own[0][i] = e;
            work.own[1][i] = a;
        }
        for i in 0..n {
            let kind = kinds[i];
            let lit = if kind & 1 == 1 {
                light.through_foliage
            } else {
                1.0
            };
            work.share[i] = if kind == 0 { 0.0 } else { lit };
        }
        let stands = &counts.stands[at..at + n];
        let walls = &counts.walls[at..at + n];
        let open = &self.cells.open[at..at + n];
        for i in 0..n {
            let here = DIRECTIONS * f32::from(stands[i]);
            let near = DIRECTIONS * free[0] + here * more[0];
            let far = f32::from(walls[i]);
            let lup = work.lup[i]
                + near * work.own[0][i]
                + here * emission.wall[0]
                + far * emission.wall[1];
            let alb = work.albedo[i]
                + near * work.own[1][i]
                + here * albedo.wall[0]
                + far * albedo.wall[1];
            // A roof sees itself.
            work.lup[i] = open[i] * lup + (1.0 - open[i]) * work.own[0][i];
            work.albedo[i] = open[i] * alb + (1.0 - open[i]) * work.own[1][i];
        }
    }

    /// Shortwave that the body absorbs, with the longwave of lit walls.
    #[inline(always)]
    fn shortwave(&self, work: &mut Work, day: &DayInput<'_>, at: usize, n: usize) {
        let (light, body, cells) = (day.light, self.body, &self.cells);
        let count = cells.counts.len();
        work.absorbed = [0.0; BLOCK];
        for (k, &coefficient) in day.coefficients.iter().enumerate() {
            let sums = &cells.patches[k * count + at..][..n];
            let absorbed = &mut work.absorbed[..n];
            for i in 0..n {
                absorbed[i] += coefficient * sums[i];
            }
        }
        let [all, opposite, down] = light.lit_weights;
        for i in 0..n {
            let [a, b, c] = cells.lit[at + i];
            work.absorbed[i] += all * a + opposite * b + down * c;
        }
        let wedge = lanes(&cells.wedge, at, n);
        let mut shaded = [0.0; BLOCK];
        if day.exact_wedge {
            for i in 0..BLOCK {
                shaded[i] = shaded_fraction_exact(wedge[i] * light.inverse_tan_zenith);
            }
        } else {
            for i in 0..BLOCK {
                shaded[i] = shaded_fraction(wedge[i] * light.inverse_tan_zenith);
            }
        }
        let [s, sv] = [0, 1].map(|k| lanes(&cells.views[k], at, n));
        let sky_side = lanes(&cells.sky[0], at, n);
        let diffuse = lanes(&cells.albedo_diffuse, at, n);
        let whole = self.numbers.longwave.whole_side;
        let up = body.up + 2.0 * body.side;
        let [on_down, on_side] = light.beam;
        for i in 0..BLOCK {
            let through = through(s[i], sv[i], light.canopy_diffuse);
            let on_walls = on_walls(light.global, light.diffuse, shaded[i]);
            let from_walls = from_walls(light.wall_albedo, through, on_walls);
            let below = light.diffuse * through + from_walls;
            let kup = work.albedo[i] * light.beam_down + below * diffuse[i];
            let obstructed = light.shaded_radiance * (whole - sky_side[i]);
            let side = work.share[i] * on_side + obstructed;
            let kdown = work.share[i] * on_down + from_walls;
            work.absorbed[i] += body.abs_k * (body.around * side + body.up * kdown + up * kup);
        }
    }

    /// Upwelling longwave with the lag of the ground.
    #[inline(always)]
    fn delayed(
        &mut self,
        work: &mut Work,
        day: &DayInput<'_>,
        at: usize,
        n: usize,
        missing: &Lane,
    ) {
        let count = self.cells.counts.len();
        let emissivity = lanes(&self.cells.emissivity, at, n);
        for i in 0..BLOCK {
            work.lup[i] += emissivity[i] * self.numbers.air + missing[i];
        }
        let memory = &mut self.cells.memory[day.lane * count + at..][..n];
        day.light.delay.apply_all(&mut work.lup[..n], memory);
    }

    /// Longwave that the body absorbs.
    #[inline(always)]
    fn longwave(&self, work: &mut Work, at: usize, n: usize) {
        let (p, body) = (&self.numbers.longwave, self.body);
        let [side, down, deficit_side, deficit_down] =
            [0, 1, 2, 3].map(|k| lanes(&self.cells.sky[k], at, n));
        for i in 0..BLOCK {
            let lup = work.lup[i];
            let sky_down = p.sky(down[i], deficit_down[i], p.deficit);
            let sky_side = p.sky(side[i], deficit_side[i], p.deficit);
            let obstructed = p.obstructed(sky_down, lup, 0.0);
            let ldown = sky_down + (p.whole_down - down[i]) * obstructed;
            let lside = sky_side + (p.whole_side - side[i]) * obstructed;
            let long = body.around * lside + body.up * (ldown + lup) + 2.0 * body.side * lup;
            work.absorbed[i] += body.abs_l * long;
        }
    }

    /// Sums over the cells.
    #[inline(always)]
    fn sum(&mut self, work: &Work, at: usize, n: usize) {
        let [low, high] = self.numbers.utci.tmrt_range();
        // A block of cells at some tens of degrees is far from the ends of these numbers.
        let mut values = [[[0_i32; LANES]; 3]; 2];
        let mut number = [[0_u32; LANES]; 2];
        let mut outside = [[[0_u32; LANES]; 2]; 2];
        let place = &self.cells.place[at..at + n];
        for first in (0..n).step_by(LANES) {
            for l in 0..LANES.min(n - first) {
                let i = first + l;
                let known = !work.tmrt[i].is_nan();
                let areas = [known && place[i] == GROUND, known];
                for (a, counted) in areas.into_iter().enumerate() {
                    let take = |x: f32| if counted { small_units(x) } else { 0 };
                    values[a][0][l] += take(work.tmrt[i]);
                    values[a][1][l] += take(work.utci[i]);
                    values[a][2][l] += take(work.share[i]);
                    number[a][l] += u32::from(counted);
                    outside[a][0][l] += u32::from(counted && work.tmrt[i] < low);
                    outside[a][1][l] += u32::from(counted && work.tmrt[i] > high);
                }
            }
        }
        for a in 0..2 {
            for k in 0..3 {
                let sum: i64 = values[a][k].iter().map(|&x| i64::from(x)).sum();
                self.sums.values[a][k] += sum;
            }
            let total = |lanes: &[u32; LANES]| lanes.iter().map(|&x| u64::from(x)).sum::<u64>();
            self.sums.number[a] += total(&number[a]);
            for k in 0..2 {
                self.sums.outside[a][k] += total(&outside[a][k]);
            }
        }
    }
}
