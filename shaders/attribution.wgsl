// Kelvin of Tmrt by where the radiation comes from (R 9.1). Follows shaders/radiation.wgsl, whose
// kernel calls it. Twin of rust/core/src/radiation/attribution.rs.

const FIRST_TERM: u32 = 32u;
const SIDES: vec4<f32> = vec4<f32>(1.0);

// What the body absorbs [W m-2].
struct Absorbed {
    beam: f32,
    diffuse: f32,
    reflected: f32,
    sky: f32,
    walls: f32,
    vegetation: f32,
}

// Longwave from above on a part of the body by its origin, and the weights of these; what is neither
// sky nor foliage is wall.
struct Long {
    all: f32,
    whole: f32,
    sky: f32,
    sky_weight: f32,
    foliage: f32,
    foliage_weight: f32,
    // What an enclosure at air temperature sends from above for each unit of weight.
    enclosure: f32,
}

// What is neither beam nor the sky's diffuse light is reflected.
fn add_short(sum: Absorbed, factor: f32, all: f32, beam: f32, diffuse: f32) -> Absorbed {
    var a = sum;
    a.beam += factor * beam;
    a.diffuse += factor * diffuse;
    a.reflected += factor * (all - beam - diffuse);
    return a;
}

fn add_long(sum: Absorbed, factor: f32, long: Long) -> Absorbed {
    var a = sum;
    let walls = long.whole - long.sky_weight - long.foliage_weight;
    a.sky += factor * (long.sky - long.enclosure * long.sky_weight);
    a.vegetation += factor * (long.foliage - long.enclosure * long.foliage_weight);
    a.walls += factor * (long.all - long.sky - long.foliage - long.enclosure * walls);
    return a;
}

// All zero at night, as the light is.
fn attributed_shortwave(
    sum: Absorbed,
    k: Shortwave,
    seen: Views,
    ground: Surface,
    cell: u32,
    plane: u32,
) -> Absorbed {
    var a = add_short(sum, step.abs_k * step.up, k.down + k.up, ground.beam.y, k.drad);
    var diffuse = vec4<f32>(0.0);
    var beams = vec4<f32>(0.0);
    if step.cylinder != 0u {
        // Under the isotropic sky only the beam arrives around the cylinder.
        let around = select(k.side_i, k.side, step.anisotropic != 0u);
        a = add_short(a, step.abs_k * step.around, around, k.side_i, k.side_d);
    } else {
        beams = ground.beam_sides;
    }
    if step.anisotropic == 0u {
        diffuse = 0.5 * sky.diffuse * (1.0 - hidden_share(seen));
    } else if step.cylinder == 0u {
        diffuse = side_sky_light(cell, plane, seen);
    }
    return add_short(
        a,
        step.abs_k * step.side,
        dot(k.sides, SIDES),
        dot(beams, SIDES),
        dot(diffuse, SIDES),
    );
}

fn enclosure_of(air: OwnAir) -> f32 {
    return step.enclosure * ((step.air + air.black) / step.air);
}

// R 8.3 to 8.5 by what the patches hold.
fn attributed_patches(
    sum: Absorbed,
    l: Longwave,
    sums: PatchSums,
    up: f32,
    cell: u32,
    plane: u32,
    air: OwnAir,
) -> Absorbed {
    let sky_down = from_sky(sums.down, sums.deficit_down);
    let obstructed = obstructed_radiance(sky_down, up, air);
    var long: Long;
    long.enclosure = enclosure_of(air);
    long.all = l.down;
    long.whole = step.whole_down;
    long.sky = sky_down;
    long.sky_weight = sums.down;
    long.foliage_weight = bitcast<f32>(dynamic[(step.foliage_plane + 1u) * plane + cell]);
    long.foliage = obstructed * long.foliage_weight;
    let a = add_long(sum, step.abs_l * step.up, long);
    if step.cylinder != 0u {
        long.all = l.side;
        long.whole = step.whole_side;
        long.sky = from_sky(sums.side, sums.deficit_side);
        long.sky_weight = sums.side;
        long.foliage_weight = bitcast<f32>(dynamic[step.foliage_plane * plane + cell]);
        long.foliage = obstructed * long.foliage_weight;
        return add_long(a, step.abs_l * step.around, long);
    }
    long.all = dot(l.from_patches, SIDES);
    long.whole = dot(step.whole_sides, SIDES);
    long.sky_weight = dot(planes4(8u, cell, plane), SIDES);
    long.sky = from_sky(long.sky_weight, dot(planes4(12u, cell, plane), SIDES));
    long.foliage_weight = dot(planes4(step.foliage_plane + 2u, cell, plane), SIDES);
    long.foliage = obstructed * long.foliage_weight;
    return add_long(a, step.abs_l * step.side, long);
}

// R 7.6, 7.7 by what is seen.
fn attributed_isotropic(
    sum: Absorbed,
    l: Longwave,
    seen: Views,
    ground: Surface,
    air: OwnAir,
) -> Absorbed {
    var long: Long;
    let wall = step.wall + air.wall;
    long.enclosure = enclosure_of(air);
    long.all = l.down;
    long.whole = 1.0;
    long.sky_weight = seen.s + seen.sv - 1.0;
    long.sky = long.sky_weight * sky.sky_down;
    long.foliage_weight = 2.0 - seen.sv - seen.sa;
    long.foliage = long.foliage_weight * (wall + step.wall_reflects * sky.sky_down);
    let a = add_long(sum, step.abs_l * step.up, long);
    let view = side_shares(seen);
    let foliage = 1.0 - view.sky - view.walls;
    let reflected = (l.down + ground.up_sides) * step.side_reflects;
    long.all = dot(l.sides - 0.5 * ground.up_sides, SIDES);
    long.whole = 2.0;
    long.sky_weight = 0.5 * dot(view.sky, SIDES);
    long.sky = 0.5 * sky.sky_side * dot(view.sky_weight, SIDES);
    long.foliage_weight = 0.5 * dot(foliage, SIDES);
    long.foliage = 0.5 * dot(foliage, wall + reflected);
    return add_long(a, step.abs_l * step.side, long);
}

// The terms of a cell; longwave sides as the body receives them.
fn explain(
    tmrt: f32,
    k: Shortwave,
    l: Longwave,
    seen: Views,
    sums: PatchSums,
    ground: Surface,
    cell: u32,
    plane: u32,
    air: OwnAir,
) {
    var a: Absorbed;
    a = attributed_shortwave(a, k, seen, ground, cell, plane);
    if step.anisotropic != 0u {
        a = attributed_patches(a, l, sums, ground.up, cell, plane, air);
    } else {
        a = attributed_isotropic(a, l, seen, ground, air);
    }
    let black = step.air + air.black;
    let sides = 0.5 * dot(ground.up_sides - black, SIDES);
    let below = step.abs_l * (step.up * (ground.up - black) + step.side * sides);
    let t = tmrt + step.kelvin;
    let ta = step.air_kelvin + air.warmer;
    let kelvin = step.inverse_emission / ((t * t + ta * ta) * (t + ta));
    put(FIRST_TERM, kelvin * a.beam, cell, plane);
    put(FIRST_TERM + 1u, kelvin * a.diffuse, cell, plane);
    put(FIRST_TERM + 2u, kelvin * a.reflected, cell, plane);
    put(FIRST_TERM + 3u, kelvin * a.sky, cell, plane);
    put(FIRST_TERM + 4u, kelvin * a.walls, cell, plane);
    put(FIRST_TERM + 5u, kelvin * below, cell, plane);
    put(FIRST_TERM + 6u, kelvin * a.vegetation, cell, plane);
    put(FIRST_TERM + 7u, step.offset, cell, plane);
}
