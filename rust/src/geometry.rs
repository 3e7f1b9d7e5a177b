//! Geometry functions that need no scene: walls, building mask, patch and ray tables.

use crate::arguments::table_of;
use crate::door::{Raster, array, cells, contiguous, enter, grid_of};
use numpy::{PyArrayDyn, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::buildings;
use solweig_core::grid::Grid;
use solweig_core::patches::PatchMasks;
use solweig_core::rays::ray_steps;
use solweig_core::svf::{field_name, from_masks};
use solweig_core::walls;

/// Wall height on the ground-side cells next to buildings.
#[pyfunction]
#[pyo3(signature = (dsm, wall_limit=1.0))]
pub fn wall_height<'py>(
    py: Python<'py>,
    dsm: Raster<'_, f32>,
    wall_limit: f64,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let grid = grid_of("dsm", &dsm, 1.0)?;
    let dsm = contiguous("dsm", &dsm)?;
    let height = enter(py, || walls::wall_height(grid, dsm, wall_limit))?;
    array(py, height, &[grid.rows, grid.cols])
}

/// Outward wall normal of wall cells.
#[pyfunction]
#[pyo3(signature = (dsm, wall_height, pixel_size, *, improved=false))]
pub fn wall_aspect<'py>(
    py: Python<'py>,
    dsm: Raster<'_, f32>,
    wall_height: Raster<'_, f32>,
    pixel_size: f64,
    improved: bool,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let grid = grid_of("dsm", &dsm, pixel_size)?;
    let height = cells("wall_height", &wall_height, grid.rows, grid.cols)?;
    let dsm = contiguous("dsm", &dsm)?;
    let aspect = enter(py, || walls::wall_aspect(grid, dsm, height, improved))?;
    array(py, aspect, &[grid.rows, grid.cols])
}

/// 1 on open ground, 0 on buildings.
#[pyfunction]
#[pyo3(signature = (dsm, *, dem=None, land_cover=None))]
pub fn buildings_mask<'py>(
    py: Python<'py>,
    dsm: Raster<'_, f32>,
    dem: Option<Raster<'_, f32>>,
    land_cover: Option<Raster<'_, u8>>,
) -> PyResult<Bound<'py, PyArrayDyn<u8>>> {
    let grid = grid_of("dsm", &dsm, 1.0)?;
    let mask = if let Some(codes) = &land_cover {
        buildings::from_land_cover(cells("land_cover", codes, grid.rows, grid.cols)?)
    } else if let Some(dem) = &dem {
        let dem = cells("dem", dem, grid.rows, grid.cols)?;
        buildings::from_heights(contiguous("dsm", &dsm)?, dem)
    } else {
        return Err(PyValueError::new_err(
            "buildings_mask: expected dem or land_cover, got neither",
        ));
    };
    array(py, mask, &[grid.rows, grid.cols])
}

/// Altitude, azimuth, solid angle and band of every patch.
#[pyfunction]
pub fn patch_table(py: Python<'_>, patch_option: u32) -> PyResult<Bound<'_, PyDict>> {
    let table = table_of(patch_option)?;
    let out = PyDict::new(py);
    let n = [table.len()];
    let column = |value: &dyn Fn(usize) -> f64| array(py, (0..n[0]).map(value).collect(), &n);
    let patches = &table.patches;
    out.set_item("altitude", column(&|i| patches[i].altitude_deg)?)?;
    out.set_item("azimuth", column(&|i| patches[i].azimuth_deg)?)?;
    out.set_item(
        "solid_angle",
        column(&|i| table.bands[patches[i].band].solid_angle)?,
    )?;
    out.set_item("band", column(&|i| patches[i].band as f64)?)?;
    Ok(out)
}

/// Offsets, distance and height of the steps of a ray.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "three arrays for Python")]
pub fn ray_offsets<'py>(
    py: Python<'py>,
    azimuth: f64,
    altitude: f64,
    pixel_size: f64,
    steps: usize,
) -> PyResult<(
    Bound<'py, PyArrayDyn<i32>>,
    Bound<'py, PyArrayDyn<f64>>,
    Bound<'py, PyArrayDyn<f64>>,
)> {
    let rise = altitude.to_radians().tan() / (1.0 / pixel_size);
    let ray = ray_steps(azimuth, steps);
    let offsets = ray.iter().flat_map(|s| [s.drow, s.dcol]).collect();
    let distance = ray.iter().map(|s| s.length_px * pixel_size).collect();
    let height = ray.iter().map(|s| s.length_px * rise).collect();
    Ok((
        array(py, offsets, &[steps, 2])?,
        array(py, distance, &[steps])?,
        array(py, height, &[steps])?,
    ))
}

/// The fifteen view factors from stored patch bits.
#[pyfunction]
#[pyo3(signature = (patch_option, shmat, vegshmat=None, vbshmat=None, trunk_absent=None,
    normalised_sectors=false))]
pub fn svf_from_masks<'py>(
    py: Python<'py>,
    patch_option: u32,
    shmat: PyReadonlyArray3<'_, u32>,
    vegshmat: Option<PyReadonlyArray3<'_, u32>>,
    vbshmat: Option<PyReadonlyArray3<'_, u32>>,
    trunk_absent: Option<Raster<'_, bool>>,
    normalised_sectors: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let table = table_of(patch_option)?;
    let &[rows, cols, _] = shmat.shape() else {
        unreachable!("three dimensions")
    };
    let words = table.words();
    let bits = |array: &PyReadonlyArray3<'_, u32>| -> PyResult<Vec<u32>> {
        if array.shape() != [rows, cols, words] {
            return Err(PyValueError::new_err(format!(
                "masks: expected shape ({rows}, {cols}, {words}), got {:?}",
                array.shape()
            )));
        }
        Ok(array.as_array().iter().copied().collect())
    };
    let building = bits(&shmat)?;
    let vegetation = match (&vegshmat, &vbshmat) {
        (Some(veg), Some(aveg)) => Some((bits(veg)?, bits(aveg)?)),
        _ => None,
    };
    let absent = trunk_absent
        .as_ref()
        .map(|a| cells("trunk_absent", a, rows, cols))
        .transpose()?;
    let grid = Grid {
        rows,
        cols,
        pixel_size: 1.0,
    };
    let fields = enter(py, || {
        let masks = PatchMasks {
            words,
            building: &building,
            vegetation: vegetation
                .as_ref()
                .map(|(a, b)| (a.as_slice(), b.as_slice())),
        };
        from_masks(grid, &table, &masks, absent, normalised_sectors)
    })?;
    let out = PyDict::new(py);
    for (i, field) in fields.into_iter().enumerate() {
        out.set_item(field_name(i), array(py, field, &[rows, cols])?)?;
    }
    Ok(out)
}
