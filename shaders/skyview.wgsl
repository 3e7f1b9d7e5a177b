// Patch visibility: one word of 32 patches for every cell of a window (G 3.2, 5.4).
// Twin of rust/core/src/svf/mod.rs.

struct Sky {
    grid: Grid,
    ground: Ground,
    // Window: its first cell in the raster.
    row0: u32,
    col0: u32,
    // Patches of this word, and words per cell.
    first_patch: u32,
    patches: u32,
    words: u32,
    word: u32,
}

@group(0) @binding(0) var<uniform> sky: Sky;
@group(0) @binding(1) var<storage, read> surface: array<f32>;
@group(0) @binding(2) var<storage, read> vegetation: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> info: array<u32>;
// Entry p < patches of the table: (first step, number of steps, share of the sky) of patch p; then
// the steps (row offset, column offset, height before, height).
@group(0) @binding(4) var<storage, read> rays: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> building_mask: array<u32>;
@group(0) @binding(6) var<storage, read_write> canopy_mask: array<u32>;
@group(0) @binding(7) var<storage, read_write> behind_mask: array<u32>;
// Over the patches behind canopies with their own transmissivity: share times transmissivity, share.
@group(0) @binding(8) var<storage, read_write> seen: array<vec2<u32>>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= sky.grid.cols || id.y >= sky.grid.band_rows {
        return;
    }
    let row = id.y + sky.grid.first_row;
    let cell = row * sky.grid.cols + id.x;
    let r = row + sky.row0;
    let c = id.x + sky.col0;
    let about = info[r * sky.ground.cols + c];
    var open = 0u;
    var no_canopy = 0u;
    var no_behind = 0u;
    var sum = vec2<u32>(0u);
    if (about & VALID) != 0u {
        let from_start = (about & FROM_START) != 0u;
        for (var i = 0u; i < sky.patches; i++) {
            let ray = rays[sky.first_patch + i];
            let hits = march(sky.ground, i32(r), i32(c), from_start, ray.x, ray.y);
            let building = (hits & BUILDING_HIT) != 0u;
            let foliage = (hits & FOLIAGE_HIT) != 0u;
            open |= select(0u, 1u, !building) << i;
            no_canopy |= select(0u, 1u, !foliage || building) << i;
            no_behind |= select(0u, 1u, !(foliage && building)) << i;
            if foliage && !building {
                sum += ray.z * vec2<u32>(hits >> HIT_THROUGH, 1u);
            }
        }
    }
    let at = cell * sky.words + sky.word;
    building_mask[at] = open;
    if sky.ground.has_vegetation != 0u {
        canopy_mask[at] = no_canopy;
        behind_mask[at] = no_behind;
    }
    if sky.ground.has_vegetation == OWN_CANOPIES {
        if sky.word > 0u {
            sum += seen[cell];
        }
        seen[cell] = sum;
    }
}
