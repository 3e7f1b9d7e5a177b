//! Kernels compiled for a device.

use super::error::GpuError;
use super::link::Link;
use super::lock::locked;
use crate::shaders::kernels::{Binding, Kernel};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A kernel ready to run.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
}

/// The kernels compiled so far.
#[derive(Debug, Default)]
pub(crate) struct Pipelines(Mutex<BTreeMap<Kernel, Arc<Pipeline>>>);

impl Pipelines {
    /// Forget a compiled kernel, so that it is compiled again.
    pub(crate) fn forget(&self, kernel: Kernel) {
        locked(&self.0).remove(&kernel);
    }

    /// The pipeline of a kernel, compiled on first use.
    pub(crate) fn get(&self, link: &Link, kernel: Kernel) -> Result<Arc<Pipeline>, GpuError> {
        if let Some(ready) = locked(&self.0).get(&kernel) {
            return Ok(Arc::clone(ready));
        }
        let compiled = Arc::new(compile(link, kernel, kernel.source())?);
        locked(&self.0).insert(kernel, Arc::clone(&compiled));
        Ok(compiled)
    }
}

/// Compile a source as a kernel.
pub(crate) fn compile(link: &Link, kernel: Kernel, source: &str) -> Result<Pipeline, GpuError> {
    let storage = kernel
        .bindings()
        .iter()
        .filter(|b| **b != Binding::Uniform)
        .count() as u64;
    let limit = u64::from(link.device.limits().max_storage_buffers_per_shader_stage);
    if storage > limit {
        return Err(GpuError::LimitExceeded {
            what: format!("storage buffers of {}", kernel.name()),
            needed: storage,
            limit,
        });
    }
    let entries: Vec<_> = (0..)
        .zip(kernel.bindings())
        .map(|(binding, kind)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match kind {
                    Binding::Uniform => wgpu::BufferBindingType::Uniform,
                    Binding::Read => wgpu::BufferBindingType::Storage { read_only: true },
                    Binding::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    let label = Some(kernel.name());
    link.scoped(|| {
        let module = link
            .device
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label,
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
        let layout = link
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label,
                entries: &entries,
            });
        let pipeline_layout = link
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label,
                bind_group_layouts: &[Some(&layout)],
                immediate_size: 0,
            });
        let pipeline = link
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label,
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
        Pipeline { pipeline, layout }
    })
    .map_err(|error| match error {
        lost @ GpuError::DeviceLost(_) => lost,
        other => GpuError::Shader {
            kernel: kernel.name(),
            message: other.to_string(),
        },
    })
}
