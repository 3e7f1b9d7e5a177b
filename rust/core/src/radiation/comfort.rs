//! Comfort indices of a step: of one air for all cells, and of cells whose air is their own (R 15).

use crate::air::Air;
use crate::heat::two_nodes::{self, TwoNodes, solve_some};
use crate::heat::{self, HeatStep, Index, Wearer};
use crate::pet::{self, PetCells, PetStep};
use crate::simd::{self, Kernel};
use crate::utci::{Own, TOGETHER, UtciAround, UtciRange, UtciStep, tmrt_limits};
use rayon::prelude::*;

/// Comfort indices of a step.
#[derive(Debug)]
pub struct Comfort {
    /// UTCI, if anything needs it.
    pub utci: Option<UtciStep>,
    /// PET, if anything needs it.
    pub pet: Option<PetStep>,
    /// Other heat indices, if anything needs one.
    pub heat: Option<HeatStep>,
    /// Where air is given cell by cell.
    pub local: Option<LocalComfort>,
}

/// The air of the step, and what turns that of a cell into what the indices receive.
#[derive(Debug)]
pub struct LocalComfort {
    /// Air temperature of the step [°C].
    pub ta: f64,
    /// Relative humidity of the step [%].
    pub rh: f64,
    /// Wind of the step at the height of the cells' wind [m/s].
    pub sensor: f64,
    /// As PET receives it.
    pub pet_wind: f64,
    /// At 10 m.
    pub utci_wind: f64,
    /// As globe and wick receive it.
    pub sensor_wind: f64,
    /// Air pressure [hPa].
    pub pressure: f64,
    /// Wind as UTCI receives it for each of it at the height of the cells' wind.
    pub to_utci: f64,
    /// As PET receives it.
    pub to_pet: f64,
    /// As globe and wick receive it.
    pub to_sensor: f64,
    /// What is done outside the range of UTCI.
    pub range: UtciRange,
    /// PET by the air of a cell, if anything needs it.
    pub pet: Option<PetCells>,
    /// The person as SET* takes it.
    pub wearer: Wearer,
    /// UTCI around the air of the step, if anything needs it.
    pub around: Option<Box<UtciAround>>,
}

impl LocalComfort {
    /// What the air of a cell has more than the step's: temperature, humidity, wind. All of it is
    /// exactly 0 where the cell's air is the step's.
    #[inline(always)]
    #[must_use]
    pub fn beyond(&self, air: &Air<'_>, i: usize) -> [f32; 3] {
        let more = |own: Option<&[f32]>, step: f64| own.map_or(0.0, |own| own[i] - step as f32);
        [
            more(air.ta, self.ta),
            more(air.rh, self.rh),
            more(air.wind, self.sensor),
        ]
    }
}

impl Comfort {
    /// The indices that are needed, of a run of cells.
    #[inline(always)]
    pub fn fill(&self, tmrt: &[f32], air: &Air<'_>, utci: &mut [f32], pet: &mut [f32]) {
        if let Some(step) = &self.utci {
            step.fill(tmrt, utci);
        }
        if let Some(step) = &self.pet {
            step.fill(tmrt, pet);
        }
        if let Some(local) = &self.local {
            if let Some(around) = &local.around {
                local.utci(around, tmrt, air, utci);
            }
            if let Some(by_cell) = &local.pet {
                local.pet(by_cell, tmrt, air, pet);
            }
        }
    }

    /// Solve PET of the cells whose air is not the step's, for a device that has no table for them;
    /// the others keep what they have.
    pub fn solve_local_pet(&self, tmrt: &[f32], air: &Air<'_>, pet: &mut [f32]) {
        let Some(local) = &self.local else {
            return;
        };
        let Some(by_cell) = &local.pet else {
            return;
        };
        let parts = pet.par_chunks_mut(CHUNK).zip(tmrt.par_chunks(CHUNK));
        parts.enumerate().for_each(|(i, (pet, tmrt))| {
            let first = i * CHUNK;
            let air = air.slice(first..first + tmrt.len());
            local.pet(by_cell, tmrt, &air, pet);
        });
    }

    /// A heat index of the cells whose air is not the step's, from the loads of globe and wick and
    /// Tmrt; the others keep what they have.
    pub fn local_heat(&self, index: Index, inputs: [&[f32]; 3], air: &Air<'_>, out: &mut [f32]) {
        let Some(local) = &self.local else {
            return;
        };
        let parts = out.par_chunks_mut(CHUNK).enumerate();
        parts.for_each(|(k, out)| {
            let cells = k * CHUNK..k * CHUNK + out.len();
            // What an index does not read may not be there.
            let part = inputs.map(|input| input.get(cells.clone()).unwrap_or_default());
            local.heat(index, part, &air.slice(cells), out);
        });
    }

    /// Lowest and highest Tmrt [°C] in the published range of UTCI in the step's air; all of them
    /// without UTCI.
    #[must_use]
    pub fn tmrt_range(&self) -> [f32; 2] {
        let all = [f32::NEG_INFINITY, f32::INFINITY];
        self.utci.as_ref().map_or(all, UtciStep::tmrt_range)
    }

    /// The same in the air of a cell, where `range` is the step's.
    #[inline(always)]
    #[must_use]
    pub fn tmrt_range_of(&self, range: [f64; 2], air: &Air<'_>, i: usize) -> [f64; 2] {
        match (&self.local, air.ta, &self.utci) {
            (Some(local), Some(_), Some(_)) => {
                let [ta, ..] = local.beyond(air, i);
                if ta == 0.0 {
                    range
                } else {
                    tmrt_limits(local.ta + f64::from(ta))
                }
            }
            _ => range,
        }
    }
}

/// Wind without what rounding leaves below 0; missing wind stays missing, which `max` would not leave it.
fn not_negative(wind: f64) -> f64 {
    if wind < 0.0 { 0.0 } else { wind }
}

/// Cells that one task solves.
const CHUNK: usize = 1024;

impl LocalComfort {
    /// UTCI of the cells whose air is not the step's; the others keep what they have.
    #[inline(always)]
    fn utci(&self, around: &UtciAround, tmrt: &[f32], air: &Air<'_>, out: &mut [f32]) {
        let own = Own {
            air: air.ta.is_some() || air.rh.is_some(),
            wind: air.wind.is_some(),
        };
        let to_utci = self.to_utci as f32;
        for first in (0..out.len()).step_by(TOGETHER) {
            let n = TOGETHER.min(out.len() - first);
            let mut beyond = [[0.0; TOGETHER]; 3];
            let given = [
                (air.ta, self.ta),
                (air.rh, self.rh),
                (air.wind, self.sensor),
            ];
            for (lane, (given, step)) in beyond.iter_mut().zip(given) {
                if let Some(given) = given {
                    let step = step as f32;
                    for (more, x) in lane.iter_mut().zip(&given[first..first + n]) {
                        *more = x - step;
                    }
                }
            }
            let [warmer, damper, mut windier] = beyond;
            let mut differs = [false; TOGETHER];
            for i in 0..TOGETHER {
                differs[i] = warmer[i] != 0.0 || damper[i] != 0.0 || windier[i] != 0.0;
            }
            if !differs.contains(&true) {
                continue;
            }
            for more in &mut windier {
                *more *= to_utci;
            }
            let mut radiant = [0.0; TOGETHER];
            radiant[..n].copy_from_slice(&tmrt[first..first + n]);
            let found = around.cells([&warmer, &damper, &windier], own, &radiant);
            for ((out, found), differs) in out[first..first + n].iter_mut().zip(found).zip(differs)
            {
                *out = if differs { found } else { *out };
            }
        }
    }

    /// PET of the cells whose air is not the step's; the others keep what they have.
    fn pet(&self, by_cell: &PetCells, tmrt: &[f32], air: &Air<'_>, out: &mut [f32]) {
        simd::dispatch(PetPass {
            local: self,
            by_cell,
            tmrt,
            air,
            out,
        });
    }

    /// Air of a cell for the heat indices, and wind at 10 m; `None` where it is the step's.
    #[inline(always)]
    fn own(&self, air: &Air<'_>, i: usize) -> Option<(heat::Air, f64)> {
        let beyond = self.beyond(air, i);
        if beyond == [0.0; 3] {
            return None;
        }
        let [ta, rh, more] = beyond.map(f64::from);
        let own = heat::Air {
            ta: self.ta + ta,
            rh: self.rh + rh,
            wind: not_negative(self.sensor_wind + self.to_sensor * more),
            pressure: self.pressure,
        };
        Some((own, not_negative(self.utci_wind + self.to_utci * more)))
    }

    /// A heat index of the cells whose air is not the step's; the others keep what they have.
    pub fn heat(&self, index: Index, inputs: [&[f32]; 3], air: &Air<'_>, out: &mut [f32]) {
        if index == Index::Effective {
            return self.effective(inputs[2], air, out);
        }
        for (i, out) in out.iter_mut().enumerate() {
            // Cells without data have none, whatever their loads are on a device.
            if out.is_nan() {
                continue;
            }
            if let Some((own, wind_10m)) = self.own(air, i) {
                let inputs = inputs.map(|input| input.get(i).map_or(f64::NAN, |&x| f64::from(x)));
                *out = heat::of_cell(index, own, wind_10m, self.wearer, inputs) as f32;
            }
        }
    }

    /// The same of SET*, several cells together.
    fn effective(&self, tmrt: &[f32], air: &Air<'_>, out: &mut [f32]) {
        for (k, out) in out.chunks_mut(two_nodes::TOGETHER).enumerate() {
            let first = k * two_nodes::TOGETHER;
            let mut bodies = [None; two_nodes::TOGETHER];
            let mut around = [f64::NAN; two_nodes::TOGETHER];
            let mut own = [false; two_nodes::TOGETHER];
            for (i, out) in out.iter().enumerate() {
                if let Some((air, _)) = self.own(air, first + i).filter(|_| !out.is_nan()) {
                    own[i] = true;
                    bodies[i] = TwoNodes::new(air, self.wearer);
                    around[i] = f64::from(tmrt[first + i]);
                }
            }
            if own.contains(&true) {
                let found = solve_some(&bodies, &around);
                for ((out, own), found) in out.iter_mut().zip(own).zip(found) {
                    *out = if own { found as f32 } else { *out };
                }
            }
        }
    }
}

/// PET of some cells, to be compiled per instruction set.
struct PetPass<'a> {
    local: &'a LocalComfort,
    by_cell: &'a PetCells,
    tmrt: &'a [f32],
    air: &'a Air<'a>,
    out: &'a mut [f32],
}

impl Kernel for PetPass<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { local, tmrt, .. } = self;
        for first in (0..tmrt.len()).step_by(pet::TOGETHER) {
            let n = pet::TOGETHER.min(tmrt.len() - first);
            let mut differs = [false; pet::TOGETHER];
            let mut given = [[0.0; pet::TOGETHER]; 4];
            for i in 0..n {
                let beyond = local.beyond(self.air, first + i);
                differs[i] = beyond != [0.0; 3];
                let [warmer, damper, windier] = beyond;
                given[0][i] = local.ta + f64::from(warmer);
                given[1][i] = local.rh + f64::from(damper);
                let wind = local.pet_wind + local.to_pet * f64::from(windier);
                given[2][i] = not_negative(wind);
                given[3][i] = f64::from(tmrt[first + i]);
            }
            if !differs.contains(&true) {
                continue;
            }
            let found = self.by_cell.cells(&given, &differs);
            for i in 0..n {
                if differs[i] {
                    self.out[first + i] = found[i] as f32;
                }
            }
        }
    }
}
