//! Statistics of a long period: means and extremes by group of steps, hours above thresholds, and
//! percentiles from histograms, band by band of rows.

use crate::grid::zeros;
use rayon::prelude::*;

/// Tmrt, UTCI and PET, and the other heat indices.
pub const QUANTITIES: usize = 9;
/// Their names.
pub const NAMES: [&str; QUANTITIES] = [
    "tmrt", "utci", "pet", "wbgt", "tnw", "globe150", "globe38", "at", "set",
];
/// Those that steps taken together give.
pub const BY_TMRT: usize = 3;
/// Cells of a band, about: what a task works on stays in the second-level cache.
const BAND_CELLS: usize = 4096;
/// Bins of a histogram to one kelvin: a value is known to half a bin, 1/16 K.
pub const BINS_PER_KELVIN: f32 = 8.0;
/// Groups that are always there: steps with the sun up, and the others.
const DAY: usize = 0;
const NIGHT: usize = 1;
const ALWAYS: usize = 2;
/// Steps that wait to be put into the histograms together.
const WAITING: usize = 96;
/// Cells whose bins lie in a line of the cache; rows of them are that much longer, so that they do
/// not all fall on the same place in it.
const LINE: usize = 32;
/// A missing value.
const NO_BIN: u16 = u16::MAX;
/// Steps a histogram can count.
pub const MOST_STEPS: usize = u16::MAX as usize;

/// Hours above a value.
#[derive(Clone, Debug)]
pub struct Threshold {
    /// Name of the grid.
    pub name: String,
    /// Index of the quantity.
    pub quantity: usize,
    /// Hours are counted above it [°C].
    pub value: f64,
    /// Counted by day, and at night.
    pub when: [bool; 2],
}

/// Values a histogram tells apart; those outside are known to lie outside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bins {
    /// Lower end of the first one [°C].
    pub low: f32,
    /// How many of 1 / [`BINS_PER_KELVIN`], with one more at each end for what lies outside.
    pub count: usize,
}

impl Bins {
    /// Bins for the values from `low` to `high`.
    #[must_use]
    pub fn spanning(low: f64, high: f64) -> Self {
        let low = low.floor();
        let kelvins = (high.ceil() - low).max(1.0);
        Self {
            low: low as f32,
            count: (kelvins * f64::from(BINS_PER_KELVIN)) as usize + 2,
        }
    }

    #[inline(always)]
    fn of(&self, value: f32) -> u16 {
        let at = (value - self.low) * BINS_PER_KELVIN + 1.0;
        at.clamp(0.0, (self.count - 1) as f32) as i32 as u16
    }

    /// Middle of a bin; NaN for what lies outside.
    fn middle(&self, bin: usize) -> f64 {
        if bin == 0 || bin + 1 == self.count {
            return f64::NAN;
        }
        f64::from(self.low) + (bin as f64 - 0.5) / f64::from(BINS_PER_KELVIN)
    }
}

/// What is wanted of a period.
#[derive(Clone, Debug, Default)]
pub struct PeriodPlan {
    /// Which quantities.
    pub wanted: [bool; QUANTITIES],
    /// Names of groups of steps besides day and night.
    pub groups: Vec<String>,
    /// Hours above these.
    pub thresholds: Vec<Threshold>,
    /// Percentiles over all steps [%].
    pub percentiles: Vec<f64>,
    /// Of their histograms.
    pub bins: [Bins; QUANTITIES],
}

/// How a step is counted.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The sun is up.
    pub day: bool,
    /// Length of the step [h].
    pub hours: f32,
    /// Indices of its groups, in [`PeriodPlan::groups`].
    pub groups: Vec<u32>,
}

impl Counted {
    fn all(&self) -> impl Iterator<Item = usize> {
        let always = if self.day { DAY } else { NIGHT };
        let own = self.groups.iter().map(|&g| ALWAYS + g as usize);
        std::iter::once(always).chain(own)
    }
}

/// Running sum and extremes; missing values are counted in memory that is not touched where none is.
#[derive(Clone, Debug)]
struct Running {
    sum: Vec<f32>,
    max: Vec<f32>,
    min: Vec<f32>,
    missing: Vec<u32>,
}

impl Running {
    fn new(cells: usize) -> Self {
        Self {
            sum: vec![0.0; cells],
            max: vec![f32::NEG_INFINITY; cells],
            min: vec![f32::INFINITY; cells],
            missing: vec![0; cells],
        }
    }

    #[inline(always)]
    fn add(&mut self, at: usize, values: &[f32], complete: bool) {
        let cells = at..at + values.len();
        let lanes = self.sum[cells.clone()]
            .iter_mut()
            .zip(&mut self.max[cells.clone()])
            .zip(&mut self.min[cells.clone()]);
        for (((sum, max), min), &value) in lanes.zip(values) {
            *sum += if value.is_nan() { 0.0 } else { value };
            *max = max.max(value);
            *min = min.min(value);
        }
        if !complete {
            for (missing, value) in self.missing[cells].iter_mut().zip(values) {
                *missing += u32::from(value.is_nan());
            }
        }
    }
}

/// Statistics of some rows of the core.
#[derive(Clone, Debug)]
pub struct Band {
    /// Cells of all bands before it.
    pub first: usize,
    /// Its cells.
    pub cells: usize,
    /// By group and quantity.
    groups: Vec<[Option<Running>; QUANTITIES]>,
    above: Vec<Vec<f32>>,
    sun: Vec<f32>,
    shade: Vec<f32>,
    /// Empty before the first step and after the last.
    histograms: [Vec<u16>; QUANTITIES],
    /// Bins of steps that are not in the histograms yet, step by step.
    codes: [Vec<u16>; QUANTITIES],
    /// How many of them wait.
    waiting: usize,
    /// By quantity, one grid a percentile, once they are finished.
    percentiles: [Vec<Vec<f32>>; QUANTITIES],
}

impl Band {
    fn new(first: usize, cells: usize, plan: &PeriodPlan) -> Self {
        let group = || {
            plan.wanted
                .map(|wanted| wanted.then(|| Running::new(cells)))
        };
        Self {
            first,
            cells,
            groups: (0..ALWAYS + plan.groups.len()).map(|_| group()).collect(),
            above: zeros(cells, plan.thresholds.len()),
            sun: vec![0.0; cells],
            shade: vec![0.0; cells],
            histograms: Default::default(),
            codes: Default::default(),
            waiting: 0,
            percentiles: Default::default(),
        }
    }

    /// Make room for the histograms.
    pub fn open(&mut self, plan: &PeriodPlan) {
        if plan.percentiles.is_empty() {
            return;
        }
        for q in 0..QUANTITIES {
            if plan.wanted[q] && self.histograms[q].is_empty() {
                self.histograms[q] = vec![0; self.cells * plan.bins[q].count];
                self.codes[q] = vec![0; WAITING * (self.cells + LINE)];
            }
        }
    }

    /// Count a step of some cells, the first being cell `at` of the band; `lit` is the share of the
    /// beam that arrives. Missing values are left out.
    #[inline(always)]
    pub fn add(
        &mut self,
        plan: &PeriodPlan,
        step: &Counted,
        at: usize,
        values: [&[f32]; QUANTITIES],
        lit: &[f32],
    ) {
        let mut complete = [true; QUANTITIES];
        for q in 0..QUANTITIES {
            let mut some_missing = false;
            for value in values[q] {
                some_missing |= value.is_nan();
            }
            complete[q] = !some_missing;
        }
        for group in step.all() {
            for q in 0..QUANTITIES {
                if let Some(running) = &mut self.groups[group][q] {
                    running.add(at, values[q], complete[q]);
                }
            }
        }
        if step.day {
            let hours = self.sun[at..].iter_mut().zip(&mut self.shade[at..]);
            for ((sun, shade), &lit) in hours.zip(lit) {
                let known = if lit.is_nan() { 0.0 } else { step.hours };
                let lit = if lit.is_nan() { 0.0 } else { lit };
                *sun += lit * known;
                *shade += (1.0 - lit) * known;
            }
        }
        let side = usize::from(!step.day);
        for (threshold, above) in plan.thresholds.iter().zip(&mut self.above) {
            if threshold.when[side] {
                let limit = threshold.value as f32;
                for (hours, value) in above[at..].iter_mut().zip(values[threshold.quantity]) {
                    *hours += if *value > limit { step.hours } else { 0.0 };
                }
            }
        }
        for q in 0..QUANTITIES {
            if self.histograms[q].is_empty() {
                continue;
            }
            let bins = plan.bins[q];
            let first = self.waiting * (self.cells + LINE) + at;
            let codes = self.codes[q][first..].iter_mut();
            for (code, &value) in codes.zip(values[q]) {
                *code = if value.is_nan() {
                    NO_BIN
                } else {
                    bins.of(value)
                };
            }
        }
    }

    /// All cells of a step are counted.
    #[inline(always)]
    pub fn end_step(&mut self, plan: &PeriodPlan) {
        if self.histograms.iter().all(Vec::is_empty) {
            return;
        }
        self.waiting += 1;
        if self.waiting == WAITING {
            self.fill(plan);
        }
    }

    /// Put what waits into the histograms, cell by cell: the values of an hour lie close together.
    #[inline(always)]
    fn fill(&mut self, plan: &PeriodPlan) {
        let steps = std::mem::take(&mut self.waiting);
        for q in 0..QUANTITIES {
            let count = plan.bins[q].count;
            if self.histograms[q].is_empty() {
                continue;
            }
            for first in (0..self.cells).step_by(LINE) {
                let cells = first..(first + LINE).min(self.cells);
                for cell in cells {
                    let row = &mut self.histograms[q][cell * count..][..count];
                    for step in 0..steps {
                        let code = self.codes[q][step * (self.cells + LINE) + cell];
                        if code != NO_BIN {
                            row[usize::from(code)] += 1;
                        }
                    }
                }
            }
        }
    }

    /// The percentiles, and no histograms any more: nothing is counted after this.
    pub fn finish(&mut self, plan: &PeriodPlan) {
        self.fill(plan);
        self.codes = Default::default();
        for q in 0..QUANTITIES {
            let counts = std::mem::take(&mut self.histograms[q]);
            if counts.is_empty() {
                continue;
            }
            let mut grids = vec![vec![f32::NAN; self.cells]; plan.percentiles.len()];
            for (cell, row) in counts.chunks_exact(plan.bins[q].count).enumerate() {
                let number: u64 = row.iter().map(|&n| u64::from(n)).sum();
                for (grid, &p) in grids.iter_mut().zip(&plan.percentiles) {
                    if number > 0 {
                        grid[cell] = percentile(row, number, plan.bins[q], p) as f32;
                    }
                }
            }
            self.percentiles[q] = grids;
        }
    }
}

/// A percentile by linear interpolation between the two values next to it, each known to half a bin.
fn percentile(row: &[u16], number: u64, bins: Bins, p: f64) -> f64 {
    let position = p / 100.0 * (number - 1) as f64;
    let value = |rank: u64| {
        let mut before = 0;
        for (bin, &n) in row.iter().enumerate() {
            before += u64::from(n);
            if before > rank {
                return bins.middle(bin);
            }
        }
        f64::NAN
    };
    let below = position.floor();
    let low = value(below as u64);
    let share = position - below;
    if share == 0.0 {
        return low;
    }
    low + (value(below as u64 + 1) - low) * share
}

/// Statistics of a period over the cells of a core.
#[derive(Clone, Debug)]
pub struct PeriodTally {
    /// What is wanted.
    pub plan: PeriodPlan,
    /// Rows of a band; the last may have fewer.
    pub band_rows: usize,
    /// Some rows each.
    pub bands: Vec<Band>,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Steps counted in each group.
    steps: Vec<u32>,
}

impl PeriodTally {
    /// Empty statistics of so many rows and columns.
    #[must_use]
    pub fn new([rows, cols]: [usize; 2], plan: PeriodPlan) -> Self {
        let band_rows = (BAND_CELLS / cols.max(1)).max(1);
        let bands = (0..rows)
            .step_by(band_rows)
            .map(|row| Band::new(row * cols, band_rows.min(rows - row) * cols, &plan))
            .collect();
        Self {
            band_rows,
            bands,
            shape: [rows, cols],
            steps: vec![0; ALWAYS + plan.groups.len()],
            plan,
        }
    }

    /// Count a step in the numbers of steps.
    pub fn begin(&mut self, step: &Counted) {
        for group in step.all() {
            self.steps[group] += 1;
        }
    }

    /// Steps counted by day and at night.
    #[must_use]
    pub fn counts(&self) -> [u32; 2] {
        [self.steps[DAY], self.steps[NIGHT]]
    }

    /// Count a step of all cells; a quantity that is not wanted may be empty.
    pub fn add(&mut self, step: &Counted, values: [&[f32]; QUANTITIES], lit: &[f32]) {
        self.begin(step);
        let plan = &self.plan;
        self.bands.par_iter_mut().for_each(|band| {
            band.open(plan);
            let cells = band.first..band.first + band.cells;
            let part = |x: &'_ [f32]| -> Vec<f32> { x.get(cells.clone()).unwrap_or(&[]).to_vec() };
            let own = values.map(part);
            band.add(plan, step, 0, own.each_ref().map(Vec::as_slice), &part(lit));
            band.end_step(plan);
        });
    }

    /// Finished grids by name; NaN where nothing was counted.
    #[must_use]
    pub fn into_grids(mut self) -> Vec<(String, Vec<f32>)> {
        let plan = std::mem::take(&mut self.plan);
        self.bands
            .par_iter_mut()
            .for_each(|band| band.finish(&plan));
        let mut out = Vec::new();
        for q in (0..QUANTITIES).filter(|&q| plan.wanted[q]) {
            let name = NAMES[q];
            for (statistic, groups) in [
                (Statistic::Mean, &[DAY, NIGHT][..]),
                (Statistic::Max, &[DAY, NIGHT]),
                (Statistic::Min, &[DAY, NIGHT]),
            ] {
                out.push((
                    format!("{name}_{}", statistic.name()),
                    self.grid(q, statistic, groups),
                ));
            }
            for (group, when) in [(DAY, "day"), (NIGHT, "night")] {
                let grid = self.grid(q, Statistic::Mean, &[group]);
                out.push((format!("{name}_{when}_mean"), grid));
            }
            for (g, group) in plan.groups.iter().enumerate() {
                for statistic in [Statistic::Mean, Statistic::Max, Statistic::Min] {
                    let grid = self.grid(q, statistic, &[ALWAYS + g]);
                    out.push((format!("{name}_{}_{group}", statistic.name()), grid));
                }
            }
            for (i, p) in plan.percentiles.iter().enumerate() {
                let grid = self.gather(|band, cell| {
                    f64::from(band.percentiles[q].get(i).map_or(f32::NAN, |g| g[cell]))
                });
                out.push((format!("{name}_p{p}"), grid));
            }
        }
        for (i, threshold) in plan.thresholds.iter().enumerate() {
            let grid = self.gather(|band, cell| {
                if self.number(band, cell, threshold.quantity, &[DAY, NIGHT]) > 0 {
                    f64::from(band.above[i][cell])
                } else {
                    f64::NAN
                }
            });
            out.push((threshold.name.clone(), grid));
        }
        for (name, lit) in [("sun_hours", true), ("shade_hours", false)] {
            let grid = self.gather(|band, cell| {
                if self.number(band, cell, 0, &[DAY, NIGHT]) > 0 {
                    f64::from(if lit {
                        band.sun[cell]
                    } else {
                        band.shade[cell]
                    })
                } else {
                    f64::NAN
                }
            });
            out.push((name.to_owned(), grid));
        }
        out
    }

    /// Steps of some groups in which a cell had a value.
    fn number(&self, band: &Band, cell: usize, q: usize, groups: &[usize]) -> u32 {
        let of = |&g: &usize| {
            let running = band.groups[g][q].as_ref();
            running.map_or(0, |r| self.steps[g] - r.missing[cell])
        };
        groups.iter().map(of).sum()
    }

    fn grid(&self, q: usize, statistic: Statistic, groups: &[usize]) -> Vec<f32> {
        self.gather(|band, cell| {
            let number = self.number(band, cell, q, groups);
            if number == 0 {
                return f64::NAN;
            }
            let of = |g: &usize| band.groups[*g][q].as_ref();
            let each = groups.iter().filter_map(of);
            match statistic {
                Statistic::Mean => {
                    each.map(|r| f64::from(r.sum[cell])).sum::<f64>() / f64::from(number)
                }
                Statistic::Max => each
                    .map(|r| f64::from(r.max[cell]))
                    .fold(f64::MIN, f64::max),
                Statistic::Min => each
                    .map(|r| f64::from(r.min[cell]))
                    .fold(f64::MAX, f64::min),
            }
        })
    }

    fn gather(&self, value: impl Fn(&Band, usize) -> f64 + Sync) -> Vec<f32> {
        let of = |band: &Band| -> Vec<f32> {
            (0..band.cells)
                .map(|cell| value(band, cell) as f32)
                .collect()
        };
        let parts: Vec<Vec<f32>> = self.bands.par_iter().map(of).collect();
        parts.concat()
    }
}

/// What is told of a group.
#[derive(Clone, Copy, Debug)]
enum Statistic {
    Mean,
    Max,
    Min,
}

impl Statistic {
    fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Min => "min",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(groups: &[&str], percentiles: &[f64]) -> PeriodPlan {
        PeriodPlan {
            wanted: std::array::from_fn(|q| q < 2),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            thresholds: vec![Threshold {
                name: "above".to_owned(),
                quantity: 1,
                value: 20.0,
                when: [true, false],
            }],
            percentiles: percentiles.to_vec(),
            bins: [Bins::spanning(-40.0, 90.0); QUANTITIES],
        }
    }

    fn first_two(values: &[f32]) -> [&[f32]; QUANTITIES] {
        std::array::from_fn(|q| if q < 2 { values } else { &[][..] })
    }

    fn grid<'a>(grids: &'a [(String, Vec<f32>)], name: &str) -> &'a [f32] {
        &grids.iter().find(|(n, _)| n == name).expect(name).1
    }

    proptest! {
        #[test]
        fn equals_statistics_of_the_list(
            values in prop::collection::vec(prop::option::weighted(0.9, -30.0_f32..80.0), 1..60),
        ) {
            let mut tally = PeriodTally::new([1, 2], plan(&["odd"], &[0.0, 37.5, 95.0, 100.0]));
            for (i, value) in values.iter().enumerate() {
                let v = [value.unwrap_or(f32::NAN), 1.0];
                let groups = if i % 2 == 1 { vec![0] } else { vec![] };
                let step = Counted { day: i % 3 != 0, hours: 0.5, groups };
                tally.add(&step, first_two(&v), &[1.0, 0.25]);
            }
            let grids = tally.into_grids();
            let known = |of: &dyn Fn(usize) -> bool| -> Vec<f64> {
                let all = values.iter().enumerate().filter(|(i, _)| of(*i));
                all.filter_map(|(_, v)| v.map(f64::from)).collect()
            };
            let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
            for (name, of) in [
                ("tmrt_mean", &(|_| true) as &dyn Fn(usize) -> bool),
                ("tmrt_day_mean", &|i| i % 3 != 0),
                ("tmrt_mean_odd", &|i| i % 2 == 1),
            ] {
                let (got, want) = (f64::from(grid(&grids, name)[0]), mean(&known(of)));
                prop_assert!(got.is_nan() && want.is_nan() || (got - want).abs() < 1e-4, "{name}");
            }
            let mut sorted = known(&|_| true);
            sorted.sort_by(f64::total_cmp);
            for p in [0.0, 37.5, 95.0, 100.0] {
                let got = f64::from(grid(&grids, &format!("tmrt_p{p}"))[0]);
                if sorted.is_empty() {
                    prop_assert!(got.is_nan());
                    continue;
                }
                let at = p / 100.0 * (sorted.len() - 1) as f64;
                let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
                prop_assert!((got - (low + (high - low) * at.fract())).abs() <= 0.07);
            }
            let above = values.iter().enumerate();
            let above = above.filter(|(i, v)| i % 3 != 0 && v.is_some_and(|v| v > 20.0)).count();
            let got = f64::from(grid(&grids, "above")[0]);
            prop_assert!(sorted.is_empty() && got.is_nan() || got == 0.5 * above as f64);
        }
    }

    #[test]
    fn a_percentile_outside_the_bins_is_not_told() {
        let mut tally = PeriodTally::new([1, 1], plan(&[], &[0.0, 50.0]));
        let step = Counted {
            day: true,
            hours: 1.0,
            groups: vec![],
        };
        for value in [-70.0_f32, 10.0, 11.0] {
            tally.add(&step, first_two(&[value]), &[1.0]);
        }
        let grids = tally.into_grids();
        assert!(grid(&grids, "tmrt_p0")[0].is_nan());
        assert!((grid(&grids, "tmrt_p50")[0] - 10.0).abs() < 0.07);
        assert_eq!(grid(&grids, "tmrt_min")[0], -70.0);
    }
}
