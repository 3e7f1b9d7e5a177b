//! Statistics of a long period without its maps: the steps of an hour, day after day, taken
//! together.
//!
//! Of a step only Tmrt is wanted, of a cylinder under the patch sky. It depends on the ground view
//! by one mean over all directions, on the patches by sums that are linear in the step's tables
//! ([`basis`]), and on the ground's heat by a lag that starts anew every night. From one day to the
//! next at the same hour the light of few cells changes, so what is seen is kept in counts and brought
//! up to date ([`crate::gvf::CountedView`]).
//!
//! Rows are taken in slabs, so that histograms and what is carried have bounded size.

mod basis;
mod cells;
mod days;
mod numbers;
mod shared;
mod slab;
pub mod tally;

use crate::air::Air;
use crate::carried::Carried;
use crate::delay::DelayClock;
use crate::fields::Field;
use crate::grid::Window;
use crate::ground::WATER;
use crate::params::BodyShape;
use crate::radiation::sums::StepSums;
use crate::sky::perez::Luminance;
use crate::sky::step::SkyStep;
use crate::stage::Stage;
use crate::timestep::{Prepared, Request, Run, StepOutput, TimestepInput, TimestepStage};
use crate::utci::UtciRange;
use crate::weather::Weather;
use basis::{LitEvents, SkyBasis};
use cells::BandSums;
use days::Days;
use numbers::Numbers;
use rayon::prelude::*;
use shared::Classes;
pub use shared::{PeriodStep, Together};
use slab::{Slab, Slot};
use tally::{BY_TMRT, PeriodTally, QUANTITIES};

/// Fewer days are not worth the first look of every hour.
pub const LEAST_DAYS: usize = 4;

/// What is told of a step.
#[derive(Clone, Debug)]
pub struct StepNote {
    /// Scalars of the sky.
    pub sky: SkyStep,
    /// Sky luminance, by day.
    pub luminance: Option<Luminance>,
    /// Sums over the cells that are counted.
    pub sums: StepSums,
}

/// Input of [`PeriodStage`].
pub struct PeriodInput<'a> {
    /// The steps.
    pub together: &'a Together<'a>,
    /// Thermal state.
    pub carried: &'a mut Carried,
    /// Takes the statistics.
    pub tally: &'a mut PeriodTally,
    /// Cells of the statistics, in the rasters of the run.
    pub core: Window,
    /// Hears how many steps are done; stops the work by `false`.
    pub watch: &'a mut (dyn FnMut(usize) -> bool + Send),
}

/// Steps of a period taken together.
#[derive(Debug)]
pub struct PeriodStage;

impl Stage for PeriodStage {
    const NAME: &'static str = "period";
    type In<'a> = PeriodInput<'a>;
    type Out = Option<Vec<StepNote>>;

    fn cpu(input: &mut PeriodInput<'_>) -> Self::Out {
        let PeriodInput {
            together,
            carried,
            tally,
            core,
            watch,
        } = input;
        together.run(carried, tally, *core, *watch)
    }
}

impl<'a> Together<'a> {
    /// See whether steps can be taken together. `codes` are the land-cover codes of the whole map,
    /// of which the run may be a tile: what one tile can do, all do.
    ///
    /// # Errors
    /// Why not.
    pub fn new(
        run: &'a Run<'a>,
        steps: &'a [PeriodStep],
        codes: &[u8],
        wanted: &[bool; QUANTITIES],
    ) -> Result<Self, &'static str> {
        let params = run.params;
        if wanted[BY_TMRT..].contains(&true) {
            return Err("an index is wanted that needs more than Tmrt");
        }
        if run.patch_sky.is_none() || run.cells.patches.is_none() {
            return Err("the sky is isotropic");
        }
        if params.body != BodyShape::Cylinder {
            return Err("the body is a box");
        }
        if run.cells.albedo.is_some() || run.cells.emissivity.is_some() {
            return Err("albedo or emissivity is a raster");
        }
        if run.cells.seen.is_some() {
            return Err("canopies have their own transmissivity");
        }
        if params.formulation.facet_radiance {
            return Err("walls shine by their facets");
        }
        if params.formulation.night_memory {
            return Err("the ground remembers at night");
        }
        if params.utci_range == UtciRange::Nan {
            return Err("UTCI outside its range is missing");
        }
        if steps.iter().any(|s| s.weather.suns.is_some()) {
            return Err("steps have several suns");
        }
        if steps.iter().any(|s| s.weather.walls.is_some()) {
            return Err("walls have temperatures of their own");
        }
        let water = |s: &PeriodStep| s.weather.water_temperature.is_finite();
        if params.formulation.water_temperature
            && run.cells.land_cover.is_some()
            && codes.contains(&WATER)
            && steps.iter().any(water)
        {
            return Err("water has a temperature of its own");
        }
        let view = run
            .ground_view
            .counted()
            .ok_or("pixels are smaller than the near ground")?;
        let ground =
            Classes::new(run, &view, codes).ok_or("there are too many land-cover classes")?;
        let minutes = steps.iter().map(|s| s.minute);
        let nights = steps.iter().map(|s| !s.weather.is_day());
        let days = Days::new(&minutes.collect::<Vec<_>>(), &nights.collect::<Vec<_>>())
            .ok_or("no hour is night every day, or the hours of the days differ")?;
        if days.lanes < LEAST_DAYS {
            return Err("the period is short");
        }
        Ok(Self {
            run,
            steps,
            days,
            view,
            ground,
        })
    }

    /// Take the steps; `watch` hears how many are done and may stop it, which gives `None`.
    ///
    /// State and statistics are those of the steps one by one; the state is at home.
    fn run(
        &self,
        carried: &mut Carried,
        tally: &mut PeriodTally,
        core: Window,
        watch: &mut dyn FnMut(usize) -> bool,
    ) -> Option<Vec<StepNote>> {
        let mut notes = self.head(carried, tally, core, watch)?;
        let start = notes.len();
        let prepared = self.prepare(carried.state.clock, tally);
        notes.extend(prepared.iter().map(|(_, note)| note.clone()));
        let numbers: Vec<Numbers> = prepared.into_iter().map(|(numbers, _)| numbers).collect();
        for numbers in &numbers {
            tally.begin(&numbers.counted);
        }
        let slots = self.slots(&numbers, start);
        let height = slab::rows(core, tally.band_rows);
        let mut sums = vec![BandSums::default(); numbers.len()];
        let slabs = core.rows.div_ceil(height);
        for slab in 0..slabs {
            let first = slab * height;
            let rows = core.row + first..core.row + (first + height).min(core.rows);
            let bands = first / tally.band_rows..(first + rows.len()).div_ceil(tally.band_rows);
            let (plan, bands) = (&tally.plan, &mut tally.bands[bands]);
            let part = Slab::new(self, rows, core, bands, tally.band_rows);
            let done = |done: usize| start + (slab * numbers.len() + done) / slabs;
            part.run(&slots, plan, &mut sums, &mut |n| watch(done(n)))?;
        }
        for (note, sums) in notes[start..].iter_mut().zip(sums) {
            note.sums = sums.whole();
        }
        self.tail(carried, start);
        Some(notes)
    }

    /// Steps before the first whole day, one by one.
    fn head(
        &self,
        carried: &mut Carried,
        tally: &mut PeriodTally,
        core: Window,
        watch: &mut dyn FnMut(usize) -> bool,
    ) -> Option<Vec<StepNote>> {
        let mut notes = Vec::new();
        for step in &self.steps[..self.days.start] {
            let output = one_by_one(self.run, carried, step, tally, core);
            notes.push(StepNote {
                sky: output.sky,
                luminance: output.luminance,
                sums: output.sums,
            });
            if !watch(notes.len()) {
                return None;
            }
        }
        Some(notes)
    }

    /// The thermal state after the last step: that of the steps since the last night, which forgets
    /// what was before.
    fn tail(&self, carried: &mut Carried, start: usize) {
        let night = |step: &PeriodStep| !step.weather.is_day();
        let first = start + self.steps[start..].iter().rposition(night).unwrap_or(0);
        let day = |step: &PeriodStep| step.weather.is_day();
        // Rasters are those of the last day there was.
        let last = self.steps[start..].iter().rposition(day).map(|i| start + i);
        let from = match last {
            Some(last) if last < first => {
                start + self.steps[start..last].iter().rposition(night).unwrap_or(0)
            }
            _ => first,
        };
        for step in &self.steps[from..] {
            advance(self.run, carried, &step.weather, &[]);
        }
    }

    fn prepare(&self, mut clock: DelayClock, tally: &PeriodTally) -> Vec<(Numbers, StepNote)> {
        let fields = wanted(&tally.plan.wanted);
        let request = Request {
            fields: &fields,
            points: &[],
            count: true,
        };
        let clocks: Vec<DelayClock> = self.steps[self.days.start..]
            .iter()
            .map(|step| {
                let own = clock;
                clock = if step.weather.is_day() {
                    let exponential = self.run.params.formulation.exponential_delay;
                    clock.day(step.weather.step_days, exponential).next
                } else {
                    clock.night()
                };
                own
            })
            .collect();
        let steps = self.steps[self.days.start..].par_iter().zip(clocks);
        steps
            .map(|(step, clock)| {
                let prepared =
                    Prepared::new(self.run, clock, &step.weather, &Air::OF_THE_STEP, &request);
                let note = StepNote {
                    sky: prepared.sky,
                    luminance: prepared.luminance.clone(),
                    sums: StepSums::default(),
                };
                let sun = step.weather.suns().all()[0];
                let counted = step.counted(prepared.sky.day);
                let codes = &self.ground.codes;
                (Numbers::new(self.run, prepared, sun, counted, codes), note)
            })
            .collect()
    }

    fn slots<'n>(&self, numbers: &'n [Numbers], start: usize) -> Vec<Slot<'n>> {
        let slots = self.days.slots.iter();
        slots
            .map(|slot| {
                let own = slot.iter().map(|&(lane, step)| (lane, step - start));
                let (days, nights): (Vec<_>, Vec<_>) =
                    own.partition(|&(_, step)| numbers[step].day.is_some());
                let lights = || days.iter().filter_map(|&(_, s)| numbers[s].day.as_ref());
                let values: Vec<_> = lights().map(|light| &light.patches).collect();
                let tables: Vec<_> = lights().map(|light| &light.lit).collect();
                Slot {
                    basis: SkyBasis::new(&values),
                    events: tables
                        .windows(2)
                        .map(|t| LitEvents::new(t[0], t[1]))
                        .collect(),
                    days,
                    nights: nights.into_iter().map(|(_, step)| step).collect(),
                    numbers,
                }
            })
            .collect()
    }
}

/// The fields of the quantities.
const FIELDS: [Field; QUANTITIES] = [
    Field::Tmrt,
    Field::Utci,
    Field::Pet,
    Field::Wbgt,
    Field::WetBulb,
    Field::LargeGlobe,
    Field::SmallGlobe,
    Field::Apparent,
    Field::Effective,
];

/// Fields that a step has to give for what is wanted.
fn wanted(of: &[bool; QUANTITIES]) -> Vec<Field> {
    let named = FIELDS.into_iter().zip(of).filter(|(_, wanted)| **wanted);
    named.map(|(field, _)| field).collect()
}

fn advance(
    run: &Run<'_>,
    carried: &mut Carried,
    weather: &Weather,
    fields: &[Field],
) -> StepOutput {
    TimestepStage::cpu(&mut TimestepInput {
        run,
        carried,
        weather,
        air: Air::OF_THE_STEP,
        request: Request {
            fields,
            points: &[],
            count: false,
        },
    })
}

/// A step as it is, counted in the statistics of a core.
pub fn one_by_one(
    run: &Run<'_>,
    carried: &mut Carried,
    step: &PeriodStep,
    tally: &mut PeriodTally,
    core: Window,
) -> StepOutput {
    let mut fields = wanted(&tally.plan.wanted);
    fields.push(Field::Shadow);
    let output = advance(run, carried, &step.weather, &fields);
    let cut = |field: Field| {
        let at = fields.iter().position(|&f| f == field);
        at.map_or_else(Vec::new, |i| core.cut(&output.fields[i], run.window.cols))
    };
    let values = FIELDS.map(cut);
    let values = values.each_ref().map(Vec::as_slice);
    tally.add(&step.counted(output.sky.day), values, &cut(Field::Shadow));
    output
}
