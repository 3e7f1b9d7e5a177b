//! Comfort indices of a step: of one air for all cells, and of cells whose air is their own (R 15).

use crate::air::Air;
use crate::heat::{self, HeatStep, Index};
use crate::pet::{Body, PetStep, PetVariant, pet};
use crate::utci::{CellAir, Saturated, UtciRange, UtciStep, tmrt_range, utci_of_cells};
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
    /// As UTCI receives it.
    pub utci_wind: f64,
    /// As PET receives it.
    pub pet_wind: f64,
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
    /// Which body PET is computed with.
    pub variant: PetVariant,
    /// That body.
    pub person: Body,
    /// Saturation vapour pressure, where the air temperature of cells is their own.
    pub saturated: Option<Box<Saturated>>,
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

    /// The air of a cell as an index receives it; `wind` [m/s] is the step's, `to` each of the cells'.
    #[inline(always)]
    fn cell(&self, [ta, rh, more]: [f32; 3], wind: f64, to: f64) -> CellAir {
        CellAir {
            ta: self.ta + f64::from(ta),
            rh: self.rh + f64::from(rh),
            wind: (wind + to * f64::from(more)).max(0.0),
        }
    }
}

impl Comfort {
    /// The indices that are needed, of a run of cells.
    #[inline(always)]
    pub fn fill(&self, tmrt: &[f32], air: &Air<'_>, utci: &mut [f32], pet: &mut [f32]) {
        if let Some(step) = &self.utci {
            step.fill(tmrt, utci);
        }
        match (&self.local, &self.pet) {
            // A table of the step serves only cells in its air.
            (Some(local), Some(step)) => local.pet(step, tmrt, air, pet),
            (None, Some(step)) => step.fill(tmrt, pet),
            _ => {}
        }
        if let (Some(local), Some(_)) = (&self.local, &self.utci) {
            local.utci(tmrt, air, utci);
        }
    }

    /// PET of cells by their own air, for a device that has no table for them; NaN without PET.
    #[must_use]
    pub fn local_pet(&self, tmrt: &[f32], air: &Air<'_>) -> Vec<f32> {
        let mut out = vec![f32::NAN; tmrt.len()];
        if let (Some(local), Some(step)) = (&self.local, &self.pet) {
            let parts = out.par_chunks_mut(CHUNK).zip(tmrt.par_chunks(CHUNK));
            parts.enumerate().for_each(|(i, (out, tmrt))| {
                let first = i * CHUNK;
                local.pet(step, tmrt, &air.slice(first..first + tmrt.len()), out);
            });
        }
        out
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
    pub fn tmrt_range_of(&self, range: [f32; 2], air: &Air<'_>, i: usize) -> [f32; 2] {
        match (&self.local, air.ta, &self.utci) {
            (Some(local), Some(_), Some(_)) => {
                let [ta, ..] = local.beyond(air, i);
                if ta == 0.0 {
                    range
                } else {
                    tmrt_range(local.ta + f64::from(ta))
                }
            }
            _ => range,
        }
    }
}

/// Cells that one task solves.
const CHUNK: usize = 1024;

/// Cells whose UTCI is computed together.
const TOGETHER: usize = 8;

impl LocalComfort {
    /// UTCI of the cells whose air is not the step's; the others keep what they have.
    #[inline(always)]
    fn utci(&self, tmrt: &[f32], air: &Air<'_>, out: &mut [f32]) {
        for first in (0..out.len()).step_by(TOGETHER) {
            let n = TOGETHER.min(out.len() - first);
            let mut own = [CellAir::default(); TOGETHER];
            let mut differs = [false; TOGETHER];
            let mut radiant = [0.0; TOGETHER];
            for i in 0..n {
                let beyond = self.beyond(air, first + i);
                differs[i] = beyond != [0.0; 3];
                own[i] = self.cell(beyond, self.utci_wind, self.to_utci);
                radiant[i] = f64::from(tmrt[first + i]);
            }
            if differs == [false; TOGETHER] {
                continue;
            }
            let found = utci_of_cells(self.range, &own, &radiant, self.saturated.as_deref());
            for i in 0..n {
                if differs[i] {
                    out[first + i] = found[i] as f32;
                }
            }
        }
    }

    /// PET of every cell: by the table where its air is the step's, else solved.
    fn pet(&self, step: &PetStep, tmrt: &[f32], air: &Air<'_>, out: &mut [f32]) {
        for (i, (out, &tmrt)) in out.iter_mut().zip(tmrt).enumerate() {
            let beyond = self.beyond(air, i);
            *out = if beyond == [0.0; 3] {
                step.eval(tmrt)
            } else {
                let CellAir { ta, rh, wind } = self.cell(beyond, self.pet_wind, self.to_pet);
                pet(self.variant, ta, rh, f64::from(tmrt), wind, &self.person) as f32
            };
        }
    }

    /// A heat index of the cells whose air is not the step's; the others keep what they have.
    pub fn heat(&self, index: Index, inputs: [&[f32]; 3], air: &Air<'_>, out: &mut [f32]) {
        for (i, out) in out.iter_mut().enumerate() {
            let beyond = self.beyond(air, i);
            if beyond == [0.0; 3] {
                continue;
            }
            let CellAir { ta, rh, wind } = self.cell(beyond, self.sensor_wind, self.to_sensor);
            let own = heat::Air {
                ta,
                rh,
                wind,
                pressure: self.pressure,
            };
            let wind_10m = self.cell(beyond, self.utci_wind, self.to_utci).wind;
            let inputs = inputs.map(|input| input.get(i).map_or(f64::NAN, |&x| f64::from(x)));
            *out = heat::of_cell(index, own, wind_10m, inputs) as f32;
        }
    }
}
