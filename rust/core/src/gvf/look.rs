//! Looking along one direction: what a segment of cells sees of the ground and of lit walls.

use super::count::Count;
use super::geometry::{Geometry, Lanes, SEGMENT};
use super::pairs::Taps;
use super::ring::{NO_WALL, Ring};
use std::ops::Range;

/// What a segment sees along one direction.
#[derive(Clone, Copy)]
pub(super) struct Along<const F: usize, T> {
    /// Step at the first building.
    pub(super) open: Lanes<u8>,
    /// Step at the first lit wall, seen or behind a building; [`NO_WALL`] if none.
    pub(super) wall: Lanes<u8>,
    /// Sum over the near ground, where that is more than the cell itself; else 0.
    pub(super) near: [Lanes<T>; F],
    /// Sum over the far ground, in two parts where it is shifted: up to [`Taps::half`], and the rest.
    pub(super) far: [[Lanes<T>; F]; 2],
}

impl<const F: usize, T: Count> Along<F, T> {
    pub(super) fn nothing() -> Self {
        Self {
            open: [0; SEGMENT],
            wall: [NO_WALL; SEGMENT],
            near: [[T::default(); SEGMENT]; F],
            far: [[[T::default(); SEGMENT]; F]; 2],
        }
    }

    /// Sum over the far ground of a cell, as it is kept.
    #[inline(always)]
    pub(super) fn far_of(&self, field: usize, cell: usize) -> i32 {
        let [first, second] = &self.far;
        let first = first[field][cell].kept();
        if T::SHIFTED {
            first + second[field][cell].kept()
        } else {
            first
        }
    }
}

/// What the rows of a ring give along a direction.
pub(super) struct Sight<'a, const F: usize, T> {
    taps: &'a Taps,
    positions: &'a [u32],
    sums: [&'a [T]; F],
    walls: &'a [u8],
}

impl<const F: usize, T: Count> Ring<F, T> {
    /// Turn to a direction of a quadrant.
    #[inline(always)]
    pub(super) fn sight<'a, const NEAR: bool>(
        &'a self,
        taps: &'a Taps,
        quadrant: usize,
        direction: usize,
        walls: bool,
    ) -> Sight<'a, F, T> {
        // One length for all, so that one comparison guards them.
        let end = self.sums[0].len();
        let mut sums = [&[][..]; F];
        for f in 0..F {
            sums[f] = &self.sums[f][..end];
        }
        Sight {
            taps,
            positions: &self.from_here[direction * taps.len()..][..taps.len()],
            sums,
            walls: if walls {
                &self.walls[quadrant][..end]
            } else {
                &[]
            },
        }
    }

    /// Past the edge the last cell inside repeats (quirk Q27). It was counted once.
    #[cold]
    #[inline(never)]
    pub(super) fn past_the_edge(
        &self,
        geometry: &Geometry,
        direction: usize,
        row: usize,
        col: usize,
        at: usize,
        along: &mut Along<F, T>,
    ) {
        let last = geometry.last_inside(direction, row, col);
        let end = geometry.far as u8 - 1;
        let mut repeats = false;
        for i in 0..SEGMENT {
            repeats |= last[i] < end && along.open[i] > last[i];
        }
        if !repeats {
            return;
        }
        let slot = self.slot(row as isize);
        for i in 0..SEGMENT {
            if last[i] >= end || along.open[i] <= last[i] {
                continue;
            }
            let steps = usize::from(last[i]);
            // The one after it is outside and sends nothing.
            let sent = self.neighbours(slot, direction * usize::from(end) + steps, at + i);
            let more = |first: usize, end: usize| end.saturating_sub(first.max(steps + 1)) as u8;
            let first = if T::SHIFTED {
                geometry.taps.first_part(geometry.far)
            } else {
                geometry.far
            };
            for f in 0..F {
                let near = &mut along.near[f][i];
                *near = near.plus_times(sent[f], more(0, geometry.near));
                let parts = [(0, first), (first, geometry.far)];
                for (far, (from, to)) in along.far.iter_mut().zip(parts) {
                    far[f][i] = far[f][i].plus_times(sent[f], more(from, to));
                }
            }
        }
    }
}

impl<const F: usize, T: Count> Sight<'_, F, T> {
    /// Look from the segment `at` cells into the strip. What cells see that stand on a building is not
    /// told.
    #[inline(always)]
    pub(super) fn look<const WALLS: bool, const NEAR: bool>(
        &self,
        open: &Lanes<u8>,
        at: usize,
        along: &mut Along<F, T>,
    ) {
        let number = self.taps.before(open.iter().copied().fold(0, u8::max));
        let at = at as u32;
        let mut wall = [NO_WALL; SEGMENT];
        let mut far = [[T::default(); SEGMENT]; F];
        let mut near = [[T::default(); SEGMENT]; F];
        let mut rest = [[T::default(); SEGMENT]; F];
        if number > 0 {
            // The farthest first, so that the wall that counts comes last.
            let cut = if NEAR { self.taps.near.min(number) } else { 1 };
            let half = if T::SHIFTED {
                self.taps.half.min(number)
            } else {
                number
            };
            if T::SHIFTED {
                self.add::<WALLS>(half..number, open, at, &mut rest, &mut wall);
            }
            self.add::<WALLS>(cut..half, open, at, &mut far, &mut wall);
            if NEAR {
                self.add::<WALLS>(1..cut, open, at, &mut near, &mut wall);
            }
            // Cells on open ground see themselves, and what comes next unless it is a building.
            let own = if NEAR { &mut near } else { &mut far };
            for f in 0..F {
                let sum = lanes(self.sums[f], self.positions[0] + at);
                for i in 0..SEGMENT {
                    own[f][i] = own[f][i].plus(sum[i]);
                }
            }
            if WALLS {
                let step = lanes(self.walls, self.positions[0] + at);
                for i in 0..SEGMENT {
                    wall[i] = step[i].min(wall[i].saturating_add(self.taps.second));
                }
            }
            if NEAR {
                for f in 0..F {
                    for i in 0..SEGMENT {
                        far[f][i] = far[f][i].plus(near[f][i]);
                    }
                }
            }
        }
        along.open = *open;
        along.wall = wall;
        along.far[0] = far;
        if T::SHIFTED {
            along.far[1] = rest;
        }
        if NEAR {
            along.near = near;
        }
    }

    /// Add what look-ups two steps apart give that see the ground before the building at `open`.
    #[inline(always)]
    fn add<const WALLS: bool>(
        &self,
        taps: Range<usize>,
        open: &Lanes<u8>,
        at: u32,
        sums: &mut [Lanes<T>; F],
        wall: &mut Lanes<u8>,
    ) {
        if taps.is_empty() {
            return;
        }
        let last = i16::from(self.taps.steps[taps.end - 1]);
        // Steps from the building to a look-up. A comparison instead of the sign would become branches.
        let mut past = [0_i16; SEGMENT];
        for i in 0..SEGMENT {
            past[i] = last - i16::from(open[i]);
        }
        let mut total = *sums;
        let mut first_wall = *wall;
        for &position in self.positions[taps].iter().rev() {
            for f in 0..F {
                let sum = lanes(self.sums[f], position + at);
                for i in 0..SEGMENT {
                    total[f][i] = total[f][i].plus(sum[i].masked(past[i] >> 15));
                }
            }
            for i in 0..SEGMENT {
                past[i] -= 2;
            }
            if WALLS {
                let step = lanes(self.walls, position + at);
                for i in 0..SEGMENT {
                    first_wall[i] = step[i].min(first_wall[i].saturating_add(2));
                }
            }
        }
        *sums = total;
        *wall = first_wall;
    }
}

#[inline(always)]
fn lanes<T>(line: &[T], at: u32) -> &Lanes<T> {
    let at = at as usize;
    line[at..at + SEGMENT]
        .first_chunk()
        .expect("a segment is that long")
}
