//! The skies of the weather cells over a raster, and what cells receive from the four around them
//! (R 15.1).
//!
//! All fluxes are linear in the numbers of a sky, so these are blended instead of the fluxes; both
//! engines read the same. What the patches hold is summed up for four skies together.

use super::anisotropic::{CellMasks, PatchTerms, PatchWeight};
use super::bytes::ByteTable;
use super::cells::{BLOCK, Lane, SIDES};
use super::sky::Sky;
use super::tables::{StepInput, StepTables};
use crate::grid::Window;
use crate::patches::PatchMasks;
use crate::sky::step::SkyStep;
use crate::weather_cells::{Cut, WeatherCells, WeatherGrid, shares};
use std::ops::Range;

/// Weather cells around a cell.
pub const CORNERS: usize = 4;
/// Numbers of a sky, in the order that `shaders/common/sky.wgsl` reads them.
pub const NUMBERS: usize = 24;

// Where they are.
const BEAM: usize = 0;
const GLOBAL: usize = 1;
const DIFFUSE: usize = 2;
const SHADED_RADIANCE: usize = 3;
const LIT_RADIANCE_GAIN: usize = 4;
const SKY_DOWN: usize = 5;
const SKY_SIDE: usize = 6;
const WALL_WARM: usize = 7;
const WALL_FACING: usize = 8;
const DEFICIT: usize = 12;
const LIT_GAIN: usize = 13;
const WARMTH: usize = 14;
const WALL_EXCESS: usize = 15;
const FACING_EXCESS: usize = 16;
const WALL_WARMTH: usize = 20;
/// Those that a block reads.
const LANES: usize = 20;

/// The skies of a step.
#[derive(Debug)]
pub struct Skies {
    grid: WeatherGrid,
    /// How each column of the raster is cut: the weather cell before it, and the share of the next.
    before: Vec<u32>,
    share: Vec<f32>,
    /// Numbers of every weather cell.
    numbers: Vec<[f32; NUMBERS]>,
    /// What the patches of every weather cell send, by day under the patch sky, and its diffuse light.
    terms: Vec<(Vec<PatchTerms>, f64)>,
    /// Light of the gaps between weather cells that the raster reaches into.
    light: Vec<Option<GapLight>>,
}

/// Light of four skies, summed up together.
#[derive(Debug)]
struct GapLight {
    /// Sky radiance times cylinder weight and diffuse light of patches, one sky after the other.
    sky: ByteTable<{ 2 * CORNERS }>,
    /// Sky radiance times the weights of the box sides, where these are asked for.
    sides: Option<[ByteTable<SIDES>; CORNERS]>,
}

/// Light on the sides of a box, and that behind foliage.
pub type OnSides = [[f32; SIDES]; 2];

/// The weather cells around a run of cells within a row.
#[derive(Debug)]
pub struct Around<'a> {
    light: Option<&'a GapLight>,
    /// What the last three of four count, by cell.
    shares: [Lane; 3],
    /// Numbers of the sky, by cell.
    numbers: [Lane; LANES],
}

/// The value of the first of four, and of the others what they have more.
#[inline(always)]
fn blend(values: [f32; CORNERS], shares: [f32; 3]) -> f32 {
    let [first, others @ ..] = values;
    let mut sum = first;
    for (share, other) in shares.into_iter().zip(others) {
        sum += share * (other - first);
    }
    sum
}

/// Excess of the class that is warmest or, on a cool morning, coolest [K].
fn most_excess(tables: &StepTables) -> f32 {
    let known = tables.ground.excess.iter().filter(|x| x.is_finite());
    known.fold(
        0.0,
        |most: f32, x| if x.abs() > most.abs() { *x } else { most },
    )
}

/// One number for each of another, 0 of nothing.
fn ratio(own: f64, of: f64) -> f32 {
    (if of == 0.0 { 0.0 } else { own / of }) as f32
}

impl Skies {
    /// Skies of a step over a raster, and the tables of the step by which they are counted: those of the
    /// strongest beam, with the ground that is warmest. `None` where the weather cells do not matter.
    #[must_use]
    pub fn new(
        input: &StepInput<'_>,
        cells: &WeatherCells,
        raster: Window,
    ) -> Option<(Self, StepTables)> {
        if !cells.matter(input.sky.day) {
            return None;
        }
        let weather: Vec<_> = (0..cells.len())
            .map(|index| cells.weather(index, input.weather))
            .collect();
        let sky: Vec<_> = weather
            .iter()
            .map(|weather| SkyStep::new(weather, input.params))
            .collect();
        let own = |index: usize| StepInput {
            weather: &weather[index],
            sky: &sky[index],
            ..*input
        };
        let (of_cells, terms): (Vec<StepTables>, Vec<_>) = (0..cells.len())
            .map(|index| StepTables::of_weather_cell(&own(index)))
            .unzip();
        let most = |value: &dyn Fn(usize) -> f64| {
            let first = (0, f64::NEG_INFINITY);
            let all = (0..cells.len()).map(|index| (index, value(index)));
            all.fold(first, |most, own| if own.1 > most.1 { own } else { most })
                .0
        };
        let warmest = most(&|index| f64::from(most_excess(&of_cells[index]).abs()));
        let brightest = most(&|index| sky[index].beam);
        let (mut tables, _) = StepTables::new(&own(brightest));
        tables.ground = of_cells[warmest].ground.clone();
        tables.sun.share_light = 1.0;
        let hottest = most(&|index| of_cells[index].ground.wall_emission);
        tables.ground.wall_emission = of_cells[hottest].ground.wall_emission;
        let grid = *cells.grid();
        let columns: Vec<Cut> = (0..raster.cols).map(|col| grid.cut(1, col)).collect();
        let numbers = of_cells.iter().map(|own| numbers_of(own, &tables));
        let mut skies = Self {
            grid,
            before: columns.iter().map(|cut| cut.before as u32).collect(),
            share: columns.iter().map(|cut| cut.share).collect(),
            numbers: numbers.collect(),
            terms: (terms.into_iter().flatten())
                .zip(sky.iter().map(|sky| sky.diffuse))
                .collect(),
            light: Vec::new(),
        };
        if let Some(sky) = input.patch_sky.filter(|_| input.sky.day) {
            skies.tabulate(&sky.weights, input.sides, raster);
        }
        Some((skies, tables))
    }

    /// Make the tables of light.
    fn tabulate(&mut self, weights: &[PatchWeight], with_sides: bool, raster: Window) {
        let [rows, cols] = self.grid.gaps();
        let reach = |axis: usize, count: usize| {
            let of = |index: usize| self.grid.cut(axis, index).before;
            of(0)..of(count.saturating_sub(1)) + 1
        };
        let [down, right] = [reach(0, raster.rows), reach(1, raster.cols)];
        let reached = |row: usize, col: usize| down.contains(&row) && right.contains(&col);
        self.light = (0..rows * cols)
            .map(|gap| {
                let (row, col) = (gap / cols, gap % cols);
                reached(row, col).then(|| self.gap_light(weights, [row, col], with_sides))
            })
            .collect();
    }

    fn gap_light(&self, weights: &[PatchWeight], gap: [usize; 2], with_sides: bool) -> GapLight {
        let corners = self.grid.corners(gap);
        let n = weights.len();
        let sky = |i: usize| {
            let mut row = [0.0; 2 * CORNERS];
            for (k, &corner) in corners.iter().enumerate() {
                let (terms, diffuse) = &self.terms[corner];
                row[2 * k] = terms[i].radiance * weights[i].side;
                row[2 * k + 1] = terms[i].share * diffuse;
            }
            row
        };
        let sides = |corner: usize| {
            ByteTable::new(n, |i| {
                let radiance = self.terms[corner].0[i].radiance;
                weights[i].sides.map(|w| radiance * w)
            })
        };
        GapLight {
            sky: ByteTable::new(n, sky),
            sides: with_sides.then(|| corners.map(sides)),
        }
    }

    /// Where the weather cells lie.
    #[must_use]
    pub fn grid(&self) -> &WeatherGrid {
        &self.grid
    }

    /// Numbers of every weather cell.
    #[must_use]
    pub fn numbers(&self) -> &[[f32; NUMBERS]] {
        &self.numbers
    }

    /// What the patches of every weather cell send, and its diffuse light; none at night or under the
    /// isotropic sky.
    #[must_use]
    pub fn terms(&self) -> &[(Vec<PatchTerms>, f64)] {
        &self.terms
    }

    /// A number in cells of a row.
    #[inline(always)]
    fn in_row(&self, number: usize, row: usize, cols: Range<usize>, out: &mut [f32]) {
        let down = self.grid.cut(0, row);
        let mut first = cols.start;
        while first < cols.end {
            let last = self.end_of_gap(first, cols.end);
            let values = self.corners(down, first).map(|own| own[number]);
            let out = &mut out[first - cols.start..last - cols.start];
            for (out, &share) in out.iter_mut().zip(&self.share[first..last]) {
                *out = blend(values, shares(down.share, share));
            }
            first = last;
        }
    }

    /// What a sunlit wall sends to cells of a row for each of what the warmest does.
    pub fn wall_warmth(&self, row: usize, cols: Range<usize>, out: &mut [f32]) {
        self.in_row(WALL_WARMTH, row, cols, out);
    }

    /// Excess of the ground in the sun in cells of a row for each of the most.
    pub fn warmth(&self, row: usize, cols: Range<usize>, out: &mut [f32]) {
        self.in_row(WARMTH, row, cols, out);
    }

    /// Where a run of cells from `first` ends: before `last`, with its row, or at the next weather cells.
    #[inline(always)]
    #[must_use]
    pub fn end(&self, first: usize, last: usize) -> usize {
        let cols = self.before.len();
        let col = first % cols;
        let longest = (last - first).min(BLOCK).min(cols - col);
        first + self.end_of_gap(col, col + longest) - col
    }

    /// Where the columns from one on come to the next weather cells, before `last`.
    #[inline(always)]
    fn end_of_gap(&self, first: usize, last: usize) -> usize {
        let gap = self.before[first];
        if self.before[last - 1] == gap {
            return last;
        }
        let same = self.before[first..last].iter();
        first + same.take_while(|&&before| before == gap).count()
    }

    /// Numbers of the weather cells around a column.
    #[inline(always)]
    fn corners(&self, down: Cut, col: usize) -> [&[f32; NUMBERS]; CORNERS] {
        let corners = self.grid.corners([down.before, self.before[col] as usize]);
        corners.map(|corner| &self.numbers[corner])
    }

    /// The weather cells around such a run.
    #[inline(always)]
    #[must_use]
    pub fn around(&self, run: Range<usize>) -> Around<'_> {
        let cols = self.before.len();
        let (row, col) = (run.start / cols, run.start % cols);
        let down = self.grid.cut(0, row);
        let mut right = [0.0; BLOCK];
        right[..run.len()].copy_from_slice(&self.share[col..col + run.len()]);
        let mut lanes = [[0.0; BLOCK]; 3];
        for i in 0..BLOCK {
            [lanes[0][i], lanes[1][i], lanes[2][i]] = shares(down.share, right[i]);
        }
        let corners = self.corners(down, col);
        let mut numbers = [[0.0; BLOCK]; LANES];
        for (number, lane) in numbers.iter_mut().enumerate() {
            let of_corners = corners.map(|own| own[number]);
            for i in 0..BLOCK {
                lane[i] = blend(of_corners, [lanes[0][i], lanes[1][i], lanes[2][i]]);
            }
        }
        let gap = down.before * self.grid.gaps()[1] + self.before[col] as usize;
        let light = self.light.get(gap);
        Around {
            light: light.and_then(Option::as_ref),
            shares: lanes,
            numbers,
        }
    }
}

/// Numbers of a weather cell, counted by `tables`.
fn numbers_of(own: &StepTables, tables: &StepTables) -> [f32; NUMBERS] {
    let (sun, l, p) = (&own.sun, &own.longwave, &own.patch_longwave);
    let mut numbers = [0.0; NUMBERS];
    numbers[BEAM] = ratio(sun.beam.into(), tables.sun.beam.into());
    numbers[GLOBAL] = sun.global;
    numbers[DIFFUSE] = sun.diffuse;
    numbers[SHADED_RADIANCE] = sun.shaded_radiance;
    numbers[LIT_RADIANCE_GAIN] = sun.lit_radiance_gain;
    numbers[SKY_DOWN] = l.sky_down;
    numbers[SKY_SIDE] = l.sky_side;
    numbers[WALL_WARM] = l.wall_warm;
    numbers[WALL_FACING..][..SIDES].copy_from_slice(&l.wall_facing);
    numbers[DEFICIT] = p.deficit;
    numbers[LIT_GAIN] = p.lit_gain;
    let [excess, most] = [own, tables].map(|t| f64::from(most_excess(t)));
    numbers[WARMTH] = ratio(excess, most);
    numbers[WALL_EXCESS] = own.walls.excess;
    numbers[FACING_EXCESS..][..SIDES].copy_from_slice(&own.walls.facing);
    numbers[WALL_WARMTH] = ratio(own.ground.wall_emission, tables.ground.wall_emission);
    numbers
}

impl Around<'_> {
    /// Excess of the ground in the sun for each of the most.
    #[inline(always)]
    #[must_use]
    pub fn warmth(&self) -> &Lane {
        &self.numbers[WARMTH]
    }

    /// Excess of sunlit walls over the air [K].
    #[inline(always)]
    #[must_use]
    pub fn wall_excess(&self) -> &Lane {
        &self.numbers[WALL_EXCESS]
    }

    /// That of the wall towards a side [K].
    #[inline(always)]
    #[must_use]
    pub fn facing_excess(&self, d: usize) -> &Lane {
        &self.numbers[FACING_EXCESS + d]
    }

    /// Sums over the patches of a cell that depend on the sky: its light on the cylinder, diffuse
    /// light, and both behind foliage; then on the sides of a box, and that behind foliage. None at night
    /// and under the isotropic sky.
    #[inline(always)]
    #[must_use]
    pub fn light(&self, masks: &PatchMasks<'_>, i: usize) -> Option<([f32; 4], Option<OnSides>)> {
        let light = self.light?;
        let cell = CellMasks::of(masks, i);
        let shares = self.shares.each_ref().map(|lane| lane[i]);
        let [mut sky, mut foliage] = [[0.0; 2 * CORNERS]; 2];
        for index in 0..cell.words() {
            let classes = cell.classes(index);
            light.sky.add_word(index, classes.sky, &mut sky);
            light
                .sky
                .add_sparse_word(index, classes.behind_foliage, &mut foliage);
        }
        let blended = |sums: [f32; 2 * CORNERS], q: usize| {
            blend(std::array::from_fn(|corner| sums[2 * corner + q]), shares)
        };
        let around = [
            blended(sky, 0),
            blended(sky, 1),
            blended(foliage, 0),
            blended(foliage, 1),
        ];
        let on_sides = light.sides.as_ref().map(|sides| {
            let [mut sky, mut foliage] = [[[0.0; SIDES]; CORNERS]; 2];
            for (corner, table) in sides.iter().enumerate() {
                for index in 0..cell.words() {
                    let classes = cell.classes(index);
                    table.add_word(index, classes.sky, &mut sky[corner]);
                    table.add_sparse_word(index, classes.behind_foliage, &mut foliage[corner]);
                }
            }
            [sky, foliage]
                .map(|sums| std::array::from_fn(|d| blend(sums.map(|sums| sums[d]), shares)))
        });
        Some((around, on_sides))
    }
}

impl Sky for Around<'_> {
    #[inline(always)]
    fn beam(&self, i: usize) -> f32 {
        self.numbers[BEAM][i]
    }

    #[inline(always)]
    fn global(&self, i: usize) -> f32 {
        self.numbers[GLOBAL][i]
    }

    #[inline(always)]
    fn diffuse(&self, i: usize) -> f32 {
        self.numbers[DIFFUSE][i]
    }

    #[inline(always)]
    fn shaded_radiance(&self, i: usize) -> f32 {
        self.numbers[SHADED_RADIANCE][i]
    }

    #[inline(always)]
    fn lit_radiance_gain(&self, i: usize) -> f32 {
        self.numbers[LIT_RADIANCE_GAIN][i]
    }

    #[inline(always)]
    fn sky_down(&self, i: usize) -> f32 {
        self.numbers[SKY_DOWN][i]
    }

    #[inline(always)]
    fn sky_side(&self, i: usize) -> f32 {
        self.numbers[SKY_SIDE][i]
    }

    #[inline(always)]
    fn wall_warm(&self, i: usize) -> f32 {
        self.numbers[WALL_WARM][i]
    }

    #[inline(always)]
    fn wall_facing(&self, d: usize, i: usize) -> f32 {
        self.numbers[WALL_FACING + d][i]
    }

    #[inline(always)]
    fn deficit(&self, i: usize) -> f32 {
        self.numbers[DEFICIT][i]
    }

    #[inline(always)]
    fn lit_gain(&self, i: usize) -> f32 {
        self.numbers[LIT_GAIN][i]
    }
}
