//! The rasters of a run on the device, packed so that no kernel binds more than eight of them.
//!
//! A *plane* is one f32 (or u32) a cell, row-major over the raster; cell `i` of plane `p` is word
//! `p * cells + i`. Missing values are replaced by [`MISSING`] and the cell loses its `COMPLETE` bit:
//! no NaN enters a kernel, and the host puts NaN back where the bit is missing.
//!
//! | buffer    | planes                                                                       |
//! |-----------|------------------------------------------------------------------------------|
//! | `info`    | bits of [`crate::shaders::grid::info`], land-cover code in bits 8–15         |
//! | `views`   | svf, svf_veg, svf_aveg; patch sky: 5 run-long patch sums (side, down, and both times the deficit; side of the rest by the sky its facets see); isotropic sky: E, S, W, N × (svf, svf_veg, svf_aveg); then, where canopies have their own transmissivity, the mean of those seen |
//! | `masks`   | three buffers, not planes: word `w` of cell `i` at `i * words + w`            |
//! | `surface` | 5 albedo view factors under diffuse light, albedo, emissivity                |
//! | `ground_view` | first building per direction, four directions a word: 5 planes            |
//! | `dynamic` | shadow flags (u32); 7 patch sums of the step; 24 sums of the box sides (sky, deficit, light, light behind foliage, lit opposite buildings, their beam, each E, S, W, N) where asked for; 6 weights of foliage for the attribution; 6 sums of what walls send by how warm they are; then, where canopies have their own transmissivity, that of those before the cell, summed over the suns behind leaves (u32); then, where air is given cell by cell, what it has more than that of the step: temperature, humidity, wind; then, where there are several skies, the numbers of each, not a plane |
//! | `emitted` | emission beyond that at air temperature, albedo × sunlit share, whole numbers (i32); where there are several skies, what lit walls send for each of what the warmest do (f32) |
//! | `lit`     | sunlit walls the ground view sees (u32)                                      |
//! | `lup`, `alb` | ground view: upwelling longwave beyond ground at air temperature, albedo seen; total, E, S, W, N |
//! | `memory`  | delayed Lup (total, E, S, W, N) and ground temperature                       |
//! | `out`     | fields of the step, by slot                                                  |
//! | `counted`, `hours` | running statistics: first 8 planes of [`solweig_core::stats::Statistics::export`], and the rest |

/// Stands for a missing value; never used in a sum because the cell is not complete.
pub const MISSING: f32 = -1.0;
/// Most planes of `dynamic`: flags, 7 sums, 24 sums of the box sides.
const SIDE_PLANES: u64 = 32;
/// First plane of `dynamic` with the weights of foliage, behind all others.
pub const FOLIAGE_PLANE: u32 = SIDE_PLANES as u32;
/// Planes of `dynamic` with these.
const ATTRIBUTION_PLANES: u64 = SIDE_PLANES + solweig_core::radiation::terms::WEIGHTS as u64;
/// First plane of `dynamic` with what walls send by how warm they are, behind all others.
pub const HEATED_PLANE: u32 = ATTRIBUTION_PLANES as u32;
/// Planes of `dynamic` with these.
const HEATED_PLANES: u64 = ATTRIBUTION_PLANES + solweig_core::radiation::terms::WEIGHTS as u64;
/// Planes of `dynamic` without the box sides.
const PLAIN_PLANES: u64 = 8;
/// Planes of `dynamic` with the air of cells.
pub const AIR_PLANES: u64 = 3;
/// Planes of `counted`.
pub const COUNTED_PLANES: usize = 8;
/// Most planes of `out` without points of interest and attribution.
pub const OUT_PLANES: u64 = 16;
/// Planes of `out` that the attribution adds.
pub const TERM_PLANES: u64 = solweig_core::fields::TERMS as u64;
/// Number of fields: planes of `out` where every field is wanted.
pub const FIELD_COUNT: usize = solweig_core::fields::FIELDS.len();
/// Slots of them in a uniform block, four a vector.
pub const SLOTS: usize = FIELD_COUNT.div_ceil(4) * 4;
/// Slot of a field that is not wanted.
pub const NONE: u32 = u32::MAX;

/// Planes of `dynamic`, if the box sides are asked for, the attribution, and walls with temperatures of
/// their own.
#[must_use]
pub fn dynamic_planes(sides: bool, attribution: bool, heated: bool) -> u64 {
    match (sides, attribution, heated) {
        (_, _, true) => HEATED_PLANES,
        (_, true, false) => ATTRIBUTION_PLANES,
        (true, false, false) => SIDE_PLANES,
        (false, false, false) => PLAIN_PLANES,
    }
}
