// What the ground of a cell is made of. Uses the bindings `info` and `surface`.

// Properties of a land-cover class: excess in the sun, excess always [K], albedo, emissivity.
struct SurfaceTables {
    classes: array<vec4<f32>, 256>,
    // Emission beyond that at air temperature: x (e0 + x (e1 + x (e2 + x e3))).
    excess_emission: vec4<f32>,
    // The albedo and the emissivity are rasters.
    albedo_raster: u32,
    emissivity_raster: u32,
    // 1 by day.
    day: u32,
    pad: u32,
}

const ALBEDO_PLANE: u32 = 5u;
const EMISSIVITY_PLANE: u32 = 6u;

fn class_of(about: u32) -> u32 {
    return (about >> CODE_SHIFT) & 255u;
}

fn emission_of(e: vec4<f32>, excess: f32) -> f32 {
    return excess * (e.x + excess * (e.y + excess * (e.z + excess * e.w)));
}
