//! wgpu's device and queue, and what they complain about.

use super::error::GpuError;
use super::lock::locked;
use std::sync::{Arc, Mutex};

/// The way to a device. No error of wgpu passes it unsorted.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    lost: Arc<Mutex<Option<String>>>,
    uncaptured: Arc<Mutex<Option<String>>>,
}

impl Link {
    /// Open a device of an adapter.
    pub(super) fn open(
        adapter: &wgpu::Adapter,
        descriptor: &wgpu::DeviceDescriptor<'_>,
    ) -> Result<Self, wgpu::RequestDeviceError> {
        let (device, queue) = pollster::block_on(adapter.request_device(descriptor))?;
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
        Ok(Self {
            device,
            queue,
            lost,
            uncaptured,
        })
    }

    /// Why the device is lost, if it is.
    pub(crate) fn lost(&self) -> Option<String> {
        locked(&self.lost).clone()
    }

    /// Destroy the device: whatever uses it next finds it lost.
    pub(super) fn destroy(&self) {
        self.device.destroy();
        let mut lost = locked(&self.lost);
        if lost.is_none() {
            *lost = Some("Destroyed: by request".to_owned());
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
}

/// The first line of a message that says something, so that a log line stays one.
fn one_line(text: &str) -> String {
    text.split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}
