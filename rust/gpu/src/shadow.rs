//! Shadows of a sun position on the device: ground and walls.

use crate::device::Gpu;
use crate::error::{GpuError, StageFailure};
use crate::job::{GridUniform, Job};
use crate::kernels::Kernel;
use crate::memory::DeviceBuffer;
use crate::terrain::{DeviceTerrain, GroundUniform, count, ray_entries};
use crate::uniforms::uniform;
use solweig_core::grid::Window;
use solweig_core::gvf::seen_by_ground;
use solweig_core::rays::{Ray, Reach};
use solweig_core::shadow::{SunInput, SunShadow, WallShade};
use solweig_core::terrain::Terrain;
use solweig_core::walls::{WallCell, faces};

const STAGE: &str = "shadow";
/// Walls in a row of their grid.
const WALL_COLS: usize = 4096;

uniform! {
    SunUniform for [Shadow] {
        grid: GridUniform,
        ground: GroundUniform,
        steps: u32,
        window_row: u32,
        window_col: u32,
        pad: u32,
    }
}

uniform! {
    WallsUniform for [Walls] {
        grid: GridUniform,
        ground: GroundUniform,
        count: u32,
        steps: u32,
        pad: [u32; 2],
    }
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct WallEntry {
    cell: u32,
    height: f32,
    seen: u32,
    at: u32,
}

/// The walls of a run on the device.
#[derive(Debug)]
pub struct DeviceWalls {
    list: DeviceBuffer,
    aspects: Vec<f32>,
    /// Sun and shade on every wall: four floats each.
    pub shade: DeviceBuffer,
}

impl DeviceWalls {
    /// Upload the walls of a window of a terrain of `cols` columns. `buildings` is 1 on open ground; without it no ground view is told of them.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn upload(
        gpu: &Gpu,
        walls: &[WallCell],
        (window, cols): (Window, usize),
        buildings: Option<&[u8]>,
    ) -> Result<Self, GpuError> {
        let list: Vec<WallEntry> = walls
            .iter()
            .map(|wall| WallEntry {
                cell: wall.index,
                height: wall.height,
                seen: buildings.map_or(0, |b| seen_by_ground(wall, b)),
                at: {
                    let (row, col) = window.cell(wall.index as usize);
                    count(row * cols + col)
                },
            })
            .collect();
        Ok(Self {
            list: gpu.upload("the walls", &list)?,
            aspects: walls.iter().map(|w| w.aspect_deg).collect(),
            shade: gpu.storage("the walls' shade", 4 * walls.len() as u64)?,
        })
    }

    /// Number of walls.
    #[must_use]
    pub fn len(&self) -> usize {
        self.aspects.len()
    }

    /// Whether there is no wall.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.aspects.is_empty()
    }

    /// One bit a wall: it faces the sun.
    fn facing(&self, azimuth_deg: f64) -> Vec<u32> {
        self.aspects
            .chunks(32)
            .map(|part| {
                (0..)
                    .zip(part)
                    .filter(|(_, a)| faces(**a, azimuth_deg))
                    .fold(0, |bits, (i, _)| bits | 1_u32 << i)
            })
            .collect()
    }
}

/// Tables of a sun position on the device.
#[derive(Debug)]
pub struct SunTables {
    rays: DeviceBuffer,
    facing: DeviceBuffer,
    steps: u32,
}

impl SunTables {
    /// Ray and facing walls of a sun position.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(
        gpu: &Gpu,
        terrain: &Terrain,
        walls: &DeviceWalls,
        azimuth_deg: f64,
        altitude_deg: f64,
        reach: &Reach,
    ) -> Result<Self, GpuError> {
        let grid = terrain.grid;
        let ray = Ray::new(
            azimuth_deg,
            altitude_deg,
            grid.pixel_size,
            grid.rows,
            grid.cols,
            reach,
            terrain.relief_m(),
        );
        let entries: Vec<[u32; 4]> = ray_entries(&ray).collect();
        Ok(Self {
            rays: gpu.upload("the ray", &entries)?,
            facing: gpu.upload("the facing walls", &walls.facing(azimuth_deg))?,
            steps: count(ray.len()),
        })
    }
}

/// Encode the shadows of a sun position on the cells of a window: flags into plane 0 of `flags`, shade on walls, and the lit
/// walls the ground view sees into `lit`.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    terrain: &'a DeviceTerrain,
    window: Window,
    walls: &'a DeviceWalls,
    sun: &'a SunTables,
    flags: &'a DeviceBuffer,
    lit: &'a DeviceBuffer,
) -> Result<(), StageFailure> {
    let ground = terrain.ground;
    let uniform = SunUniform {
        grid: GridUniform::new(window.rows, window.cols),
        ground,
        steps: sun.steps,
        window_row: count(window.row),
        window_col: count(window.col),
        pad: 0,
    };
    let storage = [
        &terrain.surface,
        &terrain.vegetation,
        &terrain.info,
        &sun.rays,
        flags,
    ];
    job.dispatch(Kernel::Shadow, &uniform, &storage)?;
    if walls.is_empty() {
        return Ok(());
    }
    let rows = walls.len().div_ceil(WALL_COLS);
    let uniform = WallsUniform {
        grid: GridUniform::new(rows, WALL_COLS.min(walls.len())),
        ground,
        count: count(walls.len()),
        steps: sun.steps,
        pad: [0; 2],
    };
    let storage = [
        &terrain.surface,
        &terrain.vegetation,
        &walls.list,
        &sun.facing,
        &sun.rays,
        flags,
        &walls.shade,
        lit,
    ];
    job.dispatch(Kernel::Walls, &uniform, &storage)
}

/// Shadows of one sun position, read back.
///
/// # Errors
/// What stands in the way.
pub fn cast(
    gpu: &Gpu,
    terrain: &DeviceTerrain,
    input: &SunInput<'_>,
) -> Result<SunShadow, StageFailure> {
    let cells = input.window.len() as u64;
    let prepare = || -> Result<_, GpuError> {
        let walls = DeviceWalls::upload(
            gpu,
            input.walls,
            (input.window, input.terrain.grid.cols),
            None,
        )?;
        let sun = SunTables::new(
            gpu,
            input.terrain,
            &walls,
            input.azimuth_deg,
            input.altitude_deg,
            &input.reach,
        )?;
        let flags = gpu.storage("the shadow flags", cells)?;
        let lit = gpu.storage("the lit walls", cells)?;
        Ok((walls, sun, flags, lit))
    };
    let (walls, sun, flags, lit) = prepare().map_err(|e| e.in_stage(STAGE))?;
    let mut job = Job::new(gpu, STAGE)?;
    encode(&mut job, terrain, input.window, &walls, &sun, &flags, &lit)?;
    job.read(&flags, 0, cells);
    job.read(&walls.shade, 0, 4 * walls.len() as u64);
    let results = job.finish()?;
    #[expect(clippy::cast_possible_truncation, reason = "three bits")]
    let flags = results.get::<u32>(0).iter().map(|&f| f as u8).collect();
    let walls = results
        .get::<f32>(1)
        .chunks_exact(4)
        .map(|s| WallShade {
            wallsh: s[0],
            wallsun: s[1],
            wallshve: s[2],
            facing: s[3] != 0.0,
            fully_sunlit: s[3] != 0.0 && s[0] == 0.0 && s[2] == 0.0,
        })
        .collect();
    Ok(SunShadow { flags, walls })
}
