//! First hits by the heights themselves, where levels cannot tell.

use super::path::{Group, Path};
use crate::terrain::{LANES, Terrain, Vegetation};

/// What a row of cells meets within a group of steps: all bits set where true.
pub struct Met {
    /// A building.
    pub building: [u32; LANES],
    /// Foliage before it.
    pub foliage: [u32; LANES],
}

#[inline(always)]
pub(super) fn lanes<T>(layer: &[T], at: usize) -> &[T; LANES] {
    layer[at..at + LANES].first_chunk().expect("that many")
}

#[inline(always)]
fn flag(condition: bool) -> u32 {
    0_u32.wrapping_sub(u32::from(condition))
}

/// A row of cells that look out along a group of steps. A hit is a correctly rounded difference of
/// two heights beyond a table value (G 3.1); a building hit at the same step wins over foliage
/// (G 3.2).
#[inline(always)]
pub fn look(terrain: &Terrain, row: usize, col: usize, path: &Path, group: &Group) -> Met {
    let ray = &path.ray;
    let here = lanes(&terrain.surface.heights, terrain.at(row, col));
    let mut met = Met {
        building: [0; LANES],
        foliage: [0; LANES],
    };
    for k in group.steps.0..group.steps.1 {
        let Some(at) = source(terrain, row, col, ray.drow[k], ray.dcol[k]) else {
            continue;
        };
        let (before, h) = (ray.height[k - 1], ray.height[k]);
        let z = lanes(&terrain.surface.heights, at);
        for i in 0..LANES {
            met.building[i] |= flag(z[i] - here[i] > h);
        }
        if let Some(Vegetation { canopy, trunk, .. }) = &terrain.vegetation {
            let (v, u) = (lanes(&canopy.heights, at), lanes(trunk, at));
            for i in 0..LANES {
                met.foliage[i] |=
                    flag(v[i] - here[i] > before) & !flag(u[i] - here[i] > h) & !met.building[i];
            }
        }
    }
    met
}

/// Position of the cells seen at a step, or `None` outside the padded layer.
#[inline(always)]
pub(super) fn source(
    terrain: &Terrain,
    row: usize,
    col: usize,
    drow: i32,
    dcol: i32,
) -> Option<usize> {
    let row = row.checked_add_signed(drow as isize)?;
    let at = terrain.at(0, col).checked_add_signed(dcol as isize)?;
    let inside = row < terrain.grid.rows && at + LANES <= terrain.stride;
    inside.then(|| row * terrain.stride + at)
}
