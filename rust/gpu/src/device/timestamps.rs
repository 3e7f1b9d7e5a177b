//! Timestamps of passes, where the adapter has them.

use super::error::GpuError;
use super::link::Link;
use super::lock::locked;
use std::sync::{Arc, Mutex};

/// Timestamps of a job's passes; made once, jobs run one after the other.
#[derive(Debug)]
pub(crate) struct Queries {
    pub(crate) set: wgpu::QuerySet,
    pub(crate) resolved: wgpu::Buffer,
}

/// The timestamps of a device.
#[derive(Debug)]
pub(crate) struct Timestamps {
    /// Length of a tick [ns]; `None` where the adapter has none.
    pub(crate) period: Option<f32>,
    kept: Mutex<Option<Arc<Queries>>>,
}

impl Timestamps {
    /// Timestamps of this period.
    pub(super) fn new(period: Option<f32>) -> Self {
        Self {
            period,
            kept: Mutex::default(),
        }
    }

    /// Room for `count` timestamps; `None` where the adapter has none.
    pub(crate) fn room(&self, link: &Link, count: u32) -> Result<Option<Arc<Queries>>, GpuError> {
        if self.period.is_none() {
            return Ok(None);
        }
        let mut kept = locked(&self.kept);
        if kept.is_none() {
            let made = link.scoped(|| Queries {
                set: link.device.create_query_set(&wgpu::QuerySetDescriptor {
                    label: None,
                    ty: wgpu::QueryType::Timestamp,
                    count,
                }),
                resolved: link.device.create_buffer(&wgpu::BufferDescriptor {
                    label: None,
                    size: 8 * u64::from(count),
                    usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                    mapped_at_creation: false,
                }),
            })?;
            *kept = Some(Arc::new(made));
        }
        Ok(kept.clone())
    }
}
