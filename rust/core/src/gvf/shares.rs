//! From sums in whole numbers to a view: all divisions of G 7.5 and 7.6 as weights, made on the host
//! for both engines.

use super::units::Unit;

/// Weights of the near and the far ground (G 7.5).
const NEAR: f64 = 0.5;
const FAR: f64 = 0.4;
/// Directions of a side.
const SIDE: f64 = 9.0;

/// What the sums over a quadrant contribute to the mean of a side (G 7.5, 7.6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// One unit seen along directions that meet no lit wall, of the near and of the far ground.
    pub free: [f32; 2],
    /// One unit seen along directions that meet one: the wall is one more cell.
    pub met: [f32; 2],
    /// One step that sees the wall.
    pub wall: [f32; 2],
    /// One unit sent by the cell itself, of the whole mean: a roof sees nothing else.
    pub own: f32,
}

impl Shares {
    /// Weights of a field counted in `unit` whose walls have the value `wall`.
    #[must_use]
    pub fn new(near: usize, far: usize, unit: Unit, wall: f64) -> Self {
        Self::with_far_wall(near, far, far + 1, unit, wall)
    }

    /// Weights of sums over as many suns, whose mean is wanted. The cell itself is seen once.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a few suns")]
    pub fn over(self, suns: usize) -> Self {
        let part = |weights: [f32; 2]| weights.map(|x| x / suns as f32);
        Self {
            free: part(self.free),
            met: part(self.met),
            wall: part(self.wall),
            own: self.own,
        }
    }

    /// As [`Self::new`], with another number of cells in a far mean that meets a wall.
    #[expect(clippy::cast_possible_truncation, reason = "weights of f32 sums")]
    pub(super) fn with_far_wall(
        near: usize,
        far: usize,
        far_met: usize,
        unit: Unit,
        wall: f64,
    ) -> Self {
        let mix = |[near, far]: [usize; 2]| {
            let share = |weight: f64, cells: usize| weight / (NEAR + FAR) / SIDE / cells as f64;
            [share(NEAR, near), share(FAR, far)]
        };
        let met = mix([near + 1, far_met]);
        Self {
            free: mix([near, far]).map(|x| (x * unit.size()) as f32),
            met: met.map(|x| (x * unit.size()) as f32),
            wall: met.map(|x| (x * wall) as f32),
            own: unit.size() as f32,
        }
    }

    /// Weights of the far ground alone, of one direction, whose walls count 1.
    #[expect(clippy::cast_possible_truncation, reason = "weights of f32 sums")]
    pub(super) fn far_only(far: usize, unit: Unit) -> Self {
        let (free, met) = (1.0 / far as f64, 1.0 / (far + 1) as f64);
        Self {
            free: [0.0, (free * unit.size()) as f32],
            met: [0.0, (met * unit.size()) as f32],
            wall: [0.0, met as f32],
            own: 0.0,
        }
    }

    /// Contribution of a quadrant: of the near and of the far ground the sum of what is seen, the
    /// part of it along directions that meet a lit wall, and the steps that see walls, by how much these
    /// send. Twin of
    /// `quadrant` in `shaders/gvf.wgsl`.
    #[inline(always)]
    #[must_use]
    pub fn quadrant(&self, seen: [i32; 2], met: [i32; 2], walls: [f32; 2]) -> f32 {
        let mut parts = [0.0; 2];
        for k in 0..2 {
            parts[k] = self.free[k] * (seen[k] - met[k]) as f32
                + self.met[k] * met[k] as f32
                + self.wall[k] * walls[k];
        }
        let [near, far] = parts;
        near + far
    }
}
