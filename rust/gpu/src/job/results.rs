//! What a job brings back.

use crate::device::error::GpuError;
use crate::device::memory::DeviceBuffer;
use crate::device::{Gpu, PATIENCE};
use std::ops::Range;
use std::sync::mpsc;

/// Results, mapped into memory.
pub struct Results {
    view: Option<wgpu::BufferView>,
    ranges: Vec<Range<usize>>,
    staging: Option<DeviceBuffer>,
    corrupted: Option<Vec<u8>>,
}

impl Results {
    /// Of a job that reads nothing.
    pub(super) fn nothing() -> Self {
        Self {
            view: None,
            ranges: Vec::new(),
            staging: None,
            corrupted: None,
        }
    }

    /// Wait until the work is done and map the buffer it was copied to. `ranges` of it are the
    /// results.
    pub(super) fn map(
        gpu: &Gpu,
        staging: DeviceBuffer,
        ranges: Vec<Range<usize>>,
    ) -> Result<Self, GpuError> {
        let (sender, receiver) = mpsc::channel();
        let mapped = gpu.link.scoped(|| {
            staging
                .raw()
                .map_async(wgpu::MapMode::Read, .., move |result| {
                    // The receiver waits below; it can only be gone after a timeout.
                    let _ = sender.send(result);
                });
        });
        let outcome = mapped
            .and_then(|()| gpu.wait())
            .and_then(|()| match receiver.recv_timeout(PATIENCE) {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(GpuError::Readback(error.to_string())),
                Err(_) => Err(GpuError::Readback("the mapping never answered".to_owned())),
            })
            .and_then(|()| gpu.check());
        if let Err(error) = outcome {
            staging.discard();
            return Err(match (gpu.lost(), error) {
                (Some(reason), _) => GpuError::DeviceLost(reason),
                (None, GpuError::Validation(text)) => GpuError::Readback(text),
                (None, error) => error,
            });
        }
        let view = staging
            .raw()
            .slice(..)
            .get_mapped_range()
            .map_err(|e| GpuError::Readback(e.to_string()))?;
        Ok(Self {
            view: Some(view),
            ranges,
            staging: Some(staging),
            corrupted: None,
        })
    }

    /// Bytes behind the results.
    pub(super) fn behind(&self) -> &[u8] {
        let end = self.ranges.last().map_or(0, |range| range.end);
        self.view.as_ref().map_or(&[], |view| &view[end..])
    }

    /// Answer wrong from now on: a fault on demand.
    pub(super) fn corrupt(&mut self) {
        let Some(view) = &self.view else { return };
        let end = self.ranges.last().map_or(0, |range| range.end);
        let mut bytes = view[..end].to_vec();
        for word in bytes.chunks_exact_mut(4).step_by(7) {
            word[0] ^= 1;
            word[2] ^= 0x20;
        }
        self.corrupted = Some(bytes);
    }

    /// Result `i` in the order the reads were asked for.
    ///
    /// # Panics
    /// If there is no such result.
    #[must_use]
    pub fn get<T: bytemuck::Pod>(&self, i: usize) -> &[T] {
        let range = self.ranges[i].clone();
        match (&self.corrupted, &self.view) {
            (Some(bytes), _) => bytemuck::cast_slice(&bytes[range]),
            (None, Some(view)) => bytemuck::cast_slice(&view[range]),
            (None, None) => &[],
        }
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        drop(self.view.take());
        if let Some(staging) = &self.staging {
            staging.raw().unmap();
        }
    }
}
