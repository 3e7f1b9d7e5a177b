//! Shadows of a sun position: ground (G 2, 3) and walls (G 4).

use crate::grid::{Grid, Window};
use crate::march::{Path, Tile, TileHits, densest, march, tile_cols};
use crate::rays::{Ray, Reach};
use crate::simd::{self, Kernel};
use crate::stage::Stage;
use crate::terrain::{LANES, NOTHING, TILE_ROWS, Terrain};
use crate::walls::{WallCell, faces};
use rayon::prelude::*;

/// Bit of [`SunShadow::flags`]: not shaded by a building.
pub const SH: u8 = 1;
/// Bit of [`SunShadow::flags`]: not shaded by vegetation alone.
pub const VEGSH: u8 = 2;
/// Bit of [`SunShadow::flags`]: no vegetation in front of the shading building.
pub const VBSHVEGSH: u8 = 4;
/// Flags of a cell in full sun.
pub const LIT: u8 = SH | VEGSH | VBSHVEGSH;

/// Sun and shade on the wall of one cell (G 4). The three heights sum to the wall height.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WallShade {
    /// Height shaded by buildings [m].
    pub wallsh: f32,
    /// Sunlit height [m].
    pub wallsun: f32,
    /// Height shaded by vegetation [m].
    pub wallshve: f32,
    /// The wall faces the sun.
    pub facing: bool,
    /// No part of the wall is shaded.
    pub fully_sunlit: bool,
}

/// Shadows of one sun position.
#[derive(Clone, Debug)]
pub struct SunShadow {
    /// [`SH`], [`VEGSH`] and [`VBSHVEGSH`] of every cell of the window; a set bit means lit.
    pub flags: Vec<u8>,
    /// One entry per wall cell, in the order of the list given.
    pub walls: Vec<WallShade>,
    /// Transmissivity of the canopies before every cell, in [`crate::terrain::UNITS`]; 0 where none shades it, or
    /// none alone. `None` where all canopies are alike.
    pub through: Option<Vec<u16>>,
}

/// A sun position to cast shadows for.
#[derive(Clone, Copy, Debug)]
pub struct SunInput<'a> {
    /// The scene.
    pub terrain: &'a Terrain,
    /// Cells the shadows are wanted for.
    pub window: Window,
    /// Wall cells to shade, their cells counted in the window.
    pub walls: &'a [WallCell],
    /// Sun azimuth [deg].
    pub azimuth_deg: f64,
    /// Sun altitude [deg], above 0.
    pub altitude_deg: f64,
    /// How far rays go.
    pub reach: Reach,
}

/// Shadows of one sun position.
#[derive(Debug)]
pub struct ShadowStage;

impl Stage for ShadowStage {
    const NAME: &'static str = "shadow";
    type In<'a> = SunInput<'a>;
    type Out = SunShadow;

    fn cpu(input: &mut SunInput<'_>) -> SunShadow {
        let SunInput {
            terrain,
            window,
            walls,
            azimuth_deg,
            altitude_deg,
            reach,
        } = *input;
        cast_sun(terrain, window, walls, azimuth_deg, altitude_deg, &reach)
    }
}

/// Cast the shadows of a sun position. Cells without data are reported lit.
#[must_use]
pub fn cast_sun(
    terrain: &Terrain,
    window: Window,
    walls: &[WallCell],
    azimuth_deg: f64,
    altitude_deg: f64,
    reach: &Reach,
) -> SunShadow {
    let Grid {
        rows,
        cols,
        pixel_size,
    } = terrain.grid;
    let ray = Ray::new(
        azimuth_deg,
        altitude_deg,
        pixel_size,
        rows,
        cols,
        reach,
        terrain.relief_m(),
    );
    let path = Path::new(terrain, ray);
    let mut flags = vec![LIT; window.len()];
    let own = terrain.transmissivity().is_some();
    let mut through = own.then(|| vec![0; window.len()]);
    let each = TILE_ROWS * window.cols;
    let mut parts = through.as_mut().map(|all| all.chunks_mut(each));
    let bands: Vec<ShadowRows<'_>> = flags
        .chunks_mut(each)
        .enumerate()
        .map(|(band, out)| ShadowRows {
            terrain,
            window,
            path: &path,
            row: window.row + band * TILE_ROWS,
            out,
            through: parts.as_mut().and_then(Iterator::next),
        })
        .collect();
    bands.into_par_iter().for_each(simd::dispatch);
    let walls = walls
        .par_iter()
        .map(|wall| {
            let cell = window.cell(wall.index as usize);
            let flags = flags[wall.index as usize];
            shade_wall(terrain, wall, cell, azimuth_deg, &path.ray, flags)
        })
        .collect();
    SunShadow {
        flags,
        walls,
        through,
    }
}

/// The shadows of one row of tiles.
struct ShadowRows<'a> {
    terrain: &'a Terrain,
    window: Window,
    path: &'a Path,
    row: usize,
    out: &'a mut [u8],
    /// Where canopies have their own transmissivity.
    through: Option<&'a mut [u16]>,
}

impl Kernel for ShadowRows<'_> {
    #[inline(always)]
    fn run(mut self) {
        let Window { col, cols, .. } = self.window;
        let rows = self.out.len() / cols;
        let mut hits = TileHits::default();
        for col in tile_cols(col, cols) {
            if let Some(tile) = Tile::new(self.terrain, self.row, rows, col) {
                march(self.terrain, &tile, self.path, &mut hits);
                write_tile(self.terrain, &self.window, &tile, &hits, self.out);
                self.write_through(&tile, &hits);
            }
        }
    }
}

impl ShadowRows<'_> {
    /// What comes through the canopies before the cells of a tile that are behind leaves.
    #[inline(always)]
    fn write_through(&mut self, tile: &Tile, hits: &TileHits) {
        let Some(out) = &mut self.through else {
            return;
        };
        let behind = hits.behind_leaves();
        if behind.iter().all(|row| *row == [0; LANES]) {
            return;
        }
        let through = densest(self.terrain, tile, self.path, &behind);
        let window = &self.window;
        let cols = self.terrain.grid.cols;
        for r in 0..tile.rows {
            let line = &mut out[r * window.cols..][..window.cols];
            for i in tile.columns(window) {
                let col = tile.col + i;
                let valid = self.terrain.valid[(tile.row + r) * cols + col];
                if valid && behind[r][i] != 0 {
                    line[col - window.col] = through[r][i];
                }
            }
        }
    }
}

#[inline(always)]
fn write_tile(terrain: &Terrain, window: &Window, tile: &Tile, hits: &TileHits, out: &mut [u8]) {
    let cols = terrain.grid.cols;
    let columns = tile.columns(window);
    let vegetation = terrain.vegetation.is_some();
    for r in 0..tile.rows {
        let line = &mut out[r * window.cols..][..window.cols];
        let valid = &terrain.valid[(tile.row + r) * cols..][..cols];
        for i in columns.clone() {
            let building = hits.building[r][i] != 0;
            let foliage = vegetation && hits.foliage[r][i] != 0;
            let mut lit = LIT;
            if building {
                lit &= !SH;
            }
            if foliage {
                lit &= if building { !VBSHVEGSH } else { !VEGSH };
            }
            let col = tile.col + i;
            line[col - window.col] = if valid[col] { lit } else { LIT };
        }
    }
}

/// Shade on one wall: how deep the shadow surfaces of buildings and canopy lie above its foot.
fn shade_wall(
    terrain: &Terrain,
    wall: &WallCell,
    (row, col): (usize, usize),
    azimuth_deg: f64,
    ray: &Ray,
    flags: u8,
) -> WallShade {
    let height = wall.height;
    if !faces(wall.aspect_deg, azimuth_deg) {
        return WallShade {
            wallsh: height,
            ..WallShade::default()
        };
    }
    // A cell that no building shades has no building shadow above its foot.
    let wallsh = if flags & SH == 0 {
        depth(terrain, &terrain.surface.heights, row, col, ray, height)
    } else {
        0.0
    };
    let wallshve = match &terrain.vegetation {
        Some(v) if flags & VEGSH == 0 => {
            depth(terrain, &v.canopy.heights, row, col, ray, height).min(height - wallsh)
        }
        _ => 0.0,
    };
    WallShade {
        wallsh,
        wallsun: height - wallsh - wallshve,
        wallshve,
        facing: true,
        fully_sunlit: wallsh == 0.0 && wallshve == 0.0,
    }
}

/// Height of a layer's shadow surface above a cell, between 0 and `limit` [m] (G 4: F − Z, Y − Z).
fn depth(terrain: &Terrain, layer: &[f32], row: usize, col: usize, ray: &Ray, limit: f32) -> f32 {
    let here = terrain.surface.heights[terrain.at(row, col)];
    let highest = terrain.highest() - here;
    let mut depth = 0.0_f32;
    for k in 0..ray.len() {
        // Nothing farther along can rise above what is already there.
        if depth >= limit || highest - ray.height[k] <= depth {
            break;
        }
        let source = row
            .checked_add_signed(ray.drow[k] as isize)
            .filter(|&r| r < terrain.grid.rows)
            .zip(
                col.checked_add_signed(ray.dcol[k] as isize)
                    .filter(|&c| c < terrain.grid.cols),
            );
        let Some((r, c)) = source else { break };
        let there = layer[terrain.at(r, c)];
        if there > NOTHING {
            depth = depth.max(there - here - ray.height[k]);
        }
    }
    depth.min(limit)
}
