//! `PeriodStatistics`: what is counted of a long period.

use crate::door::{Raster, array, cells, enter};
use crate::weather;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::period::PeriodStep;
use solweig_core::period::tally::{
    Bins, Counted, MOST_STEPS, NAMES, PeriodPlan, PeriodTally, QUANTITIES, Threshold,
};
use std::collections::HashMap;

/// Statistics of a period.
#[pyclass(module = "solweig._core")]
pub struct PeriodStatistics {
    /// `None` once they are taken.
    tally: Option<PeriodTally>,
    shape: [usize; 2],
    groups: usize,
}

/// Name, quantity, value [°C], by day, at night.
type GivenThreshold = (String, String, f64, bool, bool);

const TAKEN: &str = "statistics: taken already";

fn quantity(name: &str) -> PyResult<usize> {
    NAMES.iter().position(|n| *n == name).ok_or_else(|| {
        PyValueError::new_err(format!("expected a quantity of {NAMES:?}, got {name:?}"))
    })
}

impl PeriodStatistics {
    /// Fail if the statistics belong to another raster.
    pub fn check(&self, shape: [usize; 2]) -> PyResult<()> {
        if self.shape == shape {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "statistics: expected shape {shape:?}, got {:?}",
            self.shape
        )))
    }

    /// What is counted.
    pub fn tally(&mut self) -> Result<&mut PeriodTally, &'static str> {
        self.tally.as_mut().ok_or(TAKEN)
    }

    /// Steps with the groups they are counted in.
    pub fn steps(
        &self,
        weather: &[Bound<'_, PyDict>],
        groups: Vec<(i64, Vec<u32>)>,
    ) -> PyResult<Vec<PeriodStep>> {
        if weather.len() != groups.len() || weather.len() > MOST_STEPS {
            return Err(PyValueError::new_err(format!(
                "stamps: expected those of {} steps, {MOST_STEPS} at the most, got {}",
                weather.len(),
                groups.len()
            )));
        }
        let steps = weather.iter().zip(groups);
        steps
            .map(|(weather, (minute, groups))| {
                self.check_groups(&groups)?;
                let weather = weather::read(weather)?;
                Ok(PeriodStep {
                    weather,
                    minute,
                    groups,
                })
            })
            .collect()
    }

    fn check_groups(&self, groups: &[u32]) -> PyResult<()> {
        match groups.iter().find(|&&g| g as usize >= self.groups) {
            None => Ok(()),
            Some(g) => Err(PyValueError::new_err(format!(
                "groups: expected numbers below {}, got {g}",
                self.groups
            ))),
        }
    }
}

#[pymethods]
impl PeriodStatistics {
    #[new]
    #[pyo3(signature = (shape, *, quantities, groups, thresholds, percentiles, ranges))]
    fn new(
        shape: [usize; 2],
        quantities: Vec<String>,
        groups: Vec<String>,
        thresholds: Vec<GivenThreshold>,
        percentiles: Vec<f64>,
        ranges: HashMap<String, (f64, f64)>,
    ) -> PyResult<Self> {
        let mut plan = PeriodPlan {
            groups,
            ..PeriodPlan::default()
        };
        for name in &quantities {
            plan.wanted[quantity(name)?] = true;
        }
        for (name, of, value, day, night) in thresholds {
            let quantity = quantity(&of)?;
            if !plan.wanted[quantity] {
                let message = format!("thresholds: {of} is not among the quantities");
                return Err(PyValueError::new_err(message));
            }
            plan.thresholds.push(Threshold {
                name,
                quantity,
                value,
                when: [day, night],
            });
        }
        if let Some(p) = percentiles.iter().find(|p| !(0.0..=100.0).contains(*p)) {
            let message = format!("percentiles: expected 0 to 100, got {p}");
            return Err(PyValueError::new_err(message));
        }
        for q in (0..QUANTITIES).filter(|&q| plan.wanted[q] && !percentiles.is_empty()) {
            let Some(&(low, high)) = ranges.get(NAMES[q]) else {
                return Err(PyKeyError::new_err(format!("ranges: no {:?}", NAMES[q])));
            };
            if !(low < high && high - low <= 1000.0) {
                return Err(PyValueError::new_err(format!(
                    "ranges: {}: expected at most 1000 K upwards, got {low} to {high}",
                    NAMES[q]
                )));
            }
            plan.bins[q] = Bins::spanning(low, high);
        }
        plan.percentiles = percentiles;
        Ok(Self {
            groups: plan.groups.len(),
            tally: Some(PeriodTally::new(shape, plan)),
            shape,
        })
    }

    /// Steps counted.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tally = self.tally.as_ref();
        let [day, night] = tally.ok_or_else(|| PyValueError::new_err(TAKEN))?.counts();
        let out = PyDict::new(py);
        out.set_item("n_timesteps", day + night)?;
        out.set_item("n_daytime", day)?;
        out.set_item("n_nighttime", night)?;
        Ok(out)
    }

    /// Count a step; the rasters are those of the quantities that are wanted, and "shadow".
    fn add(
        &mut self,
        py: Python<'_>,
        hours: f64,
        day: bool,
        groups: Vec<u32>,
        fields: HashMap<String, Raster<'_, f32>>,
    ) -> PyResult<()> {
        self.check_groups(&groups)?;
        let [rows, cols] = self.shape;
        let tally = self.tally().map_err(PyValueError::new_err)?;
        let mut values: [&[f32]; QUANTITIES] = [&[]; QUANTITIES];
        for (q, name) in NAMES.iter().enumerate() {
            if tally.plan.wanted[q] {
                values[q] = raster(&fields, name, rows, cols)?;
            }
        }
        let lit = raster(&fields, "shadow", rows, cols)?;
        let step = Counted {
            day,
            hours: hours as f32,
            groups,
        };
        enter(py, || tally.add(&step, values, lit))
    }

    /// Grids by name; nothing is left afterwards.
    fn take<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tally = self.tally.take();
        let tally = tally.ok_or_else(|| PyValueError::new_err(TAKEN))?;
        let out = PyDict::new(py);
        for (name, grid) in enter(py, || tally.into_grids())? {
            out.set_item(name, array(py, grid, &self.shape)?)?;
        }
        Ok(out)
    }
}

fn raster<'a>(
    fields: &'a HashMap<String, Raster<'_, f32>>,
    name: &str,
    rows: usize,
    cols: usize,
) -> PyResult<&'a [f32]> {
    let found = fields
        .get(name)
        .ok_or_else(|| PyKeyError::new_err(format!("fields: no {name:?}")))?;
    cells(name, found, rows, cols)
}

/// Tells Python how far a period is, and hears Ctrl-C.
pub struct Watch {
    progress: Option<Py<PyAny>>,
    total: usize,
    raised: Option<PyErr>,
}

impl Watch {
    /// `progress` is called with steps done and steps in all.
    pub fn new(progress: Option<Py<PyAny>>, total: usize) -> Self {
        Self {
            progress,
            total,
            raised: None,
        }
    }

    /// Pass on how many steps are done; `false` if that raised.
    pub fn hears(&mut self, done: usize) -> bool {
        self.raised = Python::attach(|py| {
            py.check_signals()?;
            if let Some(progress) = &self.progress {
                progress.call1(py, (done, self.total))?;
            }
            PyResult::Ok(())
        })
        .err();
        self.raised.is_none()
    }

    /// What came of the work, or what stopped it.
    pub fn all<T>(self, found: Option<T>) -> PyResult<T> {
        match (found, self.raised) {
            (_, Some(error)) => Err(error),
            (Some(found), None) => Ok(found),
            (None, None) => unreachable!("only the watch stops a period"),
        }
    }
}
