//! Ground view on the device; its geometry stays there for the run.

use crate::device::Gpu;
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::ground_view::DeviceGroundView;
use crate::shaders::grid::{GridUniform, count, info};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::{members, uniform};
use solweig_core::gvf::{self, FiveFields, GroundView, GvfFields, GvfStep, seen_in_light};

const STAGE: &str = "gvf";

uniform! {
    GvfUniform for [Gvf] {
        grid: GridUniform,
        near: u32,
        far: u32,
        suns: u32,
        warmth: u32,
        lup: Shares,
        alb: Shares,
    }
}

/// Twin of `Shares` in `shaders/gvf.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Shares {
    free: [f32; 2],
    met: [f32; 2],
    wall: [f32; 2],
    own: f32,
    pad: f32,
}

members!(Shares: free, met, wall, own, pad);

impl From<gvf::Shares> for Shares {
    fn from(shares: gvf::Shares) -> Self {
        let gvf::Shares {
            free,
            met,
            wall,
            own,
        } = shares;
        Self {
            free,
            met,
            wall,
            own,
            pad: 0.0,
        }
    }
}

/// Rasters a ground view reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct GroundRasters<'a> {
    /// Emission beyond that at air temperature, and albedo times sunlit share, in whole numbers.
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

/// Encode the ground view of a step; `shares` are the weights of the emission and of the albedo, over
/// `suns`; `warmth`: lit walls do not send the same to all.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    view: &'a DeviceGroundView,
    rasters: GroundRasters<'a>,
    shares: [gvf::Shares; 2],
    suns: usize,
    warmth: bool,
) -> Result<(), StageFailure> {
    let uniform = GvfUniform {
        grid: GridUniform::new(view.rows, view.cols),
        near: view.reaches[0],
        far: view.reaches[1],
        suns: count(suns),
        warmth: u32::from(warmth),
        lup: shares[0].into(),
        alb: shares[1].into(),
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
        for ((cell, seen), &suns) in view.walls_seen().zip(step.sunlit) {
            lit[cell as usize] = seen_in_light(seen, suns);
        }
        let emitted = gpu.storage("the ground's emission", 2 * cells)?;
        let [emission, albedo] = rows_of(view, step);
        gpu.write(&emitted, 0, bytemuck::cast_slice(&emission))?;
        gpu.write(&emitted, 4 * cells, bytemuck::cast_slice(&albedo))?;
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
        view.shares(step.units, step.wall, step.suns),
        step.suns,
        false,
    )?;
    job.read(&lup, 0, 5 * cells);
    job.read(&alb, 0, 5 * cells);
    let results = job.finish()?;
    let five = |i: usize| FiveFields::new(results.get::<f32>(i).to_vec());
    Ok(GvfFields {
        lup: five(0),
        alb: five(1),
        sums: None,
    })
}

/// All that is sent, raster by raster.
fn rows_of(view: &GroundView, step: &GvfStep<'_>) -> [Vec<i32>; 2] {
    let grid = view.grid();
    let mut sent = [vec![0; grid.len()], vec![0; grid.len()]];
    let [emission, albedo] = &mut sent;
    let rows = emission
        .chunks_exact_mut(grid.cols)
        .zip(albedo.chunks_exact_mut(grid.cols));
    for (row, (emission, albedo)) in rows.enumerate() {
        step.sent.row(row, 0..grid.cols, [emission, albedo]);
    }
    sent
}
