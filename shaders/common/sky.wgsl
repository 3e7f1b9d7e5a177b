// The sky of a cell (R 15.1). Uses the bindings `step` and `dynamic` of shaders/radiation.wgsl.
// Twin of rust/core/src/radiation/{sky,skies}.rs.

// What a sky sends: that of the step, or what the weather cells around a cell make of theirs (R 15).
struct Sky {
    // The beam for each of the strongest, then as it is.
    beam_ratio: f32,
    beam: f32,
    beam_down: f32,
    total: f32,
    diffuse: f32,
    // What shares of the diffuse light are of; 1 where the patches hold light.
    share_light: f32,
    shaded_radiance: f32,
    lit_radiance_gain: f32,
    sky_down: f32,
    sky_side: f32,
    wall_warm: f32,
    wall_facing: vec4<f32>,
    deficit: f32,
    lit_gain: f32,
    // Excess of the ground in the sun for each of the most.
    warmth: f32,
    wall_excess: f32,
    facing_excess: vec4<f32>,
}

var<private> sky: Sky;

fn sky_of_step() -> Sky {
    return Sky(
        1.0, step.beam, step.beam_down, step.total, step.diffuse, step.share_light,
        step.shaded_radiance, step.lit_radiance_gain, step.sky_down, step.sky_side,
        step.wall_warm, step.wall_facing, step.deficit, step.lit_gain, 1.0, step.wall_excess,
        step.facing_excess,
    );
}

// Four numbers of a sky.
fn numbers(corner: u32, four: u32) -> vec4<f32> {
    let at = step.skies.first + SKY_WORDS * corner + 4u * four;
    return bitcast<vec4<f32>>(
        vec4<u32>(dynamic[at], dynamic[at + 1u], dynamic[at + 2u], dynamic[at + 3u])
    );
}

fn blended(near: Around, four: u32) -> vec4<f32> {
    return blend4(
        numbers(near.corners.x, four),
        numbers(near.corners.y, four),
        numbers(near.corners.z, four),
        numbers(near.corners.w, four),
        near.shares,
    );
}

fn sky_around(row: u32, col: u32) -> Sky {
    let near = around(step.skies, row, col);
    let light = blended(near, 0u);
    let above = blended(near, 1u);
    let patch_sky = blended(near, 3u);
    var own = sky_of_step();
    own.beam_ratio = light.x;
    own.beam = light.x * step.beam;
    own.beam_down = light.x * step.beam_down;
    own.total = light.y;
    own.diffuse = light.z;
    own.shaded_radiance = light.w;
    own.lit_radiance_gain = above.x;
    own.sky_down = above.y;
    own.sky_side = above.z;
    own.wall_warm = above.w;
    own.wall_facing = blended(near, 2u);
    own.deficit = patch_sky.x;
    own.lit_gain = patch_sky.y;
    own.warmth = patch_sky.z;
    own.wall_excess = patch_sky.w;
    own.facing_excess = blended(near, 4u);
    return own;
}
