//! The engine a call goes through, its tally, and the thread pool.

use crate::gpu::{self, Gpu};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::stage::{self, Decline, NoAccelerator, Policy, Runs, Stage, Tally};
use std::sync::{Arc, LazyLock};

/// Counts of this process; every engine's own counts go here too.
static TALLY: LazyLock<Arc<Tally>> = LazyLock::new(Arc::default);

/// Where stages run, and what has run.
#[pyclass(frozen, module = "solweig._core")]
pub struct Engine {
    handle: Handle,
    gpu: Option<Py<Gpu>>,
}

/// What a call needs of an engine.
#[derive(Clone)]
pub struct Handle {
    policy: Policy,
    device: gpu::Device,
    tally: Arc<Tally>,
}

impl Default for Handle {
    /// The CPU.
    fn default() -> Self {
        Self {
            policy: Policy::Cpu,
            device: gpu::Device::default(),
            tally: Arc::clone(&TALLY),
        }
    }
}

impl Handle {
    /// The handle of an engine argument; `None` is the CPU.
    pub fn of(engine: Option<&Bound<'_, Engine>>) -> Self {
        engine.map_or_else(Self::default, |e| e.get().handle.clone())
    }

    /// The core's engine.
    pub fn engine(&self) -> stage::Engine<gpu::Device> {
        stage::Engine::new(
            self.device.clone(),
            self.policy,
            Arc::clone(&self.tally),
            Box::new(warn_in_python),
        )
    }

    /// An engine of the CPU with the same counts, for stages that no device has.
    pub fn here(&self) -> stage::Engine<NoAccelerator> {
        let tally = Arc::clone(&self.tally);
        stage::Engine::new(NoAccelerator, Policy::Cpu, tally, Box::new(warn_in_python))
    }

    /// Run a stage.
    ///
    /// # Errors
    /// `GpuError` if a strict policy met a failing accelerator.
    pub fn run<S: Stage>(&self, input: &mut S::In<'_>) -> PyResult<S::Out>
    where
        gpu::Device: Runs<S>,
    {
        self.engine().run::<S>(input).map_err(|e| declined(&e))
    }
}

/// The error of a strict engine whose accelerator did not run a stage.
pub fn declined(reason: &Decline) -> PyErr {
    Python::attach(|py| match reason {
        Decline::Absent => gpu::error(py, reason.stage(), "no_adapter", "no GPU engine at work"),
        Decline::Unsupported(text) => gpu::error(py, None, "unsupported", text),
        Decline::Failed { stage, source } => gpu::error(
            py,
            *stage,
            gpu::kind_of(source.as_ref()),
            &source.to_string(),
        ),
    })
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

fn as_dict<'py>(py: Python<'py>, tally: &Tally) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    for (stage, counts) in tally.snapshot() {
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

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (policy="cpu", gpu=None, *, failure=None))]
    fn new(
        py: Python<'_>,
        policy: &str,
        gpu: Option<Py<Gpu>>,
        failure: Option<&str>,
    ) -> PyResult<Self> {
        let chosen = match policy {
            "auto" => Policy::Auto,
            "cpu" => Policy::Cpu,
            "gpu" => Policy::Gpu,
            other => {
                return Err(PyValueError::new_err(format!(
                    "policy: expected \"auto\", \"cpu\" or \"gpu\", got {other:?}"
                )));
            }
        };
        let device = gpu
            .as_ref()
            .map_or_else(gpu::Device::default, |g| g.bind(py).get().device());
        if chosen == Policy::Gpu && gpu.is_none() {
            return Err(PyValueError::new_err(
                "gpu: policy \"gpu\" needs an open device, got None",
            ));
        }
        let handle = Handle {
            policy: chosen,
            device,
            tally: Arc::new(Tally::within(Arc::clone(&TALLY))),
        };
        if let Some(reason) = failure {
            handle.engine().fall_back("open", reason);
        }
        Ok(Self { handle, gpu })
    }

    /// "auto", "cpu" or "gpu".
    #[getter]
    fn policy(&self) -> &'static str {
        match self.handle.policy {
            Policy::Auto => "auto",
            Policy::Cpu => "cpu",
            Policy::Gpu => "gpu",
        }
    }

    /// The device, if any.
    #[getter]
    fn gpu(&self, py: Python<'_>) -> Option<Py<Gpu>> {
        self.gpu.as_ref().map(|g| g.clone_ref(py))
    }

    /// Counts per stage of this engine alone.
    fn tally<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        as_dict(py, &self.handle.tally)
    }
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
    as_dict(py, &TALLY)
}

/// Set all counts to zero.
#[pyfunction]
pub fn reset_tally() {
    TALLY.reset();
}
