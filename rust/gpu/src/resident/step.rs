//! The rasters of a step on the device.

use super::planes::{AIR_PLANES, dynamic_planes};
use super::run::DeviceRun;
use crate::device::error::GpuError;
use crate::device::memory::DeviceBuffer;
use crate::shaders::grid::count;

/// Rasters of one step on the device; taken from the pool for every step.
#[derive(Debug)]
pub struct StepBuffers {
    /// As in [`super::planes`].
    pub dynamic: DeviceBuffer,
    /// As in [`super::planes`].
    pub emitted: DeviceBuffer,
    /// As in [`super::planes`].
    pub lit: DeviceBuffer,
    /// As in [`super::planes`].
    pub lup: DeviceBuffer,
    /// As in [`super::planes`].
    pub alb: DeviceBuffer,
    /// Plane of `dynamic` with what comes through canopies; 0 where all are alike.
    pub through_plane: u32,
    /// First of the planes of `dynamic` with what the air of cells has more than the step's; 0 where
    /// it is the step's.
    pub air_plane: u32,
    /// Word of `dynamic` where the numbers of the skies begin; 0 where there is one.
    pub sky_word: u32,
}

impl StepBuffers {
    /// Buffers for a step of a run; `sides`: the box sides are asked for, `attribution`, and walls
    /// with temperatures of their own, `heated`; `air` is given cell by cell; so many numbers of several
    /// `skies`.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn new(
        run: &DeviceRun,
        [sides, attribution, heated, air]: [bool; 4],
        skies: usize,
    ) -> Result<Self, GpuError> {
        let gpu = &run.gpu;
        let n = run.cells;
        let planes = dynamic_planes(sides, attribution, heated);
        let own = run.seen_plane != 0;
        let behind = planes + u64::from(own);
        let all = (behind + if air { AIR_PLANES } else { 0 }) * n;
        let several = skies > 0;
        Ok(Self {
            through_plane: if own { count(planes as usize) } else { 0 },
            air_plane: if air { count(behind as usize) } else { 0 },
            sky_word: if several { count(all as usize) } else { 0 },
            dynamic: gpu.storage("the sums of a step", all + skies as u64)?,
            emitted: gpu.storage("the ground's emission", (2 + u64::from(several)) * n)?,
            lit: gpu.storage("the lit walls", n)?,
            lup: gpu.storage("the upwelling longwave", 5 * n)?,
            alb: gpu.storage("the albedo seen", 5 * n)?,
        })
    }
}
