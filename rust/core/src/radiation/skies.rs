//! The skies of the weather cells over a raster, and what cells receive from the four around them
//! (R 15).
//!
//! What the patches hold is summed up once, for all four together; see [`super::blend`] for the rest.

use super::anisotropic::{CellMasks, PatchTerms, PatchWeight};
use super::bytes::ByteTable;
use super::cells::{BLOCK, Lane, SIDES};
use super::tables::{StepInput, StepTables};
use crate::grid::Window;
use crate::patches::PatchMasks;
use crate::sky::step::SkyStep;
use crate::weather_cells::{Cut, WeatherCells, WeatherGrid, shares};
use std::ops::Range;

/// Weather cells around a cell.
pub const CORNERS: usize = 4;

/// The skies of a step.
#[derive(Debug)]
pub struct Skies {
    grid: WeatherGrid,
    /// Columns of the raster, and how each is cut.
    columns: Vec<Cut>,
    /// Tables of every weather cell, without those of the patches.
    tables: Vec<StepTables>,
    /// What the patches of every weather cell send, by day under the patch sky.
    terms: Vec<Vec<PatchTerms>>,
    /// Light of the gaps between weather cells that the raster reaches into.
    light: Vec<Option<GapLight>>,
    /// What the warmest of sunlit walls emits beyond one at air temperature, for the ground view.
    wall_emission: f64,
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
    corners: [&'a StepTables; CORNERS],
    light: Option<&'a GapLight>,
    /// What the last three count, by cell.
    shares: [Lane; 3],
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

impl Skies {
    /// Skies of a step over a raster; `None` where the weather cells do not matter.
    #[must_use]
    pub fn new(input: &StepInput<'_>, cells: &WeatherCells, raster: Window) -> Option<Self> {
        if !cells.matter(input.sky.day) {
            return None;
        }
        let grid = *cells.grid();
        let mut skies = Self {
            grid,
            columns: (0..raster.cols).map(|col| grid.cut(1, col)).collect(),
            tables: Vec::with_capacity(cells.len()),
            terms: Vec::with_capacity(cells.len()),
            light: Vec::new(),
            wall_emission: 0.0,
        };
        for index in 0..cells.len() {
            let weather = cells.weather(index, input.weather);
            let sky = SkyStep::new(&weather, input.params);
            let own = StepInput {
                weather: &weather,
                sky: &sky,
                ..*input
            };
            let (tables, terms) = StepTables::of_weather_cell(&own);
            skies.wall_emission = skies.wall_emission.max(tables.ground.wall_emission);
            skies.tables.push(tables);
            skies.terms.extend(terms);
        }
        if let Some(sky) = input.patch_sky.filter(|_| input.sky.day) {
            skies.tabulate(&sky.weights, input.sides, raster);
        }
        Some(skies)
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
                let terms = &self.terms[corner][i];
                row[2 * k] = terms.radiance * weights[i].side;
                row[2 * k + 1] = terms.share * f64::from(self.tables[corner].sun.diffuse);
            }
            row
        };
        let sides = |corner: usize| {
            ByteTable::new(n, |i| {
                let radiance = self.terms[corner][i].radiance;
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

    /// Tables of every weather cell, without those of the patches.
    #[must_use]
    pub fn tables(&self) -> &[StepTables] {
        &self.tables
    }

    /// What the patches of every weather cell send; none at night or under the isotropic sky.
    #[must_use]
    pub fn terms(&self) -> &[Vec<PatchTerms>] {
        &self.terms
    }

    /// What the warmest of sunlit walls emits beyond one at air temperature, for the ground view
    /// [W m⁻²].
    #[must_use]
    pub fn wall_emission(&self) -> f64 {
        self.wall_emission
    }

    /// What a sunlit wall emits in a weather cell for each of what the warmest does.
    #[must_use]
    pub fn wall_warmth(&self, index: usize) -> f32 {
        let own = self.tables[index].ground.wall_emission;
        if self.wall_emission > 0.0 {
            (own / self.wall_emission) as f32
        } else {
            1.0
        }
    }

    /// The same in cells of a row.
    pub fn warmth(&self, row: usize, cols: Range<usize>, out: &mut [f32]) {
        let down = self.grid.cut(0, row);
        for (out, cut) in out.iter_mut().zip(&self.columns[cols]) {
            let corners = self.grid.corners([down.before, cut.before]);
            let values = corners.map(|corner| self.wall_warmth(corner));
            *out = blend(values, shares(down.share, cut.share));
        }
    }

    /// A value of every weather cell as it is in one of the raster.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, row: usize, col: usize, value: impl Fn(usize) -> f32) -> f32 {
        let (down, right) = (self.grid.cut(0, row), self.columns[col]);
        let corners = self.grid.corners([down.before, right.before]);
        blend(corners.map(value), shares(down.share, right.share))
    }

    /// Where a run of cells from `first` ends: before `last`, with its row, or at the next weather cells.
    #[inline(always)]
    #[must_use]
    pub fn end(&self, first: usize, last: usize) -> usize {
        let cols = self.columns.len();
        let col = first % cols;
        let longest = (last - first).min(BLOCK).min(cols - col);
        let gap = self.columns[col].before;
        let same = self.columns[col..col + longest].iter();
        first + same.take_while(|cut| cut.before == gap).count()
    }

    /// The weather cells around such a run.
    #[inline(always)]
    #[must_use]
    pub fn around(&self, run: Range<usize>) -> Around<'_> {
        let cols = self.columns.len();
        let (row, col) = (run.start / cols, run.start % cols);
        let down = self.grid.cut(0, row);
        let gap = [down.before, self.columns[col].before];
        let mut lanes = [[0.0; BLOCK]; 3];
        for (i, cut) in self.columns[col..col + run.len()].iter().enumerate() {
            for (lane, share) in lanes.iter_mut().zip(shares(down.share, cut.share)) {
                lane[i] = share;
            }
        }
        let light = self.light.get(gap[0] * self.grid.gaps()[1] + gap[1]);
        Around {
            corners: self.grid.corners(gap).map(|corner| &self.tables[corner]),
            light: light.and_then(Option::as_ref),
            shares: lanes,
        }
    }
}

impl Around<'_> {
    /// A number of the tables as it is in a cell.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, i: usize, value: impl Fn(&StepTables) -> f32) -> f32 {
        blend(
            self.corners.map(value),
            self.shares.each_ref().map(|lane| lane[i]),
        )
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

    /// Tables of the four skies.
    #[must_use]
    pub fn corners(&self) -> [&StepTables; CORNERS] {
        self.corners
    }

    /// Add what a lane is under one of them to a blend; `first` keeps it under the first.
    #[inline(always)]
    pub fn add(&self, corner: usize, lane: &Lane, first: &mut Lane, sum: &mut Lane) {
        if corner == 0 {
            *first = *lane;
            *sum = *lane;
            return;
        }
        let share = &self.shares[corner - 1];
        for i in 0..BLOCK {
            sum[i] += share[i] * (lane[i] - first[i]);
        }
    }
}
