//! Radiation of a step by coarse weather cells, such as those of a satellite or a weather model (R 15).
//!
//! Every weather cell has a sky of its own. A cell of the raster receives what the four around it
//! would give it, blended bilinearly between their centres; outside the centres the outermost hold.

use crate::weather::Weather;

/// Most weather cells over a map: each has tables of its own.
pub const MOST: usize = 256;

/// Radiation of a weather cell [W m⁻²]; NaN is what the step has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellRadiation {
    /// Global horizontal irradiance. Where it is given, direct and diffuse that are not are split
    /// from it.
    pub global: f64,
    /// Beam irradiance, as that of a step.
    pub direct: f64,
    /// Diffuse horizontal irradiance.
    pub diffuse: f64,
    /// Longwave of the sky on the horizontal.
    pub longwave_down: f64,
}

/// Where weather cells lie over a raster. Positions count cells of the whole map, the first from 0
/// to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeatherGrid {
    /// Rows and columns of weather cells.
    pub shape: [usize; 2],
    /// Row and column of the centre of the first one.
    pub origin: [f64; 2],
    /// Their distance.
    pub pitch: [f64; 2],
    /// Row and column of the map that the raster begins at.
    pub first: [usize; 2],
}

/// Where a line of weather cells is cut: the one before, and the share of the one behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// The one before.
    pub before: usize,
    /// Share of the next, 0 to 1.
    pub share: f32,
}

impl WeatherGrid {
    /// Whether the numbers make a grid of no more than [`MOST`] cells.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let count = self.shape[0] * self.shape[1];
        (1..=MOST).contains(&count)
            && self.pitch.iter().all(|&p| p > 0.0 && p.is_finite())
            && self.origin.iter().all(|o| o.is_finite())
    }

    /// Where a row (`axis` 0) or a column (1) of the raster lies.
    #[inline(always)]
    #[must_use]
    pub fn cut(&self, axis: usize, index: usize) -> Cut {
        let at = (self.first[axis] + index) as f64 + 0.5;
        let last = (self.shape[axis] - 1) as f64;
        let place = ((at - self.origin[axis]) / self.pitch[axis]).clamp(0.0, last);
        // At the last centre all is its own.
        let before = place.floor().min((last - 1.0).max(0.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of weather cells"
        )]
        Cut {
            before: before as usize,
            share: (place - before) as f32,
        }
    }

    /// Gaps between the centres on both axes; one where there is none.
    #[must_use]
    pub fn gaps(&self) -> [usize; 2] {
        self.shape.map(|n| (n - 1).max(1))
    }

    /// The four weather cells around a gap: before and behind in its upper row, then in its lower.
    #[must_use]
    pub fn corners(&self, [row, col]: [usize; 2]) -> [usize; 4] {
        let [rows, cols] = self.shape;
        let (below, right) = ((row + 1).min(rows - 1), (col + 1).min(cols - 1));
        [(row, col), (row, right), (below, col), (below, right)].map(|(r, c)| r * cols + c)
    }
}

/// What the weather cells behind count in a blend, beside the first of four: that behind it in its row,
/// the one below it, and the one behind that.
#[inline(always)]
#[must_use]
pub fn shares(down: f32, right: f32) -> [f32; 3] {
    [right * (1.0 - down), (1.0 - right) * down, right * down]
}

/// Radiation of a step by weather cells.
#[derive(Clone, Debug, PartialEq)]
pub struct WeatherCells {
    grid: WeatherGrid,
    radiation: Vec<CellRadiation>,
}

impl WeatherCells {
    /// By row; `None` if the numbers do not fit together.
    #[must_use]
    pub fn new(grid: WeatherGrid, radiation: Vec<CellRadiation>) -> Option<Self> {
        let fits = grid.is_sound() && radiation.len() == grid.shape[0] * grid.shape[1];
        fits.then_some(Self { grid, radiation })
    }

    /// Where they lie.
    #[must_use]
    pub fn grid(&self) -> &WeatherGrid {
        &self.grid
    }

    /// Number of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.radiation.len()
    }

    /// There is always one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Whether their skies differ by day or night from the step's.
    #[must_use]
    pub fn matter(&self, day: bool) -> bool {
        let given = |x: &CellRadiation| !x.longwave_down.is_nan() || (day && !x.global.is_nan());
        self.radiation.iter().any(given)
    }

    /// Weather of the step in a weather cell.
    #[must_use]
    pub fn weather(&self, index: usize, step: &Weather) -> Weather {
        let own = &self.radiation[index];
        let mut weather = *step;
        if !own.global.is_nan() {
            weather.global = own.global;
            weather.direct = own.direct;
            weather.diffuse = own.diffuse;
        }
        if !own.longwave_down.is_nan() {
            weather.longwave_down = own.longwave_down;
        }
        weather
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(shape: [usize; 2], origin: [f64; 2], pitch: [f64; 2]) -> WeatherGrid {
        WeatherGrid {
            shape,
            origin,
            pitch,
            first: [0, 0],
        }
    }

    #[test]
    fn between_centres() {
        let line = grid([1, 3], [0.5, 10.5], [1.0, 20.0]);
        let cut = |col: usize| line.cut(1, col);
        assert_eq!(
            cut(0),
            Cut {
                before: 0,
                share: 0.0
            }
        );
        assert_eq!(
            cut(15),
            Cut {
                before: 0,
                share: 0.25
            }
        );
        assert_eq!(
            cut(30),
            Cut {
                before: 1,
                share: 0.0
            }
        );
        assert_eq!(
            cut(50),
            Cut {
                before: 1,
                share: 1.0
            }
        );
        assert_eq!(cut(500), cut(50));
        assert_eq!(
            line.cut(0, 7),
            Cut {
                before: 0,
                share: 0.0
            }
        );
        assert_eq!(line.gaps(), [1, 2]);
        assert_eq!(line.corners([0, 1]), [1, 2, 1, 2]);
    }

    #[test]
    fn what_is_no_grid() {
        assert!(!grid([0, 3], [0.0; 2], [1.0; 2]).is_sound());
        assert!(!grid([17, 17], [0.0; 2], [1.0; 2]).is_sound());
        assert!(!grid([1, 1], [0.0; 2], [0.0, 1.0]).is_sound());
        assert!(!grid([1, 1], [f64::NAN, 0.0], [1.0; 2]).is_sound());
        assert!(grid([16, 16], [0.0; 2], [1.0; 2]).is_sound());
    }

    proptest! {
        #[test]
        fn a_part_is_cut_as_the_whole(
            origin in -50.0..50.0_f64, pitch in 0.5..80.0_f64, n in 1_usize..9,
            from in 0_usize..100, at in 0_usize..100,
        ) {
            let whole = grid([n, 1], [origin, 0.5], [pitch, 1.0]);
            let part = WeatherGrid { first: [from, 0], ..whole };
            prop_assert_eq!(whole.cut(0, from + at), part.cut(0, at));
        }

        #[test]
        fn four_make_a_whole(down in 0.0..=1.0_f32, right in 0.0..=1.0_f32) {
            let [a, b, c] = shares(down, right);
            prop_assert!((1.0 - down) * (1.0 - right) + a + b + c - 1.0 < 1e-6);
            prop_assert!(a >= 0.0 && b >= 0.0 && c >= 0.0);
        }
    }
}
