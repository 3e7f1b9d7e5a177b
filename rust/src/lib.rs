//! The Python face of solweig: convert, release the GIL, call the core, convert back.

mod comfort;
mod door;
mod geometry;
mod scene;

use pyo3::prelude::*;

/// The compiled engine of solweig.
#[pymodule]
mod _core {
    use super::*;

    #[pymodule_export]
    use super::comfort::{pet, pet_grid, utci, utci_grid};
    #[pymodule_export]
    use super::geometry::{
        buildings_mask, patch_table, ray_offsets, svf_from_masks, wall_aspect, wall_height,
    };
    #[pymodule_export]
    use super::scene::{Scene, SkyView};

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))?;
        m.add("RELEASE_BUILD", !cfg!(debug_assertions))
    }
}
