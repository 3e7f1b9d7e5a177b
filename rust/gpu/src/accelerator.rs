//! The device as the core's engine sees it: runs stages, keeps what stays resident, and reopens a
//! lost device once.

use crate::device::error::{GpuError, StageFailure};
use crate::device::opening::Opening;
use crate::device::{Gpu, locked};
use crate::resident::run::DeviceRun;
use crate::resident::terrain::DeviceTerrain;
use crate::selftest;
use crate::stages::{gvf, shadow, skyview, timestep};
use solweig_core::gvf::{GroundView, GvfFields, GvfStage, GvfStep};
use solweig_core::shadow::{ShadowStage, SunInput, SunShadow};
use solweig_core::stage::{Decline, Runs};
use solweig_core::svf::{SkyInput, SkyRows, SkyStage};
use solweig_core::terrain::Terrain;
use solweig_core::timestep::{Run, StepOutput, TimestepInput, TimestepStage};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

/// What stays on the device between calls.
#[derive(Debug, Default)]
pub(crate) struct Resident {
    terrain: Option<(u64, Arc<DeviceTerrain>)>,
    pub(crate) run: Option<Arc<DeviceRun>>,
}

#[derive(Debug)]
struct Slot {
    gpu: Arc<Gpu>,
    /// The device was lost; reopen it at the next call.
    lost: bool,
    reopened: bool,
    /// Given up for good.
    gone: bool,
    resident: Resident,
}

/// An opened, tested device that stages run on.
#[derive(Debug)]
pub struct Accelerator {
    /// Held while a stage runs.
    slot: Mutex<Slot>,
    /// The device as it is now. A lock of its own, held for a moment only: who asks for counters
    /// must not wait for a stage, which may itself wait for whoever asks.
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    gpu: Arc<Gpu>,
    reopened: bool,
    gone: bool,
}

impl Accelerator {
    /// Open a device and test it.
    ///
    /// # Errors
    /// What the driver says, or [`GpuError::SelfTest`].
    pub fn open(opening: Opening) -> Result<Self, GpuError> {
        let gpu = open_tested(opening)?;
        Ok(Self {
            current: Mutex::new(Current {
                gpu: Arc::clone(&gpu),
                reopened: false,
                gone: false,
            }),
            slot: Mutex::new(Slot {
                gpu,
                lost: false,
                reopened: false,
                gone: false,
                resident: Resident::default(),
            }),
        })
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        locked(&self.slot)
    }

    /// The device as it is now.
    #[must_use]
    pub fn gpu(&self) -> Arc<Gpu> {
        Arc::clone(&self.current().gpu)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        locked(&self.current)
    }

    /// Let others see how the slot is now.
    fn show(&self, slot: &Slot) {
        *self.current() = Current {
            gpu: Arc::clone(&slot.gpu),
            reopened: slot.reopened,
            gone: slot.gone,
        };
    }

    /// Whether the device was reopened, and whether it was given up.
    #[must_use]
    pub fn history(&self) -> [bool; 2] {
        let current = self.current();
        [current.reopened, current.gone]
    }

    /// Forget everything that is resident.
    pub fn release(&self) {
        self.slot().resident = Resident::default();
    }

    /// Run `work` on the device. One call at a time: there is one queue.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&Arc<Gpu>, &mut Resident) -> Result<T, StageFailure>,
    ) -> Result<T, Decline> {
        let mut slot = self.slot();
        if slot.gone {
            return Err(Decline::Absent);
        }
        if slot.lost || slot.gpu.lost().is_some() {
            let reopened = slot.reopen();
            self.show(&slot);
            reopened?;
        }
        let gpu = Arc::clone(&slot.gpu);
        let resident = &mut slot.resident;
        // What is half done on the device is forgotten below, so nothing broken is seen again.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&gpu, resident)));
        let outcome = outcome.unwrap_or_else(|panic| {
            Err(StageFailure {
                stage: gpu.working(),
                error: panicked(panic.as_ref()),
            })
        });
        match outcome {
            Ok(out) => Ok(out),
            Err(failure) => {
                let decline = slot.after(failure);
                self.show(&slot);
                Err(decline)
            }
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> GpuError {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    GpuError::Panicked(text.unwrap_or("unknown cause").to_owned())
}

fn open_tested(opening: Opening) -> Result<Arc<Gpu>, GpuError> {
    let open = || {
        let gpu = Arc::new(Gpu::open(opening)?);
        selftest::run(&gpu)?;
        gpu.counters.reset();
        gpu.memory.free_pooled();
        Ok(gpu)
    };
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

impl Slot {
    /// Open the device again; the second loss is the last.
    fn reopen(&mut self) -> Result<(), Decline> {
        self.resident = Resident::default();
        if self.reopened {
            self.gone = true;
            let reason = self.gpu.lost().unwrap_or_default();
            let error = GpuError::DeviceLost(format!("{reason}; {STAYING}"));
            return Err(StageFailure::from(error).into());
        }
        self.reopened = true;
        let opening = Opening {
            faults: Default::default(),
            ..self.gpu.opening.clone()
        };
        match open_tested(opening) {
            Ok(gpu) => {
                self.gpu = gpu;
                self.lost = false;
                Ok(())
            }
            Err(error) => {
                self.gone = true;
                let error = GpuError::DeviceLost(format!("reopening failed: {error}; {STAYING}"));
                Err(StageFailure::from(error).into())
            }
        }
    }

    /// What a failure means for later calls.
    fn after(&mut self, mut failure: StageFailure) -> Decline {
        // Whatever is on the device may be half done.
        self.resident.run = None;
        if let Some(reason) = self.gpu.lost() {
            self.resident = Resident::default();
            self.lost = true;
            if self.reopened {
                self.gone = true;
                failure.error = GpuError::DeviceLost(format!("{reason}; {STAYING}"));
            } else {
                failure.error = GpuError::DeviceLost(reason);
            }
        }
        failure.into()
    }
}

const STAYING: &str = "it was reopened once before, staying on the CPU";

impl Resident {
    /// The terrain on the device, uploaded if it is not there.
    pub(crate) fn terrain(
        &mut self,
        gpu: &Gpu,
        terrain: &Terrain,
    ) -> Result<Arc<DeviceTerrain>, GpuError> {
        if let Some((id, there)) = &self.terrain
            && *id == terrain.id
            && *id != 0
        {
            return Ok(Arc::clone(there));
        }
        self.terrain = None;
        let there = Arc::new(DeviceTerrain::upload(gpu, terrain)?);
        if terrain.id != 0 {
            self.terrain = Some((terrain.id, Arc::clone(&there)));
        }
        Ok(there)
    }
}

impl Resident {
    /// The run on the device, uploaded if it is not there.
    fn run(&mut self, gpu: &Arc<Gpu>, run: &Run<'_>) -> Result<Arc<DeviceRun>, StageFailure> {
        if let Some(there) = &self.run
            && there.id == run.id
            && run.id != 0
        {
            return Ok(Arc::clone(there));
        }
        self.run = None;
        let terrain = self
            .terrain(gpu, run.terrain)
            .map_err(|e| e.in_stage("timestep"))?;
        let there = Arc::new(timestep::upload(gpu, run, terrain)?);
        self.run = Some(Arc::clone(&there));
        Ok(there)
    }
}

impl Runs<SkyStage> for Accelerator {
    fn run(&self, input: &mut SkyInput<'_>) -> Result<Option<SkyRows>, Decline> {
        self.with(|gpu, resident| {
            let terrain = resident
                .terrain(gpu, input.terrain)
                .map_err(|e| e.in_stage("svf"))?;
            skyview::sky_view(gpu, &terrain, input)
        })
    }
}

impl Runs<ShadowStage> for Accelerator {
    fn run(&self, input: &mut SunInput<'_>) -> Result<SunShadow, Decline> {
        self.with(|gpu, resident| {
            let terrain = resident
                .terrain(gpu, input.terrain)
                .map_err(|e| e.in_stage("shadow"))?;
            shadow::cast(gpu, &terrain, input)
        })
    }
}

impl Runs<GvfStage> for Accelerator {
    fn run(&self, (view, step): &mut (&GroundView, GvfStep<'_>)) -> Result<GvfFields, Decline> {
        self.with(|gpu, _| gvf::evaluate(gpu, view, step))
    }
}

impl Runs<TimestepStage> for Accelerator {
    fn run(&self, input: &mut TimestepInput<'_>) -> Result<StepOutput, Decline> {
        self.with(|gpu, resident| {
            let device = resident.run(gpu, input.run)?;
            let output = timestep::step(&device, input)?;
            if input.carried.checkpoint_is_due() {
                // A failure here shows again, and is dealt with, when the rasters are needed.
                let _ = input.carried.checkpoint();
            }
            Ok(output)
        })
    }
}
