//! UTCI and PET of arrays.

use crate::door::{Raster, array, contiguous, enter};
use numpy::{PyArrayDyn, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rayon::prelude::*;
use solweig_core::pet::{Body, PetStep, PetVariant, pet as pet_point};
use solweig_core::utci::{Outside, UtciRange, UtciStep, utci as utci_point};

/// Variants of PET by name.
pub const PET_VARIANTS: [(&str, PetVariant); 3] = [
    ("1999", PetVariant::Hoeppe1999),
    ("2018", PetVariant::Revised2018),
    ("reference", PetVariant::Reference),
];

/// What is done outside the range of UTCI, by name; none is the default.
pub fn read_range(name: Option<&str>) -> PyResult<UtciRange> {
    match name {
        None => Ok(UtciRange::Wind),
        Some("clip") => Ok(UtciRange::Clip),
        Some("flag") => Ok(UtciRange::Flag),
        Some("nan") => Ok(UtciRange::Nan),
        Some(other) => Err(PyValueError::new_err(format!(
            "utci_range: expected None, \"clip\", \"flag\" or \"nan\", got {other:?}"
        ))),
    }
}

fn read_variant(name: &str) -> PyResult<PetVariant> {
    let found = PET_VARIANTS.iter().find(|(known, _)| *known == name);
    found.map(|&(_, variant)| variant).ok_or_else(|| {
        let names = PET_VARIANTS.map(|(name, _)| name);
        PyValueError::new_err(format!("variant: expected one of {names:?}, got {name:?}"))
    })
}

/// Which inputs of a step lie outside the range of UTCI, by name.
pub fn outside_by_name(outside: Outside) -> [(&'static str, bool); 5] {
    [
        ("calm", outside.calm),
        ("storm", outside.storm),
        ("damp", outside.damp),
        ("dry", outside.dry),
        ("air", outside.air),
    ]
}

/// Cells a thread takes at a time.
pub const BLOCK: usize = 4096;

/// The values of an array argument that must have the shape of the first one.
pub fn values<'a, T: numpy::Element>(
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

/// Whether a sex is the female one.
pub fn is_female(sex: i64) -> PyResult<bool> {
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
#[pyo3(signature = (ta, rh, tmrt, wind_10m, utci_range=None))]
pub fn utci<'py>(
    py: Python<'py>,
    ta: PyReadonlyArrayDyn<'py, f64>,
    rh: PyReadonlyArrayDyn<'py, f64>,
    tmrt: PyReadonlyArrayDyn<'py, f64>,
    wind_10m: PyReadonlyArrayDyn<'py, f64>,
    utci_range: Option<&str>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let range = read_range(utci_range)?;
    let shape = ta.shape().to_vec();
    let t = values("ta", &ta, &shape)?;
    let h = values("rh", &rh, &shape)?;
    let r = values("tmrt", &tmrt, &shape)?;
    let v = values("wind_10m", &wind_10m, &shape)?;
    let points = enter(py, || {
        (0..t.len())
            .into_par_iter()
            .map(|i| utci_point(range, t[i], h[i], r[i], v[i]))
            .collect()
    })?;
    array(py, points, &shape)
}

/// UTCI [°C] of a Tmrt raster under one weather.
#[pyfunction]
#[pyo3(signature = (tmrt, ta, rh, wind_10m, utci_range=None))]
pub fn utci_grid<'py>(
    py: Python<'py>,
    tmrt: Raster<'py, f32>,
    ta: f64,
    rh: f64,
    wind_10m: f64,
    utci_range: Option<&str>,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let step = UtciStep::new(read_range(utci_range)?, ta, rh, wind_10m);
    map_grid(py, &tmrt, |t, o| step.fill(t, o))
}

/// What of a Tmrt raster and its weather lies outside the range of UTCI.
#[pyfunction]
pub fn utci_outside<'py>(
    py: Python<'py>,
    tmrt: Raster<'py, f32>,
    ta: f64,
    rh: f64,
    wind_10m: f64,
) -> PyResult<Bound<'py, PyDict>> {
    let [low, high] = UtciStep::new(UtciRange::Flag, ta, rh, wind_10m).tmrt_range();
    let cells = contiguous("tmrt", &tmrt)?;
    let [below, above] = enter(py, || {
        cells
            .par_chunks(BLOCK)
            .map(|part| {
                let count =
                    |outside: &dyn Fn(f32) -> bool| part.iter().filter(|&&t| outside(t)).count();
                [count(&|t| t < low), count(&|t| t > high)]
            })
            .reduce(|| [0; 2], |a, b| [a[0] + b[0], a[1] + b[1]])
    })?;
    let out = PyDict::new(py);
    for (name, is) in outside_by_name(Outside::of(ta, rh, wind_10m)) {
        out.set_item(name, is)?;
    }
    out.set_item("below", below)?;
    out.set_item("above", above)?;
    Ok(out)
}

/// PET [°C] point by point; arrays of one shape. NaN where an input is missing, the wind is
/// negative or the body impossible.
#[pyfunction]
#[pyo3(signature = (ta, rh, tmrt, wind, weight, age, height, activity, clothing, sex, *,
    sitting=false, variant="1999"))]
#[allow(clippy::too_many_arguments)]
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
    sitting: bool,
    variant: &str,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let variant = read_variant(variant)?;
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
                sitting,
            };
            pet_point(variant, t[i], h[i], r[i], v[i], &body)
        };
        (0..t.len()).into_par_iter().map(point).collect()
    })?;
    array(py, points, &shape)
}

/// PET [°C] of a Tmrt raster under one weather for one person.
#[pyfunction]
#[pyo3(signature = (tmrt, ta, rh, wind, *, weight, age, height, activity, clothing, sex,
    sitting=false, variant="1999"))]
#[allow(clippy::too_many_arguments)]
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
    sitting: bool,
    variant: &str,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let body = Body {
        weight,
        age,
        height,
        activity,
        clothing,
        female: is_female(sex)?,
        sitting,
    };
    if let Some(field) = body.invalid_field() {
        return Err(PyValueError::new_err(format!(
            "{field}: out of range for a body: {body:?}"
        )));
    }
    let step = PetStep::new(read_variant(variant)?, ta, rh, wind, &body);
    map_grid(py, &tmrt, |t, o| step.fill(t, o))
}
