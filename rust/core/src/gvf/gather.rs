//! What becomes of the directions of a quadrant (G 7.5).

use super::geometry::{Geometry, Lanes, SEGMENT};
use super::look::Along;
use super::shares::Shares;
use super::units::Unit;

/// The cells that look.
#[derive(Clone, Copy)]
pub(super) struct Here<const F: usize> {
    /// What they send themselves, roofs too.
    pub(super) sent: [Lanes<i32>; F],
    /// All bits on open ground. What others see counts for nothing: a roof sees itself.
    pub(super) open: Lanes<i32>,
    /// A lit wall stands here: bit 31 less the sun that lights it; it faces a direction, so that it
    /// is behind: the bit of that.
    pub(super) wall: Lanes<u32>,
    /// What lit walls send to them, for each of what the step says of the first field.
    pub(super) warmth: Lanes<f32>,
}

impl<const F: usize> Here<F> {
    pub(super) const NOBODY: Self = Self {
        sent: [[0; SEGMENT]; F],
        open: [0; SEGMENT],
        wall: [0; SEGMENT],
        warmth: [1.0; SEGMENT],
    };
}

/// How much of what is met along the directions of a quadrant counts, of the walls that each of `W`
/// suns lights.
pub(super) trait Gather<const F: usize, const W: usize>: Sync {
    /// What the directions from `first` on contribute to the mean of a side.
    fn value<const D: usize, const NEAR: bool>(
        &self,
        directions: &[Along<F, W>; D],
        first: usize,
        here: &Here<F>,
    ) -> [Lanes<f32>; F];
    /// What a roof sees of one unit it sends itself.
    fn own(&self, field: usize) -> f32;
}

/// All bits where it holds.
#[inline(always)]
fn mask(holds: bool) -> i32 {
    -i32::from(holds)
}

/// The ground of a step, summed up over its suns.
pub(super) struct Step<const F: usize> {
    pub(super) shares: [Shares; F],
    pub(super) suns: i32,
    pub(super) near: i32,
    pub(super) far: i32,
}

impl<const F: usize, const W: usize> Gather<F, W> for Step<F> {
    #[inline(always)]
    fn value<const D: usize, const NEAR: bool>(
        &self,
        directions: &[Along<F, W>; D],
        first: usize,
        here: &Here<F>,
    ) -> [Lanes<f32>; F] {
        let mut walls = [[0_i32; SEGMENT]; 2];
        // How many suns meet a wall near and far along a direction, and stand on one.
        let mut meeting = [[[0_i32; SEGMENT]; 2]; D];
        let mut standing = [0_i32; SEGMENT];
        for w in 0..W {
            for i in 0..SEGMENT {
                let (mut near, mut far) = (0, 0);
                let stands = here.wall[i] >> (31 - w) & 1;
                for d in 0..D {
                    let along = &directions[d];
                    let step = i32::from(along.wall[w][i]);
                    let met = mask(along.wall[w][i] < along.open[i]);
                    // A cell's own lit wall is behind it when it faces the search direction: its far
                    // count is dropped, its denominator not (quirk Q29).
                    let behind = mask(here.wall[i] >> (first + d) & stands != 0);
                    far += (self.far - step) & met & !behind;
                    near += (self.near - step).max(0) & met;
                    if W > 1 {
                        meeting[d][1][i] -= met;
                        if NEAR {
                            meeting[d][0][i] -= met & mask(step < self.near);
                        }
                    }
                }
                standing[i] += stands as i32;
                walls[0][i] += if NEAR {
                    near
                } else {
                    D as i32 & mask(stands != 0)
                };
                walls[1][i] += far;
            }
        }
        let mut out = [[0.0; SEGMENT]; F];
        for f in 0..F {
            for i in 0..SEGMENT {
                let (mut seen, mut met) = ([0; 2], [0; 2]);
                for d in 0..D {
                    let along = &directions[d];
                    seen[1] += along.far[f][i];
                    if NEAR {
                        seen[0] += along.near[f][i];
                    }
                    if W == 1 {
                        let step = along.wall[0][i];
                        let meets = mask(step < along.open[i]);
                        met[1] += along.far[f][i] & meets;
                        if NEAR {
                            met[0] += along.near[f][i] & meets & mask(i32::from(step) < self.near);
                        }
                    } else if W > 1 {
                        met[1] += along.far[f][i] * meeting[d][1][i];
                        if NEAR {
                            met[0] += along.near[f][i] * meeting[d][0][i];
                        }
                    }
                }
                if !NEAR {
                    seen[0] = D as i32 * here.sent[f][i];
                    if W > 0 {
                        met[0] = seen[0] * standing[i];
                    }
                }
                // No closure here: the loop would not become one over lanes.
                let seen = [seen[0] * self.suns, seen[1] * self.suns];
                let warmth = if f == 0 { here.warmth[i] } else { 1.0 };
                let walls = [walls[0][i], walls[1][i]].map(|count| warmth * count as f32);
                out[f][i] = self.shares[f].quadrant(seen, met, walls);
            }
        }
        out
    }

    fn own(&self, field: usize) -> f32 {
        self.shares[field].own
    }
}

/// Every building edge is a sunlit wall: the ground without shadows.
pub(super) struct Unshaded {
    shares: Shares,
    near: i32,
    far: i32,
}

impl Unshaded {
    pub(super) fn new(geometry: &Geometry, unit: Unit, wall_albedo: f64) -> Self {
        let Geometry { near, far, .. } = *geometry;
        Self {
            shares: Shares::with_far_wall(near, far, far, unit, wall_albedo),
            near: near as i32,
            far: far as i32,
        }
    }
}

impl Gather<1, 0> for Unshaded {
    #[inline(always)]
    fn value<const D: usize, const NEAR: bool>(
        &self,
        directions: &[Along<1, 0>; D],
        _: usize,
        here: &Here<1>,
    ) -> [Lanes<f32>; 1] {
        let mut out = [0.0; SEGMENT];
        for i in 0..SEGMENT {
            let (mut seen, mut met, mut walls) = ([0; 2], [0; 2], [0; 2]);
            for d in 0..D {
                let along = &directions[d];
                let open = i32::from(along.open[i]);
                seen[1] += along.far[0][i];
                walls[1] += self.far - open;
                if NEAR {
                    let meets = mask(open < self.near);
                    seen[0] += along.near[0][i];
                    met[0] += along.near[0][i] & meets;
                    walls[0] += (self.near - open) & meets;
                }
            }
            if !NEAR {
                seen[0] = D as i32 * here.sent[0][i];
            }
            let walls = [walls[0] as f32, walls[1] as f32];
            out[i] = self.shares.quadrant(seen, met, walls);
        }
        [out]
    }

    fn own(&self, _: usize) -> f32 {
        self.shares.own
    }
}

/// `gvfSum` of the reference: the far view of the shadow factor, walls counting 1, no direction more
/// than that.
pub(super) struct Capped {
    shares: Shares,
    far: i32,
}

impl Capped {
    pub(super) fn new(geometry: &Geometry, unit: Unit) -> Self {
        Self {
            shares: Shares::far_only(geometry.far, unit),
            far: geometry.far as i32,
        }
    }
}

impl Gather<1, 1> for Capped {
    #[inline(always)]
    fn value<const D: usize, const NEAR: bool>(
        &self,
        directions: &[Along<1, 1>; D],
        first: usize,
        here: &Here<1>,
    ) -> [Lanes<f32>; 1] {
        let mut out = [0.0; SEGMENT];
        for i in 0..SEGMENT {
            for d in 0..D {
                let along = &directions[d];
                let step = along.wall[0][i];
                let met = mask(step < along.open[i]);
                let behind = mask(here.wall[i] >> (first + d) & 1 != 0);
                let walls = (self.far - i32::from(step)) & met & !behind;
                let far = along.far[0][i];
                let walls = [0.0, walls as f32];
                let value = self.shares.quadrant([0, far], [0, far & met], walls);
                out[i] += value.min(1.0);
            }
        }
        [out]
    }

    fn own(&self, _: usize) -> f32 {
        0.0
    }
}
