// Radiation on the ground and on the body, and the mean radiant temperature (R 6-9), with
// common/{sky,cell,fluxes}.wgsl. Twin of rust/core/src/radiation/{mod,work}.rs.

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
    share_light: f32,

    facing_excess: vec4<f32>,

    // Where there are several skies; beam, excess of the ground are then those of the most.
    skies: WeatherGrid,

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
    let beam = sky.beam * ground.shadow;
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
    sky = sky_of_step();
    if step.skies.first != 0u {
        sky = sky_around(id.y + step.grid.first_row, id.x);
    }
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
