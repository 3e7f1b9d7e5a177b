//! The stages of the model on a device, one a file: the uniforms and tables of its kernels, and their
//! place in a job. A step is put together in [`timestep`].

pub mod air;
pub mod anisotropic;
pub mod emission;
pub mod gvf;
pub mod heat;
pub mod radiation;
pub mod shadow;
pub mod skyview;
pub mod statistics;
pub mod surface;
pub mod tabled;
pub mod timestep;
pub mod utci;
pub mod weather_cells;
