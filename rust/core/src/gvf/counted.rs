//! A ground view that is kept from step to step in counts: of every kind of ground how many cells
//! are seen, whatever they send. When the light of few cells changes, as from one day to the next
//! at the same hour, only those who see them are looked after.

use super::geometry::{DIRECTIONS, Geometry};
use super::shares::Shares;
use super::units::Unit;
use std::ops::Range;

/// A look-up as seen from the cell that is looked at.
#[derive(Clone, Copy, Debug)]
struct Tap {
    direction: u8,
    step: u8,
    dcol: i32,
}

/// What all counted views of a raster share.
#[derive(Debug)]
pub struct CountedView<'a> {
    geometry: &'a Geometry,
    /// Look-ups by how many rows the cell looked at lies below the one that looks, from −(far − 1).
    by_row: Vec<Vec<Tap>>,
    /// First building of every cell in every direction.
    open: Vec<u8>,
    /// What is seen of the wall of a cell, as [`super::seen_by_ground`] tells; 0 without one.
    walls: Vec<u32>,
}

/// A cell whose ground is seen as another kind than before; kind 0 sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Column.
    pub col: u32,
    /// Kind before.
    pub old: u8,
    /// Kind now.
    pub new: u8,
}

/// The light of a step beside that of the step before it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// First row of the rasters here, counted in the raster of the view.
    pub first_row: usize,
    /// Cells whose kind changed, row by row, in the order of columns.
    pub turned: &'a [Vec<Turned>],
    /// Walls whose light changed, row by row: columns.
    pub walls: &'a [Vec<u32>],
    /// Kind of every cell now.
    pub kinds: &'a [u8],
    /// Lit walls on open ground, a bit a step.
    pub lit: &'a [u32],
    /// Bit of the step before, the next one is that of this step.
    pub bit: u32,
}

impl Change<'_> {
    fn at(&self, cols: usize, row: usize, col: usize) -> usize {
        (row - self.first_row) * cols + col
    }

    fn is_lit(&self, at: usize, later: u32) -> bool {
        self.lit[at] >> (self.bit + later) & 1 != 0
    }
}

/// What is seen from the cells of some rows and columns.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Rows.
    pub rows: Range<usize>,
    /// Columns.
    pub cols: Range<usize>,
    /// Of every kind but 0 the cells that are seen along all directions, kind by kind.
    pub seen: Vec<u16>,
    /// Those along directions that meet a lit wall.
    pub met: Vec<u16>,
    /// Steps that see a lit wall.
    pub walls: Vec<u16>,
    /// 1 where a lit wall stands.
    pub stands: Vec<u8>,
    /// Directions that meet a lit wall, a bit each.
    meets: Vec<u32>,
}

impl Counts {
    /// Of a ground that is all of kind 0, without lit walls.
    #[must_use]
    pub fn new(rows: Range<usize>, cols: Range<usize>, kinds: usize) -> Self {
        let cells = rows.len() * cols.len();
        Self {
            rows,
            cols,
            seen: vec![0; kinds * cells],
            met: vec![0; kinds * cells],
            walls: vec![0; cells],
            stands: vec![0; cells],
            meets: vec![0; cells],
        }
    }

    /// Forget what was seen.
    pub fn clear(&mut self) {
        self.seen.fill(0);
        self.met.fill(0);
        self.walls.fill(0);
        self.stands.fill(0);
        self.meets.fill(0);
    }

    /// Cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.walls.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.walls.is_empty()
    }

    #[inline(always)]
    fn count(&mut self, kind: u8, cell: usize, met: bool, by: u16) {
        if kind > 0 {
            let at = usize::from(kind - 1) * self.walls.len() + cell;
            self.seen[at] = self.seen[at].wrapping_add(by);
            if met {
                self.met[at] = self.met[at].wrapping_add(by);
            }
        }
    }
}

/// A wall along a direction.
#[derive(Clone, Copy)]
struct Met {
    /// Its step, if it stands before the building.
    step: Option<u8>,
    /// Steps that see it.
    steps: u16,
}

impl<'a> CountedView<'a> {
    /// Of a geometry; `seen` is what is seen of the wall of each cell that has one. `None` where the
    /// near ground is more than the cell itself.
    pub(super) fn new(
        geometry: &'a Geometry,
        seen: impl Iterator<Item = (u32, u32)>,
    ) -> Option<Self> {
        if geometry.near != 1 || geometry.far < 2 {
            return None;
        }
        let far = geometry.far as i32;
        let mut by_row = vec![Vec::new(); 2 * geometry.far - 1];
        for (direction, offsets) in geometry.offsets.iter().enumerate() {
            for (step, &(drow, dcol)) in offsets.iter().enumerate().take(geometry.far) {
                by_row[(drow + far - 1) as usize].push(Tap {
                    direction: direction as u8,
                    step: step as u8,
                    dcol,
                });
            }
        }
        let mut walls = vec![0; geometry.grid.len()];
        for (cell, seen) in seen {
            walls[cell as usize] = seen;
        }
        Some(Self {
            geometry,
            by_row,
            open: geometry.open_by_cell(),
            walls,
        })
    }
}

impl CountedView<'_> {
    /// How far a change can be seen [cells].
    #[must_use]
    pub fn reach(&self) -> usize {
        self.geometry.far - 1
    }

    /// Whether a wall of a cell is seen at all.
    #[must_use]
    pub fn has_wall(&self, cell: usize) -> bool {
        self.walls[cell] != 0
    }

    /// Whether a cell is open ground.
    #[must_use]
    pub fn is_open(&self, cell: usize) -> bool {
        self.geometry.buildings[cell] != 0
    }

    /// Weights of the counts for walls of a value.
    #[must_use]
    pub fn shares(&self, wall: f64) -> Shares {
        let Geometry { near, far, .. } = *self.geometry;
        // A count is one: the unit that is one, and half for the mean of two opposite sides.
        let Shares {
            free,
            met,
            wall,
            own,
        } = Shares::new(near, far, Unit::ONE, wall);
        let half = |x: [f32; 2]| x.map(|x| 0.5 * x);
        Shares {
            free: half(free),
            met: half(met),
            wall: half(wall),
            own,
        }
    }

    /// Bring counts up to date.
    pub fn update(&self, counts: &mut Counts, change: &Change<'_>) {
        let reach = self.reach();
        let last = change.first_row + change.turned.len();
        let from = counts
            .rows
            .start
            .saturating_sub(reach)
            .max(change.first_row);
        let to = (counts.rows.end + reach).min(last);
        for row in from..to {
            let at = row - change.first_row;
            if !change.turned[at].is_empty() {
                self.turn(counts, row, &change.turned[at]);
            }
        }
        for row in from..to {
            for &col in &change.walls[row - change.first_row] {
                self.relight(counts, change, row, col as usize);
            }
        }
    }

    /// Rows of some counts that see a row.
    fn viewers(&self, counts: &Counts, row: usize) -> Range<usize> {
        let reach = self.reach();
        counts.rows.start.max(row.saturating_sub(reach))..counts.rows.end.min(row + reach + 1)
    }

    fn turn(&self, counts: &mut Counts, row: usize, turned: &[Turned]) {
        let (far, cols) = (self.geometry.far, self.geometry.grid.cols);
        let width = counts.cols.len();
        for target in self.viewers(counts, row) {
            let taps = &self.by_row[row + far - 1 - target];
            let line = (target - counts.rows.start) * width;
            for cell in turned {
                for tap in taps {
                    let col = (cell.col as i32 - tap.dcol) as usize;
                    let at = col.wrapping_sub(counts.cols.start);
                    if at >= width {
                        continue;
                    }
                    let direction = usize::from(tap.direction);
                    let open = self.open[(target * cols + col) * DIRECTIONS + direction];
                    if tap.step >= open {
                        continue;
                    }
                    let times = self.times(target, col, direction, tap.step);
                    let met = counts.meets[line + at] >> direction & 1 != 0;
                    counts.count(cell.old, line + at, met, times.wrapping_neg());
                    counts.count(cell.new, line + at, met, times);
                }
            }
        }
    }

    /// How often a step counts: past the edge the last cell inside repeats (quirk Q27).
    #[inline(always)]
    fn times(&self, row: usize, col: usize, direction: usize, step: u8) -> u16 {
        if self.geometry.is_inside(row, col, 1) {
            return 1;
        }
        let last = self.geometry.last_inside(direction, row, col)[0];
        let far = self.geometry.far as u16;
        if step == last && u16::from(last) + 1 < far {
            far - u16::from(last)
        } else {
            1
        }
    }

    /// Look after all who see a wall whose light changed.
    fn relight(&self, counts: &mut Counts, change: &Change<'_>, row: usize, col: usize) {
        let (far, cols) = (self.geometry.far, self.geometry.grid.cols);
        let width = counts.cols.len();
        for target in self.viewers(counts, row) {
            for tap in &self.by_row[row + far - 1 - target] {
                let from = (col as i32 - tap.dcol) as usize;
                let at = from.wrapping_sub(counts.cols.start);
                if at >= width {
                    continue;
                }
                let direction = usize::from(tap.direction);
                let open = self.open[(target * cols + from) * DIRECTIONS + direction];
                if tap.step < open {
                    let cell = (target - counts.rows.start) * width + at;
                    self.look_again(counts, change, cell, [target, from], tap, open);
                }
            }
        }
        if counts.rows.contains(&row) && counts.cols.contains(&col) {
            let cell = (row - counts.rows.start) * width + col - counts.cols.start;
            counts.stands[cell] = u8::from(change.is_lit(change.at(cols, row, col), 1));
        }
    }

    /// Look along the direction of a tap, up to the building, for lit walls before and now.
    fn look_again(
        &self,
        counts: &mut Counts,
        change: &Change<'_>,
        cell: usize,
        [row, col]: [usize; 2],
        tap: &Tap,
        open: u8,
    ) {
        let direction = usize::from(tap.direction);
        let cols = self.geometry.grid.cols;
        let here = change.at(cols, row, col);
        let mut first = [None; 2];
        for step in 0..open {
            let Some(there) = self.look_up(change, row, col, direction, step) else {
                break;
            };
            let lit = [change.is_lit(there, 0), change.is_lit(there, 1)];
            if lit[0] != lit[1] && step < tap.step {
                return; // looked after already, for the wall that is nearer
            }
            for k in 0..2 {
                if lit[k] && first[k].is_none() {
                    first[k] = Some(step);
                }
            }
        }
        let faces = self.walls[row * cols + col] >> direction & 1 != 0;
        let [before, now] = [0, 1].map(|k| {
            // A cell's own lit wall is behind it when it faces the search direction: it still
            // counts as met (quirk Q29).
            let behind = faces && change.is_lit(here, k);
            let far = self.geometry.far as u16;
            let step: Option<u8> = first[k as usize];
            Met {
                step,
                steps: step.map_or(0, |s| if behind { 0 } else { far - u16::from(s) }),
            }
        });
        let walls = &mut counts.walls[cell];
        *walls = walls.wrapping_add(now.steps).wrapping_sub(before.steps);
        if before.step.is_some() == now.step.is_some() {
            return;
        }
        counts.meets[cell] ^= 1 << direction;
        let cells = counts.len();
        for step in 0..open {
            let Some(there) = self.look_up(change, row, col, direction, step) else {
                break;
            };
            let kind = change.kinds[there];
            if kind > 0 {
                let times = self.times(row, col, direction, step);
                let met = &mut counts.met[usize::from(kind - 1) * cells + cell];
                *met = if now.step.is_some() {
                    met.wrapping_add(times)
                } else {
                    met.wrapping_sub(times)
                };
            }
        }
    }

    /// Where a step along a direction leads, in the rasters of a change; `None` past the edge.
    #[inline(always)]
    fn look_up(
        &self,
        change: &Change<'_>,
        row: usize,
        col: usize,
        direction: usize,
        step: u8,
    ) -> Option<usize> {
        let grid = self.geometry.grid;
        let (drow, dcol) = self.geometry.offsets[direction][usize::from(step)];
        let row = row.checked_add_signed(drow as isize)?;
        let col = col.checked_add_signed(dcol as isize)?;
        (row < grid.rows && col < grid.cols).then(|| change.at(grid.cols, row, col))
    }
}
