//! How a device is asked for.

use super::error::GpuError;
use super::faults::Fault;
use std::collections::BTreeMap;

/// Bytes a device may use where nothing is said.
pub const DEFAULT_BUDGET: u64 = 3 << 30;

/// How to open a device.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Backend.
    pub backend: wgpu::Backend,
    /// Position among the adapters of the backend.
    pub index: usize,
    /// Limits below the adapter's, by WebGPU name.
    pub limits: BTreeMap<String, u64>,
    /// Most bytes of device memory to use; `None` = [`DEFAULT_BUDGET`].
    pub memory_budget: Option<u64>,
    /// Faults to start with, by stage.
    pub faults: BTreeMap<String, Fault>,
}

/// The adapter's limits, lowered where asked.
pub(super) fn wanted_limits(
    adapter: &wgpu::Adapter,
    lowered: &BTreeMap<String, u64>,
) -> Result<wgpu::Limits, GpuError> {
    let mut limits = adapter.limits();
    for (name, &value) in lowered {
        let small = || {
            u32::try_from(value)
                .map_err(|_| GpuError::Unsupported(format!("limit {name} of {value}")))
        };
        match name.as_str() {
            "max_buffer_size" => limits.max_buffer_size = limits.max_buffer_size.min(value),
            "max_storage_buffer_binding_size" => {
                limits.max_storage_buffer_binding_size =
                    limits.max_storage_buffer_binding_size.min(value);
            }
            "max_compute_workgroups_per_dimension" => {
                limits.max_compute_workgroups_per_dimension =
                    limits.max_compute_workgroups_per_dimension.min(small()?);
            }
            "max_storage_buffers_per_shader_stage" => {
                limits.max_storage_buffers_per_shader_stage =
                    limits.max_storage_buffers_per_shader_stage.min(small()?);
            }
            // Not a limit but a feature: 0 does without.
            "timestamp_query" => {}
            other => {
                return Err(GpuError::Unsupported(format!(
                    "there is no limit {other:?}"
                )));
            }
        }
    }
    Ok(limits)
}
