//! Run parameters as a Python dictionary.

use crate::comfort::{PET_VARIANTS, read_range};
use crate::sky::{CLEAR_SKIES, is_improved, land_cover_table};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::air::WindProfile;
use solweig_core::ground::{LandCoverTable, SurfaceClass};
use solweig_core::params::{Beam, BodyShape, Formulation, Params, PetWind, Posture};
use solweig_core::rays::Reach;

/// Parameters of a run and how far its shadows reach.
#[derive(Clone, Debug, Default)]
pub struct RunParams {
    /// Parameters of the model.
    pub model: Params,
    /// Reach of shadows.
    pub reach: Reach,
}

/// Wind at a height for each of it at another, both above the ground [m].
#[pyfunction]
#[pyo3(signature = (height, from_height, wind_profile="power", roughness_m=None))]
pub fn wind_ratio(
    height: f64,
    from_height: f64,
    wind_profile: &str,
    roughness_m: Option<f64>,
) -> PyResult<f64> {
    if !(height > 0.0 && from_height > 0.0) {
        return Err(PyValueError::new_err(format!(
            "height: expected heights above the ground, got {height} and {from_height}"
        )));
    }
    let profile = profile_of(wind_profile == "log", roughness_m)?;
    Ok(profile.ratio(height, from_height))
}

fn profile_of(log: bool, roughness: Option<f64>) -> PyResult<WindProfile> {
    match (log, roughness) {
        (false, _) => Ok(WindProfile::Power),
        (true, Some(roughness)) if roughness > 0.0 => Ok(WindProfile::Log { roughness }),
        (true, _) => Err(PyValueError::new_err(
            "params[\"roughness_m\"]: expected a length above 0 with the profile \"log\"",
        )),
    }
}

/// Run parameters with their defaults.
#[pyfunction]
pub fn default_params(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let RunParams { model: p, reach } = RunParams::default();
    let out = PyDict::new(py);
    out.set_item("anisotropic", p.anisotropic)?;
    out.set_item("formulation", "reference")?;
    out.set_item("alternatives", PyDict::new(py))?;
    out.set_item("body", "cylinder")?;
    out.set_item("posture", "standing")?;
    out.set_item("abs_k", p.abs_k)?;
    out.set_item("abs_l", p.abs_l)?;
    out.set_item("wall_albedo", p.wall_albedo)?;
    out.set_item("wall_emissivity", p.wall_emissivity)?;
    out.set_item("wall_ts_deg", p.walls.ts_deg)?;
    out.set_item("wall_tstart", p.walls.tstart)?;
    out.set_item("wall_tmaxlst", p.walls.tmaxlst)?;
    let classes = land_cover_table(py)?;
    classes.del_item(99)?;
    out.set_item("land_cover", classes)?;
    out.set_item("no_land_cover_tstart", p.ground.tstart)?;
    out.set_item("transmissivity", p.transmissivity)?;
    out.set_item("transmissivity_leaf_off", p.transmissivity_leaf_off)?;
    out.set_item("sky_emissivity", "prata")?;
    out.set_item("sky_emissivity_offset", p.sky_emissivity_offset)?;
    out.set_item("beam", "normal")?;
    out.set_item("wind_height_m", p.wind_height)?;
    out.set_item("wind_profile", "power")?;
    out.set_item("roughness_m", py.None())?;
    out.set_item("utci_range", py.None())?;
    out.set_item("pet_wind", "1.1m")?;
    out.set_item("pet_variant", "1999")?;
    out.set_item("age", p.person.age)?;
    out.set_item("weight", p.person.weight)?;
    out.set_item("height", p.person.height)?;
    out.set_item("sex", 1)?;
    out.set_item("activity", p.person.activity)?;
    out.set_item("clothing", p.person.clothing)?;
    out.set_item("max_shadow_distance_m", reach.max_distance_m)?;
    out.set_item("height_bound_m", py.None())?;
    Ok(out)
}

/// Pick the value of a word, or an error naming the words allowed.
fn choose<T: Copy>(key: &str, value: &Bound<'_, PyAny>, words: &[(&str, T)]) -> PyResult<T> {
    let word: String = value.extract()?;
    let found = words
        .iter()
        .find(|(name, _)| *name == word)
        .map(|&(_, choice)| choice);
    let names: Vec<&str> = words.iter().map(|&(name, _)| name).collect();
    found.ok_or_else(|| {
        PyValueError::new_err(format!(
            "params[{key:?}]: expected one of {names:?}, got {word:?}"
        ))
    })
}

/// Read the parameters; keys left out keep their defaults, unknown ones are an error.
pub fn read(params: Option<&Bound<'_, PyDict>>) -> PyResult<RunParams> {
    let mut run = RunParams::default();
    if let Some(params) = params {
        for (key, value) in params.iter() {
            let key: String = key.extract()?;
            if !(set_body(&mut run.model, &key, &value)?
                || set_surface(&mut run.model, &key, &value)?
                || set_run(&mut run, &key, &value)?)
            {
                return Err(PyValueError::new_err(format!(
                    "params: unknown key {key:?}"
                )));
            }
        }
    }
    if let Some(named) = params
        .map(|p| p.get_item("alternatives"))
        .transpose()?
        .flatten()
    {
        set_alternatives(&mut run.model.formulation, &named)?;
    }
    if let Some(params) = params {
        run.model.wind_profile = wind_profile(params)?;
    }
    if let Some(field) = run.model.person.invalid_field() {
        return Err(PyValueError::new_err(format!(
            "params[{field:?}]: out of range"
        )));
    }
    Ok(run)
}

/// The wind profile by name, with its roughness length.
fn wind_profile(params: &Bound<'_, PyDict>) -> PyResult<WindProfile> {
    let given = |key: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
        Ok(params.get_item(key)?.filter(|value| !value.is_none()))
    };
    let log = match given("wind_profile")? {
        Some(name) => choose("wind_profile", &name, &[("power", false), ("log", true)])?,
        None => false,
    };
    let roughness: Option<f64> = given("roughness_m")?.map(|x| x.extract()).transpose()?;
    profile_of(log, roughness)
}

/// Keys that describe the person; false for any other.
fn set_body(p: &mut Params, key: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match key {
        "body" => {
            let shapes = [("cylinder", BodyShape::Cylinder), ("box", BodyShape::Box)];
            p.body = choose(key, value, &shapes)?;
        }
        "posture" => {
            let postures = [
                ("standing", Posture::Standing),
                ("sitting", Posture::Sitting),
            ];
            p.posture = choose(key, value, &postures)?;
        }
        "abs_k" => p.abs_k = value.extract()?,
        "abs_l" => p.abs_l = value.extract()?,
        "age" => p.person.age = value.extract()?,
        "weight" => p.person.weight = value.extract()?,
        "height" => p.person.height = value.extract()?,
        "activity" => p.person.activity = value.extract()?,
        "clothing" => p.person.clothing = value.extract()?,
        "sex" => {
            p.person.female = match value.extract::<i64>()? {
                1 => false,
                2 => true,
                other => {
                    let message = format!("params[\"sex\"]: expected 1 or 2, got {other}");
                    return Err(PyValueError::new_err(message));
                }
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Keys that describe surfaces and vegetation; false for any other.
fn set_surface(p: &mut Params, key: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match key {
        "wall_albedo" => p.wall_albedo = value.extract()?,
        "wall_emissivity" => p.wall_emissivity = value.extract()?,
        "wall_ts_deg" => p.walls.ts_deg = value.extract()?,
        "wall_tstart" => p.walls.tstart = value.extract()?,
        "wall_tmaxlst" => p.walls.tmaxlst = value.extract()?,
        "land_cover" => p.land_cover = read_classes(value)?,
        "no_land_cover_tstart" => p.ground.tstart = value.extract()?,
        "transmissivity" => p.transmissivity = value.extract()?,
        "transmissivity_leaf_off" => p.transmissivity_leaf_off = value.extract()?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Keys that describe the run; false for any other.
fn set_run(run: &mut RunParams, key: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let p = &mut run.model;
    match key {
        "anisotropic" => p.anisotropic = value.extract()?,
        "formulation" => {
            let improved = is_improved(value.extract::<String>()?.as_str())?;
            p.formulation = if improved {
                Formulation::IMPROVED
            } else {
                Formulation::REFERENCE
            };
        }
        "sky_emissivity" => p.sky_emissivity = choose(key, value, &CLEAR_SKIES)?,
        "sky_emissivity_offset" => p.sky_emissivity_offset = value.extract()?,
        // Set in the end, on top of the formulation.
        "alternatives" => {}
        "beam" => {
            let beams = [("normal", Beam::Normal), ("horizontal", Beam::Horizontal)];
            p.beam = choose(key, value, &beams)?;
        }
        "pet_wind" => {
            let heights = [("10m", PetWind::TenMetres), ("1.1m", PetWind::BodyHeight)];
            p.pet_wind = choose(key, value, &heights)?;
        }
        "wind_height_m" => p.wind_height = value.extract()?,
        // Set in the end, together.
        "wind_profile" | "roughness_m" => {}
        "utci_range" => p.utci_range = read_range(value.extract::<Option<String>>()?.as_deref())?,
        "pet_variant" => p.pet_variant = choose(key, value, &PET_VARIANTS)?,
        "max_shadow_distance_m" => run.reach.max_distance_m = value.extract()?,
        "height_bound_m" => {
            run.reach.height_bound_m = value.extract::<Option<f64>>()?.unwrap_or(f64::INFINITY);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Take single alternatives or leave them, by `{name: bool}`.
fn set_alternatives(formulation: &mut Formulation, named: &Bound<'_, PyAny>) -> PyResult<()> {
    for (name, on) in named.cast::<PyDict>()?.iter() {
        let name: String = name.extract()?;
        if !formulation.set(&name, on.extract()?) {
            let known = Formulation::NAMES;
            return Err(PyValueError::new_err(format!(
                "params[\"alternatives\"]: expected names among {known:?}, got {name:?}"
            )));
        }
    }
    Ok(())
}

/// Names of the alternatives to formulae of the reference.
#[pyfunction]
pub fn alternatives() -> Vec<&'static str> {
    Formulation::NAMES.to_vec()
}

/// Land-cover table from `{code: {albedo, emissivity, ts_deg, tstart, tmaxlst}}`; code 99, the
/// wall, is left out.
fn read_classes(value: &Bound<'_, PyAny>) -> PyResult<LandCoverTable> {
    let mut classes = Vec::new();
    for (code, row) in value.cast::<PyDict>()?.iter() {
        let code: u8 = code.extract()?;
        let get = |name: &str| -> PyResult<f64> {
            row.get_item(name)
                .map_err(|_| {
                    PyValueError::new_err(format!("params[\"land_cover\"][{code}]: no {name:?}"))
                })?
                .extract()
        };
        let class = SurfaceClass {
            albedo: get("albedo")?,
            emissivity: get("emissivity")?,
            ts_deg: get("ts_deg")?,
            tstart: get("tstart")?,
            tmaxlst: get("tmaxlst")?,
        };
        if code != 99 {
            classes.push((code, class));
        }
    }
    Ok(LandCoverTable::new(&classes))
}
