// What walls send beyond those at air temperature, by how warm they are: six planes of `dynamic`: side,
// down, E, S, W, N. Twin of `HeatedWalls::sums` in rust/core/src/radiation/heated.rs.

struct Heated {
    grid: Grid,
    words: u32,
    patches: u32,
    vegetation: u32,
    // Those above the horizon.
    suns: u32,
    // The first of these planes.
    first: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(0) @binding(0) var<uniform> step: Heated;
@group(0) @binding(1) var<storage, read> building_mask: array<u32>;
@group(0) @binding(2) var<storage, read> canopy_mask: array<u32>;
@group(0) @binding(3) var<storage, read> behind_mask: array<u32>;
// Of every patch what a wall in the shade sends: on side and horizontal; on the sides E, S, W, N. Then
// of every sun what a wall that it lights sends beyond that: on side and horizontal, and the sky view
// above which it is lit; on the sides.
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
    var around = vec2<f32>(0.0);
    var sides = vec4<f32>(0.0);
    for (var w = 0u; w < step.words; w++) {
        let seen = classes(cell * step.words + w, step.vegetation != 0u);
        let count = min(32u, step.patches - 32u * w);
        for (var i = 0u; i < count; i++) {
            if bit(seen.building, i) == 0.0 {
                continue;
            }
            let first = 2u * (1u + step.suns) * (32u * w + i);
            around += patches[first].xy;
            sides += patches[first + 1u];
            for (var sun = 1u; sun <= step.suns; sun++) {
                let wall = patches[first + 2u * sun];
                if wall.z < s {
                    around += wall.xy;
                    sides += patches[first + 2u * sun + 1u];
                }
            }
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
