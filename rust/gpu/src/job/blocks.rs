//! Uniforms of a job, gathered in few buffers.

use crate::device::Gpu;
use crate::device::counters::Counters;
use crate::device::error::GpuError;
use crate::device::memory::DeviceBuffer;
use std::num::NonZeroU64;

/// Size of a block of uniforms.
const BLOCK: u64 = 64 * 1024;
/// Usage of a block of uniforms.
const UNIFORMS: wgpu::BufferUsages =
    wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::COPY_DST);
/// Alignment of uniforms every adapter accepts.
const ALIGN: u64 = 256;

struct Block {
    buffer: DeviceBuffer,
    bytes: Vec<u8>,
}

/// Where uniforms lie: block, offset and size.
#[derive(Clone, Copy)]
pub(super) struct Place {
    block: usize,
    offset: u64,
    size: u64,
}

/// The uniforms of a job, on the host until it is submitted.
#[derive(Default)]
pub(super) struct Blocks(Vec<Block>);

impl Blocks {
    /// Place the uniforms of a dispatch.
    pub(super) fn place(&mut self, gpu: &Gpu, bytes: &[u8]) -> Result<Place, GpuError> {
        let size = (bytes.len() as u64).next_multiple_of(16);
        let fits = self
            .0
            .last()
            .is_some_and(|b| b.bytes.len() as u64 + size <= BLOCK);
        if !fits {
            let buffer = gpu.buffer(UNIFORMS, BLOCK)?;
            self.0.push(Block {
                buffer,
                bytes: Vec::new(),
            });
        }
        let block = self.0.len() - 1;
        let filled = &mut self.0[block].bytes;
        let offset = filled.len() as u64;
        filled.extend_from_slice(bytes);
        filled.resize((offset + size).next_multiple_of(ALIGN) as usize, 0);
        Ok(Place {
            block,
            offset,
            size,
        })
    }

    /// Uniforms as a kernel binds them.
    pub(super) fn binding(&self, place: Place) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: self.0[place.block].buffer.raw(),
            offset: place.offset,
            size: NonZeroU64::new(place.size),
        })
    }

    /// Write the blocks before the job's submission.
    pub(super) fn write(&self, gpu: &Gpu) {
        for block in &self.0 {
            Counters::add(&gpu.counters.bytes_up, block.bytes.len() as u64);
            gpu.link
                .queue
                .write_buffer(block.buffer.raw(), 0, &block.bytes);
        }
    }
}
