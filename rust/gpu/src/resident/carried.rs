//! What a run carries from step to step, on the device: delay memories and running statistics.

use super::planes::{COUNTED_PLANES, MISSING};
use super::run::DeviceRun;
use crate::device::Gpu;
use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use solweig_core::carried::{Carried, Remote};
use solweig_core::delay::{MEMORIES, ThermalState};
use solweig_core::stage::Decline;
use solweig_core::stats::Statistics;
use std::any::Any;
use std::sync::Arc;

const STAGE: &str = "statistics";

/// Running statistics on the device.
#[derive(Debug)]
pub struct DeviceStatistics {
    /// First planes of [`Statistics::export`].
    pub counted: DeviceBuffer,
    /// The other planes.
    pub hours: DeviceBuffer,
    /// Number of the other planes.
    pub hour_planes: usize,
}

/// State and statistics of a run on the device.
#[derive(Debug)]
pub struct DeviceCarried {
    /// The run they belong to.
    pub run: Arc<DeviceRun>,
    /// Delay memories, six planes.
    pub memory: DeviceBuffer,
    /// Statistics, if the run carries some.
    pub statistics: Option<DeviceStatistics>,
    /// A step has written the memories.
    pub remembers: bool,
    /// A step failed half-way: nothing here can be trusted.
    pub spoiled: bool,
}

fn upload_planes(gpu: &Gpu, what: &str, planes: &[Vec<f32>]) -> Result<DeviceBuffer, GpuError> {
    let cells = planes.first().map_or(0, Vec::len) as u64;
    let buffer = gpu.storage(what, cells * planes.len() as u64)?;
    for (i, plane) in (0..).zip(planes) {
        gpu.write(&buffer, 4 * cells * i, bytemuck::cast_slice(plane))?;
    }
    Ok(buffer)
}

impl DeviceCarried {
    /// Upload what is at home.
    ///
    /// # Errors
    /// [`GpuError::LimitExceeded`], [`GpuError::OutOfMemory`].
    pub fn upload(run: &Arc<DeviceRun>, home: &Carried) -> Result<Self, GpuError> {
        let gpu = &run.gpu;
        let remembers = !home.state.memory[0].is_empty();
        let memory = if remembers {
            // Cells without data remember NaN on the CPU; no kernel may see it.
            let finite = |m: &Vec<f32>| -> Vec<f32> {
                let known = |&x: &f32| {
                    if x.is_finite() { x } else { MISSING }
                };
                m.iter().map(known).collect()
            };
            upload_planes(
                gpu,
                "the delay memory",
                &home.state.memory.each_ref().map(finite),
            )?
        } else {
            gpu.storage("the delay memory", MEMORIES as u64 * run.cells)?
        };
        let statistics = match &home.statistics {
            None => None,
            Some(statistics) => {
                let planes = statistics.export();
                let (counted, hours) = planes.split_at(COUNTED_PLANES);
                Some(DeviceStatistics {
                    counted: upload_planes(gpu, "the statistics", counted)?,
                    hours: upload_planes(gpu, "the counts and hours", hours)?,
                    hour_planes: hours.len(),
                })
            }
        };
        Ok(Self {
            run: Arc::clone(run),
            memory,
            statistics,
            remembers,
            spoiled: false,
        })
    }

    fn read(
        &self,
        state: &mut ThermalState,
        statistics: Option<&mut Statistics>,
    ) -> Result<(), StageFailure> {
        let cells = self.run.cells;
        let mut job = Job::new(&self.run.gpu, STAGE)?;
        if self.remembers {
            job.read(&self.memory, 0, MEMORIES as u64 * cells);
        }
        let own = self.statistics.as_ref().filter(|_| statistics.is_some());
        if let Some(own) = own {
            job.read(&own.counted, 0, COUNTED_PLANES as u64 * cells);
            job.read(&own.hours, 0, own.hour_planes as u64 * cells);
        }
        let results = job.finish()?;
        let n = self.run.complete.len();
        let mut next = 0;
        if self.remembers {
            state.allocate(n);
            let planes = results.get::<f32>(0).chunks_exact(n);
            for (memory, plane) in state.memory.iter_mut().zip(planes) {
                let cells = memory.iter_mut().zip(plane).zip(&self.run.complete);
                for ((m, &x), &known) in cells {
                    *m = if known { x } else { f32::NAN };
                }
            }
            next = 1;
        }
        if let (Some(_), Some(statistics)) = (own, statistics) {
            let planes: Vec<&[f32]> = results
                .get::<f32>(next)
                .chunks_exact(n)
                .chain(results.get::<f32>(next + 1).chunks_exact(n))
                .collect();
            statistics.import(&planes);
        }
        Ok(())
    }
}

impl Remote for DeviceCarried {
    fn fetch(
        &mut self,
        state: &mut ThermalState,
        statistics: Option<&mut Statistics>,
    ) -> Result<(), Decline> {
        if self.spoiled {
            let error = GpuError::Readback("a step before did not end".to_owned());
            return Err(error.in_stage(STAGE).into());
        }
        Ok(self.read(state, statistics)?)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
