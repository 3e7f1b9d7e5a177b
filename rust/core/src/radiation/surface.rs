//! What the ground sends out before it is seen from anywhere: input of the ground view (G 7.5, 7.9).

use super::cells::Cells;
use super::light::Light;
use super::skies::Skies;
use super::tables::{GroundTerms, StepTables};
use crate::gvf::{Emitted, GroundView, Unit, whole};
use crate::simd::{self, Kernel};
use std::ops::Range;

/// Land-cover codes.
const CODES: usize = 256;

/// What ground of a class in a state of light emits under a sky that warms it otherwise.
#[derive(Clone, Copy, Debug)]
struct Warming {
    /// Excess whether or not the sun shines, and what the sun adds under the warmest sky [K].
    excess: [f32; 2],
    /// Of emission by excess, in units.
    coefficients: [f32; 4],
}

impl Warming {
    fn new(
        [_, emissivity]: [bool; 2],
        ground: &GroundTerms,
        code: usize,
        share: f32,
        unit: Unit,
    ) -> Self {
        let known = |x: f32| if x.is_finite() { x } else { 0.0 };
        let own = if emissivity {
            1.0
        } else {
            known(ground.emissivity[code])
        };
        let scale = f64::from(own) / unit.size();
        #[expect(clippy::cast_possible_truncation, reason = "as the table of states")]
        let coefficients = ground
            .excess_emission
            .map(|e| (scale * f64::from(e)) as f32);
        Self {
            excess: [ground.excess_always[code], share * ground.excess[code]].map(known),
            coefficients,
        }
    }

    /// Emission beyond that at air temperature [units].
    #[inline(always)]
    fn sent(&self, warmth: f32) -> f32 {
        let [e0, e1, e2, e3] = self.coefficients;
        let excess = self.excess[0] + warmth * self.excess[1];
        excess * (e0 + excess * (e1 + excess * (e2 + excess * e3)))
    }
}

/// What ground of every class sends in every state of light, counted in units: emission beyond that
/// at air temperature, and albedo times sunlit share. Both engines look it up.
#[derive(Clone, Debug)]
pub struct GroundStates {
    /// What they are counted in.
    pub units: [Unit; 2],
    /// States of light there are.
    pub lights: usize,
    /// By land-cover code and light; not rounded yet, and without emissivity or albedo where
    /// that is a raster.
    pub states: Vec<[f32; 2]>,
    /// Of what the emission is made where there are several skies.
    warming: Vec<Warming>,
    /// The whole numbers where nothing is a raster and there is one sky.
    counted: Vec<[i32; 2]>,
    /// Where canopies have their own transmissivity.
    own: Option<Box<OwnLight>>,
}

/// Ground behind leaves, whose light is not one of the states'.
#[derive(Clone, Debug)]
struct OwnLight {
    light: Light,
    ground: GroundTerms,
}

impl OwnLight {
    /// What the ground of a class sends in a state of light with these units of transmissivity
    /// before it, counted in `units`; `warmth` is what the sky makes of its excess in the sun. `None` where
    /// no leaves are before it.
    #[inline(always)]
    fn sent(
        &self,
        [albedo, emissivity]: [bool; 2],
        units: [Unit; 2],
        (code, state, through): (usize, u8, u16),
        warmth: f32,
    ) -> Option<[f32; 2]> {
        let own = self.light.through.as_ref()?;
        let gain = own.share[usize::from(state)];
        if gain == 0.0 {
            return None;
        }
        let share = self.light.share[usize::from(state)] + gain * own.mean(state, through);
        let value = value([albedo, emissivity], &self.ground, code, [share, warmth]);
        #[expect(clippy::cast_possible_truncation, reason = "as the table of states")]
        let sent = [0, 1].map(|f| (value[f] / units[f].size()) as f32);
        Some(sent)
    }
}

impl GroundStates {
    /// States of a step. The units follow from what any class sends in any light, whether or not it
    /// is there: they are the same for all tiles. Under `several` skies the tables are those of the warmest
    /// ground.
    #[must_use]
    pub fn new(cells: &Cells<'_>, tables: &StepTables, several: bool, view: &GroundView) -> Self {
        let codes = cells.land_cover.map_or(1, |_| CODES);
        let lights = tables.sun.light.states;
        let values: Vec<[f64; 2]> = (0..codes * lights)
            .map(|state| {
                let share = tables.sun.light.share[state % lights];
                value(rasters(cells), &tables.ground, state / lights, [share, 1.0])
            })
            .collect();
        let suns = tables.sun.light.suns;
        let largest = |f: usize| values.iter().fold(0.0, |most: f64, v| most.max(v[f].abs()));
        let units = [0, 1].map(|f| view.unit(largest(f), suns));
        let warming = |state: usize| {
            let share = tables.sun.light.share[state % lights];
            Warming::new(
                rasters(cells),
                &tables.ground,
                state / lights,
                share,
                units[0],
            )
        };
        #[expect(clippy::cast_possible_truncation, reason = "a table of f32")]
        let states: Vec<[f32; 2]> = values
            .iter()
            .map(|value| [0, 1].map(|f| (value[f] / units[f].size()) as f32))
            .collect();
        Self {
            units,
            lights,
            counted: states.iter().map(|state| state.map(whole)).collect(),
            states,
            warming: (0..if several { codes * lights } else { 0 })
                .map(warming)
                .collect(),
            own: cells.through.map(|_| {
                Box::new(OwnLight {
                    light: tables.sun.light.clone(),
                    ground: tables.ground.clone(),
                })
            }),
        }
    }
}

/// Whether albedo and emissivity are rasters.
fn rasters(cells: &Cells<'_>) -> [bool; 2] {
    [cells.albedo.is_some(), cells.emissivity.is_some()]
}

/// What a class sends where a share of the beam arrives: emission beyond that at air temperature
/// [W m⁻²], and albedo times sunlit share, at an albedo and emissivity of 1 where they are rasters.
/// `warmth` is what the sky makes of its excess in the sun.
#[must_use]
pub fn value(
    [albedo, emissivity]: [bool; 2],
    ground: &GroundTerms,
    code: usize,
    [share, warmth]: [f32; 2],
) -> [f64; 2] {
    let given = |raster: bool, class: f32| {
        // Codes without a class cannot occur.
        let known = if class.is_finite() { class } else { 0.0 };
        f64::from(if raster { 1.0 } else { known })
    };
    let sunlit = f64::from(share);
    let always = f64::from(ground.excess_always[code]);
    let excess = always + f64::from(warmth) * f64::from(ground.excess[code]) * sunlit;
    let [e0, e1, e2, e3] = ground.excess_emission.map(f64::from);
    let black = excess * (e0 + excess * (e1 + excess * (e2 + excess * e3)));
    let emission = given(emissivity, ground.emissivity[code]) * black;
    let albedo = given(albedo, ground.albedo[code]) * sunlit;
    [emission, albedo].map(|x| if x.is_finite() { x } else { 0.0 })
}

/// What the ground of a step sends. Cells without data send nothing.
#[derive(Clone, Copy, Debug)]
pub struct SentByGround<'a> {
    /// Columns of the raster.
    pub cols: usize,
    /// The cells, with their shadow flags.
    pub cells: Cells<'a>,
    /// What they send.
    pub states: &'a GroundStates,
    /// The skies over them, where there are several.
    pub skies: Option<&'a Skies>,
}

impl Emitted<2> for SentByGround<'_> {
    fn row(&self, row: usize, cols: Range<usize>, out: [&mut [i32]; 2]) {
        let first = row * self.cols;
        simd::dispatch(Fill {
            cells: &self.cells,
            states: self.states,
            skies: self.skies.map(|skies| (skies, row, cols.clone())),
            first: first + cols.start,
            out,
        });
    }

    fn wall_warmth(&self, row: usize, cols: Range<usize>, out: &mut [f32]) {
        if let Some(skies) = self.skies {
            skies.wall_warmth(row, cols, out);
        }
    }
}

/// One row.
struct Fill<'a, 'b> {
    cells: &'a Cells<'a>,
    states: &'a GroundStates,
    /// With row and columns.
    skies: Option<(&'a Skies, usize, Range<usize>)>,
    first: usize,
    out: [&'b mut [i32]; 2],
}

/// Cells whose inputs are looked at together.
const PART: usize = 64;

impl Kernel for Fill<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            cells,
            states,
            skies,
            first: begin,
            out: [emission, albedo],
        } = self;
        let parts = emission.chunks_mut(PART).zip(albedo.chunks_mut(PART));
        for (at, (emission, albedo)) in (begin..).step_by(PART).zip(parts) {
            let n = emission.len();
            let cells = cells.slice(at..at + n);
            let mut kinds = [0_u16; PART];
            let mut known = [0_i32; PART];
            cells.kinds(states.lights, &mut kinds[..n]);
            cells.known(&mut known[..n]);
            let mut warmth = [1.0; PART];
            if let Some((skies, row, cols)) = &skies {
                let col = cols.start + at - begin;
                skies.warmth(*row, col..col + n, &mut warmth[..n]);
            }
            if rasters(&cells) == [false; 2] && states.own.is_none() && skies.is_none() {
                for i in 0..n {
                    let [sent, lit] = states.counted[usize::from(kinds[i])];
                    emission[i] = sent & known[i];
                    albedo[i] = lit & known[i];
                }
                continue;
            }
            for i in 0..n {
                let kind = usize::from(kinds[i]);
                let own = states.own.as_ref().and_then(|own| {
                    let (state, through) = (cells.shadow?[i], cells.through?[i]);
                    let about = (cells.code(i), state, through);
                    own.sent(rasters(&cells), states.units, about, warmth[i])
                });
                let [black, lit] = own.unwrap_or_else(|| {
                    let [black, lit] = states.states[kind];
                    let under = |warming: &Warming| warming.sent(warmth[i]);
                    [states.warming.get(kind).map_or(black, under), lit]
                });
                let given = |raster: Option<&[f32]>| raster.map_or(1.0, |x| x[i]);
                emission[i] = whole(given(cells.emissivity) * black) & known[i];
                albedo[i] = whole(given(cells.albedo) * lit) & known[i];
            }
        }
    }
}

impl Cells<'_> {
    /// Land-cover code and light, as [`GroundStates`] is ordered.
    #[inline(always)]
    fn kinds(&self, lights: usize, out: &mut [u16]) {
        out.fill(0);
        if let Some(codes) = self.land_cover {
            for (out, code) in out.iter_mut().zip(codes) {
                *out = lights as u16 * u16::from(*code);
            }
        }
        if let Some(lights) = self.shadow {
            for (out, light) in out.iter_mut().zip(lights) {
                *out += u16::from(*light);
            }
        }
    }

    /// All bits where a cell has every input, as [`Cells::complete`] tells.
    #[inline(always)]
    fn known(&self, out: &mut [i32]) {
        let views = self.svf[0].iter().zip(self.svf[5]);
        for ((out, valid), (a, b)) in out.iter_mut().zip(self.valid).zip(views) {
            *out = -i32::from(*valid & !(a + b).is_nan());
        }
        for raster in [self.albedo, self.emissivity].into_iter().flatten() {
            for (out, x) in out.iter_mut().zip(raster) {
                *out &= -i32::from(!x.is_nan());
            }
        }
    }
}
