//! Shortwave on the ground (R 7.3, 7.4) and on the body (R 7.5, 8.4, 8.5).

use super::cells::{BLOCK, Lane, SIDES};
use super::sky::Sky;
use super::tables::StepTables;
use super::weights::{
    from_walls, on_walls, open_sky, shaded_fraction, shaded_fraction_exact, side_weight, through,
    wedge_ratio,
};
use super::work::Work;

/// Means of cos² and sin² of an azimuth over the half circle, weighted by its cosine.
const STRAIGHT: f32 = 2.0 / 3.0;
const ASIDE: f32 = 1.0 / 6.0;

/// Shaded wall fraction, downwelling and upwelling shortwave. Night leaves them 0.
#[inline(always)]
pub fn ground(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    if !tables.day {
        zero(work);
        return;
    }
    let sun = &tables.sun;
    let (s, sv) = (&work.s, &work.sv);
    if tables.formulation.exact_wedge {
        wall_shade(
            &mut work.f_sh,
            s,
            sv,
            sun.inverse_tan_zenith,
            shaded_fraction_exact,
        );
    } else {
        wall_shade(
            &mut work.f_sh,
            s,
            sv,
            sun.inverse_tan_zenith,
            shaded_fraction,
        );
    }
    for i in 0..BLOCK {
        work.on_walls[i] = on_walls(sky.global(i), sky.diffuse(i), work.f_sh[i]);
        let through = through(work.s[i], work.sv[i], work.canopy_diffuse[i]);
        work.through[i] = through;
        work.drad[i] = sky.diffuse(i) * through;
    }
    if tables.anisotropic {
        for i in 0..BLOCK {
            let transmitted = 1.0 - work.canopy_diffuse[i];
            work.drad[i] = sun.share_light * (work.light[1][i] + transmitted * work.light[3][i]);
        }
    }
    // Looked up beforehand, so that the next loop is one over lanes.
    work.kdown = work.light_of(&sun.light, &sun.light.down, |own| &own.down);
    for i in 0..BLOCK {
        let from_walls = from_walls(sun.wall_albedo, work.through[i], work.on_walls[i]);
        work.kdown[i] = sky.beam(i) * work.kdown[i] + work.drad[i] + from_walls;
        // The ground under walls sees the isotropic diffuse light even below a patch sky.
        let below = sky.diffuse(i) * work.through[i] + from_walls;
        let beam = sky.beam(i) * sun.beam_down;
        for q in 0..5 {
            work.kup[q][i] = work.kup[q][i] * beam + below * work.albedo_diffuse[q][i];
        }
    }
}

/// Shaded fraction of the walls around each cell.
#[inline(always)]
fn wall_shade(
    f_sh: &mut Lane,
    s: &Lane,
    sv: &Lane,
    inverse_tan_zenith: f32,
    shaded: impl Fn(f32) -> f32,
) {
    for i in 0..BLOCK {
        f_sh[i] = shaded(wedge_ratio(open_sky(s[i], sv[i]), inverse_tan_zenith));
    }
}

/// No light at night.
#[inline(always)]
fn zero(work: &mut Work) {
    let lanes = [
        &mut work.f_sh,
        &mut work.drad,
        &mut work.kdown,
        &mut work.kside_i,
        &mut work.kside_d,
        &mut work.kside,
    ];
    for lane in lanes {
        lane.fill(0.0);
    }
    for lane in work.kup.iter_mut().chain(&mut work.k) {
        lane.fill(0.0);
    }
}

/// Shortwave on the sides and on the cylinder.
#[inline(always)]
pub fn body(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    if !tables.day {
        return;
    }
    if tables.body.cylinder {
        let light = &tables.sun.light;
        work.kside_i = work.light_of(light, &light.side, |own| &own.side);
        for i in 0..BLOCK {
            work.kside_i[i] *= sky.beam(i);
        }
    } else {
        work.kside_i.fill(0.0);
    }
    match (tables.anisotropic, tables.body.cylinder) {
        (false, _) => isotropic_sides(work, tables, sky),
        (true, true) => cylinder(work, tables, sky),
        (true, false) => box_sides(work, tables, sky),
    }
}

/// Sides under the isotropic sky, with the beam on them for a box (R 7.5).
#[inline(always)]
fn isotropic_sides(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    let sun = &tables.sun;
    for d in 0..SIDES {
        isotropic_side(
            &mut work.k[d],
            &work.side_views[d],
            [&work.on_walls, &work.kup[1 + d], &work.canopy_beam],
            sun.wall_albedo,
            sky,
        );
        if !tables.body.cylinder {
            let beam = work.light_of(&sun.light, &sun.light.sides[d], |own| &own.sides[d]);
            for i in 0..BLOCK {
                work.k[d][i] += sky.beam(i) * beam[i];
            }
        }
    }
    work.kside.fill(0.0);
    work.kside_d.fill(0.0);
}

/// Share of the upper half of a side that walls and foliage hide from diffuse light (R 7.2).
#[inline(always)]
#[must_use]
pub fn hidden(s: f32, sv: f32, canopy_beam: f32) -> f32 {
    let ws = side_weight(s);
    let wb = side_weight(s + sv - 1.0);
    1.0 - ws + canopy_beam * (ws - wb)
}

/// One side. Lanes come as arguments so that the compiler knows them apart and vectorises.
#[inline(always)]
fn isotropic_side(
    side: &mut Lane,
    [s, sv, _]: &[Lane; 3],
    [on_walls, kup, canopy_beam]: [&Lane; 3],
    wall_albedo: f32,
    sky: &impl Sky,
) {
    for i in 0..BLOCK {
        let hidden = hidden(s[i], sv[i], canopy_beam[i]);
        let diffuse = sky.diffuse(i) * (1.0 - hidden);
        let walls = wall_albedo * hidden * on_walls[i];
        side[i] = 0.5 * (diffuse + walls + kup[i]);
    }
}

/// Cylinder under the patch sky: the sides carry the ground's half only (R 8.4).
#[inline(always)]
fn cylinder(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    let sun = &tables.sun;
    let consistent = tables.formulation.consistent_patches;
    let foliage = if consistent { 1.0 } else { 0.0 };
    let facets = tables.formulation.facet_radiance;
    let lit = if consistent && !facets { 5 } else { 4 };
    for i in 0..BLOCK {
        let transmitted = foliage * (1.0 - work.canopy_diffuse[i]);
        let diffuse = work.light[0][i] + transmitted * work.light[2][i];
        let obstructed = tables.patch_longwave.whole_side - work.sky[0][i];
        let open = if facets { work.facets[i] } else { obstructed };
        let reflected =
            sky.shaded_radiance(i) * open + sky.lit_radiance_gain(i) * work.light[lit][i];
        work.kside_d[i] = diffuse;
        work.kside[i] = work.kside_i[i] + diffuse + reflected;
    }
    if facets {
        for i in 0..BLOCK {
            let obstructed = tables.patch_longwave.whole_side - work.sky[0][i];
            work.kside[i] += sun.ground_radiance * work.kup[0][i] * obstructed;
        }
    }
    for d in 0..SIDES {
        for i in 0..BLOCK {
            work.k[d][i] = 0.5 * work.kup[1 + d][i];
        }
    }
}

/// Box under the patch sky (R 8.5).
#[inline(always)]
fn box_sides(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    if tables.formulation.facet_radiance {
        facet_sides(work, tables, sky);
        return;
    }
    let sun = &tables.sun;
    for d in 0..SIDES {
        let whole = tables.patch_longwave.whole_sides[d];
        work.k[d] = work.light_of(&sun.light, &sun.light.sides[d], |own| &own.sides[d]);
        for i in 0..BLOCK {
            let transmitted = 1.0 - work.canopy_diffuse[i];
            let [open, _, light, foliage, opposite, _] = &work.side_sums;
            let diffuse = light[d][i] + transmitted * foliage[d][i];
            let reflected = sky.shaded_radiance(i) * (whole - open[d][i])
                + sky.lit_radiance_gain(i) * opposite[d][i];
            work.k[d][i] =
                sky.beam(i) * work.k[d][i] + diffuse + reflected + 0.5 * work.kup[1 + d][i];
        }
    }
    work.kside.fill(0.0);
    work.kside_d.fill(0.0);
}

/// The same where walls shine by their facets: those before a side look the other way, most of them
/// straight, and on average see two thirds of the open sky there and a sixth to either hand.
#[inline(always)]
fn facet_sides(work: &mut Work, tables: &StepTables, sky: &impl Sky) {
    let sun = &tables.sun;
    let wholes = &tables.patch_longwave.whole_sides;
    for d in 0..SIDES {
        work.k[d] = work.light_of(&sun.light, &sun.light.sides[d], |own| &own.sides[d]);
        let [before, left, right] = [(d + 2) % SIDES, (d + 1) % SIDES, (d + 3) % SIDES];
        for i in 0..BLOCK {
            let [seen, _, light, foliage, _, beam] = &work.side_sums;
            let transmitted = 1.0 - work.canopy_diffuse[i];
            let diffuse = light[d][i] + transmitted * foliage[d][i];
            let open = STRAIGHT * seen[before][i] / wholes[before]
                + ASIDE * (seen[left][i] / wholes[left] + seen[right][i] / wholes[right]);
            let radiance = sky.shaded_radiance(i) * open + sun.ground_radiance * work.kup[1 + d][i];
            let reflected =
                radiance * (wholes[d] - seen[d][i]) + sky.lit_radiance_gain(i) * beam[d][i];
            work.k[d][i] =
                sky.beam(i) * work.k[d][i] + diffuse + reflected + 0.5 * work.kup[1 + d][i];
        }
    }
    work.kside.fill(0.0);
    work.kside_d.fill(0.0);
}
