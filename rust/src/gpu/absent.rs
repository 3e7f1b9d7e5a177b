//! A build without the GPU engine: the same names, no adapters, no device.

use super::error::error;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The accelerator of this build: none.
pub type Device = solweig_core::stage::NoAccelerator;

/// A device; this build opens none.
#[pyclass(frozen, module = "solweig._core")]
pub struct Gpu {}

impl Gpu {
    /// No accelerator.
    pub fn device(&self) -> Device {
        Device::default()
    }
}

/// Kind of a failure.
pub fn kind_of(_: &(dyn std::error::Error + Send + Sync + 'static)) -> &'static str {
    "unsupported"
}

/// Whether this build carries a GPU engine.
#[pyfunction]
pub fn gpu_compiled() -> bool {
    false
}

/// Adapters of this machine: a build without GPU engine sees none.
#[pyfunction]
#[pyo3(signature = (backends=None))]
pub fn gpu_adapters(backends: Option<Vec<String>>) -> Vec<Py<PyDict>> {
    drop(backends);
    Vec::new()
}

/// Open a device.
#[pyfunction]
#[pyo3(signature = (backend, index, *, limits=None, memory_budget=None, faults=None))]
pub fn open_gpu(
    py: Python<'_>,
    backend: &str,
    index: usize,
    limits: Option<Bound<'_, PyDict>>,
    memory_budget: Option<u64>,
    faults: Option<Bound<'_, PyDict>>,
) -> PyResult<Gpu> {
    let _ = (limits, memory_budget, faults);
    let reason = format!("{backend} adapter {index}: this build carries no GPU engine");
    Err(error(py, None, "no_adapter", &reason))
}
