// Sums over the patches of a cell that hold for a whole run (R 8): planes 3 to 7 of `views`.
// Twin of `sky_sums` and `facet_sums` in rust/core/src/radiation/anisotropic.rs.

struct PatchSums {
    grid: Grid,
    words: u32,
    patches: u32,
    vegetation: u32,
    // Those above the horizon.
    suns: u32,
}

@group(0) @binding(0) var<uniform> sums: PatchSums;
@group(0) @binding(1) var<storage, read> building_mask: array<u32>;
@group(0) @binding(2) var<storage, read> canopy_mask: array<u32>;
@group(0) @binding(3) var<storage, read> behind_mask: array<u32>;
// Of every patch: weight on the side and on the horizontal, and both times the emissivity deficit;
// weights on the sides E, S, W, N; side weight divided among the same. Then the last two of the whole
// sky.
@group(0) @binding(4) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> views: array<f32>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= sums.grid.cols || id.y >= sums.grid.band_rows {
        return;
    }
    let cell = (id.y + sums.grid.first_row) * sums.grid.cols + id.x;
    let plane = sums.grid.rows * sums.grid.cols;
    var sum = vec4<f32>(0.0);
    var before = vec4<f32>(0.0);
    var among = vec4<f32>(0.0);
    for (var w = 0u; w < sums.words; w++) {
        let seen = classes(cell * sums.words + w, sums.vegetation != 0u);
        let count = min(32u, sums.patches - 32u * w);
        for (var i = 0u; i < count; i++) {
            let first = 3u * (32u * w + i);
            let open = bit(seen.sky, i);
            sum += open * weights[first];
            before += open * weights[first + 1u];
            among += open * weights[first + 2u];
        }
    }
    // A wall towards a side looks the other way.
    let open = before / weights[3u * sums.patches];
    let walls = max(weights[3u * sums.patches + 1u] - among, vec4<f32>(0.0));
    views[7u * plane + cell] = dot(open.zwxy, walls);
    views[3u * plane + cell] = sum.x;
    views[4u * plane + cell] = sum.y;
    views[5u * plane + cell] = sum.z;
    views[6u * plane + cell] = sum.w;
}
