//! The typed error of the GPU engine.

use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;

/// An error of type `E` with attributes `stage`, `kind` and `reason`.
pub fn typed<E: PyTypeInfo>(
    py: Python<'_>,
    stage: Option<&str>,
    kind: &str,
    reason: &str,
) -> PyErr {
    let message = match stage {
        Some(stage) => format!("[GPU] {stage} failed: {reason}"),
        None => format!("[GPU] {reason}"),
    };
    let error = PyErr::new::<E, _>(message);
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
