//! Looking from every cell along every direction, strip by strip and down the rows of each.

use super::gather::{Gather, Here};
use super::geometry::{Geometry, Lanes, QUADRANTS, SEGMENT, STRIP};
use super::lit::{LitWalls, STANDS_HERE, seen_in_light};
use super::look::Along;
use super::ring::{Emitted, Ring};
use crate::grid::{Grid, Window};
use crate::simd::{self, Kernel};
use rayon::prelude::*;
use std::ops::Range;

/// A view: of the whole hemisphere, then of the E, S, W, N sectors. One block of memory.
#[derive(Clone, Debug, Default)]
pub struct FiveFields {
    values: Vec<f32>,
}

impl FiveFields {
    /// Five rasters, one after the other.
    #[must_use]
    pub fn new(values: Vec<f32>) -> Self {
        assert!(values.len().is_multiple_of(5));
        Self { values }
    }

    /// Room for a view of some cells, 0 where nobody looks: those the view is `whole` without.
    fn make_room(&mut self, cells: usize, whole: bool) {
        if self.values.len() != 5 * cells {
            *self = Self::new(vec![0.0; 5 * cells]);
        } else if !whole {
            self.values
                .par_chunks_mut(cells.max(1))
                .for_each(|plane| plane.fill(0.0));
        }
    }

    /// The rasters.
    #[must_use]
    pub fn planes(&self) -> [&[f32]; 5] {
        let cells = self.values.len() / 5;
        std::array::from_fn(|k| &self.values[k * cells..(k + 1) * cells])
    }
}

/// Most rows of a task: the rows above and below it are put into the ring for it alone.
const BAND: usize = 128;
/// Tasks a thread has at a time: so many that none waits long for the last.
const TASKS_A_THREAD: usize = 2;

impl Geometry {
    /// Look along every direction from every cell of the core that lies in some `rows`; `walls` are
    /// the lit ones. `out` is written over: it holds those rows.
    pub(super) fn sweep<const F: usize, const W: usize, G: Gather<F, W>>(
        &self,
        rows: Range<usize>,
        field: &dyn Emitted<F>,
        walls: Option<&LitWalls<'_>>,
        gather: &G,
        mut out: [FiveFields; F],
    ) -> [FiveFields; F] {
        let cells = rows.len() * self.grid.cols;
        for field in &mut out {
            field.make_room(cells, self.core == Window::whole(self.grid));
        }
        let tasks = self.tasks(rows, &mut out);
        let scratch = || (Ring::<F, W>::new(self, STRIP), Bench::<F, W>::new());
        tasks
            .into_par_iter()
            .for_each_init(scratch, |(ring, bench), task| {
                let sweep = Sweep {
                    geometry: self,
                    field,
                    walls,
                    gather,
                    ring,
                    bench,
                    task,
                };
                if self.near == 1 {
                    simd::dispatch(CellIsNear(sweep));
                } else {
                    simd::dispatch(MoreIsNear(sweep));
                }
            });
        out
    }

    /// Rows to be looked from at a time, so that all threads have enough to do and a view is no
    /// larger than that asks for.
    pub(super) fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let Grid { rows, cols, .. } = self.grid;
        let tasks = TASKS_A_THREAD * rayon::current_num_threads();
        let height = BAND * tasks.div_ceil(cols.div_ceil(STRIP).max(1));
        (0..rows)
            .step_by(height)
            .map(move |first| first..(first + height).min(rows))
    }

    /// Bands of the strips that the core reaches into, in some rows.
    fn tasks<'a, const F: usize>(
        &self,
        within: Range<usize>,
        out: &'a mut [FiveFields; F],
    ) -> Vec<Task<'a>> {
        let Window {
            col: left, cols, ..
        } = self.core;
        let top = self.core.row.max(within.start);
        let rows = (self.core.row + self.core.rows)
            .min(within.end)
            .saturating_sub(top);
        if rows == 0 || cols == 0 {
            return Vec::new();
        }
        let first = left / STRIP * STRIP;
        let strips = (left + cols - first).div_ceil(STRIP);
        let mut tasks: Vec<Task<'a>> = (0..rows.div_ceil(BAND) * strips)
            .map(|at| {
                let (band, strip) = (at / strips * BAND, first + at % strips * STRIP);
                Task {
                    row: top + band,
                    strip,
                    cols: strip.max(left)..(strip + STRIP).min(left + cols),
                    lines: Vec::with_capacity(BAND.min(rows - band)),
                }
            })
            .collect();
        let cells = within.len() * self.grid.cols;
        let planes = out.iter_mut().flat_map(|f| f.values.chunks_mut(cells));
        for (plane, values) in planes.enumerate() {
            let wanted = values
                .chunks_mut(self.grid.cols)
                .skip(top - within.start)
                .take(rows);
            for (row, line) in wanted.enumerate() {
                let mut rest = &mut line[left..left + cols];
                for task in &mut tasks[row / BAND * strips..][..strips] {
                    let (part, after) = rest.split_at_mut(task.cols.len());
                    if plane == 0 {
                        task.lines.push(Vec::with_capacity(5 * F));
                    }
                    task.lines[row % BAND].push(part);
                    rest = after;
                }
            }
        }
        tasks
    }
}

/// Some rows of a strip.
struct Task<'a> {
    row: usize,
    /// Where the strip begins, and the columns of it that are wanted.
    strip: usize,
    cols: Range<usize>,
    /// Per row the five planes of all fields.
    lines: Vec<Vec<&'a mut [f32]>>,
}

struct Sweep<'a, const F: usize, const W: usize, G> {
    geometry: &'a Geometry,
    field: &'a dyn Emitted<F>,
    walls: Option<&'a LitWalls<'a>>,
    gather: &'a G,
    ring: &'a mut Ring<F, W>,
    bench: &'a mut Bench<F, W>,
    task: Task<'a>,
}

/// The near ground is the cell itself.
struct CellIsNear<'a, const F: usize, const W: usize, G>(Sweep<'a, F, W, G>);
/// The near ground is more than that: small pixels.
struct MoreIsNear<'a, const F: usize, const W: usize, G>(Sweep<'a, F, W, G>);

impl<const F: usize, const W: usize, G: Gather<F, W>> Kernel for CellIsNear<'_, F, W, G> {
    #[inline(always)]
    fn run(self) {
        self.0.run::<false>();
    }
}

impl<const F: usize, const W: usize, G: Gather<F, W>> Kernel for MoreIsNear<'_, F, W, G> {
    #[inline(always)]
    fn run(self) {
        self.0.run::<true>();
    }
}

/// What a row of a strip needs while it is looked from, segment by segment.
struct Bench<const F: usize, const W: usize> {
    here: Vec<Here<F>>,
    seen: Vec<[Along<F, W>; 5]>,
    quadrants: Vec<[[Lanes<f32>; F]; 4]>,
}

impl<const F: usize, const W: usize> Bench<F, W> {
    fn new() -> Self {
        let segments = STRIP / SEGMENT;
        Self {
            here: vec![Here::NOBODY; segments],
            seen: vec![[Along::NOTHING; 5]; segments],
            quadrants: vec![[[[0.0; SEGMENT]; F]; 4]; segments],
        }
    }
}

impl<const F: usize, const W: usize, G: Gather<F, W>> Sweep<'_, F, W, G> {
    #[inline(always)]
    fn run<const NEAR: bool>(mut self) {
        let lines = std::mem::take(&mut self.task.lines);
        let (top, strip) = (self.task.row, self.task.strip);
        self.ring.begin(strip);
        let reach = self.geometry.far as isize - 1;
        let mut next = top as isize - reach;
        for (row, mut line) in (top..).zip(lines) {
            while next <= row as isize + reach {
                self.ring.put(self.geometry, self.field, self.walls, next);
                next += 1;
            }
            self.ring.look_from(row);
            self.stand(row);
            self.quadrant::<5, NEAR>(0, row);
            self.quadrant::<4, NEAR>(1, row);
            self.quadrant::<5, NEAR>(2, row);
            self.quadrant::<4, NEAR>(3, row);
            self.write(&mut line);
        }
    }

    /// Segments of the strip.
    #[inline(always)]
    fn segments(&self) -> usize {
        (self.task.cols.end - self.task.strip).div_ceil(SEGMENT)
    }

    /// What is known of the cells of a row before they look.
    #[inline(always)]
    fn stand(&mut self, row: usize) {
        let grid = self.geometry.grid;
        for segment in 0..self.segments() {
            let at = segment * SEGMENT;
            let first = row * grid.cols + self.task.strip + at;
            let width = SEGMENT.min(grid.cols - self.task.strip - at);
            let buildings = &self.geometry.buildings[first..first + width];
            let here = &mut self.bench.here[segment];
            here.wall = [0; SEGMENT];
            here.open = [0; SEGMENT];
            for (open, &b) in here.open.iter_mut().zip(buildings) {
                *open = -i32::from(b != 0);
            }
            let cols = self.task.strip + at..self.task.strip + at + width;
            (self.field).wall_warmth(row, cols, &mut here.warmth[..width]);
            let sent = self.ring.sent(row, at);
            for f in 0..F {
                here.sent[f] = *sent[f];
            }
        }
        if let Some(walls) = self.walls {
            for (col, faces, suns) in walls.of_row(row as isize) {
                let at = col.wrapping_sub(self.task.strip);
                if let Some(here) = self.bench.here.get_mut(at / SEGMENT) {
                    here.wall[at % SEGMENT] = seen_in_light(STANDS_HERE | faces, suns);
                }
            }
        }
    }

    /// What the `D` directions of a quadrant contribute to the mean of a side.
    #[inline(always)]
    fn quadrant<const D: usize, const NEAR: bool>(&mut self, quadrant: usize, row: usize) {
        let (geometry, segments) = (self.geometry, self.segments());
        let first = QUADRANTS[quadrant].start;
        for d in 0..D {
            let direction = first + d;
            let sight = self.ring.sight::<NEAR>(&geometry.taps, quadrant, direction);
            let open = &geometry.open_steps_at(row, self.task.strip)[..segments];
            for (segment, seen) in self.bench.seen[..segments].iter_mut().enumerate() {
                let (at, open, along) =
                    (segment * SEGMENT, &open[segment][direction], &mut seen[d]);
                sight.look::<NEAR>(open, at, along);
            }
            if geometry.is_inside(row, self.task.strip, segments * SEGMENT) {
                continue;
            }
            for segment in 0..segments {
                let (at, col) = (segment * SEGMENT, self.task.strip + segment * SEGMENT);
                let along = &mut self.bench.seen[segment][d];
                if !geometry.is_inside(row, col, SEGMENT) {
                    self.ring
                        .past_the_edge(geometry, direction, row, col, at, along);
                }
            }
        }
        for segment in 0..segments {
            let seen = self.bench.seen[segment]
                .first_chunk()
                .expect("five at most");
            let here = &self.bench.here[segment];
            self.bench.quadrants[segment][quadrant] =
                self.gather.value::<D, NEAR>(seen, first, here);
        }
    }

    /// Means over all directions and over the four sides (G 7.6).
    #[inline(always)]
    fn write(&self, line: &mut [&mut [f32]]) {
        let Task {
            strip, ref cols, ..
        } = self.task;
        for segment in 0..self.segments() {
            let sums = self.five(&self.bench.quadrants[segment], &self.bench.here[segment]);
            let col = strip + segment * SEGMENT;
            let wanted = cols.start.max(col)..cols.end.min(col + SEGMENT);
            if wanted.is_empty() {
                continue;
            }
            let to = wanted.start - cols.start;
            if wanted.len() == SEGMENT {
                for (target, sum) in line.iter_mut().zip(sums.as_flattened()) {
                    *target[to..].first_chunk_mut().expect("a whole segment") = *sum;
                }
                continue;
            }
            let from = wanted.start - col..wanted.end - col;
            for (target, sum) in line.iter_mut().zip(sums.as_flattened()) {
                target[to..to + wanted.len()].copy_from_slice(&sum[from.clone()]);
            }
        }
    }

    #[inline(always)]
    fn five(
        &self,
        [ne, se, sw, nw]: &[[Lanes<f32>; F]; 4],
        here: &Here<F>,
    ) -> [[Lanes<f32>; 5]; F] {
        let mut out = [[[0.0_f32; SEGMENT]; 5]; F];
        for f in 0..F {
            let own = self.gather.own(f);
            for i in 0..SEGMENT {
                let sides = [
                    ne[f][i] + se[f][i],
                    se[f][i] + sw[f][i],
                    sw[f][i] + nw[f][i],
                    nw[f][i] + ne[f][i],
                ];
                let whole = 0.5 * (sides[0] + sides[2]);
                let roof = own * here.sent[f][i] as f32;
                let open = here.open[i] != 0;
                out[f][0][i] = if open { whole } else { roof };
                for s in 0..4 {
                    out[f][s + 1][i] = if open { sides[s] } else { roof };
                }
            }
        }
        out
    }
}
