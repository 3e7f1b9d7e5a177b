//! `GroundView`: ground view factors on their own, for tests and stand-alone use.

use crate::door::{Raster, array, cells, contiguous, enter, grid_of};
use crate::engine::{Engine, Handle};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::constants::{KELVIN, SIGMA};
use solweig_core::emission::ExcessEmission;
use solweig_core::grid::{Grid, Window};
use solweig_core::gvf::{self, FiveFields, Ground, GvfStage, GvfStep, WholeFields, largest};
use solweig_core::walls::{WallCell, wall_cells};

/// Suffixes of the five fields in the reference's names.
const SUFFIXES: [&str; 5] = ["", "E", "S", "W", "N"];

/// Ground view factors with cached geometry.
#[pyclass(frozen, module = "solweig._core")]
pub struct GroundView {
    view: gvf::GroundView,
    walls: Vec<WallCell>,
    grid: Grid,
    wall_albedo: f64,
}

#[pymethods]
impl GroundView {
    #[new]
    #[pyo3(signature = (buildings, *, pixel_size, albedo, wall_height, wall_aspect,
        wall_albedo=0.2, person_height=1.1))]
    fn new(
        py: Python<'_>,
        buildings: Raster<'_, u8>,
        pixel_size: f64,
        albedo: Raster<'_, f32>,
        wall_height: Raster<'_, f32>,
        wall_aspect: Raster<'_, f32>,
        wall_albedo: f64,
        person_height: f64,
    ) -> PyResult<Self> {
        let grid = grid_of("buildings", &buildings, pixel_size)?;
        let (rows, cols) = (grid.rows, grid.cols);
        let walls = wall_cells(
            cells("wall_height", &wall_height, rows, cols)?,
            cells("wall_aspect", &wall_aspect, rows, cols)?,
        );
        let mask = contiguous("buildings", &buildings)?;
        let albedo = cells("albedo", &albedo, rows, cols)?;
        let largest_albedo = bound("albedo", albedo)?;
        let view = enter(py, || {
            let ground = Ground {
                buildings: mask,
                albedo,
                largest_albedo,
                walls: &walls,
                wall_albedo,
            };
            gvf::GroundView::new(grid, Window::whole(grid), &ground, person_height)
        })?
        .map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(Self {
            view,
            walls,
            grid,
            wall_albedo,
        })
    }

    /// Albedo view factors of a ground without shadows.
    fn albnosh<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        for (field, suffix) in self.view.albnosh.planes().into_iter().zip(SUFFIXES) {
            out.set_item(
                format!("gvfalbnosh{suffix}"),
                self.raster(py, field.to_vec())?,
            )?;
        }
        Ok(out)
    }

    /// View factors of one step.
    #[pyo3(signature = (*, wall_sun, shadow, ground_excess, wall_excess, ta, emissivity, albedo,
        wall_emissivity=0.9, sums=false, engine=None))]
    #[allow(clippy::too_many_arguments)]
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        wall_sun: Raster<'_, f32>,
        shadow: Raster<'_, f32>,
        ground_excess: Raster<'_, f32>,
        wall_excess: f64,
        ta: f64,
        emissivity: Raster<'_, f32>,
        albedo: Raster<'_, f32>,
        wall_emissivity: f64,
        sums: bool,
        engine: Option<&Bound<'_, Engine>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (rows, cols) = (self.grid.rows, self.grid.cols);
        let engine = Handle::of(engine);
        let wall_sun = cells("wall_sun", &wall_sun, rows, cols)?;
        let shadow = cells("shadow", &shadow, rows, cols)?;
        let excess = cells("ground_excess", &ground_excess, rows, cols)?;
        let emissivity = cells("emissivity", &emissivity, rows, cols)?;
        let albedo = cells("albedo", &albedo, rows, cols)?;
        let result = enter(py, || {
            let excess_at = ExcessEmission::new(ta);
            let emission: Vec<f32> = (0..self.grid.len())
                .map(|i| {
                    let lit = f64::from(excess[i]) * f64::from(shadow[i]);
                    excess_at.of(lit, f64::from(emissivity[i])) as f32
                })
                .collect();
            let lit_albedo: Vec<f32> = albedo.iter().zip(shadow).map(|(a, s)| a * s).collect();
            let sunlit: Vec<u8> = self
                .walls
                .iter()
                .map(|w| u8::from(wall_sun[w.index as usize] == w.height))
                .collect();
            let bounds = [
                bound("ground_excess", &emission)?,
                bound("albedo", &lit_albedo)?,
            ];
            let units = bounds.map(|b| self.view.unit(b, 1));
            let sent = WholeFields::new(self.grid.cols, [&emission, &lit_albedo], units);
            let step = GvfStep {
                sent: &sent,
                units,
                sunlit: &sunlit,
                suns: 1,
                wall: [excess_at.of(wall_excess, wall_emissivity), self.wall_albedo],
                shadow: sums.then_some(shadow),
                spare: None,
            };
            let fields = engine.run::<GvfStage>(&mut (&self.view, step))?;
            let ambient = SIGMA * (ta + KELVIN).powi(4);
            let lup = fields.lup.planes().map(|field| -> Vec<f32> {
                field
                    .iter()
                    .zip(emissivity)
                    .map(|(l, e)| (f64::from(*l) + ambient * f64::from(*e)) as f32)
                    .collect()
            });
            PyResult::Ok((lup, five(&fields.alb), fields.sums))
        })??;
        let (lup, alb, sums) = result;
        let out = PyDict::new(py);
        for ((lup, alb), suffix) in lup.into_iter().zip(alb).zip(SUFFIXES) {
            out.set_item(format!("gvfLup{suffix}"), self.raster(py, lup)?)?;
            out.set_item(format!("gvfalb{suffix}"), self.raster(py, alb)?)?;
        }
        if let Some([sum, norm]) = sums {
            out.set_item("gvfSum", self.raster(py, sum)?)?;
            out.set_item("gvfNorm", self.raster(py, norm)?)?;
        }
        Ok(out)
    }
}

fn five(fields: &FiveFields) -> [Vec<f32>; 5] {
    fields.planes().map(<[f32]>::to_vec)
}

/// The largest size of what a raster leads to; whole numbers need one.
fn bound(name: &str, field: &[f32]) -> PyResult<f64> {
    let most = largest(field);
    if most.is_finite() {
        return Ok(most);
    }
    let message = format!("{name}: expected finite values, got {most}");
    Err(PyValueError::new_err(message))
}

impl GroundView {
    fn raster<'py>(
        &self,
        py: Python<'py>,
        field: Vec<f32>,
    ) -> PyResult<Bound<'py, numpy::PyArrayDyn<f32>>> {
        array(py, field, &[self.grid.rows, self.grid.cols])
    }
}
