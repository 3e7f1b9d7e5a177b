//! How much of a ray comes through the canopies it crosses: as much as the densest of them lets
//! through (G 3.4).

use super::exact::{lanes, source};
use super::levels::{Rows, lowest, reaches};
use super::path::{Group, Path};
use crate::terrain::{CLOSED, LANES, TILE_ROWS, Terrain, UNITS, Vegetation};

/// Units of transmissivity of the cells of a tile.
pub type Through = [[u16; LANES]; TILE_ROWS];

/// Cells of a tile that look for the canopies before them.
pub struct Looking<'a> {
    /// First row.
    pub row: usize,
    /// Number of rows.
    pub rows: usize,
    /// First column.
    pub col: usize,
    /// Levels of all its cells.
    pub own: &'a Rows,
    /// Those that look: all bits set.
    pub wanted: &'a Rows,
}

/// See [`super::densest`].
#[inline(always)]
pub fn densest(terrain: &Terrain, tile: &Looking<'_>, path: &Path) -> Through {
    let wanted = tile.wanted;
    let mut through = [[UNITS; LANES]; TILE_ROWS];
    let Some(Vegetation {
        transmissivity: Some(own),
        from_start,
        ..
    }) = &terrain.vegetation
    else {
        return through;
    };
    let mut levels = [[CLOSED; LANES]; TILE_ROWS];
    for r in 0..tile.rows {
        let at = terrain.at(tile.row + r, tile.col);
        let (own, starts) = (lanes(own, at), lanes(from_start, at));
        for i in 0..LANES {
            if wanted[r][i] != 0 {
                levels[r][i] = tile.own[r][i];
                if starts[i] {
                    through[r][i] = own[i];
                }
            }
        }
    }
    let floor = lowest(&levels);
    for group in &path.groups {
        if !reaches(terrain.levels.highest.canopy, floor, group.gain_before) {
            break;
        }
        let row = tile.row as i64 + group.corner.0;
        let col = tile.col as i64 + group.corner.1;
        let Some(bound) = terrain.levels.bound(row, col) else {
            break;
        };
        if !reaches(bound.canopy, floor, group.gain_before) {
            continue;
        }
        for r in (0..tile.rows).filter(|&r| wanted[r] != [0; LANES]) {
            look(
                terrain,
                (tile.row + r, tile.col),
                path,
                group,
                own,
                &mut through[r],
            );
        }
    }
    for r in 0..TILE_ROWS {
        for i in 0..LANES {
            through[r][i] = if wanted[r][i] != 0 {
                through[r][i]
            } else {
                UNITS
            };
        }
    }
    through
}

/// A row of cells that look out along a group of steps, as [`super::exact::look`] does.
#[inline(always)]
fn look(
    terrain: &Terrain,
    (row, col): (usize, usize),
    path: &Path,
    group: &Group,
    own: &[u16],
    through: &mut [u16; LANES],
) {
    let Some(Vegetation { canopy, trunk, .. }) = &terrain.vegetation else {
        return;
    };
    let ray = &path.ray;
    let here = lanes(&terrain.surface.heights, terrain.at(row, col));
    for k in group.steps.0..group.steps.1 {
        let Some(at) = source(terrain, row, col, ray.drow[k], ray.dcol[k]) else {
            continue;
        };
        let (before, h) = (ray.height[k - 1], ray.height[k]);
        let (v, u) = (lanes(&canopy.heights, at), lanes(trunk, at));
        let own = lanes(own, at);
        for i in 0..LANES {
            let hit = (v[i] - here[i] > before) & (u[i] - here[i] <= h);
            let met = if hit { own[i] } else { UNITS };
            through[i] = through[i].min(met);
        }
    }
}
