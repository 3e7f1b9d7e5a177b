//! Running statistics over the steps of a run (R 9).

use crate::grid::{Window, zeros};
use rayon::prelude::*;
use std::ops::Range;

/// Running sums and extremes of one quantity, and in how many steps it was missing: memory that
/// nothing is written into takes no room.
#[derive(Clone, Debug)]
struct Running {
    day: Vec<f32>,
    night: Vec<f32>,
    day_missing: Vec<u32>,
    night_missing: Vec<u32>,
    max: Vec<f32>,
    min: Vec<f32>,
}

/// Grids by name, or by threshold [°C].
pub type Grids<K> = Vec<(K, Vec<f32>)>;

/// One cell's share of [`Running`].
struct RunningPart<'a> {
    /// Nothing was added yet: the sums are memory that nobody has written into.
    fresh: bool,
    sum: &'a mut [f32],
    missing: &'a mut [u32],
    max: &'a mut [f32],
    min: &'a mut [f32],
}

impl Running {
    fn new(cells: usize) -> Self {
        Self {
            day: vec![0.0; cells],
            night: vec![0.0; cells],
            day_missing: vec![0; cells],
            night_missing: vec![0; cells],
            max: vec![f32::NEG_INFINITY; cells],
            min: vec![f32::INFINITY; cells],
        }
    }

    fn parts(
        &mut self,
        [day, fresh]: [bool; 2],
        size: usize,
        cells: &Range<usize>,
    ) -> Vec<RunningPart<'_>> {
        let (sum, missing) = if day {
            (&mut self.day, &mut self.day_missing)
        } else {
            (&mut self.night, &mut self.night_missing)
        };
        sum[cells.clone()]
            .chunks_mut(size)
            .zip(missing[cells.clone()].chunks_mut(size))
            .zip(self.max[cells.clone()].chunks_mut(size))
            .zip(self.min[cells.clone()].chunks_mut(size))
            .map(|(((sum, missing), max), min)| RunningPart {
                fresh,
                sum,
                missing,
                max,
                min,
            })
            .collect()
    }

    /// Steps by day and by night in which a cell had a value, of so many.
    fn counts(&self, [day, night]: [u32; 2], i: usize) -> [u32; 2] {
        [day - self.day_missing[i], night - self.night_missing[i]]
    }

    /// Mean over all steps in which a cell had a value.
    fn mean(&self, steps: [u32; 2], i: usize) -> f64 {
        let sum = f64::from(self.day[i]) + f64::from(self.night[i]);
        let [day, night] = self.counts(steps, i);
        sum / f64::from(day + night)
    }

    /// Hours of a cell if it was counted at all.
    fn hours(&self, steps: [u32; 2], i: usize, hours: f32) -> f64 {
        if self.counts(steps, i) != [0; 2] {
            f64::from(hours)
        } else {
            f64::NAN
        }
    }

    /// Hours where a cell was counted at all.
    fn counted(&self, steps: [u32; 2], cells: Part, hours: &[f32]) -> Vec<f32> {
        cells.map(|i| self.hours(steps, i, hours[i]))
    }

    /// Finished grids of all cells, in the memory of what they come from.
    fn into_grids(mut self, steps: [u32; 2]) -> [(&'static str, Vec<f32>); 5] {
        for (sum, steps) in [&mut self.day, &mut self.night].into_iter().zip(steps) {
            touch(steps == 0, sum);
        }
        let mean = Part::all(self.day.len()).map(|i| self.mean(steps, i));
        overwrite(&mut self.max, |_, own| extreme(own));
        overwrite(&mut self.min, |_, own| extreme(own));
        overwrite(&mut self.day, |i, own| {
            part_mean(own, steps[0] - self.day_missing[i])
        });
        overwrite(&mut self.night, |i, own| {
            part_mean(own, steps[1] - self.night_missing[i])
        });
        [
            ("mean", mean),
            ("max", self.max),
            ("min", self.min),
            ("day_mean", self.day),
            ("night_mean", self.night),
        ]
    }
}

/// Mean of the steps of one kind.
fn part_mean(sum: f32, count: u32) -> f64 {
    f64::from(sum) / f64::from(count)
}

/// An extreme that was met.
fn extreme(x: f32) -> f64 {
    if x.is_finite() {
        f64::from(x)
    } else {
        f64::NAN
    }
}

/// Write zeros into sums that are `fresh` before they are read: memory that is read first and then
/// written is given twice by the system, and the second time every thread has to wait.
#[inline(always)]
fn touch(fresh: bool, sums: &mut [f32]) {
    if fresh {
        sums.fill(0.0);
    }
}

/// Put what becomes of each cell in its place.
fn overwrite(cells: &mut [f32], value: impl Fn(usize, f32) -> f64 + Sync) {
    let cells = cells.par_iter_mut().with_min_len(1 << 15).enumerate();
    cells.for_each(|(i, own)| *own = value(i, *own) as f32);
}

/// Add hours above a threshold to those of the same one.
fn add_hours(all: &mut Vec<(f64, Vec<f32>)>, threshold: f64, hours: Vec<f32>) {
    match all.iter_mut().find(|(t, _)| *t == threshold) {
        Some((_, sum)) => sum.iter_mut().zip(hours).for_each(|(s, h)| *s += h),
        None => all.push((threshold, hours)),
    }
}

impl RunningPart<'_> {
    #[inline(always)]
    fn add(&mut self, at: usize, values: &[f32]) {
        let cells = at..at + values.len();
        touch(self.fresh, &mut self.sum[cells.clone()]);
        let lanes = self.sum[cells.clone()]
            .iter_mut()
            .zip(&mut self.max[cells.clone()])
            .zip(&mut self.min[cells.clone()]);
        let mut some_missing = false;
        for (((sum, max), min), &value) in lanes.zip(values) {
            // A missing value changes nothing; `max` and `min` of a NaN are the other operand.
            *sum += if value.is_nan() { 0.0 } else { value };
            some_missing |= value.is_nan();
            *max = max.max(value);
            *min = min.min(value);
        }
        if some_missing {
            for (missing, value) in self.missing[cells].iter_mut().zip(values) {
                *missing += u32::from(value.is_nan());
            }
        }
    }
}

/// Cells that are read out: a window of a raster.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Rows and columns of the raster that are wanted.
    pub window: Window,
    /// Columns of the raster.
    pub cols: usize,
}

impl Part {
    /// All of so many cells.
    fn all(len: usize) -> Self {
        let window = Window {
            row: 0,
            col: 0,
            rows: 1,
            cols: len,
        };
        Self { window, cols: len }
    }

    /// A value of each cell, row by row.
    fn map(self, value: impl Fn(usize) -> f64 + Sync) -> Vec<f32> {
        const CHUNK: usize = 1 << 15;
        let Self { window, cols } = self;
        let mut out = vec![0.0; window.len()];
        let chunks = out.par_chunks_mut(CHUNK).enumerate();
        chunks.for_each(|(chunk, cells)| {
            let (mut row, mut col) = window.cell(chunk * CHUNK);
            for slot in cells {
                *slot = value(row * cols + col) as f32;
                col += 1;
                if col == window.col + window.cols {
                    (row, col) = (row + 1, window.col);
                }
            }
        });
        out
    }
}

/// Statistics of a run, cell by cell. Missing values are left out.
#[derive(Clone, Debug)]
pub struct Statistics {
    tmrt: Running,
    utci: Running,
    sun_hours: Vec<f32>,
    shade_hours: Vec<f32>,
    day_thresholds: Vec<f64>,
    night_thresholds: Vec<f64>,
    /// Hours above each day threshold, then each night threshold.
    hours_above: Vec<Vec<f32>>,
    /// Steps counted by day and by night.
    pub steps: [u64; 2],
}

/// The cells of one task.
pub struct StatisticsPart<'a> {
    tmrt: RunningPart<'a>,
    utci: RunningPart<'a>,
    sun: &'a mut [f32],
    shade: &'a mut [f32],
    above: Vec<(f32, &'a mut [f32])>,
    day: bool,
    fresh: bool,
    hours: f32,
}

impl StatisticsPart<'_> {
    /// Count a step of some cells, the first being cell `at` of this part.
    #[inline(always)]
    pub fn add(&mut self, at: usize, tmrt: &[f32], utci: &[f32], shadow: &[f32]) {
        self.tmrt.add(at, tmrt);
        self.utci.add(at, utci);
        let cells = at..at + tmrt.len();
        if self.day {
            let (sun, shade) = (&mut self.sun[cells.clone()], &mut self.shade[cells.clone()]);
            touch(self.fresh, sun);
            touch(self.fresh, shade);
            for ((sun, shade), &lit) in sun.iter_mut().zip(shade).zip(shadow) {
                let known = if lit.is_nan() { 0.0 } else { self.hours };
                let lit = if lit.is_nan() { 0.0 } else { lit };
                *sun += lit * known;
                *shade += (1.0 - lit) * known;
            }
        }
        for (threshold, above) in &mut self.above {
            let above = &mut above[cells.clone()];
            touch(self.fresh, above);
            for (hours, value) in above.iter_mut().zip(utci) {
                *hours += if *value > *threshold { self.hours } else { 0.0 };
            }
        }
    }
}

impl Statistics {
    /// Empty statistics of `cells` cells, counting hours with UTCI above each threshold: the first
    /// list by day, the second at night.
    #[must_use]
    pub fn new(cells: usize, day: &[f64], night: &[f64]) -> Self {
        Self {
            tmrt: Running::new(cells),
            utci: Running::new(cells),
            sun_hours: vec![0.0; cells],
            shade_hours: vec![0.0; cells],
            day_thresholds: day.to_vec(),
            night_thresholds: night.to_vec(),
            hours_above: zeros(cells, day.len() + night.len()),
            steps: [0; 2],
        }
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sun_hours.len()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sun_hours.is_empty()
    }

    /// Thresholds of UTCI by day and at night [°C].
    #[must_use]
    pub fn thresholds(&self) -> [&[f64]; 2] {
        [&self.day_thresholds, &self.night_thresholds]
    }

    /// The running rasters for a device, finite: per quantity (tmrt, utci) day sum, night sum, max,
    /// min; then day and night counts of each, hours of sun and shade, hours above each threshold.
    #[must_use]
    pub fn export(&self) -> Vec<Vec<f32>> {
        let finite = |x: &[f32]| x.iter().map(|v| v.clamp(f32::MIN, f32::MAX)).collect();
        let steps = self.counted_steps();
        let mut out: Vec<Vec<f32>> = [&self.tmrt, &self.utci]
            .into_iter()
            .flat_map(|r| [&r.day, &r.night, &r.max, &r.min])
            .map(|x| finite(x))
            .collect();
        for running in [&self.tmrt, &self.utci] {
            out.extend([0, 1].map(|kind| {
                let counts = (0..self.len()).map(|i| running.counts(steps, i)[kind] as f32);
                counts.collect()
            }));
        }
        out.extend([self.sun_hours.clone(), self.shade_hours.clone()]);
        out.extend(self.hours_above.iter().cloned());
        out
    }

    /// Take the rasters back, in the order of [`Self::export`]; `steps` are those they count already.
    ///
    /// # Panics
    /// If the number of rasters or cells differs.
    pub fn import(&mut self, rasters: &[&[f32]]) {
        assert_eq!(
            rasters.len(),
            14 + self.hours_above.len(),
            "rasters of the statistics"
        );
        let [day, night] = self.counted_steps();
        let mut next = rasters.iter();
        let mut take = |to: &mut Vec<f32>| {
            if let Some(from) = next.next() {
                to.copy_from_slice(from);
            }
        };
        for running in [&mut self.tmrt, &mut self.utci] {
            take(&mut running.day);
            take(&mut running.night);
            take(&mut running.max);
            take(&mut running.min);
            for x in &mut running.max {
                *x = if *x == f32::MIN {
                    f32::NEG_INFINITY
                } else {
                    *x
                };
            }
            for x in &mut running.min {
                *x = if *x == f32::MAX { f32::INFINITY } else { *x };
            }
        }
        let mut counts = vec![0.0; self.sun_hours.len()];
        let (tmrt, utci) = (&mut self.tmrt, &mut self.utci);
        for (own, steps) in [
            (&mut tmrt.day_missing, day),
            (&mut tmrt.night_missing, night),
            (&mut utci.day_missing, day),
            (&mut utci.night_missing, night),
        ] {
            take(&mut counts);
            own.iter_mut()
                .zip(&counts)
                .for_each(|(n, &x)| *n = steps - x as u32);
        }
        take(&mut self.sun_hours);
        take(&mut self.shade_hours);
        for hours in &mut self.hours_above {
            take(hours);
        }
    }

    fn counted_steps(&self) -> [u32; 2] {
        self.steps
            .map(|n| u32::try_from(n).expect("fewer steps than a cell can count"))
    }

    /// Begin a step.
    pub fn begin(&mut self, day: bool) {
        self.steps[usize::from(!day)] += 1;
    }

    /// Parts of `size` cells for the tasks of a step that some cells are counted in.
    pub fn parts(
        &mut self,
        day: bool,
        hours: f64,
        size: usize,
        cells: Range<usize>,
    ) -> Vec<StatisticsPart<'_>> {
        let fresh = self.steps[usize::from(!day)] == 1;
        let split = self.day_thresholds.len();
        let (by_day, by_night) = self.hours_above.split_at_mut(split);
        let (above, thresholds) = if day {
            (by_day, &self.day_thresholds)
        } else {
            (by_night, &self.night_thresholds)
        };
        let parts = self
            .tmrt
            .parts([day, fresh], size, &cells)
            .into_iter()
            .zip(self.utci.parts([day, fresh], size, &cells));
        let hour_parts = self.sun_hours[cells.clone()]
            .chunks_mut(size)
            .zip(self.shade_hours[cells.clone()].chunks_mut(size));
        let mut out: Vec<StatisticsPart<'_>> = parts
            .zip(hour_parts)
            .map(|((tmrt, utci), (sun, shade))| StatisticsPart {
                tmrt,
                utci,
                sun,
                shade,
                above: Vec::new(),
                day,
                fresh,
                hours: hours as f32,
            })
            .collect();
        for (hours, &threshold) in above.iter_mut().zip(thresholds) {
            let chunks = hours[cells.clone()].chunks_mut(size);
            for (part, hours) in out.iter_mut().zip(chunks) {
                part.above.push((threshold as f32, hours));
            }
        }
        out
    }

    /// Finished grids by name: mean, max, min, day_mean and night_mean of tmrt and utci, and the
    /// hours of sun and shade. NaN where nothing was counted.
    #[must_use]
    pub fn grids(&self) -> Vec<(String, Vec<f32>)> {
        self.grids_in(Part::all(self.len()))
    }

    /// [`Statistics::grids`] of a part of the cells.
    #[must_use]
    pub fn grids_in(&self, cells: Part) -> Vec<(String, Vec<f32>)> {
        let steps = self.counted_steps();
        let mut out = Vec::new();
        for (name, running) in [("tmrt", &self.tmrt), ("utci", &self.utci)] {
            out.push((
                format!("{name}_mean"),
                cells.map(|i| running.mean(steps, i)),
            ));
            let max = cells.map(|i| extreme(running.max[i]));
            out.push((format!("{name}_max"), max));
            let min = cells.map(|i| extreme(running.min[i]));
            out.push((format!("{name}_min"), min));
            let day = cells.map(|i| part_mean(running.day[i], running.counts(steps, i)[0]));
            out.push((format!("{name}_day_mean"), day));
            let night = cells.map(|i| part_mean(running.night[i], running.counts(steps, i)[1]));
            out.push((format!("{name}_night_mean"), night));
        }
        for (name, hours) in [("sun", &self.sun_hours), ("shade", &self.shade_hours)] {
            let hours = self.tmrt.counted(steps, cells, hours);
            out.push((format!("{name}_hours"), hours));
        }
        out
    }

    /// [`Statistics::grids`] and [`Statistics::hours_above`] of all cells, in the memory of what they
    /// come from.
    #[must_use]
    pub fn into_grids(self) -> (Grids<String>, Grids<f64>) {
        let steps = self.counted_steps();
        let hours = |running: &Running, fresh: bool, mut hours: Vec<f32>| {
            touch(fresh, &mut hours);
            overwrite(&mut hours, |i, own| running.hours(steps, i, own));
            hours
        };
        let no = steps.map(|number| number == 0);
        let by_day = self.day_thresholds.iter().map(|t| (*t, no[0]));
        let thresholds = by_day.chain(self.night_thresholds.iter().map(|t| (*t, no[1])));
        let mut above: Vec<(f64, Vec<f32>)> = Vec::new();
        for ((threshold, fresh), own) in thresholds.zip(self.hours_above) {
            add_hours(&mut above, threshold, hours(&self.utci, fresh, own));
        }
        let sun = hours(&self.tmrt, no[0], self.sun_hours);
        let shade = hours(&self.tmrt, no[0], self.shade_hours);
        let mut out = Vec::new();
        for (name, running) in [("tmrt", self.tmrt), ("utci", self.utci)] {
            let grids = running.into_grids(steps);
            out.extend(grids.map(|(kind, grid)| (format!("{name}_{kind}"), grid)));
        }
        out.extend([
            ("sun_hours".to_owned(), sun),
            ("shade_hours".to_owned(), shade),
        ]);
        (out, above)
    }

    /// Hours with UTCI above each threshold; a threshold of both lists counts day and night. NaN
    /// where there never was a UTCI.
    #[must_use]
    pub fn hours_above(&self) -> Vec<(f64, Vec<f32>)> {
        self.hours_above_in(Part::all(self.len()))
    }

    /// [`Statistics::hours_above`] of a part of the cells.
    #[must_use]
    pub fn hours_above_in(&self, cells: Part) -> Vec<(f64, Vec<f32>)> {
        let steps = self.counted_steps();
        let thresholds = self.day_thresholds.iter().chain(&self.night_thresholds);
        let mut out: Vec<(f64, Vec<f32>)> = Vec::new();
        for (&threshold, hours) in thresholds.zip(&self.hours_above) {
            add_hours(&mut out, threshold, self.utci.counted(steps, cells, hours));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(stats: &mut Statistics, day: bool, tmrt: &[f32], utci: &[f32], shadow: &[f32]) {
        stats.begin(day);
        let all = 0..tmrt.len();
        for (part, at) in stats.parts(day, 0.5, 2, all).iter_mut().zip([0, 2]) {
            let cells = at..(at + 2).min(tmrt.len());
            part.add(
                0,
                &tmrt[cells.clone()],
                &utci[cells.clone()],
                &shadow[cells],
            );
        }
    }

    fn grid(stats: &Statistics, name: &str) -> Vec<f32> {
        stats
            .grids()
            .into_iter()
            .find(|(n, _)| n == name)
            .unwrap()
            .1
    }

    #[test]
    fn day_night_and_missing() {
        let nan = f32::NAN;
        let mut stats = Statistics::new(3, &[30.0], &[20.0, 30.0]);
        add(
            &mut stats,
            true,
            &[50.0, 40.0, nan],
            &[35.0, 29.0, nan],
            &[1.0, 0.25, nan],
        );
        add(
            &mut stats,
            false,
            &[10.0, nan, nan],
            &[31.0, nan, nan],
            &[0.0, 0.0, 0.0],
        );
        assert_eq!(stats.steps, [1, 1]);
        assert_eq!(grid(&stats, "tmrt_mean")[..2], [30.0, 40.0]);
        assert_eq!(grid(&stats, "tmrt_max")[..2], [50.0, 40.0]);
        assert_eq!(grid(&stats, "tmrt_min")[..2], [10.0, 40.0]);
        assert_eq!(grid(&stats, "utci_day_mean")[..2], [35.0, 29.0]);
        assert_eq!(grid(&stats, "utci_night_mean")[0], 31.0);
        assert!(grid(&stats, "utci_night_mean")[1].is_nan());
        assert_eq!(grid(&stats, "sun_hours")[..2], [0.5, 0.125]);
        assert_eq!(grid(&stats, "shade_hours")[..2], [0.0, 0.375]);
        for (_, values) in stats.grids() {
            assert!(values[2].is_nan());
        }
        let above = stats.hours_above();
        assert_eq!(
            above.iter().map(|(t, _)| *t).collect::<Vec<_>>(),
            [30.0, 20.0]
        );
        assert_eq!(above[0].1[..2], [1.0, 0.0]);
        assert_eq!(above[1].1[..2], [0.5, 0.0]);
    }

    /// Steps and cells without UTCI count in the statistics of Tmrt only.
    #[test]
    fn a_mean_of_utci_is_over_the_steps_that_have_it() {
        let nan = f32::NAN;
        let mut stats = Statistics::new(3, &[30.0], &[20.0]);
        let ones = [1.0; 3];
        add(&mut stats, true, &[50.0; 3], &[35.0, 31.0, nan], &ones);
        add(&mut stats, true, &[40.0; 3], &[25.0, nan, nan], &ones);
        add(&mut stats, false, &[15.0; 3], &[nan; 3], &ones);
        for name in ["utci_mean", "utci_day_mean"] {
            assert_eq!(grid(&stats, name)[..2], [30.0, 31.0], "{name}");
            assert!(grid(&stats, name)[2].is_nan(), "{name}");
        }
        assert_eq!(grid(&stats, "tmrt_mean"), [35.0; 3]);
        assert!(grid(&stats, "utci_night_mean").iter().all(|x| x.is_nan()));
        let above = stats.hours_above();
        assert_eq!(above[0].1[..2], [0.5, 0.5]);
        assert!(above[0].1[2].is_nan());
        let mut again = Statistics::new(3, &[30.0], &[20.0]);
        again.steps = stats.steps;
        let planes = stats.export();
        again.import(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(grid(&again, "utci_mean")[..2], [30.0, 31.0]);
    }

    #[test]
    fn what_is_taken_out_is_what_is_read() {
        let nan = f32::NAN;
        let mut stats = Statistics::new(4, &[30.0, 25.0], &[20.0, 30.0]);
        let shadow = [1.0, 0.25, nan, 0.0];
        add(
            &mut stats,
            true,
            &[50.0, 41.0, nan, 7.0],
            &[35.0, 29.0, nan, nan],
            &shadow,
        );
        add(
            &mut stats,
            true,
            &[40.1, nan, nan, 8.0],
            &[26.3, nan, nan, nan],
            &shadow,
        );
        add(
            &mut stats,
            false,
            &[10.0, 9.7, nan, nan],
            &[31.0, 30.5, nan, nan],
            &shadow,
        );
        let bits = |grid: &[f32]| grid.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let (read, above) = (stats.grids(), stats.hours_above());
        let (taken, above_taken) = stats.into_grids();
        assert_eq!((taken.len(), above_taken.len()), (read.len(), above.len()));
        for ((name, own), (wanted, expected)) in taken.iter().zip(&read) {
            assert_eq!((name, bits(own)), (wanted, bits(expected)));
        }
        for ((threshold, own), (wanted, expected)) in above_taken.iter().zip(&above) {
            assert_eq!((threshold, bits(own)), (wanted, bits(expected)));
        }
    }
}
