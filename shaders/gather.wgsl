// Every field at some cells. The grid has a row per field and a column per point.

struct Gather {
    grid: Grid,
    plane: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(0) @binding(0) var<uniform> gather: Gather;
@group(0) @binding(1) var<storage, read> points: array<u32>;
@group(0) @binding(2) var<storage, read> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> picked: array<f32>;

@compute @workgroup_size(64, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= gather.grid.cols || id.y >= gather.grid.band_rows {
        return;
    }
    let field = id.y + gather.grid.first_row;
    picked[field * gather.grid.cols + id.x] = out[field * gather.plane + points[id.x]];
}
