//! The one door between Python and the core: release the GIL, catch panics, convert errors.

use numpy::{PyArrayDyn, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use solweig_core::grid::Grid;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Run `work` without the GIL. A panic inside becomes a `RuntimeError`.
pub fn enter<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)))
        .map_err(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("unknown cause");
            PyRuntimeError::new_err(format!("internal error in the engine: {text}"))
        })
}

/// A 2-D raster argument.
pub type Raster<'py, T> = PyReadonlyArray2<'py, T>;

/// The cells of a C-contiguous raster of the expected shape.
///
/// # Errors
/// `ValueError` naming the field, the shape expected and the shape got.
pub fn cells<'a, T: numpy::Element>(
    name: &str,
    array: &'a Raster<'_, T>,
    rows: usize,
    cols: usize,
) -> PyResult<&'a [T]> {
    if array.shape() != [rows, cols] {
        return Err(PyValueError::new_err(format!(
            "{name}: expected shape ({rows}, {cols}), got {:?}",
            array.shape()
        )));
    }
    contiguous(name, array)
}

/// The cells of a C-contiguous raster.
///
/// # Errors
/// `ValueError` if the raster is not C-contiguous.
pub fn contiguous<'a, T: numpy::Element>(
    name: &str,
    array: &'a Raster<'_, T>,
) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| {
        PyValueError::new_err(format!(
            "{name}: expected a C-contiguous array, got a strided one"
        ))
    })
}

/// Grid of a raster argument.
///
/// # Errors
/// `ValueError` for an empty raster or a pixel size that is not positive.
pub fn grid_of<T: numpy::Element>(
    name: &str,
    array: &Raster<'_, T>,
    pixel_size: f64,
) -> PyResult<Grid> {
    let &[rows, cols] = array.shape() else {
        unreachable!("a Raster has two dimensions")
    };
    if rows == 0 || cols == 0 {
        return Err(PyValueError::new_err(format!(
            "{name}: expected cells, got an empty array"
        )));
    }
    if !(pixel_size > 0.0 && pixel_size.is_finite()) {
        return Err(PyValueError::new_err(format!(
            "pixel_size: expected a positive length in metres, got {pixel_size}"
        )));
    }
    Ok(Grid {
        rows,
        cols,
        pixel_size,
    })
}

/// Hand a vector to numpy with the given shape, without copying.
///
/// # Errors
/// `ValueError` if the shape does not fit.
pub fn array<'py, T: numpy::Element>(
    py: Python<'py>,
    values: Vec<T>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    use numpy::{IntoPyArray, PyArrayMethods};
    values.into_pyarray(py).reshape(shape.to_vec())
}
