//! How long the passes of a job take on the device.

use crate::device::error::GpuError;
use crate::device::{Gpu, Queries};
use std::sync::Arc;
use std::time::Duration;

/// Passes of a submission that are timed.
const MOST: u32 = 512;

/// Timestamps of a job's passes, where the adapter has them.
pub(super) struct Clock {
    queries: Option<Arc<Queries>>,
    /// Stages of the passes timed so far.
    timed: Vec<&'static str>,
}

impl Clock {
    pub(super) fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            queries: gpu.timestamps.room(&gpu.link, 2 * MOST)?,
            timed: Vec::new(),
        })
    }

    /// Where the next pass writes its timestamps.
    pub(super) fn writes(&self) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        let slot = 2 * self.timed.len() as u32;
        self.queries
            .as_ref()
            .filter(|_| slot < 2 * MOST)
            .map(|queries| wgpu::ComputePassTimestampWrites {
                query_set: &queries.set,
                beginning_of_pass_write_index: Some(slot),
                end_of_pass_write_index: Some(slot + 1),
            })
    }

    /// A pass of a stage was timed.
    pub(super) fn note(&mut self, stage: &'static str) {
        self.timed.push(stage);
    }

    /// Bytes of the timestamps.
    pub(super) fn bytes(&self) -> u64 {
        16 * self.timed.len() as u64
    }

    /// Copy the timestamps into a buffer.
    pub(super) fn resolve(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        staging: &wgpu::Buffer,
        offset: u64,
    ) {
        let passes = self.timed.len() as u32;
        if let (Some(queries), true) = (&self.queries, passes > 0) {
            encoder.resolve_query_set(&queries.set, 0..2 * passes, &queries.resolved, 0);
            encoder.copy_buffer_to_buffer(
                &queries.resolved,
                0,
                staging,
                offset,
                Some(self.bytes()),
            );
        }
    }

    /// Book time per stage from the stamps, or the whole wait where there are none.
    pub(super) fn book(&self, gpu: &Gpu, job: &'static str, stamps: &[u8], waited: Duration) {
        match gpu.timestamps.period {
            Some(period) if !self.timed.is_empty() => {
                for (stage, pair) in self.timed.iter().zip(stamps.chunks_exact(16)) {
                    let read = |part: &[u8]| part.try_into().map_or(0, u64::from_le_bytes);
                    let ticks = read(&pair[8..]).saturating_sub(read(&pair[..8]));
                    gpu.counters
                        .book_dispatch(stage, ticks as f64 * f64::from(period) * 1e-9);
                }
            }
            _ => gpu.counters.book_time(job, waited.as_secs_f64()),
        }
    }
}
