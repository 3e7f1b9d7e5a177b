//! Sums of a step over the map, exact and so the same whatever the order, the threads or the tiles.

/// Values are summed in units of this, as whole numbers. Means are off by half a unit at most.
pub const UNIT: f64 = 1.0 / 262_144.0;

/// A value in whole units.
#[inline(always)]
pub(super) fn units(value: f32) -> f64 {
    (f64::from(value) * (1.0 / UNIT)).round_ties_even()
}

/// The same of a value below 8192, from which a power of two takes nothing in single precision.
#[inline(always)]
pub(crate) fn small_units(value: f32) -> i32 {
    (value * (1.0 / UNIT) as f32).round_ties_even() as i32
}

/// A cell that no sum counts: it lies in the margin of a tile.
pub const NOT_COUNTED: u8 = 0;
/// A cell on open ground.
pub const GROUND: u8 = 1;
/// A cell on a building.
pub const ROOF: u8 = 2;

/// Sums over some cells in units of [`UNIT`]; the counts are of values that are not missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AreaSums {
    /// Of Tmrt.
    pub tmrt: i64,
    /// Of UTCI.
    pub utci: i64,
    /// Of the share of the beam that arrives.
    pub sun: i64,
    /// Cells with Tmrt.
    pub tmrt_count: u64,
    /// Cells with UTCI.
    pub utci_count: u64,
    /// Cells whose Tmrt lies below and above the range of UTCI.
    pub below: u64,
    /// See `below`.
    pub above: u64,
}

impl AreaSums {
    /// Both areas together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tmrt: self.tmrt + other.tmrt,
            utci: self.utci + other.utci,
            sun: self.sun + other.sun,
            tmrt_count: self.tmrt_count + other.tmrt_count,
            utci_count: self.utci_count + other.utci_count,
            below: self.below + other.below,
            above: self.above + other.above,
        }
    }

    /// Means of Tmrt, UTCI and the share of the beam; NaN where nothing was counted.
    #[must_use]
    pub fn means(self) -> [f64; 3] {
        let mean = |sum: i64, count: u64| sum as f64 * UNIT / count as f64;
        [
            mean(self.tmrt, self.tmrt_count),
            mean(self.utci, self.utci_count),
            mean(self.sun, self.tmrt_count),
        ]
    }
}

/// Sums of a step, where people stand and on roofs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepSums {
    /// Cells on open ground.
    pub ground: AreaSums,
    /// Cells on buildings.
    pub roofs: AreaSums,
}

impl StepSums {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            ground: self.ground.plus(other.ground),
            roofs: self.roofs.plus(other.roofs),
        }
    }

    /// Of the whole map.
    #[must_use]
    pub fn all(self) -> AreaSums {
        self.ground.plus(self.roofs)
    }
}

/// The same of a chunk of cells; sums are whole numbers, exact in f64.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChunkSums {
    tmrt: f64,
    utci: f64,
    sun: f64,
    tmrt_count: u32,
    utci_count: u32,
    below: u32,
    above: u32,
}

impl ChunkSums {
    /// Count a cell with Tmrt; `range` is that of UTCI.
    #[inline(always)]
    pub(super) fn add(&mut self, tmrt: f32, utci: f32, sun: f32, [low, high]: [f64; 2]) {
        self.tmrt += units(tmrt);
        self.sun += units(sun);
        self.tmrt_count += 1;
        self.below += u32::from(f64::from(tmrt) < low);
        self.above += u32::from(f64::from(tmrt) > high);
        if !utci.is_nan() {
            self.utci += units(utci);
            self.utci_count += 1;
        }
    }

    /// The sums as whole numbers.
    fn whole(self) -> AreaSums {
        AreaSums {
            tmrt: self.tmrt as i64,
            utci: self.utci as i64,
            sun: self.sun as i64,
            tmrt_count: u64::from(self.tmrt_count),
            utci_count: u64::from(self.utci_count),
            below: u64::from(self.below),
            above: u64::from(self.above),
        }
    }
}

/// Sums of a chunk by where its cells lie: [`NOT_COUNTED`], [`GROUND`], [`ROOF`].
pub(super) type ByPlace = [ChunkSums; 3];

/// Sums of all chunks.
pub(super) fn total(chunks: impl Iterator<Item = ByPlace>) -> StepSums {
    chunks.fold(StepSums::default(), |sum, chunk| StepSums {
        ground: sum.ground.plus(chunk[usize::from(GROUND)].whole()),
        roofs: sum.roofs.plus(chunk[usize::from(ROOF)].whole()),
    })
}

/// Where cells are counted, from the mask of open ground (1) and buildings (0) and a function that
/// tells the cells of the core.
#[must_use]
pub fn places(open_ground: &[u8], in_core: impl Fn(usize) -> bool) -> Vec<u8> {
    let place = |(cell, &open): (usize, &u8)| match (in_core(cell), open) {
        (false, _) => NOT_COUNTED,
        (true, 0) => ROOF,
        (true, _) => GROUND,
    };
    open_ground.iter().enumerate().map(place).collect()
}
