//! The geometry of a ground view on the device.

use crate::device::Gpu;
use crate::device::error::GpuError;
use crate::device::memory::DeviceBuffer;
use crate::shaders::grid::count;
use solweig_core::gvf::GroundView;

/// Geometry of a ground view on the device.
#[derive(Debug)]
pub struct DeviceGroundView {
    /// First building per direction: five planes.
    pub(crate) steps: DeviceBuffer,
    /// Offsets of every step of every direction.
    pub(crate) offsets: DeviceBuffer,
    /// Steps of the near and of the far ground.
    pub(crate) reaches: [u32; 2],
    /// Rows of the raster.
    pub(crate) rows: usize,
    /// Columns of the raster.
    pub(crate) cols: usize,
}

impl DeviceGroundView {
    /// Upload the geometry.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn upload(gpu: &Gpu, view: &GroundView) -> Result<Self, GpuError> {
        let offsets: Vec<[i32; 2]> = view
            .offsets()
            .iter()
            .flatten()
            .map(|&(drow, dcol)| [drow, dcol])
            .collect();
        Ok(Self {
            steps: gpu.upload("the ground view", &view.packed_steps())?,
            offsets: gpu.upload("the ground view's offsets", &offsets)?,
            reaches: view.reaches().map(count),
            rows: view.grid().rows,
            cols: view.grid().cols,
        })
    }
}
