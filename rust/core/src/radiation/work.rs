//! Workspace of one block: inputs copied into lanes, intermediate fluxes, results.

use super::anisotropic::{CellMasks, CellSums};
use super::attributed::Attribution;
use super::cells::{BLOCK, Cells, Lane, Memory, SIDES};
use super::light::{Light, STATES, Through};
use super::skies::Around;
use super::tables::StepTables;
use super::terms::WEIGHTS;
use crate::air::Air;
use crate::heat::INDICES;

const ZERO: Lane = [0.0; BLOCK];

/// Lanes of a block. Fluxes in W m⁻²; index 0 of five is the total, then E, S, W, N.
#[derive(Clone, Debug)]
pub struct Work {
    /// Cells in use.
    pub n: usize,
    /// 0 where every input is given, else NaN: added to every result.
    pub missing: Lane,
    /// Building, vegetation, and vegetation-before-building sky view.
    pub s: Lane,
    /// Vegetation sky view.
    pub sv: Lane,
    /// Vegetation-before-building sky view.
    pub sa: Lane,
    /// The three by side (isotropic sky).
    pub side_views: [[Lane; 3]; SIDES],
    /// Light of each cell, see [`super::light`].
    pub state: [u8; BLOCK],
    /// Transmissivity of the canopies before each cell; read where they have their own.
    pub tau: Lane,
    /// 1 − canopy transmissivity for diffuse light.
    pub canopy_diffuse: Lane,
    /// 1 − canopy transmissivity for the side weights.
    pub canopy_beam: Lane,
    /// Share of the beam that arrives.
    pub shadow: Lane,
    /// Ground emissivity.
    pub emissivity: Lane,
    /// Ground temperature excess in the sun [K].
    pub tg: Lane,
    /// Ground temperature excess as it is [K].
    pub excess: Lane,
    /// Air temperature is given cell by cell.
    pub own_air: bool,
    /// Air warmer than the step's [K]; 0 where it is the step's.
    pub warmer: Lane,
    /// What black surfaces at air temperature emit more for it.
    pub air_gain: Lane,
    /// What walls and foliage at air temperature emit more for it.
    pub wall_gain: Lane,
    /// What sunlit walls emit more for it.
    pub warm_gain: Lane,
    /// What the wall towards each side emits more for it, where it faces a sun.
    pub facing_gain: [Lane; SIDES],
    /// Delayed ground temperature [°C].
    pub tg_out: Lane,
    /// Upwelling longwave.
    pub lup: [Lane; 5],
    /// Albedo seen in the sun; becomes upwelling shortwave.
    pub kup: [Lane; 5],
    /// Albedo seen under diffuse light.
    pub albedo_diffuse: [Lane; 5],
    /// Run-long sums over sky patches.
    pub sky: [Lane; 4],
    /// Run-long sum over what is no sky, by the sky its facets see; 0 where it is not asked for.
    pub facets: Lane,
    /// Patch sums of the step.
    pub light: [Lane; 7],
    /// Box-side patch sums: sky, deficit, light, light behind foliage, lit opposite buildings, their beam.
    pub side_sums: [[Lane; SIDES]; 6],
    /// Shaded fraction of walls.
    pub f_sh: Lane,
    /// Combined sky view with canopy transmission.
    pub through: Lane,
    /// Light on walls.
    pub on_walls: Lane,
    /// Diffuse light on the ground.
    pub drad: Lane,
    /// Downwelling shortwave.
    pub kdown: Lane,
    /// Beam on the cylinder.
    pub kside_i: Lane,
    /// Diffuse light on the cylinder.
    pub kside_d: Lane,
    /// Shortwave on the cylinder.
    pub kside: Lane,
    /// Shortwave on the sides.
    pub k: [Lane; SIDES],
    /// Downwelling longwave.
    pub ldown: Lane,
    /// Longwave on the cylinder.
    pub lside: Lane,
    /// Longwave on the sides.
    pub l: [Lane; SIDES],
    /// Mean radiant temperature [°C].
    pub tmrt: Lane,
    /// UTCI [°C].
    pub utci: Lane,
    /// PET [°C].
    pub pet: Lane,
    /// What walls send beyond those at air temperature: on side, horizontal, sides of a box.
    pub heated: [Lane; WEIGHTS],
    /// Other heat indices [°C], by [`crate::heat::Index`].
    pub heat: [Lane; INDICES],
    /// What globe and wick absorb, if that is asked for.
    pub loads: [Lane; 2],
    /// Where Tmrt comes from, if that is asked for.
    pub attribution: Attribution,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            n: 0,
            missing: ZERO,
            s: ZERO,
            sv: ZERO,
            sa: ZERO,
            side_views: [[ZERO; 3]; SIDES],
            state: [0; BLOCK],
            tau: ZERO,
            canopy_diffuse: ZERO,
            canopy_beam: ZERO,
            shadow: ZERO,
            emissivity: ZERO,
            tg: ZERO,
            excess: ZERO,
            own_air: false,
            warmer: ZERO,
            air_gain: ZERO,
            wall_gain: ZERO,
            warm_gain: ZERO,
            facing_gain: [ZERO; SIDES],
            tg_out: ZERO,
            lup: [ZERO; 5],
            kup: [ZERO; 5],
            albedo_diffuse: [ZERO; 5],
            sky: [ZERO; 4],
            facets: ZERO,
            light: [ZERO; 7],
            side_sums: [[ZERO; SIDES]; 6],
            f_sh: ZERO,
            through: ZERO,
            on_walls: ZERO,
            drad: ZERO,
            kdown: ZERO,
            kside_i: ZERO,
            kside_d: ZERO,
            kside: ZERO,
            k: [ZERO; SIDES],
            ldown: ZERO,
            lside: ZERO,
            l: [ZERO; SIDES],
            tmrt: ZERO,
            utci: ZERO,
            pet: ZERO,
            heated: [ZERO; WEIGHTS],
            heat: [ZERO; INDICES],
            loads: [ZERO; 2],
            attribution: Attribution::default(),
        }
    }
}

#[inline(always)]
fn copy(lane: &mut Lane, from: &[f32]) {
    lane[..from.len()].copy_from_slice(from);
}

impl Work {
    /// Read the inputs of up to [`BLOCK`] cells; `around` are the weather cells there, if any.
    #[inline(always)]
    pub fn load(&mut self, cells: &Cells<'_>, tables: &StepTables, around: Option<&Around<'_>>) {
        let n = cells.len();
        assert!(n <= BLOCK);
        self.n = n;
        copy(&mut self.s, cells.svf[0]);
        copy(&mut self.sv, cells.svf[5]);
        copy(&mut self.sa, cells.svf[10]);
        if !tables.anisotropic {
            for d in 0..SIDES {
                for family in 0..3 {
                    copy(
                        &mut self.side_views[d][family],
                        cells.svf[5 * family + 1 + d],
                    );
                }
            }
        }
        for i in 0..n {
            self.missing[i] = if cells.complete(i) { 0.0 } else { f32::NAN };
            self.emissivity[i] = cells.emissivity_of(i, &tables.ground);
        }
        self.load_canopies(cells, tables);
        self.load_air(&cells.air, tables, around);
        self.load_surface(cells, tables, around);
        if let Some(ground) = &cells.ground {
            for q in 0..5 {
                copy(&mut self.lup[q], ground.lup[q]);
                copy(&mut self.kup[q], ground.albedo[q]);
                copy(&mut self.albedo_diffuse[q], ground.albedo_diffuse[q]);
            }
        }
        self.load_patches(cells, tables, around.is_some());
        if let (Some(around), Some((masks, _))) = (around, &cells.patches) {
            for i in 0..n {
                let Some((light, on_sides)) = around.light(masks, i) else {
                    break;
                };
                for (lane, sum) in self.light.iter_mut().zip(light) {
                    lane[i] = sum;
                }
                for (lanes, sums) in self.side_sums[2..]
                    .iter_mut()
                    .zip(on_sides.into_iter().flatten())
                {
                    for (lane, sum) in lanes.iter_mut().zip(sums) {
                        lane[i] = sum;
                    }
                }
            }
        }
    }

    /// Air temperature where it is given cell by cell; the lanes are 0 elsewhere. Surfaces keep their
    /// excess over the air (R 15).
    #[inline(always)]
    fn load_air(&mut self, air: &Air<'_>, tables: &StepTables, around: Option<&Around<'_>>) {
        let Some(ta) = air.ta else {
            return;
        };
        let (ground, walls) = (&tables.ground, &tables.walls);
        self.own_air = true;
        for i in 0..self.n {
            self.warmer[i] = ta[i] - ground.ta;
        }
        let [mut lit, mut facing] = [[walls.excess; BLOCK], [0.0; BLOCK]];
        if let Some(around) = around {
            lit = *around.wall_excess();
        }
        for i in 0..BLOCK {
            let warmer = self.warmer[i];
            self.air_gain[i] = ground.gain_of(warmer, 0.0);
            self.wall_gain[i] = walls.emissivity * self.air_gain[i];
            self.warm_gain[i] = walls.emissivity * ground.gain_of(warmer, lit[i]);
        }
        if tables.anisotropic {
            return;
        }
        for d in 0..SIDES {
            facing.fill(walls.facing[d]);
            if let Some(around) = around {
                facing = *around.facing_excess(d);
            }
            for i in 0..BLOCK {
                let gain = ground.gain_of(self.warmer[i], facing[i]);
                self.facing_gain[d][i] = walls.emissivity * gain;
            }
        }
    }

    /// What canopies let through.
    #[inline(always)]
    fn load_canopies(&mut self, cells: &Cells<'_>, tables: &StepTables) {
        let sun = &tables.sun;
        let Some(seen) = cells.seen else {
            self.canopy_diffuse.fill(sun.canopy_diffuse);
            self.canopy_beam.fill(sun.canopy_beam);
            return;
        };
        let [diffuse, beam] = sun.least_through;
        for i in 0..self.n {
            self.canopy_diffuse[i] = 1.0 - seen[i].max(diffuse);
            self.canopy_beam[i] = 1.0 - seen[i].max(beam);
        }
    }

    /// Look a table of light up for every cell of the block.
    #[inline(always)]
    pub fn light_of(
        &self,
        light: &Light,
        table: &[f32; STATES],
        through: impl Fn(&Through) -> &[f32; STATES],
    ) -> Lane {
        let mut lane = ZERO;
        for i in 0..BLOCK {
            lane[i] = table[usize::from(self.state[i])];
        }
        if let Some(own) = &light.through {
            let through = through(own);
            for i in 0..BLOCK {
                lane[i] += through[usize::from(self.state[i])] * self.tau[i];
            }
        }
        lane
    }

    #[inline(always)]
    fn load_surface(
        &mut self,
        cells: &Cells<'_>,
        tables: &StepTables,
        around: Option<&Around<'_>>,
    ) {
        let ground = &tables.ground;
        match cells.shadow {
            Some(states) => self.state[..states.len()].copy_from_slice(states),
            None => self.state.fill(0),
        }
        let light = &tables.sun.light;
        if let (Some(own), Some(units)) = (&light.through, cells.through) {
            for i in 0..self.n {
                self.tau[i] = own.mean(self.state[i], units[i]);
            }
        }
        if cells.shadow.is_some() {
            self.shadow = self.light_of(light, &light.share, |own| &own.share);
        } else {
            self.shadow = ZERO;
        }
        for i in 0..self.n {
            let code = cells.code(i);
            let shadow = self.shadow[i];
            self.tg[i] = ground.excess[code] + ground.excess_always[code];
            self.excess[i] = ground.excess_always[code] + ground.excess[code] * shadow;
        }
        if let Some(around) = around {
            for i in 0..self.n {
                let code = cells.code(i);
                let own = around.warmth()[i] * ground.excess[code];
                let always = ground.excess_always[code];
                self.tg[i] = own + always;
                self.excess[i] = always + own * self.shadow[i];
            }
        }
    }

    #[inline(always)]
    fn load_patches(&mut self, cells: &Cells<'_>, tables: &StepTables, several: bool) {
        let Some((masks, sums)) = &cells.patches else {
            return;
        };
        if let Some(attribution) = &tables.attribution {
            self.attribution.load(attribution, masks, self.n);
        }
        if let Some(heated) = &tables.heated {
            let suns = tables.patches.as_ref().map_or(&[][..], |step| &step.suns);
            for i in 0..self.n {
                let s = self.s[i].min(1.0);
                let sums = heated.sums(&CellMasks::of(masks, i), s, suns);
                for (lane, sum) in self.heated.iter_mut().zip(sums) {
                    lane[i] = sum;
                }
            }
        }
        for i in 0..self.n {
            for k in 0..4 {
                self.sky[k][i] = sums[i][k];
            }
        }
        if let Some(facets) = cells.facets {
            copy(&mut self.facets, facets);
        }
        let Some(step) = &tables.patches else {
            if let Some(sides) = &tables.night_sides {
                for i in 0..self.n {
                    self.set_sides(i, &sides.sums(&CellMasks::of(masks, i), 0.0, &[]));
                }
            }
            return;
        };
        for i in 0..self.n {
            let cell = CellMasks::of(masks, i);
            let s = self.s[i].min(1.0);
            // Light of several skies is summed up apart.
            let sums = if several {
                step.lit_sums(&cell, s)
            } else {
                step.sums(&cell, s)
            };
            self.set_sums(i, &sums);
            if let Some(sides) = &step.sides {
                self.set_sides(i, &sides.sums(&cell, s, &step.suns));
            }
        }
    }

    #[inline(always)]
    fn set_sums(&mut self, i: usize, sums: &CellSums) {
        self.light[0][i] = sums.sky_light;
        self.light[1][i] = sums.sky_share;
        self.light[2][i] = sums.foliage_light;
        self.light[3][i] = sums.foliage_share;
        self.light[4][i] = sums.lit_side;
        self.light[5][i] = sums.opposite_side;
        self.light[6][i] = sums.opposite_down;
    }

    #[inline(always)]
    fn set_sides(&mut self, i: usize, sums: &super::anisotropic::SideSums) {
        let groups = [
            sums.sky,
            sums.deficit,
            sums.light,
            sums.foliage_light,
            sums.opposite,
            sums.beam,
        ];
        for (lanes, group) in self.side_sums.iter_mut().zip(groups) {
            for d in 0..SIDES {
                lanes[d][i] = group[d];
            }
        }
    }

    /// Upwelling longwave and ground temperature, delayed by day and where the ground remembers by
    /// night (R 6.4, 6.5).
    #[inline(always)]
    pub fn ground(&mut self, tables: &StepTables, memory: Option<&mut Memory<'_>>) {
        let g = &tables.ground;
        if tables.day {
            if self.own_air {
                for i in 0..BLOCK {
                    // The ground a person sees is near: its air is the person's.
                    let growth = g.growth_of(self.warmer[i], self.lup[0][i]);
                    for q in 0..5 {
                        self.lup[q][i] *= growth;
                    }
                }
            }
            for i in 0..BLOCK {
                // Cells without data remember nothing.
                let own = self.emissivity[i] * (g.air + self.air_gain[i]) + self.missing[i];
                for q in 0..5 {
                    self.lup[q][i] += own;
                }
            }
        } else {
            for i in 0..BLOCK {
                let own =
                    self.emissivity[i] * (g.air + g.emission_of(self.warmer[i] + self.excess[i]));
                for q in 0..5 {
                    self.lup[q][i] = own + self.missing[i];
                }
            }
        }
        for i in 0..BLOCK {
            self.tg_out[i] = g.ta + self.warmer[i] + self.excess[i] + self.missing[i];
        }
        if let (Some(delay), Some(memory)) = (&g.delay, memory) {
            for q in 0..5 {
                delay.apply_all(&mut self.lup[q][..self.n], memory[q]);
            }
            delay.apply_all(&mut self.tg_out[..self.n], memory[5]);
        }
    }
}
