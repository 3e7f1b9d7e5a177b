//! UTCI and PET of arrays.

use numpy::{PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray2, PyReadonlyArrayDyn};
use numpy::{PyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::prelude::*;
use solweig_core::pet::{Body, PetStep, pet as pet_point};
use solweig_core::utci::{UtciStep, utci as utci_point};

/// Cells a thread takes at a time.
const BLOCK: usize = 4096;

fn contiguous<'a, T: numpy::Element>(
    array: &'a PyReadonlyArrayDyn<'_, T>,
    name: &str,
    like: &[usize],
) -> PyResult<&'a [T]> {
    if array.shape() != like {
        let message = format!("{name}: expected shape {like:?}, got {:?}", array.shape());
        return Err(PyValueError::new_err(message));
    }
    let not_contiguous = |_| PyValueError::new_err(format!("{name}: array must be C-contiguous"));
    array.as_slice().map_err(not_contiguous)
}

/// Fill a new raster of the shape of `tmrt` block by block on all cores.
fn map_grid<'py>(
    py: Python<'py>,
    tmrt: &PyReadonlyArray2<'py, f32>,
    fill: impl Fn(&[f32], &mut [f32]) + Sync,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let shape = [tmrt.shape()[0], tmrt.shape()[1]];
    let cells = tmrt
        .as_slice()
        .map_err(|_| PyValueError::new_err("tmrt: array must be C-contiguous"))?;
    let out = py.detach(|| {
        let mut out = vec![f32::NAN; cells.len()];
        out.par_chunks_mut(BLOCK)
            .zip(cells.par_chunks(BLOCK))
            .for_each(|(o, t)| fill(t, o));
        out
    });
    PyArray1::from_vec(py, out).reshape(shape)
}

fn as_array<'py>(
    py: Python<'py>,
    values: Vec<f64>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    PyArray1::from_vec(py, values).reshape(shape)
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
    let t = contiguous(&ta, "ta", &shape)?;
    let h = contiguous(&rh, "rh", &shape)?;
    let r = contiguous(&tmrt, "tmrt", &shape)?;
    let v = contiguous(&wind_10m, "wind_10m", &shape)?;
    let values = py.detach(|| {
        (0..t.len())
            .into_par_iter()
            .map(|i| utci_point(t[i], h[i], r[i], v[i]))
            .collect()
    });
    as_array(py, values, &shape)
}

/// UTCI [°C] of a Tmrt raster under one weather.
#[pyfunction]
pub fn utci_grid<'py>(
    py: Python<'py>,
    tmrt: PyReadonlyArray2<'py, f32>,
    ta: f64,
    rh: f64,
    wind_10m: f64,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
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
    let t = contiguous(&ta, "ta", &shape)?;
    let h = contiguous(&rh, "rh", &shape)?;
    let r = contiguous(&tmrt, "tmrt", &shape)?;
    let v = contiguous(&wind, "wind", &shape)?;
    let (m, a) = (
        contiguous(&weight, "weight", &shape)?,
        contiguous(&age, "age", &shape)?,
    );
    let ht = contiguous(&height, "height", &shape)?;
    let w = contiguous(&activity, "activity", &shape)?;
    let clo = contiguous(&clothing, "clothing", &shape)?;
    let codes = contiguous(&sex, "sex", &shape)?;
    let female = codes
        .iter()
        .map(|&s| is_female(s))
        .collect::<PyResult<Vec<bool>>>()?;
    let values = py.detach(|| {
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
    });
    as_array(py, values, &shape)
}

/// PET [°C] of a Tmrt raster under one weather for one person.
#[pyfunction]
#[pyo3(signature = (tmrt, ta, rh, wind, *, weight, age, height, activity, clothing, sex))]
pub fn pet_grid<'py>(
    py: Python<'py>,
    tmrt: PyReadonlyArray2<'py, f32>,
    ta: f64,
    rh: f64,
    wind: f64,
    weight: f64,
    age: f64,
    height: f64,
    activity: f64,
    clothing: f64,
    sex: i64,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
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
