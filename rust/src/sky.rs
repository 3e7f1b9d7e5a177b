//! Sky and weather scalars.

use crate::arguments::table_of;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::ground::{DEFAULT_CLASSES, SurfaceClass, WALLS};
use solweig_core::params::ClearEmissivity;
use solweig_core::season;
use solweig_core::sky::clearness::{ClearSky, ClearSkyInput, clear_sky};
use solweig_core::sky::emissivity::{self, Angular};
use solweig_core::sky::night::{self, NightRule};
use solweig_core::sky::perez::{PerezInput, luminance};
use solweig_core::sky::split::reindl;

/// Read a 1-D array of `len` values.
fn column<'a, T: numpy::Element>(
    array: &'a PyReadonlyArray1<'_, T>,
    name: &str,
    len: usize,
) -> PyResult<&'a [T]> {
    let values = array
        .as_slice()
        .map_err(|_| PyValueError::new_err(format!("{name}: array must be C-contiguous")))?;
    if values.len() != len {
        let message = format!("{name}: expected {len} values, got {}", values.len());
        return Err(PyValueError::new_err(message));
    }
    Ok(values)
}

/// True for `"improved"`, false for `"reference"`.
pub fn is_improved(formulation: &str) -> PyResult<bool> {
    match formulation {
        "reference" => Ok(false),
        "improved" => Ok(true),
        other => Err(PyValueError::new_err(format!(
            "formulation: expected \"reference\" or \"improved\", got {other:?}"
        ))),
    }
}

/// Clear-sky irradiance and clearness index, row by row.
#[pyfunction]
#[pyo3(signature = (altitude, day_of_year, ta, rh, global_rad, latitude, pressure_kpa,
                    formulation = "reference"))]
#[allow(clippy::too_many_arguments)]
pub fn clearness_index<'py>(
    py: Python<'py>,
    altitude: PyReadonlyArray1<'py, f64>,
    day_of_year: PyReadonlyArray1<'py, f64>,
    ta: PyReadonlyArray1<'py, f64>,
    rh: PyReadonlyArray1<'py, f64>,
    global_rad: PyReadonlyArray1<'py, f64>,
    latitude: f64,
    pressure_kpa: PyReadonlyArray1<'py, f64>,
    formulation: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let published_air_mass = is_improved(formulation)?;
    let n = altitude.as_array().len();
    let h = column(&altitude, "altitude", n)?;
    let doy = column(&day_of_year, "day_of_year", n)?;
    let (ta, rh) = (column(&ta, "ta", n)?, column(&rh, "rh", n)?);
    let global = column(&global_rad, "global_rad", n)?;
    let pressure = column(&pressure_kpa, "pressure_kpa", n)?;
    let rows: Vec<ClearSky> = (0..n)
        .map(|i| {
            clear_sky(&ClearSkyInput {
                altitude_deg: h[i],
                day_of_year: doy[i],
                ta: ta[i],
                rh: rh[i],
                global: global[i],
                latitude,
                pressure_kpa: pressure[i],
                published_air_mass,
            })
        })
        .collect();
    let out = PyDict::new(py);
    let put = |key: &str, value: fn(&ClearSky) -> f64| {
        out.set_item(key, PyArray1::from_iter(py, rows.iter().map(value)))
    };
    put("i0", |c| c.i0)?;
    put("ci", |c| c.ci)?;
    put("kt", |c| c.kt)?;
    put("i0_et", |c| c.i0_et)?;
    put("corr", |c| c.corr)?;
    Ok(out)
}

/// A pair of equally long columns.
type Columns<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// Beam normal and diffuse horizontal irradiance from global irradiance (Reindl et al. 1990).
#[pyfunction]
pub fn split_global<'py>(
    py: Python<'py>,
    global_rad: PyReadonlyArray1<'py, f64>,
    altitude: PyReadonlyArray1<'py, f64>,
    kt: PyReadonlyArray1<'py, f64>,
    ta: PyReadonlyArray1<'py, f64>,
    rh: PyReadonlyArray1<'py, f64>,
) -> PyResult<Columns<'py>> {
    let n = global_rad.as_array().len();
    let g = column(&global_rad, "global_rad", n)?;
    let (h, kt) = (column(&altitude, "altitude", n)?, column(&kt, "kt", n)?);
    let (ta, rh) = (column(&ta, "ta", n)?, column(&rh, "rh", n)?);
    let rows = || (0..n).map(|i| reindl(g[i], h[i], kt[i], ta[i], rh[i]));
    let beam = PyArray1::from_iter(py, rows().map(|s| s.beam));
    Ok((beam, PyArray1::from_iter(py, rows().map(|s| s.diffuse))))
}

/// Clearness index every row works with, through the night by a rule.
#[pyfunction]
#[pyo3(signature = (day_index, altitude, ci, rule = "offerle"))]
pub fn night_clearness<'py>(
    py: Python<'py>,
    day_index: PyReadonlyArray1<'py, i64>,
    altitude: PyReadonlyArray1<'py, f64>,
    ci: PyReadonlyArray1<'py, f64>,
    rule: &str,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let rule = match rule {
        "offerle" => NightRule::Offerle,
        "clear" => NightRule::Clear,
        "evening" => NightRule::Evening,
        other => {
            return Err(PyValueError::new_err(format!(
                "rule: expected offerle, clear or evening, got {other:?}"
            )));
        }
    };
    let n = day_index.as_array().len();
    let days = column(&day_index, "day_index", n)?;
    let (h, ci) = (column(&altitude, "altitude", n)?, column(&ci, "ci", n)?);
    Ok(PyArray1::from_vec(
        py,
        night::night_clearness(rule, days, h, ci),
    ))
}

/// Relative luminance per patch, sky clearness and brightness (Perez et al. 1993).
#[pyfunction]
#[pyo3(signature = (zenith, azimuth, diffuse, direct, day_of_year, patch_option = 2))]
pub fn perez_luminance<'py>(
    py: Python<'py>,
    zenith: f64,
    azimuth: f64,
    diffuse: f64,
    direct: f64,
    day_of_year: i64,
    patch_option: u32,
) -> PyResult<(Bound<'py, PyArray1<f64>>, f64, f64)> {
    let input = PerezInput {
        zenith_deg: zenith,
        azimuth_deg: azimuth,
        diffuse,
        beam: direct,
        day_of_year: day_of_year as f64,
    };
    let sky = luminance(&table_of(patch_option)?, &input);
    Ok((
        PyArray1::from_vec(py, sky.patches),
        sky.clearness,
        sky.brightness,
    ))
}

/// Formulae for the emissivity of the cloudless sky, by name.
pub const CLEAR_SKIES: [(&str, ClearEmissivity); 3] = [
    ("prata", ClearEmissivity::Prata),
    ("brunt", ClearEmissivity::Brunt),
    ("dilley", ClearEmissivity::Dilley),
];

/// Clear-sky emissivity.
#[pyfunction]
#[pyo3(signature = (ta, rh, formula = "prata"))]
pub fn sky_emissivity(ta: f64, rh: f64, formula: &str) -> PyResult<f64> {
    let found = CLEAR_SKIES.iter().find(|(name, _)| *name == formula);
    let (_, formula) = found.ok_or_else(|| {
        let names = CLEAR_SKIES.map(|(name, _)| name);
        PyValueError::new_err(format!(
            "formula: expected one of {names:?}, got {formula:?}"
        ))
    })?;
    let e = emissivity::vapour_pressure(ta, rh);
    Ok(emissivity::clear(*formula, ta, e))
}

/// Emissivity by altitude of a sky of the given hemispheric emissivity.
#[pyfunction]
#[pyo3(signature = (sky_emissivity, altitude, model = 2))]
pub fn band_emissivity<'py>(
    py: Python<'py>,
    sky_emissivity: f64,
    altitude: PyReadonlyArray1<'py, f64>,
    model: u32,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let angular = Angular::from_number(model)
        .ok_or_else(|| PyValueError::new_err(format!("model: expected 1, 2 or 3, got {model}")))?;
    let altitudes = altitude.as_array();
    let bands = altitudes.iter().map(|&b| angular.at(sky_emissivity, b));
    Ok(PyArray1::from_iter(py, bands.collect::<Vec<f64>>()))
}

/// Sunrise [h, solar time].
#[pyfunction]
pub fn sunrise_hour(day_of_year: i64, latitude: f64) -> f64 {
    season::sunrise_hour(day_of_year as f64, latitude)
}

/// Whether trees carry leaves.
#[pyfunction]
#[pyo3(signature = (day_of_year, first_day = 97, last_day = 300))]
pub fn leaf_on(day_of_year: i64, first_day: i64, last_day: i64) -> bool {
    season::leaf_on(day_of_year, first_day, last_day)
}

/// Default properties by land-cover code; 99 is the wall.
#[pyfunction]
pub fn land_cover_table(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    let put = |code: u8, class: &SurfaceClass| {
        let row = PyDict::new(py);
        row.set_item("albedo", class.albedo)?;
        row.set_item("emissivity", class.emissivity)?;
        row.set_item("ts_deg", class.ts_deg)?;
        row.set_item("tstart", class.tstart)?;
        row.set_item("tmaxlst", class.tmaxlst)?;
        out.set_item(code, row)
    };
    for (code, class) in &DEFAULT_CLASSES {
        put(*code, class)?;
    }
    put(99, &WALLS)?;
    Ok(out)
}
