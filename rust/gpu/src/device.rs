//! One open device: its queue, pipelines, memory, counters and faults.

use crate::adapters::{self, AdapterDescription, Affinity, backend_name};
use crate::error::GpuError;
use crate::faults::{Fault, Faults};
use crate::kernels::Kernel;
use crate::memory::{DeviceBuffer, Memory, WORKING};
use crate::pipelines::Pipeline;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

/// Bytes a device may use where nothing is said.
pub const DEFAULT_BUDGET: u64 = 3 << 30;

/// Buffers below this are rounded up to a power of two [bytes].
const LARGE: u64 = 1 << 16;
/// Size of the smallest buffer [bytes].
const SMALLEST: u64 = 256;

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

/// What a device has done.
#[derive(Debug, Default)]
pub struct Counters {
    /// Kernels dispatched.
    pub dispatches: AtomicU64,
    /// Command buffers submitted.
    pub submissions: AtomicU64,
    /// Buffers mapped to read results.
    pub readbacks: AtomicU64,
    /// Bytes written to the device.
    pub bytes_up: AtomicU64,
    /// Bytes read back.
    pub bytes_down: AtomicU64,
    /// Longest wait for a submission [µs].
    pub longest_us: AtomicU64,
    /// Longest single dispatch, where it is timed [µs].
    pub longest_dispatch_us: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// Timestamps of a job's passes; made once, jobs run one after the other.
#[derive(Debug)]
pub(crate) struct Queries {
    pub(crate) set: wgpu::QuerySet,
    pub(crate) resolved: wgpu::Buffer,
}

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
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) timestamp_period: Option<f32>,
    owner: ThreadId,
    pub(crate) pipelines: Mutex<BTreeMap<Kernel, Arc<Pipeline>>>,
    times: Mutex<BTreeMap<&'static str, f64>>,
    queries: Mutex<Option<Arc<Queries>>>,
    lost: Arc<Mutex<Option<String>>>,
    uncaptured: Arc<Mutex<Option<String>>>,
    /// Stage encoded last: what to name when a panic does not say where it was.
    working: Mutex<Option<&'static str>>,
    id: u64,
}

static NEXT_DEVICE: AtomicU64 = AtomicU64::new(1);

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The adapter's limits, lowered where asked.
fn wanted_limits(
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

impl Gpu {
    /// Open a device. Nothing is tested yet; see [`crate::selftest`].
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
            required_limits: limits.clone(),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| GpuError::NoAdapter(format!("{}: {e}", description.name)))?;
        let lost = Arc::new(Mutex::new(None));
        let uncaptured = Arc::new(Mutex::new(None));
        let (note_lost, note_error) = (Arc::clone(&lost), Arc::clone(&uncaptured));
        device.set_device_lost_callback(move |reason, message| {
            *locked(&note_lost) = Some(format!("{reason:?}: {message}"));
        });
        // wgpu would panic here; no GPU error may end the process.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            *locked(&note_error) = Some(error.to_string());
        }));
        let timestamp_period = (!features.is_empty()).then(|| queue.get_timestamp_period());
        let faults = Faults::default();
        for (stage, fault) in &opening.faults {
            faults.inject(stage, *fault, 1);
        }
        Ok(Self {
            memory: Arc::new(Memory::new(opening.memory_budget.unwrap_or(DEFAULT_BUDGET))),
            opening,
            adapter: description,
            limits: device.limits(),
            counters: Counters::default(),
            faults,
            device,
            queue,
            timestamp_period,
            owner: std::thread::current().id(),
            pipelines: Mutex::default(),
            times: Mutex::default(),
            queries: Mutex::default(),
            lost,
            uncaptured,
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
        locked(&self.lost).clone()
    }

    /// Destroy the device: whatever uses it next finds it lost.
    pub fn destroy(&self) {
        self.device.destroy();
        let mut lost = locked(&self.lost);
        if lost.is_none() {
            *lost = Some("Destroyed: by request".to_owned());
        }
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

    /// Run `work` and turn every error wgpu raises meanwhile into ours.
    pub(crate) fn scoped<T>(&self, work: impl FnOnce() -> T) -> Result<T, GpuError> {
        let filters = [
            wgpu::ErrorFilter::Validation,
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Internal,
        ];
        let guards = filters.map(|f| self.device.push_error_scope(f));
        let result = work();
        let mut first = None;
        for guard in guards.into_iter().rev() {
            let error = pollster::block_on(guard.pop());
            first = first.or(error);
        }
        match first {
            Some(error) => Err(self.sort(error)),
            None => Ok(result),
        }
    }

    /// Our name for a wgpu error. A lost device shows up as all kinds of errors first.
    fn sort(&self, error: wgpu::Error) -> GpuError {
        if let Some(reason) = self.lost() {
            return GpuError::DeviceLost(reason);
        }
        match error {
            wgpu::Error::OutOfMemory { .. } => {
                GpuError::OutOfMemory("the driver refused an allocation".to_owned())
            }
            wgpu::Error::Validation { description, .. } => {
                GpuError::Validation(one_line(&description))
            }
            wgpu::Error::Internal { description, .. } => {
                GpuError::Validation(one_line(&description))
            }
        }
    }

    /// An error nobody was waiting for.
    pub(crate) fn stray_error(&self) -> Option<GpuError> {
        let stray = locked(&self.uncaptured).take()?;
        Some(match self.lost() {
            Some(reason) => GpuError::DeviceLost(reason),
            None => GpuError::Validation(one_line(&stray)),
        })
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
        self.scoped(|| self.queue.write_buffer(buffer.raw(), offset, bytes))
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
            self.scoped(|| {
                self.device.create_buffer(&wgpu::BufferDescriptor {
                    label: None,
                    size,
                    usage,
                    mapped_at_creation: false,
                })
            })
        })
    }

    /// Room for `count` timestamps; `None` where the adapter has none.
    pub(crate) fn queries(&self, count: u32) -> Result<Option<Arc<Queries>>, GpuError> {
        if self.timestamp_period.is_none() {
            return Ok(None);
        }
        let mut kept = locked(&self.queries);
        if kept.is_none() {
            let made = self.scoped(|| Queries {
                set: self.device.create_query_set(&wgpu::QuerySetDescriptor {
                    label: None,
                    ty: wgpu::QueryType::Timestamp,
                    count,
                }),
                resolved: self.device.create_buffer(&wgpu::BufferDescriptor {
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

    /// Book device time of a dispatch [s].
    pub(crate) fn book_dispatch(&self, stage: &'static str, seconds: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive time"
        )]
        let us = (1e6 * seconds) as u64;
        self.counters
            .longest_dispatch_us
            .fetch_max(us, Ordering::Relaxed);
        self.book_time(stage, seconds);
    }

    /// Book device time of a stage [s].
    pub(crate) fn book_time(&self, stage: &'static str, seconds: f64) {
        *locked(&self.times).entry(stage).or_default() += seconds;
    }

    /// Device time per stage [s].
    #[must_use]
    pub fn times(&self) -> BTreeMap<&'static str, f64> {
        locked(&self.times).clone()
    }

    /// Where the times come from.
    #[must_use]
    pub fn timing(&self) -> &'static str {
        if self.timestamp_period.is_some() {
            "timestamp"
        } else {
            "fence"
        }
    }

    /// Set counters and times to zero.
    pub fn reset_counters(&self) {
        let c = &self.counters;
        for counter in [
            &c.dispatches,
            &c.submissions,
            &c.readbacks,
            &c.bytes_up,
            &c.bytes_down,
            &c.longest_us,
            &c.longest_dispatch_us,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
        locked(&self.times).clear();
    }
}

/// The first line of a message that says something, so that a log line stays one.
fn one_line(text: &str) -> String {
    text.split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}
