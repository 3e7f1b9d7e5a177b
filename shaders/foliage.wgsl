// Weights of the patches with foliage before anything else: six planes of `dynamic`, for the
// attribution: side, down, E, S, W, N. Twin of `Attribution::load` in rust/core/src/radiation/attribution.rs.

struct Foliage {
    grid: Grid,
    words: u32,
    patches: u32,
    vegetation: u32,
    // The first of these planes.
    first: u32,
}

@group(0) @binding(0) var<uniform> step: Foliage;
@group(0) @binding(1) var<storage, read> building_mask: array<u32>;
@group(0) @binding(2) var<storage, read> canopy_mask: array<u32>;
@group(0) @binding(3) var<storage, read> behind_mask: array<u32>;
// Of every patch: weights on side and horizontal; on the sides E, S, W, N.
@group(0) @binding(4) var<storage, read> patches: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> dynamic: array<f32>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    var around = vec2<f32>(0.0);
    var sides = vec4<f32>(0.0);
    for (var w = 0u; w < step.words; w++) {
        let seen = classes(cell * step.words + w, step.vegetation != 0u);
        let foliage = ~(seen.sky | seen.building);
        let count = min(32u, step.patches - 32u * w);
        for (var i = 0u; i < count; i++) {
            let first = 2u * (32u * w + i);
            around += bit(foliage, i) * patches[first].xy;
            sides += bit(foliage, i) * patches[first + 1u];
        }
    }
    let at = step.first * plane + cell;
    dynamic[at] = around.x;
    dynamic[at + plane] = around.y;
    dynamic[at + 2u * plane] = sides.x;
    dynamic[at + 3u * plane] = sides.y;
    dynamic[at + 4u * plane] = sides.z;
    dynamic[at + 5u * plane] = sides.w;
}
