//! Looking along one direction: what a segment of cells sees of the ground and of lit walls.

use super::geometry::{Geometry, Lanes, SEGMENT};
use super::pairs::Taps;
use super::ring::{NO_WALL, Ring};
use std::ops::Range;

/// What a segment sees along one direction.
#[derive(Clone, Copy)]
pub(super) struct Along<const F: usize, const W: usize> {
    /// Step at the first building.
    pub(super) open: Lanes<u8>,
    /// Step at the first wall that each sun lights, seen or behind a building; [`NO_WALL`] if none.
    pub(super) wall: [Lanes<u8>; W],
    /// Sum over the near ground, where that is more than the cell itself; else 0.
    pub(super) near: [Lanes<i32>; F],
    /// Sum over the far ground.
    pub(super) far: [Lanes<i32>; F],
}

impl<const F: usize, const W: usize> Along<F, W> {
    pub(super) const NOTHING: Self = Self {
        open: [0; SEGMENT],
        wall: [[NO_WALL; SEGMENT]; W],
        near: [[0; SEGMENT]; F],
        far: [[0; SEGMENT]; F],
    };
}

/// What the rows of a ring give along a direction.
pub(super) struct Sight<'a, const F: usize, const W: usize> {
    taps: &'a Taps,
    positions: &'a [u32],
    sums: [&'a [i32]; F],
    walls: [&'a [u8]; W],
}

impl<const F: usize, const W: usize> Ring<F, W> {
    /// Turn to a direction of a quadrant.
    #[inline(always)]
    pub(super) fn sight<'a, const NEAR: bool>(
        &'a self,
        taps: &'a Taps,
        quadrant: usize,
        direction: usize,
    ) -> Sight<'a, F, W> {
        // One length for all, so that one comparison guards them.
        let end = self.sums[0].len();
        let mut sums = [&[][..]; F];
        for f in 0..F {
            sums[f] = &self.sums[f][..end];
        }
        let mut walls = [&[][..]; W];
        for w in 0..W {
            walls[w] = &self.walls[w][quadrant][..end];
        }
        Sight {
            taps,
            positions: &self.from_here[direction * taps.len()..][..taps.len()],
            sums,
            walls,
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
        along: &mut Along<F, W>,
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
            let more = |reach: usize| reach.saturating_sub(steps + 1) as i32;
            for f in 0..F {
                along.far[f][i] += sent[f] * more(geometry.far);
                along.near[f][i] += sent[f] * more(geometry.near);
            }
        }
    }
}

impl<const F: usize, const W: usize> Sight<'_, F, W> {
    /// Look from the segment `at` cells into the strip. What cells see that stand on a building is not
    /// told.
    #[inline(always)]
    pub(super) fn look<const NEAR: bool>(
        &self,
        open: &Lanes<u8>,
        at: usize,
        along: &mut Along<F, W>,
    ) {
        let number = self.taps.before(open.iter().copied().fold(0, u8::max));
        let at = at as u32;
        let mut wall = [[NO_WALL; SEGMENT]; W];
        let mut far = [[0; SEGMENT]; F];
        let mut near = [[0; SEGMENT]; F];
        if number > 0 {
            // The farthest first, so that the wall that counts comes last.
            let cut = if NEAR { self.taps.near.min(number) } else { 1 };
            self.add(cut..number, open, at, &mut far, &mut wall);
            if NEAR {
                self.add(1..cut, open, at, &mut near, &mut wall);
            }
            // Cells on open ground see themselves, and what comes next unless it is a building.
            let own = if NEAR { &mut near } else { &mut far };
            for f in 0..F {
                let sum = lanes(self.sums[f], self.positions[0] + at);
                for i in 0..SEGMENT {
                    own[f][i] += sum[i];
                }
            }
            for w in 0..W {
                let step = lanes(self.walls[w], self.positions[0] + at);
                for i in 0..SEGMENT {
                    wall[w][i] = step[i].min(wall[w][i].saturating_add(self.taps.second));
                }
            }
            if NEAR {
                for f in 0..F {
                    for i in 0..SEGMENT {
                        far[f][i] += near[f][i];
                    }
                }
            }
        }
        along.open = *open;
        along.wall = wall;
        along.far = far;
        if NEAR {
            along.near = near;
        }
    }

    /// Add what look-ups two steps apart give that see the ground before the building at `open`.
    #[inline(always)]
    fn add(
        &self,
        taps: Range<usize>,
        open: &Lanes<u8>,
        at: u32,
        sums: &mut [Lanes<i32>; F],
        wall: &mut [Lanes<u8>; W],
    ) {
        if taps.is_empty() {
            return;
        }
        // Steps from the last look-up to the building.
        let last = i32::from(self.taps.steps[taps.end - 1]);
        let mut left = [0_i32; SEGMENT];
        for i in 0..SEGMENT {
            left[i] = i32::from(open[i]) - last;
        }
        let mut total = *sums;
        let mut first_wall = *wall;
        for &position in self.positions[taps].iter().rev() {
            for f in 0..F {
                let sum = lanes(self.sums[f], position + at);
                for i in 0..SEGMENT {
                    total[f][i] += sum[i] & -i32::from(left[i] > 0);
                }
            }
            for i in 0..SEGMENT {
                left[i] += 2;
            }
            for w in 0..W {
                let step = lanes(self.walls[w], position + at);
                for i in 0..SEGMENT {
                    first_wall[w][i] = step[i].min(first_wall[w][i].saturating_add(2));
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
