//! Radiation by weather cells on the device: where they lie, and the numbers of every sky (R 15).

use crate::device::error::GpuError;
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::shaders::grid::count;
use crate::shaders::uniforms::members;
use solweig_core::radiation::anisotropic::PatchWeight;
use solweig_core::radiation::skies::Skies;
use solweig_core::radiation::tables::StepTables;

/// Numbers of a sky.
pub const WORDS: usize = 24;

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

/// Which of the skies the tables of a step are of, that others are counted in: that of the strongest
/// beam, and that of the warmest ground.
#[must_use]
pub fn references<'a>(skies: Option<&'a Skies>, tables: &'a StepTables) -> [&'a StepTables; 2] {
    let most = |value: &dyn Fn(&StepTables) -> f32| {
        let all = skies.map_or(&[][..], Skies::tables).iter();
        all.max_by(|a, b| value(a).total_cmp(&value(b)))
            .unwrap_or(tables)
    };
    [most(&|t| t.sun.beam), most(&warmth)]
}

/// Excess of the class that is warmest or, on a cool morning, coolest [K].
fn warmth(tables: &StepTables) -> f32 {
    let known = tables.ground.excess.iter().filter(|x| x.is_finite());
    known.fold(0.0, |most: f32, x| most.max(x.abs()))
}

/// One number for each of another, 0 of nothing.
fn ratio(own: f32, of: f32) -> f32 {
    if of == 0.0 { 0.0 } else { own / of }
}

/// The numbers of every sky, as `Sky` of `shaders/radiation.wgsl`.
fn numbers(skies: &Skies) -> Vec<[f32; WORDS]> {
    let all = skies.tables();
    let Some(first) = all.first() else {
        return Vec::new();
    };
    let [brightest, warmest] = references(Some(skies), first);
    let of = |(index, t): (usize, &StepTables)| {
        let (sun, l, p) = (&t.sun, &t.longwave, &t.patch_longwave);
        let mut words = [0.0; WORDS];
        let groups = [
            [
                ratio(sun.beam, brightest.sun.beam),
                sun.global,
                sun.diffuse,
                sun.shaded_radiance,
            ],
            [sun.lit_radiance_gain, l.sky_down, l.sky_side, l.wall_warm],
            l.wall_facing,
            [
                p.deficit,
                p.lit_gain,
                ratio(warmth(t), warmth(warmest)),
                t.walls.excess,
            ],
            t.walls.facing,
            [skies.wall_warmth(index), 0.0, 0.0, 0.0],
        ];
        for (four, group) in words.chunks_exact_mut(4).zip(groups) {
            four.copy_from_slice(&group);
        }
        words
    };
    all.iter().enumerate().map(of).collect()
}

/// Write the numbers of the skies behind the planes of `dynamic`.
///
/// # Errors
/// What wgpu says.
pub fn upload(run: &DeviceRun, buffers: &StepBuffers, skies: &Skies) -> Result<(), GpuError> {
    let numbers = numbers(skies);
    let offset = 4 * u64::from(buffers.sky_word);
    run.gpu
        .write(&buffers.dynamic, offset, bytemuck::cast_slice(&numbers))
}

/// What the patches of every sky send: radiance on the cylinder, diffuse light, radiance.
pub fn patches(skies: &Skies, weights: &[PatchWeight]) -> Vec<[f32; 4]> {
    let all = skies.terms().iter().zip(skies.tables());
    all.flat_map(|(terms, tables)| {
        let diffuse = f64::from(tables.sun.diffuse);
        terms.iter().zip(weights).map(move |(t, w)| {
            [t.radiance * w.side, t.share * diffuse, t.radiance, 0.0].map(|x| x as f32)
        })
    })
    .collect()
}
