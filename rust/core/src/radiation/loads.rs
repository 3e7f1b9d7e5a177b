//! What globe and wick absorb in a block of cells, and the indices that follow (R 14).

use super::cells::{BLOCK, Lane};
use super::comfort::LocalComfort;
use super::sky::Sky;
use super::tables::StepTables;
use super::work::Work;
use crate::air::Air;
use crate::heat::loads::Fluxes;
use crate::heat::{HeatStep, Index};

/// Radiation of globe and wick; to be asked before the longwave sides of a cylinder are completed.
#[inline(always)]
pub fn absorb(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    let light = &tables.sun.light;
    let [beam_down, beam_side]: [Lane; 2] = if tables.day {
        [
            work.light_of(light, &light.down, |own| &own.down),
            work.light_of(light, &light.side, |own| &own.side),
        ]
    } else {
        [[0.0; BLOCK]; 2]
    };
    let mut on_sides = [0.0; BLOCK];
    if tables.day && !tables.body.cylinder {
        for d in 0..work.k.len() {
            let beam = work.light_of(light, &light.sides[d], |own| &own.sides[d]);
            for i in 0..BLOCK {
                on_sides[i] += sky.beam(i) * beam[i];
            }
        }
    }
    // The patches around a cylinder are not in its sides.
    let around = if tables.body.cylinder && tables.anisotropic {
        tables.upright
    } else {
        0.0
    };
    for i in 0..BLOCK {
        let sides_k = work.k[0][i] + work.k[1][i] + work.k[2][i] + work.k[3][i] - on_sides[i];
        let sides_l = work.l[0][i] + work.l[1][i] + work.l[2][i] + work.l[3][i];
        let fluxes = Fluxes {
            kdown: work.kdown[i],
            kup: if tables.day { work.kup[0][i] } else { 0.0 },
            kside: 0.25 * sides_k + around * (work.kside[i] - work.kside_i[i]),
            ldown: work.ldown[i],
            lup: work.lup[0][i],
            lside: 0.25 * sides_l + around * work.lside[i],
            beam: sky.beam(i) * tables.sun.beam * work.shadow[i],
            beam_down: sky.beam(i) * beam_down[i],
            beam_side: sky.beam(i) * beam_side[i],
        };
        work.loads[0][i] = fluxes.globe();
        work.loads[1][i] = fluxes.wick();
    }
}

/// The indices of the block; `own` is the air of cells that is theirs.
#[inline(always)]
pub fn feel(work: &mut Work, heat: &HeatStep, own: Option<(&LocalComfort, &Air<'_>)>) {
    let n = work.n;
    for load in &mut work.loads {
        for i in 0..BLOCK {
            load[i] += work.missing[i];
        }
    }
    let [globe, wick] = &work.loads;
    let (globe, wick) = (&globe[..n], &wick[..n]);
    let inputs = [globe, wick, &work.tmrt[..n]];
    for index in Index::ALL.into_iter().filter(|&index| heat.gives(index)) {
        let lane = &mut work.heat[index as usize][..n];
        heat.fill(index, inputs, lane);
        if let Some((local, air)) = own {
            local.heat(index, inputs, air, lane);
        }
    }
}
