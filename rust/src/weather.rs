//! Weather of a step from a Python dictionary.

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::weather::{ASPECTS, MOST_SUNS, Sun, Suns, WallWarmth, Weather};

/// The suns of a step, (altitude, azimuth) each, where it has several.
fn suns(weather: &Bound<'_, PyDict>) -> PyResult<Option<Suns>> {
    let Some(given) = weather.get_item("suns")?.filter(|suns| !suns.is_none()) else {
        return Ok(None);
    };
    let given: Vec<(f64, f64)> = given.extract()?;
    let suns: Vec<Sun> = given
        .iter()
        .map(|&(altitude, azimuth)| Sun { altitude, azimuth })
        .collect();
    let suns = Suns::new(&suns).ok_or_else(|| {
        PyValueError::new_err(format!(
            "weather: suns: expected 1 to {MOST_SUNS} positions, got {}",
            given.len()
        ))
    })?;
    Ok(Some(suns))
}

/// How warm standard walls are: in the sun, in the shade, by aspect.
fn walls(weather: &Bound<'_, PyDict>) -> PyResult<Option<WallWarmth>> {
    let Some(given) = weather.get_item("walls")?.filter(|walls| !walls.is_none()) else {
        return Ok(None);
    };
    let (lit, shaded): (Vec<f64>, Vec<f64>) = given.extract()?;
    let by_aspect = |name: &str, values: Vec<f64>| -> PyResult<[f64; ASPECTS]> {
        let count = values.len();
        let values = <[f64; ASPECTS]>::try_from(values).map_err(|_| {
            PyValueError::new_err(format!(
                "weather: walls: expected {ASPECTS} {name} temperatures, got {count}"
            ))
        })?;
        match values.iter().find(|t| !t.is_finite()) {
            Some(t) => Err(PyValueError::new_err(format!(
                "weather: walls: expected {name} temperatures, got {t}"
            ))),
            None => Ok(values),
        }
    };
    Ok(Some(WallWarmth {
        lit: by_aspect("lit", lit)?,
        shaded: by_aspect("shaded", shaded)?,
    }))
}

/// Read the weather of a step; every key but "suns", "walls" and "longwave_down" is required, further
/// ones are ignored.
pub fn read(weather: &Bound<'_, PyDict>) -> PyResult<Weather> {
    let item = |key: &str| {
        weather
            .get_item(key)?
            .ok_or_else(|| PyKeyError::new_err(format!("weather: no {key:?}")))
    };
    let number = |key: &str| -> PyResult<f64> { item(key)?.extract() };
    let optional = |key: &str| -> PyResult<f64> {
        let given = weather.get_item(key)?;
        given.map_or(Ok(f64::NAN), |value| value.extract())
    };
    Ok(Weather {
        ta: number("ta")?,
        rh: number("rh")?,
        pressure_kpa: number("pressure_kpa")?,
        wind: number("ws")?,
        global: number("global_rad")?,
        direct: number("direct_rad")?,
        diffuse: number("diffuse_rad")?,
        longwave_down: optional("longwave_down")?,
        day_of_year: number("day_of_year")?,
        clock_fraction: number("clock_fraction")?,
        altitude: number("altitude")?,
        azimuth: number("azimuth")?,
        suns: suns(weather)?,
        altitude_max: number("altitude_max")?,
        latitude: number("latitude")?,
        step_days: number("step_days")?,
        leaf_on: item("leaf_on")?.is_truthy()?,
        night_clearness: number("night_clearness")?,
        water_temperature: number("water_temperature")?,
        hours: number("hours")?,
        walls: walls(weather)?,
    })
}
