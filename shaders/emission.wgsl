// What the ground sends out before it is seen from anywhere (G 7.5).
// Twin of rust/core/src/radiation/surface.rs.

struct Emission {
    grid: Grid,
    tables: SurfaceTables,
}

@group(0) @binding(0) var<uniform> step: Emission;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> surface: array<f32>;
// Plane 0: shadow flags.
@group(0) @binding(3) var<storage, read> dynamic: array<u32>;
// Emission beyond that at air temperature, albedo times sunlit share.
@group(0) @binding(4) var<storage, read_write> emitted: array<f32>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    let about = info[cell];
    if (about & COMPLETE) == 0u {
        emitted[cell] = 0.0;
        emitted[plane + cell] = 0.0;
        return;
    }
    let kind = step.tables.classes[class_of(about)];
    var albedo = kind.z;
    if step.tables.albedo_raster != 0u {
        albedo = surface[ALBEDO_PLANE * plane + cell];
    }
    var emissivity = kind.w;
    if step.tables.emissivity_raster != 0u {
        emissivity = surface[EMISSIVITY_PLANE * plane + cell];
    }
    let flags = dynamic[cell] & LIT;
    let shadow = step.tables.sunlit[flags >> 2u][flags & 3u];
    let excess = kind.y + kind.x * shadow;
    emitted[cell] = emissivity * emission_of(step.tables.excess_emission, excess);
    emitted[plane + cell] = albedo * shadow;
}
