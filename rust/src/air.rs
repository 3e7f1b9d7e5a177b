//! Air that is given cell by cell, from a Python dictionary.

use crate::door::{Raster, cells};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::air::Air;
use solweig_core::grid::Grid;

/// Rasters of the air of a step.
#[derive(Default)]
pub struct GivenAir<'py> {
    rasters: [Option<Raster<'py, f32>>; 3],
    wind_height: Option<f64>,
}

const NAMES: [&str; 3] = ["ta", "rh", "ws"];
const HEIGHT: &str = "ws_height_m";

impl<'py> GivenAir<'py> {
    /// Read the dictionary.
    ///
    /// # Errors
    /// `ValueError` on an unknown key, or wind without its height.
    pub fn read(given: &Bound<'py, PyDict>) -> PyResult<Self> {
        let mut air = Self::default();
        for (key, value) in given.iter() {
            let key: String = key.extract()?;
            if key == HEIGHT {
                air.wind_height = Some(value.extract()?);
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
        })
    }
}
