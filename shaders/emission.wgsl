// What the ground sends out before it is seen from anywhere, in whole numbers (G 7.5, 7.9).
// Twin of rust/core/src/radiation/surface.rs.

struct Emission {
    grid: Grid,
    // The albedo and the emissivity are rasters.
    albedo_raster: u32,
    emissivity_raster: u32,
    // States of light there are.
    lights: u32,
    pad: u32,
}

@group(0) @binding(0) var<uniform> step: Emission;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> surface: array<f32>;
// Plane 0: light.
@group(0) @binding(3) var<storage, read> dynamic: array<u32>;
// Units sent by land-cover code and light, without albedo and emissivity where they are
// rasters.
@group(0) @binding(4) var<storage, read> states: array<vec2<f32>>;
// Emission beyond that at air temperature, albedo times sunlit share.
@group(0) @binding(5) var<storage, read_write> emitted: array<i32>;

// The whole number next to a value that is counted in units already.
fn whole(units: f32) -> i32 {
    return i32(round(units));
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    let about = info[cell];
    if (about & COMPLETE) == 0u {
        emitted[cell] = 0;
        emitted[plane + cell] = 0;
        return;
    }
    var sent = states[step.lights * class_of(about) + (dynamic[cell] & STATE)];
    if step.emissivity_raster != 0u {
        sent.x *= surface[EMISSIVITY_PLANE * plane + cell];
    }
    if step.albedo_raster != 0u {
        sent.y *= surface[ALBEDO_PLANE * plane + cell];
    }
    emitted[cell] = whole(sent.x);
    emitted[plane + cell] = whole(sent.y);
}
