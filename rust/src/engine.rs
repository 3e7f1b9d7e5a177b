//! The engine every call goes through, its tally, and the thread pool.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::stage::{Decline, Engine, NoAccelerator, Policy, Runs, Stage, Tally};
use std::sync::{Arc, LazyLock};

/// Counts of this process. Everything else about an engine is passed along.
static TALLY: LazyLock<Arc<Tally>> = LazyLock::new(Arc::default);

/// The accelerator this build carries: none yet. The `gpu` feature will choose one here.
pub type Accelerator = NoAccelerator;

/// The engine of this process.
pub fn engine() -> Engine<Accelerator> {
    Engine::new(
        NoAccelerator,
        Policy::Auto,
        Arc::clone(&TALLY),
        Box::new(warn_in_python),
    )
}

/// The error of a strict engine whose accelerator did not run a stage.
pub fn declined(reason: Decline) -> PyErr {
    match reason {
        Decline::Absent => PyRuntimeError::new_err("no GPU engine in this build"),
        other => PyRuntimeError::new_err(other.to_string()),
    }
}

/// Run a stage on the engine.
///
/// # Errors
/// `RuntimeError` if a strict policy met a failing accelerator.
pub fn run<S: Stage>(input: &mut S::In<'_>) -> PyResult<S::Out>
where
    Accelerator: Runs<S>,
{
    engine().run::<S>(input).map_err(declined)
}

/// Pass a fallback line to Python's logging; losing the line must not end the run.
fn warn_in_python(line: &str) {
    Python::attach(|py| {
        let logged = py
            .import("logging")
            .and_then(|logging| logging.call_method1("getLogger", ("solweig",)))
            .and_then(|logger| logger.call_method1("warning", (line,)));
        if let Err(error) = logged {
            error.write_unraisable(py, None);
        }
    });
}

/// Whether this build carries a GPU engine.
#[pyfunction]
pub fn gpu_compiled() -> bool {
    false
}

/// Size of the thread pool; only before its first use.
#[pyfunction]
pub fn set_threads(n: usize) -> PyResult<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(n)
        .build_global()
        .map_err(|error| PyRuntimeError::new_err(format!("threads: {error}")))
}

/// Counts per stage.
#[pyfunction]
pub fn tally(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    for (stage, counts) in TALLY.snapshot() {
        let entry = PyDict::new(py);
        entry.set_item("gpu_runs", counts.gpu_runs)?;
        entry.set_item("cpu_runs", counts.cpu_runs)?;
        entry.set_item("fallbacks", counts.fallbacks)?;
        entry.set_item("last_reason", counts.last_reason)?;
        entry.set_item("seconds", counts.time.as_secs_f64())?;
        out.set_item(stage, entry)?;
    }
    Ok(out)
}

/// Set all counts to zero.
#[pyfunction]
pub fn reset_tally() {
    TALLY.reset();
}
