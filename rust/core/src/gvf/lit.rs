//! Which walls the ground sees, and which of them are lit.

use super::geometry::AZIMUTHS;
use crate::grid::Grid;
use crate::walls::{WallCell, faces};

/// What the ground view sees of a sunlit wall, which it does on open ground only (quirk Q28): bit
/// 31, and a bit for every direction the wall itself faces. `buildings` is 1 on open ground.
#[must_use]
pub fn seen_by_ground(wall: &WallCell, buildings: &[u8]) -> u32 {
    if buildings[wall.index as usize] != 1 {
        return 0;
    }
    (0..AZIMUTHS.len())
        .filter(|&d| faces(wall.aspect_deg, AZIMUTHS[d]))
        .fold(STANDS_HERE, |bits, d| bits | 1 << d)
}

/// What is seen of a wall that the suns of a mask light: as [`seen_by_ground`], the bit of sun i below
/// bit 31 by as many.
#[must_use]
pub fn seen_in_light(seen: u32, suns: u8) -> u32 {
    if seen & STANDS_HERE == 0 || suns == 0 {
        return 0;
    }
    seen & !STANDS_HERE | u32::from(suns.reverse_bits()) << 24
}

pub(super) const STANDS_HERE: u32 = 1 << 31;

/// The walls of a raster, row by row.
#[derive(Clone, Debug)]
pub(super) struct Walls {
    cols: usize,
    /// Cell, and what is seen.
    walls: Vec<(u32, u32)>,
    /// Where the walls of a row begin.
    rows: Vec<usize>,
}

impl Walls {
    /// # Panics
    /// If the walls are not in row-major order.
    pub(super) fn new(grid: Grid, walls: &[WallCell], buildings: &[u8]) -> Self {
        assert!(
            walls.is_sorted_by_key(|w| w.index),
            "walls in row-major order"
        );
        let before = |row: usize| walls.partition_point(|w| (w.index as usize) < row * grid.cols);
        Self {
            cols: grid.cols,
            walls: walls
                .iter()
                .map(|w| (w.index, seen_by_ground(w, buildings)))
                .collect(),
            rows: (0..=grid.rows).map(before).collect(),
        }
    }

    /// Cell, and what is seen of it.
    pub(super) fn seen(&self) -> impl Iterator<Item = (u32, u32)> {
        self.walls.iter().copied()
    }

    /// Those that stand in full sun, one bit a sun; `None` if there is none.
    pub(super) fn lit<'a>(&'a self, sunlit: &'a [u8]) -> Option<LitWalls<'a>> {
        assert_eq!(sunlit.len(), self.walls.len());
        let any = sunlit.iter().any(|&suns| suns != 0);
        any.then_some(LitWalls {
            walls: self,
            sunlit,
        })
    }
}

/// The walls that are lit in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct LitWalls<'a> {
    walls: &'a Walls,
    sunlit: &'a [u8],
}

impl LitWalls<'_> {
    /// Column of the lit walls of a row on open ground, the directions they face, and a bit for
    /// every sun that lights them.
    pub(super) fn of_row(&self, row: isize) -> impl Iterator<Item = (usize, u32, u8)> {
        let rows = &self.walls.rows;
        let inside = usize::try_from(row).ok().filter(|r| r + 1 < rows.len());
        let walls = inside.map_or(0..0, |r| rows[r]..rows[r + 1]);
        let first = inside.unwrap_or(0) * self.walls.cols;
        let lit = self.sunlit[walls.clone()].iter();
        self.walls.walls[walls]
            .iter()
            .zip(lit)
            .filter(|((_, seen), lit)| **lit != 0 && seen & STANDS_HERE != 0)
            .map(move |((cell, seen), lit)| (*cell as usize - first, seen & !STANDS_HERE, *lit))
    }
}
