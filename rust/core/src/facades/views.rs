//! What an upright piece of wall sees of sky, foliage and other walls (R 13.2), by casting the
//! shadows of every patch of the sky as of a sun there.

use super::pieces::Pieces;
use crate::constants::DEG;
use crate::grid::Window;
use crate::patches::PatchTable;
use crate::rays::Reach;
use crate::shadow::{WallShade, cast_sun};
use crate::terrain::Terrain;
use crate::walls::WallCell;
use rayon::prelude::*;

/// Shares of what a piece of wall receives from; the rest, half of it in any case, is ground.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View {
    /// Open sky.
    pub sky: f32,
    /// Foliage before the sky.
    pub foliage: f32,
    /// Other walls.
    pub walls: f32,
}

/// Share of a stretch of wall, from `low` to `high`, that lies in another.
pub fn share_in([low, high]: [f32; 2], [from, to]: [f32; 2]) -> f32 {
    ((high.min(to) - low.max(from)) / (high - low)).clamp(0.0, 1.0)
}

/// Stretches of a wall that a light reaches, and that it reaches through leaves.
pub fn stretches(shade: &WallShade) -> [[f32; 2]; 2] {
    let leaves = shade.wallsh + shade.wallshve;
    let top = leaves + shade.wallsun;
    [[leaves, top], [shade.wallsh, leaves]]
}

/// Views of every piece of some walls.
pub fn views(
    terrain: &Terrain,
    window: Window,
    walls: &[WallCell],
    pieces: &Pieces,
    reach: &Reach,
    patches: &PatchTable,
) -> Vec<View> {
    let mut views = vec![View::default(); pieces.count()];
    let mut whole = vec![0.0_f32; walls.len()];
    for patch in &patches.patches {
        let (altitude, azimuth) = (patch.altitude_deg, patch.azimuth_deg);
        let solid_angle = patches.bands[patch.band].solid_angle;
        let upright = solid_angle * (altitude * DEG).cos();
        if upright < 1e-9 {
            continue;
        }
        let shades = cast_sun(terrain, window, walls, azimuth, altitude, reach).walls;
        let weight = |wall: &WallCell| {
            let turn = ((azimuth - f64::from(wall.aspect_deg)) * DEG).cos();
            (upright * turn.max(0.0)) as f32
        };
        for (wall, whole) in walls.iter().zip(&mut whole) {
            *whole += weight(wall);
        }
        pieces
            .split(&mut views)
            .into_par_iter()
            .enumerate()
            .for_each(|(k, own)| {
                let wall = &walls[k];
                let weight = weight(wall);
                if weight == 0.0 {
                    return;
                }
                let [open, leaves] = stretches(&shades[k]);
                for (view, piece) in own.iter_mut().zip(pieces.of(wall)) {
                    let (sky, foliage) = (share_in(piece, open), share_in(piece, leaves));
                    view.sky += weight * sky;
                    view.foliage += weight * foliage;
                    view.walls += weight * (1.0 - sky - foliage).max(0.0);
                }
            });
    }
    for (own, whole) in pieces.split(&mut views).into_iter().zip(whole) {
        for view in own {
            // The upper half of what an upright plane sees.
            let scale = 0.5 / whole;
            view.sky *= scale;
            view.foliage *= scale;
            view.walls *= scale;
        }
    }
    views
}
