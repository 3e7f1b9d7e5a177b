//! Arguments that several calls take: windows, patch options, the reach of rays.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use solweig_core::grid::Window;
use solweig_core::patches::{PatchOption, PatchTable};
use solweig_core::rays::Reach;

/// A window of a raster: `(first row, end row, first column, end column)`.
///
/// # Errors
/// `ValueError` if it is empty or leaves the raster.
pub fn window_of(
    name: &str,
    window: Option<(usize, usize, usize, usize)>,
    shape: (usize, usize),
) -> PyResult<Window> {
    let (row, row_end, col, col_end) = window.unwrap_or((0, shape.0, 0, shape.1));
    if row >= row_end || col >= col_end || row_end > shape.0 || col_end > shape.1 {
        return Err(PyValueError::new_err(format!(
            "{name}: expected (row, row end, column, column end) inside {shape:?} and not empty, \
             got ({row}, {row_end}, {col}, {col_end})"
        )));
    }
    Ok(Window {
        row,
        col,
        rows: row_end - row,
        cols: col_end - col,
    })
}

/// The patch table of an option number.
///
/// # Errors
/// `ValueError` for numbers other than 1–4.
pub fn table_of(patch_option: u32) -> PyResult<PatchTable> {
    PatchOption::from_number(patch_option)
        .map(PatchTable::new)
        .ok_or_else(|| {
            PyValueError::new_err(format!(
                "patch_option: expected 1, 2, 3 or 4, got {patch_option}"
            ))
        })
}

/// The reach of rays from its two limits.
///
/// # Errors
/// `ValueError` unless the distance is positive.
pub fn reach_of(max_shadow_distance_m: f64, height_bound_m: Option<f64>) -> PyResult<Reach> {
    if max_shadow_distance_m.is_nan() || max_shadow_distance_m <= 0.0 {
        return Err(PyValueError::new_err(format!(
            "max_shadow_distance_m: expected a positive distance, got {max_shadow_distance_m}"
        )));
    }
    Ok(Reach {
        max_distance_m: max_shadow_distance_m,
        height_bound_m: height_bound_m.unwrap_or(f64::INFINITY),
    })
}
