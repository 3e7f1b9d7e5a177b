// What a cell sees, its air and its ground (R 6, R 8, R 15). Uses the bindings of
// shaders/radiation.wgsl. Twin of rust/core/src/radiation/work.rs.

fn side_weights(x: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(side_weight(x.x), side_weight(x.y), side_weight(x.z), side_weight(x.w));
}

// A directional sky view family of all four sides (isotropic sky).
fn side_views(family: u32, cell: u32, plane: u32) -> vec4<f32> {
    return vec4<f32>(
        views[(3u + family) * plane + cell],
        views[(6u + family) * plane + cell],
        views[(9u + family) * plane + cell],
        views[(12u + family) * plane + cell],
    );
}

// cos b of R 7.7.
fn lit_lean(view: f32, shaded: f32) -> f32 {
    let s = clamp(view, 1.0e-12, 1.0);
    let alpha = atan_positive(sqrt((1.0 - s) / s));
    return cos_quarter(0.5 * (atan_positive(alpha) + alpha * shaded));
}

// Share of the upper half of a side that walls and foliage hide from diffuse light (R 7.2).
fn hidden_share(seen: Views) -> vec4<f32> {
    let ws = side_weights(seen.s_side);
    let wb = side_weights(seen.s_side + seen.sv_side - 1.0);
    return 1.0 - ws + seen.canopy_beam * (ws - wb);
}

// Diffuse light on the sides of a box under the patch sky, what foliage lets through among it.
fn side_sky_light(cell: u32, plane: u32, seen: Views) -> vec4<f32> {
    return planes4(16u, cell, plane) + (1.0 - seen.canopy_diffuse) * planes4(20u, cell, plane);
}

// Shares of the upper half of what the sides see under the isotropic sky; the rest is foliage.
struct SideViews {
    sky: vec4<f32>,
    // What the flux of the sky is multiplied by: the reference weights it with its view factor and
    // its side weight (Q-03).
    sky_weight: vec4<f32>,
    walls: vec4<f32>,
}

fn side_shares(seen: Views) -> SideViews {
    var view: SideViews;
    let open = seen.s_side + seen.sv_side - 1.0;
    view.sky = side_weights(open);
    view.sky_weight = select(open * view.sky, view.sky, step.consistent_side_longwave != 0u);
    view.walls = side_weights(seen.sa_side) - side_weights(seen.s_side);
    return view;
}

// Sky views of a cell; those of the sides under the isotropic sky only.
struct Views {
    s: f32,
    sv: f32,
    sa: f32,
    s_side: vec4<f32>,
    sv_side: vec4<f32>,
    sa_side: vec4<f32>,
    // 1 - canopy transmissivity for diffuse light, and for the weights of sides.
    canopy_diffuse: f32,
    canopy_beam: f32,
}

fn views_of(cell: u32, plane: u32) -> Views {
    var seen: Views;
    seen.s = views[cell];
    seen.sv = views[plane + cell];
    seen.sa = views[2u * plane + cell];
    seen.canopy_diffuse = step.canopy_diffuse;
    seen.canopy_beam = step.canopy_beam;
    if step.seen_plane != 0u {
        let through = views[step.seen_plane * plane + cell];
        seen.canopy_diffuse = 1.0 - max(through, step.least_diffuse);
        seen.canopy_beam = 1.0 - max(through, step.least_beam);
    }
    if step.anisotropic == 0u {
        seen.s_side = side_views(0u, cell, plane);
        seen.sv_side = side_views(1u, cell, plane);
        seen.sa_side = side_views(2u, cell, plane);
    }
    return seen;
}

// Sums over the patches of a cell (R 8); zero under the isotropic sky, those of light at night too.
struct PatchSums {
    sky_light: f32,
    sky_share: f32,
    foliage_light: f32,
    foliage_share: f32,
    lit_side: f32,
    opposite_side: f32,
    opposite_down: f32,
    side: f32,
    down: f32,
    deficit_side: f32,
    deficit_down: f32,
    // Side weight of what is no sky, by the sky its facets see.
    facets: f32,
}

fn patches_of(cell: u32, plane: u32, day: bool) -> PatchSums {
    var sums: PatchSums;
    if step.anisotropic == 0u {
        return sums;
    }
    sums.side = views[3u * plane + cell];
    sums.down = views[4u * plane + cell];
    sums.deficit_side = views[5u * plane + cell];
    sums.deficit_down = views[6u * plane + cell];
    sums.facets = views[7u * plane + cell];
    if day {
        let low = planes4(1u, cell, plane);
        let high = planes4(4u, cell, plane);
        sums.sky_light = low.x;
        sums.sky_share = low.y;
        sums.foliage_light = low.z;
        sums.foliage_share = high.x;
        sums.lit_side = high.y;
        sums.opposite_side = high.z;
        sums.opposite_down = high.w;
    }
    return sums;
}

// Air warmer than the step's [K], and what is emitted more for it by black surfaces at air temperature,
// by walls and foliage, by sunlit walls, and by the walls towards the sides where they face a sun.
struct OwnAir {
    warmer: f32,
    black: f32,
    wall: f32,
    warm: f32,
    facing: vec4<f32>,
}

// Exactly 0 in the air of the step.
fn gain_of(warmer: f32, excess: f32) -> f32 {
    let e = step.tables.excess_emission;
    return emission_of(e, warmer + excess) - emission_of(e, excess);
}

fn air_of(cell: u32, plane: u32) -> OwnAir {
    var air: OwnAir;
    if step.air_plane == 0u {
        return air;
    }
    let warmer = bitcast<f32>(dynamic[step.air_plane * plane + cell]);
    air.warmer = warmer;
    air.black = gain_of(warmer, 0.0);
    air.wall = step.wall_emissivity * air.black;
    air.warm = step.wall_emissivity * gain_of(warmer, sky.wall_excess);
    air.facing = step.wall_emissivity * vec4<f32>(
        gain_of(warmer, sky.facing_excess.x),
        gain_of(warmer, sky.facing_excess.y),
        gain_of(warmer, sky.facing_excess.z),
        gain_of(warmer, sky.facing_excess.w),
    );
    return air;
}

// How emission beyond that at air temperature grows in warmer air; exactly 1 in the step's.
fn growth_of(warmer: f32, beyond: f32) -> f32 {
    let e = step.tables.excess_emission;
    let x = beyond / e.x;
    let a = e.x + warmer * (2.0 * e.y + warmer * (3.0 * e.z + warmer * 4.0 * e.w));
    let b = e.y + warmer * (3.0 * e.z + warmer * 6.0 * e.w);
    let c = e.z + warmer * 4.0 * e.w;
    return (a + x * (b + x * (c + x * e.w))) / (e.x + x * (e.y + x * (e.z + x * e.w)));
}

// The ground of a cell (R 6).
struct Surface {
    // Beam that arrives: its share, on the horizontal, on the cylinder; on the sides.
    beam: vec4<f32>,
    beam_sides: vec4<f32>,
    shadow: f32,
    // Temperature excess in the sun [K].
    tg: f32,
    // Upwelling longwave, total and from the sides.
    up: f32,
    up_sides: vec4<f32>,
    temperature: f32,
}

// What comes through the leaves before a cell.
struct Leaves {
    beam: vec4<f32>,
    sides: vec4<f32>,
}

// By the state of light, and the units of transmissivity of all suns behind leaves.
// Twin of `Through` in rust/core/src/radiation/light.rs.
fn through_leaves(light: u32, units: f32) -> Leaves {
    var all: Leaves;
    var count = 0u;
    var rest = light;
    for (var sun = 0u; sun < step.suns; sun++) {
        let behind = select(rest % 3u == 1u, (light & (SH | VEGSH)) == SH, step.suns == 1u);
        rest /= 3u;
        if behind {
            count++;
            all.beam += step.through[2u * sun];
            all.sides += step.through[2u * sun + 1u];
        }
    }
    let mean = units / f32(UNITS * max(count, 1u));
    return Leaves(mean * all.beam, mean * all.sides);
}

fn surface_of(about: u32, cell: u32, plane: u32, day: bool, air: OwnAir) -> Surface {
    var ground: Surface;
    let kind = step.tables.classes[class_of(about)];
    var emissivity = kind.w;
    if step.tables.emissivity_raster != 0u {
        emissivity = surface[EMISSIVITY_PLANE * plane + cell];
    }
    if day {
        let light = dynamic[cell] & STATE;
        ground.beam = step.lights[2u * light];
        ground.beam_sides = step.lights[2u * light + 1u];
        if step.through_plane != 0u {
            let leaves = through_leaves(light, f32(dynamic[step.through_plane * plane + cell]));
            ground.beam += leaves.beam;
            ground.beam_sides += leaves.sides;
        }
        ground.shadow = ground.beam.x;
        if step.skies.first != 0u {
            ground.beam *= vec4<f32>(1.0, sky.beam_ratio, sky.beam_ratio, 1.0);
            ground.beam_sides *= sky.beam_ratio;
        }
    }
    var in_sun = kind.x;
    if step.skies.first != 0u {
        in_sun *= sky.warmth;
    }
    let excess = kind.y + in_sun * ground.shadow;
    ground.tg = in_sun + kind.y;
    ground.temperature = step.ta + air.warmer + excess;
    if day {
        let own = emissivity * (step.air + air.black);
        var growth = 1.0;
        if air.warmer != 0.0 {
            growth = growth_of(air.warmer, lup[cell]);
        }
        ground.up = delayed(lup[cell] * growth + own, 0u, cell, plane);
        ground.up_sides = vec4<f32>(
            delayed(lup[plane + cell] * growth + own, 1u, cell, plane),
            delayed(lup[2u * plane + cell] * growth + own, 2u, cell, plane),
            delayed(lup[3u * plane + cell] * growth + own, 3u, cell, plane),
            delayed(lup[4u * plane + cell] * growth + own, 4u, cell, plane),
        );
        ground.temperature = delayed(ground.temperature, 5u, cell, plane);
    } else {
        ground.up = emissivity
            * (step.air + emission_of(step.tables.excess_emission, air.warmer + excess));
        ground.up_sides = vec4<f32>(ground.up);
        if step.remembers != 0u {
            let own = ground.up;
            ground.up = delayed(own, 0u, cell, plane);
            ground.up_sides = vec4<f32>(
                delayed(own, 1u, cell, plane),
                delayed(own, 2u, cell, plane),
                delayed(own, 3u, cell, plane),
                delayed(own, 4u, cell, plane),
            );
            ground.temperature = delayed(ground.temperature, 5u, cell, plane);
        }
    }
    return ground;
}
