//! The rows that the cells of one row see, with sums of neighbours: a window that moves down a strip
//! of the raster and stays in a core's cache.

use super::geometry::{Geometry, Lanes};
use super::lit::LitWalls;
use super::pairs::{ALONE, EAST, KINDS, OF_QUADRANT, Pair, SOUTH, SOUTH_EAST, SOUTH_WEST};
use std::array::from_fn;
use std::ops::Range;

/// What cells send out, in whole numbers (G 7.9).
///
/// One number a cell and field, whatever it is made of: the state of a cell may be a mixture, as
/// under several suns in one step.
pub trait Emitted<const F: usize>: Sync {
    /// Fill in cells of a row.
    fn row(&self, row: usize, cols: Range<usize>, out: [&mut [i32]; F]);

    /// What lit walls send to cells of a row, for each of what the step says of the first field; left
    /// as it is where that is the same for all.
    fn wall_warmth(&self, _row: usize, _cols: Range<usize>, _out: &mut [f32]) {}
}

/// No lit wall is met.
pub(super) const NO_WALL: u8 = u8::MAX;

/// The window. Row `r` of the raster is at `r` modulo the height; nothing is sent from outside the
/// raster.
pub(super) struct Ring<const F: usize, const W: usize> {
    rows: usize,
    pub(super) stride: usize,
    margin: usize,
    /// Column of the raster where the strip begins.
    first: usize,
    /// Of every field by row and kind of pair.
    pub(super) sums: [Vec<i32>; F],
    /// Step at which a wall is met that a sun lights, counted from the first cell that is seen; by sun
    /// and in every quadrant as the sums.
    pub(super) walls: [[Vec<u8>; 4]; W],
    /// The last two rows put in: what is sent by open ground, and which suns light a wall.
    open: [[Vec<i32>; F]; 2],
    lit: [Vec<u8>; 2],
    /// Where the look-ups of all directions are, from row 0 and from the row that is looked from.
    from_start: Vec<i32>,
    pub(super) from_here: Vec<u32>,
    /// Where every step with the one after it is, from row 0.
    neighbours_from_start: Vec<i32>,
}

impl<const F: usize, const W: usize> Ring<F, W> {
    /// A window for strips of `cols` columns, a multiple of a segment.
    pub(super) fn new(geometry: &Geometry, cols: usize) -> Self {
        let margin = geometry.far + 1;
        let stride = cols + 2 * margin;
        let rows = 2 * geometry.far - 1;
        let cells = rows * KINDS * stride;
        let mut ring = Self {
            rows,
            stride,
            margin,
            first: 0,
            sums: from_fn(|_| vec![0; cells]),
            walls: from_fn(|_| from_fn(|_| vec![NO_WALL; cells])),
            open: from_fn(|_| from_fn(|_| vec![0; stride])),
            lit: from_fn(|_| vec![0; stride]),
            from_start: Vec::new(),
            from_here: vec![0; geometry.taps.pairs.len()],
            neighbours_from_start: Vec::new(),
        };
        let position = |pairs: &[Pair]| pairs.iter().map(|p| ring.position(p)).collect();
        let taps = &geometry.taps;
        (ring.from_start, ring.neighbours_from_start) =
            (position(&taps.pairs), position(&taps.neighbours));
        ring
    }

    /// Move on to the strip that begins in a column.
    pub(super) fn begin(&mut self, first: usize) {
        self.first = first;
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "a window of at most 509 rows"
    )]
    fn position(&self, pair: &Pair) -> i32 {
        let (drow, dcol) = pair.at;
        let line = drow * KINDS as i32 + pair.kind as i32;
        line * self.stride as i32 + self.margin as i32 + dcol
    }

    pub(super) fn slot(&self, row: isize) -> usize {
        row.rem_euclid(self.rows as isize).unsigned_abs()
    }

    fn line(&self, slot: usize, kind: usize) -> Range<usize> {
        let at = (slot * KINDS + kind) * self.stride;
        at..at + self.stride
    }

    /// Put in the next row, the one after the last that was put in.
    #[inline(always)]
    pub(super) fn put(
        &mut self,
        geometry: &Geometry,
        field: &dyn Emitted<F>,
        walls: Option<&LitWalls<'_>>,
        row: isize,
    ) {
        let (here, above) = (self.slot(row), self.slot(row - 1));
        self.open.swap(0, 1);
        self.read(geometry, field, row, here);
        for f in 0..F {
            let [before, now] = self.open.each_ref().map(|fields| fields[f].as_slice());
            let n = self.stride;
            let lines = [
                (here, EAST, &now[..n - 1], &now[1..], 0),
                (above, SOUTH, &before[..n - 1], &now[..n - 1], 0),
                (above, SOUTH_EAST, &before[..n - 1], &now[1..], 0),
                (above, SOUTH_WEST, &before[1..], &now[..n - 1], 1),
            ];
            for (slot, kind, a, b, from) in lines {
                let at = (slot * KINDS + kind) * n + from;
                for ((sum, a), b) in self.sums[f][at..at + n - 1].iter_mut().zip(a).zip(b) {
                    *sum = a + b;
                }
            }
        }
        if let Some(walls) = walls {
            self.put_walls(geometry, walls, row, here, above);
        }
    }

    /// Read a row as it is, and what open ground sends.
    #[inline(always)]
    fn read(&mut self, geometry: &Geometry, field: &dyn Emitted<F>, row: isize, slot: usize) {
        let grid = geometry.grid;
        let inside = usize::try_from(row).ok().filter(|&r| r < grid.rows);
        let cols = self.first.saturating_sub(self.margin)
            ..grid.cols.min(self.first + self.stride - self.margin);
        let lead = self.margin.saturating_sub(self.first);
        let line = self.line(slot, ALONE);
        let Some(row) = inside else {
            for f in 0..F {
                self.sums[f][line.clone()].fill(0);
                self.open[1][f].fill(0);
            }
            return;
        };
        let (at, end) = (line.start + lead, line.start + lead + cols.len());
        for f in 0..F {
            self.sums[f][line.start..at].fill(0);
            self.sums[f][end..line.end].fill(0);
            self.open[1][f].fill(0);
        }
        let sent = self
            .sums
            .each_mut()
            .map(|sums| &mut sums[at..at + cols.len()]);
        field.row(row, cols.clone(), sent);
        let buildings = &geometry.buildings[row * grid.cols..][cols.clone()];
        for f in 0..F {
            let sent = &self.sums[f][at..at + cols.len()];
            let open = &mut self.open[1][f][lead..];
            for ((open, sent), building) in open.iter_mut().zip(sent).zip(buildings) {
                *open = if *building == 0 { 0 } else { *sent };
            }
        }
    }

    /// Of every pair the step at which its first lit wall stands, in both directions.
    #[inline(always)]
    fn put_walls(
        &mut self,
        geometry: &Geometry,
        walls: &LitWalls<'_>,
        row: isize,
        here: usize,
        above: usize,
    ) {
        self.lit.swap(0, 1);
        self.lit[1].fill(0);
        let lead = self.first as isize - self.margin as isize;
        for (col, _, suns) in walls.of_row(row) {
            let at = usize::try_from(col as isize - lead).ok();
            if let Some(lit) = at.and_then(|at| self.lit[1].get_mut(at)) {
                *lit = suns;
            }
        }
        let [before, now] = self.lit.each_ref().map(Vec::as_slice);
        let n = self.stride;
        let of_suns = self.walls.iter_mut().enumerate();
        let of_quadrants = of_suns.flat_map(|(sun, walls)| {
            let walls = walls.iter_mut().zip(OF_QUADRANT);
            walls.map(move |(walls, kinds)| (1_u8 << sun, walls, kinds))
        });
        for (sun, walls, kinds) in of_quadrants {
            for (kind, backward) in kinds {
                let (slot, a, b, from) = match kind {
                    EAST => (here, &now[..n - 1], &now[1..], 0),
                    SOUTH => (above, &before[..n - 1], &now[..n - 1], 0),
                    SOUTH_EAST => (above, &before[..n - 1], &now[1..], 0),
                    _ => (above, &before[1..], &now[..n - 1], 1),
                };
                let (first, second) = if backward { (b, a) } else { (a, b) };
                let at = (slot * KINDS + kind) * n + from;
                let steps = walls[at..at + n - 1].iter_mut();
                for ((step, first), second) in steps.zip(first).zip(second) {
                    let later = if *second & sun != 0 { 1 } else { NO_WALL };
                    *step = if *first & sun != 0 { 0 } else { later };
                }
            }
            if geometry.taps.alone {
                let at = (here * KINDS + ALONE) * n;
                for (step, lit) in walls[at..at + n].iter_mut().zip(now) {
                    *step = if *lit & sun != 0 { 0 } else { NO_WALL };
                }
            }
        }
    }

    /// What a step and the one after it send together, seen from the cell `at` cells into the strip;
    /// `slot` is the row of the ring it is in.
    #[inline(always)]
    pub(super) fn neighbours(&self, slot: usize, pair: usize, at: usize) -> [i32; F] {
        let row = KINDS * self.stride;
        let here = turned(self.neighbours_from_start[pair], slot, self.rows, row);
        from_fn(|f| self.sums[f][here as usize + at])
    }

    /// What the cells of a row send, roofs included, `at` cells into the strip.
    #[inline(always)]
    pub(super) fn sent(&self, row: usize, at: usize) -> [&Lanes<i32>; F] {
        let slot = self.slot(row as isize);
        from_fn(|f| {
            self.sums[f][self.line(slot, ALONE).start + self.margin + at..]
                .first_chunk()
                .expect("a segment is that long")
        })
    }

    /// Look from a row from now on; all it sees has been put in.
    #[inline(always)]
    pub(super) fn look_from(&mut self, row: usize) {
        let slot = self.slot(row as isize);
        let row = KINDS * self.stride;
        for (here, start) in self.from_here.iter_mut().zip(&self.from_start) {
            *here = turned(*start, slot, self.rows, row);
        }
    }
}

/// A position from row `slot` of a ring: that from row 0, moved on and around.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a window of at most 509 rows"
)]
fn turned(from_start: i32, slot: usize, rows: usize, row: usize) -> u32 {
    let all = (rows * row) as i32;
    let at = from_start + (slot * row) as i32;
    let at = if at < 0 { at + all } else { at };
    (if at >= all { at - all } else { at }) as u32
}
