//! Temperatures of walls: those of standard walls of every aspect, and those of a raster by height.

use crate::arguments::window_of;
use crate::door::{Raster, array, cells, enter};
use crate::params::{self, RunParams};
use crate::scene::Scene;
use crate::weather;
use numpy::{PyArrayDyn, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::facades::conduction::{Material, NODES, Slab};
use solweig_core::facades::standard::StandardWalls;
use solweig_core::facades::{Facades as Walls, Ground, Place};
use solweig_core::grid::Window;
use solweig_core::terrain::Terrain;
use solweig_core::walls::wall_cells;
use solweig_core::weather::Weather;
use std::sync::{Arc, Mutex, PoisonError};

/// A material from its properties by name.
fn material(given: &Bound<'_, PyDict>) -> PyResult<Material> {
    let number = |key: &str, low: f64, high: f64| -> PyResult<f64> {
        let value: f64 = given
            .get_item(key)?
            .ok_or_else(|| PyKeyError::new_err(format!("material: no {key:?}")))?
            .extract()?;
        if value > low && value <= high {
            return Ok(value);
        }
        Err(PyValueError::new_err(format!(
            "material: {key}: expected above {low} and at most {high}, got {value}"
        )))
    };
    Ok(Material {
        conductivity: number("conductivity", 0.0, 1000.0)?,
        capacity: number("specific_heat", 0.0, 1e5)? * number("density", 0.0, 1e5)?,
        thickness: number("thickness", 0.0, 10.0)?,
        albedo: number("albedo", -1e-9, 1.0)?,
        emissivity: number("emissivity", 0.0, 1.0)?,
    })
}

/// Temperatures of pieces of wall, `[piece, depth]`.
fn slabs(name: &str, given: &PyReadonlyArray2<'_, f64>, count: usize) -> PyResult<Vec<Slab>> {
    if given.shape() != [count, NODES] {
        return Err(PyValueError::new_err(format!(
            "{name}: expected shape ({count}, {NODES}), got {:?}",
            given.shape()
        )));
    }
    let view = given.as_array();
    let rows = view.rows().into_iter();
    let slabs: Vec<Slab> = rows.map(|row| std::array::from_fn(|i| row[i])).collect();
    match slabs.iter().flatten().find(|t| !t.is_finite()) {
        Some(t) => Err(PyValueError::new_err(format!(
            "{name}: expected temperatures, got {t}"
        ))),
        None => Ok(slabs),
    }
}

fn slab_array<'py>(py: Python<'py>, slabs: &[Slab]) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let flat: Vec<f64> = slabs.iter().flatten().copied().collect();
    array(py, flat, &[slabs.len(), NODES])
}

/// Temperatures of standard walls over some steps.
///
/// Returns those in the sun and those in the shade, ``[step, aspect]`` each, and how they are left.
#[pyfunction]
#[pyo3(signature = (weather, material, *, params=None, state=None))]
#[allow(clippy::type_complexity)]
pub fn standard_walls<'py>(
    py: Python<'py>,
    weather: Vec<Bound<'py, PyDict>>,
    material: &Bound<'py, PyDict>,
    params: Option<&Bound<'py, PyDict>>,
    state: Option<PyReadonlyArray2<'py, f64>>,
) -> PyResult<(
    Bound<'py, PyArrayDyn<f64>>,
    Bound<'py, PyArrayDyn<f64>>,
    Bound<'py, PyArrayDyn<f64>>,
)> {
    let steps = weather
        .iter()
        .map(weather::read)
        .collect::<PyResult<Vec<Weather>>>()?;
    let first = steps
        .first()
        .ok_or_else(|| PyValueError::new_err("weather: expected steps, got none"))?;
    let material = self::material(material)?;
    let params = params::read(params)?;
    let mut walls = match &state {
        Some(state) => StandardWalls {
            slabs: slabs("state", state, StandardWalls::COUNT)?,
        },
        None => StandardWalls::new(first.ta),
    };
    let found = enter(py, || {
        let step = |weather| walls.step(weather, &params.model, &material);
        steps.iter().map(step).collect::<Vec<_>>()
    })?;
    let flat = |side: fn(&solweig_core::weather::WallWarmth) -> &[f64]| -> Vec<f64> {
        found.iter().flat_map(|w| side(w).iter().copied()).collect()
    };
    let shape = [steps.len(), StandardWalls::COUNT / 2];
    Ok((
        array(py, flat(|w| &w.lit), &shape)?,
        array(py, flat(|w| &w.shaded), &shape)?,
        slab_array(py, &walls.slabs)?,
    ))
}

/// The walls of a raster, in pieces by height, and how warm they are.
#[pyclass(frozen, module = "solweig._core")]
pub struct Facades {
    terrain: Arc<Terrain>,
    window: Window,
    params: RunParams,
    walls: Mutex<Walls>,
}

impl Facades {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Walls) -> T + Send,
    ) -> PyResult<T> {
        enter(py, || {
            work(&mut self.walls.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn place(&self) -> Place<'_> {
        Place {
            terrain: &self.terrain,
            window: self.window,
            reach: &self.params.reach,
        }
    }
}

#[pymethods]
impl Facades {
    #[new]
    #[pyo3(signature = (scene, *, wall_height, wall_aspect, kinds, materials, spacing, ta,
        land_cover=None, albedo=None, emissivity=None, params=None, window=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        scene: &Scene,
        wall_height: Raster<'_, f32>,
        wall_aspect: Raster<'_, f32>,
        kinds: Raster<'_, u8>,
        materials: Vec<Bound<'_, PyDict>>,
        spacing: f32,
        ta: f64,
        land_cover: Option<Raster<'_, u8>>,
        albedo: Option<Raster<'_, f32>>,
        emissivity: Option<Raster<'_, f32>>,
        params: Option<&Bound<'_, PyDict>>,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<Self> {
        let grid = scene.terrain.grid;
        let window = window_of("window", window, (grid.rows, grid.cols))?;
        let Window { rows, cols, .. } = window;
        if !(spacing > 0.0 && spacing.is_finite()) {
            return Err(PyValueError::new_err(format!(
                "spacing: expected a positive height in metres, got {spacing}"
            )));
        }
        let materials = materials
            .iter()
            .map(material)
            .collect::<PyResult<Vec<_>>>()?;
        let walls = wall_cells(
            cells("wall_height", &wall_height, rows, cols)?,
            cells("wall_aspect", &wall_aspect, rows, cols)?,
        );
        let kinds = cells("kinds", &kinds, rows, cols)?;
        let kinds: Vec<u8> = walls.iter().map(|w| kinds[w.index as usize]).collect();
        if let Some(odd) = kinds.iter().find(|&&k| usize::from(k) >= materials.len()) {
            return Err(PyValueError::new_err(format!(
                "kinds: expected places in {} materials, got {odd}",
                materials.len()
            )));
        }
        let codes = match &land_cover {
            Some(codes) => Some(cells("land_cover", codes, rows, cols)?),
            None => None,
        };
        let own = |name: &str, raster: &Option<Raster<'_, f32>>| -> PyResult<Vec<Option<f64>>> {
            let Some(raster) = raster else {
                return Ok(vec![None; walls.len()]);
            };
            let all = cells(name, raster, rows, cols)?;
            let of = |w: &solweig_core::walls::WallCell| {
                let value = all[w.index as usize];
                (!value.is_nan()).then(|| f64::from(value))
            };
            Ok(walls.iter().map(of).collect())
        };
        let (albedo, emissivity) = (own("albedo", &albedo)?, own("emissivity", &emissivity)?);
        let ground: Vec<Ground> = walls
            .iter()
            .zip(albedo.into_iter().zip(emissivity))
            .map(|(wall, (albedo, emissivity))| Ground {
                code: codes.map(|codes| codes[wall.index as usize]),
                own: [albedo, emissivity],
            })
            .collect();
        let params = params::read(params)?;
        let place = Place {
            terrain: &scene.terrain,
            window,
            reach: &params.reach,
        };
        let walls = enter(py, || {
            Walls::new(place, walls, ground, kinds, materials, spacing, ta)
        })?;
        Ok(Self {
            terrain: Arc::clone(&scene.terrain),
            window,
            params,
            walls: Mutex::new(walls),
        })
    }

    /// Rows and columns of the walls in the window, ``[wall, 2]``.
    fn cells<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<i64>>> {
        let cols = self.window.cols as i64;
        let all = self.with(py, |walls| {
            let places = walls.walls().iter().map(|w| i64::from(w.index));
            places
                .flat_map(|i| [i / cols, i % cols])
                .collect::<Vec<_>>()
        })?;
        let count = all.len() / 2;
        array(py, all, &[count, 2])
    }

    /// How many pieces every wall has.
    fn heights<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<u32>>> {
        let all = self.with(py, |walls| walls.heights())?;
        let count = all.len();
        array(py, all, &[count])
    }

    /// Shares of sky, foliage and other walls in what every piece sees, ``[piece, 3]``.
    fn views<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let all = self.with(py, |walls| {
            let views = walls.views().iter();
            views
                .flat_map(|v| [v.sky, v.foliage, v.walls])
                .collect::<Vec<_>>()
        })?;
        let count = all.len() / 3;
        array(py, all, &[count, 3])
    }

    /// Temperatures of every piece by depth, ``[piece, depth]``.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let slabs = self.with(py, |walls| walls.slabs.clone())?;
        slab_array(py, &slabs)
    }

    /// Start from temperatures that :meth:`state` gave.
    fn restore(&self, py: Python<'_>, state: PyReadonlyArray2<'_, f64>) -> PyResult<()> {
        let count = self.with(py, |walls| walls.slabs.len())?;
        let slabs = slabs("state", &state, count)?;
        self.with(py, |walls| walls.slabs = slabs)
    }

    /// Advance a step; the surface temperature of every piece, mean over the step.
    fn step<'py>(
        &self,
        py: Python<'py>,
        weather: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let weather = weather::read(weather)?;
        let Some(warmth) = weather.walls else {
            return Err(PyValueError::new_err(
                "weather: walls: expected temperatures of standard walls, got none",
            ));
        };
        let place = self.place();
        let model = &self.params.model;
        let found = self.with(py, |walls| walls.step(place, model, &weather, &warmth))?;
        let count = found.len();
        array(py, found, &[count])
    }
}
