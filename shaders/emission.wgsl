// What the ground sends out before it is seen from anywhere, in whole numbers (G 7.5, 7.9).
// Twin of rust/core/src/radiation/surface.rs.

struct Emission {
    grid: Grid,
    tables: SurfaceTables,
    // States of light there are.
    lights: u32,
    // Suns of the step.
    suns: u32,
    // Units in a W m-2 of emission, and in an albedo of 1.
    units: vec2<f32>,
    // Plane of `dynamic` with the transmissivity of the canopies before a cell, summed over the suns
    // behind leaves; 0 where all canopies are alike.
    through_plane: u32,
    // Where `states` has, by light, the share of the beam that arrives without leaves, and what of
    // it leaves would add if they let all through.
    first_light: u32,
    // 1 where light alone has entries in `states`, and the leaves in it.
    by_light: u32,
    leaves: u32,
    skies: WeatherGrid,
}

@group(0) @binding(0) var<uniform> step: Emission;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> surface: array<f32>;
// Plane 0: light; and one that the uniform names.
@group(0) @binding(3) var<storage, read> dynamic: array<u32>;
// Units sent by land-cover code and light, without albedo and emissivity where they are
// rasters.
@group(0) @binding(4) var<storage, read> states: array<vec2<f32>>;
// Emission beyond that at air temperature, albedo times sunlit share; where there are several skies,
// what lit walls send for each of what the warmest do (f32).
@group(0) @binding(5) var<storage, read_write> emitted: array<i32>;

// The whole number next to a value that is counted in units already.
fn whole(units: f32) -> i32 {
    return i32(round(units));
}

// What ground of a class sends where a share of the beam arrives, as `states` has it; `warmth` is what
// the sky makes of its excess in the sun.
fn sent_by(code: u32, share: f32, warmth: f32) -> vec2<f32> {
    let kind = step.tables.classes[code];
    let black = emission_of(step.tables.excess_emission, kind.y + warmth * kind.x * share);
    let albedo = select(kind.z, 1.0, step.tables.albedo_raster != 0u);
    let emissivity = select(kind.w, 1.0, step.tables.emissivity_raster != 0u);
    return vec2<f32>(emissivity * black, albedo * share) * step.units;
}

// What a sky makes of the ground's excess in the sun, and of what lit walls send.
fn warmth_of(corner: u32) -> vec4<f32> {
    let at = step.skies.first + SKY_WORDS * corner;
    let numbers = vec2<u32>(dynamic[at + 14u], dynamic[at + 20u]);
    return vec4<f32>(bitcast<vec2<f32>>(numbers), 0.0, 0.0);
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
        if step.skies.first != 0u {
            emitted[2u * plane + cell] = 0;
        }
        return;
    }
    let code = class_of(about);
    let light = dynamic[cell] & STATE;
    var sent = states[step.lights * code + light];
    if step.by_light != 0u {
        var share = states[step.first_light + light];
        let behind = step.leaves != 0u && share.y != 0.0;
        if behind {
            let units = f32(dynamic[step.through_plane * plane + cell]);
            share.x += units / f32(UNITS * step.suns);
        }
        if step.skies.first != 0u {
            let near = around(step.skies, id.y + step.grid.first_row, id.x);
            let warmth = blend4(
                warmth_of(near.corners.x),
                warmth_of(near.corners.y),
                warmth_of(near.corners.z),
                warmth_of(near.corners.w),
                near.shares,
            );
            sent = sent_by(code, share.x, warmth.x);
            emitted[2u * plane + cell] = bitcast<i32>(warmth.y);
        } else if behind {
            sent = sent_by(code, share.x, 1.0);
        }
    }
    if step.tables.emissivity_raster != 0u {
        sent.x *= surface[EMISSIVITY_PLANE * plane + cell];
    }
    if step.tables.albedo_raster != 0u {
        sent.y *= surface[ALBEDO_PLANE * plane + cell];
    }
    emitted[cell] = whole(sent.x);
    emitted[plane + cell] = whole(sent.y);
}
