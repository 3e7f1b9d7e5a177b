//! Radiation on the ground and on the body, cell by cell, in one pass over the raster.
//!
//! A task takes [`CHUNK`] cells and works through them in blocks; every value depends on its own
//! cell only, and sums over cells are exact, so results do not depend on how many
//! threads there are.

pub mod anisotropic;
pub mod attributed;
pub mod attribution;
pub mod bytes;
pub mod cells;
pub mod comfort;
pub mod facets;
pub mod heated;
pub mod light;
pub mod lit;
pub mod loads;
pub mod longwave;
pub mod shortwave;
pub mod sides;
pub mod skies;
pub mod sky;
pub mod sums;
pub mod surface;
pub mod tables;
pub mod terms;
pub mod tmrt;
pub mod weights;
pub mod work;

use crate::air::Air;
use crate::fields::{self, Field};
use crate::heat::Index;
use crate::simd::{self, Kernel};
use crate::stage::Stage;
use crate::stats::{Statistics, StatisticsPart};
use cells::{BLOCK, Cells, Gathered, GroundFields, Memory};
use comfort::Comfort;
use rayon::prelude::*;
use skies::{Around, Skies};
use sky::Sky;
use std::ops::Range;
use sums::{ByPlace, StepSums};
use tables::StepTables;
use terms::Term;
use tmrt::tmrt;
use work::Work;

/// Cells a task takes.
const CHUNK: usize = 64 * BLOCK;

/// Input of the pass.
#[derive(Debug)]
pub struct RadiationInput<'a> {
    /// Tables of the step.
    pub tables: &'a StepTables,
    /// Rasters.
    pub cells: Cells<'a>,
    /// Delay memories; `None` where nothing is remembered.
    pub memory: Option<Memory<'a>>,
    /// Comfort indices.
    pub comfort: &'a Comfort,
    /// Fields asked for.
    pub fields: &'a [Field],
    /// The skies over the raster, where there are several.
    pub skies: Option<&'a Skies>,
    /// Length of the step [h] and the statistics it is counted in.
    pub statistics: Option<(f64, &'a mut Statistics)>,
}

/// Result of the pass.
#[derive(Clone, Debug)]
pub struct RadiationOutput {
    /// The fields asked for, in that order.
    pub fields: Vec<Vec<f32>>,
    /// Sums over the cells that are counted.
    pub sums: StepSums,
}

/// Radiation, Tmrt and comfort of one step.
#[derive(Debug)]
pub struct RadiationStage;

impl Stage for RadiationStage {
    const NAME: &'static str = "radiation";
    type In<'a> = RadiationInput<'a>;
    type Out = RadiationOutput;

    fn cpu(input: &mut RadiationInput<'_>) -> RadiationOutput {
        let (cells, ground) = (0..input.cells.len(), input.cells.ground);
        let mut radiation = Radiation::begin(input);
        radiation.compute(cells, ground);
        radiation.finish()
    }
}

/// One task: its cells and where its results go.
struct Task<'a> {
    cells: Cells<'a>,
    /// Where in the raster they begin.
    at: usize,
    memory: Option<Memory<'a>>,
    out: Vec<&'a mut [f32]>,
    statistics: Option<StatisticsPart<'a>>,
    sums: ByPlace,
}

/// Fluxes under a sky, with what globe and wick absorb if there are `sensors`.
#[inline(always)]
fn fluxes(work: &mut Work, tables: &StepTables, sky: &impl Sky, sensors: bool) {
    shortwave::ground(work, tables, sky);
    shortwave::body(work, tables, sky);
    longwave::ground(work, tables, sky);
    sides::body(work, tables, sky);
    if sensors {
        loads::absorb(work, tables, sky);
    }
    if let Some(attribution) = &tables.attribution {
        attribution::absorb(work, tables, sky, attribution);
    }
}

/// Compute a block from its inputs to comfort; `around` are the weather cells there, if any.
/// `all_sides` completes the longwave sides of a cylinder with their patch part, which the body itself
/// receives through its side term.
#[inline(always)]
fn compute(
    work: &mut Work,
    cells: &Cells<'_>,
    tables: &StepTables,
    around: Option<&Around<'_>>,
    memory: Option<&mut Memory<'_>>,
    comfort: &Comfort,
    all_sides: bool,
) {
    work.load(cells, tables, around);
    work.ground(tables, memory);
    let sensors = comfort.heat.is_some();
    match around {
        None => fluxes(work, tables, tables, sensors),
        Some(around) => fluxes(work, tables, around, sensors),
    }
    tmrt(work, tables);
    if let Some(attribution) = &tables.attribution {
        attribution::in_kelvin(work, tables, attribution);
    }
    if all_sides && tables.anisotropic && tables.body.cylinder {
        match around {
            None => sides::add_patches(work, tables, tables),
            Some(around) => sides::add_patches(work, tables, around),
        }
    }
    for i in 0..BLOCK {
        work.tmrt[i] += work.missing[i];
    }
    let n = work.n;
    let [utci, pet] = [&mut work.utci[..n], &mut work.pet[..n]];
    comfort.fill(&work.tmrt[..n], &cells.air, utci, pet);
    if let Some(heat) = &comfort.heat {
        let own = comfort.local.as_ref().map(|local| (local, &cells.air));
        loads::feel(work, heat, own);
    }
}

impl Work {
    /// Lane of a field.
    #[inline(always)]
    fn lane(&self, field: Field) -> &cells::Lane {
        match field {
            Field::Tmrt => &self.tmrt,
            Field::Utci => &self.utci,
            Field::Pet => &self.pet,
            Field::Shadow => &self.shadow,
            Field::Kdown => &self.kdown,
            Field::Kup => &self.kup[0],
            Field::Ldown => &self.ldown,
            Field::Lup => &self.lup[0],
            Field::Kside => &self.kside,
            Field::Lside => &self.lside,
            Field::KsideI => &self.kside_i,
            Field::KsideD => &self.kside_d,
            Field::Drad => &self.drad,
            Field::Keast => &self.k[0],
            Field::Ksouth => &self.k[1],
            Field::Kwest => &self.k[2],
            Field::Knorth => &self.k[3],
            Field::Least => &self.l[0],
            Field::Lsouth => &self.l[1],
            Field::Lwest => &self.l[2],
            Field::Lnorth => &self.l[3],
            Field::Tg => &self.tg,
            Field::TgOut => &self.tg_out,
            Field::Fsh => &self.f_sh,
            Field::Wbgt => &self.heat[Index::Wbgt as usize],
            Field::WetBulb => &self.heat[Index::WetBulb as usize],
            Field::LargeGlobe => &self.heat[Index::LargeGlobe as usize],
            Field::SmallGlobe => &self.heat[Index::SmallGlobe as usize],
            Field::Apparent => &self.heat[Index::Apparent as usize],
            Field::Effective => &self.heat[Index::Effective as usize],
            Field::GlobeLoad => &self.loads[0],
            Field::WickLoad => &self.loads[1],
            Field::AttributionBeam => self.attribution.of(Term::Beam),
            Field::AttributionDiffuse => self.attribution.of(Term::Diffuse),
            Field::AttributionReflected => self.attribution.of(Term::Reflected),
            Field::AttributionSky => self.attribution.of(Term::Sky),
            Field::AttributionWalls => self.attribution.of(Term::Walls),
            Field::AttributionGround => self.attribution.of(Term::Ground),
            Field::AttributionVegetation => self.attribution.of(Term::Vegetation),
            Field::AttributionOffset => self.attribution.of(Term::Offset),
        }
    }

    /// Write a field of the block.
    #[inline(always)]
    fn write(&self, field: Field, out: &mut [f32]) {
        let lane = self.lane(field);
        for i in 0..out.len() {
            out[i] = lane[i] + self.missing[i];
        }
    }
}

/// A task to be compiled per instruction set.
struct Pass<'a, 'b> {
    task: &'a mut Task<'b>,
    tables: &'a StepTables,
    skies: Option<&'a Skies>,
    comfort: &'a Comfort,
    fields: &'a [Field],
}

impl Kernel for Pass<'_, '_> {
    #[inline(always)]
    fn run(self) {
        self.task
            .run(self.tables, self.skies, self.comfort, self.fields);
    }
}

impl Task<'_> {
    #[inline(always)]
    fn run(
        &mut self,
        tables: &StepTables,
        skies: Option<&Skies>,
        comfort: &Comfort,
        fields: &[Field],
    ) {
        let all_sides = fields.iter().any(|f| f.is_longwave_side());
        let mut work = Work::default();
        let mut next = 0;
        while next < self.cells.len() {
            let range = self.run_of_cells(next, skies);
            let first = std::mem::replace(&mut next, range.end);
            let around = skies.map(|s| s.around(self.at + range.start..self.at + range.end));
            let cells = self.cells.slice(range.clone());
            let mut memory = self
                .memory
                .as_mut()
                .map(|m| m.each_mut().map(|x| &mut x[range.clone()]));
            compute(
                &mut work,
                &cells,
                tables,
                around.as_ref(),
                memory.as_mut(),
                comfort,
                all_sides,
            );
            for (out, &field) in self.out.iter_mut().zip(fields) {
                work.write(field, &mut out[range.clone()]);
            }
            self.count(&work, first, comfort, &cells.air);
        }
    }

    /// Cells from one on that are worked on together: a block, or those between the same weather cells.
    #[inline(always)]
    fn run_of_cells(&self, first: usize, skies: Option<&Skies>) -> Range<usize> {
        let all = self.cells.len();
        let end = skies.map_or((first + BLOCK).min(all), |skies| {
            skies.end(self.at + first, self.at + all) - self.at
        });
        first..end
    }

    #[inline(always)]
    fn count(&mut self, work: &Work, first: usize, comfort: &Comfort, air: &Air<'_>) {
        let (tmrt, utci) = (&work.tmrt[..work.n], &work.utci[..work.n]);
        let places = &self.cells.places[first..first + work.n];
        let range = comfort.tmrt_range().map(f64::from);
        for i in 0..work.n {
            if !tmrt[i].is_nan() {
                let utci = if comfort.utci.is_some() {
                    utci[i]
                } else {
                    f32::NAN
                };
                let sums = &mut self.sums[usize::from(places[i])];
                let range = comfort.tmrt_range_of(range, air, i);
                sums.add(tmrt[i], utci, work.shadow[i], range);
            }
        }
        if let Some(statistics) = &mut self.statistics {
            let mut shadow = [0.0; BLOCK];
            work.write(Field::Shadow, &mut shadow[..work.n]);
            statistics.add(first, tmrt, utci, &shadow[..work.n]);
        }
    }
}

/// Cut the delay memories into chunks.
fn chunks(memory: Memory<'_>) -> Vec<Memory<'_>> {
    let mut parts = memory.map(|m| m.chunks_mut(CHUNK));
    std::iter::from_fn(|| {
        let mut next = parts.each_mut().map(Iterator::next);
        next[0]
            .is_some()
            .then(|| next.each_mut().map(|x| x.take().unwrap_or_default()))
    })
    .collect()
}

impl<'b> RadiationInput<'b> {
    /// Some of the cells, with their ground view.
    fn part<'a>(&self, range: Range<usize>, ground: Option<GroundFields<'a>>) -> Cells<'a>
    where
        'b: 'a,
    {
        let cells: Cells<'a> = Cells {
            ground: None,
            ..self.cells
        };
        Cells {
            ground,
            ..cells.slice(range)
        }
    }
}

/// A pass over the raster, some cells after the other.
#[derive(Debug)]
pub struct Radiation<'a, 'b> {
    input: &'a mut RadiationInput<'b>,
    output: RadiationOutput,
}

impl<'a, 'b> Radiation<'a, 'b> {
    /// Begin a step; it is counted in the statistics.
    #[must_use]
    pub fn begin(input: &'a mut RadiationInput<'b>) -> Self {
        if let Some((_, statistics)) = &mut input.statistics {
            statistics.begin(input.tables.day);
        }
        let count = input.cells.len();
        let output = RadiationOutput {
            fields: input.fields.iter().map(|_| vec![0.0; count]).collect(),
            sums: StepSums::default(),
        };
        Self { input, output }
    }

    /// Compute a range of cells; `ground` is the ground view of these.
    pub fn compute(&mut self, range: Range<usize>, ground: Option<GroundFields<'_>>) {
        let cells = self.input.part(range.clone(), ground);
        let RadiationInput {
            tables,
            memory,
            comfort,
            fields,
            skies,
            statistics,
            ..
        } = &mut *self.input;
        let mut memories = memory
            .as_mut()
            .map(|m| chunks(m.each_mut().map(|x| &mut x[range.clone()])).into_iter());
        let mut parts = statistics.as_mut().map(|(hours, statistics)| {
            let parts = statistics.parts(tables.day, *hours, CHUNK, range.clone());
            parts.into_iter()
        });
        let out = self.output.fields.iter_mut();
        let mut rest: Vec<_> = out.map(|o| o[range.clone()].chunks_mut(CHUNK)).collect();
        let mut tasks: Vec<Task<'_>> = (0..cells.len())
            .step_by(CHUNK)
            .map(|first| Task {
                cells: cells.slice(first..(first + CHUNK).min(cells.len())),
                at: range.start + first,
                memory: memories.as_mut().and_then(Iterator::next),
                out: rest.iter_mut().filter_map(Iterator::next).collect(),
                statistics: parts.as_mut().and_then(Iterator::next),
                sums: ByPlace::default(),
            })
            .collect();
        let (tables, comfort, fields, skies) = (*tables, *comfort, *fields, *skies);
        tasks.par_iter_mut().for_each(|task| {
            simd::dispatch(Pass {
                task,
                tables,
                skies,
                comfort,
                fields,
            });
        });
        let sums = sums::total(tasks.iter().map(|t| t.sums));
        self.output.sums = self.output.sums.plus(sums);
    }

    /// Every field at the points of a range of cells, which count from its first; to be asked before
    /// the range is computed. See [`evaluate_points`].
    #[must_use]
    pub fn at_points(
        &self,
        range: Range<usize>,
        ground: Option<GroundFields<'_>>,
        points: &[usize],
    ) -> Vec<Vec<f32>> {
        let memory = self.input.memory.as_ref();
        let memory = memory.map(|m| m.each_ref().map(|x| &x[range.clone()]));
        let cells = self.input.part(range.clone(), ground);
        evaluate_points(
            self.input.tables,
            self.input.skies.map(|skies| (skies, range.start)),
            &cells,
            memory,
            self.input.comfort,
            points,
        )
    }

    /// What came of it.
    #[must_use]
    pub fn finish(self) -> RadiationOutput {
        self.output
    }
}

/// Every field at some cells, in the order of [`crate::fields::at_points`]; the memory is read, not
/// changed. `tables` must hold the box sides if they use the patch sky; of several `skies` there is where
/// in the raster the cells begin.
#[must_use]
pub fn evaluate_points(
    tables: &StepTables,
    skies: Option<(&Skies, usize)>,
    cells: &Cells<'_>,
    memory: Option<[&[f32]; crate::delay::MEMORIES]>,
    comfort: &Comfort,
    points: &[usize],
) -> Vec<Vec<f32>> {
    let gathered = Gathered::new(cells, points);
    let cells = gathered.cells();
    let mut memory = memory.map(|m| m.map(|x| points.iter().map(|&i| x[i]).collect::<Vec<f32>>()));
    let fields = fields::at_points(tables.attribution.is_some());
    let mut out = vec![vec![0.0; points.len()]; fields.len()];
    let mut work = Work::default();
    // No two points need lie between the same weather cells.
    let together = if skies.is_some() { 1 } else { BLOCK };
    for first in (0..points.len()).step_by(together) {
        let range = first..(first + together).min(points.len());
        let around = skies.map(|(skies, begin)| {
            let cell = begin + points[first];
            skies.around(cell..cell + 1)
        });
        let part = cells.slice(range.clone());
        let mut memory = memory
            .as_mut()
            .map(|m| m.each_mut().map(|x| &mut x[range.clone()]));
        compute(
            &mut work,
            &part,
            tables,
            around.as_ref(),
            memory.as_mut(),
            comfort,
            true,
        );
        for (out, &(field, _)) in out.iter_mut().zip(fields) {
            work.write(field, &mut out[range.clone()]);
        }
    }
    out
}
