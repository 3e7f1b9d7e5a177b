//! Work for a device: kernels in order, one submission, at most one readback.

mod blocks;
mod clock;
pub mod pace;
mod provoke;
pub mod results;

use crate::device::Gpu;
use crate::device::counters::Counters;
use crate::device::error::{GpuError, StageFailure};
use crate::device::faults::Fault;
use crate::device::memory::{DeviceBuffer, READBACK};
use crate::shaders::grid::GridUniform;
use crate::shaders::kernels::{Binding, Kernel};
use blocks::Blocks;
use clock::Clock;
use results::Results;
use std::ops::Range;
use std::time::{Duration, Instant};

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
    uniforms: Blocks,
    copies: Vec<Copy<'a>>,
    clock: Clock,
    stages: Vec<&'static str>,
    /// Faults that strike when results come back, and their stages.
    late: Vec<(&'static str, Fault)>,
}

impl<'a> Job<'a> {
    /// An empty job for a stage.
    ///
    /// # Errors
    /// [`GpuError::WrongThread`], [`GpuError::DeviceLost`].
    pub fn new(gpu: &'a Gpu, name: &'static str) -> Result<Self, StageFailure> {
        gpu.check().map_err(|e| e.in_stage(name))?;
        let encoder = gpu
            .link
            .scoped(|| {
                gpu.link
                    .device
                    .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(name) })
            })
            .map_err(|e| e.in_stage(name))?;
        Ok(Self {
            gpu,
            name,
            encoder,
            uniforms: Blocks::default(),
            copies: Vec::new(),
            clock: Clock::new(gpu).map_err(|e| e.in_stage(name))?,
            stages: Vec::new(),
            late: Vec::new(),
        })
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
        let band = pace::band_rows(self.gpu, kernel, grid.rows, grid.cols);
        let stage = kernel.stage();
        self.gpu.works_on(stage);
        if let Some(late) = provoke::meet(self.gpu, kernel).map_err(|e| e.in_stage(stage))? {
            self.late.push((stage, late));
        }
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
        let gpu = self.gpu;
        let place = self.uniforms.place(gpu, uniform)?;
        let pipeline = gpu.pipelines.get(&gpu.link, kernel)?;
        let groups = workgroups(gpu, kernel, rows, cols)?;
        let mut next = storage.iter();
        let mut entries = Vec::new();
        for (binding, kind) in (0..).zip(kernel.bindings()) {
            let resource = if kind == Binding::Uniform {
                self.uniforms.binding(place)
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
        let timestamps = self.clock.writes();
        let is_timed = timestamps.is_some();
        let encoder = &mut self.encoder;
        gpu.link.scoped(|| {
            let group = gpu
                .link
                .device
                .create_bind_group(&wgpu::BindGroupDescriptor {
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
            self.clock.note(kernel.stage());
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
            .link
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
        if self.copies.is_empty() {
            // Faults of results wait for a job that has some.
            for (stage, fault) in self.late.drain(..) {
                self.gpu.faults.inject(stage, fault, 1);
            }
        }
        let late = self.late.first().copied();
        let stage = late.map_or(self.name, |(stage, _)| stage);
        let fault = late.map(|(_, fault)| fault);
        self.bring_back(fault).map_err(|e| e.in_stage(stage))
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

    fn bring_back(&mut self, fault: Option<Fault>) -> Result<Results, GpuError> {
        let gpu = self.gpu;
        let total: u64 = self.copies.iter().map(|c| c.size).sum();
        let size = total + self.clock.bytes();
        if size == 0 {
            self.submit()?;
            return Ok(Results::nothing());
        }
        let staging = gpu.buffer(READBACK, size)?;
        let ranges = self.copy_results(&staging, total)?;
        self.submit()?;
        if fault == Some(Fault::Map) {
            staging.raw().destroy();
        }
        let start = Instant::now();
        let mut results = Results::map(gpu, staging, ranges)?;
        self.clock
            .book(gpu, self.name, results.behind(), start.elapsed());
        Counters::add(&gpu.counters.readbacks, u64::from(total > 0));
        Counters::add(&gpu.counters.bytes_down, total);
        if fault == Some(Fault::WrongAnswer) {
            results.corrupt();
        }
        Ok(results)
    }

    fn copy_results(
        &mut self,
        staging: &DeviceBuffer,
        total: u64,
    ) -> Result<Vec<Range<usize>>, GpuError> {
        let mut ranges = Vec::new();
        let mut at = 0;
        let (encoder, copies, clock) = (&mut self.encoder, &self.copies, &self.clock);
        self.gpu.link.scoped(|| {
            for copy in copies {
                encoder.copy_buffer_to_buffer(
                    copy.source.raw(),
                    copy.offset,
                    staging.raw(),
                    at,
                    Some(copy.size),
                );
                ranges.push(at as usize..(at + copy.size) as usize);
                at += copy.size;
            }
            clock.resolve(encoder, staging.raw(), total);
        })?;
        Ok(ranges)
    }

    fn submit(&mut self) -> Result<(), GpuError> {
        let gpu = self.gpu;
        let empty = gpu.link.scoped(|| {
            gpu.link
                .device
                .create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
        })?;
        let encoder = std::mem::replace(&mut self.encoder, empty);
        gpu.link.scoped(|| {
            self.uniforms.write(gpu);
            gpu.link.queue.submit([encoder.finish()]);
        })?;
        Counters::add(&gpu.counters.submissions, 1);
        gpu.check()
    }
}

/// Workgroups in columns and rows.
fn workgroups(gpu: &Gpu, kernel: Kernel, rows: u32, cols: u32) -> Result<(u32, u32), GpuError> {
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
    Ok(groups)
}
