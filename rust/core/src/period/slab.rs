//! Some rows of a period under way: hour by hour, and of each hour day after day.

use super::basis::{LitEvents, SkyBasis, Weight};
use super::cells::{BandStep, BandSums, Cell, Cells, DayInput};
use super::numbers::{Daylight, Numbers};
use super::shared::Together;
use super::tally::{Band, PeriodPlan};
use crate::grid::Window;
use crate::gvf::{Change, Counts, Turned};
use crate::patches::PatchMasks;
use crate::radiation::light::digit;
use crate::radiation::tables::BodyTerms;
use crate::shadow::{ShadowStage, SunInput};
use crate::simd;
use crate::stage::Stage;
use crate::walls::WallCell;
use rayon::prelude::*;
use std::ops::Range;

/// Days whose light is known at a time; a word has a bit for each and for the day before.
const TOGETHER: usize = 16;
/// Cells of a slab, about.
const SLAB_CELLS: usize = 1 << 18;
/// A cell that sends nothing in any light.
const SILENT: u8 = u8::MAX;

/// Rows of a slab: whole bands.
pub(super) fn rows(core: Window, band_rows: usize) -> usize {
    let wanted = (SLAB_CELLS / core.cols.max(1)).clamp(1, core.rows.max(1));
    wanted.div_ceil(band_rows) * band_rows
}

/// Steps of an hour.
#[derive(Debug)]
pub(super) struct Slot<'n> {
    /// Lane and number of those by day.
    pub(super) days: Vec<(usize, usize)>,
    /// Numbers of those at night.
    pub(super) nights: Vec<usize>,
    pub(super) basis: SkyBasis,
    /// From each day to the next.
    pub(super) events: Vec<LitEvents>,
    /// All steps.
    pub(super) numbers: &'n [Numbers],
}

impl Slot<'_> {
    /// The light of one of its days.
    fn light(&self, day: usize) -> &Daylight {
        let (_, step) = self.days[day];
        self.numbers[step].day.as_ref().expect("a day")
    }
}

/// The light of some days.
struct Light {
    /// Kind of ground of every cell, by day.
    kinds: Vec<Vec<u8>>,
    /// Since the day before, by day and row.
    turned: Vec<Vec<Vec<Turned>>>,
    /// Walls that changed, likewise.
    walls: Vec<Vec<Vec<u32>>>,
    /// Lit walls: bit 0 the day before the first, then the days.
    lit: Vec<u32>,
}

/// What all bands of a slab read.
struct Around<'a> {
    together: &'a Together<'a>,
    /// Rows whose light is known: those of the slab, and as far as they see.
    rows: Range<usize>,
    /// Walls of these rows, their cells counted in them.
    walls: Vec<WallCell>,
    /// Kind of ground of a lit cell, less 2.
    ground: Vec<u8>,
    weights: Vec<Weight>,
    body: BodyTerms,
}

/// Some rows of the core.
pub(super) struct Slab<'a, 'b> {
    around: Around<'a>,
    bands: Vec<(Cells, &'b mut Band)>,
}

impl<'a, 'b> Slab<'a, 'b> {
    /// `bands` are the statistics of the rows.
    pub(super) fn new(
        together: &'a Together<'a>,
        rows: Range<usize>,
        core: Window,
        bands: &'b mut [Band],
        band_rows: usize,
    ) -> Self {
        let around = Around::new(together, &rows);
        let cols = together.run.window.cols;
        let kinds = 2 * together.ground.open;
        let masks = around.masks();
        let bands = bands.par_iter_mut().enumerate().map(|(number, band)| {
            let top = rows.start + number * band_rows;
            let own = top..(top + band_rows).min(rows.end);
            let counts = Counts::new(own, core.col..core.col + core.cols, kinds);
            let place = [top * cols + core.col, cols];
            let lanes = together.days.lanes;
            let cells = Cells::new(counts, place, lanes, &masks, |at| around.cell(at));
            (cells, band)
        });
        Self {
            bands: bands.collect(),
            around,
        }
    }

    /// All steps. `watch` hears how many are done; `None` if it stops them.
    pub(super) fn run(
        mut self,
        slots: &[Slot<'_>],
        plan: &PeriodPlan,
        sums: &mut [BandSums],
        watch: &mut dyn FnMut(usize) -> bool,
    ) -> Option<()> {
        let around = &self.around;
        self.bands
            .par_iter_mut()
            .for_each(|(_, band)| band.open(plan));
        let mut done = 0;
        for slot in slots {
            self.bands
                .par_iter_mut()
                .filter(|_| !slot.days.is_empty())
                .for_each(|(cells, _)| around.begin(cells, slot));
            let mut before = around.darkness();
            for first in (0..slot.days.len()).step_by(TOGETHER) {
                let days = first..(first + TOGETHER).min(slot.days.len());
                let light = around.light(&before, slot, days.clone());
                let found: Vec<Vec<BandSums>> = self
                    .bands
                    .par_iter_mut()
                    .map(|(cells, band)| {
                        let one = |day| around.day(cells, band, plan, slot, &light, [first, day]);
                        days.clone().map(one).collect()
                    })
                    .collect();
                for own in found {
                    for (day, own) in days.clone().zip(own) {
                        let (_, step) = slot.days[day];
                        sums[step] = sums[step].plus(own);
                    }
                }
                before = light;
                done += days.len();
                if !watch(done) {
                    return None;
                }
            }
            let found: Vec<Vec<BandSums>> = self
                .bands
                .par_iter_mut()
                .map(|(cells, band)| {
                    let one = |&step| around.night(cells, band, plan, &slot.numbers[step]);
                    slot.nights.iter().map(one).collect()
                })
                .collect();
            for own in found {
                for (&step, own) in slot.nights.iter().zip(own) {
                    sums[step] = sums[step].plus(own);
                }
            }
            done += slot.nights.len();
            if !watch(done) {
                return None;
            }
        }
        self.bands
            .par_iter_mut()
            .for_each(|(_, band)| band.finish(plan));
        Some(())
    }
}

impl<'a> Around<'a> {
    fn new(together: &'a Together<'a>, slab: &Range<usize>) -> Self {
        let run = together.run;
        let (reach, cols) = (together.view.reach(), run.window.cols);
        let rows = slab.start.saturating_sub(reach)..(slab.end + reach).min(run.window.rows);
        let cells = rows.start * cols..rows.end * cols;
        let walls = run.walls.iter();
        let walls = walls
            .filter(|w| cells.contains(&(w.index as usize)))
            .map(|w| WallCell {
                index: w.index - cells.start as u32,
                ..*w
            });
        let ground = cells.clone().map(|at| {
            let code = run.cells.code(at);
            if run.cells.complete(at) {
                2 * together.ground.of[code]
            } else {
                SILENT
            }
        });
        let patch_sky = run.patch_sky.expect("checked before");
        let weights = patch_sky.weights.iter();
        Self {
            walls: walls.collect(),
            ground: ground.collect(),
            weights: weights.map(|w| [w.side as f32, w.down as f32]).collect(),
            body: BodyTerms::new(run.params),
            rows,
            together,
        }
    }

    fn masks(&self) -> PatchMasks<'a> {
        self.together.run.cells.patches.expect("checked before").0
    }

    /// What is known of a cell for all steps.
    fn cell(&self, at: usize) -> Cell {
        let run = self.together.run;
        let (_, sums) = run.cells.patches.expect("checked before");
        let class = match run.cells.land_cover {
            Some(codes) => run.params.land_cover.get(codes[at]),
            None => Some(&run.params.ground),
        };
        Cell {
            views: [run.cells.svf[0][at], run.cells.svf[5][at]],
            sky: sums[at],
            emissivity: class.map_or(f32::NAN, |c| c.emissivity as f32),
            albedo_diffuse: run.ground_view.albnosh.planes()[0][at],
            complete: run.cells.complete(at),
            open: self.together.view.is_open(at),
            place: run.cells.places[at],
        }
    }

    /// Before the first day of an hour.
    fn begin(&self, cells: &mut Cells, slot: &Slot<'_>) {
        cells.counts.clear();
        cells.project(&slot.basis, &self.masks());
        cells.light_up(&slot.light(0).lit, &self.weights);
    }

    /// Nothing is lit.
    fn darkness(&self) -> Light {
        Light {
            kinds: vec![vec![0; self.ground.len()]],
            turned: Vec::new(),
            walls: Vec::new(),
            lit: vec![0; self.ground.len()],
        }
    }

    /// The light of some days, beside that of the days before.
    fn light(&self, before: &Light, slot: &Slot<'_>, days: Range<usize>) -> Light {
        let cols = self.together.run.window.cols;
        let last = before.turned.len();
        let mut light = Light {
            kinds: Vec::with_capacity(days.len()),
            turned: Vec::with_capacity(days.len()),
            walls: Vec::with_capacity(days.len()),
            lit: before.lit.iter().map(|lit| lit >> last & 1).collect(),
        };
        for (number, day) in days.enumerate() {
            let (kinds, lit) = self.shine(slot.light(day));
            let known = light.kinds.last().or(before.kinds.last());
            let known = known.expect("there is always a day before");
            let rows = kinds.par_chunks(cols).zip(known.par_chunks(cols));
            light.turned.push(
                rows.enumerate()
                    .map(|(row, (now, old))| self.turned(row, old, now))
                    .collect(),
            );
            let mut walls = vec![Vec::new(); self.rows.len()];
            for (wall, lit) in self.walls.iter().zip(lit) {
                let at = wall.index as usize;
                light.lit[at] |= u32::from(lit) << (number + 1);
                if light.lit[at] >> number & 1 != u32::from(lit) {
                    walls[at / cols].push((at % cols) as u32);
                }
            }
            light.walls.push(walls);
            light.kinds.push(kinds);
        }
        light
    }

    /// Kinds of ground under a sun, and which walls it lights that are seen.
    fn shine(&self, light: &Daylight) -> (Vec<u8>, Vec<bool>) {
        let run = self.together.run;
        let shadow = ShadowStage::cpu(&mut SunInput {
            terrain: run.terrain,
            window: Window {
                row: run.window.row + self.rows.start,
                rows: self.rows.len(),
                ..run.window
            },
            walls: &self.walls,
            azimuth_deg: light.sun.azimuth,
            altitude_deg: light.sun.altitude,
            reach: run.reach,
        });
        let mut kinds = shadow.flags;
        kinds
            .iter_mut()
            .zip(&self.ground)
            .for_each(|(kind, &ground)| {
                let lit = digit(*kind, 0);
                *kind = if lit == 0 || ground == SILENT {
                    0
                } else {
                    ground + lit
                };
            });
        let first = self.rows.start * run.window.cols;
        let walls = self.walls.iter().zip(shadow.walls);
        let lit = walls.map(|(wall, shade)| {
            shade.fully_sunlit && self.together.view.has_wall(first + wall.index as usize)
        });
        (kinds, lit.collect())
    }

    /// Cells of open ground in a row whose kind changed.
    fn turned(&self, row: usize, old: &[u8], new: &[u8]) -> Vec<Turned> {
        /// Cells that are compared at once.
        const PART: usize = 32;
        let first = (self.rows.start + row) * old.len();
        let mut out = Vec::new();
        for (part, (a, b)) in old.chunks(PART).zip(new.chunks(PART)).enumerate() {
            if a == b {
                continue;
            }
            for (i, (&old, &new)) in a.iter().zip(b).enumerate() {
                let col = part * PART + i;
                if old != new && self.together.view.is_open(first + col) {
                    let col = col as u32;
                    out.push(Turned { col, old, new });
                }
            }
        }
        out
    }

    /// A day of a band: the `day` of the slot, of those whose light is known the first is `first`.
    fn day(
        &self,
        cells: &mut Cells,
        band: &mut Band,
        plan: &PeriodPlan,
        slot: &Slot<'_>,
        light: &Light,
        [first, day]: [usize; 2],
    ) -> BandSums {
        let own = slot.light(day);
        if day > 0 {
            let tables = [&slot.light(day - 1).lit, &own.lit];
            cells.relight(&slot.events[day - 1], tables, &self.weights);
        }
        let at = day - first;
        let (lane, step) = slot.days[day];
        let input = DayInput {
            light: own,
            view: &self.together.view,
            change: Change {
                first_row: self.rows.start,
                turned: &light.turned[at],
                walls: &light.walls[at],
                kinds: &light.kinds[at],
                lit: &light.lit,
                bit: at as u32,
            },
            coefficients: &slot.basis.coefficients[day],
            lane,
            exact_wedge: self.together.run.params.formulation.exact_wedge,
        };
        self.step(cells, band, plan, &slot.numbers[step], Some(input))
    }

    fn night(
        &self,
        cells: &mut Cells,
        band: &mut Band,
        plan: &PeriodPlan,
        numbers: &Numbers,
    ) -> BandSums {
        self.step(cells, band, plan, numbers, None)
    }

    fn step(
        &self,
        cells: &mut Cells,
        band: &mut Band,
        plan: &PeriodPlan,
        numbers: &Numbers,
        day: Option<DayInput<'_>>,
    ) -> BandSums {
        let mut sums = BandSums::default();
        simd::dispatch(BandStep {
            cells,
            band,
            plan,
            body: &self.body,
            numbers,
            day,
            sums: &mut sums,
        });
        sums
    }
}
