//! Work for a device: kernels in order, one submission, at most one readback.

use crate::device::{Counters, Gpu, Queries};
use crate::error::{GpuError, StageFailure};
use crate::faults::Fault;
use crate::kernels::{Binding, Kernel};
use crate::memory::{DeviceBuffer, READBACK};
use crate::results::Results;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Longest wait for an answer before the device counts as lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// Size of a block of uniforms.
const UNIFORM_BLOCK: u64 = 64 * 1024;
/// Usage of a block of uniforms.
const UNIFORMS: wgpu::BufferUsages =
    wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::COPY_DST);
/// Alignment of uniforms every adapter accepts.
const UNIFORM_ALIGN: u64 = 256;
/// Passes of a submission that are timed.
const MAX_TIMED: u32 = 512;

/// Rows and columns a kernel runs over; the first member of every kernel's uniform block.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct GridUniform {
    /// Rows of the grid.
    pub rows: u32,
    /// Columns of the grid.
    pub cols: u32,
    /// First row of this dispatch.
    pub first_row: u32,
    /// Rows of this dispatch.
    pub band_rows: u32,
}

crate::uniforms::members!(GridUniform: rows, cols, first_row, band_rows);

impl GridUniform {
    /// A whole grid; the job fills in the band.
    #[must_use]
    pub fn new(rows: usize, cols: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "rasters have fewer rows")]
        let (rows, cols) = (rows as u32, cols as u32);
        Self {
            rows,
            cols,
            first_row: 0,
            band_rows: rows,
        }
    }
}

struct UniformBlock {
    buffer: DeviceBuffer,
    bytes: Vec<u8>,
}

struct Copy<'a> {
    source: &'a DeviceBuffer,
    offset: u64,
    size: u64,
}

/// Kernels waiting to be submitted.
pub struct Job<'a> {
    gpu: &'a Gpu,
    name: &'static str,
    encoder: wgpu::CommandEncoder,
    uniforms: Vec<UniformBlock>,
    copies: Vec<Copy<'a>>,
    queries: Option<Arc<Queries>>,
    timed: Vec<&'static str>,
    stages: Vec<&'static str>,
    faults: Vec<(&'static str, Fault)>,
}

impl<'a> Job<'a> {
    /// An empty job for a stage.
    ///
    /// # Errors
    /// [`GpuError::WrongThread`], [`GpuError::DeviceLost`].
    pub fn new(gpu: &'a Gpu, name: &'static str) -> Result<Self, StageFailure> {
        gpu.check().map_err(|e| e.in_stage(name))?;
        let encoder = gpu
            .scoped(|| {
                gpu.device
                    .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(name) })
            })
            .map_err(|e| e.in_stage(name))?;
        let queries = gpu.queries(2 * MAX_TIMED).map_err(|e| e.in_stage(name))?;
        Ok(Self {
            gpu,
            name,
            encoder,
            uniforms: Vec::new(),
            copies: Vec::new(),
            queries,
            timed: Vec::new(),
            stages: Vec::new(),
            faults: Vec::new(),
        })
    }

    /// Meet a fault that is due in a stage.
    fn meet_fault(&mut self, kernel: Kernel) -> Result<(), GpuError> {
        let stage = kernel.stage();
        match self.gpu.faults.due(stage) {
            None => Ok(()),
            Some(Fault::Limits) => Err(GpuError::LimitExceeded {
                what: "a buffer of a device made small for a test [bytes]".to_owned(),
                needed: 1024,
                limit: 16,
            }),
            Some(Fault::Panic) => panic!("injected"),
            Some(Fault::OutOfMemory) => Err(GpuError::OutOfMemory("injected".to_owned())),
            Some(Fault::Shader) => {
                self.gpu.forget(kernel);
                let broken = format!("{}\nfn broken() -> f32 {{ return }}", kernel.source());
                self.gpu.compile(kernel, &broken).map(|_| ())
            }
            Some(Fault::Destroy) => {
                self.gpu.destroy();
                self.gpu.check()
            }
            Some(Fault::Validation) => {
                let buffer = self.gpu.storage("a buffer", 4)?;
                // Past the end of the buffer: wgpu refuses this.
                self.gpu.scoped(|| {
                    self.gpu
                        .queue
                        .write_buffer(buffer.raw(), buffer.size(), &[0; 64])
                })
            }
            Some(late @ (Fault::Map | Fault::WrongAnswer)) => {
                self.faults.push((stage, late));
                Ok(())
            }
        }
    }

    /// Place uniforms; returns block and offset.
    fn place(&mut self, bytes: &[u8]) -> Result<(usize, u64), GpuError> {
        let size = (bytes.len() as u64).next_multiple_of(16);
        let fits = self
            .uniforms
            .last()
            .is_some_and(|b| b.bytes.len() as u64 + size <= UNIFORM_BLOCK);
        if !fits {
            let buffer = self.gpu.buffer(UNIFORMS, UNIFORM_BLOCK)?;
            self.uniforms.push(UniformBlock {
                buffer,
                bytes: Vec::new(),
            });
        }
        let index = self.uniforms.len() - 1;
        let block = &mut self.uniforms[index].bytes;
        let offset = block.len() as u64;
        block.extend_from_slice(bytes);
        block.resize((offset + size).next_multiple_of(UNIFORM_ALIGN) as usize, 0);
        Ok((index, offset))
    }

    /// Run a kernel over a grid, in bands of rows short enough for the adapter. `uniform` begins
    /// with a [`GridUniform`]; `storage` holds the other bindings in their order.
    ///
    /// # Errors
    /// What stands in the way, with the kernel's stage.
    pub fn dispatch<U: bytemuck::Pod>(
        &mut self,
        kernel: Kernel,
        uniform: &U,
        storage: &[&DeviceBuffer],
    ) -> Result<(), StageFailure> {
        let mut bytes = bytemuck::bytes_of(uniform).to_vec();
        let grid: GridUniform = *bytemuck::from_bytes(&bytes[..16]);
        let band = crate::pace::band_rows(self.gpu, kernel, grid.rows, grid.cols);
        let stage = kernel.stage();
        self.gpu.works_on(stage);
        self.meet_fault(kernel).map_err(|e| e.in_stage(stage))?;
        if !self.stages.contains(&stage) {
            self.stages.push(stage);
        }
        let mut row = 0;
        while row < grid.rows {
            let rows = band.min(grid.rows - row);
            let part = GridUniform {
                first_row: row,
                band_rows: rows,
                ..grid
            };
            bytes[..16].copy_from_slice(bytemuck::bytes_of(&part));
            self.dispatch_band(kernel, &bytes, storage, rows, grid.cols)
                .map_err(|e| e.in_stage(stage))?;
            row += rows;
        }
        Ok(())
    }

    fn dispatch_band(
        &mut self,
        kernel: Kernel,
        uniform: &[u8],
        storage: &[&DeviceBuffer],
        rows: u32,
        cols: u32,
    ) -> Result<(), GpuError> {
        let (block, offset) = self.place(uniform)?;
        let gpu = self.gpu;
        let pipeline = gpu.pipeline(kernel)?;
        let (width, height) = kernel.workgroup();
        let groups = (cols.div_ceil(width), rows.div_ceil(height));
        let most = gpu.limits.max_compute_workgroups_per_dimension;
        if groups.0 > most || groups.1 > most {
            return Err(GpuError::LimitExceeded {
                what: "workgroups in one dimension".to_owned(),
                needed: u64::from(groups.0.max(groups.1)),
                limit: u64::from(most),
            });
        }
        let mut next = storage.iter();
        let uniforms = self.uniforms[block].buffer.raw();
        let mut entries = Vec::new();
        for (binding, kind) in (0..).zip(kernel.bindings()) {
            let resource = if kind == Binding::Uniform {
                wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: uniforms,
                    offset,
                    size: std::num::NonZeroU64::new((uniform.len() as u64).next_multiple_of(16)),
                })
            } else {
                let buffer = next.next().ok_or_else(|| {
                    GpuError::Validation(format!("{}: a buffer is missing", kernel.name()))
                })?;
                buffer.raw().as_entire_binding()
            };
            entries.push(wgpu::BindGroupEntry { binding, resource });
        }
        if next.next().is_some() {
            let message = format!("{}: a buffer too many", kernel.name());
            return Err(GpuError::Validation(message));
        }
        let slot = 2 * self.timed.len() as u32;
        let timestamps = self
            .queries
            .as_ref()
            .filter(|_| slot < 2 * MAX_TIMED)
            .map(|queries| wgpu::ComputePassTimestampWrites {
                query_set: &queries.set,
                beginning_of_pass_write_index: Some(slot),
                end_of_pass_write_index: Some(slot + 1),
            });
        let is_timed = timestamps.is_some();
        let encoder = &mut self.encoder;
        gpu.scoped(|| {
            let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(kernel.name()),
                layout: &pipeline.layout,
                entries: &entries,
            });
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some(kernel.name()),
                timestamp_writes: timestamps,
            });
            pass.set_pipeline(&pipeline.pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(groups.0, groups.1, 1);
        })?;
        if is_timed {
            self.timed.push(kernel.stage());
        }
        Counters::add(&gpu.counters.dispatches, 1);
        Ok(())
    }

    /// Fill a buffer with zeros.
    ///
    /// # Errors
    /// What wgpu says.
    pub fn clear(&mut self, buffer: &'a DeviceBuffer) -> Result<(), GpuError> {
        let encoder = &mut self.encoder;
        self.gpu
            .scoped(|| encoder.clear_buffer(buffer.raw(), 0, None))
    }

    /// Stages of the kernels so far, in order, each once.
    #[must_use]
    pub fn stages(&self) -> Vec<&'static str> {
        self.stages.clone()
    }

    /// Read `words` 32-bit words of a buffer back; results come in the order of these calls.
    pub fn read(&mut self, source: &'a DeviceBuffer, first_word: u64, words: u64) {
        self.copies.push(Copy {
            source,
            offset: 4 * first_word,
            size: 4 * words,
        });
    }

    /// Submit, wait, and map the results.
    ///
    /// # Errors
    /// What stands in the way; late failures carry the job's stage.
    pub fn finish(mut self) -> Result<Results, StageFailure> {
        let gpu = self.gpu;
        if self.copies.is_empty() {
            // Faults of results wait for a job that has some.
            for (stage, fault) in self.faults.drain(..) {
                gpu.faults.inject(stage, fault, 1);
            }
        }
        let late = self.faults.first().copied();
        let stage = late.map_or(self.name, |(stage, _)| stage);
        let work = |job: &mut Self| -> Result<Results, GpuError> {
            let total: u64 = job.copies.iter().map(|c| c.size).sum();
            let stamps = 16 * job.timed.len() as u64;
            let staging = if total + stamps > 0 {
                Some(gpu.buffer(READBACK, total + stamps)?)
            } else {
                None
            };
            let offsets = job.copy_results(staging.as_ref(), total)?;
            job.submit()?;
            let Some(staging) = staging else {
                return Ok(Results {
                    view: None,
                    offsets,
                    staging: None,
                    corrupted: None,
                });
            };
            if matches!(late, Some((_, Fault::Map))) {
                staging.raw().destroy();
            }
            job.map(staging, offsets, total, late)
        };
        work(&mut self).map_err(|e| e.in_stage(stage))
    }

    /// Submit and wait without reading anything; returns the time it took.
    ///
    /// # Errors
    /// As [`Job::finish`].
    pub fn run(self) -> Result<Duration, StageFailure> {
        let start = Instant::now();
        let (gpu, name) = (self.gpu, self.name);
        self.finish()?;
        gpu.wait().map_err(|e| e.in_stage(name))?;
        Ok(start.elapsed())
    }

    fn copy_results(
        &mut self,
        staging: Option<&DeviceBuffer>,
        total: u64,
    ) -> Result<Vec<std::ops::Range<usize>>, GpuError> {
        let mut offsets = Vec::new();
        let Some(staging) = staging else {
            return Ok(offsets);
        };
        let gpu = self.gpu;
        let mut at = 0;
        let (encoder, copies, queries) = (&mut self.encoder, &self.copies, &self.queries);
        let timed = self.timed.len() as u64;
        gpu.scoped(|| {
            for copy in copies {
                encoder.copy_buffer_to_buffer(
                    copy.source.raw(),
                    copy.offset,
                    staging.raw(),
                    at,
                    Some(copy.size),
                );
                offsets.push(at as usize..(at + copy.size) as usize);
                at += copy.size;
            }
            if let (Some(queries), true) = (queries, timed > 0) {
                encoder.resolve_query_set(&queries.set, 0..2 * timed as u32, &queries.resolved, 0);
                encoder.copy_buffer_to_buffer(
                    &queries.resolved,
                    0,
                    staging.raw(),
                    total,
                    Some(16 * timed),
                );
            }
        })?;
        Ok(offsets)
    }

    fn submit(&mut self) -> Result<(), GpuError> {
        let gpu = self.gpu;
        let empty = gpu.scoped(|| {
            gpu.device
                .create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
        })?;
        let encoder = std::mem::replace(&mut self.encoder, empty);
        gpu.scoped(|| {
            for block in &self.uniforms {
                Counters::add(&gpu.counters.bytes_up, block.bytes.len() as u64);
                gpu.queue.write_buffer(block.buffer.raw(), 0, &block.bytes);
            }
            gpu.queue.submit([encoder.finish()]);
        })?;
        Counters::add(&gpu.counters.submissions, 1);
        gpu.check()
    }

    fn map(
        &self,
        staging: DeviceBuffer,
        offsets: Vec<std::ops::Range<usize>>,
        total: u64,
        late: Option<(&'static str, Fault)>,
    ) -> Result<Results, GpuError> {
        let gpu = self.gpu;
        let start = Instant::now();
        let (sender, receiver) = mpsc::channel();
        let mapped = gpu.scoped(|| {
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
        self.book_times(&view[total as usize..], start.elapsed());
        Counters::add(&gpu.counters.readbacks, u64::from(total > 0));
        Counters::add(&gpu.counters.bytes_down, total);
        let corrupted = matches!(late, Some((_, Fault::WrongAnswer))).then(|| {
            let mut bytes = view[..total as usize].to_vec();
            for word in bytes.chunks_exact_mut(4).step_by(7) {
                word[0] ^= 1;
                word[2] ^= 0x20;
            }
            bytes
        });
        Ok(Results {
            view: Some(view),
            offsets,
            staging: Some(staging),
            corrupted,
        })
    }

    /// Time per stage from the stamps, or the whole wait where there are none.
    fn book_times(&self, stamps: &[u8], waited: Duration) {
        match self.gpu.timestamp_period {
            Some(period) if !self.timed.is_empty() => {
                for (stage, pair) in self.timed.iter().zip(stamps.chunks_exact(16)) {
                    let read = |part: &[u8]| part.try_into().map_or(0, u64::from_le_bytes);
                    let ticks = read(&pair[8..]).saturating_sub(read(&pair[..8]));
                    self.gpu
                        .book_dispatch(stage, ticks as f64 * f64::from(period) * 1e-9);
                }
            }
            _ => self.gpu.book_time(self.name, waited.as_secs_f64()),
        }
    }
}

impl Gpu {
    /// Wait until everything submitted is done.
    pub(crate) fn wait(&self) -> Result<(), GpuError> {
        let start = Instant::now();
        let poll = self.device.poll(wgpu::PollType::Wait {
            submission_index: None,
            timeout: Some(PATIENCE),
        });
        let waited = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counters
            .longest_us
            .fetch_max(waited, std::sync::atomic::Ordering::Relaxed);
        if let Err(error) = poll {
            return Err(match self.lost() {
                Some(reason) => GpuError::DeviceLost(reason),
                None => GpuError::DeviceLost(error.to_string()),
            });
        }
        match self.stray_error() {
            Some(error) => Err(error),
            None => self.check(),
        }
    }
}
