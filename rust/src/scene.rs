//! `Scene`: geometry of a raster, its sky view and its shadows.

use crate::arguments::{reach_of, table_of, window_of};
use crate::door::{Raster, array, cells, contiguous, enter, grid_of};
use crate::engine::{Engine, Handle};
use numpy::PyArrayDyn;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::grid::Window;
use solweig_core::shadow::{SH, ShadowStage, SunInput, SunShadow, VBSHVEGSH, VEGSH};
use solweig_core::svf::{
    SkyInput, SkyOptions, SkyPlan, SkyRows, SkyStage, ZenithCanopy, field_name,
};
use solweig_core::terrain::{CanopyBase, MIN_VEGETATION_M, SceneInput, Terrain, Whole};
use solweig_core::walls::wall_cells;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Identities handed to scenes and models; what an engine keeps for them is keyed on these.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// An identity nobody else has.
pub fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// Immutable geometry of one raster, in the form the ray marcher reads.
#[pyclass(frozen, module = "solweig._core")]
pub struct Scene {
    #[pyo3(get)]
    id: u64,
    pub(crate) terrain: Arc<Terrain>,
}

/// Result of `Scene.svf`.
#[pyclass(frozen, module = "solweig._core")]
pub struct SkyView {
    #[pyo3(get)]
    patch_option: u32,
    fields: Py<PyDict>,
    masks: Py<PyDict>,
}

#[pymethods]
impl Scene {
    #[new]
    #[pyo3(signature = (dsm, *, pixel_size, dem=None, canopy=None, trunk=None, transmissivity=None,
        trunk_ratio=0.25, relative_bush=false, canopy_base="dem", datum=None, vegetation=false))]
    fn new(
        py: Python<'_>,
        dsm: Raster<'_, f32>,
        pixel_size: f64,
        dem: Option<Raster<'_, f32>>,
        canopy: Option<Raster<'_, f32>>,
        trunk: Option<Raster<'_, f32>>,
        transmissivity: Option<Raster<'_, f32>>,
        trunk_ratio: f64,
        relative_bush: bool,
        canopy_base: &str,
        datum: Option<f64>,
        vegetation: bool,
    ) -> PyResult<Self> {
        if let Some(datum) = datum.filter(|d| !d.is_finite()) {
            return Err(PyValueError::new_err(format!(
                "datum: expected a height in metres, got {datum}"
            )));
        }
        let grid = grid_of("dsm", &dsm, pixel_size)?;
        let layer = |name: &str, raster: &Option<Raster<'_, f32>>| {
            raster
                .as_ref()
                .map(|r| cells(name, r, grid.rows, grid.cols).map(<[f32]>::to_vec))
                .transpose()
        };
        let (dem, canopy, trunk, transmissivity) = (
            layer("dem", &dem)?,
            layer("canopy", &canopy)?,
            layer("trunk", &trunk)?,
            layer("transmissivity", &transmissivity)?,
        );
        check_transmissivity(canopy.as_deref(), transmissivity.as_deref())?;
        let dsm = contiguous("dsm", &dsm)?;
        let canopy_base = match canopy_base {
            "dem" => CanopyBase::Ground,
            "dsm" => CanopyBase::Surface,
            other => {
                return Err(PyValueError::new_err(format!(
                    "canopy_base: expected \"dem\" or \"dsm\", got \"{other}\""
                )));
            }
        };
        let id = next_id();
        let mut terrain = enter(py, || {
            let input = SceneInput {
                grid,
                dsm,
                dem: dem.as_deref(),
                canopy: canopy.as_deref(),
                trunk: trunk.as_deref(),
                transmissivity: transmissivity.as_deref(),
                trunk_ratio,
                relative_bush,
                canopy_base,
            };
            match datum {
                Some(datum) => Terrain::part(&input, Whole { datum, vegetation }),
                None => Terrain::new(&input),
            }
        })?;
        terrain.id = id;
        Ok(Self {
            id,
            terrain: Arc::new(terrain),
        })
    }

    #[getter]
    fn shape(&self) -> (usize, usize) {
        (self.terrain.grid.rows, self.terrain.grid.cols)
    }

    #[getter]
    fn pixel_size(&self) -> f64 {
        self.terrain.grid.pixel_size
    }

    #[getter]
    fn has_vegetation(&self) -> bool {
        self.terrain.vegetation.is_some()
    }

    #[getter]
    fn has_transmissivity(&self) -> bool {
        self.terrain.transmissivity().is_some()
    }

    /// Height subtracted from every layer [m].
    #[getter]
    fn datum(&self) -> f64 {
        self.terrain.datum
    }

    /// Largest height difference a ray can meet [m].
    #[getter]
    fn relief_m(&self) -> f64 {
        self.terrain.relief_m()
    }

    fn valid_mask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<bool>>> {
        array(py, self.terrain.valid.clone(), &self.dims())
    }

    fn canopy_top<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let layer = self
            .terrain
            .vegetation
            .as_ref()
            .map(|v| v.canopy.heights.as_slice());
        array(py, self.terrain.absolute(layer), &self.dims())
    }

    fn trunk_top<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let layer = self.terrain.vegetation.as_ref().map(|v| v.trunk.as_slice());
        array(py, self.terrain.absolute(layer), &self.dims())
    }

    fn bush<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<bool>>> {
        let vegetation = self.terrain.vegetation.as_ref();
        let bush =
            vegetation.map_or_else(|| vec![false; self.terrain.grid.len()], |v| v.bush.clone());
        array(py, bush, &self.dims())
    }

    /// Cells without a trunk zone; everywhere true without vegetation.
    fn trunk_absent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<bool>>> {
        let vegetation = self.terrain.vegetation.as_ref();
        let absent = vegetation.map_or_else(
            || vec![true; self.terrain.grid.len()],
            |v| v.trunk_absent.clone(),
        );
        array(py, absent, &self.dims())
    }

    #[pyo3(signature = (patch_option=2, *, max_shadow_distance_m=1000.0, height_bound_m=None,
        normalised_sectors=false, zenith_canopy="reference", progress=None, engine=None,
        window=None))]
    #[allow(clippy::too_many_arguments)]
    fn svf(
        &self,
        py: Python<'_>,
        patch_option: u32,
        max_shadow_distance_m: f64,
        height_bound_m: Option<f64>,
        normalised_sectors: bool,
        zenith_canopy: &str,
        progress: Option<Py<PyAny>>,
        engine: Option<&Bound<'_, Engine>>,
        window: Option<(usize, usize, usize, usize)>,
    ) -> PyResult<SkyView> {
        let window = window_of("window", window, self.shape())?;
        let table = table_of(patch_option)?;
        let zenith_canopy = match zenith_canopy {
            "reference" => ZenithCanopy::Reference,
            "overhead" => ZenithCanopy::Overhead,
            other => {
                return Err(PyValueError::new_err(format!(
                    "zenith_canopy: expected \"reference\" or \"overhead\", got \"{other}\""
                )));
            }
        };
        let options = SkyOptions {
            reach: reach_of(max_shadow_distance_m, height_bound_m)?,
            normalised_sectors,
            zenith_canopy,
        };
        let plan = SkyPlan::new(&self.terrain, table, options);
        let engine = Handle::of(engine);
        let sky = self.compute_sky(py, &plan, window, &engine, progress.as_ref())?;
        sky_view(py, &plan, window, sky)
    }

    /// Shadows of a sun position; with walls also their sunlit and shaded heights.
    #[pyo3(signature = (azimuth, altitude, *, max_shadow_distance_m=1000.0, height_bound_m=None,
        wall_height=None, wall_aspect=None, engine=None))]
    #[allow(clippy::too_many_arguments)]
    fn shadows<'py>(
        &self,
        py: Python<'py>,
        azimuth: f64,
        altitude: f64,
        max_shadow_distance_m: f64,
        height_bound_m: Option<f64>,
        wall_height: Option<Raster<'_, f32>>,
        wall_aspect: Option<Raster<'_, f32>>,
        engine: Option<&Bound<'_, Engine>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let engine = Handle::of(engine);
        if !(altitude > 0.0 && altitude <= 90.0) {
            return Err(PyValueError::new_err(format!(
                "altitude: expected above 0 and at most 90 degrees, got {altitude}"
            )));
        }
        let reach = reach_of(max_shadow_distance_m, height_bound_m)?;
        let (rows, cols) = self.shape();
        let walls = match (&wall_height, &wall_aspect) {
            (Some(height), Some(aspect)) => Some(wall_cells(
                cells("wall_height", height, rows, cols)?,
                cells("wall_aspect", aspect, rows, cols)?,
            )),
            _ => None,
        };
        let list = walls.as_deref().unwrap_or_default();
        let shadow = enter(py, || {
            engine.run::<ShadowStage>(&mut SunInput {
                terrain: &self.terrain,
                window: Window::whole(self.terrain.grid),
                walls: list,
                azimuth_deg: azimuth,
                altitude_deg: altitude,
                reach,
            })
        })??;
        let out = self.ground_shadow(py, &shadow)?;
        if walls.is_some() {
            let field = |value: &dyn Fn(usize) -> f32| {
                let mut field = vec![0.0_f32; rows * cols];
                for (i, wall) in list.iter().enumerate() {
                    field[wall.index as usize] = value(i);
                }
                array(py, field, &[rows, cols])
            };
            out.set_item("wallsh", field(&|i| shadow.walls[i].wallsh)?)?;
            out.set_item("wallsun", field(&|i| shadow.walls[i].wallsun)?)?;
            out.set_item("wallshve", field(&|i| shadow.walls[i].wallshve)?)?;
            out.set_item(
                "facesun",
                field(&|i| f32::from(u8::from(shadow.walls[i].facing)))?,
            )?;
        }
        Ok(out)
    }
}

impl Scene {
    fn dims(&self) -> [usize; 2] {
        [self.terrain.grid.rows, self.terrain.grid.cols]
    }

    fn ground_shadow<'py>(
        &self,
        py: Python<'py>,
        shadow: &SunShadow,
    ) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        for (name, bit) in [("sh", SH), ("vegsh", VEGSH), ("vbshvegsh", VBSHVEGSH)] {
            let lit: Vec<u8> = shadow
                .flags
                .iter()
                .map(|f| u8::from(f & bit != 0))
                .collect();
            out.set_item(name, array(py, lit, &self.dims())?)?;
        }
        Ok(out)
    }

    /// Run the sky view stage; progress is reported and Ctrl-C heard between blocks of rows.
    fn compute_sky(
        &self,
        py: Python<'_>,
        plan: &SkyPlan,
        window: Window,
        engine: &Handle,
        progress: Option<&Py<PyAny>>,
    ) -> PyResult<SkyRows> {
        let mut raised = None;
        let mut watch = |done: usize, total: usize| {
            raised = Python::attach(|py| {
                py.check_signals()?;
                if let Some(progress) = progress {
                    progress.call1(py, (done, total))?;
                }
                PyResult::Ok(())
            })
            .err();
            raised.is_none()
        };
        let sky = enter(py, || {
            let mut input = SkyInput {
                terrain: &self.terrain,
                plan,
                window,
                watch: &mut watch,
            };
            engine.run::<SkyStage>(&mut input)
        })??;
        match (sky, raised) {
            (_, Some(error)) => Err(error),
            (Some(sky), None) => Ok(sky),
            (None, None) => unreachable!("only the watch stops a sky view"),
        }
    }
}

/// Canopies let through a share of light, known wherever one is.
fn check_transmissivity(canopy: Option<&[f32]>, own: Option<&[f32]>) -> PyResult<()> {
    let (Some(canopy), Some(own)) = (canopy, own) else {
        return Ok(());
    };
    let tall = |height: f32| f64::from(height) >= MIN_VEGETATION_M;
    let mut pairs = canopy.iter().zip(own);
    match pairs.find(|&(&height, &own)| tall(height) && !(0.0..=1.0).contains(&own)) {
        Some((_, own)) => Err(PyValueError::new_err(format!(
            "transmissivity: expected values from 0 to 1 wherever there is a canopy, got {own}"
        ))),
        None => Ok(()),
    }
}

fn sky_view(py: Python<'_>, plan: &SkyPlan, window: Window, sky: SkyRows) -> PyResult<SkyView> {
    let (rows, cols) = (window.rows, window.cols);
    let field_dict = PyDict::new(py);
    for (i, field) in sky.fields.into_iter().enumerate() {
        field_dict.set_item(field_name(i), array(py, field, &[rows, cols])?)?;
    }
    let mask_dict = PyDict::new(py);
    for (name, mask) in ["shmat", "vegshmat", "vbshmat"].iter().zip(sky.masks) {
        mask_dict.set_item(name, array(py, mask, &[rows, cols, plan.table.words()])?)?;
    }
    Ok(SkyView {
        patch_option: plan.table.option.number(),
        fields: field_dict.unbind(),
        masks: mask_dict.unbind(),
    })
}

#[pymethods]
impl SkyView {
    fn fields(&self, py: Python<'_>) -> Py<PyDict> {
        self.fields.clone_ref(py)
    }

    fn masks(&self, py: Python<'_>) -> Py<PyDict> {
        self.masks.clone_ref(py)
    }
}
