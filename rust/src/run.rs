//! What a run carries and gives: `State`, `Statistics`, `StepResult`.

use crate::door::{Raster, array, cells};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::delay::{DelayClock, MEMORIES, ThermalState};
use solweig_core::grid::Grid;
use solweig_core::stats;

/// Names of the delay rasters.
const MEMORY_NAMES: [&str; MEMORIES] = ["lup", "lup_e", "lup_s", "lup_w", "lup_n", "tg"];

/// Thermal state carried between steps.
#[pyclass(module = "solweig._core")]
pub struct State {
    pub(crate) thermal: ThermalState,
    shape: Option<[usize; 2]>,
}

impl State {
    /// The state before the first step.
    pub fn new(grid: Grid) -> Self {
        Self {
            thermal: ThermalState::default(),
            shape: Some([grid.rows, grid.cols]),
        }
    }

    /// Fail if the state belongs to another raster; a restored one without rasters fits any.
    pub fn check(&mut self, grid: Grid) -> PyResult<()> {
        let shape = [grid.rows, grid.cols];
        match self.shape {
            Some(own) if own != shape => Err(PyValueError::new_err(format!(
                "state: expected a state of shape {shape:?}, got {own:?}"
            ))),
            _ => {
                self.shape = Some(shape);
                Ok(())
            }
        }
    }
}

#[pymethods]
impl State {
    #[getter]
    fn first(&self) -> bool {
        self.thermal.clock.first
    }

    #[setter]
    fn set_first(&mut self, first: bool) {
        self.thermal.clock.first = first;
    }

    #[getter]
    fn accumulated_days(&self) -> f64 {
        self.thermal.clock.accumulated_days
    }

    #[setter]
    fn set_accumulated_days(&mut self, days: f64) {
        self.thermal.clock.accumulated_days = days;
    }

    /// Delay rasters; empty before the first day step.
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        if let Some(shape) = self.shape {
            for (name, memory) in MEMORY_NAMES.iter().zip(&self.thermal.memory) {
                if !memory.is_empty() {
                    out.set_item(name, array(py, memory.clone(), &shape)?)?;
                }
            }
        }
        Ok(out)
    }

    /// A state as it was.
    #[staticmethod]
    fn restore(first: bool, accumulated_days: f64, fields: &Bound<'_, PyDict>) -> PyResult<Self> {
        let clock = DelayClock {
            first,
            accumulated_days,
        };
        let mut state = Self {
            thermal: ThermalState {
                clock,
                ..Default::default()
            },
            shape: None,
        };
        if fields.is_empty() {
            if !first {
                return Err(PyValueError::new_err("fields: expected rasters, got none"));
            }
            return Ok(state);
        }
        for (memory, name) in state.thermal.memory.iter_mut().zip(MEMORY_NAMES) {
            let item = fields
                .get_item(name)?
                .ok_or_else(|| PyKeyError::new_err(format!("fields: no {name:?}")))?;
            let raster: Raster<'_, f32> = item.extract()?;
            let own = raster.as_array();
            let shape = *state.shape.get_or_insert([own.nrows(), own.ncols()]);
            *memory = cells(name, &raster, shape[0], shape[1])?.to_vec();
        }
        Ok(state)
    }
}

/// Running statistics over the steps of a run.
#[pyclass(module = "solweig._core")]
pub struct Statistics {
    pub(crate) inner: stats::Statistics,
    shape: [usize; 2],
}

impl Statistics {
    /// Empty statistics.
    pub fn new(grid: Grid, day: &[f64], night: &[f64]) -> Self {
        let inner = stats::Statistics::new(grid.len(), day, night);
        Self {
            inner,
            shape: [grid.rows, grid.cols],
        }
    }

    /// Fail if the statistics belong to another raster.
    pub fn check(&self, grid: Grid) -> PyResult<()> {
        let shape = [grid.rows, grid.cols];
        if self.shape == shape {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "statistics: expected shape {shape:?}, got {:?}",
            self.shape
        )))
    }
}

#[pymethods]
impl Statistics {
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let [day, night] = self.inner.steps;
        let out = PyDict::new(py);
        out.set_item("n_timesteps", day + night)?;
        out.set_item("n_daytime", day)?;
        out.set_item("n_nighttime", night)?;
        Ok(out)
    }

    /// Means, extremes and hours of sun and shade.
    fn grids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        for (name, values) in self.inner.grids() {
            out.set_item(name, array(py, values, &self.shape)?)?;
        }
        Ok(out)
    }

    /// Hours with UTCI above each threshold.
    fn hours_above<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        for (threshold, values) in self.inner.hours_above() {
            out.set_item(threshold, array(py, values, &self.shape)?)?;
        }
        Ok(out)
    }
}

/// Result of a step.
#[pyclass(frozen, get_all, module = "solweig._core")]
pub struct StepResult {
    pub(crate) fields: Py<PyDict>,
    pub(crate) points: Py<PyDict>,
    pub(crate) scalars: Py<PyDict>,
    pub(crate) seconds: Py<PyDict>,
}
