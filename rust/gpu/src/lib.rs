//! The GPU engine: the stages of [`solweig_core`] as WGSL kernels on wgpu.
//!
//! A [`device::Gpu`] is opened explicitly and passed along; nothing here is global but a counter of
//! device numbers. The rooms stand here from the ground up, and each imports from those above it in
//! this list only; a test holds them to it. `docs/gpu-execution.md` tells how they fit.

pub mod shaders;

pub mod device;

pub mod job;

pub mod resident;

pub mod stages;

pub mod layouts;
pub mod selftest;

pub mod accelerator;
