// Short- and longwave on the ground and on the body, and Tmrt (R 7-9). Uses the bindings of
// shaders/radiation.wgsl. Twin of rust/core/src/radiation/{shortwave,longwave,sides,tmrt}.rs.

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
    k.on_walls = sky.total * (1.0 - k.f_sh) + sky.diffuse * k.f_sh;
    let through = seen.s - (1.0 - seen.sv) * seen.canopy_diffuse;
    k.drad = sky.diffuse * through;
    if step.anisotropic != 0u {
        let transmitted = 1.0 - seen.canopy_diffuse;
        k.drad = sky.share_light * (sums.sky_share + transmitted * sums.foliage_share);
    }
    let from_walls = step.wall_albedo * (1.0 - through) * k.on_walls;
    k.down = ground.beam.y + k.drad + from_walls;
    // The ground under walls sees the isotropic diffuse light even below a patch sky.
    let below = sky.diffuse * through + from_walls;
    k.up = alb[cell] * sky.beam_down + below * surface[cell];
    k.up_sides = vec4<f32>(
        alb[plane + cell],
        alb[2u * plane + cell],
        alb[3u * plane + cell],
        alb[4u * plane + cell],
    ) * sky.beam_down + below * vec4<f32>(
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
        let diffuse = sky.diffuse * (1.0 - hidden) + step.wall_albedo * hidden * k.on_walls;
        k.sides = 0.5 * (diffuse + k.up_sides);
        if !cylinder {
            k.sides += ground.beam_sides;
        }
    } else if cylinder {
        let consistent = step.consistent_patches != 0u;
        let facets = step.facets != 0u;
        let obstructed = step.whole_side - sums.side;
        let lit = select(sums.lit_side, sums.opposite_side, consistent && !facets);
        let reflected = sky.shaded_radiance * select(obstructed, sums.facets, facets)
            + sky.lit_radiance_gain * lit + step.ground_radiance * k.up * obstructed;
        k.side_d = sums.sky_light + select(0.0, transmitted, consistent) * sums.foliage_light;
        k.side = k.side_i + k.side_d + reflected;
        k.sides = 0.5 * k.up_sides;
    } else {
        let open = planes4(8u, cell, plane);
        var radiance = vec4<f32>(sky.shaded_radiance);
        var lit = planes4(24u, cell, plane);
        if step.facets != 0u {
            // Walls before a side look the other way, most of them straight.
            let share = open / step.whole_sides;
            let seen_open = STRAIGHT * share.zwxy + ASIDE * (share.yzwx + share.wxyz);
            radiance = radiance * seen_open + step.ground_radiance * k.up_sides;
            lit = planes4(28u, cell, plane);
        }
        let reflected = radiance * (step.whole_sides - open) + sky.lit_radiance_gain * lit;
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
    return step.black * (weight - sky.deficit * deficit);
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
    let lit_gain = sky.lit_gain + (air.warm - air.wall) * INVERSE_PI;
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
        let open = planes4(8u, cell, plane);
        l.from_patches = step.black * (open - sky.deficit * planes4(12u, cell, plane))
            + (step.whole_sides - open) * obstructed
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
    var warm = sky.wall_warm + air.warm;
    if step.lit_fraction_walls != 0u && day {
        warm = still + (warm - still) * (1.0 - f_sh);
    }
    l.down = (seen.s + seen.sv - 1.0) * sky.sky_down
        + (2.0 - seen.sv - seen.sa) * still
        + (seen.sa - seen.s) * warm
        + (2.0 - seen.s - seen.sv) * step.wall_reflects * sky.sky_down;
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
    let sunny = (sky.wall_facing + air.facing) * (1.0 - shaded) * lean + still * shaded;
    let wall = step.facing * sunny + (1.0 - step.facing) * still;
    let view = side_shares(seen);
    let reflect = 1.0 - view.sky;
    l.sides = 0.5 * (view.sky_weight * sky.sky_side + wall * view.walls
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
