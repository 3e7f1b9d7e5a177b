//! A terrain on the device: surface, vegetation and what is known of every cell.

use crate::device::Gpu;
use crate::error::GpuError;
use crate::memory::DeviceBuffer;
use solweig_core::grid::Window;
use solweig_core::rays::Ray;
use solweig_core::terrain::Terrain;

/// Bits of `info`, as in `shaders/common/grid.wgsl`.
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
    /// Position of the land-cover code.
    pub const CODE_SHIFT: u32 = 8;
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
    /// 1 with vegetation.
    pub has_vegetation: u32,
}

crate::uniforms::members!(GroundUniform: rows, cols, highest, has_vegetation);

/// A terrain on the device. One plane of f32 heights, one of (canopy top, underside) pairs and one
/// of bit sets: 16 bytes a cell, 8 without vegetation.
#[derive(Debug)]
pub struct DeviceTerrain {
    /// Surface heights above the datum.
    pub surface: DeviceBuffer,
    /// Canopy top and underside; a single pair without vegetation.
    pub vegetation: DeviceBuffer,
    /// Bits of [`info`].
    pub info: DeviceBuffer,
    /// Shape and highest thing.
    pub ground: GroundUniform,
}

/// The bits of every cell of a window that follow from the terrain.
#[must_use]
pub fn terrain_info(terrain: &Terrain, window: Window) -> Vec<u32> {
    let bits = |(row, col): (usize, usize)| {
        let cell = row * terrain.grid.cols + col;
        let mut bits = if terrain.valid[cell] { info::VALID } else { 0 };
        match &terrain.vegetation {
            None => bits |= info::TRUNK_ABSENT,
            Some(v) => {
                if v.from_start[terrain.at(row, col)] != 0 {
                    bits |= info::FROM_START;
                }
                if v.trunk_absent[cell] {
                    bits |= info::TRUNK_ABSENT;
                }
            }
        }
        bits
    };
    (0..window.len()).map(|i| bits(window.cell(i))).collect()
}

impl DeviceTerrain {
    /// Bytes of its largest buffer for a raster of `cells`.
    #[must_use]
    pub fn largest_buffer(cells: u64, vegetation: bool) -> u64 {
        cells * if vegetation { 8 } else { 4 }
    }

    /// Upload a terrain.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn upload(gpu: &Gpu, terrain: &Terrain) -> Result<Self, GpuError> {
        let (rows, cols) = (terrain.grid.rows, terrain.grid.cols);
        gpu.check_binding(
            "a plane of the terrain",
            Self::largest_buffer((rows * cols) as u64, terrain.vegetation.is_some()),
        )?;
        let unpadded = |layer: &[f32]| -> Vec<f32> {
            (0..rows)
                .flat_map(|r| {
                    layer[terrain.at(r, 0)..terrain.at(r, 0) + cols]
                        .iter()
                        .copied()
                })
                .collect()
        };
        let surface = unpadded(&terrain.surface.heights);
        let vegetation: Vec<[f32; 2]> = match &terrain.vegetation {
            None => vec![[0.0; 2]],
            Some(v) => unpadded(&v.canopy.heights)
                .into_iter()
                .zip(unpadded(&v.trunk))
                .map(|(top, under)| [top, under])
                .collect(),
        };
        Ok(Self {
            surface: gpu.upload("the surface", &surface)?,
            vegetation: gpu.upload("the vegetation", &vegetation)?,
            info: gpu.upload(
                "the cells' bits",
                &terrain_info(terrain, Window::whole(terrain.grid)),
            )?,
            ground: GroundUniform {
                rows: count(rows),
                cols: count(cols),
                highest: terrain.highest(),
                has_vegetation: u32::from(terrain.vegetation.is_some()),
            },
        })
    }
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
