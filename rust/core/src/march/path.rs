//! A ray as tiles follow it: in levels, and in places of the lines they lie in.

use crate::rays::Ray;
use crate::terrain::{LANES, STEP_GROUP, Terrain};

/// One step of a path.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Lines from a tile's first line to the one it sees.
    pub lines: i32,
    /// Column within that strip.
    pub col: u8,
    /// Levels the ray has gained after the step, to be added: 0 or less.
    pub drop: i16,
    /// The same before the step.
    pub drop_before: i16,
}

/// Steps between two looks at the bounds.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// First step and end.
    pub steps: (usize, usize),
    /// Northernmost row and westernmost column, from the tile.
    pub corner: (i64, i64),
    /// Levels gained after the first step, and before it.
    pub gain: i16,
    /// The same before the step.
    pub gain_before: i16,
}

/// A ray through the levels of a terrain.
#[derive(Clone, Debug)]
pub struct Path {
    /// The ray.
    pub ray: Ray,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Its steps in groups; the cell itself is in none.
    pub groups: Vec<Group>,
}

impl Path {
    /// The path of a ray through a terrain.
    #[must_use]
    pub fn new(terrain: &Terrain, ray: Ray) -> Self {
        let levels = &terrain.levels;
        let gain = |k: usize| levels.scale.gain(ray.height[k]);
        let lanes = LANES as i32;
        let strip = levels.strip_lines() as i32;
        let steps = (0..ray.len()).map(|k| Step {
            lines: ray.dcol[k].div_euclid(lanes) * strip + ray.drow[k],
            col: ray.dcol[k].rem_euclid(lanes) as u8,
            drop: -gain(k),
            drop_before: -gain(k.saturating_sub(1)),
        });
        let groups = (1..ray.len()).step_by(STEP_GROUP).map(|first| {
            let end = (first + STEP_GROUP).min(ray.len());
            let corner = |x: &[i32]| i64::from(x[first].min(x[end - 1]));
            Group {
                steps: (first, end),
                corner: (corner(&ray.drow), corner(&ray.dcol)),
                gain: gain(first),
                gain_before: gain(first - 1),
            }
        });
        Self {
            steps: steps.collect(),
            groups: groups.collect(),
            ray,
        }
    }
}
