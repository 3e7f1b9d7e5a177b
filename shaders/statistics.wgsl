// Running statistics of a step (R 9). Twin of rust/core/src/stats.rs.

struct Statistics {
    grid: Grid,
    day: u32,
    // Planes of `out`.
    tmrt: u32,
    utci: u32,
    shadow: u32,
    // Length of the step [h].
    hours: f32,
    // Thresholds of this half of the day, and the plane of `running` of the first.
    thresholds: u32,
    first_plane: u32,
    // 0 where the weather gives no UTCI.
    has_utci: u32,
    limits: array<vec4<f32>, 8>,
}

@group(0) @binding(0) var<uniform> step: Statistics;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> out: array<f32>;
// Per quantity: day sum, night sum, max, min.
@group(0) @binding(3) var<storage, read_write> counted: array<f32>;
// Day and night counts of Tmrt and of UTCI, hours of sun and shade, hours above each threshold.
@group(0) @binding(4) var<storage, read_write> running: array<f32>;

fn count(quantity: u32, value: f32, cell: u32, plane: u32) {
    let first = 4u * quantity * plane + cell;
    let half = select(1u, 0u, step.day != 0u);
    counted[first + half * plane] += value;
    running[(2u * quantity + half) * plane + cell] += 1.0;
    let most = first + 2u * plane;
    counted[most] = max(counted[most], value);
    counted[most + plane] = min(counted[most + plane], value);
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    if (info[cell] & COMPLETE) == 0u {
        return;
    }
    count(0u, out[step.tmrt * plane + cell], cell, plane);
    if step.day != 0u {
        let lit = out[step.shadow * plane + cell];
        running[4u * plane + cell] += lit * step.hours;
        running[5u * plane + cell] += (1.0 - lit) * step.hours;
    }
    if step.has_utci == 0u {
        return;
    }
    let utci = out[step.utci * plane + cell];
    if utci == NO_UTCI {
        return;
    }
    count(1u, utci, cell, plane);
    for (var k = 0u; k < step.thresholds; k++) {
        if utci > step.limits[k / 4u][k % 4u] {
            running[(step.first_plane + k) * plane + cell] += step.hours;
        }
    }
}
