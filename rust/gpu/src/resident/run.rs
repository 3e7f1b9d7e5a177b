//! The rasters of a run on the device.

use super::ground_view::DeviceGroundView;
use super::planes::MISSING;
use super::terrain::{DeviceTerrain, terrain_info};
use super::walls::DeviceWalls;
use crate::device::Gpu;
use crate::device::error::GpuError;
use crate::device::memory::DeviceBuffer;
use crate::shaders::grid::{GridUniform, count, info};
use solweig_core::grid::Window;
use solweig_core::radiation::cells::Cells;
use solweig_core::radiation::sums::NOT_COUNTED;
use solweig_core::timestep::Run;
use std::sync::Arc;

/// What stays on the device during a run.
#[derive(Debug)]
pub struct DeviceRun {
    /// Number of the run.
    pub id: u64,
    /// Device it lives on.
    pub gpu: Arc<Gpu>,
    /// Heights.
    pub terrain: Arc<DeviceTerrain>,
    /// Where the rasters of the run lie in the terrain.
    pub window: Window,
    /// Walls.
    pub walls: DeviceWalls,
    /// Cells.
    pub cells: u64,
    /// Words of a mask per cell; 0 under the isotropic sky.
    pub words: u64,
    /// The masks of vegetation are there.
    pub vegetation_masks: bool,
    /// As in [`super::planes`].
    pub info: DeviceBuffer,
    /// As in [`super::planes`].
    pub views: DeviceBuffer,
    /// Plane of `views` with the mean transmissivity of the canopies seen; 0 where all are alike.
    pub seen_plane: u32,
    /// As in [`super::planes`]; one word each where there is none.
    pub masks: [DeviceBuffer; 3],
    /// As in [`super::planes`].
    pub surface: DeviceBuffer,
    /// Geometry of the ground view.
    pub ground_view: DeviceGroundView,
    /// Every input of the cell is given: where results are not NaN.
    pub complete: Vec<bool>,
    /// The albedo is a raster, not by land cover.
    pub albedo_raster: bool,
    /// The emissivity is a raster, not by land cover.
    pub emissivity_raster: bool,
}

fn finite(field: &[f32]) -> impl Iterator<Item = f32> + '_ {
    field
        .iter()
        .map(|x| if x.is_finite() { *x } else { MISSING })
}

/// Whether every value the kernels read of a cell is a number.
fn complete_cells(cells: &Cells<'_>) -> Vec<bool> {
    let planes = planes(cells);
    let all = |i: usize| cells.complete(i) && planes.iter().all(|f| f[i].is_finite());
    (0..cells.len()).map(all).collect()
}

/// The sky view factors that are read: those of directions under the isotropic sky only.
fn planes<'a>(cells: &Cells<'a>) -> Vec<&'a [f32]> {
    let mut planes = vec![cells.svf[0], cells.svf[5], cells.svf[10]];
    if cells.patches.is_none() {
        for d in 1..5 {
            planes.extend([cells.svf[d], cells.svf[5 + d], cells.svf[10 + d]]);
        }
    }
    planes
}

fn views(cells: &Cells<'_>) -> Vec<f32> {
    planes(cells).into_iter().flat_map(finite).collect()
}

impl DeviceRun {
    /// The rasters of the run as kernels see them.
    #[must_use]
    pub fn grid(&self) -> GridUniform {
        GridUniform::new(self.window.rows, self.window.cols)
    }

    /// Upload what stays. The patch sums in `views` are left to the stage that forms them.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn upload(
        gpu: &Arc<Gpu>,
        run: &Run<'_>,
        terrain: Arc<DeviceTerrain>,
    ) -> Result<Self, GpuError> {
        let cells = &run.cells;
        let n = cells.len() as u64;
        let complete = complete_cells(cells);
        let mut bits = terrain_info(run.terrain, run.window);
        for (i, bits) in bits.iter_mut().enumerate() {
            if complete[i] {
                *bits |= info::COMPLETE;
            }
            if run.ground_view.buildings()[i] == 1 {
                *bits |= info::OPEN_GROUND;
            }
            if cells.places[i] != NOT_COUNTED {
                *bits |= info::COUNTED;
            }
            *bits |= u32::try_from(cells.code(i)).unwrap_or(0) << info::CODE_SHIFT;
        }
        let masks = cells.patches.map(|(m, _)| m);
        let view_planes = if masks.is_some() { 8 } else { 15 };
        let planes = view_planes + u64::from(cells.seen.is_some());
        let views_buffer = gpu.storage("the sky view factors", planes * n)?;
        gpu.write(&views_buffer, 0, bytemuck::cast_slice(&views(cells)))?;
        if let Some(seen) = cells.seen {
            gpu.write(
                &views_buffer,
                4 * n * view_planes,
                bytemuck::cast_slice(seen),
            )?;
        }
        let none: &[u32] = &[0];
        let vegetation = masks.and_then(|m| m.vegetation);
        let mask = |bits: Option<&[u32]>| gpu.upload("a visibility mask", bits.unwrap_or(none));
        Ok(Self {
            id: run.id,
            gpu: Arc::clone(gpu),
            walls: DeviceWalls::upload(
                gpu,
                run.walls,
                (run.window, run.terrain.grid.cols),
                Some(run.ground_view.buildings()),
            )?,
            terrain,
            window: run.window,
            cells: n,
            words: masks.map_or(0, |m| m.words as u64),
            vegetation_masks: vegetation.is_some(),
            info: gpu.upload("the cells' bits", &bits)?,
            views: views_buffer,
            seen_plane: cells.seen.map_or(0, |_| count(view_planes as usize)),
            masks: [
                mask(masks.map(|m| m.building))?,
                mask(vegetation.map(|(v, _)| v))?,
                mask(vegetation.map(|(_, b)| b))?,
            ],
            surface: surface(gpu, run)?,
            ground_view: DeviceGroundView::upload(gpu, run.ground_view)?,
            albedo_raster: cells.albedo.is_some(),
            emissivity_raster: cells.emissivity.is_some(),
            complete,
        })
    }
}

fn surface(gpu: &Gpu, run: &Run<'_>) -> Result<DeviceBuffer, GpuError> {
    let n = run.cells.len() as u64;
    let buffer = gpu.storage("the surface", 7 * n)?;
    let rasters = [run.cells.albedo, run.cells.emissivity];
    let planes = run.ground_view.albnosh.planes().into_iter().map(Some);
    for (plane, field) in (0..).zip(planes.chain(rasters)) {
        if let Some(field) = field {
            let values: Vec<f32> = finite(field).collect();
            gpu.write(&buffer, 4 * n * plane, bytemuck::cast_slice(&values))?;
        }
    }
    Ok(buffer)
}
