//! UTCI and PET of arrays.

use crate::door::{Raster, array, contiguous, enter};
use numpy::{PyArrayDyn, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::prelude::*;
use solweig_core::pet::{Body, PetStep, pet as pet_point};
use solweig_core::utci::{UtciStep, utci as utci_point};

/// Cells a thread takes at a time.
const BLOCK: usize = 4096;

/// The values of an array argument that must have the shape of the first one.
fn values<'a, T: numpy::Element>(
    name: &str,
    array: &'a PyReadonlyArrayDyn<'_, T>,
    like: &[usize],
) -> PyResult<&'a [T]> {
    if array.shape() != like {
        return Err(PyValueError::new_err(format!(
            "{name}: expected shape {like:?}, got {:?}",
            array.shape()
        )));
    }
    array.as_slice().map_err(|_| {
        PyValueError::new_err(format!(
            "{name}: expected a C-contiguous array, got a strided one"
        ))
    })
}

/// Fill a new raster of the shape of `tmrt` block by block on all cores.
fn map_grid<'py>(
    py: Python<'py>,
    tmrt: &Raster<'py, f32>,
    fill: impl Fn(&[f32], &mut [f32]) + Sync + Send,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let cells = contiguous("tmrt", tmrt)?;
    let out = enter(py, || {
        let mut out = vec![f32::NAN; cells.len()];
        out.par_chunks_mut(BLOCK)
            .zip(cells.par_chunks(BLOCK))
            .for_each(|(o, t)| fill(t, o));
        out
    })?;
    array(py, out, tmrt.shape())
}

fn is_female(sex: i64) -> PyResult<bool> {
    match sex {
        1 => Ok(false),
        2 => Ok(true),
        other => Err(PyValueError::new_err(format!(
            "sex: expected 1 (male) or 2 (female), got {other}"
        ))),
    }
}

/// UTCI [°C] point by point; arrays of one shape. NaN where an input is missing.
#[pyfunction]
pub fn utci<'py>(
    py: Python<'py>,
    ta: PyReadonlyArrayDyn<'py, f64>,
    rh: PyReadonlyArrayDyn<'py, f64>,
    tmrt: PyReadonlyArrayDyn<'py, f64>,
    wind_10m: PyReadonlyArrayDyn<'py, f64>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let shape = ta.shape().to_vec();
    let t = values("ta", &ta, &shape)?;
    let h = values("rh", &rh, &shape)?;
    let r = values("tmrt", &tmrt, &shape)?;
    let v = values("wind_10m", &wind_10m, &shape)?;
    let points = enter(py, || {
        (0..t.len())
            .into_par_iter()
            .map(|i| utci_point(t[i], h[i], r[i], v[i]))
            .collect()
    })?;
    array(py, points, &shape)
}

/// UTCI [°C] of a Tmrt raster under one weather.
#[pyfunction]
pub fn utci_grid<'py>(
    py: Python<'py>,
    tmrt: Raster<'py, f32>,
    ta: f64,
    rh: f64,
    wind_10m: f64,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let step = UtciStep::new(ta, rh, wind_10m);
    map_grid(py, &tmrt, |t, o| step.fill(t, o))
}

/// PET [°C] point by point; arrays of one shape. NaN where an input is missing, the wind is not
/// positive or the body impossible.
#[pyfunction]
pub fn pet<'py>(
    py: Python<'py>,
    ta: PyReadonlyArrayDyn<'py, f64>,
    rh: PyReadonlyArrayDyn<'py, f64>,
    tmrt: PyReadonlyArrayDyn<'py, f64>,
    wind: PyReadonlyArrayDyn<'py, f64>,
    weight: PyReadonlyArrayDyn<'py, f64>,
    age: PyReadonlyArrayDyn<'py, f64>,
    height: PyReadonlyArrayDyn<'py, f64>,
    activity: PyReadonlyArrayDyn<'py, f64>,
    clothing: PyReadonlyArrayDyn<'py, f64>,
    sex: PyReadonlyArrayDyn<'py, i64>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let shape = ta.shape().to_vec();
    let t = values("ta", &ta, &shape)?;
    let h = values("rh", &rh, &shape)?;
    let r = values("tmrt", &tmrt, &shape)?;
    let v = values("wind", &wind, &shape)?;
    let (m, a) = (
        values("weight", &weight, &shape)?,
        values("age", &age, &shape)?,
    );
    let ht = values("height", &height, &shape)?;
    let w = values("activity", &activity, &shape)?;
    let clo = values("clothing", &clothing, &shape)?;
    let codes = values("sex", &sex, &shape)?;
    let female = codes
        .iter()
        .map(|&s| is_female(s))
        .collect::<PyResult<Vec<bool>>>()?;
    let points = enter(py, || {
        let point = |i: usize| {
            let body = Body {
                weight: m[i],
                age: a[i],
                height: ht[i],
                activity: w[i],
                clothing: clo[i],
                female: female[i],
            };
            pet_point(t[i], h[i], r[i], v[i], &body)
        };
        (0..t.len()).into_par_iter().map(point).collect()
    })?;
    array(py, points, &shape)
}

/// PET [°C] of a Tmrt raster under one weather for one person.
#[pyfunction]
#[pyo3(signature = (tmrt, ta, rh, wind, *, weight, age, height, activity, clothing, sex))]
pub fn pet_grid<'py>(
    py: Python<'py>,
    tmrt: Raster<'py, f32>,
    ta: f64,
    rh: f64,
    wind: f64,
    weight: f64,
    age: f64,
    height: f64,
    activity: f64,
    clothing: f64,
    sex: i64,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let body = Body {
        weight,
        age,
        height,
        activity,
        clothing,
        female: is_female(sex)?,
    };
    if let Some(field) = body.invalid_field() {
        return Err(PyValueError::new_err(format!(
            "{field}: out of range for a body: {body:?}"
        )));
    }
    let step = PetStep::new(ta, rh, wind, &body);
    map_grid(py, &tmrt, |t, o| step.fill(t, o))
}
