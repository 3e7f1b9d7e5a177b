//! What of a run does not change from step to step, as Python gave it.

use crate::arguments::{table_of, window_of};
use crate::door::{Raster, cells, enter, grid_of};
use crate::params::RunParams;
use crate::scene::{Scene, next_id};
use numpy::{
    PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray2, PyReadonlyArray3, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::air::Air;
use solweig_core::grid::{Grid, Window};
use solweig_core::ground::LandCoverTable;
use solweig_core::gvf::{Ground, GroundView};
use solweig_core::patches::PatchMasks;
use solweig_core::radiation::anisotropic::{SkySum, patch_weights, sky_sums};
use solweig_core::radiation::cells::Cells;
use solweig_core::radiation::facets::facet_sums;
use solweig_core::radiation::sums;
use solweig_core::radiation::tables::PatchSky;
use solweig_core::svf;
use solweig_core::terrain::Terrain;
use solweig_core::timestep::Run;
use solweig_core::walls::{WallCell, wall_cells};
use std::sync::Arc;

/// The rasters of a run, and the cells that are computed.
pub struct Given<'a, 'py> {
    pub svf: &'a Bound<'py, PyDict>,
    pub masks: Option<&'a Bound<'py, PyDict>>,
    pub patch_option: u32,
    pub buildings: Raster<'py, u8>,
    pub wall_height: Raster<'py, f32>,
    pub wall_aspect: Raster<'py, f32>,
    pub land_cover: Option<Raster<'py, u8>>,
    pub albedo: Option<Raster<'py, f32>>,
    pub emissivity: Option<Raster<'py, f32>>,
    pub window: Option<(usize, usize, usize, usize)>,
    pub core: Option<(usize, usize, usize, usize)>,
}

/// Patch visibility as numpy arrays.
struct Masks {
    building: Py<PyArray3<u32>>,
    vegetation: Option<[Py<PyArray3<u32>>; 2]>,
    words: usize,
    sums: Vec<SkySum>,
    /// Where walls shine by their facets.
    facets: Option<Vec<f32>>,
    sky: PatchSky,
}

/// Everything of a run that does not change from step to step.
pub struct Fixed {
    id: u64,
    terrain: Arc<Terrain>,
    /// Where the rasters of the run lie in the terrain; `grid` and `valid` are of them.
    window: Window,
    pub grid: Grid,
    /// Cells that are computed, in the rasters of the run.
    pub core: Window,
    valid: Vec<bool>,
    /// Where each cell is counted.
    places: Vec<u8>,
    svf: [Py<PyArray2<f32>>; svf::FIELDS],
    masks: Option<Masks>,
    land_cover: Option<Py<PyArray2<u8>>>,
    albedo: Option<Py<PyArray2<f32>>>,
    emissivity: Option<Py<PyArray2<f32>>>,
    /// Mean transmissivity of the canopies seen, where they have their own.
    seen: Option<Vec<f32>>,
    walls: Vec<WallCell>,
    ground_view: GroundView,
    pub params: RunParams,
}

/// A borrowed mask.
type MaskView<'py> = PyReadonlyArray3<'py, u32>;

/// Read access to every array of a model while a step runs.
struct Borrowed<'py> {
    svf: [PyReadonlyArray2<'py, f32>; svf::FIELDS],
    masks: Option<(MaskView<'py>, Option<(MaskView<'py>, MaskView<'py>)>)>,
    land_cover: Option<PyReadonlyArray2<'py, u8>>,
    albedo: Option<PyReadonlyArray2<'py, f32>>,
    emissivity: Option<PyReadonlyArray2<'py, f32>>,
}

fn not_contiguous<E>(_: E) -> PyErr {
    PyValueError::new_err("expected a C-contiguous array, got a strided one")
}

/// A mask of the dictionary, checked for shape.
fn mask<'py>(
    masks: &Bound<'py, PyDict>,
    name: &str,
    shape: [usize; 3],
) -> PyResult<Option<PyReadonlyArray3<'py, u32>>> {
    let Some(item) = masks.get_item(name)?.filter(|x| !x.is_none()) else {
        return Ok(None);
    };
    let mask: PyReadonlyArray3<'py, u32> = item.extract()?;
    if mask.shape() != shape {
        return Err(PyValueError::new_err(format!(
            "masks[{name:?}]: expected shape {shape:?}, got {:?}",
            mask.shape()
        )));
    }
    mask.as_slice().map_err(not_contiguous)?;
    Ok(Some(mask))
}

/// The patch sky and its masks.
fn read_masks(
    py: Python<'_>,
    masks: &Bound<'_, PyDict>,
    patch_option: u32,
    grid: Grid,
    facets: bool,
) -> PyResult<Masks> {
    let table = table_of(patch_option)?;
    let words = table.words();
    let shape = [grid.rows, grid.cols, words];
    let building =
        mask(masks, "shmat", shape)?.ok_or_else(|| PyKeyError::new_err("masks: no \"shmat\""))?;
    let vegetation = match (
        mask(masks, "vegshmat", shape)?,
        mask(masks, "vbshmat", shape)?,
    ) {
        (Some(v), Some(b)) => Some((v, b)),
        (None, None) => None,
        _ => {
            let message = "masks: vegshmat and vbshmat come together or not at all";
            return Err(PyValueError::new_err(message));
        }
    };
    let weights = patch_weights(&table);
    let view = PatchMasks {
        words,
        building: building.as_slice().map_err(not_contiguous)?,
        vegetation: match &vegetation {
            Some((v, b)) => Some((
                v.as_slice().map_err(not_contiguous)?,
                b.as_slice().map_err(not_contiguous)?,
            )),
            None => None,
        },
    };
    let sums = enter(py, || sky_sums(&weights, &view))?;
    let facets = facets
        .then(|| enter(py, || facet_sums(&weights, &view)))
        .transpose()?;
    let keep = |m: PyReadonlyArray3<'_, u32>| (*m).clone().unbind();
    Ok(Masks {
        building: keep(building),
        vegetation: vegetation.map(|(v, b)| [keep(v), keep(b)]),
        words,
        sums,
        facets,
        sky: PatchSky { table, weights },
    })
}

/// The 15 sky view fields by name.
fn read_svf(fields: &Bound<'_, PyDict>, grid: Grid) -> PyResult<[Py<PyArray2<f32>>; svf::FIELDS]> {
    let read = |index: usize| -> PyResult<Py<PyArray2<f32>>> {
        let name = svf::field_name(index);
        let item = fields
            .get_item(&name)?
            .ok_or_else(|| PyKeyError::new_err(format!("svf: no {name:?}")))?;
        let field: PyReadonlyArray2<'_, f32> = item.extract()?;
        cells(&name, &field, grid.rows, grid.cols)?;
        Ok((*field).clone().unbind())
    };
    let all = (0..svf::FIELDS).map(read).collect::<PyResult<Vec<_>>>()?;
    all.try_into()
        .map_err(|_| PyValueError::new_err("svf: wrong number of fields"))
}

/// Mean transmissivity of the canopies seen, of a scene whose canopies have their own; that of the run
/// where none is seen, as for all others.
fn read_seen(
    fields: &Bound<'_, PyDict>,
    scene: &Scene,
    params: &RunParams,
    grid: Grid,
) -> PyResult<Option<Vec<f32>>> {
    if scene.terrain.transmissivity().is_none() {
        return Ok(None);
    }
    let name = svf::field_name(svf::CANOPY_FIELD);
    let item = fields.get_item(&name)?.ok_or_else(|| {
        PyKeyError::new_err(format!(
            "svf: no {name:?}, and the canopies of the scene differ"
        ))
    })?;
    let field: PyReadonlyArray2<'_, f32> = item.extract()?;
    let seen = cells(&name, &field, grid.rows, grid.cols)?;
    check_fraction(&name, seen)?;
    let none = params.model.transmissivity as f32;
    let known = |&x: &f32| if x.is_nan() { none } else { x };
    Ok(Some(seen.iter().map(known).collect()))
}

/// An optional raster, checked for shape.
fn keep<T: numpy::Element>(
    name: &str,
    raster: Option<Raster<'_, T>>,
    grid: Grid,
) -> PyResult<Option<Py<PyArray2<T>>>> {
    raster
        .map(|r| {
            cells(name, &r, grid.rows, grid.cols)?;
            Ok((*r).clone().unbind())
        })
        .transpose()
}

/// Fail on a land-cover code without properties.
fn check_codes(codes: &[u8], table: &LandCoverTable) -> PyResult<()> {
    let mut seen = [false; 256];
    for &code in codes {
        seen[usize::from(code)] = true;
    }
    let unknown: Vec<u8> = (0..=255)
        .filter(|&c| seen[usize::from(c)] && table.get(c).is_none())
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("land_cover: no surface properties for the codes {unknown:?}");
    Err(PyValueError::new_err(message))
}

/// Ground albedo as the ground view reads it; cells without a value reflect nothing.
fn albedo_raster(
    codes: Option<&[u8]>,
    albedo: Option<&[f32]>,
    params: &RunParams,
    n: usize,
) -> Vec<f32> {
    let known = |a: f32| if a.is_nan() { 0.0 } else { a };
    match (albedo, codes) {
        (Some(albedo), _) => albedo.iter().map(|&a| known(a)).collect(),
        (None, Some(codes)) => {
            let table = params.model.land_cover.column(|c| c.albedo);
            codes
                .iter()
                .map(|&c| known(table[usize::from(c)] as f32))
                .collect()
        }
        (None, None) => vec![params.model.ground.albedo as f32; n],
    }
}

/// No ground of the run reflects more, whatever its rasters hold.
fn largest_albedo(params: &RunParams) -> f64 {
    let classes = params.model.land_cover.column(|c| c.albedo);
    // NaN where there is no class.
    let most = classes.into_iter().fold(1.0, f64::max);
    most.max(params.model.ground.albedo)
}

/// Whole numbers of the ground view have room for fractions only.
fn check_fraction(name: &str, values: &[f32]) -> PyResult<()> {
    let odd = |x: &&f32| !x.is_nan() && !(0.0..=1.0).contains(*x);
    match values.iter().find(odd) {
        Some(x) => {
            let message = format!("{name}: expected values from 0 to 1, got {x}");
            Err(PyValueError::new_err(message))
        }
        None => Ok(()),
    }
}

impl Fixed {
    /// Check and keep what a run is made of.
    ///
    /// # Errors
    /// `ValueError`, `KeyError` naming what does not fit.
    pub fn new(
        py: Python<'_>,
        scene: &Scene,
        given: Given<'_, '_>,
        params: RunParams,
    ) -> PyResult<Self> {
        let Given {
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
        } = given;
        let whole = scene.terrain.grid;
        let window = window_of("window", window, (whole.rows, whole.cols))?;
        let Window { rows, cols, .. } = window;
        let grid = grid_of("buildings", &buildings, whole.pixel_size)?;
        let core = window_of("core", core, (rows, cols))?;
        let masks = match (params.model.anisotropic, masks) {
            (false, _) => None,
            (true, Some(masks)) => {
                let facets = params.model.formulation.facet_radiance;
                Some(read_masks(py, masks, patch_option, grid, facets)?)
            }
            (true, None) => {
                let message = "masks: the anisotropic sky needs patch visibility, got None";
                return Err(PyValueError::new_err(message));
            }
        };
        let open_ground = cells("buildings", &buildings, rows, cols)?;
        let walls = wall_cells(
            cells("wall_height", &wall_height, rows, cols)?,
            cells("wall_aspect", &wall_aspect, rows, cols)?,
        );
        let codes = match &land_cover {
            Some(codes) => Some(cells("land_cover", codes, rows, cols)?),
            None => None,
        };
        if let Some(codes) = codes {
            check_codes(codes, &params.model.land_cover)?;
        }
        let given = match &albedo {
            Some(albedo) => Some(cells("albedo", albedo, rows, cols)?),
            None => None,
        };
        if let Some(emissivity) = &emissivity {
            check_fraction("emissivity", cells("emissivity", emissivity, rows, cols)?)?;
        }
        if let Some(albedo) = given {
            check_fraction("albedo", albedo)?;
        }
        let ground_view = enter(py, || {
            let ground = Ground {
                buildings: open_ground,
                albedo: &albedo_raster(codes, given, &params, grid.len()),
                largest_albedo: largest_albedo(&params),
                walls: &walls,
                wall_albedo: params.model.wall_albedo,
            };
            GroundView::new(grid, core, &ground, params.model.posture.height())
        })?
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self {
            id: next_id(),
            terrain: Arc::clone(&scene.terrain),
            window,
            grid,
            core,
            valid: window.cut(&scene.terrain.valid, whole.cols),
            places: sums::places(open_ground, |cell| core.holds(cell / cols, cell % cols)),
            seen: read_seen(svf, scene, &params, grid)?,
            svf: read_svf(svf, grid)?,
            masks,
            land_cover: keep("land_cover", land_cover, grid)?,
            albedo: keep("albedo", albedo, grid)?,
            emissivity: keep("emissivity", emissivity, grid)?,
            walls,
            ground_view,
            params,
        })
    }

    /// Work with the run, without the GIL.
    pub fn with_run<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Run<'_>) -> T + Send,
    ) -> PyResult<T> {
        let borrowed = self.borrow(py);
        let run = Run {
            id: self.id,
            terrain: &self.terrain,
            window: self.window,
            walls: &self.walls,
            ground_view: &self.ground_view,
            cells: self.cells(&borrowed)?,
            patch_sky: self.masks.as_ref().map(|m| &m.sky),
            params: &self.params.model,
            reach: self.params.reach,
        };
        enter(py, || work(&run))
    }

    fn borrow<'py>(&self, py: Python<'py>) -> Borrowed<'py> {
        let raster = |a: &Py<PyArray2<f32>>| a.bind(py).readonly();
        Borrowed {
            svf: self.svf.each_ref().map(raster),
            masks: self.masks.as_ref().map(|m| {
                let view = |a: &Py<PyArray3<u32>>| a.bind(py).readonly();
                (
                    view(&m.building),
                    m.vegetation.as_ref().map(|[v, b]| (view(v), view(b))),
                )
            }),
            land_cover: self.land_cover.as_ref().map(|a| a.bind(py).readonly()),
            albedo: self.albedo.as_ref().map(raster),
            emissivity: self.emissivity.as_ref().map(raster),
        }
    }

    /// The rasters of the run as slices.
    fn cells<'a>(&'a self, borrowed: &'a Borrowed<'_>) -> PyResult<Cells<'a>> {
        let mut svf: [&[f32]; svf::FIELDS] = [&[]; svf::FIELDS];
        for (slice, raster) in svf.iter_mut().zip(&borrowed.svf) {
            *slice = raster.as_slice().map_err(not_contiguous)?;
        }
        let patches = match (&self.masks, &borrowed.masks) {
            (Some(own), Some((building, vegetation))) => {
                let vegetation = match vegetation {
                    Some((v, b)) => Some((
                        v.as_slice().map_err(not_contiguous)?,
                        b.as_slice().map_err(not_contiguous)?,
                    )),
                    None => None,
                };
                let building = building.as_slice().map_err(not_contiguous)?;
                let masks = PatchMasks {
                    words: own.words,
                    building,
                    vegetation,
                };
                Some((masks, own.sums.as_slice()))
            }
            _ => None,
        };
        fn slice<'a, T: numpy::Element>(
            raster: Option<&'a PyReadonlyArray2<'_, T>>,
        ) -> PyResult<Option<&'a [T]>> {
            raster
                .map(|r| r.as_slice().map_err(not_contiguous))
                .transpose()
        }
        Ok(Cells {
            valid: &self.valid,
            places: &self.places,
            svf,
            patches,
            facets: self.masks.as_ref().and_then(|m| m.facets.as_deref()),
            land_cover: slice(borrowed.land_cover.as_ref())?,
            albedo: slice(borrowed.albedo.as_ref())?,
            emissivity: slice(borrowed.emissivity.as_ref())?,
            seen: self.seen.as_deref(),
            through: None,
            shadow: None,
            ground: None,
            air: Air::OF_THE_STEP,
        })
    }
}
