// Radiation on the ground and on the body, and the mean radiant temperature (R 6-9).
// Twin of rust/core/src/radiation/{work,shortwave,longwave,sides,tmrt}.rs.

struct Radiation {
    grid: Grid,
    tables: SurfaceTables,

    anisotropic: u32,
    cylinder: u32,
    // Longwave sides of a cylinder are wanted with their patch part.
    all_sides: u32,
    exact_wedge: u32,
    consistent_patches: u32,
    lit_fraction_walls: u32,
    consistent_side_longwave: u32,
    // What walls reflect of what a side receives.
    side_reflects: f32,

    // Thermal delay: no memory yet, the result becomes the memory, weight of the memory.
    delay_first: u32,
    delay_renew: u32,
    delay_weight: f32,
    // Black-body flux at air temperature, and that temperature [deg C].
    air: f32,
    ta: f32,
    beam_down: f32,
    total: f32,
    diffuse: f32,
    inverse_tan_zenith: f32,
    canopy_diffuse: f32,
    canopy_beam: f32,
    wall_albedo: f32,
    shaded_radiance: f32,
    lit_radiance_gain: f32,
    // Plane of `views` with the mean transmissivity of the canopies seen, and of `dynamic` with that
    // of those before a cell, summed over the suns behind leaves; 0 where all canopies are alike.
    seen_plane: u32,
    through_plane: u32,

    // Isotropic longwave.
    sky_down: f32,
    sky_side: f32,
    wall: f32,
    wall_warm: f32,
    // Share of the suns that stand before the walls of the sides.
    facing: vec4<f32>,
    wall_facing: vec4<f32>,
    wall_reflects: f32,

    // Longwave of the patch sky.
    black: f32,
    deficit: f32,
    shaded: f32,
    lit_gain: f32,
    reflects: f32,
    whole_side: f32,
    whole_down: f32,
    whole_sides: vec4<f32>,

    // The body.
    abs_k: f32,
    abs_l: f32,
    up: f32,
    side: f32,
    around: f32,
    inverse_emission: f32,
    kelvin: f32,
    suns: u32,

    // The least that the season leaves canopies to let through: of diffuse light, of the beam.
    least_diffuse: f32,
    least_beam: f32,
    // Radiance of a wall by the light of the ground before it, where walls shine by their facets.
    ground_radiance: f32,
    facets: u32,

    // The attribution: what the enclosure sends from above for each unit of weight, air temperature
    // [K], the offset.
    enclosure: f32,
    air_kelvin: f32,
    offset: f32,
    // The ground remembers in this step, by day or night.
    remembers: u32,

    // First plane of `dynamic` with the weights of foliage, for the attribution.
    foliage_plane: u32,
    // First plane of `dynamic` with what walls send by how warm they are; 0 where they do not.
    heated_plane: u32,
    // Beam normal to the sun; what makes the patches around a cylinder a mean over its side.
    beam: f32,
    upright: f32,

    // First plane of `dynamic` with the air of cells, 0 where it is the step's (R 15); then, of walls,
    // emissivity, excess in the sun over the air [K], and that of the walls towards the sides.
    air_plane: u32,
    wall_emissivity: f32,
    wall_excess: f32,
    pad0: u32,

    facing_excess: vec4<f32>,

    // Plane of `out` of every field, NONE where it is not wanted.
    slots: array<vec4<u32>, 10>,
    // By the light of a cell: share of the beam that arrives, beam on the horizontal and on the
    // cylinder; beam on the sides E, S, W, N.
    lights: array<vec4<f32>, 512>,
    // What canopies that let all through would add to that, by sun.
    through: array<vec4<f32>, 10>,
}

@group(0) @binding(0) var<uniform> step: Radiation;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> views: array<f32>;
@group(0) @binding(3) var<storage, read> surface: array<f32>;
@group(0) @binding(4) var<storage, read> dynamic: array<u32>;
@group(0) @binding(5) var<storage, read> lup: array<f32>;
@group(0) @binding(6) var<storage, read> alb: array<f32>;
@group(0) @binding(7) var<storage, read_write> memory: array<f32>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;

const NONE: u32 = 0xffffffffu;
const MISSING: f32 = -1.0;
// Means of cos^2 and sin^2 of an azimuth over the half circle, weighted by its cosine.
const STRAIGHT: f32 = 0.6666667;
const INVERSE_PI: f32 = 0.31830987;
const ASIDE: f32 = 0.16666667;

fn put(field: u32, value: f32, cell: u32, plane: u32) {
    let slot = step.slots[field / 4u][field % 4u];
    if slot != NONE {
        out[slot * plane + cell] = value;
    }
}

// A value of the step, delayed by what the cell remembers (R 6.5).
fn delayed(value: f32, quantity: u32, cell: u32, plane: u32) -> f32 {
    let at = quantity * plane + cell;
    if step.delay_first != 0u {
        memory[at] = value;
        return value;
    }
    let result = value + (memory[at] - value) * step.delay_weight;
    if step.delay_renew != 0u {
        memory[at] = result;
    }
    return result;
}

fn planes4(first: u32, cell: u32, plane: u32) -> vec4<f32> {
    return vec4<f32>(
        bitcast<f32>(dynamic[first * plane + cell]),
        bitcast<f32>(dynamic[(first + 1u) * plane + cell]),
        bitcast<f32>(dynamic[(first + 2u) * plane + cell]),
        bitcast<f32>(dynamic[(first + 3u) * plane + cell]),
    );
}

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
    air.warm = step.wall_emissivity * gain_of(warmer, step.wall_excess);
    air.facing = step.wall_emissivity * vec4<f32>(
        gain_of(warmer, step.facing_excess.x),
        gain_of(warmer, step.facing_excess.y),
        gain_of(warmer, step.facing_excess.z),
        gain_of(warmer, step.facing_excess.w),
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
    }
    let excess = kind.y + kind.x * ground.shadow;
    ground.tg = kind.x + kind.y;
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

// Shortwave on the ground and on the body; all zero at night.
struct Shortwave {
    f_sh: f32,
    on_walls: f32,
    drad: f32,
    down: f32,
    up: f32,
    up_sides: vec4<f32>,
    side_i: f32,
    side_d: f32,
    side: f32,
    sides: vec4<f32>,
}

// R 7.3, 7.4.
fn shortwave_on_ground(
    seen: Views,
    sums: PatchSums,
    ground: Surface,
    cell: u32,
    plane: u32,
) -> Shortwave {
    var k: Shortwave;
    let open = seen.s + seen.sv - 1.0;
    k.f_sh = shaded_fraction(open, step.inverse_tan_zenith, step.exact_wedge != 0u);
    k.on_walls = step.total * (1.0 - k.f_sh) + step.diffuse * k.f_sh;
    let through = seen.s - (1.0 - seen.sv) * seen.canopy_diffuse;
    k.drad = step.diffuse * through;
    if step.anisotropic != 0u {
        let transmitted = 1.0 - seen.canopy_diffuse;
        k.drad = step.diffuse * (sums.sky_share + transmitted * sums.foliage_share);
    }
    let from_walls = step.wall_albedo * (1.0 - through) * k.on_walls;
    k.down = ground.beam.y + k.drad + from_walls;
    // The ground under walls sees the isotropic diffuse light even below a patch sky.
    let below = step.diffuse * through + from_walls;
    k.up = alb[cell] * step.beam_down + below * surface[cell];
    k.up_sides = vec4<f32>(
        alb[plane + cell],
        alb[2u * plane + cell],
        alb[3u * plane + cell],
        alb[4u * plane + cell],
    ) * step.beam_down + below * vec4<f32>(
        surface[plane + cell],
        surface[2u * plane + cell],
        surface[3u * plane + cell],
        surface[4u * plane + cell],
    );
    return k;
}

// R 7.5, 8.4, 8.5.
fn shortwave_on_body(
    on_ground: Shortwave,
    seen: Views,
    sums: PatchSums,
    ground: Surface,
    cell: u32,
    plane: u32,
) -> Shortwave {
    var k = on_ground;
    let cylinder = step.cylinder != 0u;
    let transmitted = 1.0 - seen.canopy_diffuse;
    if cylinder {
        k.side_i = ground.beam.z;
    }
    if step.anisotropic == 0u {
        let hidden = hidden_share(seen);
        let diffuse = step.diffuse * (1.0 - hidden) + step.wall_albedo * hidden * k.on_walls;
        k.sides = 0.5 * (diffuse + k.up_sides);
        if !cylinder {
            k.sides += ground.beam_sides;
        }
    } else if cylinder {
        let consistent = step.consistent_patches != 0u;
        let facets = step.facets != 0u;
        let obstructed = step.whole_side - sums.side;
        let lit = select(sums.lit_side, sums.opposite_side, consistent && !facets);
        let reflected = step.shaded_radiance * select(obstructed, sums.facets, facets)
            + step.lit_radiance_gain * lit + step.ground_radiance * k.up * obstructed;
        k.side_d = sums.sky_light + select(0.0, transmitted, consistent) * sums.foliage_light;
        k.side = k.side_i + k.side_d + reflected;
        k.sides = 0.5 * k.up_sides;
    } else {
        let sky = planes4(8u, cell, plane);
        var radiance = vec4<f32>(step.shaded_radiance);
        var lit = planes4(24u, cell, plane);
        if step.facets != 0u {
            // Walls before a side look the other way, most of them straight.
            let open = sky / step.whole_sides;
            let seen_open = STRAIGHT * open.zwxy + ASIDE * (open.yzwx + open.wxyz);
            radiance = radiance * seen_open + step.ground_radiance * k.up_sides;
            lit = planes4(28u, cell, plane);
        }
        let reflected = radiance * (step.whole_sides - sky) + step.lit_radiance_gain * lit;
        k.sides = ground.beam_sides + side_sky_light(cell, plane, seen) + reflected + 0.5 * k.up_sides;
    }
    return k;
}

// Longwave on the ground and on the body.
struct Longwave {
    down: f32,
    side: f32,
    sides: vec4<f32>,
    // What the patches in front of each side send it.
    from_patches: vec4<f32>,
}

// Longwave of sky of a weight, and of that weight times the emissivity deficit.
fn from_sky(weight: f32, deficit: f32) -> f32 {
    return step.black * (weight - step.deficit * deficit);
}

// Radiance of foliage and shaded walls: what they emit and what they reflect.
fn obstructed_radiance(sky_down: f32, up: f32, air: OwnAir) -> f32 {
    return step.shaded + (sky_down + up) * step.reflects + air.wall * INVERSE_PI;
}

// R 8.3-8.5.
fn patch_longwave(
    sums: PatchSums,
    ground: Surface,
    cell: u32,
    plane: u32,
    air: OwnAir,
) -> Longwave {
    var l: Longwave;
    let sky_down = from_sky(sums.down, sums.deficit_down);
    let sky_side = from_sky(sums.side, sums.deficit_side);
    let obstructed = obstructed_radiance(sky_down, ground.up, air);
    let lit_gain = step.lit_gain + (air.warm - air.wall) * INVERSE_PI;
    l.down = sky_down + (step.whole_down - sums.down) * obstructed
        + lit_gain * sums.opposite_down;
    l.side = sky_side + (step.whole_side - sums.side) * obstructed
        + lit_gain * sums.opposite_side;
    if step.heated_plane != 0u {
        l.side += bitcast<f32>(dynamic[step.heated_plane * plane + cell]);
        l.down += bitcast<f32>(dynamic[(step.heated_plane + 1u) * plane + cell]);
    }
    l.sides = 0.5 * ground.up_sides;
    if step.cylinder == 0u || step.all_sides != 0u {
        let sky = planes4(8u, cell, plane);
        l.from_patches = step.black * (sky - step.deficit * planes4(12u, cell, plane))
            + (step.whole_sides - sky) * obstructed
            + lit_gain * planes4(24u, cell, plane);
        if step.heated_plane != 0u {
            l.from_patches += planes4(step.heated_plane + 2u, cell, plane);
        }
    }
    if step.cylinder == 0u {
        l.sides += l.from_patches;
    }
    return l;
}

// R 7.6, 7.7.
fn isotropic_longwave(
    seen: Views,
    ground: Surface,
    f_sh: f32,
    day: bool,
    air: OwnAir,
) -> Longwave {
    var l: Longwave;
    let still = step.wall + air.wall;
    var warm = step.wall_warm + air.warm;
    if step.lit_fraction_walls != 0u && day {
        warm = still + (warm - still) * (1.0 - f_sh);
    }
    l.down = (seen.s + seen.sv - 1.0) * step.sky_down
        + (2.0 - seen.sv - seen.sa) * still
        + (seen.sa - seen.s) * warm
        + (2.0 - seen.s - seen.sv) * step.wall_reflects * step.sky_down;
    let consistent = step.consistent_side_longwave != 0u;
    let shaded = 2.0 * f_sh - 1.0;
    var lean = vec4<f32>(1.0);
    if !consistent {
        lean = vec4<f32>(
            lit_lean(seen.s_side.x, shaded),
            lit_lean(seen.s_side.y, shaded),
            lit_lean(seen.s_side.z, shaded),
            lit_lean(seen.s_side.w, shaded),
        );
    }
    let sunny = (step.wall_facing + air.facing) * (1.0 - shaded) * lean + still * shaded;
    let wall = step.facing * sunny + (1.0 - step.facing) * still;
    let view = side_shares(seen);
    let reflect = 1.0 - view.sky;
    l.sides = 0.5 * (view.sky_weight * step.sky_side + wall * view.walls
        + still * (reflect - view.walls) + ground.up_sides
        + (l.down + ground.up_sides) * step.side_reflects * reflect);
    return l;
}

// Mean radiant temperature (R 9).
fn tmrt_of(k: Shortwave, l: Longwave, up: f32) -> f32 {
    var around_k = 0.0;
    var around_l = 0.0;
    if step.cylinder != 0u {
        around_k = step.around;
        around_l = select(0.0, step.around, step.anisotropic != 0u);
    }
    let beam = select(k.side_i, k.side, step.anisotropic != 0u);
    let sides_k = k.sides.x + k.sides.y + k.sides.z + k.sides.w;
    let sides_l = l.sides.x + l.sides.y + l.sides.z + l.sides.w;
    let short = beam * around_k + (k.down + k.up) * step.up + sides_k * step.side;
    let long = l.side * around_l + (l.down + up) * step.up + sides_l * step.side;
    let absorbed = max(step.abs_k * short + step.abs_l * long, 0.0);
    return sqrt(sqrt(absorbed * step.inverse_emission)) - step.kelvin;
}

// What globe and wick absorb (R 14.1). Twin of rust/core/src/{radiation/loads,heat/loads}.rs.
const WICK_TOP: f32 = 0.06889764;
const WICK_SHORTWAVE: f32 = 0.6;
const WICK_LONGWAVE: f32 = 0.95;

fn put_loads(k: Shortwave, l: Longwave, ground: Surface, cell: u32, plane: u32) {
    var sides_k = k.sides;
    if step.cylinder == 0u {
        sides_k -= ground.beam_sides;
    }
    // The patches around a cylinder are not in its sides.
    var around = 0.0;
    if step.cylinder != 0u && step.anisotropic != 0u {
        around = step.upright;
    }
    let kside = 0.25 * dot(sides_k, vec4<f32>(1.0)) + around * (k.side - k.side_i);
    let lside = 0.25 * dot(l.sides, vec4<f32>(1.0)) + around * l.side;
    let beam = step.beam * ground.shadow;
    let short = 0.25 * beam + (k.down - ground.beam.y + k.up + 4.0 * kside) / 6.0;
    put(30u, short + (l.down + ground.up + 4.0 * lside) / 6.0, cell, plane);
    let on_side = kside + INVERSE_PI * ground.beam.z + WICK_TOP * k.down;
    put(31u, WICK_SHORTWAVE * on_side + WICK_LONGWAVE * lside, cell, plane);
}

fn put_all(tmrt: f32, k: Shortwave, l: Longwave, ground: Surface, cell: u32, plane: u32) {
    put(0u, tmrt, cell, plane);
    put(3u, ground.shadow, cell, plane);
    put(4u, k.down, cell, plane);
    put(5u, k.up, cell, plane);
    put(6u, l.down, cell, plane);
    put(7u, ground.up, cell, plane);
    put(8u, k.side, cell, plane);
    put(9u, l.side, cell, plane);
    put(10u, k.side_i, cell, plane);
    put(11u, k.side_d, cell, plane);
    put(12u, k.drad, cell, plane);
    put(13u, k.sides.x, cell, plane);
    put(14u, k.sides.y, cell, plane);
    put(15u, k.sides.z, cell, plane);
    put(16u, k.sides.w, cell, plane);
    put(17u, l.sides.x, cell, plane);
    put(18u, l.sides.y, cell, plane);
    put(19u, l.sides.z, cell, plane);
    put(20u, l.sides.w, cell, plane);
    put(21u, ground.tg, cell, plane);
    put(22u, ground.temperature, cell, plane);
    put(23u, k.f_sh, cell, plane);
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    let about = info[cell];
    if (about & COMPLETE) == 0u {
        for (var field = 0u; field < 40u; field++) {
            put(field, MISSING, cell, plane);
        }
        return;
    }
    let day = step.tables.day != 0u;
    let seen = views_of(cell, plane);
    let sums = patches_of(cell, plane, day);
    let air = air_of(cell, plane);
    let ground = surface_of(about, cell, plane, day, air);
    var k: Shortwave;
    if day {
        k = shortwave_on_ground(seen, sums, ground, cell, plane);
        k = shortwave_on_body(k, seen, sums, ground, cell, plane);
    }
    var l: Longwave;
    if step.anisotropic != 0u {
        l = patch_longwave(sums, ground, cell, plane, air);
    } else {
        l = isotropic_longwave(seen, ground, k.f_sh, day, air);
    }
    let tmrt = tmrt_of(k, l, ground.up);
    explain(tmrt, k, l, seen, sums, ground, cell, plane, air);
    put_loads(k, l, ground, cell, plane);
    // A cylinder receives the patches around it through its side term; as longwave sides they are
    // complete only now.
    if step.anisotropic != 0u && step.cylinder != 0u && step.all_sides != 0u {
        l.sides += l.from_patches;
    }
    put_all(tmrt, k, l, ground, cell, plane);
}
