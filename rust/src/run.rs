//! What a run carries and gives: `State`, `Statistics`, `StepResult`.

use crate::arguments::window_of;
use crate::door::{Raster, array, cells, enter};
use crate::fixed::Fixed;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::carried::Carried;
use solweig_core::delay::{DelayClock, MEMORIES, ThermalState};
use solweig_core::grid::{Grid, Window};
use solweig_core::stats;
use solweig_core::timestep::bring_home;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names of the delay rasters.
const MEMORY_NAMES: [&str; MEMORIES] = ["lup", "lup_e", "lup_s", "lup_w", "lup_n", "tg"];

/// What a run carries, shared by its state and its statistics. While a device holds the rasters,
/// the run that put them there brings them back.
pub struct Shared {
    carried: Arc<Mutex<Carried>>,
    fixed: Option<Arc<Fixed>>,
}

impl Shared {
    fn new(carried: Carried) -> Self {
        Self {
            carried: Arc::new(Mutex::new(carried)),
            fixed: None,
        }
    }

    /// Both parts of what is carried.
    pub fn lock(&self) -> MutexGuard<'_, Carried> {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Work on both parts without the GIL. They are locked only while it is let go of: who waits for
    /// the lock may hold it.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Carried) -> T + Send,
    ) -> PyResult<T> {
        enter(py, || work(&self.lock()))
    }

    /// Bring the rasters back from a device.
    fn bring_home(&self, py: Python<'_>) -> PyResult<()> {
        match &self.fixed {
            Some(fixed) if self.lock().is_away() => {
                fixed.with_run(py, |run| bring_home(run, &mut self.lock()))
            }
            _ => Ok(()),
        }
    }

    /// Bring the rasters back, and let go of the run and of what is kept for its next step.
    fn let_go(&mut self, py: Python<'_>) -> PyResult<()> {
        self.bring_home(py)?;
        self.fixed = None;
        self.lock().spare = None;
        Ok(())
    }

    fn same(&self, fixed: &Arc<Fixed>) -> Self {
        Self {
            carried: Arc::clone(&self.carried),
            fixed: Some(Arc::clone(fixed)),
        }
    }
}

/// Let a state and statistics be carried together by a run; returns what they share.
pub fn pair(
    py: Python<'_>,
    fixed: &Arc<Fixed>,
    state: &mut State,
    statistics: Option<&mut Statistics>,
) -> PyResult<Shared> {
    if state
        .shared
        .fixed
        .as_ref()
        .is_some_and(|f| !Arc::ptr_eq(f, fixed))
    {
        state.shared.bring_home(py)?;
    }
    let Some(statistics) = statistics else {
        state.shared = state.shared.same(fixed);
        return Ok(state.shared.same(fixed));
    };
    if !Arc::ptr_eq(&state.shared.carried, &statistics.shared.carried) {
        state.shared.bring_home(py)?;
        statistics.shared.bring_home(py)?;
        let thermal = std::mem::take(&mut state.shared.lock().state);
        let counted = statistics.shared.lock().statistics.take();
        state.shared = Shared::new(Carried::new(thermal, counted));
    }
    state.shared = state.shared.same(fixed);
    statistics.shared = state.shared.same(fixed);
    Ok(state.shared.same(fixed))
}

/// Thermal state carried between steps.
#[pyclass(module = "solweig._core")]
pub struct State {
    shared: Shared,
    shape: Option<[usize; 2]>,
}

impl State {
    /// The state before the first step.
    pub fn new(grid: Grid) -> Self {
        Self {
            shared: Shared::new(Carried::default()),
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
        self.shared.lock().state.clock.first
    }

    #[setter]
    fn set_first(&mut self, first: bool) {
        self.shared.lock().state.clock.first = first;
    }

    #[getter]
    fn accumulated_days(&self) -> f64 {
        self.shared.lock().state.clock.accumulated_days
    }

    #[setter]
    fn set_accumulated_days(&mut self, days: f64) {
        self.shared.lock().state.clock.accumulated_days = days;
    }

    /// Delay rasters; empty before the first day step.
    #[pyo3(signature = (window=None))]
    fn fields<'py>(
        &self,
        py: Python<'py>,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.shared.bring_home(py)?;
        let out = PyDict::new(py);
        if let Some([rows, cols]) = self.shape {
            let window = window_of("window", window, (rows, cols))?;
            let parts = self.shared.with(py, |carried| {
                let memory = carried.state.memory.iter();
                let cut = memory.map(|m| (!m.is_empty()).then(|| window.cut(m, cols)));
                cut.collect::<Vec<_>>()
            })?;
            for (name, part) in MEMORY_NAMES.iter().zip(parts) {
                if let Some(part) = part {
                    out.set_item(name, array(py, part, &[window.rows, window.cols])?)?;
                }
            }
        }
        Ok(out)
    }

    /// The fields of a finished run: as `fields`, and nothing is kept for a next step. Of all cells they
    /// are the state's own, which is without rasters afterwards.
    #[pyo3(signature = (window=None))]
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.shared.let_go(py)?;
        let Some(shape @ [rows, cols]) = self.shape else {
            return Ok(PyDict::new(py));
        };
        if !is_all(window_of("window", window, (rows, cols))?, shape) {
            return self.fields(py, window);
        }
        let memory = std::mem::take(&mut self.shared.lock().state.memory);
        let out = PyDict::new(py);
        for (name, own) in MEMORY_NAMES.iter().zip(memory) {
            if !own.is_empty() {
                out.set_item(name, array(py, own, &shape)?)?;
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
        let mut thermal = ThermalState {
            clock,
            ..Default::default()
        };
        let mut shape = None;
        if fields.is_empty() && !first {
            return Err(PyValueError::new_err("fields: expected rasters, got none"));
        }
        if !fields.is_empty() {
            for (memory, name) in thermal.memory.iter_mut().zip(MEMORY_NAMES) {
                let item = fields
                    .get_item(name)?
                    .ok_or_else(|| PyKeyError::new_err(format!("fields: no {name:?}")))?;
                let raster: Raster<'_, f32> = item.extract()?;
                let own = raster.as_array();
                let expected = *shape.get_or_insert([own.nrows(), own.ncols()]);
                *memory = cells(name, &raster, expected[0], expected[1])?.to_vec();
            }
        }
        Ok(Self {
            shared: Shared::new(Carried::new(thermal, None)),
            shape,
        })
    }
}

/// The error of statistics that are no longer here.
fn taken_over() -> PyErr {
    PyValueError::new_err("statistics: taken out, or over by another run")
}

/// Whether a window is the whole raster.
fn is_all(window: Window, shape: [usize; 2]) -> bool {
    [window.rows, window.cols] == shape
}

/// Running statistics over the steps of a run.
#[pyclass(module = "solweig._core")]
pub struct Statistics {
    shared: Shared,
    shape: [usize; 2],
}

impl Statistics {
    /// Empty statistics.
    pub fn new(grid: Grid, day: &[f64], night: &[f64]) -> Self {
        let empty = stats::Statistics::new(grid.len(), day, night);
        Self {
            shared: Shared::new(Carried::new(ThermalState::default(), Some(empty))),
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

    /// Read the statistics, brought home first.
    fn read<T: Send>(
        &self,
        py: Python<'_>,
        read: impl FnOnce(&stats::Statistics) -> T + Send,
    ) -> PyResult<T> {
        self.shared.bring_home(py)?;
        self.shared
            .with(py, |carried| carried.statistics.as_ref().map(read))?
            .ok_or_else(taken_over)
    }

    /// The cells of a window, and its shape.
    fn part(
        &self,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<(stats::Part, [usize; 2])> {
        let [rows, cols] = self.shape;
        let window = window_of("window", window, (rows, cols))?;
        Ok((stats::Part { window, cols }, [window.rows, window.cols]))
    }
}

#[pymethods]
impl Statistics {
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let [day, night] = self.read(py, |s| s.steps)?;
        let out = PyDict::new(py);
        out.set_item("n_timesteps", day + night)?;
        out.set_item("n_daytime", day)?;
        out.set_item("n_nighttime", night)?;
        Ok(out)
    }

    /// Means, extremes and hours of sun and shade.
    #[pyo3(signature = (window=None))]
    fn grids<'py>(
        &self,
        py: Python<'py>,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (part, shape) = self.part(window)?;
        named(py, self.read(py, |s| s.grids_in(part))?, shape)
    }

    /// Hours with UTCI above each threshold.
    #[pyo3(signature = (window=None))]
    fn hours_above<'py>(
        &self,
        py: Python<'py>,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (part, shape) = self.part(window)?;
        named(py, self.read(py, |s| s.hours_above_in(part))?, shape)
    }

    /// Both of a finished run, which is let go of. Of all cells they take the place of the statistics,
    /// which are empty afterwards.
    #[pyo3(signature = (window=None))]
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        self.shared.let_go(py)?;
        let (part, shape) = self.part(window)?;
        if !is_all(part.window, self.shape) {
            return Ok((self.grids(py, window)?, self.hours_above(py, window)?));
        }
        let shared = &self.shared;
        let (grids, hours) = enter(py, || {
            let own = shared.lock().statistics.take();
            own.map(stats::Statistics::into_grids)
        })?
        .ok_or_else(taken_over)?;
        Ok((named(py, grids, shape)?, named(py, hours, shape)?))
    }
}

/// Grids by name or threshold.
fn named<'py, K: IntoPyObject<'py>>(
    py: Python<'py>,
    grids: Vec<(K, Vec<f32>)>,
    shape: [usize; 2],
) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    for (name, values) in grids {
        out.set_item(name, array(py, values, &shape)?)?;
    }
    Ok(out)
}

/// Result of a step.
#[pyclass(frozen, get_all, module = "solweig._core")]
pub struct StepResult {
    pub(crate) fields: Py<PyDict>,
    pub(crate) points: Py<PyDict>,
    pub(crate) scalars: Py<PyDict>,
    pub(crate) sums: Py<PyDict>,
    pub(crate) seconds: Py<PyDict>,
}
