//! WBGT, globe and wet-bulb temperatures, apparent temperature and SET* of arrays.

use crate::comfort::{BLOCK, is_female, values};
use crate::door::{Raster, array, contiguous, enter};
use numpy::{PyArrayDyn, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::prelude::*;
use solweig_core::constants::DEG;
use solweig_core::heat::loads::Fluxes;
use solweig_core::heat::{
    Air, Apparent, HeatStep, INDICES, Index, TwoNodes, Wearer, Wick, apparent::shade, fill,
    globe_curve, globe_of_cell, of_cell,
};
use solweig_core::pet::{Body, metabolic_flux};

type Points<'py> = PyReadonlyArrayDyn<'py, f64>;
type Grid<'py> = Bound<'py, PyArrayDyn<f32>>;

/// Values of several arrays, point by point, on all cores.
fn map_points<'py, const N: usize>(
    py: Python<'py>,
    named: [(&str, &Points<'py>); N],
    of: impl Fn([f64; N]) -> f64 + Sync + Send,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let shape = named[0].1.shape().to_vec();
    let mut columns: [&[f64]; N] = [&[]; N];
    for (column, (name, points)) in columns.iter_mut().zip(named) {
        *column = values(name, points, &shape)?;
    }
    let out = enter(py, || {
        (0..columns[0].len())
            .into_par_iter()
            .map(|i| of(columns.map(|column| column[i])))
            .collect()
    })?;
    array(py, out, &shape)
}

/// A raster of what `of` makes of rasters, block by block on all cores.
fn map_rasters<'py, const N: usize>(
    py: Python<'py>,
    named: [(&str, &Raster<'py, f32>); N],
    of: impl Fn([&[f32]; N], &mut [f32]) + Sync + Send,
) -> PyResult<Grid<'py>> {
    let [out] = map_to_rasters(py, named, |planes, [out]: [&mut [f32]; 1]| of(planes, out))?;
    Ok(out)
}

/// The same of several, made in one pass.
fn map_to_rasters<'py, const N: usize, const M: usize>(
    py: Python<'py>,
    named: [(&str, &Raster<'py, f32>); N],
    of: impl Fn([&[f32]; N], [&mut [f32]; M]) + Sync + Send,
) -> PyResult<[Grid<'py>; M]> {
    let shape = named[0].1.shape().to_vec();
    let mut planes: [&[f32]; N] = [&[]; N];
    for (plane, (name, raster)) in planes.iter_mut().zip(named) {
        if raster.shape() != shape {
            return Err(PyValueError::new_err(format!(
                "{name}: expected shape {shape:?}, got {:?}",
                raster.shape()
            )));
        }
        *plane = contiguous(name, raster)?;
    }
    let rasters: [Vec<f32>; M] = enter(py, || {
        let mut rasters = [(); M].map(|()| vec![f32::NAN; planes[0].len()]);
        let mut parts = rasters.each_mut().map(|raster| raster.chunks_mut(BLOCK));
        let blocks: Vec<[&mut [f32]; M]> = (0..planes[0].len().div_ceil(BLOCK))
            .map(|_| parts.each_mut().map(|part| part.next().unwrap_or_default()))
            .collect();
        blocks.into_par_iter().enumerate().for_each(|(i, out)| {
            let first = i * BLOCK;
            let part = first..(first + BLOCK).min(planes[0].len());
            of(planes.map(|plane| &plane[part.clone()]), out);
        });
        rasters
    })?;
    let mut grids = Vec::with_capacity(M);
    for raster in rasters {
        grids.push(array(py, raster, &shape)?);
    }
    Ok(grids.try_into().expect("as many as rasters"))
}

fn check_diameter(diameter: f64) -> PyResult<f64> {
    if (0.005..=1.0).contains(&diameter) {
        return Ok(diameter);
    }
    Err(PyValueError::new_err(format!(
        "diameter: expected 0.005 to 1 m, got {diameter}"
    )))
}

fn step(ta: f64, rh: f64, wind: f64, pressure: f64, index: Index) -> HeatStep {
    let air = Air {
        ta,
        rh,
        wind,
        pressure,
    };
    step_of(air, Wearer::default(), index)
}

fn step_of(air: Air, wearer: Wearer, index: Index) -> HeatStep {
    let mut wanted = [false; INDICES];
    wanted[index as usize] = true;
    HeatStep::new(air, air.wind, wearer, wanted)
}

/// What globe and wick absorb [W m⁻²] of fluxes, which may lie one cell after the other.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn sensor_loads<'py>(
    py: Python<'py>,
    kdown: Raster<'py, f32>,
    kup: Raster<'py, f32>,
    kside: Raster<'py, f32>,
    ldown: Raster<'py, f32>,
    lup: Raster<'py, f32>,
    lside: Raster<'py, f32>,
    beam: Raster<'py, f32>,
    altitude: f64,
) -> PyResult<(Grid<'py>, Grid<'py>)> {
    let (sin, cos) = (altitude * DEG).sin_cos();
    let (sin, cos) = (sin as f32, cos as f32);
    let named = [
        ("kdown", &kdown),
        ("kup", &kup),
        ("kside", &kside),
        ("ldown", &ldown),
        ("lup", &lup),
        ("lside", &lside),
        ("beam", &beam),
    ];
    let of = |[kdown, kup, kside, ldown, lup, lside, beam]: [&[f32]; 7], i: usize| Fluxes {
        kdown: kdown[i],
        kup: kup[i],
        kside: kside[i],
        ldown: ldown[i],
        lup: lup[i],
        lside: lside[i],
        beam: beam[i],
        beam_down: sin * beam[i],
        beam_side: cos * beam[i],
    };
    let [globe, wick] = map_to_rasters(py, named, |planes, [globe, wick]| {
        for i in 0..globe.len() {
            let fluxes = of(planes, i);
            globe[i] = fluxes.globe();
            wick[i] = fluxes.wick();
        }
    })?;
    Ok((globe, wick))
}

/// WBGT [°C] of rasters of what globe and wick absorb, under one weather.
#[pyfunction]
pub fn wbgt_grid<'py>(
    py: Python<'py>,
    globe_load: Raster<'py, f32>,
    wick_load: Raster<'py, f32>,
    ta: f64,
    rh: f64,
    wind: f64,
    pressure: f64,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let step = step(ta, rh, wind, pressure, Index::Wbgt);
    let named = [("globe_load", &globe_load), ("wick_load", &wick_load)];
    map_rasters(py, named, |[globe, wick], out| step.wbgt(globe, wick, out))
}

/// Natural wet bulb [°C] of a raster of what the wick absorbs, under one weather.
#[pyfunction]
pub fn wet_bulb_grid<'py>(
    py: Python<'py>,
    wick_load: Raster<'py, f32>,
    ta: f64,
    rh: f64,
    wind: f64,
    pressure: f64,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let step = step(ta, rh, wind, pressure, Index::WetBulb);
    map_rasters(py, [("wick_load", &wick_load)], |[wick], out| {
        step.wet_bulb(wick, out);
    })
}

/// Globe temperature [°C] of a raster of what a globe absorbs, under one weather.
#[pyfunction]
pub fn globe_grid<'py>(
    py: Python<'py>,
    globe_load: Raster<'py, f32>,
    ta: f64,
    wind: f64,
    pressure: f64,
    diameter: f64,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let air = Air {
        ta,
        rh: 0.0,
        wind,
        pressure,
    };
    let curve = globe_curve(air, check_diameter(diameter)?);
    map_rasters(py, [("globe_load", &globe_load)], |[globe], out| {
        fill(curve.as_ref(), globe, out);
    })
}

/// WBGT [°C] point by point, solved to the root; arrays of one shape.
#[pyfunction]
pub fn wbgt<'py>(
    py: Python<'py>,
    globe_load: Points<'py>,
    wick_load: Points<'py>,
    ta: Points<'py>,
    rh: Points<'py>,
    wind: Points<'py>,
    pressure: Points<'py>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let named = [
        ("globe_load", &globe_load),
        ("wick_load", &wick_load),
        ("ta", &ta),
        ("rh", &rh),
        ("wind", &wind),
        ("pressure", &pressure),
    ];
    map_points(py, named, |[globe, wick, ta, rh, wind, pressure]| {
        let air = Air {
            ta,
            rh,
            wind,
            pressure,
        };
        // Neither wind at 10 m, the person nor Tmrt is read.
        of_cell(
            Index::Wbgt,
            air,
            wind,
            Wearer::default(),
            [globe, wick, f64::NAN],
        )
    })
}

/// Natural wet bulb [°C] point by point, solved to the root; arrays of one shape.
#[pyfunction]
pub fn natural_wet_bulb<'py>(
    py: Python<'py>,
    wick_load: Points<'py>,
    ta: Points<'py>,
    rh: Points<'py>,
    wind: Points<'py>,
    pressure: Points<'py>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let named = [
        ("wick_load", &wick_load),
        ("ta", &ta),
        ("rh", &rh),
        ("wind", &wind),
        ("pressure", &pressure),
    ];
    map_points(py, named, |[load, ta, rh, wind, pressure]| {
        let air = Air {
            ta,
            rh,
            wind,
            pressure,
        };
        let wearer = Wearer::default();
        of_cell(
            Index::WetBulb,
            air,
            wind,
            wearer,
            [f64::NAN, load, f64::NAN],
        )
    })
}

/// The same of a wick that radiation neither reaches nor leaves.
#[pyfunction]
pub fn psychrometric_wet_bulb<'py>(
    py: Python<'py>,
    ta: Points<'py>,
    rh: Points<'py>,
    wind: Points<'py>,
    pressure: Points<'py>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let named = [
        ("ta", &ta),
        ("rh", &rh),
        ("wind", &wind),
        ("pressure", &pressure),
    ];
    map_points(py, named, |[ta, rh, wind, pressure]| {
        let air = Air {
            ta,
            rh,
            wind,
            pressure,
        };
        if air.usable() {
            Wick::new(air).shielded()
        } else {
            f64::NAN
        }
    })
}

/// Globe temperature [°C] point by point, solved to the root; arrays of one shape.
#[pyfunction]
pub fn globe<'py>(
    py: Python<'py>,
    globe_load: Points<'py>,
    ta: Points<'py>,
    wind: Points<'py>,
    pressure: Points<'py>,
    diameter: f64,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let diameter = check_diameter(diameter)?;
    let named = [
        ("globe_load", &globe_load),
        ("ta", &ta),
        ("wind", &wind),
        ("pressure", &pressure),
    ];
    map_points(py, named, |[load, ta, wind, pressure]| {
        let air = Air {
            ta,
            rh: 0.0,
            wind,
            pressure,
        };
        globe_of_cell(air, diameter, load)
    })
}

/// Apparent temperature [°C] point by point; arrays of one shape.
#[pyfunction]
pub fn apparent<'py>(
    py: Python<'py>,
    tmrt: Points<'py>,
    ta: Points<'py>,
    rh: Points<'py>,
    wind_10m: Points<'py>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let named = [
        ("tmrt", &tmrt),
        ("ta", &ta),
        ("rh", &rh),
        ("wind_10m", &wind_10m),
    ];
    map_points(py, named, |[tmrt, ta, rh, wind]| {
        if wind >= 0.0 && ta > -120.0 && rh >= 0.0 {
            Apparent::new(ta, rh, wind).eval(tmrt)
        } else {
            f64::NAN
        }
    })
}

/// Apparent temperature [°C] without radiation, point by point; arrays of one shape.
#[pyfunction]
pub fn apparent_shade<'py>(
    py: Python<'py>,
    ta: Points<'py>,
    rh: Points<'py>,
    wind_10m: Points<'py>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let named = [("ta", &ta), ("rh", &rh), ("wind_10m", &wind_10m)];
    map_points(py, named, |[ta, rh, wind]| {
        if wind >= 0.0 && ta > -120.0 && rh >= 0.0 {
            shade(ta, rh, wind)
        } else {
            f64::NAN
        }
    })
}

/// Metabolic rate of a person over the surface of the body [W m⁻²].
#[pyfunction]
pub fn metabolic_rate(
    weight: f64,
    age: f64,
    height: f64,
    activity: f64,
    sex: i64,
) -> PyResult<f64> {
    Ok(metabolic_flux(&Body {
        weight,
        age,
        height,
        activity,
        female: is_female(sex)?,
        ..Body::default()
    }))
}

/// SET* [°C] of a Tmrt raster under one weather, for a metabolic rate [W m⁻²] and clothing [clo].
#[pyfunction]
#[pyo3(signature = (tmrt, ta, rh, wind, pressure, metabolism, clothing, *, sitting=false))]
#[allow(clippy::too_many_arguments)]
pub fn standard_effective_grid<'py>(
    py: Python<'py>,
    tmrt: Raster<'py, f32>,
    ta: f64,
    rh: f64,
    wind: f64,
    pressure: f64,
    metabolism: f64,
    clothing: f64,
    sitting: bool,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let air = Air {
        ta,
        rh,
        wind,
        pressure,
    };
    let wearer = Wearer {
        metabolism,
        clothing,
        sitting,
    };
    let step = step_of(air, wearer, Index::Effective);
    map_rasters(py, [("tmrt", &tmrt)], |[tmrt], out| {
        step.effective(tmrt, out);
    })
}

/// SET* [°C] point by point, solved; arrays of one shape.
#[pyfunction]
#[pyo3(signature = (tmrt, ta, rh, wind, pressure, metabolism, clothing, *, sitting=false))]
#[allow(clippy::too_many_arguments)]
pub fn standard_effective<'py>(
    py: Python<'py>,
    tmrt: Points<'py>,
    ta: Points<'py>,
    rh: Points<'py>,
    wind: Points<'py>,
    pressure: Points<'py>,
    metabolism: Points<'py>,
    clothing: Points<'py>,
    sitting: bool,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let named = [
        ("tmrt", &tmrt),
        ("ta", &ta),
        ("rh", &rh),
        ("wind", &wind),
        ("pressure", &pressure),
        ("metabolism", &metabolism),
        ("clothing", &clothing),
    ];
    map_points(
        py,
        named,
        |[tmrt, ta, rh, wind, pressure, metabolism, clothing]| {
            let air = Air {
                ta,
                rh,
                wind,
                pressure,
            };
            let wearer = Wearer {
                metabolism,
                clothing,
                sitting,
            };
            TwoNodes::new(air, wearer).map_or(f64::NAN, |body| body.solve(tmrt))
        },
    )
}
