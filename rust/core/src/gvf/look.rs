//! Looking along one direction: what a segment of cells sees of the ground and of sunlit walls.

use super::geometry::{Geometry, Lanes, SEGMENT};

impl Geometry {
    /// Sum what is seen along one direction; `EDGE` repeats the last cell inside the raster, without
    /// `WALLS` none is sunlit and `lit` not read.
    #[inline(always)]
    pub(super) fn look<const F: usize, const WALLS: bool, const EDGE: bool>(
        &self,
        fields: &[&[f32]; F],
        lit: &[u32],
        row: usize,
        col: usize,
        direction: usize,
    ) -> Seen<F> {
        let steps = self.open_steps_at(direction, row, col);
        let mut open = [0_i32; SEGMENT];
        for i in 0..SEGMENT {
            open[i] = i32::from(steps[i]);
        }
        let longest = open.iter().copied().fold(0, i32::max);
        let mut seen = Seen {
            open,
            ..Seen::default()
        };
        let mut sums = [[0.0_f32; SEGMENT]; F];
        let mut met = [0_u32; SEGMENT];
        let mut walls = [0_u32; SEGMENT];
        let mut last = Last::<F>::default();
        for (n, &(drow, dcol)) in (0_i32..).zip(&self.offsets[direction]) {
            if n == self.near as i32 {
                (seen.near, seen.walls_near) = (sums, as_f32(&walls));
            }
            if n < longest {
                let (there, wall) = if EDGE {
                    last.look::<WALLS>(self, fields, lit, row, col, drow, dcol)
                } else {
                    let r = row.wrapping_add_signed(drow as isize);
                    let c = col.wrapping_add_signed(dcol as isize);
                    let at = r * self.stride + SEGMENT + c;
                    (
                        std::array::from_fn(|f| *lanes(fields[f], at)),
                        if WALLS { *lanes(lit, at) } else { [0; SEGMENT] },
                    )
                };
                for i in 0..SEGMENT {
                    let visible = 0_u32.wrapping_sub(u32::from(n < open[i]));
                    for f in 0..F {
                        sums[f][i] += f32::from_bits(there[f][i].to_bits() & visible);
                    }
                    if WALLS {
                        met[i] |= wall[i] & visible;
                    }
                }
            }
            // A wall, once met, keeps contributing for all further steps.
            if WALLS {
                for i in 0..SEGMENT {
                    walls[i] += met[i] >> 31;
                }
            }
        }
        if self.near == self.far {
            (seen.near, seen.walls_near) = (sums, as_f32(&walls));
        }
        (seen.far, seen.walls_far) = (sums, as_f32(&walls));
        seen
    }
}

#[inline(always)]
pub(super) fn lanes<T>(field: &[T], at: usize) -> &Lanes<T> {
    field[at..at + SEGMENT]
        .first_chunk()
        .expect("a segment is that long")
}

#[inline(always)]
fn as_f32(counts: &Lanes<u32>) -> Lanes<f32> {
    let mut out = [0.0; SEGMENT];
    for i in 0..SEGMENT {
        out[i] = counts[i] as f32;
    }
    out
}

/// What a segment sees along one direction.
pub(super) struct Seen<const F: usize> {
    pub(super) open: Lanes<i32>,
    pub(super) near: [Lanes<f32>; F],
    pub(super) far: [Lanes<f32>; F],
    pub(super) walls_near: Lanes<f32>,
    pub(super) walls_far: Lanes<f32>,
    pub(super) walls_kept: Lanes<f32>,
}

impl<const F: usize> Default for Seen<F> {
    fn default() -> Self {
        Self {
            open: [0; SEGMENT],
            near: [[0.0; SEGMENT]; F],
            far: [[0.0; SEGMENT]; F],
            walls_near: [0.0; SEGMENT],
            walls_far: [0.0; SEGMENT],
            walls_kept: [0.0; SEGMENT],
        }
    }
}

impl<const F: usize> Seen<F> {
    /// Mean over the steps, with seen walls as one more cell in the denominator (G 7.5).
    #[inline(always)]
    pub(super) fn with_walls(
        &self,
        kappa: f32,
        sum: f32,
        counted: f32,
        kept: f32,
        steps: usize,
    ) -> f32 {
        let n = steps as f32;
        if counted > 0.0 {
            (kappa * kept + sum) / (n + 1.0)
        } else {
            sum / n
        }
    }
}

/// Values at the last cell inside the raster, per lane.
struct Last<const F: usize> {
    fields: [Lanes<f32>; F],
    lit: Lanes<u32>,
}

impl<const F: usize> Default for Last<F> {
    fn default() -> Self {
        Self {
            fields: [[0.0; SEGMENT]; F],
            lit: [0; SEGMENT],
        }
    }
}

impl<const F: usize> Last<F> {
    #[inline(always)]
    fn look<const WALLS: bool>(
        &mut self,
        view: &Geometry,
        fields: &[&[f32]; F],
        lit: &[u32],
        row: usize,
        col: usize,
        drow: i32,
        dcol: i32,
    ) -> ([Lanes<f32>; F], Lanes<u32>) {
        let source_row = row
            .checked_add_signed(drow as isize)
            .filter(|&r| r < view.grid.rows);
        let source_col = (col + SEGMENT)
            .checked_add_signed(dcol as isize)
            .filter(|&c| c + SEGMENT <= view.stride);
        if let (Some(r), Some(c)) = (source_row, source_col) {
            let at = r * view.stride + c;
            for i in 0..SEGMENT {
                let inside = c + i >= SEGMENT && c + i < SEGMENT + view.grid.cols;
                for f in 0..F {
                    self.fields[f][i] = if inside {
                        fields[f][at + i]
                    } else {
                        self.fields[f][i]
                    };
                }
                if WALLS {
                    self.lit[i] = if inside { lit[at + i] } else { self.lit[i] };
                }
            }
        }
        (self.fields, self.lit)
    }
}
