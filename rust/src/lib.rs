//! The Python face of solweig: convert, release the GIL, call the core, convert back.

mod air;
mod arguments;
mod comfort;
mod door;
mod engine;
mod facades;
mod files;
mod fixed;
mod geometry;
mod gpu;
mod ground_view;
mod heat;
mod model;
mod params;
mod period;
mod run;
mod scene;
mod sky;
mod weather;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: solweig_pages::Pages = solweig_pages::Pages;

/// The compiled engine of solweig.
#[pymodule]
mod _core {
    use super::*;

    #[pymodule_export]
    use super::comfort::{pet, pet_grid, utci, utci_grid, utci_outside};
    #[pymodule_export]
    use super::engine::{Engine, reset_tally, set_threads, tally};
    #[pymodule_export]
    use super::facades::{Facades, standard_walls};
    #[pymodule_export]
    use super::files::{read_stretches, write_stretches};
    #[pymodule_export]
    use super::geometry::{
        buildings_mask, patch_table, ray_offsets, svf_from_masks, wall_aspect, wall_height,
    };
    #[pymodule_export]
    use super::gpu::{Gpu, gpu_adapters, gpu_compiled, open_gpu};
    #[pymodule_export]
    use super::ground_view::GroundView;
    #[pymodule_export]
    use super::heat::{
        apparent, apparent_shade, globe, globe_grid, metabolic_rate, natural_wet_bulb,
        psychrometric_wet_bulb, sensor_loads, standard_effective, standard_effective_grid, wbgt,
        wbgt_grid, wet_bulb_grid,
    };
    #[pymodule_export]
    use super::model::Model;
    #[pymodule_export]
    use super::params::alternatives;
    #[pymodule_export]
    use super::params::default_params;
    #[pymodule_export]
    use super::params::wind_ratio;
    #[pymodule_export]
    use super::period::PeriodStatistics;
    #[pymodule_export]
    use super::run::{State, Statistics, StepResult};
    #[pymodule_export]
    use super::scene::{Scene, SkyView};
    #[pymodule_export]
    use super::sky::{
        band_emissivity, clearness_index, land_cover_table, leaf_on, night_clearness,
        perez_luminance, sky_emissivity, split_global, sunrise_hour,
    };

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("GpuError", m.py().get_type::<super::gpu::GpuError>())?;
        m.add("__version__", env!("CARGO_PKG_VERSION"))?;
        m.add("RELEASE_BUILD", !cfg!(debug_assertions))
    }
}
