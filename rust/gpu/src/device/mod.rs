//! One open device: its queue, pipelines, memory, counters and faults.

pub mod adapters;
pub mod counters;
pub mod error;
pub mod faults;
mod link;
mod lock;
pub mod memory;
pub mod opening;
mod pipelines;
mod timestamps;

pub(crate) use link::Link;
pub(crate) use lock::locked;
pub(crate) use pipelines::compile;
pub(crate) use timestamps::Queries;

use adapters::{AdapterDescription, Affinity, backend_name};
use counters::Counters;
use error::GpuError;
use faults::Faults;
use memory::{DeviceBuffer, Memory, WORKING};
use opening::{DEFAULT_BUDGET, Opening, wanted_limits};
use pipelines::Pipelines;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use timestamps::Timestamps;

/// Longest wait for an answer before the device counts as lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// Buffers below this are rounded up to a power of two [bytes].
const LARGE: u64 = 1 << 16;
/// Size of the smallest buffer [bytes].
const SMALLEST: u64 = 256;

/// An open device.
#[derive(Debug)]
pub struct Gpu {
    /// How it was opened.
    pub opening: Opening,
    /// Its adapter.
    pub adapter: AdapterDescription,
    /// Limits granted.
    pub limits: wgpu::Limits,
    /// What it has done.
    pub counters: Counters,
    /// Faults waiting to happen.
    pub faults: Faults,
    /// Its memory.
    pub memory: Arc<Memory>,
    pub(crate) link: Link,
    pub(crate) pipelines: Pipelines,
    pub(crate) timestamps: Timestamps,
    owner: ThreadId,
    /// Stage encoded last: what to name when a panic does not say where it was.
    working: Mutex<Option<&'static str>>,
    id: u64,
}

static NEXT_DEVICE: AtomicU64 = AtomicU64::new(1);

impl Gpu {
    /// Open a device. Nothing is tested yet; see `selftest`.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`], or what the driver says.
    pub fn open(opening: Opening) -> Result<Self, GpuError> {
        let (adapter, description) = adapters::find(opening.backend, opening.index)?;
        let limits = wanted_limits(&adapter, &opening.limits)?;
        let mut features = adapter.features() & wgpu::Features::TIMESTAMP_QUERY;
        if opening.limits.get("timestamp_query") == Some(&0) {
            features = wgpu::Features::empty();
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("solweig"),
            required_features: features,
            required_limits: limits,
            ..wgpu::DeviceDescriptor::default()
        };
        let link = Link::open(&adapter, &descriptor)
            .map_err(|e| GpuError::NoAdapter(format!("{}: {e}", description.name)))?;
        let period = (!features.is_empty()).then(|| link.queue.get_timestamp_period());
        let faults = Faults::default();
        for (stage, fault) in &opening.faults {
            faults.inject(stage, *fault, 1);
        }
        Ok(Self {
            memory: Arc::new(Memory::new(opening.memory_budget.unwrap_or(DEFAULT_BUDGET))),
            opening,
            adapter: description,
            limits: link.device.limits(),
            counters: Counters::default(),
            faults,
            link,
            pipelines: Pipelines::default(),
            timestamps: Timestamps::new(period),
            owner: std::thread::current().id(),
            working: Mutex::default(),
            id: NEXT_DEVICE.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// Number of this device, unique within the process: a reopened device has another.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The stage encoded last.
    #[must_use]
    pub fn working(&self) -> Option<&'static str> {
        *locked(&self.working)
    }

    pub(crate) fn works_on(&self, stage: &'static str) {
        *locked(&self.working) = Some(stage);
    }

    /// Name of the backend.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        backend_name(self.adapter.backend)
    }

    /// Why the device is lost, if it is.
    #[must_use]
    pub fn lost(&self) -> Option<String> {
        self.link.lost()
    }

    /// Destroy the device: whatever uses it next finds it lost.
    pub fn destroy(&self) {
        self.link.destroy();
    }

    /// Fail if the device cannot be used from here.
    ///
    /// # Errors
    /// [`GpuError::WrongThread`], [`GpuError::DeviceLost`].
    pub fn check(&self) -> Result<(), GpuError> {
        if self.adapter.affinity() == Affinity::RequiresMainThread
            && std::thread::current().id() != self.owner
        {
            return Err(GpuError::WrongThread {
                backend: self.backend(),
            });
        }
        match self.lost() {
            Some(reason) => Err(GpuError::DeviceLost(reason)),
            None => Ok(()),
        }
    }

    /// Wait until everything submitted is done.
    pub(crate) fn wait(&self) -> Result<(), GpuError> {
        let start = Instant::now();
        let poll = self.link.device.poll(wgpu::PollType::Wait {
            submission_index: None,
            timeout: Some(PATIENCE),
        });
        self.counters
            .book_wait(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
        if let Err(error) = poll {
            return Err(match self.lost() {
                Some(reason) => GpuError::DeviceLost(reason),
                None => GpuError::DeviceLost(error.to_string()),
            });
        }
        match self.link.stray_error() {
            Some(error) => Err(error),
            None => self.check(),
        }
    }

    /// Largest storage buffer a kernel may see [bytes].
    #[must_use]
    pub fn largest_binding(&self) -> u64 {
        self.limits
            .max_storage_buffer_binding_size
            .min(self.limits.max_buffer_size)
    }

    /// Fail if a storage buffer of this size cannot be bound.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`].
    pub fn check_binding(&self, what: &str, size: u64) -> Result<(), GpuError> {
        let limit = self.largest_binding();
        if size > limit {
            return Err(GpuError::LimitExceeded {
                what: format!("{what} [bytes]"),
                needed: size,
                limit,
            });
        }
        Ok(())
    }

    /// A storage buffer of `words` 32-bit words; contents are undefined.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn storage(&self, what: &str, words: u64) -> Result<DeviceBuffer, GpuError> {
        let size = 4 * words.max(1);
        self.check_binding(what, size)?;
        self.buffer(WORKING, size)
    }

    /// A storage buffer holding `data`.
    ///
    /// # Errors
    /// As [`Gpu::storage`].
    pub fn upload<T: bytemuck::Pod>(
        &self,
        what: &str,
        data: &[T],
    ) -> Result<DeviceBuffer, GpuError> {
        let bytes: &[u8] = bytemuck::cast_slice(data);
        let buffer = self.storage(what, (bytes.len() as u64).div_ceil(4))?;
        self.write(&buffer, 0, bytes)?;
        Ok(buffer)
    }

    /// Write bytes into a buffer before the next submission.
    ///
    /// # Errors
    /// What wgpu says.
    pub fn write(&self, buffer: &DeviceBuffer, offset: u64, bytes: &[u8]) -> Result<(), GpuError> {
        if bytes.is_empty() {
            return Ok(());
        }
        Counters::add(&self.counters.bytes_up, bytes.len() as u64);
        self.link
            .scoped(|| self.link.queue.write_buffer(buffer.raw(), offset, bytes))
    }

    pub(crate) fn buffer(
        &self,
        usage: wgpu::BufferUsages,
        size: u64,
    ) -> Result<DeviceBuffer, GpuError> {
        if size > self.limits.max_buffer_size {
            return Err(GpuError::LimitExceeded {
                what: "a buffer [bytes]".to_owned(),
                needed: size,
                limit: self.limits.max_buffer_size,
            });
        }
        // Tables differ in length from step to step: in a few sizes they find each other again.
        let size = if size < LARGE {
            size.next_power_of_two().max(SMALLEST)
        } else {
            size
        };
        self.memory.take(usage, size, || {
            self.link.scoped(|| {
                self.link.device.create_buffer(&wgpu::BufferDescriptor {
                    label: None,
                    size,
                    usage,
                    mapped_at_creation: false,
                })
            })
        })
    }

    /// Device time per stage [s].
    #[must_use]
    pub fn times(&self) -> BTreeMap<&'static str, f64> {
        self.counters.times()
    }

    /// Where the times come from.
    #[must_use]
    pub fn timing(&self) -> &'static str {
        if self.timestamps.period.is_some() {
            "timestamp"
        } else {
            "fence"
        }
    }
}
