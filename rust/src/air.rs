//! Air that is given cell by cell, and radiation by weather cells, from a Python dictionary.

use crate::door::{Raster, cells};
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::air::Air;
use solweig_core::grid::Grid;
use solweig_core::weather_cells::{CellRadiation, MOST, WeatherCells, WeatherGrid};

/// Rasters of the air of a step.
#[derive(Default)]
pub struct GivenAir<'py> {
    rasters: [Option<Raster<'py, f32>>; 3],
    wind_height: Option<f64>,
    sky: Option<WeatherCells>,
}

const NAMES: [&str; 3] = ["ta", "rh", "ws"];
const HEIGHT: &str = "ws_height_m";
const SKY: &str = "sky";
/// Radiation of a weather cell, in the order of [`CellRadiation`].
const RADIATION: [&str; 4] = ["global_rad", "direct_rad", "diffuse_rad", "longwave_down"];

impl<'py> GivenAir<'py> {
    /// Read the dictionary.
    ///
    /// # Errors
    /// `ValueError` on an unknown key, wind without its height, or weather cells that do not fit
    /// together.
    pub fn read(given: &Bound<'py, PyDict>) -> PyResult<Self> {
        let mut air = Self::default();
        for (key, value) in given.iter() {
            let key: String = key.extract()?;
            if key == HEIGHT {
                air.wind_height = Some(value.extract()?);
                continue;
            }
            if key == SKY {
                air.sky = Some(weather_cells(value.cast()?)?);
                continue;
            }
            let place = NAMES.iter().position(|name| *name == key).ok_or_else(|| {
                PyValueError::new_err(format!("air: expected keys of {NAMES:?}, got {key:?}"))
            })?;
            air.rasters[place] = Some(value.extract()?);
        }
        let positive = air.wind_height.is_some_and(|height| height > 0.0);
        if air.rasters[2].is_some() && !positive {
            return Err(PyValueError::new_err(format!(
                "air[{HEIGHT:?}]: expected the height of the wind above the ground, got {:?}",
                air.wind_height
            )));
        }
        Ok(air)
    }

    /// The rasters as slices.
    ///
    /// # Errors
    /// `ValueError` on another shape.
    pub fn cells(&self, grid: Grid) -> PyResult<Air<'_>> {
        let mut found = [None; 3];
        for ((slice, raster), name) in found.iter_mut().zip(&self.rasters).zip(NAMES) {
            if let Some(raster) = raster {
                let name = format!("air[{name:?}]");
                *slice = Some(cells(&name, raster, grid.rows, grid.cols)?);
            }
        }
        let [ta, rh, wind] = found;
        let wind_height = self.wind_height.unwrap_or(Air::OF_THE_STEP.wind_height);
        Ok(Air {
            ta,
            rh,
            wind,
            wind_height,
            sky: self.sky.as_ref(),
        })
    }
}

/// Weather cells of a dictionary: where they lie, and what is given of their radiation.
fn weather_cells(given: &Bound<'_, PyDict>) -> PyResult<WeatherCells> {
    let wrong = |what: &str| PyValueError::new_err(format!("air[{SKY:?}]: {what}"));
    let item = |key: &str| {
        given
            .get_item(key)?
            .ok_or_else(|| wrong(&format!("no {key:?}")))
    };
    let mut rasters: [Option<PyReadonlyArray2<'_, f64>>; 4] = Default::default();
    for (raster, name) in rasters.iter_mut().zip(RADIATION) {
        *raster = given.get_item(name)?.map(|x| x.extract()).transpose()?;
    }
    let mut shapes = rasters.iter().flatten().map(|raster| raster.shape());
    let shape = shapes.next().ok_or_else(|| wrong("no radiation"))?;
    if shapes.any(|other| other != shape) {
        return Err(wrong("expected rasters of one shape"));
    }
    let (first, origin): ([usize; 2], [f64; 2]) =
        (item("first")?.extract()?, item("origin")?.extract()?);
    let grid = WeatherGrid {
        shape: [shape[0], shape[1]],
        origin,
        pitch: item("pitch")?.extract()?,
        first,
    };
    let columns: Vec<Option<Vec<f64>>> = (rasters.iter())
        .map(|raster| Some(raster.as_ref()?.as_array().iter().copied().collect()))
        .collect();
    let value = |k: usize, i: usize| columns[k].as_ref().map_or(f64::NAN, |x| x[i]);
    let radiation = (0..shape[0] * shape[1]).map(|i| CellRadiation {
        global: value(0, i),
        direct: value(1, i),
        diffuse: value(2, i),
        longwave_down: value(3, i),
    });
    WeatherCells::new(grid, radiation.collect()).ok_or_else(|| {
        wrong(&format!(
            "expected 1 to {MOST} weather cells at distances above 0, got {grid:?}"
        ))
    })
}
