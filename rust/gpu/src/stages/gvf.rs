//! Ground view on the device; its geometry stays there for the run.

use crate::device::Gpu;
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::ground_view::DeviceGroundView;
use crate::shaders::grid::{GridUniform, info};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::gvf::{FiveFields, GroundView, GvfFields, GvfStep, seen_by_ground};

const STAGE: &str = "gvf";

uniform! {
    GvfUniform for [Gvf] {
        grid: GridUniform,
        near: u32,
        far: u32,
        wall_emission: f32,
        wall_albedo: f32,
        pad: [u32; 4],
    }
}

/// Rasters a ground view reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct GroundRasters<'a> {
    /// Emission beyond that at air temperature, and albedo times sunlit share.
    pub emitted: &'a DeviceBuffer,
    /// Sunlit walls.
    pub lit: &'a DeviceBuffer,
    /// The cells' bits.
    pub info: &'a DeviceBuffer,
    /// Receives what is seen of the emission: five planes.
    pub lup: &'a DeviceBuffer,
    /// Receives what is seen of the albedo: five planes.
    pub alb: &'a DeviceBuffer,
}

/// Encode the ground view of a step. `wall` is the emission of a sunlit wall beyond that at air
/// temperature, and its albedo.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    view: &'a DeviceGroundView,
    rasters: GroundRasters<'a>,
    wall: [f64; 2],
) -> Result<(), StageFailure> {
    let uniform = GvfUniform {
        grid: GridUniform::new(view.rows, view.cols),
        near: view.reaches[0],
        far: view.reaches[1],
        wall_emission: wall[0] as f32,
        wall_albedo: wall[1] as f32,
        pad: [0; 4],
    };
    let storage = [
        rasters.emitted,
        rasters.lit,
        &view.steps,
        rasters.info,
        &view.offsets,
        rasters.lup,
        rasters.alb,
    ];
    job.dispatch(Kernel::Gvf, &uniform, &storage)
}

/// The ground view of one step on its own.
///
/// # Errors
/// What stands in the way; [`GpuError::Unsupported`] if the reference's sums are asked for, which
/// no step needs.
pub fn evaluate(
    gpu: &Gpu,
    view: &GroundView,
    step: &GvfStep<'_>,
) -> Result<GvfFields, StageFailure> {
    if step.shadow.is_some() {
        let message = "gvfSum and gvfNorm are computed on the CPU only";
        return Err(GpuError::Unsupported(message.to_owned()).in_stage(STAGE));
    }
    let cells = view.grid().len() as u64;
    let prepare = || -> Result<_, GpuError> {
        let bits: Vec<u32> = view
            .buildings()
            .iter()
            .map(|&b| if b == 1 { info::OPEN_GROUND } else { 0 })
            .collect();
        let mut lit = vec![0_u32; bits.len()];
        for (wall, _) in step.walls.iter().zip(step.sunlit).filter(|(_, lit)| **lit) {
            lit[wall.index as usize] = seen_by_ground(wall, view.buildings());
        }
        let emitted = gpu.storage("the ground's emission", 2 * cells)?;
        gpu.write(&emitted, 0, bytemuck::cast_slice(step.emission))?;
        gpu.write(&emitted, 4 * cells, bytemuck::cast_slice(step.lit_albedo))?;
        Ok((
            DeviceGroundView::upload(gpu, view)?,
            emitted,
            gpu.upload("the lit walls", &lit)?,
            gpu.upload("the cells' bits", &bits)?,
            gpu.storage("the upwelling longwave", 5 * cells)?,
            gpu.storage("the albedo seen", 5 * cells)?,
        ))
    };
    let (device, emitted, lit, info, lup, alb) = prepare().map_err(|e| e.in_stage(STAGE))?;
    let rasters = GroundRasters {
        emitted: &emitted,
        lit: &lit,
        info: &info,
        lup: &lup,
        alb: &alb,
    };
    let mut job = Job::new(gpu, STAGE)?;
    encode(
        &mut job,
        &device,
        rasters,
        [step.wall_emission, step.wall_albedo],
    )?;
    job.read(&lup, 0, 5 * cells);
    job.read(&alb, 0, 5 * cells);
    let results = job.finish()?;
    let five = |i: usize| -> FiveFields {
        let mut planes = results.get::<f32>(i).chunks_exact(view.grid().len());
        std::array::from_fn(|_| planes.next().map_or_else(Vec::new, <[f32]>::to_vec))
    };
    Ok(GvfFields {
        lup: five(0),
        alb: five(1),
        sums: None,
    })
}
