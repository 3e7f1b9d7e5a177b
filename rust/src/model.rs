//! `Model`: one run, step by step.

use crate::air::GivenAir;
use crate::comfort::outside_by_name;
use crate::door::{Raster, array, enter};
use crate::engine::{self, Engine, Handle};
use crate::fixed::{Fixed, Given};
use crate::params;
use crate::period::{PeriodStatistics, Watch};
use crate::run::{State, Statistics, StepResult, pair};
use crate::scene::Scene;
use crate::weather;
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::fields::{FIELDS, Field, at_points, attributed};
use solweig_core::heat;
use solweig_core::params::Params;
use solweig_core::period::{PeriodInput, PeriodStage, Together};
use solweig_core::pet::CALM;
use solweig_core::radiation::sums::AreaSums;
use solweig_core::stage::Stage;
use solweig_core::timestep::{ComfortWind, Request, StepOutput, bring_home, step};
use solweig_core::utci::{Outside, UtciStep};
use solweig_core::weather::Weather;
use std::sync::Arc;
use std::time::Instant;

/// A run: what of it does not change, and where its steps are computed.
#[pyclass(frozen, module = "solweig._core")]
pub struct Model {
    fixed: Arc<Fixed>,
    engine: Handle,
}

#[pymethods]
impl Model {
    #[new]
    #[pyo3(signature = (scene, *, svf, masks, patch_option, buildings, wall_height, wall_aspect,
        land_cover=None, albedo=None, emissivity=None, params=None, engine=None, window=None,
        core=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        scene: &Scene,
        svf: &Bound<'_, PyDict>,
        masks: Option<&Bound<'_, PyDict>>,
        patch_option: u32,
        buildings: Raster<'_, u8>,
        wall_height: Raster<'_, f32>,
        wall_aspect: Raster<'_, f32>,
        land_cover: Option<Raster<'_, u8>>,
        albedo: Option<Raster<'_, f32>>,
        emissivity: Option<Raster<'_, f32>>,
        params: Option<&Bound<'_, PyDict>>,
        engine: Option<&Bound<'_, Engine>>,
        window: Option<(usize, usize, usize, usize)>,
        core: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<Self> {
        let given = Given {
            svf,
            masks,
            patch_option,
            buildings,
            wall_height,
            wall_aspect,
            land_cover,
            albedo,
            emissivity,
            window,
            core,
        };
        let params = params::read(params)?;
        Ok(Self {
            fixed: Arc::new(Fixed::new(py, scene, given, params)?),
            engine: Handle::of(engine),
        })
    }

    fn new_state(&self) -> State {
        State::new(self.fixed.grid)
    }

    fn new_statistics(
        &self,
        py: Python<'_>,
        thresholds_day: Vec<f64>,
        thresholds_night: Vec<f64>,
    ) -> PyResult<Statistics> {
        enter(py, || {
            Statistics::new(self.fixed.grid, &thresholds_day, &thresholds_night)
        })
    }

    /// Advance one step, `air` being what of it is given cell by cell.
    #[pyo3(signature = (state, weather, *, outputs=None, points=None, statistics=None, air=None))]
    #[allow(clippy::too_many_arguments)]
    fn step(
        &self,
        py: Python<'_>,
        state: &Bound<'_, State>,
        weather: &Bound<'_, PyDict>,
        outputs: Option<Vec<String>>,
        points: Option<PyReadonlyArray2<'_, i64>>,
        statistics: Option<&Bound<'_, Statistics>>,
        air: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<StepResult> {
        let fixed = &self.fixed;
        let weather = weather::read(weather)?;
        let names = outputs.unwrap_or_else(|| vec!["tmrt".to_owned()]);
        let fields = names
            .iter()
            .map(|name| field(name))
            .collect::<PyResult<Vec<_>>>()?;
        let points = self.point_cells(points.as_ref())?;
        let mut state = state.borrow_mut();
        state.check(fixed.grid)?;
        let mut statistics = statistics.map(|s| s.borrow_mut());
        if let Some(statistics) = &statistics {
            statistics.check(fixed.grid)?;
        }
        let count = statistics.is_some();
        let air = air.map(GivenAir::read).transpose()?.unwrap_or_default();
        let air = air.cells(fixed.grid)?;
        if air.sky.is_some() && weather.walls.is_some() {
            return Err(PyValueError::new_err(
                "air: expected walls that follow the day wave where weather cells are given",
            ));
        }
        let shared = pair(py, fixed, &mut state, statistics.as_deref_mut())?;
        let request = Request {
            fields: &fields,
            points: &points,
            count,
        };
        let engine = self.engine.engine();
        let output = fixed
            .with_run(py, |run| {
                step(&engine, run, &mut shared.lock(), &weather, air, request)
            })?
            .map_err(|e| engine::declined(&e))?;
        self.result(py, &names, attributed(&fields), &weather, output)
    }

    /// Take the steps of a period together on the CPU; the results of all steps, without rasters. Why
    /// not, if they cannot be. `codes` are the land-cover codes of the whole map.
    #[pyo3(signature = (state, weather, stamps, statistics, codes, progress=None))]
    fn period(
        &self,
        py: Python<'_>,
        state: &Bound<'_, State>,
        weather: Vec<Bound<'_, PyDict>>,
        stamps: Vec<(i64, Vec<u32>)>,
        statistics: &Bound<'_, PeriodStatistics>,
        codes: Vec<u8>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Vec<StepResult>, Option<&'static str>)> {
        let fixed = &self.fixed;
        let mut statistics = statistics.borrow_mut();
        statistics.check([fixed.core.rows, fixed.core.cols])?;
        let steps = statistics.steps(&weather, stamps)?;
        let mut state = state.borrow_mut();
        state.check(fixed.grid)?;
        let shared = pair(py, fixed, &mut state, None)?;
        let tally = statistics.tally().map_err(PyValueError::new_err)?;
        let mut watch = Watch::new(progress, steps.len());
        let started = Instant::now();
        let found = fixed.with_run(py, |run| {
            let together = Together::new(run, &steps, &codes, &tally.plan.wanted)?;
            let mut carried = shared.lock();
            bring_home(run, &mut carried);
            let mut input = PeriodInput {
                together: &together,
                carried: &mut carried,
                tally,
                core: fixed.core,
                watch: &mut |done| watch.hears(done),
            };
            Ok(self.engine.here().run::<PeriodStage>(&mut input))
        })?;
        let notes = match found {
            Err(why) => return Ok((Vec::new(), Some(why))),
            Ok(notes) => notes.map_err(|e| engine::declined(&e))?,
        };
        let seconds = started.elapsed().as_secs_f64() / steps.len().max(1) as f64;
        let notes = watch.all(notes)?;
        let results = notes.into_iter().zip(&steps).map(|(note, step)| {
            let output = StepOutput {
                fields: Vec::new(),
                points: Vec::new(),
                sky: note.sky,
                luminance: note.luminance,
                sums: note.sums,
                seconds: vec![(PeriodStage::NAME, seconds)],
            };
            self.result(py, &[], false, &step.weather, output)
        });
        Ok((results.collect::<PyResult<Vec<_>>>()?, None))
    }
}

/// The field of an output name.
fn field(name: &str) -> PyResult<Field> {
    Field::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = FIELDS.iter().map(|(_, name)| *name).collect();
        PyValueError::new_err(format!(
            "outputs: expected names of {names:?}, got {name:?}"
        ))
    })
}

/// Whether the inputs of a step lie outside what the comfort indices take, as 0 and 1, and the Tmrt
/// between which UTCI was fitted.
fn comfort_scalars(params: &Params, weather: &Weather) -> Vec<(String, f64)> {
    let ComfortWind { utci, pet, sensor } = ComfortWind::new(params, weather.wind);
    let (ta, rh) = (weather.ta, weather.rh);
    let [low, high] = UtciStep::new(params.utci_range, ta, rh, utci).tmrt_range();
    outside_by_name(Outside::of(ta, rh, utci))
        .into_iter()
        .map(|(name, outside)| (format!("utci_{name}"), f64::from(u8::from(outside))))
        .chain([
            ("pet_calm".to_owned(), f64::from(u8::from(pet < CALM))),
            (
                "sensor_calm".to_owned(),
                f64::from(u8::from(sensor < heat::CALM)),
            ),
            (
                "body_calm".to_owned(),
                f64::from(u8::from(sensor < heat::two_nodes::CALM_BODY)),
            ),
            ("utci_tmrt_low".to_owned(), f64::from(low)),
            ("utci_tmrt_high".to_owned(), f64::from(high)),
        ])
        .collect()
}

/// Sums over an area by name.
fn area_sums(py: Python<'_>, sums: AreaSums) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("tmrt", sums.tmrt)?;
    out.set_item("utci", sums.utci)?;
    out.set_item("sun", sums.sun)?;
    out.set_item("tmrt_count", sums.tmrt_count)?;
    out.set_item("utci_count", sums.utci_count)?;
    out.set_item("below", sums.below)?;
    out.set_item("above", sums.above)?;
    Ok(out)
}

impl Model {
    /// Cell indices of `[n, (row, col)]`.
    fn point_cells(&self, points: Option<&PyReadonlyArray2<'_, i64>>) -> PyResult<Vec<usize>> {
        let Some(points) = points else {
            return Ok(Vec::new());
        };
        if points.shape()[1] != 2 {
            return Err(PyValueError::new_err(format!(
                "points: expected shape (n, 2) of rows and columns, got {:?}",
                points.shape()
            )));
        }
        let (rows, cols) = (self.fixed.grid.rows as i64, self.fixed.grid.cols as i64);
        let view = points.as_array();
        view.rows()
            .into_iter()
            .map(|point| {
                let (row, col) = (point[0], point[1]);
                if (0..rows).contains(&row) && (0..cols).contains(&col) {
                    Ok((row * cols + col) as usize)
                } else {
                    Err(PyValueError::new_err(format!(
                        "points: ({row}, {col}) lies outside the raster of {rows} x {cols} cells"
                    )))
                }
            })
            .collect()
    }

    fn result(
        &self,
        py: Python<'_>,
        names: &[String],
        attributed: bool,
        weather: &Weather,
        output: StepOutput,
    ) -> PyResult<StepResult> {
        let fields = PyDict::new(py);
        for (name, values) in names.iter().zip(output.fields) {
            fields.set_item(
                name,
                array(py, values, &[self.fixed.grid.rows, self.fixed.grid.cols])?,
            )?;
        }
        let points = PyDict::new(py);
        for ((_, name), values) in at_points(attributed).iter().zip(output.points) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let count = values.len();
            points.set_item(name, array(py, values, &[count])?)?;
        }
        let sky = &output.sky;
        let light = output.luminance.as_ref();
        let scalars = PyDict::new(py);
        for (name, value) in [
            (
                "esky",
                if self.fixed.params.model.anisotropic {
                    sky.emissivity()
                } else {
                    sky.emissivity_clear
                },
            ),
            ("ea", sky.vapour_pressure),
            ("i0", sky.i0),
            ("ci", sky.ci),
            ("ci_tg", sky.ci_surface),
            ("ci_beam", sky.ci_beam),
            ("kt", sky.kt),
            ("rad_i", sky.beam),
            ("rad_d", sky.diffuse),
            ("tg_wall", sky.wall_excess),
            ("sunrise", sky.phase.sunrise),
            ("perez_eps", light.map_or(f64::NAN, |l| l.clearness)),
            ("perez_delta", light.map_or(f64::NAN, |l| l.brightness)),
        ] {
            scalars.set_item(name, value)?;
        }
        for (name, value) in comfort_scalars(&self.fixed.params.model, weather) {
            scalars.set_item(name, value)?;
        }
        let sums = PyDict::new(py);
        for (name, area) in [("ground", output.sums.ground), ("roofs", output.sums.roofs)] {
            sums.set_item(name, area_sums(py, area)?)?;
        }
        let seconds = PyDict::new(py);
        for (stage, time) in output.seconds {
            seconds.set_item(stage, time)?;
        }
        Ok(StepResult {
            fields: fields.unbind(),
            points: points.unbind(),
            scalars: scalars.unbind(),
            sums: sums.unbind(),
            seconds: seconds.unbind(),
        })
    }
}
