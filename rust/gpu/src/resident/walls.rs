//! The walls of a run on the device.

use crate::device::Gpu;
use crate::device::error::GpuError;
use crate::device::memory::DeviceBuffer;
use crate::shaders::grid::count;
use solweig_core::grid::Window;
use solweig_core::gvf::seen_by_ground;
use solweig_core::walls::{WallCell, faces};

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct WallEntry {
    cell: u32,
    height: f32,
    seen: u32,
    at: u32,
}

/// The walls of a run on the device.
#[derive(Debug)]
pub struct DeviceWalls {
    /// What is known of every wall.
    pub(crate) list: DeviceBuffer,
    aspects: Vec<f32>,
    /// Sun and shade on every wall: four floats each.
    pub shade: DeviceBuffer,
}

impl DeviceWalls {
    /// Upload the walls of a window of a terrain of `cols` columns. `buildings` is 1 on open ground;
    /// without it no ground view is told of them.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn upload(
        gpu: &Gpu,
        walls: &[WallCell],
        (window, cols): (Window, usize),
        buildings: Option<&[u8]>,
    ) -> Result<Self, GpuError> {
        let list: Vec<WallEntry> = walls
            .iter()
            .map(|wall| WallEntry {
                cell: wall.index,
                height: wall.height,
                seen: buildings.map_or(0, |b| seen_by_ground(wall, b)),
                at: {
                    let (row, col) = window.cell(wall.index as usize);
                    count(row * cols + col)
                },
            })
            .collect();
        Ok(Self {
            list: gpu.upload("the walls", &list)?,
            aspects: walls.iter().map(|w| w.aspect_deg).collect(),
            shade: gpu.storage("the walls' shade", 4 * walls.len() as u64)?,
        })
    }

    /// Number of walls.
    #[must_use]
    pub fn len(&self) -> usize {
        self.aspects.len()
    }

    /// Whether there is no wall.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.aspects.is_empty()
    }

    /// One bit a wall: it faces the sun.
    pub(crate) fn facing(&self, azimuth_deg: f64) -> Vec<u32> {
        self.aspects
            .chunks(32)
            .map(|part| {
                (0..)
                    .zip(part)
                    .filter(|(_, a)| faces(**a, azimuth_deg))
                    .fold(0, |bits, (i, _)| bits | 1_u32 << i)
            })
            .collect()
    }
}
