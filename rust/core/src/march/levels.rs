//! First hits by levels: definite hits, definite misses, and the cells that only heights can tell.
//!
//! Per cell and group one number says how deep the deepest hit goes. As whole levels it is off by
//! one and a half at most, so from 2 up it is a hit and from −2 down a miss.

use super::path::Step;
use crate::terrain::{CLOSED, EMPTY, LANES, Line, STEP_GROUP, TILE_ROWS};

/// A level of each of the cells side by side.
pub type Lanes = [i16; LANES];
/// The rows of a tile.
pub type Rows = [Lanes; TILE_ROWS];

/// From here up a hit is certain, and from its negative down a miss.
pub const CERTAIN: i16 = 2;

/// Rows taken at once where two numbers a row are kept in registers.
const FEW: usize = 4;

/// Lowest level of the cells of a tile.
#[inline(always)]
pub fn lowest(rows: &Rows) -> i16 {
    let mut least = rows[0];
    for row in &rows[1..] {
        for i in 0..LANES {
            least[i] = least[i].min(row[i]);
        }
    }
    // Halved step by step, which maps to vectors; one after the other would not.
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            least[i] = least[i].min(least[i + width]);
        }
        width /= 2;
    }
    least[0]
}

/// Whether something as high as `top` may be hit from a cell at `floor`.
#[inline(always)]
#[must_use]
pub fn reaches(top: i16, floor: i16, gain: i16) -> bool {
    i32::from(top) - i32::from(floor) - i32::from(gain) > -i32::from(CERTAIN)
}

/// A group of steps, as a tile takes it.
pub struct Steps<'a> {
    /// Levels gained.
    pub steps: &'a [Step],
    /// First line seen at each step.
    pub line: [usize; STEP_GROUP],
}

#[inline(always)]
fn each(f: impl Fn(usize) -> i16) -> Lanes {
    let mut lanes = [0; LANES];
    for i in 0..LANES {
        lanes[i] = f(i);
    }
    lanes
}

#[inline(always)]
fn max(a: &Lanes, b: &Lanes) -> Lanes {
    each(
        #[inline(always)]
        |i| a[i].max(b[i]),
    )
}

#[inline(always)]
fn min(a: &Lanes, b: &Lanes) -> Lanes {
    each(
        #[inline(always)]
        |i| a[i].min(b[i]),
    )
}

#[inline(always)]
fn less(a: &Lanes, b: &Lanes) -> Lanes {
    each(
        #[inline(always)]
        |i| a[i].saturating_sub(b[i]),
    )
}

#[inline(always)]
fn lowered(a: &Lanes, drop: i16) -> Lanes {
    each(
        #[inline(always)]
        |i| a[i].saturating_add(drop),
    )
}

#[inline(always)]
fn block<const R: usize>(lines: &[Line], first: usize) -> &[Line; R] {
    lines[first..first + R].first_chunk().expect("that many")
}

impl Steps<'_> {
    /// Call `look` with every step and the position of the line it sees.
    #[inline(always)]
    fn each(&self, mut look: impl FnMut(&Step, usize)) {
        for (step, &line) in self.steps.iter().zip(&self.line) {
            look(step, line);
        }
    }

    /// Highest level of a layer over the ray, row by row.
    #[inline(always)]
    fn tops<const R: usize>(
        &self,
        layer: &[Line],
        first: usize,
        drop: impl Fn(&Step) -> i16,
    ) -> [Lanes; R] {
        let mut top = [[EMPTY; LANES]; R];
        self.each(
            #[inline(always)]
            |step, line| {
                let rows = block::<R>(layer, line + first);
                let drop = drop(step);
                for r in 0..R {
                    top[r] = max(&top[r], &lowered(rows[r].lanes(step.col.into()), drop));
                }
            },
        );
        top
    }
}

/// What the cells of a tile still look for.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Own level of cells that have met no building, else [`CLOSED`].
    pub open: Rows,
    /// Own level of cells that have met neither building nor foliage, else [`CLOSED`].
    pub bare: Rows,
    /// All bits set where foliage was met before any building.
    pub foliage: Rows,
}

/// What a tile may meet within a group of steps.
#[derive(Clone, Copy, Debug)]
pub struct Meets {
    /// The surface.
    pub surface: bool,
    /// A canopy.
    pub canopy: bool,
    /// The underside of a canopy: the ray may pass below it.
    pub trunk: bool,
}

/// Layers in levels.
#[derive(Clone, Copy, Debug)]
pub struct Layers<'a> {
    /// Surface.
    pub surface: &'a [Line],
    /// Canopy.
    pub canopy: &'a [Line],
    /// Underside of the canopy.
    pub trunk: &'a [Line],
}

/// Follow a group of steps; returns which cells are in doubt. Those are left as they were.
#[inline(always)]
pub fn look(layers: &Layers<'_>, steps: &Steps<'_>, meets: Meets, cells: &mut Cells) -> Rows {
    let mut doubt = [[0; LANES]; TILE_ROWS];
    match meets {
        Meets {
            surface: true,
            canopy: false,
            ..
        } => surface(layers, steps, cells, &mut doubt),
        Meets {
            surface: false,
            trunk: false,
            ..
        } => canopy(layers, steps, cells, &mut doubt),
        Meets {
            surface: false,
            trunk: true,
            ..
        } => canopy_and_trunk(layers, steps, cells, &mut doubt),
        Meets { trunk: false, .. } => {
            for first in (0..TILE_ROWS).step_by(FEW) {
                surface_and_canopy(layers, steps, cells, first, &mut doubt);
            }
        }
        Meets { trunk: true, .. } => {
            for first in (0..TILE_ROWS).step_by(FEW) {
                all(layers, steps, cells, first, &mut doubt);
            }
        }
    }
    doubt
}

#[inline(always)]
fn surface(layers: &Layers<'_>, steps: &Steps<'_>, cells: &mut Cells, doubt: &mut Rows) {
    let top = steps.tops::<TILE_ROWS>(layers.surface, 0, |s| s.drop);
    for r in 0..TILE_ROWS {
        let building = less(&top[r], &cells.open[r]);
        doubt[r] = settle(cells, r, Some(&building), None, false);
    }
}

/// A canopy whose underside lies below all rays.
#[inline(always)]
fn canopy(layers: &Layers<'_>, steps: &Steps<'_>, cells: &mut Cells, doubt: &mut Rows) {
    let top = steps.tops::<TILE_ROWS>(layers.canopy, 0, |s| s.drop_before);
    for r in 0..TILE_ROWS {
        let foliage = less(&top[r], &cells.bare[r]);
        doubt[r] = settle(cells, r, None, Some(&foliage), false);
    }
}

/// Foliage is hit where the height interval the ray crosses in the cell meets [U, V) (G 3.1).
#[inline(always)]
fn canopy_and_trunk(layers: &Layers<'_>, steps: &Steps<'_>, cells: &mut Cells, doubt: &mut Rows) {
    let mut depth = [[EMPTY; LANES]; TILE_ROWS];
    let bare = &cells.bare;
    steps.each(
        #[inline(always)]
        |step, line| {
            let v = block::<TILE_ROWS>(layers.canopy, line);
            let u = block::<TILE_ROWS>(layers.trunk, line);
            let col = step.col.into();
            for r in 0..TILE_ROWS {
                let below = less(&lowered(v[r].lanes(col), step.drop_before), &bare[r]);
                let above = less(&bare[r], &lowered(u[r].lanes(col), step.drop));
                depth[r] = max(&depth[r], &min(&below, &above));
            }
        },
    );
    for r in 0..TILE_ROWS {
        doubt[r] = settle(cells, r, None, Some(&depth[r]), false);
    }
}

/// Surface and a canopy whose underside lies below all rays. Which of the two is hit first is left
/// in doubt.
#[inline(always)]
fn surface_and_canopy(
    layers: &Layers<'_>,
    steps: &Steps<'_>,
    cells: &mut Cells,
    first: usize,
    doubt: &mut Rows,
) {
    let mut surface = [[EMPTY; LANES]; FEW];
    let mut canopy = [[EMPTY; LANES]; FEW];
    steps.each(
        #[inline(always)]
        |step, line| {
            let z = block::<FEW>(layers.surface, line + first);
            let v = block::<FEW>(layers.canopy, line + first);
            let col = step.col.into();
            for r in 0..FEW {
                surface[r] = max(&surface[r], &lowered(z[r].lanes(col), step.drop));
                canopy[r] = max(&canopy[r], &lowered(v[r].lanes(col), step.drop_before));
            }
        },
    );
    for r in 0..FEW {
        let building = less(&surface[r], &cells.open[first + r]);
        let foliage = less(&canopy[r], &cells.bare[first + r]);
        doubt[first + r] = settle(cells, first + r, Some(&building), Some(&foliage), false);
    }
}

/// Everything at once. A building hit at the same step wins over foliage (G 3.2).
#[inline(always)]
fn all(layers: &Layers<'_>, steps: &Steps<'_>, cells: &mut Cells, first: usize, doubt: &mut Rows) {
    let mut surface = [[EMPTY; LANES]; FEW];
    let mut depth = [[EMPTY; LANES]; FEW];
    let bare: &[Lanes; FEW] = cells.bare[first..].first_chunk().expect("that many");
    steps.each(
        #[inline(always)]
        |step, line| {
            let z = block::<FEW>(layers.surface, line + first);
            let v = block::<FEW>(layers.canopy, line + first);
            let u = block::<FEW>(layers.trunk, line + first);
            let col = step.col.into();
            for r in 0..FEW {
                surface[r] = max(&surface[r], &lowered(z[r].lanes(col), step.drop));
                let floor = max(&surface[r], &lowered(u[r].lanes(col), step.drop));
                let below = less(&lowered(v[r].lanes(col), step.drop_before), &bare[r]);
                depth[r] = max(&depth[r], &min(&below, &less(&bare[r], &floor)));
            }
        },
    );
    for r in 0..FEW {
        let building = less(&surface[r], &cells.open[first + r]);
        doubt[first + r] = settle(cells, first + r, Some(&building), Some(&depth[r]), true);
    }
}

/// Book the certain hits of a row by how deep they go; returns the cells in doubt. `ordered` says
/// that foliage behind a building counts as a miss; else a cell that meets both is in doubt.
#[inline(always)]
fn settle(
    cells: &mut Cells,
    r: usize,
    building: Option<&Lanes>,
    foliage: Option<&Lanes>,
    ordered: bool,
) -> Lanes {
    let mut doubt = [0; LANES];
    for i in 0..LANES {
        let (hit_b, may_b) = hit(building, i);
        let (hit_f, may_f) = hit(foliage, i);
        let order = if ordered { 0 } else { may_b & may_f };
        let open = (may_b & !hit_b) | (may_f & !hit_f) | order;
        let (b, f) = (hit_b & !open, hit_f & !open);
        doubt[i] = open;
        cells.open[r][i] |= b & CLOSED;
        cells.bare[r][i] |= (b | f) & CLOSED;
        if foliage.is_some() {
            cells.foliage[r][i] |= f;
        }
    }
    doubt
}

/// Whether a depth is a certain hit, and whether it may be one: all bits set where true.
#[inline(always)]
fn hit(depth: Option<&Lanes>, i: usize) -> (i16, i16) {
    let beyond = |limit: i16| depth.map_or(0, |d| -i16::from(d[i] > limit));
    (beyond(CERTAIN - 1), beyond(-CERTAIN))
}
