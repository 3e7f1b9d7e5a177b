//! What every kernel reads: the rows it runs over, the bits of a cell, the ground, the steps of a
//! ray. Twins are in `shaders/common/`.

use super::uniforms::members;
use solweig_core::rays::Ray;

/// Rows and columns a kernel runs over; the first member of every kernel's uniform block.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct GridUniform {
    /// Rows of the grid.
    pub rows: u32,
    /// Columns of the grid.
    pub cols: u32,
    /// First row of this dispatch.
    pub first_row: u32,
    /// Rows of this dispatch.
    pub band_rows: u32,
}

members!(GridUniform: rows, cols, first_row, band_rows);

impl GridUniform {
    /// A whole grid; the job fills in the band.
    #[must_use]
    pub fn new(rows: usize, cols: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "rasters have fewer rows")]
        let (rows, cols) = (rows as u32, cols as u32);
        Self {
            rows,
            cols,
            first_row: 0,
            band_rows: rows,
        }
    }
}

/// What every marching kernel reads besides its ray.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct GroundUniform {
    /// Rows of the raster.
    pub rows: u32,
    /// Columns of the raster.
    pub cols: u32,
    /// Highest thing above the datum [m].
    pub highest: f32,
    /// 1 with vegetation, 2 if its canopies have their own transmissivity.
    pub has_vegetation: u32,
}

members!(GroundUniform: rows, cols, highest, has_vegetation);

/// Bits of a cell, as in `shaders/common/grid.wgsl`.
pub mod info {
    /// The cell has a height.
    pub const VALID: u32 = 1;
    /// Foliage blocks it from step 0.
    pub const FROM_START: u32 = 2;
    /// It has no trunk zone.
    pub const TRUNK_ABSENT: u32 = 4;
    /// It is open ground, not a building.
    pub const OPEN_GROUND: u32 = 8;
    /// Every input of the radiation is given.
    pub const COMPLETE: u32 = 16;
    /// Sums over the map count it: it is not in the margin of a tile.
    pub const COUNTED: u32 = 1 << 16;
    /// Position of the land-cover code.
    pub const CODE_SHIFT: u32 = 8;
    /// Position of the transmissivity of the canopy.
    pub const THROUGH_SHIFT: u32 = 17;
}

/// A count of rows, cells or steps for a kernel.
#[must_use]
pub fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The steps of a ray as kernels read them: offsets, height before, height.
pub fn ray_entries(ray: &Ray) -> impl Iterator<Item = [u32; 4]> + '_ {
    (0..ray.len()).map(|k| {
        [
            ray.drow[k].cast_unsigned(),
            ray.dcol[k].cast_unsigned(),
            ray.height[k.saturating_sub(1)].to_bits(),
            ray.height[k].to_bits(),
        ]
    })
}
