// Sums over the cells of a band of rows that are counted, in a fixed order: every thread takes columns
// of its row in turn, then the threads of a workgroup are added pair by pair.

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
    // Lowest and highest Tmrt of the range of UTCI in the air of the step [deg C].
    range: vec2<f32>,
    // First plane of `dynamic` with the air of cells, 0 where it is the step's.
    air_plane: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(0) @binding(0) var<uniform> means: Means;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> out: array<f32>;
@group(0) @binding(3) var<storage, read> dynamic: array<u32>;
// Three sums per row: tmrt, utci, share of the beam, cells of open ground; the same of roofs; cells
// below and above the range on open ground and on roofs.
@group(0) @binding(4) var<storage, read_write> rows: array<vec4<f32>>;

var<workgroup> ground: array<vec4<f32>, 64>;
var<workgroup> roofs: array<vec4<f32>, 64>;
var<workgroup> outside: array<vec4<f32>, 64>;

@compute @workgroup_size(64, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let row = group.y + means.grid.first_row;
    let cols = means.raster_cols;
    let plane = means.grid.rows * cols;
    var on_ground = vec4<f32>(0.0);
    var on_roofs = vec4<f32>(0.0);
    var beyond = vec4<f32>(0.0);
    // The grid of this kernel is one workgroup a row.
    for (var col = local.x; col < cols; col += 64u) {
        let cell = row * cols + col;
        let about = info[cell];
        if (about & COMPLETE) != 0u && (about & COUNTED) != 0u {
            var utci = 0.0;
            if means.has_utci != 0u {
                let value = out[means.utci * plane + cell];
                utci = select(value - means.base, 0.0, value == NO_UTCI);
            }
            let tmrt = out[means.tmrt * plane + cell];
            var range = means.range;
            if means.air_plane != 0u {
                range += bitcast<f32>(dynamic[means.air_plane * plane + cell]);
            }
            let below = select(0.0, 1.0, tmrt < range.x);
            let above = select(0.0, 1.0, tmrt > range.y);
            let shadow = out[means.shadow * plane + cell];
            let sums = vec4<f32>(tmrt - means.base, utci, shadow, 1.0);
            if (about & OPEN_GROUND) != 0u {
                on_ground += sums;
                beyond += vec4<f32>(below, above, 0.0, 0.0);
            } else {
                on_roofs += sums;
                beyond += vec4<f32>(0.0, 0.0, below, above);
            }
        }
    }
    ground[local.x] = on_ground;
    roofs[local.x] = on_roofs;
    outside[local.x] = beyond;
    for (var width = 32u; width > 0u; width /= 2u) {
        workgroupBarrier();
        if local.x < width {
            ground[local.x] += ground[local.x + width];
            roofs[local.x] += roofs[local.x + width];
            outside[local.x] += outside[local.x + width];
        }
    }
    if local.x == 0u {
        rows[3u * row] = ground[0];
        rows[3u * row + 1u] = roofs[0];
        rows[3u * row + 2u] = outside[0];
    }
}
