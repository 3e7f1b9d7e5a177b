// Sums over the patches of a daytime step (R 8.2-8.4): planes 1 to 7 of `dynamic`.
// Twin of `PatchStep::sums` in rust/core/src/radiation/anisotropic.rs.

struct Anisotropic {
    grid: Grid,
    words: u32,
    patches: u32,
    vegetation: u32,
    // Those above the horizon.
    suns: u32,
    skies: WeatherGrid,
}

@group(0) @binding(0) var<uniform> step: Anisotropic;
@group(0) @binding(1) var<storage, read> building_mask: array<u32>;
@group(0) @binding(2) var<storage, read> canopy_mask: array<u32>;
@group(0) @binding(3) var<storage, read> behind_mask: array<u32>;
// Of every patch: sky radiance on the cylinder, share of the diffuse light; then of every sun for its
// share of the step: weight on the side, sky view above which a building there is lit; the weights on
// side and horizontal of a patch opposite the sun. Behind all these, where there are several skies, of
// every sky by patch: radiance on the cylinder, diffuse light, radiance.
@group(0) @binding(4) var<storage, read> patches: array<vec4<f32>>;
// Plane 0: building sky view.
@group(0) @binding(5) var<storage, read> views: array<f32>;
@group(0) @binding(6) var<storage, read_write> dynamic: array<f32>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    let s = min(views[cell], 1.0);
    let near = around(step.skies, id.y + step.grid.first_row, id.x);
    var sky = vec2<f32>(0.0);
    var foliage = vec2<f32>(0.0);
    var lit_side = 0.0;
    var opposite = vec2<f32>(0.0);
    for (var w = 0u; w < step.words; w++) {
        let seen = classes(cell * step.words + w, step.vegetation != 0u);
        let count = min(32u, step.patches - 32u * w);
        for (var i = 0u; i < count; i++) {
            let first = (1u + step.suns) * (32u * w + i);
            var light = patches[first];
            if step.skies.first != 0u {
                light = patch_light(near, step.skies.light + 32u * w + i, step.patches);
            }
            sky += bit(seen.sky, i) * light.xy;
            foliage += bit(seen.behind_foliage, i) * light.xy;
            if bit(seen.building, i) == 0.0 {
                continue;
            }
            for (var sun = 1u; sun <= step.suns; sun++) {
                let wall = patches[first + sun];
                if wall.y < s {
                    lit_side += wall.x;
                    opposite += wall.zw;
                }
            }
        }
    }
    dynamic[plane + cell] = sky.x;
    dynamic[2u * plane + cell] = sky.y;
    dynamic[3u * plane + cell] = foliage.x;
    dynamic[4u * plane + cell] = foliage.y;
    dynamic[5u * plane + cell] = lit_side;
    dynamic[6u * plane + cell] = opposite.x;
    dynamic[7u * plane + cell] = opposite.y;
}
