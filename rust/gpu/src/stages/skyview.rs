//! Sky view on the device: every patch is followed and summed there; one readback a call.

use crate::device::Gpu;
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::terrain::DeviceTerrain;
use crate::shaders::grid::{GridUniform, GroundUniform, count, ray_entries};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::grid::Window;
use solweig_core::svf::{FIELDS, SkyInput, SkyPlan, SkyRows, canopy_mean};
use solweig_core::terrain::Terrain;

const STAGE: &str = "svf";

uniform! {
    SkyUniform for [Skyview] {
        grid: GridUniform,
        ground: GroundUniform,
        row0: u32,
        col0: u32,
        first_patch: u32,
        patches: u32,
        words: u32,
        word: u32,
    }
}

uniform! {
    ReduceUniform for [SkyviewReduce] {
        grid: GridUniform,
        raster_cols: u32,
        row0: u32,
        col0: u32,
        words: u32,
        terms: u32,
        needs_absent: u32,
        pad: [u32; 2],
        constant: [u32; 4],
    }
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct TermEntry {
    word: u32,
    bits: [u32; 3],
    everywhere: u32,
    weights: [u32; 5],
    pad: [u32; 2],
}

/// Bytes a cell of the largest buffers of a sky view: a mask, and the fields of a family.
#[must_use]
pub fn bytes_per_cell(words: usize) -> u64 {
    (4 * words).max(20) as u64
}

fn ray_table(plan: &SkyPlan) -> Vec<[u32; 4]> {
    let mut table = Vec::new();
    let rays = || plan.paths.iter().map(|path| &path.ray);
    let mut first = plan.paths.len();
    for (ray, &share) in rays().zip(&plan.shares) {
        table.push([count(first), count(ray.len()), share, 0]);
        first += ray.len();
    }
    table.extend(rays().flat_map(ray_entries));
    table
}

fn term_table(plan: &SkyPlan) -> Vec<TermEntry> {
    let terms = plan.weights.terms().iter().enumerate();
    terms
        .map(|(t, term)| {
            let everywhere = plan.weights.counts_everywhere(t);
            let mut weights = term.weights;
            if everywhere {
                weights = [weights[0]; 5];
            }
            TermEntry {
                word: count(term.word),
                bits: term.bits,
                everywhere: u32::from(everywhere),
                weights,
                pad: [0; 2],
            }
        })
        .collect()
}

struct Buffers {
    rays: DeviceBuffer,
    terms: DeviceBuffer,
    masks: Vec<DeviceBuffer>,
    fields: Vec<DeviceBuffer>,
    /// Sums over the patches behind leaves, where canopies have their own transmissivity.
    seen: Option<DeviceBuffer>,
}

impl Buffers {
    fn new(
        gpu: &Gpu,
        plan: &SkyPlan,
        cells: u64,
        families: usize,
        own: bool,
    ) -> Result<Self, GpuError> {
        let words = plan.table.words() as u64;
        let many = |what: &str, per_cell: u64| {
            (0..families)
                .map(|_| gpu.storage(what, cells * per_cell))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            rays: gpu.upload("the rays", &ray_table(plan))?,
            terms: gpu.upload("the patch weights", &term_table(plan))?,
            masks: many("a visibility mask", words)?,
            fields: many("the view factors of a family", 5)?,
            seen: own
                .then(|| gpu.storage("the canopies seen", 2 * cells))
                .transpose()?,
        })
    }
}

/// Sky view of a window; `None` if the watch stopped it.
///
/// # Errors
/// What stands in the way.
pub fn sky_view(
    gpu: &Gpu,
    terrain: &DeviceTerrain,
    input: &mut SkyInput<'_>,
) -> Result<Option<SkyRows>, StageFailure> {
    let plan = input.plan;
    let window = input.window;
    let families = if terrain.ground.has_vegetation == 0 {
        1
    } else {
        3
    };
    let own = input.terrain.transmissivity().is_some();
    let buffers = Buffers::new(gpu, plan, window.len() as u64, families, own)
        .map_err(|e| e.in_stage(STAGE))?;
    let words = plan.table.words();
    let none = gpu
        .storage("a placeholder", 2)
        .map_err(|e| e.in_stage(STAGE))?;
    let mask = |family: usize| buffers.masks.get(family).unwrap_or(&none);
    for word in 0..words {
        let mut job = Job::new(gpu, STAGE)?;
        let uniform = SkyUniform {
            grid: GridUniform::new(window.rows, window.cols),
            ground: terrain.ground,
            row0: count(window.row),
            col0: count(window.col),
            first_patch: count(32 * word),
            patches: count((plan.table.len() - 32 * word).min(32)),
            words: count(words),
            word: count(word),
        };
        let storage = [
            &terrain.surface,
            &terrain.vegetation,
            &terrain.info,
            &buffers.rays,
            mask(0),
            mask(1),
            mask(2),
            buffers.seen.as_ref().unwrap_or(&none),
        ];
        job.dispatch(Kernel::Skyview, &uniform, &storage)?;
        job.run()?;
        // The last block is reported after the sums.
        if word + 1 < words && !(input.watch)(window.rows * (word + 1) / words, window.rows) {
            return Ok(None);
        }
    }
    let sky = reduce(gpu, terrain, plan, window, &buffers, input.terrain)?;
    Ok((input.watch)(window.rows, window.rows).then_some(sky))
}

fn reduce(
    gpu: &Gpu,
    terrain: &DeviceTerrain,
    plan: &SkyPlan,
    window: Window,
    buffers: &Buffers,
    heights: &Terrain,
) -> Result<SkyRows, StageFailure> {
    let cells = window.len() as u64;
    let words = plan.table.words();
    let mut job = Job::new(gpu, STAGE)?;
    for (family, (mask, fields)) in buffers.masks.iter().zip(&buffers.fields).enumerate() {
        // Cells without a trunk zone receive the constant in every family, the others in the first.
        let constant = |d: usize| plan.weights.constant(family, d + 1, true);
        let uniform = ReduceUniform {
            grid: GridUniform::new(window.rows, window.cols),
            raster_cols: terrain.ground.cols,
            row0: count(window.row),
            col0: count(window.col),
            words: count(words),
            terms: count(plan.weights.terms().len()),
            needs_absent: u32::from(family > 0),
            pad: [0; 2],
            constant: std::array::from_fn(constant),
        };
        let storage = [&buffers.terms, &terrain.info, mask, fields];
        job.dispatch(Kernel::SkyviewReduce, &uniform, &storage)?;
    }
    for (mask, fields) in buffers.masks.iter().zip(&buffers.fields) {
        job.read(fields, 0, 5 * cells);
        job.read(mask, 0, cells * words as u64);
    }
    if let Some(seen) = &buffers.seen {
        job.read(seen, 0, 2 * cells);
    }
    let results = job.finish()?;
    let valid = window.cut(&heights.valid, heights.grid.cols);
    let n = window.len();
    let mut sky = SkyRows {
        fields: Vec::with_capacity(FIELDS),
        masks: Vec::new(),
    };
    for family in 0..buffers.masks.len() {
        let planes = results.get::<f32>(2 * family);
        for plane in planes.chunks_exact(n) {
            let value = |(&x, &ok): (&f32, &bool)| if ok { x } else { f32::NAN };
            sky.fields
                .push(plane.iter().zip(&valid).map(value).collect());
        }
        sky.masks.push(results.get::<u32>(2 * family + 1).to_vec());
    }
    while sky.fields.len() < FIELDS {
        let open = |&ok: &bool| if ok { 1.0 } else { f32::NAN };
        sky.fields.push(valid.iter().map(open).collect());
    }
    if buffers.seen.is_some() {
        let sums = results.get::<[u32; 2]>(2 * buffers.masks.len()).iter();
        let mean = |(&sums, &ok): (&[u32; 2], &bool)| if ok { canopy_mean(sums) } else { f32::NAN };
        sky.fields.push(sums.zip(&valid).map(mean).collect());
    }
    Ok(sky)
}
