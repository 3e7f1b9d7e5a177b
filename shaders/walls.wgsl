// Sun and shade on walls (G 4), and what the ground view sees of them (G 7.3).
// Twin of `shade_wall` in rust/core/src/shadow.rs. The grid is the list of walls, cut into rows.

struct Walls {
    grid: Grid,
    ground: Ground,
    count: u32,
    steps: u32,
    // Number of the sun.
    place: u32,
    pad: u32,
}

struct Wall {
    // Cell of the window.
    cell: u32,
    height: f32,
    // What a wall adds to `lit` that the first sun lights fully.
    seen: u32,
    // Cell of the raster.
    at: u32,
}

@group(0) @binding(0) var<uniform> walls: Walls;
@group(0) @binding(1) var<storage, read> surface: array<f32>;
@group(0) @binding(2) var<storage, read> vegetation: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> list: array<Wall>;
// One bit a wall: it faces the sun.
@group(0) @binding(4) var<storage, read> facing: array<u32>;
@group(0) @binding(5) var<storage, read> rays: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> flags: array<u32>;
// Height shaded by buildings, sunlit height, height shaded by vegetation, 1 if facing.
@group(0) @binding(7) var<storage, read_write> shade: array<vec4<f32>>;
// A plane of the raster: bits of walls that the suns before lit; this one adds its own.
@group(0) @binding(8) var<storage, read_write> lit: array<u32>;

// Height of a layer's shadow surface above a cell, between 0 and `limit`.
fn depth(canopy: bool, cell: u32, limit: f32) -> f32 {
    let rows = i32(walls.ground.rows);
    let cols = i32(walls.ground.cols);
    let row = i32(cell) / cols;
    let col = i32(cell) % cols;
    let here = surface[cell];
    let above = walls.ground.highest - here;
    var found = 0.0;
    for (var k = 0u; k < walls.steps; k++) {
        let step = rays[k];
        let height = bitcast<f32>(step.w);
        // Nothing farther along can rise above what is already there.
        if found >= limit || above - height <= found {
            break;
        }
        let r = row + bitcast<i32>(step.x);
        let c = col + bitcast<i32>(step.y);
        if r < 0 || c < 0 || r >= rows || c >= cols {
            break;
        }
        let at = u32(r * cols + c);
        var there = surface[at];
        if canopy {
            there = vegetation[at].x;
        }
        if there > NOTHING {
            found = max(found, there - here - height);
        }
    }
    return min(found, limit);
}

@compute @workgroup_size(64, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = (id.y + walls.grid.first_row) * walls.grid.cols + id.x;
    if id.x >= walls.grid.cols || id.y >= walls.grid.band_rows || i >= walls.count {
        return;
    }
    let wall = list[i];
    if ((facing[i / 32u] >> (i % 32u)) & 1u) == 0u {
        shade[i] = vec4<f32>(wall.height, 0.0, 0.0, 0.0);
        return;
    }
    let shadows = flags[wall.cell] >> FLAGS_SHIFT;
    var by_building = 0.0;
    if (shadows & SH) == 0u {
        by_building = depth(false, wall.at, wall.height);
    }
    var by_canopy = 0.0;
    if walls.ground.has_vegetation != 0u && (shadows & VEGSH) == 0u {
        by_canopy = min(depth(true, wall.at, wall.height), wall.height - by_building);
    }
    shade[i] = vec4<f32>(by_building, wall.height - by_building - by_canopy, by_canopy, 1.0);
    if by_building == 0.0 && by_canopy == 0.0 {
        lit[wall.cell] |= (wall.seen & ~STANDS) | ((wall.seen & STANDS) >> walls.place);
    }
}
