//! Longwave on the four sides (R 7.7, 8.4, 8.5).

use super::cells::{BLOCK, SIDES};
use super::tables::StepTables;
use super::weights::{atan_positive, cos_quarter, side_weight};
use super::work::Work;

/// Sides as the body receives them: the ground's half only for a cylinder under the patch sky.
#[inline(always)]
pub fn body(work: &mut Work, tables: &StepTables) {
    if tables.anisotropic {
        for d in 0..SIDES {
            for i in 0..BLOCK {
                work.l[d][i] = 0.5 * work.lup[1 + d][i];
            }
        }
        if !tables.body.cylinder {
            add_patches(work, tables);
        }
    } else {
        for d in 0..SIDES {
            isotropic(work, tables, d);
        }
    }
}

/// Add what the patches in front of each side send it.
#[inline(always)]
pub fn add_patches(work: &mut Work, tables: &StepTables) {
    let p = &tables.patch_longwave;
    for d in 0..SIDES {
        for i in 0..BLOCK {
            let [sky, deficit, _, _, opposite] = &work.side_sums;
            let sky_down = p.black * (work.sky[1][i] - p.deficit * work.sky[3][i]);
            let obstructed = p.shaded + (sky_down + work.lup[0][i]) * p.reflects;
            work.l[d][i] += p.black * (sky[d][i] - p.deficit * deficit[d][i])
                + (p.whole_sides[d] - sky[d][i]) * obstructed
                + p.lit_gain * opposite[d][i];
        }
    }
}

/// One side under the isotropic sky.
#[inline(always)]
fn isotropic(work: &mut Work, tables: &StepTables, d: usize) {
    let l = &tables.longwave;
    let consistent = tables.formulation.consistent_side_longwave;
    let facing = l.facing[d];
    for i in 0..BLOCK {
        let [s, sv, sa] = &work.side_views[d];
        let (s, sv, sa) = (s[i], sv[i], sa[i]);
        let (ws, wb) = (side_weight(s), side_weight(s + sv - 1.0));
        let wall_weight = side_weight(sa) - ws;
        let reflect = 1.0 - wb;
        // The reference weights the sky with its view factor and its side weight.
        let sky = if consistent { wb } else { (s + sv - 1.0) * wb };
        let wall = if facing {
            let shaded = 2.0 * work.f_sh[i] - 1.0;
            let lean = if consistent { 1.0 } else { lit_lean(s, shaded) };
            l.wall_facing[d] * (1.0 - shaded) * lean + l.wall * shaded
        } else {
            l.wall
        };
        work.l[d][i] = 0.5
            * (sky * l.sky_side
                + wall * wall_weight
                + l.wall * (reflect - wall_weight)
                + work.lup[1 + d][i]
                + (work.ldown[i] + work.lup[1 + d][i]) * l.wall_reflects * reflect);
    }
}

/// cos b of R 7.7 with b = ½[arctan α + α F'], where sin²α = 1 − s. The reference takes the arc
/// tangent of an angle; arctan(tan(α F')) is α F' because both lie in the first quadrant.
#[inline(always)]
fn lit_lean(s: f32, shaded: f32) -> f32 {
    let s = s.clamp(0.0, 1.0);
    let alpha = atan_positive(((1.0 - s) / s).sqrt());
    cos_quarter(0.5 * (atan_positive(alpha) + alpha * shaded))
}
