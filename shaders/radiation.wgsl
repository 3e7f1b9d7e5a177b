// Radiation on the ground and on the body, and the mean radiant temperature (R 6-9).
// Twin of rust/core/src/radiation/{work,shortwave,longwave,sides}.rs and tmrt.rs.

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
    pad0: u32,

    // Thermal delay: no memory yet, the result becomes the memory, weight of the memory.
    delay_first: u32,
    delay_renew: u32,
    delay_weight: f32,
    // Black-body flux at air temperature, and that temperature [deg C].
    air: f32,
    ta: f32,
    beam_down: f32,
    beam_side: f32,
    total: f32,
    diffuse: f32,
    inverse_tan_zenith: f32,
    canopy_diffuse: f32,
    canopy_beam: f32,
    wall_albedo: f32,
    shaded_radiance: f32,
    lit_radiance_gain: f32,
    pad1: u32,
    box_beam: vec4<f32>,

    // Isotropic longwave.
    sky_down: f32,
    sky_side: f32,
    wall: f32,
    wall_warm: f32,
    facing: vec4<u32>,
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
    pad2: u32,

    // Plane of `out` of every field, NONE where it is not wanted.
    slots: array<vec4<u32>, 6>,
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

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    let about = info[cell];
    if (about & COMPLETE) == 0u {
        for (var field = 0u; field < 24u; field++) {
            put(field, MISSING, cell, plane);
        }
        return;
    }
    let day = step.tables.day != 0u;
    let anisotropic = step.anisotropic != 0u;
    let cylinder = step.cylinder != 0u;
    let s = views[cell];
    let sv = views[plane + cell];
    let sa = views[2u * plane + cell];

    // The ground (R 6).
    let kind = step.tables.classes[class_of(about)];
    var emissivity = kind.w;
    if step.tables.emissivity_raster != 0u {
        emissivity = surface[EMISSIVITY_PLANE * plane + cell];
    }
    var shadow = 0.0;
    if day {
        let flags = dynamic[cell] & LIT;
        shadow = step.tables.sunlit[flags >> 2u][flags & 3u];
    }
    let excess = kind.y + kind.x * shadow;
    var up = 0.0;
    var up_sides = vec4<f32>(0.0);
    var ground = step.ta + excess;
    if day {
        let own = emissivity * step.air;
        up = delayed(lup[cell] + own, 0u, cell, plane);
        up_sides = vec4<f32>(
            delayed(lup[plane + cell] + own, 1u, cell, plane),
            delayed(lup[2u * plane + cell] + own, 2u, cell, plane),
            delayed(lup[3u * plane + cell] + own, 3u, cell, plane),
            delayed(lup[4u * plane + cell] + own, 4u, cell, plane),
        );
        ground = delayed(ground, 5u, cell, plane);
    } else {
        up = emissivity * (step.air + emission_of(step.tables.excess_emission, excess));
        up_sides = vec4<f32>(up);
    }

    // Sums over patches (R 8).
    var sky_light = 0.0;
    var sky_share = 0.0;
    var foliage_light = 0.0;
    var foliage_share = 0.0;
    var lit_side = 0.0;
    var opposite_side = 0.0;
    var opposite_down = 0.0;
    var patch_side = 0.0;
    var patch_down = 0.0;
    var deficit_side = 0.0;
    var deficit_down = 0.0;
    if anisotropic {
        patch_side = views[3u * plane + cell];
        patch_down = views[4u * plane + cell];
        deficit_side = views[5u * plane + cell];
        deficit_down = views[6u * plane + cell];
        if day {
            let low = planes4(1u, cell, plane);
            sky_light = low.x;
            sky_share = low.y;
            foliage_light = low.z;
            foliage_share = low.w;
            lit_side = bitcast<f32>(dynamic[5u * plane + cell]);
            opposite_side = bitcast<f32>(dynamic[6u * plane + cell]);
            opposite_down = bitcast<f32>(dynamic[7u * plane + cell]);
        }
    }
    var s_side = vec4<f32>(0.0);
    var sv_side = vec4<f32>(0.0);
    var sa_side = vec4<f32>(0.0);
    if !anisotropic {
        s_side = side_views(0u, cell, plane);
        sv_side = side_views(1u, cell, plane);
        sa_side = side_views(2u, cell, plane);
    }

    // Shortwave (R 7.3-7.5, 8.4, 8.5).
    var f_sh = 0.0;
    var drad = 0.0;
    var kdown = 0.0;
    var kup = 0.0;
    var kup_sides = vec4<f32>(0.0);
    var kside_i = 0.0;
    var kside_d = 0.0;
    var kside = 0.0;
    var k = vec4<f32>(0.0);
    if day {
        f_sh = shaded_fraction(s + sv - 1.0, step.inverse_tan_zenith, step.exact_wedge != 0u);
        let on_walls = step.total * (1.0 - f_sh) + step.diffuse * f_sh;
        let through = s - (1.0 - sv) * step.canopy_diffuse;
        let transmitted = 1.0 - step.canopy_diffuse;
        drad = step.diffuse * through;
        if anisotropic {
            drad = step.diffuse * (sky_share + transmitted * foliage_share);
        }
        let from_walls = step.wall_albedo * (1.0 - through) * on_walls;
        kdown = step.beam_down * shadow + drad + from_walls;
        // The ground under walls sees the isotropic diffuse light even below a patch sky.
        let below = step.diffuse * through + from_walls;
        kup = alb[cell] * step.beam_down + below * surface[cell];
        kup_sides = vec4<f32>(
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
        if cylinder {
            kside_i = step.beam_side * shadow;
        }
        if !anisotropic {
            let ws = side_weights(s_side);
            let wb = side_weights(s_side + sv_side - 1.0);
            let hidden = 1.0 - ws + step.canopy_beam * (ws - wb);
            let light = step.diffuse * (1.0 - hidden) + step.wall_albedo * hidden * on_walls;
            k = 0.5 * (light + kup_sides);
            if !cylinder {
                k += step.box_beam * shadow;
            }
        } else if cylinder {
            let consistent = step.consistent_patches != 0u;
            let sky = sky_light + select(0.0, transmitted, consistent) * foliage_light;
            let obstructed = step.whole_side - patch_side;
            let lit = select(lit_side, opposite_side, consistent);
            let reflected = step.shaded_radiance * obstructed + step.lit_radiance_gain * lit;
            kside_d = sky;
            kside = kside_i + sky + reflected;
            k = 0.5 * kup_sides;
        } else {
            let sky = planes4(8u, cell, plane);
            let light = planes4(16u, cell, plane) + transmitted * planes4(20u, cell, plane);
            let reflected = step.shaded_radiance * (step.whole_sides - sky)
                + step.lit_radiance_gain * planes4(24u, cell, plane);
            k = step.box_beam * shadow + light + reflected + 0.5 * kup_sides;
        }
    }

    // Longwave (R 7.6, 7.7, 8.3-8.5).
    var ldown = 0.0;
    var lside = 0.0;
    var l = vec4<f32>(0.0);
    var from_patches = vec4<f32>(0.0);
    if anisotropic {
        let sky_down = step.black * (patch_down - step.deficit * deficit_down);
        let sky_side = step.black * (patch_side - step.deficit * deficit_side);
        let obstructed = step.shaded + (sky_down + up) * step.reflects;
        ldown = sky_down + (step.whole_down - patch_down) * obstructed
            + step.lit_gain * opposite_down;
        lside = sky_side + (step.whole_side - patch_side) * obstructed
            + step.lit_gain * opposite_side;
        l = 0.5 * up_sides;
        if !cylinder || step.all_sides != 0u {
            let sky = planes4(8u, cell, plane);
            from_patches = step.black * (sky - step.deficit * planes4(12u, cell, plane))
                + (step.whole_sides - sky) * obstructed
                + step.lit_gain * planes4(24u, cell, plane);
        }
        if !cylinder {
            l += from_patches;
        }
    } else {
        var warm = step.wall_warm;
        if step.lit_fraction_walls != 0u && day {
            warm = step.wall + (step.wall_warm - step.wall) * (1.0 - f_sh);
        }
        ldown = (s + sv - 1.0) * step.sky_down + (2.0 - sv - sa) * step.wall + (sa - s) * warm
            + (2.0 - s - sv) * step.wall_reflects * step.sky_down;
        let consistent = step.consistent_side_longwave != 0u;
        let shaded = 2.0 * f_sh - 1.0;
        var lean = vec4<f32>(1.0);
        if !consistent {
            lean = vec4<f32>(
                lit_lean(s_side.x, shaded),
                lit_lean(s_side.y, shaded),
                lit_lean(s_side.z, shaded),
                lit_lean(s_side.w, shaded),
            );
        }
        let sunny = step.wall_facing * (1.0 - shaded) * lean + step.wall * shaded;
        let wall = select(vec4<f32>(step.wall), sunny, step.facing != vec4<u32>(0u));
        let open = s_side + sv_side - 1.0;
        let ws = side_weights(s_side);
        let wb = side_weights(open);
        let wall_weight = side_weights(sa_side) - ws;
        let reflect = 1.0 - wb;
        let sky = select(open * wb, wb, consistent);
        l = 0.5 * (sky * step.sky_side + wall * wall_weight + step.wall * (reflect - wall_weight)
            + up_sides + (ldown + up_sides) * step.wall_reflects * reflect);
    }

    // The body (R 9).
    var around_k = 0.0;
    var around_l = 0.0;
    if cylinder {
        around_k = step.around;
        around_l = select(0.0, step.around, anisotropic);
    }
    let beam = select(kside_i, kside, anisotropic);
    let sides_k = k.x + k.y + k.z + k.w;
    let sides_l = l.x + l.y + l.z + l.w;
    let short = beam * around_k + (kdown + kup) * step.up + sides_k * step.side;
    let long = lside * around_l + (ldown + up) * step.up + sides_l * step.side;
    let absorbed = max(step.abs_k * short + step.abs_l * long, 0.0);
    let tmrt = sqrt(sqrt(absorbed * step.inverse_emission)) - step.kelvin;

    if anisotropic && cylinder && step.all_sides != 0u {
        l += from_patches;
    }
    put(0u, tmrt, cell, plane);
    put(3u, shadow, cell, plane);
    put(4u, kdown, cell, plane);
    put(5u, kup, cell, plane);
    put(6u, ldown, cell, plane);
    put(7u, up, cell, plane);
    put(8u, kside, cell, plane);
    put(9u, lside, cell, plane);
    put(10u, kside_i, cell, plane);
    put(11u, kside_d, cell, plane);
    put(12u, drad, cell, plane);
    put(13u, k.x, cell, plane);
    put(14u, k.y, cell, plane);
    put(15u, k.z, cell, plane);
    put(16u, k.w, cell, plane);
    put(17u, l.x, cell, plane);
    put(18u, l.y, cell, plane);
    put(19u, l.z, cell, plane);
    put(20u, l.w, cell, plane);
    put(21u, kind.x + kind.y, cell, plane);
    put(22u, ground, cell, plane);
    put(23u, f_sh, cell, plane);
}
