// What patches send under the skies around a cell (R 15). Uses the binding `patches`, whose rows are
// those of `patches` in rust/gpu/src/stages/weather_cells.rs from `first` on, a sky after the other.

// Radiance on the cylinder, diffuse light, radiance.
fn patch_light(near: Around, first: u32, count: u32) -> vec4<f32> {
    let at = near.corners * count + first;
    return blend4(patches[at.x], patches[at.y], patches[at.z], patches[at.w], near.shares);
}
