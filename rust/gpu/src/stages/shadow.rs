//! Shadows of a sun position on the device: ground and walls.

use crate::device::Gpu;
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::terrain::DeviceTerrain;
use crate::resident::walls::DeviceWalls;
use crate::shaders::grid::{GridUniform, GroundUniform, count, ray_entries};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::grid::Window;
use solweig_core::radiation::light::digit;
use solweig_core::rays::{Ray, Reach};
use solweig_core::shadow::{LIT, SunInput, SunShadow, WallShade};
use solweig_core::terrain::Terrain;

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
        digit: u32,
        adds: u32,
        through_plane: u32,
        least_through: u32,
        pad: u32,
    }
}

uniform! {
    WallsUniform for [Walls] {
        grid: GridUniform,
        ground: GroundUniform,
        count: u32,
        steps: u32,
        place: u32,
        pad: u32,
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

/// One of several suns.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Its number.
    pub place: usize,
    /// Others went before.
    pub adds: bool,
}

/// Where canopies have their own transmissivity: what comes through those before a cell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leaves {
    /// Plane of the flags that receives it; 0 where all canopies are alike.
    pub plane: u32,
    /// The least of it that the season leaves, in [`solweig_core::terrain::UNITS`].
    pub least: u32,
}

/// Encode the shadows of a sun position on the cells of a window: light and flags into plane 0 of
/// `flags`, shade on walls, and the lit walls the ground view sees into `lit`, which was cleared
/// before. `turn` is `None` for the only sun.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    terrain: &'a DeviceTerrain,
    window: Window,
    walls: &'a DeviceWalls,
    sun: &'a SunTables,
    turn: Option<Turn>,
    leaves: Leaves,
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
        digit: turn.map_or(0, |t| u32::from(digit(LIT, t.place)) / 2),
        adds: u32::from(turn.is_some_and(|t| t.adds)),
        through_plane: leaves.plane,
        least_through: leaves.least,
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
        place: turn.map_or(0, |t| count(t.place)),
        pad: 0,
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
    let own = input.terrain.transmissivity().is_some();
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
        let flags = gpu.storage("the shadow flags", cells * (1 + u64::from(own)))?;
        let lit = gpu.storage("the lit walls", cells)?;
        Ok((walls, sun, flags, lit))
    };
    let (walls, sun, flags, lit) = prepare().map_err(|e| e.in_stage(STAGE))?;
    let mut job = Job::new(gpu, STAGE)?;
    encode(
        &mut job,
        terrain,
        input.window,
        &walls,
        &sun,
        None,
        Leaves {
            plane: u32::from(own),
            least: 0,
        },
        &flags,
        &lit,
    )?;
    job.read(&flags, 0, cells);
    job.read(&walls.shade, 0, 4 * walls.len() as u64);
    if own {
        job.read(&flags, cells, cells);
    }
    let results = job.finish()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the light lies in the lowest byte"
    )]
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
    #[expect(clippy::cast_possible_truncation, reason = "10 000 at the most")]
    let through = own.then(|| results.get::<u32>(2).iter().map(|&u| u as u16).collect());
    Ok(SunShadow {
        flags,
        walls,
        through,
    })
}
