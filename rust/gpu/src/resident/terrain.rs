//! A terrain on the device: surface, vegetation and what is known of every cell.

use crate::device::Gpu;
use crate::device::error::GpuError;
use crate::device::memory::DeviceBuffer;
use crate::shaders::grid::{GroundUniform, count, info};
use solweig_core::grid::Window;
use solweig_core::terrain::Terrain;

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
                if v.from_start[terrain.at(row, col)] {
                    bits |= info::FROM_START;
                }
                if v.trunk_absent[cell] {
                    bits |= info::TRUNK_ABSENT;
                }
                if let Some(own) = &v.transmissivity {
                    bits |= u32::from(own[terrain.at(row, col)]) << info::THROUGH_SHIFT;
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
                has_vegetation: u32::from(terrain.vegetation.is_some())
                    + u32::from(terrain.transmissivity().is_some()),
            },
        })
    }
}
