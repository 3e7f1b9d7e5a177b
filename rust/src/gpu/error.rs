//! The typed error of the GPU engine.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

pyo3::create_exception!(solweig._core, GpuError, PyRuntimeError);

/// A `GpuError` with attributes `stage`, `kind` and `reason`.
pub fn error(py: Python<'_>, stage: Option<&str>, kind: &str, reason: &str) -> PyErr {
    let message = match stage {
        Some(stage) => format!("[GPU] {stage} failed: {reason}"),
        None => format!("[GPU] {reason}"),
    };
    let error = GpuError::new_err(message);
    let value = error.value(py);
    for (name, text) in [
        ("stage", stage),
        ("kind", Some(kind)),
        ("reason", Some(reason)),
    ] {
        if let Err(problem) = value.setattr(name, text) {
            return problem;
        }
    }
    error
}
