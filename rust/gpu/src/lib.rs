//! The GPU engine: the stages of [`solweig_core`] as WGSL kernels on wgpu.
//!
//! A [`device::Gpu`] is opened explicitly and passed along; nothing here is global but a counter of
//! device numbers. `docs/gpu-execution.md` tells how the parts fit.

pub mod accelerator;
pub mod adapters;
pub mod anisotropic;
pub mod carried;
pub mod comfort;
pub mod device;
pub mod error;
pub mod faults;
pub mod fit;
pub mod gvf;
pub mod job;
pub mod kernels;
pub mod memory;
pub mod pace;
mod pipelines;
pub mod radiation;
pub mod results;
pub mod run;
pub mod selftest;
pub mod shadow;
pub mod skyview;
pub mod statistics;
pub mod surface;
pub mod terrain;
pub mod timestep;
pub mod uniforms;
