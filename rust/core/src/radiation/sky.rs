//! What a sky sends to the cells of a block: the sky of the step, or that which the weather cells
//! around a cell make of theirs.

use super::tables::StepTables;

/// Numbers of a sky, by cell of a block. Those of the step's own sky are the same for all, so that the
/// compiler takes them out of loops.
pub trait Sky {
    /// The beam, for each of that of the tables.
    fn beam(&self, i: usize) -> f32;
    /// Global irradiance.
    fn global(&self, i: usize) -> f32;
    /// Diffuse irradiance.
    fn diffuse(&self, i: usize) -> f32;
    /// Radiance of foliage and of shaded walls.
    fn shaded_radiance(&self, i: usize) -> f32;
    /// What a sunlit wall radiates beyond a shaded one.
    fn lit_radiance_gain(&self, i: usize) -> f32;
    /// Longwave of the sky on the horizontal.
    fn sky_down(&self, i: usize) -> f32;
    /// Longwave of the sky on the sides.
    fn sky_side(&self, i: usize) -> f32;
    /// Longwave of a sunlit wall.
    fn wall_warm(&self, i: usize) -> f32;
    /// Longwave of the wall towards a side.
    fn wall_facing(&self, d: usize, i: usize) -> f32;
    /// 1 − ε of the hemisphere.
    fn deficit(&self, i: usize) -> f32;
    /// Longwave that a sunlit wall radiates beyond a shaded one.
    fn lit_gain(&self, i: usize) -> f32;
}

impl Sky for StepTables {
    #[inline(always)]
    fn beam(&self, _: usize) -> f32 {
        1.0
    }

    #[inline(always)]
    fn global(&self, _: usize) -> f32 {
        self.sun.global
    }

    #[inline(always)]
    fn diffuse(&self, _: usize) -> f32 {
        self.sun.diffuse
    }

    #[inline(always)]
    fn shaded_radiance(&self, _: usize) -> f32 {
        self.sun.shaded_radiance
    }

    #[inline(always)]
    fn lit_radiance_gain(&self, _: usize) -> f32 {
        self.sun.lit_radiance_gain
    }

    #[inline(always)]
    fn sky_down(&self, _: usize) -> f32 {
        self.longwave.sky_down
    }

    #[inline(always)]
    fn sky_side(&self, _: usize) -> f32 {
        self.longwave.sky_side
    }

    #[inline(always)]
    fn wall_warm(&self, _: usize) -> f32 {
        self.longwave.wall_warm
    }

    #[inline(always)]
    fn wall_facing(&self, d: usize, _: usize) -> f32 {
        self.longwave.wall_facing[d]
    }

    #[inline(always)]
    fn deficit(&self, _: usize) -> f32 {
        self.patch_longwave.deficit
    }

    #[inline(always)]
    fn lit_gain(&self, _: usize) -> f32 {
        self.patch_longwave.lit_gain
    }
}
