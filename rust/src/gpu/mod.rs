//! The GPU engine for Python. A build without it has the same names, no adapters and no device.

#[cfg(not(feature = "gpu"))]
mod absent;
#[cfg(feature = "gpu")]
mod device;
mod error;

#[cfg(not(feature = "gpu"))]
pub use absent::{Device, Gpu, gpu_adapters, gpu_compiled, kind_of, open_gpu};
#[cfg(feature = "gpu")]
pub use device::{Device, Gpu, gpu_adapters, gpu_compiled, kind_of, open_gpu};
pub use error::{GpuError, error};
