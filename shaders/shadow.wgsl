// Shadow flags of one sun position (G 2, 3) on a window of the raster. Twin of rust/core/src/shadow.rs.

struct Sun {
    grid: Grid,
    ground: Ground,
    steps: u32,
    window_row: u32,
    window_col: u32,
    // What a kind of light counts in the state of a cell; 0: the state is that of the flags.
    digit: u32,
    // Suns went before.
    adds: u32,
    // Plane of `flags` that receives the transmissivity of the canopies before a cell, in units; 0
    // where all canopies are alike. The least of it that the season leaves.
    through_plane: u32,
    least_through: u32,
    pad0: u32,
}

@group(0) @binding(0) var<uniform> sun: Sun;
@group(0) @binding(1) var<storage, read> surface: array<f32>;
@group(0) @binding(2) var<storage, read> vegetation: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> info: array<u32>;
@group(0) @binding(4) var<storage, read> rays: array<vec4<u32>>;
// Plane 0 receives state and flags.
@group(0) @binding(5) var<storage, read_write> flags: array<u32>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= sun.grid.cols || id.y >= sun.grid.band_rows {
        return;
    }
    let wanted = (id.y + sun.grid.first_row) * sun.grid.cols + id.x;
    let row = id.y + sun.grid.first_row + sun.window_row;
    let col = id.x + sun.window_col;
    let about = info[row * sun.ground.cols + col];
    var lit = LIT;
    var through = 0u;
    if (about & VALID) != 0u {
        let from_start = (about & FROM_START) != 0u;
        let hits = march(sun.ground, i32(row), i32(col), from_start, 0u, sun.steps);
        let foliage = (hits & FOLIAGE_HIT) != 0u;
        if (hits & BUILDING_HIT) != 0u {
            lit &= ~(SH | select(0u, VBSHVEGSH, foliage));
        } else if foliage {
            lit &= ~VEGSH;
            through = max(sun.least_through, hits >> HIT_THROUGH);
        }
    }
    // Twin of `digit` in rust/core/src/radiation/light.rs.
    var state = lit;
    if sun.digit != 0u {
        let kind = select(1u, 2u, (lit & VEGSH) != 0u);
        state = select(0u, kind * sun.digit, (lit & SH) != 0u);
    }
    if sun.adds != 0u {
        state += flags[wanted] & STATE;
    }
    flags[wanted] = state | (lit << FLAGS_SHIFT);
    if sun.through_plane != 0u {
        let at = sun.through_plane * sun.grid.rows * sun.grid.cols + wanted;
        if sun.adds != 0u {
            through += flags[at];
        }
        flags[at] = through;
    }
}
