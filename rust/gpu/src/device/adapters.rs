//! The adapters of this machine. Listing opens no device.

use super::error::GpuError;
use std::collections::BTreeMap;

/// Where a device may be used from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// From any thread, one at a time.
    WorkerSafe,
    /// Only from the thread that opened it.
    RequiresMainThread,
}

/// Names of the backends.
pub const BACKENDS: [(&str, wgpu::Backend); 4] = [
    ("vulkan", wgpu::Backend::Vulkan),
    ("metal", wgpu::Backend::Metal),
    ("dx12", wgpu::Backend::Dx12),
    ("gl", wgpu::Backend::Gl),
];

/// Name of a backend.
#[must_use]
pub fn backend_name(backend: wgpu::Backend) -> &'static str {
    BACKENDS
        .iter()
        .find(|(_, b)| *b == backend)
        .map_or("other", |(name, _)| name)
}

/// The backend of a name.
///
/// # Errors
/// [`GpuError::NoAdapter`] for an unknown name.
pub fn backend_of(name: &str) -> Result<wgpu::Backend, GpuError> {
    BACKENDS
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, backend)| *backend)
        .ok_or_else(|| GpuError::NoAdapter(format!("there is no backend {name:?}")))
}

/// What is known of an adapter without opening it.
#[derive(Clone, Debug)]
pub struct AdapterDescription {
    /// Position among the adapters of its backend.
    pub index: usize,
    /// Name the driver gives.
    pub name: String,
    /// Backend.
    pub backend: wgpu::Backend,
    /// "discrete", "integrated", "virtual", "cpu" or "other".
    pub device_type: &'static str,
    /// Driver name.
    pub driver: String,
    /// Driver version and build.
    pub driver_info: String,
    /// PCI vendor.
    pub vendor: u32,
    /// PCI device.
    pub device: u32,
    /// Timestamp queries are there.
    pub timestamps: bool,
    /// Limits that matter here, by WebGPU name.
    pub limits: BTreeMap<&'static str, u64>,
}

impl AdapterDescription {
    /// Where a device of this adapter may be used.
    #[must_use]
    pub fn affinity(&self) -> Affinity {
        if self.backend == wgpu::Backend::Gl {
            Affinity::RequiresMainThread
        } else {
            Affinity::WorkerSafe
        }
    }
}

/// Limits that matter here, by WebGPU name.
#[must_use]
pub fn named_limits(limits: &wgpu::Limits) -> BTreeMap<&'static str, u64> {
    BTreeMap::from([
        ("max_buffer_size", limits.max_buffer_size),
        (
            "max_storage_buffer_binding_size",
            limits.max_storage_buffer_binding_size,
        ),
        (
            "max_uniform_buffer_binding_size",
            limits.max_uniform_buffer_binding_size,
        ),
        (
            "max_storage_buffers_per_shader_stage",
            u64::from(limits.max_storage_buffers_per_shader_stage),
        ),
        (
            "max_compute_workgroups_per_dimension",
            u64::from(limits.max_compute_workgroups_per_dimension),
        ),
        (
            "max_compute_invocations_per_workgroup",
            u64::from(limits.max_compute_invocations_per_workgroup),
        ),
        (
            "max_compute_workgroup_storage_size",
            u64::from(limits.max_compute_workgroup_storage_size),
        ),
    ])
}

fn device_type(kind: wgpu::DeviceType) -> &'static str {
    match kind {
        wgpu::DeviceType::DiscreteGpu => "discrete",
        wgpu::DeviceType::IntegratedGpu => "integrated",
        wgpu::DeviceType::VirtualGpu => "virtual",
        wgpu::DeviceType::Cpu => "cpu",
        wgpu::DeviceType::Other => "other",
    }
}

/// Mesa's software rasterisers call themselves by these names; over GL their type is not told.
fn is_software(info: &wgpu::AdapterInfo) -> bool {
    let name = info.name.to_lowercase();
    ["llvmpipe", "softpipe", "swiftshader", "swrast"]
        .iter()
        .any(|s| name.contains(s))
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> AdapterDescription {
    let info = adapter.get_info();
    let kind = if is_software(&info) {
        wgpu::DeviceType::Cpu
    } else {
        info.device_type
    };
    AdapterDescription {
        index,
        device_type: device_type(kind),
        backend: info.backend,
        vendor: info.vendor,
        device: info.device,
        timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
        limits: named_limits(&adapter.limits()),
        name: info.name,
        driver: info.driver,
        driver_info: info.driver_info,
    }
}

fn instance(backends: wgpu::Backends) -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    // Validation layers would change timing; wgpu validates every call itself.
    descriptor.flags = wgpu::InstanceFlags::empty();
    wgpu::Instance::new(descriptor)
}

/// Adapters of one backend, those that can compute.
pub(crate) fn adapters_of(backend: wgpu::Backend) -> Vec<wgpu::Adapter> {
    let backends = wgpu::Backends::from(backend);
    let all = pollster::block_on(instance(backends).enumerate_adapters(backends));
    all.into_iter()
        .filter(|a| {
            a.get_downlevel_capabilities()
                .flags
                .contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
        })
        .collect()
}

/// Every adapter of the named backends, in the order of [`BACKENDS`]; `None` asks for all.
///
/// # Errors
/// [`GpuError::NoAdapter`] for an unknown backend name.
pub fn list(backends: Option<&[String]>) -> Result<Vec<AdapterDescription>, GpuError> {
    let wanted = match backends {
        None => BACKENDS.map(|(_, backend)| backend).to_vec(),
        Some(names) => names
            .iter()
            .map(|name| backend_of(name))
            .collect::<Result<_, _>>()?,
    };
    Ok(wanted
        .into_iter()
        .flat_map(|backend| {
            let adapters = adapters_of(backend);
            adapters
                .iter()
                .enumerate()
                .map(|(i, a)| describe(i, a))
                .collect::<Vec<_>>()
        })
        .collect())
}

/// Adapter `index` of a backend and its description.
///
/// # Errors
/// [`GpuError::NoAdapter`] if there are not so many.
pub(crate) fn find(
    backend: wgpu::Backend,
    index: usize,
) -> Result<(wgpu::Adapter, AdapterDescription), GpuError> {
    let mut adapters = adapters_of(backend);
    if index >= adapters.len() {
        return Err(GpuError::NoAdapter(format!(
            "{} has {} adapters, number {index} was asked for",
            backend_name(backend),
            adapters.len()
        )));
    }
    let adapter = adapters.swap_remove(index);
    let description = describe(index, &adapter);
    Ok((adapter, description))
}
