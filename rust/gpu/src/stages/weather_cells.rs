//! Radiation by weather cells on the device: where they lie, and the numbers of every sky (R 15).

use crate::device::error::GpuError;
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::shaders::grid::count;
use crate::shaders::uniforms::members;
use solweig_core::radiation::anisotropic::PatchWeight;
use solweig_core::radiation::skies::Skies;

/// Twin of `WeatherGrid` in `shaders/common/weather_cells.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct WeatherGridUniform {
    first: u32,
    rows: u32,
    cols: u32,
    light: u32,
    origin: [f32; 2],
    scale: [f32; 2],
}

members!(WeatherGridUniform: first, rows, cols, light, origin, scale);

impl WeatherGridUniform {
    /// One sky.
    pub const NONE: Self = Self {
        first: 0,
        rows: 1,
        cols: 1,
        light: 0,
        origin: [0.0; 2],
        scale: [0.0; 2],
    };

    /// Where the weather cells lie; `light`: where their patches begin in the table of these.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "positions within a raster")]
    pub fn new(skies: Option<&Skies>, buffers: &StepBuffers, light: usize) -> Self {
        let Some(skies) = skies else {
            return Self::NONE;
        };
        let grid = skies.grid();
        // Within this raster, of a cell's number instead of its centre.
        let own = |axis: usize| grid.origin[axis] - grid.first[axis] as f64 - 0.5;
        Self {
            first: buffers.sky_word,
            rows: count(grid.shape[0]),
            cols: count(grid.shape[1]),
            light: count(light),
            origin: [own(0) as f32, own(1) as f32],
            scale: grid.pitch.map(|pitch| (1.0 / pitch) as f32),
        }
    }
}

/// Write the numbers of the skies behind the planes of `dynamic`.
///
/// # Errors
/// What wgpu says.
pub fn upload(run: &DeviceRun, buffers: &StepBuffers, skies: &Skies) -> Result<(), GpuError> {
    let offset = 4 * u64::from(buffers.sky_word);
    run.gpu.write(
        &buffers.dynamic,
        offset,
        bytemuck::cast_slice(skies.numbers()),
    )
}

/// What the patches of every sky send: radiance on the cylinder, diffuse light, radiance.
pub fn patches(skies: &Skies, weights: &[PatchWeight]) -> Vec<[f32; 4]> {
    let all = skies.terms().iter();
    all.flat_map(|(terms, diffuse)| {
        terms.iter().zip(weights).map(move |(t, w)| {
            [t.radiance * w.side, t.share * diffuse, t.radiance, 0.0].map(|x| x as f32)
        })
    })
    .collect()
}
