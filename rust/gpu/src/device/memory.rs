//! Device memory: our own accounting against a budget, since wgpu reports no free memory, and a
//! pool that lends buffers again.

use super::error::GpuError;
use super::lock::locked;
use std::sync::{Arc, Mutex, MutexGuard};

/// Usage of a buffer kernels work on.
pub const WORKING: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE
    .union(wgpu::BufferUsages::COPY_SRC)
    .union(wgpu::BufferUsages::COPY_DST);
/// Usage of a buffer results are read through.
pub const READBACK: wgpu::BufferUsages =
    wgpu::BufferUsages::MAP_READ.union(wgpu::BufferUsages::COPY_DST);

#[derive(Debug, Default)]
struct Ledger {
    allocated: u64,
    peak: u64,
    pooled: u64,
    pool: Vec<(wgpu::BufferUsages, wgpu::Buffer)>,
}

/// Books of one device.
#[derive(Debug)]
pub struct Memory {
    /// Most bytes that may be allocated.
    pub budget: u64,
    ledger: Mutex<Ledger>,
}

/// A buffer that returns to the pool when dropped.
#[derive(Debug)]
pub struct DeviceBuffer {
    buffer: Option<wgpu::Buffer>,
    usage: wgpu::BufferUsages,
    memory: Arc<Memory>,
}

impl Memory {
    /// Empty books.
    #[must_use]
    pub fn new(budget: u64) -> Self {
        Self {
            budget,
            ledger: Mutex::default(),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    /// Bytes in use, the most ever in use, and bytes waiting in the pool.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        let ledger = self.ledger();
        [ledger.allocated, ledger.peak, ledger.pooled]
    }

    /// Give pooled buffers back to the driver; returns their bytes.
    pub fn free_pooled(&self) -> u64 {
        let mut ledger = self.ledger();
        ledger.pool.clear();
        std::mem::take(&mut ledger.pooled)
    }

    /// A pooled buffer of this usage and size.
    fn reuse(&self, usage: wgpu::BufferUsages, size: u64) -> Option<wgpu::Buffer> {
        let mut ledger = self.ledger();
        let found = ledger
            .pool
            .iter()
            .position(|(u, b)| *u == usage && b.size() == size)?;
        let (_, buffer) = ledger.pool.swap_remove(found);
        ledger.pooled -= size;
        Some(buffer)
    }

    fn book(&self, size: u64) {
        let mut ledger = self.ledger();
        ledger.allocated += size;
        ledger.peak = ledger.peak.max(ledger.allocated);
    }

    /// A buffer of `size` bytes, pooled or made by `create`. Contents are undefined.
    pub(crate) fn take(
        self: &Arc<Self>,
        usage: wgpu::BufferUsages,
        size: u64,
        create: impl FnOnce() -> Result<wgpu::Buffer, GpuError>,
    ) -> Result<DeviceBuffer, GpuError> {
        let buffer = match self.reuse(usage, size) {
            Some(buffer) => buffer,
            None => {
                if self.counts()[0] + self.counts()[2] + size > self.budget {
                    self.free_pooled();
                }
                let used = self.counts()[0];
                if used + size > self.budget {
                    return Err(GpuError::OutOfMemory(format!(
                        "{size} bytes asked for, {used} of a budget of {} in use",
                        self.budget
                    )));
                }
                create()?
            }
        };
        self.book(size);
        Ok(DeviceBuffer {
            buffer: Some(buffer),
            usage,
            memory: Arc::clone(self),
        })
    }
}

impl DeviceBuffer {
    /// The wgpu buffer.
    ///
    /// # Panics
    /// Never: the buffer leaves only on drop.
    #[must_use]
    pub fn raw(&self) -> &wgpu::Buffer {
        self.buffer.as_ref().expect("present until dropped")
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.raw().size()
    }

    /// Destroy the buffer instead of pooling it.
    pub(crate) fn discard(mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.memory.ledger().allocated -= buffer.size();
            buffer.destroy();
        }
    }
}

impl Drop for DeviceBuffer {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            let size = buffer.size();
            let mut ledger = self.memory.ledger();
            ledger.allocated -= size;
            ledger.pooled += size;
            ledger.pool.push((self.usage, buffer));
        }
    }
}
