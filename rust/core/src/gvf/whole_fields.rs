//! Fields that are given as numbers, counted in whole ones.

use super::ring::Emitted;
use super::units::{Unit, whole};
use std::ops::Range;

/// Fields in whole numbers.
#[derive(Clone, Debug)]
pub struct WholeFields<const F: usize> {
    cols: usize,
    fields: [Vec<i32>; F],
}

impl<const F: usize> WholeFields<F> {
    /// Fields of a raster of `cols` columns, each counted in its unit.
    #[must_use]
    pub fn new(cols: usize, fields: [&[f32]; F], units: [Unit; F]) -> Self {
        let count = |f: usize| {
            let per_one = units[f].per_one();
            fields[f].iter().map(|x| whole(x * per_one)).collect()
        };
        Self {
            cols,
            fields: std::array::from_fn(count),
        }
    }
}

impl<const F: usize> Emitted<F> for WholeFields<F> {
    fn row(&self, row: usize, cols: Range<usize>, mut out: [&mut [i32]; F]) {
        let first = row * self.cols;
        for (out, field) in out.iter_mut().zip(&self.fields) {
            out.copy_from_slice(&field[first + cols.start..first + cols.end]);
        }
    }
}

/// The largest size of a value of a raster, for its [`Unit`].
#[must_use]
pub fn largest(field: &[f32]) -> f64 {
    f64::from(field.iter().fold(0.0_f32, |most, x| most.max(x.abs())))
}
