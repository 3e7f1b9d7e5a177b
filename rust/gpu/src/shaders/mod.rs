//! What Rust and the shaders must agree on: sources, bindings, the layout of what kernels read. No
//! device is needed to know it.

pub mod grid;
pub mod kernels;
pub mod uniforms;
