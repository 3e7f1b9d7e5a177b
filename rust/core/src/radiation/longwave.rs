//! Longwave on the ground and on the cylinder (R 7.6, 8.3, 8.4).

use super::cells::BLOCK;
use super::sky::Sky;
use super::tables::{StepTables, lit_beyond};
use super::work::Work;

/// Downwelling longwave, and longwave on the cylinder under the patch sky.
#[inline(always)]
pub fn ground(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    if tables.anisotropic {
        patch_sky(work, tables, sky);
    } else {
        isotropic(work, tables, sky);
        work.lside.fill(0.0);
    }
}

/// R 7.6: sky, foliage, walls and the sky they reflect.
#[inline(always)]
fn isotropic(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    let l = &tables.longwave;
    let lit_fraction = tables.formulation.lit_fraction_walls && tables.day;
    for i in 0..BLOCK {
        let (s, sv, sa) = (work.s[i], work.sv[i], work.sa[i]);
        let wall = l.wall + work.wall_gain[i];
        let (sunlit, sky_down) = (sky.wall_warm(i) + work.warm_gain[i], sky.sky_down(i));
        let warm = if lit_fraction {
            wall + (sunlit - wall) * (1.0 - work.f_sh[i])
        } else {
            sunlit
        };
        work.ldown[i] = (s + sv - 1.0) * sky_down
            + (2.0 - sv - sa) * wall
            + (sa - s) * warm
            + (2.0 - s - sv) * l.wall_reflects * sky_down;
    }
}

/// R 8.3, 8.4. Foliage and shaded walls shine alike, so all that is not sky counts together and
/// sunlit walls add their gain.
#[inline(always)]
fn patch_sky(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    let p = &tables.patch_longwave;
    for i in 0..BLOCK {
        let [side, down, deficit_side, deficit_down] = &work.sky;
        let (lit_side, lit_down) = if tables.day {
            (work.light[5][i], work.light[6][i])
        } else {
            (0.0, 0.0)
        };
        let sky_down = p.sky(down[i], deficit_down[i], sky.deficit(i));
        let sky_side = p.sky(side[i], deficit_side[i], sky.deficit(i));
        let obstructed = p.obstructed(sky_down, work.lup[0][i], work.wall_gain[i]);
        let lit_gain = lit_beyond(sky.lit_gain(i), work.wall_gain[i], work.warm_gain[i]);
        work.ldown[i] = sky_down + (p.whole_down - down[i]) * obstructed + lit_gain * lit_down;
        work.lside[i] = sky_side + (p.whole_side - side[i]) * obstructed + lit_gain * lit_side;
    }
    if tables.heated.is_some() {
        let [side, down, ..] = &work.heated;
        for i in 0..BLOCK {
            work.ldown[i] += down[i];
            work.lside[i] += side[i];
        }
    }
}
