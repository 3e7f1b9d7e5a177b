//! The terms of the attribution of Tmrt, and what of a step they read besides the other tables (R 9.1).

use super::anisotropic::PatchWeight;
use super::bytes::ByteTable;

/// Weights of foliage: side, down, E, S, W, N.
pub const WEIGHTS: usize = 6;

/// A term of the attribution, in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Term {
    /// Beam.
    Beam,
    /// Diffuse light of the sky.
    Diffuse,
    /// Light from walls, foliage and ground.
    Reflected,
    /// Longwave of the sky.
    Sky,
    /// Longwave of walls.
    Walls,
    /// Longwave of the ground.
    Ground,
    /// Longwave of foliage.
    Vegetation,
    /// Offset of the Celsius scale.
    Offset,
}

/// What the attribution of a step reads besides the other tables.
#[derive(Clone, Debug)]
pub struct AttributionTables {
    /// Weights of patches with foliage, under the patch sky.
    pub foliage: Option<ByteTable<WEIGHTS>>,
    /// What the enclosure sends the body from above, for each unit of the weights in use: of the sides
    /// and the horizontal, or of the patches [sr].
    pub above: f32,
    /// Air temperature [K].
    pub air_kelvin: f32,
    /// What the offset adds [K].
    pub offset: f32,
}

/// Weights of a patch on the side of a cylinder, the horizontal, the sides of a box.
#[must_use]
pub fn foliage_weights(patch: &PatchWeight) -> [f64; WEIGHTS] {
    let [e, s, w, n] = patch.sides;
    [patch.side, patch.down, e, s, w, n]
}

impl AttributionTables {
    /// Of what the enclosure sends from above, air temperature [K] and offset [K]; `weights` are those
    /// of the patch sky.
    #[must_use]
    pub fn new([above, air_kelvin, offset]: [f32; 3], weights: Option<&[PatchWeight]>) -> Self {
        Self {
            foliage: weights.map(|w| ByteTable::new(w.len(), |i| foliage_weights(&w[i]))),
            above,
            air_kelvin,
            offset,
        }
    }
}
