//! Looking at two cells at once: of every cell the sums with its neighbours are kept, so half the
//! look-ups give all that is seen along a direction (G 9).
//!
//! Buildings send out nothing. A pair whose first cell is seen then gives what is seen of both,
//! whether or not the second is a building.

/// A cell and its neighbour: to the east, south, south-east, south-west; and a cell alone.
pub(super) const KINDS: usize = 5;
pub(super) const EAST: usize = 0;
pub(super) const SOUTH: usize = 1;
pub(super) const SOUTH_EAST: usize = 2;
pub(super) const SOUTH_WEST: usize = 3;
pub(super) const ALONE: usize = 4;

/// The kinds that a quadrant looks at, and whether it sees the neighbour first.
pub(super) const OF_QUADRANT: [[(usize, bool); 3]; 4] = [
    [(EAST, false), (SOUTH, true), (SOUTH_WEST, true)],
    [(EAST, false), (SOUTH, false), (SOUTH_EAST, false)],
    [(EAST, true), (SOUTH, false), (SOUTH_WEST, false)],
    [(EAST, true), (SOUTH, true), (SOUTH_EAST, true)],
];

/// One cell, or two that are seen one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// Kind of the sum.
    pub(super) kind: usize,
    /// The neighbour is seen first.
    backward: bool,
    /// Offset of the cell the sum is kept at.
    pub(super) at: (i32, i32),
}

impl Pair {
    /// Two neighbouring offsets in the order they are seen.
    pub(super) fn new(first: (i32, i32), second: (i32, i32)) -> Self {
        let step = (second.0 - first.0, second.1 - first.1);
        let backward = step < (0, 0);
        let (at, step) = if backward {
            (second, (-step.0, -step.1))
        } else {
            (first, step)
        };
        let kind = match step {
            (0, 1) => EAST,
            (1, 0) => SOUTH,
            (1, 1) => SOUTH_EAST,
            (1, -1) => SOUTH_WEST,
            _ => unreachable!("steps of a ray are neighbours"),
        };
        Self { kind, backward, at }
    }

    fn alone(at: (i32, i32)) -> Self {
        Self {
            kind: ALONE,
            backward: false,
            at,
        }
    }
}

/// The look-ups of every direction.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    /// Step of the first cell of a look-up; the same in all directions. After the first two they are
    /// two apart.
    pub(super) steps: Vec<u8>,
    /// Step of the second look-up.
    pub(super) second: u8,
    /// Look-ups of the near ground, where that is more than the cell itself.
    pub(super) near: usize,
    /// Some are of one cell.
    pub(super) alone: bool,
    /// Look-ups that start before a step, by step.
    before: [u8; 256],
    /// One after the other, all directions in one row.
    pub(super) pairs: Vec<Pair>,
    /// Every step with the one after it, all directions in one row.
    pub(super) neighbours: Vec<Pair>,
}

impl Taps {
    /// Pairs, so that one begins where the near ground ends. The first and the last step are alone
    /// where that needs it.
    pub(super) fn new(offsets: &[Vec<(i32, i32)>], near: usize, far: usize) -> Self {
        // The near ground of one cell is the cell itself and needs no look-up.
        let cut = if near == 1 { far } else { near };
        let first_alone = cut % 2 == 1;
        let paired = (usize::from(first_alone)..far).step_by(2);
        let steps: Vec<usize> = (0..usize::from(first_alone)).chain(paired).collect();
        let last_alone = (far - usize::from(first_alone)) % 2 == 1;
        let pair = |offsets: &[(i32, i32)], n: usize| {
            if (first_alone && n == 0) || (last_alone && n + 1 == far) {
                Pair::alone(offsets[n])
            } else {
                Pair::new(offsets[n], offsets[n + 1])
            }
        };
        let byte = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        let before = |end: usize| steps.iter().filter(|&&n| n < end).count();
        Self {
            second: if first_alone { 1 } else { 2 },
            near: before(near),
            alone: first_alone || last_alone,
            before: std::array::from_fn(|end| byte(before(end))),
            pairs: offsets
                .iter()
                .flat_map(|offsets| steps.iter().map(|&n| pair(offsets, n)))
                .collect(),
            neighbours: offsets
                .iter()
                .flat_map(|offsets| offsets.windows(2).map(|two| Pair::new(two[0], two[1])))
                .collect(),
            steps: steps.iter().map(|&n| byte(n)).collect(),
        }
    }

    /// How many there are to a direction.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// How many start before a step.
    #[inline(always)]
    pub(super) fn before(&self, step: u8) -> usize {
        usize::from(self.before[usize::from(step)])
    }
}
