//! Longwave on the four sides (R 7.7, 8.4, 8.5).

use super::cells::{BLOCK, Lane, SIDES};
use super::sky::Sky;
use super::tables::{LongwaveTerms, PatchLongwave, StepTables, lit_beyond};
use super::weights::{atan_positive, cos_quarter, side_weight};
use super::work::Work;
use crate::params::Formulation;

/// Sides as the body receives them: the ground's half only for a cylinder under the patch sky.
#[inline(always)]
pub fn body(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    if tables.anisotropic {
        for d in 0..SIDES {
            for i in 0..BLOCK {
                work.l[d][i] = 0.5 * work.lup[1 + d][i];
            }
        }
        if !tables.body.cylinder {
            add_patches(work, tables, sky);
        }
    } else {
        for d in 0..SIDES {
            isotropic(work, tables, sky, d);
        }
    }
}

/// Add what the patches in front of each side send it.
#[inline(always)]
pub fn add_patches(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    let p = &tables.patch_longwave;
    let [open, deficit, _, _, opposite, _] = &work.side_sums;
    for d in 0..SIDES {
        add_patch_side(
            &mut work.l[d],
            [&open[d], &deficit[d], &opposite[d]],
            [&work.sky[1], &work.sky[3], &work.lup[0]],
            [&work.wall_gain, &work.warm_gain],
            (p, p.whole_sides[d]),
            sky,
        );
        if tables.heated.is_some() {
            for i in 0..BLOCK {
                work.l[d][i] += work.heated[2 + d][i];
            }
        }
    }
}

/// One side. Lanes come as arguments so that the compiler knows them apart and vectorises.
#[inline(always)]
fn add_patch_side(
    side: &mut Lane,
    [open, deficit, opposite]: [&Lane; 3],
    [down, down_deficit, lup]: [&Lane; 3],
    [wall, warm]: [&Lane; 2],
    (p, whole): (&PatchLongwave, f32),
    sky: &impl Sky,
) {
    for i in 0..BLOCK {
        let sky_down = p.sky(down[i], down_deficit[i], sky.deficit(i));
        let obstructed = p.obstructed(sky_down, lup[i], wall[i]);
        side[i] += p.sky(open[i], deficit[i], sky.deficit(i))
            + (whole - open[i]) * obstructed
            + lit_beyond(sky.lit_gain(i), wall[i], warm[i]) * opposite[i];
    }
}

/// One side under the isotropic sky.
#[inline(always)]
fn isotropic(work: &mut Work, tables: &StepTables, sky: &impl Sky, d: usize) {
    let l = &tables.longwave;
    let consistent = tables.formulation.consistent_side_longwave;
    let mut shaded = [l.wall; BLOCK];
    for i in 0..BLOCK {
        shaded[i] += work.wall_gain[i];
    }
    let mut wall = shaded;
    if l.facing[d] > 0.0 {
        let mut lit = [0.0; BLOCK];
        for i in 0..BLOCK {
            lit[i] = sky.wall_facing(d, i) + work.facing_gain[d][i];
        }
        facing_wall(
            &mut wall,
            &work.side_views[d][0],
            &work.f_sh,
            l.facing[d],
            &lit,
            consistent,
        );
    }
    isotropic_side(
        &mut work.l[d],
        [&wall, &shaded],
        &work.side_views[d],
        [&work.lup[1 + d], &work.ldown],
        (l, sky),
        &tables.formulation,
    );
}

/// Flux of a wall, given as it is in the shade, the sun shines on for a share of the step: lit above,
/// shaded below (R 7.7).
#[inline(always)]
fn facing_wall(wall: &mut Lane, s: &Lane, f_sh: &Lane, share: f32, lit: &Lane, consistent: bool) {
    for i in 0..BLOCK {
        let shaded = 2.0 * f_sh[i] - 1.0;
        let lean = if consistent {
            1.0
        } else {
            lit_lean(s[i], shaded)
        };
        let sunny = lit[i] * (1.0 - shaded) * lean + wall[i] * shaded;
        wall[i] = share * sunny + (1.0 - share) * wall[i];
    }
}

#[inline(always)]
fn isotropic_side(
    side: &mut Lane,
    [wall, shaded]: [&Lane; 2],
    [s, sv, sa]: &[Lane; 3],
    [lup, ldown]: [&Lane; 2],
    (l, sky): (&LongwaveTerms, &impl Sky),
    formulation: &Formulation,
) {
    let consistent = formulation.consistent_side_longwave;
    for i in 0..BLOCK {
        let view = SideView::new(s[i], sv[i], sa[i]);
        let reflect = 1.0 - view.sky;
        side[i] = 0.5
            * (view.sky_weight(consistent) * sky.sky_side(i)
                + wall[i] * view.walls
                + shaded[i] * (reflect - view.walls)
                + lup[i]
                + (ldown[i] + lup[i]) * l.side_reflects * reflect);
    }
}

/// Shares of the upper half of what a side sees under the isotropic sky; the rest is foliage.
#[derive(Clone, Copy, Debug)]
pub struct SideView {
    /// Sky view factor of the side, what foliage hides left out.
    open: f32,
    /// Sky.
    pub sky: f32,
    /// Walls.
    pub walls: f32,
}

impl SideView {
    /// From the sky view factors of the side.
    #[inline(always)]
    #[must_use]
    pub fn new(s: f32, sv: f32, sa: f32) -> Self {
        let open = s + sv - 1.0;
        Self {
            open,
            sky: side_weight(open),
            walls: side_weight(sa) - side_weight(s),
        }
    }

    /// What the flux of the sky is multiplied by: the reference weights it with its view factor and
    /// its side weight.
    #[inline(always)]
    #[must_use]
    pub fn sky_weight(&self, consistent: bool) -> f32 {
        if consistent {
            self.sky
        } else {
            self.open * self.sky
        }
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
