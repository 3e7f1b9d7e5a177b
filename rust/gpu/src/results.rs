//! What a job brings back.

use crate::memory::DeviceBuffer;

/// Results, mapped into memory.
pub struct Results {
    pub(crate) view: Option<wgpu::BufferView>,
    pub(crate) offsets: Vec<std::ops::Range<usize>>,
    pub(crate) staging: Option<DeviceBuffer>,
    pub(crate) corrupted: Option<Vec<u8>>,
}

impl Results {
    /// Result `i` in the order the reads were asked for.
    ///
    /// # Panics
    /// If there is no such result.
    #[must_use]
    pub fn get<T: bytemuck::Pod>(&self, i: usize) -> &[T] {
        let range = self.offsets[i].clone();
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
