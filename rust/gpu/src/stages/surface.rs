//! What the ground of a cell is made of, for the kernels that ask.

use crate::resident::run::DeviceRun;
use crate::shaders::uniforms::members;
use solweig_core::radiation::tables::StepTables;

/// Twin of `SurfaceTables` in `shaders/common/surface.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct SurfaceTables {
    classes: [[f32; 4]; 256],
    excess_emission: [f32; 4],
    albedo_raster: u32,
    emissivity_raster: u32,
    day: u32,
    pad: u32,
}

members!(SurfaceTables: classes, excess_emission, albedo_raster,
    emissivity_raster, day, pad);

/// Codes without a class cannot occur; their NaN must not reach a kernel.
fn known(x: f32) -> f32 {
    if x.is_finite() { x } else { 0.0 }
}

impl SurfaceTables {
    /// Tables of a step.
    #[must_use]
    pub fn new(run: &DeviceRun, tables: &StepTables) -> Self {
        let g = &tables.ground;
        Self {
            classes: std::array::from_fn(|code| {
                [
                    known(g.excess[code]),
                    known(g.excess_always[code]),
                    known(g.albedo[code]),
                    known(g.emissivity[code]),
                ]
            }),
            excess_emission: g.excess_emission,
            albedo_raster: u32::from(run.albedo_raster),
            emissivity_raster: u32::from(run.emissivity_raster),
            day: u32::from(tables.day),
            pad: 0,
        }
    }
}
