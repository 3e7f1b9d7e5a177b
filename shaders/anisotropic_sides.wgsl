// Patch sums of the sides E, S, W, N of a box (R 8.4, 8.5): planes 8 to 31 of `dynamic`.
// Twin of `SideTables::sums` in rust/core/src/radiation/anisotropic.rs.

struct Sides {
    grid: Grid,
    words: u32,
    patches: u32,
    vegetation: u32,
    // Those above the horizon.
    suns: u32,
    skies: WeatherGrid,
}

@group(0) @binding(0) var<uniform> step: Sides;
@group(0) @binding(1) var<storage, read> building_mask: array<u32>;
@group(0) @binding(2) var<storage, read> canopy_mask: array<u32>;
@group(0) @binding(3) var<storage, read> behind_mask: array<u32>;
// Of every patch: weights on the sides; sky radiance on them; emissivity deficit; then of every sun:
// weights of a patch opposite it for its share of the step; the same times the incidence of its beam;
// sky view above which a building there is lit. Behind all these, where there are several skies, of
// every sky by patch: radiance on the cylinder, diffuse light, radiance.
@group(0) @binding(4) var<storage, read> patches: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> views: array<f32>;
@group(0) @binding(6) var<storage, read_write> dynamic: array<f32>;

fn store(group: u32, sum: vec4<f32>, cell: u32, plane: u32) {
    let first = (8u + 4u * group) * plane + cell;
    dynamic[first] = sum.x;
    dynamic[first + plane] = sum.y;
    dynamic[first + 2u * plane] = sum.z;
    dynamic[first + 3u * plane] = sum.w;
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    let s = min(views[cell], 1.0);
    let near = around(step.skies, id.y + step.grid.first_row, id.x);
    var sky = vec4<f32>(0.0);
    var deficit = vec4<f32>(0.0);
    var light = vec4<f32>(0.0);
    var foliage = vec4<f32>(0.0);
    var opposite = vec4<f32>(0.0);
    var beam = vec4<f32>(0.0);
    for (var w = 0u; w < step.words; w++) {
        let seen = classes(cell * step.words + w, step.vegetation != 0u);
        let count = min(32u, step.patches - 32u * w);
        for (var i = 0u; i < count; i++) {
            let first = (3u + 3u * step.suns) * (32u * w + i);
            let about = patches[first + 2u];
            let open = bit(seen.sky, i);
            let weight = open * patches[first];
            sky += weight;
            deficit += about.x * weight;
            var sky_light = patches[first + 1u];
            if step.skies.first != 0u && step.suns != 0u {
                sky_light = patch_light(near, step.skies.light + 32u * w + i, step.patches).z * patches[first];
            }
            light += open * sky_light;
            foliage += bit(seen.behind_foliage, i) * sky_light;
            let building = bit(seen.building, i);
            for (var sun = 0u; sun < step.suns; sun++) {
                let wall = first + 3u + 3u * sun;
                let lit = select(0.0, building, patches[wall + 2u].x < s);
                opposite += lit * patches[wall];
                beam += lit * patches[wall + 1u];
            }
        }
    }
    store(0u, sky, cell, plane);
    store(1u, deficit, cell, plane);
    store(2u, light, cell, plane);
    store(3u, foliage, cell, plane);
    store(4u, opposite, cell, plane);
    store(5u, beam, cell, plane);
}
