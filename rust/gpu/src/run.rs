//! The rasters of a run on the device, packed so that no kernel binds more than eight of them.
//!
//! A *plane* is one f32 (or u32) a cell, row-major over the raster; cell `i` of plane `p` is word
//! `p * cells + i`. Missing values are replaced by [`MISSING`] and the cell loses its `COMPLETE` bit:
//! no NaN enters a kernel, and the host puts NaN back where the bit is missing.
//!
//! | buffer    | planes                                                                       |
//! |-----------|------------------------------------------------------------------------------|
//! | `info`    | bits of [`crate::terrain::info`], land-cover code in bits 8–15               |
//! | `views`   | svf, svf_veg, svf_aveg; patch sky: 4 run-long patch sums (side, down, and both times the deficit); isotropic sky: E, S, W, N × (svf, svf_veg, svf_aveg) |
//! | `masks`   | three buffers, not planes: word `w` of cell `i` at `i * words + w`            |
//! | `surface` | 5 albedo view factors under diffuse light, albedo, emissivity                |
//! | `ground_view` | first building per direction, four directions a word: 5 planes            |
//! | `dynamic` | shadow flags (u32); 7 patch sums of the step; 20 sums of the box sides (sky, deficit, light, light behind foliage, lit opposite buildings, each E, S, W, N) where asked for |
//! | `emitted` | emission beyond that at air temperature, albedo × sunlit share               |
//! | `lit`     | sunlit walls the ground view sees (u32)                                      |
//! | `lup`, `alb` | ground view: upwelling longwave beyond ground at air temperature, albedo seen; total, E, S, W, N |
//! | `memory`  | delayed Lup (total, E, S, W, N) and ground temperature                       |
//! | `out`     | fields of the step, by slot                                                  |
//! | `counted`, `hours` | running statistics: first 8 planes of [`solweig_core::stats::Statistics::export`], and the rest |

use crate::device::Gpu;
use crate::error::GpuError;
use crate::gvf::DeviceGroundView;
use crate::job::GridUniform;
use crate::memory::DeviceBuffer;
use crate::shadow::DeviceWalls;
use crate::terrain::{DeviceTerrain, info, terrain_info};
use solweig_core::grid::Window;
use solweig_core::radiation::cells::Cells;
use solweig_core::timestep::Run;
use std::sync::Arc;

/// Stands for a missing value; never used in a sum because the cell is not complete.
pub const MISSING: f32 = -1.0;
/// Most planes of `dynamic`: flags, 7 sums, 20 sums of the box sides.
pub const SIDE_PLANES: u64 = 28;
/// Planes of `dynamic` without the box sides.
pub const PLAIN_PLANES: u64 = 8;
/// Planes of `counted`.
pub const COUNTED_PLANES: usize = 8;

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
    /// See the module.
    pub info: DeviceBuffer,
    /// See the module.
    pub views: DeviceBuffer,
    /// See the module; one word each where there is none.
    pub masks: [DeviceBuffer; 3],
    /// See the module.
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

    /// Upload what stays. The patch sums in `views` are filled by
    /// [`crate::anisotropic::run_sums`].
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
            *bits |= u32::try_from(cells.code(i)).unwrap_or(0) << info::CODE_SHIFT;
        }
        let masks = cells.patches.map(|(m, _)| m);
        let view_planes = if masks.is_some() { 7 } else { 15 };
        let views_buffer = gpu.storage("the sky view factors", view_planes * n)?;
        gpu.write(&views_buffer, 0, bytemuck::cast_slice(&views(cells)))?;
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
    let planes = run.ground_view.albnosh.iter().map(|f| Some(f.as_slice()));
    for (plane, field) in (0..).zip(planes.chain(rasters)) {
        if let Some(field) = field {
            let values: Vec<f32> = finite(field).collect();
            gpu.write(&buffer, 4 * n * plane, bytemuck::cast_slice(&values))?;
        }
    }
    Ok(buffer)
}

/// Rasters of one step on the device; taken from the pool for every step.
#[derive(Debug)]
pub struct StepBuffers {
    /// See the module.
    pub dynamic: DeviceBuffer,
    /// See the module.
    pub emitted: DeviceBuffer,
    /// See the module.
    pub lit: DeviceBuffer,
    /// See the module.
    pub lup: DeviceBuffer,
    /// See the module.
    pub alb: DeviceBuffer,
}

impl StepBuffers {
    /// Buffers for a step of a run; `sides`: the box sides are asked for.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn new(run: &DeviceRun, sides: bool) -> Result<Self, GpuError> {
        let gpu = &run.gpu;
        let n = run.cells;
        let planes = if sides { SIDE_PLANES } else { PLAIN_PLANES };
        Ok(Self {
            dynamic: gpu.storage("the sums of a step", planes * n)?,
            emitted: gpu.storage("the ground's emission", 2 * n)?,
            lit: gpu.storage("the lit walls", n)?,
            lup: gpu.storage("the upwelling longwave", 5 * n)?,
            alb: gpu.storage("the albedo seen", 5 * n)?,
        })
    }
}
