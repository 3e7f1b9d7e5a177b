//! Wall height and wall aspect from a surface model (G 6).

use crate::constants::DEG;
use crate::grid::Grid;
use rayon::prelude::*;

/// A ground-side cell next to a building wall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WallCell {
    /// Index of the cell in the raster.
    pub index: u32,
    /// Wall height [m].
    pub height: f32,
    /// Outward normal [deg], clockwise from north.
    pub aspect_deg: f32,
}

/// The wall cells of a raster in row-major order.
#[must_use]
pub fn wall_cells(height: &[f32], aspect: &[f32]) -> Vec<WallCell> {
    (0_u32..)
        .zip(height.iter().zip(aspect))
        .filter(|(_, (h, _))| **h > 0.0)
        .map(|(index, (&height, &aspect_deg))| WallCell {
            index,
            height,
            aspect_deg,
        })
        .collect()
}

/// Wall height (G 6.1): how far the highest of the four neighbours rises above the cell, kept from
/// `limit` upwards. Neighbours without data are ignored (quirk Q21); border cells are 0.
#[must_use]
pub fn wall_height(grid: Grid, dsm: &[f32], limit: f64) -> Vec<f32> {
    let mut out = vec![0.0; grid.len()];
    if grid.rows < 3 || grid.cols < 3 {
        return out;
    }
    out.par_chunks_mut(grid.cols)
        .enumerate()
        .for_each(|(row, line)| {
            if row == 0 || row + 1 == grid.rows {
                return;
            }
            for col in 1..grid.cols - 1 {
                let i = row * grid.cols + col;
                let highest = [i - grid.cols, i + grid.cols, i - 1, i + 1]
                    .iter()
                    .map(|&n| f64::from(dsm[n]))
                    .fold(f64::NEG_INFINITY, f64::max);
                let height = highest - f64::from(dsm[i]);
                if height >= limit && height.is_finite() {
                    #[expect(clippy::cast_possible_truncation, reason = "stored as f32")]
                    {
                        line[col] = height as f32;
                    }
                }
            }
        });
    out
}

/// Cells whose line or side membership SciPy's rotation decides by rounding noise, as
/// `(window, angle, row offset, column offset)` (quirk Q23).
const ROTATION_TIES: [(usize, usize, i32, i32); 9] = [
    (9, 120, 0, -1),
    (9, 150, -1, 0),
    (3, 60, 0, -1),
    (3, 120, 0, -1),
    (3, 150, -1, 0),
    (5, 60, 0, -1),
    (5, 120, 0, -1),
    (5, 150, -1, 0),
    (19, 60, 0, -1),
];

/// Cosine and sine of a whole angle, exact at multiples of 30 degrees.
fn cos_sin(angle: usize) -> (f64, f64) {
    let half_root3 = 3.0_f64.sqrt() / 2.0;
    match angle {
        0 => (1.0, 0.0),
        30 => (half_root3, 0.5),
        60 => (0.5, half_root3),
        90 => (0.0, 1.0),
        120 => (-0.5, half_root3),
        150 => (-half_root3, 0.5),
        _ => ((angle as f64 * DEG).cos(), (angle as f64 * DEG).sin()),
    }
}

/// The line filter at one angle: bits of the line, and the cells on either side of it.
#[derive(Clone, Debug)]
struct Filter {
    line: Vec<u64>,
    /// (row offset, column offset, side 1 or 2).
    sides: Vec<(i32, i32, u8)>,
}

/// Window side in cells for a pixel size (G 6.2).
fn window(pixel_size: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive"
    )]
    let cells = ((1.0 / pixel_size + 1e-10) * 9.0).floor() as usize;
    match cells {
        0..=2 => 3,
        n if n.is_multiple_of(2) => n + 1,
        n => n,
    }
}

fn filters(window: usize) -> Vec<Filter> {
    let half = i32::try_from(window / 2).expect("a window is small");
    (0..180).map(|angle| filter(window, half, angle)).collect()
}

fn filter(window: usize, half: i32, angle: usize) -> Filter {
    let (cos, sin) = cos_sin(angle);
    let mut line = vec![0_u64; (window * window).div_ceil(64)];
    let mut sides = Vec::new();
    let tie = |i: i32, j: i32| {
        ROTATION_TIES
            .iter()
            .any(|&(n, t, a, b)| n == window && t == angle && (a, b) == (i, j))
    };
    let limit = f64::from(half);
    let rounded = |x: f64| (x + 0.5).floor().clamp(-limit, limit);
    let mut bit = 0;
    for i in -half..=half {
        for j in -half..=half {
            let (down, right) = (f64::from(i), f64::from(j));
            let along = down * cos + right * sin;
            let across = -down * sin + right * cos;
            if across.abs() < 0.5 - 1e-9 || tie(i, j) {
                line[bit / 64] |= 1 << (bit % 64);
            }
            bit += 1;
            let cleared = matches!(angle, 30 | 150) && j == half;
            if rounded(along) == 0.0 && rounded(across) != 0.0 && !cleared {
                sides.push((i, j, if rounded(across) < 0.0 { 1 } else { 2 }));
            }
        }
    }
    Filter { line, sides }
}

/// Wall aspect by the rotating line filter (G 6.2, after Goodwin et al. 2009): outward wall normal
/// in degrees clockwise from north, 0 away from walls.
///
/// `improved` takes the middle of the run of best angles and compares side means instead of the
/// first best angle and side sums, which turn north and south walls by some degrees (quirks Q38,
/// Q39). Absolute heights are summed in f64, so no datum may be subtracted beforehand.
#[must_use]
pub fn wall_aspect(grid: Grid, dsm: &[f32], wall_height: &[f32], improved: bool) -> Vec<f32> {
    let size = window(grid.pixel_size);
    let filters = filters(size);
    let half = size / 2;
    let is_wall: Vec<bool> = wall_height.iter().map(|&h| h > 0.5).collect();
    let mut out = vec![0.0_f32; grid.len()];
    out.par_chunks_mut(grid.cols)
        .enumerate()
        .for_each(|(row, line)| {
            for (col, aspect) in line.iter_mut().enumerate() {
                if !is_wall[row * grid.cols + col] {
                    continue;
                }
                // Two more rows and columns than needed are left out at the far ends (quirk Q24).
                let inside = row >= half
                    && col >= half
                    && row + half + 2 < grid.rows
                    && col + half + 2 < grid.cols;
                let mut angle = 0.0;
                if inside {
                    let at = Window {
                        grid,
                        row,
                        col,
                        half,
                    };
                    angle = filtered_aspect(&at, &filters, dsm, &is_wall, improved);
                }
                // Exactly north-facing walls fall through to the gradient as well (quirk Q25).
                if angle == 0.0 {
                    angle = gradient_aspect(grid, dsm, row, col);
                }
                #[expect(clippy::cast_possible_truncation, reason = "stored as f32")]
                {
                    *aspect = angle as f32;
                }
            }
        });
    out
}

/// Position of a filter window.
struct Window {
    grid: Grid,
    row: usize,
    col: usize,
    half: usize,
}

impl Window {
    /// Wall cells of the window as bits, row by row.
    fn bits(&self, is_wall: &[bool]) -> Vec<u64> {
        let size = 2 * self.half + 1;
        let mut bits = vec![0_u64; (size * size).div_ceil(64)];
        let mut bit = 0;
        for row in self.row - self.half..=self.row + self.half {
            let first = row * self.grid.cols + self.col - self.half;
            for &wall in &is_wall[first..first + size] {
                bits[bit / 64] |= u64::from(wall) << (bit % 64);
                bit += 1;
            }
        }
        bits
    }

    /// Height at an offset.
    fn height(&self, dsm: &[f32], i: i32, j: i32) -> f64 {
        let row = self.row.wrapping_add_signed(i as isize);
        let col = self.col.wrapping_add_signed(j as isize);
        f64::from(dsm[row * self.grid.cols + col])
    }
}

fn filtered_aspect(
    at: &Window,
    filters: &[Filter],
    dsm: &[f32],
    is_wall: &[bool],
    improved: bool,
) -> f64 {
    let walls = at.bits(is_wall);
    let counts: Vec<u32> = filters
        .iter()
        .map(|f| {
            f.line
                .iter()
                .zip(&walls)
                .map(|(a, b)| (a & b).count_ones())
                .sum()
        })
        .collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let mut best = counts.iter().position(|&n| n == most).unwrap_or(0);
    let mut normal_of = best as f64;
    if improved {
        (best, normal_of) = middle_of_run(&counts, best);
    }
    let (mut sums, mut cells) = ([0.0; 2], [0.0; 2]);
    for &(i, j, side) in &filters[best].sides {
        sums[usize::from(side - 1)] += at.height(dsm, i, j);
        cells[usize::from(side - 1)] += 1.0;
    }
    if improved {
        sums = [sums[0] / cells[0], sums[1] / cells[1]];
    }
    if sums[0] > sums[1] {
        (90.0 - normal_of).rem_euclid(360.0)
    } else {
        (270.0 - normal_of).rem_euclid(360.0)
    }
}

/// Middle of the circular run (period 180) of best angles that contains `best`, as the nearest whole
/// angle and exactly.
fn middle_of_run(counts: &[u32], best: usize) -> (usize, f64) {
    let n = counts.len();
    let most = counts[best];
    let same =
        |offset: isize| counts[(best as isize + offset).rem_euclid(n as isize) as usize] == most;
    let limit = n as isize - 1;
    let before = (1..=limit).take_while(|&k| same(-k)).count() as f64;
    let after = (1..=limit).take_while(|&k| same(k)).count() as f64;
    let middle = best as f64 + (after - before) / 2.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let index = middle.round().rem_euclid(n as f64) as usize % n;
    // The angle is reported within half a step of the filter whose sides are compared.
    let exact = if (middle - index as f64).abs() <= 0.5 {
        middle
    } else {
        middle.rem_euclid(180.0)
    };
    (index, exact)
}

/// Aspect of the surface gradient, used where the filter does not reach (G 6.2).
fn gradient_aspect(grid: Grid, dsm: &[f32], row: usize, col: usize) -> f64 {
    let z = |r: usize, c: usize| f64::from(dsm[r * grid.cols + c]);
    let slope = |at: usize, n: usize, value: &dyn Fn(usize) -> f64| {
        if n < 2 {
            0.0
        } else if at == 0 {
            value(1) - value(0)
        } else if at == n - 1 {
            value(n - 1) - value(n - 2)
        } else {
            (value(at + 1) - value(at - 1)) / 2.0
        }
    };
    let down = slope(row, grid.rows, &|r| z(r, col));
    let right = slope(col, grid.cols, &|c| z(row, c));
    let aspect = -right.atan2(down);
    let aspect = if aspect < 0.0 {
        aspect + 2.0 * std::f64::consts::PI
    } else {
        aspect
    };
    aspect / DEG
}

/// Does a wall face a light at an azimuth (G 4)? The half-open ends differ by sector (quirk Q13),
/// and the order of operations decides exact ties.
#[must_use]
pub fn faces(aspect_deg: f32, azimuth_deg: f64) -> bool {
    use std::f64::consts::PI;
    let a = f64::from(aspect_deg) * PI / 180.0;
    let phi = azimuth_deg * DEG;
    let (lo, hi) = (phi - PI / 2.0, phi + PI / 2.0);
    if lo < 0.0 {
        a > lo + 2.0 * PI || a <= hi
    } else if hi >= 2.0 * PI {
        a > lo || a <= hi - 2.0 * PI
    } else {
        lo <= a && a < hi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 16 × 16 block, 10 m high, in the middle of a plain.
    fn block(pixel_size: f64) -> (Grid, Vec<f32>) {
        let grid = Grid {
            rows: 60,
            cols: 60,
            pixel_size,
        };
        let mut dsm = vec![2.0; grid.len()];
        for row in 22..38 {
            dsm[row * 60 + 22..row * 60 + 38].fill(12.0);
        }
        (grid, dsm)
    }

    fn side_aspects(pixel_size: f64, improved: bool) -> [f32; 4] {
        let (grid, dsm) = block(pixel_size);
        let height = wall_height(grid, &dsm, 1.0);
        let aspect = wall_aspect(grid, &dsm, &height, improved);
        // North, east, south, west mid-sides.
        [
            aspect[21 * 60 + 30],
            aspect[30 * 60 + 38],
            aspect[38 * 60 + 30],
            aspect[30 * 60 + 21],
        ]
    }

    #[test]
    fn ring_of_walls_with_the_block_height() {
        let (grid, dsm) = block(1.0);
        let height = wall_height(grid, &dsm, 1.0);
        assert_eq!(height.iter().filter(|&&h| h > 0.0).count(), 64);
        assert!(height.iter().all(|&h| h == 0.0 || h == 10.0));
    }

    #[test]
    fn aspects_of_a_block_match_the_reference_bias() {
        assert_eq!(side_aspects(1.0, false), [7.0, 90.0, 187.0, 270.0]);
        assert_eq!(side_aspects(2.0, false), [14.0, 90.0, 194.0, 270.0]);
    }

    #[test]
    fn improved_aspects_are_cardinal() {
        for pixel_size in [0.5, 1.0, 2.0, 4.0] {
            let [n, e, s, w] = side_aspects(pixel_size, true);
            assert_eq!(
                (n.rem_euclid(360.0), e, s, w),
                (0.0, 90.0, 180.0, 270.0),
                "{pixel_size}"
            );
        }
    }

    #[test]
    fn missing_neighbours_do_not_remove_a_wall() {
        let (grid, mut dsm) = block(1.0);
        dsm[20 * 60 + 30] = f32::NAN;
        assert_eq!(wall_height(grid, &dsm, 1.0)[21 * 60 + 30], 10.0);
    }
}
