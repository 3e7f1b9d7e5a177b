// Sums over the complete cells of a band of rows, in a fixed order: every thread takes columns of its
// row in turn, then the threads of a workgroup are added pair by pair.

struct Means {
    grid: Grid,
    // Planes of `out`.
    tmrt: u32,
    utci: u32,
    shadow: u32,
    has_utci: u32,
    // Subtracted before summing, for precision [deg C].
    base: f32,
    raster_cols: u32,
    pad0: u32,
    pad1: u32,
}

@group(0) @binding(0) var<uniform> means: Means;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> out: array<f32>;
// A sum per row: tmrt, utci, share of the beam, cells.
@group(0) @binding(3) var<storage, read_write> rows: array<vec4<f32>>;

var<workgroup> part: array<vec4<f32>, 64>;

@compute @workgroup_size(64, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let row = group.y + means.grid.first_row;
    let cols = means.raster_cols;
    let plane = means.grid.rows * cols;
    var sum = vec4<f32>(0.0);
    // The grid of this kernel is one workgroup a row.
    for (var col = local.x; col < cols; col += 64u) {
        let cell = row * cols + col;
        if (info[cell] & COMPLETE) != 0u {
            var utci = 0.0;
            if means.has_utci != 0u {
                utci = out[means.utci * plane + cell] - means.base;
            }
            let tmrt = out[means.tmrt * plane + cell] - means.base;
            sum += vec4<f32>(tmrt, utci, out[means.shadow * plane + cell], 1.0);
        }
    }
    part[local.x] = sum;
    for (var width = 32u; width > 0u; width /= 2u) {
        workgroupBarrier();
        if local.x < width {
            part[local.x] += part[local.x + width];
        }
    }
    if local.x == 0u {
        rows[row] = part[0];
    }
}
