//! Adapters, opening a device, what it has done.

use super::error::error;
use crate::arguments::table_of;
use crate::door::enter;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use solweig_core::stage::{Decline, Runs, Stage};
use solweig_gpu::accelerator::Accelerator;
use solweig_gpu::device::adapters::{self, AdapterDescription, Affinity, backend_name, backend_of};
use solweig_gpu::device::error::GpuError;
use solweig_gpu::device::faults::Fault;
use solweig_gpu::device::opening::Opening;
use solweig_gpu::resident::fit::Footprint;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn raise(py: Python<'_>, stage: Option<&str>, e: &GpuError) -> PyErr {
    error(py, stage, e.kind(), &e.to_string())
}

/// Kind of a failure.
pub fn kind_of(source: &(dyn std::error::Error + Send + Sync + 'static)) -> &'static str {
    source
        .downcast_ref::<GpuError>()
        .map_or("unsupported", GpuError::kind)
}

/// The accelerator an engine holds, if it holds one.
#[derive(Clone, Debug, Default)]
pub struct Device(Option<Arc<Accelerator>>);

impl<S: Stage> Runs<S> for Device
where
    Accelerator: Runs<S>,
{
    fn run(&self, input: &mut S::In<'_>) -> Result<S::Out, Decline> {
        match &self.0 {
            Some(accelerator) => accelerator.run(input),
            None => Err(Decline::Absent),
        }
    }
}

/// An open, tested device.
#[pyclass(frozen, module = "solweig._core")]
pub struct Gpu {
    accelerator: Arc<Accelerator>,
}

impl Gpu {
    /// The accelerator for an engine.
    pub fn device(&self) -> Device {
        Device(Some(Arc::clone(&self.accelerator)))
    }
}

fn affinity_name(affinity: Affinity) -> &'static str {
    match affinity {
        Affinity::WorkerSafe => "worker_safe",
        Affinity::RequiresMainThread => "requires_main_thread",
    }
}

/// Whether this build carries a GPU engine.
#[pyfunction]
pub fn gpu_compiled() -> bool {
    true
}

fn describe<'py>(py: Python<'py>, a: &AdapterDescription) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("index", a.index)?;
    out.set_item("name", &a.name)?;
    out.set_item("backend", backend_name(a.backend))?;
    out.set_item("device_type", a.device_type)?;
    out.set_item("driver", &a.driver)?;
    out.set_item("driver_info", &a.driver_info)?;
    out.set_item("vendor", a.vendor)?;
    out.set_item("device", a.device)?;
    out.set_item("affinity", affinity_name(a.affinity()))?;
    out.set_item("timestamps", a.timestamps)?;
    out.set_item("limits", a.limits.clone())?;
    Ok(out)
}

/// Adapters of this machine; opens no device.
#[pyfunction]
#[pyo3(signature = (backends=None))]
pub fn gpu_adapters(
    py: Python<'_>,
    backends: Option<Vec<String>>,
) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let found =
        enter(py, || adapters::list(backends.as_deref()))?.map_err(|e| raise(py, None, &e))?;
    found.iter().map(|a| describe(py, a)).collect()
}

/// Open a device and test it.
#[pyfunction]
#[pyo3(signature = (backend, index, *, limits=None, memory_budget=None, faults=None))]
pub fn open_gpu(
    py: Python<'_>,
    backend: &str,
    index: usize,
    limits: Option<BTreeMap<String, u64>>,
    memory_budget: Option<u64>,
    faults: Option<BTreeMap<String, String>>,
) -> PyResult<Gpu> {
    let typed = |e: GpuError| raise(py, None, &e);
    let faults = faults
        .unwrap_or_default()
        .into_iter()
        .map(|(stage, kind)| Ok((stage, Fault::from_name(&kind).map_err(typed)?)))
        .collect::<PyResult<_>>()?;
    let opening = Opening {
        backend: backend_of(backend).map_err(typed)?,
        index,
        limits: limits.unwrap_or_default(),
        memory_budget,
        faults,
    };
    let accelerator = enter(py, || Accelerator::open(opening))?.map_err(typed)?;
    Ok(Gpu {
        accelerator: Arc::new(accelerator),
    })
}

#[pymethods]
impl Gpu {
    #[getter]
    fn name(&self) -> String {
        self.accelerator.gpu().adapter.name.clone()
    }

    #[getter]
    fn backend(&self) -> &'static str {
        self.accelerator.gpu().backend()
    }

    #[getter]
    fn driver(&self) -> String {
        let gpu = self.accelerator.gpu();
        format!("{} {}", gpu.adapter.driver, gpu.adapter.driver_info)
            .trim()
            .to_owned()
    }

    #[getter]
    fn device_type(&self) -> &'static str {
        self.accelerator.gpu().adapter.device_type
    }

    #[getter]
    fn affinity(&self) -> &'static str {
        affinity_name(self.accelerator.gpu().adapter.affinity())
    }

    #[getter]
    fn limits(&self) -> BTreeMap<&'static str, u64> {
        adapters::named_limits(&self.accelerator.gpu().limits)
    }

    #[getter]
    fn timing(&self) -> &'static str {
        self.accelerator.gpu().timing()
    }

    #[getter]
    fn memory_budget(&self) -> u64 {
        self.accelerator.gpu().memory.budget
    }

    /// Largest difference per stage.
    fn self_test(&self, py: Python<'_>) -> PyResult<BTreeMap<&'static str, f64>> {
        let gpu = self.accelerator.gpu();
        enter(py, || solweig_gpu::selftest::run(&gpu))?.map_err(|e| raise(py, None, &e))
    }

    /// What the device has done and holds.
    fn counters(&self) -> BTreeMap<&'static str, u64> {
        let gpu = self.accelerator.gpu();
        let c = &gpu.counters;
        let [allocated, peak, pooled] = gpu.memory.counts();
        let [reopened, gone] = self.accelerator.history();
        let read = |x: &std::sync::atomic::AtomicU64| x.load(Ordering::Relaxed);
        BTreeMap::from([
            ("dispatches", read(&c.dispatches)),
            ("submissions", read(&c.submissions)),
            ("readbacks", read(&c.readbacks)),
            ("bytes_up", read(&c.bytes_up)),
            ("bytes_down", read(&c.bytes_down)),
            ("longest_us", read(&c.longest_us)),
            ("longest_dispatch_us", read(&c.longest_dispatch_us)),
            ("allocated", allocated),
            ("peak_allocated", peak),
            ("pooled", pooled),
            ("reopened", u64::from(reopened)),
            ("lost", u64::from(gone || gpu.lost().is_some())),
        ])
    }

    /// Seconds on the device per stage.
    fn stage_times(&self) -> BTreeMap<&'static str, f64> {
        self.accelerator.gpu().times()
    }

    fn reset_counters(&self) {
        self.accelerator.gpu().counters.reset();
    }

    /// Give back what waits to be used again; returns its bytes.
    fn free_pooled(&self) -> u64 {
        self.accelerator.gpu().memory.free_pooled()
    }

    /// Forget the rasters that stay between calls.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        enter(py, || self.accelerator.release())
    }

    /// Destroy the device: the next use finds it lost.
    fn destroy(&self) {
        self.accelerator.gpu().destroy();
    }

    /// Let a fault happen in a stage.
    #[pyo3(signature = (stage, kind, times=1))]
    fn inject_fault(&self, py: Python<'_>, stage: &str, kind: &str, times: u32) -> PyResult<()> {
        let fault = Fault::from_name(kind).map_err(|e| raise(py, None, &e))?;
        self.accelerator.gpu().faults.inject(stage, fault, times);
        Ok(())
    }

    /// Most cells that fit the device, were all of them computed.
    #[pyo3(signature = (patch_option, vegetation, anisotropic, sides, attribution=false))]
    fn largest_window(
        &self,
        patch_option: u32,
        vegetation: bool,
        anisotropic: bool,
        sides: bool,
        attribution: bool,
    ) -> PyResult<u64> {
        let words = table_of(patch_option)?.words();
        let footprint = Footprint::new(words, vegetation, anisotropic, sides, attribution, false);
        Ok(footprint.most_cells(&self.accelerator.gpu()))
    }

    /// What a run takes of the device, and what there is: bytes a cell, and bytes.
    #[pyo3(signature = (patch_option, vegetation, anisotropic, sides, attribution=false, air=false))]
    #[allow(clippy::too_many_arguments)]
    fn footprint<'py>(
        &self,
        py: Python<'py>,
        patch_option: u32,
        vegetation: bool,
        anisotropic: bool,
        sides: bool,
        attribution: bool,
        air: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let words = table_of(patch_option)?.words();
        let footprint = Footprint::new(words, vegetation, anisotropic, sides, attribution, air);
        let gpu = self.accelerator.gpu();
        let out = PyDict::new(py);
        for (name, value) in [
            ("heights", footprint.heights),
            ("largest_heights", footprint.largest_heights),
            ("cells", footprint.cells),
            ("largest_cells", footprint.largest_cells),
            ("readback", footprint.readback),
            ("budget", gpu.memory.budget),
            ("largest_buffer", gpu.limits.max_buffer_size),
            ("largest_binding", gpu.largest_binding()),
        ] {
            out.set_item(name, value)?;
        }
        Ok(out)
    }
}
